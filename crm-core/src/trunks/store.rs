use frontdesk_routing::ids::{AccountId, TrunkId};
use serde_json::json;

use super::Trunk;
use crate::accounts;
use crate::audit::{self, Author, Deed};
use crate::sip_accounts::{self, Ha1, Owner, SipData};
use crate::store::text::id;
use crate::store::{Db, FieldError, StoreError, args};

const LIST: &str = "SELECT t.id, t.name, p.sip_user, t.version FROM trunks t JOIN sip_accounts p ON p.trunk_id = t.id \
    WHERE t.account_id = $1 ORDER BY t.name, t.id";
const INSERT: &str = "INSERT INTO trunks (id, account_id, name, created_at, version) VALUES ($1, $2, $3, $4, 1)";
const DELETE_SIP: &str = "DELETE FROM sip_accounts WHERE account_id = $1 AND trunk_id = $2";
const DELETE: &str = "DELETE FROM trunks WHERE account_id = $1 AND id = $2";

pub(crate) const ALL: &[&str] = &[LIST, INSERT, DELETE_SIP, DELETE];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    sip_user: String,
    version: i64,
}

pub async fn list(db: &Db, account: AccountId) -> Result<Vec<Trunk>, StoreError> {
    let rows: Vec<Row> = db.all(LIST, args![account]).await?;
    let read = |row: Row| {
        Ok(Trunk {
            id: id(&row.id)?,
            name: row.name,
            sip_user: row.sip_user,
            version: row.version,
        })
    };
    rows.into_iter().map(read).collect()
}

/// With the data that the provider's side registers with; the secret is told this once.
pub async fn create(db: &Db, author: &Author, name: &str) -> Result<(Trunk, SipData), StoreError> {
    let name = name.trim().to_owned();
    if name.is_empty() {
        return Err(StoreError::Invalid(vec![FieldError::new(
            "name",
            "required",
            "a line has a name",
        )]));
    }
    if name.chars().count() > 100 {
        return Err(StoreError::Invalid(vec![FieldError::new(
            "name",
            "too_long",
            "100 characters at most",
        )]));
    }
    let account = accounts::get(db, author.account).await?;
    let mut ids = author.stamp.ids();
    let trunk = TrunkId::new(ids.now, ids.random());
    let user = format!("{}-line-{}", account.number, ids.digits(6));
    let secret = ids.secret(24);
    let ha1 = Ha1::of(&user, &account.realm, &secret);
    let mut tx = db.begin().await?;
    tx.run(INSERT, args![trunk, author.account, &name, ids.now]).await?;
    let place = (author.account, Owner::Trunk(trunk));
    let sip = sip_accounts::add(&mut tx, &mut ids, place, (&user, &account.realm), &ha1).await?;
    let deed = author.deed("trunk.created", "trunk", trunk.to_string());
    audit::write(
        &mut tx,
        &mut ids,
        Deed {
            after: Some(json!({ "name": name })),
            ..deed
        },
    )
    .await?;
    tx.commit().await?;
    let data = SipData {
        id: sip,
        user: user.clone(),
        realm: account.realm,
        secret,
    };
    Ok((
        Trunk {
            id: trunk,
            name,
            sip_user: user,
            version: 1,
        },
        data,
    ))
}

pub async fn delete(db: &Db, author: &Author, trunk: TrunkId) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.run(DELETE_SIP, args![author.account, trunk]).await?;
    if tx.run(DELETE, args![author.account, trunk]).await? == 0 {
        return Err(StoreError::NotFound);
    }
    let deed = author.deed("trunk.deleted", "trunk", trunk.to_string());
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await
}
