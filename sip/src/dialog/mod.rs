//! Dialogs (RFC 3261 section 12): what both sides of a relation remember of each other.

pub mod refer;
pub(crate) mod reliable;
pub mod replaces;
pub(crate) mod route_set;
pub(crate) mod session;
pub(crate) mod session_timer;
pub(crate) mod subscription;

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;

use crate::flow::{FlowId, SIP_PORT, Transport};
use crate::wire::{HeaderName, Message};

/// Our side of a dialog, without what the session keeps once for all of them.
#[derive(Debug, Clone)]
pub(crate) struct Dialog {
    pub(crate) remote_tag: Bytes,
    /// To as our requests carry it, with the peer's tag.
    pub(crate) remote: String,
    /// Contact of the peer; the Request-URI of our requests.
    pub(crate) target: String,
    /// Route values, top first.
    pub(crate) routes: Vec<String>,
    /// `None`: the peer has sent no request yet.
    pub(crate) remote_cseq: Option<u32>,
    /// Of a branch of our INVITE: the reliable provisional responses that came.
    pub(crate) heard: Option<reliable::Heard>,
    /// The answer that one of them had.
    pub(crate) answer: Option<Bytes>,
}

/// A request's CSeq is lower than the last one's (RFC 3261 section 12.2.2).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OutOfOrder;

impl Dialog {
    /// Of an INVITE that we received (RFC 3261 section 12.1.1).
    pub(crate) fn of_request(request: &Message) -> Self {
        Dialog {
            remote_tag: Bytes::copy_from_slice(request.from_tag().unwrap_or_default()),
            remote: text(request.header(HeaderName::From).unwrap_or_default()),
            target: target(request)
                .unwrap_or_else(|| request.from().map(|from| text(from.raw_uri())).unwrap_or_default()),
            routes: request.values(HeaderName::RecordRoute).map(text).collect(),
            remote_cseq: request.cseq().map(|(number, _)| number),
            heard: None,
            answer: None,
        }
    }

    /// Of a response to our INVITE (RFC 3261 section 12.1.2); without Contact the target is empty.
    pub(crate) fn of_response(response: &Message) -> Self {
        let mut routes: Vec<String> = response.values(HeaderName::RecordRoute).map(text).collect();
        routes.reverse();
        Dialog {
            remote_tag: Bytes::copy_from_slice(response.to_tag().unwrap_or_default()),
            remote: text(response.header(HeaderName::To).unwrap_or_default()),
            target: target(response).unwrap_or_default(),
            routes,
            remote_cseq: None,
            heard: None,
            answer: None,
        }
    }

    /// Takes a request's CSeq.
    pub(crate) fn advance(&mut self, cseq: u32) -> Result<(), OutOfOrder> {
        if self.remote_cseq.is_some_and(|last| cseq < last) {
            return Err(OutOfOrder);
        }
        self.remote_cseq = Some(cseq);
        Ok(())
    }

    /// Takes the Contact of a target refresh (RFC 3261 section 12.2).
    pub(crate) fn refresh(&mut self, message: &Message) {
        if let Some(target) = target(message) {
            self.target = target;
        }
    }

    /// The URI that decides where a request goes first.
    pub(crate) fn next_hop(&self) -> &str {
        route_set::next_hop(&self.routes, &self.target)
    }

    /// Where a request goes: the flow's connection; for datagrams the port that the next hop names, when it is at the
    /// address that we hear it from, else the source itself, because it is behind a NAT.
    pub(crate) fn destination(&self, flow: &FlowId) -> FlowId {
        destination(flow, self.next_hop())
    }
}

fn destination(flow: &FlowId, uri: &str) -> FlowId {
    if flow.transport != Transport::Udp {
        return *flow;
    }
    let named = address_of(uri).filter(|(host, _)| *host == flow.peer.ip());
    let named = named.map(|(host, port)| SocketAddr::new(host, port.unwrap_or(SIP_PORT)));
    // Nobody sends us to ourselves.
    let peer = named.filter(|peer| *peer != flow.local).unwrap_or(flow.peer);
    FlowId { peer, ..*flow }
}

/// The host of a SIP URI as an address, and its port; `None` for a name.
pub(crate) fn address_of(uri: &str) -> Option<(IpAddr, Option<u16>)> {
    let (_, rest) = uri.split_once(':')?;
    let rest = rest.split(['?']).next()?;
    let host_port = rest.rsplit_once('@').map_or(rest, |(_, host)| host).split(';').next()?;
    let (host, port) = match host_port.strip_prefix('[') {
        Some(bracketed) => {
            let (host, port) = bracketed.split_once(']')?;
            (host, port.strip_prefix(':'))
        }
        None => match host_port.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (host_port, None),
        },
    };
    let port = match port {
        Some(port) => Some(port.parse().ok()?),
        None => None,
    };
    Some((host.trim().parse().ok()?, port))
}

fn target(message: &Message) -> Option<String> {
    let contact = message.contacts().next()?.ok()?;
    Some(text(contact.raw_uri()))
}

/// A header value on one line; what is not UTF-8 is replaced, because it can only be shown.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&Message::unfold(bytes)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(peer: &str, uri: &str, expected: &str) {
        let flow = FlowId {
            transport: Transport::Udp,
            local: "192.0.2.1:5060".parse().unwrap(),
            peer: peer.parse().unwrap(),
            connection: 0,
        };
        let expected: SocketAddr = expected.parse().unwrap();
        assert_eq!(destination(&flow, uri).peer, expected, "{uri}");
        let stream = FlowId {
            transport: Transport::Tcp,
            connection: 4,
            ..flow
        };
        assert_eq!(destination(&stream, uri), stream, "a connection is kept: {uri}");
    }

    #[test]
    fn a_phone_that_is_not_symmetric_is_reached_at_the_port_of_its_contact() {
        check("192.0.2.7:31000", "sip:101@192.0.2.7:5062;ob", "192.0.2.7:5062");
        check("192.0.2.7:31000", "sip:192.0.2.7", "192.0.2.7:5060");
        check(
            "[2001:db8::7]:31000",
            "sip:101@[2001:db8::7]:5064",
            "[2001:db8::7]:5064",
        );
        check("[2001:db8::7]:31000", "sip:101@[2001:db8::7]", "[2001:db8::7]:5060");
    }

    #[test]
    fn a_phone_behind_a_nat_is_reached_where_it_speaks_from() {
        check("198.51.100.9:31000", "sip:101@192.168.1.5:5060", "198.51.100.9:31000");
        check("198.51.100.9:31000", "sip:101@phone.example", "198.51.100.9:31000");
        check(
            "198.51.100.9:31000",
            "sip:101@198.51.100.9:badport",
            "198.51.100.9:31000",
        );
        check("198.51.100.9:31000", "", "198.51.100.9:31000");
    }
}
