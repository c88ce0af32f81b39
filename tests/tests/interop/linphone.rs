//! Linphone transfers with consultation (REFER with Replaces, RFC 5589 section 7) through the running daemon, with audio; and
//! is put on hold by baresip.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_tests::baresip::{Baresip, Line};
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::linphone::Linphone;
use frontdesk_tests::tone::Audio;
use frontdesk_tests::tools;

const TONES: [f64; 3] = [440.0, 1_000.0, 1_700.0];
const NUMBERS: [&str; 3] = ["101", "102", "103"];
/// Linphone fades and stretches its audio a little at each start.
const MOST: f64 = 0.7;
const LITTLE: f64 = 0.05;
/// How long a conversation lasts whose tones are measured.
const TALK: Duration = Duration::from_secs(3);

fn line(daemon: &Daemon, place: usize) -> Line<'_> {
    let phone = &daemon.phones[place];
    Line {
        user: phone.user.clone(),
        secret: phone.secret.clone(),
        server: daemon.sip,
        transport: "udp",
        tone: TONES[place],
    }
}

async fn phones(daemon: &Daemon) -> Result<[Linphone; 3]> {
    let mut phones = Vec::new();
    for place in 0..NUMBERS.len() {
        phones.push(Linphone::start(daemon.folder(), line(daemon, place)).await?);
    }
    for number in NUMBERS {
        daemon.sip_status(number, "online").await?;
    }
    phones.try_into().ok().context("three phones")
}

async fn calls(daemon: &Daemon, (caller, callee): (&mut Linphone, &mut Linphone), number: &str) -> Result<()> {
    caller.command(&format!("call sip:{number}@{}", daemon.sip)).await?;
    callee.says("Receiving new incoming call").await?;
    callee.command("answer").await?;
    callee.says("connected").await
}

fn is_tone(what: &str, audio: &Audio, channel: usize, tone: f64, silent: f64) -> Result<()> {
    let (there, gone) = (audio.share(channel, tone), audio.share(channel, silent));
    ensure!(
        there > MOST && gone < LITTLE,
        "{what}: {there:.3} of the power at {tone} Hz, {gone:.3} at {silent} Hz"
    );
    Ok(())
}

/// 101 calls 102, who asks 103 and leaves the two to each other.
#[tokio::test]
async fn a_transfer_with_consultation_joins_the_two_others_in_one_recording() -> Result<()> {
    if !tools::found(
        "linphonec",
        "softphones that transfer with consultation",
        "linphone-cli",
    ) {
        return Ok(());
    }
    let daemon = Daemon::start(&NUMBERS).await?;
    let [mut anna, mut boris, mut clara] = phones(&daemon).await?;
    calls(&daemon, (&mut anna, &mut boris), "102").await?;
    daemon.call_to("102", "talking").await?;
    anna.talks_for(TALK).await?;
    boris.command("pause").await?;
    boris.says("is now paused").await?;
    calls(&daemon, (&mut boris, &mut clara), "103").await?;
    boris.says("for call 2").await?;
    boris.command("transfer 1 --to-call 2").await?;
    boris.says("has been transfered").await?;
    boris.says("Call 2 with").await?;
    anna.talks_for(TALK).await?;
    anna.command("terminate").await?;
    clara.says("ended").await?;

    boris.quit().await?;
    let (anna_heard, clara_heard) = (anna.quit().await?, clara.quit().await?);
    is_tone("101 in the end", &anna_heard.part(-2.0, -0.5), 0, TONES[2], TONES[1])?;
    is_tone("103 in the end", &clara_heard.part(-2.0, -0.5), 0, TONES[0], TONES[1])?;
    let calls = daemon.get("/calls?limit=5").await?;
    let calls = calls["items"].as_array().context("calls")?;
    let transferred = |call: &&serde_json::Value| call["caller"]["number"] == "101";
    let call = calls.iter().find(transferred).with_context(|| format!("{calls:?}"))?;
    ensure!(call["callee"]["number"] == "103", "{call}");
    let recordings = call["recordings"].as_array().context("recordings")?;
    ensure!(recordings.len() == 1, "one recording covers all: {call}");
    let id = recordings[0]["id"].as_str().context("an id")?;
    let file = daemon.folder().join("recording.wav");
    std::fs::write(&file, daemon.download(&format!("/recordings/{id}/media")).await?)?;
    let recording = Audio::read(&file)?;
    for (when, part, callee, other) in [
        ("before", recording.part(1.0, 2.5), TONES[1], TONES[2]),
        ("after", recording.part(-2.0, -0.5), TONES[2], TONES[1]),
    ] {
        is_tone(&format!("{when}, left"), &part, 0, TONES[0], other)?;
        is_tone(&format!("{when}, right"), &part, 1, callee, other)?;
    }
    daemon.stop().await
}

/// What each second of it is: the tone of the second phone, something else, or nothing.
fn seconds(audio: &Audio) -> String {
    let kind = |second: Audio| match (second.share(0, TONES[1]), second.level(0)) {
        (share, _) if share > MOST => 't',
        (share, level) if share < LITTLE && level > 200.0 => 'm',
        (_, level) if level < 50.0 => '.',
        _ => '?',
    };
    audio.seconds_of().map(kind).collect()
}

#[tokio::test]
async fn whoever_is_held_by_baresip_hears_music_and_then_the_other_one_again() -> Result<()> {
    if !tools::found("linphonec", "a softphone that is held", "linphone-cli")
        || !tools::found("baresip", "a softphone that holds", "baresip")
    {
        return Ok(());
    }
    let daemon = Daemon::start(&NUMBERS[..2]).await?;
    let mut anna = Linphone::start(daemon.folder(), line(&daemon, 0)).await?;
    let mut boris = Baresip::start(daemon.folder(), line(&daemon, 1)).await?;
    for number in &NUMBERS[..2] {
        daemon.sip_status(number, "online").await?;
    }
    anna.command(&format!("call sip:102@{}", daemon.sip)).await?;
    boris.until("CALL_INCOMING").await?;
    boris.command("accept", "").await?;
    boris.until("CALL_ESTABLISHED").await?;
    anna.says("connected").await?;
    boris.talks_for(TALK).await?;
    boris.command("hold", "").await?;
    boris.talks_for(TALK + TALK / 3).await?;
    boris.command("resume", "").await?;
    boris.talks_for(TALK).await?;
    boris.command("hangup", "").await?;
    boris.until("CALL_CLOSED").await?;
    let heard = anna.quit().await?;
    let kinds = seconds(&heard);
    let music = kinds.find("mm").with_context(|| format!("no music: {kinds}"))?;
    let (before, after) = kinds.split_at(music);
    ensure!(before.contains('t') && after.contains("tt"), "{kinds}");
    is_tone("in the end", &heard.part(-1.5, -0.5), 0, TONES[1], TONES[0])?;
    boris.quit().await?;
    daemon.stop().await
}
