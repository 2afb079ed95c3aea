//! What the attempts of one run learn, and later ones and the memory need.

use super::apply::Tally;
use super::awaited::Awaited;
use super::desired::Desired;
use super::made::Made;
use super::observe::Observed;
use super::plan::Plan;
use super::remember;
use super::verified::note_login;
use crate::authentik::Release;
use crate::authentik::redirect::Shape;
use crate::http::setback::{Phase, Setback};
use crate::http::{Kind, Trouble};
use crate::proof::{CheckId, Outcome};
use crate::state::store::Remembered;

/// What attempts learn and later ones need, whether they get through or not.
#[derive(Debug, Default)]
pub struct Learnt {
    /// Whose token it is.
    pub(super) token_user: Option<TokenUser>,
    /// How this server wants redirect URIs, if its number told otherwise; and the refusal that said so.
    pub(super) shape: Option<(Shape, Trouble)>,
    /// Whether nobody answered who could be asked more than one question.
    pub(super) away: bool,
    /// The look at which objects were missing, and nothing else was wrong.
    pub(super) awaited: Option<Awaited>,
    /// Whether the service account's log-in was refused: what keeps it out is looked for then.
    pub(super) login_refused: bool,
    /// What was done.
    pub tally: Tally,
    /// How many objects needed nothing.
    pub unchanged: usize,
    /// How the checks of the last proof came out.
    pub checks: Vec<(CheckId, Outcome)>,
    /// What was made, for the memory.
    pub(super) made: Made,
    /// How often in a row a plan was refused for a reason that may pass.
    pub(super) doubts: u32,
    /// Whether a device code was given already.
    pub(super) device_granted: bool,
    /// What the endpoints of a login depend on, if they were seen to work.
    pub(super) login: Option<String>,
    /// What is told about what is there, of the last plan.
    pub told: Plan,
    /// The last look of a good run.
    pub(super) last: Option<(Desired, Observed)>,
}

/// The token's user, and the server's release: the first two answers.
#[derive(Clone, Debug)]
pub(super) struct TokenUser {
    pub(super) username: String,
    pub(super) is_superuser: bool,
    pub(super) release: Release,
}

impl Learnt {
    /// What a good run came to, to be remembered.
    pub fn remember(&self, remembered: &mut Remembered) {
        if let Some((desired, observed)) = &self.last {
            remember::conclude(desired, observed, &self.made, remembered);
            note_login(self.login.clone(), remembered);
        }
    }

    /// A 400 about nothing but `redirect_uris` says that this release wants the other shape, whatever its
    /// number says: tried once. If that is refused too, it was about a value, and the first refusal says which.
    pub(super) fn learns_shape(&mut self, setback: &mut Setback) -> bool {
        let (Setback::Trouble(Phase::Apply, trouble) | Setback::Conflict(trouble)) = &*setback
        else {
            return false;
        };
        let Kind::Invalid(fields) = &trouble.kind else {
            return false;
        };
        if fields.len() != 1 || !fields.contains_key("redirect_uris") {
            return false;
        }
        if let Some((_, first)) = &self.shape {
            *setback = Setback::Trouble(Phase::Apply, first.clone());
            return false;
        }
        let by_number = self.token_user.as_ref().is_some_and(|u| u.release.lists_redirect_uris());
        let other = if by_number { Shape::Text } else { Shape::List };
        self.shape = Some((other, trouble.clone()));
        self.made.forgive();
        true
    }
}
