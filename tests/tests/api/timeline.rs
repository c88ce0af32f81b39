//! A client's timeline: calls, their recordings, messages left, requests at sites, and notes that may be corrected.

use frontdesk_tests::digits::found_in;
use frontdesk_tests::office::Office;
use serde_json::{Value, json};

const NUMBER: &str = "+79011112233";

fn person(login: &str, role: &str, hides: bool) -> Value {
    json!({ "given_name": login, "login": login, "password": "correct horse", "role": role, "hide_client_number": hides })
}

fn kinds(body: &serde_json::Value) -> Vec<&str> {
    let items = body["items"].as_array().unwrap().iter();
    items.map(|item| item["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn calls_and_notes_of_a_client_stand_in_their_order_page_by_page() {
    let office = Office::open().await;
    let main = office.main().await;
    let client = main
        .post("/clients", json!({ "name": "Ромашка", "number": "9011112233" }))
        .await
        .expect(201);
    let path = format!("/clients/{}/timeline", client.text("/id"));
    assert_eq!(main.get(&path).await.expect(200).body["items"], json!([]));
    let noted = main
        .post(&path, json!({ "body": "  Звонить после обеда " }))
        .await
        .expect(201);
    assert_eq!(
        (noted.text("/body"), noted.text("/author_name")),
        ("Звонить после обеда", "Main")
    );
    for (n, number) in [(1, "+79011112233"), (2, "+79011112233"), (3, "+79011114455")] {
        let call = office.call(n).inbound(number).ended("answered");
        call.recorded(&office.tone(1)).save().await;
    }
    let all = main.get(&path).await.expect(200);
    assert_eq!(all.body["items"].as_array().unwrap().len(), 3, "{}", all.body);
    let mut sorted = kinds(&all.body);
    sorted.sort_unstable();
    assert_eq!(sorted, ["call", "call", "note"]);
    let times: Vec<&str> = all.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["at"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");
    let calls = all.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["kind"] == "call");
    for item in calls {
        assert_eq!(item["call"]["caller"]["number"], "+79011112233");
        assert_eq!(item["call"]["recordings"].as_array().unwrap().len(), 1);
    }
    let mut paged = Vec::new();
    let mut next = format!("{path}?limit=1");
    loop {
        let page = main.get(&next).await.expect(200);
        paged.extend(page.body["items"].as_array().unwrap().clone());
        match page.body["next_cursor"].as_str() {
            Some(cursor) => next = format!("{path}?limit=1&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(json!(paged), all.body["items"]);
}

#[tokio::test]
async fn a_note_says_something_and_a_stranger_has_no_timeline() {
    let office = Office::open().await;
    let main = office.main().await;
    let client = main
        .post("/clients", json!({ "name": "A", "number": "9011112233" }))
        .await
        .expect(201);
    let path = format!("/clients/{}/timeline", client.text("/id"));
    for (body, fault) in [
        (json!({}), "body required"),
        (json!({ "body": " " }), "body required"),
        (json!({ "body": "a".repeat(4_001) }), "body too_long"),
    ] {
        assert_eq!(main.post(&path, body).await.expect(422).faults(), [fault]);
    }
    main.get(&format!("{path}?cursor=x")).await.expect(400);
    let nobody = "/clients/01ARZ3NDEKTSV4RRFFQ69G5FAV/timeline";
    main.get(nobody).await.expect(404);
    main.post(nobody, json!({ "body": "a" })).await.expect(404);
}

/// Whoever may not read calls reads the notes; whoever may not see numbers sees none here either (L43).
#[tokio::test]
async fn the_timeline_shows_no_more_than_its_reader_may_see() {
    let office = Office::open().await;
    let main = office.main().await;
    let client = main
        .post("/clients", json!({ "name": "A", "number": "9011112233" }))
        .await
        .expect(201);
    let path = format!("/clients/{}/timeline", client.text("/id"));
    main.post(&path, json!({ "body": "also at 8 901 111-22-33" }))
        .await
        .expect(201);
    office.call(1).inbound("+79011112233").ended("answered").save().await;
    let new = json!({ "given_name": "Olga", "login": "olga", "password": "correct horse", "role": "employee" });
    let (olga, _) = office.log_in_new(&main, new).await;
    assert_eq!(kinds(&olga.get(&path).await.expect(200).body), ["note"]);
    let new = json!({ "given_name": "Eye", "login": "eye", "password": "correct horse", "role": "supervisor",
                      "hide_client_number": true });
    let (eye, _) = office.log_in_new(&main, new).await;
    let seen = eye.get(&path).await.expect(200);
    assert_eq!(seen.body["items"].as_array().unwrap().len(), 2);
    assert!(
        frontdesk_tests::digits::found_in(&seen.body.to_string(), "+79011112233").is_none(),
        "{}",
        seen.body
    );
}

/// Rows B32, C30: a message is told to whoever may read its mailbox, a request to whoever may read the client.
#[tokio::test]
async fn b32_c30_messages_left_and_requests_at_sites_are_told_to_whom_they_are_told_elsewhere() {
    let office = Office::open().await;
    let main = office.main().await;
    let client = main
        .post("/clients", json!({ "name": "A", "number": NUMBER }))
        .await
        .expect(201);
    let path = format!("/clients/{}/timeline", client.text("/id"));
    let (ivan, ivan_id) = office.log_in_new(&main, person("ivan", "employee", true)).await;
    let (olga, _) = office.log_in_new(&main, person("olga", "employee", false)).await;
    let mailbox = main
        .post("/mailboxes", json!({ "staff_id": ivan_id }))
        .await
        .expect(201);
    let mailbox = mailbox.text("/id");
    let call = office
        .call(1)
        .inbound(NUMBER)
        .ended("answered")
        .recorded(&office.tone(2));
    let call = call.left_in(mailbox).save().await;
    let origin = "https://shop.example";
    let site = json!({ "name": "Shop", "origins": [origin], "staff_id": ivan_id });
    let site = main.post("/sites", site).await.expect(201);
    let form =
        json!({ "kind": "form", "name": "A", "number": NUMBER, "subject": "Kettle", "comment": "or 8 901 111 22 33" });
    let visitor = office.nobody().with("origin", origin);
    let form = visitor
        .post(&format!("/widget/{}/requests", site.text("/key")), form)
        .await;
    form.expect(201);
    let seen = main.get(&path).await.expect(200).body;
    assert_eq!(kinds(&seen)[..2], ["voicemail", "call"], "{seen}");
    let all = seen["items"].as_array().unwrap();
    let of = |kind: &str| &all.iter().find(|item| item["kind"] == kind).unwrap()[kind];
    let (message, request) = (of("voicemail"), of("request"));
    assert_eq!(of("deal")["title"], "Kettle");
    assert_eq!(message["id"], office.recording_of(call).to_string());
    assert_eq!(
        (&message["mailbox_id"], &message["caller"]["number"]),
        (&json!(mailbox), &json!(NUMBER))
    );
    assert_eq!(
        (&request["subject"], &request["number"]),
        (&json!("Kettle"), &json!(NUMBER))
    );
    let without_deals = |body: &Value| -> Vec<String> {
        let kinds = kinds(body).into_iter().filter(|kind| *kind != "deal");
        kinds.map(str::to_owned).collect()
    };
    let hers = olga.get(&path).await.expect(200).body;
    assert_eq!(without_deals(&hers), ["request"], "the mailbox is none of hers");
    let his = ivan.get(&path).await.expect(200).body;
    assert_eq!(without_deals(&his), ["voicemail", "request"]);
    assert_eq!(found_in(&his.to_string(), NUMBER), None, "{his}");
    let program = office.token(&main, &["clients:read"]).await;
    assert_eq!(kinds(&program.get(&path).await.expect(200).body), ["request"]);
    let program = office.token(&main, &["clients:read", "recordings:list"]).await;
    assert_eq!(
        kinds(&program.get(&path).await.expect(200).body),
        ["voicemail", "request"]
    );
}

#[tokio::test]
async fn a_note_is_corrected_and_deleted_by_its_author_and_by_whoever_may_change_every_client() {
    let office = Office::open().await;
    let main = office.main().await;
    let (ivan, ivan_id) = office.log_in_new(&main, person("ivan", "specialist", false)).await;
    let client = json!({ "name": "A", "number": NUMBER, "manager_id": ivan_id });
    let client = main.post("/clients", client).await.expect(201);
    let path = format!("/clients/{}/timeline", client.text("/id"));
    let his = ivan.post(&path, json!({ "body": "Wants a ketle" })).await.expect(201);
    let hers = main.post(&path, json!({ "body": "Pays late" })).await.expect(201);
    let note = |of: &frontdesk_tests::office::Answer| format!("/client-notes/{}", of.text("/id"));
    assert_eq!(his.header("location"), format!("/api/v1{}", note(&his)));
    assert_eq!(
        (&his.body["may_change"], &his.body["edited_at"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(ivan.get(&note(&hers)).await.expect(200).body["may_change"], false);
    for refused in [
        ivan.patch(&note(&hers), json!({ "body": "Pays in time" })).await,
        ivan.delete(&note(&hers)).await,
    ] {
        refused.expect(403);
    }
    office.clock.advance(60_000);
    let right = json!({ "body": "Wants a kettle" });
    let stale = ivan
        .clone()
        .with("if-match", "\"7\"")
        .patch(&note(&his), right.clone())
        .await;
    stale.expect(412);
    let etag = his.header("etag");
    let fixed = ivan
        .clone()
        .with("if-match", etag)
        .patch(&note(&his), right)
        .await
        .expect(200);
    assert_eq!(fixed.text("/edited_at"), "2026-11-18T11:07:40.000Z");
    assert_ne!(fixed.header("etag"), etag);
    let listed = main.get(&path).await.expect(200).body;
    let listed: Vec<&Value> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["note"])
        .collect();
    let listed = listed.iter().find(|listed| listed["id"] == his.body["id"]).unwrap();
    assert_eq!(
        (&listed["body"], &listed["edited_at"]),
        (&json!("Wants a kettle"), &fixed.body["edited_at"])
    );
    let audit = main.get("/audit?action=client.note_changed").await.expect(200).body;
    assert_eq!(audit["items"][0]["before"]["body"], "Wants a ketle");
    assert_eq!(audit["items"][0]["after"]["body"], "Wants a kettle");
    let empty = ivan.patch(&note(&his), json!({ "body": " " })).await.expect(422);
    assert_eq!(empty.faults(), ["body required"]);
    main.patch(&note(&his), json!({ "body": "Wants two" }))
        .await
        .expect(200);
    ivan.clone()
        .with("if-match", etag)
        .delete(&note(&his))
        .await
        .expect(412);
    ivan.delete(&note(&his)).await.expect(204);
    ivan.get(&note(&his)).await.expect(404);
    main.delete(&note(&hers)).await.expect(204);
    assert_eq!(main.get(&path).await.expect(200).body["items"], json!([]));
    let audit = main.get("/audit?action=client.note_deleted").await.expect(200).body;
    assert_eq!(audit["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_note_with_a_number_is_corrected_by_nobody_who_would_lose_it() {
    let office = Office::open().await;
    let main = office.main().await;
    let (eye, _) = office.log_in_new(&main, person("eye", "employee", true)).await;
    let client = main
        .post("/clients", json!({ "name": "A", "number": NUMBER }))
        .await
        .expect(201);
    let path = format!("/clients/{}/timeline", client.text("/id"));
    let note = main
        .post(&path, json!({ "body": "also at 8 901 111-22-33" }))
        .await
        .expect(201);
    let note = format!("/client-notes/{}", note.text("/id"));
    let seen = eye.get(&note).await.expect(200).body;
    assert_eq!(found_in(&seen.to_string(), NUMBER), None);
    let kept = eye.patch(&note, json!({ "body": seen["body"] })).await.expect(409);
    assert_eq!(kept.text("/code"), "hidden");
    assert_eq!(main.get(&note).await.text("/body"), "also at 8 901 111-22-33");
}

#[tokio::test]
async fn what_becomes_of_unknown_callers_is_set_for_the_account() {
    let office = Office::open().await;
    let main = office.main().await;
    assert_eq!(
        main.get("/account").await.expect(200).text("/unknown_callers"),
        "ignore"
    );
    let refused = main
        .patch("/account", json!({ "unknown_callers": "greet" }))
        .await
        .expect(422);
    assert_eq!(refused.faults(), ["unknown_callers invalid"]);
    let set = main
        .patch("/account", json!({ "unknown_callers": "make_client" }))
        .await
        .expect(200);
    assert_eq!(set.text("/unknown_callers"), "make_client");
}
