//! The shell: one OS thread that reads the SIP sockets, feeds the engine and does what it wants done.

pub mod clock;
mod connection;
pub mod facing;
mod intake;
pub mod limits;
mod outlets;
pub mod resolve;
pub mod streams;
pub mod tls;
pub mod udp;
pub mod upgraded;
mod websocket;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender};
use frontdesk_media::io::Datagrams;
use frontdesk_sip::Now;
use frontdesk_sip::flow::{FlowId, Transport};
use frontdesk_sip::overload::Due;
use mio::{Events, Interest, Poll, Token, Waker};

use crate::engine::Engine;
use crate::engine::input::Input;
use crate::engine::output::Output;
use facing::Facing;
use intake::Intake;
use limits::Limits;
pub use outlets::{Outlets, Queue, QueueReader, queue};
use streams::{Arrived, Naming, Streams};
use tls::certificate::Certificate;
use tls::trust::Trust;
use udp::Udp;
use upgraded::{UpgradeHandle, Upgraded, upgrades};

const WAKER: Token = Token(0);
const FIRST_UDP: usize = 1;
/// Batches of datagrams taken from one socket before the others get their turn.
const TURN: usize = 16;
/// Messages served before the sockets are looked at again: what waits in them has no rank yet.
const SLICE: usize = 16;
/// Inputs that may wait for the engine: far more than a healthy engine ever leaves.
const INPUTS: usize = 65_536;
const SWEEP: Duration = Duration::from_secs(1);

/// The way to the engine for every other thread.
#[derive(Debug, Clone)]
pub struct EngineHandle {
    inputs: Sender<Input>,
    waker: Arc<Waker>,
    /// Set by who wakes, so that only the first one has to.
    woken: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
}

impl EngineHandle {
    /// Queues an input; waits only if the engine is 65,536 inputs behind. False when the engine is gone.
    pub fn send(&self, input: Input) -> bool {
        let sent = self.inputs.send(input).is_ok();
        if !self.woken.swap(true, Ordering::SeqCst) {
            let _ = self.waker.wake();
        }
        sent
    }

    /// Ends the loop after the inputs that already wait.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        let _ = self.waker.wake();
    }
}

/// The SIP sockets, bound before anything runs so that a taken port is known at once.
#[derive(Debug)]
pub struct Sockets {
    poll: Poll,
    udp: Vec<Udp>,
    streams: Streams,
    upgraded: Upgraded,
    upgrades: UpgradeHandle,
    inputs: Receiver<Input>,
    handle: EngineHandle,
}

impl Sockets {
    /// The datagram sockets; then come the listeners for connections.
    pub fn new(udp: Vec<Udp>, trust: Arc<Trust>, limits: Limits) -> io::Result<Sockets> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let mut udp = udp;
        for (index, socket) in udp.iter_mut().enumerate() {
            poll.registry()
                .register(socket.source(), Token(FIRST_UDP + index), Interest::READABLE)?;
        }
        let streams = Streams::new(poll.registry().try_clone()?, FIRST_UDP + udp.len(), trust, limits);
        let (upgrades, upgraded) = upgrades(Arc::clone(&waker), limits);
        let (sender, inputs) = crossbeam_channel::bounded(INPUTS);
        let handle = EngineHandle {
            inputs: sender,
            waker,
            woken: Arc::new(AtomicBool::new(false)),
            stop: Arc::new(AtomicBool::new(false)),
        };
        Ok(Sockets {
            poll,
            udp,
            streams,
            upgraded,
            upgrades,
            inputs,
            handle,
        })
    }

    /// Takes connections; gives the address with the port that was given for port 0.
    pub fn listen(&mut self, transport: Transport, address: SocketAddr) -> io::Result<SocketAddr> {
        self.streams.listen(transport, address)
    }

    /// The certificate for TLS and secure WebSocket; without one nobody is let in there.
    pub fn show(&mut self, certificate: Certificate) {
        self.streams.show(certificate);
    }

    pub fn handle(&self) -> EngineHandle {
        self.handle.clone()
    }

    /// The way for WebSocket connections that the HTTP listener takes on `http`.
    pub fn upgrades(&mut self, http: SocketAddr) -> UpgradeHandle {
        self.upgraded.listen(http);
        self.upgrades.clone()
    }

    /// The first address that phones reach without TLS, by UDP if there is one.
    pub fn sip_address(&self) -> SocketAddr {
        let by = [Transport::Udp, Transport::Tcp, Transport::Ws];
        let first = by.into_iter().find_map(|transport| self.bound(transport));
        first.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// Where a peer's requests by this transport reach us.
    fn bound_for(&self, transport: Transport, peer: SocketAddr) -> Option<SocketAddr> {
        let same = |bound: &SocketAddr| bound.is_ipv4() == peer.is_ipv4();
        match transport {
            Transport::Udp => self.udp.iter().map(Udp::bound).find(same),
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
                self.streams.bound(transport).find(same)
            }
        }
    }

    /// The first address of a transport.
    pub fn bound(&self, transport: Transport) -> Option<SocketAddr> {
        match transport {
            Transport::Udp => self.udp.first().map(Udp::bound),
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => self.streams.bound(transport).next(),
        }
    }
}

/// One shard's loop.
pub struct Shell {
    engine: Engine,
    sockets: Sockets,
    outlets: Outlets,
    facing: Facing,
    intake: Intake,
    datagrams: Datagrams,
    /// Datagram sockets that were left before they were empty.
    unfinished: Vec<bool>,
    swept: Instant,
}

impl Shell {
    /// `seed` should be nobody's to guess.
    pub fn new(engine: Engine, sockets: Sockets, outlets: Outlets, seed: u64) -> Shell {
        let unfinished = vec![true; sockets.udp.len()];
        let swept = clock::now().instant;
        Shell {
            engine,
            sockets,
            outlets,
            facing: Facing::default(),
            intake: Intake::new(seed),
            datagrams: Datagrams::new(),
            unfinished,
            swept,
        }
    }

    /// Runs until `EngineHandle::stop`.
    pub fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        while !self.sockets.handle.stop.load(Ordering::Acquire) {
            let wait = self.wait(clock::now().instant);
            match self.sockets.poll.poll(&mut events, Some(wait)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => other?,
            }
            let now = clock::now();
            self.serve(&events, now);
        }
        Ok(())
    }

    fn wait(&self, now: Instant) -> Duration {
        if self.unfinished.iter().any(|left| *left) || self.sockets.streams.is_unfinished() || !self.intake.is_empty() {
            return Duration::ZERO;
        }
        let sweep = (self.swept + SWEEP).saturating_duration_since(now);
        match self.engine.deadline() {
            Some(deadline) => deadline.saturating_duration_since(now).min(sweep),
            None => sweep,
        }
    }

    fn serve(&mut self, events: &Events, now: Now) {
        let first_stream = FIRST_UDP + self.unfinished.len();
        for event in events {
            match event.token() {
                WAKER => {}
                Token(token) if token < first_stream => {
                    if let Some(left) = self.unfinished.get_mut(token - FIRST_UDP) {
                        *left = true;
                    }
                }
                token => self.sockets.streams.ready(token, now.instant),
            }
        }
        self.sockets.streams.resume(now.instant);
        self.sockets.upgraded.take(&mut self.facing, now.instant);
        self.take_inputs(now);
        self.take_arrived(now);
        self.read_datagrams(now);
        self.serve_waiting(now);
        if self.engine.deadline().is_some_and(|deadline| deadline <= now.instant) {
            self.handle(Input::Tick, now);
        }
        if now.instant.duration_since(self.swept) >= SWEEP {
            self.swept = now.instant;
            self.sweep(now);
        }
        if let Some(load) = self.outlets.journal_load() {
            self.handle(Input::JournalLoad(load), now);
        }
        self.take_arrived(now);
    }

    fn serve_waiting(&mut self, now: Now) {
        for _ in 0..SLICE {
            let input = match self.intake.next(now.instant) {
                Some(Due::Serve(flow, bytes)) => Input::Datagram { flow, bytes },
                Some(Due::TurnAway(turned)) => Input::TurnAway(turned),
                Some(Due::Closed(flow)) => Input::FlowClosed(flow),
                None => return,
            };
            self.handle(input, now);
        }
    }

    fn sweep(&mut self, now: Now) {
        // An error can hide what waits behind it, and nobody tells of that again.
        self.unfinished.fill(true);
        self.sockets.streams.sweep(now.instant);
        self.sockets.upgraded.sweep();
        let open = self.sockets.streams.open() + self.sockets.upgraded.open();
        self.outlets.report(&self.engine, open);
        self.intake.report(now.instant);
    }

    fn take_inputs(&mut self, now: Now) {
        self.sockets.handle.woken.store(false, Ordering::SeqCst);
        for _ in 0..INPUTS {
            let Ok(input) = self.sockets.inputs.try_recv() else {
                return;
            };
            self.handle(input, now);
        }
    }

    fn read_datagrams(&mut self, now: Now) {
        for index in 0..self.unfinished.len() {
            if !self.unfinished.get(index).copied().unwrap_or(false) {
                continue;
            }
            let emptied = self.read_turn(index, now);
            if let Some(left) = self.unfinished.get_mut(index) {
                *left = !emptied;
            }
        }
    }

    /// True when the socket is empty.
    fn read_turn(&mut self, index: usize, now: Now) -> bool {
        for _ in 0..TURN {
            let Some(socket) = self.sockets.udp.get(index) else {
                return true;
            };
            let bound = socket.bound();
            let count = socket.receive(&mut self.datagrams);
            for place in 0..count {
                self.take_datagram(place, bound, now);
            }
            if count < Datagrams::MOST {
                return true;
            }
        }
        false
    }

    fn take_datagram(&mut self, place: usize, bound: SocketAddr, now: Now) {
        let Some((peer, bytes)) = self.datagrams.get(place) else {
            return;
        };
        let flow = FlowId {
            transport: Transport::Udp,
            local: self.facing.local(bound, peer, now.instant),
            peer,
            connection: 0,
        };
        if let Some(turned) = self.intake.push(flow, bytes, now.instant) {
            self.handle(Input::TurnAway(turned), now);
        }
    }

    fn take_arrived(&mut self, now: Now) {
        while let Some(arrived) = self.sockets.streams.poll().or_else(|| self.sockets.upgraded.poll()) {
            match arrived {
                Arrived::Message(flow, bytes) => {
                    if let Some(turned) = self.intake.push(flow, &bytes, now.instant) {
                        self.handle(Input::TurnAway(turned), now);
                    }
                }
                Arrived::Closed(flow) => self.intake.close(flow, now.instant),
            }
        }
    }

    fn handle(&mut self, input: Input, now: Now) {
        if let Input::Plan(plan) = &input {
            self.intake.learn(plan);
        }
        self.engine.handle(input, now);
        let mut answers = Vec::new();
        loop {
            while let Some(output) = self.engine.poll() {
                answers.extend(self.perform(output, now.instant));
            }
            let Some(input) = answers.pop() else { return };
            self.engine.handle(input, now);
        }
    }

    /// Nothing when we have no socket that could reach the peer.
    fn face(&mut self, transport: Transport, peer: SocketAddr, now: Instant) -> Option<Input> {
        let bound = self.sockets.bound_for(transport, peer)?;
        let local = self.facing.local(bound, peer, now);
        Some(Input::Faced { transport, peer, local })
    }

    /// Does what the engine wants; gives the answer where there is one at once.
    fn perform(&mut self, output: Output, now: Instant) -> Option<Input> {
        match output {
            Output::Face { transport, peer } => return self.face(transport, peer, now),
            Output::Transmit { flow, bytes } => self.transmit(&flow, bytes, now),
            Output::Connect {
                flow,
                server_name,
                proof,
            } => {
                let naming = Naming { server_name, proof };
                self.sockets.streams.connect(&flow, &naming, now);
            }
            Output::CloseFlow(flow) if Upgraded::is_of(&flow) => self.sockets.upgraded.close(flow.connection),
            Output::CloseFlow(flow) => self.sockets.streams.close(flow.connection),
            Output::Media(command) => self.outlets.media(command),
            Output::Record(command) => self.outlets.record(command),
            Output::Journal(entry) => self.outlets.journal(entry),
            Output::Board(change) => self.outlets.board(change),
            Output::Inbox(command) => return self.outlets.inbox(command),
            Output::Resolve(name) => self.outlets.resolve(name),
        }
        None
    }

    fn transmit(&mut self, flow: &FlowId, bytes: Bytes, now: Instant) {
        match flow.transport {
            Transport::Udp => {
                let fits = |socket: &&Udp| {
                    let bound = socket.bound();
                    bound.is_ipv4() == flow.peer.is_ipv4()
                        && (bound.port() == flow.local.port() || flow.local.port() == 0)
                        && (bound.ip().is_unspecified() || bound.ip() == flow.local.ip())
                };
                let same_family = |socket: &&Udp| socket.bound().is_ipv4() == flow.peer.is_ipv4();
                let sockets = &self.sockets.udp;
                if let Some(socket) = sockets.iter().find(fits).or_else(|| sockets.iter().find(same_family)) {
                    socket.send(flow.peer, &bytes);
                }
            }
            Transport::Ws | Transport::Wss if Upgraded::is_of(flow) => self.sockets.upgraded.send(flow, bytes),
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
                self.sockets.streams.send(flow, &bytes, now);
            }
        }
    }
}
