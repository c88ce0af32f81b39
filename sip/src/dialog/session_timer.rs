//! Session timers (RFC 4028): what a request and its 2xx agree on, and what a session keeps of it.

use std::time::{Duration, Instant};

use crate::command::Headers;
use crate::endpoint::SessionIntervals;
use crate::wire::{HeaderName, Message, Params, number};

/// The option tag.
pub(crate) const TIMER: &str = "timer";
/// What Min-SE is when it is not said (RFC 4028 section 5).
const SMALLEST: u32 = 90;
/// Whoever gives a session up does it this long before its end at most (RFC 4028 section 10).
const SPARE: Duration = Duration::from_secs(32);

/// Who refreshes, as seen from the request that negotiated it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refresher {
    Uac,
    Uas,
}

/// A Session-Expires value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionExpires {
    pub(crate) seconds: u32,
    pub(crate) refresher: Option<Refresher>,
}

impl SessionExpires {
    pub(crate) fn of(message: &Message) -> Option<Self> {
        let value = message.header(HeaderName::SessionExpires)?;
        let (seconds, params) = delta(value)?;
        let refresher = match params.get("refresher") {
            Some(who) if who.eq_ignore_ascii_case(b"uac") => Some(Refresher::Uac),
            Some(who) if who.eq_ignore_ascii_case(b"uas") => Some(Refresher::Uas),
            Some(_) | None => None,
        };
        Some(SessionExpires { seconds, refresher })
    }

    fn field(self) -> (std::borrow::Cow<'static, str>, String) {
        let value = match self.refresher {
            Some(Refresher::Uac) => format!("{};refresher=uac", self.seconds),
            Some(Refresher::Uas) => format!("{};refresher=uas", self.seconds),
            None => self.seconds.to_string(),
        };
        ("Session-Expires".into(), value)
    }
}

pub(crate) fn min_se(message: &Message) -> Option<u32> {
    delta(message.header(HeaderName::MinSe)?).map(|(seconds, _)| seconds)
}

fn delta(value: &[u8]) -> Option<(u32, Params<'_>)> {
    let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
    let (seconds, params) = value.split_at_checked(end)?;
    Some((number(seconds)?, Params::new(params)))
}

/// Whether the field lists this option tag.
pub(crate) fn lists(message: &Message, name: HeaderName, tag: &str) -> bool {
    message
        .values(name)
        .any(|value| value.eq_ignore_ascii_case(tag.as_bytes()))
}

/// What a session has agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Agreed {
    pub(crate) seconds: u32,
    pub(crate) we_refresh: bool,
}

impl Agreed {
    /// As the answerer of a request that sets session timers (RFC 4028 section 9 and table 2). `None`: the peer does not
    /// know them. An interval that is too small has been refused where that was possible.
    pub(crate) fn as_uas(request: &Message, ours: &SessionIntervals) -> Option<Self> {
        let asked = SessionExpires::of(request);
        let knows = lists(request, HeaderName::Supported, TIMER) || lists(request, HeaderName::Require, TIMER);
        let floor = min_se(request).unwrap_or(0).max(ours.min_se_seconds());
        let most = ours.interval_seconds().max(floor);
        let (seconds, refresher) = match asked {
            // A proxy on the way asked.
            Some(asked) if !knows => (asked.seconds.max(floor), Some(Refresher::Uas)),
            Some(asked) => (asked.seconds.clamp(floor, most), asked.refresher),
            None if knows => (most, None),
            None => return None,
        };
        Some(Agreed {
            seconds,
            we_refresh: refresher != Some(Refresher::Uac),
        })
    }

    /// As the sender of a request that got this 2xx (RFC 4028 section 7.2). Without Session-Expires there are none.
    pub(crate) fn as_uac(response: &Message, ours: &SessionIntervals) -> Option<Self> {
        let said = SessionExpires::of(response)?;
        Some(Agreed {
            seconds: said.seconds.max(ours.min_se_seconds()),
            we_refresh: said.refresher != Some(Refresher::Uas),
        })
    }

    /// The fields of our 2xx.
    pub(crate) fn response_fields(self, request: &Message, headers: &mut Headers) {
        let refresher = if self.we_refresh {
            Refresher::Uas
        } else {
            Refresher::Uac
        };
        let (seconds, refresher) = (self.seconds, Some(refresher));
        headers.push(SessionExpires { seconds, refresher }.field());
        if lists(request, HeaderName::Supported, TIMER) || !self.we_refresh {
            headers.push(("Require".into(), TIMER.to_owned()));
        }
    }

    /// The fields of our request that refreshes the session (RFC 4028 section 7.4): who refreshes stays who it is.
    pub(crate) fn request_fields(self, min_se: u32, headers: &mut Headers) {
        let refresher = if self.we_refresh {
            Refresher::Uac
        } else {
            Refresher::Uas
        };
        let (seconds, refresher) = (self.seconds, Some(refresher));
        headers.push(SessionExpires { seconds, refresher }.field());
        if min_se > SMALLEST {
            headers.push(("Min-SE".into(), min_se.to_string()));
        }
    }
}

/// The timer of one session.
#[derive(Debug, Default)]
pub(crate) struct SessionTimer {
    pub(crate) agreed: Option<Agreed>,
    /// The largest Min-SE that anybody asked for.
    pub(crate) min_se: u32,
    /// When the session is given up.
    pub(crate) ends_at: Option<Instant>,
    /// Its place in the endpoint's clock.
    pub(crate) due: Option<Instant>,
    /// Our refresh is under way.
    pub(crate) refreshing: bool,
    /// How often our refresh was refused since the last that was not.
    pub(crate) refusals: u8,
    /// The peer allows UPDATE (RFC 3311).
    pub(crate) peer_updates: bool,
}

impl SessionTimer {
    /// Takes what a message of the peer says of what it allows.
    pub(crate) fn hear(&mut self, message: &Message) {
        if message.header(HeaderName::Allow).is_some() {
            self.peer_updates = message.values(HeaderName::Allow).any(|method| method == b"UPDATE");
        }
        self.min_se = self.min_se.max(min_se(message).unwrap_or(0));
    }

    /// Takes the interval that a 422 asks for.
    pub(crate) fn raise(&mut self, response: &Message) {
        let least = min_se(response).unwrap_or(0);
        self.min_se = self.min_se.max(least);
        if let Some(agreed) = &mut self.agreed {
            agreed.seconds = agreed.seconds.max(least);
        }
    }

    /// Begins anew; gives the moment at which something is to be done.
    pub(crate) fn restart(&mut self, agreed: Option<Agreed>, now: Instant) -> Option<Instant> {
        self.agreed = agreed;
        self.refreshing = false;
        self.refusals = 0;
        self.ends_at = None;
        let agreed = agreed?;
        let whole = Duration::from_secs(agreed.seconds.into());
        let ends_at = now + (whole - SPARE.min(whole / 3));
        self.ends_at = Some(ends_at);
        Some(if agreed.we_refresh { now + whole / 2 } else { ends_at })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::wire::Framing;

    fn request(fields: &str) -> Message {
        let text = format!("INVITE sip:a@b SIP/2.0\r\n{fields}\r\n\r\n");
        Message::parse(Bytes::from(text), Framing::Datagram).unwrap()
    }

    fn uas(fields: &str) -> Option<(u32, bool)> {
        let agreed = Agreed::as_uas(&request(fields), &SessionIntervals::default());
        agreed.map(|agreed| (agreed.seconds, agreed.we_refresh))
    }

    /// Table 2 of RFC 4028.
    #[test]
    fn who_refreshes_is_the_choice_of_the_caller_and_else_ours() {
        assert_eq!(uas("Supported: timer\r\nx: 600"), Some((600, true)));
        assert_eq!(
            uas("k: 100rel, TIMER\r\nSession-Expires: 600;refresher=uac"),
            Some((600, false))
        );
        assert_eq!(
            uas("Supported: timer\r\nSession-Expires: 600 ; refresher=UAS"),
            Some((600, true))
        );
        assert_eq!(uas("Session-Expires: 600"), Some((600, true)), "a proxy asked");
        assert_eq!(uas("Supported: timer"), Some((1800, true)));
        assert_eq!(uas("Supported: 100rel"), None);
        assert_eq!(uas("Supported: timer\r\nSession-Expires: soon"), Some((1800, true)));
    }

    #[test]
    fn an_interval_is_never_below_the_floor_of_either_side_nor_above_what_we_want() {
        assert_eq!(uas("Supported: timer\r\nSession-Expires: 7200"), Some((1800, true)));
        assert_eq!(
            uas("Supported: timer\r\nSession-Expires: 7200\r\nMin-SE: 3600"),
            Some((3600, true))
        );
        assert_eq!(uas("Supported: timer\r\nMin-SE: 2000"), Some((2000, true)));
        assert_eq!(uas("Session-Expires: 10"), Some((90, true)));
    }

    #[test]
    fn the_response_of_the_peer_decides() {
        let uac = |fields: &str| Agreed::as_uac(&request(fields), &SessionIntervals::default());
        assert_eq!(uac("X: y"), None);
        let agreed = |seconds, we_refresh| Some(Agreed { seconds, we_refresh });
        assert_eq!(uac("Session-Expires: 1800;refresher=uas"), agreed(1800, false));
        assert_eq!(uac("Session-Expires: 1800;refresher=uac"), agreed(1800, true));
        assert_eq!(uac("Session-Expires: 1"), agreed(90, true));
    }
}
