//! The event stream: what has just happened, taken up again where it broke off.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State as Extract;
use axum::http::HeaderMap;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use futures::Stream;
use serde::Deserialize;
use tokio::time::{Interval, MissedTickBehavior};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::api::security::is_operator;
use super::auth::{Access, Right};
use super::error::{ApiError, ApiResult};
use super::extract::Params;
use super::streams::Full;
use crate::live::reading::{Circles, may_read};
use crate::live::{Event, Missed, Subscription};

const HEARTBEAT: Duration = Duration::from_secs(15);
/// How soon a stream notices that its reader may no longer read.
const RECHECK: Duration = Duration::from_secs(5);
/// Until somebody who has too many streams may ask for another one, in seconds.
const LATER_S: u64 = 10;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(events))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventsQuery {
    /// The number of the last event that the reader has; `Last-Event-ID` goes before it.
    since: Option<u64>,
}

/// What happens in the account, as server-sent events.
///
/// Each event has a number (`id`), a name (`event`) and JSON (`data`). Reading with `since` or `Last-Event-ID` goes on
/// where the reader broke off; `events.missed` comes when that is too long ago: read everything anew. One person has 20 streams
/// at most, by whichever sessions and tokens, and an account 200 when there is little room. Names:
/// `staff.sip_status`, `staff.system_status`, `staff.changed`, `staff.work_status`, `project.changed`, `role.changed`, `group.changed`, `client.changed`, `clients.changed` (many at once), `import.progress`, `import.ended`, `deal.created`, `deal.changed`, `call.card` (one's own phone rings for somebody outside), `call.created`, `call.ringing`, `call.queued` (it waits in a department's line, or waits no more), `call.answered`, `call.held`, `call.transferred`, `call.ended`,
/// `recording.ready`, `recording.failed`, `recording.deleted`, `recording.played`, `voicemail.created`, `voicemail.changed`, `voicemail.deleted`, `request.created`, `request.changed`, `menu.changed`, `security.blocked`, `security.unblocked`, `trunk.changed`.
#[utoipa::path(get, path = "/events", tag = "events", params(EventsQuery), responses(
    (status = 200, content_type = "text/event-stream", body = String),
    (status = 401, body = super::error::Problem),
    (status = 429, body = super::error::Problem, headers(("Retry-After" = u64)), description = "Too many streams of this person"),
    (status = 503, body = super::error::Problem, headers(("Retry-After" = u64)),
        description = "Too many open streams, or the daemon is stopping"),
))]
pub(super) async fn events(
    Extract(state): Extract<State>,
    access: Access,
    Params(query): Params<EventsQuery>,
    headers: HeaderMap,
) -> ApiResult<Sse<impl Stream<Item = Result<SseEvent, Infallible>>>> {
    let last = headers
        .get("last-event-id")
        .map(|value| value.to_str().ok().and_then(|text| text.trim().parse().ok()));
    let since = match last {
        Some(Some(last)) => Some(last),
        Some(None) => return Err(ApiError::bad_request("Last-Event-ID is no number of an event")),
        None => query.since,
    };
    let place = state.streams().take(access.account, access.staff).map_err(refused)?;
    let circles = Circles::of(&state.db, |right| access.within_or_own(right)).await?;
    let told = state.live.subscribe(access.account, since);
    let stream = async_stream::stream! {
        let _place = place;
        let mut reader = Reader { told, access, circles, state, recheck: recheck() };
        yield Ok(SseEvent::default().comment("hello").retry(Duration::from_secs(2)));
        while let Some(event) = reader.next().await {
            yield Ok(event);
        }
    };
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("heartbeat")))
}

fn refused(full: Full) -> ApiError {
    match full {
        Full::Person => ApiError::too_many(LATER_S).detail("you have too many open streams"),
        Full::Account => ApiError::unavailable("the company has too many open streams"),
        Full::Everybody => ApiError::unavailable("too many open streams"),
    }
}

struct Reader {
    told: Subscription,
    access: Access,
    circles: Circles,
    state: State,
    recheck: Interval,
}

impl Reader {
    /// `None` when the stream is to end: a shutdown, or the reader has lost the right to read.
    async fn next(&mut self) -> Option<SseEvent> {
        let closing = self.state.closing.clone();
        loop {
            let told = tokio::select! {
                () = closing.cancelled() => return None,
                told = self.told.next() => Some(told),
                _ = self.recheck.tick() => None,
            };
            match told {
                None => self.renew().await?,
                Some(Err(missed)) => return Some(lost(missed)),
                Some(Ok(event)) => {
                    if concerns(&event, &self.access) {
                        self.renew().await?;
                    }
                    if reads(&self.access, &self.circles, &event) && self.concerned(&event).await {
                        let masked = self.access.viewer(&self.state.live.plan()).is_masked();
                        return Some(shown(&event, masked));
                    }
                }
            }
        }
    }

    /// Blocks are the operator's business where several accounts share the installation.
    async fn concerned(&self, event: &Event) -> bool {
        let everybodys = event.account.is_some() || !event.name.starts_with("security.");
        // while the database is away nobody learns more
        everybodys || is_operator(&self.state, &self.access).await.unwrap_or(false)
    }

    async fn renew(&mut self) -> Option<()> {
        self.access = self.access.renew(&self.state).await?;
        // a database that is away for a moment ends no stream
        let access = &self.access;
        if let Ok(circles) = Circles::of(&self.state.db, |right| access.within_or_own(right)).await {
            self.circles = circles;
        }
        Some(())
    }
}

/// What this reader may read may have changed.
fn concerns(event: &Event, access: &Access) -> bool {
    match event.name {
        // of nobody by name: departments have other members
        "staff.changed" => event.data.contains(&access.staff.to_string()) || &*event.data == "{}",
        "role.changed" | "group.changed" | "project.changed" => true,
        _ => false,
    }
}

fn reads(access: &Access, circles: &Circles, event: &Event) -> bool {
    // Whose phone rings may know who calls, whatever else they may read.
    match event.staff {
        Some(staff) => staff == access.staff && access.may(Right::ClientsRead),
        None => may_read(event, |right| access.may(right), circles),
    }
}

fn shown(event: &Event, masked: bool) -> SseEvent {
    SseEvent::default()
        .id(event.seq.to_string())
        .event(event.name)
        .data(event.data_for(masked))
}

fn lost(missed: Missed) -> SseEvent {
    SseEvent::default()
        .id(missed.last.to_string())
        .event("events.missed")
        .data("{}")
}

fn recheck() -> Interval {
    let mut recheck = tokio::time::interval(RECHECK);
    recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
    recheck
}
