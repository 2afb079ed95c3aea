//! A simulated Authentik, a volume and an environment in one simulated time, and what must hold between them.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use authentik_sim::{Sim, State, TlsMode};
use netbird_authentik_init::app;
use netbird_authentik_init::error::Exit;
use serde_json::Value;
use tempfile::TempDir;

pub const PROFILE: &str = "2026.2";

/// What a run leaves in its volume.
pub const FILES: [&str; 6] =
    ["setup.env", "management.json", "dashboard.env", "relay.env", "secrets.json", "state.json"];

/// Runs a test in a time of its own, which passes only while everybody waits.
pub fn in_simulated_time<T>(test: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    // What one end has sent is not nothing to wait for: where the kernel hands it on by a thread of its own, that needs a
    // processor, else time passes as if nobody had answered.
    runtime.on_thread_park(std::thread::yield_now);
    runtime.enable_all().start_paused(true).build().unwrap().block_on(test)
}

/// Runs all cases, as many at a time as there are processors; what failed is told together.
pub fn all<T: Sync>(cases: &[T], run: impl Fn(&T) -> Result<(), String> + Sync) {
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(failure) = run(case) {
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

pub struct World {
    pub sim: Sim,
    pub dir: TempDir,
    pub env: BTreeMap<String, String>,
}

/// A server and a volume as a run left them.
pub struct Left {
    pub state: State,
    files: Vec<(&'static str, Vec<u8>)>,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Sim::builder(PROFILE).tls(TlsMode::Off).start_here().await)
    }

    pub async fn after(left: &Left) -> Self {
        let sim = Sim::builder(PROFILE).tls(TlsMode::Off).state(left.state.clone());
        let world = Self::with(sim.start_here().await);
        for (name, content) in &left.files {
            std::fs::write(world.path(name), content).unwrap();
        }
        world
    }

    pub fn with(sim: Sim) -> Self {
        let dir = crate::support::tempdir().unwrap();
        let env = [
            ("AUTHENTIK_HOST", sim.url()),
            ("AUTHENTIK_HOST_BROWSER", sim.url()),
            ("AUTHENTIK_TOKEN", authentik_sim::DEFAULT_TOKEN.to_owned()),
            ("NETBIRD_DOMAIN", "netbird.example.com".to_owned()),
            ("SETUP_DIR", dir.path().display().to_string()),
            ("SETUP_TIMEOUT", "60s".to_owned()),
            ("SETUP_LOG", std::env::var("FAULTS_LOG").unwrap_or_else(|_| "off".to_owned())),
        ];
        let env = env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { sim, dir, env }
    }

    /// Asks for more than a plain run does.
    pub fn wish(&mut self, variables: &[(&str, &str)]) {
        let pairs = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        self.env.extend(pairs);
    }

    /// Has Authentik at another URL, for people too.
    pub fn moves(&mut self, url: &str) {
        for name in ["AUTHENTIK_HOST", "AUTHENTIK_HOST_BROWSER"] {
            self.env.insert(name.to_owned(), url.to_owned());
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub async fn run(&self, command: &str) -> (Exit, String) {
        let vars = self.env.iter().map(|(name, value)| (name.into(), value.into()));
        let mut out = Vec::new();
        let exit = app::run([command.into()], vars, &mut out, false).await;
        (exit, String::from_utf8_lossy(&out).into_owned())
    }

    /// Runs `init`, and answers how long it took in simulated time.
    pub async fn init(&self) -> (Exit, Duration) {
        let start = tokio::time::Instant::now();
        let exit = self.run("init").await.0;
        (exit, start.elapsed())
    }

    /// What the volume holds.
    pub fn files(&self) -> Vec<Option<Vec<u8>>> {
        FILES.iter().map(|name| std::fs::read(self.path(name)).ok()).collect()
    }

    pub fn leave(&self) -> Left {
        let read = |name: &&'static str| (*name, std::fs::read(self.path(name)).unwrap());
        Left { state: self.sim.state().clone(), files: FILES.iter().map(read).collect() }
    }

    /// One of each object, whole files, and nothing left to do. The faults are over.
    pub async fn settled(&self) -> Result<(), String> {
        self.sim.clear_faults();
        let (exit, _) = self.init().await;
        if exit != Exit::Ok {
            return Err(format!("a clean run afterwards ended with {exit:?}"));
        }
        one_of_each(&self.sim.state())?;
        whole_files(self.dir.path())?;
        let writes = self.sim.writes().len();
        match self.run("plan").await {
            (Exit::Ok, _) if self.sim.writes().len() == writes => Ok(()),
            (exit, plan) => Err(format!("something is left to do ({exit:?}): {plan}")),
        }
    }
}

pub fn one_of_each(state: &State) -> Result<(), String> {
    let flows = state.flows.iter().filter(|f| f["slug"] == "default-device-code-flow").count();
    let counts = (state.providers.len(), state.applications.len(), flows);
    if counts != (1, 1, 1) {
        return Err(format!("providers, applications, device code flows: {counts:?}"));
    }
    let (provider, application) = (&state.providers[0], &state.applications[0]);
    if application["provider"] == provider["pk"] {
        Ok(())
    } else {
        Err(format!("{application} is not linked to {provider}"))
    }
}

/// Every file is there and whole, they agree about the key, and nothing else is there.
pub fn whole_files(dir: &Path) -> Result<(), String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let mut wanted = FILES.map(str::to_owned);
    wanted.sort();
    if names != wanted {
        return Err(format!("the volume holds {names:?}"));
    }
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    let json =
        |name: &str| serde_json::from_str::<Value>(&read(name)).map_err(|e| format!("{name}: {e}"));
    let (management, secrets) = (json("management.json")?, json("secrets.json")?);
    let key = secrets["datastore_enc_key"].as_str().unwrap_or_default();
    let line = format!("export NETBIRD_DATASTORE_ENC_KEY='{key}'\n");
    if key.is_empty()
        || management["DataStoreEncryptionKey"] != key
        || !read("setup.env").contains(&line)
    {
        return Err("the files disagree about the data store key".to_owned());
    }
    let relay = format!("NB_AUTH_SECRET='{}'\n", secrets["relay_auth_secret"].as_str().unwrap());
    match read("relay.env").contains(&relay) && read("dashboard.env").ends_with('\n') {
        true => Ok(()),
        false => Err("relay.env or dashboard.env is not whole".to_owned()),
    }
}
