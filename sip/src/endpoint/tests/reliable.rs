//! Reliable provisional responses and their PRACKs, from both sides.

use super::net::{CALLEE, CALLER, FAIR, Net, Weather, accept, body, bye, reply, willing};
use super::script::{Script, field, request, texts};
use crate::command::{Body, Command};
use crate::event::{EndedBy, Event, SessionId};

fn progress(session: SessionId, status: u16, body: Option<Body>) -> Command {
    Command::Ring {
        session,
        status,
        headers: Vec::new(),
        body,
    }
}

/// A call to a callee that describes its media before it answers.
fn early(net: &mut Net) -> (SessionId, SessionId) {
    let caller = net.call(Some(body("offer")));
    net.pass(10);
    let callee = net.session(CALLEE);
    net.command(CALLEE, progress(callee, 183, Some(body("early answer"))));
    (caller, callee)
}

/// The peer's INVITE with these fields; gives our session.
fn invited(script: &mut Script, extra: &str) -> SessionId {
    script.give(&request("INVITE", "z9hG4bK1", extra));
    let Event::Invite { session, .. } = script.event() else {
        panic!()
    };
    session
}

fn offering(text: &str) -> String {
    text.replace(
        "Content-Length: 0\n\n",
        "Content-Type: application/sdp\nContent-Length: 5\n\noffer",
    )
}

fn invited_with_offer(script: &mut Script, extra: &str) -> SessionId {
    script.give(&offering(&request("INVITE", "z9hG4bK1", extra)));
    let Event::Invite { session, .. } = script.event() else {
        panic!()
    };
    session
}

fn inside(method: &str, number: u32, response: &str, extra: &str) -> String {
    request(method, &format!("z9hG4bKin{number}"), extra)
        .replace(
            "To: <sip:102@pbx.example>",
            &format!("To: {}", field(response, "To").unwrap()),
        )
        .replace("CSeq: 1 ", &format!("CSeq: {number} "))
}

fn prack(number: u32, response: &str, rack: &str) -> String {
    inside("PRACK", number, response, &format!("RAck: {rack}\n"))
}

fn rack(response: &str) -> String {
    format!("{} 1 INVITE", field(response, "RSeq").unwrap())
}

#[test]
fn a_described_provisional_response_is_acknowledged_and_the_200_has_no_second_answer() {
    let mut net = Net::new(FAIR, 1);
    let (caller, callee) = early(&mut net);
    net.pass(50);
    assert_eq!(net.steps(), ["-> INVITE", "<- 183 INVITE", "-> PRACK", "<- 200 PRACK"]);
    net.command(CALLEE, accept(callee));
    net.pass(50);
    assert_eq!(net.names(CALLER), ["Progress 183", "Answered"]);
    let answered = net
        .events
        .iter()
        .find(|(_, event)| matches!(event, Event::Answered { .. }));
    let Some((_, Event::Answered { response, .. })) = answered else {
        panic!()
    };
    assert!(response.body().is_empty());
    assert_eq!(net.ends[CALLER].early_answer(caller).unwrap(), "early answer");
    net.command(CALLER, bye(caller));
    net.assert_nothing_is_left();
}

#[test]
fn what_is_settled_before_the_answer_is_not_described_again() {
    let mut net = Net::new(FAIR, 1);
    let (caller, callee) = early(&mut net);
    net.pass(50);
    net.command(CALLEE, progress(callee, 180, None));
    net.command(CALLEE, progress(callee, 183, Some(body("early answer"))));
    net.pass(50);
    assert_eq!(net.names(CALLER), ["Progress 183", "Progress 180", "Progress 183"]);
    let bodies = net.events.iter().filter_map(|(_, event)| match event {
        Event::Progress { response, .. } => Some(response.body().len()),
        Event::Request { .. }
        | Event::Invite { .. }
        | Event::Cancelled { .. }
        | Event::Answered { .. }
        | Event::SecondOffer { .. }
        | Event::Refused { .. }
        | Event::Acked { .. }
        | Event::Offer { .. }
        | Event::OfferResult { .. }
        | Event::InDialog { .. }
        | Event::Response { .. }
        | Event::InDialogResult { .. }
        | Event::Ended { .. }
        | Event::Subscribe { .. }
        | Event::SubscriptionRefreshed { .. }
        | Event::SubscriptionEnded { .. }
        | Event::FlowLeft { .. } => None,
    });
    assert_eq!(bodies.collect::<Vec<_>>(), ["early answer".len(), 0, 0]);
    net.command(CALLEE, accept(callee));
    net.pass(50);
    net.command(CALLER, bye(caller));
    net.assert_nothing_is_left();
}

#[test]
fn an_accept_waits_for_the_prack_of_a_description() {
    let mut net = Net::new(FAIR, 1);
    net.lose = Some(|_, text| text.starts_with("PRACK"));
    let (caller, callee) = early(&mut net);
    net.command(CALLEE, accept(callee));
    net.pass(700);
    assert!(!net.steps().contains(&"<- 200 INVITE".to_owned()), "{:?}", net.steps());
    net.lose = None;
    net.pass(1000);
    let ladder = net.steps();
    let place = |step: &str| ladder.iter().rposition(|line| line == step).unwrap();
    assert!(place("<- 200 PRACK") < place("<- 200 INVITE"), "{ladder:?}");
    assert_eq!(
        net.names(CALLER),
        ["Progress 183", "Answered"],
        "repetitions are not told"
    );
    assert_eq!(net.names(CALLEE), ["Invite", "Acked "]);
    net.command(CALLER, bye(caller));
    net.assert_nothing_is_left();
}

#[test]
fn responses_wait_for_the_prack_of_the_one_before() {
    let mut net = Net::new(FAIR, 1);
    let (caller, callee) = early(&mut net);
    for number in 0..9 {
        net.command(CALLEE, progress(callee, 183, (number < 2).then(|| body("again"))));
    }
    net.pass(1);
    assert_eq!(
        net.steps().iter().filter(|step| *step == "<- 183 INVITE").count(),
        8,
        "undescribed ones are not held"
    );
    net.pass(500);
    let pracks = net.steps().iter().filter(|step| *step == "-> PRACK").count();
    assert_eq!(pracks, 3);
    net.command(
        CALLER,
        Command::Cancel {
            session: caller,
            reason: None,
        },
    );
    net.pass(500);
    assert_eq!(net.names(CALLER).last().unwrap(), "Refused 487");
    assert_eq!(net.names(CALLEE), ["Invite", "Cancelled"]);
    net.assert_nothing_is_left();
}

#[test]
fn without_a_prack_the_invite_is_refused_after_64_t1() {
    let mut script = Script::new();
    let session = invited_with_offer(&mut script, "Require: 100rel\n");
    let first = texts(script.command(progress(session, 180, None)));
    assert_eq!(field(&first[0], "Require"), Some("100rel"));
    let again = texts(script.pass(31_900));
    assert_eq!(again.len(), 6, "at 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s");
    assert!(again.iter().all(|text| text == &first[0]));
    let last = texts(script.pass(200));
    assert!(last[0].starts_with("SIP/2.0 504 "), "{last:?}");
    assert!(matches!(script.event(), Event::Cancelled { .. }));
    script.assert_nothing_is_left();
}

#[test]
fn an_accepted_call_whose_prack_never_comes_ends() {
    let mut script = Script::new();
    let session = invited_with_offer(&mut script, "Supported: 100rel\n");
    script.command(progress(session, 183, Some(body("early"))));
    assert!(script.command(accept(session)).is_empty());
    assert!(
        script.command(progress(session, 180, None)).len() == 1,
        "not reliable, so at once"
    );
    script.pass(40_000);
    assert!(matches!(
        script.event(),
        Event::Ended {
            by: EndedBy::AckLost,
            ..
        }
    ));
    script.assert_nothing_is_left();
}

#[test]
fn a_prack_is_matched_by_its_rack_once() {
    let mut script = Script::new();
    let session = invited_with_offer(&mut script, "Require: 100rel\n");
    let ringing = texts(script.command(progress(session, 180, None))).remove(0);
    let rseq: u32 = field(&ringing, "RSeq").unwrap().parse().unwrap();
    let wrong = [
        format!("{} 1 INVITE", rseq + 1),
        format!("{rseq} 2 INVITE"),
        "x".to_owned(),
    ];
    for (number, rack) in (2..).zip(&wrong) {
        let sent = texts(script.give(&prack(number, &ringing, rack)));
        assert!(sent[0].starts_with("SIP/2.0 481 "), "{rack}");
    }
    let good = prack(5, &ringing, &rack(&ringing));
    let sent = texts(script.give(&good));
    assert!(sent[0].starts_with("SIP/2.0 200 "), "{sent:?}");
    assert_eq!(texts(script.give(&good)), sent, "a repeated PRACK gets the same");
    let second = prack(6, &ringing, &rack(&ringing));
    assert!(texts(script.give(&second))[0].starts_with("SIP/2.0 481 "));
    let next = texts(script.command(progress(session, 183, None))).remove(0);
    assert_eq!(field(&next, "RSeq").unwrap(), (rseq + 1).to_string());
    let reply = reply(486);
    script.command(Command::Refuse { session, reply });
}

#[test]
fn whoever_knows_nothing_of_it_gets_plain_responses() {
    let mut script = Script::new();
    let session = invited_with_offer(&mut script, "");
    let sent = texts(script.command(progress(session, 183, Some(body("early")))));
    assert_eq!((field(&sent[0], "RSeq"), field(&sent[0], "Require")), (None, None));
    let mut script = Script::new();
    let session = invited_with_offer(&mut script, "Supported: 100rel\n");
    let sent = texts(script.command(progress(session, 180, None)));
    assert_eq!(field(&sent[0], "RSeq"), None, "nothing in it that must not be lost");
}

#[test]
fn an_invite_without_an_offer_gets_ours_reliably_and_the_prack_answers() {
    let mut script = Script::new();
    let session = invited(&mut script, "Require: 100rel\n");
    assert!(
        script.command(progress(session, 180, None)).is_empty(),
        "there is no offer to go with it"
    );
    let sent = texts(script.command(progress(session, 183, Some(body("our offer")))));
    let answer = offering(&prack(2, &sent[0], &rack(&sent[0])));
    assert!(texts(script.give(&answer))[0].starts_with("SIP/2.0 200 "));
    let Event::Acked { body, .. } = script.event() else {
        panic!()
    };
    assert_eq!(body, "offer");
    let ok = texts(script.command(accept(session)));
    assert_eq!(field(&ok[0], "Content-Length"), Some("0"));
}

#[test]
fn an_offer_in_a_prack_is_answered_by_the_owner() {
    let mut script = Script::new();
    let session = invited_with_offer(&mut script, "Supported: 100rel\n");
    let sent = texts(script.command(progress(session, 183, Some(body("early")))));
    let offer = offering(&prack(2, &sent[0], &rack(&sent[0])));
    assert!(script.give(&offer).is_empty());
    assert!(matches!(script.event(), Event::Offer { .. }));
    let answer = Command::AnswerOffer {
        session,
        body: body("second answer"),
    };
    let sent = texts(script.command(answer));
    assert!(
        sent[0].starts_with("SIP/2.0 200 ") && sent[0].ends_with("second answer"),
        "{sent:?}"
    );
    assert_eq!(field(&sent[0], "CSeq"), Some("2 PRACK"));
    assert!(texts(script.command(accept(session)))[0].starts_with("SIP/2.0 200 "));
}

#[test]
fn each_branch_counts_its_own_responses_and_late_ones_are_dropped() {
    let mut script = Script::new();
    let session = script.endpoint.new_session();
    let invite = super::net::invite(session, script.flow, Some(body("offer")));
    let sent = texts(script.command(Command::Invite(Box::new(invite)))).remove(0);
    assert!(field(&sent, "Supported").unwrap().contains("100rel"));
    let mut heard = |tag: &str, rseq: u32| {
        let copied =
            ["Via", "From", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\n", field(&sent, name).unwrap()));
        let to = field(&sent, "To").unwrap();
        let text = format!(
            "SIP/2.0 183 Session Progress\n{}To: {to};tag={tag}\nContact: <sip:{tag}@192.0.2.9:5066>\n\
             Require: 100rel\nRSeq: {rseq}\nContent-Length: 0\n\n",
            copied.concat()
        );
        let pracks = texts(script.give(&text));
        let told = script.events().len();
        assert_eq!(pracks.len(), told);
        pracks.first().map(|prack| {
            assert!(prack.starts_with(&format!("PRACK sip:{tag}@")), "{prack}");
            assert!(field(prack, "To").unwrap().ends_with(tag));
            (
                field(prack, "RAck").unwrap().to_owned(),
                field(prack, "CSeq").unwrap().to_owned(),
            )
        })
    };
    let acknowledged = |rack: &str, cseq: &str| Some((rack.to_owned(), cseq.to_owned()));
    assert_eq!(heard("one", 10), acknowledged("10 1 INVITE", "2 PRACK"));
    assert_eq!(heard("two", 900), acknowledged("900 1 INVITE", "3 PRACK"));
    assert_eq!(heard("one", 12), None, "one is missing");
    assert_eq!(heard("one", 10), None, "again");
    assert_eq!(heard("one", 11), acknowledged("11 1 INVITE", "4 PRACK"));
    assert_eq!(heard("two", 901), acknowledged("901 1 INVITE", "5 PRACK"));
}

#[test]
fn an_invite_without_an_offer_does_not_ask_for_them() {
    let mut net = Net::new(FAIR, 1);
    net.call(None);
    let text = String::from_utf8_lossy(&net.spoken[0].1).into_owned();
    assert!(!text.contains("100rel"), "{text}");
    assert!(text.contains("Supported: "), "{text}");
}

#[test]
fn calls_with_reliable_responses_survive_any_weather() {
    for loss in [0, 5, 20] {
        for seed in 0..40 {
            let weather = Weather {
                loss,
                double: loss,
                delay: 1 + u64::from(loss) * 20,
            };
            let mut net = Net::new(weather, seed);
            let caller = net.call(Some(body("offer")));
            net.run(60_000, &mut |net, side, event| {
                if let Event::Invite { session, .. } = event {
                    net.command(side, progress(*session, 183, Some(body("early"))));
                    net.command(side, progress(*session, 183, Some(body("early"))));
                    net.command(side, accept(*session));
                } else {
                    willing(net, side, event);
                }
            });
            let names = net.names(CALLER);
            if names.contains(&"Answered".to_owned()) {
                assert_eq!(names.iter().filter(|name| *name == "Answered").count(), 1);
                assert_eq!(
                    net.ends[CALLER].early_answer(caller).unwrap(),
                    "early",
                    "{:?}",
                    net.steps()
                );
            } else {
                assert!(names.iter().any(|name| name.starts_with("Refused")), "{names:?}");
            }
            net.command(CALLER, bye(caller));
            net.pass(100_000);
            net.assert_nothing_is_left();
        }
    }
}
