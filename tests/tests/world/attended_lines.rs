//! Attended transfers into a department's line: whoever transfers has called it first, and waits there or rings.

use frontdesk::engine::output::{Disposition, LineOutcome};
use frontdesk_routing::ids::DepartmentId;
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::{BORIS, CLARA};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{World, ms, s};

use crate::into_us::is_free;
use crate::queue::{ORDINARY, call_in, is_heard, office, one_by_one, records, sales, shows, stays};

const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;
const PARTY: &str = "+79160000009";

/// Clara talks in her call of this number, counted from 0.
fn clara_talks(world: &World, call: usize) -> bool {
    world.phones[CLARA_AT].calls.len() > call && is_heard(world, CLARA_AT)
}

/// Somebody from outside talks with Boris, who has put them on hold.
fn held_by_boris(seed: u8, weather: Weather) -> (World, usize, usize) {
    let (mut world, line) = office(seed, weather, vec![sales(&[CLARA], one_by_one())]);
    world.phones[BORIS_AT].manner = Manner::Answer(ms(500));
    let value = format!("<sip:{PARTY}@provider.example>");
    world.phones[line].claims = vec![("P-Asserted-Identity".into(), value)];
    let party = world.talk(line, BORIS_AT, BORIS.number);
    world.act(BORIS_AT, |phone, now| phone.reinvite(0, "sendonly", now));
    world.run_for(s(30));
    (world, line, party)
}

#[test]
fn whoever_is_transferred_into_a_line_gets_the_place_of_the_transferor() {
    for loss in [0, 5, 20] {
        let (mut world, line, party) = held_by_boris(120, rough(loss));
        world.phones[CLARA_AT].manner = Manner::Answer(ms(500));
        let busy = call_in(&mut world, line, ORDINARY[0]);
        let taken = world.wait_for(s(60), |world| clara_talks(world, 0));
        assert!(taken, "{}", world.ladder());
        let consultation = world.dial(BORIS_AT, "200");
        let waits = |world: &World| world.phones[BORIS_AT].call(consultation).state == State::Talking;
        assert!(world.wait_for(s(30), waits), "{}", world.ladder());
        let later = call_in(&mut world, line, ORDINARY[1]);
        let waits = |world: &World| world.phones[line].call(later).state == State::Talking;
        assert!(world.wait_for(s(30), waits), "{}", world.ladder());
        world.run_for(s(2));
        world.act(BORIS_AT, |phone, now| phone.refer_to_call(0, consultation, now));
        let left = world.wait_for(s(60), |world| is_free(world, BORIS_AT));
        assert!(left, "{}", world.ladder());
        assert_eq!(world.phones[BORIS_AT].call(0).told.last(), Some(&200));
        world.hang_up(line, busy);
        for (n, (call, number)) in [(party, PARTY), (later, ORDINARY[1])].into_iter().enumerate() {
            let taken = world.wait_for(s(60), |world| clara_talks(world, n + 1));
            assert!(taken, "{}", world.ladder());
            assert!(shows(&world, CLARA_AT).contains(number), "{}", shows(&world, CLARA_AT));
            world.hang_up(line, call);
        }
        world.run_for(s(40));
        world.close();
        let all = records(&world);
        let whole = all.iter().find(|row| row.called == BORIS.number).unwrap();
        assert_eq!(whole.disposition, Some(Disposition::Answered));
        assert_eq!(whole.department, Some(DepartmentId::from_u128(1)));
        assert!(whole.because.contains("taken by Clara Tester"), "{}", whole.because);
        // nobody has given up waiting: the consultation goes on in the call of the party
        let outcomes: Vec<LineOutcome> = stays(&world).iter().map(|(outcome, _)| *outcome).collect();
        let answered = LineOutcome::Answered;
        assert_eq!(outcomes, [answered, LineOutcome::Withdrawn, answered, answered]);
    }
}

#[test]
fn an_agent_who_rings_for_the_transferor_rings_for_the_party_then() {
    let (mut world, line, party) = held_by_boris(121, FAIR);
    world.phones[CLARA_AT].manner = Manner::Answer(s(8));
    let consultation = world.dial(BORIS_AT, "200");
    world.run_for(s(3));
    assert_eq!(world.phones[BORIS_AT].call(consultation).progress, [180]);
    world.act(BORIS_AT, |phone, now| phone.refer_to_call(0, consultation, now));
    let taken = world.wait_for(s(30), |world| clara_talks(world, 0) && is_free(world, BORIS_AT));
    assert!(taken, "{}", world.ladder());
    let told = world.sent_to(CLARA_AT, "UPDATE");
    assert!(told.iter().any(|update| update.contains(PARTY)), "{told:#?}");
    world.hang_up(line, party);
    world.run_for(s(2));
    // She is free for the next one.
    let next = call_in(&mut world, line, ORDINARY[0]);
    let taken = world.wait_for(s(30), |world| clara_talks(world, 1));
    assert!(taken, "{}", world.ladder());
    world.hang_up(line, next);
    world.close();
}
