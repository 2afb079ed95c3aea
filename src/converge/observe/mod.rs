//! Reads what Authentik holds, with the questions that cost the server least: the provider's own answer
//! names its application, so a converged run reads neither the application nor the flows, which take half
//! a second each on a real server.

mod access;

use futures_util::future::{try_join, try_join5};

pub use access::Access;

use crate::authentik::model::{Application, Brand, Flow, KeyPair, Provider, ScopeMapping};
use crate::authentik::{Reader, Release};
use crate::converge::desired::Desired;
use crate::http::Trouble;

/// What there is of our application and its provider.
#[derive(Clone, Debug)]
pub enum Found {
    /// No application of our slug; providers that could be adopted or stand in the way.
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
}

/// What Authentik holds, as far as it matters.
#[derive(Debug)]
pub struct Observed {
    /// Which release answers.
    pub release: Release,
    /// Application and provider.
    pub found: Found,
    /// All scope mappings.
    pub scope_mappings: Vec<ScopeMapping>,
    /// All key pairs with a private key.
    pub key_pairs: Vec<KeyPair>,
    /// All brands; empty where the device code flow is none of our business.
    pub brands: Vec<Brand>,
    /// All flows; nothing if no question needs them.
    pub flows: Option<Vec<Flow>>,
    /// Who may open the application, and the service account.
    pub access: Access,
}

impl Observed {
    /// Reads it.
    ///
    /// # Errors
    /// The first [`Trouble`].
    pub async fn read(
        reader: Reader<'_>,
        desired: &Desired,
        release: Release,
    ) -> Result<Self, Trouble> {
        let brands = async {
            match desired.device_code_flow {
                Some(_) => reader.brands(release).await,
                None => Ok(Vec::new()),
            }
        };
        let client_id = &desired.provider.client_id.value;
        let (by_client_id, scope_mappings, mut key_pairs, brands, access) = try_join5(
            reader.providers("client_id", client_id),
            reader.scope_mappings(release),
            reader.key_pairs(release),
            brands,
            Access::read(reader, desired, release, &desired.provider.client_id.value),
        )
        .await?;
        let found = match by_client_id.iter().find(|p| is_ours(desired, p)) {
            Some(provider) => Found::Linked(Box::new(provider.clone())),
            None => find(reader, desired, by_client_id).await?,
        };

        let mut observed = Self {
            release,
            found,
            scope_mappings,
            key_pairs: Vec::new(),
            brands,
            flows: None,
            access,
        };
        observed.access.settle(reader, desired, observed.found.linked()).await?;
        if let Some(pk) = observed.undetailed_key(desired, &key_pairs)
            && let Some(detailed) = reader.key_pair(&pk).await?
        {
            key_pairs.retain(|k| k.pk != pk);
            key_pairs.push(detailed);
        }
        observed.key_pairs = key_pairs;
        if observed.needs_flows(desired) {
            observed.flows = Some(reader.flows().await?);
        }
        Ok(observed)
    }

    /// The key pair whose type decides something and is not known: up to 2025.10 the type is a detail that
    /// costs the server 0.4 s, so it is not asked for when the provider already signs with the default key,
    /// which every release makes as RSA (and the key set proves it later).
    fn undetailed_key(&self, desired: &Desired, key_pairs: &[KeyPair]) -> Option<String> {
        let wished = &desired.provider.signing_key;
        let named = key_pairs.iter().find(|k| k.name == wished.value);
        let current = self.found.linked().and_then(|p| p.signing_key.as_ref());
        let in_question = match (current, wished.wish()) {
            (Some(current), None) => key_pairs.iter().find(|k| k.pk == *current),
            _ => named,
        }?;
        let is_default = !wished.chosen && in_question.name == wished.value;
        let settled = current == Some(&in_question.pk) && is_default;
        (in_question.kind().is_none() && !settled).then(|| in_question.pk.clone())
    }

    /// Flows are referred to by a new provider, by a wish for another flow, and by a brand without one.
    fn needs_flows(&self, desired: &Desired) -> bool {
        let provider = &desired.provider;
        self.found.linked().is_none()
            || provider.authorization_flow.chosen
            || (provider.invalidation_flow.chosen && self.release.has_invalidation_flow())
            || (desired.device_code_flow.is_some()
                && self
                    .brand(&desired.public.authority())
                    .is_some_and(|b| b.flow_device_code.is_none()))
    }

    /// The brand that serves a host: the longest domain that the host ends in, else the default one.
    pub fn brand(&self, host: &str) -> Option<&Brand> {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
        let serves = |domain: &str| {
            let domain = domain.to_ascii_lowercase();
            !domain.is_empty()
                && (name == domain
                    || name.ends_with(&format!(".{}", domain.trim_start_matches('.'))))
        };
        self.brands
            .iter()
            .filter(|b| serves(&b.domain))
            .max_by_key(|b| b.domain.len())
            .or_else(|| self.brands.iter().find(|b| b.default))
    }
}

/// Whether a provider says of itself that it belongs to our application.
fn is_ours(desired: &Desired, provider: &Provider) -> bool {
    provider.assigned_application_slug.as_deref() == Some(&desired.slug)
}

/// Settles by the application what the client id did not settle.
async fn find(
    reader: Reader<'_>,
    desired: &Desired,
    by_client_id: Vec<Provider>,
) -> Result<Found, Trouble> {
    let (application, by_name) = try_join(
        reader.application(&desired.slug),
        reader.providers("name", &desired.provider.name.value),
    )
    .await?;
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
