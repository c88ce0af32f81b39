//! The engine: all signalling and call control of a shard as one deterministic state machine.
//!
//! `handle(Input, Now)`, then `poll()` until `None`, then wait for `deadline()` or the next input.
//! No lock, no await, no SQL, no clock, no socket inside.

mod adrift;
mod alert;
mod alive;
mod call;
mod caller;
mod cdr;
mod config;
mod confirm;
mod connect;
mod connected;
mod digits;
mod doubts;
mod early;
mod events;
mod feature;
mod flows;
mod forwarding;
mod greeting;
mod history;
mod hold;
mod inbox;
pub mod input;
mod kept;
mod legs;
mod media;
mod menu;
mod merge;
mod music;
pub mod names;
mod new_call;
mod offered;
mod operator;
mod originate;
mod outgoing;
pub mod output;
mod pair;
mod parking;
mod pickup;
mod plainly;
mod presence;
pub mod prompts;
mod protection;
mod queue;
mod reception;
mod redirect;
mod referral;
mod requests;
mod sent_on;
mod session_ids;
mod setup;
mod takeover;
mod transfer;
mod trunks;
mod turned;
mod voicemail;
mod whisper;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use frontdesk_media::io::command::{MediaLegId, MediaNotice};
use frontdesk_media::ports::PortStock;
use frontdesk_media::sound::Sound;
use frontdesk_routing::call::CallEvent;
use frontdesk_routing::forwarding::{Condition, Pending};
use frontdesk_routing::ids::{AccountId, CallId, MailboxId, SipAccountId};
use frontdesk_routing::masking::RecentClients;
use frontdesk_routing::plan::DialPlan;
use frontdesk_sip::Now;
use frontdesk_sip::auth::Authenticator;
use frontdesk_sip::endpoint::Endpoint;
use frontdesk_sip::event::SessionId;
use frontdesk_sip::guard::Guard;
use frontdesk_sip::registrar::Registrar;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use call::{Call, Side};
pub use config::{Counters, Counts, EngineConfig, SrtpPolicy};
pub use events::Messages;
use input::Input;
use kept::Kept;
use names::Names;
use output::Output;
use trunks::Trunks;

/// From this load of the journal on, in percent, new calls get 503.
const JOURNAL_FULL: u8 = 80;

pub struct Engine {
    config: EngineConfig,
    plan: Arc<DialPlan>,
    endpoint: Endpoint,
    registrar: Registrar,
    auth: Authenticator,
    guard: Guard,
    ports: PortStock,
    ports_in_use: usize,
    rng: StdRng,
    /// In boxes: a tree moves what it holds about.
    calls: BTreeMap<CallId, Box<Call>>,
    sessions: HashMap<SessionId, CallId>,
    media_legs: HashMap<MediaLegId, CallId>,
    next_media_leg: u64,
    ringing: BTreeSet<(Instant, CallId)>,
    next_token: u64,
    /// SIP accounts with bindings.
    online: BTreeSet<SipAccountId>,
    kept: Kept,
    /// Settings changed by phone that the plan does not show yet.
    pending: Pending,
    recent: RecentClients,
    parked: parking::Parked,
    /// Of accounts that have given us some.
    music: BTreeMap<AccountId, Arc<Sound>>,
    /// Of mailboxes that have one of their own.
    greetings: BTreeMap<MailboxId, Arc<Sound>>,
    prompts: prompts::Prompts,
    watchers: events::Watchers,
    publications: events::Publications,
    names: Names,
    trunks: Trunks,
    /// How else phones may be reached that are rung.
    flows: flows::Alternatives,
    adrift: adrift::Adrift,
    alive: alive::Alive,
    doubts: doubts::Doubts,
    lines: queue::Lines,
    draining: bool,
    journal_full: bool,
    /// When the recordings' disk was last told to be full, if nothing else was told since.
    full_since: Option<Instant>,
    outputs: VecDeque<Output>,
    counters: Counters,
}

impl Engine {
    /// The same seed and the same inputs give the same outputs.
    pub fn new(config: EngineConfig, seed: [u8; 32], now: Now) -> Engine {
        let mut rng = StdRng::from_seed(seed);
        let lines = StdRng::from_seed(seed).random();
        Engine {
            endpoint: Endpoint::new(events::served(config.endpoint.clone()), rng.random()),
            registrar: Registrar::new(config.registrar.clone()),
            auth: Authenticator::new(rng.random(), config.auth.clone()),
            guard: Guard::new(config.guard.clone(), now),
            plan: Arc::default(),
            ports: PortStock::new(config.rtp_ports, config.media_threads),
            ports_in_use: 0,
            rng,
            config,
            calls: BTreeMap::new(),
            sessions: HashMap::new(),
            media_legs: HashMap::new(),
            next_media_leg: 0,
            ringing: BTreeSet::new(),
            next_token: 0,
            online: BTreeSet::new(),
            kept: Kept::default(),
            pending: Pending::default(),
            recent: RecentClients::default(),
            parked: parking::Parked::default(),
            music: BTreeMap::new(),
            greetings: BTreeMap::new(),
            prompts: prompts::Prompts::default(),
            watchers: events::Watchers::default(),
            publications: events::Publications::default(),
            names: Names::default(),
            trunks: Trunks::default(),
            flows: flows::Alternatives::default(),
            adrift: adrift::Adrift::default(),
            alive: alive::Alive::default(),
            doubts: doubts::Doubts::default(),
            lines: queue::Lines::new(lines, now),
            draining: false,
            journal_full: false,
            full_since: None,
            outputs: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    pub fn handle(&mut self, input: Input, now: Now) {
        match input {
            Input::Datagram { flow, bytes } => self.on_datagram(&flow, bytes, now),
            // Nothing else has changed, and whatever is due can wait for the next input.
            Input::TurnAway(turned) => return self.turn_request_away(turned, now),
            Input::FlowClosed(flow) => self.on_flow_closed(&flow, now),
            Input::Plan(plan) => self.on_plan(plan, now),
            Input::Media(notice) => self.on_media(notice, now),
            Input::Restore(bindings) => self.restore(bindings, now),
            Input::RestoreSubscriptions(all) => self.restore_subscriptions(all, now),
            Input::RestoreClients(clients) => self.restore_clients(clients),
            Input::Mailbox { staff, messages } => self.set_messages(staff, messages),
            Input::Inbox { call, answer } => self.on_inbox(call, answer, now),
            Input::Disk { full } => self.full_since = full.then_some(now.instant),
            Input::RecordingFailed(recording) => self.on_recording_failed(recording, now),
            Input::RestoreBlocks(blocks) => self.restore_blocks(blocks, now),
            Input::Resolved { name, answer } => self.on_resolved(&name, answer, now),
            Input::Faced { transport, peer, local } => self.on_faced(transport, peer, local, now),
            Input::Operator(command) => self.on_operator(&command, now),
            Input::JournalLoad(load) => self.journal_full = load >= JOURNAL_FULL,
            Input::Drain => self.draining = true,
            Input::HangUpAll => self.hang_up_all(now),
            Input::Tick => {}
        }
        self.pass_time(now);
        self.settle(now);
    }

    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When `handle(Input::Tick, ..)` is wanted at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        let ringing = self.ringing.first().map(|(at, _)| *at);
        [
            self.endpoint.deadline(),
            self.registrar.deadline(),
            self.guard.deadline(),
            self.names.deadline(),
            self.trunks.deadline(),
            self.alive.deadline(),
            self.doubts.deadline(),
            self.lines.deadline(),
            self.publications.deadline(),
            ringing,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub fn counters(&self) -> Counters {
        self.counters
    }

    pub fn counts(&self) -> Counts {
        Counts {
            calls: self.calls.len(),
            sessions: self.sessions.len(),
            media_legs: self.media_legs.len(),
            ports_in_use: self.ports_in_use,
            relayed: self
                .calls
                .values()
                .map(|call| call.relayed.len() + call.pressed.len())
                .sum(),
            subscriptions: self.endpoint.counts().subscriptions,
            outside: self.trunks.attempts.len(),
            flows: self.flows.len(),
            adrift: self.adrift.len(),
            doubts: self.doubts.len(),
            parked: self.parked.len(),
            queued: self.lines.count(),
            watches: self.watchers.count(),
            publications: self.publications.count(),
        }
    }

    /// Sources that are not listened to.
    pub fn blocks(&self) -> usize {
        self.guard.blocks()
    }

    /// Registered contacts of all accounts.
    pub fn bindings(&self) -> usize {
        self.registrar.count()
    }

    fn pass_time(&mut self, now: Now) {
        if self.endpoint.deadline().is_some_and(|at| at <= now.instant) {
            self.endpoint.timeout(now);
        }
        if self.registrar.deadline().is_some_and(|at| at <= now.instant) {
            let changes = self.registrar.expire(now);
            self.on_binding_changes(changes, now);
        }
        self.end_blocks(now);
        self.end_publications(now);
        self.trunks_pass(now);
        self.ask_phones(now);
        self.review_doubts(now);
        self.look_up_again(now);
        while let Some((at, call)) = self.ringing.first().copied()
            && at <= now.instant
        {
            self.ringing.remove(&(at, call));
            if !self.on_menu_silence(call, now)
                && !self.on_greeting_lost(call, now)
                && !self.on_inbox_late(call, now)
                && !self.send_call_on(call, Condition::NoAnswer, now)
            {
                self.step(call, CallEvent::RingTimeout, now);
            }
        }
    }

    /// Serves the endpoint's events until there are none, then takes what it wants sent.
    fn settle(&mut self, now: Now) {
        while let Some(event) = self.endpoint.poll_event() {
            self.on_event(event, now);
        }
        self.run_lines(now);
        while let Some(event) = self.endpoint.poll_event() {
            self.on_event(event, now);
        }
        self.tell_watchers(now);
        self.want_hops(now);
        while let Some(transmit) = self.endpoint.poll_transmit() {
            self.name_server(&transmit.flow);
            self.outputs.push_back(Output::Transmit {
                flow: transmit.flow,
                bytes: transmit.bytes,
            });
        }
    }

    fn on_media(&mut self, notice: MediaNotice, now: Now) {
        match notice {
            MediaNotice::PortsReady(ports) => self.ports.add(&ports),
            MediaNotice::Heard { .. } => {}
            MediaNotice::Silent { leg, .. } => {
                // Whoever holds or is held may send nothing, and so may whoever talks with nobody.
                let talking = self.find_media(leg).filter(|(call, side)| {
                    let call = self.calls.get(call);
                    call.is_some_and(|call| call.must_sound(*side))
                });
                if let Some((call, side)) = talking {
                    self.step(call, CallEvent::Lost(side), now);
                }
            }
            MediaNotice::Failed { leg, .. } => {
                if let Some((call, side)) = self.find_media(leg) {
                    self.step(call, CallEvent::Lost(side), now);
                }
            }
            MediaNotice::Quiet { leg, spoke } => self.on_quiet(leg, spoke, now),
            MediaNotice::Digit { leg, digit } => self.on_digit(leg, digit, now),
            MediaNotice::Played { leg, token } => self.on_played(leg, token, now),
            MediaNotice::Closed { .. } => {}
        }
    }

    fn find_media(&self, leg: MediaLegId) -> Option<(CallId, Side)> {
        let id = *self.media_legs.get(&leg)?;
        Some((id, self.calls.get(&id)?.side_of_media(leg)?))
    }

    /// A port that no phone was told.
    fn put_back(&mut self, port: u16) {
        self.ports_in_use = self.ports_in_use.saturating_sub(1);
        self.ports.put_back(port);
    }

    fn token(&mut self) -> u64 {
        self.next_token += 1;
        self.next_token
    }

    fn random(&mut self) -> u128 {
        self.rng.random()
    }
}
