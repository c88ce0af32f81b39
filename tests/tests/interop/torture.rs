//! The messages of RFC 4475 and RFC 5118 against the running daemon, over UDP and TCP: what deserves an answer gets the
//! right one, what deserves none gets silence, and after each of them the daemon still answers OPTIONS.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use frontdesk_sip::wire::frame::{Framed, StreamFramer};
use frontdesk_sip::wire::{Framing, Message};
use frontdesk_tests::daemon::Daemon;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

const PATIENCE: Duration = Duration::from_secs(5);
const SILENCE: u16 = 0;

/// Statuses that are right over UDP. Where RFC 4475 leaves a choice, the choice made here stands.
const CASES: &[(&str, &[u16])] = &[
    // Valid ones are asked for a password, or served; those inside a dialog that is not there get 481.
    ("rfc4475/wsinv", &[481]),
    ("rfc4475/intmeth", &[405]),
    ("rfc4475/esc01", &[401]),
    ("rfc4475/escnull", &[401]),
    ("rfc4475/esc02", &[405]),
    ("rfc4475/lwsdisp", &[200]),
    ("rfc4475/longreq", &[401]),
    ("rfc4475/dblreq", &[401]),
    ("rfc4475/semiuri", &[200]),
    ("rfc4475/transports", &[200]),
    ("rfc4475/mpart01", &[401, 405]),
    ("rfc4475/noreason", &[SILENCE]),
    ("rfc4475/unreason", &[SILENCE]),
    // Invalid ones.
    ("rfc4475/badinv01", &[400]),
    ("rfc4475/clerr", &[400]),
    ("rfc4475/ncl", &[400]),
    ("rfc4475/scalar02", &[400]),
    ("rfc4475/scalarlg", &[SILENCE]),
    ("rfc4475/quotbal", &[400]),
    ("rfc4475/ltgtruri", &[400]),
    ("rfc4475/lwsruri", &[400]),
    ("rfc4475/lwsstart", &[400, 401]),
    ("rfc4475/trws", &[400]),
    ("rfc4475/escruri", &[400]),
    ("rfc4475/baddate", &[400, 401]),
    ("rfc4475/regbadct", &[400, 401]),
    ("rfc4475/badaspec", &[200, 400]),
    ("rfc4475/baddn", &[400]),
    ("rfc4475/badvers", &[505]),
    ("rfc4475/mismatch01", &[400]),
    ("rfc4475/mismatch02", &[400]),
    ("rfc4475/bigcode", &[SILENCE]),
    // Transaction layer, application layer, and RFC 2543.
    ("rfc4475/badbranch", &[200, 400]),
    ("rfc4475/insuf", &[400]),
    ("rfc4475/unkscm", &[416]),
    ("rfc4475/novelsc", &[416]),
    ("rfc4475/unksm2", &[400, 401]),
    ("rfc4475/bext01", &[420]),
    ("rfc4475/invut", &[401, 415]),
    ("rfc4475/regaut01", &[401]),
    ("rfc4475/multi01", &[400]),
    ("rfc4475/mcl01", &[400]),
    ("rfc4475/bcast", &[SILENCE]),
    ("rfc4475/zeromf", &[200, 483]),
    ("rfc4475/cparam01", &[401]),
    ("rfc4475/cparam02", &[401]),
    ("rfc4475/regescrt", &[401]),
    ("rfc4475/sdp01", &[401]),
    ("rfc4475/inv2543", &[401]),
    // RFC 5118.
    ("rfc5118/ipv6-good", &[401]),
    ("rfc5118/ipv6-bad", &[400]),
    ("rfc5118/port-ambiguous", &[401]),
    ("rfc5118/port-unambiguous", &[401]),
    ("rfc5118/via-received-param-with-delim", &[481]),
    ("rfc5118/via-received-param-no-delim", &[200, 400]),
    ("rfc5118/ipv6-in-sdp", &[400]),
    ("rfc5118/mult-ip-in-header", &[481]),
    ("rfc5118/mult-ip-in-sdp", &[401]),
    ("rfc5118/ipv4-mapped-ipv6", &[401]),
    ("rfc5118/ipv6-bug-abnf-3-colons", &[400]),
    ("rfc5118/ipv6-correct-abnf-2-colons", &[200]),
];

/// Their Content-Length is not the body's, or the empty line is missing: on a connection the next message is damaged too.
const NOT_FOR_STREAMS: [&str; 5] = [
    "rfc4475/clerr",
    "rfc4475/baddn",
    "rfc5118/ipv6-in-sdp",
    "rfc5118/ipv4-mapped-ipv6",
    "rfc5118/mult-ip-in-sdp",
];

/// Nobody can tell where they (or what follows them in the same file) end on a connection, so it is closed; whether after
/// an answer is left open.
const CLOSE_STREAMS: [&str; 4] = ["rfc4475/ncl", "rfc4475/mcl01", "rfc4475/inv2543", "rfc4475/dblreq"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../sip/tests/data/torture")
}

fn load(name: &str) -> Result<Bytes> {
    let path = folder().join(format!("{name}.dat"));
    Ok(std::fs::read(&path)
        .with_context(|| format!("{}", path.display()))?
        .into())
}

/// Where the answer is expected: the port of the message's own Via, at a loopback address that no other case uses.
fn own_address(number: usize, message: &[u8]) -> SocketAddr {
    let text = String::from_utf8_lossy(message);
    let via = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        ["via", "v"]
            .contains(&name.trim().to_ascii_lowercase().as_str())
            .then_some(value)
    });
    let sent_by = via
        .and_then(|via| via.trim().split([';', ',']).next()?.split_whitespace().last())
        .unwrap_or_default();
    let port = match sent_by.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => port.parse().unwrap_or(5060),
        _ => 5060,
    };
    let process = std::process::id();
    let (high, low) = ((process >> 8) as u8, process as u8);
    SocketAddr::new(
        IpAddr::V4(Ipv4Addr::new(127, 2 + high % 200, low, number as u8 + 1)),
        port,
    )
}

fn ping(transport: &str, own: SocketAddr) -> Vec<u8> {
    format!(
        "OPTIONS sip:pbx.example SIP/2.0\r\nVia: SIP/2.0/{transport} {own};rport;branch=z9hG4bK-ping\r\n\
         Max-Forwards: 70\r\nFrom: <sip:ping@pbx.example>;tag=1\r\nTo: <sip:pbx.example>\r\nCall-ID: ping\r\n\
         CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

fn is_pong(message: &Message) -> bool {
    message.call_id() == Some(b"ping")
}

/// Statuses that came before the daemon answered an OPTIONS sent after the message.
async fn over_udp(server: SocketAddr, own: SocketAddr, message: &[u8]) -> Result<BTreeSet<u16>> {
    let socket = UdpSocket::bind(own)
        .await
        .with_context(|| format!("{own} cannot be had"))?;
    socket.send_to(message, server).await?;
    socket.send_to(&ping("UDP", own), server).await?;
    let mut statuses = BTreeSet::new();
    let mut buffer = vec![0; 65_536];
    loop {
        let received = tokio::time::timeout(PATIENCE, socket.recv(&mut buffer)).await;
        let length = received.context("no answer to OPTIONS")??;
        let answer = Message::parse(Bytes::copy_from_slice(&buffer[..length]), Framing::Datagram)?;
        if is_pong(&answer) {
            return Ok(statuses);
        }
        statuses.insert(answer.status().context("a request came back")?);
    }
}

/// As over UDP; the daemon may also close a connection whose messages can no longer be told apart.
async fn over_tcp(server: SocketAddr, message: &[u8]) -> Result<BTreeSet<u16>> {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(message).await?;
    stream.write_all(&ping("TCP", stream.local_addr()?)).await?;
    let mut framer = StreamFramer::default();
    let mut statuses = BTreeSet::new();
    let mut buffer = vec![0; 65_536];
    loop {
        while let Ok(Some(frame)) = framer.next_frame() {
            let Framed::Message(bytes) = frame else { continue };
            let answer = Message::parse(bytes, Framing::Stream)?;
            if is_pong(&answer) {
                return Ok(statuses);
            }
            statuses.insert(answer.status().context("a request came back")?);
        }
        match tokio::time::timeout(PATIENCE, stream.read(&mut buffer))
            .await
            .context("neither answered nor closed")?
        {
            Ok(0) | Err(_) => return Ok(statuses),
            Ok(length) => framer.push(&buffer[..length]),
        }
    }
}

fn judge(name: &str, expected: &[u16], came: &BTreeSet<u16>) -> Option<String> {
    let right = match came.first() {
        None => expected.contains(&SILENCE),
        Some(status) => came.len() == 1 && expected.contains(status),
    };
    (!right).then(|| format!("{name}: {came:?} instead of {expected:?}"))
}

#[tokio::test]
async fn every_message_over_udp_gets_what_it_deserves() -> Result<()> {
    let daemon = Daemon::start(&[]).await?;
    let mut wrong = Vec::new();
    for (number, (name, expected)) in CASES.iter().enumerate() {
        let message = load(name)?;
        let came = over_udp(daemon.sip, own_address(number, &message), &message).await;
        let came = came.with_context(|| format!("after {name}"))?;
        wrong.extend(judge(name, expected, &came));
    }
    ensure!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

#[tokio::test]
async fn no_message_over_tcp_does_harm() -> Result<()> {
    let daemon = Daemon::start(&[]).await?;
    let mut wrong = Vec::new();
    for (name, expected) in CASES.iter().filter(|(name, _)| !NOT_FOR_STREAMS.contains(name)) {
        let came = over_tcp(daemon.sip, &load(name)?)
            .await
            .with_context(|| format!("after {name}"))?;
        if !(came.is_empty() && CLOSE_STREAMS.contains(name)) {
            wrong.extend(judge(name, expected, &came));
        }
        let after = over_tcp(daemon.sip, b"")
            .await
            .with_context(|| format!("a new connection after {name}"))?;
        if !after.is_empty() {
            bail!("{name} was answered on another connection");
        }
    }
    ensure!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

#[test]
fn all_messages_of_both_rfcs_are_in_the_table() {
    let listed: BTreeSet<String> = CASES.iter().map(|(name, _)| format!("{name}.dat")).collect();
    assert_eq!(listed.len(), 61);
    for rfc in ["rfc4475", "rfc5118"] {
        for entry in std::fs::read_dir(folder().join(rfc)).unwrap() {
            let name = format!("{rfc}/{}", entry.unwrap().file_name().to_string_lossy());
            assert!(listed.contains(&name), "{name}");
        }
    }
}
