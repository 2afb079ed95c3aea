//! What was granted and to whom: sessions, codes, device codes, access and refresh tokens.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::ids;
use crate::oidc::flow::Plan;

/// Who logged in where, and for what.
#[derive(Clone, Debug)]
pub struct Login {
    /// The provider.
    pub provider: i64,
    /// The user.
    pub user: i64,
    /// The scopes in force.
    pub scopes: Vec<String>,
    /// The nonce of the authorization request.
    pub nonce: Option<String>,
    /// When the user logged in.
    pub at: i64,
    /// The browser session, if there was one.
    pub session: Option<String>,
}

/// An authorization code.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) login: Login,
    /// Challenge and method of PKCE.
    pub(crate) challenge: Option<(String, String)>,
    pub(crate) expires: i64,
}

/// What an access token opens.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) provider: i64,
    pub(crate) user: i64,
    pub(crate) scopes: Vec<String>,
    /// What userinfo answers.
    pub(crate) userinfo: Map<String, Value>,
    pub(crate) expires: i64,
}

/// A device waiting for its user.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) device_code: String,
    pub(crate) user_code: String,
    pub(crate) provider: i64,
    pub(crate) scopes: Vec<String>,
    pub(crate) approved: Option<i64>,
    pub(crate) expires: i64,
}

/// Everything granted so far.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) refresh: HashMap<String, (Login, i64)>,
    pub(crate) devices: Vec<Device>,
    access: HashMap<String, Access>,
    sessions: HashMap<String, Session>,
}

/// A browser's session.
#[derive(Clone, Debug, Default)]
struct Session {
    /// Who is logged in.
    user: Option<i64>,
    /// The flow it is in.
    plan: Option<Plan>,
}

impl Grants {
    /// Opens a browser session and returns the value of its cookie.
    pub(crate) fn open_session(&mut self, user: i64) -> String {
        let key = ids::key(32);
        self.sessions.insert(key.clone(), Session { user: Some(user), plan: None });
        key
    }

    /// Begins a flow in a session. Without a session there is one now, whose key is returned.
    pub(crate) fn plan(&mut self, cookies: &str, plan: Plan) -> Option<String> {
        let known = session_key(cookies).filter(|key| self.sessions.contains_key(*key));
        let (key, fresh) = match known {
            Some(key) => (key.to_owned(), false),
            None => (ids::key(32), true),
        };
        self.sessions.entry(key.clone()).or_default().plan = Some(plan);
        fresh.then_some(key)
    }

    /// The flow a session is in.
    pub(crate) fn plan_of(&self, cookies: &str) -> Option<&Plan> {
        self.sessions.get(session_key(cookies)?)?.plan.as_ref()
    }

    /// Ends the flow, and leaves the session.
    pub(crate) fn end_plan(&mut self, cookies: &str) {
        if let Some(session) = session_key(cookies).and_then(|key| self.sessions.get_mut(key)) {
            session.plan = None;
        }
    }

    /// Ends the session.
    pub(crate) fn close_session(&mut self, cookies: &str) {
        if let Some(key) = session_key(cookies) {
            self.sessions.remove(key);
        }
    }

    /// The user whose session a Cookie header carries.
    pub(crate) fn session(&self, cookies: &str) -> Option<i64> {
        self.sessions.get(session_key(cookies)?)?.user
    }

    /// Remembers an access token.
    pub(crate) fn remember(&mut self, token: String, access: Access) {
        self.access.insert(token, access);
    }

    /// What an access token opens, while it lasts.
    pub(crate) fn access(&self, token: &str, now: i64) -> Option<&Access> {
        self.access.get(token).filter(|access| access.expires > now)
    }

    /// Marks a waiting user code as approved.
    pub(crate) fn approve_device(&mut self, user_code: &str, user: i64) -> bool {
        let found = self.devices.iter_mut().find(|device| device.user_code == user_code);
        found.map(|device| device.approved = Some(user)).is_some()
    }

    /// User codes that wait, newest last.
    #[must_use]
    pub fn waiting_user_codes(&self) -> Vec<String> {
        let waiting = self.devices.iter().filter(|device| device.approved.is_none());
        waiting.map(|device| device.user_code.clone()).collect()
    }

    /// How many authorization codes wait to be redeemed.
    #[must_use]
    pub fn waiting_codes(&self) -> usize {
        self.codes.len()
    }
}

/// The session's key in a Cookie header.
pub(crate) fn session_key(cookies: &str) -> Option<&str> {
    cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix("authentik_session="))
}
