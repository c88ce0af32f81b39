//! What an e-mail address is, and what may be switched on. Pure.

use super::settings::NewSettings;
use super::{Kind, Language};
use crate::store::{FieldError, StoreError};

/// Characters of an address, and of what stands before its `@` (RFC 5321 section 4.5.3.1).
const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;

/// Whether mail can go there: a dot-atom, `@` and a name with a dot (RFC 5321 section 4.1.2). Quoted names and addresses
/// in brackets are refused: nobody's mail goes there, and a mistake looks like them.
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let atom = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c))
    };
    let label = |label: &str| {
        let inside = label.chars().all(|c| c.is_alphanumeric() || c == '-');
        inside && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    let top = domain.rsplit('.').next().unwrap_or_default();
    text.len() <= LONGEST
        && local.len() <= LONGEST_LOCAL
        && local.split('.').all(atom)
        && domain.contains('.')
        && domain.split('.').all(label)
        && !top.chars().all(|c| c.is_ascii_digit())
}

/// Where somebody can be reached.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    pub(super) phone: bool,
    pub(super) email: bool,
}

/// The kinds (`None`: all) and the language, or every fault at once.
pub(super) fn checked(new: &NewSettings, reach: Reach) -> Result<(Option<Vec<Kind>>, Option<Language>), StoreError> {
    let mut faults = Vec::new();
    if new.sms && !reach.phone {
        faults.push(FieldError::new("sms", "required", "the person has no telephone number"));
    }
    if new.email && !reach.email {
        faults.push(FieldError::new("email", "required", "the person has no e-mail address"));
    }
    let kinds = new.kinds.as_ref().map(|typed| {
        let read = typed.iter().enumerate().filter_map(|(place, word)| {
            let kind = Kind::named(word);
            if kind.is_none() {
                let all: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
                faults.push(FieldError::new(&format!("kinds[{place}]"), "unknown", all.join(", ")));
            }
            kind
        });
        let mut kinds: Vec<Kind> = read.collect();
        kinds.sort();
        kinds.dedup();
        kinds
    });
    let language = new.language.as_deref().map(Language::named);
    if language == Some(None) {
        faults.push(FieldError::new("language", "invalid", "`ru` or `en`"));
    }
    StoreError::invalid(faults)?;
    Ok((kinds, language.flatten()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l30_an_address_is_one_that_mail_can_go_to() {
        for good in [
            "anna@shop.example",
            "a.b+c@x.y",
            "o'neil@mail.shop.example",
            "anna@пример.рф",
        ] {
            assert!(is_address(good), "{good}");
        }
        for wrong in [
            "",
            "anna",
            "@shop.example",
            "anna@",
            "anna@shop",
            "anna@@shop.example",
            "anna@shop..example",
            "an na@shop.example",
            "<anna@shop.example>",
            "anna@shop.example, boris@shop.example",
            "anna@-shop.example",
            ".anna@shop.example",
            "anna@192.0.2.1",
            "anna@shop.example\r\nBcc: x@y.z",
            "анна@shop.example",
        ] {
            assert!(!is_address(wrong), "{wrong:?}");
        }
        assert!(!is_address(&format!("{}@shop.example", "a".repeat(65))));
    }

    #[test]
    fn every_fault_of_the_switches_is_named_at_once() {
        let new = NewSettings {
            sms: true,
            email: true,
            kinds: Some(vec!["missed_call".into(), "weather".into()]),
            language: Some("fr".into()),
        };
        let nowhere = Reach {
            phone: false,
            email: false,
        };
        let Err(StoreError::Invalid(faults)) = checked(&new, nowhere) else {
            panic!("it is refused");
        };
        let faults: Vec<String> = faults
            .iter()
            .map(|fault| format!("{} {}", fault.field, fault.code))
            .collect();
        assert_eq!(
            faults,
            ["sms required", "email required", "kinds[1] unknown", "language invalid"]
        );
    }
}
