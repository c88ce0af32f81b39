//! Calls that come back: a telephone outside that rings for a call of ours sends its calls on to a number of ours, and the
//! call would go round for ever (L29).

use std::collections::BTreeSet;

use frontdesk_routing::because::Because;
use frontdesk_routing::inbound;
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::{DialPlan, PlanTrunk};
use frontdesk_sip::event::SessionId;
use frontdesk_sip::wire::{HeaderName, Message, NameAddr};

use super::Engine;
use crate::engine::call::Side;
use crate::engine::caller::number_in;
use crate::engine::new_call::NewCall;
use crate::engine::requests::reply;
use crate::engine::turned::{Turned, turned};

/// Values of Diversion and History-Info that are read.
const MOST_VALUES: usize = 20;

/// Sessions of calls outside, each by the number that it shows there and by the one that it rings.
#[derive(Debug, Default)]
pub(super) struct Abroad(BTreeSet<(PhoneNumber, SessionId)>);

impl Abroad {
    pub(super) fn note(&mut self, session: SessionId, numbers: [Option<PhoneNumber>; 2]) {
        self.0
            .extend(numbers.into_iter().flatten().map(|number| (number, session)));
    }

    pub(super) fn forget(&mut self, session: SessionId, numbers: [Option<PhoneNumber>; 2]) {
        for number in numbers.into_iter().flatten() {
            self.0.remove(&(number, session));
        }
    }

    fn of(&self, number: PhoneNumber) -> impl Iterator<Item = SessionId> + '_ {
        let all = (number, SessionId(u64::MIN))..=(number, SessionId(u64::MAX));
        self.0.range(all).map(|(_, session)| *session)
    }
}

/// What a provider says of a call that may come back.
struct Returned<'a> {
    new: &'a NewCall<'a>,
    caller: Option<PhoneNumber>,
    /// The connected number that it is for.
    called: Option<PhoneNumber>,
    /// Who has sent it on.
    by: Vec<PhoneNumber>,
}

impl Engine {
    /// Refuses a call from outside that has left the house itself: it shows one of our own numbers, or the very number that
    /// we show to a telephone which rings now, for the same number of ours or sent on by that telephone.
    pub(in crate::engine) fn comes_back(&self, new: &NewCall<'_>) -> Result<(), Box<Turned>> {
        let plan: &DialPlan = new.plan;
        let trunk = new.known.party.trunk.and_then(|trunk| plan.staff.trunk(trunk));
        let Some(trunk) = trunk else { return Ok(()) };
        let back = Returned {
            new,
            caller: new.known.shown.outside(),
            called: inbound::connected(plan, trunk, &new.dialled).map(|number| number.number),
            by: sent_on_by(plan, trunk, new.request),
        };
        let own = |caller| inbound::is_own(plan, trunk.account, caller);
        if back.caller.is_some_and(own) {
            return Err(turned(reply(482), Because::OwnNumberComesBack));
        }
        let numbers = back.caller.iter().chain(&back.by);
        let mut sessions = numbers.flat_map(|number| self.trunks.abroad.of(*number));
        match sessions.any(|session| self.has_left(session, &back)) {
            true => Err(turned(reply(482), Because::ComesBack)),
            false => Ok(()),
        }
    }

    /// The leg still rings outside, and the call that came is the one that it rings for.
    fn has_left(&self, session: SessionId, back: &Returned<'_>) -> bool {
        let Some((id, side @ Side::Called(_))) = self.find(session) else {
            return false;
        };
        let Some(call) = self
            .calls
            .get(&id)
            .filter(|call| call.account == back.new.known.account)
        else {
            return false;
        };
        let rings = call
            .leg(side)
            .is_some_and(|leg| leg.answered_at.is_none() && leg.ended_at.is_none());
        let Some(attempts) = self.trunks.attempts.get(&session).filter(|_| rings) else {
            return false;
        };
        let [shows, rung] = attempts.numbers();
        let arrived_on = self.arrived_on(call);
        let sent_on = |number: Option<PhoneNumber>| number.is_some_and(|number| back.by.contains(&number));
        match back.caller {
            Some(_) if back.caller == shows => {
                (back.called.is_some() && back.called == arrived_on) || sent_on(rung) || sent_on(arrived_on)
            }
            Some(_) => false,
            None => call.caller.shown.restricted && sent_on(rung),
        }
    }
}

/// The numbers in Diversion (RFC 5806) and History-Info (RFC 7044). They count for nothing else.
fn sent_on_by(plan: &DialPlan, trunk: &PlanTrunk, request: &Message) -> Vec<PhoneNumber> {
    let region = plan.accounts.get(trunk.account).map(|account| &*account.region);
    let region = region.unwrap_or_default();
    let diversions = request.values(HeaderName::Other("Diversion"));
    let values = diversions.chain(request.values(HeaderName::Other("History-Info")));
    values
        .take(MOST_VALUES)
        .filter_map(|value| NameAddr::read(value).ok())
        .filter_map(|named| number_in(&String::from_utf8_lossy(named.raw_uri()), region))
        .collect()
}
