//! Reads from NetBird, and only reads.

use reqwest::Method;
use serde::de::DeserializeOwned;

use super::decode::{decode, refusal};
use super::model::{Account, Connector, Discovery, Instance, User};
use super::server::{Credential, Server};
use crate::http::answer::text_header;
use crate::http::{Kind, Trouble};

/// The reading side of the API.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// Who is asked.
    pub server: &'a Server,
    /// As whom.
    pub credential: &'a Credential,
}

impl Server {
    /// Whether NetBird runs, and has been set up. Answers without a credential, and not before everything else does.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn instance(&self) -> Result<Instance, Trouble> {
        decode(&self.anonymous("api/instance").await?)
    }

    /// What the embedded provider says of itself; nothing if there is none.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn discovery(&self) -> Result<Option<Discovery>, Trouble> {
        let answer = self.anonymous("oauth2/.well-known/openid-configuration").await?;
        match answer.status {
            404 => Ok(None),
            _ => decode(&answer).map(Some),
        }
    }

    /// Where a login through this connector is sent to: Authentik's authorize endpoint, with the client and redirect
    /// URI that the running NetBird uses.
    ///
    /// # Errors
    /// Any [`Trouble`]; NetBird answers 400 while it cannot reach the issuer.
    pub async fn login_through(
        &self,
        connector: &str,
        redirect_uri: &str,
    ) -> Result<Sent, Trouble> {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", super::login::CLIENT)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("scope", "openid profile email groups")
            .append_pair("state", "netbird-authentik-init")
            .finish();
        let answer = self.anonymous(&format!("oauth2/auth/{}?{query}", segment(connector))).await?;
        let location = text_header(&answer.headers, reqwest::header::LOCATION);
        match (answer.status, location) {
            (302 | 303, Some(location)) => Ok(Sent(location.to_owned())),
            _ => Err(refusal(&answer)),
        }
    }
}

/// Where NetBird sends a login to.
#[derive(Debug)]
pub struct Sent(String);

/// What is wrong with that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stray {
    /// It is not the authorize endpoint.
    Elsewhere,
    /// It comes back to another URI.
    Callback,
    /// It comes as another client.
    Client,
}

impl Sent {
    /// The first thing that keeps it from this endpoint, this redirect URI and this client.
    pub fn stray(&self, authorize: &str, callback: &str, client_id: &str) -> Option<Stray> {
        let query = self.0.split_once('?').map_or("", |(_, query)| query);
        let has = |name: &str, value: &str| {
            url::form_urlencoded::parse(query.as_bytes()).any(|(n, v)| n == name && v == value)
        };
        if !self.0.starts_with(authorize) {
            Some(Stray::Elsewhere)
        } else if !has("redirect_uri", callback) {
            Some(Stray::Callback)
        } else if !has("client_id", client_id) {
            Some(Stray::Client)
        } else {
            None
        }
    }

    /// In full.
    pub fn url(&self) -> &str {
        &self.0
    }

    /// Without its query.
    pub fn place(&self) -> &str {
        self.0.split('?').next().unwrap_or_default()
    }
}

impl Reader<'_> {
    /// The caller's account.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn account(&self) -> Result<Account, Trouble> {
        let path = "api/accounts";
        let answer = self.server.api(Method::GET, path, self.credential, None).await?;
        let accounts: Vec<Account> = decode(&answer)?;
        accounts.into_iter().next().ok_or_else(|| Trouble::of(&answer, Kind::Malformed))
    }

    /// Everyone in the account, service users too.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn users(&self) -> Result<Vec<User>, Trouble> {
        self.list("api/users").await
    }

    /// All connectors but the one for local users.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn connectors(&self) -> Result<Vec<Connector>, Trouble> {
        self.list("api/identity-providers").await
    }

    /// A list; an empty one may be null.
    async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Trouble> {
        let answer = self.server.api(Method::GET, path, self.credential, None).await?;
        decode::<Option<Vec<T>>>(&answer).map(Option::unwrap_or_default)
    }
}

/// An id as one segment of a path: ids of users are base64, which has slashes.
pub(super) fn segment(id: &str) -> String {
    id.bytes().fold(String::new(), |mut path, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                path.push(char::from(byte));
            }
            _ => path.push_str(&format!("%{byte:02X}")),
        }
        path
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_one_segment() {
        assert_eq!(segment("CgE2Eg+x/y="), "CgE2Eg%2Bx%2Fy%3D");
        assert_eq!(segment("authentik-dc3h705qmd"), "authentik-dc3h705qmd");
    }
}
