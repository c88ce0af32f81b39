//! Calls that end before anybody is rung, and whom they were for all the same.

use frontdesk_routing::because::Because;
use frontdesk_routing::decision::Callee;
use frontdesk_routing::ids::{CallId, DepartmentId};
use frontdesk_routing::plan::DialPlan;
use frontdesk_sip::command::Reply;

use super::Engine;
use super::caller::party_of_staff;
use super::output::CdrParty;
use super::queue::party_of_department;

/// Why a call ends before it began.
pub(super) struct Turned {
    pub(super) reply: Reply,
    pub(super) because: Because,
    /// Who would have been rung.
    pub(super) callee: CdrParty,
    /// In whose line the call would have waited.
    pub(super) department: Option<DepartmentId>,
}

pub(super) fn turned(reply: Reply, because: Because) -> Box<Turned> {
    Box::new(Turned {
        reply,
        because,
        callee: CdrParty::default(),
        department: None,
    })
}

impl Turned {
    /// The same of a call that was for this one.
    pub(super) fn meant_for(self: Box<Self>, plan: &DialPlan, callee: Option<Callee>) -> Box<Turned> {
        let department = match callee {
            Some(Callee::Department(department)) => Some(department),
            Some(Callee::Staff(_) | Callee::Away { .. }) | None => None,
        };
        Box::new(Turned {
            callee: party_of(plan, callee),
            department,
            ..*self
        })
    }

    pub(super) fn for_party(self: Box<Self>, callee: &CdrParty) -> Box<Turned> {
        Box::new(Turned {
            callee: callee.clone(),
            ..*self
        })
    }
}

fn party_of(plan: &DialPlan, callee: Option<Callee>) -> CdrParty {
    match callee {
        Some(Callee::Staff(staff) | Callee::Away { staff, .. }) => {
            plan.staff.get(staff).map(party_of_staff).unwrap_or_default()
        }
        Some(Callee::Department(department)) => party_of_department(plan, department),
        None => CdrParty::default(),
    }
}

impl Engine {
    /// A call that a greeting or a menu has answered turns out to be for this one.
    pub(super) fn was_for(&mut self, id: CallId, callee: &CdrParty) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let known = call.callee.staff.is_some() || call.callee.trunk.is_some();
        let waited = call.line.is_some() || !call.overflowed.is_empty();
        if callee.staff.is_some() && !known && !waited && call.ordered.is_none() {
            call.callee = callee.clone();
        }
    }
}
