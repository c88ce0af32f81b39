//! What the owner asks of the endpoint.

use std::borrow::Cow;

use bytes::Bytes;

use crate::event::{SessionId, TransactionId};
use crate::flow::FlowId;
use crate::wire::Message;

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
    pub from: Party,
    pub to: Party,
    /// The value to send (RFC 7332: the other leg's less one).
    pub max_forwards: u8,
    pub headers: Headers,
    /// `None`: the answerer offers, and the ACK waits for `AnswerOffer` (or `RefuseOffer`, which hangs up).
    pub body: Option<Body>,
    /// The response (401, 407, 422, 3xx ...) that this INVITE follows: it keeps that one's Call-ID and From tag, its
    /// CSeq is one higher. `None`: a new call.
    pub after: Option<Message>,
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
    /// 180 or 183 on an incoming INVITE.
    Ring {
        session: SessionId,
        status: u16,
        headers: Headers,
        body: Option<Body>,
    },
    /// 200 on an incoming INVITE; retransmitted until the ACK comes.
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
    /// Our re-INVITE with a new offer; waits inside while another INVITE of the dialog is under way.
    Reinvite {
        session: SessionId,
        headers: Headers,
        body: Body,
    },
    /// INFO, MESSAGE ... inside the dialog; answered by `Event::InDialogResult` with the token.
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
}
