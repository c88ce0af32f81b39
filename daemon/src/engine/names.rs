//! Where servers with names are: asked of the resolver, kept over its failures, never waited for.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use frontdesk_sip::flow::Transport;

/// An answer is believed at least so long, whatever its TTL says.
pub const SHORTEST: Duration = Duration::from_secs(30);
/// An answer is believed at most so long.
pub const LONGEST: Duration = Duration::from_secs(3600);
/// A look-up that failed, or that nobody answered, is made again after this time.
const AGAIN: Duration = Duration::from_secs(30);
/// Servers of one answer that are kept.
const MOST_SERVERS: usize = 16;

/// A server as somebody has named it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerName {
    /// A domain or an IP address, without brackets.
    pub host: Box<str>,
    /// `None`: SRV records decide (RFC 3263 section 4.2), and without them the transport's own port.
    pub port: Option<u16>,
    /// `None`: NAPTR records decide (RFC 3263 section 4.1), and without them whichever SRV records there are.
    pub transport: Option<Transport>,
}

impl ServerName {
    /// One of its addresses when no record says more: UDP unless it was named otherwise (RFC 3263 section 4.1).
    pub fn at(&self, ip: IpAddr) -> ResolvedServer {
        let transport = self.transport.unwrap_or(Transport::Udp);
        ResolvedServer {
            addr: SocketAddr::new(ip, self.port.unwrap_or(default_port(transport))),
            transport,
            priority: 0,
            weight: 0,
        }
    }

    /// The server itself when its host is an address: nothing is to be looked up.
    pub fn literal(&self) -> Option<ResolvedServer> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let ip = host.parse::<IpAddr>().ok()?;
        Some(self.at(ip))
    }
}

/// RFC 3261 section 19.1.2, RFC 7118 section 4.
fn default_port(transport: Transport) -> u16 {
    match transport {
        Transport::Udp | Transport::Tcp => 5060,
        Transport::Tls => 5061,
        Transport::Ws => 80,
        Transport::Wss => 443,
    }
}

/// One address of a server, with the order of its SRV record (RFC 2782); 0 and 0 when it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResolvedServer {
    pub addr: SocketAddr,
    pub transport: Transport,
    /// Lower ones are tried first.
    pub priority: u16,
    /// Its share among those of the same priority.
    pub weight: u16,
}

/// What a look-up gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    pub servers: Vec<ResolvedServer>,
    /// How long it may be believed.
    pub ttl: Duration,
}

/// All servers that the plan names, with the last good answer for each.
#[derive(Debug, Default)]
pub struct Names {
    known: BTreeMap<ServerName, Known>,
    due: BTreeSet<(Instant, ServerName)>,
}

#[derive(Debug, Default)]
struct Known {
    servers: Vec<ResolvedServer>,
    ask_at: Option<Instant>,
}

impl Names {
    /// The names that are used from now on; gives those that are to be looked up at once.
    pub fn want(&mut self, names: impl IntoIterator<Item = ServerName>, now: Instant) -> Vec<ServerName> {
        let wanted: BTreeSet<ServerName> = names.into_iter().collect();
        self.known.retain(|name, _| wanted.contains(name));
        self.due.retain(|(_, name)| wanted.contains(name));
        let mut ask = Vec::new();
        for name in wanted {
            if self.known.contains_key(&name) {
                continue;
            }
            let literal = name.literal();
            let known = Known {
                servers: literal.into_iter().collect(),
                ask_at: None,
            };
            self.known.insert(name.clone(), known);
            if literal.is_none() {
                self.ask_at(&name, now + AGAIN);
                ask.push(name);
            }
        }
        ask
    }

    /// One name more; whether it is to be looked up at once.
    pub fn want_also(&mut self, name: &ServerName, now: Instant) -> bool {
        if self.known.contains_key(name) || name.literal().is_some() {
            return false;
        }
        self.known.insert(name.clone(), Known::default());
        self.ask_at(name, now + AGAIN);
        true
    }

    /// Nobody uses it any more.
    pub fn forget(&mut self, name: &ServerName) {
        if let Some(at) = self.known.remove(name).and_then(|known| known.ask_at) {
            self.due.remove(&(at, name.clone()));
        }
    }

    /// A failure, or an answer without any server, leaves what was known.
    pub fn answered(&mut self, name: &ServerName, answer: Result<Resolution, String>, now: Instant) {
        let Some(known) = self.known.get_mut(name).filter(|known| known.ask_at.is_some()) else {
            return;
        };
        let after = match answer {
            Ok(mut resolution) if !resolution.servers.is_empty() => {
                resolution.servers.sort_by_key(|server| server.priority);
                resolution.servers.truncate(MOST_SERVERS);
                known.servers = resolution.servers;
                resolution.ttl.clamp(SHORTEST, LONGEST)
            }
            Ok(_) | Err(_) => AGAIN,
        };
        self.ask_at(name, now + after);
    }

    /// The names whose answers are too old.
    pub fn outdated(&mut self, now: Instant) -> Vec<ServerName> {
        let mut ask = Vec::new();
        while let Some((at, name)) = self.due.first().cloned()
            && at <= now
        {
            self.ask_at(&name, now + AGAIN);
            ask.push(name);
        }
        ask
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// In the order in which they are to be tried (RFC 2782); `pick` gives a number from 0 up to its argument,
    /// inclusive.
    pub fn servers(&self, name: &ServerName, mut pick: impl FnMut(u32) -> u32) -> Vec<ResolvedServer> {
        let known = self.known.get(name).map(|known| known.servers.as_slice());
        let mut left = known.unwrap_or_default().to_vec();
        let mut ordered = Vec::with_capacity(left.len());
        while let Some(priority) = left.first().map(|server| server.priority) {
            let same = left.iter().take_while(|server| server.priority == priority);
            let total = same.clone().map(|server| u32::from(server.weight)).sum();
            let mark = pick(total);
            let mut sum = 0;
            let place = same.clone().position(|server| {
                sum += u32::from(server.weight);
                sum >= mark
            });
            ordered.push(left.remove(place.unwrap_or(0)));
        }
        ordered
    }

    fn ask_at(&mut self, name: &ServerName, at: Instant) {
        let Some(known) = self.known.get_mut(name) else { return };
        if let Some(before) = known.ask_at.replace(at) {
            self.due.remove(&(before, name.clone()));
        }
        self.due.insert((at, name.clone()));
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "the one instant that all others are counted from"
)]
mod tests {
    use super::*;

    fn name(host: &str) -> ServerName {
        ServerName {
            host: host.into(),
            port: None,
            transport: Some(Transport::Udp),
        }
    }

    fn server(last: u8, priority: u16, weight: u16) -> ResolvedServer {
        ResolvedServer {
            addr: SocketAddr::from(([192, 0, 2, last], 5060)),
            transport: Transport::Udp,
            priority,
            weight,
        }
    }

    fn good(servers: &[ResolvedServer], ttl: u64) -> Result<Resolution, String> {
        Ok(Resolution {
            servers: servers.to_vec(),
            ttl: Duration::from_secs(ttl),
        })
    }

    fn lasts(names: &Names, name: &ServerName) -> Vec<u8> {
        let servers = names.servers(name, |_| 0);
        let last = |server: &ResolvedServer| match server.addr.ip() {
            IpAddr::V4(ip) => ip.octets()[3],
            IpAddr::V6(_) => 0,
        };
        servers.iter().map(last).collect()
    }

    #[test]
    fn an_address_is_not_looked_up() {
        let mut names = Names::default();
        let literal = ServerName {
            host: "2001:db8::7".into(),
            port: None,
            transport: Some(Transport::Tls),
        };
        assert!(names.want([literal.clone()], Instant::now()).is_empty());
        let servers = names.servers(&literal, |_| 0);
        assert_eq!(servers[0].addr.to_string(), "[2001:db8::7]:5061");
        assert_eq!(names.deadline(), None);
    }

    #[test]
    fn a_name_is_asked_again_when_its_time_is_over_and_keeps_its_servers_when_that_fails() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let (mut names, sip) = (Names::default(), name("sip.example"));
        assert_eq!(names.want([sip.clone()], start), std::slice::from_ref(&sip));
        assert!(names.want([sip.clone()], start).is_empty(), "asked once");
        assert!(lasts(&names, &sip).is_empty());
        names.answered(&sip, good(&[server(1, 0, 0)], 300), at(1));
        assert_eq!(lasts(&names, &sip), [1]);
        assert!(names.outdated(at(300)).is_empty());
        assert_eq!(names.outdated(at(301)), std::slice::from_ref(&sip));
        names.answered(&sip, Err("SERVFAIL".to_owned()), at(302));
        assert_eq!(lasts(&names, &sip), [1], "the last good answer stays");
        assert_eq!(names.outdated(at(332)), std::slice::from_ref(&sip));
        assert_eq!(names.outdated(at(362)), std::slice::from_ref(&sip), "nobody answered");
        names.answered(&sip, good(&[], 300), at(363));
        assert_eq!(lasts(&names, &sip), [1]);
        names.answered(&sip, good(&[server(2, 0, 0)], 0), at(364));
        assert_eq!((lasts(&names, &sip), names.deadline()), (vec![2], Some(at(394))));
        names.answered(&sip, good(&[server(2, 0, 0)], 1_000_000), at(365));
        assert_eq!(names.deadline(), Some(at(365 + 3600)));
    }

    #[test]
    fn a_name_that_nobody_uses_any_more_is_forgotten() {
        let (mut names, start) = (Names::default(), Instant::now());
        names.want([name("a.example"), name("b.example")], start);
        names.want([name("b.example")], start);
        names.answered(&name("a.example"), good(&[server(1, 0, 0)], 60), start);
        assert!(lasts(&names, &name("a.example")).is_empty());
        assert_eq!(names.outdated(start + AGAIN), [name("b.example")]);
    }

    #[test]
    fn a_name_more_is_asked_for_once_and_forgotten_alone() {
        let (mut names, start) = (Names::default(), Instant::now());
        names.want([name("a.example")], start);
        assert!(names.want_also(&name("b.example"), start));
        assert!(!names.want_also(&name("b.example"), start));
        assert!(!names.want_also(&name("a.example"), start));
        names.answered(&name("b.example"), good(&[server(1, 0, 0)], 60), start);
        assert_eq!(lasts(&names, &name("b.example")), [1]);
        names.forget(&name("b.example"));
        assert!(lasts(&names, &name("b.example")).is_empty());
        assert_eq!(names.outdated(start + AGAIN), [name("a.example")]);
    }

    #[test]
    fn servers_come_by_priority_and_then_by_weight() {
        let (mut names, start, sip) = (Names::default(), Instant::now(), name("sip.example"));
        names.want([sip.clone()], start);
        let servers = [server(3, 20, 0), server(1, 10, 10), server(2, 10, 90)];
        names.answered(&sip, good(&servers, 60), start);
        assert_eq!(lasts(&names, &sip), [1, 2, 3]);
        let heavy = names.servers(&sip, |total| total);
        assert_eq!(heavy[0].addr, server(2, 0, 0).addr);
        assert_eq!(heavy.len(), 3);
    }

    #[test]
    fn an_endless_answer_is_cut() {
        let (mut names, start, sip) = (Names::default(), Instant::now(), name("sip.example"));
        names.want([sip.clone()], start);
        names.answered(&sip, good(&[server(1, 0, 0); 1000], 60), start);
        assert_eq!(lasts(&names, &sip).len(), MOST_SERVERS);
    }
}
