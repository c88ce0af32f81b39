//! Rows of a table as they are, by the names that the database itself gives its columns: a column that is added later is
//! read and written too, and nothing here needs to know of it.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::copy::rows::{self, Value};
use super::copy::tables::{self, Column, Kind, Table};
use super::db::Tx;
use super::error::StoreError;

/// Texts, whole numbers, truths and nulls, by column.
pub(crate) type RawRow = BTreeMap<String, Json>;

/// What the database says of its tables.
pub(crate) struct Raw(Vec<Table>);

impl Raw {
    pub(crate) async fn of(tx: &mut Tx) -> Result<Raw, StoreError> {
        tables::of(tx).await.map(Raw)
    }

    /// The rows whose `column` is `key`.
    pub(crate) async fn rows(
        &self,
        tx: &mut Tx,
        table: &str,
        (column, key): (&str, &str),
    ) -> Result<Vec<RawRow>, StoreError> {
        let table = self.table(table)?;
        let found = rows::whose(tx, table, (column, key)).await?;
        found.into_iter().map(|row| read(table, row)).collect()
    }

    pub(crate) async fn insert(&self, tx: &mut Tx, table: &str, row: &RawRow) -> Result<(), StoreError> {
        let (table, values) = written(self.table(table)?, row)?;
        rows::enter(tx, &table, vec![values]).await?;
        Ok(())
    }

    /// Writes what the row names; how many rows it changed.
    pub(crate) async fn update(
        &self,
        tx: &mut Tx,
        table: &str,
        (key, row): (&str, &RawRow),
    ) -> Result<u64, StoreError> {
        let (part, mut values) = written(self.table(table)?, row)?;
        values.push(Value::Text(row.get(key).and_then(Json::as_str).map(str::to_owned)));
        Ok(rows::change(tx, &part, (key, values)).await?)
    }

    pub(crate) async fn delete(
        &self,
        tx: &mut Tx,
        table: &str,
        (column, key): (&str, &str),
    ) -> Result<u64, StoreError> {
        Ok(rows::remove(tx, self.table(table)?, (column, key)).await?)
    }

    fn table(&self, name: &str) -> Result<&Table, StoreError> {
        let found = self.0.iter().find(|table| table.name == name);
        found.ok_or_else(|| StoreError::Corrupt(format!("there is no table {name}")))
    }
}

fn read(table: &Table, row: Vec<Value>) -> Result<RawRow, StoreError> {
    let columns = table.columns.iter().map(|column| column.name.clone());
    let values = columns.zip(row).map(|(name, value)| {
        let value = match value {
            Value::Text(text) => Json::from(text),
            Value::Int(number) => Json::from(number),
            Value::Bool(truth) => Json::from(truth),
            Value::Bytes(_) => return Err(StoreError::Corrupt(format!("{}.{name} is no text", table.name))),
        };
        Ok((name, value))
    });
    values.collect()
}

/// The columns of the table that the row has, and what it says of them: others stay as they are, or begin as usual.
fn written(table: &Table, row: &RawRow) -> Result<(Table, Vec<Value>), StoreError> {
    let mut part = Table {
        name: table.name.clone(),
        columns: Vec::new(),
    };
    let mut values = Vec::new();
    for column in &table.columns {
        if let Some(json) = row.get(&column.name) {
            values.push(value(table, column, json)?);
            part.columns.push(column.clone());
        }
    }
    Ok((part, values))
}

fn value(table: &Table, column: &Column, json: &Json) -> Result<Value, StoreError> {
    Ok(match (column.kind, json) {
        (Kind::Text, Json::Null) => Value::Text(None),
        (Kind::Text, Json::String(text)) => Value::Text(Some(text.clone())),
        (Kind::Int, Json::Null) => Value::Int(None),
        (Kind::Int, Json::Number(number)) if number.is_i64() => Value::Int(number.as_i64()),
        (Kind::Bool, Json::Null) => Value::Bool(None),
        (Kind::Bool, Json::Bool(truth)) => Value::Bool(Some(*truth)),
        _ => {
            return Err(StoreError::Corrupt(format!(
                "a value of {}.{}",
                table.name, column.name
            )));
        }
    })
}
