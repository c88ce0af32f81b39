//! The address book of clients.

use frontdesk_tests::office::Office;
use serde_json::{Value, json};

#[tokio::test]
async fn v18_v20_v22_a_client_is_added_with_the_number_in_any_usual_form() {
    let office = Office::open().await;
    let main = office.main().await;
    let check = |typed: &'static str, stored: &'static str| {
        let main = main.clone();
        async move {
            let made = main
                .post("/clients", json!({ "name": "Ольга Лебедева", "number": typed }))
                .await
                .expect(201);
            assert_eq!(made.text("/number"), stored, "{typed}");
            let listed = main.get("/clients").await.expect(200);
            assert!(listed.body.to_string().contains(stored));
        }
    };
    check("+7 901 111-22-33", "+79011112233").await;
    check("8 902 111-22-33", "+79021112233").await;
    check("9031112233", "+79031112233").await;
    check("+44 20 7183 8750", "+442071838750").await;
}

#[tokio::test]
async fn v19_v20_v21_v23_bad_clients_are_refused_naming_the_field() {
    let office = Office::open().await;
    let main = office.main().await;
    let gone = office.add(&main, json!({ "given_name": "Anna" })).await;
    main.delete(&format!("/staff/{}", gone["id"].as_str().unwrap()))
        .await
        .expect(204);
    let check = |body: Value, status: u16, faults: &'static [&'static str]| {
        let main = main.clone();
        async move {
            let answer = main.post("/clients", body.clone()).await;
            let named: Vec<String> = answer
                .faults()
                .iter()
                .map(|fault| fault.split(' ').next().unwrap_or_default().to_owned())
                .collect();
            assert_eq!(
                (answer.status, named),
                (status, faults.iter().map(|f| f.to_string()).collect()),
                "{body} {}",
                answer.body
            );
        }
    };
    check(json!({ "name": "A" }), 422, &["number"]).await;
    check(json!({ "name": "A", "number": "" }), 422, &["number"]).await;
    check(json!({ "name": "A", "number": "+7 901 111-22" }), 422, &["number"]).await;
    check(
        json!({ "name": "A", "number": "+7 901 111-22-33-44" }),
        422,
        &["number"],
    )
    .await;
    check(json!({ "name": "A", "number": "ring me" }), 422, &["number"]).await;
    check(json!({ "name": "", "number": "9011112233" }), 422, &["name"]).await;
    check(json!({ "number": "9011112233" }), 422, &["name"]).await;
    check(
        json!({ "name": "A", "number": "9011112233", "manager_id": gone["id"] }),
        422,
        &["manager_id"],
    )
    .await;
    check(
        json!({ "name": "A", "number": "9011112233", "manager_id": "x" }),
        422,
        &["manager_id"],
    )
    .await;
    check(
        json!({ "name": "A", "number": "9011112233", "vip": "yes" }),
        422,
        &["vip"],
    )
    .await;
    check(
        json!({ "name": "A", "number": "9011112233", "colour": "red" }),
        422,
        &["colour"],
    )
    .await;
    main.post("/clients", json!({ "name": "A", "number": "9011112233" }))
        .await
        .expect(201);
    check(json!({ "name": "B", "number": "8 901 111 22 33" }), 409, &["number"]).await;
    let required = main.post("/clients", json!({ "name": "A" })).await;
    assert_eq!(required.faults(), ["number required"]);
}

#[tokio::test]
async fn v24_making_a_client_vip_is_an_audit_row() {
    let office = Office::open().await;
    let main = office.main().await;
    let made = main
        .post("/clients", json!({ "name": "A", "number": "9011112233" }))
        .await
        .expect(201);
    assert_eq!(made.body["vip"], false);
    let path = format!("/clients/{}", made.text("/id"));
    assert_eq!(
        main.patch(&path, json!({ "vip": true })).await.expect(200).body["vip"],
        true
    );
    let audit = main.get("/audit?entity=client").await.expect(200);
    let rows = audit.body["items"].as_array().unwrap();
    let row = rows.iter().find(|row| row["after"]["vip"] == true).unwrap();
    assert_eq!(row["before"]["vip"], false);
    assert_eq!(row["entity_id"], made.body["id"]);
}

#[tokio::test]
async fn v29_a_deleted_client_is_found_no_more_and_the_number_is_free_again() {
    let office = Office::open().await;
    let main = office.main().await;
    let made = main
        .post("/clients", json!({ "name": "Лебедева", "number": "9011112233" }))
        .await
        .expect(201);
    let path = format!("/clients/{}", made.text("/id"));
    assert_eq!(main.get("/clients?search=лебед").await.body["filtered"], 1);
    main.delete(&path).await.expect(204);
    main.get(&path).await.expect(404);
    assert_eq!(main.get("/clients?search=лебед").await.body["filtered"], 0);
    main.post("/clients", json!({ "name": "Другая", "number": "9011112233" }))
        .await
        .expect(201);
    assert_eq!(
        office.heard.plans.lock().unwrap().len(),
        3,
        "each change reaches the dial plan"
    );
}

#[tokio::test]
async fn an_old_version_of_a_client_changes_nothing() {
    let office = Office::open().await;
    let main = office.main().await;
    let made = main
        .post("/clients", json!({ "name": "A", "number": "9011112233" }))
        .await
        .expect(201);
    let path = format!("/clients/{}", made.text("/id"));
    let tag = made.header("etag").to_owned();
    main.clone()
        .with("if-match", &tag)
        .patch(&path, json!({ "company": "Север" }))
        .await
        .expect(200);
    main.clone()
        .with("if-match", &tag)
        .patch(&path, json!({ "company": "Юг" }))
        .await
        .expect(412);
    main.clone().with("if-match", &tag).delete(&path).await.expect(412);
    assert_eq!(main.get(&path).await.text("/company"), "Север");
}
