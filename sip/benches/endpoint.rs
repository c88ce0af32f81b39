//! What the transaction and dialog layers cost, with reading and writing the messages.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use frontdesk_sip::command::{Body, Command, Invite, Party, Reply};
use frontdesk_sip::event::Event;
use frontdesk_sip::flow::{FlowId, Transport};
use frontdesk_sip::{Endpoint, EndpointConfig, Now};

fn flow(local: u8, peer: u8) -> FlowId {
    let address = |last: u8| std::net::SocketAddr::from(([192, 0, 2, last], 5060));
    FlowId {
        transport: Transport::Udp,
        local: address(local),
        peer: address(peer),
        connection: 0,
    }
}

struct Clock {
    now: Now,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the instant that the others are counted from")]
    fn new() -> Self {
        let instant = Instant::now();
        Clock {
            now: Now { instant, unix_ms: 0 },
        }
    }

    /// 3,200 exchanges a second.
    fn tick(&mut self) -> Now {
        self.now.instant += Duration::from_micros(312);
        self.now
    }
}

fn register(number: u64, cseq: u32) -> Bytes {
    Bytes::from(format!(
        "REGISTER sip:pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK{number:016x}{cseq};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:101@pbx.example>;tag={number:x}\r\nTo: <sip:101@pbx.example>\r\n\
         Call-ID: {number:x}@192.0.2.9\r\nCSeq: {cseq} REGISTER\r\nContact: <sip:101@192.0.2.9:5060>\r\nExpires: 3600\r\n\
         Authorization: Digest username=\"101\", realm=\"pbx\", nonce=\"0123456789abcdef0123456789abcdef\", \
         uri=\"sip:pbx.example\", response=\"0123456789abcdef0123456789abcdef\", algorithm=MD5, qop=auth, nc=00000001, \
         cnonce=\"abcdef\"\r\nUser-Agent: bench\r\nContent-Length: 0\r\n\r\n"
    ))
}

fn register_exchange(endpoint: &mut Endpoint, flow: &FlowId, (first, second): (Bytes, Bytes), now: Now) {
    for (bytes, status) in [(first, 401), (second, 200)] {
        endpoint.timeout(now);
        endpoint.receive(flow, bytes, now);
        while let Some(event) = endpoint.poll_event() {
            if let Event::Request { transaction, .. } = event {
                let headers = vec![("Contact".into(), "<sip:101@192.0.2.9:5060>;expires=3600".to_owned())];
                let reply = Reply {
                    status,
                    headers,
                    ..Reply::default()
                };
                endpoint.command(Command::Respond { transaction, reply }, now);
            }
        }
        while let Some(transmit) = endpoint.poll_transmit() {
            black_box(transmit);
        }
    }
}

/// Both legs' work of one call: what a caller's endpoint does and what a callee's does.
struct Pair {
    ends: [Endpoint; 2],
}

impl Pair {
    fn drain(&mut self, now: Now) {
        loop {
            let mut quiet = true;
            for side in [0, 1] {
                let [first, second] = &mut self.ends;
                let (from, to, way) = if side == 0 {
                    (first, second, flow(2, 1))
                } else {
                    (second, first, flow(1, 2))
                };
                while let Some(transmit) = from.poll_transmit() {
                    quiet = false;
                    to.receive(&way, transmit.bytes, now);
                }
                while let Some(event) = to.poll_event() {
                    let body = Body::sdp(Bytes::from_static(&[b'a'; 220]));
                    if let Event::Invite { session, .. } = event {
                        let headers = Vec::new();
                        let ring = Command::Ring {
                            session,
                            status: 180,
                            headers: Vec::new(),
                            body: None,
                        };
                        to.command(ring, now);
                        to.command(Command::Accept { session, headers, body }, now);
                    } else if let Event::Answered { session, .. } = event {
                        to.command(Command::Bye { session, reason: None }, now);
                    }
                }
            }
            if quiet {
                return;
            }
        }
    }

    fn call(&mut self, now: Now) {
        let [caller, callee] = &mut self.ends;
        caller.timeout(now);
        callee.timeout(now);
        let party = |uri: &str| Party {
            display: "Anna".to_owned(),
            uri: uri.to_owned(),
        };
        let invite = Invite {
            session: caller.new_session(),
            flow: flow(1, 2),
            request_uri: "sip:102@192.0.2.2:5060".to_owned(),
            route: Vec::new(),
            from: party("sip:101@pbx.example"),
            to: party("sip:102@pbx.example"),
            max_forwards: 69,
            session_id: None,
            headers: Vec::new(),
            body: Some(Body::sdp(Bytes::from_static(&[b'a'; 220]))),
            second: None,
            after: None,
            credentials: None,
            follow_routes: false,
        };
        caller.command(Command::Invite(Box::new(invite)), now);
        self.drain(now);
    }
}

fn endpoint(c: &mut Criterion) {
    c.bench_function("two REGISTER transactions", |b| {
        let mut endpoint = Endpoint::new(EndpointConfig::default(), [1; 32]);
        let (flow, mut clock, mut number) = (flow(1, 9), Clock::new(), 0);
        b.iter_batched(
            || {
                number += 1;
                (register(number, 1), register(number, 2))
            },
            |messages| register_exchange(&mut endpoint, &flow, messages, clock.tick()),
            criterion::BatchSize::SmallInput,
        );
    });
    c.bench_function("both legs of a call", |b| {
        let end = |side| Endpoint::new(EndpointConfig::default(), [side; 32]);
        let mut pair = Pair { ends: [end(1), end(2)] };
        let mut clock = Clock::new();
        b.iter(|| pair.call(clock.tick()));
    });
}

criterion_group!(benches, endpoint);
criterion_main!(benches);
