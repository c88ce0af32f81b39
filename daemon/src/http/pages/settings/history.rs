//! The configuration's history: each change with what was and what is, and the way back.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use frontdesk_crm_core::revisions::{self, Thing};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::messages::{in_language_of, words};
use super::super::view::Frame;
use super::super::{PageError, ROWS, Reader, reader, render};
use super::audit::{self, AuditWords};
use super::leaves;
use crate::http::State;
use crate::http::api::revisions::{RevisedView, RevisionParams, RevisionView, found, needed};
use crate::http::api::staff;
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;
use crate::http::extract::Params;

/// Longest value that is shown whole, in characters.
const LONGEST: usize = 200;
/// Changes that are shown without being asked for.
const OPEN: usize = 6;

words! {
    /// The page of the configuration's history.
    HistoryWords {
        title: "History of settings", "История настроек";
        none: "Nothing has been changed yet.", "Пока ничего не меняли.";
        number: "No.", "№";
        when: "When", "Когда";
        who: "Who", "Кто";
        what: "What", "Что";
        of_what: "Of what", "Раздел";
        everything: "Everything", "Все разделы";
        filter: "Show", "Показать";
        details: "Before and after", "Было и стало";
        before: "Before", "Было";
        after: "After", "Стало";
        program: "The program", "Программа";
        yes: "yes", "да";
        no: "no", "нет";
        undo: "Undo", "Отменить";
        undo_ask: "Take this change back?", "Отменить это изменение?";
        undo_text: "It will be as it was before; what was changed since in other places stays. This can be undone too.",
            "Станет как было до него; изменения в других полях останутся. Отмену тоже можно отменить.";
        changed_since: "The same was changed again since: undo that first",
            "С тех пор это меняли ещё раз: сначала отмените то изменение";
        undone_already: "It is as it was before already", "Всё уже так, как было до этого";
        begins_here: "What was before is not known", "Что было до этого, неизвестно";
        secret_gone: "The password that this line registered with is not kept: make the line anew",
            "Пароль регистрации этой линии не хранится: создайте линию заново";
        gone: "It points at somebody or something that is not there any more", "Того, на что она ссылается, уже нет";
        taken: "Its name, number or short number is somebody else’s by now", "Её название или номер уже заняты";
    }
}

#[derive(Debug, Default, Deserialize)]
pub(in crate::http::pages) struct Asked {
    cursor: Option<String>,
    #[serde(default)]
    thing: String,
}

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryPage {
    frame: Frame,
    w: &'static HistoryWords,
    rows: Vec<Row>,
    /// Names of the API and what they are called.
    things: Vec<(&'static str, &'static str)>,
    asked: Asked,
    newest: Option<String>,
    older: Option<String>,
}

struct Row {
    number: i64,
    when: String,
    at: String,
    who: String,
    what: String,
    name: String,
    changes: Vec<Change>,
    is_long: bool,
    may_undo: bool,
}

struct Change {
    field: String,
    before: String,
    after: String,
}

/// Reads values as people do.
struct Words<'a> {
    w: &'static HistoryWords,
    /// Of things and people, by identifier.
    names: &'a BTreeMap<String, String>,
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
    let w = in_language_of!(reader.t, HistoryWords);
    let called = in_language_of!(reader.t, AuditWords);
    let params = RevisionParams {
        thing: Some(asked.thing.clone()).filter(|thing| !thing.is_empty()),
        limit: Some(ROWS),
        cursor: asked.cursor.clone(),
        ..RevisionParams::default()
    };
    let list = found(&state, &reader.access, params).await;
    let list = list.map_err(|error| reader.failed(error))?;
    let names = names(&state, &reader).await.map_err(|error| reader.failed(error))?;
    let words = Words { w, names: &names };
    let filter = [("thing", asked.thing.as_str())];
    let place = (asked.cursor.as_deref(), list.next_cursor.as_deref());
    let (newest, older) = leaves("/history", &filter, place);
    let things = Thing::ALL.map(|thing| (thing.name(), audit::called(thing.name(), called)));
    let script_words = json!({
        "undo": w.undo, "undo_ask": w.undo_ask, "undo_text": w.undo_text, "changed_since": w.changed_since,
        "undone_already": w.undone_already, "begins_here": w.begins_here, "secret_gone": w.secret_gone,
        "gone": w.gone, "taken": w.taken,
    });
    let rows = list.items.into_iter().map(|one| row(one, &reader, called, &words));
    let page = HistoryPage {
        rows: rows.collect(),
        things: things.to_vec(),
        newest,
        older,
        asked,
        frame: reader.settings("/history", "history.js", script_words),
        w,
    };
    Ok(render(reader.t, &page))
}

async fn names(state: &State, reader: &Reader) -> Result<BTreeMap<String, String>, ApiError> {
    let mut names = revisions::names(&state.db, reader.access.account).await?;
    if reader.access.may(Right::StaffRead) {
        names.extend(staff::names(state, &reader.access).await?);
    }
    Ok(names)
}

fn row(one: RevisionView, reader: &Reader, called: &AuditWords, words: &Words<'_>) -> Row {
    let may = Thing::named(&one.thing).is_some_and(|thing| reader.access.may(needed(thing)));
    Row {
        number: one.number,
        when: reader.moment_of(&one.at),
        who: match one.actor_staff_id {
            Some(_) => one.actor_name,
            None => words.w.program.to_owned(),
        },
        at: one.at,
        what: audit::told(&one.action, called),
        name: one.name,
        is_long: one.changes.len() > OPEN,
        changes: one.changes.into_iter().map(|change| words.change(change)).collect(),
        may_undo: may,
    }
}

impl Words<'_> {
    fn change(&self, change: RevisedView) -> Change {
        let (before, after) = (
            without(&change.before, &change.after),
            without(&change.after, &change.before),
        );
        Change {
            field: change.field,
            before: self.short(&before),
            after: self.short(&after),
        }
    }

    fn short(&self, value: &Value) -> String {
        let text = self.value(value);
        match text.char_indices().nth(LONGEST) {
            Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
            None => text,
        }
    }

    fn value(&self, value: &Value) -> String {
        match value {
            Value::Null => String::new(),
            Value::Bool(true) => self.w.yes.to_owned(),
            Value::Bool(false) => self.w.no.to_owned(),
            Value::Number(number) => number.to_string(),
            Value::String(text) => self.names.get(text).unwrap_or(text).clone(),
            Value::Array(rows) => {
                let rows: Vec<String> = rows.iter().map(|row| self.value(row)).collect();
                rows.join("; ")
            }
            Value::Object(fields) => self.row(fields),
        }
    }

    /// Whom or what it names leads, and what is said of them follows.
    fn row(&self, fields: &Map<String, Value>) -> String {
        let told = fields.iter().filter(|(_, value)| !value.is_null());
        let is_named = |value: &Value| value.as_str().is_some_and(|id| self.names.contains_key(id));
        let (named, rest): (Vec<_>, Vec<_>) = told.partition(|(_, value)| is_named(value));
        let named: Vec<String> = named.into_iter().map(|(_, value)| self.value(value)).collect();
        let rest = rest
            .into_iter()
            .map(|(name, value)| format!("{name} {}", self.value(value)));
        let rest = rest.collect::<Vec<_>>().join(", ");
        match (named.join(", "), rest) {
            (named, rest) if rest.is_empty() => named,
            (named, rest) if named.is_empty() => rest,
            (named, rest) => format!("{named} ({rest})"),
        }
    }
}

/// Of a list what the other one does not hold.
fn without(list: &Value, other: &Value) -> Value {
    match (list.as_array(), other.as_array()) {
        (Some(list), Some(other)) => list.iter().filter(|row| !other.contains(row)).cloned().collect(),
        _ => list.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_as_people_read_them() {
        let names = BTreeMap::from([("01J".to_owned(), "Anna".to_owned())]);
        let words = Words {
            w: HistoryWords::ENGLISH,
            names: &names,
        };
        let members = json!([{ "staff_id": "01J", "penalty": 2, "place": null }, { "staff_id": "02K" }]);
        assert_eq!(words.short(&members), "Anna (penalty 2); staff_id 02K");
        let change = words.change(RevisedView {
            field: "members".to_owned(),
            before: json!([{ "staff_id": "01J" }, { "staff_id": "02K" }]),
            after: json!([{ "staff_id": "02K" }]),
        });
        assert_eq!((change.before.as_str(), change.after.as_str()), ("Anna", ""));
        assert_eq!(words.short(&json!(true)), "yes");
        assert_eq!(words.short(&json!("я".repeat(300))).chars().count(), LONGEST + 1);
    }
}
