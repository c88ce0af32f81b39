//! Who did what, as a supervisor reads it on the running daemon (B30).

use std::time::Duration;

use frontdesk_tests::house::{House, id, visit};
use frontdesk_tests::office::Caller;
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::sdp;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

/// The newest row of that deed, as a supervisor is told it.
async fn row(supervisor: &Caller, action: &str, entity: &str) -> Value {
    let path = format!("/audit?action={action}&entity_id={entity}");
    let rows = supervisor.get(&path).await.expect(200).body;
    rows["items"][0].clone()
}

/// By whom, from where and when something was done.
#[track_caller]
fn was_done(row: &Value, by: &Value, since: Timestamp) {
    assert_eq!(row["actor_staff_id"], by["id"], "{row}");
    assert_eq!(row["actor_name"], by["name"], "{row}");
    assert_eq!(row["ip"], "127.0.0.1", "{row}");
    let at: Timestamp = row["at"].as_str().unwrap().parse().unwrap();
    let known = since.as_millisecond()..=Timestamp::now().as_millisecond();
    assert!(known.contains(&at.as_millisecond()), "{row} is not of {known:?}");
}

/// Two people talk until a third hangs up; gives the call and its recording.
async fn talk_and_hang_up(house: &House, listener: &Caller) -> [String; 2] {
    let short = house.short();
    let callee = house.hire(json!({ "short_number": short })).await;
    let caller = house.hire(json!({ "short_number": house.short() })).await;
    let (mut calling, mut called) = (house.phone(&caller).await, house.phone(&callee).await);
    calling.register().await.unwrap();
    called.register().await.unwrap();
    let offer = sdp(42_000);
    let talks = async {
        calling.dial(&short, &offer).await.unwrap();
        let live = async || {
            let live = listener.get("/calls/live").await.body;
            let call = live["items"]
                .as_array()?
                .iter()
                .find(|call| call["called"] == short.as_str())?;
            (call["state"] == "talking").then(|| id(call).to_owned())
        };
        let call = eventually("the two to talk", PATIENCE, live).await.unwrap();
        listener.do_(&format!("/calls/{call}/hangup")).await.expect(202);
        let bye = calling.request_of("BYE").await.unwrap();
        calling.respond(&bye, 200, ("", "")).await.unwrap();
        call
    };
    let (call, answered) = tokio::join!(talks, called.answers());
    answered.unwrap();
    let ready = async || {
        let call = listener.get(&format!("/calls/{call}")).await.body;
        let recording = &call["recordings"][0];
        (recording["state"] == "ready").then(|| recording["id"].as_str().map(str::to_owned))?
    };
    let recording = eventually("the recording", PATIENCE, ready).await.unwrap();
    [call, recording]
}

/// Row B30: a change of a person, a call that was hung up and a recording that was played.
#[test]
fn b30_a_supervisor_reads_who_did_what_when_from_where_and_what_was_there_before_and_nobody_edits_it() {
    visit(async |house| {
        let since = Timestamp::now();
        let (supervisor, eye) = house.log_in_new(json!({ "role": "supervisor" })).await;
        let (admin, boss) = house.log_in_new(json!({ "role": "admin" })).await;
        let member = house.hire(json!({ "position": "Clerk" })).await;
        let changed = json!({ "position": "Head clerk" });
        let path = format!("/staff/{}", id(&member));
        admin.patch(&path, changed).await.expect(200);
        let told = row(&supervisor, "staff.updated", id(&member)).await;
        was_done(&told, &boss, since);
        assert_eq!(told["entity"], "staff");
        assert_eq!(
            (&told["before"]["position"], &told["after"]["position"]),
            (&json!("Clerk"), &json!("Head clerk")),
            "{told}"
        );

        let (listener, ear) = house.log_in_new(json!({ "role": "supervisor" })).await;
        let [call, recording] = talk_and_hang_up(house, &listener).await;
        let told = row(&supervisor, "call.hung_up", &call).await;
        was_done(&told, &ear, since);
        listener
            .get(&format!("/recordings/{recording}/media"))
            .await
            .expect(200);
        let told = row(&supervisor, "recording.played", &recording).await;
        was_done(&told, &ear, since);
        assert_eq!(told["entity"], "recording");

        assert_eq!(house.member(&eye).await["role"], "supervisor");
        let before = supervisor
            .get(&format!("/audit?entity_id={call}"))
            .await
            .expect(200)
            .body;
        let one = format!("/audit/{}", id(&before["items"][0]));
        for writer in [&supervisor, &admin, &house.main] {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                writer.send(method.clone(), "/audit", Some(json!({}))).await.expect(405);
                let refused = writer.send(method, &one, Some(json!({}))).await;
                assert!([404, 405].contains(&refused.status), "{}", refused.status);
            }
        }
        let after = supervisor
            .get(&format!("/audit?entity_id={call}"))
            .await
            .expect(200)
            .body;
        assert_eq!(before, after);
        let (employee, _) = house.log_in_new(json!({ "role": "employee" })).await;
        employee.get("/audit").await.expect(403);
    });
}
