//! What the answers of a login depend on, as a digest: while it stays the same, its endpoints are not asked again.

use super::desired::Desired;
use super::{Converge, Look};
use crate::authentik::Release;
use crate::authentik::model::Provider;
use crate::state::store::Remembered;
use crate::text::{Secret, digest};

/// Under which the state remembers what the endpoints of a login depended on when they were last seen to work.
const LOGIN: &str = "login";

/// Remembers on what the endpoints of a login depend that were seen to work; nothing: they are asked again.
pub(super) fn note_login(digest: Option<String>, remembered: &mut Remembered) {
    match digest {
        Some(digest) => remembered.verified.insert(LOGIN.to_owned(), digest),
        None => remembered.verified.remove(LOGIN),
    };
}

impl Converge<'_> {
    /// What is there now, as far as the answers of a login depend on it.
    pub(super) fn digest_of(&self, look: &Look) -> Option<String> {
        let provider = look.observed.found.linked()?;
        Some(self.login_digest(&look.desired, look.observed.release, provider))
    }

    /// Whether exactly this was seen to work by a run before.
    pub(super) fn is_verified(&self, look: &Look) -> bool {
        let remembered = self.memory.remembered();
        let now = self.digest_of(look);
        look.plan.steps.is_empty()
            && now.is_some()
            && remembered.verified.get(LOGIN) == now.as_ref()
    }

    /// All that the answers of the authorize, token and device endpoints depend on.
    pub(super) fn login_digest(
        &self,
        desired: &Desired,
        release: Release,
        provider: &Provider,
    ) -> String {
        let mut mappings = provider.property_mappings.clone();
        mappings.sort();
        let client = &desired.provider.client;
        let connection = &self.config.connection;
        let urls = (connection.internal.join(""), connection.public.join(""), &desired.slug);
        let asked = (&client.probes, &client.origins, client.login_scope());
        let ids = (provider.pk, &provider.client_id, &provider.client_type);
        let keys = (&provider.signing_key, &provider.encryption_key, &provider.authorization_flow);
        let lists = (&provider.redirect_uris.entries, &provider.grant_types, mappings);
        let manager = self.memory.manager.as_ref();
        let secret = |password: &Secret| digest::of(password.expose());
        let manager = manager.map(|m| (&m.client_id, &m.username, m.password.as_ref().map(secret)));
        digest::of(&format!("{:?}", (release, urls, asked, ids, keys, lists, manager)))
    }
}
