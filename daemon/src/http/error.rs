//! Problem bodies (RFC 9457), the only shape of an error on this side.

use axum::Json;
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use frontdesk_crm_core::store::{FieldError, StoreError};
use serde::Serialize;
use utoipa::ToSchema;

/// What was wrong with one field of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldProblem {
    /// As in the request's JSON, form or query.
    pub field: String,
    /// For programs: `required`, `invalid`, `taken`, `unknown`, ...
    pub code: String,
    /// For people.
    pub message: String,
}

/// A problem body, RFC 9457.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// `/problems/` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: &'static str,
    pub status: u16,
    /// For programs.
    pub code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Every field that is wrong, at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
}

#[derive(Debug, Clone)]
pub struct ApiError(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: Option<String>,
    fields: Vec<FieldProblem>,
    headers: HeaderMap,
}

pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        let headers = HeaderMap::new();
        ApiError(Box::new(Inner {
            status,
            code,
            title,
            detail: None,
            fields: Vec::new(),
            headers,
        }))
    }

    /// The request cannot be read at all.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", "The request cannot be read").detail(detail)
    }

    pub fn bad_query(fields: Vec<FieldProblem>) -> Self {
        let mut error = Self::new(StatusCode::BAD_REQUEST, "bad_query", "The query cannot be read");
        error.0.fields = fields;
        error
    }

    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Log in or send a valid token")
            .header(axum::http::header::WWW_AUTHENTICATE, "Bearer realm=\"frontdesk\"")
    }

    /// Unknown login, wrong password and no access look alike.
    pub fn wrong_login() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "wrong_login",
            "The login or the password is wrong",
        )
    }

    /// The password was right.
    pub fn code_required() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "code_required",
            "This login needs a code of its authenticator too",
        )
    }

    pub fn wrong_code() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "wrong_code",
            "This is no code of this moment, or it has been used",
        )
    }

    /// The account wants a second factor, and this login has none yet.
    pub fn two_factor_required() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "two_factor_required",
            "Set up a second factor first: POST /api/v1/me/two-factor",
        )
    }

    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "You have no right to do this").detail(detail)
    }

    pub fn csrf() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "csrf",
            "The request does not come from our own page",
        )
        .detail("send the X-CSRF-Token that `GET /api/v1/me` gives, from the same origin")
    }

    /// A signed link that says something else than it did, or whose owner has no access any more.
    pub fn bad_link() -> Self {
        Self::new(StatusCode::FORBIDDEN, "link_invalid", "This link is not good")
    }

    pub fn link_expired() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "link_expired",
            "This link is good no longer: ask for another one",
        )
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing here")
    }

    pub fn gone(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "gone", "It is no longer here").detail(detail)
    }

    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "This resource does not know the method",
        )
    }

    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, "It contradicts what is there").detail(detail)
    }

    pub fn taken(fields: Vec<FieldProblem>) -> Self {
        let mut error = Self::new(StatusCode::CONFLICT, "taken", "Somebody else has it already");
        error.0.fields = fields;
        error
    }

    /// The version that the caller changed is not the newest.
    pub fn stale() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "stale",
            "It was changed by somebody else: read it again",
        )
    }

    pub fn precondition_required() -> Self {
        Self::new(
            StatusCode::PRECONDITION_REQUIRED,
            "if_match_required",
            "Send If-Match with the ETag you read",
        )
    }

    pub fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is too large")
    }

    pub fn unsupported_media_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Send application/json",
        )
    }

    pub fn range_not_satisfiable(size: u64) -> Self {
        Self::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "range_not_satisfiable",
            "The file is shorter than that",
        )
        .header(axum::http::header::CONTENT_RANGE, &format!("bytes */{size}"))
    }

    pub fn invalid(fields: Vec<FieldProblem>) -> Self {
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Some fields are wrong");
        error.0.fields = fields;
        error
    }

    pub fn invalid_field(field: &str, code: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldProblem {
            field: field.into(),
            code: code.into(),
            message: message.into(),
        }])
    }

    pub fn refused(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, "This cannot be done").detail(detail)
    }

    pub fn too_many(retry_after_s: u64) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many",
            "Too many attempts: wait a little",
        )
        .header(RETRY_AFTER, &retry_after_s.to_string())
    }

    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not now, try again")
            .detail(detail)
            .header(RETRY_AFTER, "5")
    }

    /// Our own mistake: logged here, once, and told without its insides.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something failed on our side",
        )
    }

    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers.insert(name, value);
        }
        self
    }

    pub fn code(&self) -> &'static str {
        self.0.code
    }

    pub fn status(&self) -> StatusCode {
        self.0.status
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = *self.0;
        let problem = Problem {
            kind: format!("/problems/{}", error.code),
            title: error.title,
            status: error.status.as_u16(),
            code: error.code,
            detail: error.detail,
            fields: error.fields,
        };
        let mut response = (error.status, Json(problem)).into_response();
        response.headers_mut().extend(error.headers);
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> ApiError {
        match error {
            StoreError::NotFound => ApiError::not_found(),
            StoreError::Gone => ApiError::gone("it was deleted"),
            StoreError::Stale => ApiError::stale(),
            StoreError::Invalid(faults) => ApiError::invalid(faults.into_iter().map(FieldProblem::from).collect()),
            StoreError::Taken(faults) => ApiError::taken(faults.into_iter().map(FieldProblem::from).collect()),
            StoreError::Refused { code, detail } => ApiError::conflict(code, detail),
            StoreError::InUse(detail) => ApiError::conflict("in_use", detail),
            StoreError::Database(_) | StoreError::Migration(_) | StoreError::Corrupt(_) => ApiError::internal(&error),
        }
    }
}

impl From<FieldError> for FieldProblem {
    fn from(fault: FieldError) -> FieldProblem {
        FieldProblem {
            field: fault.field,
            code: fault.code.to_owned(),
            message: fault.message,
        }
    }
}
