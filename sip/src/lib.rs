//! SIP from bytes to dialogs, without I/O.
//!
//! [`Endpoint`] is the front door. After every call that takes `&mut self` the caller drains
//! [`Endpoint::poll_event`] and [`Endpoint::poll_transmit`] until both give `None`, then waits until
//! [`Endpoint::deadline`] or the next input.
//!
//! Deliberately absent: sockets, clocks, global randomness, staff, queues, SQL, RTP. Bodies are opaque.

pub mod auth;
pub mod command;
pub mod dialog;
pub mod endpoint;
pub mod event;
pub mod flow;
pub mod guard;
pub mod overload;
pub mod privacy;
pub mod registrar;
pub mod trunk;
mod tx;
pub mod wire;

pub use endpoint::{Endpoint, EndpointConfig};

/// The moment of an input. The core never asks a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Now {
    /// For timers and ages.
    pub instant: std::time::Instant,
    /// Milliseconds since 1970-01-01 UTC, for nonces and records.
    pub unix_ms: i64,
}
