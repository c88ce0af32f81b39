//! Hidden clients called by what is shown in the place of their numbers (L44).

use std::sync::Arc;

use frontdesk::engine::input::{First, Input};
use frontdesk_routing::because::Ordered;
use frontdesk_routing::ids::StaffId;
use frontdesk_routing::masking::Token;
use frontdesk_routing::plan::HidingKey;
use frontdesk_tests::world::people::{BORIS, CLIENT_NUMBER};
use frontdesk_tests::world::phone::Manner;
use frontdesk_tests::world::trunks::{BORIS_AT, FIRST};
use frontdesk_tests::world::{World, s};

use crate::wire::{CLARA_AT, OF_BORIS, STUB, ends, office, rings, started};

#[test]
fn l44_dialling_the_stub_or_a_token_reaches_the_client_and_shows_no_digits() {
    for loss in [0, 20] {
        let mut world = started(55, loss);
        world.phones[BORIS_AT].manner = Manner::Ring;
        let call = world.dial(FIRST, OF_BORIS);
        assert!(world.wait_for(s(40), |world| rings(world, BORIS_AT)));
        world.act(FIRST, |phone, now| phone.cancel(call, now));
        world.run_for(s(40));
        let watch = world.act(CLARA_AT, |phone, now| phone.watch("dialog", BORIS.number, 600, now));
        let token = Token::new(
            HidingKey([3; 16]),
            Some(frontdesk_routing::ids::ClientId::from_u128(77)),
            None,
        );
        for dialled in ["88123893298".to_owned(), STUB.to_owned(), token.to_string()] {
            world.dial(BORIS_AT, &dialled);
            assert!(
                world.wait_for(s(60), |world| world.together(BORIS_AT, FIRST)),
                "{dialled}\n{}",
                world.ladder()
            );
            let invite = world.sent_to(FIRST, "INVITE").last().cloned().unwrap();
            assert!(invite.starts_with(&format!("INVITE sip:{CLIENT_NUMBER}@")), "{invite}");
            world.run_for(s(2));
            assert!(world.phones[CLARA_AT].watching[watch].last().contains(CLIENT_NUMBER));
            world.end_calls(BORIS_AT);
            world.run_for(s(40));
        }
        world.input(Input::Plan(Arc::new(office(false))));
        let refused = world.dial(BORIS_AT, STUB);
        world.run_for(s(40));
        assert_eq!(world.phones[BORIS_AT].call(refused).status, Some(403));
        ends(&mut world);
    }
}

/// A click on the stub or a token is a call of the hidden client, too, and never of whoever has the stub as a number.
#[test]
fn l44_clicking_on_the_stub_or_a_token_reaches_the_client_and_shows_no_digits() {
    let mut world = started(57, 0);
    let token = Token::new(
        HidingKey([3; 16]),
        Some(frontdesk_routing::ids::ClientId::from_u128(77)),
        None,
    );
    let token = token.to_string();
    let mut calls = 4_711;
    let mut click = |world: &mut World, to: &str| {
        calls += 1;
        world.order(calls, First::Staff(StaffId::from_u128(BORIS.id)), to, Ordered::Crm);
    };
    for nobody in [STUB, token.as_str()] {
        click(&mut world, nobody);
        world.run_for(s(5));
    }
    assert!(world.phones[BORIS_AT].calls.is_empty(), "no client was hidden yet");
    let call = world.dial(FIRST, OF_BORIS);
    world.run_for(s(1));
    world.act(FIRST, |phone, now| phone.cancel(call, now));
    world.run_for(s(5));
    for to in [STUB, "88123893298", token.as_str()] {
        click(&mut world, to);
        assert!(
            world.wait_for(s(60), |world| world.together(BORIS_AT, FIRST)),
            "{to}\n{}",
            world.ladder()
        );
        let invite = world.sent_to(FIRST, "INVITE").last().cloned().unwrap();
        assert!(invite.starts_with(&format!("INVITE sip:{CLIENT_NUMBER}@")), "{invite}");
        world.end_calls(BORIS_AT);
        world.run_for(s(5));
    }
    ends(&mut world);
}

#[test]
fn l44_a_stub_that_has_hidden_nobody_reaches_nobody() {
    let mut world = started(56, 0);
    let call = world.dial(BORIS_AT, STUB);
    world.run_for(s(3));
    assert_eq!(world.phones[BORIS_AT].call(call).status, Some(404));
    assert!(world.sent_to(FIRST, "INVITE").is_empty());
    ends(&mut world);
}
