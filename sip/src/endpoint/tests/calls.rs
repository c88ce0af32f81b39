//! Whole calls over a net in fair weather.

use std::time::Duration;

use super::net::{
    CALLEE, CALLER, FAIR, Net, Weather, accept, body, bye, established, invite, party, reply, ring, willing,
};
use crate::command::{Command, Request};
use crate::event::Event;
use crate::flow::Transport;

#[test]
fn a_call_rings_is_answered_and_hung_up() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let mut net = Net::over(transport, FAIR, 1);
        let session = net.call(Some(body("offer")));
        net.pass(50);
        let callee = net.session(CALLEE);
        net.command(CALLEE, ring(callee));
        net.pass(3000);
        net.command(CALLEE, accept(callee));
        net.pass(3000);
        net.command(
            CALLER,
            Command::Bye {
                session,
                reason: Some("SIP;cause=200".to_owned()),
            },
        );
        net.pass(100);
        assert_eq!(
            net.steps(),
            [
                "-> INVITE",
                "<- 180 INVITE",
                "<- 200 INVITE",
                "-> ACK",
                "-> BYE",
                "<- 200 BYE"
            ],
            "{transport:?}"
        );
        assert_eq!(net.names(CALLER), ["Progress 180", "Answered"]);
        assert_eq!(net.names(CALLEE), ["Invite", "Acked ", "Ended Bye"]);
        let Some((_, Event::Ended { reason, .. })) = net.events.last() else {
            panic!("{:?}", net.events)
        };
        assert_eq!(reason.as_deref(), Some("SIP;cause=200"));
        net.assert_nothing_is_left();
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let ladder = || {
        let mut net = Net::new(
            Weather {
                loss: 20,
                double: 10,
                delay: 300,
            },
            9,
        );
        let session = net.call(Some(body("offer")));
        net.run(5000, &mut willing);
        net.command(CALLER, bye(session));
        net.pass(40_000);
        (net.steps(), format!("{:?}", net.events))
    };
    assert_eq!(ladder(), ladder());
}

#[test]
fn an_invite_that_nobody_answers_gets_100_after_200_milliseconds() {
    let mut net = Net::new(FAIR, 1);
    net.call(Some(body("offer")));
    net.pass(200);
    assert_eq!(net.steps(), ["-> INVITE"]);
    net.pass(2);
    assert_eq!(net.steps(), ["-> INVITE", "<- 100 INVITE"]);
    net.pass(20_000);
    assert_eq!(net.steps().len(), 2, "100 ends the retransmissions");
    let callee = net.session(CALLEE);
    net.command(
        CALLEE,
        Command::Refuse {
            session: callee,
            reply: reply(486),
        },
    );
    net.pass(100);
    assert_eq!(net.steps()[2..], ["<- 486 INVITE", "-> ACK"]);
    assert_eq!(net.names(CALLER), ["Refused 486"]);
    net.assert_nothing_is_left();
}

#[test]
fn a_long_ring_is_refreshed_every_minute() {
    let mut net = Net::new(FAIR, 1);
    net.call(Some(body("offer")));
    net.pass(10);
    let callee = net.session(CALLEE);
    net.command(CALLEE, ring(callee));
    net.pass(125_000);
    assert_eq!(
        net.steps(),
        ["-> INVITE", "<- 180 INVITE", "<- 180 INVITE", "<- 180 INVITE"]
    );
}

#[test]
fn silence_ends_an_invite_with_408_after_64_t1() {
    let mut net = Net::new(FAIR, 1);
    net.lose = Some(|side, _| side == CALLER);
    net.call(Some(body("offer")));
    net.pass(31_999);
    assert!(net.names(CALLER).is_empty());
    net.pass(2);
    assert_eq!(net.names(CALLER), ["Refused 408"]);
    assert_eq!(net.ladder.len(), 7, "at 0, 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s");
    net.assert_nothing_is_left();
}

#[test]
fn a_cancel_waits_for_a_provisional_response() {
    let mut net = Net::new(FAIR, 1);
    let session = net.call(Some(body("offer")));
    let reason = Some("SIP;cause=200;text=\"Call completed elsewhere\"".to_owned());
    net.command(
        CALLER,
        Command::Cancel {
            session,
            reason: reason.clone(),
        },
    );
    net.pass(100);
    assert_eq!(net.steps(), ["-> INVITE"]);
    net.pass(200);
    assert_eq!(
        net.steps(),
        [
            "-> INVITE",
            "<- 100 INVITE",
            "-> CANCEL",
            "<- 200 CANCEL",
            "<- 487 INVITE",
            "-> ACK"
        ]
    );
    assert_eq!(net.names(CALLER), ["Refused 487"]);
    let Some((_, Event::Cancelled { reason: heard, .. })) = net.events.get(1) else {
        panic!("{:?}", net.events)
    };
    assert_eq!(*heard, reason);
    net.assert_nothing_is_left();
}

#[test]
fn a_cancel_that_crosses_a_200_hangs_the_answered_call_up() {
    let mut net = Net::new(FAIR, 1);
    let session = net.call(Some(body("offer")));
    net.pass(10);
    let callee = net.session(CALLEE);
    net.command(CALLEE, ring(callee));
    net.pass(1000);
    net.command(CALLER, Command::Cancel { session, reason: None });
    net.command(CALLEE, accept(callee));
    net.pass(500);
    assert_eq!(net.names(CALLER), ["Progress 180", "Refused 487"]);
    assert_eq!(net.names(CALLEE), ["Invite", "Acked ", "Ended Bye"]);
    assert!(net.steps().contains(&"-> BYE".to_owned()));
    net.assert_nothing_is_left();
}

#[test]
fn a_cancel_of_an_answered_call_is_a_bye_and_is_still_refused_once() {
    let mut net = Net::new(FAIR, 1);
    let (session, _) = established(&mut net);
    net.command(CALLER, Command::Cancel { session, reason: None });
    net.pass(500);
    assert_eq!(net.names(CALLER), ["Refused 487"]);
    assert_eq!(net.names(CALLEE), ["Ended Bye"]);
    net.assert_nothing_is_left();
}

#[test]
fn a_lost_ack_ends_the_call_after_64_t1() {
    let mut net = Net::new(FAIR, 1);
    net.lose = Some(|_, text| text.starts_with("ACK"));
    net.call(Some(body("offer")));
    net.run(31_000, &mut willing);
    assert_eq!(net.names(CALLEE), ["Invite"]);
    let again = net
        .steps()
        .iter()
        .filter(|step| step.as_str() == "<- 200 INVITE")
        .count();
    assert_eq!(again, 10, "at 0, 0.5, 1.5, 3.5, then every 4 s");
    net.pass(2000);
    assert_eq!(net.names(CALLEE), ["Invite", "Ended AckLost"]);
    assert_eq!(net.names(CALLER), ["Progress 180", "Answered", "Ended Bye"]);
    net.assert_nothing_is_left();
}

#[test]
fn a_callee_that_hangs_up_before_the_ack_says_bye_after_it() {
    let mut net = Net::new(FAIR, 1);
    net.call(Some(body("offer")));
    net.pass(10);
    let callee = net.session(CALLEE);
    net.command(CALLEE, accept(callee));
    net.command(CALLEE, bye(callee));
    assert_eq!(net.steps(), ["-> INVITE", "<- 200 INVITE"]);
    net.pass(100);
    assert_eq!(net.steps()[2..], ["-> ACK", "<- BYE", "-> 200 BYE"]);
    assert_eq!(net.names(CALLEE), ["Invite"], "no event follows");
    assert_eq!(net.names(CALLER), ["Answered", "Ended Bye"]);
    net.assert_nothing_is_left();
}

#[test]
fn a_request_inside_the_dialog_reaches_the_owner_and_its_answer_comes_back() {
    let mut net = Net::new(FAIR, 1);
    let (session, callee) = established(&mut net);
    let info = |session, token| Command::SendInDialog {
        session,
        token,
        method: "INFO".into(),
        headers: Vec::new(),
        body: Some(body("Signal=5")),
    };
    net.command(CALLER, info(session, 7));
    net.command(CALLEE, info(callee, 8));
    net.run(500, &mut willing);
    assert_eq!(net.names(CALLER), ["InDialog INFO", "InDialogResult 7 200"]);
    assert_eq!(net.names(CALLEE), ["InDialog INFO", "InDialogResult 8 200"]);
    let options = Command::SendInDialog {
        session,
        token: 9,
        method: "OPTIONS".into(),
        headers: Vec::new(),
        body: None,
    };
    net.events.clear();
    net.command(CALLER, options);
    net.pass(500);
    assert_eq!(net.names(CALLER), ["InDialogResult 9 200"], "answered inside");
    assert!(net.names(CALLEE).is_empty());
    net.command(CALLER, bye(session));
    net.assert_nothing_is_left();
}

#[test]
fn a_peer_that_does_not_answer_inside_the_dialog_is_gone() {
    let mut net = Net::new(FAIR, 1);
    let (session, _) = established(&mut net);
    net.lose = Some(|side, text| side == CALLER && !text.starts_with("BYE"));
    net.command(
        CALLER,
        Command::Reinvite {
            session,
            headers: Vec::new(),
            body: body("hold"),
        },
    );
    net.pass(40_000);
    assert_eq!(net.names(CALLER), ["OfferResult 408", "Ended PeerGone"]);
    assert_eq!(net.names(CALLEE), ["Ended Bye"]);
    net.assert_nothing_is_left();
}

#[test]
fn a_challenged_invite_comes_again_in_the_same_call_id_with_the_next_cseq() {
    let mut net = Net::new(FAIR, 1);
    net.call(Some(body("offer")));
    net.run(100, &mut |net, side, event| {
        if let Event::Invite { session, request, .. } = event {
            let known = request.header(crate::wire::HeaderName::Authorization).is_some();
            let refuse = Command::Refuse {
                session: *session,
                reply: reply(401),
            };
            net.command(side, if known { accept(*session) } else { refuse });
        } else if let Event::Refused { response, .. } = event {
            let again = net.ends[CALLER].new_session();
            let mut invite = invite(again, net.flow(CALLER), Some(body("offer")));
            invite.after = response.clone();
            invite
                .headers
                .push(("Authorization".into(), "Digest username=\"101\"".to_owned()));
            net.command(side, Command::Invite(Box::new(invite)));
        }
    });
    assert_eq!(net.names(CALLER), ["Refused 401", "Answered"]);
    let request = |event: &Event| {
        if let Event::Invite { request, .. } = event {
            Some(request.clone())
        } else {
            None
        }
    };
    let requests: Vec<_> = net.events.iter().filter_map(|(_, event)| request(event)).collect();
    let [first, second] = requests.as_slice() else {
        panic!("{requests:?}")
    };
    assert_eq!(first.call_id(), second.call_id());
    assert_eq!(first.from_tag(), second.from_tag());
    assert_eq!([first.cseq().unwrap().0, second.cseq().unwrap().0], [1, 2]);
    let answered = net
        .events
        .iter()
        .rev()
        .find_map(|(side, event)| event.session().filter(|_| *side == CALLER));
    net.command(CALLER, bye(answered.unwrap()));
    net.assert_nothing_is_left();
}

#[test]
fn a_request_outside_dialogs_is_answered_or_times_out() {
    let mut net = Net::new(FAIR, 1);
    let register = |net: &Net, token| {
        Command::Request(Box::new(Request {
            token,
            flow: net.flow(CALLER),
            method: "REGISTER".into(),
            request_uri: "sip:pbx.example".to_owned(),
            route: Vec::new(),
            from: party("sip:101@pbx.example"),
            to: party("sip:101@pbx.example"),
            max_forwards: 70,
            headers: vec![("Contact".into(), "<sip:101@192.0.2.1>".to_owned())],
            body: None,
            after: None,
            credentials: None,
        }))
    };
    let command = register(&net, 4);
    net.command(CALLER, command);
    net.run(1000, &mut |net, side, event| {
        if let Event::Request { transaction, .. } = event {
            net.command(
                side,
                Command::Respond {
                    transaction: *transaction,
                    reply: reply(200),
                },
            );
        }
    });
    assert_eq!(net.names(CALLER), ["Response 200"]);
    net.lose = Some(|_, _| true);
    let command = register(&net, 5);
    net.command(CALLER, command);
    net.run_to(Duration::from_secs(40), &mut |_, _, _| {});
    assert_eq!(net.names(CALLER), ["Response 200", "Response 408"]);
    net.assert_nothing_is_left();
}
