//! The first thing management does with its file: Go's text/template, over a map of the environment. Fields, texts and
//! comments are expanded; what else a template may hold is refused by name, so that nobody takes it for NetBird's refusal.

use std::collections::BTreeMap;

/// What a name that is not in the environment becomes.
const NO_VALUE: &str = "<no value>";

/// Names that text/template knows and this does not.
const UNKNOWN_HERE: &[&str] = &[
    "and", "block", "break", "call", "continue", "define", "else", "end", "eq", "false", "ge",
    "gt", "html", "if", "index", "js", "le", "len", "lt", "ne", "nil", "not", "or", "print",
    "printf", "println", "range", "slice", "template", "true", "urlquery", "with",
];

/// The text with its actions carried out.
pub(crate) fn expand(text: &str, env: &BTreeMap<String, String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut trims = false;
    while let Some(start) = rest.find("{{") {
        let before = trimmed_start(&rest[..start], trims);
        let mut inner = &rest[start + 2..];
        // A dash with a blank beside it takes the white space on its side away.
        let trims_before = inner.starts_with('-') && inner[1..].starts_with(char::is_whitespace);
        out.push_str(if trims_before { before.trim_end() } else { before });
        if trims_before {
            inner = &inner[1..];
        }
        let end = closing(inner)?;
        let action = &inner[..end];
        rest = &inner[end + 2..];
        trims = action.ends_with('-') && action[..action.len() - 1].ends_with(char::is_whitespace);
        let action = if trims { &action[..action.len() - 1] } else { action };
        out.push_str(&value(action.trim(), env)?);
    }
    out.push_str(trimmed_start(rest, trims));
    Ok(out)
}

fn trimmed_start(text: &str, trims: bool) -> &str {
    if trims { text.trim_start() } else { text }
}

fn parsing(what: &str) -> String {
    format!("error parsing template: template: :1: {what}")
}

/// Where the action ends; quoted texts and comments may hold the same signs.
fn closing(inner: &str) -> Result<usize, String> {
    let mut quote = None;
    let mut escaped = false;
    if inner.trim_start().starts_with("/*") {
        let end = inner.find("*/").ok_or_else(|| parsing("unclosed comment"))?;
        let after = &inner[end + 2..];
        let gap = after.find("}}").filter(|gap| after[..*gap].trim_matches('-').trim().is_empty());
        return gap
            .map(|gap| end + 2 + gap)
            .ok_or_else(|| parsing("comment ends before closing delimiter"));
    }
    for (at, sign) in inner.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some('"') if sign == '\\' => escaped = true,
            Some(open) if sign == open => quote = None,
            Some('"') if sign == '\n' => return Err(parsing("unterminated quoted string")),
            Some(_) => {}
            None if sign == '"' || sign == '`' => quote = Some(sign),
            None if inner[at..].starts_with("}}") => return Ok(at),
            None if sign == '{' || sign == '}' => {
                return Err(parsing(&format!("unexpected {sign:?} in command")));
            }
            None => {}
        }
    }
    Err(parsing(if quote.is_some() { "unterminated quoted string" } else { "unclosed action" }))
}

fn value(action: &str, env: &BTreeMap<String, String>) -> Result<String, String> {
    if action.starts_with("/*") {
        return Ok(String::new());
    }
    if action.is_empty() {
        return Err(parsing("missing value for command"));
    }
    if action.len() > 1 && action.starts_with('`') && action.ends_with('`') {
        return Ok(action[1..action.len() - 1].to_owned());
    }
    if action.starts_with('"') {
        return serde_json::from_str(action)
            .map_err(|_| format!("the simulator does not know the template action {action:?}"));
    }
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    if let Some(name) = action.strip_prefix('.') {
        if is_name(name) {
            return Ok(env.get(name).map_or(NO_VALUE, String::as_str).to_owned());
        }
        if name.split('.').all(is_name) {
            return Err(format!(
                "error executing template: template: :1: can't evaluate field in type string: {action}"
            ));
        }
    }
    let first = action.split(|c: char| c.is_whitespace() || c == '|').next().unwrap_or_default();
    if is_name(first) && !UNKNOWN_HERE.contains(&first) {
        return Err(parsing(&format!("function \"{first}\" not defined")));
    }
    if is_name(first) || action.contains('|') || action.starts_with('$') || action == "." {
        return Err(format!("the simulator does not know the template action {action:?}"));
    }
    Err(parsing(&format!("unexpected {action:?} in command")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Result<String, String> {
        let env = BTreeMap::from([("SECRET".to_owned(), "a\"b".to_owned())]);
        expand(text, &env)
    }

    #[test]
    fn names_of_the_environment_are_expanded_without_quoting() {
        assert_eq!(with("x{{ .SECRET }}y{{.SECRET}}").as_deref(), Ok("xa\"bya\"b"));
        assert_eq!(with("{{ .UNSET }}").as_deref(), Ok("<no value>"));
        assert_eq!(with("a {{- .SECRET -}} b").as_deref(), Ok("aa\"bb"));
        assert_eq!(with("a{{/* }} */}}b").as_deref(), Ok("ab"));
        assert_eq!(with(r#"{{ "{{" }}{{`}}`}}"#).as_deref(), Ok("{{}}"));
        assert_eq!(with("}} is a text").as_deref(), Ok("}} is a text"));
    }

    #[test]
    fn raw_braces_are_an_error() {
        for text in
            ["{{", "a {{ b", "{{}}", "{{ .A.B }}", "{{ password }}", "{{ .A-B }}", "{{{x}}}"]
        {
            assert!(with(text).is_err(), "{text}");
        }
        assert!(with("{{ if .SECRET }}").is_err_and(|e| e.contains("simulator")));
        assert!(with("{{ .SECRET | printf }}").is_err_and(|e| e.contains("simulator")));
    }
}
