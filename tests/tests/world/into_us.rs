//! Transfers to ourselves: a party that somebody has talked with is asked by a menu, or leaves a message, and goes on from
//! there; the conversation stays one call with one recording.

use std::sync::Arc;

use frontdesk::engine::input::{Input, OperatorCommand};
use frontdesk::engine::output::{BoardChange, Disposition, JournalEntry};
use frontdesk_media::io::command::MediaNotice;
use frontdesk_media::sound::{self, Language};
use frontdesk_routing::forwarding::{Forwarding, Target};
use frontdesk_routing::ids::{AccountId, DepartmentId, MailboxId, RecordingId, StaffId};
use frontdesk_routing::plan::{DialPlan, FeatureSection, MailboxSection, PlanForwarding, PlanMailbox};
use frontdesk_sip::flow::Transport;
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::{ACCOUNT, ANNA, BORIS, CLARA, CLIENT_NUMBER, LINE};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{World, ms, s};

use crate::menus::{self, ANNA_AT, BORIS_AT, CLARA_AT, is_asked, main_menu, press};

const OF_BORIS: MailboxId = MailboxId::from_u128(1);
const COMMON: MailboxId = MailboxId::from_u128(2);
/// Of Boris.
pub(crate) const MAILBOX: &str = "*96102";

fn mailbox(id: MailboxId, staff: Option<u128>, department: Option<u128>) -> PlanMailbox {
    PlanMailbox {
        id,
        account: AccountId::from_u128(ACCOUNT),
        staff: staff.map(StaffId::from_u128),
        department: department.map(DepartmentId::from_u128),
        name: "Sales".into(),
        enabled: true,
        own_greeting: false,
        russian: true,
        longest_s: 30,
    }
}

/// 300 is a menu; Boris, who forwards so, and the department 200 have mailboxes.
pub(crate) fn plan(forwarding: Forwarding) -> DialPlan {
    let forwards = PlanForwarding {
        settings: forwarding,
        ..PlanForwarding::default()
    };
    DialPlan {
        features: Arc::new(FeatureSection::new([], [(StaffId::from_u128(BORIS.id), forwards)])),
        mailboxes: Arc::new(MailboxSection::new(vec![
            mailbox(OF_BORIS, Some(BORIS.id), None),
            mailbox(COMMON, None, Some(1)),
        ])),
        ..menus::plan(vec![main_menu()])
    }
}

pub(crate) fn office(seed: u8, weather: Weather) -> World {
    let mut world = menus::office(seed, weather);
    world.input(Input::Plan(Arc::new(plan(Forwarding::default()))));
    world
}

/// Anna and Clara talk; one of them has called.
pub(crate) fn talking(seed: u8, weather: Weather, by_clara: bool) -> World {
    let mut world = office(seed, weather);
    match by_clara {
        true => world.talk(CLARA_AT, ANNA_AT, ANNA.number),
        false => world.talk(ANNA_AT, CLARA_AT, CLARA.number),
    };
    world
}

fn refer(world: &mut World, to: &str) {
    world.act(ANNA_AT, |phone, now| phone.refer(0, to, now));
}

pub(crate) fn is_free(world: &World, phone: usize) -> bool {
    world.phones[phone].calls.iter().all(|call| call.state == State::Over)
}

pub(crate) fn messages(world: &World) -> Vec<(RecordingId, MailboxId)> {
    let started = world.journal.iter().filter_map(|entry| match entry {
        JournalEntry::MessageStarted { recording, mailbox } => Some((*recording, *mailbox)),
        _ => None,
    });
    started.collect()
}

pub(crate) fn dropped(world: &World) -> Vec<RecordingId> {
    let dropped = world.journal.iter().filter_map(|entry| match entry {
        JournalEntry::MessageDropped { recording } => Some(*recording),
        _ => None,
    });
    dropped.collect()
}

/// A message of this party alone is recorded.
pub(crate) fn leaves_message(world: &World, phone: usize) -> bool {
    let call = world.phones[phone]
        .calls
        .iter()
        .rfind(|call| call.state == State::Talking);
    let port = call.and_then(|call| call.heard.as_ref()).map(|heard| heard.port);
    let leg = port.and_then(|port| world.media.leg_at(port));
    let attended = leg
        .and_then(|leg| world.media.legs.get(&leg))
        .is_some_and(|leg| leg.attended);
    attended && world.media.taps.values().any(|legs| *legs == [leg, None])
}

#[test]
fn a_party_that_is_transferred_into_a_menu_hears_it_and_goes_on_from_there() {
    for by_clara in [true, false] {
        for loss in [0, 5, 20] {
            let weather = if loss == 0 { FAIR } else { rough(loss) };
            let mut world = talking(1 + u8::try_from(loss).unwrap(), weather, by_clara);
            refer(&mut world, "300");
            let asked = world.wait_for(s(60), |world| is_asked(world) && is_free(world, ANNA_AT));
            assert!(asked, "{}", world.ladder());
            let anna = world.phones[ANNA_AT].call(0);
            assert_eq!((anna.results.first(), anna.told.last()), (Some(&202), Some(&200)));
            if loss == 0 {
                assert_eq!(anna.told, [100, 200]);
            }
            press(&mut world, "102");
            let on = world.wait_for(s(60), |world| world.together(CLARA_AT, BORIS_AT));
            assert!(on, "{}", world.ladder());
            world.run_for(s(3));
            world.end_calls(CLARA_AT);
            world.run_for(s(40));
            world.close();
            let record = world.record();
            let why = "transferred by 101 to 300; then the menu Main answers; in the menu Main: the short number 102 was \
                       dialled; then the short number is Boris Tester's";
            assert!(record.because.contains(why), "{}", record.because);
            assert_eq!(record.disposition, Some(Disposition::Answered));
            assert_eq!((record.legs.len(), world.media.tapped), (3, 1), "one recording");
            let callee = if by_clara { BORIS.number } else { CLARA.number };
            assert_eq!(record.callee.number.as_deref(), Some(callee));
        }
    }
}

#[test]
fn the_board_shows_the_menu_in_the_place_of_whoever_has_transferred() {
    let mut world = talking(30, FAIR, true);
    refer(&mut world, "300");
    world.run_for(s(1));
    let numbers = world.board.iter().find_map(|change| match change {
        BoardChange::CallTransferred { caller, callee, .. } => Some((caller.number.clone(), callee.number.clone())),
        _ => None,
    });
    assert_eq!(numbers, Some((Some(CLARA.number.to_owned()), Some("300".to_owned()))));
    world.end_calls(CLARA_AT);
    world.close();
    let record = world.record();
    assert_eq!((record.status, record.disposition), (200, Some(Disposition::Answered)));
    assert_eq!(record.callee.name.as_deref(), Some("Main"));
}

/// Phones hold whom they transfer: whoever is asked has to be heard again.
#[test]
fn a_party_that_was_held_speaks_again_in_the_menu_and_in_the_mailbox() {
    for to in ["300", MAILBOX] {
        for loss in [0, 20] {
            let mut world = talking(31, rough(loss), false);
            world.act(ANNA_AT, |phone, now| phone.reinvite(0, "sendonly", now));
            world.run_for(s(30));
            let heard = |world: &World| world.phones[CLARA_AT].call(0).heard.clone().unwrap().direction;
            assert_eq!(heard(&world), "sendonly");
            refer(&mut world, to);
            let back = world.wait_for(s(40), |world| heard(world) == "sendrecv" && is_free(world, ANNA_AT));
            assert!(back, "{}", world.ladder());
            world.end_calls(CLARA_AT);
            world.run_for(s(40));
            world.close();
        }
    }
}

#[test]
fn a_transferor_who_hangs_up_at_once_changes_nothing() {
    for to in ["300", MAILBOX] {
        for loss in [0, 5, 20] {
            let mut world = talking(32, rough(loss), true);
            refer(&mut world, to);
            let accepted = world.wait_for(s(40), |world| !world.phones[ANNA_AT].call(0).results.is_empty());
            assert!(accepted, "{}", world.ladder());
            if world.phones[ANNA_AT].call(0).state != State::Over {
                world.hang_up(ANNA_AT, 0);
            }
            let there = |world: &World| is_asked(world) || leaves_message(world, CLARA_AT);
            assert!(world.wait_for(s(60), there), "{to} {loss}\n{}", world.ladder());
            assert_eq!(world.phones[ANNA_AT].calls.len(), 1, "nobody is called back");
            world.end_calls(CLARA_AT);
            world.run_for(s(40));
            world.close();
        }
    }
}

#[test]
fn a_party_that_is_transferred_into_a_mailbox_hears_the_greeting_and_leaves_a_message() {
    for by_clara in [true, false] {
        for loss in [0, 5, 20] {
            let mut world = talking(33 + u8::try_from(loss).unwrap(), rough(loss), by_clara);
            refer(&mut world, MAILBOX);
            assert!(
                world.wait_for(s(60), |world| leaves_message(world, CLARA_AT)),
                "{}",
                world.ladder()
            );
            assert!(world.sounds.has(&sound::leave_message(Language::Russian)));
            world.run_for(s(4));
            assert_eq!(
                world.phones[ANNA_AT].call(0).told.last(),
                Some(&200),
                "{}",
                world.ladder()
            );
            match by_clara {
                true => press(&mut world, "#"),
                false => {
                    let port = world.phones[CLARA_AT].last().heard.as_ref().unwrap().port;
                    let leg = world.media.leg_at(port).unwrap();
                    world.input(Input::Media(MediaNotice::Quiet { leg, spoke: true }));
                }
            }
            assert!(
                world.wait_for(s(40), |world| is_free(world, CLARA_AT)),
                "{}",
                world.ladder()
            );
            world.run_for(s(40));
            world.close();
            let [(message, to)] = messages(&world)[..] else {
                panic!("{:?}", messages(&world));
            };
            assert_eq!((to, dropped(&world)), (OF_BORIS, vec![]));
            let record = world.record();
            let why = "transferred by 101 to *96102; then a feature code: leave a message";
            assert!(record.because.contains(why), "{}", record.because);
            assert_eq!(record.disposition, Some(Disposition::Answered));
            let callee = if by_clara { BORIS.number } else { CLARA.number };
            assert_eq!(record.callee.number.as_deref(), Some(callee));
            // The conversation, and the message that is Boris' to hear.
            assert_eq!(world.media.tapped, 2);
            let recorded = world.journal.iter().filter_map(|entry| match entry {
                JournalEntry::RecordingStarted { recording, call } => Some((*recording, call.id)),
                _ => None,
            });
            let recorded: Vec<_> = recorded.collect();
            assert!(recorded.iter().all(|(_, call)| *call == record.id));
            assert_eq!(recorded.last().map(|(recording, _)| *recording), Some(message));
        }
    }
}

/// The person forwards there, at once or later; the department's mailbox has a code of its own.
#[test]
fn a_transfer_to_somebody_who_forwards_to_the_mailbox_ends_there() {
    let to = Some(Target::Mailbox);
    let always = Forwarding {
        always: to,
        ..Forwarding::default()
    };
    let no_answer = Forwarding {
        no_answer: to,
        no_answer_after: 5,
        ..Forwarding::default()
    };
    let cases = [
        (always, BORIS.number, OF_BORIS),
        (no_answer, BORIS.number, OF_BORIS),
        (Forwarding::default(), "*96200", COMMON),
    ];
    for (seed, (forwarding, number, mailbox)) in (70..).zip(cases) {
        for by_clara in [true, false] {
            let mut world = talking(seed, rough(5), by_clara);
            world.input(Input::Plan(Arc::new(plan(forwarding))));
            world.phones[BORIS_AT].manner = Manner::Ring;
            refer(&mut world, number);
            assert!(
                world.wait_for(s(60), |world| leaves_message(world, CLARA_AT)),
                "{}",
                world.ladder()
            );
            world.run_for(s(4));
            assert!(
                is_free(&world, ANNA_AT) && is_free(&world, BORIS_AT),
                "{}",
                world.ladder()
            );
            assert_eq!(world.phones[ANNA_AT].call(0).told.last(), Some(&200));
            world.end_calls(CLARA_AT);
            world.run_for(s(40));
            world.close();
            assert_eq!(messages(&world)[0].1, mailbox);
        }
    }
}

#[test]
fn a_transfer_that_cannot_be_gives_the_call_back() {
    for loss in [0, 20] {
        for (to, full, last) in [(MAILBOX, true, 480), ("*96103", false, 480), ("*96999", false, 404)] {
            let mut world = talking(80, rough(loss), true);
            world.input(Input::Disk { full });
            refer(&mut world, to);
            world.run_for(s(40));
            let told = &world.phones[ANNA_AT].call(0).told;
            assert_eq!(told.last(), Some(&last), "{to}\n{}", world.ladder());
            assert!(world.together(ANNA_AT, CLARA_AT), "{to}\n{}", world.ladder());
            // And may be transferred again.
            refer(&mut world, "300");
            assert!(world.wait_for(s(60), is_asked), "{}", world.ladder());
            world.end_calls(CLARA_AT);
            world.run_for(s(40));
            world.close();
            assert_eq!((world.media.tapped, messages(&world).len()), (1, 0));
        }
    }
}

/// A call that was parked and picked up, transferred into a menu and parked again, and one who comes too late for it.
#[test]
fn a_parked_call_that_ends_in_a_menu_or_a_mailbox_is_there_once() {
    for (seed, to) in [(120, "300"), (121, MAILBOX)] {
        let mut world = talking(seed, rough(5), true);
        refer(&mut world, "701");
        assert!(
            world.wait_for(s(40), |world| is_free(world, ANNA_AT)),
            "{}",
            world.ladder()
        );
        let call = world.dial(BORIS_AT, "701");
        assert!(
            world.wait_for(s(40), |world| world.together(BORIS_AT, CLARA_AT)),
            "{}",
            world.ladder()
        );
        world.act(BORIS_AT, |phone, now| phone.refer(call, to, now));
        let there = |world: &World| is_asked(world) || leaves_message(world, CLARA_AT);
        assert!(world.wait_for(s(40), there), "{}", world.ladder());
        let refused = |world: &mut World, call: usize| {
            let told = world.wait_for(s(5), |world| world.phones[ANNA_AT].call(call).status.is_some());
            assert!(told, "{}", world.ladder());
            world.phones[ANNA_AT].call(call).status
        };
        let late = world.dial(ANNA_AT, "701");
        assert_eq!(refused(&mut world, late), Some(404), "{}", world.ladder());
        // Nobody takes the place of who is asked by us (RFC 3891 section 3: 481).
        let value = world.phones[CLARA_AT].replaces(0, false);
        world.phones[ANNA_AT].claims = vec![("Replaces".into(), value)];
        let taker = world.dial(ANNA_AT, CLARA.number);
        world.phones[ANNA_AT].claims.clear();
        assert_eq!(refused(&mut world, taker), Some(481), "{}", world.ladder());
        if to == "300" {
            press(&mut world, "1");
            assert!(
                world.wait_for(s(40), |world| world.together(CLARA_AT, ANNA_AT)),
                "{}",
                world.ladder()
            );
            let call = world.phones[ANNA_AT].calls.len() - 1;
            world.act(ANNA_AT, |phone, now| phone.refer(call, "701", now));
            world.run_for(s(40));
        }
        world.end_calls(CLARA_AT);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn anybody_may_leave_at_any_moment_of_a_transfer_to_us() {
    for to in ["300", MAILBOX] {
        for who in [ANNA_AT, CLARA_AT] {
            for loss in [0, 20] {
                for moment in (0..2_000).step_by(100) {
                    let weather = Weather {
                        loss,
                        double: 5,
                        way: (5, 25),
                    };
                    let mut world = talking(122, weather, moment % 200 == 0);
                    refer(&mut world, to);
                    world.run_for(ms(moment));
                    world.end_calls(who);
                    world.run_for(s(70));
                    for phone in 0..3 {
                        world.end_calls(phone);
                    }
                    world.run_for(s(40));
                    world.close();
                }
            }
        }
    }
}

/// The system has rung Boris first; whom he wants forwards to the mailbox.
#[test]
fn a_call_that_the_api_has_ordered_may_end_in_a_mailbox() {
    use frontdesk::engine::input::{First, Originate};
    use frontdesk_routing::because::Ordered;
    use frontdesk_routing::ids::CallId;
    let always = Forwarding {
        always: Some(Target::Mailbox),
        ..Forwarding::default()
    };
    let mut world = office(123, FAIR);
    world.input(Input::Plan(Arc::new(plan(always))));
    world.input(Input::Operator(OperatorCommand::Originate(Box::new(Originate {
        call: CallId::from_u128(5),
        account: AccountId::from_u128(ACCOUNT),
        first: First::Staff(StaffId::from_u128(ANNA.id)),
        to: BORIS.number.to_owned(),
        kind: Ordered::Crm,
    }))));
    assert!(
        world.wait_for(s(30), |world| leaves_message(world, ANNA_AT)),
        "{}",
        world.ladder()
    );
    world.run_for(s(3));
    world.end_calls(ANNA_AT);
    world.close();
    assert_eq!(messages(&world)[0].1, OF_BORIS);
    assert_eq!(world.record().disposition, Some(Disposition::NoAnswer));
}

#[test]
fn a_hidden_number_stays_hidden_through_a_menu_and_in_a_mailbox() {
    for to in ["300", MAILBOX] {
        let mut world = office(124, FAIR);
        let line = world.add_phone_at(LINE, Transport::Udp, "192.0.2.77:5060");
        world.register(line);
        world.run_for(s(2));
        world.phones[line].from.uri = format!("sip:{CLIENT_NUMBER}@provider.example");
        world.phones[line].claims = vec![("Privacy".into(), "id".to_owned())];
        world.talk(line, ANNA_AT, ANNA.number);
        refer(&mut world, to);
        world.run_for(s(4));
        if to == "300" {
            let port = world.phones[line].last().heard.as_ref().unwrap().port;
            let leg = world.media.leg_at(port).unwrap();
            for digit in "102".chars() {
                world.input(Input::Media(MediaNotice::Digit { leg, digit }));
            }
            world.run_for(s(8));
            assert!(world.together(line, BORIS_AT), "{}", world.ladder());
        }
        world.run_for(s(8));
        let digits = CLIENT_NUMBER.trim_start_matches('+');
        let lines = world.transcript.lines();
        for line in lines.iter().filter(|line| line.from_server && line.phone != "line") {
            let text = String::from_utf8_lossy(&line.bytes);
            assert!(!text.contains(digits), "{text}");
        }
        world.end_calls(line);
        world.close();
    }
}
