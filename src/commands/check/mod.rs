//! `check`: looks now, without waiting, writes nothing, and tells a line for every check that there is, whatever is wrong.

mod applies;
mod board;
mod drift;
mod explain;
mod files;
mod netbird;
mod report;
mod stages;

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use tracing::debug;

use super::print;
use crate::authentik::Release;
use crate::commands::plan::Format;
use crate::config::{Config, Problem};
use crate::converge::plan::Plan;
use crate::deadline::Deadline;
use crate::error::{Error, Exit, Result};
use crate::proof::{Check, CheckId, Outcome};

pub use files::about;

use board::Board;

/// Long enough for three tries of everything that is asked one after the other, and short enough for somebody who sits
/// in front of it.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Runs every check and prints what came out.
///
/// # Errors
/// None: what goes wrong is a check that fails.
pub async fn run(
    config: Config,
    deadline: Deadline,
    format: Format,
    out: &mut dyn Write,
) -> Result<Exit> {
    let board = Arc::new(Board::default());
    board.add(Check::pass(CheckId::Configuration, "OK"));
    board.extend(applies::left_out(&config));
    let work = Box::pin(stages::all(Arc::new(config), Arc::clone(&board)));
    if deadline.bound(work).await.is_none() {
        let seconds = deadline.limit().as_secs_f64();
        let what = format!("no end within {seconds} s");
        let fix = "see that Authentik, its public URL and the volumes answer";
        board.add(Check::fail(board.stage(), what, fix).exiting(Exit::NotReady));
    }
    Ok(print(&board, format, out))
}

/// What keeps the variables from being read, when nothing else can be looked at.
pub fn not_read(error: &Error, format: Format, out: &mut dyn Write) {
    let board = Board::default();
    board.add(Check::about(CheckId::Configuration, error));
    print(&board, format, out);
}

/// What is wrong with the variables, a line each, when nothing else can be looked at.
pub fn not_configured(problems: &[Problem], format: Format, out: &mut dyn Write) {
    let board = Board::default();
    board.extend(problems.iter().map(|problem| {
        let fix = format!("correct {0}; `help {0}` explains it", problem.variable);
        let failed = Check::fail(CheckId::Configuration, problem.to_string(), fix);
        failed.exiting(Exit::Config)
    }));
    print(&board, format, out);
}

fn print(board: &Board, format: Format, out: &mut dyn Write) -> Exit {
    let checks = board.finished();
    debug!(stage = "check", count = checks.len(), "checked");
    let exit = board.exit(&checks);
    match format {
        Format::Json => print::document(out, report::json(&checks, exit)),
        Format::Coloured => print::painted(out, &report::text(&checks), report::coloured),
        Format::Text => print::lines(out, &report::text(&checks)),
    }
    exit
}

/// What every run passes before it looks at anything else, in this order.
pub const REACHED: [CheckId; 5] = [
    CheckId::Configuration,
    CheckId::Reachable,
    CheckId::Token,
    CheckId::Permissions,
    CheckId::Objects,
];

/// What a run leaves that got to its end: nothing pending, what it was told to warn of, every file as it was rendered,
/// and a user list where one is asked for.
pub fn settled(
    config: &Config,
    release: Release,
    told: &Plan,
    has_manager: bool,
) -> Vec<(CheckId, Outcome)> {
    let mut checks: Vec<_> = drift::checks(config, release, told, false)
        .into_iter()
        .chain(applies::left_out(config))
        .map(|check| (check.id, check.outcome))
        .collect();
    match (config.netbird.lists_users(), has_manager) {
        (true, _) => checks.push((CheckId::UserList, Outcome::Pass)),
        (false, false) => checks.push((CheckId::UserList, Outcome::Skipped)),
        // A manager that stays is not asked for in each run.
        (false, true) => {}
    }
    let settled = [CheckId::Refused, CheckId::Installation, CheckId::Secrets];
    checks.extend(REACHED.into_iter().chain(settled).map(|id| (id, Outcome::Pass)));
    let files = config.files.outputs.iter().filter_map(|output| files::id_of(*output));
    checks.extend(files.map(|id| (id, Outcome::Pass)));
    checks
}
