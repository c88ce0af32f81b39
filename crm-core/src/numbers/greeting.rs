//! What callers of a number hear before their call goes on.

use frontdesk_routing::ids::{AccountId, NumberId, PromptId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::Greeting;
use serde_json::{Value, json};

use crate::audit::{self, Author, Deed};
use crate::store::text::{id, maybe_id};
use crate::store::{Db, FieldError, StoreError, args};

const EVERY: &str = "SELECT account_id, number, greeting_id, says_recorded, version FROM numbers \
    WHERE greeting_id IS NOT NULL OR says_recorded ORDER BY id";
const GET: &str = "SELECT account_id, number, greeting_id, says_recorded, version FROM numbers \
    WHERE account_id = $1 AND id = $2";
const SET: &str = "UPDATE numbers SET greeting_id = $3, says_recorded = $4, version = version + 1 \
    WHERE id = $1 AND version = $2";
const PROMPT: &str = "SELECT COUNT(*) AS count FROM prompts WHERE account_id = $1 AND id = $2";

pub(crate) const ALL: &[&str] = &[EVERY, GET, SET, PROMPT];

/// A greeting as typed.
#[derive(Debug, Clone, Default)]
pub struct NewGreeting {
    pub prompt: Option<String>,
    pub says_recorded: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    account_id: String,
    number: String,
    greeting_id: Option<String>,
    says_recorded: bool,
    version: i64,
}

/// Of all accounts.
pub(crate) async fn planned(db: &Db) -> Result<Vec<(AccountId, PhoneNumber, Greeting)>, StoreError> {
    let mut all = Vec::new();
    for row in db.all::<Row>(EVERY, args![]).await? {
        // A number that cannot be dialled greets nobody.
        if let Ok(number) = PhoneNumber::from_e164(&row.number) {
            all.push((id(&row.account_id)?, number, read(&row)?));
        }
    }
    Ok(all)
}

/// With the number's version.
pub async fn greeting(db: &Db, account: AccountId, number: NumberId) -> Result<(Greeting, i64), StoreError> {
    let row: Option<Row> = db.one(GET, args![account, number]).await?;
    let row = row.ok_or(StoreError::NotFound)?;
    Ok((read(&row)?, row.version))
}

pub async fn set_greeting(
    db: &Db,
    author: &Author,
    number: NumberId,
    new: NewGreeting,
    version: Option<i64>,
) -> Result<(Greeting, i64), StoreError> {
    let mut tx = db.begin().await?;
    let row: Option<Row> = tx.one(GET, args![author.account, number]).await?;
    let row = row.ok_or(StoreError::NotFound)?;
    if version.is_some_and(|version| version != row.version) {
        return Err(StoreError::Stale);
    }
    let unknown = || {
        StoreError::Invalid(vec![FieldError::new(
            "greeting_id",
            "unknown",
            "there is no such prompt",
        )])
    };
    let prompt = new.prompt.map(|typed| typed.trim().parse::<PromptId>());
    let prompt = prompt.transpose().map_err(|_| unknown())?;
    if let Some(prompt) = prompt
        && tx.count(PROMPT, args![author.account, prompt]).await? == 0
    {
        return Err(unknown());
    }
    let after = Greeting {
        prompt,
        says_recorded: new.says_recorded,
    };
    if tx
        .run(SET, args![number, row.version, prompt, new.says_recorded])
        .await?
        == 0
    {
        return Err(StoreError::Stale);
    }
    let deed = author.deed("number.greeting", "number", number.to_string());
    let deed = Deed {
        before: Some(told(read(&row)?)),
        after: Some(told(after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    Ok((after, row.version.saturating_add(1)))
}

fn read(row: &Row) -> Result<Greeting, StoreError> {
    Ok(Greeting {
        prompt: maybe_id(&row.greeting_id)?,
        says_recorded: row.says_recorded,
    })
}

fn told(greeting: Greeting) -> Value {
    let prompt = greeting.prompt.map(|prompt| prompt.to_string());
    json!({ "greeting_id": prompt, "says_recorded": greeting.says_recorded })
}
