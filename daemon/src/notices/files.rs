//! Notices as files, where no server is set: to see what would be sent.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use frontdesk_crm_core::notices::Failure;

use super::for_now;

/// The newest ones stay.
const MOST: usize = 1_000;

pub(super) struct Files(PathBuf);

impl Files {
    pub(super) fn new(folder: PathBuf) -> Files {
        Files(folder)
    }

    /// The same name again is the same file.
    pub(super) async fn write(&self, name: String, bytes: Vec<u8>) -> Result<(), Failure> {
        let folder = self.0.clone();
        let written = tokio::task::spawn_blocking(move || write(&folder, &name, &bytes)).await;
        let written = written.map_err(|error| for_now(error.to_string()))?;
        written.map_err(|error| for_now(format!("the file cannot be written: {error}")))
    }

    /// One that cannot be removed now goes with those that are forgotten.
    pub(super) async fn remove(&self, name: &str) {
        let removed = tokio::fs::remove_file(self.0.join(name)).await;
        if let Err(error) = removed
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "a notice that is to be removed stays as a file for now");
        }
    }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let partial = folder.join(format!(".{name}"));
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&partial, folder.join(name))?;
    prune(folder)
}

/// Names begin with the moment: the first ones are the oldest.
fn prune(folder: &Path) -> io::Result<()> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name()));
    let mut names: Vec<_> = names.collect::<io::Result<_>>()?;
    names.sort();
    let surplus = names.len().saturating_sub(MOST);
    for name in names.iter().take(surplus) {
        match fs::remove_file(folder.join(name)) {
            // another worker was quicker
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            done => done?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_thousand_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("notices");
        for n in 0..MOST + 2 {
            fs::create_dir_all(&place).unwrap();
            fs::write(place.join(format!("{n:05}.txt")), "x").unwrap();
        }
        write(&place, "99999.txt", b"the newest").unwrap();
        assert_eq!(fs::read_dir(&place).unwrap().count(), MOST);
        assert!(!place.join("00002.txt").exists() && place.join("00003.txt").exists());
        assert_eq!(fs::read(place.join("99999.txt")).unwrap(), b"the newest");
    }
}
