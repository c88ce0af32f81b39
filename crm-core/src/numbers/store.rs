use frontdesk_routing::ids::{AccountId, NumberId, StaffId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::{Destination, NumberSection, PlanNumber};
use serde_json::{Value, json};

use super::{Number, NumberPatch, UsedAsPhone, e164, not_shown};
use crate::accounts;
use crate::audit::{self, Author, Deed};
use crate::destinations::{self, DestinationPatch, DestinationRow};
use crate::store::page::{self, Mark};
use crate::store::text::{id, maybe_id};
use crate::store::{Arg, Db, FieldError, Listing, Page, StoreError, Tx, args};

/// Numbers as [`Row`] reads them.
macro_rules! numbers {
    ($rest:literal) => {
        concat!(
            "SELECT id, account_id, number, trunk_id, staff_id AS to_staff_id, department_id AS to_department_id, \
             menu_id AS to_menu_id, mailbox_id AS to_mailbox_id, CAST(NULL AS TEXT) AS to_number, version FROM numbers ",
            $rest
        )
    };
}
const SECTION: &str = numbers!("ORDER BY id");
const LIST: &str = numbers!("WHERE account_id = $1 ORDER BY number");
const PAGE: &str = numbers!("WHERE account_id = $1 AND (number, id) > ($2, $3) ORDER BY number, id LIMIT $4");
const COUNT: &str = "SELECT COUNT(*) AS count FROM numbers WHERE account_id = $1";
const GET: &str = numbers!("WHERE account_id = $1 AND id = $2");
const INSERT: &str = "INSERT INTO numbers (id, account_id, created_at, version, number, trunk_id, staff_id, department_id, \
    menu_id, mailbox_id) VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9)";
const UPDATE: &str = "UPDATE numbers SET version = version + 1, number = $3, trunk_id = $4, staff_id = $5, \
    department_id = $6, menu_id = $7, mailbox_id = $8 WHERE id = $1 AND version = $2";
const DELETE: &str = "DELETE FROM numbers WHERE account_id = $1 AND id = $2 AND (version = $3 OR $3 IS NULL)";
const REACH: &str = "SELECT COUNT(*) AS count FROM numbers WHERE staff_id = $1";
const TAKEN: &str = "SELECT COUNT(*) AS count FROM numbers WHERE account_id = $1 AND number = $2 AND id <> $3";
const OURS: &str = "SELECT COUNT(*) AS count FROM numbers WHERE account_id = $1 AND number = $2";
const USERS: &str = "SELECT n.id AS number_id, s.id, s.surname, s.given_name, s.patronymic FROM numbers n \
    JOIN staff s ON s.account_id = n.account_id AND s.phone = n.number AND s.deleted_at IS NULL \
    WHERE n.account_id = $1 ORDER BY n.id, s.sort_name, s.id";
const TRUNK: &str = "SELECT COUNT(*) AS count FROM trunks WHERE account_id = $1 AND id = $2";

pub(crate) const ALL: &[&str] = &[
    SECTION, LIST, PAGE, COUNT, GET, INSERT, UPDATE, DELETE, REACH, TAKEN, OURS, USERS, TRUNK,
];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    account_id: String,
    number: String,
    trunk_id: Option<String>,
    #[sqlx(flatten)]
    to: DestinationRow,
    version: i64,
}

#[derive(sqlx::FromRow)]
struct UserRow {
    number_id: String,
    id: String,
    surname: Option<String>,
    given_name: Option<String>,
    patronymic: Option<String>,
}

fn read(row: &Row) -> Result<Number, StoreError> {
    let nobody = || StoreError::Corrupt("a number that reaches nobody".to_owned());
    Ok(Number {
        id: id(&row.id)?,
        number: row.number.clone(),
        trunk: maybe_id(&row.trunk_id)?,
        to: row.to.read()?.ok_or_else(nobody)?,
        version: row.version,
    })
}

/// The dial plan's part: all accounts' numbers.
pub(crate) async fn section(db: &Db) -> Result<NumberSection, StoreError> {
    let rows: Vec<Row> = db.all(SECTION, args![]).await?;
    let mut numbers = Vec::with_capacity(rows.len());
    for row in rows {
        // A number that cannot be dialled reaches nobody.
        let Ok(number) = PhoneNumber::from_e164(&row.number) else {
            continue;
        };
        let kept = read(&row)?;
        numbers.push(PlanNumber {
            number,
            account: id(&row.account_id)?,
            trunk: kept.trunk,
            to: kept.to,
        });
    }
    Ok(NumberSection::new(numbers))
}

/// By number.
pub async fn list(db: &Db, account: AccountId) -> Result<Vec<Number>, StoreError> {
    let rows: Vec<Row> = db.all(LIST, args![account]).await?;
    rows.iter().map(read).collect()
}

/// The same in pages, by cursor.
///
/// # Errors
/// `Invalid`: a cursor that is none of ours.
pub async fn page(db: &Db, account: AccountId, page: &Page) -> Result<Listing<Number>, StoreError> {
    let after = Mark::of(page)?;
    let values = args![account, after.text, after.id, page.limit.saturating_add(1)];
    let mark = |row: &Row| Mark {
        number: 0,
        text: row.number.clone(),
        id: row.id.clone(),
    };
    let (rows, next_cursor) = page::shown(db.all(PAGE, values).await?, page, mark)?;
    let total = page::counted(db, COUNT, args![account]).await?;
    let items = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Listing::of_all(items, total, next_cursor))
}

pub async fn get(db: &Db, account: AccountId, number: NumberId) -> Result<Number, StoreError> {
    let row: Option<Row> = db.one(GET, args![account, number]).await?;
    row.ok_or(StoreError::NotFound).and_then(|row| read(&row))
}

/// Connects a number with somebody.
pub async fn create(db: &Db, author: &Author, patch: NumberPatch) -> Result<Number, StoreError> {
    let mut ids = author.stamp.ids();
    let number = NumberId::new(ids.now, ids.random());
    let account = accounts::get(db, author.account).await?;
    let mut tx = db.begin().await?;
    let after = patched(&mut tx, author.account, (number, None), patch, &account.region).await?;
    let mut values = args![number, author.account, ids.now];
    values.extend(values_of(&after));
    tx.run(INSERT, values).await.map_err(raced)?;
    let deed = author.deed("number.created", "number", number.to_string());
    let deed = Deed {
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut ids, deed).await?;
    tx.commit().await?;
    get(db, author.account, number).await
}

pub async fn update(
    db: &Db,
    author: &Author,
    number: NumberId,
    patch: NumberPatch,
    version: Option<i64>,
) -> Result<Number, StoreError> {
    let account = accounts::get(db, author.account).await?;
    let mut tx = db.begin().await?;
    let row: Option<Row> = tx.one(GET, args![author.account, number]).await?;
    let before = row.ok_or(StoreError::NotFound).and_then(|row| read(&row))?;
    if version.is_some_and(|version| version != before.version) {
        return Err(StoreError::Stale);
    }
    let place = (number, Some(&before));
    let after = patched(&mut tx, author.account, place, patch, &account.region).await?;
    if after.number != before.number {
        not_shown(&mut tx, author.account, &before.number).await?;
    }
    let mut values = args![number, before.version];
    values.extend(values_of(&after));
    if tx.run(UPDATE, values).await.map_err(raced)? == 0 {
        return Err(StoreError::Stale);
    }
    let deed = author.deed("number.updated", "number", number.to_string());
    let deed = Deed {
        before: Some(told(&before)),
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    get(db, author.account, number).await
}

/// Refused while calls show the number.
///
/// # Errors
/// `NotFound`, or `Stale` when it is in another version than `version`; `InUse` while calls show it.
pub async fn delete(db: &Db, author: &Author, number: NumberId, version: Option<i64>) -> Result<(), StoreError> {
    let before = get(db, author.account, number).await?;
    StoreError::unless(before.version, version)?;
    let mut tx = db.begin().await?;
    not_shown(&mut tx, author.account, &before.number).await?;
    if tx.run(DELETE, args![author.account, number, version]).await? == 0 {
        return Err(StoreError::missed(version));
    }
    let deed = author.deed("number.deleted", "number", number.to_string());
    let deed = Deed {
        before: Some(told(&before)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await
}

/// Refused while the person is whom a number reaches.
pub(crate) async fn none_reaches(tx: &mut Tx, staff: StaffId) -> Result<(), StoreError> {
    match tx.count(REACH, args![staff]).await? {
        0 => Ok(()),
        _ => Err(StoreError::Refused {
            code: "in_use",
            detail: "connected numbers reach this person: connect them with somebody else first",
        }),
    }
}

/// A person's own telephone is none of our connected numbers: a call to it would come back to us.
pub(crate) async fn not_ours(tx: &mut Tx, account: AccountId, phone: &str) -> Result<(), StoreError> {
    let ours = tx.count(OURS, args![account, phone]).await? > 0;
    let why = "one of our own connected numbers: the person's own telephone is meant";
    StoreError::invalid(
        ours.then(|| FieldError::new("phone", "own_number", why))
            .into_iter()
            .collect(),
    )
}

/// People whose own telephone is said to be a connected number, which it cannot be.
pub async fn used_as_phones(db: &Db, account: AccountId) -> Result<Vec<UsedAsPhone>, StoreError> {
    let rows: Vec<UserRow> = db.all(USERS, args![account]).await?;
    let read = |row: UserRow| {
        let parts = [row.surname, row.given_name, row.patronymic];
        Ok(UsedAsPhone {
            number: id(&row.number_id)?,
            staff: id(&row.id)?,
            name: parts.into_iter().flatten().collect::<Vec<_>>().join(" "),
        })
    };
    rows.into_iter().map(read).collect()
}

async fn patched(
    tx: &mut Tx,
    account: AccountId,
    (id, before): (NumberId, Option<&Number>),
    patch: NumberPatch,
    region: &str,
) -> Result<Number, StoreError> {
    let mut faults = Vec::new();
    let mut note = |checked: Result<_, FieldError>| checked.map_err(|fault| faults.push(fault)).ok();
    let number = match patch.number {
        Some(typed) => note(e164("number", typed.trim(), region)),
        None => before
            .map(|before| before.number.clone())
            .or_else(|| note(Err(required("number")))),
    };
    let to = match given(patch.to, region) {
        Ok(None) => before.map(|before| before.to).ok_or_else(|| required("staff_id")),
        Ok(Some(to)) => Ok(to),
        Err(fault) => Err(fault),
    };
    let trunk = match patch.trunk {
        Some(trunk) => parsed("trunk_id", trunk),
        None => Ok(before.and_then(|before| before.trunk)),
    };
    let (to, trunk) = match (to, trunk) {
        (Ok(to), Ok(trunk)) => (Some(to), trunk),
        (to, trunk) => {
            faults.extend([to.err(), trunk.err()].into_iter().flatten());
            (None, None)
        }
    };
    let (Some(number), Some(to)) = (number, to) else {
        return Err(StoreError::Invalid(faults));
    };
    let version = before.map_or(1, |before| before.version);
    let after = Number {
        id,
        number,
        trunk,
        to,
        version,
    };
    exists(tx, account, &after).await?;
    Ok(after)
}

/// Who and what it names are the account's, and nobody else has the number.
async fn exists(tx: &mut Tx, account: AccountId, after: &Number) -> Result<(), StoreError> {
    let mut faults = Vec::new();
    faults.extend(destinations::fault(tx, account, ("", after.to)).await?);
    if let Some(trunk) = after.trunk
        && tx.count(TRUNK, args![account, trunk]).await? == 0
    {
        faults.push(unknown("trunk_id"));
    }
    StoreError::invalid(faults)?;
    match tx.count(TAKEN, args![account, &after.number, after.id]).await? {
        0 => Ok(()),
        _ => StoreError::taken(vec![taken()]),
    }
}

/// The destination that was typed, if any was.
fn given(typed: DestinationPatch, region: &str) -> Result<Option<Destination>, FieldError> {
    let named = [
        ("number", typed.number.is_some()),
        ("mailbox_id", typed.mailbox.is_some()),
        ("menu_id", typed.menu.is_some()),
        ("department_id", typed.department.is_some()),
        ("staff_id", typed.staff.is_some()),
    ];
    let mut given = named.into_iter().filter(|(_, given)| *given).map(|(field, _)| field);
    match (given.next(), given.next()) {
        (None, _) => Ok(None),
        (Some(_), None) => destinations::read("", typed, region).map(Some),
        (Some(field), Some(_)) => {
            let why = "a number reaches one of `staff_id`, `department_id`, `menu_id` and `mailbox_id`";
            Err(FieldError::new(field, "invalid", why))
        }
    }
}

fn parsed<T: std::str::FromStr>(field: &str, given: Option<String>) -> Result<Option<T>, FieldError> {
    given.map(|text| text.parse()).transpose().map_err(|_| unknown(field))
}

fn unknown(field: &str) -> FieldError {
    FieldError::new(field, "unknown", "there is none with this identifier")
}

fn required(field: &str) -> FieldError {
    FieldError::new(
        field,
        "required",
        "a number is connected with a person, a department, a menu or a mailbox",
    )
}

fn taken() -> FieldError {
    FieldError::new("number", "taken", "this number is connected already")
}

/// Two writers at once: the second one meets the index.
fn raced(error: StoreError) -> StoreError {
    match error.is_unique() {
        true => StoreError::Taken(vec![taken()]),
        false => error,
    }
}

fn values_of(number: &Number) -> Vec<Arg> {
    let mut values = args![&number.number, number.trunk];
    // The last column is that of a number outside, which no number is connected with.
    values.extend(destinations::columns(Some(number.to)).into_iter().take(4));
    values
}

fn told(number: &Number) -> Value {
    let (field, to) = destinations::named(number.to);
    json!({
        "number": number.number,
        "trunk_id": number.trunk.map(|trunk| trunk.to_string()),
        field: to,
    })
}
