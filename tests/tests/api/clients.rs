//! The address book of clients.

use frontdesk_tests::office::Office;
use serde_json::{Value, json};

/// Rows V18, V20, V22.
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

/// Rows V19, V20, V21, V23.
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

/// Row V24.
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

/// Row V29.
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

/// Rows V13, V15, V16, V26.
#[tokio::test]
async fn v13_v15_v16_v26_the_book_lists_every_column_with_counters_in_order_of_numbers() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = office.add(&main, json!({ "given_name": "Anna" })).await;
    for (number, name, vip) in [
        ("+49 30 901820", "Берлин", false),
        ("9123456702", "Вера", true),
        ("+1 202 555 0123", "Вашингтон", false),
        ("9123456701", "Анна", false),
    ] {
        let body = json!({ "number": number, "name": name, "vip": vip, "company": "ООО «Ромашка»",
                           "position": "Директор", "manager_id": anna["id"] });
        main.post("/clients", body).await.expect(201);
    }
    let names = |answer: &frontdesk_tests::office::Answer| -> Vec<String> {
        let rows = answer.body["items"].as_array().unwrap();
        rows.iter()
            .map(|row| row["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let up = main.get("/clients?order=number").await.expect(200);
    assert_eq!(names(&up), ["Берлин", "Вашингтон", "Анна", "Вера"]);
    let down = main.get("/clients?order=number&direction=desc").await.expect(200);
    assert_eq!(names(&down), ["Вера", "Анна", "Вашингтон", "Берлин"]);
    let row = &down.body["items"][0];
    for (column, value) in [
        ("vip", json!(true)),
        ("number", json!("+79123456702")),
        ("name", json!("Вера")),
        ("company", json!("ООО «Ромашка»")),
        ("position", json!("Директор")),
        ("manager_id", anna["id"].clone()),
    ] {
        assert_eq!(row[column], value, "{column}");
    }
    let found = main.get("/clients?search=345-67").await.expect(200);
    assert_eq!(
        (&found.body["total"], &found.body["filtered"]),
        (&json!(4), &json!(2)),
        "V15"
    );
    let first = main.get("/clients?limit=3").await.expect(200);
    let cursor = first.text("/next_cursor");
    let rest = main.get(&format!("/clients?limit=3&cursor={cursor}")).await.expect(200);
    assert_eq!(
        (names(&rest), &rest.body["next_cursor"]),
        (vec!["Вера".to_owned()], &Value::Null)
    );
    assert_eq!(
        main.get("/clients?cursor=x").await.expect(400).faults(),
        ["cursor invalid"]
    );
}

/// Row V17.
#[tokio::test]
async fn v17_search_takes_parts_of_numbers_names_and_companies_in_any_order() {
    let office = Office::open().await;
    let main = office.main().await;
    let body = json!({ "number": "9123456701", "other_numbers": ["8 (495) 111-22-33"], "name": "Семёнова Алёна",
                       "company": "ЗАО «Северный ветер»" });
    main.post("/clients", body).await.expect(201);
    main.post("/clients", json!({ "number": "9031112233", "name": "Борис" }))
        .await
        .expect(201);
    for (search, count) in [
        ("алена семенова", 1),
        ("ВЕТЕР", 1),
        ("ветер ален", 1),
        ("верный", 1),
        ("8 912 345", 1),
        ("+7 (912) 345-67-01", 1),
        ("111-22", 2),
        ("495111", 1),
        ("борис 495", 0),
    ] {
        let query: String = search.split(' ').collect::<Vec<_>>().join("%20").replace('+', "%2B");
        let found = main.get(&format!("/clients?search={query}")).await.expect(200);
        assert_eq!(found.body["filtered"], count, "{search}");
    }
}

#[tokio::test]
async fn one_number_belongs_to_one_client_and_the_second_is_told_whose_it_is() {
    let office = Office::open().await;
    let main = office.main().await;
    let body = json!({ "name": "Первая", "number": "9011112233", "other_numbers": ["9011112244"] });
    let first = main.post("/clients", body).await.expect(201);
    assert_eq!(first.body["other_numbers"], json!(["+79011112244"]));
    let second = main
        .post("/clients", json!({ "name": "B", "number": "8 901 111 22 44" }))
        .await
        .expect(409);
    assert_eq!(second.faults(), ["number taken"]);
    assert!(second.body.to_string().contains("Первая"), "{}", second.body);
    let path = format!("/clients/{}", first.text("/id"));
    let patch = json!({ "other_numbers": ["9011112255", "+44 20 7183 8750"] });
    let patched = main.patch(&path, patch).await.expect(200);
    assert_eq!(patched.body["other_numbers"], json!(["+79011112255", "+442071838750"]));
    let none = main.patch(&path, json!({ "other_numbers": null })).await.expect(200);
    assert_eq!(none.body["other_numbers"], json!([]));
    let wrong = main
        .patch(&path, json!({ "other_numbers": ["9011112255", "12"] }))
        .await
        .expect(422);
    assert_eq!(wrong.faults(), ["other_numbers[1] invalid"]);
}

/// Row V29.
#[tokio::test]
async fn v29_who_was_erased_is_not_named_anywhere_and_only_admins_erase() {
    let office = Office::open().await;
    let main = office.main().await;
    let new = json!({ "given_name": "Ivan", "login": "ivan", "password": "correct horse", "role": "employee" });
    let (ivan, _) = office.log_in_new(&main, new).await;
    let made = main
        .post("/clients", json!({ "name": "Лебедева", "number": "9011112233" }))
        .await
        .expect(201);
    let id = made.text("/id").to_owned();
    ivan.post(&format!("/clients/{id}/erase"), json!({})).await.expect(403);
    main.post(&format!("/clients/{id}/erase"), json!({})).await.expect(204);
    main.post(&format!("/clients/{id}/erase"), json!({})).await.expect(404);
    main.get(&format!("/clients/{id}")).await.expect(404);
    for path in ["/clients", "/audit"] {
        let told = main.get(path).await.expect(200).body.to_string();
        assert!(!told.contains("Лебедева") && !told.contains("9011112233"), "{told}");
    }
    let audit = main.get(&format!("/audit?entity_id={id}")).await.expect(200);
    assert_eq!(audit.body["items"].as_array().unwrap().len(), 2);
}

/// Row V29. A folder in the place of a file cannot be removed as one.
#[tokio::test]
async fn v29_a_file_that_cannot_be_removed_keeps_back_no_other_and_no_answer() {
    let office = Office::open().await;
    let main = office.main().await;
    let made = main
        .post("/clients", json!({ "name": "Лебедева", "number": "9011112233" }))
        .await
        .expect(201);
    let id = made.text("/id").to_owned();
    let mut files = Vec::new();
    for n in 1..=3 {
        let call = office.call(n).inbound("+79011112233").ended("answered").recorded(b"x");
        let call = match n {
            // one that is the client's by the number alone
            1 => call.save().await,
            _ => call.with_client(&id).save().await,
        };
        files.push(office.file_of(office.recording_of(call)));
    }
    let later = files[0].with_file_name(format!("{}-2.wav", files[0].file_stem().unwrap().display()));
    std::fs::write(&later, b"the later part").unwrap();
    std::fs::remove_file(&files[1]).unwrap();
    std::fs::create_dir(&files[1]).unwrap();
    main.post(&format!("/clients/{id}/erase"), json!({})).await.expect(204);
    let left: Vec<bool> = files.iter().chain([&later]).map(|file| file.exists()).collect();
    assert_eq!(left, [false, true, false, false]);
    let list = main.get("/recordings?state=deleted").await.expect(200);
    assert_eq!(list.body["items"].as_array().unwrap().len(), 3);
    std::fs::remove_dir(&files[1]).unwrap();
    std::fs::write(&files[1], b"x").unwrap();
    office.clock.advance(10_000);
    let other = main
        .post("/clients", json!({ "name": "Другая", "number": "9011112244" }))
        .await
        .expect(201);
    main.do_(&format!("/clients/{}/erase", other.text("/id")))
        .await
        .expect(204);
    assert!(!files[1].exists(), "it is tried again");
}

/// Rows B31, V14.
#[tokio::test]
async fn b31_v14_clients_of_who_left_stay_and_are_handed_over_at_once() {
    let office = Office::open().await;
    let main = office.main().await;
    let [anna, boris] = [
        office.add(&main, json!({ "given_name": "Anna" })).await["id"].clone(),
        office.add(&main, json!({ "given_name": "Boris" })).await["id"].clone(),
    ];
    for n in 0..3 {
        let body = json!({ "name": format!("Клиент {n}"), "number": format!("901111223{n}"), "manager_id": anna });
        main.post("/clients", body).await.expect(201);
    }
    let of = async |id: &Value| {
        let path = format!("/clients?manager_id={}", id.as_str().unwrap());
        main.get(&path).await.expect(200).body["filtered"].clone()
    };
    main.delete(&format!("/staff/{}", anna.as_str().unwrap()))
        .await
        .expect(204);
    assert_eq!(of(&anna).await, 3, "nothing is lost with who left");
    let to_gone = json!({ "from_manager_id": boris, "to_manager_id": anna });
    main.post("/clients/reassign", to_gone).await.expect(422);
    let stranger = office.another_company().await.staff;
    let of_theirs = json!({ "from_manager_id": stranger, "to_manager_id": boris });
    let refused = main.post("/clients/reassign", of_theirs).await.expect(422);
    assert_eq!(refused.faults(), ["from_manager_id unknown"]);
    let moved = main
        .post(
            "/clients/reassign",
            json!({ "from_manager_id": anna, "to_manager_id": boris }),
        )
        .await;
    assert_eq!(moved.expect(200).body["clients"], 3);
    assert_eq!((of(&anna).await, of(&boris).await), (json!(0), json!(3)));
}
