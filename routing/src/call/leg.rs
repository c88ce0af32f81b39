//! The legs of a call, as far as the call cares.

use crate::ids::LegId;

/// Which of a call's legs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Who began the call.
    Caller,
    Called(LegId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegPhase {
    /// Called or ringing.
    Calling,
    Answered,
    /// Given up by us; its end is still to come.
    Cancelled,
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalledLeg {
    pub id: LegId,
    pub phase: LegPhase,
    /// The final SIP status once it is over, else 0.
    pub status: u16,
}
