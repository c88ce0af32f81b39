//! What a dialog owes its peer: reliable provisional responses, session timers, forks that do not multiply.

use frontdesk::engine::output::{Disposition, EndedBySide};
use frontdesk_sip::endpoint::SessionIntervals;
use frontdesk_sip::event::EndedBy;
use frontdesk_tests::world::net::{FAIR, weathers};
use frontdesk_tests::world::people::{self, ANNA, BORIS};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;

const HOUR: u64 = 3600;

/// Anna dials Boris, who answers soon; both talk.
fn talk(world: &mut World) {
    world.phones[BORIS_AT].manner = Manner::Answer(ms(500));
    world.dial(ANNA_AT, BORIS.number);
    let both = world.wait_for(s(60), |world| {
        let states = [ANNA_AT, BORIS_AT].map(|phone| world.phones[phone].calls.first().map(|call| call.state));
        states == [Some(State::Talking); 2]
    });
    assert!(both, "{:#?}", world.transcript.ladder());
    world.run_for(s(1));
}

fn count(world: &World, line: &str) -> usize {
    world.transcript.ladder().iter().filter(|known| *known == line).count()
}

/// The values of a field in all messages of that line.
fn fields(world: &World, line: &str, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for known in world.transcript.lines() {
        let arrow = if known.from_server { "<" } else { ">" };
        if format!("{} {arrow} {}", known.phone, known.title()) == line {
            let text = String::from_utf8_lossy(&known.bytes).into_owned();
            let values = text
                .lines()
                .filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            found.extend(values.map(str::to_owned));
        }
    }
    found
}

#[test]
fn a_caller_that_requires_reliable_responses_hears_each_once_in_any_weather() {
    for weather in weathers() {
        for seed in 1..6 {
            let mut world = World::office(seed, weather);
            world.phones[ANNA_AT].claims = vec![("Require".into(), "100rel".to_owned())];
            talk(&mut world);
            let heard = &world.phones[ANNA_AT].call(0).progress;
            assert!(heard.is_empty() || *heard == [180], "{heard:?}");
            assert!(count(&world, "anna > PRACK") >= heard.len());
            assert!(weather.loss > 0 || heard.len() == 1, "{:#?}", world.transcript.ladder());
            world.hang_up(ANNA_AT, 0);
            world.run_for(s(40));
            world.close();
            assert_eq!(world.record().disposition, Some(Disposition::Answered));
        }
    }
}

#[test]
fn a_phone_that_describes_its_media_while_it_rings_is_heard_and_acknowledged() {
    for weather in weathers() {
        for seed in 1..6 {
            let mut world = World::office(seed, weather);
            world.phones[BORIS_AT].early = true;
            talk(&mut world);
            assert!(count(&world, "boris < PRACK") >= 1, "{:#?}", world.transcript.ladder());
            let port = world.phones[ANNA_AT].call(0).heard.as_ref().unwrap().port;
            assert!(world.media.pair(port).is_some(), "the answer of the 183 counts");
            world.hang_up(BORIS_AT, 0);
            world.run_for(s(40));
            world.close();
            assert_eq!(world.record().disposition, Some(Disposition::Answered));
        }
    }
}

#[test]
fn a_caller_that_vanishes_while_its_prack_is_awaited_stops_the_ringing() {
    for weather in weathers() {
        let mut world = World::office(1, weather);
        world.phones[ANNA_AT].claims = vec![("Require".into(), "100rel".to_owned())];
        world.phones[BORIS_AT].manner = Manner::Ring;
        world.lose = Some(Box::new(|line| line.phone == "anna" && line.title() == "PRACK"));
        world.dial(ANNA_AT, BORIS.number);
        world.see_end(ANNA_AT, 0);
        world.see_end(BORIS_AT, 0);
        let (anna, boris) = (world.phones[ANNA_AT].call(0), world.phones[BORIS_AT].call(0));
        assert_eq!(
            (anna.status, boris.state),
            (Some(504), State::Over),
            "{:#?}",
            world.transcript.ladder()
        );
        world.close();
        assert_eq!(world.record().disposition, Some(Disposition::Abandoned));
    }
}

/// We refresh towards the caller, the callee refreshes towards us.
#[test]
fn a_call_of_hours_is_refreshed_on_both_legs() {
    for weather in weathers() {
        let mut world = World::office(4, weather);
        talk(&mut world);
        world.run_for(s(3 * HOUR));
        assert!(count(&world, "anna < UPDATE") >= 11, "{:#?}", world.transcript.ladder());
        assert!(
            count(&world, "boris > UPDATE") >= 11,
            "{:#?}",
            world.transcript.ladder()
        );
        let expires = fields(&world, "anna < UPDATE", "Session-Expires");
        assert!(expires.iter().all(|value| value == "1800;refresher=uac"), "{expires:?}");
        for phone in [ANNA_AT, BORIS_AT] {
            let call = world.phones[phone].call(0);
            assert_eq!((call.state, call.offers), (State::Talking, 0));
        }
        world.hang_up(BORIS_AT, 0);
        world.run_for(s(40));
        world.close();
        assert_eq!(world.record().ended_by, Some(EndedBySide::Callee));
    }
}

#[test]
fn a_hold_in_between_keeps_the_session_alive() {
    for weather in weathers() {
        let mut world = World::office(5, weather);
        talk(&mut world);
        for direction in ["sendonly", "sendrecv", "sendonly", "sendrecv"] {
            world.run_for(s(HOUR));
            world.act(BORIS_AT, |phone, now| phone.reinvite(0, direction, now));
        }
        world.run_for(s(HOUR));
        assert_eq!(world.phones[ANNA_AT].call(0).state, State::Talking);
        assert_eq!(world.phones[BORIS_AT].call(0).results, [200; 4]);
        world.hang_up(ANNA_AT, 0);
        world.close();
    }
}

#[test]
fn a_phone_that_vanishes_ends_the_call_when_its_session_expires() {
    for weather in weathers() {
        for gone in [ANNA_AT, BORIS_AT] {
            let mut world = World::office(6, weather);
            talk(&mut world);
            world.phones[gone].gone = true;
            world.run_for(s(HOUR));
            let other = world.phones[1 - gone].call(0);
            assert_eq!((other.state, other.ended_by), (State::Over, Some(EndedBy::Bye)));
            world.close();
            let record = world.record();
            assert_eq!(record.ended_by, Some(EndedBySide::System));
            let talked = (record.ended_at.unwrap() - record.answered_at.unwrap()) / 1000;
            assert!((800..1800).contains(&talked), "{talked}");
        }
    }
}

#[test]
fn a_call_is_not_forked_to_more_phones_than_it_may_be() {
    for weather in weathers() {
        let mut world = World::office(7, weather);
        let second = world.add_phone(BORIS);
        world.register(second);
        world.run_for(s(40));
        for phone in [BORIS_AT, second] {
            world.phones[phone].manner = Manner::Ring;
        }
        let dial = |world: &mut World, breadth: &str| {
            world.phones[ANNA_AT].claims = vec![("Max-Breadth".into(), breadth.to_owned())];
            world.dial(ANNA_AT, BORIS.number)
        };
        let refused = dial(&mut world, "1");
        assert_eq!(world.status_of(ANNA_AT, refused), 440);
        let rings = dial(&mut world, "9");
        let both = |world: &World| {
            [BORIS_AT, second]
                .iter()
                .all(|phone| !world.phones[*phone].calls.is_empty())
        };
        assert!(world.wait_for(s(60), both), "{}", world.ladder());
        assert_eq!(world.phones[ANNA_AT].call(rings).state, State::Calling);
        for line in ["boris < INVITE", "boris' < INVITE"] {
            let breadth = fields(&world, line, "Max-Breadth");
            assert!(breadth.len() == 1 || !weather.is_fair(), "{}", world.ladder());
            assert!(breadth.iter().all(|breadth| breadth == "4"), "{breadth:?}");
        }
        world.act(ANNA_AT, |phone, now| phone.cancel(rings, now));
        world.run_for(s(40));
        world.close();
        assert_eq!(world.records_of_calls().len(), 2);
    }
}

#[test]
fn a_phone_that_asks_is_told_which_extensions_we_serve() {
    let mut world = World::office(8, FAIR);
    world.act(ANNA_AT, |phone, now| {
        phone.ask("OPTIONS", "sip:pbx.example", Vec::new(), now)
    });
    world.run_for(s(2));
    let supported = fields(&world, "anna < 200 OPTIONS", "Supported").concat();
    for tag in ["100rel", "timer"] {
        assert!(supported.split(", ").any(|known| known == tag), "{supported}");
    }
    let allow = fields(&world, "anna < 200 OPTIONS", "Allow").concat();
    assert!(allow.contains("PRACK") && allow.contains("UPDATE"), "{allow}");
    world.close();
}

/// RFC 4028 section 8: we are asked for less than we let, and a phone for less than it lets; both are followed.
#[test]
fn an_interval_that_is_too_short_is_told_by_422_and_the_call_comes_about_with_a_longer_one() {
    for weather in weathers() {
        let mut config = people::engine_config();
        config.endpoint.session_timer = Some(SessionIntervals {
            interval: s(1_800),
            min_se: s(600),
        });
        let mut world = World::with_config(9, weather, people::plan(), config);
        for (person, interval, least) in [(ANNA, s(300), s(90)), (BORIS, s(2 * HOUR), s(HOUR))] {
            let phone = world.add_phone(person);
            world.phones[phone].times_sessions(interval, least);
            world.register(phone);
        }
        world.run_for(s(40));
        talk(&mut world);
        for (line, least) in [("anna < 422 INVITE", "600"), ("boris > 422 INVITE", "3600")] {
            let told = fields(&world, line, "Min-SE");
            assert!(!told.is_empty(), "{line}: {}", world.ladder());
            assert!(told.iter().all(|told| told == least), "{line}: {told:?}");
        }
        let agreed = |line| fields(&world, line, "Session-Expires").pop().unwrap_or_default();
        let (ours, theirs) = (agreed("anna < 200 INVITE"), agreed("boris > 200 INVITE"));
        assert!(ours.starts_with("600;refresher="), "{ours}");
        assert!(theirs.starts_with("3600;refresher="), "{theirs}");
        world.run_for(s(3 * HOUR));
        assert!(world.together(ANNA_AT, BORIS_AT), "{}", world.ladder());
        world.hang_up(ANNA_AT, 0);
        world.run_for(s(40));
        world.close();
        assert_eq!(world.record().disposition, Some(Disposition::Answered));
    }
}
