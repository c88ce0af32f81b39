//! What became of requests a short time ago, so that their retransmissions meet the same.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::tx::IdMap;

/// How long a request may be repeated: 64*T1.
const REPEATS: Duration = Duration::from_secs(32);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Served,
    /// Answered 503.
    TurnedAway,
}

#[derive(Debug)]
pub(super) struct Past {
    fates: IdMap<Fate>,
    /// Oldest first.
    order: VecDeque<(Instant, u64)>,
    most: usize,
}

impl Past {
    /// Remembers at most so many.
    pub(super) fn new(most: usize) -> Past {
        Past {
            fates: IdMap::default(),
            order: VecDeque::new(),
            most,
        }
    }

    pub(super) fn of(&mut self, key: u64, now: Instant) -> Option<Fate> {
        while let Some((since, old)) = self.order.front().copied()
            && now.saturating_duration_since(since) > REPEATS
        {
            self.order.pop_front();
            self.fates.remove(&old);
        }
        self.fates.get(&key).copied()
    }

    /// The first word stands.
    pub(super) fn note(&mut self, key: u64, fate: Fate, now: Instant) {
        if self.fates.contains_key(&key) {
            return;
        }
        self.fates.insert(key, fate);
        self.order.push_back((now, key));
        if self.order.len() > self.most
            && let Some((_, oldest)) = self.order.pop_front()
        {
            self.fates.remove(&oldest);
        }
    }
}
