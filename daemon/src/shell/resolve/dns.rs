//! One look-up: which records are asked for, and what they mean.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use frontdesk_sip::flow::Transport;
use futures::StreamExt;
use futures::stream;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{Query, ResponseCode};
use hickory_resolver::proto::rr::rdata::{NAPTR, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use hickory_resolver::{Hosts, TokioResolver};

use crate::engine::names::{Resolution, ResolvedServer, ServerName};

/// Records of one answer that are followed.
const MOST: usize = 16;
/// Targets whose addresses are asked for at the same time.
const TARGETS_AT_ONCE: usize = 4;
/// Times that a question is put within the whole patience: datagrams get lost.
const ATTEMPTS: u32 = 3;

pub(super) struct Client {
    resolver: TokioResolver,
    hosts: Hosts,
}

/// A transport with the name of its SRV records.
type Service = (Transport, String);

/// Addresses, the older protocol's first, and how long they hold.
struct Addresses {
    ips: Vec<IpAddr>,
    ttl: u32,
}

impl Client {
    /// Reads the system's files: blocks for as long as the disk does.
    pub(super) fn new(name_servers: &[SocketAddr], patience: Duration) -> Result<Client, String> {
        let mut builder = if name_servers.is_empty() {
            TokioResolver::builder_tokio().map_err(|error| format!("the system names no name server: {error}"))?
        } else {
            let servers = name_servers.iter().map(server).collect();
            let config = ResolverConfig::from_name_servers(servers);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let options: &mut ResolverOpts = builder.options_mut();
        options.timeout = patience / ATTEMPTS;
        options.attempts = usize::try_from(ATTEMPTS - 1).unwrap_or(1);
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        options.use_hosts_file = ResolveHosts::Always;
        options.case_randomization = false;
        let resolver = builder
            .build()
            .map_err(|error| format!("the resolver does not start: {error}"))?;
        let hosts = Hosts::from_system().unwrap_or_default();
        Ok(Client { resolver, hosts })
    }

    pub(super) async fn resolve(&self, name: &ServerName) -> Result<Resolution, String> {
        if let Some(server) = name.literal() {
            return Ok(found(vec![server], u32::MAX));
        }
        let host = host(&name.host)?;
        if name.port.is_none()
            && !self.is_own(&host)
            && let Some(offered) = self.offered(name).await?
        {
            return Ok(offered);
        }
        let addresses = self.addresses(host).await?;
        let servers = addresses.ips.into_iter().map(|ip| name.at(ip));
        Ok(found(servers.collect(), addresses.ttl))
    }

    /// What the records of a domain lead to (RFC 3263 sections 4.1 and 4.2); `None` when it has none.
    async fn offered(&self, name: &ServerName) -> Result<Option<Resolution>, String> {
        let (services, longest) = match name.transport {
            Some(transport) => (service(transport, &name.host).into_iter().collect(), u32::MAX),
            None => self.transports(&name.host).await?,
        };
        let (mut all, mut failure) = (found(Vec::new(), longest), None);
        for (transport, service) in services {
            let more = match self.servers(transport, &service).await {
                Ok(Some(more)) => more,
                Ok(None) => continue,
                Err(reason) => {
                    failure = failure.or(Some(reason));
                    continue;
                }
            };
            all.ttl = all.ttl.min(more.ttl);
            // Whoever is offered by a transport of less worth comes after all of the others.
            let before = all.servers.last().map_or(0, |last| last.priority.saturating_add(1));
            all.servers
                .extend(more.servers.into_iter().map(|server| ResolvedServer {
                    priority: server.priority.saturating_add(before),
                    ..server
                }));
        }
        match failure {
            Some(reason) if all.servers.is_empty() => Err(reason),
            Some(_) | None => Ok((!all.servers.is_empty()).then_some(all)),
        }
    }

    /// The services of a domain, the best one first, with the TTL of that order: by its NAPTR records, or else all
    /// that may be.
    async fn transports(&self, host: &str) -> Result<(Vec<Service>, u32), String> {
        let all = || {
            let ours = [Transport::Udp, Transport::Tcp, Transport::Tls];
            ours.into_iter().filter_map(|transport| service(transport, host))
        };
        let lookup = match self.resolver.lookup(full(host)?, RecordType::NAPTR).await {
            Ok(lookup) => lookup,
            Err(error) if is_absent(&error) => return Ok((all().collect(), u32::MAX)),
            Err(error) => return Err(reason(host, &error)),
        };
        let records = lookup.answers();
        let mut ways: Vec<&NAPTR> = records.iter().filter_map(naptr).collect();
        ways.sort_by_key(|way| (way.order, way.preference));
        let services: Vec<Service> = ways.into_iter().filter_map(way).take(MOST).collect();
        match services.is_empty() {
            true => Ok((all().collect(), ttl(records))),
            false => Ok((services, ttl(records))),
        }
    }

    async fn servers(&self, transport: Transport, service: &str) -> Result<Option<Resolution>, String> {
        match self.services(service).await? {
            Some((services, ttl)) => self.targets(transport, services, ttl).await.map(Some),
            None => Ok(None),
        }
    }

    /// Whether the system's own list of hosts has it: then its port is the usual one, and no server is asked.
    fn is_own(&self, host: &Name) -> bool {
        [RecordType::A, RecordType::AAAA].into_iter().any(|kind| {
            self.hosts
                .lookup_static_host(&Query::query(host.clone(), kind))
                .is_some()
        })
    }

    /// The SRV records, best ones first, with the smallest TTL; `None` when there are none.
    async fn services(&self, service: &str) -> Result<Option<(Vec<SRV>, u32)>, String> {
        let lookup = match self.resolver.lookup(full(service)?, RecordType::SRV).await {
            Ok(lookup) => lookup,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(reason(service, &error)),
        };
        let records = lookup.answers();
        let mut services: Vec<SRV> = records.iter().filter_map(srv).cloned().collect();
        if services.is_empty() {
            return Ok(None);
        }
        services.sort_by_key(|service| service.priority);
        services.truncate(MOST);
        if services.iter().all(|service| service.target.is_root()) {
            return Err(format!("{service} says that there is no such service"));
        }
        Ok(Some((services, ttl(records))))
    }

    /// Those whose addresses are known; the first failure's reason when that is none.
    async fn targets(&self, transport: Transport, services: Vec<SRV>, ttl: u32) -> Result<Resolution, String> {
        let asked = services
            .into_iter()
            .filter(|service| !service.target.is_root())
            .map(|service| async move { (self.addresses(service.target.clone()).await, service) });
        let mut answers = stream::iter(asked).buffered(TARGETS_AT_ONCE);
        let (mut servers, mut shortest, mut failure) = (Vec::new(), ttl, None);
        while let Some((addresses, service)) = answers.next().await {
            match addresses {
                Ok(addresses) => {
                    shortest = shortest.min(addresses.ttl);
                    servers.extend(addresses.ips.into_iter().map(|ip| ResolvedServer {
                        addr: SocketAddr::new(ip, service.port),
                        transport,
                        priority: service.priority,
                        weight: service.weight,
                    }));
                }
                Err(reason) => failure = failure.or(Some(reason)),
            }
        }
        match failure {
            Some(reason) if servers.is_empty() => Err(reason),
            Some(_) | None => Ok(found(servers, shortest)),
        }
    }

    async fn addresses(&self, host: Name) -> Result<Addresses, String> {
        let text = host.to_string();
        let lookup = self.resolver.lookup_ip(host).await;
        let lookup = lookup.map_err(|error| reason(&text, &error))?;
        let mut ips: Vec<IpAddr> = lookup.iter().take(MOST).collect();
        if ips.is_empty() {
            return Err(format!("{} has no address", text.trim_end_matches('.')));
        }
        ips.sort_by_key(IpAddr::is_ipv6);
        Ok(Addresses {
            ips,
            ttl: ttl(lookup.as_lookup().answers()),
        })
    }
}

fn server(addr: &SocketAddr) -> NameServerConfig {
    let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
    for connection in &mut connections {
        connection.port = addr.port();
    }
    NameServerConfig::new(addr.ip(), true, connections)
}

/// RFC 3263 section 4.1 and RFC 5626's registry; RFC 7118 section 4 gives WebSocket none.
fn service(transport: Transport, host: &str) -> Option<Service> {
    let service = match transport {
        Transport::Udp => "_sip._udp",
        Transport::Tcp => "_sip._tcp",
        Transport::Tls => "_sips._tcp",
        Transport::Ws | Transport::Wss => return None,
    };
    Some((transport, format!("{service}.{host}")))
}

/// A terminal record of a transport that we speak (RFC 3263 section 4.1, RFC 3403 section 4.1).
fn way(record: &NAPTR) -> Option<Service> {
    let known = [
        ("SIP+D2U", Transport::Udp),
        ("SIP+D2T", Transport::Tcp),
        ("SIPS+D2T", Transport::Tls),
    ];
    let named = |name: &str| record.services.eq_ignore_ascii_case(name.as_bytes());
    let (_, transport) = known.into_iter().find(|(name, _)| named(name))?;
    let leads_on = record.flags.eq_ignore_ascii_case(b"s") && record.regexp.is_empty() && !record.replacement.is_root();
    leads_on.then(|| (transport, record.replacement.to_string()))
}

/// A name of one word may be meant within the system's own domain; all others are complete.
fn host(host: &str) -> Result<Name, String> {
    if host.contains('.') {
        return full(host);
    }
    Name::from_str_relaxed(host).map_err(|_| format!("{host} is no name of a server"))
}

fn full(name: &str) -> Result<Name, String> {
    let mut parsed = Name::from_str_relaxed(name).map_err(|_| format!("{name} is no name of a server"))?;
    parsed.set_fqdn(true);
    Ok(parsed)
}

fn srv(record: &Record) -> Option<&SRV> {
    if let RData::SRV(srv) = &record.data {
        Some(srv)
    } else {
        None
    }
}

fn naptr(record: &Record) -> Option<&NAPTR> {
    if let RData::NAPTR(naptr) = &record.data {
        Some(naptr)
    } else {
        None
    }
}

fn ttl(records: &[Record]) -> u32 {
    records.iter().map(|record| record.ttl).min().unwrap_or(0)
}

fn found(servers: Vec<ResolvedServer>, ttl: u32) -> Resolution {
    Resolution {
        servers,
        ttl: Duration::from_secs(u64::from(ttl)),
    }
}

/// The name servers know that there is nothing, which is not the same as that they do not know.
fn is_absent(error: &NetError) -> bool {
    let codes = [ResponseCode::NXDomain, ResponseCode::NoError];
    matches!(error, NetError::Dns(DnsError::NoRecordsFound(none)) if codes.contains(&none.response_code))
}

fn reason(name: &str, error: &NetError) -> String {
    let name = name.trim_end_matches('.');
    let code = if let NetError::Dns(DnsError::NoRecordsFound(none)) = error {
        Some(none.response_code)
    } else if let NetError::Dns(DnsError::ResponseCode(code)) = error {
        Some(*code)
    } else {
        None
    };
    if code == Some(ResponseCode::NXDomain) {
        return format!("{name} does not exist");
    }
    if code == Some(ResponseCode::NoError) {
        return format!("{name} has no address");
    }
    if let Some(code) = code {
        return format!("the name server failed for {name}: {code}");
    }
    if matches!(error, NetError::Timeout) {
        return format!("no name server answered for {name}");
    }
    format!("{name} cannot be looked up: {error}")
}
