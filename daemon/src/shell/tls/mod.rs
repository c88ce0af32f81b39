//! TLS sessions (RFC 8446, RFC 5246) without sockets: octets in, octets out.

pub mod certificate;
pub mod own;
pub mod trust;

use std::io::{Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, Connection, ServerConfig, ServerConnection};

use crate::engine::output::Proof;

/// Plain text that may wait for the end of a handshake.
const EARLY: usize = 128 << 10;

/// The session cannot go on: the peer broke the protocol, is not who it should be, or wants too much kept.
#[derive(Debug, thiserror::Error)]
pub enum BadTls {
    #[error(transparent)]
    Session(#[from] rustls::Error),
    #[error("more is to be sent than the session keeps")]
    Full,
    #[error("there is no certificate to show")]
    NoCertificate,
    #[error("a WebSocket is opened by phones only")]
    Client,
    #[error("{0:?} is no name of a server")]
    Name(String),
}

/// One connection's session.
#[derive(Debug)]
pub struct Tls {
    session: Connection,
}

impl Tls {
    pub fn server(config: Arc<ServerConfig>) -> Result<Tls, BadTls> {
        Ok(Tls::of(ServerConnection::new(config)?.into()))
    }

    pub fn client(trust: &trust::Trust, name: ServerName<'static>, proof: Proof) -> Result<Tls, BadTls> {
        Ok(Tls::of(ClientConnection::new(trust.config(proof)?, name)?.into()))
    }

    fn of(mut session: Connection) -> Tls {
        session.set_buffer_limit(Some(EARLY));
        Tls { session }
    }

    pub fn is_handshaking(&self) -> bool {
        self.session.is_handshaking()
    }

    /// Takes octets from the network and appends what they say to `plain`. False: the peer has closed the session.
    /// After an error [`Tls::take`] still gives the alert for the peer.
    pub fn read(&mut self, mut octets: &[u8], plain: &mut Vec<u8>) -> Result<bool, BadTls> {
        while !octets.is_empty() {
            match self.session.read_tls(&mut octets) {
                Ok(0) => return Ok(false),
                Ok(_) => {}
                Err(_) => return Err(BadTls::Full),
            }
            let state = self.session.process_new_packets()?;
            let (from, length) = (plain.len(), state.plaintext_bytes_to_read());
            plain.resize(from + length, 0);
            let fresh = plain.get_mut(from..).unwrap_or_default();
            if self.session.reader().read_exact(fresh).is_err() || state.peer_has_closed() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Wraps plain text; [`Tls::take`] gives it, once the handshake is over.
    pub fn write(&mut self, plain: &[u8]) -> Result<(), BadTls> {
        self.session.writer().write_all(plain).map_err(|_| BadTls::Full)
    }

    /// Appends what the network is to be given.
    pub fn take(&mut self, octets: &mut Vec<u8>) {
        while self.session.wants_write() {
            // Writing to memory does not fail.
            if self.session.write_tls(octets).is_err() {
                return;
            }
        }
    }

    /// Says that nothing more will follow.
    pub fn close(&mut self) {
        self.session.send_close_notify();
    }
}
