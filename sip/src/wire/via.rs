//! Via values (RFC 3261 section 20.42, RFC 3581).

use std::net::IpAddr;

use super::scan::{self, Params};
use super::uri;

/// A value is not `SIP/2.0/TRANSPORT host[:port];params`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed Via")]
pub struct BadVia;

/// One Via value in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Via<'a> {
    transport: &'a [u8],
    host: &'a [u8],
    port: Option<u16>,
    params: Params<'a>,
}

impl<'a> Via<'a> {
    pub fn read(value: &'a [u8]) -> Result<Via<'a>, BadVia> {
        let (name, rest) = token(value, b'/')?;
        let (version, rest) = token(rest, b'/')?;
        if !name.eq_ignore_ascii_case(b"SIP") || version != b"2.0" {
            return Err(BadVia);
        }
        let rest = scan::trim(rest);
        let end = rest.iter().position(|byte| scan::is_space(*byte)).ok_or(BadVia)?;
        let (transport, rest) = rest.split_at_checked(end).ok_or(BadVia)?;
        if !scan::is_token(transport) {
            return Err(BadVia);
        }
        let end = rest.iter().position(|byte| *byte == b';').unwrap_or(rest.len());
        let (sent_by, params) = rest.split_at_checked(end).ok_or(BadVia)?;
        let (host, port) = uri::host_port(sent_by).map_err(|_| BadVia)?;
        Ok(Via {
            transport,
            host,
            port,
            params: Params::new(params),
        })
    }

    pub fn transport(&self) -> &'a [u8] {
        self.transport
    }

    /// The host of sent-by, with the brackets of an IPv6 reference.
    pub fn host(&self) -> &'a [u8] {
        self.host
    }

    pub fn port(&self) -> Option<u16> {
        self.port
    }

    pub fn branch(&self) -> Option<&'a [u8]> {
        self.params.get("branch").filter(|branch| !branch.is_empty())
    }

    /// Asked for (`None` inside) or filled (RFC 3581).
    pub fn rport(&self) -> Option<Option<u16>> {
        self.params.get("rport").map(scan::number)
    }

    pub fn received(&self) -> Option<IpAddr> {
        let value = self.params.get("received")?;
        uri::ip(value).or_else(|| std::str::from_utf8(value).ok()?.parse().ok())
    }

    pub fn maddr(&self) -> Option<&'a [u8]> {
        self.params.get("maddr")
    }

    pub fn params(&self) -> Params<'a> {
        self.params
    }

    pub fn host_ip(&self) -> Option<IpAddr> {
        uri::ip(self.host)
    }
}

fn token(bytes: &[u8], stop: u8) -> Result<(&[u8], &[u8]), BadVia> {
    let at = bytes.iter().position(|byte| *byte == stop).ok_or(BadVia)?;
    let (token, rest) = bytes.split_at_checked(at).ok_or(BadVia)?;
    Ok((scan::trim(token), rest.get(1..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_via_is_read_with_all_its_white_space() {
        let via =
            Via::read(b"SIP  / 2.0\r\n /UDP \r\n  [2001:db8::9:1]:5070 ;received=192.0.2.1;rport;branch=z9hG4bK1")
                .unwrap();
        assert_eq!((via.transport(), via.port()), (&b"UDP"[..], Some(5070)));
        assert_eq!(via.host_ip(), Some("2001:db8::9:1".parse().unwrap()));
        assert_eq!(via.received(), Some("192.0.2.1".parse().unwrap()));
        assert_eq!(via.rport(), Some(None));
        assert_eq!(via.branch(), Some(&b"z9hG4bK1"[..]));
        for bad in ["", "SIP/2.0/UDP", "SIP/3.0/UDP h", "SIP/2.0/UDP h:x", "SIP/2.0 UDP h"] {
            assert!(Via::read(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
