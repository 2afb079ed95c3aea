//! The network side: sockets, TLS, faults, start-up stages and the log of requests.

pub mod cost;
pub mod fault;
pub mod front;
pub mod gather;
pub mod log;
pub mod networks;
pub mod origin;
pub mod reply;
pub mod server;
pub mod service;
pub mod stage;
pub mod starting;
pub mod tls;
