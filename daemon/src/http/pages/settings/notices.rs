//! The outbox: who was told what outside of calls, and what has become of it.

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::super::messages::{in_language_of, words};
use super::super::view::{Choice, Frame};
use super::super::{PageError, ROWS, Reader, reader, render, show};
use super::{leaves, stage, stages};
use crate::http::State;
use crate::http::api::notices::{NoticeParams, NoticeView, found};
use crate::http::api::staff::names;
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;
use crate::http::extract::Params;

words! {
    /// The page of notices.
    NoticeWords {
        lead: "Messages that the exchange sends to people and to your addresses. They are kept for 90 days.",
            "Сообщения, которые станция отправляет сотрудникам и на ваши адреса. Хранятся 90 дней.";
        none: "Nothing has been sent yet.", "Пока ничего не отправлялось.";
        none_found: "Nothing found.", "Ничего не найдено.";
        to: "To", "Кому";
        what: "What", "Что";
        sms: "Short message", "СМС";
        email: "E-mail", "Почта";
        missed_call: "Missed call", "Пропущенный звонок";
        voicemail: "Voicemail", "Голосовое сообщение";
        request: "Request from a site", "Заявка с сайта";
        channels: "By any way", "Все способы";
        kinds: "Anything", "Все поводы";
        states: "Any state", "Любое состояние";
        attempts: "attempts", "попыток";
        next: "next attempt", "следующая попытка";
        text: "Whole text", "Весь текст";
        again: "Try again", "Отправить снова";
        queued: "It will be sent in a moment", "Сейчас отправим";
        filter: "Show", "Показать";
        not_failed: "It is being sent already", "Оно уже отправляется";
    }
}

#[derive(Debug, Default, Deserialize)]
pub(in crate::http::pages) struct Asked {
    cursor: Option<String>,
    #[serde(default)]
    state: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    kind: String,
}

#[derive(Template)]
#[template(path = "notices.html")]
struct NoticesPage {
    frame: Frame,
    w: &'static NoticeWords,
    rows: Vec<Row>,
    states: Vec<Choice>,
    channels: Vec<Choice>,
    kinds: Vec<Choice>,
    filtered: bool,
    may_write: bool,
    newest: Option<String>,
    older: Option<String>,
}

struct Row {
    id: String,
    /// A person's name, or the address when it is nobody's.
    who: String,
    address: String,
    channel: &'static str,
    kind: &'static str,
    subject: String,
    body: String,
    long: bool,
    at: String,
    when: String,
    dot: &'static str,
    state: &'static str,
    attempts: i64,
    next: String,
    problem: String,
    failed: bool,
    /// Something will become of it by itself.
    pending: bool,
}

pub(in crate::http::pages) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    asked: Result<Params<Asked>, ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    reader.need(Right::SettingsRead)?;
    let asked = asked.map(|Params(asked)| asked).unwrap_or_default();
    let page = filled(&state, &reader, asked).await;
    let page = page.map_err(|error| reader.failed(error))?;
    Ok(render(reader.t, &page))
}

async fn filled(state: &State, reader: &Reader, asked: Asked) -> Result<NoticesPage, ApiError> {
    let (t, w) = (reader.t, in_language_of!(reader.t, NoticeWords));
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let params = NoticeParams {
        state: some(&asked.state),
        channel: some(&asked.channel),
        kind: some(&asked.kind),
        limit: Some(ROWS),
        cursor: asked.cursor.clone(),
        ..NoticeParams::default()
    };
    let list = found(state, &reader.access, params).await?;
    let people = names(state, &reader.access).await?;
    let filter = [
        ("state", asked.state.as_str()),
        ("channel", &asked.channel),
        ("kind", &asked.kind),
    ];
    let choices = |all: &[(&'static str, &'static str)], chosen: &str| -> Vec<Choice> {
        let choice = |(value, text): &(&'static str, &'static str)| Choice {
            value,
            text,
            chosen: *value == chosen,
        };
        all.iter().map(choice).collect()
    };
    let more = json!({ "queued": w.queued, "not_failed": w.not_failed });
    let place = (asked.cursor.as_deref(), list.next_cursor.as_deref());
    let (newest, older) = leaves("/notices", &filter, place);
    Ok(NoticesPage {
        rows: list
            .items
            .into_iter()
            .map(|one| row(one, &people, (reader, w)))
            .collect(),
        states: stages(t, &asked.state),
        channels: choices(&[("sms", w.sms), ("email", w.email)], &asked.channel),
        kinds: choices(
            &["missed_call", "voicemail", "request"].map(|kind| (kind, called(kind, w))),
            &asked.kind,
        ),
        filtered: filter.iter().any(|(_, value)| !value.is_empty()),
        may_write: reader.access.may(Right::SettingsWrite),
        newest,
        older,
        frame: reader.settings("/notices", "notices.js", more),
        w,
    })
}

fn row(notice: NoticeView, people: &[(String, String)], (reader, w): (&Reader, &NoticeWords)) -> Row {
    let (state, dot) = stage(reader.t, notice.state);
    let name = notice.staff_id.as_ref().and_then(|id| {
        let found = people.iter().find(|(known, _)| known == id);
        found.map(|(_, name)| name.clone())
    });
    let address = match notice.channel {
        "sms" => show::number(&notice.recipient),
        _ => notice.recipient,
    };
    let body = notice.body.unwrap_or_default();
    Row {
        id: notice.id,
        who: name.clone().unwrap_or_else(|| address.clone()),
        address: name.map(|_| address).unwrap_or_default(),
        channel: if notice.channel == "sms" { w.sms } else { w.email },
        kind: called(notice.kind, w),
        long: body.contains('\n') || body.chars().count() > 90,
        subject: notice.subject.unwrap_or_default(),
        body,
        when: reader.moment_of(&notice.created_at),
        at: notice.created_at,
        dot,
        state,
        attempts: notice.attempts,
        next: notice
            .next_attempt_at
            .map(|at| reader.moment_of(&at))
            .unwrap_or_default(),
        problem: notice.problem.unwrap_or_default(),
        failed: notice.state == "failed",
        pending: matches!(notice.state, "waiting" | "sending"),
    }
}

fn called(kind: &str, w: &NoticeWords) -> &'static str {
    match kind {
        "missed_call" => w.missed_call,
        "voicemail" => w.voicemail,
        _ => w.request,
    }
}
