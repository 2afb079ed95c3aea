//! What people write into an environment and do not mean: refused at once and by name, and never repeated where it is a
//! secret.

use netbird_authentik_init::config::{Access, Config, Kind, load};

use crate::support::Case;

/// Values in the wrong shape or place, each alone, and what the message names.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("AUTHENTIK_TOKEN", "\"quoted-token-1234567890\"", "without quotation marks"),
    ("AUTHENTIK_TOKEN", "'quoted-token-1234567890'", "without quotation marks"),
    ("AUTHENTIK_TOKEN", "Bearer token-with-its-scheme-1234567890", "the token alone"),
    ("AUTHENTIK_TOKEN", "Token token-with-its-scheme-1234567890", "the token alone"),
    ("AUTHENTIK_TOKEN", "AUTHENTIK_TOKEN=token-twice-1234567890", "without AUTHENTIK_TOKEN="),
    ("AUTHENTIK_TOKEN", "$AUTHENTIK_BOOTSTRAP_TOKEN", "was not expanded"),
    ("AUTHENTIK_TOKEN", "${AUTHENTIK_BOOTSTRAP_TOKEN}", "was not expanded"),
    ("AUTHENTIK_TOKEN", "${AUTHENTIK_BOOTSTRAP_TOKEN:?see .env}", "was not expanded"),
    ("AUTHENTIK_TOKEN", "<the token of akadmin>", "in place of the text in angle brackets"),
    (
        "AUTHENTIK_TOKEN",
        "AUTHENTIK_BOOTSTRAP_TOKEN=token-of-another-name-1234567890",
        "without AUTHENTIK_BOOTSTRAP_TOKEN=",
    ),
    ("AUTHENTIK_TOKEN", "export AUTHENTIK_TOKEN=token-1234567890", "without AUTHENTIK_TOKEN="),
    ("AUTHENTIK_TOKEN", "\"token-of-one-side-1234567890", "without quotation marks"),
    ("AUTHENTIK_TOKEN", "token-of-one-side-1234567890'", "without quotation marks"),
    ("AUTHENTIK_TOKEN", "token-1234567890$HOME", "was not expanded"),
    ("AUTHENTIK_TOKEN", "$(cat /run/secrets/token)", "was not expanded"),
    ("AUTHENTIK_TOKEN", "/run/secrets/authentik_token", "a path goes into AUTHENTIK_TOKEN_FILE"),
    ("AUTHENTIK_TOKEN", "file:///run/secrets/token", "a path goes into AUTHENTIK_TOKEN_FILE"),
    ("NB_PAT", "NETBIRD_PAT=pat-1234567890", "without NETBIRD_PAT="),
    ("NETBIRD_RELAY_AUTH_SECRET", "/run/secrets/relay", "goes into NETBIRD_RELAY_AUTH_SECRET_FILE"),
    ("TURN_PASSWORD", "password-1234567890\"", "without quotation marks"),
    ("AUTHENTIK_TOKEN_FILE", "the-token-itself-1234567890", "not both"),
    ("TURN_PASSWORD_FILE", "the-password-itself-1234567890", "the path of a readable file"),
    ("TURN_PASSWORD_FILE", "/Kx0vQ1b7yQ2Zl0MBcDe1R", "the path of a readable file"),
    ("NB_PAT_FILE", "\"/run/secrets/pat\"", "without quotation marks"),
    (
        "AUTHENTIK_HOST",
        "http://admin:Not-A-Real-Password@authentik-server:9000",
        "without user name",
    ),
    ("AUTHENTIK_HOST", "admin:Not-A-Real-Password@authentik-server:9000", "begins with http"),
    ("AUTHENTIK_HOST", "http://$AUTHENTIK:9000", "is expanded already"),
    ("AUTHENTIK_HOST", "http://authentik:9000/$PATH", "is expanded already"),
    ("AUTHENTIK_HOST", "http://authentik:9000/?token=Not-A-Real-Password", "without ? and #"),
    ("AUTHENTIK_HOST", "http://authentik:9000/#Not-A-Real-Password", "without ? and #"),
    ("AUTHENTIK_HOST", "http://authentik:0", "a port from 1"),
    ("AUTHENTIK_HOST", "http://authentik:9000/if/admin/", "without /if"),
    ("AUTHENTIK_HOST", "http://authentik:9000/if/flow/default/", "without /if"),
    ("AUTHENTIK_HOST", "http://authentik:9000/api/v3/", "without /api/v3"),
    (
        "AUTHENTIK_HOST_BROWSER",
        "https://auth.example.com/application/o/netbird/",
        "without /application/o",
    ),
    ("AUTHENTIK_ACCESS_GROUPS", "[\"vpn\"]", "without brackets"),
    ("AUTHENTIK_ACCESS_GROUPS", "['vpn', 'staff']", "without brackets"),
    ("AUTHENTIK_ACCESS_GROUPS", "\"vpn,staff", "without quotation marks"),
    ("AUTHENTIK_HOST_BROWSER", "https://$DOMAIN", "is expanded already"),
    ("AUTHENTIK_HOST_BROWSER", "https://${DOMAIN}", "is expanded already"),
    ("AUTHENTIK_HOST_BROWSER", "https://auth..example.com", "a host name of letters"),
    ("AUTHENTIK_ACCESS_GROUPS", ",", "at least one entry"),
    ("AUTHENTIK_ACCESS_GROUPS", " , ,, ", "at least one entry"),
    ("AUTHENTIK_ACCESS_GROUPS", "\"vpn users\"", "without quotation marks"),
    ("AUTHENTIK_ACCESS_GROUPS", "staff,\"vpn users\"", "without quotation marks"),
    ("AUTHENTIK_ACCESS_GROUPS", "*,staff", "* alone"),
    ("AUTHENTIK_REDIRECT_URIS", ",", "at least one entry"),
    ("NETBIRD_RELAY_ENDPOINT", ",", "at least one entry"),
    ("SETUP_OUTPUTS", ",", "at least one entry"),
    ("SETUP_OUTPUTS", "none,setup.env", "none alone"),
    ("SETUP_OUTPUTS", "relay.env=,setup.env", "a directory after relay.env="),
    ("SETUP_OUTPUTS", "relay.env=/a,relay.env=/b", "each file once"),
    ("SETUP_OUTPUTS", "config.yaml", "config.yaml is none of them"),
    ("NETBIRD_DATASTORE_ENC_KEY", "<openssl rand -base64 32>", "in angle brackets"),
    ("NETBIRD_DATASTORE_ENC_KEY", "0123456789abcdef0123456789abcdef", "exactly 32 bytes"),
    ("NETBIRD_RELAY_AUTH_SECRET", "<secret>", "in angle brackets"),
    ("NETBIRD_DOMAIN", "https://netbird.example.com/", "without scheme"),
    ("NETBIRD_DOMAIN", "$DOMAIN", "was not expanded"),
    ("NETBIRD_MGMT_API_ENDPOINT", "https://$NETBIRD_DOMAIN:443", "is expanded already"),
    ("NETBIRD_MGMT_API_ENDPOINT", "https://netbird.example.com:0", "a port from 1"),
    ("NETBIRD_RELAY_ENDPOINT", "rels://netbird.example.com:0", "rel:// or rels://"),
    ("NETBIRD_MGMT_API_PORT", "0", "a port"),
    ("NETBIRD_SIGNAL_ENDPOINT", "grpc://signal.example.com", "a URL such as"),
    ("NETBIRD_STUN_ENDPOINTS", "turn:netbird.example.com:3478", "STUN servers such as"),
    ("SETUP_ROLE_GROUPS", "admins", "GROUP:ROLE"),
    ("SETUP_ROLE_GROUPS", "admins:owner", "owner is not a role that can be given"),
    ("SETUP_ROLE_GROUPS", "admins:root", "GROUP:ROLE"),
    ("SETUP_ROLE_GROUPS", "a:user,b:admin,a:admin", "a stands twice"),
    ("SETUP_USER_APPROVAL", "off", "true or false"),
    ("SETUP_NETBIRD", "quickstart", "one of: standalone, embedded, combined"),
    ("SETUP_OWNER_EMAIL", "owner@example.com", "nothing with SETUP_NETBIRD=standalone"),
    ("SETUP_LOCAL_AUTH", "false", "it is for embedded or combined"),
    ("SETUP_TRUSTED_PROXIES", "172.18.0.0/16", "it is for combined"),
    ("SETUP_AUTHENTIK_INTERNAL", "true", "it is for embedded"),
];

#[test]
fn values_in_the_wrong_shape_or_place_are_refused_at_once_and_not_repeated() {
    let sim = authentik_sim::Sim::start("2026.2");
    let mut case = Case::with(sim);
    for (name, value, says) in MISTAKES {
        let before = case.get(name);
        case.env(name, *value);
        let ended = case.run(&[]).expect(78).says(&[name, says]);
        for secret in ["1234567890", "Not-A-Real-Password", "Kx0vQ1b", "0123456789abcdef"] {
            assert!(!ended.err.contains(secret), "{name}={value}: {}", ended.err);
        }
        let plan = case.run(&["plan"]).expect(78);
        assert!(plan.out.is_empty(), "{}", plan.out);
        case.put_back(name, before);
    }
    assert!(case.sim.requests().is_empty(), "before anything is asked");
    case.init();
}

/// Each contradicts something that the written files say, or another variable.
const CONTRADICTIONS: &[(&str, &str)] = &[
    ("NETBIRD_AUTH_CLIENT_ID", "netbird"),
    ("NETBIRD_AUTH_AUDIENCE", "other"),
    ("NETBIRD_USE_AUTH0", "true"),
    ("NETBIRD_IDP_MGMT_CLIENT_ID", "$NETBIRD_AUTH_CLIENT_ID"),
    ("NETBIRD_AUTH_SUPPORTED_SCOPES", "openid,profile,email"),
    ("NETBIRD_AUTH_DEVICE_AUTH_SCOPE", "openid"),
    ("NETBIRD_STORE_CONFIG_ENGINE", "jsonfile"),
    ("NETBIRD_AUTH_USER_ID_CLAIM", "oid"),
    ("NETBIRD_RELAY_ENDPOINT", "https://netbird.example.com"),
    ("NETBIRD_TOKEN_SOURCE", "refreshToken"),
    ("NETBIRD_AUTH_DEVICE_AUTH_CLIENT_ID", "netbird-device"),
    ("NETBIRD_SIGNAL_ENDPOINT", "https://netbird.example.com:443"),
    ("NETBIRD_SIGNAL_PORT", "10000"),
    ("NETBIRD_MGMT_API_PORT", "33073"),
];

#[test]
fn everything_that_contradicts_something_is_named_in_one_go() {
    let mut case = Case::new("2026.2");
    for (name, value) in CONTRADICTIONS {
        case.env(name, *value);
    }
    let ended = case.run(&[]).expect(78).says(&[
        "NETBIRD_SIGNAL_ENDPOINT has it",
        "NETBIRD_MGMT_API_ENDPOINT has it",
        "12 configuration errors",
    ]);
    for (name, _) in CONTRADICTIONS {
        // What others contradict is named by them.
        let named = format!("{name}: ");
        let sound = ["NETBIRD_AUTH_CLIENT_ID", "NETBIRD_SIGNAL_ENDPOINT"].contains(name);
        assert_eq!(ended.err.contains(&named), !sound, "{name} in {}", ended.err);
    }
    assert!(case.sim.requests().is_empty());
}

fn loaded(vars: &[(&str, &str)]) -> (Result<Config, String>, Vec<String>) {
    let base = [
        ("AUTHENTIK_HOST", "http://authentik-server:9000"),
        ("AUTHENTIK_TOKEN", "token"),
        ("NETBIRD_DOMAIN", "netbird.example.com"),
        ("SETUP_STATE_DIR", "/state"),
    ];
    let all = base.iter().chain(vars).map(|(name, value)| ((*name).into(), (*value).into()));
    let loaded = load(all);
    let told = |problems: Vec<netbird_authentik_init::config::Problem>| {
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    (loaded.config.map_err(told), loaded.warnings)
}

#[test]
fn services_follow_the_ports_of_configure_sh() {
    let (config, _) = loaded(&[
        ("NETBIRD_MGMT_API_ENDPOINT", "https://netbird.example.com:33073"),
        ("NETBIRD_SIGNAL_PORT", "10000"),
        ("NETBIRD_MGMT_API_PORT", "33073"),
        ("NETBIRD_RELAY_PORT", "33080"),
    ]);
    let services = config.unwrap().netbird.services;
    assert!(services.signal.chosen && services.relays.chosen && !services.stuns.chosen);
    assert_eq!(services.signal.value.authority(), "netbird.example.com:10000");
    assert_eq!(services.relays.value[0].address, "rels://netbird.example.com:33080");
    let contradict = |vars: &[(&str, &str)], names: [&str; 2]| {
        let problems = loaded(vars).0.unwrap_err();
        assert!(names.iter().all(|name| problems.contains(name)), "{problems}");
    };
    contradict(
        &[("NETBIRD_MGMT_API_PORT", "33073")],
        ["NETBIRD_MGMT_API_PORT", "NETBIRD_MGMT_API_ENDPOINT"],
    );
    contradict(
        &[("NETBIRD_RELAY_PORT", "33080"), ("NETBIRD_RELAY_ENDPOINT", "rels://a.example.com:443")],
        ["NETBIRD_RELAY_PORT", "NETBIRD_RELAY_ENDPOINT"],
    );
}

#[test]
fn lists_and_choices_mean_what_they_say() {
    let config = |vars: &[(&str, &str)]| loaded(vars).0.unwrap();
    let access = |text| config(&[("AUTHENTIK_ACCESS_GROUPS", text)]).wishes.access;
    assert_eq!(access(""), Access::Unset);
    assert_eq!(access("*"), Access::Everyone);
    assert_eq!(access(" a,,b , a"), Access::Groups(vec!["a".into(), "b".into()]));
    let wishes = config(&[(
        "AUTHENTIK_REDIRECT_URIS",
        "https://a/x,regex:https://.*,logout:https://a/,logout:regex:x.*",
    )])
    .wishes;
    let read: Vec<_> =
        wishes.redirect_uris.iter().map(|w| (w.url.as_str(), w.pattern, w.logout)).collect();
    let wanted = [
        ("https://a/x", false, false),
        ("https://.*", true, false),
        ("https://a/", false, true),
        ("x.*", true, true),
    ];
    assert_eq!(read, wanted);
    let roles = config(&[("SETUP_ROLE_GROUPS", "a:b:admin, c : user")]).connect.role_groups;
    let roles: Vec<_> = roles.iter().map(|r| (r.group.as_str(), r.role.name())).collect();
    assert_eq!(roles, [("a:b", "admin"), ("c", "user")]);
    for mode in ["user_username", "user_email", "user_upn"] {
        let vars = [("SETUP_ROLE_GROUPS", "a:user"), ("AUTHENTIK_SUB_MODE", mode)];
        assert!(loaded(&vars).0.unwrap_err().contains("SETUP_ROLE_GROUPS"));
    }
    config(&[("SETUP_ROLE_GROUPS", "a:user"), ("AUTHENTIK_SUB_MODE", "user_uuid")]);
    assert_eq!(config(&[("SETUP_OUTPUTS", "none")]).files.outputs, []);
}

#[test]
fn each_kind_has_its_variables_and_keeps_the_owners_password_apart() {
    for kind in Kind::ALL {
        let name = kind.name();
        let (config, warnings) = loaded(&[("SETUP_NETBIRD", name)]);
        assert_eq!((config.unwrap().kind, warnings), (*kind, Vec::new()));
    }
    let owner = [
        ("SETUP_NETBIRD", "embedded"),
        ("SETUP_OWNER_EMAIL", "me@example.com"),
        ("NETBIRD_MGMT_IDP", "none"),
    ];
    assert_eq!(loaded(&owner).0.unwrap().owner.email.value, "me@example.com");
    let idp = [("SETUP_NETBIRD", "embedded"), ("NETBIRD_MGMT_IDP", "authentik")];
    let problems = loaded(&idp).0.unwrap_err();
    assert!(problems.contains("NETBIRD_MGMT_IDP: ") && problems.contains("SETUP_NETBIRD=embedded"));
    for password in ["seven77", &"x".repeat(73)] {
        let vars = [("SETUP_NETBIRD", "combined"), ("SETUP_OWNER_PASSWORD", password)];
        let problems = loaded(&vars).0.unwrap_err();
        assert!(problems.contains("8 to 72 bytes") && !problems.contains(password), "{problems}");
    }
    let together = [("SETUP_STATE_DIR", "/setup/"), ("SETUP_NETBIRD", "embedded")];
    assert!(loaded(&together).0.unwrap_err().contains("SETUP_STATE_DIR"));
    let (config, warnings) = loaded(&together[..1]);
    assert!(config.is_ok() && warnings[0].starts_with("SETUP_STATE_DIR: "), "{warnings:?}");
}

#[test]
fn what_is_odd_and_possible_is_a_warning() {
    for (name, value, says) in [
        ("SETUP_INTERVAL", "1s", "10 s is used"),
        ("AUTHENTIK_REDIRECT_URIS", "https://.*.example.com/auth", "put regex: in front of it"),
        ("NETBIRD_MGMT_IPD", "authentik", "did you mean NETBIRD_MGMT_IDP?"),
        ("NETBIRD_TURN_DOMIAN", "turn.example.com", "did you mean NETBIRD_TURN_DOMAIN?"),
    ] {
        let (config, warnings) = loaded(&[(name, value)]);
        assert!(config.is_ok(), "{name}: {config:?}");
        assert!(
            matches!(&warnings[..], [one] if one.contains(name) && one.contains(says)),
            "{warnings:?}"
        );
    }
}
