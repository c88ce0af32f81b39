//! SRTP with phones that have it, and calls with phones that turn out not to have it (RFC 4568, RFC 3261 section 13.3.1.3).

use frontdesk::engine::SrtpPolicy;
use frontdesk::engine::output::Disposition;
use frontdesk_sip::flow::Transport;
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::{self, ANNA, BORIS, CLARA, Person};
use frontdesk_tests::world::phone::{Manner, Secrecy, State};
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;

/// Anna over UDP, and whoever else on connections that are as secret as SRTP wants them.
fn world(policy: SrtpPolicy, weather: Weather, others: &[(Person, Transport, Secrecy)]) -> World {
    let mut config = people::engine_config();
    config.srtp = policy;
    let mut world = World::with_config(31, weather, people::plan(), config);
    world.add_phone(ANNA);
    for (place, (person, transport, secrecy)) in others.iter().enumerate() {
        let phone = world.add_phone_at(*person, *transport, &format!("10.0.{}.5:5061", place + 1));
        world.phones[phone].secrecy = *secrecy;
        world.phones[phone].manner = Manner::Answer(s(2));
    }
    for phone in 0..world.phones.len() {
        world.register(phone);
    }
    world.run_for(s(40));
    world
}

fn boris(secrecy: Secrecy) -> [(Person, Transport, Secrecy); 1] {
    [(BORIS, Transport::Tls, secrecy)]
}

/// Whether the audio of a phone's last call is encrypted.
fn is_secret(world: &World, phone: usize) -> bool {
    let port = world.phones[phone].last().heard.as_ref().expect("a description").port;
    world.media.pair(port).expect("two who talk").0.crypto.is_some()
}

fn finish(mut world: World) -> World {
    for phone in 0..world.phones.len() {
        world.end_calls(phone);
    }
    world.run_for(s(40));
    world.close();
    world
}

#[test]
fn a_phone_that_takes_no_srtp_is_offered_plain_audio_and_its_caller_notices_nothing() {
    let kinds = [
        (Secrecy::Refuses(488), 2, 0),
        (Secrecy::Refuses(415), 2, 0),
        (Secrecy::Refuses(606), 2, 0),
        (Secrecy::Ignorant, 1, 1),
        (Secrecy::Rejects, 1, 1),
        (Secrecy::Knows, 1, 0),
    ];
    for loss in [0, 5, 20] {
        for transport in [Transport::Tls, Transport::Wss] {
            for (secrecy, invites, reinvites) in kinds {
                let others = [(BORIS, transport, secrecy)];
                let mut world = world(SrtpPolicy::Tls, rough(loss), &others);
                let call = world.dial(ANNA_AT, BORIS.number);
                let both = world.wait_for(s(40), |world| world.together(ANNA_AT, BORIS_AT));
                assert!(both, "{secrecy:?}, {loss} %\n{}", world.ladder());
                world.run_for(s(20));
                assert_eq!(is_secret(&world, BORIS_AT), secrecy == Secrecy::Knows);
                assert!(!is_secret(&world, ANNA_AT));
                let rang = &world.phones[ANNA_AT].call(call).progress;
                assert!(rang.iter().all(|status| *status == 180), "{rang:?}");
                assert_eq!(world.phones[ANNA_AT].call(call).offers, 0);
                assert_eq!(world.phones[BORIS_AT].calls.len(), invites, "{}", world.ladder());
                assert_eq!(world.phones[BORIS_AT].last().offers, reinvites, "{}", world.ladder());
                let world = finish(world);
                let record = world.record();
                assert_eq!(
                    (record.disposition, record.legs.len()),
                    (Some(Disposition::Answered), 2)
                );
            }
        }
    }
}

#[test]
fn each_of_several_phones_that_ring_is_asked_by_itself() {
    let others = [
        (BORIS, Transport::Tls, Secrecy::Knows),
        (BORIS, Transport::Tls, Secrecy::Refuses(606)),
        (BORIS, Transport::Wss, Secrecy::Refuses(488)),
    ];
    for taker in [1, 2, 3] {
        let mut world = world(SrtpPolicy::Tls, FAIR, &others);
        for phone in 1..4 {
            world.phones[phone].manner = Manner::Ring;
        }
        world.phones[taker].manner = Manner::Answer(s(3));
        world.dial(ANNA_AT, BORIS.number);
        world.run_for(s(2));
        for (phone, invites) in [(1, 1), (2, 2), (3, 2)] {
            assert_eq!(world.phones[phone].calls.len(), invites, "{}", world.ladder());
            assert_eq!(world.phones[phone].last().state, State::Ringing);
        }
        world.run_for(s(5));
        assert!(world.together(ANNA_AT, taker), "{}", world.ladder());
        assert_eq!(is_secret(&world, taker), taker == 1);
        finish(world);
    }
}

#[test]
fn where_srtp_is_demanded_nothing_else_is_offered() {
    for (secrecy, status) in [
        (Secrecy::Refuses(488), 488),
        (Secrecy::Refuses(415), 480),
        (Secrecy::Ignorant, 488),
        (Secrecy::Rejects, 488),
    ] {
        let mut world = world(SrtpPolicy::Always, FAIR, &boris(secrecy));
        world.phones[ANNA_AT].secrecy = Secrecy::Knows;
        let call = world.dial(ANNA_AT, BORIS.number);
        world.run_for(s(10));
        assert_eq!(world.phones[ANNA_AT].call(call).status, Some(status), "{secrecy:?}");
        assert_eq!(world.phones[BORIS_AT].calls.len(), 1, "{}", world.ladder());
        assert_eq!(world.phones[BORIS_AT].last().offers, 0);
        finish(world);
    }
}

#[test]
fn a_phone_that_takes_no_plain_audio_either_is_asked_no_third_time() {
    let mut refusing = world(SrtpPolicy::Tls, FAIR, &boris(Secrecy::Ignorant));
    refusing.phones[BORIS_AT].manner = Manner::Refuse(488, ms(0));
    let call = refusing.dial(ANNA_AT, BORIS.number);
    refusing.run_for(s(10));
    assert_eq!(refusing.phones[ANNA_AT].call(call).status, Some(488));
    assert_eq!(refusing.phones[BORIS_AT].calls.len(), 2, "{}", refusing.ladder());
    finish(refusing);
    for secrecy in [Secrecy::Ignorant, Secrecy::Rejects] {
        let mut answering = world(SrtpPolicy::Tls, FAIR, &boris(secrecy));
        answering.phones[BORIS_AT].offer_status = 488;
        let call = answering.dial(ANNA_AT, BORIS.number);
        answering.run_for(s(10));
        assert_eq!(answering.phones[ANNA_AT].call(call).status, Some(488));
        assert_eq!(answering.phones[BORIS_AT].last().offers, 1, "{}", answering.ladder());
        assert_eq!(answering.phones[BORIS_AT].last().state, State::Over);
        finish(answering);
    }
}

#[test]
fn whoever_leaves_while_a_phone_is_asked_again_leaves_nothing_behind() {
    type End = fn(&mut World);
    let ends: [(End, u16); 4] = [
        (|world| world.act(ANNA_AT, |phone, now| phone.cancel(0, now)), 487),
        (|world| world.end_calls(BORIS_AT), 480),
        (
            |world| {
                world.break_connection(BORIS_AT);
                world.run_for(s(40));
            },
            488,
        ),
        (|world| world.run_for(s(40)), 488),
    ];
    for (end, status) in ends {
        for secrecy in [Secrecy::Ignorant, Secrecy::Rejects] {
            let mut world = world(SrtpPolicy::Tls, FAIR, &boris(secrecy));
            let mut invites = 0;
            // The second INVITE gets lost on the way.
            world.lose = Some(Box::new(move |line| {
                let again = line.from_server && line.phone == "boris" && line.title() == "INVITE";
                invites += i32::from(again);
                again && invites > 1
            }));
            let call = world.dial(ANNA_AT, BORIS.number);
            world.run_for(s(4));
            assert_eq!(
                world.phones[BORIS_AT].last().state,
                State::Talking,
                "{}",
                world.ladder()
            );
            assert_eq!(world.phones[ANNA_AT].call(call).state, State::Calling);
            end(&mut world);
            world.run_for(s(4));
            assert_eq!(
                world.phones[ANNA_AT].call(call).status,
                Some(status),
                "{}",
                world.ladder()
            );
            let world = finish(world);
            assert_ne!(world.record().disposition, Some(Disposition::Answered));
        }
    }
}

#[test]
fn a_phone_that_offers_srtp_or_either_gets_what_the_policy_says() {
    let check = |policy, secrecy, status, secret| {
        let mut world = world(policy, FAIR, &boris(secrecy));
        world.phones[ANNA_AT].secrecy = Secrecy::Knows;
        let call = world.dial(BORIS_AT, ANNA.number);
        world.run_for(s(6));
        let ladder = world.ladder();
        assert_eq!(
            world.phones[BORIS_AT].call(call).status,
            Some(status),
            "{secrecy:?}\n{ladder}"
        );
        if status == 200 {
            assert!(world.together(BORIS_AT, ANNA_AT), "{ladder}");
            assert_eq!(is_secret(&world, BORIS_AT), secret, "{secrecy:?}\n{ladder}");
        }
        finish(world);
    };
    for policy in [SrtpPolicy::Tls, SrtpPolicy::Always] {
        check(policy, Secrecy::Knows, 200, true);
        check(policy, Secrecy::Both, 200, true);
    }
    check(SrtpPolicy::Never, Secrecy::Knows, 488, false);
    check(SrtpPolicy::Never, Secrecy::Both, 200, false);
    check(SrtpPolicy::Tls, Secrecy::Ignorant, 200, false);
    check(SrtpPolicy::Always, Secrecy::Ignorant, 488, false);
}

/// A call is not talked out of SRTP by a later offer either: what was agreed goes on (RFC 3261 section 14.2).
#[test]
fn where_srtp_is_demanded_a_plain_offer_within_a_call_is_refused_and_the_call_goes_on() {
    let mut world = world(SrtpPolicy::Always, FAIR, &boris(Secrecy::Knows));
    world.phones[ANNA_AT].secrecy = Secrecy::Knows;
    world.dial(ANNA_AT, BORIS.number);
    assert!(world.wait_for(s(10), |world| world.together(ANNA_AT, BORIS_AT)));
    world.phones[BORIS_AT].secrecy = Secrecy::Ignorant;
    world.act(BORIS_AT, |phone, now| phone.reinvite(0, "sendonly", now));
    world.run_for(s(5));
    assert!(world.together(ANNA_AT, BORIS_AT), "{}", world.ladder());
    assert!(is_secret(&world, BORIS_AT) && world.ladder().contains("488"));
    finish(world);
}

#[test]
fn whoever_asks_us_for_an_offer_and_does_not_take_srtp_gets_plain_audio() {
    for secrecy in [Secrecy::Ignorant, Secrecy::Rejects, Secrecy::Knows] {
        let mut world = world(SrtpPolicy::Tls, FAIR, &boris(secrecy));
        world.act(BORIS_AT, |phone, now| phone.dial(ANNA.number, false, now));
        world.run_for(s(6));
        assert!(world.together(BORIS_AT, ANNA_AT), "{secrecy:?}\n{}", world.ladder());
        assert_eq!(is_secret(&world, BORIS_AT), secrecy == Secrecy::Knows);
        finish(world);
    }
}

#[test]
fn a_party_is_transferred_to_a_phone_without_srtp() {
    for secrecy in [Secrecy::Refuses(488), Secrecy::Ignorant, Secrecy::Rejects] {
        let others = [
            (BORIS, Transport::Udp, Secrecy::Ignorant),
            (CLARA, Transport::Tls, secrecy),
        ];
        let mut world = world(SrtpPolicy::Tls, FAIR, &others);
        world.talk(ANNA_AT, BORIS_AT, BORIS.number);
        world.act(BORIS_AT, |phone, now| phone.refer(0, CLARA.number, now));
        world.run_for(s(10));
        assert!(world.together(ANNA_AT, 2), "{secrecy:?}\n{}", world.ladder());
        assert_eq!(world.phones[BORIS_AT].last().told.last(), Some(&200));
        finish(world);
    }
}
