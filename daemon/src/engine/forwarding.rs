//! Forwarding: where a call goes before any phone rings.

use std::collections::BTreeMap;

use frontdesk_routing::decision::Decision;
use frontdesk_routing::facts::CallFacts;
use frontdesk_routing::forwarding::{self, Condition, Forwarding, Pending, Situation, Trail};
use frontdesk_routing::ids::{CallId, StaffId};
use frontdesk_routing::internal;
use frontdesk_routing::plan::{DialPlan, Method};
use frontdesk_routing::reception;
use frontdesk_sip::registrar::{Aor, Registrar};

use super::Engine;
use super::alive::Alive;
use super::call::{Call, Leg};
use super::events::Watchers;

/// The engine as forwarding sees it.
pub(super) struct View<'a> {
    plan: &'a DialPlan,
    registrar: &'a Registrar,
    alive: &'a Alive,
    pending: &'a Pending,
    calls: &'a BTreeMap<CallId, Box<Call>>,
    watchers: &'a Watchers,
}

impl Situation for View<'_> {
    fn online(&self, staff: StaffId) -> bool {
        let Some(person) = self.plan.staff.get(staff) else {
            return false;
        };
        // Of a telephone outside it is only known whether a line leads there.
        if self.plan.reception.method(staff) != Method::Sip {
            return reception::telephone(self.plan, person).is_some();
        }
        let sip = person.sip.as_ref();
        sip.filter(|sip| sip.enabled)
            .is_some_and(|sip| self.registrar.is_online(Aor(sip.id.as_u128())) && !self.alive.is_dark(sip.id))
    }

    fn busy(&self, staff: StaffId) -> bool {
        let talks = |leg: &Leg| leg.staff == Some(staff) && leg.trunk.is_some() && leg.ended_at.is_none();
        let mut calls = self.watchers.calls_of(staff).filter_map(|id| self.calls.get(&id));
        self.plan.reception.method(staff) != Method::Sip && calls.any(|call| call.legs().any(talks))
    }

    fn settings(&self, staff: StaffId) -> Forwarding {
        self.pending.settings(self.plan, staff)
    }
}

impl Engine {
    /// Whom a call rings, with the forwardings on its way.
    pub(super) fn decide(&self, plan: &DialPlan, facts: &CallFacts<'_>) -> (Decision, Trail) {
        let view = self.view(plan);
        let mut trail = Trail::default();
        let first = internal::decide(plan, facts);
        let decision = forwarding::follow(plan, facts, &view, (first, &mut trail));
        (decision, trail)
    }

    /// Where a call goes whose last person was rung in vain; `None`: they have set nothing for that.
    pub(super) fn decide_after(
        &self,
        plan: &DialPlan,
        facts: &CallFacts<'_>,
        (person, why, trail): (StaffId, Condition, &mut Trail),
    ) -> Option<Decision> {
        forwarding::follow_later(plan, facts, &self.view(plan), (person, why, trail))
    }

    pub(super) fn view<'a>(&'a self, plan: &'a DialPlan) -> View<'a> {
        View {
            plan,
            registrar: &self.registrar,
            alive: &self.alive,
            pending: &self.pending,
            calls: &self.calls,
            watchers: &self.watchers,
        }
    }
}
