//! The way from nothing to a usable server, in stages, each ended by a count of requests or by time.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use crate::defaults::default_objects;
use crate::features::Feature;
use crate::profile::{Profile, find};

/// How far a starting server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing listens.
    Refused,
    /// The router listens, the application does not.
    Starting,
    /// The application answers, but nobody has created the bootstrap token yet.
    TokenUnknown,
    /// The token is accepted, and no default object exists.
    Empty,
    /// The token is accepted, and the named default objects do not exist yet.
    Partial(BTreeSet<String>),
    /// Everything is there.
    Ready,
}

/// What ends a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advance {
    /// So many requests were seen in it.
    Requests(usize),
    /// So much time has passed in it; the only way out of [`Stage::Refused`].
    After(Duration),
    /// Nothing but `Sim::set_stage`.
    Never,
}

impl Stage {
    /// The stage in which the named objects are missing.
    #[must_use]
    pub fn partial(missing: &[&str]) -> Self {
        Self::Partial(missing.iter().map(|name| (*name).to_owned()).collect())
    }

    /// One stage of each kind that this release passes through. An unknown profile has none.
    #[must_use]
    pub fn all(profile: &str) -> Vec<Self> {
        let Some(profile) = find(profile) else {
            return vec![];
        };
        let mut all = vec![Self::Refused, Self::Starting];
        if profile.has(Feature::TokenLater) {
            all.push(Self::TokenUnknown);
        }
        all.push(Self::Empty);
        for name in default_objects(profile) {
            all.push(Self::Partial(BTreeSet::from([name])));
        }
        all.push(Self::Ready);
        all
    }

    /// A whole cold start. All but the refused connections at its beginning goes by counted requests, and the objects
    /// appear one by one in the order of their names.
    #[must_use]
    pub fn cold_start(profile: &str) -> Vec<(Advance, Self)> {
        let Some(known) = find(profile) else {
            return vec![];
        };
        let mut ladder = vec![
            (Advance::After(Duration::from_millis(100)), Self::Refused),
            (Advance::Requests(2), Self::Starting),
        ];
        if known.has(Feature::TokenLater) {
            ladder.push((Advance::Requests(2), Self::TokenUnknown));
        }
        let names = default_objects(known);
        let order: Vec<&str> = names.iter().map(String::as_str).collect();
        ladder.push((Advance::Requests(2), Self::Empty));
        ladder.extend(Self::appearing(&order, 1));
        ladder
    }

    /// Stages in which the named objects appear in the given order, each after so many requests; the last one is
    /// [`Stage::Ready`].
    #[must_use]
    pub fn appearing(order: &[&str], requests: usize) -> Vec<(Advance, Self)> {
        let mut stages: Vec<(Advance, Self)> = (0..order.len())
            .map(|from| (Advance::Requests(requests), Self::partial(&order[from..])))
            .collect();
        stages.push((Advance::Never, Self::Ready));
        stages
    }

    /// The default objects this stage does not show.
    pub(crate) fn missing(&self, profile: &Profile) -> BTreeSet<String> {
        match self {
            Self::Ready => BTreeSet::new(),
            Self::Partial(missing) => missing.clone(),
            _ => default_objects(profile).into_iter().collect(),
        }
    }
}

/// The stages still to come, and how far the present one is.
#[derive(Debug)]
pub(crate) struct Ladder {
    pub(crate) stage: Stage,
    advance: Advance,
    seen: usize,
    rest: VecDeque<(Advance, Stage)>,
}

impl Ladder {
    /// The given stages; after the last one the server is ready, unless that one never ends.
    pub(crate) fn new(stages: Vec<(Advance, Stage)>) -> Self {
        let mut rest = VecDeque::from(stages);
        let (advance, stage) = rest.pop_front().unwrap_or((Advance::Never, Stage::Ready));
        Self { stage, advance, seen: 0, rest }
    }

    /// Counts a request. Returns the stage it is answered in, and whether another begins after it.
    pub(crate) fn see(&mut self) -> (Stage, bool) {
        let stage = self.stage.clone();
        self.seen += 1;
        let ended = matches!(self.advance, Advance::Requests(wanted) if self.seen >= wanted);
        if ended {
            self.next();
        }
        (stage, ended)
    }

    /// Goes on to the next stage.
    pub(crate) fn next(&mut self) {
        let (advance, stage) = self.rest.pop_front().unwrap_or((Advance::Never, Stage::Ready));
        (self.advance, self.stage, self.seen) = (advance, stage, 0);
    }

    /// How long the present stage lasts, if time ends it.
    pub(crate) fn lasts(&self) -> Option<Duration> {
        match self.advance {
            Advance::After(time) => Some(time),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_answers_as_many_requests_as_it_says() {
        let mut ladder = Ladder::new(vec![
            (Advance::Requests(2), Stage::Starting),
            (Advance::Requests(1), Stage::TokenUnknown),
        ]);
        let seen: Vec<Stage> = (0..5).map(|_| ladder.see().0).collect();
        assert_eq!(
            seen,
            [Stage::Starting, Stage::Starting, Stage::TokenUnknown, Stage::Ready, Stage::Ready]
        );
    }

    #[test]
    fn a_cold_start_ends_ready_and_shows_objects_one_by_one() {
        let ladder = Stage::cold_start("2026.2");
        assert_eq!(ladder.last(), Some(&(Advance::Never, Stage::Ready)));
        let counts: Vec<usize> = ladder
            .iter()
            .filter_map(|(_, stage)| match stage {
                Stage::Partial(missing) => Some(missing.len()),
                _ => None,
            })
            .collect();
        assert!(counts.len() > 10 && counts.windows(2).all(|pair| pair[0] == pair[1] + 1));
    }
}
