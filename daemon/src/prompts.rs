//! The audio of prompts that accounts have given us: a file for each in the data folder.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use frontdesk_media::sound::Sound;
use frontdesk_routing::ids::PromptId;

/// The folder of those files, below the data folder.
pub(crate) const FOLDER: &str = "prompts";

fn path(folder: &Path, prompt: PromptId) -> PathBuf {
    folder.join(format!("{prompt}.wav"))
}

/// Keeps a prompt's audio; a crash leaves all of it or none.
pub(crate) fn keep(folder: &Path, prompt: PromptId, sound: &Sound) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let path = path(folder, prompt);
    let fresh = path.with_extension("new");
    let mut file = File::create(&fresh)?;
    file.write_all(&sound.to_wav())?;
    file.sync_all()?;
    fs::rename(&fresh, &path)
}

/// One that is not there is forgotten already.
pub(crate) fn forget(folder: &Path, prompt: PromptId) -> io::Result<()> {
    match fs::remove_file(path(folder, prompt)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

pub(crate) fn read(folder: &Path, prompt: PromptId) -> io::Result<Sound> {
    Sound::from_wav(&fs::read(path(folder, prompt))?).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_kept_and_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join(FOLDER);
        let prompt = PromptId::from_u128(1);
        let tone = frontdesk_media::sound::tone(425, 100);
        assert!(read(&folder, prompt).is_err());
        keep(&folder, prompt, &tone).unwrap();
        assert_eq!(read(&folder, prompt).unwrap(), tone);
        forget(&folder, prompt).unwrap();
        forget(&folder, prompt).unwrap();
        assert!(read(&folder, prompt).is_err());
    }
}
