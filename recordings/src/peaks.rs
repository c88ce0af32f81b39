//! A recording's outline, as a player draws it.

use std::io;
use std::path::Path;

use crate::wav;

/// Per column the loudest sample of each side, 0 to 255.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peaks {
    pub left: Vec<u8>,
    pub right: Vec<u8>,
}

/// Reads a finished file once, in pieces. `columns` is bounded to 4 000.
pub fn read(path: &Path, columns: u32) -> io::Result<Peaks> {
    let mut reader = hound::WavReader::open(path).map_err(wav::error)?;
    if reader.spec() != wav::SPEC {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "not a recording of Frontdesk",
        ));
    }
    let total = u64::from(reader.duration());
    let columns = u64::from(columns.clamp(1, 4_000)).min(total.max(1));
    let count = usize::try_from(columns).unwrap_or(1);
    let mut sides = [vec![0_u8; count], vec![0_u8; count]];
    for (position, sample) in (0_u64..).zip(reader.samples::<i16>()) {
        let loudness = u8::try_from(sample.map_err(wav::error)?.unsigned_abs().min(i16::MAX.unsigned_abs()) >> 7);
        let column = usize::try_from(position / 2 * columns / total.max(1)).unwrap_or(0);
        let [left, right] = &mut sides;
        let side = if position % 2 == 0 { left } else { right };
        if let (Some(peak), Ok(loudness)) = (side.get_mut(column), loudness) {
            *peak = (*peak).max(loudness);
        }
    }
    let [left, right] = sides;
    Ok(Peaks { left, right })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Recording;
    use crate::source::Side;

    #[test]
    fn each_column_shows_the_loudest_of_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let mut recording = Recording::create(path.clone(), u32::MAX).unwrap();
        recording.push(Side::Left, 0, &[i16::MAX; 160]).unwrap();
        recording.push(Side::Right, 320, &[i16::MIN; 100]).unwrap();
        recording.finish(640).unwrap();
        let peaks = read(&path, 4).unwrap();
        assert_eq!((peaks.left, peaks.right), (vec![255, 0, 0, 0], vec![0, 0, 255, 0]));
        assert_eq!(read(&path, u32::MAX).unwrap().left.len(), 640);
    }
}
