//! How one person's phone is set up: by model, with their values.

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use frontdesk_routing::ids::StaffId;
use serde::Deserialize;

use super::view::Frame;
use super::{PageError, reader, render};
use crate::http::State;
use crate::http::api::sip::{InstructionView, instructions_for};
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;
use crate::http::extract::{Id, Params};

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    model: Option<String>,
}

#[derive(Template)]
#[template(path = "phone.html")]
struct PhonePage {
    frame: Frame,
    id: String,
    name: String,
    models: Vec<InstructionView>,
    chosen: usize,
}

impl PhonePage {
    fn shown(&self) -> Option<&InstructionView> {
        self.models.get(self.chosen)
    }

    fn of(&self, kind: &str) -> Vec<(usize, &InstructionView)> {
        let all = self.models.iter().enumerate();
        all.filter(|(_, model)| model.kind == kind).collect()
    }
}

pub(super) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    id: Result<Id<StaffId>, ApiError>,
    asked: Result<Params<Asked>, ApiError>,
    (headers, OriginalUri(uri)): (HeaderMap, OriginalUri),
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    reader.need(Right::StaffRead)?;
    let Id(id) = id.map_err(|error| reader.failed(error))?;
    let asked = asked.map(|Params(asked)| asked).unwrap_or_default();
    let found = instructions_for(&state, &reader.access, &headers, id).await;
    let (member, models) = found.map_err(|error| reader.failed(error))?;
    let wanted = asked.model.as_deref().unwrap_or("linphone");
    let chosen = models.iter().position(|model| model.model == wanted);
    let page = PhonePage {
        frame: reader.frame("staff", "phone.js"),
        id: member.id.to_string(),
        name: member.name(),
        chosen: chosen.ok_or_else(|| reader.failed(ApiError::not_found()))?,
        models,
    };
    Ok(render(reader.t, &page))
}
