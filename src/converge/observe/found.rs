//! Which application and provider there are, and what stands in the way of a new provider.

use futures_util::future::{try_join, try_join_all};

use super::permitted;
use crate::authentik::Reader;
use crate::authentik::model::{AnyProvider, Application, Provider};
use crate::converge::desired::Desired;
use crate::http::Trouble;

/// What there is of NetBird's application and its provider.
#[derive(Clone, Debug)]
pub enum Found {
    /// No application of that slug; providers that could be adopted or stand in the way.
    NoApplication(Vec<Provider>),
    /// The application is there and has no provider.
    NoProvider(Application, Vec<Provider>),
    /// Both are there and belong together.
    Linked(Box<Provider>),
    /// The application has a provider that is not an OAuth2 one; its primary key.
    OtherType(Application, i64),
}

impl Found {
    /// The provider that the application has.
    pub fn linked(&self) -> Option<&Provider> {
        match self {
            Self::Linked(provider) => Some(provider),
            _ => None,
        }
    }

    /// The provider of this client id, whether the application has it (already) or not.
    pub fn of_client(&self, client_id: &str) -> Option<&Provider> {
        match self {
            Self::Linked(provider) => Some(provider),
            Self::NoApplication(candidates) | Self::NoProvider(_, candidates) => {
                candidates.iter().find(|provider| provider.client_id == client_id)
            }
            Self::OtherType(..) => None,
        }
    }

    /// The provider of this primary key, whether the application has it (already) or not, if it was seen.
    pub fn of_key(&self, pk: i64) -> Option<&Provider> {
        match self {
            Self::Linked(provider) => Some(&**provider).filter(|provider| provider.pk == pk),
            Self::NoApplication(candidates) | Self::NoProvider(_, candidates) => {
                candidates.iter().find(|provider| provider.pk == pk)
            }
            Self::OtherType(..) => None,
        }
    }

    /// Reads it, and the providers of another type that have a name in question. Lists of OAuth2 providers show proxy
    /// providers too, so whatever might be adopted is asked for its type.
    ///
    /// # Errors
    /// The first [`Trouble`].
    pub(super) async fn read(
        reader: Reader<'_>,
        desired: &Desired,
        by_client_id: Vec<Provider>,
        early: Option<&Option<Application>>,
    ) -> Result<(Self, Vec<AnyProvider>), Trouble> {
        let wished = &desired.provider.name;
        if let Some(ours) = by_client_id.iter().find(|p| is_ours(desired, p)) {
            let renamed = wished.wish().filter(|name| **name != ours.name);
            let others = types(reader, renamed.map(String::as_str).into_iter().collect()).await?;
            return Ok((Self::Linked(Box::new(ours.clone())), others));
        }
        let application = async {
            match early {
                Some(application) => Ok(application.clone()),
                None => reader.application(&desired.slug).await,
            }
        };
        let (application, named) = try_join(application, async {
            permitted(reader.providers_of_any_type(&wished.value).await)
        })
        .await?;
        // Only where there may be one of that name, its own answer is asked for.
        let by_name = match named.as_ref().is_none_or(|all| all.iter().any(AnyProvider::is_oauth2))
        {
            true => reader.providers("name", &wished.value).await?,
            false => Vec::new(),
        };
        let found = find(reader, desired, application, by_client_id, by_name).await?;
        let candidates = match &found {
            Self::NoApplication(candidates) | Self::NoProvider(_, candidates) => &candidates[..],
            Self::Linked(_) | Self::OtherType(..) => return Ok((found, Vec::new())),
        };
        let further = candidates.iter().map(|c| c.name.as_str()).filter(|n| **n != wished.value);
        let mut others = types(reader, further.collect()).await?;
        others.extend(named.into_iter().flatten().filter(|other| !other.is_oauth2()));
        // Where the token may not ask for types, a proxy provider still shows itself.
        let proxies = candidates.iter().filter(|candidate| candidate.is_proxy());
        others.extend(proxies.map(|candidate| AnyProvider {
            pk: candidate.pk,
            name: candidate.name.clone(),
            meta_model_name: String::new(),
            verbose_name: "Proxy Provider".to_owned(),
        }));
        others.sort_by_key(|other| (other.pk, other.meta_model_name.is_empty()));
        others.dedup_by_key(|other| other.pk);
        Ok((found.without(&others), others))
    }

    /// What is left when these are taken out of the candidates.
    fn without(self, others: &[AnyProvider]) -> Self {
        let rest = |mut candidates: Vec<Provider>| {
            candidates.retain(|candidate| others.iter().all(|other| other.pk != candidate.pk));
            candidates
        };
        match self {
            Self::NoApplication(candidates) => Self::NoApplication(rest(candidates)),
            Self::NoProvider(application, candidates) => {
                Self::NoProvider(application, rest(candidates))
            }
            other => other,
        }
    }
}

/// The providers of these names that are of another type; none where the token may not ask.
async fn types(reader: Reader<'_>, mut names: Vec<&str>) -> Result<Vec<AnyProvider>, Trouble> {
    names.sort_unstable();
    names.dedup();
    let asked = names.into_iter().map(|name| async move {
        permitted(reader.providers_of_any_type(name).await).map(Option::unwrap_or_default)
    });
    let answers = try_join_all(asked).await?.into_iter().flatten();
    Ok(answers.filter(|other| !other.is_oauth2()).collect())
}

/// Whether a provider says of itself that it belongs to NetBird's application.
fn is_ours(desired: &Desired, provider: &Provider) -> bool {
    provider.assigned_application_slug.as_deref() == Some(&desired.slug)
}

/// Settles by the application what the client id did not settle.
async fn find(
    reader: Reader<'_>,
    desired: &Desired,
    application: Option<Application>,
    by_client_id: Vec<Provider>,
    by_name: Vec<Provider>,
) -> Result<Found, Trouble> {
    let mut candidates = by_client_id;
    for provider in by_name {
        // The later answer counts, of two about the same provider.
        candidates.retain(|c| c.pk != provider.pk);
        candidates.push(provider);
    }
    // Another run may have made the application since the first question was answered.
    if let Some(place) = candidates.iter().position(|p| is_ours(desired, p)) {
        return Ok(Found::Linked(Box::new(candidates.swap_remove(place))));
    }
    let Some(application) = application else {
        return Ok(Found::NoApplication(candidates));
    };
    let Some(pk) = application.provider else {
        return Ok(Found::NoProvider(application, candidates));
    };
    let provider = match candidates.into_iter().find(|c| c.pk == pk) {
        Some(provider) => Some(provider),
        None => reader.provider(pk).await?,
    };
    Ok(match provider {
        Some(mut provider) => {
            // Read apart, the two answers may be of different moments: the application's word counts.
            provider.assigned_application_slug = Some(application.slug);
            provider.assigned_application_name = Some(application.name);
            Found::Linked(Box::new(provider))
        }
        None => Found::OtherType(application, pk),
    })
}
