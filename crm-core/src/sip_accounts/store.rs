use frontdesk_routing::ids::{AccountId, SipAccountId, StaffId, TrunkId};
use serde_json::json;

use super::{Ha1, SECRET_LENGTH, SipData};
use crate::audit::{self, Actor, Author, Deed};
use crate::store::text::id;
use crate::store::{Db, Ids, StoreError, Tx, args};

const OWNER: &str = "SELECT s.short_number, a.number, a.realm, p.id AS sip_id, p.sip_user FROM staff s \
    JOIN accounts a ON a.id = s.account_id LEFT JOIN sip_accounts p ON p.staff_id = s.id \
    WHERE s.account_id = $1 AND s.id = $2 AND s.deleted_at IS NULL";
const USED: &str = "SELECT COUNT(*) AS count FROM sip_accounts WHERE sip_user = $1";
const INSERT: &str = "INSERT INTO sip_accounts (id, account_id, staff_id, trunk_id, sip_user, realm, ha1_md5, ha1_sha256, \
    enabled, created_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, TRUE, $9, 1)";
const ROTATE: &str = "UPDATE sip_accounts SET realm = $2, ha1_md5 = $3, ha1_sha256 = $4, rotated_at = $5, \
    version = version + 1 WHERE id = $1";

const HELD: &str = "SELECT id, sip_user, ha1_md5 FROM sip_accounts WHERE staff_id = $1";
const REPLACE: &str = "UPDATE sip_accounts SET sip_user = $2, realm = $3, ha1_md5 = $4, ha1_sha256 = $5, rotated_at = $6, \
    version = version + 1 WHERE id = $1";

pub(crate) const ALL: &[&str] = &[OWNER, USED, INSERT, ROTATE, HELD, REPLACE];

#[derive(sqlx::FromRow)]
struct HeldRow {
    id: String,
    sip_user: String,
    ha1_md5: String,
}

#[derive(sqlx::FromRow)]
struct OwnerRow {
    short_number: Option<String>,
    number: i64,
    realm: String,
    sip_id: Option<String>,
    sip_user: Option<String>,
}

/// Whose SIP account it becomes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Owner {
    Staff(StaffId),
    Trunk(TrunkId),
}

/// A first SIP account; `Refused` when there is one already.
pub async fn generate(db: &Db, author: &Author, staff: StaffId) -> Result<SipData, StoreError> {
    let mut ids = author.stamp.ids();
    let mut tx = db.begin().await?;
    let data = first(&mut tx, &mut ids, (author.account, staff), &author.actor).await?;
    tx.commit().await?;
    Ok(data)
}

pub(crate) async fn first(
    tx: &mut Tx,
    ids: &mut Ids,
    (account, staff): (AccountId, StaffId),
    actor: &Actor,
) -> Result<SipData, StoreError> {
    let owner: OwnerRow = tx
        .one(OWNER, args![account, staff])
        .await?
        .ok_or(StoreError::NotFound)?;
    if owner.sip_id.is_some() {
        return Err(StoreError::Refused {
            code: "exists",
            detail: "there is SIP data already: rotate it",
        });
    }
    let user = free_user(tx, ids, (owner.number, owner.short_number.as_deref())).await?;
    let secret = ids.secret(SECRET_LENGTH);
    let ha1 = Ha1::of(&user, &owner.realm, &secret);
    let sip = add(tx, ids, (account, Owner::Staff(staff)), (&user, &owner.realm), &ha1).await?;
    let deed = Deed {
        account,
        action: "sip.generated",
        entity: "staff",
        entity_id: staff.to_string(),
        before: None,
        after: Some(json!({ "sip_user": user })),
        actor,
    };
    audit::write(tx, ids, deed).await?;
    Ok(SipData {
        id: sip,
        user,
        realm: owner.realm,
        secret,
    })
}

/// Another secret for the same user.
pub async fn rotate(db: &Db, author: &Author, staff: StaffId) -> Result<SipData, StoreError> {
    let mut ids = author.stamp.ids();
    let mut tx = db.begin().await?;
    let owner: OwnerRow = tx
        .one(OWNER, args![author.account, staff])
        .await?
        .ok_or(StoreError::NotFound)?;
    let (Some(sip), Some(user)) = (owner.sip_id, owner.sip_user) else {
        return Err(StoreError::NotFound);
    };
    let secret = ids.secret(SECRET_LENGTH);
    let ha1 = Ha1::of(&user, &owner.realm, &secret);
    tx.run(ROTATE, args![&sip, &owner.realm, ha1.md5, ha1.sha256, ids.now])
        .await?;
    audit::write(
        &mut tx,
        &mut ids,
        author.deed("sip.rotated", "staff", staff.to_string()),
    )
    .await?;
    tx.commit().await?;
    Ok(SipData {
        id: id(&sip)?,
        user,
        realm: owner.realm,
        secret,
    })
}

/// SIP data from elsewhere in the place of what the person has, if anything; gives whether it is other than it was.
pub(crate) async fn replace(
    tx: &mut Tx,
    ids: &mut Ids,
    (account, staff): (AccountId, StaffId),
    (user, realm): (&str, &str),
    ha1: &Ha1,
) -> Result<bool, StoreError> {
    let held: Option<HeldRow> = tx.one(HELD, args![staff]).await?;
    let Some(held) = held else {
        add(tx, ids, (account, Owner::Staff(staff)), (user, realm), ha1).await?;
        return Ok(true);
    };
    if held.sip_user == user && held.ha1_md5 == ha1.md5 {
        return Ok(false);
    }
    let values = args![held.id, user, realm, &ha1.md5, &ha1.sha256, ids.now];
    tx.run(REPLACE, values).await?;
    Ok(true)
}

pub(crate) async fn add(
    tx: &mut Tx,
    ids: &mut Ids,
    (account, owner): (AccountId, Owner),
    (user, realm): (&str, &str),
    ha1: &Ha1,
) -> Result<SipAccountId, StoreError> {
    let sip = SipAccountId::new(ids.now, ids.random());
    let (staff, trunk) = match owner {
        Owner::Staff(staff) => (Some(staff), None),
        Owner::Trunk(trunk) => (None, Some(trunk)),
    };
    tx.run(
        INSERT,
        args![sip, account, staff, trunk, user, realm, &ha1.md5, &ha1.sha256, ids.now],
    )
    .await?;
    Ok(sip)
}

/// The account's number and the short number, easy to type; digits by chance where somebody has that.
async fn free_user(tx: &mut Tx, ids: &mut Ids, (number, short): (i64, Option<&str>)) -> Result<String, StoreError> {
    let mut wanted = short.map(|short| format!("{number}-{short}"));
    for _ in 0..20 {
        let user = wanted.take().unwrap_or_else(|| format!("{number}-{}", ids.digits(7)));
        if tx.count(USED, args![&user]).await? == 0 {
            return Ok(user);
        }
    }
    Err(StoreError::Corrupt("no free SIP user".into()))
}
