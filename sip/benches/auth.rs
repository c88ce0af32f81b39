//! What the digest check of one REGISTER costs.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark may stop on a surprise"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use frontdesk_sip::Now;
use frontdesk_sip::auth::{Answering, AuthConfig, Authenticator, Check, Ha1, Login, answer};
use frontdesk_sip::wire::{Framing, Message};

fn request(authorization: &str) -> Message {
    let text = format!(
        "REGISTER sip:pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
         From: <sip:101@pbx.example>;tag=1\r\nTo: <sip:101@pbx.example>\r\nCall-ID: x\r\nCSeq: 1 REGISTER\r\n\
         Contact: <sip:101@198.51.100.7>\r\n{authorization}Content-Length: 0\r\n\r\n"
    );
    Message::parse(Bytes::from(text), Framing::Datagram).expect("a message")
}

fn digest(c: &mut Criterion) {
    #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
    let start = Instant::now();
    let now = Now {
        instant: start,
        unix_ms: 1_800_000_000_000,
    };
    let mut authenticator = Authenticator::new([1; 32], AuthConfig::new("pbx.example"));
    let ha1 = Ha1::new("101", "pbx.example", "secret");
    let secrets = |user: &str| (user == "101").then_some(ha1);
    let Check::Challenge { reply: challenge } = authenticator.check(&request(""), &secrets, now) else {
        return;
    };
    for (name, at) in [("sha-256", 0), ("md5", 1)] {
        let login = Login {
            user: "101",
            secret: "secret",
        };
        // All counts are below the window after the first one, so that each check does the whole work and none passes twice.
        let sent: Vec<Message> = (1..=64)
            .map(|count| {
                let asked = Answering {
                    method: "REGISTER",
                    uri: "sip:pbx.example",
                    cnonce: "0a4f113b",
                    count,
                };
                let value = answer([challenge.headers[at].1.as_bytes()], &login, &asked).expect("an answer");
                request(&format!("Authorization: {value}\r\n"))
            })
            .collect();
        let mut next = sent.iter().cycle();
        c.bench_function(&format!("check credentials, {name}"), |b| {
            b.iter(|| {
                let check = authenticator.check(black_box(next.next().expect("endless")), &secrets, now);
                assert!(!matches!(check, Check::Failed { .. }));
            });
        });
    }
    let bare = request("");
    c.bench_function("challenge", |b| {
        b.iter(|| authenticator.check(black_box(&bare), &secrets, now));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    targets = digest
}
criterion_main!(benches);
