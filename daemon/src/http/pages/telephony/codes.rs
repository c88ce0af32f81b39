//! What phones can dial besides numbers: for everybody to read and to print, for administrators to change.

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use frontdesk_crm_core::features::{self, Features, pickup_name};
use frontdesk_routing::features::Feature;
use serde_json::json;

use super::super::messages::{in_language_of, words};
use super::super::view::Frame;
use super::super::{PageError, reader, render};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;

words! {
    /// The page of feature codes.
    CodeWords {
        title: "Feature codes", "Коды функций";
        lead: "Dial them on your phone like a number.", "Наберите на телефоне, как номер.";
        print: "Print", "Печать";
        change: "Change", "Изменить";
        own: "Calls to you", "Ваши звонки";
        shared: "Colleagues' calls", "Звонки коллег";
        help: "Help", "Проверка";
        number: "number", "номер";
        off: "Empty: the feature is off", "Пусто: функция выключена";
        confirm_tone: "Two rising notes: it is on now. Two falling notes: it is off.", "Два восходящих тона — включено, два нисходящих — выключено.";
        dnd_on: "Do not disturb", "Не беспокоить";
        dnd_off: "Do not disturb no more", "Снова принимать звонки";
        dnd_toggle: "Do not disturb, or no more", "Переключить «не беспокоить»";
        forward_always: "Forward all calls to the number", "Переадресовать все звонки на номер";
        forward_always_off: "Forward all calls no more", "Отменить переадресацию всех звонков";
        forward_busy: "Forward calls while I am busy", "Переадресовать, когда я говорю";
        forward_busy_off: "Forward calls while I am busy no more", "Больше не переадресовать, когда я говорю";
        forward_no_answer: "Forward calls that I do not answer", "Переадресовать, если я не отвечаю";
        forward_no_answer_off: "Forward calls that I do not answer no more", "Больше не переадресовать, если я не отвечаю";
        forward_offline: "Forward calls while my phone is off", "Переадресовать, пока телефон выключен";
        forward_offline_off: "Forward calls while my phone is off no more", "Больше не переадресовать, пока телефон выключен";
        pickup_person: "Take the call that rings at a colleague's number", "Перехватить звонок с номера коллеги";
        pickup_any: "Take the call that has rung longest", "Перехватить звонок, который ждёт дольше всех";
        park: "Transfer a call there to park it at a free place", "Перевести сюда звонок, чтобы он ждал на свободном месте";
        slots: "Park a call at this place, or take the one that waits there", "Поставить звонок на это место или забрать его оттуда";
        echo: "Hear yourself: a test of the sound", "Услышать себя: проверка звука";
        say_number: "Hear my own short number", "Узнать свой короткий номер";
        voicemail: "Hear messages: # next, * again, 7 deletes", "Прослушать сообщения: # дальше, * ещё раз, 7 удалить";
        leave_message: "Leave a message at the number, or transfer a call there", "Оставить сообщение на номере или перевести туда звонок";
        pickup: "Whose calls may be taken", "Чьи звонки можно перехватывать";
        pickup_anyone: "Everybody's in the company", "Всех в компании";
        pickup_department: "Those of people in one's own departments", "Коллег из своих отделов";
        malformed: "* or #, then up to 5 more of *, # and digits", "* или #, затем до 5 знаков: *, # и цифры";
        ambiguous: "It is another feature's code or begins like one", "Это код другой функции или начинается так же";
        places: "Places where calls are parked", "Места, где ждут звонки";
        places_invalid: "Two numbers as in 701-720, 100 places at most", "Два номера, как 701-720, не больше 100 мест";
        places_taken: "Somebody has one of these as a short number", "Один из этих номеров занят как короткий";
        saved: "Saved", "Сохранено";
    }
}

#[derive(Template)]
#[template(path = "codes.html")]
struct CodesPage {
    frame: Frame,
    w: &'static CodeWords,
    groups: Vec<Group>,
    /// Name of the API, what it does, and the code; empty: it is off.
    all: Vec<(&'static str, &'static str, String)>,
    departments_only: bool,
    /// As in 701-720.
    places: String,
    may_write: bool,
    version: i64,
}

struct Group {
    name: &'static str,
    rows: Vec<Row>,
}

struct Row {
    /// Each key by itself.
    code: String,
    takes_number: bool,
    text: &'static str,
}

pub(in crate::http::pages) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    let features = features::get(&state.db, reader.access.account).await;
    let features = features.map_err(|error| reader.failed(error.into()))?;
    let w = in_language_of!(reader.t, CodeWords);
    let more = json!({
        "invalid": w.malformed,
        "taken": w.ambiguous,
        "parking_places.invalid": w.places_invalid,
        "parking_places.taken": w.places_taken,
        "saved": w.saved,
    });
    let code = |feature: &Feature| features.settings.codes.code(*feature).unwrap_or_default().to_owned();
    let all = Feature::ALL.iter();
    let page = CodesPage {
        groups: groups(&features, w),
        all: all
            .map(|feature| (feature.name(), text(*feature, w), code(feature)))
            .collect(),
        places: features.settings.places.to_string(),
        departments_only: pickup_name(features.settings.pickup) == "department",
        may_write: reader.access.may(Right::SettingsWrite),
        version: features.version,
        frame: reader.telephony("/codes", "codes.js", more),
        w,
    };
    Ok(render(reader.t, &page))
}

/// Features that are off are not shown.
fn groups(features: &Features, w: &CodeWords) -> Vec<Group> {
    let shared = |feature: &Feature| {
        matches!(
            feature,
            Feature::PickupPerson | Feature::PickupAny | Feature::Park | Feature::LeaveMessage
        )
    };
    let help = |feature: &Feature| matches!(feature, Feature::Echo | Feature::SayNumber);
    let rows = |wanted: &dyn Fn(&Feature) -> bool| -> Vec<Row> {
        let wanted = Feature::ALL.iter().filter(|feature| wanted(feature));
        let row = |feature: &Feature| {
            Some(Row {
                code: features.settings.codes.code(*feature)?.to_owned(),
                takes_number: feature.takes_number(),
                text: text(*feature, w),
            })
        };
        wanted.filter_map(row).collect()
    };
    let mut colleagues = rows(&shared);
    if features.settings.codes.code(Feature::Park).is_some() {
        colleagues.push(Row {
            code: features.settings.places.to_string().replace('-', "–"),
            takes_number: false,
            text: w.slots,
        });
    }
    let own = rows(&|feature| !shared(feature) && !help(feature));
    let all = [(w.own, own), (w.shared, colleagues), (w.help, rows(&help))];
    let all = all.into_iter().filter(|(_, rows)| !rows.is_empty());
    all.map(|(name, rows)| Group { name, rows }).collect()
}

fn text(feature: Feature, w: &CodeWords) -> &'static str {
    match feature {
        Feature::DndOn => w.dnd_on,
        Feature::DndOff => w.dnd_off,
        Feature::DndToggle => w.dnd_toggle,
        Feature::ForwardAlways => w.forward_always,
        Feature::ForwardAlwaysOff => w.forward_always_off,
        Feature::ForwardBusy => w.forward_busy,
        Feature::ForwardBusyOff => w.forward_busy_off,
        Feature::ForwardNoAnswer => w.forward_no_answer,
        Feature::ForwardNoAnswerOff => w.forward_no_answer_off,
        Feature::ForwardOffline => w.forward_offline,
        Feature::ForwardOfflineOff => w.forward_offline_off,
        Feature::PickupPerson => w.pickup_person,
        Feature::PickupAny => w.pickup_any,
        Feature::Park => w.park,
        Feature::Echo => w.echo,
        Feature::SayNumber => w.say_number,
        Feature::Voicemail => w.voicemail,
        Feature::LeaveMessage => w.leave_message,
    }
}
