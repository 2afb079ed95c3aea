//! A simulated Authentik, a directory and an environment, and the binary between them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use authentik_sim::Sim;
use tempfile::TempDir;

/// Releases that every run is tried against: all that the simulator can be.
pub static PROFILES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| authentik_sim::profiles().iter().map(|p| p.name).collect());

/// The same for every release, several at a time.
pub fn everywhere(run: impl Fn(&'static str) + Sync) {
    side_by_side(&PROFILES, |profile| run(profile));
}

/// The same for each of these, several at a time: runs wait for answers most of the time.
pub fn side_by_side<T: Sync>(all: &[T], run: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    run(one);
                }
            });
        }
    });
}

/// The same for each of these, all at a time: for what waits between tries nearly all of its time.
pub fn all_at_once<T: Sync>(all: &[T], run: impl Fn(&T) + Sync) {
    std::thread::scope(|scope| {
        for one in all {
            scope.spawn(|| run(one));
        }
    });
}

/// How many releases at a time; more only makes two cores switch more.
const SIDE_BY_SIDE: usize = 4;

/// Year and month of a profile, to tell what its release can do.
pub fn release(profile: &str) -> (u32, u32) {
    let mut numbers = profile.split('.').map(|n| n.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

/// A directory of a test's own; in memory where the machine has such a place, since every run has its files written to
/// the disk before it ends. What is about disks asks for one on a disk.
pub fn tempdir() -> std::io::Result<TempDir> {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())
}

/// A run to be.
pub struct Case {
    pub sim: Sim,
    pub dir: TempDir,
    env: BTreeMap<String, String>,
}

/// A run that has ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "log:\n{}\noutput:\n{}", self.err, self.out);
        self
    }

    /// Asserts that the log has all of these texts.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.err.contains(text), "expected {text:?} in:\n{}", self.err);
        }
        self
    }

    /// Asserts that the output has all of these texts.
    #[track_caller]
    pub fn prints(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.out.contains(text), "expected {text:?} in:\n{}", self.out);
        }
        self
    }
}

impl Case {
    pub fn new(profile: &str) -> Self {
        Self::with(Sim::start(profile))
    }

    pub fn with(sim: Sim) -> Self {
        let dir = tempdir().unwrap();
        let mut case = Self { sim, dir, env: BTreeMap::new() };
        let url = case.sim.url();
        let out = case.path("").display().to_string();
        case.env("AUTHENTIK_HOST", &url)
            .env("AUTHENTIK_HOST_BROWSER", url)
            .env("AUTHENTIK_TOKEN", authentik_sim::DEFAULT_TOKEN)
            .env("NETBIRD_DOMAIN", "netbird.example.com")
            .env("SETUP_DIR", out)
            .env("SETUP_TIMEOUT", "60s");
        case
    }

    /// Sets a variable. While people reach Authentik at the URL at which the program does, they go on to.
    pub fn env(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        let value = value.into();
        let (host, public) = ("AUTHENTIK_HOST", "AUTHENTIK_HOST_BROWSER");
        if name == host && self.env.get(host) == self.env.get(public) {
            self.env.insert(public.to_owned(), value.clone());
        }
        self.env.insert(name.to_owned(), value);
        self
    }

    /// What a variable is set to.
    pub fn get(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }

    /// Sets a variable to what it was.
    pub fn put_back(&mut self, name: &str, value: Option<String>) {
        match value {
            Some(value) => self.env(name, value),
            None => self.unset(name),
        };
    }

    pub fn unset(&mut self, name: &str) -> &mut Self {
        self.env.remove(name);
        self
    }

    /// A file with this content, outside of the output directory; its path.
    pub fn side_file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let dir = self.dir.path().join("side");
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join(name), content).unwrap();
        dir.join(name).display().to_string()
    }

    /// Gives the token by a file; the file's path.
    pub fn token_by_file(&mut self) -> String {
        let path = self.side_file("token", authentik_sim::DEFAULT_TOKEN);
        self.unset("AUTHENTIK_TOKEN").env("AUTHENTIK_TOKEN_FILE", &path);
        path
    }

    /// Keeps secrets in a directory of their own, as is advised; the directory.
    pub fn state_apart(&mut self) -> PathBuf {
        let dir = self.dir.path().join("state");
        std::fs::create_dir_all(&dir).unwrap();
        self.env("SETUP_STATE_DIR", dir.display().to_string());
        dir
    }

    /// A path in the output directory.
    pub fn path(&self, name: &str) -> PathBuf {
        let dir = self.dir.path().join("setup");
        std::fs::create_dir_all(&dir).unwrap();
        dir.join(name)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_netbird-authentik-init"));
        command
            .args(args)
            .env_clear()
            .envs(&self.env)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ended {
        let output = self.command(args).output().unwrap();
        ended(output)
    }

    #[track_caller]
    pub fn init(&self) -> Ended {
        self.run(&[]).expect(0)
    }

    /// Both `plan` and `init` refuse it with the same words, and nothing is written.
    #[track_caller]
    pub fn refused(&self, texts: &[&str]) -> Ended {
        self.sim.clear_requests();
        let before = self.sim.state().to_json();
        self.run(&["plan"]).expect(65).says(texts);
        let ended = self.run(&[]).expect(65).says(texts);
        assert_eq!(self.sim.writes().len(), 0, "{:?}", self.sim.writes());
        assert_eq!(self.sim.state().to_json(), before);
        ended
    }

    /// A run that succeeds, as `plan` said before it: with its steps, or with none.
    #[track_caller]
    pub fn init_as_planned(&self) -> Ended {
        let plan = self.run(&["plan"]);
        self.sim.clear_requests();
        let before = self.files();
        let ended = self.init();
        let same = self.sim.writes().is_empty() && before == self.files();
        let code = if same { 0 } else { 2 };
        assert_eq!(plan.code, Some(code), "plan:\n{}{}\ninit:\n{}", plan.out, plan.err, ended.err);
        ended
    }

    /// Everything on the volumes.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        fn read(dir: &std::path::Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
            for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
                match entry.path() {
                    path if path.is_dir() => read(&path, files),
                    path => {
                        drop(files.insert(path.clone(), std::fs::read(path).unwrap_or_default()))
                    }
                }
            }
        }
        let mut files = BTreeMap::new();
        read(self.dir.path(), &mut files);
        files
    }

    pub fn spawn(&self) -> Running {
        self.spawn_command(&[])
    }

    pub fn spawn_command(&self, args: &[&str]) -> Running {
        Running(Some(self.command(args).spawn().unwrap()))
    }

    /// Waits until the simulator has been asked so often.
    pub fn await_requests(&self, count: usize) {
        self.sim.wait_until(|sim| sim.requests().len() >= count);
    }

    /// How many providers and applications there are: one each, after every ending but a refusal.
    #[track_caller]
    pub fn assert_one_of_each(&self) {
        let state = self.sim.state();
        assert_eq!(state.providers.len(), 1, "providers");
        assert_eq!(state.applications.len(), 1, "applications");
        let flows = state.flows.iter().filter(|f| f["slug"] == "default-device-code-flow");
        assert_eq!(flows.count(), 1, "device code flows");
        let pk = &state.providers[0]["pk"];
        assert_eq!(&state.applications[0]["provider"], pk, "the link");
    }
}

/// A process that does not outlive its test.
pub struct Running(Option<Child>);

impl From<Child> for Running {
    fn from(child: Child) -> Self {
        Self(Some(child))
    }
}

impl Running {
    pub fn signal(&self, signal: rustix::process::Signal) {
        let id = self.0.as_ref().unwrap().id();
        let pid = rustix::process::Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// The process as it is, for what reads its log while it runs.
    pub fn child(&mut self) -> &mut Child {
        self.0.as_mut().unwrap()
    }

    pub fn wait(mut self) -> Ended {
        ended(self.0.take().unwrap().wait_with_output().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn ended(output: std::process::Output) -> Ended {
    Ended {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
