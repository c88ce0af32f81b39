//! Transfers: blind, attended, early attended, given back, called back, and whoever leaves meanwhile.

use frontdesk::engine::output::{BoardChange, Disposition, EndedBySide};
use frontdesk_sip::flow::Transport;
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::{ANNA, BORIS, CLARA, CLIENT_NUMBER, DAVID, LINE};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;

fn talking(seed: u8, weather: Weather) -> World {
    let mut world = World::office(seed, weather);
    world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    world
}

fn ladder(world: &World) -> String {
    let ladder = world.transcript.ladder();
    ladder[ladder.len().saturating_sub(60)..].join("\n")
}

fn state(world: &World, phone: usize) -> State {
    world.phones[phone].last().state
}

/// One of the two sends the other one to Clara, who answers.
fn blind(by: usize, seed: u8, weather: Weather) -> World {
    let mut world = talking(seed, weather);
    world.act(by, |phone, now| phone.refer(0, CLARA.number, now));
    let stays = 1 - by;
    let together = world.wait_for(s(60), |world| {
        world.together(stays, CLARA_AT) && state(world, by) == State::Over
    });
    assert!(together, "{}", ladder(&world));
    world.run_for(s(5));
    world
}

#[test]
fn a_blind_transfer_by_either_side_keeps_one_call_with_one_recording() {
    for by in [ANNA_AT, BORIS_AT] {
        for loss in [0, 5, 20] {
            let weather = if loss == 0 { FAIR } else { rough(loss) };
            let mut world = blind(by, 20 + u8::try_from(loss).unwrap(), weather);
            let transferor = world.phones[by].call(0);
            assert_eq!(transferor.results.first(), Some(&202), "{}", ladder(&world));
            assert_eq!(transferor.told.last(), Some(&200));
            if loss == 0 {
                assert_eq!(transferor.told, [100, 180, 200]);
            }
            let clara = world.phones[CLARA_AT].last();
            let shown = if by == ANNA_AT { "Boris Tester" } else { "Anna Tester" };
            assert_eq!(clara.shown.0, shown);
            let invite = &world.sent_to(CLARA_AT, "INVITE")[0];
            assert!(invite.contains("Referred-By: <sip:"), "{invite}");
            assert!(invite.contains("Max-Forwards: 68"), "{invite}");
            world.hang_up(CLARA_AT, 0);
            world.run_for(s(40));
            world.close();
            let record = world.record();
            assert_eq!(
                (record.disposition, record.legs.len()),
                (Some(Disposition::Answered), 3)
            );
            let ended_by = if by == ANNA_AT {
                EndedBySide::Caller
            } else {
                EndedBySide::Callee
            };
            assert_eq!(record.ended_by, Some(ended_by));
            assert!(record.because.contains("transferred by 10"), "{}", record.because);
            assert_eq!((world.media.tapped, world.records.len()), (1, 1));
            let callee = if by == ANNA_AT { "102" } else { "103" };
            assert_eq!(record.callee.number.as_deref(), Some(callee));
        }
    }
}

#[test]
fn the_board_shows_who_talks_after_a_transfer() {
    let mut world = blind(ANNA_AT, 2, FAIR);
    let numbers = world.board.iter().find_map(|change| match change {
        BoardChange::CallTransferred { caller, callee, .. } => Some((caller.number.clone(), callee.number.clone())),
        _ => None,
    });
    assert_eq!(numbers, Some((Some("103".to_owned()), Some("102".to_owned()))));
    world.end_calls(BORIS_AT);
    world.close();
}

/// RFC 4916, RFC 3325: the phone that stays shows its new partner.
#[test]
fn the_party_that_stays_is_told_with_whom_it_talks() {
    let mut world = blind(ANNA_AT, 3, FAIR);
    let updates = world.sent_to(BORIS_AT, "UPDATE");
    assert_eq!(updates.len(), 1, "{}", ladder(&world));
    assert!(
        updates[0].contains("P-Asserted-Identity: \"Clara Tester\" <sip:103@"),
        "{}",
        updates[0]
    );
    assert!(updates[0].contains("Contact: "), "{}", updates[0]);
    assert!(world.sent_to(CLARA_AT, "UPDATE").is_empty());
    world.end_calls(BORIS_AT);
    world.close();
}

#[test]
fn a_department_may_be_the_target() {
    let mut world = talking(4, FAIR);
    world.act(ANNA_AT, |phone, now| phone.refer(0, "200", now));
    world.phones[ANNA_AT].manner = Manner::Ring;
    world.phones[CLARA_AT].manner = Manner::Answer(s(1));
    world.run_for(s(6));
    assert!(world.together(BORIS_AT, CLARA_AT), "{}", ladder(&world));
    assert_eq!(
        world.phones[BORIS_AT].calls.len(),
        1,
        "the transferred phone itself is not rung"
    );
    world.end_calls(BORIS_AT);
    world.close();
}

#[test]
fn a_transferor_who_hangs_up_at_once_changes_nothing() {
    for loss in [0, 5, 20] {
        let mut world = talking(5, rough(loss));
        world.act(ANNA_AT, |phone, now| phone.refer(0, CLARA.number, now));
        let accepted = world.wait_for(s(40), |world| !world.phones[ANNA_AT].call(0).results.is_empty());
        assert!(accepted, "{}", ladder(&world));
        if world.phones[ANNA_AT].call(0).state != State::Over {
            world.hang_up(ANNA_AT, 0);
        }
        let together = world.wait_for(s(60), |world| world.together(BORIS_AT, CLARA_AT));
        assert!(together, "loss {loss}\n{}", ladder(&world));
        world.run_for(s(40));
        assert!(world.together(BORIS_AT, CLARA_AT));
        // Nobody was told how that transfer came out; it is over all the same.
        let back = world.phones[ANNA_AT].calls.len();
        world.act(CLARA_AT, |phone, now| phone.refer(0, ANNA.number, now));
        world.run_for(s(60));
        assert!(world.together(BORIS_AT, ANNA_AT), "loss {loss}\n{}", ladder(&world));
        assert_eq!(world.phones[ANNA_AT].calls.len(), back + 1);
        world.end_calls(BORIS_AT);
        world.close();
        assert_eq!(world.record().legs.len(), 4);
    }
}

#[test]
fn a_target_that_refuses_or_is_not_there_gives_the_call_back() {
    let check = |manner, number: &str, last: u16| {
        for loss in [0, 5, 20] {
            let mut world = talking(6, rough(loss));
            world.phones[CLARA_AT].manner = manner;
            world.act(ANNA_AT, |phone, now| phone.refer(0, number, now));
            world.run_for(s(150));
            assert_eq!(
                world.phones[ANNA_AT].call(0).told.last(),
                Some(&last),
                "{manner:?}\n{}",
                ladder(&world)
            );
            assert!(world.together(ANNA_AT, BORIS_AT), "{manner:?}\n{}", ladder(&world));
            world.hang_up(ANNA_AT, 0);
            world.run_for(s(40));
            world.close();
            let record = world.record();
            assert_eq!(record.ended_by, Some(EndedBySide::Caller));
            assert_eq!((world.media.tapped, record.callee.number.as_deref()), (1, Some("102")));
        }
    };
    check(Manner::Refuse(486, s(0)), "103", 486);
    check(Manner::Refuse(603, s(3)), "103", 603);
    check(Manner::Ring, "103", 480);
    check(Manner::Ring, "999", 404);
    check(Manner::Ring, "104", 480);
    check(Manner::Ring, "102", 486);
}

#[test]
fn a_transfer_that_fails_after_its_transferor_left_calls_that_one_back() {
    let mut world = talking(7, FAIR);
    world.phones[CLARA_AT].manner = Manner::Refuse(486, s(3));
    world.act(ANNA_AT, |phone, now| phone.refer(0, CLARA.number, now));
    world.run_for(s(1));
    world.hang_up(ANNA_AT, 0);
    world.phones[ANNA_AT].manner = Manner::Answer(s(2));
    world.run_for(s(10));
    assert!(world.together(ANNA_AT, BORIS_AT), "{}", ladder(&world));
    assert_eq!(world.phones[ANNA_AT].last().shown.0, "Boris Tester");
    world.end_calls(ANNA_AT);
    world.close();
    let record = world.record();
    assert!(record.because.contains("it went back"), "{}", record.because);
    assert_eq!((record.legs.len(), world.media.tapped), (4, 1));
}

#[test]
fn a_party_that_nobody_takes_is_hung_up_and_the_record_says_why() {
    let mut world = talking(8, FAIR);
    world.phones[CLARA_AT].manner = Manner::Refuse(486, s(3));
    world.act(ANNA_AT, |phone, now| phone.refer(0, CLARA.number, now));
    world.run_for(s(1));
    world.hang_up(ANNA_AT, 0);
    world.phones[ANNA_AT].manner = Manner::Refuse(486, s(1));
    world.run_for(s(10));
    assert_eq!(state(&world, BORIS_AT), State::Over);
    world.close();
    let record = world.record();
    assert_eq!(
        (record.disposition, record.ended_by),
        (Some(Disposition::Answered), Some(EndedBySide::System))
    );
    assert!(record.because.contains("nobody took the call"), "{}", record.because);
}

#[test]
fn a_second_refer_while_one_is_under_way_gets_491_and_one_after_it_is_served() {
    let mut world = talking(9, FAIR);
    world.phones[CLARA_AT].manner = Manner::Refuse(486, s(5));
    world.act(ANNA_AT, |phone, now| phone.refer(0, CLARA.number, now));
    world.run_for(s(1));
    world.act(ANNA_AT, |phone, now| phone.refer(0, CLARA.number, now));
    world.act(BORIS_AT, |phone, now| phone.refer(0, CLARA.number, now));
    world.run_for(s(1));
    assert_eq!(world.phones[ANNA_AT].call(0).results, [202, 491]);
    assert_eq!(world.phones[BORIS_AT].call(0).results, [491]);
    world.run_for(s(10));
    world.phones[CLARA_AT].manner = Manner::Answer(s(1));
    world.act(ANNA_AT, |phone, now| phone.refer(0, CLARA.number, now));
    world.run_for(s(10));
    assert!(world.together(BORIS_AT, CLARA_AT), "{}", ladder(&world));
    assert_eq!(world.phones[ANNA_AT].call(0).told, [100, 180, 486, 100, 180, 200]);
    let events = world.sent_to(ANNA_AT, "NOTIFY");
    assert!(
        events[0].contains("Event: refer\r\n") && events[3].contains("Event: refer;id="),
        "{events:#?}"
    );
    assert!(events[1].contains("Subscription-State: active;expires=") && events[1].contains("message/sipfrag"));
    assert!(events[2].contains("Subscription-State: terminated;reason=noresource"));
    world.end_calls(BORIS_AT);
    world.close();
}

/// RFC 4488, RFC 7647.
#[test]
fn whoever_wants_no_notifies_gets_none_and_is_hung_up_after_the_transfer() {
    let mut world = talking(10, FAIR);
    world.act(ANNA_AT, |phone, now| {
        phone.refer_with(
            0,
            "<sip:103@pbx.example>",
            vec![("Refer-Sub".into(), "false".into())],
            now,
        );
    });
    world.run_for(s(8));
    assert!(world.together(BORIS_AT, CLARA_AT), "{}", ladder(&world));
    assert_eq!(state(&world, ANNA_AT), State::Over);
    assert!(world.sent_to(ANNA_AT, "NOTIFY").is_empty());
    assert!(world.sent_to(ANNA_AT, "202 REFER")[0].contains("Refer-Sub: false"));
    world.end_calls(BORIS_AT);
    world.close();
}

#[test]
fn a_phone_that_does_not_hang_up_after_its_transfer_is_hung_up() {
    let mut world = talking(11, FAIR);
    world.phones[ANNA_AT].lets_go = false;
    world.act(ANNA_AT, |phone, now| phone.refer(0, CLARA.number, now));
    world.run_for(s(8));
    assert_eq!(state(&world, ANNA_AT), State::Over);
    assert_eq!(world.phones[ANNA_AT].call(0).told, [100, 180, 200]);
    assert!(world.together(BORIS_AT, CLARA_AT));
    world.end_calls(BORIS_AT);
    world.close();
}

#[test]
fn a_refer_that_says_nothing_or_comes_too_early_is_refused() {
    let mut world = World::office(12, FAIR);
    world.phones[BORIS_AT].manner = Manner::Answer(s(5));
    world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(8));
    world.act(ANNA_AT, |phone, now| phone.refer_with(0, "nonsense", Vec::new(), now));
    world.run_for(s(1));
    world.act(ANNA_AT, |phone, now| {
        phone.refer_with(0, "<sip:103@h;method=BYE>", Vec::new(), now)
    });
    world.run_for(s(1));
    assert_eq!(world.phones[ANNA_AT].call(0).results, [400, 603]);
    let headers = vec![("Refer-To".into(), "<sip:103@pbx.example>".to_owned())];
    world.act(ANNA_AT, |phone, now| {
        phone.ask("REFER", "sip:101@pbx.example", headers, now)
    });
    world.run_for(s(1));
    assert_eq!(
        world.phones[ANNA_AT].answers.last(),
        Some(&403),
        "nobody is called outside a call"
    );
    assert!(world.together(ANNA_AT, BORIS_AT));
    world.end_calls(ANNA_AT);
    world.close();
}

/// A hold by the transferor ends for the party when somebody else has come.
#[test]
fn a_party_that_was_held_hears_and_speaks_again_after_the_transfer() {
    for loss in [0, 5, 20] {
        let mut world = talking(13, rough(loss));
        world.act(ANNA_AT, |phone, now| phone.reinvite(0, "sendonly", now));
        world.run_for(s(30));
        assert_eq!(
            world.phones[BORIS_AT].call(0).heard.as_ref().unwrap().direction,
            "sendonly"
        );
        world.act(ANNA_AT, |phone, now| phone.refer(0, CLARA.number, now));
        world.run_for(s(60));
        assert!(world.together(BORIS_AT, CLARA_AT), "{}", ladder(&world));
        assert_eq!(
            world.phones[BORIS_AT].call(0).heard.as_ref().unwrap().direction,
            "sendrecv"
        );
        world.end_calls(BORIS_AT);
        world.run_for(s(40));
        world.close();
        assert_eq!(world.media.tapped, 1);
    }
}

#[test]
fn anybody_may_leave_at_any_moment_of_a_transfer() {
    for who in [ANNA_AT, BORIS_AT, CLARA_AT] {
        for loss in [0, 20] {
            for moment in (0..3_000).step_by(60) {
                let mut world = talking(
                    14,
                    Weather {
                        loss,
                        double: 5,
                        way: (5, 25),
                    },
                );
                world.phones[CLARA_AT].manner = Manner::Answer(ms(1_500));
                world.act(ANNA_AT, |phone, now| phone.refer(0, CLARA.number, now));
                world.run_for(ms(moment));
                world.end_calls(who);
                world.run_for(s(70));
                for phone in 0..3 {
                    world.end_calls(phone);
                }
                world.run_for(s(40));
                world.close();
                assert_eq!(world.media.tapped, 1, "{who} {moment} {loss}");
            }
        }
    }
}

#[test]
fn the_target_may_send_the_party_on_again() {
    let mut world = blind(ANNA_AT, 15, FAIR);
    let david = world.add_phone(DAVID);
    world.register(david);
    world.run_for(s(2));
    world.act(CLARA_AT, |phone, now| phone.refer(0, DAVID.number, now));
    world.run_for(s(8));
    assert!(world.together(BORIS_AT, david), "{}", ladder(&world));
    world.end_calls(david);
    world.close();
    let record = world.record();
    assert_eq!((record.legs.len(), world.media.tapped), (4, 1));
}

/// A caller from outside who keeps the number to themselves.
fn transferred_from_outside(seed: u8, restricted: bool) -> World {
    let mut world = World::office(seed, FAIR);
    let line = world.add_phone_at(LINE, Transport::Udp, "192.0.2.77:5060");
    world.register(line);
    world.run_for(s(2));
    world.phones[line].from.uri = format!("sip:{CLIENT_NUMBER}@provider.example");
    if restricted {
        world.phones[line].claims = vec![("Privacy".into(), "id".to_owned())];
    }
    world.talk(line, ANNA_AT, ANNA.number);
    world.act(ANNA_AT, |phone, now| phone.refer(0, CLARA.number, now));
    world.run_for(s(8));
    assert!(world.together(line, CLARA_AT), "{}", ladder(&world));
    world
}

#[test]
fn a_client_who_is_transferred_is_shown_to_the_target_as_a_direct_caller_would_be() {
    let mut world = transferred_from_outside(16, false);
    let line = world.phones.len() - 1;
    let clara = world.phones[CLARA_AT].last().clone();
    assert_eq!(clara.shown.0, "ООО «Ромашка»");
    assert!(clara.shown.1.contains(CLIENT_NUMBER), "{:?}", clara.shown);
    // A provider has no rights to send anybody on, and is told nothing of people inside.
    world.act(line, |phone, now| phone.refer(0, BORIS.number, now));
    world.run_for(s(2));
    assert_eq!(world.phones[line].call(0).results, [603]);
    assert!(world.sent_to(line, "UPDATE").is_empty(), "{}", ladder(&world));
    world.end_calls(CLARA_AT);
    world.close();
    assert_eq!(world.record().caller.number.as_deref(), Some(CLIENT_NUMBER));
}

#[test]
fn a_hidden_number_stays_hidden_through_a_transfer() {
    let mut world = transferred_from_outside(17, true);
    let line = world.phones.len() - 1;
    let digits = CLIENT_NUMBER.trim_start_matches('+');
    world.act(CLARA_AT, |phone, now| phone.refer(0, BORIS.number, now));
    world.run_for(s(8));
    assert!(world.together(line, BORIS_AT), "{}", ladder(&world));
    for line in world
        .transcript
        .lines()
        .iter()
        .filter(|line| line.from_server && line.phone != "line")
    {
        let text = String::from_utf8_lossy(&line.bytes);
        assert!(!text.contains(digits), "{text}");
    }
    world.end_calls(BORIS_AT);
    world.close();
}
