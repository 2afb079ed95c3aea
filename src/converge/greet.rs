//! Whose token it is, and what that means: told once at the start, and to be named when something is refused.

use tracing::{debug, info, warn};

use super::Converge;
use super::learnt::{Learnt, TokenUser};
use super::plan::{Level, Plan};
use crate::authentik::Release;
use crate::authentik::conflict::{is_conflict, view_permission};
use crate::error::{Error, Exit};
use crate::http::setback::Setback;
use crate::log::story::news;
use crate::text::excerpt;

impl Converge<'_> {
    /// What the first two answers say, as far as it matters to people.
    pub(super) fn greet(
        &self,
        learnt: &mut Learnt,
        username: &str,
        is_superuser: bool,
        release: Release,
    ) {
        let username = excerpt(username);
        let user = TokenUser { username: username.clone(), is_superuser, release };
        if learnt.token_user.replace(user).is_some() {
            return;
        }
        let story = self.story;
        news!(story, info, "greeting", { stage = "wait", %release, user = %username }, "Authentik {release} accepts the token of {username}");
        if !is_superuser {
            news!(story, info, "superuser", { stage = "wait", user = %username }, "the token's user is no administrator: its permissions decide");
        }
        if release.is_newer_than_known() {
            news!(
                story,
                info,
                "release",
                { stage = "wait" },
                "this release is newer than those this program was tested with"
            );
        }
        if release.is_older_than_known() {
            news!(
                story,
                warn,
                "release",
                { stage = "wait" },
                "this release is older than those this program was tested with"
            );
        }
    }
}

impl Converge<'_> {
    /// What people should know before anything is changed: who may enter, and what is there that stays.
    pub(super) fn tell(&self, plan: &Plan) {
        let story = self.story;
        if plan.admission.remark().is_none() {
            news!(
                story,
                info,
                "open",
                { stage = "plan" },
                "{}",
                excerpt(&plan.admission.to_string())
            );
        }
        for remark in &plan.remarks {
            let (line, check) = (remark.line(), remark.check.name());
            match remark.level {
                Level::Leftover => {}
                _ if !story.is_news(&line, &line) => debug!(stage = "plan", check, "{line}"),
                Level::Info => info!(stage = "plan", check, "{line}"),
                Level::Warning | Level::Failure => warn!(stage = "plan", check, "{line}"),
            }
        }
    }
}

impl Learnt {
    /// The server's release, once it was told.
    pub fn release(&self) -> Option<Release> {
        self.token_user.as_ref().map(|user| user.release)
    }

    /// A token that may see single objects gets an empty list where another one is: what "does not exist" and
    /// yet cannot be created was not seen.
    pub(super) fn unseen(&self, setback: &Setback) -> Option<Error> {
        let Setback::Conflict(trouble) = setback else {
            return None;
        };
        let is_superuser = self.token_user.as_ref().is_some_and(|user| user.is_superuser);
        let permission =
            view_permission(trouble).filter(|_| is_conflict(trouble) && !is_superuser)?;
        let what = format!("the token lacks the permission {permission} for all objects");
        Some(
            Error::new(Exit::Rejected, what)
                .because(format!("what it does not see exists already: {trouble}"))
                .remedy("grant it globally, not for single objects (docs/permissions.md)"),
        )
    }

    /// A token that lacks a permission is told apart from one that is not accepted: whose it is, is known.
    pub(super) fn with_user(&self, mut error: Error) -> Error {
        if let (Exit::Rejected, Some(user)) = (error.exit, &self.token_user) {
            error.what = format!("{} (the token's user is {})", error.what, user.username);
        }
        error
    }
}

/// Outposts get empty lists instead of refusals: everything would look as if it did not exist yet.
pub fn outpost() -> Error {
    Error::new(
        Exit::Rejected,
        "AUTHENTIK_TOKEN is that of an outpost, which may not configure Authentik",
    )
    .because("AUTHENTIK_SECRET_KEY, given as a token, is taken for the embedded outpost's")
    .remedy("give the value of AUTHENTIK_BOOTSTRAP_TOKEN, or another API token of an administrator")
}
