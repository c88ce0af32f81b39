//! Feature codes through the API.

use frontdesk::http::PlanSection;
use frontdesk_tests::office::Office;
use serde_json::json;

#[tokio::test]
async fn an_account_reads_the_usual_codes_and_changes_some() {
    let office = Office::open().await;
    let main = office.main().await;
    let before = main.get("/feature-codes").await.expect(200);
    assert_eq!(before.header("etag"), "\"0\"");
    assert_eq!(
        (before.text("/codes/dnd_on"), before.text("/pickup")),
        ("*78", "anyone")
    );
    assert_eq!(before.body["codes"].as_object().unwrap().len(), 18);
    let body = json!({ "codes": { "echo": "#1", "dnd_on": null }, "pickup": "department" });
    let after = main.patch("/feature-codes", body).await.expect(200);
    assert_eq!(
        (&after.body["codes"]["echo"], &after.body["codes"]["dnd_on"]),
        (&json!("#1"), &json!(null))
    );
    assert_eq!(
        (after.text("/pickup"), &after.body["version"]),
        ("department", &json!(1))
    );
    assert_eq!(after.text("/codes/dnd_off"), "*79", "what is absent stays");
    assert!(office.heard.plans.lock().unwrap().contains(&PlanSection::Features));
    assert_eq!(main.get("/feature-codes").await.expect(200).body, after.body);
    let audit = main.get("/audit?action=features.updated").await.expect(200);
    assert_eq!(audit.body["items"][0]["after"]["codes"]["echo"], "#1");
}

#[tokio::test]
async fn codes_that_cannot_be_told_apart_are_refused_naming_each() {
    let office = Office::open().await;
    let main = office.main().await;
    let body =
        json!({ "codes": { "echo": "*78", "park": "68", "dance": "*1", "forward_always": "*7" }, "pickup": "none" });
    let answer = main.patch("/feature-codes", body).await.expect(422);
    let faults = answer.faults();
    for expected in [
        "codes.dance unknown",
        "codes.echo taken",
        "codes.dnd_on taken",
        "codes.park invalid",
        "codes.forward_always taken",
        "pickup invalid",
    ] {
        assert!(faults.iter().any(|fault| fault == expected), "{expected}: {faults:?}");
    }
    let unknown = main.patch("/feature-codes", json!({ "code": {} })).await.expect(422);
    assert_eq!(unknown.faults(), ["code unknown"]);
    assert_eq!(main.get("/feature-codes").await.expect(200).body["version"], 0);
}

#[tokio::test]
async fn two_authors_of_the_codes_do_not_overwrite_each_other() {
    let office = Office::open().await;
    let main = office.main().await;
    let patch = async |version: &str, code: &str| {
        let body = json!({ "codes": { "echo": code } });
        main.clone()
            .with("if-match", version)
            .patch("/feature-codes", body)
            .await
    };
    patch("\"0\"", "#1").await.expect(200);
    patch("\"0\"", "#2").await.expect(412);
    patch("\"1\"", "#3").await.expect(200);
}

#[tokio::test]
async fn an_account_says_where_its_calls_are_parked() {
    let office = Office::open().await;
    let main = office.main().await;
    let usual = main.get("/feature-codes").await.expect(200);
    assert_eq!(usual.text("/parking_places"), "701-720");
    let sales = json!({ "name": "Sales", "short_number": "55" });
    main.post("/departments", sales).await.expect(201);
    for (places, fault) in [
        ("50-60", "parking_places taken"),
        ("99-101", "parking_places taken"),
        ("800-900", "parking_places invalid"),
        ("20-10", "parking_places invalid"),
        ("everywhere", "parking_places invalid"),
    ] {
        let refused = main.patch("/feature-codes", json!({ "parking_places": places })).await;
        assert_eq!(refused.expect(422).faults(), [fault], "{places}");
    }
    let own = json!({ "parking_places": "800-899" });
    let after = main.patch("/feature-codes", own).await.expect(200);
    assert_eq!(
        (after.text("/parking_places"), after.text("/codes/park")),
        ("800-899", "*68")
    );
    main.patch("/feature-codes", json!({ "codes": { "echo": "#1" } }))
        .await
        .expect(200);
    assert_eq!(main.get("/feature-codes").await.text("/parking_places"), "800-899");
    let page = main.get("//codes").await;
    assert!(String::from_utf8_lossy(&page.bytes).contains("800–899"));
    let audit = main.get("/audit?action=features.updated").await.expect(200);
    assert_eq!(audit.body["items"][1]["after"]["parking_places"], "800-899");
}
