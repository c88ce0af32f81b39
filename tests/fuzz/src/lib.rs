//! What the fuzz targets do with their input: everything that reads what a peer sent, and promises that must hold.
//!
//! `cargo fuzz run wire` in `tests/fuzz` looks for more (nightly Rust and cargo-fuzz); `tests/tests/fuzz_corpus.rs` replays
//! the corpus.

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use frontdesk_media::io::command::{Codec, Direction};
use frontdesk_media::sdp::{LocalMedia, Negotiator, Session, Srtp};
use frontdesk_sip::privacy::Identity;
use frontdesk_sip::wire::frame::StreamFramer;
use frontdesk_sip::wire::{Framing, Message, ResponseBuilder};

/// A datagram, and the same octets as a stream in two pieces.
pub fn wire(data: &[u8]) {
    if let Ok(message) = Message::parse(Bytes::copy_from_slice(data), Framing::Datagram) {
        read(&message);
        if message.is_request() {
            answer(&message);
        }
    }
    let mut framer = StreamFramer::default();
    let (first, second) = data.split_at(data.len() / 2);
    for piece in [first, second] {
        framer.push(piece);
        while let Ok(Some(_)) = framer.next_frame() {}
    }
}

fn read(message: &Message) {
    let _ = (
        message.fault(),
        message.cseq(),
        message.max_forwards(),
        message.expires(),
        message.content_type(),
    );
    let _ = (message.fields().count(), Identity::read(message));
    for via in message.vias().flatten() {
        let _ = (
            via.host(),
            via.port(),
            via.branch(),
            via.rport(),
            via.received(),
            via.params().iter().count(),
        );
    }
    for party in [message.from(), message.to()]
        .into_iter()
        .chain(message.contacts())
        .flatten()
    {
        let _ = (party.display(), party.tag(), party.params().iter().count());
        if let Ok(uri) = party.uri() {
            assert!(
                uri.equivalent(&uri),
                "a URI is not itself: {}",
                uri.as_bytes().escape_ascii()
            );
            let _ = (uri.decoded_user(), uri.host_ip(), uri.headers());
        }
    }
}

/// What we answer can be read again and belongs to the request.
fn answer(request: &Message) {
    let bytes = ResponseBuilder::to(request, 400, "Bad Request")
        .to_tag("t")
        .body(None)
        .finish();
    let response = Message::parse(bytes.clone(), Framing::Stream);
    let Ok(response) = response else {
        panic!("our answer cannot be read: {}", bytes.escape_ascii())
    };
    assert_eq!(response.status(), Some(400));
    if request.fault().is_none() {
        assert_eq!(response.call_id(), request.call_id());
        assert_eq!(response.cseq(), request.cseq());
        assert_eq!(response.vias().count(), request.vias().count());
    }
}

/// An offer to be answered, and an answer to our own offer.
pub fn sdp(data: &[u8]) {
    let _ = Session::parse(data);
    let local = || LocalMedia {
        address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
        port: 10_000,
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        signalling: IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7)),
        srtp: Srtp::Never,
    };
    let mut answerer = Negotiator::new(1, local());
    if let Ok(answer) = answerer.answer(data, Direction::SendRecv) {
        assert!(Session::parse(&answer.body).is_ok(), "our answer cannot be read");
    }
    let mut offerer = Negotiator::new(2, local());
    let _ = offerer.offer(Direction::SendRecv);
    let _ = offerer.accept(data);
}
