use std::collections::BTreeSet;

use frontdesk_routing::ids::{AccountId, StaffId, TokenId};
use serde_json::json;
use subtle::ConstantTimeEq;

use super::{Bearer, NewToken, Token};
use crate::access::{Right, Role};
use crate::audit::{self, Author, Deed};
use crate::logins::token_hash;
use crate::store::page::{self, Place};
use crate::store::text::id;
use crate::store::{Db, FieldError, Listing, Page, StoreError, Tx, args};

const INSERT: &str = "INSERT INTO api_tokens (id, account_id, staff_id, name, token_hash, scopes, created_at, expires_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const LIST: &str = "SELECT id, account_id, staff_id, name, scopes, created_at, expires_at, revoked_at, last_used_at \
    FROM api_tokens WHERE account_id = $1 AND staff_id = $2 AND (created_at, id) < ($3, $4) \
    ORDER BY created_at DESC, id DESC LIMIT $5";
const COUNT: &str = "SELECT COUNT(*) AS count FROM api_tokens WHERE account_id = $1 AND staff_id = $2";
const GET: &str = "SELECT id, account_id, staff_id, name, scopes, created_at, expires_at, revoked_at, last_used_at \
    FROM api_tokens WHERE account_id = $1 AND id = $2";
const FIND: &str = "SELECT t.id, t.account_id, t.staff_id, t.name, t.scopes, t.created_at, t.expires_at, t.revoked_at, \
    t.last_used_at, t.token_hash, s.surname, s.given_name, s.patronymic, s.role, a.rights_version FROM api_tokens t JOIN staff s ON s.id = t.staff_id \
    JOIN accounts a ON a.id = t.account_id \
    WHERE t.id = $1 AND t.revoked_at IS NULL AND t.expires_at > $2 AND s.deleted_at IS NULL \
    AND (s.access_until IS NULL OR s.access_until > $2)";
const REVOKE: &str = "UPDATE api_tokens SET revoked_at = $4 WHERE id = $1 AND account_id = $2 AND staff_id = $3 \
    AND revoked_at IS NULL";
const REVOKE_ALL: &str = "UPDATE api_tokens SET revoked_at = $2 WHERE staff_id = $1 AND revoked_at IS NULL";
const TOUCH: &str =
    "UPDATE api_tokens SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";

pub(crate) const ALL: &[&str] = &[INSERT, LIST, COUNT, GET, FIND, REVOKE, REVOKE_ALL, TOUCH];

const PREFIX: &str = "fd_";
/// Characters of 6 bits.
const SECRET_LENGTH: usize = 40;

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    account_id: String,
    staff_id: String,
    name: String,
    scopes: String,
    created_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
    last_used_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct BearerRow {
    #[sqlx(flatten)]
    token: Row,
    token_hash: String,
    surname: Option<String>,
    given_name: Option<String>,
    patronymic: Option<String>,
    role: Option<String>,
    rights_version: i64,
}

/// The token and its secret, which is told this once.
pub async fn create(db: &Db, author: &Author, owner: StaffId, new: NewToken) -> Result<(Token, String), StoreError> {
    let scopes = checked(&new)?;
    let mut ids = author.stamp.ids();
    let token = Token {
        id: TokenId::new(ids.now, ids.random()),
        account: author.account,
        staff: owner,
        name: new.name.trim().to_owned(),
        scopes,
        created_at: ids.now,
        expires_at: ids.now.saturating_add(new.lifetime_ms),
        revoked_at: None,
        last_used_at: None,
    };
    let secret = format!("{PREFIX}{}_{}", token.id, ids.secret(SECRET_LENGTH));
    let names: Vec<&str> = token.scopes.iter().map(|right| right.name()).collect();
    let mut tx = db.begin().await?;
    let values = args![
        token.id,
        token.account,
        token.staff,
        &token.name,
        token_hash(&secret),
        names.join(" "),
        token.created_at,
        token.expires_at,
    ];
    tx.run(INSERT, values).await?;
    let deed = author.deed("token.created", "token", token.id.to_string());
    let after = Some(json!({ "name": token.name, "scopes": names, "expires_at": token.expires_at }));
    audit::write(&mut tx, &mut ids, Deed { after, ..deed }).await?;
    tx.commit().await?;
    Ok((token, secret))
}

fn checked(new: &NewToken) -> Result<BTreeSet<Right>, StoreError> {
    let mut faults = Vec::new();
    let name = new.name.trim();
    if name.is_empty() {
        faults.push(FieldError::new("name", "required", "say what the token is for"));
    }
    if name.chars().count() > 100 {
        faults.push(FieldError::new("name", "too_long", "100 characters at most"));
    }
    let scopes: BTreeSet<Right> = new.scopes.iter().filter_map(|name| Right::named(name)).collect();
    let unknown: Vec<&str> = new
        .scopes
        .iter()
        .map(String::as_str)
        .filter(|name| Right::named(name).is_none())
        .collect();
    if !unknown.is_empty() {
        faults.push(FieldError::new(
            "scopes",
            "unknown",
            format!("no such right: {}", unknown.join(", ")),
        ));
    } else if scopes.is_empty() {
        faults.push(FieldError::new(
            "scopes",
            "required",
            "a token without rights is of no use",
        ));
    }
    StoreError::invalid(faults)?;
    Ok(scopes)
}

/// Somebody's, newest first, by cursor.
///
/// # Errors
/// `Invalid`: a cursor that is none of ours.
pub async fn list(db: &Db, account: AccountId, owner: StaffId, page: &Page) -> Result<Listing<Token>, StoreError> {
    let place = Place::of(page)?;
    let values = args![account, owner, place.at, place.id, page.limit.saturating_add(1)];
    let place = |row: &Row| Place {
        at: row.created_at,
        id: row.id.clone(),
    };
    let (rows, next_cursor) = page::newest(db.all(LIST, values).await?, page, place);
    let total = page::counted(db, COUNT, args![account, owner]).await?;
    let items = rows.into_iter().map(read).collect::<Result<_, _>>()?;
    Ok(Listing::of_all(items, total, next_cursor))
}

/// Anybody's of the account.
pub async fn get(db: &Db, account: AccountId, token: TokenId) -> Result<Token, StoreError> {
    let row: Option<Row> = db.one(GET, args![account, token]).await?;
    row.ok_or(StoreError::NotFound).and_then(read)
}

/// A program has shown the token at `now`, in unix milliseconds.
pub async fn touch(db: &Db, token: TokenId, now: i64) -> Result<(), StoreError> {
    db.run(TOUCH, args![token, now]).await.map(drop)
}

/// The live token of a secret whose owner still has access at `now`, in unix milliseconds.
pub async fn find(db: &Db, secret: &str, now: i64) -> Result<Option<Bearer>, StoreError> {
    let Some(token) = named(secret) else { return Ok(None) };
    let row: Option<BearerRow> = db.one(FIND, args![token, now]).await?;
    let Some(row) = row else { return Ok(None) };
    if !bool::from(token_hash(secret).as_bytes().ct_eq(row.token_hash.as_bytes())) {
        return Ok(None);
    }
    let Some(role) = row.role.as_deref().and_then(Role::named) else {
        return Ok(None);
    };
    let parts = [row.surname, row.given_name, row.patronymic];
    let owner = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    Ok(Some(Bearer {
        token: read(row.token)?,
        owner,
        role,
        rights_version: row.rights_version,
    }))
}

/// Which token a secret claims to be: `fd_<id>_<secret>`.
fn named(secret: &str) -> Option<TokenId> {
    let (token, _) = secret.strip_prefix(PREFIX)?.split_once('_')?;
    token.parse().ok()
}

/// Access that was taken away does not come back with the next role, or to whoever knew the last password. Gives how many
/// tokens have ended.
pub(crate) async fn revoke_all_of(tx: &mut Tx, staff: StaffId, now: i64) -> Result<u64, StoreError> {
    tx.run(REVOKE_ALL, args![staff, now]).await
}

pub async fn revoke(db: &Db, author: &Author, owner: StaffId, token: TokenId) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let changed = tx
        .run(REVOKE, args![token, author.account, owner, author.stamp.unix_ms])
        .await?;
    if changed == 0 {
        return Err(StoreError::NotFound);
    }
    let deed = author.deed("token.revoked", "token", token.to_string());
    let before = Some(json!({ "owner_id": owner.to_string() }));
    audit::write(&mut tx, &mut author.stamp.ids(), Deed { before, ..deed }).await?;
    tx.commit().await
}

fn read(row: Row) -> Result<Token, StoreError> {
    Ok(Token {
        id: id(&row.id)?,
        account: id(&row.account_id)?,
        staff: id(&row.staff_id)?,
        name: row.name,
        scopes: row.scopes.split(' ').filter_map(Right::named).collect(),
        created_at: row.created_at,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
        last_used_at: row.last_used_at,
    })
}
