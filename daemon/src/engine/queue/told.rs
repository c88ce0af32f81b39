//! Who is not rung for a call that joins a line, and why: its record tells.

use frontdesk_routing::ids::{CallId, DepartmentId, ProjectId, StaffId};
use frontdesk_routing::queue::Member;
use frontdesk_routing::reception::{self, Moment, Skipped};
use frontdesk_sip::Now;

use super::{Engine, Side};

/// Of a department so many members are looked at, and so many of them are named.
const MOST_LOOKED_AT: usize = 50;
const MOST_NAMED: usize = 20;
/// Bytes of the reason from which on nobody else is named: what becomes of the call says more.
const ENOUGH: usize = 500;

impl Engine {
    /// Sentences for the record of a call that is about to join a department's line.
    pub(super) fn passed_over(&self, id: CallId, party: Side, department: DepartmentId, now: Now) -> Vec<String> {
        let found = self.calls.get(&id).zip(self.plan.departments.get(department));
        let Some((call, department)) = found else {
            return Vec::new();
        };
        let party = call.machine.waiting().unwrap_or(party);
        let project = reception::project_of(&self.plan, department.id);
        let told = |member: Member| {
            let name = &self.plan.staff.get(member.staff)?.name;
            let why = self.skipped(member, project, now)?;
            Some(format!("{name} {why}"))
        };
        let manager = self.client_of(call, party).and_then(|client| client.manager);
        let members = department.members.iter().filter(|member| manager != Some(member.staff));
        let members = members.take(MOST_LOOKED_AT).copied().filter_map(told);
        let manager = manager.and_then(|staff| told(Member::new(staff)));
        let manager = manager.map(|told| format!("the client's personal manager {told}"));
        let mut room = ENOUGH.saturating_sub(call.because.len());
        let mut sentences = Vec::new();
        for text in manager.into_iter().chain(members) {
            if sentences.len() >= MOST_NAMED || text.len() > room {
                sentences.push("others are passed over too".to_owned());
                break;
            }
            room -= text.len();
            sentences.push(text);
        }
        sentences
    }

    fn skipped(&self, member: Member, project: Option<ProjectId>, now: Now) -> Option<Skipped> {
        let staff: StaffId = member.staff;
        let known = self.lines.queues.agent(staff);
        let serves = known.as_ref().map_or(0, |agent| agent.serves.len());
        let load = usize::from(self.calls_with(staff)).max(serves);
        let offered = known.as_ref().is_some_and(|agent| agent.offer.is_some());
        let rests = known.is_some_and(|agent| agent.rest.is_some());
        let moment = Moment {
            busy: offered || load >= usize::from(member.calls_at_once.max(1)),
            ..self.moment(staff)
        };
        match reception::may_take(&self.plan, (staff, project), now.unix_ms, moment) {
            Ok(()) => rests.then_some(Skipped::Resting),
            Err(why) => Some(why),
        }
    }

    pub(super) fn note_all(&mut self, id: CallId, sentences: &[String]) {
        for text in sentences {
            self.note(id, text);
        }
    }
}
