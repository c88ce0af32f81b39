//! Calls that a phone sends on (3xx), and what is heard before an answer.

use frontdesk::engine::output::Disposition;
use frontdesk_tests::world::net::{rough, weathers};
use frontdesk_tests::world::people::{ANNA, BORIS, CLARA};
use frontdesk_tests::world::phone::Manner;
use frontdesk_tests::world::{World, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;

fn ladder(world: &World) -> String {
    world.transcript.ladder().join("\n")
}

fn sends_on(world: &mut World, phone: usize, number: &str) {
    world.phones[phone].manner = Manner::Refuse(302, s(0));
    world.phones[phone].sends_on_to = Some(number.to_owned());
}

#[test]
fn a_phone_that_sends_a_call_on_is_followed() {
    for loss in [0, 5, 20] {
        let mut world = World::office(1, rough(loss));
        sends_on(&mut world, BORIS_AT, CLARA.number);
        world.dial(ANNA_AT, BORIS.number);
        world.run_for(s(40));
        assert!(world.together(ANNA_AT, CLARA_AT), "{}", ladder(&world));
        let invite = &world.sent_to(CLARA_AT, "INVITE")[0];
        assert!(invite.contains("Diversion: \"Boris Tester\" <sip:102@"), "{invite}");
        assert!(invite.contains(";reason=deflection;counter=1\r\n") && invite.contains("Max-Forwards: 68"));
        assert!(invite.contains(";index=1, <sip:103@203.0.113.1:5060;cause=480>;index=1.1;mp=1\r\n"));
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.close();
        let record = world.record();
        assert!(record.because.contains("forwarded by 102 to 103"), "{}", record.because);
        assert_eq!(record.callee.number.as_deref(), Some("103"));
    }
}

#[test]
fn phones_that_send_a_call_round_in_circles_end_it() {
    for weather in weathers() {
        let mut world = World::office(2, weather);
        sends_on(&mut world, BORIS_AT, CLARA.number);
        sends_on(&mut world, CLARA_AT, BORIS.number);
        let call = world.dial(ANNA_AT, BORIS.number);
        assert_eq!(world.status_of(ANNA_AT, call), 480, "{}", ladder(&world));
        world.close();
        assert_eq!(world.record().disposition, Some(Disposition::NoAnswer));
    }
}

#[test]
fn a_call_that_is_sent_on_to_nowhere_or_back_is_not_answered() {
    for weather in weathers() {
        for number in ["999", "nobody", ANNA.number] {
            let mut world = World::office(3, weather);
            sends_on(&mut world, BORIS_AT, number);
            let call = world.dial(ANNA_AT, BORIS.number);
            assert_eq!(world.status_of(ANNA_AT, call), 480, "{number}");
            world.close();
        }
    }
}

#[test]
fn the_target_of_a_transfer_may_send_the_party_on() {
    for weather in weathers() {
        let mut world = World::office(4, weather);
        world.talk(ANNA_AT, CLARA_AT, CLARA.number);
        let second = world.add_phone(ANNA);
        world.register(second);
        world.run_for(s(40));
        sends_on(&mut world, BORIS_AT, ANNA.number);
        world.phones[ANNA_AT].manner = Manner::Ring;
        world.phones[second].manner = Manner::Answer(s(1));
        world.act(ANNA_AT, |phone, now| phone.refer(0, BORIS.number, now));
        world.meet(second, CLARA_AT);
        world.end_calls(CLARA_AT);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn what_a_single_phone_says_before_it_answers_is_heard_but_not_recorded() {
    for loss in [0, 20] {
        let mut world = World::office(5, rough(loss));
        world.phones[BORIS_AT].early = true;
        world.phones[BORIS_AT].manner = Manner::Answer(s(40));
        let call = world.dial(ANNA_AT, BORIS.number);
        let heard = world.wait_for(s(30), |world| world.phones[ANNA_AT].call(call).progress.contains(&183));
        assert!(heard, "{}", ladder(&world));
        let early = world.sent_to(ANNA_AT, "183 INVITE");
        let body = |message: &str| message.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned();
        assert!(body(&early[0]).contains("m=audio"), "{early:#?}");
        let joined = world.media.legs.values().filter(|leg| leg.joined.is_some()).count();
        assert_eq!((joined, world.media.tapped), (2, 0));
        world.run_for(s(60));
        assert!(world.together(ANNA_AT, BORIS_AT), "{}", ladder(&world));
        let answer = body(&world.sent_to(ANNA_AT, "200 INVITE")[0]);
        assert!(
            answer.is_empty() || answer == body(&early[0]),
            "one answer to one offer: {answer}"
        );
        assert_eq!(world.media.tapped, 1);
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn where_several_phones_ring_none_is_heard_before_it_answers() {
    for weather in weathers() {
        let mut world = World::office(6, weather);
        for phone in [BORIS_AT, CLARA_AT] {
            world.phones[phone].early = true;
            world.phones[phone].manner = Manner::Answer(s(15));
        }
        let call = world.dial(ANNA_AT, "200");
        let both = |world: &World| {
            let described = |phone: usize| world.sent_by(phone, "183 INVITE") > 0;
            world.phones[ANNA_AT].call(call).progress == [180] && described(BORIS_AT) && described(CLARA_AT)
        };
        assert!(world.wait_for(s(14), both), "{}", ladder(&world));
        world.run_for(s(1));
        assert_eq!(world.phones[ANNA_AT].call(call).progress, [180]);
        assert!(world.media.legs.values().all(|leg| leg.joined.is_none()));
        let answered = world.wait_for(s(60), |world| {
            world.together(ANNA_AT, BORIS_AT) || world.together(ANNA_AT, CLARA_AT)
        });
        assert!(answered, "{}", ladder(&world));
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn a_phone_that_was_heard_early_may_still_refuse_or_be_given_up() {
    for weather in weathers() {
        for gives_up in [false, true] {
            let mut world = World::office(7, weather);
            world.phones[BORIS_AT].early = true;
            world.phones[BORIS_AT].manner = Manner::Refuse(486, s(30));
            let call = world.dial(ANNA_AT, BORIS.number);
            let heard = world.wait_for(s(25), |world| world.phones[ANNA_AT].call(call).progress.contains(&183));
            assert!(heard, "{}", ladder(&world));
            if gives_up {
                world.act(ANNA_AT, |phone, now| phone.cancel(call, now));
            }
            let status = if gives_up { 487 } else { 486 };
            assert_eq!(world.status_of(ANNA_AT, call), status);
            world.close();
        }
    }
}
