//! Pickup by feature code: a colleague's ringing call is taken.

use frontdesk_routing::features::Feature;
use frontdesk_routing::ids::{CallId, LegId, StaffId};
use frontdesk_routing::plan::PickupRight;
use frontdesk_sip::Now;

use super::Engine;
use super::call::{Call, Side};
use super::feature::refused;
use super::new_call::NewCall;
use super::takeover::Comer;
use super::turned::Turned;

/// A phone that rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ringing {
    since: i64,
    call: CallId,
    leg: LegId,
}

impl Engine {
    /// Connects whoever dialled with the caller of a ringing colleague: of this one, or of the one who has been rung
    /// longest. What rings is cancelled as answered elsewhere.
    pub(super) fn pick_up(
        &mut self,
        (new, picker): (&NewCall<'_>, StaffId),
        whom: Option<StaffId>,
        now: Now,
    ) -> Result<(), Box<Turned>> {
        let feature = match whom {
            Some(_) => Feature::PickupPerson,
            None => Feature::PickupAny,
        };
        let plan = new.plan;
        let right = plan.features.of(new.known.account).pickup;
        let shares = |staff: StaffId| staff == picker || plan.departments.share(picker, staff);
        let may = |staff: StaffId| match (whom, right) {
            (Some(whom), _) if whom != staff => false,
            (Some(_), PickupRight::Anyone) => true,
            // In a company without departments everybody is one group.
            (None, PickupRight::Anyone) => shares(staff) || !plan.departments.has(picker),
            (_, PickupRight::Department) => shares(staff),
        };
        if whom.is_some_and(|whom| !may(whom)) {
            return Err(refused(403, feature, "the colleague is in no department of the caller"));
        }
        let calls = self.calls.values().filter(|call| call.account == new.known.account);
        let calls = calls.filter(|call| !call.has(picker));
        let ringing = calls.flat_map(|call| call.ringing().filter(|(_, staff)| may(*staff)).map(|(at, _)| at));
        let oldest = ringing.min();
        let Ringing { call, leg, .. } = oldest.ok_or_else(|| refused(480, feature, "no call rings"))?;
        let comer = Comer {
            session: new.session,
            request: new.request,
            flow: new.flow,
            known: new.known.clone(),
        };
        let picked = self.come(call, Some(Side::Called(leg)), comer, now);
        picked.map_err(|reply| refused(reply.status, feature, "the call could not be taken"))
    }
}

impl Call {
    fn ringing(&self) -> impl Iterator<Item = (Ringing, StaffId)> + '_ {
        let legs = self.called.iter();
        let calling = legs.filter(|leg| self.machine.calling().any(|calling| calling == leg.id));
        calling.filter_map(|leg| {
            let ringing = Ringing {
                since: leg.started_at,
                call: self.id,
                leg: leg.id,
            };
            Some((ringing, leg.staff?))
        })
    }

    /// The person calls in it or has answered it: nobody picks up their own call.
    fn has(&self, staff: StaffId) -> bool {
        let answered = self.called.iter().filter(|leg| leg.answered_at.is_some());
        let mut parties = std::iter::once(&self.caller).chain(answered);
        parties.any(|leg| leg.staff == Some(staff) && leg.ended_at.is_none())
    }
}
