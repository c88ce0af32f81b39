//! INVITEs that take the place of a dialog of ours.

use super::net::{accept, body, bye, invite, reply};
use super::script::{Script, field, request, texts};
use crate::command::Command;
use crate::event::{Event, Replaced, SessionId};

/// A call of ours to the peer that rings with the tag `cal`; gives its Call-ID and our tag.
fn ringing(script: &mut Script) -> (SessionId, String, String) {
    let session = script.endpoint.new_session();
    let invite = invite(session, script.flow, Some(body("offer")));
    let sent = texts(script.command(Command::Invite(Box::new(invite)))).remove(0);
    script.give(&answer("180 Ringing", &sent));
    assert!(matches!(script.event(), Event::Progress { .. }));
    let info = script.endpoint.session_info(session).unwrap();
    (session, sent, info.local_tag)
}

fn answer(status: &str, sent: &str) -> String {
    let copied = ["Via", "From", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\n", field(sent, name).unwrap()));
    format!(
        "SIP/2.0 {status}\n{}To: {};tag=cal\nContact: <sip:102@192.0.2.9:5066>\nContent-Length: 0\n\n",
        copied.concat(),
        field(sent, "To").unwrap(),
    )
}

fn replacing(script: &mut Script, branch: &str, value: &str) -> Vec<String> {
    let extra = format!("Replaces: {value}\n");
    let invite = request("INVITE", branch, &extra).replace("Call-ID: c1", &format!("Call-ID: {branch}"));
    texts(script.give(&invite))
}

#[track_caller]
fn refused(script: &mut Script, value: &str, status: &str) {
    let branch = format!("z9hG4bK{}", script.endpoint.totals().requests);
    let sent = replacing(script, &branch, value);
    assert!(sent[0].starts_with(&format!("SIP/2.0 {status}")), "{sent:?}");
    assert!(script.events().is_empty());
}

#[track_caller]
fn taken(script: &mut Script, value: &str) -> Replaced {
    let branch = format!("z9hG4bK{}", script.endpoint.totals().requests);
    replacing(script, &branch, value);
    let Event::Invite {
        session,
        replaces: Some(replaced),
        ..
    } = script.event()
    else {
        panic!()
    };
    let reply = reply(603);
    script.command(Command::Refuse { session, reply });
    replaced
}

#[test]
fn an_invite_may_take_a_ringing_call_or_an_answered_one() {
    let mut script = Script::new();
    let (session, sent, tag) = ringing(&mut script);
    let call_id = field(&sent, "Call-ID").unwrap().to_owned();
    let value = format!("{call_id};to-tag={tag};from-tag=cal");
    assert_eq!(taken(&mut script, &value), Replaced { session, early: true });
    let only = format!("{value};early-only");
    assert_eq!(taken(&mut script, &only), Replaced { session, early: true });
    script.give(&answer("200 OK", &sent));
    assert!(matches!(script.event(), Event::Answered { .. }));
    assert_eq!(taken(&mut script, &value), Replaced { session, early: false });
    refused(&mut script, &only, "486");
    let find = |script: &Script, from: &[u8]| script.endpoint.find_dialog(call_id.as_bytes(), tag.as_bytes(), from);
    assert_eq!(find(&script, b"cal"), Some(session));
    assert_eq!(find(&script, b"0"), None);
    script.command(bye(session));
    refused(&mut script, &value, "481");
}

#[test]
fn an_unknown_dialog_is_481_and_an_unreadable_name_400() {
    let mut script = Script::new();
    let (_, sent, tag) = ringing(&mut script);
    let call_id = field(&sent, "Call-ID").unwrap().to_owned();
    refused(&mut script, &format!("x;to-tag={tag};from-tag=cal"), "481");
    refused(&mut script, &format!("{call_id};to-tag={tag};from-tag=other"), "481");
    refused(&mut script, &format!("{call_id};to-tag=ffff;from-tag=cal"), "481");
    refused(&mut script, &format!("{call_id};to-tag={tag}"), "400");
    let value = format!("{call_id};to-tag={tag};from-tag=cal");
    refused(&mut script, &format!("{value}\nReplaces: {value}"), "400");
    refused(&mut script, &format!("{value}\nJoin: {value}"), "400");
}

#[test]
fn a_call_that_rings_with_us_is_not_replaced_and_one_that_is_given_up_is_603() {
    let mut script = Script::new();
    let sent = texts(script.give(&request("INVITE", "z9hG4bKin", "")));
    assert!(sent.is_empty());
    let Event::Invite { session, .. } = script.event() else {
        panic!()
    };
    let tag = script.endpoint.session_info(session).unwrap().local_tag;
    refused(&mut script, &format!("c1;to-tag={tag};from-tag=ft"), "481");
    assert_eq!(script.endpoint.find_dialog(b"c1", tag.as_bytes(), b"ft"), Some(session));
    script.command(accept(session));
    script.command(bye(session));
    refused(&mut script, &format!("c1;to-tag={tag};from-tag=ft"), "603");
}

#[test]
fn a_peer_of_rfc_2543_without_a_tag_is_named_0() {
    let mut script = Script::new();
    script.give(&request("INVITE", "z9hG4bKin", "").replace(";tag=ft", ""));
    let Event::Invite { session, .. } = script.event() else {
        panic!()
    };
    let tag = script.endpoint.session_info(session).unwrap().local_tag;
    assert_eq!(script.endpoint.find_dialog(b"c1", tag.as_bytes(), b"0"), Some(session));
}

#[test]
fn an_invite_of_ours_that_comes_back_is_a_loop_and_one_that_was_retargeted_a_call() {
    let mut script = Script::new();
    let (_, sent, _) = ringing(&mut script);
    let back = |uri: &str, hop: &str| {
        let via = format!(
            "Via: SIP/2.0/UDP 192.0.2.9:5066;branch={hop};rport\nVia: {}",
            field(&sent, "Via").unwrap()
        );
        let (_, rest) = sent.split_once('\n').unwrap();
        let rest = rest.replace('\r', "");
        let (_, rest) = rest.split_once('\n').unwrap();
        format!("INVITE {uri} SIP/2.0\n{via}\n{rest}")
    };
    let answer = texts(script.give(&back("sip:102@192.0.2.2", "z9hG4bKloop")));
    assert!(answer[0].starts_with("SIP/2.0 482 "), "{answer:?}");
    assert!(script.events().is_empty());
    let mut script = Script::new();
    ringing(&mut script);
    assert!(script.give(&back("sip:103@192.0.2.1", "z9hG4bKspiral")).is_empty());
    assert!(matches!(script.event(), Event::Invite { .. }));
}

#[test]
fn max_breadth_is_sent_and_read() {
    let mut script = Script::new();
    let (_, sent, _) = ringing(&mut script);
    assert_eq!(field(&sent, "Max-Breadth"), Some("60"));
    let mut breadth = |extra: &str| {
        let branch = format!("z9hG4bK{}", script.endpoint.totals().requests);
        let text = request("INVITE", &branch, extra).replace("Call-ID: c1", &format!("Call-ID: {branch}"));
        script.give(&text);
        let Event::Invite { request, .. } = script.event() else {
            panic!()
        };
        request.max_breadth()
    };
    assert_eq!(breadth(""), 60);
    assert_eq!(breadth("Max-Breadth: 7\n"), 7);
    assert_eq!(breadth("Max-Breadth: 4000000000\n"), 60);
    let session = script.endpoint.new_session();
    let mut own = invite(session, script.flow, Some(body("offer")));
    own.headers.push(("Max-Breadth".into(), "20".to_owned()));
    let sent = texts(script.command(Command::Invite(Box::new(own))));
    assert_eq!(super::script::fields(&sent[0], "Max-Breadth"), ["20"]);
}
