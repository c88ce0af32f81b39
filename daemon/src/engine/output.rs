//! What the engine wants done. The shell does it in order and never answers by a return value.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use frontdesk_media::io::command::MediaCommand;
use frontdesk_routing::forwarding::Change;
use frontdesk_routing::ids::{
    AccountId, CallId, ClientId, DepartmentId, LegId, MailboxId, RecordingId, SipAccountId, StaffId, TrunkId,
};
use frontdesk_routing::plan::fingerprint::Fingerprint;
use frontdesk_sip::endpoint::KeptSubscription;
use frontdesk_sip::flow::{FlowId, Transport};
use frontdesk_sip::guard::Block;
use frontdesk_sip::wire::SessionIds;

use super::names::ServerName;

#[derive(Debug)]
pub enum Output {
    Transmit {
        flow: FlowId,
        bytes: Bytes,
    },
    /// Open this connection (its flow says that it is ours to open); wanted before its first `Transmit` only when it is
    /// TLS and the peer has to prove something else than its address.
    Connect {
        flow: FlowId,
        server_name: Option<String>,
        proof: Proof,
    },
    Media(MediaCommand),
    Record(RecordCommand),
    Journal(JournalEntry),
    Board(BoardChange),
    /// Look this up (RFC 3263) and answer by `Input::Resolved`; calls do not wait for it.
    Resolve(ServerName),
    /// Read or change messages for somebody who hears them by phone; the call does not wait for it.
    Inbox(InboxCommand),
    /// Say which of our addresses this peer sees, by `Input::Faced`.
    Face {
        transport: Transport,
        peer: SocketAddr,
    },
    /// Close this connection (a peer that misbehaves).
    CloseFlow(FlowId),
}

/// What the certificate of a TLS server has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Proof {
    /// Signed by a known authority for the server's name.
    #[default]
    Authority,
    /// This very one, whoever has signed it.
    Certificate(Fingerprint),
    /// Any will do.
    Nothing,
}

/// What is wanted of the messages that somebody hears by phone; answered by `Input::Inbox`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxCommand {
    pub call: CallId,
    pub account: AccountId,
    pub staff: StaffId,
    pub wish: InboxWish,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InboxWish {
    /// Which messages there are to hear.
    List,
    /// One of them as a sound: it is played at once.
    Load(RecordingId),
    /// It has been heard; answered only if that cannot be kept.
    Heard(RecordingId),
    Delete(RecordingId),
}

/// To the recorder; `Start` goes out before the matching `MediaCommand::Tap`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordCommand {
    Start {
        recording: RecordingId,
        account: AccountId,
        call: CallId,
        started_at: i64,
    },
}

/// What must survive a restart, in order. Times are unix milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub enum JournalEntry {
    BindingSaved(Box<StoredBinding>),
    /// By its name.
    BindingRemoved {
        sip_account: SipAccountId,
        name: String,
    },
    SubscriptionSaved(Box<StoredSubscription>),
    /// By its dialog's name.
    SubscriptionRemoved {
        sip_account: SipAccountId,
        name: String,
    },
    /// The call was answered and is being recorded: its rows exist before the file does.
    RecordingStarted {
        recording: RecordingId,
        call: Box<CdrRow>,
    },
    /// The recording is a message that is left in this mailbox.
    MessageStarted {
        recording: RecordingId,
        mailbox: MailboxId,
    },
    /// Nothing was said in it.
    MessageDropped {
        recording: RecordingId,
    },
    /// The call is over (answered or not); replaces the row that `RecordingStarted` made.
    CallEnded {
        call: Box<CdrRow>,
    },
    LineLeft(LineStay),
    /// Somebody dialled a feature code.
    SettingChanged(SettingChange),
    Block(BlockChange),
}

/// A call has left a department's line, or was not let into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineStay {
    pub call: CallId,
    pub account: AccountId,
    pub department: DepartmentId,
    /// Unix milliseconds.
    pub left_at: i64,
    /// In this line.
    pub waited_ms: i64,
    pub outcome: LineOutcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineOutcome {
    /// A member has taken it.
    Answered,
    /// Its caller has hung up.
    Abandoned,
    /// The line did not take it, or has had it long enough.
    Overflowed,
    /// It goes on elsewhere by somebody's hand.
    Withdrawn,
}

/// A person's setting as changed by phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettingChange {
    pub account: AccountId,
    pub staff: StaffId,
    pub change: Change,
    /// Above that of each earlier change of the same person.
    pub mark: i64,
    pub at: i64,
    pub random: u128,
}

/// What happens to sources that are not listened to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockChange {
    Blocked(Block),
    Lifted(IpAddr),
}

/// A registered contact as it is kept over a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBinding {
    pub sip_account: SipAccountId,
    /// What tells it from the others of the account.
    pub name: String,
    pub contact: String,
    pub path: Vec<String>,
    pub flow: FlowId,
    pub expires_at: i64,
    /// Thousandths, 0 to 1000.
    pub q: u16,
    pub sip_call_id: String,
    pub cseq: u32,
    pub instance: Option<String>,
    pub reg_id: Option<u32>,
    pub user_agent: Option<String>,
}

/// A subscription as it is kept over a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSubscription {
    /// Who watches.
    pub sip_account: SipAccountId,
    pub expires_at: i64,
    /// What is watched, as the phone wrote it; without a user it is the phone's own.
    pub user: String,
    pub host: String,
    pub dialog: KeptSubscription,
}

/// The call detail record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CdrRow {
    pub id: CallId,
    pub account: AccountId,
    pub direction: CallDirection,
    pub caller: CdrParty,
    /// As dialled.
    pub called: String,
    /// Who answered, or else who was rung.
    pub callee: CdrParty,
    pub client: Option<ClientId>,
    /// `None` while the call goes on.
    pub disposition: Option<Disposition>,
    pub because: String,
    pub started_at: i64,
    pub answered_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub ended_by: Option<EndedBySide>,
    /// The final SIP status towards the caller, or 200.
    pub status: u16,
    /// Whose line it was in last.
    pub department: Option<DepartmentId>,
    /// How long it was in lines.
    pub waited_ms: Option<i64>,
    /// What the caller and whoever had to do with them last are called in others' logs (RFC 7989).
    pub session_ids: Option<SessionIds>,
    pub legs: Vec<LegRow>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CdrParty {
    pub staff: Option<StaffId>,
    pub trunk: Option<TrunkId>,
    /// E.164 or short number.
    pub number: Option<String>,
    pub name: Option<String>,
    /// Somebody outside who keeps the number back (RFC 3323).
    pub restricted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallDirection {
    Internal,
    Inbound,
    Outbound,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    Answered,
    Busy,
    NoAnswer,
    Abandoned,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBySide {
    Caller,
    Callee,
    /// Time-out, silence, operator or shutdown.
    System,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegRow {
    pub id: LegId,
    pub caller: bool,
    pub staff: Option<StaffId>,
    pub trunk: Option<TrunkId>,
    pub sip_call_id: String,
    pub peer: Option<SocketAddr>,
    pub started_at: i64,
    pub answered_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub status: u16,
}

/// What pages and event streams see change at once.
#[derive(Debug, Clone, PartialEq)]
pub enum BoardChange {
    /// On the edge only: the first binding came or the last one went.
    Sip {
        account: AccountId,
        staff: StaffId,
        online: bool,
        at: i64,
    },
    CallCreated(Box<LiveCall>),
    /// This person's phone rings for somebody outside, and they want to see who it is.
    CallCard {
        account: AccountId,
        staff: StaffId,
        call: CallId,
        caller: CdrParty,
        client: Option<ClientId>,
    },
    CallRinging {
        call: CallId,
    },
    CallAnswered {
        call: CallId,
        at: i64,
        callee: CdrParty,
        recording: Option<RecordingId>,
    },
    CallHeld {
        call: CallId,
        held: bool,
    },
    /// The call is in this department's line from now on; `None`: it is in none any more.
    CallQueued {
        call: CallId,
        department: Option<DepartmentId>,
        at: i64,
    },
    /// Others talk with each other now.
    CallTransferred {
        call: CallId,
        caller: CdrParty,
        callee: CdrParty,
    },
    CallEnded {
        call: CallId,
        disposition: Disposition,
        at: i64,
    },
    Block(BlockChange),
    /// `None`: there is nothing to say of it, or it is gone.
    Trunk {
        account: AccountId,
        trunk: TrunkId,
        state: Option<TrunkState>,
        at: i64,
    },
}

/// How a provider's line does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkState {
    /// `None`: we do not register there.
    pub registration: Option<TrunkRegistration>,
    /// At least one server answers probes; `None`: they are not probed.
    pub reachable: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrunkRegistration {
    /// No answer yet.
    Trying,
    Registered,
    Failing {
        /// Unix milliseconds.
        since: i64,
        reason: String,
    },
}

/// A call in progress as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveCall {
    pub id: CallId,
    pub account: AccountId,
    pub direction: CallDirection,
    pub caller: CdrParty,
    pub called: String,
    pub callee: CdrParty,
    pub client: Option<ClientId>,
    pub started_at: i64,
    pub answered_at: Option<i64>,
    pub held: bool,
    /// In whose line it waits, and since when.
    pub waits: Option<(DepartmentId, i64)>,
    /// Whose line it was in last.
    pub line: Option<DepartmentId>,
    /// Whose phones ring for somebody outside, as long as nobody has answered.
    pub rung: Vec<StaffId>,
    pub recording: Option<RecordingId>,
}
