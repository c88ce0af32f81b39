//! Keys from where telephone-event is not known, as SIPp's old gateway sends them: tones in A-law, heard by the running daemon.

use anyhow::{Context, Result, ensure};
use frontdesk_media::g711::{self, Law};
use frontdesk_media::sound;
use frontdesk_tests::sipp::Scenario;
use serde_json::json;

use crate::office::Office;

/// The two tones of the key 2 for a tenth of a second, with silence before and after them.
fn key() -> Vec<u8> {
    let [low, high] = [697, 1_336].map(|hertz| sound::tone(hertz, 100).samples);
    let both = low
        .iter()
        .zip(&high)
        .map(|(low, high)| g711::encode(Law::A, low + high));
    let silence = [g711::silence(Law::A); 1_600];
    silence.into_iter().chain(both).chain(silence).collect()
}

#[tokio::test]
async fn a_caller_without_telephone_event_chooses_in_the_menu_by_tones() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let daemon = &office.daemon;
    let prompt = sound::tone(700, 8_000).to_wav();
    let prompt = daemon.post_file("/prompts?name=Ask", "audio/wav", prompt).await?;
    let staff = daemon.get("/staff?search=102").await?;
    let second = staff["items"][0]["id"].as_str().context("the second phone's owner")?;
    let menu = json!({ "name": "Main", "short_number": "300", "prompt_id": prompt["id"], "retries": 1,
        "keys": { "2": { "staff_id": second } } });
    daemon.post("/menus", &menu).await?;
    let file = daemon.folder().join("key.alaw");
    std::fs::write(&file, key())?;
    let caller = office.person(0, "300").calls_without_events().is_answered();
    let caller = caller.waits(1_000).says(&file).waits(4_000).hangs_up();
    let callee = Scenario::callee().is_called().rings().is_cancelled();
    office.check(&caller, &callee).await?;
    let call = daemon.last_call().await?;
    let because = call["because"].as_str().unwrap_or_default();
    ensure!(because.contains("in the menu Main: the key 2 was pressed"), "{call}");
    Ok(())
}
