//! All that has happened with a client.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use frontdesk_crm_core::clients::{self, Beside, Happening, Note};
use frontdesk_crm_core::recordings;
use frontdesk_routing::ids::ClientId;
use frontdesk_routing::masking::Viewer;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::calls::{CallView, view};
use super::deals::{ChangeView, change_view, looker};
use super::{Listing, page, query_error};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::{Body, Id, Params};
use crate::live::view::time;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(read, note))
}

/// A call, a note, or what has become of a lead or a deal.
#[derive(Debug, Serialize, ToSchema)]
struct HappeningView {
    /// `call`, `note` or `deal`.
    kind: &'static str,
    #[schema(format = DateTime)]
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<CallView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<NoteView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deal: Option<ChangeView>,
}

/// What somebody has written down.
#[derive(Debug, Serialize, ToSchema)]
struct NoteView {
    id: String,
    /// `null`: a program.
    author_id: Option<String>,
    author_name: String,
    body: String,
    #[schema(format = DateTime)]
    at: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NoteBody {
    /// 1 to 4000 characters.
    #[serde(default)]
    body: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TimelineParams {
    /// 1 to 500.
    limit: Option<u32>,
    /// From `next_cursor` of the answer before.
    cursor: Option<String>,
}

/// Calls with a client, notes of it and changes of its leads and deals, newest first. Each is told to whom it is elsewhere.
#[utoipa::path(get, path = "/clients/{id}/timeline", tag = "clients", params(("id" = String, Path), TimelineParams),
    responses(
        (status = 200, body = Listing<HappeningView>), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ))]
async fn read(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<ClientId>,
    Params(params): Params<TimelineParams>,
) -> ApiResult<Json<Listing<HappeningView>>> {
    let asked = (access.within(Right::ClientsRead)?, id);
    let page = page(params.limit, None, params.cursor)?;
    let beside = Beside {
        calls: access.within(Right::CallsRead).ok(),
        deals: access
            .may(Right::DealsRead)
            .then(|| looker(&state, &access, Right::DealsRead)),
    };
    let list = clients::timeline(&state.db, asked, beside, &page).await;
    let list = list.map_err(query_error)?;
    let calls = list.items.iter().filter_map(|happening| match happening {
        Happening::Call(call) => Some(call.started_at),
        Happening::Note(_) | Happening::Deal(_) => None,
    });
    let span = calls.clone().min().zip(calls.max());
    let recordings = match span.zip(access.within(Right::RecordingsList).ok()) {
        Some((span, within)) => recordings::of_client(&state.db, within, id, span).await?,
        None => Vec::new(),
    };
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    let items = list.items.into_iter().map(|happening| match happening {
        Happening::Call(call) => {
            let call = view(*call, &recordings, viewer);
            HappeningView {
                kind: "call",
                at: call.started_at.clone(),
                call: Some(call),
                note: None,
                deal: None,
            }
        }
        Happening::Note(note) => HappeningView {
            kind: "note",
            at: time(note.at),
            call: None,
            note: Some(note_view(note, viewer)),
            deal: None,
        },
        Happening::Deal(change) => HappeningView {
            kind: "deal",
            at: time(change.at),
            call: None,
            note: None,
            deal: Some(change_view(*change, viewer)),
        },
    });
    Ok(Json(Listing {
        items: items.collect(),
        total: None,
        filtered: None,
        next_cursor: list.next_cursor,
    }))
}

/// Writes something down of a client.
#[utoipa::path(post, path = "/clients/{id}/timeline", tag = "clients", params(("id" = String, Path)),
    request_body = NoteBody, responses(
        (status = 201, body = NoteView), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem),
    ))]
async fn note(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<ClientId>,
    Body(body): Body<NoteBody>,
) -> ApiResult<Response> {
    let within = access.within(Right::ClientsWrite)?;
    let client = clients::get(&state.db, within, id).await?;
    let note = clients::add_note(&state.db, &access.author(&state), (within, id), &body.body).await?;
    let data = json!({ "client_id": id.to_string() });
    let whose = Some(client.whose());
    state.live.publish_of(access.account, "client.changed", whose, data);
    let plan = state.live.plan();
    let note = note_view(note, access.viewer(&plan));
    Ok((StatusCode::CREATED, Json(note)).into_response())
}

fn note_view(note: Note, viewer: Viewer<'_>) -> NoteView {
    NoteView {
        id: note.id.to_string(),
        author_id: note.author.map(|author| author.to_string()),
        author_name: note.author_name,
        body: viewer.text(&note.body),
        at: time(note.at),
    }
}
