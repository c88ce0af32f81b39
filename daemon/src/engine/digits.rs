//! Keys pressed in a call: telephone-event (RFC 4733) on one side and INFO on the other, either way; and where we ask for
//! them, tones in the audio of a party that has neither.

use std::time::{Duration, Instant};

use frontdesk_media::io::command::{MediaCommand, MediaLegId};
use frontdesk_routing::ids::CallId;
use frontdesk_sip::Now;
use frontdesk_sip::command::{Body, Command};
use frontdesk_sip::event::SessionId;
use frontdesk_sip::wire::Message;

use super::Engine;
use super::call::{Call, Side};
use super::output::Output;

/// Keys by INFO that may wait for an answer at a time; more are lost, as they would be on a busy line.
const MOST_PRESSED: usize = 8;
/// Longer bodies are no key.
const LONGEST_BODY: usize = 256;
/// Between a key's tones and the INFO that tells of it.
const SAME_KEY: Duration = Duration::from_secs(1);

/// How the keys of a party without telephone-event come. Some phones tell a key by INFO and sound its tones too: it
/// counts once, and what tells by INFO is not listened to any more.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct KeyWays {
    by_info: bool,
    /// The last key whose tones counted.
    heard: Option<(char, Instant)>,
}

impl KeyWays {
    /// Tones were heard; false: they do not count.
    fn hear(&mut self, key: char, now: Now) -> bool {
        self.heard = Some((key, now.instant));
        !self.by_info
    }

    /// INFO tells of a key; false: its tones have counted.
    fn tell(&mut self, key: char, now: Now) -> bool {
        let first = !std::mem::replace(&mut self.by_info, true);
        let since = |at| now.instant.saturating_duration_since(at);
        let heard = self.heard.take_if(|_| first);
        heard.is_none_or(|(heard, at)| heard != key || since(at) > SAME_KEY)
    }
}

impl Engine {
    /// The media threads listen for the keys of whoever talks with a party that has no telephone-event.
    pub(super) fn tune_digits(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some((first, second)) = call.pair() else { return };
        for (near, far) in [(first, second), (second, first)] {
            let on = call.has_events(near) && call.leg(far).is_some() && !call.has_events(far);
            let Some(media) = call.leg_mut(near).map(|leg| &mut leg.media) else {
                continue;
            };
            if std::mem::replace(&mut media.listens, on) != on {
                let leg = media.leg;
                self.outputs.push_back(Output::Media(MediaCommand::Listen { leg, on }));
            }
        }
    }

    /// A key was heard; the other party has no telephone-event and is told by INFO.
    pub(super) fn on_digit(&mut self, leg: MediaLegId, digit: char, now: Now) {
        if let Some((id, side)) = self.find_media(leg)
            && (!self.key_counts(id, side, |ways| ways.hear(digit, now))
                || self.key_is_ours(id, side, digit, now)
                || self.on_menu_key(id, side, digit, now))
        {
            return;
        }
        let token = self.token();
        let Some(id) = self.media_legs.get(&leg).copied() else {
            return;
        };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(far) = call.side_of_media(leg).and_then(|near| call.other(near)) else {
            return;
        };
        if call.has_events(far) || call.pressed.len() >= MOST_PRESSED {
            return;
        }
        let Some(session) = call.leg(far).map(|leg| leg.session) else {
            return;
        };
        call.pressed.push(token);
        let body = Body {
            content_type: "application/dtmf-relay".into(),
            bytes: format!("Signal={digit}\r\nDuration=160\r\n").into(),
        };
        let command = Command::SendInDialog {
            session,
            token,
            method: "INFO".into(),
            headers: Vec::new(),
            body: Some(body),
        };
        self.endpoint.command(command, now);
    }

    /// Whether a key is not the same one come another way.
    fn key_counts(&mut self, id: CallId, side: Side, counts: impl FnOnce(&mut KeyWays) -> bool) -> bool {
        let Some(call) = self.calls.get_mut(&id).filter(|call| !call.has_events(side)) else {
            return true;
        };
        call.leg_mut(side).is_none_or(|leg| counts(&mut leg.media.ways))
    }

    /// We have asked for the key, or take whatever is pressed.
    fn key_is_ours(&mut self, id: CallId, side: Side, digit: char, now: Now) -> bool {
        self.confirm(id, side, digit, now)
            || self.message_key(id, side, digit, now)
            || self.inbox_key(id, side, digit, now)
    }

    /// A key pressed by INFO reaches a party with telephone-event as one; false: the INFO goes on as it is.
    pub(super) fn press(&mut self, session: SessionId, request: &Message, now: Now) -> bool {
        let Some(digit) = key_in(request) else { return false };
        let Some((id, side)) = self.find(session) else {
            return false;
        };
        if !self.key_counts(id, side, |ways| ways.tell(digit, now))
            || self.key_is_ours(id, side, digit, now)
            || self.on_menu_key(id, side, digit, now)
        {
            return true;
        }
        let Some(call) = self.calls.get(&id) else { return false };
        let Some(far) = call.other(side).filter(|far| call.has_events(*far)) else {
            return false;
        };
        let Some(leg) = call.leg(far).map(|leg| leg.media.leg) else {
            return false;
        };
        let digits = digit.to_string();
        self.outputs
            .push_back(Output::Media(MediaCommand::SendDigits { leg, digits }));
        true
    }
}

impl Call {
    fn has_events(&self, side: Side) -> bool {
        let media = self.leg(side).and_then(|leg| leg.media.settled());
        media.is_some_and(|media| media.format.telephone_event.is_some())
    }

    /// An INFO with a key of ours was answered; false: it was none of those.
    pub(super) fn pressed_was_answered(&mut self, token: u64) -> bool {
        let before = self.pressed.len();
        self.pressed.retain(|pressed| *pressed != token);
        self.pressed.len() < before
    }
}

/// The key in an INFO: `Signal=5` of application/dtmf-relay, or all of application/dtmf.
fn key_in(request: &Message) -> Option<char> {
    let kind = request.content_type()?;
    let kind = kind.split(|byte| *byte == b';').next()?.trim_ascii();
    let text = std::str::from_utf8(request.body())
        .ok()
        .filter(|body| body.len() <= LONGEST_BODY)?;
    let value = if kind.eq_ignore_ascii_case(b"application/dtmf-relay") {
        text.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case("Signal").then_some(value)
        })?
    } else if kind.eq_ignore_ascii_case(b"application/dtmf") {
        text
    } else {
        return None;
    };
    key(value.trim())
}

/// One of the keys, or the number of its event (RFC 4733 section 3.2).
fn key(value: &str) -> Option<char> {
    let mut letters = value.chars();
    match (letters.next(), letters.next()) {
        (Some(key), None) => {
            let key = key.to_ascii_uppercase();
            "0123456789*#ABCD".contains(key).then_some(key)
        }
        _ => match value {
            "10" => Some('*'),
            "11" => Some('#'),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use frontdesk_sip::wire::Framing;

    use super::*;

    fn check(kind: &str, body: &str, expected: Option<char>) {
        let text = format!(
            "INFO sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n\
             Call-ID: c\r\nCSeq: 1 INFO\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let request = Message::parse(Bytes::from(text), Framing::Datagram).unwrap();
        assert_eq!(key_in(&request), expected, "{kind} {body:?}");
    }

    #[test]
    fn a_key_is_read_in_either_form() {
        check("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", Some('5'));
        check(
            "Application/DTMF-Relay; x=y",
            "Duration=160\r\nsignal = # \r\n",
            Some('#'),
        );
        check("application/dtmf-relay", "Signal=11\r\n", Some('#'));
        check("application/dtmf-relay", "Signal=d", Some('D'));
        check("application/dtmf", "7", Some('7'));
        check("application/dtmf", " * \r\n", Some('*'));
        check("application/dtmf", "10", Some('*'));
        check("application/dtmf", "16", None);
        check("application/dtmf", "", None);
        check("application/dtmf-relay", "5", None);
        check("application/media_control+xml", "5", None);
        check("application/dtmf", &"5".repeat(300), None);
    }
}
