//! Connections that break while somebody talks: what goes on, by which way, and how long.

use super::net::{CALLEE, CALLER, FAIR, Net, accept, at, body, bye, established, invite, reply};
use super::script::{Script, field, request, texts};
use crate::command::Command;
use crate::endpoint::{Endpoint, EndpointConfig};
use crate::event::{Event, SessionId};
use crate::flow::{FlowId, OPENED_HERE, Transport};
use crate::registrar::Aor;

fn talking() -> (Net, SessionId, SessionId) {
    let mut net = Net::over(Transport::Tcp, FAIR, 1);
    let (caller, callee) = established(&mut net);
    net.events.clear();
    net.ladder.clear();
    (net, caller, callee)
}

fn reinvite(session: SessionId) -> Command {
    Command::Reinvite {
        session,
        headers: Vec::new(),
        body: body("hold"),
    }
}

fn say(session: SessionId, token: u64) -> Command {
    Command::SendInDialog {
        session,
        token,
        method: "INFO".into(),
        headers: Vec::new(),
        body: None,
    }
}

const DEEDS: [fn(SessionId) -> Command; 3] = [bye, reinvite, |session| say(session, 7)];

/// Takes what comes.
fn agreeable(net: &mut Net, side: usize, event: &Event) {
    if let Event::Offer { session, .. } = event {
        let (session, body) = (*session, body("held"));
        net.command(side, Command::AnswerOffer { session, body });
    } else if let Event::InDialog { transaction, .. } = event {
        let (transaction, reply) = (*transaction, reply(200));
        net.command(side, Command::Respond { transaction, reply });
    }
}

#[test]
fn only_what_is_not_established_ends_with_its_connection() {
    let (mut net, caller, _) = talking();
    net.call(Some(body("offer")));
    net.pass(10);
    net.reconnect();
    assert_eq!(net.names(CALLER), ["Refused 503"]);
    assert_eq!(net.names(CALLEE), ["Invite", "Cancelled"]);
    assert_eq!(net.ends[CALLER].counts().sessions, 1);
    net.succeed(CALLER);
    net.command(CALLER, bye(caller));
    net.pass(100);
    assert_eq!(net.names(CALLEE), ["Invite", "Cancelled", "Ended Bye", "FlowLeft"]);
    net.assert_nothing_is_left();
}

#[test]
fn what_is_to_be_said_waits_for_the_next_connection() {
    for what in DEEDS {
        let (mut net, caller, _) = talking();
        net.reconnect();
        let before = net.ladder.len();
        net.command(CALLER, what(caller));
        net.run(20_000, &mut agreeable);
        assert_eq!(net.ladder.len(), before, "nothing is said to nobody");
        net.succeed(CALLER);
        net.run(1_000, &mut agreeable);
        assert!(!net.names(CALLER).iter().any(|name| name.starts_with("Ended")));
        net.command(CALLER, bye(caller));
        net.pass(1_000);
        assert!(net.names(CALLEE).contains(&"Ended Bye".to_owned()), "{:?}", net.events);
        net.assert_nothing_is_left();
    }
}

#[test]
fn what_was_said_into_a_broken_connection_is_said_again() {
    for what in DEEDS {
        let (mut net, caller, _) = talking();
        net.command(CALLER, what(caller));
        net.reconnect();
        net.succeed(CALLER);
        net.run(1_000, &mut agreeable);
        let names = net.names(CALLEE);
        assert!(
            ["Ended Bye", "Offer INVITE", "InDialog INFO"].contains(&names[0].as_str()),
            "{names:?}"
        );
        net.command(CALLER, bye(caller));
        net.assert_nothing_is_left();
    }
}

#[test]
fn an_answer_that_was_lost_with_its_connection_comes_again_by_the_next_one() {
    let (mut net, caller, callee) = talking();
    net.command(CALLER, reinvite(caller));
    net.pass(5);
    assert_eq!(net.names(CALLEE), ["Offer INVITE"]);
    net.command(
        CALLEE,
        Command::AnswerOffer {
            session: callee,
            body: body("held"),
        },
    );
    net.reconnect();
    net.succeed(CALLER);
    net.pass(40_000);
    assert_eq!(net.names(CALLER), ["OfferResult 200", "FlowLeft"], "{:?}", net.ladder);
    assert_eq!(net.names(CALLEE), ["Offer INVITE", "FlowLeft"]);
    net.command(CALLER, bye(caller));
    net.assert_nothing_is_left();
}

#[test]
fn the_peers_next_request_brings_its_connection() {
    let (mut net, caller, callee) = talking();
    net.reconnect();
    net.command(CALLEE, say(callee, 3));
    net.pass(5_000);
    net.succeed(CALLER);
    net.command(CALLER, say(caller, 4));
    net.run(1_000, &mut agreeable);
    assert_eq!(net.names(CALLEE), ["InDialog INFO", "FlowLeft", "InDialogResult 3 200"]);
    assert_eq!(net.names(CALLER), ["InDialog INFO", "InDialogResult 4 200"]);
    net.pass(40_000);
    // Its first INVITE has run out by then.
    assert_eq!(net.names(CALLER).last().unwrap(), "FlowLeft");
    net.command(CALLER, bye(caller));
    net.assert_nothing_is_left();
}

#[test]
fn a_request_that_finds_no_connection_in_its_time_ends_the_session() {
    for (what, told) in [
        (reinvite(SessionId(1)), "OfferResult 408"),
        (say(SessionId(1), 7), "InDialogResult 7 408"),
    ] {
        let (mut net, caller, _) = talking();
        assert_eq!(caller, SessionId(1));
        net.reconnect();
        net.command(CALLER, what);
        net.pass(31_000);
        assert!(net.names(CALLER).is_empty());
        net.pass(40_000);
        assert_eq!(net.names(CALLER), [told, "Ended PeerGone", "FlowLeft"]);
        net.pass(2_000_000);
        assert_eq!(net.names(CALLEE), ["Ended SessionExpired", "FlowLeft"]);
        net.assert_nothing_is_left();
    }
}

#[test]
fn a_session_without_a_timer_that_is_never_heard_of_again_ends_all_the_same() {
    let mut script = Script::over(Transport::Tcp);
    script.endpoint = Endpoint::new(
        EndpointConfig {
            session_timer: None,
            ..EndpointConfig::default()
        },
        [5; 32],
    );
    let (_, _) = answered(&mut script, "c1");
    let flow = script.flow;
    script.endpoint.flow_closed(&flow, at(script.elapsed));
    script.pass(1_799_000);
    assert!(script.events().is_empty());
    script.pass(40_000);
    let names: Vec<String> = script.events().iter().map(super::net::name).collect();
    assert_eq!(names, ["Ended SessionExpired", "FlowLeft"]);
    script.assert_nothing_is_left();
}

/// The peer's call, answered and acknowledged; gives the To value with our tag.
fn answered(script: &mut Script, call: &str) -> (SessionId, String) {
    let own = |text: String| text.replace("Call-ID: c1", &format!("Call-ID: {call}"));
    script.give(&own(request("INVITE", &format!("z9hG4bK1{call}"), "")));
    let Event::Invite { session, .. } = script.event() else {
        panic!()
    };
    let sent = texts(script.command(accept(session)));
    let to = field(&sent[0], "To").unwrap().to_owned();
    let ack = request("ACK", &format!("z9hG4bK2{call}"), "").replace("To: <sip:102@pbx.example>", &format!("To: {to}"));
    script.give(&own(ack));
    assert!(matches!(script.event(), Event::Acked { .. }));
    (session, to)
}

#[test]
fn a_new_connection_of_one_phone_is_not_taken_for_that_of_another() {
    let mut script = Script::over(Transport::Tcp);
    let sessions = ["c1", "c2"].map(|call| answered(&mut script, call).0);
    for (session, aor) in sessions.into_iter().zip([Aor(1), Aor(2)]) {
        script.endpoint.set_aor(session, aor);
    }
    let old = script.flow;
    script.endpoint.flow_closed(&old, at(script.elapsed));
    for session in sessions {
        assert!(script.command(bye(session)).is_empty());
    }
    let new = FlowId { connection: 2, ..old };
    script.endpoint.succeed(&old, new, Some(Aor(2)), at(script.elapsed));
    let sent: Vec<_> = std::iter::from_fn(|| script.endpoint.poll_transmit()).collect();
    let calls: Vec<String> = sent
        .iter()
        .map(|sent| {
            field(&String::from_utf8_lossy(&sent.bytes), "Call-ID")
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(calls, ["c2"]);
    assert_eq!(sent[0].flow, new);
    script.assert_nothing_is_left();
}

#[test]
fn a_peer_that_refuses_connections_is_asked_for_one_now_and_then() {
    let mut script = Script::over(Transport::Tcp);
    script.flow.connection = OPENED_HERE | 1;
    let session = script.endpoint.new_session();
    let command = Command::Invite(Box::new(invite(session, script.flow, Some(body("offer")))));
    let sent = texts(script.command(command));
    let line = |name: &str| format!("{name}: {}\n", field(&sent[0], name).unwrap());
    let [via, from, to, call, cseq] = ["Via", "From", "To", "Call-ID", "CSeq"].map(line);
    let to = to.trim_end();
    script.give(&format!(
        "SIP/2.0 200 OK\n{via}{from}{to};tag=x\n{call}{cseq}Contact: <sip:102@192.0.2.9>\nContent-Length: 0\n\n"
    ));
    assert!(matches!(script.event(), Event::Answered { .. }));
    let mut asked = 0;
    let mut refuse = |script: &mut Script, sent: Vec<(FlowId, String)>| {
        for (flow, text) in sent {
            assert!(text.starts_with("BYE ") && flow.is_opened_here(), "{text}");
            asked += 1;
            let next = FlowId {
                connection: flow.connection + 1,
                ..flow
            };
            script.endpoint.flow_closed(&flow, at(script.elapsed));
            script.endpoint.succeed(&flow, next, None, at(script.elapsed));
        }
    };
    let sent = script.command(bye(session));
    refuse(&mut script, sent);
    for _ in 0..400 {
        let sent = script.pass(100);
        refuse(&mut script, sent);
    }
    assert!((5..15).contains(&asked), "{asked}");
    script.events();
    script.assert_nothing_is_left();
}
