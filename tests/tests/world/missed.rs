//! Calls that are refused before anybody is rung: whom they were for, and what those have set for them.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk::engine::output::Disposition;
use frontdesk_routing::forwarding::{Forwarding, Target};
use frontdesk_routing::ids::{AccountId, DepartmentId, MailboxId, ScheduleId, StaffId};
use frontdesk_routing::number::{PhoneNumber, ShortNumber};
use frontdesk_routing::plan::{
    DialPlan, FeatureSection, MailboxSection, Method, PlanDesk, PlanForwarding, PlanMailbox, PlanReception,
    ReceptionSection,
};
use frontdesk_routing::schedule::{Day, Schedule};
use frontdesk_tests::world::net::FAIR;
use frontdesk_tests::world::people::{ACCOUNT, ANNA, BORIS};
use frontdesk_tests::world::trunks::{ANNA_AT, BORIS_AT, FIRST, OWN, SECOND, brings_and_takes};
use frontdesk_tests::world::{World, ms, s};
use jiff::tz::TimeZone;

use crate::reception::{mobile, mobile_plan};

const SALES: &str = "+74951110002";
const HOURS: ScheduleId = ScheduleId::from_u128(1);

fn anna() -> StaffId {
    StaffId::from_u128(ANNA.id)
}

/// Nobody works on any day.
fn never() -> Schedule {
    Schedule::new(
        TimeZone::UTC,
        std::array::from_fn(|_| Some(Day::new())),
        Default::default(),
    )
}

fn reception(plan: &mut DialPlan) -> &mut ReceptionSection {
    let reception = Arc::make_mut(&mut plan.reception);
    reception.schedules.insert(HOURS, Arc::new(never()));
    reception
}

fn person(plan: &mut DialPlan, change: impl FnOnce(&mut PlanReception)) {
    change(reception(plan).people.get_mut(&anna()).expect("Anna"));
}

/// An office of which one thing has changed; her number and that of Sales are called from outside.
fn office(seed: u8, method: Method, change: impl FnOnce(&mut DialPlan)) -> World {
    let mut world = mobile(seed, FAIR, brings_and_takes(), method);
    let mut plan = mobile_plan(brings_and_takes(), method);
    change(&mut plan);
    world.input(Input::Plan(Arc::new(plan)));
    world.run_for(s(1));
    world.phones[FIRST].from.uri = "sip:+74997654321@provider.example".to_owned();
    world
}

fn disturbed_by_none(plan: &mut DialPlan) {
    let settings = Forwarding {
        dnd: true,
        ..Forwarding::default()
    };
    let set = PlanForwarding { settings, mark: 0 };
    plan.features = Arc::new(FeatureSection::new([], [(anna(), set)]));
}

fn closed() -> PlanDesk {
    PlanDesk {
        schedule: Some(HOURS),
        ..PlanDesk::default()
    }
}

/// Rows L28, L30, L61: whoever misses a call that has rung nobody stands in its record.
#[test]
fn l28_and_l61_a_call_that_rings_nobody_is_recorded_with_whom_it_was_for() {
    type Change = fn(&mut DialPlan);
    let own = || {
        (
            AccountId::from_u128(ACCOUNT),
            PhoneNumber::from_e164(OWN).expect("a number"),
        )
    };
    let check = |seed, change: &dyn Fn(&mut DialPlan), why: &str| {
        let mut world = office(seed, Method::Sip, change);
        let call = world.dial(FIRST, OWN);
        world.run_for(s(3));
        assert_eq!(world.phones[FIRST].call(call).status, Some(480), "{}", world.ladder());
        world.close();
        let record = world.record();
        assert_eq!(
            (record.callee.staff, record.callee.number.as_deref()),
            (Some(anna()), Some("101"))
        );
        assert_eq!(
            (record.department, record.disposition),
            (None, Some(Disposition::NoAnswer))
        );
        assert!(record.because.contains(why), "{}", record.because);
    };
    let off: Change = |plan| person(plan, |person| person.receiving = false);
    let at_home: Change = |plan| person(plan, |person| person.schedule = Some(HOURS));
    check(1, &disturbed_by_none, "does not want to be disturbed");
    check(2, &off, "takes no calls at present");
    check(3, &at_home, "is off");
    let closed_number = |plan: &mut DialPlan| {
        reception(plan).numbers.insert(own(), closed());
    };
    check(4, &closed_number, "the number is closed");
}

#[test]
fn l28_a_call_to_a_closed_department_is_recorded_as_its_own() {
    let sales = DepartmentId::from_u128(1);
    let change = |plan: &mut DialPlan| {
        reception(plan).departments.insert(sales, closed());
    };
    let mut world = office(5, Method::Sip, change);
    let call = world.dial(FIRST, SALES);
    world.run_for(s(3));
    assert_eq!(world.phones[FIRST].call(call).status, Some(480), "{}", world.ladder());
    world.close();
    let record = world.record();
    assert_eq!((record.department, record.callee.staff), (Some(sales), None));
    assert_eq!(record.callee.name.as_deref(), Some("Sales"));
}

#[test]
fn l28_a_call_while_the_one_telephone_talks_is_recorded_with_whom_it_was_for() {
    let mut world = office(6, Method::Mobile, |_| ());
    world.dial(FIRST, OWN);
    assert!(
        world.wait_for(s(10), |world| world.together(FIRST, SECOND)),
        "{}",
        world.ladder()
    );
    world.phones[FIRST].from.uri = "sip:+74997654322@provider.example".to_owned();
    let second = world.dial(FIRST, OWN);
    world.run_for(ms(1_500));
    assert_eq!(world.phones[FIRST].call(second).status, Some(486), "{}", world.ladder());
    world.end_calls(FIRST);
    world.run_for(s(40));
    world.close();
    let busy = world.records_of_calls().into_iter().find(|record| record.status == 486);
    let busy = busy.expect("a record of the second call");
    assert_eq!(
        (busy.callee.staff, busy.disposition),
        (Some(anna()), Some(Disposition::Busy))
    );
    assert!(busy.because.contains("is in a call already"), "{}", busy.because);
}

/// Rows L18, L20, V31: her number is called at night, and she has a mailbox.
#[test]
fn l20_and_v31_a_client_who_calls_somebody_off_duty_leaves_a_message() {
    let change = |plan: &mut DialPlan| {
        person(plan, |person| person.schedule = Some(HOURS));
        plan.mailboxes = Arc::new(MailboxSection::new(vec![PlanMailbox {
            id: MailboxId::from_u128(1),
            account: AccountId::from_u128(ACCOUNT),
            staff: Some(anna()),
            department: None,
            name: "Anna Tester".into(),
            enabled: true,
            own_greeting: false,
            russian: false,
            longest_s: 30,
        }]));
    };
    let mut world = office(7, Method::Sip, change);
    let call = world.dial(FIRST, OWN);
    let recorded = |world: &World| world.media.taps.values().any(|legs| legs[1].is_none());
    assert!(world.wait_for(s(20), recorded), "{}", world.ladder());
    world.run_for(s(3));
    assert!(world.phones[ANNA_AT].calls.is_empty());
    world.hang_up(FIRST, call);
    world.run_for(s(40));
    world.close();
    let record = world.record();
    assert_eq!(record.callee.staff, Some(anna()));
    let why = "the number is connected with Anna Tester, who is off: a message can be left for Anna Tester";
    assert_eq!(record.because, why);
}

#[test]
fn l18_and_v31_a_client_who_calls_somebody_switched_off_is_sent_where_that_persons_calls_go() {
    let settings = Forwarding {
        offline: ShortNumber::read(BORIS.number).ok().map(Target::Short),
        ..Forwarding::default()
    };
    let change = |plan: &mut DialPlan| {
        person(plan, |person| person.receiving = false);
        let set = PlanForwarding { settings, mark: 0 };
        plan.features = Arc::new(FeatureSection::new([], [(anna(), set)]));
    };
    let mut world = office(8, Method::Sip, change);
    let call = world.dial(FIRST, OWN);
    assert!(
        world.wait_for(s(20), |world| world.together(FIRST, BORIS_AT)),
        "{}",
        world.ladder()
    );
    assert!(world.phones[ANNA_AT].calls.is_empty());
    world.hang_up(FIRST, call);
    world.run_for(s(40));
    world.close();
    let because = &world.record().because;
    assert!(
        because.ends_with(
            "who takes no calls at present: Anna Tester forwards calls while no phone is registered: \
             the short number is Boris Tester's"
        ),
        "{because}"
    );
}
