//! Binding what the configuration names, with an error that says which address and by what setting.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use frontdesk_config::Config;
use frontdesk_sip::flow::Transport;
use tokio::net::TcpListener;

use super::greeting::outward;
use crate::shell::Sockets;
use crate::shell::limits::Limits;
use crate::shell::tls::certificate::Certificate;
use crate::shell::tls::own;
use crate::shell::tls::trust::Trust;
use crate::shell::udp::Udp;

/// The SIP sockets. With port 0 the first TCP listener takes the port that UDP was given.
pub(super) fn sip(config: &Config) -> anyhow::Result<Sockets> {
    let mut udp = Vec::new();
    for address in &config.sip.udp {
        udp.push(Udp::bind(*address).map_err(|error| taken(config, "sip.udp", "SIP over UDP", *address, &error))?);
    }
    let given = udp.first().map_or(0, |socket| socket.bound().port());
    let trust = Trust::new(config.sip.tls_ca.as_deref()).context("sip.tls_ca")?;
    let mut sockets = Sockets::new(udp, Arc::new(trust), limits(config)).context("the SIP sockets cannot be polled")?;
    let lists = [
        ("sip.tcp", "SIP over TCP", Transport::Tcp, &config.sip.tcp),
        ("sip.tls", "SIP over TLS", Transport::Tls, &config.sip.tls),
        ("sip.ws", "SIP over WebSocket", Transport::Ws, &config.sip.ws),
        ("sip.wss", "SIP over secure WebSocket", Transport::Wss, &config.sip.wss),
    ];
    for (key, what, transport, addresses) in lists {
        for address in addresses {
            let mut address = *address;
            if transport == Transport::Tcp && address.port() == 0 {
                address.set_port(given);
            }
            sockets
                .listen(transport, address)
                .map_err(|error| taken(config, key, what, address, &error))?;
        }
    }
    Ok(sockets)
}

/// A connection lives longer than two of its phone's registrations.
fn limits(config: &Config) -> Limits {
    let limits = Limits::default();
    Limits {
        idle: limits
            .idle
            .max(config.sip.max_expires.saturating_mul(2))
            .saturating_add(Duration::from_secs(60)),
        ..limits
    }
}

/// Gives TLS its certificate: the configured one, else one of our own making.
pub(super) fn certificate(config: &Config, sockets: &mut Sockets) -> anyhow::Result<()> {
    if config.sip.tls.is_empty() && config.sip.wss.is_empty() {
        return Ok(());
    }
    let (certificate, key) = match (&config.sip.tls_certificate, &config.sip.tls_key) {
        (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
        _ => own::certificate(&config.tls_dir(), &names(config))
            .with_context(|| format!("a certificate for TLS cannot be made in {}", config.tls_dir().display()))?,
    };
    let certificate = Certificate::load(certificate, key).context("sip.tls_certificate and sip.tls_key")?;
    sockets.show(certificate);
    Ok(())
}

/// What phones may call this machine by.
fn names(config: &Config) -> Vec<String> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let is_name = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c));
    let mut names: Vec<String> = Some(host.trim())
        .filter(is_name)
        .map(str::to_owned)
        .into_iter()
        .collect();
    names.push("localhost".to_owned());
    let listening = config.sip.tls.iter().chain(&config.sip.wss);
    let addresses = listening.map(SocketAddr::ip).chain(config.nat.public_address);
    for address in addresses {
        names.push(
            if address.is_unspecified() {
                outward(address)
            } else {
                address
            }
            .to_string(),
        );
    }
    names.extend(["127.0.0.1".to_owned(), "::1".to_owned()]);
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

pub(super) async fn http(config: &Config) -> anyhow::Result<TcpListener> {
    let address = config.http.listen;
    TcpListener::bind(address)
        .await
        .map_err(|error| taken(config, "http.listen", "pages and API", address, &error))
}

fn taken(config: &Config, key: &str, what: &str, address: SocketAddr, error: &std::io::Error) -> anyhow::Error {
    let origin = match (key, config.origin(key)) {
        ("sip.tls", frontdesk_config::Origin::Default) => "the port after that of sip.tcp".to_owned(),
        (_, origin) => origin.to_string(),
    };
    anyhow!("{what} cannot listen on {address}: {error}. The address comes from {key} ({origin})")
}
