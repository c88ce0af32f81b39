//! What is to be done about a request. Pure.

use frontdesk_crm_core::requests::{Due, MOST_ATTEMPTS};
use frontdesk_crm_core::sites::Receiver;
use frontdesk_routing::schedule::Open;

const MINUTE_MS: i64 = 60 * 1_000;
/// A call that could not begin in its time, as we were not running, is made up for so long.
const STILL_SENSIBLE_MS: i64 = 30 * MINUTE_MS;
/// For a person who talks.
const BUSY_MS: i64 = 10 * 1_000;
/// A person who talks or takes no calls is waited for so long.
const BUSY_AT_MOST_MS: i64 = 2 * 60 * MINUTE_MS;
/// From a call that came to nothing, or could not be given to anybody, to the next one.
const AGAIN_MS: i64 = 5 * MINUTE_MS;
/// In a department's line, where there is nobody who would hang up.
const LINE_AT_MOST_MS: i64 = 10 * MINUTE_MS;
/// A call that neither goes on nor stands in the records by then never was.
const LOST_MS: i64 = 2 * MINUTE_MS;

/// What the moment is like.
pub(super) struct Now {
    pub(super) unix_ms: i64,
    /// `None`: there is nobody to be rung.
    pub(super) open: Option<Open>,
    /// The person who would be rung takes no such calls now.
    pub(super) off: bool,
    /// The person who would be rung talks.
    pub(super) busy: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    Call(Receiver),
    /// Unix milliseconds.
    Wait {
        until: i64,
    },
    Miss,
}

pub(super) fn decide(due: &Due, now: &Now) -> Move {
    let (Some(to), Some(open)) = (due.to, now.open) else {
        return Move::Miss;
    };
    let at = now.unix_ms;
    match open {
        _ if at.saturating_sub(due.next_at) > STILL_SENSIBLE_MS => Move::Miss,
        Open::Closed { opens_at: Some(until) } => Move::Wait { until },
        Open::Closed { opens_at: None } | Open::Unknown => Move::Miss,
        Open::Open if (now.off || now.busy) && at.saturating_sub(due.wanted_at) > BUSY_AT_MOST_MS => Move::Miss,
        Open::Open if now.off => Move::Wait {
            until: at.saturating_add(AGAIN_MS),
        },
        Open::Open if now.busy => Move::Wait {
            until: at.saturating_add(BUSY_MS),
        },
        Open::Open => Move::Call(to),
    }
}

/// What is known of a call that was begun.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) live: bool,
    pub(super) talking: bool,
    pub(super) waiting: bool,
    /// The records have its end: whether it was answered.
    pub(super) ended: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    GoesOn,
    WaitsTooLong,
    Called,
    Missed,
    Again { in_ms: i64 },
}

/// `age_ms`: since the call was begun.
pub(super) fn outcome(seen: &Seen, attempts: u32, age_ms: i64) -> Outcome {
    match (seen.live, seen.ended) {
        (true, _) if seen.talking => Outcome::Called,
        (true, _) if seen.waiting && age_ms > LINE_AT_MOST_MS => Outcome::WaitsTooLong,
        (true, _) => Outcome::GoesOn,
        (false, Some(true)) => Outcome::Called,
        (false, None) if age_ms <= LOST_MS => Outcome::GoesOn,
        (false, Some(false) | None) if attempts >= MOST_ATTEMPTS => Outcome::Missed,
        (false, Some(false) | None) => Outcome::Again { in_ms: AGAIN_MS },
    }
}

#[cfg(test)]
mod tests {
    use frontdesk_routing::ids::{AccountId, RequestId, StaffId};
    use frontdesk_routing::number::PhoneNumber;

    use super::*;

    const WANTED: i64 = 1_795_000_000_000;

    #[test]
    fn a_request_is_called_waits_or_is_missed() {
        let anna = Receiver::Staff(StaffId::from_u128(1));
        let check = |late_ms: i64, open: Option<Open>, (off, busy): (bool, bool), expected: Move| {
            let due = Due {
                id: RequestId::from_u128(1),
                account: AccountId::from_u128(1),
                number: PhoneNumber::STUB,
                wanted_at: WANTED,
                next_at: WANTED,
                attempts: 0,
                to: Some(anna),
                schedule: None,
                project: None,
            };
            let unix_ms = WANTED + late_ms;
            let now = Now {
                unix_ms,
                open,
                off,
                busy,
            };
            assert_eq!(decide(&due, &now), expected, "{late_ms} {open:?} {off} {busy}");
        };
        let closed = |opens_at| Some(Open::Closed { opens_at });
        let free = (false, false);
        check(0, Some(Open::Open), free, Move::Call(anna));
        check(29 * MINUTE_MS, Some(Open::Open), free, Move::Call(anna));
        check(31 * MINUTE_MS, Some(Open::Open), free, Move::Miss);
        let until = WANTED + BUSY_MS;
        check(0, Some(Open::Open), (false, true), Move::Wait { until });
        let until = WANTED + AGAIN_MS;
        check(0, Some(Open::Open), (true, true), Move::Wait { until });
        check(0, closed(Some(WANTED + 5)), free, Move::Wait { until: WANTED + 5 });
        check(0, closed(None), free, Move::Miss);
        check(0, None, free, Move::Miss);
    }

    #[test]
    fn a_call_that_comes_to_nothing_is_tried_three_times() {
        let live = Seen {
            live: true,
            ..Seen::default()
        };
        let talking = Seen { talking: true, ..live };
        let waiting = Seen { waiting: true, ..live };
        let ended = |answered| Seen {
            ended: Some(answered),
            ..Seen::default()
        };
        let again = Outcome::Again { in_ms: AGAIN_MS };
        for (seen, attempts, age, expected) in [
            (live, 1, 0, Outcome::GoesOn),
            (talking, 1, 0, Outcome::Called),
            (waiting, 1, 9 * MINUTE_MS, Outcome::GoesOn),
            (waiting, 1, 11 * MINUTE_MS, Outcome::WaitsTooLong),
            (ended(true), 3, 0, Outcome::Called),
            (ended(false), 1, 0, again),
            (ended(false), 2, 0, again),
            (ended(false), 3, 0, Outcome::Missed),
            (Seen::default(), 1, MINUTE_MS, Outcome::GoesOn),
            (Seen::default(), 1, 3 * MINUTE_MS, again),
            (Seen::default(), 3, 3 * MINUTE_MS, Outcome::Missed),
        ] {
            assert_eq!(outcome(&seen, attempts, age), expected, "{seen:?} {attempts} {age}");
        }
    }
}
