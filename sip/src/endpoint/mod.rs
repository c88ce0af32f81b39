//! The front door: messages, commands and time in; events and messages out.

mod config;

use std::collections::VecDeque;
use std::time::Instant;

use crate::Now;
use crate::command::Command;
use crate::event::{Event, SessionId, Transmit};
use crate::flow::FlowId;
use bytes::Bytes;

pub use config::{EndpointConfig, Limits, Timers};

/// Transactions, dialogs and sessions of one shard.
///
/// After every call that takes `&mut self` drain [`Endpoint::poll_event`] and [`Endpoint::poll_transmit`] until both
/// give `None`, then wait until [`Endpoint::deadline`] or the next input.
#[derive(Debug)]
pub struct Endpoint {
    config: EndpointConfig,
    events: VecDeque<Event>,
    transmits: VecDeque<Transmit>,
    totals: Totals,
    last_session: u64,
}

/// What the endpoint holds now; all zero when every call is over and every timer has run out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub server_transactions: usize,
    pub client_transactions: usize,
    pub sessions: usize,
    pub timers: usize,
}

/// What the endpoint has seen since it was made; only grows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub requests: u64,
    pub responses: u64,
    pub keep_alives: u64,
    /// Not SIP, or nothing in it that could be answered.
    pub unreadable: u64,
    /// Answered 400, 416, 505 ... before any routing.
    pub faulty: u64,
    /// Retransmissions of requests that were absorbed.
    pub absorbed: u64,
    /// Responses and ACKs that belong to nothing here.
    pub stray: u64,
    /// Refused or dropped because a limit was reached.
    pub overload: u64,
    /// Messages that a timer sent again.
    pub retransmitted: u64,
}

/// What identifies a session on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInfo {
    /// The Call-ID header's value.
    pub call_id: String,
    pub local_tag: String,
    /// Empty until a response with a To tag came.
    pub remote_tag: String,
    /// Where its requests go now.
    pub flow: FlowId,
}

impl Endpoint {
    /// The same seed and the same inputs give the same bytes.
    pub fn new(config: EndpointConfig, seed: [u8; 32]) -> Self {
        let _ = seed;
        Endpoint {
            config,
            events: VecDeque::new(),
            transmits: VecDeque::new(),
            totals: Totals::default(),
            last_session: 0,
        }
    }

    /// One datagram, or one framed message or keep-alive of a stream.
    pub fn receive(&mut self, flow: &FlowId, bytes: Bytes, now: Now) {
        let _ = (flow, bytes, now);
    }

    /// A command for a session or a transaction that is over does nothing.
    pub fn command(&mut self, command: Command, now: Now) {
        let _ = (command, now);
    }

    /// The deadline passed. A call before it does nothing.
    pub fn timeout(&mut self, now: Now) {
        let _ = now;
    }

    /// A connection is gone: what goes over it ends.
    pub fn flow_closed(&mut self, flow: &FlowId, now: Now) {
        let _ = (flow, now);
    }

    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// When `timeout` wants to be called; may be earlier than anything happens.
    pub fn deadline(&self) -> Option<Instant> {
        None
    }

    /// A name for an INVITE to come.
    pub fn new_session(&mut self) -> SessionId {
        self.last_session += 1;
        SessionId(self.last_session)
    }

    /// `None` once the session is over.
    pub fn session_info(&self, session: SessionId) -> Option<SessionInfo> {
        let _ = session;
        None
    }

    pub fn config(&self) -> &EndpointConfig {
        &self.config
    }

    pub fn counts(&self) -> Counts {
        Counts::default()
    }

    pub fn totals(&self) -> Totals {
        self.totals
    }
}
