//! Carries out a plan, step by step. Each step is safe to repeat: a run that dies between two is completed
//! by the next one, which looks first.

use serde_json::{Map, Value};
use tracing::info;

use crate::authentik::model::Provider;
use crate::authentik::release::Release;
use crate::authentik::trouble::Trouble;
use crate::authentik::writer::Writer;
use crate::error::{Error, Exit};
use crate::patience::{Rung, Setback};
use crate::plan::{Plan, Step, Target, Wire};

/// What was done, over all attempts of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Objects created.
    pub created: usize,
    /// Objects changed.
    pub changed: usize,
}

/// Primary keys that this attempt has made.
#[derive(Default)]
struct Made {
    provider: Option<Value>,
    flow: Option<Value>,
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
    tally: &mut Tally,
) -> Result<(), Setback> {
    let mut made = Made::default();
    for step in &plan.steps {
        let body = body(step, &made)?;
        let answer = send(writer, release, step, &body).await.map_err(|trouble| {
            if trouble.is_conflict() {
                Setback::Conflict(trouble)
            } else {
                Setback::Trouble(Rung::Apply, trouble)
            }
        })?;
        info!(stage = "apply", "{}", step.headline());
        for change in &step.changes {
            tracing::debug!(stage = "apply", field = change.field, after = %change.after, "set");
        }
        if step.create {
            tally.created += 1;
        } else {
            tally.changed += 1;
        }
        kept(step, &answer)?;
        match &step.target {
            Target::Flow => made.flow = Some(answer["pk"].clone()),
            Target::Provider(_) => made.provider = Some(answer["pk"].clone()),
            Target::Application(_) | Target::Brand(_) => {}
        }
    }
    Ok(())
}

async fn send(
    writer: Writer<'_>,
    release: Release,
    step: &Step,
    body: &Value,
) -> Result<Value, Trouble> {
    match &step.target {
        Target::Flow => writer.create_flow(body).await,
        Target::Provider(None) => writer.create_provider(body).await,
        Target::Provider(Some(pk)) => writer.change_provider(*pk, body).await,
        Target::Application(_) if step.create => writer.create_application(body).await,
        Target::Application(slug) => writer.change_application(slug, body).await,
        Target::Brand(uuid) => writer.change_brand(release, uuid, body).await,
    }
}

fn body(step: &Step, made: &Made) -> Result<Value, Error> {
    let mut body = Map::new();
    for change in &step.changes {
        let value = match &change.wire {
            Wire::Json(value) => value.clone(),
            Wire::NewProvider => known(&made.provider, "provider")?,
            Wire::NewFlow => known(&made.flow, "flow")?,
        };
        body.insert(change.field.to_owned(), value);
    }
    Ok(Value::Object(body))
}

fn known(pk: &Option<Value>, what: &str) -> Result<Value, Error> {
    pk.clone().filter(|pk| !pk.is_null()).ok_or_else(|| {
        Error::new(
            Exit::Protocol,
            format!("Authentik did not tell the primary key of a new {what}"),
        )
        .remedy("see that AUTHENTIK_HOST is Authentik itself")
    })
}

/// Whether the server kept what it was told. One that drops a field in silence would be written to at every
/// run, and NetBird would still not work.
fn kept(step: &Step, answer: &Value) -> Result<(), Error> {
    if !matches!(step.target, Target::Provider(_)) {
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
        let Wire::Json(sent) = &change.wire else {
            continue;
        };
        // Only what is echoed can be compared: old releases ignore fields that they do not know.
        let fine = match change.field {
            "redirect_uris" => {
                let sent = crate::authentik::redirect::RedirectUris::read(sent);
                sent.entries.iter().all(|uri| provider.redirect_uris.contains(uri))
            }
            "property_mappings" | "grant_types" => match (sent, answer.get(change.field)) {
                (Value::Array(sent), Some(Value::Array(got))) => {
                    sent.iter().all(|s| got.contains(s))
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
