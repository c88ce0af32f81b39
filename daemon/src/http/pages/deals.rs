//! Leads and deals: what is to be done next, what is overdue, and of what nobody has said what comes next.

pub(super) mod words;

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use frontdesk_crm_core::access::Reach;
use serde::Deserialize;
use serde_json::{Value, json};

use self::words::DealWords;
use super::messages::in_language_of;
use super::view::{Choice, Frame};
use super::{PageError, ROWS, Reader, reader, render, show};
use crate::http::State;
use crate::http::api::deals::{DealParams, DealView, found};
use crate::http::api::staff::names;
use crate::http::auth::{Access, Right};
use crate::http::extract::Params;

/// Which of them are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    #[default]
    Open,
    /// Those with a step, the most urgent first.
    Planned,
    Overdue,
    NoStep,
    Closed,
}

impl Part {
    const ALL: [Part; 5] = [Part::Open, Part::Planned, Part::Overdue, Part::NoStep, Part::Closed];

    fn name(self) -> &'static str {
        match self {
            Part::Open => "open",
            Part::Planned => "planned",
            Part::Overdue => "overdue",
            Part::NoStep => "no_step",
            Part::Closed => "closed",
        }
    }

    fn text(self, w: &DealWords) -> &'static str {
        match self {
            Part::Open => w.open,
            Part::Planned => w.planned,
            Part::Overdue => w.overdue_ones,
            Part::NoStep => w.no_step,
            Part::Closed => w.closed,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    part: Part,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    staff_id: String,
    #[serde(default)]
    client_id: String,
    cursor: Option<String>,
}

impl Asked {
    fn params(&self) -> DealParams {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let by_step = matches!(self.part, Part::Planned | Part::Overdue);
        DealParams {
            kind: given(&self.kind),
            staff_id: given(&self.staff_id),
            client_id: given(&self.client_id),
            open: Some(self.part != Part::Closed).filter(|_| self.client_id.is_empty()),
            overdue: (self.part == Part::Overdue).then_some(true),
            no_step: (self.part == Part::NoStep).then_some(true),
            order: by_step.then(|| "step_at".to_owned()),
            limit: Some(ROWS),
            cursor: self.cursor.clone(),
            ..DealParams::default()
        }
    }

    /// The address of a part of the list.
    fn link(&self, part: Part, cursor: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let pairs = [
            ("part", part.name()),
            ("kind", self.kind.as_str()),
            ("staff_id", self.staff_id.as_str()),
            ("client_id", self.client_id.as_str()),
            ("cursor", cursor.unwrap_or_default()),
        ];
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        format!("/deals?{}", query.finish())
    }
}

#[derive(Template)]
#[template(path = "deals.html")]
struct DealsPage {
    frame: Frame,
    w: &'static DealWords,
    rows: Vec<Row>,
    parts: Vec<Tab>,
    part: &'static str,
    kinds: Vec<Choice>,
    stages: [(&'static str, &'static str); 4],
    /// Id and name.
    staff: Vec<(String, String)>,
    staff_id: String,
    client_id: String,
    /// Whose leads and deals are shown alone.
    client: Option<String>,
    /// How far the page has looked, where there is more to look through.
    looked: Option<String>,
    newest: Option<String>,
    older: Option<String>,
    /// Others' are shown too.
    others: bool,
    may_write: bool,
    may_hand_over: bool,
    may_omit_reason: bool,
    may_delete: bool,
    may_call: bool,
}

struct Tab {
    href: String,
    text: &'static str,
    current: bool,
}

struct Row {
    id: String,
    title: String,
    kind: &'static str,
    client: String,
    client_id: String,
    number: String,
    stage: &'static str,
    stage_text: &'static str,
    step_at: String,
    step: String,
    step_text: String,
    overdue: bool,
    no_step: bool,
    staff: String,
}

pub(super) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, crate::http::error::ApiError>,
    asked: Result<Params<Asked>, crate::http::error::ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    reader.need(Right::DealsRead)?;
    let asked = asked.map(|Params(asked)| asked).unwrap_or_default();
    let list = found(&state, &reader.access, asked.params()).await;
    let list = list.map_err(|error| reader.failed(error))?;
    let staff = names(&state, &reader.access).await;
    let staff = staff.map_err(|error| reader.failed(error))?;
    let w = in_language_of!(reader.t, DealWords);
    let stages = stages(w);
    let client = (!asked.client_id.is_empty()).then(|| {
        let first = list.items.first();
        first.map(|deal| deal.client_name.clone()).unwrap_or_default()
    });
    let may = |right| reader.access.may(right);
    let page = DealsPage {
        rows: list
            .items
            .into_iter()
            .map(|deal| row(&reader, w, deal, &staff))
            .collect(),
        parts: Part::ALL
            .map(|part| Tab {
                href: asked.link(part, None),
                text: part.text(w),
                current: part == asked.part,
            })
            .into(),
        part: asked.part.name(),
        kinds: [("lead", w.leads), ("deal", w.deals)]
            .map(|(value, text)| Choice {
                value,
                text,
                chosen: value == asked.kind,
            })
            .into(),
        looked: reader.looked(list.next_cursor.as_deref()),
        newest: asked.cursor.as_ref().map(|_| asked.link(asked.part, None)),
        older: list.next_cursor.map(|cursor| asked.link(asked.part, Some(&cursor))),
        others: reader.access.rights.reach(Right::DealsRead) > Some(Reach::Own),
        may_write: may(Right::DealsWrite),
        may_hand_over: may(Right::DataHandOver),
        may_omit_reason: may(Right::LeadsOmitReason),
        may_delete: may(Right::DataDelete),
        may_call: may(Right::CallsMake),
        frame: Frame {
            texts: super::texts(reader.t, texts(&reader, w)),
            ..reader.frame("deals", "deals.js")
        },
        staff_id: asked.staff_id,
        client_id: asked.client_id,
        client,
        stages,
        staff,
        w,
    };
    Ok(render(reader.t, &page))
}

fn stages(w: &DealWords) -> [(&'static str, &'static str); 4] {
    [
        ("new", w.stage_new),
        ("in_work", w.stage_in_work),
        ("won", w.stage_won),
        ("lost", w.stage_lost),
    ]
}

fn row(reader: &Reader, w: &DealWords, deal: DealView, staff: &[(String, String)]) -> Row {
    let at = deal
        .step_at
        .as_deref()
        .and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let whose = |id: &String| {
        let found = staff.iter().find(|(known, _)| known == id);
        found.map_or(reader.t.status_deleted.to_owned(), |(_, name)| name.clone())
    };
    let stage = stages(w).into_iter().find(|(name, _)| *name == deal.stage);
    Row {
        no_step: deal.step_at.is_none() && deal.closed_at.is_none(),
        step: at.map(|at| reader.moment(at.as_millisecond())).unwrap_or_default(),
        step_at: deal.step_at.unwrap_or_default(),
        staff: deal.staff_id.as_ref().map(whose).unwrap_or_default(),
        kind: if deal.kind == "lead" { w.lead } else { w.deal },
        stage_text: stage.map_or(deal.stage, |(_, text)| text),
        stage: deal.stage,
        title: deal.title,
        client: deal.client_name,
        client_id: deal.client_id.unwrap_or_default(),
        number: show::number(&deal.number),
        step_text: deal.step_text,
        overdue: deal.overdue,
        id: deal.id,
    }
}

fn texts(reader: &Reader, w: &DealWords) -> Value {
    json!({
        "time_zone": reader.account.time_zone,
        "delete_deal": w.delete_deal,
        "reason.required": w.reason_required,
        "step_at.required": w.step_required,
        "step_at.closed": w.step_closed,
        "nobody": w.nobody,
        "by_reception": w.by_reception,
        "handed_over": w.handed_over,
        "client_nobody": w.client_nobody,
        "created": w.what_created,
        "kind": w.what_kind,
        "stage": w.what_stage,
        "step": w.what_step,
        "owner": w.what_owner,
        "lead": w.lead,
        "deal": w.deal,
        "stage_new": w.stage_new,
        "stage_in_work": w.stage_in_work,
        "stage_won": w.stage_won,
        "stage_lost": w.stage_lost,
    })
}
