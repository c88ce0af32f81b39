//! Queues of departments: callers wait in a line, agents are picked by a strategy.
//!
//! Pure and deterministic: the same calls in the same order give the same offers. Times are milliseconds of one
//! monotonic count, passed as `now`; a `now` below an earlier one counts as the earlier one.
//!
//! **How to drive it.** After every change call [`Queues::next_offer`] until it gives `None`: then no caller waits while
//! an agent who may take them is free. Each [`Offer`] ends with exactly one of [`answered`](Queues::answered),
//! [`refused`](Queues::refused) by all of its agents, [`offer_over`](Queues::offer_over) (due at `Offer::until`) or
//! [`leave`](Queues::leave). At [`deadline`](Queues::deadline) call [`pass`](Queues::pass), then drain again. Each
//! answered call ends with one [`finished`](Queues::finished), or by joining a line again.
//!
//! **Who is served first.** Callers stand in one total order; nothing in it is arbitrary:
//!
//! 1. the department's `priority`, higher first;
//! 2. the department's `place`, lower first;
//! 3. the caller's [`Place`]: by VIP rule and arrival, then by order of joining.
//!
//! It decides whenever departments share an agent. Departments of equal priority and place share one order of callers,
//! as if they were one line; a department of higher priority is served before others however long those wait. Within a
//! department 1 and 2 are equal, so callers are served by their place alone. The first caller of this order for whom
//! anybody is free is offered; the department's strategy then picks among its free agents.
//!
//! **VIPs.** See [`VipRule`] and [`Place`]. A flag that changes counts as if it had always been so. A call that rings is
//! not pulled back; if its offer comes to nothing it keeps its place.
//!
//! **Personal managers.** A caller who has one is offered to them first, once, whenever it is the caller's turn and the
//! manager is in no call; the manager need not be a member of the department. While the manager cannot take the call,
//! and after they did not, the caller has the same place as anybody who arrived then. Having a manager never moves a
//! caller ahead of another for an agent who may serve both.
//!
//! **Agents** are people: in one offer at a time over all departments. After an offer that came to nothing they rest
//! (`retry_ms`, or `pause_after_missed_ms` if longer and it rang out), after a call for `wrap_up_ms`. The same call goes
//! round the other free agents before it comes to one again.

mod agent;
mod department;
mod line;
mod offer;
mod order;
mod pick;
mod settings;
mod setup;
mod stats;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use agent::{AgentState, AgentView, Rest, RestReason};
pub use line::Place;
pub use offer::{Expired, ExpiredWhy, Offer, Refusal};
pub use pick::Agents;
pub use settings::{JoinWhenEmpty, Member, QueueSettings, SHORTEST_MS, Strategy, VipRule};
pub use stats::{Counts, Statistics};

use crate::ids::{CallId, DepartmentId, StaffId};
use agent::{Agent, Tried};
use department::Department;
use pick::Random;

/// A department's place among all: priority, then place.
type Rank = (Reverse<u16>, u16);

/// What can be offered now: a department with a caller and a free agent, or a free manager with a client who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Manager(StaffId),
    Department(DepartmentId),
}

/// Who joins a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Entrant {
    pub vip: bool,
    /// The client's personal manager.
    pub manager: Option<StaffId>,
    /// From when their waiting counts for the place; a time to come counts as now. Earlier than now for a caller who
    /// has waited elsewhere.
    pub waited_since: u64,
}

/// Why a caller could not join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoinRefusal {
    #[error("the department's queue is full")]
    Full,
    #[error("nobody serves the department's queue")]
    Empty,
    #[error("the department has no queue")]
    Unknown,
    #[error("the call waits in a queue already")]
    Waiting,
}

/// A caller in the queue.
#[derive(Debug)]
struct Caller {
    department: DepartmentId,
    place: Place,
    vip: bool,
    waited_since: u64,
    joined: u64,
    leave_at: Option<u64>,
    /// The personal manager, until the call has been offered to them.
    manager: Option<StaffId>,
    /// Those at whom the call rings; nobody while it waits.
    rings: Agents,
    tried: Tried,
}

/// Where a caller stands, and what they wait for.
struct Stands {
    department: DepartmentId,
    place: Place,
    leave_at: Option<u64>,
    manager: Option<StaffId>,
}

impl Caller {
    fn stands(&self) -> Stands {
        Stands {
            department: self.department,
            place: self.place,
            leave_at: self.leave_at,
            manager: self.manager,
        }
    }
}

/// The queues of all departments and the agents that they share. See the [module](self).
#[derive(Debug)]
pub struct Queues {
    now: u64,
    joins: u64,
    random: Random,
    departments: BTreeMap<DepartmentId, Department>,
    callers: HashMap<CallId, Caller>,
    agents: HashMap<StaffId, Agent>,
    /// Who answered a call and has not finished it.
    served: HashMap<CallId, StaffId>,
    ready: BTreeSet<(Rank, Place, Source)>,
    /// When waiting callers have waited too long.
    leaves: BTreeSet<(u64, CallId)>,
    /// When agents have rested.
    rests: BTreeSet<(u64, StaffId)>,
    /// When departments have had nobody at work for too long.
    deserted: BTreeSet<(u64, DepartmentId)>,
}

impl Queues {
    /// No departments yet. The seed decides what [`Strategy::Random`] picks.
    pub fn new(seed: u64) -> Queues {
        Queues {
            now: 0,
            joins: 0,
            random: Random::new(seed),
            departments: BTreeMap::new(),
            callers: HashMap::new(),
            agents: HashMap::new(),
            served: HashMap::new(),
            ready: BTreeSet::new(),
            leaves: BTreeSet::new(),
            rests: BTreeSet::new(),
            deserted: BTreeSet::new(),
        }
    }

    /// A call joins a department's line. Whoever has answered it in an earlier one is done with it then.
    ///
    /// # Errors
    /// [`JoinRefusal`]. A call whose personal manager could take it now is not refused as `Empty`.
    pub fn join(
        &mut self,
        id: CallId,
        department: DepartmentId,
        entrant: Entrant,
        now: u64,
    ) -> Result<Place, JoinRefusal> {
        self.advance(now);
        let Entry::Vacant(entry) = self.callers.entry(id) else {
            return Err(JoinRefusal::Waiting);
        };
        let manager = entrant.manager.and_then(|staff| self.agents.get(&staff));
        let manager_free = manager.is_some_and(Agent::takes_client);
        let queue = self.departments.get_mut(&department).ok_or(JoinRefusal::Unknown)?;
        if let Err(refusal) = queue.admits(manager_free) {
            queue.counts.turned_away += 1;
            return Err(refusal);
        }
        queue.counts.joined += 1;
        self.joins += 1;
        let waited_since = entrant.waited_since.min(self.now);
        let place = Place::new(queue.settings.vip, entrant.vip, waited_since, self.joins);
        queue.line.add(place, id, waited_since);
        let caller = Caller {
            department,
            place,
            vip: entrant.vip,
            waited_since,
            joined: self.now,
            leave_at: queue.leave_at(self.now),
            manager: entrant.manager,
            rings: Agents::new(),
            tried: Tried::default(),
        };
        let stands = caller.stands();
        entry.insert(caller);
        self.finished(id, now);
        self.open_at(id, stands);
        Ok(place)
    }

    /// The caller hung up: counted as abandoned. `false` if the call is in no queue.
    pub fn leave(&mut self, id: CallId) -> bool {
        let left = self.remove(id);
        if let Some(queue) = left.and_then(|caller| self.departments.get_mut(&caller.department)) {
            queue.counts.abandoned += 1;
            return true;
        }
        false
    }

    /// The call goes on elsewhere, by somebody's hand or the caller's choice: counted neither as abandoned nor as
    /// answered. `false` if the call is in no queue.
    pub fn take_away(&mut self, id: CallId) -> bool {
        self.remove(id).is_some()
    }

    /// The client's VIP flag changed; counts for the place of a call that waits or rings. `false` if the call is in no
    /// queue.
    pub fn set_vip(&mut self, id: CallId, vip: bool) -> bool {
        let waits = self.withdraw(id);
        let Some(caller) = self.callers.get_mut(&id) else {
            return false;
        };
        caller.vip = vip;
        if let Some(queue) = self.departments.get_mut(&caller.department) {
            let place = Place::new(queue.settings.vip, vip, caller.waited_since, caller.place.seq());
            queue.line.replace(caller.place, place);
            caller.place = place;
        }
        if waits {
            self.wait_again(id);
        }
        true
    }

    /// The client has another personal manager, or none: the call is offered to that one first when its turn comes. A
    /// call that rings, rings on. `false` if the call is in no queue.
    pub fn set_manager(&mut self, id: CallId, manager: Option<StaffId>) -> bool {
        let waits = self.withdraw(id);
        let Some(caller) = self.callers.get_mut(&id) else {
            return false;
        };
        caller.manager = manager;
        if waits {
            self.wait_again(id);
        }
        true
    }

    #[expect(clippy::disallowed_methods, reason = "whoever asks puts them into a set")]
    /// The personal managers to whom calls in the queue are still to be offered; one of several calls as often.
    pub fn managers(&self) -> impl Iterator<Item = StaffId> + '_ {
        self.callers.values().filter_map(|caller| caller.manager)
    }

    /// Of a caller in their department's line, ringing ones counted; 1 for the first. Counts those ahead.
    pub fn position(&self, id: CallId) -> Option<usize> {
        let caller = self.callers.get(&id)?;
        Some(self.departments.get(&caller.department)?.line.position(caller.place))
    }

    /// An estimate of what is left of the wait, in milliseconds: those ahead and the caller, each for the mean time that
    /// a call takes, shared by the members at work. `None` while nobody works or no call has been finished.
    pub fn expected_wait(&self, id: CallId) -> Option<u64> {
        let caller = self.callers.get(&id)?;
        let queue = self.departments.get(&caller.department)?;
        let position = u64::try_from(queue.line.position(caller.place)).ok()?;
        let handling = Some(queue.counts.handling_ms).filter(|mean| *mean > 0)?;
        position
            .saturating_mul(handling)
            .checked_div(u64::try_from(queue.working).ok()?)
    }

    /// Those at whom the call rings.
    pub fn rings(&self, id: CallId) -> Agents {
        self.callers
            .get(&id)
            .map(|caller| caller.rings.clone())
            .unwrap_or_default()
    }

    /// The department in whose queue the call is.
    pub fn department_of(&self, id: CallId) -> Option<DepartmentId> {
        Some(self.callers.get(&id)?.department)
    }

    /// The calls of a department in their order, ringing ones too.
    pub fn calls(&self, department: DepartmentId) -> Vec<CallId> {
        let queue = self.departments.get(&department);
        queue.map(|queue| queue.line.calls()).unwrap_or_default()
    }

    /// Whether the person is or was a member of a department, or somebody else of whom [`Queues::agent_changed`] has told.
    pub fn knows(&self, staff: StaffId) -> bool {
        self.agents.contains_key(&staff)
    }

    pub fn agent(&self, staff: StaffId) -> Option<AgentView> {
        self.agents.get(&staff).map(Agent::view)
    }

    pub fn statistics(&self, department: DepartmentId) -> Option<Statistics> {
        self.departments.get(&department).map(Department::statistics)
    }

    /// Time moves on, and wakes the agents who have rested.
    fn advance(&mut self, now: u64) {
        self.now = self.now.max(now);
        while let Some((_, staff)) = self.rests.first().filter(|(at, _)| *at <= self.now).copied() {
            self.end_rest(staff);
            self.reseat(staff);
        }
    }

    /// A caller who is held may be offered.
    fn open(&mut self, id: CallId) {
        if let Some(stands) = self.callers.get(&id).map(Caller::stands) {
            self.open_at(id, stands);
        }
    }

    fn open_at(&mut self, id: CallId, stands: Stands) {
        let Stands {
            department,
            place,
            leave_at,
            manager,
        } = stands;
        if let Some(at) = leave_at {
            self.leaves.insert((at, id));
        }
        let Some(queue) = self.departments.get_mut(&department) else {
            return;
        };
        queue.line.open(place);
        let rank = queue.rank();
        self.settle(department);
        if let Some(manager) = manager {
            self.agents
                .entry(manager)
                .or_default()
                .clients
                .insert((rank, place, id));
            self.list_clients(manager);
        }
    }

    /// A caller may not be offered any more and keeps their place. `true` if they waited, `false` if they ring.
    fn withdraw(&mut self, id: CallId) -> bool {
        let Some(caller) = self.callers.get(&id) else {
            return false;
        };
        let (place, manager, department) = (caller.place, caller.manager, caller.department);
        let waited = caller.rings.is_empty();
        if let Some(at) = caller.leave_at {
            self.leaves.remove(&(at, id));
        }
        let Some(queue) = self.departments.get_mut(&department) else {
            return false;
        };
        queue.line.hold(place);
        let rank = queue.rank();
        self.settle(department);
        if let Some(manager) = manager {
            if let Some(agent) = self.agents.get_mut(&manager) {
                agent.clients.remove(&(rank, place, id));
            }
            self.list_clients(manager);
        }
        waited
    }

    /// A caller is gone; those at whom the call rang are free again.
    fn remove(&mut self, id: CallId) -> Option<Caller> {
        self.withdraw(id);
        let caller = self.callers.remove(&id)?;
        if let Some(queue) = self.departments.get_mut(&caller.department) {
            queue.line.remove(caller.place, caller.waited_since);
        }
        self.settle(caller.department);
        for staff in &caller.rings {
            if let Some(agent) = self.agents.get_mut(staff) {
                agent.offer = None;
            }
            self.reseat(*staff);
        }
        Some(caller)
    }

    /// After any change of a department's line or free agents: what can be offered, and whether nobody works.
    fn settle(&mut self, department: DepartmentId) {
        if let Some(queue) = self.departments.get_mut(&department) {
            queue.list(&mut self.ready, department);
            queue.watch(&mut self.deserted, department, self.now);
        }
    }

    /// After any change of a manager or their clients.
    fn list_clients(&mut self, staff: StaffId) {
        let Some(agent) = self.agents.get_mut(&staff) else {
            return;
        };
        let first = agent.clients.first().map(|(rank, place, _)| (*rank, *place));
        let wanted = first.filter(|_| agent.takes_client());
        if wanted != agent.listed {
            if let Some((rank, place)) = agent.listed {
                self.ready.remove(&(rank, place, Source::Manager(staff)));
            }
            if let Some((rank, place)) = wanted {
                self.ready.insert((rank, place, Source::Manager(staff)));
            }
            agent.listed = wanted;
        }
        if agent.is_forgettable() {
            self.agents.remove(&staff);
        }
    }

    /// After any change of an agent: they stand among the free ones of each department that may offer them a call.
    fn reseat(&mut self, staff: StaffId) {
        let Some(agent) = self.agents.get_mut(&staff) else {
            return;
        };
        let standing = agent.standing();
        for seat in &mut agent.seats {
            if let Some(queue) = self.departments.get_mut(&seat.department)
                && queue.seat(seat, standing)
            {
                queue.list(&mut self.ready, seat.department);
                queue.watch(&mut self.deserted, seat.department, self.now);
            }
        }
        self.list_clients(staff);
    }
}
