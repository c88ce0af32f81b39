//! What a restart leaves.

use std::collections::BTreeMap;

use frontdesk::engine::output::{JournalEntry, StoredBinding, StoredSubscription};

use super::World;

impl World {
    /// The bindings as a database would hold them now.
    pub fn stored_bindings(&self) -> Vec<StoredBinding> {
        let mut rows = BTreeMap::new();
        for entry in &self.journal {
            match entry {
                JournalEntry::BindingSaved(binding) => {
                    rows.insert((binding.sip_account, binding.name.clone()), (**binding).clone());
                }
                JournalEntry::BindingRemoved { sip_account, name } => {
                    rows.remove(&(*sip_account, name.clone()));
                }
                JournalEntry::SubscriptionSaved(_)
                | JournalEntry::SubscriptionRemoved { .. }
                | JournalEntry::RecordingStarted { .. }
                | JournalEntry::MessageStarted { .. }
                | JournalEntry::MessageDropped { .. }
                | JournalEntry::CallEnded { .. }
                | JournalEntry::LineLeft(_)
                | JournalEntry::SettingChanged(_)
                | JournalEntry::Block(_) => {}
            }
        }
        rows.into_values().collect()
    }

    /// The same of subscriptions.
    pub fn stored_subscriptions(&self) -> Vec<StoredSubscription> {
        let mut rows = BTreeMap::new();
        for entry in &self.journal {
            match entry {
                JournalEntry::SubscriptionSaved(stored) => {
                    rows.insert((stored.sip_account, stored.dialog.name.clone()), (**stored).clone());
                }
                JournalEntry::SubscriptionRemoved { sip_account, name } => {
                    rows.remove(&(*sip_account, name.clone()));
                }
                JournalEntry::BindingSaved(_)
                | JournalEntry::BindingRemoved { .. }
                | JournalEntry::RecordingStarted { .. }
                | JournalEntry::MessageStarted { .. }
                | JournalEntry::MessageDropped { .. }
                | JournalEntry::CallEnded { .. }
                | JournalEntry::LineLeft(_)
                | JournalEntry::SettingChanged(_)
                | JournalEntry::Block(_) => {}
            }
        }
        rows.into_values().collect()
    }
}
