//! Reads what Authentik holds, with the questions that cost the server least: the provider's own answer
//! names its application, so a converged run reads neither the application nor the flows, which take half
//! a second each on a real server.

mod access;
mod account;
mod found;
mod installation;
pub mod user_list;

use std::time::SystemTime;

use futures_util::future::{try_join, try_join4, try_join5};

pub use access::{Access, OPEN_BY_DEFAULT, in_force};
pub use account::{ServiceAccountView, USER_LIST};
pub use found::Found;
pub use installation::Continuity;

use crate::authentik::model::{
    AnyProvider, Brand, CurrentBrand, Flow, KeyPair, ScopeMapping, User,
};
use crate::authentik::{Reader, Release};
use crate::converge::desired::Desired;
use crate::http::{Kind, Trouble};
use crate::state::store::Remembered;

/// What Authentik holds, as far as it matters.
#[derive(Debug)]
pub struct Observed {
    /// Which release answers.
    pub release: Release,
    /// Whose token it is.
    pub me: User,
    /// Whether this is the Authentik that is remembered.
    pub continuity: Continuity,
    /// Application and provider.
    pub found: Found,
    /// Providers of another type that have a name in question.
    pub other_types: Vec<AnyProvider>,
    /// All scope mappings.
    pub scope_mappings: Vec<ScopeMapping>,
    /// All key pairs with a private key.
    pub key_pairs: Vec<KeyPair>,
    /// The brand that serves the public host; nothing where the device code flow is left alone.
    pub brand: Option<CurrentBrand>,
    /// All brands; nothing if no question needs them, or the token may not see them.
    pub brands: Option<Vec<Brand>>,
    /// All flows; nothing if no question needs them, or the token may not see them.
    pub flows: Option<Vec<Flow>>,
    /// Who may open the application.
    pub access: Access,
    /// The service account.
    pub account: ServiceAccountView,
    /// When it was read, for what ends.
    pub at: SystemTime,
}

/// Under this key the state remembers the brand's device code flow that was found to be sound.
pub const SOUND_DEVICE_FLOW: &str = "device code flow";

impl Observed {
    /// Reads it; `thorough` if the service account turned out not to see users, whatever its memberships promise.
    ///
    /// # Errors
    /// The first [`Trouble`].
    pub async fn read(
        reader: Reader<'_>,
        desired: &Desired,
        release: Release,
        me: User,
        remembered: &Remembered,
        thorough: bool,
    ) -> Result<Self, Trouble> {
        let brand = async {
            match desired.device_code_flow {
                Some(_) => reader.current_brand(release).await.map(Some),
                None => Ok(None),
            }
        };
        let client_id = &desired.provider.client_id.value;
        let people = try_join(
            Access::first(reader, desired, release, remembered, &me),
            ServiceAccountView::read(reader, desired, release, &me, remembered, thorough),
        );
        let (by_client_id, scope_mappings, mut key_pairs, brand, (mut access, mut account)) =
            try_join5(
                reader.providers("client_id", client_id),
                reader.scope_mappings(release),
                reader.key_pairs(release),
                brand,
                people,
            )
            .await?;
        let (found, other_types) =
            Found::read(reader, desired, by_client_id, access.early_application()).await?;
        if account.tried {
            account.settle(reader, desired, found.linked()).await?;
        }
        let shut_out = account.is_shut_out();
        let mut observed = Self {
            release,
            me,
            continuity: Continuity::Unknown,
            found,
            other_types,
            scope_mappings,
            key_pairs: Vec::new(),
            brand,
            brands: None,
            flows: None,
            access: Access::default(),
            account,
            at: SystemTime::now(),
        };
        let key = observed.undetailed_key(desired, &key_pairs);
        let detailed = async {
            match &key {
                Some(pk) => reader.key_pair(pk).await,
                None => Ok(None),
            }
        };
        let (detailed, flows, brands, ()) = try_join4(
            detailed,
            observed.read_flows(reader, desired, remembered),
            observed.read_brands(reader, desired, remembered),
            access.settle(reader, desired, &observed, remembered, shut_out),
        )
        .await?;
        if let Some(detailed) = detailed {
            key_pairs.retain(|k| k.pk != detailed.pk);
            key_pairs.push(detailed);
        }
        (observed.key_pairs, observed.flows, observed.brands) = (key_pairs, flows, brands);
        observed.access = access;
        observed.settle_account(reader, desired, remembered).await?;
        observed.continuity = Continuity::of(&observed, remembered);
        Ok(observed)
    }

    /// The key pair whose type decides something and is not known: up to 2025.10 the type is a detail that
    /// costs the server 0.4 s, so it is not asked for when the provider signs with the default key, or is about to:
    /// every release makes that as RSA (and the key set proves it later).
    fn undetailed_key(&self, desired: &Desired, key_pairs: &[KeyPair]) -> Option<String> {
        let wished = &desired.provider.signing_key;
        let named = key_pairs.iter().find(|k| k.name == wished.value);
        let current = self.found.linked().and_then(|p| p.signing_key.as_ref());
        let in_question = match (current, wished.wish()) {
            (Some(current), None) => key_pairs.iter().find(|k| k.pk == *current),
            _ => named,
        }?;
        let is_default = !wished.chosen && in_question.name == wished.value;
        let settled = current.is_none_or(|current| *current == in_question.pk) && is_default;
        (in_question.kind().is_none() && !settled).then(|| in_question.pk.clone())
    }

    /// Flows are referred to by a new provider, by a wish for another flow, and by a brand without one. The one that a
    /// brand has already is looked at once.
    async fn read_flows(
        &self,
        reader: Reader<'_>,
        desired: &Desired,
        remembered: &Remembered,
    ) -> Result<Option<Vec<Flow>>, Trouble> {
        let provider = &desired.provider;
        let on_brand = self.brand.as_ref().map(|brand| brand.flow_device_code.as_deref());
        let needed = self.found.linked().is_none()
            || provider.authorization_flow.chosen
            || (provider.invalidation_flow.chosen && self.release.has_invalidation_flow())
            || on_brand == Some(None);
        if needed {
            return reader.flows().await.map(Some);
        }
        let seen = remembered.verified.get(SOUND_DEVICE_FLOW).map(String::as_str);
        match on_brand.flatten() {
            Some(slug) if seen != Some(slug) => permitted(reader.flows().await),
            _ => Ok(None),
        }
    }

    /// Brands are listed to change one, and to remember the default one.
    async fn read_brands(
        &self,
        reader: Reader<'_>,
        desired: &Desired,
        remembered: &Remembered,
    ) -> Result<Option<Vec<Brand>>, Trouble> {
        let Some(brand) = &self.brand else { return Ok(None) };
        if brand.flow_device_code.is_none() {
            return reader.brands(self.release).await.map(Some);
        }
        let known = remembered.installation.as_ref().is_some_and(|installation| {
            installation.brand.is_some() && installation::same_user(installation, &self.me)
        });
        match known || desired.device_code_flow.is_none() {
            true => Ok(None),
            false => permitted(reader.brands(self.release).await),
        }
    }

    /// The brand that serves the public host, in full.
    pub fn serving_brand(&self) -> Option<&Brand> {
        let domain = &self.brand.as_ref()?.matched_domain;
        self.brands.as_ref()?.iter().find(|brand| brand.domain == *domain)
    }

    /// The default brand.
    pub fn default_brand(&self) -> Option<&Brand> {
        self.brands.as_ref()?.iter().find(|brand| brand.default)
    }

    /// The flow of this slug, if flows were read.
    pub fn flow(&self, slug: &str) -> Option<&Flow> {
        self.flows.as_ref()?.iter().find(|flow| flow.slug == slug)
    }

    /// Whether some mapping of the application's provider serves a scope.
    pub fn serves(&self, scope: &str) -> bool {
        self.found.linked().is_some_and(|provider| {
            let has = |mapping: &&ScopeMapping| provider.property_mappings.contains(&mapping.pk);
            self.scope_mappings.iter().filter(has).any(|mapping| mapping.scope_name == scope)
        })
    }
}

/// A question that only informs: one that the token may not ask has no answer, and is no error.
fn permitted<T>(answer: Result<T, Trouble>) -> Result<Option<T>, Trouble> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Trouble { kind: Kind::Permission(_), .. }) => Ok(None),
        Err(trouble) => Err(trouble),
    }
}

/// Two answers that do not fit together: another run or an administrator was busy between them. Looking again helps.
fn between_answers(what: &str) -> Trouble {
    Trouble::without_answer(Kind::Busy(None), what, "it changed while it was looked at")
}
