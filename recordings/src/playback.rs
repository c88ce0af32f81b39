//! One side of a finished recording, to be played to somebody.

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::{SAMPLE_RATE, wav};

/// The left side, [`SAMPLE_RATE`] samples a second; what goes beyond `longest` is left out.
///
/// # Errors
/// The file cannot be read, or is no recording of ours.
pub fn left(path: &Path, longest: Duration) -> io::Result<Vec<i16>> {
    let mut reader = hound::WavReader::open(path).map_err(wav::error)?;
    if reader.spec() != wav::SPEC {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "not a recording of Frontdesk",
        ));
    }
    let most = longest.as_secs().saturating_mul(u64::from(SAMPLE_RATE));
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let samples = reader.samples::<i16>().step_by(2).take(most);
    samples.map(|sample| sample.map_err(wav::error)).collect()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;
    use crate::wav::Wav;

    #[test]
    fn the_left_side_is_read_as_far_as_one_wants_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("message.wav");
        let mut file = Wav::new(File::create(&path).unwrap()).unwrap();
        let moments: Vec<[i16; 2]> = (0..12_000).map(|n| [n, -n]).collect();
        file.write(&moments).unwrap();
        file.finish().unwrap();
        let whole = left(&path, Duration::from_secs(60)).unwrap();
        assert_eq!(whole, (0..12_000).collect::<Vec<i16>>());
        assert_eq!(left(&path, Duration::from_secs(1)).unwrap(), whole[..8_000]);
        fs::write(&path, b"no sound").unwrap();
        assert!(left(&path, Duration::from_secs(1)).is_err());
        assert!(left(&folder.path().join("nowhere.wav"), Duration::from_secs(1)).is_err());
    }
}
