//! Attended transfers to ourselves: whoever transfers is in a menu, or in a mailbox, when the party comes there.

use frontdesk::engine::output::Disposition;
use frontdesk_routing::ids::RecordingId;
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::phone::State;
use frontdesk_tests::world::{World, s};

use crate::into_us::{MAILBOX, dropped, is_free, leaves_message, messages, talking};
use crate::menus::{ANNA_AT, BORIS_AT, CLARA_AT, is_asked, press};

/// Anna has Clara on hold and calls the target herself first.
fn consulting(seed: u8, weather: Weather, target: &str) -> World {
    let mut world = talking(seed, weather, true);
    world.act(ANNA_AT, |phone, now| phone.reinvite(0, "sendonly", now));
    world.run_for(s(30));
    let call = world.dial(ANNA_AT, target);
    let talks = |world: &World| world.phones[ANNA_AT].call(call).state == State::Talking;
    assert!(world.wait_for(s(30), talks), "{}", world.ladder());
    world.run_for(s(1));
    world
}

#[test]
fn an_attended_transfer_to_a_menu_lets_the_party_be_asked_from_the_beginning() {
    for loss in [0, 5, 20] {
        let mut world = consulting(90, rough(loss), "300");
        world.act(ANNA_AT, |phone, now| phone.refer_to_call(0, 1, now));
        let asked = world.wait_for(s(60), |world| is_asked(world) && is_free(world, ANNA_AT));
        assert!(asked, "{}", world.ladder());
        assert_eq!(world.phones[ANNA_AT].call(0).told.last(), Some(&200));
        world.run_for(s(5));
        press(&mut world, "102");
        assert!(
            world.wait_for(s(60), |world| world.together(CLARA_AT, BORIS_AT)),
            "{}",
            world.ladder()
        );
        world.end_calls(CLARA_AT);
        world.run_for(s(40));
        world.close();
        let [consultation, whole] = world.records_of_calls()[..] else {
            panic!("{:#?}", world.records_of_calls());
        };
        assert_eq!(consultation.disposition, Some(Disposition::Abandoned));
        let on = format!("went on in call {}", whole.id);
        assert!(consultation.because.contains(&on), "{}", consultation.because);
        let why = "transferred by 101 to 300; then the menu Main answers";
        assert!(whole.because.contains(why), "{}", whole.because);
        assert_eq!((whole.legs.len(), world.media.tapped), (3, 1));
    }
}

/// What the transferor has spoken after the tone is no message.
#[test]
fn an_attended_transfer_to_a_mailbox_lets_the_party_leave_the_message() {
    for (loss, spoken) in [(0, false), (0, true), (5, true), (20, true)] {
        let mut world = consulting(100, rough(loss), MAILBOX);
        if spoken {
            assert!(
                world.wait_for(s(30), |world| leaves_message(world, ANNA_AT)),
                "{}",
                world.ladder()
            );
            world.run_for(s(3));
        }
        let before = messages(&world);
        assert_eq!(before.len(), usize::from(spoken));
        world.act(ANNA_AT, |phone, now| phone.refer_to_call(0, 1, now));
        assert!(
            world.wait_for(s(60), |world| leaves_message(world, CLARA_AT)),
            "{}",
            world.ladder()
        );
        world.run_for(s(4));
        assert!(is_free(&world, ANNA_AT), "{}", world.ladder());
        world.end_calls(CLARA_AT);
        world.run_for(s(40));
        world.close();
        let of_anna: Vec<RecordingId> = before.iter().map(|(recording, _)| *recording).collect();
        assert_eq!(dropped(&world), of_anna);
        assert_eq!(messages(&world).len(), before.len() + 1);
    }
}

#[test]
fn what_is_no_menu_and_no_mailbox_is_not_transferred_to() {
    for code in ["*97", "*43"] {
        let mut world = consulting(110, FAIR, code);
        world.act(ANNA_AT, |phone, now| phone.refer_to_call(0, 1, now));
        world.run_for(s(3));
        assert_eq!(world.phones[ANNA_AT].call(0).told, [603], "{}", world.ladder());
        world.end_calls(ANNA_AT);
        world.close();
    }
}
