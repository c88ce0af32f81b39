//! A provider's servers: their addresses, which of ours they see, and whether they live.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use frontdesk_routing::ids::TrunkId;
use frontdesk_routing::plan::PlanTrunk;
use frontdesk_routing::plan::fingerprint::Fingerprint;
use frontdesk_routing::plan::trunks::{Server, ServerTransport, widest_source};
use frontdesk_sip::Now;
use frontdesk_sip::command::{Command, Party, Request};
use frontdesk_sip::flow::{FlowId, OPENED_HERE, Transport};
use frontdesk_sip::trunk::probe::Probe;
use ipnet::IpNet;

use super::{Asked, Due, Engine, Trunks};
use crate::engine::names::{Resolution, ServerName};
use crate::engine::output::{Output, Proof};

/// A server that failed is tried after the others for so long.
const FAILED_FOR: Duration = Duration::from_secs(60);
/// Servers are not probed more often, whatever is set.
const SHORTEST_PROBE: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::engine) struct Address {
    pub(in crate::engine) transport: Transport,
    pub(in crate::engine) peer: SocketAddr,
    /// What its certificate has to be. Others who name the same server may want another one: nobody speaks over their
    /// connections.
    proof: Option<Fingerprint>,
}

impl Address {
    fn of(trunk: &PlanTrunk, (transport, peer): (Transport, SocketAddr)) -> Address {
        let proof = trunk.provider.as_ref().and_then(|provider| provider.tls_fingerprint);
        Address {
            transport,
            peer,
            proof: proof.filter(|_| transport == Transport::Tls),
        }
    }

    /// The first one there.
    fn first(transport: Transport, peer: SocketAddr) -> Address {
        let proof = None;
        Address { transport, peer, proof }
    }

    pub(super) fn is_at(&self, transport: Transport, peer: SocketAddr) -> bool {
        (self.transport, self.peer) == (transport, peer)
    }
}

/// What is known of one server's address.
#[derive(Debug)]
pub(super) struct Peer {
    /// Ours, as that server sees it; `None`: not asked for or unreachable.
    pub(super) local: Option<SocketAddr>,
    /// Which connection; 0 for datagrams.
    connection: u64,
    /// As somebody named it: who it has to prove to be over TLS.
    pub(super) host: Box<str>,
    probe: Probe,
    every: Option<Duration>,
    /// A call or a registration has failed there lately.
    pub(super) failed: bool,
}

impl Peer {
    pub(super) fn is_down(&self) -> bool {
        !self.probe.is_up()
    }
}

pub(super) fn name_of(server: &Server) -> ServerName {
    ServerName {
        host: server.host.clone(),
        port: server.port,
        transport: match server.transport {
            ServerTransport::Auto => None,
            ServerTransport::Udp => Some(Transport::Udp),
            ServerTransport::Tcp => Some(Transport::Tcp),
            ServerTransport::Tls => Some(Transport::Tls),
        },
    }
}

pub(super) fn servers_of(trunk: &PlanTrunk) -> &[Server] {
    trunk.provider.as_ref().map_or(&[], |provider| &provider.servers)
}

impl Engine {
    /// Looks up whatever servers the plan names.
    pub(super) fn want_servers(&mut self, now: Now) {
        let lines = self.trunks.lines.values();
        let names: Vec<ServerName> = lines
            .flat_map(|line| servers_of(&line.trunk).iter().map(name_of))
            .chain(self.hop_names())
            .collect();
        for name in self.names.want(names, now.instant) {
            self.outputs.push_back(Output::Resolve(name));
        }
        self.refresh_peers();
    }

    pub(in crate::engine) fn on_resolved(&mut self, name: &ServerName, answer: Result<Resolution, String>, now: Now) {
        self.names.answered(name, answer, now.instant);
        self.hop_found(name);
        self.refresh_peers();
    }

    /// Which of our addresses a server sees, said by the shell.
    pub(in crate::engine) fn on_faced(&mut self, transport: Transport, peer: SocketAddr, local: SocketAddr, now: Now) {
        let (peers, due) = (&mut self.trunks.peers, &mut self.trunks.due);
        let mut found = false;
        let from = peers.range_mut(Address::first(transport, peer)..);
        for (address, known) in from.take_while(|(address, _)| address.is_at(transport, peer)) {
            if known.local.replace(local).is_none() {
                found = true;
                due.extend(known.every.map(|_| (now.instant, Due::Probe(*address))));
            }
        }
        if found {
            self.server_found(now);
        }
    }

    /// Registrations that wait for a server are tried at once.
    fn server_found(&mut self, now: Now) {
        let mut due = Vec::new();
        for (id, line) in &mut self.trunks.lines {
            if let Some(register) = &mut line.register
                && line.at.is_none()
            {
                register.server_found(now);
                due.extend(register.deadline().map(|at| (at, Due::Register(*id))));
            }
        }
        self.trunks.due.extend(due);
    }

    /// Keeps those servers that somebody names, and lets the guard trust them.
    fn refresh_peers(&mut self) {
        let mut wanted = BTreeSet::new();
        let mut sources = Vec::new();
        let lines: Vec<_> = self
            .trunks
            .lines
            .values()
            .map(|line| std::sync::Arc::clone(&line.trunk))
            .collect();
        for trunk in lines {
            let believed = trunk
                .sources
                .iter()
                .filter(|net| net.prefix_len() >= widest_source(net));
            sources.extend(believed.map(|net| (*net, trunk.id)));
            let every = trunk.provider.as_ref().and_then(|provider| provider.probe);
            for server in servers_of(&trunk) {
                for found in self.names.servers(&name_of(server), |_| 0) {
                    let address = Address::of(&trunk, (found.transport, found.addr));
                    wanted.insert(address);
                    self.meet(address, &server.host, every);
                }
            }
        }
        self.trunks.peers.retain(|address, _| wanted.contains(address));
        let by_datagram = wanted.iter().filter(|address| address.transport == Transport::Udp);
        self.endpoint
            .set_servers(by_datagram.map(|address| address.peer).collect());
        let servers = wanted.iter().map(|address| IpNet::from(address.peer.ip()));
        let trusted = sources.iter().map(|(net, _)| *net).chain(servers).collect();
        self.trunks.sources = sources;
        self.guard.trust(trusted);
        // Whatever waits for a time that was set by another plan.
        let peers = &self.trunks.peers;
        self.trunks.due.retain(
            |(_, due)| !matches!(due, Due::Probe(address) | Due::Forgive(address) if !peers.contains_key(address)),
        );
    }

    fn meet(&mut self, address: Address, host: &str, every: Option<Duration>) {
        let every = every.map(|every| every.max(SHORTEST_PROBE));
        if let Some(peer) = self.trunks.peers.get_mut(&address) {
            peer.every = every.or(peer.every);
            return;
        }
        let connection = match address.transport {
            Transport::Udp => 0,
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => OPENED_HERE | self.token(),
        };
        let peer = Peer {
            local: None,
            connection,
            host: host.into(),
            probe: Probe::default(),
            every,
            failed: false,
        };
        self.trunks.peers.insert(address, peer);
        self.outputs.push_back(Output::Face {
            transport: address.transport,
            peer: address.peer,
        });
    }

    /// The addresses of a trunk in the order in which calls try them: those that work first.
    pub(super) fn addresses_of(&self, trunk: &PlanTrunk) -> Vec<(Address, Box<str>)> {
        let mut found = self.listed(trunk);
        found.sort_by_key(|(address, _)| self.trunks.grade(*address));
        found
    }

    /// The addresses of a trunk in the order of the plan and of SRV records, each with the host that names it.
    pub(super) fn listed(&self, trunk: &PlanTrunk) -> Vec<(Address, Box<str>)> {
        let mut found: Vec<(Address, Box<str>)> = Vec::new();
        for server in servers_of(trunk) {
            // Spreads the load by weight (RFC 2782) without a state of its own.
            let turn = self.counters.calls.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
            let pick = |total: u32| u32::try_from(turn % (u64::from(total) + 1)).unwrap_or(0);
            for server_at in self.names.servers(&name_of(server), pick) {
                let address = Address::of(trunk, (server_at.transport, server_at.addr));
                let known = self.trunks.peers.get(&address);
                let faced = known.is_some_and(|peer| peer.local.is_some());
                if faced && !found.iter().any(|(other, _)| *other == address) {
                    found.push((address, server.host.clone()));
                }
            }
        }
        found
    }

    /// Says, before anything goes to a server over TLS, what it has to prove.
    pub(in crate::engine) fn name_server(&mut self, flow: &FlowId) {
        if flow.transport != Transport::Tls || !flow.is_opened_here() {
            return;
        }
        let mut peers = self.trunks.peers.iter();
        if let Some((address, peer)) = peers.find(|(_, peer)| peer.connection == flow.connection) {
            self.outputs.push_back(Output::Connect {
                flow: *flow,
                server_name: Some(peer.host.to_string()),
                proof: address.proof.map_or(Proof::Authority, Proof::Certificate),
            });
        }
    }

    /// The flow to a server.
    pub(super) fn flow_to(&self, address: Address) -> Option<FlowId> {
        let peer = self.trunks.peers.get(&address)?;
        Some(FlowId {
            transport: address.transport,
            local: peer.local?,
            peer: address.peer,
            connection: peer.connection,
        })
    }

    /// A provider has lost the connection that it opened to us: where its servers take one of ours, for each of the lines
    /// that they serve.
    pub(in crate::engine) fn ways_back(&self, lost: &FlowId) -> Vec<(TrunkId, FlowId)> {
        let near = |address: &Address| address.transport == lost.transport && address.peer.ip() == lost.peer.ip();
        if lost.is_opened_here() || !self.trunks.peers.keys().any(near) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (id, line) in &self.trunks.lines {
            let mut servers = self.listed(&line.trunk).into_iter().map(|(address, _)| address);
            let flow = servers.find(near).and_then(|address| self.flow_to(address));
            found.extend(flow.map(|flow| (*id, flow)));
        }
        found
    }

    /// A connection to a server is gone: the next request opens another one, which is given back, and whoever is registered
    /// there says so again, since calls may have come by that connection alone. `None`: it was no server's.
    pub(in crate::engine) fn on_trunk_flow_closed(&mut self, flow: &FlowId, now: Now) -> Option<FlowId> {
        if !flow.is_opened_here() {
            return None;
        }
        let connection = OPENED_HERE | self.token();
        let mut peers = self.trunks.peers.iter_mut();
        let (address, peer) = peers.find(|(_, peer)| peer.connection == flow.connection)?;
        peer.connection = connection;
        let address = *address;
        self.register_again(address, now);
        Some(FlowId { connection, ..*flow })
    }

    pub(super) fn has_failed(&mut self, address: Address, now: Now) {
        if let Some(peer) = self.trunks.peers.get_mut(&address) {
            peer.failed = true;
            self.trunks.at(now.instant + FAILED_FOR, Due::Forgive(address));
        }
    }

    pub(super) fn probe(&mut self, address: Address, now: Now) {
        let Some(peer) = self.trunks.peers.get(&address) else {
            return;
        };
        let (Some(every), host) = (peer.every, peer.host.clone()) else {
            return;
        };
        self.trunks.at(now.instant + every, Due::Probe(address));
        let Some(flow) = self.flow_to(address) else { return };
        let token = self.token();
        let us = self.config.endpoint.advertise.signalling_address(&flow);
        let party = |uri: String| Party {
            display: String::new(),
            uri,
        };
        let request = Request {
            token,
            flow,
            method: Cow::Borrowed("OPTIONS"),
            request_uri: format!("sip:{}", uri_host(&host)),
            route: Vec::new(),
            from: party(format!("sip:{us}")),
            to: party(format!("sip:{}", uri_host(&host))),
            max_forwards: 70,
            headers: vec![(Cow::Borrowed("Accept"), "application/sdp".to_owned())],
            body: None,
            after: None,
            credentials: None,
        };
        self.trunks.ask(token, Asked::Probe(address), now);
        self.endpoint.command(Command::Request(Box::new(request)), now);
    }

    pub(super) fn on_probed(&mut self, address: Address, status: u16, now: Now) {
        let Some(peer) = self.trunks.peers.get_mut(&address) else {
            return;
        };
        if peer.probe.answered(status) {
            if peer.is_down() {
                self.register_again(address, now);
            }
            self.tell_trunks(now);
        }
    }
}

impl Trunks {
    /// Whether somebody's server is there.
    pub(super) fn has_server(&self, transport: Transport, peer: SocketAddr) -> bool {
        let mut from = self.peers.range(Address::first(transport, peer)..);
        from.next().is_some_and(|(address, _)| address.is_at(transport, peer))
    }

    /// The lowest is tried first: whether a server is down, and whether it has failed lately.
    pub(super) fn grade(&self, address: Address) -> (bool, bool) {
        let peer = self.peers.get(&address);
        peer.map_or((true, true), |peer| (peer.is_down(), peer.failed))
    }
}

/// The transport as the URI of a server or of ourselves names it; UDP needs no name (RFC 3263 section 4.1).
pub(super) fn transport_param(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => ";transport=tcp",
        Transport::Tls => ";transport=tls",
        Transport::Udp | Transport::Ws | Transport::Wss => "",
    }
}

/// A host as a URI writes it (RFC 3261 section 19.1.1).
pub(super) fn uri_host(host: &str) -> Cow<'_, str> {
    match host.contains(':') && !host.starts_with('[') {
        true => Cow::Owned(format!("[{host}]")),
        false => Cow::Borrowed(host),
    }
}
