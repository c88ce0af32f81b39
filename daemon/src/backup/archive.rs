//! One file with everything: a tar in gzip, whose last entry, the manifest, names every other with its SHA-256.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Component, Path};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The layout that this program writes and reads.
const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";
/// What a manifest may take: millions of recordings.
const LARGEST_MANIFEST: u64 = 1024 * 1024 * 1024;
const BUFFER: usize = 64 * 1024;

/// The archive is not what was written once, or is none at all.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Damaged(pub(super) String);

/// What an archive holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) format: u32,
    /// The version of the program that wrote it.
    pub(super) frontdesk: String,
    /// Of the newest migration.
    pub(super) database_version: i64,
    pub(super) made_at_unix_ms: i64,
    pub(super) recordings: bool,
    pub(super) parts: BTreeMap<String, Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// Writes an archive from its first byte to its last.
pub(super) struct Writer<W: Write> {
    tar: tar::Builder<GzEncoder<W>>,
    parts: BTreeMap<String, Part>,
}

impl Manifest {
    pub(super) fn new(database_version: i64, made_at_unix_ms: i64, recordings: bool) -> Manifest {
        Manifest {
            format: FORMAT,
            frontdesk: env!("CARGO_PKG_VERSION").to_owned(),
            database_version,
            made_at_unix_ms,
            recordings,
            parts: BTreeMap::new(),
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.parts.values().map(|part| part.bytes).sum()
    }
}

impl<W: Write> Writer<W> {
    pub(super) fn new(to: W) -> Writer<W> {
        Writer {
            tar: tar::Builder::new(GzEncoder::new(to, Compression::fast())),
            parts: BTreeMap::new(),
        }
    }

    /// A file as long as it is now, though it may grow meanwhile; one that is gone by now is left out.
    pub(super) fn file(&mut self, name: &str, path: &Path, told: &mut dyn FnMut(u64)) -> io::Result<()> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened?,
        };
        let bytes = file.metadata()?.len();
        let mut sum = Summed::new(file.take(bytes), told);
        self.tar.append_data(&mut header(bytes), name, &mut sum)?;
        let part = sum.part();
        if part.bytes != bytes {
            return Err(io::Error::other(format!(
                "{} became shorter while it was read",
                path.display()
            )));
        }
        self.parts.insert(name.to_owned(), part);
        Ok(())
    }

    /// Ends the archive with its manifest.
    pub(super) fn finish(mut self, mut manifest: Manifest) -> io::Result<(W, Manifest)> {
        manifest.parts = self.parts;
        let text = serde_json::to_vec_pretty(&manifest)?;
        let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
        self.tar.append_data(&mut header(bytes), MANIFEST, text.as_slice())?;
        Ok((self.tar.into_inner()?.finish()?, manifest))
    }
}

/// Hands out every part and gives the manifest, once all sums were right and nothing was missing or too much.
pub(super) fn read(
    file: &Path,
    told: &mut dyn FnMut(u64),
    mut take: impl FnMut(&str, &mut dyn Read) -> io::Result<()>,
) -> anyhow::Result<Manifest> {
    let opened = File::open(file).map_err(|error| anyhow::anyhow!("{} cannot be read: {error}", file.display()))?;
    let damaged = |why: String| Damaged(format!("{} is damaged or no backup: {why}", file.display()));
    let broken = |error: io::Error| damaged(error.to_string());
    let mut tar = tar::Archive::new(GzDecoder::new(io::BufReader::with_capacity(BUFFER, opened)));
    let (mut found, mut manifest) = (BTreeMap::new(), None);
    for entry in tar.entries().map_err(broken)? {
        let entry = entry.map_err(broken)?;
        let name = entry.path().map_err(broken)?.to_str().map(str::to_owned);
        let Some(name) = name.filter(|name| is_plain(Path::new(name)) && entry.header().entry_type().is_file()) else {
            return Err(damaged("something in it is no plain file of its own".to_owned()).into());
        };
        if manifest.is_some() || found.contains_key(&name) {
            return Err(damaged(format!("{name} is there twice, or after the end")).into());
        }
        if name == MANIFEST {
            let read: Result<Manifest, _> = serde_json::from_reader(entry.take(LARGEST_MANIFEST));
            manifest = Some(read.map_err(|error| damaged(error.to_string()))?);
            continue;
        }
        let mut part = Summed::new(Noted { entry, problem: None }, told);
        let taken = take(&name, &mut part);
        if let Some(problem) = part.from.problem.take() {
            return Err(broken(problem).into());
        }
        taken?;
        io::copy(&mut part, &mut io::sink()).map_err(broken)?;
        found.insert(name, part.part());
    }
    io::copy(&mut tar.into_inner(), &mut io::sink()).map_err(broken)?;
    let Some(manifest) = manifest else {
        return Err(damaged("it has no manifest, so its end is missing".to_owned()).into());
    };
    if manifest.format != FORMAT {
        let format = manifest.format;
        return Err(Damaged(format!(
            "{} has the format {format}, which this version cannot read",
            file.display()
        ))
        .into());
    }
    if let Some(name) = differs(&manifest.parts, &found) {
        return Err(damaged(format!("{name} is not what was written")).into());
    }
    Ok(manifest)
}

fn differs(told: &BTreeMap<String, Part>, found: &BTreeMap<String, Part>) -> Option<String> {
    let wrong = told.iter().find(|(name, part)| found.get(*name) != Some(part));
    let more = || found.iter().find(|(name, _)| !told.contains_key(*name));
    wrong.or_else(more).map(|(name, _)| name.clone())
}

fn header(bytes: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes);
    header.set_mode(0o600);
    header.set_entry_type(tar::EntryType::Regular);
    header
}

/// Whether a path stays below the folder that it is joined to.
fn is_plain(path: &Path) -> bool {
    let mut parts = path.components().peekable();
    parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// Tells a damaged archive from a disk that does not take what is in it.
struct Noted<R: Read> {
    entry: R,
    problem: Option<io::Error>,
}

impl<R: Read> Read for Noted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.entry.read(buffer).inspect_err(|error| {
            self.problem = Some(io::Error::new(error.kind(), error.to_string()));
        })
    }
}

/// Sums up what passes, and tells how much it is.
struct Summed<'a, R: Read> {
    from: R,
    digest: Sha256,
    bytes: u64,
    told: &'a mut dyn FnMut(u64),
}

impl<'a, R: Read> Summed<'a, R> {
    fn new(from: R, told: &'a mut dyn FnMut(u64)) -> Self {
        Summed {
            from,
            digest: Sha256::new(),
            bytes: 0,
            told,
        }
    }

    fn part(self) -> Part {
        Part {
            bytes: self.bytes,
            sha256: hex::encode(self.digest.finalize()),
        }
    }
}

impl<R: Read> Read for Summed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.digest.update(buffer.get(..count).unwrap_or_default());
        let bytes = u64::try_from(count).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(bytes);
        (self.told)(bytes);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with so much room.
    struct Disk(usize);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let Some(left) = self.0.checked_sub(bytes.len()) else {
                return Err(io::ErrorKind::StorageFull.into());
            };
            self.0 = left;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(folder: &Path) -> std::path::PathBuf {
        let noise: Vec<u8> = (0..300_000_u32)
            .flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes())
            .collect();
        std::fs::write(folder.join("noise"), noise).unwrap();
        std::fs::write(folder.join("text"), "text").unwrap();
        let archive = folder.join("archive");
        let mut writer = Writer::new(File::create(&archive).unwrap());
        writer.file("noise", &folder.join("noise"), &mut |_| {}).unwrap();
        writer.file("a/text", &folder.join("text"), &mut |_| {}).unwrap();
        writer.file("gone", &folder.join("gone"), &mut |_| {}).unwrap();
        writer.finish(Manifest::new(7, 1, false)).unwrap();
        archive
    }

    fn opened(archive: &Path) -> anyhow::Result<Manifest> {
        read(archive, &mut |_| {}, |_, _| Ok(()))
    }

    #[test]
    fn an_archive_cut_off_or_changed_anywhere_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let archive = written(folder.path());
        let manifest = opened(&archive).unwrap();
        assert_eq!(manifest.parts.keys().collect::<Vec<_>>(), ["a/text", "noise"]);
        assert_eq!(manifest.bytes(), 1_200_004);
        let whole = std::fs::read(&archive).unwrap();
        let refused = |bytes: &[u8]| {
            let other = folder.path().join("other");
            std::fs::write(&other, bytes).unwrap();
            opened(&other).unwrap_err().downcast::<Damaged>().is_ok()
        };
        for length in (0..whole.len())
            .step_by(whole.len() / 40)
            .chain(whole.len() - 30..whole.len())
        {
            assert!(refused(&whole[..length]), "cut off at {length}");
        }
        for place in (10..whole.len()).step_by(whole.len() / 60) {
            let mut changed = whole.clone();
            changed[place] ^= 0x10;
            assert!(refused(&changed), "changed at {place}");
        }
    }

    #[test]
    fn what_a_manifest_does_not_name_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("text"), "text").unwrap();
        let archive = folder.path().join("archive");
        let mut writer = Writer::new(File::create(&archive).unwrap());
        writer.file("text", &folder.path().join("text"), &mut |_| {}).unwrap();
        writer.parts.clear();
        writer.finish(Manifest::new(7, 1, false)).unwrap();
        assert!(
            opened(&archive)
                .unwrap_err()
                .to_string()
                .contains("text is not what was written")
        );
    }

    #[test]
    fn a_full_disk_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let archive = written(folder.path());
        let room = usize::try_from(std::fs::metadata(&archive).unwrap().len()).unwrap();
        let write = |room: usize| {
            let mut writer = Writer::new(Disk(room));
            writer.file("archive", &archive, &mut |_| {})?;
            writer.finish(Manifest::new(7, 1, false)).map(drop)
        };
        write(room * 2).unwrap();
        assert_eq!(write(room / 2).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(write(room).unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
