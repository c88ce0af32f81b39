//! The dial plan's part: who takes calls, of which projects and when.

use std::sync::Arc;

use frontdesk_routing::ids::AccountId;
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::{PlanDesk, PlanReception, ReceptionSection};

use super::rules::method;
use crate::destinations::DestinationRow;
use crate::projects::first_of;
use crate::schedules;
use crate::store::text::{id, maybe_id};
use crate::store::{Db, StoreError, args};

const PEOPLE: &str = "SELECT id, receiving, reception, sim_trunk_id, confirm_answer, schedule_id FROM staff \
    WHERE deleted_at IS NULL";
const PARTS: &str = "SELECT sp.staff_id, sp.project_id FROM staff_projects sp JOIN projects p ON p.id = sp.project_id \
    WHERE sp.receives_calls AND p.archived_at IS NULL ORDER BY sp.staff_id, sp.project_id";
/// Departments and numbers as [`DeskRow`] reads them.
macro_rules! desks {
    ($place:literal, $table:literal) => {
        concat!(
            "SELECT ",
            $place,
            " AS place, account_id, project_id, schedule_id, closed_staff_id AS to_staff_id, \
             closed_department_id AS to_department_id, closed_menu_id AS to_menu_id, closed_mailbox_id AS to_mailbox_id, \
             closed_number AS to_number FROM ",
            $table
        )
    };
}
const DEPARTMENTS: &str = desks!("id", "departments");
const NUMBERS: &str = desks!("number", "numbers");
const PROJECTS: &str = "SELECT id, name FROM projects";
const OPEN: &str = "SELECT id, name FROM accounts WHERE open_when_unknown";

pub(crate) const ALL: &[&str] = &[PEOPLE, PARTS, DEPARTMENTS, NUMBERS, PROJECTS, OPEN];

#[derive(sqlx::FromRow)]
struct PersonRow {
    id: String,
    receiving: bool,
    reception: String,
    sim_trunk_id: Option<String>,
    confirm_answer: bool,
    schedule_id: Option<String>,
}

#[derive(sqlx::FromRow)]
struct PartRow {
    staff_id: String,
    project_id: String,
}

#[derive(sqlx::FromRow)]
struct DeskRow {
    place: String,
    account_id: String,
    project_id: Option<String>,
    schedule_id: Option<String>,
    #[sqlx(flatten)]
    closed_to: DestinationRow,
}

#[derive(sqlx::FromRow)]
struct Named {
    id: String,
    name: String,
}

pub(crate) async fn section(db: &Db) -> Result<ReceptionSection, StoreError> {
    let mut section = ReceptionSection::default();
    for row in db.all::<PersonRow>(PEOPLE, args![]).await? {
        let person = PlanReception {
            receiving: row.receiving,
            method: method(&row.reception, &row.sim_trunk_id)?,
            confirms: row.confirm_answer,
            schedule: maybe_id(&row.schedule_id)?,
            ..PlanReception::default()
        };
        section.people.insert(id(&row.id)?, person);
    }
    for row in db.all::<PartRow>(PARTS, args![]).await? {
        if let Some(person) = section.people.get_mut(&id(&row.staff_id)?) {
            person.projects.push(id(&row.project_id)?);
        }
    }
    for row in db.all::<DeskRow>(DEPARTMENTS, args![]).await? {
        let (_, desk) = read(&row)?;
        section.departments.insert(id(&row.place)?, desk);
    }
    for row in db.all::<DeskRow>(NUMBERS, args![]).await? {
        let (account, desk) = read(&row)?;
        // A number that cannot be dialled reaches nobody.
        if let Ok(number) = PhoneNumber::from_e164(&row.place) {
            section.numbers.insert((account, number), desk);
        }
    }
    for row in db.all::<Named>(PROJECTS, args![]).await? {
        section.projects.insert(id(&row.id)?, row.name.into());
    }
    for row in db.all::<Named>(OPEN, args![]).await? {
        section.open_when_unknown.insert(id(&row.id)?);
    }
    for (schedule, hours) in schedules::planned(db).await? {
        section.schedules.insert(schedule, Arc::new(hours));
    }
    Ok(section)
}

fn read(row: &DeskRow) -> Result<(AccountId, PlanDesk), StoreError> {
    let account = id(&row.account_id)?;
    let desk = PlanDesk {
        project: Some(maybe_id(&row.project_id)?.unwrap_or_else(|| first_of(account))),
        schedule: maybe_id(&row.schedule_id)?,
        closed_to: row.closed_to.read()?,
    };
    Ok((account, desk))
}
