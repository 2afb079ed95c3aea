//! `init` in simulated time, with a user list, with access groups, and with all that can be asked for: every request that
//! a first run and a later one make, times the ways in which it can be answered wrongly for good. Each cell has the one
//! code and the one cause that must come of it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;

use authentik_sim::{FaultRule, Match};
use netbird_authentik_init::commands::init::{self, Record};
use netbird_authentik_init::config;
use netbird_authentik_init::deadline::Deadline;
use netbird_authentik_init::error::{Error, Exit};

use crate::causes::{self, Asked, Request};
use crate::checked::Wrong::{self, *};
use crate::checked::{UNLIKE, fault};
use crate::matrix::escape;
use crate::world::{Left, World, all, in_simulated_time};

const LISTS: (&str, &str) = ("NETBIRD_MGMT_IDP", "authentik");
const GROUPS: (&str, &str) = ("AUTHENTIK_ACCESS_GROUPS", "vpn,staff");

type Variables = &'static [(&'static str, &'static str)];

/// What is asked for, and which answers are tried: with all of it every one of its own kind, else what depends on what is asked for.
const WISHES: [(Variables, &[Wrong]); 3] = [
    (
        &[
            LISTS,
            GROUPS,
            ("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "viewer"),
            ("AUTHENTIK_AUTHORIZATION_FLOW", "default-provider-authorization-implicit-consent"),
            ("NETBIRD_MGMT_API_ENDPOINT", "https://api.netbird.example.com"),
        ],
        UNLIKE,
    ),
    (&[LISTS], &[OtherShape, NoPermission, NotFound, Invalid]),
    (&[GROUPS], &[OtherShape, NoPermission, NotFound, Invalid]),
];

/// Long enough for ten tries of a wrong answer.
const LIMITS: [(&str, &str); 3] =
    [("SETUP_TIMEOUT", "25s"), ("SETUP_AUTH_GRACE", "5s"), ("SETUP_REQUEST_TIMEOUT", "8s")];

/// The requests so far by kind, each with an expression that finds it whatever keys objects have.
fn asked(world: &World) -> BTreeMap<Request, String> {
    let mut kinds: BTreeMap<Request, Vec<String>> = BTreeMap::new();
    for request in world.sim.requests() {
        let kind = Request::of(&request);
        let path: Vec<String> = kind.path.split('*').map(escape).collect();
        let exact = format!("{}{}", path.join("[^/]+"), escape(&format!("?{}", request.query)));
        let exacts = kinds.entry(kind).or_default();
        if !exacts.contains(&exact) {
            exacts.push(exact);
        }
    }
    kinds.into_iter().map(|(kind, exacts)| (kind, format!("^({})$", exacts.join("|")))).collect()
}

async fn init(world: &World) -> Result<(), Error> {
    let vars: Vec<(OsString, OsString)> =
        world.env.iter().map(|(name, value)| (name.into(), value.into())).collect();
    let config = config::load(vars).config.unwrap();
    let deadline = Deadline::from_now(config.timing.timeout);
    init::run(&config, deadline, &Arc::default(), &mut Record::default()).await
}

struct Cell<'a> {
    wishes: usize,
    before: Option<&'a Left>,
    request: &'a Request,
    pattern: &'a str,
    wrong: Wrong,
}

async fn run(cell: &Cell<'_>) -> Result<(), String> {
    let mut world = match cell.before {
        Some(left) => World::after(left).await,
        None => World::new().await,
    };
    world.wish(WISHES[cell.wishes].0);
    world.wish(&LIMITS);
    let when = Match::regex(&cell.request.method, cell.pattern);
    world.sim.fault(FaultRule::always(when, fault(cell.wrong)));
    let ended = init(&world).await;
    let got = ended.as_ref().err().map_or((Exit::Ok, String::new()), causes::of);
    let wishes = WISHES[cell.wishes].0;
    let asked = Asked { lists: wishes.contains(&LISTS), groups: wishes.contains(&GROUPS) };
    let expected = causes::expected(cell.request, cell.wrong, asked);
    if got != expected {
        return Err(format!("{got:?}, not {expected:?}: {ended:?}"));
    }
    match cell.before {
        // What a write that failed has left is repaired.
        None => world.settled().await,
        Some(_) => Ok(()),
    }
}

#[test]
fn each_request_of_each_run_and_each_wrong_answer_have_one_code_and_one_cause() {
    let runs = WISHES.map(|(variables, _)| {
        in_simulated_time(async {
            let mut world = World::new().await;
            world.wish(variables);
            init(&world).await.unwrap();
            let first = asked(&world);
            world.sim.state().forget_device_requests();
            let left = world.leave();
            // It has another address, so that everything is verified again.
            let mut world = World::after(&left).await;
            world.wish(variables);
            init(&world).await.unwrap();
            (first, asked(&world), left)
        })
    });
    let mut cells = Vec::new();
    for (wishes, (first, again, left)) in runs.iter().enumerate() {
        for (kinds, before) in [(first, None), (again, Some(left))] {
            for (request, pattern) in kinds {
                if before.is_some() || !again.contains_key(request) {
                    let cell =
                        |wrong: &Wrong| Cell { wishes, before, request, pattern, wrong: *wrong };
                    cells.extend(WISHES[wishes].1.iter().map(cell));
                }
            }
        }
    }
    let everything = &runs[0];
    let writes = everything.0.keys().filter(|request| request.method != "GET").count();
    assert!(writes > 10 && everything.1.len() > 15, "{everything:?}", everything = everything.1);
    eprintln!("answered: {} cells", cells.len());
    all(&cells, |cell| {
        in_simulated_time(run(cell)).map_err(|failure| {
            let (wishes, before) = (cell.wishes, cell.before.is_some());
            format!("{wishes}, again {before}, {:?}, {:?}: {failure}", cell.request, cell.wrong)
        })
    });
}
