//! What people are told outside of calls: an outbox in which each notice stands until it is delivered or given up.

mod erase;
mod missed;
mod queue;
mod requests;
mod rules;
mod settings;
mod store;
mod text;

use frontdesk_routing::ids::{AccountId, ClientId, NoticeId, StaffId};

pub(crate) use erase::{ALL as ERASE, erase};
pub(crate) use missed::{ALL as MISSED, missed};
pub(crate) use queue::ALL as QUEUE;
pub use queue::{Caller, News, What, Whom, queue};
pub(crate) use requests::{ALL as REQUESTS, asked};
pub use rules::is_address;
pub(crate) use settings::ALL as SETTINGS;
pub use settings::{NewSettings, Settings, put_settings, settings};
pub(crate) use store::ALL;
pub use store::{Failure, NoticeQuery, again, claim, failed, forget, get, known, list, next, sent};

/// A notice is tried so often at most: with the usual pauses for about nine hours.
pub const MOST_ATTEMPTS: i64 = 16;
/// Of one channel to one recipient within an hour; a flood of calls becomes no flood of messages.
pub const MOST_AN_HOUR: i64 = 60;
/// A notice that is done with is kept for so long.
pub const KEPT_MS: i64 = 90 * 24 * 3_600_000;
const LONGEST_PAUSE_MS: i64 = 3_600_000;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident $word:literal)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$about])* $variant),* }

        impl $name {
            pub const ALL: &[$name] = &[$($name::$variant),*];

            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }

            pub fn named(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)* _ => None }
            }
        }
    };
}

words! {
    State {
        Waiting "waiting"
        /// Somebody delivers it at this moment, or did when the daemon was killed.
        Sending "sending"
        Sent "sent"
        /// Given up.
        Failed "failed"
    }
}

words! { Channel { Sms "sms" Email "email" } }

impl Channel {
    /// The name of a notice as a file, where it is written instead of sent.
    pub fn file(self, notice: &str) -> String {
        match self {
            Channel::Sms => format!("{notice}.txt"),
            Channel::Email => format!("{notice}.eml"),
        }
    }
}

words! {
    /// What somebody is told of.
    Kind {
        MissedCall "missed_call"
        Voicemail "voicemail"
        /// A visitor of a site asks for something.
        Request "request"
    }
}

words! { Language { Russian "ru" English "en" } }

impl Language {
    /// That of a country, by its ISO 3166 code.
    pub fn of(region: &str) -> Language {
        match region {
            "RU" | "BY" | "KZ" | "KG" => Language::Russian,
            _ => Language::English,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub id: NoticeId,
    pub account: AccountId,
    /// `None`: an address that is nobody's of the staff.
    pub staff: Option<StaffId>,
    pub client: Option<ClientId>,
    pub channel: Channel,
    pub kind: Kind,
    /// E.164 or an e-mail address.
    pub recipient: String,
    /// Of an e-mail; else empty.
    pub subject: String,
    /// As this person may read it.
    pub body: String,
    pub state: State,
    pub attempts: i64,
    /// Of a waiting one: when it is tried; of one that is being sent: when its lease ends.
    pub due_at: i64,
    /// Why the last attempt came to nothing.
    pub problem: Option<String>,
    pub created_at: i64,
    pub finished_at: Option<i64>,
}

/// Milliseconds before the next attempt.
pub(crate) fn pause(attempts: i64, first_ms: i64) -> i64 {
    let doublings = u32::try_from(attempts.saturating_sub(1).clamp(0, 20)).unwrap_or(0);
    first_ms
        .saturating_mul(2_i64.saturating_pow(doublings))
        .min(LONGEST_PAUSE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        assert_eq!(
            [1, 2, 3, 8].map(|attempts| pause(attempts, 30_000)),
            [30_000, 60_000, 120_000, 3_600_000]
        );
        assert_eq!(pause(i64::MAX, 1_000), LONGEST_PAUSE_MS);
    }
}
