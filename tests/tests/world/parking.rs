//! Parking: a party waits at a place until somebody dials its number, or goes back to whoever parked it.

use std::sync::Arc;

use frontdesk::engine::input::{Input, OperatorCommand};
use frontdesk_media::sound::{self, Language};
use frontdesk_routing::features::Places;
use frontdesk_routing::ids::AccountId;
use frontdesk_routing::plan::{DialPlan, FeatureSection, PlanFeatures};
use frontdesk_tests::world::net::{FAIR, rough};
use frontdesk_tests::world::people::{self, ACCOUNT, BORIS, DAVID, LINE};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{World, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;

fn ladder(world: &World) -> String {
    world.transcript.ladder().join("\n")
}

fn weather(loss: u32) -> frontdesk_tests::world::net::Weather {
    if loss == 0 { FAIR } else { rough(loss) }
}

/// Anna calls Boris, who parks her by a blind transfer to `number`.
fn parked(seed: u8, loss: u32, number: &str) -> World {
    let mut world = World::office(seed, weather(loss));
    world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    world.act(BORIS_AT, |phone, now| phone.refer(0, number, now));
    let gone = world.wait_for(s(60), |world| world.phones[BORIS_AT].call(0).state == State::Over);
    assert!(gone, "{}", ladder(&world));
    world
}

fn hears_music(world: &World, phone: usize) -> bool {
    let port = world.phones[phone].last().heard.as_ref().map(|heard| heard.port);
    let leg = port.and_then(|port| world.media.leg_at(port));
    let leg = leg.and_then(|leg| world.media.legs.get(&leg));
    leg.is_some_and(|leg| leg.joined.is_none() && matches!(leg.playing, Some((_, true))))
}

#[test]
fn a_parked_party_hears_music_and_is_taken_at_the_place_that_the_parker_was_told() {
    for loss in [0, 5, 20] {
        let mut world = parked(1, loss, "*68");
        assert_eq!(world.phones[BORIS_AT].call(0).told.last(), Some(&200));
        let told = world.sent_to(BORIS_AT, "NOTIFY");
        assert!(
            told.iter()
                .any(|notify| notify.ends_with("SIP/2.0 200 Parked at 701\r\n")),
            "{told:#?}"
        );
        assert!(world.sounds.has(&sound::spoken("701", Language::Russian)));
        world.run_for(s(20));
        assert!(hears_music(&world, ANNA_AT), "{}", ladder(&world));
        world.dial(CLARA_AT, "701");
        assert!(
            world.wait_for(s(40), |world| world.together(ANNA_AT, CLARA_AT)),
            "{loss} %: {}",
            ladder(&world)
        );
        world.run_for(s(2));
        assert_eq!(world.media.tapped, 1, "one recording of all");
        assert_eq!(world.media.taps.len(), 1);
        world.end_calls(CLARA_AT);
        world.run_for(s(40));
        world.close();
        let record = world.record();
        assert!(record.because.contains("parked at 701 by 102"), "{}", record.because);
        assert_eq!(record.callee.number.as_deref(), Some("103"));
    }
}

#[test]
fn a_caller_from_outside_is_parked_at_the_place_that_was_named_and_the_next_one_elsewhere() {
    let mut world = World::office(2, FAIR);
    let line = world.add_phone(LINE);
    world.register(line);
    world.run_for(s(2));
    world.talk(line, BORIS_AT, BORIS.number);
    world.act(BORIS_AT, |phone, now| phone.refer(0, "701", now));
    world.run_for(s(3));
    let told = |world: &World| world.sent_to(BORIS_AT, "NOTIFY").last().cloned().unwrap_or_default();
    assert!(told(&world).ends_with("200 Parked at 701\r\n"), "{}", ladder(&world));
    world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    world.act(BORIS_AT, |phone, now| phone.refer(1, "701", now));
    world.run_for(s(3));
    assert_eq!(world.phones[BORIS_AT].call(1).told, [486]);
    assert!(
        world.together(ANNA_AT, BORIS_AT),
        "whoever could not be parked still talks"
    );
    world.act(BORIS_AT, |phone, now| phone.refer(1, "*68", now));
    world.run_for(s(3));
    assert!(told(&world).ends_with("200 Parked at 702\r\n"), "{}", ladder(&world));
    world.dial(CLARA_AT, "702");
    world.run_for(s(3));
    assert!(world.together(ANNA_AT, CLARA_AT));
    world.end_calls(CLARA_AT);
    world.end_calls(line);
    world.close();
}

#[test]
fn a_lamp_shows_whether_the_place_is_taken_and_by_whom() {
    for loss in [0, 5, 20] {
        let mut world = World::office(3, weather(loss));
        let david = world.add_phone(DAVID);
        world.register(david);
        world.run_for(s(40));
        let [first, second] =
            ["701", "702"].map(|place| world.act(david, |phone, now| phone.watch("dialog", place, 100, now)));
        world.run_for(s(40));
        assert_eq!(world.phones[david].watching[first].answers, [200]);
        world.talk(ANNA_AT, BORIS_AT, BORIS.number);
        world.act(BORIS_AT, |phone, now| phone.refer(0, "*68", now));
        let lit = |world: &World| world.phones[david].watching[first].lamp() == ["confirmed"];
        assert!(world.wait_for(s(60), lit), "{loss} %: {}", ladder(&world));
        let body = world.phones[david].watching[first].last().to_owned();
        assert!(
            body.contains("sip:701@pbx.example") && body.contains("Anna Tester"),
            "{body}"
        );
        assert!(world.phones[david].watching[second].lamp().is_empty());
        world.dial(CLARA_AT, "701");
        let dark = |world: &World| {
            let lamp = world.phones[david].watching[first].lamp();
            world.together(ANNA_AT, CLARA_AT) && lamp.iter().all(|state| *state == "terminated")
        };
        assert!(world.wait_for(s(60), dark), "{loss} %: {}", ladder(&world));
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn only_lamps_are_watched_at_a_place_and_only_where_there_is_one() {
    let mut world = World::office(4, FAIR);
    for (package, place, status) in [("presence", "701", 404), ("dialog", "721", 404), ("dialog", "720", 200)] {
        let watch = world.act(ANNA_AT, |phone, now| phone.watch(package, place, 100, now));
        world.run_for(s(2));
        assert_eq!(
            world.phones[ANNA_AT].watching[watch].answers,
            [status],
            "{package} {place}"
        );
    }
    world.close();
}

/// Its lamps too are at the account's own places.
#[test]
fn an_account_parks_at_places_of_its_own() {
    let mut world = World::office(40, FAIR);
    let features = PlanFeatures {
        places: Places::read("50-51").unwrap(),
        ..PlanFeatures::default()
    };
    world.input(Input::Plan(Arc::new(DialPlan {
        features: Arc::new(FeatureSection::new([(AccountId::from_u128(ACCOUNT), features)], [])),
        ..people::plan()
    })));
    for (place, status) in [("701", 404), ("52", 404), ("50", 200)] {
        let watch = world.act(CLARA_AT, |phone, now| phone.watch("dialog", place, 100, now));
        world.run_for(s(2));
        assert_eq!(world.phones[CLARA_AT].watching[watch].answers, [status], "{place}");
    }
    world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    world.act(BORIS_AT, |phone, now| phone.refer(0, "*68", now));
    let lit = |world: &World| world.phones[CLARA_AT].watching[2].lamp() == ["confirmed"];
    assert!(world.wait_for(s(30), lit), "{}", ladder(&world));
    world.dial(CLARA_AT, "50");
    assert!(
        world.wait_for(s(30), |world| world.together(ANNA_AT, CLARA_AT)),
        "{}",
        ladder(&world)
    );
    world.end_calls(ANNA_AT);
    world.run_for(s(40));
    world.close();
}

#[test]
fn whoever_parked_a_party_that_nobody_took_is_called_back_and_then_it_is_let_go() {
    for loss in [0, 20] {
        for answers in [true, false] {
            let mut world = parked(5, loss, "*68");
            world.phones[BORIS_AT].manner = if answers { Manner::Answer(s(1)) } else { Manner::Ring };
            let before = world.phones[BORIS_AT].calls.len();
            world.run_for(s(100));
            assert_eq!(world.phones[BORIS_AT].calls.len(), before, "too early");
            let back = world.wait_for(s(90), |world| match answers {
                true => world.together(ANNA_AT, BORIS_AT),
                false => world.phones[BORIS_AT].calls.len() > before,
            });
            assert!(back, "{}", ladder(&world));
            assert_eq!(world.phones[BORIS_AT].last().shown.0, "Anna Tester");
            if answers {
                // The place is free again.
                let call = world.dial(CLARA_AT, "701");
                world.run_for(s(40));
                assert_eq!(world.phones[CLARA_AT].call(call).status, Some(404));
                world.end_calls(BORIS_AT);
            } else {
                let over = world.wait_for(s(100), |world| world.phones[ANNA_AT].call(0).state == State::Over);
                assert!(over, "{}", ladder(&world));
            }
            world.run_for(s(60));
            world.close();
            let because = &world
                .records_of_calls()
                .iter()
                .find(|row| row.called == "102")
                .unwrap()
                .because;
            assert!(because.contains("so it went back"), "{because}");
        }
    }
}

#[test]
fn a_party_is_still_taken_while_its_parker_is_called_back() {
    let mut world = parked(6, 0, "*68");
    world.phones[BORIS_AT].manner = Manner::Ring;
    world.run_for(s(125));
    assert_eq!(world.phones[BORIS_AT].last().state, State::Ringing);
    world.dial(CLARA_AT, "701");
    world.run_for(s(3));
    assert!(world.together(ANNA_AT, CLARA_AT), "{}", ladder(&world));
    assert_eq!(world.phones[BORIS_AT].last().state, State::Over);
    world.end_calls(ANNA_AT);
    world.close();
}

#[test]
fn a_parked_caller_who_hangs_up_frees_the_place() {
    let mut world = parked(7, 5, "*68");
    assert_eq!(world.engine.counts().parked, 1);
    world.end_calls(ANNA_AT);
    world.run_for(s(40));
    assert_eq!(world.engine.counts().parked, 0);
    world.close();
}

#[test]
fn of_two_who_come_for_a_parked_party_one_gets_it() {
    for (seed, loss) in [(8, 0), (9, 20)] {
        let mut world = parked(seed, loss, "705");
        let calls = [CLARA_AT, BORIS_AT].map(|phone| (phone, world.dial(phone, "705")));
        world.run_for(s(60));
        let won = calls.map(|(phone, call)| world.phones[phone].call(call).state == State::Talking);
        assert!(won[0] != won[1], "{won:?} {}", ladder(&world));
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn a_parker_who_does_not_hang_up_hears_the_place_and_is_let_go() {
    let mut world = World::office(10, FAIR);
    world.phones[BORIS_AT].lets_go = false;
    world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    world.act(BORIS_AT, |phone, now| phone.refer(0, "*68", now));
    world.run_for(s(1));
    assert_eq!(
        world.phones[BORIS_AT].call(0).state,
        State::Talking,
        "the place is being spoken"
    );
    world.run_for(s(5));
    assert_eq!(world.phones[BORIS_AT].call(0).state, State::Over);
    assert!(hears_music(&world, ANNA_AT));
    world.end_calls(ANNA_AT);
    world.close();
}

#[test]
fn an_attended_transfer_to_the_code_parks_at_the_place_that_it_has_spoken() {
    for loss in [0, 5, 20] {
        let mut world = World::office(11, weather(loss));
        world.talk(ANNA_AT, BORIS_AT, BORIS.number);
        world.act(BORIS_AT, |phone, now| phone.reinvite(0, "sendonly", now));
        world.run_for(s(20));
        let code = world.dial(BORIS_AT, "*68");
        assert!(world.wait_for(s(40), |world| world.phones[BORIS_AT].call(code).state == State::Talking));
        world.run_for(s(2));
        assert!(world.sounds.has(&sound::spoken("701", Language::Russian)));
        world.act(BORIS_AT, |phone, now| phone.refer_to_call(0, code, now));
        let parked = world.wait_for(s(60), |world| world.engine.counts().parked == 1);
        assert!(parked, "{loss} %: {}", ladder(&world));
        let gone = |world: &World| {
            world.phones[BORIS_AT]
                .calls
                .iter()
                .all(|call| call.state == State::Over)
        };
        assert!(world.wait_for(s(60), gone), "{}", ladder(&world));
        assert!(hears_music(&world, ANNA_AT));
        world.dial(CLARA_AT, "701");
        assert!(world.wait_for(s(40), |world| world.together(ANNA_AT, CLARA_AT)));
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn twenty_places_and_no_more() {
    let mut world = World::office(12, FAIR);
    for _ in 0..20 {
        world.talk(ANNA_AT, BORIS_AT, BORIS.number);
        let call = world.phones[BORIS_AT].calls.len() - 1;
        world.act(BORIS_AT, |phone, now| phone.refer(call, "*68", now));
        world.run_for(s(2));
    }
    assert_eq!(world.engine.counts().parked, 20);
    world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    world.act(BORIS_AT, |phone, now| phone.refer(20, "*68", now));
    world.run_for(s(2));
    assert_eq!(world.phones[BORIS_AT].last().told, [486]);
    let call = world.dial(CLARA_AT, "*68");
    world.run_for(s(2));
    assert_eq!(world.phones[CLARA_AT].call(call).status, Some(486));
    world.end_calls(ANNA_AT);
    world.run_for(s(2));
    assert_eq!(world.engine.counts().parked, 0);
    world.close();
}

#[test]
fn other_codes_are_no_target_of_a_transfer() {
    let mut world = World::office(13, FAIR);
    world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    for (code, status) in [("*43", 403), ("*78", 403), ("**103", 403)] {
        world.act(BORIS_AT, |phone, now| phone.refer(0, code, now));
        world.run_for(s(2));
        assert_eq!(world.phones[BORIS_AT].call(0).told.last(), Some(&status), "{code}");
        assert!(world.together(ANNA_AT, BORIS_AT));
    }
    world.end_calls(ANNA_AT);
    world.close();
}

#[test]
fn whoever_waits_hears_the_accounts_own_music_from_the_next_time_on() {
    let mut world = World::office(14, FAIR);
    let own = std::sync::Arc::new(sound::tone(425, 3_000));
    let playing = |world: &World| world.sounds.repeated.last().cloned();
    world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    world.act(BORIS_AT, |phone, now| phone.reinvite(0, "sendonly", now));
    world.run_for(s(2));
    assert_eq!(playing(&world), Some(sound::music()));
    for music in [Some(own.clone()), None] {
        let account = AccountId::from_u128(ACCOUNT);
        let command = OperatorCommand::Music {
            account,
            sound: music.clone(),
        };
        world.input(Input::Operator(command));
        world.act(BORIS_AT, |phone, now| phone.reinvite(0, "sendrecv", now));
        world.run_for(s(2));
        world.act(BORIS_AT, |phone, now| phone.reinvite(0, "sendonly", now));
        world.run_for(s(2));
        assert_eq!(playing(&world), Some(music.unwrap_or_else(sound::music)));
    }
    world.end_calls(ANNA_AT);
    world.close();
}
