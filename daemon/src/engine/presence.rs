//! Who is online: what registrations, lost connections, plan changes and restarts do to the board and the journal.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_routing::ids::SipAccountId;
use frontdesk_routing::plan::{DialPlan, Owner};
use frontdesk_sip::Now;
use frontdesk_sip::registrar::{Aor, Binding, BindingChange, Change};

use super::Engine;
use super::output::{BoardChange, JournalEntry, Output, StoredBinding};

impl Engine {
    pub(super) fn on_binding_changes(&mut self, changes: Vec<Change>, now: Now) {
        for Change { aor, what } in changes {
            let account = SipAccountId::from_u128(aor.0);
            self.tell_of_bindings(account);
            match what {
                BindingChange::Saved(binding) => {
                    let was = self.kept.flow_of(account, &binding.name());
                    self.find_again(account, &binding, was, now);
                    self.watch_phone(account, &binding, now);
                    self.review_dark(account, now);
                    if !self.kept.is_news(account, &binding) {
                        continue;
                    }
                    let stored = Box::new(stored(account, &binding));
                    self.outputs
                        .push_back(Output::Journal(JournalEntry::BindingSaved(stored)));
                }
                BindingChange::Removed(binding) => {
                    self.unwatch_phone(account, &binding);
                    self.note_adrift(account, &binding);
                    self.review_dark(account, now);
                    let name = binding.name().into_owned();
                    self.kept.forget(account, &name);
                    let entry = JournalEntry::BindingRemoved {
                        sip_account: account,
                        name,
                    };
                    self.outputs.push_back(Output::Journal(entry));
                }
                BindingChange::Online => {
                    self.online.insert(account);
                    self.touch_bindings(account);
                    if let Some(Owner::Staff(staff)) = self.plan.staff.by_sip(account) {
                        self.tell_of_mailbox(staff.id);
                    }
                    self.tell_board(account, true, now);
                }
                BindingChange::Offline => {
                    self.online.remove(&account);
                    self.touch_bindings(account);
                    if !self.alive.take_dark(account) {
                        self.tell_board(account, false, now);
                    }
                }
            }
        }
    }

    /// Takes a new plan: whoever is no longer in it, is disabled or has another password loses the bindings at once.
    pub(super) fn on_plan(&mut self, plan: Arc<DialPlan>, now: Now) {
        self.pending.settle(&plan);
        let before = std::mem::replace(&mut self.plan, plan);
        self.review_trunks(&before, now);
        self.review_lines(&before, now);
        self.recent.review(&self.plan);
        if Arc::ptr_eq(&before.staff, &self.plan.staff) {
            return self.review_settings(&before);
        }
        let gone: Vec<SipAccountId> = self
            .online
            .iter()
            .filter(|account| {
                let was = before.staff.by_sip(**account).and_then(|owner| owner.sip());
                let is = self.plan.staff.by_sip(**account).and_then(|owner| owner.sip());
                match (was, is) {
                    (Some(was), Some(is)) => !is.enabled || was.ha1_sha256 != is.ha1_sha256 || was.user != is.user,
                    (None, Some(is)) => !is.enabled,
                    (_, None) => true,
                }
            })
            .copied()
            .collect();
        for account in gone {
            let changes = self.registrar.remove(Aor(account.as_u128()));
            // The board knows the person by the plan that had them.
            let current = std::mem::replace(&mut self.plan, Arc::clone(&before));
            self.on_binding_changes(changes, now);
            self.plan = current;
        }
        self.review_publications(&before);
        self.review_watchers(&before, now);
    }

    pub(super) fn restore(&mut self, bindings: Vec<StoredBinding>, now: Now) {
        for stored in bindings {
            let aor = Aor(stored.sip_account.as_u128());
            let known = self.plan.staff.by_sip(stored.sip_account).and_then(|owner| owner.sip());
            let welcome = known.is_some_and(|sip| sip.enabled);
            let peer = stored.flow.peer;
            let mut changes = self.registrar.restore(aor, restored(stored, now), now);
            if welcome {
                self.guard.passed(peer, &[], now);
            } else {
                changes.extend(self.registrar.remove(aor));
            }
            self.on_binding_changes(changes, now);
        }
    }

    pub(super) fn tell_board(&mut self, account: SipAccountId, online: bool, now: Now) {
        if let Some(Owner::Staff(staff)) = self.plan.staff.by_sip(account) {
            let change = BoardChange::Sip {
                account: staff.account,
                staff: staff.id,
                online,
                at: now.unix_ms,
            };
            self.outputs.push_back(Output::Board(change));
        }
    }
}

fn stored(sip_account: SipAccountId, binding: &Binding) -> StoredBinding {
    StoredBinding {
        sip_account,
        name: binding.name().into_owned(),
        contact: binding.contact.clone(),
        path: binding.path.clone(),
        flow: binding.flow,
        expires_at: binding.expires_at,
        q: binding.q,
        sip_call_id: binding.sip_call_id.clone(),
        cseq: binding.cseq,
        instance: binding.instance.clone(),
        reg_id: binding.reg_id,
        user_agent: binding.user_agent.clone(),
    }
}

fn restored(stored: StoredBinding, now: Now) -> Binding {
    let left = u64::try_from(stored.expires_at - now.unix_ms).unwrap_or(0);
    Binding {
        contact: stored.contact,
        q: stored.q,
        expires_at: stored.expires_at,
        expires: now.instant + Duration::from_millis(left),
        refreshed_at: now.unix_ms,
        flow: stored.flow,
        path: stored.path,
        sip_call_id: stored.sip_call_id,
        cseq: stored.cseq,
        instance: stored.instance,
        reg_id: stored.reg_id,
        user_agent: stored.user_agent,
        reachable: true,
    }
}
