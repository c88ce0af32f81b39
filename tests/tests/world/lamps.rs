//! Lamps of calls that are picked up and sent on.

use frontdesk_tests::world::net::{FAIR, rough};
use frontdesk_tests::world::people::{ANNA, BORIS, CLARA, DAVID};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{World, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;
const SHORT: u32 = 100;

fn attribute<'a>(body: &'a str, name: &str) -> &'a str {
    let start = body.find(&format!(" {name}=\"")).expect(name) + name.len() + 3;
    body[start..].split('"').next().unwrap()
}

/// Four people; David watches the other three.
fn watched(seed: u8, loss: u32) -> (World, usize, [usize; 3]) {
    let weather = if loss == 0 { FAIR } else { rough(loss) };
    let mut world = World::office(seed, weather);
    let david = world.add_phone(DAVID);
    world.register(david);
    world.run_for(s(40));
    let watches = [ANNA, BORIS, CLARA]
        .map(|person| world.act(david, |phone, now| phone.watch("dialog", person.number, SHORT, now)));
    world.run_for(s(30));
    (world, david, watches)
}

fn lit(world: &World, watcher: usize, index: usize) -> Vec<String> {
    let lamp = world.phones[watcher].watching[index].lamp();
    let lit = lamp.into_iter().filter(|state| *state != "terminated");
    lit.map(str::to_owned).collect()
}

/// What a BLF key does: it reads the names from the lamp and replaces the ringing dialog (RFC 3891).
#[test]
fn a_key_beside_a_ringing_lamp_takes_the_call() {
    for loss in [0, 5, 20] {
        let (mut world, david, [anna, boris, _]) = watched(30, loss);
        world.phones[BORIS_AT].manner = Manner::Ring;
        world.dial(ANNA_AT, BORIS.number);
        assert!(world.wait_for(s(40), |world| lit(world, david, boris) == ["early"]));
        let body = world.phones[david].watching[boris].last().to_owned();
        let names = format!(
            "{};to-tag={};from-tag={};early-only",
            attribute(&body, "call-id"),
            attribute(&body, "remote-tag"),
            attribute(&body, "local-tag")
        );
        world.phones[david].claims = vec![("Replaces".into(), names)];
        world.dial(david, BORIS.number);
        let together = world.wait_for(s(60), |world| world.together(ANNA_AT, david));
        assert!(together, "{loss} %: {:#?}", world.transcript.ladder());
        let dark = |world: &World| lit(world, david, boris).is_empty() && lit(world, david, anna) == ["confirmed"];
        assert!(world.wait_for(s(60), dark), "{loss} %");
        assert!(world.wait_for(s(60), |world| world.phones[BORIS_AT].last().state == State::Over));
        let reason = world.phones[BORIS_AT].last().reason.clone();
        assert!(reason.is_some_and(|reason| reason.contains("Call completed elsewhere")));
        let body = world.phones[david].watching[anna].last();
        let remote = &body[body.find("<remote>").unwrap()..];
        assert!(remote.contains("sip:104@pbx.example"), "{body}");
        world.hang_up(ANNA_AT, 0);
        world.run_for(s(60));
        world.close();
    }
}

#[test]
fn lamps_follow_a_call_that_is_sent_on() {
    for loss in [0, 5, 20] {
        let (mut world, david, watches) = watched(31, loss);
        world.talk(ANNA_AT, BORIS_AT, BORIS.number);
        world.act(BORIS_AT, |phone, now| phone.refer(0, CLARA.number, now));
        let settled = |world: &World| {
            let lamps = watches.map(|index| lit(world, david, index));
            world.together(ANNA_AT, CLARA_AT)
                && lamps[0] == ["confirmed"]
                && lamps[1].is_empty()
                && lamps[2] == ["confirmed"]
        };
        assert!(
            world.wait_for(s(120), settled),
            "{loss} %: {:#?}",
            world.transcript.ladder()
        );
        let [anna, _, clara] = watches.map(|index| world.phones[david].watching[index].last().to_owned());
        let remote = |body: &str| body[body.find("<remote>").unwrap()..].to_owned();
        assert!(remote(&anna).contains("sip:103@pbx.example"), "{anna}");
        assert!(remote(&clara).contains("sip:101@pbx.example"), "{clara}");
        world.hang_up(CLARA_AT, 0);
        let dark = |world: &World| watches.iter().all(|index| lit(world, david, *index).is_empty());
        assert!(world.wait_for(s(60), dark), "{loss} %");
        world.close();
    }
}

#[test]
fn lamps_follow_two_calls_that_become_one() {
    for loss in [0, 5, 20] {
        let (mut world, david, watches) = watched(32, loss);
        world.talk(ANNA_AT, BORIS_AT, BORIS.number);
        let second = world.talk(BORIS_AT, CLARA_AT, CLARA.number);
        let both = |world: &World| lit(world, david, watches[1]) == ["confirmed", "confirmed"];
        assert!(world.wait_for(s(40), both), "{loss} %");
        world.act(BORIS_AT, |phone, now| phone.refer_to_call(0, second, now));
        let settled = |world: &World| {
            let lamps = watches.map(|index| lit(world, david, index));
            lamps[0] == ["confirmed"] && lamps[1].is_empty() && lamps[2] == ["confirmed"]
        };
        assert!(
            world.wait_for(s(120), settled),
            "{loss} %: {:#?}",
            world.transcript.ladder()
        );
        world.end_calls(ANNA_AT);
        let dark = |world: &World| watches.iter().all(|index| lit(world, david, *index).is_empty());
        assert!(world.wait_for(s(60), dark), "{loss} %");
        world.close();
    }
}
