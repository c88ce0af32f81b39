//! Whether a party says anything: whoever leaves a message is asked for no key at its end.

use std::time::Duration;

use super::Leg;
use crate::clock::Moment;
use crate::g711::{self, Law};

/// Mean level of 20 ms above which somebody speaks: about -40 dBm0, well above the noise of a line.
const SPEECH: u64 = 260;

#[derive(Debug)]
pub(super) struct Attention {
    pause: Duration,
    /// When something was last heard, or was first to be expected.
    since: Moment,
    spoke: bool,
    told: bool,
}

impl Attention {
    /// What a packet says: by G.711, or as samples.
    pub(super) fn hear(&mut self, law: Option<Law>, payload: &[u8], samples: Option<&[i16]>, now: Moment) {
        let level = match (law, samples) {
            (Some(law), _) => mean(payload.iter().map(|code| g711::decode(law, *code))),
            (None, Some(samples)) => mean(samples.iter().copied()),
            (None, None) => 0,
        };
        if level >= SPEECH {
            self.since = now;
            self.spoke = true;
        }
    }
}

impl Leg {
    /// Waits for a pause of this length from now on.
    pub fn attend(&mut self, pause: Duration, now: Moment) {
        self.attention = Some(Attention {
            pause,
            since: now,
            spoke: false,
            told: false,
        });
    }

    /// The pause has come, and whether anything was said before; told once.
    pub fn fell_quiet(&mut self, now: Moment) -> Option<bool> {
        let attention = self.attention.as_mut()?;
        let quiet = !attention.told && now.since(attention.since) >= attention.pause;
        attention.told |= quiet;
        quiet.then_some(attention.spoke)
    }
}

fn mean(samples: impl ExactSizeIterator<Item = i16>) -> u64 {
    let count = u64::try_from(samples.len()).unwrap_or(u64::MAX);
    let sum: u64 = samples.map(|sample| u64::from(sample.unsigned_abs())).sum();
    sum.checked_div(count).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_told_once_and_with_whether_anything_was_said() {
        let at = |ms: u64| Moment::from_micros(ms * 1_000);
        let tone: Vec<u8> = (0..160)
            .map(|n| g711::encode(Law::A, if n % 8 < 4 { 4_000 } else { -4_000 }))
            .collect();
        let hush = [g711::silence(Law::A); 160];
        for (said, spoke) in [(&tone[..], true), (&hush[..], false)] {
            let mut attention = Attention {
                pause: Duration::from_secs(3),
                since: at(0),
                spoke: false,
                told: false,
            };
            attention.hear(Some(Law::A), said, None, at(2_000));
            assert_eq!(attention.spoke, spoke);
            assert_eq!(attention.since, if spoke { at(2_000) } else { at(0) });
        }
        assert_eq!(mean([300_i16, -300].into_iter()), 300);
        assert_eq!(mean(std::iter::empty::<i16>()), 0);
    }
}
