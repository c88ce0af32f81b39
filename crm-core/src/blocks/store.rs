//! Blocks in the database.

use super::KeptBlock;
use crate::store::{Db, StoreError, Tx, args};

const SAVE: &str = "INSERT INTO blocks (address, reason, since, until) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (address) DO UPDATE SET reason = excluded.reason, since = excluded.since, until = excluded.until";
const REMOVE: &str = "DELETE FROM blocks WHERE address = $1";
const EXPIRED: &str = "DELETE FROM blocks WHERE until <= $1";
const LIST: &str = "SELECT address, reason, since, until FROM blocks ORDER BY address";

pub(crate) const ALL: &[&str] = &[SAVE, REMOVE, EXPIRED, LIST];

#[derive(sqlx::FromRow)]
struct Row {
    address: String,
    reason: String,
    since: i64,
    until: Option<i64>,
}

pub(crate) async fn save(tx: &mut Tx, block: &KeptBlock) -> Result<(), StoreError> {
    let values = args![&block.address, &block.reason, block.since, block.until];
    tx.run(SAVE, values).await.map(drop)
}

pub(crate) async fn remove(tx: &mut Tx, address: &str) -> Result<(), StoreError> {
    tx.run(REMOVE, args![address]).await.map(drop)
}

/// The blocks that go on; the others are forgotten.
pub async fn list(db: &Db, now: i64) -> Result<Vec<KeptBlock>, StoreError> {
    db.run(EXPIRED, args![now]).await?;
    let rows: Vec<Row> = db.all(LIST, args![]).await?;
    let read = |row: Row| KeptBlock {
        address: row.address,
        reason: row.reason,
        since: row.since,
        until: row.until,
    };
    Ok(rows.into_iter().map(read).collect())
}
