//! Registrations with providers, and probes of their servers.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk::engine::output::TrunkRegistration;
use frontdesk_tests::world::net::{FAIR, rough};
use frontdesk_tests::world::provider::Provider;
use frontdesk_tests::world::trunks::{
    ANNA_AT, FIRST, OUTSIDE, SECOND, is_registered, plan, provider, state, trunk, world,
};
use frontdesk_tests::world::{World, s};

#[test]
fn a_trunk_registers_and_stays_registered_through_loss() {
    for loss in [0, 5, 20] {
        let mut world = world(1, rough(loss), vec![trunk(1, &["provider.example"], true)]);
        assert!(is_registered(&world, 1), "{loss} %\n{}", world.ladder());
        world.run_for(s(3600));
        assert!(is_registered(&world, 1), "{loss} %");
        let granted = provider(&mut world, FIRST).granted;
        assert!(granted >= 6, "{loss} %: {granted}");
        let contact = provider(&mut world, FIRST).contact().expect("a contact");
        assert!(contact.starts_with("sip:line1@203.0.113.1:5060;line="), "{contact}");
        world.close();
    }
}

#[test]
fn a_longer_interval_and_a_new_nonce_are_followed() {
    let mut world = world(2, FAIR, vec![]);
    *provider(&mut world, FIRST) = Provider::new("line1", "line-secret", 1800);
    world.input(Input::Plan(Arc::new(plan(vec![trunk(1, &["provider.example"], true)]))));
    world.run_for(s(5));
    assert!(is_registered(&world, 1), "{}", world.ladder());
    let sent = world.sent_to(FIRST, "REGISTER");
    assert!(
        sent.last().is_some_and(|last| last.contains("Expires: 1800\r\n")),
        "{sent:#?}"
    );
    provider(&mut world, FIRST).forgets_nonces();
    world.run_for(s(1800));
    let granted = provider(&mut world, FIRST).granted;
    assert_eq!(granted, 2, "{}", world.ladder());
    assert!(is_registered(&world, 1));
    world.close();
}

#[test]
fn wrong_credentials_are_told_to_people_and_tried_seldom() {
    let mut world = world(3, FAIR, vec![]);
    provider(&mut world, FIRST).secret = "another".to_owned();
    world.input(Input::Plan(Arc::new(plan(vec![trunk(1, &["provider.example"], true)]))));
    world.run_for(s(600));
    let told = state(&world, 1).expect("a state");
    let Some(TrunkRegistration::Failing { reason, .. }) = told.registration else {
        panic!("{told:?}")
    };
    assert_eq!(reason, "the credentials were refused");
    let sent = world.sent_to(FIRST, "REGISTER").len();
    assert!((4..=40).contains(&sent), "{sent}");
    provider(&mut world, FIRST).secret = "line-secret".to_owned();
    world.run_for(s(301));
    assert!(is_registered(&world, 1), "it never gives up");
    world.close();
}

#[test]
fn the_next_server_takes_over_a_registration() {
    for (seed, loss) in [(4, 0), (5, 5), (6, 20)] {
        let mut world = world(seed, rough(loss), vec![]);
        world.phones[FIRST].gone = true;
        world.input(Input::Plan(Arc::new(plan(vec![trunk(1, &["provider.example"], true)]))));
        world.run_for(s(120));
        assert!(is_registered(&world, 1), "{loss} %\n{}", world.ladder());
        assert_eq!(provider(&mut world, FIRST).granted, 0);
        let asked = world.sent_to(FIRST, "REGISTER").len();
        assert!(
            asked > 1 && asked <= 11,
            "one request after the other server's turn: {asked}"
        );
        assert!(provider(&mut world, SECOND).granted > 0);
        world.close();
    }
}

#[test]
fn a_first_server_that_says_nothing_costs_ten_seconds() {
    let mut world = world(40, FAIR, vec![]);
    world.phones[FIRST].gone = true;
    world.input(Input::Plan(Arc::new(plan(vec![trunk(1, &["provider.example"], true)]))));
    let soon = world.wait_for(s(11), |world| is_registered(world, 1));
    assert!(soon, "{}", world.ladder());
    world.close();
}

#[test]
fn a_server_is_down_after_three_silent_probes_and_up_after_two_answers() {
    let mut probed = trunk(1, &["192.0.2.10"], false);
    probed.provider.as_mut().expect("a provider").probe = Some(s(60));
    let mut world = world(7, FAIR, vec![probed]);
    let reachable = |world: &World| state(world, 1).and_then(|state| state.reachable);
    assert_eq!(reachable(&world), Some(true));
    provider(&mut world, FIRST).alive = 0;
    world.run_for(s(120));
    assert_eq!(reachable(&world), Some(true), "two lost probes say little");
    world.run_for(s(120));
    assert_eq!(reachable(&world), Some(false));
    provider(&mut world, FIRST).alive = 404;
    world.run_for(s(65));
    assert_eq!(reachable(&world), Some(false), "one answer says little");
    world.run_for(s(60));
    assert_eq!(reachable(&world), Some(true));
    world.close();
}

#[test]
fn a_trunk_that_is_taken_away_takes_its_contact_back() {
    let mut world = world(19, FAIR, vec![trunk(1, &["provider.example"], true)]);
    assert!(provider(&mut world, FIRST).contact().is_some());
    world.input(Input::Plan(Arc::new(plan(vec![]))));
    world.run_for(s(5));
    let contact = provider(&mut world, FIRST).contact();
    assert_eq!(contact, None, "{}", world.ladder());
    assert_eq!(state(&world, 1), None);
    let before = world.sent_to(FIRST, "REGISTER").len();
    world.run_for(s(3600));
    assert_eq!(world.sent_to(FIRST, "REGISTER").len(), before);
    world.close();
}

#[test]
fn a_registration_goes_back_to_the_first_server_as_soon_as_the_second_one_says_nothing() {
    let mut world = world(41, FAIR, vec![]);
    world.phones[FIRST].gone = true;
    world.input(Input::Plan(Arc::new(plan(vec![trunk(1, &["provider.example"], true)]))));
    assert!(world.wait_for(s(20), |world| is_registered(world, 1)));
    // What was sent to the first one is sent no more.
    world.run_for(s(60));
    world.phones[FIRST].gone = false;
    world.phones[SECOND].gone = true;
    let before = [FIRST, SECOND].map(|at| world.sent_to(at, "REGISTER").len());
    let renews = world.wait_for(s(600), |world| world.sent_to(SECOND, "REGISTER").len() > before[1]);
    assert!(renews, "{}", world.ladder());
    let back = world.wait_for(s(11), |world| world.sent_to(FIRST, "REGISTER").len() > before[0]);
    assert!(back, "{}", world.ladder());
    world.run_for(s(1));
    let granted = provider(&mut world, FIRST).granted;
    assert_eq!(granted, 1, "{}", world.ladder());
    assert!(is_registered(&world, 1));
    world.close();
}

/// Whoever is registered with a server that is gone is called by nobody, and a registration may have an hour to go.
#[test]
fn a_server_that_is_found_to_be_gone_hands_its_registrations_over_before_they_end() {
    for (probe, within) in [(None, 20), (Some(s(30)), 140)] {
        let mut line = trunk(1, &["provider.example"], true);
        line.provider.as_mut().expect("a provider").probe = probe;
        let mut world = world(42, FAIR, vec![line]);
        assert!(world.wait_for(s(20), |world| is_registered(world, 1)));
        assert_eq!(provider(&mut world, FIRST).granted, 1);
        world.phones[FIRST].gone = true;
        if probe.is_none() {
            world.dial(ANNA_AT, OUTSIDE);
        }
        world.run_for(s(within));
        let granted = provider(&mut world, SECOND).granted;
        assert_eq!(granted, 1, "{probe:?}\n{}", world.ladder());
        assert!(is_registered(&world, 1));
        if probe.is_none() {
            world.end_calls(ANNA_AT);
        }
        world.close();
    }
}
