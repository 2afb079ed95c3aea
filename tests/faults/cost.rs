//! How long a run keeps a server, and how often a server that is starting is asked: in simulated time, with each answer
//! taking what it took a real 2026.2.2, two at a time.

use std::time::Duration;

use authentik_sim::{Advance, Sim, Stage, TlsMode};
use netbird_authentik_init::error::Exit;
use tokio::time::Instant;

use crate::world::{PROFILE, World, in_simulated_time};

/// Discovery and key set one after the other: what nobody can do without.
const DEAR: Duration = Duration::from_millis(350 + 300);

fn builder() -> authentik_sim::Builder {
    Sim::builder(PROFILE).tls(TlsMode::Off).measured()
}

/// With a public URL of its own.
async fn world(builder: authentik_sim::Builder) -> World {
    let mut world = World::with(builder.start_here().await);
    let public = world.sim.url().replace("127.0.0.1", "localhost");
    world.env.insert("AUTHENTIK_HOST_BROWSER".into(), public);
    world
}

/// How long a converged run takes with these variables, and the same questions one after another.
fn converged(variables: &[(&str, &str)]) -> (Duration, Duration) {
    in_simulated_time(async {
        let mut world = world(builder()).await;
        world.wish(variables);
        assert_eq!(world.init().await.0, Exit::Ok);
        world.sim.clear_requests();
        let (exit, took) = world.init().await;
        assert_eq!(exit, Exit::Ok);
        let cost = world.sim.cost();
        eprintln!("{took:?} in simulated time, {cost:?} one after another: {variables:?}");
        (took, cost)
    })
}

#[test]
fn a_converged_run_takes_little_longer_than_discovery_and_keys() {
    let (took, cost) = converged(&[]);
    // It is not that the measure were cheap: one after another the same questions take longer.
    assert!(cost > DEAR * 7 / 5, "{cost:?}");
    assert!(took > DEAR / 2, "{took:?}");
    assert!(took * 10 <= DEAR * 11, "{took:?}, one after another {cost:?}");
}

#[test]
fn with_every_feature_the_application_is_all_that_is_added() {
    let features = [("NETBIRD_MGMT_IDP", "authentik"), ("AUTHENTIK_ACCESS_GROUPS", "vpn,staff")];
    let (plain, _) = converged(&[]);
    let (took, cost) = converged(&features);
    // What the application takes, beside which the other questions of its round are answered.
    let application = Duration::from_millis(640);
    assert!(took <= plain + application, "{took:?}, plain {plain:?}");
    assert!(cost > took + application / 2, "one after another {cost:?}");
}

/// Seconds after the start of an idle 2026.2.2 on an empty database, as two were measured: something listens, it is no
/// longer starting, the token is made, flows, mappings and brand are there.
const STARTS: [[f64; 6]; 2] =
    [[0.6, 74.0, 92.0, 93.0, 95.0, 92.0], [0.6, 71.0, 82.0, 84.0, 83.0, 91.0]];

#[test]
fn a_cold_start_takes_less_than_150_requests_and_is_noticed_at_once() {
    for start in STARTS {
        let (requests, late) = in_simulated_time(cold_start(start));
        assert!(requests < 150, "{requests} requests");
        // Beside the run itself: the longest of the delays, and the answers to the questions of that moment.
        let first_run = in_simulated_time(async { world(builder()).await.init().await.1 });
        assert!(late <= first_run + Duration::from_millis(1_250), "{late:?}, {first_run:?}");
    }
}

/// The requests of a run that begins with the server, and how much later than the last object it ends.
async fn cold_start([listens, up, token, flows, mappings, brand]: [f64; 6]) -> (usize, Duration) {
    let objects: [(f64, &[&str]); 3] = [
        (flows, &["default-provider-authorization-explicit-consent"]),
        (mappings, MAPPINGS),
        (brand, &["authentik-default"]),
    ];
    let ready = objects.iter().map(|(at, _)| *at).fold(token, f64::max);
    let mut ladder =
        vec![(listens, Stage::Refused), (up, Stage::Starting), (token, Stage::TokenUnknown)];
    let mut ends: Vec<f64> = objects.iter().map(|(at, _)| *at).filter(|at| *at > token).collect();
    ends.sort_by(f64::total_cmp);
    let mut since = token;
    for end in ends {
        let missing = objects.iter().filter(|(at, _)| *at > since).flat_map(|(_, names)| *names);
        ladder.push((end, Stage::partial(&missing.copied().collect::<Vec<_>>())));
        since = end;
    }
    let mut before = 0.0;
    let stages = ladder.into_iter().map(|(end, stage)| {
        let lasts = Duration::from_secs_f64(end - before);
        before = end;
        (Advance::After(lasts), stage)
    });
    let mut world = world(builder().startup(stages.collect())).await;
    world.env.insert("SETUP_TIMEOUT".into(), "10m".into());
    let begin = Instant::now();
    let (exit, _) = world.init().await;
    assert_eq!(exit, Exit::Ok);
    let late = begin.elapsed().saturating_sub(Duration::from_secs_f64(ready));
    (world.sim.requests().len(), late)
}

/// Mappings appear all at once.
const MAPPINGS: &[&str] = &[
    "goauthentik.io/providers/oauth2/scope-openid",
    "goauthentik.io/providers/oauth2/scope-profile",
    "goauthentik.io/providers/oauth2/scope-email",
    "goauthentik.io/providers/oauth2/scope-offline_access",
];
