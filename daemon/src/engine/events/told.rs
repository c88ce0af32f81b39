//! What a watcher was told last, and how the next document differs from it.

use frontdesk_sip::Now;

use super::messages::Messages;
use super::watchers::Watch;
use super::{lamps, messages, presence, reg};

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    Dialogs(Vec<lamps::Lamp>),
    Presence(presence::Presence),
    Messages(Messages),
    Contacts(Vec<reg::Contact>),
}

impl Told {
    /// The full state as a document. What was told before and is no more is named once as terminated, because many
    /// phones wait for that word.
    pub(super) fn body(&self, watch: &Watch, now: Now) -> String {
        match self {
            Told::Dialogs(lamps) => {
                let before: &[lamps::Lamp] = match &watch.told {
                    Some(Told::Dialogs(before)) => before,
                    Some(Told::Presence(_) | Told::Messages(_) | Told::Contacts(_)) | None => &[],
                };
                lamps::document(lamps, before, watch)
            }
            Told::Contacts(contacts) => {
                let before: &[reg::Contact] = match &watch.told {
                    Some(Told::Contacts(before)) => before,
                    Some(Told::Presence(_) | Told::Messages(_) | Told::Dialogs(_)) | None => &[],
                };
                reg::document(contacts, before, watch, now)
            }
            Told::Presence(presence) => presence::document(presence, watch),
            Told::Messages(messages) => messages::document(messages, &watch.address.uri()),
        }
    }
}
