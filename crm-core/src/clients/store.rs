use std::collections::BTreeSet;

use frontdesk_routing::ids::{AccountId, ClientId, StaffId};
use frontdesk_routing::number::PhoneNumber;
use serde_json::{Value, json};

use super::rules::{self, Checked};
use super::{Changed, Client, ClientPatch, NewClient, Source, terms};
use crate::access::{Scope, within_clients};
use crate::accounts::{self, Account};
use crate::audit::{self, Author, Deed};
use crate::store::rows::{self, RowText, rows};
use crate::store::text::{fold, id, maybe_id};
use crate::store::{Arg, Db, FieldError, StoreError, Tx, args};

macro_rules! columns {
    () => {
        "c.id, c.number, (SELECT string_agg(p.number, ' ' ORDER BY p.place) FROM client_phones p WHERE p.client_id = c.id \
         AND p.place > 0) AS other_numbers, c.name, c.company, c.position, c.manager_id, c.vip, c.stub, c.created_at, \
         c.updated_at, c.version, c.source_site_id, (SELECT s.name FROM sites s WHERE s.id = c.source_site_id) AS source_name"
    };
}
pub(super) use columns;

const GET: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM clients c WHERE c.account_id = $1 AND c.id = $2 AND c.deleted_at IS NULL AND ",
    within_clients!("$3", "$4", "$5")
);
const HOLDER: &str = "SELECT c.name FROM client_phones p JOIN clients c ON c.id = p.client_id \
    WHERE p.account_id = $1 AND p.number = $2 AND p.client_id <> $3";
const INSERT: &str = "INSERT INTO clients (id, account_id, number, name, company, position, manager_id, vip, sort_name, \
    sort_company, number_order, search, search_key, stub, indexed, created_at, updated_at, version) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, TRUE, $15, $15, 1)";
const UPDATE: &str = "UPDATE clients SET number = $2, name = $3, company = $4, position = $5, manager_id = $6, vip = $7, \
    sort_name = $8, sort_company = $9, number_order = $10, search = $11, search_key = $12, stub = $13, indexed = TRUE, \
    updated_at = $14, version = version + 1 WHERE id = $1 AND version = $15";
const DELETE: &str = "UPDATE clients SET deleted_at = $2, updated_at = $2, version = version + 1 \
    WHERE id = $1 AND version = $3";
const SEARCH: &str = "SELECT search, indexed FROM clients WHERE id = $1";
const MANAGER: &str = "SELECT COUNT(*) AS count FROM staff WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL";
pub(super) const ADD_PHONES: [RowText; 3] = rows!(
    4,
    "INSERT INTO client_phones (account_id, number, client_id, place)",
    ""
);
const DROP_PHONES: &str = "DELETE FROM client_phones WHERE client_id = $1";
pub(super) const ADD_TERMS: [RowText; 3] = rows!(3, "INSERT INTO client_terms (account, term, client)", "", 256, 16);
const DROP_TERM: &str = "DELETE FROM client_terms WHERE account = $1 AND term = $2 AND client = $3";
const COUNT: &str = "INSERT INTO client_counts (account_id, live) VALUES ($1, $2) \
    ON CONFLICT (account_id) DO UPDATE SET live = client_counts.live + excluded.live";
const REASSIGN: &str = concat!(
    "UPDATE clients AS c SET manager_id = $6, updated_at = $7, version = version + 1 \
     WHERE c.account_id = $1 AND c.manager_id = $2 AND c.deleted_at IS NULL AND ",
    within_clients!("$3", "$4", "$5")
);
const NUMBERS_OF_MANAGER: &str = concat!(
    "SELECT p.number FROM client_phones p JOIN clients c ON c.id = p.client_id \
     WHERE c.account_id = $1 AND c.manager_id = $2 AND c.deleted_at IS NULL AND ",
    within_clients!("$3", "$4", "$5")
);
pub(crate) const ALL: &[&str] = &[
    GET,
    HOLDER,
    INSERT,
    UPDATE,
    DELETE,
    SEARCH,
    MANAGER,
    ADD_PHONES[0].numbered,
    ADD_PHONES[1].numbered,
    ADD_PHONES[2].numbered,
    DROP_PHONES,
    ADD_TERMS[0].numbered,
    ADD_TERMS[1].numbered,
    ADD_TERMS[2].numbered,
    DROP_TERM,
    COUNT,
    REASSIGN,
    NUMBERS_OF_MANAGER,
];

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: String,
    number: String,
    other_numbers: Option<String>,
    name: String,
    company: Option<String>,
    position: Option<String>,
    manager_id: Option<String>,
    vip: bool,
    stub: bool,
    created_at: i64,
    updated_at: i64,
    version: i64,
    source_site_id: Option<String>,
    source_name: Option<String>,
}

#[derive(sqlx::FromRow)]
struct NameRow {
    name: String,
}

#[derive(sqlx::FromRow)]
struct NumberRow {
    number: String,
}

#[derive(sqlx::FromRow)]
struct SearchRow {
    search: String,
    indexed: bool,
}

pub async fn get(db: &Db, within: Scope, client: ClientId) -> Result<Client, StoreError> {
    db.one(GET, one_of(within, client))
        .await?
        .ok_or(StoreError::NotFound)
        .and_then(read)
}

pub async fn create(db: &Db, author: &Author, new: NewClient) -> Result<Client, StoreError> {
    let account = accounts::get(db, author.account).await?;
    let checked = rules::new(new, &account.region)?;
    let mut ids = author.stamp.ids();
    let client = ClientId::new(ids.now, ids.random());
    let mut tx = db.begin().await?;
    works_here(&mut tx, author.account, checked.manager).await?;
    free(&mut tx, author.account, client, &checked).await?;
    insert(&mut tx, &account, (client, ids.now), &checked, false).await?;
    let deed = author.deed("client.created", "client", client.to_string());
    let deed = Deed {
        after: Some(told(&checked)),
        ..deed
    };
    audit::write(&mut tx, &mut ids, deed).await?;
    tx.commit().await?;
    get(db, Scope::whole(author.account), client).await
}

/// The rows of a new client. What could be taken has been looked at; somebody may have been faster.
pub(super) async fn insert(
    tx: &mut Tx,
    account: &Account,
    (client, now): (ClientId, i64),
    checked: &Checked,
    stub: bool,
) -> Result<(), StoreError> {
    let search = terms::haystack(checked, &account.region);
    let mut values = args![client, account.id];
    values.extend(row_of(client, checked, &search));
    values.extend(args![stub, now]);
    tx.run(INSERT, values).await?;
    add_phones(tx, account.id, client, checked).await?;
    add_terms(tx, account, client, terms::terms(&search)).await?;
    count(tx, account.id, 1).await
}

/// Of those on which the right to change reaches.
pub async fn update(
    db: &Db,
    author: &Author,
    (within, client): (Scope, ClientId),
    patch: ClientPatch,
    version: Option<i64>,
) -> Result<Changed<Client>, StoreError> {
    let account = accounts::get(db, author.account).await?;
    let mut tx = db.begin().await?;
    let found = live(&mut tx, within, client, version).await?;
    let before = Checked::of(&found);
    let after = rules::patched(before.clone(), patch, &account.region)?;
    let new_manager = after.manager.filter(|_| before.manager != after.manager);
    works_here(&mut tx, author.account, new_manager).await?;
    free(&mut tx, author.account, client, &after).await?;
    rewrite(&mut tx, &account, (&found, author.stamp.unix_ms), &after).await?;
    let deed = author.deed("client.updated", "client", client.to_string());
    let deed = Deed {
        before: Some(told(&before)),
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    let numbers: BTreeSet<PhoneNumber> = before.numbers().chain(after.numbers()).collect();
    Ok(Changed {
        now: get(db, Scope::whole(author.account), client).await?,
        numbers: numbers.into_iter().collect(),
    })
}

/// Puts what was checked in the place of what was found.
pub(super) async fn rewrite(
    tx: &mut Tx,
    account: &Account,
    (found, now): (&Client, i64),
    after: &Checked,
) -> Result<(), StoreError> {
    let client = found.id;
    let search = terms::haystack(after, &account.region);
    let (old, indexed) = old_terms(tx, client).await?;
    let mut values = args![client];
    values.extend(row_of(client, after, &search));
    values.extend(args![false, now, found.version]);
    changed(tx.run(UPDATE, values).await?)?;
    if !found.numbers().into_iter().eq(after.numbers()) {
        tx.run(DROP_PHONES, args![client]).await?;
        add_phones(tx, account.id, client, after).await?;
    }
    let new = terms::terms(&search);
    drop_terms(tx, account, client, old.difference(&new)).await?;
    let more = match indexed {
        true => new.difference(&old).cloned().collect(),
        false => new,
    };
    add_terms(tx, account, client, more).await
}

/// Neither found nor matched any more; past calls keep the number. Gives the client as it was.
pub async fn delete(
    db: &Db,
    author: &Author,
    (within, client): (Scope, ClientId),
    version: Option<i64>,
) -> Result<Client, StoreError> {
    let account = accounts::get(db, author.account).await?;
    let mut tx = db.begin().await?;
    let before = live(&mut tx, within, client, version).await?;
    take_out(&mut tx, &account, &before, author.stamp.unix_ms).await?;
    let deed = author.deed("client.deleted", "client", client.to_string());
    let deed = Deed {
        before: Some(told(&Checked::of(&before))),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    Ok(before)
}

/// Leaves the tombstone.
pub(super) async fn take_out(tx: &mut Tx, account: &Account, client: &Client, now: i64) -> Result<(), StoreError> {
    let (old, _) = old_terms(tx, client.id).await?;
    changed(tx.run(DELETE, args![client.id, now, client.version]).await?)?;
    tx.run(DROP_PHONES, args![client.id]).await?;
    drop_terms(tx, account, client.id, old.iter()).await?;
    count(tx, account.id, -1).await
}

/// All clients of one manager become another's, or nobody's. Gives how many, and their numbers.
pub async fn reassign(
    db: &Db,
    author: &Author,
    (within, from): (Scope, StaffId),
    to: Option<StaffId>,
) -> Result<Changed<u64>, StoreError> {
    let account = author.account;
    let mut tx = db.begin().await?;
    works_here(&mut tx, account, to).await?;
    let rows: Vec<NumberRow> = tx.all(NUMBERS_OF_MANAGER, one_of(within, from)).await?;
    let mut values = one_of(within, from);
    values.extend(args![to, author.stamp.unix_ms]);
    let moved = tx.run(REASSIGN, values).await?;
    let manager = |id: Option<StaffId>| Some(json!({ "manager_id": id.map(|id| id.to_string()), "clients": moved }));
    let deed = author.deed("clients.reassigned", "staff", from.to_string());
    let deed = Deed {
        before: manager(Some(from)),
        after: manager(to),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    let numbers = rows.iter().map(|row| e164(&row.number)).collect::<Result<_, _>>()?;
    Ok(Changed { now: moved, numbers })
}

/// One that is not deleted, in the version that is to be changed.
pub(super) async fn live(
    tx: &mut Tx,
    within: Scope,
    client: ClientId,
    version: Option<i64>,
) -> Result<Client, StoreError> {
    let found: Client = tx
        .one(GET, one_of(within, client))
        .await?
        .ok_or(StoreError::NotFound)
        .and_then(read)?;
    if version.is_some_and(|version| version != found.version) {
        return Err(StoreError::Stale);
    }
    Ok(found)
}

fn one_of(within: Scope, id: impl Into<Arg>) -> Vec<Arg> {
    args![within.account, id.into()]
        .into_iter()
        .chain(within.values())
        .collect()
}

/// The version may have moved on since it was read.
fn changed(rows: u64) -> Result<(), StoreError> {
    if rows == 0 { Err(StoreError::Stale) } else { Ok(()) }
}

/// Nobody else has one of the numbers.
pub(super) async fn free(
    tx: &mut Tx,
    account: AccountId,
    client: ClientId,
    checked: &Checked,
) -> Result<(), StoreError> {
    let mut faults = Vec::new();
    for (place, number) in checked.numbers().enumerate() {
        let other: Option<NameRow> = tx.one(HOLDER, args![account, number, client]).await?;
        let field = match place.checked_sub(1) {
            Some(place) => format!("other_numbers[{place}]"),
            None => "number".to_owned(),
        };
        faults.extend(other.map(|other| FieldError::new(&field, "taken", format!("{} has this number", other.name))));
    }
    StoreError::taken(faults)
}

pub(super) async fn works_here(tx: &mut Tx, account: AccountId, manager: Option<StaffId>) -> Result<(), StoreError> {
    let Some(manager) = manager else { return Ok(()) };
    if tx.count(MANAGER, args![account, manager]).await? > 0 {
        return Ok(());
    }
    let fault = FieldError::new("manager_id", "unknown", "no such staff member");
    Err(StoreError::Invalid(vec![fault]))
}

async fn add_phones(tx: &mut Tx, account: AccountId, client: ClientId, checked: &Checked) -> Result<(), StoreError> {
    let places = (0_u32..).zip(checked.numbers());
    let phones = places
        .map(|(place, number)| args![account, number, client, place])
        .collect();
    rows::enter(tx, &ADD_PHONES, phones).await.map_err(raced)
}

pub(super) fn raced(error: StoreError) -> StoreError {
    if error.is_unique() {
        let fault = FieldError::new("number", "taken", "another client has this number");
        return StoreError::Taken(vec![fault]);
    }
    error
}

/// What the database has for the client, or may have in a moment: whether it has it for certain.
async fn old_terms(tx: &mut Tx, client: ClientId) -> Result<(BTreeSet<Vec<u8>>, bool), StoreError> {
    let row: Option<SearchRow> = tx.one(SEARCH, args![client]).await?;
    let terms = row.map(|row| (terms::terms(&row.search), row.indexed));
    Ok(terms.unwrap_or_default())
}

pub(super) async fn add_terms(
    tx: &mut Tx,
    account: &Account,
    client: ClientId,
    terms: BTreeSet<Vec<u8>>,
) -> Result<(), StoreError> {
    let key = search_key(client);
    let rows = terms.into_iter().map(|term| args![account.number, term, key]).collect();
    rows::enter(tx, &ADD_TERMS, rows).await
}

async fn drop_terms(
    tx: &mut Tx,
    account: &Account,
    client: ClientId,
    terms: impl Iterator<Item = &Vec<u8>>,
) -> Result<(), StoreError> {
    let key = search_key(client);
    for term in terms {
        tx.run(DROP_TERM, args![account.number, term.clone(), key]).await?;
    }
    Ok(())
}

pub(super) async fn count(tx: &mut Tx, account: AccountId, more: i64) -> Result<(), StoreError> {
    tx.run(COUNT, args![account, more]).await.map(drop)
}

/// A client within the index: the random bits of the id. Two that share a key would both be looked at, and told apart.
pub(super) fn search_key(client: ClientId) -> i64 {
    i64::try_from(client.as_u128() & u128::from(u64::MAX >> 1)).unwrap_or(0)
}

/// From `number` to `search_key`, as the statements want them.
pub(super) fn row_of(client: ClientId, checked: &Checked, search: &str) -> Vec<Arg> {
    let [company, number, key] = order_of(client, checked);
    let mut values = args![
        checked.number.map(PhoneNumber::reveal).unwrap_or_default(),
        &checked.name,
        &checked.company,
        &checked.position,
        checked.manager,
        checked.vip,
        fold(&checked.name),
    ];
    values.extend([company, number, Arg::from(search), key]);
    values
}

/// `sort_company`, `number_order` and `search_key`.
pub(super) fn order_of(client: ClientId, checked: &Checked) -> [Arg; 3] {
    let company = fold(checked.company.as_deref().unwrap_or_default());
    // within a company by name
    let company = format!("{company}\u{1}{}", fold(&checked.name));
    let number = checked.number.map_or(0, PhoneNumber::as_u64);
    [
        Arg::from(company),
        Arg::from(i64::try_from(number).unwrap_or(0)),
        Arg::from(search_key(client)),
    ]
}

pub(super) fn told(checked: &Checked) -> Value {
    let others: Vec<String> = checked.other_numbers.iter().map(|number| number.reveal()).collect();
    json!({
        "number": checked.number.map(PhoneNumber::reveal),
        "other_numbers": others,
        "name": checked.name,
        "company": checked.company,
        "position": checked.position,
        "manager_id": checked.manager.map(|manager| manager.to_string()),
        "vip": checked.vip,
    })
}

pub(super) fn e164(text: &str) -> Result<PhoneNumber, StoreError> {
    PhoneNumber::from_e164(text).map_err(|_| StoreError::Corrupt("a client's number is not E.164".to_owned()))
}

pub(super) fn read(row: Row) -> Result<Client, StoreError> {
    let others = row.other_numbers.unwrap_or_default();
    Ok(Client {
        id: id(&row.id)?,
        number: e164(&row.number)?,
        other_numbers: others.split_whitespace().map(e164).collect::<Result<_, _>>()?,
        name: row.name,
        company: row.company,
        position: row.position,
        manager: maybe_id(&row.manager_id)?,
        vip: row.vip,
        stub: row.stub,
        source: maybe_id(&row.source_site_id)?.map(|site| Source {
            site,
            name: row.source_name.unwrap_or_default(),
        }),
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    })
}
