//! Recordings in other programs, on the running daemon.

use std::time::Duration;

use frontdesk_tests::house::{id, visit};
use frontdesk_tests::office::Caller;
use frontdesk_tests::ports::eventually;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

/// Row L33: what was talked can be listened to, for minutes also where nobody is logged in.
#[test]
fn l33_a_recording_is_played_by_a_link_without_a_login_until_its_owner_may_not_play_it() {
    visit(async |house| {
        let main = &house.main;
        let short = house.short();
        let boris = house.hire(json!({ "short_number": short })).await;
        let (anna, member) = house.log_in_new(json!({ "role": "specialist" })).await;
        let (mut caller, mut phone) = (house.phone(&member).await, house.phone(&boris).await);
        caller.register().await.unwrap();
        phone.register().await.unwrap();
        let (called, taken) = tokio::join!(caller.calls(&short), phone.answers());
        called.unwrap();
        taken.unwrap();
        let ready = async || {
            let list = anna.get("/recordings?state=ready").await;
            list.body["items"][0]["id"].as_str().map(str::to_owned)
        };
        let recording = eventually("the recording", PATIENCE, ready).await.unwrap();
        let made = anna.do_(&format!("/recordings/{recording}/link")).await.expect(201);
        let link = made.text("/url").replacen(&house.daemon.base(), "/", 1);
        let nobody = Caller::at(&house.daemon.base());
        let played = nobody.get(&link).await.expect(200);
        assert!(played.bytes.starts_with(b"RIFF"), "{} bytes", played.bytes.len());
        let part = nobody.clone().with("range", "bytes=0-3").get(&link).await.expect(206);
        assert_eq!(part.bytes, b"RIFF");
        nobody.get(&link.replace("signature=", "signature=0")).await.expect(403);
        let path = format!("/audit?action=recording.played&actor_staff_id={}", id(&member));
        let rows = main.get(&path).await.expect(200).body;
        assert_eq!(rows["items"].as_array().map(Vec::len), Some(1), "{rows}");
        main.patch(&format!("/staff/{}", id(&member)), json!({ "role": Value::Null }))
            .await
            .expect(200);
        nobody.get(&link).await.expect(403);
    });
}
