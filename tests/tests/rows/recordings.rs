//! Recordings in other programs, on the running daemon.

use std::time::Duration;

use frontdesk_tests::house::{House, id, visit};
use frontdesk_tests::office::Caller;
use frontdesk_tests::ports::eventually;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

/// Two people talk, the first of whom this is; gives the id of the recording as soon as they see it ready.
async fn recorded(house: &House, session: &Caller, member: &Value) -> String {
    let short = house.short();
    let boris = house.hire(json!({ "short_number": short })).await;
    let (mut caller, mut phone) = (house.phone(member).await, house.phone(&boris).await);
    caller.register().await.unwrap();
    phone.register().await.unwrap();
    let (called, taken) = tokio::join!(caller.calls(&short), phone.answers());
    called.unwrap();
    taken.unwrap();
    let ready = async || {
        let list = session.get("/recordings?state=ready").await;
        list.body["items"][0]["id"].as_str().map(str::to_owned)
    };
    eventually("the recording", PATIENCE, ready).await.unwrap()
}

/// Row L33: what was talked can be listened to, for minutes also where nobody is logged in.
#[test]
fn l33_a_recording_is_played_by_a_link_without_a_login_until_its_owner_may_not_play_it() {
    visit(async |house| {
        let main = &house.main;
        let (anna, member) = house.log_in_new(json!({ "role": "specialist" })).await;
        let recording = recorded(house, &anna, &member).await;
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

/// Row L56: the half of it that recordings are; to hear one is another right than to take it home.
#[test]
fn l56_a_recording_is_taken_home_only_by_whoever_may() {
    visit(async |house| {
        let (anna, member) = house.log_in_new(json!({ "role": "specialist" })).await;
        let recording = recorded(house, &anna, &member).await;
        let (hears, keeps) = (
            format!("/recordings/{recording}/media"),
            format!("/recordings/{recording}/media?download=true"),
        );
        anna.get(&hears).await.expect(200);
        anna.get(&keeps).await.expect(403);
        anna.get("/calls/export").await.expect(403);
        let rights = json!({ "name": format!("Keeper {}", house.short()), "rights": [
            { "right": "recordings:download", "reach": "own" }, { "right": "data:export" },
        ] });
        let keeper = house.main.post("/roles", rights).await.expect(201).body;
        let both = json!({ "roles": ["specialist", id(&keeper)] });
        let path = format!("/staff/{}/roles", id(&member));
        house.main.put(&path, both).await.expect(200);
        let file = anna.get(&keeps).await.expect(200);
        assert!(file.bytes.starts_with(b"RIFF"), "{} bytes", file.bytes.len());
        let name = file.header("content-disposition");
        assert!(name.starts_with("attachment") && name.contains(&recording), "{name}");
        anna.get("/calls/export").await.expect(200);
    });
}
