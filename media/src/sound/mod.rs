//! Sounds that we play ourselves: samples in memory, made once and shared by all legs that hear them.

use std::sync::{Arc, LazyLock};

mod music;
mod prompts;
mod rate;
mod tones;
mod wav;

pub use prompts::{
    Language, being_recorded, digit, for_department, leave_message, messages_over, minutes_to_wait, no_messages,
    place_in_line, please_wait, press_one, spoken, spoken_by, vip_client,
};
pub use tones::{busy, confirmation, revocation, ringback, tone};
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

    /// This sound and then another one of the same rate; one of another rate is left out.
    #[must_use]
    pub fn then(mut self, next: &Sound) -> Sound {
        if next.rate == self.rate {
            self.samples.extend(&next.samples);
        }
        self
    }

    /// Milliseconds that it lasts.
    pub fn duration_ms(&self) -> u64 {
        let samples = u64::try_from(self.samples.len()).unwrap_or(u64::MAX);
        samples.saturating_mul(1_000) / u64::from(self.rate.max(1))
    }
}
