//! Login failures as people report them: for each, the server or the files are put into that state, and `check` names it
//! and nothing else. All tables together know every check that there is.

use std::any::Any;
use std::collections::BTreeSet;

use authentik_sim::{Fault, FaultRule, Match, Sim, TlsMode};
use netbird_authentik_init::proof::CheckId;
use netbird_sim::Image;
use serde_json::{Value, json};

use crate::check_always;
use crate::connect::world;
use crate::http::exchange;
use crate::reported_too::FURTHER;
use crate::support::Case;

/// What runs while it is looked at.
pub type Guard = Option<Box<dyn Any>>;

/// A report; the checks that must fail for it, or warn, and no others; and a case in that state.
pub type Report = (&'static str, &'static [&'static str], fn() -> (Case, Guard));

/// A set-up that works, with nothing to warn about; with these variables.
pub fn works(profile: &str, variables: &[(&str, &str)]) -> Case {
    let mut case = Case::with(Sim::start(profile));
    for (name, value) in variables {
        case.env(name, *value);
    }
    case.sim.state().jwks_cache_control = Some("max-age=300".into());
    case.init();
    case.sim.state().forget_device_requests();
    case
}

pub const LISTS: (&str, &str) = ("NETBIRD_MGMT_IDP", "authentik");

/// Plain, of the newest release that most people have, with a change in Authentik.
pub fn drifted(edit: impl Fn(&mut authentik_sim::State)) -> (Case, Guard) {
    let case = works("2026.2", &[]);
    edit(&mut case.sim.state());
    (case, None)
}

pub fn provider(edit: impl Fn(&mut Value)) -> (Case, Guard) {
    drifted(|state| edit(state.provider_mut("NetBird").unwrap()))
}

pub fn without_scope(name: &str) -> (Case, Guard) {
    drifted(|state| {
        let pk = state.scope_mapping(name).unwrap()["pk"].clone();
        let mappings = &mut state.provider_mut("NetBird").unwrap()["property_mappings"];
        mappings.as_array_mut().unwrap().retain(|mapping| *mapping != pk);
    })
}

pub fn edited(name: &str, from: &str, to: &str) -> (Case, Guard) {
    let case = works("2026.2", &[]);
    let text = case.read(name);
    assert!(text.contains(from), "{name}: {from}");
    std::fs::write(case.path(name), text.replace(from, to)).unwrap();
    (case, None)
}

pub const DISCOVERY: &str = "/application/o/netbird/.well-known/openid-configuration";

/// Something in front of Authentik answers at this path in its place.
pub fn answered(case: &Case, method: &str, path: &str, status: u16, origin: &str, body: &Value) {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut headers = vec![header("Content-Type", "application/json")];
    if !origin.is_empty() {
        headers.push(header("Access-Control-Allow-Origin", origin));
    }
    let fault = Fault::Status(status, headers, body.to_string());
    case.sim.fault(FaultRule::always(Match::path(method, path), fault));
}

/// Discovery as a proxy changes it.
pub fn discovery(edit: impl Fn(&mut Value)) -> (Case, Guard) {
    let case = works("2026.2", &[]);
    let (_, _, body) = exchange(&case.sim.url(), "GET", DISCOVERY, "", "");
    let mut document: Value = serde_json::from_str(&body).unwrap();
    edit(&mut document);
    answered(&case, "GET", DISCOVERY, 200, "https://netbird.example.com", &document);
    (case, None)
}

pub fn management(edit: impl Fn(&mut Value)) -> (Case, Guard) {
    let case = works("2026.2", &[]);
    let mut file: Value = serde_json::from_str(&case.read("management.json")).unwrap();
    edit(&mut file);
    std::fs::write(case.path("management.json"), file.to_string()).unwrap();
    (case, None)
}

/// A NetBird with a provider of its own, running with a file that was changed like this.
fn embedded(edit: impl Fn(&mut Value)) -> (Case, Guard) {
    let mut case = world::case("2026.2", "embedded");
    case.init();
    let good = case.read("management.json");
    let mut file: Value = serde_json::from_str(&good).unwrap();
    edit(&mut file["EmbeddedIdP"]);
    std::fs::write(case.path("management.json"), file.to_string()).unwrap();
    let netbird = world::netbird(&mut case, Image::Management);
    std::fs::write(case.path("management.json"), good).unwrap();
    (case, Some(Box::new(netbird)))
}

/// A flow that nobody passes who is logged in.
fn unfit(state: &mut authentik_sim::State, slug: &str) {
    let flow = state.flows.iter_mut().find(|flow| flow["slug"] == slug).unwrap();
    flow["authentication"] = "require_unauthenticated".into();
}

const REPORTS: &[Report] = &[
    ("everything works", &[], || drifted(|_| {})),
    // Tokens that NetBird refuses.
    ("an issuer without its slash", &["management.json"], || {
        management(|file| {
            let issuer = file["HttpConfig"]["AuthIssuer"].as_str().unwrap().trim_end_matches('/');
            file["HttpConfig"]["AuthIssuer"] = issuer.into();
        })
    }),
    ("an issuer of http where people use https", &["issuer"], || {
        discovery(|document| {
            document["issuer"] = "http://auth.example.com/application/o/netbird/".into();
        })
    }),
    ("one issuer for all applications", &["management.json"], || {
        provider(|provider| provider["issuer_mode"] = "global".into())
    }),
    ("tokens signed with HS256", &["signing-key"], || {
        provider(|provider| provider["signing_key"] = Value::Null)
    }),
    ("a proxy that keeps an old discovery of HS256", &["signing-algorithm"], || {
        discovery(|document| {
            document["id_token_signing_alg_values_supported"] = json!(["HS256"]);
        })
    }),
    ("tokens signed with an elliptic curve", &["signing-key"], || {
        drifted(|state| {
            let pk = state.add_ec_key_pair("elliptic");
            state.provider_mut("NetBird").unwrap()["signing_key"] = pk.into();
        })
    }),
    ("an encryption key", &["encryption-key"], || {
        provider(|provider| provider["encryption_key"] = provider["signing_key"].clone())
    }),
    ("keys that management does not get", &["keys"], || {
        let case = works("2026.2", &[]);
        answered(&case, "GET", "/application/o/netbird/jwks/", 503, "", &json!({}));
        (case, None)
    }),
    ("keys that come without a max-age", &["WARN key-refresh"], || {
        let case = Case::new("2026.2");
        case.init();
        (case, None)
    }),
    ("a clock that is a minute ahead", &["clock"], || {
        let mut case = works("2026.2", &[]);
        let state = case.sim.state().clone();
        case.sim = Sim::builder("2026.2").state(state).clock_offset(60).start();
        let url = case.sim.url();
        case.env("AUTHENTIK_HOST", url);
        case.sim.state().jwks_cache_control = Some("max-age=300".into());
        case.env("SETUP_OUTPUTS", "none");
        (case, None)
    }),
    ("a claim that tokens do not have", &["user-id-claim"], || {
        management(|file| file["HttpConfig"]["AuthUserIDClaim"] = "oid".into())
    }),
    ("endpoints of another host", &["endpoints"], || {
        discovery(|document| {
            document["token_endpoint"] = "http://authentik-server:9000/application/o/token/".into();
        })
    }),
    ("a token endpoint where nothing is", &["endpoints"], || {
        discovery(|document| {
            let url = document["token_endpoint"].as_str().unwrap();
            document["token_endpoint"] = url.replace("/application/", "/auth/application/").into();
        })
    }),
    ("a logout at another host", &["endpoints"], || {
        discovery(|document| {
            document["end_session_endpoint"] = "https://elsewhere.example.org/end/".into();
        })
    }),
    ("no endpoint at all", &["endpoints"], || {
        discovery(|document| drop(document.as_object_mut().unwrap().remove("jwks_uri")))
    }),
    ("a public URL that redirects", &["public-url"], || {
        let case = works("2026.2", &[]);
        let to = Fault::Redirect("https://auth.example.com/".into());
        case.sim.fault(FaultRule::always(Match::path("GET", DISCOVERY), to));
        (case, None)
    }),
    // What the dashboard meets.
    ("no origin is allowed", &["cors"], || {
        let case = works("2026.2", &[]);
        let (_, _, body) = exchange(&case.sim.url(), "GET", DISCOVERY, "", "");
        let document: Value = serde_json::from_str(&body).unwrap();
        answered(&case, "GET", DISCOVERY, 200, "", &document);
        (case, None)
    }),
    ("another origin is allowed at the token endpoint", &["cors"], || {
        let case = works("2026.2", &[]);
        let body = json!({"error": "invalid_grant"});
        answered(&case, "POST", "/application/o/token/", 400, "https://x.example.com", &body);
        (case, None)
    }),
    ("a redirect URI without its slash", &["redirect-uris"], || {
        provider(|provider| {
            let uris = provider["redirect_uris"].as_array_mut().unwrap();
            uris.retain(|uri| uri["url"] != "http://localhost:53000/");
        })
    }),
    ("Authentik's page says that the request is malformed", &["authorize"], || {
        let case = works("2026.2", &[]);
        answered(&case, "GET", "/application/o/authorize/", 400, "", &json!({}));
        (case, None)
    }),
    ("the application is gone", &["application"], || {
        drifted(|state| state.applications.retain(|application| application["slug"] != "netbird"))
    }),
    ("the application has no provider", &["application"], || {
        drifted(|state| state.application_mut("netbird").unwrap()["provider"] = Value::Null)
    }),
    ("a consent page although none was asked for", &["provider"], || {
        let mut case = works("2026.2", &[]);
        let flow = "default-provider-authorization-implicit-consent";
        case.env("AUTHENTIK_AUTHORIZATION_FLOW", flow);
        (case, None)
    }),
    ("a confidential provider", &["client-type"], || {
        provider(|provider| provider["client_type"] = "confidential".into())
    }),
    ("no offline_access", &["scope-mappings"], || without_scope("offline_access")),
    ("permission denied for everybody: the group has no members", &["WARN access"], || {
        (works("2026.2", &[("AUTHENTIK_ACCESS_GROUPS", "vpn")]), None)
    }),
    ("closed by Authentik's settings", &["WARN access"], || {
        let case = works("2026.5", &[]);
        case.sim.state().default_app_access = false;
        (case, None)
    }),
    ("an authorization flow that ends the login", &["provider"], || {
        drifted(|state| unfit(state, "default-provider-authorization-explicit-consent"))
    }),
    ("a redirect URI that Authentik cannot read", &["redirect-uris"], || {
        provider(|provider| {
            let uri = json!({"matching_mode": "regex", "url": "https://[a-z]+.example.com/"});
            provider["redirect_uris"].as_array_mut().unwrap().push(uri);
        })
    }),
    ("a login that ends at once", &["WARN code-lifetime"], || {
        provider(|provider| provider["access_token_validity"] = "seconds=0".into())
    }),
    // What clients meet.
    ("no grant types", &["grant-types"], || {
        let case = works("2026.5", &[]);
        case.sim.state().provider_mut("NetBird").unwrap()["grant_types"] = json!([]);
        (case, None)
    }),
    ("codes that live for a minute", &["code-lifetime"], || {
        provider(|provider| provider["access_code_validity"] = "minutes=1".into())
    }),
    ("a brand without device flow", &["device-code"], || {
        drifted(|state| state.brand_default_mut()["flow_device_code"] = Value::Null)
    }),
    ("a device code flow that ends the login", &["device-code"], || {
        drifted(|state| unfit(state, "default-device-code-flow"))
    }),
    ("a device endpoint that does not know the client", &["device-endpoint"], || {
        let case = works("2026.2", &[]);
        let body = json!({"error": "invalid_client"});
        answered(&case, "POST", "/application/o/device/", 400, "", &body);
        (case, None)
    }),
    // The user list.
    ("hashed users with a user list", &["refused"], || {
        let case = works("2026.2", &[LISTS]);
        case.sim.state().provider_mut("NetBird").unwrap()["sub_mode"] = "hashed_user_id".into();
        (case, None)
    }),
    ("another app password", &["service-account"], || {
        let case = works("2026.2", &[LISTS]);
        case.sim.state().token_mut("service-account-netbird-password").unwrap()["key"] = "x".into();
        (case, None)
    }),
    ("a user list that is refused", &["user-list"], || {
        let case = works("2026.2", &[LISTS]);
        let rule = Match::regex("GET", r"^/api/v3/core/users/\?page_size=1$");
        let denied = Fault::Status(403, vec![], "{}".into());
        case.sim.fault(FaultRule::always(rule, denied));
        (case, None)
    }),
    // The files.
    ("another client id in one file", &["dashboard.env"], || {
        edited("dashboard.env", "AUTH_CLIENT_ID='netbird'", "AUTH_CLIENT_ID='other'")
    }),
    ("an old setup.env", &["setup.env"], || {
        edited("setup.env", "netbird.example.com", "old.example.com")
    }),
    ("another secret for the relay", &["relay.env"], || {
        let case = works("2026.2", &[]);
        let kept: Value = serde_json::from_str(&case.read("secrets.json")).unwrap();
        let secret = kept["relay_auth_secret"].as_str().unwrap();
        let relay = case.read("relay.env").replace(secret, "an-older-secret");
        std::fs::write(case.path("relay.env"), relay).unwrap();
        (case, None)
    }),
    ("another password for TURN", &["turnserver.conf"], || {
        let outputs = "setup.env,management.json,dashboard.env,relay.env,turnserver.conf";
        let turn = [
            ("SETUP_OUTPUTS", outputs),
            ("NETBIRD_TURN_DOMAIN", "turn.example.com"),
            ("TURN_PASSWORD", "one-of-now"),
        ];
        let case = works("2026.2", &turn);
        let conf = case.read("turnserver.conf").replace("one-of-now", "an-older-one");
        std::fs::write(case.path("turnserver.conf"), conf).unwrap();
        (case, None)
    }),
    ("a login page of NetBird's own", &["embedded-idp"], || {
        management(|file| file["EmbeddedIdP"] = json!({"Enabled": true}))
    }),
    ("another provider's user list", &["foreign-manager"], || {
        management(|file| file["IdpManagerConfig"] = json!({"ManagerType": "keycloak"}))
    }),
    ("another Authentik behind the same URL", &["installation"], || {
        let mut case = works("2026.2", &[]);
        case.sim = Sim::builder("2026.2").installation("another").start();
        let url = case.sim.url();
        case.env("AUTHENTIK_HOST", url);
        (case, None)
    }),
    // The certificate is one of a private CA, which is a remark of its own.
    (
        "a network that Authentik does not trust",
        &["WARN trusted-proxies", "WARN public-url"],
        || {
            let builder = Sim::builder("2026.8").tls(TlsMode::Valid).trusted_networks(&[]);
            let mut case = Case::with(builder.start());
            let ca = case.side_file("ca.pem", case.sim.ca_pem());
            let public = case.sim.https_url();
            case.env("AUTHENTIK_HOST_BROWSER", public).env("AUTHENTIK_CA_FILE", ca);
            case.sim.state().jwks_cache_control = Some("max-age=300".into());
            case.init();
            (case, None)
        },
    ),
    // A provider of NetBird's own.
    ("no claims in the ID token", &["claims"], || {
        let (case, guard) = embedded(|_| {});
        let name = case.sim.state().providers[0]["name"].as_str().unwrap().to_owned();
        case.sim.state().provider_mut(&name).unwrap()["include_claims_in_id_token"] = false.into();
        (case, guard)
    }),
    ("a secret that the token endpoint refuses", &["client-secret"], || {
        let (case, guard) = embedded(|_| {});
        let body = json!({"error": "invalid_client"});
        answered(&case, "POST", "/application/o/token/", 400, "", &body);
        (case, guard)
    }),
    ("NetBird does not come to Authentik", &["connector"], || {
        embedded(|provider| {
            provider["StaticConnectors"][0]["config"]["issuer"] = "https://nowhere.invalid/".into();
        })
    }),
    ("NetBird's own provider has another name", &["netbird-provider"], || {
        embedded(|provider| provider["Issuer"] = "https://old.example.com/oauth2".into())
    }),
    ("NetBird's dashboard asks for a first user", &["netbird"], || {
        embedded(|provider| drop(provider.as_object_mut().unwrap().remove("Owner")))
    }),
    ("a config.yaml that somebody changed", &["config.yaml"], || {
        let case = world::case("2026.2", "combined");
        case.init();
        let text = case.read("config.yaml").replace("netbird.example.com", "old.example.com");
        std::fs::write(case.path("config.yaml"), text).unwrap();
        (case, None)
    }),
    ("a proxy that does not pass /oauth2 on", &["netbird-route"], || {
        let mut case = world::case("2026.2", "embedded");
        // Somebody else, who knows no such page.
        let elsewhere = Sim::start("2026.2");
        case.env("NETBIRD_MGMT_API_ENDPOINT", elsewhere.url());
        case.init();
        let netbird = world::netbird(&mut case, Image::Management);
        (case, Some(Box::new((netbird, elsewhere))))
    }),
    ("somebody without the role that they should have", &["netbird-account"], || {
        let mut case = world::case("2026.2", "embedded");
        case.init();
        let netbird = world::netbird(&mut case, Image::Management);
        let owner = world::log_in(&netbird, &case, "alice");
        let token = world::token(&netbird, &owner);
        case.env("NB_PAT", token).env("SETUP_ROLE_GROUPS", "vpn:auditor");
        world::log_in(&netbird, &case, "bob");
        (case, Some(Box::new(netbird)))
    }),
    ("a flow of that name does not exist", &["objects"], || {
        let mut case = works("2026.2", &[]);
        case.env("AUTHENTIK_AUTHORIZATION_FLOW", "no-such-flow");
        (case, None)
    }),
];

/// Without what tells a warning from a failure.
fn name(expected: &'static str) -> &'static str {
    expected.strip_prefix("WARN ").unwrap_or(expected)
}

fn all() -> impl Iterator<Item = &'static Report> {
    REPORTS.iter().chain(FURTHER)
}

#[test]
fn every_check_has_a_report() {
    let reported = all().flat_map(|(_, names, _)| names.iter());
    let always = check_always::STATES.iter().flat_map(|(_, _, names, _)| names.iter());
    let known: BTreeSet<&str> = reported.chain(always).copied().map(name).collect();
    let all: BTreeSet<&str> = CheckId::ALL.iter().map(|id| id.name()).collect();
    assert_eq!(known, all);
}

/// What `check` says that is no PASS, and no SKIP of what one of these explains.
fn said(report: &Value, expected: &BTreeSet<&str>) -> BTreeSet<String> {
    let explained: Vec<String> =
        expected.iter().map(|name| format!("because {name} failed")).collect();
    let checks = report["checks"].as_array().unwrap().iter();
    let told = checks.filter_map(|check| {
        let name = check["name"].as_str().unwrap();
        let detail = check["detail"].as_str().unwrap();
        match check["outcome"].as_str().unwrap() {
            "pass" => None,
            "warn" => Some(format!("WARN {name}")),
            "skip" if !(detail.starts_with("because ") && detail.ends_with(" failed")) => None,
            "skip" if explained.iter().any(|why| why == detail) => None,
            "skip" => Some(format!("{name} skipped {detail}")),
            _ => Some(name.to_owned()),
        }
    });
    told.collect()
}

#[test]
fn each_report_is_named_by_check_and_nothing_else() {
    let failures: Vec<String> = std::thread::scope(|scope| {
        let story = |(what, expected, begin): &'static Report| {
            move || {
                let (case, guard) = begin();
                let ended = case.run(&["check", "--format", "json"]);
                let report: Value = serde_json::from_str(&ended.out).unwrap();
                let expected: BTreeSet<&str> = expected.iter().copied().collect();
                let mut said = said(&report, &expected);
                if case.get("AUTHENTIK_HOST_BROWSER").as_deref() == Some(world::AUTHENTIK) {
                    // Nothing listens there, which is told in every such case.
                    assert!(said.remove("WARN public-url"), "{what}");
                }
                let fails = expected.iter().any(|name| !name.starts_with("WARN"));
                let lines = case.run(&["check"]).out;
                drop(guard);
                let bad =
                    lines.lines().filter(|l| !l.starts_with("PASS") && !l.starts_with("SKIP"));
                let same = said.iter().eq(expected.iter()) && fails != (ended.code == Some(0));
                (!same).then(|| {
                    let bad: Vec<&str> = bad.collect();
                    format!("{what}: {:?} {said:?}\n{}", ended.code, bad.join("\n"))
                })
            }
        };
        let running: Vec<_> =
            all().map(|report @ (what, ..)| (what, scope.spawn(story(report)))).collect();
        let ended = running.into_iter().map(|(what, thread)| (what, thread.join()));
        ended
            .filter_map(|(what, ended)| match ended {
                Ok(failure) => failure,
                Err(_) => Some(format!("{what}: panicked")),
            })
            .collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
