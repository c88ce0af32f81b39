//! What the owner asks of the endpoint.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use crate::auth::Credentials;
use crate::event::{SessionId, SubscriptionId, TransactionId};
use crate::flow::FlowId;
use crate::wire::{Message, SessionUuid};

/// Header fields in order: (name, value). Values must not contain CR or LF: the builder drops such a field.
pub type Headers = Vec<(Cow<'static, str>, String)>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    pub content_type: Cow<'static, str>,
    pub bytes: Bytes,
}

impl Body {
    pub fn sdp(bytes: Bytes) -> Self {
        Body {
            content_type: Cow::Borrowed("application/sdp"),
            bytes,
        }
    }
}

/// A name and a URI as From, To or P-Asserted-Identity carry them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Party {
    /// Shown name, unquoted; empty: none.
    pub display: String,
    /// For example `sip:101@pbx.example`.
    pub uri: String,
}

/// A response's own parts; Via, From, To, Call-ID and CSeq come from the request.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    pub status: u16,
    /// `None`: the RFC's phrase for the status.
    pub reason: Option<Cow<'static, str>>,
    pub headers: Headers,
    pub body: Option<Body>,
    /// Without Server: whoever asks need not know what we are.
    pub unnamed: bool,
}

/// A new outgoing INVITE.
#[derive(Debug, Clone)]
pub struct Invite {
    /// From `Endpoint::new_session`.
    pub session: SessionId,
    pub flow: FlowId,
    /// The target as it registered, for example `sip:101@192.0.2.7:5060;ob`.
    pub request_uri: String,
    /// Route values, top first (from the binding's Path).
    pub route: Vec<String>,
    /// Requests inside the dialog go where the peer's routes and its Contact lead: it is a provider and not behind a NAT.
    pub follow_routes: bool,
    pub from: Party,
    pub to: Party,
    /// The value to send (RFC 7332: the other leg's less one).
    pub max_forwards: u8,
    /// For whom we call (RFC 7989), as the other leg's `Endpoint::session_ids` names its peer. `None`: a UUID is made.
    pub session_id: Option<SessionUuid>,
    pub headers: Headers,
    /// `None`: the answerer offers, and the ACK waits for `AnswerOffer` (or `RefuseOffer`, which hangs up).
    pub body: Option<Body>,
    /// The offer that takes the place of `body` when that is refused with 415, 488 or 606: once, in the same session.
    pub second: Option<Body>,
    /// The response (401, 407, 422, 3xx ...) that this INVITE follows: it keeps that one's Call-ID and From tag, its
    /// CSeq is one higher. `None`: a new call.
    pub after: Option<Message>,
    /// What challenges are answered with, to this INVITE and to what follows in its dialog.
    pub credentials: Option<Arc<Credentials>>,
}

/// A request outside dialogs other than INVITE: REGISTER, OPTIONS, MESSAGE ...
#[derive(Debug, Clone)]
pub struct Request {
    /// Comes back in `Event::Response`.
    pub token: u64,
    pub flow: FlowId,
    pub method: Cow<'static, str>,
    pub request_uri: String,
    /// Route values, top first.
    pub route: Vec<String>,
    pub from: Party,
    pub to: Party,
    pub max_forwards: u8,
    pub headers: Headers,
    pub body: Option<Body>,
    /// The response that this request follows: it keeps that one's Call-ID and From tag, its CSeq is one higher.
    pub after: Option<Message>,
    /// What challenges are answered with.
    pub credentials: Option<Arc<Credentials>>,
}

/// Subscription-State of a NOTIFY (RFC 6665 section 4.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionState {
    Pending,
    Active,
    /// The last NOTIFY.
    Terminated(TerminatedReason),
}

/// Why a subscription ends: what the peer does next depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TerminatedReason {
    /// Subscribe anew at once.
    Deactivated,
    /// Not before some time.
    Probation,
    /// Not any more: who asked may not know.
    Rejected,
    /// Subscribe anew at once, if still interested.
    Timeout,
    /// Nobody could decide; later perhaps.
    GiveUp,
    /// Not any more: what was watched is gone.
    NoResource,
    /// Not needed: the state will never change.
    Invariant,
}

impl SubscriptionState {
    /// The header's value; `left` are the seconds until the subscription runs out.
    pub(crate) fn value(self, left: u64) -> String {
        match self {
            SubscriptionState::Pending => format!("pending;expires={left}"),
            SubscriptionState::Active => format!("active;expires={left}"),
            SubscriptionState::Terminated(reason) => format!("terminated;reason={}", reason.as_str()),
        }
    }
}

impl TerminatedReason {
    fn as_str(self) -> &'static str {
        match self {
            TerminatedReason::Deactivated => "deactivated",
            TerminatedReason::Probation => "probation",
            TerminatedReason::Rejected => "rejected",
            TerminatedReason::Timeout => "timeout",
            TerminatedReason::GiveUp => "giveup",
            TerminatedReason::NoResource => "noresource",
            TerminatedReason::Invariant => "invariant",
        }
    }
}

#[derive(Debug)]
pub enum Command {
    Respond {
        transaction: TransactionId,
        reply: Reply,
    },
    Invite(Box<Invite>),
    /// A request outside dialogs; its final answer is `Event::Response` with the token.
    Request(Box<Request>),
    /// 180 or 183 on an incoming INVITE; reliable (RFC 3262) when the caller requires that, or when it has a body and the
    /// caller knows it. Goes without its body once a reliable one has settled the media.
    Ring {
        session: SessionId,
        status: u16,
        headers: Headers,
        body: Option<Body>,
    },
    /// 200 on an incoming INVITE; retransmitted until the ACK comes. Waits inside for the PRACK of a `Ring` with a body, and
    /// goes without a body when that one settled the media.
    Accept {
        session: SessionId,
        headers: Headers,
        body: Body,
    },
    /// 3xx to 6xx on an incoming INVITE.
    Refuse {
        session: SessionId,
        reply: Reply,
    },
    /// Gives up our INVITE; the session ends with exactly one `Event::Refused` (487, and is BYEd inside, when a 2xx
    /// crosses).
    /// `reason` is a Reason value, for example `SIP;cause=200;text="Call completed elsewhere"`.
    Cancel {
        session: SessionId,
        reason: Option<String>,
    },
    /// 200 to the pending `Event::Offer`; or the ACK, when our INVITE without a body was answered.
    AnswerOffer {
        session: SessionId,
        body: Body,
    },
    RefuseOffer {
        session: SessionId,
        reply: Reply,
    },
    /// Our re-INVITE with a new offer; waits inside while another INVITE of the dialog is under way. Before the final
    /// response to the INVITE it goes by UPDATE (RFC 3311), if the peer allows that and the media is settled already.
    Reinvite {
        session: SessionId,
        headers: Headers,
        body: Body,
    },
    /// INFO, MESSAGE, UPDATE without a body ... inside the dialog; answered by `Event::InDialogResult` with the token.
    SendInDialog {
        session: SessionId,
        token: u64,
        method: Cow<'static, str>,
        headers: Headers,
        body: Option<Body>,
    },
    /// Ends an established session; before that it acts as `Cancel` or as `Refuse` with 480. No event follows.
    Bye {
        session: SessionId,
        reason: Option<String>,
    },
    /// 200 to a new subscription that lasts `expires` seconds from one refresh to the next, or less if the peer wants
    /// less; at most what the configuration allows.
    AcceptSubscription {
        subscription: SubscriptionId,
        expires: u32,
        headers: Headers,
    },
    RefuseSubscription {
        subscription: SubscriptionId,
        reply: Reply,
    },
    /// NOTIFY with the full state. One is under way at a time; a newer one takes the place of one that waits. After
    /// `Terminated` no event follows.
    Notify {
        subscription: SubscriptionId,
        state: SubscriptionState,
        headers: Headers,
        body: Option<Body>,
    },
}
