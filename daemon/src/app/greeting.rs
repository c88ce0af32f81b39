//! What the person at the terminal is told: once how to log in, at each start where things are.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

/// Secrets of a fresh installation; shown once, kept nowhere.
#[derive(Debug)]
pub(super) struct Welcome {
    pub login: String,
    pub password: String,
    pub sip_user: String,
    pub sip_password: String,
}

/// The text of a first start.
pub(super) fn first(welcome: &Welcome, http: SocketAddr, (sip, tls): (SocketAddr, Option<SocketAddr>)) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "\nFrontdesk is set up. This is shown once; keep it.\n");
    let _ = writeln!(text, "  Page       {}", page(http));
    let _ = writeln!(text, "  Login      {}", welcome.login);
    let _ = writeln!(text, "  Password   {}\n", welcome.password);
    let _ = writeln!(text, "  The first phone (short number 100):");
    let _ = writeln!(text, "  Server     {} (UDP or TCP)", server(sip));
    if let Some(tls) = tls {
        let _ = writeln!(text, "  With TLS   {}", server(tls));
    }
    let _ = writeln!(text, "  User       {}", welcome.sip_user);
    let _ = writeln!(text, "  Password   {}", welcome.sip_password);
    text
}

/// The text of every later start.
pub(super) fn again(http: SocketAddr, (sip, tls): (SocketAddr, Option<SocketAddr>)) -> String {
    let tls = tls.map(|tls| format!(", with TLS {}", server(tls)));
    let tls = tls.unwrap_or_default();
    format!("Frontdesk is running. Page {}, SIP {}{tls}", page(http), server(sip))
}

fn page(http: SocketAddr) -> String {
    let host = if http.ip().is_unspecified() {
        SocketAddr::new(local(http.ip()), http.port())
    } else {
        http
    };
    format!("http://{host}/")
}

fn server(sip: SocketAddr) -> SocketAddr {
    if sip.ip().is_unspecified() {
        SocketAddr::new(outward(sip.ip()), sip.port())
    } else {
        sip
    }
}

fn local(any: IpAddr) -> IpAddr {
    if any.is_ipv4() {
        std::net::Ipv4Addr::LOCALHOST.into()
    } else {
        std::net::Ipv6Addr::LOCALHOST.into()
    }
}

/// The address that this machine shows to its network: the source of a route to a documentation address. Sends nothing.
pub(super) fn outward(any: IpAddr) -> IpAddr {
    let (from, to) = if any.is_ipv4() {
        ("0.0.0.0:0", "192.0.2.1:9")
    } else {
        ("[::]:0", "[2001:db8::1]:9")
    };
    std::net::UdpSocket::bind(from)
        .and_then(|socket| {
            socket.connect(to)?;
            socket.local_addr()
        })
        .map_or_else(|_| local(any), |address| address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_tells_all_that_a_newcomer_needs() {
        let welcome = Welcome {
            login: "19079_admin".into(),
            password: "a-password".into(),
            sip_user: "19079_100".into(),
            sip_password: "a-secret".into(),
        };
        let text = first(
            &welcome,
            "127.0.0.1:8080".parse().unwrap(),
            (
                "192.0.2.7:5060".parse().unwrap(),
                Some("192.0.2.7:5061".parse().unwrap()),
            ),
        );
        for part in [
            "http://127.0.0.1:8080/",
            "19079_admin",
            "a-password",
            "192.0.2.7:5060",
            "192.0.2.7:5061",
            "19079_100",
            "a-secret",
            "100",
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }
}
