//! The subscription usage of a dialog (RFC 6665): a peer that is told of changes, and until when.

use std::collections::BTreeSet;
use std::time::Instant;

use super::Dialog;
use crate::command::{Body, Headers, SubscriptionState};
use crate::event::SubscriptionId;
use crate::flow::FlowId;
use crate::tx::IdMap;

#[derive(Debug)]
pub(crate) struct Subscription {
    /// Where the peer speaks from.
    pub(crate) flow: FlowId,
    pub(crate) call_id: String,
    pub(crate) local_tag: u64,
    /// From as our requests carry it, with the tag.
    pub(crate) local: String,
    pub(crate) local_cseq: u32,
    pub(crate) dialog: Dialog,
    /// Event as our requests carry it; empty when the SUBSCRIBE had none.
    pub(crate) event: String,
    pub(crate) stage: Stage,
    /// Seconds that it lasts at most from one refresh to the next.
    pub(crate) longest: u32,
    /// When it runs out, or when nobody waits for its end any more.
    pub(crate) expires: Instant,
    /// The NOTIFY that is under way.
    pub(crate) outstanding: Option<u64>,
    /// The state to be told after it; a newer one takes its place.
    pub(crate) waiting: Option<Notice>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The first SUBSCRIBE waits for the owner.
    Asking {
        tx: u64,
    },
    Active,
    /// The peer unsubscribed or only fetches; the owner's last state is still to come.
    Parting,
    /// The last NOTIFY is under way, or waits for the one before it.
    Over,
}

/// A NOTIFY as the owner wants it.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    pub(crate) state: SubscriptionState,
    pub(crate) headers: Headers,
    pub(crate) body: Option<Body>,
}

/// All subscriptions, by our tag and in the order in which they run out.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    by_id: IdMap<Box<Subscription>>,
    by_tag: IdMap<SubscriptionId>,
    expiring: BTreeSet<(Instant, SubscriptionId)>,
    last: u64,
}

impl Subscription {
    pub(crate) fn next_cseq(&mut self) -> u32 {
        self.local_cseq = self.local_cseq.wrapping_add(1) & 0x7fff_ffff;
        self.local_cseq
    }
}

impl Subscriptions {
    pub(crate) fn add(&mut self, subscription: Subscription) -> SubscriptionId {
        self.last += 1;
        let id = SubscriptionId(self.last);
        self.by_tag.insert(subscription.local_tag, id);
        self.expiring.insert((subscription.expires, id));
        self.by_id.insert(id.0, Box::new(subscription));
        id
    }

    pub(crate) fn get(&self, id: SubscriptionId) -> Option<&Subscription> {
        self.by_id.get(&id.0).map(Box::as_ref)
    }

    pub(crate) fn get_mut(&mut self, id: SubscriptionId) -> Option<&mut Subscription> {
        self.by_id.get_mut(&id.0).map(Box::as_mut)
    }

    pub(crate) fn by_tag(&self, tag: u64) -> Option<SubscriptionId> {
        self.by_tag.get(&tag).copied()
    }

    pub(crate) fn remove(&mut self, id: SubscriptionId) -> Option<Box<Subscription>> {
        let subscription = self.by_id.remove(&id.0)?;
        self.by_tag.remove(&subscription.local_tag);
        self.expiring.remove(&(subscription.expires, id));
        Some(subscription)
    }

    pub(crate) fn prolong(&mut self, id: SubscriptionId, expires: Instant) {
        if let Some(subscription) = self.by_id.get_mut(&id.0) {
            self.expiring.remove(&(subscription.expires, id));
            subscription.expires = expires;
            self.expiring.insert((expires, id));
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.expiring.first().map(|(at, _)| *at)
    }

    /// The next one that has run out; it comes only once.
    pub(crate) fn pop_expired(&mut self, now: Instant) -> Option<SubscriptionId> {
        if self.deadline()? > now {
            return None;
        }
        self.expiring.pop_first().map(|(_, id)| id)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// What has to be empty when there is none.
    #[cfg(test)]
    pub(crate) fn index_entries(&self) -> usize {
        self.by_tag.len() + self.expiring.len()
    }
}
