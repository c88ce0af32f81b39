//! Bodies of several parts (RFC 5621): the description among them is read, and what has to be understood besides is refused.

use frontdesk_tests::world::World;
use frontdesk_tests::world::net::{FAIR, rough};
use frontdesk_tests::world::people::BORIS;
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::s;

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;

const OPTIONAL: Option<&str> = Some(
    "Content-Type: application/ISUP;version=itu-t92+\r\nContent-Disposition: signal;handling=optional\r\n\r\n\u{1}\u{0}",
);
const REQUIRED: Option<&str> = Some(
    "Content-Type: application/ISUP;version=itu-t92+\r\nContent-Disposition: signal;handling=required\r\n\r\n\u{1}\u{0}",
);

#[test]
fn calls_go_on_as_usual_where_descriptions_stand_among_other_parts() {
    for weather in [FAIR, rough(20)] {
        let mut world = World::office(41, weather);
        for phone in [ANNA_AT, BORIS_AT] {
            world.phones[phone].beside = OPTIONAL;
        }
        world.phones[BORIS_AT].early = true;
        world.talk(ANNA_AT, BORIS_AT, BORIS.number);
        assert!(world.together(ANNA_AT, BORIS_AT), "{}", world.ladder());
        for (phone, direction, held) in [(BORIS_AT, "sendonly", true), (BORIS_AT, "sendrecv", false)] {
            world.act(phone, |phone, now| phone.reinvite(0, direction, now));
            world.run_for(s(40));
            assert_eq!(
                world.phones[phone].call(0).results.last(),
                Some(&200),
                "{}",
                world.ladder()
            );
            let told = world.phones[ANNA_AT]
                .call(0)
                .heard
                .as_ref()
                .map(|heard| heard.direction.clone());
            assert_eq!(told.as_deref(), Some(if held { "sendonly" } else { "sendrecv" }));
        }
        world.act(ANNA_AT, |phone, now| phone.update(0, "sendonly", now));
        world.run_for(s(40));
        assert_eq!(
            world.phones[ANNA_AT].call(0).results.last(),
            Some(&200),
            "{}",
            world.ladder()
        );
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn a_late_offer_is_answered_among_other_parts() {
    let mut world = World::office(42, FAIR);
    world.phones[ANNA_AT].beside = OPTIONAL;
    world.act(ANNA_AT, |phone, now| phone.dial(BORIS.number, false, now));
    world.run_for(s(5));
    assert!(world.together(ANNA_AT, BORIS_AT), "{}", world.ladder());
    world.end_calls(ANNA_AT);
    world.close();
}

#[test]
fn a_part_that_has_to_be_understood_and_is_not_is_refused_and_a_call_in_progress_goes_on() {
    let mut world = World::office(43, FAIR);
    world.phones[ANNA_AT].beside = REQUIRED;
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(5));
    assert_eq!(world.phones[ANNA_AT].call(call).status, Some(415), "{}", world.ladder());
    let refusal = &world.sent_to(ANNA_AT, "415 INVITE")[0];
    let accept = "Accept: application/sdp, multipart/mixed, multipart/alternative\r\n";
    assert!(refusal.contains(accept), "{refusal}");
    world.phones[ANNA_AT].beside = None;
    let call = world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    world.phones[ANNA_AT].beside = REQUIRED;
    world.act(ANNA_AT, |phone, now| phone.reinvite(call, "sendonly", now));
    world.run_for(s(5));
    assert_eq!(world.phones[ANNA_AT].call(call).results, [415], "{}", world.ladder());
    assert!(world.together(ANNA_AT, BORIS_AT));
    world.end_calls(ANNA_AT);
    world.close();
}

#[test]
fn a_phone_that_answers_with_what_has_to_be_understood_and_is_not_is_hung_up() {
    let mut world = World::office(44, FAIR);
    world.phones[BORIS_AT].beside = REQUIRED;
    world.phones[BORIS_AT].manner = Manner::Answer(s(1));
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(5));
    assert_eq!(world.phones[ANNA_AT].call(call).status, Some(488), "{}", world.ladder());
    assert_eq!(world.phones[BORIS_AT].last().state, State::Over);
    world.close();
}
