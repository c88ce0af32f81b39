//! Clients of a table: each row checked by itself, against the others and against who is known.

use std::collections::BTreeMap;

use frontdesk_routing::ids::{AccountId, ClientId, ImportId};
use frontdesk_routing::number::PhoneNumber;

use super::table::{Line, MOST_PROBLEMS, unguarded};
use super::{Duplicates, Ended, ImportError, Mapping, Problem, Table, jobs};
use crate::accounts;
use crate::audit::Author;
use crate::clients::NewClient;
use crate::clients::incoming::{self, Given, Incoming};
use crate::store::text::fold;
use crate::store::{Db, StoreError, args};

const STAFF: &str = "SELECT id, surname, given_name, patronymic, email FROM staff WHERE account_id = $1 \
    AND deleted_at IS NULL ORDER BY id";

pub(crate) const ALL: &[&str] = &[STAFF];

/// Rows that are written together.
const CHUNK: usize = 2_000;
const YES: [&str; 7] = ["true", "yes", "1", "+", "да", "vip", "вип"];
const NO: [&str; 6] = ["false", "no", "0", "-", "нет", ""];

#[derive(sqlx::FromRow)]
struct StaffRow {
    id: String,
    surname: Option<String>,
    given_name: Option<String>,
    patronymic: Option<String>,
    email: Option<String>,
}

/// What people may be called in a column of managers.
#[derive(Debug, Default)]
pub struct Managers(BTreeMap<String, Option<String>>);

/// Who may be a client's manager.
pub async fn look(db: &Db, account: AccountId) -> Result<Managers, StoreError> {
    let rows: Vec<StaffRow> = db.all(STAFF, args![account]).await?;
    let mut names = BTreeMap::new();
    for row in rows {
        let join = |parts: &[&Option<String>]| {
            let parts: Vec<&str> = parts.iter().filter_map(|part| part.as_deref()).collect();
            parts.join(" ")
        };
        let full = join(&[&row.surname, &row.given_name, &row.patronymic]);
        let short = join(&[&row.surname, &row.given_name]);
        let turned = join(&[&row.given_name, &row.surname]);
        let mut own = vec![full, short, turned, row.id.clone(), row.email.unwrap_or_default()];
        own.sort();
        own.dedup();
        for name in own.into_iter().filter(|name| !name.is_empty()) {
            let entry = names.entry(fold(&name));
            // of two who are called the same, neither is meant for certain
            entry.and_modify(|known| *known = None).or_insert(Some(row.id.clone()));
        }
    }
    Ok(Managers(names))
}

/// Clients of a table that can come in, as far as the table itself says.
pub struct Ready {
    rows: Vec<(usize, Incoming)>,
    numbers: BTreeMap<u64, usize>,
    /// The number's column.
    column: String,
}

impl Ready {
    pub fn count(&self) -> usize {
        self.rows.len()
    }
}

/// # Errors
/// Every problem of the table itself.
pub fn check_clients(
    table: &Table,
    mapping: &Mapping,
    managers: &Managers,
    region: &str,
) -> Result<Ready, Vec<Problem>> {
    let mut problems = required(table, mapping);
    if !problems.is_empty() {
        return Err(problems);
    }
    problems.extend(table.faults(mapping.fields()));
    let columns = Columns { table, mapping };
    let column = columns.header("number").to_owned();
    let mut ready = Ready {
        rows: Vec::with_capacity(table.rows.len()),
        numbers: BTreeMap::new(),
        column,
    };
    for line in &table.rows {
        match columns.client(line, managers, region) {
            Ok(incoming) => ready.add(line.line, incoming, &mut problems),
            Err(more) => problems.extend(more),
        }
        if problems.len() > MOST_PROBLEMS {
            problems.push(Problem::row(
                line.line,
                "too_many",
                "too much of it: the rest was not read",
            ));
            break;
        }
    }
    if problems.is_empty() {
        return Ok(ready);
    }
    problems.sort_by_key(|problem| problem.line);
    Err(problems)
}

fn required(table: &Table, mapping: &Mapping) -> Vec<Problem> {
    let mut problems = Vec::new();
    let named = ["name", "surname", "given_name"].iter().any(|field| mapping.has(field));
    for (field, there) in [("name", named), ("number", mapping.has("number"))] {
        if !there {
            let message = "this column is needed: say which one it is";
            problems.push(Problem::cell(table.header_line, field, "no_column", message));
        }
    }
    problems
}

struct Columns<'a> {
    table: &'a Table,
    mapping: &'a Mapping,
}

impl Columns<'_> {
    /// How the file calls a field's column.
    fn header(&self, field: &str) -> &str {
        let place = self.mapping.place(field);
        place
            .and_then(|place| self.table.header.get(place))
            .map_or("", String::as_str)
    }

    fn client(&self, line: &Line, managers: &Managers, region: &str) -> Result<Incoming, Vec<Problem>> {
        let value = |field: &str| {
            let cell = self.mapping.place(field).and_then(|place| line.cells.get(place));
            cell.map(|cell| unguarded(cell)).filter(|cell| !cell.is_empty())
        };
        let at = |field: &str, code, message: &str| Problem::cell(line.line, self.header(field), code, message);
        let mut problems = Vec::new();
        let parts: Vec<&str> = ["surname", "given_name", "patronymic"]
            .into_iter()
            .filter_map(value)
            .collect();
        let name = value("name").map(str::to_owned).or_else(|| Some(parts.join(" ")));
        let vip = fold(value("vip").unwrap_or_default());
        if !YES.contains(&vip.as_str()) && !NO.contains(&vip.as_str()) {
            problems.push(at("vip", "invalid", "yes or no, да или нет"));
        }
        let manager = value("manager").map(|name| managers.0.get(&fold(name)));
        let manager = match manager {
            None => None,
            Some(Some(Some(id))) => Some(id.clone()),
            Some(Some(None)) => {
                problems.push(at(
                    "manager",
                    "unknown",
                    "several people are called so: give the e-mail",
                ));
                None
            }
            Some(None) => {
                problems.push(at(
                    "manager",
                    "unknown",
                    "no such staff member: a full name or an e-mail",
                ));
                None
            }
        };
        let new = NewClient {
            number: value("number").map(str::to_owned),
            other_numbers: value("other_numbers").map(numbers).unwrap_or_default(),
            name,
            company: value("company").map(str::to_owned),
            position: value("position").map(str::to_owned),
            manager,
            vip: YES.contains(&vip.as_str()),
        };
        let given = Given {
            vip: value("vip").is_some(),
        };
        let checked = incoming::check(new, given, region);
        match checked {
            Ok(incoming) if problems.is_empty() => return Ok(incoming),
            Ok(_) => {}
            Err(StoreError::Invalid(faults)) => {
                for fault in faults {
                    let field = fault.field.split('[').next().unwrap_or_default();
                    let field = if field == "name" && !self.mapping.has("name") {
                        "surname"
                    } else {
                        field
                    };
                    let field = if field == "surname" && !self.mapping.has(field) {
                        "given_name"
                    } else {
                        field
                    };
                    problems.push(at(field, fault.code, &fault.message));
                }
            }
            Err(error) => problems.push(Problem::row(line.line, "invalid", error.to_string())),
        }
        Err(problems)
    }
}

/// As our own files write them, with a space between them, and as people do, with a comma or a semicolon.
fn numbers(text: &str) -> Vec<String> {
    let separated = text.contains([',', ';', '|', '\n']);
    let parts: Vec<&str> = if separated {
        text.split([',', ';', '|', '\n']).collect()
    } else if text.split_whitespace().all(|part| part.starts_with('+')) {
        text.split_whitespace().collect()
    } else {
        vec![text]
    };
    let parts = parts.into_iter().map(str::trim).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

impl Ready {
    fn add(&mut self, line: usize, incoming: Incoming, problems: &mut Vec<Problem>) {
        let mut first = None;
        for number in incoming.numbers() {
            match self.numbers.get(&number.as_u64()) {
                Some(other) => first = Some(*other),
                None => drop(self.numbers.insert(number.as_u64(), line)),
            }
        }
        match first {
            Some(other) => {
                let message = format!("the number stands in row {other} too");
                problems.push(Problem::cell(line, &self.column, "twice", message));
            }
            None => self.rows.push((line, incoming)),
        }
    }

    /// Whom each row is, if somebody is known by one of its numbers.
    async fn known(&self, db: &Db, account: AccountId) -> Result<BTreeMap<usize, ClientId>, ImportError> {
        let holders = incoming::holders(db, account, &self.numbers).await?;
        let (mut known, mut rows_of, mut problems) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for (line, incoming) in &self.rows {
            for number in incoming.numbers() {
                let Some(holder) = holders.get(&number.as_u64()) else {
                    continue;
                };
                let two = known.insert(*line, *holder).is_some_and(|other| other != *holder);
                let again = rows_of.insert(*holder, *line).filter(|other| other != line);
                if two {
                    let message = "the numbers are those of two clients";
                    problems.push(Problem::cell(*line, &self.column, "ambiguous", message));
                } else if let Some(other) = again {
                    let message = format!("the same client as in row {other}");
                    problems.push(Problem::cell(*line, &self.column, "twice", message));
                }
            }
        }
        match problems.is_empty() {
            true => Ok(known),
            false => Err(ImportError::Problems(problems)),
        }
    }

    /// How many rows are of somebody known.
    ///
    /// # Errors
    /// With `Refuse` each of them is a problem.
    pub async fn duplicates(&self, db: &Db, account: AccountId, duplicates: Duplicates) -> Result<usize, ImportError> {
        let known = self.known(db, account).await?;
        if duplicates == Duplicates::Refuse && !known.is_empty() {
            let message = "another client has this number";
            let lines = known.keys().take(MOST_PROBLEMS);
            let problems = lines.map(|line| Problem::cell(*line, &self.column, "taken", message));
            return Err(ImportError::Problems(problems.collect()));
        }
        Ok(known.len())
    }
}

/// Brings in all rows and ends the job, or neither. Tells how many rows are in so far; gives what came of them and whose
/// numbers are known by others now. By words they are found when [`crate::clients::index_new`] has no more to do.
///
/// # Errors
/// Problems with who is known already.
pub async fn enter_clients(
    db: &Db,
    author: &Author,
    (job, duplicates): (ImportId, Duplicates),
    ready: Ready,
    progress: impl Fn(usize) + Send + Sync,
) -> Result<(Ended, Vec<PhoneNumber>), ImportError> {
    let account = accounts::get(db, author.account).await?;
    ready.duplicates(db, author.account, duplicates).await?;
    let known = ready.known(db, author.account).await?;
    let (mut ended, mut numbers, mut past) = (Ended::default(), Vec::new(), 0_usize);
    let mut ids = author.stamp.ids();
    let mut tx = db.begin().await?;
    for chunk in ready.rows.chunks(CHUNK) {
        let mut new = Vec::with_capacity(chunk.len());
        for (line, incoming) in chunk {
            match (known.get(line), duplicates) {
                (None, _) => {
                    numbers.extend(incoming.numbers());
                    new.push(incoming);
                }
                (Some(client), Duplicates::Update) => {
                    let theirs = (*client, incoming);
                    numbers.extend(incoming::update(&mut tx, &mut ids, (author, &account), theirs).await?);
                    ended.updated = ended.updated.saturating_add(1);
                }
                (Some(_), Duplicates::Skip | Duplicates::Refuse) => ended.skipped = ended.skipped.saturating_add(1),
            }
        }
        ended.created = ended.created.saturating_add(new.len());
        incoming::add(&mut tx, &mut ids, (author, &account), &new).await?;
        past = past.saturating_add(chunk.len());
        progress(past);
    }
    jobs::done(&mut tx, (author, &mut ids), job, ended).await?;
    tx.commit().await?;
    Ok((ended, numbers))
}
