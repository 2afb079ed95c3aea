//! What a run on NetBird tells: warnings of its plan, why nothing was done, what it came to. The same thing is told once.

use tracing::{info, warn};

use super::plan::Plan;
use super::{Connect, Tally};
use crate::log::story::news;

impl Connect<'_> {
    pub(super) fn tell(&self, plan: &Plan) {
        if !plan.warnings.is_empty() {
            self.warn(&plan.warnings.join("; "));
        }
    }

    /// Who was given a role keeps it as long as nobody can take it.
    pub(super) fn roles_stay(&self) {
        self.warn(
            "SETUP_ROLE_GROUPS is not set any more, and there is no credential to take the roles away that it gave: set \
             NB_PAT, or take them away in NetBird's dashboard",
        );
    }

    fn warn(&self, text: &str) {
        news!(self.story, warn, "connect warnings", { stage = "connect" }, "{text}");
    }

    pub(super) fn nothing_to_do(&self, claimed: bool, has_owner: bool) {
        let asked = self.asked;
        if asked.provider.is_own() && !has_owner && asked.access_token.is_none() {
            news!(
                self.story,
                warn,
                "connect",
                { stage = "connect" },
                "there is no owner's login: unless NetBird has an owner already, the first person who logs in owns it, so \
                 keep AUTHENTIK_ACCESS_GROUPS to people who may"
            );
        } else {
            let text = match claimed {
                true => "NetBird: nothing to do, its account has its owner",
                false => "NetBird: nothing is asked for",
            };
            news!(self.story, info, "connect", { stage = "connect" }, "{text}");
        }
    }

    pub(super) fn done(&self, tally: &Tally) {
        let (changed, unchanged) = (tally.steps.len(), tally.unchanged);
        if changed > 0 {
            self.story.is_news("connect", "NetBird is in sync");
            info!(stage = "connect", changed, unchanged, "NetBird is in sync");
        } else {
            news!(self.story, info, "connect", { stage = "connect", changed, unchanged }, "NetBird is in sync");
        }
    }
}

/// A changed connector is stored at once and used after a restart.
pub(super) fn restart_note(connector: &str) {
    warn!(
        stage = "connect",
        connector,
        "connector {connector} was changed: restart netbird-server, which uses a changed client id, issuer or secret only \
         after its next start"
    );
}
