//! Comfort noise (RFC 3389): how a leg is heard that has stopped sending and said so.
//!
//! Of what it said the level alone is heeded; the spectrum that may follow is not looked at, the noise is white. Who has
//! comfort noise too is passed the packet as it came; for all others, and for the recorder, the noise is made here. We
//! never stop sending ourselves.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use super::step::say;
use super::{Leg, PACKET};
use crate::clock::{Moment, RATE};
use crate::codec::noise::Noise;
use crate::g711;
use crate::io::command::Codec;
use crate::rtp::packet::{HEADER, Header};
use crate::tap::{FRAME_SAMPLES, TapFrame};

const FRAME: Duration = Duration::from_millis(20);
const FRAME_TICKS: u32 = 160;
/// How much later than the packet that it stands for a frame is made, so that speech which comes a little late is still
/// in time.
const MARGIN: Duration = Duration::from_millis(10);
/// Frames later than this are left out.
const LATE: Duration = Duration::from_millis(100);
/// After the last packet of noise: then silence it is, and somebody who is gone.
const LONGEST: Duration = Duration::from_secs(60);
/// A source whose clock is farther than this from ours, in ticks, is followed.
const TOLERANCE: u32 = 320;

/// A leg's comfort noise.
#[derive(Debug, Clone, Default)]
pub(super) struct Pause {
    noise: Noise,
    running: Option<Running>,
}

#[derive(Debug, Clone, Copy)]
struct Running {
    /// When the next frame is to be made, and its timestamp by the leg's clock.
    due: Moment,
    timestamp: u32,
    until: Moment,
    /// Of the last packet of noise.
    sequence: u16,
}

impl Pause {
    /// When the next frame is wanted.
    pub(super) fn due(&self) -> Option<Moment> {
        self.running.map(|running| running.due)
    }

    pub(super) fn stop(&mut self) {
        self.running = None;
    }

    /// A packet came, with a level in -dBov; false if it had come before.
    pub(super) fn hear(&mut self, header: &Header, level: u8, now: Moment) -> bool {
        let until = now.after(LONGEST);
        let Some(running) = &mut self.running else {
            self.noise.begin(level);
            self.running = Some(Running {
                due: now.after(MARGIN),
                timestamp: header.timestamp,
                until,
                sequence: header.sequence,
            });
            return true;
        };
        if header.sequence == running.sequence {
            return false;
        }
        if !is_ahead(header.sequence, running.sequence) {
            return true;
        }
        self.noise.change(level);
        running.sequence = header.sequence;
        running.until = until;
        let off = header.timestamp.wrapping_sub(running.timestamp).cast_signed();
        if off.unsigned_abs() > TOLERANCE {
            running.timestamp = header.timestamp;
        }
        true
    }

    /// Speech came; ends the noise, unless it is late speech from before. Gives the samples that are missing between the
    /// two, and the timestamp of the first.
    pub(super) fn end(&mut self, header: &Header, samples: &mut [i16]) -> Option<(u32, usize)> {
        let running = self
            .running
            .take_if(|running| is_ahead(header.sequence, running.sequence))?;
        let missing = header.timestamp.wrapping_sub(running.timestamp);
        let missing = usize::try_from(missing).ok().filter(|missing| *missing > 0)?;
        self.noise.fill(samples.get_mut(..missing)?);
        Some((running.timestamp, missing))
    }

    /// The next frame is due: its timestamp, and the number of the packet that it goes back to.
    fn pass(&mut self, now: Moment) -> Option<(u32, u16)> {
        let running = self.running.as_mut()?;
        while now.since(running.due) > LATE {
            running.due = running.due.after(FRAME);
            running.timestamp = running.timestamp.wrapping_add(FRAME_TICKS);
        }
        let place = (running.timestamp, running.sequence);
        running.due = running.due.after(FRAME);
        running.timestamp = running.timestamp.wrapping_add(FRAME_TICKS);
        let over = running.due > running.until;
        self.running.take_if(|_| over);
        Some(place)
    }
}

fn is_ahead(sequence: u16, of: u16) -> bool {
    sequence.wrapping_sub(of).cast_signed() > 0
}

/// The next 20 ms of a leg that pauses, for the recorder and for who hears it: a packet on the port of `to`. To be called
/// at [`Leg::noise_due`]. Takes no memory.
pub fn fill_pause(
    from: &mut Leg,
    to: Option<&mut Leg>,
    packet: &mut [u8; PACKET],
    now: Moment,
    record: &mut impl FnMut(TapFrame),
) -> Option<(Range<usize>, SocketAddr)> {
    let (timestamp, sequence) = from.pause.pass(now)?;
    let codec = from.codec()?;
    let law = codec.law()?;
    let to = to.filter(|to| to.wants_noise());
    if from.tap.is_none() && to.is_none() {
        return None;
    }
    let mut samples = [0; FRAME_SAMPLES];
    from.pause.noise.fill(&mut samples);
    if let Some(tap) = &mut from.tap {
        let codes = samples.map(|sample| g711::encode(law, sample));
        tap.copy(law, (timestamp, RATE, now), &codes, record);
    }
    let header = Header {
        marker: false,
        payload_type: 0,
        sequence,
        timestamp,
        ssrc: 0,
        payload: HEADER..HEADER + FRAME_SAMPLES,
    };
    to?.whisper(&samples, codec, header, (packet, now))
}

impl Leg {
    /// When [`fill_pause`] is wanted next.
    pub fn noise_due(&self) -> Option<Moment> {
        self.pause.due()
    }

    /// A packet of noise came from the leg; false if it is to be forgotten.
    pub(super) fn hear_noise(&mut self, header: &Header, payload: &[u8], (restarted, now): (bool, Moment)) -> bool {
        if restarted {
            self.pause.stop();
            self.tap.iter_mut().for_each(|tap| tap.align.restart());
        }
        let (Some(level), Some(_)) = (payload.first(), self.codec().and_then(Codec::law)) else {
            return true;
        };
        self.pause.hear(header, *level, now)
    }

    /// Speech came from the leg: what is missing before it is filled for the recorder.
    pub(super) fn end_pause(
        &mut self,
        header: &Header,
        restarted: bool,
        now: Moment,
        record: &mut impl FnMut(TapFrame),
    ) {
        if restarted {
            self.pause.stop();
            return;
        }
        let mut samples = [0; 2 * FRAME_SAMPLES];
        let Some((timestamp, missing)) = self.pause.end(header, &mut samples) else {
            return;
        };
        let law = self.codec().and_then(Codec::law);
        if let (Some(tap), Some(law)) = (&mut self.tap, law) {
            let codes = samples.map(|sample| g711::encode(law, sample));
            let codes = codes.get(..missing).unwrap_or_default();
            tap.copy(law, (timestamp, RATE, now), codes, record);
        }
    }

    /// It hears its peer, and is not told of the peer's pauses.
    fn wants_noise(&self) -> bool {
        let settled = self.settled.as_ref();
        self.feed.is_none() && settled.is_some_and(|settled| !settled.media.format.comfort_noise)
    }

    /// Says a frame to the leg in place of what its peer with that codec does not say.
    fn whisper(
        &mut self,
        samples: &[i16; FRAME_SAMPLES],
        peer: Codec,
        mut header: Header,
        (packet, now): (&mut [u8; PACKET], Moment),
    ) -> Option<(Range<usize>, SocketAddr)> {
        let settled = self.settled.as_mut()?;
        let (Some(target), true) = (settled.latch.target(), settled.media.direction.we_send()) else {
            self.sending.change_source();
            return None;
        };
        let format = settled.media.format;
        let codec = if format.codec.law().is_some() {
            format.codec
        } else {
            peer
        };
        let law = codec.law()?;
        let payload = packet.get_mut(header.payload.clone())?;
        for (code, sample) in payload.iter_mut().zip(samples) {
            *code = g711::encode(law, *sample);
        }
        let ear = self.ear.as_deref_mut();
        header.payload_type = format.payload_type;
        if !say(codec, &mut header, packet, (format.codec, ear, None)) || !self.sending.fill(&mut header, RATE, now) {
            return None;
        }
        let bytes = header.write(packet)?;
        Some((settled.protect(packet, bytes)?, target))
    }
}
