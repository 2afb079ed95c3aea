//! Whole runs against a simulated Authentik, beside other programs that do the same reads.
//!
//! `cargo run --release --manifest-path benches/Cargo.toml -- BINARY [runs|noticed|watch]`

#![allow(clippy::disallowed_macros, reason = "tables go to the terminal")]

mod launch;
mod noticed;
mod runs;
mod sidecar;

use std::process::ExitCode;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The release that the tables are about.
const PROFILE: &str = "2026.2";

fn main() -> Result<ExitCode> {
    let mut args = std::env::args().skip(1);
    let binary = args.next().ok_or("usage: whole-runs BINARY [runs|noticed|watch]")?;
    if binary == launch::FLAG {
        return Ok(launch::launched(args)?);
    }
    let only = args.next();
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    if wanted("runs") {
        runs::table(&binary)?;
    }
    if wanted("noticed") {
        noticed::table(&binary)?;
    }
    if wanted("watch") {
        sidecar::table(&binary)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The variables of a run against this server.
fn variables(
    url: &str,
    sim: &authentik_sim::Sim,
    dir: &std::path::Path,
) -> Result<Vec<(String, String)>> {
    let ca = dir.join("ca.pem");
    std::fs::write(&ca, sim.ca_pem())?;
    let path = std::env::var("PATH").unwrap_or_default();
    Ok([
        ("AUTHENTIK_HOST", url.to_owned()),
        ("AUTHENTIK_HOST_BROWSER", url.to_owned()),
        ("AUTHENTIK_TOKEN", authentik_sim::DEFAULT_TOKEN.to_owned()),
        ("AUTHENTIK_CA_FILE", ca.display().to_string()),
        ("NETBIRD_DOMAIN", "netbird.example.com".to_owned()),
        ("SETUP_DIR", dir.display().to_string()),
        ("SETUP_TIMEOUT", "60s".to_owned()),
        // For the peers, which find their interpreters there; the program ignores it.
        ("PATH", path),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into())
}

/// The value below which this share of the sorted values lies.
fn quantile<T: Copy>(sorted: &[T], share: f64) -> T {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let index = ((sorted.len() as f64 * share).ceil() as usize).saturating_sub(1);
    sorted[index.min(sorted.len() - 1)]
}
