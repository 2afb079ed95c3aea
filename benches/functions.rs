//! Pure functions alone: `cargo bench --manifest-path benches/Cargo.toml`.

use std::ffi::OsString;

use divan::{Bencher, black_box};
use netbird_authentik_init::authentik::model::{Page, Provider};
use netbird_authentik_init::config::{self, Config};
use netbird_authentik_init::render::{self, Facts, management, shell};
use netbird_authentik_init::secret::{Scrubber, Secret};
use netbird_authentik_init::secrets::Secrets;
use serde_json::{Map, Value, json};

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

fn facts() -> Facts {
    let at = |path: &str| format!("https://auth.example.com/application/o/{path}");
    Facts {
        issuer: at("netbird/"),
        client_id: "netbird".into(),
        discovery_url: at("netbird/.well-known/openid-configuration"),
        authorization_endpoint: at("authorize/"),
        token_endpoint: at("token/"),
        device_endpoint: at("device/"),
        keys_location: at("netbird/jwks/"),
        discovery_at_start: true,
        refresh_keys: true,
        public_keys_have_max_age: true,
        scopes: "openid profile email offline_access".into(),
    }
}

fn rendered() -> (Config, Facts, Secrets) {
    let config = config::load(variables()).config.expect("sound variables");
    let secrets = Secrets {
        datastore_key: Secret::new("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="),
        relay: Secret::new("relay-secret"),
        turn: Secret::new("turn-secret"),
        service_account: None,
    };
    (config, facts(), secrets)
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
    let (config, facts, secrets) = rendered();
    bencher.bench(|| render::files(&config, &facts, &secrets, None));
}

/// management.json on top of the one that is there.
#[divan::bench]
fn management_merge(bencher: Bencher<'_, '_>) {
    let (config, facts, secrets) = rendered();
    let text = management::render(&config, &facts, &secrets, None);
    let base: Map<String, Value> = serde_json::from_str(&text).expect("our own file");
    bencher
        .with_inputs(|| Some(base.clone()))
        .bench_values(|base| management::render(&config, &facts, &secrets, base));
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
    let scrubber = Scrubber::new((0..6).map(|n| Secret::new(format!("a-secret-of-ours-{n}"))));
    let text = "<p>no \u{1b}[31m a-secret-of-ours-3 for you</p>\r\n".repeat(20);
    bencher.bench(|| scrubber.excerpt(black_box(&text), 200));
}
