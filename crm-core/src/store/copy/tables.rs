//! Which tables and columns a database has, and its foreign keys, which a copy meets in no order that would please them.

use sqlx::{AssertSqlSafe, Executor};

use super::super::db::{Inner, Tx};
use super::super::error::StoreError;

const SQLITE_COLUMNS: &str = "SELECT t.name AS table_name, c.name AS column_name, LOWER(c.type) AS kind \
    FROM sqlite_master t JOIN pragma_table_info(t.name) c \
    WHERE t.type = 'table' AND t.name <> '_sqlx_migrations' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!'";
const POSTGRES_COLUMNS: &str = "SELECT c.table_name::text AS table_name, c.column_name::text AS column_name, \
    LOWER(c.data_type::text) AS kind FROM information_schema.columns c JOIN information_schema.tables t \
    ON t.table_schema = c.table_schema AND t.table_name = c.table_name \
    WHERE t.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND t.table_name <> '_sqlx_migrations'";
const POSTGRES_KEYS: &str = "SELECT k.conrelid::regclass::text AS table_name, quote_ident(k.conname::text) AS name, \
    pg_get_constraintdef(k.oid) AS definition FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace \
    WHERE k.contype = 'f' AND n.nspname = current_schema() ORDER BY 1, 2";

/// A table as both databases see it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct Table {
    pub(in crate::store) name: String,
    /// In the order of their names.
    pub(in crate::store) columns: Vec<Column>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct Column {
    pub(in crate::store) name: String,
    pub(in crate::store) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) enum Kind {
    Text,
    Int,
    Bool,
    Bytes,
}

/// A foreign key that is gone until all rows are there.
#[derive(sqlx::FromRow)]
pub(super) struct Key {
    table_name: String,
    name: String,
    definition: String,
}

#[derive(sqlx::FromRow)]
struct ColumnRow {
    table_name: String,
    column_name: String,
    kind: String,
}

impl Kind {
    fn of(declared: &str) -> Option<Kind> {
        match declared {
            "text" => Some(Kind::Text),
            "bigint" | "integer" | "smallint" => Some(Kind::Int),
            "boolean" => Some(Kind::Bool),
            "bytea" | "blob" => Some(Kind::Bytes),
            _ => None,
        }
    }
}

/// All tables, in the order of their names.
pub(in crate::store) async fn of(tx: &mut Tx) -> Result<Vec<Table>, StoreError> {
    let sql = match &tx.inner {
        Inner::Sqlite(_) => SQLITE_COLUMNS,
        Inner::Postgres(_) => POSTGRES_COLUMNS,
    };
    let mut rows: Vec<ColumnRow> = tx.all(sql, Vec::new()).await?;
    rows.sort_by(|a, b| (&a.table_name, &a.column_name).cmp(&(&b.table_name, &b.column_name)));
    let mut tables: Vec<Table> = Vec::new();
    for row in rows {
        let Some(kind) = Kind::of(&row.kind) else {
            let what = format!("{}.{} is of the type {}", row.table_name, row.column_name, row.kind);
            return Err(StoreError::Corrupt(what));
        };
        let column = Column {
            name: row.column_name,
            kind,
        };
        match tables.last_mut() {
            Some(table) if table.name == row.table_name => table.columns.push(column),
            Some(_) | None => tables.push(Table {
                name: row.table_name,
                columns: vec![column],
            }),
        }
    }
    Ok(tables)
}

/// Says the first thing in which they differ.
pub(super) fn same(ours: &[Table], theirs: &[Table]) -> Result<(), String> {
    let only = |some: &[Table], others: &[Table]| some.iter().find(|table| !others.contains(table)).cloned();
    match only(ours, theirs).or_else(|| only(theirs, ours)) {
        Some(table) => Err(table.name),
        None => Ok(()),
    }
}

/// Lets rows come before those that they point at, until the transaction ends (SQLite) or `tighten` (PostgreSQL).
pub(super) async fn loosen(tx: &mut Tx) -> Result<Vec<Key>, StoreError> {
    match &mut tx.inner {
        Inner::Sqlite(tx) => {
            tx.execute("PRAGMA defer_foreign_keys = ON").await?;
            return Ok(Vec::new());
        }
        Inner::Postgres(_) => {}
    }
    let keys: Vec<Key> = tx.all(POSTGRES_KEYS, Vec::new()).await?;
    for key in &keys {
        change(
            tx,
            format!("ALTER TABLE {} DROP CONSTRAINT {}", key.table_name, key.name),
        )
        .await?;
    }
    Ok(keys)
}

/// Puts the foreign keys back, which checks every row.
pub(super) async fn tighten(tx: &mut Tx, keys: &[Key]) -> Result<(), StoreError> {
    for key in keys {
        let (table, name, definition) = (&key.table_name, &key.name, &key.definition);
        change(tx, format!("ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")).await?;
    }
    Ok(())
}

async fn change(tx: &mut Tx, sql: String) -> Result<(), StoreError> {
    if let Inner::Postgres(tx) = &mut tx.inner {
        // What is put together here comes from PostgreSQL's own catalogue, quoted by itself.
        tx.execute(AssertSqlSafe(sql)).await?;
    }
    Ok(())
}
