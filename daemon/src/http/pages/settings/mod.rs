//! What an administrator sets up beside telephony, and what is done with it.

pub(super) mod audit;
pub(super) mod history;
pub(super) mod import;
pub(super) mod notices;
pub(super) mod projects;
mod rights;
pub(super) mod roles;
pub(super) mod security;
pub(super) mod webhooks;

use serde_json::Value;

use super::Reader;
use super::messages::Messages;
use super::view::{Choice, Frame, Link, May};

impl Reader {
    /// The frame of a page of this group; `more` are words for the page's script.
    fn settings(&self, active: &'static str, script: &'static str, more: Value) -> Frame {
        let mut frame = self.frame("settings", script);
        frame.texts = super::texts(self.t, more);
        for link in &mut frame.settings {
            link.current = link.href == active;
        }
        frame
    }

    /// A moment as the API writes it.
    fn moment_of(&self, text: &str) -> String {
        let at = text.parse::<jiff::Timestamp>();
        at.map(|at| self.moment(at.as_millisecond())).unwrap_or_default()
    }
}

/// The pages of this group that the reader may see.
pub(super) fn links(t: &Messages, may: May) -> Vec<Link> {
    let all = [
        ("/roles", t.roles, may.staff && (may.roles || may.settings || may.audit)),
        ("/projects", t.projects, may.settings && may.staff),
        ("/import", t.import, may.import),
        ("/notices", t.notices, may.settings),
        ("/webhooks", t.webhooks, may.settings),
        ("/security", t.security, may.settings),
        ("/history", t.history, may.audit),
        ("/audit", t.audit, may.audit),
    ];
    super::view::links(&all)
}

/// Where one of these stands: the word for it and the kind of its dot.
fn stage(t: &Messages, state: &str) -> (&'static str, &'static str) {
    match state {
        "waiting" => (t.outbox_waiting, "waiting"),
        "sending" => (t.outbox_sending, "ringing"),
        "sent" => (t.outbox_sent, "online"),
        _ => (t.outbox_failed, "failed"),
    }
}

/// The states that can be asked for.
fn stages(t: &Messages, chosen: &str) -> Vec<Choice> {
    let all = ["waiting", "sending", "sent", "failed"];
    let choice = |value: &'static str| Choice {
        value,
        text: stage(t, value).0,
        chosen: value == chosen,
    };
    all.into_iter().map(choice).collect()
}

/// The ways to the list's beginning, from anywhere further within, and to what comes after this part of it.
fn leaves(
    path: &str,
    asked: &[(&str, &str)],
    (cursor, next): (Option<&str>, Option<&str>),
) -> (Option<String>, Option<String>) {
    let newest = cursor.map(|_| link(path, asked, None));
    let older = next.map(|next| link(path, asked, Some(next)));
    (newest, older)
}

/// An address of a list: what is asked for and where to begin.
fn link(path: &str, asked: &[(&str, &str)], cursor: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in asked.iter().copied().chain(cursor.map(|cursor| ("cursor", cursor))) {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    format!("{path}?{}", query.finish())
}
