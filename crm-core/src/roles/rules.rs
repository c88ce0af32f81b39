//! What a role may be. Pure.

use super::{Grant, OwnRole, RolePatch};
use crate::access::{Reach, Right, Rights, Role};
use crate::store::{FieldError, StoreError};

/// Roles of one account.
pub(super) const MOST: usize = 200;
/// Roles of one person or one group.
pub(crate) const MOST_AT_ONCE: usize = 20;
const LONGEST: usize = 100;

/// Name and rights after the patch, or every fault at once.
pub(super) fn patched(before: Option<&OwnRole>, patch: RolePatch) -> Result<(String, Rights), StoreError> {
    let mut faults = Vec::new();
    let typed = patch.name.or_else(|| before.map(|role| role.name.clone()));
    let name = match name(&typed.unwrap_or_default()) {
        Ok(name) => name,
        Err(fault) => {
            faults.push(fault);
            String::new()
        }
    };
    let rights = match (patch.rights, before) {
        (Some(grants), _) => granted(&grants, &mut faults),
        (None, Some(role)) => role.rights.clone(),
        (None, None) => Rights::default(),
    };
    StoreError::invalid(faults)?;
    Ok((name, rights))
}

pub(crate) fn name(typed: &str) -> Result<String, FieldError> {
    let name = typed.trim();
    match name.chars().count() {
        0 => Err(FieldError::new("name", "required", "a name is needed")),
        count if count > LONGEST => Err(FieldError::new(
            "name",
            "too_long",
            format!("{LONGEST} characters at most"),
        )),
        _ if name.chars().any(char::is_control) => Err(FieldError::new("name", "invalid", "one line of text")),
        _ if Role::ALL.iter().any(|role| role.name() == name.to_lowercase()) => Err(FieldError::new(
            "name",
            "taken",
            "a role that is built in has this name",
        )),
        _ => Ok(name.to_owned()),
    }
}

fn granted(grants: &[Grant], faults: &mut Vec<FieldError>) -> Rights {
    let mut rights = Rights::default();
    for (place, grant) in grants.iter().enumerate().take(Right::ALL.len() * 2) {
        let field = |name: &str| format!("rights[{place}].{name}");
        let Some(right) = Right::named(&grant.right) else {
            faults.push(FieldError::new(&field("right"), "unknown", "no such right"));
            continue;
        };
        let reach = grant.reach.as_deref().map_or(Some(Reach::Any), Reach::named);
        let fault = match reach {
            None => FieldError::new(&field("reach"), "unknown", "`own`, `department`, `project` or `any`"),
            Some(reach) if reach != Reach::Any && !right.narrows() => FieldError::new(
                &field("reach"),
                "invalid",
                "this right is for the whole company or not at all",
            ),
            Some(_) if rights.has(right) => FieldError::new(&field("right"), "taken", "named twice"),
            Some(reach) => {
                rights.add(right, reach);
                continue;
            }
        };
        faults.push(fault);
    }
    rights
}

/// The roles of these names, each once; `main` is nobody's to give.
pub(crate) fn named(field: &str, names: &[String]) -> Result<Vec<Role>, Vec<FieldError>> {
    let (mut roles, mut faults) = (Vec::new(), Vec::new());
    if names.len() > MOST_AT_ONCE {
        return Err(vec![FieldError::new(
            field,
            "too_many",
            format!("{MOST_AT_ONCE} at most"),
        )]);
    }
    for (place, name) in names.iter().enumerate() {
        match Role::named(name) {
            None | Some(Role::Main) => {
                faults.push(FieldError::new(&format!("{field}[{place}]"), "unknown", "no such role"));
            }
            Some(role) if !roles.contains(&role) => roles.push(role),
            Some(_) => {}
        }
    }
    if faults.is_empty() { Ok(roles) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(right: &str, reach: Option<&str>) -> Grant {
        Grant {
            right: right.into(),
            reach: reach.map(str::to_owned),
        }
    }

    #[test]
    fn b3_each_wrong_right_of_a_role_is_named() {
        let check = |grants: Vec<Grant>, expected: &[&str]| {
            let patch = RolePatch {
                name: Some("Night shift".into()),
                rights: Some(grants),
            };
            let faults = match patched(None, patch) {
                Err(StoreError::Invalid(faults)) => faults,
                Ok(_) => Vec::new(),
                Err(error) => panic!("{error}"),
            };
            let faults: Vec<String> = faults
                .iter()
                .map(|fault| format!("{} {}", fault.field, fault.code))
                .collect();
            assert_eq!(faults, expected);
        };
        check(vec![grant("calls:read", Some("own")), grant("staff:read", None)], &[]);
        check(
            vec![
                grant("fly", None),
                grant("calls:read", Some("far")),
                grant("staff:read", Some("own")),
                grant("audit:read", None),
                grant("audit:read", None),
            ],
            &[
                "rights[0].right unknown",
                "rights[1].reach unknown",
                "rights[2].reach invalid",
                "rights[4].right taken",
            ],
        );
    }

    #[test]
    fn a_role_has_a_name_that_is_no_built_in_ones() {
        let check = |typed: &str, expected: Result<&str, &str>| {
            let named = name(typed).map_err(|fault| fault.code);
            assert_eq!(named.as_deref().map_err(|code| *code), expected, "{typed}");
        };
        check(" Night shift ", Ok("Night shift"));
        check(" ", Err("required"));
        check("Admin", Err("taken"));
        check("a\nb", Err("invalid"));
        check(&"x".repeat(101), Err("too_long"));
    }

    #[test]
    fn the_main_accounts_role_is_nobodys_to_give() {
        let names = |names: &[&str]| {
            named(
                "roles",
                &names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(),
            )
        };
        assert_eq!(
            names(&["admin", "admin", "employee"]).unwrap(),
            [Role::Admin, Role::Employee]
        );
        let faults = names(&["admin", "main", "boss"]).unwrap_err();
        let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["roles[1]", "roles[2]"]);
    }
}
