//! Messages heard by phone: `*97`, one after the other, with keys.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk::engine::output::{Disposition, InboxWish};
use frontdesk_media::io::command::MediaNotice;
use frontdesk_media::sound::{self, Language, Sound};
use frontdesk_routing::ids::{RecordingId, StaffId};
use frontdesk_tests::world::inbox::{Message, Service};
use frontdesk_tests::world::net::{FAIR, rough};
use frontdesk_tests::world::people::ANNA;
use frontdesk_tests::world::phone::State;
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const LANGUAGE: Language = Language::Russian;

fn id(n: u128) -> RecordingId {
    RecordingId::from_u128(n)
}

/// What was said in the nth message, of three seconds.
fn said(n: u128) -> Sound {
    sound::tone(300 + 50 * u32::try_from(n).unwrap(), 3_000)
}

fn office(seed: u8, messages: u128) -> World {
    let mut world = World::office(seed, FAIR);
    world.inbox.messages = (1..=messages)
        .map(|n| Message {
            id: id(n),
            sound: Some(Arc::new(said(n))),
            heard: false,
        })
        .collect();
    world
}

fn press(world: &mut World, digit: char) {
    let port = world.phones[ANNA_AT].last().heard.as_ref().unwrap().port;
    let leg = world.media.leg_at(port).unwrap();
    world.input(Input::Media(MediaNotice::Digit { leg, digit }));
    world.run_for(ms(500));
}

/// How often each message was begun, in order.
fn begun(world: &World) -> Vec<u128> {
    let asked = world.sounds.once.iter().filter_map(|sound| {
        (1..=3).find(|n| {
            let said = said(*n).samples;
            sound.samples.ends_with(&said)
        })
    });
    asked.collect()
}

fn heard(world: &World) -> Vec<bool> {
    world.inbox.messages.iter().map(|message| message.heard).collect()
}

fn until_over(world: &mut World, call: usize) {
    let over = world.wait_for(s(60), |world| world.phones[ANNA_AT].call(call).state == State::Over);
    assert!(over, "{}", world.ladder());
}

/// The nth message is being played.
fn until_begun(world: &mut World, n: usize) {
    assert!(
        world.wait_for(s(30), |world| begun(world).len() >= n),
        "{}",
        world.ladder()
    );
    world.run_for(ms(800));
}

#[test]
fn messages_are_heard_one_after_the_other_whatever_is_lost_on_the_way() {
    for (seed, loss) in [(1, 0), (2, 5), (3, 20)] {
        let mut world = office(seed, 3);
        world.set_weather(rough(loss));
        let call = world.dial(ANNA_AT, "*97");
        until_over(&mut world, call);
        world.run_for(s(40));
        world.close();
        assert_eq!(begun(&world), [1, 2, 3]);
        assert_eq!(heard(&world), [true; 3]);
        assert!(world.sounds.has(&sound::tone(800, 200)), "a tone before each");
        assert!(world.sounds.has(&sound::messages_over(LANGUAGE)));
        assert!(!world.sounds.has(&sound::no_messages(LANGUAGE)));
        let anna = StaffId::from_u128(ANNA.id);
        assert!(world.inbox.wishes.iter().all(|(staff, _)| *staff == anna));
        let record = world.record();
        assert_eq!(record.disposition, Some(Disposition::Answered));
        assert_eq!(record.because, "a feature code: hear messages");
        let russian = frontdesk_routing::russian::told(&record.because);
        assert_eq!(russian, "код функции: прослушать сообщения");
    }
}

#[test]
fn whoever_has_no_messages_is_told_so() {
    let mut world = office(4, 0);
    let call = world.dial(ANNA_AT, "*97");
    until_over(&mut world, call);
    world.close();
    assert!(world.sounds.has(&sound::no_messages(LANGUAGE)));
    assert!(!world.sounds.has(&sound::messages_over(LANGUAGE)));
}

#[test]
fn keys_go_on_say_it_again_and_delete() {
    let mut world = office(5, 3);
    let call = world.dial(ANNA_AT, "*97");
    until_begun(&mut world, 1);
    press(&mut world, '*');
    press(&mut world, '5');
    assert_eq!(begun(&world), [1, 1], "another key is none");
    press(&mut world, '#');
    assert_eq!(begun(&world), [1, 1, 2]);
    assert_eq!(heard(&world), [true, false, false], "one that was skipped is heard");
    press(&mut world, '7');
    assert!(world.sounds.has(&sound::confirmation()));
    assert_eq!(begun(&world), [1, 1, 2, 3]);
    assert!(
        world
            .inbox
            .wishes
            .iter()
            .any(|(_, wish)| *wish == InboxWish::Delete(id(2)))
    );
    // A softphone that presses keys by INFO.
    world.act(ANNA_AT, |phone, now| phone.press(call, '7', now));
    until_over(&mut world, call);
    world.close();
    let left: Vec<RecordingId> = world.inbox.messages.iter().map(|message| message.id).collect();
    assert_eq!(left, [id(1)]);
    assert!(world.sounds.has(&sound::messages_over(LANGUAGE)));
}

#[test]
fn whoever_hangs_up_within_a_message_has_not_heard_it() {
    let mut world = office(6, 2);
    let call = world.dial(ANNA_AT, "*97");
    until_begun(&mut world, 2);
    world.hang_up(ANNA_AT, call);
    world.close();
    assert_eq!(heard(&world), [true, false]);
}

#[test]
fn a_message_whose_sound_is_lost_is_skipped_and_the_record_says_so() {
    let mut world = office(7, 3);
    world.inbox.messages[1].sound = None;
    let call = world.dial(ANNA_AT, "*97");
    until_over(&mut world, call);
    world.close();
    assert_eq!(begun(&world), [1, 3]);
    assert_eq!(heard(&world), [true, false, true]);
    assert!(world.record().because.ends_with("the sound of a message is lost"));
}

#[test]
fn while_the_database_is_away_the_call_ends_with_a_sound_and_a_reason() {
    for (seed, service, after) in [
        (8, Service::Away, 0),
        (9, Service::Never, 0),
        (10, Service::Away, 1),
        (11, Service::Never, 1),
    ] {
        let mut world = office(seed, 3);
        if after == 0 {
            world.inbox.service = service;
        }
        let call = world.dial(ANNA_AT, "*97");
        if after > 0 {
            until_begun(&mut world, after);
            world.inbox.service = service;
            press(&mut world, '7');
        }
        until_over(&mut world, call);
        world.close();
        assert_eq!(begun(&world).len(), after);
        assert!(world.sounds.has(&sound::revocation()));
        let because = world.record().because.clone();
        assert!(because.ends_with("messages cannot be read at present"), "{because}");
        let russian = because.split("; ").last().map(frontdesk_routing::russian::told);
        assert_eq!(russian.as_deref(), Some("сообщения сейчас нельзя прочитать"));
        assert_eq!(heard(&world), [false; 3]);
    }
}
