//! The front door: messages, commands and time in; events and messages out.

mod client;
mod client_invite;
mod command;
mod config;
mod early;
mod hops;
mod in_dialog;
mod incoming;
mod kept;
mod large;
pub(crate) mod login;
mod lost;
mod offer;
mod outgoing;
mod outside;
mod reliable;
mod replaces;
mod second_offer;
mod server;
mod session_id;
mod session_timer;
mod subscribe;
mod success;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::time::Instant;

use bytes::Bytes;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::Now;
use crate::command::Command;
use crate::dialog::session::Session;
use crate::dialog::subscription::Subscriptions;
use crate::event::{Event, SessionId, SubscriptionId, Transmit};
use crate::flow::FlowId;
use crate::tx::key::{Secret, token};
use crate::tx::store::{ClientTx, ServerTx};
use crate::tx::timer::{Due, Timer, TimerQueue};
use crate::tx::{IdMap, Reliability};
use outgoing::Fields;

pub use config::{EndpointConfig, Limits, SessionIntervals, SubscriptionTerms, Timers};
pub use hops::HopName;
pub use kept::KeptSubscription;

/// Transactions, dialogs and sessions of one shard.
///
/// After every call that takes `&mut self` drain [`Endpoint::poll_event`] and [`Endpoint::poll_transmit`] until both
/// give `None`, take [`Endpoint::take_hops`], then wait until [`Endpoint::deadline`] or the next input.
#[derive(Debug)]
pub struct Endpoint {
    config: EndpointConfig,
    rng: StdRng,
    /// What sessions are called has a source of its own, so that nothing else depends on it.
    uuids: StdRng,
    secret: Secret,
    fields: Fields,
    timers: TimerQueue,
    /// When a session is to be refreshed or given up. Beside the timers, because these run for half an hour and most
    /// calls end before.
    clock: BTreeSet<(Instant, SessionId)>,
    servers: IdMap<Box<ServerTx>>,
    /// Requests under way that may still come over another path, by `Secret::merge_key`; the value is the transaction.
    merged: IdMap<u64>,
    clients: IdMap<Box<ClientTx>>,
    sessions: IdMap<Box<Session>>,
    /// Sessions by our tag.
    tags: IdMap<SessionId>,
    subscriptions: Subscriptions,
    large: large::Large,
    hops: hops::Hops,
    /// What goes over a connection, or waits for the next one.
    held: BTreeSet<(FlowId, Held)>,
    lost: lost::Lost,
    events: VecDeque<Event>,
    transmits: VecDeque<Transmit>,
    totals: Totals,
    last_session: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    Session(SessionId),
    Client(u64),
    Subscription(SubscriptionId),
}

/// What the endpoint holds now; all zero when every call is over and every timer has run out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub server_transactions: usize,
    pub client_transactions: usize,
    pub sessions: usize,
    pub subscriptions: usize,
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
        let mut rng = StdRng::from_seed(seed);
        Endpoint {
            fields: Fields::new(&config),
            hops: hops::Hops::new(config.advertise.public),
            clock: BTreeSet::new(),
            config,
            secret: Secret::new(&mut rng),
            rng,
            uuids: StdRng::from_seed(seed.map(|byte| !byte)),
            timers: TimerQueue::default(),
            servers: IdMap::default(),
            merged: IdMap::default(),
            clients: IdMap::default(),
            sessions: IdMap::default(),
            tags: IdMap::default(),
            subscriptions: Subscriptions::default(),
            large: large::Large::default(),
            held: BTreeSet::new(),
            lost: lost::Lost::default(),
            events: VecDeque::new(),
            transmits: VecDeque::new(),
            totals: Totals::default(),
            last_session: 0,
        }
    }

    /// One datagram, or one framed message or keep-alive of a stream.
    pub fn receive(&mut self, flow: &FlowId, bytes: Bytes, now: Now) {
        self.hear(flow);
        self.on_bytes(flow, bytes, now);
        self.review_lost();
    }

    /// A command for a session or a transaction that is over does nothing.
    pub fn command(&mut self, command: Command, now: Now) {
        self.on_command(command, now);
        self.review_lost();
    }

    /// The deadline passed. A call before it does nothing.
    pub fn timeout(&mut self, now: Now) {
        while let Some(due) = self.timers.pop(now.instant) {
            self.on_timer(due, now);
        }
        while let Some((at, session)) = self.clock.first().copied()
            && at <= now.instant
        {
            self.clock.remove(&(at, session));
            self.on_session_clock(session, now);
        }
        self.expire_subscriptions(now);
        self.review_lost();
    }

    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// When `timeout` wants to be called; may be earlier than anything happens.
    pub fn deadline(&self) -> Option<Instant> {
        let clock = self.clock.first().map(|(at, _)| *at);
        let times = [self.timers.deadline(), clock, self.subscriptions.deadline()];
        times.into_iter().flatten().min()
    }

    /// A name for an INVITE to come.
    pub fn new_session(&mut self) -> SessionId {
        self.last_session += 1;
        SessionId(self.last_session)
    }

    /// `None` once the session is over.
    pub fn session_info(&self, session: SessionId) -> Option<SessionInfo> {
        let session = self.sessions.get(&session.0)?;
        let remote = session.dialog.as_ref().or(session.early.first());
        Some(SessionInfo {
            call_id: session.call_id.clone(),
            local_tag: token(session.local_tag),
            remote_tag: remote
                .map(|dialog| crate::dialog::text(&dialog.remote_tag))
                .unwrap_or_default(),
            flow: session.flow,
        })
    }

    /// The option tags that requests to us may require, as Supported lists them.
    pub fn supported(&self) -> &str {
        &self.fields.supported
    }

    pub fn config(&self) -> &EndpointConfig {
        &self.config
    }

    pub fn counts(&self) -> Counts {
        Counts {
            server_transactions: self.servers.len(),
            client_transactions: self.clients.len(),
            sessions: self.sessions.len(),
            subscriptions: self.subscriptions.len(),
            timers: self.timers.len() + self.clock.len(),
        }
    }

    /// The look-up tables beside them, which have to be as empty.
    #[cfg(test)]
    fn index_entries(&self) -> usize {
        let of_flows = self.held.len() + self.lost.len();
        self.merged.len() + self.tags.len() + of_flows + self.subscriptions.index_entries()
    }

    pub fn totals(&self) -> Totals {
        self.totals
    }

    fn on_timer(&mut self, due: Due, now: Now) {
        match due.timer {
            Timer::A | Timer::B | Timer::D | Timer::M | Timer::CancelGiveUp => {
                self.on_client_invite_timer(due, now);
            }
            Timer::E | Timer::F | Timer::K => self.on_client_timer(due, now),
            Timer::G | Timer::H | Timer::I | Timer::L | Timer::Trying | Timer::RingRefresh | Timer::Success => {
                self.on_server_invite_timer(due, now);
            }
            Timer::J => self.on_server_timer(due, now),
            Timer::Again => self.on_again_timer(due),
            Timer::Glare => self.on_glare_timer(due, now),
            Timer::Reliable => self.on_reliable_timer(due, now),
        }
    }

    fn send(&mut self, flow: FlowId, bytes: Bytes) {
        if self.is_lost(&flow) {
            return;
        }
        self.transmits.push_back(Transmit { flow, bytes });
    }

    fn add_session(&mut self, session: Session) {
        if Reliability::of(session.flow.transport) == Reliability::Reliable {
            self.held.insert((session.flow, Held::Session(session.id)));
        }
        self.tags.insert(session.local_tag, session.id);
        self.sessions.insert(session.id.0, Box::new(session));
    }

    fn end_session(&mut self, id: SessionId) -> Option<Box<Session>> {
        let session = self.sessions.remove(&id.0)?;
        self.tags.remove(&session.local_tag);
        if let Some(due) = session.timer.due {
            self.clock.remove(&(due, id));
        }
        self.release(session.flow, Held::Session(id));
        if let Some(unacked) = session.unacked {
            self.stop_success(unacked.tx);
        }
        Some(session)
    }

    /// The peer speaks from elsewhere now: a new port of its NAT, a new connection. A connection that is opened for one
    /// large message takes no session from the datagrams (RFC 3261 section 18.1.1).
    fn move_session(&mut self, id: SessionId, flow: FlowId, now: Now) {
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        let [old, new] = [session.flow, flow].map(|flow| Reliability::of(flow.transport));
        if session.flow == flow || (old, new) == (Reliability::Unreliable, Reliability::Reliable) {
            return;
        }
        let old = std::mem::replace(&mut session.flow, flow);
        self.release(old, Held::Session(id));
        if Reliability::of(flow.transport) == Reliability::Reliable {
            self.held.insert((flow, Held::Session(id)));
        }
        if self.is_lost(&old) {
            self.come_back(id, (&old, flow), now);
        }
    }

    /// Takes back what the owner has not seen yet.
    fn purge_events(&mut self, session: SessionId) {
        self.events.retain(|event| event.session() != Some(session));
    }
}
