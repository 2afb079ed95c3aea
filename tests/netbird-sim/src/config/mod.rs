//! What the server was told: by management.json (the split image) or by config.yaml (the combined one).

pub(crate) mod combined;
pub(crate) mod json;
pub(crate) mod management;
pub(crate) mod schema;
mod template;

use serde_json::Value;

use crate::config::json::Json;
use crate::config::schema::{Fields, Shape, decode, zero};

/// Who issues the tokens that the API takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Another server.
    Standalone,
    /// The provider inside of NetBird.
    Embedded,
}

/// Everything that a file says and the simulator heeds.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) http: Http,
    /// Whether the file has a section `HttpConfig`.
    pub(crate) has_http: bool,
    pub(crate) manager: Option<Manager>,
    pub(crate) device: Option<Value>,
    pub(crate) pkce: Option<Value>,
    pub(crate) store_key: String,
    pub(crate) embedded: Option<Embedded>,
}

impl Config {
    pub(crate) fn kind(&self) -> Kind {
        if self.embedded.is_some() { Kind::Embedded } else { Kind::Standalone }
    }
}

/// How tokens of another server are checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Http {
    pub(crate) issuer: String,
    pub(crate) audiences: Vec<String>,
    pub(crate) user_id_claim: String,
    pub(crate) keys_location: String,
    pub(crate) discovery: String,
    pub(crate) refreshes_keys: bool,
}

/// Whoever lists the users.
#[derive(Clone, Debug)]
pub(crate) struct Manager {
    pub(crate) kind: String,
    pub(crate) client_id: String,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) token_endpoint: String,
    pub(crate) issuer: String,
    pub(crate) grant_type: String,
}

/// The provider inside of NetBird.
#[derive(Clone, Debug, Default)]
pub(crate) struct Embedded {
    pub(crate) issuer: String,
    pub(crate) storage: String,
    pub(crate) dsn: String,
    pub(crate) dashboard_redirects: Vec<String>,
    pub(crate) cli_redirects: Vec<String>,
    pub(crate) post_logout_redirects: Vec<String>,
    pub(crate) owner: Option<Owner>,
    pub(crate) local_auth_disabled: bool,
    pub(crate) cookie_key: String,
    pub(crate) connectors: Vec<Connector>,
    pub(crate) grant_types: Vec<String>,
}

/// A local user that the file names.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    pub(crate) email: String,
    pub(crate) hash: String,
    pub(crate) name: String,
}

/// A way to log in.
#[derive(Clone, Debug, PartialEq)]
pub struct Connector {
    /// Its id, which is part of every id of its users.
    pub id: String,
    /// `local`, `authentik`, `oidc` and so on, as stored.
    pub kind: String,
    /// What the button says.
    pub name: String,
    /// Its options, as stored; how their keys are spelt does not matter.
    pub config: Value,
}

/// The options of a connector that the simulator heeds.
const OPTIONS: Fields = &[
    ("issuer", Shape::Text),
    ("issuerAlias", Shape::Text),
    ("clientID", Shape::Text),
    ("clientSecret", Shape::Text),
    ("redirectURI", Shape::Text),
    ("basicAuthUnsupported", Shape::Free),
    ("scopes", Shape::List(&Shape::Text)),
    ("rootCAs", Shape::List(&Shape::Text)),
    ("insecureSkipVerify", Shape::Flag),
    ("insecureSkipEmailVerified", Shape::Free),
    ("insecureEnableGroups", Shape::Free),
    ("allowedGroups", Shape::List(&Shape::Text)),
    ("getUserInfo", Shape::Flag),
    ("userIDKey", Shape::Text),
    ("userNameKey", Shape::Text),
    ("pkceChallenge", Shape::Text),
    ("promptType", Shape::Free),
    (
        "providerDiscoveryOverrides",
        Shape::Object(&[
            ("tokenURL", Shape::Text),
            ("authURL", Shape::Text),
            ("jwksURL", Shape::Text),
            ("endSessionURL", Shape::Text),
        ]),
    ),
];

impl Connector {
    /// The options in their own spelling.
    pub(crate) fn options(&self) -> Result<Value, String> {
        let mut options = zero(Shape::Object(OPTIONS));
        let json = Json::from_value(&self.config);
        decode(Shape::Object(OPTIONS), &mut options, &json, "Config")?;
        Ok(options)
    }

    /// The type that the API tells, which is guessed from the id.
    pub(crate) fn told_kind(&self) -> &str {
        if self.kind == "local" {
            return "local";
        }
        let id = self.id.to_lowercase();
        let known = ["pocketid", "zitadel", "entra", "okta", "authentik", "keycloak", "adfs"];
        known.into_iter().find(|kind| id.contains(kind)).unwrap_or("oidc")
    }
}

/// The texts of a list.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
