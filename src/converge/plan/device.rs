//! The device code flow, by which headless clients log in: no release has one by default, and without it
//! on the brand the page that the code leads to is a 404.

use serde_json::Value;

use super::flows;
use super::placeholder::key_of;
use super::remark::{Level, Remark};
use super::{Change, Plan, Step, Target};
use crate::authentik::writer::Operation;
use crate::converge::desired::Desired;
use crate::converge::observe::Observed;
use crate::error::{Error, Exit};
use crate::proof::CheckId;

/// The flow's wished slug, if the brand that serves the public host has none.
fn wanting<'a>(desired: &'a Desired, observed: &Observed) -> Option<&'a str> {
    let slug = desired.device_code_flow.as_deref()?;
    observed.brand.as_ref()?.flow_device_code.is_none().then_some(slug)
}

/// Plans the flow. It has no stages: being logged in is all that it demands.
pub fn flow(plan: &mut Plan, desired: &Desired, observed: &Observed) {
    let Some(slug) = wanting(desired, observed).filter(|slug| observed.flow(slug).is_none()) else {
        return;
    };
    let new = |field: &'static str, value: &str| Change::set(field, Value::Null, value);
    plan.push(Step::create(
        Target::Flow,
        slug,
        Operation::CreateFlow,
        vec![
            new("name", slug),
            new("slug", slug),
            new("title", "Device code"),
            new("designation", "stage_configuration"),
            new("authentication", "require_authenticated"),
        ],
    ));
}

/// Plans the brand. One that has a device code flow keeps it.
pub fn brand(plan: &mut Plan, desired: &Desired, observed: &Observed) {
    plan.remarks.extend(flows::on_brand(observed));
    plan.remarks.extend(not_used(desired, observed));
    let Some(slug) = wanting(desired, observed) else {
        plan.unchanged += usize::from(observed.brand.is_some());
        return;
    };
    let Some(brand) = observed.serving_brand() else { return };
    let wire = match observed.flow(slug) {
        Some(flow) => flow.pk.clone(),
        None => key_of("flow", slug),
    };
    let change = Change::set("flow_device_code", Value::Null, slug).sending(wire.into());
    let operation = Operation::ChangeBrand(brand.brand_uuid.clone());
    plan.push(Step::change(Target::Brand, &brand.domain, operation, vec![change]));
    let host = desired.public.authority();
    let whom = match brand.default {
        true => "every host that has no brand of its own".to_owned(),
        false if brand.domain.eq_ignore_ascii_case(&host) => return,
        false => format!("every host that ends in {}", brand.domain),
    };
    plan.remarks.push(Remark::new(
        CheckId::DeviceCode,
        Level::Info,
        format!("brand {} serves {whom}: the device code flow is for all of them", brand.domain),
        "",
    ));
}

/// The flow that was named, where the brand keeps another: looked at once.
pub fn named<'a>(desired: &'a Desired, observed: &Observed) -> Option<&'a str> {
    let slug = desired.device_code_flow.as_deref().filter(|_| desired.names_device_code_flow)?;
    let kept = observed.brand.as_ref()?.flow_device_code.as_deref()?;
    (kept != slug).then_some(slug)
}

/// A name for a flow of another kind is a mistake, whether it is used or not.
pub fn refused(desired: &Desired, observed: &Observed) -> Option<Error> {
    let flow = observed.flow(named(desired, observed)?)?;
    let (slug, designation) = (&flow.slug, &flow.designation);
    (designation != "stage_configuration").then(|| {
        Error::new(
            Exit::Refused,
            format!(
                "flow {slug}, which AUTHENTIK_DEVICE_CODE_FLOW names, has designation {designation}, not \
                 stage_configuration"
            ),
        )
        .because("nobody could log in by device code with it")
        .remedy("set AUTHENTIK_DEVICE_CODE_FLOW to the slug of another flow, or unset it")
    })
}

fn not_used(desired: &Desired, observed: &Observed) -> Option<Remark> {
    let slug = named(desired, observed)?;
    let brand = observed.brand.as_ref()?;
    let (domain, kept) = (&brand.matched_domain, brand.flow_device_code.as_deref()?);
    Some(Remark::new(
        CheckId::DeviceCode,
        Level::Warning,
        format!(
            "brand {domain} keeps device code flow {kept}, so {slug}, which AUTHENTIK_DEVICE_CODE_FLOW names, is not used"
        ),
        format!("set {slug} on the brand in Authentik, or unset AUTHENTIK_DEVICE_CODE_FLOW"),
    ))
}
