//! A change taken back. What was there was right once; what may not be so any more is what others have done since, and
//! that is looked at here: names and short numbers that somebody else has, things that are gone, numbers that are no
//! longer connected.

use frontdesk_routing::ids::AccountId;
use serde_json::{Map, Value};

use super::state::{State, without};
use super::store::{now, within};
use super::thing::{List, Thing};
use super::{Change, Revision, changes};
use crate::audit::{self, Author, Deed};
use crate::store::raw::{Raw, RawRow};
use crate::store::text::{fold, id};
use crate::store::{Db, StoreError, Tx, args};
use crate::{departments, groups, mailboxes, menus, numbers, roles, routes, schedules, sites, trunks};

const SHORT_NUMBERS: &str = "SELECT COUNT(*) AS count FROM (SELECT id FROM staff WHERE account_id = $1 AND short_number = $2 \
    AND deleted_at IS NULL UNION ALL SELECT id FROM departments WHERE account_id = $1 AND short_number = $2 AND id <> $3 \
    UNION ALL SELECT id FROM menus WHERE account_id = $1 AND short_number = $2 AND id <> $3) t";
const IS_CONNECTED: &str = "SELECT COUNT(*) AS count FROM numbers WHERE account_id = $1 AND number = $2";
const WORKS_HERE: &str = "SELECT COUNT(*) AS count FROM staff WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL";
const IS_OPEN: &str =
    "SELECT COUNT(*) AS count FROM projects WHERE account_id = $1 AND id = $2 AND archived_at IS NULL";

pub(crate) const ALL: &[&str] = &[SHORT_NUMBERS, IS_CONNECTED, WORKS_HERE, IS_OPEN];

/// Takes a revision back, which is a change and a revision itself. What others have changed since stays, unless it is the
/// same field: then it is refused (`changed_since`).
pub async fn undo(db: &Db, author: &Author, number: i64) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let revision = within(&mut tx, author.account, number).await?;
    let raw = Raw::of(&mut tx).await?;
    let is = now(&mut tx, &raw, (revision.thing, &revision.thing_id)).await?;
    let (Some(before), after) = (&revision.before, &revision.after) else {
        only_made(&revision, is.as_ref())?;
        if revision.thing.has_usual() {
            return as_usual(tx, &raw, author, &revision).await;
        }
        drop(tx);
        return remove(db, author, &revision).await;
    };
    let (is, undone) = match (is, after) {
        (Some(is), Some(after)) => {
            let undone = without(&is, (before, after)).map_err(again)?;
            (Some(is), undone)
        }
        (None, None) => (None, restored(revision.thing, before)?),
        (Some(_), None) | (None, Some(_)) => return Err(changed_since()),
    };
    let differs = changes(is.as_ref(), Some(&undone));
    if differs.is_empty() {
        return Err(StoreError::Refused {
            code: "undone_already",
            detail: "everything is as it was before this revision",
        });
    }
    let undone = fitting(&mut tx, &raw, author.account, (revision.thing, undone)).await?;
    let part = match &is {
        Some(_) => changed_columns(&undone, &differs),
        None => undone.row.clone(),
    };
    let row = kept_anew(part, &undone, author.stamp.unix_ms);
    let written = write(&mut tx, &raw, (&revision, &undone, &differs), row).await;
    written.map_err(misfit)?;
    if matches!(revision.thing, Thing::Role | Thing::Group) {
        roles::moved_on(&mut tx, author.account).await?;
    }
    tell(&mut tx, author, (&revision, &differs)).await?;
    tx.commit().await
}

/// For the audit, from which the new revision comes.
async fn tell(tx: &mut Tx, author: &Author, (revision, differs): (&Revision, &[Change])) -> Result<(), StoreError> {
    let told =
        |value: fn(Change) -> (String, Value)| Value::Object(differs.iter().cloned().map(value).collect::<Map<_, _>>());
    let deed = author.deed(
        revision.thing.undone(),
        revision.thing.entity(),
        revision.thing_id.clone(),
    );
    let deed = Deed {
        before: Some(told(|change| (change.field, change.before))),
        after: Some(told(|change| (change.field, change.after))),
        ..deed
    };
    audit::write(tx, &mut author.stamp.ids(), deed).await
}

/// What a revision made is there still, as it was made.
fn only_made(revision: &Revision, is: Option<&State>) -> Result<(), StoreError> {
    match is {
        Some(is) if changes(revision.after.as_ref(), Some(is)).is_empty() => Ok(()),
        Some(_) | None => Err(changed_since()),
    }
}

/// Settings that were never touched before have no row.
async fn as_usual(mut tx: Tx, raw: &Raw, author: &Author, revision: &Revision) -> Result<(), StoreError> {
    if let Some((table, key)) = revision.thing.place().row {
        raw.delete(&mut tx, table, (key, &revision.thing_id)).await?;
    }
    let differs = changes(revision.after.as_ref(), None);
    tell(&mut tx, author, (revision, &differs)).await?;
    tx.commit().await
}

/// What a revision made is deleted, by the same rules as ever.
async fn remove(db: &Db, author: &Author, revision: &Revision) -> Result<(), StoreError> {
    let made_here = [".created", ".undone"].iter().any(|end| revision.action.ends_with(end));
    if !made_here || revision.thing.is_setting() || revision.thing == Thing::Project {
        return Err(StoreError::Refused {
            code: "begins_here",
            detail: "what was before this revision is not known, or cannot be gone",
        });
    }
    let thing = &revision.thing_id;
    match revision.thing {
        Thing::Department => departments::delete(db, author, id(thing)?, None).await,
        Thing::Group => groups::delete(db, author, id(thing)?, None).await,
        Thing::Mailbox => mailboxes::delete(db, author, id(thing)?, None).await,
        Thing::Menu => menus::delete(db, author, id(thing)?, None).await,
        Thing::Number => numbers::delete(db, author, id(thing)?, None).await,
        Thing::Role => roles::delete(db, author, id(thing)?, None).await,
        Thing::Route => routes::delete(db, author, id(thing)?, None).await,
        Thing::Schedule => schedules::delete(db, author, id(thing)?, None).await,
        Thing::Site => sites::delete(db, author, id(thing)?, None).await,
        Thing::Trunk => trunks::delete(db, author, id(thing)?, None).await,
        Thing::Account | Thing::Emergency | Thing::Features | Thing::Holidays | Thing::Project => Err(changed_since()),
    }
}

/// A thing that was deleted, as it comes back.
fn restored(thing: Thing, before: &State) -> Result<State, StoreError> {
    let mut state = before.clone();
    if thing == Thing::Trunk && state.text("registration_user").is_some() {
        return Err(StoreError::Refused {
            code: "secret_gone",
            detail: "the password that this line registered with is kept nowhere: make the line anew",
        });
    }
    if thing == Thing::Mailbox {
        // What was said into it went with it.
        state.row.insert("own_greeting".to_owned(), Value::Bool(false));
    }
    Ok(state)
}

/// As it may be by now, without members that have left; or why it may not.
async fn fitting(
    tx: &mut Tx,
    raw: &Raw,
    account: AccountId,
    (thing, mut state): (Thing, State),
) -> Result<State, StoreError> {
    let own = state.text("id").unwrap_or_default().to_owned();
    if let Some(short) = state.text("short_number")
        && tx.count(SHORT_NUMBERS, args![account, short, &own]).await? > 0
    {
        return Err(taken());
    }
    let name = fold(state.name());
    if let (true, Some((table, _))) = (thing.has_own_name(), thing.place().row) {
        let others = raw.rows(tx, table, ("account_id", &account.to_string())).await?;
        let same = |row: &RawRow| word(row, "id") != Some(&own) && word(row, "name").map(fold).as_ref() == Some(&name);
        if others.iter().any(same) {
            return Err(taken());
        }
    }
    if thing == Thing::Account {
        for number in ["single_number", "emergency_number"] {
            let number = state.text(number).map(str::to_owned);
            if number.is_some() && tx.count(IS_CONNECTED, args![account, number]).await? == 0 {
                return Err(gone());
            }
        }
    }
    if let Some(members) = state.lists.remove("members") {
        let mut staying = Vec::new();
        for member in members {
            if working(tx, account, &member).await? {
                staying.push(member);
            }
        }
        state.lists.insert("members".to_owned(), staying);
    }
    let others = state.lists.iter().filter(|(name, _)| *name != "members");
    for row in others.flat_map(|(_, rows)| rows).chain([&state.row]) {
        if !working(tx, account, row).await? {
            return Err(gone());
        }
    }
    let project = state.text("project_id").map(str::to_owned);
    if project.is_some() && tx.count(IS_OPEN, args![account, project]).await? == 0 {
        return Err(gone());
    }
    Ok(state)
}

/// Whether everybody whom a row names works here still.
async fn working(tx: &mut Tx, account: AccountId, row: &RawRow) -> Result<bool, StoreError> {
    let named = row.iter().filter(|(column, _)| column.ends_with("staff_id"));
    for staff in named.filter_map(|(_, value)| value.as_str()) {
        if tx.count(WORKS_HERE, args![account, staff]).await? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What is to be written of a row that is there: nothing that others may be writing just now.
fn changed_columns(state: &State, differs: &[Change]) -> RawRow {
    let columns = differs.iter().map(|change| change.field.as_str());
    let keys = columns.chain(["id", "account_id"]);
    let values = keys.filter_map(|column| Some((column.to_owned(), state.row.get(column)?.clone())));
    values.collect()
}

/// With a version that nobody has read yet.
fn kept_anew(mut row: RawRow, state: &State, at: i64) -> RawRow {
    if let Some(version) = state.row.get("version").and_then(Value::as_i64) {
        row.insert("version".to_owned(), Value::from(version.saturating_add(1)));
    }
    if state.row.contains_key("updated_at") {
        row.insert("updated_at".to_owned(), Value::from(at));
    }
    row
}

async fn write(
    tx: &mut Tx,
    raw: &Raw,
    (revision, state, differs): (&Revision, &State, &[Change]),
    row: RawRow,
) -> Result<(), StoreError> {
    let (place, id) = (revision.thing.place(), revision.thing_id.as_str());
    if let Some((table, key)) = place.row
        && raw.update(tx, table, (key, &row)).await? == 0
    {
        raw.insert(tx, table, &row).await?;
    }
    let differing = |list: &&List| differs.iter().any(|change| change.field == list.name);
    for list in place.lists.iter().filter(differing) {
        raw.delete(tx, list.table, (list.of, id)).await?;
        for row in state.lists.get(list.name).into_iter().flatten() {
            let mut row = row.clone();
            row.insert(list.of.to_owned(), Value::from(id));
            raw.insert(tx, list.table, &row).await?;
        }
    }
    Ok(())
}

fn word<'a>(row: &'a RawRow, column: &str) -> Option<&'a str> {
    row.get(column).and_then(Value::as_str)
}

fn again(fields: Vec<String>) -> StoreError {
    tracing::debug!(?fields, "changed again since the revision that is to be undone");
    changed_since()
}

fn changed_since() -> StoreError {
    StoreError::Refused {
        code: "changed_since",
        detail: "what this revision changed has been changed again since: undo that first",
    }
}

fn taken() -> StoreError {
    StoreError::Refused {
        code: "taken",
        detail: "its name, number or short number is somebody else's by now",
    }
}

fn gone() -> StoreError {
    StoreError::Refused {
        code: "gone",
        detail: "it points at somebody or something that is not there any more",
    }
}

/// What the database itself does not take.
fn misfit(error: StoreError) -> StoreError {
    match error {
        error if error.is_unique() => taken(),
        error if error.is_refusal() => gone(),
        error => error,
    }
}
