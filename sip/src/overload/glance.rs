//! What can be told of a message from its bytes without reading it in full.

use std::hash::{DefaultHasher, Hasher};
use std::net::SocketAddr;

use memchr::memchr;

/// Whose turn comes first when not everything can be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Responses, requests inside dialogs, ACK, CANCEL, PRACK, BYE: somebody talks, or is being put through.
    Ongoing,
    /// REGISTER, and requests with credentials: work has gone into them already, or into whom they come from.
    Standing,
    /// All others: strangers, new calls.
    New,
}

/// A message at first sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Glance {
    pub(super) rank: Rank,
    /// What retransmissions share; `None` for responses, ACK and what cannot be read.
    pub(super) key: Option<u64>,
    /// The key of the INVITE that a CANCEL is about.
    pub(super) cancels: Option<u64>,
    /// The key of the INVITE whose refusal an ACK confirms, or whose answer.
    pub(super) confirms: Option<u64>,
    /// An INVITE outside dialogs.
    pub(super) calls: bool,
}

/// What is between the line feeds.
#[derive(Debug, Clone)]
pub(super) struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Lines<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Lines<'a> {
        Lines { rest: bytes }
    }

    /// The first line that is not empty, without the white space around it.
    pub(super) fn start_line(&mut self) -> &'a [u8] {
        let mut lines = self.map(<[u8]>::trim_ascii);
        lines.find(|line| !line.is_empty()).unwrap_or_default()
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr(b'\n', self.rest).unwrap_or(self.rest.len());
        let line = self.rest.get(..end).unwrap_or_default();
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        Some(line)
    }
}

#[derive(Debug, Default)]
struct Seen<'a> {
    call_id: &'a [u8],
    cseq: &'a [u8],
    to_tag: bool,
    credentials: bool,
}

impl Glance {
    /// `seed` keeps strangers from making keys that meet.
    pub(super) fn at(bytes: &[u8], peer: SocketAddr, seed: u64) -> Glance {
        let mut lines = Lines::of(bytes);
        let first = lines.start_line();
        let method = first.split(|byte| *byte == b' ').next().unwrap_or_default();
        if method.starts_with(b"SIP/") || method.len() == first.len() {
            return Glance::plain(Rank::Ongoing);
        }
        let seen = Seen::of(lines);
        let key = |method: &[u8]| {
            let mut hash = DefaultHasher::new();
            hash.write_u64(seed);
            let number = seen.cseq.split(u8::is_ascii_whitespace).next().unwrap_or_default();
            for part in [method, seen.call_id, number] {
                hash.write_usize(part.len());
                hash.write(part);
            }
            std::hash::Hash::hash(&peer, &mut hash);
            hash.finish()
        };
        match method {
            b"ACK" => Glance {
                confirms: Some(key(b"INVITE")),
                ..Glance::plain(Rank::Ongoing)
            },
            b"CANCEL" => Glance {
                key: Some(key(method)),
                cancels: Some(key(b"INVITE")),
                ..Glance::plain(Rank::Ongoing)
            },
            _ => Glance {
                key: Some(key(method)),
                calls: method == b"INVITE" && !seen.to_tag,
                ..Glance::plain(seen.rank(method))
            },
        }
    }

    fn plain(rank: Rank) -> Glance {
        Glance {
            rank,
            key: None,
            cancels: None,
            confirms: None,
            calls: false,
        }
    }
}

/// The user of the Request-URI, as it stands there; the host where there is none.
pub(super) fn called(bytes: &[u8]) -> &[u8] {
    let first = Lines::of(bytes).start_line();
    let uri = first.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    let scheme = memchr(b':', uri).map_or(0, |colon| colon + 1);
    let rest = uri.get(scheme..).unwrap_or_default();
    rest.split(|byte| b"@;:?".contains(byte)).next().unwrap_or_default()
}

impl<'a> Seen<'a> {
    fn of(lines: impl Iterator<Item = &'a [u8]>) -> Seen<'a> {
        let mut seen = Seen::default();
        let mut in_to = false;
        for line in lines {
            let folded = matches!(line.first(), Some(b' ' | b'\t'));
            let line = line.trim_ascii();
            if line.is_empty() {
                break;
            }
            if folded {
                seen.to_tag |= in_to && has_tag(line);
                continue;
            }
            in_to = false;
            let tells = |first: &u8| matches!(first.to_ascii_lowercase(), b'a' | b'c' | b'i' | b'p' | b't');
            if !line.first().is_some_and(tells) {
                continue;
            }
            let (name, value) = field(line);
            match name {
                b"t" | b"T" => in_to = true,
                b"i" | b"I" => seen.call_id = value,
                name if name.eq_ignore_ascii_case(b"To") => in_to = true,
                name if name.eq_ignore_ascii_case(b"Call-ID") => seen.call_id = value,
                name if name.eq_ignore_ascii_case(b"CSeq") => seen.cseq = value,
                name if name.eq_ignore_ascii_case(b"Authorization")
                    || name.eq_ignore_ascii_case(b"Proxy-Authorization") =>
                {
                    seen.credentials = true;
                }
                _ => {}
            }
            seen.to_tag |= in_to && has_tag(value);
        }
        seen
    }

    fn rank(&self, method: &[u8]) -> Rank {
        match method {
            _ if self.to_tag => Rank::Ongoing,
            b"BYE" | b"PRACK" => Rank::Ongoing,
            b"REGISTER" => Rank::Standing,
            _ if self.credentials => Rank::Standing,
            _ => Rank::New,
        }
    }
}

/// The name and the value of a header field.
pub(super) fn field(line: &[u8]) -> (&[u8], &[u8]) {
    let colon = memchr(b':', line).unwrap_or(line.len());
    let (name, value) = line.split_at_checked(colon).unwrap_or_default();
    (name.trim_ascii_end(), value.get(1..).unwrap_or_default().trim_ascii())
}

/// A tag among the parameters of a To: after the last `>`, or anywhere when there is none.
pub(super) fn has_tag(value: &[u8]) -> bool {
    let from = value.iter().rposition(|byte| *byte == b'>').unwrap_or(0);
    let params = value
        .get(from..)
        .unwrap_or_default()
        .split(|byte| *byte == b';')
        .skip(1);
    let mut names = params.map(|param| param.split(|byte| *byte == b'=').next().unwrap_or_default());
    names.any(|name| name.trim_ascii().eq_ignore_ascii_case(b"tag"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Framing, Message, Method};

    fn look(text: &str) -> Glance {
        let peer = SocketAddr::from(([192, 0, 2, 1], 5060));
        Glance::at(text.replace('\n', "\r\n").as_bytes(), peer, 7)
    }

    fn rank(method: &str, headers: &str) -> Rank {
        look(&format!(
            "{method} sip:x SIP/2.0\nCall-ID: a\nCSeq: 7 {method}\n{headers}\n\nTo: <sip:x>;tag=body\n"
        ))
        .rank
    }

    #[test]
    fn calls_in_progress_come_before_registrations_and_these_before_new_calls() {
        for ongoing in [
            ("INVITE", "To: <sip:x>;tag=1"),
            ("INVITE", "t:\"A;B\" <sip:x;y=z> ; Tag=1"),
            ("UPDATE", "To: sip:x;tag=1"),
            ("REFER", "To: <sip:x>\n ;tag=1"),
            ("ACK", "To: <sip:x>"),
            ("CANCEL", "To: <sip:x>"),
            ("BYE", "To: <sip:x>"),
        ] {
            assert_eq!(rank(ongoing.0, ongoing.1), Rank::Ongoing, "{ongoing:?}");
        }
        for standing in [
            ("REGISTER", "To: <sip:x>"),
            ("INVITE", "To: <sip:x>\nAuthorization: Digest username=\"a\""),
            ("SUBSCRIBE", "To: <sip:x>\nproxy-authorization : Digest username=\"a\""),
        ] {
            assert_eq!(rank(standing.0, standing.1), Rank::Standing, "{standing:?}");
        }
        for new in [
            ("INVITE", "To: <sip:x>"),
            ("INVITE", "To: <sip:x;tag=1>"),
            ("INVITE", "To: <sip:x>\nFrom: <sip:y>;tag=1"),
            ("INVITE", "To: <sip:x>\nX:\n ;tag=1"),
            ("OPTIONS", "To: <sip:x>"),
        ] {
            assert_eq!(rank(new.0, new.1), Rank::New, "{new:?}");
        }
        for other in ["SIP/2.0 200 OK\nTo: <sip:x>\n\n", "\n\n", "", "rubbish", "\u{0}"] {
            assert_eq!(look(other), Glance::plain(Rank::Ongoing), "{other:?}");
        }
    }

    #[test]
    fn whom_a_request_calls_stands_in_its_first_line() {
        for (line, user) in [
            ("INVITE sip:112@pbx.example SIP/2.0", "112"),
            ("INVITE sip:112;phone-context=x@pbx.example SIP/2.0", "112"),
            ("INVITE tel:112 SIP/2.0", "112"),
            ("INVITE sip:112:secret@pbx SIP/2.0", "112"),
            ("INVITE sip:pbx.example:5060 SIP/2.0", "pbx.example"),
            ("INVITE", ""),
            ("", ""),
        ] {
            assert_eq!(
                called(format!("\r\n{line}\r\n\r\n").as_bytes()),
                user.as_bytes(),
                "{line}"
            );
        }
    }

    #[test]
    fn retransmissions_share_a_key_and_nothing_else_does() {
        let one = look("INVITE sip:x SIP/2.0\nCall-ID: a\nCSeq: 7 INVITE\n\n");
        let same = look("INVITE sip:x SIP/2.0\nTo: <sip:x>\ni:  a \nCSEQ: 7  INVITE\n\n");
        let cancel = look("CANCEL sip:x SIP/2.0\nCall-ID: a\nCSeq: 7 CANCEL\n\n");
        assert_eq!(one.key, same.key);
        assert_eq!(cancel.cancels, one.key);
        assert_ne!(cancel.key, one.key);
        assert!(one.calls && !cancel.calls);
        for other in [
            "INVITE sip:x SIP/2.0\nCall-ID: a\nCSeq: 8 INVITE\n\n",
            "INVITE sip:x SIP/2.0\nCall-ID: b\nCSeq: 7 INVITE\n\n",
            "OPTIONS sip:x SIP/2.0\nCall-ID: a\nCSeq: 7 OPTIONS\n\n",
        ] {
            assert_ne!(look(other).key, one.key, "{other}");
        }
    }

    /// The reader in full has the last word on what is inside a dialog and which request is which.
    #[test]
    fn the_first_sight_of_the_torture_messages_agrees_with_their_reading() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/torture");
        let mut seen = 0;
        for rfc in ["rfc4475", "rfc5118"] {
            for entry in std::fs::read_dir(folder.join(rfc)).unwrap() {
                let path = entry.unwrap().path();
                let bytes = bytes::Bytes::from(std::fs::read(&path).unwrap());
                let glance = Glance::at(&bytes, ([192, 0, 2, 1], 5060).into(), 7);
                let read = Message::parse(bytes, Framing::Datagram);
                let Some(message) = read.ok().filter(|message| message.fault().is_none()) else {
                    continue;
                };
                seen += 1;
                let method = message.method();
                let in_call = message.to_tag().is_some()
                    || ["ACK", "CANCEL", "BYE"].map(str::as_bytes).contains(&method.as_bytes());
                let ongoing = !message.is_request() || in_call;
                assert_eq!(glance.rank == Rank::Ongoing, ongoing, "{}", path.display());
                let repeats = message.is_request() && method != Method::Ack;
                assert_eq!(glance.key.is_some(), repeats, "{}", path.display());
            }
        }
        assert!(seen > 20, "{seen}");
    }

    proptest::proptest! {
        #[test]
        fn no_octets_do_harm(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let peer = SocketAddr::from(([192, 0, 2, 1], 5060));
            let one = Glance::at(&bytes, peer, 7);
            proptest::prop_assert_eq!(one, Glance::at(&bytes, peer, 7));
        }
    }
}
