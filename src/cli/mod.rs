//! The command line: one word, and for some commands a format. Everything else is configured by the environment.

mod help;

use std::ffi::OsString;

use lexopt::{Arg, Parser};

use crate::config::names::edit_distance;
use crate::error::{Error, Exit, Result};

pub use help::help;

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
    /// Explain everything, or one command or variable.
    Help(Option<String>),
    /// The version.
    Version,
}

/// A command as people know it.
struct Entry {
    name: &'static str,
    meaning: &'static str,
    /// Whether its output comes as text or as JSON.
    has_formats: bool,
    /// What it is, with the format that was asked for.
    make: fn(json: bool) -> Command,
}

const fn entry(name: &'static str, meaning: &'static str, make: fn(bool) -> Command) -> Entry {
    Entry { name, meaning, has_formats: false, make }
}

const fn formatted(name: &'static str, meaning: &'static str, make: fn(bool) -> Command) -> Entry {
    Entry { has_formats: true, ..entry(name, meaning, make) }
}

/// Every command, in the order in which `help` shows them. The first is the one that is meant without a word.
const COMMANDS: &[Entry] = &[
    entry(
        "init",
        "wait for Authentik, configure it, verify it, write NetBird's files (default)",
        |_| Command::Init,
    ),
    formatted("plan", "show what init would change, and change nothing", |json| Command::Plan {
        json,
    }),
    formatted(
        "check",
        "tell what is wrong and how to repair it, one line for each check",
        |json| Command::Check { json },
    ),
    entry(
        "watch",
        "init, then again every SETUP_INTERVAL; SIGHUP: at once; ends on SIGTERM",
        |_| Command::Watch,
    ),
    entry(
        "connect",
        "after NetBird started: claim its account, register Authentik, keep settings, roles",
        |_| Command::Connect,
    ),
    entry(
        "healthcheck",
        "exit code 0 if the watch in this container is well, 1 and why if it is not",
        |_| Command::Healthcheck,
    ),
    entry("help", "this text; `help COMMAND` and `help VARIABLE` explain one", |_| {
        Command::Help(None)
    }),
    entry("version", "the version", |_| Command::Version),
];

fn find(name: &str) -> Option<&'static Entry> {
    COMMANDS.iter().find(|command| command.name == name)
}

/// Reads the command line, without the program's name.
///
/// # Errors
/// [`Exit::Usage`].
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command> {
    let mut parser = Parser::from_args(args);
    let mut command: Option<&Entry> = None;
    let (mut topic, mut format) = (None, None);
    let (mut wants_help, mut wants_version) = (false, false);
    while let Some(arg) = parser.next().map_err(unreadable)? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => wants_help = true,
            Arg::Short('V') | Arg::Long("version") => wants_version = true,
            Arg::Long("format") => {
                let value = parser.value().map_err(unreadable)?;
                format = Some(is_json(&value.to_string_lossy())?);
            }
            Arg::Value(word) => {
                let word = word.to_string_lossy().into_owned();
                match command {
                    None => command = Some(find(&word).ok_or_else(|| unknown(&word))?),
                    Some(known) if known.name == "help" && topic.is_none() => topic = Some(word),
                    Some(known) => return Err(not_taken(known, &word)),
                }
            }
            Arg::Short(letter) => return Err(not_taken(named(command), &format!("-{letter}"))),
            Arg::Long(name) => return Err(not_taken(named(command), &format!("--{name}"))),
        }
    }
    if wants_version {
        return Ok(Command::Version);
    }
    if wants_help || command.is_some_and(|command| command.name == "help") {
        let of_command = command.map(|c| c.name).filter(|name| *name != "help");
        return Ok(Command::Help(topic.or(of_command.map(str::to_owned))));
    }
    let command = named(command);
    match format {
        Some(_) if !command.has_formats => Err(not_taken(command, "--format")),
        format => Ok((command.make)(format.unwrap_or(false))),
    }
}

/// The command that was named, else the one that is meant.
fn named(command: Option<&'static Entry>) -> &'static Entry {
    command.unwrap_or(&COMMANDS[0])
}

fn is_json(format: &str) -> Result<bool> {
    match format {
        "text" => Ok(false),
        "json" => Ok(true),
        other => {
            Err(usage(&format!("unknown format {}", other.escape_debug()), "use text or json"))
        }
    }
}

fn not_taken(command: &Entry, what: &str) -> Error {
    let takes = if command.has_formats { "it takes --format json" } else { "see help" };
    usage(&format!("{} does not take: {}", command.name, what.escape_debug()), takes)
}

fn unknown(word: &str) -> Error {
    let names = || COMMANDS.iter().map(|command| command.name);
    let begun = names().find(|name| word.len() > 2 && name.starts_with(word));
    let nearest = names().min_by_key(|n| edit_distance(n, word));
    let near = nearest.filter(|n| edit_distance(n, word) * 2 <= n.len() + 1);
    let hint = begun.or(near).map_or("see help".to_owned(), |n| format!("did you mean {n}?"));
    usage(&format!("unknown command {}", word.escape_debug()), &hint)
}

/// Of an option that lacks its value, or has one that it does not take.
fn unreadable(error: lexopt::Error) -> Error {
    usage(&error.to_string().escape_debug().to_string(), "see help")
}

fn usage(what: &str, remedy: &str) -> Error {
    Error::new(Exit::Usage, what).remedy(remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_given_wherever_it_is_asked_for() {
        let parsed = |line: &str| parse(line.split_whitespace().map(OsString::from)).unwrap();
        let help = |topic: &str| Command::Help(Some(topic.to_owned()));
        for (line, command) in [
            ("", Command::Init),
            ("init", Command::Init),
            ("plan --format json", Command::Plan { json: true }),
            ("check --format=text", Command::Check { json: false }),
            ("--help", Command::Help(None)),
            ("-h", Command::Help(None)),
            ("help", Command::Help(None)),
            ("help --help", Command::Help(None)),
            ("plan --help", help("plan")),
            ("init -h", help("init")),
            ("--help watch", help("watch")),
            ("help plan", help("plan")),
            ("help SETUP_DIR", help("SETUP_DIR")),
            ("--version", Command::Version),
            ("-V", Command::Version),
        ] {
            assert_eq!(parsed(line), command, "{line}");
        }
    }
}
