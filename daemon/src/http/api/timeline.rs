//! All that has happened with a client.

use axum::Json;
use axum::extract::State as Extract;
use axum::response::Response;
use frontdesk_crm_core::access::Scope;
use frontdesk_crm_core::clients::{self, Beside, Happening};
use frontdesk_crm_core::recordings;
use frontdesk_routing::ids::ClientId;
use frontdesk_routing::masking::Viewer;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::calls::{CallView, view};
use super::client_notes::{self, NoteBody, NoteView};
use super::deals::{ChangeView, change_view, looker};
use super::requests::{self, RequestView};
use super::voicemails::{self, VoicemailView};
use super::{Listing, created, page, query_error};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::{Body, Id, Params};
use crate::live::view::time;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(read, note))
}

/// A call, a note, what has become of a lead or a deal, a message that was left, or what was asked for at a site.
#[derive(Debug, Default, Serialize, ToSchema)]
struct HappeningView {
    /// `call`, `note`, `deal`, `voicemail` or `request`.
    kind: &'static str,
    #[schema(format = DateTime)]
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<CallView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<NoteView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deal: Option<ChangeView>,
    /// In a mailbox that one may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    voicemail: Option<VoicemailView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<RequestView>,
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

/// Calls with a client, messages that the client has left, requests at sites, notes, and changes of leads and deals, newest
/// first. Each is told to whom it is told elsewhere.
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
        voicemails: voicemails::reader(&access, Right::RecordingsList).ok(),
    };
    let list = clients::timeline(&state.db, asked, beside, &page).await;
    let list = list.map_err(query_error)?;
    let recordings = recordings_of(&state, &access, id, &list.items).await?;
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    let changes = access.within(Right::ClientsWrite).ok();
    let who = (&access, changes, viewer);
    let items = list.items.into_iter().map(|one| happening(one, &recordings, who));
    Ok(Json(Listing {
        items: items.collect(),
        total: None,
        filtered: None,
        next_cursor: list.next_cursor,
    }))
}

/// Those of the calls among them, as far as one may know that there are any.
async fn recordings_of(
    state: &State,
    access: &Access,
    client: ClientId,
    happenings: &[Happening],
) -> ApiResult<Vec<recordings::Recording>> {
    let calls = happenings.iter().filter_map(|happening| match happening {
        Happening::Call(call) => Some(call.started_at),
        Happening::Note(_) | Happening::Deal(_) | Happening::Voicemail(_) | Happening::Request(_) => None,
    });
    let span = calls.clone().min().zip(calls.max());
    match span.zip(access.within(Right::RecordingsList).ok()) {
        Some((span, within)) => Ok(recordings::of_client(&state.db, within, client, span).await?),
        None => Ok(Vec::new()),
    }
}

/// `changes`: the clients whom the one who looks may change.
fn happening(
    happening: Happening,
    recordings: &[recordings::Recording],
    (access, changes, viewer): (&Access, Option<Scope>, Viewer<'_>),
) -> HappeningView {
    match happening {
        Happening::Call(call) => {
            let call = view(*call, recordings, viewer);
            HappeningView {
                kind: "call",
                at: call.started_at.clone(),
                call: Some(call),
                ..HappeningView::default()
            }
        }
        Happening::Note(note) => HappeningView {
            kind: "note",
            at: time(note.at),
            note: Some(client_notes::view(note, (access, changes), viewer)),
            ..HappeningView::default()
        },
        Happening::Deal(change) => HappeningView {
            kind: "deal",
            at: time(change.at),
            deal: Some(change_view(*change, viewer)),
            ..HappeningView::default()
        },
        Happening::Voicemail(message) => HappeningView {
            kind: "voicemail",
            at: time(message.left_at),
            voicemail: Some(voicemails::view(&message, viewer)),
            ..HappeningView::default()
        },
        Happening::Request(request) => HappeningView {
            kind: "request",
            at: time(request.created_at),
            request: Some(requests::view(*request, viewer)),
            ..HappeningView::default()
        },
    }
}

/// Writes something down of a client.
#[utoipa::path(post, path = "/clients/{id}/timeline", tag = "clients", params(("id" = String, Path)),
    request_body = NoteBody, responses(
        (status = 201, body = NoteView, headers(("Location" = String), ("ETag" = String))),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem),
    ))]
async fn note(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<ClientId>,
    Body(body): Body<NoteBody>,
) -> ApiResult<Response> {
    let within = access.within(Right::ClientsWrite)?;
    let note = clients::add_note(&state.db, &access.author(&state), (within, id), &body.body).await?;
    client_notes::told(&state, within, id).await?;
    let (location, version) = (client_notes::location(&note), note.version);
    let plan = state.live.plan();
    let note = client_notes::view(note, (&access, Some(within)), access.viewer(&plan));
    Ok(created(note, version, location))
}
