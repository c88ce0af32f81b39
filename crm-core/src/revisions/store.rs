use std::collections::BTreeMap;

use frontdesk_routing::ids::AccountId;
use serde_json::Value;

use super::state::{State, changes};
use super::thing::Thing;
use super::{Revision, RevisionQuery};
use crate::accounts;
use crate::audit::{self, Link};
use crate::store::page;
use crate::store::raw::{Raw, RawRow};
use crate::store::text::maybe_id;
use crate::store::{Db, Listing, Page, StoreError, Tx, args};

macro_rules! revision {
    ($rest:literal) => {
        concat!(
            "SELECT number, at, actor_staff_id, actor_name, action, thing, thing_id, name, before_json, after_json \
             FROM revisions WHERE account_id = $1 AND ",
            $rest
        )
    };
}

const LIST: &str = revision!(
    "number < $2 AND (thing = $3 OR $3 IS NULL) AND (thing_id = $4 OR $4 IS NULL) ORDER BY number DESC LIMIT $5"
);
const GET: &str = revision!("number = $2");
const NEWEST: &str = "SELECT COALESCE(MAX(number), 0) AS count FROM revisions WHERE account_id = $1";
const INSERT: &str = "INSERT INTO revisions (account_id, number, at, actor_staff_id, actor_name, action, thing, thing_id, \
    name, before_json, after_json) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const KNOWN: &str =
    "SELECT thing_id, state_json FROM known_things WHERE account_id = $1 AND thing = $2 AND thing_id = $3";
const ALL_KNOWN: &str = "SELECT thing_id, state_json FROM known_things WHERE account_id = $1 AND thing = $2";
const KNOW: &str = "INSERT INTO known_things (account_id, thing, thing_id, name, state_json) VALUES ($1, $2, $3, $4, $5) \
    ON CONFLICT (account_id, thing, thing_id) DO UPDATE SET name = excluded.name, state_json = excluded.state_json";
const NAMES: &str = "SELECT thing_id, name FROM known_things WHERE account_id = $1 AND name <> ''";
const FORGET: &str = "DELETE FROM known_things WHERE account_id = $1 AND thing = $2 AND thing_id = $3";

pub(crate) const ALL: &[&str] = &[LIST, GET, NEWEST, INSERT, KNOWN, ALL_KNOWN, KNOW, NAMES, FORGET];

#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    at: i64,
    actor_staff_id: Option<String>,
    actor_name: String,
    action: String,
    thing: String,
    thing_id: String,
    name: String,
    before_json: Option<String>,
    after_json: Option<String>,
}

#[derive(sqlx::FromRow)]
struct NameRow {
    thing_id: String,
    name: String,
}

#[derive(sqlx::FromRow)]
struct KnownRow {
    thing_id: String,
    state_json: String,
}

/// Newest first, by cursor.
pub async fn list(
    db: &Db,
    account: AccountId,
    query: &RevisionQuery,
    part: &Page,
) -> Result<Listing<Revision>, StoreError> {
    let below = part.cursor.as_deref().map_or(Ok(i64::MAX), str::parse);
    let below = below.map_err(|_| page::strange())?;
    let values = args![
        account,
        below,
        query.thing.map(Thing::name),
        query.thing_id.as_deref(),
        part.limit.saturating_add(1)
    ];
    let mut rows: Vec<Row> = db.all(LIST, values).await?;
    let shown = usize::try_from(part.limit).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    let next_cursor = rows.last().filter(|_| more).map(|row| row.number.to_string());
    Ok(Listing {
        items: rows.into_iter().map(read).collect::<Result<_, _>>()?,
        total: 0,
        filtered: 0,
        next_cursor,
    })
}

pub async fn get(db: &Db, account: AccountId, number: i64) -> Result<Revision, StoreError> {
    let row = db.one(GET, args![account, number]).await?;
    row.ok_or(StoreError::NotFound).and_then(read)
}

/// What the account's things are called by now, by identifier.
pub async fn names(db: &Db, account: AccountId) -> Result<BTreeMap<String, String>, StoreError> {
    let rows: Vec<NameRow> = db.all(NAMES, args![account]).await?;
    Ok(rows.into_iter().map(|row| (row.thing_id, row.name)).collect())
}

pub(super) async fn within(tx: &mut Tx, account: AccountId, number: i64) -> Result<Revision, StoreError> {
    let row = tx.one(GET, args![account, number]).await?;
    row.ok_or(StoreError::NotFound).and_then(read)
}

/// What the thing is by now; `None`: it is not there.
pub(super) async fn now(tx: &mut Tx, raw: &Raw, (thing, id): (Thing, &str)) -> Result<Option<State>, StoreError> {
    let place = thing.place();
    let row = match place.row {
        Some((table, key)) => match raw.rows(tx, table, (key, id)).await?.pop() {
            Some(row) if row.get("deleted_at").is_none_or(Value::is_null) => row,
            Some(_) | None => return Ok(None),
        },
        None => BTreeMap::new(),
    };
    let mut lists = BTreeMap::new();
    for list in place.lists {
        let mut rows = raw.rows(tx, list.table, (list.of, id)).await?;
        for row in &mut rows {
            row.remove(list.of);
        }
        lists.insert(list.name.to_owned(), rows);
    }
    Ok(Some(State::new(row, lists)))
}

/// Who changed something, when and by which deed.
struct Cause<'a> {
    account: &'a str,
    at: i64,
    actor_staff: Option<&'a str>,
    actor_name: &'a str,
    action: &'a str,
}

/// The deeds of a transaction that is about to commit, and has joined the audit: what they changed of the configuration.
/// The audit's head is held, and so revisions of one account are numbered one after another.
pub(crate) async fn keep(tx: &mut Tx, deeds: &[Link]) -> Result<(), StoreError> {
    let mut touched: Vec<(Thing, &Link)> = Vec::new();
    for deed in deeds {
        let Some(thing) = Thing::of(deed.action()) else {
            continue;
        };
        let same = |(other, link): &(Thing, &Link)| *other == thing && link.entity_id() == deed.entity_id();
        if !touched.iter().any(same) {
            touched.push((thing, deed));
        }
    }
    if touched.is_empty() {
        return Ok(());
    }
    let raw = Raw::of(tx).await?;
    for (thing, deed) in touched {
        let id = deed.entity_id();
        let state = now(tx, &raw, (thing, id)).await?;
        let (actor_staff, actor_name) = deed.actor();
        let cause = Cause {
            account: deed.account(),
            at: deed.at(),
            actor_staff,
            actor_name,
            action: deed.action(),
        };
        let known: Option<KnownRow> = tx.one(KNOWN, args![cause.account, thing.name(), id]).await?;
        let before = known.map(|row| state_of(&row.state_json)).transpose()?;
        enter(tx, &cause, (thing, id), (before, state)).await?;
    }
    Ok(())
}

async fn enter(
    tx: &mut Tx,
    cause: &Cause<'_>,
    (thing, id): (Thing, &str),
    (before, after): (Option<State>, Option<State>),
) -> Result<(), StoreError> {
    if before.is_some() == after.is_some() && changes(before.as_ref(), after.as_ref()).is_empty() {
        return Ok(());
    }
    let number = tx.count(NEWEST, args![cause.account]).await?.saturating_add(1);
    let name = after.as_ref().or(before.as_ref()).map(State::name).unwrap_or_default();
    let values = args![
        cause.account,
        number,
        cause.at,
        cause.actor_staff,
        cause.actor_name,
        cause.action,
        thing.name(),
        id,
        if thing.is_setting() { "" } else { name },
        before.as_ref().map(written).transpose()?,
        after.as_ref().map(written).transpose()?,
    ];
    tx.run(INSERT, values).await?;
    know(tx, cause.account, (thing, id), after.as_ref()).await
}

async fn know(tx: &mut Tx, account: &str, (thing, id): (Thing, &str), state: Option<&State>) -> Result<(), StoreError> {
    match state {
        Some(state) => {
            tx.run(KNOW, args![account, thing.name(), id, state.name(), written(state)?])
                .await?
        }
        None => tx.run(FORGET, args![account, thing.name(), id]).await?,
    };
    Ok(())
}

/// What a new account begins with is known from its beginning on.
pub(crate) async fn begin(tx: &mut Tx, account: AccountId, at: i64) -> Result<(), StoreError> {
    let raw = Raw::of(tx).await?;
    for thing in Thing::ALL {
        look_at(tx, &raw, (&account.to_string(), thing, at)).await?;
    }
    Ok(())
}

/// Looks at the whole configuration, at the start: things that nobody has looked at yet are known from now on, and what
/// was changed behind the program's back becomes a revision of its own; how many.
pub async fn look_around(db: &Db, at: i64) -> Result<u64, StoreError> {
    let mut changed = 0_u64;
    for account in accounts::list(db).await? {
        let mut tx = db.begin().await?;
        audit::hold(&mut tx, &account.id.to_string()).await?;
        let raw = Raw::of(&mut tx).await?;
        for thing in Thing::ALL {
            let found = look_at(&mut tx, &raw, (&account.id.to_string(), thing, at)).await?;
            changed = changed.saturating_add(found);
        }
        tx.commit().await?;
    }
    Ok(changed)
}

async fn look_at(tx: &mut Tx, raw: &Raw, (account, thing, at): (&str, Thing, i64)) -> Result<u64, StoreError> {
    let rows: Vec<KnownRow> = tx.all(ALL_KNOWN, args![account, thing.name()]).await?;
    let mut known = BTreeMap::new();
    for row in rows {
        known.insert(row.thing_id, state_of(&row.state_json)?);
    }
    let action = format!("{}.found", thing.name());
    let cause = Cause {
        account,
        at,
        actor_staff: None,
        actor_name: "frontdesk",
        action: &action,
    };
    let mut changed = 0_u64;
    for id in there(tx, raw, (account, thing)).await? {
        let Some(state) = now(tx, raw, (thing, &id)).await? else {
            continue;
        };
        match known.remove(&id) {
            None => know(tx, account, (thing, &id), Some(&state)).await?,
            Some(before) if changes(Some(&before), Some(&state)).is_empty() => {}
            Some(before) => {
                enter(tx, &cause, (thing, &id), (Some(before), Some(state))).await?;
                changed = changed.saturating_add(1);
            }
        }
    }
    for (id, before) in known {
        enter(tx, &cause, (thing, &id), (Some(before), None)).await?;
        changed = changed.saturating_add(1);
    }
    Ok(changed)
}

/// The account's things of a kind.
async fn there(tx: &mut Tx, raw: &Raw, (account, thing): (&str, Thing)) -> Result<Vec<String>, StoreError> {
    let place = thing.place();
    let (Some((table, key)), false) = (place.row, thing.is_setting()) else {
        return Ok(vec![account.to_owned()]);
    };
    let rows = raw.rows(tx, table, ("account_id", account)).await?;
    let id = |row: RawRow| row.get(key).and_then(Value::as_str).map(str::to_owned);
    Ok(rows.into_iter().filter_map(id).collect())
}

fn written(state: &State) -> Result<String, StoreError> {
    serde_json::to_string(state).map_err(|error| StoreError::Corrupt(error.to_string()))
}

fn state_of(json: &str) -> Result<State, StoreError> {
    serde_json::from_str(json).map_err(|error| StoreError::Corrupt(format!("a revision: {error}")))
}

fn read(row: Row) -> Result<Revision, StoreError> {
    let thing = Thing::named(&row.thing);
    Ok(Revision {
        number: row.number,
        at: row.at,
        actor_staff: maybe_id(&row.actor_staff_id)?,
        actor_name: row.actor_name,
        action: row.action,
        thing: thing.ok_or_else(|| StoreError::Corrupt(format!("{} is no kind of thing", row.thing)))?,
        thing_id: row.thing_id,
        name: row.name,
        before: row.before_json.as_deref().map(state_of).transpose()?,
        after: row.after_json.as_deref().map(state_of).transpose()?,
    })
}
