//! What watchers are told of calls: lamps.

use frontdesk_sip::flow::Transport;
use frontdesk_sip::wire::{HeaderName, Message, Method};
use frontdesk_tests::world::net::{FAIR, rough, weathers};
use frontdesk_tests::world::people::{self, ANNA, BORIS, CLIENT_NUMBER, LINE};
use frontdesk_tests::world::phone::{Manner, State, Watching};
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;
/// Seconds that the tests' subscriptions last.
const SHORT: u32 = 100;

pub(crate) fn watch(world: &mut World, phone: usize, package: &'static str, number: &str) -> usize {
    world.act(phone, |phone, now| phone.watch(package, number, SHORT, now))
}

pub(crate) fn seen(world: &World, phone: usize, index: usize) -> &Watching {
    &world.phones[phone].watching[index]
}

/// The lamps of all documents in order, as words.
fn lamps(watching: &Watching) -> Vec<String> {
    let of_one = |body: &String| {
        let states = body.split("<state>").skip(1);
        let states: Vec<&str> = states.filter_map(|rest| rest.split('<').next()).collect();
        states.join(" ")
    };
    watching.told.iter().map(of_one).collect()
}

fn attribute<'a>(body: &'a str, name: &str) -> &'a str {
    let start = body.find(&format!(" {name}=\"")).expect(name) + name.len() + 3;
    body[start..].split('"').next().unwrap()
}

#[test]
fn a_lamp_follows_a_call_from_trying_to_its_end() {
    let mut world = World::office(1, FAIR);
    let lamp = watch(&mut world, CLARA_AT, "dialog", BORIS.number);
    world.run_for(s(1));
    assert_eq!(lamps(seen(&world, CLARA_AT, lamp)), [""], "an idle phone");
    assert_eq!(
        attribute(seen(&world, CLARA_AT, lamp).last(), "entity"),
        "sip:102@pbx.example"
    );
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(5));
    world.hang_up(ANNA_AT, call);
    world.run_for(s(5));
    let watching = seen(&world, CLARA_AT, lamp);
    assert_eq!(lamps(watching), ["", "trying", "early", "confirmed", "terminated"]);
    let second = world.dial(BORIS_AT, ANNA.number);
    world.run_for(s(5));
    world.hang_up(BORIS_AT, second);
    world.run_for(s(5));
    let watching = seen(&world, CLARA_AT, lamp);
    assert_eq!(
        lamps(watching)[5..],
        ["trying", "early", "confirmed", "terminated"],
        "what has ended is named once"
    );
    assert!(
        watching.told[6].contains("direction=\"initiator\""),
        "{}",
        watching.told[6]
    );
    world.close();
}

#[test]
fn lamps_are_right_on_a_bad_net_too() {
    for loss in [0, 5, 20] {
        for seed in 1..=4 {
            let mut world = World::office(seed, rough(loss));
            let pairs = [
                (CLARA_AT, BORIS.number),
                (CLARA_AT, ANNA.number),
                (ANNA_AT, BORIS.number),
            ];
            let watches = pairs.map(|(phone, number)| (phone, watch(&mut world, phone, "dialog", number)));
            world.run_for(s(30));
            world.phones[BORIS_AT].manner = Manner::Answer(s(40));
            let call = world.dial(ANNA_AT, BORIS.number);
            let all = |world: &World, expected: &[&str]| {
                watches
                    .iter()
                    .all(|(phone, index)| seen(world, *phone, *index).lamp() == expected)
            };
            assert!(
                world.wait_for(s(39), |world| all(world, &["early"])),
                "{loss} % seed {seed}: early"
            );
            assert!(
                world.wait_for(s(60), |world| all(world, &["confirmed"])),
                "{loss} % seed {seed}: confirmed"
            );
            world.hang_up(ANNA_AT, call);
            let dark = |world: &World| {
                let lamp = |(phone, index): &(usize, usize)| seen(world, *phone, *index).lamp().join(" ");
                watches
                    .iter()
                    .map(lamp)
                    .all(|lamp| lamp.is_empty() || lamp == "terminated")
            };
            assert!(world.wait_for(s(60), dark), "{loss} % seed {seed}: dark");
            world.close();
        }
    }
}

/// RFC 4235 names the dialog as the watched phone does: what a Replaces must name is our leg to that phone.
#[test]
fn a_ringing_lamp_names_the_dialog_that_can_be_picked_up() {
    let mut world = World::office(3, FAIR);
    world.phones[BORIS_AT].manner = Manner::Ring;
    let lamp = watch(&mut world, CLARA_AT, "dialog", BORIS.number);
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(2));
    let body = seen(&world, CLARA_AT, lamp).last().to_owned();
    let ringing = world
        .transcript
        .lines()
        .iter()
        .filter(|line| line.phone == "boris" && !line.from_server);
    let ringing = ringing
        .filter_map(|line| line.message())
        .find(|message| message.status() == Some(180));
    let ringing = ringing.expect("180 of Boris");
    let text = |value: Option<&[u8]>| String::from_utf8(value.unwrap().to_vec()).unwrap();
    assert_eq!(attribute(&body, "call-id"), text(ringing.call_id()));
    assert_eq!(attribute(&body, "local-tag"), text(ringing.to_tag()));
    assert_eq!(attribute(&body, "remote-tag"), text(ringing.from_tag()));
    assert_eq!(attribute(&body, "direction"), "recipient");
    assert!(
        body.contains("<local><identity display=\"Boris Tester\">sip:102@pbx.example</identity>"),
        "{body}"
    );
    assert!(
        body.contains("<remote><identity display=\"Anna Tester\">sip:101@pbx.example</identity>"),
        "{body}"
    );
    world.act(ANNA_AT, |phone, now| phone.cancel(call, now));
    world.run_for(s(2));
    assert_eq!(seen(&world, CLARA_AT, lamp).lamp(), ["terminated"]);
    let call = world.dial(BORIS_AT, ANNA.number);
    world.run_for(s(5));
    let body = seen(&world, CLARA_AT, lamp).last();
    assert!(
        !body.contains("call-id="),
        "nobody can speak in a call that is talked in: {body}"
    );
    world.hang_up(BORIS_AT, call);
    world.close();
}

#[test]
fn a_department_lights_each_member_and_only_the_one_who_answers_stays_lit() {
    let mut world = World::office(4, FAIR);
    let david = world.add_phone(people::DAVID);
    world.register(david);
    world.run_for(s(1));
    world.phones[BORIS_AT].manner = Manner::Ring;
    let (boris, clara) = (
        watch(&mut world, david, "dialog", "102"),
        watch(&mut world, david, "dialog", "103"),
    );
    world.run_for(s(1));
    let call = world.dial(david, "200");
    world.run_for(s(1));
    assert_eq!(seen(&world, david, boris).lamp(), ["early"]);
    assert_eq!(seen(&world, david, clara).lamp(), ["early"]);
    world.phones[ANNA_AT].manner = Manner::Ring;
    world.run_for(s(4));
    let talking = [ANNA_AT, BORIS_AT, CLARA_AT].map(|phone| world.phones[phone].last().state == State::Talking);
    assert_eq!(talking.iter().filter(|talking| **talking).count(), 1);
    assert_eq!(seen(&world, david, boris).lamp(), ["terminated"]);
    world.hang_up(david, call);
    world.close();
}

#[test]
fn a_hold_shows_in_the_lamp_of_the_one_who_holds() {
    let mut world = World::office(5, FAIR);
    let lamp = watch(&mut world, CLARA_AT, "dialog", BORIS.number);
    world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(5));
    world.act(BORIS_AT, |phone, now| phone.reinvite(0, "sendonly", now));
    world.run_for(s(2));
    assert!(
        seen(&world, CLARA_AT, lamp)
            .last()
            .contains("pname=\"+sip.rendering\" pval=\"no\"")
    );
    world.act(BORIS_AT, |phone, now| phone.reinvite(0, "sendrecv", now));
    world.run_for(s(2));
    assert!(!seen(&world, CLARA_AT, lamp).last().contains("+sip.rendering"));
    world.hang_up(ANNA_AT, 0);
    world.close();
}

#[test]
fn a_refresh_brings_the_full_state_again() {
    for weather in weathers() {
        let mut world = World::office(6, weather);
        let lamp = watch(&mut world, CLARA_AT, "dialog", BORIS.number);
        world.run_for(s(20));
        world.phones[CLARA_AT].watching[lamp].answer = 503;
        world.dial(ANNA_AT, BORIS.number);
        world.meet(ANNA_AT, BORIS_AT);
        world.run_for(s(10));
        world.phones[CLARA_AT].watching[lamp].answer = 200;
        let before = seen(&world, CLARA_AT, lamp).told.len();
        world.act(CLARA_AT, |phone, now| phone.refresh(lamp, now));
        assert!(world.wait_for(s(60), |world| seen(world, CLARA_AT, lamp).told.len() > before));
        let watching = seen(&world, CLARA_AT, lamp);
        assert_eq!(watching.lamp(), ["confirmed"]);
        let version = |body: &str| attribute(&body[body.find("<dialog-info").unwrap()..], "version").parse::<u32>();
        let versions: Vec<u32> = watching.told.iter().map(|body| version(body).unwrap()).collect();
        let count = u32::try_from(versions.len()).unwrap();
        assert_eq!(versions, (0..count).collect::<Vec<u32>>());
        world.run_for(s(600));
        assert!(seen(&world, CLARA_AT, lamp).is_active(), "it is refreshed for ever");
        world.hang_up(ANNA_AT, 0);
        world.close();
    }
}

#[test]
fn a_fetch_is_told_once() {
    for weather in weathers() {
        let mut world = World::office(7, weather);
        world.dial(ANNA_AT, BORIS.number);
        world.meet(ANNA_AT, BORIS_AT);
        let lamp = world.act(CLARA_AT, |phone, now| phone.watch("dialog", "102", 0, now));
        assert!(world.wait_for(s(60), |world| seen(world, CLARA_AT, lamp).over));
        assert_eq!(seen(&world, CLARA_AT, lamp).lamp(), ["confirmed"]);
        assert_eq!(seen(&world, CLARA_AT, lamp).state, "terminated;reason=timeout");
        world.hang_up(ANNA_AT, 0);
        world.run_for(s(40));
        assert_eq!(seen(&world, CLARA_AT, lamp).told.len(), 1);
        world.close();
    }
}

#[test]
fn a_phone_that_vanishes_leaves_nothing() {
    let mut world = World::office(8, FAIR);
    watch(&mut world, CLARA_AT, "dialog", BORIS.number);
    watch(&mut world, CLARA_AT, "presence", BORIS.number);
    world.run_for(s(1));
    assert_eq!(world.engine.counts().subscriptions, 2);
    world.phones[CLARA_AT].gone = true;
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(40));
    assert_eq!(world.engine.counts().subscriptions, 0, "nobody answered the NOTIFYs");
    world.hang_up(ANNA_AT, call);
    world.close();

    let mut world = World::office(9, FAIR);
    watch(&mut world, CLARA_AT, "dialog", BORIS.number);
    world.run_for(s(1));
    world.phones[CLARA_AT].gone = true;
    world.run_for(s(u64::from(SHORT) + 40));
    assert_eq!(world.engine.counts().subscriptions, 0, "it ran out");
    world.close();
}

#[test]
fn after_a_restart_that_forgot_them_phones_watch_anew() {
    let mut world = World::office(11, FAIR);
    let lamp = watch(&mut world, CLARA_AT, "dialog", BORIS.number);
    world.run_for(s(1));
    world.journal.clear();
    world.restart(people::plan());
    assert_eq!(world.engine.counts().subscriptions, 0);
    (0..3).for_each(|phone| world.register(phone));
    world.run_for(s(60));
    assert!(seen(&world, CLARA_AT, lamp).is_active());
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(5));
    assert_eq!(seen(&world, CLARA_AT, lamp).lamp(), ["confirmed"]);
    world.hang_up(ANNA_AT, call);
    world.close();
}

/// A caller who wants to stay unknown is unknown to lamps too.
#[test]
fn a_hidden_number_is_in_no_notify() {
    for hidden in [true, false] {
        let mut world = World::office(15, FAIR);
        let line = world.add_phone_at(LINE, Transport::Tcp, "192.0.2.10:45000");
        world.register(line);
        world.run_for(s(1));
        world.phones[line].claims = vec![("P-Asserted-Identity".into(), format!("<tel:{CLIENT_NUMBER}>"))];
        if hidden {
            world.phones[line].claims.push(("Privacy".into(), "id".to_owned()));
        }
        let lamp = watch(&mut world, CLARA_AT, "dialog", BORIS.number);
        let call = world.dial(line, BORIS.number);
        world.run_for(s(5));
        let body = seen(&world, CLARA_AT, lamp).last();
        assert_eq!(body.contains("sip:anonymous@anonymous.invalid"), hidden, "{body}");
        world.hang_up(line, call);
        world.run_for(s(5));
        let digits = CLIENT_NUMBER.trim_start_matches('+').as_bytes();
        let notifies = world
            .transcript
            .lines()
            .iter()
            .filter(|line| line.from_server && line.phone == "clara");
        let notifies = notifies.filter_map(|line| line.message()).filter(is_notify);
        let telling = notifies.filter(|notify| notify.bytes().windows(digits.len()).any(|part| part == digits));
        assert_eq!(telling.count() == 0, hidden);
        world.close();
    }
}

fn is_notify(message: &Message) -> bool {
    message.is_request() && message.method() == Method::Notify && message.header(HeaderName::Event).is_some()
}

#[test]
fn a_person_whose_phones_watch_too_much_loses_the_oldest() {
    let mut world = World::office(16, FAIR);
    let oldest = watch(&mut world, CLARA_AT, "dialog", BORIS.number);
    world.run_for(s(1));
    for _ in 0..1024 {
        watch(&mut world, CLARA_AT, "dialog", ANNA.number);
        world.run_for(ms(25));
    }
    world.run_for(s(2));
    assert_eq!(seen(&world, CLARA_AT, oldest).state, "terminated;reason=giveup");
    assert_eq!(world.engine.counts().subscriptions, 1024);
    world.close();
}
