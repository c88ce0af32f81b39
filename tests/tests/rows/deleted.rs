//! What is left of whoever was deleted, on the running daemon (K8).

use std::time::Duration;

use frontdesk_tests::house::{PASSWORD, id, visit};
use frontdesk_tests::office::Caller;
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::sdp;
use serde_json::json;

const PATIENCE: Duration = Duration::from_secs(20);

/// Row K8.
#[test]
fn k8_who_is_deleted_logs_in_and_registers_no_more_and_past_calls_and_recordings_still_name_them() {
    visit(async |house| {
        let short = house.short();
        let (session, anna) = house
            .log_in_new(json!({ "role": "specialist", "short_number": short }))
            .await;
        let boris = house.hire(json!({ "short_number": house.short() })).await;
        let (mut hers, mut his) = (house.phone(&anna).await, house.phone(&boris).await);
        hers.register().await.unwrap();
        his.register().await.unwrap();
        let (called, answered) = tokio::join!(his.calls(&short), hers.answers());
        called.unwrap();
        answered.unwrap();
        let recorded = async || {
            let calls = house.main.get("/calls?limit=50").await.body;
            let call = calls["items"]
                .as_array()?
                .iter()
                .find(|call| call["called"] == short.as_str())?
                .clone();
            (call["recordings"][0]["state"] == "ready").then_some(call)
        };
        let call = eventually("the call and its recording", PATIENCE, recorded)
            .await
            .unwrap();
        house.main.delete(&format!("/staff/{}", id(&anna))).await.expect(204);

        session.get("/me").await.expect(401);
        let login = json!({ "login": anna["effective_login"], "password": PASSWORD });
        Caller::at(&house.daemon.base()).post("/login", login).await.expect(401);
        let contact = format!("Contact: <{}>;expires=600\r\n", hers.contact());
        let registered = hers.ask("REGISTER", "sip:pbx.example", (&contact, "")).await.unwrap();
        assert_eq!(registered.status(), Some(401));
        let offer = sdp(42_000);
        assert_eq!(
            hers.dial(boris["short_number"].as_str().unwrap(), &offer)
                .await
                .unwrap()
                .status(),
            Some(401)
        );
        let nobody = his.dial(&short, &offer).await.unwrap();
        assert_eq!(
            nobody.status(),
            Some(404),
            "the phone that was registered is rung no more"
        );

        let list = house.main.get("/staff?scope=all&limit=500").await.expect(200).body;
        let listed = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["id"] == anna["id"]);
        let listed = listed.unwrap();
        assert_eq!(listed["system_status"], "deleted");
        assert_ne!(listed["sip_status"], "online");
        let past = house.main.get(&format!("/calls/{}", id(&call))).await.expect(200).body;
        assert_eq!(past["callee"]["staff_id"], anna["id"], "{past}");
        assert_eq!(past["callee"]["name"], anna["name"], "{past}");
        let recording = id(&past["recordings"][0]).to_owned();
        let kept = house.main.get(&format!("/recordings/{recording}")).await.expect(200);
        assert_eq!(kept.text("/call_id"), id(&call));
        house
            .main
            .get(&format!("/recordings/{recording}/media"))
            .await
            .expect(200);
    });
}
