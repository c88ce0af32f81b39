//! Keys of whoever has no telephone-event, as old gateways send them: heard in the audio where we ask for them.

use frontdesk::engine::input::Input;
use frontdesk::engine::output::Disposition;
use frontdesk_media::io::command::MediaNotice;
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::{World, ms, s};

use crate::menus::{ANNA_AT, BORIS_AT, CLARA_AT, is_asked, office, press};

/// Clara, whose phone knows no telephone-event, is asked by the menu.
fn asked(seed: u8, weather: Weather) -> World {
    let mut world = office(seed, weather);
    world.phones[CLARA_AT].events = false;
    world.dial(CLARA_AT, "300");
    assert!(world.wait_for(s(30), is_asked), "{}", world.ladder());
    let leg = world.media.legs.values().find(|leg| leg.listens).unwrap();
    assert_eq!(leg.media.unwrap().format.telephone_event, None);
    world
}

fn tell_by_info(world: &mut World, key: char) {
    world.act(CLARA_AT, |phone, now| phone.press(0, key, now));
    world.run_for(ms(200));
}

fn reaches_boris(mut world: World) {
    assert!(
        world.wait_for(s(10), |world| world.together(CLARA_AT, BORIS_AT)),
        "{}",
        world.ladder()
    );
    world.hang_up(CLARA_AT, 0);
    world.close();
    assert!(world.record().because.contains("the short number 102 was dialled"));
}

#[test]
fn tones_lead_through_a_menu_whatever_is_lost_on_the_way() {
    for (seed, weather) in [(1, FAIR), (2, rough(20))] {
        let mut world = asked(seed, weather);
        press(&mut world, "2");
        let served = world.wait_for(s(60), |world| {
            [ANNA_AT, BORIS_AT].iter().any(|phone| world.together(CLARA_AT, *phone))
        });
        assert!(served, "{}", world.ladder());
        let leg = world
            .media
            .leg_at(world.phones[CLARA_AT].last().heard.as_ref().unwrap().port)
            .unwrap();
        assert!(!world.media.legs[&leg].listens, "nobody asks any more");
        world.run_for(s(2));
        world.hang_up(CLARA_AT, 0);
        world.close();
        let record = world.record();
        assert_eq!(record.disposition, Some(Disposition::Answered));
        assert!(record.because.contains("the key 2 was pressed"), "{}", record.because);
    }
}

#[test]
fn a_key_that_comes_by_its_tones_and_by_info_counts_once() {
    // the tones come first, as they do when INFO tells of a key that was released
    let mut world = asked(3, FAIR);
    for key in "102".chars() {
        press(&mut world, &key.to_string());
        tell_by_info(&mut world, key);
    }
    reaches_boris(world);
    // INFO comes first
    let mut world = asked(4, FAIR);
    for key in "102".chars() {
        tell_by_info(&mut world, key);
        press(&mut world, &key.to_string());
    }
    reaches_boris(world);
}

#[test]
fn a_key_pressed_twice_counts_twice_by_either_way() {
    for by_info in [false, true] {
        let mut world = asked(5, FAIR);
        for key in "11".chars() {
            if by_info {
                tell_by_info(&mut world, key);
            } else {
                press(&mut world, &key.to_string());
            }
        }
        world.run_for(s(30));
        assert!(
            !world.together(CLARA_AT, ANNA_AT),
            "11 is nobody's number: {}",
            world.ladder()
        );
        world.hang_up(CLARA_AT, 0);
        world.close();
    }
}

#[test]
fn tones_of_a_leg_that_is_gone_are_nobodys() {
    let mut world = asked(6, FAIR);
    let leg = world
        .media
        .leg_at(world.phones[CLARA_AT].last().heard.as_ref().unwrap().port)
        .unwrap();
    world.hang_up(CLARA_AT, 0);
    world.run_for(s(1));
    world.input(Input::Media(MediaNotice::Digit { leg, digit: '1' }));
    world.run_for(s(1));
    world.close();
}
