//! The running daemon with lines that an admin has set up by the API: calls go out by one provider and come in by another.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use frontdesk_sip::flow::Transport;
use frontdesk_sip::wire::{HeaderName, Message};
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::{Wire, WirePhone};
use serde_json::json;

fn sdp(port: u16) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 8\r\n\
         a=rtpmap:8 PCMA/8000\r\n"
    )
}

async fn open(daemon: &Daemon, user: &str, secret: &str) -> Result<WirePhone> {
    let wire = Wire::open(Transport::Udp, daemon.sip, (Path::new(""), "")).await?;
    Ok(WirePhone::new(wire, user, secret))
}

/// Answers, and waits for the end of the call; gives the INVITE that came.
async fn answers(phone: &mut WirePhone) -> Result<Message> {
    let invite = phone.request_of("INVITE").await?;
    let headers = format!("Contact: <{}>\r\nContent-Type: application/sdp\r\n", phone.contact());
    phone.respond(&invite, 200, (&headers, &sdp(42_002))).await?;
    phone.request_of("ACK").await?;
    let bye = phone.request_of("BYE").await?;
    phone.respond(&bye, 200, ("", "")).await?;
    Ok(invite)
}

async fn dials(phone: &mut WirePhone, number: &str) -> Result<()> {
    let answer = phone.dial(number, &sdp(42_000)).await?;
    ensure!(answer.status() == Some(200), "{number} gave {:?}", answer.status());
    phone.hang_up(&answer).await
}

fn text(message: &Message, name: HeaderName) -> String {
    String::from_utf8_lossy(message.header(name).unwrap_or_default()).into_owned()
}

#[tokio::test]
async fn calls_go_out_by_one_provider_and_come_in_by_another() -> Result<()> {
    let daemon = Daemon::start(&["101"]).await?;
    let mut anna = open(&daemon, &daemon.phones[0].user, &daemon.phones[0].secret).await?;
    anna.register().await?;

    let mut provider = open(&daemon, "", "").await?;
    let server = json!({ "host": provider.wire.local.ip().to_string(), "port": provider.wire.local.port() });
    let line = json!({
        "name": "Out", "servers": [server], "numbers_out": "e164_without_plus", "shown_number": "8 495 123-45-67",
    });
    daemon.post("/trunks", &line).await?;
    let (called, invite) = tokio::join!(dials(&mut anna, "89123456789"), answers(&mut provider));
    called?;
    let invite = invite?;
    ensure!(
        invite.uri()?.user() == Some(b"79123456789".as_slice()),
        "{:?}",
        invite.uri()
    );
    let shown = text(&invite, HeaderName::PAssertedIdentity);
    ensure!(shown.contains("74951234567"), "{shown}");
    let call = daemon.last_call().await?;
    ensure!(
        call["direction"] == "outbound" && call["disposition"] == "answered",
        "{call}"
    );

    let gateway = daemon.post("/trunks", &json!({ "name": "In" })).await?;
    let word = |field: &str| gateway["sip"][field].as_str().unwrap_or_default().to_owned();
    let mut gateway_phone = open(&daemon, &word("user"), &word("password")).await?;
    gateway_phone.register().await?;
    let unconnected = gateway_phone.dial("+74957654321", &sdp(42_000)).await?;
    ensure!(unconnected.status() == Some(404), "{:?}", unconnected.status());
    let staff = daemon.get("/staff?search=101").await?;
    let number = json!({ "number": "+7 495 765-43-21", "staff_id": staff["items"][0]["id"] });
    daemon.post("/numbers", &number).await?;
    let (called, invite) = tokio::join!(dials(&mut gateway_phone, "+74957654321"), answers(&mut anna));
    called?;
    invite?;
    let look = async || {
        let calls = daemon.get("/calls?direction=inbound").await.ok()?;
        calls["items"].get(0).cloned()
    };
    let call = eventually("the call from outside", Duration::from_secs(10), look).await?;
    ensure!(call["called"] == "+74957654321", "{call}");
    daemon.stop().await
}
