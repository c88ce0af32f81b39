//! A destination as text. Pure; that it is the account's is the store's matter.

use std::str::FromStr;

use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::Destination;
use serde_json::{Value, json};

use super::DestinationPatch;
use crate::numbers::e164;
use crate::store::{Arg, FieldError, args};

/// `field` is where the destination stands; of one that stands by itself its parts are named alone.
pub(crate) fn read(field: &str, typed: DestinationPatch, region: &str) -> Result<Destination, FieldError> {
    let DestinationPatch {
        staff,
        department,
        menu,
        mailbox,
        number,
    } = typed;
    match (staff, department, menu, mailbox, number) {
        (Some(staff), None, None, None, None) => id(field, "staff_id", &staff).map(Destination::Staff),
        (None, Some(department), None, None, None) => {
            id(field, "department_id", &department).map(Destination::Department)
        }
        (None, None, Some(menu), None, None) => id(field, "menu_id", &menu).map(Destination::Menu),
        (None, None, None, Some(mailbox), None) => id(field, "mailbox_id", &mailbox).map(Destination::Mailbox),
        (None, None, None, None, Some(number)) => {
            let at = part(field, "number");
            let number = PhoneNumber::from_e164(&e164(&at, number.trim(), region)?);
            let bad = |error: frontdesk_routing::number::BadNumber| FieldError::new(&at, "invalid", error.to_string());
            number.map(Destination::Number).map_err(bad)
        }
        _ => Err(FieldError::new(
            field,
            "invalid",
            "exactly one of `staff_id`, `department_id`, `menu_id`, `mailbox_id` and `number`",
        )),
    }
}

fn id<T: FromStr>(field: &str, name: &str, text: &str) -> Result<T, FieldError> {
    let parsed = text.trim().parse();
    parsed.map_err(|_| unknown(&part(field, name)))
}

pub(super) fn part(field: &str, name: &str) -> String {
    match field {
        "" => name.to_owned(),
        field => format!("{field}.{name}"),
    }
}

pub(super) fn unknown(field: &str) -> FieldError {
    FieldError::new(field, "unknown", "no such thing in this company")
}

/// Person, department, menu, mailbox, number: in the order that statements name them in.
pub(crate) fn columns(destination: Option<Destination>) -> Vec<Arg> {
    let (mut staff, mut department, mut menu, mut mailbox, mut number) = (None, None, None, None, None);
    match destination {
        Some(Destination::Staff(to)) => staff = Some(to),
        Some(Destination::Department(to)) => department = Some(to),
        Some(Destination::Menu(to)) => menu = Some(to),
        Some(Destination::Mailbox(to)) => mailbox = Some(to),
        Some(Destination::Number(to)) => number = Some(to.reveal()),
        None => {}
    }
    args![staff, department, menu, mailbox, number]
}

/// The field that tells it, and what that says.
pub(crate) fn named(destination: Destination) -> (&'static str, String) {
    match destination {
        Destination::Staff(to) => ("staff_id", to.to_string()),
        Destination::Department(to) => ("department_id", to.to_string()),
        Destination::Menu(to) => ("menu_id", to.to_string()),
        Destination::Mailbox(to) => ("mailbox_id", to.to_string()),
        Destination::Number(to) => ("number", to.reveal()),
    }
}

/// For the audit.
pub(crate) fn told(destination: Destination) -> Value {
    let (field, to) = named(destination);
    json!({ field: to })
}

#[cfg(test)]
mod tests {
    use frontdesk_routing::ids::{MailboxId, MenuId};

    use super::*;

    #[test]
    fn a_target_is_exactly_one_of_its_parts_and_faults_name_the_part() {
        let menu = MenuId::from_u128(7);
        let check = |field: &str, typed: DestinationPatch, expected: Result<Destination, &str>| {
            let got = read(field, typed, "RU").map_err(|fault| format!("{} {}", fault.field, fault.code));
            assert_eq!(got, expected.map_err(str::to_owned));
        };
        let to_menu = |text: String| DestinationPatch {
            menu: Some(text),
            ..DestinationPatch::default()
        };
        check("to", to_menu(menu.to_string()), Ok(Destination::Menu(menu)));
        check("to", to_menu("x".into()), Err("to.menu_id unknown"));
        check("", to_menu("x".into()), Err("menu_id unknown"));
        check("to", DestinationPatch::default(), Err("to invalid"));
        let mailbox = MailboxId::from_u128(3);
        let both = DestinationPatch {
            mailbox: Some(mailbox.to_string()),
            ..to_menu(menu.to_string())
        };
        check("to", both.clone(), Err("to invalid"));
        let one = DestinationPatch { menu: None, ..both };
        check("to", one, Ok(Destination::Mailbox(mailbox)));
        let outside = |text: &str| DestinationPatch {
            number: Some(text.into()),
            ..DestinationPatch::default()
        };
        check("to", outside("12"), Err("to.number invalid"));
        let number = PhoneNumber::from_e164("+79161234567").unwrap();
        check("to", outside(" 8 916 123-45-67 "), Ok(Destination::Number(number)));
    }
}
