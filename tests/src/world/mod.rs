//! Whole calls between simulated phones and a real engine, over a seeded net and a clock that only we move.

mod carries;
pub mod front;
pub mod inbox;
mod kept;
pub mod media;
pub mod nat;
pub mod net;
pub mod people;
pub mod phone;
pub mod provider;
mod restarts;
pub mod sdp;
pub mod second;
mod sounds;
pub mod talk;
pub mod transcript;
pub mod trunks;
mod truth;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use frontdesk::engine::input::Input;
use frontdesk::engine::names::{Resolution, ServerName};
use frontdesk::engine::output::{BoardChange, JournalEntry, Output, RecordCommand};
use frontdesk::engine::{Engine, EngineConfig};
use frontdesk_media::io::command::MediaNotice;
use frontdesk_routing::ids::CallId;
use frontdesk_routing::plan::DialPlan;
use frontdesk_sip::flow::{FlowId, Transport};
use frontdesk_sip::{Endpoint, EndpointConfig, Now};

use front::Front;
use media::MediaModel;
use net::{Net, Weather};
use people::Person;
use phone::Phone;
use transcript::{Line, Transcript};

pub const SERVER: &str = "203.0.113.1:5060";
/// Unix time when a world begins.
pub const BEGINNING: i64 = 1_800_000_000_000;

type Filter = Box<dyn FnMut(&Line) -> bool>;

pub struct World {
    pub engine: Engine,
    pub phones: Vec<Phone>,
    pub media: MediaModel,
    pub journal: Vec<JournalEntry>,
    pub board: Vec<BoardChange>,
    pub records: Vec<RecordCommand>,
    pub transcript: Transcript,
    /// What rsip reads otherwise than we do.
    pub disagreements: Vec<String>,
    /// Messages for addresses where nobody is.
    pub astray: Vec<SocketAddr>,
    /// Loses what it says yes to.
    pub lose: Option<Filter>,
    /// A server that needs time for what it does; otherwise it needs none.
    pub front: Option<Front>,
    /// Connections that the server opened and nobody takes.
    refused: Vec<FlowId>,
    /// What the name server knows, by host.
    pub dns: BTreeMap<Box<str>, Resolution>,
    asked: Vec<ServerName>,
    /// Messages that can be heard by phone.
    pub inbox: inbox::Inbox,
    /// What is being played, and all that was.
    pub sounds: sounds::Sounds,
    faces: Vec<(Transport, SocketAddr)>,
    config: EngineConfig,
    /// Calls that were up when a process died.
    cut: BTreeSet<CallId>,
    net: Net,
    elapsed: Duration,
    connections: u64,
    seed: u8,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one instant that all others are counted from"
)]
fn start() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(Instant::now)
}

fn at(elapsed: Duration) -> Now {
    Now {
        instant: start() + elapsed,
        unix_ms: BEGINNING + i64::try_from(elapsed.as_millis()).expect("short tests"),
    }
}

pub fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl World {
    pub fn new(seed: u8, weather: Weather, plan: DialPlan) -> World {
        World::with_config(seed, weather, plan, people::engine_config())
    }

    pub fn with_config(seed: u8, weather: Weather, plan: DialPlan, config: EngineConfig) -> World {
        let mut world = World {
            engine: Engine::new(config.clone(), [seed; 32], at(Duration::ZERO)),
            config,
            phones: Vec::new(),
            media: MediaModel::default(),
            journal: Vec::new(),
            board: Vec::new(),
            records: Vec::new(),
            transcript: Transcript::default(),
            disagreements: Vec::new(),
            astray: Vec::new(),
            lose: None,
            front: None,
            refused: Vec::new(),
            dns: BTreeMap::new(),
            asked: Vec::new(),
            inbox: Default::default(),
            sounds: Default::default(),
            faces: Vec::new(),
            cut: BTreeSet::new(),
            net: Net::new(weather, seed),
            elapsed: Duration::ZERO,
            connections: 0,
            seed,
        };
        let ports = world.media.stock();
        world.input(Input::Media(MediaNotice::PortsReady(ports)));
        world.input(Input::Plan(Arc::new(plan)));
        world
    }

    /// A world with Anna (101), Boris (102) and Clara (103), registered over UDP behind a NAT each.
    pub fn office(seed: u8, weather: Weather) -> World {
        let mut world = World::new(seed, weather, people::plan());
        for person in [people::ANNA, people::BORIS, people::CLARA] {
            world.add_phone(person);
        }
        for phone in 0..3 {
            world.register(phone);
        }
        world.run_for(s(40));
        world
    }

    pub fn now(&self) -> Now {
        at(self.elapsed)
    }

    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    pub fn set_weather(&mut self, weather: Weather) {
        self.net.set_weather(weather);
    }

    /// A phone behind a NAT of its own.
    pub fn add_phone(&mut self, person: Person) -> usize {
        let index = self.phones.len();
        let home = format!("10.0.{index}.5:5060");
        self.add_phone_at(person, Transport::Udp, &home)
    }

    /// A phone on an address; private ones are behind a NAT.
    pub fn add_phone_at(&mut self, person: Person, transport: Transport, home: &str) -> usize {
        let index = self.phones.len();
        if transport != Transport::Udp {
            self.connections += 1;
        }
        let connection = if transport == Transport::Udp {
            0
        } else {
            self.connections
        };
        let flow = FlowId {
            transport,
            local: home.parse().expect("an address"),
            peer: SERVER.parse().expect("an address"),
            connection,
        };
        let seed = [self
            .seed
            .wrapping_add(100)
            .wrapping_add(u8::try_from(index).expect("few phones")); 32];
        let endpoint = Endpoint::new(
            EndpointConfig {
                user_agent: "Test Phone".to_owned(),
                ..EndpointConfig::default()
            },
            seed,
        );
        let name = format!(
            "{}{}",
            person.name,
            if self.phones.iter().any(|phone| phone.name == person.name) {
                "'"
            } else {
                ""
            }
        );
        self.phones
            .push(Phone::new(&name, (person.user, person.secret), flow, endpoint));
        index
    }

    /// The flow of a phone as the server sees it.
    pub fn flow_of(&self, phone: usize) -> FlowId {
        let flow = self.phones[phone].flow;
        let mut peer = outside(flow.local);
        if let Some(nat) = &self.phones[phone].nat {
            peer.set_port(nat.port(peer.port()));
        }
        FlowId {
            local: flow.peer,
            peer,
            ..flow
        }
    }

    // What people do.

    pub fn register(&mut self, phone: usize) {
        self.act(phone, |phone, now| phone.register(3600, now));
    }

    pub fn dial(&mut self, phone: usize, number: &str) -> usize {
        self.act(phone, |phone, now| phone.dial(number, true, now))
    }

    pub fn hang_up(&mut self, phone: usize, call: usize) {
        self.act(phone, |phone, now| phone.hang_up(call, now));
    }

    /// Anything a phone does, at this moment.
    pub fn act<T>(&mut self, phone: usize, deed: impl FnOnce(&mut Phone, Now) -> T) -> T {
        let now = self.now();
        let done = deed(&mut self.phones[phone], now);
        self.take_from_phone(phone);
        done
    }

    /// The phone's connection breaks: both sides see it. It has another one at once, which the server does not know until
    /// something comes by it.
    pub fn break_connection(&mut self, phone: usize) {
        let (flow, old) = self.lose_connection(phone);
        self.input(Input::FlowClosed(flow));
        self.act(phone, |phone, now| phone.reconnect(&old, now));
    }

    /// The phone is in another network, with another address and connection; the server has not noticed. Gives the flow
    /// that is dead.
    pub fn change_network(&mut self, phone: usize, home: &str) -> FlowId {
        let (flow, old) = self.lose_connection(phone);
        let home = home.parse().expect("an address");
        self.phones[phone].home = home;
        self.phones[phone].flow.local = home;
        self.act(phone, |phone, now| phone.reconnect(&old, now));
        flow
    }

    /// As the phone sees it, which has another connection from now on; gives what the old one was to the server and to the
    /// phone.
    fn lose_connection(&mut self, phone: usize) -> (FlowId, FlowId) {
        let (flow, old) = (self.flow_of(phone), self.phones[phone].flow);
        self.act(phone, Phone::lose_connection);
        self.connections += 1;
        self.phones[phone].flow.connection = self.connections;
        self.transcript.connection_lost(flow.connection);
        (flow, old)
    }

    /// The leg that the server uses for this phone's call hears nothing more.
    pub fn fall_silent(&mut self, phone: usize, call: usize) {
        let port = self.phones[phone].calls[call].heard.as_ref().map(|heard| heard.port);
        let leg = port
            .and_then(|port| self.media.leg_at(port))
            .expect("a leg at the port that the phone was told");
        self.input(Input::Media(MediaNotice::Silent { leg, for_: s(30) }));
    }

    // Time.

    pub fn input(&mut self, input: Input) {
        let now = self.now();
        self.engine.handle(input, now);
        self.take_from_engine();
    }

    pub fn run_for(&mut self, time: Duration) {
        let end = self.elapsed + time;
        self.run_until(end, |_| false);
        self.elapsed = end;
    }

    /// Goes on until `done` or for `limit` at most; whether it was done.
    pub fn wait_for(&mut self, limit: Duration, done: impl FnMut(&World) -> bool) -> bool {
        let end = self.elapsed + limit;
        self.run_until(end, done)
    }

    fn run_until(&mut self, end: Duration, mut done: impl FnMut(&World) -> bool) -> bool {
        loop {
            if done(self) {
                return true;
            }
            let engine = self.engine.deadline().map(|at| at.saturating_duration_since(start()));
            let phones = self
                .phones
                .iter()
                .filter(|phone| !phone.gone)
                .filter_map(|phone| phone.deadline(start()));
            let front = self.front.as_ref().and_then(Front::free_at);
            let Some(next) = phones
                .chain(engine)
                .chain(front)
                .chain(self.net.next_at())
                .chain(self.sounds.next_at())
                .min()
                .filter(|next| *next <= end)
            else {
                return false;
            };
            self.elapsed = self.elapsed.max(next);
            self.step();
        }
    }

    fn step(&mut self) {
        while let Some(packet) = self.net.arrived(self.elapsed) {
            self.deliver(packet);
        }
        self.serve_front();
        if self.engine.deadline().is_some_and(|at| at <= self.now().instant) {
            self.input(Input::Tick);
        }
        for notice in self.sounds.over(self.elapsed, &mut self.media) {
            self.input(Input::Media(notice));
        }
        let (now, elapsed) = (self.now(), self.elapsed);
        for index in 0..self.phones.len() {
            if self.phones[index].deadline(start()).is_some_and(|at| at <= elapsed) {
                self.phones[index].pass_time(now, elapsed);
                self.take_from_phone(index);
            }
        }
    }

    fn take_from_engine(&mut self) {
        loop {
            while let Some(output) = self.engine.poll() {
                self.take(output);
            }
            let now = self.now();
            let refused = std::mem::take(&mut self.refused);
            let notices = self.media.notices();
            let asked = std::mem::take(&mut self.asked);
            let faces = std::mem::take(&mut self.faces);
            let answers = self.inbox.answers();
            let nothing = notices.is_empty() && refused.is_empty() && asked.is_empty();
            if nothing && faces.is_empty() && answers.is_empty() {
                return;
            }
            for (transport, peer) in faces {
                let local = SERVER.parse().expect("an address");
                self.engine.handle(Input::Faced { transport, peer, local }, now);
            }
            for name in asked {
                let answer = self.dns.get(&name.host).cloned().ok_or_else(|| "NXDOMAIN".to_owned());
                self.engine.handle(Input::Resolved { name, answer }, now);
            }
            for (call, answer) in answers {
                self.engine.handle(Input::Inbox { call, answer }, now);
            }
            for flow in refused {
                self.engine.handle(Input::FlowClosed(flow), now);
            }
            for notice in notices {
                self.engine.handle(Input::Media(notice), now);
            }
        }
    }

    fn take(&mut self, output: Output) {
        if let Some(front) = &mut self.front {
            front.charge(&output);
        }
        match output {
            Output::Transmit { flow, bytes } => self.transmit(flow, bytes),
            Output::Media(command) => {
                self.sounds.note(&command, self.elapsed);
                self.media.command(command);
            }
            Output::Record(command) => self.records.push(command),
            Output::Journal(entry) => self.journal.push(entry),
            Output::Board(change) => self.board.push(change),
            Output::Resolve(name) => self.asked.push(name),
            Output::Inbox(command) => self.inbox.ask(command),
            Output::Face { transport, peer } => self.faces.push((transport, peer)),
            Output::CloseFlow(_) | Output::Connect { .. } => {}
        }
    }
}

/// What a private address looks like from outside.
fn outside(home: SocketAddr) -> SocketAddr {
    match home {
        SocketAddr::V4(home) if home.ip().is_private() => {
            let [_, _, site, host] = home.ip().octets();
            SocketAddr::from(([198, 51, 100, site], 40_000 + u16::from(host)))
        }
        public => public,
    }
}
