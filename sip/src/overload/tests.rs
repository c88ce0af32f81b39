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
    format!("{method} sip:x SIP/2.0\r\nCall-ID: {call}\r\nCSeq: 1 {method}\r\n{more}\r\n\r\n").into()
}

fn inbox() -> Inbox {
    Inbox::new(OverloadConfig::default(), 1)
}

fn push(inbox: &mut Inbox, method: &str, call: &str, more: &str, ms: u64) {
    inbox.push(flow(0), message(method, call, more), at(ms));
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
        Due::TurnAway(_, bytes) => format!("503 {}", of(bytes).1),
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
        push(&mut inbox, method, call, more, 0);
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
        push(&mut inbox, "REGISTER", &format!("r{n}"), "", 0);
    }
    push(&mut inbox, "INVITE", "a", "", 0);
    push(&mut inbox, "INVITE", "b", "", 0);
    push(&mut inbox, "BYE", "c", TAG, 1);
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
    push(&mut inbox, "INVITE", "a", "", 0);
    push(&mut inbox, "INVITE", "b", CREDENTIALS, 0);
    push(&mut inbox, "BYE", "c", TAG, 0);
    push(&mut inbox, "INVITE", "d", "", 150);
    push(&mut inbox, "INVITE", "e", "", 160);
    assert_eq!(
        all(&mut inbox, 201),
        ["BYE c", "503 a", "INVITE b", "INVITE e", "INVITE d"]
    );
    assert!(inbox.is_overloaded(at(201)));
    push(&mut inbox, "REGISTER", "f", "", 210);
    assert_eq!(all(&mut inbox, 1_011), ["503 f"]);
    assert_eq!((inbox.totals().turned_away, inbox.totals().overloads), (2, 1));
}

#[test]
fn who_cannot_be_answered_in_time_gets_nothing() {
    let mut inbox = inbox();
    push(&mut inbox, "INVITE", "a", "", 0);
    push(&mut inbox, "BYE", "b", TAG, 201);
    assert_eq!(inbox.next(at(250)).map(|due| name(&due)), Some("BYE b".to_owned()));
    assert_eq!(all(&mut inbox, 651), Vec::<String>::new());
    assert_eq!((inbox.totals().dropped, inbox.octets), (1, 0));
}

#[test]
fn an_overload_is_over_when_nobody_was_turned_away_for_some_seconds() {
    let mut inbox = inbox();
    push(&mut inbox, "INVITE", "a", "", 0);
    assert_eq!(all(&mut inbox, 300), ["503 a"]);
    assert!(inbox.is_overloaded(at(5_299)));
    assert!(!inbox.is_overloaded(at(5_300)));
    push(&mut inbox, "INVITE", "b", "", 6_000);
    assert_eq!(all(&mut inbox, 6_300), ["503 b"]);
    assert_eq!(inbox.totals().overloads, 2);
}

#[test]
fn a_retransmission_of_what_waits_is_dropped_and_a_cancel_stays_behind_its_invite() {
    let mut inbox = inbox();
    push(&mut inbox, "INVITE", "a", "", 0);
    push(&mut inbox, "INVITE", "a", "", 90);
    push(&mut inbox, "CANCEL", "a", "", 95);
    push(&mut inbox, "CANCEL", "b", "", 96);
    assert_eq!(all(&mut inbox, 100), ["CANCEL b", "INVITE a", "CANCEL a"]);
    assert_eq!(inbox.totals().repeated, 1);
    push(&mut inbox, "INVITE", "a", "", 100);
    assert_eq!(all(&mut inbox, 100), ["INVITE a"]);
}

#[test]
fn who_was_turned_away_and_repeats_himself_is_turned_away_again() {
    let mut inbox = inbox();
    push(&mut inbox, "INVITE", "a", "", 0);
    push(&mut inbox, "INVITE", "b", "", 250);
    push(&mut inbox, "INVITE", "a", "", 251);
    assert_eq!(all(&mut inbox, 251), ["INVITE b", "503 a"]);
    push(&mut inbox, "INVITE", "a", "", 500);
    push(&mut inbox, "INVITE", "a", "", 500);
    assert_eq!(all(&mut inbox, 501), ["503 a"]);
    push(&mut inbox, "ACK", "a", TAG, 600);
    push(&mut inbox, "ACK", "b", TAG, 600);
    assert_eq!(all(&mut inbox, 601), ["ACK b"]);
    push(&mut inbox, "INVITE", "a", "", 32_251);
    assert_eq!(all(&mut inbox, 32_251), ["503 a"]);
    push(&mut inbox, "INVITE", "a", "", 32_252);
    assert_eq!(all(&mut inbox, 32_252), ["INVITE a"]);
}

#[test]
fn a_connection_ends_after_what_it_brought_and_its_unserved_calls_are_forgotten() {
    let mut inbox = inbox();
    let invite = message("INVITE", "a", "");
    inbox.push(flow(7), invite.clone(), at(0));
    inbox.push(flow(7), message("BYE", "b", TAG), at(0));
    inbox.close(flow(7), at(0));
    assert_eq!(all(&mut inbox, 1), ["INVITE a", "BYE b", "closed"]);

    inbox.push(flow(8), invite, at(0));
    inbox.push(flow(8), message("BYE", "b", TAG), at(0));
    inbox.close(flow(8), at(0));
    inbox.push(flow(9), message("INVITE", "c", ""), at(0));
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
        push(&mut inbox, "INVITE", &format!("large{n}"), &"X".repeat(4_000), 0);
        push(&mut inbox, "CANCEL", &format!("INVITE{n}"), "", 0);
        assert!(inbox.waiting() <= 40 && inbox.octets <= 5_000 && inbox.cancels.len() <= 10);
    }
    assert!(!all(&mut inbox, 1).is_empty());
    assert!(inbox.totals().dropped > 300);
    assert_eq!((inbox.octets, inbox.keys.len(), inbox.cancels.len()), (0, 0, 0));
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
                push(&mut inbox, "INVITE", &n.to_string(), "", ms);
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
