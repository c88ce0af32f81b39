//! What a visitor may send. Pure.

use frontdesk_routing::number::PhoneNumber;

use super::{Kind, NewRequest};
use crate::numbers::e164;
use crate::store::{FieldError, StoreError};

/// Calls that are tried for one request.
pub const MOST_ATTEMPTS: u32 = 3;
/// Requests of one site that wait for their call.
pub(super) const MOST_WAITING: i64 = 1_000;
const LONGEST_KEY: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checked {
    pub(super) key: Option<String>,
    pub(super) kind: Kind,
    pub(super) number: PhoneNumber,
    pub(super) name: String,
    pub(super) subject: String,
    pub(super) comment: String,
    pub(super) page: String,
}

/// Every fault at once.
pub(super) fn checked(new: NewRequest, region: &str) -> Result<Checked, StoreError> {
    let mut faults = Vec::new();
    let kind = match new.kind.as_deref() {
        None => Some(Kind::Callback),
        Some(name) => Kind::named(name),
    };
    if kind.is_none() {
        faults.push(FieldError::new("kind", "invalid", "`callback` or `form`"));
    }
    let typed = new.number.unwrap_or_default();
    let number = match typed.trim() {
        "" => Err(FieldError::new("number", "required", "the telephone number is needed")),
        typed => e164("number", typed, region).and_then(|number| {
            let wrong = |_| FieldError::new("number", "invalid", "not a telephone number");
            PhoneNumber::from_e164(&number).map_err(wrong)
        }),
    };
    let key = new.key.filter(|key| !key.is_empty());
    let plain = |key: &String| key.len() <= LONGEST_KEY && key.bytes().all(|byte| byte.is_ascii_graphic());
    if key.as_ref().is_some_and(|key| !plain(key)) {
        let why = format!("1 to {LONGEST_KEY} letters and digits");
        faults.push(FieldError::new("key", "invalid", why));
    }
    let mut text = |field: &str, given: Option<String>, most: usize| {
        let given = given.unwrap_or_default().trim().to_owned();
        if given.chars().count() > most {
            faults.push(FieldError::new(field, "too_long", format!("{most} characters at most")));
        }
        given
    };
    let name = text("name", new.name, 200);
    let subject = text("subject", new.subject, 200);
    let comment = text("comment", new.comment, 2_000);
    let page = text("page", new.page, 500);
    if name.is_empty() {
        faults.push(FieldError::new("name", "required", "a name is needed"));
    }
    match (number, kind, faults.is_empty()) {
        (Ok(number), Some(kind), true) => Ok(Checked {
            key,
            kind,
            number,
            name,
            subject,
            comment,
            page,
        }),
        (number, _, _) => {
            faults.extend(number.err());
            Err(StoreError::Invalid(faults))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b37_every_fault_of_a_request_is_named() {
        let check = |new: NewRequest, expected: &[&str]| {
            let faults = match checked(new, "RU") {
                Ok(_) => Vec::new(),
                Err(StoreError::Invalid(faults)) => faults
                    .iter()
                    .map(|fault| format!("{} {}", fault.field, fault.code))
                    .collect(),
                Err(error) => panic!("{error}"),
            };
            assert_eq!(faults, expected);
        };
        let good = || NewRequest {
            number: Some("8 (916) 123-45-67".into()),
            name: Some("Ольга".into()),
            ..NewRequest::default()
        };
        check(good(), &[]);
        check(NewRequest::default(), &["name required", "number required"]);
        let blank = NewRequest {
            name: Some("  ".into()),
            ..good()
        };
        check(blank, &["name required"]);
        let bad = NewRequest {
            key: Some("a b".into()),
            kind: Some("spam".into()),
            number: Some("12".into()),
            comment: Some("x".repeat(2_001)),
            ..good()
        };
        check(
            bad,
            &["kind invalid", "key invalid", "comment too_long", "number invalid"],
        );
    }
}
