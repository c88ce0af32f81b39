//! Recordings that are to be there no more.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::layout;

/// Removes all files of a recording, the later parts before the earlier ones, so that what a fault leaves is found the next
/// time. Files that are not there are no fault.
///
/// # Errors
/// A file cannot be removed.
pub fn remove(path: &Path) -> io::Result<()> {
    let later = (2..).take_while(|part| layout::part(path, *part).exists());
    let last = later.last().unwrap_or(1);
    for part in (1..=last).rev() {
        match std::fs::remove_file(layout::part(path, part)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            Err(_) | Ok(()) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_go_and_those_that_a_fault_has_left_go_later() {
        let folder = tempfile::tempdir().unwrap();
        let first = folder.path().join("a.wav");
        for name in ["a.wav", "a-2.wav", "b.wav"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        // a folder cannot be removed as a file
        std::fs::create_dir(folder.path().join("a-3.wav")).unwrap();
        assert!(remove(&first).is_err());
        std::fs::remove_dir(folder.path().join("a-3.wav")).unwrap();
        assert!(first.exists() && folder.path().join("a-2.wav").exists());
        std::fs::remove_file(&first).unwrap();
        remove(&first).unwrap();
        remove(&first).unwrap();
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1);
    }
}
