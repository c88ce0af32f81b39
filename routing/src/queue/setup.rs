//! Departments and agents come, change and go while calls wait.

use std::collections::BTreeSet;

use super::Queues;
use super::agent::{AgentState, RestReason, Seat};
use super::department::Department;
use super::line::Place;
use super::settings::{Member, QueueSettings};
use crate::ids::{CallId, DepartmentId, StaffId};

impl Queues {
    /// Makes a department's queue or changes its settings and members; of a member named twice the first entry counts.
    /// Calls that wait keep their arrival and get the place that the new settings give them; calls that ring, ring on.
    /// The time is that of the latest call that said it.
    pub fn set_department(&mut self, id: DepartmentId, settings: QueueSettings, members: Vec<Member>) {
        let settings = settings.bounded();
        let calls = self.calls(id);
        let waiting: Vec<CallId> = calls.iter().copied().filter(|call| self.withdraw(*call)).collect();
        let old = self.clear_members(id);
        let queue = self
            .departments
            .entry(id)
            .or_insert_with(|| Department::new(settings.clone()));
        queue.free = queue.free.renewed(settings.strategy);
        queue.settings = settings;
        for call in calls {
            if let Some(caller) = self.callers.get_mut(&call) {
                let place = Place::new(queue.settings.vip, caller.vip, caller.waited_since, caller.place.seq());
                queue.line.replace(caller.place, place);
                caller.place = place;
                caller.leave_at = queue.leave_at(caller.joined);
            }
        }
        self.seat_members(id, members, &old);
        for call in waiting {
            self.wait_again(call);
        }
    }

    /// Ends a department's queue and gives back its calls in their order, ringing ones too; those at whom they rang are
    /// free again. Its members finish the calls that they answered as before.
    pub fn remove_department(&mut self, id: DepartmentId) -> Vec<CallId> {
        let calls = self.calls(id);
        for call in &calls {
            self.remove(*call);
        }
        for seat in self.clear_members(id) {
            self.reseat(seat.member.staff);
        }
        self.departments.remove(&id);
        calls
    }

    /// What the rest of the daemon knows of a staff member changed, or is known now. Becoming reachable ends a rest that
    /// had been taken because their phone could not be reached.
    pub fn agent_changed(&mut self, staff: StaffId, state: AgentState, now: u64) {
        self.advance(now);
        let agent = self.agents.entry(staff).or_default();
        let back = state.reachable && !agent.state.reachable;
        agent.set_state(state, self.now);
        if back && agent.rest.is_some_and(|rest| rest.reason == RestReason::Unreachable) {
            self.end_rest(staff);
        }
        self.reseat(staff);
    }

    /// An agent wants calls again before their rest is over. `false` if they did not rest.
    pub fn end_of_rest(&mut self, staff: StaffId, now: u64) -> bool {
        self.advance(now);
        let rested = self.agents.get(&staff).is_some_and(|agent| agent.rest.is_some());
        self.end_rest(staff);
        self.reseat(staff);
        rested
    }

    fn clear_members(&mut self, id: DepartmentId) -> Vec<Seat> {
        let Some(queue) = self.departments.get_mut(&id) else {
            return Vec::new();
        };
        let mut old = Vec::with_capacity(queue.members.len());
        for staff in std::mem::take(&mut queue.members) {
            let Some(agent) = self.agents.get_mut(&staff) else {
                continue;
            };
            if let Some(at) = agent.seats.iter().position(|seat| seat.department == id) {
                let mut seat = agent.seats.remove(at);
                queue.unseat(&mut seat);
                old.push(seat);
            }
        }
        old
    }

    fn seat_members(&mut self, department: DepartmentId, members: Vec<Member>, old: &[Seat]) {
        let fewest = old.iter().map(|seat| seat.answered).min().unwrap_or(0);
        let mut old: Vec<(StaffId, u64)> = old.iter().map(|seat| (seat.member.staff, seat.answered)).collect();
        old.sort_unstable();
        let mut named = BTreeSet::new();
        for member in members.into_iter().filter(|member| named.insert(member.staff)) {
            let known = old.binary_search_by_key(&member.staff, |(staff, _)| *staff).ok();
            let answered = known
                .and_then(|at| old.get(at))
                .map_or(fewest, |(_, answered)| *answered);
            self.agents.entry(member.staff).or_default().seats.push(Seat {
                department,
                member,
                answered,
                turn: None,
                works: false,
            });
        }
        for staff in &named {
            self.reseat(*staff);
        }
        for (staff, _) in &old {
            self.reseat(*staff);
        }
        if let Some(queue) = self.departments.get_mut(&department) {
            queue.members = named.into_iter().collect();
        }
        self.settle(department);
    }
}
