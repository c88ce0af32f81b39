//! Menus: what callers are asked, and where their keys lead.

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use frontdesk_crm_core::menus::{self, Menu};
use frontdesk_crm_core::prompts;
use frontdesk_routing::plan::Destination;
use serde_json::json;

use super::super::messages::{in_language_of, words};
use super::super::view::Frame;
use super::super::{PageError, Reader, reader, render};
use super::{Names, Targets, name_of};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;

words! {
    /// The page of menus.
    MenuWords {
        add: "Add a menu", "Добавить меню";
        edit: "Voice menu", "Голосовое меню";
        lead: "A menu answers, says what you have recorded, and sends callers on by the keys they press.",
            "Меню отвечает, произносит вашу запись и направляет звонящих по нажатым клавишам.";
        none: "No menu yet.", "Меню пока нет.";
        no_prompt: "A menu needs a recording of what it asks. Upload one first:", "Меню нужна запись с вопросом. Сначала загрузите её:";
        name: "Name", "Название";
        prompt: "What it says", "Что говорит";
        keys: "Keys", "Клавиши";
        key: "Key", "Клавиша";
        unused: "Not used", "Не используется";
        end: "The call is ended", "Завершить звонок";
        waits: "Waits for a key", "Ждать нажатия";
        waits_hint: "After the recording", "После записи";
        retries: "Says it again", "Повторить";
        retries_hint: "So many times when nothing, or nothing of use, was pressed", "Столько раз, если ничего не нажато или нажато не то";
        dials_short: "Callers may dial a short number", "Можно набрать короткий номер";
        between: "Waits for another digit", "Ждать следующей цифры";
        on_timeout: "Whoever presses nothing goes to", "Если ничего не нажато";
        on_invalid: "Whoever presses nothing of use goes to", "Если нажато не то";
        delete_menu: "Delete this menu?", "Удалить меню?";
        delete_menu_text: "Only one that no calls are sent to can be deleted.", "Удалить можно только меню, на которое не направлены звонки.";
    }
}

/// In the order in which telephones have them.
const KEYS: [&str; 12] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

#[derive(Template)]
#[template(path = "menus.html")]
struct MenusPage {
    frame: Frame,
    w: &'static MenuWords,
    rows: Vec<Row>,
    prompts: Names,
    targets: Targets,
    keys: [&'static str; 12],
    may_write: bool,
}

struct Row {
    id: String,
    name: String,
    short_number: String,
    prompt: String,
    /// Each key and where it leads.
    keys: Vec<(char, String)>,
}

pub(in crate::http::pages) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    reader.need(Right::DepartmentsRead)?;
    let page = filled(&state, &reader).await.map_err(|error| reader.failed(error))?;
    Ok(render(reader.t, &page))
}

async fn filled(state: &State, reader: &Reader) -> Result<MenusPage, ApiError> {
    let account = reader.access.account;
    let w = in_language_of!(reader.t, MenuWords);
    let targets = Targets::of(state, reader).await?;
    let prompts = prompts::list(&state.db, account).await?;
    let prompts: Names = prompts.into_iter().map(|of| (of.id.to_string(), of.name)).collect();
    let rows = menus::list(&state.db, account).await?;
    let rows = rows.into_iter().map(|menu| row(&menu, reader, w, (&targets, &prompts)));
    let more = json!({
        "delete_menu": w.delete_menu,
        "delete_menu_text": w.delete_menu_text,
    });
    Ok(MenusPage {
        rows: rows.collect(),
        may_write: reader.access.may(Right::DepartmentsWrite),
        frame: reader.telephony("/menus", "menus.js", more),
        keys: KEYS,
        prompts,
        targets,
        w,
    })
}

fn row(menu: &Menu, reader: &Reader, w: &MenuWords, (targets, prompts): (&Targets, &Names)) -> Row {
    let plan = &menu.plan;
    let called = |to: &Option<Destination>| match to {
        Some(to) => targets.called(*to, reader.t),
        None => w.end.to_owned(),
    };
    Row {
        id: plan.id.to_string(),
        name: plan.name.to_string(),
        short_number: plan.short_number.map(|short| short.to_string()).unwrap_or_default(),
        prompt: name_of(&plan.prompt.to_string(), prompts)
            .unwrap_or_default()
            .to_owned(),
        keys: plan.keys.iter().map(|(key, to)| (*key, called(to))).collect(),
    }
}
