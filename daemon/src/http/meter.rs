//! Counts requests by route, method and status.

use std::net::IpAddr;

use axum::extract::{MatchedPath, Request, State as Extract};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::State;
use super::auth::{Access, Peer};
use super::error::{ApiError, ApiResult};
use crate::app::telemetry;
use crate::live::Live;
use crate::live::lines::LinesNow;

pub(super) async fn count(Extract(state): Extract<State>, request: Request, next: Next) -> Response {
    let method = request.method().as_str().to_owned();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().into());
    let began = state.clock.unix_ms();
    let response = next.run(request).await;
    let took = u32::try_from(state.clock.unix_ms().saturating_sub(began)).unwrap_or(0);
    let status = response.status().as_str().to_owned();
    let labels = [("method", method), ("route", route), ("status", status)];
    metrics::counter!("frontdesk_http_requests_total", &labels).increment(1);
    metrics::counter!("frontdesk_http_request_milliseconds_total", &labels).increment(u64::from(took));
    response
}

/// Prometheus' text. Told to this machine; to others only with the right to read settings.
pub(super) async fn metrics(
    Extract(state): Extract<State>,
    Peer(peer): Peer,
    access: Result<Access, ApiError>,
) -> ApiResult<Response> {
    if !peer.is_some_and(|peer: IpAddr| peer.is_loopback()) {
        access?.need(super::auth::Right::SettingsRead)?;
    }
    let Some(handle) = &state.metrics else {
        return Err(ApiError::unavailable("metrics are switched off"));
    };
    metrics::gauge!("frontdesk_staff_online").set(whole(state.live.online_count()));
    metrics::gauge!("frontdesk_calls_in_progress").set(whole(state.live.call_count()));
    metrics::counter!("frontdesk_log_lines_lost_total").absolute(telemetry::lost_lines());
    measure_lines(&state.live);
    Ok((
        [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        handle.render(),
    )
        .into_response())
}

/// How lines stand: as many departments as people have made.
fn measure_lines(live: &Live) {
    let now = LinesNow::of(live, None);
    for department in live.plan().departments.iter() {
        let agents = now.agents(department);
        let label = [("department", department.id.to_string())];
        metrics::gauge!("frontdesk_department_waiting", &label).set(whole(now.waiting(department.id).0));
        metrics::gauge!("frontdesk_department_agents_free", &label).set(whole(agents.free));
        metrics::gauge!("frontdesk_department_agents_busy", &label).set(whole(agents.busy));
    }
}

fn whole(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use frontdesk_routing::ids::{AccountId, DepartmentId};
    use frontdesk_routing::number::ShortNumber;
    use frontdesk_routing::plan::{DepartmentSection, DialPlan, PlanDepartment};
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn prometheus_is_told_how_the_line_of_each_department_stands() {
        let live = Live::new(0);
        let (id, short) = (DepartmentId::from_u128(7), ShortNumber::read("200").unwrap());
        let sales = PlanDepartment::new(id, AccountId::from_u128(1), "Sales".into(), short);
        live.set_plan(Arc::new(DialPlan {
            departments: Arc::new(DepartmentSection::new(vec![sales])),
            ..DialPlan::default()
        }));
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || measure_lines(&live));
        let told = recorder.handle().render();
        for figure in ["waiting", "agents_free", "agents_busy"] {
            let line = format!("frontdesk_department_{figure}{{department=\"{id}\"}} 0");
            assert!(told.contains(&line), "{line}: {told}");
        }
    }
}
