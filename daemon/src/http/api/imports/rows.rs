//! The rows of a file: checked by themselves, and beside those who are known already.

use std::collections::BTreeSet;

use frontdesk_crm_core::accounts;
use frontdesk_crm_core::import::{
    self, Duplicates, ImportError, Kind, Known, Mapping, Problem as Fault, Ready, StaffRows, Table,
};
use frontdesk_routing::ids::StaffId;

use super::Order;
use crate::http::State;
use crate::http::auth::{Access, Role};
use crate::http::error::{ApiError, ApiResult};

/// Rows that can come in, as far as the file itself says.
pub(super) enum Rows {
    Clients(Ready),
    Staff(StaffRows),
}

/// The rows, or all that is wrong in the file itself.
pub(super) async fn checked(
    state: &State,
    access: &Access,
    (order, mapping): (&Order, &Mapping),
    table: &Table,
) -> ApiResult<Result<Rows, Vec<Fault>>> {
    let account = accounts::get(&state.db, access.account).await?;
    let managers = import::look(&state.db, access.account).await?;
    let (kind, duplicates) = (order.kind, order.duplicates);
    let (mapping, table) = (mapping.clone(), table.clone());
    let work = move || match kind {
        Kind::Clients => import::check_clients(&table, &mapping, &managers, &account.region).map(Rows::Clients),
        Kind::Staff => import::check_staff(&table, &mapping, &account.region, duplicates).map(Rows::Staff),
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ApiError::internal(&error))
}

/// What the rows come to beside what the company has already.
pub(super) struct Found {
    /// Rows of somebody who is known already.
    pub(super) known: usize,
    pub(super) faults: Vec<Fault>,
    /// The staff whom rows change.
    pub(super) changes: BTreeSet<StaffId>,
}

impl Found {
    fn wrong(faults: Vec<Fault>) -> Found {
        let taken = faults.iter().filter(|fault| fault.code == "taken");
        let lines: BTreeSet<usize> = taken.map(|fault| fault.line).collect();
        Found {
            known: lines.len(),
            faults,
            changes: BTreeSet::new(),
        }
    }

    /// How many rows would be new, change somebody and stay out.
    pub(super) fn counts(&self, rows: usize, duplicates: Duplicates) -> [usize; 3] {
        if !self.faults.is_empty() {
            return [0; 3];
        }
        let new = rows.saturating_sub(self.known);
        match duplicates {
            Duplicates::Refuse => [new, 0, 0],
            Duplicates::Skip => [new, 0, self.known],
            Duplicates::Update => [new, self.known, 0],
        }
    }
}

/// How many rows are of somebody known, and what is wrong with that.
pub(super) async fn known(state: &State, access: &Access, duplicates: Duplicates, rows: &Rows) -> ApiResult<Found> {
    let found = match rows {
        Rows::Clients(ready) => {
            let known = ready.duplicates(&state.db, access.account, duplicates).await;
            known.map(|known| Found {
                known,
                faults: Vec::new(),
                changes: BTreeSet::new(),
            })
        }
        Rows::Staff(rows) => {
            let known = import::staff_known(&state.db, &access.author(state), rows, duplicates).await;
            known.map(|known| staff(access, duplicates, &known))
        }
    };
    match found {
        Ok(found) => Ok(found),
        Err(ImportError::Problems(faults)) => Ok(Found::wrong(faults)),
        Err(ImportError::Store(error)) => Err(error.into()),
    }
}

/// A file changes nobody whom whoever brings it may not change otherwise.
fn staff(access: &Access, duplicates: Duplicates, known: &[Known]) -> Found {
    let beyond = |known: &&Known| {
        let main = known.is_main && access.role != Role::Main;
        let duties = access.duties.of(known.staff, known.role);
        duplicates == Duplicates::Update && (main || access.need_no_less_than(&duties).is_err())
    };
    let fault = |known: &Known| Fault {
        line: known.line,
        column: None,
        code: "forbidden",
        message: "the main account, or somebody with rights that you do not have".to_owned(),
    };
    Found {
        known: known.len(),
        faults: known.iter().filter(beyond).map(fault).collect(),
        changes: known.iter().map(|known| known.staff).collect(),
    }
}
