//! A bridge step without I/O, an SDP answer, a G.711 frame.

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use frontdesk_media::bridge::{Incoming, Leg, step};
use frontdesk_media::clock::Moment;
use frontdesk_media::g711;
use frontdesk_media::io::command::{AudioFormat, Codec, Direction, LegMedia};
use frontdesk_media::rtp::packet::{HEADER, Header};
use frontdesk_media::rtp::rewrite::Rewriter;
use frontdesk_media::sdp::{LocalMedia, Negotiator, Srtp};
use frontdesk_media::tap::{Side, ring};

const OFFER: &[u8] = b"v=0\r\no=alice 2890844526 2890844526 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
    m=audio 49170 RTP/AVP 8 0 18 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:18 G729/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n";

fn leg(remote: SocketAddr, codec: Codec) -> Leg {
    let mut leg = Leg::new(Rewriter::new(1, 2, 3), Moment::default());
    let media = LegMedia {
        remote,
        remote_rtcp: remote,
        format: AudioFormat::new(codec, codec.payload_type(), Some(101)),
        direction: Direction::SendRecv,
        signalling: remote.ip(),
        crypto: None,
    };
    leg.configure(media, Moment::default());
    leg
}

fn bridge(criterion: &mut Criterion) {
    let source = SocketAddr::from(([192, 0, 2, 1], 4_000));
    for (name, other, record) in [
        ("bridge/step", Codec::Pcmu, false),
        ("bridge/step_transcoding", Codec::Pcma, false),
        ("bridge/step_recording", Codec::Pcmu, true),
    ] {
        let mut from = leg(source, Codec::Pcmu);
        let mut to = leg(SocketAddr::from(([192, 0, 2, 2], 4_000)), other);
        if record {
            from.tap(7, Side::Left, Moment::default());
        }
        let (mut producer, mut consumer) = ring(64);
        let mut datagram = [0x55; HEADER + 160];
        let mut number = 0_u16;
        let mut now = Moment::default();
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                number = number.wrapping_add(1);
                now = now.after(Duration::from_millis(20));
                let header = Header {
                    marker: false,
                    payload_type: 0,
                    sequence: number,
                    timestamp: now.samples_since(Moment::default()),
                    ssrc: 9,
                    payload: HEADER..HEADER + 160,
                };
                header.write(&mut datagram);
                let incoming = Incoming {
                    length: datagram.len(),
                    buffer: &mut datagram,
                    source,
                    now,
                };
                let outcome = step(&mut from, Some(&mut to), incoming, &mut |frame| producer.frame(frame));
                consumer.pop();
                black_box(outcome)
            });
        });
    }
}

fn sdp(criterion: &mut Criterion) {
    let local = LocalMedia {
        address: [192, 0, 2, 9].into(),
        port: 10_000,
        codecs: vec![Codec::Pcmu, Codec::Pcma],
        signalling: [192, 0, 2, 1].into(),
        srtp: Srtp::Never,
    };
    criterion.bench_function("sdp/answer", |bencher| {
        bencher.iter(|| Negotiator::new(4, local.clone()).answer(black_box(OFFER), Direction::SendRecv));
    });
}

/// 20 ms between a phone with Opus and one without it, either way.
fn opus(criterion: &mut Criterion) {
    for (name, codecs, length) in [
        ("bridge/step_to_opus", [Codec::Pcma, Codec::Opus], 160),
        ("bridge/step_from_opus", [Codec::Opus, Codec::Pcma], 60),
    ] {
        let source = SocketAddr::from(([192, 0, 2, 1], 4_000));
        let mut from = leg(source, codecs[0]);
        let mut to = leg(SocketAddr::from(([192, 0, 2, 2], 4_000)), codecs[1]);
        from.outfit(Some(codecs[1]));
        to.outfit(Some(codecs[0]));
        let mut buffer = [0; HEADER + 1_500];
        let mut number = 0_u16;
        let mut now = Moment::default();
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                number = number.wrapping_add(1);
                now = now.after(Duration::from_millis(20));
                let payload = buffer.get_mut(HEADER..HEADER + length).unwrap_or_default();
                // Something like speech: steps that no tone has.
                for (place, byte) in (number..).zip(payload.iter_mut()) {
                    *byte = place.wrapping_mul(40_503).to_be_bytes()[0] | 0x80;
                }
                if let (Some(first), Codec::Opus) = (payload.first_mut(), codecs[0]) {
                    *first = 0x48;
                }
                let header = Header {
                    marker: false,
                    payload_type: codecs[0].payload_type(),
                    sequence: number,
                    timestamp: now.ticks_since(Moment::default(), codecs[0].clock()),
                    ssrc: 9,
                    payload: HEADER..HEADER + length,
                };
                header.write(&mut buffer);
                let incoming = Incoming {
                    length: HEADER + length,
                    buffer: &mut buffer,
                    source,
                    now,
                };
                black_box(step(&mut from, Some(&mut to), incoming, &mut |_| ()))
            });
        });
    }
}

fn codecs(criterion: &mut Criterion) {
    let mut frame = [0x55; 160];
    let mut samples = [0; 160];
    criterion.bench_function("g711/transcode_frame", |bencher| {
        bencher.iter(|| g711::transcode(g711::Law::U, g711::Law::A, black_box(&mut frame)));
    });
    criterion.bench_function("g711/decode_frame", |bencher| {
        bencher.iter(|| g711::decode_into(g711::Law::A, black_box(&frame), black_box(&mut samples)));
    });
}

criterion_group!(benches, bridge, opus, sdp, codecs);
criterion_main!(benches);
