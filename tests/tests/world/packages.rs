//! What watchers are told of people, mailboxes and registrations.

use frontdesk::engine::Messages;
use frontdesk::engine::input::Input;
use frontdesk_routing::ids::StaffId;
use frontdesk_tests::world::net::weathers;
use frontdesk_tests::world::people::{ANNA, BORIS};
use frontdesk_tests::world::phone::Manner;
use frontdesk_tests::world::{World, s};

use crate::events::{seen, watch};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;

/// Goes on until the last document that this subscription of a phone brought is so.
#[track_caller]
fn until_told(world: &mut World, (phone, watching): (usize, usize), so: impl Fn(&str) -> bool) {
    let told = world.wait_for(s(60), |world| so(seen(world, phone, watching).last()));
    assert!(told, "{}", seen(world, phone, watching).last());
}

/// What a subscription was told, without what a refresh has brought once more.
fn news(world: &World, (phone, watching): (usize, usize)) -> Vec<String> {
    let mut told = seen(world, phone, watching).told.clone();
    told.dedup();
    told
}

/// The mailbox of Boris holds so many messages, and whoever is to know has time to hear of it.
fn put(world: &mut World, new: u32, old: u32) {
    let staff = StaffId::from_u128(BORIS.id);
    let messages = Messages { new, old };
    world.input(Input::Mailbox { staff, messages });
    world.run_for(s(40));
}

#[test]
fn presence_tells_who_is_there_and_who_talks() {
    for weather in weathers() {
        let mut world = World::office(12, weather);
        let watching = watch(&mut world, CLARA_AT, "presence", BORIS.number);
        let told = (CLARA_AT, watching);
        until_told(&mut world, told, |body| {
            body.contains("<basic>open</basic>") && !body.contains("on-the-phone")
        });
        world.phones[BORIS_AT].manner = Manner::Answer(s(10));
        world.dial(ANNA_AT, BORIS.number);
        assert!(world.wait_for(s(60), |world| !world.phones[BORIS_AT].calls.is_empty()));
        world.run_for(s(8));
        let body = seen(&world, CLARA_AT, watching).last();
        assert!(!body.contains("on-the-phone"), "a phone that rings is not talked on");
        until_told(&mut world, told, |body| {
            body.contains("<rpid:on-the-phone/>") && body.contains("On the phone")
        });
        world.hang_up(ANNA_AT, 0);
        until_told(&mut world, told, |body| !body.contains("on-the-phone"));
        world.act(BORIS_AT, |phone, now| phone.register(0, now));
        until_told(&mut world, told, |body| body.contains("<basic>closed</basic>"));
        world.run_for(s(40));
        assert_eq!(news(&world, told).len(), 4, "no word without news");
        world.close();
    }
}

#[test]
fn a_mailbox_is_its_owners_and_its_lamp_follows() {
    for weather in weathers() {
        let mut world = World::office(13, weather);
        let (own, by_user) = (
            watch(&mut world, BORIS_AT, "message-summary", BORIS.number),
            watch(&mut world, BORIS_AT, "message-summary", BORIS.user),
        );
        let other = watch(&mut world, CLARA_AT, "message-summary", BORIS.number);
        world.run_for(s(40));
        let expected = "Messages-Waiting: no\r\nMessage-Account: sip:102@pbx.example\r\nVoice-Message: 0/0 (0/0)\r\n";
        assert_eq!(seen(&world, BORIS_AT, own).last(), expected);
        assert!(seen(&world, BORIS_AT, by_user).is_active());
        assert_eq!(seen(&world, CLARA_AT, other).answers, [403]);
        put(&mut world, 2, 1);
        put(&mut world, 2, 1);
        let told = news(&world, (BORIS_AT, own));
        assert_eq!(told.len(), 2);
        assert!(told[1].starts_with("Messages-Waiting: yes\r\n") && told[1].contains("Voice-Message: 2/1 (0/0)"));
        put(&mut world, 0, 0);
        assert_eq!(seen(&world, BORIS_AT, own).last(), expected);
        world.close();
    }
}

#[test]
fn a_phone_that_never_asks_is_told_of_its_mailbox_too() {
    for weather in weathers() {
        let mut world = World::office(15, weather);
        put(&mut world, 2, 1);
        put(&mut world, 2, 1);
        let told =
            "Messages-Waiting: yes\r\nMessage-Account: sip:boris_u@203.0.113.1:5060\r\nVoice-Message: 2/1 (0/0)\r\n";
        assert_eq!(world.phones[BORIS_AT].unasked, [told]);
        let second = world.add_phone(BORIS);
        world.register(second);
        world.run_for(s(40));
        put(&mut world, 0, 3);
        let unasked = |world: &World, phone: usize| world.phones[phone].unasked.len();
        assert_eq!(
            (unasked(&world, BORIS_AT), unasked(&world, second)),
            (2, 1),
            "each change, to each phone"
        );
        assert!(world.phones[second].unasked[0].starts_with("Messages-Waiting: no"));
        watch(&mut world, BORIS_AT, "message-summary", BORIS.number);
        world.run_for(s(40));
        put(&mut world, 1, 3);
        assert_eq!(unasked(&world, second), 1, "who subscribes is told by that");
        assert_eq!(unasked(&world, CLARA_AT), 0);
        world.close();
    }
}

#[test]
fn whoever_comes_online_is_told_of_waiting_messages_at_once() {
    for weather in weathers() {
        let mut world = World::office(16, weather);
        let staff = StaffId::from_u128(BORIS.id);
        world.act(BORIS_AT, |phone, now| phone.register(0, now));
        world.run_for(s(40));
        let messages = Messages { new: 1, old: 0 };
        world.input(Input::Mailbox { staff, messages });
        world.run_for(s(1));
        assert!(world.phones[BORIS_AT].unasked.is_empty());
        world.register(BORIS_AT);
        let told = |world: &World| !world.phones[BORIS_AT].unasked.is_empty();
        assert!(world.wait_for(s(40), told));
        world.close();
    }
}

#[test]
fn registrations_of_an_address_are_told_to_its_owner() {
    for weather in weathers() {
        let mut world = World::office(14, weather);
        let own = watch(&mut world, ANNA_AT, "reg", ANNA.number);
        let other = watch(&mut world, CLARA_AT, "reg", ANNA.number);
        assert!(world.wait_for(s(60), |world| seen(world, CLARA_AT, other).answers == [403]));
        let own = (ANNA_AT, own);
        until_told(&mut world, own, |body| {
            body.contains("state=\"active\" event=\"registered\"")
                && body.contains("<uri>sip:anna_u@10.0.0.5:5060</uri>")
        });
        let second = world.add_phone(ANNA);
        world.register(second);
        until_told(&mut world, own, |body| body.matches("<contact ").count() == 2);
        world.act(second, |phone, now| phone.register(0, now));
        until_told(&mut world, own, |body| {
            body.contains("state=\"terminated\" event=\"unregistered\"")
        });
        world.register(ANNA_AT);
        until_told(&mut world, own, |body| {
            body.contains("event=\"refreshed\"") && !body.contains("terminated")
        });
        world.act(ANNA_AT, |phone, now| phone.register(0, now));
        until_told(&mut world, own, |body| {
            body.contains("<registration aor=\"sip:101@pbx.example\"") && body.contains("terminated")
        });
        world.close();
    }
}
