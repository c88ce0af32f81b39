//! The copy of a bridge's audio that goes to the recorder.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::g711::Law;

mod align;

pub use align::Align;

/// Samples in one frame: 20 ms. Longer packets are cut into several frames.
pub const FRAME_SAMPLES: usize = 160;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// What comes through the ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TapMessage {
    Frame(TapFrame),
    End(TapEnd),
}

/// One piece of one side's audio by G.711: still as it was sent, or encoded anew where it was sent by another codec.
///
/// Frames of a side come nearly in order: a late packet may come after its successor, at most about 100 ms late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TapFrame {
    pub recording: u128,
    /// Position of the first sample: samples at 8 kHz since the `Tap` command. What nobody sends is silence.
    pub at: u32,
    pub side: Side,
    pub law: Law,
    length: u8,
    payload: [u8; FRAME_SAMPLES],
}

impl TapFrame {
    /// Takes at most [`FRAME_SAMPLES`] bytes of `audio`.
    pub fn new(recording: u128, side: Side, at: u32, law: Law, audio: &[u8]) -> Self {
        let mut payload = [0; FRAME_SAMPLES];
        let mut length = 0;
        for (to, from) in payload.iter_mut().zip(audio) {
            *to = *from;
            length += 1;
        }
        TapFrame {
            recording,
            at,
            side,
            law,
            length,
            payload,
        }
    }

    /// One byte a sample.
    pub fn payload(&self) -> &[u8] {
        self.payload.get(..usize::from(self.length)).unwrap_or_default()
    }
}

/// The tap was closed; nothing more comes of this recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TapEnd {
    pub recording: u128,
    /// Exact length in samples at 8 kHz: from `Tap` to `Untap`.
    pub length: u32,
}

/// A ring of `slots` messages. It never blocks: what finds no room is counted and becomes silence.
pub fn ring(slots: usize) -> (TapProducer, TapConsumer) {
    let (producer, consumer) = rtrb::RingBuffer::new(slots.max(64));
    let lost = Arc::new(AtomicU64::new(0));
    let producer = TapProducer {
        ring: producer,
        lost: Arc::clone(&lost),
        unsent: Vec::new(),
    };
    (producer, TapConsumer { ring: consumer, lost })
}

/// The media thread's end.
#[derive(Debug)]
pub struct TapProducer {
    ring: rtrb::Producer<TapMessage>,
    lost: Arc<AtomicU64>,
    /// Ends that found no room: they must not get lost.
    unsent: Vec<TapEnd>,
}

impl TapProducer {
    /// Without room it is counted and becomes silence.
    pub fn frame(&mut self, frame: TapFrame) {
        if self.ring.push(TapMessage::Frame(frame)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Never gets lost: without room it waits for the next [`TapProducer::flush`].
    pub fn end(&mut self, end: TapEnd) {
        self.unsent.push(end);
        self.flush();
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Tries again what `end` could not send; false if something is left that somebody still waits for.
    pub fn flush(&mut self) -> bool {
        let mut sent = 0;
        for end in &self.unsent {
            if self.ring.push(TapMessage::End(*end)).is_err() {
                break;
            }
            sent += 1;
        }
        self.unsent.drain(..sent);
        self.unsent.is_empty() || self.ring.is_abandoned()
    }
}

/// The recorder's end.
#[derive(Debug)]
pub struct TapConsumer {
    ring: rtrb::Consumer<TapMessage>,
    lost: Arc<AtomicU64>,
}

impl TapConsumer {
    /// The oldest message; never waits.
    pub fn pop(&mut self) -> Option<TapMessage> {
        self.ring.pop().ok()
    }

    /// Frames that found no room since the start.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// The media thread is gone and nothing is left.
    pub fn is_over(&self) -> bool {
        self.ring.is_abandoned() && self.ring.is_empty()
    }
}
