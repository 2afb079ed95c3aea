//! The main job without Docker: a simulated Authentik starts from nothing, the program shows its plan, does it,
//! proves it and writes NetBird's files, and a second run finds nothing to do.
//!
//! `cargo run --example quickstart`

use std::ffi::OsString;
use std::io::Write;

use authentik_sim::{DEFAULT_TOKEN, Sim, Stage};
use netbird_authentik_init::app;
use netbird_authentik_init::error::Exit;

const PROFILE: &str = "2026.2";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::builder(PROFILE).startup(Stage::cold_start(PROFILE)).start();
    let dir = tempfile::tempdir()?;
    let vars = |sim: &Sim| -> Vec<(OsString, OsString)> {
        [
            ("AUTHENTIK_HOST", sim.url()),
            ("AUTHENTIK_TOKEN", DEFAULT_TOKEN.to_owned()),
            ("NETBIRD_DOMAIN", "netbird.example.com".to_owned()),
            ("SETUP_DIR", dir.path().display().to_string()),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .into()
    };
    let mut out = std::io::stdout();
    let headline = |text: &str| writeln!(std::io::stdout(), "\n=== {text}\n");

    headline(&format!("a simulated Authentik {PROFILE} starts at {}; the plan:", sim.url()))?;
    let exit = app::run(["plan".into()], vars(&sim), &mut out, false).await;
    assert_eq!(exit, Exit::Pending, "an empty Authentik needs changes");

    headline("init: does it, and proves it")?;
    let exit = app::run(["init".into()], vars(&sim), &mut out, false).await;
    assert_eq!(exit, Exit::Ok);

    headline("init again: nothing to do")?;
    let exit = app::run(["init".into()], vars(&sim), &mut out, false).await;
    assert_eq!(exit, Exit::Ok);

    headline("setup.env, for NetBird's configure.sh (a throw-away key)")?;
    write!(out, "{}", std::fs::read_to_string(dir.path().join("setup.env"))?)?;
    let mut others: Vec<_> = std::fs::read_dir(dir.path())?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    others.sort();
    headline(&format!("all files: {}", others.join(", ")))?;
    Ok(())
}
