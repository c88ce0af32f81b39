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
    /// Reads `+79161234567`; nothing but the plus and digits, the first not 0.
    pub fn from_e164(text: &str) -> Result<PhoneNumber, BadNumber> {
        let digits = text.strip_prefix('+').ok_or(BadNumber)?;
        let good = (4..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        match digits.parse() {
            Ok(number) if good && !digits.starts_with('0') => Ok(PhoneNumber(number)),
            _ => Err(BadNumber),
        }
    }

    /// With its plus.
    pub fn reveal(self) -> String {
        format!("+{}", self.0)
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
    fn short_numbers_keep_their_zeros() {
        assert_eq!(ShortNumber::read("007").unwrap().to_string(), "007");
        assert_ne!(ShortNumber::read("007"), ShortNumber::read("07"));
        for bad in ["", "1", "1234567", "1a", "+12"] {
            assert!(ShortNumber::read(bad).is_err(), "{bad}");
        }
    }
}
