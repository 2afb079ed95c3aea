//! A whole login, as a NetBird client does it from what `management.json` says, without a browser.

use authentik_sim::Sim;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use netbird_authentik_init::authentik::oidc::{Jwks, Oidc};
use netbird_authentik_init::authentik::{Server, Via};
use netbird_authentik_init::config::load;
use netbird_authentik_init::http::Transport;
use serde_json::Value;
use url::form_urlencoded::Serializer;

use crate::support::{Case, PROFILES, release};

/// What a NetBird client knows, and its way to Authentik.
struct Client {
    case: Case,
    server: Server,
    runtime: tokio::runtime::Runtime,
    management: Value,
    keys: Jwks,
}

impl Client {
    fn new(profile: &str) -> Self {
        let case = Case::with(Sim::start(profile));
        case.init();
        let vars = [
            ("AUTHENTIK_HOST", case.sim.url()),
            ("AUTHENTIK_TOKEN", "not-used".into()),
            ("NETBIRD_DOMAIN", "netbird.example.com".into()),
        ];
        let config = load(vars.map(|(k, v)| (k.into(), v.into()))).config.unwrap();
        let connection = config.connection;
        let transport = Transport::new(&connection.tls).unwrap();
        let server =
            Server::new(transport, connection.internal, connection.public, connection.token);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let management: Value = serde_json::from_str(&case.read("management.json")).unwrap();
        let keys = runtime
            .block_on(Oidc(&server).jwks(Via::Internal, &Oidc::jwks_path("netbird")))
            .unwrap()
            .document;
        Self { case, server, runtime, management, keys }
    }

    fn post(&self, endpoint: &Value, fields: &[(&str, &str)]) -> Value {
        let url = endpoint.as_str().unwrap();
        let path = url.strip_prefix(&format!("{}/", self.case.sim.url())).unwrap();
        let form = Serializer::new(String::new()).extend_pairs(fields).finish();
        let answer = self
            .runtime
            .block_on(self.server.form(Via::InternalAsPublic, path, form, None))
            .unwrap();
        let text = String::from_utf8(answer.body).unwrap();
        assert_eq!(answer.status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The claims, after NetBird's own checks: a key of the set by `kid`, RSA, and the signature.
    fn verified(&self, token: &Value) -> Value {
        let parts: Vec<&str> = token.as_str().unwrap().split('.').collect();
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
        let header: Value = serde_json::from_slice(&decode(parts[0])).unwrap();
        assert_eq!(header["alg"], "RS256");
        let key = self.keys.keys.iter().find(|k| header["kid"] == k.kid.as_str()).unwrap();
        let public =
            ring::signature::RsaPublicKeyComponents { n: decode(&key.n), e: decode(&key.e) };
        let signed = format!("{}.{}", parts[0], parts[1]);
        public
            .verify(
                &ring::signature::RSA_PKCS1_2048_8192_SHA256,
                signed.as_bytes(),
                &decode(parts[2]),
            )
            .unwrap();
        serde_json::from_slice(&decode(parts[1])).unwrap()
    }

    /// What the files promise about every token.
    fn promised(&self, token: &Value, profile: &str) {
        let claims = self.verified(token);
        let http = &self.management["HttpConfig"];
        assert_eq!(claims["iss"], http["AuthIssuer"], "{profile}");
        assert_eq!(claims["aud"], http["AuthAudience"], "{profile}");
        let state = self.case.sim.state();
        let user = state.user("akadmin").unwrap();
        if release(profile) >= (2023, 2) {
            assert_eq!(claims["sub"], user["pk"].to_string(), "{profile}");
        }
        let groups = claims["groups"].as_array().unwrap_or_else(|| panic!("{profile}: {claims}"));
        assert!(groups.contains(&"authentik Admins".into()), "{profile}: {groups:?}");
        assert_eq!(claims["preferred_username"], "akadmin", "{profile}");
    }
}

#[test]
fn a_client_with_a_browser_logs_in_and_refreshes() {
    for profile in PROFILES.iter() {
        let client = Client::new(profile);
        let flow = client.management["PKCEAuthorizationFlow"]["ProviderConfig"].clone();
        let text = |key: &str| flow[key].as_str().unwrap();
        let redirect = flow["RedirectURLs"][0].as_str().unwrap();
        let verifier = "a-verifier-that-is-long-enough-for-the-rfc-0123456789";
        let digest = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
        let challenge = URL_SAFE_NO_PAD.encode(digest);
        let query = Serializer::new(String::new())
            .extend_pairs([
                ("client_id", text("ClientID")),
                ("redirect_uri", redirect),
                ("response_type", "code"),
                ("scope", text("Scope")),
                ("state", "x"),
                ("audience", text("Audience")),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
            ])
            .finish();
        let url = format!("{}?{query}", text("AuthorizationEndpoint"));
        let back = client.case.sim.login_code("akadmin", &url);
        assert!(back.starts_with(redirect), "{profile}: {back}");
        let back = url::Url::parse(&back).unwrap();
        let code = back.query_pairs().find(|(k, _)| k == "code").unwrap().1.into_owned();
        let tokens = client.post(
            &flow["TokenEndpoint"],
            &[
                ("grant_type", "authorization_code"),
                ("client_id", text("ClientID")),
                ("code", &code),
                ("redirect_uri", redirect),
                ("code_verifier", verifier),
            ],
        );
        client.promised(&tokens["access_token"], profile);
        client.promised(&tokens["id_token"], profile);
        let refresh = tokens["refresh_token"].as_str().unwrap();
        let refreshed = client.post(
            &flow["TokenEndpoint"],
            &[
                ("grant_type", "refresh_token"),
                ("client_id", text("ClientID")),
                ("refresh_token", refresh),
            ],
        );
        client.promised(&refreshed["access_token"], profile);
    }
}

#[test]
fn a_client_without_a_browser_logs_in_by_device_code() {
    for profile in PROFILES.iter() {
        let client = Client::new(profile);
        let flow = client.management["DeviceAuthorizationFlow"]["ProviderConfig"].clone();
        let text = |key: &str| flow[key].as_str().unwrap();
        let fields = [
            ("client_id", text("ClientID")),
            ("audience", text("Audience")),
            ("scope", text("Scope")),
        ];
        let given = client.post(&flow["DeviceAuthEndpoint"], &fields);
        assert!(given["expires_in"].as_u64().unwrap() >= 600, "{profile}: {given}");
        let code = match &given["user_code"] {
            Value::String(code) => code.clone(),
            other => other.to_string(),
        };
        assert!(client.case.sim.state().approve_device(&code, "akadmin"), "{profile}");
        let tokens = client.post(
            &flow["TokenEndpoint"],
            &[
                ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
                ("client_id", text("ClientID")),
                ("device_code", given["device_code"].as_str().unwrap()),
            ],
        );
        client.promised(&tokens["access_token"], profile);
    }
}
