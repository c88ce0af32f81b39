//! Connections and transactions. Statements are `&'static str` with `$n`, the same for both databases.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnection, PgPool, PgPoolOptions, PgRow};
use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{Connection, Executor, FromRow, Postgres, SqlSafeStr, Sqlite, Transaction};

use super::error::StoreError;
use crate::{audit, revisions};

/// Readers of SQLite at the same time.
const READERS: u32 = 4;
const PG_CONNECTIONS: u32 = 16;
/// For a server to answer at the start.
const REACH: Duration = Duration::from_secs(10);
/// KiB of pages that the writer of SQLite keeps, so that a large transaction does not write them again and again.
const WRITER_CACHE: &str = "-131072";
const BUSY: Duration = Duration::from_secs(10);
/// The same as a statement.
const USUAL_PATIENCE: &str = "PRAGMA busy_timeout = 10000";

pub(super) static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// SQLite by default, PostgreSQL when outgrown.
#[derive(Debug, Clone)]
pub struct Db(pub(super) Pools);

#[derive(Debug, Clone)]
pub(super) enum Pools {
    /// Many readers, one writer: nobody ever waits for a lock inside a transaction.
    Sqlite {
        readers: SqlitePool,
        writer: SqlitePool,
    },
    Postgres(PgPool),
}

/// A value of a statement. `NULL` has a type too, so that PostgreSQL knows what it is given.
#[derive(Debug, Clone)]
pub enum Arg {
    Text(Option<String>),
    Int(Option<i64>),
    Bool(Option<bool>),
    Bytes(Vec<u8>),
}

/// A row that both databases give.
pub trait Record: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin> Record for T {}

#[derive(FromRow)]
struct Checkpoint {
    busy: i64,
}

#[derive(FromRow)]
struct Count {
    count: i64,
}

/// Changes that happen together or not at all: dropped without `commit`, they never were.
pub struct Tx {
    pub(super) inner: Inner,
    /// Joins the audit at the end.
    deeds: Vec<audit::Link>,
}

pub(super) enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Db {
    /// A path of a SQLite file, made when absent, or a `postgres://` address. The tables are brought up to date.
    pub async fn open(url: &str) -> Result<Db, StoreError> {
        let db = Db::connect(url).await?;
        db.migrate().await?;
        Ok(db)
    }

    /// A database that is there already, its tables as they are.
    pub async fn existing(url: &str) -> Result<Db, StoreError> {
        match is_postgres(url) || file_of(url).is_file() {
            true => Db::connect(url).await,
            false => Err(StoreError::NotFound),
        }
    }

    pub(super) async fn connect(url: &str) -> Result<Db, StoreError> {
        if is_postgres(url) {
            reach(url).await?;
            let pool = PgPoolOptions::new()
                .max_connections(PG_CONNECTIONS)
                .connect(url)
                .await?;
            return Ok(Db(Pools::Postgres(pool)));
        }
        let options = SqliteConnectOptions::new()
            .filename(file_of(url))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            // what was erased is not to be read from the file's unused places
            .pragma("secure_delete", "ON")
            .busy_timeout(BUSY);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone().pragma("cache_size", WRITER_CACHE))
            .await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options)
            .await?;
        Ok(Db(Pools::Sqlite { readers, writer }))
    }

    /// Brings the tables up to date.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        match &self.0 {
            Pools::Sqlite { writer, .. } => {
                MIGRATIONS.run(writer).await?;
                sqlx::raw_sql(audit::SQLITE).execute(writer).await?;
            }
            Pools::Postgres(pool) => {
                MIGRATIONS.run(pool).await?;
                sqlx::raw_sql(audit::POSTGRES).execute(pool).await?;
            }
        }
        Ok(())
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        match &self.0 {
            Pools::Sqlite { readers, .. } => sqlx::query("SELECT 1").execute(readers).await.map(drop)?,
            Pools::Postgres(pool) => sqlx::query("SELECT 1").execute(pool).await.map(drop)?,
        }
        Ok(())
    }

    /// Empties the SQLite log of changes, in which older contents of rows stand until it is written over; `false`: somebody
    /// reads at the moment, so it is to be tried again. Other databases look after theirs.
    pub async fn truncate_log(&self) -> Result<bool, StoreError> {
        let Pools::Sqlite { writer, .. } = &self.0 else {
            return Ok(true);
        };
        let mut connection = writer.acquire().await?;
        // no writer is to wait for somebody who reads something large
        sqlx::raw_sql("PRAGMA busy_timeout = 50")
            .execute(&mut *connection)
            .await?;
        let done: Result<Checkpoint, _> = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&mut *connection)
            .await;
        sqlx::raw_sql(USUAL_PATIENCE).execute(&mut *connection).await?;
        Ok(done?.busy == 0)
    }

    /// Whether long transactions wait for each other, however many connections there are.
    pub fn has_one_writer(&self) -> bool {
        matches!(self.0, Pools::Sqlite { .. })
    }

    pub async fn close(&self) {
        match &self.0 {
            Pools::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    pub(crate) async fn all<T: Record>(&self, sql: &'static str, args: Vec<Arg>) -> Result<Vec<T>, StoreError> {
        let rows: Result<Vec<T>, sqlx::Error> = match &self.0 {
            Pools::Sqlite { readers, .. } => sqlite(sql, args)
                .fetch_all(readers)
                .await?
                .iter()
                .map(T::from_row)
                .collect(),
            Pools::Postgres(pool) => postgres(sql, args)
                .fetch_all(pool)
                .await?
                .iter()
                .map(T::from_row)
                .collect(),
        };
        rows.map_err(StoreError::from)
    }

    pub(crate) async fn one<T: Record>(&self, sql: &'static str, args: Vec<Arg>) -> Result<Option<T>, StoreError> {
        let row = match &self.0 {
            Pools::Sqlite { readers, .. } => sqlite(sql, args)
                .fetch_optional(readers)
                .await?
                .as_ref()
                .map(T::from_row),
            Pools::Postgres(pool) => postgres(sql, args)
                .fetch_optional(pool)
                .await?
                .as_ref()
                .map(T::from_row),
        };
        Ok(row.transpose()?)
    }

    /// A single change that needs no transaction.
    pub(crate) async fn run(&self, sql: &'static str, args: Vec<Arg>) -> Result<u64, StoreError> {
        Ok(match &self.0 {
            Pools::Sqlite { writer, .. } => sqlite(sql, args).execute(writer).await?.rows_affected(),
            Pools::Postgres(pool) => postgres(sql, args).execute(pool).await?.rows_affected(),
        })
    }

    /// Has the database read a statement without running it.
    pub(crate) async fn prepare(&self, sql: &'static str) -> Result<(), StoreError> {
        match &self.0 {
            Pools::Sqlite { readers, .. } => readers.prepare(sql.into_sql_str()).await.map(drop)?,
            Pools::Postgres(pool) => pool.prepare(sql.into_sql_str()).await.map(drop)?,
        }
        Ok(())
    }

    /// One moment of the database, whatever is written meanwhile; only to be read.
    pub(super) async fn snapshot(&self) -> Result<Tx, StoreError> {
        let repeatable = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let inner = match &self.0 {
            Pools::Sqlite { readers, .. } => Inner::Sqlite(readers.begin().await?),
            Pools::Postgres(pool) => Inner::Postgres(pool.begin_with(repeatable).await?),
        };
        let deeds = Vec::new();
        Ok(Tx { inner, deeds })
    }

    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let inner = match &self.0 {
            Pools::Sqlite { writer, .. } => Inner::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres(pool) => Inner::Postgres(pool.begin().await?),
        };
        let deeds = Vec::new();
        Ok(Tx { inner, deeds })
    }
}

/// Whether this is the address of a PostgreSQL database, not a SQLite file.
pub fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// The SQLite file that an address names.
pub fn file_of(url: &str) -> &Path {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
    Path::new(path.unwrap_or(url))
}

/// Tells at once what is wrong with a server: the pool would try again and again, and then say only that it took too long.
async fn reach(url: &str) -> Result<(), StoreError> {
    let late = || std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer");
    let connection = tokio::time::timeout(REACH, PgConnection::connect(url)).await;
    let connection = connection.map_err(|_| sqlx::Error::Io(late()))??;
    Ok(connection.close().await?)
}

impl Tx {
    pub(crate) async fn all<T: Record>(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<Vec<T>, StoreError> {
        let rows: Result<Vec<T>, sqlx::Error> = match &mut self.inner {
            Inner::Sqlite(tx) => sqlite(sql, args)
                .fetch_all(&mut **tx)
                .await?
                .iter()
                .map(T::from_row)
                .collect(),
            Inner::Postgres(tx) => postgres(sql, args)
                .fetch_all(&mut **tx)
                .await?
                .iter()
                .map(T::from_row)
                .collect(),
        };
        rows.map_err(StoreError::from)
    }

    pub(crate) async fn one<T: Record>(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<Option<T>, StoreError> {
        let row = match &mut self.inner {
            Inner::Sqlite(tx) => sqlite(sql, args)
                .fetch_optional(&mut **tx)
                .await?
                .as_ref()
                .map(T::from_row),
            Inner::Postgres(tx) => postgres(sql, args)
                .fetch_optional(&mut **tx)
                .await?
                .as_ref()
                .map(T::from_row),
        };
        Ok(row.transpose()?)
    }

    /// What `SELECT COUNT(*) AS count ...` gives.
    pub(crate) async fn count(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<i64, StoreError> {
        let count: Option<Count> = self.one(sql, args).await?;
        Ok(count.map_or(0, |count| count.count))
    }

    /// How many rows it changed.
    pub(crate) async fn run(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<u64, StoreError> {
        Ok(match &mut self.inner {
            Inner::Sqlite(tx) => sqlite(sql, args).execute(&mut **tx).await?.rows_affected(),
            Inner::Postgres(tx) => postgres(sql, args).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// What was done is told in the audit when it is certain.
    pub(crate) fn tell(&mut self, deed: audit::Link) {
        self.deeds.push(deed);
    }

    pub async fn commit(mut self) -> Result<(), StoreError> {
        let mut deeds = std::mem::take(&mut self.deeds);
        audit::join(&mut self, &mut deeds).await?;
        revisions::keep(&mut self, &deeds).await?;
        match self.inner {
            Inner::Sqlite(tx) => tx.commit().await?,
            Inner::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

/// PostgreSQL takes no NUL in a text, and what a phone sends may hold one.
pub(crate) fn storable(text: Option<String>) -> Option<String> {
    text.map(|text| {
        if text.contains('\0') {
            text.replace('\0', "\u{fffd}")
        } else {
            text
        }
    })
}

fn sqlite(sql: &'static str, args: Vec<Arg>) -> Query<'static, Sqlite, SqliteArguments> {
    args.into_iter().fold(sqlx::query(sql), |query, arg| match arg {
        Arg::Text(value) => query.bind(storable(value)),
        Arg::Int(value) => query.bind(value),
        Arg::Bool(value) => query.bind(value),
        Arg::Bytes(value) => query.bind(value),
    })
}

fn postgres(sql: &'static str, args: Vec<Arg>) -> Query<'static, Postgres, PgArguments> {
    args.into_iter().fold(sqlx::query(sql), |query, arg| match arg {
        Arg::Text(value) => query.bind(storable(value)),
        Arg::Int(value) => query.bind(value),
        Arg::Bool(value) => query.bind(value),
        Arg::Bytes(value) => query.bind(value),
    })
}

macro_rules! arg {
    ($($kind:ty => $variant:ident, |$value:ident| $make:expr;)*) => {$(
        impl From<$kind> for Arg {
            fn from($value: $kind) -> Arg {
                Arg::$variant($make)
            }
        }
    )*};
}

arg! {
    String => Text, |value| Some(value);
    &String => Text, |value| Some(value.clone());
    &str => Text, |value| Some(value.to_owned());
    Option<String> => Text, |value| value;
    &Option<String> => Text, |value| value.clone();
    Option<&str> => Text, |value| value.map(str::to_owned);
    i64 => Int, |value| Some(value);
    u32 => Int, |value| Some(i64::from(value));
    u16 => Int, |value| Some(i64::from(value));
    Option<i64> => Int, |value| value;
    bool => Bool, |value| Some(value);
    Option<bool> => Bool, |value| value;
    Vec<u8> => Bytes, |value| value;
    frontdesk_routing::number::PhoneNumber => Text, |value| Some(value.reveal());
}

macro_rules! id_args {
    ($($id:ident)*) => {$(
        impl From<frontdesk_routing::ids::$id> for Arg {
            fn from(id: frontdesk_routing::ids::$id) -> Arg {
                Arg::Text(Some(id.to_string()))
            }
        }

        impl From<Option<frontdesk_routing::ids::$id>> for Arg {
            fn from(id: Option<frontdesk_routing::ids::$id>) -> Arg {
                Arg::Text(id.map(|id| id.to_string()))
            }
        }
    )*};
}

id_args! {
    RoleId
    ImportId
    GroupId
    AccountId StaffId SipAccountId ClientId DepartmentId TrunkId CallId LegId RecordingId LoginId TokenId AuditId NumberId
    ProjectId ScheduleId RouteId SiteId RequestId NoticeId NoteId WebhookId DeliveryId MenuId MailboxId PromptId
    DealId DealChangeId
}
