//! The sounds that we were given: an account's music for whoever waits, a mailbox's greeting. A file for each in the data
//! folder.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use frontdesk_media::sound::Sound;

/// The folder of the accounts' music, below the data folder.
pub(crate) const FOLDER: &str = "music";
/// That of the mailboxes' greetings.
pub(crate) const GREETINGS: &str = "greetings";

/// Where the sound of an account or a mailbox lies.
fn path(folder: &Path, whose: impl Display) -> PathBuf {
    folder.join(format!("{whose}.wav"))
}

/// Keeps a sound as that of an account or a mailbox; a crash leaves the old one or the new one.
pub(crate) fn keep(folder: &Path, whose: impl Display, sound: &Sound) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let path = path(folder, whose);
    let fresh = path.with_extension("new");
    let mut file = File::create(&fresh)?;
    file.write_all(&sound.to_wav())?;
    file.sync_all()?;
    fs::rename(&fresh, &path)
}

/// False: there was none.
pub(crate) fn forget(folder: &Path, whose: impl Display) -> io::Result<bool> {
    match fs::remove_file(path(folder, whose)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The sound of an account or a mailbox, if it has one.
pub(crate) fn read(folder: &Path, whose: impl Display) -> io::Result<Option<Sound>> {
    match fs::read(path(folder, whose)) {
        Ok(file) => Sound::from_wav(&file).map(Some).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Everything that is kept for these. A file that cannot be played is told of and left alone.
pub(crate) fn all<T: Copy + Display>(folder: &Path, whose: &[T]) -> Vec<(T, Arc<Sound>)> {
    let mut all = Vec::new();
    for owner in whose {
        match read(folder, *owner) {
            Ok(Some(sound)) => all.push((*owner, Arc::new(sound))),
            Ok(None) => {}
            Err(error) => tracing::warn!(%owner, %error, "a sound that we were given cannot be played"),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use frontdesk_routing::ids::AccountId;

    use super::*;

    #[test]
    fn music_is_kept_replaced_and_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join(FOLDER);
        let [mine, other] = [1, 2].map(AccountId::from_u128);
        assert!(all(&folder, &[mine, other]).is_empty());
        let tone = |hertz| frontdesk_media::sound::tone(hertz, 100);
        keep(&folder, mine, &tone(425)).unwrap();
        keep(&folder, mine, &tone(700)).unwrap();
        assert_eq!(read(&folder, mine).unwrap(), Some(tone(700)));
        fs::write(path(&folder, other), b"no music").unwrap();
        assert_eq!(all(&folder, &[mine, other]).len(), 1);
        assert!(forget(&folder, mine).unwrap() && !forget(&folder, mine).unwrap());
        assert_eq!(read(&folder, mine).unwrap(), None);
    }
}
