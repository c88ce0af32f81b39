use frontdesk_routing::ids::{AccountId, ProjectId, ScheduleId, StaffId, TrunkId};
use serde_json::{Value, json};

use super::rules::{self, method, method_name, sim_of, unknown};
use super::{Desk, DeskOf, DeskPatch, Reception, ReceptionPatch};
use crate::accounts;
use crate::audit::{self, Author, Deed};
use crate::destinations::{self, DestinationRow};
use crate::projects::{first_of, live};
use crate::store::text::maybe_id;
use crate::store::{Arg, Db, FieldError, StoreError, Tx, args};

const PERSON: &str = "SELECT receiving, reception, sim_trunk_id, confirm_answer, schedule_id, phone, version FROM staff \
    WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL";
const SET_PERSON: &str = "UPDATE staff SET receiving = $3, reception = $4, sim_trunk_id = $5, schedule_id = $6, \
    updated_at = $7, confirm_answer = $8, version = version + 1 WHERE id = $1 AND version = $2";
/// Departments and numbers as [`DeskRow`] reads them.
macro_rules! desk {
    ($table:literal) => {
        concat!(
            "SELECT project_id, schedule_id, closed_staff_id AS to_staff_id, closed_department_id AS to_department_id, \
             closed_menu_id AS to_menu_id, closed_mailbox_id AS to_mailbox_id, closed_number AS to_number, version FROM ",
            $table,
            " WHERE account_id = $1 AND id = $2"
        )
    };
}
macro_rules! set_desk {
    ($table:literal) => {
        concat!(
            "UPDATE ",
            $table,
            " SET project_id = $3, schedule_id = $4, closed_staff_id = $5, closed_department_id = $6, \
             closed_menu_id = $7, closed_mailbox_id = $8, closed_number = $9, version = version + 1 \
             WHERE id = $1 AND version = $2"
        )
    };
}
const DEPARTMENT: &str = desk!("departments");
const NUMBER: &str = desk!("numbers");
const SET_DEPARTMENT: &str = set_desk!("departments");
const SET_NUMBER: &str = set_desk!("numbers");
const IS_TRUNK: &str = "SELECT COUNT(*) AS count FROM trunks WHERE account_id = $1 AND id = $2";
const IS_SCHEDULE: &str = "SELECT COUNT(*) AS count FROM schedules WHERE account_id = $1 AND id = $2";

pub(crate) const ALL: &[&str] = &[
    PERSON,
    SET_PERSON,
    DEPARTMENT,
    NUMBER,
    SET_DEPARTMENT,
    SET_NUMBER,
    IS_TRUNK,
    IS_SCHEDULE,
];

#[derive(sqlx::FromRow)]
struct PersonRow {
    receiving: bool,
    reception: String,
    sim_trunk_id: Option<String>,
    confirm_answer: bool,
    schedule_id: Option<String>,
    phone: Option<String>,
    version: i64,
}

#[derive(sqlx::FromRow)]
struct DeskRow {
    project_id: Option<String>,
    schedule_id: Option<String>,
    #[sqlx(flatten)]
    closed_to: DestinationRow,
    version: i64,
}

/// Of somebody who is not deleted.
pub async fn person(db: &Db, account: AccountId, staff: StaffId) -> Result<Reception, StoreError> {
    let row: Option<PersonRow> = db.one(PERSON, args![account, staff]).await?;
    row.ok_or(StoreError::NotFound).and_then(|row| read_person(&row))
}

pub async fn set_person(
    db: &Db,
    author: &Author,
    staff: StaffId,
    patch: ReceptionPatch,
    version: Option<i64>,
) -> Result<Reception, StoreError> {
    let account = author.account;
    let mut tx = db.begin().await?;
    let row: Option<PersonRow> = tx.one(PERSON, args![account, staff]).await?;
    let row = row.ok_or(StoreError::NotFound)?;
    let before = read_person(&row)?;
    fresh(before.version, version)?;
    let after = rules::patched(&before, patch, row.phone.is_some())?;
    let mut faults = Vec::new();
    if let Some(trunk) = sim_of(after.method) {
        let fault = exists(&mut tx, account, ("sim_trunk_id", IS_TRUNK, Arg::from(trunk))).await?;
        faults.extend(fault);
    }
    faults.extend(schedule_fault(&mut tx, account, after.schedule).await?);
    StoreError::invalid(faults)?;
    let values = args![
        staff,
        before.version,
        after.receiving,
        method_name(after.method),
        sim_of(after.method),
        after.schedule,
        author.stamp.unix_ms,
        after.confirm_answer
    ];
    if tx.run(SET_PERSON, values).await? == 0 {
        return Err(StoreError::Stale);
    }
    let deed = author.deed("staff.reception", "staff", staff.to_string());
    let deed = Deed {
        before: Some(told_person(&before)),
        after: Some(told_person(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    person(db, account, staff).await
}

pub async fn desk(db: &Db, account: AccountId, of: DeskOf) -> Result<Desk, StoreError> {
    let (sql, id) = of.get();
    let row: Option<DeskRow> = db.one(sql, vec![Arg::from(account), id]).await?;
    row.ok_or(StoreError::NotFound).and_then(|row| read_desk(account, &row))
}

pub async fn set_desk(
    db: &Db,
    author: &Author,
    of: DeskOf,
    patch: DeskPatch,
    version: Option<i64>,
) -> Result<Desk, StoreError> {
    let account = accounts::get(db, author.account).await?;
    let mut tx = db.begin().await?;
    let (sql, id) = of.get();
    let row: Option<DeskRow> = tx.one(sql, vec![Arg::from(account.id), id.clone()]).await?;
    let before = row
        .ok_or(StoreError::NotFound)
        .and_then(|row| read_desk(account.id, &row))?;
    fresh(before.version, version)?;
    let after = patched(&mut tx, (account.id, &account.region), &before, patch).await?;
    let mut values = vec![id, Arg::from(before.version)];
    values.extend(args![after.project, after.schedule]);
    values.extend(destinations::columns(after.closed_to));
    if tx.run(of.set(), values).await? == 0 {
        return Err(StoreError::Stale);
    }
    let (action, entity, id) = of.named();
    let deed = author.deed(action, entity, id);
    let deed = Deed {
        before: Some(told_desk(&before)),
        after: Some(told_desk(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    desk(db, account.id, of).await
}

async fn patched(
    tx: &mut Tx,
    (account, region): (AccountId, &str),
    before: &Desk,
    patch: DeskPatch,
) -> Result<Desk, StoreError> {
    let (mut after, mut faults) = (before.clone(), Vec::new());
    match rules::parsed::<ProjectId>("project_id", patch.project) {
        Ok(Some(project)) => {
            let known = live(tx, account).await?.iter().any(|live| live.id == project);
            faults.extend((!known).then(|| unknown("project_id")));
            after.project = project;
        }
        Ok(None) => {}
        Err(fault) => faults.push(fault),
    }
    if let Some(schedule) = patch.schedule {
        match rules::parsed::<ScheduleId>("schedule_id", schedule) {
            Ok(schedule) => after.schedule = schedule,
            Err(fault) => faults.push(fault),
        }
        faults.extend(schedule_fault(tx, account, after.schedule).await?);
    }
    if let Some(typed) = patch.closed_to {
        let read = typed.map(|typed| destinations::read("closed_to", typed, region));
        match read.transpose() {
            Ok(to) => {
                after.closed_to = to;
                if let Some(to) = to {
                    faults.extend(destinations::fault(tx, account, ("closed_to", to)).await?);
                }
            }
            Err(fault) => faults.push(fault),
        }
    }
    StoreError::invalid(faults)?;
    Ok(after)
}

async fn schedule_fault(
    tx: &mut Tx,
    account: AccountId,
    schedule: Option<ScheduleId>,
) -> Result<Option<FieldError>, StoreError> {
    match schedule {
        Some(schedule) => exists(tx, account, ("schedule_id", IS_SCHEDULE, Arg::from(schedule))).await,
        None => Ok(None),
    }
}

async fn exists(
    tx: &mut Tx,
    account: AccountId,
    (field, sql, id): (&str, &'static str, Arg),
) -> Result<Option<FieldError>, StoreError> {
    let known = tx.count(sql, vec![Arg::from(account), id]).await? > 0;
    Ok((!known).then(|| unknown(field)))
}

fn fresh(newest: i64, seen: Option<i64>) -> Result<(), StoreError> {
    match seen.is_some_and(|seen| seen != newest) {
        true => Err(StoreError::Stale),
        false => Ok(()),
    }
}

impl DeskOf {
    fn get(self) -> (&'static str, Arg) {
        match self {
            DeskOf::Department(department) => (DEPARTMENT, Arg::from(department)),
            DeskOf::Number(number) => (NUMBER, Arg::from(number)),
        }
    }

    fn set(self) -> &'static str {
        match self {
            DeskOf::Department(_) => SET_DEPARTMENT,
            DeskOf::Number(_) => SET_NUMBER,
        }
    }

    fn named(self) -> (&'static str, &'static str, String) {
        match self {
            DeskOf::Department(department) => ("department.reception", "department", department.to_string()),
            DeskOf::Number(number) => ("number.reception", "number", number.to_string()),
        }
    }
}

fn read_person(row: &PersonRow) -> Result<Reception, StoreError> {
    Ok(Reception {
        receiving: row.receiving,
        method: method(&row.reception, &row.sim_trunk_id)?,
        confirm_answer: row.confirm_answer,
        schedule: maybe_id(&row.schedule_id)?,
        version: row.version,
    })
}

fn read_desk(account: AccountId, row: &DeskRow) -> Result<Desk, StoreError> {
    Ok(Desk {
        project: maybe_id(&row.project_id)?.unwrap_or_else(|| first_of(account)),
        schedule: maybe_id(&row.schedule_id)?,
        closed_to: row.closed_to.read()?,
        version: row.version,
    })
}

fn told_person(reception: &Reception) -> Value {
    json!({
        "receiving": reception.receiving,
        "method": method_name(reception.method),
        "confirm_answer": reception.confirm_answer,
        "sim_trunk_id": sim_of(reception.method).as_ref().map(TrunkId::to_string),
        "schedule_id": reception.schedule.as_ref().map(ScheduleId::to_string),
    })
}

fn told_desk(desk: &Desk) -> Value {
    json!({
        "project_id": desk.project.to_string(),
        "schedule_id": desk.schedule.as_ref().map(ScheduleId::to_string),
        "closed_to": desk.closed_to.map(destinations::told),
    })
}
