//! Where requests inside a dialog go when the peer's routes or its Contact name another host than it speaks from (RFC 3261
//! section 12.2.1.1). That is believed of providers alone: what is behind a NAT names hosts that lead nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::Endpoint;
use crate::dialog::Dialog;
use crate::event::SessionId;
use crate::flow::{FlowId, SIP_PORT, Transport};
use crate::wire::{Scheme, Uri};

/// RFC 1035 section 2.3.4.
const LONGEST_NAME: usize = 253;
/// Names that the owner has not taken yet.
const MOST_WANTED: usize = 64;

/// A host with a name that requests in a dialog go to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HopName {
    /// In lower case, without a dot at its end.
    pub host: Box<str>,
    /// `None`: SRV records decide (RFC 3263 section 4.2).
    pub port: Option<u16>,
}

impl HopName {
    fn read(host: &[u8], port: Option<u16>) -> Option<HopName> {
        let host = std::str::from_utf8(host).ok()?.trim_end_matches('.');
        let good = !host.is_empty() && host.len() <= LONGEST_NAME && port != Some(0);
        good.then(|| HopName {
            host: host.to_ascii_lowercase().into(),
            port,
        })
    }
}

#[derive(Debug, Default)]
pub(super) struct Hops {
    /// Where datagrams for a name go, the best first.
    known: BTreeMap<HopName, Vec<SocketAddr>>,
    /// Names that requests are to go to, known or not.
    wanted: BTreeSet<HopName>,
    /// Ours, as peers outside see it.
    public: Option<IpAddr>,
}

impl Hops {
    pub(super) fn new(public: Option<IpAddr>) -> Hops {
        Hops {
            public,
            ..Hops::default()
        }
    }

    /// Where a request of this dialog goes whose peer is heard over `flow`. A name that is not known yet is wanted, and the
    /// flow is kept meanwhile.
    pub(super) fn destination(&mut self, dialog: &Dialog, flow: &FlowId, follows: bool) -> FlowId {
        let near = dialog.destination(flow);
        let uri = Uri::read(dialog.next_hop().as_bytes());
        let Some(uri) = uri.ok().filter(|_| follows && flow.transport == Transport::Udp) else {
            return near;
        };
        let by_datagram = uri
            .param("transport")
            .is_none_or(|named| named.eq_ignore_ascii_case(b"udp"));
        if uri.scheme() != Scheme::Sip || !by_datagram {
            return near;
        }
        let found = match uri.host_ip() {
            Some(ip) if ip == flow.peer.ip() => return near,
            Some(ip) => vec![SocketAddr::new(ip, uri.port().unwrap_or(SIP_PORT))],
            None => self.look_up(uri.host(), uri.port()),
        };
        // Of a provider's many servers the one that the call is at.
        let here = found.iter().find(|to| to.ip() == flow.peer.ip());
        let mut open = found.iter().filter(|to| self.is_open(**to, flow));
        let to = here.filter(|to| **to != flow.local).or_else(|| open.next());
        to.map_or(near, |to| FlowId { peer: *to, ..*flow })
    }

    fn look_up(&mut self, host: &[u8], port: Option<u16>) -> Vec<SocketAddr> {
        let Some(name) = HopName::read(host, port) else {
            return Vec::new();
        };
        let found = self.known.get(&name).cloned().unwrap_or_default();
        if self.wanted.len() < MOST_WANTED {
            self.wanted.insert(name);
        }
        found
    }

    /// Whether a peer may send us there: neither to ourselves nor into a network that it is not in itself.
    fn is_open(&self, to: SocketAddr, flow: &FlowId) -> bool {
        let same_family = to.is_ipv4() == flow.local.is_ipv4();
        let ours = to.ip() == flow.local.ip() || Some(to.ip()) == self.public;
        let near = matches!(reach(flow.peer.ip()), Reach::Private | Reach::Here);
        same_family
            && !ours
            && to.port() != 0
            && match reach(to.ip()) {
                Reach::Public => true,
                Reach::Private => near,
                Reach::Here | Reach::Nowhere => false,
            }
    }
}

impl Endpoint {
    /// Requests inside this session's dialogs go where the peer's routes and its Contact lead: it is a provider and not
    /// behind a NAT. Of a session of ours `Invite::follow_routes` says so.
    pub fn follow_routes(&mut self, session: SessionId) {
        if let Some(known) = self.sessions.get_mut(&session.0) {
            known.follows = true;
            self.look_ahead(session);
        }
    }

    /// Names that requests go to. Wanted again with each such request; the owner looks them up and says where they are.
    pub fn take_hops(&mut self) -> BTreeSet<HopName> {
        std::mem::take(&mut self.hops.wanted)
    }

    /// Where datagrams for this name go, the best first; nowhere: it is forgotten.
    pub fn set_hop(&mut self, name: HopName, servers: Vec<SocketAddr>) {
        match servers.is_empty() {
            true => self.hops.known.remove(&name),
            false => self.hops.known.insert(name, servers),
        };
    }

    /// Wants the names early that requests of a session will go to.
    pub(super) fn look_ahead(&mut self, session: SessionId) {
        let Some(session) = self.sessions.get(&session.0).filter(|session| session.follows) else {
            return;
        };
        for dialog in session.dialog.iter().chain(&session.early) {
            self.hops.destination(dialog, &session.flow, true);
        }
    }
}

/// How far an address leads (RFC 6890).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Public,
    Private,
    /// This machine.
    Here,
    Nowhere,
}

fn reach(ip: IpAddr) -> Reach {
    match ip.to_canonical() {
        IpAddr::V4(ip) => reach_v4(ip),
        IpAddr::V6(ip) if ip.is_loopback() => Reach::Here,
        IpAddr::V6(ip) if ip.is_unique_local() => Reach::Private,
        IpAddr::V6(ip) if ip.is_unspecified() || ip.is_multicast() || ip.is_unicast_link_local() => Reach::Nowhere,
        IpAddr::V6(_) => Reach::Public,
    }
}

fn reach_v4(ip: Ipv4Addr) -> Reach {
    match ip.octets() {
        [127, ..] => Reach::Here,
        [0 | 224..=255, ..] | [169, 254, ..] => Reach::Nowhere,
        [100, 64..=127, ..] => Reach::Private,
        _ if ip.is_private() => Reach::Private,
        _ => Reach::Public,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialog(routes: &[&str], target: &str) -> Dialog {
        Dialog {
            remote_tag: bytes::Bytes::new(),
            remote: String::new(),
            target: target.to_owned(),
            routes: routes.iter().map(|route| (*route).to_owned()).collect(),
            remote_cseq: None,
            heard: None,
            answer: None,
        }
    }

    fn flow(peer: &str) -> FlowId {
        let peer: SocketAddr = peer.parse().unwrap();
        let local = if peer.is_ipv4() {
            "203.0.113.1:5060"
        } else {
            "[2001:db8::1]:5060"
        };
        FlowId {
            transport: Transport::Udp,
            local: local.parse().unwrap(),
            peer,
            connection: 0,
        }
    }

    fn hops() -> Hops {
        let mut hops = Hops::new(Some("203.0.113.99".parse().unwrap()));
        let name = |host: &str, port| HopName {
            host: host.into(),
            port,
        };
        let at = |servers: &[&str]| servers.iter().map(|server| server.parse().unwrap()).collect();
        hops.known
            .insert(name("edge.example", None), at(&["192.0.2.20:5062", "192.0.2.21:5060"]));
        hops.known.insert(
            name("pool.example", Some(5060)),
            at(&["192.0.2.20:5060", "192.0.2.10:5060"]),
        );
        hops.known.insert(name("evil.example", None), at(&["127.0.0.1:5060"]));
        hops
    }

    fn check(peer: &str, routes: &[&str], target: &str, expected: &str) {
        let flow = flow(peer);
        let dialog = dialog(routes, target);
        let to = hops().destination(&dialog, &flow, true);
        assert_eq!(to.peer, expected.parse().unwrap(), "{routes:?} {target}");
        assert_eq!((to.local, to.transport), (flow.local, flow.transport));
        let kept = hops().destination(&dialog, &flow, false);
        assert_eq!(kept, dialog.destination(&flow), "a phone's flow is kept: {target}");
        let stream = FlowId {
            transport: Transport::Tls,
            connection: 4,
            ..flow
        };
        assert_eq!(hops().destination(&dialog, &stream, true), stream);
    }

    #[test]
    fn a_provider_is_followed_to_the_top_route_and_else_to_its_contact() {
        let server = "192.0.2.10:5060";
        check(server, &[], "sip:1@192.0.2.20", "192.0.2.20:5060");
        check(server, &[], "sip:1@192.0.2.20:5070;x=y", "192.0.2.20:5070");
        check(server, &[], "sip:1@192.0.2.10:5070", "192.0.2.10:5070");
        check(
            server,
            &["<sip:192.0.2.30;lr>", "<sip:192.0.2.31;lr>"],
            "sip:1@192.0.2.20",
            "192.0.2.30:5060",
        );
        check(server, &[], "sip:1@edge.example", "192.0.2.20:5062");
        check(server, &[], "sip:1@EDGE.example.", "192.0.2.20:5062");
        check(
            server,
            &["<sip:edge.example;lr;transport=udp>"],
            "sip:1@10.0.0.1",
            "192.0.2.20:5062",
        );
        check(
            "[2001:db8::10]:5060",
            &[],
            "sip:1@[2001:db8::20]:5080",
            "[2001:db8::20]:5080",
        );
        // The server that the call is at, of several with one name.
        check("192.0.2.10:31000", &[], "sip:1@pool.example:5060", "192.0.2.10:5060");
    }

    #[test]
    fn where_nothing_better_is_known_the_flow_is_kept() {
        let server = "192.0.2.10:5061";
        for target in [
            "sip:1@unknown.example",
            "sip:1@edge.example:5099",
            "sips:1@192.0.2.20",
            "sip:1@192.0.2.20;transport=tcp",
            "tel:+74951110001",
            "sip:1@[2001:db8::20]",
            "sip:1@192.0.2.20:0",
            "",
        ] {
            check(server, &[], target, server);
        }
        let mut hops = hops();
        let dialog = dialog(&[], "sip:1@Unknown.example");
        hops.destination(&dialog, &flow(server), true);
        let wanted: Vec<&str> = hops.wanted.iter().map(|name| &*name.host).collect();
        assert_eq!(wanted, ["unknown.example"]);
        for number in 0..1000 {
            let dialog = self::dialog(&[], &format!("sip:1@host{number}.example"));
            hops.destination(&dialog, &flow(server), true);
        }
        assert_eq!(hops.wanted.len(), MOST_WANTED);
    }

    #[test]
    fn nobody_sends_us_to_ourselves_or_into_a_network_that_it_is_not_in() {
        let server = "192.0.2.10:5061";
        for host in [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.1.75",
            "169.254.169.254",
            "10.0.0.5",
            "192.168.1.1",
            "172.20.0.1",
            "100.64.0.9",
            "203.0.113.1",
            "203.0.113.99",
            "evil.example",
        ] {
            check(server, &[], &format!("sip:1@{host}"), server);
            check(server, &[&format!("<sip:{host};lr>")], "sip:1@192.0.2.20", server);
        }
        for host in [
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[ff02::1]",
            "[fd00::1]",
            "[::ffff:127.0.0.1]",
        ] {
            check(
                "[2001:db8::10]:5061",
                &[],
                &format!("sip:1@{host}"),
                "[2001:db8::10]:5061",
            );
        }
        check("10.1.0.5:5061", &[], "sip:1@10.2.0.6", "10.2.0.6:5060");
        check("10.1.0.5:5061", &[], "sip:1@192.0.2.20", "192.0.2.20:5060");
        check("10.1.0.5:5061", &[], "sip:1@127.0.0.1", "10.1.0.5:5061");
        check("[fd00::5]:5061", &[], "sip:1@[fd00:1::6]", "[fd00:1::6]:5060");
        // A server on this machine.
        let local = FlowId {
            local: "127.0.0.1:5060".parse().unwrap(),
            ..flow("127.0.0.1:5080")
        };
        let to = |target: &str| hops().destination(&dialog(&[], target), &local, true).peer.to_string();
        assert_eq!(to("sip:1@127.0.0.1:5090"), "127.0.0.1:5090");
        assert_eq!(to("sip:1@127.0.0.1:5060"), "127.0.0.1:5080", "that is us");
        assert_eq!(to("sip:1@127.0.0.2:5060"), "127.0.0.1:5080");
    }
}
