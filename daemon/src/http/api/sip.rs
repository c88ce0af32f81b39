//! SIP data of a staff member: what a phone needs, its secret shown once.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::header::HOST;
use axum::http::{HeaderMap, StatusCode};
use frontdesk_crm_core::sip_accounts::{self, SipData};
use frontdesk_crm_core::staff::{self, StaffMember};
use frontdesk_routing::ids::StaffId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::staff::{changed, own_only_if_main};
use super::{Listing, named};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Id, Params};
use crate::http::pages::language;
use crate::live::view::time;
use crate::provisioning::{Files, Filled, MODELS, Model, PhoneSettings, model, svg};

/// 192 bits.
const TOKEN_LENGTH: usize = 32;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(generate))
        .routes(routes!(rotate))
        .routes(routes!(instructions))
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
    /// For phones that fetch their settings themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    provisioning: Option<ProvisioningView>,
}

/// Links that give the settings away once, with the password: the first one that is followed ends all.
#[derive(Debug, Serialize, ToSchema)]
struct ProvisioningView {
    #[schema(format = DateTime)]
    expires_at: String,
    links: Vec<LinkView>,
    /// Of the link for Linphone, as an SVG.
    qr_svg: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct LinkView {
    /// As in `/staff/{id}/sip/instructions`.
    model: &'static str,
    name: &'static str,
    url: String,
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
    Ok((
        StatusCode::CREATED,
        Json(once(&state, &access, &headers, (id, data)).await?),
    ))
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
    Ok(Json(once(&state, &access, &headers, (id, data)).await?))
}

/// What a phone is set up with, and the links by which it may fetch that itself.
async fn once(
    state: &State,
    access: &Access,
    headers: &HeaderMap,
    (staff, data): (StaffId, SipData),
) -> ApiResult<SipDataView> {
    let now = state.clock.unix_ms();
    let member = staff::get(&state.db, access.account, staff, now).await?;
    let settings = settings(state, headers, &member, data.user.clone());
    let token = state.stamp().ids().secret(TOKEN_LENGTH);
    let until = state.tickets().issue(&token, (settings, data.secret.clone()), now);
    let base = base(state, headers);
    let url = |model: &Model, files: Files| format!("{base}/provision/{token}/{}/{}", model.id, files.link());
    let links = MODELS.iter().filter_map(|model| {
        Some(LinkView {
            model: model.id,
            name: model.name,
            url: url(model, model.files?),
        })
    });
    let links: Vec<LinkView> = links.collect();
    let scanned = links.iter().find(|link| link.model == "linphone");
    let mut view = view(state, headers, data);
    view.provisioning = Some(ProvisioningView {
        expires_at: time(until),
        qr_svg: scanned.and_then(|link| svg(&link.url)),
        links,
    });
    Ok(view)
}

/// By the first transport that there is.
fn settings(state: &State, headers: &HeaderMap, member: &StaffMember, user: String) -> PhoneSettings {
    let transport = state.settings.sip_transports.first().copied().unwrap_or("UDP");
    let port = match transport {
        "TLS" => state.settings.sip_tls_port.unwrap_or(state.settings.sip_port),
        _ => state.settings.sip_port,
    };
    PhoneSettings {
        account: member.account,
        staff: member.id,
        name: member.name(),
        user,
        host: sip_host(state, headers),
        port,
        transport,
    }
}

/// How to set a phone up, with this person's values.
#[derive(Debug, Serialize, ToSchema)]
pub struct InstructionView {
    pub model: &'static str,
    pub name: &'static str,
    /// `desk` or `app`.
    pub kind: &'static str,
    /// The maker's: where the program or the manual is.
    pub link: &'static str,
    /// Where the fields are, in the reader's language.
    pub place: &'static str,
    pub fields: Vec<InstructionField>,
    /// Where a link of `POST /staff/{id}/sip` goes, for what fetches its settings itself.
    pub link_place: Option<&'static str>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct InstructionField {
    /// As the phone calls it.
    pub label: &'static str,
    /// `null`: the password, which is told once, when it is made.
    pub value: Option<String>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct InstructionParams {
    /// Only for this one: `yealink`, `grandstream`, `snom`, `fanvil`, `linphone`, `zoiper`, `microsip` or `baresip`.
    model: Option<String>,
}

/// Phones and softphones, and what is typed where for this person.
#[utoipa::path(get, path = "/staff/{id}/sip/instructions", tag = "staff",
    params(("id" = String, Path), InstructionParams), responses(
        (status = 200, body = Listing<InstructionView>), (status = 400, body = Problem),
        (status = 404, body = Problem, description = "Nobody, or without SIP data"),
    ))]
async fn instructions(
    Extract(state): Extract<State>,
    access: Access,
    headers: HeaderMap,
    Id(id): Id<StaffId>,
    Params(params): Params<InstructionParams>,
) -> ApiResult<Json<Listing<InstructionView>>> {
    access.need(Right::StaffRead)?;
    let only = named("model", params.model.as_deref(), model)?;
    let (_, mut items) = instructions_for(&state, &access, &headers, id).await?;
    items.retain(|item| only.is_none_or(|only| only.id == item.model));
    Ok(Json(Listing::whole(items)))
}

/// Whose, and for every model; the caller has checked the right.
pub async fn instructions_for(
    state: &State,
    access: &Access,
    headers: &HeaderMap,
    id: StaffId,
) -> ApiResult<(StaffMember, Vec<InstructionView>)> {
    let member = staff::get(&state.db, access.account, id, state.clock.unix_ms()).await?;
    let user = member.sip_user.clone().ok_or_else(ApiError::not_found)?;
    let settings = settings(state, headers, &member, user);
    let lang = language(headers);
    let view = |model: &'static Model| InstructionView {
        model: model.id,
        name: model.name,
        kind: model.kind.name(),
        link: model.link,
        place: model.place.of(lang),
        fields: model.filled(&settings).into_iter().map(field).collect(),
        link_place: model.link_place.as_ref().map(|place| place.of(lang)),
    };
    Ok((member, MODELS.iter().map(view).collect()))
}

fn field(field: Filled) -> InstructionField {
    InstructionField {
        label: field.label,
        value: field.value,
    }
}

/// The address that the page was opened with.
pub(super) fn base(state: &State, headers: &HeaderMap) -> String {
    let scheme = if state.settings.secure_cookies { "https" } else { "http" };
    let host = headers.get(HOST).and_then(|value| value.to_str().ok());
    format!("{scheme}://{}", host.unwrap_or_default())
}

fn sip_host(state: &State, headers: &HeaderMap) -> String {
    state.settings.sip_host.clone().unwrap_or_else(|| host(headers))
}

pub(super) fn view(state: &State, headers: &HeaderMap, data: SipData) -> SipDataView {
    SipDataView {
        server: sip_host(state, headers),
        port: state.settings.sip_port,
        tls_port: state.settings.sip_tls_port,
        transports: state.settings.sip_transports.clone(),
        user: data.user,
        password: data.secret,
        realm: data.realm,
        provisioning: None,
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
