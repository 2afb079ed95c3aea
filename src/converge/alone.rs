//! Two runs at once may make the same binding, or before 2025.12 the same group: neither is unique. Whoever sees another
//! one after making its own takes its own back and looks again; the later of two always sees both, so never two remain.

use std::time::SystemTime;

use serde_json::Value;
use tracing::debug;

use super::made::Made;
use super::plan::Step;
use crate::authentik::people::Binding;
use crate::authentik::writer::Operation;
use crate::authentik::{Reader, Release, Writer};
use crate::converge::observe::in_force;
use crate::http::setback::{Phase, Setback};
use crate::http::{Kind, Trouble};

/// After a group was made, by its answer.
///
/// # Errors
/// A conflict, if another one has the name; any trouble.
pub async fn group(
    writer: Writer<'_>,
    release: Release,
    step: &Step,
    answer: &Value,
) -> Result<(), Setback> {
    let mine = answer["pk"].as_str().unwrap_or_default();
    if release.has_unique_group_names() {
        return Ok(());
    }
    let groups = Reader(writer.0).groups(&step.name).await.map_err(at)?;
    if groups.iter().all(|group| group.pk == mine) {
        return Ok(());
    }
    let take_back = Operation::TakeBackGroup(mine.to_owned());
    writer.write(release, &take_back, &Value::Null).await.map_err(at)?;
    Err(met(&step.headline()))
}

/// After the last of these bindings was made, and before anything follows from them.
///
/// # Errors
/// A conflict, if there is a second one of any of them; any trouble.
pub async fn bindings(
    writer: Writer<'_>,
    release: Release,
    body: &Value,
    mine: &[Binding],
    made: &mut Made,
) -> Result<(), Setback> {
    let target = body["target"].as_str().unwrap_or_default();
    let present = Reader(writer.0).bindings(target).await.map_err(at)?;
    let is_mine = |b: &Binding| mine.iter().any(|m| m.pk == b.pk);
    // One that has ended is no reason: this one was made in its place.
    let theirs: Vec<&Binding> =
        present.iter().filter(|b| !is_mine(b) && in_force(b, SystemTime::now())).collect();
    let doubled = mine.iter().filter(|m| {
        theirs.iter().any(|b| b.group == m.group && b.user == m.user && b.policy == m.policy)
    });
    let mut setback = None;
    for binding in doubled {
        let take_back = Operation::DeleteBinding(binding.pk.clone());
        writer.write(release, &take_back, &Value::Null).await.map_err(at)?;
        made.done(&take_back);
        setback = Some(met("+ binding"));
    }
    setback.map_or(Ok(()), Err)
}

fn at(trouble: Trouble) -> Setback {
    Setback::Trouble(Phase::Apply, trouble)
}

fn met(what: &str) -> Setback {
    debug!(stage = "apply", "took back {what}: another run has made it too");
    Setback::Conflict(Trouble::without_answer(
        Kind::Busy(None),
        what,
        "another run made it at the same time",
    ))
}
