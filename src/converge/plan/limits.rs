//! What was asked for and this release cannot do: one sentence each, with the release that can. The server
//! would say the same later, in its own words and after the first write.

use crate::authentik::release::Release;
use crate::config::AccountRole;
use crate::converge::desired::{Desired, ROLE};
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
    refused.extend(carrier(desired, release));
    refused
}

/// Before 2025.12 the service account has its role through a group: whoever may open NetBird would see all users by it.
fn carrier(desired: &Desired, release: Release) -> Option<Error> {
    let account = desired.service_account.as_ref()?;
    let through_a_group = release.has_roles() && !release.users_have_roles();
    let named = desired.access.groups().iter().any(|group| group == ROLE);
    let is_viewer = account.role.value == AccountRole::Viewer;
    (through_a_group && named && is_viewer).then(|| {
        Error::new(
            Exit::Config,
            format!(
                "AUTHENTIK_ACCESS_GROUPS names {ROLE}, the group by which the service account of \
                 NETBIRD_MGMT_IDP=authentik sees users"
            ),
        )
        .because("its members could list all users of Authentik")
        .remedy("name another group in AUTHENTIK_ACCESS_GROUPS, or unset NETBIRD_MGMT_IDP")
    })
}

fn beyond(wish: &str, since: Release, release: Release, variable: &str) -> Error {
    Error::new(
        Exit::Refused,
        format!("{wish} needs Authentik {} or later, and this is {release}", since.month()),
    )
    .remedy(format!("unset {variable} to take what this release has, or upgrade Authentik"))
}
