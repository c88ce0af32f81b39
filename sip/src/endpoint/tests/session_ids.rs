//! Session-ID on the wire (RFC 7989).

use super::net::{accept, body, invite, reply};
use super::script::{Script, field, request, texts};
use crate::command::Command;
use crate::event::{Event, SessionId};
use crate::wire::{SessionIds, SessionUuid};

const A: &str = "ab30317f1a784dc48ff824d0d3715d86";
const B: &str = "47755a9de7794ba387653f2099600ef2";
const NIL: &str = "00000000000000000000000000000000";

fn uuid(text: &str) -> SessionUuid {
    SessionUuid::read(text.as_bytes()).unwrap()
}

fn ids(text: &str) -> (String, String) {
    let value = field(text, "Session-ID").unwrap_or_else(|| panic!("no Session-ID in {text}"));
    let (local, remote) = value.split_once(";remote=").unwrap();
    (local.to_owned(), remote.to_owned())
}

fn called(script: &mut Script, session_id: &str) -> SessionId {
    let extra = format!("{session_id}Supported: x\n");
    script.give(&request("INVITE", "z9hG4bKi", &extra));
    let Event::Invite { session, .. } = script.event() else {
        panic!("no INVITE");
    };
    session
}

#[test]
fn all_answers_to_a_caller_name_both_sides_and_the_party_that_we_stand_for() {
    let mut script = Script::new();
    let session = called(&mut script, &format!("Session-ID: {A};remote={NIL}\n"));
    let trying = texts(script.pass(300));
    let (local, remote) = ids(&trying[0]);
    assert_eq!(remote, A);
    assert!(local != NIL && local != A, "one of ours");
    script.endpoint.stand_for(session, SessionUuid::NIL);
    let ring = Command::Ring {
        session,
        status: 180,
        headers: Vec::new(),
        body: None,
    };
    let ringing = texts(script.command(ring));
    assert_eq!(ids(&ringing[0]), (local, A.to_owned()), "nil is nobody");
    script.endpoint.stand_for(session, uuid(B));
    let answered = texts(script.command(accept(session)));
    assert_eq!(ids(&answered[0]), (B.to_owned(), A.to_owned()));
    let tag = field(&answered[0], "To").unwrap().to_owned();
    let ack = request("ACK", "z9hG4bKa", "").replace("To: <sip:102@pbx.example>", &format!("To: {tag}"));
    script.give(&ack);
    script.events();
    let bye = texts(script.command(Command::Bye { session, reason: None }));
    assert_eq!(ids(&bye[0]), (B.to_owned(), A.to_owned()));
}

#[test]
fn a_caller_without_a_uuid_gets_one_and_a_malformed_header_is_ignored() {
    for header in [
        "",
        "Session-ID: +79161234567;remote=1\n",
        &format!("Session-ID: {NIL}\n"),
    ] {
        let mut script = Script::new();
        let session = called(&mut script, header);
        let made = script.endpoint.session_ids(session).unwrap();
        assert!(!made.local.is_nil() && !made.remote.is_nil() && made.local != made.remote);
        let refused = texts(script.command(Command::Refuse {
            session,
            reply: reply(486),
        }));
        assert_eq!(
            ids(&refused[0]),
            (made.local.to_string(), made.remote.to_string()),
            "{header}"
        );
        assert_eq!(script.endpoint.session_ids(session), None);
    }
}

#[test]
fn the_older_form_without_remote_is_taken() {
    let mut script = Script::new();
    let session = called(&mut script, &format!("Session-ID: {A}\n"));
    assert_eq!(
        script.endpoint.session_ids(session).map(|ids| ids.remote),
        Some(uuid(A))
    );
}

#[test]
fn an_invite_of_ours_names_its_caller_and_learns_who_answers() {
    let mut script = Script::new();
    let session = script.endpoint.new_session();
    let mut ours = invite(session, script.flow, Some(body("offer")));
    ours.session_id = Some(uuid(A));
    let sent = texts(script.command(Command::Invite(Box::new(ours))));
    assert_eq!(ids(&sent[0]), (A.to_owned(), NIL.to_owned()));
    let copied = ["Via", "From", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\n", field(&sent[0], name).unwrap()));
    let answer = |status: &str, more: &str| {
        format!(
            "SIP/2.0 {status}\n{}To: <sip:102@pbx.example>;tag=cal\nContact: <sip:102@192.0.2.9:40000>\n{more}\
             Content-Length: 0\n\n",
            copied.concat()
        )
    };
    script.give(&answer("180 Ringing", ""));
    assert_eq!(script.endpoint.session_ids(session).unwrap().remote, SessionUuid::NIL);
    let ack = texts(script.give(&answer("200 OK", &format!("Session-ID: {B};remote={A}\n"))));
    assert_eq!(ids(&ack[0]), (A.to_owned(), B.to_owned()));
    let expected = SessionIds {
        local: uuid(A),
        remote: uuid(B),
    };
    assert_eq!(script.endpoint.session_ids(session), Some(expected));
    let bye = texts(script.command(Command::Bye { session, reason: None }));
    assert_eq!(ids(&bye[0]), (A.to_owned(), B.to_owned()));
}

#[test]
fn a_cancel_carries_what_its_invite_did() {
    let mut script = Script::new();
    let session = script.endpoint.new_session();
    let ours = invite(session, script.flow, Some(body("offer")));
    let sent = texts(script.command(Command::Invite(Box::new(ours))));
    let copied = ["Via", "From", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\n", field(&sent[0], name).unwrap()));
    script.give(&format!(
        "SIP/2.0 180 Ringing\n{}To: <sip:102@pbx.example>;tag=cal\nSession-ID: {B};remote={NIL}\nContent-Length: 0\n\n",
        copied.concat()
    ));
    let cancel = texts(script.command(Command::Cancel { session, reason: None }));
    assert!(cancel[0].starts_with("CANCEL "));
    assert_eq!(ids(&cancel[0]), ids(&sent[0]));
}

#[test]
fn outside_sessions_only_what_the_peer_said_comes_back() {
    let mut script = Script::new();
    let text = request("INFO", "z9hG4bK1", &format!("Session-ID: {A};remote={B}\n"));
    assert_eq!(ids(&texts(script.give(&text))[0]), (B.to_owned(), A.to_owned()));
    let text = request("INFO", "z9hG4bK2", &format!("Session-ID: {A}\n"));
    assert_eq!(ids(&texts(script.give(&text))[0]), (NIL.to_owned(), A.to_owned()));
    let text = request("INFO", "z9hG4bK3", "Session-ID: x\n");
    assert_eq!(field(&texts(script.give(&text))[0], "Session-ID"), None);
}
