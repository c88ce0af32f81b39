//! The file as rows of checked values. Pure.

use std::collections::BTreeMap;

use super::table::{self, Line, MOST_PROBLEMS, Table, unguarded};
use super::{Duplicates, Problem};
use crate::staff::NewStaff;
use crate::staff::rules::{self, Checked};
use crate::store::{FieldError, StoreError};

const LONGEST_SIP: usize = 64;
pub(super) const NO_PASSWORD: &str = "a SIP user has a password";

pub(super) const COLUMNS: &[&str] = &[
    "surname",
    "given_name",
    "patronymic",
    "position",
    "work_place",
    "supervisor",
    "phone",
    "email",
    "short_number",
    "sip_user",
    "sip_password",
];

/// A line that can come in, if nobody else has its numbers.
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) staff: Checked,
    pub(super) sip: Option<SipRow>,
    /// Whether it says where the person works.
    pub(super) work_place: bool,
    /// As typed.
    pub(super) supervisor: Option<String>,
}

pub(super) struct SipRow {
    pub(super) user: String,
    /// `None`: the user only says who it is.
    pub(super) password: Option<String>,
}

/// Every row, or every problem. What the database has is not looked at.
pub(super) fn rows(bytes: &[u8], region: &str) -> Result<Vec<Row>, Vec<Problem>> {
    let table = table::read(bytes, None).map_err(|problem| vec![problem])?;
    let columns = columns(&table)?;
    staff(&table, &columns, (region, Duplicates::Refuse))
}

/// The same of a table whose columns are known; one that is `None` stays out. A SIP user without a password may say whom the
/// row is of, where those who are known are not refused.
pub(super) fn staff(
    table: &Table,
    columns: &[Option<&'static str>],
    (region, duplicates): (&str, Duplicates),
) -> Result<Vec<Row>, Vec<Problem>> {
    let (mut rows, mut problems) = (Vec::new(), table.faults(columns));
    for line in &table.rows {
        match row(columns, line, (region, duplicates)) {
            Ok(row) => rows.push(row),
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
    twice(&rows, &mut problems);
    if problems.is_empty() {
        return Ok(rows);
    }
    problems.sort_by_key(|problem| problem.line);
    Err(problems)
}

/// Which column stands where, when all have to be known.
fn columns(table: &Table) -> Result<Vec<Option<&'static str>>, Vec<Problem>> {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    let line = table.header_line;
    for name in &table.header {
        match COLUMNS.iter().find(|known| known.eq_ignore_ascii_case(name)) {
            Some(known) if found.contains(&Some(*known)) => {
                problems.push(at(line, known, "this column stands there twice"));
            }
            Some(known) => found.push(Some(*known)),
            None => {
                let message = format!("there is no such column; those known are {}", COLUMNS.join(", "));
                problems.push(at(line, &name.chars().take(60).collect::<String>(), message));
            }
        }
    }
    if problems.is_empty() && !found.contains(&Some("surname")) && !found.contains(&Some("given_name")) {
        problems.push(at(line, "surname", "one of surname and given_name is needed"));
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

fn row(
    columns: &[Option<&'static str>],
    record: &Line,
    (region, duplicates): (&str, Duplicates),
) -> Result<Row, Vec<Problem>> {
    let line = record.line;
    let known = columns.iter().zip(&record.cells);
    let values: BTreeMap<&str, &str> = known
        .filter_map(|(column, cell)| match (*column)? {
            // nobody of ours writes it into a file
            "sip_password" => Some(("sip_password", cell.as_str())),
            column => Some((column, unguarded(cell))),
        })
        .collect();
    let value = |column: &str| {
        values
            .get(column)
            .filter(|value| !value.is_empty())
            .map(|value| (*value).to_owned())
    };
    let new = NewStaff {
        surname: value("surname"),
        given_name: value("given_name"),
        patronymic: value("patronymic"),
        phone: value("phone"),
        email: value("email"),
        position: value("position"),
        work_place: value("work_place"),
        short_number: value("short_number"),
        ..NewStaff::default()
    };
    let (work_place, supervisor) = (new.work_place.is_some(), value("supervisor"));
    let sip = sip((value("sip_user"), value("sip_password")), duplicates);
    let faults = match (rules::new(&new, region), sip) {
        (Ok(staff), Ok(sip)) => {
            return Ok(Row {
                line,
                staff,
                sip,
                work_place,
                supervisor,
            });
        }
        (Ok(_), Err(faults)) => faults,
        (Err(error), Ok(_)) => faults_of(error),
        (Err(error), Err(more)) => faults_of(error).into_iter().chain(more).collect(),
    };
    Err(faults
        .into_iter()
        .map(|fault| Problem::cell(line, &fault.field, fault.code, fault.message))
        .collect())
}

fn faults_of(error: StoreError) -> Vec<FieldError> {
    if let StoreError::Invalid(faults) = error {
        return faults;
    }
    vec![FieldError::new("surname", "invalid", error.to_string())]
}

fn sip(
    (user, password): (Option<String>, Option<String>),
    duplicates: Duplicates,
) -> Result<Option<SipRow>, Vec<FieldError>> {
    let (user, password) = match (user, password) {
        (None, None) => return Ok(None),
        (Some(_), None) if duplicates == Duplicates::Refuse => {
            return Err(vec![FieldError::new("sip_password", "required", NO_PASSWORD)]);
        }
        (None, Some(_)) => {
            return Err(vec![FieldError::new(
                "sip_user",
                "required",
                "a SIP password has a user",
            )]);
        }
        (Some(user), password) => (user, password),
    };
    let mut faults = Vec::new();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.!~*'()+&=$,?/".contains(c);
    if user.len() > LONGEST_SIP || !user.chars().all(plain) {
        let message = format!("latin letters, digits and -_.!~*'()+&=$,?/ only, {LONGEST_SIP} at most");
        faults.push(FieldError::new("sip_user", "invalid", message));
    }
    let long = |password: &String| password.chars().count() > LONGEST_SIP.saturating_mul(2);
    let wrong = |password: &String| long(password) || password.chars().any(char::is_control);
    if password.as_ref().is_some_and(wrong) {
        faults.push(FieldError::new("sip_password", "invalid", "128 characters at most"));
    }
    if faults.is_empty() {
        Ok(Some(SipRow { user, password }))
    } else {
        Err(faults)
    }
}

/// Values that only one person may have and that stand in two lines.
fn twice(rows: &[Row], problems: &mut Vec<Problem>) {
    let (mut shorts, mut users) = (BTreeMap::new(), BTreeMap::new());
    for row in rows {
        if let Some(short) = &row.staff.short_number {
            again(&mut shorts, short, ("short_number", row.line), problems);
        }
        if let Some(sip) = &row.sip {
            again(&mut users, &sip.user, ("sip_user", row.line), problems);
        }
    }
}

fn again<'a>(
    seen: &mut BTreeMap<&'a str, usize>,
    value: &'a str,
    (column, line): (&str, usize),
    problems: &mut Vec<Problem>,
) {
    match seen.get(value) {
        Some(first) => {
            let message = format!("{value} stands in line {first} too");
            problems.push(Problem::cell(line, column, "twice", message));
        }
        None => drop(seen.insert(value, line)),
    }
}

pub(super) fn at(line: usize, column: &str, message: impl Into<String>) -> Problem {
    Problem::cell(line, column, "invalid", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        match rows(text.as_bytes(), "RU") {
            Ok(_) => Vec::new(),
            Err(problems) => problems.iter().map(Problem::to_string).collect(),
        }
    }

    fn people(text: &str) -> Vec<String> {
        let rows = rows(text.as_bytes(), "RU").unwrap_or_else(|problems| panic!("{problems:?}"));
        let show = |row: &Row| {
            let staff = &row.staff;
            let parts = [&staff.surname, &staff.given_name, &staff.short_number, &staff.phone];
            let user = row.sip.as_ref().map(|sip| &sip.user);
            let parts: Vec<&str> = parts.into_iter().flatten().chain(user).map(String::as_str).collect();
            format!("{} {}", row.line, parts.join(" "))
        };
        rows.iter().map(show).collect()
    }

    #[test]
    fn columns_come_in_any_order_with_either_separator_and_a_mark_before_them() {
        let check = |text: &str, expected: &[&str]| assert_eq!(people(text), expected, "{text:?}");
        check("surname,short_number\nОрлова,105\n", &["2 Орлова 105"]);
        check(
            "\u{feff}short_number;surname\r\n105;Орлова\r\n\r\n106;\"Соколов; мл.\"",
            &["2 Орлова 105", "4 Соколов; мл. 106"],
        );
        check("Surname , GIVEN_NAME\n \"Орлова\" , Анна ", &["2 \"Орлова\" Анна"]);
        check(
            "given_name,sip_user,sip_password,phone\nA,u1,s e\"c,8 912 345-67-89",
            &["2 A +79123456789 u1"],
        );
        check("given_name,position\n\n\"A\",\"two\nlines\"\nB,", &["3 A", "5 B"]);
    }

    #[test]
    fn every_problem_is_named_with_line_and_column() {
        let check = |text: &str, expected: &[&str]| assert_eq!(problems(text), expected, "{text:?}");
        check("", &["line 1: the header is missing: a line that names the columns"]);
        check("surname\n", &["line 1: there is nobody in the file"]);
        let known = COLUMNS.join(", ");
        check(
            "surname,salary,surname\nA,1,2",
            &[
                &format!("line 1, salary: there is no such column; those known are {known}"),
                "line 1, surname: this column stands there twice",
            ],
        );
        check(
            "phone\n1",
            &["line 1, surname: one of surname and given_name is needed"],
        );
        check(
            "surname,short_number,sip_user,sip_password\n,1,a b,x\n\nB,105,u,\nC,106,u,p\nD,106,u,p\nE,107,\n",
            &[
                "line 2, short_number: not a short number: 2 to 6 digits expected",
                "line 2, given_name: a name is needed",
                "line 2, sip_user: latin letters, digits and -_.!~*'()+&=$,?/ only, 64 at most",
                "line 4, sip_password: a SIP user has a password",
                "line 6, short_number: 106 stands in line 5 too",
                "line 6, sip_user: u stands in line 5 too",
                "line 7: 3 values, but the header has 4 columns",
            ],
        );
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_fail_otherwise(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let mut file = b"surname,short_number,sip_user,sip_password\n".to_vec();
            file.extend(&bytes);
            let _ = rows(&file, "RU");
            let _ = rows(&bytes, "RU");
        }
    }
}
