//! One WAV file as it grows: the door to hound.

use std::io::{self, Seek, Write};

use hound::{SampleFormat, WavSpec, WavWriter};

use crate::{Moment, SAMPLE_RATE};

/// Bytes of a moment, and of the header that stands before the first.
pub const MOMENT_BYTES: u64 = 4;
pub const HEADER_BYTES: u64 = 44;

/// Moments that fit one file with room to spare below the 4 GiB that a RIFF size can count.
pub const MOST_MOMENTS: u32 = 1_000_000_000;

pub(crate) const SPEC: WavSpec = WavSpec {
    channels: 2,
    sample_rate: SAMPLE_RATE,
    bits_per_sample: 16,
    sample_format: SampleFormat::Int,
};

/// A stereo file that is being written. Its header is right after each `checkpoint`, not between them.
pub struct Wav<W: Write + Seek> {
    writer: WavWriter<W>,
    moments: u32,
}

impl<W: Write + Seek> Wav<W> {
    pub fn new(file: W) -> io::Result<Self> {
        Ok(Wav {
            writer: WavWriter::new(file, SPEC).map_err(error)?,
            moments: 0,
        })
    }

    pub fn moments(&self) -> u32 {
        self.moments
    }

    pub fn write(&mut self, block: &[Moment]) -> io::Result<()> {
        let count = u32::try_from(block.len()).map_err(io::Error::other)?;
        let mut samples = self.writer.get_i16_writer(count.saturating_mul(2));
        for [left, right] in block {
            samples.write_sample(*left);
            samples.write_sample(*right);
        }
        samples.flush().map_err(error)?;
        self.moments = self.moments.saturating_add(count);
        Ok(())
    }

    /// Makes the header say what has been written so far.
    pub fn checkpoint(&mut self) -> io::Result<()> {
        self.writer.flush().map_err(error)
    }

    pub fn finish(self) -> io::Result<()> {
        self.writer.finalize().map_err(error)
    }
}

pub(crate) fn error(error: hound::Error) -> io::Error {
    match error {
        hound::Error::IoError(error) => error,
        other @ (hound::Error::FormatError(_)
        | hound::Error::TooWide
        | hound::Error::UnfinishedSample
        | hound::Error::Unsupported
        | hound::Error::InvalidSampleFormat) => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}
