//! Files that are to be removed: worked off as soon as they stand in the database, and at each start, until each is gone.
//! A file that cannot be removed keeps back no other one.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use frontdesk_crm_core::removals::{self, Folder, Removal};
use frontdesk_crm_core::store::{Db, StoreError};
use frontdesk_crm_core::{clients, notices};
use frontdesk_recordings::{layout, remove};
use frontdesk_routing::ids::NoticeId;
use tokio_util::sync::CancellationToken;

use crate::http::Clock;

/// How often it is looked whether there are any.
const LOOK: Duration = Duration::from_secs(1);
/// While the database is away.
const LATE: Duration = Duration::from_secs(10);
/// Files of one look.
const AT_ONCE: u32 = 200;
const HOUR_MS: i64 = 3_600_000;

/// Where the files lie.
#[derive(Debug, Clone)]
pub(crate) struct Folders {
    pub(crate) recordings: PathBuf,
    pub(crate) notices: PathBuf,
}

/// Removes files, and what else is left of clients who were erased.
pub(crate) struct Remover {
    pub(crate) db: Db,
    pub(crate) folders: Folders,
    pub(crate) clock: Arc<dyn Clock>,
}

/// What has been done up to which moment, unix milliseconds.
#[derive(Default)]
struct Done {
    swept_at: i64,
    truncated_at: i64,
}

impl Remover {
    /// Until the shutdown.
    pub(crate) async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let (mut done, mut pause) = (Done::default(), Duration::ZERO);
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(pause) => {}
            }
            pause = match self.turn(&mut done).await {
                Ok(()) => LOOK,
                Err(error) => {
                    tracing::warn!(%error, "files that are to be removed wait for the database");
                    LATE
                }
            };
        }
    }

    async fn turn(&self, done: &mut Done) -> Result<(), StoreError> {
        let now = self.clock.unix_ms();
        work_off(&self.db, &self.folders, now).await?;
        let erased = clients::last_erased(&self.db).await?.unwrap_or(0);
        if erased > done.truncated_at && self.db.truncate_log().await? {
            done.truncated_at = erased;
        }
        if now.saturating_sub(done.swept_at) >= HOUR_MS {
            done.swept_at = now;
            clients::forget_erasures(&self.db, now).await?;
            sweep(&self.db, &self.folders.notices).await?;
        }
        Ok(())
    }
}

/// Removes all that is due; what cannot be removed is tried again later.
///
/// # Errors
/// Those of the database.
pub(crate) async fn work_off(db: &Db, folders: &Folders, now: i64) -> Result<(), StoreError> {
    loop {
        let due = removals::due(db, now, AT_ONCE).await?;
        for removal in &due {
            match gone(folders, removal).await {
                Ok(()) => removals::done(db, removal, now).await?,
                Err(error) => {
                    let (path, attempts) = (&removal.path, removal.attempts);
                    tracing::warn!(%error, path, attempts, "a file that is to be removed cannot be; it is tried again");
                    removals::later(db, removal, now).await?;
                }
            }
        }
        if u32::try_from(due.len()).unwrap_or(u32::MAX) < AT_ONCE {
            return Ok(());
        }
    }
}

async fn gone(folders: &Folders, removal: &Removal) -> io::Result<()> {
    let folder = match removal.folder {
        Folder::Recordings => &folders.recordings,
        Folder::Notices => &folders.notices,
    };
    let path = Path::new(&removal.path);
    let Some(file) = layout::within(folder, path) else {
        tracing::error!(path = %removal.path, "a file that is to be removed lies outside of its folder: it stays");
        return Ok(());
    };
    match removal.folder {
        Folder::Recordings => away(move || remove::remove(&file)).await,
        Folder::Notices => {
            let partial = folder.join(format!(".{}", removal.path));
            away(move || [partial, file].iter().try_for_each(|file| remove_file(file))).await
        }
    }
}

async fn away(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

fn remove_file(file: &Path) -> io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// No notice is kept as a file for longer than in the database.
async fn sweep(db: &Db, folder: &Path) -> Result<(), StoreError> {
    let Ok(mut files) = tokio::fs::read_dir(folder).await else {
        return Ok(());
    };
    while let Ok(Some(file)) = files.next_entry().await {
        let Some(notice) = file.file_name().to_str().and_then(notice_of) else {
            continue;
        };
        if notices::known(db, notice).await? {
            continue;
        }
        if let Err(error) = tokio::fs::remove_file(file.path()).await {
            tracing::warn!(%error, "a notice that is forgotten stays as a file");
        }
    }
    Ok(())
}

/// Of which notice a file is, whole or half written.
fn notice_of(file: &str) -> Option<NoticeId> {
    let name = file.strip_prefix('.').unwrap_or(file);
    let (notice, kind) = name.split_once('.')?;
    matches!(kind, "eml" | "txt").then(|| notice.parse().ok()).flatten()
}
