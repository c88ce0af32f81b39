//! Calls that the system begins: staff first, then the client; from a click, or for a visitor of a site.

use std::sync::Arc;

use frontdesk::engine::input::{First, Input, OperatorCommand};
use frontdesk::engine::output::{CallDirection, Disposition};
use frontdesk_routing::because::Ordered;
use frontdesk_routing::ids::{CallId, DepartmentId, StaffId};
use frontdesk_routing::plan::{DialPlan, PlanReception, ReceptionSection};
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::{ANNA, BORIS, CLARA};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::trunks::{self, ANNA_AT, BORIS_AT};
use frontdesk_tests::world::{World, ms, s};

const OUTSIDE: &str = "+79161234567";
/// The provider's gateway.
const GATEWAY_AT: usize = 2;

fn office(seed: u8, weather: Weather) -> World {
    trunks::world(seed, weather, vec![trunks::trunk(1, &["192.0.2.10"], false)])
}

fn anna() -> First {
    First::Staff(StaffId::from_u128(ANNA.id))
}

/// L35: the staff member's phone rings and shows the client; the client is called when it is answered.
#[test]
fn a_click_rings_the_staff_member_and_then_the_client() {
    for (seed, weather) in [(1, FAIR), (2, rough(5)), (3, rough(20))] {
        let mut world = office(seed, weather);
        world.phones[ANNA_AT].manner = Manner::Answer(s(3));
        world.phones[GATEWAY_AT].manner = Manner::Answer(s(2));
        world.order(4_711, anna(), OUTSIDE, Ordered::Crm);
        world.run_for(s(2));
        assert!(
            world.phones[GATEWAY_AT].calls.is_empty(),
            "nobody outside is called yet"
        );
        assert!(
            world.wait_for(s(60), |world| world.together(ANNA_AT, GATEWAY_AT)),
            "{}",
            world.ladder()
        );
        let shown = &world.phones[ANNA_AT].last().shown.1;
        assert!(shown.contains(OUTSIDE), "{shown}");
        world.hang_up(ANNA_AT, 0);
        world.close();
        let record = world.record();
        assert_eq!(record.id, CallId::from_u128(4_711));
        assert_eq!(record.direction, CallDirection::Outbound);
        assert_eq!(record.disposition, Some(Disposition::Answered));
        assert_eq!(record.caller.staff, Some(StaffId::from_u128(ANNA.id)));
        assert_eq!(record.callee.number.as_deref(), Some(OUTSIDE));
        assert_eq!(record.legs.len(), 2, "there is no leg of a caller");
        assert_eq!(world.media.tapped, 1);
    }
}

#[test]
fn the_client_is_not_called_when_the_staff_member_does_not_answer() {
    for (manner, disposition) in [
        (Manner::Refuse(486, ms(200)), Disposition::Busy),
        (Manner::Ring, Disposition::NoAnswer),
    ] {
        let mut world = office(4, FAIR);
        world.phones[ANNA_AT].manner = manner;
        world.order(4_711, anna(), OUTSIDE, Ordered::Crm);
        world.run_for(s(120));
        assert!(world.phones[GATEWAY_AT].calls.is_empty());
        world.close();
        assert_eq!(world.record().disposition, Some(disposition));
    }
}

#[test]
fn a_client_who_is_busy_ends_the_call() {
    let mut world = office(5, FAIR);
    world.phones[ANNA_AT].manner = Manner::Answer(ms(500));
    world.phones[GATEWAY_AT].manner = Manner::Refuse(486, s(1));
    world.order(4_711, anna(), OUTSIDE, Ordered::Crm);
    world.run_for(s(30));
    assert_eq!(world.phones[ANNA_AT].call(0).state, State::Over);
    world.close();
    assert_eq!(world.record().disposition, Some(Disposition::Busy));
}

#[test]
fn a_staff_member_without_a_phone_is_told_of_in_the_record() {
    let mut world = office(6, FAIR);
    world.order(4_711, First::Staff(StaffId::from_u128(CLARA.id)), OUTSIDE, Ordered::Crm);
    world.run_for(s(1));
    world.close();
    let record = world.record();
    assert_eq!(record.disposition, Some(Disposition::NoAnswer));
    assert!(
        record.because.contains("no phone of Clara Tester is registered"),
        "{}",
        record.because
    );
}

/// L20: whoever takes no calls of clients is not rung for a visitor of a site, and is for their own click.
#[test]
fn l20_a_visitor_is_not_given_to_whom_the_toggle_is_off_for() {
    for (kind, rung) in [(Ordered::Widget, 0), (Ordered::Crm, 1)] {
        let mut world = office(16, FAIR);
        let off = ReceptionSection {
            people: [(StaffId::from_u128(ANNA.id), PlanReception::default())]
                .into_iter()
                .collect(),
            ..ReceptionSection::default()
        };
        world.input(Input::Plan(Arc::new(DialPlan {
            reception: Arc::new(off),
            ..trunks::plan(vec![trunks::trunk(1, &["192.0.2.10"], false)])
        })));
        world.phones[ANNA_AT].manner = Manner::Refuse(486, ms(500));
        world.order(4_711, anna(), OUTSIDE, kind);
        world.run_for(s(10));
        assert_eq!(world.phones[ANNA_AT].calls.len(), rung, "{}", world.ladder());
        world.close();
        let because = &world.record().because;
        assert_eq!(
            because.contains("who takes no calls at present"),
            rung == 0,
            "{because}"
        );
    }
}

/// A second click with the same key changes nothing.
#[test]
fn the_same_order_twice_is_one_call() {
    let mut world = office(7, FAIR);
    world.phones[ANNA_AT].manner = Manner::Ring;
    for _ in 0..2 {
        world.order(4_711, anna(), OUTSIDE, Ordered::Crm);
    }
    world.run_for(s(3));
    assert_eq!(world.phones[ANNA_AT].calls.len(), 1);
    let hang_up = OperatorCommand::HangUp {
        call: CallId::from_u128(4_711),
    };
    world.input(Input::Operator(hang_up));
    world.run_for(s(3));
    world.close();
    assert_eq!(world.record().disposition, Some(Disposition::Failed));
}

/// A colleague is called by a short number, from a click too.
#[test]
fn a_click_on_a_short_number_rings_a_colleague() {
    let mut world = office(8, FAIR);
    for phone in [ANNA_AT, BORIS_AT] {
        world.phones[phone].manner = Manner::Answer(ms(500));
    }
    world.order(4_711, anna(), BORIS.number, Ordered::Crm);
    assert!(world.wait_for(s(20), |world| world.together(ANNA_AT, BORIS_AT)));
    world.hang_up(BORIS_AT, 0);
    world.close();
    assert_eq!(world.record().direction, CallDirection::Internal);
}

/// L37: a visitor's wish rings whoever is free in the department, and the visitor when somebody has answered.
#[test]
fn a_visitors_wish_waits_for_a_free_agent() {
    let mut world = office(9, FAIR);
    world.phones[ANNA_AT].manner = Manner::Refuse(486, ms(300));
    world.phones[BORIS_AT].manner = Manner::Refuse(486, ms(300));
    world.phones[GATEWAY_AT].manner = Manner::Answer(s(1));
    let sales = First::Department(DepartmentId::from_u128(1));
    world.order(4_711, sales, OUTSIDE, Ordered::Widget);
    world.run_for(s(3));
    assert!(world.phones[GATEWAY_AT].calls.is_empty());
    world.phones[BORIS_AT].manner = Manner::Answer(ms(500));
    assert!(
        world.wait_for(s(60), |world| world.together(BORIS_AT, GATEWAY_AT)),
        "{}",
        world.ladder()
    );
    let taken = world.phones[BORIS_AT].calls.len() - 1;
    world.hang_up(BORIS_AT, taken);
    world.close();
    let record = world.record();
    assert_eq!(record.caller.staff, Some(StaffId::from_u128(BORIS.id)));
    assert_eq!(record.department, Some(DepartmentId::from_u128(1)));
    assert_eq!(record.disposition, Some(Disposition::Answered));
}
