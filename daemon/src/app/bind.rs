//! Binding what the configuration names, with an error that says which address and by what setting.

use std::net::SocketAddr;

use anyhow::anyhow;
use frontdesk_config::Config;
use tokio::net::TcpListener;

use crate::shell::Sockets;
use crate::shell::udp::Udp;

/// The SIP sockets. With port 0 the TCP listener takes the port that UDP was given.
pub(super) fn sip(config: &Config) -> anyhow::Result<Sockets> {
    let mut udp = Vec::new();
    for address in &config.sip.udp {
        udp.push(Udp::bind(*address).map_err(|error| taken(config, "sip.udp", "SIP over UDP", *address, &error))?);
    }
    let given = udp.first().map_or(0, |socket| socket.bound().port());
    let tcp: Vec<SocketAddr> = config
        .sip
        .tcp
        .iter()
        .map(|address| {
            if address.port() == 0 {
                SocketAddr::new(address.ip(), given)
            } else {
                *address
            }
        })
        .collect();
    let first = tcp.first().copied();
    Sockets::bind(udp, &tcp).map_err(|error| match first {
        Some(address) => taken(config, "sip.tcp", "SIP over TCP", address, &error),
        None => anyhow!("the SIP sockets cannot be polled: {error}"),
    })
}

pub(super) async fn http(config: &Config) -> anyhow::Result<TcpListener> {
    let address = config.http.listen;
    TcpListener::bind(address)
        .await
        .map_err(|error| taken(config, "http.listen", "pages and API", address, &error))
}

fn taken(config: &Config, key: &str, what: &str, address: SocketAddr, error: &std::io::Error) -> anyhow::Error {
    anyhow!(
        "{what} cannot listen on {address}: {error}. The address comes from {key} ({})",
        config.origin(key)
    )
}
