//! Flows: the socket and the peer that a message arrived on.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// Where SIP is spoken when nothing is said (RFC 3261 section 19.1.2).
pub(crate) const SIP_PORT: u16 = 5060;

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

/// Set in [`FlowId::connection`]: a connection that is opened from here, by the first message to it. The other bits are
/// free for whoever names it.
pub const OPENED_HERE: u64 = 1 << 63;
/// Set beside it: the connection is wanted for one large request only (RFC 3261 section 18.1.1), which goes over UDP when
/// the peer does not take it soon.
pub const FOR_SIZE: u64 = 1 << 62;

impl FlowId {
    /// Whether we open this connection, rather than the peer.
    pub fn is_opened_here(&self) -> bool {
        self.connection & OPENED_HERE != 0
    }

    /// Whether we open it for one large request only.
    pub fn is_for_size(&self) -> bool {
        self.connection & (OPENED_HERE | FOR_SIZE) == OPENED_HERE | FOR_SIZE
    }

    /// Where a request to a peer on this flow goes that named itself `host` and `port` in its Contact. Over a connection
    /// always the connection. Over UDP the source that it spoke from, which is right for phones behind a NAT; only when
    /// the host is that very address, the port it named: it may send from one port and listen on another. A name is
    /// never looked up, and a peer cannot point us at somebody else.
    pub fn towards(&self, host: &[u8], port: Option<u16>) -> FlowId {
        let named = std::str::from_utf8(host)
            .ok()
            .map(|host| host.trim_start_matches('[').trim_end_matches(']'))
            .and_then(|host| host.parse::<IpAddr>().ok());
        let port = port.unwrap_or(SIP_PORT);
        let same_host = named == Some(self.peer.ip()) && port != 0;
        match self.transport {
            Transport::Udp if same_host => FlowId {
                peer: SocketAddr::new(self.peer.ip(), port),
                ..*self
            },
            Transport::Udp | Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => *self,
        }
    }

    /// Where a response to a request goes that came on this flow (RFC 3261 section 18.2.2, RFC 3581 section 4): with
    /// `rport` to the source, else to the source's address at the port of the top Via. `maddr` is not followed: it would
    /// let anybody point us at anybody.
    pub fn response_target(&self, sent_by_port: Option<u16>, rport: bool) -> FlowId {
        let port = match sent_by_port {
            Some(0) | None => SIP_PORT,
            Some(port) => port,
        };
        match self.transport {
            Transport::Udp if !rport => FlowId {
                peer: SocketAddr::new(self.peer.ip(), port),
                ..*self
            },
            Transport::Udp | Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => *self,
        }
    }

    /// Whether the address that a peer gives for itself is another than the one it speaks from.
    pub fn is_behind_nat(&self, host: &[u8]) -> bool {
        let host = std::str::from_utf8(host).unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host.parse::<IpAddr>().is_ok_and(|named| named != self.peer.ip())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(transport: Transport, peer: &str) -> FlowId {
        FlowId {
            transport,
            local: "192.0.2.1:5060".parse().unwrap(),
            peer: peer.parse().unwrap(),
            connection: 0,
        }
    }

    #[test]
    fn requests_go_to_the_source_unless_the_contact_is_at_that_very_address() {
        let check = |transport, peer: &str, host: &[u8], port, expected: &str| {
            let target = flow(transport, peer).towards(host, port);
            assert_eq!(target.peer.to_string(), expected, "{:?}", String::from_utf8_lossy(host));
        };
        check(
            Transport::Udp,
            "198.51.100.7:1024",
            b"10.0.0.5",
            Some(5060),
            "198.51.100.7:1024",
        );
        check(
            Transport::Udp,
            "198.51.100.7:1024",
            b"198.51.100.7",
            Some(5070),
            "198.51.100.7:5070",
        );
        check(
            Transport::Udp,
            "198.51.100.7:1024",
            b"198.51.100.7",
            None,
            "198.51.100.7:5060",
        );
        check(
            Transport::Udp,
            "198.51.100.7:1024",
            b"198.51.100.7",
            Some(0),
            "198.51.100.7:1024",
        );
        check(
            Transport::Udp,
            "198.51.100.7:1024",
            b"phone.example",
            Some(5060),
            "198.51.100.7:1024",
        );
        check(
            Transport::Udp,
            "[2001:db8::7]:1024",
            b"[2001:db8::7]",
            Some(5062),
            "[2001:db8::7]:5062",
        );
        check(
            Transport::Tcp,
            "198.51.100.7:1024",
            b"198.51.100.7",
            Some(5070),
            "198.51.100.7:1024",
        );
        check(
            Transport::Udp,
            "198.51.100.7:1024",
            b"\xff",
            Some(5060),
            "198.51.100.7:1024",
        );
    }

    #[test]
    fn responses_go_to_the_source_with_rport_and_else_to_the_port_of_the_via() {
        let check = |transport, port, rport, expected: &str| {
            let target = flow(transport, "198.51.100.7:1024").response_target(port, rport);
            assert_eq!(target.peer.to_string(), expected);
        };
        check(Transport::Udp, Some(5070), true, "198.51.100.7:1024");
        check(Transport::Udp, Some(5070), false, "198.51.100.7:5070");
        check(Transport::Udp, None, false, "198.51.100.7:5060");
        check(Transport::Tcp, Some(5070), false, "198.51.100.7:1024");
    }

    #[test]
    fn a_nat_shows_in_an_address_that_is_not_the_source() {
        let flow = flow(Transport::Udp, "198.51.100.7:1024");
        assert!(flow.is_behind_nat(b"10.0.0.5"));
        assert!(!flow.is_behind_nat(b"198.51.100.7"));
        assert!(!flow.is_behind_nat(b"phone.example"));
    }
}
