//! Values of cells as texts.

use jiff::civil::{DateTime, date};
use jiff::{Span, Unit};

use super::format::Shape;

/// Digits that a spreadsheet keeps of a number.
const DIGITS: usize = 15;
const DAY_S: f64 = 86_400.0;
/// Days that a spreadsheet counts, up to the end of 9999.
const MOST_DAYS: f64 = 2_958_466.0;
/// The day that there was not, 29 February 1900, is this one.
const NO_DAY: f64 = 60.0;

/// A number as it is read by people: without exponent, and without fraction where it has none.
pub(super) fn number(raw: &str) -> String {
    let whole = raw.strip_prefix('-').unwrap_or(raw);
    if !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return raw.to_owned();
    }
    match finite(raw) {
        // what is kept as 0.30000000000000004 is shown as 0.3
        Some(value) => {
            finite(&format!("{value:.*e}", DIGITS - 1)).map_or_else(|| raw.to_owned(), |value| value.to_string())
        }
        None => raw.to_owned(),
    }
}

fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// A number as its format shows it: a date and time as ISO 8601 has them.
pub(super) fn shown(raw: &str, shape: Shape, from_1904: bool) -> String {
    let days = finite(raw).filter(|days| (0.0..MOST_DAYS).contains(days));
    let moment = match (shape, days) {
        (Shape::Moment, Some(days)) => moment(days, from_1904),
        (Shape::Span, Some(days)) => Some(span(days)),
        (Shape::Number, _) | (_, None) => None,
    };
    moment.unwrap_or_else(|| number(raw))
}

fn moment(days: f64, from_1904: bool) -> Option<String> {
    let first = match (from_1904, days < NO_DAY) {
        (true, _) => date(1904, 1, 1),
        (false, true) => date(1899, 12, 31),
        (false, false) => date(1899, 12, 30),
    };
    let seconds = seconds(days)?;
    let moment: DateTime = first.at(0, 0, 0, 0).checked_add(Span::new().seconds(seconds)).ok()?;
    let moment = moment.round(Unit::Second).ok()?;
    let (day, time) = (moment.date(), moment.time());
    Some(match (days < 1.0, time == jiff::civil::Time::midnight()) {
        (true, _) => time.to_string(),
        (false, true) => day.to_string(),
        (false, false) => format!("{day}T{time}"),
    })
}

fn span(days: f64) -> String {
    let seconds = seconds(days).unwrap_or_default();
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{hours}:{minutes:02}:{seconds:02}")
}

/// Rounded; there is no other way from such a number to a whole one than its digits.
fn seconds(days: f64) -> Option<i64> {
    format!("{:.0}", days * DAY_S).parse().ok()
}

/// With the signs that workbooks write as `_x000D_`, and without those that nobody sees.
pub(super) fn cleaned(text: &str) -> String {
    let (mut clean, mut rest) = (String::with_capacity(text.len()), text);
    let mut push = |part: &str| {
        let visible = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
        clean.extend(part.replace("\r\n", "\n").chars().map(visible));
    };
    let mut unescaped = String::new();
    while let Some((before, after)) = rest.split_once("_x") {
        unescaped.push_str(before);
        let sign = after.get(..5).and_then(|code| code.strip_suffix('_'));
        match sign.and_then(|code| u32::from_str_radix(code, 16).ok()) {
            Some(code) => {
                unescaped.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                rest = after.get(5..).unwrap_or_default();
            }
            None => {
                unescaped.push_str("_x");
                rest = after;
            }
        }
    }
    unescaped.push_str(rest);
    push(&unescaped);
    clean.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_neither_exponent_nor_a_fraction_of_nothing() {
        for (raw, text) in [
            ("79161234567", "79161234567"),
            ("7.9161234567E10", "79161234567"),
            ("79161234567.0", "79161234567"),
            ("8.9161234567e+10", "89161234567"),
            ("4.42071838750E+11", "442071838750"),
            ("0.30000000000000004", "0.3"),
            ("-12.50", "-12.5"),
            ("12345678901234567890", "12345678901234567890"),
            ("007", "007"),
            ("1e400", "1e400"),
            ("NaN", "NaN"),
            ("", ""),
        ] {
            assert_eq!(number(raw), text, "{raw}");
        }
    }

    #[test]
    fn moments_are_told_as_iso_has_them() {
        let check = |raw: &str, shape, from_1904, text: &str| assert_eq!(shown(raw, shape, from_1904), text, "{raw}");
        check("45943", Shape::Moment, false, "2025-10-13");
        check("45943.541", Shape::Moment, false, "2025-10-13T12:59:02");
        check("44481", Shape::Moment, true, "2025-10-13");
        check("59", Shape::Moment, false, "1900-02-28");
        check("61", Shape::Moment, false, "1900-03-01");
        check("0.5", Shape::Moment, false, "12:00:00");
        check("1.5", Shape::Span, false, "36:00:00");
        check("79161234567", Shape::Moment, false, "79161234567");
        check("-1", Shape::Moment, false, "-1");
    }

    #[test]
    fn escaped_signs_are_read_and_unseen_ones_left_out() {
        for (text, clean) in [
            ("a_x000D_\nb", "a\nb"),
            ("_x0041__x0042_", "AB"),
            ("a_xyz_x12", "a_xyz_x12"),
            ("_xD83D_", "\u{fffd}"),
            (" \u{a0}a\u{7}b\t", "a b"),
            ("_x005F_x0041_", "_x0041_"),
        ] {
            assert_eq!(cleaned(text), clean, "{text}");
        }
    }
}
