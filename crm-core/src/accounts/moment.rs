//! Moments as people type them and as records tell them. Pure.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::store::FieldError;

/// 9999-12-30.
const LAST: i64 = 253_402_128_000_000;

/// An instant with its offset (RFC 3339) as it is, or a time of day in the account's zone; in unix milliseconds.
///
/// # Errors
/// The fault of `field` when the text is neither, or before 1970 or after 9999.
pub(crate) fn moment(field: &str, text: &str, zone: &str) -> Result<i64, FieldError> {
    let text = text.trim();
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let instant = text.parse::<Timestamp>().ok();
    let local = || {
        let local: DateTime = text.parse().ok()?;
        zone.to_ambiguous_timestamp(local).compatible().ok()
    };
    let at = instant.or_else(local).map(Timestamp::as_millisecond);
    let wrong = || {
        let why = "a moment, as in 2026-12-31T12:30:00Z, or a time in the company's zone, as in 2026-12-31T15:30";
        FieldError::new(field, "invalid", why)
    };
    at.filter(|at| (0..LAST).contains(at)).ok_or_else(wrong)
}

/// When the day of this moment began in the zone, both in unix milliseconds; UTC when this machine does not know the zone.
pub fn day_began(now: i64, zone: &str) -> i64 {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let moment = Timestamp::from_millisecond(now).map(|now| now.to_zoned(zone));
    let began = moment.and_then(|moment| moment.start_of_day());
    began.map_or(now, |began| began.timestamp().as_millisecond())
}

/// Whether an IANA time zone is called so.
pub(crate) fn is_zone(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}

/// Unix milliseconds as the API writes them.
pub(crate) fn told(unix_ms: i64) -> String {
    Timestamp::from_millisecond(unix_ms).map_or_else(|_| String::new(), |moment| format!("{moment:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l58_a_time_of_day_is_one_of_the_companys_zone() {
        let check = |text: &str, expected: Option<&str>| {
            let expected = expected.map(|text| text.parse::<Timestamp>().unwrap().as_millisecond());
            assert_eq!(moment("step_at", text, "Europe/Moscow").ok(), expected, "{text}");
        };
        check("2026-11-18T12:00", Some("2026-11-18T09:00:00Z"));
        check("2026-11-18T12:00:00", Some("2026-11-18T09:00:00Z"));
        check("2026-11-18T12:00:00Z", Some("2026-11-18T12:00:00Z"));
        check("2026-11-18T12:00:00+05:00", Some("2026-11-18T07:00:00Z"));
        for wrong in ["", "tomorrow", "2026-13-01T00:00", "1900-01-01T00:00:00Z"] {
            check(wrong, None);
        }
        let midnight = "2026-11-17T21:00:00Z".parse::<Timestamp>().unwrap().as_millisecond();
        assert_eq!(day_began(1_795_000_000_123, "Europe/Moscow"), midnight);
        assert_eq!(day_began(midnight, "Europe/Moscow"), midnight);
        assert_eq!(day_began(midnight - 1, "Europe/Moscow"), midnight - 24 * 3_600_000);
        assert_eq!(told(1_795_000_000_123), "2026-11-18T11:06:40.123Z");
    }
}
