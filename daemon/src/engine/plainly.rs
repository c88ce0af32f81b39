//! Phones that do not take our offer of SRTP: where the policy allows it they are offered plain RTP, and nobody but they
//! notices.

use bytes::Bytes;
use frontdesk_routing::call::CallEvent;
use frontdesk_routing::ids::{CallId, LegId};
use frontdesk_sip::Now;
use frontdesk_sip::command::{Command, Headers};
use frontdesk_sip::event::SessionId;

use super::Engine;
use super::call::Side;
use super::media::Asking;

impl Engine {
    /// The INVITE was refused, and went once more with the second offer.
    pub(super) fn on_second_offer(&mut self, session: SessionId) {
        let Some((id, side)) = self.find(session) else { return };
        if let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(side)) {
            leg.media.go_plain();
        }
    }

    /// The phone has answered without SRTP, or without any audio: it is asked for plain RTP inside the dialog, since
    /// whoever sits there has picked up. False: nothing else may be offered.
    pub(super) fn ask_plainly(&mut self, id: CallId, side: Side, now: Now) -> bool {
        let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(side)) else {
            return false;
        };
        if !leg.media.go_plain() {
            return false;
        }
        leg.media.asking = Asking::Sent;
        let told = leg.media.told;
        let reinvite = Command::Reinvite {
            session: leg.session,
            headers: Headers::new(),
            body: leg.media.offer(told),
        };
        self.endpoint.command(reinvite, now);
        true
    }

    /// The called leg, if it has answered and its audio is still asked for.
    pub(super) fn is_unsettled(&self, id: CallId, side: Side) -> Option<LegId> {
        let Side::Called(leg) = side else { return None };
        let call = self.calls.get(&id)?;
        let answered = call.leg(side)?.answered_at.is_some();
        let calling = call.machine.calling().any(|calling| calling == leg);
        (answered && calling).then_some(leg)
    }

    /// What came of the second offer to a phone that has picked up: only now it counts as answered.
    pub(super) fn on_plain_answer(&mut self, id: CallId, leg: LegId, answer: Option<&Bytes>, now: Now) {
        let called = Side::Called(leg);
        let Some(side) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(called)) else {
            return;
        };
        side.media.asking = Asking::No;
        let taken = answer.is_some_and(|answer| side.media.accept(answer).is_ok());
        // An offer of its own may have come between.
        if !taken && side.media.settled().is_none() {
            return self.on_wrong_answer(id, leg, now);
        }
        side.media.withdraw();
        if !self.whisper(id, leg, now) {
            self.step(id, CallEvent::Answered(leg), now);
        }
    }

    /// A phone has answered, and there is no audio that we could have with it.
    pub(super) fn on_wrong_answer(&mut self, id: CallId, leg: LegId, now: Now) {
        let called = Side::Called(leg);
        let Some(side) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(called)) else {
            return;
        };
        side.status = 488;
        let session = side.session;
        let reason = Some("SIP;cause=488;text=\"Not Acceptable Here\"".to_owned());
        self.endpoint.command(Command::Bye { session, reason }, now);
        self.forget_session(session);
        self.step(id, CallEvent::Refused(leg, 488), now);
        self.on_leg_over(id, called, now);
    }
}
