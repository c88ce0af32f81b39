//! Blocked addresses, and who may still knock.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::Now;

/// Ports of a blocked address that are silenced one by one; beyond them all are.
const MOST_SILENCED: usize = 256;
/// Every so often one message of a port that has not offended passes a block, and never more than `MOST_KNOCKS` at once.
const KNOCK: Duration = Duration::from_secs(1);
const MOST_KNOCKS: u8 = 6;

/// A source whose messages are dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Of an IPv6 source the first address of its /64.
    pub address: IpAddr,
    pub reason: Reason,
    /// Unix milliseconds.
    pub since_ms: i64,
    /// `None`: until it is lifted.
    pub until_ms: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Wrong passwords.
    Credentials,
    /// Asked for many users and never proved to be one.
    Guessing,
    Malformed,
    Flood,
    Scanner,
    /// A person wanted it.
    ByHand,
}

impl Reason {
    const ALL: [Reason; 6] = [
        Reason::Credentials,
        Reason::Guessing,
        Reason::Malformed,
        Reason::Flood,
        Reason::Scanner,
        Reason::ByHand,
    ];

    /// As the API, the events and the database call it.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Credentials => "credentials",
            Reason::Guessing => "guessing",
            Reason::Malformed => "malformed",
            Reason::Flood => "flood",
            Reason::Scanner => "scanner",
            Reason::ByHand => "by_hand",
        }
    }

    pub fn named(name: &str) -> Option<Reason> {
        Reason::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// How a blocked address looks to a message that comes from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entrance {
    Open,
    /// One that may knock.
    Doorbell,
    Closed,
    /// For known phones as well.
    ByHand,
}

#[derive(Debug)]
struct Barred {
    block: Block,
    until: Option<Instant>,
    silenced: BTreeSet<u16>,
    knocks: u8,
    knocked_at: Instant,
}

#[derive(Debug)]
pub(super) struct Blocks {
    barred: BTreeMap<IpAddr, Barred>,
    ends: BTreeSet<(Instant, IpAddr)>,
    most: usize,
}

impl Blocks {
    pub(super) fn new(most: usize) -> Blocks {
        Blocks {
            barred: BTreeMap::new(),
            ends: BTreeSet::new(),
            most,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.barred.len()
    }

    pub(super) fn entrance(&self, address: IpAddr, port: u16, now: Instant) -> Entrance {
        let Some(barred) = self.barred.get(&address) else {
            return Entrance::Open;
        };
        if barred.until.is_some_and(|until| until <= now) {
            return Entrance::Open;
        }
        if barred.block.reason == Reason::ByHand {
            return Entrance::ByHand;
        }
        match barred.is_silenced(port) {
            false => Entrance::Doorbell,
            true => Entrance::Closed,
        }
    }

    /// Whether somebody who may knock is heard.
    pub(super) fn knock(&mut self, address: IpAddr, now: Instant) -> bool {
        self.barred.get_mut(&address).is_some_and(|barred| barred.knock(now))
    }

    /// A port of a blocked address offends; false when the address is not blocked.
    pub(super) fn silence(&mut self, address: IpAddr, port: u16) -> bool {
        let Some(barred) = self.barred.get_mut(&address) else {
            return false;
        };
        if barred.silenced.len() < MOST_SILENCED {
            barred.silenced.insert(port);
        }
        true
    }

    /// False when there is no room. A block by hand is not weakened by another one.
    pub(super) fn put(&mut self, block: Block, offender: Option<u16>, now: Now) -> bool {
        let address = block.address;
        let old = self.barred.get(&address);
        let full = old.is_none() && self.barred.len() >= self.most && block.reason != Reason::ByHand;
        let weaker = old.is_some_and(|old| old.block.reason == Reason::ByHand) && block.reason != Reason::ByHand;
        if full || weaker {
            return false;
        }
        self.remove(address);
        let left = |until: i64| Duration::from_millis(u64::try_from(until.saturating_sub(now.unix_ms)).unwrap_or(0));
        // An end beyond what the clock can hold is none.
        let until = block.until_ms.and_then(|until| now.instant.checked_add(left(until)));
        if let Some(until) = until {
            self.ends.insert((until, address));
        }
        let barred = Barred {
            block,
            until,
            silenced: offender.into_iter().collect(),
            knocks: MOST_KNOCKS,
            knocked_at: now.instant,
        };
        self.barred.insert(address, barred);
        true
    }

    pub(super) fn remove(&mut self, address: IpAddr) -> bool {
        let Some(barred) = self.barred.remove(&address) else {
            return false;
        };
        if let Some(until) = barred.until {
            self.ends.remove(&(until, address));
        }
        true
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.ends.first().map(|(at, _)| *at)
    }

    pub(super) fn pop_expired(&mut self, now: Instant) -> Option<IpAddr> {
        let (at, address) = *self.ends.first()?;
        (at <= now).then(|| {
            self.remove(address);
            address
        })
    }
}

impl Barred {
    fn is_silenced(&self, port: u16) -> bool {
        self.silenced.len() >= MOST_SILENCED || self.silenced.contains(&port)
    }

    fn knock(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.knocked_at).as_millis() / KNOCK.as_millis();
        if passed > 0 {
            let fresh = u8::try_from(passed).unwrap_or(u8::MAX);
            self.knocks = self.knocks.saturating_add(fresh).min(MOST_KNOCKS);
            self.knocked_at = now;
        }
        match self.knocks.checked_sub(1) {
            Some(left) => {
                self.knocks = left;
                true
            }
            None => false,
        }
    }
}
