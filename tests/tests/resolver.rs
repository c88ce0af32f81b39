//! Servers with names, looked up at a name server on loopback (RFC 3263 section 4.2, RFC 2782).

use std::collections::BTreeSet;
use std::time::Duration;

use frontdesk::engine::names::{Resolution, ServerName};
use frontdesk::shell::queue;
use frontdesk::shell::resolve::{AT_ONCE, Resolver};
use frontdesk_sip::flow::Transport;
use frontdesk_tests::names::{Data, NameServer, Question, Record, Zone};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// No test waits for it unless it is about it.
const LONG: Duration = Duration::from_secs(60);

fn name(host: &str, port: Option<u16>, transport: impl Into<Option<Transport>>) -> ServerName {
    ServerName {
        host: host.into(),
        port,
        transport: transport.into(),
    }
}

fn a(owner: &'static str, ttl: u32, ip: &str) -> Record {
    (owner, ttl, Data::A(ip.parse().unwrap()))
}

fn aaaa(owner: &'static str, ttl: u32, ip: &str) -> Record {
    (owner, ttl, Data::Aaaa(ip.parse().unwrap()))
}

fn provider() -> Zone {
    let srv = |owner, priority, weight, port, target| (owner, 600, Data::Srv(priority, weight, port, target));
    Zone {
        records: vec![
            srv("_sip._udp.provider.test", 20, 0, 5080, "spare.provider.test"),
            srv("_sip._udp.provider.test", 10, 70, 5070, "first.provider.test"),
            srv("_sip._udp.provider.test", 10, 30, 5071, "second.provider.test"),
            srv("_sip._tcp.provider.test", 1, 2, 5062, "spare.provider.test"),
            srv("_sips._tcp.provider.test", 3, 4, 5063, "spare.provider.test"),
            a("first.provider.test", 300, "192.0.2.1"),
            ("second.provider.test", 120, Data::Cname("moved.provider.test")),
            a("moved.provider.test", 300, "192.0.2.2"),
            a("spare.provider.test", 900, "192.0.2.3"),
            aaaa("spare.provider.test", 900, "2001:db8::3"),
            a("provider.test", 200, "192.0.2.9"),
            aaaa("six.test", 70, "2001:db8::6"),
            ("alias.test", 50, Data::Cname("provider.test")),
            srv("_sip._udp.partly.test", 1, 0, 5060, "gone.test"),
            srv("_sip._udp.partly.test", 2, 0, 5061, "first.provider.test"),
            srv("_sip._udp.hollow.test", 1, 0, 5060, "gone.test"),
            srv("_sip._udp.closed.test", 0, 0, 0, "."),
            a("closed.test", 60, "192.0.2.8"),
            srv("nothing.test", 0, 0, 0, "."),
            a("broken.test", 60, "192.0.2.7"),
            naptr("chosen.test", (20, 10), ["s", "SIP+D2U"], "_sip._udp.provider.test"),
            naptr("chosen.test", (10, 20), ["S", "sip+d2t"], "_sip._tcp.provider.test"),
            naptr("chosen.test", (10, 10), ["s", "SIPS+D2T"], "_odd.provider.test"),
            naptr("chosen.test", (1, 1), ["s", "SIP+D2S"], "_sip._sctp.provider.test"),
            naptr("chosen.test", (1, 2), ["u", "E2U+sip"], "provider.test"),
            naptr("chosen.test", (30, 1), ["s", "SIPS+D2T"], "_sip._none.provider.test"),
            srv("_odd.provider.test", 5, 0, 5099, "first.provider.test"),
            naptr("foreign.test", (1, 1), ["s", "SIP+D2S"], "_sip._sctp.provider.test"),
            a("foreign.test", 60, "192.0.2.10"),
        ],
        silent: vec!["silent.test"],
        broken: vec!["_sip._udp.broken.test", "naptr-broken.test"],
    }
}

/// `kind`: flags and service.
fn naptr(owner: &'static str, (order, preference): (u16, u16), kind: [&'static str; 2], to: &'static str) -> Record {
    let [flags, service] = kind;
    (owner, 400, Data::Naptr(order, preference, flags, service, to))
}

async fn resolve(name: &ServerName) -> Result<Resolution, String> {
    let server = NameServer::start(provider()).await;
    Resolver::new(&[server.addr], LONG).resolve(name).await
}

/// Each server as `address priority weight`, and the TTL in seconds.
async fn check(asked: ServerName, wanted: &[&str], ttl: u64) {
    let found = resolve(&asked)
        .await
        .unwrap_or_else(|reason| panic!("{asked:?}: {reason}"));
    let servers: Vec<String> = found
        .servers
        .iter()
        .inspect(|server| assert_eq!(server.transport, asked.transport.unwrap_or(server.transport)))
        .map(|server| format!("{} {} {}", server.addr, server.priority, server.weight))
        .collect();
    assert_eq!(servers, wanted, "{asked:?}");
    assert_eq!(found.ttl, Duration::from_secs(ttl), "{asked:?}");
}

async fn check_error(host: &str, wanted: &str) {
    let reason = resolve(&name(host, None, Transport::Udp)).await.unwrap_err();
    assert_eq!(reason, wanted);
}

#[tokio::test]
async fn srv_records_give_ports_priorities_and_weights_and_the_smallest_ttl_counts() {
    let servers = [
        "192.0.2.1:5070 10 70",
        "192.0.2.2:5071 10 30",
        "192.0.2.3:5080 20 0",
        "[2001:db8::3]:5080 20 0",
    ];
    check(name("provider.test", None, Transport::Udp), &servers, 120).await;
}

#[tokio::test]
async fn each_transport_has_its_own_srv_records_and_websocket_has_none() {
    let tcp = ["192.0.2.3:5062 1 2", "[2001:db8::3]:5062 1 2"];
    check(name("provider.test", None, Transport::Tcp), &tcp, 600).await;
    let tls = ["192.0.2.3:5063 3 4", "[2001:db8::3]:5063 3 4"];
    check(name("provider.test", None, Transport::Tls), &tls, 600).await;
    check(name("provider.test", None, Transport::Wss), &["192.0.2.9:443 0 0"], 200).await;
}

#[tokio::test]
async fn a_port_turns_srv_off_and_a_name_without_srv_gets_the_usual_port() {
    check(
        name("provider.test", Some(5099), Transport::Udp),
        &["192.0.2.9:5099 0 0"],
        200,
    )
    .await;
    check(
        name("spare.provider.test", None, Transport::Tls),
        &["192.0.2.3:5061 0 0", "[2001:db8::3]:5061 0 0"],
        900,
    )
    .await;
    check(name("six.test", None, Transport::Udp), &["[2001:db8::6]:5060 0 0"], 70).await;
    check(
        name("alias.test", Some(5060), Transport::Tcp),
        &["192.0.2.9:5060 0 0"],
        50,
    )
    .await;
}

#[tokio::test]
async fn naptr_records_choose_the_transport_where_nobody_has() {
    let asked = name("chosen.test", None, None);
    check(
        asked.clone(),
        &[
            "192.0.2.1:5099 5 0",
            "192.0.2.3:5062 7 2",
            "[2001:db8::3]:5062 7 2",
            "192.0.2.1:5070 18 70",
            "192.0.2.2:5071 18 30",
            "192.0.2.3:5080 28 0",
            "[2001:db8::3]:5080 28 0",
        ],
        120,
    )
    .await;
    let transports = resolve(&asked).await.unwrap().servers;
    let transports: Vec<Transport> = transports.iter().map(|server| server.transport).collect();
    let wanted = [&[Transport::Tls][..], &[Transport::Tcp; 2], &[Transport::Udp; 4]].concat();
    assert_eq!(
        transports, wanted,
        "by order, then by preference; strangers' services left out"
    );
    let chosen = name("chosen.test", None, Transport::Udp);
    assert!(
        resolve(&chosen).await.is_err(),
        "a transport that was chosen is not changed"
    );
}

#[tokio::test]
async fn without_naptr_records_each_service_is_tried_and_without_any_it_is_udp() {
    let found = resolve(&name("provider.test", None, None)).await.unwrap().servers;
    let mut transports: Vec<Transport> = found.iter().map(|server| server.transport).collect();
    transports.dedup();
    assert_eq!(transports, [Transport::Udp, Transport::Tcp, Transport::Tls]);
    assert!(found.is_sorted_by_key(|server| server.priority));
    for (asked, address) in [
        (name("six.test", None, None), "[2001:db8::6]:5060"),
        (name("foreign.test", None, None), "192.0.2.10:5060"),
        (name("chosen.test", Some(5070), None), ""),
        (name("provider.test", Some(5061), None), "192.0.2.9:5061"),
    ] {
        let found = resolve(&asked).await.map_or_else(|_| Vec::new(), |found| found.servers);
        let shown: Vec<String> = found.iter().map(|server| server.addr.to_string()).collect();
        assert_eq!(shown.concat(), address, "{asked:?}");
        assert!(found.iter().all(|server| server.transport == Transport::Udp));
    }
    let broken = resolve(&name("naptr-broken.test", None, None)).await.unwrap_err();
    assert!(
        broken.starts_with("the name server failed for naptr-broken.test"),
        "{broken}"
    );
}

#[tokio::test]
async fn a_target_without_address_leaves_the_others() {
    check(name("partly.test", None, Transport::Udp), &["192.0.2.1:5061 2 0"], 300).await;
    check_error("hollow.test", "gone.test does not exist").await;
}

#[tokio::test]
async fn what_cannot_be_found_is_said_in_words() {
    check_error("gone.test", "gone.test does not exist").await;
    check_error("nothing.test", "nothing.test has no address").await;
    check_error(
        "closed.test",
        "_sip._udp.closed.test says that there is no such service",
    )
    .await;
    check_error("two..dots", "two..dots is no name of a server").await;
    let broken = resolve(&name("broken.test", None, Transport::Udp)).await.unwrap_err();
    assert!(
        broken.starts_with("the name server failed for _sip._udp.broken.test"),
        "no address is taken for SRV records that are there and cannot be read: {broken}"
    );
}

#[tokio::test]
async fn silence_is_an_error_after_the_patience() {
    let server = NameServer::start(provider()).await;
    let resolver = Resolver::new(&[server.addr], Duration::from_millis(150));
    let reason = resolver.resolve(&name("silent.test", Some(5060), Transport::Udp)).await;
    let reason = reason.unwrap_err();
    assert!(reason.starts_with("no name server answered"), "{reason}");
}

#[tokio::test]
async fn a_name_server_that_is_away_is_an_error() {
    let away = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let resolver = Resolver::new(&[away], Duration::from_millis(300));
    let answer = resolver.resolve(&name("provider.test", None, Transport::Udp)).await;
    assert!(answer.is_err(), "{answer:?}");
}

#[tokio::test]
async fn a_host_of_the_system_needs_no_name_server() {
    let away = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let resolver = Resolver::new(&[away], LONG);
    let found = resolver
        .resolve(&name("localhost", None, Transport::Udp))
        .await
        .unwrap();
    assert!(
        found
            .servers
            .iter()
            .all(|server| server.addr.ip().is_loopback() && server.addr.port() == 5060)
    );
    assert!(!found.servers.is_empty());
}

#[tokio::test]
async fn few_names_are_looked_up_at_once_and_each_once_at_a_time() {
    const ALL: usize = AT_ONCE * 3;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let resolver = Resolver::new(&[socket.local_addr().unwrap()], LONG);
    let (asked, reader) = queue(ALL + 2);
    let host = |number: usize| name(&format!("n{number}.test"), Some(5060), Transport::Udp);
    for number in [0, 0].into_iter().chain(0..ALL) {
        assert!(asked.push(host(number)));
    }
    let (answers, mut answered) = mpsc::unbounded_channel();
    let mut run = JoinSet::new();
    run.spawn(resolver.run(reader, CancellationToken::new(), move |name, answer| {
        answers.send((name, answer)).unwrap();
    }));

    // One name is answered whenever as many as possible wait.
    let (mut seen, mut done, mut waiting) = (BTreeSet::new(), BTreeSet::<String>::new(), Vec::new());
    let (mut names, mut buffer) = (Vec::new(), [0; 1_500]);
    while names.len() < ALL {
        let (length, peer) = tokio::select! {
            packet = socket.recv_from(&mut buffer) => packet.unwrap(),
            Some((name, answer)) = answered.recv() => {
                assert!(answer.is_ok(), "{name:?}: {answer:?}");
                names.push(name);
                continue;
            }
        };
        let question = Question::read(&buffer[..length]);
        seen.insert(question.name.clone());
        waiting.push((question, peer));
        let open = seen.len() - done.len();
        assert!(open <= AT_ONCE, "{open} at once");
        while seen.len() == (done.len() + AT_ONCE).min(ALL) && done.len() < ALL {
            let next = seen.difference(&done).next().unwrap().clone();
            done.insert(next);
        }
        for (question, peer) in waiting.extract_if(.., |(question, _)| done.contains(&question.name)) {
            let own = (question.name.as_str(), 60, Data::A([192, 0, 2, 1].into()));
            let records = if question.kind == 1 { vec![&own] } else { Vec::new() };
            socket.send_to(&question.response(0, &records), peer).await.unwrap();
        }
    }
    drop(asked);
    run.join_next().await.unwrap().unwrap().unwrap();
    assert!(answered.recv().await.is_none(), "each name is answered once");
    names.sort();
    names.dedup();
    assert_eq!(names.len(), ALL);
}
