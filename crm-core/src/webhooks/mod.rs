//! Programs outside that are told what happens: who asks for it, and a queue in which each telling stands until it is
//! delivered or given up.

mod deliveries;
mod rules;
mod store;

use frontdesk_routing::ids::{AccountId, ClientId, DeliveryId, StaffId, WebhookId};

use crate::access::Role;

pub(crate) use deliveries::{ALL as DELIVERIES, erase};
pub use deliveries::{
    Claimed, Delivery, DeliveryQuery, Outcome, Patience, again, claim, finish, forget, get_delivery, list_deliveries,
    next, queue, test, withhold,
};
pub(crate) use store::ALL;
pub use store::{active, create, delete, get, list, renew_secret, update};

pub use crate::notices::State;

/// A delivery is tried so often at most.
pub const MOST_ATTEMPTS: i64 = 12;
/// Deliveries of one webhook that may wait; further news are left out.
pub const MOST_WAITING: i64 = 10_000;
/// A delivery that is done with is kept for so long.
pub const KEPT_MS: i64 = 7 * 24 * 3_600_000;
/// Webhooks of one company.
pub const MOST: i64 = 50;

/// What a webhook may be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    CallStarted,
    CallAnswered,
    CallEnded,
    CallMissed,
    RecordingReady,
    ClientChanged,
    DealCreated,
    DealChanged,
    RequestCreated,
    VoicemailCreated,
    /// Nothing has happened: somebody looks whether it is taken. Not to be asked for.
    Test,
}

impl Event {
    /// What may be asked for.
    pub const ALL: &[Event] = &[
        Event::CallStarted,
        Event::CallAnswered,
        Event::CallEnded,
        Event::CallMissed,
        Event::RecordingReady,
        Event::ClientChanged,
        Event::DealCreated,
        Event::DealChanged,
        Event::RequestCreated,
        Event::VoicemailCreated,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Event::CallStarted => "call.started",
            Event::CallAnswered => "call.answered",
            Event::CallEnded => "call.ended",
            Event::CallMissed => "call.missed",
            Event::RecordingReady => "recording.ready",
            Event::ClientChanged => "client.changed",
            Event::DealCreated => "deal.created",
            Event::DealChanged => "deal.changed",
            Event::RequestCreated => "request.created",
            Event::VoicemailCreated => "voicemail.created",
            Event::Test => "webhook.test",
        }
    }

    /// Whether who called whom is told.
    fn tells_of_a_call(self) -> bool {
        match self {
            Event::CallStarted | Event::CallAnswered | Event::CallEnded | Event::CallMissed => true,
            Event::RecordingReady
            | Event::ClientChanged
            | Event::DealCreated
            | Event::DealChanged
            | Event::RequestCreated
            | Event::VoicemailCreated
            | Event::Test => false,
        }
    }

    /// One that may be asked for.
    pub fn named(name: &str) -> Option<Event> {
        Event::ALL.iter().copied().find(|event| event.name() == name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    pub id: WebhookId,
    pub account: AccountId,
    /// Who has said where it leads; what this person may not see is not sent there.
    pub owner: StaffId,
    pub standing: Standing,
    pub name: String,
    pub url: String,
    pub events: Vec<Event>,
    pub enabled: bool,
    /// Since when nothing has been taken.
    pub failing_since: Option<i64>,
    /// Why it was switched off, or why the last delivery was not taken.
    pub problem: Option<String>,
    pub created_at: i64,
    pub version: i64,
}

/// By what a webhook's owner is let in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    role: Option<Role>,
    /// Unix milliseconds.
    until: Option<i64>,
    /// Of the account's roles and groups, as `roles::Cache` takes it.
    pub rights_version: i64,
}

impl Standing {
    /// The first role at a moment, in unix milliseconds; `None`: there is no access.
    pub fn role_at(&self, now: i64) -> Option<Role> {
        self.role.filter(|_| self.until.is_none_or(|until| until > now))
    }
}

#[derive(sqlx::FromRow)]
struct StandingRow {
    owner_role: Option<String>,
    owner_until: Option<i64>,
    rights_version: i64,
}

impl StandingRow {
    fn read(&self) -> Standing {
        Standing {
            role: self.owner_role.as_deref().and_then(Role::named),
            until: self.owner_until,
            rights_version: self.rights_version,
        }
    }
}

/// What is to change, as typed.
#[derive(Debug, Clone, Default)]
pub struct WebhookPatch {
    pub name: Option<String>,
    pub url: Option<String>,
    pub events: Option<Vec<String>>,
    pub enabled: Option<bool>,
}

/// Something that has happened, for one webhook.
#[derive(Debug, Clone)]
pub struct News<'a> {
    pub id: DeliveryId,
    pub webhook: WebhookId,
    pub account: AccountId,
    /// As whom it is told.
    pub owner: StaffId,
    pub client: Option<ClientId>,
    pub event: Event,
    /// The body, as the webhook's owner may see it.
    pub payload: &'a str,
    pub at: i64,
}
