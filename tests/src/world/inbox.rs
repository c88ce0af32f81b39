//! Messages as the engine imagines them: listed, loaded, heard and deleted at once, or not at all.

use std::sync::Arc;

use frontdesk::engine::input::InboxAnswer;
use frontdesk::engine::output::{InboxCommand, InboxWish};
use frontdesk_media::sound::Sound;
use frontdesk_routing::ids::{CallId, RecordingId, StaffId};

/// What becomes of a wish.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Service {
    #[default]
    AtOnce,
    /// The database is away, and that is told.
    Away,
    /// Nothing ever comes back.
    Never,
}

#[derive(Debug, Clone)]
pub struct Message {
    pub id: RecordingId,
    /// `None`: its file is missing.
    pub sound: Option<Arc<Sound>>,
    pub heard: bool,
}

#[derive(Debug, Default)]
pub struct Inbox {
    /// In the order in which they are heard, all of one person.
    pub messages: Vec<Message>,
    pub service: Service,
    /// Who has asked, for what.
    pub wishes: Vec<(StaffId, InboxWish)>,
    answers: Vec<(CallId, InboxAnswer)>,
}

impl Inbox {
    pub(super) fn ask(&mut self, command: InboxCommand) {
        self.wishes.push((command.staff, command.wish));
        let answer = match self.service {
            Service::AtOnce => self.serve(command.wish),
            Service::Away => Some(InboxAnswer::Away),
            Service::Never => None,
        };
        self.answers.extend(answer.map(|answer| (command.call, answer)));
    }

    fn serve(&mut self, wish: InboxWish) -> Option<InboxAnswer> {
        Some(match wish {
            InboxWish::List => InboxAnswer::Listed(self.messages.iter().map(|message| message.id).collect()),
            InboxWish::Load(id) => {
                let message = self.messages.iter().find(|message| message.id == id);
                match message.and_then(|message| message.sound.clone()) {
                    Some(sound) => InboxAnswer::Loaded(id, sound),
                    None => InboxAnswer::Missing(id),
                }
            }
            InboxWish::Heard(id) => {
                let message = self.messages.iter_mut().find(|message| message.id == id);
                message.expect("a message").heard = true;
                return None;
            }
            InboxWish::Delete(id) => {
                self.messages.retain(|message| message.id != id);
                InboxAnswer::Deleted(id)
            }
        })
    }

    pub(super) fn answers(&mut self) -> Vec<(CallId, InboxAnswer)> {
        std::mem::take(&mut self.answers)
    }
}
