//! Sounds that we play ourselves: samples in memory, made once and shared by all legs that hear them.

use std::sync::{Arc, LazyLock};

mod music;
mod tones;
mod wav;

pub use tones::{busy, confirmation, refusal, ringback, tone};
pub use wav::WavError;

static MUSIC: LazyLock<Arc<Sound>> = LazyLock::new(|| Arc::new(music::make()));

/// What a held party hears when nobody has given us other music. Made once, when it is first wanted.
pub fn music() -> Arc<Sound> {
    Arc::clone(&MUSIC)
}

/// Mono linear audio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// 8000 or 16000 samples a second.
    pub rate: u32,
    pub samples: Vec<i16>,
}

impl Sound {
    /// Nothing to be heard.
    pub fn silence(milliseconds: usize) -> Sound {
        Sound {
            rate: 8_000,
            samples: vec![0; milliseconds.saturating_mul(8)],
        }
    }
}
