use std::sync::Arc;

use super::*;
use crate::ids::TrunkId;
use crate::plan::{
    AccountSection, Destination, NumberSection, PlanAccount, PlanNumber, PlanStaff, RecordingPolicy, StaffSection,
};

const DISPLAYED: u64 = 74_951_110_001;
const SINGLE: u64 = 74_951_110_002;
const SITE: u64 = 74_951_110_003;
const DID: u64 = 74_951_110_004;
const ELSEWHERE: u64 = 74_951_110_006;
const OF_TRUNK: u64 = 74_951_110_005;
const FOREIGN: u64 = 74_951_119_999;
const CLIENT: u64 = 79_161_234_567;
const STUB: u64 = 78_123_893_298;

fn number(digits: u64) -> PhoneNumber {
    PhoneNumber::from_u64(digits).unwrap()
}

/// What is set, and the call; changed by each case.
struct Case {
    staff: StaffCallerId,
    account: AccountCallerId,
    trunk: PlanTrunk,
    connected: Vec<u64>,
    call: OutgoingCall,
}

fn account() -> AccountId {
    AccountId::from_u128(1)
}

fn case(kind: Kind) -> Case {
    Case {
        staff: StaffCallerId {
            displayed_number: Some(number(DISPLAYED)),
            emergency_number: Some(number(ELSEWHERE)),
            ..StaffCallerId::default()
        },
        account: AccountCallerId {
            single_number: Some(number(SINGLE)),
            emergency_number: Some(number(SITE)),
            ..AccountCallerId::default()
        },
        trunk: PlanTrunk {
            shown_number: Some(number(OF_TRUNK)),
            ..PlanTrunk::new(TrunkId::from_u128(1), account(), "T".into())
        },
        connected: vec![DISPLAYED, SINGLE, SITE, DID, ELSEWHERE, OF_TRUNK],
        call: OutgoingCall {
            kind,
            account: account(),
            staff: Some(StaffId::from_u128(1)),
            client: Some(number(CLIENT)).filter(|_| kind == Kind::Forwarded),
            arrived_on: Some(number(DID)).filter(|_| kind == Kind::Forwarded),
            restricted: false,
            hidden: false,
        },
    }
}

/// Everything is set; `change` takes away.
fn check(rows: &str, kind: Kind, change: impl Fn(&mut Case), expected: (Option<u64>, Source)) -> Presented {
    let mut case = case(kind);
    change(&mut case);
    let staff = PlanStaff {
        id: StaffId::from_u128(1),
        account: account(),
        name: "Anna".into(),
        short_number: None,
        phone: None,
        sip: None,
        caller_id: case.staff,
        term: Default::default(),
    };
    let account_ = PlanAccount {
        id: account(),
        number: 1,
        name: "A".into(),
        realm: "r".into(),
        recording: RecordingPolicy::Never,
        region: "RU".into(),
        caller_id: case.account.clone(),
    };
    let numbers = case.connected.iter().map(|digits| PlanNumber {
        number: number(*digits),
        account: account(),
        trunk: None,
        to: Destination::Staff(StaffId::from_u128(1)),
    });
    let plan = DialPlan {
        accounts: Arc::new(AccountSection::new(vec![account_])),
        staff: Arc::new(StaffSection::new(vec![staff], vec![])),
        numbers: Arc::new(NumberSection::new(numbers.collect())),
        ..DialPlan::default()
    };
    let (presented, because) = resolve(&plan, &case.call, &case.trunk);
    let (shown, source) = (expected.0.map(number), Because::Shows(expected.1));
    assert_eq!((presented.number, because), (shown, source), "{rows} {kind:?}");
    presented
}

fn no_displayed(case: &mut Case) {
    case.staff.displayed_number = None;
}

fn no_single(case: &mut Case) {
    case.account.single_number = None;
}

fn at_the_site(case: &mut Case) {
    case.staff.emergency_number = None;
}

fn option_on(case: &mut Case) {
    case.staff.on_system_calls = true;
}

fn bare(case: &mut Case) {
    no_displayed(case);
    no_single(case);
    case.trunk.shown_number = None;
}

#[test]
fn l32_to_l38_each_case_shows_its_number() {
    use Kind::{Crm, Direct, Emergency, Widget};
    let as_is = |_: &mut Case| ();
    check("L34", Direct, as_is, (Some(DISPLAYED), Source::Displayed));
    check("L34", Direct, no_displayed, (Some(SINGLE), Source::Single));
    let neither = |case: &mut Case| {
        no_displayed(case);
        no_single(case);
    };
    check("L34", Direct, neither, (Some(OF_TRUNK), Source::Trunk));
    check("L34", Direct, bare, (None, Source::Trunk));
    check(
        "L34",
        Direct,
        |case| case.call.staff = None,
        (Some(SINGLE), Source::Single),
    );
    check("L35", Crm, as_is, (Some(SINGLE), Source::Single));
    check("L35", Crm, no_single, (Some(OF_TRUNK), Source::Trunk));
    check("L36", Crm, option_on, (Some(DISPLAYED), Source::Displayed));
    let without = |case: &mut Case| {
        option_on(case);
        no_displayed(case);
    };
    check("L36", Crm, without, (Some(SINGLE), Source::Single));
    check("L37", Widget, as_is, (Some(SINGLE), Source::Single));
    check("L37", Widget, option_on, (Some(SINGLE), Source::Single));
    check("L37", Widget, no_single, (Some(OF_TRUNK), Source::Trunk));
    check("emergency", Emergency, as_is, (Some(ELSEWHERE), Source::Place));
    check("emergency", Emergency, at_the_site, (Some(SITE), Source::Emergency));
    let gone = |case: &mut Case| case.connected.retain(|digits| *digits != ELSEWHERE);
    check("emergency", Emergency, gone, (Some(SITE), Source::Emergency));
    let nobody = |case: &mut Case| case.call.staff = None;
    check("emergency", Emergency, nobody, (Some(SITE), Source::Emergency));
    let siteless = |case: &mut Case| {
        at_the_site(case);
        case.account.emergency_number = None;
    };
    check("emergency", Emergency, siteless, (Some(SINGLE), Source::Single));
    let bare_of_numbers = |case: &mut Case| {
        siteless(case);
        no_single(case);
    };
    check("emergency", Emergency, bare_of_numbers, (Some(OF_TRUNK), Source::Trunk));
}

#[test]
fn l32_and_l38_a_number_that_is_not_connected_is_not_shown() {
    let foreign = |case: &mut Case| {
        case.staff.displayed_number = Some(number(FOREIGN));
        case.staff.emergency_number = Some(number(FOREIGN));
        case.account.single_number = Some(number(FOREIGN));
        case.account.emergency_number = Some(number(FOREIGN));
    };
    for kind in [Kind::Direct, Kind::Crm, Kind::Widget, Kind::Emergency] {
        check("L32", kind, foreign, (Some(OF_TRUNK), Source::Trunk));
        let nowhere = |case: &mut Case| {
            foreign(case);
            case.trunk.shown_number = Some(number(FOREIGN));
        };
        check("L32", kind, nowhere, (None, Source::Trunk));
    }
    let did = |case: &mut Case| case.call.arrived_on = Some(number(FOREIGN));
    check("L32", Kind::Forwarded, did, (Some(DISPLAYED), Source::Displayed));
}

#[test]
fn a_forwarded_call_shows_what_the_policy_says_and_the_trunk_takes() {
    let diverts = |case: &mut Case| case.trunk.redirection = RedirectionStyle::Diversion;
    let policy = |shows: ForwardedShows| {
        move |case: &mut Case| {
            diverts(case);
            case.account.forwarded = shows;
        }
    };
    let with = |shows: ForwardedShows, more: fn(&mut Case)| {
        move |case: &mut Case| {
            policy(shows)(case);
            more(case);
        }
    };
    let forwarded = |change: &dyn Fn(&mut Case), expected| check("L26", Kind::Forwarded, change, expected);
    let did = (Some(DID), Source::Did);
    assert_eq!(forwarded(&|_| (), did).sent_on_by, None);
    let shown = forwarded(&policy(ForwardedShows::Client), (Some(CLIENT), Source::Client));
    assert_eq!(shown.sent_on_by, Some(Some(number(DID))));
    forwarded(&policy(ForwardedShows::Did), did);
    forwarded(&policy(ForwardedShows::Stub), (Some(STUB), Source::Stub));
    forwarded(&|case| case.account.forwarded = ForwardedShows::Stub, did);
    forwarded(&with(ForwardedShows::Client, |case| case.trunk.privacy = true), did);
    forwarded(&with(ForwardedShows::Client, |case| case.call.client = None), did);
    // L43: whoever may not see the number does not see it on a mobile phone either.
    forwarded(
        &with(ForwardedShows::Client, |case| case.call.hidden = true),
        (Some(STUB), Source::Stub),
    );
    forwarded(&|case| case.call.hidden = true, did);
    let nothing_arrived = |case: &mut Case| case.call.arrived_on = None;
    forwarded(&nothing_arrived, (Some(DISPLAYED), Source::Displayed));
}

#[test]
fn whoever_wants_to_stay_unknown_does_except_in_an_emergency() {
    let restricted = |case: &mut Case| case.call.restricted = true;
    let shown = check(
        "RFC 3323",
        Kind::Direct,
        restricted,
        (Some(DISPLAYED), Source::Displayed),
    );
    assert!(shown.restricted);
    let shown = check(
        "RFC 3323",
        Kind::Emergency,
        restricted,
        (Some(ELSEWHERE), Source::Place),
    );
    assert!(!shown.restricted);
    let on = |case: &mut Case| {
        restricted(case);
        case.trunk.redirection = RedirectionStyle::HistoryInfo;
    };
    let shown = check("RFC 3325", Kind::Forwarded, on, (Some(CLIENT), Source::Client));
    assert!(shown.restricted);
    let shown = check("RFC 3325", Kind::Forwarded, restricted, (Some(DID), Source::Did));
    assert!(!shown.restricted, "our own number is no secret");
}
