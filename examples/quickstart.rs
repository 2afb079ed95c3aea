//! The main job without Docker, against a simulated Authentik that starts from nothing: a plan, the run, the files, a
//! second run, a setting that somebody breaks, `check` that names it, and the repair. Standard output only.
//!
//! `cargo run --example quickstart`

use std::ffi::OsString;
use std::io::Write;

use authentik_sim::{DEFAULT_TOKEN, Sim};
use netbird_authentik_init::app;
use netbird_authentik_init::error::Exit;

const PROFILE: &str = "2026.2";

/// Wider than this, a terminal would break the lines.
const COLUMNS: usize = 100;

/// The simulated Authentik, the volumes, and the container's environment.
struct Stage {
    sim: Sim,
    volumes: tempfile::TempDir,
}

impl Stage {
    fn variables(&self) -> Vec<(OsString, OsString)> {
        let volume = |name: &str| self.volumes.path().join(name).display().to_string();
        [
            ("AUTHENTIK_HOST", self.sim.url()),
            ("AUTHENTIK_HOST_BROWSER", self.sim.url()),
            ("AUTHENTIK_TOKEN", DEFAULT_TOKEN.to_owned()),
            ("NETBIRD_DOMAIN", "netbird.example.com".to_owned()),
            ("SETUP_DIR", volume("setup")),
            ("SETUP_STATE_DIR", volume("state")),
            // What was asked for goes to standard output; the log is for errors only here.
            ("SETUP_LOG", "error".to_owned()),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .into()
    }

    /// Runs a command as the container would: what it prints, and how it ends.
    async fn output(&self, command: &str) -> (String, Exit) {
        let mut out = Vec::new();
        let exit = app::run([command.into()], self.variables(), &mut out, false).await;
        (String::from_utf8_lossy(&out).into_owned(), exit)
    }

    /// Runs a command and shows all of it.
    async fn run(&self, command: &str, expected: Exit) -> std::io::Result<()> {
        self.sim.clear_requests();
        let (out, exit) = self.output(command).await;
        out.lines().try_for_each(show)?;
        assert_eq!(exit, expected, "{command}");
        let writes = self.sim.writes().len();
        show(&format!("(writes sent to Authentik: {writes}; exit code {})", exit as u8))
    }

    fn files(&self) -> std::io::Result<String> {
        let mut names = Vec::new();
        for volume in ["setup", "state"] {
            for entry in std::fs::read_dir(self.volumes.path().join(volume))? {
                let name = entry?.file_name().to_string_lossy().into_owned();
                names.push(format!("{volume}/{name}"));
            }
        }
        names.sort();
        Ok(names.join(", "))
    }
}

/// Shows a line, and what does not fit in further ones, indented like the first.
fn show(line: &str) -> std::io::Result<()> {
    let indent = line.chars().take_while(|c| *c == ' ').count();
    let mut shown = " ".repeat(indent);
    for word in line.trim_start().split(' ') {
        if shown.chars().count() + 1 + word.chars().count() > COLUMNS {
            writeln!(std::io::stdout(), "{}", shown.trim_end())?;
            shown = " ".repeat(indent.max(2));
        }
        shown.push_str(word);
        shown.push(' ');
    }
    writeln!(std::io::stdout(), "{}", shown.trim_end())
}

/// The failures in what `check` printed, the first of each check with its fix.
fn show_failures(report: &str) -> std::io::Result<()> {
    let mut named: Vec<&str> = Vec::new();
    let mut lines = report.lines().peekable();
    while let Some(line) = lines.next() {
        let mut words = line.split_whitespace();
        if !words.next().is_some_and(|word| word.eq_ignore_ascii_case("fail")) {
            continue;
        }
        let check = words.next().unwrap_or_default();
        if !named.contains(&check) {
            named.push(check);
            show(line)?;
            lines.next_if(|next| next.contains("-> ")).map_or(Ok(()), show)?;
        }
    }
    report.lines().last().map_or(Ok(()), show)
}

fn headline(text: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "\n=== {text}")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stage = Stage { sim: Sim::start(PROFILE), volumes: tempfile::tempdir()? };
    for volume in ["setup", "state"] {
        std::fs::create_dir(stage.volumes.path().join(volume))?;
    }
    let mut out = std::io::stdout();
    writeln!(out, "A simulated Authentik {PROFILE} and empty volumes. This is about to happen:")?;
    writeln!(out, "plan, init, a look at the files, init again, a broken setting, check, repair.")?;

    headline("plan: what init would change")?;
    stage.run("plan", Exit::Pending).await?;

    headline("init: does it, and verifies that a login will work")?;
    stage.run("init", Exit::Ok).await?;
    show(&stage.files()?)?;

    headline("setup/dashboard.env, as NetBird's dashboard reads it")?;
    let path = stage.volumes.path().join("setup/dashboard.env");
    write!(out, "{}", std::fs::read_to_string(path)?)?;

    headline("init again: nothing to do")?;
    stage.run("init", Exit::Ok).await?;
    let writes = stage.sim.writes().len();
    assert_eq!(writes, 0, "a second run writes nothing");

    headline("somebody empties the provider's redirect URIs; check names it")?;
    let provider = |state: &mut authentik_sim::State| -> Option<()> {
        state.provider_mut("NetBird")?["redirect_uris"] = serde_json::json!([]);
        Some(())
    };
    provider(&mut stage.sim.state()).ok_or("no provider")?;
    let (report, exit) = stage.output("check").await;
    assert_ne!(exit, Exit::Ok, "check must name the broken setting");
    show_failures(&report)?;

    headline("init: repairs it")?;
    stage.run("init", Exit::Ok).await?;
    stage.run("plan", Exit::Ok).await?;

    writeln!(out, "\nDone: NetBird can start. Next: README.md, \"Add it to your compose file\".")?;
    Ok(())
}
