//! Sources of SIP that are not listened to, and those that never are refused.

use std::net::IpAddr;

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use frontdesk_sip::guard::Block;
use serde_json::json;

use super::super::messages::{in_language_of, words};
use super::super::view::Frame;
use super::super::{PageError, Reader, reader, render};
use crate::http::State;
use crate::http::api::security::is_operator;
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;
use crate::live::blocks::BlockView;

words! {
    /// The page of blocked sources.
    SecurityWords {
        blocks: "Blocked addresses", "Заблокированные адреса";
        lead: "Nothing that these addresses send to the telephones' ports is read. The exchange blocks whoever guesses passwords, scans or floods; lift a block when one of your own phones has been caught.",
            "Всё, что эти адреса шлют телефонии, не читается. Станция сама блокирует тех, кто подбирает пароли, сканирует или заваливает запросами. Если попался ваш телефон — снимите блокировку.";
        none: "Nobody is blocked.", "Никто не заблокирован.";
        operators: "Several companies share this exchange: its operator looks after blocked addresses. Tell the operator when one of your phones has been caught.",
            "Станцией пользуются несколько компаний: блокировками ведает её оператор. Если попался ваш телефон — сообщите ему.";
        address: "Address", "Адрес";
        reason: "Why", "Причина";
        since: "Since", "С какого времени";
        until: "Until", "До какого времени";
        for_good: "Until it is lifted", "Пока не снимут";
        lift: "Lift", "Снять";
        lift_ask: "Lift this block?", "Снять блокировку?";
        lift_text: "Whatever comes from there is answered again.", "Станция снова будет отвечать этому адресу.";
        block: "Block an address", "Заблокировать адрес";
        block_hint: "IPv4 or IPv6; of IPv6 its whole /64", "IPv4 или IPv6; для IPv6 — вся сеть /64";
        block_warning: "Phones that are registered from there stop working too.", "Телефоны, подключённые с этого адреса, тоже перестанут работать.";
        how_long: "For how long", "На сколько";
        hour: "An hour", "На час";
        day: "A day", "На сутки";
        month: "30 days", "На 30 дней";
        do_block: "Block", "Заблокировать";
        allowed: "Never blocked", "Никогда не блокируются";
        allowed_lead: "Networks of guard.allow in the configuration: they are changed there.", "Сети из guard.allow в файле настроек: меняются там же.";
        allowed_none: "None: an office's own address belongs there, so that one wrong password does not silence all its phones.",
            "Нет ни одной. Добавьте адрес офиса, чтобы один неверный пароль не отключил все его телефоны.";
        credentials: "Wrong passwords", "Неверные пароли";
        guessing: "Guesses names or numbers", "Подбирает имена и номера";
        malformed: "Sends what is no SIP", "Шлёт неверные сообщения";
        flood: "Sends too much", "Слишком много запросов";
        scanner: "Scans", "Сканирует";
        by_hand: "Blocked by hand", "Заблокирован вручную";
        error_address: "An address as in 203.0.113.7", "Нужен адрес, например 203.0.113.7";
        error_in_use: "Phones of another company are connected from there", "С этого адреса работают телефоны другой компании";
        error_allowed: "It is one of those that are never blocked", "Этот адрес блокировать нельзя: он в списке ниже";
    }
}

#[derive(Template)]
#[template(path = "security.html")]
struct SecurityPage {
    frame: Frame,
    w: &'static SecurityWords,
    rows: Vec<Row>,
    allowed: Vec<String>,
    may_write: bool,
    /// Blocks are this account's business.
    operator: bool,
}

struct Row {
    /// The first address of its network.
    id: String,
    name: String,
    reason: &'static str,
    dot: &'static str,
    at: String,
    since: String,
    until: String,
}

pub(in crate::http::pages) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    reader.need(Right::SettingsRead)?;
    let w = in_language_of!(reader.t, SecurityWords);
    let more = json!({
        "delete_block": w.lift_ask,
        "delete_block_text": w.lift_text,
        "delete": w.lift,
        "address.invalid": w.error_address,
        "address.allowed": w.error_allowed,
        "address.in_use": w.error_in_use,
    });
    let operator = is_operator(&state, &reader.access).await;
    let operator = operator.map_err(|error| reader.failed(error))?;
    let blocks = match operator {
        true => state.live.blocks(),
        false => Vec::new(),
    };
    let page = SecurityPage {
        rows: blocks.iter().map(|block| row(block, &reader, w)).collect(),
        allowed: match operator {
            true => state.settings.never_blocked.iter().map(ToString::to_string).collect(),
            false => Vec::new(),
        },
        may_write: operator && reader.access.may(Right::SettingsWrite),
        operator,
        frame: reader.settings("/security", "security.js", more),
        w,
    };
    Ok(render(reader.t, &page))
}

fn row(block: &Block, reader: &Reader, w: &SecurityWords) -> Row {
    let view = BlockView::from(block);
    Row {
        name: match block.address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(_) => view.network,
        },
        id: view.address,
        reason: reason(view.reason, w),
        dot: if view.reason == "by_hand" {
            "no_access"
        } else {
            "failed"
        },
        since: reader.moment(block.since_ms),
        at: view.since,
        until: block
            .until_ms
            .map_or_else(|| w.for_good.to_owned(), |until| reader.moment(until)),
    }
}

fn reason(name: &str, w: &SecurityWords) -> &'static str {
    match name {
        "credentials" => w.credentials,
        "guessing" => w.guessing,
        "malformed" => w.malformed,
        "flood" => w.flood,
        "scanner" => w.scanner,
        _ => w.by_hand,
    }
}
