//! The running daemon over each transport: phones register, call each other and are offline at once when their connection
//! is gone.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk::shell::tls::own;
use frontdesk::shell::tls::trust::fingerprint_of;
use frontdesk_routing::plan::fingerprint::Fingerprint;
use frontdesk_sip::flow::Transport;
use frontdesk_sip::wire::{HeaderName, Message};
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::{Wire, WirePhone, answer_to, sdp};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// The issue's own limit.
const AT_ONCE: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(10);

/// A way to the daemon.
#[derive(Debug, Clone, Copy)]
struct Way {
    transport: Transport,
    /// After the port of UDP and TCP; `None`: the HTTP listener.
    offset: Option<u16>,
}

const fn way(transport: Transport, offset: u16) -> Way {
    Way {
        transport,
        offset: Some(offset),
    }
}

const WAYS: [Way; 5] = [
    way(Transport::Udp, 0),
    way(Transport::Tcp, 0),
    way(Transport::Tls, 1),
    way(Transport::Ws, 2),
    way(Transport::Wss, 3),
];
const HTTP: Way = Way {
    transport: Transport::Ws,
    offset: None,
};

/// UDP and TCP at `host`, TLS unsaid, WebSockets after them.
async fn start(host: &str, more: &str) -> Result<Daemon> {
    Daemon::start_with(&["101", "102"], |sip| {
        let at = |offset: u16| format!("[\"{host}:{}\"]", sip.port() + offset);
        let (plain, ws, wss) = (at(0), at(2), at(3));
        format!("udp = {plain}\ntcp = {plain}\nws = {ws}\nwss = {wss}\n{more}")
    })
    .await
}

fn own_certificate(daemon: &Daemon) -> PathBuf {
    daemon.folder().join("data/tls/certificate.pem")
}

async fn phone(daemon: &Daemon, index: usize, way: Way, ca: &Path) -> Result<WirePhone> {
    let server = match way.offset {
        Some(offset) => SocketAddr::new(daemon.sip.ip(), daemon.sip.port() + offset),
        None => daemon.http,
    };
    let wire = Wire::open(way.transport, server, (ca, "/ws"))
        .await
        .with_context(|| format!("{way:?}\n{}", daemon.log()))?;
    let phone = &daemon.phones[index];
    Ok(WirePhone::new(wire, &phone.user, &phone.secret))
}

fn text(message: &Message, name: HeaderName) -> String {
    String::from_utf8_lossy(message.header(name).unwrap_or_default()).into_owned()
}

async fn call(caller: &mut WirePhone, callee: &mut WirePhone) -> Result<(Message, Message)> {
    tokio::try_join!(caller.calls("102"), callee.answers())
}

/// The transport as a Via and a Contact name it (RFC 3261 section 18.1.1, RFC 7118 section 5).
fn names(transport: Transport) -> (&'static str, &'static str) {
    match transport {
        Transport::Udp => ("SIP/2.0/UDP ", ""),
        Transport::Tcp => ("SIP/2.0/TCP ", ";transport=tcp"),
        Transport::Tls => ("SIP/2.0/TLS ", ";transport=tls"),
        Transport::Ws => ("SIP/2.0/WS ", ";transport=ws"),
        Transport::Wss => ("SIP/2.0/WSS ", ";transport=ws"),
    }
}

async fn calls_go_over(daemon: &Daemon, way: Way) -> Result<()> {
    let ca = own_certificate(daemon);
    let mut caller = phone(daemon, 0, way, &ca).await?;
    let mut callee = phone(daemon, 1, way, &ca).await?;
    caller.register().await?;
    callee.register().await?;
    daemon.sip_status("101", "online").await?;
    daemon.sip_status("102", "online").await?;
    let (answer, invite) = call(&mut caller, &mut callee).await?;
    let (via, contact) = names(way.transport);
    ensure!(
        invite.request_uri() == callee.contact().as_bytes(),
        "{way:?}: the phone was not called as it registered"
    );
    ensure!(text(&invite, HeaderName::Via).starts_with(via), "{way:?}: {invite:?}");
    for message in [&invite, &answer] {
        let named = text(message, HeaderName::Contact);
        let ending = format!("{contact}>");
        ensure!(named.ends_with(&ending), "{way:?}: {named}");
    }
    if way.transport == Transport::Udp {
        caller.unregister().await?;
        return callee.unregister().await;
    }
    drop(callee);
    let offline = tokio::time::timeout(AT_ONCE, daemon.sip_status("102", "offline"));
    offline.await.context("the phone is still online")??;
    drop(caller);
    daemon.sip_status("101", "offline").await
}

#[tokio::test]
async fn phones_call_each_other_over_each_transport_and_are_offline_when_their_connection_is_lost() -> Result<()> {
    let daemon = start("127.0.0.1", "").await?;
    for way in WAYS.into_iter().chain([HTTP]) {
        calls_go_over(&daemon, way)
            .await
            .with_context(|| format!("{way:?}\n{}", daemon.log()))?;
    }
    daemon.stop().await
}

async fn register_flow(flow: &mut WirePhone, reg_id: u32) -> Result<()> {
    let headers = format!(
        "Contact: <{}>;+sip.instance=\"<urn:uuid:00000000-0000-4000-8000-000000000001>\";reg-id={reg_id};expires=600\r\n\
         Supported: path, outbound\r\nRequire: outbound\r\n",
        flow.contact()
    );
    let granted = flow.ask("REGISTER", "sip:pbx.example", (&headers, "")).await?;
    ensure!(granted.status() == Some(200), "{granted:?}");
    ensure!(text(&granted, HeaderName::Require) == "outbound", "{granted:?}");
    Ok(())
}

async fn picks_up(callee: &mut WirePhone) -> Result<Message> {
    let invite = callee.request_of("INVITE").await?;
    let headers = format!("Contact: <{}>\r\nContent-Type: application/sdp\r\n", callee.contact());
    let answer = answer_to(invite.body(), 42_002);
    callee.respond(&invite, 200, (&headers, &answer)).await?;
    callee.request_of("ACK").await?;
    Ok(invite)
}

#[tokio::test]
async fn a_call_goes_on_without_its_connection_and_is_hung_up_over_the_next_one() -> Result<()> {
    let daemon = start("127.0.0.1", "").await?;
    let ca = own_certificate(&daemon);
    let mut caller = phone(&daemon, 0, WAYS[0], &ca).await?;
    caller.register().await?;
    for (before, after) in [(WAYS[1], WAYS[1]), (WAYS[1], WAYS[2]), (WAYS[2], WAYS[1])] {
        let mut callee = phone(&daemon, 1, before, &ca).await?;
        register_flow(&mut callee, 1).await?;
        let offer = sdp(42_000);
        let (answer, invite) = tokio::try_join!(caller.dial("102", &offer), picks_up(&mut callee))?;
        ensure!(answer.status() == Some(200), "{answer:?}");
        drop(callee);
        daemon.sip_status("102", "offline").await?;
        let mut again = phone(&daemon, 1, after, &ca).await?;
        register_flow(&mut again, 1).await?;
        let (_, bye) =
            tokio::try_join!(caller.hang_up(&answer), again.request_of("BYE")).with_context(|| daemon.log())?;
        ensure!(bye.call_id() == invite.call_id(), "{bye:?}");
        ensure!(
            text(&bye, HeaderName::Via).starts_with(names(after.transport).0),
            "{bye:?}"
        );
        again.respond(&bye, 200, ("", "")).await?;
    }
    daemon.stop().await
}

/// RFC 5626.
#[tokio::test]
async fn a_phone_with_two_connections_rings_by_one_and_is_online_while_either_lives() -> Result<()> {
    let daemon = start("127.0.0.1", "").await?;
    let ca = own_certificate(&daemon);
    let mut caller = phone(&daemon, 0, WAYS[0], &ca).await?;
    caller.register().await?;
    let mut first = phone(&daemon, 1, WAYS[1], &ca).await?;
    let mut second = phone(&daemon, 1, WAYS[2], &ca).await?;
    for (reg_id, flow) in (1..).zip([&mut first, &mut second]) {
        register_flow(flow, reg_id).await?;
    }
    call(&mut caller, &mut second).await.with_context(|| daemon.log())?;
    drop(second);
    call(&mut caller, &mut first).await.with_context(|| daemon.log())?;
    daemon.sip_status("102", "online").await?;
    drop(first);
    let offline = tokio::time::timeout(AT_ONCE, daemon.sip_status("102", "offline"));
    offline.await.context("the phone is still online")??;
    daemon.stop().await
}

#[tokio::test]
async fn phones_call_each_other_over_ipv6() -> Result<()> {
    let mut daemon = start("[::1]", "").await?;
    daemon.sip.set_ip("::1".parse()?);
    for way in WAYS {
        calls_go_over(&daemon, way)
            .await
            .with_context(|| format!("{way:?}\n{}", daemon.log()))?;
    }
    daemon.stop().await
}

#[tokio::test]
async fn a_changed_certificate_is_shown_without_a_restart() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (first, second) = (folder.path().join("1"), folder.path().join("2"));
    let names = ["127.0.0.1".to_owned()];
    let (certificate, key) = own::certificate(&first, &names)?;
    let (new_certificate, new_key) = own::certificate(&second, &names)?;
    let old = folder.path().join("old.pem");
    std::fs::copy(&certificate, &old)?;
    let paths = format!(
        "tls_certificate = \"{}\"\ntls_key = \"{}\"\n",
        certificate.display(),
        key.display()
    );
    let daemon = start("127.0.0.1", &paths).await?;
    ensure!(!daemon.folder().join("data/tls").exists(), "a certificate nobody needs");
    let tls = WAYS[2];
    let mut before = phone(&daemon, 0, tls, &old).await?;
    before.register().await?;
    ensure!(phone(&daemon, 1, tls, &new_certificate).await.is_err());

    std::fs::write(&certificate, "not a certificate")?;
    eventually("the warning", PATIENCE, async || {
        daemon.log().contains("the one before stays").then_some(())
    })
    .await?;
    phone(&daemon, 1, tls, &old).await?.register().await?;

    std::fs::copy(&new_key, &key)?;
    std::fs::copy(&new_certificate, &certificate)?;
    let mut after = eventually("the new certificate", PATIENCE, async || {
        phone(&daemon, 1, tls, &new_certificate).await.ok()
    })
    .await?;
    after.register().await?;
    call(&mut before, &mut after).await?;
    ensure!(
        phone(&daemon, 1, tls, &old).await.is_err(),
        "the old one is still shown"
    );
    daemon.stop().await
}

/// A line with the server's TLS port that shows this fingerprint; gives how it then stands.
async fn stands(daemon: &Daemon, server: &Daemon, (name, shown): (&str, Option<Fingerprint>)) -> Result<String> {
    let gateway = server.post("/trunks", &json!({ "name": name })).await?;
    let at = json!({ "host": "127.0.0.1", "port": server.sip.port() + 1, "transport": "tls" });
    let registration = json!({ "user": gateway["sip"]["user"], "password": gateway["sip"]["password"] });
    let line = json!({
        "name": name, "servers": [at], "registration": registration,
        "tls_fingerprint": shown.map(|shown| shown.to_string()),
    });
    let made = daemon.post("/trunks", &line).await?;
    let path = format!("/trunks/{}", made["id"].as_str().unwrap_or_default());
    let look = async || {
        let state = daemon.get(&path).await.ok()?["state"]["registration"].take();
        state.as_str().filter(|state| *state != "trying").map(str::to_owned)
    };
    eventually("an answer to REGISTER", PATIENCE, look).await
}

/// Lines that name the same server share no connection unless they want the same certificate of it.
#[tokio::test]
async fn a_provider_with_a_certificate_of_its_own_is_believed_by_its_fingerprint_alone() -> Result<()> {
    let (daemon, server) = (Daemon::start(&[]).await?, start("127.0.0.1", "").await?);
    let shown = fingerprint_of(&own_certificate(&server))?;
    let other = Fingerprint(shown.0.map(|octet| !octet));
    for (line, standing) in [
        (("Unpinned", None), "failing"),
        (("Pinned", Some(shown)), "registered"),
        (("Wrong", Some(other)), "failing"),
        (("Pinned too", Some(shown)), "registered"),
    ] {
        let stands = stands(&daemon, &server, line).await?;
        ensure!(stands == standing, "{}: {stands}\n{}", line.0, daemon.log());
    }
    server.stop().await?;
    daemon.stop().await
}

#[tokio::test]
async fn garbage_and_slow_octets_disturb_nobody() -> Result<()> {
    let daemon = start("127.0.0.1", "").await?;
    let ca = own_certificate(&daemon);
    let mut good = phone(&daemon, 1, WAYS[2], &ca).await?;
    good.register().await?;
    for offset in 0..4 {
        for garbage in [&b"\x00\xff\x13\x37"[..], b"GET / HTTP/1.0\r\n\r\n", &[b'x'; 70_000]] {
            let mut stream = TcpStream::connect((daemon.sip.ip(), daemon.sip.port() + offset)).await?;
            // The daemon may close before all is written.
            let _ = stream.write_all(garbage).await;
            let mut rest = Vec::new();
            let closed = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest));
            let _ = closed
                .await
                .with_context(|| format!("port + {offset} keeps on listening to garbage"))?;
        }
    }
    for way in [WAYS[1], WAYS[2]] {
        let mut slow = phone(&daemon, 0, way, &ca).await?;
        let options = |pad: usize| {
            let (body, via) = ("b".repeat(pad), names(way.transport).0);
            format!(
                "OPTIONS sip:pbx.example SIP/2.0\r\nVia: {via}127.0.0.1;rport;branch=z9hG4bK-{pad}\r\nMax-Forwards: 70\r\n\
                 From: <sip:a@pbx.example>;tag=1\r\nTo: <sip:pbx.example>\r\nCall-ID: {pad}\r\nCSeq: 1 OPTIONS\r\n\
                 Content-Length: {pad}\r\n\r\n{body}"
            )
        };
        for octet in options(0).as_bytes() {
            slow.wire.send(&[*octet]).await?;
        }
        ensure!(
            slow.wire.receive().await?.status() == Some(200),
            "{way:?}: octet by octet"
        );
        let several = [options(1), options(2), options(65_000)].concat();
        slow.wire.send(several.as_bytes()).await?;
        for _ in 0..3 {
            ensure!(
                slow.wire.receive().await?.status() == Some(200),
                "{way:?}: several at once"
            );
        }
    }
    good.register().await?;
    daemon.stop().await
}

/// RFC 3261 section 18.1.1: a phone whose Contact is so long that it makes our INVITE too large for a datagram.
async fn far_too_long(daemon: &Daemon, ca: &Path) -> Result<(WirePhone, WirePhone)> {
    let mut caller = phone(daemon, 0, WAYS[0], ca).await?;
    let mut callee = phone(daemon, 1, WAYS[0], ca).await?;
    caller.register().await?;
    callee.register_as(&format!(";pad={}", "x".repeat(430))).await?;
    Ok((caller, callee))
}

#[tokio::test]
async fn a_large_request_reaches_a_phone_over_tcp_where_it_listens_and_the_call_stays_on_udp() -> Result<()> {
    let daemon = start("127.0.0.1", "").await?;
    let (mut caller, mut callee) = far_too_long(&daemon, &own_certificate(&daemon)).await?;
    let listener = TcpListener::bind(callee.wire.local).await?;
    let contact = format!("Contact: <{}>\r\nContent-Type: application/sdp\r\n", callee.contact());
    let answers = async {
        let (stream, _) = listener.accept().await?;
        let mut taken = WirePhone::new(Wire::taken(stream)?, &callee.user, "");
        let invite = taken.request_of("INVITE").await?;
        taken.respond(&invite, 200, (&contact, &sdp(42_002))).await?;
        callee.request_of("ACK").await?;
        let bye = callee.request_of("BYE").await?;
        callee.respond(&bye, 200, ("", "")).await?;
        anyhow::Ok(invite)
    };
    let (_, invite) = tokio::try_join!(caller.calls("102"), answers).with_context(|| daemon.log())?;
    ensure!(invite.bytes().len() > 1300, "{invite:?}");
    ensure!(text(&invite, HeaderName::Via).starts_with("SIP/2.0/TCP "), "{invite:?}");
    ensure!(!text(&invite, HeaderName::Contact).contains("transport"), "{invite:?}");
    daemon.stop().await
}

#[tokio::test]
async fn a_large_request_reaches_a_phone_that_takes_no_connection_by_udp_at_once() -> Result<()> {
    let daemon = start("127.0.0.1", "").await?;
    let (mut caller, mut callee) = far_too_long(&daemon, &own_certificate(&daemon)).await?;
    for _ in 0..2 {
        let both = tokio::time::timeout(AT_ONCE, call(&mut caller, &mut callee));
        let (_, invite) = both.await.context("it took too long")?.with_context(|| daemon.log())?;
        ensure!(invite.bytes().len() > 1300, "{invite:?}");
        ensure!(text(&invite, HeaderName::Via).starts_with("SIP/2.0/UDP "), "{invite:?}");
    }
    daemon.stop().await
}

/// RFC 5626 section 8: a phone that keeps its way open by STUN learns at which address we see it.
#[tokio::test]
async fn a_phone_that_asks_by_stun_is_told_its_address() -> Result<()> {
    let daemon = start("127.0.0.1", "").await?;
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    let request = [&[0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42][..], b"transaction!"].concat();
    socket.send_to(&request, daemon.sip).await?;
    let mut answer = [0; 64];
    let (length, from) = tokio::time::timeout(PATIENCE, socket.recv_from(&mut answer)).await??;
    ensure!(from == daemon.sip && length == 32, "{length} octets from {from}");
    let port = u16::from_be_bytes([answer[26] ^ 0x21, answer[27] ^ 0x12]);
    ensure!(answer[..2] == [1, 1] && &answer[8..20] == b"transaction!");
    ensure!(port == socket.local_addr()?.port(), "{port}");
    daemon.stop().await
}
