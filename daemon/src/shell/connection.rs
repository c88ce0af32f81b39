//! One connection with its layers: a socket, TLS or none, and messages in a stream or in WebSocket frames.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use bytes::Bytes;
use frontdesk_sip::flow::FlowId;
use frontdesk_sip::wire::frame::{Framed, StreamFramer};
use mio::Token;
use mio::net::TcpStream;

use super::clock;
use super::limits::Limits;
use super::tls::Tls;
use super::websocket::WebSocket;

/// Reads of one connection before the others get their turn.
const TURN: usize = 16;
/// Octets that a stranger may send before its handshake is over.
const EARLY: usize = 64 << 10;

/// To be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Over;

/// Room that all connections read into, one after the other.
#[derive(Debug)]
pub(super) struct Scratch {
    raw: Box<[u8]>,
    plain: Vec<u8>,
    /// Octets that may wait for a slow reader.
    unsent: usize,
}

impl Scratch {
    pub(super) fn new(unsent: usize) -> Scratch {
        Scratch {
            raw: vec![0; 64 << 10].into_boxed_slice(),
            plain: Vec::new(),
            unsent,
        }
    }
}

#[derive(Debug)]
enum Framing {
    Stream(StreamFramer),
    WebSocket(Box<WebSocket>),
}

/// What lies between a socket and its messages.
#[derive(Debug)]
pub(super) struct Layers {
    tls: Option<Box<Tls>>,
    framing: Framing,
}

impl Layers {
    pub(super) fn new(tls: Option<Tls>, websocket: bool) -> Layers {
        Layers {
            tls: tls.map(Box::new),
            framing: if websocket {
                Framing::WebSocket(Box::default())
            } else {
                Framing::Stream(StreamFramer::default())
            },
        }
    }

    fn is_opening(&self) -> bool {
        let opening = match &self.framing {
            Framing::Stream(_) => false,
            Framing::WebSocket(socket) => socket.is_opening(),
        };
        opening || self.tls.as_ref().is_some_and(|tls| tls.is_handshaking())
    }
}

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) flow: FlowId,
    pub(super) token: Token,
    stream: TcpStream,
    layers: Layers,
    /// We have asked for it and do not know yet whether the peer takes it.
    connecting: bool,
    unsent: Vec<u8>,
    /// Octets that came before the handshake was over.
    early: usize,
    began: Instant,
    heard: Instant,
    /// No message has come yet.
    silent: bool,
    /// Since when a message is under way.
    partial: Option<Instant>,
    pinged: bool,
    /// When the next keep-alive of ours is due.
    keep_alive_at: Option<Instant>,
}

impl Connection {
    pub(super) fn new(flow: FlowId, (stream, token): (TcpStream, Token), layers: Layers, now: Instant) -> Connection {
        Connection {
            flow,
            token,
            stream,
            layers,
            connecting: flow.is_opened_here(),
            unsent: Vec::new(),
            early: 0,
            began: now,
            heard: now,
            silent: true,
            partial: None,
            pinged: false,
            keep_alive_at: None,
        }
    }

    /// The socket has something to say. False: not all was read.
    pub(super) fn ready(
        &mut self,
        scratch: &mut Scratch,
        now: Instant,
        messages: &mut Vec<Bytes>,
    ) -> Result<bool, Over> {
        if self.connecting {
            if matches!(self.stream.take_error(), Ok(Some(_)) | Err(_)) {
                return Err(Over);
            }
            match self.stream.peer_addr() {
                Ok(_) => self.connecting = false,
                Err(error) if error.kind() == io::ErrorKind::NotConnected => return Ok(true),
                Err(_) => return Err(Over),
            }
            self.began = now;
            self.encrypt();
        }
        self.flush()?;
        self.read(scratch, now, messages)
    }

    /// Queues a message and sends what the socket takes; no more than `most` octets wait.
    pub(super) fn send(&mut self, message: &[u8], most: usize) -> Result<(), Over> {
        if self.unsent.len() + message.len() > most {
            return Err(Over);
        }
        match &mut self.layers.framing {
            Framing::Stream(_) => self.put(message)?,
            Framing::WebSocket(socket) => {
                socket.write(message).map_err(|_| Over)?;
                let octets = socket.take();
                self.put(&octets)?;
            }
        }
        self.flush()
    }

    /// Whether its time is over; sends a ping on a WebSocket that was silent for long.
    pub(super) fn is_overdue(&mut self, now: Instant, limits: &Limits) -> bool {
        let since = |at: Instant| now.saturating_duration_since(at);
        let age = since(self.began);
        let silent_stranger = self.silent && !self.flow.is_opened_here() && age > limits.first_message;
        let stuck = self.partial.is_some_and(|at| since(at) > limits.message);
        if self.connecting {
            return age > limits.connect(&self.flow);
        }
        if self.layers.is_opening() {
            return age > limits.handshake;
        }
        let silence = since(self.heard);
        if silent_stranger || stuck || silence > limits.idle {
            return true;
        }
        self.is_deaf(silence, limits.ping) || self.keep_alive(now, limits.keep_alive).is_err()
    }

    /// On a stream of ours a double CRLF now and then keeps what stands between open.
    fn keep_alive(&mut self, now: Instant, every: Duration) -> Result<(), Over> {
        let Framing::Stream(framer) = &mut self.layers.framing else {
            return Ok(());
        };
        if !self.flow.is_opened_here() || self.flow.is_for_size() {
            return Ok(());
        }
        let due = self.keep_alive_at.is_some_and(|at| at <= now);
        if due || self.keep_alive_at.is_none() {
            self.keep_alive_at = Some(now + spread(every));
        }
        // What waits to be sent does as well.
        if !due || !self.unsent.is_empty() {
            return Ok(());
        }
        framer.expect_pong();
        self.put(b"\r\n\r\n")?;
        self.flush()
    }

    /// RFC 6455 section 5.5.2: a browser that is gone without a word answers no ping.
    fn is_deaf(&mut self, silence: Duration, ping: Duration) -> bool {
        let Framing::WebSocket(socket) = &mut self.layers.framing else {
            return false;
        };
        if silence <= ping {
            self.pinged = false;
            return false;
        }
        if self.pinged {
            return silence > 3 * ping;
        }
        self.pinged = true;
        let sent = socket.ping();
        let octets = socket.take();
        sent.is_err() || self.put(&octets).is_err() || self.flush().is_err()
    }

    /// Says goodbye, as far as the socket takes it.
    pub(super) fn part(&mut self) {
        if self.connecting {
            return;
        }
        if let Framing::WebSocket(socket) = &mut self.layers.framing {
            socket.close();
            let octets = socket.take();
            let _ = self.put(&octets);
        }
        if let Some(tls) = &mut self.layers.tls {
            tls.close();
        }
        self.encrypt();
        let _ = self.flush();
    }

    fn read(&mut self, scratch: &mut Scratch, now: Instant, messages: &mut Vec<Bytes>) -> Result<bool, Over> {
        for _ in 0..TURN {
            let length = match self.stream.read(&mut scratch.raw) {
                Ok(0) => return Err(Over),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Err(Over),
            };
            let heard = std::mem::replace(&mut self.heard, now);
            let before = messages.len();
            if self.layers.is_opening() {
                self.early += length;
                if self.early > EARLY {
                    return Err(Over);
                }
            }
            let raw = scratch.raw.get(..length).unwrap_or_default();
            let taken = self.take(raw, &mut scratch.plain, now, messages);
            self.encrypt();
            self.flush()?;
            taken?;
            // What answers our keep-alives alone is not in use.
            let nothing = messages.len() == before && self.partial.is_none();
            if nothing && self.flow.is_opened_here() && !self.layers.is_opening() {
                self.heard = heard;
            }
            // Whoever asks and never reads the answers.
            if self.unsent.len() > scratch.unsent {
                return Err(Over);
            }
        }
        Ok(false)
    }

    fn take(&mut self, raw: &[u8], plain: &mut Vec<u8>, now: Instant, messages: &mut Vec<Bytes>) -> Result<(), Over> {
        let Some(tls) = &mut self.layers.tls else {
            return self.split(raw, now, messages);
        };
        plain.clear();
        let open = tls.read(raw, plain);
        if let Err(error) = &open {
            tracing::debug!(peer = %self.flow.peer, %error, "TLS failed");
        }
        self.split(plain, now, messages)?;
        match open {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(Over),
        }
    }

    /// Plain octets into messages.
    fn split(&mut self, octets: &[u8], now: Instant, messages: &mut Vec<Bytes>) -> Result<(), Over> {
        if octets.is_empty() {
            return Ok(());
        }
        let before = messages.len();
        let mut pongs = Vec::new();
        let (whole, rest) = match &mut self.layers.framing {
            Framing::WebSocket(socket) => {
                let complete = socket.read(octets, messages);
                let octets = socket.take();
                self.put(&octets)?;
                let complete = complete.map_err(|_| Over)?;
                (complete, !complete)
            }
            Framing::Stream(framer) => {
                framer.push(octets);
                let mut whole = false;
                while let Some(framed) = framer.next_frame().map_err(|_| Over)? {
                    whole = true;
                    match framed {
                        Framed::Message(bytes) => messages.push(bytes),
                        // RFC 5626 section 4.4.1: a double CRLF is answered by a single one.
                        Framed::Ping => pongs.extend_from_slice(b"\r\n"),
                        Framed::Pong => {}
                    }
                }
                (whole, !framer.is_between_messages())
            }
        };
        self.silent &= messages.len() == before;
        self.partial = match self.partial {
            Some(since) if rest && !whole => Some(since),
            _ => rest.then_some(now),
        };
        self.put(&pongs)
    }

    /// Plain octets towards the peer.
    fn put(&mut self, octets: &[u8]) -> Result<(), Over> {
        match &mut self.layers.tls {
            Some(tls) if !octets.is_empty() => tls.write(octets).map_err(|_| Over)?,
            Some(_) => {}
            None => self.unsent.extend_from_slice(octets),
        }
        self.encrypt();
        Ok(())
    }

    fn encrypt(&mut self) {
        if let Some(tls) = &mut self.layers.tls {
            tls.take(&mut self.unsent);
        }
    }

    fn flush(&mut self) -> Result<(), Over> {
        if self.connecting {
            return Ok(());
        }
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(0) => return Err(Over),
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(Over),
            }
        }
        self.unsent.shrink_to(4096);
        Ok(())
    }
}

/// Between 80 and 100 of a hundred, so that connections that were opened together are not pinged together.
fn spread(every: Duration) -> Duration {
    let [random] = clock::random();
    every * (80 + u32::from(random) % 21) / 100
}
