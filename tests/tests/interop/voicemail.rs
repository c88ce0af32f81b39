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
    shows(daemon, name, "Messages-Waiting: yes.*Voice-Message: 1/0").await
}

/// What a phone of the mailbox's owner is told of it.
async fn shows(daemon: &Daemon, name: &str, lamp: &str) -> Result<()> {
    let user = User {
        name: &daemon.phones[1].user,
        secret: &daemon.phones[1].secret,
    };
    let scenario = Scenario::caller(user, "102", "pbx.example")
        .watches("message-summary", 300)
        .is_told("active", lamp);
    let scenario = scenario.start(name, daemon.folder(), daemon.sip, "udp")?;
    scenario.succeeds().await
}

fn line(daemon: &Daemon, phone: usize, tone: f64) -> Line<'_> {
    Line {
        user: daemon.phones[phone].user.clone(),
        secret: daemon.phones[phone].secret.clone(),
        server: daemon.sip,
        transport: "udp",
        tone,
    }
}

/// 101 speaks for some seconds to the mailbox of 102.
async fn leave(daemon: &Daemon) -> Result<Baresip> {
    let mut caller = Baresip::start(daemon.folder(), line(daemon, 0, CALLER_TONE)).await?;
    daemon.sip_status("101", "online").await?;
    caller.command("dial", &format!("sip:102@{}", daemon.sip)).await?;
    caller.until("CALL_ESTABLISHED").await?;
    // The greeting and the tone take less than six seconds.
    caller.talks_for(Duration::from_secs(9)).await?;
    caller.command("hangup", "").await?;
    caller.until("CALL_CLOSED").await?;
    Ok(caller)
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
    let caller = leave(&daemon).await?;
    let heard = Audio::read(&caller.heard()?)?;
    ensure!(heard.seconds() > 4.0, "the greeting is heard for {} s", heard.seconds());
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

#[tokio::test]
async fn a_message_is_heard_by_phone_its_lamp_goes_out_and_a_key_deletes_it() -> Result<()> {
    if !tools::found("baresip", "two softphones with real audio", "baresip")
        || !tools::found("sipp", "SIPp scenarios", "sip-tester")
    {
        return Ok(());
    }
    let daemon = Daemon::start(&["101", "102"]).await?;
    furnish(&daemon).await?;
    let caller = leave(&daemon).await?;
    daemon.last_call().await?;
    is_lit(&daemon, "lamp").await?;
    let mut owner = Baresip::start(daemon.folder(), line(&daemon, 1, OUR_TONE)).await?;
    daemon.sip_status("102", "online").await?;
    owner.command("dial", &format!("sip:*97@{}", daemon.sip)).await?;
    owner.until("CALL_ESTABLISHED").await?;
    owner.until("CALL_CLOSED").await?;
    let heard = Audio::read(&owner.heard()?)?;
    let seconds = heard.seconds_with(CALLER_TONE);
    ensure!((2..5).contains(&seconds), "{seconds} s of the message");
    shows(&daemon, "lamp-out", "Messages-Waiting: no.*Voice-Message: 0/1").await?;
    let messages = daemon.get("/voicemails").await?;
    ensure!(messages["items"][0]["heard_at"].is_string(), "{messages}");
    let audit = daemon.get("/audit?entity=voicemail").await?;
    let deeds = audit["items"].as_array().context("a list")?;
    for action in ["voicemail.played", "voicemail.heard"] {
        ensure!(deeds.iter().any(|deed| deed["action"] == action), "{action} in {audit}");
    }
    owner.command("dial", &format!("sip:*97@{}", daemon.sip)).await?;
    owner.until("CALL_ESTABLISHED").await?;
    owner.talks_for(Duration::from_secs(2)).await?;
    owner.command("sndcode", "7").await?;
    owner.until("CALL_CLOSED").await?;
    let messages = daemon.get("/voicemails").await?;
    ensure!(messages["items"] == json!([]), "{messages}");
    shows(&daemon, "lamp-empty", "Messages-Waiting: no.*Voice-Message: 0/0").await?;
    owner.quit().await?;
    caller.quit().await?;
    daemon.stop().await
}
