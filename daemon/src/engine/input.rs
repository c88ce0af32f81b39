//! What reaches the engine.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use frontdesk_media::io::command::MediaNotice;
use frontdesk_media::sound::Sound;
use frontdesk_routing::because::Ordered;
use frontdesk_routing::ids::{AccountId, CallId, DepartmentId, MailboxId, PromptId, RecordingId, StaffId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::DialPlan;
use frontdesk_sip::flow::{FlowId, Transport};
use frontdesk_sip::guard::Block;
use frontdesk_sip::overload::TurnedAway;

use super::events::Messages;
use super::names::{Resolution, ServerName};
use super::output::{StoredBinding, StoredSubscription};
pub use super::prompts::Phrase;

#[derive(Debug)]
pub enum Input {
    /// A datagram, or one framed message of a stream.
    Datagram {
        flow: FlowId,
        bytes: Bytes,
    },
    /// A request that there was no time for, with its answer.
    TurnAway(TurnedAway),
    /// A connection is gone: everything bound to it is offline. Calls go on that have been answered.
    FlowClosed(FlowId),
    Plan(Arc<DialPlan>),
    Media(MediaNotice),
    /// Bindings journalled before the restart; comes once, after the first `Plan`.
    Restore(Vec<StoredBinding>),
    /// Subscriptions journalled before the restart; comes once, between the first `Plan` and `Restore`.
    RestoreSubscriptions(Vec<StoredSubscription>),
    /// Whom phones of people from whom numbers are hidden showed before the restart, the last one last; comes once, after
    /// the first `Plan`.
    RestoreClients(Vec<(StaffId, PhoneNumber)>),
    /// What stands in a person's mailbox now: their phones' lamps follow.
    Mailbox {
        staff: StaffId,
        messages: Messages,
    },
    /// The answer to an `Output::Inbox` of this call.
    Inbox {
        call: CallId,
        answer: InboxAnswer,
    },
    /// What was last heard of the recordings' disk.
    Disk {
        full: bool,
    },
    /// The recorder has given a recording up.
    RecordingFailed(RecordingId),
    /// Blocks from before the restart.
    RestoreBlocks(Vec<Block>),
    /// What became of an `Output::Resolve`; the error says why for people.
    Resolved {
        name: ServerName,
        answer: Result<Resolution, String>,
    },
    /// Our own address as this peer sees it: the answer to `Output::Face`.
    Faced {
        transport: Transport,
        peer: SocketAddr,
        local: SocketAddr,
    },
    Operator(OperatorCommand),
    /// How full the journal's queue is, in percent; from 80 on new calls get 503.
    JournalLoad(u8),
    /// Stop taking new calls (503); those in progress go on.
    Drain,
    /// BYE everything.
    HangUpAll,
    /// Nothing came; the deadline passed.
    Tick,
}

/// What was found of the messages that somebody hears by phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboxAnswer {
    /// In the order in which they are heard.
    Listed(Vec<RecordingId>),
    Loaded(RecordingId, Arc<Sound>),
    /// There is no such message any more, or its sound is lost.
    Missing(RecordingId),
    Deleted(RecordingId),
    /// Nothing can be read or changed at present.
    Away,
}

/// A call that the system begins: somebody of the staff is rung, and connected with somebody else then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Originate {
    /// Given by whoever asks, so that asking twice makes one call.
    pub call: CallId,
    pub account: AccountId,
    pub first: First,
    /// Who is called then: E.164 or a short number.
    pub to: String,
    pub kind: Ordered,
}

/// Who is rung first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    Staff(StaffId),
    /// Whoever is free in its line.
    Department(DepartmentId),
}

/// What a person does to a call or a phone through the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperatorCommand {
    HangUp {
        call: CallId,
    },
    Originate(Box<Originate>),
    /// Until a moment in unix milliseconds, or until it is lifted.
    Block {
        address: IpAddr,
        until: Option<i64>,
    },
    Unblock {
        address: IpAddr,
    },
    /// What whoever waits hears from now on; `None`: what we bring along.
    Music {
        account: AccountId,
        sound: Option<Arc<Sound>>,
    },
    /// What stands in a person's mailbox now: their phones' lamps follow.
    Messages {
        staff: StaffId,
        messages: Messages,
    },
    /// What whoever leaves a message in a mailbox hears from now on; `None`: what we bring along.
    Greeting {
        mailbox: MailboxId,
        sound: Option<Arc<Sound>>,
    },
    /// A sound of the account's own, and the built-in one in whose place it is said; `None`: it is no more.
    Prompt {
        account: AccountId,
        prompt: PromptId,
        replaces: Option<Phrase>,
        sound: Option<Arc<Sound>>,
    },
}
