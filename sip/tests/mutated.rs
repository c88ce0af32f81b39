//! Mutated messages: whatever comes, nothing panics, what is sent is SIP again, and nothing is left for ever.
//!
//! `MUTATIONS=1000000 cargo test --release -p frontdesk-sip --test mutated` runs more of them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test may stop on a surprise"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use frontdesk_sip::auth::{AuthConfig, Authenticator};
use frontdesk_sip::command::{Command, Reply};
use frontdesk_sip::event::Event;
use frontdesk_sip::flow::{FlowId, Transport};
use frontdesk_sip::privacy::Identity;
use frontdesk_sip::registrar::{Aor, Registrar, RegistrarConfig};
use frontdesk_sip::wire::frame::StreamFramer;
use frontdesk_sip::wire::{Framing, Message};
use frontdesk_sip::{Endpoint, EndpointConfig, Now};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

const REGISTER: &str = "REGISTER sip:pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7:5062;branch=z9hG4bK1;rport\r\n\
    Max-Forwards: 70\r\nFrom: <sip:101@pbx.example>;tag=1\r\nTo: <sip:101@pbx.example>\r\nCall-ID: a\r\n\
    CSeq: 1 REGISTER\r\nContact: <sip:101@198.51.100.7:5062;ob>;q=0.7;+sip.instance=\"<urn:uuid:1>\";reg-id=1\r\n\
    Authorization: Digest username=\"101\", realm=\"pbx.example\", nonce=\"00\", uri=\"sip:pbx.example\", qop=auth, \
    nc=00000001, cnonce=\"x\", response=\"00\", algorithm=MD5\r\nPath: <sip:edge;lr>\r\nExpires: 300\r\n\
    P-Asserted-Identity: \"A\" <sip:a@h>, <tel:+7>\r\nPrivacy: id;critical\r\nContent-Length: 0\r\n\r\n";

/// What mutations like to put in.
const SALT: &[&[u8]] = &[
    b"\r\n",
    b"\r\n\r\n",
    b"\r\n ",
    b"<",
    b">",
    b"\"",
    b"\\",
    b";",
    b",",
    b":",
    b"@",
    b"%",
    b"[",
    b"]",
    b"\0",
    b"\xff",
    b"*",
    b"=",
    b"?",
    b" ",
    b"\t",
    b"0",
    b"4294967296",
    b"-1",
    b"z9hG4bK",
    b";tag=",
    b";rport",
    b";received=[::1]",
    b"SIP/2.0",
    b"Via: ",
    b"v:",
    b"Content-Length: 9",
    b"l: 0\r\n",
    b"Contact: *\r\n",
    b"Expires: 0\r\n",
    b"CANCEL",
];

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![REGISTER.as_bytes().to_vec()];
    for rfc in ["rfc4475", "rfc5118"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/data/torture")
            .join(rfc);
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        seeds.extend(paths.iter().map(|path| std::fs::read(path).unwrap()));
    }
    seeds
}

fn mutate(rng: &mut StdRng, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds.choose(rng).unwrap().clone();
    for _ in 0..rng.random_range(1..=6) {
        let at = rng.random_range(0..=bytes.len());
        let end = (at + rng.random_range(0..40)).min(bytes.len());
        match rng.random_range(0..6) {
            0 => bytes[at..end].iter_mut().for_each(|byte| *byte = rng.random()),
            1 => drop(bytes.drain(at..end)),
            2 => drop(bytes.splice(at..at, SALT.choose(rng).unwrap().iter().copied())),
            3 => {
                let piece = bytes[at..end].to_vec();
                let to = rng.random_range(0..=bytes.len());
                drop(bytes.splice(to..to, piece));
            }
            4 => bytes.truncate(at),
            _ => {
                let other = seeds.choose(rng).unwrap();
                let from = rng.random_range(0..=other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
    bytes
}

/// An owner of everything that reads what a peer sent.
struct Owner {
    endpoint: Endpoint,
    authenticator: Authenticator,
    registrar: Registrar,
    now: Now,
}

impl Owner {
    fn new(instant: Instant) -> Owner {
        Owner {
            endpoint: Endpoint::new(EndpointConfig::default(), [7; 32]),
            authenticator: Authenticator::new([7; 32], AuthConfig::new("pbx.example")),
            registrar: Registrar::new(RegistrarConfig::default()),
            now: Now {
                instant,
                unix_ms: 1_795_000_000_000,
            },
        }
    }

    fn receive(&mut self, flow: &FlowId, bytes: Bytes) {
        self.now.instant += Duration::from_millis(10);
        self.now.unix_ms += 10;
        self.endpoint.receive(flow, bytes, self.now);
        self.endpoint.timeout(self.now);
        self.registrar.expire(self.now);
        self.drain(flow);
    }

    fn drain(&mut self, flow: &FlowId) {
        while let Some(event) = self.endpoint.poll_event() {
            match event {
                Event::Request {
                    transaction, request, ..
                } => {
                    let _ = self.authenticator.check(&request, &|_| None, self.now);
                    let reply = self.registrar.register(&request, Aor(1), flow, self.now).reply;
                    self.endpoint.command(Command::Respond { transaction, reply }, self.now);
                }
                Event::Invite { session, request, .. } => {
                    let _ = Identity::read(&request);
                    let reply = Reply {
                        status: 480,
                        ..Reply::default()
                    };
                    self.endpoint.command(Command::Refuse { session, reply }, self.now);
                }
                _ => {}
            }
        }
        while let Some(transmit) = self.endpoint.poll_transmit() {
            let sent = Message::parse(transmit.bytes.clone(), Framing::Stream);
            let pong = transmit.bytes.as_ref() == b"\r\n";
            assert!(pong || sent.is_ok(), "{}", transmit.bytes.escape_ascii());
        }
    }
}

#[test]
fn no_mutation_panics_and_nothing_is_left_for_ever() {
    let count: u32 = std::env::var("MUTATIONS").map_or(100_000, |count| count.parse().unwrap());
    let (seeds, mut rng) = (seeds(), StdRng::seed_from_u64(20_261_123));
    #[expect(clippy::disallowed_methods, reason = "the start of the test's own time")]
    let start = Instant::now();
    let mut flow = FlowId {
        transport: Transport::Udp,
        local: "192.0.2.1:5060".parse().unwrap(),
        peer: "198.51.100.7:5062".parse().unwrap(),
        connection: 0,
    };
    let mut owner = Owner::new(start);
    for number in 0..count {
        let bytes = mutate(&mut rng, &seeds);
        let mut framer = StreamFramer::default();
        framer.push(&bytes);
        while let Ok(Some(_)) = framer.next_frame() {}
        flow.transport = if number % 2 == 0 {
            Transport::Udp
        } else {
            Transport::Tcp
        };
        owner.receive(&flow, Bytes::from(bytes));
        if number % 10_000 == 9_999 {
            owner.now.instant += Duration::from_secs(3_700);
            owner.endpoint.timeout(owner.now);
            owner.drain(&flow);
            owner.now.instant += Duration::from_secs(64);
            owner.endpoint.timeout(owner.now);
            owner.drain(&flow);
            owner.registrar.expire(owner.now);
            assert_eq!(owner.endpoint.counts(), Default::default());
            assert_eq!(owner.registrar.count(), 0);
        }
    }
}
