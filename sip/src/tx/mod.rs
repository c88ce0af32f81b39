//! Transactions (RFC 3261 section 17, RFC 6026): state machines without data, and the data beside them.

pub(crate) mod client;
pub(crate) mod client_invite;
pub(crate) mod key;
pub(crate) mod server;
pub(crate) mod server_invite;
pub(crate) mod store;
#[cfg(test)]
mod tests;
pub(crate) mod timer;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::flow::Transport;
use timer::Timer;

/// Whether the transport repeats and reorders by itself: decides which retransmission timers run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reliability {
    Reliable,
    Unreliable,
}

impl Reliability {
    pub(crate) fn of(transport: Transport) -> Self {
        match transport {
            Transport::Udp => Reliability::Unreliable,
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => Reliability::Reliable,
        }
    }
}

/// What a machine does with one input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step<State, Act> {
    pub(crate) next: State,
    pub(crate) act: Act,
    /// Timers that start now.
    pub(crate) arm: &'static [Timer],
}

impl<State, Act> Step<State, Act> {
    fn to(next: State, act: Act) -> Self {
        Step { next, act, arm: &[] }
    }

    fn arm(next: State, act: Act, arm: &'static [Timer]) -> Self {
        Step { next, act, arm }
    }
}

/// A map from ids that are random or sequential already.
pub(crate) type IdMap<V> = HashMap<u64, V, BuildHasherDefault<IdHasher>>;

#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte) ^ self.0);
        }
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = id.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}
