//! telephone-event payloads (RFC 4733).
//!
//! All packets of one event carry the timestamp of its beginning: a relay maps it like any other and never makes it grow.
//! Durations count the ticks of the stream's clock (section 2.1): between streams of two clocks they are told anew.

use crate::clock::low_bits;

/// In the order of their codes (section 3.2).
const KEYS: &str = "0123456789*#ABCD";
const VOLUME: u8 = 10;
/// The longest duration that one event can have.
const LONGEST: u32 = 0xffff;

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
        KEYS.chars().nth(usize::from(self.code))
    }

    /// A payload of one event at -10 dBm0.
    pub fn payload(self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        [self.code, if self.end { 0x80 | VOLUME } else { VOLUME }, high, low]
    }
}

/// The event's code of a key; small letters count as capital ones.
pub fn code_of(key: char) -> Option<u8> {
    let place = KEYS.chars().position(|known| known == key.to_ascii_uppercase())?;
    u8::try_from(place).ok()
}

/// Which keys a party presses: each is told once, when its first packet comes, however many follow and whichever of
/// them get lost.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    last: Option<Pressed>,
}

#[derive(Debug, Clone, Copy)]
struct Pressed {
    ssrc: u32,
    timestamp: u32,
    event: Event,
}

impl Keys {
    /// A packet with an event came.
    pub fn hear(&mut self, ssrc: u32, timestamp: u32, event: Event) -> Option<char> {
        let now = Pressed { ssrc, timestamp, event };
        let Some(last) = self.last.replace(now).filter(|last| last.ssrc == ssrc) else {
            return event.key();
        };
        let step = timestamp.wrapping_sub(last.timestamp);
        if step == 0 {
            // The end may have come before a packet of the middle.
            self.last = Some(Pressed {
                event: Event {
                    end: event.end || last.event.end,
                    ..event
                },
                ..now
            });
            return None;
        }
        if step.cast_signed() < 0 {
            self.last = Some(last);
            return None;
        }
        // Section 2.5.1.3: a key that is held for long goes on in another event.
        let goes_on = step == LONGEST && !last.event.end && last.event.code == event.code;
        event.key().filter(|_| !goes_on)
    }
}

/// How long a party has been pressing the key that a packet tells of, over all the events that this takes at the clock of
/// its stream (section 2.5.1.3).
#[derive(Debug, Clone, Default)]
pub struct Holding {
    last: Option<Pressed>,
    began: u32,
}

/// A key's press up to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Press {
    /// The timestamp of its beginning.
    pub began: u32,
    /// Ticks of the events' clock since then.
    pub ticks: u32,
}

impl Holding {
    /// A packet with an event came.
    pub fn hear(&mut self, ssrc: u32, timestamp: u32, event: Event) -> Press {
        let now = Pressed { ssrc, timestamp, event };
        let last = self.last.filter(|last| last.ssrc == ssrc);
        let step = last.map_or(0, |last| timestamp.wrapping_sub(last.timestamp));
        let goes_on =
            last.is_some_and(|last| step == 0 || step == LONGEST && !last.event.end && last.event.code == event.code);
        let alone = Press {
            began: timestamp,
            ticks: u32::from(event.duration),
        };
        if last.is_some() && step.cast_signed() < 0 {
            return alone;
        }
        if !goes_on {
            self.began = timestamp;
        }
        self.last = Some(now);
        Press {
            began: self.began,
            ticks: timestamp.wrapping_sub(self.began).wrapping_add(alone.ticks),
        }
    }
}

impl Press {
    /// The event that tells of it by another clock: its duration, and how many ticks it begins after the key was pressed.
    pub fn told(self, from: u32, to: u32) -> (u16, u32) {
        let ticks = u64::from(self.ticks) * u64::from(to) / u64::from(from.max(1));
        let longest = u64::from(LONGEST);
        let before = ticks.saturating_sub(1) / longest * longest;
        (u16::try_from(ticks - before).unwrap_or(u16::MAX), low_bits(before))
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

    /// Packets as (timestamp, code, end), and the keys that are told.
    fn check(packets: &[(u32, u8, bool)], expected: &str) {
        let mut keys = Keys::default();
        let told: String = packets
            .iter()
            .filter_map(|(timestamp, code, end)| {
                let event = Event {
                    code: *code,
                    end: *end,
                    duration: 160,
                };
                keys.hear(7, *timestamp, event)
            })
            .collect();
        assert_eq!(told, expected, "{packets:?}");
    }

    #[test]
    fn each_key_is_told_once_whatever_gets_lost() {
        check(
            &[(0, 1, false), (0, 1, false), (0, 1, true), (0, 1, true), (0, 1, true)],
            "1",
        );
        check(&[(0, 1, true)], "1");
        check(&[(0, 1, false), (1_600, 1, false)], "11");
        check(
            &[(0, 1, false), (1_600, 2, false), (0, 1, true), (1_600, 2, true)],
            "12",
        );
        check(&[(0, 1, true), (0, 1, false), (1_600, 1, true)], "11");
        check(&[(u32::MAX - 100, 10, false), (1_500, 11, true)], "*#");
        check(&[(0, 16, false), (1_600, 15, false)], "D");
    }

    #[test]
    fn a_key_that_is_held_for_long_is_one_key() {
        check(&[(0, 5, false), (0xffff, 5, false), (0x1_fffe, 5, true)], "5");
        check(&[(0, 5, true), (0xffff, 5, false)], "55");
    }

    /// Packets as (timestamp, duration), and what they are by another clock: (beginning of the press, ticks after it,
    /// duration).
    fn told(clocks: [u32; 2], packets: &[(u32, u16)], expected: &[(u32, u32, u16)]) {
        let mut holding = Holding::default();
        let told: Vec<(u32, u32, u16)> = packets
            .iter()
            .map(|(timestamp, duration)| {
                let event = Event {
                    code: 5,
                    end: false,
                    duration: *duration,
                };
                let press = holding.hear(7, *timestamp, event);
                let (duration, ahead) = press.told(clocks[0], clocks[1]);
                (press.began, ahead, duration)
            })
            .collect();
        assert_eq!(told, expected, "{packets:?}");
    }

    #[test]
    fn a_duration_is_told_by_another_clock() {
        told(
            [8_000, 48_000],
            &[(9, 0), (9, 160), (9, 800)],
            &[(9, 0, 0), (9, 0, 960), (9, 0, 4_800)],
        );
        told(
            [48_000, 8_000],
            &[(9, 960), (9, 4_800), (9_609, 960)],
            &[(9, 0, 160), (9, 0, 800), (9_609, 0, 160)],
        );
        told(
            [8_000, 48_000],
            &[(9, 800), (1_609, 160), (9, 960)],
            &[(9, 0, 4_800), (1_609, 0, 960), (9, 0, 5_760)],
        );
    }

    #[test]
    fn a_key_that_is_held_for_long_takes_more_events_by_a_faster_clock() {
        told(
            [8_000, 48_000],
            &[(9, 10_922), (9, 10_923), (9, 32_000)],
            &[(9, 0, 65_532), (9, 65_535, 3), (9, 131_070, 60_930)],
        );
        told(
            [48_000, 8_000],
            &[(9, 65_280), (65_544, 960), (131_079, 960)],
            &[(9, 0, 10_880), (9, 0, 11_082), (9, 0, 22_005)],
        );
    }

    #[test]
    fn keys_are_written_as_they_are_read() {
        for key in KEYS.chars() {
            let event = Event {
                code: code_of(key).unwrap(),
                end: true,
                duration: 800,
            };
            assert_eq!(Event::read(&event.payload()), Some(event));
            assert_eq!(event.key(), Some(key));
        }
        assert_eq!((code_of('a'), code_of('x')), (Some(12), None));
    }
}
