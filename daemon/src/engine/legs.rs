//! SIP events become leg events.

use bytes::Bytes;
use frontdesk_media::io::command::Direction;
use frontdesk_routing::call::CallEvent;
use frontdesk_routing::ids::{CallId, LegId};
use frontdesk_routing::masking::may_hold_a_number;
use frontdesk_sip::Now;
use frontdesk_sip::command::{Body, Command};
use frontdesk_sip::event::{EndedBy, Event, SessionId, TransactionId};
use frontdesk_sip::trunk::cause;
use frontdesk_sip::wire::{HeaderName, Message, Method};

use super::Engine;
use super::call::Side;
use super::connect::ELSEWHERE;
use super::connected::{takes_another_from, takes_update};
use super::requests::{reply, reply_with};

/// INFO bodies carry a key press; nothing larger is relayed.
const LARGEST_RELAYED: usize = 4096;
/// Requests of a call that may wait for an answer at a time.
const MOST_RELAYED: usize = 16;

impl Engine {
    pub(super) fn on_event(&mut self, event: Event, now: Now) {
        match event {
            Event::Request {
                transaction,
                request,
                flow,
            } => self.on_request(transaction, &request, &flow, now),
            Event::Invite {
                session,
                request,
                flow,
                replaces: None,
            } => self.on_invite(session, &request, &flow, now),
            Event::Invite {
                session,
                request,
                flow,
                replaces: Some(replaced),
            } => self.on_replacing(session, (&request, &flow), replaced, now),
            Event::Cancelled { session, reason } => {
                self.hear_reason(session, reason.as_deref());
                self.on_leg(session, now, |_| Some(CallEvent::Cancelled));
            }
            Event::Progress { session, response } => {
                self.doubts.forget(session);
                self.on_progress(session, &response, now);
            }
            Event::Answered { session, response } => {
                self.doubts.forget(session);
                self.on_answered(session, &response, now);
            }
            Event::SecondOffer { session } => self.on_second_offer(session),
            Event::Refused {
                session,
                status,
                response,
            } => self.on_refused(session, status, response.as_ref(), now),
            Event::Acked { session, body } => self.on_acked(session, &body, now),
            Event::Offer { session, request } => self.on_offer(session, &request, now),
            Event::OfferResult {
                session,
                status,
                response,
            } => {
                let answer = response.filter(|_| status < 300).map(|response| response.body_bytes());
                self.on_offer_result(session, answer.as_ref(), now);
            }
            Event::InDialog {
                session,
                transaction,
                request,
            } => self.relay(session, transaction, &request, now),
            Event::InDialogResult { session, token, status } => self.on_in_dialog_result(session, token, status, now),
            Event::Response {
                token,
                status,
                response,
            } => {
                if !self.on_sign_of_life(token, response.is_some(), now) {
                    self.on_trunk_response(token, (status, response), now);
                }
            }
            Event::Subscribe {
                subscription,
                request,
                flow,
            } => self.on_subscribe(subscription, &request, &flow, now),
            Event::SubscriptionRefreshed { subscription, expires } => self.on_resubscribed(subscription, expires, now),
            Event::SubscriptionEnded { subscription } => self.forget_watch(subscription),
            Event::FlowLeft { flow } => self.adrift.forget(&flow),
            Event::Ended { session, by, reason } => {
                self.hear_reason(session, reason.as_deref());
                self.on_ended(session, by, now);
            }
        }
    }

    /// Finds the call of a session and steps it.
    fn on_leg(&mut self, session: SessionId, now: Now, event: impl FnOnce(Side) -> Option<CallEvent>) {
        let Some((call, side)) = self.find(session) else { return };
        if let Some(event) = event(side) {
            self.step(call, event, now);
        }
    }

    /// A provider says in the words of the telephone network why a call ends: whoever it was with is told the same.
    fn hear_reason(&mut self, session: SessionId, reason: Option<&str>) {
        let Some((id, side)) = self.find(session) else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(reason) = reason.filter(|_| call.leg(side).is_some_and(|leg| leg.trunk.is_some())) else {
            return;
        };
        call.reason = match cause::is_elsewhere(reason) {
            true => Some(ELSEWHERE.to_owned()),
            false => cause::passed_on(reason),
        };
    }

    fn on_refused(&mut self, session: SessionId, status: u16, response: Option<&Message>, now: Now) {
        if response.is_some() {
            self.doubts.forget(session);
        }
        if let (300..400, Some(response)) = (status, response) {
            self.on_redirected(session, response, now);
        }
        let status = self.on_outside_refused(session, status, response, now);
        self.on_flow_failed(session, status, response, now);
        if !matches!(response.and_then(Message::status), Some(401..=403 | 407)) {
            let reason = response.and_then(|response| response.listed(HeaderName::Reason));
            self.hear_reason(session, reason.as_deref());
        }
        if let Some((id, side)) = self.find(session) {
            if let Some(leg) = called(side) {
                self.on_busy(id, leg, status, now);
            }
            self.on_leg(session, now, |side| {
                called(side).map(|leg| CallEvent::Refused(leg, status))
            });
            self.on_leg_over(id, side, now);
            self.leave_unreached(id, now);
        }
        self.forget_session(session);
    }

    fn on_ended(&mut self, session: SessionId, by: EndedBy, now: Now) {
        if let Some((id, side)) = self.find(session) {
            let event = match by {
                // It has answered, but not what it was offered.
                EndedBy::Bye if let Some(leg) = self.is_unsettled(id, side) => CallEvent::Refused(leg, 480),
                EndedBy::Bye => CallEvent::HungUp(side),
                EndedBy::AckLost | EndedBy::PeerGone | EndedBy::FlowGone | EndedBy::SessionExpired => {
                    CallEvent::Lost(side)
                }
            };
            self.step(id, event, now);
            self.on_leg_over(id, side, now);
        }
        self.forget_session(session);
    }

    fn on_in_dialog_result(&mut self, session: SessionId, token: u64, status: u16, now: Now) {
        let id = self.find(session).map(|(id, _)| id);
        if !id.is_some_and(|id| self.on_notified(id, (token, status), now)) {
            self.relay_back(session, token, status, now);
        }
    }

    pub(super) fn find(&self, session: SessionId) -> Option<(CallId, Side)> {
        let id = *self.sessions.get(&session)?;
        Some((id, self.calls.get(&id)?.side_of(session)?))
    }

    fn on_answered(&mut self, session: SessionId, response: &Message, now: Now) {
        let Some((id, Side::Called(leg))) = self.find(session) else {
            return self.endpoint.command(Command::Bye { session, reason: None }, now);
        };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(side) = call.leg_mut(Side::Called(leg)) else {
            return;
        };
        side.status = 200;
        side.answered_at = Some(now.unix_ms);
        side.updates = takes_update(response);
        side.renames = takes_another_from(response);
        // A reliable provisional response may have brought the answer, and an UPDATE a later one (RFC 6337 section 2).
        let unsettled = side.media.settled().is_none();
        let early = self.endpoint.early_answer(session);
        let early = early.filter(|_| unsettled && response.body().is_empty());
        match side.media.accept_final(early.as_deref().unwrap_or(response.body())) {
            Ok(()) if self.ask_for_key(id, leg) || self.whisper(id, leg, now) => {}
            Ok(()) => self.step(id, CallEvent::Answered(leg), now),
            Err(_) if self.ask_plainly(id, Side::Called(leg), now) => {}
            Err(_) => self.on_wrong_answer(id, leg, now),
        }
    }

    /// The ACK of a 200 of ours carries the answer when the INVITE had no offer.
    fn on_acked(&mut self, session: SessionId, body: &Bytes, now: Now) {
        let Some((id, side)) = self.find(session) else { return };
        let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(side)) else {
            return;
        };
        if !leg.media.late {
            return;
        }
        match leg.media.accept(body) {
            Ok(()) => self.on_settled(id, side, now),
            Err(_) if self.ask_plainly(id, side, now) => {}
            // RFC 3261 section 13.3.1.4 leaves nothing but hanging up.
            Err(_) => self.step(id, CallEvent::Lost(side), now),
        }
    }

    /// INFO goes to the other party and its answer comes back; what else is sent inside a dialog we do not serve.
    fn relay(&mut self, session: SessionId, transaction: TransactionId, request: &Message, now: Now) {
        let reply = match request.method() {
            Method::Info if self.press(session, request, now) => reply(200),
            Method::Info => match self.relay_info(session, transaction, request, now) {
                Ok(()) => return,
                Err(status) => reply(status),
            },
            Method::Refer => return self.on_refer(session, transaction, request, now),
            Method::Notify => reply(481),
            Method::Invite
            | Method::Ack
            | Method::Bye
            | Method::Cancel
            | Method::Options
            | Method::Register
            | Method::Prack
            | Method::Update
            | Method::Subscribe
            | Method::Publish
            | Method::Message
            | Method::Other(_) => reply_with(
                405,
                "Allow",
                "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER",
            ),
        };
        self.endpoint.command(Command::Respond { transaction, reply }, now);
    }

    /// The error is the status that the sender gets at once.
    fn relay_info(
        &mut self,
        session: SessionId,
        transaction: TransactionId,
        request: &Message,
        now: Now,
    ) -> Result<(), u16> {
        let (id, side) = self.find(session).ok_or(481_u16)?;
        let token = self.token();
        let hidden = self.hides_body(id, side, request.body());
        let call = self.calls.get_mut(&id).ok_or(481_u16)?;
        // Before somebody answered there is nobody to tell.
        let Some(other) = call
            .other(side)
            .and_then(|other| call.leg(other))
            .map(|leg| leg.session)
        else {
            return Err(200);
        };
        if request.body().len() > LARGEST_RELAYED {
            return Err(413);
        }
        if hidden {
            return Err(403);
        }
        if call.relayed.len() >= MOST_RELAYED {
            return Err(503);
        }
        call.relayed.push((token, transaction));
        let text = |value: &[u8]| String::from_utf8_lossy(&Message::unfold(value)).into_owned();
        let content_type = request.header(HeaderName::ContentType).map(text);
        let body = (!request.body().is_empty()).then(|| Body {
            content_type: content_type
                .unwrap_or_else(|| "application/octet-stream".to_owned())
                .into(),
            bytes: request.body_bytes(),
        });
        let package = request.header(HeaderName::Other("Info-Package")).map(text);
        let command = Command::SendInDialog {
            session: other,
            token,
            method: "INFO".into(),
            headers: package
                .into_iter()
                .map(|value| ("Info-Package".into(), value))
                .collect(),
            body,
        };
        self.endpoint.command(command, now);
        Ok(())
    }

    /// The body could hold a number that the other party may not see.
    fn hides_body(&self, id: CallId, from: Side, body: &[u8]) -> bool {
        let Some(call) = self.calls.get(&id) else { return false };
        let other = call.other(from).and_then(|other| call.leg(other));
        let masked = other.is_some_and(|leg| self.viewer(call.account, leg.staff).is_masked());
        masked && may_hold_a_number(&String::from_utf8_lossy(body))
    }

    fn relay_back(&mut self, session: SessionId, token: u64, status: u16, now: Now) {
        let Some((id, _)) = self.find(session) else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.pressed_was_answered(token) {
            return;
        }
        let Some(place) = call.relayed.iter().position(|(sent, _)| *sent == token) else {
            return;
        };
        let (_, transaction) = call.relayed.swap_remove(place);
        let reply = reply(status);
        self.endpoint.command(Command::Respond { transaction, reply }, now);
    }

    /// How far we would go with a leg: a party whose other side holds need not send.
    pub(super) fn wanted(&self, id: CallId, side: Side) -> Direction {
        let held = self.calls.get(&id).is_some_and(|call| {
            call.other(side)
                .and_then(|other| call.leg(other))
                .is_some_and(|other| other.media.holds())
        });
        if held { Direction::SendOnly } else { Direction::SendRecv }
    }
}

fn called(side: Side) -> Option<LegId> {
    match side {
        Side::Caller => None,
        Side::Called(leg) => Some(leg),
    }
}
