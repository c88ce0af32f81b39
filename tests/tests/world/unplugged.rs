//! Phones that are gone without a word: their calls go on as if they were offline, and soon they are.

use std::sync::Arc;
use std::time::Duration;

use frontdesk::engine::EngineConfig;
use frontdesk::engine::input::Input;
use frontdesk_routing::forwarding::{Forwarding, Target};
use frontdesk_routing::ids::StaffId;
use frontdesk_routing::number::ShortNumber;
use frontdesk_routing::plan::{DialPlan, FeatureSection, PlanForwarding};
use frontdesk_sip::flow::Transport;
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::{self, ANNA, BORIS, CLARA, Person};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;
/// Another phone of Boris.
const SECOND: usize = 3;

/// Nobody stands before these phones. What Boris has set is this.
fn office(seed: u8, weather: Weather, settings: Forwarding) -> World {
    let config = EngineConfig {
        keep_alive: s(30),
        ..people::engine_config()
    };
    let of_boris = PlanForwarding { settings, mark: 0 };
    let plan = DialPlan {
        features: Arc::new(FeatureSection::new([], [(StaffId::from_u128(BORIS.id), of_boris)])),
        ..people::plan()
    };
    let mut world = World::with_config(seed, FAIR, people::plan(), config);
    world.input(Input::Plan(Arc::new(plan)));
    for (person, home) in [(ANNA, 30), (BORIS, 31), (CLARA, 32)] {
        let phone = world.add_phone_at(person, Transport::Udp, &format!("192.0.2.{home}:5060"));
        world.register(phone);
    }
    world.run_for(s(5));
    world.set_weather(weather);
    world
}

fn second_phone(world: &mut World) {
    let phone = world.add_phone_at(BORIS, Transport::Udp, "192.0.2.33:5060");
    assert_eq!(phone, SECOND);
    world.register(phone);
    world.run_for(s(2));
}

fn to(person: Person) -> Option<Target> {
    ShortNumber::read(person.number).ok().map(Target::Short)
}

fn status(world: &World, call: usize) -> Option<u16> {
    world.phones[ANNA_AT].call(call).status
}

fn finish(world: &mut World) {
    for phone in 0..world.phones.len() {
        world.end_calls(phone);
    }
    world.run_for(s(40));
    world.close();
}

#[test]
fn a_desk_phone_that_is_unplugged_is_offline_within_minutes() {
    let mut world = office(81, FAIR, Forwarding::default());
    world.run_for(s(300));
    let asked = world.sent_to(BORIS_AT, "OPTIONS").len();
    assert!((3..=5).contains(&asked), "once a minute: {asked}");
    assert_eq!(world.edges(BORIS), [true]);
    world.phones[BORIS_AT].gone = true;
    world.run_for(s(240));
    assert_eq!(world.edges(BORIS), [true, false], "{}", world.ladder());
    world.phones[BORIS_AT].gone = false;
    world.run_for(s(90));
    assert_eq!(world.edges(BORIS), [true, false, true], "it answers the next question");
    finish(&mut world);
}

#[test]
fn a_phone_that_knows_no_options_stays_online() {
    let mut world = office(89, FAIR, Forwarding::default());
    world.lose = Some(Box::new(|line| {
        line.phone == "boris" && line.title().ends_with("OPTIONS")
    }));
    world.run_for(s(900));
    assert!(world.sent_to(BORIS_AT, "OPTIONS").len() > 12, "{}", world.ladder());
    assert_eq!(world.edges(BORIS), [true]);
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(4));
    assert_eq!(status(&world, call), Some(200), "{}", world.ladder());
    finish(&mut world);
}

#[test]
fn a_call_of_an_unplugged_phone_goes_where_calls_go_when_it_is_offline() {
    let offline = Forwarding {
        offline: to(CLARA),
        ..Forwarding::default()
    };
    let no_answer = Forwarding {
        no_answer: to(CLARA),
        no_answer_after: 25,
        ..Forwarding::default()
    };
    for settings in [offline, no_answer] {
        let mut world = office(82, FAIR, settings);
        world.phones[BORIS_AT].gone = true;
        world.dial(ANNA_AT, BORIS.number);
        let reached = world.wait_for(s(8), |world| world.together(ANNA_AT, CLARA_AT));
        assert!(reached, "{}", world.ladder());
        finish(&mut world);
        let because = &world.record().because;
        assert!(
            because.contains("no phone that was called gave a sign of life"),
            "{because}"
        );
    }
}

#[test]
fn without_a_forwarding_the_caller_is_told_at_once_and_the_phone_is_offline_soon() {
    let mut world = office(83, FAIR, Forwarding::default());
    world.phones[BORIS_AT].gone = true;
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(ms(3_900));
    assert_eq!(status(&world, call), None);
    world.run_for(s(1));
    assert_eq!(status(&world, call), Some(480), "{}", world.ladder());
    assert_eq!(world.edges(BORIS), [true]);
    world.run_for(s(28));
    assert_eq!(world.edges(BORIS), [true, false], "{}", world.ladder());
    let again = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(1));
    assert_eq!(status(&world, again), Some(480), "it is not even rung");
    world.phones[BORIS_AT].gone = false;
    world.dial(BORIS_AT, CLARA.number);
    world.run_for(s(1));
    assert_eq!(world.edges(BORIS), [true, false, true]);
    world.end_calls(BORIS_AT);
    world.run_for(s(2));
    let back = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(4));
    assert_eq!(status(&world, back), Some(200), "{}", world.ladder());
    finish(&mut world);
}

#[test]
fn an_answer_that_comes_too_late_is_hung_up_and_shows_that_the_phone_is_there() {
    let settings = Forwarding {
        offline: to(CLARA),
        ..Forwarding::default()
    };
    let mut world = office(84, FAIR, settings);
    world.phones[BORIS_AT].manner = Manner::Answer(ms(0));
    let until = world.elapsed() + s(7);
    world.lose = Some(Box::new(move |line| {
        line.phone == "boris" && !line.from_server && line.at < until
    }));
    world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(20));
    assert!(world.together(ANNA_AT, CLARA_AT), "{}", world.ladder());
    assert!(!world.sent_to(BORIS_AT, "ACK").is_empty(), "{}", world.ladder());
    assert_eq!(world.phones[BORIS_AT].last().state, State::Over);
    world.run_for(s(40));
    assert_eq!(world.edges(BORIS), [true]);
    assert!(world.together(ANNA_AT, CLARA_AT));
    finish(&mut world);
}

#[test]
fn a_phone_that_rings_in_a_bad_net_is_not_taken_for_gone() {
    let mut rung = 0;
    for seed in 1..=6 {
        let mut world = office(seed, rough(20), Forwarding::default());
        world.phones[BORIS_AT].manner = Manner::Ring;
        for _ in 0..10 {
            let call = world.dial(ANNA_AT, BORIS.number);
            let rang = |world: &World| world.phones[BORIS_AT].states().contains(&State::Ringing);
            // A caller who does not get through to us in 32 seconds has given up.
            if !world.wait_for(s(40), rang) {
                continue;
            }
            rung += 1;
            world.run_for(s(6));
            assert_eq!(status(&world, call), None, "{seed}\n{}", world.ladder());
            world.act(ANNA_AT, |phone, now| phone.cancel(call, now));
            world.run_for(s(50));
        }
        assert_eq!(world.edges(BORIS), [true], "{seed}");
        finish(&mut world);
    }
    assert!(rung >= 55, "{rung} of 60");
}

#[test]
fn a_phone_that_answers_other_requests_is_waited_for() {
    let mut world = office(85, FAIR, Forwarding::default());
    world.lose = Some(Box::new(|line| line.phone == "boris" && line.title() == "INVITE"));
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(20));
    assert_eq!(status(&world, call), None, "{}", world.ladder());
    world.run_for(s(15));
    assert!(status(&world, call).is_some());
    assert_eq!(world.edges(BORIS), [true]);
    finish(&mut world);
}

#[test]
fn what_rings_rings_on_beside_a_phone_that_is_gone() {
    let mut world = office(86, FAIR, Forwarding::default());
    second_phone(&mut world);
    world.phones[BORIS_AT].gone = true;
    world.phones[SECOND].manner = Manner::Answer(s(20));
    world.dial(ANNA_AT, BORIS.number);
    let reached = world.wait_for(s(25), |world| world.together(ANNA_AT, SECOND));
    assert!(reached, "{}", world.ladder());
    world.run_for(s(20));
    world.dial(CLARA_AT, BORIS.number);
    world.run_for(s(2));
    assert_eq!(world.phones[SECOND].last().state, State::Ringing, "{}", world.ladder());
    assert_eq!(world.edges(BORIS), [true], "the other one is there");
    finish(&mut world);
}

#[test]
fn the_last_phone_that_says_something_decides() {
    let busy = Forwarding {
        busy: to(CLARA),
        ..Forwarding::default()
    };
    for (settings, refusal, told) in [
        (Forwarding::default(), Duration::from_millis(100), Some(486)),
        (Forwarding::default(), s(10), Some(486)),
        (busy, s(1), Some(200)),
    ] {
        let mut world = office(87, FAIR, settings);
        second_phone(&mut world);
        world.phones[BORIS_AT].gone = true;
        world.phones[SECOND].manner = Manner::Refuse(486, refusal);
        let call = world.dial(ANNA_AT, BORIS.number);
        world.run_for(s(12));
        assert_eq!(status(&world, call), told, "{refusal:?}\n{}", world.ladder());
        finish(&mut world);
    }
}

#[test]
fn a_line_goes_on_to_the_next_agent_when_a_phone_is_gone() {
    let mut world = office(88, FAIR, Forwarding::default());
    for phone in [ANNA_AT, CLARA_AT] {
        world.act(phone, |phone, now| phone.register(0, now));
    }
    world.run_for(s(2));
    let david = world.add_phone_at(people::DAVID, Transport::Udp, "192.0.2.34:5060");
    world.register(david);
    world.run_for(s(2));
    world.phones[BORIS_AT].gone = true;
    world.dial(david, "200");
    world.run_for(s(6));
    world.phones[BORIS_AT].gone = false;
    let reached = world.wait_for(s(20), |world| world.together(david, BORIS_AT));
    assert!(reached, "{}", world.ladder());
    finish(&mut world);
    let because = &world.record().because;
    assert!(because.contains("cannot be reached"), "{because}");
}
