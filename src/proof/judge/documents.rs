//! The public URL, and what the discovery document says of issuer and endpoints.

use super::super::{Check, CheckId, Evidence, Side, Subject};
use super::because;
use crate::authentik::advice;
use crate::authentik::oidc::{Discovery, Sighting};
use crate::http::{Kind, Trouble};
use crate::netbird::ClientType;

const PROXY: &str = "let the proxy in front of Authentik pass on Host and X-Forwarded-Proto unchanged (from Authentik \
    2026.8 on they count only if the proxy's network is in AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS of Authentik's server), \
    and set AUTHENTIK_HOST_BROWSER to the URL that people use, as the browser shows it";

const PRIVATE_CA: &str = "NetBird's management and every client must trust it too: mount the CA into NetBird's containers \
    and set SSL_CERT_FILE to it there (the management image has no public roots beside it then: append them), and \
    install it on the clients";

const CA_HANDED_ON: &str = "NetBird's own provider trusts it, since the file gives it AUTHENTIK_CA_FILE: install the CA where \
    people's browsers run";

/// The public URL as NetBird's containers ask it: they stand where this one does, and trust the public roots alone.
pub fn public_url(evidence: &Evidence, expected: &Subject<'_>) -> Check {
    const ID: CheckId = CheckId::PublicUrl;
    let url = expected.public.origin();
    if let Some(trouble) = evidence.wrong_public() {
        return wrong(&url, trouble);
    }
    if let Some(trouble) = evidence.public.as_ref().and_then(Side::trouble) {
        return unreached(&url, trouble, expected);
    }
    match evidence.internal.trouble() {
        // Where both URLs are one, this is the public one's answer too.
        Some(trouble) if matches!(trouble.kind, Kind::Redirect(_)) && evidence.public.is_none() => {
            return wrong(&url, trouble);
        }
        Some(_) if evidence.discovery().is_none() => {
            return Check::skipped(ID, because(CheckId::Discovery));
        }
        _ => {}
    }
    match &evidence.strictly {
        Some(Err(trouble)) if matches!(trouble.kind, Kind::Tls(_)) => {
            let seen = "answers, with a certificate that the public roots do not vouch for";
            let cure = if expected.hands_on_ca { CA_HANDED_ON } else { PRIVATE_CA };
            Check::warn(ID, format!("{url} {seen}"), cure)
        }
        Some(Err(trouble)) => unreached(&url, trouble, expected),
        _ => Check::pass(ID, format!("{url} answers")),
    }
}

/// Something answers there, and not as Authentik does.
fn wrong(url: &str, trouble: &Trouble) -> Check {
    let seen = match &trouble.kind {
        Kind::Redirect(to) => format!("{url} redirects to {to}, where tokens have another issuer"),
        _ => format!("{url} does not answer as it should: {trouble}"),
    };
    let fix = advice::remedy(trouble);
    Check::fail(CheckId::PublicUrl, seen, fix).exiting(advice::exit(trouble))
}

/// Nothing is seen of it from here, which may be otherwise where NetBird and people are.
fn unreached(url: &str, trouble: &Trouble, expected: &Subject<'_>) -> Check {
    let confidential = expected.client.client_type == ClientType::Confidential;
    let untrusted = matches!(trouble.kind, Kind::Tls(_));
    let fix = match confidential {
        _ if expected.inside.is_some() => {
            "NetBird's own provider asks AUTHENTIK_HOST (SETUP_AUTHENTIK_INTERNAL): see that people reach this URL, and \
             that their browsers trust it"
        }
        true if untrusted && expected.hands_on_ca => {
            "AUTHENTIK_CA_FILE does not vouch for it: let the file hold the CA that signed it"
        }
        true if untrusted => {
            "NetBird's own provider will not trust it either: use a certificate of a public CA, or set AUTHENTIK_CA_FILE \
             to the PEM file of the CA that signed it"
        }
        true => {
            "NetBird's own provider asks this URL at every login, which cannot be seen from here: let its container \
             reach it by its public name (a network alias on the proxy); with embedded, SETUP_AUTHENTIK_INTERNAL=true \
             makes it ask AUTHENTIK_HOST instead"
        }
        false if untrusted => {
            "NetBird's management will not trust it either: use a certificate of a public CA, or mount the CA into \
             NetBird's containers and set SSL_CERT_FILE to it there"
        }
        false => {
            "with OIDC discovery on in management.json NetBird's management asks this URL when it starts and ends if it \
             gets no answer: let the containers reach it by its public name (a network alias on the proxy), or set \
             SETUP_MANAGEMENT_DISCOVERY=false; with discovery off only people have to reach it"
        }
    };
    let seen = format!("{url} does not answer from this container as it should: {trouble}");
    Check::warn(CheckId::PublicUrl, seen, fix)
}

/// Byte for byte what tokens will say.
pub fn issuer(evidence: &Evidence, seen: &Sighting<Discovery>, expected: &Subject<'_>) -> Check {
    const ID: CheckId = CheckId::Issuer;
    let (got, want) = (&seen.document.issuer, &expected.registration.issuer);
    if got == want {
        return Check::pass(ID, want.clone());
    }
    // Authentik may make its issuer otherwise than this release of the program knows: both ways say so, and all else
    // lies where it should.
    let agreed = evidence.other().is_some_and(|other| other.document.issuer == *got);
    if agreed && foreign(&seen.document, expected).is_empty() && !got.is_empty() {
        return Check::pass(ID, format!("{got}, as Authentik says by both ways"));
    }
    let detail = format!("discovery says {got}, expected {want}");
    match got.strip_prefix("http:").map(|rest| format!("https:{rest}")) {
        Some(https) if https == *want => Check::fail(
            ID,
            detail,
            "Authentik does not hear that people use https: let the proxy in front of it set X-Forwarded-Proto; from \
             2026.8 on it counts only from AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS of Authentik's server, which must \
             contain the proxy's network and this container's",
        ),
        _ => match want.strip_prefix("http:").map(|rest| format!("https:{rest}")) {
            Some(https) if https == *got => {
                let url = expected.public.join("").replacen("http:", "https:", 1);
                let url = url.trim_end_matches('/');
                Check::fail(ID, detail, format!("set AUTHENTIK_HOST_BROWSER={url}"))
            }
            _ => Check::fail(ID, detail, PROXY),
        },
    }
}

/// Whether Authentik believes what this container tells it about host and scheme. NetBird uses the public URL, so nothing
/// but a proxy in front of it would be felt.
pub fn trusted_proxies(evidence: &Evidence, expected: &Subject<'_>) -> Check {
    const ID: CheckId = CheckId::TrustedProxies;
    let Some(other) = evidence.other() else {
        return Check::skipped(ID, "the public URL is the only way that was seen");
    };
    let carried = evidence.discovery().map(|seen| seen.document.issuer.as_str());
    let said = &other.document.issuer;
    if Some(said.as_str()) == carried || carried != Some(&expected.registration.issuer) {
        return Check::pass(ID, "Authentik says the same by both ways");
    }
    Check::warn(
        ID,
        format!(
            "asked at AUTHENTIK_HOST for the public host, Authentik says issuer {said}; the public URL says the right one"
        ),
        "nothing if NetBird uses the public URL; to have it right by the other way too, add this network to \
         AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS of Authentik's server (from 2026.8 on 100.64.0.0/10 and fc00::/7 are not \
         among the defaults)",
    )
}

/// NetBird compares the issuer byte for byte, at the URL at which it asks.
pub fn inside(evidence: &Evidence, expected: &Subject<'_>) -> Option<Check> {
    const ID: CheckId = CheckId::Issuer;
    let want = expected.inside.as_ref()?;
    let got = match evidence.inside.as_ref()? {
        Ok(seen) => &seen.document.issuer,
        Err(trouble) => return Some(Check::unanswered(ID, trouble)),
    };
    if got == want {
        return Some(Check::pass(ID, format!("{want}, for NetBird's container")));
    }
    Some(Check::fail(
        ID,
        format!("at AUTHENTIK_HOST discovery says {got}, expected {want}"),
        "let NetBird's container and this one reach Authentik at the same URL, without a proxy in between that changes \
         the Host header; or unset SETUP_AUTHENTIK_INTERNAL",
    ))
}

/// Each endpoint below the URL where discovery was found, and there; and the same by both ways, if both answered.
pub fn endpoints(evidence: &Evidence, document: &Discovery, expected: &Subject<'_>) -> Check {
    const ID: CheckId = CheckId::Endpoints;
    let base = expected.public.join("");
    let foreign = foreign(document, expected);
    if !foreign.is_empty() {
        let detail = format!("{}; expected {base}…", foreign.join(", "));
        let said = url::Url::parse(&document.issuer).map(|url| url.origin().ascii_serialization());
        let origin = expected.public.origin();
        let explained = document.issuer != expected.registration.issuer
            && said.is_ok_and(|said| said != origin && foreign.iter().all(|f| f.contains(&said)));
        return match explained {
            // What an issuer of the wrong origin explains is not said again.
            true => Check::skipped(ID, because(CheckId::Issuer)),
            false => Check::fail(ID, detail, PROXY),
        };
    }
    if !evidence.nowhere.is_empty() {
        let all = document.endpoints(expected.slug);
        let named = all.iter().filter(|(name, ..)| evidence.nowhere.contains(name));
        let named: Vec<String> = named
            .map(|(name, url, _)| format!("{name} is {url}, where nothing is (404)"))
            .collect();
        return Check::failed(ID, named.join(", "));
    }
    if let Some(other) = evidence.other() {
        let differing: Vec<String> = document
            .endpoints(expected.slug)
            .into_iter()
            .zip(other.document.endpoints(expected.slug))
            .filter(|((_, by_public, _), (_, by_internal, _))| path(by_public) != path(by_internal))
            .map(|((name, a, _), (_, b, _))| {
                format!("{name} is {a} by one way and {b} by the other")
            })
            .collect();
        if !differing.is_empty() {
            return Check::fail(
                ID,
                format!("the public URL and AUTHENTIK_HOST disagree: {}", differing.join(", ")),
                "see that both lead to the same Authentik, and that no proxy changes its answers",
            );
        }
    }
    Check::pass(ID, format!("all below {}", expected.public.origin()))
}

fn foreign(document: &Discovery, expected: &Subject<'_>) -> Vec<String> {
    let all = document.endpoints(expected.slug).into_iter();
    all.filter(|(_, url, _)| expected.public.below(url).is_none())
        .map(|(name, url, _)| format!("{name} is {}", if url.is_empty() { "missing" } else { url }))
        .collect()
}

/// What remains of a URL without its origin.
fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("", |start| &rest[start..])
}
