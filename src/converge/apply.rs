//! Carries out a plan, step by step. Each step is safe to repeat: a run that dies between two is completed
//! by the next one, which looks first.

use serde_json::{Map, Value};
use tracing::{debug, info};

use crate::authentik::conflict::refers_to_nothing;
use crate::authentik::model::{Binding, Provider};
use crate::authentik::redirect::RedirectUris;
use crate::authentik::writer::Operation;
use crate::authentik::{Reader, Release, Writer};
use crate::converge::plan::placeholder::{self, Known};
use crate::converge::plan::{Plan, Step, Target};
use crate::error::{Error, Exit};
use crate::http::setback::{Phase, Setback};
use crate::http::{Kind, Trouble};
use crate::text::{Secret, excerpt};

/// What was done, over all attempts of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(Vec<(Target, bool)>);

impl Tally {
    /// Whether nothing was.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many objects were created.
    pub fn created(&self) -> usize {
        self.0.iter().filter(|(_, created)| *created).count()
    }

    /// How many objects were changed.
    pub fn changed(&self) -> usize {
        self.0.len() - self.created()
    }

    /// Each object's kind, and whether it was created, in order.
    pub fn steps(&self) -> impl Iterator<Item = (Target, bool)> {
        self.0.iter().copied()
    }
}

/// Does every step in order.
///
/// # Errors
/// A [`Setback`]: trouble of a request, a conflict with somebody else, or a server that does not keep what
/// it was told.
pub async fn apply(
    writer: Writer<'_>,
    release: Release,
    plan: &Plan,
    app_password: Option<&Secret>,
    tally: &mut Tally,
) -> Result<(), Setback> {
    let mut known = Known::default();
    if let Some(secret) = app_password {
        known.learn(placeholder::app_password(), secret.expose().into());
    }
    for step in &plan.steps {
        let (operation, body) = filled(step, &known)?;
        let answer = writer.write(release, &operation, &body).await.map_err(|trouble| {
            // What a new object was refused for may be there by now, or be this run's own: look again. So may the
            // object that a change refers to be gone.
            let refused = matches!(trouble.kind, Kind::Invalid(_) | Kind::Malformed)
                && trouble.status == Some(400);
            if refused && (step.create || refers_to_nothing(&trouble)) {
                Setback::Conflict(trouble)
            } else {
                Setback::Trouble(Phase::Apply, trouble)
            }
        })?;
        tell(step);
        tally.0.push((step.target, step.create));
        if step.create {
            // A service account's answer calls it `user_pk`.
            let pk =
                answer.get("pk").or_else(|| answer.get("user_pk")).cloned().unwrap_or_default();
            known.learn(placeholder::key_of(step.target.kind(), &step.name), pk);
        }
        kept(step, &answer)?;
        alone(writer, release, step, &body, &answer).await?;
    }
    Ok(())
}

/// The lines that `plan` shows, now that it is done. Of a new object the fields are for debug: they are what the
/// variables say; of a change they say what had drifted.
fn tell(step: &Step) {
    let (object, name) = (step.target.kind(), excerpt(&step.name));
    info!(stage = "apply", object, %name, "{}", excerpt(&step.headline()));
    for change in &step.changes {
        for line in change.lines(step.create) {
            let (field, line) = (change.field, excerpt(&line));
            if step.create {
                debug!(stage = "apply", object, %name, field, "    {line}");
            } else {
                info!(stage = "apply", object, %name, field, "    {line}");
            }
        }
    }
}

/// Two runs at once may make the same binding, or before 2025.12 the same group: neither is unique. Whoever sees
/// another one after making its own takes its own back and looks again; the later of two always sees both, so
/// never two remain.
async fn alone(
    writer: Writer<'_>,
    release: Release,
    step: &Step,
    body: &Value,
    answer: &Value,
) -> Result<(), Setback> {
    let at = |trouble| Setback::Trouble(Phase::Apply, trouble);
    let Some(mine) = answer["pk"].as_str() else { return Ok(()) };
    let reader = Reader(writer.0);
    let (others, take_back) = match (step.target, step.create) {
        (Target::Group, true) => {
            let groups = reader.groups(&step.name).await.map_err(at)?;
            let others = groups.iter().filter(|g| g.pk != mine).count();
            (others, Operation::TakeBackGroup(mine.to_owned()))
        }
        (Target::Binding, true) => {
            let target = body["target"].as_str().unwrap_or_default();
            let bindings = reader.bindings(target).await.map_err(at)?;
            let same = |b: &&Binding| {
                b.group.as_deref() == body["group"].as_str() && b.user == body["user"].as_i64()
            };
            let others = bindings.iter().filter(|b| b.pk != mine).filter(same).count();
            (others, Operation::TakeBackBinding(mine.to_owned()))
        }
        _ => return Ok(()),
    };
    if others == 0 {
        return Ok(());
    }
    writer.write(release, &take_back, &Value::Null).await.map_err(at)?;
    debug!(stage = "apply", "took back {}: another run has made it too", step.headline());
    let detail = "another run made it at the same time";
    Err(Setback::Conflict(Trouble::without_answer(Kind::Busy(None), step.headline(), detail)))
}

/// The step with its placeholders replaced.
fn filled(step: &Step, known: &Known) -> Result<(Operation, Value), Error> {
    let unknown = |what: String| {
        Error::new(Exit::Bug, format!("step {} needs {what}", step.headline()))
            .remedy("please report this bug of netbird-authentik-init")
    };
    let mut body = Map::new();
    for change in &step.changes {
        body.insert(change.key.to_owned(), known.fill(&change.wire).map_err(unknown)?);
    }
    let operation = step.operation.clone().map_key(|key| known.fill_text(key)).map_err(unknown)?;
    Ok((operation, Value::Object(body)))
}

/// Whether the server kept what it was told. One that drops a field in silence would be written to at every
/// run, and NetBird would still not work.
fn kept(step: &Step, answer: &Value) -> Result<(), Error> {
    if step.target != Target::Provider {
        return Ok(());
    }
    let unfit = |what: &str| {
        Error::new(Exit::Protocol, format!("provider {}: {what}", step.name)).remedy(
            "set it by hand in Authentik's admin interface and run again, or report this release",
        )
    };
    let provider: Provider = serde_json::from_value(answer.clone())
        .map_err(|e| unfit("Authentik's answer cannot be read").because(e))?;
    for change in &step.changes {
        let sent = &change.wire;
        let (sent_list, got_list) = (sent.as_array(), answer[change.field].as_array());
        // Only what is echoed can be compared: old releases ignore fields that they do not know.
        let fine = match change.field {
            "redirect_uris" => {
                let sent = RedirectUris::read(sent);
                sent.entries.iter().all(|uri| provider.redirect_uris.contains(uri))
            }
            "property_mappings" | "grant_types" => match (sent_list, got_list) {
                (Some(sent), Some(got)) => {
                    sent.iter().filter(|s| !placeholder::is(s)).all(|s| got.contains(s))
                }
                _ => true,
            },
            field => answer.get(field).is_none_or(|got| got == sent),
        };
        if !fine {
            return Err(unfit(&format!("Authentik did not keep {}", change.field)));
        }
    }
    Ok(())
}
