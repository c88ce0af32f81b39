//! One recording: its clock and its files.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::PathBuf;

use crate::align::Align;
use crate::layout;
use crate::recover;
use crate::source::Side;
use crate::wav::{HEADER_BYTES, MOMENT_BYTES, Wav};
use crate::{Moment, milliseconds};

/// What a recording came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    pub duration_ms: u64,
    /// Of all its files.
    pub bytes: u64,
    /// Files: the path itself, then [`layout::part`] 2, 3 ...
    pub parts: u32,
}

/// A recording that goes on.
pub struct Recording {
    align: Align,
    files: Files,
}

impl Recording {
    /// Makes the file and the folders above it. A new file is begun each `part_moments`.
    pub fn create(path: PathBuf, part_moments: u32) -> io::Result<Self> {
        // The day's folder is there but for its first recording.
        let wav = match open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                path.parent().map_or(Ok(()), fs::create_dir_all)?;
                open(&path)?
            }
            other => other?,
        };
        let files = Files {
            path,
            wav,
            part: 1,
            earlier: 0,
            part_moments: part_moments.max(1),
            dirty: false,
        };
        Ok(Recording {
            align: Align::default(),
            files,
        })
    }

    /// Takes samples of one side, `at` samples after the beginning.
    pub fn push(&mut self, side: Side, at: u32, samples: &[i16]) -> io::Result<()> {
        let Recording { align, files } = self;
        align.push(side, at, samples, |block| files.write(block))
    }

    /// Position after the last sample that came.
    pub fn end(&self) -> u32 {
        self.align.end()
    }

    /// Samples that came too late.
    pub fn late(&self) -> u64 {
        self.align.late()
    }

    /// Makes what has been written playable as it stands.
    pub fn checkpoint(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.files.dirty) {
            self.files.wav.checkpoint()
        } else {
            Ok(())
        }
    }

    /// Closes the recording at exactly `length` samples.
    pub fn finish(self, length: u32) -> Result<Extent, Stopped> {
        let path = self.files.path.clone();
        self.close(length).map_err(|error| Stopped {
            error,
            extent: recover::repair(&path).unwrap_or_default(),
        })
    }

    /// Gives up after an error: keeps what the disk has.
    pub fn abandon(self, error: io::Error) -> Stopped {
        let path = self.files.path.clone();
        drop(self);
        Stopped {
            error,
            extent: recover::repair(&path).unwrap_or_default(),
        }
    }

    fn close(self, length: u32) -> io::Result<Extent> {
        let Recording { align, mut files } = self;
        let over = align.finish(length, |block| files.write(block))?;
        let kept = files.wav.moments().saturating_sub(over);
        let total = files.earlier + u64::from(kept);
        let path = layout::part(&files.path, files.part);
        files.wav.finish()?;
        if over > 0 {
            recover::cut(&path, kept)?;
        }
        Ok(extent(total, files.part))
    }
}

/// A recording that an error ended.
#[derive(Debug)]
pub struct Stopped {
    pub error: io::Error,
    /// What there is of it.
    pub extent: Extent,
}

fn extent(moments: u64, parts: u32) -> Extent {
    let bytes = moments * MOMENT_BYTES + u64::from(parts) * HEADER_BYTES;
    Extent {
        duration_ms: milliseconds(moments),
        bytes,
        parts,
    }
}

struct Files {
    path: PathBuf,
    wav: Wav<File>,
    part: u32,
    /// Moments in the parts before this one.
    earlier: u64,
    part_moments: u32,
    dirty: bool,
}

impl Files {
    fn write(&mut self, block: &[Moment]) -> io::Result<()> {
        let room = self.part_moments.saturating_sub(self.wav.moments());
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let (now, later) = block.split_at(room.min(block.len()));
        if !now.is_empty() {
            self.wav.write(now)?;
            self.dirty = true;
        }
        if later.is_empty() {
            return Ok(());
        }
        self.next_part()?;
        self.write(later)
    }

    fn next_part(&mut self) -> io::Result<()> {
        let next = open(&layout::part(&self.path, self.part + 1))?;
        let full = std::mem::replace(&mut self.wav, next);
        self.part += 1;
        self.earlier += u64::from(full.moments());
        full.finish()
    }
}

fn open(path: &PathBuf) -> io::Result<Wav<File>> {
    let file = OpenOptions::new().write(true).create_new(true).open(path)?;
    Wav::new(file).inspect_err(|_| {
        // Nothing was recorded: an empty file would only mislead. Should this fail too, there is nothing to lose.
        let _ = fs::remove_file(path);
    })
}
