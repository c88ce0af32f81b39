//! What the endpoint tells its owner.

use crate::flow::FlowId;
use crate::wire::Message;

/// A server transaction that waits for [`crate::command::Command::Respond`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionId(pub u64);

/// One INVITE usage of a dialog (RFC 5057): our side of one party's call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// The session that an INVITE with Replaces names (RFC 3891).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaced {
    pub session: SessionId,
    /// It still rings: our INVITE has no final response yet.
    pub early: bool,
}

/// One subscription usage (RFC 6665): a peer that is told of changes. Later ones have higher numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriptionId(pub u64);

/// Bytes for one flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    pub flow: FlowId,
    pub bytes: bytes::Bytes,
}

#[derive(Debug)]
pub enum Event {
    /// A request outside a dialog other than INVITE, SUBSCRIBE, ACK and CANCEL (REGISTER, OPTIONS ...);
    /// wants one `Respond`.
    Request {
        transaction: TransactionId,
        request: Message,
        flow: FlowId,
    },
    /// A new INVITE; wants `Ring`s, then one `Accept` or `Refuse`.
    Invite {
        session: SessionId,
        request: Message,
        flow: FlowId,
        /// The dialog that it takes the place of. Whether its sender may is the owner's to know.
        replaces: Option<Replaced>,
    },
    /// The caller cancelled an INVITE that had no final response, or left a reliable provisional response without PRACK;
    /// the endpoint has already sent 487 or 504.
    Cancelled { session: SessionId, reason: Option<String> },
    /// A provisional response (101 to 199) to our INVITE; its body may be an early answer. A reliable one (RFC 3262) comes
    /// once and in order and has been acknowledged.
    Progress { session: SessionId, response: Message },
    /// The first 2xx to our INVITE; the ACK has been sent, unless the INVITE had no body: then the response has the
    /// offer and wants `AnswerOffer` or `RefuseOffer`. Later 2xx of other branches are ACKed and BYEd inside. When a reliable
    /// provisional response brought the answer, the 2xx may have no body: `Endpoint::early_answer` has it.
    Answered { session: SessionId, response: Message },
    /// The offer of our INVITE was refused, and `Invite::second` is on its way in its place.
    SecondOffer { session: SessionId },
    /// Our INVITE ended without a session: a final response, or 408 by time-out, or 503 when the flow is gone
    /// (`response` is `None` for both). 422 has been followed inside as far as RFC 4028 section 7.3 goes.
    Refused {
        session: SessionId,
        status: u16,
        response: Option<Message>,
    },
    /// The ACK of our 2xx; its body is the answer when the INVITE had no offer. For a re-INVITE it comes only when that
    /// had no offer. Also the PRACK that answers the offer of our reliable provisional response; the ACK has none then.
    Acked { session: SessionId, body: bytes::Bytes },
    /// A re-INVITE with or without an offer, or an UPDATE or PRACK with one, before the answer too; wants `AnswerOffer` or `RefuseOffer`. Glare (491),
    /// overlapping requests (500) and UPDATE without a body never get here: the endpoint answers them, and refreshes the
    /// session by them (RFC 4028).
    Offer { session: SessionId, request: Message },
    /// The final answer to our `Reinvite`. 491 has been retried inside as RFC 3261 section 14.1 says.
    OfferResult {
        session: SessionId,
        status: u16,
        response: Option<Message>,
    },
    /// A request inside a dialog that is not the session's own (INFO, MESSAGE, REFER, NOTIFY); wants `Respond`.
    /// OPTIONS inside a dialog is answered by the endpoint.
    InDialog {
        session: SessionId,
        transaction: TransactionId,
        request: Message,
    },
    /// The final answer to our `Request`; 408 by time-out and 503 when the flow is gone have no message.
    Response {
        token: u64,
        status: u16,
        response: Option<Message>,
    },
    /// The final answer to our `SendInDialog`.
    InDialogResult {
        session: SessionId,
        token: u64,
        status: u16,
    },
    /// An established session is over.
    Ended {
        session: SessionId,
        by: EndedBy,
        reason: Option<String>,
    },
    /// A SUBSCRIBE outside a dialog; wants `AcceptSubscription` and then a `Notify` with the full state, or
    /// `RefuseSubscription`. With an Expires of 0 it is a fetch: that `Notify` is the last, and no event follows.
    Subscribe {
        subscription: SubscriptionId,
        request: Message,
        flow: FlowId,
    },
    /// The peer refreshed its subscription, which the endpoint has answered; wants a `Notify` with the full state. With
    /// an `expires` of 0 it unsubscribed: that `Notify` is the last, and no event follows.
    SubscriptionRefreshed { subscription: SubscriptionId, expires: u32 },
    /// A subscription ran out, or its peer is gone or wants no more of it.
    SubscriptionEnded { subscription: SubscriptionId },
    /// Nothing waits any more for what may come in place of this lost connection.
    FlowLeft { flow: FlowId },
}

impl Event {
    /// The session that it is about.
    pub fn session(&self) -> Option<SessionId> {
        match self {
            Event::Request { .. }
            | Event::Response { .. }
            | Event::Subscribe { .. }
            | Event::SubscriptionRefreshed { .. }
            | Event::SubscriptionEnded { .. }
            | Event::FlowLeft { .. } => None,
            Event::Invite { session, .. }
            | Event::Cancelled { session, .. }
            | Event::Progress { session, .. }
            | Event::Answered { session, .. }
            | Event::SecondOffer { session }
            | Event::Refused { session, .. }
            | Event::Acked { session, .. }
            | Event::Offer { session, .. }
            | Event::OfferResult { session, .. }
            | Event::InDialog { session, .. }
            | Event::InDialogResult { session, .. }
            | Event::Ended { session, .. } => Some(*session),
        }
    }
}

/// Why an established session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// The peer sent BYE.
    Bye,
    /// Our 2xx was never acknowledged (RFC 3261 section 13.3.1.4); BYE has been sent.
    AckLost,
    /// A request of ours in the dialog got 408, 481 or no answer (RFC 5057 section 5.1).
    PeerGone,
    /// The connection was lost before the ACK of the 2xx could be sent.
    FlowGone,
    /// Nobody refreshed it (RFC 4028 section 10); BYE has been sent.
    SessionExpired,
}
