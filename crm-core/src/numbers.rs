//! Telephone numbers as people type them.

use phonenumber::{Mode, country};

use crate::store::FieldError;

/// E.164 of a number typed in any usual form of the region; `Err` names the field.
pub fn e164(field: &str, typed: &str, region: &str) -> Result<String, FieldError> {
    let wrong = || FieldError::new(field, "invalid", "not a telephone number, as in +7 912 345-67-89");
    if typed.len() > 40 || !typed.chars().all(|c| c.is_ascii_digit() || " ()-+.\u{a0}".contains(c)) {
        return Err(wrong());
    }
    let region: Option<country::Id> = region.parse().ok();
    let number = phonenumber::parse(region, typed).map_err(|_| wrong())?;
    if !number.is_valid() {
        return Err(wrong());
    }
    Ok(number.format().mode(Mode::E164).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_forms_become_e164_and_others_are_refused() {
        let check = |typed: &str, expected: Option<&str>| {
            assert_eq!(e164("number", typed, "RU").ok().as_deref(), expected, "{typed}");
        };
        check("+7 912 345-67-89", Some("+79123456789"));
        check("8 912 345-67-89", Some("+79123456789"));
        check("8 (912) 345 67 89", Some("+79123456789"));
        check("9123456789", Some("+79123456789"));
        check("(495) 123-45-67", Some("+74951234567"));
        check("+44 20 7183 8750", Some("+442071838750"));
        check("", None);
        check("12", None);
        check("+7 912 345-67-8", None);
        check("+7 912 345-67-890", None);
        check("call me", None);
        check("1800FLOWERS", None);
    }
}
