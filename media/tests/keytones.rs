//! Keys that the media threads hear in the audio, on real sockets.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    dead_code,
    reason = "what a test's helper does not expect stops the test; not all that the house can do is wanted"
)]

mod house;

use std::sync::Arc;

use frontdesk_media::g711::{self, Law};
use frontdesk_media::io::command::{AudioFormat, Codec, Direction, LegMedia, MediaCommand, MediaNotice};
use frontdesk_media::rtp::dtmf::Event;
use frontdesk_media::rtp::packet::{HEADER, Header};
use frontdesk_media::sound::{self, Sound};

use house::*;

const MS: usize = 8;

/// Both tones of a key for 100 ms, and as long a pause.
fn tones(low: u32, high: u32) -> Vec<i16> {
    let (low, high) = (sound::tone(low, 100), sound::tone(high, 100));
    let both = low.samples.iter().zip(&high.samples).map(|(low, high)| low + high);
    both.chain([0; 100 * MS]).collect()
}

fn one() -> Vec<i16> {
    tones(697, 1_209)
}

fn two() -> Vec<i16> {
    tones(697, 1_336)
}

fn nine() -> Vec<i16> {
    tones(852, 1_477)
}

/// What was agreed with a phone: that number for telephone-event from us, and this one from it.
fn agree(house: &mut House, phone: &Phone, event: Option<u8>, heard: Option<u8>) {
    let mut format = AudioFormat::new(phone.codec, phone.codec.payload_type(), event);
    format.heard.telephone_event = heard;
    let media = LegMedia {
        remote: phone.rtp.local_addr().unwrap(),
        remote_rtcp: phone.rtcp.local_addr().unwrap(),
        format,
        direction: Direction::SendRecv,
        signalling: LOCAL,
        crypto: None,
    };
    let leg = phone.leg;
    house.handle.send(MediaCommand::Configure { leg, media });
    house.settle(phone.ours.port());
}

fn listen(house: &mut House, phone: &Phone, on: bool) {
    let leg = phone.leg;
    house.handle.send(MediaCommand::Listen { leg, on });
    house.settle(phone.ours.port());
}

fn send(phone: &mut Phone, payload_type: u8, payload: &[u8], timestamp: u32) {
    let mut packet = vec![0; HEADER];
    packet.extend(payload);
    let header = Header {
        marker: false,
        payload_type,
        sequence: phone.sequence,
        timestamp,
        ssrc: 0xabcd,
        payload: HEADER..packet.len(),
    };
    header.write(&mut packet).unwrap();
    phone.rtp.send_to(&packet, phone.ours).unwrap();
    phone.sequence = phone.sequence.wrapping_add(1);
}

/// Says it by A-law in packets of so many milliseconds.
fn say(phone: &mut Phone, samples: &[i16], ms: usize) {
    let mut timestamp = u32::from(phone.sequence) * 480;
    for piece in samples.chunks(ms * MS) {
        let payload: Vec<u8> = piece.iter().map(|sample| g711::encode(Law::A, *sample)).collect();
        send(phone, Codec::Pcma.payload_type(), &payload, timestamp);
        timestamp += u32::try_from(piece.len()).unwrap();
    }
}

/// The next keys that are told, so many.
fn told(house: &mut House, phone: &Phone, count: usize) -> String {
    let wanted = phone.leg;
    let digit = |notice: &MediaNotice| match notice {
        MediaNotice::Digit { leg, digit } if *leg == wanted => Some(*digit),
        _ => None,
    };
    (0..count).map(|_| house.wait_for(digit)).collect()
}

fn alone(house: &mut House, codec: Codec) -> Phone {
    let port = house.stock.take().unwrap();
    Phone::new(house, u64::from(port), port, codec)
}

#[test]
fn tones_are_told_while_somebody_listens_to_a_leg_without_events() {
    let mut house = House::open(&config(25_000));
    let mut anna = alone(&mut house, Codec::Pcma);
    agree(&mut house, &anna, None, None);
    say(&mut anna, &one(), 20);
    while house.handle.counts().received < 10 {
        std::thread::yield_now();
    }
    listen(&mut house, &anna, true);
    for ms in [10, 20, 30, 60] {
        say(&mut anna, &two(), ms);
        say(&mut anna, &nine(), ms);
        assert_eq!(told(&mut house, &anna, 2), "29", "{ms} ms");
    }
    let before = house.handle.counts().received;
    listen(&mut house, &anna, false);
    say(&mut anna, &one(), 20);
    while house.handle.counts().received < before + 10 {
        std::thread::yield_now();
    }
    listen(&mut house, &anna, true);
    say(&mut anna, &two(), 20);
    assert_eq!(told(&mut house, &anna, 1), "2");
}

#[test]
fn the_tones_of_whoever_has_events_do_not_count_beside_them() {
    // Agreed; and sent, although the answer to our offer has none.
    for (low, event) in [(25_100, Some(101)), (25_200, None)] {
        let mut house = House::open(&config(low));
        let mut anna = alone(&mut house, Codec::Pcma);
        agree(&mut house, &anna, event, Some(101));
        listen(&mut house, &anna, true);
        for (code, samples) in [(2, two()), (9, nine())] {
            let duration = 160;
            let at = u32::from(anna.sequence) * 480;
            for end in [false, true] {
                send(&mut anna, 101, &Event { code, end, duration }.payload(), at);
            }
            say(&mut anna, &samples, 20);
        }
        assert_eq!(told(&mut house, &anna, 2), "29", "{event:?}");
        anna.close(&mut house);
    }
}

/// What one phone is played another one says.
#[test]
fn tones_by_another_codec_are_heard_too() {
    let mut house = House::open(&config(25_300));
    let [anna, mut boris] = [(); 2].map(|()| alone(&mut house, Codec::G722));
    let samples = [two(), nine()].concat();
    let packets = samples.len() / 160;
    let sound = Arc::new(Sound { rate: 8_000, samples });
    house.handle.send(MediaCommand::Play {
        leg: anna.leg,
        sound,
        repeat: false,
        token: 1,
    });
    agree(&mut house, &boris, None, None);
    listen(&mut house, &boris, true);
    for number in 0..u32::try_from(packets).unwrap() {
        let (_, payload) = anna.hear();
        send(&mut boris, Codec::G722.payload_type(), &payload, 160 * number);
    }
    assert_eq!(told(&mut house, &boris, 2), "29");
}
