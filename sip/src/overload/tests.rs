use super::*;
use crate::flow::Transport;

fn start() -> Instant {
    use std::sync::OnceLock;
    static START: OnceLock<Instant> = OnceLock::new();
    #[expect(
        clippy::disallowed_methods,
        reason = "the one instant that all others are counted from"
    )]
    *START.get_or_init(Instant::now)
}

fn at(ms: u64) -> Instant {
    start() + Duration::from_millis(ms)
}

fn flow(connection: u64) -> FlowId {
    let transport = if connection == 0 {
        Transport::Udp
    } else {
        Transport::Tcp
    };
    FlowId {
        transport,
        local: ([192, 0, 2, 1], 5060).into(),
        peer: ([192, 0, 2, 9], 5060).into(),
        connection,
    }
}

fn message(method: &str, call: &str, more: &str) -> Bytes {
    let to = if more.contains("To:") { "" } else { "To: <sip:x>\r\n" };
    format!(
        "{method} sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK{call}\r\nFrom: <sip:y>;tag=1\r\n{to}\
         Call-ID: {call}\r\nCSeq: 1 {method}\r\n{more}\r\n\r\n"
    )
    .into()
}

fn inbox() -> Inbox {
    Inbox::new(OverloadConfig::default(), 1)
}

/// Gives the answer when there is one at once.
fn push(inbox: &mut Inbox, method: &str, call: &str, more: &str, ms: u64) -> Option<String> {
    let turned = inbox.push(flow(0), &message(method, call, more), at(ms))?;
    Some(name(&Due::TurnAway(turned)))
}

/// The same where none is expected.
fn take(inbox: &mut Inbox, method: &str, call: &str, more: &str, ms: u64) {
    assert_eq!(push(inbox, method, call, more, ms), None);
}

/// `INVITE a`, or `503 a`, or `closed`.
fn name(due: &Due) -> String {
    let of = |bytes: &Bytes| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let method = text.split(' ').next().unwrap_or_default().to_owned();
        let call = text
            .split_once("Call-ID: ")
            .and_then(|(_, rest)| rest.split('\r').next());
        (method, call.unwrap_or_default().to_owned())
    };
    match due {
        Due::Serve(_, bytes) => format!("{} {}", of(bytes).0, of(bytes).1),
        Due::TurnAway(turned) => format!("503 {}", of(&turned.answer.bytes).1),
        Due::Closed(_) => "closed".to_owned(),
    }
}

fn all(inbox: &mut Inbox, ms: u64) -> Vec<String> {
    std::iter::from_fn(|| inbox.next(at(ms)))
        .map(|due| name(&due))
        .collect()
}

const TAG: &str = "To: <sip:x>;tag=1";
const CREDENTIALS: &str = "Authorization: Digest x";

#[test]
fn while_nobody_waits_long_messages_are_served_as_they_came() {
    let mut inbox = inbox();
    for (method, call, more) in [
        ("INVITE", "a", ""),
        ("BYE", "b", TAG),
        ("REGISTER", "c", ""),
        ("INVITE", "d", CREDENTIALS),
        ("OPTIONS", "e", ""),
    ] {
        take(&mut inbox, method, call, more, 0);
    }
    assert_eq!(
        all(&mut inbox, 20),
        ["INVITE a", "BYE b", "REGISTER c", "INVITE d", "OPTIONS e"]
    );
    assert!(inbox.is_empty() && !inbox.is_overloaded(at(20)));
}

#[test]
fn when_they_wait_calls_in_progress_go_first_and_new_ones_last_but_not_never() {
    let mut inbox = inbox();
    for n in 0..6 {
        take(&mut inbox, "REGISTER", &format!("r{n}"), "", 0);
    }
    take(&mut inbox, "INVITE", "a", "", 0);
    take(&mut inbox, "INVITE", "b", "", 0);
    take(&mut inbox, "BYE", "c", TAG, 1);
    let order = all(&mut inbox, 100);
    let place = |name: &str| order.iter().position(|one| one == name).unwrap();
    assert_eq!(place("BYE c"), 0, "{order:?}");
    assert_eq!(place("INVITE b"), 4, "{order:?}");
    assert_eq!(place("INVITE a"), 8, "{order:?}");
    assert_eq!(order.len(), 9);
}

#[test]
fn whoever_has_waited_too_long_is_turned_away_and_the_youngest_is_served_first() {
    let mut inbox = inbox();
    take(&mut inbox, "INVITE", "a", "", 0);
    take(&mut inbox, "INVITE", "b", CREDENTIALS, 0);
    take(&mut inbox, "BYE", "c", TAG, 0);
    take(&mut inbox, "INVITE", "d", "", 150);
    take(&mut inbox, "INVITE", "e", "", 160);
    assert_eq!(
        all(&mut inbox, 201),
        ["BYE c", "503 a", "INVITE b", "INVITE e", "INVITE d"]
    );
    assert!(inbox.is_overloaded(at(201)));
    take(&mut inbox, "REGISTER", "f", "", 210);
    assert_eq!(all(&mut inbox, 1_011), ["503 f"]);
    assert_eq!((inbox.totals().turned_away, inbox.totals().overloads), (2, 1));
}

#[test]
fn who_cannot_be_answered_in_time_gets_nothing() {
    let mut inbox = inbox();
    take(&mut inbox, "INVITE", "a", "", 0);
    take(&mut inbox, "BYE", "b", TAG, 201);
    assert_eq!(inbox.next(at(250)).map(|due| name(&due)), Some("BYE b".to_owned()));
    take(&mut inbox, "INVITE", "c", CREDENTIALS, 0);
    assert_eq!(all(&mut inbox, 1_201), Vec::<String>::new());
    assert_eq!((inbox.totals().dropped, inbox.octets), (2, 0));
}

#[test]
fn an_overload_is_over_when_nobody_was_turned_away_for_some_seconds() {
    let mut inbox = inbox();
    take(&mut inbox, "INVITE", "a", "", 0);
    assert_eq!(all(&mut inbox, 300), ["503 a"]);
    assert!(inbox.is_overloaded(at(5_299)));
    assert!(!inbox.is_overloaded(at(5_300)));
    take(&mut inbox, "INVITE", "b", "", 6_000);
    assert_eq!(all(&mut inbox, 6_300), ["503 b"]);
    assert_eq!(inbox.totals().overloads, 2);
}

#[test]
fn a_retransmission_of_what_waits_is_dropped_and_a_cancel_stays_behind_its_invite() {
    let mut inbox = inbox();
    take(&mut inbox, "INVITE", "a", "", 0);
    take(&mut inbox, "INVITE", "a", "", 90);
    take(&mut inbox, "CANCEL", "a", "", 95);
    take(&mut inbox, "CANCEL", "b", "", 96);
    assert_eq!(all(&mut inbox, 100), ["CANCEL b", "INVITE a", "CANCEL a"]);
    assert_eq!(inbox.totals().repeated, 1);
    take(&mut inbox, "INVITE", "a", "", 100);
    assert_eq!(all(&mut inbox, 100), ["INVITE a"]);
}

#[test]
fn who_was_turned_away_and_repeats_himself_is_turned_away_again() {
    let mut inbox = inbox();
    take(&mut inbox, "INVITE", "a", "", 0);
    take(&mut inbox, "INVITE", "b", "", 250);
    take(&mut inbox, "INVITE", "a", "", 251);
    assert_eq!(all(&mut inbox, 251), ["503 a", "INVITE b"]);
    let again = push(&mut inbox, "INVITE", "a", "", 500);
    assert_eq!(again.as_deref(), Some("503 a"));
    take(&mut inbox, "ACK", "a", TAG, 600);
    take(&mut inbox, "ACK", "b", TAG, 600);
    assert_eq!(all(&mut inbox, 601), ["ACK b"]);
    assert!(push(&mut inbox, "INVITE", "a", "", 32_251).is_some());
    take(&mut inbox, "INVITE", "a", "", 32_252);
    assert_eq!(all(&mut inbox, 32_252), ["INVITE a"]);
}

#[test]
fn a_connection_ends_after_what_it_brought_and_its_unserved_calls_are_forgotten() {
    let mut inbox = inbox();
    let invite = message("INVITE", "a", "");
    let knock = |inbox: &mut Inbox, connection, bytes: &Bytes| {
        assert_eq!(inbox.push(flow(connection), bytes, at(0)), None);
    };
    knock(&mut inbox, 7, &invite);
    knock(&mut inbox, 7, &message("BYE", "b", TAG));
    inbox.close(flow(7), at(0));
    assert_eq!(all(&mut inbox, 1), ["INVITE a", "BYE b", "closed"]);

    knock(&mut inbox, 8, &message("INVITE", "d", ""));
    knock(&mut inbox, 8, &message("BYE", "b", TAG));
    inbox.close(flow(8), at(0));
    knock(&mut inbox, 9, &message("INVITE", "c", ""));
    assert_eq!(all(&mut inbox, 100), ["BYE b", "closed", "INVITE c"]);
    assert!(inbox.connections.is_empty() && inbox.gone.is_empty() && inbox.keys.is_empty());
}

#[test]
fn what_waits_is_bounded_whatever_comes() {
    let config = OverloadConfig {
        most_waiting: 10,
        most_octets: 5_000,
        ..OverloadConfig::default()
    };
    let mut inbox = Inbox::new(config, 1);
    for n in 0..100 {
        for (method, more) in [("INVITE", ""), ("REGISTER", ""), ("BYE", TAG), ("ACK", "")] {
            push(&mut inbox, method, &format!("{method}{n}"), more, 0);
        }
        push(
            &mut inbox,
            "INVITE",
            &format!("large{n}"),
            &format!("X: {}", "X".repeat(4_000)),
            0,
        );
        push(&mut inbox, "CANCEL", &format!("INVITE{n}"), "", 0);
        assert!(inbox.waiting() <= 30 && inbox.octets <= 5_000 && inbox.cancels.len() <= 10);
    }
    assert!(!all(&mut inbox, 1).is_empty());
    assert!(inbox.totals().dropped > 300);
    assert_eq!((inbox.octets, inbox.keys.len(), inbox.cancels.len()), (0, 0, 0));
}

#[test]
fn a_new_call_that_would_only_wait_for_its_refusal_gets_it_at_once() {
    let mut inbox = inbox();
    for n in 0..100 {
        take(&mut inbox, "INVITE", &format!("a{n}"), "", 0);
    }
    // Nobody has waited long yet; then somebody has.
    assert_eq!(push(&mut inbox, "INVITE", "b", "", 26).as_deref(), Some("503 b"));
    take(&mut inbox, "REGISTER", "c", "", 26);
    take(&mut inbox, "BYE", "d", TAG, 26);
    assert_eq!(inbox.totals().turned_away, 1);
    assert_eq!(all(&mut inbox, 40).len(), 102);
}

#[test]
fn a_retransmission_of_what_is_served_goes_to_who_serves_it_and_first() {
    let mut inbox = inbox();
    take(&mut inbox, "INVITE", "a", "", 0);
    assert_eq!(all(&mut inbox, 0), ["INVITE a"]);
    for n in 0..100 {
        take(&mut inbox, "INVITE", &format!("b{n}"), "", 100);
    }
    take(&mut inbox, "INVITE", "a", "", 150);
    let next = inbox.next(at(150)).map(|due| name(&due));
    assert_eq!(next.as_deref(), Some("INVITE a"));
}

#[test]
fn far_above_what_can_be_carried_some_get_no_answer_and_may_ask_again() {
    let mut inbox = inbox();
    for n in 0..5_000 {
        take(&mut inbox, "INVITE", &format!("a{n}"), "", 0);
    }
    for n in 0..10_000 {
        push(&mut inbox, "INVITE", &format!("b{n}"), "", 100);
    }
    let totals = inbox.totals();
    assert_eq!(totals.turned_away, u64::from(answers::SAVED));
    assert!(totals.dropped > 4_000, "{totals:?}");
    assert_eq!(
        inbox.next(at(150)).map(|due| name(&due)).as_deref(),
        Some("INVITE a4999")
    );
    assert!(push(&mut inbox, "INVITE", "b1999", "", 600).is_some());
}

/// A server that serves a message in a millisecond and turns one away in a fortieth of it.
#[test]
fn ten_times_the_load_leaves_nearly_all_of_the_throughput() {
    let served = |per_ms: usize| {
        let mut inbox = inbox();
        let (mut served, mut free_at, mut n) = (0_u64, 0_u64, 0);
        for ms in 0..5_000 {
            for _ in 0..per_ms {
                n += 1;
                free_at += u64::from(push(&mut inbox, "INVITE", &n.to_string(), "", ms).is_some());
            }
            free_at = free_at.max(ms * 40);
            while free_at < (ms + 1) * 40 {
                match inbox.next(at(ms)) {
                    Some(Due::Serve(..)) => (served, free_at) = (served + 1, free_at + 40),
                    Some(_) => free_at += 1,
                    None => break,
                }
            }
        }
        served
    };
    let (best, ten, hundred) = (served(1), served(10), served(100));
    assert_eq!(best, 5_000);
    assert!(ten > best * 8 / 10, "{ten}");
    assert!(hundred > best * 8 / 10, "{hundred}");
}
