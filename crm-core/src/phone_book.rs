//! The company's own phone book: who is reached by which number. It is only ever read: staff, departments and numbers
//! fill it, and clients say who looks after them.

use frontdesk_routing::ids::{AccountId, StaffId};

use crate::store::text::{escaped, fold, id};
use crate::store::{Arg, Db, FieldError, Page, StoreError, args};

/// Words of one search.
const WORDS: usize = 3;
const LONGEST_SEARCH: usize = 100;

macro_rules! entries {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.surname, s.given_name, s.patronymic, s.phone, s.short_number, s.position, \
             (SELECT MIN(n.number) FROM numbers n WHERE n.account_id = s.account_id AND n.staff_id = s.id) AS abc_number, \
             (SELECT string_agg(d.id || ' ' || d.name, '\u{1}' ORDER BY d.name, d.id) FROM department_members m \
             JOIN departments d ON d.id = m.department_id WHERE m.staff_id = s.id) AS departments, \
             (SELECT COUNT(*) FROM clients c WHERE c.account_id = s.account_id AND c.manager_id = s.id \
             AND c.deleted_at IS NULL) AS clients FROM staff s WHERE s.account_id = $1 AND s.deleted_at IS NULL \
             AND (s.phone IS NOT NULL OR s.short_number IS NOT NULL) ",
            $rest
        )
    };
}
macro_rules! fits {
    ($name:literal $number:literal) => {
        concat!(
            "AND (s.sort_name LIKE ",
            $name,
            " ESCAPE '\\' OR s.phone LIKE ",
            $number,
            " ESCAPE '\\' OR s.short_number LIKE ",
            $number,
            " ESCAPE '\\') "
        )
    };
}
macro_rules! searched {
    () => {
        concat!(fits!("$2" "$3"), fits!("$4" "$5"), fits!("$6" "$7"))
    };
}

const LIST: &str = concat!(
    entries!(""),
    searched!(),
    "AND (s.sort_name, s.id) > ($8, $9) ORDER BY s.sort_name, s.id LIMIT $10"
);
const GET: &str = entries!("AND s.id = $2");
const COUNT: &str = concat!(
    "SELECT COUNT(*) AS count FROM staff s WHERE s.account_id = $1 AND s.deleted_at IS NULL \
     AND (s.phone IS NOT NULL OR s.short_number IS NOT NULL) ",
    searched!()
);
const PLACE: &str = "SELECT sort_name FROM staff WHERE account_id = $1 AND id = $2";

pub(crate) const ALL: &[&str] = &[LIST, GET, COUNT, PLACE];

/// A number of the company and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub staff: StaffId,
    pub full_name: String,
    pub position: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    pub short_number: Option<String>,
    /// The connected number by which one is reached from outside, E.164.
    pub abc_number: Option<String>,
    /// Id and name.
    pub departments: Vec<(String, String)>,
    /// How many look to this person as their manager.
    pub clients: u64,
}

/// Part of the book.
#[derive(Debug, Clone)]
pub struct Entries {
    pub items: Vec<Entry>,
    pub total: u64,
    pub filtered: u64,
    pub next_cursor: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    surname: Option<String>,
    given_name: Option<String>,
    patronymic: Option<String>,
    phone: Option<String>,
    short_number: Option<String>,
    position: Option<String>,
    abc_number: Option<String>,
    departments: Option<String>,
    clients: i64,
}

#[derive(sqlx::FromRow)]
struct Count {
    count: i64,
}

#[derive(sqlx::FromRow)]
struct PlaceRow {
    sort_name: String,
}

/// By name; a search takes parts of names, and of numbers in any form.
pub async fn list(db: &Db, account: AccountId, search: &str, page: &Page) -> Result<Entries, StoreError> {
    let after = match &page.cursor {
        Some(cursor) => place(db, account, cursor).await?,
        None => args!["", ""],
    };
    let patterns = patterns(search);
    let mut values = args![account];
    values.extend(patterns.iter().cloned());
    let filtered = count(db, values.clone()).await?;
    let everybody = patterns_of(std::iter::empty());
    let total = count(db, std::iter::once(Arg::from(account)).chain(everybody).collect()).await?;
    values.extend(after);
    values.push(Arg::from(page.limit.saturating_add(1)));
    let mut rows: Vec<Row> = db.all(LIST, values).await?;
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let goes_on = rows.len() > limit;
    rows.truncate(limit);
    let items: Vec<Entry> = rows.into_iter().map(read).collect::<Result<_, _>>()?;
    let last = items.last().filter(|_| goes_on).map(|entry| entry.staff.to_string());
    Ok(Entries {
        items,
        total,
        filtered,
        next_cursor: last,
    })
}

pub async fn get(db: &Db, account: AccountId, staff: StaffId) -> Result<Entry, StoreError> {
    db.one(GET, args![account, staff])
        .await?
        .ok_or(StoreError::NotFound)
        .and_then(read)
}

async fn count(db: &Db, values: Vec<Arg>) -> Result<u64, StoreError> {
    let count: Option<Count> = db.one(COUNT, values).await?;
    Ok(count.and_then(|count| u64::try_from(count.count).ok()).unwrap_or(0))
}

/// A cursor is the last person that was shown.
async fn place(db: &Db, account: AccountId, cursor: &str) -> Result<Vec<Arg>, StoreError> {
    let strange = || StoreError::Invalid(vec![FieldError::new("cursor", "invalid", "not a cursor of ours")]);
    let last: StaffId = cursor.parse().map_err(|_| strange())?;
    let row: PlaceRow = db.one(PLACE, args![account, last]).await?.ok_or_else(strange)?;
    Ok(args![row.sort_name, last])
}

/// For each word what a name and what a number has to fit. A part of only digits and what groups them is a number.
fn patterns(search: &str) -> Vec<Arg> {
    let search: String = search.chars().take(LONGEST_SEARCH).collect();
    let mut words: Vec<(String, String)> = Vec::new();
    let mut digits = String::new();
    for part in search.split_whitespace() {
        if part.chars().all(|c| c.is_ascii_digit() || "()-+.".contains(c)) {
            digits.extend(part.chars().filter(char::is_ascii_digit));
        } else {
            let word = format!("%{}%", escaped(&fold(part)));
            words.push((word.clone(), word));
        }
    }
    if !digits.is_empty() {
        // 8 is what one dials before a national number
        let national = digits.strip_prefix('8').filter(|rest| rest.len() >= 3);
        let pattern = format!("%{}%", national.unwrap_or(&digits));
        words.push((pattern.clone(), pattern));
    }
    patterns_of(words.into_iter())
}

fn patterns_of(words: impl Iterator<Item = (String, String)>) -> Vec<Arg> {
    let anything = std::iter::repeat_with(|| ("%".to_owned(), "%".to_owned()));
    words
        .chain(anything)
        .take(WORDS)
        .flat_map(|(name, number)| [Arg::from(name), Arg::from(number)])
        .collect()
}

fn read(row: Row) -> Result<Entry, StoreError> {
    let names = [row.surname, row.given_name, row.patronymic];
    let departments = row.departments.unwrap_or_default();
    let department = |text: &str| text.split_once(' ').map(|(id, name)| (id.to_owned(), name.to_owned()));
    Ok(Entry {
        staff: id(&row.id)?,
        full_name: names.into_iter().flatten().collect::<Vec<_>>().join(" "),
        position: row.position,
        phone: row.phone,
        short_number: row.short_number,
        abc_number: row.abc_number,
        departments: departments.split('\u{1}').filter_map(department).collect(),
        clients: u64::try_from(row.clients).unwrap_or(0),
    })
}
