//! What a caller hears before anybody has answered, when whoever it heard comes to nothing.

use frontdesk_media::io::command::Codec;
use frontdesk_tests::world::media::ModelLeg;
use frontdesk_tests::world::net::{Weather, weathers};
use frontdesk_tests::world::people::{BORIS, CLARA};
use frontdesk_tests::world::phone::Manner;
use frontdesk_tests::world::sdp::{ALAW, ULAW};
use frontdesk_tests::world::trunks::{self, FIRST, OUTSIDE, SECOND, trunk};
use frontdesk_tests::world::{World, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;

/// The leg of a phone's last call.
fn leg(world: &World, phone: usize) -> Option<&ModelLeg> {
    let port = world.phones[phone].calls.last()?.heard.as_ref()?.port;
    world.media.legs.get(&world.media.leg_at(port)?)
}

/// Whether Anna hears the last call of this phone.
fn hears(world: &World, phone: usize) -> bool {
    let heard = leg(world, ANNA_AT).and_then(|leg| world.media.legs.get(&leg.joined?));
    heard.is_some_and(|heard| Some(heard.port) == leg(world, phone).map(|leg| leg.port))
}

fn hears_nobody(world: &World) -> bool {
    leg(world, ANNA_AT).is_none_or(|leg| leg.joined.is_none())
}

/// Anna is played something again and again.
fn rings(world: &World) -> bool {
    leg(world, ANNA_AT).is_some_and(|leg| leg.playing.is_some_and(|(_, repeat)| repeat))
}

fn progress(world: &World) -> &[u16] {
    &world.phones[ANNA_AT].last().progress
}

#[track_caller]
fn until(world: &mut World, done: impl FnMut(&World) -> bool) {
    let came = world.wait_for(s(60), done);
    assert!(came, "{}", world.ladder());
}

/// On a fair net a caller is told this before the answer, and no more.
#[track_caller]
fn assert_progress(world: &World, weather: Weather, told: &[u16]) {
    assert!(!weather.is_fair() || progress(world) == told, "{}", world.ladder());
}

/// A provider whose first server is heard before it fails, after a quarter of a minute.
fn failing(seed: u8, weather: Weather) -> World {
    let mut world = trunks::world(seed, weather, vec![trunk(1, &["provider.example"], false)]);
    world.phones[FIRST].early = true;
    world.phones[FIRST].manner = Manner::Refuse(503, s(15));
    world.phones[FIRST].codecs = vec![ALAW];
    world.phones[SECOND].codecs = vec![ULAW];
    world
}

#[test]
fn after_a_server_that_was_heard_and_failed_the_next_one_is_heard() {
    for weather in weathers() {
        let mut world = failing(31, weather);
        world.phones[SECOND].early = true;
        world.phones[SECOND].manner = Manner::Answer(s(30));
        world.dial(ANNA_AT, OUTSIDE);
        until(&mut world, |world| hears(world, FIRST));
        let described = world.phones[ANNA_AT].last().heard.clone();
        until(&mut world, |world| {
            hears(world, SECOND) && progress(world).contains(&183)
        });
        assert_eq!(world.phones[ANNA_AT].last().heard, described, "one answer to one offer");
        world.meet(ANNA_AT, SECOND);
        assert_eq!(world.phones[ANNA_AT].last().heard, described, "one answer to one offer");
        let pair = world.media.pair(described.unwrap().port).expect("a pair");
        // What Anna was told at first stays, so that this is for us to translate.
        let codecs = (pair.0.format.codec, pair.1.format.codec);
        assert_eq!(codecs, (Codec::Pcma, Codec::Pcmu));
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn where_the_next_server_only_rings_the_caller_hears_that_and_no_more_of_the_first() {
    for weather in weathers() {
        let mut world = failing(32, weather);
        world.phones[SECOND].manner = Manner::Answer(s(30));
        world.dial(ANNA_AT, OUTSIDE);
        until(&mut world, |world| hears(world, FIRST) && !rings(world));
        until(&mut world, |world| hears_nobody(world) && rings(world));
        world.run_for(s(1));
        assert_progress(&world, weather, &[183, 180]);
        until(&mut world, |world| world.together(ANNA_AT, SECOND) && !rings(world));
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn while_the_next_server_says_nothing_nothing_is_heard() {
    for weather in weathers() {
        let mut world = failing(33, weather);
        world.phones[SECOND].manner = Manner::Mute;
        let call = world.dial(ANNA_AT, OUTSIDE);
        until(&mut world, |world| hears(world, FIRST));
        until(&mut world, |world| !world.phones[SECOND].calls.is_empty());
        assert!(hears_nobody(&world) && !rings(&world), "{}", world.ladder());
        world.act(ANNA_AT, |phone, now| phone.cancel(call, now));
        world.run_for(s(40));
        world.close();
    }
}

fn sends_on(world: &mut World, phone: usize, after: u64, number: &str) {
    world.phones[phone].manner = Manner::Refuse(302, s(after));
    world.phones[phone].sends_on_to = Some(number.to_owned());
}

#[test]
fn a_phone_that_has_sent_the_call_on_does_not_count_among_those_that_ring() {
    for weather in weathers() {
        let mut world = World::office(34, weather);
        sends_on(&mut world, BORIS_AT, 0, CLARA.number);
        world.phones[CLARA_AT].early = true;
        world.phones[CLARA_AT].manner = Manner::Answer(s(30));
        world.dial(ANNA_AT, BORIS.number);
        until(&mut world, |world| hears(world, CLARA_AT));
        world.run_for(s(1));
        assert_progress(&world, weather, &[183]);
        world.meet(ANNA_AT, CLARA_AT);
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn a_phone_that_was_heard_and_sends_the_call_on_is_heard_no_more() {
    for weather in weathers() {
        for early in [false, true] {
            let mut world = World::office(35, weather);
            sends_on(&mut world, BORIS_AT, 15, CLARA.number);
            world.phones[BORIS_AT].early = true;
            world.phones[CLARA_AT].early = early;
            world.phones[CLARA_AT].manner = Manner::Answer(s(30));
            world.dial(ANNA_AT, BORIS.number);
            until(&mut world, |world| hears(world, BORIS_AT));
            until(&mut world, |world| match early {
                true => hears(world, CLARA_AT) && !rings(world),
                false => hears_nobody(world) && rings(world),
            });
            world.run_for(s(1));
            assert_progress(&world, weather, &[183, if early { 183 } else { 180 }]);
            until(&mut world, |world| world.together(ANNA_AT, CLARA_AT) && !rings(world));
            world.end_calls(ANNA_AT);
            world.run_for(s(40));
            world.close();
        }
    }
}

#[test]
fn of_several_phones_the_last_one_that_rings_is_heard() {
    for weather in weathers() {
        let mut world = World::office(36, weather);
        let second = world.add_phone(BORIS);
        world.register(second);
        world.run_for(s(40));
        for phone in [BORIS_AT, second] {
            world.phones[phone].early = true;
        }
        world.phones[BORIS_AT].manner = Manner::Refuse(480, s(15));
        world.phones[second].manner = Manner::Answer(s(40));
        world.dial(ANNA_AT, BORIS.number);
        until(&mut world, |world| {
            [BORIS_AT, second]
                .iter()
                .all(|phone| world.sent_by(*phone, "183 INVITE") > 0)
        });
        world.run_for(s(2));
        assert_progress(&world, weather, &[180]);
        assert!(hears_nobody(&world));
        until(&mut world, |world| hears(world, second));
        world.run_for(s(1));
        assert_progress(&world, weather, &[180, 183]);
        world.meet(ANNA_AT, second);
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn a_phone_that_is_given_up_is_not_heard_while_it_does_not_know_yet() {
    for weather in weathers() {
        let mut world = crate::sent_on::office(37, weather.loss, &[(BORIS, crate::sent_on::unanswered(CLARA.number))]);
        world.phones[BORIS_AT].early = true;
        world.phones[BORIS_AT].manner = Manner::Ring;
        world.phones[CLARA_AT].manner = Manner::Ring;
        let call = world.dial(ANNA_AT, BORIS.number);
        until(&mut world, |world| hears(world, BORIS_AT));
        world.lose = Some(Box::new(|line| line.phone == "boris" && line.title() == "CANCEL"));
        until(&mut world, rings);
        assert!(leg(&world, BORIS_AT).is_some(), "it is still there");
        assert!(hears_nobody(&world));
        world.lose = None;
        world.act(ANNA_AT, |phone, now| phone.cancel(call, now));
        world.run_for(s(40));
        world.close();
    }
}
