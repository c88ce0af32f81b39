//! Mailboxes: where messages are left for people and departments.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State as Extract};
use axum::http::StatusCode;
use axum::response::Response;
use frontdesk_crm_core::mailboxes::{self, Mailbox, MailboxPatch, Owner};
use frontdesk_crm_core::notices::Language;
use frontdesk_media::sound::Sound;
use frontdesk_routing::ids::{MailboxId, StaffId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::music::file;
use super::upload::blocking;
use super::voicemails::light;
use super::{ListParams, Listing, created, query_error, versioned};
use crate::engine::input::OperatorCommand;
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch, Params};
use crate::http::plan::PlanSection;
use crate::music;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update, delete))
        .routes(routes!(replace_greeting, remove_greeting))
}

/// Milliseconds of a greeting at most.
const LONGEST_GREETING: u64 = 60_000;

/// A mailbox of a person or of a department.
#[derive(Debug, Serialize, ToSchema)]
struct MailboxView {
    id: String,
    staff_id: Option<String>,
    department_id: Option<String>,
    /// Messages are taken.
    enabled: bool,
    /// `own` or `built_in`.
    greeting: &'static str,
    /// Of the built-in greeting: `ru` or `en`; `null`: that of the account's country.
    language: Option<&'static str>,
    /// Seconds of a message at most.
    longest_s: i64,
    /// Who is told of messages by e-mail.
    email_to_staff_id: Option<String>,
    /// Messages that nobody has heard.
    unheard: i64,
    messages: i64,
    version: i64,
}

/// A new mailbox of a person or of a department: either `staff_id` or `department_id`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct NewMailboxBody {
    staff_id: Option<String>,
    department_id: Option<String>,
    /// `true` when nothing is said.
    enabled: Option<bool>,
    /// `ru`, `en`, or empty: that of the account's country.
    language: Option<String>,
    /// 5 to 600; 120 when nothing is said.
    longest_s: Option<i64>,
    /// Empty: nobody.
    email_to_staff_id: Option<String>,
}

/// What is absent stays as it is; a mailbox stays its owner's.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct MailboxBody {
    enabled: Option<bool>,
    /// `ru`, `en`, or empty: that of the account's country.
    language: Option<String>,
    /// 5 to 600.
    longest_s: Option<i64>,
    /// Empty: nobody.
    email_to_staff_id: Option<String>,
}

impl From<NewMailboxBody> for MailboxPatch {
    fn from(body: NewMailboxBody) -> MailboxPatch {
        MailboxPatch {
            staff: body.staff_id,
            department: body.department_id,
            enabled: body.enabled,
            language: body.language,
            longest_s: body.longest_s,
            email_to: body.email_to_staff_id,
        }
    }
}

impl From<MailboxBody> for MailboxPatch {
    fn from(body: MailboxBody) -> MailboxPatch {
        MailboxPatch {
            staff: None,
            department: None,
            enabled: body.enabled,
            language: body.language,
            longest_s: body.longest_s,
            email_to: body.email_to_staff_id,
        }
    }
}

/// The mailboxes, the oldest first.
#[utoipa::path(get, path = "/mailboxes", tag = "voicemail", params(ListParams), responses(
    (status = 200, body = Listing<MailboxView>), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn list(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<ListParams>,
) -> ApiResult<Json<Listing<MailboxView>>> {
    access.need(Right::SettingsRead)?;
    let list = mailboxes::page(&state.db, access.account, &params.page()?).await;
    let list = list.map_err(query_error)?;
    Ok(Json(Listing::part(list, |mailbox| view(&mailbox))))
}

/// Gives a person or a department a mailbox.
#[utoipa::path(post, path = "/mailboxes", tag = "voicemail", request_body = NewMailboxBody, responses(
    (status = 201, body = MailboxView, headers(("Location" = String), ("ETag" = String))), (status = 403, body = Problem),
    (status = 409, body = Problem, description = "There is one already"), (status = 422, body = Problem),
))]
async fn create(
    Extract(state): Extract<State>,
    access: Access,
    Body(body): Body<NewMailboxBody>,
) -> ApiResult<Response> {
    access.need(Right::SettingsWrite)?;
    let mailbox = mailboxes::create(&state.db, &access.author(&state), body.into()).await?;
    state.plan.changed(access.account, PlanSection::Staff).await;
    let location = format!("/api/v1/mailboxes/{}", mailbox.id);
    Ok(created(view(&mailbox), mailbox.version, location))
}

/// One mailbox.
#[utoipa::path(get, path = "/mailboxes/{id}", tag = "voicemail", params(("id" = String, Path)), responses(
    (status = 200, body = MailboxView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<MailboxId>) -> ApiResult<Response> {
    access.need(Right::SettingsRead)?;
    let mailbox = mailboxes::get(&state.db, access.account, id).await?;
    Ok(versioned(view(&mailbox), mailbox.version))
}

/// Changes a mailbox; the next message is left by it.
#[utoipa::path(patch, path = "/mailboxes/{id}", tag = "voicemail", request_body = MailboxBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = MailboxView, headers(("ETag" = String))), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn update(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<MailboxId>,
    IfMatch(version): IfMatch,
    Body(body): Body<MailboxBody>,
) -> ApiResult<Response> {
    access.need(Right::SettingsWrite)?;
    let mailbox = mailboxes::update(&state.db, &access.author(&state), (id, version), body.into()).await?;
    state.plan.changed(access.account, PlanSection::Staff).await;
    Ok(versioned(view(&mailbox), mailbox.version))
}

/// Takes a mailbox away, with its messages; the recordings of the calls stay.
#[utoipa::path(delete, path = "/mailboxes/{id}", tag = "voicemail",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 204), (status = 404, body = Problem), (status = 409, body = Problem, description = "Calls are sent there"),
        (status = 412, body = Problem),
    ))]
async fn delete(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<MailboxId>,
    IfMatch(version): IfMatch,
) -> ApiResult<StatusCode> {
    access.need(Right::SettingsWrite)?;
    mailboxes::delete(&state.db, &access.author(&state), id, version).await?;
    let folder = state.settings.greetings.clone();
    blocking(move || music::forget(&folder, id).map_err(|error| ApiError::internal(&error))).await?;
    state.plan.changed(access.account, PlanSection::Staff).await;
    tell(&state, id, None).await?;
    light(&state, access.account).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Greets callers with a WAV of the mailbox's own: 16-bit PCM, mono or stereo, 8000 to 48000 samples a second, at most a
/// minute.
#[utoipa::path(put, path = "/mailboxes/{id}/greeting", tag = "voicemail", params(("id" = String, Path)),
    request_body(content = Vec<u8>, content_type = "audio/wav"), responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem, description = "What is wrong with the file"),
    ))]
async fn replace_greeting(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<MailboxId>,
    request: Request,
) -> ApiResult<StatusCode> {
    access.need(Right::SettingsWrite)?;
    mailboxes::get(&state.db, access.account, id).await?;
    let (head, body) = request.into_parts();
    let file = file(&head.headers, body).await?;
    let folder = state.settings.greetings.clone();
    let kept = blocking(move || {
        let wrong = |why: String| ApiError::invalid_field("body", "invalid", why);
        let sound = Sound::from_wav(&file)
            .map_err(|error| wrong(error.to_string()))?
            .for_phones();
        if sound.duration_ms() > LONGEST_GREETING {
            return Err(wrong("a minute at most".to_owned()));
        }
        music::keep(&folder, id, &sound).map_err(|error| ApiError::internal(&error))?;
        Ok(Arc::new(sound))
    });
    let sound = kept.await?;
    mailboxes::greeting(&state.db, &access.author(&state), (id, None), true).await?;
    tell(&state, id, Some(sound)).await?;
    state.plan.changed(access.account, PlanSection::Staff).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Goes back to the built-in greeting.
#[utoipa::path(delete, path = "/mailboxes/{id}/greeting", tag = "voicemail",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem),
    ))]
async fn remove_greeting(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<MailboxId>,
    IfMatch(version): IfMatch,
) -> ApiResult<StatusCode> {
    access.need(Right::SettingsWrite)?;
    mailboxes::greeting(&state.db, &access.author(&state), (id, version), false).await?;
    let folder = state.settings.greetings.clone();
    blocking(move || music::forget(&folder, id).map_err(|error| ApiError::internal(&error))).await?;
    tell(&state, id, None).await?;
    state.plan.changed(access.account, PlanSection::Staff).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn tell(state: &State, mailbox: MailboxId, sound: Option<Arc<Sound>>) -> ApiResult<()> {
    let sent = state.operator.send(OperatorCommand::Greeting { mailbox, sound }).await;
    sent.map_err(|_| ApiError::unavailable("the engine is stopping"))
}

fn view(mailbox: &Mailbox) -> MailboxView {
    let (staff, department) = match mailbox.owner {
        Owner::Staff(staff) => (Some(staff), None),
        Owner::Department(department) => (None, Some(department)),
    };
    let text = |staff: StaffId| staff.to_string();
    MailboxView {
        id: mailbox.id.to_string(),
        staff_id: staff.map(text),
        department_id: department.map(|department| department.to_string()),
        enabled: mailbox.enabled,
        greeting: if mailbox.own_greeting { "own" } else { "built_in" },
        language: mailbox.language.map(Language::name),
        longest_s: mailbox.longest_s,
        email_to_staff_id: mailbox.email_to.map(text),
        unheard: mailbox.fresh,
        messages: mailbox.total,
        version: mailbox.version,
    }
}
