//! Calls that come into a line again after somebody has talked with them.

use frontdesk::engine::output::Disposition;
use frontdesk_routing::ids::DepartmentId;
use frontdesk_routing::plan::{Destination, PlanDepartment};
use frontdesk_routing::queue::QueueSettings;
use frontdesk_tests::world::net::{Weather, weathers};
use frontdesk_tests::world::people::{self, ANNA, CLARA, DAVID, Person};
use frontdesk_tests::world::phone::Manner;
use frontdesk_tests::world::{World, ms, s};

use crate::queue::{ORDINARY, call_in, is_heard, office, one_by_one, records, sales, shows};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;

/// The phone talks in its call of this number, counted from 0.
fn talks(world: &World, phone: usize, call: usize) -> bool {
    world.phones[phone].calls.len() == call + 1 && is_heard(world, phone)
}

/// Anna serves the one department, Clara the other, 201; both pick up at once.
fn two_lines(seed: u8, weather: Weather, support: PlanDepartment) -> (World, usize) {
    let (mut world, line) = office(seed, weather, vec![sales(&[ANNA], one_by_one()), support]);
    for phone in [ANNA_AT, CLARA_AT] {
        world.phones[phone].manner = Manner::Answer(ms(500));
    }
    (world, line)
}

#[test]
fn an_agent_who_sends_a_call_on_to_a_line_is_offered_the_next_one() {
    for weather in weathers() {
        let (mut world, line) = two_lines(140, weather, people::department("201", 2, &[CLARA]));
        let first = call_in(&mut world, line, ORDINARY[0]);
        assert!(world.wait_for(s(60), |world| talks(world, ANNA_AT, 0)));
        world.run_for(s(5));
        world.act(ANNA_AT, |phone, now| phone.refer(0, "201", now));
        assert!(world.wait_for(s(60), |world| talks(world, CLARA_AT, 0)));
        let next = call_in(&mut world, line, ORDINARY[1]);
        let taken = world.wait_for(s(90), |world| talks(world, ANNA_AT, 1));
        assert!(taken, "{}", world.ladder());
        for call in [first, next] {
            world.hang_up(line, call);
        }
        world.close();
    }
}

#[test]
fn whoever_has_talked_stands_behind_those_who_have_waited_meanwhile() {
    for weather in weathers() {
        let (mut world, line) = two_lines(141, weather, people::department("201", 2, &[CLARA]));
        let busy = world.talk(BORIS_AT, CLARA_AT, CLARA.number);
        let talked = call_in(&mut world, line, ORDINARY[0]);
        assert!(world.wait_for(s(60), |world| talks(world, ANNA_AT, 0)));
        world.run_for(s(60));
        let value = format!("<sip:{}@provider.example>", ORDINARY[1]);
        world.phones[line].claims = vec![("P-Asserted-Identity".into(), value)];
        let waits = world.dial(line, "201");
        world.run_for(s(60));
        let sent_on = world.elapsed();
        world.act(ANNA_AT, |phone, now| phone.refer(0, "201", now));
        world.run_for(s(20));
        world.hang_up(BORIS_AT, busy);
        assert!(world.wait_for(s(60), |world| talks(world, CLARA_AT, 1)));
        assert!(shows(&world, CLARA_AT).contains(ORDINARY[1]), "{}", world.ladder());
        world.hang_up(line, waits);
        assert!(world.wait_for(s(60), |world| talks(world, CLARA_AT, 2)));
        let waited = i64::try_from((world.elapsed() - sent_on).as_millis()).unwrap();
        world.hang_up(line, talked);
        world.close();
        let all = records(&world);
        let record = all.iter().find(|record| record.called == "200").unwrap();
        // The half second that Anna's phone rang counts too.
        let recorded = record.waited_ms.unwrap();
        let lost = if weather.is_fair() { 0 } else { 5_000 };
        assert!((recorded - waited - 500).abs() < 1_000 + lost, "{recorded} {waited}");
    }
}

#[test]
fn a_line_that_has_served_a_call_may_get_it_back_by_an_overflow() {
    for weather in weathers() {
        let support = PlanDepartment {
            overflow: Some(Destination::Department(DepartmentId::from_u128(1))),
            queue: QueueSettings {
                longest_wait_ms: Some(20_000),
                ..one_by_one()
            },
            ..people::department("201", 2, &[CLARA])
        };
        let (mut world, line) = two_lines(142, weather, support);
        let busy = world.talk(BORIS_AT, CLARA_AT, CLARA.number);
        let call = call_in(&mut world, line, ORDINARY[0]);
        assert!(world.wait_for(s(60), |world| talks(world, ANNA_AT, 0)));
        world.act(ANNA_AT, |phone, now| phone.refer(0, "201", now));
        let back = world.wait_for(s(90), |world| talks(world, ANNA_AT, 1));
        assert!(back, "{}", world.ladder());
        world.hang_up(BORIS_AT, busy);
        world.hang_up(line, call);
        world.close();
    }
}

#[test]
fn departments_that_take_no_call_and_send_it_to_each_other_let_it_go() {
    for weather in weathers() {
        let to = |number, id, to, person: Person| PlanDepartment {
            overflow: Some(Destination::Department(DepartmentId::from_u128(to))),
            queue: one_by_one(),
            ..people::department(number, id, &[person])
        };
        let (mut world, line) = office(143, weather, vec![to("200", 1, 2, DAVID), to("201", 2, 1, DAVID)]);
        let call = call_in(&mut world, line, ORDINARY[0]);
        assert_eq!(world.status_of(line, call), 480);
        world.close();
        let record = world.record();
        assert_eq!(record.disposition, Some(Disposition::NoAnswer));
        let told = "the overflow comes back to the department Sales";
        assert!(record.because.ends_with(told), "{}", record.because);
    }
}
