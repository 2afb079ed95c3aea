//! The provider: what a new one gets, and how an existing one differs. The ownership rules live here.

use serde_json::{Value, json};

use super::choose::choose;
use super::placeholder;
use super::references::References;
use super::remark::{Level, Remark};
use super::signing::{signing_key, usable_key};
use super::{Change, Plan, Step, Target};
use crate::authentik::duration::seconds;
use crate::authentik::model::{Provider, ScopeMapping};
use crate::authentik::redirect::RedirectUris;
use crate::authentik::writer::Operation;
use crate::config::Setting;
use crate::converge::desired::{Desired, DesiredProvider};
use crate::converge::observe::Observed;
use crate::error::{Error, Exit};
use crate::netbird::{ClientType, OidcClient, Registration};
use crate::proof::CheckId;

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
            let confidential = desired.provider.client.client_type == ClientType::Confidential;
            let secret = Some(&provider.client_secret)
                .filter(|secret| confidential && !secret.expose().is_empty());
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
    } = &desired.provider;
    let OidcClient {
        client_type,
        redirect_uris,
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
    let all: Vec<_> = redirect_uris.iter().collect();
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

/// How an existing provider differs from what it must be.
fn differences(
    plan: &mut Plan,
    desired: &Desired,
    provider: &Provider,
    observed: &Observed,
    references: &References,
) -> Vec<Change> {
    let DesiredProvider {
        name,
        client_id,
        sub_mode,
        authorization_flow,
        invalidation_flow,
        signing_key: _,
        client,
    } = &desired.provider;
    let OidcClient {
        client_type,
        redirect_uris,
        scopes: _,
        grant_types,
        code_minutes,
        origins: _,
        probes: _,
    } = client;
    let mut changes = Vec::new();

    if let Some(name) = name.wish().filter(|n| **n != provider.name) {
        changes.push(Change::set("name", provider.name.clone(), name.clone()));
    }
    if provider.client_type != client_type.name() {
        let before = provider.client_type.clone();
        changes.push(Change::set("client_type", before, client_type.name()));
    }
    if *client_type == ClientType::Confidential {
        // Authentik makes a secret for every provider; one that was emptied by hand gets one of this container's.
        if provider.client_secret.expose().is_empty() {
            let wire = Value::from(placeholder::client_secret());
            changes.push(Change::set("client_secret", Value::Null, "(secret)").sending(wire));
        }
        // NetBird's own provider reads the ID token alone.
        if provider.include_claims_in_id_token == Some(false) {
            changes.push(Change::set("include_claims_in_id_token", false, true));
        }
    }
    let sub_mode_variable = match desired.service_account {
        Some(_) => "NETBIRD_MGMT_IDP=authentik",
        None => "AUTHENTIK_SUB_MODE",
    };
    let identities = [
        ("client_id", "NETBIRD_AUTH_CLIENT_ID", client_id, &provider.client_id),
        ("sub_mode", sub_mode_variable, sub_mode, &provider.sub_mode),
    ];
    for (field, variable, wish, is) in identities {
        match identity(desired, provider, field, variable, wish, is) {
            Ok(change) => changes.extend(change),
            Err(error) => plan.refused.push(*error),
        }
    }
    let flows = [
        (
            "authorization_flow",
            &references.authorization_flow,
            &provider.authorization_flow,
            authorization_flow,
        ),
        (
            "invalidation_flow",
            &references.invalidation_flow,
            &provider.invalidation_flow,
            invalidation_flow,
        ),
    ];
    for (field, flow, is, wish) in flows {
        let Some(flow) = flow.as_ref().filter(|f| wish.chosen && Some(&f.pk) != is.as_ref()) else {
            continue;
        };
        let before = is.as_ref().and_then(|pk| slug_of(observed, pk));
        let pk = super::references::pk(flow);
        changes.push(Change::set(field, before, flow.slug.clone()).sending(pk));
    }
    match signing_key(desired, provider, observed, references) {
        Ok(change) => changes.extend(change),
        Err(error) => plan.refused.push(*error),
    }
    if provider.encryption_key.is_some() {
        changes.push(Change::set("encryption_key", "a key pair", Value::Null).sending(Value::Null));
    }
    if seconds(&provider.access_code_validity).is_some_and(|s| s < code_minutes * 60) {
        let after = format!("minutes={code_minutes}");
        changes.push(Change::set(
            "access_code_validity",
            provider.access_code_validity.clone(),
            after,
        ));
    }

    let have = &provider.redirect_uris;
    let added: Vec<_> = redirect_uris.iter().filter(|uri| !have.contains(uri)).collect();
    let (have, dead) = have.without_dead(redirect_uris);
    if !added.is_empty() || !dead.is_empty() {
        let shown = added.iter().map(|uri| uri.describe()).collect();
        let whole = have.with(&added, references.redirect_shape);
        changes.push(Change::add("redirect_uris", shown, whole).taking(dead));
    }
    let added: Vec<&(String, String)> = references
        .scope_mappings
        .iter()
        .filter(|(_, pk)| !provider.property_mappings.contains(pk))
        .collect();
    if !added.is_empty() {
        let names = added.iter().map(|(name, _)| name.clone()).collect();
        let keys = added.iter().map(|(_, pk)| pk);
        let whole: Vec<&String> = provider.property_mappings.iter().chain(keys).collect();
        changes.push(Change::add("property_mappings", names, json!(whole)));
    }
    if let Some(have) = &provider.grant_types {
        let added: Vec<String> = grant_types
            .iter()
            .filter(|g| !have.iter().any(|h| h == *g))
            .map(|g| (*g).to_owned())
            .collect();
        if !added.is_empty() {
            let whole: Vec<&String> = have.iter().chain(&added).collect();
            let whole = json!(whole);
            changes.push(Change::add("grant_types", added, whole));
        }
    }
    changes
}

/// Identity: used at creation; another wish later would make every NetBird user a stranger.
fn identity(
    desired: &Desired,
    provider: &Provider,
    field: &'static str,
    variable: &str,
    wish: &Setting<String>,
    is: &str,
) -> Result<Option<Change>, Box<Error>> {
    let Some(wish) = wish.wish().filter(|w| *w != is) else {
        return Ok(None);
    };
    if desired.allow_identity_change {
        return Ok(Some(Change::set(field, is, wish.clone())));
    }
    Err(Box::new(
        Error::new(
            Exit::Refused,
            format!("provider {} has {field} {is}, and {variable} asks for {wish}", provider.name),
        )
        .because("changing it would make every NetBird user a stranger")
        .remedy(format!(
            "unset {variable} to keep {is}, or set SETUP_ALLOW_IDENTITY_CHANGE=true if nobody uses NetBird yet"
        )),
    ))
}

/// A scope that a managed mapping and somebody's own serve: version 0.1.0 added the managed one beside it.
fn doubly_served(provider: &Provider, observed: &Observed) -> Option<Remark> {
    let has = |m: &&ScopeMapping| provider.property_mappings.contains(&m.pk);
    let (managed, own): (Vec<_>, Vec<_>) =
        observed.scope_mappings.iter().filter(has).partition(|m| m.managed.is_some());
    let beside = own.iter().filter(|own| managed.iter().any(|m| m.scope_name == own.scope_name));
    let named: Vec<String> =
        beside.map(|own| format!("{} ({})", own.scope_name, own.name)).collect();
    (!named.is_empty()).then(|| {
        Remark::new(
            CheckId::ScopeMappings,
            Level::Leftover,
            format!(
                "the provider has Authentik's mapping beside one of your own for: {}; both run, and what your own \
                 leaves out the other one adds",
                named.join(", ")
            ),
            "take Authentik's mapping off the provider if version 0.1.0 put it there; it stays off",
        )
    })
}

fn slug_of(observed: &Observed, pk: &str) -> Option<String> {
    let flow = observed.flows.as_ref()?.iter().find(|f| f.pk == pk)?;
    Some(flow.slug.clone())
}
