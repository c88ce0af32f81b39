//! People as the queues see them, and what a new plan changes for lines and whoever waits in them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use frontdesk_routing::because::{Because, Ordered};
use frontdesk_routing::forwarding::Situation;
use frontdesk_routing::ids::{CallId, DepartmentId, StaffId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::{DialPlan, PlanClient};
use frontdesk_routing::queue::{AgentState, Entrant};
use frontdesk_routing::reception::{self, Moment};
use frontdesk_sip::Now;

use super::{Call, Engine, Side, Waits};

impl Engine {
    pub(super) fn report_people(&mut self, now: Now) {
        while let Some(staff) = self.lines.people.pop_first() {
            // Of most people who telephone no queue wants to know anything.
            if self.lines.queues.knows(staff) {
                self.report_person(staff, now);
            }
        }
    }

    fn report_person(&mut self, staff: StaffId, now: Now) {
        let state = self.agent_state(staff, now);
        let known = self.lines.queues.agent(staff);
        if known.map(|agent| agent.state).unwrap_or_default() != state {
            let ms = self.lines.ms(now);
            self.lines.queues.agent_changed(staff, state, ms);
        }
    }

    /// Clients of this person wait, or are about to: the queues know how it stands with them, be they members or not.
    pub(super) fn expect_manager(&mut self, staff: StaffId, now: Now) {
        self.report_person(staff, now);
        if self.lines.next_minute.is_none() && self.has_shift(staff) {
            self.lines.next_minute = Some(minute_after(now));
        }
    }

    /// Whoever is not to be given calls now is not reachable for the queues. What calls they take by their projects is a
    /// matter of each line.
    fn agent_state(&self, staff: StaffId, now: Now) -> AgentState {
        let takes = reception::may_take(&self.plan, (staff, None), now.unix_ms, self.moment(staff)).is_ok();
        AgentState {
            reachable: self.plan.staff.get(staff).is_some() && takes,
            calls: self.calls_with(staff),
        }
    }

    /// How it stands with somebody apart from their calls.
    pub(super) fn moment(&self, staff: StaffId) -> Moment {
        let view = self.view(&self.plan);
        Moment {
            dnd: view.settings(staff).dnd,
            unreachable: !view.online(staff),
            busy: false,
        }
    }

    /// Calls that somebody is in, of whatever kind.
    pub(super) fn calls_with(&self, staff: StaffId) -> u16 {
        let calls = self.watchers.calls_of(staff).filter_map(|id| self.calls.get(&id));
        let calls = calls.filter(|call| {
            call.legs()
                .any(|leg| leg.staff == Some(staff) && leg.ended_at.is_none())
        });
        u16::try_from(calls.count()).unwrap_or(u16::MAX)
    }

    /// A new plan: lines work as it says, and whoever waits stands where it puts them.
    pub(in crate::engine) fn review_lines(&mut self, before: &DialPlan, now: Now) {
        let plan = Arc::clone(&self.plan);
        let same_reception = Arc::ptr_eq(&before.reception, &plan.reception);
        if !Arc::ptr_eq(&before.departments, &plan.departments) || !same_reception {
            self.review_departments(before, &plan, now);
        }
        let same = same_reception
            && Arc::ptr_eq(&before.staff, &plan.staff)
            && Arc::ptr_eq(&before.departments, &plan.departments)
            && Arc::ptr_eq(&before.features, &plan.features);
        if !same {
            let members = plan.departments.iter().chain(before.departments.iter());
            let members = members.flat_map(|department| &department.members);
            self.lines.people.extend(members.map(|member| member.staff));
            self.lines.people.extend(self.lines.queues.managers());
            let some = self.shifts().next().is_some();
            self.lines.next_minute = some.then(|| minute_after(now));
        }
        let same_projects = same_reception || before.reception.same_projects(&plan.reception);
        if !Arc::ptr_eq(&before.clients, &plan.clients) || !same_projects {
            self.review_clients((before, &plan), same_projects, now);
        }
    }

    /// Clients who wait stand where their flag puts them now, and have the manager whom they have now.
    fn review_clients(&mut self, (before, plan): (&DialPlan, &DialPlan), same_projects: bool, now: Now) {
        let may_differ = |who: &Waits| !same_projects || !plan.clients.shares(&before.clients, who.account, who.number);
        let waiting = self.lines.waiting.iter();
        let waiting = waiting.filter_map(|(id, who)| Some((*id, who.filter(may_differ)?)));
        let changed: Vec<(CallId, Entrant, Entrant)> = waiting
            .map(|(id, who)| (id, who.entrant(before), who.entrant(plan)))
            .filter(|(_, was, is)| was != is)
            .collect();
        for (id, was, is) in changed {
            if was.vip != is.vip {
                self.lines.queues.set_vip(id, is.vip);
            }
            if was.manager != is.manager {
                self.lines.queues.set_manager(id, is.manager);
                is.manager
                    .into_iter()
                    .for_each(|manager| self.expect_manager(manager, now));
            }
        }
    }

    fn review_departments(&mut self, before: &DialPlan, plan: &DialPlan, now: Now) {
        for department in plan.departments.iter() {
            let was = before.departments.get(department.id);
            let members = reception::members(plan, department);
            if was.is_some_and(|was| was.queue == department.queue && reception::members(before, was) == members) {
                continue;
            }
            let queue = department.queue.clone();
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

    /// Hours begin and end on the minute: those of members are looked at then.
    pub(super) fn look_at_hours(&mut self, now: Now) {
        if self.lines.next_minute.is_some_and(|at| at <= now.instant) {
            let people: Vec<StaffId> = self.shifts().collect();
            self.lines.next_minute = (!people.is_empty()).then(|| minute_after(now));
            self.lines.people.extend(people);
        }
    }

    /// Members, and managers of clients who wait, who have hours.
    fn shifts(&self) -> impl Iterator<Item = StaffId> + '_ {
        let members = self.plan.departments.iter().flat_map(|department| &department.members);
        let people = members.map(|member| member.staff).chain(self.lines.queues.managers());
        people.filter(|staff| self.has_shift(*staff))
    }

    fn has_shift(&self, staff: StaffId) -> bool {
        let person = self.plan.reception.person(staff);
        person.is_some_and(|person| person.schedule.is_some())
    }

    /// The client who waits, or who is to be called.
    pub(in crate::engine) fn client_of(&self, call: &Call, party: Side) -> Option<&PlanClient> {
        let number = number_of(call, party)?;
        self.plan.clients.by_number(call.account, number)
    }
}

impl Waits {
    /// `None`: whoever waits is nobody from outside, or hides their number.
    pub(super) fn new(call: &Call, party: Side, department: DepartmentId) -> Option<Waits> {
        Some(Waits {
            account: call.account,
            number: number_of(call, party)?,
            department,
        })
    }

    /// What they are to the line by a plan.
    pub(super) fn entrant(&self, plan: &DialPlan) -> Entrant {
        let client = plan.clients.by_number(self.account, self.number);
        Entrant {
            vip: client.is_some_and(|client| client.vip),
            manager: client.and_then(|client| reception::manager(plan, self.department, client)),
            waited_since: 0,
        }
    }
}

fn number_of(call: &Call, party: Side) -> Option<PhoneNumber> {
    if party == Side::Caller && call.ordered == Some(Ordered::Widget) {
        // Nobody has called: it is the visitor to be called whose turn is waited for.
        return PhoneNumber::from_e164(&call.dialled).ok();
    }
    let leg = call.leg(party).filter(|leg| leg.trunk.is_some())?;
    PhoneNumber::from_e164(leg.party.number.as_deref()?).ok()
}

fn minute_after(now: Now) -> Instant {
    let into = u64::try_from(now.unix_ms.rem_euclid(60_000)).unwrap_or(0);
    now.instant + Duration::from_millis(60_000_u64.saturating_sub(into))
}
