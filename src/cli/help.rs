//! The texts of `help`, made of the commands and of the declaration of variables.

use std::fmt::Write;

use super::{COMMANDS, Entry, find, usage};
use crate::config::declare::{Default, Group, Variable};
use crate::config::names::nearest;
use crate::config::{Kind, variables};
use crate::error::Result;

/// The text of `help`, for everything or for one command or variable.
///
/// # Errors
/// [`crate::error::Exit::Usage`] for what is neither.
pub fn help(topic: Option<&str>) -> Result<String> {
    let Some(topic) = topic else { return Ok(everything()) };
    if let Some(command) = find(topic) {
        return Ok(one_command(command));
    }
    let name = topic.to_ascii_uppercase();
    match variables::find(&name).or_else(|| variables::file_form(&name)) {
        Some(variable) => Ok(one_variable(variable)),
        None => {
            let near = nearest(&name);
            let hint = near.map_or("see help".to_owned(), |n| format!("did you mean {n}?"));
            Err(usage(&format!("unknown variable {}", name.escape_debug()), &hint))
        }
    }
}

fn one_command(command: &Entry) -> String {
    let mut out = format!("{}\n  {}\n", command.name, command.meaning);
    if command.has_formats {
        out.push_str("  --format json: one JSON document in place of text\n");
    }
    out
}

fn one_variable(variable: &Variable) -> String {
    let mut out = format!("{}\n", variable.name);
    wrapped(&mut out, 2, &plain(variable.meaning));
    wrapped(&mut out, 2, &when_unset(variable).unwrap_or("default: not set".to_owned()));
    let _ = writeln!(out, "  example: {}", variable.example);
    let kinds = match variable.kinds {
        Kind::ALL => "every kind of NetBird".to_owned(),
        kinds => {
            let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
            format!("SETUP_NETBIRD={}", names.join(" and "))
        }
    };
    let _ = writeln!(out, "  used by: {}\n  for: {kinds}", variable.used_by);
    if variable.secret {
        let _ = writeln!(out, "  secret; {}_FILE names a file that holds it", variable.name);
    }
    out
}

/// What applies when it is not set; nothing where that is nothing.
fn when_unset(variable: &Variable) -> Option<String> {
    match variable.default {
        Default::Required => Some("required".to_owned()),
        Default::Unset => None,
        default => Some(format!("default: {}", plain(&default.to_string()))),
    }
}

/// Wider than this, a terminal would break the lines.
const COLUMNS: usize = 100;

/// Adds a text in lines of at most so many columns, each after this many blanks. A longer word stays whole.
fn wrapped(out: &mut String, indent: usize, text: &str) {
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > COLUMNS {
            out.push('\n');
            used = 0;
        }
        if used == 0 {
            let _ = write!(out, "{:indent$}{word}", "");
            used = indent + length;
        } else {
            let _ = write!(out, " {word}");
            used += 1 + length;
        }
    }
    out.push('\n');
}

fn everything() -> String {
    let mut out = String::from(
        "Makes Authentik hold what NetBird needs, verifies it, and writes the files NetBird starts from.\n\nCommands:\n",
    );
    for command in COMMANDS {
        let _ = writeln!(out, "  {:<13}{}", command.name, command.meaning);
    }
    out.push_str(
        "  plan and check take --format json, for machines; every command takes --help\n\
         \nEnvironment (an empty value counts as unset; X_FILE is a path that holds a secret X):\n",
    );
    for group in Group::ALL {
        let _ = writeln!(out, "\n{}:", group.name());
        for variable in variables::VARIABLES.iter().filter(|v| v.group == group) {
            let mark = if variable.secret { " (secret)" } else { "" };
            let _ = writeln!(out, "  {}{mark}", variable.name);
            wrapped(&mut out, 6, &plain(variable.meaning));
            if let Some(default) = when_unset(variable) {
                wrapped(&mut out, 6, &default);
            }
        }
    }
    out.push_str(
        "\nExit codes: 0 done, 1 not well (healthcheck), 2 changes pending (plan), 64 command line,\n\
         65 refused, 69 not ready in time, 70 bug, 73 cannot write, 76 unexpected answer,\n\
         77 token or permission, 78 configuration, 130 SIGINT, 143 SIGTERM (watch: 0).\n",
    );
    out
}

/// The table's backticks are for Markdown.
fn plain(text: &str) -> String {
    text.replace('`', "")
}
