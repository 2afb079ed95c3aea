//! What one simulated server has in common with another, whatever it serves: whether its port listens, the log of
//! requests, the fault script, latency and clock. Servers of other crates stand on it too.

use std::fmt::Debug;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, watch};

use crate::call::Call;
use crate::clock;
use crate::http::fault::{Fault, FaultRule, Script};
use crate::http::gather::Gathering;
use crate::http::log::Request;
use crate::http::reply::Reply;
use crate::shared::lock;

/// Whether connections are accepted, and whether the server ends. `turn` changes with every stage.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    pub(crate) open: bool,
    pub(crate) stop: bool,
    pub(crate) turn: u64,
}

/// An answer with what the log wants to know about it.
#[derive(Debug)]
pub struct Handled {
    /// The answer.
    pub reply: Reply,
    /// Whether the credentials were accepted.
    pub authenticated: bool,
    /// Whether a real server needs long for it.
    pub dear: bool,
}

impl Handled {
    /// An answer that nobody was asked for.
    #[must_use]
    pub fn made_up(reply: Reply) -> Self {
        Self { reply, authenticated: false, dear: false }
    }
}

/// What is served.
pub trait Site: Debug + Send + Sync + 'static {
    /// The common part.
    fn front(&self) -> &Front;

    /// Answers a request; without an answer the connection is closed.
    fn handle(&self, call: Call, tls: bool) -> impl Future<Output = Option<Handled>> + Send;

    /// A request came that a fault keeps from being handled.
    fn spoilt(&self) {}

    /// What the server itself does wrong with a request, where no rule says otherwise.
    fn own_fault(&self, _call: &Call) -> Option<Fault> {
        None
    }

    /// How long a real server works on a request that it answers with this status.
    fn cost(&self, _call: &Call, _status: u16) -> Duration {
        Duration::ZERO
    }

    /// The answer to whoever makes an object that somebody else has just made, if it is another than to whoever is late.
    fn lost_race(&self, _call: &Call) -> Option<Reply> {
        None
    }
}

/// How many listeners there are, and how many of them listen: what `set_stage` waits for, so that a test sees its effect.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    pub(crate) total: usize,
    pub(crate) listening: Mutex<usize>,
    pub(crate) changed: Condvar,
}

impl Listeners {
    /// One listener began or ceased to listen.
    pub(crate) fn note(&self, listens: bool) {
        let mut count = lock(&self.listening);
        *count = if listens { *count + 1 } else { count.saturating_sub(1) };
        self.changed.notify_all();
    }

    /// Whether all listen.
    pub(crate) fn all(&self) -> bool {
        *lock(&self.listening) == self.total
    }

    /// Waits until all listen, or none.
    pub(crate) fn wait(&self, all: bool) {
        let wanted = if all { self.total } else { 0 };
        let count = lock(&self.listening);
        // The limit only keeps a broken server from blocking a test for ever.
        let _ = self
            .changed
            .wait_timeout_while(count, Duration::from_secs(10), |count| *count != wanted);
    }
}

/// The common part of a server.
#[derive(Debug)]
pub struct Front {
    pub(crate) gate: watch::Sender<Gate>,
    pub(crate) listeners: Listeners,
    pub(crate) log: Mutex<Vec<Request>>,
    /// A request came, or was answered.
    moved: Condvar,
    pub(crate) script: Mutex<Script>,
    pub(crate) latency: Duration,
    /// Who work on requests, where that takes time.
    pub(crate) workers: Option<Semaphore>,
    counter: Mutex<usize>,
    ticks: AtomicUsize,
    pub(crate) gathering: Gathering,
    clock_offset: i64,
}

impl Front {
    /// Of a server with so many listeners, whose answers take so long, and whose clock is so many seconds ahead.
    #[must_use]
    pub fn new(listeners: usize, latency: Duration, clock_offset: i64) -> Self {
        let (gate, _) = watch::channel(Gate { open: false, stop: false, turn: 0 });
        Self {
            gate,
            listeners: Listeners { total: listeners, ..Listeners::default() },
            log: Mutex::default(),
            moved: Condvar::new(),
            script: Mutex::default(),
            latency,
            workers: None,
            counter: Mutex::new(0),
            ticks: AtomicUsize::new(0),
            gathering: Gathering::default(),
            clock_offset,
        }
    }

    /// The same where each request takes what it costs, and so many are worked on at a time.
    #[must_use]
    pub fn with_workers(self, workers: usize) -> Self {
        Self { workers: Some(Semaphore::new(workers)), ..self }
    }

    /// The server's time, in seconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        clock::now(self.clock_offset)
    }

    /// Listens or refuses from now on.
    pub fn open(&self, open: bool) {
        self.gate.send_modify(|gate| {
            gate.open = open;
            gate.turn += 1;
        });
    }

    /// Waits until the port listens, or refuses.
    pub fn wait(&self, open: bool) {
        self.listeners.wait(open);
    }

    /// Ends the server.
    pub fn stop(&self) {
        self.gate.send_modify(|gate| gate.stop = true);
    }

    /// Returns when the server is to end.
    pub async fn stopped(&self) {
        let _ = self.gate.subscribe().wait_for(|gate| gate.stop).await;
    }

    /// All requests so far, in the order of their arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.log).clone()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        lock(&self.log).clear();
    }

    /// Waits until this holds; it is looked at again when a request has come or was answered, and not in between, since
    /// whoever looks all the time keeps the server from its work.
    pub fn wait_until(&self, holds: impl Fn() -> bool) {
        loop {
            let seen = {
                let _log = lock(&self.log);
                self.ticks.load(Ordering::Relaxed)
            };
            if holds() {
                return;
            }
            let unmoved = |_: &mut Vec<Request>| self.ticks.load(Ordering::Relaxed) == seen;
            // The limit is for what changes without a request, as a process that ends does.
            let limit = Duration::from_millis(100);
            drop(self.moved.wait_timeout_while(lock(&self.log), limit, unmoved));
        }
    }

    /// Adds a rule to the fault script.
    pub fn fault(&self, rule: FaultRule) {
        lock(&self.script).add(rule);
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        lock(&self.script).clear();
    }

    /// Logs a request as unanswered and returns its number.
    pub(crate) fn note(&self, call: &Call, tls: bool, started: Instant) -> usize {
        let mut counter = lock(&self.counter);
        let seq = *counter;
        *counter += 1;
        lock(&self.log).push(Request {
            method: call.method.clone(),
            path: call.path.clone(),
            query: call.query.clone(),
            host: call.header("host").unwrap_or_default().to_owned(),
            headers: call.headers.clone(),
            body: Call::logged_body(&call.body),
            status: 0,
            answer: Vec::new(),
            authenticated: false,
            tls,
            seq,
            dear: false,
            started,
            came: self.tick(),
            left: None,
        });
        seq
    }

    /// Completes the log entry; without an answer its status stays 0.
    pub(crate) fn answered(&self, seq: usize, handled: Option<&Handled>) {
        let mut log = lock(&self.log);
        if let Some(entry) = log.iter_mut().rfind(|entry| entry.seq == seq) {
            entry.left = Some(self.tick());
            if let Some(handled) = handled {
                entry.status = handled.reply.status;
                entry.answer.clone_from(&handled.reply.body);
                entry.authenticated = handled.authenticated;
                entry.dear = handled.dear;
            }
        }
    }

    /// The next place in the order of arrivals and answers; taken while the log is locked.
    fn tick(&self) -> usize {
        self.moved.notify_all();
        self.ticks.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn pick_fault(&self, call: &Call) -> Option<Fault> {
        lock(&self.script).pick(&call.method, &call.path, &call.query)
    }
}
