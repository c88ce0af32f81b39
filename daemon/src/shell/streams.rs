//! SIP over connections: listeners, connections taken and opened, and the bounds that keep a stranger from having all
//! of them.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use frontdesk_sip::flow::{FlowId, Transport};
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

use super::connection::{Connection, Layers, Scratch};
use super::limits::Limits;
use super::tls::certificate::Certificate;
use super::tls::trust::{Trust, server_name};
use super::tls::{BadTls, Tls};
use crate::engine::output::Proof;

/// Connections that wait to be taken.
const BACKLOG: i32 = 1024;
/// A peer that vanished without a word is found out after a minute and a half; one that does not confirm what we send,
/// after half a minute.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(60), Duration::from_secs(10), 3);
#[cfg(target_os = "linux")]
const UNCONFIRMED: Duration = Duration::from_secs(30);

/// What a connection gave.
#[derive(Debug)]
pub enum Arrived {
    Message(FlowId, Bytes),
    Closed(FlowId),
}

/// Who the peer of a TLS connection that we open has to prove to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Naming {
    /// `None`: its address.
    pub server_name: Option<String>,
    pub proof: Proof,
}

/// One address that is listened on.
#[derive(Debug)]
struct Listener {
    socket: TcpListener,
    bound: SocketAddr,
    transport: Transport,
}

/// All listeners and connections; tokens from `first_token` on are theirs.
#[derive(Debug)]
pub struct Streams {
    registry: Registry,
    listeners: Vec<Listener>,
    connections: BTreeMap<u64, Connection>,
    tokens: HashMap<usize, u64>,
    per_source: HashMap<IpAddr, usize>,
    certificate: Option<Certificate>,
    trust: Arc<Trust>,
    limits: Limits,
    scratch: Scratch,
    first_token: usize,
    next_token: usize,
    next_connection: u64,
    /// Connections that were left before they were empty.
    unfinished: BTreeSet<u64>,
    arrived: VecDeque<Arrived>,
}

impl Streams {
    pub fn new(registry: Registry, first_token: usize, trust: Arc<Trust>, limits: Limits) -> Streams {
        Streams {
            registry,
            listeners: Vec::new(),
            connections: BTreeMap::new(),
            tokens: HashMap::new(),
            per_source: HashMap::new(),
            certificate: None,
            trust,
            scratch: Scratch::new(limits.unsent),
            limits,
            first_token,
            next_token: first_token,
            next_connection: 1,
            unfinished: BTreeSet::new(),
            arrived: VecDeque::new(),
        }
    }

    /// The certificate for TLS.
    pub fn show(&mut self, certificate: Certificate) {
        self.certificate = Some(certificate);
    }

    /// Listens; to be called before anything is accepted.
    pub fn listen(&mut self, transport: Transport, address: SocketAddr) -> io::Result<SocketAddr> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let mut socket = TcpListener::from_std(socket.into());
        let bound = socket.local_addr()?;
        self.registry
            .register(&mut socket, Token(self.next_token), Interest::READABLE)?;
        self.next_token += 1;
        self.listeners.push(Listener {
            socket,
            bound,
            transport,
        });
        Ok(bound)
    }

    /// Where a transport is spoken.
    pub fn bound(&self, transport: Transport) -> impl Iterator<Item = SocketAddr> + '_ {
        let of = self
            .listeners
            .iter()
            .filter(move |listener| listener.transport == transport);
        of.map(|listener| listener.bound)
    }

    pub fn open(&self) -> usize {
        self.connections.len()
    }

    /// Whether there is something to read that no event will tell of.
    pub fn is_unfinished(&self) -> bool {
        !self.unfinished.is_empty()
    }

    /// What came, in order.
    pub fn poll(&mut self) -> Option<Arrived> {
        self.arrived.pop_front()
    }

    /// Serves the event of one of our tokens.
    pub fn ready(&mut self, token: Token, now: Instant) {
        let index = token.0.saturating_sub(self.first_token);
        if index < self.listeners.len() {
            self.accept(index, now);
        } else if let Some(id) = self.tokens.get(&token.0).copied() {
            self.serve(id, now);
        }
    }

    /// Goes on with what was left.
    pub fn resume(&mut self, now: Instant) {
        for id in std::mem::take(&mut self.unfinished) {
            self.serve(id, now);
        }
    }

    /// Queues bytes on a connection; opens it when that is for us to do.
    pub fn send(&mut self, flow: &FlowId, bytes: &[u8], now: Instant) {
        if flow.is_opened_here() && !self.connections.contains_key(&flow.connection) {
            self.connect(flow, &Naming::default(), now);
        }
        if let Some(connection) = self.connections.get_mut(&flow.connection)
            && connection.send(bytes, self.limits.unsent).is_err()
        {
            self.close(flow.connection);
        }
    }

    /// Opens a connection; a failure is `Closed`. One that is open stays as it is.
    pub fn connect(&mut self, flow: &FlowId, naming: &Naming, now: Instant) {
        if !flow.is_opened_here() || self.connections.contains_key(&flow.connection) {
            return;
        }
        let opened = self
            .session(flow, naming)
            .map_err(io::Error::other)
            .and_then(|layers| Ok((layers, dial(flow)?)))
            .and_then(|(layers, stream)| self.add(*flow, stream, layers, now));
        if let Err(error) = opened {
            tracing::debug!(peer = %flow.peer, %error, "a connection cannot be opened");
            self.arrived.push_back(Arrived::Closed(*flow));
        }
    }

    pub fn close(&mut self, id: u64) {
        let Some(mut connection) = self.connections.remove(&id) else {
            return;
        };
        connection.part();
        self.tokens.remove(&connection.token.0);
        self.unfinished.remove(&id);
        let source = connection.flow.peer.ip();
        if let Some(count) = self.per_source.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                self.per_source.remove(&source);
            }
        }
        self.arrived.push_back(Arrived::Closed(connection.flow));
    }

    /// Once a second: closes what is beyond its time, and looks at the certificate.
    pub fn sweep(&mut self, now: Instant) {
        let limits = &self.limits;
        let old: Vec<u64> = self
            .connections
            .iter_mut()
            .filter_map(|(id, connection)| connection.is_overdue(now, limits).then_some(*id))
            .collect();
        for id in old {
            self.close(id);
        }
        if let Some(certificate) = &mut self.certificate {
            certificate.refresh();
        }
        // The system had no file left for one that waits: no event tells of it again.
        for index in 0..self.listeners.len() {
            self.accept(index, now);
        }
    }

    fn accept(&mut self, index: usize, now: Instant) {
        while let Some(listener) = self.listeners.get(index) {
            let Ok((stream, peer)) = listener.socket.accept() else {
                return;
            };
            let of_source = self.per_source.get(&peer.ip()).copied().unwrap_or(0);
            if self.connections.len() >= self.limits.connections || of_source >= self.limits.connections_per_source {
                continue;
            }
            let flow = FlowId {
                transport: listener.transport,
                local: stream.local_addr().unwrap_or(listener.bound),
                peer,
                connection: self.next_connection,
            };
            let Ok(layers) = self.welcome(flow.transport) else {
                continue;
            };
            self.next_connection += 1;
            if self.add(flow, stream, layers, now).is_ok() {
                self.serve(flow.connection, now);
            }
        }
    }

    /// The layers of a connection that somebody opened to us.
    fn welcome(&self, transport: Transport) -> Result<Layers, BadTls> {
        let tls = match (transport, &self.certificate) {
            (Transport::Udp | Transport::Tcp | Transport::Ws, _) => None,
            (Transport::Tls | Transport::Wss, Some(certificate)) => Some(Tls::server(certificate.config())?),
            (Transport::Tls | Transport::Wss, None) => return Err(BadTls::NoCertificate),
        };
        Ok(Layers::new(tls, matches!(transport, Transport::Ws | Transport::Wss)))
    }

    /// The layers of a connection that we open.
    fn session(&self, flow: &FlowId, naming: &Naming) -> Result<Layers, BadTls> {
        let tls = match flow.transport {
            Transport::Tls => {
                let name = server_name(naming.server_name.as_deref(), flow.peer.ip())?;
                Some(Tls::client(&self.trust, name, naming.proof)?)
            }
            Transport::Udp | Transport::Tcp => None,
            Transport::Ws | Transport::Wss => return Err(BadTls::Client),
        };
        Ok(Layers::new(tls, false))
    }

    fn add(&mut self, flow: FlowId, mut stream: TcpStream, layers: Layers, now: Instant) -> io::Result<()> {
        let token = Token(self.next_token);
        let socket = SockRef::from(&stream);
        let _ = socket.set_tcp_nodelay(true);
        let (after, every, times) = KEEPALIVE;
        let keepalive = TcpKeepalive::new().with_time(after).with_interval(every);
        let _ = socket.set_tcp_keepalive(&keepalive.with_retries(times));
        #[cfg(target_os = "linux")]
        let _ = socket.set_tcp_user_timeout(Some(UNCONFIRMED));
        self.registry
            .register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        self.next_token += 1;
        self.tokens.insert(token.0, flow.connection);
        *self.per_source.entry(flow.peer.ip()).or_insert(0) += 1;
        self.connections
            .insert(flow.connection, Connection::new(flow, (stream, token), layers, now));
        Ok(())
    }

    fn serve(&mut self, id: u64, now: Instant) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let flow = connection.flow;
        let mut messages = Vec::new();
        let state = connection.ready(&mut self.scratch, now, &mut messages);
        let messages = messages.into_iter().map(|bytes| Arrived::Message(flow, bytes));
        self.arrived.extend(messages);
        match state {
            Ok(true) => {}
            Ok(false) => {
                self.unfinished.insert(id);
            }
            Err(_) => self.close(id),
        }
    }
}

/// Asks for a connection, from the address that the flow says is ours; whether it comes is known later.
fn dial(flow: &FlowId) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(flow.peer), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    let local = flow.local.ip();
    if local.is_ipv4() == flow.peer.is_ipv4() && !local.is_unspecified() {
        // An address behind a NAT of our own is not ours to bind: then the system chooses.
        let _ = socket.bind(&SocketAddr::new(local, 0).into());
    }
    match socket.connect(&flow.peer.into()) {
        Err(error) if is_refusal(&error) => Err(error),
        Ok(()) | Err(_) => Ok(TcpStream::from_std(socket.into())),
    }
}

/// Anything else is "in progress", whose name is the system's own.
fn is_refusal(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::AddrNotAvailable
            | io::ErrorKind::AddrInUse
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::TimedOut
    )
}

#[cfg(test)]
mod tests;
