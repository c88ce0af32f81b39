//! A company as large as it gets: people by files, as an office brings them in, and calls straight into their table.

use std::fmt::Write;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use frontdesk_crm_core::store::db::is_postgres;
use frontdesk_tests::daemon::Daemon;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, SqliteConnection};

use super::Size;

/// Rows of a file.
const FILE: u32 = 200_000;
const SURNAMES: [&str; 16] = [
    "Иванов",
    "Смирнова",
    "Кузнецов",
    "Попова",
    "Соколов",
    "Лебедева",
    "Козлов",
    "Новикова",
    "Морозов",
    "Петрова",
    "Волков",
    "Соловьёва",
    "Васильев",
    "Зайцева",
    "Павлов",
    "Семёнова",
];
const NAMES: [&str; 12] = [
    "Александр",
    "Мария",
    "Дмитрий",
    "Анна",
    "Сергей",
    "Елена",
    "Андрей",
    "Ольга",
    "Алексей",
    "Наталья",
    "Иван",
    "Ирина",
];
const COMPANIES: [&str; 8] = [
    "Ромашка",
    "Север",
    "Вектор",
    "Альфа",
    "Гранит",
    "Маяк",
    "Меридиан",
    "Орбита",
];

/// The same for the same `n`, and far from its neighbours'.
fn scattered(n: u32) -> u32 {
    n.wrapping_mul(2_654_435_761).rotate_left(13)
}

fn of<'a>(all: &[&'a str], n: u32) -> &'a str {
    let place = usize::try_from(n).unwrap_or_default().checked_rem(all.len());
    place.and_then(|place| all.get(place)).copied().unwrap_or_default()
}

pub fn surname(n: u32) -> &'static str {
    of(&SURNAMES, scattered(n))
}

pub fn given_name(n: u32) -> &'static str {
    of(&NAMES, scattered(n) / 16)
}

pub fn number(n: u32) -> String {
    format!("+7{:010}", 9_000_000_000_u64 + u64::from(n) * 97)
}

/// Staff and clients, by the files that an office would bring in.
pub async fn people(daemon: &Daemon, size: Size) -> Result<()> {
    let mut file = String::from("surname,given_name,short_number,position\n");
    for n in 0..size.staff {
        writeln!(file, "{},{},{},Место {}", surname(n), given_name(n), 10_000 + n, n % 40)?;
    }
    let began = Instant::now();
    bring(daemon, "kind=staff", file).await?;
    println!(
        "  {:>8} staff brought in: {:.1} s",
        size.staff,
        began.elapsed().as_secs_f64()
    );
    for first in (0..size.clients).step_by(usize::try_from(FILE)?) {
        let last = size.clients.min(first + FILE);
        let mut file = String::from("name,number,company,vip\n");
        for n in first..last {
            let vip = if n % 50 == 0 { "yes" } else { "no" };
            let company = of(&COMPANIES, scattered(n) / 256);
            writeln!(
                file,
                "{} {} {n},{},{company} {},{vip}",
                surname(n),
                given_name(n),
                number(n),
                n % 1_000
            )?;
        }
        let began = Instant::now();
        bring(daemon, "kind=clients", file).await?;
        println!(
            "  {:>8} clients brought in: {:.1} s",
            last - first,
            began.elapsed().as_secs_f64()
        );
    }
    Ok(())
}

async fn bring(daemon: &Daemon, query: &str, file: String) -> Result<()> {
    let path = format!("/imports?{query}");
    let job = daemon.post_file(&path, "text/csv", file.into_bytes()).await?;
    let mut pause = tokio::time::interval(Duration::from_millis(100));
    let path = format!("/imports/{}", job["id"].as_str().unwrap_or_default());
    loop {
        let job = daemon.get(&path).await?;
        if job["state"] != "running" {
            ensure!(job["state"] == "done", "{job}");
            return Ok(());
        }
        pause.tick().await;
    }
}

/// A connection of the bench's own.
pub enum Side {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Side {
    pub async fn open(url: &str) -> Result<Side> {
        Ok(match is_postgres(url) {
            true => Side::Postgres(PgConnection::connect(url).await?),
            false => Side::Sqlite(SqliteConnection::connect(url).await?),
        })
    }

    pub async fn run(&mut self, sql: &str) -> Result<u64> {
        let sql = AssertSqlSafe(sql.to_owned());
        Ok(match self {
            Side::Sqlite(connection) => connection.execute(sql).await?.rows_affected(),
            Side::Postgres(connection) => connection.execute(sql).await?.rows_affected(),
        })
    }

    /// The first column, which is a text.
    pub async fn texts(&mut self, sql: &str) -> Result<Vec<String>> {
        let sql = AssertSqlSafe(sql.to_owned());
        Ok(match self {
            Side::Sqlite(connection) => {
                let rows = connection.fetch_all(sql).await?;
                rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?
            }
            Side::Postgres(connection) => {
                let rows = connection.fetch_all(sql).await?;
                rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?
            }
        })
    }

    /// The text that says `prefix` and a number of 24 digits.
    fn id(&self, prefix: &str, n: &str) -> String {
        match self {
            Side::Sqlite(_) => format!("printf('{prefix}%024d', {n})"),
            Side::Postgres(_) => format!("'{prefix}' || lpad(({n})::text, 24, '0')"),
        }
    }
}

/// Three years of calls with clients, in the order in which they were; the daemon is away.
pub async fn calls(url: &str, size: Size) -> Result<()> {
    let began = Instant::now();
    let mut side = Side::open(url).await?;
    let indexes = match &side {
        Side::Sqlite(_) => {
            "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'calls' AND sql IS NOT NULL"
        }
        Side::Postgres(_) => {
            "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename = 'calls' \
             AND indexname <> 'calls_pkey'"
        }
    };
    let indexes = side.texts(indexes).await?;
    for index in &indexes {
        let name = index
            .split(" INDEX ")
            .nth(1)
            .and_then(|rest| rest.split_whitespace().next());
        side.run(&format!("DROP INDEX {}", name.unwrap_or_default())).await?;
    }
    if matches!(side, Side::Sqlite(_)) {
        side.run("PRAGMA cache_size = -500000").await?;
    }
    for (table, from) in [("some_clients", "clients"), ("some_staff", "staff")] {
        side.run(&format!(
            "CREATE TABLE {table} AS SELECT row_number() OVER (ORDER BY id) - 1 AS n, id, account_id FROM {from}"
        ))
        .await?;
        side.run(&format!("CREATE UNIQUE INDEX {table}_n ON {table} (n)"))
            .await?;
    }
    let id = side.id("01", "i");
    let (calls, clients, staff) = (size.calls, size.clients, size.staff);
    let step = 3_u64 * 365 * 86_400_000 / u64::from(calls.max(1));
    side.run(&format!(
        "INSERT INTO calls (id, account_id, direction, caller_staff_id, caller_number, called, callee_staff_id, \
         callee_number, client_id, disposition, because, started_at, answered_at, ended_at, ended_by, status) \
         WITH RECURSIVE n (i) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {calls} - 1) \
         SELECT {id}, c.account_id, CASE WHEN i % 3 = 0 THEN 'outbound' ELSE 'inbound' END, \
         CASE WHEN i % 3 = 0 THEN s.id END, p.number, p.number, CASE WHEN i % 3 <> 0 THEN s.id END, p.number, c.id, \
         CASE WHEN i % 7 = 0 THEN 'no_answer' ELSE 'answered' END, 'client', 1700000000000 + i * {step}, \
         1700000005000 + i * {step}, 1700000095000 + i * {step}, 'caller', 200 \
         FROM n JOIN some_clients c ON c.n = (i * 7919) % {clients} JOIN some_staff s ON s.n = (i * 31) % {staff} \
         JOIN clients p ON p.id = c.id"
    ))
    .await?;
    for index in &indexes {
        side.run(index).await?;
    }
    side.run("DROP TABLE some_clients").await?;
    side.run("DROP TABLE some_staff").await?;
    side.run("ANALYZE").await?;
    println!("  {calls:>8} calls: {:.0} s", began.elapsed().as_secs_f64());
    Ok(())
}
