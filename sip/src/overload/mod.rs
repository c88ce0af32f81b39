//! What waits to be served, in which order, and what is turned away when there is more than can be served.
//!
//! While nobody waits long, messages are served as they came. When they do, calls in progress go first, then whatever has
//! cost work already, then what is new. Of these the youngest goes first, because whoever has waited longer is the next to
//! lose patience, and a request that has waited too long is answered 503. Nothing is measured but the wait: whatever makes
//! the engine slow, it takes on as much as it can carry. A retransmission of what still waits is dropped.
//!
//! Pure: no clock, no socket. All memory is bounded.

mod glance;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::flow::FlowId;
use glance::Glance;
pub use glance::Rank;

/// Answers of 503 for each message of low rank that is served. A call has two, so that what sixteen more callers get
/// costs less than what one gets; whoever is beyond gets nothing, and may try again.
const ANSWERS: u32 = 8;
/// How long a request may be repeated: 64*T1.
const REPEATS: Duration = Duration::from_secs(32);
/// Of so many messages of low rank one is new, whatever else waits.
const NEW_TURN: u32 = 4;

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
    /// Answer 503, at the least cost.
    TurnAway(FlowId, Bytes),
    /// The connection is gone, and everything that matters of it was served.
    Closed(FlowId),
}

/// What has happened since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// To be answered 503.
    pub turned_away: u64,
    /// Dropped without an answer, because there was no room.
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
}

/// Requests and responses on their way to the engine.
#[derive(Debug)]
pub struct Inbox {
    config: OverloadConfig,
    seed: u64,
    ongoing: VecDeque<Waiting>,
    standing: VecDeque<Waiting>,
    new: VecDeque<Waiting>,
    /// To be answered 503.
    away: VecDeque<Waiting>,
    /// Requests that wait, for whatever.
    keys: HashSet<u64>,
    /// Requests that were answered 503, oldest first: their retransmissions get it again.
    turned: VecDeque<(Instant, u64)>,
    turned_keys: HashSet<u64>,
    /// CANCELs of INVITEs that wait, by the INVITE's key.
    cancels: HashMap<u64, Waiting>,
    /// Connections with messages of low rank that wait.
    connections: HashMap<FlowId, usize>,
    /// Those of them that are gone.
    gone: HashSet<FlowId>,
    octets: usize,
    order: u64,
    answers_left: u32,
    turn: u32,
    last_turned: Option<Instant>,
    totals: Totals,
}

impl Inbox {
    /// `seed` should be nobody's to guess.
    pub fn new(config: OverloadConfig, seed: u64) -> Inbox {
        Inbox {
            config,
            seed,
            ongoing: VecDeque::new(),
            standing: VecDeque::new(),
            new: VecDeque::new(),
            away: VecDeque::new(),
            keys: HashSet::new(),
            turned: VecDeque::new(),
            turned_keys: HashSet::new(),
            cancels: HashMap::new(),
            connections: HashMap::new(),
            gone: HashSet::new(),
            octets: 0,
            order: 0,
            answers_left: ANSWERS,
            turn: 0,
            last_turned: None,
            totals: Totals::default(),
        }
    }

    /// Takes a message.
    pub fn push(&mut self, flow: FlowId, bytes: Bytes, now: Instant) {
        let glance = Glance::at(&bytes, flow.peer, self.seed);
        if glance.key.is_some_and(|key| self.keys.contains(&key)) {
            self.totals.repeated += 1;
            return;
        }
        // It confirms a 503 that nothing is kept of.
        if glance.confirms.is_some_and(|key| self.is_turned(key, now)) {
            return;
        }
        if self.octets.saturating_add(bytes.len()) > self.config.most_octets {
            self.totals.dropped += 1;
            return;
        }
        if glance.key.is_some_and(|key| self.is_turned(key, now)) {
            self.octets += bytes.len();
            let waiting = self.waiting_since(flow, Some(bytes), glance.key, now);
            return self.turn_away(waiting, now);
        }
        if self.queue(glance.rank).len() >= self.config.most_waiting {
            if glance.rank == Rank::Ongoing {
                self.totals.dropped += 1;
                return;
            }
            self.turn_first_away(glance.rank, now);
        }
        self.octets += bytes.len();
        let waiting = self.waiting_since(flow, Some(bytes), glance.key, now);
        if let Some(invite) = glance.cancels.filter(|key| self.keys.contains(key)) {
            let before = self.cancels.insert(invite, waiting);
            self.forget(before);
            return;
        }
        self.keys.extend(glance.key);
        if glance.rank != Rank::Ongoing && flow.connection != 0 {
            *self.connections.entry(flow).or_insert(0) += 1;
        }
        self.queue(glance.rank).push_back(waiting);
    }

    /// The connection is gone. What it brought inside dialogs is served before its end; new requests of nobody are not.
    pub fn close(&mut self, flow: FlowId, now: Instant) {
        let end = self.waiting_since(flow, None, None, now);
        self.ongoing.push_back(end);
    }

    /// The next thing to do; `None` when nothing waits.
    pub fn next(&mut self, now: Instant) -> Option<Due> {
        self.expire(now);
        loop {
            let (rank, waiting) = self.pick(now)?;
            let Some(bytes) = waiting.bytes.clone() else {
                if self.connections.contains_key(&waiting.flow) {
                    self.gone.insert(waiting.flow);
                }
                return Some(Due::Closed(waiting.flow));
            };
            self.octets = self.octets.saturating_sub(bytes.len());
            let Some(rank) = rank else {
                self.remember(waiting.key, now);
                return Some(Due::TurnAway(waiting.flow, bytes));
            };
            let cancel = self.count_out(&waiting);
            if rank != Rank::Ongoing && self.is_gone(&waiting.flow) {
                self.forget(cancel);
                continue;
            }
            if let Some(cancel) = cancel {
                self.ongoing.push_front(cancel);
            }
            return Some(Due::Serve(waiting.flow, bytes));
        }
    }

    pub fn is_empty(&self) -> bool {
        self.ongoing.is_empty() && self.standing.is_empty() && self.new.is_empty() && self.away.is_empty()
    }

    /// How many messages wait.
    pub fn waiting(&self) -> usize {
        self.ongoing.len() + self.standing.len() + self.new.len() + self.away.len()
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
        }
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

    /// Turns away whoever has waited too long, and forgets those turned away whose senders have repeated themselves.
    fn expire(&mut self, now: Instant) {
        let patience = self.config.patience;
        for (rank, patience) in [(Rank::New, patience), (Rank::Standing, patience.saturating_mul(4))] {
            while self.first(rank).is_some_and(|first| first.age(now) > patience) {
                self.turn_first_away(rank, now);
            }
        }
        while self
            .away
            .front()
            .is_some_and(|first| first.age(now) > patience.saturating_mul(2))
        {
            let stale = self.away.pop_front();
            self.totals.dropped += 1;
            self.forget(stale);
        }
    }

    /// Whether the request was answered 503 a short time ago.
    fn is_turned(&mut self, key: u64, now: Instant) -> bool {
        while let Some((since, old)) = self.turned.front().copied()
            && now.saturating_duration_since(since) > REPEATS
        {
            self.turned.pop_front();
            self.turned_keys.remove(&old);
        }
        self.turned_keys.contains(&key)
    }

    /// It was answered 503.
    fn remember(&mut self, key: Option<u64>, now: Instant) {
        let Some(key) = key else { return };
        self.keys.remove(&key);
        if self.turned_keys.insert(key) {
            self.turned.push_back((now, key));
        }
        if self.turned.len() > self.config.most_waiting.saturating_mul(8)
            && let Some((_, oldest)) = self.turned.pop_front()
        {
            self.turned_keys.remove(&oldest);
        }
    }

    /// Who is next, with the rank, which those who are turned away have lost.
    fn pick(&mut self, now: Instant) -> Option<(Option<Rank>, Waiting)> {
        let ranks = [Rank::Ongoing, Rank::Standing, Rank::New].into_iter();
        let first = ranks.filter_map(|rank| Some((self.first(rank)?.order, rank))).min();
        let Some((_, oldest)) = first else {
            return Some((None, self.away.pop_front()?));
        };
        if self.wait(now) <= self.config.patience / 8 {
            return Some((Some(oldest), self.queue(oldest).pop_front()?));
        }
        if let Some(ongoing) = self.ongoing.pop_front() {
            return Some((Some(Rank::Ongoing), ongoing));
        }
        if self.answers_left > 0
            && let Some(away) = self.away.pop_front()
        {
            self.answers_left -= 1;
            return Some((None, away));
        }
        self.answers_left = ANSWERS;
        self.turn = (self.turn + 1) % NEW_TURN;
        let rank = match (self.standing.is_empty(), self.new.is_empty()) {
            (false, true) => Rank::Standing,
            (true, false) => Rank::New,
            _ if self.turn == 0 => Rank::New,
            _ => Rank::Standing,
        };
        Some((Some(rank), self.queue(rank).pop_back()?))
    }

    /// It waits no longer; gives the CANCEL that came for it.
    fn count_out(&mut self, waiting: &Waiting) -> Option<Waiting> {
        let key = waiting.key?;
        self.keys.remove(&key);
        self.cancels.remove(&key)
    }

    /// Counts a message of a connection out; whether the connection is gone.
    fn is_gone(&mut self, flow: &FlowId) -> bool {
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

    fn turn_first_away(&mut self, rank: Rank, now: Instant) {
        let Some(waiting) = self.queue(rank).pop_front() else {
            return;
        };
        let cancel = self.count_out(&waiting);
        self.forget(cancel);
        if self.is_gone(&waiting.flow) {
            return self.forget(Some(waiting));
        }
        self.turn_away(waiting, now);
    }

    fn turn_away(&mut self, mut waiting: Waiting, now: Instant) {
        if !self.is_overloaded(now) {
            self.totals.overloads += 1;
        }
        self.last_turned = Some(now);
        if self.away.len() >= self.config.most_waiting {
            self.totals.dropped += 1;
            return self.forget(Some(waiting));
        }
        self.totals.turned_away += 1;
        self.keys.extend(waiting.key);
        waiting.since = now;
        self.away.push_back(waiting);
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
