//! The simulator as a program of its own: for containers, and for trying things by hand.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use authentik_sim::{Advance, DEFAULT_TOKEN, Sim, Stage, default_objects, find, profiles};
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "authentik-sim [--listen 127.0.0.1:9000] [--profile 2026.2] [--token TOKEN] \
                     [--startup ready|fast|slow] [--restart-after N] [--latency-ms N] [--web-path /auth/] \
                     [--approve-devices USER] [--tls-listen ADDRESS] [--tls-name NAME] [--ca-file PATH]\n\
                     --restart-after: ready at first, and restarts when N requests were answered\n\
                     SIGHUP: restarts, and keeps its objects";

struct Options {
    listen: std::net::SocketAddr,
    profile: String,
    token: String,
    startup: String,
    restart_after: Option<usize>,
    latency: Duration,
    web_path: String,
    approve_devices: Option<String>,
    tls_listen: Option<std::net::SocketAddr>,
    tls_names: Vec<String>,
    ca_file: Option<String>,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        listen: ([127, 0, 0, 1], 9000).into(),
        profile: "2026.2".to_owned(),
        token: DEFAULT_TOKEN.to_owned(),
        startup: "ready".to_owned(),
        restart_after: None,
        latency: Duration::ZERO,
        web_path: "/".to_owned(),
        approve_devices: None,
        tls_listen: None,
        tls_names: vec![],
        ca_file: None,
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
            "--listen" => {
                options.listen = value.parse().map_err(|_| bad("not an address and port"))?
            }
            "--profile" if find(&value).is_none() => {
                let known: Vec<&str> = profiles().into_iter().map(|profile| profile.name).collect();
                return Err(bad(&format!("known are {}", known.join(", "))));
            }
            "--profile" => options.profile = value,
            "--token" => options.token = value,
            "--startup" => options.startup = value,
            "--restart-after" => {
                options.restart_after = Some(value.parse().map_err(|_| bad("not a number"))?);
            }
            "--latency-ms" => {
                options.latency =
                    value.parse().map(Duration::from_millis).map_err(|_| bad("not a number"))?;
            }
            "--web-path" => options.web_path = value,
            "--approve-devices" => options.approve_devices = Some(value),
            "--tls-listen" => {
                options.tls_listen =
                    Some(value.parse().map_err(|_| bad("not an address and port"))?);
            }
            "--tls-name" => options.tls_names.push(value),
            "--ca-file" => options.ca_file = Some(value),
            _ => return Err(format!("unknown option {name}\n{USAGE}")),
        }
    }
    Ok(options)
}

/// Stages by time: what the ladder of counted requests is for tests.
fn ladder(options: &Options) -> Result<Vec<(Advance, Stage)>, String> {
    if let Some(requests) = options.restart_after {
        let mut stages = vec![(Advance::Requests(requests), Stage::Ready)];
        stages.extend(restart());
        return Ok(stages);
    }
    let unit = match options.startup.as_str() {
        "ready" => return Ok(vec![]),
        "fast" => Duration::from_millis(100),
        "slow" => Duration::from_secs(3),
        other => return Err(format!("--startup {other}: ready, fast or slow")),
    };
    let profile = find(&options.profile).ok_or("no such profile")?;
    let mut stages = vec![
        (Advance::After(unit), Stage::Refused),
        (Advance::After(unit * 3), Stage::Starting),
        (Advance::After(unit * 2), Stage::TokenUnknown),
        (Advance::After(unit), Stage::Empty),
    ];
    let names = default_objects(profile);
    let order: Vec<&str> = names.iter().map(String::as_str).collect();
    stages.extend(Stage::appearing(&order, 1).into_iter().map(|(advance, stage)| match advance {
        Advance::Requests(_) => (Advance::After(unit / 4), stage),
        other => (other, stage),
    }));
    Ok(stages)
}

/// What a restart looks like from outside.
fn restart() -> Vec<(Advance, Stage)> {
    vec![
        (Advance::After(Duration::from_millis(500)), Stage::Refused),
        (Advance::After(Duration::from_secs(2)), Stage::Starting),
    ]
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
    let started = options().and_then(|options| {
        let stages = ladder(&options)?;
        let builder =
            options.tls_listen.iter().fold(Sim::builder(&options.profile), |b, a| b.tls_bind(*a));
        let builder =
            options.approve_devices.iter().fold(builder, |b, user| b.approves_devices(user));
        let sim = builder
            .bind(options.listen)
            .token(&options.token)
            .latency(options.latency)
            .web_path(&options.web_path)
            .tls_names(&options.tls_names)
            .startup(stages)
            .start();
        if let Some(path) = &options.ca_file {
            std::fs::write(path, sim.ca_pem()).map_err(|e| format!("--ca-file {path}: {e}"))?;
        }
        Ok(sim)
    });
    let sim = match started {
        Ok(sim) => sim,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::FAILURE;
        }
    };
    let (version, url, https_url) = (sim.profile().version_current, sim.url(), sim.https_url());
    // Nobody may be reading; the server runs all the same.
    let _ = writeln!(std::io::stdout(), "authentik-sim {version} listens on {url} and {https_url}");
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => sim.restart(restart()),
        }
    }
    drop(sim);
    ExitCode::SUCCESS
}
