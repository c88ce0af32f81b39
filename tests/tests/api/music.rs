//! The music for whoever waits, through the API.

use std::sync::Arc;

use frontdesk::engine::input::OperatorCommand;
use frontdesk_media::sound::{self, Sound};
use frontdesk_tests::office::{Caller, Office};
use reqwest::Method;
use serde_json::json;

/// A file of one second at this rate.
fn tone(rate: u32, channels: u16) -> (Vec<u8>, Sound) {
    let mono = Sound {
        rate,
        ..sound::tone(425, 1_000)
    };
    let mut file = mono.to_wav();
    if channels == 2 {
        let doubled: Vec<u8> = mono
            .samples
            .iter()
            .flat_map(|one| [*one, *one])
            .flat_map(i16::to_le_bytes)
            .collect();
        file.truncate(44);
        file[22] = 2;
        file[40..44].copy_from_slice(&u32::try_from(doubled.len()).unwrap().to_le_bytes());
        file.extend(doubled);
    }
    (file, mono)
}

async fn put(caller: &Caller, kind: &str, file: Vec<u8>) -> frontdesk_tests::office::Answer {
    caller.raw(Method::PUT, "/music", kind, file).await
}

fn told(office: &Office) -> Vec<Option<Arc<Sound>>> {
    let commands = office.heard.commands.lock().unwrap();
    let told = commands.iter().filter_map(|command| match command {
        OperatorCommand::Music { sound, .. } => Some(sound.clone()),
        _ => None,
    });
    told.collect()
}

#[tokio::test]
async fn an_account_gives_its_own_music_hears_it_and_takes_it_back() {
    let office = Office::open().await;
    let main = office.main().await;
    let before = main.get("/music").await.expect(200);
    assert_eq!(
        (&before.body["own"], &before.body["rate"]),
        (&json!(false), &json!(8_000))
    );
    let ours = main.get("/music/media").await.expect(200);
    assert_eq!(ours.header("content-type"), "audio/wav");
    assert_eq!(Sound::from_wav(&ours.bytes), Ok((*sound::music()).clone()));
    for channels in [1, 2] {
        let (file, mono) = tone(8_000, channels);
        let after = put(&main, "audio/wav", file).await.expect(200);
        assert_eq!(after.body, json!({ "own": true, "duration_ms": 1_000, "rate": 8_000 }));
        assert_eq!(main.get("/music").await.expect(200).body, after.body);
        let media = main.get("/music/media").await.expect(200);
        assert_eq!(Sound::from_wav(&media.bytes), Ok(mono.clone()));
        assert_eq!(told(&office).last(), Some(&Some(Arc::new(mono))));
    }
    main.delete("/music").await.expect(204);
    main.delete("/music").await.expect(404);
    assert_eq!(told(&office).last(), Some(&None));
    assert_eq!(main.get("/music").await.expect(200).body, before.body);
    for action in ["music.replaced", "music.removed"] {
        let audit = main.get(&format!("/audit?action={action}")).await.expect(200);
        assert!(!audit.body["items"].as_array().unwrap().is_empty(), "{action}");
    }
}

#[tokio::test]
async fn any_usual_rate_is_brought_to_one_that_phones_are_served_from() {
    let office = Office::open().await;
    let main = office.main().await;
    for (rate, expected) in [(11_025, 8_000), (22_050, 16_000), (44_100, 16_000), (48_000, 16_000)] {
        let after = put(&main, "audio/x-wav", tone(rate, 2).0).await.expect(200);
        assert_eq!(after.body["rate"], expected, "{rate}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_played_is_refused_with_the_reason_and_changes_nothing() {
    let office = Office::open().await;
    let main = office.main().await;
    let wrong = put(&main, "audio/wav", b"ID3 and so on".to_vec()).await.expect(422);
    assert_eq!(wrong.faults(), ["body invalid"]);
    assert_eq!(wrong.text("/fields/0/message"), "this is no WAV file");
    let mut narrow = tone(8_000, 1).0;
    narrow[34] = 8;
    let narrow = put(&main, "audio/wav", narrow).await.expect(422);
    assert_eq!(
        narrow.text("/fields/0/message"),
        "the samples must be uncompressed 16-bit PCM"
    );
    put(&main, "audio/mpeg", tone(8_000, 1).0).await.expect(415);
    put(&main, "application/json", b"{}".to_vec()).await.expect(415);
    put(&main, "audio/wav", vec![0; 20 * 1024 * 1024 + 1]).await.expect(413);
    put(&main, "audio/wav", Vec::new()).await.expect(422);
    assert_eq!(main.get("/music").await.expect(200).body["own"], false);
    assert!(told(&office).is_empty());
}
