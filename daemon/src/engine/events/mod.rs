//! Event packages (RFC 6665): phones watch colleagues, mailboxes and registrations, and are told of each change; they
//! publish what their people do (RFC 3903).
//!
//! What happens to calls and bindings only marks a person as touched; when the engine has settled, each watcher of a
//! touched person is told, if what it may see has changed.

mod address;
mod kept;
mod lamps;
mod messages;
mod pidf;
mod presence;
mod publications;
mod publish;
mod reg;
mod told;
mod unasked;
mod watchers;
mod xml;

use std::sync::Arc;

use frontdesk_routing::features;
use frontdesk_routing::ids::{AccountId, CallId, SipAccountId, StaffId};
use frontdesk_routing::number::ShortNumber;
use frontdesk_routing::plan::{DialPlan, Owner, PlanStaff};
use frontdesk_sip::Now;
use frontdesk_sip::command::{Body, Command, Reply, SubscriptionState, TerminatedReason};
use frontdesk_sip::endpoint::EndpointConfig;
use frontdesk_sip::event::SubscriptionId;
use frontdesk_sip::flow::FlowId;
use frontdesk_sip::wire::{HeaderName, Message};

use self::address::Address;
pub use self::messages::Messages;
pub(super) use self::publications::Publications;
pub(super) use self::publish::PIDF;
use self::told::Told;
pub(super) use self::watchers::Watchers;
use self::watchers::{Package, Watch, Watched};
use super::Engine;
use super::requests::{reply, reply_with};

/// As Allow-Events lists them.
pub(super) const ALLOW_EVENTS: &str = "dialog, presence, message-summary, reg";
/// Seconds that a subscription lasts when its phone does not want less: whatever makes a lamp wrong, it is right again
/// after so long at the most.
const LONGEST: u32 = 600;
/// A person's phones may watch so much together: three desk phones with all their extension modules. Beyond it the
/// oldest goes, which is one of a phone that was restarted.
const MOST_OF_ONE: usize = 1024;

/// An endpoint that tells its peers what we serve.
pub(super) fn served(endpoint: EndpointConfig) -> EndpointConfig {
    EndpointConfig {
        allow_events: ALLOW_EVENTS.into(),
        ..endpoint
    }
}

impl Engine {
    pub(super) fn on_subscribe(&mut self, subscription: SubscriptionId, request: &Message, flow: &FlowId, now: Now) {
        match self.admit(request, flow, now) {
            Ok(watch) => {
                self.counters.subscriptions += 1;
                let fetch = request.expires() == Some(0);
                let accept = Command::AcceptSubscription {
                    subscription,
                    expires: LONGEST,
                    headers: Vec::new(),
                };
                self.endpoint.command(accept, now);
                self.make_room(watch.watcher, now);
                self.watchers.add(subscription, watch);
                self.tell_watcher(subscription, true, now);
                if fetch {
                    self.forget_watch(subscription);
                } else {
                    self.keep_watch(subscription, now);
                }
            }
            Err(reply) => {
                let refuse = Command::RefuseSubscription { subscription, reply };
                self.endpoint.command(refuse, now);
            }
        }
    }

    /// The full state again, with which a phone that missed something is right once more.
    pub(super) fn on_resubscribed(&mut self, subscription: SubscriptionId, expires: u32, now: Now) {
        self.tell_watcher(subscription, true, now);
        if expires == 0 {
            self.forget_watch(subscription);
        } else {
            self.keep_watch(subscription, now);
        }
    }

    /// Who asks, by their credentials, and whether what they ask for is there and theirs to see.
    fn admit(&mut self, request: &Message, flow: &FlowId, now: Now) -> Result<Watch, Reply> {
        let watcher = self.authenticate(request, flow, now)?;
        let plan = Arc::clone(&self.plan);
        let Some(Owner::Staff(asking)) = plan.staff.by_sip(watcher) else {
            return Err(reply(403));
        };
        let event = request.event_type().and_then(Result::ok);
        let package = event.and_then(|event| Package::named(event.package()));
        let package = package.ok_or_else(|| reply_with(489, "Allow-Events", ALLOW_EVENTS))?;
        if !accepts(request, package.content_type()) {
            return Err(reply_with(406, "Accept", package.content_type()));
        }
        let address = Address::of(request, self.config.endpoint.advertise.signalling_address(flow));
        let watched = meant(&plan, asking, &address, package).ok_or_else(|| reply(404))?;
        if package.is_private() && watched != Watched::Person(asking.id) {
            return Err(reply(403));
        }
        Ok(Watch {
            watcher,
            account: asking.account,
            watched,
            package,
            address,
            version: 0,
            told: None,
            kept: None,
        })
    }

    fn make_room(&mut self, watcher: SipAccountId, now: Now) {
        while self.watchers.of_one(watcher) >= MOST_OF_ONE {
            let Some(oldest) = self.watchers.oldest_of(watcher) else {
                return;
            };
            self.dismiss(oldest, TerminatedReason::GiveUp, now);
        }
    }

    /// The last word to a watcher, without a state.
    fn dismiss(&mut self, subscription: SubscriptionId, reason: TerminatedReason, now: Now) {
        self.forget_watch(subscription);
        let notify = Command::Notify {
            subscription,
            state: SubscriptionState::Terminated(reason),
            headers: Vec::new(),
            body: None,
        };
        self.endpoint.command(notify, now);
    }

    /// Something about a call changes, has changed, or is about to: whoever watches one of its parties is told once all
    /// is settled.
    pub(super) fn touch(&mut self, call: CallId) {
        if let Some(call) = self.calls.get(&call) {
            let legs = std::iter::once(&call.caller).chain(&call.called);
            let parties: Vec<StaffId> = legs.filter_map(|leg| leg.staff).collect();
            if call.line.is_some() {
                self.lines.touch_call(call.id);
            }
            parties.iter().for_each(|staff| self.lines.touch_person(*staff));
            self.watchers.touch_call(call.id, parties.into_iter());
        }
    }

    /// Somebody can be called at their phones from now on, or no more.
    pub(super) fn touch_bindings(&mut self, account: SipAccountId) {
        if let Some(Owner::Staff(staff)) = self.plan.staff.by_sip(account) {
            self.touch_person(staff.id);
        }
    }

    /// Somebody's phones register, and can be called as before: only watchers want to know.
    pub(super) fn tell_of_bindings(&mut self, account: SipAccountId) {
        if let Some(Owner::Staff(staff)) = self.plan.staff.by_sip(account) {
            self.watchers.touch(Watched::Person(staff.id));
        }
    }

    /// A person's settings change.
    pub(super) fn touch_person(&mut self, staff: StaffId) {
        self.lines.touch_person(staff);
        self.watchers.touch(Watched::Person(staff));
    }

    /// Somebody is parked at a place, or no more.
    pub(super) fn touch_place(&mut self, account: AccountId, place: u16) {
        self.watchers.touch(Watched::Place(account, place));
    }

    /// What stands in a person's mailbox now.
    pub(super) fn set_messages(&mut self, staff: StaffId, messages: Messages) {
        self.watchers.set_messages(staff, messages);
    }

    /// Tells all watchers of those who were touched.
    pub(super) fn tell_watchers(&mut self, now: Now) {
        for subscription in self.watchers.touched() {
            self.tell_watcher(subscription, false, now);
        }
        self.tell_unasked(now);
    }

    /// A new plan: whoever may not watch any more, and whoever watches somebody who is gone, is told so.
    pub(super) fn review_watchers(&mut self, before: &DialPlan, now: Now) {
        for subscription in self.watchers.all() {
            let Some(watch) = self.watchers.get(subscription) else {
                continue;
            };
            match objection(watch, before, &self.plan) {
                Some(reason) => self.dismiss(subscription, reason, now),
                None => self.watchers.touch(watch.watched),
            }
        }
    }

    /// The same people with other settings, do not disturb among them.
    pub(super) fn review_settings(&mut self, before: &DialPlan) {
        if !Arc::ptr_eq(&before.features, &self.plan.features) {
            self.watchers.touch_all();
        }
    }

    pub(super) fn tell_watcher(&mut self, subscription: SubscriptionId, always: bool, now: Now) {
        let Some(watch) = self.watchers.get(subscription) else {
            return;
        };
        let news = self.state_for(watch);
        if !always && watch.told.as_ref() == Some(&news) {
            return;
        }
        let text = news.body(watch, now);
        let notify = Command::Notify {
            subscription,
            state: SubscriptionState::Active,
            headers: Vec::new(),
            body: Some(Body {
                content_type: watch.package.content_type().into(),
                bytes: text.into(),
            }),
        };
        self.watchers.note(subscription, news);
        self.endpoint.command(notify, now);
    }

    fn state_for(&self, watch: &Watch) -> Told {
        match (watch.watched, watch.package) {
            (Watched::Place(account, place), _) => Told::Dialogs(self.lamp_of_place(watch, account, place)),
            (Watched::Person(staff), Package::Dialog) => Told::Dialogs(self.lamps(watch, staff)),
            (Watched::Person(staff), Package::Presence) => Told::Presence(self.presence_of(staff)),
            (Watched::Person(staff), Package::MessageSummary) => Told::Messages(self.watchers.messages(staff)),
            (Watched::Person(_), Package::Reg) => Told::Contacts(self.contacts_of(watch)),
        }
    }
}

/// Why this plan ends a subscription that the one before allowed.
fn objection(watch: &Watch, before: &DialPlan, plan: &DialPlan) -> Option<TerminatedReason> {
    let sip = |plan: &'_ DialPlan| {
        let owner = plan.staff.by_sip(watch.watcher)?;
        let sip = owner.sip().filter(|sip| sip.enabled)?;
        (owner.account() == watch.account).then(|| (sip.user.clone(), sip.ha1_sha256))
    };
    match (sip(before), sip(plan)) {
        (_, None) => return Some(TerminatedReason::Rejected),
        // Whoever knows the new password may ask again.
        (Some(was), Some(is)) if was != is => return Some(TerminatedReason::Deactivated),
        (_, Some(_)) => {}
    }
    let still = match watch.address.user.as_str() {
        "" => watch.person().is_some_and(|staff| plan.staff.get(staff).is_some()),
        user => watched(plan, watch.account, user, watch.package) == Some(watch.watched),
    };
    (!still).then_some(TerminatedReason::NoResource)
}

/// What an address is that somebody asks for; `None`: nothing of theirs.
fn meant(plan: &DialPlan, asking: &PlanStaff, address: &Address, package: Package) -> Option<Watched> {
    match (address.user.is_empty(), package.is_private()) {
        (true, true) => Some(Watched::Person(asking.id)),
        (true, false) | (false, _) => watched(plan, asking.account, &address.user, package),
    }
}

/// A colleague, or a place where calls are parked: those have lamps only.
fn watched(plan: &DialPlan, account: AccountId, user: &str, package: Package) -> Option<Watched> {
    let place = || {
        let place = features::place(plan, account, user).filter(|_| package == Package::Dialog)?;
        Some(Watched::Place(account, place))
    };
    let colleague = resolve(plan, account, user);
    colleague.map(|staff| Watched::Person(staff.id)).or_else(place)
}

/// A colleague by short number or SIP user; nobody of another account.
fn resolve<'a>(plan: &'a DialPlan, account: AccountId, user: &str) -> Option<&'a PlanStaff> {
    let by_short = ShortNumber::read(user).ok();
    let by_short = by_short.and_then(|short| plan.staff.by_short(account, short));
    by_short.or_else(|| match plan.staff.by_user(user) {
        Some(Owner::Staff(staff)) if staff.account == account => Some(staff),
        Some(Owner::Staff(_) | Owner::Trunk(_)) | None => None,
    })
}

/// RFC 6665 section 4.2.1.3: without Accept the package's own type is meant.
fn accepts(request: &Message, content_type: &str) -> bool {
    let mut ranges = request.values(HeaderName::Accept).peekable();
    ranges.peek().is_none()
        || ranges.any(|range| {
            let range = range.split(|byte| *byte == b';').next().unwrap_or_default();
            let range = range.trim_ascii();
            range == b"*/*"
                || range.eq_ignore_ascii_case(b"application/*")
                || range.eq_ignore_ascii_case(content_type.as_bytes())
        })
}
