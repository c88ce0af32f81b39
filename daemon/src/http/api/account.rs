//! The account's own settings.

use axum::extract::State as Extract;
use axum::response::Response;
use frontdesk_crm_core::accounts::{self, Account, AccountPatch, policy_name};
use frontdesk_routing::ids::AccountId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::versioned;
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::{Body, IfMatch};
use crate::http::plan::PlanSection;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(read, update))
}

/// The account: a company.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountView {
    pub id: String,
    /// Before each login: `19079_ivan`.
    pub number: i64,
    pub name: String,
    /// Where national numbers belong, as two letters.
    pub region: String,
    /// IANA name.
    pub time_zone: String,
    /// `always` or `never`.
    pub recording_policy: &'static str,
    pub version: i64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AccountPatchBody {
    name: Option<String>,
    time_zone: Option<String>,
    /// `always` or `never`.
    recording_policy: Option<String>,
}

/// The account's settings.
#[utoipa::path(get, path = "/account", tag = "account", responses(
    (status = 200, body = AccountView, headers(("ETag" = String))), (status = 403, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access) -> ApiResult<Response> {
    access.need(Right::SettingsRead)?;
    let view = view(&state, access.account).await?;
    let version = view.version;
    Ok(versioned(view, version))
}

/// Changes the account's settings.
#[utoipa::path(patch, path = "/account", tag = "account", request_body = AccountPatchBody,
    params(("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = AccountView, headers(("ETag" = String))), (status = 403, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn update(
    Extract(state): Extract<State>,
    access: Access,
    IfMatch(version): IfMatch,
    Body(body): Body<AccountPatchBody>,
) -> ApiResult<Response> {
    access.need(Right::SettingsWrite)?;
    let patch = AccountPatch {
        name: body.name,
        time_zone: body.time_zone,
        recording_policy: body.recording_policy,
    };
    let account = accounts::update(&state.db, &access.author(&state), patch, version).await?;
    state.plan.changed(access.account, PlanSection::Account).await;
    let version = account.version;
    Ok(versioned(AccountView::from(account), version))
}

pub async fn view(state: &State, account: AccountId) -> ApiResult<AccountView> {
    Ok(AccountView::from(accounts::get(&state.db, account).await?))
}

impl From<Account> for AccountView {
    fn from(account: Account) -> AccountView {
        AccountView {
            id: account.id.to_string(),
            number: account.number,
            name: account.name,
            region: account.region,
            time_zone: account.time_zone,
            recording_policy: policy_name(account.recording),
            version: account.version,
        }
    }
}
