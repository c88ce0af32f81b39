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
    if let Some(number) = russian_8xx(typed, region) {
        return Ok(number);
    }
    let number = phonenumber::parse(region, typed)
        .ok()
        .filter(phonenumber::PhoneNumber::is_valid);
    Ok(number.ok_or_else(wrong)?.format().mode(Mode::E164).to_string())
}

/// An E.164 number in the groups that its country writes it in; what is none stays as it is.
pub fn grouped(e164: &str) -> String {
    let number = phonenumber::parse(None, e164)
        .ok()
        .filter(|_| e164.starts_with('+'))
        .filter(phonenumber::PhoneNumber::is_valid);
    match number {
        Some(number) => number.format().mode(Mode::International).to_string(),
        None => e164.to_owned(),
    }
}

/// Russian area codes that begin with 8 (812 St Petersburg, 843 Kazan, 800): the library takes their first digit for the
/// trunk prefix, which is 8 too, and finds the rest too short.
fn russian_8xx(typed: &str, region: Option<country::Id>) -> Option<String> {
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    let national = match (typed.trim_start().starts_with('+'), region) {
        (true, _) => digits.strip_prefix('7')?,
        (false, Some(country::Id::RU)) if digits.len() == 11 => digits.strip_prefix(['7', '8'])?,
        (false, Some(country::Id::RU)) => digits.as_str(),
        (false, _) => return None,
    };
    let area = national.get(..2)?;
    (national.len() == 10 && ("80"..="88").contains(&area)).then(|| format!("+7{national}"))
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
        check("+7 (812) 389-32-98", Some("+78123893298"));
        check("+78123893298", Some("+78123893298"));
        check("8 (812) 389-32-98", Some("+78123893298"));
        check("+7 843 567-80-00", Some("+78435678000"));
        check("8 800 555-35-35", Some("+78005553535"));
        check("+7 812 389-32-9", None);
        check("", None);
        check("12", None);
        check("+7 912 345-67-8", None);
        check("+7 912 345-67-890", None);
        check("call me", None);
        check("1800FLOWERS", None);
    }

    proptest::proptest! {
        #[test]
        fn v20_any_mobile_number_in_any_usual_form_becomes_the_same(digits in "9[0-9]{9}") {
            let (a, b, c, d) = (&digits[..3], &digits[3..6], &digits[6..8], &digits[8..]);
            let expected = format!("+7{digits}");
            for typed in [
                format!("+7 {a} {b}-{c}-{d}"),
                format!("8 {a} {b}-{c}-{d}"),
                format!("8({a}){b}{c}{d}"),
                digits.clone(),
                expected.clone(),
            ] {
                let read = e164("number", &typed, "RU");
                proptest::prop_assert_eq!(read.ok(), Some(expected.clone()), "{}", typed);
            }
            for typed in [&digits[..9], &format!("{digits}0"), &format!("+7{digits}0"), &format!("+7{}", &digits[..9])] {
                proptest::prop_assert!(e164("number", typed, "RU").is_err(), "{}", typed);
            }
        }

        #[test]
        fn whatever_is_typed_the_answer_is_e164_or_a_fault(typed in "\\PC{0,60}") {
            if let Ok(number) = e164("number", &typed, "RU") {
                proptest::prop_assert!(frontdesk_routing::number::PhoneNumber::from_e164(&number).is_ok(), "{}", number);
                proptest::prop_assert_eq!(e164("number", &number, "RU").ok(), Some(number));
            }
        }
    }
}
