//! Whose value wins, after any sequence of edits, runs, cycles of `watch`, kills, upgrades and changed variables. The
//! model is a handful of values: what an administrator chose, what a variable chose, and what must be so in any case.

use std::time::Duration;

use authentik_sim::{Feature, Sim, TlsMode};
use netbird_authentik_init::error::Exit;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::world::{World, in_simulated_time, one_of_each};

#[derive(Clone, Debug)]
enum Step {
    /// A default that is the administrator's once the provider exists.
    EditLifetime(u8),
    /// An invariant is broken.
    Confidential,
    ShortCode,
    NoKey,
    /// Lists: an entry of the administrator's stays, NetBird's come back.
    AddRedirect(u8),
    ClearRedirects,
    AddMapping(u8),
    /// The application is renamed by hand: stays while no variable speaks of its name.
    Rename(u8),
    /// A group of the administrator's is bound to the application: nobody but they unbinds it.
    Bind(u8),
    /// Identity, changed by hand: theirs to decide.
    SubMode(usize),
    /// `AUTHENTIK_SUB_MODE`: another one than the provider has is refused.
    WishSubMode(Option<usize>),
    /// `AUTHENTIK_APPLICATION_NAME`.
    Wish(Option<u8>),
    /// `AUTHENTIK_ACCESS_GROUPS`.
    Groups(bool),
    /// An `init` run.
    Run,
    /// The first cycle of a `watch`, and half of its pause.
    Cycle,
    /// A run that dies after so many milliseconds of simulated time.
    Kill(u16),
    /// The next release takes over the database.
    Upgrade,
}

const SUB_MODES: [&str; 3] = ["user_id", "user_email", "hashed_user_id"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let edit = prop_oneof![
        (1_u8..9).prop_map(Step::EditLifetime),
        Just(Step::Confidential),
        Just(Step::ShortCode),
        Just(Step::NoKey),
        any::<u8>().prop_map(Step::AddRedirect),
        Just(Step::ClearRedirects),
        any::<u8>().prop_map(Step::AddMapping),
        any::<u8>().prop_map(Step::Rename),
        any::<u8>().prop_map(Step::Bind),
        (0..SUB_MODES.len()).prop_map(Step::SubMode),
    ];
    let wish = prop_oneof![
        prop::option::of(0..SUB_MODES.len()).prop_map(Step::WishSubMode),
        prop::option::of(any::<u8>()).prop_map(Step::Wish),
        any::<bool>().prop_map(Step::Groups),
    ];
    let run = prop_oneof![
        Just(Step::Run),
        Just(Step::Cycle),
        (0_u16..400).prop_map(Step::Kill),
        Just(Step::Upgrade),
    ];
    prop::collection::vec(prop_oneof![3 => edit, 1 => wish, 3 => run], 1..14)
}

async fn start(release: &str) -> World {
    let builder = Sim::builder(release).tls(TlsMode::Off).latency(Duration::from_millis(10));
    World::with(builder.start_here().await)
}

/// What the administrator has done since, as far as it must stay.
#[derive(Default)]
struct Theirs {
    lifetime: Option<Value>,
    name: Option<Value>,
    redirects: Vec<String>,
    mappings: Vec<Value>,
    bindings: Vec<Value>,
}

/// An edit by hand, if there is something to edit.
fn edit(world: &World, theirs: &mut Theirs, step: &Step) {
    let mut state = world.sim.state();
    let mapping = match step {
        Step::AddMapping(n) => {
            Some(json!(state.add_scope_mapping(json!({"name": format!("own {n}")}))))
        }
        _ => None,
    };
    let group = match step {
        Step::Bind(n) => Some(state.add_group(json!({"name": format!("theirs {n}")}))),
        _ => None,
    };
    if let (Some(group), Some(application)) = (group, state.application("netbird").cloned()) {
        let pk = format!("00000000-0000-4000-8000-{:012}", state.policy_bindings.len());
        state.policy_bindings.push(json!({
            "pk": pk, "target": application["pk"], "group": group, "user": null, "policy": null,
            "order": 7, "enabled": true, "negate": false, "timeout": 30, "failure_result": false,
        }));
        theirs.bindings.push(json!(pk));
    }
    if let (Step::Rename(n), Some(application)) = (step, state.application_mut("netbird")) {
        application["name"] = json!(format!("by hand {n}"));
        theirs.name = Some(application["name"].clone());
    }
    let Some(provider) = state.provider_mut("NetBird") else { return };
    match step {
        Step::EditLifetime(days) => {
            provider["refresh_token_validity"] = json!(format!("days={days}"));
            theirs.lifetime = Some(provider["refresh_token_validity"].clone());
        }
        Step::Confidential => provider["client_type"] = json!("confidential"),
        Step::ShortCode => provider["access_code_validity"] = json!("minutes=1"),
        Step::NoKey => provider["signing_key"] = Value::Null,
        Step::SubMode(n) => provider["sub_mode"] = json!(SUB_MODES[*n]),
        Step::ClearRedirects => {
            provider["redirect_uris"] = json!([]);
            theirs.redirects.clear();
        }
        Step::AddRedirect(n) => {
            let url = format!("https://theirs.example.com/{n}");
            let entry = json!({"matching_mode": "strict", "url": url});
            provider["redirect_uris"].as_array_mut().unwrap().push(entry);
            theirs.redirects.push(url);
        }
        Step::AddMapping(_) => {
            let mapping = mapping.unwrap();
            provider["property_mappings"].as_array_mut().unwrap().push(mapping.clone());
            theirs.mappings.push(mapping);
        }
        _ => {}
    }
}

/// What must be so after a good run, whoever did what.
fn holds(world: &World, theirs: &mut Theirs, wish: &Option<Value>) -> Result<(), TestCaseError> {
    let state = world.sim.state();
    one_of_each(&state).map_err(TestCaseError::fail)?;
    let (provider, application) = (&state.providers[0], &state.applications[0]);
    prop_assert_eq!(&provider["client_type"], "public");
    prop_assert_ne!(&provider["access_code_validity"], "minutes=1");
    prop_assert!(!provider["signing_key"].is_null());
    if let Some(lifetime) = &theirs.lifetime {
        prop_assert_eq!(&provider["refresh_token_validity"], lifetime);
    }
    // Releases whose entries are one text take each as a pattern, and get those of this program with the dots escaped.
    let textual = !world.sim.profile().has(Feature::RedirectList);
    let entries = provider["redirect_uris"].as_array().unwrap().iter().map(|entry| {
        let url = entry["url"].as_str().unwrap();
        if textual || entry["matching_mode"] == "regex" {
            url.replace('\\', "")
        } else {
            url.to_owned()
        }
    });
    let uris: Vec<String> = entries.collect();
    let ours = ["https://netbird.example.com/auth", "http://localhost:53000"].map(str::to_owned);
    for url in theirs.redirects.iter().chain(&ours) {
        prop_assert!(uris.contains(url), "{} is not in {:?}", url, uris);
    }
    let mappings = provider["property_mappings"].as_array().unwrap();
    prop_assert!(theirs.mappings.iter().all(|m| mappings.contains(m)), "a mapping was taken away");
    prop_assert!(mappings.len() >= theirs.mappings.len() + 3, "what NetBird needs is missing");
    for pk in &theirs.bindings {
        prop_assert!(state.policy_bindings.iter().any(|b| &b["pk"] == pk), "a binding is gone");
    }
    let bound = state.policy_bindings.iter().filter(|b| {
        let group = state.groups.iter().find(|g| g["pk"] == b["group"]);
        group.is_some_and(|g| g["name"] == "vpn")
    });
    let (bound, wanted) = (bound.count(), world.env.contains_key("AUTHENTIK_ACCESS_GROUPS"));
    prop_assert!(bound <= 1 && (bound == 1 || !wanted), "{} bindings of vpn", bound);
    if let Some(wanted) = wish.as_ref().or(theirs.name.as_ref()) {
        prop_assert_eq!(&application["name"], wanted);
    }
    theirs.name = Some(application["name"].clone());
    Ok(())
}

async fn follow(steps: &[Step]) -> Result<(), TestCaseError> {
    let profiles: Vec<&str> = authentik_sim::profiles().iter().map(|p| p.name).collect();
    // With textual redirect URIs at first, and every sub_mode.
    let mut at = profiles.iter().position(|name| *name == "2023.10").unwrap();
    let mut world = start(profiles[at]).await;
    world.env.insert("SETUP_INTERVAL".into(), "1h".into());
    let (mut theirs, mut wish, mut wished_mode) = (Theirs::default(), None, None);
    let mut secrets = None;
    for step in steps.iter().chain([&Step::Run]) {
        let provider = world.sim.state().provider_mut("NetBird").cloned();
        let has = provider.as_ref().and_then(|p| p["sub_mode"].as_str());
        let refused = wished_mode.zip(has).is_some_and(|(wished, has)| wished != has);
        match step {
            Step::Wish(name) => {
                wish = name.map(|n| json!(format!("wish {n}")));
                set(
                    &mut world,
                    "AUTHENTIK_APPLICATION_NAME",
                    wish.as_ref().and_then(Value::as_str),
                );
            }
            Step::WishSubMode(mode) => {
                wished_mode = mode.map(|n| SUB_MODES[n]);
                set(&mut world, "AUTHENTIK_SUB_MODE", wished_mode);
            }
            Step::Groups(on) => set(&mut world, "AUTHENTIK_ACCESS_GROUPS", on.then_some("vpn")),
            Step::Kill(ms) => {
                let limit = Duration::from_millis((*ms).into());
                let ended = tokio::time::timeout(limit, world.init()).await;
                // A killed run may have written the name that was wished for, or not yet.
                if let (Some(_), Some(a)) = (&wish, world.sim.state().application("netbird")) {
                    theirs.name = Some(a["name"].clone());
                }
                let wanted = if refused { Exit::Refused } else { Exit::Ok };
                prop_assert!(ended.is_err() || ended.unwrap().0 == wanted);
            }
            Step::Upgrade => {
                at = (at + 1).min(profiles.len() - 1);
                let state = world.sim.state().clone();
                let sim = Sim::builder(profiles[at]).tls(TlsMode::Off).state(state);
                world.sim = sim.latency(Duration::from_millis(10)).start_here().await;
                world.moves(&world.sim.url());
            }
            Step::Run | Step::Cycle => {
                if matches!(step, Step::Cycle) {
                    let pause = Duration::from_secs(30 * 60);
                    let ended = tokio::time::timeout(pause, world.run("watch")).await;
                    prop_assert!(ended.is_err(), "watch ended by itself: {:?}", ended);
                } else {
                    let wanted = if refused { Exit::Refused } else { Exit::Ok };
                    prop_assert_eq!(world.init().await.0, wanted);
                }
                if refused {
                    let now = world.sim.state().provider_mut("NetBird").cloned();
                    prop_assert_eq!(now, provider, "a refused plan changes nothing");
                } else {
                    holds(&world, &mut theirs, &wish)?;
                    let now = world.sim.state().provider_mut("NetBird").cloned();
                    let (now, wished) = (now.unwrap(), wished_mode.unwrap_or("user_id"));
                    prop_assert_eq!(&now["sub_mode"], has.unwrap_or(wished), "identity stays");
                    prop_assert_eq!(&now["client_id"], "netbird");
                }
            }
            other => edit(&world, &mut theirs, other),
        }
        let now = std::fs::read(world.path("secrets.json")).ok();
        prop_assert!(secrets.is_none() || secrets == now, "secrets changed");
        secrets = now;
    }
    Ok(())
}

fn set(world: &mut World, name: &str, value: Option<&str>) {
    match value {
        Some(value) => world.env.insert(name.to_owned(), value.to_owned()),
        None => world.env.remove(name),
    };
}

#[test]
fn any_sequence_keeps_the_rules_of_ownership() {
    let config = Config { cases: 150, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(&steps(), |steps| in_simulated_time(follow(&steps))).unwrap();
}
