//! Whether the server kept what it was told.

use crate::authentik::model::Provider;
use crate::authentik::redirect::RedirectUris;
use crate::converge::plan::{Step, Target, placeholder};
use crate::error::{Error, Exit};
use serde_json::Value;

/// Whether the server kept what it was told. One that drops a field in silence would be written to at every
/// run, and NetBird would still not work. The provider as it is now, if the step was about it.
pub fn kept(step: &Step, answer: &Value) -> Result<Option<Provider>, Error> {
    if step.target != Target::Provider {
        return Ok(None);
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
            _ if placeholder::is(sent) => true,
            field => answer.get(field).is_none_or(|got| got == sent),
        };
        if !fine {
            return Err(unfit(&format!("Authentik did not keep {}", change.field)));
        }
    }
    Ok(Some(provider))
}
