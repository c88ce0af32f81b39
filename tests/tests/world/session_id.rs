//! One Session-ID for both sides of a call (RFC 7989).

use frontdesk_sip::wire::{Message, SessionIds, SessionUuid};
use frontdesk_tests::world::net::{FAIR, rough, weathers};
use frontdesk_tests::world::people::{BORIS, CLARA, CLIENT_NUMBER};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::trunks::{FIRST, OUTSIDE, OWN, trunk, world};
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;

/// Each message of a call that went between the server and a phone, with what it carries.
fn carried(world: &World, phone: usize, from_server: bool) -> Vec<(String, Option<SessionIds>)> {
    let name = &world.phones[phone].name;
    let lines = world.transcript.lines().iter();
    let lines = lines.filter(|line| line.phone == *name && line.from_server == from_server);
    let messages = lines.map(|line| (line.title(), line.message().as_ref().and_then(Message::session_ids)));
    let outside = ["REGISTER", "OPTIONS", "NOTIFY", "SUBSCRIBE"];
    messages
        .filter(|(title, _)| !outside.iter().any(|method| title.ends_with(method)))
        .collect()
}

fn ids(world: &World, phone: usize) -> SessionIds {
    let last = world.phones[phone].calls.len() - 1;
    world.phones[phone].session_ids(last)
}

#[test]
fn both_phones_are_known_to_each_other_by_their_own_uuids() {
    for weather in weathers() {
        let mut world = World::office(60, weather);
        world.talk(ANNA_AT, BORIS_AT, BORIS.number);
        let (anna, boris) = (ids(&world, ANNA_AT), ids(&world, BORIS_AT));
        assert_eq!(anna, boris.mirrored());
        assert!(!anna.local.is_nil() && !anna.remote.is_nil());
        world.hang_up(ANNA_AT, 0);
        world.see_end(BORIS_AT, 0);
        let told = carried(&world, BORIS_AT, true);
        assert_eq!(told[0].0, "INVITE");
        for (title, carried) in &told {
            let carried = carried.unwrap_or_else(|| panic!("{title} carries none"));
            assert_eq!(carried.local, anna.local, "{title}");
            let expected = if title == "INVITE" {
                SessionUuid::NIL
            } else {
                boris.local
            };
            assert_eq!(carried.remote, expected, "{title}");
        }
        let told = carried(&world, ANNA_AT, true);
        assert!(told.iter().all(|(_, carried)| carried.is_some()), "{told:?}");
        let answers = told
            .iter()
            .filter(|(title, _)| title == "200 INVITE" || title == "200 BYE");
        assert!(answers.clone().count() >= 2);
        for (title, carried) in answers {
            assert_eq!(*carried, Some(boris), "{title}: the answer is from Boris to Anna");
        }
        world.run_for(s(40));
        world.close();
        assert_eq!(world.record().session_ids, Some(anna), "the log names both");
    }
}

fn unnamed(text: &str) -> String {
    let lines = text.split("\r\n").filter(|line| !line.starts_with("Session-ID"));
    lines.collect::<Vec<_>>().join("\r\n")
}

fn malformed(text: &str) -> String {
    unnamed(text).replacen("\r\nMax-", "\r\nSession-ID: +79161234567;remote=101\r\nMax-", 1)
}

#[test]
fn whoever_says_nothing_or_nonsense_gets_a_uuid_of_ours() {
    for rewrites in [unnamed, malformed] {
        let mut world = World::office(61, FAIR);
        for phone in [ANNA_AT, BORIS_AT] {
            world.phones[phone].rewrites = Some(rewrites);
        }
        world.talk(ANNA_AT, BORIS_AT, BORIS.number);
        world.hang_up(BORIS_AT, 0);
        world.see_end(ANNA_AT, 0);
        let (to_anna, to_boris) = (carried(&world, ANNA_AT, true), carried(&world, BORIS_AT, true));
        let anna = to_boris[0].1.expect("the INVITE carries one").local;
        assert!(!anna.is_nil());
        for (title, carried) in &to_boris {
            let expected = SessionIds {
                local: anna,
                remote: SessionUuid::NIL,
            };
            assert_eq!(*carried, Some(expected), "{title}: Boris is never known");
        }
        let bye = to_anna
            .iter()
            .find(|(title, _)| title == "BYE")
            .and_then(|(_, ids)| *ids);
        let bye = bye.expect("the BYE carries one");
        assert_eq!(bye.remote, anna, "the same UUID on both legs");
        assert!(!bye.local.is_nil() && bye.local != anna);
        world.run_for(s(40));
        world.close();
    }
}

#[test]
fn after_a_transfer_each_is_told_of_the_new_party() {
    for loss in [0, 5, 20] {
        for by in [ANNA_AT, BORIS_AT] {
            let weather = if loss == 0 { FAIR } else { rough(loss) };
            let mut world = World::office(62, weather);
            world.talk(ANNA_AT, BORIS_AT, BORIS.number);
            let stays = 1 - by;
            let (before, named) = (ids(&world, by).local, ids(&world, stays).local);
            world.act(by, |phone, now| phone.refer(0, CLARA.number, now));
            world.meet(stays, CLARA_AT);
            let known = world.wait_for(s(60), |world| ids(world, stays) == ids(world, CLARA_AT).mirrored());
            assert!(known, "{:?} {:?}", ids(&world, stays), ids(&world, CLARA_AT));
            assert_eq!(ids(&world, stays).local, named, "who stays keeps its own");
            assert_ne!(ids(&world, stays).remote, before);
            world.end_calls(stays);
            world.run_for(s(60));
            world.close();
        }
    }
}

#[test]
fn a_provider_and_a_phone_are_known_to_each_other_both_ways() {
    let mut world = world(63, FAIR, vec![trunk(1, &["192.0.2.10"], false)]);
    world.phones[FIRST].from.uri = format!("sip:{CLIENT_NUMBER}@provider.example");
    world.talk(ANNA_AT, FIRST, OUTSIDE);
    assert_eq!(ids(&world, ANNA_AT), ids(&world, FIRST).mirrored());
    world.end_calls(ANNA_AT);
    world.run_for(s(40));
    world.phones[ANNA_AT].manner = Manner::Answer(ms(500));
    world.dial(FIRST, OWN);
    world.meet(ANNA_AT, FIRST);
    assert_eq!(ids(&world, ANNA_AT), ids(&world, FIRST).mirrored());
    world.end_calls(ANNA_AT);
    world.run_for(s(40));
    world.close();
}

#[test]
fn who_waits_for_several_phones_is_known_to_all_and_learns_who_answered() {
    let mut world = World::office(64, FAIR);
    let second = world.add_phone(BORIS);
    world.register(second);
    world.run_for(s(40));
    world.phones[BORIS_AT].manner = Manner::Ring;
    world.phones[second].manner = Manner::Answer(s(2));
    let call = world.dial(ANNA_AT, BORIS.number);
    world.meet(ANNA_AT, second);
    assert_eq!(ids(&world, ANNA_AT), ids(&world, second).mirrored());
    let first: Vec<_> = carried(&world, BORIS_AT, true);
    let anna = ids(&world, ANNA_AT).local;
    assert!(
        first.iter().all(|(_, ids)| ids.is_some_and(|ids| ids.local == anna)),
        "{first:?}"
    );
    world.hang_up(ANNA_AT, call);
    world.run_for(s(40));
    assert_eq!(world.phones[second].last().state, State::Over);
    world.close();
}
