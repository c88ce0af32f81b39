//! Reading a WAV file that somebody gave us.

use super::Sound;

/// The longest sound that is taken: ten minutes.
const LONGEST_SECONDS: u32 = 600;
const PCM: u16 = 1;
const EXTENSIBLE: u16 = 0xfffe;

/// Why a file is no sound for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WavError {
    #[error("this is no WAV file")]
    NotWav,
    #[error("the samples must be uncompressed 16-bit PCM")]
    NotPcm16,
    #[error("one or two channels are taken, not {0}")]
    Channels(u16),
    #[error("8000 to 48000 samples a second are taken, not {0}")]
    Rate(u32),
    #[error("there is no sound in it")]
    Empty,
    #[error("it is longer than ten minutes")]
    TooLong,
}

#[derive(Debug, Clone, Copy)]
struct Format {
    channels: u16,
    rate: u32,
}

impl Sound {
    /// 16-bit PCM with 8000 to 48000 samples a second, as they are; two channels are mixed into one.
    pub fn from_wav(file: &[u8]) -> Result<Sound, WavError> {
        let chunks = match file {
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', chunks @ ..] => chunks,
            _ => return Err(WavError::NotWav),
        };
        let mut format = None;
        let mut rest = chunks;
        while let Some((name, body, after)) = chunk(rest) {
            match name {
                b"fmt " => format = Some(read_format(body)?),
                b"data" => return samples(format.ok_or(WavError::NotWav)?, body),
                _ => {}
            }
            rest = after;
        }
        Err(if format.is_some() {
            WavError::Empty
        } else {
            WavError::NotWav
        })
    }

    /// As a file that [`Sound::from_wav`] reads.
    pub fn to_wav(&self) -> Vec<u8> {
        let length = u32::try_from(self.samples.len().saturating_mul(2)).unwrap_or(u32::MAX);
        let mut file = Vec::with_capacity(self.samples.len().saturating_mul(2).saturating_add(44));
        file.extend(b"RIFF");
        file.extend(length.saturating_add(36).to_le_bytes());
        file.extend(b"WAVEfmt ");
        file.extend(16_u32.to_le_bytes());
        for word in [PCM, 1] {
            file.extend(word.to_le_bytes());
        }
        for rate in [self.rate, self.rate.saturating_mul(2)] {
            file.extend(rate.to_le_bytes());
        }
        for word in [2_u16, 16] {
            file.extend(word.to_le_bytes());
        }
        file.extend(b"data");
        file.extend(length.to_le_bytes());
        file.extend(self.samples.iter().flat_map(|sample| sample.to_le_bytes()));
        file
    }
}

/// A chunk's name, its bytes, and what follows. A length beyond the end, as a recorder that was cut off leaves it, goes
/// to the end.
fn chunk(bytes: &[u8]) -> Option<(&[u8; 4], &[u8], &[u8])> {
    let (name, rest) = bytes.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?.min(rest.len());
    let (body, rest) = rest.split_at(length);
    // Chunks begin at even places.
    let rest = rest.get(length % 2..).unwrap_or_default();
    Some((name, body, rest))
}

fn read_format(body: &[u8]) -> Result<Format, WavError> {
    let [tag, channels, low, high, _, _, _, bits] = half_words::<8>(body).ok_or(WavError::NotWav)?;
    let tag = match tag {
        // The true tag is the first half word of the extension's identifier.
        EXTENSIBLE => half_words::<13>(body).map_or(EXTENSIBLE, |[.., tag]| tag),
        tag => tag,
    };
    let rate = u32::from(high) << 16 | u32::from(low);
    if tag != PCM || bits != 16 {
        return Err(WavError::NotPcm16);
    }
    if !(1..=2).contains(&channels) {
        return Err(WavError::Channels(channels));
    }
    if !(8_000..=48_000).contains(&rate) {
        return Err(WavError::Rate(rate));
    }
    Ok(Format { channels, rate })
}

fn half_words<const N: usize>(body: &[u8]) -> Option<[u16; N]> {
    let mut words = [0; N];
    let (pairs, _) = body.as_chunks::<2>();
    let pairs = pairs.get(..N)?;
    for (word, pair) in words.iter_mut().zip(pairs) {
        *word = u16::from_le_bytes(*pair);
    }
    Some(words)
}

fn samples(format: Format, body: &[u8]) -> Result<Sound, WavError> {
    let (pairs, _) = body.as_chunks::<2>();
    let all = pairs.iter().map(|pair| i16::from_le_bytes(*pair));
    let samples: Vec<i16> = match format.channels {
        1 => all.collect(),
        _ => {
            let (frames, _) = body.as_chunks::<4>();
            frames
                .iter()
                .map(|[a, b, c, d]| middle(i16::from_le_bytes([*a, *b]), i16::from_le_bytes([*c, *d])))
                .collect()
        }
    };
    let longest = usize::try_from(format.rate * LONGEST_SECONDS).unwrap_or(usize::MAX);
    match samples.len() {
        0 => Err(WavError::Empty),
        length if length > longest => Err(WavError::TooLong),
        _ => Ok(Sound {
            rate: format.rate,
            samples,
        }),
    }
}

fn middle(left: i16, right: i16) -> i16 {
    left.midpoint(right)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wav(tag: u16, channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
        file.extend(tag.to_le_bytes());
        file.extend(channels.to_le_bytes());
        file.extend(rate.to_le_bytes());
        file.extend([0; 6]);
        file.extend(bits.to_le_bytes());
        file.extend(b"data");
        file.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        file.extend(data);
        file
    }

    #[test]
    fn what_we_can_play_is_read() {
        let mono = Sound::from_wav(&wav(PCM, 1, 16_000, 16, &[1, 0, 0xff, 0xff])).unwrap();
        assert_eq!((mono.rate, mono.samples), (16_000, vec![1, -1]));
        let stereo = Sound::from_wav(&wav(PCM, 2, 8_000, 16, &[100, 0, 200, 0, 7, 0, 7, 0])).unwrap();
        let stereo_again = stereo.clone();
        assert_eq!((stereo.rate, stereo.samples), (8_000, vec![150, 7]));
        assert_eq!(Sound::from_wav(&stereo_again.to_wav()), Ok(stereo_again));
        let mut cut = wav(PCM, 1, 8_000, 16, &[1, 0, 2, 0]);
        cut.truncate(cut.len() - 1);
        assert_eq!(Sound::from_wav(&cut).unwrap().samples, [1]);
    }

    #[test]
    fn what_we_cannot_play_is_refused_with_the_reason() {
        let check = |file: &[u8], expected| assert_eq!(Sound::from_wav(file), Err(expected));
        check(b"", WavError::NotWav);
        check(b"OggS and so on", WavError::NotWav);
        check(b"RIFF\0\0\0\0WAVEdata\x02\0\0\0\x01\0", WavError::NotWav);
        check(&wav(7, 1, 8_000, 8, &[1, 0]), WavError::NotPcm16);
        check(&wav(PCM, 1, 8_000, 24, &[1, 0]), WavError::NotPcm16);
        check(&wav(EXTENSIBLE, 1, 8_000, 16, &[1, 0]), WavError::NotPcm16);
        check(&wav(PCM, 6, 8_000, 16, &[1, 0]), WavError::Channels(6));
        check(&wav(PCM, 1, 7_999, 16, &[1, 0]), WavError::Rate(7_999));
        check(&wav(PCM, 1, 48_001, 16, &[1, 0]), WavError::Rate(48_001));
        check(&wav(PCM, 1, 8_000, 16, &[1]), WavError::Empty);
        check(&wav(PCM, 1, 8_000, 16, &vec![0; 2 * 8_000 * 601]), WavError::TooLong);
    }

    proptest! {
        #[test]
        fn reading_anything_never_panics(tail in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
            file.extend(&tail);
            let _ = Sound::from_wav(&file);
            let _ = Sound::from_wav(&tail);
        }
    }
}
