//! The mailbox of a person or of a department: a dialog on the pages of both, for whoever may change settings.

use super::Reader;
use super::messages::{in_language_of, words};
use crate::http::State;
use crate::http::api::staff::names;
use crate::http::auth::Right;
use crate::http::error::ApiError;

words! {
    /// What the dialog says.
    MailboxWords {
        enabled: "Takes messages", "Принимает сообщения";
        lead: "Callers get here where a forwarding, an overflow, closed hours, a menu or a number lead to voicemail.",
            "Сюда попадают звонки, которые ведёт переадресация, очередь, нерабочее время, меню или номер.";
        language: "Language of the greeting", "Язык приветствия";
        by_country: "That of the company's country", "Как в стране компании";
        longest: "Longest message", "Самое длинное сообщение";
        email: "Tell of messages by e-mail", "Сообщать о новых по почте";
        nobody: "Nobody", "Никому";
        greeting: "Greeting of its own", "Своё приветствие";
        greeting_hint: "WAV, 16 bit, a minute at most", "WAV, 16 бит, не длиннее минуты";
        own: "Callers hear your own greeting", "Сейчас звучит своё приветствие";
        built_in: "Callers hear the built-in greeting", "Сейчас звучит встроенное приветствие";
        remove: "Back to the built-in one", "Вернуть встроенное";
        wav: "A WAV of 16 bit and a minute at most is needed", "Нужен WAV, 16 бит, не длиннее минуты";
    }
}

/// What the dialog needs.
pub(super) struct MailboxPart {
    pub(super) w: &'static MailboxWords,
    /// The field of the API that names whose mailbox it is.
    pub(super) owner: &'static str,
    /// Who may be told by e-mail: id and name.
    pub(super) staff: Vec<(String, String)>,
}

impl MailboxPart {
    /// `None`: the reader may not change settings.
    pub(super) async fn of(
        state: &State,
        reader: &Reader,
        owner: &'static str,
    ) -> Result<Option<MailboxPart>, ApiError> {
        if !reader.access.may(Right::SettingsWrite) {
            return Ok(None);
        }
        Ok(Some(MailboxPart {
            w: in_language_of!(reader.t, MailboxWords),
            owner,
            staff: names(state, &reader.access).await?,
        }))
    }
}
