//! What may fail does: every request times every fault, seeded schedules of faults, administrators and changes, file
//! systems that refuse, runs side by side that are killed.
//!
//! Most of it drives the library in this process: program and simulated Authentik are tasks of one runtime whose clock
//! is paused, so that fifteen minutes of waiting cost nothing and no test sleeps. The sockets are real.

#![allow(clippy::unwrap_used, missing_docs)]

mod answered;
mod budget;
mod causes;
mod checked;
mod connect;
mod cost;
mod disk;
mod endings;
mod faults;
mod hostile;
mod matrix;
mod model;
mod ownership;
#[path = "../it/connect/world.rs"]
#[allow(dead_code)]
mod people;
mod schedules;
mod side_by_side;
#[path = "../it/support.rs"]
#[allow(dead_code)]
mod support;
mod world;
