//! The provider: what a new one gets, and how an existing one differs. The ownership rules live here.

use serde_json::{Value, json};

use super::choose::choose;
use super::differences::{differences, doubly_served, wanted_uris};
use super::references::References;
use super::signing::usable_key;
use super::{Change, Plan, Step, Target};
use crate::authentik::redirect::RedirectUris;
use crate::authentik::writer::Operation;
use crate::converge::desired::{Desired, DesiredProvider};
use crate::converge::observe::Observed;
use crate::netbird::{OidcClient, Registration};

/// Which provider the application is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ours {
    /// One that exists: its primary key and, for people, its name.
    Existing(i64, String),
    /// The one that this plan creates.
    New,
}

/// Plans the provider; nothing if the plan is refused. A new one is made at once; the step that changes one that is there
/// is apart.
pub fn plan(
    plan: &mut Plan,
    desired: &Desired,
    observed: &Observed,
    references: &References,
) -> (Option<Ours>, Option<Step>) {
    match choose(desired, observed) {
        Err(error) => {
            plan.refused.push(*error);
            (None, None)
        }
        Ok(Some(provider)) => {
            let changes = differences(plan, desired, provider, observed, references);
            let changes_client_id = changes.iter().any(|c| c.field == "client_id");
            let client_id = if changes_client_id {
                &desired.provider.client_id.value
            } else {
                &provider.client_id
            };
            let secret = Some(&provider.client_secret).filter(|secret| !secret.expose().is_empty());
            plan.registration = Some(Registration {
                client_id: client_id.clone(),
                secret: secret.cloned(),
                issuer: desired.issuer(Some(provider)),
            });
            let operation = Operation::ChangeProvider(provider.pk.to_string());
            plan.remarks.extend(doubly_served(provider, observed));
            let step = Step::change(Target::Provider, &provider.name, operation, changes);
            (Some(Ours::Existing(provider.pk, provider.name.clone())), Some(step))
        }
        Ok(None) => {
            let changes = creation(plan, desired, references);
            let client_id = desired.provider.client_id.value.clone();
            plan.registration =
                Some(Registration { client_id, secret: None, issuer: desired.issuer(None) });
            let name = &desired.provider.name.value;
            plan.push(Step::create(Target::Provider, name, Operation::CreateProvider, changes));
            (Some(Ours::New), None)
        }
    }
}

/// Every field of a new provider.
fn creation(plan: &mut Plan, desired: &Desired, references: &References) -> Vec<Change> {
    // Which flows and which key it is, the references say: they are these wishes, resolved.
    let DesiredProvider {
        name,
        client_id,
        sub_mode,
        authorization_flow: _,
        invalidation_flow: _,
        signing_key: _,
        client,
        needs_secret: _,
    } = &desired.provider;
    let OidcClient {
        client_type,
        redirect_uris: _,
        scopes: _,
        grant_types,
        code_minutes,
        origins: _,
        probes: _,
    } = client;
    let new = |field: &'static str, value: &str| Change::set(field, Value::Null, value);
    let mut changes = vec![
        new("name", &name.value),
        new("client_type", client_type.name()),
        new("client_id", &client_id.value),
        new("sub_mode", &sub_mode.value),
        new("issuer_mode", "per_provider"),
        Change::set("include_claims_in_id_token", Value::Null, true),
        new("access_code_validity", &format!("minutes={code_minutes}")),
    ];
    let flows = [
        ("authorization_flow", &references.authorization_flow),
        ("invalidation_flow", &references.invalidation_flow),
    ];
    for (field, flow) in flows {
        if let Some(flow) = flow {
            let pk = super::references::pk(flow);
            changes.push(new(field, &flow.slug).sending(pk));
        }
    }
    match usable_key(references.signing_key.as_ref()) {
        Ok(Some(key)) => {
            changes.push(new("signing_key", &key.name).sending(Value::from(key.pk.clone())))
        }
        Ok(None) => {}
        Err(error) => plan.refused.push(*error),
    }
    let nothing = RedirectUris::default();
    let wanted = wanted_uris(client, references);
    let all: Vec<_> = wanted.iter().collect();
    let shown = all.iter().map(|uri| uri.describe()).collect();
    changes.push(Change::add(
        "redirect_uris",
        shown,
        nothing.with(&all, references.redirect_shape),
    ));
    let names = references.scope_mappings.iter().map(|(name, _)| name.clone()).collect();
    let keys: Vec<&String> = references.scope_mappings.iter().map(|(_, pk)| pk).collect();
    changes.push(Change::add("property_mappings", names, json!(keys)));
    let grants: Vec<String> = grant_types.iter().map(|g| (*g).to_owned()).collect();
    changes.push(Change::add("grant_types", grants.clone(), json!(grants)));
    changes
}
