//! `check` in simulated time: every place where Authentik is asked, times every way in which it can answer wrongly, each
//! with the one code and the one check that must come of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use authentik_sim::{Fault, FaultRule, Match};
use netbird_authentik_init::app;
use netbird_authentik_init::error::Exit;
use serde_json::Value;

use crate::world::{Left, World, all, in_simulated_time};

/// Where, by what is asked there.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Who,
    Release,
    Objects,
    Account,
    Discovery,
    Keys,
    Authorize,
    Token,
    Device,
    Users,
}

use Place::*;

const PLACES: [(Place, &str, &str); 10] = [
    (Who, "GET", r"^/api/v3/core/users/me/"),
    (Release, "GET", r"^/api/v3/admin/version/"),
    (Objects, "GET", r"^/api/v3/propertymappings/"),
    (Account, "GET", r"^/api/v3/core/tokens/"),
    (Discovery, "GET", r"/\.well-known/"),
    (Keys, "GET", r"/jwks/"),
    (Authorize, "GET", r"^/application/o/authorize/"),
    (Token, "POST", r"^/application/o/token/"),
    (Device, "POST", r"^/application/o/device/"),
    (Users, "GET", r"^/api/v3/core/users/\?page_size=1$"),
];

/// What is answered there, every time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wrong {
    Nothing,
    Never,
    Half,
    Page,
    LoginPage,
    Starting,
    Broken,
    TooMany,
    Garbage,
    OtherShape,
    Elsewhere,
    NoPermission,
    NoToken,
    NotFound,
    Invalid,
}

use Wrong::*;

pub const WRONGS: [Wrong; 15] = [
    Never,
    Half,
    Nothing,
    Page,
    LoginPage,
    Starting,
    Broken,
    TooMany,
    Garbage,
    OtherShape,
    Elsewhere,
    NoPermission,
    NoToken,
    NotFound,
    Invalid,
];

/// All but the first two, which end as the third does, for tables of many cells.
pub const UNLIKE: &[Wrong] = WRONGS.split_at(2).1;

pub fn fault(wrong: Wrong) -> Fault {
    let json = |status, body: &str| {
        let kind = ("Content-Type".to_owned(), "application/json".to_owned());
        Fault::Status(status, vec![kind], body.to_owned())
    };
    match wrong {
        Nothing => Fault::Reset,
        Never => Fault::Hang(Duration::MAX),
        Half => Fault::TruncatedBody,
        Page => Fault::Html(200),
        LoginPage => Fault::Html(401),
        Starting => Fault::Html(503),
        Broken => json(500, r#"{"detail": "no"}"#),
        TooMany => json(429, r#"{"detail": "no"}"#),
        Garbage => Fault::InvalidJson,
        OtherShape => json(200, r#"{"results": 7, "issuer": {}, "keys": 7, "user": [], "pk": {}}"#),
        Elsewhere => Fault::Redirect("https://elsewhere.example.com/".into()),
        NoPermission => json(403, r#"{"detail": "You do not have permission"}"#),
        NoToken => json(403, r#"{"detail": "Token invalid/expired"}"#),
        NotFound => json(404, r#"{"detail": "Not found."}"#),
        Invalid => json(400, r#"{"error": "invalid_request"}"#),
    }
}

/// What must come of it, with a user list or without.
fn expected(place: Place, wrong: Wrong, lists: bool) -> (Exit, &'static [&'static str]) {
    let exit = match wrong {
        Nothing | Never | Half | LoginPage | Starting | Broken | TooMany => Exit::NotReady,
        _ => Exit::Protocol,
    };
    match (place, wrong) {
        (Who | Release, NoPermission) | (Who | Release | Objects | Account, NoToken) => {
            return (Exit::Rejected, &["token"]);
        }
        (Objects | Account, NoPermission) => return (Exit::Rejected, &["permissions"]),
        (Users, NoPermission | NoToken) => return (Exit::Rejected, &["user-list"]),
        // There is no such app password.
        (Account, NotFound) => return (Exit::Protocol, &["service-account"]),
        (Discovery, Elsewhere) => return (Exit::Protocol, &["public-url"]),
        // The login is refused, and what refuses it allows no page to read it.
        (Token, Invalid) if lists => return (Exit::Protocol, &["cors", "service-account"]),
        (Device, TooMany) => return (Exit::Ok, &[]),
        _ => {}
    }
    // Nobody is asked for a token there: something else answers.
    let exit = if matches!(wrong, NoPermission | NoToken) { Exit::NotReady } else { exit };
    let name: &[&str] = match place {
        Who | Release | Objects | Account => &["reachable"],
        Discovery => &["discovery"],
        Keys => &["keys"],
        Authorize => &["authorize"],
        Token if lists => &["user-list"],
        Token => &["cors"],
        Device => &["device-endpoint"],
        Users => &["user-list"],
    };
    (exit, name)
}

async fn check(world: &World) -> (Exit, BTreeSet<String>) {
    let vars = world.env.iter().map(|(name, value)| (name.into(), value.into()));
    let mut out = Vec::new();
    let args = ["check", "--format", "json"].map(Into::into);
    let exit = app::run(args, vars, &mut out, false).await;
    let report: Value = serde_json::from_slice(&out).unwrap();
    let failed = report["checks"].as_array().unwrap().iter().filter(|c| c["outcome"] == "fail");
    (exit, failed.map(|check| check["name"].as_str().unwrap().to_owned()).collect())
}

fn with(world: &mut World, lists: bool) {
    if lists {
        world.wish(&[("NETBIRD_MGMT_IDP", "authentik"), ("AUTHENTIK_ACCESS_GROUPS", "vpn,staff")]);
    }
}

async fn run(left: &Left, lists: bool, place: usize, wrong: Wrong) -> Result<(), String> {
    let mut world = World::after(left).await;
    with(&mut world, lists);
    // It has another address, which is in the files.
    world.init().await;
    world.sim.state().forget_device_requests();
    let (place, method, pattern) = PLACES[place];
    let when = Match::regex(method, pattern);
    world.sim.fault(FaultRule::always(when, fault(wrong)));
    let start = tokio::time::Instant::now();
    let (exit, failed) = check(&world).await;
    if start.elapsed() > Duration::from_secs(61) {
        return Err(format!("{place:?} {wrong:?}: ended after {:?}", start.elapsed()));
    }
    let (code, names) = expected(place, wrong, lists);
    let names: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
    match exit == code && failed == names {
        true => Ok(()),
        false => Err(format!("{place:?} {wrong:?} lists={lists}: {exit:?} {failed:?}")),
    }
}

#[test]
fn each_place_and_each_wrong_answer_have_one_code_and_one_check() {
    let mut cases = Vec::new();
    for lists in [false, true] {
        let left = in_simulated_time(async {
            let mut world = World::new().await;
            with(&mut world, lists);
            assert_eq!(world.init().await.0, Exit::Ok);
            world.sim.state().forget_device_requests();
            assert_eq!(check(&world).await.0, Exit::Ok);
            world.sim.state().forget_device_requests();
            Arc::new(world.leave())
        });
        for (place, (what, ..)) in PLACES.iter().enumerate() {
            if lists || !matches!(what, Account | Users) {
                cases.extend(WRONGS.map(|wrong| (Arc::clone(&left), lists, place, wrong)));
            }
        }
    }
    all(&cases, |(left, lists, place, wrong)| in_simulated_time(run(left, *lists, *place, *wrong)));
}
