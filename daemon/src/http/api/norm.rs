//! The working time that a person's schedule asks of them.

use axum::Json;
use axum::extract::State as Extract;
use frontdesk_crm_core::access::Whose;
use frontdesk_crm_core::{accounts, schedules, staff};
use frontdesk_routing::ids::StaffId;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bad_query;
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Id, Params};

/// Days that are summed at most.
const MOST_DAYS: i32 = 366;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(read))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct NormParams {
    /// The first day: `2026-11-01`; when absent that of the month that the company's clocks show.
    #[param(format = Date)]
    from: Option<String>,
    /// The day after the last one: `2026-12-01`, 366 days after the first one at most; when absent the next month's first.
    #[param(format = Date)]
    until: Option<String>,
}

/// What a person's schedule asks of them between two days: only its own hours count, so that of a part-time schedule the
/// norm is part of a full one's.
#[derive(Debug, Serialize, ToSchema)]
struct NormView {
    /// `null`: the person has none, and no hours are asked of them.
    schedule_id: Option<String>,
    #[schema(format = Date)]
    from: String,
    #[schema(format = Date)]
    until: String,
    /// Without days off, holidays that the schedule observes, and days of which it says nothing.
    minutes: u64,
}

/// The norm of a person's working time; of those on whom `schedules:read` reaches.
#[utoipa::path(get, path = "/staff/{id}/norm", tag = "staff", params(("id" = String, Path), NormParams), responses(
    (status = 200, body = NormView), (status = 400, body = Problem), (status = 403, body = Problem),
    (status = 404, body = Problem),
))]
async fn read(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<StaffId>,
    Params(params): Params<NormParams>,
) -> ApiResult<Json<NormView>> {
    let within = access.within(Right::SchedulesRead)?;
    let member = staff::get(&state.db, access.account, id, state.clock.unix_ms()).await?;
    if !access.circle(&state, within).await?.holds(&Whose::of([id])) {
        return Err(ApiError::not_found());
    }
    let from = match &params.from {
        Some(from) => date("from", from)?,
        None => first_of_month(&state, &access).await?,
    };
    let until = match &params.until {
        Some(until) => date("until", until)?,
        None => from.last_of_month().saturating_add(1.day()),
    };
    let days = (until - from).get_days();
    if !(1..=MOST_DAYS).contains(&days) {
        let why = format!("1 to {MOST_DAYS} days after `from`");
        return Err(bad_query("until", "out_of_range", why));
    }
    let minutes = match member.schedule {
        Some(schedule) => {
            let hours = schedules::in_force(&state.db, access.account, schedule).await?;
            hours.minutes(from, until)
        }
        None => 0,
    };
    Ok(Json(NormView {
        schedule_id: member.schedule.map(|schedule| schedule.to_string()),
        from: from.to_string(),
        until: until.to_string(),
        minutes,
    }))
}

async fn first_of_month(state: &State, access: &Access) -> ApiResult<Date> {
    let account = accounts::get(&state.db, access.account).await?;
    let zone = TimeZone::get(&account.time_zone).unwrap_or(TimeZone::UTC);
    let now = Timestamp::from_millisecond(state.clock.unix_ms()).map_err(|error| ApiError::internal(&error))?;
    Ok(zone.to_datetime(now).date().first_of_month())
}

fn date(field: &str, text: &str) -> ApiResult<Date> {
    schedules::date(field, text).map_err(|fault| bad_query(&fault.field, fault.code, fault.message))
}
