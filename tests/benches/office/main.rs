//! How long a large company waits for its lists, on both databases.
//!
//! `cargo bench --profile release -p frontdesk-tests --bench office -- [CLIENTS] [CALLS]`; as many as are promised for when
//! nothing is said: a million clients, ten million calls (without legs: those are read by call only), 10,000 staff. For each
//! question the daemon is asked many times by HTTP, each time for something else; told are the median and the slowest of
//! twenty, in milliseconds, and the number of bytes. Then how many finished calls a second, each with two legs, the journal
//! writes into the same tables. `TMPDIR` says where SQLite's file lies; PostgreSQL is that of `TEST_PG_URL`, or one that is
//! started.
#![expect(clippy::disallowed_methods, reason = "it measures")]

mod ask;
mod fill;
mod write;

use anyhow::Result;
use frontdesk_crm_core::testing::{Scratch, postgres};
use frontdesk_tests::daemon::Daemon;

const STAFF: u32 = 10_000;
const CLIENTS: u32 = 1_000_000;
const CALLS: u32 = 10_000_000;

/// How many there are of what.
#[derive(Debug, Clone, Copy)]
struct Size {
    staff: u32,
    clients: u32,
    calls: u32,
}

async fn measure(database: Option<&Scratch>, size: Size) -> Result<()> {
    let mut daemon = Daemon::start_on(database.map(|scratch| scratch.url.as_str())).await?;
    let url = match database {
        Some(scratch) => scratch.url.clone(),
        None => daemon.folder().join("data/frontdesk.db").display().to_string(),
    };
    fill::people(&daemon, size).await?;
    daemon.restart_after(async |_| fill::calls(&url, size).await).await?;
    ask::all(&daemon, &url, size).await?;
    daemon.restart_after(async |_| write::calls(&url).await).await?;
    daemon.stop().await
}

async fn run(size: Size) -> Result<()> {
    println!("{size:?}\n\nSQLite");
    measure(None, size).await?;
    match postgres().await? {
        Some(scratch) => {
            println!("\nPostgreSQL");
            measure(Some(&scratch), size).await?;
            scratch.close().await?;
        }
        None => println!("\nSKIPPED: PostgreSQL, which is not installed"),
    }
    Ok(())
}

fn main() -> Result<()> {
    let mut numbers = std::env::args().filter_map(|word| word.parse::<u32>().ok());
    let size = Size {
        clients: numbers.next().unwrap_or(CLIENTS),
        calls: numbers.next().unwrap_or(CALLS),
        staff: STAFF,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(run(size))
}
