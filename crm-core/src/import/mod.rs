//! Staff and clients from files: all rows or none, and every problem at once.

mod clients;
mod fields;
mod jobs;
mod known;
mod read;
mod reports;
mod store;
mod table;
mod vcard;
mod workbook;

use std::fmt;

use crate::store::StoreError;

pub use clients::{Managers, Ready, check_clients, enter_clients, look};
pub use fields::{Kind, Mapping};
pub use jobs::{Ended, Job, State, begin, fail, get, interrupted, list};
pub use known::Known;
pub use store::{StaffRows, check_staff, enter_staff, staff_csv, staff_known};
pub use table::{Format, LARGEST, Line, MOST_ROWS, Table, read};

pub(crate) use clients::ALL as CLIENTS;
pub(crate) use jobs::ALL as JOBS;
pub(crate) use known::ALL;

/// What came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    pub staff: usize,
    pub sip_accounts: usize,
}

/// What is wrong in a place of the file; lines count from 1, the header's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub line: usize,
    /// As the header calls it; `None` when the whole line is meant.
    pub column: Option<String>,
    /// For programs: `required`, `invalid`, `taken`, `twice`, `formula`, ...
    pub code: &'static str,
    pub message: String,
}

impl Problem {
    /// Of the file as a whole.
    pub(crate) fn file(code: &'static str, message: impl Into<String>) -> Problem {
        Problem::row(1, code, message)
    }

    pub(crate) fn row(line: usize, code: &'static str, message: impl Into<String>) -> Problem {
        Problem {
            line,
            column: None,
            code,
            message: message.into(),
        }
    }

    pub(crate) fn cell(line: usize, column: &str, code: &'static str, message: impl Into<String>) -> Problem {
        Problem {
            column: Some(column.to_owned()),
            ..Problem::row(line, code, message)
        }
    }
}

/// What is done with a row whose number somebody has already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// It is a problem, and nothing comes in.
    #[default]
    Refuse,
    /// The row stays out.
    Skip,
    /// What the row says takes the place of what is known.
    Update,
}

impl Duplicates {
    pub fn name(self) -> &'static str {
        match self {
            Duplicates::Refuse => "refuse",
            Duplicates::Skip => "skip",
            Duplicates::Update => "update",
        }
    }

    pub fn read(name: &str) -> Option<Duplicates> {
        let all = [Duplicates::Refuse, Duplicates::Skip, Duplicates::Update];
        all.into_iter().find(|known| known.name() == name)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "line {}, {column}: {}", self.line, self.message),
            None => write!(f, "line {}: {}", self.line, self.message),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{}", listed(.0))]
    Problems(Vec<Problem>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}
