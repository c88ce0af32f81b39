//! Hidden client numbers on the wire (L43, L44): every byte that goes to a person's phones is searched for the digits,
//! while a colleague sees the number of the same call.

use std::sync::Arc;

use frontdesk::engine::Messages;
use frontdesk::engine::input::Input;
use frontdesk::engine::output::BoardChange;
use frontdesk_routing::forwarding::{Forwarding, Target};
use frontdesk_routing::ids::{AccountId, MailboxId, StaffId};
use frontdesk_routing::masking::Token;
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::trunks::RedirectionStyle;
use frontdesk_routing::plan::{
    AccountCallerId, AccountSection, Destination, DialPlan, FeatureSection, HidingKey, MailboxSection, NumberSection,
    PlanAccount, PlanForwarding, PlanMailbox, PlanStaff, PlanTrunk, StaffCallerId, StaffSection,
};
use frontdesk_tests::digits::found_in;
use frontdesk_tests::world::net::{FAIR, rough};
use frontdesk_tests::world::people::{ACCOUNT, ANNA, BORIS, CLARA, CLIENT_NUMBER, DAVID, Person};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::trunks::{ANNA_AT, BORIS_AT, FIRST, OWN, number, trunk};
use frontdesk_tests::world::{World, ms, people, s, trunks};

/// Boris and David do not see clients' numbers; Anna and Clara do.
pub(crate) const CLARA_AT: usize = 4;
const DAVID_AT: usize = 5;
/// Of Boris, whose number is hidden from nobody.
pub(crate) const OF_BORIS: &str = "+74951110003";
const OF_DAVID: &str = "+74951110004";
pub(crate) const STRANGER: &str = "+79031112233";
pub(crate) const STUB: &str = "+78123893298";
const MOBILE: &str = "+79035550000";
pub(crate) const CLIENT_NAME: &str = "ООО «Ромашка»";

fn e164(text: &str) -> PhoneNumber {
    PhoneNumber::from_e164(text).unwrap()
}

fn line() -> PlanTrunk {
    PlanTrunk {
        redirection: RedirectionStyle::Diversion,
        ..trunk(1, &["192.0.2.10"], false)
    }
}

fn person(person: Person, hides_clients: bool) -> PlanStaff {
    let caller_id = StaffCallerId {
        hides_clients,
        raises_card: person.id != ANNA.id,
        ..StaffCallerId::default()
    };
    PlanStaff {
        caller_id,
        ..people::staff(person)
    }
}

pub(crate) fn office(dials_back: bool) -> DialPlan {
    let before = trunks::plan(vec![line()]);
    let account = before.accounts.get(AccountId::from_u128(ACCOUNT)).cloned().unwrap();
    let account = PlanAccount {
        caller_id: AccountCallerId {
            stub_dials_back: dials_back,
            key: HidingKey([3; 16]),
            ..AccountCallerId::default()
        },
        ..account
    };
    let to = |person: Person| Destination::Staff(StaffId::from_u128(person.id));
    let mobile = Forwarding {
        always: Some(Target::Outside(e164(MOBILE))),
        ..Forwarding::default()
    };
    let set = PlanForwarding {
        settings: mobile,
        mark: 1,
    };
    DialPlan {
        accounts: Arc::new(AccountSection::new(vec![account])),
        staff: Arc::new(StaffSection::new(
            vec![
                person(ANNA, false),
                person(BORIS, true),
                person(CLARA, false),
                person(DAVID, true),
            ],
            vec![line()],
        )),
        numbers: Arc::new(NumberSection::new(vec![
            number(OWN, to(ANNA)),
            number(OF_BORIS, to(BORIS)),
            number(OF_DAVID, to(DAVID)),
        ])),
        features: Arc::new(FeatureSection::new([], [(StaffId::from_u128(DAVID.id), set)])),
        ..before
    }
}

pub(crate) fn started(seed: u8, loss: u32) -> World {
    let weather = if loss == 0 { FAIR } else { rough(loss) };
    let mut world = trunks::world(seed, weather, vec![line()]);
    for person in [CLARA, DAVID] {
        world.add_phone(person);
    }
    world.input(Input::Plan(Arc::new(office(true))));
    for phone in [CLARA_AT, DAVID_AT] {
        world.register(phone);
    }
    world.run_for(s(40));
    calls_as(&mut world, CLIENT_NUMBER);
    world
}

fn calls_as(world: &mut World, number: &str) {
    world.phones[FIRST].from.uri = format!("sip:{number}@provider.example");
    let (code, local) = number[2..].split_at(3);
    world.phones[FIRST].from.display = format!("8.{code}.{}.{}", &local[..3], &local[3..]);
}

/// Nothing that went to the phones of people from whom numbers are hidden holds one.
fn assert_hidden(world: &World) {
    for phone in [BORIS_AT, DAVID_AT] {
        let mut count = 0;
        for message in world.all_sent_to(phone) {
            count += 1;
            for number in [CLIENT_NUMBER, STRANGER] {
                assert_eq!(found_in(&message, number), None, "{message}");
            }
        }
        assert!(count >= 2, "a phone that hears nothing proves nothing");
    }
}

fn sees(world: &World, phone: usize, text: &str) -> bool {
    world.all_sent_to(phone).any(|message| message.contains(text))
}

pub(crate) fn rings(world: &World, phone: usize) -> bool {
    let last = world.phones[phone].calls.last();
    last.is_some_and(|call| call.state == State::Ringing)
}

pub(crate) fn ends(world: &mut World) {
    for phone in 0..world.phones.len() {
        world.end_calls(phone);
    }
    world.run_for(s(60));
    assert_hidden(world);
    world.close();
}

#[test]
fn l43_an_inbound_call_shows_the_stub_and_a_name_on_every_phone_of_the_person() {
    for loss in [0, 5, 20] {
        let mut world = started(50, loss);
        let second = world.add_phone(BORIS);
        world.register(second);
        world.run_for(s(40));
        world.phones[second].manner = Manner::Ring;
        world.talk(FIRST, BORIS_AT, OF_BORIS);
        for phone in [BORIS_AT, second] {
            let invite = &world.sent_to(phone, "INVITE")[0];
            assert!(
                invite.contains(&format!("From: \"{CLIENT_NAME}\" <sip:{STUB}@")),
                "{invite}"
            );
            let asserted = format!("P-Asserted-Identity: \"{CLIENT_NAME}\" <sip:{STUB}@");
            assert!(invite.contains(&asserted), "{invite}");
        }
        world.act(BORIS_AT, |phone, now| phone.reinvite(0, "sendonly", now));
        world.run_for(s(10));
        world.act(FIRST, |phone, now| phone.reinvite(0, "sendonly", now));
        world.run_for(s(10));
        let all: Vec<String> = world.all_sent_to(second).collect();
        assert!(all.iter().all(|message| found_in(message, CLIENT_NUMBER).is_none()));
        ends(&mut world);
        let record = world.record();
        assert_eq!(
            record.caller.number.as_deref(),
            Some(CLIENT_NUMBER),
            "the record keeps it"
        );
    }
}

#[test]
fn l43_holding_and_going_on_by_either_end_shows_no_digits() {
    for loss in [0, 5, 20] {
        for holder in [BORIS_AT, FIRST] {
            let mut world = started(62, loss);
            world.talk(FIRST, BORIS_AT, OF_BORIS);
            let before = world.all_sent_to(BORIS_AT).count();
            for direction in ["sendonly", "sendrecv"] {
                world.act(holder, |phone, now| phone.reinvite(0, direction, now));
                world.run_for(s(40));
                world.act(holder, |phone, now| phone.update(0, direction, now));
                world.run_for(s(40));
            }
            assert!(world.together(FIRST, BORIS_AT), "{}", world.ladder());
            let told = world.all_sent_to(BORIS_AT).count() - before;
            assert!(told >= 2, "{told} messages\n{}", world.ladder());
            ends(&mut world);
        }
    }
}

#[test]
fn l43_a_stranger_is_a_token_and_an_anonymous_client_a_name() {
    let mut world = started(51, 0);
    calls_as(&mut world, STRANGER);
    world.talk(FIRST, BORIS_AT, OF_BORIS);
    let token = Token::new(HidingKey([3; 16]), None, Some(e164(STRANGER)));
    assert!(
        sees(&world, BORIS_AT, &format!("From: \"Client {token}\" <sip:{STUB}@")),
        "{}",
        world.ladder()
    );
    world.end_calls(FIRST);
    world.run_for(s(5));
    world.phones[FIRST].from.display = String::new();
    world.phones[FIRST].from.uri = "sip:anonymous@anonymous.invalid".to_owned();
    world.phones[FIRST].claims = vec![
        (
            "P-Asserted-Identity".into(),
            format!("<sip:{CLIENT_NUMBER}@provider.example>"),
        ),
        ("Privacy".into(), "id".into()),
    ];
    world.talk(FIRST, BORIS_AT, OF_BORIS);
    let from = format!("From: \"{CLIENT_NAME}\" <sip:anonymous@anonymous.invalid>");
    assert!(sees(&world, BORIS_AT, &from), "{}", world.ladder());
    ends(&mut world);
    let caller = &world.records_of_calls().last().unwrap().caller;
    assert!(caller.restricted, "the record knows that it is to be shown to nobody");
    assert_eq!(caller.number.as_deref(), Some(CLIENT_NUMBER), "and keeps it");
    let mut cards = Vec::new();
    for change in &world.board {
        if let BoardChange::CallCard { caller, .. } = change {
            cards.push(caller.restricted);
        }
    }
    assert_eq!(cards, [false, true]);
}

#[test]
fn l43_a_transfer_shows_the_number_to_whom_it_may_and_the_stub_to_others() {
    for loss in [0, 20] {
        // Blind, from somebody who sees numbers to somebody who does not, and on to one who does.
        let mut world = started(52, loss);
        world.talk(FIRST, ANNA_AT, OWN);
        assert!(sees(&world, ANNA_AT, &format!("<sip:{CLIENT_NUMBER}@")));
        world.phones[BORIS_AT].manner = Manner::Answer(ms(500));
        world.phones[CLARA_AT].manner = Manner::Answer(ms(500));
        world.act(ANNA_AT, |phone, now| phone.refer(0, BORIS.number, now));
        assert!(
            world.wait_for(s(60), |world| world.together(FIRST, BORIS_AT)),
            "{}",
            world.ladder()
        );
        world.run_for(s(5));
        world.act(BORIS_AT, |phone, now| phone.refer(0, CLARA.number, now));
        assert!(
            world.wait_for(s(60), |world| world.together(FIRST, CLARA_AT)),
            "{}",
            world.ladder()
        );
        assert!(
            sees(&world, CLARA_AT, &format!("<sip:{CLIENT_NUMBER}@")),
            "a colleague sees it"
        );
        assert!(sees(&world, BORIS_AT, &format!("<sip:{STUB}@")));
        ends(&mut world);
    }
}

#[test]
fn l43_an_attended_transfer_tells_the_new_partner_without_digits() {
    for loss in [0, 20] {
        let mut world = started(53, loss);
        world.talk(FIRST, ANNA_AT, OWN);
        let second = world.talk(ANNA_AT, BORIS_AT, BORIS.number);
        world.act(ANNA_AT, |phone, now| phone.refer_to_call(0, second, now));
        assert!(
            world.wait_for(s(120), |world| world.together(FIRST, BORIS_AT)),
            "{}",
            world.ladder()
        );
        world.run_for(s(10));
        let told = |title: &str| {
            world
                .sent_to(BORIS_AT, title)
                .iter()
                .any(|message| message.contains(STUB))
        };
        assert!(told("UPDATE") || told("INVITE"), "{}", world.ladder());
        ends(&mut world);
    }
}

#[test]
fn l43_pickup_parking_and_lamps_show_no_digits_but_to_colleagues_who_may_see_them() {
    let mut world = started(54, 0);
    let mut watch = |phone: usize, what: &str| world.act(phone, |phone, now| phone.watch("dialog", what, 600, now));
    let boris = [watch(BORIS_AT, ANNA.number), watch(BORIS_AT, "701")];
    let clara = [
        watch(CLARA_AT, ANNA.number),
        watch(CLARA_AT, "701"),
        watch(CLARA_AT, BORIS.number),
    ];
    world.run_for(s(5));
    let lamp = |world: &World, phone: usize, index: usize| world.phones[phone].watching[index].last().to_owned();
    // Anna talks; both watch her.
    world.talk(FIRST, ANNA_AT, OWN);
    assert!(
        lamp(&world, BORIS_AT, boris[0]).contains(STUB),
        "{}",
        lamp(&world, BORIS_AT, boris[0])
    );
    assert!(lamp(&world, CLARA_AT, clara[0]).contains(CLIENT_NUMBER));
    // She parks; both watch the place, and Boris takes the call there.
    world.act(ANNA_AT, |phone, now| phone.refer(0, "701", now));
    world.run_for(s(5));
    assert!(lamp(&world, BORIS_AT, boris[1]).contains(STUB));
    assert!(lamp(&world, CLARA_AT, clara[1]).contains(CLIENT_NUMBER));
    world.dial(BORIS_AT, "701");
    assert!(
        world.wait_for(s(20), |world| world.together(FIRST, BORIS_AT)),
        "{}",
        world.ladder()
    );
    world.run_for(s(2));
    assert!(
        lamp(&world, CLARA_AT, clara[2]).contains(CLIENT_NUMBER),
        "the same call"
    );
    let accepted = world.sent_to(BORIS_AT, "200 INVITE");
    assert!(accepted.iter().any(|answer| answer.contains(STUB)), "{accepted:#?}");
    world.end_calls(FIRST);
    world.run_for(s(5));
    // Boris picks up what rings at Anna's.
    world.phones[ANNA_AT].manner = Manner::Ring;
    world.dial(FIRST, OWN);
    world.run_for(s(5));
    world.dial(BORIS_AT, "**101");
    assert!(
        world.wait_for(s(20), |world| world.together(FIRST, BORIS_AT)),
        "{}",
        world.ladder()
    );
    ends(&mut world);
}

#[test]
fn l43_a_call_that_goes_to_a_mobile_phone_shows_the_stub_there_too() {
    let mut world = started(57, 0);
    world.phones[FIRST].manner = Manner::Answer(ms(500));
    world.dial(FIRST, OF_DAVID);
    world.run_for(s(5));
    let invite = world.sent_to(FIRST, "INVITE").last().cloned().unwrap();
    assert!(
        invite.starts_with(&format!("INVITE sip:{MOBILE}@")),
        "{}",
        world.ladder()
    );
    assert_eq!(found_in(&invite, CLIENT_NUMBER), None, "{invite}");
    assert!(invite.contains(&format!("From: <sip:{STUB}@")), "{invite}");
    ends(&mut world);
}

#[test]
fn l43_an_info_goes_on_to_them_only_without_a_number_of_any_spelling() {
    let mut world = started(61, 0);
    world.talk(FIRST, BORIS_AT, OF_BORIS);
    for text in ["call 8.916.123.45.67", "call 8/916/123\u{2011}45\u{2011}67", "call 102"] {
        world.act(FIRST, |phone, now| phone.inform(0, text, now));
        world.run_for(s(5));
    }
    let told = world.sent_to(BORIS_AT, "INFO");
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].ends_with("call 102"), "{told:#?}");
    ends(&mut world);
}

#[test]
fn l45_whose_phone_rings_for_somebody_outside_gets_one_card() {
    let mut world = started(58, 0);
    let second = world.add_phone(BORIS);
    world.register(second);
    world.run_for(s(5));
    world.talk(FIRST, BORIS_AT, OF_BORIS);
    world.dial(ANNA_AT, CLARA.number);
    world.run_for(s(5));
    world.end_calls(FIRST);
    world.end_calls(ANNA_AT);
    world.run_for(s(5));
    world.talk(FIRST, ANNA_AT, OWN);
    let mut cards = Vec::new();
    for change in &world.board {
        if let BoardChange::CallCard { staff, .. } = change {
            cards.push(*staff);
        }
    }
    assert_eq!(
        cards,
        [StaffId::from_u128(BORIS.id)],
        "none of colleagues, and none for whoever wants none"
    );
    ends(&mut world);
}

/// A client leaves a message: neither the ringing nor the lamp has a digit of it.
#[test]
fn l43_a_message_and_its_lamp_show_no_digits() {
    for loss in [0, 5, 20] {
        let mut world = started(60, loss);
        let boris = StaffId::from_u128(BORIS.id);
        let own = PlanMailbox {
            id: MailboxId::from_u128(1),
            account: AccountId::from_u128(ACCOUNT),
            staff: Some(boris),
            department: None,
            name: "Boris".into(),
            enabled: true,
            own_greeting: false,
            russian: true,
            longest_s: 60,
        };
        let settings = Forwarding {
            no_answer: Some(Target::Mailbox),
            no_answer_after: 10,
            ..Forwarding::default()
        };
        let forwards = PlanForwarding { settings, mark: 2 };
        world.input(Input::Plan(Arc::new(DialPlan {
            mailboxes: Arc::new(MailboxSection::new(vec![own])),
            features: Arc::new(FeatureSection::new([], [(boris, forwards)])),
            ..office(true)
        })));
        world.phones[BORIS_AT].manner = Manner::Ring;
        world.dial(FIRST, OF_BORIS);
        let speaks = |world: &World| world.media.taps.values().any(|legs| legs[1].is_none());
        assert!(world.wait_for(s(90), speaks), "{}", world.ladder());
        world.run_for(s(3));
        world.end_calls(FIRST);
        let messages = Messages { new: 1, old: 0 };
        world.input(Input::Mailbox { staff: boris, messages });
        ends(&mut world);
        assert_eq!(world.record().caller.number.as_deref(), Some(CLIENT_NUMBER));
    }
}
