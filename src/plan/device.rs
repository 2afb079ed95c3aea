//! The device code flow, by which headless clients log in: no release has one by default, and without it
//! on the brand the page that the code leads to is a 404.

use serde_json::Value;

use super::references::References;
use super::{Change, Plan, Step, Target, Wire};
use crate::desired::Desired;
use crate::observe::Observed;

/// The brand that needs a flow, and the flow's wished slug.
fn wanting<'a>(
    desired: &'a Desired,
    observed: &'a Observed,
) -> Option<(&'a crate::authentik::model::Brand, &'a str)> {
    let slug = desired.device_code_flow.as_deref()?;
    let brand = observed.brand(&desired.public_host)?;
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
    plan.push(Step {
        target: Target::Flow,
        name: slug.to_owned(),
        create: true,
        changes: vec![
            new("name", slug),
            new("slug", slug),
            new("title", "Device code"),
            new("designation", "stage_configuration"),
            new("authentication", "require_authenticated"),
        ],
    });
}

/// Plans the brand. One that has a device code flow keeps it.
pub fn brand(plan: &mut Plan, desired: &Desired, observed: &Observed, references: &References) {
    let Some((brand, slug)) = wanting(desired, observed) else {
        return;
    };
    let mut changes = Vec::new();
    if brand.flow_device_code.is_none() {
        let wire = match &references.device_code_flow {
            Some(flow) => Wire::Json(super::references::pk(flow)),
            None => Wire::NewFlow,
        };
        changes.push(Change::set("flow_device_code", Value::Null, slug).sending(wire));
    }
    plan.push(Step {
        target: Target::Brand(brand.brand_uuid.clone()),
        name: brand.domain.clone(),
        create: false,
        changes,
    });
}
