//! All that has happened with a client.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use frontdesk_crm_core::clients::{self, Happening, Note};
use frontdesk_crm_core::recordings;
use frontdesk_routing::ids::ClientId;
use frontdesk_routing::masking::Viewer;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::calls::{CallView, view};
use super::{Listing, page, query_error};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::{Body, Id, Params};
use crate::live::view::time;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(read, note))
}

/// A call or a note.
#[derive(Debug, Serialize, ToSchema)]
struct HappeningView {
    /// `call` or `note`.
    kind: &'static str,
    #[schema(format = DateTime)]
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<CallView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<NoteView>,
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

/// Calls with a client and notes of it, newest first. Calls are told to whom calls are, their recordings to whom those are.
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
    access.need(Right::ClientsRead)?;
    let page = page(params.limit, None, params.cursor)?;
    let asked = (id, access.may(Right::CallsRead));
    let list = clients::timeline(&state.db, access.account, asked, &page).await;
    let list = list.map_err(query_error)?;
    let calls = list.items.iter().filter_map(|happening| match happening {
        Happening::Call(call) => Some(call.started_at),
        Happening::Note(_) => None,
    });
    let span = calls.clone().min().zip(calls.max());
    let recordings = match span.filter(|_| access.may(Right::RecordingsList)) {
        Some(span) => recordings::of_client(&state.db, access.account, id, span).await?,
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
            }
        }
        Happening::Note(note) => HappeningView {
            kind: "note",
            at: time(note.at),
            call: None,
            note: Some(note_view(note, viewer)),
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
    access.need(Right::ClientsWrite)?;
    let note = clients::add_note(&state.db, &access.author(&state), id, &body.body).await?;
    let data = json!({ "client_id": id.to_string() });
    state.live.publish(access.account, "client.changed", data);
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
