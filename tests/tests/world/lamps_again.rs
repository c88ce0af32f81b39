//! Lamps whose phones lose their way to us, and come back.

use frontdesk_sip::flow::Transport;
use frontdesk_tests::world::net::FAIR;
use frontdesk_tests::world::people::{self, BORIS};
use frontdesk_tests::world::phone::{State, Watching};
use frontdesk_tests::world::{World, s};

const ANNA_AT: usize = 0;
const CLARA_AT: usize = 2;

fn seen(world: &World, phone: usize, index: usize) -> &Watching {
    &world.phones[phone].watching[index]
}

/// David's phone, which has a connection and a lamp for Boris; it does not refresh that within five minutes.
fn by_connection(seed: u8, device: Option<(&'static str, u32)>) -> (World, usize, usize) {
    let mut world = World::office(seed, FAIR);
    let david = world.add_phone_at(people::DAVID, Transport::Tcp, "192.0.2.10:45000");
    world.phones[david].outbound = device;
    world.register(david);
    world.run_for(s(1));
    let lamp = world.act(david, |phone, now| phone.watch("dialog", BORIS.number, 3600, now));
    world.run_for(s(1));
    assert!(seen(&world, david, lamp).state.contains("expires=600"));
    (world, david, lamp)
}

#[test]
fn a_subscription_outlives_its_connection_and_is_told_all_when_its_phone_registers_anew() {
    let device = ("00000000-0000-4000-8000-000000000001", 1);
    for (device, home) in [
        (None, None),
        (Some(device), None),
        (Some(device), Some("192.0.2.77:50000")),
    ] {
        let (mut world, david, lamp) = by_connection(10, device);
        match home {
            Some(home) => drop(world.change_network(david, home)),
            None => world.break_connection(david),
        }
        let call = world.dial(ANNA_AT, BORIS.number);
        world.run_for(s(5));
        assert_eq!(seen(&world, david, lamp).lamp(), [""; 0], "it is not heard of yet");
        world.register(david);
        world.run_for(s(1));
        assert_eq!(seen(&world, david, lamp).lamp(), ["confirmed"], "{device:?} {home:?}");
        world.hang_up(ANNA_AT, call);
        world.run_for(s(1));
        assert_eq!(seen(&world, david, lamp).lamp(), ["terminated"]);
        assert_eq!(seen(&world, david, lamp).answers, [200], "without another SUBSCRIBE");
        world.close();
    }
}

#[test]
fn a_subscription_behind_a_nat_follows_its_phones_registration() {
    let mut world = World::office(13, FAIR);
    let lamp = world.act(CLARA_AT, |phone, now| phone.watch("dialog", BORIS.number, 3600, now));
    world.run_for(s(1));
    // Another port outside, the same contact.
    let contact = world.phones[CLARA_AT].home;
    world.phones[CLARA_AT].flow.local = "10.0.2.9:5060".parse().unwrap();
    assert_eq!(world.phones[CLARA_AT].home, contact);
    world.register(CLARA_AT);
    world.run_for(s(1));
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(5));
    assert_eq!(seen(&world, CLARA_AT, lamp).lamp(), ["confirmed"]);
    assert_eq!(seen(&world, CLARA_AT, lamp).answers, [200]);
    world.hang_up(ANNA_AT, call);
    world.close();
}

#[test]
fn a_subscription_whose_phone_never_comes_back_runs_out() {
    let (mut world, david, _) = by_connection(14, None);
    world.break_connection(david);
    world.phones[david].gone = true;
    world.run_for(s(590));
    assert_eq!(world.engine.counts().subscriptions, 1);
    world.run_for(s(60));
    assert_eq!(world.engine.counts(), Default::default());
    world.close();
}

#[test]
fn lamps_go_on_over_a_restart() {
    for device in [None, Some(("00000000-0000-4000-8000-000000000001", 1))] {
        let (mut world, david, by_tcp) = by_connection(15, device);
        let by_udp = world.act(CLARA_AT, |phone, now| phone.watch("dialog", BORIS.number, 3600, now));
        let presence = world.act(CLARA_AT, |phone, now| phone.watch("presence", BORIS.number, 3600, now));
        world.run_for(s(1));
        let call = world.dial(ANNA_AT, BORIS.number);
        world.run_for(s(5));
        assert_eq!(seen(&world, CLARA_AT, by_udp).lamp(), ["confirmed"]);
        assert_eq!(world.stored_subscriptions().len(), 3);
        world.input(frontdesk::engine::input::Input::HangUpAll);
        world.run_for(s(1));
        world.crash(people::plan());
        world.run_for(s(1));
        assert_eq!(seen(&world, CLARA_AT, by_udp).lamp(), [""; 0], "told all at once");
        world.register(david);
        world.run_for(s(1));
        world.end_calls(ANNA_AT);
        assert_eq!(world.phones[ANNA_AT].call(call).state, State::Over);
        world.dial(ANNA_AT, BORIS.number);
        world.run_for(s(5));
        for (phone, lamp) in [(CLARA_AT, by_udp), (david, by_tcp)] {
            let watching = seen(&world, phone, lamp);
            assert_eq!(watching.lamp(), ["confirmed"], "{device:?}\n{}", world.ladder());
            assert_eq!(watching.answers, [200], "without another SUBSCRIBE");
            let versions: Vec<u32> = watching.told.iter().map(|body| version(body)).collect();
            assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
        }
        assert!(seen(&world, CLARA_AT, presence).last().contains("on-the-phone"));
        world.end_calls(ANNA_AT);
        // The refresh comes in its dialog.
        world.run_for(s(400));
        assert_eq!(seen(&world, CLARA_AT, by_udp).answers, [200, 200]);
        world.close();
        assert!(world.stored_subscriptions().is_empty());
    }
}

#[test]
fn whoever_is_gone_after_a_restart_watches_no_more() {
    let mut world = World::office(16, FAIR);
    world.act(CLARA_AT, |phone, now| phone.watch("dialog", BORIS.number, 3600, now));
    world.run_for(s(1));
    world.phones[CLARA_AT].gone = true;
    world.restart(people::plan_with(&[people::ANNA, people::CLARA], Default::default()));
    assert_eq!(world.engine.counts().subscriptions, 0, "nobody is there to watch");
    assert!(world.stored_subscriptions().is_empty());

    let mut world = World::office(16, FAIR);
    world.act(CLARA_AT, |phone, now| phone.watch("dialog", BORIS.number, 3600, now));
    world.run_for(s(1));
    world.restart(people::plan_with(&[people::ANNA, BORIS], Default::default()));
    assert_eq!(world.engine.counts().subscriptions, 0, "nobody is there who watches");
    world.run_for(s(60));
    world.close();
}

fn version(body: &str) -> u32 {
    let (_, document) = body.split_once("<dialog-info").expect("a document");
    let (_, rest) = document.split_once(" version=\"").expect("a version");
    rest.split('"').next().unwrap().parse().unwrap()
}
