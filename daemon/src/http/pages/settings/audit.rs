//! The audit: who did what, when, and how it was before.

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::messages::{in_language_of, words};
use super::super::view::Frame;
use super::super::{PageError, ROWS, Reader, reader, render};
use super::leaves;
use crate::http::State;
use crate::http::api::audit::{AuditParams, AuditView, found};
use crate::http::api::staff::names;
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;
use crate::http::extract::Params;

/// Longest value that is shown whole, in characters.
const LONGEST: usize = 120;

words! {
    /// The page of the audit.
    AuditWords {
        title: "Audit", "Журнал действий";
        none: "Nothing found.", "Ничего не найдено.";
        when: "When", "Когда";
        who: "Who", "Кто";
        what: "What", "Что";
        program: "The program", "Программа";
        details: "Before and after", "Было и стало";
        before: "Before", "Было";
        after: "After", "Стало";
        anybody: "Anybody", "Все сотрудники";
        anything: "Anything", "Все разделы";
        of_what: "Of what", "Раздел";
        since: "From the day", "С какого дня";
        until: "To the day", "По какой день";
        from_where: "From the address", "С какого адреса";
        text: "Was or is", "Было или стало";
        filter: "Show", "Показать";
        created: "made", "создание";
        updated: "changed", "изменение";
        deleted: "deleted", "удаление";
        account: "Account", "Компания";
        call: "Call", "Звонок";
        calls: "Calls", "Звонки";
        client: "Client", "Клиент";
        clients: "Clients", "Клиенты";
        department: "Department", "Отдел";
        emergency: "Emergency numbers", "Экстренные номера";
        features: "Feature codes", "Коды функций";
        forwarding: "Forwarding", "Переадресация";
        holidays: "Holidays", "Праздники";
        login: "Login", "Вход";
        music: "Music", "Музыка";
        notices: "Notices", "Уведомления";
        number: "Number", "Номер";
        project: "Project", "Проект";
        recording: "Recording", "Запись разговора";
        request: "Request", "Заявка";
        route: "Route", "Маршрут";
        schedule: "Schedule", "График";
        security: "Block", "Блокировка";
        sip: "SIP data", "Данные SIP";
        site: "Site", "Сайт";
        staff: "Staff member", "Сотрудник";
        token: "Token", "Токен";
        trunk: "Line", "Линия";
        menu: "Menu", "Меню";
        mailbox: "Mailbox", "Ящик";
        voicemail: "Voice message", "Голосовое сообщение";
        prompt: "Prompt", "Фраза";
        group: "Group", "Группа";
        role: "Role", "Роль";
        notice: "Notice", "Уведомление";
        webhook: "Webhook", "Вебхук";
        delivery: "Delivery", "Доставка";
        retried: "tried again", "повтор";
        resent: "sent again", "повтор";
        tested: "test", "проверка";
        secret_renewed: "new secret", "новый ключ";
        switched_off: "switched off", "выключен";
        deal: "Lead or deal", "Лид или сделка";
        delete_refused: "deletion refused", "отказ в удалении";
        help: "Help", "Справка";
        useful: "useful", "полезно";
        useless: "not useful", "не помогло";
        archived: "archived", "в архив";
        reception: "reception", "приём звонков";
        projects: "projects", "проекты";
        undone: "taken back", "отмена";
        found: "found changed", "обнаружено изменение";
        greeting: "greeting", "приветствие";
        imported: "imported", "загрузка";
        generated: "made", "создание";
        rotated: "new password", "новый пароль";
        blocked: "blocked", "заблокирован";
        unblocked: "lifted", "снята";
        revoked: "revoked", "отозван";
        replaced: "replaced", "замена";
        removed: "removed", "удаление";
        opened: "opened", "открыт";
        dialled: "by phone", "с телефона";
        exported: "saved as a file", "выгрузка в файл";
        reassigned: "handed over", "передача";
        number_revealed: "number shown", "показан номер";
        noted: "note", "заметка";
        erased: "erased", "стирание";
        played: "listened to", "прослушивание";
        downloaded: "saved", "скачивание";
        linked: "link made", "ссылка";
        ordered: "ordered", "заказан";
        hung_up: "hung up", "завершён";
    }
}

#[derive(Debug, Default, Deserialize)]
pub(in crate::http::pages) struct Asked {
    cursor: Option<String>,
    #[serde(default)]
    entity: String,
    #[serde(default)]
    actor: String,
    /// Days, as in 2026-11-18, both of them within.
    #[serde(default)]
    since: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    ip: String,
    #[serde(default)]
    text: String,
}

impl Asked {
    fn filters(&self) -> [(&'static str, &str); 6] {
        [
            ("entity", &self.entity),
            ("actor", &self.actor),
            ("since", &self.since),
            ("until", &self.until),
            ("ip", &self.ip),
            ("text", &self.text),
        ]
    }
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    w: &'static AuditWords,
    rows: Vec<Row>,
    staff: Vec<(String, String)>,
    /// Names of the API and what they are called.
    entities: Vec<(&'static str, &'static str)>,
    asked: Asked,
    filtered: bool,
    /// Numbers are not hidden from who reads.
    may_search: bool,
    /// How far the page has looked, where there is more to look through.
    looked: Option<String>,
    newest: Option<String>,
    older: Option<String>,
}

struct Row {
    when: String,
    at: String,
    who: String,
    ip: String,
    what: String,
    changes: Vec<Change>,
}

struct Change {
    field: String,
    before: String,
    after: String,
}

pub(in crate::http::pages) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    asked: Result<Params<Asked>, ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    reader.need(Right::AuditRead)?;
    let asked = asked.map(|Params(asked)| asked).unwrap_or_default();
    let w = in_language_of!(reader.t, AuditWords);
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let params = AuditParams {
        entity: some(&asked.entity),
        actor_staff_id: some(&asked.actor),
        from: day(&asked.since, 0, &reader.zone),
        until: day(&asked.until, 1, &reader.zone),
        ip: some(asked.ip.trim()),
        text: some(asked.text.trim()),
        limit: Some(ROWS),
        cursor: asked.cursor.clone(),
        ..AuditParams::default()
    };
    let list = found(&state, &reader.access, params).await;
    let list = list.map_err(|error| reader.failed(error))?;
    let staff = names(&state, &reader.access)
        .await
        .map_err(|error| reader.failed(error))?;
    let place = (asked.cursor.as_deref(), list.next_cursor.as_deref());
    let (newest, older) = leaves("/audit", &asked.filters(), place);
    let page = AuditPage {
        rows: list.items.iter().map(|deed| row(deed, &reader, w)).collect(),
        looked: reader.looked(list.next_cursor.as_deref()),
        newest,
        older,
        staff,
        entities: entities(w),
        filtered: asked.filters().iter().any(|(_, value)| !value.is_empty()),
        may_search: !reader.access.viewer(&state.live.plan()).is_masked(),
        asked,
        frame: reader.settings("/audit", "audit.js", json!({})),
        w,
    };
    Ok(render(reader.t, &page))
}

/// When a day begins, or one so many days later; what is no day asks for nothing.
fn day(text: &str, later: i64, zone: &TimeZone) -> Option<String> {
    let day = text.parse::<Date>().ok()?;
    let day = day.checked_add(later.days()).ok()?;
    Some(day.to_zoned(zone.clone()).ok()?.timestamp().to_string())
}

/// What can be looked for, as rows of the audit call it.
fn entities(w: &AuditWords) -> Vec<(&'static str, &'static str)> {
    vec![
        ("account", w.account),
        ("block", w.security),
        ("call", w.call),
        ("client", w.client),
        ("delivery", w.delivery),
        ("department", w.department),
        ("group", w.group),
        ("help", w.help),
        ("login", w.login),
        ("mailbox", w.mailbox),
        ("menu", w.menu),
        ("notice", w.notice),
        ("number", w.number),
        ("project", w.project),
        ("prompt", w.prompt),
        ("recording", w.recording),
        ("role", w.role),
        ("route", w.route),
        ("schedule", w.schedule),
        ("site", w.site),
        ("staff", w.staff),
        ("token", w.token),
        ("trunk", w.trunk),
        ("voicemail", w.voicemail),
        ("webhook", w.webhook),
    ]
}

fn row(deed: &AuditView, reader: &Reader, w: &AuditWords) -> Row {
    let at = deed.at.parse::<jiff::Timestamp>().ok();
    Row {
        when: at.map(|at| reader.moment(at.as_millisecond())).unwrap_or_default(),
        at: deed.at.clone(),
        who: match deed.actor_staff_id {
            Some(_) => deed.actor_name.clone(),
            None => w.program.to_owned(),
        },
        ip: deed.ip.clone().unwrap_or_default(),
        what: told(&deed.action, w),
        changes: changes(deed.before.as_ref(), deed.after.as_ref()),
    }
}

/// A deed in words.
pub(super) fn told(action: &str, w: &AuditWords) -> String {
    let (of, done) = action.split_once('.').unwrap_or((action, ""));
    format!("{}: {}", called(of, w), called(done, w))
}

/// What differs; of something new or deleted, all there is.
fn changes(before: Option<&Value>, after: Option<&Value>) -> Vec<Change> {
    let empty = Map::new();
    let [old, new] = [before, after].map(|value| value.and_then(Value::as_object).unwrap_or(&empty));
    let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differing = keys.into_iter().filter(|key| old.get(*key) != new.get(*key));
    differing
        .map(|key| Change {
            field: key.clone(),
            before: shown(old.get(key)),
            after: shown(new.get(key)),
        })
        .filter(|change| change.before != change.after)
        .collect()
}

fn shown(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => return String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_))) => value.to_string(),
    };
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

/// A part of an action's name; one without words of its own as it is.
pub(super) fn called<'a>(part: &'a str, w: &AuditWords) -> &'a str {
    match part {
        "account" => w.account,
        "call" => w.call,
        "calls" => w.calls,
        "client" => w.client,
        "clients" => w.clients,
        "department" => w.department,
        "emergency" => w.emergency,
        "features" => w.features,
        "forwarding" => w.forwarding,
        "holidays" => w.holidays,
        "login" => w.login,
        "music" => w.music,
        "notices" => w.notices,
        "number" => w.number,
        "project" => w.project,
        "recording" => w.recording,
        "request" => w.request,
        "route" => w.route,
        "schedule" => w.schedule,
        "security" => w.security,
        "sip" => w.sip,
        "site" => w.site,
        "staff" => w.staff,
        "token" => w.token,
        "trunk" => w.trunk,
        "menu" => w.menu,
        "mailbox" => w.mailbox,
        "voicemail" => w.voicemail,
        "prompt" => w.prompt,
        "group" => w.group,
        "role" => w.role,
        "notice" => w.notice,
        "webhook" => w.webhook,
        "deal" => w.deal,
        "help" => w.help,
        done => verb(done, w),
    }
}

fn verb<'a>(done: &'a str, w: &AuditWords) -> &'a str {
    match done {
        "created" => w.created,
        "updated" | "changed" => w.updated,
        "deleted" => w.deleted,
        "archived" => w.archived,
        "reception" => w.reception,
        "projects" => w.projects,
        "imported" => w.imported,
        "generated" => w.generated,
        "rotated" => w.rotated,
        "blocked" => w.blocked,
        "unblocked" => w.unblocked,
        "revoked" => w.revoked,
        "replaced" => w.replaced,
        "removed" => w.removed,
        "opened" => w.opened,
        "dialled" => w.dialled,
        "exported" => w.exported,
        "reassigned" | "handed_over" => w.reassigned,
        "delete_refused" => w.delete_refused,
        "number_revealed" => w.number_revealed,
        "noted" => w.noted,
        "erased" => w.erased,
        "played" => w.played,
        "downloaded" => w.downloaded,
        "linked" => w.linked,
        "ordered" => w.ordered,
        "hung_up" => w.hung_up,
        "retried" => w.retried,
        "resent" => w.resent,
        "tested" => w.tested,
        "secret_renewed" => w.secret_renewed,
        "switched_off" => w.switched_off,
        "undone" => w.undone,
        "found" => w.found,
        "greeting" => w.greeting,
        "useful" => w.useful,
        "useless" => w.useless,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_where_the_company_is() {
        let zone = TimeZone::get("Europe/Moscow").unwrap();
        assert_eq!(day("2026-11-18", 0, &zone).unwrap(), "2026-11-17T21:00:00Z");
        assert_eq!(day("2026-11-18", 1, &zone).unwrap(), "2026-11-18T21:00:00Z");
        assert_eq!(day("soon", 0, &zone), None);
    }

    #[test]
    fn only_what_differs_is_shown() {
        let before = json!({ "name": "Anna", "vip": false, "phone": null });
        let after = json!({ "name": "Anna", "vip": true, "phone": "+79123456789" });
        let told = changes(Some(&before), Some(&after));
        let told: Vec<(&str, &str, &str)> = told
            .iter()
            .map(|change| (change.field.as_str(), change.before.as_str(), change.after.as_str()))
            .collect();
        assert_eq!(told, [("phone", "", "+79123456789"), ("vip", "false", "true")]);
        assert!(changes(None, None).is_empty());
        assert_eq!(
            changes(None, Some(&json!({ "name": "я".repeat(500) })))[0]
                .after
                .chars()
                .count(),
            121
        );
    }
}
