//! The provider: which one is ours, and how it differs. The ownership rules live here.

use serde_json::{Value, json};

use super::references::{KeyRef, References};
use super::{Change, Identity, Plan, Step, Target};
use crate::authentik::model::Provider;
use crate::authentik::redirect::RedirectUris;
use crate::authentik::writer::Operation;
use crate::config::Setting;
use crate::desired::{CODE_MINUTES, Desired};
use crate::error::{Error, Exit};
use crate::observe::{Found, Observed};

/// Which provider the application is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ours {
    /// One that exists.
    Existing(i64),
    /// The one that this plan creates.
    New,
}

/// Plans the provider; nothing if the plan is refused.
pub fn plan(
    plan: &mut Plan,
    desired: &Desired,
    observed: &Observed,
    references: &References,
) -> Option<Ours> {
    match choose(desired, &observed.found) {
        Err(error) => {
            plan.refused.push(*error);
            None
        }
        Ok(Some(provider)) => {
            let changes = differences(plan, desired, provider, observed, references);
            let changes_client_id = changes.iter().any(|c| c.field == "client_id");
            let client_id = if changes_client_id {
                &desired.provider.client_id.value
            } else {
                &provider.client_id
            };
            plan.identity = Some(Identity {
                client_id: client_id.clone(),
                global_issuer: provider.issuer_mode == "global",
            });
            let operation = Operation::ChangeProvider(provider.pk.to_string());
            plan.push(Step::change(Target::Provider, &provider.name, operation, changes));
            Some(Ours::Existing(provider.pk))
        }
        Ok(None) => {
            let changes = creation(plan, desired, references);
            let client_id = desired.provider.client_id.value.clone();
            plan.identity = Some(Identity { client_id, global_issuer: false });
            let name = &desired.provider.name.value;
            plan.push(Step::create(Target::Provider, name, Operation::CreateProvider, changes));
            Some(Ours::New)
        }
    }
}

/// The provider that is ours: the application's, or an orphan of our name or client id, which is a run that
/// died half-way. One that belongs to another application is not ours.
fn choose<'a>(desired: &Desired, found: &'a Found) -> Result<Option<&'a Provider>, Box<Error>> {
    let candidates = match found {
        Found::Linked(provider) => return Ok(Some(provider)),
        Found::OtherType(application, pk) => {
            return Err(Box::new(
                Error::new(
                    Exit::Refused,
                    format!(
                        "application {} has provider {pk}, which is not an OAuth2 provider",
                        application.slug
                    ),
                )
                .remedy("set AUTHENTIK_APPLICATION_SLUG to another slug, or take the provider off the application"),
            ));
        }
        Found::NoApplication(candidates) | Found::NoProvider(_, candidates) => candidates,
    };
    let orphans: Vec<&Provider> =
        candidates.iter().filter(|c| c.assigned_application_slug.is_none()).collect();
    match orphans[..] {
        [only] => Ok(Some(only)),
        [] => match candidates.first() {
            None => Ok(None),
            Some(taken) => Err(Box::new(not_ours(desired, taken))),
        },
        _ => {
            let names: Vec<String> = orphans
                .iter()
                .map(|p| format!("{} (number {}, client id {})", p.name, p.pk, p.client_id))
                .collect();
            Err(Box::new(
                Error::new(
                    Exit::Refused,
                    format!(
                        "several providers without an application could be ours: {}",
                        names.join(", ")
                    ),
                )
                .remedy(
                    "delete those that are not in use, or set AUTHENTIK_PROVIDER_NAME and \
                     NETBIRD_AUTH_CLIENT_ID to those of one of them",
                ),
            ))
        }
    }
}

fn not_ours(desired: &Desired, taken: &Provider) -> Error {
    let (what, variable) = if taken.client_id == desired.provider.client_id.value {
        (format!("client id {}", taken.client_id), "NETBIRD_AUTH_CLIENT_ID")
    } else {
        (format!("name {}", taken.name), "AUTHENTIK_PROVIDER_NAME")
    };
    let application = taken.assigned_application_slug.as_deref().unwrap_or_default();
    Error::new(
        Exit::Refused,
        format!("the provider with the {what} belongs to application {application}, not to {}", desired.slug),
    )
    .remedy(format!(
        "set {variable} to another value, or AUTHENTIK_APPLICATION_SLUG to {application} if that application \
         is NetBird's"
    ))
}

/// Every field of a new provider.
fn creation(plan: &mut Plan, desired: &Desired, references: &References) -> Vec<Change> {
    let wished = &desired.provider;
    let new = |field: &'static str, value: &str| Change::set(field, Value::Null, value);
    let mut changes = vec![
        new("name", &wished.name.value),
        new("client_type", "public"),
        new("client_id", &wished.client_id.value),
        new("sub_mode", &wished.sub_mode.value),
        new("issuer_mode", "per_provider"),
        Change::set("include_claims_in_id_token", Value::Null, true),
        new("access_code_validity", &format!("minutes={CODE_MINUTES}")),
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
    let all: Vec<_> = wished.redirect_uris.iter().collect();
    let shown = all.iter().map(|uri| uri.describe()).collect();
    changes.push(Change::add(
        "redirect_uris",
        shown,
        nothing.with(&all, references.redirect_shape),
    ));
    let names = references.scope_mappings.iter().map(|(name, _)| name.clone()).collect();
    let keys: Vec<&String> = references.scope_mappings.iter().map(|(_, pk)| pk).collect();
    changes.push(Change::add("property_mappings", names, json!(keys)));
    if !wished.grant_types.is_empty() {
        let grants: Vec<String> = wished.grant_types.iter().map(|g| (*g).to_owned()).collect();
        changes.push(Change::add("grant_types", grants.clone(), json!(grants)));
    }
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
    let wished = &desired.provider;
    let mut changes = Vec::new();

    if let Some(name) = wished.name.wish().filter(|n| **n != provider.name) {
        changes.push(Change::set("name", provider.name.clone(), name.clone()));
    }
    if provider.client_type != "public" {
        changes.push(Change::set("client_type", provider.client_type.clone(), "public"));
    }
    let sub_mode_variable = match desired.service_account {
        Some(_) => "NETBIRD_MGMT_IDP=authentik",
        None => "AUTHENTIK_SUB_MODE",
    };
    let identities = [
        ("client_id", "NETBIRD_AUTH_CLIENT_ID", &wished.client_id, &provider.client_id),
        ("sub_mode", sub_mode_variable, &wished.sub_mode, &provider.sub_mode),
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
            &wished.authorization_flow,
        ),
        (
            "invalidation_flow",
            &references.invalidation_flow,
            &provider.invalidation_flow,
            &wished.invalidation_flow,
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
    if seconds(&provider.access_code_validity).is_some_and(|s| s < CODE_MINUTES * 60) {
        let after = format!("minutes={CODE_MINUTES}");
        changes.push(Change::set(
            "access_code_validity",
            provider.access_code_validity.clone(),
            after,
        ));
    }

    let have = &provider.redirect_uris;
    let added: Vec<_> = wished.redirect_uris.iter().filter(|uri| !have.contains(uri)).collect();
    if !added.is_empty() {
        let shown = added.iter().map(|uri| uri.describe()).collect();
        let whole = have.with(&added, references.redirect_shape);
        changes.push(Change::add("redirect_uris", shown, whole));
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
        let added: Vec<String> = wished
            .grant_types
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

/// Invariant: an RSA key signs. Which one is a default.
fn signing_key(
    desired: &Desired,
    provider: &Provider,
    observed: &Observed,
    references: &References,
) -> Result<Option<Change>, Box<Error>> {
    let current = provider
        .signing_key
        .as_ref()
        .and_then(|pk| observed.key_pairs.iter().find(|k| k.pk == *pk));
    let wished = references.signing_key.as_ref();
    let keeps = match (&provider.signing_key, desired.provider.signing_key.chosen) {
        (None, _) => false,
        (Some(pk), true) => wished.is_some_and(|k| k.pk == *pk),
        // One that is not listed, or whose type is not told, is left alone: the key set proves it.
        (Some(_), false) => current.is_none_or(|k| k.kind().is_none_or(|kind| kind == "rsa")),
    };
    if keeps {
        return Ok(None);
    }
    let Some(key) = usable_key(wished)? else {
        return Ok(None);
    };
    let before = current.map(|k| k.name.clone());
    Ok(Some(
        Change::set("signing_key", before, key.name.clone()).sending(Value::from(key.pk.clone())),
    ))
}

fn usable_key(key: Option<&KeyRef>) -> Result<Option<&KeyRef>, Box<Error>> {
    match key {
        Some(KeyRef { name, kind: Some(kind), .. }) if kind != "rsa" => Err(Box::new(
            Error::new(Exit::Refused, format!("key pair {name} is of type {kind}"))
                .because("NetBird verifies RSA keys only")
                .remedy("set AUTHENTIK_SIGNING_KEY to the name of an RSA key pair"),
        )),
        other => Ok(other),
    }
}

fn slug_of(observed: &Observed, pk: &str) -> Option<String> {
    let flow = observed.flows.as_ref()?.iter().find(|f| f.pk == pk)?;
    Some(flow.slug.clone())
}

/// Seconds of one of Authentik's durations, such as `hours=1;minutes=30`. Nothing where it cannot be read:
/// what we do not understand we leave alone.
fn seconds(text: &str) -> Option<u64> {
    let mut total = 0.0;
    for part in text.split(';').filter(|p| !p.trim().is_empty()) {
        let (unit, number) = part.split_once('=')?;
        let number: f64 = number.trim().parse().ok()?;
        total += number
            * match unit.trim() {
                "microseconds" => 1e-6,
                "milliseconds" => 1e-3,
                "seconds" => 1.0,
                "minutes" => 60.0,
                "hours" => 3_600.0,
                "days" => 86_400.0,
                "weeks" => 604_800.0,
                _ => return None,
            };
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    (!text.trim().is_empty()).then_some(total as u64)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn authentiks_durations_are_read() {
        assert_eq!(seconds("minutes=10"), Some(600));
        assert_eq!(seconds("hours=1;minutes=30"), Some(5_400));
        assert_eq!(seconds("minutes=1"), Some(60));
        assert_eq!(seconds("fortnights=1"), None);
        assert_eq!(seconds(""), None);
    }
}
