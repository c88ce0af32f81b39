//! A staff member as the queues see them: one person, however many departments they serve.

use std::collections::BTreeSet;

use smallvec::SmallVec;

use super::pick::Turn;
use super::settings::Member;
use super::{Rank, line::Place};
use crate::ids::{CallId, DepartmentId, StaffId};

/// What the rest of the daemon knows of a staff member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AgentState {
    /// Online, at work, not in do-not-disturb, within their hours: a call would reach them.
    pub reachable: bool,
    /// Calls that they are in, of whatever kind.
    pub calls: u16,
}

/// Why an agent gets no offer for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestReason {
    /// After a call.
    WrapUp,
    /// They let an offer ring out.
    Missed,
    /// They were busy elsewhere or declined.
    Refused,
    /// Their phone could not be reached; ends at once when they become reachable again.
    Unreachable,
}

/// A time without offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// Milliseconds, as `now`.
    pub until: u64,
    pub reason: RestReason,
}

/// An agent, as a page shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentView {
    pub state: AgentState,
    /// The call that rings at them for a queue.
    pub offer: Option<CallId>,
    pub rest: Option<Rest>,
    /// The departments whose calls they are in.
    pub serves: SmallVec<[DepartmentId; 2]>,
}

/// A membership in one department.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) department: DepartmentId,
    pub(super) member: Member,
    /// Calls of the department that they answered, for `FewestCalls`.
    pub(super) answered: u64,
    /// Their entry among the department's free agents.
    pub(super) turn: Option<Turn>,
    /// They are counted among those who work.
    pub(super) works: bool,
}

/// A call that an agent answered and has not finished.
#[derive(Debug, Clone, Copy)]
pub(super) struct Served {
    pub(super) call: CallId,
    pub(super) department: DepartmentId,
    pub(super) since: u64,
}

#[derive(Debug, Default)]
pub(super) struct Agent {
    pub(super) state: AgentState,
    pub(super) offer: Option<CallId>,
    pub(super) rest: Option<Rest>,
    /// Calls of departments that they answered and have not finished.
    pub(super) serves: SmallVec<[Served; 2]>,
    pub(super) idle_since: u64,
    pub(super) seats: SmallVec<[Seat; 2]>,
    /// Callers whose personal manager they are and to whom they have not been offered.
    pub(super) clients: BTreeSet<(Rank, Place, CallId)>,
    /// The entry of the first of these in the list of what can be offered.
    pub(super) listed: Option<(Rank, Place)>,
}

/// What decides whether an agent is free.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    open: bool,
    load: usize,
    pub(super) reachable: bool,
    pub(super) idle_since: u64,
}

impl Standing {
    pub(super) fn takes(self, calls_at_once: u16) -> bool {
        self.open && self.load < usize::from(calls_at_once.max(1))
    }
}

impl Agent {
    pub(super) fn standing(&self) -> Standing {
        Standing {
            open: self.state.reachable && self.offer.is_none() && self.rest.is_none(),
            load: self.load(),
            reachable: self.state.reachable,
            idle_since: self.idle_since,
        }
    }

    /// An answered call counts from `answered` to `finished`, whether or not it has been reported among their calls yet.
    fn load(&self) -> usize {
        usize::from(self.state.calls).max(self.serves.len())
    }

    /// They would take a client of their own now.
    pub(super) fn takes_client(&self) -> bool {
        self.standing().takes(1)
    }

    pub(super) fn set_state(&mut self, state: AgentState, now: u64) {
        let (was_reachable, was_busy) = (self.state.reachable, self.load() > 0);
        self.state = state;
        if (state.reachable && !was_reachable) || (was_busy && self.load() == 0) {
            self.idle_since = now;
        }
    }

    /// Nothing is known of them that would be missed.
    pub(super) fn is_forgettable(&self) -> bool {
        !self.state.reachable
            && self.offer.is_none()
            && self.rest.is_none()
            && self.serves.is_empty()
            && self.seats.is_empty()
            && self.clients.is_empty()
    }

    pub(super) fn seat(&mut self, department: DepartmentId) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.department == department)
    }

    pub(super) fn view(&self) -> AgentView {
        AgentView {
            state: self.state,
            offer: self.offer,
            rest: self.rest,
            serves: self.serves.iter().map(|served| served.department).collect(),
        }
    }
}

/// Agents who rested, for one call: the round goes on to the others before it begins again.
#[derive(Debug, Default)]
pub(super) struct Tried {
    round: BTreeSet<StaffId>,
    last: Option<StaffId>,
}

impl Tried {
    pub(super) fn add(&mut self, staff: StaffId) {
        self.round.insert(staff);
        self.last = Some(staff);
    }

    pub(super) fn has(&self, staff: StaffId) -> bool {
        self.round.contains(&staff)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = StaffId> + '_ {
        self.round.iter().copied()
    }

    /// A new round, which does not begin with the agent who ended the old one.
    pub(super) fn begin_again(&mut self) {
        self.round.clear();
        self.round.extend(self.last);
    }

    pub(super) fn clear(&mut self) {
        self.round.clear();
        self.last = None;
    }
}
