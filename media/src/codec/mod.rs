//! Codecs with state, and the way between sampling rates. G.711 alone needs none of this: see [`crate::g711`].

pub(crate) mod resample;

use crate::g711;
use crate::io::command::Codec;

/// What a leg hears, from linear samples to payloads.
#[derive(Debug, Clone)]
pub(crate) struct Encoder {
    codec: Codec,
}

impl Encoder {
    pub(crate) fn new(codec: Codec) -> Self {
        Encoder { codec }
    }

    /// Samples a second that [`Encoder::encode`] takes.
    pub(crate) fn rate(&self) -> u32 {
        match self.codec {
            Codec::Pcmu | Codec::Pcma => 8_000,
        }
    }

    /// One frame; gives the payload's length.
    pub(crate) fn encode(&mut self, samples: &[i16], payload: &mut [u8]) -> usize {
        let length = samples.len().min(payload.len());
        for (code, sample) in payload.iter_mut().zip(samples) {
            *code = g711::encode(self.codec, *sample);
        }
        length
    }
}
