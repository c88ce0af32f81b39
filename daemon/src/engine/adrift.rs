//! Connections that are lost while somebody talks or watches over them. Calls go on (their audio has ways of its own), and
//! so do subscriptions; our requests in them wait for the next connection of the same phone, which is known when it
//! registers anew (RFC 5626), or is ours to open to a provider.

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_routing::ids::{SipAccountId, StaffId, TrunkId};
use frontdesk_sip::Now;
use frontdesk_sip::event::SessionId;
use frontdesk_sip::flow::FlowId;
use frontdesk_sip::registrar::{Aor, Binding, BindingChange, Change};

use super::Engine;

/// What a phone that registers is known again by.
#[derive(Debug)]
struct Device {
    instance: Option<String>,
    contact: String,
    user_agent: Option<String>,
}

impl Device {
    fn of(binding: &Binding) -> Device {
        Device {
            instance: binding.instance.clone(),
            contact: binding.contact.clone(),
            user_agent: binding.user_agent.clone(),
        }
    }

    /// Without an instance the address that it gives is all that a phone has; whose address has changed with the network
    /// is taken for the same by its make.
    fn is(&self, binding: &Binding) -> bool {
        match (&self.instance, &binding.instance) {
            (Some(own), Some(theirs)) => own == theirs,
            (None, None) => {
                let make = self.user_agent.is_some() && self.user_agent == binding.user_agent;
                self.contact == binding.contact || make
            }
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

/// Phones of whose lost connections something is left.
#[derive(Debug, Default)]
pub(super) struct Adrift {
    phones: BTreeMap<SipAccountId, BTreeMap<FlowId, Device>>,
    accounts: BTreeSet<(FlowId, SipAccountId)>,
}

impl Adrift {
    pub(super) fn len(&self) -> usize {
        self.accounts.len()
    }

    fn note(&mut self, account: SipAccountId, binding: &Binding) {
        let phones = self.phones.entry(account).or_default();
        phones.insert(binding.flow, Device::of(binding));
        self.accounts.insert((binding.flow, account));
    }

    /// The lost connections of the phone that has this binding now.
    fn of(&self, account: SipAccountId, binding: &Binding) -> Vec<FlowId> {
        let phones = self.phones.get(&account).into_iter().flatten();
        phones
            .filter(|(_, device)| device.is(binding))
            .map(|(flow, _)| *flow)
            .collect()
    }

    /// Nothing is left of it.
    pub(super) fn forget(&mut self, flow: &FlowId) {
        let range = (*flow, SipAccountId::from_u128(0))..=(*flow, SipAccountId::from_u128(u128::MAX));
        let accounts: Vec<SipAccountId> = self.accounts.range(range).map(|(_, account)| *account).collect();
        for account in accounts {
            self.accounts.remove(&(*flow, account));
            if let Some(phones) = self.phones.get_mut(&account) {
                phones.remove(flow);
                if phones.is_empty() {
                    self.phones.remove(&account);
                }
            }
        }
    }
}

impl Engine {
    /// A connection is gone: whoever has registered by it is offline, and calls that are not answered yet end.
    pub(super) fn on_flow_closed(&mut self, flow: &FlowId, now: Now) {
        let successor = self.on_trunk_flow_closed(flow, now);
        self.endpoint.flow_closed(flow, now);
        let changes = self.registrar.flow_closed(flow);
        if self.endpoint.is_lost(flow) {
            match successor {
                Some(successor) => self.endpoint.succeed(flow, successor, None, now),
                None => self.go_adrift(flow, &changes, now),
            }
        }
        self.on_binding_changes(changes, now);
    }

    fn go_adrift(&mut self, flow: &FlowId, changes: &[Change], now: Now) {
        for (trunk, successor) in self.ways_back(flow) {
            let whose = self.aor_of_party(None, Some(trunk));
            self.endpoint.succeed(flow, successor, whose, now);
        }
        for Change { aor, what } in changes {
            let BindingChange::Removed(lost) = what else { continue };
            let account = SipAccountId::from_u128(aor.0);
            let mut others = self.registrar.bindings(*aor).iter();
            let other = others.find(|other| lost.instance.is_some() && other.instance == lost.instance);
            if let Some(other) = other.map(|other| other.flow) {
                self.go_on_over(account, flow, other, now);
            }
        }
    }

    /// A phone has registered: what it has left over another connection goes on over this one. `was` is where this
    /// binding was before.
    pub(super) fn find_again(&mut self, account: SipAccountId, binding: &Binding, was: Option<FlowId>, now: Now) {
        if was == Some(binding.flow) {
            return;
        }
        let lost = self.adrift.of(account, binding);
        for old in was.into_iter().chain(lost) {
            self.go_on_over(account, &old, binding.flow, now);
        }
    }

    fn go_on_over(&mut self, account: SipAccountId, old: &FlowId, new: FlowId, now: Now) {
        self.endpoint.succeed(old, new, Some(Aor(account.as_u128())), now);
        for subscription in self.watchers.of_watcher(account) {
            if self.endpoint.move_subscriber(subscription, old, new) {
                self.tell_watcher(subscription, true, now);
                self.keep_watch(subscription, now);
            }
        }
    }

    /// A binding is gone whose connection is lost, by now or with the last process: its phone is known again when it comes.
    pub(super) fn note_adrift(&mut self, account: SipAccountId, binding: &Binding) {
        if self.endpoint.is_lost(&binding.flow) {
            self.adrift.note(account, binding);
        }
    }

    /// Tells the endpoint with whose phone this session is.
    pub(super) fn note_whose(&mut self, session: SessionId, staff: Option<StaffId>, trunk: Option<TrunkId>) {
        if let Some(aor) = self.aor_of_party(staff, trunk) {
            self.endpoint.set_aor(session, aor);
        }
    }

    /// A line that does not register with us is known by its own name.
    fn aor_of_party(&self, staff: Option<StaffId>, trunk: Option<TrunkId>) -> Option<Aor> {
        let staff = staff.and_then(|staff| self.plan.staff.get(staff));
        let own = staff.and_then(|staff| staff.sip.as_ref()).map(|sip| sip.id.as_u128());
        let line = trunk.map(|id| {
            let sip = self.plan.staff.trunk(id).and_then(|trunk| trunk.sip.as_ref());
            sip.map_or(id.as_u128(), |sip| sip.id.as_u128())
        });
        own.or(line).map(Aor)
    }
}
