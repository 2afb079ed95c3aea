//! Which of the values about NetBird's own services are somebody's, and stay, and which follow their source: a variable,
//! or NetBird's URL. A value follows if this container wrote it: its digest is remembered, or it is what version 0.1.0,
//! which remembered nothing, made of NetBird's URL of then, which stands in the same file.

use std::collections::BTreeMap;

use serde_json::Value;

use super::File;
use super::secrets_in::is_own_turn;
use crate::config::{Config, Kind, parse};
use crate::http::BaseUrl;
use crate::netbird::dashboard::PROXY_CALLBACK;
use crate::outputs::endpoints::Services;
use crate::outputs::json::Node;
use crate::text::digest;

/// A value that follows its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Follower {
    /// `Signal.Proto` and `Signal.URI`.
    Signal,
    /// `Relay.Addresses`.
    Relays,
    /// `Stuns`.
    Stuns,
    /// `TURNConfig.Turns`.
    Turns,
    /// `PKCEAuthorizationFlow.ProviderConfig.RedirectURLs`.
    RedirectUrls,
}

impl Follower {
    const ALL: [Self; 5] =
        [Self::Signal, Self::Relays, Self::Stuns, Self::Turns, Self::RedirectUrls];

    /// Its path in the file.
    pub fn path(self) -> &'static str {
        match self {
            Self::Signal => "Signal",
            Self::Relays => "Relay.Addresses",
            Self::Stuns => "Stuns",
            Self::Turns => "TURNConfig.Turns",
            Self::RedirectUrls => "PKCEAuthorizationFlow.ProviderConfig.RedirectURLs",
        }
    }

    /// Under which name its digest is remembered.
    fn remembered_as(self) -> String {
        format!("management.json:{}", self.path())
    }
}

/// Where the services are, all things considered, and whose each value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Where the services are.
    pub services: Services,
    /// Where a client waits for the end of its login.
    pub redirect_urls: Vec<String>,
    /// Whether NetBird has a provider of its own: its clients log in there.
    has_provider: bool,
    /// Values in the file that are somebody's own.
    theirs: Vec<Follower>,
}

impl Places {
    /// From the variables, the file that is there, and what was written into it before.
    pub fn new(config: &Config, file: Option<&File>, written: &BTreeMap<String, String>) -> Self {
        let services = Services::wished(config);
        let ports = config.netbird.pkce_ports.iter();
        let redirect_urls = ports.map(|port| format!("http://localhost:{port}")).collect();
        let has_provider = config.kind != Kind::Standalone;
        let mut places = Self { services, redirect_urls, has_provider, theirs: Vec::new() };
        let Some(file) = file else { return places };
        let formerly = formerly(config, file);
        for follower in Follower::ALL {
            if follower == Follower::RedirectUrls && has_provider {
                continue;
            }
            let Some(current) = current(follower, file) else { continue };
            let meaning = current.meaning();
            let remembered = written.get(&follower.remembered_as());
            let own = is_chosen(follower, config)
                || places.wished(follower).is_some_and(|wished| wished.meaning() == meaning)
                || remembered.is_some_and(|remembered| *remembered == digest::of(&meaning))
                || formerly
                    .iter()
                    .any(|then| then.wished(follower).is_some_and(|n| n.meaning() == meaning));
            if !own {
                places.theirs.push(follower);
            }
        }
        places.adopt(file);
        places
    }

    /// Whether the value in the file is somebody's own.
    pub fn is_theirs(&self, follower: Follower) -> bool {
        self.theirs.contains(&follower)
    }

    /// What the values are as this container writes them; of the TURN servers, without passwords.
    pub fn wished(&self, follower: Follower) -> Option<Node> {
        Some(match follower {
            Follower::Signal => self.services.signal_node(),
            Follower::Relays => self.services.relays_node(),
            Follower::Stuns => self.services.stuns_node(),
            Follower::RedirectUrls if self.has_provider => return None,
            Follower::RedirectUrls => Value::from(self.redirect_urls.clone()).into(),
            Follower::Turns => self.services.turns_node()?,
        })
    }

    /// The ports on which clients wait, of the URLs that lead back to the person's own machine: only those may be
    /// registered because a file names them, since whoever can write to the volume could add others.
    pub fn ports(&self) -> Vec<u16> {
        let port = |url: &String| {
            let url = parse::origin(url).ok()?;
            (url.scheme() == "http" && matches!(url.host(), "localhost" | "127.0.0.1"))
                .then_some(url.port())
        };
        self.redirect_urls.iter().filter_map(port).collect()
    }

    /// URLs that a file names and that are not registered.
    pub fn foreign_urls(&self) -> Vec<&str> {
        let known: Vec<String> =
            self.ports().iter().map(|port| format!("http://localhost:{port}")).collect();
        let foreign = |url: &&str| !known.iter().any(|known| known == url.trim_end_matches('/'));
        self.redirect_urls.iter().map(String::as_str).filter(foreign).collect()
    }

    /// The digests of everything that is this container's own, to be remembered.
    pub fn written(&self, before: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut written = before.clone();
        for follower in Follower::ALL {
            let name = follower.remembered_as();
            match self.wished(follower).filter(|_| !self.is_theirs(follower)) {
                Some(node) => written.insert(name, digest::of(&node.meaning())),
                None => written.remove(&name),
            };
        }
        written
    }

    /// The other files say what this one keeps.
    fn adopt(&mut self, file: &File) {
        if self.is_theirs(Follower::Relays) {
            let relays = texts(file.root.at(Follower::Relays.path()));
            if !relays.is_empty() {
                self.services.relays = relays;
            }
        }
        if self.is_theirs(Follower::RedirectUrls) {
            self.redirect_urls = texts(file.root.at(Follower::RedirectUrls.path()));
        }
        if self.is_theirs(Follower::Signal) {
            let (scheme, address) = (file.text("Signal.Proto"), file.text("Signal.URI"));
            self.services.signal = (scheme.unwrap_or_default(), address.unwrap_or_default());
        }
    }
}

fn texts(node: Option<&Node>) -> Vec<String> {
    let items = node.map(Node::items).unwrap_or_default();
    items.iter().filter(|item| !item.is_template()).filter_map(Node::as_text).collect()
}

/// What the file has, in the form of [`Places::wished`]; nothing where Go reads nothing.
fn current(follower: Follower, file: &File) -> Option<Node> {
    let node = file.root.at(follower.path()).filter(|node| !node.is_null())?;
    let only = |node: &Node, keys: &[&str]| {
        let mut part = Node::empty();
        for key in keys {
            if let Some(value) = node.at(key) {
                part.set(key, value.clone());
            }
        }
        part
    };
    match follower {
        Follower::Signal => {
            Some(only(node, &["Proto", "URI"])).filter(|part| !part.members().is_empty())
        }
        Follower::Turns if !node.items().is_empty() => {
            // Whether it is a server of this container is also told by its user.
            let part = |turn: &Node| match is_own_turn(turn) {
                true => only(turn, &["Proto", "URI", "Username"]),
                false => turn.clone(),
            };
            Some(Node::Array(node.items().iter().map(part).collect()))
        }
        Follower::Turns => None,
        Follower::Relays | Follower::Stuns | Follower::RedirectUrls => Some(node.clone()),
    }
}

fn is_chosen(follower: Follower, config: &Config) -> bool {
    let services = &config.netbird.services;
    match follower {
        Follower::Signal => services.signal.chosen,
        Follower::Relays => services.relays.chosen,
        Follower::Stuns => services.stuns.chosen,
        Follower::Turns => services.turn_domain.is_some(),
        Follower::RedirectUrls => {
            config.netbird.passed.contains_key("NETBIRD_AUTH_PKCE_REDIRECT_URL_PORTS")
        }
    }
}

/// What version 0.1.0 would have written for today's URL, and for the one in the file.
fn formerly(config: &Config, file: &File) -> Vec<Places> {
    let callback = file.text("HttpConfig.AuthCallbackURL");
    let then = callback.and_then(|url| parse::origin(url.strip_suffix(PROXY_CALLBACK)?).ok());
    let made = |endpoint: &BaseUrl| Places {
        services: Services::derived(endpoint),
        redirect_urls: vec!["http://localhost:53000".to_owned()],
        has_provider: config.kind != Kind::Standalone,
        theirs: Vec::new(),
    };
    [Some(&config.netbird.endpoint), then.as_ref()].into_iter().flatten().map(made).collect()
}
