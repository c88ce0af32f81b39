//! Early media: what a single callee says before it answers reaches the caller (RFC 3960). Where several phones ring, none
//! of them is heard: the caller gets 180 and its own phone's ringing tone. When the one that is heard comes to nothing, the
//! next single one is; where that says nothing the caller, whose phone listens to us by now, hears our ringing tone.

use frontdesk_media::io::command::{Direction, MediaCommand};
use frontdesk_routing::call::CallEvent;
use frontdesk_routing::ids::{CallId, LegId};
use frontdesk_sip::Now;
use frontdesk_sip::command::Command;
use frontdesk_sip::event::SessionId;
use frontdesk_sip::wire::Message;

use super::Engine;
use super::call::{Call, Side};
use super::media::Tune;
use super::output::Output;

/// What the caller hears before anybody has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Early {
    /// Nothing of ours: its own phone rings.
    #[default]
    Nothing,
    /// This leg.
    Leg(LegId),
    /// Nothing any more: the leg that it heard has come to nothing, or has answered.
    Lost,
    /// Our ringing tone.
    Ringing,
}

impl Early {
    /// A 183 has answered the caller's offer: whatever describes our side later repeats that (RFC 6337 section 3.1).
    pub(super) fn is_described(self) -> bool {
        self != Early::Nothing
    }
}

impl Engine {
    pub(super) fn on_progress(&mut self, session: SessionId, response: &Message, now: Now) {
        let Some((id, Side::Called(leg))) = self.find(session) else {
            return;
        };
        self.keep_early(id, leg, response);
        self.review_early(id, now);
        self.step(id, CallEvent::Ringing(leg), now);
        self.ring_again(id, leg, now);
    }

    /// The call has taken a step: whoever has come to nothing is heard no more, and who is the only one left may be.
    pub(super) fn review_early(&mut self, id: CallId, now: Now) {
        self.lose_early(id);
        if let Some(leg) = self.calls.get(&id).and_then(|call| call.may_be_heard()) {
            self.hear_early(id, leg, now);
        }
    }

    /// What a phone describes before it answers; a second description of the same phone does not count.
    fn keep_early(&mut self, id: CallId, leg: LegId, response: &Message) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let wanted = call.may_hear() && call.is_calling(leg);
        let Some(leg) = call.leg_mut(Side::Called(leg)).filter(|_| wanted) else {
            return;
        };
        let fresh = leg.answered_at.is_none() && leg.media.settled().is_none();
        if fresh && !response.body().is_empty() {
            leg.media.accept_early(response.body()).unwrap_or_default();
        }
    }

    fn lose_early(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        match call.early {
            Early::Leg(leg) if !(call.machine.is_ringing() && call.is_calling(leg)) => {
                call.early = Early::Lost;
                let answered = call.other(Side::Caller) == Some(Side::Called(leg));
                let a = call.caller.media.leg;
                let b = call.leg(Side::Called(leg)).map(|leg| leg.media.leg);
                let part = b.filter(|_| !answered).map(|b| MediaCommand::Part { a, b });
                self.outputs.extend(part.map(Output::Media));
            }
            Early::Ringing if !call.machine.is_ringing() => {
                call.early = Early::Lost;
                self.set_tune(id, Side::Caller, None);
            }
            Early::Nothing | Early::Leg(_) | Early::Lost | Early::Ringing => {}
        }
    }

    /// Lets the caller hear the only phone that is called, by a 183 with our description.
    fn hear_early(&mut self, id: CallId, leg: LegId, now: Now) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let side = Side::Called(leg);
        let heard = call.leg(side).map(|leg| (leg.media.codec(), leg.media.leg));
        let (Some((codec, b)), Some(offer)) = (heard, call.offer.clone()) else {
            return;
        };
        let first = !call.early.is_described();
        let mut media = call.caller.media.clone();
        codec
            .filter(|_| first)
            .into_iter()
            .for_each(|codec| media.prefer(codec));
        let Ok(body) = media.answer(&offer, Direction::SendRecv) else {
            return;
        };
        if first {
            // Later the caller may have changed by UPDATE what it offered at first.
            call.caller.media = media;
        }
        call.early = Early::Leg(leg);
        let (session, a) = (call.caller.session, call.caller.media.leg);
        let ring = Command::Ring {
            session,
            status: 183,
            headers: Vec::new(),
            body: Some(body),
        };
        self.endpoint.command(ring, now);
        self.configure(id, side);
        if first {
            self.configure(id, Side::Caller);
        }
        self.set_tune(id, Side::Caller, None);
        self.outputs.push_back(Output::Media(MediaCommand::Join { a, b }));
    }

    /// A phone rings for a caller who hears nobody any more and whose own phone has stopped ringing.
    fn ring_again(&mut self, id: CallId, leg: LegId, now: Now) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let rings = call.machine.is_ringing() && call.is_calling(leg);
        if !rings || call.early != Early::Lost {
            return;
        }
        call.early = Early::Ringing;
        let ring = Command::Ring {
            session: call.caller.session,
            status: 180,
            headers: Vec::new(),
            body: None,
        };
        self.endpoint.command(ring, now);
        self.set_tune(id, Side::Caller, Some(Tune::Ringback));
    }
}

impl Call {
    fn is_calling(&self, leg: LegId) -> bool {
        self.machine.calling().any(|calling| calling == leg)
    }

    /// The caller may hear somebody before an answer.
    fn may_hear(&self) -> bool {
        self.machine.is_ringing() && !self.machine.is_queued() && self.offer.is_some()
    }

    /// The only phone that is called, if it has described what it says before it answers and is not heard yet.
    fn may_be_heard(&self) -> Option<LegId> {
        if !self.may_hear() || matches!(self.early, Early::Leg(_)) {
            return None;
        }
        let mut calling = self.machine.calling();
        let only = calling.next()?;
        if calling.next().is_some() {
            return None;
        }
        let leg = self.leg(Side::Called(only))?;
        (leg.answered_at.is_none() && leg.media.settled().is_some()).then_some(only)
    }
}
