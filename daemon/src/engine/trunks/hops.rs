//! Hosts that providers name in Record-Route and Contact: looked up like their servers, so that what we say next in a call
//! finds its way. No call waits for them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use frontdesk_sip::Now;
use frontdesk_sip::endpoint::HopName;
use frontdesk_sip::flow::Transport;

use super::Engine;
use super::servers::{name_of, servers_of};
use crate::engine::names::ServerName;
use crate::engine::output::Output;

/// Hosts that are remembered: those used last.
const MOST_HOPS: usize = 256;
/// A host that no call has needed for so long is forgotten.
const UNUSED_FOR: Duration = Duration::from_secs(12 * 3600);

/// When each was needed last.
pub(super) type Hops = BTreeMap<HopName, Instant>;

impl Engine {
    /// Looks up those hosts that calls need and nobody has asked for yet.
    pub(in crate::engine) fn want_hops(&mut self, now: Now) {
        for hop in self.endpoint.take_hops() {
            if self.trunks.hops.insert(hop.clone(), now.instant).is_some() {
                continue;
            }
            let name = looked_up(&hop, Some(Transport::Udp));
            if self.names.want_also(&name, now.instant) {
                self.outputs.push_back(Output::Resolve(name));
            }
            self.tell_hop(hop);
            let oldest = self.trunks.hops.iter().min_by_key(|(_, used)| **used);
            let oldest = oldest.map(|(hop, _)| hop.clone());
            if let Some(oldest) = oldest.filter(|_| self.trunks.hops.len() > MOST_HOPS) {
                self.forget_hop(oldest);
            }
        }
    }

    /// The names that are wanted for calls.
    pub(super) fn hop_names(&self) -> impl Iterator<Item = ServerName> {
        let hops = self.trunks.hops.keys();
        hops.map(|hop| looked_up(hop, Some(Transport::Udp)))
    }

    /// A name has been looked up.
    pub(super) fn hop_found(&mut self, name: &ServerName) {
        let hop = HopName {
            host: name.host.to_ascii_lowercase().into(),
            port: name.port,
        };
        if self.trunks.hops.contains_key(&hop) {
            self.tell_hop(hop);
        }
    }

    /// Names whose answers are too old are asked for again, unless nobody needs them any more.
    pub(in crate::engine) fn look_up_again(&mut self, now: Now) {
        for name in self.names.outdated(now.instant) {
            let hops = self.trunks.hops.iter();
            let mut same = hops.filter(|(hop, _)| looked_up(hop, Some(Transport::Udp)) == name);
            let unused = same.find(|(_, used)| **used + UNUSED_FOR <= now.instant);
            let unused = unused.map(|(hop, _)| hop.clone());
            if unused.is_some_and(|hop| self.forget_hop(hop)) {
                continue;
            }
            self.outputs.push_back(Output::Resolve(name));
        }
    }

    /// Where a host is, as far as that is known: by what it was looked up for, or as some provider's server.
    fn tell_hop(&mut self, hop: HopName) {
        let at = |transport| {
            let servers = self.names.servers(&looked_up(&hop, transport), |_| 0);
            let by_datagram = servers.into_iter().filter(|server| server.transport == Transport::Udp);
            by_datagram.map(|server| server.addr).collect::<Vec<SocketAddr>>()
        };
        let own = at(Some(Transport::Udp));
        let found = if own.is_empty() { at(None) } else { own };
        if !found.is_empty() {
            self.endpoint.set_hop(hop, found);
        }
    }

    /// Whether its name is looked up for nobody else.
    fn forget_hop(&mut self, hop: HopName) -> bool {
        let name = looked_up(&hop, Some(Transport::Udp));
        self.trunks.hops.remove(&hop);
        self.endpoint.set_hop(hop, Vec::new());
        let mut lines = self.trunks.lines.values();
        let planned = lines.any(|line| servers_of(&line.trunk).iter().any(|server| name_of(server) == name));
        if !planned {
            self.names.forget(&name);
        }
        !planned
    }
}

fn looked_up(hop: &HopName, transport: Option<Transport>) -> ServerName {
    ServerName {
        host: hop.host.clone(),
        port: hop.port,
        transport,
    }
}
