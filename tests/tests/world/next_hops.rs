//! Where we speak inside a call: a provider's node that its Contact or Record-Route names (RFC 3261 section 12.2), and
//! nowhere that somebody else would have us speak to.

use std::net::SocketAddr;
use std::time::Duration;

use frontdesk::engine::names::{Resolution, ResolvedServer};
use frontdesk_sip::event::EndedBy;
use frontdesk_sip::flow::Transport;
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::BORIS;
use frontdesk_tests::world::phone::State;
use frontdesk_tests::world::trunks::{ANNA_AT, BORIS_AT, FIRST, OUTSIDE, OWN, trunk, world as office};
use frontdesk_tests::world::{SERVER, World, s};

const NODE: &str = "192.0.2.20:5060";
const DOOR: &str = "192.0.2.10:5060";

type Rewrites = fn(&str) -> String;

fn contact(text: &str, host: &str) -> String {
    let lines = text.split("\r\n").map(|line| match line.starts_with("Contact: ") {
        true => format!("Contact: <sip:line1@{host}>"),
        false => line.to_owned(),
    });
    lines.collect::<Vec<String>>().join("\r\n")
}

fn contact_of_node(text: &str) -> String {
    contact(text, NODE)
}

fn contact_with_name(text: &str) -> String {
    contact(text, "Node.provider.example")
}

fn contact_with_unknown_name(text: &str) -> String {
    contact(text, "nowhere.example")
}

fn record_route(text: &str) -> String {
    let is_invite = text
        .lines()
        .any(|line| line.starts_with("CSeq: ") && line.ends_with(" INVITE"));
    match text.split_once("\r\n") {
        Some((first, rest)) if is_invite => format!("{first}\r\nRecord-Route: <sip:192.0.2.20;lr>\r\n{rest}"),
        Some(_) | None => text.to_owned(),
    }
}

fn world(seed: u8, weather: Weather, rewrites: Rewrites) -> World {
    let mut world = office(seed, weather, vec![trunk(1, &["192.0.2.10"], false)]);
    world.phones[FIRST].elsewhere = vec![NODE.parse().expect("an address")];
    world.phones[FIRST].rewrites = Some(rewrites);
    let node = ResolvedServer {
        addr: NODE.parse().expect("an address"),
        transport: Transport::Udp,
        priority: 0,
        weight: 0,
    };
    let resolution = Resolution {
        servers: vec![node],
        ttl: Duration::from_secs(60),
    };
    world.dns.insert("node.provider.example".into(), resolution);
    world
}

/// Where requests of this method went that the server sent to the provider.
fn ends(world: &World, phone: usize, method: &str) -> Vec<SocketAddr> {
    let name = &world.phones[phone].name;
    let lines = world.transcript.lines().iter();
    let sent = lines.filter(|line| line.from_server && line.phone == *name && line.title() == method);
    sent.map(|line| line.end).collect()
}

#[track_caller]
fn all_at(world: &World, methods: &[&str], place: &str) {
    let place: SocketAddr = place.parse().expect("an address");
    for method in methods {
        let ends = ends(world, FIRST, method);
        assert!(!ends.is_empty(), "no {method}\n{}", world.ladder());
        assert!(ends.iter().all(|end| *end == place), "{method} {ends:?}");
    }
    assert_eq!(world.astray, Vec::<SocketAddr>::new());
}

/// Anna calls outside, talks, holds and hangs up.
fn call_out(world: &mut World) {
    let call = world.dial(ANNA_AT, OUTSIDE);
    let talks = world.wait_for(s(60), |world| world.together(ANNA_AT, FIRST));
    assert!(talks, "{}", world.ladder());
    world.run_for(s(40));
    assert!(world.together(ANNA_AT, FIRST), "{}", world.ladder());
    world.hang_up(ANNA_AT, call);
    world.run_for(s(40));
    assert_eq!(
        world.phones[FIRST].last().ended_by,
        Some(EndedBy::Bye),
        "{}",
        world.ladder()
    );
}

#[test]
fn ack_and_bye_reach_the_node_that_a_providers_answer_names() {
    let names: [Rewrites; 3] = [contact_of_node, contact_with_name, record_route];
    for (seed, loss) in [(31, 0), (32, 5), (33, 20)] {
        for rewrites in names {
            let mut world = world(seed, rough(loss), rewrites);
            call_out(&mut world);
            all_at(&world, &["ACK", "BYE"], NODE);
            assert!(
                ends(&world, FIRST, "INVITE")
                    .iter()
                    .all(|end| *end == DOOR.parse().unwrap())
            );
            world.close();
        }
    }
}

#[test]
fn what_we_say_in_a_call_that_a_provider_brings_reaches_its_node() {
    let names: [Rewrites; 3] = [contact_of_node, contact_with_name, record_route];
    for (seed, loss) in [(34, 0), (35, 5), (36, 20)] {
        for rewrites in names {
            let mut world = world(seed, rough(loss), rewrites);
            world.dial(FIRST, OWN);
            let talks = world.wait_for(s(60), |world| world.together(ANNA_AT, FIRST));
            assert!(talks, "{}", world.ladder());
            world.run_for(s(2));
            world.act(ANNA_AT, |phone, now| phone.info(0, now));
            world.run_for(s(40));
            world.end_calls(ANNA_AT);
            world.run_for(s(40));
            assert_eq!(
                world.phones[FIRST].last().ended_by,
                Some(EndedBy::Bye),
                "{}",
                world.ladder()
            );
            all_at(&world, &["BYE"], NODE);
            world.close();
        }
    }
}

#[test]
fn a_route_is_sent_along_to_the_node_that_it_names() {
    let mut world = world(37, FAIR, record_route);
    call_out(&mut world);
    let bye = &world.sent_to(FIRST, "BYE")[0];
    assert!(bye.contains("\r\nRoute: <sip:192.0.2.20;lr>\r\n"), "{bye}");
    world.close();
}

#[test]
fn a_name_that_nobody_knows_leaves_the_call_where_it_is() {
    let mut world = world(38, FAIR, contact_with_unknown_name);
    call_out(&mut world);
    all_at(&world, &["ACK", "BYE"], DOOR);
    world.close();
}

#[test]
fn a_provider_cannot_send_us_to_ourselves_or_into_our_network() {
    let hostile: [Rewrites; 4] = [
        |text| contact(text, "127.0.0.1:5060"),
        |text| contact(text, SERVER),
        |text| contact(text, "10.0.0.5:5060"),
        |text| contact(text, "169.254.169.254:80"),
    ];
    for rewrites in hostile {
        let mut world = world(39, FAIR, rewrites);
        call_out(&mut world);
        all_at(&world, &["ACK", "BYE"], DOOR);
        world.close();
    }
}

#[test]
fn a_phone_is_spoken_to_where_it_speaks_from_whatever_it_names() {
    let mut world = world(40, FAIR, str::to_owned);
    world.phones[BORIS_AT].rewrites = Some(|text| match text.starts_with("SIP/2.0") {
        true => contact_of_node(text),
        false => text.to_owned(),
    });
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(5));
    assert!(world.together(ANNA_AT, BORIS_AT), "{}", world.ladder());
    world.hang_up(ANNA_AT, call);
    world.run_for(s(2));
    assert_eq!(world.phones[BORIS_AT].last().state, State::Over);
    let home = world.flow_of(BORIS_AT).peer;
    assert!(ends(&world, BORIS_AT, "BYE").iter().all(|end| *end == home));
    world.close();
}
