use frontdesk_routing::ids::{AccountId, StaffId, WebhookId};
use serde_json::{Value, json};

use super::{Event, MOST, Standing, StandingRow, Webhook, WebhookPatch, rules};
use crate::audit::{self, Author, Deed};
use crate::store::text::id;
use crate::store::{Db, StoreError, Tx, args};

macro_rules! webhook {
    ($rest:literal) => {
        concat!(
            "SELECT w.id, w.account_id, w.staff_id, w.name, w.url, w.kinds, w.enabled, w.failing_since, w.problem, \
             w.created_at, w.version, s.role AS owner_role, s.access_until AS owner_until, a.rights_version \
             FROM webhooks w JOIN staff s ON s.id = w.staff_id JOIN accounts a ON a.id = w.account_id ",
            $rest
        )
    };
}

const LIST: &str = webhook!("WHERE w.account_id = $1 ORDER BY w.name, w.id");
const ACTIVE: &str = webhook!("WHERE w.enabled ORDER BY w.id");
const GET: &str = webhook!("WHERE w.account_id = $1 AND w.id = $2");
const COUNT: &str = "SELECT COUNT(*) AS count FROM webhooks WHERE account_id = $1";
const INSERT: &str = "INSERT INTO webhooks (id, account_id, staff_id, name, url, secret, kinds, enabled, created_at, version) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)";
const UPDATE: &str = "UPDATE webhooks SET staff_id = $3, name = $4, url = $5, kinds = $6, enabled = $7, \
    failing_since = NULL, problem = NULL, version = version + 1 WHERE id = $1 AND version = $2";
const SECRET: &str = "UPDATE webhooks SET secret = $3, version = version + 1 WHERE account_id = $1 AND id = $2";
const DELETE: &str = "DELETE FROM webhooks WHERE id = $1 AND version = $2";

pub(crate) const ALL: &[&str] = &[LIST, ACTIVE, GET, COUNT, INSERT, UPDATE, SECRET, DELETE];

/// Characters of 6 bits each.
const SECRET_LENGTH: usize = 43;

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    account_id: String,
    staff_id: String,
    name: String,
    url: String,
    kinds: String,
    enabled: bool,
    failing_since: Option<i64>,
    problem: Option<String>,
    created_at: i64,
    version: i64,
    #[sqlx(flatten)]
    standing: StandingRow,
}

/// By name.
pub async fn list(db: &Db, account: AccountId) -> Result<Vec<Webhook>, StoreError> {
    let rows: Vec<Row> = db.all(LIST, args![account]).await?;
    rows.into_iter().map(read).collect()
}

/// Those of all accounts that are switched on.
pub async fn active(db: &Db) -> Result<Vec<Webhook>, StoreError> {
    let rows: Vec<Row> = db.all(ACTIVE, args![]).await?;
    rows.into_iter().map(read).collect()
}

pub async fn get(db: &Db, account: AccountId, webhook: WebhookId) -> Result<Webhook, StoreError> {
    let row: Option<Row> = db.one(GET, args![account, webhook]).await?;
    row.ok_or(StoreError::NotFound).and_then(read)
}

/// Adds a webhook; its owner is whoever adds it. Gives its secret too, for the only time.
///
/// # Errors
/// Wrong fields, or as many as a company may have.
pub async fn create(
    db: &Db,
    author: &Author,
    owner: StaffId,
    patch: WebhookPatch,
) -> Result<(Webhook, String), StoreError> {
    let mut ids = author.stamp.ids();
    let blank = Webhook {
        id: WebhookId::new(ids.now, ids.random()),
        account: author.account,
        owner,
        standing: Standing::default(),
        name: String::new(),
        url: String::new(),
        events: Vec::new(),
        enabled: true,
        failing_since: None,
        problem: None,
        created_at: ids.now,
        version: 1,
    };
    let webhook = rules::patched(blank, patch)?;
    let secret = ids.secret(SECRET_LENGTH);
    let mut tx = db.begin().await?;
    if tx.count(COUNT, args![author.account]).await? >= MOST {
        return Err(StoreError::Refused {
            code: "too_many",
            detail: "50 webhooks at most",
        });
    }
    let values = args![
        webhook.id,
        webhook.account,
        webhook.owner,
        &webhook.name,
        &webhook.url,
        &secret,
        words(&webhook),
        webhook.enabled,
        webhook.created_at,
    ];
    tx.run(INSERT, values).await?;
    let deed = author.deed("webhook.created", "webhook", webhook.id.to_string());
    let after = Some(told(&webhook));
    audit::write(&mut tx, &mut ids, Deed { after, ..deed }).await?;
    tx.commit().await?;
    Ok((get(db, author.account, webhook.id).await?, secret))
}

/// Changes a webhook. Whoever changes it owns it from then on: nobody turns to themselves what they may not see.
pub async fn update(
    db: &Db,
    author: &Author,
    (webhook, version): (WebhookId, Option<i64>),
    owner: StaffId,
    patch: WebhookPatch,
) -> Result<Webhook, StoreError> {
    let mut tx = db.begin().await?;
    let before = at_version(&mut tx, author.account, (webhook, version)).await?;
    let after = rules::patched(before.clone(), patch)?;
    let values = args![
        webhook,
        before.version,
        owner,
        &after.name,
        &after.url,
        words(&after),
        after.enabled,
    ];
    if tx.run(UPDATE, values).await? == 0 {
        return Err(StoreError::Stale);
    }
    let deed = author.deed("webhook.updated", "webhook", webhook.to_string());
    let deed = Deed {
        before: Some(told(&before)),
        after: Some(told(&Webhook { owner, ..after })),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    get(db, author.account, webhook).await
}

/// A new secret in the place of the old one, from the next attempt on.
pub async fn renew_secret(db: &Db, author: &Author, webhook: WebhookId) -> Result<String, StoreError> {
    let mut ids = author.stamp.ids();
    let secret = ids.secret(SECRET_LENGTH);
    let mut tx = db.begin().await?;
    if tx.run(SECRET, args![author.account, webhook, &secret]).await? == 0 {
        return Err(StoreError::NotFound);
    }
    let deed = author.deed("webhook.secret_renewed", "webhook", webhook.to_string());
    audit::write(&mut tx, &mut ids, deed).await?;
    tx.commit().await?;
    Ok(secret)
}

/// With its deliveries.
pub async fn delete(db: &Db, author: &Author, webhook: WebhookId, version: Option<i64>) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let before = at_version(&mut tx, author.account, (webhook, version)).await?;
    if tx.run(DELETE, args![webhook, before.version]).await? == 0 {
        return Err(StoreError::Stale);
    }
    let deed = author.deed("webhook.deleted", "webhook", webhook.to_string());
    let before = Some(told(&before));
    audit::write(&mut tx, &mut author.stamp.ids(), Deed { before, ..deed }).await?;
    tx.commit().await
}

async fn at_version(
    tx: &mut Tx,
    account: AccountId,
    (webhook, version): (WebhookId, Option<i64>),
) -> Result<Webhook, StoreError> {
    let row: Option<Row> = tx.one(GET, args![account, webhook]).await?;
    let found = row.ok_or(StoreError::NotFound).and_then(read)?;
    match version.is_some_and(|version| version != found.version) {
        true => Err(StoreError::Stale),
        false => Ok(found),
    }
}

fn words(webhook: &Webhook) -> String {
    let words: Vec<&str> = webhook.events.iter().map(|event| event.name()).collect();
    words.join(",")
}

fn read(row: Row) -> Result<Webhook, StoreError> {
    Ok(Webhook {
        id: id(&row.id)?,
        account: id(&row.account_id)?,
        owner: id(&row.staff_id)?,
        standing: row.standing.read(),
        events: row.kinds.split(',').filter_map(Event::named).collect(),
        name: row.name,
        url: row.url,
        enabled: row.enabled,
        failing_since: row.failing_since,
        problem: row.problem,
        created_at: row.created_at,
        version: row.version,
    })
}

/// For the audit: a query may hold a key, so no more of the address than its host and path.
fn told(webhook: &Webhook) -> Value {
    json!({
        "name": webhook.name,
        "url": webhook.url.split('?').next(),
        "events": webhook.events.iter().map(|event| event.name()).collect::<Vec<_>>(),
        "enabled": webhook.enabled,
        "owner_id": webhook.owner.to_string(),
    })
}
