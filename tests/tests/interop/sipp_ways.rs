//! Calls that go elsewhere as SIPp's phones send them, 302 and forwarding; and early media, UPDATE.

use anyhow::{Result, ensure};
use frontdesk_tests::sipp::Scenario;
use serde_json::json;

use crate::office::{DOMAIN, Office, is_held};

#[tokio::test]
async fn a_phone_that_sends_its_calls_on_is_followed() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office.person(0, "102").calls().is_answered().waits(300).hangs_up();
    let second = Scenario::callee()
        .is_called()
        .rings()
        .sends_on_to(&format!("sip:103@{DOMAIN}"));
    let third = Scenario::callee()
        .is_called_saying("Diversion", "102")
        .rings()
        .answers()
        .is_hung_up_on();
    office.check_three(&caller, [&second, &third]).await?;
    let call = office.daemon.last_call().await?;
    ensure!(call["disposition"] == "answered", "{call}");
    Ok(())
}

#[tokio::test]
async fn early_audio_of_a_phone_reaches_the_caller() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let second = Scenario::callee()
        .is_called()
        .speaks_early()
        .waits(300)
        .answers()
        .is_hung_up_on();
    let caller = office
        .person(0, "102")
        .calls()
        .hears_early()
        .is_answered()
        .waits(300)
        .hangs_up();
    office.check(&caller, &second).await
}

#[tokio::test]
async fn a_caller_holds_and_takes_back_by_update() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let second = is_held();
    let caller = office
        .person(0, "102")
        .calls()
        .is_answered()
        .waits(300)
        .updates("sendonly")
        .waits(500)
        .updates("sendrecv")
        .waits(500)
        .hangs_up();
    office.check(&caller, &second).await
}

#[tokio::test]
async fn a_call_that_nobody_answers_goes_on_and_so_does_one_to_a_busy_phone() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    office
        .forwards(1, &json!({ "no_answer": "103", "no_answer_after": 5, "busy": "103" }))
        .await?;
    let caller = office.person(0, "102").calls().is_answered().waits(200).hangs_up();
    for second in [
        Scenario::callee().is_called().rings().is_cancelled(),
        Scenario::callee().is_called().declines("486 Busy Here"),
    ] {
        let third = Scenario::callee()
            .is_called_saying("Diversion", "102")
            .rings()
            .answers()
            .is_hung_up_on();
        office.check_three(&caller, [&second, &third]).await?;
        let call = office.daemon.last_call().await?;
        ensure!(call["callee"]["number"] == "103", "{call}");
    }
    Ok(())
}
