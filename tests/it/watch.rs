//! A `watch` that runs while a test changes the world around it. Cycles begin by SIGHUP and their end is read from
//! the log, so that no test has to wait for a clock.

use std::io::{BufRead, BufReader};
use std::process::ChildStderr;

use rustix::process::Signal;

use crate::http::exchange;
use crate::support::{Case, Running};

pub struct Watch {
    process: Running,
    log: BufReader<ChildStderr>,
    /// Where its pages are.
    pub url: String,
    /// The log of the first cycle.
    pub first: String,
}

impl Watch {
    /// Starts it, with an interval that no test lasts for, and waits for the end of its first cycle.
    pub fn start(case: &mut Case) -> Self {
        let mut watch = Self::begin(case);
        watch.first = watch.until_ended();
        watch
    }

    /// Starts it, and waits until it serves.
    pub fn begin(case: &mut Case) -> Self {
        case.env("SETUP_INTERVAL", "1h")
            .env("SETUP_LISTEN", "127.0.0.1:0")
            .env("SETUP_LOG", "info,netbird_authentik_init::commands::watch=debug");
        Self::spawn(case)
    }

    /// Starts it as the case says.
    pub fn spawn(case: &Case) -> Self {
        let mut process = case.spawn_command(&["watch"]);
        let log = BufReader::new(process.child().stderr.take().unwrap());
        let mut watch = Self { process, log, url: String::new(), first: String::new() };
        let line = watch.until("serves /healthz");
        watch.url = line.rsplit_once("address=").unwrap().1.trim().to_owned();
        watch
    }

    /// A cycle from beginning to end: what the log says of it.
    pub fn cycle(&mut self) -> String {
        self.signal(Signal::HUP);
        self.until_ended()
    }

    /// The log up to the end of the cycle that runs.
    pub fn until_ended(&mut self) -> String {
        self.until("ended: ")
    }

    /// The log up to the line that has this text.
    pub fn until(&mut self, text: &str) -> String {
        let mut said = String::new();
        loop {
            let start = said.len();
            let read = self.log.read_line(&mut said).unwrap();
            assert!(read > 0, "it ended before it said {text:?}:\n{said}");
            if said[start..].contains(text) {
                return said;
            }
        }
    }

    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    pub fn id(&mut self) -> u32 {
        self.process.child().id()
    }

    /// Status and text of one of its pages.
    pub fn page(&self, path: &str) -> (u16, String) {
        let (status, _, body) = exchange(&self.url, "GET", path, "", "");
        (status, body)
    }

    /// Its end, with the rest of its log unread until then.
    pub fn exit_code(mut self) -> Option<i32> {
        self.process.child().wait().unwrap().code()
    }

    /// Ends it by this signal; its exit code and the rest of its log.
    pub fn end(mut self, signal: Signal) -> (Option<i32>, String) {
        self.signal(signal);
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut self.log, &mut rest).unwrap();
        (self.process.wait().code, rest)
    }
}
