//! What tokens will be like: how they are signed, by whom they can be verified, what they say and when.

use super::super::{Check, CheckId, Evidence, Subject};
use super::because;
use crate::authentik::oidc::{Discovery, Jwks, Sighting};

/// From this many seconds on, clocks that differ are told: NetBird refuses tokens "used before issued" without any
/// leeway.
const CLOCK_LIMIT: u64 = 5;

/// Tokens live for an hour unless somebody changed it: behind by more than that, each one has expired when it comes.
const TOKEN_LIFE: u64 = 3_600;

/// How tokens are signed.
pub fn algorithm(discovery: &Discovery) -> Check {
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
        return Check::pass(ID, "RS256");
    }
    let found = if algorithms.is_empty() { "nothing".into() } else { algorithms.join(", ") };
    Check::failed(ID, format!("discovery says that tokens are signed with {found}, expected RS256"))
}

/// Whether NetBird gets the key that they are signed with.
pub fn keys(evidence: &Evidence) -> Vec<Check> {
    let keys = match evidence.keys() {
        Some(Ok(seen)) => &seen.document,
        Some(Err(trouble)) if evidence.discovery().is_some() => {
            let skipped = Check::skipped(CheckId::SigningKey, because(CheckId::Keys));
            return vec![Check::unanswered(CheckId::Keys, trouble), skipped];
        }
        _ => {
            let why = because(CheckId::Discovery);
            return [CheckId::Keys, CheckId::SigningKey]
                .map(|id| Check::skipped(id, why.clone()))
                .into();
        }
    };
    vec![served(evidence, keys), usable(keys)]
}

fn served(evidence: &Evidence, keys: &Jwks) -> Check {
    const ID: CheckId = CheckId::Keys;
    let other = evidence.other().and(evidence.internal.key_set());
    let is_another =
        |other: &Jwks| !keys.keys.is_empty() && !other.keys.is_empty() && !keys.shares_a_key(other);
    match other {
        Some(other) if is_another(&other.document) => Check::fail(
            ID,
            "the key set at the public URL has no key of the one at AUTHENTIK_HOST",
            "see that both URLs lead to the same Authentik",
        ),
        _ if keys.keys.is_empty() => Check::failed(ID, "the key set is empty"),
        _ => Check::pass(ID, format!("{} in the key set", keys.keys.len())),
    }
}

fn usable(keys: &Jwks) -> Check {
    const ID: CheckId = CheckId::SigningKey;
    if keys.has_rsa_key() {
        return Check::pass(ID, "an RSA key");
    }
    if keys.keys.is_empty() {
        return Check::skipped(ID, because(CheckId::Keys));
    }
    let types: Vec<&str> = keys.keys.iter().map(|k| k.kty.as_str()).collect();
    let found = types.join(", ");
    Check::failed(ID, format!("no RSA key that NetBird can use in the key set, found: {found}"))
}

/// Grant types as discovery lists them: from 2026.8 on those of the provider, before that all.
pub fn grants(discovery: &Discovery, expected: &Subject<'_>) -> Check {
    const ID: CheckId = CheckId::GrantTypes;
    let listed = &discovery.grant_types_supported;
    let needed = expected.client.grant_types.iter();
    let missing: Vec<&str> =
        needed.filter(|grant| !listed.iter().any(|l| l == *grant)).copied().collect();
    match listed.is_empty() || missing.is_empty() {
        true => Check::pass(ID, "OK"),
        false => Check::failed(ID, format!("discovery does not list {}", missing.join(", "))),
    }
}

/// The claim by which NetBird's management knows users, if it is not the usual one.
pub fn user_id_claim(discovery: &Discovery, expected: &Subject<'_>) -> Check {
    const ID: CheckId = CheckId::UserIdClaim;
    let Some(claim) = expected.user_id_claim else {
        return Check::pass(ID, "users are known by sub");
    };
    let listed = &discovery.claims_supported;
    match listed.is_empty() || listed.iter().any(|l| l == claim) {
        true => Check::pass(ID, format!("users are known by {claim}")),
        // Authentik lists what mappings say without a user: one that needs a user is missing there.
        false => Check::warn(
            ID,
            format!(
                "NetBird knows users by {claim}, which discovery does not list among the claims"
            ),
            "see that a scope mapping of the provider sets it for every user, or unset NETBIRD_AUTH_USER_ID_CLAIM (and \
             empty HttpConfig.AuthUserIDClaim in management.json)",
        ),
    }
}

/// The difference of the clocks. NetBird's management is taken to run on this machine, or one that agrees with it.
pub fn clock(seen: &Sighting<Discovery>) -> Check {
    const ID: CheckId = CheckId::Clock;
    let Some(ahead) = seen.clock_ahead else {
        return Check::pass(ID, "no Date header to compare with");
    };
    let seconds = ahead.unsigned_abs();
    let fix = "synchronise both clocks (NTP)";
    match ahead {
        _ if seconds < CLOCK_LIMIT => Check::pass(ID, "the clocks agree"),
        1.. => Check::fail(
            ID,
            format!("Authentik's clock is {seconds} s ahead: NetBird refuses tokens of its future"),
            fix,
        ),
        _ if seconds >= TOKEN_LIFE => Check::fail(
            ID,
            format!("Authentik's clock is {seconds} s behind: tokens have expired when they come"),
            fix,
        ),
        _ => Check::warn(
            ID,
            format!("Authentik's clock is {seconds} s behind: logins end that much earlier"),
            fix,
        ),
    }
}
