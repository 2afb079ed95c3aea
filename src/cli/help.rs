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
    let mut out = format!("{}\n  {}\n", variable.name, plain(variable.meaning));
    let default = match variable.default {
        Default::Unset => "not set".to_owned(),
        default => plain(&default.to_string()),
    };
    let _ = writeln!(out, "  default: {default}\n  example: {}", variable.example);
    let kinds = match variable.kinds {
        Kind::ALL => "every kind of NetBird".to_owned(),
        kinds => {
            let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
            format!("SETUP_NETBIRD={}", names.join(" and "))
        }
    };
    let _ = writeln!(out, "  used: {} settings, with {kinds}", variable.group.name());
    if variable.secret {
        let _ = writeln!(out, "  secret; {}_FILE names a file that holds it", variable.name);
    }
    out
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
            let _ = writeln!(out, "  {}{mark}\n      {}", variable.name, plain(variable.meaning));
            if variable.default != Default::Unset {
                let _ = writeln!(out, "      default: {}", plain(&variable.default.to_string()));
            }
        }
    }
    out.push_str(
        "\nExit codes: 0 done, 1 not well (healthcheck), 2 changes pending (plan), 64 command line, 65 refused, 69 not ready in time,\n\
         70 bug, 73 cannot write, 76 unexpected answer, 77 token or permission, 78 configuration.\n",
    );
    out
}

/// The table's backticks are for Markdown.
fn plain(text: &str) -> String {
    text.replace('`', "")
}
