//! Files that a crash left open: their sizes are put right, so that every player plays them to their end.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::layout;
use crate::milliseconds;
use crate::recording::Extent;
use crate::wav::MOMENT_BYTES;

/// Chunks before the audio that are looked at; our own files have one.
const MOST_CHUNKS: usize = 16;

/// Makes the headers of a recording's files agree with what is in them. A sound file is not touched.
pub fn repair(path: &Path) -> io::Result<Extent> {
    let mut extent = Extent::default();
    let mut moments = 0;
    for part in 1.. {
        let path = layout::part(path, part);
        if part > 1 && !path.exists() {
            break;
        }
        let (found, bytes) = repair_file(&path, None)?;
        moments += found;
        extent.bytes += bytes;
        extent.parts = part;
    }
    extent.duration_ms = milliseconds(moments);
    Ok(extent)
}

/// Cuts a finished file to so many moments.
pub(crate) fn cut(path: &Path, moments: u32) -> io::Result<()> {
    repair_file(path, Some(u64::from(moments))).map(|_| ())
}

/// Moments and bytes of the file afterwards.
fn repair_file(path: &Path, most: Option<u64>) -> io::Result<(u64, u64)> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let size = file.metadata()?.len();
    let header = find_audio(&mut file)?;
    let most_bytes = u64::from(u32::MAX) - header.audio;
    let there = size.saturating_sub(header.audio).min(most_bytes) / MOMENT_BYTES;
    let moments = most.map_or(there, |most| most.min(there));
    let (audio, whole) = (moments * MOMENT_BYTES, header.audio + moments * MOMENT_BYTES);
    let (riff_size, audio_size) = (riff(whole - 8)?, riff(audio)?);
    if whole != size {
        file.set_len(whole)?;
    }
    if (header.riff_size, header.audio_size) != (riff_size, audio_size) {
        file.seek(SeekFrom::Start(4))?;
        file.write_all(&riff_size.to_le_bytes())?;
        file.seek(SeekFrom::Start(header.audio - 4))?;
        file.write_all(&audio_size.to_le_bytes())?;
    }
    Ok((moments, whole))
}

fn riff(size: u64) -> io::Result<u32> {
    u32::try_from(size).map_err(io::Error::other)
}

struct Header {
    riff_size: u32,
    audio_size: u32,
    /// Offset of the first moment.
    audio: u64,
}

fn find_audio(file: &mut File) -> io::Result<Header> {
    let (magic, riff_size) = chunk(file)?;
    let mut kind = [0; 4];
    file.read_exact(&mut kind)?;
    if (&magic, &kind) != (b"RIFF", b"WAVE") {
        return Err(unreadable());
    }
    for _ in 0..MOST_CHUNKS {
        let (name, length) = chunk(file)?;
        if &name == b"data" {
            return Ok(Header {
                riff_size,
                audio_size: length,
                audio: file.stream_position()?,
            });
        }
        if &name == b"fmt " && length < 16 {
            return Err(unreadable());
        }
        // Chunks are padded to even offsets.
        file.seek(SeekFrom::Current(i64::from(length) + i64::from(length % 2)))?;
    }
    Err(unreadable())
}

fn chunk(file: &mut File) -> io::Result<([u8; 4], u32)> {
    let (mut name, mut length) = ([0; 4], [0; 4]);
    file.read_exact(&mut name)?;
    file.read_exact(&mut length)?;
    Ok((name, u32::from_le_bytes(length)))
}

fn unreadable() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not a WAV file that Frontdesk wrote")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Recording;
    use crate::source::Side;

    fn recorded(path: &Path, length: u32, part: u32) -> Extent {
        let mut recording = Recording::create(path.to_owned(), part).unwrap();
        for at in (0..length).step_by(160) {
            recording.push(Side::Left, at, &[1; 160]).unwrap();
        }
        recording.finish(length).unwrap()
    }

    fn broken(bytes: &mut [u8]) {
        bytes[4..8].fill(0);
        bytes[40..44].fill(0);
    }

    #[test]
    fn a_file_left_open_is_as_long_as_its_audio_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let whole = recorded(&path, 8_000, u32::MAX);
        let sound = std::fs::read(&path).unwrap();
        let mut bytes = sound.clone();
        broken(&mut bytes);
        for odd in 0..4 {
            let mut bytes = bytes.clone();
            bytes.extend(std::iter::repeat_n(9, odd));
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(repair(&path).unwrap(), whole, "{odd} bytes too many");
            assert_eq!(std::fs::read(&path).unwrap(), sound, "{odd} bytes too many");
        }
    }

    #[test]
    fn a_sound_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let whole = recorded(&path, 800, u32::MAX);
        let before = std::fs::metadata(&path).unwrap().modified().unwrap();
        assert_eq!(repair(&path).unwrap(), whole);
        assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), before);
    }

    #[test]
    fn all_parts_of_a_long_recording_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let whole = recorded(&path, 10_000, 3_000);
        assert_eq!(
            (whole.parts, whole.duration_ms, whole.bytes),
            (4, 1_250, 40_000 + 4 * 44)
        );
        let last = layout::part(&path, 4);
        let mut bytes = std::fs::read(&last).unwrap();
        broken(&mut bytes);
        std::fs::write(&last, bytes).unwrap();
        assert_eq!(repair(&path).unwrap(), whole);
        assert_eq!(hound::WavReader::open(&last).unwrap().duration(), 1_000);
    }

    #[test]
    fn what_is_no_wav_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let check = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            assert!(repair(&path).is_err(), "{bytes:?}");
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
        };
        check(b"");
        check(b"RIFF");
        check(b"ID3\x04nothing of the sort, but long enough to be one");
        check(b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff");
        check(&[b"RIFF\0\0\0\0WAVE".as_slice(), &[b'x'; 400]].concat());
        assert!(repair(&folder.path().join("absent.wav")).is_err());
    }
}
