//! Webhooks through the API: their addresses, secrets and owners.

use frontdesk_crm_core::webhooks::{self, Event, News};
use frontdesk_routing::ids::DeliveryId;
use frontdesk_tests::office::{Caller, NOON, Office};
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

/// Somebody whose only role has these rights.
async fn clerk(office: &Office, main: &Caller, name: &str, rights: Value) -> Caller {
    let role = json!({ "name": name, "rights": rights });
    let role = main.post("/roles", role).await.expect(201);
    let new = json!({ "given_name": name, "login": name, "password": "correct horse", "role": role.body["id"] });
    office.log_in_new(main, new).await.0
}

#[tokio::test]
async fn nobody_has_a_program_told_what_they_may_not_read() {
    let office = Office::open().await;
    let main = office.main().await;
    let rights = json!([{ "right": "settings:read" }, { "right": "settings:write" }]);
    let clerk = clerk(&office, &main, "clerk", rights).await;
    let refused = clerk.post("/webhooks", hook()).await.expect(403);
    assert!(refused.text("/detail").contains("calls:read"), "{}", refused.body);
    let made = main.post("/webhooks", hook()).await.expect(201);
    assert_eq!(
        (&made.body["paused"], &made.body["problem"]),
        (&json!(false), &json!(null))
    );
    let path = format!("/webhooks/{}", made.text("/id"));
    clerk
        .patch(&path, json!({ "url": "https://elsewhere.example" }))
        .await
        .expect(403);
    clerk.patch(&path, json!({ "enabled": false })).await.expect(200);
    clerk.patch(&path, json!({ "enabled": true })).await.expect(403);
    main.patch(&path, json!({ "enabled": true })).await.expect(200);
    let token = office.token(&main, &["settings:write"]).await;
    token.post("/webhooks", hook()).await.expect(403);
}

#[tokio::test]
async fn a_webhook_whose_owner_may_read_it_no_more_is_paused_and_says_why() {
    let office = Office::open().await;
    let main = office.main().await;
    let new = json!({ "given_name": "Lev", "login": "lev", "password": "correct horse", "role": "admin" });
    let (lev, id) = office.log_in_new(&main, new).await;
    let mut both = hook();
    both["events"] = json!(["call.ended", "client.changed"]);
    let made = lev.post("/webhooks", both).await.expect(201);
    let (path, person) = (format!("/webhooks/{}", made.text("/id")), format!("/staff/{id}"));
    let told = async || {
        let read = main.get(&path).await.expect(200);
        (read.body["paused"] == true, read.body["problem"].clone())
    };
    assert_eq!(told().await, (false, json!(null)));
    main.patch(&person, json!({ "role": "employee" })).await.expect(200);
    assert_eq!(told().await, (false, json!("its owner may not read: call.ended")));
    let page = main.get("//webhooks").await.expect(200);
    let page = String::from_utf8(page.bytes).unwrap();
    assert!(page.contains("Its owner may not read: A call has ended"), "{page}");
    main.patch(&person, json!({ "role": null })).await.expect(200);
    let all = json!("its owner may not read: call.ended, client.changed");
    assert_eq!(told().await, (true, all));
    main.patch(&path, json!({})).await.expect(200);
    assert_eq!(told().await, (false, json!(null)), "it is somebody else's");
}

#[tokio::test]
async fn what_a_webhook_was_told_is_read_with_the_right_of_its_kind_over_all() {
    let office = Office::open().await;
    let main = office.main().await;
    let made = main.post("/webhooks", hook()).await.expect(201);
    let (id, webhook) = (DeliveryId::new(NOON, 7), made.text("/id").parse().unwrap());
    let news = News {
        id,
        webhook,
        account: office.first.account,
        owner: office.first.staff,
        client: None,
        event: Event::CallEnded,
        payload: r#"{"number":"+79161234567"}"#,
        at: NOON,
    };
    webhooks::queue(&office.db, &[news]).await.unwrap();
    let (one, list) = (format!("/webhook-deliveries/{id}"), "/webhook-deliveries");
    let settings = json!({ "right": "settings:read" });
    let calls = |reach: &str| json!({ "right": "calls:read", "reach": reach });
    let clients = json!({ "right": "clients:read" });
    for (name, rights, shown) in [
        ("settings", json!([settings]), false),
        ("own", json!([settings, calls("own")]), false),
        ("clients", json!([settings, clients]), false),
        ("all", json!([settings, calls("any")]), true),
    ] {
        let clerk = clerk(&office, &main, name, rights).await;
        for (path, place) in [(one.as_str(), "/payload"), (list, "/items/0/payload")] {
            let read = clerk.get(path).await.expect(200);
            let payload = read.body.pointer(place).unwrap();
            assert_eq!(payload["number"] == "+79161234567", shown, "{name} {path} {payload}");
            assert_eq!(payload.is_null(), !shown, "{name} {path}");
        }
        let page = clerk.get("//webhooks").await.expect(200);
        let page = String::from_utf8(page.bytes).unwrap();
        assert_eq!(page.contains("9161234567"), shown, "{name}");
    }
}
