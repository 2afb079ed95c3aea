//! What was asked for and this release cannot do: one sentence each, with the release that can. The server
//! would say the same later, in its own words and after the first write.

use crate::authentik::release::Release;
use crate::converge::desired::Desired;
use crate::converge::observe::Observed;
use crate::error::{Error, Exit};

/// Flows that stand for "whatever the release has": with these, a release without the field does no harm.
const DEFAULT_INVALIDATION_FLOWS: [&str; 2] =
    ["default-provider-invalidation-flow", "default-invalidation-flow"];

/// Every wish that goes beyond this release.
pub fn refused(desired: &Desired, observed: &Observed) -> Vec<Error> {
    let release = observed.release;
    let wished = &desired.provider;
    let mut refused = Vec::new();

    let is = observed.found.linked().map(|p| p.sub_mode.as_str());
    let mode = &wished.sub_mode;
    let since = Release::sub_mode_since(&mode.value);
    // With a service account, what it needs is said by `account`.
    let asked_for = mode.chosen && desired.service_account.is_none();
    if asked_for && release < since && is != Some(mode.value.as_str()) {
        let wish = format!("AUTHENTIK_SUB_MODE={}", mode.value);
        refused.push(beyond(&wish, since, release, "AUTHENTIK_SUB_MODE"));
    }

    let flow = &wished.invalidation_flow;
    let any = DEFAULT_INVALIDATION_FLOWS.contains(&flow.value.as_str());
    if flow.chosen && !any && !release.has_invalidation_flow() {
        let wish = format!("AUTHENTIK_INVALIDATION_FLOW={}", flow.value);
        let since = Release::INVALIDATION_FLOW;
        refused.push(beyond(&wish, since, release, "AUTHENTIK_INVALIDATION_FLOW"));
    }
    refused
}

fn beyond(wish: &str, since: Release, release: Release, variable: &str) -> Error {
    Error::new(
        Exit::Refused,
        format!("{wish} needs Authentik {} or later, and this is {release}", since.month()),
    )
    .remedy(format!("unset {variable} to take what this release has, or upgrade Authentik"))
}
