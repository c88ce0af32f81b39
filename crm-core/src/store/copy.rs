//! The whole database in another one, of the same kind or of the other.
//!
//! What tables there are is read from the database itself: a new one is copied without being named here.

pub(super) mod rows;
pub(super) mod tables;

use super::db::{Db, MIGRATIONS, Pools, Tx};
use super::error::StoreError;
use rows::{BATCH, Tally};
use tables::Table;

/// Why nothing was copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "the database to be read has the tables of version {0}, and this program those of version {1}: start this \
         program's daemon on it once, or take the program that belongs to it"
    )]
    Version(i64, i64),
    #[error("the tables of the two databases differ: {0}")]
    Tables(String),
    #[error("there is something in the table {0} already, and nothing is ever overwritten")]
    NotEmpty(String),
    #[error("the table {table} holds {written} rows that are not the {read} that were read")]
    Differs { table: String, read: u64, written: u64 },
}

impl From<sqlx::Error> for CopyError {
    fn from(error: sqlx::Error) -> Self {
        CopyError::Store(error.into())
    }
}

/// A table that arrived as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    pub table: String,
    pub rows: u64,
    /// Of all rows, in whatever order they lie.
    pub digest: String,
}

#[derive(sqlx::FromRow)]
struct Version {
    version: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Said {
    said: String,
}

/// The number of the newest migration that this program knows.
pub fn newest_version() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// The number of the newest migration that the database has had.
pub async fn version(db: &Db) -> Result<i64, StoreError> {
    let sql = "SELECT CAST(MAX(version) AS BIGINT) AS version FROM _sqlx_migrations";
    let row: Option<Version> = db.one(sql, Vec::new()).await?;
    Ok(row.and_then(|row| row.version).unwrap_or(0))
}

/// Copies one moment of a database into an empty one, all or nothing, and compares what arrived. `progress` hears the
/// table and how many rows of it are there.
pub async fn copy(from: &Db, to: &Db, mut progress: impl FnMut(&str, u64)) -> Result<Vec<Copied>, CopyError> {
    let (has, needed) = (version(from).await?, newest_version());
    if has != needed {
        return Err(CopyError::Version(has, needed));
    }
    let mut source = from.snapshot().await?;
    let mut target = to.begin().await?;
    let tables = tables::of(&mut source).await?;
    tables::same(&tables, &tables::of(&mut target).await?).map_err(CopyError::Tables)?;
    let keys = tables::loosen(&mut target).await?;
    for table in &tables {
        if rows::any(&mut target, table).await? {
            return Err(CopyError::NotEmpty(table.name.clone()));
        }
    }
    let mut copied = Vec::with_capacity(tables.len());
    for table in &tables {
        let read = transfer(&mut source, &mut target, table, &mut progress).await?;
        let written = rows::each(&mut target, table, async |_| Ok(())).await?;
        if read != written {
            return Err(CopyError::Differs {
                table: table.name.clone(),
                read: read.rows,
                written: written.rows,
            });
        }
        copied.push(Copied {
            table: table.name.clone(),
            rows: read.rows,
            digest: read.digest(),
        });
    }
    tables::tighten(&mut target, &keys).await?;
    target.commit().await?;
    Ok(copied)
}

/// What a copy would have to carry, of each table; the same of two databases with the same contents.
pub async fn digests(db: &Db) -> Result<Vec<Copied>, CopyError> {
    let mut source = db.snapshot().await?;
    let mut all = Vec::new();
    for table in tables::of(&mut source).await? {
        let tally = rows::each(&mut source, &table, async |_| Ok(())).await?;
        all.push(Copied {
            digest: tally.digest(),
            rows: tally.rows,
            table: table.name,
        });
    }
    Ok(all)
}

async fn transfer(
    source: &mut Tx,
    target: &mut Tx,
    table: &Table,
    progress: &mut impl FnMut(&str, u64),
) -> Result<Tally, CopyError> {
    let most = table.batch();
    let (mut batch, mut written) = (Vec::with_capacity(most), 0_u64);
    let tally = rows::each(source, table, async |row| {
        batch.push(row);
        if batch.len() >= most {
            written = written.saturating_add(rows::enter(target, table, std::mem::take(&mut batch)).await?);
            progress(&table.name, written);
        }
        Ok(())
    })
    .await?;
    if !batch.is_empty() {
        rows::enter(target, table, batch).await?;
    }
    progress(&table.name, tally.rows);
    Ok(tally)
}

impl Table {
    /// Rows of one statement: both databases bound the number of its values.
    fn batch(&self) -> usize {
        BATCH.checked_div(self.columns.len()).unwrap_or(1).clamp(1, 500)
    }
}

/// Writes one moment of a SQLite database, or of a PostgreSQL one, as a SQLite file that is not there yet.
pub async fn to_file(db: &Db, path: &str, progress: impl FnMut(&str, u64)) -> Result<(), CopyError> {
    if let Pools::Sqlite { readers, .. } = &db.0 {
        sqlx::query("VACUUM INTO $1").bind(path).execute(readers).await?;
        return Ok(());
    }
    let file = Db::open(path).await?;
    copy(db, &file, progress).await?;
    file.close().await;
    Ok(())
}

/// What is wrong with a SQLite file: nothing, or what the database itself says. Other databases look after themselves.
pub async fn faults(db: &Db) -> Result<Vec<String>, StoreError> {
    match &db.0 {
        Pools::Sqlite { .. } => {
            let said: Vec<Said> = db
                .all("SELECT integrity_check AS said FROM pragma_integrity_check", Vec::new())
                .await?;
            let broken: Vec<Said> = db
                .all("SELECT \"table\" AS said FROM pragma_foreign_key_check", Vec::new())
                .await?;
            let broken = broken
                .into_iter()
                .map(|row| format!("{}: a row points at one that is not there", row.said));
            let said = said.into_iter().map(|row| row.said).filter(|said| said != "ok");
            Ok(said.chain(broken).collect())
        }
        Pools::Postgres(_) => Ok(Vec::new()),
    }
}
