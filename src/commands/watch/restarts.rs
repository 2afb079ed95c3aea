//! Since when NetBird's services run with what was in a file before it was replaced, for the metrics and the status page.

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::config::Output;
use crate::outputs::service::Service;

/// Since when each service would need a restart, as far as this process knows.
#[derive(Clone, Debug, Default)]
pub struct Restarts(BTreeMap<Service, SystemTime>);

impl Restarts {
    /// These files have another content now.
    pub fn replaced(&mut self, outputs: &[Output], now: SystemTime) {
        let services = outputs.iter().filter_map(|output| Service::reading(*output));
        self.0.extend(services.map(|service| (service, now)));
    }

    /// Each service, and when the last of its files was replaced.
    pub fn needed(&self) -> impl Iterator<Item = (Service, SystemTime)> {
        self.0.iter().map(|(service, since)| (*service, *since))
    }
}
