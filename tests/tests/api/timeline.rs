//! A client's timeline: calls, their recordings and notes.

use frontdesk_tests::office::Office;
use serde_json::json;

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
