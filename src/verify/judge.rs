//! Judges the evidence: each check passes, warns or fails, and a failure says what to do. Pure.

use super::{Evidence, Expectation, PublicSide};
use crate::authentik::oidc::{Discovery, Verdict};
use crate::authentik::trouble::Kind;
use crate::error::{Error, Exit};

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Not asked.
    Skipped,
    /// As it must be.
    Pass,
    /// It works now, or from here, but something will be felt.
    Warn,
    /// NetBird would not work.
    Fail,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name, for machines.
    pub name: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// What was seen.
    pub detail: String,
    /// What to do, unless it passed.
    pub remedy: Option<String>,
    /// The code that `check` ends with if this is the first failure.
    pub exit: Exit,
}

impl Check {
    /// As it must be.
    pub fn pass(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Pass, detail: detail.into(), remedy: None, exit: Exit::Ok }
    }

    /// Not asked, and why.
    pub fn skipped(name: &'static str, why: impl Into<String>) -> Self {
        Self { outcome: Outcome::Skipped, ..Self::pass(name, why) }
    }

    /// A plan that is refused.
    pub fn refused(error: &Error) -> Self {
        let remedy = error.remedy.clone().unwrap_or_default();
        Self::fail("provider", error.to_string(), remedy).exiting(error.exit)
    }

    /// With another exit code than that of an answer that does not fit.
    #[must_use]
    pub fn exiting(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// It works, with a remark.
    pub fn warn(name: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        let remedy = Some(remedy.into());
        Self { outcome: Outcome::Warn, remedy, ..Self::pass(name, detail) }
    }

    /// NetBird would not work.
    pub fn fail(name: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        let remedy = Some(remedy.into());
        Self { outcome: Outcome::Fail, remedy, exit: Exit::Protocol, ..Self::pass(name, detail) }
    }

    /// The error that a failed check ends the run with.
    pub fn error(&self) -> Option<Error> {
        (self.outcome == Outcome::Fail).then(|| Error {
            remedy: self.remedy.clone(),
            ..Error::new(Exit::Protocol, format!("check {} failed", self.name))
                .because(&self.detail)
        })
    }
}

/// From this many seconds on, clocks that differ are worth a warning: NetBird refuses tokens "used before
/// issued" without any leeway.
const CLOCK_WARNING: u64 = 5;

/// All checks, in the order in which a failure explains the next ones.
pub fn judge(evidence: &Evidence, expected: &Expectation) -> Vec<Check> {
    let discovery = &evidence.discovery.document;
    let mut checks = vec![issuer(evidence, expected)];
    checks.extend(evidence.public.as_ref().map(|side| public_url(side, expected)));
    checks.push(endpoints(discovery, expected));
    checks.push(algorithm(discovery));
    checks.push(key(evidence));
    checks.extend(evidence.authorize.iter().map(|(uri, verdict)| authorize(uri, verdict)));
    checks.push(clock(evidence));
    checks
}

fn issuer(evidence: &Evidence, expected: &Expectation) -> Check {
    const NAME: &str = "issuer";
    let got = &evidence.discovery.document.issuer;
    let want = &expected.issuer;
    if got == want {
        return Check::pass(NAME, want.clone());
    }
    let detail = format!("discovery says {got}, expected {want}");
    let by_public = evidence.public.as_ref().and_then(|side| side.discovery.as_ref().ok());
    if by_public.is_some_and(|seen| seen.document.issuer == *want) {
        // The public URL is what NetBird uses; only our way of asking for it from inside does not count.
        return Check::warn(
            NAME,
            format!("{detail} (the public URL itself says the expected one)"),
            "nothing if NetBird uses the public URL; to have it right from inside too, add this network to \
             AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS of Authentik's server",
        );
    }
    let https = got.replacen("http://", "https://", 1);
    let remedy = if https == *want && https != *got {
        "Authentik does not believe the X-Forwarded-Proto header of this container: from 2026.8 on it counts \
         only from AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS, which must contain this network and the proxy's"
    } else {
        "set AUTHENTIK_HOST_BROWSER to the URL at which people reach Authentik, as the browser shows it; from \
         Authentik 2026.8 on, a proxy's X-Forwarded-Host and X-Forwarded-Proto count only if its network is in \
         AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS of Authentik's server"
    };
    Check::fail(NAME, detail, remedy)
}

fn public_url(side: &PublicSide, expected: &Expectation) -> Check {
    const NAME: &str = "public-url";
    let url = expected.public.origin();
    match &side.discovery {
        Ok(seen) if seen.document.issuer != expected.issuer => Check::fail(
            NAME,
            format!(
                "discovery at {url} says issuer {}, expected {}",
                seen.document.issuer, expected.issuer
            ),
            "see that the proxy in front of Authentik passes on the Host header and X-Forwarded-Proto (from \
             Authentik 2026.8 on they count only if the proxy's network is in \
             AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS of Authentik's server), and that AUTHENTIK_HOST_BROWSER is the \
             URL that people use",
        ),
        Ok(_) if !side.trusted => Check::warn(
            NAME,
            format!("{url} answers, with a certificate that the public roots do not vouch for"),
            "NetBird's management and every client must trust it too: mount the CA into NetBird's containers \
             (SSL_CERT_FILE), and install it on the clients",
        ),
        Ok(_) => Check::pass(NAME, format!("{url} answers with the same issuer")),
        Err(trouble) => {
            let remedy = match trouble.kind {
                Kind::Certificate => {
                    "NetBird's management will not trust it either: use a certificate of a public CA, or mount \
                     the CA into NetBird's containers"
                }
                _ => {
                    "NetBird's management asks this URL when it starts and ends if it gets no answer: let the \
                     containers reach it by its public name (a network alias on the proxy), or set \
                     SETUP_MANAGEMENT_DISCOVERY=false"
                }
            };
            Check::warn(
                NAME,
                format!("{url} does not answer from this container: {trouble}"),
                remedy,
            )
        }
    }
}

fn endpoints(discovery: &Discovery, expected: &Expectation) -> Check {
    const NAME: &str = "endpoints";
    let origin = expected.public.origin();
    let all = [
        ("authorization_endpoint", &discovery.authorization_endpoint),
        ("token_endpoint", &discovery.token_endpoint),
        ("device_authorization_endpoint", &discovery.device_authorization_endpoint),
        ("jwks_uri", &discovery.jwks_uri),
    ];
    // What an issuer of the wrong origin explains is not said again.
    let foreign: Vec<String> = all
        .iter()
        .filter(|(_, url)| !url.starts_with(&format!("{origin}/")))
        .map(|(name, url)| format!("{name} is {}", if url.is_empty() { "missing" } else { url }))
        .collect();
    if foreign.is_empty() {
        return Check::pass(NAME, format!("all below {origin}"));
    }
    let detail = format!("{}; expected {origin}/…", foreign.join(", "));
    if discovery.issuer == expected.issuer {
        Check::fail(
            NAME,
            detail,
            "see that the proxy in front of Authentik passes on the Host header unchanged",
        )
    } else {
        Check::warn(NAME, detail, "the same as for the issuer")
    }
}

fn algorithm(discovery: &Discovery) -> Check {
    const NAME: &str = "signing-algorithm";
    let algorithms = &discovery.id_token_signing_alg_values_supported;
    if !discovery.id_token_encryption_alg_values_supported.is_empty() {
        return Check::fail(
            NAME,
            "tokens are encrypted",
            "take the encryption key off the provider: NetBird reads signed tokens only",
        );
    }
    if algorithms.iter().any(|a| a == "RS256") {
        Check::pass(NAME, "RS256")
    } else {
        Check::fail(
            NAME,
            format!("tokens are signed with {}, expected RS256", algorithms.join(", ")),
            "set AUTHENTIK_SIGNING_KEY to the name of an RSA key pair",
        )
    }
}

fn key(evidence: &Evidence) -> Check {
    const NAME: &str = "signing-key";
    let keys = &evidence.keys.document;
    if keys.has_rsa_key() {
        return Check::pass(NAME, format!("{} in the key set", keys.keys.len()));
    }
    let types: Vec<&str> = keys.keys.iter().map(|k| k.kty.as_str()).collect();
    let found = if types.is_empty() { "none".to_owned() } else { types.join(", ") };
    Check::fail(
        NAME,
        format!("no RSA key in the key set, found: {found}"),
        "set AUTHENTIK_SIGNING_KEY to the name of an RSA key pair",
    )
}

fn authorize(uri: &str, verdict: &Verdict) -> Check {
    const NAME: &str = "authorize";
    match verdict {
        Verdict::LoginRequired => Check::pass(NAME, format!("{uri} is accepted")),
        Verdict::Rejected => Check::fail(
            NAME,
            format!("the authorize endpoint refuses redirect URI {uri}"),
            "see the provider's redirect URIs in Authentik, and that NETBIRD_MGMT_API_ENDPOINT is the URL at \
             which people reach NetBird's dashboard",
        ),
        Verdict::Error(text) => Check::fail(
            NAME,
            format!("the authorize endpoint refuses a login from {uri}: {text}"),
            "see the provider's grant types and flows in Authentik, and Authentik's event log",
        ),
    }
}

fn clock(evidence: &Evidence) -> Check {
    const NAME: &str = "clock";
    match evidence.discovery.clock_ahead {
        None => Check::pass(NAME, "no Date header to compare with"),
        Some(ahead) if ahead.unsigned_abs() >= CLOCK_WARNING => {
            let side = if ahead > 0 { "ahead of" } else { "behind" };
            Check::warn(
                NAME,
                format!("Authentik's clock is {} s {side} this machine's", ahead.unsigned_abs()),
                "synchronise both clocks: NetBird refuses tokens that are issued in its future",
            )
        }
        Some(_) => Check::pass(NAME, "the clocks agree"),
    }
}
