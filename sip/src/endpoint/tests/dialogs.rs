//! Dialogs by hand: forks, routes, targets, order, overlaps.

use super::net::{accept, body, bye, invite, ring};
use super::script::{Script, field, fields, request, texts};
use crate::command::Command;
use crate::event::{EndedBy, Event, SessionId};

/// The peer's call, answered and acknowledged; gives the To value with our tag.
fn answered(script: &mut Script, extra: &str) -> (SessionId, String) {
    script.give(&request("INVITE", "z9hG4bK1", extra));
    let Event::Invite { session, .. } = script.event() else {
        panic!()
    };
    let sent = texts(script.command(accept(session)));
    let to = field(&sent[0], "To").unwrap().to_owned();
    script.give(&inside("ACK", "z9hG4bK2", &to, 1, ""));
    assert!(matches!(script.event(), Event::Acked { .. }));
    (session, to)
}

fn inside(method: &str, branch: &str, to: &str, cseq: u32, extra: &str) -> String {
    request(method, branch, extra)
        .replace("To: <sip:102@pbx.example>", &format!("To: {to}"))
        .replace("CSeq: 1 ", &format!("CSeq: {cseq} "))
}

fn with_body(text: &str) -> String {
    text.replace(
        "Content-Length: 0\n\n",
        "Content-Type: application/sdp\nContent-Length: 5\n\noffer",
    )
}

fn response(status: &str, request: &str, tag: &str, extra: &str) -> String {
    format!(
        "SIP/2.0 {status}\nVia: {}\nFrom: {}\nTo: {};tag={tag}\nCall-ID: {}\nCSeq: {}\n{extra}Content-Length: 0\n\n",
        field(request, "Via").unwrap(),
        field(request, "From").unwrap(),
        field(request, "To").unwrap(),
        field(request, "Call-ID").unwrap(),
        field(request, "CSeq").unwrap(),
    )
}

fn calling(script: &mut Script) -> (SessionId, String) {
    let session = script.endpoint.new_session();
    let mut invite = invite(session, script.flow, Some(body("offer")));
    invite.request_uri = "sip:101@192.0.2.9:5066".to_owned();
    let sent = texts(script.command(Command::Invite(Box::new(invite))));
    (session, sent[0].clone())
}

#[test]
fn a_second_branch_that_answers_is_acknowledged_and_hung_up() {
    let mut script = Script::new();
    let (session, sent) = calling(&mut script);
    let contact = |port: u16| format!("Contact: <sip:101@192.0.2.9:{port}>\n");
    let first = response("200 OK", &sent, "one", &contact(5066));
    let second = response("200 OK", &sent, "two", &contact(5077));
    let acks = script.give(&first);
    assert_eq!(acks.len(), 1);
    assert!(matches!(script.event(), Event::Answered { .. }));
    let forked = script.give(&second);
    let lines: Vec<_> = forked.iter().map(|(_, text)| text.lines().next().unwrap()).collect();
    assert_eq!(
        lines,
        [
            "ACK sip:101@192.0.2.9:5077 SIP/2.0",
            "BYE sip:101@192.0.2.9:5077 SIP/2.0"
        ]
    );
    assert_eq!(forked[0].0.peer, "192.0.2.9:5077".parse().unwrap());
    assert_eq!(field(&forked[1].1, "CSeq"), Some("2 BYE"));
    assert!(field(&forked[1].1, "To").unwrap().ends_with(";tag=two"));
    assert_eq!(script.give(&first), acks, "a repeated 200 gets the same ACK");
    assert_eq!(script.give(&second), forked[..1], "and no second BYE");
    assert!(script.events().is_empty());
    script.command(bye(session));
    let late = response("200 OK", &sent, "three", &contact(5088));
    let texts = texts(script.give(&late));
    assert!(
        texts[0].starts_with("ACK ") && texts[1].starts_with("BYE "),
        "{texts:?}"
    );
    script.assert_nothing_is_left();
}

#[test]
fn each_ringing_branch_is_told_apart_and_progress_is_reported() {
    let mut script = Script::new();
    let (session, sent) = calling(&mut script);
    for tag in ["one", "two", "one"] {
        script.give(&response("180 Ringing", &sent, tag, ""));
        assert!(matches!(script.event(), Event::Progress { .. }));
    }
    assert_eq!(script.endpoint.session_info(session).unwrap().remote_tag, "one");
    script.give(&response("200 OK", &sent, "two", "Contact: <sip:101@192.0.2.9:5066>\n"));
    assert_eq!(script.endpoint.session_info(session).unwrap().remote_tag, "two");
}

#[test]
fn record_route_makes_the_route_set_of_either_side() {
    let mut script = Script::new();
    let routes = "Record-Route: <sip:p2.example;lr>, <sip:192.0.2.9:5070;lr>\nRecord-Route: <sip:p1.example;lr>\n";
    let (session, _) = answered(&mut script, routes);
    let sent = script.command(bye(session));
    assert!(sent[0].1.starts_with("BYE sip:101@192.0.2.9:5066 "), "{}", sent[0].1);
    assert_eq!(
        fields(&sent[0].1, "Route"),
        ["<sip:p2.example;lr>", "<sip:192.0.2.9:5070;lr>", "<sip:p1.example;lr>"]
    );
    let mut script = Script::new();
    let (session, sent) = calling(&mut script);
    let answer = response(
        "200 OK",
        &sent,
        "one",
        &format!("Contact: <sip:101@10.0.0.9>\n{routes}"),
    );
    let ack = script.give(&answer);
    assert_eq!(
        fields(&ack[0].1, "Route"),
        ["<sip:p1.example;lr>", "<sip:192.0.2.9:5070;lr>", "<sip:p2.example;lr>"]
    );
    assert_eq!(
        ack[0].0.peer, script.flow.peer,
        "the first proxy has a name: back to where it spoke from"
    );
    assert!(ack[0].1.starts_with("ACK sip:101@10.0.0.9 "));
    script.command(bye(session));
}

#[test]
fn a_strict_router_gets_the_old_form() {
    let mut script = Script::new();
    let (session, _) = answered(&mut script, "Record-Route: <sip:192.0.2.9:5070>\n");
    let sent = script.command(bye(session));
    assert!(sent[0].1.starts_with("BYE sip:192.0.2.9:5070 "), "{}", sent[0].1);
    assert_eq!(fields(&sent[0].1, "Route"), ["<sip:101@192.0.2.9:5066>"]);
    assert_eq!(sent[0].0.peer, "192.0.2.9:5070".parse().unwrap());
}

#[test]
fn a_reinvite_moves_the_target_and_the_flow() {
    let mut script = Script::new();
    let (session, to) = answered(&mut script, "");
    script.flow.peer = "192.0.2.9:41000".parse().unwrap();
    let again = inside("INVITE", "z9hG4bK3", &to, 2, "").replace("192.0.2.9:5066>", "10.1.1.1:5099>");
    assert!(script.give(&with_body(&again)).is_empty());
    assert!(matches!(script.event(), Event::Offer { .. }));
    let ok = texts(script.command(Command::AnswerOffer {
        session,
        body: body("answer"),
    }));
    assert!(ok[0].starts_with("SIP/2.0 200") && field(&ok[0], "Contact").is_some());
    script.give(&inside("ACK", "z9hG4bK4", &to, 2, ""));
    assert!(
        script.events().is_empty(),
        "the ACK of a re-INVITE with an offer is nobody's"
    );
    let sent = script.command(bye(session));
    assert!(sent[0].1.starts_with("BYE sip:101@10.1.1.1:5099 "));
    assert_eq!(sent[0].0.peer, "192.0.2.9:41000".parse().unwrap());
}

#[test]
fn an_update_without_a_body_refreshes_the_target_and_one_with_a_body_is_an_offer() {
    let mut script = Script::new();
    let (session, to) = answered(&mut script, "");
    let refresh = inside("UPDATE", "z9hG4bK3", &to, 2, "").replace("192.0.2.9:5066>", "10.1.1.1:5099>");
    let ok = texts(script.give(&refresh));
    assert!(ok[0].starts_with("SIP/2.0 200"), "{ok:?}");
    let offer = with_body(&inside("UPDATE", "z9hG4bK4", &to, 3, ""));
    assert!(script.give(&offer).is_empty());
    assert!(matches!(script.event(), Event::Offer { .. }));
    let overlap = texts(script.give(&with_body(&inside("UPDATE", "z9hG4bK5", &to, 4, ""))));
    assert!(overlap[0].starts_with("SIP/2.0 500") && field(&overlap[0], "Retry-After").is_some());
    let ok = texts(script.command(Command::AnswerOffer {
        session,
        body: body("answer"),
    }));
    assert!(ok[0].starts_with("SIP/2.0 200") && ok[0].ends_with("answer"));
    let reinvite = Command::Reinvite {
        session,
        headers: Vec::new(),
        body: body("mine"),
    };
    assert!(texts(script.command(reinvite))[0].starts_with("INVITE"));
    let glare = texts(script.give(&with_body(&inside("UPDATE", "z9hG4bK6", &to, 5, ""))));
    assert!(glare[0].starts_with("SIP/2.0 491"), "{glare:?}");
}

#[test]
fn a_connection_for_one_large_message_takes_no_session_from_the_datagrams() {
    let mut script = Script::new();
    let (session, to) = answered(&mut script, "");
    let datagrams = script.flow;
    script.flow = super::script::flow(crate::flow::Transport::Tcp);
    assert!(texts(script.give(&inside("OPTIONS", "z9hG4bK3", &to, 2, "")))[0].starts_with("SIP/2.0 200"));
    let flow = script.flow;
    script.endpoint.flow_closed(&flow, super::net::at(script.elapsed));
    assert!(script.events().is_empty());
    assert_eq!(script.endpoint.session_info(session).unwrap().flow, datagrams);
}

#[test]
fn over_a_connection_a_2xx_is_repeated_only_when_there_are_hops_behind_it() {
    for (via, copies) in [("", 0), ("Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKhop\n", 10)] {
        let mut script = Script::over(crate::flow::Transport::Tcp);
        script.give(&request("INVITE", "z9hG4bK1", via).replace("/UDP 192.0.2.9", "/TCP 192.0.2.9"));
        let Event::Invite { session, .. } = script.event() else {
            panic!()
        };
        assert_eq!(script.command(accept(session)).len(), 1);
        let later = texts(script.pass(40_000));
        let again = later.iter().filter(|text| text.starts_with("SIP/2.0 200")).count();
        assert_eq!(again, copies);
        assert!(
            later.iter().any(|text| text.starts_with("BYE ")),
            "no ACK in 64*T1 either way"
        );
    }
}

#[test]
fn a_response_with_another_method_than_its_transaction_is_stray() {
    let mut script = Script::new();
    let (_, sent) = calling(&mut script);
    let wrong = response("200 OK", &sent, "one", "").replace("1 INVITE", "1 BYE");
    assert!(script.give(&wrong).is_empty());
    assert!(script.events().is_empty());
    assert_eq!(script.endpoint.totals().stray, 1);
}

#[test]
fn an_overlapping_reinvite_gets_500_and_its_repetition_the_same() {
    let mut script = Script::new();
    let (session, to) = answered(&mut script, "");
    script.give(&with_body(&inside("INVITE", "z9hG4bK3", &to, 2, "")));
    assert!(matches!(script.event(), Event::Offer { .. }));
    let second = with_body(&inside("INVITE", "z9hG4bK4", &to, 3, ""));
    let refused = texts(script.give(&second));
    assert!(refused[0].starts_with("SIP/2.0 500") && field(&refused[0], "Retry-After").is_some());
    script.command(Command::AnswerOffer {
        session,
        body: body("answer"),
    });
    assert_eq!(texts(script.give(&second)), refused, "not taken for a new one");
    assert!(script.events().is_empty());
}

#[test]
fn a_request_out_of_order_gets_500() {
    let mut script = Script::new();
    let (_, to) = answered(&mut script, "");
    assert!(texts(script.give(&inside("OPTIONS", "z9hG4bK3", &to, 9, "")))[0].starts_with("SIP/2.0 200"));
    assert!(texts(script.give(&inside("INFO", "z9hG4bK4", &to, 8, "")))[0].starts_with("SIP/2.0 500"));
    assert!(script.events().is_empty());
}

#[test]
fn only_the_dialogs_own_tags_and_call_id_open_it() {
    let mut script = Script::new();
    let (_, to) = answered(&mut script, "");
    let bye = inside("BYE", "z9hG4bK3", &to, 2, "");
    for (stranger, why) in [
        (bye.replace("tag=ft", "tag=other"), "From tag"),
        (bye.replace("Call-ID: c1", "Call-ID: c2"), "Call-ID"),
        (bye.replace(";tag=", ";tag=f"), "To tag"),
    ] {
        let sent = texts(script.give(&stranger));
        assert!(sent[0].starts_with("SIP/2.0 481"), "{why}: {sent:?}");
    }
    assert!(script.events().is_empty());
    let ok = texts(script.give(&bye));
    assert!(ok[0].starts_with("SIP/2.0 200"));
    assert!(matches!(script.event(), Event::Ended { by: EndedBy::Bye, .. }));
    assert_eq!(texts(script.give(&bye)), ok, "a repeated BYE gets its answer again");
    script.assert_nothing_is_left();
}

#[test]
fn a_bye_before_the_answer_cancels_the_invite() {
    let mut script = Script::new();
    script.give(&request("INVITE", "z9hG4bK1", ""));
    let Event::Invite { session, .. } = script.event() else {
        panic!()
    };
    let ringing = texts(script.command(ring(session)));
    let to = field(&ringing[0], "To").unwrap().to_owned();
    let sent = texts(script.give(&inside("BYE", "z9hG4bK2", &to, 2, "")));
    assert!(
        sent[0].starts_with("SIP/2.0 200") && sent[1].starts_with("SIP/2.0 487"),
        "{sent:?}"
    );
    assert!(matches!(script.event(), Event::Cancelled { .. }));
    script.give(&inside("ACK", "z9hG4bK1", &to, 1, ""));
    script.assert_nothing_is_left();
}

#[test]
fn the_caller_is_told_our_address_and_the_tag_stays_the_same() {
    let mut script = Script::new();
    script.give(&request("INVITE", "z9hG4bK1", ""));
    let Event::Invite { session, .. } = script.event() else {
        panic!()
    };
    let ringing = texts(script.command(ring(session)));
    let ok = texts(script.command(accept(session)));
    assert_eq!(field(&ringing[0], "To"), field(&ok[0], "To"));
    assert_eq!(field(&ok[0], "Contact"), Some("<sip:192.0.2.1:5060>"));
    let info = script.endpoint.session_info(session).unwrap();
    assert!(field(&ok[0], "To").unwrap().ends_with(&info.local_tag));
    assert_eq!((info.call_id.as_str(), info.remote_tag.as_str()), ("c1", "ft"));
}

#[test]
fn a_reinvite_can_be_cancelled() {
    let mut script = Script::new();
    let (session, to) = answered(&mut script, "");
    script.give(&with_body(&inside("INVITE", "z9hG4bK3", &to, 2, "")));
    assert!(matches!(script.event(), Event::Offer { .. }));
    let sent = texts(script.give(&inside("CANCEL", "z9hG4bK3", &to, 2, "")));
    assert!(
        sent[0].starts_with("SIP/2.0 200") && sent[1].starts_with("SIP/2.0 487"),
        "{sent:?}"
    );
    assert!(
        script
            .command(Command::AnswerOffer {
                session,
                body: body("late")
            })
            .is_empty()
    );
    assert!(script.events().is_empty(), "the session goes on");
    script.give(&inside("ACK", "z9hG4bK3", &to, 2, ""));
    assert!(script.endpoint.session_info(session).is_some());
}
