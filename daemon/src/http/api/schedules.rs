//! Schedules: hours of people, departments and numbers, and the company's holidays.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::Response;
use frontdesk_crm_core::schedules::{self, Holiday, Schedule, SchedulePatch};
use frontdesk_routing::ids::{DepartmentId, ScheduleId};
use frontdesk_routing::schedule::{Day, WEEKDAYS};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Listing, created, versioned};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch};
use crate::http::plan::PlanSection;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update, delete))
        .routes(routes!(read_holidays, set_holidays))
        .routes(routes!(check))
}

/// Hours, as the clocks of a time zone show them.
#[derive(Debug, Serialize, ToSchema)]
struct ScheduleView {
    id: String,
    name: String,
    /// IANA name.
    time_zone: String,
    /// Closed on the company's holidays, but for dates of its own.
    observes_holidays: bool,
    /// `mon` to `sun`, each with intervals (`09:00-18:00`; `22:00-06:00` ends on the next day); none: a day off. Of an
    /// absent day nothing is said.
    week: BTreeMap<&'static str, Vec<String>>,
    /// Dates (`2026-12-31`) that differ from their weekday.
    dates: BTreeMap<String, Vec<String>>,
    version: i64,
}

/// What is absent stays as it is; a given week or list of dates takes the place of the whole old one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ScheduleBody {
    /// Needed for a new one.
    name: Option<String>,
    /// The company's for a new one when absent.
    time_zone: Option<String>,
    /// `true` for a new one when absent.
    observes_holidays: Option<bool>,
    week: Option<BTreeMap<String, Vec<String>>>,
    dates: Option<BTreeMap<String, Vec<String>>>,
}

impl From<ScheduleBody> for SchedulePatch {
    fn from(body: ScheduleBody) -> SchedulePatch {
        SchedulePatch {
            name: body.name,
            time_zone: body.time_zone,
            observes_holidays: body.observes_holidays,
            week: body.week,
            dates: body.dates,
        }
    }
}

/// A day on which the company is closed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HolidayBody {
    /// `2026-12-31`.
    date: String,
    name: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HolidaysBody {
    items: Vec<HolidayBody>,
}

/// Whether a department's plan can be judged by the hours of its members.
#[derive(Debug, Serialize, ToSchema)]
struct CheckView {
    /// `correct`, or `incorrect` while a member has weekdays of which nothing is said.
    state: &'static str,
    undefined: Vec<UndefinedView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct UndefinedView {
    staff_id: String,
    name: String,
    /// `mon` to `sun`.
    weekday: &'static str,
}

/// The company's schedules: all those of the people and lines on whom `schedules:read` reaches, 1000 at most.
#[utoipa::path(get, path = "/schedules", tag = "schedules", responses(
    (status = 200, body = Listing<ScheduleView>), (status = 403, body = Problem),
))]
async fn list(Extract(state): Extract<State>, access: Access) -> ApiResult<Json<Listing<ScheduleView>>> {
    let within = access.within(Right::SchedulesRead)?;
    let schedules = schedules::list(&state.db, within).await?;
    Ok(Json(Listing::whole(schedules.iter().map(view).collect())))
}

/// Adds a schedule.
#[utoipa::path(post, path = "/schedules", tag = "schedules", request_body = ScheduleBody, responses(
    (status = 201, body = ScheduleView, headers(("Location" = String), ("ETag" = String))), (status = 403, body = Problem),
    (status = 422, body = Problem),
))]
async fn create(Extract(state): Extract<State>, access: Access, Body(body): Body<ScheduleBody>) -> ApiResult<Response> {
    access.need(Right::SettingsWrite)?;
    let schedule = schedules::create(&state.db, &access.author(&state), body.into()).await?;
    let location = format!("/api/v1/schedules/{}", schedule.id);
    Ok(created(view(&schedule), schedule.version, location))
}

/// One schedule.
#[utoipa::path(get, path = "/schedules/{id}", tag = "schedules", params(("id" = String, Path)), responses(
    (status = 200, body = ScheduleView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<ScheduleId>) -> ApiResult<Response> {
    let within = access.within(Right::SchedulesRead)?;
    let schedule = schedules::get(&state.db, within, id).await?;
    Ok(versioned(view(&schedule), schedule.version))
}

/// Changes a schedule; the next call goes by it.
#[utoipa::path(patch, path = "/schedules/{id}", tag = "schedules", request_body = ScheduleBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = ScheduleView, headers(("ETag" = String))), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn update(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<ScheduleId>,
    IfMatch(version): IfMatch,
    Body(body): Body<ScheduleBody>,
) -> ApiResult<Response> {
    access.need(Right::SettingsWrite)?;
    let schedule = schedules::update(&state.db, &access.author(&state), id, body.into(), version).await?;
    state.plan.changed(access.account, PlanSection::Reception).await;
    Ok(versioned(view(&schedule), schedule.version))
}

/// Deletes a schedule that nobody has.
#[utoipa::path(delete, path = "/schedules/{id}", tag = "schedules",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "Somebody has these hours"), (status = 412, body = Problem)))]
async fn delete(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<ScheduleId>,
    IfMatch(version): IfMatch,
) -> ApiResult<StatusCode> {
    access.need(Right::SettingsWrite)?;
    schedules::delete(&state.db, &access.author(&state), id, version).await?;
    state.plan.changed(access.account, PlanSection::Reception).await;
    Ok(StatusCode::NO_CONTENT)
}

/// The company's holidays, by date: all of them, 1000 at most.
#[utoipa::path(get, path = "/holidays", tag = "schedules", responses(
    (status = 200, body = Listing<HolidayBody>, headers(("ETag" = String))), (status = 403, body = Problem),
))]
async fn read_holidays(Extract(state): Extract<State>, access: Access) -> ApiResult<Response> {
    access.need(Right::StaffRead)?;
    Ok(told_holidays(schedules::holidays(&state.db, access.account).await?))
}

/// The whole list of the company's holidays anew.
#[utoipa::path(put, path = "/holidays", tag = "schedules", request_body = HolidaysBody,
    params(("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = Listing<HolidayBody>, headers(("ETag" = String))), (status = 403, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn set_holidays(
    Extract(state): Extract<State>,
    access: Access,
    IfMatch(version): IfMatch,
    Body(body): Body<HolidaysBody>,
) -> ApiResult<Response> {
    access.need(Right::SettingsWrite)?;
    let typed = body.items.into_iter().map(|holiday| (holiday.date, holiday.name));
    let holidays = schedules::set_holidays(&state.db, &access.author(&state), typed.collect(), version).await?;
    state.plan.changed(access.account, PlanSection::Reception).await;
    Ok(told_holidays(holidays))
}

/// Whether all weekdays of all members of a department are said to be working days or days off.
#[utoipa::path(get, path = "/departments/{id}/hours", tag = "departments", params(("id" = String, Path)), responses(
    (status = 200, body = CheckView), (status = 404, body = Problem),
))]
async fn check(Extract(state): Extract<State>, access: Access, Id(id): Id<DepartmentId>) -> ApiResult<Json<CheckView>> {
    access.need(Right::DepartmentsRead)?;
    let undefined = schedules::check(&state.db, access.account, id).await?;
    Ok(Json(CheckView {
        state: if undefined.is_empty() { "correct" } else { "incorrect" },
        undefined: undefined
            .into_iter()
            .map(|gap| UndefinedView {
                staff_id: gap.staff.to_string(),
                name: gap.name,
                weekday: gap.weekday,
            })
            .collect(),
    }))
}

fn told_holidays(holidays: Vec<Holiday>) -> Response {
    let version = schedules::holidays_version(&holidays);
    versioned(Listing::whole(holidays.into_iter().map(holiday).collect()), version)
}

fn holiday(holiday: Holiday) -> HolidayBody {
    HolidayBody {
        date: holiday.day.to_string(),
        name: holiday.name,
    }
}

fn view(schedule: &Schedule) -> ScheduleView {
    let hours = |day: &Day| day.iter().map(ToString::to_string).collect();
    let week = WEEKDAYS.iter().zip(&schedule.week);
    ScheduleView {
        id: schedule.id.to_string(),
        name: schedule.name.clone(),
        time_zone: schedule.time_zone.clone(),
        observes_holidays: schedule.observes_holidays,
        week: week
            .filter_map(|((_, name), day)| Some((*name, hours(day.as_ref()?))))
            .collect(),
        dates: schedule
            .dates
            .iter()
            .map(|(date, day)| (date.to_string(), hours(day)))
            .collect(),
        version: schedule.version,
    }
}
