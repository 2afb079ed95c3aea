//! Writes to NetBird. Only what `connect` applies holds one. There is no DELETE: a connector that goes takes everybody's
//! identity with it.

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::decode::decode;
use super::model::{Connector, User};
use super::reader::segment;
use super::server::{Credential, Server};
use crate::http::Trouble;
use crate::text::Secret;

/// The writing side of the API.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// Who is asked.
    pub server: &'a Server,
    /// As whom.
    pub credential: &'a Credential,
}

impl Writer<'_> {
    /// Makes a connector, and answers with its id. Not idempotent: each call makes another one. In use at once.
    ///
    /// # Errors
    /// Any [`Trouble`]; after one without an answer it may be made or not.
    pub async fn create_connector(
        &self,
        wish: &Connector,
        secret: &Secret,
    ) -> Result<Connector, Trouble> {
        self.send(Method::POST, "api/identity-providers", Some(&connector(wish, secret))).await
    }

    /// Changes a connector. NetBird stores it, and uses it after its next start.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn change_connector(
        &self,
        wish: &Connector,
        secret: &Secret,
    ) -> Result<Connector, Trouble> {
        let path = format!("api/identity-providers/{}", segment(&wish.id));
        self.send(Method::PUT, &path, Some(&connector(wish, secret))).await
    }

    /// Replaces all settings of an account: what is not in them becomes false or empty. The answer is not to be trusted
    /// (`embedded_idp_enabled` is always false in it), so it is not told.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn replace_settings(
        &self,
        account: &str,
        settings: &Map<String, Value>,
    ) -> Result<(), Trouble> {
        let path = format!("api/accounts/{}", segment(account));
        let body = json!({"settings": settings});
        self.send::<Value>(Method::PUT, &path, Some(&body)).await.map(|_| ())
    }

    /// Lets a pending user in.
    ///
    /// # Errors
    /// Any [`Trouble`]; a user who is not pending is 422.
    pub async fn approve(&self, user: &str) -> Result<User, Trouble> {
        self.send(Method::POST, &format!("api/users/{}/approve", segment(user)), None).await
    }

    /// Gives a user a role. The request sets role, groups and block together, so the user is given as it was read.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn set_role(&self, user: &User, role: &str) -> Result<User, Trouble> {
        let body = json!({
            "role": role,
            "auto_groups": user.auto_groups,
            "is_blocked": user.is_blocked,
        });
        self.send(Method::PUT, &format!("api/users/{}", segment(&user.id)), Some(&body)).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, Trouble> {
        decode(&self.server.api(method, path, self.credential, body).await?)
    }
}

fn connector(wish: &Connector, secret: &Secret) -> Value {
    json!({
        "type": wish.kind,
        "name": wish.name,
        "issuer": wish.issuer,
        "client_id": wish.client_id,
        "client_secret": secret.expose(),
    })
}
