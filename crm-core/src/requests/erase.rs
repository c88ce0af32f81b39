//! Requests of a client who wants to be forgotten.

use frontdesk_routing::ids::{AccountId, ClientId};
use frontdesk_routing::number::PhoneNumber;

use crate::store::{StoreError, Tx, args};

macro_rules! blank {
    ($whose:literal) => {
        concat!(
            "UPDATE site_requests SET number = '', name = '', subject = '', comment = '', page = '', request_key = id, \
             client_id = NULL, next_at = NULL, state = 'done', updated_at = $3, version = version + 1 \
             WHERE account_id = $1 AND ",
            $whose
        )
    };
}
const OF_CLIENT: &str = blank!("client_id = $2");
const OF_NUMBER: &str = blank!("number = $2");

pub(crate) const ALL: &[&str] = &[OF_CLIENT, OF_NUMBER];

/// Leaves that somebody has asked for something, and when.
pub(crate) async fn erase(
    tx: &mut Tx,
    account: AccountId,
    (clients, numbers): (&[ClientId], &[PhoneNumber]),
    now: i64,
) -> Result<(), StoreError> {
    for client in clients {
        tx.run(OF_CLIENT, args![account, *client, now]).await?;
    }
    for number in numbers {
        tx.run(OF_NUMBER, args![account, *number, now]).await?;
    }
    Ok(())
}
