//! baresip in a menu of the running daemon: it hears the company's own prompt, presses a key, and the chosen phone rings.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_media::sound;
use frontdesk_tests::tone::Audio;
use serde_json::json;

use crate::features::{MOST, TONES, dial, end, office};

/// Hertz of the prompt.
const PROMPT: u32 = 700;

#[tokio::test]
async fn a_key_pressed_in_a_menu_rings_the_chosen_phone() -> Result<()> {
    let Some((daemon, mut phones)) = office(2).await? else {
        return Ok(());
    };
    let file = sound::tone(PROMPT, 8_000).to_wav();
    let prompt = daemon.post_file("/prompts?name=Ask", "audio/wav", file).await?;
    let staff = daemon.get("/staff?search=102").await?;
    let second = staff["items"][0]["id"].as_str().context("the second phone's owner")?;
    let menu = json!({ "name": "Main", "short_number": "300", "prompt_id": prompt["id"], "retries": 1,
        "keys": { "1": { "staff_id": second } } });
    daemon.post("/menus", &menu).await?;
    dial(&daemon, &mut phones[0], "300").await?;
    phones[0].until("CALL_ESTABLISHED").await?;
    phones[0].talks_for(Duration::from_secs(3)).await?;
    phones[0].command("sndcode", "1").await?;
    phones[1].until("CALL_INCOMING").await?;
    phones[1].command("accept", "").await?;
    phones[1].until("CALL_ESTABLISHED").await?;
    phones[0].talks_for(Duration::from_secs(3)).await?;
    phones[0].command("hangup", "").await?;
    phones[0].until("CALL_CLOSED").await?;
    phones[1].until("CALL_CLOSED").await?;
    let whole = Audio::read(&phones[0].heard()?)?;
    let (seconds, asked) = (whole.seconds(), whole.part(1.0, 2.5));
    let share = asked.share(0, f64::from(PROMPT));
    ensure!(share > MOST, "{share:.3} of the prompt's tone");
    let share = whole.part(seconds - 2.0, seconds - 0.5).share(0, TONES[1]);
    ensure!(share > MOST, "{share:.3} of the other phone's tone");
    let call = daemon.last_call().await?;
    let because = call["because"].as_str().unwrap_or_default();
    ensure!(
        because.starts_with("the menu Main answers; in the menu Main: the key 1 was pressed"),
        "{call}"
    );
    end(daemon, phones).await
}
