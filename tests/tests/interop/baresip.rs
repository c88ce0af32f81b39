//! Two baresip softphones call each other through the running daemon: the right tone is on the right side, in what each
//! of them heard and in the recording.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_tests::baresip::{Baresip, Line};
use frontdesk_tests::daemon::{Daemon, Phone};
use frontdesk_tests::tone::Audio;
use frontdesk_tests::tools;

const CALLER_TONE: f64 = 440.0;
const CALLEE_TONE: f64 = 1_000.0;
const TALK: Duration = Duration::from_secs(4);
/// A tone makes most of the power, although the first packets and resampling leave something beside it.
const MOST: f64 = 0.8;
const LITTLE: f64 = 0.05;

/// `port` is counted from that of UDP and TCP.
async fn talk(transport: &str, port: u16) -> Result<()> {
    if !tools::found("baresip", "two softphones with real audio", "baresip") {
        return Ok(());
    }
    let daemon = Daemon::start(&["101", "102"]).await?;
    let server = SocketAddr::new(daemon.sip.ip(), daemon.sip.port() + port);
    let line = |phone: &Phone, tone| Line {
        user: phone.user.clone(),
        secret: phone.secret.clone(),
        server,
        transport,
        tone,
    };
    let mut caller = Baresip::start(daemon.folder(), line(&daemon.phones[0], CALLER_TONE)).await?;
    let mut callee = Baresip::start(daemon.folder(), line(&daemon.phones[1], CALLEE_TONE)).await?;
    daemon.sip_status("101", "online").await?;
    daemon.sip_status("102", "online").await?;

    caller
        .command("dial", &format!("sip:102@{server};transport={transport}"))
        .await?;
    callee.until("CALL_INCOMING").await?;
    callee.command("accept", "").await?;
    caller.until("CALL_ESTABLISHED").await?;
    callee.until("CALL_ESTABLISHED").await?;
    callee.until("CALL_RTPESTAB").await?;
    caller.talks_for(TALK).await?;
    caller.command("hangup", "").await?;
    callee.until("CALL_CLOSED").await?;
    caller.until("CALL_CLOSED").await?;

    check_side("caller", &Audio::read(&caller.heard()?)?, CALLEE_TONE, CALLER_TONE)?;
    check_side("callee", &Audio::read(&callee.heard()?)?, CALLER_TONE, CALLEE_TONE)?;
    check_recording(&daemon).await?;
    caller.quit().await?;
    callee.quit().await?;
    daemon.sip_status("101", "offline").await?;
    daemon.stop().await
}

fn check_side(who: &str, heard: &Audio, other: f64, own: f64) -> Result<()> {
    let (there, back) = (heard.share(0, other), heard.share(0, own));
    ensure!(there > MOST, "{who} did not hear {other} Hz: {there:.3} of the power");
    ensure!(back < LITTLE, "{who} heard the own {own} Hz: {back:.3} of the power");
    let (seconds, talked) = (heard.seconds(), TALK.as_secs_f64());
    ensure!(
        (seconds - talked).abs() < 0.5,
        "{who} heard {seconds:.2} s of a call of {talked} s"
    );
    Ok(())
}

/// Caller left, callee right, as long as the talk was.
async fn check_recording(daemon: &Daemon) -> Result<()> {
    let call = daemon.last_call().await?;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    ensure!(
        call["disposition"] == "answered" && call["ended_by"] == "caller",
        "{call}"
    );
    ensure!(
        call["caller"]["number"] == "101" && call["callee"]["number"] == "102",
        "{call}"
    );
    let recording = text(&call["recordings"][0]["id"]);
    ensure!(!recording.is_empty(), "not recorded: {call}");
    let file = daemon.folder().join("recording.wav");
    std::fs::write(&file, daemon.download(&format!("/recordings/{recording}/media")).await?)?;
    let audio = Audio::read(&file)?;
    ensure!(
        audio.channels.len() == 2 && audio.rate == 8_000,
        "{} channels, {} Hz",
        audio.channels.len(),
        audio.rate
    );
    for (side, channel, there, back) in [
        ("left", 0, CALLER_TONE, CALLEE_TONE),
        ("right", 1, CALLEE_TONE, CALLER_TONE),
    ] {
        let (there, back) = (audio.share(channel, there), audio.share(channel, back));
        ensure!(
            there > MOST && back < LITTLE,
            "{side}: {there:.3} of the right tone, {back:.3} of the wrong one"
        );
    }
    let talked = call["talked_ms"].as_f64().context("no talk time")? / 1000.0;
    let (recorded, meant) = (audio.seconds(), TALK.as_secs_f64());
    ensure!(
        (recorded - talked).abs() <= 0.1,
        "recorded {recorded:.3} s of {talked:.3} s"
    );
    ensure!((talked - meant).abs() < 0.5, "talked {talked:.3} s of {meant:.3} s");
    Ok(())
}

#[tokio::test]
async fn two_softphones_hear_each_other_over_udp() -> Result<()> {
    talk("udp", 0).await
}

#[tokio::test]
async fn two_softphones_hear_each_other_over_tcp() -> Result<()> {
    talk("tcp", 0).await
}

/// Neither has a module for SRTP, which is what they are offered first.
#[tokio::test]
async fn two_softphones_without_srtp_hear_each_other_over_tls() -> Result<()> {
    talk("tls", 1).await
}
