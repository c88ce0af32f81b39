//! Bodies, queries and paths whose faults name the field.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::header::{CONTENT_TYPE, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::de::{Deserialize, DeserializeOwned, Deserializer};

use super::error::{ApiError, FieldProblem};

/// A JSON body: 415 for another type, 413 when too long, 400 when it is no JSON, 422 when a field is wrong or unknown.
#[derive(Debug)]
pub(in crate::http) struct Body<T>(pub(in crate::http) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let json = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| {
                let kind = value.split(';').next().unwrap_or_default().trim();
                kind.eq_ignore_ascii_case("application/json")
                    || kind.eq_ignore_ascii_case("application/merge-patch+json")
            });
        if !json {
            return Err(ApiError::unsupported_media_type());
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| unread(&rejection))?;
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| wrong(&error))?;
        reader.end().map_err(|error| ApiError::bad_request(error.to_string()))?;
        Ok(Body(value))
    }
}

fn unread(rejection: &BytesRejection) -> ApiError {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        ApiError::too_large()
    } else {
        ApiError::bad_request("the body broke off")
    }
}

fn wrong(error: &serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let message = error.inner().to_string();
    match error.inner().classify() {
        serde_json::error::Category::Data => {
            ApiError::invalid(vec![field_problem(&error.path().to_string(), &message)])
        }
        serde_json::error::Category::Syntax | serde_json::error::Category::Eof | serde_json::error::Category::Io => {
            ApiError::bad_request(message)
        }
    }
}

/// Serde's words about a field, without the place in the text.
fn field_problem(path: &str, message: &str) -> FieldProblem {
    let message = message.split(" at line ").next().unwrap_or_default();
    let quoted = message.split('`').nth(1).unwrap_or_default();
    let (field, code) = if message.starts_with("unknown field") {
        (quoted, "unknown")
    } else if message.starts_with("missing field") {
        (quoted, "required")
    } else {
        (path, "invalid")
    };
    FieldProblem {
        field: field.into(),
        code: code.into(),
        message: message.into(),
    }
}

/// The query string; unknown names are refused by the type itself.
#[derive(Debug)]
pub(in crate::http) struct Params<T>(pub(in crate::http) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        serde_path_to_error::deserialize(reader).map(Params).map_err(|error| {
            let message = error.inner().to_string();
            ApiError::bad_query(vec![field_problem(&error.path().to_string(), &message)])
        })
    }
}

/// The `{id}` of the path. A text that is no id of ours is simply not found.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Id<T>(pub(in crate::http) T);

impl<S: Send + Sync, T: std::str::FromStr> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::not_found())?;
        let text = params
            .iter()
            .find(|(name, _)| *name == "id")
            .map(|(_, value)| value.to_owned());
        text.and_then(|text| text.parse().ok())
            .map(Id)
            .ok_or_else(ApiError::not_found)
    }
}

/// The version that `If-Match` names: `None` when the header is absent or `*`.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct IfMatch(pub(in crate::http) Option<i64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        if_match(&parts.headers).map(IfMatch)
    }
}

fn if_match(headers: &HeaderMap) -> Result<Option<i64>, ApiError> {
    let Some(value) = headers.get(IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().map(str::trim).unwrap_or_default();
    if text == "*" {
        return Ok(None);
    }
    let version = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .and_then(|text| text.parse().ok());
    version.map(Some).ok_or_else(ApiError::stale)
}

pub(in crate::http) fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// For patches: absent is `None`, `null` is `Some(None)`.
pub(in crate::http) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    reader: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(reader).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serdes_words_become_a_field_and_a_code() {
        let check = |path: &str, message: &str, field: &str, code: &str| {
            let problem = field_problem(path, message);
            assert_eq!(
                (problem.field.as_str(), problem.code.as_str()),
                (field, code),
                "{message}"
            );
        };
        check(
            ".",
            "unknown field `nme`, expected `name` at line 1 column 8",
            "nme",
            "unknown",
        );
        check(".", "missing field `name` at line 1 column 2", "name", "required");
        check(
            "vip",
            "invalid type: string \"x\", expected a boolean at line 1 column 9",
            "vip",
            "invalid",
        );
    }

    #[test]
    fn if_match_reads_a_version_or_anything() {
        let check = |value: Option<&'static str>, expected: Result<Option<i64>, u16>| {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(IF_MATCH, value.parse().unwrap());
            }
            assert_eq!(
                if_match(&headers).map_err(|error| error.status().as_u16()),
                expected,
                "{value:?}"
            );
        };
        check(None, Ok(None));
        check(Some("*"), Ok(None));
        check(Some("\"7\""), Ok(Some(7)));
        check(Some("7"), Err(412));
        check(Some("W/\"7\""), Err(412));
        check(Some("\"x\""), Err(412));
    }
}
