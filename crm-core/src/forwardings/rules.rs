//! What may be set. Pure.

use std::collections::BTreeSet;

use frontdesk_routing::forwarding::{Forwarding, MAILBOX, NO_ANSWER_AFTER, Target};
use frontdesk_routing::number::{PhoneNumber, ShortNumber};

use super::NewSettings;
use crate::numbers::e164;
use crate::store::{FieldError, StoreError};

/// Seconds.
const RINGS: std::ops::RangeInclusive<i64> = 5..=120;

/// Whose settings they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner<'a> {
    pub(super) short_number: Option<ShortNumber>,
    /// Where their national numbers belong.
    pub(super) region: &'a str,
    /// Short numbers of the account that somebody has, of those that were typed.
    pub(super) known: &'a BTreeSet<ShortNumber>,
}

/// The short numbers that were typed.
pub(super) fn short_numbers(new: &NewSettings) -> impl Iterator<Item = ShortNumber> {
    let targets = [&new.always, &new.busy, &new.no_answer, &new.offline];
    targets
        .into_iter()
        .flatten()
        .filter_map(|typed| ShortNumber::read(typed.trim()).ok())
}

/// The settings, or every fault at once.
pub(super) fn checked(new: &NewSettings, owner: Owner<'_>) -> Result<Forwarding, StoreError> {
    let mut faults = Vec::new();
    let mut target = |field: &str, typed: &Option<String>| {
        let typed = typed.as_deref().map(str::trim).filter(|typed| !typed.is_empty())?;
        read(field, typed, owner).map_err(|fault| faults.push(fault)).ok()
    };
    let mut forwarding = Forwarding {
        dnd: new.dnd,
        always: target("always", &new.always),
        busy: target("busy", &new.busy),
        no_answer: target("no_answer", &new.no_answer),
        no_answer_after: NO_ANSWER_AFTER,
        offline: target("offline", &new.offline),
    };
    let after = new.no_answer_after.unwrap_or_else(|| i64::from(NO_ANSWER_AFTER));
    match u16::try_from(after).ok().filter(|_| RINGS.contains(&after)) {
        Some(after) => forwarding.no_answer_after = after,
        None => faults.push(FieldError::new("no_answer_after", "invalid", "5 to 120 seconds")),
    }
    StoreError::invalid(faults)?;
    Ok(forwarding)
}

fn read(field: &str, typed: &str, owner: Owner<'_>) -> Result<Target, FieldError> {
    if typed == MAILBOX {
        return Ok(Target::Mailbox);
    }
    let Ok(short) = ShortNumber::read(typed) else {
        let number = e164(field, typed, owner.region)?;
        let number = PhoneNumber::from_e164(&number);
        return number
            .map(Target::Outside)
            .map_err(|error| FieldError::new(field, "invalid", error.to_string()));
    };
    if owner.short_number == Some(short) {
        return Err(FieldError::new(field, "invalid", "nobody forwards to themselves"));
    }
    if !owner.known.contains(&short) {
        return Err(FieldError::new(field, "unknown", "nobody has this short number"));
    }
    Ok(Target::Short(short))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(text: &str) -> ShortNumber {
        ShortNumber::read(text).unwrap()
    }

    fn check(new: &NewSettings, expected: Result<Forwarding, &[&str]>) {
        let known = BTreeSet::from([short("101"), short("102")]);
        let owner = Owner {
            short_number: Some(short("101")),
            region: "RU",
            known: &known,
        };
        match (checked(new, owner), expected) {
            (Ok(got), Ok(expected)) => assert_eq!(got, expected, "{new:?}"),
            (Err(StoreError::Invalid(faults)), Err(expected)) => {
                let got: Vec<String> = faults
                    .iter()
                    .map(|fault| format!("{} {}", fault.field, fault.code))
                    .collect();
                assert_eq!(got, expected, "{new:?}");
            }
            (got, expected) => panic!("{new:?}: {got:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn a_target_is_a_short_number_of_somebody_else_or_a_telephone_number() {
        let to = |always: &str| NewSettings {
            always: Some(always.to_owned()),
            ..NewSettings::default()
        };
        let always = |always| Forwarding {
            always: Some(always),
            ..Forwarding::default()
        };
        let mobile = Target::Outside(PhoneNumber::from_e164("+79161234567").unwrap());
        check(&NewSettings::default(), Ok(Forwarding::default()));
        check(&to(" "), Ok(Forwarding::default()));
        check(&to(" 102 "), Ok(always(Target::Short(short("102")))));
        check(&to("8 916 123-45-67"), Ok(always(mobile)));
        check(&to("101"), Err(&["always invalid"]));
        check(&to("109"), Err(&["always unknown"]));
        check(&to("1"), Err(&["always invalid"]));
        check(&to("sales"), Err(&["always invalid"]));
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let new = NewSettings {
            dnd: true,
            busy: Some("109".into()),
            offline: Some("x".into()),
            no_answer_after: Some(4),
            ..NewSettings::default()
        };
        check(
            &new,
            Err(&["busy unknown", "offline invalid", "no_answer_after invalid"]),
        );
        let after = |no_answer_after| NewSettings {
            no_answer_after: Some(no_answer_after),
            ..NewSettings::default()
        };
        let expected = Forwarding {
            no_answer_after: 120,
            ..Forwarding::default()
        };
        check(&after(120), Ok(expected));
        check(&after(121), Err(&["no_answer_after invalid"]));
        check(&after(-1), Err(&["no_answer_after invalid"]));
    }
}
