//! Late offers, re-INVITEs and their meetings.

use super::net::{CALLEE, CALLER, FAIR, Net, accept, body, bye, established, invite, reply, willing};
use crate::command::Command;
use crate::event::Event;

#[test]
fn a_late_offer_is_answered_in_the_ack() {
    let mut net = Net::new(FAIR, 1);
    let session = net.call(None);
    net.run(600, &mut willing);
    assert_eq!(net.names(CALLER), ["Progress 180", "Answered"]);
    assert!(!net.steps().contains(&"-> ACK".to_owned()));
    net.command(
        CALLER,
        Command::AnswerOffer {
            session,
            body: body("late answer"),
        },
    );
    net.pass(100);
    assert_eq!(net.names(CALLEE), ["Invite", "Acked late answer"]);
    net.command(CALLER, bye(session));
    net.assert_nothing_is_left();
}

#[test]
fn a_late_offer_that_does_not_fit_is_acknowledged_and_hung_up() {
    let mut net = Net::new(FAIR, 1);
    let session = net.call(None);
    net.run(100, &mut willing);
    net.command(
        CALLER,
        Command::RefuseOffer {
            session,
            reply: reply(488),
        },
    );
    net.pass(100);
    assert_eq!(net.names(CALLEE), ["Invite", "Acked ", "Ended Bye"]);
    net.assert_nothing_is_left();
}

/// Calls with two offers and refuses the first one with `status`; what the caller hears, and the bodies that it sent.
fn refused_with(status: u16, second: bool, then: Option<u16>) -> (Net, Vec<String>, Vec<String>) {
    let mut net = Net::new(FAIR, 1);
    let session = net.ends[CALLER].new_session();
    let mut first = invite(session, net.flow(CALLER), Some(body("first")));
    first.second = second.then(|| body("second"));
    net.command(CALLER, Command::Invite(Box::new(first)));
    let mut seen = Vec::new();
    net.run(3000, &mut |net, side, event| {
        let Event::Invite { session, request, .. } = event else {
            return;
        };
        seen.push(String::from_utf8_lossy(request.body()).into_owned());
        let status = if seen.len() == 1 { Some(status) } else { then };
        let command = match status {
            Some(status) => Command::Refuse {
                session: *session,
                reply: reply(status),
            },
            None => accept(*session),
        };
        net.command(side, command);
    });
    let names = net.names(CALLER);
    (net, names, seen)
}

#[test]
fn an_offer_that_is_refused_is_made_once_more_in_its_second_form() {
    for status in [415, 488, 606] {
        let (mut net, names, seen) = refused_with(status, true, None);
        assert_eq!(names, ["SecondOffer", "Answered"], "{status}");
        assert_eq!(seen, ["first", "second"]);
        let texts: Vec<String> = net
            .spoken
            .iter()
            .map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned())
            .filter(|text| text.starts_with("INVITE"))
            .collect();
        let line = |text: &str, name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        for name in ["Call-ID", "From", "Contact"] {
            assert_eq!(line(&texts[0], name), line(&texts[1], name));
        }
        assert_eq!(line(&texts[1], "CSeq"), "CSeq: 2 INVITE");
        assert_eq!(line(&texts[1], "Content-Length"), "Content-Length: 6");
        net.command(CALLER, bye(net.session(CALLER)));
        net.assert_nothing_is_left();
    }
}

#[test]
fn a_second_offer_is_the_last_and_other_refusals_ask_for_none() {
    let check = |status, second, then, expected: &[&str]| {
        let (mut net, names, _) = refused_with(status, second, then);
        assert_eq!(names, expected, "{status}");
        net.assert_nothing_is_left();
    };
    check(488, true, Some(488), &["SecondOffer", "Refused 488"]);
    check(488, true, Some(486), &["SecondOffer", "Refused 486"]);
    check(488, false, None, &["Refused 488"]);
    check(486, true, None, &["Refused 486"]);
    check(603, true, None, &["Refused 603"]);
}

#[test]
fn a_call_that_was_given_up_makes_no_second_offer() {
    let mut net = Net::new(FAIR, 1);
    let session = net.ends[CALLER].new_session();
    let mut first = invite(session, net.flow(CALLER), Some(body("first")));
    first.second = Some(body("second"));
    net.command(CALLER, Command::Invite(Box::new(first)));
    net.run(100, &mut |net, side, event| {
        if let Event::Invite { session: called, .. } = event {
            net.command(CALLER, Command::Cancel { session, reason: None });
            let (session, reply) = (*called, reply(488));
            net.command(side, Command::Refuse { session, reply });
        }
    });
    assert_eq!(net.names(CALLEE), ["Invite"]);
    assert_eq!(net.names(CALLER), ["Refused 488"]);
    net.assert_nothing_is_left();
}

#[test]
fn a_reinvite_is_offered_answered_and_acknowledged_from_either_side() {
    let mut net = Net::new(FAIR, 1);
    let (caller, callee) = established(&mut net);
    for (side, session) in [(CALLER, caller), (CALLEE, callee)] {
        net.events.clear();
        let headers = Vec::new();
        net.command(
            side,
            Command::Reinvite {
                session,
                headers,
                body: body("hold"),
            },
        );
        net.run(500, &mut willing);
        assert_eq!(net.names(side), ["OfferResult 200"]);
        assert_eq!(net.names(1 - side), ["Offer INVITE"]);
    }
    net.events.clear();
    net.command(
        CALLEE,
        Command::Reinvite {
            session: callee,
            headers: Vec::new(),
            body: body("video"),
        },
    );
    net.run(500, &mut |net, side, event| {
        if let Event::Offer { session, .. } = event {
            net.command(
                side,
                Command::RefuseOffer {
                    session: *session,
                    reply: reply(488),
                },
            );
        }
    });
    assert_eq!(net.names(CALLEE), ["OfferResult 488"], "and the call goes on");
    net.command(CALLEE, bye(callee));
    net.assert_nothing_is_left();
}

#[test]
fn crossed_reinvites_get_491_and_both_come_through_later() {
    let mut net = Net::new(FAIR, 3);
    let (caller, callee) = established(&mut net);
    for (side, session) in [(CALLER, caller), (CALLEE, callee)] {
        net.command(
            side,
            Command::Reinvite {
                session,
                headers: Vec::new(),
                body: body("hold"),
            },
        );
    }
    net.run(20, &mut willing);
    let glare = net.steps().iter().filter(|step| step.contains("491")).count();
    assert_eq!(glare, 2, "{:?}", net.steps());
    net.run(10_000, &mut willing);
    for side in [CALLER, CALLEE] {
        assert_eq!(
            net.names(side).iter().filter(|name| *name == "OfferResult 200").count(),
            1
        );
        assert_eq!(net.names(side).iter().filter(|name| *name == "Offer INVITE").count(), 1);
    }
    net.command(CALLEE, bye(callee));
    net.assert_nothing_is_left();
}

#[test]
fn a_reinvite_waits_for_the_one_before_it() {
    let mut net = Net::new(FAIR, 1);
    let (session, _) = established(&mut net);
    for _ in 0..2 {
        net.command(
            CALLER,
            Command::Reinvite {
                session,
                headers: Vec::new(),
                body: body("hold"),
            },
        );
    }
    net.run(1000, &mut willing);
    assert_eq!(net.names(CALLER), ["OfferResult 200", "OfferResult 200"]);
    let once = ["-> INVITE", "<- 200 INVITE", "-> ACK"];
    assert_eq!(net.steps(), [once, once].concat());
    net.command(CALLER, bye(session));
    net.assert_nothing_is_left();
}
