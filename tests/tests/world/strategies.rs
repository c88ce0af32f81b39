//! V30: whom of a department's free members a call rings, by each strategy, on the phones.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk_routing::ids::StaffId;
use frontdesk_routing::plan::{DepartmentSection, DialPlan, PlanDepartment};
use frontdesk_routing::queue::{Member, QueueSettings, Strategy};
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::{self, ANNA, BORIS, CLARA, LINE, Person};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{World, ms, s};

const A: usize = 0;
const B: usize = 1;
const C: usize = 2;

fn member(person: Person, penalty: u16) -> Member {
    Member {
        penalty,
        ..Member::new(StaffId::from_u128(person.id))
    }
}

/// Anna, Boris and Clara with these penalties, who pick up at once, and a line that brings calls.
fn office(seed: u8, weather: Weather, strategy: Strategy, penalties: [u16; 3]) -> (World, usize) {
    let mut world = World::office(seed, weather);
    let line = world.add_phone(LINE);
    world.register(line);
    let people = [ANNA, BORIS, CLARA].into_iter().zip(penalties);
    let sales = PlanDepartment {
        members: people.map(|(person, penalty)| member(person, penalty)).collect(),
        queue: QueueSettings {
            strategy,
            ..QueueSettings::default()
        },
        ..people::department("200", 1, &[])
    };
    world.input(Input::Plan(Arc::new(DialPlan {
        departments: Arc::new(DepartmentSection::new(vec![sales])),
        ..people::plan()
    })));
    world.run_for(s(40));
    for phone in [A, B, C] {
        world.phones[phone].manner = Manner::Answer(ms(500));
    }
    (world, line)
}

fn counts(world: &World) -> [usize; 3] {
    [A, B, C].map(|phone| world.phones[phone].calls.len())
}

/// One call comes and is over again: who got it? Nobody else's phone rings.
fn turn(world: &mut World, line: usize) -> usize {
    let before = counts(world);
    let call = world.dial(line, "200");
    let answered = world.wait_for(s(40), |world| {
        world.phones[line].call(call).state == State::Talking
            && [A, B, C].iter().any(|phone| world.together(line, *phone))
    });
    assert!(answered, "{}", world.ladder());
    let after = counts(world);
    let rung: Vec<usize> = [A, B, C]
        .into_iter()
        .filter(|phone| after[*phone] > before[*phone])
        .collect();
    assert_eq!(rung.len(), 1, "one phone at a time: {rung:?}");
    world.hang_up(line, call);
    world.run_for(s(5));
    rung[0]
}

fn turns(world: &mut World, line: usize, calls: usize) -> Vec<usize> {
    (0..calls).map(|_| turn(world, line)).collect()
}

fn close(mut world: World) {
    world.run_for(s(40));
    world.close();
}

/// A call between two colleagues.
fn chat(world: &mut World, from: usize, to: usize) {
    let number = [ANNA, BORIS, CLARA][to].number;
    let call = world.talk(from, to, number);
    world.run_for(s(2));
    world.hang_up(from, call);
    world.run_for(s(5));
}

#[test]
fn v30_linear_rings_the_lowest_penalty_that_is_free() {
    for weather in [FAIR, rough(5)] {
        let (mut world, line) = office(1, weather, Strategy::Linear, [1, 2, 0]);
        assert_eq!(turns(&mut world, line, 2), [C, C]);
        let busy = world.talk(B, C, CLARA.number);
        assert_eq!(turn(&mut world, line), A);
        world.hang_up(B, busy);
        world.run_for(s(5));
        assert_eq!(turn(&mut world, line), C);
        close(world);
    }
}

#[test]
fn v30_round_robin_goes_on_after_whoever_was_rung_last() {
    let (mut world, line) = office(2, FAIR, Strategy::RoundRobin, [0; 3]);
    assert_eq!(turns(&mut world, line, 4), [A, B, C, A]);
    chat(&mut world, B, C);
    assert_eq!(turns(&mut world, line, 3), [B, C, A]);
    close(world);
}

/// Calls of one's own count: whoever has just hung up has not been idle.
#[test]
fn v30_longest_idle_rings_whoever_hung_up_longest_ago() {
    let (mut world, line) = office(3, FAIR, Strategy::LongestIdle, [0; 3]);
    let first = turns(&mut world, line, 3);
    assert_eq!(turns(&mut world, line, 3), first, "the same turn again");
    chat(&mut world, first[0], first[2]);
    assert_eq!(turn(&mut world, line), first[1]);
    close(world);
}

#[test]
fn v30_fewest_calls_rings_whoever_has_answered_least() {
    let (mut world, line) = office(4, FAIR, Strategy::FewestCalls, [0; 3]);
    // Clara is in a call of her own all the time.
    let david = world.add_phone(people::DAVID);
    world.register(david);
    world.run_for(s(5));
    let busy = world.talk(david, C, CLARA.number);
    assert_eq!(turns(&mut world, line, 4), [A, B, A, B]);
    world.hang_up(david, busy);
    world.run_for(s(5));
    assert_eq!(turns(&mut world, line, 3), [C, C, A]);
    close(world);
}

#[test]
fn v30_random_rings_one_of_the_free_and_not_always_the_same() {
    let (mut world, line) = office(5, FAIR, Strategy::Random, [0; 3]);
    let all = turns(&mut world, line, 12);
    for phone in [A, B, C] {
        assert!(all.contains(&phone), "{all:?}");
    }
    close(world);
}

/// Whoever declines is passed over until everybody has been asked.
#[test]
fn v30_every_strategy_goes_on_to_the_next_when_one_declines() {
    for (seed, strategy) in [
        (6, Strategy::Linear),
        (7, Strategy::RoundRobin),
        (8, Strategy::LongestIdle),
        (9, Strategy::FewestCalls),
        (10, Strategy::Random),
        (11, Strategy::RingAll),
    ] {
        let (mut world, line) = office(seed, FAIR, strategy, [0; 3]);
        for phone in [A, C] {
            world.phones[phone].manner = Manner::Refuse(603, ms(200));
        }
        let call = world.dial(line, "200");
        let answered = world.wait_for(s(20), |world| world.together(line, B));
        assert!(answered, "{strategy:?}\n{}", world.ladder());
        assert!(counts(&world)[A] <= 1 && counts(&world)[C] <= 1, "{strategy:?}");
        world.hang_up(line, call);
        close(world);
    }
}
