//! Which provider is NetBird's, by the application's slug; and which ones must not be changed.

use crate::authentik::model::{AnyProvider, Provider};
use crate::converge::desired::Desired;
use crate::converge::observe::{Found, Observed};
use crate::error::{Error, Exit};

/// NetBird's provider: the application's, or an orphan of the wanted name or client id, which is a run that
/// died half-way. One that belongs to another application is refused.
pub fn choose<'a>(
    desired: &Desired,
    observed: &'a Observed,
) -> Result<Option<&'a Provider>, Box<Error>> {
    let taken = observed.other_types.iter().find(|other| other.name == desired.provider.name.value);
    if let Some(other) = taken {
        return Err(Box::new(of_another_type(other)));
    }
    let candidates = match &observed.found {
        Found::Linked(provider) if provider.is_proxy() => {
            let what = format!(
                "application {} has provider {}, a proxy provider",
                desired.slug, provider.name
            );
            return Err(Box::new(another_application(what)));
        }
        Found::Linked(provider) => return Ok(Some(provider)),
        Found::OtherType(application, pk) => {
            return Err(Box::new(another_application(format!(
                "application {} has provider {pk}, which is not an OAuth2 provider",
                application.slug
            ))));
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
                        "several providers without an application could be NetBird's: {}",
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

fn another_application(what: String) -> Error {
    Error::new(Exit::Refused, what).remedy(
        "set AUTHENTIK_APPLICATION_SLUG to another slug, or take the provider off the application",
    )
}

/// Names are unique over all types, so Authentik would refuse it at every try.
fn of_another_type(other: &AnyProvider) -> Error {
    let kind = match other.verbose_name.is_empty() {
        true => &other.meta_model_name,
        false => &other.verbose_name,
    };
    Error::new(
        Exit::Refused,
        format!("the name {} belongs to a provider of another type ({kind})", other.name),
    )
    .because("NetBird needs an OAuth2 provider")
    .remedy("set AUTHENTIK_PROVIDER_NAME to another name, or rename that provider")
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
        "if that application is NetBird's, set its slug in Authentik to {wanted}, or AUTHENTIK_APPLICATION_SLUG to \
         {application}; else set {variable} to another value",
        wanted = desired.slug
    ))
}
