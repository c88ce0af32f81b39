//! The staff directory and SIP data.

use frontdesk_tests::office::Office;
use reqwest::Method;
use serde_json::{Value, json};

/// Row L1.
#[tokio::test]
async fn l1_a_fresh_installation_has_exactly_one_main_account_with_every_right() {
    let office = Office::open().await;
    let main = office.main().await;
    let list = main.get("/staff").await.expect(200);
    assert_eq!(list.body["total"], 1);
    assert_eq!(list.body["items"][0]["is_main"], true);
    assert_eq!(list.body["items"][0]["role"], "main");
}

/// Rows L2, L3.
#[tokio::test]
async fn l2_the_main_account_is_edited_but_l3_never_restricted_or_deleted() {
    let office = Office::open().await;
    let main = office.main().await;
    let id = main.get("/me").await.text("/id").to_owned();
    let path = format!("/staff/{id}");
    let edited = main
        .patch(&path, json!({ "surname": "Орлова", "phone": "8 912 345-67-89" }))
        .await
        .expect(200);
    assert_eq!(
        (edited.text("/surname"), edited.text("/phone")),
        ("Орлова", "+79123456789")
    );
    for role in [json!(null), json!("employee"), json!("admin")] {
        let refused = main.patch(&path, json!({ "role": role })).await;
        assert!([409, 422].contains(&refused.status), "{role} {}", refused.body);
    }
    assert!([409, 422].contains(&main.delete(&path).await.status));
    assert_eq!(main.get(&path).await.body["role"], "main");
}

/// Rows L4, K2.
#[tokio::test]
async fn l4_a_new_member_is_listed_and_k2_found_by_any_part_of_the_name() {
    let office = Office::open().await;
    let main = office.main().await;
    let made = main
        .post(
            "/staff",
            json!({ "surname": "Соколов", "given_name": "Пётр", "patronymic": "Ильич", "phone": "(495) 123-45-67",
                    "position": "Кассир", "short_number": "105" }),
        )
        .await
        .expect(201);
    assert_eq!(made.header("location"), format!("/api/v1/staff/{}", made.text("/id")));
    assert_eq!(made.text("/phone"), "+74951234567");
    for search in ["соколов", "Пётр", "Ильич", "105", "кассир", "4951234567"] {
        let found = main.get(&format!("/staff?search={search}")).await.expect(200);
        assert_eq!(
            (found.body["filtered"].clone(), found.text("/items/0/patronymic")),
            (json!(1), "Ильич"),
            "{search}"
        );
        assert_eq!(found.body["total"], 2);
    }
    assert_eq!(main.get("/staff?search=%25").await.expect(200).body["filtered"], 0);
    assert_eq!(
        main.get("/staff?position=Кассир").await.expect(200).body["filtered"],
        1,
        "K4"
    );
}

#[tokio::test]
async fn staff_lists_are_ordered_and_cut() {
    let office = Office::open().await;
    let main = office.main().await;
    for (name, short) in [("Борис", "201"), ("Анна", "203"), ("Вера", "202")] {
        office
            .add(
                &main,
                json!({ "surname": name, "given_name": name, "short_number": short }),
            )
            .await;
    }
    let names = |answer: frontdesk_tests::office::Answer| -> Vec<String> {
        answer.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["surname"].as_str().unwrap_or("").to_owned())
            .collect()
    };
    let by_number = names(
        main.get("/staff?order=short_number&direction=desc&limit=3")
            .await
            .expect(200),
    );
    assert_eq!(by_number, ["Анна", "Вера", "Борис"]);
    let second = names(
        main.get("/staff?order=short_number&direction=desc&limit=1&offset=1")
            .await
            .expect(200),
    );
    assert_eq!(second, ["Вера"]);
    let by = "/staff?order=short_number&direction=desc&limit=2";
    let first = main.get(by).await.expect(200);
    let cursor = first.text("/next_cursor").to_owned();
    assert_eq!(names(first), ["Анна", "Вера"]);
    office
        .add(&main, json!({ "surname": "Яна", "short_number": "204" }))
        .await;
    let rest = main.get(&format!("{by}&cursor={cursor}")).await.expect(200);
    assert_eq!(rest.body["next_cursor"], json!(null));
    assert_eq!(names(rest), ["Борис", ""], "whoever came meanwhile moves nobody");
    let both = main.get(&format!("{by}&offset=1&cursor={cursor}")).await.expect(400);
    assert_eq!(both.faults(), ["offset invalid"]);
    let other = main
        .get(&format!("/staff?order=name&cursor={cursor}"))
        .await
        .expect(400);
    assert_eq!(other.faults(), ["cursor invalid"]);
    for wrong in [
        "cursor=x",
        "limit=0",
        "limit=501",
        "limit=x",
        "offset=-1",
        "order=phone_of",
        "direction=up",
        "sarch=x",
    ] {
        main.get(&format!("/staff?{wrong}")).await.expect(400);
    }
}

#[tokio::test]
async fn bad_staff_is_refused_naming_every_field() {
    let office = Office::open().await;
    let main = office.main().await;
    office
        .add(
            &main,
            json!({ "given_name": "Ivan", "login": "ivan", "short_number": "105", "password": "correct horse" }),
        )
        .await;
    let check = |body: Value, status: u16, fields: &'static [&'static str]| {
        let main = main.clone();
        async move {
            let answer = main.post("/staff", body.clone()).await;
            let named: Vec<String> = answer
                .faults()
                .iter()
                .map(|fault| fault.split(' ').next().unwrap_or_default().to_owned())
                .collect();
            assert_eq!(
                (answer.status, named),
                (status, fields.iter().map(|f| f.to_string()).collect()),
                "{body}: {}",
                answer.body
            );
        }
    };
    check(json!({ "given_name": "A", "phone": "12" }), 422, &["phone"]).await; // K3
    check(json!({ "given_name": "A", "phone": "call me" }), 422, &["phone"]).await;
    check(
        json!({ "given_name": "A", "short_number": "12x" }),
        422,
        &["short_number"],
    )
    .await;
    check(
        json!({ "given_name": "A", "short_number": "105" }),
        409,
        &["short_number"],
    )
    .await; // V6
    check(json!({ "given_name": "A", "login": "ivan" }), 409, &["login"]).await; // L13
    check(json!({ "given_name": "A", "login": "IVAN" }), 409, &["login"]).await;
    check(json!({ "given_name": "A", "login": "i v" }), 422, &["login"]).await;
    check(json!({ "given_name": "A", "role": "boss" }), 422, &["role"]).await;
    check(json!({ "given_name": "A", "role": "main" }), 422, &["role"]).await;
    check(json!({ "given_name": "A", "is_main": true }), 422, &["is_main"]).await;
    check(json!({ "given_name": 7 }), 422, &["given_name"]).await;
    check(json!([]), 422, &["."]).await;
    let empty = main
        .post("/staff", json!({ "surname": " ", "given_name": "" }))
        .await
        .expect(422); // L24
    assert!(!empty.faults().is_empty());
    let several = main
        .post(
            "/staff",
            json!({ "given_name": "A", "phone": "12", "short_number": "x" }),
        )
        .await
        .expect(422);
    assert_eq!(several.faults().len(), 2);
}

#[tokio::test]
async fn a_change_of_an_old_version_is_refused() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = office.add(&main, json!({ "given_name": "Anna" })).await;
    let path = format!("/staff/{}", anna["id"].as_str().unwrap());
    let read = main.get(&path).await.expect(200);
    let tag = read.header("etag").to_owned();
    let changed = main
        .clone()
        .with("if-match", &tag)
        .patch(&path, json!({ "position": "Клерк" }))
        .await
        .expect(200);
    assert_ne!(changed.header("etag"), tag);
    let stale = main
        .clone()
        .with("if-match", &tag)
        .patch(&path, json!({ "position": "Повар" }))
        .await
        .expect(412);
    assert_eq!(stale.text("/code"), "stale");
    assert_eq!(main.get(&path).await.text("/position"), "Клерк");
    let cleared = main.patch(&path, json!({ "position": null })).await.expect(200);
    assert!(cleared.body["position"].is_null());
}

#[tokio::test]
async fn k8_who_is_deleted_stays_in_the_list_but_cannot_log_in() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = office
        .add(&main, json!({ "given_name": "Anna", "login": "anna", "password": "correct horse", "role": "employee", "short_number": "105" }))
        .await;
    let path = format!("/staff/{}", anna["id"].as_str().unwrap());
    let session = office.log_in(&office.effective("anna"), "correct horse").await;
    main.do_(&format!("{path}/sip")).await.expect(201);
    main.delete(&path).await.expect(204);
    session.get("/me").await.expect(401);
    let login = json!({ "login": office.effective("anna"), "password": "correct horse" });
    office.nobody().post("/login", login).await.expect(401);
    let gone = main.get(&path).await.expect(200);
    assert_eq!(gone.text("/system_status"), "deleted");
    assert_eq!(main.get("/staff").await.body["total"], 2);
    assert_eq!(main.get("/staff?deleted=false").await.body["filtered"], 1);
    main.delete(&path).await.expect(404);
    main.patch(&path, json!({ "given_name": "B" })).await.expect(404);
    office
        .add(
            &main,
            json!({ "given_name": "B", "login": "anna", "short_number": "105" }),
        )
        .await;
}

#[tokio::test]
async fn l47_sip_data_is_shown_once_and_again_only_by_rotating_it() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = office
        .add(&main, json!({ "given_name": "Anna", "short_number": "105" }))
        .await;
    assert_eq!(anna["sip_status"], "not_created");
    let path = format!("/staff/{}/sip", anna["id"].as_str().unwrap());
    main.do_(&format!("{path}/rotate")).await.expect(404);
    let made = main.do_(&path).await.expect(201);
    for field in ["user", "password", "server", "realm"] {
        assert!(!made.text(&format!("/{field}")).is_empty(), "{field}: {}", made.body);
    }
    assert!(made.text("/password").len() >= 20, "at least 96 bits");
    assert_eq!(made.body["port"], 5060);
    let again = main.do_(&path).await.expect(409);
    assert_eq!(again.text("/code"), "exists");
    let rotated = main.do_(&format!("{path}/rotate")).await.expect(200);
    assert_eq!(rotated.text("/user"), made.text("/user"));
    assert_ne!(rotated.text("/password"), made.text("/password"));
    let read = main
        .get(&format!("/staff/{}", anna["id"].as_str().unwrap()))
        .await
        .expect(200);
    assert_eq!(read.text("/sip_status"), "offline");
    assert_eq!(read.text("/sip_user"), made.text("/user"));
    assert!(!read.body.to_string().contains(rotated.text("/password")));
}

/// Row L10.
#[tokio::test]
async fn l10_a_phone_that_registers_is_online_in_the_next_answer() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = office
        .add(&main, json!({ "given_name": "Anna", "short_number": "105" }))
        .await;
    let path = format!("/staff/{}", anna["id"].as_str().unwrap());
    main.do_(&format!("{path}/sip")).await.expect(201);
    office.phone(&anna, true);
    assert_eq!(main.get(&path).await.text("/sip_status"), "online");
    office.phone(&anna, false);
    assert_eq!(main.get(&path).await.text("/sip_status"), "offline");
}

#[tokio::test]
async fn each_change_of_staff_reaches_the_dial_plan() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = office
        .add(&main, json!({ "given_name": "Anna", "short_number": "105" }))
        .await;
    let path = format!("/staff/{}", anna["id"].as_str().unwrap());
    main.patch(&path, json!({ "short_number": "106" })).await.expect(200);
    main.do_(&format!("{path}/sip")).await.expect(201);
    main.do_(&format!("{path}/sip/rotate")).await.expect(200);
    main.delete(&path).await.expect(204);
    assert_eq!(office.heard.plans.lock().unwrap().len(), 5);
}

#[tokio::test]
async fn methods_and_places_that_do_not_exist_are_told() {
    let office = Office::open().await;
    let main = office.main().await;
    main.get("/staff/01ARZ3NDEKTSV4RRFFQ69G5FAV").await.expect(404);
    main.get("/staff/not-an-id").await.expect(404);
    main.get("/nothing").await.expect(404);
    let put = main.send(Method::PUT, "/staff", None).await.expect(405);
    assert_eq!(put.header("content-type"), "application/problem+json");
    let allow = put.header("allow").to_owned();
    assert!(allow.contains("GET") && allow.contains("POST"), "{allow}");
    let text = main.raw(Method::POST, "/staff", "text/plain", b"{}".to_vec()).await;
    assert_eq!(text.status, 415);
}
