use frontdesk_routing::ids::AccountId;

use super::{MediaLink, Owner};
use crate::access::Role;
use crate::store::text::id;
use crate::store::{Db, Ids, StoreError, Tx, args};

const KEY: &str = "SELECT secret FROM media_keys WHERE account_id = $1";
const INSERT: &str = "INSERT INTO media_keys (account_id, secret) VALUES ($1, $2) ON CONFLICT (account_id) DO NOTHING";
const OWNER: &str = "SELECT s.account_id, s.surname, s.given_name, s.patronymic, s.role, a.rights_version, k.secret \
    FROM staff s JOIN accounts a ON a.id = s.account_id JOIN media_keys k ON k.account_id = s.account_id \
    WHERE s.id = $1 AND s.deleted_at IS NULL AND (s.access_until IS NULL OR s.access_until > $2)";

pub(crate) const ALL: &[&str] = &[KEY, INSERT, OWNER];

#[derive(sqlx::FromRow)]
struct KeyRow {
    secret: String,
}

#[derive(sqlx::FromRow)]
struct OwnerRow {
    account_id: String,
    surname: Option<String>,
    given_name: Option<String>,
    patronymic: Option<String>,
    role: Option<String>,
    rights_version: i64,
    secret: String,
}

/// Gives a new account its key.
pub(crate) async fn found(tx: &mut Tx, ids: &mut Ids, account: AccountId) -> Result<(), StoreError> {
    tx.run(INSERT, args![account, fresh(ids)]).await.map(drop)
}

/// Gives an account that an older version made the key that it lacks.
pub(crate) async fn seal(db: &Db, ids: &mut Ids, account: AccountId) -> Result<(), StoreError> {
    db.run(INSERT, args![account, fresh(ids)]).await.map(drop)
}

/// 128 bits, which is what a moment's randomness holds.
fn fresh(ids: &mut Ids) -> String {
    ids.secret(43)
}

/// The signature of a link of somebody's of this account, in hexadecimal.
pub async fn sign(db: &Db, account: AccountId, link: &MediaLink) -> Result<String, StoreError> {
    let row: Option<KeyRow> = db.one(KEY, args![account]).await?;
    let row = row.ok_or_else(|| StoreError::Corrupt(format!("the account {account} has no key for links")))?;
    Ok(link.signature(&row.secret))
}

/// Whose a link is; `None`: it is not signed by us, or its owner has no access at `now` (unix milliseconds). Whether its
/// time is over is not looked at.
pub async fn owner(db: &Db, link: &MediaLink, signature: &str, now: i64) -> Result<Option<Owner>, StoreError> {
    let row: Option<OwnerRow> = db.one(OWNER, args![link.staff, now]).await?;
    let Some(row) = row.filter(|row| link.is_signed(&row.secret, signature)) else {
        return Ok(None);
    };
    let Some(role) = row.role.as_deref().and_then(Role::named) else {
        return Ok(None);
    };
    let parts = [row.surname, row.given_name, row.patronymic];
    Ok(Some(Owner {
        account: id(&row.account_id)?,
        name: parts.into_iter().flatten().collect::<Vec<_>>().join(" "),
        role,
        rights_version: row.rights_version,
    }))
}
