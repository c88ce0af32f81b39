//! Connected numbers: which of the account's numbers reaches whom.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::Response;
use frontdesk_crm_core::destinations::DestinationPatch;
use frontdesk_crm_core::numbers::{self, Number, NumberPatch, UsedAsPhone};
use frontdesk_routing::ids::{AccountId, NumberId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::destinations::DestinationView;
use super::{ListParams, Listing, created, query_error, versioned};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch, Params, given};
use crate::http::plan::PlanSection;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update, delete))
}

/// A connected number and whom it reaches: one of the four.
#[derive(Debug, Serialize, ToSchema)]
struct NumberView {
    id: String,
    /// E.164.
    number: String,
    /// The only line that it arrives by; `null`: any of the account's.
    trunk_id: Option<String>,
    staff_id: Option<String>,
    department_id: Option<String>,
    menu_id: Option<String>,
    mailbox_id: Option<String>,
    /// Those whose own telephone it is said to be, which cannot be: calls to it come to us.
    used_as_phone: Vec<UserView>,
    version: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct UserView {
    staff_id: String,
    name: String,
}

/// What is absent stays as it is. Naming one of the four that a number reaches takes the place of the other.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NumberBody {
    /// Any usual form; kept as E.164. Needed for a new one.
    number: Option<String>,
    #[serde(default, deserialize_with = "given")]
    trunk_id: Option<Option<String>>,
    staff_id: Option<String>,
    department_id: Option<String>,
    menu_id: Option<String>,
    mailbox_id: Option<String>,
}

impl From<NumberBody> for NumberPatch {
    fn from(body: NumberBody) -> NumberPatch {
        NumberPatch {
            number: body.number,
            trunk: body.trunk_id,
            to: DestinationPatch {
                staff: body.staff_id,
                department: body.department_id,
                menu: body.menu_id,
                mailbox: body.mailbox_id,
                number: None,
            },
        }
    }
}

/// The account's connected numbers.
#[utoipa::path(get, path = "/numbers", tag = "numbers", params(ListParams), responses(
    (status = 200, body = Listing<NumberView>), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn list(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<ListParams>,
) -> ApiResult<Json<Listing<NumberView>>> {
    access.need(Right::TrunksRead)?;
    let list = numbers::page(&state.db, access.account, &params.page()?).await;
    let list = list.map_err(query_error)?;
    let users = numbers::used_as_phones(&state.db, access.account).await?;
    Ok(Json(Listing::part(list, |number| view(number, &users))))
}

/// Connects a number with a person, a department, a menu or a mailbox.
#[utoipa::path(post, path = "/numbers", tag = "numbers", request_body = NumberBody, responses(
    (status = 201, body = NumberView, headers(("Location" = String), ("ETag" = String))), (status = 403, body = Problem),
    (status = 409, body = Problem, description = "The number is connected already"), (status = 422, body = Problem),
))]
async fn create(Extract(state): Extract<State>, access: Access, Body(body): Body<NumberBody>) -> ApiResult<Response> {
    access.need(Right::TrunksWrite)?;
    let number = numbers::create(&state.db, &access.author(&state), body.into()).await?;
    state.plan.changed(access.account, PlanSection::Staff).await;
    let (location, version) = (format!("/api/v1/numbers/{}", number.id), number.version);
    Ok(created(one(&state, access.account, number).await?, version, location))
}

/// One number.
#[utoipa::path(get, path = "/numbers/{id}", tag = "numbers", params(("id" = String, Path)), responses(
    (status = 200, body = NumberView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<NumberId>) -> ApiResult<Response> {
    access.need(Right::TrunksRead)?;
    let number = numbers::get(&state.db, access.account, id).await?;
    let version = number.version;
    Ok(versioned(one(&state, access.account, number).await?, version))
}

/// Connects a number anew; the next call goes by it.
#[utoipa::path(patch, path = "/numbers/{id}", tag = "numbers", request_body = NumberBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = NumberView, headers(("ETag" = String))), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn update(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<NumberId>,
    IfMatch(version): IfMatch,
    Body(body): Body<NumberBody>,
) -> ApiResult<Response> {
    access.need(Right::TrunksWrite)?;
    let number = numbers::update(&state.db, &access.author(&state), id, body.into(), version).await?;
    state.plan.changed(access.account, PlanSection::Staff).await;
    let version = number.version;
    Ok(versioned(one(&state, access.account, number).await?, version))
}

/// Disconnects a number: whoever calls it is told 404.
#[utoipa::path(delete, path = "/numbers/{id}", tag = "numbers",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 204), (status = 404, body = Problem), (status = 409, body = Problem, description = "Calls show the number"),
        (status = 412, body = Problem),
    ))]
async fn delete(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<NumberId>,
    IfMatch(version): IfMatch,
) -> ApiResult<StatusCode> {
    access.need(Right::TrunksWrite)?;
    numbers::delete(&state.db, &access.author(&state), id, version).await?;
    state.plan.changed(access.account, PlanSection::Staff).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn one(state: &State, account: AccountId, number: Number) -> ApiResult<NumberView> {
    let users = numbers::used_as_phones(&state.db, account).await?;
    Ok(view(number, &users))
}

fn view(number: Number, users: &[UsedAsPhone]) -> NumberView {
    let to = DestinationView::from(number.to);
    NumberView {
        id: number.id.to_string(),
        number: number.number,
        trunk_id: number.trunk.map(|trunk| trunk.to_string()),
        staff_id: to.staff_id,
        department_id: to.department_id,
        menu_id: to.menu_id,
        mailbox_id: to.mailbox_id,
        used_as_phone: users
            .iter()
            .filter(|user| user.number == number.id)
            .map(|user| UserView {
                staff_id: user.staff.to_string(),
                name: user.name.clone(),
            })
            .collect(),
        version: number.version,
    }
}
