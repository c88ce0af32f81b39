//! Calls over a net that loses, doubles and reorders: whatever happens, both sides hear one end and nothing is left.

use super::net::{CALLEE, CALLER, Net, Weather, accept, body, bye, name, ring, willing};
use crate::command::Command;
use crate::event::{Event, SessionId};

const WEATHERS: [Weather; 5] = [
    Weather {
        loss: 0,
        double: 0,
        delay: 1,
    },
    Weather {
        loss: 0,
        double: 50,
        delay: 900,
    },
    Weather {
        loss: 5,
        double: 5,
        delay: 100,
    },
    Weather {
        loss: 20,
        double: 0,
        delay: 50,
    },
    Weather {
        loss: 20,
        double: 20,
        delay: 700,
    },
];

fn ends(net: &Net, side: usize, session: SessionId) -> Vec<String> {
    let of_it = net
        .events
        .iter()
        .filter(|(at, event)| *at == side && event.session() == Some(session));
    let last = of_it.filter(|(_, event)| {
        matches!(
            event,
            Event::Ended { .. } | Event::Refused { .. } | Event::Cancelled { .. }
        )
    });
    last.map(|(_, event)| name(event)).collect()
}

fn in_all_weathers(check: fn(&mut Net)) {
    for weather in WEATHERS {
        for seed in 0..40 {
            let mut net = Net::new(weather, seed);
            check(&mut net);
            net.assert_nothing_is_left();
        }
    }
}

fn invited(event: &Event) -> Option<SessionId> {
    if let Event::Invite { session, .. } = event {
        Some(*session)
    } else {
        None
    }
}

fn only_invite(net: &Net) -> SessionId {
    let sessions: Vec<SessionId> = net.events.iter().filter_map(|(_, event)| invited(event)).collect();
    let [session] = sessions.as_slice() else {
        panic!("one INVITE is one call: {sessions:?}")
    };
    *session
}

#[test]
fn every_call_is_answered_once_and_hung_up_once() {
    in_all_weathers(|net| {
        let session = net.call(Some(body("offer")));
        net.run(60_000, &mut willing);
        let answered = net.names(CALLER).iter().filter(|name| *name == "Answered").count();
        assert_eq!(answered, 1, "{:?}", net.steps());
        let callee = only_invite(net);
        assert_eq!(ends(net, CALLEE, callee), Vec::<String>::new());
        net.command(CALLER, bye(session));
        net.pass(120_000);
        assert_eq!(ends(net, CALLEE, callee), ["Ended Bye"], "{:?}", net.steps());
        assert_eq!(ends(net, CALLER, session), Vec::<String>::new());
    });
}

#[test]
fn a_cancel_at_any_moment_ends_both_sides_once() {
    for after in [0, 1, 150, 200, 250, 999, 1000, 1001, 1010, 1400] {
        for seed in 0..20 {
            for weather in WEATHERS {
                let mut net = Net::new(weather, seed);
                let session = net.call(Some(body("offer")));
                net.run(after, &mut |net, side, event| {
                    if let Event::Invite { session, .. } = event {
                        net.command(side, ring(*session));
                    }
                });
                let callee = net.events.iter().find_map(|(_, event)| invited(event));
                net.command(CALLER, Command::Cancel { session, reason: None });
                if let Some(callee) = callee {
                    net.command(CALLEE, accept(callee));
                }
                net.run(150_000, &mut |net, side, event| {
                    if let Event::Invite { session, .. } = event {
                        net.command(side, accept(*session));
                    }
                });
                assert_eq!(ends(&net, CALLER, session), ["Refused 487"], "{:?}", net.steps());
                let callees = net
                    .events
                    .iter()
                    .filter(|(_, event)| matches!(event, Event::Invite { .. }))
                    .count();
                let over = net.events.iter().filter(|(side, event)| {
                    *side == CALLEE && matches!(event, Event::Ended { .. } | Event::Cancelled { .. })
                });
                assert_eq!(callees, over.count(), "{after} {seed} {weather:?} {:?}", net.steps());
                net.assert_nothing_is_left();
            }
        }
    }
}

#[test]
fn a_refusal_arrives_once() {
    in_all_weathers(|net| {
        let session = net.call(Some(body("offer")));
        net.run(120_000, &mut |net, side, event| {
            if let Event::Invite { session, .. } = event {
                let reply = super::net::reply(486);
                net.command(
                    side,
                    Command::Refuse {
                        session: *session,
                        reply,
                    },
                );
            }
        });
        only_invite(net);
        assert_eq!(ends(net, CALLER, session), ["Refused 486"], "{:?}", net.steps());
    });
}

#[test]
fn crossed_reinvites_are_each_answered_once() {
    in_all_weathers(|net| {
        let caller = net.call(Some(body("offer")));
        net.run(60_000, &mut willing);
        let callee = only_invite(net);
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
        net.run(150_000, &mut willing);
        for side in [CALLER, CALLEE] {
            let results = net
                .names(side)
                .iter()
                .filter(|name| name.starts_with("OfferResult"))
                .count();
            let over = net.names(side).iter().any(|name| name.starts_with("Ended"));
            assert!(results == 1 || over, "{:?} {:?}", net.names(side), net.steps());
        }
        net.command(CALLEE, bye(callee));
        net.command(CALLER, bye(caller));
    });
}

#[test]
fn a_late_offer_is_answered_once() {
    in_all_weathers(|net| {
        let caller = net.call(None);
        net.run(100_000, &mut |net, side, event| {
            willing(net, side, event);
            if let Event::Answered { session, .. } = event {
                net.command(
                    side,
                    Command::AnswerOffer {
                        session: *session,
                        body: body("late"),
                    },
                );
            }
        });
        let acked = net.names(CALLEE).iter().filter(|name| *name == "Acked late").count();
        let callee = only_invite(net);
        assert!(
            acked == 1 || ends(net, CALLEE, callee) == ["Ended AckLost"],
            "{:?}",
            net.steps()
        );
        net.command(CALLER, bye(caller));
    });
}
