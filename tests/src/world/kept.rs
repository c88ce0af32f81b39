//! What a restart leaves.

use std::collections::BTreeMap;

use frontdesk::engine::output::{JournalEntry, StoredBinding, StoredSubscription};

use super::World;

impl World {
    /// The bindings as a database would hold them now.
    pub fn stored_bindings(&self) -> Vec<StoredBinding> {
        self.kept(|entry| {
            if let JournalEntry::BindingSaved(binding) = entry {
                let key = (binding.sip_account, binding.name.clone());
                return Some((key, Some((**binding).clone())));
            }
            if let JournalEntry::BindingRemoved { sip_account, name } = entry {
                return Some(((*sip_account, name.clone()), None));
            }
            None
        })
    }

    /// The same of subscriptions.
    pub fn stored_subscriptions(&self) -> Vec<StoredSubscription> {
        self.kept(|entry| {
            if let JournalEntry::SubscriptionSaved(stored) = entry {
                let key = (stored.sip_account, stored.dialog.name.clone());
                return Some((key, Some((**stored).clone())));
            }
            if let JournalEntry::SubscriptionRemoved { sip_account, name } = entry {
                return Some(((*sip_account, name.clone()), None));
            }
            None
        })
    }

    /// The rows that entries have written and none has taken away since, by their keys.
    fn kept<K: Ord, V>(&self, read: impl Fn(&JournalEntry) -> Option<(K, Option<V>)>) -> Vec<V> {
        let mut rows = BTreeMap::new();
        for (key, row) in self.journal.iter().filter_map(read) {
            match row {
                Some(row) => drop(rows.insert(key, row)),
                None => drop(rows.remove(&key)),
            }
        }
        rows.into_values().collect()
    }
}
