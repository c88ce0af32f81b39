use std::collections::BTreeSet;

use frontdesk_routing::ids::{AccountId, RoleId, StaffId};
use serde_json::{Value, json};

use super::rules::{self, MOST};
use super::{OwnRole, RolePatch};
use crate::access::{Rights, Role, built_in};
use crate::audit::{self, Author, Deed};
use crate::store::text::{fold, id};
use crate::store::{Db, FieldError, StoreError, Tx, args};

const LIST: &str =
    "SELECT id, name, rights, created_at, updated_at, version FROM roles WHERE account_id = $1 ORDER BY name, id";
const GET: &str =
    "SELECT id, name, rights, created_at, updated_at, version FROM roles WHERE account_id = $1 AND id = $2";
const INSERT: &str = "INSERT INTO roles (id, account_id, name, rights, created_at, updated_at, version) \
    VALUES ($1, $2, $3, $4, $5, $5, 1)";
const UPDATE: &str = "UPDATE roles SET name = $3, rights = $4, updated_at = $5, version = version + 1 \
    WHERE id = $1 AND version = $2";
const DELETE: &str = "DELETE FROM roles WHERE id = $1 AND version = $2";
const USED: &str = "SELECT COUNT(*) AS count FROM (SELECT id FROM staff WHERE account_id = $1 AND role = $2 \
    AND deleted_at IS NULL UNION ALL SELECT r.staff_id FROM staff_roles r JOIN staff s ON s.id = r.staff_id \
    WHERE s.account_id = $1 AND r.role = $2 UNION ALL SELECT r.group_id FROM group_roles r \
    JOIN staff_groups g ON g.id = r.group_id WHERE g.account_id = $1 AND r.role = $2) t";
const MOVE_ON: &str = "UPDATE accounts SET rights_version = rights_version + 1 WHERE id = $1";
const FURTHER: &str = "SELECT r.role FROM staff_roles r JOIN staff s ON s.id = r.staff_id \
    WHERE s.account_id = $1 AND r.staff_id = $2 ORDER BY r.role";
const CLEAR: &str = "DELETE FROM staff_roles WHERE staff_id = $1";
const ENTER: &str = "INSERT INTO staff_roles (staff_id, role) VALUES ($1, $2)";

pub(crate) const ALL: &[&str] = &[LIST, GET, INSERT, UPDATE, DELETE, USED, MOVE_ON, FURTHER, CLEAR, ENTER];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    rights: String,
    created_at: i64,
    updated_at: i64,
    version: i64,
}

#[derive(sqlx::FromRow)]
struct RoleRow {
    role: String,
}

/// The account's own, by name.
pub async fn list(db: &Db, account: AccountId) -> Result<Vec<OwnRole>, StoreError> {
    db.all(LIST, args![account]).await?.into_iter().map(read).collect()
}

pub async fn get(db: &Db, account: AccountId, role: RoleId) -> Result<OwnRole, StoreError> {
    let row = db.one(GET, args![account, role]).await?;
    row.ok_or(StoreError::NotFound).and_then(read)
}

/// What any role allows; one of another account is not found.
pub async fn of(db: &Db, account: AccountId, role: Role) -> Result<Rights, StoreError> {
    match role.own() {
        Some(own) => Ok(get(db, account, own).await?.rights),
        None => Ok(built_in(role)),
    }
}

pub async fn create(db: &Db, author: &Author, patch: RolePatch) -> Result<OwnRole, StoreError> {
    let (name, rights) = rules::patched(None, patch)?;
    let mut ids = author.stamp.ids();
    let role = RoleId::new(ids.now, ids.random());
    let mut tx = db.begin().await?;
    moved_on(&mut tx, author.account).await?;
    let others: Vec<Row> = tx.all(LIST, args![author.account]).await?;
    if others.len() >= MOST {
        return Err(StoreError::Refused {
            code: "too_many",
            detail: "200 roles at most",
        });
    }
    free(&others, (role, &name))?;
    tx.run(INSERT, args![role, author.account, &name, rights.written(), ids.now])
        .await?;
    let deed = author.deed("role.created", "role", role.to_string());
    let after = Some(told(&name, &rights));
    audit::write(&mut tx, &mut ids, Deed { after, ..deed }).await?;
    tx.commit().await?;
    get(db, author.account, role).await
}

/// Whoever has the role may do what it says from their next request on.
pub async fn update(
    db: &Db,
    author: &Author,
    role: RoleId,
    patch: RolePatch,
    version: Option<i64>,
) -> Result<OwnRole, StoreError> {
    let mut tx = db.begin().await?;
    moved_on(&mut tx, author.account).await?;
    let before = at_version(&mut tx, author.account, (role, version)).await?;
    let (name, rights) = rules::patched(Some(&before), patch)?;
    let others: Vec<Row> = tx.all(LIST, args![author.account]).await?;
    free(&others, (role, &name))?;
    let values = args![role, before.version, &name, rights.written(), author.stamp.unix_ms];
    if tx.run(UPDATE, values).await? == 0 {
        return Err(StoreError::Stale);
    }
    let deed = author.deed("role.updated", "role", role.to_string());
    let deed = Deed {
        before: Some(told(&before.name, &before.rights)),
        after: Some(told(&name, &rights)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    get(db, author.account, role).await
}

/// Refused while anybody or any group has it.
pub async fn delete(db: &Db, author: &Author, role: RoleId, version: Option<i64>) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    moved_on(&mut tx, author.account).await?;
    let before = at_version(&mut tx, author.account, (role, version)).await?;
    if tx.count(USED, args![author.account, role]).await? > 0 {
        return Err(StoreError::InUse("people or groups have this role".into()));
    }
    if tx.run(DELETE, args![role, before.version]).await? == 0 {
        return Err(StoreError::Stale);
    }
    let mut deed = author.deed("role.deleted", "role", role.to_string());
    deed.before = Some(told(&before.name, &before.rights));
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await
}

/// What is remembered of the account's roles and groups is of the past. Changes of one account's follow each other.
pub(crate) async fn moved_on(tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
    tx.run(MOVE_ON, args![account]).await.map(drop)
}

/// All of them are built in or the account's own.
pub(crate) async fn known(tx: &mut Tx, account: AccountId, (field, roles): (&str, &[Role])) -> Result<(), StoreError> {
    let wanted: Vec<RoleId> = roles.iter().filter_map(|role| role.own()).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let rows: Vec<Row> = tx.all(LIST, args![account]).await?;
    let own: BTreeSet<String> = rows.into_iter().map(|row| row.id).collect();
    let unknown = wanted.iter().find(|role| !own.contains(&role.to_string()));
    let fault = unknown.map(|_| FieldError::new(field, "unknown", "no such role"));
    StoreError::invalid(fault.into_iter().collect())
}

/// Somebody's roles beside the first one.
pub(crate) async fn further(tx: &mut Tx, account: AccountId, staff: StaffId) -> Result<Vec<Role>, StoreError> {
    let rows: Vec<RoleRow> = tx.all(FURTHER, args![account, staff]).await?;
    Ok(rows.iter().filter_map(|row| Role::named(&row.role)).collect())
}

pub(crate) async fn set_further(tx: &mut Tx, staff: StaffId, roles: &[Role]) -> Result<(), StoreError> {
    tx.run(CLEAR, args![staff]).await?;
    for role in roles {
        tx.run(ENTER, args![staff, role.name().into_owned()]).await?;
    }
    Ok(())
}

async fn at_version(
    tx: &mut Tx,
    account: AccountId,
    (role, version): (RoleId, Option<i64>),
) -> Result<OwnRole, StoreError> {
    let row: Option<Row> = tx.one(GET, args![account, role]).await?;
    let found = row.ok_or(StoreError::NotFound).and_then(read)?;
    match version.is_some_and(|version| version != found.version) {
        true => Err(StoreError::Stale),
        false => Ok(found),
    }
}

fn free(others: &[Row], (role, name): (RoleId, &str)) -> Result<(), StoreError> {
    let own = role.to_string();
    let same = others.iter().any(|row| row.id != own && fold(&row.name) == fold(name));
    let fault = same.then(|| FieldError::new("name", "taken", "another role has this name"));
    StoreError::taken(fault.into_iter().collect())
}

fn told(name: &str, rights: &Rights) -> Value {
    json!({ "name": name, "rights": rights.written() })
}

fn read(row: Row) -> Result<OwnRole, StoreError> {
    Ok(OwnRole {
        id: id(&row.id)?,
        name: row.name,
        rights: Rights::read(&row.rights),
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    })
}
