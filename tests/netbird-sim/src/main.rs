//! The simulator as a program of its own: for containers, and for trying things by hand.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use netbird_sim::{Image, NetBird};
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "netbird-sim --config FILE [--listen 127.0.0.1:8080] [--image management|combined] [--log-level debug]
            [--single-account-mode-domain NAME] [--resolve ORIGIN=ORIGIN]...
The image is combined if FILE ends in .yaml or .yml. Names are looked up as the machine does, but for those given
by --resolve, as https://auth.example.com=http://authentik:9000. The environment is the server's.
SIGHUP: restarts, and keeps its accounts";

struct Options {
    config: PathBuf,
    listen: SocketAddr,
    image: Option<Image>,
    debug: bool,
    domain: Option<String>,
    resolve: Vec<(String, String)>,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        config: PathBuf::new(),
        listen: ([127, 0, 0, 1], 8080).into(),
        image: None,
        debug: false,
        domain: None,
        resolve: vec![],
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        if ["--help", "-h"].contains(&name.as_str()) {
            let _ = writeln!(std::io::stdout(), "{USAGE}");
            std::process::exit(0);
        }
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value\n{USAGE}"))?;
        let bad = |what: &str| format!("{name} {value}: {what}");
        match name.as_str() {
            "--config" => options.config = value.into(),
            "--listen" => {
                options.listen = value.parse().map_err(|_| bad("not an address and port"))?;
            }
            "--image" => {
                options.image = Some(match value.as_str() {
                    "management" => Image::Management,
                    "combined" => Image::Combined,
                    _ => return Err(bad("management or combined")),
                });
            }
            "--log-level" => options.debug = value == "debug",
            "--single-account-mode-domain" => options.domain = Some(value),
            "--resolve" => {
                let (origin, target) =
                    value.split_once('=').ok_or_else(|| bad("not ORIGIN=ORIGIN"))?;
                options.resolve.push((origin.to_owned(), target.to_owned()));
            }
            _ => return Err(format!("unknown option {name}\n{USAGE}")),
        }
    }
    if options.config.as_os_str().is_empty() {
        return Err(format!("--config is needed\n{USAGE}"));
    }
    Ok(options)
}

fn prepared(options: &Options) -> NetBird {
    let yaml = options.config.extension().is_some_and(|ext| ext == "yaml" || ext == "yml");
    let guessed = if yaml { Image::Combined } else { Image::Management };
    let mut builder = NetBird::with_file(options.image.unwrap_or(guessed), &options.config)
        .bind(options.listen)
        .looks_names_up();
    for (name, value) in std::env::vars() {
        builder = builder.env(&name, &value);
    }
    for (origin, target) in &options.resolve {
        builder = builder.resolve(origin, target);
    }
    if let Some(domain) = &options.domain {
        builder = builder.domain(domain);
    }
    if options.debug {
        builder = builder.debug();
    }
    builder.prepare()
}

/// Starts, or starts again, and shows what the server has to say since the last time.
fn started(server: &NetBird, shown: &mut usize) -> bool {
    let outcome = server.restart();
    let lines = server.log();
    for line in lines.get(*shown..).unwrap_or_default() {
        eprintln!("{line}");
    }
    *shown = lines.len();
    if outcome.is_ok() {
        // Nobody may be reading; the server runs all the same.
        let _ = writeln!(std::io::stdout(), "netbird-sim listens on {}", server.url());
    }
    outcome.is_ok()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Before anybody is told that the server runs: whoever knows may end it.
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
        signal(SignalKind::hangup()),
    ) else {
        eprintln!("signals cannot be waited for");
        return ExitCode::FAILURE;
    };
    let server = match options() {
        Ok(options) => prepared(&options),
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::FAILURE;
        }
    };
    let mut shown = 0;
    if !started(&server, &mut shown) {
        return ExitCode::FAILURE;
    }
    loop {
        tokio::select! {
            _ = terminate.recv() => return ExitCode::SUCCESS,
            _ = interrupt.recv() => return ExitCode::SUCCESS,
            _ = hangup.recv() => if !started(&server, &mut shown) {
                return ExitCode::FAILURE;
            },
        }
    }
}
