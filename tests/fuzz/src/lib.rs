//! What the fuzz targets do with their input: everything that reads what a peer sent, and promises that must hold.
//!
//! `cargo fuzz run wire` in `tests/fuzz` looks for more (nightly Rust and cargo-fuzz); `tests/tests/fuzz_corpus` replays
//! the corpus.

mod engine;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use frontdesk_media::bridge::{Incoming, Leg, Outcome, PACKET, fill_pause, step};
use frontdesk_media::clock::Moment;
use frontdesk_media::io::command::{AudioFormat, Codec, Direction, LegMedia};
use frontdesk_media::rtp::packet::Header;
use frontdesk_media::rtp::rewrite::Rewriter;
use frontdesk_media::rtp::rtcp::{ReportTime, Reporter};
use frontdesk_media::rtp::sequence::Reception;
use frontdesk_media::sdp::{LocalMedia, Negotiator, Session, Srtp};
use frontdesk_media::tap::Side;
use frontdesk_sip::privacy::Identity;
use frontdesk_sip::wire::frame::StreamFramer;
use frontdesk_sip::wire::{Framing, Message, ResponseBuilder};

/// A datagram, and the same octets as a stream in two pieces.
pub fn wire(data: &[u8]) {
    if let Ok(message) = Message::parse(Bytes::copy_from_slice(data), Framing::Datagram) {
        read(&message);
        describe(message.clone());
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

/// A session description is a part of the body as it came.
fn describe(mut message: Message) {
    let whole = message.body_bytes();
    message.take_description();
    let taken = message.body();
    assert!(
        taken.is_empty() || whole.windows(taken.len()).any(|part| part == taken),
        "a description that did not come: {}",
        taken.escape_ascii()
    );
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

/// Messages of phones that know their passwords, and of strangers, in any order: see `engine.rs`.
pub fn engine(data: &[u8]) {
    engine::play(data);
}

/// Datagrams of any length, one after another, on a recorded leg that transcodes; each is read as RTP and as RTCP. The first
/// octet of each is its length, the second says how late it comes and from whom.
pub fn rtp(data: &[u8]) {
    let mut now = Moment::from_micros(1_000_000);
    let own = SocketAddr::from(([192, 0, 2, 1], 4_000));
    let other = SocketAddr::from(([192, 0, 2, 2], 4_002));
    let mut from = leg(own, Codec::Pcmu, now);
    let mut to = leg(other, Codec::Pcma, now);
    from.tap(7, Side::Left, now);
    from.listen(true);
    let mut reporter = Reporter::new(1);
    let mut frames = 0_usize;
    let mut packet = [0; PACKET];
    let mut rest = data;
    while let [length, how, tail @ ..] = rest {
        let (datagram, tail) = tail.split_at(tail.len().min(usize::from(*length)));
        rest = tail;
        now = now.after(Duration::from_millis(u64::from(how >> 2) * 20));
        let source = if how & 3 == 3 { other } else { own };
        reporter.read(datagram, 1, ReportTime { now, ntp: 1 });
        let mut bytes = datagram.to_vec();
        let length = bytes.len();
        // Room for what encryption adds.
        bytes.resize(length + 64, 0);
        let incoming = Incoming {
            buffer: &mut bytes,
            length,
            source,
            now,
        };
        let outcome = step(&mut from, Some(&mut to), incoming, &mut |_| frames += 1);
        if let Outcome::Forward { bytes: range, .. } = outcome {
            let sent = bytes.get(range).expect("what is forwarded lies in the datagram");
            assert!(Header::read(sent).is_some(), "what we send cannot be read: {sent:?}");
        }
        if from.noise_due().is_some_and(|due| due <= now) {
            let _ = fill_pause(&mut from, Some(&mut to), &mut packet, now, &mut |_| frames += 1);
        }
        let _ = (from.take_key(), from.stats());
    }
    let ntp = ReportTime { now, ntp: 2 };
    if let Some(report) = reporter.write(&Rewriter::new(1, 2, 3), &mut Reception::default(), ntp, true) {
        assert!(Reporter::new(2).read(&report, 1, ntp), "our report cannot be read");
    }
    // A frame is 20 ms; a gap is told once and not filled frame by frame.
    assert!(
        frames <= data.len().saturating_mul(64) + 64,
        "{frames} frames of {} octets",
        data.len()
    );
}

fn leg(remote: SocketAddr, codec: Codec, now: Moment) -> Leg {
    let mut leg = Leg::new(Rewriter::new(1, 2, 3), now);
    let media = LegMedia {
        remote,
        remote_rtcp: remote,
        format: AudioFormat::new(codec, codec.payload_type(), Some(101)),
        direction: Direction::SendRecv,
        signalling: remote.ip(),
        crypto: None,
    };
    leg.configure(media, now);
    leg
}
