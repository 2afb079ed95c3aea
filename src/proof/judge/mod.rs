//! Judges the evidence: each check passes, warns or fails, and a failure says what to do. Pure.

mod documents;
mod login;
mod tokens;

use super::{Check, CheckId, Evidence, Outcome, Subject};

/// All checks, in the order in which a failure explains the next ones.
pub fn judge(evidence: &Evidence, expected: &Subject<'_>) -> Vec<Check> {
    let mut checks = vec![documents::public_url(evidence, expected)];
    match evidence.discovery() {
        Some(seen) => {
            checks.push(Check::pass(CheckId::Discovery, "answers"));
            checks.push(documents::issuer(evidence, seen, expected));
            checks.extend(documents::inside(evidence, expected));
            checks.push(documents::trusted_proxies(evidence, expected));
            checks.push(documents::endpoints(evidence, &seen.document, expected));
            checks.push(tokens::algorithm(&seen.document));
            checks.push(tokens::grants(&seen.document, expected));
            checks.push(tokens::user_id_claim(&seen.document, expected));
            checks.push(tokens::clock(seen));
        }
        None => {
            // A redirect of the public URL is all that is wrong then.
            let redirected = checks.iter().any(|check| check.outcome == Outcome::Fail);
            let cause = if redirected { CheckId::PublicUrl } else { CheckId::Discovery };
            let trouble = evidence.internal.trouble();
            checks.extend(trouble.map(|trouble| match redirected {
                true => Check::skipped(CheckId::Discovery, because(cause)),
                false => Check::unanswered(CheckId::Discovery, trouble),
            }));
            let dependent = [
                CheckId::Issuer,
                CheckId::TrustedProxies,
                CheckId::Endpoints,
                CheckId::SigningAlgorithm,
                CheckId::UserIdClaim,
                CheckId::Clock,
            ];
            checks.extend(dependent.map(|id| Check::skipped(id, because(cause))));
        }
    }
    checks.extend(tokens::keys(evidence));
    checks.extend(evidence.readable.iter().map(login::cors));
    checks.extend(evidence.authorize.iter().map(|(uri, verdict)| login::authorize(uri, verdict)));
    checks.extend(evidence.client.as_ref().map(login::client_secret));
    checks.push(login::device(evidence, expected));
    checks
}

/// Why a check was not made.
pub fn because(id: CheckId) -> String {
    format!("because {} failed", id.name())
}

/// Whether NetBird can be told what was seen.
pub fn is_sound(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.outcome != Outcome::Fail)
}
