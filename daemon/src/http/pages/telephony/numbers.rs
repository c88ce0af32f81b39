//! Connected numbers: whom they reach, and which of them calls show.

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use frontdesk_crm_core::numbers::{self, Number, UsedAsPhone};
use frontdesk_crm_core::prompts;
use frontdesk_crm_core::trunks;
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::DialPlan;
use serde_json::json;

use super::super::messages::{in_language_of, words};
use super::super::view::Frame;
use super::super::{PageError, Reader, reader, render, show};
use super::{Around, Names, Targets, name_of};
use crate::http::State;
use crate::http::api::account::{self as accounts, AccountView};
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;

words! {
    /// The page of numbers.
    NumberWords {
        title: "Numbers", "Номера";
        add: "Connect a number", "Подключить номер";
        edit: "Connected number", "Подключённый номер";
        connected: "Connected numbers", "Подключённые номера";
        none: "No number is connected yet.", "Пока ни один номер не подключён.";
        delete_number: "Disconnect this number?", "Отключить номер?";
        delete_number_text: "Whoever calls it will be told that it does not exist.", "Звонки на него приниматься не будут.";
        number: "Number", "Номер";
        reaches: "Who gets its calls", "Кому звонок";
        line: "Line", "Линия";
        any_line: "Any line", "Любая линия";
        hours: "Hours", "Часы работы";
        always_open: "Always open", "Круглосуточно";
        closed_to: "While closed, calls go to", "В нерабочее время передать";
        closed_refused: "Nobody: they are refused", "Никому: звонок отклоняется";
        project: "Project", "Проект";
        first: "What callers hear first", "Что звонящий слышит сначала";
        greeting: "Greeting", "Приветствие";
        no_greeting: "None", "Нет";
        greeting_hint: "By day and while closed, before the call goes on. Recordings are made on the page Sounds.",
            "И в рабочее, и в нерабочее время, до соединения. Фразы загружают на странице «Звуки».";
        says_recorded: "Tell that the call is recorded", "Предупреждать о записи разговора";
        says_recorded_hint: "Only where calls are recorded", "Только если разговоры записываются";
        greets: "Greeting:", "Приветствие:";
        warns: "Tells of the recording", "Предупреждает о записи";
        single: "Single number", "Единый номер";
        emergency: "Emergencies", "Экстренные";
        used_as_phone: "Said to be somebody's own telephone, which cannot be:", "Записан личным телефоном, так нельзя:";

        shown: "What calls show", "Какой номер показывать";
        single_hint: "Calls from the CRM and from the sites show it", "Его показывают звонки из CRM и с сайтов";
        lines_own: "The line's own", "Номер самой линии";
        emergency_number: "On emergency calls", "При экстренных вызовах";
        emergency_hint: "One that can be called back and whose address the provider knows", "Номер для обратного звонка, адрес которого знает оператор";
        forwarded: "On calls that are sent on outside", "При переадресации наружу";
        forwarded_client: "The client's number", "Номер клиента";
        forwarded_did: "The number that was called", "Номер, на который звонили";
        forwarded_stub: "The stub", "Номер-заглушку";
        stub: "Stub for hidden clients", "Заглушка для скрытых клиентов";
        stub_hint: "Staff see it whom clients' numbers are hidden from", "Её видят сотрудники, от которых номера скрыты";
        dials_back: "Dialling the stub reaches the client", "Звонок на заглушку попадает к клиенту";
        saved: "Saved", "Сохранено";
    }
}

#[derive(Template)]
#[template(path = "numbers.html")]
struct NumbersPage {
    frame: Frame,
    w: &'static NumberWords,
    rows: Vec<Row>,
    account: AccountView,
    stub: String,
    /// Whether the settings of what calls show may be read and changed.
    may_set: bool,
    may_write: bool,
    trunks: Names,
    targets: Targets,
    schedules: Names,
    projects: Names,
    prompts: Names,
}

struct Row {
    id: String,
    /// E.164.
    number: String,
    name: String,
    to: String,
    line: Option<String>,
    hours: String,
    /// What callers hear first.
    greeting: Vec<String>,
    single: bool,
    emergency: bool,
    /// Names of those whose own telephone it is said to be.
    used_as_phone: String,
}

pub(in crate::http::pages) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    reader.need(Right::TrunksRead)?;
    let page = filled(&state, &reader).await.map_err(|error| reader.failed(error))?;
    Ok(render(reader.t, &page))
}

async fn filled(state: &State, reader: &Reader) -> Result<NumbersPage, ApiError> {
    let account = reader.access.account;
    let w = in_language_of!(reader.t, NumberWords);
    let around = Around::of(state, reader).await?;
    let trunks = trunks::list(&state.db, account).await?;
    let trunks = trunks
        .into_iter()
        .map(|of| (of.plan.id.to_string(), of.plan.name.to_string()));
    let trunks: Names = trunks.collect();
    let users = numbers::used_as_phones(&state.db, account).await?;
    let plan = state.live.plan();
    let rows = numbers::list(&state.db, account).await?.into_iter();
    let prompts = prompts::list(&state.db, account).await?;
    let prompts: Names = prompts.into_iter().map(|of| (of.id.to_string(), of.name)).collect();
    let rows = rows.map(|number| {
        let greeting = greeting(&number, reader, (&plan, &prompts), w);
        Row {
            greeting,
            ..row(&number, reader, (&around, &trunks), (&users, &plan))
        }
    });
    let view = accounts::view(state, account).await?;
    let more = json!({
        "delete_number": w.delete_number,
        "delete_number_text": w.delete_number_text,
        "saved": w.saved,
        "single_number.not_connected": reader.t.error_not_connected,
        "emergency_number.not_connected": reader.t.error_not_connected,
        "stub_number.invalid": reader.t.error_number,
    });
    Ok(NumbersPage {
        rows: rows.collect(),
        stub: show::number(&view.stub_number),
        account: view,
        may_set: reader.access.may(Right::SettingsWrite),
        may_write: reader.access.may(Right::TrunksWrite),
        frame: reader.telephony("/numbers", "numbers.js", more),
        trunks,
        targets: around.targets,
        schedules: around.schedules,
        projects: around.projects,
        prompts,
        w,
    })
}

fn greeting(number: &Number, reader: &Reader, (plan, prompts): (&DialPlan, &Names), w: &NumberWords) -> Vec<String> {
    let key = PhoneNumber::from_e164(&number.number).ok();
    let greeting = key.and_then(|key| plan.menus.greeting(reader.access.account, key));
    let greeting = greeting.unwrap_or_default();
    let own = greeting.prompt.map(|prompt| {
        let name = name_of(&prompt.to_string(), prompts).unwrap_or_default().to_owned();
        format!("{} {name}", w.greets)
    });
    let recorded = greeting.says_recorded.then(|| w.warns.to_owned());
    own.into_iter().chain(recorded).collect()
}

fn row(
    number: &Number,
    reader: &Reader,
    (around, trunks): (&Around, &Names),
    (users, plan): (&[UsedAsPhone], &DialPlan),
) -> Row {
    let text = |id: &str, of: &Names| name_of(id, of).unwrap_or_default().to_owned();
    let key = PhoneNumber::from_e164(&number.number).ok();
    let desk = key.and_then(|key| plan.reception.numbers.get(&(reader.access.account, key)));
    let schedule = desk.and_then(|desk| desk.schedule);
    let users = users.iter().filter(|user| user.number == number.id);
    let users: Vec<&str> = users.map(|user| user.name.as_str()).collect();
    let account = &reader.account;
    Row {
        id: number.id.to_string(),
        name: show::number(&number.number),
        to: around.targets.called(number.to, reader.t),
        line: number.trunk.map(|trunk| text(&trunk.to_string(), trunks)),
        hours: schedule
            .map(|id| text(&id.to_string(), &around.schedules))
            .unwrap_or_default(),
        greeting: Vec::new(),
        single: account.single_number.as_ref() == Some(&number.number),
        emergency: account.emergency_number.as_ref() == Some(&number.number),
        used_as_phone: users.join(", "),
        number: number.number.clone(),
    }
}
