//! UPDATE before the INVITE has its final response.

use super::net::{CALLEE, CALLER, FAIR, Net, accept, body, bye, name};
use crate::command::{Body, Command};
use crate::event::{Event, SessionId};

fn progress(session: SessionId, body: Option<Body>) -> Command {
    Command::Ring {
        session,
        status: 183,
        headers: Vec::new(),
        body,
    }
}

fn reinvite(session: SessionId) -> Command {
    Command::Reinvite {
        session,
        headers: Vec::new(),
        body: body("new offer"),
    }
}

fn answers(net: &mut Net, side: usize, event: &Event) {
    if let Event::Offer { session, .. } = event {
        let answer = Command::AnswerOffer {
            session: *session,
            body: body("new answer"),
        };
        net.command(side, answer);
    }
}

/// A call whose media is agreed on before it is answered.
fn early(net: &mut Net) -> (SessionId, SessionId) {
    let caller = net.call(Some(body("offer")));
    net.pass(10);
    let callee = net.session(CALLEE);
    net.command(CALLEE, progress(callee, Some(body("early"))));
    net.pass(100);
    net.events.clear();
    net.ladder.clear();
    (caller, callee)
}

#[test]
fn either_side_offers_anew_before_the_answer() {
    for side in [CALLER, CALLEE] {
        let mut net = Net::new(FAIR, 1);
        let (caller, callee) = early(&mut net);
        net.command(side, reinvite([caller, callee][side]));
        net.run(100, &mut answers);
        assert_eq!(net.names(side), ["OfferResult 200"]);
        assert_eq!(net.names(1 - side), ["Offer UPDATE"]);
        net.command(CALLEE, accept(callee));
        net.run(100, &mut answers);
        assert!(net.names(CALLER).contains(&"Answered".to_owned()));
        net.command(CALLER, bye(caller));
        net.assert_nothing_is_left();
    }
}

#[test]
fn crossed_early_offers_are_491_and_come_through_later() {
    let mut net = Net::new(FAIR, 5);
    let (caller, callee) = early(&mut net);
    net.command(CALLER, reinvite(caller));
    net.command(CALLEE, reinvite(callee));
    net.run(20, &mut answers);
    assert_eq!(
        net.steps().iter().filter(|step| step.contains("491")).count(),
        2,
        "{:?}",
        net.steps()
    );
    net.run(10_000, &mut answers);
    for side in [CALLER, CALLEE] {
        assert!(
            net.names(side).contains(&"OfferResult 200".to_owned()),
            "{:?}",
            net.names(side)
        );
    }
    net.command(
        CALLER,
        Command::Cancel {
            session: caller,
            reason: None,
        },
    );
    net.assert_nothing_is_left();
}

#[test]
fn an_offer_waits_for_the_answer_when_nothing_is_agreed_yet() {
    let mut net = Net::new(FAIR, 1);
    let caller = net.call(Some(body("offer")));
    net.pass(10);
    let callee = net.session(CALLEE);
    net.command(CALLEE, progress(callee, None));
    net.command(CALLER, reinvite(caller));
    net.run(100, &mut answers);
    assert_eq!(net.names(CALLER), ["Progress 183"]);
    net.command(CALLEE, accept(callee));
    net.run(1_000, &mut answers);
    assert_eq!(net.names(CALLER), ["Progress 183", "Answered", "OfferResult 200"]);
    assert_eq!(net.names(CALLEE), ["Invite", "Acked ", "Offer INVITE"]);
    net.command(CALLER, bye(caller));
    net.assert_nothing_is_left();
}

#[test]
fn a_caller_that_gives_up_leaves_no_early_offer_behind() {
    let mut net = Net::new(FAIR, 1);
    let (caller, _) = early(&mut net);
    net.command(CALLER, reinvite(caller));
    net.pass(50);
    assert_eq!(net.names(CALLEE), ["Offer UPDATE"], "and nobody answers it");
    net.command(
        CALLER,
        Command::Cancel {
            session: caller,
            reason: None,
        },
    );
    net.pass(500);
    let last: Vec<String> = net.events.iter().map(|(_, event)| name(event)).collect();
    assert!(
        last.contains(&"Refused 487".to_owned()) && last.contains(&"Cancelled".to_owned()),
        "{last:?}"
    );
    assert!(net.steps().contains(&"<- 487 UPDATE".to_owned()), "{:?}", net.steps());
    net.assert_nothing_is_left();
}
