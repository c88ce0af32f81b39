//! URIs of RFC 3261 section 19.1 and RFC 3966: read in place, compared as the RFC says.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};

use super::scan::{self, Params};

/// A text is not a URI that we can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadUri {
    #[error("no scheme")]
    Scheme,
    #[error("the user part is malformed")]
    User,
    #[error("the host is malformed")]
    Host,
    #[error("the port is not a number from 0 to 65535")]
    Port,
    #[error("a character that a URI must not hold")]
    Character,
}

/// `sip`, `sips`, `tel` in any case, or another scheme whose rest is opaque.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme<'a> {
    Sip,
    Sips,
    Tel,
    Other(&'a [u8]),
}

/// A URI in place. Of a scheme other than sip and sips, `host` is all that follows the colon up to the parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uri<'a> {
    raw: &'a [u8],
    scheme: Scheme<'a>,
    user: Option<&'a [u8]>,
    password: Option<&'a [u8]>,
    host: &'a [u8],
    port: Option<u16>,
    params: Params<'a>,
    headers: Option<&'a [u8]>,
}

impl<'a> Uri<'a> {
    pub fn read(raw: &'a [u8]) -> Result<Uri<'a>, BadUri> {
        let raw = scan::trim(raw);
        if raw
            .iter()
            .any(|byte| byte.is_ascii_control() || matches!(byte, b' ' | b'<' | b'>' | b'"'))
        {
            return Err(BadUri::Character);
        }
        let colon = raw.iter().position(|byte| *byte == b':').ok_or(BadUri::Scheme)?;
        let (name, rest) = raw.split_at_checked(colon).ok_or(BadUri::Scheme)?;
        let rest = rest.get(1..).unwrap_or_default();
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        if !name.first().is_some_and(u8::is_ascii_alphabetic) || !name.iter().all(plain) {
            return Err(BadUri::Scheme);
        }
        let scheme = match name {
            name if name.eq_ignore_ascii_case(b"sip") => Scheme::Sip,
            name if name.eq_ignore_ascii_case(b"sips") => Scheme::Sips,
            name if name.eq_ignore_ascii_case(b"tel") => Scheme::Tel,
            name => Scheme::Other(name),
        };
        match scheme {
            Scheme::Sip | Scheme::Sips => Self::read_sip(raw, scheme, rest),
            Scheme::Tel | Scheme::Other(_) => {
                let (host, params) = cut_before(rest, b";");
                let params = Params::new(params);
                Ok(Uri {
                    raw,
                    scheme,
                    user: None,
                    password: None,
                    host,
                    port: None,
                    params,
                    headers: None,
                })
            }
        }
    }

    fn read_sip(raw: &'a [u8], scheme: Scheme<'a>, rest: &'a [u8]) -> Result<Uri<'a>, BadUri> {
        // The user part may hold ';', '?' and '/', so the '@' is looked for first.
        let (userinfo, rest) = match rest
            .iter()
            .position(|byte| *byte == b'@')
            .and_then(|at| rest.split_at_checked(at))
        {
            Some((userinfo, rest)) => (Some(userinfo), rest.get(1..).unwrap_or_default()),
            None => (None, rest),
        };
        if rest.contains(&b'@') || userinfo.is_some_and(<[u8]>::is_empty) {
            return Err(BadUri::User);
        }
        let (user, password) = match userinfo {
            Some(info) => {
                let (user, password) = cut_before(info, b":");
                (Some(user), password.get(1..))
            }
            None => (None, None),
        };
        let (authority, tail) = cut_before(rest, b";?");
        let (params, headers) = cut_before(tail, b"?");
        let (host, port) = host_port(authority)?;
        Ok(Uri {
            raw,
            scheme,
            user,
            password,
            host,
            port,
            params: Params::new(params),
            headers: headers.get(1..),
        })
    }

    pub fn as_bytes(&self) -> &'a [u8] {
        self.raw
    }

    pub fn scheme(&self) -> Scheme<'a> {
        self.scheme
    }

    /// As it stands, escapes and all.
    pub fn user(&self) -> Option<&'a [u8]> {
        self.user
    }

    /// With `%`-escapes decoded.
    pub fn decoded_user(&self) -> Option<Cow<'a, [u8]>> {
        self.user.map(unescape)
    }

    pub fn password(&self) -> Option<&'a [u8]> {
        self.password
    }

    /// A name, an IPv4 address, or an IPv6 reference with its brackets; of `tel:` the number.
    pub fn host(&self) -> &'a [u8] {
        self.host
    }

    /// The host when it is an address.
    pub fn host_ip(&self) -> Option<IpAddr> {
        ip(self.host)
    }

    pub fn port(&self) -> Option<u16> {
        self.port
    }

    pub fn params(&self) -> Params<'a> {
        self.params
    }

    pub fn param(&self, name: &str) -> Option<&'a [u8]> {
        self.params.get(name)
    }

    /// What follows the question mark.
    pub fn headers(&self) -> Option<&'a [u8]> {
        self.headers
    }

    /// Equality of RFC 3261 section 19.1.4: escapes, case and the order of parameters do not count.
    pub fn equivalent(&self, other: &Uri<'_>) -> bool {
        let same_scheme = match (self.scheme, other.scheme) {
            (Scheme::Other(a), Scheme::Other(b)) => a.eq_ignore_ascii_case(b),
            (a, b) => std::mem::discriminant(&a) == std::mem::discriminant(&b),
        };
        same_scheme
            && same(self.user, other.user, |a, b| unescape(a) == unescape(b))
            && same(self.password, other.password, |a, b| unescape(a) == unescape(b))
            && self.port == other.port
            && same_host(self.host, other.host)
            && same_params(self.params, other.params)
            && same_headers(self.headers, other.headers)
    }
}

fn cut_before<'a>(bytes: &'a [u8], stops: &[u8]) -> (&'a [u8], &'a [u8]) {
    let at = bytes
        .iter()
        .position(|byte| stops.contains(byte))
        .unwrap_or(bytes.len());
    bytes.split_at_checked(at).unwrap_or((bytes, b""))
}

/// Reads `host[:port]`; the host keeps the brackets of an IPv6 reference.
pub(super) fn host_port(bytes: &[u8]) -> Result<(&[u8], Option<u16>), BadUri> {
    let bytes = scan::trim(bytes);
    let end = match bytes.first() {
        Some(b'[') => bytes
            .iter()
            .position(|byte| *byte == b']')
            .map(|at| at + 1)
            .ok_or(BadUri::Host)?,
        _ => bytes.iter().position(|byte| *byte == b':').unwrap_or(bytes.len()),
    };
    let (host, port) = bytes.split_at_checked(end).ok_or(BadUri::Host)?;
    let host = scan::trim(host);
    let port = match scan::trim(port) {
        [] => None,
        [b':', digits @ ..] => Some(scan::number(digits).ok_or(BadUri::Port)?),
        _ => return Err(BadUri::Host),
    };
    let good = match host {
        [b'[', ..] => ip(host).is_some(),
        host => {
            !host.is_empty()
                && host
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(byte))
        }
    };
    if good { Ok((host, port)) } else { Err(BadUri::Host) }
}

pub(super) fn ip(host: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(host).ok()?;
    match text.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => text.parse().ok(),
    }
}

/// `%`-escapes decoded; a malformed escape stays as it is.
pub fn unescape(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.contains(&b'%') {
        return Cow::Borrowed(bytes);
    }
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let escape = (*first == b'%').then(|| hex_pair(after)).flatten();
        plain.push(escape.unwrap_or(*first));
        rest = if escape.is_some() {
            after.get(2..).unwrap_or_default()
        } else {
            after
        };
    }
    Cow::Owned(plain)
}

fn hex_pair(bytes: &[u8]) -> Option<u8> {
    let pair = std::str::from_utf8(bytes.get(..2)?).ok()?;
    pair.bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then(|| u8::from_str_radix(pair, 16).ok())
        .flatten()
}

fn same(a: Option<&[u8]>, b: Option<&[u8]>, equal: impl Fn(&[u8], &[u8]) -> bool) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => equal(a, b),
        _ => false,
    }
}

fn same_host(a: &[u8], b: &[u8]) -> bool {
    a.eq_ignore_ascii_case(b) || matches!((ip(a), ip(b)), (Some(a), Some(b)) if a == b)
}

/// A parameter in both must match; user, ttl, method, maddr and transport must be in both or in neither. Of one that is
/// there twice, against section 19.1.1, the first counts.
fn same_params(a: Params<'_>, b: Params<'_>) -> bool {
    fn first<'a>(params: Params<'a>, name: &[u8]) -> Option<Cow<'a, [u8]>> {
        let (_, value) = params.iter().find(|(found, _)| found.eq_ignore_ascii_case(name))?;
        Some(unescape(value.unwrap_or_default()))
    }
    let one_way = |a: Params<'_>, b: Params<'_>| {
        a.iter().all(|(name, _)| {
            let strict = [&b"user"[..], b"ttl", b"method", b"maddr", b"transport"];
            match (first(a, name), first(b, name)) {
                (Some(value), Some(other)) => value.eq_ignore_ascii_case(&other),
                (_, None) => !strict.iter().any(|strict| name.eq_ignore_ascii_case(strict)),
                (None, Some(_)) => false,
            }
        })
    };
    one_way(a, b) && one_way(b, a)
}

fn same_headers(a: Option<&[u8]>, b: Option<&[u8]>) -> bool {
    let parts = |bytes: Option<&[u8]>| {
        let mut parts: Vec<Vec<u8>> = bytes
            .unwrap_or_default()
            .split(|byte| *byte == b'&')
            .map(|part| unescape(part).to_ascii_lowercase())
            .collect();
        parts.sort();
        parts
    };
    (a.is_none() && b.is_none()) || parts(a) == parts(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_equivalent_as_section_19_1_4_says() {
        let equal = [
            (
                "sip:%61lice@atlanta.com;transport=TCP",
                "sip:alice@AtLanTa.CoM;Transport=tcp",
            ),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
            (
                "sip:carol@chicago.com;twice=1;twice=2",
                "sip:carol@chicago.com;twice=1;twice=2",
            ),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
            (
                "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
            ),
            ("sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0::1]"),
        ];
        let different = [
            (
                "SIP:ALICE@AtLanTa.CoM;Transport=udp",
                "sip:alice@AtLanTa.CoM;Transport=UDP",
            ),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
            ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
            ("sip:bob@biloxi.com", "sips:bob@biloxi.com"),
        ];
        for (pairs, expected) in [(&equal[..], true), (&different[..], false)] {
            for (a, b) in pairs {
                let (a, b) = (Uri::read(a.as_bytes()).unwrap(), Uri::read(b.as_bytes()).unwrap());
                assert_eq!(a.equivalent(&b), expected, "{a:?} {b:?}");
                assert_eq!(b.equivalent(&a), expected);
            }
        }
    }

    #[test]
    fn a_uri_is_read_into_its_parts() {
        let uri = Uri::read(b"sip:john.doe;x=1:pw@[::1]:5070;lr;maddr=1.2.3.4?a=b").unwrap();
        assert_eq!(uri.user(), Some(&b"john.doe;x=1"[..]));
        assert_eq!(uri.password(), Some(&b"pw"[..]));
        assert_eq!(uri.host_ip(), Some("::1".parse().unwrap()));
        assert_eq!(uri.port(), Some(5070));
        assert!(uri.params().has("LR"));
        assert_eq!(uri.param("maddr"), Some(&b"1.2.3.4"[..]));
        assert_eq!(uri.headers(), Some(&b"a=b"[..]));
        let tel = Uri::read(b"tel:+7-812;phone-context=x").unwrap();
        assert_eq!((tel.scheme(), tel.host()), (Scheme::Tel, &b"+7-812"[..]));
        for bad in [
            "",
            "101",
            "sip:",
            "sip:a@",
            "sip:@h",
            "sip:a@h:x",
            "sip:a@h:70000",
            "sip:a@[::1",
            "sip:a b@h",
            "<sip:a@h>",
        ] {
            assert!(Uri::read(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
