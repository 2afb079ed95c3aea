//! How an existing provider differs from what it must be: invariants, wishes, identity, and lists that keep what
//! somebody put into them.

use serde_json::{Value, json};

use super::identity::identity;
use super::placeholder;
use super::references::References;
use super::remark::{Level, Remark};
use super::signing::signing_key;
use super::{Change, Plan};
use crate::authentik::duration::seconds;
use crate::authentik::model::{Provider, ScopeMapping};
use crate::authentik::redirect::{RedirectUri, Shape};
use crate::converge::desired::{Desired, DesiredProvider};
use crate::converge::observe::Observed;
use crate::netbird::{ClientType, OidcClient};
use crate::proof::CheckId;

/// How an existing provider differs from what it must be.
pub fn differences(
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
        needs_secret,
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
    let mut changes = Vec::new();

    if let Some(name) = name.wish().filter(|n| **n != provider.name) {
        changes.push(Change::set("name", provider.name.clone(), name.clone()));
    }
    if provider.client_type != client_type.name() {
        let before = provider.client_type.clone();
        changes.push(Change::set("client_type", before, client_type.name()));
    }
    if provider.issuer_mode == "global" && !desired.keeps_issuer_mode() {
        changes.push(Change::set("issuer_mode", "global", "per_provider"));
    }
    // Authentik makes a secret for every provider; one that was emptied by hand gets one of this container's.
    if *needs_secret && provider.client_secret.expose().is_empty() {
        let wire = Value::from(placeholder::client_secret());
        changes.push(Change::set("client_secret", Value::Null, "(secret)").sending(wire));
    }
    // NetBird's own provider reads the ID token alone.
    if *client_type == ClientType::Confidential
        && provider.include_claims_in_id_token == Some(false)
    {
        changes.push(Change::set("include_claims_in_id_token", false, true));
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
    let wanted = wanted_uris(client, references);
    let added: Vec<_> = wanted.iter().filter(|uri| !have.contains(uri)).collect();
    let (have, dead) = have.without_dead(&client.redirect_uris, &client.origins);
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

/// A scope that a managed mapping and somebody's own serve: version 0.1.0 added the managed one beside it.
pub fn doubly_served(provider: &Provider, observed: &Observed) -> Option<Remark> {
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

/// The client's redirect URIs, as a server of this shape needs them.
pub fn wanted_uris(client: &OidcClient, references: &References) -> Vec<RedirectUri> {
    let mut wanted = client.redirect_uris.clone();
    if references.redirect_shape == Shape::Text {
        wanted.extend(client.origins.iter().map(|origin| RedirectUri::origin_alone(origin)));
    }
    wanted
}
