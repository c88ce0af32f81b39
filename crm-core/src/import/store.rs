//! Staff of a file in the tables: new ones, and what it says of those who are known.

use std::collections::BTreeSet;

use frontdesk_routing::ids::{ImportId, StaffId};
use serde_json::json;

use super::known::{self, Fate, Known, Plan};
use super::read::{self, Row, SipRow};
use super::{Duplicates, Ended, ImportError, Imported, Mapping, Problem, Table, jobs};
use crate::accounts::{self, Account};
use crate::audit::{self, Author, Deed};
use crate::projects;
use crate::sip_accounts::{self, Ha1, Owner};
use crate::staff::{self, Said, supervisor};
use crate::store::{Db, FieldError, Ids, StoreError, Tx};

/// Brings the staff of a file into an account. SIP passwords are kept as digests in the account's realm only.
pub async fn staff_csv(db: &Db, author: &Author, file: &[u8]) -> Result<Imported, ImportError> {
    let account = accounts::get(db, author.account).await?;
    let rows = read::rows(file, &account.region).map_err(ImportError::Problems)?;
    let sip_accounts = rows.iter().filter(|row| row.sip.is_some()).count();
    let mut tx = db.begin().await?;
    let mut ids = author.stamp.ids();
    let way = Way {
        duplicates: Duplicates::Refuse,
        may_change: &BTreeSet::new(),
        progress: &|_| {},
    };
    let ended = bring(&mut tx, &mut ids, (author, &account), rows, way).await?;
    tx.commit().await?;
    Ok(Imported {
        staff: ended.created,
        sip_accounts,
    })
}

/// Staff of a table that can come in, as far as the table itself says.
pub struct StaffRows(Vec<Row>);

impl StaffRows {
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// # Errors
/// Every problem of the table itself.
pub fn check_staff(
    table: &Table,
    mapping: &Mapping,
    region: &str,
    duplicates: Duplicates,
) -> Result<StaffRows, Vec<Problem>> {
    read::staff(table, &mapping.0, (region, duplicates)).map(StaffRows)
}

/// Which rows are of somebody who works here already.
///
/// # Errors
/// Problems with what the account has; with `Refuse` each of these rows is one.
pub async fn staff_known(
    db: &Db,
    author: &Author,
    rows: &StaffRows,
    duplicates: Duplicates,
) -> Result<Vec<Known>, ImportError> {
    let account = accounts::get(db, author.account).await?;
    let (mut tx, mut ids) = (db.begin().await?, author.stamp.ids());
    let plan = known::plan(&mut tx, &mut ids, &account, (&rows.0, duplicates)).await?;
    Ok(plan.known)
}

/// How rows come in.
struct Way<'a> {
    duplicates: Duplicates,
    may_change: &'a BTreeSet<StaffId>,
    /// Told how many rows are in so far.
    progress: &'a (dyn Fn(usize) + Send + Sync),
}

/// Rows after which it is told how many are in.
const TOLD_AFTER: usize = 200;

/// Brings in all rows and ends the job, or neither. Of those who are known only `may_change` are changed. Tells how many rows
/// are in so far.
///
/// # Errors
/// Problems with what the account has meanwhile; a row of somebody who is known and not among `may_change`.
pub async fn enter_staff(
    db: &Db,
    author: &Author,
    (job, duplicates): (ImportId, Duplicates),
    (rows, may_change): (StaffRows, &BTreeSet<StaffId>),
    progress: impl Fn(usize) + Send + Sync,
) -> Result<Ended, ImportError> {
    let account = accounts::get(db, author.account).await?;
    let mut tx = db.begin().await?;
    let mut ids = author.stamp.ids();
    let way = Way {
        duplicates,
        may_change,
        progress: &progress,
    };
    let ended = bring(&mut tx, &mut ids, (author, &account), rows.0, way).await?;
    jobs::done(&mut tx, (author, &mut ids), job, ended).await?;
    tx.commit().await?;
    Ok(ended)
}

async fn bring(
    tx: &mut Tx,
    ids: &mut Ids,
    who: (&Author, &Account),
    rows: Vec<Row>,
    way: Way<'_>,
) -> Result<Ended, ImportError> {
    supervisor::hold(tx, who.1.id).await?;
    let plan = known::plan(tx, ids, who.1, (&rows, way.duplicates)).await?;
    allowed(&plan, way.duplicates, way.may_change)?;
    let mut ended = Ended::default();
    for (row, fate) in rows.into_iter().zip(&plan.fates) {
        let line = row.line;
        match *fate {
            Fate::New(staff) => {
                ended.created = ended.created.saturating_add(1);
                let supervisor = plan.supervisors.get(&staff).copied();
                enter(tx, ids, who, (staff, supervisor, row)).await?;
            }
            Fate::Changed(staff) => {
                ended.updated = ended.updated.saturating_add(1);
                let said = said(who.1, row, plan.supervisors.get(&staff).copied());
                in_row(line, staff::change(tx, ids, who, (staff, said)).await)?;
            }
            Fate::Skipped => ended.skipped = ended.skipped.saturating_add(1),
        }
        if ended.rows().is_multiple_of(TOLD_AFTER) {
            (way.progress)(ended.rows());
        }
    }
    (way.progress)(ended.rows());
    // only now everybody is there
    for (staff, supervisor) in plan.supervisors {
        supervisor::set(tx, staff, Some(supervisor)).await?;
    }
    Ok(ended)
}

/// Rights may have moved since somebody looked.
fn allowed(plan: &Plan, duplicates: Duplicates, may_change: &BTreeSet<StaffId>) -> Result<(), ImportError> {
    let beyond = |known: &&Known| duplicates == Duplicates::Update && !may_change.contains(&known.staff);
    let message = "whoever brings the file in may not change this person";
    let beyond = plan.known.iter().filter(beyond);
    let problems: Vec<Problem> = beyond
        .map(|known| Problem::row(known.line, "forbidden", message))
        .collect();
    match problems.is_empty() {
        true => Ok(()),
        false => Err(ImportError::Problems(problems)),
    }
}

fn in_row(line: usize, done: Result<(), StoreError>) -> Result<(), ImportError> {
    let problem = |fault: FieldError| Problem::cell(line, &fault.field, fault.code, fault.message);
    match done {
        Ok(()) => Ok(()),
        Err(StoreError::Invalid(faults) | StoreError::Taken(faults)) => {
            Err(ImportError::Problems(faults.into_iter().map(problem).collect()))
        }
        Err(error) => Err(ImportError::Store(error)),
    }
}

fn said(account: &Account, row: Row, supervisor: Option<StaffId>) -> Said {
    Said {
        staff: row.staff,
        work_place: row.work_place,
        supervisor,
        sip: row.sip.and_then(|sip| digests(account, sip)),
    }
}

fn digests(account: &Account, sip: SipRow) -> Option<(String, Ha1)> {
    let ha1 = Ha1::of(&sip.user, &account.realm, &sip.password?);
    Some((sip.user, ha1))
}

async fn enter(
    tx: &mut Tx,
    ids: &mut Ids,
    (author, account): (&Author, &Account),
    (id, supervisor, row): (StaffId, Option<StaffId>, Row),
) -> Result<(), StoreError> {
    let mut after = supervisor::told_with(staff::told(&row.staff), supervisor);
    staff::insert(tx, ids, (account.id, id, false), row.staff.into_row(), None).await?;
    projects::enter(tx, id, projects::first_of(account.id)).await?;
    if let Some((user, ha1)) = row.sip.and_then(|sip| digests(account, sip)) {
        let owner = (account.id, Owner::Staff(id));
        sip_accounts::add(tx, ids, owner, (&user, &account.realm), &ha1).await?;
        if let Some(object) = after.as_object_mut() {
            object.insert("sip_user".into(), json!(user));
        }
    }
    let deed = author.deed("staff.imported", "staff", id.to_string());
    audit::write(
        tx,
        ids,
        Deed {
            after: Some(after),
            ..deed
        },
    )
    .await
}
