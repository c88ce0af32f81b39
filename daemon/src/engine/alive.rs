//! Whether phones that are registered over UDP are still there: each is asked for a sign of life (OPTIONS) now and then,
//! which keeps the way open to one behind an address translation (NAT). One that gives none three times in a row is offline
//! and is not rung, until anything is heard of it again.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use frontdesk_routing::ids::SipAccountId;
use frontdesk_sip::Now;
use frontdesk_sip::command::{Command, Party, Request};
use frontdesk_sip::flow::{FlowId, Transport};
use frontdesk_sip::registrar::{Aor, Binding};
use frontdesk_sip::trunk::probe::Probe;
use frontdesk_sip::wire::Uri;

use super::Engine;

/// Phones that are asked at once; others that are due follow in the next step.
const MOST_AT_ONCE: usize = 64;
/// A phone that no translation stands before is not asked more often: nothing has to be kept open for it. Nor does its
/// silence count before it has answered once: it may know no OPTIONS.
const UNTRANSLATED: Duration = Duration::from_secs(60);
/// What a phone that says nothing counts as having answered (RFC 3261 section 8.1.3.1).
const NOTHING: u16 = 408;

/// A registered contact: its account and its name there.
pub(super) type Phone = (SipAccountId, String);

/// What is kept of phones that are asked.
#[derive(Debug, Default)]
pub(super) struct Alive {
    watched: BTreeMap<Phone, Watch>,
    due: BTreeSet<(Instant, Phone)>,
    /// Our OPTIONS under way, by token.
    asked: HashMap<u64, Phone>,
    /// Those that give no sign of life, by where they were.
    silent: BTreeMap<FlowId, BTreeSet<Phone>>,
    /// Accounts with silent phones and no other.
    dark: BTreeSet<SipAccountId>,
}

#[derive(Debug)]
struct Watch {
    flow: FlowId,
    probe: Probe,
    every: Duration,
    /// Silence means something: the phone has answered such a question before, or the way to it may close.
    telling: bool,
    /// Our OPTIONS that is under way.
    token: Option<u64>,
    /// When it was asked last, or is asked next.
    at: Instant,
}

impl Alive {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// The account has no phones any more; whether those it had gave no sign of life.
    pub(super) fn take_dark(&mut self, account: SipAccountId) -> bool {
        self.dark.remove(&account)
    }

    /// The account has phones, and none of them gives a sign of life.
    pub(super) fn is_dark(&self, account: SipAccountId) -> bool {
        self.dark.contains(&account)
    }

    pub(super) fn is_silent(&self, account: SipAccountId, binding: &Binding) -> bool {
        let here = self.silent.get(&binding.flow);
        here.is_some_and(|phones| phones.contains(&(account, binding.name().into_owned())))
    }

    fn forget(&mut self, phone: &Phone) {
        let Some(watch) = self.watched.remove(phone) else {
            return;
        };
        self.due.remove(&(watch.at, phone.clone()));
        if let Some(token) = watch.token {
            self.asked.remove(&token);
        }
        self.speaks(watch.flow, phone);
    }

    /// Whether it was silent.
    fn speaks(&mut self, flow: FlowId, phone: &Phone) -> bool {
        let Some(phones) = self.silent.get_mut(&flow) else {
            return false;
        };
        let was_silent = phones.remove(phone);
        if phones.is_empty() {
            self.silent.remove(&flow);
        }
        was_silent
    }
}

impl Engine {
    /// A phone has registered or refreshed that: it is there.
    pub(super) fn watch_phone(&mut self, account: SipAccountId, binding: &Binding, now: Now) {
        let asked = asked_every(binding, self.config.keep_alive);
        let phone = (account, binding.name().into_owned());
        let known = self.alive.watched.get(&phone).map(|watch| watch.flow);
        if asked.is_none() || known.is_some_and(|flow| flow != binding.flow) {
            self.alive.forget(&phone);
        }
        let Some((every, translated)) = asked else { return };
        if let Some(watch) = self.alive.watched.get_mut(&phone) {
            (watch.probe, watch.every) = (Probe::default(), every);
            watch.telling |= translated;
            self.alive.speaks(binding.flow, &phone);
            return;
        }
        // All phones of an office come back at once after a failure; they are not asked at once.
        let spread = Duration::from_millis(rand::Rng::random_range(&mut self.rng, 0..=millis(every)));
        let first = if translated { spread } else { every + spread };
        let watch = Watch {
            flow: binding.flow,
            probe: Probe::default(),
            every,
            telling: translated,
            token: None,
            at: now.instant + first,
        };
        self.alive.due.insert((watch.at, phone.clone()));
        self.alive.watched.insert(phone, watch);
    }

    pub(super) fn unwatch_phone(&mut self, account: SipAccountId, binding: &Binding) {
        self.alive.forget(&(account, binding.name().into_owned()));
    }

    /// Something has come by this flow: whoever was silent there is back.
    pub(super) fn hear_phone(&mut self, flow: &FlowId, now: Now) {
        self.doubts.hear(flow);
        let Some(phones) = self.alive.silent.remove(flow) else {
            return;
        };
        for phone in phones {
            self.is_back(&phone, now);
        }
    }

    fn is_back(&mut self, phone: &Phone, now: Now) {
        if let Some(watch) = self.alive.watched.get_mut(phone) {
            watch.probe = Probe::default();
        }
        let (account, name) = phone;
        self.registrar.set_reachable(Aor(account.as_u128()), name, true);
        self.review_dark(*account, now);
    }

    /// Asks those whose time has come.
    pub(super) fn ask_phones(&mut self, now: Now) {
        for _ in 0..MOST_AT_ONCE {
            if self.alive.deadline().is_none_or(|at| at > now.instant) {
                return;
            }
            if let Some((_, phone)) = self.alive.due.pop_first() {
                self.ask_phone(phone, now);
            }
        }
    }

    fn ask_phone(&mut self, phone: Phone, now: Now) {
        let mut bindings = self.registrar.bindings(Aor(phone.0.as_u128())).iter();
        let Some(binding) = bindings.find(|binding| binding.name() == phone.1) else {
            return self.alive.forget(&phone);
        };
        let there = (binding.target(), binding.request_uri().to_owned());
        if !self.alive.watched.contains_key(&phone) {
            return;
        }
        let token = self.ask_for_life(there, now);
        if let Some(watch) = self.alive.watched.get_mut(&phone) {
            (watch.token, watch.at) = (Some(token), now.instant);
            self.alive.asked.insert(token, phone);
        }
    }

    /// OPTIONS to a phone; its answer has this token.
    pub(super) fn ask_for_life(&mut self, (flow, uri): (FlowId, String), now: Now) -> u64 {
        let us = self.config.endpoint.advertise.signalling_address(&flow);
        let party = |uri: String| Party {
            display: String::new(),
            uri,
        };
        let token = self.token();
        let request = Request {
            token,
            flow,
            method: Cow::Borrowed("OPTIONS"),
            request_uri: uri.clone(),
            route: Vec::new(),
            from: party(format!("sip:{us}")),
            to: party(uri),
            max_forwards: 70,
            headers: Vec::new(),
            body: None,
            after: None,
            credentials: None,
        };
        self.endpoint.command(Command::Request(Box::new(request)), now);
        token
    }

    /// The answer to an OPTIONS of ours, or that there is none; false: the token is somebody else's.
    pub(super) fn on_sign_of_life(&mut self, token: u64, is_there: bool, now: Now) -> bool {
        if self.doubts.answered(token, is_there) {
            return true;
        }
        let Some(phone) = self.alive.asked.remove(&token) else {
            return false;
        };
        let Some(watch) = self.alive.watched.get_mut(&phone) else {
            return true;
        };
        watch.token = None;
        watch.at = (watch.at + watch.every).max(now.instant);
        let (at, flow) = (watch.at, watch.flow);
        let turned = match is_there {
            true => {
                (watch.probe, watch.telling) = (Probe::default(), true);
                false
            }
            false => watch.telling && watch.probe.answered(NOTHING),
        };
        self.alive.due.insert((at, phone.clone()));
        if turned {
            self.fall_silent(phone, flow, now);
        } else if is_there && self.alive.speaks(flow, &phone) {
            // It answered by another flow than its own: it sends from one port and listens on another.
            self.is_back(&phone, now);
        }
        true
    }

    /// A phone counts as gone from now on, if it is registered there and watched: nobody else would see it come back.
    pub(super) fn fall_silent(&mut self, phone: Phone, flow: FlowId, now: Now) {
        let watched = self.alive.watched.get(&phone);
        if watched.is_none_or(|watch| watch.flow != flow) || !self.is_registered_at(&phone, &flow) {
            return;
        }
        let account = phone.0;
        self.registrar.set_reachable(Aor(account.as_u128()), &phone.1, false);
        self.alive.silent.entry(flow).or_default().insert(phone);
        self.review_dark(account, now);
    }

    /// A phone of the account has fallen silent or speaks again, or there is one more or less.
    pub(super) fn review_dark(&mut self, account: SipAccountId, now: Now) {
        let bindings = self.registrar.bindings(Aor(account.as_u128()));
        if bindings.is_empty() {
            return;
        }
        let silent = bindings.iter().all(|binding| self.alive.is_silent(account, binding));
        let turned = match silent {
            true => self.alive.dark.insert(account),
            false => self.alive.dark.remove(&account),
        };
        if turned {
            self.touch_bindings(account);
            self.tell_board(account, !silent, now);
        }
    }
}

/// How often a phone is asked that sends datagrams from another machine and to which nobody else keeps the way open, and
/// whether it has another address than it knows.
fn asked_every(binding: &Binding, every: Duration) -> Option<(Duration, bool)> {
    let named = Uri::read(binding.contact.as_bytes());
    let translated = named.is_ok_and(|uri| binding.flow.is_behind_nat(uri.host()));
    let near = binding.flow.peer.ip().to_canonical().is_loopback();
    let asked = binding.flow.transport == Transport::Udp && binding.path.is_empty() && !every.is_zero();
    match (asked, translated) {
        (true, true) => Some((every, true)),
        (true, false) if !near => Some((every.max(UNTRANSLATED), false)),
        (_, _) => None,
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
