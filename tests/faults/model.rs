//! Whose value wins, after any sequence of edits, runs, kills, upgrades and changed variables. The model is a handful of
//! values: what an administrator chose, what a variable chose, and what must be so in any case.

use std::time::Duration;

use authentik_sim::{Sim, TlsMode};
use netbird_authentik_init::error::Exit;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::world::{World, in_simulated_time, one_of_each};

#[derive(Clone, Debug)]
enum Step {
    /// A default that is the administrator's once the provider exists.
    EditLifetime(u8),
    /// An invariant is broken.
    Confidential,
    ShortCode,
    /// The application is renamed by hand: stays while no variable speaks of its name.
    Rename(u8),
    /// An `init` run; a cycle of `watch` does the same.
    Run,
    /// A run that dies after so many milliseconds of simulated time.
    Kill(u16),
    /// The next release takes over the database.
    Upgrade,
    /// `AUTHENTIK_APPLICATION_NAME`.
    Wish(Option<u8>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1_u8..9).prop_map(Step::EditLifetime),
        Just(Step::Confidential),
        Just(Step::ShortCode),
        any::<u8>().prop_map(Step::Rename),
        Just(Step::Run),
        (0_u16..400).prop_map(Step::Kill),
        Just(Step::Upgrade),
        prop::option::of(any::<u8>()).prop_map(Step::Wish),
    ];
    prop::collection::vec(step, 1..10)
}

async fn start(release: &str) -> World {
    let builder = Sim::builder(release).tls(TlsMode::Off).latency(Duration::from_millis(10));
    World::with(builder.start_here().await)
}

async fn follow(steps: &[Step]) -> Result<(), TestCaseError> {
    let profiles: Vec<&str> = authentik_sim::profiles().iter().map(|p| p.name).collect();
    let mut at = profiles.iter().position(|name| *name == "2025.4").unwrap_or(0);
    let mut world = start(profiles[at]).await;
    let (mut lifetime, mut name, mut wish) = (None, None, None);
    let mut secrets = None;
    for step in steps.iter().chain([&Step::Run]) {
        match step {
            Step::EditLifetime(days) => {
                if let Some(p) = world.sim.state().provider_mut("NetBird") {
                    p["refresh_token_validity"] = json!(format!("days={days}"));
                    lifetime = Some(p["refresh_token_validity"].clone());
                }
            }
            Step::Confidential => {
                if let Some(p) = world.sim.state().provider_mut("NetBird") {
                    p["client_type"] = json!("confidential");
                }
            }
            Step::ShortCode => {
                if let Some(p) = world.sim.state().provider_mut("NetBird") {
                    p["access_code_validity"] = json!("minutes=1");
                }
            }
            Step::Rename(n) => {
                if let Some(a) = world.sim.state().application_mut("netbird") {
                    a["name"] = json!(format!("by hand {n}"));
                    name = Some(a["name"].clone());
                }
            }
            Step::Wish(None) => {
                world.env.remove("AUTHENTIK_APPLICATION_NAME");
                wish = None;
            }
            Step::Wish(Some(n)) => {
                let text = format!("wish {n}");
                world.env.insert("AUTHENTIK_APPLICATION_NAME".into(), text.clone());
                wish = Some(json!(text));
            }
            Step::Kill(ms) => {
                let ended =
                    tokio::time::timeout(Duration::from_millis((*ms).into()), world.init()).await;
                // A killed run may have written the name that was wished for, or not yet.
                if let (Some(_), Some(a)) = (&wish, world.sim.state().application("netbird")) {
                    name = Some(a["name"].clone());
                }
                prop_assert!(ended.is_err() || ended.unwrap().0 == Exit::Ok);
            }
            Step::Upgrade => {
                at = (at + 1).min(profiles.len() - 1);
                let state = world.sim.state().clone();
                let sim = Sim::builder(profiles[at]).tls(TlsMode::Off).state(state);
                world.sim = sim.latency(Duration::from_millis(10)).start_here().await;
                world.env.insert("AUTHENTIK_HOST".into(), world.sim.url());
            }
            Step::Run => {
                prop_assert_eq!(world.init().await.0, Exit::Ok);
                let state = world.sim.state();
                one_of_each(&state).map_err(TestCaseError::fail)?;
                let (provider, application) = (&state.providers[0], &state.applications[0]);
                prop_assert_eq!(&provider["client_type"], "public");
                let code = provider["access_code_validity"].as_str().unwrap_or_default();
                prop_assert_ne!(code, "minutes=1");
                if let Some(lifetime) = &lifetime {
                    prop_assert_eq!(&provider["refresh_token_validity"], lifetime);
                }
                if let Some(wanted) = wish.as_ref().or(name.as_ref()) {
                    prop_assert_eq!(&application["name"], wanted);
                }
                name = Some(application["name"].clone());
            }
        }
        let now = std::fs::read(world.path("secrets.json")).ok();
        prop_assert!(secrets.is_none() || secrets == now, "secrets changed");
        secrets = now;
    }
    Ok(())
}

#[test]
fn any_sequence_keeps_the_rules_of_ownership() {
    let config = Config { cases: 100, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(&steps(), |steps| in_simulated_time(follow(&steps))).unwrap();
}
