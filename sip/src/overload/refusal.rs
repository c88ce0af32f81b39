//! 503 for a request that there is no time to read.

use std::hash::{DefaultHasher, Hasher};

use bytes::{Bytes, BytesMut};
use memchr::memchr3;

use super::glance::{Lines, field, has_tag};
use crate::event::Transmit;
use crate::flow::FlowId;
use crate::tx::key::token;
use crate::wire::{Framing, Message, ResponseBuilder, Via, put, top_via};

/// Seconds after which whoever was turned away may try again: a span, so that they do not all come back at once.
const RETRY_AFTER: std::ops::Range<u64> = 5..31;
/// A request with more hops than this is read in full.
const HOPS: usize = 8;
const ROOM: usize = 512;

/// Answers a request as a server without state does (RFC 3261 section 8.2.7): what section 8.2.6.2 says is copied, and
/// nothing is kept. A retransmission gets the same octets, because tag and time come out of `seed` and `key`.
///
/// Nothing for what is no request or cannot be answered. An ordinary request is not read, only copied from; what is
/// folded, unusual or odd takes the way of all others.
pub(super) fn refusal(bytes: &[u8], flow: &FlowId, seed: u64, key: u64) -> Option<Transmit> {
    let mut hash = DefaultHasher::new();
    hash.write_u64(seed);
    hash.write_u64(key);
    let number = hash.finish();
    let span = RETRY_AFTER.end - RETRY_AFTER.start;
    let (tag, after) = (token(number), (RETRY_AFTER.start + number % span).to_string());
    copied(bytes, flow, &tag, &after).or_else(|| read(bytes, flow, &tag, &after))
}

/// The lines that a response repeats.
#[derive(Debug, Default)]
struct Copied<'a> {
    vias: [&'a [u8]; HOPS],
    hops: usize,
    from: &'a [u8],
    to: &'a [u8],
    call_id: &'a [u8],
    cseq: &'a [u8],
}

impl<'a> Copied<'a> {
    /// `None` when it takes more than a look to tell what a line means.
    fn of(mut lines: Lines<'a>) -> Option<Copied<'a>> {
        let mut copied = Copied::default();
        for line in lines.by_ref() {
            if matches!(line.first(), Some(b' ' | b'\t')) {
                return None;
            }
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                return copied.is_complete().then_some(copied);
            }
            let (name, value) = field(line);
            let place = match name {
                b"v" | b"V" => copied.hop()?,
                b"f" | b"F" => &mut copied.from,
                b"t" | b"T" => &mut copied.to,
                b"i" | b"I" => &mut copied.call_id,
                name if name.eq_ignore_ascii_case(b"Via") => copied.hop()?,
                name if name.eq_ignore_ascii_case(b"From") => &mut copied.from,
                name if name.eq_ignore_ascii_case(b"To") => &mut copied.to,
                name if name.eq_ignore_ascii_case(b"Call-ID") => &mut copied.call_id,
                name if name.eq_ignore_ascii_case(b"CSeq") => &mut copied.cseq,
                _ => continue,
            };
            if !place.is_empty() || value.is_empty() || memchr3(b'\r', 0, b'\n', value).is_some() {
                return None;
            }
            *place = value;
        }
        None
    }

    fn hop(&mut self) -> Option<&mut &'a [u8]> {
        self.hops += 1;
        self.vias.get_mut(self.hops - 1)
    }

    fn is_complete(&self) -> bool {
        let fields = [self.from, self.to, self.call_id, self.cseq];
        self.hops > 0 && fields.iter().all(|field| !field.is_empty())
    }
}

fn copied(bytes: &[u8], flow: &FlowId, tag: &str, after: &str) -> Option<Transmit> {
    let mut lines = Lines::of(bytes);
    if !lines.start_line().ends_with(b" SIP/2.0") {
        return None;
    }
    let fields = Copied::of(lines)?;
    let vias = fields.vias.get(..fields.hops)?;
    let (top, others) = vias.split_first()?;
    if vias
        .iter()
        .any(|via| via.iter().any(|byte| matches!(byte, b',' | b'"')))
    {
        return None;
    }
    let via = Via::read(top).ok()?;
    let back = flow.response_target(via.port(), via.rport().is_some());
    let mut out = BytesMut::with_capacity(ROOM);
    put(&mut out, &[b"SIP/2.0 503 Service Unavailable\r\n"]);
    top_via(&mut out, top, &via, back.peer);
    for via in others {
        put(&mut out, &[b"Via: ", via, b"\r\n"]);
    }
    put(&mut out, &[b"From: ", fields.from, b"\r\nTo: ", fields.to]);
    if !has_tag(fields.to) {
        put(&mut out, &[b";tag=", tag.as_bytes()]);
    }
    put(
        &mut out,
        &[b"\r\nCall-ID: ", fields.call_id, b"\r\nCSeq: ", fields.cseq],
    );
    let end: [&[u8]; 3] = [b"\r\nRetry-After: ", after.as_bytes(), b"\r\nContent-Length: 0\r\n\r\n"];
    put(&mut out, &end);
    Some(Transmit {
        flow: back,
        bytes: out.freeze(),
    })
}

fn read(bytes: &[u8], flow: &FlowId, tag: &str, after: &str) -> Option<Transmit> {
    let request = Message::parse(Bytes::copy_from_slice(bytes), Framing::over(flow.transport)).ok()?;
    if !request.is_request() || request.fault().is_some() {
        return None;
    }
    let via = request.via().ok()?;
    let back = flow.response_target(via.port(), via.rport().is_some());
    let mut answer = ResponseBuilder::to(&request, 503, "").received(back.peer);
    if request.to_tag().is_none() {
        answer = answer.to_tag(tag);
    }
    let bytes = answer.header("Retry-After", after).body(None).finish();
    Some(Transmit { flow: back, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Transport;

    const ORDINARY: &str = "INVITE sip:102@pbx.example SIP/2.0\r\n\
        v: SIP/2.0/UDP 10.0.0.7:5062 ;rport;branch=z9hG4bK7\r\n\
        Max-Forwards: 70\r\n\
        CSeq: 7 INVITE\r\n\
        Via: SIP/2.0/TCP far.example;branch=z9hG4bK8;received=192.0.2.77\r\n\
        f: \"Anna; <x>\" <sip:101@pbx.example>;tag=a1\r\n\
        TO :  <sip:102@pbx.example;tag=none>\r\n\
        i: 4711@10.0.0.7\r\n\
        Record-Route: <sip:edge.example;lr>\r\n\
        Content-Type: application/sdp\r\n\
        Content-Length: 5\r\n\r\nv=0\r\n";

    fn flow() -> FlowId {
        FlowId {
            transport: Transport::Udp,
            local: ([203, 0, 113, 1], 5060).into(),
            peer: ([192, 0, 2, 9], 40_000).into(),
            connection: 0,
        }
    }

    fn answer(request: &str) -> Option<(FlowId, String)> {
        let transmit = refusal(request.as_bytes(), &flow(), 7, 9)?;
        Some((transmit.flow, String::from_utf8(transmit.bytes.to_vec()).unwrap()))
    }

    #[test]
    fn a_refusal_repeats_what_the_rfc_says_and_asks_to_wait() {
        let (to, text) = answer(ORDINARY).unwrap();
        assert_eq!(to, flow());
        let (tag, rest) = text.split_once("none>;tag=").unwrap().1.split_at(16);
        assert!(tag.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let seconds: u64 = rest
            .split("Retry-After: ")
            .nth(1)
            .unwrap()
            .split('\r')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert!(RETRY_AFTER.contains(&seconds));
        let expected = format!(
            "SIP/2.0 503 Service Unavailable\r\n\
             Via: SIP/2.0/UDP 10.0.0.7:5062 ;branch=z9hG4bK7;received=192.0.2.9;rport=40000\r\n\
             Via: SIP/2.0/TCP far.example;branch=z9hG4bK8;received=192.0.2.77\r\n\
             From: \"Anna; <x>\" <sip:101@pbx.example>;tag=a1\r\n\
             To: <sip:102@pbx.example;tag=none>;tag={tag}\r\n\
             Call-ID: 4711@10.0.0.7\r\nCSeq: 7 INVITE\r\nRetry-After: {seconds}\r\nContent-Length: 0\r\n\r\n"
        );
        assert_eq!(text, expected);
        assert_eq!(answer(ORDINARY).unwrap().1, text);
    }

    #[test]
    fn who_does_not_ask_for_its_own_port_is_answered_where_it_says_that_it_listens() {
        let (to, _) = answer(&ORDINARY.replace(";rport", "")).unwrap();
        assert_eq!(to.peer, ([192, 0, 2, 9], 5062).into());
        let (to, _) = answer(&ORDINARY.replace(":5062 ;rport", "")).unwrap();
        assert_eq!(to.peer, ([192, 0, 2, 9], 5060).into());
    }

    #[test]
    fn what_is_no_request_gets_no_answer() {
        let response = ORDINARY.replace("INVITE sip:102@pbx.example SIP/2.0", "SIP/2.0 200 OK");
        for nothing in [
            "",
            "\r\n\r\n",
            "rubbish",
            &response,
            &ORDINARY.replace("\r\ni:", "\r\nX:"),
        ] {
            assert_eq!(answer(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn the_short_way_gives_what_the_long_one_does() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/torture");
        let files = ["rfc4475", "rfc5118"].map(|rfc| std::fs::read_dir(folder.join(rfc)).unwrap());
        let torture = files
            .into_iter()
            .flatten()
            .map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
        let odd = [
            ORDINARY.replace("CSeq: 7 INVITE", "CSeq:\r\n 7 INVITE"),
            ORDINARY.replace("far.example", "far.example, SIP/2.0/UDP farther.example"),
            ORDINARY.replace(";tag=none>", ">;tag=z"),
            ORDINARY.to_owned(),
        ];
        let (mut short, mut long) = (0, 0);
        for request in torture.chain(odd.map(String::into_bytes)) {
            let Some(by_reading) = read(&request, &flow(), "0123456789abcdef", "9") else {
                continue;
            };
            long += 1;
            if let Some(by_copying) = copied(&request, &flow(), "0123456789abcdef", "9") {
                short += 1;
                assert_eq!(by_copying, by_reading, "{}", String::from_utf8_lossy(&request));
            }
        }
        assert!(short > 5 && long > short + 2, "{short} of {long}");
    }

    proptest::proptest! {
        #[test]
        fn no_octets_do_harm(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            let mut request = ORDINARY.as_bytes().to_vec();
            let at = bytes.len() % request.len();
            request.splice(at..(at + bytes.len()).min(request.len()), bytes.iter().copied());
            if let Some(transmit) = refusal(&request, &flow(), 7, 9) {
                let read = Message::parse(transmit.bytes, Framing::Datagram).unwrap();
                proptest::prop_assert!(!read.is_request());
            }
        }
    }
}
