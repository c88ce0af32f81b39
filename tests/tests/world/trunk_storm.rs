//! Random deeds of staff and providers over a bad net, with servers that come and go; afterwards nothing may be left.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk_routing::plan::PlanTrunk;
use frontdesk_routing::plan::trunks::{RedirectionStyle, TrunkLimits};
use frontdesk_tests::world::net::rough;
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::trunks::{FIRST, OUTSIDE, OWN, SECOND, plan, provider, trunk, world};
use frontdesk_tests::world::{World, ms, s};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const DEEDS: usize = 400;

fn trunks(rng: &mut StdRng) -> Vec<PlanTrunk> {
    let limits = TrunkLimits {
        calls: [None, Some(1), Some(3)][rng.random_range(0..3)],
        per_second: [None, Some(2)][rng.random_range(0..2)],
    };
    let registered = PlanTrunk {
        limits,
        redirection: RedirectionStyle::Diversion,
        ..trunk(1, &["provider.example"], rng.random_bool(0.8))
    };
    let mut probed = trunk(2, &["192.0.2.11", "192.0.2.10"], false);
    probed.sources = vec!["192.0.2.10/32".parse().expect("a network")];
    if let Some(provider) = &mut probed.provider {
        provider.probe = Some(s(20));
    }
    let mut trunks = vec![registered, probed];
    trunks.truncate(rng.random_range(0..=2));
    trunks
}

fn deed(world: &mut World, rng: &mut StdRng) {
    let phone = rng.random_range(0..world.phones.len());
    let gateway = [FIRST, SECOND][rng.random_range(0..2)];
    match rng.random_range(0..100) {
        0..30 => {
            let number = match phone == FIRST || phone == SECOND {
                true => [OWN, OWN, "+74951110002", "+74951119999"][rng.random_range(0..4)],
                false => [OUTSIDE, OUTSIDE, OUTSIDE, "101", "102"][rng.random_range(0..5)],
            };
            world.act(phone, |phone, now| phone.dial(number, true, now));
        }
        30..50 => end(world, phone),
        50..58 => {
            let after = ms(rng.random_range(0..3_000));
            let status = [404, 486, 500, 503, 403, 302][rng.random_range(0..6)];
            world.phones[phone].manner = match rng.random_range(0..8) {
                0..4 => Manner::Answer(after),
                4 => Manner::Ring,
                5 => Manner::Mute,
                _ => Manner::Refuse(status, after),
            };
            world.phones[phone].early = rng.random_bool(0.3);
        }
        58..64 => transfer(world, phone, rng),
        64..70 => provider(world, gateway).challenges = rng.random_bool(0.5),
        70..76 => provider(world, gateway).alive = [200, 0, 503][rng.random_range(0..3)],
        76..80 => provider(world, gateway).refuses = [None, None, Some(503), Some(403)][rng.random_range(0..4)],
        80..84 => provider(world, gateway).by_contact = rng.random_bool(0.5),
        84..92 => {
            let trunks = trunks(rng);
            world.input(Input::Plan(Arc::new(plan(trunks))));
        }
        _ => world.run_for(s(rng.random_range(5..40))),
    }
}

fn end(world: &mut World, phone: usize) {
    let calls = world.phones[phone].calls.iter().enumerate();
    let live = calls
        .filter(|(_, call)| call.state != State::Over)
        .map(|(at, _)| at)
        .next_back();
    if let Some(call) = live {
        world.give_up(phone, call);
    }
}

fn transfer(world: &mut World, phone: usize, rng: &mut StdRng) {
    let calls = world.phones[phone].calls.iter().enumerate();
    let talking = calls
        .filter(|(_, call)| call.state == State::Talking)
        .map(|(at, _)| at)
        .next_back();
    if let Some(call) = talking {
        let number = [OUTSIDE, "102", "101"][rng.random_range(0..3)];
        world.act(phone, |phone, now| phone.refer(call, number, now));
    }
}

#[test]
fn whatever_providers_do_nothing_is_left_and_nothing_was_counted_twice() {
    let mut outside = 0;
    for seed in 0..8 {
        let loss = [0, 5, 20][usize::from(seed) % 3];
        let mut rng = StdRng::from_seed([seed ^ 0x33; 32]);
        let first = trunks(&mut rng);
        let mut world = world(seed, rough(loss), first);
        for _ in 0..DEEDS {
            let pause = rng.random_range(0..1_500);
            world.run_for(ms(pause));
            deed(&mut world, &mut rng);
        }
        for phone in 0..world.phones.len() {
            for _ in 0..world.phones[phone].calls.len() {
                end(&mut world, phone);
            }
        }
        world.input(Input::HangUpAll);
        world.run_for(s(120));
        world.input(Input::Plan(Arc::new(plan(vec![]))));
        world.close();
        let records = world.records_of_calls();
        outside += records.iter().filter(|record| record.callee.trunk.is_some()).count();
        assert_eq!(world.engine.counters().bugs, 0);
    }
    assert!(outside > 100, "only {outside} calls outside");
}
