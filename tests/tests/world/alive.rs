//! Phones are asked for signs of life, and those that give none are offline: behind address translations that forget.

use std::time::Duration;

use frontdesk::engine::EngineConfig;
use frontdesk_sip::flow::Transport;
use frontdesk_tests::world::nat::Nat;
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::{self, ANNA, BORIS, CLARA, DAVID, Person};
use frontdesk_tests::world::{World, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const EVERY: Duration = Duration::from_secs(30);
/// Three questions in vain, each of which is waited for as RFC 3261 says.
const GIVEN_UP: Duration = Duration::from_secs(30 + 3 * 33);

fn empty(seed: u8, weather: Weather, keep_alive: Duration) -> World {
    let config = EngineConfig {
        keep_alive,
        ..people::engine_config()
    };
    World::with_config(seed, weather, people::plan(), config)
}

/// Anna, and Boris behind a NAT that forgets him after a minute.
fn world(seed: u8, weather: Weather, keep_alive: Duration) -> World {
    let mut world = empty(seed, weather, keep_alive);
    for person in [ANNA, BORIS] {
        world.add_phone(person);
    }
    world.phones[BORIS_AT].nat = Some(Nat::new(s(60)));
    for phone in [ANNA_AT, BORIS_AT] {
        world.register(phone);
    }
    world.run_for(s(20));
    world
}

fn forgets(world: &mut World) {
    world.phones[BORIS_AT].nat.as_mut().expect("a NAT").forgets();
}

/// What Anna hears at once when she calls Boris.
fn call(world: &mut World) -> Option<u16> {
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(5));
    let status = world.phones[ANNA_AT].call(call).status;
    world.end_calls(ANNA_AT);
    world.run_for(s(40));
    status
}

#[test]
fn a_phone_that_is_asked_stays_reachable_where_one_that_is_not_is_forgotten() {
    for (keep_alive, status, weather) in [
        (EVERY, Some(200), FAIR),
        (EVERY, Some(200), rough(20)),
        (Duration::ZERO, Some(480), FAIR),
    ] {
        let mut world = world(61, weather, keep_alive);
        world.run_for(s(1_200));
        world.set_weather(FAIR);
        assert_eq!(call(&mut world), status, "{keep_alive:?}\n{}", world.ladder());
        assert_eq!(world.edges(BORIS), [true]);
        world.close();
    }
}

#[test]
fn a_phone_that_gives_no_sign_of_life_is_offline_until_it_registers_again() {
    let mut world = world(62, FAIR, EVERY);
    forgets(&mut world);
    assert_eq!(world.edges(BORIS), [true]);
    world.run_for(GIVEN_UP);
    assert_eq!(world.edges(BORIS), [true, false], "{}", world.ladder());
    assert_eq!(call(&mut world), Some(480));
    assert_eq!(world.stored_bindings().len(), 2, "it is registered all the same");
    world.register(BORIS_AT);
    world.run_for(s(2));
    assert_eq!(world.edges(BORIS), [true, false, true]);
    assert_eq!(call(&mut world), Some(200), "{}", world.ladder());
    world.act(BORIS_AT, |phone, now| phone.register(0, now));
    world.run_for(s(2));
    assert_eq!(world.edges(BORIS), [true, false, true, false]);
    world.close();
}

#[test]
fn a_silent_phone_whose_registration_ends_is_not_offline_twice() {
    let mut world = world(63, FAIR, EVERY);
    forgets(&mut world);
    world.run_for(s(4_000));
    assert_eq!(world.edges(BORIS), [true, false]);
    assert!(world.stored_bindings().is_empty());
    world.register(BORIS_AT);
    world.run_for(s(2));
    assert_eq!(world.edges(BORIS), [true, false, true]);
    world.close();
}

#[test]
fn whatever_a_silent_phone_sends_brings_it_back() {
    let mut world = world(64, FAIR, EVERY);
    world.phones[BORIS_AT].nat = None;
    world.lose = Some(Box::new(|line| {
        line.phone == "boris" && line.title().ends_with("OPTIONS")
    }));
    world.run_for(GIVEN_UP);
    assert_eq!(world.edges(BORIS), [true, false], "{}", world.ladder());
    // From where it was.
    world.dial(BORIS_AT, ANNA.number);
    world.run_for(s(5));
    assert_eq!(world.edges(BORIS), [true, false, true]);
    world.end_calls(BORIS_AT);
    world.lose = None;
    world.run_for(s(200));
    assert_eq!(call(&mut world), Some(200));
    assert_eq!(world.edges(BORIS), [true, false, true]);
    world.close();
}

#[test]
fn two_questions_in_vain_change_nothing() {
    let mut world = world(65, FAIR, EVERY);
    world.phones[BORIS_AT].nat = None;
    let until = world.elapsed() + s(70);
    world.lose = Some(Box::new(move |line| {
        line.phone == "boris" && line.from_server && line.title() == "OPTIONS" && line.at < until
    }));
    world.run_for(s(600));
    assert_eq!(world.edges(BORIS), [true], "{}", world.ladder());
    world.close();
}

#[test]
fn phones_that_send_datagrams_are_asked_and_those_behind_a_nat_more_often() {
    let mut world = empty(66, FAIR, EVERY);
    let outside = world.add_phone_at(ANNA, Transport::Udp, "192.0.2.30:5060");
    let stream = world.add_phone_at(BORIS, Transport::Tcp, "10.0.1.5:45000");
    let inside = world.add_phone(CLARA);
    for phone in [outside, stream, inside] {
        world.register(phone);
    }
    world.run_for(s(300));
    let asked = [outside, stream, inside].map(|phone| world.sent_to(phone, "OPTIONS").len());
    assert!(
        (3..=5).contains(&asked[0]) && asked[1] == 0 && (9..=10).contains(&asked[2]),
        "{asked:?}"
    );
    world.close();
}

#[test]
fn many_phones_are_not_asked_all_at_once() {
    let mut world = empty(67, FAIR, EVERY);
    let people: Vec<Person> = [ANNA, BORIS, CLARA, DAVID]
        .into_iter()
        .flat_map(|person| [person; 10])
        .collect();
    for (at, person) in people.into_iter().enumerate() {
        world.add_phone(person);
        world.register(at);
    }
    world.run_for(s(1));
    assert_eq!(world.engine.bindings(), 40);
    let begun = world.elapsed();
    world.run_for(EVERY);
    let lines = world.transcript.lines().iter();
    let asked = lines.filter(|line| line.from_server && line.title() == "OPTIONS" && line.at >= begun);
    let mut seconds = [0; 31];
    for line in asked {
        seconds[usize::try_from((line.at - begun).as_secs()).unwrap()] += 1;
    }
    assert!((36..=44).contains(&seconds.iter().sum::<i32>()), "{seconds:?}");
    assert!(seconds.iter().all(|asked| *asked <= 8), "{seconds:?}");
    world.close();
}
