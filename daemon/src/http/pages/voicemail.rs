//! Messages that callers have left: one's own and those of one's departments, or all for whoever may hear them.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use frontdesk_crm_core::voicemails::{self, Reader as Listener};
use frontdesk_routing::ids::MailboxId;
use frontdesk_routing::plan::DialPlan;
use serde::Deserialize;
use serde_json::json;

use super::messages::{in_language_of, words};
use super::view::{Frame, Side};
use super::{PageError, ROWS, Reader, calls, reader, render, show, texts};
use crate::http::State;
use crate::http::api::voicemails::{VoicemailParams, VoicemailView, everywhere, found};
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::Params;

words! {
    /// The page of messages.
    VoicemailWords {
        whose: "For whom", "Кому";
        new: "New", "Новое";
        only_new: "New", "Новые";
        all: "All", "Все";
        which: "Which", "Какие";
        length: "Length", "Длина";
        none: "No messages.", "Сообщений нет.";
        none_new: "No new messages.", "Новых сообщений нет.";
        by_phone: "By phone: dial", "С телефона: наберите";
        mark_heard: "Mark as heard", "Отметить прослушанным";
        mark_new: "Mark as new", "Отметить новым";
        delete: "Delete this message?", "Удалить сообщение?";
        delete_text: "The sound is destroyed. The call stays in the history.", "Запись будет уничтожена. Звонок останется в истории.";
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    /// New ones alone.
    #[serde(default)]
    new: bool,
    #[serde(default)]
    cursor: String,
}

#[derive(Template)]
#[template(path = "voicemail.html")]
struct VoicemailPage {
    frame: Frame,
    w: &'static VoicemailWords,
    rows: Vec<Row>,
    only_new: bool,
    /// What is dialled to hear them, unless that is switched off.
    code: Option<String>,
    may_call: bool,
    newest: Option<String>,
    older: Option<String>,
}

struct Row {
    id: String,
    call: String,
    caller: Side,
    callable: bool,
    whose: String,
    left_at: String,
    when: String,
    length: String,
    heard: bool,
    may_play: bool,
    may_delete: bool,
}

/// What the reader may do with other people's messages, and which mailboxes are the reader's own.
struct Reach {
    own: BTreeSet<MailboxId>,
    plays: bool,
    deletes: bool,
}

pub(super) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    asked: Result<Params<Asked>, ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    let asked = asked.map(|Params(asked)| asked).unwrap_or_default();
    let params = |cursor: &str| VoicemailParams {
        heard: asked.new.then_some(false),
        limit: Some(ROWS),
        cursor: Some(cursor.to_owned()).filter(|cursor| !cursor.is_empty()),
        ..VoicemailParams::default()
    };
    let list = match found(&state, &reader.access, params(&asked.cursor)).await {
        Ok(list) => list,
        // an address that was mended by hand: the newest messages instead of an error
        Err(error) if error.status().is_client_error() => found(&state, &reader.access, params(""))
            .await
            .map_err(|error| reader.failed(error))?,
        Err(error) => return Err(reader.failed(error)),
    };
    let plan = state.live.plan();
    let w = in_language_of!(reader.t, VoicemailWords);
    let reach = Reach::of(&reader.access, &plan);
    let codes = &plan.features.of(reader.access.account).codes;
    let code = codes.code(frontdesk_routing::features::Feature::Voicemail);
    let mut frame = reader.frame("voicemail", "voicemail.js");
    let more = json!({ "delete_voicemail": w.delete, "delete_voicemail_text": w.delete_text });
    frame.texts = texts(reader.t, more);
    let page = VoicemailPage {
        frame,
        rows: list
            .items
            .iter()
            .map(|message| row(&reader, message, (&plan, &reach)))
            .collect(),
        code: code.filter(|_| !reach.own.is_empty()).map(str::to_owned),
        may_call: reader.access.may(Right::CallsMake),
        newest: (!asked.cursor.is_empty()).then(|| link(asked.new, "")),
        older: list.next_cursor.map(|cursor| link(asked.new, &cursor)),
        only_new: asked.new,
        w,
    };
    Ok(render(reader.t, &page))
}

/// The reader has a mailbox, or hears those of others.
pub(super) fn shown(state: &State, access: &Access) -> bool {
    let plan = state.live.plan();
    plan.mailboxes_of(access.staff).next().is_some()
        || (everywhere(access, Right::RecordingsList) && plan.mailboxes.has(access.account))
}

/// How many messages the reader has not heard; `None`: there is no mailbox that the reader may look into.
pub(super) async fn waiting(state: &State, access: &Access) -> ApiResult<Option<i64>> {
    if !shown(state, access) {
        return Ok(None);
    }
    let listener = Listener {
        account: access.account,
        staff: access.staff,
        all: false,
    };
    Ok(Some(voicemails::fresh(&state.db, listener).await?))
}

impl Reach {
    fn of(access: &Access, plan: &DialPlan) -> Reach {
        Reach {
            own: plan.mailboxes_of(access.staff).map(|mailbox| mailbox.id).collect(),
            plays: everywhere(access, Right::RecordingsPlay),
            deletes: everywhere(access, Right::RecordingsDelete),
        }
    }
}

fn row(reader: &Reader, message: &VoicemailView, (plan, reach): (&DialPlan, &Reach)) -> Row {
    let mailbox: Option<MailboxId> = message.mailbox_id.parse().ok();
    let own = mailbox.is_some_and(|mailbox| reach.own.contains(&mailbox));
    let of = mailbox.and_then(|mailbox| plan.mailboxes.get(mailbox));
    Row {
        id: message.id.clone(),
        call: message.call_id.clone(),
        caller: calls::side(reader.t, &message.caller, ""),
        callable: calls::can_be_called(&message.caller, message.client_id.as_ref()),
        whose: of.map(|mailbox| mailbox.name.to_string()).unwrap_or_default(),
        left_at: message.left_at.clone(),
        when: reader.moment(message.left_ms),
        length: show::duration(message.duration_ms),
        heard: message.heard_at.is_some(),
        may_play: own || reach.plays,
        may_delete: own || reach.deletes,
    }
}

fn link(only_new: bool, cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if only_new {
        query.append_pair("new", "true");
    }
    if !cursor.is_empty() {
        query.append_pair("cursor", cursor);
    }
    format!("/voicemail?{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_what_is_looked_at() {
        assert_eq!(link(true, "abc"), "/voicemail?new=true&cursor=abc");
        assert_eq!(link(false, ""), "/voicemail?");
    }
}
