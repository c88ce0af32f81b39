//! Calls that come into a line again after somebody has talked with them.

use frontdesk_tests::world::net::FAIR;
use frontdesk_tests::world::people::{self, ANNA, CLARA};
use frontdesk_tests::world::phone::Manner;
use frontdesk_tests::world::{World, ms, s};

use crate::queue::{ORDINARY, call_in, is_heard, office, one_by_one, sales};

const ANNA_AT: usize = 0;
const CLARA_AT: usize = 2;

/// The phone talks in its call of this number, counted from 0.
fn talks(world: &World, phone: usize, call: usize) -> bool {
    world.phones[phone].calls.len() == call + 1 && is_heard(world, phone)
}

#[test]
fn an_agent_who_sends_a_call_on_to_a_line_is_offered_the_next_one() {
    let support = people::department("201", 2, &[CLARA]);
    let (mut world, line) = office(140, FAIR, vec![sales(&[ANNA], one_by_one()), support]);
    for phone in [ANNA_AT, CLARA_AT] {
        world.phones[phone].manner = Manner::Answer(ms(500));
    }
    let first = call_in(&mut world, line, ORDINARY[0]);
    assert!(world.wait_for(s(10), |world| talks(world, ANNA_AT, 0)));
    world.run_for(s(5));
    world.act(ANNA_AT, |phone, now| phone.refer(0, "201", now));
    assert!(world.wait_for(s(10), |world| talks(world, CLARA_AT, 0)));
    let next = call_in(&mut world, line, ORDINARY[1]);
    let taken = world.wait_for(s(30), |world| talks(world, ANNA_AT, 1));
    assert!(taken, "{}", world.ladder());
    for call in [first, next] {
        world.hang_up(line, call);
    }
    world.close();
}
