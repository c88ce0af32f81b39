//! Our own requests to servers outside, by HTTP/1.1: a connection for each, no proxy, no redirect followed. Names are looked
//! up here, and the address that was looked at is the one that is connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{HOST, HeaderValue, USER_AGENT};
use axum::http::{HeaderMap, Method, Request, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::shell::tls::trust::{Trust, server_name};

const PATIENCE: Duration = Duration::from_secs(20);
/// For one address of a server.
const CONNECT: Duration = Duration::from_secs(7);
/// Bytes of an answer that are read.
const LONGEST_ANSWER: usize = 2_000;

/// Asks servers outside.
#[derive(Debug, Clone)]
pub struct Client {
    trust: Arc<Trust>,
    reach: Reach,
}

/// Where a client may connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Everywhere,
    /// Addresses of the internet only: nothing of this machine, of its network or of whoever runs the host.
    Public,
}

#[derive(Debug, Clone)]
pub struct Outgoing {
    pub method: Method,
    /// `http` or `https`.
    pub url: Uri,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// The beginning of the body.
    pub text: String,
}

/// Why there is no answer; nothing of it tells the address's secrets.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    #[error("not an address of the web")]
    Address,
    #[error("the name cannot be looked up")]
    Unknown,
    #[error("it leads to an address that is not of the internet")]
    Private,
    #[error("no connection: {0}")]
    Connection(std::io::Error),
    #[error("the server does not show who it is: {0}")]
    Tls(String),
    #[error("no answer: {0}")]
    Broken(hyper::Error),
    #[error("no answer within {} seconds", PATIENCE.as_secs())]
    Late,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Client {
    pub fn new(trust: Arc<Trust>, reach: Reach) -> Client {
        Client { trust, reach }
    }

    /// Sends a request; an answer of any status is an answer.
    ///
    /// # Errors
    /// [`NoAnswer`]; what the server has done by then is not known.
    pub async fn send(&self, request: Outgoing) -> Result<Answer, NoAnswer> {
        let exchange = tokio::time::timeout(PATIENCE, self.exchange(request)).await;
        exchange.unwrap_or(Err(NoAnswer::Late))
    }

    async fn exchange(&self, outgoing: Outgoing) -> Result<Answer, NoAnswer> {
        let secure = match outgoing.url.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) | None => return Err(NoAnswer::Address),
        };
        let host = outgoing.url.host().ok_or(NoAnswer::Address)?.to_owned();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = outgoing.url.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let stream = self.connect(host, port).await?;
        let address = stream.peer_addr().map_err(NoAnswer::Connection)?.ip();
        let stream: Box<dyn Stream> = match secure {
            false => Box::new(stream),
            true => {
                let named = host.parse::<IpAddr>().is_err().then_some(host);
                let name = server_name(named, address).map_err(|error| NoAnswer::Tls(error.to_string()))?;
                let connector = TlsConnector::from(self.trust.verifying());
                let shaken = connector.connect(name, stream).await;
                Box::new(shaken.map_err(|error| NoAnswer::Tls(error.to_string()))?)
            }
        };
        let request = written(outgoing)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(NoAnswer::Broken)?;
        let exchange = async move {
            let response = sender.send_request(request).await.map_err(NoAnswer::Broken)?;
            let status = response.status().as_u16();
            let text = beginning(response.into_body()).await;
            Ok(Answer { status, text })
        };
        tokio::pin!(exchange, connection);
        tokio::select! {
            answer = &mut exchange => answer,
            _ = &mut connection => exchange.await,
        }
    }

    /// To the first address that takes the connection and may.
    async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, NoAnswer> {
        let found = tokio::net::lookup_host((host, port)).await;
        let found: Vec<SocketAddr> = found.map_err(|_| NoAnswer::Unknown)?.collect();
        let mut problem = NoAnswer::Unknown;
        for address in found {
            if self.reach == Reach::Public && !is_public(address.ip()) {
                problem = NoAnswer::Private;
                continue;
            }
            match tokio::time::timeout(CONNECT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => problem = NoAnswer::Connection(error),
                Err(_) => problem = NoAnswer::Late,
            }
        }
        Err(problem)
    }
}

fn written(outgoing: Outgoing) -> Result<Request<Full<Bytes>>, NoAnswer> {
    let authority = outgoing.url.authority().ok_or(NoAnswer::Address)?;
    let authority = authority.as_str().rsplit('@').next().unwrap_or_default();
    let host = HeaderValue::from_str(authority).map_err(|_| NoAnswer::Address)?;
    let place = outgoing.url.path_and_query().map_or("/", |place| place.as_str());
    let mut request = Request::new(Full::new(Bytes::from(outgoing.body)));
    *request.method_mut() = outgoing.method;
    *request.uri_mut() = place.parse().map_err(|_| NoAnswer::Address)?;
    *request.headers_mut() = outgoing.headers;
    request.headers_mut().insert(HOST, host);
    request
        .headers_mut()
        .entry(USER_AGENT)
        .or_insert(HeaderValue::from_static("Frontdesk"));
    Ok(request)
}

/// A body that breaks off is a short one: the status is what counts.
async fn beginning(mut body: hyper::body::Incoming) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < LONGEST_ANSWER {
        match body.frame().await {
            Some(Ok(frame)) => bytes.extend(frame.into_data().unwrap_or_default()),
            Some(Err(_)) | None => break,
        }
    }
    bytes.truncate(LONGEST_ANSWER);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether an address is one of the internet that a stranger may be (RFC 6890, and the addresses that carry one of IPv4).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let kept = match (a, b, c) {
        // this network, shared, protocol assignments, 6to4 relays, benchmarks, multicast and reserved
        (0 | 224..=255, _, _) | (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18..=19, _) => true,
        _ => false,
    };
    !kept && !address.is_private() && !address.is_loopback() && !address.is_link_local() && !address.is_documentation()
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let inner = |high: u16, low: u16| {
        let [one, two] = high.to_be_bytes();
        let [three, four] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(one, two, three, four))
    };
    match (a, b, c, d, e, f) {
        // mapped, translated (RFC 6052), 6to4: the address inside counts
        (0, 0, 0, 0, 0, 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => inner(g, h),
        (0x2002, high, low, ..) => inner(high, low),
        // Teredo, documentation
        (0x2001, 0 | 0xdb8, ..) => false,
        // global unicast is all that is given out
        (0x2000..=0x3fff, ..) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        for public in [
            "93.184.216.34",
            "8.8.8.8",
            "2606:2800:220:1::1",
            "::ffff:8.8.8.8",
            "2002:808:808::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "203.0.113.1",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::1",
            "::7f00:1",
            "2001::1",
            "2001:db8::1",
            "64:ff9b:1::1",
            "fec0::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }
}
