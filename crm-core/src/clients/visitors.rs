//! Clients who come by a site.

use frontdesk_routing::ids::{ClientId, SiteId};
use frontdesk_routing::number::PhoneNumber;

use super::rules::Checked;
use super::store;
use crate::accounts::Account;
use crate::store::text::id;
use crate::store::{Ids, StoreError, Tx, args};

const KNOWN: &str = "SELECT client_id FROM client_phones WHERE account_id = $1 AND number = $2";
const SOURCE: &str = "UPDATE clients SET source_site_id = $2 WHERE id = $1";

pub(crate) const ALL: &[&str] = &[KNOWN, SOURCE];

#[derive(sqlx::FromRow)]
struct KnownRow {
    client_id: String,
}

/// Whoever has the number; else a new client who has come by the site. The flag says which.
///
/// # Errors
/// `Taken` when somebody else has just made a client of the same number.
pub(crate) async fn of_visitor(
    tx: &mut Tx,
    account: &Account,
    (number, name): (PhoneNumber, &str),
    site: SiteId,
    ids: &mut Ids,
) -> Result<(ClientId, bool), StoreError> {
    let known: Option<KnownRow> = tx.one(KNOWN, args![account.id, number]).await?;
    if let Some(known) = known {
        return Ok((id(&known.client_id)?, false));
    }
    let client = ClientId::new(ids.now, ids.random());
    let checked = Checked {
        number: Some(number),
        name: name.to_owned(),
        ..Checked::default()
    };
    store::insert(tx, account, (client, ids.now), &checked, true).await?;
    tx.run(SOURCE, args![client, site]).await?;
    Ok((client, true))
}
