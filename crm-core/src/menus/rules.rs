//! What menus may be. Pure.

use std::collections::BTreeMap;

use frontdesk_routing::plan::{Destination, PlanMenu};

use super::MenuPatch;
use crate::destinations::{self, DestinationPatch};
use crate::emergency;
use crate::store::{FieldError, StoreError};

const LONGEST_NAME: usize = 100;
const KEYS: &str = "0123456789*#";
const TIMEOUT_MS: (u32, u32) = (1_000, 60_000);
const BETWEEN_MS: (u32, u32) = (500, 10_000);
const RETRIES: (u32, u32) = (0, 10);

/// The menu as it is after a change, or every fault at once.
pub(super) fn patched(mut menu: PlanMenu, patch: MenuPatch, region: &str) -> Result<PlanMenu, StoreError> {
    let mut faults = Vec::new();
    let mut note = |fault: FieldError| faults.push(fault);
    if let Some(typed) = patch.name {
        name(&typed).map_or_else(&mut note, |name| menu.name = name.into());
    }
    if let Some(typed) = patch.short_number {
        let short = typed.map(|typed| emergency::short_number(typed.trim())).transpose();
        short.map_or_else(&mut note, |short| menu.short_number = short);
    }
    if let Some(typed) = patch.prompt {
        match typed.trim().parse() {
            Ok(prompt) => menu.prompt = prompt,
            Err(_) => note(no_prompt()),
        }
    }
    let mut number = |field: &str, typed: Option<u32>, (least, most): (u32, u32)| {
        let typed = typed?;
        if (least..=most).contains(&typed) {
            return Some(typed);
        }
        note(FieldError::new(field, "invalid", format!("from {least} to {most}")));
        None
    };
    menu.timeout_ms = number("timeout_ms", patch.timeout_ms, TIMEOUT_MS).unwrap_or(menu.timeout_ms);
    menu.between_ms = number("between_ms", patch.between_ms, BETWEEN_MS).unwrap_or(menu.between_ms);
    let retries = number("retries", patch.retries, RETRIES).and_then(|retries| u8::try_from(retries).ok());
    menu.retries = retries.unwrap_or(menu.retries);
    menu.dials_short = patch.dials_short.unwrap_or(menu.dials_short);
    if let Some(typed) = patch.keys {
        menu.keys = keys(typed, region, &mut note);
    }
    for (field, typed, place) in [
        ("on_timeout", patch.on_timeout, &mut menu.on_timeout),
        ("on_invalid", patch.on_invalid, &mut menu.on_invalid),
    ] {
        if let Some(typed) = typed {
            target(field, typed, region).map_or_else(&mut note, |to| *place = to);
        }
    }
    StoreError::invalid(faults)?;
    Ok(menu)
}

pub(super) fn no_prompt() -> FieldError {
    FieldError::new("prompt_id", "unknown", "there is no such prompt")
}

fn name(typed: &str) -> Result<String, FieldError> {
    let name = typed.trim();
    match name.chars().count() {
        0 => Err(FieldError::new("name", "required", "a menu has a name")),
        count if count > LONGEST_NAME => {
            let why = format!("{LONGEST_NAME} characters at most");
            Err(FieldError::new("name", "too_long", why))
        }
        _ => Ok(name.to_owned()),
    }
}

fn keys(
    typed: Vec<(String, Option<DestinationPatch>)>,
    region: &str,
    note: &mut impl FnMut(FieldError),
) -> BTreeMap<char, Option<Destination>> {
    let mut keys = BTreeMap::new();
    for (key, to) in typed {
        let field = format!("keys.{key}");
        let mut letters = key.chars();
        let letter = letters.next().filter(|letter| KEYS.contains(*letter));
        let Some(letter) = letter.filter(|_| letters.next().is_none()) else {
            note(FieldError::new(&field, "unknown", "a key is one of 0 to 9, * and #"));
            continue;
        };
        match target(&field, to, region) {
            Ok(to) => {
                keys.insert(letter, to);
            }
            Err(fault) => note(fault),
        }
    }
    keys
}

fn target(field: &str, typed: Option<DestinationPatch>, region: &str) -> Result<Option<Destination>, FieldError> {
    typed.map(|typed| destinations::read(field, typed, region)).transpose()
}

#[cfg(test)]
mod tests {
    use frontdesk_routing::ids::{AccountId, MenuId, PromptId, StaffId};

    use super::*;

    fn check(patch: MenuPatch, expected: &[&str]) {
        let menu = PlanMenu::new(
            MenuId::from_u128(1),
            AccountId::from_u128(1),
            "Main".into(),
            PromptId::from_u128(1),
        );
        let faults = match patched(menu, patch, "RU") {
            Err(StoreError::Invalid(faults)) => faults,
            Ok(_) => Vec::new(),
            Err(error) => panic!("{error}"),
        };
        let faults: Vec<String> = faults
            .iter()
            .map(|fault| format!("{} {}", fault.field, fault.code))
            .collect();
        assert_eq!(faults, expected);
    }

    #[test]
    fn each_wrong_field_of_a_menu_is_named() {
        let anna = || Some(DestinationPatch::staff(StaffId::from_u128(1)));
        check(
            MenuPatch {
                keys: Some(vec![("1".into(), anna()), ("#".into(), None)]),
                on_timeout: Some(anna()),
                retries: Some(0),
                ..MenuPatch::default()
            },
            &[],
        );
        check(
            MenuPatch {
                name: Some(" ".into()),
                short_number: Some(Some("x".into())),
                prompt: Some("x".into()),
                timeout_ms: Some(10),
                between_ms: Some(99_999),
                retries: Some(11),
                keys: Some(vec![
                    ("A".into(), anna()),
                    ("12".into(), anna()),
                    ("2".into(), Some(Default::default())),
                ]),
                on_invalid: Some(Some(Default::default())),
                ..MenuPatch::default()
            },
            &[
                "name required",
                "short_number invalid",
                "prompt_id unknown",
                "timeout_ms invalid",
                "between_ms invalid",
                "retries invalid",
                "keys.A unknown",
                "keys.12 unknown",
                "keys.2 invalid",
                "on_invalid invalid",
            ],
        );
    }
}
