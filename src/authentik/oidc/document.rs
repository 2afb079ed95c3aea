//! The two documents that everybody starts from, as far as NetBird uses them, and what came with them.

use std::time::Duration;

use reqwest::header;
use serde::Deserialize;

use crate::http::answer::{Answer, text_header};

/// The discovery document (OpenID Connect Discovery 1.0, section 3), as far as NetBird uses it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Discovery {
    /// Must equal the `iss` of every token.
    pub issuer: String,
    /// Where browsers log in.
    pub authorization_endpoint: String,
    /// Where codes become tokens.
    pub token_endpoint: String,
    /// Where headless clients begin (RFC 8628).
    pub device_authorization_endpoint: String,
    /// Where the keys are.
    pub jwks_uri: String,
    /// Where the dashboard asks for the person's name.
    pub userinfo_endpoint: String,
    /// Where a logout goes; browsers alone go there.
    pub end_session_endpoint: String,
    /// The provider's own from 2026.8 on, the same for all before.
    pub grant_types_supported: Vec<String>,
    /// What tokens say, as far as Authentik knows without a user.
    pub claims_supported: Vec<String>,
    /// RS256 is what NetBird verifies.
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// There only if tokens are encrypted.
    pub id_token_encryption_alg_values_supported: Vec<String>,
}

impl Discovery {
    /// Whether it is JSON of something else: every discovery document names at least one of these.
    pub fn says_nothing(&self) -> bool {
        [&self.issuer, &self.token_endpoint, &self.jwks_uri].iter().all(|text| text.is_empty())
    }

    /// Each endpoint that NetBird is told, or that browsers use: its name, its URL, and the path that it has in every
    /// release so far, below the base URL.
    pub fn endpoints(&self, slug: &str) -> [(&'static str, &str, String); 6] {
        let common = |name: &str| format!("application/o/{name}/");
        let own = |name: &str| format!("application/o/{slug}/{name}/");
        [
            ("authorization_endpoint", &self.authorization_endpoint, common("authorize")),
            ("token_endpoint", &self.token_endpoint, common("token")),
            (
                "device_authorization_endpoint",
                &self.device_authorization_endpoint,
                common("device"),
            ),
            ("userinfo_endpoint", &self.userinfo_endpoint, common("userinfo")),
            ("jwks_uri", &self.jwks_uri, own("jwks")),
            ("end_session_endpoint", &self.end_session_endpoint, own("end-session")),
        ]
    }
}

/// One key (RFC 7517); what NetBird needs of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Jwk {
    /// Key type: `RSA`.
    pub kty: String,
    /// Key id, by which a token names it.
    pub kid: String,
    /// Algorithm; may be absent.
    pub alg: String,
    /// Modulus.
    pub n: String,
    /// Exponent.
    pub e: String,
}

/// Algorithms that NetBird's management verifies with an RSA key.
const ALGORITHMS: [&str; 3] = ["RS256", "RS384", "RS512"];

/// A key set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Jwks {
    /// Absent when the provider has no signing key.
    pub keys: Vec<Jwk>,
}

impl Jwks {
    /// Whether one key is usable by NetBird, which looks keys up by `kid` and reads RSA ones only.
    pub fn has_rsa_key(&self) -> bool {
        let known = |alg: &str| alg.is_empty() || ALGORITHMS.contains(&alg);
        self.keys.iter().any(|k| {
            k.kty == "RSA"
                && known(&k.alg)
                && !k.kid.is_empty()
                && !k.n.is_empty()
                && !k.e.is_empty()
        })
    }

    /// Whether the two sets have a key in common.
    pub fn shares_a_key(&self, other: &Self) -> bool {
        self.keys.iter().any(|key| other.keys.iter().any(|k| k.kid == key.kid))
    }
}

/// A document, and what came with it.
#[derive(Clone, Debug)]
pub struct Sighting<T> {
    /// The document.
    pub document: T,
    /// How far the server's clock is ahead of this machine's, in seconds, from the Date header.
    pub clock_ahead: Option<i64>,
    /// `max-age` of Cache-Control, in seconds; nothing where that is no time at all.
    pub max_age: Option<u64>,
    /// `Access-Control-Allow-Origin`.
    pub allowed_origin: Option<String>,
}

impl<T> Sighting<T> {
    pub(super) fn new(document: T, answer: &Answer) -> Self {
        Self {
            document,
            clock_ahead: clock_ahead(answer),
            max_age: max_age(answer),
            allowed_origin: allowed_origin(answer),
        }
    }
}

/// Which page's script may read the answer: as it is, since it is compared, and a secret may be a part of a name.
pub(super) fn allowed_origin(answer: &Answer) -> Option<String> {
    text_header(&answer.headers, header::ACCESS_CONTROL_ALLOW_ORIGIN).map(str::to_owned)
}

/// The difference of the clocks. The Date header has whole seconds and was made while the request was
/// under way, so what the request took is subtracted in the server's favour.
fn clock_ahead(answer: &Answer) -> Option<i64> {
    let date = text_header(&answer.headers, header::DATE)?;
    let server = httpdate::parse_http_date(date).ok()?;
    let seconds = |d: Duration| i64::try_from(d.as_secs()).unwrap_or(i64::MAX);
    Some(match server.duration_since(answer.received) {
        Ok(ahead) => seconds(ahead),
        Err(e) => {
            let slack = answer.elapsed + Duration::from_secs(1);
            -seconds(e.duration().saturating_sub(slack))
        }
    })
}

fn max_age(answer: &Answer) -> Option<u64> {
    let value = text_header(&answer.headers, header::CACHE_CONTROL)?.to_ascii_lowercase();
    let max_age: Option<u64> =
        value.split(',').find_map(|part| part.trim().strip_prefix("max-age=")?.parse().ok());
    max_age.filter(|seconds| *seconds > 0)
}
