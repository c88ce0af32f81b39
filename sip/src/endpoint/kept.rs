//! Subscriptions as their owner keeps them over a restart.

use std::time::Duration;

use bytes::Bytes;

use super::Endpoint;
use crate::Now;
use crate::dialog::subscription::{Stage, Subscription};
use crate::dialog::{Dialog, text};
use crate::event::SubscriptionId;
use crate::flow::FlowId;
use crate::tx::Reliability;
use crate::tx::key::{read_token, token};

/// What a subscription needs to go on in another process, but for how long it lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSubscription {
    /// Our tag, by which it is told from all others.
    pub name: String,
    pub flow: FlowId,
    /// Event as its requests carry it.
    pub event: String,
    /// Seconds from one refresh to the next at most.
    pub longest: u32,
    /// The Call-ID header's value.
    pub call_id: String,
    /// From and To as our requests carry them, with their tags.
    pub local: String,
    pub remote: String,
    pub remote_tag: String,
    /// The peer's Contact.
    pub target: String,
    /// Route values, top first.
    pub routes: Vec<String>,
}

impl Endpoint {
    /// A subscription that stands, and how much of it is left.
    pub fn kept_subscription(&self, id: SubscriptionId, now: Now) -> Option<(KeptSubscription, Duration)> {
        let found = self.subscriptions.get(id);
        let subscription = found.filter(|found| found.stage == Stage::Active)?;
        let dialog = &subscription.dialog;
        let kept = KeptSubscription {
            name: token(subscription.local_tag),
            flow: subscription.flow,
            event: subscription.event.clone(),
            longest: subscription.longest,
            call_id: subscription.call_id.clone(),
            local: subscription.local.clone(),
            remote: dialog.remote.clone(),
            remote_tag: text(&dialog.remote_tag),
            target: dialog.target.clone(),
            routes: dialog.routes.clone(),
        };
        Some((kept, subscription.expires.saturating_duration_since(now.instant)))
    }

    /// Takes a subscription back; it wants a `Notify` with the full state. One whose connection went with the last process
    /// waits for the next one of its phone. `None`: it is here already, or there are too many.
    pub fn restore_subscription(&mut self, kept: KeptSubscription, left: Duration, now: Now) -> Option<SubscriptionId> {
        let local_tag = read_token(kept.name.as_bytes())?;
        if self.subscriptions.len() >= self.config.limits.subscriptions
            || self.subscriptions.by_tag(local_tag).is_some()
        {
            return None;
        }
        let flow = kept.flow;
        let id = self.subscriptions.add(Subscription {
            flow,
            call_id: kept.call_id,
            local_tag,
            local: kept.local,
            // Above all that were used: there is less than one a second in the long run.
            local_cseq: u32::try_from(now.unix_ms / 1000).unwrap_or_default() & 0x7fff_ffff,
            dialog: Dialog {
                remote_tag: Bytes::from(kept.remote_tag),
                remote: kept.remote,
                target: kept.target,
                routes: kept.routes,
                remote_cseq: None,
                heard: None,
                answer: None,
            },
            event: kept.event,
            stage: Stage::Active,
            longest: kept.longest,
            expires: now.instant + left,
            outstanding: None,
            waiting: None,
        });
        self.hold_subscription(id, flow);
        if Reliability::of(flow.transport) == Reliability::Reliable {
            self.lost.add(flow);
        }
        Some(id)
    }
}
