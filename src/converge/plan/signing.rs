//! The signing key: NetBird verifies RSA only, so there must be one.

use serde_json::Value;

use super::Change;
use super::references::{KeyRef, References};
use crate::authentik::model::Provider;
use crate::converge::desired::Desired;
use crate::converge::observe::Observed;
use crate::error::{Error, Exit};

/// Invariant: an RSA key signs. Which one is a default.
pub fn signing_key(
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
        (Some(pk), true) => usable_key(wished)?.is_some_and(|k| k.pk == *pk),
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

/// The key, if it is one that NetBird can verify with.
pub fn usable_key(key: Option<&KeyRef>) -> Result<Option<&KeyRef>, Box<Error>> {
    match key {
        Some(KeyRef { name, kind: Some(kind), .. }) if kind != "rsa" => Err(Box::new(
            Error::new(Exit::Refused, format!("key pair {name} is of type {kind}"))
                .because("NetBird verifies RSA keys only")
                .remedy("set AUTHENTIK_SIGNING_KEY to the name of an RSA key pair"),
        )),
        other => Ok(other),
    }
}
