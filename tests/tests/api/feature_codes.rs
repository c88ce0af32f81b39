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
