//! What is dialled and pressed, as SIPp's phones do it: feature codes, and keys by INFO.

use anyhow::Result;
use frontdesk_media::sound;
use frontdesk_tests::sipp::Scenario;
use serde_json::json;

use crate::office::{Office, is_talked_to};

/// Of a menu's prompt, in hertz.
const PROMPT: u32 = 700;

#[tokio::test]
async fn calls_forwarded_by_code_go_on_and_come_back_when_it_is_taken_off() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let code = |dialled| office.person(1, dialled).calls().is_answered().is_hung_up_on();
    let talk = || office.person(0, "102").calls().is_answered().waits(200).hangs_up();
    office.start("forward", &code("*72103"))?.succeeds().await?;
    let third = office.phone(2, &is_talked_to()).await?;
    let caller = office.start("caller", &talk())?;
    let (caller, third) = tokio::join!(caller.succeeds(), third.succeeds());
    caller.and(third)?;
    office.start("no-more", &code("*73"))?.succeeds().await?;
    let second = office.phone(1, &is_talked_to()).await?;
    let caller = office.start("caller", &talk())?;
    let (caller, second) = tokio::join!(caller.succeeds(), second.succeeds());
    caller.and(second)
}

#[tokio::test]
async fn do_not_disturb_is_switched_on_and_off_by_code() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let code = |dialled| office.person(1, dialled).calls().is_answered().is_hung_up_on();
    office.start("on", &code("*78"))?.succeeds().await?;
    let refused = office.person(0, "102").calls().is_refused(480);
    office.start("refused", &refused)?.succeeds().await?;
    office.start("off", &code("*79"))?.succeeds().await?;
    let talks = office.person(0, "102").calls().is_answered().waits(200).hangs_up();
    office.check(&talks, &is_talked_to()).await
}

#[tokio::test]
async fn the_echo_test_answers_and_a_code_that_lacks_its_number_does_not() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let echo = office.person(0, "*43").calls().is_answered().waits(300).hangs_up();
    office.start("echo", &echo)?.succeeds().await?;
    let half = office.person(0, "*72").calls().is_refused(484);
    office.start("half", &half)?.succeeds().await
}

#[tokio::test]
async fn a_key_by_info_reaches_a_phone_that_has_no_telephone_event() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office.person(0, "102").calls().is_answered().waits(200);
    let caller = caller.presses('5').presses('#').waits(200).hangs_up();
    let callee = Scenario::callee().is_called().rings().answers();
    let callee = callee.hears_key('5').hears_key('#').is_hung_up_on().has_no_keys();
    office.check(&caller, &callee).await
}

#[tokio::test]
async fn a_key_by_info_chooses_in_a_menu() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let file = sound::tone(PROMPT, 8_000).to_wav();
    let prompt = office.daemon.post_file("/prompts?name=Ask", "audio/wav", file).await?;
    let menu = json!({ "name": "Main", "short_number": "300", "prompt_id": prompt["id"],
        "keys": { "1": { "staff_id": office.id(1).await? } } });
    office.daemon.post("/menus", &menu).await?;
    let caller = office.person(0, "300").calls().is_answered().waits(300).presses('1');
    office
        .check(&caller.is_updated().waits(300).hangs_up(), &is_talked_to())
        .await
}
