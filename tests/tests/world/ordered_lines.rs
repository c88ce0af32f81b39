//! Calls that the system begins and that end in a department's line: whoever was rung first waits there like any caller.

use std::sync::Arc;

use frontdesk::engine::input::{First, Input};
use frontdesk::engine::output::{CdrRow, Disposition, JournalEntry};
use frontdesk_media::sound::{self, Sound};
use frontdesk_routing::because::Ordered;
use frontdesk_routing::forwarding::{Forwarding, Target};
use frontdesk_routing::ids::{DepartmentId, StaffId};
use frontdesk_routing::number::ShortNumber;
use frontdesk_routing::plan::{
    DepartmentSection, Destination, DialPlan, FeatureSection, PlanDepartment, PlanForwarding,
};
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::{self, ANNA, BORIS, CLARA};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;
const SALES: &str = "200";

/// Clara alone serves the department.
fn clara_only() -> PlanDepartment {
    people::department(SALES, 1, &[CLARA])
}

fn office(seed: u8, weather: Weather, department: PlanDepartment, boris: Forwarding) -> World {
    let mut world = World::office(seed, weather);
    let settings = PlanForwarding {
        settings: boris,
        mark: 0,
    };
    world.input(Input::Plan(Arc::new(DialPlan {
        departments: Arc::new(DepartmentSection::new(vec![department])),
        features: Arc::new(FeatureSection::new([], [(StaffId::from_u128(BORIS.id), settings)])),
        ..people::plan()
    })));
    world
}

fn anna_orders(world: &mut World, to: &str) {
    world.phones[ANNA_AT].manner = Manner::Answer(ms(500));
    world.order(4_711, First::Staff(StaffId::from_u128(ANNA.id)), to, Ordered::Crm);
}

fn last_tune(world: &World) -> Option<Arc<Sound>> {
    world.sounds.repeated.last().cloned()
}

/// A repeated sound is in Anna's ear.
fn hears_a_tune(world: &World) -> bool {
    let heard = world.phones[ANNA_AT].calls.last().and_then(|call| call.heard.as_ref());
    let leg = heard.and_then(|heard| world.media.leg_at(heard.port));
    let leg = leg.and_then(|leg| world.media.legs.get(&leg));
    leg.is_some_and(|leg| leg.playing.is_some_and(|(_, repeat)| repeat))
}

fn record(world: &World) -> CdrRow {
    let ended = world.journal.iter().find_map(|entry| match entry {
        JournalEntry::CallEnded { call } => Some((**call).clone()),
        _ => None,
    });
    ended.expect("a record")
}

#[test]
fn an_ordered_call_to_a_department_waits_in_its_line_with_music() {
    for (seed, weather) in [(1, FAIR), (2, rough(5)), (3, rough(20))] {
        let mut world = office(seed, weather, clara_only(), Forwarding::default());
        world.phones[CLARA_AT].manner = Manner::Refuse(486, ms(300));
        anna_orders(&mut world, SALES);
        let waits = world.wait_for(s(40), |world| {
            !world.phones[CLARA_AT].calls.is_empty() && hears_a_tune(world)
        });
        assert!(waits, "{}", world.ladder());
        assert_eq!(last_tune(&world), Some(sound::music()));
        world.phones[CLARA_AT].manner = Manner::Answer(ms(500));
        let together = world.wait_for(s(60), |world| world.together(ANNA_AT, CLARA_AT));
        assert!(together, "{}", world.ladder());
        let shown = &world.phones[CLARA_AT].last().shown;
        assert_eq!(shown.0, "Anna Tester");
        world.run_for(s(5));
        let talks = world.phones[CLARA_AT].calls.len() - 1;
        world.hang_up(CLARA_AT, talks);
        world.close();
        let record = record(&world);
        assert_eq!(record.disposition, Some(Disposition::Answered));
        assert_eq!(record.caller.staff, Some(StaffId::from_u128(ANNA.id)));
        assert_eq!(record.callee.staff, Some(StaffId::from_u128(CLARA.id)));
        assert_eq!(record.department, Some(DepartmentId::from_u128(1)));
        assert!(record.waited_ms.is_some_and(|waited| waited > 0), "{record:?}");
        assert!(record.because.contains("taken by Clara Tester"), "{}", record.because);
    }
}

#[test]
fn an_ordered_call_that_its_line_does_not_take_goes_where_such_calls_go() {
    let overflow = |overflow| PlanDepartment {
        overflow,
        queue: frontdesk_routing::queue::QueueSettings {
            longest_wait_ms: Some(5_000),
            ..clara_only().queue
        },
        ..clara_only()
    };
    let boris = Destination::Staff(StaffId::from_u128(BORIS.id));
    let mut world = office(4, FAIR, overflow(Some(boris)), Forwarding::default());
    world.phones[CLARA_AT].manner = Manner::Refuse(486, ms(300));
    world.phones[BORIS_AT].manner = Manner::Answer(ms(500));
    anna_orders(&mut world, SALES);
    let together = world.wait_for(s(30), |world| world.together(ANNA_AT, BORIS_AT));
    assert!(together, "{}", world.ladder());
    world.hang_up(BORIS_AT, 0);
    world.close();
    let found = record(&world);
    assert_eq!(found.callee.staff, Some(StaffId::from_u128(BORIS.id)));
    assert!(
        !found.because.contains("taken by Anna"),
        "who waited has served nobody: {}",
        found.because
    );

    let mut world = office(5, FAIR, overflow(None), Forwarding::default());
    world.phones[CLARA_AT].manner = Manner::Refuse(486, ms(300));
    anna_orders(&mut world, SALES);
    world.run_for(s(30));
    assert_eq!(world.phones[ANNA_AT].call(0).state, State::Over);
    world.close();
    assert_eq!(record(&world).disposition, Some(Disposition::NoAnswer));
}

#[test]
fn whoever_ordered_a_call_leaves_the_line_by_hanging_up() {
    let mut world = office(6, FAIR, clara_only(), Forwarding::default());
    world.phones[CLARA_AT].manner = Manner::Ring;
    anna_orders(&mut world, SALES);
    assert!(world.wait_for(s(20), |world| {
        world.phones[CLARA_AT]
            .calls
            .last()
            .is_some_and(|call| call.state == State::Ringing)
    }));
    world.hang_up(ANNA_AT, 0);
    world.run_for(s(5));
    assert_eq!(world.phones[CLARA_AT].last().state, State::Over);
    world.close();
    assert_eq!(record(&world).disposition, Some(Disposition::Abandoned));
}

/// Boris does not answer, and his calls go to the department then.
#[test]
fn whoever_was_played_ringing_hears_music_in_the_line_that_the_call_is_sent_on_to() {
    let to_sales = Forwarding {
        no_answer: ShortNumber::read(SALES).ok().map(Target::Short),
        no_answer_after: 10,
        ..Forwarding::default()
    };
    for (seed, weather) in [(7, FAIR), (8, rough(5))] {
        let mut world = office(seed, weather, clara_only(), to_sales);
        world.phones[BORIS_AT].manner = Manner::Ring;
        world.phones[CLARA_AT].manner = Manner::Refuse(486, ms(300));
        anna_orders(&mut world, BORIS.number);
        assert!(world.wait_for(s(20), hears_a_tune));
        assert_eq!(last_tune(&world), Some(Arc::new(sound::ringback())));
        let rung = world.wait_for(s(40), |world| !world.phones[CLARA_AT].calls.is_empty());
        assert!(rung, "{}", world.ladder());
        world.run_for(s(2));
        assert_eq!(last_tune(&world), Some(sound::music()));
        assert!(hears_a_tune(&world));
        world.phones[CLARA_AT].manner = Manner::Answer(ms(500));
        let together = world.wait_for(s(60), |world| world.together(ANNA_AT, CLARA_AT));
        assert!(together, "{}", world.ladder());
        world.hang_up(ANNA_AT, 0);
        world.close();
        let record = record(&world);
        assert_eq!(record.disposition, Some(Disposition::Answered));
        assert!(record.because.contains("does not answer"), "{}", record.because);
    }
}
