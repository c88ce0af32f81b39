//! Rows of any table: read one after another, summed up, written many at a time.

use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, ColumnIndex, Database, Decode, Row, Type};

use super::super::db::{Inner, Tx};
use super::CopyError;
use super::tables::{Kind, Table};

/// Values of one statement; SQLite takes 32,766 and PostgreSQL 65,535.
pub(super) const BATCH: usize = 30_000;

/// One value of a row; NULL has a type too, which PostgreSQL wants to know.
#[derive(Debug, Clone)]
pub(in crate::store) enum Value {
    Text(Option<String>),
    Int(Option<i64>),
    Bool(Option<bool>),
    Bytes(Option<Vec<u8>>),
}

/// How many rows, and the sum of their digests: the same in any order, and databases order texts differently.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) rows: u64,
    sum: [u64; 4],
}

impl Tally {
    fn add(&mut self, row: &[Value]) {
        let mut digest = Sha256::new();
        for value in row {
            match value {
                Value::Text(text) => field(&mut digest, text.as_deref().map(str::as_bytes)),
                Value::Int(number) => field(
                    &mut digest,
                    number.map(i64::to_be_bytes).as_ref().map(|bytes| &bytes[..]),
                ),
                Value::Bool(flag) => field(
                    &mut digest,
                    flag.map(|flag| [u8::from(flag)]).as_ref().map(|bytes| &bytes[..]),
                ),
                Value::Bytes(bytes) => field(&mut digest, bytes.as_deref()),
            }
        }
        let digest = digest.finalize();
        for (sum, part) in self.sum.iter_mut().zip(digest.chunks_exact(8)) {
            let part = part.iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
            *sum = sum.wrapping_add(part);
        }
        self.rows = self.rows.saturating_add(1);
    }

    pub(super) fn digest(&self) -> String {
        self.sum.iter().map(|part| format!("{part:016x}")).collect()
    }
}

fn field(digest: &mut Sha256, bytes: Option<&[u8]>) {
    let length = bytes.map_or(u64::MAX, |bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    digest.update(length.to_be_bytes());
    digest.update(bytes.unwrap_or_default());
}

/// Whether the table holds anything.
pub(super) async fn any(tx: &mut Tx, table: &Table) -> Result<bool, CopyError> {
    let sql = AssertSqlSafe(format!("SELECT 1 FROM {} LIMIT 1", quoted(&table.name)));
    Ok(match &mut tx.inner {
        Inner::Sqlite(tx) => sqlx::query(sql).fetch_optional(&mut **tx).await?.is_some(),
        Inner::Postgres(tx) => sqlx::query(sql).fetch_optional(&mut **tx).await?.is_some(),
    })
}

/// Reads every row as it comes, so that a long table takes no more memory than a short one.
pub(super) async fn each(
    tx: &mut Tx,
    table: &Table,
    mut take: impl AsyncFnMut(Vec<Value>) -> Result<(), CopyError>,
) -> Result<Tally, CopyError> {
    let sql = AssertSqlSafe(format!("SELECT {} FROM {}", selected(table), quoted(&table.name)));
    let mut tally = Tally::default();
    match &mut tx.inner {
        Inner::Sqlite(tx) => {
            let mut rows = sqlx::query(sql).fetch(&mut **tx);
            while let Some(row) = rows.try_next().await? {
                let row = values(&row, table)?;
                tally.add(&row);
                take(row).await?;
            }
        }
        Inner::Postgres(tx) => {
            let mut rows = sqlx::query(sql).fetch(&mut **tx);
            while let Some(row) = rows.try_next().await? {
                let row = values(&row, table)?;
                tally.add(&row);
                take(row).await?;
            }
        }
    }
    Ok(tally)
}

/// Enters the rows by one statement; how many they were.
pub(in crate::store) async fn enter(tx: &mut Tx, table: &Table, rows: Vec<Vec<Value>>) -> Result<u64, sqlx::Error> {
    let width = table.columns.len();
    let columns: Vec<String> = table.columns.iter().map(|column| quoted(&column.name)).collect();
    // SQLite would look for each `$n` among all those before it.
    let numbered = matches!(tx.inner, Inner::Postgres(_));
    let place = |number: usize| if numbered { format!("${number}") } else { "?".to_owned() };
    let places: Vec<String> = (0..rows.len())
        .map(|row| {
            let first = row.saturating_mul(width);
            let places = (1..=width).map(|column| place(first.saturating_add(column)));
            format!("({})", places.collect::<Vec<_>>().join(", "))
        })
        .collect();
    let (name, columns, places) = (quoted(&table.name), columns.join(", "), places.join(", "));
    let sql = format!("INSERT INTO {name} ({columns}) VALUES {places}");
    run(tx, sql, rows.into_iter().flatten()).await
}

/// The rows whose `column` is `key`, a text.
pub(in crate::store) async fn whose(
    tx: &mut Tx,
    table: &Table,
    (column, key): (&str, &str),
) -> Result<Vec<Vec<Value>>, sqlx::Error> {
    let (columns, name) = (selected(table), quoted(&table.name));
    let sql = AssertSqlSafe(format!("SELECT {columns} FROM {name} WHERE {} = $1", quoted(column)));
    match &mut tx.inner {
        Inner::Sqlite(tx) => {
            let rows = sqlx::query(sql).bind(key).fetch_all(&mut **tx).await?;
            rows.iter().map(|row| values(row, table)).collect()
        }
        Inner::Postgres(tx) => {
            let rows = sqlx::query(sql).bind(key).fetch_all(&mut **tx).await?;
            rows.iter().map(|row| values(row, table)).collect()
        }
    }
}

/// Writes the table's columns into the row whose `key` is the last of the values.
pub(in crate::store) async fn change(
    tx: &mut Tx,
    table: &Table,
    (key, values): (&str, Vec<Value>),
) -> Result<u64, sqlx::Error> {
    let columns = (1_usize..).zip(&table.columns);
    let set: Vec<String> = columns
        .map(|(place, column)| format!("{} = ${place}", quoted(&column.name)))
        .collect();
    let (name, set, key) = (quoted(&table.name), set.join(", "), quoted(key));
    let sql = format!("UPDATE {name} SET {set} WHERE {key} = ${}", values.len());
    run(tx, sql, values).await
}

pub(in crate::store) async fn remove(
    tx: &mut Tx,
    table: &Table,
    (column, key): (&str, &str),
) -> Result<u64, sqlx::Error> {
    let sql = format!("DELETE FROM {} WHERE {} = $1", quoted(&table.name), quoted(column));
    run(tx, sql, [Value::Text(Some(key.to_owned()))]).await
}

async fn run(tx: &mut Tx, sql: String, values: impl IntoIterator<Item = Value>) -> Result<u64, sqlx::Error> {
    // Its names are those of the database's own catalogue, and quoted.
    let sql = AssertSqlSafe(sql);
    macro_rules! run {
        ($tx:ident) => {
            values
                .into_iter()
                .fold(sqlx::query(sql), |query, value| match value {
                    Value::Text(value) => query.bind(value),
                    Value::Int(value) => query.bind(value),
                    Value::Bool(value) => query.bind(value),
                    Value::Bytes(value) => query.bind(value),
                })
                .execute(&mut **$tx)
                .await?
                .rows_affected()
        };
    }
    Ok(match &mut tx.inner {
        Inner::Sqlite(tx) => run!(tx),
        Inner::Postgres(tx) => run!(tx),
    })
}

fn selected(table: &Table) -> String {
    let columns = table.columns.iter().map(|column| match column.kind {
        Kind::Int => format!("CAST({} AS BIGINT)", quoted(&column.name)),
        Kind::Text | Kind::Bool | Kind::Bytes => quoted(&column.name),
    });
    columns.collect::<Vec<_>>().join(", ")
}

fn values<'r, R: Row>(row: &'r R, table: &Table) -> Result<Vec<Value>, sqlx::Error>
where
    usize: ColumnIndex<R>,
    String: Read<'r, R::Database>,
    i64: Read<'r, R::Database>,
    bool: Read<'r, R::Database>,
    Vec<u8>: Read<'r, R::Database>,
{
    let columns = table.columns.iter().enumerate();
    columns
        .map(|(place, column)| {
            Ok(match column.kind {
                Kind::Text => Value::Text(row.try_get_unchecked(place)?),
                Kind::Int => Value::Int(row.try_get_unchecked(place)?),
                Kind::Bool => Value::Bool(row.try_get_unchecked(place)?),
                Kind::Bytes => Value::Bytes(row.try_get_unchecked(place)?),
            })
        })
        .collect()
}

/// What a database gives as a value of ours.
trait Read<'r, D: Database>: Decode<'r, D> + Type<D> {}

impl<'r, D: Database, T: Decode<'r, D> + Type<D>> Read<'r, D> for T {}

/// A name of the database's own catalogue, whatever is in it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
