//! A client who wants to be forgotten: what is left names nobody.

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_routing::ids::{AccountId, AuditId, CallId, ClientId, RecordingId};
use frontdesk_routing::number::PhoneNumber;
use serde_json::Value;

use super::erasures;
use super::store::{self, Row, columns, e164, read};
use crate::accounts::{self, Account};
use crate::audit::{self, Author};
use crate::deals;
use crate::notices;
use crate::removals::{self, Folder};
use crate::requests;
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
/// Deleted ones of the same number: the same person.
const GRAVES: &str = "SELECT id FROM clients WHERE account_id = $1 AND number = $2 AND deleted_at IS NOT NULL \
    AND erased_at IS NULL ORDER BY id";
const HELD: &str = "SELECT COUNT(*) AS count FROM client_phones WHERE account_id = $1 AND number = $2";
const NOTES: &str = "DELETE FROM client_notes WHERE client_id = $1";
const TOLD: &str = "SELECT before_json, after_json FROM audit WHERE account_id = $1 AND entity_id = $2 ORDER BY at, id";
const AUDIT: &str =
    "UPDATE audit SET before_json = NULL, after_json = NULL, salt = NULL WHERE account_id = $1 AND entity_id = $2";
/// Of other clients, who had one of the numbers before.
const AUDIT_OF_OTHERS: &str = "SELECT id, entity_id FROM audit WHERE account_id = $1 AND entity = 'client' \
    AND entity_id <> $3 AND (before_json LIKE $2 OR after_json LIKE $2) ORDER BY id";
const AUDIT_ROW: &str = "UPDATE audit SET before_json = NULL, after_json = NULL, salt = NULL WHERE id = $1";
// `called` is as it was dialled: of a call to the client it is the client's number in some form.
const CALLERS: &str = "UPDATE calls SET caller_number = NULL, caller_name = NULL WHERE account_id = $1 \
    AND caller_staff_id IS NULL AND client_id = $2";
const CALLED: &str = "UPDATE calls SET called = '', callee_number = NULL, callee_name = NULL WHERE account_id = $1 \
    AND caller_staff_id IS NOT NULL AND callee_staff_id IS NULL AND client_id = $2";
const CALLERS_BY_NUMBER: &str = "UPDATE calls SET caller_number = NULL, caller_name = NULL WHERE account_id = $1 \
    AND caller_staff_id IS NULL AND caller_number = $2";
const CALLED_BY_NUMBER: &str = "UPDATE calls SET called = CASE WHEN caller_staff_id IS NULL THEN called ELSE '' END, \
    callee_number = NULL, callee_name = NULL WHERE account_id = $1 AND callee_staff_id IS NULL AND callee_number = $2";
/// Calls that were refused have nothing but what was dialled.
const CALLED_IN_VAIN: &str = "UPDATE calls SET called = '' WHERE account_id = $1 AND callee_staff_id IS NULL \
    AND callee_number IS NULL AND called IN ($2, $3, $4, $5, $6)";
const LEGS_IN_VAIN: &str = "UPDATE legs SET peer = NULL WHERE staff_id IS NULL AND call_id IN (SELECT id FROM calls \
    WHERE account_id = $1 AND callee_staff_id IS NULL AND callee_number IS NULL AND called IN ($2, $3, $4, $5, $6))";
const LEGS: &str = "UPDATE legs SET peer = NULL WHERE staff_id IS NULL \
    AND call_id IN (SELECT id FROM calls WHERE account_id = $1 AND client_id = $2)";
const LEGS_OF_CALLER: &str = "UPDATE legs SET peer = NULL WHERE staff_id IS NULL AND call_id IN (SELECT id FROM calls \
    WHERE account_id = $1 AND caller_staff_id IS NULL AND caller_number = $2)";
const LEGS_OF_CALLEE: &str = "UPDATE legs SET peer = NULL WHERE staff_id IS NULL AND call_id IN (SELECT id FROM calls \
    WHERE account_id = $1 AND callee_staff_id IS NULL AND callee_number = $2)";
macro_rules! recordings {
    ($whose:literal) => {
        concat!(
            "SELECT r.id, r.call_id, r.path, r.state FROM calls c JOIN recordings r ON r.call_id = c.id \
             WHERE c.account_id = $1 AND ",
            $whose,
            " ORDER BY r.id"
        )
    };
}
const RECORDINGS: &str = recordings!("c.client_id = $2");
const RECORDINGS_OF_CALLER: &str = recordings!("c.caller_staff_id IS NULL AND c.caller_number = $2");
const RECORDINGS_OF_CALLEE: &str = recordings!("c.callee_staff_id IS NULL AND c.callee_number = $2");

pub(crate) const ALL: &[&str] = &[
    GET,
    BLANK,
    GRAVES,
    HELD,
    NOTES,
    TOLD,
    AUDIT,
    AUDIT_OF_OTHERS,
    AUDIT_ROW,
    CALLERS,
    CALLED,
    CALLERS_BY_NUMBER,
    CALLED_BY_NUMBER,
    CALLED_IN_VAIN,
    LEGS_IN_VAIN,
    LEGS,
    LEGS_OF_CALLER,
    LEGS_OF_CALLEE,
    RECORDINGS,
    RECORDINGS_OF_CALLER,
    RECORDINGS_OF_CALLEE,
];

/// What others are to learn of it. The files stand in [`removals`], and are there until somebody has removed them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Erased {
    /// Numbers that find nobody any more.
    pub numbers: Vec<PhoneNumber>,
    /// The client's voice: recordings that there are no more. Those of calls that go on follow at their end.
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
    path: String,
    state: String,
}

#[derive(sqlx::FromRow)]
struct IdRow {
    id: String,
}

#[derive(sqlx::FromRow)]
struct OtherRow {
    id: String,
    entity_id: String,
}

/// A row of the audit that tells of another client that one of the numbers was theirs.
struct OfAnother {
    number: PhoneNumber,
    row: AuditId,
    client: String,
}

#[derive(sqlx::FromRow)]
struct ToldRow {
    before_json: Option<String>,
    after_json: Option<String>,
}

/// By what the client can be recognised.
struct Known {
    now: Vec<PhoneNumber>,
    /// Numbers that the client had before.
    before: Vec<PhoneNumber>,
}

impl Known {
    fn numbers(&self) -> Vec<PhoneNumber> {
        self.now.iter().chain(&self.before).copied().collect()
    }
}

/// All that is one person's.
struct Whose {
    account: AccountId,
    /// The client, and deleted ones of the same numbers.
    clients: Vec<ClientId>,
    /// Those that nobody else has got since.
    numbers: Vec<PhoneNumber>,
}

/// Leaves a tombstone without name, number or notes; calls keep their times and staff. One who is still in the book is
/// deleted first. What is the client's by the number alone goes too, and so do deleted clients of the same number; a number
/// that another client has by now stays that client's. Recordings are gone at once, their files as soon as they can be
/// removed.
///
/// # Errors
/// `NotFound`: there is none, or it was erased before.
pub async fn erase(db: &Db, author: &Author, client: ClientId) -> Result<Erased, StoreError> {
    let account = accounts::get(db, author.account).await?;
    let now = author.stamp.unix_ms;
    let known = known(db, account.id, client).await?;
    // a search through the whole audit, which no writer has to wait for
    let of_others = told_of_others(db, (account.id, client), &known.numbers()).await?;
    let mut tx = db.begin().await?;
    take_out(&mut tx, &account, client, now).await?;
    let whose = whose_is_it(&mut tx, account.id, client, &known).await?;
    let mut others = BTreeSet::new();
    for other in of_others {
        if whose.numbers.contains(&other.number) {
            tx.run(AUDIT_ROW, args![other.row]).await?;
            others.insert(other.client);
        }
    }
    let recordings = blank(&mut tx, &account, &whose, now).await?;
    let mut ids = author.stamp.ids();
    // whoever looks through the audit's chain is to find why these rows are empty
    for other in others {
        let deed = author.deed("client.number.erased", "client", other);
        audit::write(&mut tx, &mut ids, deed).await?;
    }
    for client in &whose.clients {
        let deed = author.deed("client.erased", "client", client.to_string());
        audit::write(&mut tx, &mut ids, deed).await?;
    }
    for (recording, _) in &recordings {
        let deed = author.deed("recording.deleted", "recording", recording.to_string());
        audit::write(&mut tx, &mut ids, deed).await?;
    }
    tx.commit().await?;
    Ok(Erased {
        numbers: known.numbers(),
        recordings,
    })
}

/// All of it within one transaction; gives the recordings that there are no more.
async fn blank(
    tx: &mut Tx,
    account: &Account,
    whose: &Whose,
    now: i64,
) -> Result<Vec<(RecordingId, CallId)>, StoreError> {
    for (nth, client) in (0_usize..).zip(&whose.clients) {
        let numbers: &[PhoneNumber] = if nth == 0 { &whose.numbers } else { &[] };
        notices::erase(tx, (account.id, *client), numbers, now).await?;
        webhooks::erase(tx, account.id, *client, numbers).await?;
    }
    let recordings = silence(tx, whose, now).await?;
    blank_calls(tx, account, whose).await?;
    for client in &whose.clients {
        deals::erase(tx, *client, now).await?;
        tx.run(NOTES, args![*client]).await?;
        tx.run(AUDIT, args![account.id, *client]).await?;
        tx.run(BLANK, args![*client, now]).await?;
        erasures::add(tx, (account.id, *client), &whose.numbers, now).await?;
    }
    requests::erase(tx, account.id, (&whose.clients, &whose.numbers), now).await?;
    Ok(recordings)
}

/// All numbers that the client has, and those that the client had.
async fn known(db: &Db, account: AccountId, client: ClientId) -> Result<Known, StoreError> {
    let grave: GraveRow = db.one(GET, args![account, client]).await?.ok_or(StoreError::NotFound)?;
    let now: Vec<PhoneNumber> = if grave.deleted_at.is_none() {
        let row: Option<Row> = db.one(GET, args![account, client]).await?;
        row.ok_or(StoreError::NotFound).and_then(read)?.numbers()
    } else {
        e164(&grave.number).into_iter().collect()
    };
    let told: Vec<ToldRow> = db.all(TOLD, args![account, client]).await?;
    let told = told.iter().flat_map(|row| [&row.before_json, &row.after_json]);
    let mut before = Vec::new();
    for number in told.flatten().flat_map(|text| numbers_in(text)) {
        if !now.contains(&number) && !before.contains(&number) {
            before.push(number);
        }
    }
    Ok(Known { now, before })
}

/// A living one is in the book no more.
async fn take_out(tx: &mut Tx, account: &Account, client: ClientId, now: i64) -> Result<(), StoreError> {
    let grave: GraveRow = tx
        .one(GET, args![account.id, client])
        .await?
        .ok_or(StoreError::NotFound)?;
    if grave.deleted_at.is_some() {
        return Ok(());
    }
    let row: Option<Row> = tx.one(GET, args![account.id, client]).await?;
    let living = row.ok_or(StoreError::NotFound).and_then(read)?;
    store::take_out(tx, account, &living, now).await
}

/// The numbers that a row of the audit says a client has.
fn numbers_in(told: &str) -> Vec<PhoneNumber> {
    let told: Value = serde_json::from_str(told).unwrap_or_default();
    let others = told.get("other_numbers").and_then(Value::as_array);
    let numbers = told.get("number").into_iter().chain(others.into_iter().flatten());
    numbers
        .filter_map(Value::as_str)
        .filter_map(|number| PhoneNumber::from_e164(number).ok())
        .collect()
}

async fn whose_is_it(tx: &mut Tx, account: AccountId, client: ClientId, known: &Known) -> Result<Whose, StoreError> {
    let mut whose = Whose {
        account,
        clients: vec![client],
        numbers: Vec::new(),
    };
    let now = known.now.iter().map(|number| (*number, true));
    let before = known.before.iter().map(|number| (*number, false));
    for (number, has_it) in now.chain(before) {
        let graves: Vec<IdRow> = tx.all(GRAVES, args![account, number]).await?;
        let mut others = Vec::new();
        for grave in graves {
            let grave = id(&grave.id)?;
            if !whose.clients.contains(&grave) {
                others.push(grave);
            }
        }
        let passed_on = tx.count(HELD, args![account, number]).await? > 0;
        match (passed_on, has_it) {
            (false, true) => {
                whose.numbers.push(number);
                whose.clients.extend(others);
            }
            // somebody had it after the client
            (false, false) if others.is_empty() => whose.numbers.push(number),
            (true, _) | (false, false) => {}
        }
    }
    Ok(whose)
}

/// Rows that tell of other clients that they had one of the numbers.
async fn told_of_others(
    db: &Db,
    (account, client): (AccountId, ClientId),
    numbers: &[PhoneNumber],
) -> Result<Vec<OfAnother>, StoreError> {
    let mut found = Vec::new();
    for number in numbers {
        let needle = format!("%{}\"%", number.reveal());
        let rows: Vec<OtherRow> = db.all(AUDIT_OF_OTHERS, args![account, needle, client]).await?;
        for row in rows {
            found.push(OfAnother {
                number: *number,
                row: id(&row.id)?,
                client: row.entity_id,
            });
        }
    }
    Ok(found)
}

/// Has the files of all recordings of the client's calls removed, once they have ended. Gives those that had.
async fn silence(tx: &mut Tx, whose: &Whose, now: i64) -> Result<Vec<(RecordingId, CallId)>, StoreError> {
    let mut found = BTreeMap::new();
    for client in &whose.clients {
        collect(&mut found, tx.all(RECORDINGS, args![whose.account, *client]).await?)?;
    }
    for number in &whose.numbers {
        for sql in [RECORDINGS_OF_CALLER, RECORDINGS_OF_CALLEE] {
            collect(&mut found, tx.all(sql, args![whose.account, *number]).await?)?;
        }
    }
    let mut gone = Vec::new();
    for (recording, row) in found {
        let file = (Folder::Recordings, row.path.as_str());
        removals::add(tx, whose.account, file, Some(recording), now).await?;
        if matches!(row.state.as_str(), "ready" | "failed") {
            removals::lost(tx, recording, now).await?;
            gone.push((recording, id(&row.call_id)?));
        }
    }
    Ok(gone)
}

fn collect(found: &mut BTreeMap<RecordingId, RecordingRow>, rows: Vec<RecordingRow>) -> Result<(), StoreError> {
    for row in rows {
        found.insert(id(&row.id)?, row);
    }
    Ok(())
}

async fn blank_calls(tx: &mut Tx, account: &Account, whose: &Whose) -> Result<(), StoreError> {
    for client in &whose.clients {
        for sql in [LEGS, CALLERS, CALLED] {
            tx.run(sql, args![account.id, *client]).await?;
        }
    }
    for number in &whose.numbers {
        for sql in [LEGS_OF_CALLER, LEGS_OF_CALLEE, CALLERS_BY_NUMBER, CALLED_BY_NUMBER] {
            tx.run(sql, args![account.id, *number]).await?;
        }
        let (e164, digits) = (number.reveal(), number.as_u64().to_string());
        let national = number.national(&account.region).unwrap_or_else(|| e164.clone());
        for sql in [LEGS_IN_VAIN, CALLED_IN_VAIN] {
            let values = args![
                account.id,
                e164.clone(),
                format!("00{digits}"),
                format!("810{digits}"),
                digits.clone(),
                national.clone(),
            ];
            tx.run(sql, values).await?;
        }
    }
    Ok(())
}
