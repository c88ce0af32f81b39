//! Notes of clients: read, corrected and deleted one by one. They stand in the client's timeline, where they are written too.

use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::Response;
use frontdesk_crm_core::access::Scope;
use frontdesk_crm_core::clients::{self, Note};
use frontdesk_routing::ids::{ClientId, NoteId};
use frontdesk_routing::masking::Viewer;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::versioned;
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch};
use crate::live::view::time;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(read, update, delete))
}

/// What somebody has written down.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NoteView {
    id: String,
    client_id: String,
    /// `null`: a program.
    author_id: Option<String>,
    author_name: String,
    body: String,
    #[schema(format = DateTime)]
    at: String,
    /// When it was last corrected; `null`: it is as it was written.
    #[schema(format = DateTime)]
    edited_at: Option<String>,
    /// Whether one may correct and delete it: as its author, or as one who may change every client.
    may_change: bool,
    version: i64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoteBody {
    /// 1 to 4000 characters.
    #[serde(default)]
    pub(super) body: String,
}

/// One note of a client.
#[utoipa::path(get, path = "/client-notes/{id}", tag = "clients", params(("id" = String, Path)), responses(
    (status = 200, body = NoteView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<NoteId>) -> ApiResult<Response> {
    let note = clients::note(&state.db, access.within(Right::ClientsRead)?, id).await?;
    let version = note.version;
    let plan = state.live.plan();
    let changes = access.within(Right::ClientsWrite).ok();
    Ok(versioned(view(note, (&access, changes), access.viewer(&plan)), version))
}

/// Corrects a note: its author may, and whoever may change every client. The audit has the words before and after.
#[utoipa::path(patch, path = "/client-notes/{id}", tag = "clients", request_body = NoteBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = NoteView, headers(("ETag" = String))), (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "A number in it is hidden from you and would be lost"),
        (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn update(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<NoteId>,
    IfMatch(version): IfMatch,
    Body(body): Body<NoteBody>,
) -> ApiResult<Response> {
    let within = access.within(Right::ClientsWrite)?;
    let before = changeable(&state, &access, (within, id)).await?;
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    if viewer.text(&before.body) != before.body {
        let why = "a number in this note is hidden from you: add a note instead";
        return Err(ApiError::conflict("hidden", why));
    }
    let note = clients::correct_note(&state.db, &access.author(&state), (within, id), &body.body, version).await?;
    told(&state, within, note.client).await?;
    let version = note.version;
    Ok(versioned(view(note, (&access, Some(within)), viewer), version))
}

/// Deletes a note: its author may, and whoever may change every client. What it said stays in the audit.
#[utoipa::path(delete, path = "/client-notes/{id}", tag = "clients",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem),
    ))]
async fn delete(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<NoteId>,
    IfMatch(version): IfMatch,
) -> ApiResult<StatusCode> {
    let within = access.within(Right::ClientsWrite)?;
    let note = changeable(&state, &access, (within, id)).await?;
    clients::delete_note(&state.db, &access.author(&state), (within, id), version).await?;
    told(&state, within, note.client).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn changeable(state: &State, access: &Access, (within, id): (Scope, NoteId)) -> ApiResult<Note> {
    let note = clients::note(&state.db, within, id).await?;
    match note.is_of(access.staff, within) {
        true => Ok(note),
        false => Err(ApiError::forbidden("somebody else has written this note")),
    }
}

/// Whoever looks at the client looks again.
pub(super) async fn told(state: &State, within: Scope, client: ClientId) -> ApiResult<()> {
    let whose = clients::get(&state.db, within, client).await?.whose();
    let data = json!({ "client_id": client.to_string() });
    state
        .live
        .publish_of(within.account, "client.changed", Some(whose), data);
    Ok(())
}

pub(super) fn location(note: &Note) -> String {
    format!("/api/v1/client-notes/{}", note.id)
}

/// `changes`: the clients whom the one who looks may change.
pub(super) fn view(note: Note, (access, changes): (&Access, Option<Scope>), viewer: Viewer<'_>) -> NoteView {
    NoteView {
        id: note.id.to_string(),
        client_id: note.client.to_string(),
        author_id: note.author.map(|author| author.to_string()),
        may_change: changes.is_some_and(|within| note.is_of(access.staff, within)),
        author_name: note.author_name,
        body: viewer.text(&note.body),
        at: time(note.at),
        edited_at: note.edited_at.map(time),
        version: note.version,
    }
}
