//! What projects may be, and who works where. Pure.

use std::collections::BTreeSet;

use frontdesk_routing::ids::{AccountId, ProjectId};

use super::{Here, NewPart, Part, Project, first_of};
use crate::access::Section;
use crate::store::{FieldError, StoreError};

/// Projects of one account, the archived ones too.
pub(super) const MOST: usize = 500;
const LONGEST: usize = 100;

/// What people read of somebody's reception in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkStatus {
    Working,
    NotWorking,
}

impl WorkStatus {
    /// With the toggle on and any kind of reception on in the project.
    pub fn of(receiving: bool, receives_here: bool) -> WorkStatus {
        match receiving && receives_here {
            true => WorkStatus::Working,
            false => WorkStatus::NotWorking,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            WorkStatus::Working => "working",
            WorkStatus::NotWorking => "not_working",
        }
    }
}

impl Part {
    pub fn receives(&self) -> bool {
        self.receives_calls || self.receives_leads || self.receives_deals
    }
}

pub(super) fn name(typed: &str) -> Result<String, FieldError> {
    let name = typed.trim();
    match name.chars().count() {
        0 => Err(FieldError::new("name", "required", "a project has a name")),
        count if count > LONGEST => Err(FieldError::new(
            "name",
            "too_long",
            format!("{LONGEST} characters at most"),
        )),
        _ => Ok(name.to_owned()),
    }
}

/// The parts as they are kept, or every fault at once. `live` are the account's projects that are not archived.
pub(super) fn parts(new: Vec<NewPart>, live: &[Project], main: bool) -> Result<Vec<Part>, StoreError> {
    let (mut faults, mut parts) = (Vec::new(), Vec::<Part>::new());
    for (place, new) in new.into_iter().enumerate() {
        let field = |name: &str| format!("projects[{place}].{name}");
        let project = new.project.parse::<ProjectId>().ok();
        let Some(project) = project.and_then(|id| live.iter().find(|project| project.id == id)) else {
            faults.push(FieldError::new(&field("project_id"), "unknown", "no such project"));
            continue;
        };
        if parts.iter().any(|part| part.project == project.id) {
            faults.push(FieldError::new(&field("project_id"), "taken", "named twice"));
        }
        if main && new.sections.is_some() {
            let why = "the main account's access cannot be restricted";
            faults.push(FieldError::new(&field("sections"), "invalid", why));
        }
        let sections = new
            .sections
            .map(|names| sections(&names, &field("sections"), &mut faults));
        parts.push(Part {
            project: project.id,
            name: project.name.clone(),
            receives_calls: new.receives_calls,
            receives_leads: new.receives_leads,
            receives_deals: new.receives_deals,
            sections,
        });
    }
    StoreError::invalid(faults)?;
    Ok(parts)
}

fn sections(names: &[String], field: &str, faults: &mut Vec<FieldError>) -> BTreeSet<Section> {
    let mut sections = BTreeSet::new();
    for (place, name) in names.iter().enumerate() {
        let fault = match Section::named(name) {
            Some(section) if section.is_common() => {
                let why = "the same in all projects: the role grants it";
                FieldError::new(&format!("{field}[{place}]"), "common", why)
            }
            Some(section) => {
                sections.insert(section);
                continue;
            }
            None => FieldError::new(&format!("{field}[{place}]"), "unknown", "no such section"),
        };
        faults.push(fault);
    }
    sections
}

/// The main account leaves no project (L3); what it takes there is another matter.
pub(super) fn main_stays(before: &[Part], after: &[Part], live: &[Project]) -> Result<(), StoreError> {
    let is_left = |part: &&Part| {
        live.iter().any(|project| project.id == part.project) && after.iter().all(|kept| kept.project != part.project)
    };
    let why = "the main account leaves no project: let it take no calls there instead";
    let left = before.iter().find(is_left);
    StoreError::invalid(
        left.map(|_| FieldError::new("projects", "invalid", why))
            .into_iter()
            .collect(),
    )
}

/// A live project, and what a person may open there; no part: no access, but for the main account.
pub(super) struct Choice {
    pub(super) project: ProjectId,
    pub(super) part: Option<Option<BTreeSet<Section>>>,
}

/// The wanted project, else the account's first one, else any where the person may be.
pub(super) fn here(account: AccountId, choices: Vec<Choice>, wanted: Option<ProjectId>, main: bool) -> Here {
    let first = first_of(account);
    let open = choices.into_iter().filter(|choice| main || choice.part.is_some());
    let best = open.min_by_key(|choice| (Some(choice.project) != wanted, choice.project != first));
    match best {
        Some(choice) => Here {
            project: choice.project,
            sections: choice.part.flatten().filter(|_| !main),
        },
        None => Here {
            project: first,
            sections: Some(BTreeSet::new()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(id: u128) -> Project {
        Project {
            id: ProjectId::from_u128(id),
            name: format!("P{id}"),
            archived_at: None,
            created_at: 0,
            version: 1,
        }
    }

    #[test]
    fn l19_to_l22_somebody_works_where_both_the_toggle_and_a_reception_are_on() {
        let check = |receiving, here, expected: &str| assert_eq!(WorkStatus::of(receiving, here).name(), expected);
        check(true, true, "working");
        check(false, true, "not_working");
        check(true, false, "not_working");
        check(false, false, "not_working");
    }

    #[test]
    fn l51_and_l52_each_wrong_part_is_named() {
        let live = [project(1), project(2)];
        let check = |new: Vec<NewPart>, main: bool, expected: &[&str]| {
            let faults = match parts(new, &live, main) {
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
        let part = |id: u128, sections: Option<&[&str]>| NewPart {
            project: ProjectId::from_u128(id).to_string(),
            sections: sections.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
            ..NewPart::default()
        };
        check(vec![part(1, None), part(2, Some(&["calls", "clients"]))], false, &[]);
        check(
            vec![part(3, None), part(1, None), part(1, None)],
            false,
            &["projects[0].project_id unknown", "projects[2].project_id taken"],
        );
        check(
            vec![part(1, Some(&["calls", "telephony", "x"]))],
            false,
            &["projects[0].sections[1] common", "projects[0].sections[2] unknown"],
        );
        check(vec![part(1, Some(&[]))], true, &["projects[0].sections invalid"]);
    }

    #[test]
    fn the_wanted_project_is_taken_where_the_person_may_be() {
        let account = AccountId::from_u128(1);
        let check = |open: &[u128], wanted: Option<u128>, main: bool, expected: (u128, bool)| {
            let choices = [1, 2, 3].map(|id| Choice {
                project: ProjectId::from_u128(id),
                part: open.contains(&id).then_some(None),
            });
            let here = here(account, choices.into(), wanted.map(ProjectId::from_u128), main);
            assert_eq!((here.project.as_u128(), here.sections.is_none()), expected);
        };
        check(&[1, 2, 3], None, false, (1, true));
        check(&[1, 2, 3], Some(3), false, (3, true));
        check(&[2, 3], None, false, (2, true));
        check(&[1, 2], Some(3), false, (1, true));
        check(&[], Some(3), false, (1, false));
        check(&[], Some(3), true, (3, true));
    }
}
