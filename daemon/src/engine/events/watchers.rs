//! Who watches whom, and who was touched since they were last told.

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_routing::ids::{AccountId, CallId, SipAccountId, StaffId};
use frontdesk_sip::event::SubscriptionId;
use frontdesk_sip::flow::FlowId;

use super::address::Address;
use super::messages::Messages;
use super::told::Told;

/// An event package that we serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Package {
    /// RFC 4235.
    Dialog,
    /// RFC 3856.
    Presence,
    /// RFC 3842.
    MessageSummary,
    /// RFC 3680.
    Reg,
}

impl Package {
    pub(super) fn named(name: &str) -> Option<Package> {
        let packages = [
            ("dialog", Package::Dialog),
            ("presence", Package::Presence),
            ("message-summary", Package::MessageSummary),
            ("reg", Package::Reg),
        ];
        let known = packages.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map(|(_, package)| *package)
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Package::Dialog => "application/dialog-info+xml",
            Package::Presence => "application/pidf+xml",
            Package::MessageSummary => "application/simple-message-summary",
            Package::Reg => "application/reginfo+xml",
        }
    }

    /// Nobody's business but the person's own.
    pub(super) fn is_private(self) -> bool {
        match self {
            Package::Dialog | Package::Presence => false,
            Package::MessageSummary | Package::Reg => true,
        }
    }
}

/// Whose lamp it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Watched {
    Person(StaffId),
    /// Where calls are parked.
    Place(AccountId, u16),
}

/// One subscription as the engine knows it.
#[derive(Debug)]
pub(super) struct Watch {
    /// Whose credentials it came with.
    pub(super) watcher: SipAccountId,
    pub(super) account: AccountId,
    pub(super) watched: Watched,
    pub(super) package: Package,
    /// The watched address as the phone wrote it.
    pub(super) address: Address,
    /// Of the next document.
    pub(super) version: u32,
    pub(super) told: Option<Told>,
    /// What the journal knows of it.
    pub(super) kept: Option<Written>,
}

/// A subscription as the journal was given it last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) name: String,
    pub(super) flow: FlowId,
    pub(super) expires_at: i64,
}

impl Watch {
    pub(super) fn person(&self) -> Option<StaffId> {
        match self.watched {
            Watched::Person(staff) => Some(staff),
            Watched::Place(..) => None,
        }
    }
}

#[derive(Debug, Default)]
pub(in crate::engine) struct Watchers {
    watches: BTreeMap<SubscriptionId, Watch>,
    by_watched: BTreeSet<(Watched, SubscriptionId)>,
    by_watcher: BTreeMap<SipAccountId, BTreeSet<SubscriptionId>>,
    /// Who is party to which call, both ways.
    busy: BTreeSet<(StaffId, CallId)>,
    parties: BTreeSet<(CallId, StaffId)>,
    touched: BTreeSet<Watched>,
    /// Mailboxes with something in them.
    mailboxes: BTreeMap<StaffId, Messages>,
    /// Whose phones are to be told what stands in their mailbox, if they have not subscribed to it.
    news: BTreeSet<StaffId>,
}

impl Watchers {
    pub(super) fn add(&mut self, subscription: SubscriptionId, watch: Watch) {
        self.by_watched.insert((watch.watched, subscription));
        self.by_watcher.entry(watch.watcher).or_default().insert(subscription);
        self.watches.insert(subscription, watch);
    }

    pub(super) fn forget(&mut self, subscription: SubscriptionId) -> Option<Watch> {
        let watch = self.watches.remove(&subscription)?;
        self.by_watched.remove(&(watch.watched, subscription));
        if let Some(of_one) = self.by_watcher.get_mut(&watch.watcher) {
            of_one.remove(&subscription);
            if of_one.is_empty() {
                self.by_watcher.remove(&watch.watcher);
            }
        }
        Some(watch)
    }

    pub(super) fn note_kept(&mut self, subscription: SubscriptionId, written: Written) {
        if let Some(watch) = self.watches.get_mut(&subscription) {
            watch.kept = Some(written);
        }
    }

    pub(super) fn get(&self, subscription: SubscriptionId) -> Option<&Watch> {
        self.watches.get(&subscription)
    }

    pub(super) fn all(&self) -> Vec<SubscriptionId> {
        self.watches.keys().copied().collect()
    }

    /// What a watcher is told now.
    pub(super) fn note(&mut self, subscription: SubscriptionId, told: Told) {
        if let Some(watch) = self.watches.get_mut(&subscription) {
            watch.version = watch.version.wrapping_add(1);
            watch.told = Some(told);
        }
    }

    pub(super) fn of_one(&self, watcher: SipAccountId) -> usize {
        self.by_watcher.get(&watcher).map_or(0, BTreeSet::len)
    }

    pub(in crate::engine) fn of_watcher(&self, watcher: SipAccountId) -> Vec<SubscriptionId> {
        self.by_watcher.get(&watcher).into_iter().flatten().copied().collect()
    }

    pub(super) fn oldest_of(&self, watcher: SipAccountId) -> Option<SubscriptionId> {
        self.by_watcher.get(&watcher)?.first().copied()
    }

    pub(super) fn touch(&mut self, watched: Watched) {
        if self.of_watched(watched).next().is_some() {
            self.touched.insert(watched);
        }
    }

    pub(super) fn touch_all(&mut self) {
        self.touched = self.by_watched.iter().map(|(watched, _)| *watched).collect();
    }

    pub(super) fn touch_call(&mut self, call: CallId, parties: impl Iterator<Item = StaffId>) {
        for staff in parties {
            if self.busy.insert((staff, call)) {
                self.parties.insert((call, staff));
            }
            self.touch(Watched::Person(staff));
        }
    }

    /// The call is over; whoever was party to it is given back.
    pub(in crate::engine) fn call_over(&mut self, call: CallId) -> Vec<StaffId> {
        let range = (call, StaffId::from_u128(0))..=(call, StaffId::from_u128(u128::MAX));
        let parties: Vec<StaffId> = self.parties.range(range).map(|(_, staff)| *staff).collect();
        for staff in &parties {
            self.parties.remove(&(call, *staff));
            self.busy.remove(&(*staff, call));
            self.touch(Watched::Person(*staff));
        }
        parties
    }

    pub(in crate::engine) fn calls_of(&self, staff: StaffId) -> impl Iterator<Item = CallId> {
        let range = (staff, CallId::from_u128(0))..=(staff, CallId::from_u128(u128::MAX));
        self.busy.range(range).map(|(_, call)| *call)
    }

    fn of_watched(&self, watched: Watched) -> impl Iterator<Item = SubscriptionId> {
        let range = (watched, SubscriptionId(0))..=(watched, SubscriptionId(u64::MAX));
        self.by_watched.range(range).map(|(_, subscription)| *subscription)
    }

    /// The watchers of all who were touched; asked again there are none.
    pub(super) fn touched(&mut self) -> Vec<SubscriptionId> {
        let touched = std::mem::take(&mut self.touched);
        touched.iter().flat_map(|watched| self.of_watched(*watched)).collect()
    }

    pub(super) fn messages(&self, staff: StaffId) -> Messages {
        self.mailboxes.get(&staff).copied().unwrap_or_default()
    }

    pub(super) fn set_messages(&mut self, staff: StaffId, messages: Messages) {
        if self.messages(staff) != messages {
            self.note_mailbox(staff);
        }
        if messages == Messages::default() {
            self.mailboxes.remove(&staff);
        } else {
            self.mailboxes.insert(staff, messages);
        }
        self.touch(Watched::Person(staff));
    }

    pub(super) fn note_mailbox(&mut self, staff: StaffId) {
        self.news.insert(staff);
    }

    /// Asked again there are none.
    pub(super) fn take_mailbox_news(&mut self) -> BTreeSet<StaffId> {
        std::mem::take(&mut self.news)
    }

    pub(super) fn has_subscribed(&self, watcher: SipAccountId, package: Package) -> bool {
        let of_one = self.by_watcher.get(&watcher).into_iter().flatten();
        of_one
            .filter_map(|subscription| self.watches.get(subscription))
            .any(|watch| watch.package == package)
    }

    /// All that is kept, mailboxes apart: nothing when nobody watches and nobody talks.
    pub(in crate::engine) fn count(&self) -> usize {
        let indexes = self.by_watched.len() + self.by_watcher.len() + self.touched.len() + self.news.len();
        self.watches.len() + indexes + self.busy.len() + self.parties.len()
    }
}
