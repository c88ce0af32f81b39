//! Requests that are too large for a datagram (RFC 3261 section 18.1.1).

use std::collections::BTreeSet;

use super::net::{accept, at, body, bye, invite};
use super::script::{Script, field, request};
use crate::command::{Command, Invite};
use crate::event::{Event, SessionId};
use crate::flow::{FlowId, Transport};

const HERE: &str = "sip:102@192.0.2.9:40000";
const LARGE: usize = 1500;

fn ring(script: &mut Script, uri: &str, octets: usize) -> (SessionId, Vec<(FlowId, String)>) {
    let session = script.endpoint.new_session();
    let invite = Invite {
        request_uri: uri.to_owned(),
        headers: vec![("X-Padding".into(), "x".repeat(octets))],
        ..invite(session, script.flow, Some(body("offer")))
    };
    let sent = script.command(Command::Invite(Box::new(invite)));
    (session, sent)
}

fn answer(status: &str, sent: &str) -> String {
    let copied = ["Via", "From", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\n", field(sent, name).unwrap()));
    format!(
        "SIP/2.0 {status}\n{}To: {};tag=cal\nContact: <{HERE}>\nContent-Length: 0\n\n",
        copied.concat(),
        field(sent, "To").unwrap(),
    )
}

fn closed(script: &mut Script, flow: &FlowId) -> Vec<(FlowId, String)> {
    script.endpoint.flow_closed(flow, at(script.elapsed));
    script.pass(0)
}

fn via(text: &str) -> &str {
    field(text, "Via").unwrap()
}

#[test]
fn a_large_request_goes_over_a_connection_and_a_small_one_does_not() {
    let mut script = Script::new();
    let (_, small) = ring(&mut script, HERE, 100);
    assert_eq!(small[0].0, script.flow);
    assert!(via(&small[0].1).starts_with("SIP/2.0/UDP "));
    let (first, large) = ring(&mut script, HERE, LARGE);
    let connection = large[0].0;
    assert!(connection.is_for_size() && connection.transport == Transport::Tcp);
    assert_eq!(connection.peer, script.flow.peer);
    assert!(via(&large[0].1).starts_with("SIP/2.0/TCP "), "{}", large[0].1);
    assert!(field(&large[0].1, "Contact").is_some_and(|contact| !contact.contains("transport")));
    // The next one uses the same, and nothing is sent twice.
    assert_eq!(ring(&mut script, HERE, LARGE).1[0].0, connection);
    let again: Vec<FlowId> = script.pass(3000).iter().map(|(flow, _)| *flow).collect();
    assert!(again.iter().all(|flow| *flow == script.flow), "{again:?}");
    // What follows in the dialog is small and needs none.
    let acks = script.give(&answer("200 OK", &large[0].1));
    assert_eq!(acks[0].0, script.flow);
    let byes = script.command(bye(first));
    assert!(byes[0].0 == script.flow && via(&byes[0].1).starts_with("SIP/2.0/UDP "));
}

#[test]
fn a_large_request_whose_connection_is_refused_goes_by_datagram_and_so_do_the_next_ones() {
    let mut script = Script::new();
    let (_, large) = ring(&mut script, HERE, LARGE);
    let again = closed(&mut script, &large[0].0);
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].0, script.flow);
    assert_eq!(again[0].1, large[0].1.replace("SIP/2.0/TCP", "SIP/2.0/UDP"));
    assert!(script.events().is_empty());
    assert_eq!(script.pass(1600).len(), 2, "sent again as datagrams are");
    assert_eq!(ring(&mut script, HERE, LARGE).1[0].0, script.flow);
    script.give(&answer("486 Busy Here", &again[0].1));
    assert!(matches!(script.event(), Event::Refused { status: 486, .. }));
    script.pass(600_000);
    assert!(ring(&mut script, HERE, LARGE).1[0].0.is_for_size(), "asked once more");
}

#[test]
fn a_connection_that_is_lost_later_takes_no_call_with_it() {
    let mut script = Script::new();
    let (session, large) = ring(&mut script, HERE, LARGE);
    script.give(&answer("180 Ringing", &large[0].1));
    assert!(matches!(script.event(), Event::Progress { .. }));
    let again = closed(&mut script, &large[0].0);
    assert_eq!(again[0].0, script.flow);
    // It worked once: the next one is asked for.
    assert!(ring(&mut script, HERE, LARGE).1[0].0.is_for_size());
    script.give(&answer("200 OK", &again[0].1));
    assert!(matches!(script.event(), Event::Answered { .. }));
    assert!(closed(&mut script, &large[0].0).is_empty());
    script.command(bye(session));
    script.events();
}

#[test]
fn what_is_given_up_goes_the_way_of_its_request() {
    let mut script = Script::new();
    let (session, large) = ring(&mut script, HERE, LARGE);
    script.give(&answer("180 Ringing", &large[0].1));
    let cancel = script.command(Command::Cancel { session, reason: None });
    assert!(cancel[0].1.starts_with("CANCEL") && cancel[0].0 == large[0].0);
    assert_eq!(via(&cancel[0].1), via(&large[0].1));
    let again = closed(&mut script, &large[0].0);
    assert_eq!(again.len(), 2);
    assert!(again.iter().all(|(flow, _)| *flow == script.flow));
    let ack = script.give(&answer("487 Request Terminated", &again[0].1));
    assert!(ack[0].1.starts_with("ACK") && ack[0].0 == script.flow);
    script.events();
    script.assert_nothing_is_left();
}

#[test]
fn a_peer_behind_a_nat_is_asked_for_no_connection_but_a_server_is() {
    let mut script = Script::new();
    for elsewhere in ["sip:102@10.0.0.5:5060", "sip:102@provider.example"] {
        assert_eq!(ring(&mut script, elsewhere, LARGE).1[0].0, script.flow, "{elsewhere}");
    }
    script.endpoint.set_servers(BTreeSet::from([script.flow.peer]));
    assert!(
        ring(&mut script, "sip:102@provider.example", LARGE).1[0]
            .0
            .is_for_size()
    );
}

#[test]
fn a_large_request_inside_a_dialog_goes_over_a_connection_too() {
    for contact in ["192.0.2.9:5066", "10.0.0.5:5066"] {
        let mut script = Script::new();
        let called = request("INVITE", "z9hG4bK1", "").replace("192.0.2.9:5066>", &format!("{contact}>"));
        script.give(&called);
        let Event::Invite { session, .. } = script.event() else {
            panic!()
        };
        let sent = script.command(accept(session));
        let tag = field(&sent[0].1, "To")
            .unwrap()
            .rsplit_once("tag=")
            .unwrap()
            .1
            .to_owned();
        let ack = request("ACK", "z9hG4bK2", "")
            .replace("<sip:102@pbx.example>", &format!("<sip:102@pbx.example>;tag={tag}"));
        script.give(&ack);
        script.events();
        let reinvite = Command::Reinvite {
            session,
            headers: Vec::new(),
            body: crate::command::Body::sdp(bytes::Bytes::from("x".repeat(LARGE))),
        };
        let sent = script.command(reinvite);
        assert_eq!(sent[0].0.is_for_size(), contact.starts_with("192"), "{contact}");
        assert_eq!(via(&sent[0].1).starts_with("SIP/2.0/TCP"), contact.starts_with("192"));
    }
}
