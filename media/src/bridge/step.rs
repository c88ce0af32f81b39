//! A packet's way through the bridge.

use std::net::SocketAddr;
use std::ops::Range;

use super::{Content, Incoming, Leg, Outcome, Settled, TapPoint};
use crate::clock::Moment;
use crate::codec::{Ear, LONGEST, Voice};
use crate::g711::{self, Law};
use crate::rtp::dtmf::Event;
use crate::rtp::packet::Header;
use crate::rtp::sequence::Arrival;
use crate::tap::{FRAME_SAMPLES, TapFrame};

/// A datagram came for `from`; what goes out does so on the port of `to`.
pub fn step(
    from: &mut Leg,
    to: Option<&mut Leg>,
    mut incoming: Incoming<'_>,
    record: &mut impl FnMut(TapFrame),
) -> Outcome {
    let taken = match from.take(&mut incoming, record) {
        Ok(taken) => taken,
        Err(outcome) => return outcome,
    };
    let first = taken.first;
    let voice = from.voice.as_deref();
    match to.and_then(|to| forward(to, taken, incoming, voice)) {
        Some((bytes, to)) => Outcome::Forward { bytes, to, first },
        None => Outcome::Kept { first },
    }
}

/// A datagram came for a leg that hears itself.
pub fn echo(leg: &mut Leg, mut incoming: Incoming<'_>, record: &mut impl FnMut(TapFrame)) -> Outcome {
    let taken = match leg.take(&mut incoming, record) {
        Ok(taken) => taken,
        Err(outcome) => return outcome,
    };
    let first = taken.first;
    match forward(leg, taken, incoming, None) {
        Some((bytes, to)) => Outcome::Forward { bytes, to, first },
        None => Outcome::Kept { first },
    }
}

/// A packet of a leg's stream.
struct Taken {
    header: Header,
    content: Content,
    restarted: bool,
    first: bool,
}

impl Leg {
    /// Judges a datagram that came for this leg, and takes from it what stays here.
    fn take(&mut self, incoming: &mut Incoming<'_>, record: &mut impl FnMut(TapFrame)) -> Result<Taken, Outcome> {
        let Incoming {
            buffer,
            length: size,
            source,
            now,
        } = incoming;
        let settled = self.settled.as_mut().ok_or(Outcome::Ignored)?;
        let mut datagram = buffer.get_mut(..*size).ok_or(Outcome::Ignored)?;
        if let Some(srtp) = &mut settled.srtp {
            let opened = srtp.receiver.open(datagram);
            self.forged += u64::from(opened.is_none());
            *size = opened.ok_or(Outcome::Foreign)?;
            datagram = datagram.get_mut(..*size).ok_or(Outcome::Ignored)?;
        }
        let header = Header::read(datagram).ok_or(Outcome::Ignored)?;
        let content = Leg::content(&settled.media, header.payload_type).ok_or(Outcome::Ignored)?;
        if !settled.latch.admit(*source, header.ssrc, header.sequence, *now) {
            self.foreign += 1;
            return Err(Outcome::Foreign);
        }
        if !settled.media.direction.they_send() {
            return Err(Outcome::Ignored);
        }
        self.alive_at = *now;
        let audio = matches!(content, Content::Audio(_));
        let arrival = self.reception.arrive(&header, audio, *now);
        if arrival == Arrival::Stray {
            return Err(Outcome::Ignored);
        }
        let restarted = arrival == Arrival::Restart;
        let payload = datagram.get(header.payload.clone()).unwrap_or_default();
        if let Content::Audio(codec) = content {
            let mut voice = self.voice.as_deref_mut().filter(|voice| voice.codec == codec);
            if let Some(voice) = &mut voice {
                voice.hear(payload);
            }
            if let Some(tap) = &mut self.tap {
                if restarted {
                    tap.align.restart();
                }
                let when = (header.timestamp, *now);
                match (codec.law(), voice) {
                    (Some(law), _) => tap.copy(law, when, payload, record),
                    (None, Some(voice)) => tap.copy_voice(voice, when, record),
                    (None, None) => {}
                }
            }
        }
        if let (Some(keys), Content::TelephoneEvent) = (&mut self.keys, content) {
            self.key = Event::read(payload).and_then(|event| keys.hear(header.ssrc, header.timestamp, event));
        }
        Ok(Taken {
            header,
            content,
            restarted,
            first: !std::mem::replace(&mut self.heard, true),
        })
    }
}

impl TapPoint {
    /// G.711 goes to the recorder as it is.
    fn copy(&mut self, law: Law, (timestamp, now): (u32, Moment), audio: &[u8], record: &mut impl FnMut(TapFrame)) {
        let mut at = self.align.place(timestamp, length(audio), now);
        for piece in audio.chunks(FRAME_SAMPLES) {
            record(TapFrame::new(self.recording, self.side, at, law, piece));
            at = at.saturating_add(length(piece));
        }
    }

    fn copy_voice(&mut self, voice: &mut Voice, when: (u32, Moment), record: &mut impl FnMut(TapFrame)) {
        let (mut samples, mut codes) = ([0; LONGEST], [0; LONGEST]);
        let count = voice.narrow(&mut samples);
        for (code, sample) in codes.iter_mut().zip(samples.iter().take(count)) {
            *code = g711::encode(Law::A, *sample);
        }
        self.copy(Law::A, when, codes.get(..count).unwrap_or_default(), record);
    }
}

fn length(audio: &[u8]) -> u32 {
    u32::try_from(audio.len()).unwrap_or(0)
}

/// `voice`: what the packet said, where that is known.
fn forward(
    to: &mut Leg,
    taken: Taken,
    incoming: Incoming<'_>,
    voice: Option<&Voice>,
) -> Option<(Range<usize>, SocketAddr)> {
    let Taken {
        mut header,
        content,
        restarted,
        ..
    } = taken;
    let Incoming { buffer, now, .. } = incoming;
    if to.feed.is_some() {
        return None;
    }
    if restarted {
        to.sending.change_source();
    }
    let settled = to.settled.as_mut()?;
    let target = settled.latch.target();
    let (Some(target), true) = (target, settled.media.direction.we_send()) else {
        to.sending.change_source();
        return None;
    };
    let format = settled.media.format;
    let payload = buffer.get_mut(header.payload.clone())?;
    let payload_type = match content {
        Content::Audio(codec) if codec == format.codec => Some(format.payload_type),
        Content::Audio(codec) => match (codec.law(), format.codec.law()) {
            (Some(from), Some(to)) => {
                g711::transcode(from, to, payload);
                Some(format.payload_type)
            }
            (from, _) => {
                let size = header.payload.len();
                let rest = buffer.get_mut(header.payload.start..)?;
                let length = encode_anew(to.ear.as_deref_mut(), from, voice, (rest, size));
                header.payload.end = header.payload.start + length.unwrap_or(0);
                length.map(|_| format.payload_type)
            }
        },
        Content::TelephoneEvent => format.telephone_event.filter(|_| Event::read(payload).is_some()),
        Content::ComfortNoise => None,
    };
    let Some(payload_type) = payload_type else {
        to.sending.leave_out();
        return None;
    };
    header.payload_type = payload_type;
    let audio = matches!(content, Content::Audio(_));
    if !to.sending.rewrite(&mut header, audio, now) {
        return None;
    }
    let packet = header.write(buffer)?;
    Some((settled.protect(buffer, packet)?, target))
}

/// The payload at the beginning of `buffer` in another codec; its new length. `from`: the law that it is in, if it is G.711.
fn encode_anew(
    ear: Option<&mut Ear>,
    from: Option<Law>,
    voice: Option<&Voice>,
    (buffer, length): (&mut [u8], usize),
) -> Option<usize> {
    let ear = ear?;
    let length = match from {
        Some(law) => {
            let mut samples = [0; LONGEST];
            let payload = buffer.get(..length.min(LONGEST / 2))?;
            g711::decode_into(law, payload, &mut samples);
            ear.tell_narrow(samples.get(..payload.len())?, buffer)
        }
        None => ear.tell_wide(voice?.samples(), buffer),
    };
    (length > 0).then_some(length)
}

impl Settled {
    /// The packet as it goes out.
    pub(super) fn protect(&mut self, buffer: &mut [u8], packet: Range<usize>) -> Option<Range<usize>> {
        let Some(srtp) = &mut self.srtp else {
            return Some(packet);
        };
        let length = srtp.sender.protect(buffer.get_mut(packet.start..)?, packet.len())?;
        Some(packet.start..packet.start + length)
    }
}
