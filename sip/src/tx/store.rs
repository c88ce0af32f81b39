//! What is kept of each transaction.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{client, client_invite, server, server_invite};
use crate::endpoint::login::Known;
use crate::event::{SessionId, SubscriptionId};
use crate::flow::FlowId;
use crate::registrar::Aor;
use crate::wire::Message;

/// A finished one keeps the bytes that a retransmission needs and nothing of the request.
#[derive(Debug)]
pub(crate) struct ServerTx {
    /// The half of the key that is not the map's.
    pub(crate) check: u64,
    /// The key among requests that came over several paths; 0: none.
    pub(crate) merge: u64,
    /// Our To tag.
    pub(crate) tag: u64,
    /// Where responses go (RFC 3261 section 18.2.2).
    pub(crate) flow: FlowId,
    /// The last response; empty: none yet.
    pub(crate) last: Bytes,
    pub(crate) stage: ServerStage,
    pub(crate) pending: Option<Box<Pending>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerStage {
    Invite(server_invite::State),
    Other(server::State),
}

/// What only an unfinished server transaction needs.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) request: Message,
    pub(crate) session: Option<SessionId>,
    /// Of timer G, or of the 2xx.
    pub(crate) interval: Duration,
    /// Timer RingRefresh runs.
    pub(crate) ringing: bool,
}

#[derive(Debug)]
pub(crate) struct ClientTx {
    pub(crate) flow: FlowId,
    pub(crate) request: Bytes,
    /// Of timer A or E.
    pub(crate) interval: Duration,
    pub(crate) stage: ClientStage,
    pub(crate) purpose: Purpose,
    /// What challenges are answered with.
    pub(crate) known: Option<Known>,
    /// When its connection was lost and is to be tried again.
    pub(crate) again: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientStage {
    Invite(client_invite::State),
    Other(client::State),
}

/// Who wants to know how a client transaction ends.
#[derive(Debug)]
pub(crate) enum Purpose {
    Invite(Box<InviteWork>),
    InDialog {
        session: SessionId,
        token: u64,
    },
    Outside {
        token: u64,
    },
    /// UPDATE that refreshes the session (RFC 4028 section 7.4).
    Refresh {
        session: SessionId,
    },
    /// UPDATE with an offer before the final response to the INVITE (RFC 3311).
    EarlyOffer {
        session: SessionId,
    },
    Notify {
        subscription: SubscriptionId,
    },
    /// CANCEL, PRACK and the like: nobody.
    Parting,
    /// BYE and the last NOTIFY: nobody; it outlives its connection, as the dialog does.
    Farewell {
        /// Whose phone it is for; in a box, because transactions are many.
        aor: Option<Box<Aor>>,
    },
}

#[derive(Debug)]
pub(crate) struct InviteWork {
    /// `None` once the session is over: every 2xx that still comes is hung up.
    pub(crate) session: Option<SessionId>,
    /// Its session's, which it may outlive.
    pub(crate) follows: bool,
    /// Inside a dialog.
    pub(crate) again: bool,
    pub(crate) offered: bool,
    pub(crate) cseq: u32,
    pub(crate) cancel: CancelStage,
    /// The ACK of each 2xx by its To tag; `None`: the answer that it must carry is not known yet.
    pub(crate) acks: Vec<(Bytes, Option<(FlowId, Bytes)>)>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CancelStage {
    No,
    /// Waits for a provisional response (RFC 3261 section 9.1). Holds the Reason value.
    Wanted(Option<String>),
    Sent,
}
