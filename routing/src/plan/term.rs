//! How long people have access, and the section of people at a moment.

use std::sync::Arc;

use super::staff::{PlanStaff, StaffSection};

/// How long a person has access. From its end on no telephone of theirs registers, calls or rings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Term {
    #[default]
    Lasting,
    /// Up to this moment, in unix milliseconds.
    Until(i64),
    Ended,
}

impl Term {
    /// Whether access has ended at a moment, in unix milliseconds.
    pub fn has_ended(self, unix_ms: i64) -> bool {
        match self {
            Term::Lasting => false,
            Term::Until(end) => end <= unix_ms,
            Term::Ended => true,
        }
    }

    fn end(self) -> Option<i64> {
        match self {
            Term::Until(end) => Some(end),
            Term::Lasting | Term::Ended => None,
        }
    }
}

impl StaffSection {
    /// The next moment at which somebody's access ends, in unix milliseconds.
    pub fn next_end(&self, unix_ms: i64) -> Option<i64> {
        let ends = self.staff().iter().filter_map(|person| person.term.end());
        ends.filter(|end| *end > unix_ms).min()
    }

    /// Those who have access at one of two moments and not at the other, whichever is the earlier one.
    pub fn changing(&self, one: i64, other: i64) -> impl Iterator<Item = &PlanStaff> {
        let changes = move |person: &&PlanStaff| person.term.has_ended(one) != person.term.has_ended(other);
        self.staff().iter().filter(changes)
    }

    /// What calls may read at a moment: whoever's access has ended by then has no SIP account.
    pub fn as_of(self: &Arc<StaffSection>, unix_ms: i64) -> Arc<StaffSection> {
        if self.staff().iter().all(|person| !person.term.has_ended(unix_ms)) {
            return Arc::clone(self);
        }
        let mut staff = self.staff().to_vec();
        for person in staff.iter_mut().filter(|person| person.term.has_ended(unix_ms)) {
            person.sip = None;
            person.term = Term::Ended;
        }
        Arc::new(StaffSection::new(staff, self.trunks().to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, SipAccountId, StaffId};
    use crate::plan::PlanSip;

    fn person(id: u128, term: Term) -> PlanStaff {
        PlanStaff {
            id: StaffId::from_u128(id),
            account: AccountId::from_u128(1),
            name: format!("S{id}").into(),
            short_number: None,
            phone: None,
            sip: Some(PlanSip {
                id: SipAccountId::from_u128(id),
                user: format!("user{id}").into(),
                ha1_md5: [0; 16],
                ha1_sha256: [0; 32],
                enabled: true,
            }),
            caller_id: Default::default(),
            term,
        }
    }

    fn section() -> Arc<StaffSection> {
        let people = vec![
            person(1, Term::Lasting),
            person(2, Term::Until(20)),
            person(3, Term::Until(10)),
        ];
        Arc::new(StaffSection::new(people, Vec::new()))
    }

    #[test]
    fn b9_whoever_has_access_no_more_has_no_sip_account_in_the_plan() {
        let section = section();
        let check = |at: i64, expected: &[&str]| {
            let shown = section.as_of(at);
            let known = |user: &&str| shown.by_user(user).is_some();
            let users: Vec<&str> = ["user1", "user2", "user3"].into_iter().filter(known).collect();
            assert_eq!(users, expected, "{at}");
            assert!(shown.get(StaffId::from_u128(3)).is_some(), "who they are stays known");
        };
        check(9, &["user1", "user2", "user3"]);
        check(10, &["user1", "user2"]);
        check(20, &["user1"]);
        assert!(
            Arc::ptr_eq(&section, &section.as_of(9)),
            "nothing to change, nothing copied"
        );
    }

    #[test]
    fn b9_the_next_end_is_the_earliest_that_is_to_come() {
        let section = section();
        let check = |at: i64, expected: Option<i64>| assert_eq!(section.next_end(at), expected, "{at}");
        check(0, Some(10));
        check(9, Some(10));
        check(10, Some(20));
        check(20, None);
    }

    #[test]
    fn b9_access_changes_with_the_clock_whichever_way_that_is_put() {
        let section = section();
        let check = |one: i64, other: i64, expected: &[u128]| {
            let changing: Vec<u128> = section.changing(one, other).map(|person| person.id.as_u128()).collect();
            assert_eq!(changing, expected, "{one} {other}");
        };
        check(0, 9, &[]);
        check(0, 10, &[3]);
        check(10, 9, &[3]);
        check(9, 30, &[2, 3]);
        check(10, 19, &[]);
    }
}
