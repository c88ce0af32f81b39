//! How callers leave menus otherwise: silence, wrong keys, hanging up, what has gone, and menus without end.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk::engine::output::Disposition;
use frontdesk_routing::ids::StaffId;
use frontdesk_routing::plan::Destination;
use frontdesk_tests::world::net::{FAIR, rough};
use frontdesk_tests::world::people::ANNA;
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{ms, s};

use crate::menus::{ANNA_AT, BORIS_AT, CLARA_AT, is_asked, main_menu, office, plan, press};

#[test]
fn who_presses_nothing_is_asked_again_and_then_goes_where_such_callers_go() {
    let mut world = office(1, FAIR);
    let call = world.dial(CLARA_AT, "300");
    assert!(world.wait_for(s(10), is_asked));
    world.run_for(s(3));
    assert!(!is_asked(&world), "the prompt is over");
    world.run_for(s(5));
    assert!(is_asked(&world), "once more");
    assert!(
        world.wait_for(s(20), |world| world.together(CLARA_AT, BORIS_AT)),
        "{}",
        world.ladder()
    );
    world.hang_up(CLARA_AT, call);
    world.close();
    assert!(
        world
            .record()
            .because
            .contains("in the menu Main: nothing was pressed; then ")
    );
}

#[test]
fn wrong_keys_are_said_to_be_wrong_and_end_the_call_at_last() {
    let mut world = office(2, FAIR);
    world.dial(CLARA_AT, "300");
    assert!(world.wait_for(s(10), is_asked));
    press(&mut world, "8");
    world.run_for(ms(500));
    assert!(is_asked(&world));
    press(&mut world, "8");
    world.run_for(s(1));
    assert_eq!(world.phones[CLARA_AT].last().state, State::Over);
    world.close();
    let record = world.record();
    assert_eq!(record.disposition, Some(Disposition::NoAnswer));
    assert!(
        record.because.ends_with("only keys that lead nowhere were pressed"),
        "{}",
        record.because
    );
}

/// While the prompt is said, while a key is waited for, while somebody rings.
#[test]
fn who_hangs_up_leaves_nobody_behind() {
    for (seed, when) in [(3, 0), (4, 1), (5, 2)] {
        for weather in [FAIR, rough(10)] {
            let mut world = office(seed, weather);
            world.phones[ANNA_AT].manner = Manner::Ring;
            let call = world.dial(CLARA_AT, "300");
            assert!(world.wait_for(s(30), is_asked));
            match when {
                0 => {}
                1 => world.run_for(s(4)),
                _ => {
                    press(&mut world, "1");
                    world.run_for(s(2));
                }
            }
            world.hang_up(CLARA_AT, call);
            world.close();
            assert_eq!(world.record().disposition, Some(Disposition::Abandoned));
            assert_eq!(world.media.tapped, 0);
        }
    }
}

#[test]
fn who_is_chosen_and_does_not_answer_or_is_no_more_ends_the_call() {
    for (seed, key, why) in [
        (6, "1", "the short number is Anna Tester's"),
        (7, "9", "whoever was chosen is no more"),
    ] {
        let mut world = office(seed, FAIR);
        world.phones[ANNA_AT].manner = Manner::Ring;
        world.dial(CLARA_AT, "300");
        assert!(world.wait_for(s(10), is_asked));
        press(&mut world, key);
        world.run_for(s(90));
        assert_eq!(world.phones[CLARA_AT].last().state, State::Over, "{}", world.ladder());
        world.close();
        let record = world.record();
        assert_eq!(record.disposition, Some(Disposition::NoAnswer));
        assert!(record.because.contains(why), "{}", record.because);
        let anna = (key == "1").then(|| StaffId::from_u128(ANNA.id));
        assert_eq!(record.callee.staff, anna, "whoever was rung has missed the call");
    }
}

#[test]
fn a_menu_that_is_deleted_serves_who_is_in_it() {
    let mut world = office(8, FAIR);
    let call = world.dial(CLARA_AT, "300");
    assert!(world.wait_for(s(10), is_asked));
    world.input(Input::Plan(Arc::new(plan(Vec::new()))));
    press(&mut world, "1");
    assert!(world.wait_for(s(10), |world| world.together(CLARA_AT, ANNA_AT)));
    world.hang_up(CLARA_AT, call);
    let again = world.dial(CLARA_AT, "300");
    world.run_for(s(5));
    assert_eq!(world.phones[CLARA_AT].call(again).status, Some(404));
    world.close();
}

#[test]
fn menus_that_lead_to_each_other_end_at_last() {
    let mut world = office(9, FAIR);
    let mut menu = main_menu();
    menu.retries = 0;
    menu.on_timeout = Some(Destination::Menu(menu.id));
    world.input(Input::Plan(Arc::new(plan(vec![menu]))));
    world.dial(CLARA_AT, "300");
    world.run_for(s(300));
    assert_eq!(world.phones[CLARA_AT].last().state, State::Over);
    world.close();
    let record = world.record();
    assert!(
        record.because.ends_with("menus lead to each other without end"),
        "{}",
        record.because
    );
}

/// Who puts us on hold is served on when it comes back.
#[test]
fn a_caller_who_holds_and_comes_back_is_still_in_the_menu() {
    let mut world = office(10, FAIR);
    let call = world.dial(CLARA_AT, "300");
    assert!(world.wait_for(s(10), is_asked));
    world.act(CLARA_AT, |phone, now| phone.reinvite(call, "sendonly", now));
    world.run_for(s(1));
    world.act(CLARA_AT, |phone, now| phone.reinvite(call, "sendrecv", now));
    world.run_for(s(1));
    press(&mut world, "1");
    assert!(
        world.wait_for(s(10), |world| world.together(CLARA_AT, ANNA_AT)),
        "{}",
        world.ladder()
    );
    world.hang_up(CLARA_AT, call);
    world.close();
}
