//! Calls that the system begins to hidden clients (L43): whoever is rung first sees no digits of whom they are connected with.

use std::sync::Arc;

use frontdesk::engine::input::{First, Input};
use frontdesk_routing::because::Ordered;
use frontdesk_routing::ids::{DepartmentId, StaffId};
use frontdesk_routing::masking::Token;
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::{DepartmentSection, DialPlan, HidingKey};
use frontdesk_tests::digits::found_in;
use frontdesk_tests::world::people::{self, BORIS, CLIENT_NUMBER};
use frontdesk_tests::world::trunks::{BORIS_AT, FIRST};
use frontdesk_tests::world::{World, s};

use crate::wire::{CLARA_AT, CLIENT_NAME, STRANGER, STUB, ends, office, started};

/// Boris is rung and answers, then whoever is called; each of them holds the call for a while. What Boris was shown first.
fn talks(world: &mut World, number: &str) -> String {
    let watch = world.act(CLARA_AT, |phone, now| phone.watch("dialog", BORIS.number, 600, now));
    let together = world.wait_for(s(90), |world| world.together(BORIS_AT, FIRST));
    assert!(together, "{}", world.ladder());
    world.run_for(s(20));
    let called = world.sent_to(FIRST, "INVITE").last().cloned().unwrap();
    assert!(called.starts_with(&format!("INVITE sip:{number}@")), "{called}");
    let lamp = world.phones[CLARA_AT].watching[watch].last();
    assert!(lamp.contains(number), "a colleague sees it: {lamp}");
    for holder in [BORIS_AT, FIRST] {
        for direction in ["sendonly", "sendrecv"] {
            let call = world.phones[holder].calls.len() - 1;
            world.act(holder, |phone, now| phone.reinvite(call, direction, now));
            world.run_for(s(20));
        }
    }
    let invite = world.sent_to(BORIS_AT, "INVITE")[0].clone();
    assert_eq!(found_in(&invite, number), None, "{invite}");
    invite
}

#[test]
fn l43_a_call_from_the_crm_by_number_shows_whoever_orders_it_the_stub_and_a_name() {
    for loss in [0, 5, 20] {
        let mut world = started(64, loss);
        let boris = First::Staff(StaffId::from_u128(BORIS.id));
        world.order(4_711, boris, CLIENT_NUMBER, Ordered::Crm);
        let invite = talks(&mut world, CLIENT_NUMBER);
        let from = format!("From: \"{CLIENT_NAME}\" <sip:{STUB}@");
        assert!(invite.contains(&from), "{invite}");
        ends(&mut world);
        let record = world.record();
        assert_eq!(
            record.callee.number.as_deref(),
            Some(CLIENT_NUMBER),
            "the record keeps it"
        );
    }
}

#[test]
fn l43_a_visitor_of_a_site_is_a_name_or_a_token_to_the_member_who_takes_the_call() {
    let token = Token::new(HidingKey([3; 16]), None, PhoneNumber::from_e164(STRANGER).ok());
    let token = format!("Client {token}");
    for loss in [0, 5, 20] {
        for (number, name) in [(CLIENT_NUMBER, CLIENT_NAME), (STRANGER, token.as_str())] {
            let mut world = started(65, loss);
            let desk = people::department("200", 1, &[BORIS]);
            world.input(Input::Plan(Arc::new(DialPlan {
                departments: Arc::new(DepartmentSection::new(vec![desk])),
                ..office(true)
            })));
            let desk = First::Department(DepartmentId::from_u128(1));
            world.order(4_711, desk, number, Ordered::Widget);
            let invite = talks(&mut world, number);
            let from = format!("From: \"{name}\" <sip:{STUB}@");
            assert!(invite.contains(&from), "{invite}");
            ends(&mut world);
        }
    }
}
