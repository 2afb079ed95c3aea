//! What a person does on the provider's pages: choosing a button, typing into a form.

use authentik_sim::plumbing::encode;
use url::Url;

use crate::browser::visit::{Arrived, address};
use crate::browser::wire::{Answer, unescaped};
use crate::browser::{Browser, Person, Stuck};

/// The button of local users.
const EMAIL: &str = "Continue with Email";

/// The links of a page: their texts and addresses.
fn links(page: &Answer) -> Vec<(String, String)> {
    let parts = page.body.split("<a href=\"").skip(1);
    parts
        .filter_map(|part| {
            let (address, rest) = part.split_once("\">")?;
            let (text, _) = rest.split_once("</a>")?;
            Some((unescaped(text), unescaped(address)))
        })
        .collect()
}

/// Where the page's form goes, if it has one with this field.
fn form(page: &Answer, field: &str) -> Option<String> {
    let (_, rest) = page.body.split_once("<form method=\"post\" action=\"")?;
    let (action, rest) = rest.split_once("\">")?;
    rest.contains(&format!("name=\"{field}\"")).then(|| unescaped(action))
}

/// A body of a form.
pub(crate) fn fields(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().map(|(key, value)| format!("{key}={}", encode(value)));
    pairs.collect::<Vec<String>>().join("&")
}

/// The page that nobody gets further from.
pub(crate) fn stuck(url: &Url, page: &Answer) -> Stuck {
    Stuck { at: address(url), status: page.status, text: page.visible() }
}

impl Browser<'_> {
    /// Sends a page's form.
    pub(crate) fn submit(
        &mut self,
        url: &Url,
        action: &str,
        pairs: &[(&str, &str)],
        until: &str,
    ) -> Result<Arrived, Stuck> {
        let bad = |_| Stuck { at: address(url), status: 0, text: format!("a form to {action:?}") };
        let target = url.join(action).map_err(bad)?;
        let kind = [("Content-Type", "application/x-www-form-urlencoded")];
        let answer = self.ask("POST", &target, &kind, &fields(pairs))?;
        self.follow(target, answer, until)
    }

    /// Goes on from wherever a login began, as this person does, until the address that it ends at.
    pub(crate) fn get_through(
        &mut self,
        mut arrived: Arrived,
        person: Person<'_>,
        until: &str,
    ) -> Result<Url, Stuck> {
        // The pages of one login: a choice, a form for a code, a form for a password.
        for _ in 0..4 {
            let (url, page) = match arrived {
                Arrived::At(url) => return Ok(url),
                Arrived::Page(url, page) => (url, page),
            };
            let chosen = links(&page).into_iter().find(|(text, _)| match person {
                Person::Local { .. } => text == EMAIL,
                Person::Authentik(_) => text.starts_with("Continue with") && text != EMAIL,
            });
            arrived = match (chosen, form(&page, "password"), person) {
                (Some((_, way)), ..) if page.status == 200 => {
                    let next = url.join(&way).map_err(|_| stuck(&url, &page))?;
                    let answer = self.ask("GET", &next, &[], "")?;
                    self.follow(next, answer, until)?
                }
                (_, Some(action), Person::Local { email, password }) if page.status == 200 => {
                    let pairs = [("login", email), ("password", password)];
                    self.submit(&url, &action, &pairs, until)?
                }
                _ => return Err(stuck(&url, &page)),
            };
        }
        match arrived {
            Arrived::At(url) => Ok(url),
            Arrived::Page(url, page) => Err(stuck(&url, &page)),
        }
    }

    /// Types a device's code into the page for it.
    pub(crate) fn enter_code(&mut self, page: &str, code: &str) -> Result<Arrived, Stuck> {
        let arrived = self.go(page, "")?;
        let (url, page) = match arrived {
            Arrived::Page(url, page) => (url, page),
            Arrived::At(url) => return Ok(Arrived::At(url)),
        };
        let Some(action) = form(&page, "user_code") else { return Err(stuck(&url, &page)) };
        self.submit(&url, &action, &[("user_code", code)], "")
    }
}
