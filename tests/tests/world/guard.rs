//! Scanners, guessers and floods against the engine, and the phones that go on beside them.

use std::net::IpAddr;

use bytes::Bytes;
use frontdesk::engine::EngineConfig;
use frontdesk::engine::input::{Input, OperatorCommand};
use frontdesk::engine::output::{BlockChange, BoardChange, JournalEntry, Output};
use frontdesk_sip::flow::{FlowId, Transport};
use frontdesk_sip::guard::{Block, Reason};
use frontdesk_tests::world::net::FAIR;
use frontdesk_tests::world::people::{self, ANNA, BORIS, DAVID};
use frontdesk_tests::world::phone::State;
use frontdesk_tests::world::trunks::{self, trunk};
use frontdesk_tests::world::{SERVER, World, ms, s};

/// The public side of the NAT that Anna's phone is behind.
const HOME: &str = "198.51.100.0";
const STRANGER: &str = "203.0.113.66";
const SILENT: [&str; 0] = [];

fn guarded() -> EngineConfig {
    let mut config = people::engine_config();
    config.guard.rate = 50;
    config.guard.burst = 100;
    config.guard.failures = 10;
    config.guard.failure_window = s(60);
    config.guard.ban = s(600);
    config
}

fn office(seed: u8) -> World {
    let mut world = World::with_config(seed, FAIR, people::plan(), guarded());
    for person in [ANNA, BORIS] {
        let phone = world.add_phone(person);
        world.register(phone);
    }
    world.run_for(s(2));
    world
}

fn flow(address: &str, port: u16) -> FlowId {
    FlowId {
        transport: Transport::Udp,
        local: SERVER.parse().unwrap(),
        peer: (address.parse::<IpAddr>().unwrap(), port).into(),
        connection: 0,
    }
}

/// A request as a scanner sends it; each is another transaction.
fn request(method: &str, user: &str, n: u32, more: &str) -> String {
    format!(
        "{method} sip:{user}@203.0.113.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.9.9.9:5060;branch=z9hG4bK-{n};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:{user}@203.0.113.1>;tag=f{n}\r\nTo: <sip:{user}@203.0.113.1>\r\n\
         Call-ID: {n}@scan\r\nCSeq: 1 {method}\r\nContact: <sip:{user}@10.9.9.9:5060>\r\n{more}Content-Length: 0\r\n\r\n"
    )
}

/// The answers to a message, at once.
fn ask(world: &mut World, flow: FlowId, message: &str) -> Vec<String> {
    let bytes = Bytes::copy_from_slice(message.as_bytes());
    let now = world.now();
    world.engine.handle(Input::Datagram { flow, bytes }, now);
    let mut answers = Vec::new();
    while let Some(output) = world.engine.poll() {
        match output {
            Output::Transmit { bytes, .. } => answers.push(String::from_utf8_lossy(&bytes).into_owned()),
            Output::Board(change) => world.board.push(change),
            Output::Journal(entry) => world.journal.push(entry),
            _ => {}
        }
    }
    answers
}

fn statuses(answers: &[String]) -> Vec<&str> {
    answers.iter().filter_map(|answer| answer.split(' ').nth(1)).collect()
}

/// `address reason` of blocks and `address free` of their ends, as the board was told.
fn told(world: &World) -> Vec<String> {
    let changes = world.board.iter().filter_map(|change| {
        let BoardChange::Block(change) = change else {
            return None;
        };
        Some(match change {
            BlockChange::Blocked(block) => format!("{} {}", block.address, block.reason.name()),
            BlockChange::Lifted(address) => format!("{address} free"),
        })
    });
    changes.collect()
}

fn call(world: &mut World) {
    let call = world.dial(0, BORIS.number);
    world.run_for(s(3));
    assert_eq!(world.phones[0].call(call).state, State::Talking);
    world.hang_up(0, call);
    world.run_for(s(1));
}

#[test]
fn a_scanner_meets_silence_and_people_hear_of_it() {
    let mut world = office(1);
    let scan = request("OPTIONS", "100", 1, "User-Agent: friendly-scanner\r\n");
    assert_eq!(statuses(&ask(&mut world, flow(STRANGER, 5060), &scan)), SILENT);
    let innocent = request("OPTIONS", "100", 2, "User-Agent: Phone\r\n");
    assert_eq!(statuses(&ask(&mut world, flow(STRANGER, 5060), &innocent)), SILENT);
    assert_eq!(
        statuses(&ask(&mut world, flow("203.0.113.67", 5060), &innocent)),
        ["200"]
    );
    assert_eq!(told(&world), [format!("{STRANGER} scanner")]);
    assert!(
        world
            .journal
            .iter()
            .any(|entry| matches!(entry, JournalEntry::Block(BlockChange::Blocked(_))))
    );
    world.run_for(s(601));
    assert_eq!(told(&world).last(), Some(&format!("{STRANGER} free")));
    let later = request("OPTIONS", "100", 3, "");
    assert_eq!(statuses(&ask(&mut world, flow(STRANGER, 5060), &later)), ["200"]);
    world.close();
}

#[test]
fn whoever_tries_many_users_without_a_password_is_blocked() {
    for method in ["REGISTER", "INVITE"] {
        let mut world = office(2);
        let mut answered = 0;
        for n in 0..200 {
            let asked = request(method, &(100 + n).to_string(), n, "");
            let answers = ask(&mut world, flow(STRANGER, 5060), &asked);
            assert!(["401"].starts_with(&statuses(&answers)), "{answers:?}");
            answered += answers.len();
            world.run_for(ms(100));
        }
        assert!((20..80).contains(&answered), "{method}: {answered} of 200");
        assert_eq!(told(&world), [format!("{STRANGER} guessing")]);
        call(&mut world);
        world.close();
    }
}

#[test]
fn wrong_passwords_lead_to_a_block() {
    let mut world = office(3);
    let wrong = "Authorization: Digest username=\"anna_u\", realm=\"frontdesk.test\", nonce=\"00\", uri=\"sip:x\", \
                 response=\"00000000000000000000000000000000\", algorithm=MD5\r\n";
    let mut answered = 0;
    for n in 0..50 {
        answered += ask(&mut world, flow(STRANGER, 5060), &request("REGISTER", "101", n, wrong)).len();
    }
    assert_eq!(answered, 10);
    assert_eq!(told(&world), [format!("{STRANGER} credentials")]);
    world.close();
}

#[test]
fn floods_and_rubbish_are_throttled_and_then_blocked() {
    let check = |message: &dyn Fn(u32) -> String, reason: &str| {
        let mut world = office(4);
        let mut answered = 0;
        for n in 0..2_000 {
            answered += ask(&mut world, flow(STRANGER, 5060), &message(n)).len();
            world.run_for(ms(1));
        }
        assert!(answered <= 210, "{reason}: {answered} answers");
        assert_eq!(told(&world), [format!("{STRANGER} {reason}")]);
        call(&mut world);
        world.close();
    };
    check(&|n| request("OPTIONS", "pbx", n, ""), "flood");
    check(&|n| format!("rubbish {n}\r\n\r\n"), "malformed");
    check(
        &|n| request("OPTIONS", "101", n, "").replace("CSeq: 1", "CSeq: x"),
        "malformed",
    );
}

#[test]
fn phones_behind_an_attackers_address_go_on_and_new_ones_are_let_in() {
    let mut world = office(5);
    let scan = request("REGISTER", "100", 1, "User-Agent: friendly-scanner\r\n");
    ask(&mut world, flow(HOME, 5060), &scan);
    assert_eq!(told(&world), [format!("{HOME} scanner")]);
    for n in 2..500 {
        assert_eq!(
            statuses(&ask(&mut world, flow(HOME, 5060), &request("REGISTER", "100", n, ""))),
            SILENT
        );
    }
    call(&mut world);
    world.register(0);
    world.run_for(s(2));
    assert_eq!(world.phones[0].answers.last(), Some(&200));
    let david = world.add_phone_at(DAVID, Transport::Udp, "10.0.0.9:5060");
    world.register(david);
    world.run_for(s(5));
    assert_eq!(world.phones[david].answers.last(), Some(&200));
    assert_eq!(
        statuses(&ask(&mut world, flow(HOME, 5060), &request("REGISTER", "100", 500, ""))),
        SILENT
    );
    world.close();
}

#[test]
fn phones_that_all_start_at_once_behind_one_address_are_not_taken_for_an_attack() {
    let mut world = World::with_config(6, FAIR, people::plan(), guarded());
    for (site, person) in [ANNA, BORIS, people::CLARA, DAVID]
        .into_iter()
        .cycle()
        .take(40)
        .enumerate()
    {
        let phone = world.add_phone_at(person, Transport::Udp, &format!("10.0.7.{}:5060", site + 1));
        world.register(phone);
    }
    world.run_for(s(60));
    assert!(world.phones.iter().all(|phone| phone.answers.last() == Some(&200)));
    assert_eq!(told(&world).len(), 0);
    world.close();
}

#[test]
fn a_person_blocks_an_address_and_lifts_it_again() {
    let mut world = office(7);
    let address: IpAddr = HOME.parse().unwrap();
    world.input(Input::Operator(OperatorCommand::Block { address, until: None }));
    world.phones[0].answers.clear();
    world.register(0);
    world.run_for(s(40));
    assert!(!world.phones[0].answers.contains(&200));
    world.input(Input::Operator(OperatorCommand::Unblock { address }));
    world.register(0);
    world.run_for(s(5));
    assert_eq!(world.phones[0].answers.last(), Some(&200));
    assert_eq!(told(&world), [format!("{HOME} by_hand"), format!("{HOME} free")]);
    world.close();
}

#[test]
fn blocks_and_known_phones_outlive_a_restart() {
    let mut world = office(8);
    world.restart(people::plan());
    let until_ms = Some(world.now().unix_ms + 60_000);
    let block = |address: &str| Block {
        address: address.parse().unwrap(),
        reason: Reason::Guessing,
        since_ms: 0,
        until_ms,
    };
    world.input(Input::RestoreBlocks(vec![block(STRANGER), block(HOME)]));
    let answers = ask(
        &mut world,
        flow(STRANGER, 5060),
        &request("OPTIONS", "1", 1, "User-Agent: iWar\r\n"),
    );
    assert_eq!(statuses(&answers), SILENT);
    call(&mut world);
    assert_eq!(world.engine.blocks(), 2);
    world.run_for(s(61));
    assert_eq!(world.engine.blocks(), 0);
    world.close();
}

/// Answers with what is different in each of them cut out: the user that was asked for, nonces and our tags.
fn without_chance(answer: &str, user: &str) -> String {
    let mut text = answer.replace(&format!("sip:{user}@"), "sip:USER@");
    for (start, end) in [("nonce=\"", "\""), (">;tag=", "\r"), ("tag=", "\r")] {
        let mut rest = text.as_str();
        let mut cut = String::new();
        while let Some((before, after)) = rest.split_once(start) {
            cut.push_str(before);
            rest = &after[after.find(end).unwrap_or(after.len())..];
        }
        cut.push_str(rest);
        text = cut;
    }
    text
}

#[test]
fn only_whom_we_know_hears_by_options_what_we_can_and_what_we_are() {
    let told = [
        "Allow:",
        "Supported:",
        "Accept:",
        "Allow-Events:",
        "Server:",
        "User-Agent:",
        "Contact:",
    ];
    let names = |answer: &str| {
        let lines = answer.lines();
        let found = lines.filter(|line| told.iter().any(|name| line.starts_with(name)));
        found.count()
    };
    let mut config = guarded();
    config.guard.allow = vec!["198.18.0.0/24".parse().unwrap()];
    let line = trunk(1, &["192.0.2.10"], false);
    let mut world = World::with_config(10, FAIR, trunks::plan(vec![line]), config);
    let phone = world.add_phone(ANNA);
    world.register(phone);
    world.run_for(s(2));
    let own = world.flow_of(phone);
    let neighbour = flow(HOME, own.peer.port() + 1);
    let mut check = |n: u32, from: FlowId, known: bool| {
        let answers = ask(&mut world, from, &request("OPTIONS", "pbx", n, ""));
        assert_eq!(statuses(&answers), ["200"], "{from:?}");
        assert_eq!(names(&answers[0]), if known { 5 } else { 0 }, "{}", answers[0]);
    };
    check(1, own, true);
    check(2, flow("192.0.2.10", 5060), true);
    check(3, flow("198.18.0.7", 5060), true);
    check(4, flow(STRANGER, 5060), false);
    check(5, neighbour, false);
    world.run_for(s(40));
    world.close();
}

/// More headers of a request for a user.
type Headers<'a> = &'a dyn Fn(&str) -> String;

#[test]
fn a_stranger_learns_nothing_about_which_users_there_are() {
    let wrong = |user: &str| {
        format!(
            "Authorization: Digest username=\"{user}\", realm=\"frontdesk.test\", nonce=\"00\", uri=\"sip:x\", \
             response=\"00000000000000000000000000000000\", algorithm=MD5\r\n"
        )
    };
    let none = |_: &str| String::new();
    let event = |_: &str| "Event: presence\r\n".to_owned();
    let kinds: [(&str, Headers<'_>); 9] = [
        ("REGISTER", &none),
        ("REGISTER", &wrong),
        ("INVITE", &none),
        ("INVITE", &wrong),
        ("OPTIONS", &none),
        ("SUBSCRIBE", &event),
        ("MESSAGE", &none),
        ("PUBLISH", &event),
        ("REFER", &none),
    ];
    for (n, (method, more)) in kinds.into_iter().enumerate() {
        let mut seen = Vec::new();
        // Somebody who is there, by number and by SIP user; a department; nobody.
        for user in ["101", "anna_u", "200", "999", "nobody_u"] {
            let mut world = office(9);
            let asked = request(method, user, u32::try_from(n).unwrap(), &more(user));
            let answers = ask(&mut world, flow(STRANGER, 5060), &asked);
            assert_eq!(answers.len(), 1, "{method} {user}");
            seen.push(without_chance(&answers[0], user));
            world.run_for(s(40));
            world.close();
        }
        assert!(seen.iter().all(|answer| *answer == seen[0]), "{method}: {seen:#?}");
    }
}
