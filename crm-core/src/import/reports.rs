//! Who reports to whom, as a file says it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_routing::ids::StaffId;

/// By what people may be called in a column of supervisors; of two who are called the same, neither is meant for certain.
#[derive(Debug, Default)]
pub(super) struct Called(BTreeMap<String, Option<StaffId>>);

impl Called {
    pub(super) fn add(&mut self, name: &str, staff: StaffId) {
        let entry = self.0.entry(name.to_lowercase());
        entry
            .and_modify(|known| *known = known.filter(|known| *known == staff))
            .or_insert(Some(staff));
    }

    /// # Errors
    /// A code, and what is allowed.
    pub(super) fn whom(&self, name: &str) -> Result<StaffId, (&'static str, &'static str)> {
        match self.0.get(&name.to_lowercase()) {
            Some(Some(staff)) => Ok(*staff),
            Some(None) => Err((
                "ambiguous",
                "a short number of the one and a login of the other: give the id",
            )),
            None => Err((
                "unknown",
                "the short number or the login of somebody who works here, or a short number of this file",
            )),
        }
    }
}

/// Who is above themselves in the end. Each is passed once.
pub(super) fn circles(reports: &BTreeMap<StaffId, StaffId>) -> BTreeSet<StaffId> {
    let (mut passed, mut found) = (BTreeSet::new(), BTreeSet::new());
    for start in reports.keys() {
        let (mut way, mut at) = (Vec::new(), Some(*start));
        while let Some(staff) = at {
            if !passed.insert(staff) {
                let begins = way.iter().position(|other| *other == staff);
                found.extend(begins.map(|begins| way.split_off(begins)).unwrap_or_default());
                break;
            }
            way.push(staff);
            at = reports.get(&staff).copied();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staff(n: u128) -> StaffId {
        StaffId::from_u128(n)
    }

    fn found(reports: &[(u128, u128)]) -> Vec<u128> {
        let reports = reports.iter().map(|(one, above)| (staff(*one), staff(*above)));
        let found = circles(&reports.collect());
        found.into_iter().map(StaffId::as_u128).collect()
    }

    #[test]
    fn circles_are_found_and_ways_into_them_are_none() {
        assert_eq!(found(&[]), []);
        assert_eq!(found(&[(1, 2), (2, 3), (4, 3)]), []);
        assert_eq!(found(&[(1, 1)]), [1]);
        assert_eq!(found(&[(1, 2), (2, 3), (3, 2), (4, 1)]), [2, 3]);
        assert_eq!(
            found(&[(5, 4), (4, 3), (3, 5), (1, 2), (2, 1), (7, 8)]),
            [1, 2, 3, 4, 5]
        );
    }

    #[test]
    fn of_two_who_are_called_the_same_neither_is_meant() {
        let mut called = Called::default();
        called.add("105", staff(1));
        called.add("Anna", staff(1));
        called.add("anna", staff(1));
        called.add("105", staff(2));
        called.add("105", staff(2));
        assert_eq!(called.whom("ANNA"), Ok(staff(1)));
        assert_eq!(called.whom("105").unwrap_err().0, "ambiguous");
        assert_eq!(called.whom("106").unwrap_err().0, "unknown");
    }
}
