//! Real sockets on loopback; the time is the test's.

use std::io::{Read, Write};
use std::net::TcpStream as Client;
use std::path::Path;

use frontdesk_sip::flow::{FOR_SIZE, OPENED_HERE};
use mio::{Events, Poll};
use tempfile::TempDir;

use super::super::tls::own;
use super::super::tls::trust::fingerprint_of;
use super::*;

const MESSAGE: &[u8] = b"OPTIONS sip:a@b SIP/2.0\r\nl: 3\r\n\r\nabc";

/// One side: listeners and connections with a certificate of their own.
struct Side {
    poll: Poll,
    streams: Streams,
    now: Instant,
    folder: TempDir,
    got: Vec<Bytes>,
    closed: Vec<FlowId>,
    from: Option<FlowId>,
}

impl Side {
    fn new(trusted: Option<&Path>, limits: Limits) -> Side {
        let poll = Poll::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let trust = Arc::new(Trust::new(trusted).unwrap());
        let mut streams = Streams::new(poll.registry().try_clone().unwrap(), 1, trust, limits);
        let names = ["pbx.example", "127.0.0.1", "::1"].map(str::to_owned);
        let (certificate, key) = own::certificate(folder.path(), &names).unwrap();
        streams.show(Certificate::load(certificate, key).unwrap());
        Side {
            poll,
            streams,
            now: super::super::clock::now().instant,
            folder,
            got: Vec::new(),
            closed: Vec::new(),
            from: None,
        }
    }

    fn certificate(&self) -> std::path::PathBuf {
        self.folder.path().join("certificate.pem")
    }

    /// Serves what comes within a moment.
    fn turn(&mut self) {
        let mut events = Events::with_capacity(64);
        self.poll.poll(&mut events, Some(Duration::from_millis(5))).unwrap();
        for event in &events {
            self.streams.ready(event.token(), self.now);
        }
        self.streams.resume(self.now);
        while let Some(arrived) = self.streams.poll() {
            match arrived {
                Arrived::Message(flow, bytes) => {
                    self.from = Some(flow);
                    self.got.push(bytes);
                }
                Arrived::Closed(flow) => self.closed.push(flow),
            }
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.streams.sweep(self.now);
        self.turn();
    }

    fn until(&mut self, what: &str, done: impl Fn(&Side) -> bool) {
        for _ in 0..2_000 {
            if done(self) {
                return;
            }
            self.turn();
        }
        panic!("waited in vain for {what}");
    }
}

fn both_until(a: &mut Side, b: &mut Side, what: &str, done: impl Fn(&Side, &Side) -> bool) {
    for _ in 0..2_000 {
        if done(a, b) {
            return;
        }
        a.turn();
        b.turn();
    }
    panic!("waited in vain for {what}");
}

fn to(transport: Transport, peer: SocketAddr, number: u64) -> FlowId {
    FlowId {
        transport,
        local: SocketAddr::new(peer.ip(), 5060),
        peer,
        connection: OPENED_HERE | number,
    }
}

#[test]
fn messages_go_both_ways_over_tcp_and_tls_on_ipv4_and_ipv6() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        for transport in [Transport::Tcp, Transport::Tls] {
            let mut server = Side::new(None, Limits::default());
            let bound = server.streams.listen(transport, address.parse().unwrap()).unwrap();
            let mut client = Side::new(Some(&server.certificate()), Limits::default());
            let flow = to(transport, bound, 1);
            client.streams.send(&flow, MESSAGE, client.now);
            client.streams.send(&flow, MESSAGE, client.now);
            both_until(&mut server, &mut client, "two messages", |server, _| {
                server.got.len() == 2
            });
            let back = server.from.unwrap();
            assert_eq!((back.transport, back.local), (transport, bound));
            server.streams.send(&back, MESSAGE, server.now);
            both_until(&mut server, &mut client, "the answer", |_, client| {
                client.got.len() == 1
            });
            assert_eq!(client.from, Some(flow));
            assert_eq!(client.got, [MESSAGE]);
            server.streams.close(back.connection);
            both_until(&mut server, &mut client, "the end", |_, client| client.closed == [flow]);
            assert_eq!(client.streams.open(), 0);
        }
    }
}

#[test]
fn a_server_has_to_prove_who_it_is() {
    let naming = |name: Option<&str>, verify| Naming {
        server_name: name.map(str::to_owned),
        proof: if verify { Proof::Authority } else { Proof::Nothing },
    };
    let check = |trusted: bool, naming: Naming, welcome: bool| {
        let mut server = Side::new(None, Limits::default());
        let bound = server.streams.listen(Transport::Tls, "127.0.0.1:0".parse().unwrap());
        let ca = server.certificate();
        let mut client = Side::new(trusted.then_some(ca.as_path()), Limits::default());
        let flow = to(Transport::Tls, bound.unwrap(), 1);
        client.streams.connect(&flow, &naming, client.now);
        client.streams.send(&flow, MESSAGE, client.now);
        both_until(&mut server, &mut client, "an end", |server, client| {
            !server.got.is_empty() || !client.closed.is_empty()
        });
        assert_eq!(server.got.len(), usize::from(welcome), "{trusted} {naming:?}");
    };
    check(true, naming(Some("pbx.example"), true), true);
    check(true, naming(None, true), true);
    check(true, naming(Some("other.example"), true), false);
    check(false, naming(Some("pbx.example"), true), false);
    check(false, naming(Some("other.example"), false), true);
    check(false, naming(Some("not a name"), false), false);
}

#[test]
fn a_certificate_that_nobody_has_signed_is_believed_by_its_fingerprint_alone() {
    let [mut server, other] = [(); 2].map(|()| Side::new(None, Limits::default()));
    let bound = server.streams.listen(Transport::Tls, "127.0.0.1:0".parse().unwrap());
    let bound = bound.unwrap();
    let shown = |side: &Side| fingerprint_of(&side.certificate()).unwrap();
    let (own, others, ca) = (shown(&server), shown(&other), server.certificate());
    let mut check = |proof: Proof, ca: Option<&Path>, welcome: bool| {
        let mut client = Side::new(ca, Limits::default());
        let flow = to(Transport::Tls, bound, 1);
        let naming = Naming {
            server_name: Some("pbx.example".to_owned()),
            proof,
        };
        server.got.clear();
        client.streams.connect(&flow, &naming, client.now);
        client.streams.send(&flow, MESSAGE, client.now);
        both_until(&mut server, &mut client, "an end", |server, client| {
            !server.got.is_empty() || !client.closed.is_empty()
        });
        assert_eq!(server.got.len(), usize::from(welcome), "{proof:?}");
    };
    check(Proof::Authority, None, false);
    check(Proof::Certificate(own), None, true);
    check(Proof::Certificate(others), None, false);
    check(Proof::Authority, Some(&ca), true);
    check(Proof::Certificate(others), Some(&ca), false);
}

#[test]
fn a_connection_that_nobody_takes_is_told_as_closed() {
    let mut side = Side::new(None, Limits::default());
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = unused.local_addr().unwrap();
    drop(unused);
    for transport in [Transport::Tcp, Transport::Tls, Transport::Wss] {
        let flow = to(transport, nobody, 7);
        side.streams.send(&flow, MESSAGE, side.now);
        side.until("the refusal", |side| side.closed == [flow]);
        side.closed.clear();
    }
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let flow = to(Transport::Tls, silent.local_addr().unwrap(), 8);
    side.streams.send(&flow, MESSAGE, side.now);
    side.turn();
    side.pass(9);
    assert!(side.closed.is_empty());
    side.pass(2);
    assert_eq!(side.closed, [flow]);
}

#[test]
fn a_connection_for_one_large_request_is_given_up_sooner() {
    let limits = Limits::default();
    let flow = to(Transport::Tcp, "192.0.2.1:5060".parse().unwrap(), 1);
    let for_size = FlowId {
        connection: flow.connection | FOR_SIZE,
        ..flow
    };
    assert!(limits.connect(&for_size) < limits.connect(&flow));
}

#[test]
fn the_slow_and_the_silent_are_closed() {
    let mut side = Side::new(None, Limits::default());
    let [tcp, tls, ws] = [Transport::Tcp, Transport::Tls, Transport::Ws]
        .map(|transport| side.streams.listen(transport, "127.0.0.1:0".parse().unwrap()).unwrap());
    let connect = |to: SocketAddr, octets: &[u8]| {
        let mut client = Client::connect(to).unwrap();
        client.write_all(octets).unwrap();
        client
    };
    let _no_handshake = connect(tls, b"");
    let _half_handshake = connect(ws, b"GET / HTTP/1.1\r\n");
    let _half_message = connect(tcp, b"OPTIONS sip:a@b SIP/2.0\r\n");
    let _silent = connect(tcp, b"\r\n\r\n");
    let _spoken = connect(tcp, MESSAGE);
    side.until("all of them", |side| side.streams.open() == 5 && !side.got.is_empty());
    let check = |side: &mut Side, seconds, open| {
        side.pass(seconds);
        assert_eq!(side.streams.open(), open);
    };
    check(&mut side, 9, 5);
    check(&mut side, 2, 3);
    check(&mut side, 20, 2);
    check(&mut side, 30, 1);
    check(&mut side, 3_600, 0);
    assert_eq!(side.closed.len(), 5);
}

#[test]
fn garbage_ends_its_connection_and_no_other() {
    let mut side = Side::new(None, Limits::default());
    let [tcp, tls, wss] = [Transport::Tcp, Transport::Tls, Transport::Wss]
        .map(|transport| side.streams.listen(transport, "127.0.0.1:0".parse().unwrap()).unwrap());
    let mut good = Client::connect(tcp).unwrap();
    for (address, octets) in [
        (tcp, b"\x16\x03\x01".to_vec()),
        (tls, MESSAGE.to_vec()),
        (wss, vec![0; 100_000]),
        (tcp, vec![b'a'; 100_000]),
    ] {
        let mut bad = Client::connect(address).unwrap();
        // The other side may be quicker in closing than we in writing.
        let _ = bad.write_all(&octets);
        side.until("the end", |side| side.closed.len() == 1);
        side.closed.clear();
        let mut rest = Vec::new();
        let _ = bad.read_to_end(&mut rest);
    }
    good.write_all(MESSAGE).unwrap();
    side.until("the message", |side| side.got == [MESSAGE]);
}

#[test]
fn one_source_cannot_take_all_connections() {
    let limits = Limits {
        connections_per_source: 2,
        ..Limits::default()
    };
    let mut side = Side::new(None, limits);
    let bound = side.streams.listen(Transport::Tcp, "127.0.0.1:0".parse().unwrap());
    let mut clients: Vec<Client> = (0..3)
        .map(|_| Client::connect(bound.as_ref().unwrap()).unwrap())
        .collect();
    side.until("two", |side| side.streams.open() == 2);
    side.turn();
    let mut last = clients.pop().unwrap();
    assert!(matches!(last.read(&mut [0; 1]), Ok(0) | Err(_)), "the third was taken");
    drop(clients);
    side.until("both ends", |side| side.closed.len() == 2);
    let _next = Client::connect(bound.unwrap()).unwrap();
    side.until("another one", |side| side.streams.open() == 1);
}

#[test]
fn a_changed_certificate_is_shown_to_new_connections_and_a_bad_one_never() {
    let mut server = Side::new(None, Limits::default());
    let bound = server
        .streams
        .listen(Transport::Tls, "127.0.0.1:0".parse().unwrap())
        .unwrap();
    let other = tempfile::tempdir().unwrap();
    let names = ["127.0.0.1".to_owned()];
    let (certificate, key) = own::certificate(other.path(), &names).unwrap();
    let first = std::fs::read(server.certificate()).unwrap();
    let kept = other.path().join("first.pem");
    std::fs::write(&kept, first).unwrap();
    let is_shown = |server: &mut Side, ca: &Path| {
        let mut client = Side::new(Some(ca), Limits::default());
        let flow = to(Transport::Tls, bound, 1);
        client.streams.send(&flow, MESSAGE, client.now);
        server.got.clear();
        both_until(server, &mut client, "an end", |server, client| {
            !server.got.is_empty() || !client.closed.is_empty()
        });
        !server.got.is_empty()
    };
    assert!(is_shown(&mut server, &kept));
    std::fs::write(server.certificate(), "no certificate").unwrap();
    server.pass(1);
    assert!(is_shown(&mut server, &kept), "the old one stays");
    std::fs::copy(certificate, server.certificate()).unwrap();
    server.pass(1);
    assert!(is_shown(&mut server, &kept), "the key is still that of the old one");
    std::fs::copy(key, server.folder.path().join("key.pem")).unwrap();
    server.pass(1);
    assert!(is_shown(&mut server, &other.path().join("certificate.pem")));
    assert!(!is_shown(&mut server, &kept));
}

#[test]
fn an_ended_connection_of_ours_is_opened_again_by_the_next_message() {
    let mut server = Side::new(None, Limits::default());
    let bound = server
        .streams
        .listen(Transport::Tcp, "127.0.0.1:0".parse().unwrap())
        .unwrap();
    let mut client = Side::new(None, Limits::default());
    let flow = to(Transport::Tcp, bound, 1);
    for count in 1..=2 {
        client.streams.send(&flow, MESSAGE, client.now);
        both_until(&mut server, &mut client, "the message", |server, _| {
            server.got.len() == count
        });
        let back = server.from.unwrap();
        server.streams.close(back.connection);
        both_until(&mut server, &mut client, "the end", |_, client| {
            client.closed.len() == count
        });
    }
}

#[test]
fn a_connection_of_ours_is_kept_alive_and_one_of_the_peers_is_not() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut side = Side::new(None, Limits::default());
    let flow = to(Transport::Tcp, listener.local_addr().unwrap(), 1);
    side.streams.send(&flow, MESSAGE, side.now);
    let (mut server, _) = listener.accept().unwrap();
    server.set_nonblocking(true).unwrap();
    let mut octets = [0; 64];
    let mut heard = |server: &mut Client, side: &mut Side| {
        server.set_nonblocking(true).unwrap();
        side.turn();
        let length = server.read(&mut octets).unwrap_or(0);
        octets[..length].to_vec()
    };
    side.until("the message to leave", |_| {
        let mut peeked = [0; 64];
        server.peek(&mut peeked).is_ok_and(|length| length == MESSAGE.len())
    });
    assert_eq!(heard(&mut server, &mut side), MESSAGE);
    let mut pings = 0;
    for _ in 0..60 {
        side.pass(2);
        let octets = heard(&mut server, &mut side);
        assert!(octets.is_empty() || octets == b"\r\n\r\n", "{octets:?}");
        if !octets.is_empty() {
            pings += 1;
        }
        if octets.len() == 4 && pings % 2 == 0 {
            server.write_all(b"\r\n").unwrap();
        }
    }
    assert!((3..=5).contains(&pings), "{pings}");
    assert!(side.closed.is_empty(), "nobody has to answer");
    assert!(side.got.is_empty());

    let mut side = Side::new(None, Limits::default());
    let bound = side
        .streams
        .listen(Transport::Tcp, "127.0.0.1:0".parse().unwrap())
        .unwrap();
    let mut client = Client::connect(bound).unwrap();
    client.write_all(MESSAGE).unwrap();
    side.until("the peer's message", |side| side.got.len() == 1);
    for _ in 0..40 {
        side.pass(1);
    }
    assert!(heard(&mut client, &mut side).is_empty());
}
