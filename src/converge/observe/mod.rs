//! Reads what Authentik holds, with the questions that cost the server least: the provider's own answer
//! names its application, so a converged run reads neither the application nor the flows, which take half
//! a second each on a real server.

mod access;
mod account;
mod flows;
mod found;
mod installation;
mod leftover;
pub mod user_list;

use std::time::SystemTime;

use futures_util::future::{try_join3, try_join4, try_join5};

pub use access::{Access, OPEN_BY_DEFAULT, in_force};
pub use account::{ServiceAccountView, USER_LIST};
pub use flows::{NAMED_DEVICE_FLOW, SOUND_DEVICE_FLOW, SOUND_LOGIN_FLOW};
pub use found::Found;
pub use installation::Continuity;
pub use leftover::Leftover;

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
    /// Accounts that nothing uses.
    pub leftover: Leftover,
    /// When it was read, for what ends.
    pub at: SystemTime,
}

impl Observed {
    /// Reads it; `thorough` if the service account turned out not to see users, whatever its memberships promise; `checks`
    /// to look for what is left of earlier versions, too.
    ///
    /// # Errors
    /// The first [`Trouble`].
    pub async fn read(
        reader: Reader<'_>,
        desired: &Desired,
        release: Release,
        me: User,
        remembered: &Remembered,
        (thorough, checks): (bool, bool),
    ) -> Result<Self, Trouble> {
        let brand = async {
            match desired.device_code_flow {
                Some(_) => reader.current_brand(release).await.map(Some),
                None => Ok(None),
            }
        };
        let client_id = &desired.provider.client_id.value;
        let people = try_join3(
            Access::first(reader, desired, release, remembered, &me),
            ServiceAccountView::read(reader, desired, release, &me, remembered, thorough),
            Leftover::read(reader, desired, &me, remembered, checks),
        );
        let (
            by_client_id,
            scope_mappings,
            mut key_pairs,
            brand,
            (mut access, mut account, leftover),
        ) = try_join5(
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
            account.settle(reader, desired, found.linked()).await;
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
            leftover,
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
            observed.read_brands(reader, remembered),
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
        if checks {
            observed.access.read_bound(reader).await?;
        }
        observed.continuity = Continuity::of(&observed, remembered);
        if observed.continuity == Continuity::Other && observed.brands.is_none() {
            // A mark that was not looked at is no difference.
            observed.brands = permitted(reader.brands(release).await)?;
            observed.continuity = Continuity::of(&observed, remembered);
        }
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
