//! The INVITE usage of a dialog (RFC 5057): one party's call as the endpoint keeps it.

use std::sync::Arc;
use std::time::Instant;

use super::Dialog;
use super::reliable::{Exchange, Reliable};
use super::session_timer::SessionTimer;
use crate::auth::Credentials;
use crate::command::{Body, Headers};
use crate::event::SessionId;
use crate::flow::FlowId;
use crate::registrar::Aor;
use crate::wire::SessionIds;

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    /// Where our requests go, or where they start from.
    pub(crate) flow: FlowId,
    /// They go where the peer's routes and its Contact lead, as far as that is known.
    pub(crate) follows: bool,
    pub(crate) call_id: String,
    pub(crate) local_tag: u64,
    /// From as our requests carry it, with the tag.
    pub(crate) local: String,
    pub(crate) local_cseq: u32,
    /// We sent the first INVITE: we own the Call-ID (RFC 3261 section 14.1).
    pub(crate) caller: bool,
    pub(crate) phase: Phase,
    /// As our messages carry them.
    pub(crate) ids: SessionIds,
    /// Of an incoming INVITE from the start; of ours once it is answered.
    pub(crate) dialog: Option<Dialog>,
    /// The branches of our INVITE that ring, by To tag.
    pub(crate) early: Vec<Dialog>,
    /// Our 2xx that waits for its ACK.
    pub(crate) unacked: Option<Unacked>,
    /// The peer's re-INVITE or UPDATE that waits for the owner.
    pub(crate) offer: Option<PendingOffer>,
    /// Our re-INVITE under way, or waiting.
    pub(crate) reinvite: Reinvite,
    /// Our reliable provisional responses to the peer's INVITE.
    pub(crate) reliable: Option<Box<Reliable>>,
    /// Our side's last description of the media.
    pub(crate) described: Option<Body>,
    /// What our first INVITE offers when its offer is refused.
    pub(crate) second: Option<Body>,
    pub(crate) timer: SessionTimer,
    /// What the peer's challenges are answered with.
    pub(crate) credentials: Option<Arc<Credentials>>,
    /// Whose phone it is with; `None`: nobody has said so.
    pub(crate) aor: Option<Aor>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The peer's INVITE waits for our final response.
    Incoming {
        tx: u64,
    },
    /// Our INVITE waits for its final response.
    Calling {
        tx: u64,
    },
    /// The owner gave our INVITE up.
    Cancelling {
        tx: u64,
    },
    /// The 2xx to our INVITE without offer came; its ACK waits for the owner's answer.
    Answering {
        tx: u64,
    },
    Established,
    /// The owner hung up before our 2xx was acknowledged: BYE has to wait (RFC 3261 section 15).
    Leaving {
        reason: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unacked {
    pub(crate) tx: u64,
    pub(crate) cseq: u32,
    /// It answered the session's first INVITE.
    pub(crate) first: bool,
    /// It carried our offer: the ACK has the answer.
    pub(crate) offered: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PendingOffer {
    pub(crate) tx: u64,
    pub(crate) invite: bool,
    pub(crate) cseq: u32,
    /// The request had a body, so that ours is an answer.
    pub(crate) offered: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Reinvite {
    /// The client transaction under way.
    pub(crate) tx: Option<u64>,
    /// What is under way, or was refused with 491 and will be again.
    pub(crate) current: Option<(Headers, Body)>,
    /// What the owner asked for meanwhile.
    pub(crate) next: Option<(Headers, Body)>,
    /// When to try again after 491.
    pub(crate) retry_at: Option<Instant>,
    pub(crate) refusals: u8,
    /// What waits or is under way is no offer of the owner's but refreshes the session.
    pub(crate) refresh: bool,
}

impl Session {
    /// Whether an INVITE of either side is under way, so that ours has to wait (RFC 3261 section 14.1).
    pub(crate) fn is_busy(&self) -> bool {
        self.reinvite.tx.is_some()
            || self.unacked.is_some()
            || self.offer.is_some_and(|offer| offer.invite)
            || self.phase != Phase::Established
    }

    /// How far offer and answer of the peer's INVITE have come.
    pub(crate) fn exchange(&self) -> Exchange {
        self.reliable
            .as_ref()
            .map_or(Exchange::Open, |reliable| reliable.exchange)
    }

    /// The owner still hears of it.
    pub(crate) fn is_heard(&self) -> bool {
        match self.phase {
            Phase::Cancelling { .. } | Phase::Leaving { .. } => false,
            Phase::Incoming { .. } | Phase::Calling { .. } | Phase::Answering { .. } | Phase::Established => true,
        }
    }

    pub(crate) fn is_established(&self) -> bool {
        self.phase == Phase::Established
    }

    pub(crate) fn next_cseq(&mut self) -> u32 {
        self.local_cseq = self.local_cseq.wrapping_add(1) & 0x7fff_ffff;
        self.local_cseq
    }

    /// The dialog with this remote tag, confirmed or early.
    pub(crate) fn dialog_mut(&mut self, remote_tag: &[u8]) -> Option<&mut Dialog> {
        match &mut self.dialog {
            Some(dialog) if dialog.remote_tag == remote_tag => Some(dialog),
            Some(_) => None,
            None => self.early.iter_mut().find(|dialog| dialog.remote_tag == remote_tag),
        }
    }
}
