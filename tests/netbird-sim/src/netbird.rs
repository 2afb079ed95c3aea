//! The handle a test holds on a running server.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, MutexGuard};
use std::thread::JoinHandle;

use authentik_sim::FaultRule;
use serde_json::{Value, json};

use crate::builder::Builder;
use crate::config::Kind;
use crate::start::{Refusal, start};
use crate::state::State;
use crate::world::{Image, Source, World, lock};

/// A server. Dropping it stops it.
#[derive(Debug)]
pub struct NetBird {
    pub(crate) world: Arc<World>,
    pub(crate) address: SocketAddr,
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) thread: Option<JoinHandle<()>>,
}

impl NetBird {
    /// The split image with this management.json, to be described further.
    #[must_use]
    pub fn management(json: &str) -> Builder {
        Builder::of_text(Image::Management, json)
    }

    /// The combined image with this config.yaml, to be described further.
    #[must_use]
    pub fn combined(yaml: &str) -> Builder {
        Builder::of_text(Image::Combined, yaml)
    }

    /// Either image with a file that it reads at every start, and may write.
    #[must_use]
    pub fn with_file(image: Image, path: &Path) -> Builder {
        Builder::of_file(image, path)
    }

    /// The split image with its provider inside.
    ///
    /// # Errors
    /// If NetBird would end instead of listening.
    ///
    /// # Panics
    /// If the file is of the other kind, which is the test's mistake.
    pub fn start_embedded(json: &str, env: &[(&str, &str)]) -> Result<Self, Refusal> {
        Self::start_kind(json, env, Kind::Embedded)
    }

    /// The split image with another server's tokens.
    ///
    /// # Errors
    /// As [`NetBird::start_embedded`].
    ///
    /// # Panics
    /// As [`NetBird::start_embedded`].
    pub fn start_standalone(json: &str, env: &[(&str, &str)]) -> Result<Self, Refusal> {
        Self::start_kind(json, env, Kind::Standalone)
    }

    /// The combined image.
    ///
    /// # Errors
    /// If NetBird would end instead of listening.
    pub fn start_combined(yaml: &str) -> Result<Self, Refusal> {
        Self::combined(yaml).start()
    }

    fn start_kind(json: &str, env: &[(&str, &str)], kind: Kind) -> Result<Self, Refusal> {
        let builder =
            env.iter().fold(Self::management(json), |b, (name, value)| b.env(name, value));
        let server = builder.start()?;
        assert_eq!(server.kind(), Some(kind), "the kind that the file is of");
        Ok(server)
    }

    /// The address, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Whose tokens it takes; nothing while it does not run.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        lock(&self.world.process).as_ref().map(|process| process.config.kind())
    }

    /// The issuer of the tokens it takes.
    #[must_use]
    pub fn issuer(&self) -> String {
        let process = lock(&self.world.process).clone();
        process.map_or_else(String::new, |process| match process.embedded() {
            Some(embedded) => embedded.issuer.clone(),
            None => process.config.http.issuer.clone(),
        })
    }

    /// Ends the run if there is one and begins another: the configuration is read again, and what was kept in memory is
    /// forgotten. What lies on the volumes stays.
    ///
    /// # Errors
    /// If NetBird would end instead of listening; the port refuses then.
    pub fn restart(&self) -> Result<(), Refusal> {
        self.stop();
        let world = Arc::clone(&self.world);
        let (tell, told) = std::sync::mpsc::channel();
        self.runtime.spawn(async move {
            let _ = tell.send(start(&world).await);
        });
        let gone = || Refusal("the server's thread is gone".to_owned());
        let process = told.recv().map_err(|_| gone())??;
        *lock(&self.world.process) = Some(Arc::new(process));
        self.world.front.open(true);
        self.world.front.wait(true);
        Ok(())
    }

    /// Ends the run; the port refuses.
    pub fn stop(&self) {
        self.world.front.open(false);
        self.world.front.wait(false);
        *lock(&self.world.process) = None;
    }

    /// The configuration as it is now: NetBird may have written it.
    #[must_use]
    pub fn config_text(&self) -> String {
        match &*lock(&self.world.source) {
            Source::Text(text) => text.clone(),
            Source::File(path) => std::fs::read_to_string(path).unwrap_or_default(),
        }
    }

    /// Puts another text in the configuration's place; it counts after a restart.
    pub fn set_config(&self, text: &str) {
        *lock(&self.world.source) = Source::Text(text.to_owned());
    }

    /// All requests so far, in the order of their arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<authentik_sim::Request> {
        self.world.front.requests()
    }

    /// Waits until this holds, which only requests can bring about.
    pub fn wait_until(&self, holds: impl Fn(&Self) -> bool) {
        self.world.front.wait_until(|| holds(self));
    }

    /// The authenticated changes among the requests.
    #[must_use]
    pub fn writes(&self) -> Vec<authentik_sim::Request> {
        let changes = |request: &authentik_sim::Request| {
            request.authenticated
                && request.path.starts_with("/api/")
                && matches!(request.method.as_str(), "POST" | "PUT" | "DELETE")
        };
        self.requests().into_iter().filter(changes).collect()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.world.front.clear_requests();
    }

    /// What is on the volumes, to look at and to edit. Do not hold it across a request.
    pub fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.world.state)
    }

    /// The lines of the log so far, each with its level: `INFO`, `WARN`, `ERRO`, `FATL` or `DEBG`.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.world.lines()
    }

    /// Whether a line of the log has this text.
    #[must_use]
    pub fn logged(&self, text: &str) -> bool {
        self.log().iter().any(|line| line.contains(text))
    }

    /// Adds a rule to the fault script.
    pub fn fault(&self, fault: FaultRule) {
        self.world.front.fault(fault);
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.world.front.clear_faults();
    }

    /// What management tells clients of the login by a browser, with the names that management.json has for it; nothing
    /// if it tells them that there is no such login.
    #[must_use]
    pub fn pkce_flow(&self) -> Option<Value> {
        let process = lock(&self.world.process).clone()?;
        let Some(embedded) = process.embedded() else {
            return process.config.pkce.as_ref().map(|flow| flow["ProviderConfig"].clone());
        };
        let mut flow = own_flow(&embedded.issuer);
        flow["AuthorizationEndpoint"] = json!(format!("{}/auth", embedded.issuer));
        flow["RedirectURLs"] = json!(embedded.cli_redirects);
        Some(flow)
    }

    /// The same for the login on another device.
    #[must_use]
    pub fn device_flow(&self) -> Option<Value> {
        let process = lock(&self.world.process).clone()?;
        let Some(embedded) = process.embedded() else {
            let flow = process.config.device.as_ref()?;
            let hosted =
                flow["Provider"].as_str().is_some_and(|p| p.eq_ignore_ascii_case("hosted"));
            return hosted.then(|| flow["ProviderConfig"].clone());
        };
        let mut flow = own_flow(&embedded.issuer);
        flow["DeviceAuthEndpoint"] = json!(format!("{}/device/code", embedded.issuer));
        Some(flow)
    }
}

/// What both logins of the embedded provider have in common.
fn own_flow(issuer: &str) -> Value {
    json!({
        "ClientID": "netbird-cli", "Audience": "netbird-cli",
        "TokenEndpoint": format!("{issuer}/token"), "Scope": "openid profile email groups",
        "UseIDToken": false, "DisablePromptLogin": false, "LoginFlag": 0,
    })
}

impl Drop for NetBird {
    fn drop(&mut self) {
        self.world.front.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
