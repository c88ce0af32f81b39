//! What a staff record may hold. Pure.

use super::{NewStaff, StaffPatch, WorkPlace};
use crate::access::Role;
use crate::emergency;
use crate::notices::is_address;
use crate::numbers::e164;
use crate::store::{FieldError, StoreError};

const LONGEST: usize = 100;
const SHORTEST_PASSWORD: usize = 10;
const LONGEST_PASSWORD: usize = 200;
const LONGEST_LOGIN: usize = 60;

/// The editable part of a record, checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) surname: Option<String>,
    pub(crate) given_name: Option<String>,
    pub(crate) patronymic: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) position: Option<String>,
    pub(crate) work_place: WorkPlace,
    pub(crate) short_number: Option<String>,
    pub(crate) login: Option<String>,
    pub(crate) role: Option<Role>,
}

pub(crate) fn new(new: &NewStaff, region: &str) -> Result<Checked, StoreError> {
    let patch = StaffPatch {
        surname: Some(new.surname.clone()),
        given_name: Some(new.given_name.clone()),
        patronymic: Some(new.patronymic.clone()),
        phone: Some(new.phone.clone()),
        email: Some(new.email.clone()),
        position: Some(new.position.clone()),
        work_place: new.work_place.clone(),
        supervisor: None,
        short_number: Some(new.short_number.clone()),
        login: Some(new.login.clone()),
        password: new.password.clone(),
        token: None,
        role: new.role.clone().map(Some),
        further_roles: None,
        access_until: new.access_until.clone().map(Some),
        caller_id: new.caller_id.clone(),
    };
    patched(Checked::default(), patch, region, Whom::default())
}

/// What the rules have to know of somebody beside the record.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Whom {
    pub(crate) main: bool,
    pub(crate) has_password: bool,
}

/// The record after the patch, or every fault at once.
pub(crate) fn patched(before: Checked, patch: StaffPatch, region: &str, whom: Whom) -> Result<Checked, StoreError> {
    let mut faults = Vec::new();
    let mut after = before;
    text(&mut after.surname, patch.surname, ("surname", LONGEST), &mut faults);
    text(
        &mut after.given_name,
        patch.given_name,
        ("given_name", LONGEST),
        &mut faults,
    );
    text(
        &mut after.patronymic,
        patch.patronymic,
        ("patronymic", LONGEST),
        &mut faults,
    );
    text(&mut after.position, patch.position, ("position", LONGEST), &mut faults);
    if let Some(given) = &patch.work_place {
        match WorkPlace::named(given) {
            Some(place) => after.work_place = place,
            None => faults.push(FieldError::new("work_place", "invalid", "office or remote")),
        }
    }
    let mut checked = |place: &mut Option<String>, given: Option<Option<String>>, check: Check<'_>| {
        if let Some(given) = given {
            match trimmed(given).map(|given| check(&given)).transpose() {
                Ok(value) => *place = value,
                Err(fault) => faults.push(fault),
            }
        }
    };
    checked(&mut after.phone, patch.phone, &|typed| e164("phone", typed, region));
    checked(&mut after.email, patch.email, &email);
    checked(&mut after.short_number, patch.short_number, &short_number);
    checked(&mut after.login, patch.login, &login);
    if let Some(role) = patch.role {
        role_into(&mut after.role, trimmed(role), whom.main, &mut faults);
    }
    if let Some(password) = &patch.password {
        faults.extend(password_faults(password));
    }
    if after.surname.is_none() && after.given_name.is_none() {
        faults.push(FieldError::new("given_name", "required", "a name is needed"));
    }
    access_needs(&after, whom, patch.password.is_some(), &mut faults);
    StoreError::invalid(faults)?;
    Ok(after)
}

/// Whoever has a role can log in (K17).
fn access_needs(after: &Checked, whom: Whom, new_password: bool, faults: &mut Vec<FieldError>) {
    if after.role.is_none() {
        return;
    }
    let named = after.login.is_some() || (whom.main && after.email.is_some());
    if !named && faults.iter().all(|fault| fault.field != "login") {
        faults.push(FieldError::new(
            "login",
            "required",
            "a role gives access: a login is needed",
        ));
    }
    if !whom.has_password && !new_password {
        faults.push(FieldError::new(
            "password",
            "required",
            "a role gives access: a password is needed",
        ));
    }
}

type Check<'a> = &'a dyn Fn(&str) -> Result<String, FieldError>;

fn trimmed(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn text(
    place: &mut Option<String>,
    given: Option<Option<String>>,
    (field, longest): (&str, usize),
    faults: &mut Vec<FieldError>,
) {
    let Some(given) = given else { return };
    let given = trimmed(given);
    if given.as_ref().is_some_and(|text| text.chars().count() > longest) {
        faults.push(FieldError::new(
            field,
            "too_long",
            format!("{longest} characters at most"),
        ));
    } else {
        *place = given;
    }
}

fn role_into(place: &mut Option<Role>, given: Option<String>, main: bool, faults: &mut Vec<FieldError>) {
    let role = given.as_deref().map(Role::named);
    match (role, main) {
        (Some(Some(Role::Main)), true) => {}
        (_, true) => faults.push(FieldError::new(
            "role",
            "invalid",
            "the main account's access cannot be restricted",
        )),
        (None, false) => *place = None,
        (Some(Some(Role::Main) | None), false) => {
            faults.push(FieldError::new(
                "role",
                "invalid",
                "a role that is built in, or the id of one of your own",
            ));
        }
        (Some(Some(role)), false) => *place = Some(role),
    }
}

fn email(typed: &str) -> Result<String, FieldError> {
    match is_address(typed) {
        true => Ok(typed.to_owned()),
        false => Err(FieldError::new("email", "invalid", "not an e-mail address")),
    }
}

fn short_number(typed: &str) -> Result<String, FieldError> {
    emergency::short_number(typed).map(|number| number.to_string())
}

fn login(typed: &str) -> Result<String, FieldError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if typed.len() > LONGEST_LOGIN
        || !typed.chars().all(plain)
        || !typed.starts_with(|c: char| c.is_ascii_alphanumeric())
    {
        return Err(FieldError::new(
            "login",
            "invalid",
            "latin letters, digits, dots, dashes and underscores, 60 at most",
        ));
    }
    Ok(typed.to_owned())
}

fn password_faults(password: &str) -> Option<FieldError> {
    let length = password.chars().count();
    if length < SHORTEST_PASSWORD {
        return Some(FieldError::new(
            "password",
            "too_short",
            format!("{SHORTEST_PASSWORD} characters at least"),
        ));
    }
    (length > LONGEST_PASSWORD)
        .then(|| FieldError::new("password", "too_long", format!("{LONGEST_PASSWORD} characters at most")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named() -> NewStaff {
        NewStaff {
            given_name: Some("Anna".into()),
            ..NewStaff::default()
        }
    }

    fn faults(new_staff: NewStaff) -> Vec<String> {
        match new(&new_staff, "RU") {
            Ok(_) => Vec::new(),
            Err(StoreError::Invalid(faults)) => faults
                .iter()
                .map(|fault| format!("{} {}", fault.field, fault.code))
                .collect(),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let check = |new: NewStaff, expected: &[&str]| assert_eq!(faults(new), expected);
        check(named(), &[]);
        check(NewStaff::default(), &["given_name required"]);
        check(
            NewStaff {
                surname: Some("Орлова".into()),
                ..NewStaff::default()
            },
            &[],
        );
        check(
            NewStaff {
                phone: Some("12".into()),
                email: Some("x".into()),
                ..named()
            },
            &["phone invalid", "email invalid"],
        );
        check(
            NewStaff {
                short_number: Some("1x".into()),
                ..named()
            },
            &["short_number invalid"],
        );
        check(
            NewStaff {
                short_number: Some("112".into()),
                ..named()
            },
            &["short_number taken"],
        );
        check(
            NewStaff {
                login: Some("i v".into()),
                ..named()
            },
            &["login invalid"],
        );
        check(
            NewStaff {
                role: Some("main".into()),
                ..named()
            },
            &["role invalid"],
        );
        check(
            NewStaff {
                role: Some("admin".into()),
                ..named()
            },
            &["login required", "password required"],
        );
        check(
            NewStaff {
                password: Some("nine char".into()),
                ..named()
            },
            &["password too_short"],
        );
        check(
            NewStaff {
                position: Some("x".repeat(101)),
                ..named()
            },
            &["position too_long"],
        );
    }

    #[test]
    fn l3_the_main_accounts_role_stays() {
        let before = Checked {
            given_name: Some("A".into()),
            role: Some(Role::Main),
            login: Some("main".into()),
            ..Checked::default()
        };
        for role in [None, Some("admin"), Some("employee")] {
            let patch = StaffPatch {
                role: Some(role.map(String::from)),
                ..StaffPatch::default()
            };
            let whom = Whom {
                main: true,
                has_password: true,
            };
            assert!(patched(before.clone(), patch, "RU", whom).is_err());
        }
    }
}
