//! What a malformed request deserves, before anybody looks at its meaning (RFC 3261 sections 8.2 and 16.3, RFC 4475).

use super::message::Message;
use super::names::{HeaderName, Method};
use super::scan;
use super::uri::{BadUri, Scheme};
use crate::command::Headers;

/// The answer to a request that cannot be served as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub status: u16,
    pub reason: &'static str,
    pub headers: Headers,
}

fn bad(reason: &'static str) -> Option<Fault> {
    Some(Fault {
        status: 400,
        reason,
        headers: Vec::new(),
    })
}

pub(super) fn of(message: &Message) -> Option<Fault> {
    if !message.is_request() {
        return of_response(message);
    }
    if message.version() != b"SIP/2.0" {
        let known = message
            .version()
            .get(..7)
            .is_some_and(|version| version.eq_ignore_ascii_case(b"SIP/2.0"));
        return if known {
            bad("Malformed Request-Line")
        } else {
            Some(Fault {
                status: 505,
                reason: "Version Not Supported",
                headers: Vec::new(),
            })
        };
    }
    if !scan::is_token(message.method().as_bytes()) {
        return bad("Malformed Request-Line");
    }
    if let Some(flaw) = message.flaw {
        return bad(flaw);
    }
    uri(message).or_else(|| mandatory(message)).or_else(|| values(message))
}

fn of_response(message: &Message) -> Option<Fault> {
    let status = message.status().unwrap_or(0);
    if !(100..700).contains(&status) || message.flaw.is_some() {
        return bad("Malformed response");
    }
    mandatory(message)
}

fn uri(message: &Message) -> Option<Fault> {
    match message.uri() {
        Ok(uri) => match uri.scheme() {
            Scheme::Sip | Scheme::Sips if uri.headers().is_some() => bad("Header fields in Request-URI"),
            Scheme::Sip | Scheme::Sips | Scheme::Tel => None,
            Scheme::Other(_) => Some(Fault {
                status: 416,
                reason: "Unsupported URI Scheme",
                headers: Vec::new(),
            }),
        },
        Err(BadUri::Scheme | BadUri::User | BadUri::Host | BadUri::Port | BadUri::Character) => {
            bad("Malformed Request-URI")
        }
    }
}

/// To, From, CSeq, Call-ID, Max-Forwards and Via, each well formed and the single ones once (section 8.1.1).
/// Max-Forwards may be absent: RFC 2543 did not know it.
fn mandatory(message: &Message) -> Option<Fault> {
    let once = [
        (HeaderName::From, "Missing From", "Several From"),
        (HeaderName::To, "Missing To", "Several To"),
        (HeaderName::CallId, "Missing Call-ID", "Several Call-ID"),
        (HeaderName::CSeq, "Missing CSeq", "Several CSeq"),
    ];
    for (name, missing, several) in once {
        match message.headers(name).count() {
            0 => return bad(missing),
            1 => {}
            _ => return bad(several),
        }
    }
    if message.headers(HeaderName::MaxForwards).count() > 1 {
        return bad("Several Max-Forwards");
    }
    if message.vias().next().is_none() {
        return bad("Missing Via");
    }
    if message.vias().any(|via| via.is_err()) {
        return bad("Malformed Via");
    }
    let broken = |call_id: &[u8]| call_id.iter().any(|byte| byte.is_ascii_control() || *byte == b' ');
    if message.call_id().is_none_or(broken) {
        return bad("Malformed Call-ID");
    }
    match message.cseq() {
        None => bad("Malformed CSeq"),
        Some((_, method)) if message.is_request() && method != message.method() => {
            bad("CSeq method does not match the request")
        }
        Some(_) => None,
    }
}

fn values(message: &Message) -> Option<Fault> {
    let party = |value: Result<super::NameAddr<'_>, _>| value.is_ok_and(|party| party.uri().is_ok());
    if !party(message.from()) {
        return bad("Malformed From");
    }
    if !party(message.to()) {
        return bad("Malformed To");
    }
    if message.header(HeaderName::MaxForwards).is_some() && message.max_forwards().is_none() {
        return bad("Malformed Max-Forwards");
    }
    let star = |value: &[u8]| value == b"*" && message.method() == Method::Register;
    for value in message.values(HeaderName::Contact) {
        if !star(value) && !party(super::NameAddr::read(value)) {
            return bad("Malformed Contact");
        }
    }
    for name in [HeaderName::Route, HeaderName::RecordRoute, HeaderName::Path] {
        if message.values(name).any(|value| !party(super::NameAddr::read(value))) {
            return bad("Malformed Route");
        }
    }
    None
}
