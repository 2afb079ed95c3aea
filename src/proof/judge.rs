//! Judges the evidence: each check passes, warns or fails, and a failure says what to do. Pure.

use super::{Check, CheckId, Evidence, PublicSide, Subject};
use crate::authentik::oidc::{ClientVerdict, Discovery, Verdict};
use crate::http::Kind;

/// From this many seconds on, clocks that differ are worth a warning: NetBird refuses tokens "used before
/// issued" without any leeway.
const CLOCK_WARNING: u64 = 5;

/// All checks, in the order in which a failure explains the next ones.
pub fn judge(evidence: &Evidence, expected: &Subject<'_>) -> Vec<Check> {
    let discovery = &evidence.discovery.document;
    let mut checks = vec![issuer(evidence, expected)];
    checks.extend(evidence.public.as_ref().map(|side| public_url(side, expected)));
    checks.push(endpoints(discovery, expected));
    checks.push(algorithm(discovery));
    checks.push(key(evidence));
    checks.extend(evidence.authorize.iter().map(|(uri, verdict)| authorize(uri, verdict)));
    checks.extend(evidence.client.as_ref().map(client_secret));
    checks.push(clock(evidence));
    checks
}

fn issuer(evidence: &Evidence, expected: &Subject<'_>) -> Check {
    const ID: CheckId = CheckId::Issuer;
    let got = &evidence.discovery.document.issuer;
    let want = &expected.registration.issuer;
    if got == want {
        return Check::pass(ID, want.clone());
    }
    let detail = format!("discovery says {got}, expected {want}");
    let by_public = evidence.public.as_ref().and_then(|side| side.discovery.as_ref().ok());
    if by_public.is_some_and(|seen| seen.document.issuer == *want) {
        // The public URL is what NetBird uses; only our way of asking for it from inside does not count.
        return Check::warn(
            ID,
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
    Check::fail(ID, detail, remedy)
}

fn public_url(side: &PublicSide, expected: &Subject<'_>) -> Check {
    const ID: CheckId = CheckId::PublicUrl;
    let url = expected.public.origin();
    match &side.discovery {
        Ok(seen) if seen.document.issuer != expected.registration.issuer => Check::fail(
            ID,
            format!(
                "discovery at {url} says issuer {}, expected {}",
                seen.document.issuer, expected.registration.issuer
            ),
            "see that the proxy in front of Authentik passes on the Host header and X-Forwarded-Proto (from \
             Authentik 2026.8 on they count only if the proxy's network is in \
             AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS of Authentik's server), and that AUTHENTIK_HOST_BROWSER is the \
             URL that people use",
        ),
        Ok(_) if !side.trusted => Check::warn(
            ID,
            format!("{url} answers, with a certificate that the public roots do not vouch for"),
            "NetBird's management and every client must trust it too: mount the CA into NetBird's containers \
             (SSL_CERT_FILE), and install it on the clients",
        ),
        Ok(_) => Check::pass(ID, format!("{url} answers with the same issuer")),
        Err(trouble) => {
            let remedy = match trouble.kind {
                Kind::Tls(_) => {
                    "NetBird's management will not trust it either: use a certificate of a public CA, or mount \
                     the CA into NetBird's containers"
                }
                _ => {
                    "NetBird's management asks this URL when it starts and ends if it gets no answer: let the \
                     containers reach it by its public name (a network alias on the proxy), or set \
                     SETUP_MANAGEMENT_DISCOVERY=false"
                }
            };
            Check::warn(ID, format!("{url} does not answer from this container: {trouble}"), remedy)
        }
    }
}

fn endpoints(discovery: &Discovery, expected: &Subject<'_>) -> Check {
    const ID: CheckId = CheckId::Endpoints;
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
        return Check::pass(ID, format!("all below {origin}"));
    }
    let detail = format!("{}; expected {origin}/…", foreign.join(", "));
    if discovery.issuer == expected.registration.issuer {
        Check::fail(
            ID,
            detail,
            "see that the proxy in front of Authentik passes on the Host header unchanged",
        )
    } else {
        Check::warn(ID, detail, "the same as for the issuer")
    }
}

fn algorithm(discovery: &Discovery) -> Check {
    const ID: CheckId = CheckId::SigningAlgorithm;
    let algorithms = &discovery.id_token_signing_alg_values_supported;
    if !discovery.id_token_encryption_alg_values_supported.is_empty() {
        return Check::fail(
            ID,
            "tokens are encrypted",
            "take the encryption key off the provider: NetBird reads signed tokens only",
        );
    }
    if algorithms.iter().any(|a| a == "RS256") {
        Check::pass(ID, "RS256")
    } else {
        Check::fail(
            ID,
            format!("tokens are signed with {}, expected RS256", algorithms.join(", ")),
            "set AUTHENTIK_SIGNING_KEY to the name of an RSA key pair",
        )
    }
}

fn key(evidence: &Evidence) -> Check {
    const ID: CheckId = CheckId::SigningKey;
    let keys = &evidence.keys.document;
    if keys.has_rsa_key() {
        return Check::pass(ID, format!("{} in the key set", keys.keys.len()));
    }
    let types: Vec<&str> = keys.keys.iter().map(|k| k.kty.as_str()).collect();
    let found = if types.is_empty() { "none".to_owned() } else { types.join(", ") };
    Check::fail(
        ID,
        format!("no RSA key in the key set, found: {found}"),
        "set AUTHENTIK_SIGNING_KEY to the name of an RSA key pair",
    )
}

fn authorize(uri: &str, verdict: &Verdict) -> Check {
    const ID: CheckId = CheckId::Authorize;
    match verdict {
        Verdict::LoginRequired => Check::pass(ID, format!("{uri} is accepted")),
        Verdict::Rejected => Check::fail(
            ID,
            format!("the authorize endpoint refuses redirect URI {uri}"),
            "see the provider's redirect URIs in Authentik, and that NETBIRD_MGMT_API_ENDPOINT is the URL at \
             which people reach NetBird's dashboard",
        ),
        Verdict::Error(text) => Check::fail(
            ID,
            format!("the authorize endpoint refuses a login from {uri}: {text}"),
            "see the provider's grant types and flows in Authentik, and Authentik's event log",
        ),
    }
}

fn client_secret(verdict: &ClientVerdict) -> Check {
    const ID: CheckId = CheckId::ClientSecret;
    match verdict {
        ClientVerdict::Known => {
            Check::pass(ID, "the token endpoint knows the client by its secret")
        }
        ClientVerdict::Unknown => Check::fail(
            ID,
            "the token endpoint refuses the client's secret or its redirect URI (invalid_client)",
            "see whether somebody changes the provider in Authentik at the same time, and run init again",
        ),
        ClientVerdict::Error(error) => Check::fail(
            ID,
            format!("the token endpoint refuses the client: {error}"),
            "see that the provider in Authentik has the grant type authorization_code",
        ),
    }
}

fn clock(evidence: &Evidence) -> Check {
    const ID: CheckId = CheckId::Clock;
    match evidence.discovery.clock_ahead {
        None => Check::pass(ID, "no Date header to compare with"),
        Some(ahead) if ahead.unsigned_abs() >= CLOCK_WARNING => {
            let side = if ahead > 0 { "ahead of" } else { "behind" };
            Check::warn(
                ID,
                format!("Authentik's clock is {} s {side} this machine's", ahead.unsigned_abs()),
                "synchronise both clocks: NetBird refuses tokens that are issued in its future",
            )
        }
        Some(_) => Check::pass(ID, "the clocks agree"),
    }
}
