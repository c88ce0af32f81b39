//! Numbers: a public one that keeps its digits to itself, and a company's short one.

use std::fmt;
use std::str::FromStr;

/// The most digits of an international number (ITU-T E.164).
const MOST_DIGITS: usize = 15;
const FEWEST_DIGITS: usize = 3;
const MOST_SHORT_DIGITS: usize = 8;

/// A text is not a number of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a number")]
pub struct BadNumber;

/// An international number (E.164). Digits come out through [`PhoneNumber::reveal`] only.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber(u64);

impl PhoneNumber {
    /// An international number with or without `+`, with any usual separators.
    pub fn parse(text: &str) -> Result<Self, BadNumber> {
        Self::from_digits(&digits(text)?)
    }

    /// A number as it comes from a provider or is typed in a region: international with `+` or `00`, or national.
    pub fn from_dialled(text: &str, region: &str) -> Result<Self, BadNumber> {
        let all = digits(text)?;
        if text.trim_start().starts_with('+') {
            return Self::from_digits(&all);
        }
        if let Some(rest) = all.strip_prefix("00") {
            return Self::from_digits(rest);
        }
        match (region, all.len(), all.as_bytes().first()) {
            ("RU" | "KZ", 11, Some(b'8')) => Self::from_digits(&format!("7{}", all.get(1..).unwrap_or_default())),
            ("RU" | "KZ", 10, _) | ("US" | "CA", 10, _) => {
                let country = if matches!(region, "RU" | "KZ") { '7' } else { '1' };
                Self::from_digits(&format!("{country}{all}"))
            }
            (_, 10.., _) => Self::from_digits(&all),
            _ => Err(BadNumber),
        }
    }

    /// As a database keeps it: the digits as one integer.
    pub fn from_u64(digits: u64) -> Result<Self, BadNumber> {
        Self::from_digits(&digits.to_string())
    }

    pub fn as_u64(self) -> u64 {
        self.0
    }

    /// The digits, with the leading `+`. Whoever calls this answers for who sees them.
    pub fn reveal(self) -> String {
        format!("+{}", self.0)
    }

    fn from_digits(digits: &str) -> Result<Self, BadNumber> {
        let leading_zero = digits.starts_with('0');
        if leading_zero || !(FEWEST_DIGITS..=MOST_DIGITS).contains(&digits.len()) {
            return Err(BadNumber);
        }
        digits.parse().map(PhoneNumber).map_err(|_| BadNumber)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber(..{:02})", self.0 % 100)
    }
}

/// A number inside a company, one to eight digits; `007` is not `7`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShortNumber(u32);

impl FromStr for ShortNumber {
    type Err = BadNumber;

    fn from_str(text: &str) -> Result<Self, BadNumber> {
        let all_digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits || !(1..=MOST_SHORT_DIGITS).contains(&text.len()) {
            return Err(BadNumber);
        }
        format!("1{text}").parse().map(ShortNumber).map_err(|_| BadNumber)
    }
}

impl fmt::Display for ShortNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with_mark = self.0.to_string();
        f.write_str(with_mark.get(1..).unwrap_or_default())
    }
}

impl fmt::Debug for ShortNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShortNumber({self})")
    }
}

fn digits(text: &str) -> Result<String, BadNumber> {
    let text = text.trim();
    let text = text.strip_prefix('+').unwrap_or(text);
    let mut digits = String::with_capacity(MOST_DIGITS);
    for c in text.chars() {
        match c {
            '0'..='9' if digits.len() < MOST_DIGITS + 2 => digits.push(c),
            ' ' | '-' | '.' | '(' | ')' | '\u{a0}' => {}
            _ => return Err(BadNumber),
        }
    }
    Ok(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_with_its_separators_and_refused_with_anything_else() {
        let check = |text: &str, expected: Option<&str>| {
            let number = PhoneNumber::parse(text).ok().map(PhoneNumber::reveal);
            assert_eq!(number.as_deref(), expected, "{text}");
        };
        check("+7 (912) 345-67-89", Some("+79123456789"));
        check("79123456789", Some("+79123456789"));
        check("+4930901820", Some("+4930901820"));
        check("112", Some("+112"));
        check("+1234567890123456", None);
        check("0123456", None);
        check("12", None);
        check("", None);
        check("+7912x345", None);
        check("79123456789 доб. 2", None);
    }

    #[test]
    fn a_national_number_gets_the_country_of_its_region() {
        let check = |text: &str, region: &str, expected: Option<&str>| {
            let number = PhoneNumber::from_dialled(text, region).ok().map(PhoneNumber::reveal);
            assert_eq!(number.as_deref(), expected, "{text} in {region}");
        };
        check("89123456789", "RU", Some("+79123456789"));
        check("9123456789", "RU", Some("+79123456789"));
        check("79123456789", "RU", Some("+79123456789"));
        check("+49 30 901820", "RU", Some("+4930901820"));
        check("004930901820", "RU", Some("+4930901820"));
        check("2025550123", "US", Some("+12025550123"));
        check("101", "RU", None);
    }

    #[test]
    fn debug_shows_two_digits_at_most() {
        let number = PhoneNumber::parse("+79123456789").unwrap();
        assert_eq!(format!("{number:?}"), "PhoneNumber(..89)");
    }

    #[test]
    fn a_short_number_keeps_its_leading_zeros() {
        let check = |text: &str, expected: Option<&str>| {
            let number = text.parse().ok().map(|number: ShortNumber| number.to_string());
            assert_eq!(number.as_deref(), expected, "{text}");
        };
        check("101", Some("101"));
        check("007", Some("007"));
        check("99999999", Some("99999999"));
        check("123456789", None);
        check("", None);
        check("1a", None);
        check("+1", None);
        assert_ne!("07".parse::<ShortNumber>(), "7".parse::<ShortNumber>());
    }
}
