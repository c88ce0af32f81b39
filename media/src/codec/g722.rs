//! ITU-T G.722 at 64 kbit/s (RFC 3551 section 4.5.2): 16000 samples a second, two of them in a byte.

use std::fmt;

use audio_codec::g722::{G722Decoder, G722Encoder};
use audio_codec::{Decoder as _, Encoder as _};

#[derive(Default)]
pub(crate) struct Encoder(G722Encoder);

impl Encoder {
    pub(crate) fn encode(&mut self, samples: &[i16], payload: &mut [u8]) -> usize {
        // It says nothing rather than half of it when there is no room.
        self.0.encode_into(samples, payload).unwrap_or(0)
    }
}

#[derive(Default)]
pub(crate) struct Decoder(G722Decoder);

impl Decoder {
    pub(crate) fn decode(&mut self, payload: &[u8], samples: &mut [i16]) -> usize {
        let payload = payload.get(..samples.len() / 2).unwrap_or(payload);
        self.0.decode_into(payload, samples).unwrap_or(0)
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
