//! Named timers, in the order in which they run out.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// A timer that runs out when nobody needs it any more does nothing, so none is ever taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Timer {
    /// INVITE client: retransmission.
    A,
    /// INVITE client: nobody answers.
    B,
    /// INVITE client: absorbs further final responses.
    D,
    /// Client: retransmission.
    E,
    /// Client: nobody answers.
    F,
    /// INVITE server: retransmission of a final response that is not 2xx.
    G,
    /// INVITE server: no ACK.
    H,
    /// INVITE server: absorbs further ACKs.
    I,
    /// Server: absorbs further requests; also ends a transaction that the owner never answered.
    J,
    /// Client: absorbs further responses.
    K,
    /// INVITE server: absorbs further INVITEs after 2xx (RFC 6026); the ACK is lost when it runs out first.
    L,
    /// INVITE client: waits for further 2xx (RFC 6026).
    M,
    /// Client: the connection to the peer is tried once more.
    Again,
    /// INVITE server: 100 is due.
    Trying,
    /// INVITE server: the provisional response is due again.
    RingRefresh,
    /// INVITE server: the 2xx is due again (RFC 3261 section 13.3.1.4).
    Success,
    /// INVITE client: the CANCEL brought no final response (RFC 3261 section 9.1).
    CancelGiveUp,
    /// Session: our re-INVITE is due again after 491 (RFC 3261 section 14.1).
    Glare,
    /// Session: our reliable provisional response is due again (RFC 3262 section 3).
    Reliable,
}

/// One entry; the field order is the order of running out, so equal instants have a fixed order too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Due {
    pub(crate) at: Instant,
    pub(crate) timer: Timer,
    /// The transaction or session.
    pub(crate) owner: u64,
}

#[derive(Debug, Default)]
pub(crate) struct TimerQueue {
    heap: BinaryHeap<Reverse<Due>>,
}

impl TimerQueue {
    pub(crate) fn arm(&mut self, timer: Timer, owner: u64, at: Instant) {
        self.heap.push(Reverse(Due { at, timer, owner }));
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse(due)| due.at)
    }

    /// The next entry that is due.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<Due> {
        if self.deadline()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(due)| due)
    }

    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }
}
