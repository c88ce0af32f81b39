//! Outbound routes: the longest prefix names the lines, and the next one is tried when one fails.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk::engine::output::Disposition;
use frontdesk_routing::ids::{AccountId, RouteId, TrunkId};
use frontdesk_routing::plan::DialPlan;
use frontdesk_routing::plan::routes::{PlanRoute, RouteFor, RouteSection};
use frontdesk_routing::plan::trunks::TrunkLimits;
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::ACCOUNT;
use frontdesk_tests::world::phone::Manner;
use frontdesk_tests::world::trunks::{self, ANNA_AT, FIRST, SECOND, trunk};
use frontdesk_tests::world::{World, ms, s};

const MOSCOW: &str = "+74951234567";
const MOBILE: &str = "+79161234567";
const ABROAD: &str = "+4930901820";

fn route(id: u128, prefix: &str, trunks: &[u128]) -> PlanRoute {
    PlanRoute {
        id: RouteId::from_u128(id),
        account: AccountId::from_u128(ACCOUNT),
        name: format!("R{id}").into(),
        calls: RouteFor::Prefix(prefix.into()),
        trunks: trunks.iter().map(|id| TrunkId::from_u128(*id)).collect(),
    }
}

/// Trunk 1 is the first gateway, trunk 2 the second one. Moscow goes by the second one and then by the first, the rest of
/// the country by the first alone, and nobody calls abroad.
fn office(seed: u8, weather: Weather) -> World {
    let lines = vec![trunk(1, &["192.0.2.10"], false), trunk(2, &["192.0.2.11"], false)];
    let mut world = trunks::world(seed, weather, lines.clone());
    let routes = [route(1, "7495", &[2, 1]), route(2, "7", &[1]), route(3, "", &[])];
    world.input(Input::Plan(Arc::new(DialPlan {
        routes: Arc::new(RouteSection::new(routes, [])),
        ..trunks::plan(lines)
    })));
    world
}

fn reaches(world: &mut World, number: &str, gateway: usize) {
    let call = world.dial(ANNA_AT, number);
    let together = world.wait_for(s(40), |world| world.together(ANNA_AT, gateway));
    assert!(together, "{number}\n{}", world.ladder());
    world.hang_up(ANNA_AT, call);
    world.run_for(s(5));
}

#[test]
fn the_longest_prefix_names_the_line() {
    for (seed, weather) in [(1, FAIR), (2, rough(5)), (3, rough(20))] {
        let mut world = office(seed, weather);
        reaches(&mut world, MOSCOW, SECOND);
        reaches(&mut world, MOBILE, FIRST);
        world.run_for(s(40));
        world.close();
        let records = world.records_of_calls();
        assert!(
            records[0].because.contains("a number outside, by the route R1: T2"),
            "{}",
            records[0].because
        );
    }
}

#[test]
fn a_route_without_lines_bars_its_numbers() {
    let mut world = office(4, FAIR);
    let call = world.dial(ANNA_AT, ABROAD);
    world.run_for(s(5));
    assert_eq!(world.phones[ANNA_AT].call(call).status, Some(403));
    assert!(world.phones[FIRST].calls.is_empty() && world.phones[SECOND].calls.is_empty());
    world.close();
    let record = world.record();
    assert_eq!(record.disposition, Some(Disposition::Failed));
    assert!(record.because.contains("the route R3"), "{}", record.because);
}

#[test]
fn the_next_line_of_the_route_takes_the_call_when_one_fails_and_no_line_of_another_route_does() {
    type Failure = fn(&mut World, usize);
    let failures: [Failure; 3] = [
        |world, gateway| world.phones[gateway].manner = Manner::Refuse(503, ms(0)),
        |world, gateway| world.phones[gateway].manner = Manner::Refuse(500, ms(50)),
        |world, gateway| world.phones[gateway].gone = true,
    ];
    for fail in failures {
        for (seed, weather) in [(5, FAIR), (6, rough(5))] {
            let mut world = office(seed, weather);
            fail(&mut world, SECOND);
            reaches(&mut world, MOSCOW, FIRST);
            world.run_for(s(40));
            world.close();

            let mut world = office(seed, weather);
            fail(&mut world, FIRST);
            let call = world.dial(ANNA_AT, MOBILE);
            let over = world.wait_for(s(60), |world| world.phones[ANNA_AT].call(call).status.is_some());
            assert!(over, "{}", world.ladder());
            assert!(world.phones[ANNA_AT].call(call).status >= Some(400));
            assert!(
                world.phones[SECOND].calls.is_empty(),
                "the second line is not in the route"
            );
            world.run_for(s(40));
            world.close();
        }
    }
}

#[test]
fn a_full_line_of_the_route_is_passed_over() {
    let mut lines = vec![trunk(1, &["192.0.2.10"], false), trunk(2, &["192.0.2.11"], false)];
    lines[1].limits = TrunkLimits {
        calls: Some(0),
        per_second: None,
    };
    let mut world = office(7, FAIR);
    world.input(Input::Plan(Arc::new(DialPlan {
        routes: Arc::new(RouteSection::new([route(1, "7495", &[2, 1])], [])),
        ..trunks::plan(lines)
    })));
    reaches(&mut world, MOSCOW, FIRST);
    world.run_for(s(40));
    world.close();
}

/// Numbers of which no route speaks go as the lines themselves say.
#[test]
fn without_a_route_the_lines_own_prefixes_decide() {
    let mut lines = vec![trunk(1, &["192.0.2.10"], false), trunk(2, &["192.0.2.11"], false)];
    lines[1].prefixes = vec!["+49".into()];
    let mut world = office(8, FAIR);
    world.input(Input::Plan(Arc::new(DialPlan {
        routes: Arc::new(RouteSection::new([route(1, "7495", &[1])], [])),
        ..trunks::plan(lines)
    })));
    reaches(&mut world, ABROAD, SECOND);
    reaches(&mut world, MOBILE, FIRST);
    world.run_for(s(40));
    world.close();
}
