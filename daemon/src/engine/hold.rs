//! Offers inside a call: hold, resume, another codec or address, from either side.

use bytes::Bytes;
use frontdesk_media::io::command::MediaCommand;
use frontdesk_routing::ids::CallId;
use frontdesk_sip::Now;
use frontdesk_sip::command::{Body, Command};
use frontdesk_sip::event::SessionId;
use frontdesk_sip::wire::Message;

use super::Engine;
use super::call::Side;
use super::media::status_of;
use super::output::{BoardChange, Output};
use super::requests::reply;

impl Engine {
    /// A re-INVITE or UPDATE: answered at once from our side of this leg; the other party is told what changes for it.
    pub(super) fn on_offer(&mut self, session: SessionId, request: &Message, now: Now) {
        let Some((id, side)) = self.find(session) else {
            return self.endpoint.command(
                Command::RefuseOffer {
                    session,
                    reply: reply(481),
                },
                now,
            );
        };
        let wanted = self.wanted(id, side);
        let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(side)) else {
            return;
        };
        if request.body().is_empty() {
            leg.media.late = true;
            let body = leg.media.offer(wanted);
            return self.endpoint.command(Command::AnswerOffer { session, body }, now);
        }
        match leg.media.answer(request.body(), wanted) {
            Ok(body) => {
                self.endpoint.command(Command::AnswerOffer { session, body }, now);
                self.on_settled(id, side, now);
            }
            Err(error) => {
                let reply = reply(status_of(&error));
                self.endpoint.command(Command::RefuseOffer { session, reply }, now);
            }
        }
    }

    /// What came of our own re-INVITE. A refusal changes nothing: the hold is ours to keep in any case.
    pub(super) fn on_offer_result(&mut self, session: SessionId, answer: Option<&Bytes>, now: Now) {
        let Some((id, side)) = self.find(session) else { return };
        let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(side)) else {
            return;
        };
        match answer.map(|answer| leg.media.accept(answer)) {
            Some(Ok(())) => self.on_settled(id, side, now),
            Some(Err(_)) | None => leg.media.withdraw(),
        }
    }

    /// An exchange has been settled: the media threads learn it, and the other party if it is held or resumed by it.
    pub(super) fn on_settled(&mut self, id: CallId, side: Side, now: Now) {
        self.configure(id, side);
        self.join(id);
        self.tell_other(id, side, now);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let talking = call.machine.talking_to().and_then(|leg| call.leg(Side::Called(leg)));
        let held = call.caller.media.holds() || talking.is_some_and(|leg| leg.media.holds());
        if held != call.held {
            call.held = held;
            self.outputs
                .push_back(Output::Board(BoardChange::CallHeld { call: id, held }));
        }
    }

    fn tell_other(&mut self, id: CallId, side: Side, now: Now) {
        let Some(other) = self.calls.get(&id).and_then(|call| call.other(side)) else {
            return;
        };
        let wanted = self.wanted(id, other);
        let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(other)) else {
            return;
        };
        if leg.media.told == wanted || leg.media.late || leg.media.settled().is_none() {
            return;
        }
        let body: Body = leg.media.offer(wanted);
        let session = leg.session;
        self.endpoint.command(
            Command::Reinvite {
                session,
                headers: Vec::new(),
                body,
            },
            now,
        );
    }

    pub(super) fn configure(&mut self, id: CallId, side: Side) {
        let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(side)) else {
            return;
        };
        let Some(media) = leg.media.settled() else { return };
        let media_leg = leg.media.leg;
        if !leg.media.open {
            leg.media.open = true;
            let open = MediaCommand::Open {
                leg: media_leg,
                port: leg.media.port,
            };
            self.outputs.push_back(Output::Media(open));
        }
        self.outputs
            .push_back(Output::Media(MediaCommand::Configure { leg: media_leg, media }));
    }

    /// Joins the two legs once both have settled media.
    pub(super) fn join(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(talking) = call.machine.talking_to() else {
            return;
        };
        let Some(called) = call.leg(Side::Called(talking)) else {
            return;
        };
        if !call.joined && call.caller.media.open && called.media.open {
            let (a, b) = (call.caller.media.leg, called.media.leg);
            call.joined = true;
            self.outputs.push_back(Output::Media(MediaCommand::Join { a, b }));
        }
    }
}
