//! Forwarding of calls while busy and of those that are not answered.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk::engine::output::Disposition;
use frontdesk_routing::forwarding::{Forwarding, Target};
use frontdesk_routing::ids::StaffId;
use frontdesk_routing::number::ShortNumber;
use frontdesk_routing::plan::{DialPlan, FeatureSection, PlanForwarding};
use frontdesk_tests::world::net::{FAIR, rough};
use frontdesk_tests::world::people::{self, BORIS, CLARA, DAVID, LINE, Person};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{World, ms, s, trunks};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;
const DAVID_AT: usize = 3;

fn ladder(world: &World) -> String {
    world.transcript.ladder().join("\n")
}

fn to(number: &str) -> Option<Target> {
    ShortNumber::read(number).ok().map(Target::Short)
}

fn busy(number: &str) -> Forwarding {
    Forwarding {
        busy: to(number),
        ..Forwarding::default()
    }
}

pub(crate) fn unanswered(number: &str) -> Forwarding {
    Forwarding {
        no_answer: to(number),
        no_answer_after: 10,
        ..Forwarding::default()
    }
}

/// The office with David, in which these people have set this.
pub(crate) fn office(seed: u8, loss: u32, settings: &[(Person, Forwarding)]) -> World {
    let mut world = World::office(seed, if loss == 0 { FAIR } else { rough(loss) });
    world.add_phone(DAVID);
    world.register(DAVID_AT);
    world.run_for(s(40));
    let people = settings.iter().map(|(person, settings)| {
        let settings = *settings;
        (StaffId::from_u128(person.id), PlanForwarding { settings, mark: 0 })
    });
    let plan = DialPlan {
        features: Arc::new(FeatureSection::new([], people)),
        ..people::plan()
    };
    world.input(Input::Plan(Arc::new(plan)));
    world
}

#[test]
fn a_call_to_a_busy_phone_goes_where_its_person_has_set() {
    for loss in [0, 5, 20] {
        for status in [486, 600, 603] {
            let mut world = office(1, loss, &[(BORIS, busy("103"))]);
            world.phones[BORIS_AT].manner = Manner::Refuse(status, ms(500));
            world.dial(ANNA_AT, BORIS.number);
            let together = world.wait_for(s(60), |world| world.together(ANNA_AT, CLARA_AT));
            assert!(together, "{loss} % {status}: {}", ladder(&world));
            let invite = &world.sent_to(CLARA_AT, "INVITE")[0];
            let diversion = "Diversion: \"Boris Tester\" <sip:102@203.0.113.1:5060>;reason=user-busy;counter=1\r\n";
            assert!(invite.contains(diversion), "{invite}");
            let history = "History-Info: <sip:102@203.0.113.1:5060>;index=1, <sip:103@203.0.113.1:5060;cause=486>;index=1.1;mp=1\r\n";
            assert!(invite.contains(history), "{invite}");
            assert!(invite.contains("\"Anna Tester\" <sip:101@"), "{invite}");
            world.end_calls(ANNA_AT);
            world.run_for(s(40));
            world.close();
            let record = world.record();
            assert_eq!(
                (record.called.as_str(), record.disposition),
                ("102", Some(Disposition::Answered))
            );
            assert_eq!(record.callee.number.as_deref(), Some("103"));
            assert!(
                record
                    .because
                    .contains("Boris Tester forwards calls while busy: the short number is Clara Tester's"),
                "{}",
                record.because
            );
        }
    }
}

#[test]
fn all_phones_of_a_person_have_to_be_busy() {
    let mut world = office(2, 0, &[(BORIS, busy("103"))]);
    let second = world.add_phone(BORIS);
    world.register(second);
    world.run_for(s(2));
    world.phones[BORIS_AT].manner = Manner::Refuse(486, s(1));
    world.phones[second].manner = Manner::Answer(s(4));
    world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(8));
    assert!(world.together(ANNA_AT, second), "{}", ladder(&world));
    world.end_calls(ANNA_AT);
    world.phones[second].manner = Manner::Refuse(486, s(2));
    world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(8));
    assert!(world.together(ANNA_AT, CLARA_AT), "{}", ladder(&world));
    world.end_calls(ANNA_AT);
    world.close();
}

#[test]
fn a_call_that_is_not_answered_goes_on_after_the_persons_own_time() {
    for loss in [0, 5, 20] {
        let mut world = office(3, loss, &[(BORIS, unanswered("103"))]);
        let line = world.add_phone(LINE);
        world.register(line);
        world.run_for(s(40));
        world.phones[BORIS_AT].manner = Manner::Ring;
        world.phones[CLARA_AT].manner = Manner::Answer(s(3));
        world.dial(line, BORIS.number);
        assert!(world.wait_for(s(40), |world| !world.phones[BORIS_AT].calls.is_empty()));
        world.run_for(s(5));
        assert!(world.phones[CLARA_AT].calls.is_empty(), "too early");
        let together = world.wait_for(s(60), |world| world.together(line, CLARA_AT));
        assert!(together, "{loss} %: {}", ladder(&world));
        assert!(world.wait_for(s(60), |world| world.phones[BORIS_AT].last().state == State::Over));
        let invite = &world.sent_to(CLARA_AT, "INVITE")[0];
        assert!(invite.contains(";reason=no-answer;counter=1\r\n"), "{invite}");
        world.end_calls(line);
        world.run_for(s(40));
        world.close();
        assert_eq!(world.media.tapped, 1);
    }
}

#[test]
fn forwardings_of_all_kinds_follow_each_other_and_each_is_named() {
    let always = Forwarding {
        always: to("104"),
        ..Forwarding::default()
    };
    let mut world = office(
        4,
        0,
        &[(BORIS, busy("103")), (CLARA, always), (DAVID, unanswered("101"))],
    );
    let line = world.add_phone(LINE);
    world.register(line);
    world.run_for(s(2));
    world.phones[BORIS_AT].manner = Manner::Refuse(486, ms(100));
    world.phones[DAVID_AT].manner = Manner::Ring;
    world.dial(line, BORIS.number);
    world.run_for(s(20));
    assert!(world.together(line, ANNA_AT), "{}", ladder(&world));
    let invite = &world.sent_to(ANNA_AT, "INVITE")[0];
    let reasons: Vec<&str> = invite
        .lines()
        .filter_map(|line| {
            line.strip_prefix("Diversion: ")?
                .split(";reason=")
                .nth(1)?
                .split(';')
                .next()
        })
        .collect();
    assert_eq!(reasons, ["no-answer", "unconditional", "user-busy"], "{invite}");
    let history = invite.lines().find_map(|line| line.strip_prefix("History-Info: "));
    let entries: Vec<String> = history
        .unwrap_or_default()
        .split(", ")
        .map(|entry| entry.replace("@203.0.113.1:5060", ""))
        .collect();
    let expected = [
        "<sip:102>;index=1",
        "<sip:103;cause=486>;index=1.1;mp=1",
        "<sip:104;cause=302>;index=1.1.1;mp=1.1",
        "<sip:101;cause=408>;index=1.1.1.1;mp=1.1.1",
    ];
    assert_eq!(entries, expected, "{invite}");
    assert!(world.phones[CLARA_AT].calls.is_empty());
    world.end_calls(line);
    world.close();
}

#[test]
fn a_circle_of_busy_people_ends_with_loop_detected() {
    let mut world = office(5, 0, &[(BORIS, busy("103")), (CLARA, busy("102"))]);
    for phone in [BORIS_AT, CLARA_AT] {
        world.phones[phone].manner = Manner::Refuse(486, ms(200));
    }
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(5));
    assert_eq!(world.phones[ANNA_AT].call(call).status, Some(482), "{}", ladder(&world));
    world.close();
    let record = world.record();
    assert!(
        record.because.contains("the forwarding comes back to"),
        "{}",
        record.because
    );
}

#[test]
fn whoever_forwards_to_nobody_leaves_the_caller_with_a_clear_end() {
    let mut world = office(6, 0, &[(BORIS, busy("104"))]);
    world.act(DAVID_AT, |phone, now| phone.register(0, now));
    world.run_for(s(2));
    world.phones[BORIS_AT].manner = Manner::Refuse(486, ms(200));
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(5));
    assert_eq!(world.phones[ANNA_AT].call(call).status, Some(480), "{}", ladder(&world));
    // Without a forwarding it stays as it was.
    world.phones[CLARA_AT].manner = Manner::Refuse(486, ms(200));
    let call = world.dial(ANNA_AT, CLARA.number);
    world.run_for(s(5));
    assert_eq!(world.phones[ANNA_AT].call(call).status, Some(486));
    world.close();
}

#[test]
fn whoever_takes_a_persons_calls_reaches_that_person_for_as_long_as_others() {
    let mut world = office(7, 0, &[(BORIS, unanswered("103"))]);
    world.phones[BORIS_AT].manner = Manner::Ring;
    let call = world.dial(CLARA_AT, BORIS.number);
    world.run_for(s(55));
    assert_eq!(
        world.phones[CLARA_AT].call(call).state,
        State::Calling,
        "{}",
        ladder(&world)
    );
    world.run_for(s(10));
    assert_eq!(world.phones[CLARA_AT].call(call).status, Some(480));
    world.close();
}

#[test]
fn an_answer_that_crosses_the_forwarding_leaves_one_conversation() {
    for delay in (9_900..10_100).step_by(10) {
        let mut world = office(8, 0, &[(BORIS, unanswered("103"))]);
        world.phones[BORIS_AT].manner = Manner::Answer(ms(delay));
        world.phones[CLARA_AT].manner = Manner::Answer(s(2));
        world.dial(ANNA_AT, BORIS.number);
        world.run_for(s(20));
        let (boris, clara) = (world.together(ANNA_AT, BORIS_AT), world.together(ANNA_AT, CLARA_AT));
        assert!(boris != clara, "after {delay} ms: {boris} {clara} {}", ladder(&world));
        world.end_calls(ANNA_AT);
        world.close();
    }
}

#[test]
fn a_transferred_party_follows_the_forwardings_of_whom_it_is_sent_to() {
    for loss in [0, 20] {
        let mut world = office(9, loss, &[(CLARA, busy("104"))]);
        world.talk(ANNA_AT, BORIS_AT, BORIS.number);
        world.phones[CLARA_AT].manner = Manner::Refuse(486, ms(200));
        world.act(BORIS_AT, |phone, now| phone.refer(0, CLARA.number, now));
        let together = world.wait_for(s(60), |world| world.together(ANNA_AT, DAVID_AT));
        assert!(together, "{loss} %: {}", ladder(&world));
        world.run_for(s(40));
        assert_eq!(world.phones[BORIS_AT].call(0).told.last(), Some(&200));
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn a_caller_may_leave_while_the_call_goes_on() {
    let mut world = office(10, 0, &[(BORIS, unanswered("103"))]);
    for phone in [BORIS_AT, CLARA_AT] {
        world.phones[phone].manner = Manner::Ring;
    }
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(13));
    assert_eq!(world.phones[CLARA_AT].last().state, State::Ringing);
    world.act(ANNA_AT, |phone, now| phone.cancel(call, now));
    world.run_for(s(2));
    assert_eq!(world.phones[CLARA_AT].last().state, State::Over);
    world.close();
    assert_eq!(world.record().disposition, Some(Disposition::Abandoned));
}

#[test]
fn the_members_of_a_department_keep_their_own_forwardings_to_themselves() {
    let mut world = office(11, 0, &[(BORIS, busy("104")), (CLARA, unanswered("104"))]);
    world.phones[BORIS_AT].manner = Manner::Refuse(486, ms(200));
    world.phones[CLARA_AT].manner = Manner::Ring;
    let call = world.dial(ANNA_AT, "200");
    world.run_for(s(70));
    assert_eq!(
        world.phones[ANNA_AT].call(call).state,
        State::Talking,
        "{}",
        ladder(&world)
    );
    assert!(world.phones[DAVID_AT].calls.is_empty());
    assert!(world.phones[CLARA_AT].calls.len() > 1, "she rings again and again");
    world.hang_up(ANNA_AT, call);
    world.close();
}

#[test]
fn a_busy_persons_calls_go_to_their_mobile_by_a_provider() {
    for (code, manner) in [
        ("*90", Manner::Refuse(486, ms(200))),
        ("*92", Manner::Ring),
        ("*72", Manner::Mute),
    ] {
        let mut world = trunks::world(12, FAIR, vec![trunks::trunk(1, &["192.0.2.10"], false)]);
        world.dial(trunks::BORIS_AT, &format!("{code}{}", trunks::OUTSIDE));
        world.run_for(s(5));
        world.phones[trunks::BORIS_AT].manner = manner;
        world.dial(trunks::ANNA_AT, BORIS.number);
        world.run_for(s(40));
        let together = world.together(trunks::ANNA_AT, trunks::FIRST);
        assert!(together, "{code}: {}", ladder(&world));
        let invite = &world.sent_to(trunks::FIRST, "INVITE")[0];
        assert!(invite.starts_with("INVITE sip:+79161234567@192.0.2.10"), "{invite}");
        assert!(!invite.contains("sip:101@") && !invite.contains("sip:102@"), "{invite}");
        world.end_calls(trunks::ANNA_AT);
        world.run_for(s(5));
        world.close();
        let records = world.records_of_calls();
        let call = records.iter().find(|row| row.called == "102").expect("the call");
        assert_eq!(call.callee.number.as_deref(), Some("+79161234567"), "{call:?}");
        assert!(call.because.contains("Boris Tester forwards"), "{}", call.because);
    }
}

#[test]
fn a_client_who_calls_a_busy_person_reaches_their_mobile() {
    let mut world = trunks::world(13, FAIR, vec![trunks::trunk(1, &["192.0.2.10"], true)]);
    world.run_for(s(5));
    world.dial(trunks::ANNA_AT, &format!("*90{}", trunks::OUTSIDE));
    world.run_for(s(5));
    world.phones[trunks::ANNA_AT].manner = Manner::Refuse(486, ms(200));
    world.act(trunks::FIRST, |phone, now| {
        phone.dial(trunks::OWN.trim_start_matches('+'), true, now)
    });
    world.run_for(s(20));
    let to_provider = world.sent_to(trunks::FIRST, "INVITE");
    assert!(
        to_provider
            .iter()
            .any(|invite| invite.starts_with("INVITE sip:+79161234567@")),
        "{}",
        ladder(&world)
    );
    world.end_calls(trunks::FIRST);
    world.run_for(s(40));
    world.close();
}
