//! Opus (RFC 6716), at 16000 samples a second: more than that neither G.711 nor G.722 could pass on.

use std::fmt;

use opus_rs::{Application, OpusDecoder, OpusEncoder};

use super::LONGEST;
use super::resample::sample;

const RATE: i32 = 16_000;
/// Wideband speech (RFC 7587 section 3.1.1 recommends 16 to 20 kbit/s for it, and 28 to 40 for fullband).
const BITRATE: i32 = 24_000;
/// Half of what it could do: a tenth worse for a third of the work.
const COMPLEXITY: i32 = 5;
/// Lengths that a packet of ours can have, in samples: 60, 40, 20 and 10 ms.
const LENGTHS: [usize; 4] = [960, 640, 320, 160];
/// Samples that may be kept for the next packet.
const KEPT: usize = 320;

/// Packets of the lengths that Opus has from audio in pieces of any length.
pub(crate) struct Encoder {
    /// `None` cannot be: what it is made with is right.
    encoder: Option<OpusEncoder>,
    /// What was too little for a packet, then what has come.
    samples: Box<[i16; KEPT + LONGEST]>,
    kept: usize,
}

impl Default for Encoder {
    fn default() -> Self {
        let encoder = OpusEncoder::new(RATE, 1, Application::Voip).ok();
        let encoder = encoder.map(|mut encoder| {
            encoder.bitrate_bps = BITRATE;
            encoder.complexity = COMPLEXITY;
            encoder
        });
        Encoder {
            encoder,
            samples: Box::new([0; KEPT + LONGEST]),
            kept: 0,
        }
    }
}

impl Encoder {
    /// Samples from before that the next packet begins with.
    pub(crate) fn kept(&self) -> usize {
        self.kept
    }

    /// The stream begins anew.
    pub(crate) fn restart(&mut self) {
        self.kept = 0;
    }

    /// The length of the payload; 0 as long as there is too little for one. What goes beyond 60 ms in one piece is lost.
    pub(crate) fn encode(&mut self, samples: &[i16], payload: &mut [u8]) -> usize {
        let room = self.samples.get_mut(self.kept..).unwrap_or_default();
        room.iter_mut().zip(samples).for_each(|(to, from)| *to = *from);
        let count = self.kept + samples.len().min(LONGEST);
        let length = LENGTHS.into_iter().find(|length| *length <= count).unwrap_or(0);
        let written = match (&mut self.encoder, self.samples.get(..length)) {
            (Some(encoder), Some(frame)) if length > 0 => encoder.encode_i16(frame, length, payload).unwrap_or(0),
            _ => 0,
        };
        let rest = count - length;
        self.kept = if rest <= KEPT { rest } else { 0 };
        self.samples.copy_within(length..length + self.kept, 0);
        written
    }
}

pub(crate) struct Decoder {
    decoder: Option<OpusDecoder>,
    samples: Box<[f32; LONGEST]>,
}

impl Default for Decoder {
    fn default() -> Self {
        Decoder {
            decoder: OpusDecoder::new(RATE, 1).ok(),
            samples: Box::new([0.0; LONGEST]),
        }
    }
}

impl Decoder {
    /// The number of samples: up to 120 ms, mono. A damaged packet gives none.
    pub(crate) fn decode(&mut self, payload: &[u8], samples: &mut [i16]) -> usize {
        let (Some(decoder), false) = (&mut self.decoder, payload.is_empty()) else {
            return 0;
        };
        let decoded = decoder.decode(payload, LONGEST, self.samples.as_mut_slice());
        let count = decoded.unwrap_or(0).min(samples.len());
        for (to, from) in samples.iter_mut().zip(self.samples.iter().take(count)) {
            *to = sample(from * 32_768.0);
        }
        count
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encoder")
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decoder")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pieces_of_any_length_become_packets_of_lengths_that_opus_has() {
        let check = |milliseconds: usize, pieces: usize, expected: &[usize]| {
            let (mut encoder, mut decoder) = (Encoder::default(), Decoder::default());
            let mut lengths = Vec::new();
            for _ in 0..pieces {
                let mut payload = [0; 1_500];
                let length = encoder.encode(&vec![0; milliseconds * 16], &mut payload);
                let count = decoder.decode(&payload[..length], &mut [0; LONGEST]);
                lengths.push(count / 16);
            }
            assert_eq!(lengths, expected, "{milliseconds} ms");
        };
        check(20, 3, &[20, 20, 20]);
        check(10, 3, &[10, 10, 10]);
        check(30, 4, &[20, 40, 20, 40]);
        check(50, 3, &[40, 60, 40]);
        check(60, 2, &[60, 60]);
        check(5, 4, &[0, 10, 0, 10]);
        check(120, 2, &[60, 60]);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_bounded(packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..20)) {
            let mut decoder = Decoder::default();
            let mut samples = [0; LONGEST];
            for packet in packets {
                prop_assert!(decoder.decode(&packet, &mut samples) <= LONGEST);
            }
        }
    }
}
