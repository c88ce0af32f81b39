//! Calls between staff: set up, refused, forked, cancelled, ended.

use frontdesk::engine::input::{Input, OperatorCommand};
use frontdesk::engine::output::{BoardChange, CallDirection, Disposition, EndedBySide, JournalEntry, RecordCommand};
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::{ANNA, BORIS};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;

/// Anna calls Boris, who answers after two seconds; they talk for ten.
fn conversation(seed: u8, weather: Weather) -> World {
    let mut world = World::office(seed, weather);
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(12));
    assert_eq!(
        world.phones[ANNA_AT].call(call).state,
        State::Talking,
        "{:#?}",
        world.transcript.ladder()
    );
    world.hang_up(ANNA_AT, call);
    world.close();
    world
}

/// V6: a short number rings its owner's phone.
#[test]
fn two_phones_talk_and_are_recorded() {
    let world = conversation(1, FAIR);
    let (anna, boris) = (world.phones[ANNA_AT].last(), world.phones[BORIS_AT].last());
    assert_eq!(
        (anna.state, anna.status, &*anna.progress),
        (State::Over, Some(200), &[180][..])
    );
    assert_eq!(boris.shown.0, "Anna Tester");
    assert!(boris.shown.1.starts_with("sip:101@"), "{:?}", boris.shown);
    assert_eq!(boris.max_forwards, Some(69));
    let record = world.record();
    assert_eq!(record.direction, CallDirection::Internal);
    assert_eq!(record.disposition, Some(Disposition::Answered));
    assert_eq!(record.ended_by, Some(EndedBySide::Caller));
    assert_eq!((record.called.as_str(), record.status), ("102", 200));
    assert_eq!(record.caller.number.as_deref(), Some("101"));
    assert_eq!(record.callee.staff.map(|id| id.as_u128()), Some(BORIS.id));
    let talked = record.ended_at.unwrap() - record.answered_at.unwrap();
    assert!((9_000..=11_000).contains(&talked), "{talked}");
    assert_eq!(record.legs.len(), 2);
    assert_eq!(world.media.tapped, 1);
    let [RecordCommand::Start { call, recording, .. }] = &world.records[..] else {
        panic!("{:?}", world.records);
    };
    assert_eq!(*call, record.id);
    let started = world
        .journal
        .iter()
        .any(|entry| matches!(entry, JournalEntry::RecordingStarted { recording: row, .. } if row == recording));
    assert!(started);
}

#[test]
fn the_board_follows_a_call_from_ringing_to_its_end() {
    let world = conversation(2, FAIR);
    let names: Vec<&str> = world
        .board
        .iter()
        .filter_map(|change| match change {
            BoardChange::CallCreated(_) => Some("created"),
            BoardChange::CallRinging { .. } => Some("ringing"),
            BoardChange::CallAnswered { .. } => Some("answered"),
            BoardChange::CallQueued { .. } => Some("queued"),
            BoardChange::CallHeld { .. } => Some("held"),
            BoardChange::CallTransferred { .. } => Some("transferred"),
            BoardChange::CallEnded { .. } => Some("ended"),
            BoardChange::Sip { .. }
            | BoardChange::CallCard { .. }
            | BoardChange::Block(_)
            | BoardChange::Trunk { .. } => None,
        })
        .collect();
    assert_eq!(names, ["created", "ringing", "answered", "ended"]);
}

/// The ladder without what the net adds.
#[test]
fn the_ladder_of_a_call_is_this() {
    let world = conversation(3, FAIR);
    let ladder: Vec<String> = world
        .transcript
        .ladder()
        .into_iter()
        .filter(|line| !line.contains("REGISTER"))
        .collect();
    let expected = [
        "anna > INVITE",
        "anna < 401 INVITE",
        "anna > ACK",
        "anna > INVITE",
        "boris < INVITE",
        "boris > 180 INVITE",
        "anna < 180 INVITE",
        "boris > 200 INVITE",
        "boris < ACK",
        "anna < 200 INVITE",
        "anna > ACK",
        "anna > BYE",
        "anna < 200 BYE",
        "boris < BYE",
        "boris > 200 BYE",
    ];
    let mut sorted = ladder.clone();
    let mut wanted: Vec<String> = expected.iter().map(|line| (*line).to_owned()).collect();
    assert_eq!(ladder.len(), wanted.len(), "{ladder:#?}");
    sorted.sort();
    wanted.sort();
    assert_eq!(sorted, wanted, "{ladder:#?}");
}

#[test]
fn calls_survive_a_net_that_loses_doubles_and_reorders() {
    for seed in 0..12 {
        for loss in [0, 5, 20] {
            let world = conversation_over_loss(seed, loss);
            assert_eq!(
                world.record().disposition,
                Some(Disposition::Answered),
                "seed {seed}, loss {loss}"
            );
        }
    }
}

fn conversation_over_loss(seed: u8, loss: u32) -> World {
    let mut world = World::office(seed, rough(loss));
    let call = world.dial(ANNA_AT, BORIS.number);
    let talking = world.wait_for(s(40), |world| {
        world.phones[ANNA_AT].call(call).state == State::Talking
            && world.phones[BORIS_AT]
                .calls
                .first()
                .is_some_and(|call| call.state == State::Talking)
    });
    assert!(talking, "seed {seed}, loss {loss}: {:#?}", world.transcript.ladder());
    world.run_for(s(30));
    world.hang_up(ANNA_AT, call);
    world.run_for(s(40));
    world.close();
    world
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let prints = |seed| conversation_over_loss(seed, 20).transcript.fingerprint();
    assert_eq!(prints(5), prints(5));
    assert_ne!(prints(5), prints(6));
}

#[test]
fn a_refusal_reaches_the_caller_and_the_history() {
    let check = |manner, status: u16, disposition| {
        let mut world = World::office(4, FAIR);
        world.phones[BORIS_AT].manner = manner;
        let call = world.dial(ANNA_AT, BORIS.number);
        world.run_for(s(100));
        assert_eq!(world.phones[ANNA_AT].call(call).status, Some(status), "{manner:?}");
        world.close();
        let record = world.record();
        assert_eq!(
            (record.status, record.disposition),
            (status, Some(disposition)),
            "{manner:?}"
        );
        assert_eq!(record.callee.number.as_deref(), Some("102"));
        assert!(world.records.is_empty());
    };
    check(Manner::Refuse(486, s(0)), 486, Disposition::Busy);
    check(Manner::Refuse(486, s(3)), 486, Disposition::Busy);
    check(Manner::Refuse(603, s(3)), 603, Disposition::Busy);
    check(Manner::Refuse(480, s(1)), 480, Disposition::NoAnswer);
    check(Manner::Ring, 480, Disposition::NoAnswer);
    check(Manner::Mute, 480, Disposition::NoAnswer);
}

#[test]
fn a_number_that_is_not_there_gets_404_and_a_person_without_a_phone_480_at_once() {
    let check = |number: &str, status: u16| {
        let mut world = World::office(5, FAIR);
        let before = world.elapsed();
        let call = world.dial(ANNA_AT, number);
        assert!(world.wait_for(s(5), |world| world.phones[ANNA_AT].call(call).state == State::Over));
        assert_eq!(world.phones[ANNA_AT].call(call).status, Some(status), "{number}");
        assert!(world.elapsed() - before < ms(100));
        world.close();
        let record = world.record();
        assert_eq!((record.status, record.called.as_str()), (status, number));
        assert!(
            record
                .disposition
                .is_some_and(|disposition| disposition != Disposition::Answered)
        );
        assert!(!record.because.is_empty());
        let wanted = (status == 480).then_some(number);
        assert_eq!(record.callee.number.as_deref(), wanted);
    };
    check("999", 404);
    check("nobody", 404);
    check("104", 480);
}

#[test]
fn all_phones_of_a_person_ring_and_the_first_answer_wins() {
    let mut world = World::office(6, FAIR);
    let second = world.add_phone(BORIS);
    world.register(second);
    world.run_for(s(2));
    world.phones[BORIS_AT].manner = Manner::Ring;
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(6));
    assert_eq!(world.phones[ANNA_AT].call(call).state, State::Talking);
    assert_eq!(world.phones[second].last().state, State::Talking);
    let lost = world.phones[BORIS_AT].last();
    assert_eq!((lost.state, lost.status), (State::Over, Some(487)));
    assert_eq!(
        lost.reason.as_deref(),
        Some("SIP;cause=200;text=\"Call completed elsewhere\"")
    );
    assert_eq!(world.phones[ANNA_AT].call(call).progress, [180]);
    world.hang_up(second, 0);
    world.close();
    let record = world.record();
    assert_eq!((record.ended_by, record.legs.len()), (Some(EndedBySide::Callee), 3));
}

#[test]
fn a_department_rings_all_its_members_but_not_the_callers_own_phone() {
    let mut world = World::office(7, FAIR);
    world.phones[BORIS_AT].manner = Manner::Refuse(486, s(1));
    world.phones[CLARA_AT].manner = Manner::Answer(s(3));
    let call = world.dial(ANNA_AT, "200");
    world.run_for(s(6));
    assert_eq!(world.phones[ANNA_AT].call(call).state, State::Talking);
    assert_eq!(world.phones[ANNA_AT].calls.len(), 1);
    assert_eq!(world.phones[CLARA_AT].last().state, State::Talking);
    world.hang_up(ANNA_AT, call);
    world.close();
    assert_eq!(world.record().callee.number.as_deref(), Some("103"));
}

#[test]
fn two_phones_that_answer_at_the_same_moment_leave_one_call() {
    for offset in 0..60 {
        let mut world = World::office(8, Weather { way: (5, 25), ..FAIR });
        let second = world.add_phone(BORIS);
        world.register(second);
        world.run_for(s(2));
        world.phones[BORIS_AT].manner = Manner::Answer(ms(1000));
        world.phones[second].manner = Manner::Answer(ms(970 + offset));
        let call = world.dial(ANNA_AT, BORIS.number);
        world.run_for(s(8));
        assert_eq!(world.phones[ANNA_AT].call(call).state, State::Talking, "{offset}");
        let phones = [BORIS_AT, second].map(|phone| world.phones[phone].last().state);
        let talking = phones.iter().filter(|state| **state == State::Talking).count();
        assert_eq!(talking, 1, "{offset}: {:#?}", world.transcript.ladder());
        world.hang_up(ANNA_AT, call);
        world.close();
        assert_eq!(world.record().legs.len(), 3);
    }
}

#[test]
fn a_caller_who_gives_up_stops_the_ringing_without_saying_that_somebody_answered() {
    let mut world = World::office(9, FAIR);
    world.phones[BORIS_AT].manner = Manner::Ring;
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(5));
    world.act(ANNA_AT, |phone, now| phone.cancel(call, now));
    world.run_for(s(2));
    assert_eq!(world.phones[ANNA_AT].call(call).status, Some(487));
    let rang = world.phones[BORIS_AT].last();
    assert_eq!(rang.state, State::Over);
    assert!(
        rang.reason
            .as_deref()
            .is_none_or(|reason| !reason.contains("cause=200")),
        "{:?}",
        rang.reason
    );
    world.close();
    let record = world.record();
    assert_eq!((record.disposition, record.status), (Some(Disposition::Abandoned), 487));
    assert_eq!(record.ended_by, Some(EndedBySide::Caller));
}

/// RFC 3261 section 9: a CANCEL may meet any moment of its INVITE.
#[test]
fn a_cancel_may_come_at_any_moment() {
    for moment in (0..2_300).step_by(23) {
        for loss in [0, 20] {
            let mut world = World::office(
                10,
                Weather {
                    loss,
                    double: 5,
                    way: (5, 25),
                },
            );
            world.phones[BORIS_AT].manner = Manner::Answer(ms(2_000));
            let call = world.dial(ANNA_AT, BORIS.number);
            world.run_for(ms(moment));
            world.act(ANNA_AT, |phone, now| phone.cancel(call, now));
            world.run_for(s(70));
            let states = (
                world.phones[ANNA_AT].call(call).state,
                world.phones[BORIS_AT]
                    .calls
                    .iter()
                    .all(|call| call.state == State::Over),
            );
            assert_eq!(
                states,
                (State::Over, true),
                "{moment}, loss {loss}: {:#?}",
                world.transcript.ladder()
            );
            world.close();
        }
    }
}

#[test]
fn a_person_who_dials_the_own_number_reaches_the_other_phone_or_is_busy() {
    let mut world = World::office(11, FAIR);
    let call = world.dial(ANNA_AT, ANNA.number);
    world.run_for(s(3));
    assert_eq!(world.phones[ANNA_AT].call(call).status, Some(486));
    let second = world.add_phone(ANNA);
    world.register(second);
    world.run_for(s(2));
    let call = world.dial(ANNA_AT, ANNA.number);
    world.run_for(s(5));
    assert_eq!(world.phones[ANNA_AT].call(call).state, State::Talking);
    assert_eq!(world.phones[second].last().state, State::Talking);
    world.hang_up(ANNA_AT, call);
    world.close();
}

#[test]
fn one_failing_phone_does_not_end_the_call_while_another_rings() {
    let mut world = World::office(12, FAIR);
    let second = world.add_phone(BORIS);
    world.register(second);
    world.run_for(s(2));
    world.phones[BORIS_AT].manner = Manner::Refuse(500, s(0));
    world.phones[second].manner = Manner::Answer(s(5));
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(8));
    assert_eq!(world.phones[ANNA_AT].call(call).state, State::Talking);
    world.hang_up(ANNA_AT, call);
    world.close();
}

#[test]
fn an_operator_hangs_a_call_up_on_both_sides() {
    let mut world = World::office(13, FAIR);
    world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(5));
    let Some(BoardChange::CallCreated(call)) = world
        .board
        .iter()
        .find(|change| matches!(change, BoardChange::CallCreated(_)))
    else {
        panic!("{:?}", world.board);
    };
    let call = call.id;
    world.input(Input::Operator(OperatorCommand::HangUp { call }));
    world.run_for(s(2));
    assert_eq!(
        (world.phones[0].last().state, world.phones[1].last().state),
        (State::Over, State::Over)
    );
    world.close();
    assert_eq!(world.record().ended_by, Some(EndedBySide::System));
}

#[test]
fn while_draining_new_calls_get_503_and_old_ones_go_on() {
    let mut world = World::office(14, FAIR);
    let old = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(5));
    world.input(Input::Drain);
    let new = world.dial(CLARA_AT, BORIS.number);
    world.run_for(s(3));
    assert_eq!(world.phones[CLARA_AT].call(new).status, Some(503));
    assert_eq!(world.phones[ANNA_AT].call(old).state, State::Talking);
    world.input(Input::HangUpAll);
    world.run_for(s(3));
    assert_eq!(world.phones[ANNA_AT].call(old).state, State::Over);
    world.close();
}

#[test]
fn a_full_journal_refuses_new_calls_until_there_is_room() {
    let mut world = World::office(15, FAIR);
    world.input(Input::JournalLoad(80));
    let refused = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(3));
    assert_eq!(world.phones[ANNA_AT].call(refused).status, Some(503));
    world.input(Input::JournalLoad(10));
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(5));
    assert_eq!(world.phones[ANNA_AT].call(call).state, State::Talking);
    world.hang_up(ANNA_AT, call);
    world.close();
}
