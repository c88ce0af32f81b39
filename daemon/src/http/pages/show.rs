//! How values are written on a page.

use frontdesk_crm_core::numbers::grouped;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::messages::Messages;

/// The account's zone; UTC when this machine does not know it.
pub(super) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// Today and yesterday by their names, else the date; always with the time.
pub(super) fn moment(unix_ms: i64, now: i64, zone: &TimeZone, t: &Messages) -> String {
    let (Ok(moment), Ok(now)) = (Timestamp::from_millisecond(unix_ms), Timestamp::from_millisecond(now)) else {
        return String::new();
    };
    let (moment, now) = (moment.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let time = moment.strftime("%H:%M").to_string();
    if moment.date() == now.date() {
        return format!("{}, {time}", t.today);
    }
    if now.date().yesterday().is_ok_and(|yesterday| yesterday == moment.date()) {
        return format!("{}, {time}", t.yesterday);
    }
    match t.lang {
        "ru" => moment.strftime("%d.%m.%Y, %H:%M").to_string(),
        _ => moment.strftime("%-d %b %Y, %H:%M").to_string(),
    }
}

/// `0:07`, `12:34`, `1:02:03`.
pub(super) fn duration(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A number in its usual groups; a short one, or what is none, as it is.
pub(super) fn number(e164: &str) -> String {
    let digits: Vec<char> = e164.strip_prefix("+7").unwrap_or_default().chars().collect();
    let group = |from: usize, to: usize| digits.get(from..to).unwrap_or_default().iter().collect::<String>();
    if digits.len() == 10 && digits.iter().all(char::is_ascii_digit) {
        format!("+7 {} {}-{}-{}", group(0, 3), group(3, 6), group(6, 8), group(8, 10))
    } else {
        grouped(e164)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_by_the_day() {
        let now = 1_795_000_000_000; // 2026-11-18 11:06:40 UTC
        let hour = 3_600_000;
        let check = |ago: i64, t: &Messages, expected: &str| {
            assert_eq!(moment(now - ago, now, &TimeZone::UTC, t), expected);
        };
        check(hour, Messages::ENGLISH, "Today, 10:06");
        check(hour, Messages::RUSSIAN, "Сегодня, 10:06");
        check(12 * hour, Messages::RUSSIAN, "Вчера, 23:06");
        check(48 * hour, Messages::ENGLISH, "16 Nov 2026, 11:06");
        check(48 * hour, Messages::RUSSIAN, "16.11.2026, 11:06");
    }

    #[test]
    fn durations_are_minutes_and_seconds() {
        let check = |ms: i64, expected: &str| assert_eq!(duration(ms), expected);
        check(0, "0:00");
        check(-5, "0:00");
        check(7_900, "0:07");
        check(754_000, "12:34");
        check(3_723_000, "1:02:03");
    }

    #[test]
    fn numbers_are_grouped_as_their_country_writes_them() {
        let check = |number_: &str, expected: &str| assert_eq!(number(number_), expected);
        check("+79123456789", "+7 912 345-67-89");
        check("+442071838750", "+44 20 7183 8750");
        check("+12125550123", "+1 212-555-0123");
        check("+999123", "+999123");
        check("anonymous", "anonymous");
        check("101", "101");
        check("", "");
    }
}
