//! Going from address to address: names, cookies, redirections.

use url::Url;

use crate::browser::authentik::Flow;
use crate::browser::wire::{Answer, send};
use crate::browser::{Browser, Stuck};

/// Where a walk ended.
#[derive(Clone, Debug)]
pub(crate) enum Arrived {
    /// At an address that the browser was told to stop at, which nobody needs to serve.
    At(Url),
    /// At a page.
    Page(Url, Answer),
}

impl Browser<'_> {
    /// One request by name, with the origin's cookies.
    pub(crate) fn ask(
        &mut self,
        method: &str,
        url: &Url,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, Stuck> {
        let origin = url.origin().ascii_serialization();
        let stuck = |text: String| Stuck { at: address(url), status: 0, text };
        let server = self.places.get(&origin).cloned().unwrap_or_else(|| origin.clone());
        if !server.starts_with("http://127.0.0.1") {
            return Err(stuck(format!("nobody is behind {origin}")));
        }
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let mut all = vec![
            ("Host".to_owned(), host.to_owned()),
            ("X-Forwarded-Proto".to_owned(), url.scheme().to_owned()),
        ];
        let jar = self.cookies.entry(origin).or_default();
        let cookies: Vec<String> =
            jar.iter().map(|(key, value)| format!("{key}={value}")).collect();
        if !cookies.is_empty() {
            all.push(("Cookie".to_owned(), cookies.join("; ")));
        }
        all.extend(headers.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let answer = send(&server, method, target, &all, body).map_err(|e| stuck(e.to_string()))?;
        for (name, value) in &answer.headers {
            if name.eq_ignore_ascii_case("set-cookie")
                && let Some((key, value)) = value.split(';').next().and_then(|c| c.split_once('='))
            {
                if value.is_empty() {
                    jar.remove(key);
                } else {
                    jar.insert(key.to_owned(), value.to_owned());
                }
            }
        }
        self.way.push(address(url));
        Ok(answer)
    }

    /// Follows redirections from an answer, until a page, or an address that begins so.
    pub(crate) fn follow(
        &mut self,
        mut url: Url,
        mut answer: Answer,
        until: &str,
    ) -> Result<Arrived, Stuck> {
        for _ in 0..20 {
            let Some(location) = answer.header("location").filter(|_| answer.status / 100 == 3)
            else {
                return Ok(Arrived::Page(url, answer));
            };
            let next = url.join(location).map_err(|error| Stuck {
                at: address(&url),
                status: answer.status,
                text: format!("Location {location:?}: {error}"),
            })?;
            if arrives(&next, until) {
                return Ok(Arrived::At(next));
            }
            url = match self.through_flow(next.clone())? {
                Flow::On(url) => url,
                Flow::Stays(page) => return Ok(Arrived::Page(next, page)),
            };
            if arrives(&url, until) {
                return Ok(Arrived::At(url));
            }
            answer = self.ask("GET", &url, &[], "")?;
        }
        Err(Stuck { at: address(&url), status: answer.status, text: "redirected for ever".into() })
    }

    /// Goes to an address and on from there.
    pub(crate) fn go(&mut self, url: &str, until: &str) -> Result<Arrived, Stuck> {
        let url = parsed(url)?;
        let answer = self.ask("GET", &url, &[], "")?;
        self.follow(url, answer, until)
    }
}

/// Whether the address is the one with anything in its query.
fn arrives(url: &Url, until: &str) -> bool {
    !until.is_empty() && Url::parse(until).is_ok_and(|until| address(url) == address(&until))
}

/// Without query and fragment.
pub(crate) fn address(url: &Url) -> String {
    url[..url::Position::AfterPath].to_owned()
}

pub(crate) fn parsed(url: &str) -> Result<Url, Stuck> {
    let bad = |error| Stuck { at: url.to_owned(), status: 0, text: format!("{error}") };
    Url::parse(url).map_err(bad)
}
