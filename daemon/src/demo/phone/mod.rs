//! Simulated phones: they register over UDP, take calls, make calls when told, and speak.

mod audio;
mod calls;
mod register;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use bytes::Bytes;
use frontdesk_media::io::command::Codec;
use frontdesk_sip::endpoint::{Endpoint, EndpointConfig};
use frontdesk_sip::event::SessionId;
use frontdesk_sip::flow::{FlowId, Transport};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::crew::Crew;
use super::voice::Speech;
use crate::shell::clock;
use calls::Call;
use register::Registration;

/// The largest datagram there is.
const DATAGRAM: usize = 65_535;
/// The longest that a phone waits without looking at its clock.
const IDLE: Duration = Duration::from_secs(1);

/// What a phone is set up with.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) server: SocketAddr,
    pub(super) user: String,
    pub(super) secret: String,
    pub(super) display: String,
    pub(super) speech: Speech,
    /// Best first.
    pub(super) codecs: Vec<Codec>,
    /// Conversations that it can have at the same time.
    pub(super) most_calls: usize,
    pub(super) seed: u64,
}

/// Call somebody.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) number: String,
    pub(super) talk: Duration,
    /// On whose behalf: name and number. A provider line only.
    pub(super) caller: Option<(String, String)>,
}

/// A phone that has been switched on.
pub(super) struct Phone {
    orders: mpsc::Sender<Order>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    registered: AtomicBool,
    calls: AtomicUsize,
}

impl Phone {
    /// Whether it can make or take a call now.
    pub(super) fn is_idle(&self) -> bool {
        self.state.registered.load(Relaxed) && self.calls() == 0
    }

    pub(super) fn is_registered(&self) -> bool {
        self.state.registered.load(Relaxed)
    }

    pub(super) fn calls(&self) -> usize {
        self.state.calls.load(Relaxed)
    }

    /// A phone that is too busy to listen does not call.
    pub(super) fn call(&self, order: Order) {
        let _ = self.orders.try_send(order);
    }
}

/// Switches a phone on; it hangs up and ends when `crew` does.
pub(super) async fn start(line: Line, crew: &Crew) -> io::Result<Phone> {
    let socket = UdpSocket::bind((line.server.ip(), 0)).await?;
    let (orders, receiver) = mpsc::channel(8);
    let state = Arc::new(State::default());
    let flow = FlowId {
        transport: Transport::Udp,
        local: socket.local_addr()?,
        peer: line.server,
        connection: 0,
    };
    let config = EndpointConfig {
        user_agent: "Frontdesk demo phone".to_owned(),
        ..EndpointConfig::default()
    };
    let shell = Shell {
        socket,
        flow,
        endpoint: Endpoint::new(config, clock::random()),
        rng: StdRng::seed_from_u64(line.seed),
        registration: Registration::default(),
        calls: BTreeMap::new(),
        has_rung: false,
        crew: crew.clone(),
        state: Arc::clone(&state),
        line,
    };
    crew.spawn(shell.run(receiver, crew.stopping()));
    Ok(Phone { orders, state })
}

/// The phone's own task.
struct Shell {
    socket: UdpSocket,
    flow: FlowId,
    endpoint: Endpoint,
    rng: StdRng,
    line: Line,
    registration: Registration,
    calls: BTreeMap<SessionId, Call>,
    has_rung: bool,
    crew: Crew,
    state: Arc<State>,
}

impl Shell {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>, stopping: CancellationToken) {
        let mut buffer = vec![0; DATAGRAM];
        loop {
            self.due();
            self.settle().await;
            let wake = tokio::time::Instant::from_std(self.deadline());
            tokio::select! {
                received = self.socket.recv_from(&mut buffer) => self.receive(received, &buffer),
                Some(order) = orders.recv() => self.place(order).await,
                () = tokio::time::sleep_until(wake) => self.endpoint.timeout(clock::now()),
                () = stopping.cancelled() => break,
            }
        }
        self.hang_up_all();
        self.settle().await;
    }

    fn receive(&mut self, received: io::Result<(usize, SocketAddr)>, buffer: &[u8]) {
        // An error here is a port unreachable of an earlier datagram: the server is not there (yet).
        let Ok((length, from)) = received else { return };
        if let (true, Some(bytes)) = (from == self.flow.peer, buffer.get(..length)) {
            self.endpoint
                .receive(&self.flow, Bytes::copy_from_slice(bytes), clock::now());
        }
    }

    /// Does all that the endpoint has to tell, and sends all that it has to send.
    async fn settle(&mut self) {
        loop {
            while let Some(transmit) = self.endpoint.poll_transmit() {
                let _ = self.socket.send_to(&transmit.bytes, transmit.flow.peer).await;
            }
            match self.endpoint.poll_event() {
                Some(event) => self.on_event(event).await,
                None => break,
            }
        }
        self.state.calls.store(self.calls.len(), Relaxed);
    }

    fn deadline(&self) -> Instant {
        let now = clock::now().instant;
        let own = self.calls.values().filter_map(Call::due).chain(self.registration.due());
        own.chain(self.endpoint.deadline())
            .chain([now + IDLE])
            .min()
            .unwrap_or(now + IDLE)
    }

    fn due(&mut self) {
        let now = clock::now();
        self.register_when_due(now);
        self.act_when_due(now);
    }

    /// How the server's users are written.
    fn uri(&self, user: &str) -> String {
        format!("sip:{user}@{}", self.line.server)
    }
}
