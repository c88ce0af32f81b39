//! Messages that callers have left in mailboxes. A message is the recording of its call, with its own right to be heard.

mod settle;
mod store;

use frontdesk_routing::ids::{AccountId, CallId, ClientId, MailboxId, RecordingId, StaffId};

use crate::calls::Party;

pub use settle::Settled;
pub(crate) use settle::{ALL as SETTLING, dropped, ended, forget, settle, started};
pub(crate) use store::{ALL, of_client};
pub use store::{Lamp, fresh, get, hear, lamps, list, of_call, played, to_hear};

/// A shorter one is none.
pub const SHORTEST_MS: i64 = 1_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voicemail {
    pub recording: RecordingId,
    pub account: AccountId,
    pub mailbox: MailboxId,
    pub call: CallId,
    /// Who has left it; what of this a reader is shown is the reader's matter.
    pub caller: Party,
    pub client: Option<ClientId>,
    /// Unix milliseconds.
    pub left_at: i64,
    pub duration_ms: i64,
    pub heard_at: Option<i64>,
    pub version: i64,
}

/// Who reads: their own mailbox and those of their departments, or all of the account.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    pub account: AccountId,
    pub staff: StaffId,
    pub all: bool,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct VoicemailQuery {
    pub mailbox: Option<MailboxId>,
    /// Those that were heard, or those that were not.
    pub heard: Option<bool>,
}
