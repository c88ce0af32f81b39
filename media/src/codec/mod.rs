//! Codecs with state, and the way between sampling rates. G.711 has no state: see [`crate::g711`].
//!
//! What takes memory is made when something is settled, joined, played or recorded; packets take none.

mod g722;
pub(crate) mod noise;
mod opus;
pub(crate) mod resample;

use crate::g711::{self, Law};
use crate::io::command::Codec;
use resample::Resampler;

/// Samples that a packet comes to at most: 120 ms at 16 kHz.
pub(crate) const LONGEST: usize = 1_920;
/// Samples a second of speech by telephone, and of the better kind.
const NARROW: u32 = 8_000;
const WIDE: u32 = 16_000;

/// From linear samples to payloads.
#[derive(Debug)]
pub(crate) enum Encoder {
    G711(Law),
    G722(Box<g722::Encoder>),
    Opus(Box<opus::Encoder>),
}

impl Encoder {
    pub(crate) fn new(codec: Codec) -> Self {
        match codec {
            Codec::Pcmu => Encoder::G711(Law::U),
            Codec::Pcma => Encoder::G711(Law::A),
            Codec::G722 => Encoder::G722(Box::default()),
            Codec::Opus => Encoder::Opus(Box::default()),
        }
    }

    /// Samples a second that [`Encoder::encode`] takes.
    pub(crate) fn rate(&self) -> u32 {
        match self {
            Encoder::G711(_) => NARROW,
            Encoder::G722(_) | Encoder::Opus(_) => WIDE,
        }
    }

    /// Samples of earlier packets that the next payload begins with.
    fn kept(&self) -> usize {
        match self {
            Encoder::G711(_) | Encoder::G722(_) => 0,
            Encoder::Opus(encoder) => encoder.kept(),
        }
    }

    /// One packet; gives the payload's length, 0 if there is none yet.
    pub(crate) fn encode(&mut self, samples: &[i16], payload: &mut [u8]) -> usize {
        match self {
            Encoder::G711(law) => {
                for (code, sample) in payload.iter_mut().zip(samples) {
                    *code = g711::encode(*law, *sample);
                }
                samples.len().min(payload.len())
            }
            Encoder::G722(encoder) => encoder.encode(samples, payload),
            Encoder::Opus(encoder) => encoder.encode(samples, payload),
        }
    }
}

#[derive(Debug)]
enum Decoder {
    G722(Box<g722::Decoder>),
    Opus(Box<opus::Decoder>),
}

impl Decoder {
    fn decode(&mut self, payload: &[u8], samples: &mut [i16]) -> usize {
        match self {
            Decoder::G722(decoder) => decoder.decode(payload, samples),
            Decoder::Opus(decoder) => decoder.decode(payload, samples),
        }
    }
}

/// What a leg says by a codec other than G.711, as linear samples.
#[derive(Debug)]
pub(crate) struct Voice {
    pub(crate) codec: Codec,
    decoder: Decoder,
    samples: Box<[i16; LONGEST]>,
    length: usize,
    narrow: Resampler,
}

impl Voice {
    /// `None` for G.711, which needs none.
    pub(crate) fn new(codec: Codec) -> Option<Voice> {
        let decoder = match codec {
            Codec::Pcmu | Codec::Pcma => return None,
            Codec::G722 => Decoder::G722(Box::default()),
            Codec::Opus => Decoder::Opus(Box::default()),
        };
        Some(Voice {
            codec,
            decoder,
            samples: Box::new([0; LONGEST]),
            length: 0,
            narrow: Resampler::new(WIDE, NARROW),
        })
    }

    /// A payload came; what cannot be read is silence.
    pub(crate) fn hear(&mut self, payload: &[u8]) {
        self.length = self.decoder.decode(payload, self.samples.as_mut_slice());
    }

    /// What it said, at 16 kHz.
    pub(crate) fn samples(&self) -> &[i16] {
        self.samples.get(..self.length).unwrap_or_default()
    }

    /// The same at 8 kHz; to be called once for each payload.
    pub(crate) fn narrow(&mut self, out: &mut [i16]) -> usize {
        let samples = self.samples.get(..self.length).unwrap_or_default();
        self.narrow.run(samples, out)
    }
}

/// What a leg hears of a peer with another codec.
#[derive(Debug)]
pub(crate) struct Ear {
    pub(crate) codec: Codec,
    encoder: Encoder,
    up: Resampler,
    down: Resampler,
}

impl Ear {
    pub(crate) fn new(codec: Codec) -> Ear {
        Ear {
            codec,
            encoder: Encoder::new(codec),
            up: Resampler::new(NARROW, WIDE),
            down: Resampler::new(WIDE, NARROW),
        }
    }

    /// The stream that it hears begins anew.
    pub(crate) fn restart(&mut self) {
        if let Encoder::Opus(encoder) = &mut self.encoder {
            encoder.restart();
        }
    }

    /// Ticks of a clock of `rate` that the next payload begins before the samples that it is told then.
    pub(crate) fn behind(&self, rate: u32) -> u32 {
        let kept = u32::try_from(self.encoder.kept()).unwrap_or(0);
        kept.saturating_mul(rate / 1_000) / (self.encoder.rate() / 1_000)
    }

    /// Encodes samples of the narrow kind.
    pub(crate) fn tell_narrow(&mut self, samples: &[i16], payload: &mut [u8]) -> usize {
        self.tell(samples, NARROW, payload)
    }

    /// Encodes samples of the wide kind.
    pub(crate) fn tell_wide(&mut self, samples: &[i16], payload: &mut [u8]) -> usize {
        self.tell(samples, WIDE, payload)
    }

    fn tell(&mut self, samples: &[i16], rate: u32, payload: &mut [u8]) -> usize {
        let resampler = match (rate, self.encoder.rate()) {
            (NARROW, WIDE) => &mut self.up,
            (WIDE, NARROW) => &mut self.down,
            _ => return self.encoder.encode(samples, payload),
        };
        let mut changed = [0; LONGEST];
        let length = resampler.run(samples, &mut changed);
        self.encoder.encode(changed.get(..length).unwrap_or_default(), payload)
    }
}

#[cfg(test)]
mod tests {
    use super::resample::sample;
    use super::*;

    fn tone(rate: u32, hertz: f32, frame: u32) -> Vec<i16> {
        let length = rate / 50;
        (frame * length..(frame + 1) * length)
            .map(|place| {
                let step = f32::from(u16::try_from(place % rate).unwrap()) / f32::from(u16::try_from(rate).unwrap());
                sample(8_000.0 * (std::f32::consts::TAU * hertz * step).sin())
            })
            .collect()
    }

    fn power(samples: &[i16]) -> f64 {
        let sum: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
        sum / f64::from(u32::try_from(samples.len()).unwrap())
    }

    /// How much of a tone's power comes through, from one codec to another.
    fn through(from: Codec, to: Codec, hertz: f32) -> f64 {
        let mut encoder = Encoder::new(from);
        let mut voice = Voice::new(from);
        let mut ear = Ear::new(to);
        let mut back = Voice::new(to);
        let (mut sent, mut heard) = (Vec::new(), Vec::new());
        for frame in 0..50 {
            let samples = tone(encoder.rate(), hertz, frame);
            let mut payload = [0; 400];
            let length = encoder.encode(&samples, &mut payload);
            assert!(
                length == 160 || from == Codec::Opus && length < 250,
                "{from:?} {length}"
            );
            let mut out = [0; 400];
            let length = match &mut voice {
                Some(voice) => {
                    voice.hear(&payload[..length]);
                    ear.tell_wide(voice.samples(), &mut out)
                }
                None => {
                    let mut linear = [0; 160];
                    g711::decode_into(from.law().unwrap(), &payload[..length], &mut linear);
                    ear.tell_narrow(&linear, &mut out)
                }
            };
            assert!(length == 160 || to == Codec::Opus && length < 250, "{to:?} {length}");
            let said = match &mut back {
                Some(back) => {
                    back.hear(&out[..length]);
                    back.samples().to_vec()
                }
                None => {
                    let law = to.law().unwrap();
                    out[..length].iter().map(|code| g711::decode(law, *code)).collect()
                }
            };
            if frame > 5 {
                sent.extend(samples);
                heard.extend(said);
            }
        }
        power(&heard) / power(&sent)
    }

    #[test]
    fn speech_comes_through_from_each_codec_to_each() {
        for from in Codec::ALL {
            for to in Codec::ALL {
                for hertz in [400.0, 1_000.0, 2_500.0] {
                    let left = through(from, to, hertz);
                    assert!((0.8..1.2).contains(&left), "{from:?} {to:?} {hertz}: {left}");
                }
            }
        }
        let left = through(Codec::G722, Codec::G722, 6_000.0);
        assert!((0.7..1.3).contains(&left), "{left}");
        for (from, to) in [(Codec::Opus, Codec::G722), (Codec::G722, Codec::Opus)] {
            let left = through(from, to, 6_000.0);
            assert!((0.5..1.5).contains(&left), "{from:?} {to:?} {left}");
        }
        let left = through(Codec::G722, Codec::Pcma, 6_000.0);
        assert!(left < 0.01, "{left}");
    }

    #[test]
    fn a_recording_gets_the_narrow_kind() {
        let mut encoder = Encoder::new(Codec::G722);
        let mut voice = Voice::new(Codec::G722).unwrap();
        let mut narrow = Vec::new();
        for frame in 0..20 {
            let mut payload = [0; 160];
            encoder.encode(&tone(WIDE, 700.0, frame), &mut payload);
            voice.hear(&payload);
            let mut out = [0; LONGEST];
            let length = voice.narrow(&mut out);
            assert_eq!(length, 160);
            narrow.extend_from_slice(&out[..length]);
        }
        let left = power(&narrow[800..]) / power(&tone(WIDE, 700.0, 0));
        assert!((0.8..1.2).contains(&left), "{left}");
    }
}
