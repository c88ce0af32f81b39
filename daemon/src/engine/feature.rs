//! Feature codes: calls that we answer ourselves, do what was dialled, and say by a sound what came of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use frontdesk_media::io::command::{Direction, MediaCommand, MediaLegId};
use frontdesk_media::sound::{self, Sound};
use frontdesk_routing::because::Because;
use frontdesk_routing::call::{CallEvent, CallMachine};
use frontdesk_routing::decision::Decision;
use frontdesk_routing::facts::{CallFacts, Caller};
use frontdesk_routing::features::{self, Feature, FeatureCall};
use frontdesk_routing::forwarding::Change;
use frontdesk_routing::ids::{CallId, StaffId};
use frontdesk_sip::Now;
use frontdesk_sip::command::Command;

use super::Engine;
use super::call::{Call, Side};
use super::inbox::{self, Inbox};
use super::media::status_of;
use super::new_call::NewCall;
use super::output::{BoardChange, JournalEntry, Output, SettingChange};
use super::requests::reply;
use super::turned::{Turned, turned};
use super::voicemail::Message;

/// Somebody who listens to the echo has heard enough after so long.
const LONGEST_ECHO: Duration = Duration::from_secs(300);
/// A sound that has not ended so long after its time never will.
const GRACE: Duration = Duration::from_secs(10);
/// Milliseconds before a sound and after it: phones open and close their audio meanwhile.
const LEAD_IN: usize = 400;
const LEAD_OUT: usize = 200;

/// What we do for a caller whom we have answered ourselves.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) act: Act,
    /// Of what the caller hears, once it has begun.
    pub(super) token: Option<u64>,
    /// Where the caller may park somebody by a transfer to this call.
    pub(super) parks_at: Option<u16>,
}

impl Service {
    pub(super) fn new(act: Act) -> Service {
        Service {
            act,
            token: None,
            parks_at: None,
        }
    }

    pub(super) fn at_most(&self) -> Duration {
        self.act.at_most()
    }
}

#[derive(Debug)]
pub(super) enum Act {
    /// It is played, and the call is over.
    Say(Arc<Sound>),
    Echo,
    /// The caller leaves a message.
    Message(Box<Message>),
    /// The caller hears messages.
    Inbox(Box<Inbox>),
}

impl Act {
    pub(super) fn say(sound: &Sound) -> Act {
        let framed = Sound::silence(LEAD_IN).then(sound).then(&Sound::silence(LEAD_OUT));
        Act::Say(Arc::new(framed))
    }

    fn at_most(&self) -> Duration {
        match self {
            Act::Say(sound) => Duration::from_millis(sound.duration_ms()) + GRACE,
            Act::Echo => LONGEST_ECHO,
            Act::Inbox(_) => inbox::PATIENCE,
            Act::Message(message) => Duration::from_millis(message.greeting.duration_ms()) + GRACE + message.longest,
        }
    }
}

/// A call that we answer: why, and for what.
pub(super) struct Answer {
    pub(super) because: Because,
    pub(super) act: Act,
    pub(super) parks_at: Option<u16>,
}

pub(super) fn refused(status: u16, feature: Feature, why: &'static str) -> Box<Turned> {
    turned(reply(status), Because::FeatureRefused(feature, why))
}

impl Engine {
    /// Serves a call to a feature code; `None`: it is to somebody else.
    pub(super) fn serve(
        &mut self,
        new: &NewCall<'_>,
        offer: Option<&Bytes>,
        now: Now,
    ) -> Option<Result<(), Box<Turned>>> {
        let Caller::Staff(caller) = new.known.caller else {
            return None;
        };
        let facts = CallFacts {
            account: new.known.account,
            caller: new.known.caller,
            dialled: &new.dialled,
            at: now.unix_ms,
        };
        match features::decide(new.plan, &facts)? {
            Decision::Feature(call) => Some(self.serve_feature((new, caller), offer, call, now)),
            Decision::Refuse { status, because, .. } => Some(Err(turned(reply(status), because))),
            Decision::Ring { .. }
            | Decision::Queue { .. }
            | Decision::Menu { .. }
            | Decision::Message { .. }
            | Decision::Outside { .. }
            | Decision::Emergency { .. } => None,
        }
    }

    fn serve_feature(
        &mut self,
        (new, caller): (&NewCall<'_>, StaffId),
        offer: Option<&Bytes>,
        call: FeatureCall,
        now: Now,
    ) -> Result<(), Box<Turned>> {
        let (feature, act) = match call {
            FeatureCall::PickupPerson(whom) => return self.pick_up((new, caller), Some(whom), now),
            FeatureCall::PickupAny => return self.pick_up((new, caller), None, now),
            FeatureCall::Retrieve(slot) => return self.retrieve(new, slot, now),
            FeatureCall::Park => return self.offer_place(new, offer, now),
            FeatureCall::DndToggle => {
                let on = !self.pending.settings(new.plan, caller).dnd;
                return self.change((new, caller), offer, (Feature::DndToggle, Change::Dnd(on)), now);
            }
            FeatureCall::Change(feature, change) => return self.change((new, caller), offer, (feature, change), now),
            FeatureCall::Echo => (Feature::Echo, Act::Echo),
            FeatureCall::SayNumber => {
                let number = new.known.party.number.as_deref();
                let number =
                    number.ok_or_else(|| refused(404, Feature::SayNumber, "the caller has no short number"))?;
                (Feature::SayNumber, Act::say(&self.spoken(new.known.account, number)))
            }
            FeatureCall::Voicemail => {
                let inbox = Inbox::new(caller);
                (Feature::Voicemail, Act::Inbox(Box::new(inbox)))
            }
            FeatureCall::LeaveMessage(mailbox) => {
                let because = Because::FeatureCode(Feature::LeaveMessage);
                return self.answer_for_message(new, offer, (mailbox, because), now);
            }
        };
        let answer = Answer {
            because: Because::FeatureCode(feature),
            act,
            parks_at: None,
        };
        self.answer(new, offer, answer, now).map(drop)
    }

    /// Changes a setting of the caller, for the very next call already.
    fn change(
        &mut self,
        (new, caller): (&NewCall<'_>, StaffId),
        offer: Option<&Bytes>,
        (feature, change): (Feature, Change),
        now: Now,
    ) -> Result<(), Box<Turned>> {
        let sound = match change {
            Change::Dnd(true) | Change::Forward(_, Some(_)) => sound::confirmation(),
            Change::Dnd(false) | Change::Forward(_, None) => sound::revocation(),
        };
        let answer = Answer {
            because: Because::FeatureCode(feature),
            act: Act::say(&sound),
            parks_at: None,
        };
        self.answer(new, offer, answer, now)?;
        let plan = Arc::clone(&self.plan);
        let mark = self.pending.note(&plan, caller, change, now.unix_ms);
        let made = SettingChange {
            account: new.known.account,
            staff: caller,
            change,
            mark,
            at: now.unix_ms,
            random: self.random(),
        };
        self.outputs
            .push_back(Output::Journal(JournalEntry::SettingChanged(made)));
        self.touch_person(caller);
        Ok(())
    }

    /// Answers a call ourselves.
    pub(super) fn answer(
        &mut self,
        new: &NewCall<'_>,
        offer: Option<&Bytes>,
        answer: Answer,
        now: Now,
    ) -> Result<CallId, Box<Turned>> {
        let media = self.media_side(new.flow, None)?;
        let mut caller = self.caller_leg(new, media, now);
        let body = match offer {
            Some(offer) => caller.media.answer(offer, Direction::SendRecv).map_err(|error| {
                self.put_back(caller.media.port);
                turned(reply(status_of(&error)), Because::NoCommonCodec)
            })?,
            None => {
                caller.media.late = true;
                caller.media.offer(Direction::SendRecv)
            }
        };
        caller.answered_at = Some(now.unix_ms);
        caller.status = 200;
        let (id, session) = (new.id, new.session);
        let callee = self.party_of_act(&answer.act);
        let machine = match &answer.act {
            Act::Message(_) => CallMachine::taken(),
            Act::Say(_) | Act::Echo | Act::Inbox(_) => CallMachine::served(),
        };
        let call = Call {
            answered_at: Some(now.unix_ms),
            callee: callee.clone(),
            rings_until: now.instant + answer.act.at_most(),
            service: Some(Service {
                act: answer.act,
                token: None,
                parks_at: answer.parks_at,
            }),
            ..self.new_call(new, (machine, caller), &answer.because, now)
        };
        self.admit_call(call);
        self.outputs.push_back(Output::Board(BoardChange::CallAnswered {
            call: id,
            at: now.unix_ms,
            callee,
            recording: None,
        }));
        self.counters.calls_answered += 1;
        let headers = Vec::new();
        self.endpoint.command(Command::Accept { session, headers, body }, now);
        self.configure(id, Side::Caller);
        self.begin_service(id);
        Ok(id)
    }

    /// Begins what a served party is to hear, once there is audio.
    pub(super) fn begin_service(&mut self, id: CallId) {
        let token = self.token();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let served = call.machine.served_party();
        let Some((side, media)) = served.and_then(|side| Some((side, &call.leg(side)?.media))) else {
            return;
        };
        let leg = media.leg;
        if media.settled().is_none() {
            return;
        }
        let Some(service) = call.service.as_mut().filter(|service| service.token.is_none()) else {
            return;
        };
        service.token = Some(token);
        let keys = matches!(service.act, Act::Message(_) | Act::Inbox(_));
        if let Some(party) = call.leg_mut(side).filter(|_| keys) {
            party.media.listens = true;
            self.outputs
                .push_back(Output::Media(MediaCommand::Listen { leg, on: true }));
        }
        let Some(service) = call.service.as_ref() else { return };
        let command = match &service.act {
            Act::Say(sound) => MediaCommand::Play {
                leg,
                sound: Arc::clone(sound),
                repeat: false,
                token,
            },
            Act::Echo => MediaCommand::Echo { leg, on: true },
            Act::Inbox(_) => return self.list_messages(id),
            Act::Message(message) => MediaCommand::Play {
                leg,
                sound: Arc::clone(&message.greeting),
                repeat: false,
                token,
            },
        };
        self.outputs.push_back(Output::Media(command));
    }

    /// A sound has come to its end: whoever is served has heard all, and whoever parked somebody knows where.
    pub(super) fn on_played(&mut self, leg: MediaLegId, token: u64, now: Now) {
        let Some((id, side)) = self.find_media(leg) else { return };
        if self.on_whispered(id, side, token, now)
            || self.on_menu_heard(id, token, now)
            || self.on_greeted(id, token, now)
            || self.on_message_heard(id, token, now)
        {
            return;
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call
            .service
            .as_ref()
            .is_some_and(|service| service.token == Some(token))
        {
            if !self.begin_message(id, now) {
                self.step(id, CallEvent::Stop, now);
            }
            return;
        }
        let Some(leg) = call.leg_mut(side) else { return };
        if leg.hears.take_if(|hears| *hears == token).is_some() {
            match leg.leaving {
                true => self.let_go(id, side, now),
                false => self.play_to_waiting(id, side),
            }
        }
    }
}
