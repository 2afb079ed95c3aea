//! First and converged runs, and the same reads by a shell script and by Python, in turns: whatever else the machine does
//! meets all of them alike.

use std::time::Duration;

use authentik_sim::Sim;

use crate::launch::{Cost, cost};
use crate::{PROFILE, Result, quantile, variables};

/// Turns of each; odd, so that the median is one of them.
const TURNS: usize = 11;

/// The user list by a service account with the role `viewer`, and two groups. The device code flow is on by default.
const FEATURES: [(&str, &str); 2] =
    [("NETBIRD_MGMT_IDP", "authentik"), ("AUTHENTIK_ACCESS_GROUPS", "vpn users,netbird-admins")];

struct Row {
    name: &'static str,
    requests: usize,
    rounds: usize,
    costs: Vec<Cost>,
}

/// Prints the tables.
pub fn table(binary: &str) -> Result<()> {
    for (https, latency) in [(false, 0), (false, 60), (true, 0), (true, 60)] {
        let scheme = if https { "HTTPS" } else { "HTTP" };
        println!("\n### {scheme}, {latency} ms latency ({TURNS} turns each)\n");
        println!(
            "| run | requests | rounds | CPU ms | CPU ratio | wall ms | wall ratio | peak MiB |"
        );
        println!("|---|--:|--:|--:|--:|--:|--:|--:|");
        let rows = measure(binary, https, Duration::from_millis(latency))?;
        let of = |row: &Row, f: fn(&Cost) -> f64| {
            let mut values: Vec<f64> = row.costs.iter().map(f).collect();
            values.sort_by(f64::total_cmp);
            quantile(&values, 0.5)
        };
        let cpu = |c: &Cost| c.cpu.as_secs_f64() * 1e3;
        let wall = |c: &Cost| c.wall.as_secs_f64() * 1e3;
        let base = rows.iter().find(|row| row.name == "init, converged").ok_or("no base")?;
        let (base_cpu, base_wall) = (of(base, cpu), of(base, wall));
        for row in &rows {
            if row.costs.is_empty() {
                println!("| {} | peer not installed | | | | | | |", row.name);
                continue;
            }
            #[allow(clippy::cast_precision_loss)]
            let peak = of(row, |c| c.peak_kib as f64) / 1024.0;
            // Without latency, requests side by side do not overlap for long enough to be seen.
            let rounds = if latency == 0 { "-".to_owned() } else { row.rounds.to_string() };
            println!(
                "| {} | {} | {} | {:.1} | {:.2} | {:.0} | {:.2} | {peak:.1} |",
                row.name,
                row.requests,
                rounds,
                of(row, cpu),
                of(row, cpu) / base_cpu,
                of(row, wall),
                of(row, wall) / base_wall,
            );
        }
    }
    Ok(())
}

fn measure(binary: &str, https: bool, latency: Duration) -> Result<Vec<Row>> {
    let peers = concat!(env!("CARGO_MANIFEST_DIR"), "/peers");
    let (shell, python) = (format!("{peers}/reads.sh"), format!("{peers}/reads.py"));
    let bare = format!("{peers}/bare.sh");
    let commands: [(&'static str, Vec<&str>, bool); 6] = [
        ("version: the process alone", vec![binary, "version"], true),
        ("init, first run", vec![binary], true),
        ("init, converged", vec![binary], true),
        ("bare client, the same requests", vec!["bash", &bare], works(&["curl", "--version"])),
        (
            "bash + curl + jq",
            vec!["bash", &shell],
            works(&["curl", "--version"]) && works(&["jq", "--version"]),
        ),
        ("Python requests", vec!["python3", &python], works(&["python3", "-c", "import requests"])),
    ];
    let world = || -> Result<_> {
        let sim = Sim::builder(PROFILE).latency(latency).start();
        let dir = tempfile::tempdir()?;
        let url = if https { sim.https_url() } else { sim.url() };
        let env = variables(&url, &sim, dir.path())?;
        Ok((sim, dir, env))
    };
    let row = |name| Row { name, requests: 0, rounds: 0, costs: vec![] };
    let mut rows: Vec<Row> = commands.iter().map(|(name, ..)| row(name)).collect();
    let mut featured =
        ["init, first run, every feature", "init, converged, every feature"].map(row);
    for turn in 0..TURNS {
        // A first run needs a server that holds nothing of NetBird; the others then meet what it made.
        let (sim, _dir, env) = world()?;
        let mut asked: Option<Vec<String>> = None;
        for (row, (name, command, installed)) in rows.iter_mut().zip(&commands) {
            if !installed {
                continue;
            }
            sim.clear_requests();
            row.costs.push(cost(command, &env)?);
            let requests = sim.requests();
            row.requests = requests.len();
            row.rounds = sim.rounds().len();
            let mut paths: Vec<String> = requests.iter().map(|r| r.path.clone()).collect();
            paths.sort();
            if turn == 0 && *name == "init, converged" {
                asked = Some(paths);
            } else if let Some(asked) = &asked
                && turn == 0
                && *asked != paths
            {
                return Err(format!("{name} asks for {paths:#?}\nand init for {asked:#?}").into());
            }
        }
        let (sim, _dir, mut env) = world()?;
        env.extend(FEATURES.map(|(name, value)| (name.to_owned(), value.to_owned())));
        for row in &mut featured {
            sim.clear_requests();
            row.costs.push(cost(&[binary], &env)?);
            (row.requests, row.rounds) = (sim.requests().len(), sim.rounds().len());
        }
    }
    rows.extend(featured);
    Ok(rows)
}

fn works(command: &[&str]) -> bool {
    std::process::Command::new(command[0])
        .args(&command[1..])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
