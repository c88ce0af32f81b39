use std::sync::Arc;

use super::*;
use crate::ids::{DepartmentId, MenuId, PromptId};
use crate::plan::{
    DepartmentSection, FeatureSection, MailboxSection, MenuSection, PlanDepartment, PlanFeatures, PlanMenu, PlanStaff,
    StaffSection,
};

fn staff(id: u128, short: &str) -> PlanStaff {
    PlanStaff {
        id: StaffId::from_u128(id),
        account: AccountId::from_u128(1),
        name: format!("S{id}").into(),
        short_number: ShortNumber::read(short).ok(),
        phone: None,
        sip: None,
        caller_id: Default::default(),
        term: Default::default(),
    }
}

fn plan(codes: FeatureCodes) -> DialPlan {
    let features = PlanFeatures {
        codes,
        ..PlanFeatures::default()
    };
    let account = AccountId::from_u128(1);
    let mailbox = |id, of_staff: Option<u128>, of_department: Option<u128>, enabled| PlanMailbox {
        id: MailboxId::from_u128(id),
        account,
        staff: of_staff.map(StaffId::from_u128),
        department: of_department.map(DepartmentId::from_u128),
        name: "M".into(),
        enabled,
        own_greeting: false,
        russian: true,
        longest_s: 30,
    };
    let menu = PlanMenu {
        short_number: ShortNumber::read("300").ok(),
        ..PlanMenu::new(MenuId::from_u128(1), account, "Main".into(), PromptId::from_u128(1))
    };
    let sales = PlanDepartment::new(
        DepartmentId::from_u128(1),
        account,
        "Sales".into(),
        ShortNumber::read("200").unwrap(),
    );
    DialPlan {
        staff: Arc::new(StaffSection::new(
            vec![staff(1, "101"), staff(2, "102"), staff(3, "703")],
            vec![],
        )),
        departments: Arc::new(DepartmentSection::new(vec![sales])),
        menus: Arc::new(MenuSection::new(vec![menu], vec![])),
        mailboxes: Arc::new(MailboxSection::new(vec![
            mailbox(1, Some(2), None, true),
            mailbox(2, None, Some(1), true),
            mailbox(3, Some(1), None, false),
        ])),
        features: Arc::new(FeatureSection::new([(AccountId::from_u128(1), features)], [])),
        ..DialPlan::default()
    }
}

#[test]
fn places_are_a_range_of_a_hundred_short_numbers_at_most() {
    let check = |text: &str, expected: Option<(u16, u16, usize)>| {
        let places = Places::read(text).ok();
        let ends =
            places.and_then(|places| Some((places.iter().next()?, places.iter().last()?, places.iter().count())));
        assert_eq!(ends, expected, "{text}");
    };
    check("701-720", Some((701, 720, 20)));
    check("10 – 10", Some((10, 10, 1)));
    check("900-999", Some((900, 999, 100)));
    for wrong in [
        "900-1000",
        "720-701",
        "701",
        "",
        "-",
        "07-09",
        "9-12",
        "701-+720",
        "70000-70001",
        "0-65535",
    ] {
        check(wrong, None);
    }
    assert_eq!(Places::read(&Places::default().to_string()), Ok(Places::default()));
}

#[test]
fn an_account_parks_at_its_own_places() {
    let mut own = plan(FeatureCodes::default());
    let account = AccountId::from_u128(1);
    let features = PlanFeatures {
        places: Places::read("50-51").unwrap(),
        ..PlanFeatures::default()
    };
    own.features = Arc::new(FeatureSection::new([(account, features)], []));
    for (dialled, expected) in [
        ("50", Some(50)),
        ("51", Some(51)),
        ("52", None),
        ("701", None),
        ("+50", None),
        ("050", None),
    ] {
        assert_eq!(place(&own, account, dialled), expected, "{dialled}");
    }
}

fn dial(plan: &DialPlan, caller: Caller, dialled: &str) -> Result<FeatureCall, u16> {
    let account = AccountId::from_u128(1);
    let facts = CallFacts {
        account,
        caller,
        dialled,
        at: 0,
    };
    match decide(plan, &facts) {
        Some(Decision::Feature(call)) => Ok(call),
        Some(Decision::Refuse { status, .. }) => Err(status),
        None => Err(0),
        other => panic!("{dialled}: {other:?}"),
    }
}

#[test]
fn each_code_is_read_with_the_number_after_it() {
    let plan = plan(FeatureCodes::default());
    let caller = Caller::Staff(StaffId::from_u128(1));
    let check = |dialled: &str, expected: Result<FeatureCall, u16>| {
        assert_eq!(dial(&plan, caller, dialled), expected, "{dialled}");
    };
    let forward = |feature, condition, to| Ok(FeatureCall::Change(feature, Change::Forward(condition, to)));
    let to_boris = Some(Target::Short(ShortNumber::read("102").unwrap()));
    let to_menu = Some(Target::Short(ShortNumber::read("300").unwrap()));
    let outside = Some(Target::Outside(PhoneNumber::from_e164("+79161234567").unwrap()));
    check("*78", Ok(FeatureCall::Change(Feature::DndOn, Change::Dnd(true))));
    check("*79", Ok(FeatureCall::Change(Feature::DndOff, Change::Dnd(false))));
    check("*76", Ok(FeatureCall::DndToggle));
    check("*72102", forward(Feature::ForwardAlways, Condition::Always, to_boris));
    check("*72102#", forward(Feature::ForwardAlways, Condition::Always, to_boris));
    check("*73", forward(Feature::ForwardAlwaysOff, Condition::Always, None));
    check("*90102", forward(Feature::ForwardBusy, Condition::Busy, to_boris));
    check(
        "*92+79161234567",
        forward(Feature::ForwardNoAnswer, Condition::NoAnswer, outside),
    );
    check("*95", forward(Feature::ForwardOfflineOff, Condition::Offline, None));
    check("**102", Ok(FeatureCall::PickupPerson(StaffId::from_u128(2))));
    check("*8", Ok(FeatureCall::PickupAny));
    check("*68", Ok(FeatureCall::Park));
    check("*43", Ok(FeatureCall::Echo));
    check("*65", Ok(FeatureCall::SayNumber));
    check("701", Ok(FeatureCall::Retrieve(701)));
    // Without the number, with one that nobody has, with one's own, with what is no number.
    check("*72", Err(484));
    check("*72109", Err(404));
    check("*72101", Err(403));
    check("*72300", forward(Feature::ForwardAlways, Condition::Always, to_menu));
    check("*96102", Ok(FeatureCall::LeaveMessage(MailboxId::from_u128(1))));
    check("*96200", Ok(FeatureCall::LeaveMessage(MailboxId::from_u128(2))));
    check("*96101", Err(480));
    check("*96999", Err(404));
    check("*96", Err(484));
    check("*72x", Err(404));
    check("**", Err(484));
    check("**999", Err(404));
    // No codes.
    check("*", Err(0));
    check("*1", Err(0));
    check("721", Err(0));
}

/// A place's number that is somebody's short number reaches that person.
#[test]
fn a_short_number_comes_before_a_parking_place() {
    let plan = plan(FeatureCodes::default());
    let facts = CallFacts {
        account: AccountId::from_u128(1),
        caller: Caller::Staff(StaffId::from_u128(1)),
        dialled: "703",
        at: 0,
    };
    assert_eq!(decide(&plan, &facts), None);
    assert!(!is_free(&plan, facts.account, 703) && is_free(&plan, facts.account, 704));
}

#[test]
fn a_caller_from_outside_has_no_codes() {
    let plan = plan(FeatureCodes::default());
    let caller = Caller::Trunk(crate::ids::TrunkId::from_u128(9));
    assert_eq!(dial(&plan, caller, "*78"), Err(0));
    assert_eq!(dial(&plan, caller, "701"), Err(0));
}

#[test]
fn an_account_changes_its_codes_and_switches_features_off() {
    let mut codes = FeatureCodes::default();
    codes.set(Feature::DndOn, Some("*21"));
    codes.set(Feature::Echo, None);
    codes.set(Feature::DndOff, Some("*79"));
    assert_eq!(codes.changed().count(), 2);
    assert!(codes.check().is_empty());
    let plan = plan(codes);
    let caller = Caller::Staff(StaffId::from_u128(1));
    let on = Ok(FeatureCall::Change(Feature::DndOn, Change::Dnd(true)));
    assert_eq!(dial(&plan, caller, "*21"), on);
    assert_eq!(dial(&plan, caller, "*78"), Err(0));
    assert_eq!(dial(&plan, caller, "*43"), Err(0));
}

#[test]
fn codes_that_cannot_be_told_apart_are_found() {
    let check = |feature: Feature, code: &str, expected: &[(Feature, BadCode)]| {
        let mut codes = FeatureCodes::default();
        codes.set(feature, Some(code));
        assert_eq!(codes.check(), expected, "{feature:?} {code}");
    };
    check(Feature::Echo, "*100", &[]);
    check(Feature::Echo, "100", &[(Feature::Echo, BadCode::Malformed)]);
    check(Feature::Echo, "*", &[(Feature::Echo, BadCode::Malformed)]);
    check(Feature::Echo, "*a", &[(Feature::Echo, BadCode::Malformed)]);
    check(Feature::Echo, "*123456", &[(Feature::Echo, BadCode::Malformed)]);
    let both = [(Feature::DndOn, BadCode::Taken), (Feature::Echo, BadCode::Taken)];
    check(Feature::Echo, "*78", &both);
    check(
        Feature::ForwardAlways,
        "*7",
        &[(Feature::ForwardAlways, BadCode::Ambiguous)],
    );
    check(Feature::Echo, "*7212", &[(Feature::ForwardAlways, BadCode::Ambiguous)]);
    assert!(FeatureCodes::default().check().is_empty());
}

#[test]
fn names_are_read_back() {
    for feature in Feature::ALL {
        assert_eq!(Feature::named(feature.name()), Some(*feature));
    }
    assert_eq!(Feature::named("telegraph"), None);
}
