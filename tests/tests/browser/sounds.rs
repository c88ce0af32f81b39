//! The page of what callers hear, in a real browser.

use frontdesk_media::sound::{self, Sound};
use frontdesk_tests::pages::{Desk, looks};
use reqwest::Method;

/// The music for whoever waits is listened to, replaced by a file of one's own and taken back.
#[tokio::test]
async fn music_on_hold_is_heard_replaced_and_taken_back_on_the_page() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, main, .. } = &desk;
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (folder.path().join("tune.wav"), folder.path().join("tune.txt"));
    let tune = Sound {
        rate: 16_000,
        ..sound::tone(425, 2_000)
    };
    std::fs::write(&good, tune.to_wav()).unwrap();
    std::fs::write(&bad, "no music").unwrap();
    desk.visit("/sounds").await;
    browser.see("[data-part=music]", "The one that came").await.unwrap();
    browser.press("[data-play]").await;
    browser
        .until("document.getElementById('audio').readyState >= 1 && !document.getElementById('player').hidden")
        .await
        .unwrap();
    browser.press("#player-close").await;
    browser.press("#music-form button[type=submit]").await;
    browser
        .see("#music-form [data-error=file]", "Choose a file")
        .await
        .unwrap();
    browser.attach("#music-file", &bad).await.unwrap();
    browser.press("#music-form button[type=submit]").await;
    browser
        .see("#music-form [data-form-error]", "A WAV is needed")
        .await
        .unwrap();
    browser.attach("#music-file", &good).await.unwrap();
    browser.press("#music-form button[type=submit]").await;
    browser.see("[data-part=music]", "Your own").await.unwrap();
    assert_eq!(main.get("/music").await.expect(200).body["own"], true);
    browser.press("#music-back").await;
    browser.press("#confirm-yes").await;
    browser.see("[data-part=music]", "The one that came").await.unwrap();
    assert_eq!(main.get("/music").await.expect(200).body["own"], false);
    browser.quiet().await;
}

/// Prompts are uploaded, listened to, said in the place of built-in ones, and deleted.
#[tokio::test]
async fn prompts_are_uploaded_heard_and_deleted_on_the_page() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, main, .. } = &desk;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("greeting.wav");
    std::fs::write(&file, sound::tone(425, 1_500).to_wav()).unwrap();
    desk.visit("/sounds").await;
    for (name, replaces) in [
        ("Welcome", None),
        ("Recorded, as we say it", Some("“This call is recorded”")),
    ] {
        browser.press("[data-add=prompt]").await;
        browser.press("#prompt-form button[type=submit]").await;
        browser
            .see("#prompt-form [data-error=name]", "Fill this in")
            .await
            .unwrap();
        browser.type_into("#prompt-name", name).await.unwrap();
        browser.attach("#prompt-file", &file).await.unwrap();
        if let Some(phrase) = replaces {
            browser.choose("#prompt-replaces", phrase).await;
        }
        desk.save("prompt").await;
        browser.see("#prompt-table", name).await.unwrap();
    }
    let kept = main.get("/prompts").await.expect(200).body["items"].clone();
    assert_eq!(kept.as_array().unwrap().len(), 2);
    browser.press("[data-add=prompt]").await;
    browser.type_into("#prompt-name", "Again").await.unwrap();
    browser.attach("#prompt-file", &file).await.unwrap();
    browser.choose("#prompt-replaces", "“This call is recorded”").await;
    browser.press("#prompt-form button[type=submit]").await;
    browser
        .see("#prompt-form [data-error=replaces]", "Another recording")
        .await
        .unwrap();
    browser.press("#prompt-form footer [data-close]").await;
    browser.press("#prompt-table tr[data-name=Welcome] [data-play]").await;
    browser
        .until("document.getElementById('audio').readyState >= 1")
        .await
        .unwrap();
    browser.press("#prompt-table tr[data-name=Welcome] [data-delete]").await;
    browser.press("#confirm-yes").await;
    browser.see_gone("#prompt-table", "Welcome").await.unwrap();
    browser.quiet().await;
}

#[tokio::test]
async fn the_page_of_sounds_fits_every_screen() {
    let Some(desk) = Desk::furnished().await else { return };
    let wav = sound::tone(425, 12_000).to_wav();
    for path in [
        "/prompts?name=Приветствие в рабочее время",
        "/prompts?name=Запись&replaces=recorded",
    ] {
        let sent = desk.main.raw(Method::POST, path, "audio/wav", wav.clone()).await;
        sent.expect(201);
    }
    for look in looks() {
        desk.browser.look(&look).await.unwrap();
        desk.visit("/sounds").await;
        desk.browser.press("[data-play]").await;
        desk.browser.check(&look, "sounds").await;
        desk.browser.press("#player-close").await;
        desk.browser.press("[data-add=prompt]").await;
        desk.browser.check(&look, "prompt-dialog").await;
    }
    desk.browser.quiet().await;
}
