//! A client who wants to be forgotten: what is left names nobody.

use frontdesk_routing::ids::{AccountId, CallId, ClientId, RecordingId};
use frontdesk_routing::number::PhoneNumber;

use super::store::{self, Row, columns, e164, read};
use crate::accounts;
use crate::audit::{self, Author};
use crate::deals;
use crate::notices;
use crate::store::text::id;
use crate::store::{Db, StoreError, Tx, args};
use crate::webhooks;

/// One that is there, or the tombstone of one that was.
const GET: &str = concat!(
    "SELECT ",
    columns!(),
    ", c.deleted_at FROM clients c WHERE c.account_id = $1 AND c.id = $2 AND c.erased_at IS NULL"
);
const BLANK: &str = "UPDATE clients SET number = '', number_order = 0, name = '', company = NULL, position = NULL, \
    manager_id = NULL, source_site_id = NULL, vip = FALSE, sort_name = '', sort_company = '', search = '', search_key = 0, erased_at = $2, \
    updated_at = $2, version = version + 1 WHERE id = $1";
const NOTES: &str = "DELETE FROM client_notes WHERE client_id = $1";
const REQUESTS: &str = "UPDATE site_requests SET number = '', name = '', subject = '', comment = '', page = '', client_id = NULL, \
    next_at = NULL, state = 'done', updated_at = $2, version = version + 1 WHERE client_id = $1";
const AUDIT: &str =
    "UPDATE audit SET before_json = NULL, after_json = NULL, salt = NULL WHERE account_id = $1 AND entity_id = $2";
// `called` is as it was dialled: of a call to the client it is the client's number in some form.
const CALLERS: &str = "UPDATE calls SET caller_number = NULL, caller_name = NULL WHERE account_id = $1 \
    AND caller_staff_id IS NULL AND client_id = $2";
const CALLED: &str = "UPDATE calls SET called = '', callee_number = NULL, callee_name = NULL WHERE account_id = $1 \
    AND caller_staff_id IS NOT NULL AND callee_staff_id IS NULL AND client_id = $2";
const CALLERS_BY_NUMBER: &str = "UPDATE calls SET caller_number = NULL, caller_name = NULL WHERE account_id = $1 \
    AND caller_staff_id IS NULL AND caller_number = $2";
const CALLED_BY_NUMBER: &str = "UPDATE calls SET called = '', callee_number = NULL, callee_name = NULL \
    WHERE account_id = $1 AND callee_staff_id IS NULL AND callee_number = $2";
const LEGS: &str = "UPDATE legs SET peer = NULL WHERE staff_id IS NULL \
    AND call_id IN (SELECT id FROM calls WHERE account_id = $1 AND client_id = $2)";
const RECORDINGS: &str = "SELECT r.id, r.call_id FROM recordings r JOIN calls c ON c.id = r.call_id \
    WHERE c.account_id = $1 AND c.client_id = $2 AND r.state IN ('ready', 'failed') ORDER BY r.id";

pub(crate) const ALL: &[&str] = &[
    GET,
    BLANK,
    NOTES,
    REQUESTS,
    AUDIT,
    CALLERS,
    CALLED,
    CALLERS_BY_NUMBER,
    CALLED_BY_NUMBER,
    LEGS,
    RECORDINGS,
];

/// What is left to do outside the database.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Erased {
    /// Numbers that find nobody any more.
    pub numbers: Vec<PhoneNumber>,
    /// The client's voice: recordings whose rows and files are to be deleted.
    pub recordings: Vec<(RecordingId, CallId)>,
}

#[derive(sqlx::FromRow)]
struct GraveRow {
    deleted_at: Option<i64>,
    number: String,
}

#[derive(sqlx::FromRow)]
struct RecordingRow {
    id: String,
    call_id: String,
}

/// Leaves a tombstone without name, number or notes; calls keep their times and staff. One who is still in the book is
/// deleted first.
pub async fn erase(db: &Db, author: &Author, client: ClientId) -> Result<Erased, StoreError> {
    let account = accounts::get(db, author.account).await?;
    let now = author.stamp.unix_ms;
    let mut tx = db.begin().await?;
    let grave: GraveRow = tx
        .one(GET, args![account.id, client])
        .await?
        .ok_or(StoreError::NotFound)?;
    let numbers = if grave.deleted_at.is_none() {
        let row: Option<Row> = tx.one(GET, args![account.id, client]).await?;
        let living = row.ok_or(StoreError::NotFound).and_then(read)?;
        store::take_out(&mut tx, &account, &living, now).await?;
        living.numbers()
    } else {
        e164(&grave.number).into_iter().collect()
    };
    notices::erase(&mut tx, account.id, client, &numbers).await?;
    webhooks::erase(&mut tx, account.id, client, &numbers).await?;
    blank_calls(&mut tx, account.id, client, &numbers).await?;
    deals::erase(&mut tx, client, now).await?;
    tx.run(NOTES, args![client]).await?;
    tx.run(REQUESTS, args![client, now]).await?;
    tx.run(AUDIT, args![account.id, client]).await?;
    tx.run(BLANK, args![client, now]).await?;
    let recordings: Vec<RecordingRow> = tx.all(RECORDINGS, args![account.id, client]).await?;
    let deed = author.deed("client.erased", "client", client.to_string());
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    let recording = |row: RecordingRow| Ok((id(&row.id)?, id(&row.call_id)?));
    Ok(Erased {
        numbers,
        recordings: recordings
            .into_iter()
            .map(recording)
            .collect::<Result<_, StoreError>>()?,
    })
}

async fn blank_calls(
    tx: &mut Tx,
    account: AccountId,
    client: ClientId,
    numbers: &[PhoneNumber],
) -> Result<(), StoreError> {
    for sql in [LEGS, CALLERS, CALLED] {
        tx.run(sql, args![account, client]).await?;
    }
    for number in numbers {
        for sql in [CALLERS_BY_NUMBER, CALLED_BY_NUMBER] {
            tx.run(sql, args![account, *number]).await?;
        }
    }
    Ok(())
}
