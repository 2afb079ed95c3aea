//! Pure functions alone: `cargo bench --manifest-path benches/Cargo.toml`.

use std::ffi::OsString;

use divan::{Bencher, black_box};
use netbird_authentik_init::authentik::model::{Page, Provider};
use netbird_authentik_init::config::{self, Config};
use netbird_authentik_init::netbird::Registration;
use netbird_authentik_init::outputs::before::Before;
use netbird_authentik_init::outputs::management::places::Places;
use netbird_authentik_init::outputs::management::{self, File};
use netbird_authentik_init::outputs::plan::FilePlan;
use netbird_authentik_init::outputs::shell;
use netbird_authentik_init::proof::{Endpoints, Keys, Proof};
use netbird_authentik_init::state::secrets::Secrets;
use netbird_authentik_init::text::{Secret, printable, redact};
use serde_json::{Value, json};

fn main() {
    divan::main();
}

fn variables() -> Vec<(OsString, OsString)> {
    [
        ("AUTHENTIK_HOST", "http://authentik-server:9000"),
        ("AUTHENTIK_TOKEN", "a-token-of-some-length"),
        ("NETBIRD_DOMAIN", "netbird.example.com"),
        ("SETUP_DIR", "/setup"),
    ]
    .map(|(name, value)| (name.into(), value.into()))
    .into()
}

fn proof() -> Proof {
    let at = |path: &str| format!("https://auth.example.com/application/o/{path}");
    Proof {
        registration: Registration {
            client_id: "netbird".into(),
            secret: None,
            issuer: at("netbird/"),
        },
        endpoints: Endpoints {
            authorization: at("authorize/"),
            token: at("token/"),
            device: at("device/"),
            end_session: at("netbird/end-session/"),
        },
        keys: Keys {
            location: at("netbird/jwks/"),
            discovery_at_start: true,
            refresh: true,
            public_max_age: true,
        },
        authority: at("netbird/"),
        discovery_url: at("netbird/.well-known/openid-configuration"),
        scope: "openid profile email offline_access".into(),
        claims: Vec::new(),
        internal_issuer: None,
        logout_returns: false,
    }
}

fn rendered() -> (Config, Proof, Secrets) {
    let config = config::load(variables()).config.expect("sound variables");
    let secrets = Secrets {
        datastore_key: Some(Secret::new("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=")),
        relay: Some(Secret::new("relay-secret")),
        turn: Some(Secret::new("turn-secret")),
        ..Secrets::default()
    };
    (config, proof(), secrets)
}

/// The whole configuration from the environment.
#[divan::bench]
fn config_load(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(variables).bench_values(config::load);
}

/// One line of setup.env.
#[divan::bench(args = ["netbird.example.com", "it's 'quoted' a lot ''''"])]
fn shell_assign(value: &str) -> String {
    shell::assign(black_box("NETBIRD_DOMAIN"), black_box(value))
}

/// All files of a first run.
#[divan::bench]
fn render_all_files(bencher: Bencher<'_, '_>) {
    let (config, proof, secrets) = rendered();
    let before = Before::default();
    bencher.bench(|| FilePlan::new(&config, &before, &secrets, Some(&proof)).unwrap());
}

/// management.json on top of the one that is there.
#[divan::bench]
fn management_merge(bencher: Bencher<'_, '_>) {
    let (config, proof, secrets) = rendered();
    let render = |file: Option<&File>| {
        let places = Places::new(&config, file, &Default::default());
        management::render(&config, &proof, &secrets, &places, file)
    };
    let text = render(None);
    bencher.bench(|| {
        let file = File::read("management.json", text.as_bytes()).expect("this program's own file");
        render(Some(&file))
    });
}

/// A page of one provider, as the first round of a run reads it.
#[divan::bench]
fn decode_provider(bencher: Bencher<'_, '_>) {
    let uris: Vec<Value> = (0..9)
        .map(|n| json!({"matching_mode": "strict", "url": format!("https://netbird.example.com/{n}")}))
        .collect();
    let page = json!({
        "pagination": {"next": 0, "count": 1},
        "results": [{
            "pk": 4, "name": "NetBird", "client_id": "netbird", "client_type": "public",
            "authorization_flow": "f2b6…", "signing_key": "a0c1…", "sub_mode": "user_id",
            "issuer_mode": "per_provider", "access_code_validity": "minutes=10",
            "property_mappings": ["a", "b", "c", "d"], "redirect_uris": uris,
            "assigned_application_slug": "netbird", "assigned_application_name": "NetBird",
        }],
    })
    .to_string();
    bencher.bench(|| serde_json::from_str::<Page<Provider>>(black_box(&page)));
}

/// A server's text on its way into the log.
#[divan::bench]
fn scrub_a_text(bencher: Bencher<'_, '_>) {
    for n in 0..6 {
        redact::learn(&Secret::new(format!("a-secret-value-{n}")));
    }
    let text = "<p>no \u{1b}[31m a-secret-value-3 for you</p>\r\n".repeat(20);
    bencher.bench(|| printable::excerpt(black_box(&text)));
}
