//! A member of a department who has picked up hears for which one the call is, and that a VIP calls, before the caller is
//! put through.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk::engine::output::{CdrRow, Disposition, JournalEntry};
use frontdesk_media::sound::{self, Language};
use frontdesk_routing::ids::StaffId;
use frontdesk_routing::plan::{DepartmentSection, DialPlan, PlanDepartment, Whisper};
use frontdesk_routing::queue::{QueueSettings, Strategy};
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::{self, ANNA, BORIS, CLIENT_NUMBER, LINE};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const STRANGER: &str = "+79160000001";
const BOTH: Whisper = Whisper {
    department: true,
    vip: true,
};

/// Anna before Boris, one at a time.
fn office(seed: u8, weather: Weather, whisper: Whisper) -> (World, usize) {
    let mut world = World::office(seed, weather);
    let line = world.add_phone(LINE);
    world.register(line);
    let sales = PlanDepartment {
        whisper,
        queue: QueueSettings {
            strategy: Strategy::Linear,
            ring_time_ms: 10_000,
            ..QueueSettings::default()
        },
        ..people::department("200", 1, &[ANNA, BORIS])
    };
    world.input(Input::Plan(Arc::new(DialPlan {
        departments: Arc::new(DepartmentSection::new(vec![sales])),
        ..people::plan()
    })));
    world.run_for(s(40));
    world.phones[ANNA_AT].manner = Manner::Answer(ms(500));
    world.phones[BORIS_AT].manner = Manner::Ring;
    (world, line)
}

fn call_in(world: &mut World, line: usize, number: &str) -> usize {
    let value = format!("<sip:{number}@provider.example>");
    world.phones[line].claims = vec![("P-Asserted-Identity".into(), value)];
    world.dial(line, "200")
}

/// Something is said once to Anna, who has picked up.
fn is_whispered_to(world: &World) -> bool {
    let Some(call) = world.phones[ANNA_AT].calls.last() else {
        return false;
    };
    let leg = call.heard.as_ref().and_then(|heard| world.media.leg_at(heard.port));
    let leg = leg.and_then(|leg| world.media.legs.get(&leg));
    call.state == State::Talking && leg.is_some_and(|leg| leg.playing.is_some_and(|(_, repeat)| !repeat))
}

fn record(world: &World) -> CdrRow {
    let ended = world.journal.iter().find_map(|entry| match entry {
        JournalEntry::CallEnded { call } => Some((**call).clone()),
        _ => None,
    });
    ended.expect("a record")
}

#[test]
fn the_member_hears_whose_call_it_is_while_the_caller_hears_it_ring() {
    let department = sound::for_department(Language::Russian);
    let vip = sound::vip_client(Language::Russian);
    let only_vip = Whisper {
        department: false,
        vip: true,
    };
    for (number, whisper, says) in [
        (CLIENT_NUMBER, BOTH, (true, true)),
        (STRANGER, BOTH, (true, false)),
        (CLIENT_NUMBER, only_vip, (false, true)),
    ] {
        for (seed, weather) in [(1, FAIR), (2, rough(5)), (3, rough(20))] {
            let (mut world, line) = office(seed, weather, whisper);
            let call = call_in(&mut world, line, number);
            assert!(world.wait_for(s(30), is_whispered_to), "{}", world.ladder());
            assert_eq!(world.phones[line].call(call).state, State::Calling, "not answered yet");
            assert!(!world.together(line, ANNA_AT));
            assert_eq!((world.sounds.has(&department), world.sounds.has(&vip)), says);
            let together = world.wait_for(s(30), |world| world.together(line, ANNA_AT));
            assert!(together, "{}", world.ladder());
            world.run_for(s(3));
            assert!(!is_whispered_to(&world));
            world.hang_up(line, call);
            world.run_for(s(40));
            world.close();
            let record = record(&world);
            assert_eq!(record.disposition, Some(Disposition::Answered));
            assert_eq!(record.callee.staff, Some(StaffId::from_u128(ANNA.id)));
            assert_eq!(world.media.tapped, 1);
        }
    }
}

/// Where nothing is to be said the answer counts at once.
#[test]
fn nothing_is_whispered_of_who_is_no_vip_or_where_it_is_not_wanted() {
    let only_vip = Whisper {
        department: false,
        vip: true,
    };
    for (whisper, number) in [(only_vip, STRANGER), (Whisper::default(), CLIENT_NUMBER)] {
        let (mut world, line) = office(4, FAIR, whisper);
        let call = call_in(&mut world, line, number);
        assert!(world.wait_for(s(10), |world| world.together(line, ANNA_AT)));
        assert!(world.sounds.once.is_empty());
        world.hang_up(line, call);
        world.close();
    }
    // A colleague who dials a member directly is no call of the department.
    let (mut world, _) = office(5, FAIR, BOTH);
    world.dial(BORIS_AT, ANNA.number);
    assert!(world.wait_for(s(10), |world| world.together(BORIS_AT, ANNA_AT)));
    assert!(world.sounds.once.is_empty());
    world.hang_up(BORIS_AT, 0);
    world.close();
}

#[test]
fn a_caller_who_waits_with_music_goes_on_hearing_it() {
    let (mut world, line) = office(6, FAIR, BOTH);
    world.phones[ANNA_AT].manner = Manner::Refuse(486, ms(300));
    let call = call_in(&mut world, line, STRANGER);
    assert!(world.wait_for(s(20), |world| world.phones[line].call(call).state == State::Talking));
    world.phones[ANNA_AT].manner = Manner::Answer(ms(500));
    assert!(world.wait_for(s(30), is_whispered_to), "{}", world.ladder());
    let music = |world: &World| {
        let legs = world.media.legs.values();
        legs.filter(|leg| leg.playing.is_some_and(|(_, repeat)| repeat)).count()
    };
    assert_eq!(music(&world), 1);
    assert!(world.wait_for(s(10), |world| world.together(line, ANNA_AT)));
    assert_eq!(music(&world), 0);
    world.hang_up(line, call);
    world.close();
    assert_eq!(record(&world).disposition, Some(Disposition::Answered));
}

#[test]
fn a_caller_who_leaves_during_the_whisper_leaves_the_member_too() {
    for waits in [false, true] {
        let (mut world, line) = office(7, FAIR, BOTH);
        if waits {
            world.phones[ANNA_AT].manner = Manner::Refuse(486, ms(300));
        }
        let call = call_in(&mut world, line, STRANGER);
        if waits {
            assert!(world.wait_for(s(20), |world| world.phones[line].call(call).state == State::Talking));
            world.phones[ANNA_AT].manner = Manner::Answer(ms(500));
        }
        assert!(world.wait_for(s(30), is_whispered_to), "{}", world.ladder());
        world.hang_up(line, call);
        world.run_for(s(5));
        assert_eq!(world.phones[ANNA_AT].last().state, State::Over, "{}", world.ladder());
        world.close();
        assert_eq!(record(&world).disposition, Some(Disposition::Abandoned));
    }
}

#[test]
fn a_member_who_leaves_during_the_whisper_has_not_taken_the_call() {
    let (mut world, line) = office(8, FAIR, BOTH);
    let call = call_in(&mut world, line, STRANGER);
    assert!(world.wait_for(s(30), is_whispered_to), "{}", world.ladder());
    world.phones[BORIS_AT].manner = Manner::Answer(ms(500));
    world.end_calls(ANNA_AT);
    let together = world.wait_for(s(20), |world| world.together(line, BORIS_AT));
    assert!(together, "{}", world.ladder());
    world.hang_up(line, call);
    world.close();
    let record = record(&world);
    assert_eq!(record.callee.staff, Some(StaffId::from_u128(BORIS.id)));
    assert!(
        record.because.contains("Anna Tester does not answer"),
        "{}",
        record.because
    );
}

/// The time that an offer rings does not cut off what is said to a member who has picked up in the last second.
#[test]
fn who_picks_up_in_the_last_moment_hears_it_to_the_end() {
    let (mut world, line) = office(9, FAIR, BOTH);
    world.phones[ANNA_AT].manner = Manner::Answer(ms(9_500));
    let call = call_in(&mut world, line, CLIENT_NUMBER);
    let together = world.wait_for(s(30), |world| world.together(line, ANNA_AT));
    assert!(together, "{}", world.ladder());
    assert!(world.phones[BORIS_AT].calls.is_empty());
    world.hang_up(line, call);
    world.close();
}
