mod moved;
mod outbound;
mod random;

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::*;
use crate::wire::Framing;

const AOR: Aor = Aor(7);

struct World {
    registrar: Registrar,
    now: Now,
    flow: FlowId,
}

fn world() -> World {
    #[expect(clippy::disallowed_methods, reason = "the start of the test's own time")]
    let instant = Instant::now();
    let config = RegistrarConfig {
        max_contacts: 3,
        ..RegistrarConfig::default()
    };
    World {
        registrar: Registrar::new(config),
        now: Now {
            instant,
            unix_ms: 1_000_000,
        },
        flow: flow(Transport::Udp, 0),
    }
}

fn flow(transport: Transport, connection: u64) -> FlowId {
    FlowId {
        transport,
        local: "192.0.2.1:5060".parse().unwrap(),
        peer: "198.51.100.7:1024".parse().unwrap(),
        connection,
    }
}

fn request(call_id: &str, cseq: u32, headers: &str) -> Message {
    let headers = headers.split('|').filter(|line| !line.is_empty());
    let headers: String = headers.map(|line| format!("{}\r\n", line.trim())).collect();
    let text = format!(
        "REGISTER sip:pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7:1024;branch=z9hG4bK1\r\n\
         Max-Forwards: 70\r\nFrom: <sip:101@pbx.example>;tag=1\r\nTo: <sip:101@pbx.example>\r\n\
         Call-ID: {call_id}\r\nCSeq: {cseq} REGISTER\r\n{headers}Content-Length: 0\r\n\r\n"
    );
    Message::parse(Bytes::from(text), Framing::Datagram).unwrap()
}

impl World {
    fn register(&mut self, call_id: &str, cseq: u32, headers: &str) -> Registered {
        let request = request(call_id, cseq, headers);
        self.registrar.register(&request, AOR, &self.flow, self.now)
    }

    fn after(&mut self, seconds: u64) {
        self.now.instant += Duration::from_secs(seconds);
        self.now.unix_ms += i64::try_from(seconds).unwrap() * 1000;
    }

    fn contacts(&self) -> Vec<&str> {
        self.registrar
            .bindings(AOR)
            .iter()
            .map(|b| b.contact.as_str())
            .collect()
    }
}

/// Status and listed headers: `200 sip:a@h;60 sip:b@h;30;q=0.500`.
fn summary(reply: &Reply) -> String {
    let values = reply.headers.iter().map(|(name, value)| match name.as_ref() {
        "Contact" => value.replace(['<', '>'], "").replace("expires=", ""),
        name => format!("{name}:{value}"),
    });
    let parts: Vec<String> = std::iter::once(reply.status.to_string()).chain(values).collect();
    parts.join(" ")
}

/// Seconds that pass before it, Call-ID and CSeq, headers, and the answer.
type Step<'a> = (u64, (&'a str, u32), &'a str, &'a str);

fn check(steps: &[Step<'_>]) {
    let mut world = world();
    for (at, (seconds, (call_id, cseq), headers, expected)) in steps.iter().enumerate() {
        world.after(*seconds);
        world.registrar.expire(world.now);
        let reply = world.register(call_id, *cseq, headers).reply;
        assert_eq!(summary(&reply), *expected, "step {at}: {headers}");
    }
}

const A: &str = "Contact: <sip:a@198.51.100.7>;expires=100";
const B: &str = "Contact: <sip:b@198.51.100.7>;expires=100";
const C: &str = "Contact: <sip:c@198.51.100.7>;expires=100";
const D: &str = "Contact: <sip:d@198.51.100.7>;expires=100";

#[test]
fn expiry_comes_from_the_parameter_then_the_header_then_the_default() {
    check(&[(0, ("x", 1), "", "200")]);
    check(&[(0, ("x", 1), A, "200 sip:a@198.51.100.7;100")]);
    check(&[(0, ("x", 1), "Contact: <sip:a@h>|Expires: 90", "200 sip:a@h;90")]);
    check(&[(0, ("x", 1), "Contact: sip:a@h;expires=70|Expires: 90", "200 sip:a@h;70")]);
    check(&[(0, ("x", 1), "m: <sip:a@h>", "200 sip:a@h;300")]);
    check(&[(0, ("x", 1), "Contact: <sip:a@h>;expires=soon", "200 sip:a@h;300")]);
    check(&[(0, ("x", 1), "Contact: <sip:a@h>;expires=7200", "200 sip:a@h;3600")]);
    check(&[(
        0,
        ("x", 1),
        "Contact: <sip:a@h>;expires=99999999999999999999",
        "200 sip:a@h;3600",
    )]);
    check(&[(
        0,
        ("x", 1),
        "Contact: <sip:a@h>|Expires: 99999999999999999999",
        "200 sip:a@h;3600",
    )]);
}

#[test]
fn a_short_wish_is_refused_and_changes_nothing() {
    check(&[
        (0, ("x", 1), A, "200 sip:a@198.51.100.7;100"),
        (0, ("x", 2), "Contact: <sip:b@h>;expires=59", "423 Min-Expires:60"),
        (
            0,
            ("x", 3),
            "Contact: <sip:b@h>;expires=90, <sip:c@h>;expires=1",
            "423 Min-Expires:60",
        ),
        (0, ("x", 4), "", "200 sip:a@198.51.100.7;100"),
        (0, ("x", 5), "Contact: <sip:a@198.51.100.7>|Expires: 0", "200"),
    ]);
}

#[test]
fn contacts_are_listed_by_q_and_then_newest_first() {
    let three = "Contact: <sip:a@h>;q=0.5, \"x, y\" <sip:b@h>;q=1.0|Contact: <sip:c@h>;q=0.755";
    check(&[(
        0,
        ("x", 1),
        three,
        "200 sip:b@h;300 sip:c@h;300;q=0.755 sip:a@h;300;q=0.500",
    )]);
    check(&[(0, ("x", 1), "Contact: <sip:a@h>;q=high", "200 sip:a@h;300")]);
    check(&[
        (0, ("x", 1), A, "200 sip:a@198.51.100.7;100"),
        (9, ("y", 1), B, "200 sip:b@198.51.100.7;100 sip:a@198.51.100.7;91"),
        (1, ("x", 2), A, "200 sip:a@198.51.100.7;100 sip:b@198.51.100.7;99"),
    ]);
}

#[test]
fn an_older_request_of_the_same_call_id_is_refused_whole() {
    check(&[
        (0, ("x", 5), A, "200 sip:a@198.51.100.7;100"),
        (10, ("x", 4), A, "500"),
        (0, ("x", 5), A, "500"),
        (0, ("x", 4), "Contact: <sip:b@h>, <sip:a@198.51.100.7>", "500"),
        (0, ("x", 4), "Contact: *|Expires: 0", "500"),
        (0, ("x", 4), "Contact: <sip:a@198.51.100.7>;expires=0", "500"),
        (0, ("x", 3), "", "200 sip:a@198.51.100.7;90"),
        (0, ("y", 1), A, "200 sip:a@198.51.100.7;100"),
        (0, ("x", 1), B, "200 sip:b@198.51.100.7;100 sip:a@198.51.100.7;100"),
    ]);
}

#[test]
fn a_star_removes_all_and_only_alone_with_expires_0() {
    let two = "200 sip:b@198.51.100.7;100 sip:a@198.51.100.7;100";
    check(&[
        (0, ("x", 1), A, "200 sip:a@198.51.100.7;100"),
        (0, ("y", 1), B, two),
        (0, ("z", 1), "Contact: *", "400"),
        (0, ("z", 2), "Contact: *|Expires: 10", "400"),
        (0, ("z", 3), "Contact: *, <sip:a@h>|Expires: 0", "400"),
        (0, ("z", 4), "Contact: <sip:a@h>|Contact: *|Expires: 0", "400"),
        (0, ("z", 5), "Contact: *|Expires: none", "400"),
        (0, ("z", 6), "", two),
        (0, ("z", 7), "Contact: * |Expires: 0", "200"),
        (0, ("z", 8), "Contact: *|Expires: 0", "200"),
    ]);
}

#[test]
fn a_contact_is_removed_by_expires_0_and_one_that_is_not_there_does_not_matter() {
    check(&[
        (0, ("x", 1), A, "200 sip:a@198.51.100.7;100"),
        (
            0,
            ("y", 1),
            "Contact: <sip:b@h>;expires=0",
            "200 sip:a@198.51.100.7;100",
        ),
        (0, ("y", 2), "Contact: <sip:a@198.51.100.7>;expires=0", "200"),
    ]);
}

#[test]
fn contacts_are_the_same_as_rfc_3261_section_19_1_4_compares() {
    let one = "Contact: <sip:Bob@Phone.Example;transport=udp;x=1>";
    let same = "Contact: <SIP:%42ob@phone.EXAMPLE;X=1;transport=UDP>";
    let listed = "200 SIP:%42ob@phone.EXAMPLE;X=1;transport=UDP;300";
    check(&[
        (0, ("x", 1), one, "200 sip:Bob@Phone.Example;transport=udp;x=1;300"),
        (0, ("x", 2), same, listed),
        (
            0,
            ("x", 3),
            "Contact: <sip:bob@phone.example;transport=udp;x=1>;expires=0",
            listed,
        ),
        (
            0,
            ("x", 4),
            "Contact: <sip:Bob@phone.example:5060;transport=udp;x=1>;expires=0",
            listed,
        ),
        (
            0,
            ("x", 5),
            "Contact: <sips:Bob@phone.example;transport=udp;x=1>;expires=0",
            listed,
        ),
        (
            0,
            ("x", 6),
            "Contact: <sip:Bob@phone.example;transport=udp;x=1>;expires=0",
            "200",
        ),
    ]);
    check(&[(
        0,
        ("x", 1),
        "Contact: <sip:a@h>;expires=70, <sip:a@H>;expires=80",
        "200 sip:a@H;80",
    )]);
}

#[test]
fn a_binding_is_gone_when_its_time_is_over() {
    check(&[
        (0, ("x", 1), A, "200 sip:a@198.51.100.7;100"),
        (99, ("x", 2), "", "200 sip:a@198.51.100.7;1"),
        (1, ("x", 3), "", "200"),
        (0, ("x", 1), A, "200 sip:a@198.51.100.7;100"),
    ]);
}

#[test]
fn too_many_contacts_displace_the_oldest() {
    check(&[
        (0, ("x", 1), A, "200 sip:a@198.51.100.7;100"),
        (1, ("x", 1), B, "200 sip:b@198.51.100.7;100 sip:a@198.51.100.7;99"),
        (1, ("x", 2), A, "200 sip:a@198.51.100.7;100 sip:b@198.51.100.7;99"),
        (
            0,
            ("y", 1),
            C,
            "200 sip:c@198.51.100.7;100 sip:a@198.51.100.7;100 sip:b@198.51.100.7;99",
        ),
        (
            0,
            ("z", 1),
            D,
            "200 sip:d@198.51.100.7;100 sip:c@198.51.100.7;100 sip:a@198.51.100.7;100",
        ),
    ]);
    check(&[(0, ("x", 1), "Contact: <sip:a@h>,<sip:b@h>,<sip:c@h>,<sip:d@h>", "403")]);
}

#[test]
fn one_that_does_not_answer_is_displaced_first() {
    let mut world = world();
    for (cseq, contact) in (1..).zip([A, B, C]) {
        world.after(1);
        world.register("x", cseq, contact);
    }
    world.registrar.set_reachable(AOR, "sip:b@198.51.100.7", false);
    world.register("y", 1, D);
    assert_eq!(
        world.contacts(),
        ["sip:d@198.51.100.7", "sip:c@198.51.100.7", "sip:a@198.51.100.7"]
    );
}

#[test]
fn a_device_that_moved_replaces_its_old_contact() {
    let at = |host: &str, more: &str| {
        format!("Contact: <sip:a@{host}>;+sip.instance=\"<urn:uuid:00000000-0000-4000-8000-000000000001>\"{more}")
    };
    let listed = |host: &str, more: &str| {
        format!("sip:a@{host};300;+sip.instance=\"urn:uuid:00000000-0000-4000-8000-000000000001\"{more}")
    };
    check(&[
        (0, ("x", 1), &at("h1", ""), &format!("200 {}", listed("h1", ""))),
        (0, ("y", 1), &at("h2", ""), &format!("200 {}", listed("h2", ""))),
        (0, ("y", 1), &at("h3", ""), "500"),
        (
            0,
            ("y", 2),
            &at("h3", ";reg-id=2"),
            &format!("200 {} {}", listed("h3", ";reg-id=2"), listed("h2", "")),
        ),
    ]);
}

#[test]
fn path_is_kept_and_shown_to_those_who_know_it() {
    let path = "Path: <sip:edge2.example;lr>, <sip:edge1.example;lr>|Contact: <sip:a@10.0.0.5>";
    let mut world = world();
    let reply = world.register("x", 1, &format!("{path}|Supported: gruu, PATH")).reply;
    assert_eq!(
        summary(&reply),
        "200 sip:a@10.0.0.5;300 Path:<sip:edge2.example;lr> Path:<sip:edge1.example;lr>"
    );
    assert_eq!(summary(&world.register("x", 2, path).reply), "200 sip:a@10.0.0.5;300");
    let kept = &world.registrar.bindings(AOR)[0];
    assert_eq!(kept.path, ["<sip:edge2.example;lr>", "<sip:edge1.example;lr>"]);
    assert_eq!(
        summary(&world.register("x", 3, "Require: path").reply),
        "200 sip:a@10.0.0.5;300"
    );
}

#[test]
fn what_cannot_be_honoured_is_refused() {
    check(&[(
        0,
        ("x", 1),
        "Require: gruu, path|Contact: <sip:a@h>",
        "420 Unsupported:gruu",
    )]);
    check(&[(0, ("x", 1), "Contact: <tel:+74951234567>", "400")]);
    check(&[(0, ("x", 1), "Contact: <mailto:a@h>", "400")]);
    check(&[(0, ("x", 1), "Contact: <sip:a@h", "400")]);
    check(&[(0, ("x", 1), "Contact: <>", "400")]);
    check(&[(0, ("x", 1), &format!("Contact: <sip:{}@h>", "a".repeat(600)), "400")]);
    check(&[(
        0,
        ("x", 1),
        &format!("Contact: {}<sip:a@h>", "<sip:a@h>,".repeat(40)),
        "403",
    )]);
    check(&[(0, (&"x".repeat(600), 1), "Contact: <sip:a@h>", "400")]);
}

fn edges(changes: &[Change]) -> Vec<String> {
    let edge = |change: &Change| match &change.what {
        BindingChange::Saved(binding) => format!("saved {}", binding.contact),
        BindingChange::Removed(binding) => format!("removed {}", binding.contact),
        BindingChange::Online => "online".to_owned(),
        BindingChange::Offline => "offline".to_owned(),
    };
    changes.iter().map(edge).collect()
}

#[test]
fn going_online_and_offline_shows_on_the_edge_only() {
    let mut world = world();
    let changes = world.register("x", 1, "Contact: <sip:a@h>").changes;
    assert_eq!(edges(&changes), ["saved sip:a@h", "online"]);
    let changes = world.register("x", 2, "Contact: <sip:b@h>").changes;
    assert_eq!(edges(&changes), ["saved sip:b@h"]);
    let changes = world.register("x", 3, "").changes;
    assert_eq!(edges(&changes), [""; 0]);
    let changes = world.register("x", 4, "Contact: <sip:a@H>").changes;
    assert_eq!(edges(&changes), ["removed sip:a@h", "saved sip:a@H"]);
    let changes = world.register("x", 5, "Contact: <sip:a@h>;expires=0").changes;
    assert_eq!(edges(&changes), ["removed sip:a@H"]);
    assert_eq!(world.registrar.count(), 1);
    let deadline = world.registrar.deadline().unwrap();
    assert_eq!(deadline, world.now.instant + Duration::from_secs(300));
    world.after(299);
    assert_eq!(edges(&world.registrar.expire(world.now)), [""; 0]);
    world.after(1);
    assert_eq!(
        edges(&world.registrar.expire(world.now)),
        ["removed sip:b@h", "offline"]
    );
    assert_eq!((world.registrar.deadline(), world.registrar.count()), (None, 0));
}

#[test]
fn a_lost_connection_takes_its_bindings_with_it_at_once() {
    let mut world = world();
    world.register("x", 1, "Contact: <sip:udp@h>");
    let lost = flow(Transport::Tcp, 5);
    world.flow = lost;
    world.register("y", 1, "Contact: <sip:a@h;transport=tcp>, <sip:b@h;transport=tcp>");
    assert_eq!(world.registrar.flow_closed(&flow(Transport::Tcp, 4)), []);
    let changes = world.registrar.flow_closed(&lost);
    assert_eq!(
        edges(&changes),
        ["removed sip:a@h;transport=tcp", "removed sip:b@h;transport=tcp"]
    );
    assert_eq!(world.contacts(), ["sip:udp@h"]);
    assert_eq!(world.registrar.flow_closed(&flow(Transport::Udp, 0)), []);
}

#[test]
fn a_registration_that_moved_to_another_connection_survives_the_loss_of_the_first() {
    let mut world = world();
    world.flow = flow(Transport::Tcp, 1);
    world.register("x", 1, "Contact: <sip:a@h;transport=tcp>");
    world.flow = flow(Transport::Tcp, 2);
    world.register("x", 2, "Contact: <sip:a@h;transport=tcp>");
    assert_eq!(world.registrar.flow_closed(&flow(Transport::Tcp, 1)), []);
    assert_eq!(
        edges(&world.registrar.flow_closed(&flow(Transport::Tcp, 2)))
            .last()
            .unwrap(),
        "offline"
    );
}

#[test]
fn bindings_come_back_after_a_restart_while_they_live() {
    let mut before = world();
    before.register("x", 1, "Contact: <sip:a@h>;expires=100, <sip:b@h>;expires=200");
    let kept = before.registrar.bindings(AOR).to_vec();
    let mut world = world();
    world.after(150);
    let restored: Vec<_> = kept
        .into_iter()
        .flat_map(|binding| world.registrar.restore(AOR, binding, world.now))
        .collect();
    assert_eq!(edges(&restored), ["removed sip:a@h", "saved sip:b@h", "online"]);
    assert_eq!(summary(&world.register("x", 2, "").reply), "200 sip:b@h;50");
    let again = world.registrar.bindings(AOR)[0].clone();
    assert_eq!(world.registrar.restore(AOR, again.clone(), world.now), []);
    let stream = Binding {
        flow: flow(Transport::Tcp, 1),
        ..again
    };
    assert_eq!(
        edges(&world.registrar.restore(Aor(8), stream, world.now)),
        ["removed sip:b@h"]
    );
    assert_eq!(edges(&world.registrar.remove(AOR)), ["removed sip:b@h", "offline"]);
}

#[test]
fn a_phone_behind_a_nat_is_reached_where_it_spoke_from() {
    let check = |contact: &str, path: &str, expected: &str| {
        let mut world = world();
        world.register("x", 1, &format!("Contact: <{contact}>{path}"));
        let binding = &world.registrar.bindings(AOR)[0];
        assert_eq!(binding.target().peer.to_string(), expected, "{contact}");
        assert_eq!(binding.contact, contact);
    };
    check("sip:a@10.0.0.5:5060", "", "198.51.100.7:1024");
    check("sip:a@198.51.100.7:5070", "", "198.51.100.7:5070");
    check("sip:a@198.51.100.7", "", "198.51.100.7:5060");
    check("sip:a@203.0.113.9:5060", "", "198.51.100.7:1024");
    check(
        "sip:a@198.51.100.7:5070",
        "|Path: <sip:edge.example;lr>",
        "198.51.100.7:1024",
    );
}

#[test]
fn a_contact_does_not_write_our_requests() {
    let check = |contact: &str, expected: &str| {
        let mut world = world();
        world.register("x", 1, &format!("Contact: <{contact}>"));
        let binding = &world.registrar.bindings(AOR)[0];
        assert_eq!((binding.request_uri(), binding.contact.as_str()), (expected, contact));
    };
    check("sip:a@h;ob", "sip:a@h;ob");
    check("sip:a@h?Route=%3Csip:evil%3E", "sip:a@h");
    check("sip:a?b@h;x=1?Subject=1&Replaces=2", "sip:a?b@h;x=1");
    check("sip:a@h?", "sip:a@h");
}
