//! Emergency numbers: whoever of the staff dials one reaches it, whatever else is set, full or broken.

use std::sync::Arc;

use frontdesk::engine::input::{First, Input, OperatorCommand, Originate};
use frontdesk::engine::output::{CallDirection, Disposition};
use frontdesk_routing::because::Ordered;
use frontdesk_routing::emergency::PlanEmergency;
use frontdesk_routing::forwarding::{Forwarding, Target};
use frontdesk_routing::ids::{AccountId, CallId, RouteId, StaffId, TrunkId};
use frontdesk_routing::number::{PhoneNumber, ShortNumber};
use frontdesk_routing::plan::routes::{PlanRoute, RouteFor, RouteSection};
use frontdesk_routing::plan::trunks::{NumberFormat, TrunkLimits};
use frontdesk_routing::plan::{
    AccountSection, Destination, DialPlan, FeatureSection, PlanForwarding, PlanTrunk, StaffSection,
};
use frontdesk_tests::world::front::Front;
use frontdesk_tests::world::net::{FAIR, rough};
use frontdesk_tests::world::people::{self, ACCOUNT, ANNA, BORIS};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::trunks::{self, ANNA_AT, BORIS_AT, FIRST, OWN, SECOND, number, trunk};
use frontdesk_tests::world::{World, ms, s};

/// What the company's emergency calls show.
const SITE: &str = "+74951110002";

fn account() -> AccountId {
    AccountId::from_u128(ACCOUNT)
}

fn lines() -> Vec<PlanTrunk> {
    let line = |id, host: &str| PlanTrunk {
        // Nobody could call outside by them otherwise.
        prefixes: vec!["+999".into()],
        privacy: true,
        ..trunk(id, &[host], false)
    };
    vec![line(1, "192.0.2.10"), line(2, "192.0.2.11")]
}

/// The company's own number for emergencies, and a displayed number of Anna's that is another one.
fn plan(lines: Vec<PlanTrunk>, routes: RouteSection) -> DialPlan {
    let mut plan = trunks::plan(lines.clone());
    let mut company = plan.accounts.get(account()).expect("the company").clone();
    company.caller_id.emergency_number = PhoneNumber::from_e164(SITE).ok();
    let mut staff = [ANNA, BORIS].map(people::staff);
    staff[0].caller_id.displayed_number = PhoneNumber::from_e164(OWN).ok();
    plan.accounts = Arc::new(AccountSection::new(vec![company]));
    plan.staff = Arc::new(StaffSection::new(staff.to_vec(), lines));
    plan.routes = Arc::new(routes);
    plan
}

fn office(seed: u8, weather: frontdesk_tests::world::net::Weather, plan: &DialPlan) -> World {
    let mut world = trunks::world(seed, weather, lines());
    world.input(Input::Plan(Arc::new(plan.clone())));
    world
}

fn usual() -> DialPlan {
    plan(lines(), RouteSection::default())
}

fn finish(mut world: World) -> World {
    world.end_calls(ANNA_AT);
    world.run_for(s(40));
    world.close();
    world
}

#[test]
fn an_emergency_call_goes_out_by_any_line_and_shows_the_number_of_the_site() {
    for (seed, weather) in [(1, FAIR), (2, rough(5)), (3, rough(20))] {
        for (dialled, called) in [("112", "112"), ("0112", "112"), ("103", "103"), ("0101", "101")] {
            let mut world = office(seed, weather, &usual());
            // Whoever calls wants to stay unknown: not here.
            world.phones[ANNA_AT].claims = vec![("Privacy".into(), "id".into())];
            world.dial(ANNA_AT, dialled);
            let reached = |world: &World| world.together(ANNA_AT, FIRST) || world.together(ANNA_AT, SECOND);
            assert!(world.wait_for(s(40), reached), "{dialled}\n{}", world.ladder());
            let server = if world.together(ANNA_AT, FIRST) { FIRST } else { SECOND };
            let invite = world.sent_to(server, "INVITE").pop().expect("an INVITE");
            let host = ["192.0.2.10", "192.0.2.11"][server - FIRST];
            assert!(
                invite.starts_with(&format!("INVITE sip:{called}@{host}:5060 ")),
                "{invite}"
            );
            assert!(invite.contains(&format!("From: <sip:{SITE}@{host}>")), "{invite}");
            assert!(
                invite.contains(&format!("P-Asserted-Identity: <sip:{SITE}@{host}>")),
                "{invite}"
            );
            assert!(invite.contains("Priority: emergency\r\n"), "{invite}");
            assert!(!invite.contains("Privacy:") && !invite.contains(OWN), "{invite}");
            let world = finish(world);
            let record = world.record();
            assert_eq!(record.direction, CallDirection::Outbound);
            assert_eq!(record.callee.number.as_deref(), Some(called));
            assert!(
                record.because.starts_with("an emergency number, by "),
                "{}",
                record.because
            );
        }
    }
}

/// Whoever sits elsewhere is looked for there; of what is not connected nothing is shown.
#[test]
fn an_emergency_call_of_somebody_who_sits_elsewhere_shows_the_number_of_that_place() {
    for (own, shown, why) in [
        (OWN, OWN, "it shows the number of the staff member's own site"),
        ("+74951119999", SITE, "it shows the number of the site"),
    ] {
        let mut plan = usual();
        let mut staff = plan.staff.staff().to_vec();
        for person in &mut staff {
            person.caller_id.displayed_number = None;
            person.caller_id.emergency_number = PhoneNumber::from_e164(own).ok();
        }
        plan.staff = Arc::new(StaffSection::new(staff, lines()));
        let mut world = office(11, FAIR, &plan);
        world.dial(ANNA_AT, "112");
        let reached = |world: &World| world.together(ANNA_AT, FIRST) || world.together(ANNA_AT, SECOND);
        assert!(world.wait_for(s(40), reached), "{}", world.ladder());
        let server = if world.together(ANNA_AT, FIRST) { FIRST } else { SECOND };
        let invite = world.sent_to(server, "INVITE").pop().expect("an INVITE");
        assert!(invite.contains(&format!("From: <sip:{shown}@")), "{invite}");
        let world = finish(world);
        let because = &world.record().because;
        assert!(because.contains(why), "{because}");
        let russian = because.split("; ").map(frontdesk_routing::russian::told);
        assert!(russian.into_iter().all(|said| !said.contains("it shows")), "{because}");
    }
}

/// Boris has 102 in this company: his colleagues dial him daily.
#[test]
fn a_colleague_whose_short_number_is_an_emergency_number_is_called_unless_the_account_says_otherwise() {
    let mut world = office(4, FAIR, &usual());
    world.phones[BORIS_AT].manner = Manner::Answer(ms(500));
    world.dial(ANNA_AT, BORIS.number);
    assert!(world.wait_for(s(10), |world| world.together(ANNA_AT, BORIS_AT)));
    finish(world);

    let settings = PlanEmergency {
        before_short_numbers: true,
        ..PlanEmergency::usual("RU")
    };
    let routes = RouteSection::new([], [(account(), settings)]);
    let mut world = office(5, FAIR, &plan(lines(), routes));
    world.dial(ANNA_AT, BORIS.number);
    let together = world.wait_for(s(10), |world| world.together(ANNA_AT, FIRST));
    assert!(together, "{}", world.ladder());
    assert!(world.phones[BORIS_AT].calls.is_empty());
    finish(world);
}

#[test]
fn the_lines_of_the_route_for_emergencies_are_tried_first_and_all_others_after_them() {
    let route = PlanRoute {
        id: RouteId::from_u128(1),
        account: account(),
        name: "Emergencies".into(),
        calls: RouteFor::Emergency,
        trunks: std::iter::once(TrunkId::from_u128(2)).collect(),
    };
    let routed = plan(lines(), RouteSection::new([route], []));
    let mut world = office(6, FAIR, &routed);
    world.dial(ANNA_AT, "112");
    assert!(world.wait_for(s(10), |world| world.together(ANNA_AT, SECOND)));
    finish(world);
    // Whatever a line says, the next one is asked: a provider that does not know 112 is no reason to give up.
    for status in [404, 484, 403, 486, 500, 503, 603] {
        let mut world = office(7, FAIR, &routed);
        world.phones[SECOND].manner = Manner::Refuse(status, ms(50));
        world.dial(ANNA_AT, "112");
        let together = world.wait_for(s(10), |world| world.together(ANNA_AT, FIRST));
        assert!(together, "{status}\n{}", world.ladder());
        finish(world);
    }
    for weather in [FAIR, rough(20)] {
        let mut world = office(8, weather, &routed);
        world.phones[SECOND].gone = true;
        world.dial(ANNA_AT, "112");
        let together = world.wait_for(s(40), |world| world.together(ANNA_AT, FIRST));
        assert!(together, "{}", world.ladder());
        finish(world);
    }
}

#[test]
fn no_limit_and_no_shutdown_keeps_an_emergency_call_back() {
    let full = lines().into_iter().map(|line| PlanTrunk {
        limits: TrunkLimits {
            calls: Some(0),
            per_second: Some(0),
        },
        ..line
    });
    let mut world = office(9, FAIR, &plan(full.collect(), RouteSection::default()));
    world.input(Input::JournalLoad(100));
    world.input(Input::Drain);
    let refused = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(2));
    assert_eq!(world.phones[ANNA_AT].call(refused).status, Some(503));
    world.dial(ANNA_AT, "112");
    let together = world.wait_for(s(10), |world| world.together(ANNA_AT, FIRST));
    assert!(together, "{}", world.ladder());
    finish(world);
}

#[test]
fn an_emergency_call_comes_before_a_flood_of_others() {
    let mut world = office(10, FAIR, &usual());
    let mut front = Front::new(ms(2));
    front.inbox.set_urgent(["112".to_owned()]);
    world.front = Some(front);
    world.phones[FIRST].manner = Manner::Answer(ms(50));
    let mut others = Vec::new();
    for turn in 0..700 {
        if turn == 300 {
            let call = world.dial(ANNA_AT, "112");
            others.push(call);
        }
        world.dial(BORIS_AT, "199");
        world.run_for(ms(2));
    }
    let call = others[0];
    assert_eq!(
        world.phones[ANNA_AT].call(call).state,
        State::Talking,
        "{}",
        world.ladder()
    );
    let refused = world.phones[BORIS_AT]
        .calls
        .iter()
        .filter(|call| call.status == Some(503));
    assert!(refused.count() > 50, "there was a flood");
    world.run_for(s(60));
    finish(world);
}

/// A person's calls are forwarded to anybody but the emergency services.
#[test]
fn no_call_is_forwarded_to_an_emergency_number() {
    let forwarding = PlanForwarding {
        settings: Forwarding {
            always: ShortNumber::read("112").ok().map(Target::Short),
            ..Forwarding::default()
        },
        mark: 0,
    };
    let mut forwarded = usual();
    forwarded.features = Arc::new(FeatureSection::new([], [(StaffId::from_u128(BORIS.id), forwarding)]));
    let mut world = office(11, FAIR, &forwarded);
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(5));
    assert_eq!(world.phones[ANNA_AT].call(call).status, Some(480));
    assert!(world.phones[FIRST].calls.is_empty() && world.phones[SECOND].calls.is_empty());
    finish(world);
}

#[test]
fn whoever_calls_from_outside_is_not_connected_with_an_emergency_service() {
    let mut from_outside = usual();
    let mut lines = lines();
    lines[0].numbers_in = NumberFormat::E164;
    lines[0].sources = vec!["192.0.2.10/32".parse().expect("a network")];
    from_outside.staff = Arc::new(StaffSection::new([ANNA, BORIS].map(people::staff).to_vec(), lines));
    from_outside.numbers = Arc::new(frontdesk_routing::plan::NumberSection::new(vec![number(
        OWN,
        Destination::Staff(StaffId::from_u128(ANNA.id)),
    )]));
    let mut world = office(12, FAIR, &from_outside);
    let call = world.dial(FIRST, "112");
    world.run_for(s(5));
    assert_eq!(world.phones[FIRST].call(call).status, Some(404), "{}", world.ladder());
    assert!(world.phones[SECOND].calls.is_empty());
    finish(world);
}

/// A line that rings for minutes is not given up: help may be on its way to the telephone.
#[test]
fn an_emergency_call_rings_until_the_caller_gives_up() {
    let mut world = office(13, FAIR, &usual());
    world.phones[FIRST].manner = Manner::Ring;
    let call = world.dial(ANNA_AT, "112");
    world.run_for(s(170));
    assert_eq!(world.phones[ANNA_AT].call(call).state, State::Calling);
    assert_eq!(world.phones[FIRST].last().state, State::Ringing);
    world.hang_up(ANNA_AT, call);
    finish(world);
}

#[test]
fn a_click_on_an_emergency_number_shows_the_number_of_the_site_too() {
    let mut world = office(14, FAIR, &usual());
    world.phones[ANNA_AT].manner = Manner::Answer(ms(500));
    let order = Originate {
        call: CallId::from_u128(4_711),
        account: account(),
        first: First::Staff(StaffId::from_u128(ANNA.id)),
        to: "112".to_owned(),
        kind: Ordered::Crm,
    };
    world.input(Input::Operator(OperatorCommand::Originate(Box::new(order))));
    let together = world.wait_for(s(10), |world| world.together(ANNA_AT, FIRST));
    assert!(together, "{}", world.ladder());
    let invite = &world.sent_to(FIRST, "INVITE")[0];
    assert!(invite.contains(&format!("From: <sip:{SITE}@")), "{invite}");
    let world = finish(world);
    let record = world.record();
    assert_eq!(
        (record.direction, record.disposition),
        (CallDirection::Outbound, Some(Disposition::Answered))
    );
}
