//! People as the queues see them, and what a new plan changes for lines and whoever waits in them.

use std::sync::Arc;

use frontdesk_routing::because::Because;
use frontdesk_routing::forwarding::Situation;
use frontdesk_routing::ids::{CallId, StaffId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::{DialPlan, PlanClient};
use frontdesk_routing::queue::AgentState;
use frontdesk_sip::Now;

use super::{Call, Engine};

impl Engine {
    pub(super) fn report_people(&mut self, now: Now) {
        let ms = self.lines.ms(now);
        while let Some(staff) = self.lines.people.pop_first() {
            let state = self.agent_state(staff);
            let known = self
                .lines
                .queues
                .agent(staff)
                .map(|agent| agent.state)
                .unwrap_or_default();
            if known != state {
                self.lines.queues.agent_changed(staff, state, ms);
            }
        }
    }

    fn agent_state(&self, staff: StaffId) -> AgentState {
        let plan = &*self.plan;
        let view = self.view(plan);
        let reachable = plan.staff.get(staff).is_some() && view.online(staff) && !view.settings(staff).dnd;
        let calls = self.watchers.calls_of(staff).filter_map(|id| self.calls.get(&id));
        let calls = calls.filter(|call| {
            call.legs()
                .any(|leg| leg.staff == Some(staff) && leg.ended_at.is_none())
        });
        AgentState {
            reachable,
            calls: u16::try_from(calls.count()).unwrap_or(u16::MAX),
        }
    }

    /// A new plan: lines work as it says, and whoever waits stands where it puts them.
    pub(in crate::engine) fn review_lines(&mut self, before: &DialPlan, now: Now) {
        let plan = Arc::clone(&self.plan);
        if !Arc::ptr_eq(&before.departments, &plan.departments) {
            self.review_departments(before, &plan, now);
        }
        let same = Arc::ptr_eq(&before.staff, &plan.staff)
            && Arc::ptr_eq(&before.departments, &plan.departments)
            && Arc::ptr_eq(&before.features, &plan.features);
        if !same {
            let members = plan.departments.iter().chain(before.departments.iter());
            let members = members.flat_map(|department| &department.members);
            self.lines.people.extend(members.map(|member| member.staff));
        }
        if !Arc::ptr_eq(&before.clients, &plan.clients) {
            let waiting: Vec<CallId> = self.lines.waiting.iter().copied().collect();
            for id in waiting {
                let vip = self.calls.get(&id).and_then(|call| self.client_of(call));
                let vip = vip.is_some_and(|client| client.vip);
                self.lines.queues.set_vip(id, vip);
            }
        }
    }

    fn review_departments(&mut self, before: &DialPlan, plan: &DialPlan, now: Now) {
        for department in plan.departments.iter() {
            let was = before.departments.get(department.id);
            if was.is_some_and(|was| was.queue == department.queue && was.members == department.members) {
                continue;
            }
            let (queue, members) = (department.queue.clone(), department.members.clone());
            self.lines.queues.set_department(department.id, queue, members);
        }
        let gone = before
            .departments
            .iter()
            .filter(|was| plan.departments.get(was.id).is_none());
        for department in gone {
            for call in self.lines.queues.remove_department(department.id) {
                let name = department.name.to_string();
                self.overflow(call, (department.id, Because::DepartmentGone { name }), now);
            }
        }
    }

    /// The client who waits.
    pub(super) fn client_of(&self, call: &Call) -> Option<&PlanClient> {
        let party = call.machine.waiting().unwrap_or(super::Side::Caller);
        let leg = call.leg(party).filter(|leg| leg.trunk.is_some())?;
        let number = PhoneNumber::from_e164(leg.party.number.as_deref()?).ok()?;
        self.plan.clients.by_number(call.account, number)
    }
}
