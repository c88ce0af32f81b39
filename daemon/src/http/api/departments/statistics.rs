//! How a department's line does.

use axum::Json;
use axum::extract::State as Extract;
use frontdesk_crm_core::accounts::{self, day_began};
use frontdesk_crm_core::departments;
use frontdesk_crm_core::lines::{self, Figures};
use frontdesk_routing::ids::DepartmentId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::Id;
use crate::live::lines::LinesNow;
use crate::live::view::time;

/// What has become of the calls of a department's line since the day began, and how the line stands now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StatisticsView {
    department_id: String,
    /// The beginning of the day in the account's time zone.
    #[schema(format = DateTime)]
    since: String,
    /// Calls that have left the line, other than by somebody's hand.
    offered: u64,
    answered: u64,
    /// Their callers have hung up.
    abandoned: u64,
    /// The line was full, nobody worked, or they had waited too long.
    overflowed: u64,
    service_level_s: u64,
    /// Answered within `service_level_s`, in percent of those offered, by tenths; `null` when there were none.
    service_level_percent: Option<f64>,
    average_wait_ms: Option<i64>,
    longest_wait_ms: Option<i64>,
    waiting: usize,
    #[schema(format = DateTime)]
    waiting_since: Option<String>,
    /// Members with a phone online and no call.
    agents_free: usize,
    /// Members in a call.
    agents_busy: usize,
}

/// How a department's line has done today, and how it stands.
#[utoipa::path(get, path = "/departments/{id}/statistics", tag = "departments", params(("id" = String, Path)), responses(
    (status = 200, body = StatisticsView), (status = 403, body = Problem), (status = 404, body = Problem),
))]
pub(super) async fn statistics(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<DepartmentId>,
) -> ApiResult<Json<StatisticsView>> {
    access.need(Right::DepartmentsRead)?;
    let department = departments::get(&state.db, access.account, id).await?.plan;
    let account = accounts::get(&state.db, access.account).await?;
    let since = day_began(state.clock.unix_ms(), &account.time_zone);
    let figures = lines::figures(&state.db, access.account, since).await?;
    let figures = figures.get(&id).copied().unwrap_or_default();
    let now = LinesNow::of(&state.live, Some(access.account));
    let ((waiting, first), agents) = (now.waiting(id), now.agents(&department));
    let any = figures.offered() > 0;
    Ok(Json(StatisticsView {
        department_id: id.to_string(),
        since: time(since),
        offered: figures.offered(),
        answered: figures.answered,
        abandoned: figures.abandoned,
        overflowed: figures.overflowed,
        service_level_s: department.queue.service_level_ms / 1_000,
        service_level_percent: percent(&figures),
        average_wait_ms: figures.average_ms(),
        longest_wait_ms: any.then_some(figures.longest_ms),
        waiting,
        waiting_since: (waiting > 0).then(|| time(first)),
        agents_free: agents.free,
        agents_busy: agents.busy,
    }))
}

fn percent(figures: &Figures) -> Option<f64> {
    let thousandths = u32::try_from(figures.service_level()?).ok()?;
    Some(f64::from(thousandths) / 10.0)
}
