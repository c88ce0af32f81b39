//! Calls that a phone sends on (3xx) to a menu, a mailbox or a department.

use frontdesk_tests::world::net::rough;
use frontdesk_tests::world::people::BORIS;
use frontdesk_tests::world::phone::Manner;
use frontdesk_tests::world::{World, s};

use crate::into_us::{MAILBOX, leaves_message, office};
use crate::menus::{ANNA_AT, BORIS_AT, CLARA_AT, is_asked, press};

/// Clara calls Boris, whose phone sends her on.
fn sent_on(seed: u8, loss: u32, number: &str) -> World {
    let mut world = office(seed, rough(loss));
    world.phones[BORIS_AT].manner = Manner::Refuse(302, s(0));
    world.phones[BORIS_AT].sends_on_to = Some(number.to_owned());
    world.dial(CLARA_AT, BORIS.number);
    world
}

fn ends(mut world: World) -> String {
    world.end_calls(CLARA_AT);
    world.run_for(s(40));
    world.close();
    world.record().because.clone()
}

#[test]
fn a_menu_asks_whom_a_phone_has_sent_there() {
    for loss in [0, 5, 20] {
        let mut world = sent_on(130, loss, "300");
        assert!(world.wait_for(s(60), is_asked), "{}", world.ladder());
        world.run_for(s(5));
        world.phones[ANNA_AT].manner = Manner::Answer(s(1));
        press(&mut world, "101");
        let together = world.wait_for(s(60), |world| world.together(CLARA_AT, ANNA_AT));
        assert!(together, "{}", world.ladder());
        let because = ends(world);
        assert!(
            because.contains("forwarded by 102 to 300; then the menu Main answers"),
            "{because}"
        );
    }
}

#[test]
fn a_mailbox_takes_the_message_of_whom_a_phone_has_sent_there() {
    for loss in [0, 5, 20] {
        let mut world = sent_on(131, loss, MAILBOX);
        let leaves = world.wait_for(s(60), |world| leaves_message(world, CLARA_AT));
        assert!(leaves, "{}", world.ladder());
        world.run_for(s(4));
        let because = ends(world);
        assert!(because.contains("forwarded by 102 to *96102"), "{because}");
    }
}

#[test]
fn a_department_takes_whom_a_phone_has_sent_there() {
    for loss in [0, 5, 20] {
        let mut world = sent_on(132, loss, "200");
        world.phones[ANNA_AT].manner = Manner::Answer(s(1));
        let together = world.wait_for(s(60), |world| world.together(CLARA_AT, ANNA_AT));
        assert!(together, "{}", world.ladder());
        let because = ends(world);
        assert!(because.contains("forwarded by 102 to 200"), "{because}");
    }
}
