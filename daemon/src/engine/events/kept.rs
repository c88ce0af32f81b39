//! Subscriptions over a restart: the journal is given each of them, and they come back before anything else happens.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_routing::plan::{DialPlan, Owner};
use frontdesk_sip::Now;
use frontdesk_sip::event::SubscriptionId;

use super::address::Address;
use super::meant;
use super::watchers::{Package, Watch, Watched, Written};
use crate::engine::Engine;
use crate::engine::output::{JournalEntry, Output, StoredSubscription};

/// A refresh is written down once it has moved the end so far, in milliseconds.
const WORTH_WRITING: i64 = 30_000;

impl Engine {
    /// The subscription stands, was refreshed, or has moved.
    pub(in crate::engine) fn keep_watch(&mut self, id: SubscriptionId, now: Now) {
        let Some(watch) = self.watchers.get(id) else { return };
        let Some((dialog, left)) = self.endpoint.kept_subscription(id, now) else {
            return;
        };
        let left = i64::try_from(left.as_millis()).unwrap_or(i64::MAX);
        let written = Written {
            name: dialog.name.clone(),
            flow: dialog.flow,
            expires_at: now.unix_ms.saturating_add(left),
        };
        let same = watch.kept.as_ref().is_some_and(|kept| {
            let moved = written.expires_at.saturating_sub(kept.expires_at);
            kept.flow == written.flow && (0..WORTH_WRITING).contains(&moved)
        });
        if same {
            return;
        }
        let stored = StoredSubscription {
            sip_account: watch.watcher,
            expires_at: written.expires_at,
            user: watch.address.user.clone(),
            host: watch.address.host.clone(),
            dialog,
        };
        self.watchers.note_kept(id, written);
        self.outputs
            .push_back(Output::Journal(JournalEntry::SubscriptionSaved(Box::new(stored))));
    }

    pub(in crate::engine) fn forget_watch(&mut self, id: SubscriptionId) {
        let Some(watch) = self.watchers.forget(id) else { return };
        if let Some(kept) = watch.kept {
            self.outputs
                .push_back(Output::Journal(JournalEntry::SubscriptionRemoved {
                    sip_account: watch.watcher,
                    name: kept.name,
                }));
        }
    }

    /// Takes back what was journalled before the restart, and tells everybody all.
    pub(in crate::engine) fn restore_subscriptions(&mut self, all: Vec<StoredSubscription>, now: Now) {
        let plan = Arc::clone(&self.plan);
        for stored in all {
            let left = u64::try_from(stored.expires_at.saturating_sub(now.unix_ms)).unwrap_or(0);
            let watch = watch_again(&plan, &stored, now).filter(|_| left > 0);
            let (sip_account, name) = (stored.sip_account, stored.dialog.name.clone());
            let again = watch.and_then(|watch| {
                let left = Duration::from_millis(left);
                Some((watch, self.endpoint.restore_subscription(stored.dialog, left, now)?))
            });
            match again {
                Some((watch, id)) => {
                    self.watchers.add(id, watch);
                    self.tell_watcher(id, true, now);
                }
                None => self
                    .outputs
                    .push_back(Output::Journal(JournalEntry::SubscriptionRemoved { sip_account, name })),
            }
        }
    }
}

/// `None`: whoever watched may not any more, or what was watched is gone.
fn watch_again(plan: &DialPlan, stored: &StoredSubscription, now: Now) -> Option<Watch> {
    let Some(Owner::Staff(asking)) = plan.staff.by_sip(stored.sip_account) else {
        return None;
    };
    asking.sip.as_ref().filter(|sip| sip.enabled)?;
    let package = stored.dialog.event.split(';').next().unwrap_or_default().trim();
    let package = Package::named(package)?;
    let address = Address {
        user: stored.user.clone(),
        host: stored.host.clone(),
    };
    let watched = meant(plan, asking, &address, package)?;
    if package.is_private() && watched != Watched::Person(asking.id) {
        return None;
    }
    Some(Watch {
        watcher: stored.sip_account,
        account: asking.account,
        watched,
        package,
        address,
        // Above that of all documents before: there is less than one a second in the long run.
        version: u32::try_from(now.unix_ms / 1000).unwrap_or_default(),
        told: None,
        kept: Some(Written {
            name: stored.dialog.name.clone(),
            flow: stored.dialog.flow,
            expires_at: stored.expires_at,
        }),
    })
}
