//! The process: signals, and how it ends. As PID 1 of a container it gets no default signal handling, so it
//! listens itself, from the first moment and in every state.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::process::exit;
use std::time::Duration;

use netbird_authentik_init::app;
use netbird_authentik_init::cli::{self, Command};
use netbird_authentik_init::commands::check;
use netbird_authentik_init::config;
use netbird_authentik_init::error::Exit;
use netbird_authentik_init::text::printable::sentence;
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

fn main() {
    std::panic::set_hook(Box::new(|info| {
        // Exit code 70 is a promise; an abort would be 134.
        // What it says may hold anything, and a backtrace tells more than this about where.
        eprintln!("netbird-authentik-init: bug: {}", sentence(&info.to_string()));
        eprintln!("please report this with the version and the lines above");
        exit(Exit::Bug as i32);
    }));
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let command = cli::parse(args.iter().cloned());
    // A sidecar works until it is told to end: that is how it ends well.
    let told_to_end = match command {
        Ok(Command::Watch) => Exit::Ok,
        _ => Exit::Terminated,
    };
    let limit = match command {
        Ok(Command::Init | Command::Connect | Command::Plan { .. } | Command::Check { .. }) => {
            let vars: Vec<_> = std::env::vars_os().collect();
            let limit = config::timeout(&vars);
            let limit = match command {
                Ok(Command::Check { .. }) => limit.min(check::LIMIT),
                _ => limit,
            };
            Some(limit + AFTER_DEADLINE)
        }
        _ => None,
    };
    enough_files();
    let code = runtime().block_on(async {
        let handlers = signal(SignalKind::terminate())
            .and_then(|term| Ok((term, signal(SignalKind::interrupt())?)));
        let (mut term, mut int) = match handlers {
            Ok(handlers) => handlers,
            Err(error) => refused("signal handlers", &error),
        };
        tokio::select! {
            exit = work(args) => exit,
            _ = term.recv() => ended_by("SIGTERM", told_to_end),
            _ = int.recv() => ended_by("SIGINT", Exit::Interrupted),
            () = overdue(limit) => ended_by("SETUP_TIMEOUT is over", Exit::NotReady),
        }
    });
    // While everything still lives: dropping it would wait for what blocks.
    exit(code as i32);
}

/// Runs the program in a thread of its own: whatever blocks there, a disk or whoever reads the log, the signals are
/// heard.
async fn work(args: Vec<OsString>) -> Exit {
    let (done, ended) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("work".to_owned()).spawn(move || {
        let mut out = std::io::stdout();
        let colours = out.is_terminal() && wants_colours();
        let exit = runtime().block_on(app::run(args, std::env::vars_os(), &mut out, colours));
        let _ = done.send(exit);
        // Not by return: the runtime would be dropped, and wait. The process ends in a moment.
        std::thread::park();
    });
    if let Err(error) = thread {
        refused("a thread", &error);
    }
    // A thread that panics ends the process by its hook.
    ended.await.unwrap_or(Exit::Bug)
}

/// A run ends itself at its deadline, unless its thread is blocked, as by a log that is not read any more: then it is
/// ended this much later, within the second that is promised.
const AFTER_DEADLINE: Duration = Duration::from_millis(700);

async fn overdue(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => std::future::pending().await,
    }
}

/// Connections, files and the runtime itself take some twenty at a time; with too few, each of them fails in its own words.
const FEWEST_FILES: u64 = 64;

/// Takes what the system gives, and ends where that is not enough.
fn enough_files() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < FEWEST_FILES) {
        let most = limit.maximum.unwrap_or(FEWEST_FILES).min(FEWEST_FILES);
        let wish = Rlimit { current: Some(most), maximum: limit.maximum };
        if setrlimit(Resource::Nofile, wish).is_ok() {
            limit = wish;
        }
    }
    if let Some(few) = limit.current.filter(|current| *current < FEWEST_FILES) {
        eprintln!(
            "netbird-authentik-init: this process may open {few} files, and needs {FEWEST_FILES}: raise the limit (ulimits: \
             nofile in the compose file)"
        );
        exit(Exit::Output as i32);
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap_or_else(|error| refused("a runtime", &error))
}

fn refused(what: &str, error: &std::io::Error) -> ! {
    eprintln!("netbird-authentik-init: the system refuses {what}: {error}");
    // Whoever holds all files of the machine is none of this program's bugs.
    let is_full =
        Errno::from_io_error(error).is_some_and(|e| matches!(e, Errno::MFILE | Errno::NFILE));
    exit(if is_full { Exit::Output } else { Exit::Bug } as i32);
}

/// Unless `NO_COLOR` is set to anything (<https://no-color.org>) or the terminal has none.
fn wants_colours() -> bool {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb")
}

/// Long enough for a line of log, and short enough for whoever waits for the end.
const LAST_WORD: Duration = Duration::from_millis(50);

/// Nothing has to be put in order: files are whole, and what is done in Authentik stays done.
fn ended_by(name: &'static str, exit: Exit) -> Exit {
    let (said, heard) = std::sync::mpsc::channel();
    // Beside: nobody may be reading the log any more.
    std::thread::spawn(move || {
        tracing::info!(stage = "end", exit = exit as u8, "{name}: ends");
        let _ = said.send(());
    });
    let _ = heard.recv_timeout(LAST_WORD);
    exit
}
