//! The process: signals, and how it ends. As PID 1 of a container it gets no default signal handling, so it
//! listens itself, from the first moment and in every state.

use std::io::IsTerminal;
use std::process::exit;

use netbird_authentik_init::app;
use netbird_authentik_init::cli::{self, Command};
use netbird_authentik_init::error::Exit;
use tokio::signal::unix::{SignalKind, signal};

fn main() {
    std::panic::set_hook(Box::new(|info| {
        // Exit code 70 is a promise; an abort would be 134.
        eprintln!("netbird-authentik-init: bug: {info}");
        eprintln!("please report this with the version and the lines above");
        exit(Exit::Bug as i32);
    }));
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("netbird-authentik-init: the system refuses a runtime: {error}");
            exit(Exit::Bug as i32);
        }
    };
    let code = runtime.block_on(until_signal());
    // While the runtime still lives: dropping it would wait for name lookups and files that still block.
    exit(code as i32);
}

async fn until_signal() -> Exit {
    let handlers = signal(SignalKind::terminate())
        .and_then(|term| Ok((term, signal(SignalKind::interrupt())?)));
    let (mut term, mut int) = match handlers {
        Ok(handlers) => handlers,
        Err(error) => {
            eprintln!("netbird-authentik-init: the system refuses signal handlers: {error}");
            return Exit::Bug;
        }
    };
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    // A sidecar works until it is told to end: that is how it ends well.
    let told_to_end = match cli::parse(args.iter().cloned()) {
        Ok(Command::Watch) => Exit::Ok,
        _ => Exit::Terminated,
    };
    let mut out = std::io::stdout();
    let colours = out.is_terminal() && wants_colours();
    tokio::select! {
        exit = app::run(args, std::env::vars_os(), &mut out, colours) => exit,
        _ = term.recv() => ended_by("SIGTERM", told_to_end),
        _ = int.recv() => ended_by("SIGINT", Exit::Interrupted),
    }
}

/// Unless `NO_COLOR` is set to anything (<https://no-color.org>) or the terminal has none.
fn wants_colours() -> bool {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb")
}

/// Nothing has to be put in order: files are whole, and what is done in Authentik stays done.
fn ended_by(name: &str, exit: Exit) -> Exit {
    tracing::info!(stage = "end", exit = exit as u8, "{name}: ends");
    exit
}
