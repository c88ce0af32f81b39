//! The line of one department: who waits, in which order.

use std::collections::{BTreeMap, BTreeSet};

use super::order::Order;
use super::settings::VipRule;
use crate::ids::CallId;

/// A caller's place: the lowest is served first. It changes only with the caller's VIP flag or the department's VIP
/// rule, never because time passes.
///
/// `HeadStart` moves the arrival of a VIP back by its lead. `Strict` without a cap has a band of its own for VIPs. The
/// cap of `Strict` is a head start as long as the cap: a VIP who arrives `cap` or later after an ordinary caller stands
/// behind them, an earlier one ahead, and so a caller is never moved when the cap is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    band: u8,
    virtual_join: i64,
    /// Numbers the joins of all departments, so that no two places are equal.
    seq: u64,
}

impl Place {
    pub(super) fn new(rule: VipRule, vip: bool, waited_since: u64, seq: u64) -> Place {
        let arrival = signed(waited_since);
        let (band, virtual_join) = match rule {
            _ if !vip => (1, arrival),
            VipRule::Ignore => (1, arrival),
            VipRule::Strict {
                overtaken_at_most_ms: None,
            } => (0, arrival),
            VipRule::Strict {
                overtaken_at_most_ms: Some(lead_ms),
            }
            | VipRule::HeadStart { lead_ms } => (1, arrival.saturating_sub(signed(lead_ms))),
        };
        Place {
            band,
            virtual_join,
            seq,
        }
    }

    pub(super) fn seq(self) -> u64 {
        self.seq
    }
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

#[derive(Debug, Default)]
pub(super) struct Line {
    /// Callers who may be offered to an agent.
    open: BTreeMap<Place, CallId>,
    /// Callers who ring at an agent, or who are about to leave: they keep their place and are not offered.
    held: BTreeMap<Place, CallId>,
    /// Those of all of them.
    order: Order,
    /// When each of them began to wait, and their `seq`.
    arrivals: BTreeSet<(u64, u64)>,
}

impl Line {
    pub(super) fn len(&self) -> usize {
        self.arrivals.len()
    }

    pub(super) fn open_len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn head(&self) -> Option<(Place, CallId)> {
        self.open.first_key_value().map(|(place, call)| (*place, *call))
    }

    /// A caller comes, held at first.
    pub(super) fn add(&mut self, place: Place, call: CallId, waited_since: u64) {
        self.held.insert(place, call);
        self.order.insert(place);
        self.arrivals.insert((waited_since, place.seq()));
    }

    pub(super) fn open(&mut self, place: Place) {
        if let Some(call) = self.held.remove(&place) {
            self.open.insert(place, call);
        }
    }

    pub(super) fn hold(&mut self, place: Place) {
        if let Some(call) = self.open.remove(&place) {
            self.held.insert(place, call);
        }
    }

    /// A caller who is held gets another place.
    pub(super) fn replace(&mut self, old: Place, new: Place) {
        if let Some(call) = self.held.remove(&old) {
            self.held.insert(new, call);
            self.order.remove(old);
            self.order.insert(new);
        }
    }

    pub(super) fn remove(&mut self, place: Place, waited_since: u64) {
        if self.open.remove(&place).is_none() {
            self.held.remove(&place);
        }
        self.order.remove(place);
        self.arrivals.remove(&(waited_since, place.seq()));
    }

    /// 1 for the first.
    pub(super) fn position(&self, place: Place) -> usize {
        1 + self.order.before(place)
    }

    pub(super) fn longest_waiting_since(&self) -> Option<u64> {
        self.arrivals.first().map(|(since, _)| *since)
    }

    /// Those who may be offered, in order.
    pub(super) fn open_calls(&self) -> impl Iterator<Item = CallId> + '_ {
        self.open.values().copied()
    }

    /// All, in order.
    pub(super) fn calls(&self) -> Vec<CallId> {
        let mut all: Vec<_> = self.open.iter().chain(&self.held).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, call)| *call).collect()
    }
}
