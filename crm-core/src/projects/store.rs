use std::collections::BTreeSet;

use frontdesk_routing::ids::{AccountId, LoginId, ProjectId, StaffId};
use serde_json::{Value, json};

use super::rules::{self, Choice, MOST};
use super::{Here, NewPart, Part, Project, ProjectPatch, Worker, first_of};
use crate::access::Section;
use crate::audit::{self, Author, Deed};
use crate::store::text::{id, maybe_id};
use crate::store::{Db, FieldError, Ids, StoreError, Tx, args};

const LIST: &str = "SELECT id, name, archived_at, created_at, version FROM projects WHERE account_id = $1 \
    ORDER BY CASE WHEN archived_at IS NULL THEN 0 ELSE 1 END, name, id";
const GET: &str = "SELECT id, name, archived_at, created_at, version FROM projects WHERE account_id = $1 AND id = $2";
const INSERT: &str = "INSERT INTO projects (id, account_id, name, created_at, version) VALUES ($1, $2, $3, $4, 1)";
const UPDATE: &str =
    "UPDATE projects SET name = $3, archived_at = $4, version = version + 1 WHERE id = $1 AND version = $2";
const USED: &str = "SELECT COUNT(*) AS count FROM (SELECT id FROM departments WHERE account_id = $1 AND project_id = $2 \
    UNION ALL SELECT id FROM numbers WHERE account_id = $1 AND project_id = $2) t";
const PARTS: &str = "SELECT p.id AS project_id, p.name, sp.receives_calls, sp.receives_leads, sp.receives_deals, sp.sections \
    FROM staff_projects sp JOIN projects p ON p.id = sp.project_id \
    WHERE p.account_id = $1 AND sp.staff_id = $2 AND p.archived_at IS NULL ORDER BY p.name, p.id";
const LEAVE: &str = "DELETE FROM staff_projects WHERE staff_id = $2 AND project_id IN \
    (SELECT id FROM projects WHERE account_id = $1 AND archived_at IS NULL)";
const ENTER: &str = "INSERT INTO staff_projects (staff_id, project_id, receives_calls, receives_leads, receives_deals, \
    sections) VALUES ($1, $2, $3, $4, $5, $6)";
const MEMBER: &str = "SELECT version, is_main FROM staff WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL";
const MOVE_ON: &str =
    "UPDATE staff SET version = version + 1, updated_at = $3 WHERE id = $1 AND version = $2 AND deleted_at IS NULL";
const HERE: &str = "SELECT p.id, sp.staff_id, sp.sections, (SELECT l.project_id FROM logins l WHERE l.id = $3) AS wanted \
    FROM projects p LEFT JOIN staff_projects sp ON sp.project_id = p.id AND sp.staff_id = $2 \
    WHERE p.account_id = $1 AND p.archived_at IS NULL ORDER BY p.name, p.id";
const CHOOSE: &str = "UPDATE logins SET project_id = $2 WHERE id = $1 AND ended_at IS NULL";
const RECEIVERS: &str = "SELECT sp.staff_id FROM staff_projects sp JOIN projects p ON p.id = sp.project_id \
    WHERE p.account_id = $1 AND sp.project_id = $2 AND (sp.receives_calls OR sp.receives_leads OR sp.receives_deals)";

const WORKERS: &str = "SELECT sp.staff_id, p.id AS project_id, p.name, sp.receives_calls, sp.receives_leads, \
    sp.receives_deals, sp.sections FROM staff_projects sp JOIN projects p ON p.id = sp.project_id \
    JOIN staff s ON s.id = sp.staff_id WHERE p.account_id = $1 AND p.archived_at IS NULL AND s.deleted_at IS NULL \
    ORDER BY p.name, p.id, s.sort_name, s.id";

pub(crate) const ALL: &[&str] = &[
    WORKERS, LIST, GET, INSERT, UPDATE, USED, PARTS, LEAVE, ENTER, MEMBER, MOVE_ON, HERE, CHOOSE, RECEIVERS,
];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    archived_at: Option<i64>,
    created_at: i64,
    version: i64,
}

#[derive(sqlx::FromRow)]
struct PartRow {
    project_id: String,
    name: String,
    receives_calls: bool,
    receives_leads: bool,
    receives_deals: bool,
    sections: Option<String>,
}

#[derive(sqlx::FromRow)]
struct WorkerRow {
    staff_id: String,
    #[sqlx(flatten)]
    part: PartRow,
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    version: i64,
    is_main: bool,
}

#[derive(sqlx::FromRow)]
struct HereRow {
    id: String,
    staff_id: Option<String>,
    sections: Option<String>,
    wanted: Option<String>,
}

#[derive(sqlx::FromRow)]
struct StaffRow {
    staff_id: String,
}

/// By name, the archived ones last.
pub async fn list(db: &Db, account: AccountId) -> Result<Vec<Project>, StoreError> {
    db.all(LIST, args![account]).await?.into_iter().map(read).collect()
}

/// An archived one too.
pub async fn get(db: &Db, account: AccountId, project: ProjectId) -> Result<Project, StoreError> {
    let row = db.one(GET, args![account, project]).await?;
    row.ok_or(StoreError::NotFound).and_then(read)
}

/// Those of the account that are not archived.
pub(crate) async fn live(tx: &mut Tx, account: AccountId) -> Result<Vec<Project>, StoreError> {
    let all: Vec<Row> = tx.all(LIST, args![account]).await?;
    let live = all.into_iter().filter(|row| row.archived_at.is_none());
    live.map(read).collect()
}

/// The first project of a new account.
pub(crate) async fn found(tx: &mut Tx, ids: &Ids, account: AccountId) -> Result<(), StoreError> {
    tx.run(INSERT, args![first_of(account), account, "Main", ids.now])
        .await
        .map(drop)
}

/// A new person works there and takes whatever comes.
pub(crate) async fn enter(tx: &mut Tx, staff: StaffId, project: ProjectId) -> Result<(), StoreError> {
    let sections = None::<String>;
    tx.run(ENTER, args![staff, project, true, true, true, sections])
        .await
        .map(drop)
}

pub async fn create(db: &Db, author: &Author, typed: &str) -> Result<Project, StoreError> {
    let name = rules::name(typed).map_err(|fault| StoreError::Invalid(vec![fault]))?;
    let mut ids = author.stamp.ids();
    let project = ProjectId::new(ids.now, ids.random());
    let mut tx = db.begin().await?;
    let others: Vec<Row> = tx.all(LIST, args![author.account]).await?;
    if others.len() >= MOST {
        return Err(StoreError::Refused {
            code: "too_many",
            detail: "500 projects at most",
        });
    }
    free(&others, (project, &name))?;
    tx.run(INSERT, args![project, author.account, &name, ids.now]).await?;
    let deed = author.deed("project.created", "project", project.to_string());
    let after = Some(json!({ "name": name }));
    audit::write(&mut tx, &mut ids, Deed { after, ..deed }).await?;
    tx.commit().await?;
    get(db, author.account, project).await
}

pub async fn update(
    db: &Db,
    author: &Author,
    project: ProjectId,
    patch: ProjectPatch,
    version: Option<i64>,
) -> Result<Project, StoreError> {
    if patch.archived == Some(true) {
        archive(db, author, project, version).await?;
        return get(db, author.account, project).await;
    }
    let mut tx = db.begin().await?;
    let before = at_version(&mut tx, author.account, (project, version)).await?;
    let mut after = before.clone();
    if let Some(typed) = patch.name {
        after.name = rules::name(&typed).map_err(|fault| StoreError::Invalid(vec![fault]))?;
    }
    if patch.archived == Some(false) {
        after.archived_at = None;
    }
    let others: Vec<Row> = tx.all(LIST, args![author.account]).await?;
    if after.archived_at.is_none() {
        free(&others, (project, &after.name))?;
    }
    change(&mut tx, author, (&before, &after), "project.updated").await?;
    tx.commit().await?;
    get(db, author.account, project).await
}

/// The record stays; the first project of an account does not go, and neither does one with departments or numbers.
pub async fn archive(db: &Db, author: &Author, project: ProjectId, version: Option<i64>) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let before = at_version(&mut tx, author.account, (project, version)).await?;
    if project == first_of(author.account) {
        return Err(StoreError::Refused {
            code: "first",
            detail: "the first project of a company stays",
        });
    }
    if tx.count(USED, args![author.account, project]).await? > 0 {
        return Err(StoreError::Refused {
            code: "in_use",
            detail: "departments or numbers belong to this project: move them to another one first",
        });
    }
    let after = Project {
        archived_at: before.archived_at.or(Some(author.stamp.unix_ms)),
        ..before.clone()
    };
    change(&mut tx, author, (&before, &after), "project.archived").await?;
    tx.commit().await
}

async fn change(
    tx: &mut Tx,
    author: &Author,
    (before, after): (&Project, &Project),
    action: &'static str,
) -> Result<(), StoreError> {
    let values = args![before.id, before.version, &after.name, after.archived_at];
    if tx.run(UPDATE, values).await? == 0 {
        return Err(StoreError::Stale);
    }
    let deed = author.deed(action, "project", before.id.to_string());
    let deed = Deed {
        before: Some(json!({ "name": before.name, "archived": before.archived_at.is_some() })),
        after: Some(json!({ "name": after.name, "archived": after.archived_at.is_some() })),
        ..deed
    };
    audit::write(tx, &mut author.stamp.ids(), deed).await
}

async fn at_version(
    tx: &mut Tx,
    account: AccountId,
    (project, version): (ProjectId, Option<i64>),
) -> Result<Project, StoreError> {
    let row: Option<Row> = tx.one(GET, args![account, project]).await?;
    let found = row.ok_or(StoreError::NotFound).and_then(read)?;
    match version.is_some_and(|version| version != found.version) {
        true => Err(StoreError::Stale),
        false => Ok(found),
    }
}

fn free(others: &[Row], (project, name): (ProjectId, &str)) -> Result<(), StoreError> {
    let own = project.to_string();
    let same =
        |row: &&Row| row.archived_at.is_none() && row.id != own && row.name.to_lowercase() == name.to_lowercase();
    let fault = others.iter().find(same);
    StoreError::taken(
        fault
            .map(|_| FieldError::new("name", "taken", "another project has this name"))
            .into_iter()
            .collect(),
    )
}

/// What a person does in each project that is not archived.
pub async fn parts(db: &Db, account: AccountId, staff: StaffId) -> Result<(Vec<Part>, i64), StoreError> {
    let member: Option<MemberRow> = db.one(MEMBER, args![account, staff]).await?;
    let member = member.ok_or(StoreError::NotFound)?;
    let rows: Vec<PartRow> = db.all(PARTS, args![account, staff]).await?;
    let parts = rows.into_iter().map(part).collect::<Result<_, _>>()?;
    Ok((parts, member.version))
}

/// Says anew in which projects a person works and what they take there; `version` is the person's.
pub async fn set_parts(
    db: &Db,
    author: &Author,
    staff: StaffId,
    new: Vec<NewPart>,
    version: Option<i64>,
) -> Result<(Vec<Part>, i64), StoreError> {
    let mut tx = db.begin().await?;
    let member: Option<MemberRow> = tx.one(MEMBER, args![author.account, staff]).await?;
    let member = member.ok_or(StoreError::NotFound)?;
    if version.is_some_and(|version| version != member.version) {
        return Err(StoreError::Stale);
    }
    let projects = live(&mut tx, author.account).await?;
    let after = rules::parts(new, &projects, member.is_main)?;
    let before: Vec<PartRow> = tx.all(PARTS, args![author.account, staff]).await?;
    let before = before.into_iter().map(part).collect::<Result<Vec<_>, _>>()?;
    if member.is_main {
        rules::main_stays(&before, &after, &projects)?;
    }
    tx.run(LEAVE, args![author.account, staff]).await?;
    for part in &after {
        let sections = part.sections.as_ref().map(written);
        let values = args![
            staff,
            part.project,
            part.receives_calls,
            part.receives_leads,
            part.receives_deals,
            sections
        ];
        tx.run(ENTER, values).await?;
    }
    let values = args![staff, member.version, author.stamp.unix_ms];
    if tx.run(MOVE_ON, values).await? == 0 {
        return Err(StoreError::Stale);
    }
    let deed = author.deed("staff.projects", "staff", staff.to_string());
    let deed = Deed {
        before: Some(told(&before)),
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    parts(db, author.account, staff).await
}

/// Where a person works in this login: what it has chosen, if that is still open to them.
pub async fn here(
    db: &Db,
    (account, staff): (AccountId, StaffId),
    login: Option<LoginId>,
    main: bool,
) -> Result<Here, StoreError> {
    let rows: Vec<HereRow> = db.all(HERE, args![account, staff, login]).await?;
    let wanted = rows.first().map(|row| maybe_id(&row.wanted)).transpose()?.flatten();
    best(account, rows, wanted, main)
}

/// The same in a project that is named; `None`: it is not open to the person.
pub async fn here_in(
    db: &Db,
    (account, staff): (AccountId, StaffId),
    project: ProjectId,
    main: bool,
) -> Result<Option<Here>, StoreError> {
    let rows: Vec<HereRow> = db.all(HERE, args![account, staff, None::<LoginId>]).await?;
    let here = best(account, rows, Some(project), main)?;
    Ok(Some(here).filter(|here| here.project == project))
}

fn best(account: AccountId, rows: Vec<HereRow>, wanted: Option<ProjectId>, main: bool) -> Result<Here, StoreError> {
    let choice = |row: HereRow| {
        Ok(Choice {
            project: id(&row.id)?,
            part: row.staff_id.map(|_| row.sections.as_deref().map(sections)),
        })
    };
    let choices = rows.into_iter().map(choice).collect::<Result<_, StoreError>>()?;
    Ok(rules::here(account, choices, wanted, main))
}

/// A login goes to another project; one that is not open to the person is not found.
pub async fn choose(
    db: &Db,
    (account, staff): (AccountId, StaffId),
    (login, project): (LoginId, ProjectId),
    main: bool,
) -> Result<(), StoreError> {
    let rows: Vec<HereRow> = db.all(HERE, args![account, staff, login]).await?;
    let name = project.to_string();
    let open = |row: &HereRow| row.id == name && (main || row.staff_id.is_some());
    if !rows.iter().any(open) {
        return Err(StoreError::NotFound);
    }
    db.run(CHOOSE, args![login, project]).await.map(drop)
}

/// Who works in each project that is not archived, by name.
pub async fn workers(db: &Db, account: AccountId) -> Result<Vec<Worker>, StoreError> {
    let rows: Vec<WorkerRow> = db.all(WORKERS, args![account]).await?;
    let worker = |row: WorkerRow| {
        Ok(Worker {
            staff: id(&row.staff_id)?,
            part: part(row.part)?,
        })
    };
    rows.into_iter().map(worker).collect()
}

/// Those who take anything in a project.
pub async fn receivers(db: &Db, account: AccountId, project: ProjectId) -> Result<BTreeSet<StaffId>, StoreError> {
    let rows: Vec<StaffRow> = db.all(RECEIVERS, args![account, project]).await?;
    rows.iter().map(|row| id(&row.staff_id)).collect()
}

fn read(row: Row) -> Result<Project, StoreError> {
    Ok(Project {
        id: id(&row.id)?,
        name: row.name,
        archived_at: row.archived_at,
        created_at: row.created_at,
        version: row.version,
    })
}

fn part(row: PartRow) -> Result<Part, StoreError> {
    Ok(Part {
        project: id(&row.project_id)?,
        name: row.name,
        receives_calls: row.receives_calls,
        receives_leads: row.receives_leads,
        receives_deals: row.receives_deals,
        sections: row.sections.as_deref().map(sections),
    })
}

/// A section that a later version knew is none of this one's.
fn sections(text: &str) -> BTreeSet<Section> {
    text.lines().filter_map(Section::named).collect()
}

fn written(sections: &BTreeSet<Section>) -> String {
    sections
        .iter()
        .map(|section| section.name())
        .collect::<Vec<_>>()
        .join("\n")
}

fn told(parts: &[Part]) -> Value {
    let told = |part: &Part| {
        json!({
            "project": part.name,
            "calls": part.receives_calls,
            "leads": part.receives_leads,
            "deals": part.receives_deals,
            "sections": part.sections.as_ref().map(written),
        })
    };
    Value::Array(parts.iter().map(told).collect())
}
