//! The way back: everything is checked before anything is written, and nothing that is there is touched.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use frontdesk_config::Config;
use frontdesk_crm_core::store::{Db, copy as copying, db};
use tempfile::TempDir;

use super::archive::{self, Damaged, Manifest};
use super::{DATABASE, LOST, Progress, RECORDINGS, STATE, megabytes};
use crate::terminal::say;

/// Checks every sum in an archive, and that its database is whole.
pub(crate) async fn verify(file: &Path) -> anyhow::Result<()> {
    let folder = TempDir::new().context("there is no temporary folder")?;
    let mut progress = Progress::new();
    let manifest = archive::read(file, &mut |bytes| progress.bytes(bytes), |name, part| match name {
        DATABASE => unpack(part, &folder.path().join(DATABASE)),
        _ => Ok(()),
    })?;
    is_whole(&folder.path().join(DATABASE), file).await?;
    let with = if manifest.recordings { "with" } else { "without" };
    say(&format!(
        "{}: whole; written by Frontdesk {}, {with} recordings; {} parts, {} MB, tables of version {}",
        file.display(),
        manifest.frontdesk,
        manifest.parts.len(),
        megabytes(manifest.bytes()),
        manifest.database_version,
    ));
    Ok(())
}

/// Puts everything into an empty state folder, and into the PostgreSQL database where the settings name one.
pub(crate) async fn restore(config: Config, file: &Path) -> anyhow::Result<()> {
    let state = config.data.dir.clone();
    is_empty(&state)?;
    let mut progress = Progress::new();
    let manifest = archive::read(file, &mut |bytes| progress.bytes(bytes), |_, _| Ok(()))?;
    let (theirs, ours) = (manifest.database_version, copying::newest_version());
    anyhow::ensure!(
        theirs <= ours,
        "{} was written by Frontdesk {}, which is newer: its tables are of version {theirs}, here they are of {ours}",
        file.display(),
        manifest.frontdesk
    );
    let made = !state.exists();
    make(&state).with_context(|| format!("{} cannot be made", state.display()))?;
    let restored = fill(&config, &state, file, &mut progress).await;
    if restored.is_err() && made {
        // Fails where something is in it after all, which then stays.
        let _ = fs::remove_dir(&state);
    }
    let manifest = restored?;
    say(&format!(
        "{} parts, {} MB, are back in {}. Start the daemon with --data {}.",
        manifest.parts.len(),
        megabytes(manifest.bytes()),
        state.display(),
        state.display()
    ));
    let sound = config.recordings_dir();
    if manifest.recordings && sound != state.join(RECORDINGS) {
        say(&format!(
            "The recordings are in {}, the settings say {}: move them there.",
            state.join(RECORDINGS).display(),
            sound.display()
        ));
    }
    Ok(())
}

/// First into a folder beside, which vanishes unless all went well, then each thing to its place.
async fn fill(config: &Config, state: &Path, file: &Path, progress: &mut Progress) -> anyhow::Result<Manifest> {
    let staging = TempDir::with_prefix_in(".frontdesk-restore-", state)
        .with_context(|| format!("nothing can be written into {}", state.display()))?;
    let manifest = archive::read(file, &mut |bytes| progress.bytes(bytes), |name, part| {
        unpack(part, &place(staging.path(), name))
    })
    .with_context(|| format!("nothing was restored into {}", state.display()))?;
    let database = staging.path().join(DATABASE);
    is_whole(&database, file).await?;
    if db::is_postgres(config.database_url().reveal()) {
        into_postgres(config, &database, progress).await?;
        fs::remove_file(&database)?;
    }
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(staging.path())? {
        entries.push(entry?.path());
    }
    for entry in entries {
        let to = state.join(entry.file_name().unwrap_or_default());
        fs::rename(&entry, &to).with_context(|| format!("{} cannot be put in its place", to.display()))?;
    }
    Ok(manifest)
}

async fn into_postgres(config: &Config, file: &Path, progress: &mut Progress) -> anyhow::Result<()> {
    let source = Db::open(file.to_str().context("the path is no UTF-8")?).await?;
    let target = Db::open(config.database_url().reveal())
        .await
        .context("the database (data.database_url) cannot be opened")?;
    copying::copy(&source, &target, |table, rows| progress.rows(table, rows)).await?;
    source.close().await;
    target.close().await;
    Ok(())
}

/// What belongs to the state folder lies in a folder of its own in the archive.
fn place(folder: &Path, name: &str) -> PathBuf {
    folder.join(
        name.strip_prefix(STATE)
            .and_then(|rest| rest.strip_prefix('/'))
            .unwrap_or(name),
    )
}

fn unpack(part: &mut dyn Read, to: &Path) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        make(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(part, &mut file)?;
    file.sync_all()
}

fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn is_empty(folder: &Path) -> anyhow::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| format!("{} cannot be read", folder.display()))?,
    };
    for entry in entries {
        let name = entry?.file_name();
        anyhow::ensure!(
            name == LOST,
            "{} is there already: restore into an empty folder, nothing is ever overwritten",
            folder.join(name).display()
        );
    }
    Ok(())
}

async fn is_whole(database: &Path, file: &Path) -> anyhow::Result<()> {
    let damaged = |why: &str| Damaged(format!("the database in {} is damaged: {why}", file.display()));
    let db = match Db::existing(database.to_str().context("the path is no UTF-8")?).await {
        Ok(db) => db,
        Err(error) => return Err(damaged(&error.to_string()).into()),
    };
    let faults = copying::faults(&db).await;
    db.close().await;
    match faults.map_err(|error| damaged(&error.to_string()))?.first() {
        Some(fault) => Err(damaged(fault).into()),
        None => Ok(()),
    }
}
