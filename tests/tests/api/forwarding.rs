//! Do not disturb and forwarding through the API.

use frontdesk::http::PlanSection;
use frontdesk_tests::office::Office;
use serde_json::{Value, json};

/// What everybody begins with.
fn nothing() -> Value {
    json!({ "dnd": false, "always": null, "busy": null, "no_answer": null, "no_answer_after": 20, "offline": null,
            "version": 0 })
}

#[tokio::test]
async fn forwarding_is_set_as_a_whole_and_the_plan_follows() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = json!({ "given_name": "Anna", "short_number": "105" });
    office.add(&main, anna).await;
    let made = office
        .add(&main, json!({ "given_name": "Boris", "short_number": "102" }))
        .await;
    let path = format!("/staff/{}/forwarding", made["id"].as_str().unwrap());
    let before = main.get(&path).await.expect(200);
    assert_eq!((&before.body, before.header("etag")), (&nothing(), "\"0\""));
    let body = json!({ "dnd": true, "always": "105", "busy": "8 (916) 123-45-67", "no_answer_after": 15 });
    let after = main.put(&path, body).await.expect(200);
    let expected = json!({ "dnd": true, "always": "105", "busy": "+79161234567", "no_answer": null, "no_answer_after": 15,
                           "offline": null, "version": 1 });
    assert_eq!(after.body, expected);
    assert_eq!(main.get(&path).await.expect(200).body, expected);
    assert!(office.heard.plans.lock().unwrap().contains(&PlanSection::Features));
    let audit = main.get("/audit?action=forwarding.updated").await.expect(200);
    assert_eq!(audit.text("/items/0/entity_id"), made["id"].as_str().unwrap());
    assert_eq!(audit.body["items"][0]["after"]["always"], "105");
    // What is absent is off.
    let off = main.put(&path, json!({})).await.expect(200);
    assert_eq!(off.body["version"], 2);
    assert_eq!((&off.body["dnd"], &off.body["always"]), (&json!(false), &json!(null)));
}

#[tokio::test]
async fn a_forwarding_that_cannot_be_is_refused_naming_every_field() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = json!({ "given_name": "Anna", "short_number": "105" });
    office.add(&main, anna).await;
    let made = office
        .add(&main, json!({ "given_name": "Boris", "short_number": "102" }))
        .await;
    let path = format!("/staff/{}/forwarding", made["id"].as_str().unwrap());
    let body = json!({ "always": "102", "busy": "999", "no_answer": "call me", "no_answer_after": 3 });
    let answer = main.put(&path, body).await.expect(422);
    let expected = [
        "always invalid",
        "busy unknown",
        "no_answer invalid",
        "no_answer_after invalid",
    ];
    assert_eq!(answer.faults(), expected);
    let unknown = main.put(&path, json!({ "dnt": true })).await.expect(422);
    assert_eq!(unknown.faults(), ["dnt unknown"]);
    assert_eq!(main.get(&path).await.expect(200).body, nothing());
}

#[tokio::test]
async fn two_authors_of_one_forwarding_do_not_overwrite_each_other() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = json!({ "given_name": "Anna", "short_number": "105" });
    office.add(&main, anna).await;
    let made = office.add(&main, json!({ "given_name": "Boris" })).await;
    let path = format!("/staff/{}/forwarding", made["id"].as_str().unwrap());
    let put = async |version: &str, body: Value| main.clone().with("if-match", version).put(&path, body).await;
    put("\"0\"", json!({ "dnd": true })).await.expect(200);
    put("\"0\"", json!({ "dnd": false })).await.expect(412);
    put("\"1\"", json!({ "dnd": false })).await.expect(200);
}

#[tokio::test]
async fn everybody_sets_their_own_and_nobody_elses_without_the_right() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = json!({ "given_name": "Anna", "short_number": "105" });
    office.add(&main, anna).await;
    let new = json!({ "given_name": "Eva", "login": "eva", "password": "correct horse", "role": "employee",
                      "short_number": "103" });
    let (eva, id) = office.log_in_new(&main, new).await;
    let set = eva.put("/me/forwarding", json!({ "always": "105" })).await.expect(200);
    assert_eq!(set.text("/always"), "105");
    assert_eq!(
        main.get(&format!("/staff/{id}/forwarding")).await.expect(200).body,
        set.body
    );
    assert_eq!(eva.get("/me/forwarding").await.expect(200).body, set.body);
    let chief = main.get("/me").await.text("/id").to_owned();
    eva.put(&format!("/staff/{chief}/forwarding"), json!({}))
        .await
        .expect(403);
    main.delete(&format!("/staff/{id}")).await.expect(204);
    main.get(&format!("/staff/{id}/forwarding")).await.expect(404);
}
