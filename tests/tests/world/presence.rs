//! Who is online, over restarts, lost connections and changes of the plan; and who a caller is.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk::engine::output::{CallDirection, Disposition, JournalEntry};
use frontdesk_routing::plan::{PlanStaff, RecordingPolicy, StaffSection};
use frontdesk_sip::command::Party;
use frontdesk_sip::flow::Transport;
use frontdesk_tests::world::net::{FAIR, rough, weathers};
use frontdesk_tests::world::people::{self, ANNA, BORIS, CLARA, CLIENT_NUMBER, DAVID, LINE, Person};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;

fn staff_with(change: impl Fn(&mut PlanStaff)) -> Arc<StaffSection> {
    let mut staff: Vec<PlanStaff> = [ANNA, BORIS, CLARA, DAVID].map(people::staff).to_vec();
    staff.iter_mut().for_each(change);
    Arc::new(StaffSection::new(staff, Vec::new()))
}

/// L8 to L11: the status follows the first binding that comes and the last that goes.
#[test]
fn a_person_is_online_from_the_first_phone_to_the_last() {
    for weather in weathers() {
        let mut world = World::new(1, weather, people::plan());
        let (first, second) = (world.add_phone(ANNA), world.add_phone(ANNA));
        world.register(first);
        world.run_for(s(40));
        world.register(second);
        world.run_for(s(40));
        assert_eq!(world.edges(ANNA), [true]);
        assert_eq!(world.phones[second].contacts.len(), 2);
        world.act(first, |phone, now| phone.register(0, now));
        world.run_for(s(40));
        assert_eq!(world.edges(ANNA), [true]);
        world.run_for(s(3600));
        assert_eq!(world.edges(ANNA), [true, false]);
        assert!(world.stored_bindings().is_empty());
        world.close();
    }
}

/// L48: a wrong secret gets 401 and no binding, and so does a user who does not exist.
#[test]
fn a_wrong_secret_and_an_unknown_user_get_the_same_answer() {
    let answers = |person: Person, weather| {
        let mut world = World::new(2, weather, people::plan());
        let phone = world.add_phone(person);
        world.register(phone);
        world.run_for(s(40));
        assert_eq!(world.phones[phone].answers, [401]);
        assert!(world.board.is_empty() && world.journal.is_empty());
        let lines = world.transcript.lines().iter().filter(|line| line.from_server);
        let lengths: Vec<usize> = lines.map(|line| line.bytes.len()).collect();
        world.close();
        lengths
    };
    for weather in weathers() {
        let wrong = answers(
            Person {
                secret: "x-secret",
                ..ANNA
            },
            weather,
        );
        let unknown = answers(Person { user: "anna_x", ..ANNA }, weather);
        assert_eq!(wrong, unknown);
    }
}

#[test]
fn a_lost_connection_is_offline_at_once() {
    let mut world = World::new(3, FAIR, people::plan());
    let anna = world.add_phone_at(ANNA, Transport::Tcp, "192.0.2.10:45000");
    let boris = world.add_phone(BORIS);
    world.register(anna);
    world.register(boris);
    world.run_for(s(2));
    assert_eq!(world.edges(ANNA), [true]);
    world.break_connection(anna);
    assert_eq!(world.edges(ANNA), [true, false]);
    let call = world.dial(boris, ANNA.number);
    world.run_for(s(1));
    assert_eq!(world.phones[boris].call(call).status, Some(480));
    world.register(anna);
    world.run_for(s(2));
    let call = world.dial(boris, ANNA.number);
    world.run_for(s(5));
    assert_eq!(world.phones[boris].call(call).state, State::Talking);
    world.break_connection(anna);
    assert_eq!(world.edges(ANNA), [true, false, true, false]);
    world.run_for(s(2));
    assert_eq!(
        world.phones[boris].call(call).state,
        State::Talking,
        "whoever talks goes on"
    );
    world.hang_up(anna, 0);
    world.run_for(s(2));
    assert_eq!(world.phones[boris].call(call).state, State::Over);
    world.close();
}

#[test]
fn a_call_between_a_connection_and_datagrams_works_in_both_directions() {
    for weather in weathers() {
        for tcp_calls in [true, false] {
            let mut world = World::new(4, weather, people::plan());
            let anna = world.add_phone_at(ANNA, Transport::Tcp, "192.0.2.10:45000");
            let boris = world.add_phone(BORIS);
            world.register(anna);
            world.register(boris);
            world.run_for(s(40));
            let (caller, number, callee) = if tcp_calls {
                (anna, "102", boris)
            } else {
                (boris, "101", anna)
            };
            world.dial(caller, number);
            world.meet(caller, callee);
            world.hang_up(callee, 0);
            world.run_for(s(40));
            world.close();
        }
    }
}

#[test]
fn after_a_restart_phones_ring_without_registering_again() {
    for weather in weathers() {
        let mut world = World::office(5, weather);
        world.restart(people::plan());
        let call = world.dial(ANNA_AT, BORIS.number);
        world.meet(ANNA_AT, BORIS_AT);
        world.hang_up(ANNA_AT, call);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn whoever_left_while_we_were_down_is_not_restored() {
    let mut world = World::office(6, FAIR);
    let plan = people::plan_with(&[ANNA, CLARA], RecordingPolicy::Always);
    world.board.clear();
    world.restart(plan);
    assert_eq!((world.edges(ANNA), world.edges(BORIS)), (vec![true], vec![]));
    assert_eq!(world.stored_bindings().len(), 2);
    world.close();
}

#[test]
fn bindings_that_ran_out_while_we_were_down_are_not_restored() {
    for weather in weathers() {
        let mut world = World::new(7, weather, people::plan());
        let anna = world.add_phone(ANNA);
        world.act(anna, |phone, now| phone.register(60, now));
        world.run_for(s(40));
        let journal = world.journal.clone();
        world.run_for(s(100));
        world.journal = journal;
        world.board.clear();
        world.restart(people::plan());
        assert!(world.edges(ANNA).is_empty());
        assert!(world.stored_bindings().is_empty());
        world.close();
    }
}

/// K8: a deleted person cannot register; L47: with rotated data the old secret ends.
#[test]
fn deleted_disabled_or_rotated_sip_data_go_offline_at_once() {
    let check = |what: &str, section: Arc<StaffSection>| {
        for weather in weathers() {
            let mut world = World::office(8, weather);
            let mut plan = people::plan();
            plan.staff = Arc::clone(&section);
            world.input(Input::Plan(Arc::new(plan)));
            assert_eq!(world.edges(BORIS), [true, false], "{what}");
            assert_eq!(world.edges(ANNA), [true], "{what}");
            world.register(BORIS_AT);
            world.run_for(s(40));
            assert_eq!(world.phones[BORIS_AT].answers.last(), Some(&401), "{what}");
            world.close();
        }
    };
    let boris = |staff: &PlanStaff| staff.id.as_u128() == BORIS.id;
    let without: Vec<PlanStaff> = [ANNA, CLARA].map(people::staff).to_vec();
    check("deleted", Arc::new(StaffSection::new(without, Vec::new())));
    check(
        "disabled",
        staff_with(|staff| {
            if boris(staff) {
                staff.sip.as_mut().unwrap().enabled = false;
            }
        }),
    );
    check(
        "rotated",
        staff_with(|staff| {
            if boris(staff) {
                staff.sip = Some(people::sip(Person {
                    secret: "new-secret",
                    ..BORIS
                }));
            }
        }),
    );
}

#[test]
fn a_new_name_is_shown_by_the_next_call() {
    for weather in weathers() {
        let mut world = World::office(9, weather);
        let mut plan = people::plan();
        plan.staff = staff_with(|staff| {
            if staff.id.as_u128() == ANNA.id {
                staff.name = "Анна Новая".into();
            }
        });
        world.input(Input::Plan(Arc::new(plan)));
        assert_eq!(world.edges(ANNA), [true]);
        let call = world.dial(ANNA_AT, BORIS.number);
        world.meet(ANNA_AT, BORIS_AT);
        assert_eq!(world.phones[BORIS_AT].call(0).shown.0, "Анна Новая");
        world.hang_up(ANNA_AT, call);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn a_phone_that_claims_to_be_somebody_else_is_overruled() {
    for weather in weathers() {
        let mut world = World::office(10, weather);
        let anna = &mut world.phones[ANNA_AT];
        anna.from = Party {
            display: "The Director".to_owned(),
            uri: "sip:103@pbx.example".to_owned(),
        };
        anna.claims = vec![
            (
                "P-Asserted-Identity".into(),
                "\"The Director\" <sip:103@pbx.example>".to_owned(),
            ),
            (
                "Remote-Party-ID".into(),
                "\"The Director\" <sip:103@pbx.example>".to_owned(),
            ),
        ];
        let call = world.dial(ANNA_AT, BORIS.number);
        world.meet(ANNA_AT, BORIS_AT);
        let boris = world.phones[BORIS_AT].call(0);
        assert_eq!(boris.shown.0, "Anna Tester");
        assert!(boris.shown.1.starts_with("sip:101@"));
        assert!(
            boris
                .asserted
                .as_deref()
                .is_some_and(|asserted| asserted.contains("sip:101@"))
        );
        world.hang_up(ANNA_AT, call);
        world.run_for(s(40));
        world.close();
        let told = world
            .transcript
            .lines()
            .iter()
            .filter(|line| line.from_server && line.phone == "boris");
        let leaks = told
            .filter(|line| String::from_utf8_lossy(&line.bytes).contains("Director"))
            .count();
        assert_eq!(leaks, 0);
    }
}

/// A caller whose number is a client's is named as that client.
#[test]
fn a_client_who_calls_over_a_trunk_is_named() {
    let check = |claims: Vec<(&'static str, String)>, from: &str, name: &str, number: Option<&str>, client: bool| {
        for weather in weathers() {
            let mut world = World::office(11, weather);
            let line = world.add_phone_at(LINE, Transport::Udp, "192.0.2.77:5060");
            world.phones[line].claims = claims
                .iter()
                .map(|(name, value)| ((*name).into(), value.clone()))
                .collect();
            world.phones[line].from = Party {
                display: "Provider".to_owned(),
                uri: from.to_owned(),
            };
            let call = world.dial(line, "102");
            world.meet(line, BORIS_AT);
            let shown = world.phones[BORIS_AT].call(0).shown.clone();
            assert_eq!(shown.0, name);
            if let Some(number) = number {
                assert!(shown.1.starts_with(&format!("sip:{number}@")), "{shown:?}");
            }
            world.hang_up(line, call);
            world.run_for(s(40));
            world.close();
            let record = world.record();
            assert_eq!(
                (record.direction, record.client.is_some()),
                (CallDirection::Inbound, client)
            );
            assert_eq!(record.caller.trunk.map(|id| id.as_u128()), Some(LINE.id));
            assert_eq!(record.caller.number.as_deref(), number);
        }
    };
    let asserted = |number: &str| vec![("P-Asserted-Identity", format!("<sip:{number}@provider.example>"))];
    let client = Some(CLIENT_NUMBER);
    check(
        asserted(CLIENT_NUMBER),
        "sip:line_u@pbx.example",
        "ООО «Ромашка»",
        client,
        true,
    );
    check(
        Vec::new(),
        "sip:+79161234567@provider.example",
        "ООО «Ромашка»",
        client,
        true,
    );
    check(
        asserted("+79990000000"),
        "sip:x@pbx.example",
        "",
        Some("+79990000000"),
        false,
    );
    check(
        vec![("P-Asserted-Identity", "<tel:+79161234567>".to_owned())],
        "sip:x@y",
        "ООО «Ромашка»",
        client,
        true,
    );
    check(
        asserted("89161234567"),
        "sip:line_u@pbx.example",
        "ООО «Ромашка»",
        client,
        true,
    );
}

#[test]
fn an_account_that_wants_no_recordings_gets_none() {
    for weather in weathers() {
        let mut world = World::new(12, weather, people::plan_with(&[ANNA, BORIS], RecordingPolicy::Never));
        let (anna, boris) = (world.add_phone(ANNA), world.add_phone(BORIS));
        world.register(anna);
        world.register(boris);
        world.run_for(s(40));
        let call = world.dial(anna, BORIS.number);
        world.meet(anna, boris);
        world.hang_up(anna, call);
        world.run_for(s(40));
        world.close();
        assert_eq!(world.record().disposition, Some(Disposition::Answered));
        assert!(world.records.is_empty() && world.media.tapped == 0);
        assert!(
            !world
                .journal
                .iter()
                .any(|entry| matches!(entry, JournalEntry::RecordingStarted { .. }))
        );
    }
}

#[test]
fn an_unregistered_phone_with_the_right_secret_may_call() {
    for weather in weathers() {
        let mut world = World::office(13, weather);
        let david = world.add_phone(DAVID);
        let call = world.dial(david, BORIS.number);
        world.meet(david, BORIS_AT);
        world.hang_up(david, call);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn a_stranger_cannot_call_and_leaves_no_record() {
    for weather in weathers() {
        let mut world = World::office(14, weather);
        let stranger = world.add_phone(Person {
            secret: "guess",
            ..DAVID
        });
        let call = world.dial(stranger, BORIS.number);
        assert_eq!(world.status_of(stranger, call), 401);
        world.close();
        assert!(world.records_of_calls().is_empty());
    }
}

#[test]
fn without_a_free_port_a_caller_gets_503_and_nobody_rings() {
    let mut world = World::office(15, FAIR);
    world.phones[BORIS_AT].manner = Manner::Ring;
    let mut refused = None;
    for _ in 0..150 {
        let call = world.dial(ANNA_AT, BORIS.number);
        world.run_for(ms(100));
        if world.phones[ANNA_AT].call(call).status == Some(503) {
            refused = Some(call);
            break;
        }
    }
    assert_eq!(refused, Some(100), "200 ports, two for each call");
    assert_eq!(world.phones[BORIS_AT].calls.len(), 100);
    world.run_for(s(70));
    world.close();
}

#[test]
fn requests_that_we_do_not_serve_are_answered_and_tell_nothing() {
    let check = |method: &'static str, status: u16| {
        for (user, weather) in [("101", FAIR), ("999", FAIR), ("101", rough(5)), ("999", rough(20))] {
            let mut world = World::office(16, weather);
            world.phones[ANNA_AT].answers.clear();
            let uri = format!("sip:{user}@pbx.example");
            world.act(ANNA_AT, |phone, now| phone.ask(method, &uri, Vec::new(), now));
            world.run_for(s(40));
            assert_eq!(world.phones[ANNA_AT].answers, [status], "{method} {user}");
            world.close();
        }
    };
    check("OPTIONS", 200);
    check("MESSAGE", 405);
    check("PUBLISH", 489);
    check("SUBSCRIBE", 489);
    check("REFER", 403);
    check("NOTIFY", 405);
    check("INFO", 481);
    check("BYE", 481);
    check("FROBNICATE", 405);
}
