use frontdesk_routing::ids::{AccountId, PromptId};
use serde_json::json;

use super::{NewPrompt, Prompt, REPLACEABLE};
use crate::audit::{self, Author, Deed};
use crate::store::text::id;
use crate::store::{Db, FieldError, StoreError, args};

const LIST: &str = "SELECT id, account_id, name, replaces, duration_ms, created_at, version FROM prompts \
    WHERE account_id = $1 ORDER BY name, id";
const EVERY: &str = "SELECT id, account_id, name, replaces, duration_ms, created_at, version FROM prompts ORDER BY id";
const GET: &str = "SELECT id, account_id, name, replaces, duration_ms, created_at, version FROM prompts \
    WHERE account_id = $1 AND id = $2";
const INSERT: &str = "INSERT INTO prompts (id, account_id, name, replaces, duration_ms, created_at, version) \
    VALUES ($1, $2, $3, $4, $5, $6, 1)";
const DELETE: &str = "DELETE FROM prompts WHERE account_id = $1 AND id = $2 AND (version = $3 OR $3 IS NULL)";
const USERS: &str = "SELECT 'menu' AS kind, name FROM menus WHERE prompt_id = $1 \
    UNION SELECT 'number' AS kind, number AS name FROM numbers WHERE greeting_id = $1 \
    UNION SELECT 'mailbox' AS kind, id AS name FROM mailboxes WHERE greeting_id = $1 ORDER BY kind, name LIMIT 4";

pub(crate) const ALL: &[&str] = &[LIST, EVERY, GET, INSERT, DELETE, USERS];

const LONGEST_NAME: usize = 100;
/// Prompts of one account, and what all of them may last together: the engine holds them in memory.
const MOST: usize = 200;
const LONGEST_TOGETHER_MS: i64 = 30 * 60 * 1_000;
/// Numbers are spoken digit by digit.
const LONGEST_DIGIT_MS: i64 = 3_000;

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    account_id: String,
    name: String,
    replaces: Option<String>,
    duration_ms: i64,
    created_at: i64,
    version: i64,
}

#[derive(sqlx::FromRow)]
struct UserRow {
    kind: String,
    name: String,
}

/// By name.
pub async fn list(db: &Db, account: AccountId) -> Result<Vec<Prompt>, StoreError> {
    db.all(LIST, args![account]).await?.into_iter().map(read).collect()
}

/// Those of all accounts.
pub async fn all(db: &Db) -> Result<Vec<(AccountId, Prompt)>, StoreError> {
    let rows: Vec<Row> = db.all(EVERY, args![]).await?;
    let both = |row: Row| Ok((id(&row.account_id)?, read(row)?));
    rows.into_iter().map(both).collect()
}

pub async fn get(db: &Db, account: AccountId, prompt: PromptId) -> Result<Prompt, StoreError> {
    let row = db.one(GET, args![account, prompt]).await?;
    row.ok_or(StoreError::NotFound).and_then(read)
}

/// What is wrong with a prompt before its audio is looked at.
///
/// # Errors
/// Every field that cannot be taken.
pub fn check(new: &NewPrompt) -> Result<(), StoreError> {
    let mut faults = Vec::new();
    match new.name.trim().chars().count() {
        0 => faults.push(FieldError::new("name", "required", "a prompt has a name")),
        count if count > LONGEST_NAME => {
            let why = format!("{LONGEST_NAME} characters at most");
            faults.push(FieldError::new("name", "too_long", why));
        }
        _ => {}
    }
    let unknown = new.replaces.as_deref().is_some_and(|name| !REPLACEABLE.contains(&name));
    if unknown {
        let why = format!("one of {}", REPLACEABLE.join(", "));
        faults.push(FieldError::new("replaces", "unknown", why));
    }
    StoreError::invalid(faults)
}

/// A prompt whose audio has been kept under this id already.
pub async fn create(
    db: &Db,
    author: &Author,
    (prompt, new): (PromptId, NewPrompt),
    duration_ms: i64,
) -> Result<Prompt, StoreError> {
    check(&new)?;
    let mut ids = author.stamp.ids();
    let mut tx = db.begin().await?;
    let others: Vec<Row> = tx.all(LIST, args![author.account]).await?;
    let together: i64 = others.iter().map(|other| other.duration_ms).sum();
    if others.len() >= MOST || together.saturating_add(duration_ms) > LONGEST_TOGETHER_MS {
        return Err(StoreError::Refused {
            code: "too_many",
            detail: "200 prompts at most, of half an hour together",
        });
    }
    if new.replaces.as_deref().is_some_and(|name| name.starts_with("digit_")) && duration_ms > LONGEST_DIGIT_MS {
        let why = "a digit is said in three seconds at most";
        return Err(StoreError::Invalid(vec![FieldError::new("replaces", "too_long", why)]));
    }
    if new.replaces.is_some() && others.iter().any(|other| other.replaces == new.replaces) {
        return Err(taken());
    }
    let name = new.name.trim();
    let values = args![prompt, author.account, name, &new.replaces, duration_ms, ids.now];
    let inserted = tx.run(INSERT, values).await;
    inserted.map_err(|error| if error.is_unique() { taken() } else { error })?;
    let deed = author.deed("prompt.created", "prompt", prompt.to_string());
    let after = Some(json!({ "name": name, "replaces": new.replaces, "duration_ms": duration_ms }));
    audit::write(&mut tx, &mut ids, Deed { after, ..deed }).await?;
    tx.commit().await?;
    get(db, author.account, prompt).await
}

/// Refused while something says it.
///
/// # Errors
/// `NotFound`, or `Stale` when it is in another version than `version`; `InUse` while something says it.
pub async fn delete(db: &Db, author: &Author, prompt: PromptId, version: Option<i64>) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let row: Option<Row> = tx.one(GET, args![author.account, prompt]).await?;
    let before = row.ok_or(StoreError::NotFound).and_then(read)?;
    StoreError::unless(before.version, version)?;
    let users: Vec<UserRow> = tx.all(USERS, args![prompt]).await?;
    if !users.is_empty() {
        let named: Vec<String> = users
            .iter()
            .map(|user| format!("the {} {}", user.kind, user.name))
            .collect();
        let why = format!("it is said by {}: let them say another one first", named.join(", "));
        return Err(StoreError::InUse(why));
    }
    if tx.run(DELETE, args![author.account, prompt, version]).await? == 0 {
        return Err(StoreError::missed(version));
    }
    let deed = author.deed("prompt.deleted", "prompt", prompt.to_string());
    let before = Some(json!({ "name": before.name, "replaces": before.replaces }));
    audit::write(&mut tx, &mut author.stamp.ids(), Deed { before, ..deed }).await?;
    tx.commit().await
}

fn taken() -> StoreError {
    let why = "another prompt of yours is said in its place already";
    StoreError::Taken(vec![FieldError::new("replaces", "taken", why)])
}

fn read(row: Row) -> Result<Prompt, StoreError> {
    Ok(Prompt {
        id: id(&row.id)?,
        name: row.name,
        replaces: row.replaces,
        duration_ms: row.duration_ms,
        created_at: row.created_at,
        version: row.version,
    })
}
