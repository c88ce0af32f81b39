//! Session timers: what is agreed, who refreshes by what, and how a session ends that nobody refreshed.

use super::net::{CALLEE, CALLER, FAIR, Net, Weather, accept, body, bye, established, invite, willing};
use super::script::{Script, field, request, texts};
use crate::command::Command;
use crate::event::{EndedBy, Event, SessionId};

const HOUR: u64 = 3_600_000;

fn offering(text: &str) -> String {
    text.replace(
        "Content-Length: 0\n\n",
        "Content-Type: application/sdp\nContent-Length: 5\n\noffer",
    )
}

/// The peer's call, answered and acknowledged; gives our 200.
fn answered(script: &mut Script, extra: &str) -> (SessionId, String) {
    script.give(&offering(&request("INVITE", "z9hG4bK1", extra)));
    let Event::Invite { session, .. } = script.event() else {
        panic!()
    };
    let ok = texts(script.command(accept(session))).remove(0);
    script.give(&inside("ACK", 1, &ok, ""));
    assert!(matches!(script.event(), Event::Acked { .. }));
    (session, ok)
}

fn inside(method: &str, number: u32, ok: &str, extra: &str) -> String {
    request(method, &format!("z9hG4bKin{number}"), extra)
        .replace(
            "To: <sip:102@pbx.example>",
            &format!("To: {}", field(ok, "To").unwrap()),
        )
        .replace("CSeq: 1 ", &format!("CSeq: {number} "))
}

fn response(status: &str, sent: &str, extra: &str) -> String {
    let copied = ["Via", "From", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\n", field(sent, name).unwrap()));
    let to = field(sent, "To").unwrap();
    let to = if to.contains(";tag=") {
        to.to_owned()
    } else {
        format!("{to};tag=cal")
    };
    format!(
        "SIP/2.0 {status}\n{}To: {to}\nContact: <sip:102@192.0.2.9:5066>\n{extra}Content-Length: 0\n\n",
        copied.concat(),
    )
}

/// Our call to a peer whose 200 says this.
fn calling(script: &mut Script, extra: &str) -> SessionId {
    let session = script.endpoint.new_session();
    let invite = invite(session, script.flow, Some(body("our offer")));
    let sent = texts(script.command(Command::Invite(Box::new(invite)))).remove(0);
    assert_eq!(field(&sent, "Session-Expires"), Some("1800"));
    assert_eq!(
        field(&sent, "Supported"),
        Some("path, replaces, norefersub, outbound, timer, 100rel")
    );
    script.give(&response("200 OK", &sent, extra));
    assert!(matches!(script.event(), Event::Answered { .. }));
    session
}

fn method(text: &str) -> &str {
    text.split(' ').next().unwrap()
}

#[test]
fn either_side_refreshes_a_call_of_hours_by_update() {
    for weather in [
        FAIR,
        Weather {
            loss: 20,
            double: 20,
            delay: 300,
        },
    ] {
        let mut net = Net::new(weather, 3);
        let caller = net.call(Some(body("offer")));
        net.run(40_000, &mut willing);
        let callee = net.session(CALLEE);
        net.events.clear();
        net.ladder.clear();
        net.run(3 * HOUR, &mut willing);
        let updates = net.steps().iter().filter(|step| step.ends_with("- UPDATE")).count();
        let refreshes = net.steps().iter().filter(|step| *step == "<- UPDATE").count();
        assert!(refreshes >= 11 && updates < 60, "{:?}", net.steps());
        assert!(
            net.names(CALLER).is_empty() && net.names(CALLEE).is_empty(),
            "the owners hear nothing of it"
        );
        net.command(CALLER, bye(caller));
        net.command(CALLEE, bye(callee));
        net.assert_nothing_is_left();
    }
}

#[test]
fn a_peer_that_vanishes_ends_the_call_of_whoever_waits_for_its_refresh() {
    let mut net = Net::new(FAIR, 1);
    established(&mut net);
    net.lose = Some(|_, _| true);
    net.pass(HOUR);
    assert_eq!(net.names(CALLER), ["Ended SessionExpired"]);
    assert_eq!(net.names(CALLEE), ["Ended PeerGone"], "its refresh was not answered");
    let byes = net.steps().iter().filter(|step| step.ends_with("BYE")).count();
    assert!(byes > 2, "{:?}", net.steps());
    net.assert_nothing_is_left();
}

#[test]
fn what_the_200_says_follows_what_the_caller_knows() {
    let check = |extra: &str, expires: Option<&str>, require: Option<&str>| {
        let mut script = Script::new();
        let (_, ok) = answered(&mut script, extra);
        assert_eq!(
            (field(&ok, "Session-Expires"), field(&ok, "Require")),
            (expires, require),
            "{extra}"
        );
    };
    check("", None, None);
    check("Supported: timer\n", Some("1800;refresher=uas"), Some("timer"));
    check(
        "Supported: timer\nSession-Expires: 600;refresher=uac\n",
        Some("600;refresher=uac"),
        Some("timer"),
    );
    check(
        "k: timer\nx: 90;refresher=uas\n",
        Some("90;refresher=uas"),
        Some("timer"),
    );
    check("Session-Expires: 600\n", Some("600;refresher=uas"), None);
}

#[test]
fn an_interval_below_ours_is_422_unless_the_caller_would_not_understand_it() {
    let mut script = Script::new();
    let small = "Supported: timer\nSession-Expires: 60\n";
    let sent = texts(script.give(&offering(&request("INVITE", "z9hG4bKsmall", small))));
    assert!(sent[0].starts_with("SIP/2.0 422 Session Interval Too Small"));
    assert_eq!(field(&sent[0], "Min-SE"), Some("90"));
    assert!(script.events().is_empty());
    let mut script = Script::new();
    let (_, ok) = answered(&mut script, "Session-Expires: 60\n");
    assert_eq!(field(&ok, "Session-Expires"), Some("90;refresher=uas"));
    for method in ["UPDATE", "INVITE"] {
        let sent = texts(script.give(&offering(&inside(method, 2, &ok, small))));
        assert!(sent[0].starts_with("SIP/2.0 422 "), "{sent:?}");
    }
    assert!(script.events().is_empty());
}

#[test]
fn a_caller_that_refreshes_is_waited_for_and_then_hung_up_on() {
    let mut script = Script::new();
    let (_, ok) = answered(&mut script, "Supported: timer\nSession-Expires: 600;refresher=uac\n");
    assert!(script.pass(500_000).is_empty());
    let refresh = "Supported: timer\nSession-Expires: 600;refresher=uac\n";
    let sent = texts(script.give(&inside("UPDATE", 2, &ok, refresh)));
    assert!(sent[0].starts_with("SIP/2.0 200 "));
    assert_eq!(field(&sent[0], "Session-Expires"), Some("600;refresher=uac"));
    assert_eq!(field(&sent[0], "Require"), Some("timer"));
    assert!(script.pass(567_000).is_empty());
    let sent = texts(script.pass(1_500));
    assert_eq!(method(&sent[0]), "BYE");
    assert!(matches!(
        script.event(),
        Event::Ended {
            by: EndedBy::SessionExpired,
            ..
        }
    ));
    script.assert_nothing_is_left();
}

#[test]
fn a_peer_without_update_is_refreshed_by_the_last_description() {
    let mut script = Script::new();
    let session = calling(&mut script, "Session-Expires: 600;refresher=uac\nAllow: INVITE, BYE\n");
    let sent = texts(script.pass(300_000));
    assert_eq!(method(&sent[0]), "INVITE");
    assert!(sent[0].ends_with("our offer"));
    assert_eq!(field(&sent[0], "Session-Expires"), Some("600;refresher=uac"));
    let ack = texts(script.give(&response("200 OK", &sent[0], "Session-Expires: 600;refresher=uas\n")));
    assert_eq!(method(&ack[0]), "ACK");
    assert!(script.events().is_empty(), "the owner did not ask");
    assert!(script.pass(500_000).is_empty(), "now it is theirs to refresh");
    script.command(bye(session));
    script.assert_nothing_is_left();
}

#[test]
fn a_peer_that_answers_without_an_interval_has_no_timer() {
    let mut script = Script::new();
    calling(&mut script, "Allow: INVITE, UPDATE\n");
    assert!(script.pass(3 * HOUR).is_empty());
    assert!(script.events().is_empty());
}

#[test]
fn a_422_to_our_invite_is_followed_inside() {
    let mut script = Script::new();
    let session = script.endpoint.new_session();
    let invite = invite(session, script.flow, Some(body("our offer")));
    let first = texts(script.command(Command::Invite(Box::new(invite)))).remove(0);
    let sent = texts(script.give(&response("422 Session Interval Too Small", &first, "Min-SE: 3600\n")));
    assert_eq!(
        sent.iter().map(|text| method(text)).collect::<Vec<_>>(),
        ["ACK", "INVITE"]
    );
    let second = &sent[1];
    assert_eq!(
        (
            field(second, "Session-Expires"),
            field(second, "Min-SE"),
            field(second, "CSeq")
        ),
        (Some("3600"), Some("3600"), Some("2 INVITE"))
    );
    for name in [
        "From",
        "To",
        "Call-ID",
        "Contact",
        "Supported",
        "Allow",
        "Content-Length",
        "Max-Forwards",
    ] {
        assert_eq!(field(second, name), field(&first, name), "{name}");
    }
    assert_ne!(field(second, "Via"), field(&first, "Via"));
    assert!(second.ends_with("our offer"));
    assert!(script.events().is_empty());
    let again = texts(script.give(&response("422 Session Interval Too Small", second, "Min-SE: 3600\n")));
    assert_eq!(again.len(), 1, "it has what it asked for");
    assert!(matches!(script.event(), Event::Refused { status: 422, .. }));
    script.assert_nothing_is_left();
}

#[test]
fn a_refused_refresh_is_tried_again_and_another_way() {
    let mut script = Script::new();
    let session = calling(
        &mut script,
        "Session-Expires: 600;refresher=uac\nAllow: INVITE, UPDATE\n",
    );
    let update = texts(script.pass(300_000)).remove(0);
    assert_eq!(method(&update), "UPDATE");
    script.give(&response("503 Service Unavailable", &update, "Retry-After: 20\n"));
    assert!(script.pass(19_900).is_empty());
    let update = texts(script.pass(200)).remove(0);
    script.give(&response("422 Session Interval Too Small", &update, "Min-SE: 700\n"));
    let update = texts(script.pass(1)).remove(0);
    assert_eq!(field(&update, "Session-Expires"), Some("700;refresher=uac"));
    assert_eq!(field(&update, "Min-SE"), Some("700"));
    script.give(&response("491 Request Pending", &update, ""));
    let update = texts(script.pass(4_100)).remove(0);
    script.give(&response("405 Method Not Allowed", &update, ""));
    let reinvite = texts(script.pass(1)).remove(0);
    assert_eq!(method(&reinvite), "INVITE");
    script.give(&response("481 Call/Transaction Does Not Exist", &reinvite, ""));
    let event = script.event();
    assert!(matches!(event, Event::Ended { session: ended, by: EndedBy::PeerGone, .. } if ended == session));
    script.assert_nothing_is_left();
}

#[test]
fn a_refresh_that_is_always_refused_lets_the_session_expire() {
    let mut script = Script::new();
    calling(&mut script, "Session-Expires: 90;refresher=uac\nAllow: UPDATE\n");
    let mut refused = 0;
    for _ in 0..100 {
        for text in texts(script.pass(1_000)) {
            if method(&text) == "UPDATE" {
                refused += 1;
                script.give(&response("500 Server Internal Error", &text, ""));
            }
        }
    }
    assert!((2..=11).contains(&refused), "{refused}");
    assert!(matches!(
        script.event(),
        Event::Ended {
            by: EndedBy::SessionExpired,
            ..
        }
    ));
    script.assert_nothing_is_left();
}

#[test]
fn an_offer_of_the_owner_refreshes_too_and_keeps_the_refresher() {
    let mut net = Net::new(FAIR, 1);
    let (caller, callee) = established(&mut net);
    net.run(600_000, &mut willing);
    net.command(
        CALLER,
        Command::Reinvite {
            session: caller,
            headers: Vec::new(),
            body: body("hold"),
        },
    );
    net.run(1_000, &mut willing);
    let text = |line: &str| {
        let found = net.spoken.iter().rfind(|(_, bytes)| bytes.starts_with(line.as_bytes()));
        String::from_utf8_lossy(&found.unwrap().1).replace("\r\n", "\n")
    };
    assert_eq!(field(&text("INVITE"), "Session-Expires"), Some("1800;refresher=uas"));
    net.ladder.clear();
    net.run(890_000, &mut willing);
    assert!(net.steps().is_empty(), "counted anew");
    net.run(20_000, &mut willing);
    assert_eq!(net.steps(), ["<- UPDATE", "-> 200 UPDATE"]);
    net.command(CALLEE, bye(callee));
    net.assert_nothing_is_left();
}
