//! A message left by baresip on the running daemon: what it says is measured in the file, and the lamp outlives a restart.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_tests::baresip::{Baresip, Line};
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::sipp::{Scenario, User};
use frontdesk_tests::tone::Audio;
use frontdesk_tests::tools;
use serde_json::json;

const CALLER_TONE: f64 = 440.0;
const OUR_TONE: f64 = 1_000.0;

/// A mailbox of 102, to which all their calls go.
async fn furnish(daemon: &Daemon) -> Result<()> {
    let staff = daemon.get("/staff?search=102").await?;
    let id = staff["items"][0]["id"].as_str().context("102 is nobody")?.to_owned();
    daemon
        .post("/mailboxes", &json!({ "staff_id": id, "language": "en" }))
        .await?;
    let forwarding = json!({ "always": "voicemail" }).to_string().into_bytes();
    daemon
        .put_file(&format!("/staff/{id}/forwarding"), "application/json", forwarding)
        .await
}

async fn is_lit(daemon: &Daemon, name: &str) -> Result<()> {
    let user = User {
        name: &daemon.phones[1].user,
        secret: &daemon.phones[1].secret,
    };
    let lamp = Scenario::caller(user, "102", "pbx.example")
        .watches("message-summary", 300)
        .is_told("active", "Messages-Waiting: yes.*Voice-Message: 1/0");
    let lamp = lamp.start(name, daemon.folder(), daemon.sip, "udp")?;
    lamp.succeeds().await
}

#[tokio::test]
async fn a_message_is_what_the_caller_said_and_its_lamp_outlives_a_restart() -> Result<()> {
    if !tools::found("baresip", "two softphones with real audio", "baresip")
        || !tools::found("sipp", "SIPp scenarios", "sip-tester")
    {
        return Ok(());
    }
    let mut daemon = Daemon::start(&["101", "102"]).await?;
    furnish(&daemon).await?;
    let line = Line {
        user: daemon.phones[0].user.clone(),
        secret: daemon.phones[0].secret.clone(),
        server: daemon.sip,
        transport: "udp",
        tone: CALLER_TONE,
    };
    let mut caller = Baresip::start(daemon.folder(), line).await?;
    daemon.sip_status("101", "online").await?;
    caller.command("dial", &format!("sip:102@{}", daemon.sip)).await?;
    caller.until("CALL_ESTABLISHED").await?;
    // The greeting and the tone take less than six seconds.
    caller.talks_for(Duration::from_secs(9)).await?;
    caller.command("hangup", "").await?;
    caller.until("CALL_CLOSED").await?;
    let heard = Audio::read(&caller.heard()?)?;
    ensure!(heard.seconds_of().count() >= 8, "the greeting is heard");
    daemon.last_call().await?;
    let messages = daemon.get("/voicemails").await?;
    let message = &messages["items"][0];
    let id = message["id"].as_str().with_context(|| messages.to_string())?.to_owned();
    let duration = message["duration_ms"].as_i64().unwrap_or_default();
    ensure!((2_000..5_000).contains(&duration), "{message}");
    let file = daemon.folder().join("message.wav");
    std::fs::write(&file, daemon.download(&format!("/voicemails/{id}/media")).await?)?;
    let audio = Audio::read(&file)?;
    let share = audio.part(0.3, -0.3).share(0, CALLER_TONE);
    ensure!(share > 0.8, "{share:.3} of the power is the caller's tone");
    ensure!(audio.share(0, OUR_TONE) < 0.05, "our own tone is no part of it");
    ensure!(audio.level(1) < 100.0, "nobody else speaks");
    is_lit(&daemon, "lamp").await?;
    caller.quit().await?;
    daemon.restart().await?;
    is_lit(&daemon, "lamp-again").await?;
    daemon.stop().await
}
