//! Attended transfers: two calls become one. And INVITEs that take somebody's place (RFC 3891).

use frontdesk::engine::output::{Disposition, EndedBySide, JournalEntry};
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::{ANNA, BORIS, CLARA, DAVID};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;

fn ladder(world: &World) -> String {
    let ladder = world.transcript.ladder();
    ladder[ladder.len().saturating_sub(60)..].join("\n")
}

fn direction(world: &World, phone: usize) -> String {
    let call = world.phones[phone]
        .calls
        .iter()
        .rfind(|call| call.state == State::Talking);
    call.and_then(|call| call.heard.clone())
        .map(|heard| heard.direction)
        .unwrap_or_default()
}

/// Anna talks with Boris, holds, and talks with Clara: by a call of either.
fn consulting(seed: u8, weather: Weather, anna_calls: bool) -> World {
    let mut world = World::office(seed, weather);
    world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    world.act(ANNA_AT, |phone, now| phone.reinvite(0, "sendonly", now));
    world.run_for(s(30));
    match anna_calls {
        true => world.talk(ANNA_AT, CLARA_AT, CLARA.number),
        false => world.talk(CLARA_AT, ANNA_AT, ANNA.number),
    };
    assert!(world.together(ANNA_AT, CLARA_AT));
    world.act(ANNA_AT, |phone, now| phone.reinvite(1, "sendonly", now));
    world.run_for(s(30));
    world
}

#[test]
fn two_calls_become_one_and_the_older_one_goes_on_with_its_recording() {
    for (anna_calls, refer, loss) in [
        (true, (0, 1), 0),
        (true, (0, 1), 5),
        (true, (0, 1), 20),
        (true, (1, 0), 0),
        (true, (1, 0), 20),
        (false, (0, 1), 0),
        (false, (0, 1), 20),
        (false, (1, 0), 0),
    ] {
        let mut world = consulting(1, rough(loss), anna_calls);
        world.act(ANNA_AT, |phone, now| phone.refer_to_call(refer.0, refer.1, now));
        world.run_for(s(60));
        assert!(
            world.together(BORIS_AT, CLARA_AT),
            "{anna_calls} {refer:?}\n{}",
            ladder(&world)
        );
        assert_eq!(
            [direction(&world, BORIS_AT), direction(&world, CLARA_AT)],
            ["sendrecv", "sendrecv"]
        );
        let anna = &world.phones[ANNA_AT];
        assert_eq!(
            (anna.call(0).state, anna.call(1).state),
            (State::Over, State::Over),
            "{}",
            ladder(&world)
        );
        assert_eq!(anna.call(refer.0).told.last().unwrap_or(&200), &200);
        assert_eq!((world.media.taps.len(), world.media.tapped), (1, 2));
        world.end_calls(CLARA_AT);
        world.run_for(s(40));
        assert_eq!(world.phones[BORIS_AT].call(0).state, State::Over);
        world.close();
        let records = world.records_of_calls();
        let [consultation, whole] = records[..] else {
            panic!("{records:#?}");
        };
        assert!(whole.started_at < consultation.started_at);
        assert_eq!(consultation.disposition, Some(Disposition::Answered));
        assert!(
            consultation.because.contains(&format!("went on in call {}", whole.id)),
            "{}",
            consultation.because
        );
        assert_eq!((whole.ended_by, whole.legs.len()), (Some(EndedBySide::Caller), 3));
        assert_eq!(whole.caller.number.as_deref(), Some("101"));
    }
}

#[test]
fn both_who_stay_are_told_with_whom_they_talk() {
    let mut world = consulting(2, FAIR, true);
    world.act(ANNA_AT, |phone, now| phone.refer_to_call(0, 1, now));
    world.run_for(s(5));
    // Both were held: the re-INVITE that ends the hold says it.
    for (phone, partner) in [(BORIS_AT, "Clara Tester"), (CLARA_AT, "Boris Tester")] {
        let told = world.sent_to(phone, "INVITE");
        let last = told.last().unwrap();
        assert!(last.contains(&format!("P-Asserted-Identity: \"{partner}\"")), "{last}");
    }
    world.end_calls(BORIS_AT);
    world.close();
}

#[test]
fn a_party_of_a_third_call_is_not_taken() {
    let mut world = consulting(3, FAIR, true);
    let david = world.add_phone(DAVID);
    world.register(david);
    world.run_for(s(2));
    // David names a dialog of Anna's in a REFER of his own.
    world.talk(david, CLARA_AT, CLARA.number);
    let stolen = world.phones[ANNA_AT]
        .replaces(0, false)
        .replace('@', "%40")
        .replace(';', "%3B")
        .replace('=', "%3D");
    let target = format!("<sip:102@pbx.example?Replaces={stolen}>");
    world.act(david, |phone, now| phone.refer_with(0, &target, Vec::new(), now));
    world.run_for(s(5));
    assert_eq!(world.phones[david].call(0).told, [481]);
    assert!(world.together(david, CLARA_AT));
    let unknown = "<sip:102@pbx.example?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>";
    world.act(david, |phone, now| phone.refer_with(0, unknown, Vec::new(), now));
    world.run_for(s(5));
    assert_eq!(world.phones[david].call(0).told, [481, 481]);
    for phone in [ANNA_AT, david] {
        world.end_calls(phone);
    }
    world.close();
}

#[test]
fn an_attended_transfer_while_the_target_still_rings_lets_it_ring_for_the_party() {
    for (seed, loss) in [(4, 0), (4, 5), (5, 20), (6, 20)] {
        let mut world = World::office(seed, rough(loss));
        world.talk(ANNA_AT, BORIS_AT, BORIS.number);
        world.phones[CLARA_AT].manner = Manner::Answer(s(45));
        world.dial(ANNA_AT, CLARA.number);
        let rings = world.wait_for(s(30), |world| world.phones[ANNA_AT].call(1).progress.contains(&180));
        assert!(rings, "{}", ladder(&world));
        world.act(ANNA_AT, |phone, now| phone.refer_to_call(0, 1, now));
        world.run_for(s(90));
        assert!(world.together(BORIS_AT, CLARA_AT), "loss {loss}\n{}", ladder(&world));
        let anna = &world.phones[ANNA_AT];
        assert_eq!((anna.call(0).told.last(), anna.call(1).status), (Some(&200), Some(487)));
        assert_eq!(
            (anna.call(0).state, world.phones[CLARA_AT].calls.len()),
            (State::Over, 1)
        );
        world.end_calls(BORIS_AT);
        world.run_for(s(40));
        world.close();
        let records = world.records_of_calls();
        assert_eq!(records[0].disposition, Some(Disposition::Abandoned));
        assert_eq!((records.len(), records[1].legs.len(), world.media.tapped), (2, 3, 1));
    }
}

#[test]
fn a_ringing_target_that_refuses_after_an_early_attended_transfer_gives_the_call_back() {
    let mut world = World::office(5, FAIR);
    world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    world.phones[CLARA_AT].manner = Manner::Refuse(486, s(5));
    world.dial(ANNA_AT, CLARA.number);
    world.run_for(s(2));
    world.act(ANNA_AT, |phone, now| phone.refer_to_call(0, 1, now));
    world.run_for(s(10));
    assert_eq!(
        world.phones[ANNA_AT].call(0).told,
        [100, 180, 486],
        "{}",
        ladder(&world)
    );
    assert!(world.together(ANNA_AT, BORIS_AT), "{}", ladder(&world));
    world.end_calls(BORIS_AT);
    world.close();
}

/// The target answers just when the REFER comes, or before, or after.
#[test]
fn a_refer_may_cross_the_answer_of_its_target() {
    for loss in [0, 20] {
        for moment in (1_900..2_300).step_by(10) {
            let mut world = World::office(
                6,
                Weather {
                    loss,
                    double: 5,
                    way: (5, 25),
                },
            );
            world.talk(ANNA_AT, BORIS_AT, BORIS.number);
            world.phones[CLARA_AT].manner = Manner::Answer(s(2));
            world.dial(ANNA_AT, CLARA.number);
            world.run_for(ms(moment));
            if world.phones[ANNA_AT].call(1).progress.is_empty() {
                world.run_for(s(20));
            }
            world.act(ANNA_AT, |phone, now| phone.refer_to_call(0, 1, now));
            world.run_for(s(60));
            assert!(
                world.together(BORIS_AT, CLARA_AT),
                "{moment} {loss}\n{}",
                ladder(&world)
            );
            world.end_calls(BORIS_AT);
            world.run_for(s(40));
            world.close();
            assert_eq!(world.records_of_calls().len(), 2);
        }
    }
}

#[test]
fn anybody_may_leave_at_any_moment_of_an_attended_transfer() {
    for who in [ANNA_AT, BORIS_AT, CLARA_AT] {
        for moment in (0..400).step_by(10) {
            let mut world = World::office(
                7,
                Weather {
                    loss: 10,
                    double: 5,
                    way: (5, 25),
                },
            );
            world.talk(ANNA_AT, BORIS_AT, BORIS.number);
            world.talk(ANNA_AT, CLARA_AT, CLARA.number);
            world.act(ANNA_AT, |phone, now| phone.refer_to_call(0, 1, now));
            world.run_for(ms(moment));
            world.end_calls(who);
            world.run_for(s(40));
            for phone in 0..3 {
                world.end_calls(phone);
            }
            world.run_for(s(40));
            world.close();
            assert_eq!(world.records_of_calls().len(), 2);
        }
    }
}

/// Clara's phone dials with this Replaces value.
fn replace(world: &mut World, value: String) -> usize {
    world.phones[CLARA_AT].claims = vec![("Replaces".into(), value)];
    let call = world.dial(CLARA_AT, BORIS.number);
    world.phones[CLARA_AT].claims.clear();
    call
}

#[test]
fn a_colleague_picks_up_what_rings_and_the_phone_that_rang_shows_no_missed_call() {
    for loss in [0, 20] {
        let mut world = World::office(8, rough(loss));
        let second = world.add_phone(BORIS);
        world.register(second);
        world.run_for(s(20));
        for phone in [BORIS_AT, second] {
            world.phones[phone].manner = Manner::Ring;
        }
        let call = world.dial(ANNA_AT, BORIS.number);
        let rings = world.wait_for(s(40), |world| {
            [BORIS_AT, second]
                .iter()
                .all(|phone| !world.phones[*phone].calls.is_empty())
        });
        assert!(rings, "{}", ladder(&world));
        world.run_for(s(1));
        let value = world.phones[BORIS_AT].replaces(0, true);
        // The challenged INVITE goes out again with the same fields.
        world.phones[CLARA_AT].claims = vec![("Replaces".into(), value)];
        world.dial(CLARA_AT, BORIS.number);
        world.run_for(s(30));
        assert!(world.together(ANNA_AT, CLARA_AT), "loss {loss}\n{}", ladder(&world));
        for phone in [BORIS_AT, second] {
            let rang = world.phones[phone].last();
            assert_eq!((rang.state, rang.status), (State::Over, Some(487)));
            assert!(
                rang.reason
                    .as_deref()
                    .is_some_and(|reason| reason.contains("cause=200")),
                "{:?}",
                rang.reason
            );
        }
        let answer = &world.sent_to(ANNA_AT, "200 INVITE")[0];
        assert!(answer.contains("P-Asserted-Identity: \"Clara Tester\""), "{answer}");
        let answer = &world.sent_to(CLARA_AT, "200 INVITE")[0];
        assert!(answer.contains("P-Asserted-Identity: \"Anna Tester\""), "{answer}");
        world.hang_up(ANNA_AT, call);
        world.run_for(s(40));
        world.close();
        let record = world.record();
        assert_eq!((record.callee.number.as_deref(), record.legs.len()), (Some("103"), 4));
        assert!(record.because.contains("taken over by 103"), "{}", record.because);
        assert_eq!(world.media.tapped, 1);
    }
}

#[test]
fn a_phone_that_was_sent_here_takes_the_place_of_one_that_talks() {
    for (gone, stays) in [(BORIS_AT, ANNA_AT), (ANNA_AT, BORIS_AT)] {
        for (loss, with_offer) in [(0, true), (0, false), (20, true), (20, false)] {
            let mut world = World::office(9, rough(loss));
            world.talk(ANNA_AT, BORIS_AT, BORIS.number);
            let value = world.phones[gone].replaces(0, false);
            world.phones[CLARA_AT].claims = vec![("Replaces".into(), value)];
            world.act(CLARA_AT, |phone, now| phone.dial("102", with_offer, now));
            world.run_for(s(40));
            assert!(
                world.together(stays, CLARA_AT),
                "{gone} {loss} {with_offer}\n{}",
                ladder(&world)
            );
            assert_eq!(world.phones[gone].call(0).state, State::Over);
            world.end_calls(stays);
            world.run_for(s(40));
            world.close();
            assert_eq!((world.record().legs.len(), world.media.tapped), (3, 1));
        }
    }
}

#[test]
fn a_dialog_that_cannot_be_replaced_leaves_everything_as_it_was() {
    let mut world = World::office(10, FAIR);
    world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    let early = world.phones[BORIS_AT].replaces(0, true);
    let check = |world: &mut World, value: String, status: u16| {
        world.phones[CLARA_AT].claims = vec![("Replaces".into(), value.clone())];
        let call = world.dial(CLARA_AT, "102");
        world.run_for(s(3));
        assert_eq!(world.phones[CLARA_AT].call(call).status, Some(status), "{value}");
        assert!(world.together(ANNA_AT, BORIS_AT));
    };
    check(&mut world, early, 486);
    check(&mut world, "a@b;to-tag=1;from-tag=2".to_owned(), 481);
    check(&mut world, "a@b;to-tag=1".to_owned(), 400);
    let offer = world.phones[BORIS_AT].replaces(0, false);
    world.phones[CLARA_AT].codecs = vec![18];
    check(&mut world, offer, 488);
    world.end_calls(ANNA_AT);
    world.close();
    let started = world
        .journal
        .iter()
        .filter(|entry| matches!(entry, JournalEntry::RecordingStarted { .. }));
    assert_eq!(started.count(), 1);
}

#[test]
fn an_invite_with_replaces_may_come_at_any_moment_of_a_call() {
    for moment in (0..2_600).step_by(40) {
        let mut world = World::office(
            11,
            Weather {
                loss: 10,
                double: 5,
                way: (5, 25),
            },
        );
        world.phones[BORIS_AT].manner = Manner::Answer(s(2));
        world.dial(ANNA_AT, BORIS.number);
        world.run_for(ms(moment));
        if world.phones[BORIS_AT].calls.is_empty() || world.phones[BORIS_AT].call(0).state == State::Over {
            world.run_for(s(20));
        }
        if world.phones[BORIS_AT]
            .calls
            .first()
            .is_some_and(|call| call.state != State::Over)
        {
            let value = world.phones[BORIS_AT].replaces(0, false);
            replace(&mut world, value);
        }
        world.run_for(s(40));
        for phone in 0..3 {
            world.end_calls(phone);
        }
        world.run_for(s(40));
        world.close();
    }
}
