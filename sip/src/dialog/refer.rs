//! REFER (RFC 3515): whom a peer wants called, and with which header fields.

use super::replaces::Replaces;
use super::text;
use crate::wire::{HeaderName, Message, NameAddr, Scheme, unescape};

/// More header fields inside a URI than this are not meant well.
const MAX_EMBEDDED: usize = 16;

/// The target of a REFER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferTo {
    /// Without `method` and without the embedded header fields: what a Request-URI may be.
    pub uri: String,
    /// The display name; empty: none.
    pub display: String,
    /// The URI's `method`; INVITE when it has none.
    pub method: String,
    /// Header fields that the new request shall carry, unescaped.
    pub headers: Vec<(String, Vec<u8>)>,
}

/// Not exactly one Refer-To, or none that can be read: 400 (RFC 3515 section 2.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one Refer-To with a URI")]
pub struct BadReferTo;

impl ReferTo {
    pub fn read(request: &Message) -> Result<ReferTo, BadReferTo> {
        let mut values = request.headers(HeaderName::ReferTo);
        let value = Message::unfold(values.next().ok_or(BadReferTo)?);
        if values.next().is_some() {
            return Err(BadReferTo);
        }
        let name = NameAddr::read(&value).map_err(|_| BadReferTo)?;
        let uri = name.uri().map_err(|_| BadReferTo)?;
        let sip = matches!(uri.scheme(), Scheme::Sip | Scheme::Sips);
        let (raw, embedded) = cut(uri.as_bytes(), sip.then(|| uri.headers()).flatten());
        let method = uri.param("method").filter(|_| sip).unwrap_or(b"INVITE");
        Ok(ReferTo {
            uri: if sip { without_method(raw, &uri) } else { text(raw) },
            display: name.display().into_owned(),
            method: text(method),
            headers: headers(embedded)?,
        })
    }

    /// The embedded Replaces of an attended transfer; `Err` when there is one that cannot be read.
    pub fn replaces(&self) -> Result<Option<Replaces>, BadReferTo> {
        let mut found = self
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("Replaces"));
        let Some((_, value)) = found.next() else {
            return Ok(None);
        };
        if found.next().is_some() {
            return Err(BadReferTo);
        }
        Replaces::read(value).map(Some).map_err(|_| BadReferTo)
    }
}

/// Whether the sender of a REFER wants no NOTIFYs about it (RFC 4488 section 4).
pub fn wants_no_subscription(request: &Message) -> bool {
    request
        .header(HeaderName::Other("Refer-Sub"))
        .and_then(|value| value.split(|byte| *byte == b';').next())
        .is_some_and(|value| value.trim_ascii().eq_ignore_ascii_case(b"false"))
}

/// Referred-By as it came (RFC 3892): whoever signed it wants it whole.
pub fn referred_by(request: &Message) -> Option<String> {
    request.header(HeaderName::ReferredBy).map(text)
}

/// The URI up to its header fields, and these.
fn cut<'a>(raw: &'a [u8], headers: Option<&'a [u8]>) -> (&'a [u8], &'a [u8]) {
    match headers {
        Some(headers) => {
            let end = raw.len().saturating_sub(headers.len() + 1);
            (raw.get(..end).unwrap_or(raw), headers)
        }
        None => (raw, b""),
    }
}

/// `method` says what to send and is no part of the address (RFC 3261 section 19.1.1).
fn without_method(raw: &[u8], uri: &crate::wire::Uri<'_>) -> String {
    let params = uri.params();
    if !params.has("method") {
        return text(raw);
    }
    let end = raw.len().saturating_sub(params.as_bytes().len());
    let mut plain = raw.get(..end).unwrap_or(raw).to_vec();
    for (name, value) in params.iter() {
        if !name.eq_ignore_ascii_case(b"method") {
            plain.push(b';');
            plain.extend_from_slice(name);
            if let Some(value) = value {
                plain.push(b'=');
                plain.extend_from_slice(value);
            }
        }
    }
    text(&plain)
}

fn headers(embedded: &[u8]) -> Result<Vec<(String, Vec<u8>)>, BadReferTo> {
    let mut found = Vec::new();
    for field in embedded.split(|byte| *byte == b'&').filter(|field| !field.is_empty()) {
        let end = field.iter().position(|byte| *byte == b'=').ok_or(BadReferTo)?;
        let (name, value) = field.split_at_checked(end).ok_or(BadReferTo)?;
        let value = unescape(value.get(1..).unwrap_or_default());
        let broken = value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
        if name.is_empty() || broken || found.len() == MAX_EMBEDDED {
            return Err(BadReferTo);
        }
        found.push((text(&unescape(name)), value.into_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::wire::Framing;

    fn request(fields: &str) -> Message {
        let text = format!("REFER sip:a@b SIP/2.0\r\n{fields}\r\n\r\n");
        Message::parse(Bytes::from(text), Framing::Datagram).unwrap()
    }

    #[test]
    fn a_blind_transfer_names_a_uri() {
        let read = ReferTo::read(&request("r: \"Bob, B.\" <sip:102@pbx.example;user=phone>")).unwrap();
        assert_eq!(read.uri, "sip:102@pbx.example;user=phone");
        assert_eq!((&*read.display, &*read.method), ("Bob, B.", "INVITE"));
        assert_eq!(read.replaces(), Ok(None));
        let bare = ReferTo::read(&request("Refer-To: sip:102@pbx.example?Subject=a%20b")).unwrap();
        assert_eq!(bare.uri, "sip:102@pbx.example");
        assert_eq!(bare.headers, [("Subject".to_owned(), b"a b".to_vec())]);
        let tel = ReferTo::read(&request("Refer-To: <tel:+74951234567>")).unwrap();
        assert_eq!(tel.uri, "tel:+74951234567");
    }

    #[test]
    fn an_attended_transfer_names_the_dialog_to_replace() {
        let value = "<sip:102@192.0.2.7:5060;transport=tcp;method=INVITE;ob?Replaces=c%40h%3Bto-tag%3D1%3Bfrom-tag%3D2\
                     &Require=replaces>";
        let read = ReferTo::read(&request(&format!("Refer-To: {value}"))).unwrap();
        assert_eq!(read.uri, "sip:102@192.0.2.7:5060;transport=tcp;ob");
        let replaces = read.replaces().unwrap().unwrap();
        assert_eq!((&replaces.call_id[..], &replaces.to_tag[..]), (&b"c@h"[..], &b"1"[..]));
        assert_eq!(read.headers.len(), 2);
    }

    #[test]
    fn what_is_not_one_uri_with_clean_fields_is_refused() {
        let many = (0..17).map(|_| "a=b").collect::<Vec<_>>().join("&");
        for bad in [
            String::new(),
            "Refer-To: <sip:102@h>\r\nRefer-To: <sip:103@h>".to_owned(),
            "Refer-To: <102>".to_owned(),
            "Refer-To: <sip:102@h?Subject=a%0d%0aVia:%20x>".to_owned(),
            "Refer-To: <sip:102@h?Subject>".to_owned(),
            format!("Refer-To: <sip:102@h?{many}>"),
        ] {
            assert_eq!(
                ReferTo::read(&request(&format!("X: y\r\n{bad}"))),
                Err(BadReferTo),
                "{bad}"
            );
        }
        let twice = request("Refer-To: <sip:102@h?Replaces=a&Replaces=b>");
        assert_eq!(ReferTo::read(&twice).unwrap().replaces(), Err(BadReferTo));
    }

    #[test]
    fn whoever_wants_no_notifies_says_so() {
        assert!(wants_no_subscription(&request("Refer-Sub: False;x=y")));
        assert!(!wants_no_subscription(&request("Refer-Sub: true")));
        assert!(!wants_no_subscription(&request("X: false")));
        let signed = "<sip:101@pbx.example>;cid=\"20398823.2UWQFN309shb3@referrer.example\"";
        assert_eq!(referred_by(&request(&format!("b: {signed}"))).as_deref(), Some(signed));
    }
}
