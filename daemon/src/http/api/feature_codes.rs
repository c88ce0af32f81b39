//! The codes that an account's phones dial, and whose calls may be picked up.

use std::collections::BTreeMap;

use axum::extract::State as Extract;
use axum::response::Response;
use frontdesk_crm_core::features::{self, Features, FeaturesPatch, pickup_name};
use frontdesk_routing::features::Feature;
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

#[derive(Debug, Serialize, ToSchema)]
struct FeatureCodesView {
    /// By feature, for example `dnd_on` to `*78`; `null`: the feature is off.
    codes: BTreeMap<&'static str, Option<String>>,
    /// Whose ringing calls may be picked up: `anyone`'s, or those of people of one's own `department`s.
    pickup: &'static str,
    /// Where calls are parked, as in `701-720`.
    parking_places: String,
    /// What `If-Match` takes, in quotes; 0 until something is changed.
    version: i64,
}

/// What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FeatureCodesPatchBody {
    /// `*` or `#` and up to 5 more of `*`, `#` and digits; `null` switches a feature off.
    #[serde(default)]
    codes: BTreeMap<String, Option<String>>,
    /// `anyone` or `department`.
    pickup: Option<String>,
    /// Two numbers from 10 to 65535, as in `701-720`: 100 places at most, none of them somebody's short number.
    parking_places: Option<String>,
}

/// The account's feature codes.
#[utoipa::path(get, path = "/feature-codes", tag = "account", responses(
    (status = 200, body = FeatureCodesView, headers(("ETag" = String))), (status = 403, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access) -> ApiResult<Response> {
    access.need(Right::SettingsRead)?;
    let features = features::get(&state.db, access.account).await?;
    Ok(versioned(view(&features), features.version))
}

/// Changes the account's feature codes; the next call goes by them.
#[utoipa::path(patch, path = "/feature-codes", tag = "account", request_body = FeatureCodesPatchBody,
    params(("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = FeatureCodesView, headers(("ETag" = String))), (status = 403, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn update(
    Extract(state): Extract<State>,
    access: Access,
    IfMatch(version): IfMatch,
    Body(body): Body<FeatureCodesPatchBody>,
) -> ApiResult<Response> {
    access.need(Right::SettingsWrite)?;
    let patch = FeaturesPatch {
        codes: body.codes,
        pickup: body.pickup,
        places: body.parking_places,
    };
    let features = features::update(&state.db, &access.author(&state), patch, version).await?;
    state.plan.changed(access.account, PlanSection::Features).await;
    Ok(versioned(view(&features), features.version))
}

fn view(features: &Features) -> FeatureCodesView {
    let code = |feature: &Feature| {
        (
            feature.name(),
            features.settings.codes.code(*feature).map(str::to_owned),
        )
    };
    FeatureCodesView {
        codes: Feature::ALL.iter().map(code).collect(),
        pickup: pickup_name(features.settings.pickup),
        parking_places: features.settings.places.to_string(),
        version: features.version,
    }
}
