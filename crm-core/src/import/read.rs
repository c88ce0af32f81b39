//! The file as rows of checked values. Pure.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord, Trim};

use super::Problem;
use crate::staff::NewStaff;
use crate::staff::rules::{self, Checked};
use crate::store::{FieldError, StoreError};

const LARGEST: usize = 32 * 1024 * 1024;
const MOST_ROWS: usize = 100_000;
const MOST_PROBLEMS: usize = 1_000;
const LONGEST_SIP: usize = 64;

const COLUMNS: &[&str] = &[
    "surname",
    "given_name",
    "patronymic",
    "position",
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
}

pub(super) struct SipRow {
    pub(super) user: String,
    pub(super) password: String,
}

/// Every row, or every problem. What the database has is not looked at.
pub(super) fn rows(bytes: &[u8], region: &str) -> Result<Vec<Row>, Vec<Problem>> {
    let text = text(bytes).map_err(|problem| vec![problem])?;
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(&text))
        .flexible(true)
        .has_headers(false)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let mut lines = Lines {
        text: &text,
        at: 0,
        line: 1,
    };
    let mut records = reader.records();
    let Some(Ok(header)) = records.next() else {
        return Err(vec![whole(1, "the header is missing: a line that names the columns")]);
    };
    let columns = columns(&header, lines.of(&header))?;
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for record in records {
        match record {
            Ok(record) => {
                let line = lines.of(&record);
                match row(&columns, &record, line, region) {
                    Ok(row) => rows.push(row),
                    Err(more) => problems.extend(more),
                }
            }
            Err(error) => problems.push(whole(lines.line, error.to_string())),
        }
        if rows.len() > MOST_ROWS || problems.len() > MOST_PROBLEMS {
            problems.push(whole(lines.line, "too much of it: the rest was not read"));
            break;
        }
    }
    twice(&rows, &mut problems);
    if problems.is_empty() && rows.is_empty() {
        problems.push(whole(1, "there is nobody in the file"));
    }
    if problems.is_empty() {
        return Ok(rows);
    }
    problems.sort_by_key(|problem| problem.line);
    Err(problems)
}

fn text(bytes: &[u8]) -> Result<String, Problem> {
    if bytes.len() > LARGEST {
        return Err(whole(1, "the file is larger than 32 MiB"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let read = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = read.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
        whole(line, "not UTF-8: save the file as \"CSV UTF-8\"")
    })?;
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// Spreadsheets write `;` where a comma is the decimal sign.
fn delimiter(text: &str) -> u8 {
    let header = text.trim_start().lines().next().unwrap_or_default();
    if header.contains(';') { b';' } else { b',' }
}

/// Which column stands where.
fn columns(header: &StringRecord, line: usize) -> Result<Vec<&'static str>, Vec<Problem>> {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for name in header {
        match COLUMNS.iter().find(|known| known.eq_ignore_ascii_case(name)) {
            Some(known) if found.contains(known) => problems.push(at(line, known, "this column stands there twice")),
            Some(known) => found.push(*known),
            None => {
                let message = format!("there is no such column; those known are {}", COLUMNS.join(", "));
                problems.push(at(line, &name.chars().take(60).collect::<String>(), message));
            }
        }
    }
    if problems.is_empty() && !found.contains(&"surname") && !found.contains(&"given_name") {
        problems.push(at(line, "surname", "one of surname and given_name is needed"));
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

fn row(columns: &[&'static str], record: &StringRecord, line: usize, region: &str) -> Result<Row, Vec<Problem>> {
    if record.len() != columns.len() {
        let message = format!("{} values, but the header has {} columns", record.len(), columns.len());
        return Err(vec![whole(line, message)]);
    }
    let values: BTreeMap<&str, &str> = columns.iter().copied().zip(record).collect();
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
        short_number: value("short_number"),
        ..NewStaff::default()
    };
    let sip = sip(value("sip_user"), value("sip_password"));
    let faults = match (rules::new(&new, region), sip) {
        (Ok(staff), Ok(sip)) => return Ok(Row { line, staff, sip }),
        (Ok(_), Err(faults)) => faults,
        (Err(error), Ok(_)) => faults_of(error),
        (Err(error), Err(more)) => faults_of(error).into_iter().chain(more).collect(),
    };
    Err(faults
        .into_iter()
        .map(|fault| at(line, &fault.field, fault.message))
        .collect())
}

fn faults_of(error: StoreError) -> Vec<FieldError> {
    if let StoreError::Invalid(faults) = error {
        return faults;
    }
    vec![FieldError::new("surname", "invalid", error.to_string())]
}

fn sip(user: Option<String>, password: Option<String>) -> Result<Option<SipRow>, Vec<FieldError>> {
    let (user, password) = match (user, password) {
        (None, None) => return Ok(None),
        (Some(_), None) => {
            return Err(vec![FieldError::new(
                "sip_password",
                "required",
                "a SIP user has a password",
            )]);
        }
        (None, Some(_)) => {
            return Err(vec![FieldError::new(
                "sip_user",
                "required",
                "a SIP password has a user",
            )]);
        }
        (Some(user), Some(password)) => (user, password),
    };
    let mut faults = Vec::new();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.!~*'()+&=$,?/".contains(c);
    if user.len() > LONGEST_SIP || !user.chars().all(plain) {
        let message = format!("latin letters, digits and -_.!~*'()+&=$,?/ only, {LONGEST_SIP} at most");
        faults.push(FieldError::new("sip_user", "invalid", message));
    }
    if password.chars().count() > LONGEST_SIP.saturating_mul(2) || password.chars().any(char::is_control) {
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
        Some(first) => problems.push(at(line, column, format!("{value} stands in line {first} too"))),
        None => drop(seen.insert(value, line)),
    }
}

pub(super) fn at(line: usize, column: &str, message: impl Into<String>) -> Problem {
    Problem {
        line,
        column: Some(column.to_owned()),
        message: message.into(),
    }
}

fn whole(line: usize, message: impl Into<String>) -> Problem {
    Problem {
        line,
        column: None,
        message: message.into(),
    }
}

/// Lines of records, counted as an editor counts them: blank ones too.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    fn of(&mut self, record: &StringRecord) -> usize {
        let start = record
            .position()
            .and_then(|position| usize::try_from(position.byte()).ok())
            .unwrap_or(self.at);
        let blank = self
            .text
            .get(start..)
            .unwrap_or_default()
            .bytes()
            .take_while(|byte| *byte == b'\n')
            .count();
        let start = start.saturating_add(blank);
        let passed = self.text.get(self.at..start).unwrap_or_default();
        self.line = self
            .line
            .saturating_add(passed.bytes().filter(|byte| *byte == b'\n').count());
        self.at = self.at.max(start);
        self.line
    }
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
        assert_eq!(
            rows(b"surname\nA\n\xd0\n", "RU")
                .err()
                .unwrap()
                .first()
                .unwrap()
                .to_string(),
            "line 3: not UTF-8: save the file as \"CSV UTF-8\""
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
