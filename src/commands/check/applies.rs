//! Which checks have nothing to look at, whatever Authentik holds: told as that, and not as what a failure left open.

use super::files;
use crate::config::{Config, Kind, Output};
use crate::proof::{Check, CheckId};

/// A skipped check for each; one that is made after all takes its place.
pub fn left_out(config: &Config) -> Vec<Check> {
    let outputs = &config.files.outputs;
    let mut checks: Vec<Check> = Output::ALL
        .iter()
        .filter(|output| !outputs.contains(output))
        .filter_map(|output| files::id_of(*output))
        .map(|id| Check::skipped(id, "SETUP_OUTPUTS does not name it"))
        .collect();
    let mut skip = |why: &str, ids: &[CheckId]| {
        checks.extend(ids.iter().map(|id| Check::skipped(*id, why)));
    };
    if outputs.is_empty() {
        skip("SETUP_OUTPUTS names no file", &[CheckId::Secrets]);
    }
    let own = [CheckId::KeyRefresh, CheckId::EmbeddedIdp, CheckId::ForeignManager];
    match config.kind {
        Kind::Standalone => {
            if !outputs.contains(&Output::ManagementJson) {
                skip("SETUP_OUTPUTS does not name management.json", &own);
            }
            skip("the client has no secret", &[CheckId::ClientSecret]);
            skip("that is for a provider of NetBird's own", &[CheckId::Claims]);
            let provider = [CheckId::NetBirdProvider, CheckId::Connector, CheckId::NetBirdRoute];
            skip("NetBird has no provider of its own", &provider);
        }
        Kind::Embedded | Kind::Combined => {
            skip("NetBird has a provider of its own", &own);
            skip("browsers ask NetBird's own provider", &[CheckId::Cors]);
        }
    }
    skip("nothing is asked of NetBird itself", &[CheckId::NetBird, CheckId::NetBirdAccount]);
    checks
}
