//! From, To, Contact, Route ...: a name, a URI and parameters.

use std::borrow::Cow;

use super::scan::{self, Params};
use super::uri::{BadUri, Uri};

/// A value is not `[display] <uri>;params` nor `uri;params`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadNameAddr {
    #[error("the display name is malformed")]
    Display,
    #[error("the angle brackets do not match")]
    Brackets,
    #[error("the parameters are malformed")]
    Params,
    #[error(transparent)]
    Uri(#[from] BadUri),
}

/// A name-addr or addr-spec (RFC 3261 section 25.1) in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameAddr<'a> {
    display: &'a [u8],
    uri: &'a [u8],
    params: Params<'a>,
}

impl<'a> NameAddr<'a> {
    pub fn read(value: &'a [u8]) -> Result<NameAddr<'a>, BadNameAddr> {
        let value = scan::trim(value);
        let open = match scan::quoted(value) {
            Some(end) => {
                let rest = value.get(end..).unwrap_or_default();
                let spaces = rest.iter().take_while(|byte| scan::is_space(**byte)).count();
                if rest.get(spaces) != Some(&b'<') {
                    return Err(BadNameAddr::Display);
                }
                Some(end + spaces)
            }
            None if value.first() == Some(&b'"') => return Err(BadNameAddr::Display),
            None => value.iter().position(|byte| *byte == b'<'),
        };
        let Some(open) = open else {
            // Without brackets the parameters belong to the header, not to the URI (section 20).
            let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
            let (uri, params) = value.split_at_checked(end).unwrap_or((value, b""));
            if uri.contains(&b'"') {
                return Err(BadNameAddr::Display);
            }
            return Ok(NameAddr {
                display: b"",
                uri: scan::trim(uri),
                params: Params::new(params),
            });
        };
        let display = scan::trim(value.get(..open).unwrap_or_default());
        let inside = value.get(open + 1..).unwrap_or_default();
        let close = inside
            .iter()
            .position(|byte| *byte == b'>')
            .ok_or(BadNameAddr::Brackets)?;
        let (uri, rest) = inside.split_at_checked(close).ok_or(BadNameAddr::Brackets)?;
        let params = scan::trim(rest.get(1..).unwrap_or_default());
        if !params.is_empty() && params.first() != Some(&b';') {
            return Err(BadNameAddr::Params);
        }
        let tokens = |byte: &u8| scan::is_space(*byte) || scan::is_token(&[*byte]) || !byte.is_ascii();
        if display.first() != Some(&b'"') && !display.iter().all(tokens) {
            return Err(BadNameAddr::Display);
        }
        Ok(NameAddr {
            display,
            uri,
            params: Params::new(params),
        })
    }

    /// The name without quotes and escapes; empty when there is none.
    pub fn display(&self) -> Cow<'a, str> {
        let Some(inner) = self
            .display
            .strip_prefix(b"\"")
            .and_then(|rest| rest.strip_suffix(b"\""))
        else {
            return String::from_utf8_lossy(self.display);
        };
        if !inner.contains(&b'\\') {
            return String::from_utf8_lossy(inner);
        }
        let mut plain = Vec::with_capacity(inner.len());
        let mut escaped = false;
        for byte in inner {
            if !escaped && *byte == b'\\' {
                escaped = true;
            } else {
                plain.push(*byte);
                escaped = false;
            }
        }
        Cow::Owned(String::from_utf8_lossy(&plain).into_owned())
    }

    pub fn uri(&self) -> Result<Uri<'a>, BadUri> {
        Uri::read(self.uri)
    }

    pub fn raw_uri(&self) -> &'a [u8] {
        self.uri
    }

    /// The header's parameters (tag, expires, q ...), not the URI's.
    pub fn params(&self) -> Params<'a> {
        self.params
    }

    pub fn param(&self, name: &str) -> Option<&'a [u8]> {
        self.params.get(name)
    }

    pub fn tag(&self) -> Option<&'a [u8]> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_uris_and_parameters_are_told_apart() {
        let read = |value: &'static str| NameAddr::read(value.as_bytes()).unwrap();
        let full = read("\"Joe \\\"J\\\" <x>, Jr\" <sip:joe@h;lr>;tag=1;q=0.5");
        assert_eq!(full.display(), "Joe \"J\" <x>, Jr");
        assert_eq!(full.raw_uri(), b"sip:joe@h;lr");
        assert_eq!(full.tag(), Some(&b"1"[..]));
        let bare = read("sip:joe@h;tag=7");
        assert_eq!((bare.raw_uri(), bare.tag()), (&b"sip:joe@h"[..], Some(&b"7"[..])));
        assert_eq!(read("caller<sip:caller@h>").display(), "caller");
        for bad in [
            "\"Joe <sip:joe@h>",
            "<sip:joe@h",
            "Joe, Jr <sip:joe@h>",
            "<sip:joe@h> x",
        ] {
            assert!(NameAddr::read(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
