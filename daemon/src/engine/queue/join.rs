//! Into a line, and out of it to somewhere else.

use std::sync::Arc;

use bytes::Bytes;
use frontdesk_routing::because::Because;
use frontdesk_routing::call::{CallEvent, CallMachine};
use frontdesk_routing::decision::{Callee, Decision};
use frontdesk_routing::forwarding::Trail;
use frontdesk_routing::ids::{CallId, DepartmentId};
use frontdesk_routing::plan::{Destination, DialPlan};
use frontdesk_routing::queue::{Entrant, JoinRefusal};
use frontdesk_routing::reception;
use frontdesk_sip::Now;
use frontdesk_sip::command::Headers;

use super::{Call, Engine, Side, Stay, Waits, department_name};
use crate::engine::media::Tune;
use crate::engine::new_call::NewCall;
use crate::engine::output::{BoardChange, CdrParty, LineOutcome, Output};
use crate::engine::sent_on::Way;
use crate::engine::turned::Turned;

/// A call that no line takes goes on to the next one so many times at most.
const MOST_OVERFLOWS: usize = 50;

/// A department that was called, why, and by which forwardings.
pub(in crate::engine) struct Queueing {
    pub(in crate::engine) department: DepartmentId,
    pub(in crate::engine) because: Because,
    pub(in crate::engine) trail: Trail,
}

impl Engine {
    /// A new call to a department.
    pub(in crate::engine) fn queue_up(
        &mut self,
        new: &NewCall<'_>,
        offer: Option<Bytes>,
        to: Queueing,
        now: Now,
    ) -> Result<(), Box<Turned>> {
        let meant = |turned: Box<Turned>| turned.meant_for(new.plan, Some(Callee::Department(to.department)));
        let media = self.media_side(new.flow, None).map_err(meant)?;
        self.trial(&media, offer.as_ref()).map_err(meant)?;
        let caller = self.caller_leg(new, media, now);
        let call = Call {
            callee: party_of_department(new.plan, to.department),
            offer,
            way: Way {
                person: None,
                trail: to.trail,
            },
            ..self.new_call(new, (CallMachine::offered(&[]), caller), &to.because, now)
        };
        let id = call.id;
        self.admit_call(call);
        self.join_line(id, to.department, now);
        Ok(())
    }

    /// The caller, or whoever waits, joins the department's line; if it may not, the call goes where such calls go.
    pub(in crate::engine) fn join_line(&mut self, id: CallId, department: DepartmentId, now: Now) {
        let told = self.passed_over(id, Side::Caller, department, now);
        match self.enter_line(id, Side::Caller, (department, None), now) {
            Ok(()) => {
                self.note_all(id, &told);
                self.line_up(id, None, now);
            }
            Err(why) => {
                if matches!(why, Because::NobodyWorks { .. }) {
                    self.note_all(id, &told);
                }
                self.overflow(id, (department, why), now);
            }
        }
    }

    /// Whoever `by` talks with joins the department's line, at the place of somebody who has waited there `since` then,
    /// and `by` is let go. The error is what a transferor is told; nothing has changed then.
    pub(in crate::engine) fn transfer_to_line(
        &mut self,
        id: CallId,
        by: Side,
        (department, since): (DepartmentId, Option<u64>),
        now: Now,
    ) -> Result<(), u16> {
        let call = self.calls.get_mut(&id).ok_or(481_u16)?;
        let party = call.other(by).ok_or(481_u16)?;
        call.overflowed.clear();
        let transferred = format!(
            "transferred by {} to the department {}",
            self.name_of(id, by),
            department_name(&self.plan, department)
        );
        let told = self.passed_over(id, party, department, now);
        match self.enter_line(id, party, (department, since), now) {
            Ok(()) => {
                self.note(id, &transferred);
                self.note_all(id, &told);
                self.line_up(id, Some(by), now);
                Ok(())
            }
            Err(why)
                if self
                    .plan
                    .departments
                    .get(department)
                    .is_some_and(|to| to.overflow.is_some()) =>
            {
                self.note(id, &transferred);
                self.line_up(id, Some(by), now);
                self.overflow(id, (department, why), now);
                Ok(())
            }
            Err(why) => Err(status_of(&why)),
        }
    }

    fn enter_line(
        &mut self,
        id: CallId,
        party: Side,
        (department, since): (DepartmentId, Option<u64>),
        now: Now,
    ) -> Result<(), Because> {
        let bug = || Because::Bug("a call that joins a line is none");
        let ms = self.lines.ms(now);
        let call = self.calls.get(&id).ok_or_else(bug)?;
        let party = call.machine.waiting().unwrap_or(party);
        // Whoever has talked meanwhile has the place of whoever waited as long in one go.
        let earlier = call.line.as_ref().and_then(|stay| stay.waited).unwrap_or(0);
        let own = ms.saturating_sub(earlier);
        let since = since.map_or(own, |since| since.min(own));
        let who = Waits::new(call, party, department);
        let entrant = Entrant {
            waited_since: since,
            ..who.map(|who| who.entrant(&self.plan)).unwrap_or_default()
        };
        if let Some(manager) = entrant.manager {
            self.expect_manager(manager, now);
        }
        let joined = self.lines.queues.join(id, department, entrant, ms);
        let name = || department_name(&self.plan, department);
        joined.map_err(|refusal| match refusal {
            JoinRefusal::Full => Because::LineFull { name: name() },
            JoinRefusal::Empty => Because::NobodyWorks { name: name() },
            JoinRefusal::Unknown => Because::DepartmentGone { name: name() },
            JoinRefusal::Waiting => Because::Bug("a call joins two lines"),
        })?;
        let Some(call) = self.calls.get_mut(&id) else {
            return Ok(());
        };
        call.line = Some(Stay {
            department,
            party,
            joined_at: ms,
            earlier,
            since,
            active: true,
            waited: None,
            agent: None,
            announce_at: None,
        });
        self.lines.waiting.insert(id, who);
        self.lines.fresh.insert(id);
        self.outputs.push_back(Output::Board(BoardChange::CallQueued {
            call: id,
            department: Some(department),
            at: now.unix_ms,
        }));
        self.announce_first(id, now);
        Ok(())
    }

    /// The call's machine follows into the line.
    fn line_up(&mut self, id: CallId, by: Option<Side>, now: Now) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.machine.is_ringing() || call.machine.is_summoning() {
            call.machine.line_up();
        } else if !call.machine.is_queued() {
            self.step(id, CallEvent::Enqueue { by }, now);
            let waiting = self.calls.get(&id).and_then(|call| call.machine.waiting());
            waiting.into_iter().for_each(|side| self.play_to_waiting(id, side));
        }
        self.wait_without_end(id, now);
    }

    /// The line does not take the call, or has had it long enough.
    pub(in crate::engine) fn overflow(&mut self, id: CallId, (department, why): (DepartmentId, Because), now: Now) {
        self.lines.queues.take_away(id);
        let plan = Arc::clone(&self.plan);
        let Some(mut call) = self.calls.remove(&id) else { return };
        let of = (id, call.account);
        match call.line.as_mut().filter(|stay| stay.active) {
            Some(stay) => self.leave_line(of, stay, LineOutcome::Overflowed, now),
            None => self.keep_stay(of, (department, 0), LineOutcome::Overflowed, now),
        }
        if !call.overflowed.contains(&department) {
            call.overflowed.push(department);
        }
        let overflowed = call.overflowed.clone();
        self.calls.insert(id, call);
        self.note(id, &why.to_string());
        self.step(id, CallEvent::Overflow, now);
        let status = status_of(&why);
        let target = plan
            .departments
            .get(department)
            .and_then(|department| department.overflow);
        let decision = target.zip(self.calls.get(&id)).and_then(|(target, call)| {
            let project = reception::project_of(&plan, department).or_else(|| self.project_of(&plan, call));
            // Whoever takes the call instead takes it at this moment.
            let (mut decision, trail) = self.given(&plan, (id, project), target, now)?;
            if let (Destination::Staff(staff), Decision::Ring { because, .. }) = (target, &mut decision)
                && trail.hops().is_empty()
            {
                let name = plan.staff.get(staff).map(|staff| staff.name.to_string());
                *because = Because::Overflow {
                    name: name.unwrap_or_default(),
                };
            }
            Some((decision, trail))
        });
        match decision {
            Some((Decision::Queue { department: to, .. }, _))
                if overflowed.contains(&to) || overflowed.len() > MOST_OVERFLOWS =>
            {
                let name = department_name(&plan, to);
                self.note(id, &Because::OverflowLoop { name }.to_string());
                self.step(id, CallEvent::NobodyCalled(status), now);
            }
            Some((Decision::Queue { department: to, .. }, _)) => {
                self.note(id, &format!("then the department {}", department_name(&plan, to)));
                self.join_line(id, to, now);
            }
            Some((Decision::Message { mailbox, because }, _)) => {
                self.note(id, &format!("then {because}"));
                self.take_message(id, mailbox, status, now);
            }
            Some((Decision::Menu { menu, because }, _)) => {
                self.note(id, &format!("then {because}"));
                self.enter_menu(id, menu, now);
            }
            Some((decision, trail)) => self.overflow_to(id, &plan, (decision, trail, status), now),
            None => self.step(id, CallEvent::NobodyCalled(status), now),
        }
    }

    pub(in crate::engine) fn overflow_to(
        &mut self,
        id: CallId,
        plan: &DialPlan,
        (decision, trail, status): (Decision, Trail, u16),
        now: Now,
    ) {
        match self.more_on_the_way(id, plan, decision, (trail, now)) {
            Ok((more, because)) => {
                self.note(id, &format!("then {because}"));
                self.call_more(id, more, Headers::new(), now);
                self.wait_at_most(id, self.ring_limit(id, now), now);
            }
            Err((_, because)) => {
                self.note(id, &format!("then {because}"));
                self.step(id, CallEvent::NobodyCalled(status), now);
            }
        }
    }

    /// Nobody takes the call now: its caller is answered, if that has not been done, and hears music.
    pub(in crate::engine) fn hold_caller(&mut self, id: CallId, now: Now) {
        let waiting = self.calls.get(&id).and_then(|call| call.machine.waiting());
        let side = waiting.unwrap_or(Side::Caller);
        if side == Side::Caller && !self.accept_caller(id, now) {
            return;
        }
        if let Some(place) = self.lines.queues.position(id) {
            self.note(id, &format!("waits at place {place} of the line"));
        }
        self.play_to_waiting(id, side);
        self.wait_without_end(id, now);
    }

    /// Whoever waits in a line hears music as soon as there is audio.
    pub(in crate::engine) fn play_to_waiting(&mut self, id: CallId, side: Side) {
        let call = self.calls.get(&id);
        let waits = call.is_some_and(|call| {
            let settled = call.leg(side).is_some_and(|leg| leg.media.settled().is_some());
            settled && call.machine.is_queued() && call.machine.waiting() == Some(side)
        });
        if waits {
            self.set_tune(id, side, Some(Tune::Music));
        }
    }
}

fn status_of(why: &Because) -> u16 {
    if matches!(why, Because::LineFull { .. }) {
        486
    } else {
        480
    }
}

pub(in crate::engine) fn party_of_department(plan: &DialPlan, department: DepartmentId) -> CdrParty {
    let department = plan.departments.get(department);
    CdrParty {
        number: department.map(|department| department.short_number.to_string()),
        name: department.map(|department| department.name.to_string()),
        ..CdrParty::default()
    }
}
