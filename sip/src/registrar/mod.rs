//! The registrar (RFC 3261 section 10, Path of RFC 3327, instances of RFC 5626 section 6).
//!
//! Deliberately absent: who may register what. The owner authenticates the request and names the address of record.

mod binding;
mod location;
mod request;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

pub use binding::Binding;
use request::Registration;

use crate::Now;
use crate::command::{Headers, Reply};
use crate::flow::{FlowId, Transport};
use crate::wire::Message;

/// The key of an address of record; what it stands for is the owner's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Aor(pub u128);

#[derive(Debug, Clone)]
pub struct RegistrarConfig {
    /// Seconds; a shorter wish is refused with 423.
    pub min_expires: u32,
    /// Seconds; a longer wish is cut.
    pub max_expires: u32,
    /// Seconds, when the request says nothing.
    pub default_expires: u32,
    /// Contacts of one address of record; a further one displaces an unreachable one, else the oldest.
    pub max_contacts: usize,
}

impl Default for RegistrarConfig {
    fn default() -> Self {
        RegistrarConfig {
            min_expires: 60,
            max_expires: 3600,
            default_expires: 300,
            max_contacts: 10,
        }
    }
}

/// One step of an address of record, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub aor: Aor,
    pub what: BindingChange,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BindingChange {
    /// New or refreshed.
    Saved(Box<Binding>),
    Removed(Box<Binding>),
    /// The first binding came.
    Online,
    /// The last binding went.
    Offline,
}

/// What a REGISTER led to.
#[derive(Debug)]
pub struct Registered {
    pub reply: Reply,
    pub changes: Vec<Change>,
}

#[derive(Debug)]
pub struct Registrar {
    config: RegistrarConfig,
    locations: HashMap<Aor, Vec<Binding>>,
    /// When the first binding of each address expires.
    due: BTreeSet<(Instant, Aor)>,
    /// Which addresses have bindings on a connection.
    streams: BTreeSet<(FlowId, Aor)>,
    count: usize,
}

impl Registrar {
    pub fn new(config: RegistrarConfig) -> Registrar {
        Registrar {
            config,
            locations: HashMap::new(),
            due: BTreeSet::new(),
            streams: BTreeSet::new(),
            count: 0,
        }
    }

    /// Serves a REGISTER that the owner has authenticated and found to be for `aor`. Either all of it is done or, with
    /// a status of 400 and above, nothing.
    pub fn register(&mut self, request: &Message, aor: Aor, flow: &FlowId, now: Now) -> Registered {
        let done = Registration::read(request, &self.config).and_then(|registration| {
            let old = self.bindings(aor);
            let new = location::apply(old, &registration, self.config.max_contacts, flow, now)?;
            Ok((registration, new))
        });
        match done {
            Ok((registration, new)) => {
                let changes = self.commit(aor, new);
                let reply = self.accepted(aor, &registration, now);
                Registered { reply, changes }
            }
            Err(reply) => Registered {
                reply: *reply,
                changes: Vec::new(),
            },
        }
    }

    /// By falling q, then newest first.
    pub fn bindings(&self, aor: Aor) -> &[Binding] {
        self.locations.get(&aor).map(Vec::as_slice).unwrap_or_default()
    }

    /// The same by device: of the flows of one only one may be tried at a time (RFC 5626 section 7), those that answer
    /// first. A contact without an instance is a device of its own.
    pub fn devices(&self, aor: Aor) -> Vec<Vec<&Binding>> {
        let mut devices: Vec<Vec<&Binding>> = Vec::new();
        for binding in self.bindings(aor) {
            let mut others = devices.iter_mut();
            let same = |device: &&mut Vec<&Binding>| {
                let instance = device.first().and_then(|first| first.instance.as_ref());
                instance.is_some() && instance == binding.instance.as_ref()
            };
            match others.find(same) {
                Some(device) => device.push(binding),
                None => devices.push(vec![binding]),
            }
        }
        for device in &mut devices {
            device.sort_by_key(|flow| !flow.reachable);
        }
        devices
    }

    pub fn is_online(&self, aor: Aor) -> bool {
        !self.bindings(aor).is_empty()
    }

    /// Bindings of all addresses.
    pub fn count(&self) -> usize {
        self.count
    }

    /// A connection is lost: what was bound over it can no longer be reached.
    pub fn flow_closed(&mut self, flow: &FlowId) -> Vec<Change> {
        let range = (*flow, Aor(0))..=(*flow, Aor(u128::MAX));
        let aors: Vec<Aor> = self.streams.range(range).map(|(_, aor)| *aor).collect();
        self.keep_where(aors, |binding| binding.flow != *flow)
    }

    /// When [`Registrar::expire`] is to be called.
    pub fn deadline(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Removes what has expired.
    pub fn expire(&mut self, now: Now) -> Vec<Change> {
        let late = self.due.iter().take_while(|(at, _)| *at <= now.instant);
        let aors: Vec<Aor> = late.map(|(_, aor)| *aor).collect();
        self.keep_where(aors, |binding| binding.lives(now))
    }

    /// Takes a binding back that was kept over a restart. One that expired meanwhile, or whose connection died with
    /// the process, comes back as `Removed`; one that has registered anew since is left alone.
    pub fn restore(&mut self, aor: Aor, mut binding: Binding, now: Now) -> Vec<Change> {
        let left = u64::try_from(binding.expires_at.saturating_sub(now.unix_ms)).unwrap_or(0);
        let most = u64::from(self.config.max_expires) * 1000;
        binding.expires = now.instant + Duration::from_millis(left.min(most));
        if !binding.lives(now) || is_stream(&binding.flow) {
            let what = BindingChange::Removed(Box::new(binding));
            return vec![Change { aor, what }];
        }
        let mut bindings = self.bindings(aor).to_vec();
        if location::is_known(&bindings, &binding) || bindings.len() >= self.config.max_contacts {
            return Vec::new();
        }
        let at = bindings.partition_point(|b| (b.q, b.refreshed_at) >= (binding.q, binding.refreshed_at));
        bindings.insert(at, binding);
        self.commit(aor, bindings)
    }

    /// Removes all bindings: the account was deleted or its password changed.
    pub fn remove(&mut self, aor: Aor) -> Vec<Change> {
        self.commit(aor, Vec::new())
    }

    /// Notes whether the binding with this [`Binding::name`] answers. One that does not is displaced first; it registers
    /// its way back.
    pub fn set_reachable(&mut self, aor: Aor, name: &str, reachable: bool) {
        let bindings = self.locations.get_mut(&aor).into_iter().flatten();
        for binding in bindings.filter(|b| b.name() == name) {
            binding.reachable = reachable;
        }
    }

    fn keep_where(&mut self, aors: Vec<Aor>, keep: impl Fn(&Binding) -> bool) -> Vec<Change> {
        let mut changes = Vec::new();
        for aor in aors {
            let kept = self.bindings(aor).iter().filter(|b| keep(b)).cloned().collect();
            changes.extend(self.commit(aor, kept));
        }
        changes
    }

    /// Replaces the bindings of an address, and tells the difference.
    fn commit(&mut self, aor: Aor, mut new: Vec<Binding>) -> Vec<Change> {
        let old = self.locations.remove(&aor).unwrap_or_default();
        let removed = old.iter().filter(|o| !new.iter().any(|n| n.is(o)));
        let removed = removed.map(|b| BindingChange::Removed(Box::new(b.clone())));
        let saved = new.iter().filter(|n| !old.contains(n));
        let saved = saved.map(|b| BindingChange::Saved(Box::new(b.clone())));
        let edge = match (old.is_empty(), new.is_empty()) {
            (true, false) => Some(BindingChange::Online),
            (false, true) => Some(BindingChange::Offline),
            (true, true) | (false, false) => None,
        };
        let changes = removed
            .chain(saved)
            .chain(edge)
            .map(|what| Change { aor, what })
            .collect();
        self.index(aor, &old, &new);
        if !new.is_empty() {
            // Room for contacts that never come would cost more than the one that did.
            new.shrink_to_fit();
            self.locations.insert(aor, new);
        }
        changes
    }

    fn index(&mut self, aor: Aor, old: &[Binding], new: &[Binding]) {
        if let Some(at) = old.iter().map(|b| b.expires).min() {
            self.due.remove(&(at, aor));
        }
        if let Some(at) = new.iter().map(|b| b.expires).min() {
            self.due.insert((at, aor));
        }
        for binding in old.iter().filter(|b| is_stream(&b.flow)) {
            self.streams.remove(&(binding.flow, aor));
        }
        for binding in new.iter().filter(|b| is_stream(&b.flow)) {
            self.streams.insert((binding.flow, aor));
        }
        self.count = self.count + new.len() - old.len();
    }

    fn accepted(&self, aor: Aor, registration: &Registration, now: Now) -> Reply {
        let contacts = self.bindings(aor).iter().map(|b| b.to_contact(now));
        let mut headers: Headers = contacts.map(|value| (Cow::Borrowed("Contact"), value)).collect();
        if registration.supports_path {
            let path = registration.path.iter().cloned();
            headers.extend(path.map(|value| (Cow::Borrowed("Path"), value)));
        }
        if registration.outbound {
            headers.push((Cow::Borrowed("Require"), "outbound".to_owned()));
        }
        Reply {
            status: 200,
            headers,
            ..Reply::default()
        }
    }
}

fn is_stream(flow: &FlowId) -> bool {
    flow.transport != Transport::Udp
}
