//! The page of what callers hear, in a real browser.

use frontdesk_media::sound::{self, Sound};
use frontdesk_tests::pages::{Desk, looks};

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

#[tokio::test]
async fn the_page_of_sounds_fits_every_screen() {
    let Some(desk) = Desk::furnished().await else { return };
    for look in looks() {
        desk.browser.look(&look).await.unwrap();
        desk.visit("/sounds").await;
        desk.browser.press("[data-play]").await;
        desk.browser.check(&look, "sounds").await;
    }
    desk.browser.quiet().await;
}
