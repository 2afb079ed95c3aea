//! Authentik's side of a login, where its pages would be run by scripts.

use url::Url;

use crate::browser::page::stuck;
use crate::browser::visit::parsed;
use crate::browser::{Browser, Stuck};

impl Browser<'_> {
    /// Whether Authentik is behind an address.
    pub(crate) fn is_authentik(&self, url: &str) -> bool {
        let origin = Url::parse(url).map(|url| url.origin().ascii_serialization());
        let server = origin.ok().and_then(|origin| self.places.get(&origin));
        server.is_some() && server == self.authentik.map(authentik_sim::Sim::url).as_ref()
    }

    /// Types name and password into Authentik's login page.
    ///
    /// # Panics
    /// If there is no such person.
    pub fn sign_in(&mut self, username: &str) {
        let Some(authentik) = self.authentik else { return };
        let cookie = authentik.session_cookie(username);
        let Some((key, value)) = cookie.split_once('=') else { return };
        let server = authentik.url();
        let origins: Vec<String> =
            self.places.iter().filter(|(_, at)| **at == server).map(|(of, _)| of.clone()).collect();
        for origin in origins {
            self.cookies.entry(origin).or_default().insert(key.to_owned(), value.to_owned());
        }
        self.signed_in = Some(username.to_owned());
    }

    /// Opens Authentik's page for devices, types the code, and agrees.
    pub(crate) fn let_device_in(&mut self, page: &str, code: &str) -> Result<(), Stuck> {
        let url = parsed(page)?;
        let answer = self.ask("GET", &url, &[], "")?;
        let (Some(authentik), Some(person)) = (self.authentik, self.signed_in.clone()) else {
            return Err(stuck(&url, &answer));
        };
        let opened = answer.status == 200 || answer.header("location").is_some();
        if opened && authentik.state().approve_device(code, &person) {
            return Ok(());
        }
        Err(stuck(&url, &answer))
    }

    /// A page of a flow agrees to everything and sends the browser on; any other address is left as it is.
    pub(crate) fn through_flow(&mut self, url: Url) -> Result<Url, Stuck> {
        let (Some(authentik), true) = (self.authentik, url.path().contains("/if/flow/")) else {
            return Ok(url);
        };
        let server = self.places.get(&url.origin().ascii_serialization());
        let query = url.query().unwrap_or_default();
        if server != Some(&authentik.url()) || !query.contains("client_id=") {
            return Ok(url);
        }
        let Some(person) = self.signed_in.clone() else { return Ok(url) };
        let asked =
            format!("{}/application/o/authorize/?{query}", url.origin().ascii_serialization());
        parsed(&authentik.login_code(&person, &asked))
    }
}
