//! The music that accounts have given us for whoever waits: a file for each in the data folder.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use frontdesk_media::sound::Sound;
use frontdesk_routing::ids::AccountId;

/// The folder of those files, below the data folder.
pub(crate) const FOLDER: &str = "music";

/// Where an account's music lies.
fn path(folder: &Path, account: AccountId) -> PathBuf {
    folder.join(format!("{account}.wav"))
}

/// Keeps a sound as the account's music; a crash leaves the old one or the new one.
pub(crate) fn keep(folder: &Path, account: AccountId, sound: &Sound) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let path = path(folder, account);
    let fresh = path.with_extension("new");
    let mut file = File::create(&fresh)?;
    file.write_all(&sound.to_wav())?;
    file.sync_all()?;
    fs::rename(&fresh, &path)
}

/// False: there was none.
pub(crate) fn forget(folder: &Path, account: AccountId) -> io::Result<bool> {
    match fs::remove_file(path(folder, account)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// An account's own music, if it has some.
pub(crate) fn read(folder: &Path, account: AccountId) -> io::Result<Option<Sound>> {
    match fs::read(path(folder, account)) {
        Ok(file) => Sound::from_wav(&file).map(Some).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Everything that is kept for these accounts. A file that cannot be played is told of and left alone.
pub(crate) fn all(folder: &Path, accounts: &[AccountId]) -> Vec<(AccountId, Arc<Sound>)> {
    let mut all = Vec::new();
    for account in accounts {
        match read(folder, *account) {
            Ok(Some(sound)) => all.push((*account, Arc::new(sound))),
            Ok(None) => {}
            Err(error) => tracing::warn!(%account, %error, "an account's music cannot be played"),
        }
    }
    all
}

#[cfg(test)]
mod tests {
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
