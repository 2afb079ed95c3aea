//! What the server's tasks and the tests' handle have in common.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::api::race;
use crate::call::Call;
use crate::features::Feature;
use crate::http::cost::{self, Asked};
use crate::http::fault::Fault;
use crate::http::front::{Front, Handled, Site};
use crate::http::networks;
use crate::http::origin::Seen;
use crate::http::reply::Reply;
use crate::http::stage::{Ladder, Stage};
use crate::http::starting;
use crate::profile::Profile;
use crate::routes;
use crate::state::State;

/// What the builder decided.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) web_path: String,
    /// Whom requests come from, as the server sees it.
    pub(crate) peer: IpAddr,
    /// Whose forwarded headers it believes.
    pub(crate) trusted_networks: Vec<String>,
}

/// The server's memory.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) profile: &'static Profile,
    pub(crate) config: Config,
    pub(crate) state: Mutex<State>,
    pub(crate) front: Front,
    pub(crate) ladder: Mutex<Ladder>,
    pub(crate) te_requests: Mutex<usize>,
}

/// The lock, whoever panicked while holding it: a failed assertion in a test must not hide behind another.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Site for Shared {
    fn front(&self) -> &Front {
        &self.front
    }

    async fn handle(&self, call: Call, tls: bool) -> Option<Handled> {
        Some(Self::handle(self, call, tls))
    }

    fn spoilt(&self) {
        self.count_only();
    }

    fn own_fault(&self, call: &Call) -> Option<Fault> {
        self.stalls(call)
    }

    fn cost(&self, call: &Call, status: u16) -> Duration {
        let Call { method, path, query, .. } = call;
        let prefix = &self.config.web_path;
        cost::of(self.profile, prefix, Asked { method, path, query, status })
    }

    fn lost_race(&self, call: &Call) -> Option<Reply> {
        Some(race::lost(self.profile, &call.path, &call.body))
    }
}

impl Shared {
    /// The newest router answers every second request that names `TE` in its Connection header, and no other.
    fn stalls(&self, call: &Call) -> Option<Fault> {
        let named = call.header("connection").is_some_and(|value| {
            value.split(',').any(|option| option.trim().eq_ignore_ascii_case("te"))
        });
        if !named || !self.profile.has(Feature::TeStalls) {
            return None;
        }
        let mut count = lock(&self.te_requests);
        *count += 1;
        count.is_multiple_of(2).then_some(Fault::Hang(Duration::MAX))
    }

    /// Counts a request for the stage without answering it.
    fn count_only(&self) {
        if lock(&self.ladder).see().1 {
            self.enter();
        }
    }

    /// Answers a request in the present stage, and begins the next stage if this request was the last of it.
    pub(crate) fn handle(&self, mut call: Call, tls: bool) -> Handled {
        let (stage, ended) = lock(&self.ladder).see();
        let handled = self.handle_in(&stage, &mut call, tls);
        if ended {
            self.enter();
        }
        handled
    }

    fn handle_in(&self, stage: &Stage, call: &mut Call, tls: bool) -> Handled {
        let prefix = self.config.web_path.trim_end_matches('/');
        match call.path.strip_prefix(prefix) {
            Some(rest) if rest.starts_with('/') => call.path = rest.to_owned(),
            _ => return Handled::made_up(Reply::text(404, "404 page not found\n")),
        }
        if matches!(stage, Stage::Starting | Stage::Refused) {
            return Handled::made_up(starting::starting(call, self.profile));
        }
        if call.path == "/-/health/live/" {
            return Handled::made_up(starting::live(self.profile));
        }
        let trusted = networks::trusted(self.config.peer, &self.config.trusted_networks);
        let seen = Seen::of(self.profile, call, tls, trusted);
        match seen.origin(self.profile) {
            Ok(origin) => call.base = format!("{origin}{prefix}"),
            Err(reply) => return Handled::made_up(reply),
        }
        let mut state = lock(&self.state);
        let tokens_known = *stage != Stage::TokenUnknown;
        let (mut reply, authenticated) =
            routes::answer(self.profile, &mut state, call, tokens_known);
        if self.profile.has(Feature::Charset) && call.path.starts_with("/api/") && reply.is_json() {
            reply.set_content_type("application/json; charset=utf-8");
        }
        for (name, value) in &mut reply.headers {
            if name == "Location" && value.starts_with('/') {
                value.insert_str(0, prefix);
            }
        }
        let dear = is_dear(self.profile, call, reply.status);
        Handled { reply, authenticated, dear }
    }

    /// Makes the objects and the sockets those of the present stage.
    pub(crate) fn enter(&self) {
        let stage = lock(&self.ladder).stage.clone();
        let missing: BTreeSet<String> = stage.missing(self.profile);
        lock(&self.state).hide(&missing);
        self.front.open(stage != Stage::Refused);
    }

    /// Ends stages that time ends, until the server stops.
    pub(crate) async fn keep_time(&self) {
        let mut gate = self.front.gate.subscribe();
        loop {
            let turn = gate.borrow_and_update().turn;
            let lasts = lock(&self.ladder).lasts();
            tokio::select! {
                changed = gate.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(lasts.unwrap_or(Duration::MAX)) => {
                    // Unless a request or a test has gone on meanwhile.
                    if self.front.gate.borrow().turn == turn {
                        lock(&self.ladder).next();
                        self.enter();
                    }
                }
            }
        }
    }
}

/// Whether the request was one of those a real server needs long for.
fn is_dear(profile: &Profile, call: &Call, status: u16) -> bool {
    if !matches!(call.method.as_str(), "GET" | "HEAD") || status == 403 {
        return false;
    }
    let path = call.path.as_str();
    if path.starts_with("/api/v3/core/applications/")
        || path.starts_with("/api/v3/flows/instances/")
    {
        return status != 404;
    }
    if path.starts_with("/api/v3/crypto/certificatekeypairs/") {
        return !profile.has(Feature::CheapKeyPairs)
            && call.query("include_details").as_deref() != Some("false");
    }
    path == "/api/v3/schema/"
}
