//! Messages heard by phone: whoever has dialled the code hears one after the other, and says by keys what becomes of each.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_media::io::command::MediaCommand;
use frontdesk_media::sound::{self, Sound};
use frontdesk_routing::call::CallEvent;
use frontdesk_routing::ids::{CallId, RecordingId, StaffId};
use frontdesk_sip::Now;

use super::Engine;
use super::call::{Call, Side};
use super::feature::Act;
use super::input::InboxAnswer;
use super::output::{InboxCommand, InboxWish, Output};
use super::prompts::Phrase;

/// Whoever waits longer for a message is told that none can be read.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// A sound that has not ended so long after its time never will.
const GRACE: Duration = Duration::from_secs(10);
/// Messages that are heard in one call.
const MOST: usize = 100;
const NEXT: char = '#';
const AGAIN: char = '*';
const DELETE: char = '7';
/// Before each message.
const TONE: (u32, u32) = (800, 200);
/// Milliseconds between what we say ourselves and a message, and before the first sound: phones open their audio then.
const PAUSE: usize = 300;

/// Somebody's stay among their messages.
#[derive(Debug)]
pub(super) struct Inbox {
    staff: StaffId,
    left: VecDeque<RecordingId>,
    doing: Doing,
    /// What is said before the next message.
    sign: Sound,
}

#[derive(Debug)]
enum Doing {
    Waits(InboxWish),
    Hears(RecordingId, Arc<Sound>),
    /// The last words, then the call is over.
    Ends,
}

impl Inbox {
    pub(super) fn new(staff: StaffId) -> Inbox {
        Inbox {
            staff,
            left: VecDeque::new(),
            doing: Doing::Waits(InboxWish::List),
            sign: Sound::silence(PAUSE),
        }
    }
}

impl Engine {
    /// The caller can hear now.
    pub(super) fn list_messages(&mut self, id: CallId) {
        self.wish(id, InboxWish::List);
    }

    fn wish(&mut self, id: CallId, wish: InboxWish) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let account = call.account;
        let Some(staff) = call.inbox().map(|inbox| inbox.staff) else {
            return;
        };
        self.outputs.push_back(Output::Inbox(InboxCommand {
            call: id,
            account,
            staff,
            wish,
        }));
    }

    fn wait_for(&mut self, id: CallId, wish: InboxWish, now: Now) {
        if let Some(inbox) = self.inbox(id) {
            inbox.doing = Doing::Waits(wish);
        }
        self.wish(id, wish);
        self.wait_at_most(id, PATIENCE, now);
    }

    pub(super) fn on_inbox(&mut self, id: CallId, answer: InboxAnswer, now: Now) {
        let Some(inbox) = self.inbox(id) else { return };
        match (&inbox.doing, answer) {
            (Doing::Waits(InboxWish::List), InboxAnswer::Listed(messages)) => {
                inbox.left = messages.into_iter().take(MOST).collect();
                if inbox.left.is_empty() {
                    return self.end_inbox_with(id, Phrase::NoMessages, now);
                }
                self.next_message(id, now);
            }
            (Doing::Waits(InboxWish::Load(wanted)), InboxAnswer::Loaded(message, sound)) if *wanted == message => {
                self.play_message(id, message, &sound, now);
            }
            (Doing::Waits(InboxWish::Load(wanted)), InboxAnswer::Missing(message)) if *wanted == message => {
                self.note(id, "the sound of a message is lost");
                self.next_message(id, now);
            }
            (
                Doing::Waits(InboxWish::Delete(wanted)),
                InboxAnswer::Deleted(message) | InboxAnswer::Missing(message),
            ) if *wanted == message => {
                inbox.sign = Sound::silence(PAUSE)
                    .then(&sound::confirmation())
                    .then(&Sound::silence(PAUSE));
                self.next_message(id, now);
            }
            (Doing::Waits(_) | Doing::Hears(..), InboxAnswer::Away) => self.inbox_away(id, now),
            // Of what is no longer wanted.
            (
                _,
                InboxAnswer::Listed(_)
                | InboxAnswer::Loaded(..)
                | InboxAnswer::Missing(_)
                | InboxAnswer::Deleted(_)
                | InboxAnswer::Away,
            ) => {}
        }
    }

    /// Nothing has come for as long as one waits for it; false: it was something else that took too long.
    pub(super) fn on_inbox_late(&mut self, id: CallId, now: Now) -> bool {
        let waits = self
            .inbox(id)
            .is_some_and(|inbox| matches!(inbox.doing, Doing::Waits(_)));
        if waits {
            self.inbox_away(id, now);
        }
        waits
    }

    fn inbox_away(&mut self, id: CallId, now: Now) {
        self.note(id, "messages cannot be read at present");
        self.end_inbox(id, &sound::revocation(), now);
    }

    fn next_message(&mut self, id: CallId, now: Now) {
        let Some(inbox) = self.inbox(id) else { return };
        match inbox.left.pop_front() {
            Some(message) => self.wait_for(id, InboxWish::Load(message), now),
            None => self.end_inbox_with(id, Phrase::MessagesOver, now),
        }
    }

    fn play_message(&mut self, id: CallId, message: RecordingId, sound: &Sound, now: Now) {
        let Some(inbox) = self.inbox(id) else { return };
        let whole = Sound::silence(0)
            .then(&sound::tone(TONE.0, TONE.1))
            .then(&Sound::silence(PAUSE))
            .then(sound);
        let sign = std::mem::replace(&mut inbox.sign, Sound::silence(PAUSE));
        let first = Arc::new(sign.then(&whole));
        inbox.doing = Doing::Hears(message, Arc::new(whole));
        self.say_in_inbox(id, first, now);
    }

    /// The last words; what was to be said before the next message comes first.
    fn end_inbox_with(&mut self, id: CallId, words: Phrase, now: Now) {
        if let Some(account) = self.calls.get(&id).map(|call| call.account) {
            let words = self.phrase(account, words);
            self.end_inbox(id, &words, now);
        }
    }

    fn end_inbox(&mut self, id: CallId, words: &Sound, now: Now) {
        let Some(inbox) = self.inbox(id) else { return };
        let sign = std::mem::replace(&mut inbox.sign, Sound::silence(0));
        inbox.doing = Doing::Ends;
        let last = sign.then(words).then(&Sound::silence(PAUSE));
        self.say_in_inbox(id, Arc::new(last), now);
    }

    fn say_in_inbox(&mut self, id: CallId, sound: Arc<Sound>, now: Now) {
        let token = self.token();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let leg = call.caller.media.leg;
        if let Some(service) = &mut call.service {
            service.token = Some(token);
        }
        let limit = Duration::from_millis(sound.duration_ms()) + GRACE;
        self.outputs.push_back(Output::Media(MediaCommand::Play {
            leg,
            sound,
            repeat: false,
            token,
        }));
        self.wait_at_most(id, limit, now);
    }

    /// False: it was something else that has ended.
    pub(super) fn on_message_heard(&mut self, id: CallId, token: u64, now: Now) -> bool {
        let Some(call) = self.calls.get_mut(&id) else {
            return false;
        };
        let ours = call
            .service
            .as_ref()
            .is_some_and(|service| service.token == Some(token));
        let Some(inbox) = call.inbox().filter(|_| ours) else {
            return false;
        };
        match inbox.doing {
            Doing::Hears(message, _) => self.heard(id, message, now),
            Doing::Ends => self.step(id, CallEvent::Stop, now),
            Doing::Waits(_) => {}
        }
        true
    }

    fn heard(&mut self, id: CallId, message: RecordingId, now: Now) {
        self.wish(id, InboxWish::Heard(message));
        self.next_message(id, now);
    }

    /// A key of somebody who hears messages; false: nobody does.
    pub(super) fn inbox_key(&mut self, id: CallId, side: Side, digit: char, now: Now) -> bool {
        let Some(inbox) = self.inbox(id).filter(|_| side == Side::Caller) else {
            return false;
        };
        let Doing::Hears(message, sound) = &inbox.doing else {
            return true;
        };
        let (message, sound) = (*message, Arc::clone(sound));
        match digit {
            NEXT => {
                self.hush_inbox(id);
                self.heard(id, message, now);
            }
            AGAIN => self.say_in_inbox(id, sound, now),
            DELETE => {
                self.hush_inbox(id);
                self.wait_for(id, InboxWish::Delete(message), now);
            }
            _ => {}
        }
        true
    }

    fn hush_inbox(&mut self, id: CallId) {
        if let Some(call) = self.calls.get(&id) {
            let leg = call.caller.media.leg;
            self.outputs.push_back(Output::Media(MediaCommand::StopPlaying { leg }));
        }
    }

    fn inbox(&mut self, id: CallId) -> Option<&mut Inbox> {
        self.calls.get_mut(&id).and_then(|call| call.inbox())
    }
}

impl Call {
    fn inbox(&mut self) -> Option<&mut Inbox> {
        match &mut self.service.as_mut()?.act {
            Act::Inbox(inbox) => Some(inbox),
            Act::Say(_) | Act::Echo | Act::Message(_) => None,
        }
    }
}
