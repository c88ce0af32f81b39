//! A packet's way through the bridge.

use std::net::SocketAddr;
use std::ops::Range;

use super::{Content, Incoming, Leg, Outcome, Settled, TapPoint};
use crate::clock::{Moment, RATE};
use crate::codec::{Ear, LONGEST, Voice};
use crate::g711::{self, Law};
use crate::io::command::{AudioFormat, COMFORT_NOISE, Codec};
use crate::keytones::Numbers;
use crate::rtp::Timing;
use crate::rtp::dtmf::{Event, Press};
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
    /// Of the stream that it belongs to.
    timing: Timing,
    /// Ticks a second in which events tell their duration, and the press that this one tells of.
    event: (u32, Option<Press>),
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
        let format = settled.media.format;
        let timing = content.timing(format.codec);
        let arrival = self.reception.arrive(&header, timing, *now);
        if arrival == Arrival::Stray {
            return Err(Outcome::Ignored);
        }
        let restarted = arrival == Arrival::Restart;
        let payload = datagram.get(header.payload.clone()).unwrap_or_default();
        let mut press = None;
        match content {
            Content::Audio(codec) => {
                self.end_pause(&header, restarted, *now, record);
                self.hear(codec, payload, (&header, restarted, *now), record);
            }
            Content::TelephoneEvent => press = self.hear_event(&header, payload),
            Content::ComfortNoise => {
                if !self.hear_noise(&header, payload, (restarted, *now)) {
                    return Err(Outcome::Kept { first: false });
                }
            }
        }
        Ok(Taken {
            header,
            content,
            timing,
            event: (format.event_clock, press),
            restarted,
            first: !std::mem::replace(&mut self.heard, true),
        })
    }

    /// Decodes what somebody needs as samples, listens for keys in it, and copies it to the recorder.
    fn hear(
        &mut self,
        codec: Codec,
        payload: &[u8],
        (header, restarted, now): (&Header, bool, Moment),
        record: &mut impl FnMut(TapFrame),
    ) {
        let mut voice = self.voice.as_deref_mut().filter(|voice| voice.codec == codec);
        if let Some(voice) = &mut voice {
            voice.hear(payload);
        }
        if let Some(attention) = &mut self.attention {
            attention.hear(codec.law(), payload, voice.as_deref().map(Voice::samples), now);
        }
        if restarted {
            self.tap.iter_mut().for_each(|tap| tap.align.restart());
            self.tones.iter_mut().for_each(|tones| tones.restart());
        }
        if self.tap.is_none() && self.tones.is_none() {
            return;
        }
        let when = (header.timestamp, codec.clock(), now);
        match (codec.law(), voice) {
            (Some(law), _) => {
                self.tap.iter_mut().for_each(|tap| tap.copy(law, when, payload, record));
                if self.tones.is_some() {
                    let mut samples = [0; LONGEST];
                    let payload = payload.get(..LONGEST).unwrap_or(payload);
                    g711::decode_into(law, payload, &mut samples);
                    self.hear_tones(header, codec, samples.get(..payload.len()).unwrap_or_default());
                }
            }
            (None, Some(voice)) => {
                let mut samples = [0; LONGEST];
                let count = voice.narrow(&mut samples);
                let samples = samples.get(..count).unwrap_or_default();
                self.tap
                    .iter_mut()
                    .for_each(|tap| tap.copy_samples(samples, when, record));
                self.hear_tones(header, codec, samples);
            }
            (None, None) => {}
        }
    }

    /// `samples`: at 8 kHz.
    fn hear_tones(&mut self, header: &Header, codec: Codec, samples: &[i16]) {
        // The tones of whoever tells keys by events are no keys of their own.
        let Some(tones) = self.tones.as_mut().filter(|_| !self.has_events) else {
            return;
        };
        let at = Numbers {
            sequence: header.sequence,
            timestamp: header.timestamp,
            clock: codec.clock(),
        };
        if let Some(key) = tones.hear(at, samples) {
            self.key = Some(key);
        }
    }

    fn hear_event(&mut self, header: &Header, payload: &[u8]) -> Option<Press> {
        let event = Event::read(payload);
        self.has_events |= event.is_some();
        if let Some(keys) = &mut self.keys {
            self.key = event.and_then(|event| keys.hear(header.ssrc, header.timestamp, event));
        }
        event.map(|event| self.holding.hear(header.ssrc, header.timestamp, event))
    }
}

impl Content {
    /// How its timestamps are to be read in a stream that has settled on `codec`.
    fn timing(self, codec: Codec) -> Timing {
        match self {
            Content::Audio(codec) => Timing::audio(codec.clock()),
            Content::TelephoneEvent => Timing {
                rate: codec.clock(),
                flows: false,
            },
            // RFC 3389 section 4: the beginning of the noise, by the clock of 8000.
            Content::ComfortNoise => Timing {
                rate: codec.clock(),
                flows: codec.clock() == RATE,
            },
        }
    }
}

impl TapPoint {
    /// G.711 goes to the recorder as it is.
    pub(super) fn copy(&mut self, law: Law, when: (u32, u32, Moment), audio: &[u8], record: &mut impl FnMut(TapFrame)) {
        let (timestamp, rate, now) = when;
        let mut at = self.align.place((timestamp, rate), length(audio), now);
        for piece in audio.chunks(FRAME_SAMPLES) {
            record(TapFrame::new(self.recording, self.side, at, law, piece));
            at = at.saturating_add(length(piece));
        }
    }

    /// Samples at 8 kHz.
    fn copy_samples(&mut self, samples: &[i16], when: (u32, u32, Moment), record: &mut impl FnMut(TapFrame)) {
        let mut codes = [0; LONGEST];
        for (code, sample) in codes.iter_mut().zip(samples) {
            *code = g711::encode(Law::A, *sample);
        }
        self.copy(Law::A, when, codes.get(..samples.len()).unwrap_or_default(), record);
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
        timing,
        event,
        restarted,
        ..
    } = taken;
    let Incoming { buffer, now, .. } = incoming;
    if to.feed.is_some() {
        return None;
    }
    if restarted {
        to.sending.change_source();
        to.ear.iter_mut().for_each(|ear| ear.restart());
    }
    let settled = to.settled.as_mut()?;
    let target = settled.latch.target();
    let (Some(target), true) = (target, settled.media.direction.we_send()) else {
        to.sending.change_source();
        return None;
    };
    let format = settled.media.format;
    let ear = to.ear.as_deref_mut();
    // Ticks of the outgoing clock that a long event begins after its key.
    let mut ahead = 0;
    let payload_type = match content {
        Content::Audio(codec) => {
            say(codec, &mut header, buffer, (format.codec, ear, voice)).then_some(format.payload_type)
        }
        Content::TelephoneEvent => {
            let payload = buffer.get_mut(header.payload.clone())?;
            let told = tell_event(&mut header, payload, event, format);
            ahead = told.unwrap_or(0);
            format.telephone_event.filter(|_| told.is_some())
        }
        Content::ComfortNoise => format.comfort_noise.then_some(COMFORT_NOISE),
    };
    let Some(payload_type) = payload_type else {
        to.sending.leave_out();
        return None;
    };
    header.payload_type = payload_type;
    if !to.sending.rewrite(&mut header, timing, now) {
        return None;
    }
    header.timestamp = header.timestamp.wrapping_add(ahead);
    if content == Content::ComfortNoise {
        // RFC 3389 section 4: no noise has the marker. The speech after it has (RFC 3551 section 4.1).
        header.marker = false;
        to.sending.pause();
    }
    let packet = header.write(buffer)?;
    Some((settled.protect(buffer, packet)?, target))
}

/// Brings a payload to the codec of who is to hear it; false if there is nothing to be sent.
pub(super) fn say(
    from: Codec,
    header: &mut Header,
    buffer: &mut [u8],
    (to, ear, voice): (Codec, Option<&mut Ear>, Option<&Voice>),
) -> bool {
    if from == to {
        return true;
    }
    let size = header.payload.len();
    let Some(rest) = buffer.get_mut(header.payload.start..) else {
        return false;
    };
    if let (Some(from), Some(to)) = (from.law(), to.law()) {
        g711::transcode(from, to, rest.get_mut(..size).unwrap_or_default());
        return true;
    }
    let behind = ear.as_ref().map_or(0, |ear| ear.behind(from.clock()));
    let Some(length) = encode_anew(ear, from.law(), voice, (rest, size)) else {
        return false;
    };
    header.payload.end = header.payload.start + length;
    header.timestamp = header.timestamp.wrapping_sub(behind);
    true
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

/// Tells an event by the clock of who is to hear it; how long after the key it then begins, and `None` if it is none.
fn tell_event(
    header: &mut Header,
    payload: &mut [u8],
    (from, press): (u32, Option<Press>),
    format: AudioFormat,
) -> Option<u32> {
    let press = press?;
    if from == format.event_clock {
        return Some(0);
    }
    let (ticks, ahead) = press.told(from, format.event_clock);
    payload.get_mut(2..4)?.copy_from_slice(&ticks.to_be_bytes());
    header.timestamp = press.began;
    Some(ahead.saturating_mul(format.codec.clock() / format.event_clock.max(1)))
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
