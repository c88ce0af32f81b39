//! What a stranger may take of connections, octets and time.

use std::time::Duration;

use frontdesk_sip::flow::FlowId;

/// Bounds on connections.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub connections: usize,
    pub connections_per_source: usize,
    /// A connection that has brought nothing for so long is closed.
    pub idle: Duration,
    /// The opening of TLS and of a WebSocket together.
    pub handshake: Duration,
    /// From the opening to the first whole message.
    pub first_message: Duration,
    /// From a message's first octet to its last.
    pub message: Duration,
    /// A WebSocket that was silent for so long is pinged; after three times that it is closed.
    pub ping: Duration,
    /// How often a stream that we have opened is kept alive by a ping, which nobody has to answer (RFC 5626 section 4.4.1).
    pub keep_alive: Duration,
    /// For the peer to take a connection of ours.
    pub connect: Duration,
    /// The same, when it is wanted for one large request only, which can go over UDP as well.
    pub connect_for_size: Duration,
    /// Octets that may wait for a slow reader before its connection is closed.
    pub unsent: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 20_000,
            connections_per_source: 2_000,
            idle: Duration::from_secs(3_600),
            handshake: Duration::from_secs(10),
            first_message: Duration::from_secs(60),
            message: Duration::from_secs(30),
            ping: Duration::from_secs(30),
            keep_alive: Duration::from_secs(30),
            connect: Duration::from_secs(4),
            connect_for_size: Duration::from_secs(1),
            unsent: 256 << 10,
        }
    }
}

impl Limits {
    pub(super) fn connect(&self, flow: &FlowId) -> Duration {
        if flow.is_for_size() {
            self.connect_for_size
        } else {
            self.connect
        }
    }
}
