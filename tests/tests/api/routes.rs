//! Outbound routes and emergency numbers.

use frontdesk_tests::office::Office;
use serde_json::{Value, json};

/// Two lines by their ids.
async fn lines(main: &frontdesk_tests::office::Caller) -> [String; 2] {
    let mut ids = Vec::new();
    for name in ["First", "Second"] {
        let made = main.post("/trunks", json!({ "name": name })).await.expect(201);
        ids.push(made.text("/id").to_owned());
    }
    let second = ids.pop().unwrap();
    [ids.pop().unwrap(), second]
}

#[tokio::test]
async fn a_route_is_made_read_changed_and_deleted() {
    let office = Office::open().await;
    let main = office.main().await;
    let [first, second] = lines(&main).await;
    let route = json!({ "name": "Moscow", "prefix": "+7 495", "trunk_ids": [second, first] });
    let made = main.post("/outbound-routes", route.clone()).await.expect(201);
    let path = made.header("location").trim_start_matches("/api/v1").to_owned();
    assert_eq!(
        (made.text("/prefix"), &made.body["emergency"]),
        ("+7495", &json!(false))
    );
    assert_eq!(made.body["trunk_ids"], json!([second, first]));
    let tag = made.header("etag").to_owned();
    let taken = main.post("/outbound-routes", route).await.expect(409);
    assert_eq!(taken.faults(), ["prefix taken"]);
    let change = json!({ "name": "Moscow and around", "trunk_ids": [first] });
    let changed = main.clone().with("If-Match", &tag).patch(&path, change.clone()).await;
    assert_eq!(changed.expect(200).body["trunk_ids"], json!([first]));
    main.clone()
        .with("If-Match", &tag)
        .patch(&path, change)
        .await
        .expect(412);
    let in_use = main.delete(&format!("/trunks/{first}")).await.expect(409);
    assert_eq!(in_use.text("/code"), "in_use");
    let listed = main.get("/outbound-routes").await.expect(200);
    assert_eq!(listed.body["total"], 1);
    let told = main.post(
        "/route/explain",
        json!({
            "caller_staff_id": main.get("/me").await.text("/id"), "called": "+74951234567",
        }),
    );
    let told = told.await.expect(200);
    assert_eq!(told.text("/decision"), "outside");
    assert!(
        told.text("/sentences/0")
            .contains("by the route Moscow and around: First"),
        "{}",
        told.body
    );
    main.delete(&path).await.expect(204);
    main.get(&path).await.expect(404);
}

#[tokio::test]
async fn a_route_that_makes_no_sense_says_why() {
    let office = Office::open().await;
    let main = office.main().await;
    let [first, _] = lines(&main).await;
    let theirs = office.another_company().await.staff;
    for (body, fault) in [
        (json!({ "prefix": "+7" }), "name required"),
        (json!({ "name": "A" }), "prefix required"),
        (json!({ "name": "A", "prefix": "8495" }), "prefix invalid"),
        (
            json!({ "name": "A", "prefix": "+7", "emergency": true }),
            "prefix invalid",
        ),
        (
            json!({ "name": "A", "prefix": "+7", "trunk_ids": ["x"] }),
            "trunk_ids[0] unknown",
        ),
        (
            json!({ "name": "A", "prefix": "+7", "trunk_ids": [first, first] }),
            "trunk_ids[1] taken",
        ),
        (
            json!({ "name": "A", "prefix": "+7", "trunk_ids": [theirs] }),
            "trunk_ids[0] unknown",
        ),
    ] {
        let refused = main.post("/outbound-routes", body.clone()).await.expect(422);
        assert_eq!(refused.faults(), [fault], "{body}");
    }
    assert_eq!(main.get("/outbound-routes").await.body["items"], json!([]));
}

#[tokio::test]
async fn emergency_numbers_are_told_with_the_short_numbers_that_are_the_same() {
    let office = Office::open().await;
    let main = office.main().await;
    office
        .add(&main, json!({ "given_name": "Anna", "short_number": "103" }))
        .await;
    let usual = main.get("/emergency").await.expect(200);
    assert_eq!(usual.body["numbers"], json!(["112", "101", "102", "103", "104"]));
    assert_eq!(usual.text("/prefix"), "0");
    assert_eq!(
        usual.body["conflicts"],
        json!([{ "short_number": "103", "reaches": "short_number" }])
    );
    let tag = usual.header("etag").to_owned();
    let change = json!({ "before_short_numbers": true, "prefix": null, "numbers": ["103", "911"] });
    let set = main
        .clone()
        .with("If-Match", &tag)
        .patch("/emergency", change.clone())
        .await;
    let set = set.expect(200);
    assert_eq!(set.body["numbers"], json!(["112", "103", "911"]));
    assert_eq!((&set.body["prefix"], &set.body["version"]), (&Value::Null, &json!(1)));
    assert_eq!(
        set.body["conflicts"],
        json!([{ "short_number": "103", "reaches": "emergency" }])
    );
    main.clone()
        .with("If-Match", &tag)
        .patch("/emergency", change)
        .await
        .expect(412);
    let refused = main
        .patch("/emergency", json!({ "numbers": ["1"], "prefix": "x" }))
        .await
        .expect(422);
    assert_eq!(refused.faults(), ["numbers[0] invalid", "prefix invalid"]);
    let audit = main.get("/audit?entity=account").await.expect(200);
    let actions = audit.body["items"].as_array().unwrap().iter().map(|row| &row["action"]);
    assert!(actions.into_iter().any(|action| action == "emergency.updated"));
    let me = main.get("/me").await.text("/id").to_owned();
    let told = main
        .post("/route/explain", json!({ "caller_staff_id": me, "called": "103" }))
        .await;
    let told = told.expect(200);
    assert_eq!(told.text("/decision"), "refuse", "no line yet: {}", told.body);
    lines(&main).await;
    let told = main
        .post("/route/explain", json!({ "caller_staff_id": me, "called": "103" }))
        .await;
    assert_eq!(told.expect(200).text("/decision"), "emergency");
}

/// Who has no phone at this moment, and is not to be disturbed, may be reached tomorrow.
#[tokio::test]
async fn a_call_at_another_time_is_told_without_what_phones_do_now() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = office
        .add(&main, json!({ "given_name": "Anna", "short_number": "105" }))
        .await;
    let anna = anna["id"].as_str().unwrap();
    main.do_(&format!("/staff/{anna}/sip")).await.expect(201);
    let me = main.get("/me").await.text("/id").to_owned();
    let told = async |at: Option<&str>, lang: &str| {
        let asked = json!({ "caller_staff_id": me, "called": "105", "at": at });
        let path = format!("/route/explain?lang={lang}");
        main.post(&path, asked).await.expect(200).body
    };
    let now = told(None, "en").await;
    let expected = json!(["The short number is Anna's.", "Anna cannot be reached."]);
    assert_eq!(now["sentences"], expected);
    let assumed = "For another time than now everybody is taken to be reachable and to want calls.";
    let later = told(Some("2099-01-15T10:00:00Z"), "en").await;
    let expected = json!([assumed, "The short number is Anna's.", "Anna can be rung."]);
    assert_eq!(later["sentences"], expected);
    assert_eq!(later["candidates"][0]["skipped"], Value::Null);
    let path = format!("/staff/{anna}/forwarding");
    main.put(&path, json!({ "dnd": true })).await.expect(200);
    let now = told(None, "en").await;
    assert_eq!((&now["decision"], &now["status"]), (&json!("refuse"), &json!(480)));
    let later = told(Some("2099-01-15T10:00:00Z"), "ru").await;
    assert_eq!(later["decision"], "ring");
    assert_eq!(
        later["sentences"][0],
        "Для другого времени считается, что все на связи и никто не просит не беспокоить."
    );
}
