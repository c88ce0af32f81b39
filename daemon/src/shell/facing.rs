//! Which of our addresses faces a peer, when a socket is bound to the unspecified address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// Answers are kept so long: routes change seldom.
const KEPT: Duration = Duration::from_secs(60);
/// A flood of spoofed sources must not grow the table.
const MOST: usize = 4096;

/// Asks the kernel's routing table through a connected socket that sends nothing, and remembers.
#[derive(Debug, Default)]
pub struct Facing {
    known: HashMap<IpAddr, (IpAddr, Instant)>,
}

impl Facing {
    /// Our address towards `peer` for a socket bound to `bound`.
    pub fn local(&mut self, bound: SocketAddr, peer: SocketAddr, now: Instant) -> SocketAddr {
        if !bound.ip().is_unspecified() {
            return bound;
        }
        if let Some((ip, at)) = self.known.get(&peer.ip())
            && now.duration_since(*at) < KEPT
        {
            return SocketAddr::new(*ip, bound.port());
        }
        let ip = ask(peer).unwrap_or(bound.ip());
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(peer.ip(), (ip, now));
        SocketAddr::new(ip, bound.port())
    }
}

fn ask(peer: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = if peer.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(peer).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test has to start somewhere")]
    fn a_peer_on_this_machine_is_faced_by_loopback() {
        let mut facing = Facing::default();
        let bound = "0.0.0.0:5060".parse().unwrap();
        let peer = "127.0.0.1:4000".parse().unwrap();
        assert_eq!(
            facing.local(bound, peer, Instant::now()),
            "127.0.0.1:5060".parse().unwrap()
        );
        let own = "127.0.0.9:5060".parse().unwrap();
        assert_eq!(facing.local(own, peer, Instant::now()), own);
    }
}
