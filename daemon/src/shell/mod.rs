//! The shell: one OS thread that reads the SIP sockets, feeds the engine and does what it wants done.

pub mod clock;
pub mod facing;
mod outlets;
pub mod tcp;
pub mod udp;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use frontdesk_sip::Now;
use frontdesk_sip::flow::{FlowId, Transport};
use mio::{Events, Interest, Poll, Token, Waker};

use crate::engine::Engine;
use crate::engine::input::Input;
use crate::engine::output::Output;
use facing::Facing;
pub use outlets::{Outlets, Queue, QueueReader, queue};
use tcp::{Arrived, Tcp, TcpLimits};
use udp::Udp;

const WAKER: Token = Token(0);
const FIRST_UDP: usize = 1;
/// Datagrams taken from one socket before the others get their turn.
const TURN: usize = 128;
/// Inputs that may wait for the engine: far more than a healthy engine ever leaves.
const INPUTS: usize = 65_536;
const SWEEP: Duration = Duration::from_secs(1);

/// The way to the engine for every other thread.
#[derive(Debug, Clone)]
pub struct EngineHandle {
    inputs: Sender<Input>,
    waker: Arc<Waker>,
    stop: Arc<AtomicBool>,
}

impl EngineHandle {
    /// Queues an input; waits only if the engine is 65,536 inputs behind. False when the engine is gone.
    pub fn send(&self, input: Input) -> bool {
        let sent = self.inputs.send(input).is_ok();
        let _ = self.waker.wake();
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
    tcp: Tcp,
    inputs: Receiver<Input>,
    handle: EngineHandle,
}

impl Sockets {
    pub fn bind(udp: Vec<Udp>, tcp: &[SocketAddr]) -> io::Result<Sockets> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let mut udp = udp;
        for (index, socket) in udp.iter_mut().enumerate() {
            poll.registry()
                .register(socket.source(), Token(FIRST_UDP + index), Interest::READABLE)?;
        }
        let mut tcp = Tcp::bind(tcp, FIRST_UDP + udp.len(), TcpLimits::default())?;
        tcp.register(poll.registry())?;
        let (sender, inputs) = crossbeam_channel::bounded(INPUTS);
        let handle = EngineHandle {
            inputs: sender,
            waker,
            stop: Arc::new(AtomicBool::new(false)),
        };
        Ok(Sockets {
            poll,
            udp,
            tcp,
            inputs,
            handle,
        })
    }

    pub fn handle(&self) -> EngineHandle {
        self.handle.clone()
    }

    /// The first address that phones reach, by UDP if there is one.
    pub fn sip_address(&self) -> SocketAddr {
        let tcp = self.tcp.bound();
        let first = self.udp.first().map(Udp::bound).or_else(|| tcp.first().copied());
        first.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)))
    }
}

/// One shard's loop.
pub struct Shell {
    engine: Engine,
    sockets: Sockets,
    outlets: Outlets,
    facing: Facing,
    arrived: Vec<Arrived>,
    /// Datagram sockets that were left before they were empty.
    unfinished: Vec<bool>,
    swept: Instant,
}

impl Shell {
    pub fn new(engine: Engine, sockets: Sockets, outlets: Outlets) -> Shell {
        let unfinished = vec![true; sockets.udp.len()];
        let swept = clock::now().instant;
        Shell {
            engine,
            sockets,
            outlets,
            facing: Facing::default(),
            arrived: Vec::new(),
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
        if self.unfinished.iter().any(|left| *left) {
            return Duration::ZERO;
        }
        let sweep = (self.swept + SWEEP).saturating_duration_since(now);
        match self.engine.deadline() {
            Some(deadline) => deadline.saturating_duration_since(now).min(sweep),
            None => sweep,
        }
    }

    fn serve(&mut self, events: &Events, now: Now) {
        let first_tcp = FIRST_UDP + self.unfinished.len();
        for event in events {
            match event.token() {
                WAKER => {}
                Token(token) if token < first_tcp => {
                    if let Some(left) = self.unfinished.get_mut(token - FIRST_UDP) {
                        *left = true;
                    }
                }
                token => {
                    let registry = self.sockets.poll.registry();
                    self.sockets.tcp.ready(token, registry, now.instant, &mut self.arrived);
                    self.take_arrived(now);
                }
            }
        }
        self.take_inputs(now);
        self.read_datagrams(now);
        if self.engine.deadline().is_some_and(|deadline| deadline <= now.instant) {
            self.handle(Input::Tick, now);
        }
        if now.instant.duration_since(self.swept) >= SWEEP {
            self.swept = now.instant;
            self.sockets.tcp.sweep(now.instant, &mut self.arrived);
            self.take_arrived(now);
            self.outlets.report(&self.engine, self.sockets.tcp.open());
        }
        if let Some(load) = self.outlets.journal_load() {
            self.handle(Input::JournalLoad(load), now);
        }
    }

    fn take_inputs(&mut self, now: Now) {
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
            let Some(socket) = self.sockets.udp.get_mut(index) else {
                return true;
            };
            let Some((peer, bytes)) = socket.receive() else {
                return true;
            };
            let local = self.facing.local(socket.bound(), peer, now.instant);
            let flow = FlowId {
                transport: Transport::Udp,
                local,
                peer,
                connection: 0,
            };
            self.handle(Input::Datagram { flow, bytes }, now);
        }
        false
    }

    fn take_arrived(&mut self, now: Now) {
        while !self.arrived.is_empty() {
            for arrived in std::mem::take(&mut self.arrived) {
                let input = match arrived {
                    Arrived::Message(flow, bytes) => Input::Datagram { flow, bytes },
                    Arrived::Closed(flow) => Input::FlowClosed(flow),
                };
                self.handle(input, now);
            }
        }
    }

    fn handle(&mut self, input: Input, now: Now) {
        self.engine.handle(input, now);
        while let Some(output) = self.engine.poll() {
            self.perform(output);
        }
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::Transmit { flow, bytes } => self.transmit(&flow, &bytes),
            Output::CloseFlow(flow) => self.sockets.tcp.close(flow.connection, &mut self.arrived),
            Output::Media(command) => self.outlets.media(command),
            Output::Record(command) => self.outlets.record(command),
            Output::Journal(entry) => self.outlets.journal(entry),
            Output::Board(change) => self.outlets.board(change),
        }
    }

    fn transmit(&mut self, flow: &FlowId, bytes: &[u8]) {
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
                    socket.send(flow.peer, bytes);
                }
            }
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
                self.sockets.tcp.send(flow, bytes, &mut self.arrived);
            }
        }
    }
}
