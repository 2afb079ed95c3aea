//! Writes to Authentik's API. Only `apply` holds one.

use reqwest::Method;
use serde_json::Value;

use super::reader::{decode, refusal};
use super::release::Release;
use super::transport::Transport;
use super::trouble::{Kind, Trouble};

/// How objects name their primary key.
const KEYS: [&str; 3] = ["pk", "brand_uuid", "tenant_uuid"];

/// The writing side of the API.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a>(pub &'a Transport);

impl Writer<'_> {
    /// Creates an OAuth2 provider; answers with the whole object.
    ///
    /// # Errors
    /// Any [`Trouble`]; after one without an answer it may exist or not.
    pub async fn create_provider(&self, body: &Value) -> Result<Value, Trouble> {
        let permission = "authentik_providers_oauth2.add_oauth2provider";
        self.send(Method::POST, "providers/oauth2/", body, permission).await
    }

    /// Changes the given fields of an OAuth2 provider. Lists are replaced whole.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn change_provider(&self, pk: i64, body: &Value) -> Result<Value, Trouble> {
        let permission = "authentik_providers_oauth2.change_oauth2provider";
        self.send(Method::PATCH, &format!("providers/oauth2/{pk}/"), body, permission).await
    }

    /// Creates an application.
    ///
    /// # Errors
    /// Any [`Trouble`]; after one without an answer it may exist or not.
    pub async fn create_application(&self, body: &Value) -> Result<Value, Trouble> {
        let permission = "authentik_core.add_application";
        self.send(Method::POST, "core/applications/", body, permission).await
    }

    /// Changes the given fields of an application.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn change_application(&self, slug: &str, body: &Value) -> Result<Value, Trouble> {
        let permission = "authentik_core.change_application";
        self.send(Method::PATCH, &format!("core/applications/{slug}/"), body, permission).await
    }

    /// Creates a flow.
    ///
    /// # Errors
    /// Any [`Trouble`]; after one without an answer it may exist or not.
    pub async fn create_flow(&self, body: &Value) -> Result<Value, Trouble> {
        self.send(Method::POST, "flows/instances/", body, "authentik_flows.add_flow").await
    }

    /// Changes the given fields of a brand, a tenant before 2024.2: the likelier path first, the other on a
    /// 404, as the list was read; a write to a path that is not there is a 405.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn change_brand(
        &self,
        release: Release,
        uuid: &str,
        body: &Value,
    ) -> Result<Value, Trouble> {
        let brands = ("brands", "authentik_brands.change_brand");
        let tenants = ("tenants", "authentik_tenants.change_tenant");
        let (first, second) =
            if release.has_brands() { (brands, tenants) } else { (tenants, brands) };
        let change = async |(kind, permission): (&str, &'static str)| {
            self.send(Method::PATCH, &format!("core/{kind}/{uuid}/"), body, permission).await
        };
        match change(first).await {
            Err(Trouble { status: Some(404 | 405), .. }) => change(second).await,
            answer => answer,
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        permission: &'static str,
    ) -> Result<Value, Trouble> {
        let answer = self.0.api(method, &format!("api/v3/{path}"), Some(body)).await?;
        if !matches!(answer.status, 200 | 201) {
            return Err(refusal(self.0, &answer, permission, true));
        }
        let object: Value = decode(self.0, &answer, permission)?;
        // Whatever it is, it is not the object that was written: look again.
        if KEYS.iter().all(|key| object[*key].is_null()) {
            return Err(self.0.trouble(&answer, Kind::Malformed, true));
        }
        Ok(object)
    }
}
