//! `plan`: waits and observes like `init`, says what it would change, and changes nothing.

use std::io::Write;
use std::sync::Arc;

use super::{beside, connect, server};
use crate::config::Config;
use crate::converge::{Converge, Learnt};
use crate::deadline::Deadline;
use crate::error::{Exit, Result};
use crate::http::setback::Phase;
use crate::log::progress::Progress;
use crate::log::story::Story;
use crate::outputs;
use crate::state::secrets;
use crate::text::redact;

/// How a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lines.
    Text,
    /// Lines in colours, for a terminal.
    Coloured,
    /// One JSON document.
    Json,
}

/// Prints the plan.
///
/// # Errors
/// What kept it from looking.
pub async fn run(
    config: Config,
    deadline: Deadline,
    format: Format,
    out: &mut dyn Write,
) -> Result<Exit> {
    let story: Arc<Story> = Arc::default();
    let progress = Progress::new(deadline, Arc::clone(&story));
    let config = Arc::new(config);
    let look = progress.during(async {
        let for_secrets = Arc::clone(&config);
        let (password, memory) =
            beside(move || Ok((secrets::password(&for_secrets)?, outputs::memory(&for_secrets)?)))
                .await?;
        password.iter().for_each(redact::learn);
        progress.passed(Phase::Files);
        let server = server(&config)?;
        let converge = Converge {
            config: &config,
            server: &server,
            app_password: password.as_ref(),
            memory: &memory,
            thorough: false,
            progress: &progress,
            story: &story,
        };
        let look = converge.look(&mut Learnt::default()).await?;
        let netbird = connect::look(&config, &story).await;
        Ok((look.plan, netbird))
    });
    let (plan, netbird) = look.await?;
    let text = match format {
        Format::Json => {
            let mut document = plan.json();
            if let Some(netbird) = netbird.json() {
                document["netbird"] = netbird;
            }
            format!("{document:#}\n")
        }
        Format::Coloured => format!("{}{netbird}", plan.coloured()),
        Format::Text => format!("{plan}{netbird}"),
    };
    // A reader that went away (`plan | head`) is nobody to complain to.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if let Some(error) = plan.refused.first() {
        crate::log::failure(error);
        return Ok(error.exit);
    }
    Ok(if plan.is_empty() { Exit::Ok } else { Exit::Pending })
}
