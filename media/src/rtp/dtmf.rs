//! telephone-event payloads (RFC 4733).
//!
//! All packets of one event carry the timestamp of its beginning: a relay maps it like any other and never makes it grow.

/// Section 2.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// 0 to 9, then `*`, `#`, A to D, flash.
    pub code: u8,
    pub end: bool,
    /// Samples since the event's timestamp.
    pub duration: u16,
}

impl Event {
    /// The first event of a payload.
    pub fn read(payload: &[u8]) -> Option<Event> {
        let [code, flags, high, low, ..] = payload else {
            return None;
        };
        Some(Event {
            code: *code,
            end: flags & 0x80 != 0,
            duration: u16::from_be_bytes([*high, *low]),
        })
    }

    /// What was pressed.
    pub fn key(self) -> Option<char> {
        "0123456789*#ABCD".chars().nth(usize::from(self.code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read() {
        let check = |payload: &[u8], expected: Option<(Option<char>, bool, u16)>| {
            let found = Event::read(payload).map(|event| (event.key(), event.end, event.duration));
            assert_eq!(found, expected, "{payload:?}");
        };
        check(&[1, 10, 0, 160], Some((Some('1'), false, 160)));
        check(&[11, 0x8a, 3, 32], Some((Some('#'), true, 800)));
        check(&[16, 10, 0, 0], Some((None, false, 0)));
        check(&[1, 10, 0], None);
        check(&[], None);
    }
}
