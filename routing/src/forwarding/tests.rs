use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::ids::{AccountId, DepartmentId};
use crate::plan::{DepartmentSection, FeatureSection, PlanDepartment, PlanForwarding, PlanStaff, StaffSection};

fn account() -> AccountId {
    AccountId::from_u128(1)
}

fn id(number: u16) -> StaffId {
    StaffId::from_u128(u128::from(number))
}

fn short(number: u16) -> ShortNumber {
    ShortNumber::read(&number.to_string()).unwrap()
}

/// People 101 to 109; 200 is a department.
fn plan(settings: &[(u16, Forwarding)]) -> DialPlan {
    let staff = (101..=109).map(|number| PlanStaff {
        id: id(number),
        account: account(),
        name: format!("S{number}").into(),
        short_number: Some(short(number)),
        phone: None,
        sip: None,
        caller_id: Default::default(),
        term: Default::default(),
    });
    let department = PlanDepartment::new(DepartmentId::from_u128(1), account(), "Sales".into(), short(200));
    let people = settings.iter().map(|(number, settings)| {
        let settings = *settings;
        (id(*number), PlanForwarding { settings, mark: 0 })
    });
    DialPlan {
        staff: Arc::new(StaffSection::new(staff.collect(), vec![])),
        departments: Arc::new(DepartmentSection::new(vec![department])),
        features: Arc::new(FeatureSection::new([], people)),
        ..DialPlan::default()
    }
}

struct Office<'a> {
    plan: &'a DialPlan,
    offline: BTreeSet<StaffId>,
}

impl Situation for Office<'_> {
    fn online(&self, staff: StaffId) -> bool {
        !self.offline.contains(&staff)
    }

    fn settings(&self, staff: StaffId) -> Forwarding {
        self.plan.features.forwarding(staff).settings
    }
}

fn to(number: u16) -> Option<Target> {
    Some(Target::Short(short(number)))
}

fn always(number: u16) -> Forwarding {
    Forwarding {
        always: to(number),
        ..Forwarding::default()
    }
}

fn dnd() -> Forwarding {
    Forwarding {
        dnd: true,
        ..Forwarding::default()
    }
}

/// Whom a call by 109 rings, or its status; and who forwarded it.
fn call(settings: &[(u16, Forwarding)], offline: &[u16], dialled: &str) -> (Result<Vec<u16>, u16>, Vec<u16>) {
    let plan = plan(settings);
    let office = Office {
        plan: &plan,
        offline: offline.iter().map(|number| id(*number)).collect(),
    };
    let facts = CallFacts {
        account: account(),
        caller: Caller::Staff(id(109)),
        dialled,
        at: 0,
    };
    let mut trail = Trail::default();
    let first = internal::decide(&plan, &facts);
    let decision = follow(&plan, &facts, &office, (first, &mut trail));
    let number = |id: StaffId| u16::try_from(id.as_u128()).unwrap();
    let by = trail.hops().iter().map(|hop| number(hop.by)).collect();
    let outcome = match decision {
        Decision::Ring { targets, .. } => Ok(targets.into_iter().map(number).collect()),
        Decision::Refuse { status, .. } => Err(status),
        Decision::Queue { department, .. } => Ok(vec![u16::try_from(department.as_u128()).unwrap()]),
        other @ (Decision::Menu { .. }
        | Decision::Outside { .. }
        | Decision::Emergency { .. }
        | Decision::Message { .. }
        | Decision::Feature(_)) => panic!("{other:?}"),
    };
    (outcome, by)
}

#[test]
fn a_call_goes_where_the_called_have_sent_it() {
    let check = |settings: &[(u16, Forwarding)], offline: &[u16], rings: Result<&[u16], u16>, by: &[u16]| {
        let expected = (rings.map(<[u16]>::to_vec), by.to_vec());
        assert_eq!(call(settings, offline, "101"), expected, "{settings:?} {offline:?}");
    };
    let busy = Forwarding {
        busy: to(102),
        ..Forwarding::default()
    };
    let away = Forwarding {
        offline: to(102),
        ..Forwarding::default()
    };
    check(&[], &[], Ok(&[101]), &[]);
    check(&[(101, dnd())], &[], Err(480), &[]);
    check(&[(101, always(102))], &[], Ok(&[102]), &[101]);
    // All calls go elsewhere whether the person is to be disturbed or not.
    check(
        &[(
            101,
            Forwarding {
                dnd: true,
                ..always(102)
            },
        )],
        &[],
        Ok(&[102]),
        &[101],
    );
    // Who wants no calls is busy.
    check(&[(101, Forwarding { dnd: true, ..busy })], &[], Ok(&[102]), &[101]);
    check(&[(101, busy)], &[], Ok(&[101]), &[]);
    check(&[(101, away)], &[], Ok(&[101]), &[]);
    check(&[(101, away)], &[101], Ok(&[102]), &[101]);
    check(&[(101, busy)], &[101], Ok(&[101]), &[]);
    // Chains, and where they end.
    check(&[(101, always(102)), (102, always(103))], &[], Ok(&[103]), &[101, 102]);
    check(&[(101, always(102)), (102, dnd())], &[], Err(480), &[101]);
    check(&[(101, always(102)), (102, always(101))], &[], Err(482), &[101, 102]);
    check(&[(101, always(199))], &[], Err(480), &[101]);
    // To the line of the department, which has the id 1.
    check(&[(101, always(200))], &[], Ok(&[1]), &[101]);
    // Whoever takes a person's calls reaches that person.
    check(&[(101, always(109))], &[], Ok(&[101]), &[]);
    check(
        &[(
            101,
            Forwarding {
                dnd: true,
                ..always(109)
            },
        )],
        &[],
        Err(480),
        &[],
    );
}

#[test]
fn a_call_is_forwarded_five_times_at_most() {
    let chain = |length: u16| -> Vec<(u16, Forwarding)> {
        (101..101 + length).map(|number| (number, always(number + 1))).collect()
    };
    assert_eq!(
        call(&chain(5), &[], "101"),
        (Ok(vec![106]), vec![101, 102, 103, 104, 105])
    );
    assert_eq!(call(&chain(6), &[], "101").0, Err(480));
}

#[test]
fn a_call_that_rang_in_vain_goes_on_from_the_last_one_rung() {
    let late = |to| Forwarding {
        no_answer: to,
        no_answer_after: 12,
        ..Forwarding::default()
    };
    let plan = plan(&[(101, always(102)), (102, late(to(103))), (103, late(to(101)))]);
    let office = Office {
        plan: &plan,
        offline: BTreeSet::new(),
    };
    let facts = CallFacts {
        account: account(),
        caller: Caller::Staff(id(109)),
        dialled: "101",
        at: 0,
    };
    let mut trail = Trail::default();
    let first = internal::decide(&plan, &facts);
    let ring = follow(&plan, &facts, &office, (first, &mut trail));
    assert!(matches!(&ring, Decision::Ring { targets, .. } if targets[..] == [id(102)]));
    assert_eq!(ring_time(&office.settings(id(102))), Some(12));
    assert_eq!(ring_time(&office.settings(id(101))), None);
    let mut later = |person, why| follow_later(&plan, &facts, &office, (id(person), why, &mut trail));
    assert_eq!(later(102, Condition::Busy), None);
    let Some(Decision::Ring { targets, because }) = later(102, Condition::NoAnswer) else {
        panic!("103 rings next")
    };
    assert_eq!(targets[..], [id(103)]);
    assert_eq!(
        because.to_string(),
        "S101 forwards all calls: S102 forwards calls that are not answered: the short number is S103's"
    );
    let Some(Decision::Refuse { status, because, .. }) = later(103, Condition::NoAnswer) else {
        panic!("101 sends it back")
    };
    assert_eq!(status, 482);
    assert!(
        because.to_string().ends_with("the forwarding comes back to S101"),
        "{because}"
    );
}

/// Row L28: whoever turns a call away before anybody is rung has missed it, and so has whoever forwards it to nowhere.
#[test]
fn l28_a_call_that_is_turned_away_was_for_the_last_one_on_its_way() {
    struct Busy<'a>(Office<'a>);
    impl Situation for Busy<'_> {
        fn online(&self, staff: StaffId) -> bool {
            self.0.online(staff)
        }

        fn busy(&self, staff: StaffId) -> bool {
            staff == id(103)
        }

        fn settings(&self, staff: StaffId) -> Forwarding {
            self.0.settings(staff)
        }
    }
    let check = |settings: &[(u16, Forwarding)], expected: (u16, u16)| {
        let plan = plan(settings);
        let offline = BTreeSet::new();
        let office = Busy(Office { plan: &plan, offline });
        let facts = CallFacts {
            account: account(),
            caller: Caller::Staff(id(109)),
            dialled: "101",
            at: 0,
        };
        let first = internal::decide(&plan, &facts);
        let decision = follow(&plan, &facts, &office, (first, &mut Trail::default()));
        let Decision::Refuse { status, callee, .. } = decision else {
            panic!("{decision:?}")
        };
        assert_eq!((status, callee), (expected.0, Some(Callee::Staff(id(expected.1)))));
    };
    check(&[(101, dnd())], (480, 101));
    check(&[(101, always(102)), (102, dnd())], (480, 102));
    check(&[(101, always(103))], (486, 103));
    check(&[(101, always(199))], (480, 101));
    check(&[(101, always(102)), (102, always(101))], (482, 101));
    let mailbox = Forwarding {
        always: Some(Target::Mailbox),
        ..Forwarding::default()
    };
    check(&[(101, always(102)), (102, mailbox)], (480, 102));
}

/// A number outside is tried with the rights of the person who forwards; without a line nobody is there.
#[test]
fn a_number_outside_without_a_line_is_unavailable() {
    let mobile = PhoneNumber::from_e164("+79161234567").unwrap();
    let outside = Forwarding {
        always: Some(Target::Outside(mobile)),
        ..Forwarding::default()
    };
    assert_eq!(call(&[(101, outside)], &[], "101"), (Err(480), vec![101]));
}

/// Two codes dialled at once leave the last state, whichever plans come in between.
#[test]
fn changes_by_phone_hold_until_the_plan_shows_them() {
    let (now, staff) = (1_000, id(101));
    let before = plan(&[]);
    let shown = |mark, settings| {
        let people = [(staff, PlanForwarding { settings, mark })];
        DialPlan {
            features: Arc::new(FeatureSection::new([], people)),
            ..before.clone()
        }
    };
    let mut pending = Pending::default();
    let first = pending.note(&before, staff, Change::Dnd(true), now);
    let second = pending.note(&before, staff, Change::Forward(Condition::Always, to(102)), now);
    let third = pending.note(&before, staff, Change::Dnd(false), now);
    assert!(first < second && second < third);
    assert_eq!(pending.settings(&before, staff), always(102));
    // The plan of the first change comes: the later ones still count.
    let after_first = shown(first, dnd());
    pending.settle(&after_first);
    assert_eq!(pending.settings(&after_first, staff), always(102));
    let after_all = shown(third, always(102));
    pending.settle(&after_all);
    assert!(pending.is_empty());
    assert_eq!(pending.settings(&after_all, staff), always(102));
    // A clock that was set back does not make a new change older.
    assert!(pending.note(&after_all, staff, Change::Dnd(true), 5) > third);
}
