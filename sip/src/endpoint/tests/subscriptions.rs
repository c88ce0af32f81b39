//! Subscribers by hand: how long they are told, what of, and what ends it.

use bytes::Bytes;

use super::net::{at, reply};
use super::script::{Script, field, texts};
use crate::command::{Body, Command, SubscriptionState, TerminatedReason};
use crate::endpoint::{Counts, Endpoint, EndpointConfig, Limits};
use crate::event::{Event, SubscriptionId};
use crate::flow::Transport;

/// A SUBSCRIBE; `tag` is ours once there is a dialog.
fn subscribe(cseq: u32, tag: &str, extra: &str) -> String {
    let tag = if tag.is_empty() {
        String::new()
    } else {
        format!(";tag={tag}")
    };
    format!(
        "SUBSCRIBE sip:102@pbx.example SIP/2.0\n\
         Via: SIP/2.0/UDP 192.0.2.9:5066;branch=z9hG4bKs{cseq};rport\n\
         Max-Forwards: 70\n\
         Record-Route: <sip:edge.example;lr>\n\
         From: \"Anna\" <sip:101@pbx.example>;tag=ft\n\
         To: <sip:102@pbx.example>{tag}\n\
         Call-ID: s1\n\
         CSeq: {cseq} SUBSCRIBE\n\
         Contact: <sip:101@192.0.2.9:5066>\n\
         {extra}Content-Length: 0\n\n"
    )
}

fn answer(notify: &str, status: &str, extra: &str) -> String {
    let line = |name: &str| format!("{name}: {}\n", field(notify, name).unwrap());
    let fields: String = ["Via", "From", "To", "Call-ID", "CSeq"].map(line).concat();
    format!("SIP/2.0 {status}\n{fields}{extra}Content-Length: 0\n\n")
}

fn accept(subscription: SubscriptionId) -> Command {
    Command::AcceptSubscription {
        subscription,
        expires: 3600,
        headers: Vec::new(),
    }
}

fn notify(subscription: SubscriptionId, state: SubscriptionState, text: &'static str) -> Command {
    Command::Notify {
        subscription,
        state,
        headers: Vec::new(),
        body: Some(Body {
            content_type: "text/plain".into(),
            bytes: Bytes::from_static(text.as_bytes()),
        }),
    }
}

fn active(subscription: SubscriptionId, text: &'static str) -> Command {
    notify(subscription, SubscriptionState::Active, text)
}

fn tag_of(response: &str) -> String {
    field(response, "To").unwrap().rsplit_once("tag=").unwrap().1.to_owned()
}

/// A subscription that stands and has been told `first`: its id, our tag, the NOTIFY.
fn watching(script: &mut Script, extra: &str) -> (SubscriptionId, String, String) {
    assert!(script.give(&subscribe(1, "", extra)).is_empty());
    let Event::Subscribe { subscription, .. } = script.event() else {
        panic!("no Subscribe");
    };
    let accepted = texts(script.command(accept(subscription)));
    let tag = tag_of(&accepted[0]);
    let told = texts(script.command(active(subscription, "first")));
    (subscription, tag, told[0].clone())
}

fn state(notify: &str) -> &str {
    field(notify, "Subscription-State").unwrap()
}

#[test]
fn a_subscriber_is_accepted_and_told_in_the_dialog_that_it_made() {
    let mut script = Script::new();
    script.give(&subscribe(1, "", "Event: dialog;id=7\nExpires: 600\n"));
    let Event::Subscribe { subscription, .. } = script.event() else {
        panic!("no Subscribe");
    };
    let sent = script.command(accept(subscription));
    let accepted = &sent[0].1;
    assert!(accepted.starts_with("SIP/2.0 200 OK"), "{accepted}");
    assert_eq!(field(accepted, "Expires"), Some("600"));
    assert_eq!(field(accepted, "Contact"), Some("<sip:192.0.2.1:5060>"));
    assert_eq!(field(accepted, "Record-Route"), Some("<sip:edge.example;lr>"));
    let sent = script.command(active(subscription, "first"));
    let told = &sent[0].1;
    assert_eq!(
        sent[0].0.peer.to_string(),
        "192.0.2.9:40000",
        "the route's name is not looked up"
    );
    assert!(told.starts_with("NOTIFY sip:101@192.0.2.9:5066 SIP/2.0"), "{told}");
    assert_eq!(field(told, "Event"), Some("dialog;id=7"));
    assert_eq!(state(told), "active;expires=600");
    assert_eq!(field(told, "Route"), Some("<sip:edge.example;lr>"));
    assert_eq!(field(told, "To"), Some("\"Anna\" <sip:101@pbx.example>;tag=ft"));
    let from = format!("<sip:102@pbx.example>;tag={}", tag_of(accepted));
    assert_eq!(field(told, "From"), Some(&*from));
    assert_eq!(field(told, "Call-ID"), Some("s1"));
    assert_eq!(field(told, "CSeq"), Some("1 NOTIFY"));
    assert_eq!(field(told, "Contact"), Some("<sip:192.0.2.1:5060>"));
    assert!(told.ends_with("\r\n\r\nfirst"), "{told}");
    script.give(&answer(told, "200 OK", ""));
    script.command(notify(
        subscription,
        SubscriptionState::Terminated(TerminatedReason::NoResource),
        "gone",
    ));
    assert_eq!(script.endpoint.counts().subscriptions, 0);
    assert!(script.events().is_empty());
    script.assert_nothing_is_left();
}

#[test]
fn one_notify_is_under_way_and_a_newer_state_replaces_one_that_waits() {
    let mut script = Script::new();
    let (subscription, _, first) = watching(&mut script, "Event: dialog\n");
    assert!(script.command(active(subscription, "second")).is_empty());
    assert!(script.command(active(subscription, "third")).is_empty());
    let next = texts(script.give(&answer(&first, "200 OK", "")));
    assert_eq!(next.len(), 1);
    assert!(next[0].ends_with("third"), "{next:?}");
    assert_eq!(field(&next[0], "CSeq"), Some("2 NOTIFY"));
    assert!(script.give(&answer(&next[0], "200 OK", "")).is_empty());
}

#[test]
fn a_refresh_gets_200_and_prolongs_and_moves_the_target() {
    let mut script = Script::new();
    let (subscription, tag, first) = watching(&mut script, "Event: dialog\nExpires: 60\n");
    script.give(&answer(&first, "200 OK", ""));
    script.pass(50_000);
    let refresh = subscribe(2, &tag, "Event: dialog\nExpires: 120\n").replace(
        "Contact: <sip:101@192.0.2.9:5066>",
        "Contact: <sip:101@192.0.2.9:5077;ob>",
    );
    let sent = texts(script.give(&refresh));
    assert!(sent[0].starts_with("SIP/2.0 200"), "{sent:?}");
    assert_eq!(field(&sent[0], "Expires"), Some("120"));
    assert!(matches!(
        script.event(),
        Event::SubscriptionRefreshed { expires: 120, .. }
    ));
    let told = texts(script.command(active(subscription, "again")));
    assert!(
        told[0].starts_with("NOTIFY sip:101@192.0.2.9:5077;ob SIP/2.0"),
        "{told:?}"
    );
    script.give(&answer(&told[0], "200 OK", ""));
    script.pass(115_000);
    assert!(script.events().is_empty(), "it still lives");
    let sent = texts(script.pass(10_000));
    assert_eq!(state(&sent[0]), "terminated;reason=timeout");
    assert!(matches!(script.event(), Event::SubscriptionEnded { .. }));
    assert!(script.command(active(subscription, "too late")).is_empty());
    script.assert_nothing_is_left();
}

#[test]
fn expires_is_bounded_from_both_sides() {
    let mut script = Script::new();
    let sent = texts(script.give(&subscribe(1, "", "Event: dialog\nExpires: 59\n")));
    assert!(sent[0].starts_with("SIP/2.0 423"), "{sent:?}");
    assert_eq!(field(&sent[0], "Min-Expires"), Some("60"));
    for (extra, granted) in [("Expires: 999999\n", "3600"), ("", "3600"), ("Expires: 60\n", "60")] {
        let mut script = Script::new();
        script.give(&subscribe(1, "", &format!("Event: dialog\n{extra}")));
        let Event::Subscribe { subscription, .. } = script.event() else {
            panic!("no Subscribe");
        };
        let sent = texts(script.command(Command::AcceptSubscription {
            subscription,
            expires: 100_000,
            headers: Vec::new(),
        }));
        assert_eq!(field(&sent[0], "Expires"), Some(granted), "{extra}");
    }
    let mut script = Script::new();
    let (_, tag, _) = watching(&mut script, "Event: dialog\n");
    let sent = texts(script.give(&subscribe(2, &tag, "Event: dialog\nExpires: 1\n")));
    assert!(sent[0].starts_with("SIP/2.0 423"), "{sent:?}");
    assert_eq!(script.endpoint.counts().subscriptions, 1, "it goes on as it was");
}

#[test]
fn zero_fetches_once_or_ends_what_stands() {
    let mut script = Script::new();
    let (subscription, _, told) = watching(&mut script, "Event: dialog\nExpires: 0\n");
    assert_eq!(state(&told), "terminated;reason=timeout");
    assert!(script.command(active(subscription, "more")).is_empty());
    script.give(&answer(&told, "200 OK", ""));
    assert!(script.events().is_empty());
    script.assert_nothing_is_left();

    let mut script = Script::new();
    let (subscription, tag, first) = watching(&mut script, "Event: dialog\n");
    let sent = texts(script.give(&subscribe(2, &tag, "Event: dialog\nExpires: 0\n")));
    assert_eq!(field(&sent[0], "Expires"), Some("0"));
    assert!(matches!(
        script.event(),
        Event::SubscriptionRefreshed { expires: 0, .. }
    ));
    assert!(
        script.command(active(subscription, "last")).is_empty(),
        "the first is under way"
    );
    let last = texts(script.give(&answer(&first, "200 OK", "")));
    assert_eq!(state(&last[0]), "terminated;reason=timeout");
    let late = texts(script.give(&subscribe(3, &tag, "Event: dialog\n")));
    assert!(late[0].starts_with("SIP/2.0 481"), "{late:?}");
    script.assert_nothing_is_left();
    assert!(script.events().is_empty());
}

#[test]
fn a_peer_that_knows_nothing_of_it_is_told_no_more() {
    let check = |status: &str, ends: bool| {
        let mut script = Script::new();
        let (subscription, _, first) = watching(&mut script, "Event: dialog\n");
        script.command(active(subscription, "second"));
        let next = script.give(&answer(&first, status, ""));
        assert_eq!(script.endpoint.counts().subscriptions, usize::from(!ends), "{status}");
        assert_eq!(next.len(), usize::from(!ends), "{status}");
        assert_eq!(script.events().len(), usize::from(ends), "{status}");
    };
    for status in [
        "481 Gone",
        "489 Bad Event",
        "408 Timeout",
        "405 No",
        "404 No",
        "501 No",
        "604 No",
    ] {
        check(status, true);
    }
    for status in ["500 Oops", "503 Later", "401 Unauthorized", "491 Pending"] {
        check(status, false);
    }
    let mut script = Script::new();
    watching(&mut script, "Event: dialog\n");
    script.pass(33_000);
    assert!(
        matches!(script.event(), Event::SubscriptionEnded { .. }),
        "nobody answers"
    );
    script.assert_nothing_is_left();
}

#[test]
fn what_belongs_to_no_subscription_gets_481() {
    let mut script = Script::new();
    let (_, tag, _) = watching(&mut script, "Event: dialog;id=1\n");
    let check = |script: &mut Script, text: String| {
        let sent = texts(script.give(&text));
        assert!(sent[0].starts_with("SIP/2.0 481"), "{text}\n{sent:?}");
        assert!(script.events().is_empty());
    };
    check(&mut script, subscribe(2, "0123456789abcdef", "Event: dialog;id=1\n"));
    check(
        &mut script,
        subscribe(3, &tag, "Event: dialog;id=1\n").replace("Call-ID: s1", "Call-ID: s2"),
    );
    check(
        &mut script,
        subscribe(4, &tag, "Event: dialog;id=1\n").replace("tag=ft", "tag=other"),
    );
    check(&mut script, subscribe(5, &tag, "Event: dialog\n"));
    check(&mut script, subscribe(6, &tag, "Event: presence;id=1\n"));
    check(&mut script, subscribe(7, &tag, ""));
    check(&mut script, subscribe(8, &tag, "").replace("SUBSCRIBE", "BYE"));
    check(&mut script, subscribe(9, &tag, "").replace("SUBSCRIBE", "INVITE"));
    let options = texts(script.give(&subscribe(10, &tag, "").replace("SUBSCRIBE", "OPTIONS")));
    assert!(options[0].starts_with("SIP/2.0 200"), "{options:?}");
    let old = texts(script.give(&subscribe(2, &tag, "Event: dialog;id=1\n").replace("z9hG4bKs2", "z9hG4bKx")));
    assert!(old[0].starts_with("SIP/2.0 500"), "out of order: {old:?}");
    assert_eq!(script.endpoint.counts().subscriptions, 1);
}

#[test]
fn a_malformed_event_gets_400_and_a_missing_one_is_the_owners_to_refuse() {
    let mut script = Script::new();
    let sent = texts(script.give(&subscribe(1, "", "Event: a b\n")));
    assert!(sent[0].starts_with("SIP/2.0 400 Malformed Event"), "{sent:?}");
    script.give(&subscribe(2, "", ""));
    let Event::Subscribe { subscription, .. } = script.event() else {
        panic!("no Subscribe");
    };
    let refuse = Command::RefuseSubscription {
        subscription,
        reply: reply(489),
    };
    let sent = texts(script.command(refuse));
    assert!(sent[0].starts_with("SIP/2.0 489 Bad Event"), "{sent:?}");
    assert_eq!(script.endpoint.counts().subscriptions, 0);
    assert!(script.command(active(subscription, "x")).is_empty());
    script.assert_nothing_is_left();
}

#[test]
fn an_owner_that_says_nothing_leaves_nothing() {
    let mut script = Script::new();
    script.give(&subscribe(1, "", "Event: dialog\n"));
    assert_eq!(
        script.give(&subscribe(1, "", "Event: dialog\n")).len(),
        0,
        "a retransmission"
    );
    assert_eq!(script.events().len(), 1);
    script.assert_nothing_is_left();
}

#[test]
fn without_its_connection_a_subscriber_is_told_nothing_until_it_has_another_one() {
    let mut script = Script::over(Transport::Tcp);
    let (subscription, _, first) = watching(&mut script, "Event: dialog\nExpires: 600\n");
    script.give(&answer(&first, "200 OK", ""));
    assert_eq!(
        script.command(active(subscription, "lost with the connection")).len(),
        1
    );
    let old = script.flow;
    script.endpoint.flow_closed(&old, at(script.elapsed));
    assert!(script.command(active(subscription, "unheard")).is_empty());
    assert!(script.pass(40_000).is_empty());
    assert!(script.events().is_empty(), "nothing was asked of it meanwhile");
    script.flow.connection = 2;
    let new = script.flow;
    assert!(script.endpoint.move_subscriber(subscription, &old, new));
    assert!(!script.endpoint.move_subscriber(subscription, &old, new), "it is there");
    assert!(matches!(script.event(), Event::FlowLeft { flow } if flow == old));
    let told = script.command(active(subscription, "all of it"));
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, new);
    assert!(told[0].1.ends_with("all of it"), "{}", told[0].1);
    assert!(
        script.give(&answer(&told[0].1, "200 OK", "")).is_empty(),
        "nothing is left to tell"
    );
}

#[test]
fn a_subscriber_that_never_comes_back_runs_out() {
    let mut script = Script::over(Transport::Tcp);
    watching(&mut script, "Event: dialog\nExpires: 600\n");
    let flow = script.flow;
    script.endpoint.flow_closed(&flow, at(script.elapsed));
    script.pass(599_000);
    assert_eq!(script.endpoint.counts().subscriptions, 1);
    assert!(script.pass(40_000).is_empty(), "there is nobody to say goodbye to");
    assert_eq!(script.endpoint.counts().subscriptions, 0);
    let events = script.events();
    assert!(matches!(
        events[..],
        [Event::SubscriptionEnded { .. }, Event::FlowLeft { .. }]
    ));
    script.assert_nothing_is_left();
}

#[test]
fn a_refresh_over_another_connection_takes_the_subscription_there() {
    let mut script = Script::over(Transport::Tcp);
    let (subscription, tag, first) = watching(&mut script, "Event: dialog\n");
    script.give(&answer(&first, "200 OK", ""));
    let old = script.flow;
    script.flow.connection = 2;
    script.give(&subscribe(2, &tag, "Event: dialog\n"));
    assert!(matches!(script.event(), Event::SubscriptionRefreshed { .. }));
    script.endpoint.flow_closed(&old, at(script.elapsed));
    assert!(script.events().is_empty());
    let told = script.command(active(subscription, "here"));
    assert_eq!(told[0].0.connection, 2);
}

#[test]
fn too_many_subscriptions_get_503() {
    let mut script = Script::new();
    script.endpoint = Endpoint::new(
        EndpointConfig {
            limits: Limits {
                subscriptions: 1,
                ..Limits::default()
            },
            ..EndpointConfig::default()
        },
        [5; 32],
    );
    watching(&mut script, "Event: dialog\n");
    let second = subscribe(1, "", "Event: dialog\n").replace("Call-ID: s1", "Call-ID: s2");
    let sent = texts(script.give(&second));
    assert!(sent[0].starts_with("SIP/2.0 503"), "{sent:?}");
    assert!(field(&sent[0], "Retry-After").is_some());
    assert_eq!(
        Counts {
            timers: 0,
            server_transactions: 0,
            client_transactions: 0,
            ..script.endpoint.counts()
        },
        Counts {
            subscriptions: 1,
            ..Counts::default()
        }
    );
}
