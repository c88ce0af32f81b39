//! The Session-ID header (RFC 7989), and its older form without `remote` (RFC 7329).

use std::fmt;

use super::message::Message;
use super::names::HeaderName;
use super::scan::{self, Params};

/// The header's name as we write it.
pub const SESSION_ID: &str = "Session-ID";
const DIGITS: usize = 32;

/// What one side of a session is called in everybody's logs: 128 bits that say nothing about who that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionUuid(u128);

impl SessionUuid {
    /// Nobody is known yet (RFC 7989 section 5).
    pub const NIL: SessionUuid = SessionUuid(0);

    /// One of chance alone (RFC 4122 section 4.4).
    pub(crate) fn of_chance(chance: u128) -> SessionUuid {
        let (version, variant) = (0xf << 76, 0b11 << 62);
        SessionUuid(chance & !version & !variant | 4 << 76 | 0b10 << 62)
    }

    /// 32 hexadecimal digits; capital ones are taken for small ones. One that is not nil has a letter among them: without
    /// any it is not of chance, and somebody's number may have been put there.
    pub fn read(text: &[u8]) -> Option<SessionUuid> {
        let plain = text.len() == DIGITS && text.iter().all(u8::is_ascii_hexdigit);
        let lettered = text.iter().any(u8::is_ascii_alphabetic);
        let text = std::str::from_utf8(text).ok().filter(|_| plain)?;
        let uuid = u128::from_str_radix(text, 16).ok().map(SessionUuid)?;
        (lettered || uuid.is_nil()).then_some(uuid)
    }

    pub fn is_nil(self) -> bool {
        self == SessionUuid::NIL
    }
}

impl fmt::Display for SessionUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; DIGITS];
        hex::encode_to_slice(self.0.to_be_bytes(), &mut digits).map_err(|_| fmt::Error)?;
        f.write_str(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

/// Both sides of a session, as the one who writes the header sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionIds {
    /// The writer's own.
    pub local: SessionUuid,
    /// The other's as far as the writer knows it, else nil.
    pub remote: SessionUuid,
}

impl SessionIds {
    /// The same as the other side writes it.
    pub fn mirrored(self) -> SessionIds {
        SessionIds {
            local: self.remote,
            remote: self.local,
        }
    }

    fn read(value: &[u8]) -> Option<SessionIds> {
        let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
        let (local, params) = value.split_at_checked(end)?;
        let remote = match Params::new(params).get("remote") {
            Some(remote) => SessionUuid::read(remote)?,
            None => SessionUuid::NIL,
        };
        Some(SessionIds {
            local: SessionUuid::read(scan::trim(local))?,
            remote,
        })
    }
}

impl fmt::Display for SessionIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};remote={}", self.local, self.remote)
    }
}

impl Message {
    /// `None`: there is no Session-ID header, more than one, or none that the RFC would know.
    pub fn session_ids(&self) -> Option<SessionIds> {
        let mut values = self.headers(HeaderName::Other(SESSION_ID));
        let value = values.next()?;
        SessionIds::read(value).filter(|_| values.next().is_none())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::wire::Framing;

    const A: &str = "ab30317f1a784dc48ff824d0d3715d86";
    const B: &str = "47755a9de7794ba387653f2099600ef2";

    fn read(header: &str) -> Option<String> {
        let text = format!("OPTIONS sip:a@b SIP/2.0\r\n{header}\r\n\r\n");
        let message = Message::parse(Bytes::from(text), Framing::Datagram).unwrap();
        message.session_ids().map(|ids| ids.to_string())
    }

    #[test]
    fn both_forms_are_read_and_others_are_none() {
        let nil = SessionUuid::NIL;
        let both = Some(format!("{A};remote={B}"));
        assert_eq!(read(&format!("Session-ID: {A};remote={B}")), both);
        assert_eq!(read(&format!("session-id:  {A} ; x=y ; Remote={B}")), both);
        assert_eq!(
            read(&format!("Session-ID: {};remote={B}", A.to_uppercase())),
            both,
            "we write small digits"
        );
        assert_eq!(read(&format!("Session-ID: {A}")), Some(format!("{A};remote={nil}")));
        assert_eq!(
            read(&format!("Session-ID: {A};remote={nil}")),
            Some(format!("{A};remote={nil}"))
        );
        for bad in [
            "",
            "x",
            ";remote=47755a9de7794ba387653f2099600ef2",
            "ab30317f1a784dc48ff824d0d3715d8",
            "ab30317f1a784dc48ff824d0d3715d86a",
            "+b30317f1a784dc48ff824d0d3715d86",
            "00000000000000000000079161234567",
            "ab30317f-1a78-4dc4-8ff8-24d0d3715d86",
            "ab30317f1a784dc48ff824d0d3715d86;remote=",
            "ab30317f1a784dc48ff824d0d3715d86;remote=79161234567",
        ] {
            assert_eq!(read(&format!("Session-ID: {bad}")), None, "{bad}");
        }
        assert_eq!(read(&format!("Session-ID: {A}\r\nSession-ID: {B}")), None);
        assert_eq!(read("Supported: path"), None);
    }

    #[test]
    fn ours_are_of_the_fourth_version_and_differ() {
        let [first, second] = [0xa, u128::MAX].map(SessionUuid::of_chance);
        assert!(first != second && !first.is_nil());
        for uuid in [first, second] {
            let text = uuid.to_string();
            assert_eq!(text.get(12..13), Some("4"), "{text}");
            assert!("89ab".contains(text.get(16..17).unwrap()), "{text}");
            assert_eq!(SessionUuid::read(text.as_bytes()), Some(uuid));
        }
    }
}
