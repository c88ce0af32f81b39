//! SIP data of a staff member: what a phone needs, its secret shown once.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::header::HOST;
use axum::http::{HeaderMap, StatusCode};
use frontdesk_crm_core::sip_accounts::{self, SipData};
use frontdesk_routing::ids::StaffId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::staff::{changed, own_only_if_main};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::Id;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(generate)).routes(routes!(rotate))
}

/// What a phone or softphone is set up with. The password is told this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct SipDataView {
    server: String,
    port: u16,
    /// For TLS, when it is among the transports.
    tls_port: Option<u16>,
    /// `UDP`, `TCP`, `TLS`.
    transports: Vec<&'static str>,
    user: String,
    password: String,
    realm: String,
}

/// Makes the first SIP data of a staff member.
#[utoipa::path(post, path = "/staff/{id}/sip", tag = "staff", params(("id" = String, Path)), responses(
    (status = 201, body = SipDataView), (status = 404, body = Problem),
    (status = 409, body = Problem, description = "There is SIP data already: rotate it"),
))]
async fn generate(
    Extract(state): Extract<State>,
    access: Access,
    headers: HeaderMap,
    Id(id): Id<StaffId>,
) -> ApiResult<(StatusCode, Json<SipDataView>)> {
    access.need(Right::SipWrite)?;
    own_only_if_main(&state, &access, id).await?;
    let data = sip_accounts::generate(&state.db, &access.author(&state), id).await?;
    changed(&state, access.account, id).await;
    Ok((StatusCode::CREATED, Json(view(&state, &headers, data))))
}

/// Makes another password for the same user; the old one stops working.
#[utoipa::path(post, path = "/staff/{id}/sip/rotate", tag = "staff", params(("id" = String, Path)), responses(
    (status = 200, body = SipDataView), (status = 404, body = Problem),
))]
async fn rotate(
    Extract(state): Extract<State>,
    access: Access,
    headers: HeaderMap,
    Id(id): Id<StaffId>,
) -> ApiResult<Json<SipDataView>> {
    access.need(Right::SipWrite)?;
    own_only_if_main(&state, &access, id).await?;
    let data = sip_accounts::rotate(&state.db, &access.author(&state), id).await?;
    changed(&state, access.account, id).await;
    Ok(Json(view(&state, &headers, data)))
}

pub(super) fn view(state: &State, headers: &HeaderMap, data: SipData) -> SipDataView {
    SipDataView {
        server: state.settings.sip_host.clone().unwrap_or_else(|| host(headers)),
        port: state.settings.sip_port,
        tls_port: state.settings.sip_tls_port,
        transports: state.settings.sip_transports.clone(),
        user: data.user,
        password: data.secret,
        realm: data.realm,
    }
}

/// The host that the page was opened with, without its port: what reaches us there reaches us here.
fn host(headers: &HeaderMap) -> String {
    let text = headers
        .get(HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let host = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(host, _)| host),
        None => text.split_once(':').map_or(text, |(host, _)| host),
    };
    host.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_the_pages_host_without_its_port() {
        let check = |value: &str, expected: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, value.parse().unwrap());
            assert_eq!(host(&headers), expected);
        };
        check("pbx.example:8080", "pbx.example");
        check("pbx.example", "pbx.example");
        check("192.0.2.1:8080", "192.0.2.1");
        check("[2001:db8::1]:8080", "2001:db8::1");
    }
}
