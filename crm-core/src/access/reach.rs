use std::collections::BTreeMap;

use super::Right;

/// On whose things a right may be used; each wider one holds those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// One's own: the calls one was in, the clients one is the manager of.
    Own,
    /// And those of the people and the lines of one's departments.
    Department,
    /// And those of the project that is looked at.
    Project,
    Any,
}

impl Reach {
    pub const ALL: &[Reach] = &[Reach::Own, Reach::Department, Reach::Project, Reach::Any];

    pub fn name(self) -> &'static str {
        match self {
            Reach::Own => "own",
            Reach::Department => "department",
            Reach::Project => "project",
            Reach::Any => "any",
        }
    }

    pub fn named(name: &str) -> Option<Reach> {
        Reach::ALL.iter().copied().find(|reach| reach.name() == name)
    }
}

/// Rights, each with how far it reaches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rights(BTreeMap<Right, Reach>);

impl Rights {
    /// Every right, as far as it goes.
    pub fn all() -> Rights {
        Right::ALL.iter().map(|right| (*right, Reach::Any)).collect()
    }

    pub fn reach(&self, right: Right) -> Option<Reach> {
        self.0.get(&right).copied()
    }

    pub fn has(&self, right: Right) -> bool {
        self.0.contains_key(&right)
    }

    /// Both together: of two reaches the wider one.
    pub fn join(&mut self, other: &Rights) {
        for (right, reach) in &other.0 {
            self.add(*right, *reach);
        }
    }

    pub fn add(&mut self, right: Right, reach: Reach) {
        let widest = self.reach(right).map_or(reach, |known| known.max(reach));
        self.0.insert(right, widest);
    }

    /// The first right of the other's that these do not have, or not as far.
    pub fn lacks(&self, other: &Rights) -> Option<Right> {
        let beyond = |(right, reach): &(Right, Reach)| self.reach(*right).is_none_or(|own| own < *reach);
        other.iter().find(beyond).map(|(right, _)| right)
    }

    pub fn iter(&self) -> impl Iterator<Item = (Right, Reach)> {
        self.0.iter().map(|(right, reach)| (*right, *reach))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One a line: `calls:read own`.
    pub(crate) fn written(&self) -> String {
        let line = |(right, reach): (Right, Reach)| format!("{} {}", right.name(), reach.name());
        self.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// A right that a later version knew is none of this one's.
    pub fn read(text: &str) -> Rights {
        let line = |line: &str| {
            let (right, reach) = line.split_once(' ')?;
            Some((Right::named(right)?, Reach::named(reach)?))
        };
        text.lines().filter_map(line).collect()
    }
}

impl FromIterator<(Right, Reach)> for Rights {
    fn from_iter<I: IntoIterator<Item = (Right, Reach)>>(pairs: I) -> Rights {
        let mut rights = Rights::default();
        for (right, reach) in pairs {
            rights.add(right, reach);
        }
        rights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(pairs: &[(Right, Reach)]) -> Rights {
        pairs.iter().copied().collect()
    }

    #[test]
    fn of_two_roles_each_right_reaches_as_far_as_the_wider_one() {
        let mut own = rights(&[(Right::CallsRead, Reach::Own), (Right::ClientsRead, Reach::Project)]);
        own.join(&rights(&[
            (Right::CallsRead, Reach::Department),
            (Right::ClientsRead, Reach::Own),
        ]));
        assert_eq!(own.written(), "clients:read project\ncalls:read department");
        assert_eq!(Rights::read(&own.written()), own);
        assert_eq!(
            Rights::read("flights:book any\ncalls:read far\n\ncalls:read"),
            Rights::default()
        );
    }

    #[test]
    fn nobody_holds_more_than_all_rights() {
        let (all, some) = (Rights::all(), rights(&[(Right::CallsRead, Reach::Own)]));
        assert_eq!((all.len(), all.lacks(&some)), (Right::ALL.len(), None));
        assert!(some.lacks(&all).is_some());
        let wider = rights(&[(Right::CallsRead, Reach::Any)]);
        assert_eq!(some.lacks(&wider), Some(Right::CallsRead));
        assert_eq!(wider.lacks(&some), None);
    }
}
