use frontdesk_routing::ids::{AccountId, ClientId, StaffId};
use serde_json::{Value, json};

use super::rules::{self, Checked};
use super::{Client, ClientOrder, ClientPatch, ClientQuery, NewClient};
use crate::accounts;
use crate::audit::{self, Author, Deed};
use crate::store::text::{haystack, id, maybe_id, needle};
use crate::store::{Arg, Db, FieldError, Listing, Page, StoreError, Tx, args};

macro_rules! client {
    ($rest:literal) => {
        concat!(
            "SELECT id, number, name, company, position, manager_id, vip, created_at, updated_at, version FROM clients \
             WHERE account_id = $1 AND deleted_at IS NULL ",
            $rest
        )
    };
}

const GET: &str = client!("AND id = $2");
const BY_NUMBER: &str = client!("AND number = $2 AND id <> $3");
const LIST: &str = client!(
    "AND ($2 IS NULL OR search LIKE $2 ESCAPE '\\') AND ($3 IS NULL OR vip = $3) \
     AND ($4 IS NULL OR manager_id = $4) ORDER BY \
     CASE WHEN $5 = 'name' THEN lower(name) WHEN $5 = 'company' THEN COALESCE(company, '') \
     WHEN $5 = 'number' THEN number ELSE '' END, \
     CASE WHEN $5 = '-name' THEN lower(name) WHEN $5 = '-company' THEN COALESCE(company, '') \
     WHEN $5 = '-number' THEN number ELSE '' END DESC, \
     CASE WHEN $5 = 'created_at' THEN created_at ELSE 0 END, \
     CASE WHEN $5 = '-created_at' THEN created_at ELSE 0 END DESC, name, id LIMIT $6 OFFSET $7"
);
const COUNT: &str = "SELECT COUNT(*) AS total, COUNT(CASE WHEN ($2 IS NULL OR search LIKE $2 ESCAPE '\\') \
    AND ($3 IS NULL OR vip = $3) AND ($4 IS NULL OR manager_id = $4) THEN 1 END) AS filtered \
    FROM clients WHERE account_id = $1 AND deleted_at IS NULL";
const INSERT: &str = "INSERT INTO clients (id, account_id, number, name, company, position, manager_id, vip, search, \
    created_at, updated_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, 1)";
const UPDATE: &str = "UPDATE clients SET number = $2, name = $3, company = $4, position = $5, manager_id = $6, vip = $7, \
    search = $8, updated_at = $9, version = version + 1 WHERE id = $1";
const DELETE: &str = "UPDATE clients SET deleted_at = $2, updated_at = $2, version = version + 1 WHERE id = $1";
const MANAGER: &str =
    "SELECT COUNT(*) AS total, 0 AS filtered FROM staff WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL";

pub(crate) const ALL: &[&str] = &[GET, BY_NUMBER, LIST, COUNT, INSERT, UPDATE, DELETE, MANAGER];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    number: String,
    name: String,
    company: Option<String>,
    position: Option<String>,
    manager_id: Option<String>,
    vip: bool,
    created_at: i64,
    updated_at: i64,
    version: i64,
}

#[derive(sqlx::FromRow)]
struct Counts {
    total: i64,
    filtered: i64,
}

#[derive(sqlx::FromRow)]
struct Count {
    total: i64,
}

pub async fn get(db: &Db, account: AccountId, client: ClientId) -> Result<Client, StoreError> {
    db.one(GET, args![account, client])
        .await?
        .ok_or(StoreError::NotFound)
        .and_then(read)
}

pub async fn list(
    db: &Db,
    account: AccountId,
    query: &ClientQuery,
    page: &Page,
) -> Result<Listing<Client>, StoreError> {
    let search = query.search.as_deref().map(needle);
    let values = args![
        account,
        &search,
        query.vip,
        query.manager,
        order(query),
        page.limit,
        page.offset
    ];
    let rows: Vec<Row> = db.all(LIST, values).await?;
    let counts: Option<Counts> = db.one(COUNT, args![account, &search, query.vip, query.manager]).await?;
    let count = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
    Ok(Listing {
        items: rows.into_iter().map(read).collect::<Result<_, _>>()?,
        total: count(counts.as_ref().map(|counts| counts.total)),
        filtered: count(counts.map(|counts| counts.filtered)),
        next_cursor: None,
    })
}

pub async fn create(db: &Db, author: &Author, new: NewClient) -> Result<Client, StoreError> {
    let account = accounts::get(db, author.account).await?;
    let patch = ClientPatch {
        number: Some(new.number),
        name: Some(new.name),
        company: Some(new.company),
        position: Some(new.position),
        manager: Some(new.manager),
        vip: Some(new.vip),
    };
    let checked = rules::patched(Checked::default(), patch, &account.region)?;
    let mut ids = author.stamp.ids();
    let client = ClientId::new(ids.now, ids.random());
    let mut tx = db.begin().await?;
    free(&mut tx, author.account, client, &checked).await?;
    let mut values = args![client, author.account];
    values.extend(checked.clone().into_row());
    values.push(Arg::from(ids.now));
    tx.run(INSERT, values).await.map_err(raced)?;
    let deed = author.deed("client.created", "client", client.to_string());
    audit::write(
        &mut tx,
        &mut ids,
        Deed {
            after: Some(told(&checked)),
            ..deed
        },
    )
    .await?;
    tx.commit().await?;
    get(db, author.account, client).await
}

pub async fn update(
    db: &Db,
    author: &Author,
    client: ClientId,
    patch: ClientPatch,
    version: Option<i64>,
) -> Result<Client, StoreError> {
    let account = accounts::get(db, author.account).await?;
    let now = author.stamp.unix_ms;
    let mut tx = db.begin().await?;
    let before = live(&mut tx, author.account, client, version).await?;
    let after = rules::patched(before.clone(), patch, &account.region)?;
    let same_manager = before.manager == after.manager;
    free(
        &mut tx,
        author.account,
        client,
        &Checked {
            manager: after.manager.filter(|_| !same_manager),
            ..after.clone()
        },
    )
    .await?;
    let mut values = args![client];
    values.extend(after.clone().into_row());
    values.push(Arg::from(now));
    tx.run(UPDATE, values).await.map_err(raced)?;
    let deed = author.deed("client.updated", "client", client.to_string());
    let deed = Deed {
        before: Some(told(&before)),
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    get(db, author.account, client).await
}

/// Neither found nor matched any more; past calls keep the number.
pub async fn delete(db: &Db, author: &Author, client: ClientId, version: Option<i64>) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let before = live(&mut tx, author.account, client, version).await?;
    tx.run(DELETE, args![client, author.stamp.unix_ms]).await?;
    let deed = author.deed("client.deleted", "client", client.to_string());
    audit::write(
        &mut tx,
        &mut author.stamp.ids(),
        Deed {
            before: Some(told(&before)),
            ..deed
        },
    )
    .await?;
    tx.commit().await
}

async fn live(tx: &mut Tx, account: AccountId, client: ClientId, version: Option<i64>) -> Result<Checked, StoreError> {
    let found: Client = tx
        .one(GET, args![account, client])
        .await?
        .ok_or(StoreError::NotFound)
        .and_then(read)?;
    if version.is_some_and(|version| version != found.version) {
        return Err(StoreError::Stale);
    }
    Ok(Checked {
        number: found.number,
        name: found.name,
        company: found.company,
        position: found.position,
        manager: found.manager,
        vip: found.vip,
    })
}

/// Nobody else has the number, and the manager works here.
async fn free(tx: &mut Tx, account: AccountId, client: ClientId, checked: &Checked) -> Result<(), StoreError> {
    if let Some(manager) = checked.manager {
        works_here(tx, account, manager).await?;
    }
    let other: Option<Row> = tx.one(BY_NUMBER, args![account, &checked.number, client]).await?;
    let fault = other.map(|other| FieldError::new("number", "taken", format!("{} has this number", other.name)));
    StoreError::taken(fault.into_iter().collect())
}

async fn works_here(tx: &mut Tx, account: AccountId, manager: StaffId) -> Result<(), StoreError> {
    let count: Option<Count> = tx.one(MANAGER, args![account, manager]).await?;
    if count.is_some_and(|count| count.total > 0) {
        return Ok(());
    }
    Err(StoreError::Invalid(vec![FieldError::new(
        "manager_id",
        "unknown",
        "no such staff member",
    )]))
}

fn raced(error: StoreError) -> StoreError {
    if error.is_unique() {
        StoreError::Taken(vec![FieldError::new(
            "number",
            "taken",
            "another client has this number",
        )])
    } else {
        error
    }
}

fn order(query: &ClientQuery) -> String {
    let name = match query.order {
        ClientOrder::Name => "name",
        ClientOrder::Company => "company",
        ClientOrder::Number => "number",
        ClientOrder::CreatedAt => "created_at",
    };
    if query.descending {
        format!("-{name}")
    } else {
        name.to_owned()
    }
}

impl Checked {
    /// From `number` to `search`, as the statements want them.
    fn into_row(self) -> Vec<Arg> {
        let parts = [
            Some(&*self.name),
            Some(&*self.number),
            self.company.as_deref(),
            self.position.as_deref(),
        ];
        let search = haystack(&parts);
        args![
            self.number,
            self.name,
            self.company,
            self.position,
            self.manager,
            self.vip,
            search
        ]
    }
}

fn told(checked: &Checked) -> Value {
    json!({
        "number": checked.number,
        "name": checked.name,
        "company": checked.company,
        "position": checked.position,
        "manager_id": checked.manager.map(|manager| manager.to_string()),
        "vip": checked.vip,
    })
}

fn read(row: Row) -> Result<Client, StoreError> {
    Ok(Client {
        id: id(&row.id)?,
        number: row.number,
        name: row.name,
        company: row.company,
        position: row.position,
        manager: maybe_id(&row.manager_id)?,
        vip: row.vip,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    })
}
