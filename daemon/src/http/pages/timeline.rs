//! What has happened with a client: a dialog on the page of clients, for whoever may read them.

use serde_json::{Value, json};

use super::deals::words::DealWords;
use super::messages::{Messages, in_language_of, words};
use super::{Reader, texts};
use crate::http::auth::Right;

words! {
    /// What the dialog says.
    TimelineWords {
        title: "History", "История";
        note: "Note", "Заметка";
        add: "Add the note", "Добавить заметку";
        correct: "Save the note", "Сохранить заметку";
        edited: "edited", "исправлено";
        edit_note: "Correct the note", "Исправить заметку";
        delete_note: "Delete this note?", "Удалить заметку?";
        delete_note_text: "What it said stays in the audit alone.", "Её текст останется только в журнале действий.";
        none: "Nothing has happened yet.", "Пока ничего не было.";
        call_inbound: "Incoming call", "Входящий звонок";
        call_outbound: "Outgoing call", "Исходящий звонок";
        voicemail: "Voice message", "Голосовое сообщение";
        not_heard: "not heard yet", "ещё не прослушано";
        request: "Request at the site", "Заявка с сайта";
        hidden: "A number in this note is hidden from you: add another note instead", "Номер в этой заметке скрыт от вас: добавьте новую заметку";
    }
}

/// What the dialog needs.
pub(super) struct TimelinePart {
    pub(super) w: &'static TimelineWords,
    pub(super) may_play: bool,
}

impl TimelinePart {
    pub(super) fn of(reader: &Reader) -> TimelinePart {
        TimelinePart {
            w: in_language_of!(reader.t, TimelineWords),
            may_play: reader.access.may(Right::RecordingsPlay),
        }
    }

    /// The words that the page's script shows.
    pub(super) fn texts(&self, reader: &Reader) -> String {
        texts(reader.t, words_of(reader.t, self.w, &reader.account.time_zone))
    }
}

fn words_of(t: &Messages, w: &TimelineWords, time_zone: &str) -> Value {
    let deals = in_language_of!(t, DealWords);
    json!({
        "time_zone": time_zone,
        "note": w.note,
        "note_add": w.add,
        "note_correct": w.correct,
        "edited": w.edited,
        "edit_note": w.edit_note,
        "delete_note": w.delete_note,
        "delete_note_text": w.delete_note_text,
        "hidden": w.hidden,
        "call_inbound": w.call_inbound,
        "call_outbound": w.call_outbound,
        "voicemail": w.voicemail,
        "not_heard": w.not_heard,
        "request": w.request,
        "play": t.play,
        "answered": t.answered,
        "busy": t.busy,
        "no_answer": t.no_answer,
        "abandoned": t.abandoned,
        "failed_call": t.failed_call,
        "request_new": t.request_new,
        "request_called": t.request_called,
        "request_missed": t.request_missed,
        "request_done": t.request_done,
        "deal_created": deals.what_created,
        "deal_kind": deals.what_kind,
        "deal_stage": deals.what_stage,
        "deal_step": deals.what_step,
        "deal_owner": deals.what_owner,
        "lead": deals.lead,
        "deal": deals.deal,
        "stage_new": deals.stage_new,
        "stage_in_work": deals.stage_in_work,
        "stage_won": deals.stage_won,
        "stage_lost": deals.stage_lost,
    })
}
