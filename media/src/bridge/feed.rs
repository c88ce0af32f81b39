//! What we say to a leg ourselves: a sound in place of its peer, and keys that are pressed for it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::Leg;
use crate::clock::{Moment, RATE};
use crate::codec::Encoder;
use crate::codec::resample::Resampler;
use crate::io::command::{AudioFormat, Codec};
use crate::rtp::Timing;
use crate::rtp::dtmf::{Event, code_of};
use crate::rtp::packet::{HEADER, Header};
use crate::rtp::rewrite::Rewriter;
use crate::sound::Sound;

const FRAME: Duration = Duration::from_millis(20);
/// Packets later than this are left out: a thread that was kept does not send what it missed.
const LATE: Duration = Duration::from_millis(100);
/// Samples of a frame at the highest rate.
const SAMPLES: usize = 960;
/// Room for a packet of ours with what encryption adds.
pub const PACKET: usize = 1_500;

/// Keys that may wait to be pressed.
const MOST_KEYS: usize = 64;
/// Frames that a key is pressed, and those between two.
const PRESSED: u16 = 5;
const RELEASED: u16 = 4;
/// RFC 4733 section 2.5.1.4: the end is said three times.
const ENDS: u16 = 3;

/// A source of our own, paced by the clock.
#[derive(Debug)]
pub(super) struct Feed {
    due: Moment,
    sequence: u16,
    /// In samples at 8 kHz.
    timestamp: u32,
    sound: Option<Playing>,
    keys: Option<Pressing>,
}

#[derive(Debug)]
struct Playing {
    sound: Arc<Sound>,
    repeat: bool,
    token: u64,
    position: usize,
    speaker: Option<Speaker>,
}

/// From the sound's rate to a codec's payload.
#[derive(Debug)]
struct Speaker {
    codec: Codec,
    resampler: Resampler,
    encoder: Encoder,
}

#[derive(Debug)]
struct Pressing {
    waiting: VecDeque<u8>,
    /// The key that is pressed now, the timestamp of its beginning, and the frames since.
    now: Option<(u8, u32)>,
    frame: u16,
}

/// What a tick came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tick {
    /// These bytes go out on the leg's port.
    pub packet: Option<(Range<usize>, SocketAddr)>,
    /// A sound has ended by itself; its token.
    pub played: Option<u64>,
}

impl Leg {
    /// Replaces what the leg hears by a sound. Takes memory, as every command may.
    pub fn play(&mut self, sound: Arc<Sound>, repeat: bool, token: u64, now: Moment) {
        let codec = self.settled.as_ref().map(|settled| settled.media.format.codec);
        let speaker = codec.map(|codec| Speaker::new(codec, sound.rate));
        self.feed(now).sound = Some(Playing {
            sound,
            repeat,
            token,
            position: 0,
            speaker,
        });
    }

    pub fn stop_playing(&mut self) {
        if let Some(feed) = &mut self.feed {
            feed.sound = None;
        }
        self.end_feed();
    }

    /// Presses keys after those that are being pressed; nothing happens if the leg has no telephone-event.
    pub fn press(&mut self, digits: &str, now: Moment) {
        let settled = self.settled.as_ref();
        if settled.is_none_or(|settled| settled.media.format.telephone_event.is_none()) {
            return;
        }
        let keys = self.feed(now).keys.get_or_insert_with(|| Pressing {
            waiting: VecDeque::with_capacity(MOST_KEYS),
            now: None,
            frame: 0,
        });
        let room = MOST_KEYS.saturating_sub(keys.waiting.len());
        keys.waiting.extend(digits.chars().filter_map(code_of).take(room));
        self.end_feed();
    }

    /// When [`Leg::tick`] is wanted next.
    pub fn due(&self) -> Option<Moment> {
        self.feed.as_ref().map(|feed| feed.due)
    }

    /// An exchange was settled: a sound goes on in the codec that it named.
    pub(super) fn retune(&mut self) {
        let codec = self.settled.as_ref().map(|settled| settled.media.format.codec);
        let sound = self.feed.as_mut().and_then(|feed| feed.sound.as_mut());
        if let (Some(codec), Some(playing)) = (codec, sound)
            && playing.speaker.as_ref().is_none_or(|speaker| speaker.codec != codec)
        {
            playing.speaker = Some(Speaker::new(codec, playing.sound.rate));
        }
    }

    fn feed(&mut self, now: Moment) -> &mut Feed {
        if self.feed.is_none() {
            self.sending.change_source();
        }
        self.feed.get_or_insert_with(|| {
            Box::new(Feed {
                due: now,
                sequence: 0,
                timestamp: 0,
                sound: None,
                keys: None,
            })
        })
    }

    fn end_feed(&mut self) {
        if self
            .feed
            .take_if(|feed| feed.sound.is_none() && feed.keys.as_ref().is_none_or(Pressing::is_over))
            .is_some()
        {
            self.sending.change_source();
        }
    }

    /// The next frame of our own, written into `packet`. Takes no memory.
    pub fn tick(&mut self, packet: &mut [u8; PACKET], now: Moment) -> Tick {
        let mut tick = Tick::default();
        let Some(feed) = &mut self.feed else {
            return tick;
        };
        let format = self.settled.as_ref().map(|settled| settled.media.format);
        let target = self
            .settled
            .as_ref()
            .filter(|settled| settled.media.direction.we_send())
            .and_then(|settled| settled.latch.target());
        let mut frame = Frame {
            packet: &mut *packet,
            sending: &mut self.sending,
            now,
        };
        let pressed = match (&mut feed.keys, format) {
            (Some(keys), Some(format)) if !keys.is_over() => Some(keys.next(feed.timestamp, feed.sequence, format)),
            (Some(_) | None, _) => None,
        };
        let spoken = match (&mut feed.sound, &pressed) {
            (Some(playing), None) => playing.next(&mut frame, format, (feed.sequence, feed.timestamp)),
            (None, _) | (Some(_), Some(_)) => None,
        };
        let made = match pressed {
            Some(event) => event.and_then(|(header, event)| frame.event(header, event)),
            None => spoken.map(|header| (header, true)),
        };
        match (made, target) {
            (Some((header, audio)), Some(target)) => {
                let bytes = frame.finish(header, audio);
                let bytes = bytes.and_then(|bytes| self.settled.as_mut()?.protect(packet, bytes));
                tick.packet = bytes.map(|bytes| (bytes, target));
                feed.sequence = feed.sequence.wrapping_add(1);
            }
            (_, None) => self.sending.change_source(),
            (None, Some(_)) => {}
        }
        tick.played = feed
            .sound
            .take_if(|playing| playing.is_over())
            .map(|playing| playing.token);
        feed.pass(now);
        self.end_feed();
        tick
    }
}

impl Feed {
    fn pass(&mut self, now: Moment) {
        let mut frames = 1;
        self.due = self.due.after(FRAME);
        while now.since(self.due) > LATE {
            self.due = self.due.after(FRAME);
            frames += 1;
        }
        self.timestamp = self.timestamp.wrapping_add(160 * frames);
    }
}

impl Playing {
    /// The payload of the next 20 ms, written behind the room for a header.
    fn next(&mut self, frame: &mut Frame<'_>, format: Option<AudioFormat>, numbers: (u16, u32)) -> Option<Header> {
        let per_frame = usize::try_from(self.sound.rate / 50).unwrap_or(160).min(SAMPLES);
        let mut samples = [0; SAMPLES];
        let wanted = samples.get_mut(..per_frame)?;
        for sample in &mut *wanted {
            if self.repeat && self.position >= self.sound.samples.len() {
                self.position = 0;
            }
            *sample = self.sound.samples.get(self.position).copied().unwrap_or(0);
            self.position += 1;
        }
        let (speaker, format) = (self.speaker.as_mut()?, format?);
        let mut resampled = [0; SAMPLES];
        let count = speaker.resampler.run(wanted, &mut resampled);
        let length = speaker
            .encoder
            .encode(resampled.get(..count)?, frame.packet.get_mut(HEADER..)?);
        let (sequence, timestamp) = numbers;
        (length > 0).then_some(Header {
            marker: false,
            payload_type: format.payload_type,
            sequence,
            timestamp,
            ssrc: 0,
            payload: HEADER..HEADER + length,
        })
    }

    fn is_over(&self) -> bool {
        !self.repeat && self.position >= self.sound.samples.len()
    }
}

impl Speaker {
    fn new(codec: Codec, rate: u32) -> Speaker {
        let encoder = Encoder::new(codec);
        Speaker {
            codec,
            resampler: Resampler::new(rate, encoder.rate()),
            encoder,
        }
    }
}

impl Pressing {
    /// Nothing in the pause after a key.
    fn next(&mut self, timestamp: u32, sequence: u16, format: AudioFormat) -> Option<(Header, Event)> {
        if self.now.is_none() {
            self.now = self.waiting.pop_front().map(|code| (code, timestamp));
            self.frame = 0;
        }
        let (code, began) = self.now?;
        self.frame += 1;
        let frame = self.frame;
        if frame >= PRESSED + ENDS + RELEASED {
            self.now = None;
        }
        let header = Header {
            marker: frame == 1,
            payload_type: format.telephone_event?,
            sequence,
            timestamp: began,
            ssrc: 0,
            payload: HEADER..HEADER + 4,
        };
        let event = Event {
            code,
            end: frame >= PRESSED,
            duration: u16::try_from(format.event_clock / 50).unwrap_or(160) * frame.min(PRESSED),
        };
        (frame < PRESSED + ENDS).then_some((header, event))
    }

    fn is_over(&self) -> bool {
        self.now.is_none() && self.waiting.is_empty()
    }
}

/// Where a packet of ours is put together.
struct Frame<'a> {
    packet: &'a mut [u8; PACKET],
    sending: &'a mut Rewriter,
    now: Moment,
}

impl Frame<'_> {
    fn event(&mut self, header: Header, event: Event) -> Option<(Header, bool)> {
        self.packet
            .get_mut(header.payload.clone())?
            .copy_from_slice(&event.payload());
        Some((header, false))
    }

    fn finish(&mut self, mut header: Header, flows: bool) -> Option<Range<usize>> {
        let timing = Timing { rate: RATE, flows };
        if !self.sending.rewrite(&mut header, timing, self.now) {
            return None;
        }
        header.write(self.packet)
    }
}

#[cfg(test)]
mod tests;
