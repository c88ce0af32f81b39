//! Requests that are too large for a datagram: they go over a connection to the same address, and by datagram after all where
//! nobody takes that connection (RFC 3261 section 18.1.1).

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{Endpoint, Held};
use crate::Now;
use crate::dialog::route_set::uri_of;
use crate::dialog::{address_of, text};
use crate::flow::{FOR_SIZE, FlowId, OPENED_HERE, Transport};
use crate::tx::store::{ClientStage, ClientTx};
use crate::tx::timer::Timer;
use crate::tx::{client, client_invite};
use crate::wire::{Framing, HeaderName, Message};

/// Octets. A larger datagram may travel in fragments, which many a NAT or firewall drops.
const LARGEST_DATAGRAM: usize = 1300;
/// A peer that took no connection is asked for none for so long.
const REFUSED_FOR: Duration = Duration::from_secs(600);
/// Peers that are remembered, of either kind.
const MOST_PEERS: usize = 4096;

/// What is known of peers that were sent large requests.
#[derive(Debug, Default)]
pub(super) struct Large {
    /// Peers whose own address takes connections, whatever their URIs say.
    servers: BTreeSet<SocketAddr>,
    /// The connection that stands for a flow of datagrams.
    open: BTreeMap<FlowId, FlowId>,
    /// Peers that took none, until when they count as such.
    refused: BTreeMap<SocketAddr, Instant>,
    last: u64,
}

impl Large {
    fn connection(&mut self, flow: &FlowId, now: Now) -> Option<FlowId> {
        if let Some(open) = self.open.get(flow) {
            return Some(*open);
        }
        self.refused.retain(|_, until| *until > now.instant);
        if self.refused.contains_key(&flow.peer) || self.open.len() >= MOST_PEERS {
            return None;
        }
        self.last += 1;
        let opened = FlowId {
            transport: Transport::Tcp,
            connection: OPENED_HERE | FOR_SIZE | self.last,
            ..*flow
        };
        self.open.insert(*flow, opened);
        Some(opened)
    }

    fn refuse(&mut self, peer: SocketAddr, now: Now) {
        if self.refused.len() < MOST_PEERS {
            self.refused.insert(peer, now.instant + REFUSED_FOR);
        }
    }

    /// A connection is gone.
    pub(super) fn closed(&mut self, flow: &FlowId) {
        if flow.is_for_size() {
            self.open.remove(&datagrams(flow));
        }
    }
}

impl Endpoint {
    /// Peers that take connections at the address that they are sent datagrams at. Of others that is believed only when
    /// the URI of a request names that very address: what is behind a NAT listens nowhere.
    pub fn set_servers(&mut self, servers: BTreeSet<SocketAddr>) {
        self.large.servers = servers;
    }

    /// Gives a request that is about to be sent its way: another one than that of the flow, when it is too large for that.
    pub(super) fn choose_way(&mut self, transaction: &mut ClientTx, now: Now) {
        let flow = transaction.flow;
        let small = flow.transport != Transport::Udp || transaction.request.len() <= LARGEST_DATAGRAM;
        if small || !self.takes_connections(&flow, &transaction.request) {
            return;
        }
        if let Some(connection) = self.large.connection(&flow, now) {
            transaction.request = sent_by(&transaction.request, b"TCP");
            transaction.flow = connection;
        }
    }

    fn takes_connections(&self, flow: &FlowId, request: &Bytes) -> bool {
        if self.large.servers.contains(&flow.peer) {
            return true;
        }
        let Ok(request) = Message::parse(request.clone(), Framing::Datagram) else {
            return false;
        };
        let route = request.values(HeaderName::Route).next().map(text);
        let uri = text(request.request_uri());
        let next = route.as_deref().map_or(uri.as_str(), uri_of);
        address_of(next).is_some_and(|(host, _)| host == flow.peer.ip())
    }

    /// The connection of a large request is gone: it goes by datagram, as it would have without its size. False: it was no
    /// such connection.
    pub(super) fn go_by_datagram(&mut self, id: u64, now: Now) -> bool {
        let Some(transaction) = self.clients.get_mut(&id) else {
            return false;
        };
        let connection = transaction.flow;
        if !connection.is_for_size() {
            return false;
        }
        let flow = datagrams(&connection);
        transaction.flow = flow;
        transaction.request = sent_by(&transaction.request, b"UDP");
        transaction.interval = self.config.timers.t1;
        let (stage, request) = (transaction.stage, transaction.request.clone());
        self.release(connection, Held::Client(id));
        let (unheard, timer) = match stage {
            ClientStage::Invite(client_invite::State::Calling) => (true, Timer::A),
            ClientStage::Invite(client_invite::State::Proceeding) => (false, Timer::A),
            ClientStage::Other(client::State::Trying) => (true, Timer::E),
            ClientStage::Other(client::State::Proceeding) => (false, Timer::E),
            ClientStage::Invite(_) | ClientStage::Other(_) => return true,
        };
        if unheard {
            self.large.refuse(flow.peer, now);
        }
        // The branch stays: who has seen the request already takes this one for the same.
        self.resend_client(flow, request);
        self.arm_client(id, &[timer], now);
        true
    }
}

/// The flow that a connection stands for.
fn datagrams(connection: &FlowId) -> FlowId {
    FlowId {
        transport: Transport::Udp,
        connection: 0,
        ..*connection
    }
}

/// The request with another transport in its top Via, which is ours.
fn sent_by(request: &Bytes, transport: &[u8; 3]) -> Bytes {
    const VIA: &[u8] = b"\r\nVia: SIP/2.0/";
    let mut bytes = request.to_vec();
    let at = bytes.windows(VIA.len()).position(|part| part == VIA);
    let named = at.and_then(|at| bytes.get_mut(at + VIA.len()..at + VIA.len() + transport.len()));
    if let Some(named) = named {
        named.copy_from_slice(transport);
    }
    Bytes::from(bytes)
}
