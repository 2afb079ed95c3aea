//! One check for every target: the property tests of `cargo test` include this file and run a fixed budget of each.
//! A check panics where a property does not hold.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::time::{Duration, SystemTime};

use netbird_authentik_init::authentik::{account, model, oidc, people, redirect};
use netbird_authentik_init::config::{self, parse, variables::VARIABLES};
use netbird_authentik_init::http::answer;
use netbird_authentik_init::netbird::Registration;
use netbird_authentik_init::outputs::management::places::Places;
use netbird_authentik_init::outputs::management::{self, File};
use netbird_authentik_init::outputs::{dashboard_env, relay_env, setup_env, shell};
use netbird_authentik_init::proof::{Endpoints, Keys, Proof};
use netbird_authentik_init::state::secrets::Secrets;
use netbird_authentik_init::text::Secret;
use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use serde_json::Value;

/// Variables in pairs: a number that chooses one, then its value up to the next zero byte. No problem may repeat
/// control characters.
pub fn environment(data: &[u8]) {
    let pairs = data.split(|b| *b == 0).filter_map(|pair| {
        let (which, value) = pair.split_first()?;
        let name = VARIABLES[usize::from(*which) % VARIABLES.len()].name;
        // A path of the fuzzer's choice is none to read.
        (!name.ends_with("_FILE")).then(|| (name.into(), OsString::from_vec(value.to_vec())))
    });
    if let Err(problems) = config::load(pairs).config {
        for problem in problems {
            assert!(!problem.to_string().chars().any(char::is_control), "{problem:?}");
        }
    }
}

/// Every form of answer, and what is read out of the forms that differ between releases.
pub fn decoders(data: &[u8]) {
    macro_rules! decode {
        ($($form:ty),* $(,)?) => {$(
            let _ = serde_json::from_slice::<$form>(data);
            let _ = serde_json::from_slice::<model::Page<$form>>(data);
        )*};
    }
    decode!(
        model::Me,
        model::Version,
        model::Provider,
        model::Application,
        model::Flow,
        model::ScopeMapping,
        model::KeyPair,
        model::Brand,
        account::Account,
        people::AppPassword,
        people::Group,
        people::Role,
        people::Binding,
        oidc::Discovery,
    );
    if let Ok(keys) = serde_json::from_slice::<oidc::Jwks>(data) {
        let _ = keys.has_rsa_key();
    }
    if let Ok(value) = serde_json::from_slice::<Value>(data) {
        let _ = redirect::RedirectUris::read(&value);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = netbird_authentik_init::authentik::release::Release::parse(text);
        let _ = netbird_authentik_init::authentik::duration::seconds(text);
    }
}

fn config() -> config::Config {
    let vars = [
        ("AUTHENTIK_HOST", "http://authentik-server:9000"),
        ("AUTHENTIK_TOKEN", "token"),
        ("NETBIRD_DOMAIN", "netbird.example.com"),
    ];
    config::load(vars.map(|(name, value)| (name.into(), value.into()))).config.unwrap()
}

fn proof(text: &str) -> Proof {
    let text = || text.to_owned();
    Proof {
        registration: Registration { client_id: text(), secret: None, issuer: text() },
        endpoints: Endpoints {
            authorization: text(),
            token: text(),
            device: text(),
            end_session: text(),
        },
        keys: Keys {
            location: text(),
            discovery_at_start: true,
            refresh: true,
            public_max_age: true,
        },
        authority: text(),
        discovery_url: text(),
        scope: text(),
        claims: Vec::new(),
        internal_issuer: None,
        logout_returns: true,
    }
}

fn secrets() -> Secrets {
    Secrets {
        datastore_key: Some(Secret::new("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=")),
        relay: Some(Secret::new("relay")),
        turn: Some(Secret::new("turn")),
        service_account: None,
        owner: None,
        cookie_key: None,
    }
}

/// Merging twice is merging once, and keys of others keep their bytes.
pub fn management(data: &[u8]) {
    let Ok(file) = File::read("management.json", data) else { return };
    let (config, proof, secrets) = (config(), proof("https://auth.example.com/"), secrets());
    let _ = management::secrets_in(&file, &config);
    if !management::refused(&file, &config).is_empty() {
        return;
    }
    let render = |file: &File| {
        let places = Places::new(&config, Some(file), &Default::default());
        management::render(&config, &proof, &secrets, &places, Some(file))
    };
    let once = render(&file);
    let parsed = File::read("management.json", once.as_bytes()).unwrap();
    assert_eq!(once, render(&parsed), "merging twice is not merging once");
    for (key, value) in file.root.members().iter().filter(|(key, _)| key.starts_with("\"x-")) {
        let kept = parsed.root.members().iter().filter(|(name, _)| name == key);
        assert!(kept.into_iter().any(|(_, kept)| kept == value), "{key} was lost");
    }
    // What was foreign stays as it was, templates included; of this program there is none.
    assert!(file.root.pretty().contains("{{") || !once.contains("{{"), "a template");
}

/// What bash reads, without bash, for the fuzzer's speed: single quotes, and escaped ones between them. The tests ask
/// a real bash.
pub fn shell(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let quoted = shell::quote(text);
    let (mut inside, mut read, mut rest) = (false, String::new(), quoted.chars());
    while let Some(c) = rest.next() {
        match (c, inside) {
            ('\'', _) => inside = !inside,
            ('\\', false) => read.push(rest.next().unwrap()),
            (c, true) => read.push(c),
            (c, false) => panic!("{c:?} is outside of quotes in {quoted}"),
        }
    }
    assert!(!inside && read == text, "{text:?} became {read:?}");
    // A hostile issuer or client id in every file that is sourced: one assignment, whatever it holds.
    let (config, proof, secrets) = (config(), proof(text), secrets());
    let places = Places::new(&config, None, &Default::default());
    let files = [
        setup_env::render(&config, &proof, &secrets, &places).unwrap(),
        dashboard_env::render(&config, &proof),
        relay_env::render(&places.services, &secrets).unwrap(),
    ];
    for file in files.iter().filter(|_| !text.contains('\n')) {
        for line in file.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (name, _) = line.split_once('=').unwrap();
            let name = name.trim_start_matches("export ");
            assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{line}");
        }
    }
}

/// Never longer than the cap.
pub fn retry_after(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    let headers = HeaderMap::from_iter([(RETRY_AFTER, value)]);
    for now in [SystemTime::UNIX_EPOCH, SystemTime::now()] {
        let asked = answer::retry_after(&headers, now);
        assert!(asked.is_none_or(|time| time <= Duration::from_secs(30)), "{asked:?}");
    }
}

/// A base URL keeps its origin whatever is joined to it below `api/`, and reading it again changes nothing.
pub fn url_join(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (base, path) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(base) = parse::base_url(base) else { return };
    let again = parse::base_url(&base.join("")).expect("what was read can be read again");
    assert_eq!(base, again);
    let joined = base.join(&format!("api/v3/{path}"));
    let url = base.url().join(&joined).expect("a joined URL is a URL");
    assert_eq!(url.origin(), base.url().origin(), "{joined} leaves the origin");
}
