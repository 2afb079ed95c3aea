//! Ownership in random worlds: users of every type, groups, roles, bindings, providers of every type, flows, brands and
//! other applications, under names that this program looks for. While it runs, is killed, and runs beside another one,
//! in every state between two writes: nothing that was not its own changes, nobody gains a right, and nobody gains
//! access whom the variable refuses.

mod rules;
mod scenery;

use std::time::Duration;

use authentik_sim::{Sim, TlsMode};
use netbird_authentik_init::error::Exit;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::all_at_once;
use crate::world::{World, in_simulated_time};
use rules::Rules;
use scenery::{Scene, scenes};

/// What an answer of the server takes, and how often one looks: between two writes, always.
const LATENCY: Duration = Duration::from_millis(10);
const LOOK: Duration = Duration::from_millis(3);

#[derive(Clone, Debug)]
enum Step {
    /// `AUTHENTIK_ACCESS_GROUPS`.
    Groups(Option<&'static str>),
    /// `NETBIRD_MGMT_IDP` and `AUTHENTIK_SERVICE_ACCOUNT_ROLE`.
    Users(Option<&'static str>, Option<&'static str>),
    /// A run.
    Run,
    /// A run that dies after so many milliseconds of simulated time.
    Kill(u16),
    /// Two runs at once, each on its own volume.
    Beside,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let groups =
        prop::sample::select(vec![None, Some("*"), Some("vpn"), Some("vpn,staff"), Some("staff")]);
    let role = prop::sample::select(vec![None, Some("viewer"), Some("admin")]);
    let idp = prop::sample::select(vec![None, Some("authentik"), Some("authentik"), Some("none")]);
    let step = prop_oneof![
        2 => groups.prop_map(Step::Groups),
        2 => (idp, role).prop_map(|(idp, role)| Step::Users(idp, role)),
        3 => Just(Step::Run),
        3 => (0_u16..500).prop_map(Step::Kill),
        1 => Just(Step::Beside),
    ];
    prop::collection::vec(step, 1..7)
}

fn set(world: &mut World, name: &str, value: Option<&str>) {
    match value {
        Some(value) => world.env.insert(name.to_owned(), value.to_owned()),
        None => world.env.remove(name),
    };
}

/// Looks at every state that there is while `running` runs.
async fn watched<T>(
    world: &World,
    rules: &Rules,
    running: impl Future<Output = T>,
) -> Result<T, TestCaseError> {
    let mut running = Box::pin(running);
    loop {
        tokio::select! {
            biased;
            ended = &mut running => {
                rules.hold(&world.sim)?;
                return Ok(ended);
            }
            () = tokio::time::sleep(LOOK) => rules.hold(&world.sim)?,
        }
    }
}

async fn follow(
    profile: &str,
    kind: &str,
    scene: &Scene,
    steps: &[Step],
) -> Result<(), TestCaseError> {
    let sim = Sim::builder(profile).tls(TlsMode::Off).latency(LATENCY).start_here().await;
    let mut world = World::with(sim);
    let state = crate::support::tempdir().unwrap();
    let standalone = kind == "standalone";
    if !standalone {
        let state = state.path().display().to_string();
        world.wish(&[("SETUP_NETBIRD", kind), ("SETUP_STATE_DIR", &state)]);
    }
    scene.build(&mut world.sim.state());
    let mut rules = Rules::new(&world.sim);
    for step in steps.iter().chain([&Step::Run]) {
        match step {
            Step::Groups(groups) => {
                set(&mut world, "AUTHENTIK_ACCESS_GROUPS", *groups);
                rules.wish(*groups, &world.sim);
            }
            // NetBird lists users in one kind only.
            Step::Users(..) if !standalone => {}
            Step::Users(idp, role) => {
                set(&mut world, "NETBIRD_MGMT_IDP", *idp);
                set(&mut world, "AUTHENTIK_SERVICE_ACCOUNT_ROLE", *role);
            }
            Step::Kill(ms) => {
                let limit = Duration::from_millis((*ms).into());
                let run = tokio::time::timeout(limit, world.init());
                let ended = watched(&world, &rules, run).await?;
                prop_assert!(!matches!(ended, Ok((Exit::Bug, _))));
            }
            Step::Beside => {
                let other = crate::support::tempdir().unwrap();
                let mut vars = world.env.clone();
                if !standalone {
                    let state = other.path().join("state");
                    std::fs::create_dir(&state).unwrap();
                    vars.insert("SETUP_STATE_DIR".into(), state.display().to_string());
                }
                vars.insert("SETUP_DIR".into(), other.path().display().to_string());
                let vars = vars.iter().map(|(name, value)| (name.into(), value.into()));
                let mut out = Vec::new();
                let second =
                    netbird_authentik_init::app::run(["init".into()], vars, &mut out, false);
                let both = async { tokio::join!(Box::pin(world.init()), Box::pin(second)) };
                let ((first, _), second) = watched(&world, &rules, both).await?;
                for exit in [first, second] {
                    prop_assert!(matches!(exit, Exit::Ok | Exit::Refused), "beside: {exit:?}");
                }
                if first == Exit::Ok {
                    rules.finished();
                }
            }
            Step::Run => Box::pin(run(&world, &mut rules)).await?,
        }
    }
    Ok(())
}

/// What both volumes hold.
fn volumes(world: &World) -> Vec<Option<Vec<u8>>> {
    let state = world.env.get("SETUP_STATE_DIR").unwrap_or(&world.env["SETUP_DIR"]);
    let state = std::path::Path::new(state);
    let names = ["secrets.json", "state.json"].map(|name| state.join(name));
    let paths = names.into_iter().chain([world.path("config.yaml")]);
    world.files().into_iter().chain(paths.map(|path| std::fs::read(path).ok())).collect()
}

/// `plan` says what `init` then does: the same refusal, the same steps or none.
async fn run(world: &World, rules: &mut Rules) -> Result<(), TestCaseError> {
    let planned = Box::pin(world.run("plan")).await;
    let before = world.sim.state().to_json();
    let files = volumes(world);
    world.sim.clear_requests();
    let (exit, _) = watched(world, rules, Box::pin(world.init())).await?;
    prop_assert!(matches!(exit, Exit::Ok | Exit::Refused), "init: {exit:?}, plan: {planned:?}");
    let writes = world.sim.writes().len();
    match exit {
        Exit::Refused => {
            prop_assert_eq!(planned.0, Exit::Refused, "{}", planned.1);
            prop_assert_eq!(world.sim.state().to_json(), before, "refused, and changed");
            prop_assert_eq!(writes, 0);
        }
        _ => {
            let same = writes == 0 && files == volumes(world);
            let wanted = if same { Exit::Ok } else { Exit::Pending };
            prop_assert_eq!(planned.0, wanted, "{}", planned.1);
            rules.finished();
            rules.admits(&world.sim)?;
            world.sim.clear_requests();
            prop_assert_eq!(Box::pin(world.init()).await.0, Exit::Ok);
            prop_assert_eq!(world.sim.writes().len(), 0, "the second run writes");
        }
    }
    Ok(())
}

#[test]
fn nothing_of_anybody_elses_is_changed_in_any_world() {
    let profiles: Vec<&str> = authentik_sim::profiles().iter().map(|p| p.name).collect();
    let profiles = profiles.into_iter().filter(|name| *name != "2022.12").collect::<Vec<_>>();
    // 300 of them, in two rows side by side: one alone would go on when everything else has ended.
    all_at_once(&[150; 2], |cases| {
        let config = Config { cases: *cases, failure_persistence: None, ..Config::default() };
        let kinds = prop::sample::select(vec!["standalone", "standalone", "embedded", "combined"]);
        let inputs = (prop::sample::select(profiles.clone()), kinds, scenes(), steps());
        TestRunner::new(config)
            .run(&inputs, |(profile, kind, scene, steps)| {
                in_simulated_time(Box::pin(follow(profile, kind, &scene, &steps)))
            })
            .unwrap();
    });
}
