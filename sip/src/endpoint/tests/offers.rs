//! Late offers, re-INVITEs and their meetings.

use super::net::{CALLEE, CALLER, FAIR, Net, body, bye, established, reply, willing};
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
