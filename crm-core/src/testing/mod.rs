//! Scratch databases for tests, one for each test: SQLite files, and databases of a PostgreSQL server.
//!
//! The server is that of `TEST_PG_URL`, or else one started from installed binaries, once in a test program.

pub mod clients;
mod server;

use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;

use crate::store::{Db, StoreError};
use server::Server;

static SERVER: OnceLock<Option<Server>> = OnceLock::new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// An empty database with its tables; a test that fails leaves a PostgreSQL one to look at.
#[derive(Debug)]
pub struct Scratch {
    pub db: Db,
    /// What `Db::open` opens it by.
    pub url: String,
    folder: Option<TempDir>,
    name: Option<String>,
}

pub async fn sqlite() -> Result<Scratch, StoreError> {
    let folder = TempDir::new().map_err(sqlx::Error::Io)?;
    let url = folder.path().join("test.db").display().to_string();
    let db = Db::open(&url).await?;
    Ok(Scratch {
        db,
        url,
        folder: Some(folder),
        name: None,
    })
}

/// `None` when there is no PostgreSQL, which is said in one line; where `CI` is `true` it must be there.
pub async fn postgres() -> Result<Option<Scratch>, StoreError> {
    let Some(scratch) = postgres_without_tables().await? else {
        return Ok(None);
    };
    scratch.db.migrate().await?;
    Ok(Some(scratch))
}

/// The same before there is any table in it.
pub async fn postgres_without_tables() -> Result<Option<Scratch>, StoreError> {
    let Some(server) = SERVER.get_or_init(started).as_ref() else {
        return Ok(None);
    };
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("frontdesk_{}_{number}", std::process::id());
    on_server(server, format!("CREATE DATABASE {name}")).await?;
    let url = server.database(&name);
    Ok(Some(Scratch {
        db: Db::existing(&url).await?,
        url,
        folder: None,
        name: Some(name),
    }))
}

impl Scratch {
    /// The test went well: nothing is kept.
    pub async fn close(self) -> Result<(), StoreError> {
        self.db.close().await;
        if let (Some(name), Some(Some(server))) = (self.name, SERVER.get()) {
            on_server(server, format!("DROP DATABASE {name}")).await?;
        }
        drop(self.folder);
        Ok(())
    }
}

async fn on_server(server: &Server, sql: String) -> Result<(), StoreError> {
    let mut connection = PgConnection::connect(&server.url).await?;
    connection.execute(AssertSqlSafe(sql)).await?;
    connection.close().await?;
    Ok(())
}

fn started() -> Option<Server> {
    let why = match Server::start() {
        Ok(server) => return Some(server),
        Err(why) => why,
    };
    let required = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!required, "there is no PostgreSQL, and CI skips nothing: {why}");
    let _ = writeln!(std::io::stderr(), "SKIPPED: the tests on PostgreSQL ({why})");
    None
}
