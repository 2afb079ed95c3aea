//! The command line: one word, and for `plan` a format. Everything else is configured by the environment.

use std::ffi::OsString;

use crate::config::declare::Default;
use crate::config::names::{edit_distance, nearest};
use crate::config::variables::{self, VARIABLES};
use crate::error::{Error, Exit, Result};

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Everything, once.
    Init,
    /// Show what would change.
    Plan {
        /// As one JSON document.
        json: bool,
    },
    /// Look, and tell what is wrong.
    Check {
        /// As one JSON document.
        json: bool,
    },
    /// Everything, again and again.
    Watch,
    /// What is done in NetBird after it started.
    Connect,
    /// Whether the `watch` of this container is well.
    Healthcheck,
    /// Explain the commands and variables, or one variable.
    Help(Option<String>),
    /// The version.
    Version,
}

const COMMANDS: &[(&str, &str)] = &[
    ("init", "wait for Authentik, configure it, prove it, write NetBird's files (default)"),
    ("plan", "show what init would change, and change nothing; --format json for machines"),
    ("check", "tell what is wrong and how to mend it, a line a check; --format json for machines"),
    ("watch", "init, then again every SETUP_INTERVAL; SIGHUP: at once; ends on SIGTERM"),
    (
        "connect",
        "after NetBird started: claim its account for the owner, register Authentik, keep settings and roles",
    ),
    ("healthcheck", "exit code 0 if the watch in this container is well, 1 and why if it is not"),
    ("help", "this text; `help VARIABLE` explains one variable"),
    ("version", "the version"),
];

/// Reads the command line, without the program's name.
///
/// # Errors
/// [`Exit::Usage`].
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command> {
    let args: Vec<String> = args.into_iter().map(|a| a.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        [] | ["init"] => Ok(Command::Init),
        ["plan", ref rest @ ..] => Ok(Command::Plan { json: wants_json("plan", rest)? }),
        ["check", ref rest @ ..] => Ok(Command::Check { json: wants_json("check", rest)? }),
        ["watch"] => Ok(Command::Watch),
        ["connect"] => Ok(Command::Connect),
        ["healthcheck"] => Ok(Command::Healthcheck),
        ["help" | "--help" | "-h"] => Ok(Command::Help(None)),
        ["help", word] => Ok(Command::Help(Some(word.to_owned()))),
        ["version" | "--version" | "-V"] => Ok(Command::Version),
        [command, ref extra @ ..] if meaning_of(command).is_some() => {
            Err(usage(&format!("{command} does not take: {}", extra.join(" ")), "see help"))
        }
        [other, ..] => {
            let names = || COMMANDS.iter().map(|(name, _)| *name);
            let begun = names().find(|name| other.len() > 2 && name.starts_with(other));
            let nearest = names().min_by_key(|n| edit_distance(n, other));
            let near = nearest.filter(|n| edit_distance(n, other) * 2 <= n.len() + 1);
            let hint =
                begun.or(near).map_or("see help".to_owned(), |n| format!("did you mean {n}?"));
            Err(usage(&format!("unknown command {}", other.escape_debug()), &hint))
        }
    }
}

/// What follows `plan` and `check`.
fn wants_json(command: &str, rest: &[&str]) -> Result<bool> {
    let format = match rest {
        [] => "text",
        ["--format", format] => format,
        [word] if word.starts_with("--format=") => &word["--format=".len()..],
        _ => {
            let what = format!("{command} does not take: {}", rest.join(" "));
            return Err(usage(&what, "it takes --format json"));
        }
    };
    match format {
        "text" => Ok(false),
        "json" => Ok(true),
        other => {
            Err(usage(&format!("unknown format {}", other.escape_debug()), "use text or json"))
        }
    }
}

fn meaning_of(command: &str) -> Option<&'static str> {
    COMMANDS.iter().find(|(name, _)| *name == command).map(|(_, meaning)| *meaning)
}

fn usage(what: &str, remedy: &str) -> Error {
    Error::new(Exit::Usage, what).remedy(remedy)
}

/// The text of `help`, for everything or for one variable or command.
///
/// # Errors
/// [`Exit::Usage`] for what is neither.
pub fn help(variable: Option<&str>) -> Result<String> {
    use std::fmt::Write;
    let mut out = String::new();
    if let Some((command, meaning)) = variable.and_then(|word| Some((word, meaning_of(word)?))) {
        return Ok(format!("{command}\n  {meaning}\n"));
    }
    if let Some(name) = variable {
        let name = name.to_ascii_uppercase();
        let found = variables::find(&name).or_else(|| variables::file_form(&name));
        let Some(variable) = found else {
            let near = nearest(&name);
            let hint = near.map_or("see help".to_owned(), |n| format!("did you mean {n}?"));
            return Err(usage(&format!("unknown variable {}", name.escape_debug()), &hint));
        };
        let _ = writeln!(out, "{}\n  {}", variable.name, plain(variable.meaning));
        let default = match variable.default {
            Default::Unset => "not set".to_owned(),
            default => plain(&default.to_string()),
        };
        let _ = writeln!(out, "  default: {default}\n  example: {}", variable.example);
        if variable.secret {
            let _ = writeln!(out, "  secret; {}_FILE names a file that holds it", variable.name);
        }
        return Ok(out);
    }
    out.push_str("Makes Authentik hold what NetBird needs, proves it, and writes the files NetBird starts from.\n");
    out.push_str("\nCommands:\n");
    for (name, meaning) in COMMANDS {
        let _ = writeln!(out, "  {name:<13}{meaning}");
    }
    out.push_str(
        "\nEnvironment (an empty value counts as unset; X_FILE is a path that holds a secret X):\n",
    );
    for variable in VARIABLES {
        let mark = if variable.secret { " (secret)" } else { "" };
        let _ = writeln!(out, "  {}{mark}\n      {}", variable.name, plain(variable.meaning));
        if variable.default != Default::Unset {
            let _ = writeln!(out, "      default: {}", plain(&variable.default.to_string()));
        }
    }
    out.push_str("\nExit codes: 0 done, 1 not well (healthcheck), 2 changes pending (plan), 64 command line, 65 refused, 69 not ready in time,\n\
                  70 bug, 73 cannot write, 76 unexpected answer, 77 token or permission, 78 configuration.\n");
    Ok(out)
}

/// The table's backticks are for Markdown.
fn plain(text: &str) -> String {
    text.replace('`', "")
}
