//! What people were told of a client who wants to be forgotten.

use frontdesk_routing::ids::{AccountId, ClientId};
use frontdesk_routing::number::PhoneNumber;

use super::Channel;
use crate::removals::{self, Folder};
use crate::store::{Arg, StoreError, Tx};

macro_rules! about {
    ($what:literal) => {
        concat!(
            "DELETE FROM notices WHERE account_id = $1 AND about IN (",
            $what,
            ") RETURNING id, channel"
        )
    };
}
const OF_CLIENT: &str = "DELETE FROM notices WHERE account_id = $1 AND client_id = $2 RETURNING id, channel";
const OF_CALLS: &str = about!("SELECT id FROM calls WHERE account_id = $1 AND client_id = $2");
const OF_REQUESTS: &str = about!("SELECT id FROM site_requests WHERE client_id = $2");
const OF_MESSAGES: &str = about!(
    "SELECT r.id FROM calls c JOIN recordings r ON r.call_id = c.id WHERE c.account_id = $1 AND c.client_id = $2"
);
const OF_CALLERS: &str = about!("SELECT id FROM calls WHERE account_id = $1 AND caller_number = $2");
const OF_VISITORS: &str = about!("SELECT id FROM site_requests WHERE account_id = $1 AND number = $2");
const OF_CALLERS_MESSAGES: &str = about!(
    "SELECT r.id FROM calls c JOIN recordings r ON r.call_id = c.id WHERE c.account_id = $1 AND c.caller_number = $2"
);

pub(crate) const ALL: &[&str] = &[
    OF_CLIENT,
    OF_CALLS,
    OF_REQUESTS,
    OF_MESSAGES,
    OF_CALLERS,
    OF_VISITORS,
    OF_CALLERS_MESSAGES,
];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    channel: String,
}

/// Forgets what people were told of a client, before its calls and requests forget it; files of it are removed.
pub(crate) async fn erase(
    tx: &mut Tx,
    (account, client): (AccountId, ClientId),
    numbers: &[PhoneNumber],
    now: i64,
) -> Result<(), StoreError> {
    for sql in [OF_CLIENT, OF_CALLS, OF_REQUESTS, OF_MESSAGES] {
        delete(tx, account, (sql, client.into()), now).await?;
    }
    for number in numbers {
        for sql in [OF_CALLERS, OF_VISITORS, OF_CALLERS_MESSAGES] {
            delete(tx, account, (sql, (*number).into()), now).await?;
        }
    }
    Ok(())
}

async fn delete(
    tx: &mut Tx,
    account: AccountId,
    (sql, whose): (&'static str, Arg),
    now: i64,
) -> Result<(), StoreError> {
    let gone: Vec<Row> = tx.all(sql, vec![account.into(), whose]).await?;
    for row in gone {
        let Some(channel) = Channel::named(&row.channel) else {
            continue;
        };
        let file = (Folder::Notices, &*channel.file(&row.id));
        removals::add(tx, account, file, None, now).await?;
    }
    Ok(())
}
