use frontdesk_routing::ids::{AccountId, ClientId, StaffId};
use serde_json::{Value, json};

use super::rules::{self, Checked};
use super::{Client, ClientOrder, ClientPatch, ClientQuery, NewClient};
use crate::accounts;
use crate::audit::{self, Author, Deed};
use crate::store::text::{fold, haystack, id, maybe_id, needle};
use crate::store::{Arg, Db, FieldError, Listing, Page, StoreError, Tx, args};

macro_rules! client {
    ($rest:expr) => {
        concat!(
            "SELECT id, number, name, company, position, manager_id, vip, created_at, updated_at, version FROM clients \
             WHERE account_id = $1 AND deleted_at IS NULL ",
            $rest
        )
    };
}

const GET: &str = client!("AND id = $2");
const BY_NUMBER: &str = client!("AND number = $2 AND id <> $3");
macro_rules! page_of {
    ($order:literal) => {
        client!(concat!(
            "AND (search LIKE $2 ESCAPE '\\' OR $2 IS NULL) AND (vip = $3 OR $3 IS NULL) \
            AND (manager_id = $4 OR $4 IS NULL) ORDER BY ",
            $order,
            " LIMIT $5 OFFSET $6"
        ))
    };
}

// One for each order: an index gives the first page of a million clients at once.
const BY_NAME: &str = page_of!("sort_name, id");
const BY_NAME_DOWN: &str = page_of!("sort_name DESC, id DESC");
const BY_COMPANY: &str = page_of!("COALESCE(company, ''), sort_name, id");
const BY_COMPANY_DOWN: &str = page_of!("COALESCE(company, '') DESC, sort_name DESC, id DESC");
const IN_ORDER_OF_NUMBER: &str = page_of!("number");
const IN_ORDER_OF_NUMBER_DOWN: &str = page_of!("number DESC");
const BY_CREATION: &str = page_of!("created_at, id");
const BY_CREATION_DOWN: &str = page_of!("created_at DESC, id DESC");
const TOTAL: &str = "SELECT COUNT(*) AS total FROM clients WHERE account_id = $1 AND deleted_at IS NULL";
const FILTERED: &str = "SELECT COUNT(*) AS total FROM clients WHERE account_id = $1 AND deleted_at IS NULL \
    AND (search LIKE $2 ESCAPE '\\' OR $2 IS NULL) AND (vip = $3 OR $3 IS NULL) AND (manager_id = $4 OR $4 IS NULL)";
const INSERT: &str = "INSERT INTO clients (id, account_id, number, name, company, position, manager_id, vip, sort_name, \
    search, created_at, updated_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, 1)";
const UPDATE: &str = "UPDATE clients SET number = $2, name = $3, company = $4, position = $5, manager_id = $6, vip = $7, \
    sort_name = $8, search = $9, updated_at = $10, version = version + 1 WHERE id = $1 AND version = $11";
const DELETE: &str = "UPDATE clients SET deleted_at = $2, updated_at = $2, version = version + 1 \
    WHERE id = $1 AND version = $3";
const MANAGER: &str = "SELECT COUNT(*) AS total FROM staff WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL";

pub(crate) const ALL: &[&str] = &[
    GET,
    BY_NUMBER,
    BY_NAME,
    BY_NAME_DOWN,
    BY_COMPANY,
    BY_COMPANY_DOWN,
    IN_ORDER_OF_NUMBER,
    IN_ORDER_OF_NUMBER_DOWN,
    BY_CREATION,
    BY_CREATION_DOWN,
    TOTAL,
    FILTERED,
    INSERT,
    UPDATE,
    DELETE,
    MANAGER,
];

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
    let values = args![account, &search, query.vip, query.manager, page.limit, page.offset];
    let rows: Vec<Row> = db.all(order(query), values).await?;
    let total = counted(db.one(TOTAL, args![account]).await?);
    let filtered = if search.is_none() && query.vip.is_none() && query.manager.is_none() {
        total
    } else {
        counted(
            db.one(FILTERED, args![account, &search, query.vip, query.manager])
                .await?,
        )
    };
    Ok(Listing {
        items: rows.into_iter().map(read).collect::<Result<_, _>>()?,
        total,
        filtered,
        next_cursor: None,
    })
}

fn counted(count: Option<Count>) -> u64 {
    count.and_then(|count| u64::try_from(count.total).ok()).unwrap_or(0)
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
    let (before, read_version) = live(&mut tx, author.account, client, version).await?;
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
    values.extend(args![now, read_version]);
    changed(tx.run(UPDATE, values).await.map_err(raced)?)?;
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
    let (before, read_version) = live(&mut tx, author.account, client, version).await?;
    changed(
        tx.run(DELETE, args![client, author.stamp.unix_ms, read_version])
            .await?,
    )?;
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

async fn live(
    tx: &mut Tx,
    account: AccountId,
    client: ClientId,
    version: Option<i64>,
) -> Result<(Checked, i64), StoreError> {
    let found: Client = tx
        .one(GET, args![account, client])
        .await?
        .ok_or(StoreError::NotFound)
        .and_then(read)?;
    if version.is_some_and(|version| version != found.version) {
        return Err(StoreError::Stale);
    }
    let checked = Checked {
        number: found.number,
        name: found.name,
        company: found.company,
        position: found.position,
        manager: found.manager,
        vip: found.vip,
    };
    Ok((checked, found.version))
}

/// The version may have moved on since it was read.
fn changed(rows: u64) -> Result<(), StoreError> {
    if rows == 0 { Err(StoreError::Stale) } else { Ok(()) }
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

fn order(query: &ClientQuery) -> &'static str {
    match (query.order, query.descending) {
        (ClientOrder::Name, false) => BY_NAME,
        (ClientOrder::Name, true) => BY_NAME_DOWN,
        (ClientOrder::Company, false) => BY_COMPANY,
        (ClientOrder::Company, true) => BY_COMPANY_DOWN,
        (ClientOrder::Number, false) => IN_ORDER_OF_NUMBER,
        (ClientOrder::Number, true) => IN_ORDER_OF_NUMBER_DOWN,
        (ClientOrder::CreatedAt, false) => BY_CREATION,
        (ClientOrder::CreatedAt, true) => BY_CREATION_DOWN,
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
        let (sort_name, search) = (fold(&self.name), haystack(&parts));
        args![
            self.number,
            self.name,
            self.company,
            self.position,
            self.manager,
            self.vip,
            sort_name,
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
