//! What clients are found by, made when they have come in without it: of an older version, and many at once.

use frontdesk_routing::ids::AccountId;

use super::rules::Checked;
use super::store::{ADD_TERMS, Row, add_terms, columns, order_of, read};
use super::terms;
use crate::accounts::{self, Account};
use crate::store::rows;
use crate::store::text::id;
use crate::store::{Arg, Db, StoreError, args};

const UNINDEXED: &str = concat!(
    "SELECT ",
    columns!(),
    ", c.account_id FROM clients c WHERE NOT c.indexed AND c.search_key = 0 AND c.deleted_at IS NULL \
     ORDER BY c.id LIMIT 500"
);
/// In one statement, so that nobody changes one of them between the reading and the writing.
const INDEX_NEW: &str = "UPDATE clients SET indexed = TRUE WHERE id IN (SELECT id FROM clients WHERE account_id = $1 \
    AND NOT indexed AND search_key <> 0 AND deleted_at IS NULL ORDER BY id LIMIT 1000) AND NOT indexed AND deleted_at IS NULL \
    RETURNING search, search_key";
const INDEXED: &str = "UPDATE clients SET sort_company = $2, number_order = $3, search = $4, search_key = $5, \
    indexed = TRUE WHERE id = $1 AND NOT indexed";

pub(crate) const ALL: &[&str] = &[UNINDEXED, INDEX_NEW, INDEXED];

#[derive(sqlx::FromRow)]
struct NewRow {
    search: String,
    search_key: i64,
}

#[derive(sqlx::FromRow)]
struct UnindexedRow {
    account_id: String,
    #[sqlx(flatten)]
    client: Row,
}

/// Gives all clients what they are found by. Gives how many lacked it. It works in small steps, so that others write in
/// between and whoever gives it up loses one step.
pub async fn index_all(db: &Db) -> Result<u64, StoreError> {
    let accounts = accounts::list(db).await?;
    let mut done = 0_u64;
    loop {
        match index_old(db, &accounts).await? {
            0 => break,
            old => done = done.saturating_add(old),
        }
    }
    for account in &accounts {
        loop {
            match index_new(db, account.id).await? {
                0 => break,
                new => done = done.saturating_add(u64::try_from(new).unwrap_or(u64::MAX)),
            }
        }
    }
    Ok(done)
}

/// Some clients of an older version, whose words are to be made first.
async fn index_old(db: &Db, accounts: &[Account]) -> Result<u64, StoreError> {
    let mut tx = db.begin().await?;
    let rows: Vec<UnindexedRow> = tx.all(UNINDEXED, args![]).await?;
    let mut done = 0_u64;
    for row in rows {
        let home: AccountId = id(&row.account_id)?;
        let account = accounts.iter().find(|account| account.id == home);
        let (client, account) = (read(row.client)?, account.ok_or(StoreError::NotFound)?);
        let checked = Checked::of(&client);
        let search = terms::haystack(&checked, &account.region);
        let [company, number, key] = order_of(client.id, &checked);
        let values = vec![client.id.into(), company, number, Arg::from(&search), key];
        done = done.saturating_add(1);
        // Somebody may have edited it meanwhile, which is all that it lacked.
        if tx.run(INDEXED, values).await? > 0 {
            add_terms(&mut tx, account, client.id, terms::terms(&search)).await?;
        }
    }
    tx.commit().await?;
    Ok(done)
}

/// Gives some of the clients that came in together what they are found by. Gives how many: zero when all have it. Each
/// time takes a moment only, so that others write in between.
pub async fn index_new(db: &Db, account: AccountId) -> Result<usize, StoreError> {
    let account = accounts::get(db, account).await?;
    let mut tx = db.begin().await?;
    let rows: Vec<NewRow> = tx.all(INDEX_NEW, args![account.id]).await?;
    let of_row = |row: &NewRow| {
        let key = row.search_key;
        terms::terms(&row.search).into_iter().map(move |term| (term, key))
    };
    let mut words: Vec<(Vec<u8>, i64)> = rows.iter().flat_map(of_row).collect();
    // in the order of the index, so that each of its pages is written once
    words.sort_unstable();
    let words = words.into_iter().map(|(term, key)| args![account.number, term, key]);
    rows::enter(&mut tx, &ADD_TERMS, words.collect()).await?;
    tx.commit().await?;
    Ok(rows.len())
}
