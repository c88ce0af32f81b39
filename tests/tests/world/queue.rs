//! Departments' lines: who rings, who waits, who comes first, and where calls go that the line does not take.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk::engine::output::{BoardChange, CdrRow, Disposition, JournalEntry, LineOutcome};
use frontdesk_routing::ids::{DepartmentId, StaffId};
use frontdesk_routing::plan::{DepartmentSection, Destination, DialPlan, PlanDepartment};
use frontdesk_routing::queue::{JoinWhenEmpty, Member, QueueSettings, Strategy, VipRule};
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::{self, ANNA, BORIS, CLARA, CLIENT_NUMBER, LINE, Person};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;

pub(crate) fn sales(members: &[Person], settings: QueueSettings) -> PlanDepartment {
    PlanDepartment {
        queue: settings,
        ..people::department("200", 1, members)
    }
}

fn plan(departments: Vec<PlanDepartment>) -> DialPlan {
    DialPlan {
        departments: Arc::new(DepartmentSection::new(departments)),
        ..people::plan()
    }
}

/// The office with a provider's line, which is the last phone.
pub(crate) fn office(seed: u8, weather: Weather, departments: Vec<PlanDepartment>) -> (World, usize) {
    let mut world = World::office(seed, weather);
    let line = world.add_phone(LINE);
    world.register(line);
    world.input(Input::Plan(Arc::new(plan(departments))));
    world.run_for(s(40));
    (world, line)
}

/// Somebody calls the department from outside.
pub(crate) fn call_in(world: &mut World, line: usize, number: &str) -> usize {
    let value = format!("<sip:{number}@provider.example>");
    world.phones[line].claims = vec![("P-Asserted-Identity".into(), value)];
    world.dial(line, "200")
}

pub(crate) fn last(world: &World, phone: usize) -> State {
    world.phones[phone].calls.last().map_or(State::Over, |call| call.state)
}

pub(crate) fn rings(world: &World, phone: usize) -> bool {
    last(world, phone) == State::Ringing
}

/// The number that the ringing or talking phone shows.
pub(crate) fn shows(world: &World, phone: usize) -> String {
    world.phones[phone].last().shown.1.clone()
}

pub(crate) fn records(world: &World) -> Vec<CdrRow> {
    let ended = world.journal.iter().filter_map(|entry| match entry {
        JournalEntry::CallEnded { call } => Some((**call).clone()),
        _ => None,
    });
    ended.collect()
}

/// How calls have left lines, in order, and the seconds that they had waited.
pub(crate) fn stays(world: &World) -> Vec<(LineOutcome, i64)> {
    let left = world.journal.iter().filter_map(|entry| match entry {
        JournalEntry::LineLeft(stay) => Some((stay.outcome, stay.waited_ms / 1_000)),
        _ => None,
    });
    left.collect()
}

pub(crate) fn music(world: &World) -> usize {
    world
        .media
        .legs
        .values()
        .filter(|leg| leg.playing.is_some_and(|(_, repeat)| repeat))
        .count()
}

/// The phone's newest call is joined with another one.
pub(crate) fn is_heard(world: &World, phone: usize) -> bool {
    let Some(call) = world.phones[phone].calls.last() else {
        return false;
    };
    let leg = call.heard.as_ref().and_then(|heard| world.media.leg_at(heard.port));
    let joined = leg.and_then(|leg| world.media.legs.get(&leg)?.joined);
    call.state == State::Talking && joined.is_some()
}

pub(crate) const ORDINARY: [&str; 3] = ["+79160000001", "+79160000002", "+79160000003"];

pub(crate) fn one_by_one() -> QueueSettings {
    QueueSettings {
        strategy: Strategy::Linear,
        vip: VipRule::Strict {
            overtaken_at_most_ms: None,
        },
        ..QueueSettings::default()
    }
}

/// V25: two wait, then a VIP comes, who is taken first; the two keep their order.
fn vip_first(seed: u8, weather: Weather) {
    let (mut world, line) = office(seed, weather, vec![sales(&[ANNA], one_by_one())]);
    world.phones[ANNA_AT].manner = Manner::Answer(ms(500));
    let first = call_in(&mut world, line, ORDINARY[0]);
    assert!(world.wait_for(s(60), |world| world.together(line, ANNA_AT)));
    let mut waiting = Vec::new();
    for number in [ORDINARY[1], ORDINARY[2], CLIENT_NUMBER] {
        let call = call_in(&mut world, line, number);
        assert!(
            world.wait_for(s(30), |world| world.phones[line].call(call).state == State::Talking),
            "whoever waits is answered"
        );
        waiting.push(call);
    }
    world.run_for(s(5));
    assert_eq!(music(&world), 3, "all three hear music");
    let mut served = Vec::new();
    let mut talking = first;
    for _ in 0..3 {
        let before = world.phones[ANNA_AT].calls.len();
        world.hang_up(line, talking);
        assert!(world.wait_for(s(60), |world| {
            world.phones[ANNA_AT].calls.len() > before && is_heard(world, ANNA_AT)
        }));
        let shown = shows(&world, ANNA_AT);
        let number = [ORDINARY[1], ORDINARY[2], CLIENT_NUMBER];
        let at = number.iter().position(|number| shown.contains(number)).unwrap();
        served.push(at);
        talking = waiting[at];
    }
    assert_eq!(served, [2, 0, 1], "the VIP, then the others as they came");
    world.hang_up(line, talking);
    world.close();
    let all = records(&world);
    assert_eq!(all.len(), 4);
    for record in &all {
        assert_eq!(record.disposition, Some(Disposition::Answered));
        assert_eq!(record.department, Some(DepartmentId::from_u128(1)));
        assert_eq!(record.callee.staff, Some(StaffId::from_u128(ANNA.id)));
        let waited = record.answered_at.unwrap() - record.started_at;
        assert!((waited - record.waited_ms.unwrap()).abs() < 1_000, "{record:?}");
    }
}

#[test]
fn a_vip_who_calls_third_is_taken_first() {
    vip_first(1, FAIR);
}

#[test]
fn a_vip_who_calls_third_is_taken_first_though_packets_are_lost() {
    vip_first(2, rough(5));
    vip_first(3, rough(20));
}

/// V25: what rings already is not pulled back for a VIP.
#[test]
fn a_call_that_rings_is_not_pulled_back_for_a_vip() {
    let (mut world, line) = office(4, FAIR, vec![sales(&[ANNA], one_by_one())]);
    world.phones[ANNA_AT].manner = Manner::Ring;
    let ordinary = call_in(&mut world, line, ORDINARY[0]);
    assert!(world.wait_for(s(5), |world| rings(world, ANNA_AT)));
    let vip = call_in(&mut world, line, CLIENT_NUMBER);
    world.run_for(s(5));
    assert!(rings(&world, ANNA_AT) && shows(&world, ANNA_AT).contains(ORDINARY[0]));
    assert_eq!(world.phones[line].call(ordinary).progress, [180]);
    assert_eq!(world.phones[line].call(ordinary).state, State::Calling);
    assert_eq!(world.phones[line].call(vip).state, State::Talking, "it waits");
    for call in [ordinary, vip] {
        world.hang_up(line, call);
    }
    world.close();
    let abandoned = |record: &CdrRow| record.disposition == Some(Disposition::Abandoned);
    assert!(records(&world).iter().all(abandoned));
}

/// V30: an agent who does not answer is passed over, and the next one rings.
#[test]
fn the_next_agent_rings_when_one_does_not_answer() {
    let settings = QueueSettings {
        ring_time_ms: 10_000,
        ..one_by_one()
    };
    let (mut world, line) = office(5, FAIR, vec![sales(&[ANNA, BORIS, CLARA], settings)]);
    world.phones[ANNA_AT].manner = Manner::Ring;
    world.phones[BORIS_AT].manner = Manner::Refuse(486, ms(300));
    world.phones[CLARA_AT].manner = Manner::Answer(ms(500));
    let call = call_in(&mut world, line, ORDINARY[0]);
    assert!(world.wait_for(s(5), |world| rings(world, ANNA_AT)));
    assert_eq!(
        world.phones[line].call(call).state,
        State::Calling,
        "it is not answered yet"
    );
    world.run_for(s(8));
    assert!(world.phones[BORIS_AT].calls.is_empty());
    assert!(world.wait_for(s(20), |world| last(world, CLARA_AT) == State::Talking));
    assert_eq!(world.phones[ANNA_AT].calls.len(), 1);
    assert_eq!(world.phones[BORIS_AT].calls.len(), 1);
    world.hang_up(line, call);
    world.close();
    let record = world.record();
    assert_eq!(record.callee.staff, Some(StaffId::from_u128(CLARA.id)));
    let told = "waits at place 1 of the line; Anna Tester does not answer; Boris Tester is busy; taken by Clara Tester";
    assert!(record.because.contains(told), "{}", record.because);
}

/// V30: all free agents ring at once; whoever is in a call does not.
#[test]
fn all_free_agents_ring_at_once() {
    let settings = QueueSettings {
        strategy: Strategy::RingAll,
        ..QueueSettings::default()
    };
    let (mut world, line) = office(6, FAIR, vec![sales(&[ANNA, BORIS, CLARA], settings)]);
    let busy = world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    world.phones[CLARA_AT].manner = Manner::Ring;
    let call = call_in(&mut world, line, ORDINARY[0]);
    assert!(world.wait_for(s(5), |world| rings(world, CLARA_AT)));
    assert_eq!(
        world.phones[ANNA_AT].calls.len() + world.phones[BORIS_AT].calls.len(),
        2
    );
    world.hang_up(ANNA_AT, busy);
    world.hang_up(line, call);
    world.close();
}

/// The caller waits until somebody is free, and is connected then.
#[test]
fn whoever_waits_is_offered_to_the_first_agent_who_becomes_free() {
    let (mut world, line) = office(7, FAIR, vec![sales(&[ANNA, BORIS], one_by_one())]);
    let busy = world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    let call = call_in(&mut world, line, ORDINARY[0]);
    world.run_for(s(20));
    assert_eq!(world.phones[line].call(call).state, State::Talking);
    assert_eq!(music(&world), 1);
    world.phones[ANNA_AT].manner = Manner::Answer(ms(500));
    world.hang_up(ANNA_AT, busy);
    assert!(world.wait_for(s(10), |world| world.together(line, ANNA_AT)));
    assert_eq!(music(&world), 0);
    world.hang_up(ANNA_AT, 1);
    world.close();
    let all = records(&world);
    let record = all.iter().find(|record| record.department.is_some()).unwrap();
    assert!(record.waited_ms.unwrap() > 19_000, "{record:?}");
    assert_eq!(record.disposition, Some(Disposition::Answered));
}

#[test]
fn a_department_where_nobody_works_is_not_joined() {
    let (mut world, line) = office(8, FAIR, vec![sales(&[people::DAVID], one_by_one())]);
    let call = call_in(&mut world, line, ORDINARY[0]);
    world.run_for(s(2));
    assert_eq!(world.phones[line].call(call).status, Some(480));
    world.close();
    assert_eq!(
        world.record().because,
        "the short number is the department Sales's, of 1 members; David Tester cannot be reached; nobody of the department Sales can take calls now"
    );
}

/// A caller waits for somebody to come to work, and is rung when they do.
#[test]
fn a_phone_that_comes_online_takes_whoever_waits() {
    let settings = QueueSettings {
        join_when_empty: JoinWhenEmpty::Always,
        ..one_by_one()
    };
    let (mut world, line) = office(9, FAIR, vec![sales(&[people::DAVID], settings)]);
    let call = call_in(&mut world, line, ORDINARY[0]);
    world.run_for(s(3));
    assert_eq!(world.phones[line].call(call).state, State::Talking);
    let david = world.add_phone(people::DAVID);
    world.register(david);
    assert!(world.wait_for(s(10), |world| world.together(line, david)));
    world.hang_up(line, call);
    world.close();
}

fn full() -> QueueSettings {
    QueueSettings {
        capacity: Some(1),
        ..one_by_one()
    }
}

/// A full line overflows: to another department, to a person, or the caller is told that it is busy.
#[test]
fn a_full_line_overflows() {
    for (seed, overflow) in [
        (10, None),
        (11, Some(Destination::Staff(StaffId::from_u128(CLARA.id)))),
        (12, Some(Destination::Department(DepartmentId::from_u128(2)))),
    ] {
        let first = PlanDepartment {
            overflow,
            ..sales(&[ANNA], full())
        };
        let second = people::department("201", 2, &[CLARA]);
        let (mut world, line) = office(seed, FAIR, vec![first, second]);
        world.phones[ANNA_AT].manner = Manner::Ring;
        let ringing = call_in(&mut world, line, ORDINARY[0]);
        assert!(world.wait_for(s(5), |world| rings(world, ANNA_AT)));
        let call = call_in(&mut world, line, ORDINARY[1]);
        world.run_for(s(5));
        match overflow {
            None => assert_eq!(world.phones[line].call(call).status, Some(486)),
            Some(_) => assert!(world.together(line, CLARA_AT), "{overflow:?}"),
        }
        for call in [ringing, call] {
            world.hang_up(line, call);
        }
        world.close();
    }
}

/// Two departments that overflow to each other do not send a call round for ever.
#[test]
fn an_overflow_does_not_go_round_in_circles() {
    let empty = |number, id, to| PlanDepartment {
        overflow: Some(Destination::Department(DepartmentId::from_u128(to))),
        queue: QueueSettings {
            longest_wait_ms: Some(20_000),
            join_when_empty: JoinWhenEmpty::Always,
            ..one_by_one()
        },
        ..people::department(number, id, &[people::DAVID])
    };
    let (mut world, line) = office(13, FAIR, vec![empty("200", 1, 2), empty("201", 2, 1)]);
    let call = call_in(&mut world, line, ORDINARY[0]);
    world.run_for(s(60));
    assert_eq!(world.phones[line].call(call).state, State::Over);
    world.close();
    let record = world.record();
    assert_eq!(record.disposition, Some(Disposition::NoAnswer));
    assert!(
        record
            .because
            .ends_with("the overflow comes back to the department Sales"),
        "{}",
        record.because
    );
}

/// Whoever has waited as long as one may goes on to a person.
#[test]
fn a_caller_who_waited_too_long_goes_on() {
    let settings = QueueSettings {
        longest_wait_ms: Some(30_000),
        ..one_by_one()
    };
    let first = PlanDepartment {
        overflow: Some(Destination::Staff(StaffId::from_u128(CLARA.id))),
        ..sales(&[ANNA], settings)
    };
    let (mut world, line) = office(14, FAIR, vec![first]);
    let busy = world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    let call = call_in(&mut world, line, ORDINARY[0]);
    world.run_for(s(25));
    assert!(world.phones[CLARA_AT].calls.is_empty());
    assert!(world.wait_for(s(15), |world| world.together(line, CLARA_AT)));
    world.hang_up(line, call);
    let impatient = call_in(&mut world, line, ORDINARY[1]);
    world.run_for(s(10));
    world.hang_up(line, impatient);
    world.hang_up(ANNA_AT, busy);
    world.close();
    let [(LineOutcome::Overflowed, waited), (LineOutcome::Abandoned, 9..=10)] = stays(&world)[..] else {
        panic!("{:?}", stays(&world));
    };
    assert!((30..33).contains(&waited), "{waited}");
}

/// A blind transfer to a department: the party waits in its line, and the transferor is let go.
#[test]
fn a_transferred_party_waits_in_the_line() {
    let (mut world, line) = office(15, FAIR, vec![sales(&[CLARA], one_by_one())]);
    world.phones[BORIS_AT].manner = Manner::Answer(ms(500));
    world.phones[CLARA_AT].manner = Manner::Answer(s(5));
    let call = world.talk(line, BORIS_AT, BORIS.number);
    world.act(BORIS_AT, |phone, now| phone.refer(0, "200", now));
    assert!(world.wait_for(s(10), |world| rings(world, CLARA_AT)));
    assert_eq!(music(&world), 1);
    assert!(world.wait_for(s(10), |world| world.together(line, CLARA_AT)));
    assert_eq!(last(&world, BORIS_AT), State::Over);
    world.hang_up(line, call);
    world.close();
    let record = world.record();
    assert_eq!(record.department, Some(DepartmentId::from_u128(1)));
    assert_eq!(record.disposition, Some(Disposition::Answered));
}

/// An agent rests after a call: the next caller waits as long.
#[test]
fn an_agent_wraps_up_before_the_next_call() {
    let settings = QueueSettings {
        wrap_up_ms: 15_000,
        ..one_by_one()
    };
    let (mut world, line) = office(16, FAIR, vec![sales(&[ANNA], settings)]);
    world.phones[ANNA_AT].manner = Manner::Answer(ms(500));
    let first = call_in(&mut world, line, ORDINARY[0]);
    assert!(world.wait_for(s(5), |world| world.together(line, ANNA_AT)));
    world.hang_up(line, first);
    world.run_for(s(1));
    let second = call_in(&mut world, line, ORDINARY[1]);
    world.run_for(s(12));
    assert_eq!(world.phones[ANNA_AT].calls.len(), 1);
    assert!(world.wait_for(s(10), |world| last(world, ANNA_AT) == State::Talking));
    world.hang_up(line, second);
    world.close();
}

/// Settings and members that change count for calls that wait already.
#[test]
fn a_member_who_is_added_takes_whoever_waits() {
    let (mut world, line) = office(17, FAIR, vec![sales(&[ANNA], one_by_one())]);
    let busy = world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    let call = call_in(&mut world, line, ORDINARY[0]);
    world.run_for(s(5));
    let more = PlanDepartment {
        members: [ANNA, CLARA]
            .map(|person| Member::new(StaffId::from_u128(person.id)))
            .to_vec(),
        ..sales(&[], one_by_one())
    };
    world.input(Input::Plan(Arc::new(plan(vec![more]))));
    assert!(world.wait_for(s(10), |world| world.together(line, CLARA_AT)));
    world.hang_up(line, call);
    world.hang_up(ANNA_AT, busy);
    world.close();
}

/// B33: the board shows that a call waits and in whose line.
#[test]
fn the_board_shows_who_waits() {
    let (mut world, line) = office(18, FAIR, vec![sales(&[ANNA], one_by_one())]);
    world.phones[ANNA_AT].manner = Manner::Ring;
    let call = call_in(&mut world, line, ORDINARY[0]);
    world.run_for(s(5));
    world.hang_up(line, call);
    world.close();
    let queued: Vec<bool> = world
        .board
        .iter()
        .filter_map(|change| match change {
            BoardChange::CallQueued { department, .. } => Some(department.is_some()),
            _ => None,
        })
        .collect();
    assert_eq!(queued, [true, false]);
}
