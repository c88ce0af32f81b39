//! Messages: a caller whom nobody takes, or who is transferred here, hears a greeting and a tone, and speaks until it has
//! said all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use frontdesk_media::io::command::{Direction, MediaCommand, MediaLegId};
use frontdesk_media::sound::{self, Language, Sound};
use frontdesk_routing::because::Because;
use frontdesk_routing::call::CallEvent;
use frontdesk_routing::ids::{CallId, MailboxId, RecordingId};
use frontdesk_routing::reception;
use frontdesk_sip::Now;
use frontdesk_sip::command::{Command, Headers};

use super::Engine;
use super::call::{Call, Leg, Side};
use super::caller::party_of_staff;
use super::feature::{Act, Answer, Service};
use super::new_call::NewCall;
use super::output::{BoardChange, CdrParty, JournalEntry, Output, RecordCommand};
use super::prompts::Phrase;
use super::queue::party_of_department;
use super::requests::reply;
use super::turned::{Turned, turned};

/// The key that ends a message, and a greeting that is known already.
const ENDS: char = '#';
/// Whoever says nothing for so long has said all.
const PAUSE: Duration = Duration::from_secs(8);
/// A shorter message is none.
const SHORTEST: Duration = Duration::from_secs(1);
const TONE: (u32, u32) = (1_000, 400);
/// News of a full disk count for so long: where nothing but messages is recorded, nobody else would find out that there is
/// room again.
const FULL_FOR: Duration = Duration::from_secs(60);
/// Milliseconds before the greeting: phones open their audio meanwhile. And before the tone.
const LEAD_IN: usize = 400;
const BEFORE_TONE: usize = 200;

/// A message that somebody is to leave.
#[derive(Debug)]
pub(super) struct Message {
    mailbox: MailboxId,
    /// With the tone at its end.
    pub(super) greeting: Arc<Sound>,
    pub(super) longest: Duration,
    /// The caller speaks since then.
    begun: Option<(RecordingId, Instant)>,
    /// Nothing at all was said.
    mute: bool,
}

impl Engine {
    /// What a caller is told and may do who is to leave a message here; the error: nothing can be left.
    fn letter(&self, mailbox: MailboxId, now: Now) -> Result<Message, Because> {
        if let Some(since) = self.full_since
            && now.instant.saturating_duration_since(since) < FULL_FOR
        {
            return Err(Because::NoRoom);
        }
        let open = self.plan.mailboxes.get(mailbox).filter(|mailbox| mailbox.enabled);
        let open = open.filter(|_| self.config.recording).ok_or(Because::NoMailbox)?;
        let language = match open.russian {
            true => Language::Russian,
            false => Language::English,
        };
        let own = self.greetings.get(&mailbox).filter(|_| open.own_greeting);
        let said = match own {
            Some(own) => Sound::clone(own),
            None => Sound::silence(LEAD_IN)
                .then(&self.phrase_in(open.account, Phrase::LeaveMessage, language))
                .then(&Sound::silence(BEFORE_TONE)),
        };
        Ok(Message {
            mailbox,
            greeting: Arc::new(with_tone(said)),
            longest: Duration::from_secs(u64::from(open.longest_s)),
            begun: None,
            mute: false,
        })
    }

    /// A new call that nobody is rung for.
    pub(super) fn answer_for_message(
        &mut self,
        new: &NewCall<'_>,
        offer: Option<&Bytes>,
        (mailbox, because): (MailboxId, Because),
        now: Now,
    ) -> Result<(), Box<Turned>> {
        let callee = reception::owner(new.plan, mailbox);
        let turned = |why| turned(reply(480), why).meant_for(new.plan, callee);
        let message = self.letter(mailbox, now).map_err(turned)?;
        let answer = Answer {
            because,
            act: Act::Message(Box::new(message)),
            parks_at: None,
        };
        self.answer(new, offer, answer, now).map(drop)
    }

    /// Whoever rings, or the line, is given up, and the caller, or whoever waits, leaves a message instead. `status`: what it
    /// is told if it cannot.
    pub(super) fn take_message(&mut self, id: CallId, mailbox: MailboxId, status: u16, now: Now) {
        let message = match self.letter(mailbox, now) {
            Ok(message) => message,
            Err(because) => {
                self.note(id, &because.to_string());
                return self.step(id, CallEvent::NobodyCalled(status), now);
            }
        };
        if let Some(call) = self.calls.get_mut(&id) {
            call.service = Some(Service::new(Act::Message(Box::new(message))));
        }
        self.step(id, CallEvent::Serve, now);
        if let Some(call) = self.calls.get_mut(&id).filter(|call| !call.machine.is_served()) {
            call.service = None;
            self.step(id, CallEvent::NobodyCalled(status), now);
        }
    }

    /// The party is ours from now on: it is answered, if that has not been done, and served.
    pub(super) fn serve_party(&mut self, id: CallId, now: Now) {
        let Some(call) = self.calls.get(&id) else { return };
        let Some(side) = call.machine.served_party() else {
            return;
        };
        let limit = call.service.as_ref().map(Service::at_most).unwrap_or_default();
        self.set_tune(id, side, None);
        if side == Side::Caller && !self.accept_caller(id, now) {
            return;
        }
        self.show_service(id, now);
        self.come_back(id, side, now);
        self.wait_at_most(id, limit, now);
        self.begin_service(id);
    }

    fn show_service(&mut self, id: CallId, now: Now) {
        let Some(call) = self.calls.get(&id) else { return };
        if call.answered_at.is_some() {
            let act = call.service.as_ref().map(|service| &service.act);
            let us = act.map(|act| self.party_of_act(act)).unwrap_or_default();
            return self.show_instead(id, us);
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.answered_at = Some(now.unix_ms);
        let (callee, recording) = (call.callee.clone(), call.recording);
        self.counters.calls_answered += 1;
        self.outputs.push_back(Output::Board(BoardChange::CallAnswered {
            call: id,
            at: now.unix_ms,
            callee,
            recording,
        }));
    }

    /// Answers the caller who has not been answered yet; false: that has failed, and the call is over.
    pub(super) fn accept_caller(&mut self, id: CallId, now: Now) -> bool {
        let Some(call) = self.calls.get_mut(&id) else {
            return false;
        };
        if call.caller.answered_at.is_some() {
            return true;
        }
        let body = match call.offer.take() {
            Some(offer) => match call.caller.media.answer(&offer, Direction::SendRecv) {
                Ok(body) => body,
                // The offer was tried when the call came; that it fails now is ours to see.
                Err(_) => {
                    self.counters.bugs += 1;
                    self.step(id, CallEvent::Stop, now);
                    return false;
                }
            },
            None => {
                call.caller.media.late = true;
                call.caller.media.offer(Direction::SendRecv)
            }
        };
        call.caller.answered_at = Some(now.unix_ms);
        call.caller.status = 200;
        let (session, headers) = (call.caller.session, Headers::new());
        self.endpoint.command(Command::Accept { session, headers, body }, now);
        self.configure(id, Side::Caller);
        true
    }

    /// The greeting is over: what the caller says from now on is the message. False: there is none to be left.
    pub(super) fn begin_message(&mut self, id: CallId, now: Now) -> bool {
        let recording = RecordingId::new(now.unix_ms, self.random());
        let Some(call) = self.calls.get_mut(&id) else {
            return false;
        };
        let Some(message) = call.message().filter(|message| message.begun.is_none()) else {
            return false;
        };
        message.begun = Some((recording, now.instant));
        let (mailbox, longest) = (message.mailbox, message.longest);
        let account = call.account;
        let Some(leg) = call.served_leg().map(|leg| leg.media.leg) else {
            return false;
        };
        // What was recorded before the message is another one.
        if let Some(earlier) = call.recording.replace(recording) {
            let recording = earlier.as_u128();
            self.outputs.push_back(Output::Media(MediaCommand::Untap { recording }));
        }
        let started_at = call.answered_at.unwrap_or(call.started_at);
        let row = Box::new(call.record(None));
        self.outputs.extend([
            Output::Journal(JournalEntry::RecordingStarted { recording, call: row }),
            Output::Journal(JournalEntry::MessageStarted { recording, mailbox }),
            Output::Record(RecordCommand::Start {
                recording,
                account,
                call: id,
                started_at,
            }),
            Output::Media(MediaCommand::Tap {
                left: leg,
                right: None,
                recording: recording.as_u128(),
            }),
            Output::Media(MediaCommand::Attend { leg, pause: PAUSE }),
        ]);
        self.wait_at_most(id, longest, now);
        true
    }

    /// A key of somebody who is to leave a message; false: nobody is.
    pub(super) fn message_key(&mut self, id: CallId, side: Side, digit: char, now: Now) -> bool {
        let token = self.token();
        let Some(call) = self
            .calls
            .get_mut(&id)
            .filter(|call| call.machine.served_party() == Some(side))
        else {
            return false;
        };
        let Some(leg) = call.leg(side).map(|leg| leg.media.leg) else {
            return false;
        };
        let Some(begun) = call.message().map(|message| message.begun) else {
            return false;
        };
        match (digit == ENDS, begun) {
            (true, Some(_)) => self.step(id, CallEvent::Stop, now),
            (true, None) => {
                if let Some(service) = &mut call.service {
                    service.token = Some(token);
                }
                let sound = Arc::new(sound::tone(TONE.0, TONE.1));
                self.outputs.push_back(Output::Media(MediaCommand::Play {
                    leg,
                    sound,
                    repeat: false,
                    token,
                }));
            }
            (false, _) => {}
        }
        true
    }

    /// Whoever leaves a message has said nothing for a while.
    pub(super) fn on_quiet(&mut self, leg: MediaLegId, spoke: bool, now: Now) {
        let Some((id, side)) = self.find_media(leg) else { return };
        let call = self
            .calls
            .get_mut(&id)
            .filter(|call| call.machine.served_party() == Some(side));
        let Some(message) = call.and_then(|call| call.message()) else {
            return;
        };
        message.mute = !spoke;
        self.step(id, CallEvent::Stop, now);
    }

    /// The mailbox that is spoken to in this call; whoever does so wants somebody else to leave the message instead.
    /// The error is the status that it is told.
    pub(super) fn give_message_up(&mut self, id: CallId, now: Now) -> Result<MailboxId, u16> {
        let message = self.calls.get_mut(&id).and_then(|call| call.message());
        let mailbox = message.map(|message| message.mailbox).ok_or(603_u16)?;
        self.letter(mailbox, now).map_err(|_| 480_u16)?;
        if let Some(message) = self.calls.get_mut(&id).and_then(|call| call.message()) {
            message.mute = true;
        }
        Ok(mailbox)
    }

    /// The call is over: a message in which nothing was said is none.
    pub(super) fn message_over(&mut self, call: &mut Call, now: Now) {
        let Some((recording, since, mute)) = call.message().and_then(|message| {
            let (recording, since) = message.begun?;
            Some((recording, since, message.mute))
        }) else {
            return;
        };
        if mute || now.instant.saturating_duration_since(since) < SHORTEST {
            self.outputs
                .push_back(Output::Journal(JournalEntry::MessageDropped { recording }));
        }
    }

    /// Whoever leaves a message that cannot be kept is told so, instead of speaking to nobody.
    pub(super) fn on_recording_failed(&mut self, recording: RecordingId, now: Now) {
        let left = |call: &&mut Box<Call>| call.recording == Some(recording);
        let Some(call) = self.calls.values_mut().find(left) else {
            return;
        };
        if call.message().is_none_or(|message| message.begun.is_none()) {
            return;
        }
        let service = Service::new(Act::say(&sound::revocation()));
        let (id, limit) = (call.id, service.at_most());
        call.note("the message could not be kept");
        call.service = Some(service);
        self.begin_service(id);
        self.wait_at_most(id, limit, now);
    }

    /// Whoever leaves a message from now on hears it.
    pub(super) fn set_greeting(&mut self, mailbox: MailboxId, sound: Option<Arc<Sound>>) {
        match sound {
            Some(sound) => self.greetings.insert(mailbox, sound),
            None => self.greetings.remove(&mailbox),
        };
    }

    /// Whom a call that we answer is for.
    pub(super) fn party_of_act(&self, act: &Act) -> CdrParty {
        let Act::Message(message) = act else {
            return CdrParty::default();
        };
        let Some(mailbox) = self.plan.mailboxes.get(message.mailbox) else {
            return CdrParty::default();
        };
        let person = mailbox.staff.and_then(|staff| self.plan.staff.get(staff));
        match (person, mailbox.department) {
            (Some(person), _) => party_of_staff(person),
            (None, Some(department)) => party_of_department(&self.plan, department),
            (None, None) => CdrParty::default(),
        }
    }
}

/// The tone is made by the clock of phones; a greeting may have twice as many samples.
fn with_tone(said: Sound) -> Sound {
    let mut tone = sound::tone(TONE.0, TONE.1);
    if said.rate == tone.rate.saturating_mul(2) {
        let samples = tone.samples.iter().flat_map(|sample| [*sample, *sample]);
        tone = Sound {
            rate: said.rate,
            samples: samples.collect(),
        };
    }
    said.then(&tone)
}

impl Call {
    fn served_leg(&self) -> Option<&Leg> {
        self.leg(self.machine.served_party()?)
    }

    fn message(&mut self) -> Option<&mut Message> {
        match &mut self.service.as_mut()?.act {
            Act::Message(message) => Some(message),
            Act::Say(_) | Act::Echo | Act::Inbox(_) => None,
        }
    }
}
