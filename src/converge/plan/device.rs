//! The device code flow, by which headless clients log in: no release has one by default, and without it
//! on the brand the page that the code leads to is a 404.

use serde_json::Value;

use super::placeholder::key_of;
use super::references::References;
use super::{Change, Plan, Step, Target};
use crate::authentik::writer::Operation;
use crate::converge::desired::Desired;
use crate::converge::observe::Observed;

/// The brand that needs a flow, and the flow's wished slug.
fn wanting<'a>(
    desired: &'a Desired,
    observed: &'a Observed,
) -> Option<(&'a crate::authentik::model::Brand, &'a str)> {
    let slug = desired.device_code_flow.as_deref()?;
    let brand = observed.brand(&desired.public.authority())?;
    Some((brand, slug))
}

/// Plans the flow. It has no stages: being logged in is all that it demands.
pub fn flow(plan: &mut Plan, desired: &Desired, observed: &Observed, references: &References) {
    let Some((brand, slug)) = wanting(desired, observed) else {
        return;
    };
    if brand.flow_device_code.is_some() || references.device_code_flow.is_some() {
        return;
    }
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
pub fn brand(plan: &mut Plan, desired: &Desired, observed: &Observed, references: &References) {
    let Some((brand, slug)) = wanting(desired, observed) else {
        return;
    };
    let mut changes = Vec::new();
    if brand.flow_device_code.is_none() {
        let wire = match &references.device_code_flow {
            Some(flow) => super::references::pk(flow),
            None => key_of("flow", slug).into(),
        };
        changes.push(Change::set("flow_device_code", Value::Null, slug).sending(wire));
    }
    let operation = Operation::ChangeBrand(brand.brand_uuid.clone());
    plan.push(Step::change(Target::Brand, &brand.domain, operation, changes));
}
