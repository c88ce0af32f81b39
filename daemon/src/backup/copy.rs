//! `frontdesk db copy`: a company moves from SQLite to PostgreSQL, or back.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;

use anyhow::Context;
use frontdesk_config::Config;
use frontdesk_crm_core::store::{Db, copy as copying, db};

use super::{Progress, open};
use crate::terminal::say;

/// Copies the configured database into an empty one, compares both, and leaves the first as it is.
pub(crate) async fn copy(config: Config, to: &str) -> anyhow::Result<()> {
    let source = open(&config).await?;
    let file = (!db::is_postgres(to)).then(|| db::file_of(to));
    if let Some(file) = file {
        let mut new = OpenOptions::new();
        new.write(true).create_new(true).mode(0o600);
        new.open(file)
            .with_context(|| format!("{} cannot be made; nothing is ever overwritten", file.display()))?;
    }
    let copied = transfer(&source, to).await;
    source.close().await;
    if let (Err(_), Some(file)) = (&copied, file) {
        let _ = std::fs::remove_file(file);
    }
    let copied = copied?;
    let rows: u64 = copied.iter().map(|table| table.rows).sum();
    for table in copied.iter().filter(|table| table.rows > 0) {
        say(&format!("{:>12}  {:.16}  {}", table.rows, table.digest, table.table));
    }
    say(&format!(
        "{rows} rows of {} tables were copied and compared. Files (recordings, photos, music) stay where they are. Set \
         data.database_url to the new database; what a daemon has written since the copy began is in the old one alone.",
        copied.len()
    ));
    Ok(())
}

async fn transfer(source: &Db, to: &str) -> anyhow::Result<Vec<copying::Copied>> {
    let target = Db::open(to).await.context("the database to copy to cannot be opened")?;
    let mut progress = Progress::new();
    let copied = copying::copy(source, &target, |table, rows| progress.rows(table, rows)).await;
    target.close().await;
    copied.context("nothing was copied")
}
