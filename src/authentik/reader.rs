//! Reads from Authentik's API, and only reads. Each question names the permission that it needs, so that a
//! token without it gets told which.

use reqwest::Method;
use serde::de::DeserializeOwned;

use super::decode::decode;
use super::model::{
    AnyProvider, Application, Brand, CurrentBrand, Flow, KeyPair, Me, Page, Provider, ScopeMapping,
    Version,
};
use super::release::Release;
use super::server::{Server, Via};
use crate::http::{Answer, Kind, Trouble};

/// More pages than any of these lists has: a server that never says "last page" must not keep a run.
const PAGE_LIMIT: u32 = 100;

/// The reading side of the API.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a>(pub &'a Server);

impl Reader<'_> {
    /// Whose token it is: the one question that answers only when token and database are ready.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn me(&self) -> Result<Me, Trouble> {
        self.get("core/users/me/", "").await
    }

    /// Which release this is. Any valid token may ask.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn release(&self) -> Result<Release, Trouble> {
        let version: Version = self.get("admin/version/", "").await?;
        Ok(Release::parse(&version.version_current))
    }

    /// OAuth2 providers with exactly this value in `field` (`name` or `client_id`). They name the
    /// application that has them, for a tenth of what reading the application costs the server.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn providers(&self, field: &str, value: &str) -> Result<Vec<Provider>, Trouble> {
        let path = format!("providers/oauth2/?{field}={}", query_value(value));
        self.list(&path, "authentik_providers_oauth2.view_oauth2provider").await
    }

    /// One OAuth2 provider; nothing if there is none, or one of another type.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn provider(&self, pk: i64) -> Result<Option<Provider>, Trouble> {
        let permission = "authentik_providers_oauth2.view_oauth2provider";
        self.find(&format!("providers/oauth2/{pk}/"), permission).await
    }

    /// Providers of every type with exactly this name: names are unique over all types.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn providers_of_any_type(&self, name: &str) -> Result<Vec<AnyProvider>, Trouble> {
        let path = format!("providers/all/?search={}", query_value(name));
        let found: Vec<AnyProvider> = self.list(&path, "authentik_core.view_provider").await?;
        Ok(found.into_iter().filter(|provider| provider.name == name).collect())
    }

    /// The application of this slug. By slug only: the list shows what the caller may open, from a cache
    /// that ignores its filters.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn application(&self, slug: &str) -> Result<Option<Application>, Trouble> {
        self.find(&format!("core/applications/{slug}/"), "authentik_core.view_application").await
    }

    /// All flows. One by slug costs the server as much as a page of all.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn flows(&self) -> Result<Vec<Flow>, Trouble> {
        self.list("flows/instances/?ordering=slug", "authentik_flows.view_flow").await
    }

    /// The flow of this slug. While there is none, that costs the server a tenth of a list.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn flow(&self, slug: &str) -> Result<Option<Flow>, Trouble> {
        self.find(&format!("flows/instances/{slug}/"), "authentik_flows.view_flow").await
    }

    /// All scope mappings. Not by `managed=`: a mapping that is not there yet makes that a 400.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn scope_mappings(&self, release: Release) -> Result<Vec<ScopeMapping>, Trouble> {
        let paths = ["propertymappings/provider/scope/?", "propertymappings/scope/?"];
        let permission = "authentik_providers_oauth2.view_scopemapping";
        self.moved(paths, release.has_provider_scope_path(), permission).await
    }

    /// All brands, tenants before 2024.2. Filtered here: `?default=true` was read otherwise by old releases.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn brands(&self, release: Release) -> Result<Vec<Brand>, Trouble> {
        let paths = ["core/brands/?", "core/tenants/?"];
        let permission = if release.has_brands() {
            "authentik_brands.view_brand"
        } else {
            "authentik_tenants.view_tenant"
        };
        self.moved(paths, release.has_brands(), permission).await
    }

    /// The brand that serves the public host, by the server's own word: which one does differs between releases. Asked
    /// with the public Host, port included, and without the token.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn current_brand(&self, release: Release) -> Result<CurrentBrand, Trouble> {
        let paths = ["api/v3/core/brands/current/", "api/v3/core/tenants/current/"];
        let (first, second) = match release.has_brands() {
            true => (paths[0], paths[1]),
            false => (paths[1], paths[0]),
        };
        let answer = self.0.anonymous(Via::InternalAsPublic, first, None).await?;
        match answer.status {
            404 => decode(&self.0.anonymous(Via::InternalAsPublic, second, None).await?, ""),
            _ => decode(&answer, ""),
        }
    }

    /// All key pairs that have a private key; up to 2025.10 without their type, which makes this cheap.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn key_pairs(&self, release: Release) -> Result<Vec<KeyPair>, Trouble> {
        let details =
            if release.has_optional_key_details() { "&include_details=false" } else { "" };
        let path = format!("crypto/certificatekeypairs/?has_key=true{details}");
        self.list(&path, "authentik_crypto.view_certificatekeypair").await
    }

    /// One key pair with its type.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn key_pair(&self, pk: &str) -> Result<Option<KeyPair>, Trouble> {
        let permission = "authentik_crypto.view_certificatekeypair";
        self.find(&format!("crypto/certificatekeypairs/{pk}/"), permission).await
    }

    /// A list that has moved between releases: the likelier path first, the other on 404.
    async fn moved<T: DeserializeOwned>(
        &self,
        [new, old]: [&str; 2],
        is_new: bool,
        permission: &'static str,
    ) -> Result<Vec<T>, Trouble> {
        let (first, second) = if is_new { (new, old) } else { (old, new) };
        match self.list(first, permission).await {
            Err(Trouble { kind: Kind::Missing, .. }) => self.list(second, permission).await,
            answer => answer,
        }
    }

    /// All pages of a list; `path` ends in `?` or in a query.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        permission: &'static str,
    ) -> Result<Vec<T>, Trouble> {
        let mut all = Vec::new();
        let mut page = 1;
        while page != 0 {
            // A page holds 20 by default from 2025.12 on; 100 is honoured by every release.
            let size = if path.ends_with('?') { "page_size=100" } else { "&page_size=100" };
            let number = if page > 1 { format!("&page={page}") } else { String::new() };
            let answer = self.ask(&format!("{path}{size}{number}")).await?;
            let decoded: Page<T> = decode(&answer, permission)?;
            all.extend(decoded.results);
            let next = decoded.pagination.next;
            if next != 0 && (next <= page || next > PAGE_LIMIT) {
                return Err(Trouble::of(&answer, Kind::Malformed));
            }
            page = next;
        }
        Ok(all)
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        permission: &'static str,
    ) -> Result<T, Trouble> {
        decode(&self.ask(path).await?, permission)
    }

    /// One object that need not be there.
    pub(super) async fn find<T: DeserializeOwned>(
        &self,
        path: &str,
        permission: &'static str,
    ) -> Result<Option<T>, Trouble> {
        let answer = self.ask(path).await?;
        // An absent object is a 404 in JSON; in HTML or plain text it is an unknown path, or a proxy.
        if answer.status == 404 && answer.media_type == "application/json" {
            return Ok(None);
        }
        decode(&answer, permission).map(Some)
    }

    async fn ask(&self, path: &str) -> Result<Answer, Trouble> {
        self.0.api(Method::GET, &format!("api/v3/{path}"), None).await
    }
}

/// A value as it may stand in a query.
pub(super) fn query_value(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}
