//! Somebody comes into a call by an INVITE of their own: it replaces a dialog (RFC 3891), or a feature code picks up.

use frontdesk_media::io::command::Direction;
use frontdesk_routing::call::CallEvent;
use frontdesk_routing::ids::{CallId, LegId};
use frontdesk_sip::Now;
use frontdesk_sip::command::{Command, Reply};
use frontdesk_sip::event::{Replaced, SessionId};
use frontdesk_sip::flow::FlowId;
use frontdesk_sip::wire::Message;

use super::Engine;
use super::call::{Leg, Side};
use super::caller::{Known, know};
use super::connected::{takes_another_from, takes_update};
use super::media::{MediaSide, status_of};
use super::new_call::sip_call_id;
use super::offered::offer_of;
use super::requests::reply;
use super::transfer::MOST_LEGS;

/// Who comes.
pub(super) struct Comer<'a> {
    pub(super) session: SessionId,
    pub(super) request: &'a Message,
    pub(super) flow: &'a FlowId,
    pub(super) known: Known,
}

impl Engine {
    /// An INVITE with Replaces: by the phone that was sent here by a transfer, or by somebody who picks a call up.
    pub(super) fn on_replacing(
        &mut self,
        session: SessionId,
        (request, flow): (&Message, &FlowId),
        replaced: Replaced,
        now: Now,
    ) {
        if let Err(reply) = self.replace(session, (request, flow), replaced, now) {
            self.endpoint.command(Command::Refuse { session, reply }, now);
        }
    }

    fn replace(
        &mut self,
        session: SessionId,
        (request, flow): (&Message, &FlowId),
        replaced: Replaced,
        now: Now,
    ) -> Result<(), Reply> {
        let account = self.authenticate(request, flow, now)?;
        let plan = std::sync::Arc::clone(&self.plan);
        let owner = plan.staff.by_sip(account).ok_or_else(|| reply(403))?;
        let known = know(&plan, owner, request);
        let (id, gone) = self.find(replaced.session).ok_or_else(|| reply(481))?;
        let comer = Comer {
            session,
            request,
            flow,
            known,
        };
        self.come(id, Some(gone), comer, now)
    }

    /// Takes the place of a leg that talks or rings, or joins a party that waits; the error is the INVITE's answer.
    /// A call of another account, or a provider's line that comes, finds nothing (RFC 3891 section 7).
    pub(super) fn come(&mut self, id: CallId, gone: Option<Side>, comer: Comer<'_>, now: Now) -> Result<(), Reply> {
        let call = self.calls.get(&id).ok_or_else(|| reply(481))?;
        if call.account != comer.known.account || comer.known.party.staff.is_none() {
            return Err(reply(481));
        }
        let partner = call.partner_of(gone).ok_or_else(|| reply(481))?;
        if call.called.len() >= MOST_LEGS {
            return Err(reply(503));
        }
        let offer = offer_of(comer.request).map_err(|turned| turned.reply)?;
        let near = call.leg(partner).map(|leg| (leg.media.port, leg.media.codec()));
        let (near, codec) = near.ok_or_else(|| reply(481))?;
        let mut media = self.media_side(comer.flow, Some(near)).map_err(|turned| turned.reply)?;
        codec.into_iter().for_each(|codec| media.prefer(codec));
        let body = match offer {
            Some(offer) => media.answer(&offer, Direction::SendRecv).map_err(|error| {
                self.put_back(media.port);
                reply(status_of(&error))
            })?,
            None => {
                media.late = true;
                media.offer(Direction::SendRecv)
            }
        };
        let leg = self.coming_leg(&comer, media, now);
        let new = leg.id;
        self.open_media(&leg);
        self.note_whose(leg.session, leg.staff, leg.trunk);
        self.sessions.insert(leg.session, id);
        self.media_legs.insert(leg.media.leg, id);
        let name = leg.party.number.clone().unwrap_or_default();
        if let Some(call) = self.calls.get_mut(&id) {
            call.called.push(Leg {
                sees: Some(partner),
                ..leg
            });
            call.note(&format!("taken over by {name}"));
        }
        let headers = self.identity_of(id, Side::Called(new), partner);
        self.remember_partner(id, (Side::Called(new), partner));
        let session = comer.session;
        self.endpoint.command(Command::Accept { session, headers, body }, now);
        self.step(id, CallEvent::Replace { gone, by: new }, now);
        Ok(())
    }

    fn coming_leg(&mut self, comer: &Comer<'_>, media: MediaSide, now: Now) -> Leg {
        Leg {
            id: LegId::new(now.unix_ms, self.random()),
            session: comer.session,
            sip_call_id: sip_call_id(comer.request),
            flow: *comer.flow,
            staff: comer.known.party.staff,
            trunk: None,
            party: comer.known.party.clone(),
            shown: comer.known.shown.clone(),
            sees: None,
            updates: takes_update(comer.request),
            renames: takes_another_from(comer.request),
            hears: None,
            open: true,
            leaving: false,
            confirms: false,
            whispers: None,
            media,
            started_at: now.unix_ms,
            answered_at: Some(now.unix_ms),
            ended_at: None,
            status: 200,
        }
    }
}

impl super::call::Call {
    /// With whom somebody would talk who takes this place; `None`: it cannot be taken.
    fn partner_of(&self, gone: Option<Side>) -> Option<Side> {
        let rings = |side| matches!(side, Side::Called(leg) if self.machine.calling().any(|calling| calling == leg));
        match gone {
            Some(side) if self.other(side).is_some() => self.other(side),
            Some(side) if self.machine.is_ringing() && rings(side) => Some(Side::Caller),
            Some(side) if rings(side) => self.machine.waiting(),
            Some(_) => None,
            None => self.machine.waiting(),
        }
    }
}
