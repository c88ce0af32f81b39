//! Whom the rows of a file of staff are, if anybody known, and to whom they report: what the account says before any row
//! comes in.

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_routing::ids::StaffId;

use super::read::{NO_PASSWORD, Row};
use super::reports::{Called, circles};
use super::{Duplicates, ImportError, Problem};
use crate::access::Role;
use crate::accounts::Account;
use crate::store::text::{id, maybe_id};
use crate::store::{Ids, StoreError, Tx, args};

const PEOPLE: &str = "SELECT s.id, s.is_main, s.role, s.short_number, s.login, s.supervisor_id, p.sip_user FROM staff s \
    LEFT JOIN sip_accounts p ON p.staff_id = s.id WHERE s.account_id = $1 AND s.deleted_at IS NULL ORDER BY s.id";
const LINES: &str = "SELECT short_number AS value FROM departments WHERE account_id = $1 UNION ALL \
    SELECT short_number AS value FROM menus WHERE account_id = $1 AND short_number IS NOT NULL";
const USERS: &str = "SELECT sip_user AS value FROM sip_accounts";
const NUMBERS: &str = "SELECT number AS value FROM numbers WHERE account_id = $1";

pub(crate) const ALL: &[&str] = &[PEOPLE, LINES, USERS, NUMBERS];

#[derive(sqlx::FromRow)]
struct Value {
    value: String,
}

#[derive(sqlx::FromRow)]
struct PersonRow {
    id: String,
    is_main: bool,
    role: Option<String>,
    short_number: Option<String>,
    login: Option<String>,
    supervisor_id: Option<String>,
    sip_user: Option<String>,
}

struct Person {
    id: StaffId,
    is_main: bool,
    role: Option<Role>,
    short: Option<String>,
    login: Option<String>,
    supervisor: Option<StaffId>,
    user: Option<String>,
}

/// A row of somebody who works here already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub line: usize,
    pub staff: StaffId,
    pub is_main: bool,
    pub role: Option<Role>,
}

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    New(StaffId),
    Changed(StaffId),
    Skipped,
}

impl Fate {
    fn staff(self) -> Option<StaffId> {
        match self {
            Fate::New(staff) | Fate::Changed(staff) => Some(staff),
            Fate::Skipped => None,
        }
    }
}

/// What becomes of all rows.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// In the rows' order.
    pub(super) fates: Vec<Fate>,
    pub(super) known: Vec<Known>,
    /// Who reports to whom by what the rows say.
    pub(super) supervisors: BTreeMap<StaffId, StaffId>,
}

/// Somebody is known by the short number, else by the SIP user: these belong to one person each.
///
/// # Errors
/// Every problem with what the account has already.
pub(super) async fn plan(
    tx: &mut Tx,
    ids: &mut Ids,
    account: &Account,
    (rows, duplicates): (&[Row], Duplicates),
) -> Result<Plan, ImportError> {
    let office = Office::look(tx, account).await?;
    let (mut plan, mut lines, mut problems) = (Plan::default(), BTreeMap::new(), Vec::new());
    for row in rows {
        let whose = match duplicates {
            Duplicates::Refuse => Ok(None),
            Duplicates::Skip | Duplicates::Update => office.whose(row),
        };
        let fate = match whose {
            Ok(None) => Fate::New(StaffId::new(ids.now, ids.random())),
            Ok(Some(person)) => {
                if let Some(other) = lines.insert(person.id, row.line) {
                    let message = format!("the same person as in row {other}");
                    problems.push(Problem::row(row.line, "twice", message));
                }
                plan.known.push(person.in_row(row.line));
                match duplicates {
                    Duplicates::Update => Fate::Changed(person.id),
                    Duplicates::Skip | Duplicates::Refuse => Fate::Skipped,
                }
            }
            Err(problem) => {
                problems.push(problem);
                Fate::Skipped
            }
        };
        if fate != Fate::Skipped {
            office.taken(row, fate, &mut problems);
        }
        plan.fates.push(fate);
    }
    plan.supervisors = office.supervisors(rows, &plan.fates, &mut problems);
    if problems.is_empty() {
        return Ok(plan);
    }
    problems.sort_by_key(|problem| problem.line);
    Err(ImportError::Problems(problems))
}

/// What the account has, and the SIP users of all accounts.
struct Office {
    /// The prefix of the account's logins.
    number: i64,
    people: Vec<Person>,
    shorts: BTreeMap<String, usize>,
    users: BTreeMap<String, usize>,
    lines: BTreeSet<String>,
    all_users: BTreeSet<String>,
    numbers: BTreeSet<String>,
}

impl Office {
    async fn look(tx: &mut Tx, account: &Account) -> Result<Office, StoreError> {
        let people: Vec<PersonRow> = tx.all(PEOPLE, args![account.id]).await?;
        let people = people.into_iter().map(read).collect::<Result<Vec<Person>, _>>()?;
        let by = |key: fn(&Person) -> Option<&String>| {
            let known = people.iter().enumerate();
            let known = known.filter_map(|(place, person)| Some((key(person)?.clone(), place)));
            known.collect::<BTreeMap<String, usize>>()
        };
        Ok(Office {
            number: account.number,
            shorts: by(|person| person.short.as_ref()),
            users: by(|person| person.user.as_ref()),
            people,
            lines: set(tx.all(LINES, args![account.id]).await?),
            all_users: set(tx.all(USERS, args![]).await?),
            numbers: set(tx.all(NUMBERS, args![account.id]).await?),
        })
    }

    fn whose(&self, row: &Row) -> Result<Option<&Person>, Problem> {
        let short = row.staff.short_number.as_ref().and_then(|short| self.shorts.get(short));
        let user = row.sip.as_ref().and_then(|sip| self.users.get(&sip.user));
        if short.zip(user).is_some_and(|(short, user)| short != user) {
            let message = "the short number and the SIP user are those of two people";
            return Err(Problem::cell(row.line, "sip_user", "ambiguous", message));
        }
        Ok(short.or(user).and_then(|place| self.people.get(*place)))
    }

    /// Which of the row's values others have already, and a SIP user that is nobody's yet and has no password.
    fn taken(&self, row: &Row, fate: Fate, problems: &mut Vec<Problem>) {
        let known = matches!(fate, Fate::Changed(_));
        let mut wrong = |column, code, message| problems.push(Problem::cell(row.line, column, code, message));
        if let Some(short) = &row.staff.short_number {
            let somebodys = !known && self.shorts.contains_key(short);
            if somebodys || self.lines.contains(short) {
                wrong("short_number", "taken", format!("somebody has {short} already"));
            }
        }
        if row
            .staff
            .phone
            .as_ref()
            .is_some_and(|phone| self.numbers.contains(phone))
        {
            wrong("phone", "taken", "one of our own connected numbers".to_owned());
        }
        if let Some(sip) = &row.sip {
            let theirs = known && self.users.contains_key(&sip.user);
            if !theirs && self.all_users.contains(&sip.user) {
                wrong("sip_user", "taken", format!("somebody has {} already", sip.user));
            } else if !theirs && sip.password.is_none() {
                wrong("sip_password", "required", NO_PASSWORD.to_owned());
            }
        }
    }

    /// Whom the rows name as supervisors, among those who are there when all have come in.
    fn supervisors(&self, rows: &[Row], fates: &[Fate], problems: &mut Vec<Problem>) -> BTreeMap<StaffId, StaffId> {
        let called = self.called(rows, fates);
        let known = self.people.iter();
        let known = known.filter_map(|person| Some((person.id, person.supervisor?)));
        let mut reports: BTreeMap<StaffId, StaffId> = known.collect();
        let mut said = BTreeMap::new();
        for (row, fate) in rows.iter().zip(fates) {
            let (Some(name), Some(staff)) = (&row.supervisor, fate.staff()) else {
                continue;
            };
            match called.whom(name) {
                Ok(supervisor) => {
                    reports.insert(staff, supervisor);
                    said.insert(staff, supervisor);
                }
                Err((code, message)) => problems.push(Problem::cell(row.line, "supervisor", code, message)),
            }
        }
        let circles = circles(&reports);
        for (row, fate) in rows.iter().zip(fates) {
            let staff = fate.staff().filter(|staff| said.contains_key(staff));
            if staff.is_some_and(|staff| circles.contains(&staff)) {
                let message = "the person would be above themselves in the end";
                problems.push(Problem::cell(row.line, "supervisor", "circle", message));
            }
        }
        said
    }

    fn called(&self, rows: &[Row], fates: &[Fate]) -> Called {
        let known = self.people.iter();
        let known = known.filter_map(|person| Some((person.id, person.short.as_deref()?)));
        let mut shorts: BTreeMap<StaffId, &str> = known.collect();
        for (row, fate) in rows.iter().zip(fates) {
            if let (Some(staff), Some(short)) = (fate.staff(), &row.staff.short_number) {
                shorts.insert(staff, short);
            }
        }
        let mut called = Called::default();
        for (staff, short) in shorts {
            called.add(short, staff);
        }
        for person in &self.people {
            called.add(&person.id.to_string(), person.id);
            if let Some(login) = &person.login {
                called.add(login, person.id);
                called.add(&format!("{}_{login}", self.number), person.id);
            }
        }
        called
    }
}

impl Person {
    fn in_row(&self, line: usize) -> Known {
        Known {
            line,
            staff: self.id,
            is_main: self.is_main,
            role: self.role,
        }
    }
}

fn read(row: PersonRow) -> Result<Person, StoreError> {
    Ok(Person {
        id: id(&row.id)?,
        is_main: row.is_main,
        role: row.role.as_deref().and_then(Role::named),
        short: row.short_number,
        login: row.login,
        supervisor: maybe_id(&row.supervisor_id)?,
        user: row.sip_user,
    })
}

fn set(values: Vec<Value>) -> BTreeSet<String> {
    values.into_iter().map(|value| value.value).collect()
}
