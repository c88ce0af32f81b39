//! Whom people from whom clients' numbers are hidden had to do with last (L44).

use frontdesk_routing::ids::StaffId;
use frontdesk_routing::number::PhoneNumber;

use crate::store::text::id;
use crate::store::{Db, StoreError, args};

/// So many of an account's last calls are looked at.
const MOST_CALLS: i64 = 10_000;

const ACCOUNTS: &str = "SELECT DISTINCT account_id FROM staff WHERE hide_client_number AND deleted_at IS NULL \
    ORDER BY account_id";
/// Whom a phone has shown: it rang, or was connected.
const SEEN: &str = "SELECT l.staff_id, CASE WHEN c.direction = 'inbound' THEN c.caller_number ELSE c.callee_number END \
    AS number FROM (SELECT id, direction, client_id, caller_number, caller_restricted, callee_number, callee_restricted, \
    started_at FROM calls WHERE account_id = $1 ORDER BY started_at DESC, id DESC LIMIT $2) c \
    JOIN legs l ON l.call_id = c.id JOIN staff s ON s.id = l.staff_id \
    WHERE s.hide_client_number AND s.deleted_at IS NULL AND (l.answered_at IS NOT NULL OR NOT l.caller) AND (c.client_id IS NOT NULL \
    OR NOT (CASE WHEN c.direction = 'inbound' THEN c.caller_restricted ELSE c.callee_restricted END)) \
    AND c.direction <> 'internal' ORDER BY c.started_at, c.id, l.id";

pub(crate) const ALL: &[&str] = &[ACCOUNTS, SEEN];

#[derive(sqlx::FromRow)]
struct Account {
    account_id: String,
}

#[derive(sqlx::FromRow)]
struct Seen {
    staff_id: String,
    number: Option<String>,
}

/// The clients in the last calls of everybody from whom numbers are hidden, the last one last.
///
/// # Errors
/// Those of the database.
pub async fn seen_hidden(db: &Db) -> Result<Vec<(StaffId, PhoneNumber)>, StoreError> {
    let accounts: Vec<Account> = db.all(ACCOUNTS, args![]).await?;
    let mut clients = Vec::new();
    for account in accounts {
        let rows: Vec<Seen> = db.all(SEEN, args![&account.account_id, MOST_CALLS]).await?;
        for row in rows {
            let number = row.number.and_then(|number| PhoneNumber::from_e164(&number).ok());
            if let Some(number) = number {
                clients.push((id(&row.staff_id)?, number));
            }
        }
    }
    Ok(clients)
}
