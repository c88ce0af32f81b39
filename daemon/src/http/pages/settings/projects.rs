//! Projects: parts of the company, and who works in each.

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use frontdesk_crm_core::projects::{self, Project, Worker};
use serde_json::{Value, json};

use super::super::messages::{in_language_of, words};
use super::super::view::Frame;
use super::super::{PageError, Reader, reader, render};
use crate::http::State;
use crate::http::api::staff::names;
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;

/// Names that are shown before they are counted.
const SHOWN: usize = 12;

words! {
    /// The page of projects.
    ProjectWords {
        lead: "Parts of the company with numbers and departments of their own: calls and leads of a project go only to those who take them there.",
            "Части компании со своими номерами и отделами: звонки и заявки проекта получают только те, кто принимает их в нём.";
        add: "Add a project", "Добавить проект";
        edit: "Project", "Проект";
        name: "Name", "Название";
        people: "Who works there", "Кто работает";
        nobody: "Nobody", "Никто";
        and_more: "and more:", "и ещё:";
        first: "the first one", "основной";
        archived: "archived", "в архиве";
        archive: "Archive", "В архив";
        restore: "Bring back from the archive", "Вернуть из архива";
        restored: "It is back", "Проект возвращён";
        delete_project: "Archive this project?", "Убрать проект в архив?";
        delete_project_text: "It leaves the lists; what was done in it stays. Numbers and departments have to belong to another one first.",
            "Он исчезнет из списков, история останется. Номера и отделы сначала передайте другому проекту.";
        whom: "Staff member", "Сотрудник";
        calls: "Calls", "Звонки";
        leads: "Leads", "Лиды";
        deals: "Deals", "Сделки";
        nothing: "takes nothing", "ничего не принимает";
        main_stays: "The main account stays in every project", "Главный аккаунт остаётся в каждом проекте";
        error_taken: "There is one of this name already", "Такое название уже есть";
        saved: "Saved", "Сохранено";
    }
}

#[derive(Template)]
#[template(path = "projects.html")]
struct ProjectsPage {
    frame: Frame,
    w: &'static ProjectWords,
    rows: Vec<Row>,
    staff: Vec<(String, String)>,
    may_write: bool,
    /// Whether it may be said who works where.
    may_staff: bool,
}

struct Row {
    id: String,
    name: String,
    first: bool,
    archived: bool,
    /// A name, and what is taken when that is not all.
    people: Vec<(String, String)>,
    more: usize,
    /// JSON for the page's script.
    workers: String,
}

pub(in crate::http::pages) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    reader.need(Right::SettingsRead)?;
    reader.need(Right::StaffRead)?;
    let page = filled(&state, &reader).await.map_err(|error| reader.failed(error))?;
    Ok(render(reader.t, &page))
}

async fn filled(state: &State, reader: &Reader) -> Result<ProjectsPage, ApiError> {
    let account = reader.access.account;
    let w = in_language_of!(reader.t, ProjectWords);
    let staff = names(state, &reader.access).await?;
    let workers = projects::workers(&state.db, account).await?;
    let first = projects::first_of(account);
    let rows = projects::list(&state.db, account).await?;
    let row = |project: Project| Row {
        first: project.id == first,
        ..row(project, (&workers, &staff), w)
    };
    let more = json!({
        "delete": w.archive,
        "delete_project": w.delete_project,
        "delete_project_text": w.delete_project_text,
        "name.taken": w.error_taken,
        "restored": w.restored,
        "main_stays": w.main_stays,
        "saved": w.saved,
    });
    Ok(ProjectsPage {
        rows: rows.into_iter().map(row).collect(),
        staff,
        may_write: reader.access.may(Right::SettingsWrite),
        may_staff: reader.access.may(Right::StaffWrite),
        frame: reader.settings("/projects", "projects.js", more),
        w,
    })
}

fn row(project: Project, (workers, staff): (&[Worker], &[(String, String)]), w: &ProjectWords) -> Row {
    let here: Vec<&Worker> = workers
        .iter()
        .filter(|worker| worker.part.project == project.id)
        .collect();
    let name = |worker: &Worker| {
        let id = worker.staff.to_string();
        let known = staff.iter().find(|(known, _)| *known == id);
        known.map(|(_, name)| name.clone()).unwrap_or_default()
    };
    let told = |worker: &&Worker| (name(worker), takes(worker, w));
    let data = |worker: &&Worker| {
        json!({
            "id": worker.staff.to_string(),
            "calls": worker.part.receives_calls,
            "leads": worker.part.receives_leads,
            "deals": worker.part.receives_deals,
        })
    };
    let people: Vec<(String, String)> = here.iter().take(SHOWN).map(told).collect();
    Row {
        id: project.id.to_string(),
        first: false,
        archived: project.archived_at.is_some(),
        more: here.len().saturating_sub(people.len()),
        people,
        workers: Value::from(here.iter().map(data).collect::<Vec<_>>()).to_string(),
        name: project.name,
    }
}

fn takes(worker: &Worker, w: &ProjectWords) -> String {
    let part = &worker.part;
    let all = [
        (part.receives_calls, w.calls),
        (part.receives_leads, w.leads),
        (part.receives_deals, w.deals),
    ];
    let taken: Vec<&str> = all.iter().filter(|(takes, _)| *takes).map(|(_, word)| *word).collect();
    match taken.len() {
        3 => String::new(),
        0 => w.nothing.to_owned(),
        _ => taken.join(", ").to_lowercase(),
    }
}
