//! Webhooks through the API: their addresses, secrets and owners.

use frontdesk_tests::office::Office;
use serde_json::{Value, json};

fn hook() -> Value {
    json!({ "name": "CRM", "url": "https://crm.example/hook", "events": ["call.ended", "call.missed"] })
}

#[tokio::test]
async fn a_webhook_is_made_changed_and_deleted_and_its_secret_is_told_once() {
    let office = Office::open().await;
    let main = office.main().await;
    let made = main.post("/webhooks", hook()).await.expect(201);
    let secret = made.text("/secret").to_owned();
    assert_eq!(secret.len(), 43);
    let path = format!("/webhooks/{}", made.text("/id"));
    assert_eq!(made.header("location"), format!("/api/v1{path}"));
    let read = main.get(&path).await.expect(200);
    assert!(!String::from_utf8(read.bytes).unwrap().contains(&secret));
    assert_eq!(read.body["events"], json!(["call.ended", "call.missed"]));
    let list = main.get("/webhooks").await.expect(200);
    assert_eq!(list.body["total"], 1);
    assert!(!String::from_utf8(list.bytes).unwrap().contains("secret"));
    let other = main.do_(&format!("{path}/secret")).await.expect(200);
    assert_ne!(other.text("/secret"), secret);
    let stale = main.clone().with("if-match", "\"1\"");
    stale.patch(&path, json!({ "name": "x" })).await.expect(412);
    let off = main.patch(&path, json!({ "enabled": false })).await.expect(200);
    assert_eq!(off.body["enabled"], false);
    let audit = main.get("/audit?entity=webhook").await.expect(200);
    let text = String::from_utf8(audit.bytes).unwrap();
    assert!(
        text.contains("webhook.secret_renewed") && !text.contains(other.text("/secret")),
        "{text}"
    );
    main.delete(&path).await.expect(204);
    main.get(&path).await.expect(404);
}

#[tokio::test]
async fn a_webhook_that_cannot_be_is_refused_naming_the_field() {
    let office = Office::open().await;
    let main = office.main().await;
    let refused = main.post("/webhooks", json!({})).await.expect(422);
    assert_eq!(refused.faults(), ["name required", "url required", "events required"]);
    let check = async |url: &str, fault: &str| {
        let mut body = hook();
        body["url"] = json!(url);
        assert_eq!(
            main.post("/webhooks", body).await.expect(422).faults(),
            [fault],
            "{url}"
        );
    };
    for wrong in [
        "crm.example",
        "ftp://crm.example/x",
        "https://u:p@crm.example",
        "https://crm.example/#x",
        "https://",
    ] {
        check(wrong, "url invalid").await;
    }
    for private in [
        "http://127.0.0.1:8080/x",
        "http://localhost/x",
        "http://10.0.0.1",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://[::ffff:192.168.1.1]/",
        "http://[fe80::1]/",
    ] {
        check(private, "url private").await;
    }
    let mut body = hook();
    body["events"] = json!(["call.ended", "weather"]);
    assert_eq!(
        main.post("/webhooks", body).await.expect(422).faults(),
        ["events[1] unknown"]
    );
}

#[tokio::test]
async fn whoever_changes_a_webhook_owns_it() {
    let office = Office::open().await;
    let main = office.main().await;
    let made = main.post("/webhooks", hook()).await.expect(201);
    let me = main.get("/me").await.expect(200);
    assert_eq!(made.body["owner_id"], me.body["id"]);
    let new = json!({ "given_name": "Lev", "login": "lev", "password": "correct horse", "role": "admin",
                      "hide_client_number": true });
    let (lev, id) = office.log_in_new(&main, new).await;
    let path = format!("/webhooks/{}", made.text("/id"));
    let changed = lev
        .patch(&path, json!({ "url": "https://other.example" }))
        .await
        .expect(200);
    assert_eq!(changed.body["owner_id"], id);
    main.get("/webhook-deliveries?state=lost").await.expect(400);
    let none = main.get("/webhook-deliveries").await.expect(200);
    assert_eq!(none.body["items"], json!([]));
}

#[tokio::test]
async fn a_webhook_is_tested_at_once_unless_it_is_switched_off() {
    let office = Office::open().await;
    let main = office.main().await;
    let made = main.post("/webhooks", hook()).await.expect(201);
    let path = format!("/webhooks/{}", made.text("/id"));
    let sent = main.do_(&format!("{path}/test")).await.expect(202);
    let expected = (&json!("webhook.test"), &json!("waiting"));
    assert_eq!((&sent.body["event"], &sent.body["state"]), expected);
    assert_eq!(sent.body["payload"]["data"]["name"], "CRM");
    let path_of = format!("/webhook-deliveries/{}", sent.text("/id"));
    let read = main.get(&path_of).await.expect(200);
    assert_eq!(read.body["payload"]["id"], sent.body["id"]);
    let mut events = hook();
    events["events"] = json!(["webhook.test"]);
    let refused = main.post("/webhooks", events).await.expect(422);
    assert_eq!(refused.faults(), ["events[0] unknown"], "nothing that happens");
    main.patch(&path, json!({ "enabled": false })).await.expect(200);
    let off = main.do_(&format!("{path}/test")).await.expect(409);
    assert_eq!(off.text("/code"), "switched_off");
    let audit = main.get("/audit?action=webhook.tested").await.expect(200);
    assert_eq!(audit.body["items"].as_array().unwrap().len(), 1);
}
