//! The call's state machine: one caller, several called legs, the first answer wins; later any two legs talk, and while
//! one is sought for the other, that one waits.
//!
//! `(phase, event) -> commands`: pure, total, and the same for every kind of leg.

mod leg;
mod line;
mod originate;
mod served;
mod step;
mod transfer;

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
    /// One of the talking pair wants somebody else in its own place: the other one waits for the legs that are called
    /// next (RFC 5589).
    Transfer {
        by: Side,
    },
    /// One of the talking pair waits for somebody to come; the other one has nothing to do with it any more.
    Park {
        party: Side,
    },
    /// An answered leg takes the place of another one: of one that talks or rings (RFC 3891), or beside one that waits.
    Replace {
        gone: Option<Side>,
        by: LegId,
    },
    /// Whoever is called sends the call on: what rings is given up for the legs that are called next.
    SendOn,
    /// The call joins a department's line: the caller, or whoever `by` has sent there.
    Enqueue {
        by: Option<Side>,
    },
    /// We answer whoever is to be connected, if that has not been done, and ask whom they want.
    Attend,
    /// The line, or what we asked, is left for somebody else, who is called next.
    Overflow,
    /// We take the caller, or whoever waits, ourselves in place of whoever rings, or is in the line.
    Serve,
    /// Nobody could be called for the party that waits.
    NobodyCalled(u16),
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
    /// Answer the caller, if that has not been done, and let it wait.
    Hold,
    /// Answer the party that is ours now, if that has not been done, and do what there is to be done for it.
    Serve,
    /// What was offered to the line's agents came to nothing.
    OfferOver,
    /// Whoever was to be rung first has answered by this leg: call the other party.
    CallOut(LegId),
    /// The two do not hear each other any more; the first one waits.
    Part(Side, Side),
    /// The two hear each other from now on; both are answered.
    Join(Side, Side),
    /// Tell whoever transferred what became of it (RFC 3515 section 2.4.5): a final status is the last word.
    Tell(Side, u16),
    /// This party has no place in the call any more; it is hung up as soon as it has been told.
    Release(Side),
    /// Ring whoever transferred this party again, since nobody else took it.
    Recall(Side),
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
    /// Somebody is rung for whom another party is called then.
    Summoning,
    Ringing,
    /// The caller's place first.
    Talking(Side, Side),
    Waiting(Wait),
    /// A party talks with us.
    Served(Stay),
    Over,
}

/// An answered party with whom nobody but ourselves has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stay {
    party: Side,
    /// The party has the caller's place.
    first: bool,
    /// It is us whom the party has called, and nobody else.
    wanted: bool,
}

/// An answered party without a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wait {
    party: Side,
    /// The party has the caller's place.
    first: bool,
    /// Who transferred it and is still there.
    transferor: Option<Side>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Somebody is rung for it, or is about to be.
    Transferring,
    /// Whoever transferred it is rung again.
    Recalling,
    /// Nobody is rung: somebody will come.
    Parked,
    /// In a department's line: agents are rung as they become free.
    Queued,
    /// It hears us, and says whom it wants.
    Attended,
    /// The line has been left; somebody else is rung, for the last time.
    Overflowed,
    /// The other party of a call that the system has begun is rung.
    CallingOut,
}

/// One call's legs and phase.
#[derive(Debug, Clone)]
pub struct CallMachine {
    phase: Phase,
    called: SmallVec<[CalledLeg; 4]>,
    /// Whoever waits for it has been told that a phone rings.
    rang: bool,
    /// The first of the called legs that belong to what is going on now.
    round: usize,
    /// A 6xx of one leg ends the others too: all legs are phones of one person (RFC 3261 section 16.7).
    one_person: bool,
    /// The call goes outside: what is said there of the number is an answer to the caller.
    outside: bool,
    /// What rings are agents of a line that the caller joins when none of them answers.
    queued: bool,
    /// The parties have talked with somebody, ourselves apart.
    talked: bool,
}

impl CallMachine {
    /// At least one leg is being called.
    pub fn new(legs: &[LegId], one_person: bool) -> CallMachine {
        let mut machine = CallMachine {
            phase: Phase::Ringing,
            called: SmallVec::new(),
            rang: false,
            round: 0,
            one_person,
            outside: false,
            queued: false,
            talked: false,
        };
        machine.call(legs, one_person);
        machine
    }

    /// More legs are being called: for the caller, or for whoever waits.
    pub fn call(&mut self, legs: &[LegId], one_person: bool) {
        self.one_person = one_person;
        let calling = |id: &LegId| CalledLeg {
            id: *id,
            phase: LegPhase::Calling,
            status: 0,
        };
        self.called.extend(legs.iter().map(calling));
    }

    /// The call goes to a number outside.
    pub fn go_outside(&mut self) {
        self.outside = true;
    }

    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// The two who talk with each other; first whoever has the caller's place.
    pub fn pair(&self) -> Option<(Side, Side)> {
        match self.phase {
            Phase::Talking(first, second) => Some((first, second)),
            Phase::Summoning | Phase::Ringing | Phase::Waiting(_) | Phase::Served(_) | Phase::Over => None,
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

    /// The answered party that waits for a partner.
    pub fn waiting(&self) -> Option<Side> {
        match self.phase {
            Phase::Waiting(wait) => Some(wait.party),
            Phase::Summoning | Phase::Ringing | Phase::Talking(..) | Phase::Served(_) | Phase::Over => None,
        }
    }

    /// Whoever waits, or talks with us, has the caller's place.
    pub fn is_first(&self) -> bool {
        match self.phase {
            Phase::Waiting(wait) => wait.first,
            Phase::Served(stay) => stay.first,
            Phase::Summoning | Phase::Ringing | Phase::Talking(..) | Phase::Over => true,
        }
    }

    /// Nobody has been answered yet.
    pub fn is_ringing(&self) -> bool {
        self.phase == Phase::Ringing
    }

    /// One of the phones that are called rings.
    pub fn rang(&self) -> bool {
        self.rang
    }

    /// The legs whose phones ring, or are about to.
    pub fn calling(&self) -> impl Iterator<Item = LegId> + '_ {
        let calling = self.called.iter().filter(|leg| leg.phase == LegPhase::Calling);
        calling.map(|leg| leg.id)
    }

    pub fn legs(&self) -> &[CalledLeg] {
        &self.called
    }
}
