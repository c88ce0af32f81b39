//! What a reach comes to: as a condition of SQL for lists and records, and as a set for what goes on at the moment.

use std::collections::BTreeSet;

use frontdesk_routing::ids::{AccountId, DepartmentId, ProjectId, StaffId};

use super::Reach;
use crate::store::text::id;
use crate::store::{Arg, Db, StoreError, args};

/// Somebody is within the reach; takes the column, and the places of the reach, the person and the project.
macro_rules! within_people {
    ($who:expr, $reach:literal, $staff:literal, $project:literal) => {
        concat!(
            $who, " = ", $staff, " OR (", $reach, " IN ('department', 'project') AND ", $who,
            " IN (SELECT m.staff_id FROM department_members m JOIN department_members o ON o.department_id = m.department_id \
             WHERE o.staff_id = ", $staff, ")) OR (", $reach, " = 'project' AND ", $who,
            " IN (SELECT w.staff_id FROM staff_projects w WHERE w.project_id = ", $project, "))"
        )
    };
}
/// A department's line is within the reach.
macro_rules! within_lines {
    ($line:expr, $reach:literal, $staff:literal, $project:literal) => {
        concat!(
            "(",
            $reach,
            " IN ('department', 'project') AND ",
            $line,
            " IN (SELECT o.department_id FROM department_members o WHERE o.staff_id = ",
            $staff,
            ")) OR (",
            $reach,
            " = 'project' AND ",
            $line,
            " IN (SELECT d.id FROM departments d WHERE COALESCE(d.project_id, d.account_id) = ",
            $project,
            "))"
        )
    };
}
/// A row of `calls` is within the reach: whoever is a party of it, was rung while nobody answered, or whose line it was in.
macro_rules! within_calls {
    ($reach:literal, $staff:literal, $project:literal) => {
        concat!(
            "(",
            $reach,
            " = 'any' OR ",
            $crate::access::within_people!("calls.caller_staff_id", $reach, $staff, $project),
            " OR ",
            $crate::access::within_people!("calls.callee_staff_id", $reach, $staff, $project),
            " OR EXISTS (SELECT 1 FROM legs l WHERE l.call_id = calls.id AND (l.answered_at IS NOT NULL \
             OR calls.answered_at IS NULL) AND (",
            $crate::access::within_people!("l.staff_id", $reach, $staff, $project),
            ")) OR ",
            $crate::access::within_lines!("calls.department_id", $reach, $staff, $project),
            " OR (",
            $reach,
            " = 'project' AND calls.caller_staff_id IS NULL AND calls.callee_staff_id IS NULL \
             AND calls.department_id IS NULL))"
        )
    };
}
/// A row of `clients c` is within the reach: by its manager; nobody's is each project's.
macro_rules! within_clients {
    ($reach:literal, $staff:literal, $project:literal) => {
        concat!(
            "(",
            $reach,
            " = 'any' OR ",
            $crate::access::within_people!("c.manager_id", $reach, $staff, $project),
            " OR (",
            $reach,
            " = 'project' AND c.manager_id IS NULL))"
        )
    };
}
pub(crate) use {within_calls, within_clients, within_lines, within_people};

const PEOPLE: &str = concat!(
    "SELECT s.id FROM staff s WHERE s.account_id = $1 AND (",
    within_people!("s.id", "$2", "$3", "$4"),
    ")"
);
const LINES: &str = concat!(
    "SELECT q.id FROM departments q WHERE q.account_id = $1 AND (",
    within_lines!("q.id", "$2", "$3", "$4"),
    ")"
);

pub(crate) const ALL: &[&str] = &[PEOPLE, LINES];

/// On whose things of one account a query may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    pub account: AccountId,
    reach: Reach,
    staff: Option<StaffId>,
    project: Option<ProjectId>,
}

impl Scope {
    /// On everybody's: for what the program itself does, and for rights that do not narrow.
    pub fn whole(account: AccountId) -> Scope {
        Scope {
            account,
            reach: Reach::Any,
            staff: None,
            project: None,
        }
    }

    /// As far as somebody's right reaches in the project that they look at.
    pub fn of(account: AccountId, reach: Reach, (staff, project): (StaffId, ProjectId)) -> Scope {
        Scope {
            account,
            reach,
            staff: Some(staff),
            project: Some(project),
        }
    }

    pub fn is_whole(&self) -> bool {
        self.reach == Reach::Any
    }

    pub fn reaches(&self, least: Reach) -> bool {
        self.reach >= least
    }

    /// Whose right it is; `None`: nobody's in person.
    pub fn staff(&self) -> Option<StaffId> {
        self.staff
    }

    /// What is within two rights of one person.
    pub fn and(self, other: Scope) -> Scope {
        Scope {
            reach: self.reach.min(other.reach),
            ..self
        }
    }

    /// The one person whose things alone are within.
    pub fn only(&self) -> Option<StaffId> {
        self.staff.filter(|_| self.reach == Reach::Own)
    }

    /// Whose a new thing is to be, so that whoever makes it still sees it.
    pub fn holder(&self) -> Option<StaffId> {
        self.staff
            .filter(|_| matches!(self.reach, Reach::Own | Reach::Department))
    }

    /// The reach, the person and the project, as the conditions take them.
    pub(crate) fn values(&self) -> [Arg; 3] {
        [self.reach.name().into(), self.staff.into(), self.project.into()]
    }
}

/// Whose a thing is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Whose {
    pub people: Vec<StaffId>,
    pub line: Option<DepartmentId>,
    /// For what is in one project, whoever has it.
    pub project: Option<ProjectId>,
}

impl Whose {
    /// Of these people, in no line.
    pub fn of(people: impl IntoIterator<Item = StaffId>) -> Whose {
        Whose {
            people: people.into_iter().collect(),
            ..Whose::default()
        }
    }
}

/// The same as a [`Scope`] for what is in no table: the people and the lines within the reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle {
    reach: Reach,
    staff: Option<StaffId>,
    project: Option<ProjectId>,
    people: BTreeSet<StaffId>,
    lines: BTreeSet<DepartmentId>,
}

impl Circle {
    pub fn whole() -> Circle {
        Circle {
            reach: Reach::Any,
            staff: None,
            project: None,
            people: BTreeSet::new(),
            lines: BTreeSet::new(),
        }
    }

    pub fn is_whole(&self) -> bool {
        self.reach == Reach::Any
    }

    pub fn holds(&self, whose: &Whose) -> bool {
        match self.reach {
            Reach::Any => true,
            Reach::Project if whose.project.is_some() => {
                whose.project == self.project || whose.people.iter().any(|person| Some(*person) == self.staff)
            }
            Reach::Project if whose.people.is_empty() && whose.line.is_none() => true,
            Reach::Own | Reach::Department | Reach::Project => {
                whose.people.iter().any(|person| self.people.contains(person))
                    || whose.line.is_some_and(|line| self.lines.contains(&line))
            }
        }
    }
}

#[derive(sqlx::FromRow)]
struct IdRow {
    id: String,
}

/// Whom and what a scope comes to now.
pub async fn circle(db: &Db, scope: Scope) -> Result<Circle, StoreError> {
    if scope.is_whole() {
        return Ok(Circle::whole());
    }
    if let Some(only) = scope.only() {
        return Ok(Circle {
            reach: Reach::Own,
            staff: Some(only),
            project: scope.project,
            people: BTreeSet::from([only]),
            lines: BTreeSet::new(),
        });
    }
    let values = || {
        let mut values = args![scope.account];
        values.extend(scope.values());
        values
    };
    let people: Vec<IdRow> = db.all(PEOPLE, values()).await?;
    let lines: Vec<IdRow> = db.all(LINES, values()).await?;
    Ok(Circle {
        reach: scope.reach,
        staff: scope.staff,
        project: scope.project,
        people: people.iter().map(|row| id(&row.id)).collect::<Result<_, _>>()?,
        lines: lines.iter().map(|row| id(&row.id)).collect::<Result<_, _>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_holds_its_peoples_and_its_lines_things_and_a_project_those_of_nobody() {
        let (me, other) = (StaffId::from_u128(1), StaffId::from_u128(2));
        let (line, colleague) = (DepartmentId::from_u128(3), StaffId::from_u128(4));
        let (here, elsewhere) = (ProjectId::from_u128(5), ProjectId::from_u128(6));
        let of = |people: &[StaffId], line: Option<DepartmentId>| Whose {
            people: people.to_vec(),
            line,
            project: None,
        };
        let circle = |reach, lines: &[DepartmentId]| Circle {
            reach,
            staff: Some(me),
            project: Some(here),
            people: BTreeSet::from([me, colleague]),
            lines: lines.iter().copied().collect(),
        };
        let check = |circle: &Circle, expected: [bool; 4]| {
            let things = [
                of(&[me, other], None),
                of(&[other], None),
                of(&[other], Some(line)),
                of(&[], None),
            ];
            assert_eq!(things.map(|whose| circle.holds(&whose)), expected, "{circle:?}");
        };
        check(&circle(Reach::Own, &[]), [true, false, false, false]);
        check(&circle(Reach::Department, &[line]), [true, false, true, false]);
        check(&circle(Reach::Project, &[line]), [true, false, true, true]);
        check(&Circle::whole(), [true; 4]);
        for (person, project, expected) in [
            (me, elsewhere, [true, true, true]),
            (colleague, here, [false, true, true]),
            (colleague, elsewhere, [false, true, false]),
            (other, here, [false, false, true]),
            (other, elsewhere, [false, false, false]),
        ] {
            let own = Circle {
                people: BTreeSet::from([me]),
                ..circle(Reach::Own, &[])
            };
            let whose = Whose {
                project: Some(project),
                ..Whose::of([person])
            };
            let found = [
                own.holds(&whose),
                circle(Reach::Department, &[]).holds(&whose),
                circle(Reach::Project, &[]).holds(&whose),
            ];
            assert_eq!(found, expected, "{person} {project}");
        }
    }
}
