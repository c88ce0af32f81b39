//! Messages that meet each other on the way (RFC 5407), and what a refused one leaves behind (RFC 6141).

use super::net::{accept, body, bye, reply};
use super::script::{Script, field, request, texts};
use crate::command::Command;
use crate::event::{EndedBy, Event, SessionId};

fn inside(method: &str, number: u32, ours: &str, extra: &str) -> String {
    request(method, &format!("z9hG4bKin{number}{method}"), extra)
        .replace(
            "To: <sip:102@pbx.example>",
            &format!("To: {}", field(ours, "To").unwrap()),
        )
        .replace("CSeq: 1 ", &format!("CSeq: {number} "))
}

fn offering(text: &str) -> String {
    text.replace(
        "Content-Length: 0\n\n",
        "Content-Type: application/sdp\nContent-Length: 5\n\noffer",
    )
}

/// The peer's call with our 200, which it has not acknowledged yet.
fn accepted(script: &mut Script) -> (SessionId, String) {
    script.give(&offering(&request("INVITE", "z9hG4bK1", "")));
    let Event::Invite { session, .. } = script.event() else {
        panic!()
    };
    (session, texts(script.command(accept(session))).remove(0))
}

fn answered(script: &mut Script) -> (SessionId, String) {
    let (session, ok) = accepted(script);
    script.give(&inside("ACK", 1, &ok, ""));
    assert!(matches!(script.event(), Event::Acked { .. }));
    (session, ok)
}

fn reinvite(session: SessionId) -> Command {
    Command::Reinvite {
        session,
        headers: Vec::new(),
        body: body("ours"),
    }
}

fn answer(session: SessionId) -> Command {
    Command::AnswerOffer {
        session,
        body: body("answer"),
    }
}

fn response(status: &str, sent: &str) -> String {
    let copied =
        ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\n", field(sent, name).unwrap()));
    format!("SIP/2.0 {status}\n{}Content-Length: 0\n\n", copied.concat())
}

#[track_caller]
fn first_lines(sent: &[String], expected: &[&str]) {
    let lines: Vec<&str> = sent.iter().map(|text| text.lines().next().unwrap()).collect();
    assert_eq!(lines.len(), expected.len(), "{lines:?}");
    for (line, start) in lines.iter().zip(expected) {
        assert!(line.starts_with(start), "{lines:?}");
    }
}

/// RFC 5407 section 3.1.2.
#[test]
fn a_cancel_after_the_answer_changes_nothing() {
    let mut script = Script::new();
    let (session, ok) = accepted(&mut script);
    let sent = texts(script.give(&request("CANCEL", "z9hG4bK1", "")));
    first_lines(&sent, &["SIP/2.0 200"]);
    assert_eq!(field(&sent[0], "CSeq"), Some("1 CANCEL"));
    assert!(script.events().is_empty());
    script.give(&inside("ACK", 1, &ok, ""));
    assert!(matches!(script.event(), Event::Acked { .. }));
    assert!(script.endpoint.session_info(session).is_some());
}

/// RFC 5407 section 3.1.5.
#[test]
fn a_bye_that_overtakes_the_ack_ends_the_call_and_the_repetitions() {
    let mut script = Script::new();
    let (_, ok) = accepted(&mut script);
    first_lines(&texts(script.give(&inside("BYE", 2, &ok, ""))), &["SIP/2.0 200"]);
    assert!(matches!(script.event(), Event::Ended { by: EndedBy::Bye, .. }));
    assert!(script.give(&inside("ACK", 1, &ok, "")).is_empty());
    assert!(script.pass(40_000).is_empty());
    assert!(script.events().is_empty());
    script.assert_nothing_is_left();
}

/// RFC 5407 section 3.1.4.
#[test]
fn a_reinvite_that_overtakes_the_ack_stands_for_it() {
    let mut script = Script::new();
    let (session, ok) = accepted(&mut script);
    assert!(script.give(&offering(&inside("INVITE", 2, &ok, ""))).is_empty());
    let events = script.events();
    assert!(
        matches!(events.as_slice(), [Event::Acked { .. }, Event::Offer { .. }]),
        "{events:?}"
    );
    first_lines(&texts(script.command(answer(session))), &["SIP/2.0 200"]);
    script.give(&inside("ACK", 1, &ok, ""));
    script.give(&inside("ACK", 2, &ok, ""));
    assert!(script.events().is_empty());
    assert!(script.pass(40_000).is_empty(), "neither 200 is repeated");
    assert!(script.endpoint.session_info(session).is_some());
}

/// RFC 5407 section 3.1.3.
#[test]
fn a_reinvite_before_the_answer_is_refused_and_the_call_goes_on() {
    let mut script = Script::new();
    script.give(&offering(&request("INVITE", "z9hG4bK1", "")));
    let Event::Invite { session, .. } = script.event() else {
        panic!()
    };
    let ringing = texts(script.command(super::net::ring(session))).remove(0);
    let refused = texts(script.give(&offering(&inside("INVITE", 2, &ringing, ""))));
    first_lines(&refused, &["SIP/2.0 500"]);
    assert!(field(&refused[0], "Retry-After").is_some());
    first_lines(&texts(script.command(accept(session))), &["SIP/2.0 200"]);
}

/// RFC 5407 section 3.2.1.
#[test]
fn a_bye_that_crosses_our_reinvite_ends_the_call_once() {
    let mut script = Script::new();
    let (session, ok) = answered(&mut script);
    let sent = texts(script.command(reinvite(session))).remove(0);
    first_lines(&texts(script.give(&inside("BYE", 2, &ok, ""))), &["SIP/2.0 200"]);
    assert!(matches!(script.event(), Event::Ended { by: EndedBy::Bye, .. }));
    let acks = texts(script.give(&response("487 Request Terminated", &sent)));
    first_lines(&acks, &["ACK"]);
    assert!(script.events().is_empty());
    script.assert_nothing_is_left();
}

#[test]
fn a_bye_that_crosses_our_reinvite_which_succeeded_leaves_an_ack_and_no_second_bye() {
    let mut script = Script::new();
    let (session, ok) = answered(&mut script);
    let sent = texts(script.command(reinvite(session))).remove(0);
    script.give(&inside("BYE", 2, &ok, ""));
    assert!(matches!(script.event(), Event::Ended { .. }));
    first_lines(&texts(script.give(&response("200 OK", &sent))), &["ACK"]);
    assert!(script.events().is_empty());
    script.assert_nothing_is_left();
}

/// RFC 5407 section 3.2.2, from the other side.
#[test]
fn what_comes_after_our_bye_belongs_to_no_dialog() {
    let mut script = Script::new();
    let (session, ok) = answered(&mut script);
    let bye = texts(script.command(bye(session))).remove(0);
    for method in ["INVITE", "BYE", "UPDATE", "INFO"] {
        first_lines(&texts(script.give(&inside(method, 5, &ok, ""))), &["SIP/2.0 481"]);
    }
    script.give(&response("481 Call/Transaction Does Not Exist", &bye));
    assert!(script.events().is_empty());
    script.assert_nothing_is_left();
}

#[test]
fn a_bye_answers_the_offer_that_nobody_will() {
    let mut script = Script::new();
    let (session, ok) = answered(&mut script);
    script.give(&offering(&inside("INVITE", 2, &ok, "")));
    assert!(matches!(script.event(), Event::Offer { .. }));
    let sent = texts(script.give(&inside("BYE", 3, &ok, "")));
    first_lines(&sent, &["SIP/2.0 200", "SIP/2.0 487"]);
    assert!(matches!(script.event(), Event::Ended { .. }));
    assert!(script.command(answer(session)).is_empty());
    script.give(&inside("ACK", 2, &ok, "").replace("z9hG4bKin2ACK", "z9hG4bKin2INVITE"));
    script.assert_nothing_is_left();
}

/// RFC 6141 section 4.
#[test]
fn a_refused_reinvite_leaves_the_target_where_it_was() {
    let mut script = Script::new();
    let (session, ok) = answered(&mut script);
    let moved = inside("INVITE", 2, &ok, "").replace("192.0.2.9:5066>", "10.1.1.1:5099>");
    script.give(&offering(&moved));
    assert!(matches!(script.event(), Event::Offer { .. }));
    let reply = reply(488);
    script.command(Command::RefuseOffer { session, reply });
    let sent = texts(script.command(bye(session)));
    first_lines(&sent, &["BYE sip:101@192.0.2.9:5066 "]);
}

/// RFC 3261 section 8.2.2.3.
#[test]
fn an_unknown_extension_is_refused_inside_a_dialog_too() {
    let mut script = Script::new();
    let (_, ok) = answered(&mut script);
    for (number, method) in (2..).zip(["INVITE", "UPDATE", "INFO", "BYE"]) {
        let sent = texts(script.give(&inside(method, number, &ok, "Require: timer, nothing\n")));
        first_lines(&sent, &["SIP/2.0 420"]);
        assert_eq!(field(&sent[0], "Unsupported"), Some("nothing"));
    }
    assert!(script.events().is_empty(), "the call goes on");
}

/// RFC 4320 section 4.2: a 408 to anything but INVITE comes too late to be of use.
#[test]
fn a_request_that_the_owner_never_answers_gets_nothing_and_a_408_of_the_owner_is_not_sent() {
    let mut script = Script::new();
    let (_, ok) = answered(&mut script);
    script.give(&inside("INFO", 2, &ok, ""));
    let Event::InDialog { transaction, .. } = script.event() else {
        panic!()
    };
    script.give(&inside("INFO", 3, &ok, ""));
    assert!(matches!(script.event(), Event::InDialog { .. }));
    let reply = reply(408);
    assert!(script.command(Command::Respond { transaction, reply }).is_empty());
    assert!(script.pass(40_000).is_empty());
}

/// The Contacts of a redirection reach the owner whole.
#[test]
fn a_redirection_is_told_with_its_contacts() {
    let mut script = Script::new();
    let session = script.endpoint.new_session();
    let invite = super::net::invite(session, script.flow, Some(body("offer")));
    let sent = texts(script.command(Command::Invite(Box::new(invite)))).remove(0);
    let moved = response("302 Moved Temporarily", &sent).replace(
        "Content-Length",
        "Contact: <sip:103@pbx.example>;q=0.2, \"Mobile, own\" <tel:+74951234567>\nContact: sip:104@pbx.example\nContent-Length",
    );
    script.give(&moved.replace("To: <sip:102@pbx.example>", "To: <sip:102@pbx.example>;tag=cal"));
    let Event::Refused {
        status: 302,
        response: Some(response),
        ..
    } = script.event()
    else {
        panic!()
    };
    let contacts: Vec<String> = response
        .contacts()
        .map(|contact| String::from_utf8_lossy(contact.unwrap().raw_uri()).into_owned())
        .collect();
    assert_eq!(
        contacts,
        ["sip:103@pbx.example", "tel:+74951234567", "sip:104@pbx.example"]
    );
}
