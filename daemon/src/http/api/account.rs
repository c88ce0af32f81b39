//! The account's own settings.

use axum::extract::State as Extract;
use axum::response::Response;
use frontdesk_crm_core::accounts::{self, Account, AccountPatch, CallerIdPatch, policy_name, shows_name};
use frontdesk_routing::ids::AccountId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::versioned;
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::{Body, IfMatch, given};
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
    /// What calls from the CRM and from widgets show: a connected number, E.164.
    pub single_number: Option<String>,
    /// What emergency calls show: a connected number, E.164.
    pub emergency_number: Option<String>,
    /// What a call shows that goes on to a number outside: `client`, `did` or `stub`.
    pub forwarded_shows: &'static str,
    /// What staff see whom clients' numbers are hidden from, E.164.
    pub stub_number: String,
    /// Dialling the stub or a client's token reaches the client.
    pub stub_dials_back: bool,
    /// Days of which a schedule says nothing count as open.
    pub open_when_unknown: bool,
    /// What a number outside that is no client's becomes when a call with it has ended: `ignore` or `make_client`.
    pub unknown_callers: &'static str,
    /// Every login needs a second factor; whoever has none yet can do nothing else before it is set up.
    pub two_factor_required: bool,
    pub version: i64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AccountPatchBody {
    name: Option<String>,
    time_zone: Option<String>,
    /// `always` or `never`.
    recording_policy: Option<String>,
    /// A connected number; `null`: calls from the CRM show the line's own.
    #[serde(default, deserialize_with = "given")]
    single_number: Option<Option<String>>,
    /// A connected number.
    #[serde(default, deserialize_with = "given")]
    emergency_number: Option<Option<String>>,
    /// `client`, `did` or `stub`.
    forwarded_shows: Option<String>,
    /// Any telephone number.
    stub_number: Option<String>,
    stub_dials_back: Option<bool>,
    open_when_unknown: Option<bool>,
    /// `ignore` or `make_client`.
    unknown_callers: Option<String>,
    two_factor_required: Option<bool>,
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
        caller_id: CallerIdPatch {
            single_number: body.single_number,
            emergency_number: body.emergency_number,
            forwarded_shows: body.forwarded_shows,
            stub_number: body.stub_number,
            stub_dials_back: body.stub_dials_back,
        },
        open_when_unknown: body.open_when_unknown,
        unknown_callers: body.unknown_callers,
        two_factor_required: body.two_factor_required,
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
            single_number: account.caller_id.single_number,
            emergency_number: account.caller_id.emergency_number,
            forwarded_shows: shows_name(account.caller_id.forwarded_shows),
            stub_number: account.caller_id.stub_number,
            stub_dials_back: account.caller_id.stub_dials_back,
            open_when_unknown: account.open_when_unknown,
            unknown_callers: account.unknown_callers.name(),
            two_factor_required: account.two_factor_required,
            version: account.version,
        }
    }
}
