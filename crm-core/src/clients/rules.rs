//! What a client's record may hold. Pure; whether the manager exists is the store's matter.

use frontdesk_routing::ids::StaffId;

use super::ClientPatch;
use crate::numbers::e164;
use crate::store::{FieldError, StoreError};

const LONGEST: usize = 200;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Checked {
    pub(super) number: String,
    pub(super) name: String,
    pub(super) company: Option<String>,
    pub(super) position: Option<String>,
    pub(super) manager: Option<StaffId>,
    pub(super) vip: bool,
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
    if let Some(number) = patch.number {
        match trimmed(number).map(|number| e164("number", &number, region)) {
            Some(Ok(number)) => after.number = number,
            Some(Err(fault)) => faults.push(fault),
            None => faults.push(FieldError::new("number", "required", "the telephone number is needed")),
        }
    }
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

fn trimmed(text: Option<String>) -> Option<String> {
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
