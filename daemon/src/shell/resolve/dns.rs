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
use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use hickory_resolver::{Hosts, TokioResolver};

use crate::engine::names::{Resolution, ResolvedServer, ServerName, default_port};

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
        if let Some(addr) = name.literal() {
            let server = plain(addr, name.transport);
            return Ok(found(vec![server], u32::MAX));
        }
        let host = host(&name.host)?;
        if let (None, Some(service), false) = (name.port, service(name.transport), self.is_own(&host)) {
            let offered = self.services(&format!("{service}.{}", name.host)).await?;
            if let Some((services, ttl)) = offered {
                return self.targets(name, services, ttl).await;
            }
        }
        let port = name.port.unwrap_or(default_port(name.transport));
        let addresses = self.addresses(host).await?;
        let server = |ip: IpAddr| plain(SocketAddr::new(ip, port), name.transport);
        Ok(found(addresses.ips.into_iter().map(server).collect(), addresses.ttl))
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
    async fn targets(&self, name: &ServerName, services: Vec<SRV>, ttl: u32) -> Result<Resolution, String> {
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
                        transport: name.transport,
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
fn service(transport: Transport) -> Option<&'static str> {
    match transport {
        Transport::Udp => Some("_sip._udp"),
        Transport::Tcp => Some("_sip._tcp"),
        Transport::Tls => Some("_sips._tcp"),
        Transport::Ws | Transport::Wss => None,
    }
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

fn ttl(records: &[Record]) -> u32 {
    records.iter().map(|record| record.ttl).min().unwrap_or(0)
}

fn plain(addr: SocketAddr, transport: Transport) -> ResolvedServer {
    ResolvedServer {
        addr,
        transport,
        priority: 0,
        weight: 0,
    }
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
