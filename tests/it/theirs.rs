//! What people have in their files before this container sees them: kept, or refused with the key and the way out.

use std::collections::BTreeMap;
use std::process::Command;

use netbird_authentik_init::outputs::json::Node;
use serde_json::{Value, json};

use crate::support::{Case, Ended, side_by_side};

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn with(management: &str) -> Case {
    let case = Case::new("2026.2");
    std::fs::write(case.path("management.json"), management).unwrap();
    case
}

/// A file with a data store key and these further members.
fn holding(members: &str) -> Case {
    with(&format!("{{\"DataStoreEncryptionKey\": \"{KEY}\", {members}}}"))
}

fn management(case: &Case) -> Value {
    serde_json::from_str(&case.read("management.json")).unwrap()
}

fn tree(case: &Case) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(case.path("")).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|e| (e.file_name().into_string().unwrap(), std::fs::read(e.path()).unwrap()))
        .collect()
}

/// Refused by `init`, `plan` and `check` alike, and nothing is written, in Authentik neither.
#[track_caller]
fn refused(case: &Case, code: i32, says: &[&str]) -> Ended {
    let before = tree(case);
    let first_error = |ended: &Ended| {
        let line = ended.err.lines().find(|line| line.contains(" ERROR ")).map(str::to_owned);
        line.unwrap_or_default().split_once(" ERROR ").unwrap_or_default().1.to_owned()
    };
    let init = case.run(&[]).expect(code).says(says);
    let plan = case.run(&["plan"]).expect(code).says(says);
    assert!(plan.out.contains("! refused: "), "{}", plan.out);
    assert_eq!(first_error(&init), first_error(&plan));
    case.run(&["check"]).expect(code);
    assert_eq!(case.sim.writes().len(), 0);
    assert_eq!(tree(case), before);
    init
}

/// Every value below these keys, as it is written.
fn written(text: &str, keys: &[&str]) -> Vec<Option<Node>> {
    let root = Node::parse(text).unwrap();
    keys.iter().map(|key| root.at(key).cloned()).collect()
}

#[test]
fn services_of_their_own_stay_and_the_other_files_follow_them() {
    let theirs = r#"{
        "Stuns": [{"Proto": "udp", "URI": "stun:a.example.net:5349", "Username": "", "Password": null},
                  {"Proto": "udp", "URI": "stun:b.example.net:3478"}],
        "TURNConfig": {"Turns": [{"Proto": "tcp", "URI": "turn:t.example.net:443", "Username": "u", "Password": "p$w{d"}],
                       "CredentialsTTL": "6h", "Secret": "shared", "TimeBasedCredentials": true},
        "Relay": {"Addresses": ["rels://one.example.net:8443", "rel://two.example.net:80"], "CredentialsTTL": "12h",
                  "Secret": "a-relay-secret-of-theirs"},
        "Signal": {"Proto": "http", "URI": "s.example.net:10000", "Password": null},
        "ReverseProxy": {"TrustedPeers": ["192.0.2.0/24"], "TrustedHTTPProxiesCount": 3},
        "Datadir": "/data/", "StoreConfig": {"Engine": "mysql"}, "DisableDefaultPolicy": true,
        "DataStoreEncryptionKey": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        "HttpConfig": {"Address": "0.0.0.0:443", "CertFile": "/c/f.pem", "CertKey": "/c/k.pem", "AuthUserIDClaim": "email",
                       "ExtraAuthAudience": "other"},
        "PKCEAuthorizationFlow": {"ProviderConfig": {"ClientSecret": "", "RedirectURLs": ["http://localhost:41000", "http://127.0.0.1:42000/"]}},
        "LaterKey": {"n": [90071992547409931234567890, 1E+2, -0.0, 0.10], "t": "caf\u00e9 \/ \ud83d\ude80", "again": 1, "again": 2}
    }"#;
    let keys = [
        "Stuns",
        "TURNConfig",
        "Relay",
        "Signal",
        "ReverseProxy",
        "Datadir",
        "StoreConfig",
        "DisableDefaultPolicy",
        "DataStoreEncryptionKey",
        "HttpConfig.Address",
        "HttpConfig.CertFile",
        "HttpConfig.CertKey",
        "HttpConfig.AuthUserIDClaim",
        "HttpConfig.ExtraAuthAudience",
        "PKCEAuthorizationFlow.ProviderConfig.RedirectURLs",
        "LaterKey",
    ];
    let mut case = with(theirs);
    for domain in ["netbird.example.com", "moved.example.com"] {
        case.env("NETBIRD_DOMAIN", domain);
        case.init();
        assert_eq!(written(&case.read("management.json"), &keys), written(theirs, &keys));
        let relay = case.read("relay.env");
        assert!(relay.contains("NB_EXPOSED_ADDRESS='rels://one.example.net:8443'"), "{relay}");
        assert!(relay.contains("NB_AUTH_SECRET='a-relay-secret-of-theirs'"), "{relay}");
        let setup = case.read("setup.env");
        assert!(setup.contains("REDIRECT_URL_PORTS='41000,42000'"), "{setup}");
        assert!(setup.contains("NETBIRD_RELAY_ENDPOINT='rels://one.example.net:8443'"), "{setup}");
        assert_eq!(case.run(&["plan"]).expect(0).out, "= 7 unchanged\n");
    }
    let uris = case.sim.state().providers[0]["redirect_uris"].to_string();
    for uri in ["http://localhost:41000\"", "http://localhost:41000/\"", "http://localhost:42000\""]
    {
        assert!(uri.contains(uri), "{uri} in {uris}");
    }
    // A variable goes before what is there.
    case.env("NETBIRD_SIGNAL_ENDPOINT", "https://v.example.net:443")
        .env("NETBIRD_RELAY_ENDPOINT", "rels://v1.example.net:443,rels://v2.example.net:443")
        .env("NETBIRD_STUN_ENDPOINTS", "stun:v.example.net:3478")
        .env("NETBIRD_AUTH_PKCE_REDIRECT_URL_PORTS", "43000");
    case.init();
    let file = management(&case);
    assert_eq!(
        file["Signal"],
        json!({"Proto": "https", "URI": "v.example.net:443", "Password": null})
    );
    let relays = json!(["rels://v1.example.net:443", "rels://v2.example.net:443"]);
    assert_eq!(file["Relay"]["Addresses"], relays);
    assert_eq!(file["Stuns"], json!([{"Proto": "udp", "URI": "stun:v.example.net:3478"}]));
    let urls = &file["PKCEAuthorizationFlow"]["ProviderConfig"]["RedirectURLs"];
    assert_eq!(*urls, json!(["http://localhost:43000"]));
    assert!(case.read("relay.env").contains("'rels://v1.example.net:443'"));
    assert_eq!(file["TURNConfig"]["Turns"][0]["Password"], "p$w{d", "no variable speaks of it");
}

#[test]
fn a_redirect_url_that_leads_elsewhere_is_never_registered_because_a_file_says_so() {
    let urls = r#"["http://localhost:53000", "https://evil.example.org/cb", "http://localhost.evil.example.org:1"]"#;
    let flow =
        format!("\"PKCEAuthorizationFlow\": {{\"ProviderConfig\": {{\"RedirectURLs\": {urls}}}}}");
    let case = holding(&flow);
    case.init().says(&["https://evil.example.org/cb", "AUTHENTIK_REDIRECT_URIS"]);
    assert!(!case.sim.state().providers[0]["redirect_uris"].to_string().contains("evil"));
    let kept = &management(&case)["PKCEAuthorizationFlow"]["ProviderConfig"]["RedirectURLs"];
    assert_eq!(*kept, serde_json::from_str::<Value>(urls).unwrap());
}

#[test]
fn braces_keep_the_form_that_they_have() {
    let members = [
        r#""Datadir": "{{ .DATA }}""#,
        r#""X": {"plain": "{{ .A }}-{{.B}}", "escaped": "\u007b\u007b .A }}", "half": "{\u007b", "other": "\u007B{"}"#,
    ];
    let case = holding(&members.join(", "));
    let before = written(&case.read("management.json"), &["Datadir", "X"]);
    for _ in 0..2 {
        case.init();
        assert_eq!(written(&case.read("management.json"), &["Datadir", "X"]), before);
    }
}

#[test]
fn secrets_that_this_container_would_not_make_arrive_everywhere() {
    for secret in
        ["it's a $ecret", "a\"b\\c `d` $(e)", "{{braces}}", " blanks ", "é \u{1f680}", "x"]
    {
        let escaped = json!(secret).to_string().replace('{', "\\u007b");
        let case = holding(&format!("\"Relay\": {{\"Secret\": {escaped}}}"));
        case.init();
        assert_eq!(management(&case)["Relay"]["Secret"], secret);
        let output = Command::new("bash")
            .args(["-c", "set -eu; . ./relay.env; printf %s \"$NB_AUTH_SECRET\""])
            .current_dir(case.path(""))
            .env_clear()
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), secret);
        std::fs::remove_file(case.path("secrets.json")).unwrap();
        case.init();
        assert_eq!(management(&case)["Relay"]["Secret"], secret);
    }
}

/// Members, what the log says, and whether another `NETBIRD_MGMT_IDP` makes no difference.
const REFUSED: &[(&str, &[&str])] = &[
    (
        r#""EmbeddedIdP": {"Enabled": true, "Issuer": "https://nb.example.org/oauth2"}"#,
        &["EmbeddedIdP", "SETUP_NETBIRD"],
    ),
    (r#""embeddedidp": {"enabled": true}"#, &["EmbeddedIdP", "SETUP_NETBIRD"]),
    (r#""EmbeddedIdP": {"Enabled": "{{ .ON }}"}"#, &["EmbeddedIdP"]),
    (
        r#""IdpManagerConfig": {"ManagerType": "keycloak", "ClientConfig": {"Issuer": "https://k.example.org"}}"#,
        &["IdpManagerConfig.ManagerType", "keycloak"],
    ),
    (r#""IdpManagerConfig": {"ManagerType": "Azure"}"#, &["IdpManagerConfig.ManagerType", "azure"]),
    (r#""idpmanagerconfig": {"managertype": "auth0"}"#, &["IdpManagerConfig.ManagerType", "auth0"]),
    (r#""IdpManagerConfig": {"ManagerType": "{{ .TYPE }}"}"#, &["IdpManagerConfig.ManagerType"]),
    (r#""IdpManagerConfig": {"ManagerType": {"a": 1}}"#, &["IdpManagerConfig.ManagerType"]),
    (r#""HttpConfig": {}, "HTTPConfig": {}"#, &["HttpConfig", "HTTPConfig"]),
    (
        r#""HttpConfig": {"AuthIssuer": "https://a/", "authissuer": "https://b/"}"#,
        &["HttpConfig.AuthIssuer", "HttpConfig.authissuer"],
    ),
    (r#""Signal": {"URI": "a:1", "URI": "b:1"}"#, &["Signal.URI", "twice"]),
    (
        r#""TURNConfig": {"Turns": [{"Uri": "turn:a", "URI": "turn:b"}]}"#,
        &["TURNConfig.Turns.Uri", "TURNConfig.Turns.URI"],
    ),
    (
        "\"Relay\": {\"Secret\": \"one-secret\", \"\u{17f}ecret\": \"two-secrets\"}",
        &["Relay.Secret"],
    ),
    (r#""datastoreencryptionkey": "x""#, &["DataStoreEncryptionKey", "datastoreencryptionkey"]),
    (r#""Relay": "{{ .RELAY }}""#, &["Relay is a text, not an object"]),
    (r#""Stuns": {"Proto": "udp"}"#, &["Stuns is an object, not a list"]),
    (r#""Relay": {"Addresses": "rels://a:443"}"#, &["Relay.Addresses is a text, not a list"]),
    (
        r#""Relay": {"Addresses": ["{{ .RELAY }}"]}"#,
        &["Relay.Addresses", "NETBIRD_RELAY_ENDPOINT", "SETUP_OUTPUTS"],
    ),
    (
        r#""Relay": {"Secret": {"_secret": "/run/secrets/relay"}}"#,
        &["Relay.Secret", "an object", "NETBIRD_RELAY_AUTH_SECRET"],
    ),
    (r#""Relay": {"Secret": 12345678}"#, &["Relay.Secret", "a number"]),
    (
        r#""Relay": {"Secret": "{{ .NB_RELAY }}"}"#,
        &["Relay.Secret", "relay.env", "NETBIRD_RELAY_AUTH_SECRET", "SETUP_OUTPUTS"],
    ),
    (r#""Datadir": 5"#, &["Datadir is a number, not a text"]),
    (r#""Signal": {"URI": 5}"#, &["Signal.URI is a number, not a text"]),
    (r#""Signal": {"Proto": {}}"#, &["Signal.Proto is an object, not a text"]),
    (r#""Stuns": ["stun:a:1"]"#, &["Stuns is a text, not an object"]),
    (r#""Stuns": [{"URI": "stun:a:1"}, {"URI": 7}]"#, &["Stuns.URI is a number, not a text"]),
    (
        r#""Relay": {"Addresses": ["rels://a:443", 1]}"#,
        &["Relay.Addresses is a number, not a text"],
    ),
    (
        r#""Relay": {"CredentialsTTL": "1 day"}"#,
        &["Relay.CredentialsTTL is another text, not a duration"],
    ),
    (r#""StoreConfig": {"Engine": 1}"#, &["StoreConfig.Engine is a number, not a text"]),
    (r#""DisableDefaultPolicy": "true""#, &["DisableDefaultPolicy is a text, not true or false"]),
    (
        r#""HttpConfig": {"AuthUserIDClaim": []}"#,
        &["HttpConfig.AuthUserIDClaim is a list, not a text"],
    ),
    (r#""HttpConfig": {"certfile": 1}"#, &["HttpConfig.CertFile is a number, not a text"]),
    (
        r#""TURNConfig": {"Secret": {"_secret": "x"}}"#,
        &["TURNConfig.Secret is an object, not a text"],
    ),
    (
        r#""TURNConfig": {"TimeBasedCredentials": "yes"}"#,
        &["TimeBasedCredentials is a text, not true or false"],
    ),
    (r#""ReverseProxy": {"TrustedPeers": "10.0.0.0/8"}"#, &["TrustedPeers is a text, not a list"]),
    (
        r#""ReverseProxy": {"TrustedPeers": ["10.0.0.1"]}"#,
        &["TrustedPeers is another text, not a network"],
    ),
    (
        r#""ReverseProxy": {"TrustedHTTPProxiesCount": -1}"#,
        &["TrustedHTTPProxiesCount is a number, not a whole number"],
    ),
    (
        r#""PKCEAuthorizationFlow": {"ProviderConfig": {"RedirectURLs": [5]}}"#,
        &["ProviderConfig.RedirectURLs is a number, not a text"],
    ),
    (
        r#""DeviceAuthorizationFlow": {"ProviderConfig": {"UseIDToken": "false"}}"#,
        &["ProviderConfig.UseIDToken is a text, not true or false"],
    ),
    (
        r#""IdpManagerConfig": {"ManagerType": "none", "ExtraConfig": {"Note": 1}}"#,
        &["IdpManagerConfig.ExtraConfig.Note is a number, not a text"],
    ),
    (
        r#""HttpConfig": {"AuthIssuer": "https://auth.example.org/application/o/mesh/"}"#,
        &["AUTHENTIK_APPLICATION_SLUG=mesh"],
    ),
    (
        r#""HttpConfig": {"AuthKeysLocation": "http://authentik:9000/sub/application/o/other/jwks/"}"#,
        &["AUTHENTIK_APPLICATION_SLUG=other"],
    ),
];

#[test]
fn what_netbird_would_read_otherwise_than_it_looks_is_refused() {
    side_by_side(REFUSED, |(members, says)| {
        let mut case = holding(members);
        refused(&case, 65, says);
        case.env("NETBIRD_MGMT_IDP", "none");
        refused(&case, 65, says);
    });
}

#[test]
fn a_file_that_is_no_json_object_is_refused_by_its_place_alone() {
    for text in [
        "",
        "[]",
        "null",
        "{\"A\": {{ .X }}}",
        "{\"S\": \"hidden-value\"",
        "\u{feff}{}",
        "{\"a\": 1}}",
    ] {
        let ended = refused(&with(text), 65, &["management.json is not a JSON object"]);
        assert!(!ended.err.contains("hidden-value"));
    }
    let case = with("");
    std::fs::write(case.path("management.json"), b"{\"a\": \"\xff\"}").unwrap();
    refused(&case, 65, &["management.json is not a JSON object", "not UTF-8"]);
    refused(&with(&"[".repeat(50_000)), 65, &["management.json is not a JSON object"]);
}

#[test]
fn a_key_that_is_no_text_is_never_replaced_in_silence() {
    for key in [r#"{"_secret": "/run/secrets/key"}"#, r#"["x"]"#, "17", "true", r#""\ud800""#] {
        let mut case = with(&format!("{{\"DataStoreEncryptionKey\": {key}}}"));
        refused(&case, 65, &["DataStoreEncryptionKey", "must not be replaced"]);
        case.env("NETBIRD_DATASTORE_ENC_KEY", KEY);
        refused(&case, 65, &["DataStoreEncryptionKey", "must not be replaced"]);
    }
}

#[test]
fn a_key_that_netbirds_environment_fills_in_stays_there() {
    let template =
        r#"{"DataStoreEncryptionKey": "{{ .NB_KEY }}", "Relay": {"Secret": "{{ .NB_RELAY }}"}}"#;
    let mut case = with(template);
    refused(&case, 65, &["DataStoreEncryptionKey", "template", "setup.env", "SETUP_OUTPUTS"]);
    case.env("SETUP_OUTPUTS", "management.json,dashboard.env");
    for _ in 0..2 {
        case.init();
        let file = management(&case);
        assert_eq!(file["DataStoreEncryptionKey"], "{{ .NB_KEY }}");
        assert_eq!(file["Relay"]["Secret"], "{{ .NB_RELAY }}");
        assert!(!case.read("secrets.json").contains("datastore_enc_key"));
    }
    case.env("SETUP_OUTPUTS", "management.json,setup.env,relay.env")
        .env("NETBIRD_DATASTORE_ENC_KEY", KEY)
        .env("NETBIRD_RELAY_AUTH_SECRET", "the-same-relay-secret");
    case.init();
    assert_eq!(management(&case)["DataStoreEncryptionKey"], "{{ .NB_KEY }}");
    assert_eq!(management(&case)["Relay"]["Secret"], "{{ .NB_RELAY }}");
    assert!(case.read("setup.env").contains(KEY));
    assert!(case.read("relay.env").contains("the-same-relay-secret"));
}

#[test]
fn authentiks_own_manager_is_completed_left_or_taken_away_as_asked() {
    let broken = r#""IdpManagerConfig": {"ManagerType": "authentik", "ClientID": "x", "Extra": {"Username": "y"}}"#;
    let mut case = holding(broken);
    refused(
        &case,
        65,
        &["IdpManagerConfig.ManagerType", "ExtraConfig.Password", "NETBIRD_MGMT_IDP=authentik"],
    );
    case.env("NETBIRD_MGMT_IDP", "authentik");
    case.init();
    let manager = management(&case)["IdpManagerConfig"].clone();
    assert_eq!(manager["ClientConfig"]["GrantType"], "client_credentials");
    assert_eq!(manager["ExtraConfig"]["Username"], "Netbird");
    assert_eq!(manager["Extra"], json!({"Username": "y"}), "nobody reads it, and it stays");
    // Not asked any more: it stays. Asked not to be: it goes, and the log says what is left in Authentik.
    case.unset("NETBIRD_MGMT_IDP").init();
    assert_eq!(management(&case)["IdpManagerConfig"], manager);
    case.env("NETBIRD_MGMT_IDP", "none");
    let plan = case.run(&["plan"]).expect(2);
    assert!(
        plan.out.contains("~ management.json: IdpManagerConfig.ManagerType: authentik -> none"),
        "{}",
        plan.out
    );
    case.init().says(&["service account Netbird can be deleted"]);
    assert_eq!(management(&case)["IdpManagerConfig"], json!({"ManagerType": "none"}));
    // One of another Authentik is not this container's to take away.
    let other = manager.to_string().replace(&case.sim.url(), "https://auth.example.org");
    let mut case = holding(&format!("\"IdpManagerConfig\": {other}"));
    case.env("NETBIRD_MGMT_IDP", "none");
    refused(&case, 65, &["IdpManagerConfig.ManagerType", "another issuer"]);
    case.unset("NETBIRD_MGMT_IDP").init();
}

#[test]
fn a_user_id_claim_that_tokens_do_not_have_is_refused() {
    let case = holding(r#""HttpConfig": {"AuthUserIDClaim": "oid"}"#);
    let before = case.read("management.json");
    case.run(&[]).expect(65).says(&["HttpConfig.AuthUserIDClaim is oid", "token invalid", "sub"]);
    let plan = case.run(&["plan"]).expect(65);
    assert!(plan.out.contains("AuthUserIDClaim"), "{}", plan.out);
    case.run(&["check"]).expect(65);
    assert_eq!(case.read("management.json"), before);
}

#[test]
fn a_text_file_of_somebody_else_is_refused_and_an_empty_one_is_nobodys() {
    for name in ["setup.env", "dashboard.env", "relay.env", "turnserver.conf"] {
        for text in [
            "# our own\nX=1\n",
            "\n# Written by netbird-authentik-init\n",
            "A='b'",
            " ",
            "#Written by netbird-authentik-init",
        ] {
            let mut case = Case::new("2026.2");
            case.env("SETUP_OUTPUTS", name).env("NETBIRD_TURN_DOMAIN", "turn.example.com");
            std::fs::write(case.path(name), text).unwrap();
            refused(
                &case,
                65,
                &[
                    &format!("{name} was not written by this container"),
                    "SETUP_OUTPUTS",
                    "SETUP_DIR",
                ],
            );
        }
        let mut case = Case::new("2026.2");
        case.env("SETUP_OUTPUTS", name).env("NETBIRD_TURN_DOMAIN", "turn.example.com");
        std::fs::write(case.path(name), "").unwrap();
        case.init();
        assert!(case.read(name).starts_with("# Written by netbird-authentik-init"));
    }
    // One that is not asked for is left alone.
    let mut case = Case::new("2026.2");
    case.env("SETUP_OUTPUTS", "management.json");
    std::fs::write(case.path("relay.env"), "A=1\n").unwrap();
    case.init();
    assert_eq!(case.read("relay.env"), "A=1\n");
}

#[test]
fn all_files_agree_with_the_ports_that_are_named() {
    let mut case = Case::new("2026.2");
    case.env("NETBIRD_MGMT_API_ENDPOINT", "https://netbird.example.com:33073")
        .env("NETBIRD_SIGNAL_PORT", "10001")
        .env("NETBIRD_MGMT_API_PORT", "33073")
        .env("NETBIRD_RELAY_PORT", "33081");
    case.init();
    let file = management(&case);
    assert_eq!(file["Signal"]["URI"], "netbird.example.com:10001");
    assert_eq!(file["Relay"]["Addresses"], json!(["rels://netbird.example.com:33081"]));
    assert!(
        case.read("relay.env").contains("NB_EXPOSED_ADDRESS='rels://netbird.example.com:33081'")
    );
    let dashboard = case.read("dashboard.env");
    assert!(dashboard.contains("NETBIRD_MGMT_API_ENDPOINT='https://netbird.example.com:33073'"));
    let setup = case.read("setup.env");
    for line in [
        "NETBIRD_SIGNAL_PORT='10001'",
        "NETBIRD_MGMT_API_PORT='33073'",
        "NETBIRD_RELAY_PORT='33081'",
    ] {
        assert!(setup.contains(line), "{setup}");
    }
}
