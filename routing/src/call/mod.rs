//! The call's state machine: one caller, several called legs, the first answer wins.
//!
//! `(phase, event) -> commands`: pure, total, and the same for every kind of leg.

mod leg;
mod step;

pub use leg::{CalledLeg, LegPhase, Side};

use smallvec::SmallVec;

use crate::ids::LegId;

/// How the call came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    Answered,
    Busy,
    NoAnswer,
    /// The caller gave up first.
    Abandoned,
    Failed,
}

/// Who ended the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    Caller,
    Callee,
    /// Time-out, silence, an operator, the shutdown.
    System,
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallEvent {
    /// The called leg's phone rings.
    Ringing(LegId),
    Answered(LegId),
    /// The called leg came to nothing, with its final SIP status.
    Refused(LegId, u16),
    /// The caller gave up before an answer.
    Cancelled,
    /// An answered party hung up.
    HungUp(Side),
    /// An answered party vanished: no ACK, no answer to a request, no connection, no audio.
    Lost(Side),
    RingTimeout,
    /// An operator or the shutdown.
    Stop,
}

/// What is to be done, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallCommand {
    RingCaller,
    /// Answer the caller with this leg's media, and join the two.
    Connect(LegId),
    /// Give a ringing leg up; `elsewhere`: because another answered (RFC 3326).
    Cancel {
        leg: LegId,
        elsewhere: bool,
    },
    RefuseCaller(u16),
    HangUp(Side),
    End {
        disposition: Disposition,
        by: EndedBy,
        status: u16,
    },
}

pub type Commands = SmallVec<[CallCommand; 6]>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Ringing,
    /// The caller's place first.
    Talking(Side, Side),
    Over,
}

/// One call's legs and phase.
#[derive(Debug, Clone)]
pub struct CallMachine {
    phase: Phase,
    called: SmallVec<[CalledLeg; 4]>,
    /// The caller has been told that a phone rings.
    rang: bool,
    /// A 6xx of one leg ends the others too: all legs are phones of one person (RFC 3261 section 16.7).
    one_person: bool,
}

impl CallMachine {
    /// At least one leg is being called.
    pub fn new(legs: &[LegId], one_person: bool) -> CallMachine {
        let called = legs
            .iter()
            .map(|id| CalledLeg {
                id: *id,
                phase: LegPhase::Calling,
                status: 0,
            })
            .collect();
        CallMachine {
            phase: Phase::Ringing,
            called,
            rang: false,
            one_person,
        }
    }

    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// The two who talk with each other; first whoever has the caller's place.
    pub fn pair(&self) -> Option<(Side, Side)> {
        match self.phase {
            Phase::Talking(first, second) => Some((first, second)),
            Phase::Ringing | Phase::Over => None,
        }
    }

    /// With whom this party talks.
    pub fn other(&self, side: Side) -> Option<Side> {
        match self.pair()? {
            (first, second) if side == first => Some(second),
            (first, second) if side == second => Some(first),
            _ => None,
        }
    }

    pub fn legs(&self) -> &[CalledLeg] {
        &self.called
    }
}
