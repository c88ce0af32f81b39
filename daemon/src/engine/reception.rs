//! Where a person's calls ring: their registered phones, or their own telephone number by a line.

use frontdesk_routing::ids::{ProjectId, StaffId};
use frontdesk_routing::inbound;
use frontdesk_routing::outbound::OutsideNumber;
use frontdesk_routing::plan::{DialPlan, Method, PlanStaff, Term};
use frontdesk_routing::reception;
use frontdesk_sip::registrar::Aor;

use super::Engine;
use super::call::Call;
use super::caller::party_of_staff;
use super::flows::Flows;
use super::output::CdrParty;
use super::setup::{Reach, Target};

impl Engine {
    /// What is to be called so that this person's telephone rings, in the way that they take calls by.
    pub(super) fn ways_to(&self, plan: &DialPlan, staff: &PlanStaff) -> Vec<Target> {
        if staff.term == Term::Ended {
            return Vec::new();
        }
        match plan.reception.method(staff.id) {
            Method::Sip => self.phones_of(plan, staff.id),
            Method::Mobile | Method::Sim(_) => self.telephone_of(plan, staff).into_iter().collect(),
        }
    }

    /// The person's own number, by the lines that lead there. A leg of it is one of the person's, and whoever answers it is
    /// connected at once.
    fn telephone_of(&self, plan: &DialPlan, staff: &PlanStaff) -> Option<Target> {
        let (number, lines) = reception::telephone(plan, staff)?;
        let target = self.outside(plan, OutsideNumber::Number(number), &lines);
        let ways = match &target.reach {
            Reach::Outside(outside) => !outside.ways.is_empty(),
            Reach::Phone(_) => false,
        };
        ways.then(|| Target {
            staff: Some(staff.id),
            party: CdrParty {
                trunk: target.party.trunk,
                ..party_of_staff(staff)
            },
            reach: target.reach,
        })
    }

    /// The project that a call is of: that of the department in whose line it is, or was, else of the number it came in by.
    pub(super) fn project_of(&self, plan: &DialPlan, call: &Call) -> Option<ProjectId> {
        let line = call.line.as_ref();
        let department = line.and_then(|stay| reception::project_of(plan, stay.department));
        department.or_else(|| {
            let trunk = plan.staff.trunk(call.caller.trunk?)?;
            let number = inbound::connected(plan, trunk, &call.dialled)?;
            let desk = plan.reception.numbers.get(&(number.account, number.number));
            desk?.project
        })
    }

    /// The registered phones of a person that give signs of life, each once.
    pub(super) fn phones_of(&self, plan: &DialPlan, staff: StaffId) -> Vec<Target> {
        let Some(staff) = plan.staff.get(staff) else {
            return Vec::new();
        };
        let Some(sip) = staff.sip.as_ref().filter(|sip| sip.enabled) else {
            return Vec::new();
        };
        let target = |flows: Flows| Target {
            staff: Some(staff.id),
            party: party_of_staff(staff),
            reach: Reach::Phone(Box::new(flows)),
        };
        let devices = self.registrar.devices(Aor(sip.id.as_u128())).into_iter();
        let there = devices.map(|mut flows| {
            flows.retain(|flow| !self.alive.is_silent(sip.id, flow));
            flows
        });
        there.filter_map(|flows| Flows::of(&flows)).map(target).collect()
    }
}
