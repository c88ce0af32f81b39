//! Imports as the API takes and tells them.

use frontdesk_crm_core::import::{Job, Problem as Fault};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::bad_query;
use crate::http::error::{ApiError, ApiResult, FieldProblem};
use crate::live::view::time;

/// Faults of one answer when it is not said, and at most.
const FAULTS: usize = 200;
const MOST_FAULTS: usize = 500;

/// A file that is brought in, or was.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImportView {
    pub(super) id: String,
    /// `clients` or `staff`.
    pub(super) kind: String,
    pub(super) file_name: String,
    /// `csv`, `vcard` or `xlsx`.
    pub(super) format: String,
    /// `refuse`, `skip` or `update`.
    pub(super) duplicates: String,
    /// `running`, `done`, `failed` or `interrupted`: of the last two nothing came in.
    pub(super) state: &'static str,
    pub(super) rows: i64,
    pub(super) created: i64,
    pub(super) updated: i64,
    pub(super) skipped: i64,
    /// Why it failed.
    pub(super) problem: Option<String>,
    pub(super) author: String,
    pub(super) author_id: Option<String>,
    #[schema(format = DateTime)]
    pub(super) started_at: String,
    #[schema(format = DateTime)]
    pub(super) ended_at: Option<String>,
}

/// What a file holds, and what is wrong with it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PreviewView {
    /// `csv`, `vcard` or `xlsx`.
    pub(super) format: &'static str,
    /// `UTF-8`, `UTF-16LE`, `UTF-16BE` or `windows-1251`.
    pub(super) encoding: Option<&'static str>,
    /// The workbook's sheet that was looked at.
    pub(super) sheet: Option<String>,
    /// All that the workbook shows.
    pub(super) sheets: Vec<String>,
    pub(super) columns: Vec<ColumnView>,
    /// The fields that a column may be.
    pub(super) fields: Vec<&'static str>,
    pub(super) rows: usize,
    /// Rows of somebody who is known already.
    pub(super) duplicates: usize,
    /// Rows that would come in as somebody new; none as long as anything is wrong, and so for the next two.
    pub(super) created: usize,
    /// Rows that would change somebody who is known.
    pub(super) updated: usize,
    /// Rows that would stay out.
    pub(super) skipped: usize,
    /// All that there are.
    pub(super) fault_count: usize,
    /// `limit` of them from `after` on, by rows.
    pub(super) faults: Vec<FaultView>,
    /// Send it as `after`, with the same file, to go on; `null` at the end.
    pub(super) next_after: Option<usize>,
    /// The first rows; none for whom clients' numbers are hidden.
    pub(super) sample: Vec<Vec<String>>,
}

/// A column of the file.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ColumnView {
    pub(super) name: String,
    /// What it becomes; absent: it stays out.
    pub(super) field: Option<&'static str>,
}

/// What is wrong in a place of the file.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FaultView {
    /// From 1, the header's row.
    pub(super) row: usize,
    /// As the header calls it; absent: the whole row.
    pub(super) column: Option<String>,
    /// For programs.
    pub(super) code: &'static str,
    /// For people: what is allowed.
    pub(super) message: String,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportParams {
    /// `clients` or `staff`; clients when it is not said.
    pub(super) kind: Option<String>,
    /// Rows of somebody who is known already, clients by a number and staff by the short number or the SIP user: `refuse` (not
    /// said), `skip` or `update`.
    pub(super) duplicates: Option<String>,
    /// For each column of the file the field that it is, with commas between them and nothing where it stays out; not said:
    /// found by the columns' names.
    pub(super) columns: Option<String>,
    /// Which sheet of a workbook; the first when it is not said.
    pub(super) sheet: Option<String>,
    /// What the file is called.
    pub(super) file_name: Option<String>,
}

/// The same, and which part of the faults.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PreviewParams {
    /// `clients` or `staff`; clients when it is not said.
    pub(super) kind: Option<String>,
    /// Rows of somebody who is known already, clients by a number and staff by the short number or the SIP user: `refuse` (not
    /// said), `skip` or `update`.
    pub(super) duplicates: Option<String>,
    /// For each column of the file the field that it is, with commas between them and nothing where it stays out; not said:
    /// found by the columns' names.
    pub(super) columns: Option<String>,
    /// Which sheet of a workbook; the first when it is not said.
    pub(super) sheet: Option<String>,
    /// What the file is called.
    pub(super) file_name: Option<String>,
    /// So many of the faults are passed over: `next_after` of the answer before.
    pub(super) after: Option<u32>,
    /// Faults in one answer: 1 to 500, 200 when it is not said.
    pub(super) limit: Option<u32>,
}

impl PreviewParams {
    pub(super) fn file(self) -> ImportParams {
        ImportParams {
            kind: self.kind,
            duplicates: self.duplicates,
            columns: self.columns,
            sheet: self.sheet,
            file_name: self.file_name,
        }
    }
}

/// The part of the faults that is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    after: usize,
    limit: usize,
}

impl Part {
    /// # Errors
    /// A limit out of its bounds.
    pub(super) fn asked(params: &PreviewParams) -> ApiResult<Part> {
        let limit = params
            .limit
            .map_or(FAULTS, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        if !(1..=MOST_FAULTS).contains(&limit) {
            return Err(bad_query("limit", "invalid", format!("1 to {MOST_FAULTS}")));
        }
        let after = params.after.unwrap_or(0);
        let after = usize::try_from(after).unwrap_or(usize::MAX);
        Ok(Part { after, limit })
    }

    /// The faults of this part, and where the next one begins.
    pub(super) fn of(self, faults: Vec<Fault>) -> (Vec<FaultView>, Option<usize>) {
        let end = self.after.saturating_add(self.limit);
        let next = (end < faults.len()).then_some(end);
        let part = faults.into_iter().skip(self.after).take(self.limit);
        (part.map(fault).collect(), next)
    }
}

fn fault(fault: Fault) -> FaultView {
    FaultView {
        row: fault.line,
        column: fault.column,
        code: fault.code,
        message: fault.message,
    }
}

/// The first of the faults, as those of a request.
pub(super) fn wrong(faults: Vec<Fault>) -> ApiError {
    let named = |fault: Fault| FieldProblem {
        field: match fault.column {
            Some(column) => format!("rows[{}].{column}", fault.line),
            None => format!("rows[{}]", fault.line),
        },
        code: fault.code.to_owned(),
        message: fault.message,
    };
    ApiError::invalid(faults.into_iter().take(FAULTS).map(named).collect())
}

pub(super) fn view(job: Job) -> ImportView {
    ImportView {
        id: job.id.to_string(),
        kind: job.kind,
        file_name: job.file_name,
        format: job.format,
        duplicates: job.duplicates,
        state: job.state.name(),
        rows: job.rows,
        created: job.created,
        updated: job.updated,
        skipped: job.skipped,
        problem: job.problem,
        author: job.author,
        author_id: job.staff.map(|staff| staff.to_string()),
        started_at: time(job.started_at),
        ended_at: job.ended_at.map(time),
    }
}
