//! Flows: the socket and the peer that a message arrived on.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// A transport of RFC 3261 section 18, RFC 7118.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
    Ws,
    Wss,
}

/// The socket and the peer that a message arrived on or goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowId {
    pub transport: Transport,
    /// Our concrete address as the peer reaches it (never the unspecified address).
    pub local: SocketAddr,
    pub peer: SocketAddr,
    /// Which connection; 0 for datagrams.
    pub connection: u64,
}

/// Which of our addresses a peer is told, in Via, Contact and SDP.
#[derive(Debug, Clone, Default)]
pub struct Advertise {
    /// Our address as peers outside `local_networks` reach it; `None`: the local address everywhere.
    pub public: Option<IpAddr>,
    pub local_networks: Vec<IpNet>,
}

impl Advertise {
    /// The address that the peer of this flow is told for media.
    pub fn media_address(&self, flow: &FlowId) -> IpAddr {
        match self.public {
            Some(public) if !self.local_networks.iter().any(|net| net.contains(&flow.peer.ip())) => public,
            _ => flow.local.ip(),
        }
    }

    /// The address and port that the peer of this flow is told for signalling.
    pub fn signalling_address(&self, flow: &FlowId) -> SocketAddr {
        SocketAddr::new(self.media_address(flow), flow.local.port())
    }
}
