//! Menus through the API.

use frontdesk_media::sound;
use frontdesk_tests::office::{Caller, Office};
use reqwest::Method;
use serde_json::json;

async fn prompt(caller: &Caller) -> String {
    let file = sound::tone(425, 500).to_wav();
    let made = caller
        .raw(Method::POST, "/prompts?name=Ask", "audio/wav", file)
        .await
        .expect(201);
    made.text("/id").to_owned()
}

#[tokio::test]
async fn a_menu_is_made_changed_used_and_deleted_when_nothing_leads_to_it() {
    let office = Office::open().await;
    let main = office.main().await;
    let prompt = prompt(&main).await;
    let me = main.get("/me").await.text("/id").to_owned();
    let new = json!({ "name": "Main", "prompt_id": prompt, "short_number": "300", "retries": 1, "dials_short": true,
        "keys": { "1": { "staff_id": me }, "0": { "number": "8 916 123-45-67" }, "*": null },
        "on_timeout": { "staff_id": me } });
    let made = main.post("/menus", new).await.expect(201);
    let path = format!("/menus/{}", made.text("/id"));
    assert_eq!(made.text("/keys/0/number"), "+79161234567");
    assert_eq!(
        (&made.body["keys"]["*"], &made.body["timeout_ms"]),
        (&json!(null), &json!(5_000))
    );
    assert_eq!(main.get(&path).await.expect(200).body, made.body);
    let back = json!({ "keys": { "9": { "menu_id": made.text("/id") } }, "on_timeout": null, "timeout_ms": 3_000 });
    let tag = made.header("etag").to_owned();
    let changed = main
        .clone()
        .with("if-match", &tag)
        .patch(&path, back.clone())
        .await
        .expect(200);
    main.clone().with("if-match", &tag).patch(&path, back).await.expect(412);
    assert_eq!(changed.body["keys"], json!({ "9": changed.body["keys"]["9"] }));
    assert_eq!(changed.body["on_timeout"], json!(null));
    // A number leads to it, and it says the prompt.
    let number = json!({ "number": "+74951110001", "menu_id": made.text("/id") });
    let number = main.post("/numbers", number).await.expect(201);
    let used = main.delete(&path).await.expect(409);
    assert!(
        used.text("/detail").contains("the number +74951110001"),
        "{}",
        used.body
    );
    let said = main.delete(&format!("/prompts/{prompt}")).await.expect(409);
    assert!(said.text("/detail").contains("the menu Main"), "{}", said.body);
    main.delete(&format!("/numbers/{}", number.text("/id")))
        .await
        .expect(204);
    main.delete(&path).await.expect(204);
    main.get(&path).await.expect(404);
    main.delete(&format!("/prompts/{prompt}")).await.expect(204);
    for action in ["menu.created", "menu.updated", "menu.deleted"] {
        let audit = main.get(&format!("/audit?action={action}")).await.expect(200);
        assert_eq!(audit.body["items"].as_array().unwrap().len(), 1, "{action}");
    }
}

#[tokio::test]
async fn a_menu_with_faults_is_refused_with_all_of_them() {
    let office = Office::open().await;
    let main = office.main().await;
    let prompt = prompt(&main).await;
    let check = async |new: serde_json::Value, status: u16, faults: &[&str]| {
        let answer = main.post("/menus", new).await.expect(status);
        assert_eq!(answer.faults(), faults, "{}", answer.body);
    };
    check(json!({}), 422, &["name required", "prompt_id unknown"]).await;
    let nobody = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let unknown = json!({ "name": "A", "prompt_id": nobody, "keys": { "1": { "staff_id": nobody } } });
    check(unknown, 422, &["prompt_id unknown", "keys.1.staff_id unknown"]).await;
    let wrong = json!({ "name": "A", "prompt_id": prompt, "keys": { "x": null, "2": {} }, "timeout_ms": 1 });
    check(wrong, 422, &["timeout_ms invalid", "keys.2 invalid", "keys.x unknown"]).await;
    let first = json!({ "name": "A", "prompt_id": prompt, "short_number": "300" });
    main.post("/menus", first.clone()).await.expect(201);
    check(first, 409, &["short_number taken"]).await;
    let department = json!({ "name": "Sales", "short_number": "300" });
    let taken = main.post("/departments", department).await.expect(409);
    assert_eq!(taken.faults(), ["short_number taken"]);
}

/// A menu on an emergency number is told of as people and departments are.
#[tokio::test]
async fn a_menu_whose_short_number_is_an_emergency_number_is_named() {
    let office = Office::open().await;
    let main = office.main().await;
    let prompt = prompt(&main).await;
    let menu = json!({ "name": "Main", "prompt_id": prompt, "short_number": "101" });
    main.post("/menus", menu).await.expect(201);
    let told = main.get("/emergency").await.expect(200);
    let expected = json!([{ "short_number": "101", "reaches": "short_number" }]);
    assert_eq!(told.body["conflicts"], expected);
}
