//! `frontdesk backup`, `backup verify`, `restore` and `db copy`: a company's data in one file and back, and from one database
//! to another.

mod archive;
mod copy;
mod restore;

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use frontdesk_config::Config;
use frontdesk_crm_core::store::{Db, StoreError, copy as copying, db};
use tempfile::{NamedTempFile, TempDir};

pub(crate) use archive::Damaged;
use archive::{Manifest, Writer};
pub(crate) use copy::copy;
pub(crate) use restore::{restore, verify};

use crate::shell::clock;
use crate::terminal::{complain, say};

/// Names of the parts of an archive, and of what they become in a state folder.
const DATABASE: &str = "frontdesk.db";
const SETTINGS: &str = "frontdesk.toml";
const STATE: &str = "state";
const RECORDINGS: &str = "recordings";
/// What file systems put into the root of a disk by themselves.
const LOST: &str = "lost+found";
const TELL_AFTER: Duration = Duration::from_secs(2);
const MEGABYTE: u64 = 1_000_000;

/// Says how far it is, when it takes longer than a moment.
struct Progress {
    told: Instant,
    bytes: u64,
}

impl Progress {
    fn new() -> Progress {
        Progress {
            told: clock::now().instant,
            bytes: 0,
        }
    }

    fn bytes(&mut self, more: u64) {
        self.bytes = self.bytes.saturating_add(more);
        if self.is_due() {
            complain(&format!("... {} MB", self.bytes / MEGABYTE));
        }
    }

    fn rows(&mut self, table: &str, rows: u64) {
        if self.is_due() {
            complain(&format!("... {table}: {rows} rows"));
        }
    }

    fn is_due(&mut self) -> bool {
        let now = clock::now().instant;
        let due = now.saturating_duration_since(self.told) >= TELL_AFTER;
        if due {
            self.told = now;
        }
        due
    }
}

/// Writes everything into one new file, whether the daemon runs or not.
pub(crate) async fn backup(config: Config, settings: Option<&Path>, to: &Path, recordings: bool) -> anyhow::Result<()> {
    anyhow::ensure!(
        !to.exists(),
        "{} is there already, and nothing is ever overwritten",
        to.display()
    );
    let parent = parent(to);
    if let (Ok(parent), Ok(data)) = (parent.canonicalize(), config.data.dir.canonicalize()) {
        let inside = parent.starts_with(&data);
        anyhow::ensure!(
            !inside,
            "a backup in the data folder itself is lost with it: write it elsewhere"
        );
    }
    let source = open(&config).await?;
    let version = copying::version(&source).await?;
    // Beside the archive, where there is room for it, and for nobody else to read.
    let folder = TempDir::with_prefix_in(".frontdesk-backup-", parent)
        .with_context(|| format!("nothing can be written into {}", parent.display()))?;
    let database = folder.path().join(DATABASE);
    let mut progress = Progress::new();
    let path = database.to_str().context("the path is no UTF-8")?;
    copying::to_file(&source, path, |table, rows| progress.rows(table, rows))
        .await
        .with_context(|| format!("the database cannot be copied into {}", parent.display()))?;
    source.close().await;

    let manifest = Manifest::new(version, clock::unix_ms(), recordings);
    let mut parts = vec![(DATABASE.to_owned(), database)];
    parts.extend(state(&config, settings, recordings)?);
    let (file, manifest) =
        write(parts, manifest, parent, &mut progress).with_context(|| format!("{} cannot be written", to.display()))?;
    file.persist_noclobber(to)
        .with_context(|| format!("{} cannot be written", to.display()))?;
    say(&format!(
        "{}: {} parts, {} MB before compression. It holds passwords' digests and keys: keep it as safe as the data folder.",
        to.display(),
        manifest.parts.len(),
        megabytes(manifest.bytes())
    ));
    Ok(())
}

fn write(
    parts: Vec<(String, PathBuf)>,
    manifest: Manifest,
    parent: &Path,
    progress: &mut Progress,
) -> io::Result<(NamedTempFile, Manifest)> {
    let mut writer = Writer::new(NamedTempFile::with_prefix_in(".frontdesk-backup-", parent)?);
    for (name, path) in parts {
        writer.file(&name, &path, &mut |bytes| progress.bytes(bytes))?;
    }
    let (file, manifest) = writer.finish(manifest)?;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o600))?;
    file.as_file().sync_all()?;
    Ok((file, manifest))
}

/// The configured database as it is, which must be there.
async fn open(config: &Config) -> anyhow::Result<Db> {
    let url = config.database_url();
    match Db::existing(url.reveal()).await {
        Ok(db) => Ok(db),
        Err(StoreError::NotFound) => {
            anyhow::bail!("there is no database {} yet", url.reveal())
        }
        Err(error) => Err(anyhow::Error::from(error).context("the database cannot be opened")),
    }
}

/// Everything in the state folder but the database; the settings; recordings where they are wanted.
fn state(config: &Config, settings: Option<&Path>, recordings: bool) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let url = config.database_url();
    // A company that has moved to PostgreSQL has its old file there still.
    let databases = [db::file_of(url.reveal()).to_owned(), config.data.dir.join(DATABASE)];
    let sound = config.recordings_dir();
    let own = |path: &Path| {
        let sides = ["", "-wal", "-shm", "-journal"];
        let is_of = |database: &PathBuf| {
            let database = database.display();
            let mut names = sides.iter().map(|side| format!("{database}{side}"));
            names.any(|name| path == Path::new(&name))
        };
        databases.iter().any(is_of)
    };
    let skipped = |path: &Path| {
        let name = path.file_name().unwrap_or_default();
        let set = settings.is_some() && path == config.data.dir.join(SETTINGS);
        path == sound || own(path) || name == LOST || set || settings == Some(path)
    };
    let mut parts = Vec::new();
    if let Some(settings) = settings {
        parts.push((SETTINGS.to_owned(), settings.to_owned()));
    }
    files(&config.data.dir, STATE, &skipped, &mut parts)?;
    if recordings {
        files(&sound, RECORDINGS, &|_| false, &mut parts)?;
    }
    Ok(parts)
}

/// All plain files below a folder, in the order of their names, as `name/...`.
fn files(
    folder: &Path,
    name: &str,
    skipped: &dyn Fn(&Path) -> bool,
    parts: &mut Vec<(String, PathBuf)>,
) -> anyhow::Result<()> {
    let unreadable = || format!("{} cannot be read", folder.display());
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(unreadable)?,
    };
    let entries: io::Result<Vec<fs::DirEntry>> = entries.collect();
    let mut entries = entries.with_context(unreadable)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if skipped(&path) {
            continue;
        }
        let file = entry.file_name();
        let file = file
            .to_str()
            .with_context(|| format!("{} is no UTF-8", path.display()))?;
        let name = format!("{name}/{file}");
        let kind = entry.file_type().with_context(unreadable)?;
        if kind.is_dir() {
            files(&path, &name, skipped, parts)?;
        } else if kind.is_file() {
            parts.push((name, path));
        } else {
            complain(&format!("{} is no plain file and is left out", path.display()));
        }
    }
    Ok(())
}

fn parent(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or_else(|| Path::new("."))
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes / (MEGABYTE / 10);
    format!("{}.{}", tenths / 10, tenths % 10)
}
