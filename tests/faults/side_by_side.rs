//! Two to eight processes at once, on one volume and on several, first runs and converged, with kills among them.

use std::process::{Command, Stdio};

use authentik_sim::Sim;

use crate::world::{PROFILE, one_of_each, whole_files};

fn command(sim: &Sim, dir: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netbird-authentik-init"));
    command
        .env_clear()
        .env("AUTHENTIK_HOST", sim.url())
        .env("AUTHENTIK_HOST_BROWSER", sim.url())
        .env("AUTHENTIK_TOKEN", authentik_sim::DEFAULT_TOKEN)
        .env("NETBIRD_DOMAIN", "netbird.example.com")
        .env("SETUP_DIR", dir)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

#[test]
fn runs_side_by_side_with_kills_among_them_converge() {
    for runs in 2..=8_usize {
        for (one_volume, converged) in [(true, false), (true, true), (false, false), (false, true)]
        {
            let sim = Sim::start(PROFILE);
            let volumes: Vec<_> = (0..runs).map(|_| crate::support::tempdir().unwrap()).collect();
            let volume = |run: usize| volumes[if one_volume { 0 } else { run }].path();
            if converged {
                assert!(command(&sim, volume(0)).output().unwrap().status.success());
            }
            let already = sim.requests().len();
            let mut children: Vec<_> =
                (0..runs).map(|run| command(&sim, volume(run)).spawn().unwrap()).collect();
            // Every second one dies, each a request later than the one before it.
            for run in (0..runs).step_by(2) {
                let child = std::cell::RefCell::new(&mut children[run]);
                sim.wait_until(|sim| {
                    sim.requests().len() >= already + 2 + run
                        || child.borrow_mut().try_wait().unwrap().is_some()
                });
                let _ = children[run].kill();
            }
            for (run, child) in children.into_iter().enumerate() {
                let ended = child.wait_with_output().unwrap();
                let log = String::from_utf8_lossy(&ended.stderr);
                assert!(run % 2 == 0 || ended.status.success(), "{runs}, run {run}:\n{log}");
            }
            for run in 0..runs {
                assert!(command(&sim, volume(run)).output().unwrap().status.success());
                let unfinished = std::fs::read_dir(volume(run)).unwrap().flatten();
                for left in unfinished.filter(|e| e.path().extension().is_some_and(|x| x == "tmp"))
                {
                    // What a killed run was writing: swept after ten minutes.
                    std::fs::remove_file(left.path()).unwrap();
                }
                whole_files(volume(run)).unwrap();
            }
            one_of_each(&sim.state()).unwrap();
        }
    }
}
