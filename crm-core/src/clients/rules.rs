//! What a client's record may hold. Pure; whether the manager exists is the store's matter.

use frontdesk_routing::ids::StaffId;
use frontdesk_routing::number::PhoneNumber;

use super::{Client, ClientPatch, NewClient};
use crate::numbers::e164;
use crate::store::{FieldError, StoreError};

const LONGEST: usize = 200;
/// Numbers of a client besides the first.
const MOST_NUMBERS: usize = 20;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    /// `None` only before it is checked.
    pub(super) number: Option<PhoneNumber>,
    pub(super) other_numbers: Vec<PhoneNumber>,
    pub(super) name: String,
    pub(super) company: Option<String>,
    pub(super) position: Option<String>,
    pub(super) manager: Option<StaffId>,
    pub(super) vip: bool,
}

impl Checked {
    pub(super) fn of(client: &Client) -> Checked {
        Checked {
            number: Some(client.number),
            other_numbers: client.other_numbers.clone(),
            name: client.name.clone(),
            company: client.company.clone(),
            position: client.position.clone(),
            manager: client.manager,
            vip: client.vip,
        }
    }

    pub(super) fn numbers(&self) -> impl Iterator<Item = PhoneNumber> {
        self.number.into_iter().chain(self.other_numbers.iter().copied())
    }
}

/// A new client as a change of an empty record.
pub(super) fn new(new: NewClient, region: &str) -> Result<Checked, StoreError> {
    let patch = ClientPatch {
        number: Some(new.number),
        other_numbers: Some(new.other_numbers),
        name: Some(new.name),
        company: Some(new.company),
        position: Some(new.position),
        manager: Some(new.manager),
        vip: Some(new.vip),
    };
    patched(Checked::default(), patch, region)
}

pub(super) fn patched(before: Checked, patch: ClientPatch, region: &str) -> Result<Checked, StoreError> {
    let (mut after, mut faults) = (before, Vec::new());
    if let Some(name) = patch.name {
        match trimmed(name) {
            Some(name) if name.chars().count() <= LONGEST => after.name = name,
            Some(_) => faults.push(FieldError::new("name", "too_long", "200 characters at most")),
            None => faults.push(FieldError::new("name", "required", "the full name is needed")),
        }
    }
    if let Some(given) = patch.number {
        match trimmed(given).map(|given| number("number", &given, region)) {
            Some(Ok(number)) => after.number = Some(number),
            Some(Err(fault)) => faults.push(fault),
            None => faults.push(FieldError::new("number", "required", "the telephone number is needed")),
        }
    }
    if let Some(given) = patch.other_numbers {
        after.other_numbers = others(&given, region, &mut faults);
    }
    twice(&after, &mut faults);
    text(&mut after.company, patch.company, "company", &mut faults);
    text(&mut after.position, patch.position, "position", &mut faults);
    if let Some(manager) = patch.manager {
        match trimmed(manager).map(|manager| manager.parse()).transpose() {
            Ok(manager) => after.manager = manager,
            Err(_) => faults.push(FieldError::new("manager_id", "unknown", "no such staff member")),
        }
    }
    after.vip = patch.vip.unwrap_or(after.vip);
    StoreError::invalid(faults)?;
    Ok(after)
}

fn number(field: &str, typed: &str, region: &str) -> Result<PhoneNumber, FieldError> {
    let wrong = |_| FieldError::new(field, "invalid", "not a telephone number");
    PhoneNumber::from_e164(&e164(field, typed, region)?).map_err(wrong)
}

fn others(given: &[String], region: &str, faults: &mut Vec<FieldError>) -> Vec<PhoneNumber> {
    if given.len() > MOST_NUMBERS {
        faults.push(FieldError::new(
            "other_numbers",
            "too_long",
            format!("{MOST_NUMBERS} at most"),
        ));
        return Vec::new();
    }
    let mut numbers = Vec::with_capacity(given.len());
    for (place, typed) in given.iter().enumerate() {
        match number(&format!("other_numbers[{place}]"), typed.trim(), region) {
            Ok(number) => numbers.push(number),
            Err(fault) => faults.push(fault),
        }
    }
    numbers
}

/// A number stands with a client once.
fn twice(client: &Checked, faults: &mut Vec<FieldError>) {
    for (place, other) in client.other_numbers.iter().enumerate() {
        let before = client.other_numbers.get(..place).unwrap_or_default();
        if client.number == Some(*other) || before.contains(other) {
            let field = format!("other_numbers[{place}]");
            faults.push(FieldError::new(&field, "invalid", "the client has this number already"));
        }
    }
}

pub(super) fn trimmed(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn text(place: &mut Option<String>, given: Option<Option<String>>, field: &str, faults: &mut Vec<FieldError>) {
    let Some(given) = given else { return };
    let given = trimmed(given);
    if given.as_ref().is_some_and(|text| text.chars().count() > LONGEST) {
        faults.push(FieldError::new(field, "too_long", "200 characters at most"));
    } else {
        *place = given;
    }
}
