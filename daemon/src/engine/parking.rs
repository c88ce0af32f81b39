//! Parking: a party waits at a numbered place with music until somebody dials the place's number. Whoever parked it is
//! called back when nobody does.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use frontdesk_media::io::command::MediaCommand;
use frontdesk_media::sound::Sound;
use frontdesk_routing::because::Because;
use frontdesk_routing::call::CallEvent;
use frontdesk_routing::decision::Decision;
use frontdesk_routing::facts::{CallFacts, Caller};
use frontdesk_routing::features::{self, Feature, FeatureCall};
use frontdesk_routing::ids::{AccountId, CallId, StaffId};
use frontdesk_routing::plan::DialPlan;
use frontdesk_sip::Now;

use super::Engine;
use super::call::Side;
use super::feature::{Act, Answer, refused};
use super::new_call::NewCall;
use super::takeover::Comer;
use super::turned::Turned;

/// Milliseconds before the place is spoken.
const LEAD_IN: usize = 300;

/// Which call waits where.
#[derive(Debug, Default)]
pub(super) struct Parked {
    places: BTreeMap<(AccountId, u16), CallId>,
}

impl Parked {
    pub(super) fn at(&self, account: AccountId, place: u16) -> Option<CallId> {
        self.places.get(&(account, place)).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }
}

impl Engine {
    /// The place that a transfer is meant for, or the status that its transferor is told; `None`: it is meant for somebody.
    pub(super) fn place_for(
        &self,
        plan: &DialPlan,
        (account, transferor): (AccountId, StaffId),
        dialled: &str,
    ) -> Option<Result<u16, u16>> {
        let facts = CallFacts {
            account,
            caller: Caller::Staff(transferor),
            dialled,
            // no code depends on it
            at: 0,
        };
        Some(match features::decide(plan, &facts)? {
            Decision::Feature(FeatureCall::Park) => self.free_place(plan, account).ok_or(486),
            Decision::Feature(FeatureCall::Retrieve(place)) if self.parked.at(account, place).is_some() => Err(486),
            Decision::Feature(FeatureCall::Retrieve(place)) => Ok(place),
            Decision::Feature(FeatureCall::LeaveMessage(_)) => return None,
            // Nobody else's call has to do with what a code changes.
            Decision::Feature(_) => Err(403),
            Decision::Refuse { status, .. } => Err(status),
            Decision::Ring { .. }
            | Decision::Queue { .. }
            | Decision::Menu { .. }
            | Decision::Message { .. }
            | Decision::Outside { .. }
            | Decision::Emergency { .. } => return None,
        })
    }

    fn free_place(&self, plan: &DialPlan, account: AccountId) -> Option<u16> {
        let free = |place: &u16| self.parked.at(account, *place).is_none() && features::is_free(plan, account, *place);
        plan.features.of(account).places.iter().find(free)
    }

    /// The party that `by` talks with waits at the place from now on; `by` is told where, and let go.
    pub(super) fn park(&mut self, id: CallId, (by, place): (Side, u16), now: Now) {
        let name = self.name_of(id, by);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(party) = call.other(by) else { return };
        call.note(&format!("parked at {place} by {name}"));
        call.place = Some(place);
        let account = call.account;
        self.parked.places.insert((account, place), id);
        self.tell_place(id, (by, place), now);
        let spoken = self.prepare_to_say(id, by, place);
        self.step(id, CallEvent::Park { party }, now);
        self.wait_at_most(id, self.config.parking_timeout, now);
        self.outputs.extend(spoken);
        self.touch_place(account, place);
    }

    /// The place's number for the ears of whoever parked, who is let go when it has been spoken.
    fn prepare_to_say(&mut self, id: CallId, by: Side, place: u16) -> Option<super::Output> {
        let token = self.token();
        let account = self.calls.get(&id)?.account;
        let sound = Sound::silence(LEAD_IN).then(&self.spoken(account, &place.to_string()));
        let call = self.calls.get_mut(&id)?;
        let leg = call.leg_mut(by)?;
        leg.media.settled().filter(|media| media.direction.we_send())?;
        leg.hears = Some(token);
        Some(super::Output::Media(MediaCommand::Play {
            leg: leg.media.leg,
            sound: Arc::new(sound),
            repeat: false,
            token,
        }))
    }

    /// Whoever dials a place's number talks with the party that waits there.
    pub(super) fn retrieve(&mut self, new: &NewCall<'_>, place: u16, now: Now) -> Result<(), Box<Turned>> {
        let parked = self.parked.at(new.known.account, place);
        let id = parked.ok_or_else(|| refused(404, Feature::Park, "nobody is parked there"))?;
        let comer = Comer {
            session: new.session,
            request: new.request,
            flow: new.flow,
            known: new.known.clone(),
        };
        let come = self.come(id, None, comer, now);
        come.map_err(|reply| refused(reply.status, Feature::Park, "the call could not be taken"))
    }

    /// Somebody calls the code itself: the first free place is spoken, and an attended transfer to this call parks there.
    pub(super) fn offer_place(
        &mut self,
        new: &NewCall<'_>,
        offer: Option<&Bytes>,
        now: Now,
    ) -> Result<(), Box<Turned>> {
        let place = self.free_place(new.plan, new.known.account);
        let place = place.ok_or_else(|| refused(486, Feature::Park, "every place is taken"))?;
        let spoken = self.spoken(new.known.account, &place.to_string());
        let pause = Sound::silence(2_000);
        let sound = (0..8).fold(Sound::silence(0), |all, _| all.then(&spoken).then(&pause));
        let answer = Answer {
            because: Because::FeatureCode(Feature::Park),
            act: Act::say(&sound),
            parks_at: Some(place),
        };
        self.answer(new, offer, answer, now).map(drop)
    }

    /// An attended transfer to a call of the parking code: the party of `by` waits at the place that was spoken, or at the
    /// first free one if somebody was faster.
    pub(super) fn park_attended(&mut self, id: CallId, by: Side, code: CallId, now: Now) -> Result<(), u16> {
        let plan = Arc::clone(&self.plan);
        let account = self.calls.get(&id).map(|call| call.account).ok_or(481_u16)?;
        let service = self.calls.get(&code).and_then(|call| call.service.as_ref());
        let spoken = service.and_then(|service| service.parks_at).ok_or(603_u16)?;
        let place = match self.parked.at(account, spoken) {
            None => spoken,
            Some(_) => self.free_place(&plan, account).ok_or(486_u16)?,
        };
        self.park(id, (by, place), now);
        self.step(code, CallEvent::Stop, now);
        Ok(())
    }

    /// Nobody waits there any more.
    pub(super) fn vacate(&mut self, account: AccountId, place: Option<u16>) {
        if let Some(place) = place {
            self.parked.places.remove(&(account, place));
            self.touch_place(account, place);
        }
    }
}
