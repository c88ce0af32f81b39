use std::sync::Arc;

use super::*;
use crate::features;
use crate::ids::{DepartmentId, MenuId, PromptId, RouteId, StaffId};
use crate::internal;
use crate::plan::routes::{PlanRoute, RouteFor, RouteSection};
use crate::plan::trunks::Provider;
use crate::plan::{
    AccountSection, DepartmentSection, MenuSection, PlanAccount, PlanDepartment, PlanMenu, PlanStaff, PlanTrunk,
    RecordingPolicy, StaffSection,
};

fn account() -> AccountId {
    AccountId::from_u128(1)
}

fn short(text: &str) -> ShortNumber {
    ShortNumber::read(text).unwrap()
}

fn trunk(id: u128, account: AccountId) -> PlanTrunk {
    PlanTrunk {
        provider: Some(Provider::default()),
        prefixes: vec!["+49".into()],
        place: u16::try_from(10 - id).unwrap(),
        ..PlanTrunk::new(TrunkId::from_u128(id), account, format!("T{id}").into())
    }
}

/// Anna has 101, the department 102; trunks 1 to 3, of which 3 comes first by its place, and one of another account.
fn plan(region: &str, routes: RouteSection) -> DialPlan {
    let company = PlanAccount {
        id: account(),
        number: 1,
        name: "A".into(),
        realm: "r".into(),
        recording: RecordingPolicy::Never,
        region: region.into(),
        caller_id: Default::default(),
    };
    let anna = PlanStaff {
        id: StaffId::from_u128(1),
        account: account(),
        name: "Anna".into(),
        short_number: Some(short("101")),
        phone: None,
        sip: None,
        caller_id: Default::default(),
        term: Default::default(),
    };
    let trunks = (1..4).map(|id| trunk(id, account())).collect::<Vec<_>>();
    let foreign = trunk(4, AccountId::from_u128(2));
    let sales = PlanDepartment::new(DepartmentId::from_u128(1), account(), "Sales".into(), short("102"));
    DialPlan {
        accounts: Arc::new(AccountSection::new(vec![company])),
        staff: Arc::new(StaffSection::new(
            vec![anna],
            trunks.into_iter().chain([foreign]).collect(),
        )),
        departments: Arc::new(DepartmentSection::new(vec![sales])),
        routes: Arc::new(routes),
        ..DialPlan::default()
    }
}

fn with(change: impl Fn(&mut PlanEmergency)) -> RouteSection {
    let mut settings = PlanEmergency::usual("RU");
    change(&mut settings);
    RouteSection::new([], [(account(), settings)])
}

fn decided(plan: &DialPlan, caller: Caller, dialled: &str) -> Decision {
    let facts = CallFacts {
        account: account(),
        caller,
        dialled,
        at: 0,
    };
    features::decide(plan, &facts).unwrap_or_else(|| internal::decide(plan, &facts))
}

#[test]
fn colleagues_come_first_and_112_and_the_prefix_are_an_emergency_always() {
    let check = |plan: &DialPlan, dialled: &str, expected: Option<&str>| {
        let decision = decided(plan, Caller::Staff(StaffId::from_u128(1)), dialled);
        let number = if let Decision::Emergency { number, .. } = decision {
            Some(number.to_string())
        } else {
            None
        };
        assert_eq!(number.as_deref(), expected, "{dialled}");
    };
    let usual = plan("RU", RouteSection::default());
    for (dialled, expected) in [
        ("112", Some("112")),
        ("0112", Some("112")),
        ("101", None),
        ("102", None),
        ("103", Some("103")),
        ("104", Some("104")),
        ("0101", Some("101")),
        ("0102", Some("102")),
        ("0105", None),
        ("911", None),
        ("9101", None),
        ("0", None),
        ("", None),
        ("+112", None),
        ("84951234112", None),
    ] {
        check(&usual, dialled, expected);
    }
    let first = plan("RU", with(|settings| settings.before_short_numbers = true));
    check(&first, "101", Some("101"));
    check(&first, "102", Some("102"));
    let own = with(|settings| {
        settings.numbers = vec![short("911")];
        settings.prefix = Some("9".into());
    });
    let own = plan("RU", own);
    for (dialled, expected) in [
        ("103", None),
        ("911", Some("911")),
        ("9911", Some("911")),
        ("9112", Some("112")),
        ("112", Some("112")),
        ("0112", None),
    ] {
        check(&own, dialled, expected);
    }
    let without = plan("RU", with(|settings| settings.prefix = None));
    check(&without, "0101", None);
    check(&plan("US", RouteSection::default()), "911", Some("911"));
    check(&plan("DE", RouteSection::default()), "103", None);
    let mut asking = usual.clone();
    let menu = PlanMenu {
        short_number: Some(short("103")),
        ..PlanMenu::new(MenuId::from_u128(1), account(), "Main".into(), PromptId::from_u128(1))
    };
    asking.menus = Arc::new(MenuSection::new(vec![menu], Vec::new()));
    check(&asking, "103", None);
    check(&asking, "0103", Some("103"));
    // Somebody had 112 before.
    let mut taken = usual.clone();
    let mut people = taken.staff.staff().to_vec();
    people[0].short_number = Some(short("112"));
    taken.staff = Arc::new(StaffSection::new(people, taken.staff.trunks().to_vec()));
    check(&taken, "112", Some("112"));
}

#[test]
fn whoever_calls_from_outside_reaches_no_emergency_service_by_us() {
    let plan = plan("RU", RouteSection::default());
    let decision = decided(&plan, Caller::Trunk(TrunkId::from_u128(1)), "112");
    assert!(matches!(decision, Decision::Refuse { status: 404, .. }), "{decision:?}");
}

#[test]
fn the_route_for_emergencies_comes_first_and_every_other_trunk_after_it() {
    let check = |routes: RouteSection, expected: &[u128]| {
        let trunks: Vec<u128> = trunks(&plan("RU", routes), account())
            .iter()
            .map(|id| id.as_u128())
            .collect();
        assert_eq!(trunks, expected);
    };
    check(RouteSection::default(), &[3, 2, 1]);
    let route = |trunks: &[u128]| {
        let route = PlanRoute {
            id: RouteId::from_u128(1),
            account: account(),
            name: "Emergencies".into(),
            calls: RouteFor::Emergency,
            trunks: trunks.iter().map(|id| TrunkId::from_u128(*id)).collect(),
        };
        RouteSection::new([route], [])
    };
    check(route(&[1, 2]), &[1, 2, 3]);
    check(route(&[]), &[3, 2, 1]);
    check(route(&[4, 9, 2]), &[2, 3, 1]);
}

#[test]
fn what_is_urgent_is_what_is_an_emergency_for_somebody() {
    let joined = |plan: &DialPlan| urgent(plan).join(" ");
    assert_eq!(
        joined(&plan("RU", RouteSection::default())),
        "0101 0102 0103 0104 0112 103 104 112"
    );
    let first = plan("RU", with(|settings| settings.before_short_numbers = true));
    assert!(joined(&first).contains(" 101 102 103"));
    assert_eq!(joined(&plan("DE", RouteSection::default())), "0112 112");
}
