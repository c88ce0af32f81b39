//! SIP over TCP: listeners, connections, framing, and the bounds that keep a stranger from taking all of them.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use bytes::Bytes;
use frontdesk_sip::flow::{FlowId, Transport};
use frontdesk_sip::wire::frame::{Framed, StreamFramer};
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};

/// Bounds on connections.
#[derive(Debug, Clone, Copy)]
pub struct TcpLimits {
    pub connections: usize,
    pub connections_per_source: usize,
    /// A connection that has brought no message for so long is closed.
    pub idle: Duration,
    /// Octets that may wait for a slow reader before its connection is closed.
    pub unsent: usize,
}

impl Default for TcpLimits {
    fn default() -> Self {
        TcpLimits {
            connections: 20_000,
            connections_per_source: 2_000,
            idle: Duration::from_secs(3_600),
            unsent: 256 << 10,
        }
    }
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    flow: FlowId,
    framer: StreamFramer,
    unsent: Vec<u8>,
    heard: Instant,
}

/// What reading a connection gave.
#[derive(Debug)]
pub enum Arrived {
    Message(FlowId, Bytes),
    Closed(FlowId),
}

/// All listeners and connections; tokens from `first_token` on are theirs.
#[derive(Debug)]
pub struct Tcp {
    listeners: Vec<(TcpListener, SocketAddr)>,
    connections: BTreeMap<u64, Connection>,
    per_source: HashMap<IpAddr, usize>,
    first_token: usize,
    next: u64,
    limits: TcpLimits,
    scratch: Box<[u8]>,
}

impl Tcp {
    pub fn bind(addresses: &[SocketAddr], first_token: usize, limits: TcpLimits) -> io::Result<Tcp> {
        let mut listeners = Vec::new();
        for address in addresses {
            let listener = TcpListener::bind(*address)?;
            let bound = listener.local_addr()?;
            listeners.push((listener, bound));
        }
        Ok(Tcp {
            listeners,
            connections: BTreeMap::new(),
            per_source: HashMap::new(),
            first_token,
            next: 1,
            limits,
            scratch: vec![0; 64 << 10].into_boxed_slice(),
        })
    }

    pub fn bound(&self) -> Vec<SocketAddr> {
        self.listeners.iter().map(|(_, bound)| *bound).collect()
    }

    pub fn open(&self) -> usize {
        self.connections.len()
    }

    pub fn register(&mut self, registry: &Registry) -> io::Result<()> {
        for (index, (listener, _)) in self.listeners.iter_mut().enumerate() {
            registry.register(listener, Token(self.first_token + index), Interest::READABLE)?;
        }
        Ok(())
    }

    /// Serves the event of one of our tokens.
    pub fn ready(&mut self, token: Token, registry: &Registry, now: Instant, arrived: &mut Vec<Arrived>) {
        let index = token.0.saturating_sub(self.first_token);
        if index < self.listeners.len() {
            self.accept(index, registry, now, arrived);
            return;
        }
        let Ok(id) = u64::try_from(index - self.listeners.len()) else {
            return;
        };
        let id = id + 1;
        if !self.flush(id) || !self.read(id, now, arrived) {
            self.close(id, arrived);
        }
    }

    /// Queues bytes on a connection; false when it is not there (any more) or is closed for its slowness.
    pub fn send(&mut self, flow: &FlowId, bytes: &[u8], arrived: &mut Vec<Arrived>) -> bool {
        let Some(connection) = self.connections.get_mut(&flow.connection) else {
            return false;
        };
        if connection.unsent.len() + bytes.len() <= self.limits.unsent {
            connection.unsent.extend_from_slice(bytes);
            if self.flush(flow.connection) {
                return true;
            }
        }
        self.close(flow.connection, arrived);
        false
    }

    pub fn close(&mut self, id: u64, arrived: &mut Vec<Arrived>) {
        let Some(connection) = self.connections.remove(&id) else {
            return;
        };
        let source = connection.flow.peer.ip();
        if let Some(count) = self.per_source.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                self.per_source.remove(&source);
            }
        }
        arrived.push(Arrived::Closed(connection.flow));
    }

    /// Closes what has been silent beyond the limit.
    pub fn sweep(&mut self, now: Instant, arrived: &mut Vec<Arrived>) {
        let idle = self.limits.idle;
        let old: Vec<u64> = self
            .connections
            .iter()
            .filter(|(_, connection)| now.duration_since(connection.heard) > idle)
            .map(|(id, _)| *id)
            .collect();
        for id in old {
            self.close(id, arrived);
        }
    }

    fn accept(&mut self, index: usize, registry: &Registry, now: Instant, arrived: &mut Vec<Arrived>) {
        loop {
            let Some((listener, bound)) = self.listeners.get(index) else {
                return;
            };
            let Ok((mut stream, peer)) = listener.accept() else {
                return;
            };
            let of_source = self.per_source.get(&peer.ip()).copied().unwrap_or(0);
            if self.connections.len() >= self.limits.connections || of_source >= self.limits.connections_per_source {
                continue;
            }
            let local = stream.local_addr().unwrap_or(*bound);
            let _ = stream.set_nodelay(true);
            let id = self.next;
            let Ok(offset) = usize::try_from(id - 1) else { return };
            let token = Token(self.first_token + self.listeners.len() + offset);
            if registry
                .register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)
                .is_err()
            {
                continue;
            }
            self.next += 1;
            *self.per_source.entry(peer.ip()).or_insert(0) += 1;
            let flow = FlowId {
                transport: Transport::Tcp,
                local,
                peer,
                connection: id,
            };
            let framer = StreamFramer::default();
            self.connections.insert(
                id,
                Connection {
                    stream,
                    flow,
                    framer,
                    unsent: Vec::new(),
                    heard: now,
                },
            );
            if !self.read(id, now, arrived) {
                self.close(id, arrived);
            }
        }
    }

    /// False when the connection is to be closed.
    fn flush(&mut self, id: u64) -> bool {
        let Some(connection) = self.connections.get_mut(&id) else {
            return true;
        };
        while !connection.unsent.is_empty() {
            match connection.stream.write(&connection.unsent) {
                Ok(0) => return false,
                Ok(written) => drop(connection.unsent.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        connection.unsent.shrink_to(4096);
        true
    }

    /// False when the connection is to be closed.
    fn read(&mut self, id: u64, now: Instant, arrived: &mut Vec<Arrived>) -> bool {
        loop {
            let Some(connection) = self.connections.get_mut(&id) else {
                return true;
            };
            let read = match connection.stream.read(&mut self.scratch) {
                Ok(0) => return false,
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return false,
            };
            connection.heard = now;
            connection.framer.push(self.scratch.get(..read).unwrap_or_default());
            loop {
                match connection.framer.next_frame() {
                    Ok(Some(Framed::Message(bytes))) => arrived.push(Arrived::Message(connection.flow, bytes)),
                    // RFC 5626 section 4.4.1: a double CRLF is answered by a single one.
                    Ok(Some(Framed::Ping)) => connection.unsent.extend_from_slice(b"\r\n"),
                    Ok(Some(Framed::Pong)) => {}
                    Ok(None) => break,
                    Err(_) => return false,
                }
            }
            if !self.flush(id) {
                return false;
            }
        }
    }
}
