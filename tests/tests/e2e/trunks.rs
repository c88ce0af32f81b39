//! The running daemon with lines that an admin has set up by the API: calls go out by one provider and come in by another.

use std::time::Duration;

use anyhow::{Result, ensure};
use frontdesk_sip::wire::{HeaderName, Message};
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::{WirePhone, sdp};
use serde_json::{Value, json};

async fn open(daemon: &Daemon, user: &str, secret: &str) -> Result<WirePhone> {
    daemon.phone(user, secret).await
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
    let staff = daemon.get("/staff?search=101").await?;
    let number = json!({ "number": "8 495 123-45-67", "staff_id": staff["items"][0]["id"] });
    daemon.post("/numbers", &number).await?;
    let (called, invite) = tokio::join!(anna.calls("89123456789"), provider.answers());
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
    let number = json!({ "number": "+7 495 765-43-21", "staff_id": staff["items"][0]["id"] });
    daemon.post("/numbers", &number).await?;
    let (called, invite) = tokio::join!(gateway_phone.calls("+74957654321"), anna.answers());
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

/// A line that registers with this server, which answers its REGISTER with a status; gives how the line is then said to do.
async fn registers(daemon: &Daemon, (name, status, standing): (&str, u16, &str)) -> Result<Value> {
    let mut provider = open(daemon, "", "").await?;
    let server = json!({ "host": provider.wire.local.ip().to_string(), "port": provider.wire.local.port() });
    let registration = json!({ "user": "line", "password": "given to us" });
    let line = json!({ "name": name, "servers": [server], "registration": registration });
    let made = daemon.post("/trunks", &line).await?;
    let path = format!("/trunks/{}", made["id"].as_str().unwrap_or_default());
    let register = provider.request_of("REGISTER").await?;
    let contact = format!("Contact: {}\r\nExpires: 600\r\n", text(&register, HeaderName::Contact));
    provider.respond(&register, status, (&contact, "")).await?;
    let look = async || {
        let state = daemon.get(&path).await.ok()?["state"].take();
        (state["registration"] == standing).then_some(state)
    };
    eventually(standing, Duration::from_secs(10), look).await
}

#[tokio::test]
async fn a_line_shows_whether_it_is_registered_and_why_not() -> Result<()> {
    let daemon = Daemon::start(&[]).await?;
    let good = registers(&daemon, ("Good", 200, "registered")).await?;
    ensure!(good["reason"].is_null() && good["failing_since"].is_null(), "{good}");
    let bad = registers(&daemon, ("Bad", 403, "failing")).await?;
    ensure!(bad["reason"].as_str().is_some_and(|why| why.contains("403")), "{bad}");
    ensure!(bad["failing_since"].is_string(), "{bad}");
    daemon.stop().await
}
