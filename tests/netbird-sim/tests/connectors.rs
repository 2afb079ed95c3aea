//! Logins through the embedded provider that fail, in its words, and what repairs them: a restart, Authentik's return, or
//! another setting there.

mod common;

use authentik_sim::{Fault, FaultRule, Match, Sim, Stage};
use common::{
    COMBINED, HASH, OWNER, PASSWORD, SECRET, authentik, browser, combined, embedded, knows,
    management, stuck, works,
};
use netbird_sim::NetBird;
use netbird_sim::browser::{Dashboard, Person};
use serde_json::{Value, json};

const ALICE: Person<'_> = Person::Authentik("alice");
const LOCAL: Person<'_> = Person::Local { email: OWNER, password: PASSWORD };

fn provider(sim: &Sim, key: &str, value: Value) {
    sim.state().provider_mut("netbird-embedded").expect("the provider")[key] = value;
}

/// What the log says, and what is done to Authentik to make it so.
type Case<'a> = (&'a str, &'a dyn Fn(&Sim));

/// An embedded server whose connector has these options on top.
fn with(sim: &Sim, options: Value) -> NetBird {
    let mut file = embedded();
    for (key, value) in options.as_object().into_iter().flatten() {
        file["EmbeddedIdP"]["StaticConnectors"][0]["config"][key.as_str()] = value.clone();
    }
    management(&file, sim)
}

#[test]
fn what_authentik_leaves_out_or_does_otherwise_is_named_in_the_log() {
    let no_email = |sim: &Sim| {
        let mappings = ["openid", "profile"].map(|name| common::scope(&sim.state(), name));
        provider(sim, "property_mappings", json!(mappings));
    };
    let cases: [Case<'_>; 4] = [
        ("missing \"name\" claim", &|sim| {
            provider(sim, "include_claims_in_id_token", json!(false))
        }),
        ("missing email claim, not found \"email\" key", &no_email),
        ("unexpected signature algorithm \"HS256\"; expected [\"RS256\"]", &|sim| {
            provider(sim, "signing_key", Value::Null)
        }),
        ("invalid_client", &|sim| provider(sim, "client_secret", json!("another"))),
    ];
    for (says, change) in cases {
        let sim = authentik("2026.2");
        change(&sim);
        let netbird = management(&embedded(), &sim);
        let stuck = stuck(&netbird, &sim, ALICE);
        assert_eq!(stuck.status, 500, "{says}: {stuck}");
        assert!(stuck.text.contains("Authentication failed"), "{stuck}");
        assert!(netbird.logged(says), "{says}: {:?}", netbird.log());
        assert!(netbird.state().users.is_empty());
    }
}

#[test]
fn userinfo_makes_up_for_an_identity_token_without_claims() {
    let sim = authentik("2026.2");
    provider(&sim, "include_claims_in_id_token", json!(false));
    assert!(works(&with(&sim, json!({"getUserInfo": true})), &sim, ALICE));
}

#[test]
fn an_elliptic_key_of_authentiks_is_good_enough_for_the_embedded_provider() {
    let sim = authentik("2026.2");
    let key = sim.state().add_ec_key_pair("elliptic");
    provider(&sim, "signing_key", json!(key));
    assert!(works(&management(&embedded(), &sim), &sim, ALICE));
}

#[test]
fn a_callback_that_is_not_registered_ends_at_authentik() {
    let sim = authentik("2026.2");
    provider(
        &sim,
        "redirect_uris",
        json!([{"matching_mode": "strict", "url": "https://elsewhere.example/"}]),
    );
    let stuck = stuck(&management(&embedded(), &sim), &sim, ALICE);
    assert_eq!((stuck.status, stuck.at.starts_with(common::AUTHENTIK)), (400, true), "{stuck}");
}

#[test]
fn a_file_that_is_wrong_is_noticed_at_the_login() {
    let sim = authentik("2026.2");
    for (options, status, page, log) in [
        (
            json!({"redirectURI": ""}),
            500,
            "Login error.",
            "did not match the URL in the config \"\"",
        ),
        (
            json!({"redirectURI": "https://x.example/oauth2/callback"}),
            500,
            "Login error.",
            "did not match the URL",
        ),
        (
            json!({"issuer": format!("{}/application/o/netbird-embedded", common::AUTHENTIK)}),
            400,
            "Connector failed to initialize",
            "did not match the issuer URL returned by provider",
        ),
        (
            json!({"issuer": format!("{}/application/o/absent/", common::AUTHENTIK)}),
            400,
            "Connector failed to initialize",
            "failed to get provider: 404",
        ),
        (
            json!({"rootCAs": ["/absent.pem"]}),
            400,
            "Connector failed to initialize",
            "failed to read root CA",
        ),
    ] {
        let netbird = with(&sim, options.clone());
        let stuck = stuck(&netbird, &sim, ALICE);
        assert_eq!(stuck.status, status, "{options}: {stuck}");
        assert!(
            stuck.text.contains(page) && netbird.logged(log),
            "{options}: {stuck} {:?}",
            netbird.log()
        );
        assert!(works(&netbird, &sim, LOCAL), "by password it goes");
    }
}

#[test]
fn authentik_that_was_away_at_the_start_needs_no_restart() {
    let sim = authentik("2026.2");
    sim.set_stage(Stage::Refused);
    let netbird = management(&embedded(), &sim);
    assert!(stuck(&netbird, &sim, ALICE).text.contains("Connector failed to initialize"));
    assert!(works(&netbird, &sim, LOCAL));
    sim.set_stage(Stage::Ready);
    assert!(works(&netbird, &sim, ALICE));
}

#[test]
fn a_rotated_secret_is_used_after_a_restart() {
    let sim = authentik("2026.2");
    let mut file = embedded();
    let netbird = management(&file, &sim);
    provider(&sim, "client_secret", json!("rotated"));
    file["EmbeddedIdP"]["StaticConnectors"][0]["config"]["clientSecret"] = json!("rotated");
    netbird.set_config(&file.to_string());
    assert_eq!(stuck(&netbird, &sim, ALICE).status, 500, "the file was not read yet");
    netbird.restart().expect("it starts");
    assert!(works(&netbird, &sim, ALICE));
}

#[test]
fn a_secret_that_was_put_over_rest_is_used_after_a_restart() {
    let sim = authentik("2026.2");
    let netbird = combined(&sim);
    netbird.state().idp.set_password(OWNER, HASH.trim(), "Owner");
    let owner = browser(&netbird, &sim).log_in(&Dashboard::of(&netbird), LOCAL).expect("a login");
    let api = netbird.api(&owner.token);
    let body = |secret: &str| {
        json!({
            "type": "authentik", "name": "Authentik", "client_id": "netbird-embedded", "client_secret": secret,
            "issuer": format!("{}/application/o/netbird-embedded/", common::AUTHENTIK),
        })
    };
    let made = api.call("POST", "/api/identity-providers", &body(SECRET)).body;
    let path = format!("/api/identity-providers/{}", made["id"].as_str().expect("an id"));
    assert!(works(&netbird, &sim, ALICE));
    provider(&sim, "client_secret", json!("rotated"));
    assert_eq!(api.call("PUT", &path, &body("rotated")).status, 200);
    assert_eq!(stuck(&netbird, &sim, ALICE).status, 500);
    netbird.restart().expect("it starts");
    assert!(works(&netbird, &sim, ALICE));
    assert_eq!(api.call("PUT", &path, &body("")).status, 200, "no secret keeps the one there is");
    netbird.restart().expect("it starts");
    assert!(works(&netbird, &sim, ALICE));
}

#[test]
fn a_private_ca_is_trusted_by_its_text_or_by_the_system() {
    let sim = authentik("2026.2");
    let pem = sim.ca_pem();
    let start = |roots: Option<&str>, system: &str| {
        let mut file = embedded();
        if let Some(roots) = roots {
            file["EmbeddedIdP"]["StaticConnectors"][0]["config"]["rootCAs"] = json!([roots]);
        }
        let builder = NetBird::management(&file.to_string()).env("SSL_CERT_FILE", system);
        builder.resolve(common::AUTHENTIK, &sim.https_url()).start().expect("it starts")
    };
    assert!(works(&start(Some(&pem), ""), &sim, ALICE));
    let unknown = start(None, "");
    assert_eq!(stuck(&unknown, &sim, ALICE).status, 400);
    assert!(unknown.logged("certificate signed by unknown authority"));
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("ca.pem");
    std::fs::write(&path, &pem).expect("written");
    assert!(works(&start(None, &path.display().to_string()), &sim, ALICE));
}

#[test]
fn the_split_image_seeds_a_connector_for_the_combined_one() {
    let sim = authentik("2026.2");
    let seeded = management(&embedded(), &sim).state().clone();
    let netbird =
        knows(NetBird::combined(COMBINED), &sim).state(seeded).start().expect("it starts");
    let login = browser(&netbird, &sim).log_in(&Dashboard::of(&netbird), ALICE).expect("a login");
    assert_eq!(login.claims()["sub"], "CgE2EglhdXRoZW50aWs");
}

#[test]
fn authentik_that_fails_in_the_middle_fails_the_login_only() {
    let sim = authentik("2026.2");
    let netbird = management(&embedded(), &sim);
    for fault in [Fault::Reset, Fault::ResetAfter, Fault::Html(502), Fault::InvalidJson] {
        sim.fault(FaultRule {
            when: Match::path("POST", "/application/o/token/"),
            fault,
            times: 2,
        });
        assert_eq!(stuck(&netbird, &sim, ALICE).status, 500);
        sim.clear_faults();
    }
    assert!(works(&netbird, &sim, ALICE));
}
