//! Opus through the bridge: RFC 7587.

use super::*;
use crate::codec::{Ear, Voice};

const OPUS: u8 = 96;

/// A packet of 20 ms by a clock of 48000.
fn opus(sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = rtp(OPUS, 1, sequence, payload);
    packet[4..8].copy_from_slice(&(u32::from(sequence) * 960).to_be_bytes());
    packet
}

#[expect(clippy::as_conversions, reason = "the numbers of these tests are small")]
fn tone(hertz: f64, frame: u32) -> Vec<i16> {
    let at = |place: u32| std::f64::consts::TAU * hertz * f64::from(frame * 160 + place) / 8_000.0;
    (0..160)
        .map(|place| (8_000.0 * at(place).sin()).round())
        .map(|value| value as i16)
        .collect()
}

/// The share of the power that lies at `hertz`, and the level beside that of the tone that was sent.
#[expect(clippy::as_conversions, reason = "the numbers of these tests are small")]
fn measured(samples: &[i16], hertz: f64) -> (f64, f64) {
    let count = samples.len() as f64;
    let turn = std::f64::consts::TAU * hertz / 8_000.0;
    let (mut real, mut imaginary, mut power) = (0.0, 0.0, 0.0);
    for (place, sample) in samples.iter().enumerate() {
        let (value, angle) = (f64::from(*sample), turn * place as f64);
        real += value * angle.cos();
        imaginary += value * angle.sin();
        power += value * value;
    }
    let at_tone = 2.0 * (real * real + imaginary * imaginary) / count;
    (at_tone / power, power / count / (8_000.0 * 8_000.0 / 2.0))
}

/// Anna's datagram with room behind it, as in a media thread.
fn anna_sends(call: &mut Call, datagram: &[u8]) -> Option<(Header, Vec<u8>)> {
    call.wait(20);
    let mut buffer = datagram.to_vec();
    buffer.resize(2_048, 0);
    let incoming = Incoming {
        length: datagram.len(),
        buffer: &mut buffer,
        source: at(ANNA),
        now: call.now,
    };
    let tapped = &mut call.tapped;
    let outcome = step(&mut call.anna, Some(&mut call.boris), incoming, &mut |frame| {
        tapped.push(frame)
    });
    let Outcome::Forward { bytes, .. } = outcome else {
        return None;
    };
    let header = Header::read(&buffer[bytes.clone()]).unwrap();
    let payload = buffer[bytes][header.payload.clone()].to_vec();
    Some((header, payload))
}

#[test]
fn opus_passes_as_it_is_between_two_who_speak_it_each_by_its_own_number() {
    let mut call = Call::new([Codec::Opus; 2], [None; 2]);
    let mut described = media(BORIS, Codec::Opus, None, Direction::SendRecv);
    described.format = AudioFormat::new(Codec::Opus, 111, None);
    call.boris.configure(described, call.now);
    call.tap();
    call.anna.outfit(Some(Codec::Opus));
    for number in 0..10_u16 {
        let payload: Vec<u8> = (0..40).map(|place| place * 3 + 1).collect();
        let (header, passed) = anna_sends(&mut call, &opus(number, &payload)).unwrap();
        assert_eq!((header.payload_type, header.ssrc), (111, 0xb));
        assert_eq!(header.timestamp, 6_000 + u32::from(number) * 960);
        assert_eq!(passed, payload);
    }
}

#[test]
fn a_tone_keeps_its_pitch_from_opus_to_g711_and_in_the_recording() {
    let mut call = Call::new([Codec::Opus, Codec::Pcma], [None; 2]);
    call.tap();
    call.anna.outfit(Some(Codec::Pcma));
    call.boris.outfit(Some(Codec::Opus));
    let mut phone = Ear::new(Codec::Opus);
    let (mut heard, mut last) = (Vec::new(), None::<Header>);
    for number in 0..60_u16 {
        let mut payload = [0; 400];
        let length = phone.tell_narrow(&tone(1_000.0, number.into()), &mut payload);
        let (header, passed) = anna_sends(&mut call, &opus(number, &payload[..length])).unwrap();
        assert_eq!((header.payload_type, passed.len()), (8, 160));
        if let Some(last) = last {
            assert_eq!(
                (header.sequence, header.timestamp),
                (last.sequence + 1, last.timestamp + 160)
            );
        }
        last = Some(header);
        heard.extend(passed.iter().map(|code| g711::decode(g711::Law::A, *code)));
    }
    let recorded: Vec<i16> = call
        .tapped
        .iter()
        .flat_map(|frame| frame.payload().iter().map(|code| g711::decode(frame.law, *code)))
        .collect();
    assert!(call.tapped.windows(2).all(|pair| pair[1].at == pair[0].at + 160));
    for samples in [heard, recorded] {
        let (share, level) = measured(&samples[1_600..], 1_000.0);
        assert!(share > 0.95 && (0.8..1.2).contains(&level), "{share} {level}");
    }
}

#[test]
fn a_tone_keeps_its_pitch_from_g711_to_opus() {
    let mut call = Call::new([Codec::Pcmu, Codec::Opus], [None; 2]);
    call.anna.outfit(Some(Codec::Opus));
    call.boris.outfit(Some(Codec::Pcmu));
    let mut phone = Voice::new(Codec::Opus).unwrap();
    let (mut heard, mut last) = (Vec::new(), None::<Header>);
    for number in 0..60_u16 {
        let codes: Vec<u8> = tone(440.0, number.into())
            .iter()
            .map(|sample| g711::encode(g711::Law::U, *sample))
            .collect();
        let (header, passed) = anna_sends(&mut call, &rtp(0, 1, number, &codes)).unwrap();
        assert_eq!(header.payload_type, OPUS);
        if let Some(last) = last {
            assert_eq!(
                (header.sequence, header.timestamp),
                (last.sequence + 1, last.timestamp + 960)
            );
        }
        last = Some(header);
        phone.hear(&passed);
        let mut narrow = [0; 400];
        let length = phone.narrow(&mut narrow);
        heard.extend_from_slice(&narrow[..length]);
    }
    let (share, level) = measured(&heard[1_600..], 440.0);
    assert!(share > 0.95 && (0.8..1.2).contains(&level), "{share} {level}");
}

#[test]
fn packets_of_lengths_that_opus_does_not_have_become_others_without_a_gap() {
    let mut call = Call::new([Codec::Pcma, Codec::Opus], [None; 2]);
    call.anna.outfit(Some(Codec::Opus));
    call.boris.outfit(Some(Codec::Pcma));
    let mut phone = Voice::new(Codec::Opus).unwrap();
    let mut next = 6_000;
    for number in 0..20_u16 {
        let mut packet = rtp(8, 1, number, &[0xd5; 240]);
        packet[4..8].copy_from_slice(&(u32::from(number) * 240).to_be_bytes());
        call.wait(10);
        let (header, passed) = anna_sends(&mut call, &packet).unwrap();
        phone.hear(&passed);
        assert_eq!(header.timestamp, next, "{number}");
        next += u32::try_from(phone.samples().len()).unwrap() * 3;
    }
    assert_eq!(next, 6_000 + 20 * 240 * 6);
}

#[test]
fn packets_of_sixty_milliseconds_are_taken() {
    let mut call = Call::new([Codec::Opus, Codec::Pcma], [None; 2]);
    call.tap();
    call.wait(1_000);
    call.anna.outfit(Some(Codec::Pcma));
    call.boris.outfit(Some(Codec::Opus));
    let mut phone = Ear::new(Codec::Opus);
    let mut payload = [0; 400];
    let length = phone.tell_narrow(&[0; 480], &mut payload);
    let passed = anna_sends(&mut call, &opus(0, &payload[..length])).unwrap().1;
    assert_eq!(passed.len(), 480);
    let lengths: Vec<usize> = call.tapped.iter().map(|frame| frame.payload().len()).collect();
    assert_eq!(lengths, [160; 3]);
}

#[test]
fn a_damaged_packet_is_left_out() {
    let mut call = Call::new([Codec::Opus, Codec::Pcma], [None; 2]);
    call.anna.outfit(Some(Codec::Pcma));
    call.boris.outfit(Some(Codec::Opus));
    // A count of frames that the packet cannot hold.
    assert_eq!(anna_sends(&mut call, &opus(0, &[0x4b, 0x3f, 1, 2])), None);
}

#[test]
fn a_sender_report_speaks_of_the_streams_clock() {
    let mut call = Call::new([Codec::Opus; 2], [None; 2]);
    anna_sends(&mut call, &opus(0, &[0x48; 30]));
    let later = call.now.after(Duration::from_secs(1));
    assert_eq!(call.boris.sending.timestamp_at(later), 6_000 + 48_000);
}
