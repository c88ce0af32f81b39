//! Offers inside a call: hold, resume, another codec or address, from either side.

use bytes::Bytes;
use frontdesk_media::io::command::MediaCommand;
use frontdesk_routing::call::CallEvent;
use frontdesk_routing::ids::CallId;
use frontdesk_sip::Now;
use frontdesk_sip::command::{Command, Headers};
use frontdesk_sip::event::SessionId;
use frontdesk_sip::wire::Message;

use super::Engine;
use super::call::Side;
use super::media::{Asking, status_of};
use super::offered::{is_description, not_understood};
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
        self.introduce_pair(id);
        let named = request.content_type().is_some() && !request.body().is_empty();
        if named && !is_description(request) {
            let reply = not_understood();
            return self.endpoint.command(Command::RefuseOffer { session, reply }, now);
        }
        let wanted = self.wanted(id, side);
        let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(side)) else {
            return;
        };
        if request.body().is_empty() {
            leg.media.late = true;
            leg.media.overtake();
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
        if let Some(leg) = self.is_unsettled(id, side) {
            return self.on_plain_answer(id, leg, answer, now);
        }
        let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(side)) else {
            return;
        };
        match (std::mem::replace(&mut leg.media.asking, Asking::No), answer) {
            (Asking::Overtaken, Some(_)) => self.ask(id, side, now),
            (Asking::Overtaken | Asking::No, _) => self.tell(id, side, now),
            (Asking::Sent, Some(answer)) if leg.media.accept(answer).is_ok() => self.on_settled(id, side, now),
            (Asking::Sent, _) if leg.media.settled().is_none() => self.step(id, CallEvent::Lost(side), now),
            (Asking::Sent, _) => {
                leg.media.withdraw();
                self.tell(id, side, now);
            }
        }
    }

    /// An exchange has been settled: the media threads learn it, and whichever party is held or resumed by it.
    pub(super) fn on_settled(&mut self, id: CallId, side: Side, now: Now) {
        self.touch(id);
        self.configure(id, side);
        self.begin_service(id);
        self.begin_menu(id, now);
        self.begin_greeting(id, now);
        self.play_to_waiting(id, side);
        self.join(id, now);
        self.tune_music(id);
        self.tune_digits(id);
        self.tell_held(id);
        if let Some(other) = self.calls.get(&id).and_then(|call| call.other(side)) {
            self.tell(id, other, now);
        }
        self.tell(id, side, now);
    }

    /// Two others talk with each other now: whoever was held by one who has left is held no more.
    pub(super) fn on_pair_changed(&mut self, id: CallId, (first, second): (Side, Side), now: Now) {
        self.tell_held(id);
        self.tell(id, first, now);
        self.tell(id, second, now);
    }

    /// Whoever held this party talks with it no more, and we want to hear it.
    pub(super) fn come_back(&mut self, id: CallId, side: Side, now: Now) {
        self.tell_held(id);
        self.tell(id, side, now);
    }

    fn tell_held(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let holds = |side| call.leg(side).is_some_and(|leg| leg.media.holds());
        let held = call.pair().is_some_and(|(first, second)| holds(first) || holds(second));
        if held != call.held {
            call.held = held;
            self.outputs
                .push_back(Output::Board(BoardChange::CallHeld { call: id, held }));
        }
    }

    /// A re-INVITE, if this party was last told something else than what goes now.
    fn tell(&mut self, id: CallId, side: Side, now: Now) {
        let wanted = self.wanted(id, side);
        let leg = self.calls.get(&id).and_then(|call| call.leg(side));
        if leg.is_some_and(|leg| leg.media.told != wanted) {
            self.ask(id, side, now);
        }
    }

    fn ask(&mut self, id: CallId, side: Side, now: Now) {
        self.ask_with(id, side, Headers::new(), now);
    }

    /// A re-INVITE with what goes now, unless one is under way.
    pub(super) fn ask_with(&mut self, id: CallId, side: Side, headers: Headers, now: Now) {
        let wanted = self.wanted(id, side);
        let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(side)) else {
            return;
        };
        if leg.media.asking != Asking::No || leg.media.late || leg.media.settled().is_none() {
            return;
        }
        leg.media.asking = Asking::Sent;
        let reinvite = Command::Reinvite {
            session: leg.session,
            headers,
            body: leg.media.offer(wanted),
        };
        self.endpoint.command(reinvite, now);
    }

    pub(super) fn configure(&mut self, id: CallId, side: Side) {
        let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(side)) else {
            return;
        };
        let Some(media) = leg.media.settled() else { return };
        let media_leg = leg.media.leg;
        self.outputs
            .push_back(Output::Media(MediaCommand::Configure { leg: media_leg, media }));
    }

    /// Joins the two legs once both have settled media, and records them if the account wants it.
    pub(super) fn join(&mut self, id: CallId, now: Now) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(pair) = call.pair().filter(|pair| call.joined != Some(*pair)) else {
            return;
        };
        let media = |side| Some(&call.leg(side)?.media).filter(|media| media.settled().is_some());
        let (Some(first), Some(second)) = (media(pair.0), media(pair.1)) else {
            return;
        };
        let (a, b) = (first.leg, second.leg);
        call.joined = Some(pair);
        self.outputs.push_back(Output::Media(MediaCommand::Join { a, b }));
        self.introduce(id, pair);
        self.forget_music(id, pair);
        self.tune_music(id);
        self.tune_digits(id);
        self.record(id, (a, b), now);
    }
}
