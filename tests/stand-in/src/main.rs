//! Stands in for NetBird's services, and for the proxy before them, where their images cannot be had: it refuses to
//! start without what the real ones demand, and checks a token as the real management does.

mod management;
mod proxy;
mod web;

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str =
    "netbird-stand-in management [--config FILE] [--port N] [other flags of the real one]
netbird-stand-in certificates DIR NAME...
netbird-stand-in proxy DIR NAME=HOST:PORT...
netbird-stand-in web PORT...";

/// What every part ends with when something is wrong.
type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        eprintln!("signals cannot be waited for");
        return ExitCode::FAILURE;
    };
    let work = async {
        match words[..] {
            ["management", ..] => management::run(&words[1..]).await,
            ["certificates", dir, ..] => proxy::certificates(dir, &words[2..]),
            ["proxy", dir, ..] => proxy::run(dir, &words[2..]).await,
            ["web", ..] => web::serve(&words[1..]).await,
            _ => Err(USAGE.into()),
        }
    };
    let result = tokio::select! {
        result = work => result,
        _ = terminate.recv() => Ok(()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("netbird-stand-in: {failure}");
            ExitCode::FAILURE
        }
    }
}
