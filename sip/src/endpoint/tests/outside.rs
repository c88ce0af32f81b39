//! What requests outside dialogs get, and where answers go.

use bytes::Bytes;

use super::net::{at, reply};
use super::script::{Script, field, request, texts};
use crate::command::Command;
use crate::event::Event;
use crate::flow::Transport;

fn check(text: &str, status: &str, extra: Option<(&str, &str)>) {
    let mut script = Script::new();
    let sent = texts(script.give(text));
    assert_eq!(sent.len(), 1, "{text}");
    let answer = &sent[0];
    assert!(answer.starts_with(&format!("SIP/2.0 {status}")), "{text}\n{answer}");
    if let Some((name, value)) = extra {
        assert_eq!(field(answer, name), Some(value), "{answer}");
    }
    assert!(field(answer, "To").unwrap().contains(";tag="), "{answer}");
    assert!(script.events().is_empty(), "{text}");
    script.assert_nothing_is_left();
}

#[test]
fn what_the_endpoint_refuses_by_itself() {
    let allow = super::super::outgoing::ALLOW;
    check(&request("BYE", "z9hG4bK1", ""), "481", None);
    check(&request("CANCEL", "z9hG4bK1", ""), "481", None);
    check(&request("UPDATE", "z9hG4bK1", ""), "481", None);
    check(&request("INFO", "z9hG4bK1", ""), "481", None);
    check(&request("NEWMETHOD", "z9hG4bK1", ""), "405", Some(("Allow", allow)));
    check(&request("PRACK", "z9hG4bK1", ""), "481", None);
    check(
        &request(
            "INVITE",
            "z9hG4bK1",
            "Require: nothing, path, 100rel, timer, replaces, gruu\n",
        ),
        "420",
        Some(("Unsupported", "nothing, gruu")),
    );
    let exhausted = request("INVITE", "z9hG4bK1", "").replace("Max-Forwards: 70", "Max-Forwards: 0");
    check(&exhausted, "483", None);
    for method in ["INVITE", "BYE", "INFO", "OPTIONS", "NOTIFY", "UPDATE"] {
        let stranger =
            request(method, "z9hG4bK1", "").replace("102@pbx.example>", "102@pbx.example>;tag=0123456789abcdef");
        let mut script = Script::new();
        let sent = texts(script.give(&stranger));
        assert!(sent[0].starts_with("SIP/2.0 481"), "{sent:?}");
    }
}

#[test]
fn what_is_for_us_is_served_with_max_forwards_0() {
    for method in ["OPTIONS", "REGISTER", "PUBLISH"] {
        let mut script = Script::new();
        let text = request(method, "z9hG4bK1", "").replace("Max-Forwards: 70", "Max-Forwards: 0");
        assert!(script.give(&text).is_empty());
        assert!(matches!(script.event(), Event::Request { .. }));
    }
}

#[test]
fn a_stray_ack_or_response_is_counted_and_dropped() {
    let mut script = Script::new();
    assert!(script.give(&request("ACK", "z9hG4bK1", "")).is_empty());
    let response = "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK0123456789abcdef\n\
         From: <sip:a@b>;tag=1\nTo: <sip:a@b>;tag=2\nCall-ID: x\nCSeq: 1 INVITE\nContent-Length: 0\n\n";
    assert!(script.give(response).is_empty());
    assert!(script.events().is_empty());
    assert_eq!(script.endpoint.totals().stray, 2);
}

#[test]
fn keep_alives_are_answered_on_connections_only() {
    for (transport, text, answer) in [
        (Transport::Tcp, &b"\r\n\r\n"[..], Some("\r\n")),
        (Transport::Tcp, b"\r\n", None),
        (Transport::Udp, b"\r\n\r\n", None),
        (Transport::Udp, b"", None),
        (Transport::Udp, b"\0\0\0\0", None),
    ] {
        let mut script = Script::over(transport);
        let sent = texts(script.give_bytes(Bytes::from_static(text)));
        assert_eq!(sent, Vec::from_iter(answer), "{transport:?} {text:?}");
        assert_eq!(script.endpoint.totals().keep_alives, 1);
    }
}

/// RFC 5626 section 8; on a connection it is no message at all.
#[test]
fn a_stun_request_is_answered_on_datagrams() {
    let request = [&[0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42][..], &[7; 12]].concat();
    for (transport, answers) in [(Transport::Udp, 1), (Transport::Tcp, 0)] {
        let mut script = Script::over(transport);
        let sent = script.give_bytes(Bytes::from(request.clone()));
        assert_eq!(sent.len(), answers, "{transport:?}");
        let totals = script.endpoint.totals();
        assert_eq!(
            (totals.keep_alives, totals.unreadable),
            if answers == 1 { (1, 0) } else { (0, 1) }
        );
    }
}

#[test]
fn noise_is_counted_and_never_answered() {
    let mut script = Script::new();
    for noise in ["hello", "GET / HTTP/1.1\n\n", "\u{1}\u{2}", "SIP/2.0"] {
        assert!(script.give(noise).is_empty(), "{noise:?}");
        assert!(script.events().is_empty());
    }
}

#[test]
fn a_finished_request_is_answered_again_from_memory_until_timer_j() {
    let mut script = Script::new();
    let text = request("OPTIONS", "z9hG4bK1", "");
    assert!(script.give(&text).is_empty());
    assert!(script.give(&text).is_empty(), "still with the owner");
    let Event::Request { transaction, .. } = script.event() else {
        panic!()
    };
    let first = script.command(Command::Respond {
        transaction,
        reply: reply(200),
    });
    assert_eq!(first.len(), 1);
    assert_eq!(script.give(&text), first);
    assert!(script.events().is_empty());
    assert!(
        script
            .command(Command::Respond {
                transaction,
                reply: reply(404)
            })
            .is_empty(),
        "one answer is enough"
    );
    script.pass(32_001);
    assert_eq!(script.endpoint.counts().server_transactions, 0);
}

#[test]
fn a_challenge_keeps_nothing_and_its_to_tag_is_the_same_again() {
    for method in ["REGISTER", "INVITE"] {
        let mut script = Script::new();
        let text = request(method, "z9hG4bK1", "");
        let mut answers = Vec::new();
        for _ in 0..2 {
            assert!(script.give(&text).is_empty());
            let event = script.event();
            let command = if let Event::Request { transaction, .. } = event {
                Command::Respond {
                    transaction,
                    reply: reply(401),
                }
            } else {
                Command::Refuse {
                    session: event.session().unwrap(),
                    reply: reply(401),
                }
            };
            answers.push(script.command(command));
            let counts = script.endpoint.counts();
            assert_eq!((counts.server_transactions, counts.sessions), (0, 0), "{method}");
        }
        assert_eq!(answers[0], answers[1]);
        assert!(script.give(&request("ACK", "z9hG4bK1", "")).is_empty());
    }
}

#[test]
fn a_408_for_a_request_that_is_not_invite_is_never_sent() {
    let mut script = Script::new();
    script.give(&request("MESSAGE", "z9hG4bK1", ""));
    let Event::Request { transaction, .. } = script.event() else {
        panic!()
    };
    assert!(
        script
            .command(Command::Respond {
                transaction,
                reply: reply(408)
            })
            .is_empty()
    );
    script.assert_nothing_is_left();
}

#[test]
fn a_request_that_the_owner_forgets_is_forgotten() {
    let mut script = Script::new();
    script.give(&request("MESSAGE", "z9hG4bK1", ""));
    script.assert_nothing_is_left();
}

#[test]
fn a_request_that_came_over_two_paths_is_served_once() {
    let mut script = Script::new();
    assert!(script.give(&request("INVITE", "z9hG4bK1", "")).is_empty());
    let Event::Invite { session, .. } = script.event() else {
        panic!()
    };
    let second = request("INVITE", "z9hG4bK2", "");
    let sent = texts(script.give(&second));
    assert!(sent[0].starts_with("SIP/2.0 482"), "{sent:?}");
    script.command(Command::Refuse {
        session,
        reply: reply(486),
    });
    assert_eq!(texts(script.give(&second)), sent, "also after the other copy ended");
    assert!(script.events().is_empty());
    for branch in ["z9hG4bK1", "z9hG4bK2"] {
        script.give(&request("ACK", branch, ""));
    }
    script.assert_nothing_is_left();
}

#[test]
fn a_client_of_rfc_2543_is_served() {
    let mut script = Script::new();
    let old = |text: &str| text.replace(";branch=;rport", "").replace(":5066\n", "\n");
    let invite = old(&request("INVITE", "", ""));
    assert!(script.give(&invite).is_empty());
    let Event::Invite { session, .. } = script.event() else {
        panic!()
    };
    let again = texts(script.give(&invite));
    assert!(
        again[0].starts_with("SIP/2.0 100"),
        "known by its From tag, Call-ID, CSeq and Via: {again:?}"
    );
    let refused = texts(script.command(Command::Refuse {
        session,
        reply: reply(486),
    }));
    let tag = field(&refused[0], "To").unwrap();
    let ack = old(&request("ACK", "", "")).replace("To: <sip:102@pbx.example>", &format!("To: {tag}"));
    assert!(script.give(&ack).is_empty());
    assert!(
        script.pass(20_000).is_empty(),
        "the ACK found its INVITE, so nothing is sent again"
    );
    script.assert_nothing_is_left();
}

#[test]
fn answers_go_where_rfc_3261_and_rfc_3581_say() {
    let check = |via: &str, peer: &str, shown: &str| {
        let mut script = Script::new();
        let text = request("BYE", "z9hG4bK1", "").replace("192.0.2.9:5066;branch=z9hG4bK1;rport", via);
        let sent = script.give(&text);
        assert_eq!(sent[0].0.peer, peer.parse().unwrap(), "{via}");
        let via = field(&sent[0].1, "Via").unwrap();
        assert!(shown.is_empty() || via.contains(shown), "{via}");
    };
    check("192.0.2.9:5066;branch=z9hG4bK1;rport", "192.0.2.9:40000", "rport=40000");
    check("192.0.2.9:5066;branch=z9hG4bK1", "192.0.2.9:5066", "");
    check("192.0.2.9;branch=z9hG4bK1", "192.0.2.9:5060", "");
    check("10.0.0.5:5066;branch=z9hG4bK1", "192.0.2.9:5066", "received=192.0.2.9");
    check(
        "10.0.0.5:5066;branch=z9hG4bK1;rport",
        "192.0.2.9:40000",
        "received=192.0.2.9",
    );
    check(
        "10.0.0.5;maddr=203.0.113.1;branch=z9hG4bK1",
        "192.0.2.9:5060",
        "received=192.0.2.9",
    );
}

#[test]
fn too_many_requests_get_503_and_are_not_kept() {
    let mut script = Script::new();
    let mut config = super::net::config();
    config.limits.server_transactions = 1;
    script.endpoint = crate::endpoint::Endpoint::new(config, [1; 32]);
    assert!(script.give(&request("OPTIONS", "z9hG4bK1", "")).is_empty());
    let other = request("OPTIONS", "z9hG4bK2", "").replace("c1", "c2");
    let sent = texts(script.give(&other));
    assert!(
        sent[0].starts_with("SIP/2.0 503") && field(&sent[0], "Retry-After").is_some(),
        "{sent:?}"
    );
    assert_eq!(script.endpoint.totals().overload, 1);
}

#[test]
fn a_timeout_before_its_time_does_nothing() {
    let mut script = Script::new();
    script.give(&request("INVITE", "z9hG4bK1", ""));
    script.endpoint.timeout(at(std::time::Duration::from_millis(199)));
    assert!(script.endpoint.poll_transmit().is_none());
}
