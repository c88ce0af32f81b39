//! Pickup by feature code: a colleague's ringing call, or the one that has rung longest in one's departments.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk::engine::output::Disposition;
use frontdesk_routing::ids::AccountId;
use frontdesk_routing::plan::{DepartmentSection, DialPlan, FeatureSection, PickupRight, PlanDepartment, PlanFeatures};
use frontdesk_tests::world::net::{FAIR, rough};
use frontdesk_tests::world::people::{self, ACCOUNT, BORIS, CLARA, DAVID, LINE};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;
const DAVID_AT: usize = 3;

fn ladder(world: &World) -> String {
    world.transcript.ladder().join("\n")
}

/// The office with David; nobody answers by himself.
fn office(seed: u8, loss: u32) -> World {
    let mut world = World::office(seed, if loss == 0 { FAIR } else { rough(loss) });
    world.add_phone(DAVID);
    world.register(DAVID_AT);
    world.run_for(s(40));
    for phone in &mut world.phones {
        phone.manner = Manner::Ring;
    }
    world
}

fn plan(right: PickupRight, departments: Vec<PlanDepartment>) -> DialPlan {
    let account = PlanFeatures {
        pickup: right,
        ..PlanFeatures::default()
    };
    DialPlan {
        departments: Arc::new(DepartmentSection::new(departments)),
        features: Arc::new(FeatureSection::new([(AccountId::from_u128(ACCOUNT), account)], [])),
        ..people::plan()
    }
}

fn rings(world: &mut World, phone: usize) -> bool {
    world.wait_for(s(40), |world| {
        world.phones[phone]
            .calls
            .iter()
            .any(|call| call.state == State::Ringing)
    })
}

#[test]
fn a_colleagues_ringing_call_is_taken_by_dialling_their_number_after_the_code() {
    for loss in [0, 5, 20] {
        let mut world = office(1, loss);
        let watch = world.act(DAVID_AT, |phone, now| phone.watch("dialog", BORIS.number, 100, now));
        world.dial(ANNA_AT, BORIS.number);
        assert!(rings(&mut world, BORIS_AT), "{}", ladder(&world));
        world.dial(CLARA_AT, "**102");
        assert!(
            world.wait_for(s(40), |world| world.together(ANNA_AT, CLARA_AT)),
            "{loss} %: {}",
            ladder(&world)
        );
        assert!(world.wait_for(s(60), |world| world.phones[BORIS_AT].last().state == State::Over));
        let reason = world.phones[BORIS_AT].last().reason.clone().unwrap_or_default();
        assert!(reason.contains("Call completed elsewhere"), "{reason}");
        let dark = |world: &World| {
            let lamp = world.phones[DAVID_AT].watching[watch].lamp();
            lamp.iter().all(|state| *state == "terminated")
        };
        assert!(world.wait_for(s(60), dark), "{loss} %");
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.close();
        let record = world.record();
        assert_eq!(record.called, "102");
        assert_eq!(record.callee.number.as_deref(), Some("103"));
        assert_eq!(record.disposition, Some(Disposition::Answered));
        assert!(record.because.contains("taken over by 103"), "{}", record.because);
        assert_eq!(world.media.tapped, 1);
    }
}

#[test]
fn the_longest_ringing_call_of_ones_departments_is_taken_first() {
    for loss in [0, 20] {
        let mut world = office(2, loss);
        let departments = vec![people::department("200", 1, &[BORIS, CLARA])];
        world.input(Input::Plan(Arc::new(plan(PickupRight::Anyone, departments))));
        let line = world.add_phone(LINE);
        world.register(line);
        world.run_for(s(40));
        // David is in no department of Clara's, so that his call is none of hers.
        world.dial(ANNA_AT, DAVID.number);
        assert!(rings(&mut world, DAVID_AT));
        world.dial(line, BORIS.number);
        assert!(rings(&mut world, BORIS_AT));
        world.run_for(s(1));
        world.dial(CLARA_AT, "*8");
        assert!(
            world.wait_for(s(40), |world| world.together(line, CLARA_AT)),
            "{}",
            ladder(&world)
        );
        assert_eq!(world.phones[DAVID_AT].last().state, State::Ringing);
        world.end_calls(CLARA_AT);
        world.act(ANNA_AT, |phone, now| phone.cancel(0, now));
        world.run_for(s(60));
        world.close();
    }
}

#[test]
fn in_a_company_without_departments_everybody_is_one_group_for_whoever_is_in_none() {
    let mut world = office(3, 0);
    world.input(Input::Plan(Arc::new(plan(PickupRight::Anyone, Vec::new()))));
    world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(2));
    world.dial(CLARA_AT, "*8");
    world.run_for(s(2));
    assert!(world.together(ANNA_AT, CLARA_AT), "{}", ladder(&world));
    world.end_calls(ANNA_AT);
    world.close();
}

#[test]
fn where_only_departments_may_pick_up_a_stranger_may_not() {
    let mut world = office(4, 0);
    let departments = vec![
        people::department("200", 1, &[BORIS, CLARA]),
        people::department("201", 2, &[DAVID]),
    ];
    world.input(Input::Plan(Arc::new(plan(PickupRight::Department, departments))));
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(2));
    for (code, status) in [("**102", 403), ("*8", 480)] {
        let tried = world.dial(DAVID_AT, code);
        world.run_for(s(2));
        assert_eq!(world.phones[DAVID_AT].call(tried).status, Some(status), "{code}");
    }
    world.dial(CLARA_AT, "**102");
    world.run_for(s(2));
    assert!(world.together(ANNA_AT, CLARA_AT), "{}", ladder(&world));
    world.hang_up(ANNA_AT, call);
    world.close();
}

#[test]
fn of_two_who_pick_up_at_once_one_wins_and_the_other_is_told_that_nothing_rings() {
    for (seed, loss) in [(5, 0), (6, 5), (7, 20), (8, 20)] {
        let mut world = office(seed, loss);
        world.dial(ANNA_AT, BORIS.number);
        assert!(rings(&mut world, BORIS_AT));
        let clara = world.dial(CLARA_AT, "**102");
        let david = world.dial(DAVID_AT, "*8");
        let david_again = world.dial(DAVID_AT, "**102");
        world.run_for(s(60));
        let tried = [(CLARA_AT, clara), (DAVID_AT, david), (DAVID_AT, david_again)];
        let won = tried.map(|(phone, call)| world.phones[phone].call(call).state == State::Talking);
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?} {}", ladder(&world));
        for ((phone, call), _) in tried.into_iter().zip(won).filter(|(_, won)| !won) {
            assert_eq!(world.phones[phone].call(call).status, Some(480), "{}", ladder(&world));
        }
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn an_answer_that_crosses_a_pickup_is_hung_up_and_the_picker_keeps_the_call() {
    for delay in [900, 960, 970, 980, 990, 1_000, 1_010, 1_020, 1_040] {
        let mut world = office(9, 0);
        world.phones[BORIS_AT].manner = Manner::Answer(s(1));
        world.dial(ANNA_AT, BORIS.number);
        world.run_for(ms(delay));
        world.dial(CLARA_AT, "**102");
        world.run_for(s(5));
        let (boris, clara) = (world.together(ANNA_AT, BORIS_AT), world.together(ANNA_AT, CLARA_AT));
        assert!(boris != clara, "after {delay} ms: {boris} {clara} {}", ladder(&world));
        world.end_calls(ANNA_AT);
        world.close();
    }
}

#[test]
fn nobody_picks_up_their_own_call_nor_one_of_another_company_and_a_caller_may_leave_first() {
    let mut world = office(10, 0);
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(2));
    let own = world.dial(ANNA_AT, "**102");
    world.run_for(s(2));
    assert_eq!(world.phones[ANNA_AT].call(own).status, Some(480));
    world.act(ANNA_AT, |phone, now| phone.cancel(call, now));
    let late = world.dial(CLARA_AT, "**102");
    world.run_for(s(2));
    assert_eq!(
        world.phones[CLARA_AT].call(late).status,
        Some(480),
        "{}",
        ladder(&world)
    );
    world.close();
}

#[test]
fn a_party_that_was_transferred_and_rings_elsewhere_is_picked_up() {
    let mut world = office(11, 0);
    world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    world.act(BORIS_AT, |phone, now| phone.refer(0, DAVID.number, now));
    world.run_for(s(3));
    world.dial(CLARA_AT, "**104");
    world.run_for(s(3));
    assert!(world.together(ANNA_AT, CLARA_AT), "{}", ladder(&world));
    world.end_calls(ANNA_AT);
    world.close();
    let record = world.records_of_calls()[0];
    assert_eq!(record.callee.number.as_deref(), Some("103"));
}
