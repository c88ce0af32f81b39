//! Offers and answers: codecs, hold and resume, late offers, keys pressed, and what happens when they meet.

use frontdesk::engine::output::{BoardChange, Disposition, EndedBySide};
use frontdesk_media::io::command::{Codec, Direction};
use frontdesk_sip::event::EndedBy;
use frontdesk_tests::world::net::{FAIR, Weather, rough, weathers};
use frontdesk_tests::world::people::BORIS;
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::sdp::{ALAW, G722, OPUS, ULAW};
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;

/// Anna and Boris talk; both have one call, at place 0.
fn talking(seed: u8, weather: Weather) -> World {
    let mut world = World::office(seed, weather);
    talk(&mut world);
    world
}

fn talk(world: &mut World) {
    world.phones[BORIS_AT].manner = Manner::Answer(ms(500));
    world.dial(ANNA_AT, BORIS.number);
    let both = world.wait_for(s(40), |world| {
        let states = [ANNA_AT, BORIS_AT].map(|phone| world.phones[phone].calls.first().map(|call| call.state));
        states == [Some(State::Talking); 2]
    });
    assert!(both, "{:#?}", world.transcript.ladder());
    world.run_for(s(1));
}

/// What was agreed with Anna and with Boris, seen from us.
fn directions(world: &World) -> (Direction, Direction) {
    let port = world.phones[ANNA_AT].call(0).heard.as_ref().unwrap().port;
    let (anna, boris) = world.media.pair(port).expect("a pair");
    (anna.direction, boris.direction)
}

fn codecs(world: &World) -> (Codec, Codec) {
    let port = world.phones[ANNA_AT].call(0).heard.as_ref().unwrap().port;
    let (anna, boris) = world.media.pair(port).expect("a pair");
    (anna.format.codec, boris.format.codec)
}

fn held(world: &World) -> Vec<bool> {
    let changes = world.board.iter().filter_map(|change| match change {
        BoardChange::CallHeld { held, .. } => Some(*held),
        BoardChange::Sip { .. }
        | BoardChange::CallCreated(_)
        | BoardChange::CallCard { .. }
        | BoardChange::CallRinging { .. }
        | BoardChange::CallQueued { .. }
        | BoardChange::CallAnswered { .. }
        | BoardChange::CallTransferred { .. }
        | BoardChange::CallEnded { .. }
        | BoardChange::Block(_)
        | BoardChange::Trunk { .. } => None,
    });
    changes.collect()
}

fn heard(world: &World, phone: usize) -> &str {
    &world.phones[phone].call(0).heard.as_ref().unwrap().direction
}

#[test]
fn either_side_may_hold_and_resume_by_either_method() {
    let check = |holder: usize, by_update: bool, weather| {
        let mut world = talking(1, weather);
        let other = 1 - holder;
        let offer = |world: &mut World, direction| {
            world.act(holder, |phone, now| match by_update {
                true => phone.update(0, direction, now),
                false => phone.reinvite(0, direction, now),
            });
            world.run_for(s(40));
        };
        offer(&mut world, "sendonly");
        assert_eq!(heard(&world, other), "sendonly", "{:#?}", world.transcript.ladder());
        let expected = match holder {
            ANNA_AT => (Direction::RecvOnly, Direction::SendOnly),
            _ => (Direction::SendOnly, Direction::RecvOnly),
        };
        assert_eq!(directions(&world), expected);
        offer(&mut world, "sendrecv");
        assert_eq!(heard(&world, other), "sendrecv");
        assert_eq!(directions(&world), (Direction::SendRecv, Direction::SendRecv));
        assert_eq!(held(&world), [true, false]);
        assert_eq!(world.phones[holder].call(0).results, [200, 200]);
        assert_eq!(world.phones[other].call(0).offers, 2);
        world.hang_up(other, 0);
        world.run_for(s(40));
        world.close();
        assert_eq!(world.record().disposition, Some(Disposition::Answered));
    };
    for holder in [ANNA_AT, BORIS_AT] {
        check(holder, false, FAIR);
        check(holder, true, FAIR);
        check(holder, false, rough(20));
    }
}

#[test]
fn a_hold_by_both_ends_when_both_resume_in_any_order() {
    for first in [ANNA_AT, BORIS_AT] {
        let mut world = talking(2, FAIR);
        for phone in [ANNA_AT, BORIS_AT] {
            world.act(phone, |phone, now| phone.reinvite(0, "sendonly", now));
            world.run_for(s(5));
        }
        for phone in [first, 1 - first] {
            world.act(phone, |phone, now| phone.reinvite(0, "sendrecv", now));
            world.run_for(s(5));
        }
        assert_eq!(
            directions(&world),
            (Direction::SendRecv, Direction::SendRecv),
            "{:#?}",
            world.transcript.ladder()
        );
        assert_eq!(held(&world), [true, false]);
        world.hang_up(ANNA_AT, 0);
        world.close();
    }
}

/// The old way of RFC 2543: an address of zeros.
#[test]
fn a_hold_by_an_address_of_zeros_is_a_hold() {
    let mut world = talking(3, FAIR);
    let home = world.phones[BORIS_AT].home;
    world.phones[BORIS_AT].home = "0.0.0.0:5060".parse().unwrap();
    world.act(BORIS_AT, |phone, now| phone.reinvite(0, "sendrecv", now));
    world.run_for(s(5));
    assert_eq!(heard(&world, ANNA_AT), "sendonly");
    world.phones[BORIS_AT].home = home;
    world.act(BORIS_AT, |phone, now| phone.reinvite(0, "sendrecv", now));
    world.run_for(s(5));
    assert_eq!(heard(&world, ANNA_AT), "sendrecv");
    assert_eq!(directions(&world), (Direction::SendRecv, Direction::SendRecv));
    assert_eq!(held(&world), [true, false]);
    world.hang_up(ANNA_AT, 0);
    world.close();
}

/// RFC 3261 section 14: both sides hold at the same moment, and each meets our re-INVITE for the other.
#[test]
fn crossed_reinvites_come_to_rest() {
    for weather in weathers() {
        // Lost requests come again for as long as half a minute, and each of them may meet another one.
        let rest = if weather.is_fair() { s(20) } else { s(60) };
        for apart in (0..60).step_by(4) {
            let mut world = talking(
                4,
                Weather {
                    way: (5, 25),
                    ..weather
                },
            );
            world.act(ANNA_AT, |phone, now| phone.reinvite(0, "sendonly", now));
            world.run_for(ms(apart));
            world.act(BORIS_AT, |phone, now| phone.reinvite(0, "sendonly", now));
            world.run_for(rest);
            assert_eq!(
                directions(&world),
                (Direction::Inactive, Direction::Inactive),
                "{apart}: {:#?}",
                world.transcript.ladder()
            );
            world.act(BORIS_AT, |phone, now| phone.reinvite(0, "sendrecv", now));
            world.run_for(ms(apart));
            world.act(ANNA_AT, |phone, now| phone.reinvite(0, "sendrecv", now));
            world.run_for(rest);
            assert_eq!(
                directions(&world),
                (Direction::SendRecv, Direction::SendRecv),
                "{apart}: {:#?}",
                world.transcript.ladder()
            );
            world.hang_up(ANNA_AT, 0);
            world.run_for(s(40));
            world.close();
        }
    }
}

#[test]
fn both_legs_speak_one_codec_when_they_can_and_their_own_when_not() {
    let check = |anna: &[u8], boris: &[u8], expected| {
        let mut world = World::office(5, FAIR);
        world.phones[ANNA_AT].codecs = anna.to_vec();
        world.phones[BORIS_AT].codecs = boris.to_vec();
        world.dial(ANNA_AT, BORIS.number);
        world.run_for(s(5));
        assert_eq!(codecs(&world), expected, "{anna:?} {boris:?}");
        world.hang_up(BORIS_AT, 0);
        world.close();
    };
    check(&[ALAW, ULAW], &[ALAW, ULAW], (Codec::Pcma, Codec::Pcma));
    check(&[ULAW, ALAW], &[ULAW, ALAW], (Codec::Pcmu, Codec::Pcmu));
    check(&[ALAW, ULAW], &[ULAW], (Codec::Pcmu, Codec::Pcmu));
    check(&[ULAW], &[ALAW], (Codec::Pcmu, Codec::Pcma));
    check(&[G722, ALAW], &[G722, ALAW], (Codec::G722, Codec::G722));
    // The callee's answer lists what it likes best first (RFC 3264 section 6.1).
    check(&[G722, ALAW], &[ALAW, G722], (Codec::Pcma, Codec::Pcma));
    check(&[G722, ALAW], &[ALAW], (Codec::Pcma, Codec::Pcma));
    check(&[ALAW], &[G722, ALAW], (Codec::Pcma, Codec::Pcma));
    check(&[G722], &[ULAW], (Codec::G722, Codec::Pcmu));
    check(&[OPUS, ALAW], &[OPUS, ALAW], (Codec::Opus, Codec::Opus));
    check(&[OPUS], &[ALAW], (Codec::Opus, Codec::Pcma));
    check(&[ALAW], &[OPUS, ALAW], (Codec::Pcma, Codec::Pcma));
    check(&[OPUS], &[G722, ALAW], (Codec::Opus, Codec::Pcma));
}

#[test]
fn a_codec_may_change_in_the_middle_of_a_call() {
    let mut world = talking(6, FAIR);
    assert_eq!(codecs(&world), (Codec::Pcma, Codec::Pcma));
    world.phones[BORIS_AT].codecs = vec![ULAW];
    world.act(BORIS_AT, |phone, now| phone.reinvite(0, "sendrecv", now));
    world.run_for(s(5));
    assert_eq!(codecs(&world).1, Codec::Pcmu);
    assert_eq!(held(&world), [false; 0]);
    world.hang_up(ANNA_AT, 0);
    world.close();
}

#[test]
fn a_caller_without_an_offer_gets_ours_and_answers_in_the_ack() {
    for weather in [FAIR, rough(20)] {
        let mut world = World::office(7, weather);
        let call = world.act(ANNA_AT, |phone, now| phone.dial(BORIS.number, false, now));
        world.run_for(s(40));
        assert_eq!(world.phones[ANNA_AT].call(call).state, State::Talking);
        assert_eq!(directions(&world), (Direction::SendRecv, Direction::SendRecv));
        assert_eq!(world.media.tapped, 1);
        world.hang_up(ANNA_AT, call);
        world.run_for(s(40));
        world.close();
        assert_eq!(world.record().disposition, Some(Disposition::Answered));
    }
}

#[test]
fn an_ack_without_the_answer_that_it_owes_ends_the_call() {
    let mut world = World::office(8, FAIR);
    world.phones[ANNA_AT].forgets_answer = true;
    world.lose = Some(Box::new(|line| line.phone == "anna" && line.title() == "BYE"));
    world.act(ANNA_AT, |phone, now| phone.dial(BORIS.number, false, now));
    world.run_for(s(5));
    assert_eq!(world.phones[BORIS_AT].call(0).state, State::Over);
    world.close();
}

#[test]
fn an_offer_that_a_phone_refuses_leaves_the_call_as_it_was() {
    let mut world = talking(9, FAIR);
    world.phones[BORIS_AT].offer_status = 488;
    world.act(ANNA_AT, |phone, now| phone.reinvite(0, "sendonly", now));
    world.run_for(s(5));
    assert_eq!(world.phones[ANNA_AT].call(0).results, [200]);
    assert_eq!(directions(&world).0, Direction::RecvOnly);
    world.act(ANNA_AT, |phone, now| phone.reinvite(0, "sendrecv", now));
    world.run_for(s(5));
    assert_eq!(directions(&world), (Direction::SendRecv, Direction::SendRecv));
    world.hang_up(ANNA_AT, 0);
    world.close();
}

#[test]
fn a_key_pressed_by_info_reaches_the_other_party_and_its_answer_comes_back() {
    let mut world = World::office(10, FAIR);
    world.phones.iter_mut().for_each(|phone| phone.events = false);
    talk(&mut world);
    world.act(ANNA_AT, |phone, now| phone.info(0, now));
    world.run_for(s(2));
    assert_eq!(world.phones[BORIS_AT].call(0).others, ["INFO"]);
    assert_eq!(world.phones[ANNA_AT].call(0).results, [200]);
    world.act(BORIS_AT, |phone, now| phone.info(0, now));
    world.run_for(s(2));
    assert_eq!(world.phones[ANNA_AT].call(0).others, ["INFO"]);
    world.hang_up(ANNA_AT, 0);
    world.close();
}

/// RFC 3261 section 13.3.1.4.
#[test]
fn an_ack_that_never_comes_ends_the_call_on_both_sides() {
    let mut world = World::office(11, FAIR);
    world.lose = Some(Box::new(|line| line.phone == "anna" && line.title() == "ACK"));
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(60));
    assert_eq!(world.phones[ANNA_AT].call(call).state, State::Over);
    assert_eq!(world.phones[BORIS_AT].call(0).state, State::Over);
    world.close();
    let record = world.record();
    assert_eq!(
        (record.disposition, record.ended_by),
        (Some(Disposition::Answered), Some(EndedBySide::System))
    );
}

#[test]
fn a_phone_that_vanishes_is_hung_up_when_it_has_been_silent() {
    let mut world = talking(12, FAIR);
    world.phones[BORIS_AT].gone = true;
    world.fall_silent(BORIS_AT, 0);
    world.run_for(s(60));
    let anna = world.phones[ANNA_AT].call(0);
    assert_eq!((anna.state, anna.ended_by), (State::Over, Some(EndedBy::Bye)));
    world.close();
    assert_eq!(world.record().ended_by, Some(EndedBySide::System));
}

#[test]
fn a_held_party_may_be_silent_for_as_long_as_it_likes() {
    let mut world = talking(13, FAIR);
    world.act(ANNA_AT, |phone, now| phone.reinvite(0, "sendonly", now));
    world.run_for(s(5));
    world.fall_silent(BORIS_AT, 0);
    world.fall_silent(ANNA_AT, 0);
    world.run_for(s(60));
    assert_eq!(world.phones[ANNA_AT].call(0).state, State::Talking);
    world.hang_up(ANNA_AT, 0);
    world.close();
}

#[test]
fn the_one_who_is_hung_up_learns_why() {
    let mut world = talking(14, FAIR);
    world.hang_up(ANNA_AT, 0);
    world.run_for(s(2));
    let boris = world.phones[BORIS_AT].call(0);
    assert!(
        boris
            .reason
            .as_deref()
            .is_some_and(|reason| reason.contains("cause=16")),
        "{:?}",
        boris.reason
    );
    world.close();
}

#[test]
fn an_offer_without_a_codec_of_ours_is_refused_before_anybody_rings() {
    let mut world = World::office(15, FAIR);
    world.phones[ANNA_AT].codecs = vec![18];
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(5));
    assert_eq!(world.phones[ANNA_AT].call(call).status, Some(488));
    assert!(world.phones[BORIS_AT].calls.is_empty());
    world.close();
    assert_eq!(world.record().disposition, Some(Disposition::Failed));
}
