//! Numbers: E.164 numbers that print masked, and the short numbers of a company.

use std::fmt;

/// A text is not `+` and 4 to 15 digits (E.164).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an E.164 number: + and 4 to 15 digits expected")]
pub struct BadNumber;

/// A number in E.164, packed. It has no `Display` and no `Serialize`: its digits come out through [`PhoneNumber::reveal`] only.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber(u64);

impl PhoneNumber {
    /// What hidden numbers are shown as where an account has set nothing else: +7 (812) 389-32-98.
    pub const STUB: PhoneNumber = PhoneNumber(78_123_893_298);

    /// Reads `+79161234567`; nothing but the plus and digits, the first not 0.
    pub fn from_e164(text: &str) -> Result<PhoneNumber, BadNumber> {
        let digits = text.strip_prefix('+').ok_or(BadNumber)?;
        let good = (4..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        match digits.parse() {
            Ok(number) if good && !digits.starts_with('0') => Ok(PhoneNumber(number)),
            _ => Err(BadNumber),
        }
    }

    /// A number as a provider sends it in a country (ISO 3166 code): international with `+`, `00` or bare, or national.
    pub fn from_dialled(text: &str, region: &str) -> Result<PhoneNumber, BadNumber> {
        if text.starts_with('+') {
            return PhoneNumber::from_e164(text);
        }
        let is_number = text.len() <= 17 && text.bytes().all(|byte| byte.is_ascii_digit());
        let (country, trunk_prefix, length) = habits(region);
        let national = text.strip_prefix(trunk_prefix).unwrap_or(text);
        let international = match text.strip_prefix("00") {
            Some(rest) => rest.to_owned(),
            None if national.len() == length => format!("{country}{national}"),
            None => text.to_owned(),
        };
        match is_number && international.len() >= 8 {
            true => PhoneNumber::from_e164(&format!("+{international}")),
            false => Err(BadNumber),
        }
    }

    /// As one integer, without the plus; comes back by [`PhoneNumber::from_u64`].
    pub fn as_u64(self) -> u64 {
        self.0
    }

    pub fn from_u64(digits: u64) -> Result<PhoneNumber, BadNumber> {
        PhoneNumber::from_e164(&format!("+{digits}"))
    }

    /// As one dials it within a country; `None`: how one dials there is not known.
    pub fn national(self, region: &str) -> Option<String> {
        let (country, trunk_prefix, length) = habits(region);
        let digits = self.0.to_string();
        let own = digits.strip_prefix(country).filter(|rest| rest.len() == length);
        match own {
            Some(rest) => Some(format!("{trunk_prefix}{rest}")),
            None if country.is_empty() => None,
            None if country == "1" => Some(format!("011{digits}")),
            None => Some(format!("00{digits}")),
        }
    }

    /// With its plus.
    pub fn reveal(self) -> String {
        format!("+{}", self.0)
    }
}

/// Country code, what is dialled before a national number, and how long such a number is.
fn habits(region: &str) -> (&'static str, &'static str, usize) {
    match region {
        "RU" | "KZ" => ("7", "8", 10),
        "US" | "CA" => ("1", "1", 10),
        _ => ("", "0", usize::MAX),
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let shown = digits.get(digits.len().saturating_sub(2)..).unwrap_or_default();
        write!(f, "+…{shown}")
    }
}

/// A text is not 2 to 6 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a short number: 2 to 6 digits expected")]
pub struct BadShortNumber;

/// A number within an account, of 2 to 6 digits; `007` and `7` differ.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShortNumber {
    value: u32,
    digits: u8,
}

impl ShortNumber {
    pub fn read(text: &str) -> Result<ShortNumber, BadShortNumber> {
        let good = (2..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        match (text.parse(), u8::try_from(text.len())) {
            (Ok(value), Ok(digits)) if good => Ok(ShortNumber { value, digits }),
            _ => Err(BadShortNumber),
        }
    }
}

impl fmt::Display for ShortNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$}", self.value, width = usize::from(self.digits))
    }
}

impl fmt::Debug for ShortNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_shows_its_digits_only_when_asked() {
        let number = PhoneNumber::from_e164("+79161234567").unwrap();
        assert_eq!(number.reveal(), "+79161234567");
        assert_eq!(format!("{number:?}"), "+…67");
        for bad in [
            "",
            "+",
            "+123",
            "79161234567",
            "+7916123456789012",
            "+7 916",
            "+0123456",
            "+７９１６",
        ] {
            assert!(PhoneNumber::from_e164(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_national_number_gets_the_country_of_its_region() {
        let check = |text: &str, region: &str, expected: Option<&str>| {
            let number = PhoneNumber::from_dialled(text, region).ok().map(PhoneNumber::reveal);
            assert_eq!(number.as_deref(), expected, "{text} in {region}");
        };
        check("89161234567", "RU", Some("+79161234567"));
        check("9161234567", "RU", Some("+79161234567"));
        check("79161234567", "RU", Some("+79161234567"));
        check("+4930901820", "RU", Some("+4930901820"));
        check("004930901820", "RU", Some("+4930901820"));
        check("12025550123", "US", Some("+12025550123"));
        check("2025550123", "US", Some("+12025550123"));
        check("4930901820", "DE", Some("+4930901820"));
        check("030901820", "DE", None);
        check("101", "RU", None);
        check("line_u", "RU", None);
        check("", "RU", None);
        check("00000000000000000000000000", "RU", None);
    }

    #[test]
    fn a_number_survives_as_an_integer() {
        let number = PhoneNumber::from_e164("+79161234567").unwrap();
        assert_eq!(PhoneNumber::from_u64(number.as_u64()), Ok(number));
        assert!(PhoneNumber::from_u64(0).is_err());
    }

    #[test]
    fn short_numbers_keep_their_zeros() {
        assert_eq!(ShortNumber::read("007").unwrap().to_string(), "007");
        assert_ne!(ShortNumber::read("007"), ShortNumber::read("07"));
        for bad in ["", "1", "1234567", "1a", "+12"] {
            assert!(ShortNumber::read(bad).is_err(), "{bad}");
        }
    }
}
