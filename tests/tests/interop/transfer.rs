//! baresip softphones transfer a call through the running daemon: one recording holds the tones of before and after.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_tests::baresip::{Baresip, Line, Talent};
use frontdesk_tests::daemon::{Daemon, Phone};
use frontdesk_tests::tone::Audio;
use frontdesk_tests::tools;

const TONES: [f64; 3] = [440.0, 1_000.0, 1_700.0];
const TALK: Duration = Duration::from_secs(4);
/// A tone makes most of the power, although the first packets and resampling leave something beside it.
const MOST: f64 = 0.8;
const LITTLE: f64 = 0.05;

async fn phones(daemon: &Daemon, (server, transport): (SocketAddr, &str), talent: Talent<'_>) -> Result<[Baresip; 3]> {
    let line = |phone: &Phone, tone| Line {
        user: phone.user.clone(),
        secret: phone.secret.clone(),
        server,
        transport,
        tone,
    };
    let mut phones = Vec::new();
    for (phone, tone) in daemon.phones.iter().zip(TONES) {
        phones.push(Baresip::start_with(daemon.folder(), line(phone, tone), talent).await?);
    }
    for number in ["101", "102", "103"] {
        daemon.sip_status(number, "online").await?;
    }
    phones.try_into().ok().context("three phones")
}

async fn recording(daemon: &Daemon, id: &str) -> Result<Audio> {
    let file = daemon.folder().join("recording.wav");
    std::fs::write(&file, daemon.download(&format!("/recordings/{id}/media")).await?)?;
    Audio::read(&file)
}

#[tokio::test]
async fn a_blind_transfer_leaves_one_recording_of_both_conversations() -> Result<()> {
    blind(("udp", 0), Talent::default()).await
}

#[tokio::test]
async fn a_blind_transfer_between_phones_that_encrypt_over_tls_does_so_too() -> Result<()> {
    let secret = Talent {
        modules: &["srtp.so"],
        account: ";mediaenc=srtp-mand",
    };
    blind(("tls", 1), secret).await
}

/// 101 calls 102; after a while 102 sends 101 to 103. `port` is counted from that of UDP and TCP.
async fn blind((transport, port): (&str, u16), talent: Talent<'_>) -> Result<()> {
    if !tools::found("baresip", "softphones that transfer with real audio", "baresip") {
        return Ok(());
    }
    let daemon = Daemon::start(&["101", "102", "103"]).await?;
    let server = SocketAddr::new(daemon.sip.ip(), daemon.sip.port() + port);
    let [mut anna, mut boris, mut clara] = phones(&daemon, (server, transport), talent).await?;
    let at = |number: &str| format!("sip:{number}@{server};transport={transport}");
    anna.command("dial", &at("102")).await?;
    boris.until("CALL_INCOMING").await?;
    boris.command("accept", "").await?;
    boris.until("CALL_ESTABLISHED").await?;
    anna.until("CALL_RTPESTAB").await?;
    anna.talks_for(TALK).await?;
    boris.command("transfer", &at("103")).await?;
    clara.until("CALL_INCOMING").await?;
    clara.command("accept", "").await?;
    boris.until("CALL_CLOSED").await?;
    clara.until("CALL_RTPESTAB").await?;
    anna.talks_for(TALK).await?;
    anna.command("hangup", "").await?;
    clara.until("CALL_CLOSED").await?;
    anna.until("CALL_CLOSED").await?;

    for (phone, tone, what) in [
        (&clara, TONES[0], "103 did not hear 101"),
        (&anna, TONES[1], "101 did not hear 102 before"),
        (&anna, TONES[2], "101 did not hear 103 after"),
    ] {
        let seconds = Audio::read(&phone.heard()?)?.seconds_with(tone);
        ensure!(seconds >= 2, "{what}: {seconds} s");
    }
    check_recording(&daemon).await?;
    for phone in [anna, boris, clara] {
        phone.quit().await?;
    }
    daemon.stop().await
}

async fn check_recording(daemon: &Daemon) -> Result<()> {
    let call = daemon.last_call().await?;
    ensure!(
        call["caller"]["number"] == "101" && call["callee"]["number"] == "103",
        "{call}"
    );
    let because = call["because"].as_str().unwrap_or_default();
    ensure!(because.contains("transferred by 102 to 103"), "{call}");
    let recordings = call["recordings"].as_array().context("recordings")?;
    ensure!(recordings.len() == 1, "one recording covers all: {call}");
    let audio = recording(daemon, recordings[0]["id"].as_str().context("an id")?).await?;
    let talked = call["talked_ms"].as_f64().context("no talk time")? / 1000.0;
    let seconds = audio.seconds();
    ensure!(
        (seconds - talked).abs() <= 0.1,
        "recorded {seconds:.3} s of {talked:.3} s"
    );
    let (before, after) = (audio.part(1.0, 3.0), audio.part(-3.0, -1.0));
    for (when, audio, callee, other) in [
        ("before", before, TONES[1], TONES[2]),
        ("after", after, TONES[2], TONES[1]),
    ] {
        let shares = [audio.share(0, TONES[0]), audio.share(1, callee), audio.share(1, other)];
        ensure!(
            shares[0] > MOST && shares[1] > MOST && shares[2] < LITTLE,
            "{when} the transfer: {shares:.3?} of 101 on the left, of the callee and of the other one on the right"
        );
    }
    Ok(())
}
