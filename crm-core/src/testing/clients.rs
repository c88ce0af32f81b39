//! More clients than anybody types.

use crate::store::{Db, StoreError, args};
use frontdesk_routing::ids::AccountId;

const CLIENTS: &str = "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $2) \
    INSERT INTO clients (id, account_id, number, name, vip, sort_name, search, number_order, indexed, created_at, \
    updated_at, version) SELECT printf('01%024d', i), $1, printf('+79%09d', i), printf('Client %d', i), FALSE, \
    printf('client %d', i), printf('client %d', i), 79000000000 + i, TRUE, 0, 0, 1 FROM n";
const PHONES: &str = "INSERT INTO client_phones (account_id, number, client_id, place) \
    SELECT account_id, number, id, 0 FROM clients WHERE account_id = $1";

const UNINDEXED: &str = "UPDATE clients SET indexed = FALSE, search_key = number_order";

/// Fills an empty book of an SQLite database: the client of [`nth`] has the number +79 and nine digits of the same.
pub async fn many(db: &Db, account: AccountId, count: i64) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.run(CLIENTS, args![account, count]).await?;
    tx.run(PHONES, args![account]).await?;
    tx.commit().await
}

/// Takes away what they are found by, as it is when a file has just come in.
pub async fn without_words(db: &Db) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.run(UNINDEXED, args![]).await?;
    tx.commit().await
}

/// The id of one of them.
pub fn nth(place: u32) -> String {
    format!("01{place:024}")
}
