//! What a YAML file says, as far as that can be told with certainty from block mappings and scalars of one line, in the
//! forms that people write. Everything else (flow collections, texts over several lines, anchors, keys that stand twice)
//! is told apart from what is not there: somebody's secret may be in it.

mod scalar;

use std::collections::BTreeMap;

use scalar::{Scalar, key, scalar};

/// What a document says.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// Texts by path.
    texts: BTreeMap<String, String>,
    /// Every value by path in one form, whichever it has; the items of a list are in one line.
    written: BTreeMap<String, String>,
    /// Paths at or below which something is not read; the empty one is the document's.
    unread: Vec<String>,
}

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// Nothing, or `null`.
    Nothing,
    /// A text, or a number or the like, which Go reads into a text as it is written.
    Text(String),
    /// Something that is not read, there or around it.
    Unread,
}

/// A key that has been seen, and what may follow it.
struct Level {
    indent: usize,
    path: String,
    has_value: bool,
    /// How far its own keys are indented, once the first was seen.
    inside: Option<usize>,
}

impl Document {
    /// Reads it.
    pub fn parse(text: &str) -> Self {
        let mut document = Self::default();
        let root = Level { indent: 0, path: String::new(), has_value: false, inside: None };
        let mut levels = vec![root];
        let mut list: Option<usize> = None;
        let lines = text.lines().map(str::trim_end).filter(|line| is_content(line));
        for (position, line) in lines.enumerate() {
            let inside = line.trim_start_matches(' ');
            let indent = line.len() - inside.len();
            if position == 0 && line == "---" {
                continue;
            }
            let is_item = inside == "-" || inside.starts_with("- ");
            let goes_on = |start: usize| indent > start || (indent == start && is_item);
            if list.is_some_and(goes_on) {
                document.item(&levels, inside);
                continue;
            }
            list = None;
            // The items of a list may stand as far to the left as its key.
            let ends = |level: &Level| level.indent + usize::from(!is_item) > indent;
            while levels.len() > 1 && levels.last().is_some_and(ends) {
                levels.pop();
            }
            if is_item {
                list = Some(indent);
                document.item(&levels, inside);
                continue;
            }
            document.line(&mut levels, indent, inside);
        }
        document
    }

    /// An item of a list; of a document that is a list, or behind a value, nothing is read.
    fn item(&mut self, levels: &[Level], inside: &str) {
        let Some(level) = levels.last() else { return };
        if level.has_value || level.inside.is_some() || level.path.is_empty() {
            self.unread.push(level.path.clone());
        }
        let items = self.written.entry(level.path.clone()).or_default();
        let comma = if items.is_empty() { "" } else { ", " };
        *items = format!("{items}{comma}{}", inside.trim_start_matches("- "));
    }

    /// A key, and what follows it in its line.
    fn line(&mut self, levels: &mut Vec<Level>, indent: usize, inside: &str) {
        let Some(parent) = levels.last_mut() else { return };
        let same = *parent.inside.get_or_insert(indent) == indent;
        let is_list = self.written.contains_key(&parent.path) && !parent.has_value;
        let Some((key, rest)) = key(inside).filter(|_| same && !parent.has_value && !is_list)
        else {
            // Behind a text it may be one of its neighbours that is not read.
            let is_known = self.unread.contains(&parent.path);
            let around = parent.path.rsplit_once('.').map_or("", |(around, _)| around);
            let at = if parent.has_value { around } else { &parent.path };
            self.unread.extend((!is_known).then(|| at.to_owned()));
            return;
        };
        let path = match parent.path.as_str() {
            "" => key,
            parent => format!("{parent}.{key}"),
        };
        let is_known = |level: &String| *level == path;
        if self.written.contains_key(&path) || self.unread.iter().any(is_known) {
            self.unread.push(path.clone());
        }
        let has_value = match scalar(rest) {
            Scalar::Nothing => false,
            Scalar::Text(text, told) => {
                self.texts.insert(path.clone(), text);
                self.written.insert(path.clone(), told);
                true
            }
            Scalar::Unread => {
                self.unread.push(path.clone());
                self.written.insert(path.clone(), rest.trim().to_owned());
                true
            }
        };
        levels.push(Level { indent, path, has_value, inside: None });
    }

    /// What is at this path.
    pub fn at(&self, path: &str) -> At {
        let is_around = |unread: &String| {
            let rest = path.strip_prefix(unread.as_str());
            unread.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if self.unread.iter().any(is_around) {
            return At::Unread;
        }
        let below = format!("{path}.");
        match self.texts.get(path) {
            Some(text) if text.is_empty() => At::Nothing,
            Some(text) => At::Text(text.clone()),
            None if self.written.keys().any(|key| key == path || key.starts_with(&below)) => {
                At::Unread
            }
            None => At::Nothing,
        }
    }

    /// Every value by path, in one form whichever it has.
    pub fn written(&self) -> &BTreeMap<String, String> {
        &self.written
    }
}

fn is_content(line: &str) -> bool {
    let inside = line.trim_start();
    !inside.is_empty() && !inside.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> At {
        Document::parse(text).at("server.store.key")
    }

    #[test]
    fn scalars_of_one_line_are_read_in_every_form() {
        for written in [
            "key: se#c:r'et",
            "key: \"se#c:r'et\"",
            "key: 'se#c:r''et'",
            "key : \"se#c:r'et\"   # mine",
            "\"key\":   se#c:r'et # mine",
            "'key': se#c:r'et\t# mine",
            "key:\t\"se\\u0023c:r'et\"",
        ] {
            for step in ["  ", "    ", " "] {
                let text = format!("# x\n---\nserver:\n{step}store:\n\n{step}{step}{written}\r\n");
                let text = text.replacen("# x\n", "", 1);
                assert_eq!(at(&text), At::Text("se#c:r'et".to_owned()), "{text}");
            }
        }
        assert_eq!(at("server:\n  store:\n    key: -5"), At::Text("-5".to_owned()));
        assert_eq!(at("server:\n  store:\n    key: 0x1f"), At::Text("0x1f".to_owned()));
    }

    #[test]
    fn what_is_not_there_is_told_from_what_is_not_read() {
        for nothing in [
            "",
            "server:\n",
            "server:\n  store:\n    key:\n",
            "server:\n  store:\n    key: null # x\n",
            "server:\n  store:\n    key: ''\n",
            "server:\n  store:\n    # key: x\n    other: x\n",
            "server:\n  store.key: x\n",
            "server:\n  list:\n  - key: x\n    y: z\n  store:\n    other: 1\n",
        ] {
            assert_eq!(at(nothing), At::Nothing, "{nothing}");
        }
        for unread in [
            "server:\n  store:\n    key: |\n      x\n",
            "server:\n  store:\n    key: >-\n      x\n",
            "server:\n  store:\n    key: &a x\n",
            "server:\n  store:\n    key: *a\n",
            "server:\n  store:\n    key: !!binary x\n",
            "server:\n  store:\n    key: {a: b}\n",
            "server:\n  store:\n    key: [x]\n",
            "server:\n  store:\n    key: {{ .KEY }}\n",
            "server:\n  store:\n    key: \"x\n      y\"\n",
            "server:\n  store:\n    key: x\n      y\n",
            "server:\n  store:\n    key:\n      x\n",
            "server:\n  store:\n    key:\n      - x\n",
            "server:\n  store:\n    key:\n      a: x\n",
            "server:\n  store:\n    key: \"\\x41\"\n",
            "server:\n  store:\n    key: \"x\" y\n",
            "server:\n  store:\n    key: a: b\n",
            "server:\n  store:\n    ? key\n    : x\n",
            "server:\n  store:\n    <<: *a\n",
            "server:\n  store:\n    key: x\n    key: y\n",
            "server:\n  store:\n    other: x\n     key: y\n",
            "server:\n  store: {key: x}\n",
            "server: {store: {key: x}}\n",
            "{server: {store: {key: x}}}\n",
            "\tserver:\n",
            "server:\n  other: 1\n---\nserver:\n  store:\n    key: x\n",
            "- server\n",
        ] {
            assert_eq!(at(unread), At::Unread, "{unread}");
        }
    }
}
