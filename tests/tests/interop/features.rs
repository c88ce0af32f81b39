//! baresip softphones dial feature codes of the running daemon: what they hear is measured.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_tests::baresip::{Baresip, Line};
use frontdesk_tests::daemon::{Daemon, Phone};
use frontdesk_tests::tone::{self, Audio};
use frontdesk_tests::{ports, tools};

pub(crate) const TONES: [f64; 3] = [440.0, 1_000.0, 1_700.0];
const TALK: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(10);
pub(crate) const MOST: f64 = 0.8;
const NUMBERS: [&str; 3] = ["101", "102", "103"];

/// The daemon and so many phones; `None` where there is no baresip.
pub(crate) async fn office(count: usize) -> Result<Option<(Daemon, Vec<Baresip>)>> {
    if !tools::found("baresip", "softphones that dial feature codes", "baresip") {
        return Ok(None);
    }
    let daemon = Daemon::start(&NUMBERS[..count]).await?;
    let mut phones = Vec::new();
    for (phone, tone) in daemon.phones.iter().zip(TONES) {
        phones.push(Baresip::start(daemon.folder(), line(&daemon, phone, tone)).await?);
    }
    for number in &NUMBERS[..count] {
        daemon.sip_status(number, "online").await?;
    }
    Ok(Some((daemon, phones)))
}

fn line<'a>(daemon: &Daemon, phone: &Phone, tone: f64) -> Line<'a> {
    Line {
        user: phone.user.clone(),
        secret: phone.secret.clone(),
        server: daemon.sip,
        transport: "udp",
        tone,
    }
}

pub(crate) async fn dial(daemon: &Daemon, phone: &mut Baresip, number: &str) -> Result<()> {
    phone.command("dial", &format!("sip:{number}@{}", daemon.sip)).await
}

pub(crate) async fn end(daemon: Daemon, phones: Vec<Baresip>) -> Result<()> {
    for phone in phones {
        phone.quit().await?;
    }
    daemon.stop().await
}

#[tokio::test]
async fn the_echo_test_gives_back_the_callers_own_tone() -> Result<()> {
    let Some((daemon, mut phones)) = office(1).await? else {
        return Ok(());
    };
    let phone = &mut phones[0];
    dial(&daemon, phone, "*43").await?;
    phone.until("CALL_ESTABLISHED").await?;
    phone.talks_for(TALK).await?;
    phone.command("hangup", "").await?;
    phone.until("CALL_CLOSED").await?;
    let heard = Audio::read(&phone.heard()?)?.part(1.0, 2.5);
    let (share, level) = (heard.share(0, TONES[0]), heard.level(0));
    ensure!(
        share > MOST && level > 4_000.0,
        "{share:.3} of the tone at level {level:.0}"
    );
    let call = daemon.last_call().await?;
    ensure!(call["because"] == "a feature code: echo test", "{call}");
    end(daemon, phones).await
}

#[tokio::test]
async fn the_callers_own_number_is_spoken_and_the_call_ends_by_itself() -> Result<()> {
    let Some((daemon, mut phones)) = office(1).await? else {
        return Ok(());
    };
    let phone = &mut phones[0];
    dial(&daemon, phone, "*65").await?;
    phone.until("CALL_ESTABLISHED").await?;
    phone.until("CALL_CLOSED").await?;
    let heard = Audio::read(&phone.heard()?)?;
    let loud = heard.channels[0]
        .chunks(160)
        .filter(|frame| frame.iter().any(|sample| sample.unsigned_abs() > 1_500))
        .count();
    ensure!(loud > 30, "three digits are longer than {loud} frames");
    ensure!(heard.share(0, TONES[0]) < 0.2, "it is the caller's own tone");
    end(daemon, phones).await
}

#[tokio::test]
async fn do_not_disturb_dialled_on_a_phone_is_kept_and_followed() -> Result<()> {
    let Some((daemon, mut phones)) = office(2).await? else {
        return Ok(());
    };
    dial(&daemon, &mut phones[1], "*78").await?;
    phones[1].until("CALL_CLOSED").await?;
    dial(&daemon, &mut phones[0], "102").await?;
    phones[0].until("CALL_CLOSED").await?;
    let refused = daemon.last_call().await?;
    let because = refused["because"].as_str().unwrap_or_default();
    ensure!(because.ends_with("does not want to be disturbed"), "{refused}");
    let staff = daemon.get("/staff?search=102").await?;
    let id = staff["items"][0]["id"]
        .as_str()
        .context("the second phone's owner")?
        .to_owned();
    let kept = ports::eventually("the setting in the database", PATIENCE, async || {
        let settings = daemon.get(&format!("/staff/{id}/forwarding")).await.ok()?;
        (settings["dnd"] == true).then_some(())
    });
    kept.await?;
    let audit = daemon.get("/audit?action=forwarding.dialled").await?;
    ensure!(audit["items"][0]["entity_id"] == id, "{audit}");
    end(daemon, phones).await
}

/// 101 calls 102, who parks it; 103 takes it from the place and hears 101.
#[tokio::test]
async fn a_call_is_parked_by_a_transfer_and_taken_by_dialling_its_place() -> Result<()> {
    let Some((daemon, mut phones)) = office(3).await? else {
        return Ok(());
    };
    let [anna, boris, clara] = phones.as_mut_slice() else {
        anyhow::bail!("three phones");
    };
    dial(&daemon, anna, "102").await?;
    boris.until("CALL_INCOMING").await?;
    boris.command("accept", "").await?;
    anna.until("CALL_ESTABLISHED").await?;
    anna.talks_for(TALK).await?;
    boris.command("transfer", &format!("sip:*68@{}", daemon.sip)).await?;
    boris.until("CALL_CLOSED").await?;
    anna.talks_for(TALK).await?;
    dial(&daemon, clara, "701").await?;
    clara.until("CALL_ESTABLISHED").await?;
    anna.talks_for(TALK).await?;
    clara.command("hangup", "").await?;
    // Only then is what it heard in its file.
    clara.until("CALL_CLOSED").await?;
    anna.until("CALL_CLOSED").await?;
    let (clara, anna) = (Audio::read(&clara.heard()?)?, Audio::read(&anna.heard()?)?);
    ensure!(clara.seconds_with(TONES[0]) >= 2, "103 did not hear 101");
    ensure!(anna.seconds_with(TONES[1]) >= 2, "101 did not hear 102 before");
    ensure!(anna.seconds_with(TONES[2]) >= 2, "101 did not hear 103 after");
    let music = anna
        .seconds_of()
        .filter(|second| second.level(0) > 200.0 && TONES.iter().all(|tone| second.share(0, *tone) < 0.3))
        .count();
    ensure!(music >= 2, "{music} seconds of music while nobody was there");
    let call = daemon.last_call().await?;
    let because = call["because"].as_str().unwrap_or_default();
    ensure!(because.contains("parked at 701 by 102"), "{call}");
    ensure!(
        call["recordings"].as_array().is_some_and(|all| all.len() == 1),
        "{call}"
    );
    end(daemon, phones).await
}

#[tokio::test]
async fn a_colleagues_ringing_call_is_picked_up() -> Result<()> {
    let Some((daemon, mut phones)) = office(3).await? else {
        return Ok(());
    };
    let [anna, boris, clara] = phones.as_mut_slice() else {
        anyhow::bail!("three phones");
    };
    dial(&daemon, anna, "102").await?;
    boris.until("CALL_INCOMING").await?;
    dial(&daemon, clara, "**102").await?;
    clara.until("CALL_ESTABLISHED").await?;
    boris.until("CALL_CLOSED").await?;
    anna.talks_for(TALK).await?;
    clara.command("hangup", "").await?;
    // Only then is what it heard in its file.
    clara.until("CALL_CLOSED").await?;
    anna.until("CALL_CLOSED").await?;
    let heard = Audio::read(&clara.heard()?)?;
    ensure!(heard.seconds_with(TONES[0]) >= 2, "103 did not hear 101");
    let call = daemon.last_call().await?;
    ensure!(call["callee"]["number"] == "103" && call["called"] == "102", "{call}");
    end(daemon, phones).await
}

/// A restart between the upload and the call: the music is kept.
#[tokio::test]
async fn whoever_is_parked_hears_the_music_that_the_company_has_given() -> Result<()> {
    const MUSIC: f64 = 2_500.0;
    let Some((mut daemon, mut phones)) = office(2).await? else {
        return Ok(());
    };
    let file = daemon.folder().join("music.wav");
    tone::write(&file, MUSIC, 5)?;
    daemon.put_file("/music", "audio/wav", std::fs::read(&file)?).await?;
    daemon.restart().await?;
    for number in &NUMBERS[..2] {
        daemon.sip_status(number, "online").await?;
    }
    let [anna, boris] = phones.as_mut_slice() else {
        anyhow::bail!("two phones");
    };
    dial(&daemon, anna, "102").await?;
    boris.until("CALL_INCOMING").await?;
    boris.command("accept", "").await?;
    anna.until("CALL_ESTABLISHED").await?;
    boris.command("transfer", &format!("sip:703@{}", daemon.sip)).await?;
    boris.until("CALL_CLOSED").await?;
    anna.talks_for(TALK).await?;
    anna.command("hangup", "").await?;
    anna.until("CALL_CLOSED").await?;
    let heard = Audio::read(&anna.heard()?)?;
    ensure!(heard.seconds_with(MUSIC) >= 2, "no music of the company's own");
    end(daemon, phones).await
}
