//! Whether the flows that are referred to are what they are referred to as. A slug is a name: a flow of another kind can
//! have it.

use super::remark::{Level, Remark};
use crate::authentik::model::{Flow, Provider};
use crate::converge::desired::Desired;
use crate::converge::observe::Observed;
use crate::error::{Error, Exit};
use crate::proof::CheckId;

/// Requirements that nobody meets who is sent to a flow after a login: `require_unauthenticated` ends the login that
/// the flow belongs to, the others want another way there.
const IN_THE_WAY: [&str; 4] =
    ["require_unauthenticated", "require_outpost", "require_redirect", "require_token"];

/// The designation of the flow after a login.
const AUTHORIZATION: &str = "authorization";

/// The designation of the device code flow.
const DEVICE_CODE: &str = "stage_configuration";

/// Every flow that would be set on provider or brand, and is not fit for it.
pub fn refused(desired: &Desired, observed: &Observed) -> Vec<Error> {
    let provider = &desired.provider;
    let is_new = observed.found.linked().is_none();
    let mut named = Vec::new();
    if is_new || provider.authorization_flow.chosen {
        let slug = provider.authorization_flow.value.as_str();
        named.push((slug, AUTHORIZATION, "AUTHENTIK_AUTHORIZATION_FLOW"));
    }
    if observed.release.has_invalidation_flow() && (is_new || provider.invalidation_flow.chosen) {
        let slug = invalidation(desired, observed);
        named.push((slug, "invalidation", "AUTHENTIK_INVALIDATION_FLOW"));
    }
    let without = observed.brand.as_ref().is_some_and(|brand| brand.flow_device_code.is_none());
    if let Some(slug) = desired.device_code_flow.as_deref().filter(|_| without) {
        named.push((slug, DEVICE_CODE, "AUTHENTIK_DEVICE_CODE_FLOW"));
    }
    let unfit = named.into_iter().filter_map(|(slug, designation, variable)| {
        let why = why_unfit(observed.flow(slug)?, designation)?;
        Some(
            Error::new(Exit::Refused, format!("flow {slug}, which {variable} stands for, {why}"))
                .because("nobody could log in with it")
                .remedy(format!("set {variable} to the slug of another flow")),
        )
    });
    unfit.collect()
}

/// The slug of the invalidation flow: where the default one is not there, the one that ends a login everywhere.
pub fn invalidation<'a>(desired: &'a Desired, observed: &Observed) -> &'a str {
    const OLDER: &str = "default-invalidation-flow";
    let wish = &desired.provider.invalidation_flow;
    let absent = observed.flow(&wish.value).is_none() && observed.flow(OLDER).is_some();
    if absent && !wish.chosen { OLDER } else { &wish.value }
}

/// The flow that the provider has already and no variable asks for: this container leaves it, and says what is wrong.
pub fn on_provider(desired: &Desired, observed: &Observed) -> Option<Remark> {
    let provider = observed.found.linked()?;
    if desired.provider.authorization_flow.chosen {
        // A wish for another one is carried out, and one for this one refused.
        return None;
    }
    let flow = login_flow(observed, provider)?;
    let why = why_unfit(flow, AUTHORIZATION)?;
    Some(Remark::new(
        CheckId::Provider,
        Level::Failure,
        format!(
            "provider {} has authorization flow {}, which {why}: nobody can log in",
            provider.name, flow.slug
        ),
        "set AUTHENTIK_AUTHORIZATION_FLOW to the slug of another flow, or change this one in Authentik",
    ))
}

/// The provider's authorization flow, by primary key, if it was seen and is sound.
pub fn sound_on_provider<'a>(observed: &'a Observed, provider: &Provider) -> Option<&'a str> {
    let flow = login_flow(observed, provider)?;
    why_unfit(flow, AUTHORIZATION).is_none().then_some(flow.pk.as_str())
}

fn login_flow<'a>(observed: &'a Observed, provider: &Provider) -> Option<&'a Flow> {
    let pk = provider.authorization_flow.as_ref()?;
    observed.flows.as_ref()?.iter().find(|flow| flow.pk == *pk)
}

/// The flow that the brand has already: this container leaves it, and says what is wrong with it.
pub fn on_brand(observed: &Observed) -> Option<Remark> {
    let slug = observed.brand.as_ref()?.flow_device_code.as_deref()?;
    let why = why_unfit(observed.flow(slug)?, DEVICE_CODE)?;
    let brand = &observed.brand.as_ref()?.matched_domain;
    Some(Remark::new(
        CheckId::DeviceCode,
        Level::Failure,
        format!(
            "brand {brand} has device code flow {slug}, which {why}: nobody can log in by device code"
        ),
        "set another flow on the brand in Authentik",
    ))
}

/// The device code flow on the brand, if it was seen and is sound.
pub fn sound_on_brand(observed: &Observed) -> Option<&str> {
    let slug = observed.brand.as_ref()?.flow_device_code.as_deref()?;
    why_unfit(observed.flow(slug)?, DEVICE_CODE).is_none().then_some(slug)
}

fn why_unfit(flow: &Flow, designation: &str) -> Option<String> {
    if flow.designation != designation {
        return Some(format!("has designation {}, not {designation}", flow.designation));
    }
    let in_the_way = IN_THE_WAY.contains(&flow.authentication.as_str());
    in_the_way.then(|| format!("has authentication {}", flow.authentication))
}
