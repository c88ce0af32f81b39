//! An address translation between a phone and the net, which forgets.

use std::time::Duration;

/// One phone's way through it.
#[derive(Debug)]
pub struct Nat {
    /// After so long without a datagram from within nothing gets in any more.
    idle: Duration,
    left: Option<Duration>,
    /// How often the way has been closed and opened again.
    turns: u16,
}

impl Nat {
    pub fn new(idle: Duration) -> Nat {
        Nat {
            idle,
            left: None,
            turns: 0,
        }
    }

    /// It knows nothing any more, as after a restart.
    pub fn forgets(&mut self) {
        if self.left.take().is_some() {
            self.turns += 1;
        }
    }

    /// A datagram leaves: by another port than before, if the way had been closed.
    pub(super) fn leave(&mut self, now: Duration) {
        if !self.lets_in(now) {
            self.forgets();
        }
        self.left = Some(now);
    }

    pub(super) fn lets_in(&self, now: Duration) -> bool {
        self.left.is_some_and(|left| now <= left + self.idle)
    }

    pub(super) fn port(&self, first: u16) -> u16 {
        first + 100 * self.turns
    }
}
