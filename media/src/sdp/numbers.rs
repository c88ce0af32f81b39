//! Payload types without a fixed meaning.

use super::read::{AudioLine, Format};
use crate::io::command::{AudioFormat, Codec};

/// The dynamic payload types of our descriptions. One keeps its meaning for the whole session (RFC 3264 section 8.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbers {
    opus: u8,
    /// telephone-event by a clock of 8000, and of 48000.
    event: u8,
    wide_event: u8,
}

impl Default for Numbers {
    fn default() -> Self {
        Numbers {
            opus: Codec::Opus.payload_type(),
            event: 101,
            wide_event: 102,
        }
    }
}

impl Numbers {
    pub(super) fn formats(self, codecs: &[Codec]) -> Vec<AudioFormat> {
        codecs.iter().map(|codec| self.format(*codec)).collect()
    }

    fn format(self, codec: Codec) -> AudioFormat {
        match codec {
            Codec::Opus => AudioFormat::new(codec, self.opus, Some(self.wide_event)),
            Codec::Pcmu | Codec::Pcma | Codec::G722 => {
                AudioFormat::new(codec, codec.payload_type(), Some(self.event)).with_comfort_noise()
            }
        }
    }

    /// Those of the far party's offer; what it does not name keeps out of their way.
    pub(super) fn adopt(&mut self, line: AudioLine<'_>) {
        let theirs = |wanted: Format| {
            let mut formats = line.formats();
            formats.find_map(|(number, format)| (format == wanted).then_some(number))
        };
        let mut used: Vec<u8> = line.formats().map(|(number, _)| number).collect();
        for (number, format) in [
            (&mut self.opus, Format::Audio(Codec::Opus)),
            (&mut self.event, Format::TelephoneEvent(8_000)),
            (&mut self.wide_event, Format::TelephoneEvent(48_000)),
        ] {
            if let Some(theirs) = theirs(format) {
                *number = theirs;
            } else if used.contains(number) {
                *number = (96..128).find(|free| !used.contains(free)).unwrap_or(*number);
            }
            used.push(*number);
        }
    }
}
