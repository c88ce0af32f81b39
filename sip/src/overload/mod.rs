//! What waits to be served, in which order, and what is turned away when there is more than can be served.
//!
//! While nobody waits long, messages are served as they came. When they do, calls in progress go first, then whatever has
//! cost work already, then what is new. Of these the youngest goes first, because whoever has waited longer is the next to
//! lose patience, and a request that has waited too long is answered 503; so is a new one at once when as many wait as
//! were served of late. Nothing is measured but the wait: whatever makes the engine slow, it takes on as much as it can
//! carry. A retransmission of what still waits is dropped.
//!
//! Much the most of what a refusal costs is the sending. Far above what can be carried only some requests get an answer,
//! and the others nothing: their senders ask again, later and later, and fare the same until there is less to do.
//!
//! Pure: no clock, no socket. All memory is bounded.

mod answers;
mod glance;
mod past;
mod refusal;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::event::Transmit;
use crate::flow::FlowId;
use crate::tx::IdMap;
use answers::Answers;
use glance::Glance;
pub use glance::Rank;
use past::{Fate, Past};

/// Of so many messages of low rank one is new, whatever else waits.
const NEW_TURN: u32 = 4;
/// New requests that may wait however few are served.
const LEAST_ROOM: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverloadConfig {
    /// A new request that has waited longer is turned away, and one that has cost work after four times of it. Well below
    /// T1, so that senders do not repeat themselves.
    pub patience: Duration,
    /// When nothing was turned away for so long, the overload is over.
    pub calm: Duration,
    /// Messages of each rank that may wait.
    pub most_waiting: usize,
    /// Octets of all of them.
    pub most_octets: usize,
}

impl Default for OverloadConfig {
    fn default() -> Self {
        OverloadConfig {
            patience: Duration::from_millis(200),
            calm: Duration::from_secs(5),
            most_waiting: 8_192,
            most_octets: 32 << 20,
        }
    }
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    Serve(FlowId, Bytes),
    TurnAway(TurnedAway),
    /// The connection is gone, and everything that matters of it was served.
    Closed(FlowId),
}

/// A request that there is no time for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnedAway {
    /// Where it came from.
    pub flow: FlowId,
    /// 503 with Retry-After, ready to be sent.
    pub answer: Transmit,
}

/// What has happened since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Answered 503.
    pub turned_away: u64,
    /// Dropped without an answer.
    pub dropped: u64,
    /// Retransmissions of what still waited.
    pub repeated: u64,
    /// How often an overload began.
    pub overloads: u64,
}

#[derive(Debug)]
struct Waiting {
    since: Instant,
    order: u64,
    flow: FlowId,
    /// `None`: the end of the connection.
    bytes: Option<Bytes>,
    key: Option<u64>,
    /// An INVITE outside dialogs.
    calls: bool,
}

/// Requests and responses on their way to the engine.
#[derive(Debug)]
pub struct Inbox {
    config: OverloadConfig,
    seed: u64,
    /// New calls to these users go before everything else.
    urgent: HashSet<Box<[u8]>>,
    ongoing: VecDeque<Waiting>,
    standing: VecDeque<Waiting>,
    new: VecDeque<Waiting>,
    /// Requests that wait.
    keys: IdMap<()>,
    past: Past,
    /// CANCELs of INVITEs that wait, by the INVITE's key.
    cancels: IdMap<Waiting>,
    /// Connections with messages of low rank that wait.
    connections: HashMap<FlowId, usize>,
    /// Those of them that are gone.
    gone: HashSet<FlowId>,
    octets: usize,
    order: u64,
    answers: Answers,
    turn: u32,
    room: Room,
    last_turned: Option<Instant>,
    totals: Totals,
}

/// How many new requests may wait while others have waited long: twice as many as are served in a quarter of the patience.
#[derive(Debug)]
struct Room {
    places: usize,
    served: usize,
    since: Option<Instant>,
}

impl Room {
    /// True when a quarter is over.
    fn served(&mut self, quarter: Duration, now: Instant) -> bool {
        self.served += 1;
        let since = *self.since.get_or_insert(now);
        let over = now.saturating_duration_since(since) >= quarter;
        if over {
            self.places = LEAST_ROOM.max(self.served * 2);
            self.served = 0;
            self.since = Some(now);
        }
        over
    }
}

impl Inbox {
    /// `seed` should be nobody's to guess.
    pub fn new(config: OverloadConfig, seed: u64) -> Inbox {
        Inbox {
            config,
            seed,
            urgent: HashSet::new(),
            ongoing: VecDeque::new(),
            standing: VecDeque::new(),
            new: VecDeque::new(),
            keys: IdMap::default(),
            past: Past::new(config.most_waiting.saturating_mul(8)),
            cancels: IdMap::default(),
            connections: HashMap::new(),
            gone: HashSet::new(),
            octets: 0,
            order: 0,
            answers: Answers::default(),
            turn: 0,
            room: Room {
                places: LEAST_ROOM,
                served: 0,
                since: None,
            },
            last_turned: None,
            totals: Totals::default(),
        }
    }

    /// From now on calls to these users, as Request-URIs name them, are treated like calls in progress: emergency numbers.
    pub fn set_urgent(&mut self, users: impl IntoIterator<Item = String>) {
        self.urgent = users.into_iter().map(|user| user.into_bytes().into()).collect();
    }

    /// Takes a message, unless it is to be turned away at once.
    #[must_use]
    pub fn push(&mut self, flow: FlowId, bytes: &[u8], now: Instant) -> Option<TurnedAway> {
        let glance = Glance::at(bytes, flow.peer, self.seed);
        if glance.key.is_some_and(|key| self.keys.contains_key(&key)) {
            self.totals.repeated += 1;
            return None;
        }
        let past = glance.key.or(glance.confirms).and_then(|key| self.past.of(key, now));
        let rank = match (past, glance.key) {
            // It confirms a 503 that nothing is kept of.
            (Some(Fate::TurnedAway), None) => return None,
            (Some(Fate::TurnedAway), Some(_)) => return self.turn_away(flow, bytes, glance.key, now),
            // Known to the engine, which knows best what to do with it.
            (Some(Fate::Served), _) => Rank::Ongoing,
            _ if glance.calls && self.urgent.contains(glance::called(bytes)) => Rank::Ongoing,
            (None, _) => glance.rank,
        };
        let full = self.queue(rank).len() >= self.config.most_waiting;
        if self.octets.saturating_add(bytes.len()) > self.config.most_octets || (full && rank == Rank::Ongoing) {
            self.totals.dropped += 1;
            return None;
        }
        if full || (rank == Rank::New && self.is_crowded(now)) {
            return self.turn_away(flow, bytes, glance.key, now);
        }
        self.octets += bytes.len();
        let mut waiting = self.waiting_since(flow, Some(Bytes::copy_from_slice(bytes)), glance.key, now);
        waiting.calls = glance.calls;
        if let Some(invite) = glance.cancels.filter(|key| self.keys.contains_key(key)) {
            let before = self.cancels.insert(invite, waiting);
            self.forget(before);
            return None;
        }
        if let Some(key) = glance.key {
            self.keys.insert(key, ());
        }
        if rank != Rank::Ongoing && flow.connection != 0 {
            *self.connections.entry(flow).or_insert(0) += 1;
        }
        self.queue(rank).push_back(waiting);
        None
    }

    /// The connection is gone. What it brought inside dialogs is served before its end; new requests of nobody are not.
    pub fn close(&mut self, flow: FlowId, now: Instant) {
        let end = self.waiting_since(flow, None, None, now);
        self.ongoing.push_back(end);
    }

    /// The next thing to do; `None` when nothing waits.
    pub fn next(&mut self, now: Instant) -> Option<Due> {
        loop {
            if self.ongoing.is_empty()
                && let Some(turned) = self.turn_late_ones_away(now)
            {
                return Some(Due::TurnAway(turned));
            }
            let (rank, waiting) = self.pick(now)?;
            let Some(bytes) = waiting.bytes.clone() else {
                if self.connections.contains_key(&waiting.flow) {
                    self.gone.insert(waiting.flow);
                }
                return Some(Due::Closed(waiting.flow));
            };
            self.octets = self.octets.saturating_sub(bytes.len());
            let cancel = self.count_out(&waiting);
            if rank != Rank::Ongoing {
                if self.is_gone(&waiting.flow) {
                    self.forget(cancel);
                    continue;
                }
                self.answers.earn();
                if self.room.served(self.config.patience / 4, now) {
                    self.answers.adjust();
                }
            }
            if let Some(key) = waiting.key.filter(|_| waiting.calls) {
                self.past.note(key, Fate::Served, now);
            }
            if let Some(cancel) = cancel {
                self.ongoing.push_front(cancel);
            }
            return Some(Due::Serve(waiting.flow, bytes));
        }
    }

    pub fn is_empty(&self) -> bool {
        self.waiting() == 0
    }

    /// How many messages wait.
    pub fn waiting(&self) -> usize {
        self.ongoing.len() + self.standing.len() + self.new.len()
    }

    /// How long the oldest message has waited.
    pub fn wait(&self, now: Instant) -> Duration {
        let firsts = [self.ongoing.front(), self.standing.front(), self.new.front()];
        let waits = firsts.into_iter().flatten().map(|first| first.age(now));
        waits.max().unwrap_or_default()
    }

    /// Whether something was turned away just now.
    pub fn is_overloaded(&self, now: Instant) -> bool {
        let since = self.last_turned.map(|last| now.saturating_duration_since(last));
        since.is_some_and(|since| since < self.config.calm)
    }

    pub fn totals(&self) -> Totals {
        self.totals
    }

    fn waiting_since(&mut self, flow: FlowId, bytes: Option<Bytes>, key: Option<u64>, now: Instant) -> Waiting {
        self.order += 1;
        Waiting {
            since: now,
            order: self.order,
            flow,
            bytes,
            key,
            calls: false,
        }
    }

    /// Whether anybody has waited so long that it matters who is served first.
    fn is_pressed(&self, now: Instant) -> bool {
        self.wait(now) > self.config.patience / 8
    }

    /// Whether a new request more would only wait for its refusal.
    fn is_crowded(&self, now: Instant) -> bool {
        self.new.len() >= self.room.places && self.is_pressed(now)
    }

    fn queue(&mut self, rank: Rank) -> &mut VecDeque<Waiting> {
        match rank {
            Rank::Ongoing => &mut self.ongoing,
            Rank::Standing => &mut self.standing,
            Rank::New => &mut self.new,
        }
    }

    fn first(&self, rank: Rank) -> Option<&Waiting> {
        match rank {
            Rank::Ongoing => self.ongoing.front(),
            Rank::Standing => self.standing.front(),
            Rank::New => self.new.front(),
        }
    }

    /// The next of those who have waited too long; whoever has very much so has repeated himself and gets nothing.
    fn turn_late_ones_away(&mut self, now: Instant) -> Option<TurnedAway> {
        let patience = self.config.patience;
        for (rank, most) in [(Rank::New, patience), (Rank::Standing, patience.saturating_mul(4))] {
            while self.first(rank).is_some_and(|first| first.age(now) > most) {
                let late = self.queue(rank).pop_front()?;
                let cancel = self.count_out(&late);
                self.forget(cancel);
                let gone = self.is_gone(&late.flow);
                let stale = late.age(now) > most + patience.saturating_mul(2);
                self.totals.dropped += u64::from(stale && !gone);
                let (flow, key, bytes) = (late.flow, late.key, late.bytes.clone().unwrap_or_default());
                self.forget(Some(late));
                if gone || stale {
                    continue;
                }
                if let Some(turned) = self.turn_away(flow, &bytes, key, now) {
                    return Some(turned);
                }
            }
        }
        None
    }

    /// Who is next.
    fn pick(&mut self, now: Instant) -> Option<(Rank, Waiting)> {
        let ranks = [Rank::Ongoing, Rank::Standing, Rank::New].into_iter();
        let first = ranks.filter_map(|rank| Some((self.first(rank)?.order, rank))).min();
        let (_, oldest) = first?;
        if !self.is_pressed(now) {
            return Some((oldest, self.queue(oldest).pop_front()?));
        }
        if let Some(ongoing) = self.ongoing.pop_front() {
            return Some((Rank::Ongoing, ongoing));
        }
        self.turn = (self.turn + 1) % NEW_TURN;
        let rank = match (self.standing.is_empty(), self.new.is_empty()) {
            (false, true) => Rank::Standing,
            (true, false) => Rank::New,
            _ if self.turn == 0 => Rank::New,
            _ => Rank::Standing,
        };
        Some((rank, self.queue(rank).pop_back()?))
    }

    /// It waits no longer; gives the CANCEL that came for it.
    fn count_out(&mut self, waiting: &Waiting) -> Option<Waiting> {
        let key = waiting.key?;
        self.keys.remove(&key);
        self.cancels.remove(&key)
    }

    /// Counts a message of a connection out; whether the connection is gone.
    fn is_gone(&mut self, flow: &FlowId) -> bool {
        if flow.connection == 0 {
            return false;
        }
        let Some(count) = self.connections.get_mut(flow) else {
            return false;
        };
        *count -= 1;
        if *count > 0 {
            return self.gone.contains(flow);
        }
        self.connections.remove(flow);
        self.gone.remove(flow)
    }

    /// 503, if there is one left.
    fn turn_away(&mut self, flow: FlowId, bytes: &[u8], key: Option<u64>, now: Instant) -> Option<TurnedAway> {
        if !self.is_overloaded(now) {
            self.totals.overloads += 1;
        }
        self.last_turned = Some(now);
        let key = key.filter(|key| self.answers.take(*key));
        let answer = key.and_then(|key| refusal::refusal(bytes, &flow, self.seed, key));
        let (Some(key), Some(answer)) = (key, answer) else {
            self.totals.dropped += 1;
            return None;
        };
        self.totals.turned_away += 1;
        self.past.note(key, Fate::TurnedAway, now);
        Some(TurnedAway { flow, answer })
    }

    fn forget(&mut self, waiting: Option<Waiting>) {
        let Some(waiting) = waiting else { return };
        if let Some(key) = waiting.key {
            self.keys.remove(&key);
        }
        let octets = waiting.bytes.map_or(0, |bytes| bytes.len());
        self.octets = self.octets.saturating_sub(octets);
    }
}

impl Waiting {
    fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }
}
