//! Messages out of a byte stream (RFC 3261 section 18.3), with RFC 5626's keep-alives between them.

use bytes::{Buf, Bytes, BytesMut};

use super::message::MAX_MESSAGE;
use super::names::HeaderName;
use super::scan;

/// Longest header section of a stream's message.
const MAX_HEAD: usize = 32 << 10;

/// What a stream gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Framed {
    Message(Bytes),
    /// A double CRLF between messages; wants a single one back.
    Ping,
    /// A single CRLF between messages.
    Pong,
}

/// The stream cannot be followed any further and must be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadStream {
    #[error("a message larger than {MAX_MESSAGE} octets")]
    TooLarge,
    #[error("header fields of more than {MAX_HEAD} octets")]
    HeadTooLarge,
    #[error("a message whose length is not known: no Content-Length that is one number")]
    Length,
    #[error("not SIP")]
    NotSip,
}

/// Collects octets and gives whole messages; holds at most one message and what came with its last read.
#[derive(Debug, Default)]
pub struct StreamFramer {
    buffer: BytesMut,
    /// How far the end of the header section has been looked for.
    searched: usize,
    /// Pings of ours that are not answered.
    pinged: u8,
}

impl StreamFramer {
    pub fn push(&mut self, octets: &[u8]) {
        self.buffer.extend_from_slice(octets);
    }

    /// The next whole message or keep-alive; `None` when more octets are needed.
    pub fn next_frame(&mut self) -> Result<Option<Framed>, BadStream> {
        while self.buffer.first() == Some(&b'\n') {
            self.buffer.advance(1);
        }
        if let Some(keep_alive) = self.keep_alive() {
            return Ok(Some(keep_alive));
        }
        match self.buffer.as_ref() {
            b"" | b"\r" | b"\r\n" | b"\r\n\r" => return Ok(None),
            [byte, ..] if scan::is_token(&[*byte]) => {}
            [..] => return Err(BadStream::NotSip),
        }
        let Some(head) = self.head_end() else {
            return if self.buffer.len() > MAX_HEAD {
                Err(BadStream::HeadTooLarge)
            } else {
                Ok(None)
            };
        };
        if head > MAX_HEAD {
            return Err(BadStream::HeadTooLarge);
        }
        let length = content_length(self.buffer.get(..head).unwrap_or_default())?;
        let whole = head.saturating_add(length);
        if whole > MAX_MESSAGE {
            return Err(BadStream::TooLarge);
        }
        if self.buffer.len() < whole {
            return Ok(None);
        }
        self.searched = 0;
        let message = Bytes::copy_from_slice(self.buffer.get(..whole).unwrap_or_default());
        self.buffer.advance(whole);
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
        Ok(Some(Framed::Message(message)))
    }

    /// A ping has been sent: the next lone CRLF is its answer.
    pub fn expect_pong(&mut self) {
        self.pinged = self.pinged.saturating_add(1);
    }

    /// Whether nothing of a message has come since the last one.
    pub fn is_between_messages(&self) -> bool {
        self.buffer.iter().all(|octet| matches!(octet, b'\r' | b'\n'))
    }

    fn keep_alive(&mut self) -> Option<Framed> {
        if self.buffer.starts_with(b"\r\n\r\n") {
            self.buffer.advance(4);
            return Some(Framed::Ping);
        }
        // A lone CRLF is a pong when one is awaited or something else follows; else it may be the first half of a ping.
        let lone = match self.buffer.get(2) {
            Some(byte) => *byte != b'\r',
            None => self.pinged > 0,
        };
        (lone && self.buffer.starts_with(b"\r\n")).then(|| {
            self.buffer.advance(2);
            self.pinged = self.pinged.saturating_sub(1);
            Framed::Pong
        })
    }

    fn head_end(&mut self) -> Option<usize> {
        let from = self.searched.saturating_sub(3);
        let found = self.buffer.get(from..)?.windows(4).position(|four| four == b"\r\n\r\n");
        self.searched = self.buffer.len();
        found.map(|at| {
            self.searched = from + at;
            from + at + 4
        })
    }
}

fn content_length(head: &[u8]) -> Result<usize, BadStream> {
    let mut length = None;
    let mut lines = head.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let (name, value) = line.split_at_checked(colon).unwrap_or_default();
        if HeaderName::read(scan::trim(name)) != Some(HeaderName::ContentLength) {
            continue;
        }
        let mut value = value.get(1..).unwrap_or_default().to_vec();
        while let Some(folded) = lines.next_if(|line| line.starts_with(b" ") || line.starts_with(b"\t")) {
            value.extend_from_slice(folded);
        }
        let value: usize = scan::number(scan::trim(&value)).ok_or(BadStream::Length)?;
        if length.is_some_and(|length| length != value) {
            return Err(BadStream::Length);
        }
        length = Some(value);
    }
    length.ok_or(BadStream::Length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &[u8] = b"OPTIONS sip:a@b SIP/2.0\r\nl: 3\r\n\r\nabc";

    #[test]
    fn messages_that_arrive_byte_by_byte_are_whole() {
        let mut framer = StreamFramer::default();
        let mut stream = b"\r\n\r\n".to_vec();
        stream.extend_from_slice(ONE);
        stream.extend_from_slice(ONE);
        let mut got = Vec::new();
        for byte in stream {
            framer.push(&[byte]);
            while let Some(framed) = framer.next_frame().unwrap() {
                got.push(framed);
            }
        }
        let message = Framed::Message(Bytes::from_static(ONE));
        assert_eq!(got, [Framed::Ping, message.clone(), message]);
    }

    fn frames(pieces: &[&[u8]]) -> Result<Vec<Framed>, BadStream> {
        let (mut framer, mut got) = (StreamFramer::default(), Vec::new());
        for piece in pieces {
            framer.push(piece);
            while let Some(framed) = framer.next_frame()? {
                got.push(framed);
            }
        }
        Ok(got)
    }

    proptest::proptest! {
        #[test]
        fn any_splitting_of_a_stream_gives_the_same_messages(
            parts in proptest::collection::vec(0_usize..6, 1..12),
            cuts in proptest::collection::vec(proptest::prelude::any::<proptest::sample::Index>(), 0..40),
        ) {
            let large = [&b"MESSAGE sip:a@b SIP/2.0\r\nContent-Length: 60000\r\n\r\n"[..], &[b'\r'; 60_000]].concat();
            let kinds: [&[u8]; 6] = [
                ONE,
                b"SIP/2.0 200 OK\r\nContent-Length :\r\n 0\r\n\r\n",
                b"\r\n\r\n",
                b"NOTIFY sip:a@b SIP/2.0\r\nl: 8\r\n\r\n\r\n\r\nl: 9",
                &large,
                b"INFO sip:a@b SIP/2.0\r\nX: a\r\nl: 0\r\n\r\n",
            ];
            let mut stream: Vec<u8> = parts.iter().flat_map(|part| kinds[*part]).copied().collect();
            stream.extend_from_slice(ONE);
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len())).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]).collect();
            proptest::prop_assert_eq!(frames(&pieces), frames(&[&stream]));
            let whole = frames(&[&stream]).unwrap();
            let expected: Vec<Framed> = parts.iter().map(|part| match kinds[*part] {
                b"\r\n\r\n" => Framed::Ping,
                message => Framed::Message(Bytes::copy_from_slice(message)),
            }).chain([Framed::Message(Bytes::from_static(ONE))]).collect();
            proptest::prop_assert_eq!(whole, expected);
        }

        #[test]
        fn no_octets_whatever_make_the_framer_keep_more_than_a_message(
            octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400),
        ) {
            let mut framer = StreamFramer::default();
            for octet in octets.iter().cycle().take(100_000) {
                framer.push(&[*octet]);
                match framer.next_frame() {
                    Ok(_) => proptest::prop_assert!(framer.buffer.len() <= MAX_MESSAGE),
                    Err(_) => break,
                }
            }
        }
    }

    #[test]
    fn a_pong_is_known_at_once_when_it_is_awaited() {
        let mut framer = StreamFramer::default();
        let give = |framer: &mut StreamFramer, octets: &[u8]| {
            framer.push(octets);
            framer.next_frame().unwrap()
        };
        for _ in 0..3 {
            framer.expect_pong();
            assert_eq!(give(&mut framer, b"\r"), None);
            assert_eq!(give(&mut framer, b"\n"), Some(Framed::Pong));
        }
        assert_eq!(give(&mut framer, b"\r\n"), None, "nothing was asked");
        assert_eq!(give(&mut framer, b"\r\n"), Some(Framed::Ping));
        framer.expect_pong();
        assert_eq!(give(&mut framer, b"\r\n\r\n"), Some(Framed::Ping), "the peer asks too");
        assert_eq!(give(&mut framer, ONE), Some(Framed::Message(Bytes::from_static(ONE))));
    }

    #[test]
    fn a_message_of_the_largest_size_is_taken_and_a_larger_one_is_not() {
        let of = |length: usize| {
            let head = format!("MESSAGE sip:a@b SIP/2.0\r\nl: {length}\r\n\r\n");
            let mut message = head.into_bytes();
            message.resize(message.len() + length, b'x');
            message
        };
        let head = of(10_000).len() - 10_000;
        let largest = of(MAX_MESSAGE - head);
        let (first, second) = largest.split_at(40_000);
        assert_eq!(
            frames(&[first, second]),
            Ok(vec![Framed::Message(Bytes::copy_from_slice(&largest))])
        );
        assert_eq!(frames(&[&of(MAX_MESSAGE - head + 1)]), Err(BadStream::TooLarge));
    }

    #[test]
    fn a_stream_that_cannot_be_followed_is_given_up() {
        let check = |octets: &[u8], expected| {
            let mut framer = StreamFramer::default();
            framer.push(octets);
            assert_eq!(framer.next_frame(), Err(expected));
        };
        check(b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\n\r\n", BadStream::Length);
        check(
            b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: x\r\n\r\n",
            BadStream::Length,
        );
        check(
            b"OPTIONS sip:a@b SIP/2.0\r\nl: 1\r\nContent-Length: 2\r\n\r\n",
            BadStream::Length,
        );
        check(b"OPTIONS sip:a@b SIP/2.0\r\nl: 999999\r\n\r\n", BadStream::TooLarge);
        check(b"\x16\x03\x01", BadStream::NotSip);
        check(b"\r\r\n", BadStream::NotSip);
        check(b"\r\n\rOPTIONS", BadStream::NotSip);
        check(&vec![b'a'; MAX_HEAD + 1], BadStream::HeadTooLarge);
    }
}
