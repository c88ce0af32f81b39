//! Programs outside that are told what happens, and what has become of each telling.

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use frontdesk_crm_core::webhooks::{self, Event, Webhook};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::messages::{in_language_of, words};
use super::super::view::{Choice, Frame};
use super::super::{PageError, ROWS, Reader, reader, render};
use super::{leaves, stage, stages};
use crate::http::State;
use crate::http::api::staff::names;
use crate::http::api::webhooks::{DeliveryParams, DeliveryView, found, withheld};
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;
use crate::http::extract::Params;

words! {
    /// The page of webhooks.
    WebhookWords {
        add: "Add a webhook", "Добавить вебхук";
        edit: "Webhook", "Вебхук";
        lead: "Your own programs are told what happens here by signed HTTP requests.", "Ваши программы узнают о событиях по подписанным HTTP-запросам.";
        none: "No program is told of anything yet.", "Ни одна программа пока не подключена.";
        name: "Name", "Название";
        url: "Address", "Адрес";
        url_hint: "https://, reachable from the internet", "https://, доступный из интернета";
        events: "Events", "События";
        owner: "Owner", "Владелец";
        owner_hint: "Only what whoever saves this may read is sent, and clients' numbers only if they may see them.", "Отправляется только то, что вправе читать сохранивший вебхук, а номера клиентов — только если он вправе их видеть.";
        paused: "Paused", "Приостановлен";
        withheld: "Its owner may not read", "Владелец не вправе читать";
        may_not: "The webhook's owner may not read this", "Владелец вебхука не вправе это читать";
        enabled: "Switched on", "Включён";
        on: "Works", "Работает";
        off: "Switched off", "Выключен";
        failing: "Takes nothing", "Не принимает";
        since: "Since", "Начало";
        not_taken: "The answer is not 2xx", "Ответ — не 2xx";
        no_redirects: "Redirects are not followed", "Перенаправления не выполняются";
        was_off: "The webhook was switched off", "Вебхук был выключен";
        test: "Test", "Проверить";
        tested: "A test is on its way: see the deliveries", "Проверка отправлена: результат — в доставках";
        renew: "New secret", "Новый ключ";
        renew_ask: "Make a new secret?", "Выпустить новый ключ?";
        renew_text: "The old one signs nothing from then on: give the new one to the program.", "Прежний ключ сразу перестанет действовать: передайте новый программе.";
        secret: "Secret", "Ключ";
        secret_title: "Secret of the webhook", "Ключ вебхука";
        secret_once: "Copy the secret now: it is not shown again.", "Скопируйте ключ сейчас: больше он показан не будет.";
        secret_how: "Check with it that a request is ours: X-Frontdesk-Signature is “v1=” and the HMAC-SHA256 (hexadecimal) of X-Frontdesk-Timestamp, a dot and the body.",
            "Им проверяют, что запрос от нас: X-Frontdesk-Signature — это «v1=» и HMAC-SHA256 (hex) от X-Frontdesk-Timestamp, точки и тела запроса.";
        delete_webhook: "Delete this webhook?", "Удалить вебхук?";
        delete_webhook_text: "Its deliveries are deleted too; what waits is not sent.", "Его доставки тоже удалятся; ожидающие не будут отправлены.";
        deliveries: "Deliveries", "Доставки";
        deliveries_none: "Nothing has been delivered yet.", "Доставок пока нет.";
        deliveries_none_found: "Nothing found.", "Ничего не найдено.";
        to: "To", "Кому";
        what: "Event", "Событие";
        all_hooks: "All webhooks", "Все вебхуки";
        states: "Any state", "Любое состояние";
        filter: "Show", "Показать";
        answer: "answer", "ответ";
        attempts: "attempts", "попыток";
        next: "next attempt", "следующая попытка";
        body: "Body", "Тело запроса";
        again: "Send again", "Отправить снова";
        queued: "It will be sent in a moment", "Сейчас отправим";
        call_started: "A call begins", "Звонок начался";
        call_answered: "A call is answered", "На звонок ответили";
        call_ended: "A call has ended", "Звонок завершён";
        call_missed: "A call was missed", "Звонок пропущен";
        recording_ready: "A recording is ready", "Готова запись разговора";
        client_changed: "A client has changed", "Изменён клиент";
        deal_created: "A lead or a deal is new", "Новый лид или сделка";
        deal_changed: "A lead or a deal has changed", "Изменён лид или сделка";
        request_created: "A request from a site", "Заявка с сайта";
        voicemail_created: "A voicemail", "Голосовое сообщение";
        a_test: "Test", "Проверка";
        error_url: "An address as in https://crm.example/hook", "Адрес вида https://crm.example/hook";
        error_private: "An address of this machine or its network is not allowed", "Адреса этой машины и её сети запрещены";
        error_events: "At least one event", "Хотя бы одно событие";
        switched_off: "It is switched off: switch it on first", "Вебхук выключен: сначала включите его";
        not_finished: "It waits to be sent already", "Она уже ждёт отправки";
    }
}

#[derive(Debug, Default, Deserialize)]
pub(in crate::http::pages) struct Asked {
    cursor: Option<String>,
    #[serde(default)]
    state: String,
    #[serde(default)]
    webhook: String,
}

#[derive(Template)]
#[template(path = "webhooks.html")]
struct WebhooksPage {
    frame: Frame,
    w: &'static WebhookWords,
    rows: Vec<Row>,
    deliveries: Vec<DeliveryRow>,
    /// Names of the API and what they are called.
    events: Vec<(&'static str, &'static str)>,
    /// Id, name and whether it is asked for.
    hooks: Vec<(String, String, bool)>,
    states: Vec<Choice>,
    filtered: bool,
    may_write: bool,
    newest: Option<String>,
    older: Option<String>,
}

struct Row {
    id: String,
    name: String,
    url: String,
    events: String,
    owner: String,
    enabled: bool,
    paused: bool,
    failing: bool,
    since: String,
    problem: String,
}

struct DeliveryRow {
    id: String,
    at: String,
    when: String,
    hook: String,
    event: &'static str,
    dot: &'static str,
    state: &'static str,
    status: Option<i64>,
    attempts: i64,
    next: String,
    problem: String,
    payload: String,
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

async fn filled(state: &State, reader: &Reader, asked: Asked) -> Result<WebhooksPage, ApiError> {
    let w = in_language_of!(reader.t, WebhookWords);
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let params = DeliveryParams {
        webhook_id: some(&asked.webhook),
        state: some(&asked.state),
        limit: Some(ROWS),
        cursor: asked.cursor.clone(),
    };
    let list = found(state, &reader.access, params).await?;
    let hooks = webhooks::list(&state.db, reader.access.account).await?;
    let people = names(state, &reader.access).await?;
    let owner = |hook: &Webhook| {
        let id = hook.owner.to_string();
        let found = people.iter().find(|(known, _)| *known == id);
        found.map(|(_, name)| name.clone()).unwrap_or_default()
    };
    let filter = [("state", asked.state.as_str()), ("webhook", &asked.webhook)];
    let place = (asked.cursor.as_deref(), list.next_cursor.as_deref());
    let (newest, older) = leaves("/webhooks", &filter, place);
    let deliveries = list.items.into_iter();
    Ok(WebhooksPage {
        rows: hooks
            .iter()
            .map(|hook| row((state, hook), owner(hook), (reader, w)))
            .collect(),
        deliveries: deliveries.map(|one| delivery(one, &hooks, (reader, w))).collect(),
        events: Event::ALL
            .iter()
            .map(|event| (event.name(), called(event.name(), w)))
            .collect(),
        hooks: hooks
            .iter()
            .map(|hook| {
                (
                    hook.id.to_string(),
                    hook.name.clone(),
                    hook.id.to_string() == asked.webhook,
                )
            })
            .collect(),
        states: stages(reader.t, &asked.state),
        filtered: filter.iter().any(|(_, value)| !value.is_empty()),
        may_write: reader.access.may(Right::SettingsWrite),
        newest,
        older,
        frame: reader.settings("/webhooks", "webhooks.js", said(w)),
        w,
    })
}

fn said(w: &WebhookWords) -> Value {
    json!({
        "delete_webhook": w.delete_webhook,
        "delete_webhook_text": w.delete_webhook_text,
        "renew": w.renew,
        "renew_ask": w.renew_ask,
        "renew_text": w.renew_text,
        "tested": w.tested,
        "queued": w.queued,
        "url.invalid": w.error_url,
        "url.private": w.error_private,
        "events.required": w.error_events,
        "switched_off": w.switched_off,
        "not_finished": w.not_finished,
    })
}

fn row((state, hook): (&State, &Webhook), owner: String, (reader, w): (&Reader, &WebhookWords)) -> Row {
    let lost = withheld((state, &reader.access), hook);
    let names: Vec<&str> = lost.iter().map(|event| called(event.name(), w)).collect();
    let problem = match names.is_empty() {
        true => why(hook.problem.clone().unwrap_or_default(), w),
        false => format!("{}: {}", w.withheld, names.join(", ")),
    };
    let events = hook.events.iter().map(|event| called(event.name(), w));
    Row {
        id: hook.id.to_string(),
        name: hook.name.clone(),
        url: hook.url.split('?').next().unwrap_or_default().to_owned(),
        events: events.collect::<Vec<_>>().join(", "),
        owner,
        enabled: hook.enabled,
        paused: lost.len() == hook.events.len(),
        failing: hook.failing_since.is_some(),
        since: hook.failing_since.map(|since| reader.moment(since)).unwrap_or_default(),
        problem,
    }
}

fn delivery(one: DeliveryView, hooks: &[Webhook], (reader, w): (&Reader, &WebhookWords)) -> DeliveryRow {
    let (state, dot) = stage(reader.t, one.state);
    let hook = hooks.iter().find(|hook| hook.id.to_string() == one.webhook_id);
    let pretty = |payload: &Value| serde_json::to_string_pretty(payload).unwrap_or_default();
    DeliveryRow {
        when: reader.moment_of(&one.created_at),
        at: one.created_at,
        hook: hook.map(|hook| hook.name.clone()).unwrap_or_default(),
        event: called(one.event, w),
        dot,
        state,
        status: one.status,
        attempts: one.attempts,
        next: one.next_attempt_at.map(|at| reader.moment_of(&at)).unwrap_or_default(),
        problem: why(one.problem.unwrap_or_default(), w),
        payload: one.payload.as_ref().map(pretty).unwrap_or_default(),
        pending: matches!(one.state, "waiting" | "sending"),
        id: one.id,
    }
}

fn called(event: &str, w: &WebhookWords) -> &'static str {
    match event {
        "call.started" => w.call_started,
        "call.answered" => w.call_answered,
        "call.ended" => w.call_ended,
        "call.missed" => w.call_missed,
        "recording.ready" => w.recording_ready,
        "client.changed" => w.client_changed,
        "deal.created" => w.deal_created,
        "deal.changed" => w.deal_changed,
        "request.created" => w.request_created,
        "voicemail.created" => w.voicemail_created,
        _ => w.a_test,
    }
}

/// What the sender says of an attempt; what others say is shown as it is.
fn why(problem: String, w: &WebhookWords) -> String {
    match problem.as_str() {
        "it was not taken" => w.not_taken.to_owned(),
        "redirects are not followed" => w.no_redirects.to_owned(),
        "the webhook was switched off" => w.was_off.to_owned(),
        "the webhook's owner may not read this" => w.may_not.to_owned(),
        _ => problem,
    }
}
