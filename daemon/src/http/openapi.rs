//! The API's description, made from the handlers, and its docs page.

mod usual;

use axum::Router;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use super::State;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Frontdesk",
        description = "The API of the telephone exchange: the pages use it, and so can any program. Errors are problem \
                       bodies (RFC 9457) that name every wrong field. Unknown fields and parameters are refused.",
        license(name = "Apache-2.0"),
    ),
    modifiers(&Credentials),
    security(("token" = []), ("session" = [])),
)]
struct Described;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let components = api.components.get_or_insert_default();
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("From `POST /tokens`"))
            .build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        let cookie = ApiKeyValue::with_description(
            super::auth::COOKIE_NAME,
            "From `POST /login`; changes also need the header `X-CSRF-Token`",
        );
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

/// The described routes and their description.
fn described() -> (Router<State>, utoipa::openapi::OpenApi) {
    let (router, mut api) = OpenApiRouter::with_openapi(Described::openapi())
        .nest("/api/v1", super::api::routes())
        .merge(super::health::routes())
        .split_for_parts();
    usual::complete(&mut api);
    (router, api)
}

/// What `/api/v1/openapi.json` says.
pub fn description() -> utoipa::openapi::OpenApi {
    described().1
}

pub(super) fn routes() -> Router<State> {
    let (router, api) = described();
    router.merge(SwaggerUi::new("/api/docs").url("/api/v1/openapi.json", api))
}
