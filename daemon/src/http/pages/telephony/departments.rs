//! Departments: who is in them, how their lines work and how they do at the moment.

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use frontdesk_crm_core::accounts::day_began;
use frontdesk_crm_core::departments::{self, Department, strategy_name};
use frontdesk_crm_core::lines::{self, Figures};
use serde_json::json;

use super::super::mailbox::MailboxPart;
use super::super::messages::in_language_of;
use super::super::show;
use super::super::view::Frame;
use super::super::{PageError, reader, render};
use super::words::DepartmentWords;
use super::{Around, Names, Targets, name_of};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;
use crate::live::lines::LinesNow;

/// Members who are named in the list.
const NAMED: usize = 3;

#[derive(Template)]
#[template(path = "departments.html")]
struct DepartmentsPage {
    frame: Frame,
    w: &'static DepartmentWords,
    rows: Vec<Row>,
    may_write: bool,
    mailbox: Option<MailboxPart>,
    targets: Targets,
    schedules: Names,
    projects: Names,
    /// Names of the API and what they are called.
    strategies: Vec<(&'static str, &'static str)>,
    joins: Vec<(&'static str, &'static str)>,
}

struct Row {
    id: String,
    name: String,
    short_number: String,
    /// When it is open; empty: always.
    hours: String,
    members: String,
    /// Members who are not named.
    more: usize,
    count: usize,
    strategy: &'static str,
    waiting: usize,
    /// Unix milliseconds since which the longest of them waits.
    since: i64,
    /// Members with a phone online and no call.
    free: usize,
    /// What has become of today's calls; `None`: there were none.
    today: Option<Today>,
}

struct Today {
    offered: u64,
    answered: u64,
    /// Whole percents that were answered in time.
    level: u64,
    /// The mean wait.
    average: String,
}

impl Today {
    fn of(figures: &Figures) -> Today {
        Today {
            offered: figures.offered(),
            answered: figures.answered,
            level: figures.service_level().unwrap_or_default() / 10,
            average: show::duration(figures.average_ms().unwrap_or_default()),
        }
    }
}

pub(in crate::http::pages) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    reader.need(Right::DepartmentsRead)?;
    let w = in_language_of!(reader.t, DepartmentWords);
    let around = Around::of(&state, &reader)
        .await
        .map_err(|error| reader.failed(error))?;
    let account = reader.access.account;
    let list = departments::list(&state.db, account).await;
    let list = list.map_err(|error| reader.failed(error.into()))?;
    let now = LinesNow::of(&state.live, Some(account));
    let since = day_began(reader.now, &reader.account.time_zone);
    let figures = lines::figures(&state.db, account, since).await;
    let figures = figures.map_err(|error| reader.failed(error.into()))?;
    let plan = state.live.plan();
    let hours = |department: &Department| {
        let desk = plan.reception.departments.get(&department.plan.id);
        let schedule = desk.and_then(|desk| desk.schedule).map(|schedule| schedule.to_string());
        let name = schedule.and_then(|id| name_of(&id, &around.schedules).map(str::to_owned));
        name.unwrap_or_default()
    };
    let rows = list.iter().map(|department| Row {
        hours: hours(department),
        today: figures.get(&department.plan.id).map(Today::of),
        ..row(department, &now, &around.targets.staff, w)
    });
    let more = json!({
        "delete_department": w.delete_department,
        "delete_department_text": w.delete_department_text,
    });
    let mailbox = MailboxPart::of(&state, &reader, "department_id")
        .await
        .map_err(|error| reader.failed(error))?;
    let page = DepartmentsPage {
        mailbox,
        rows: rows.collect(),
        may_write: reader.access.may(Right::DepartmentsWrite),
        frame: reader.telephony("/departments", "departments.js", more),
        targets: around.targets,
        schedules: around.schedules,
        projects: around.projects,
        strategies: strategies(w),
        joins: vec![
            ("somebody_works", w.join_works),
            ("somebody_free", w.join_free),
            ("always", w.join_always),
        ],
        w,
    };
    Ok(render(reader.t, &page))
}

/// The usual one first: a new department has it.
fn strategies(w: &DepartmentWords) -> Vec<(&'static str, &'static str)> {
    vec![
        ("longest_idle", w.longest_idle),
        ("ring_all", w.ring_all),
        ("fewest_calls", w.fewest_calls),
        ("round_robin", w.round_robin),
        ("linear", w.linear),
        ("random", w.random),
    ]
}

fn row(department: &Department, now: &LinesNow, staff: &Names, w: &DepartmentWords) -> Row {
    let plan = &department.plan;
    let members: Vec<&str> = plan
        .members
        .iter()
        .filter_map(|member| name_of(&member.staff.to_string(), staff))
        .collect();
    let named: Vec<&str> = members.iter().copied().take(NAMED).collect();
    let strategy = strategy_name(plan.queue.strategy);
    let strategy = strategies(w).into_iter().find(|(name, _)| *name == strategy);
    let (waiting, since) = now.waiting(plan.id);
    Row {
        id: plan.id.to_string(),
        name: plan.name.to_string(),
        short_number: plan.short_number.to_string(),
        hours: String::new(),
        more: members.len().saturating_sub(NAMED),
        count: members.len(),
        members: named.join(", "),
        strategy: strategy.map(|(_, text)| text).unwrap_or_default(),
        waiting,
        since,
        free: now.agents(plan).free,
        today: None,
    }
}
