//! The company's phone book.

use frontdesk_tests::office::{Answer, Caller, Office};
use reqwest::Method;
use serde_json::{Value, json};

async fn hire(office: &Office, main: &Caller, name: &str, short: &str, phone: Option<&str>) -> Value {
    let (surname, given) = name.split_once(' ').unwrap();
    let new = json!({ "surname": surname, "given_name": given, "short_number": short, "phone": phone });
    office.add(main, new).await
}

fn names(answer: &Answer) -> Vec<&str> {
    let rows = answer.body["items"].as_array().unwrap();
    rows.iter().map(|row| row["full_name"].as_str().unwrap()).collect()
}

async fn row(main: &Caller, staff: &Value) -> Value {
    let path = format!("/phone-book/{}", staff["id"].as_str().unwrap());
    main.get(&path).await.expect(200).body
}

/// Rows V1, V3, V4, V5, V6, V7, V10.
#[tokio::test]
async fn v1_v3_v4_v5_v6_v7_v10_the_book_shows_what_staff_departments_and_numbers_say() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = hire(&office, &main, "Соколова Анна", "105", Some("8 912 345-67-89")).await;
    office.add(&main, json!({ "given_name": "Без номера" })).await;
    for (name, short) in [("Продажи", "200"), ("Аренда", "201")] {
        let body = json!({ "name": name, "short_number": short, "members": [anna["id"]] });
        main.post("/departments", body).await.expect(201);
    }
    let entry = row(&main, &anna).await;
    assert_eq!(entry["full_name"], "Соколова Анна");
    assert_eq!(
        (&entry["phone"], &entry["phone_display"]),
        (&json!("+79123456789"), &json!("+7 912 345-67-89"))
    );
    assert_eq!(entry["short_number"], "105");
    assert_eq!(
        entry["abc_number"],
        Value::Null,
        "nothing to show when nothing is bound"
    );
    let departments: Vec<&Value> = entry["departments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| &d["name"])
        .collect();
    assert_eq!(departments, ["Аренда", "Продажи"]);
    let bound = json!({ "number": "8 (495) 123-45-67", "staff_id": anna["id"] });
    let bound = main.post("/numbers", bound).await.expect(201);
    let path = format!("/staff/{}", anna["id"].as_str().unwrap());
    main.patch(&path, json!({ "surname": "Орлова" })).await.expect(200);
    let entry = row(&main, &anna).await;
    assert_eq!(
        (&entry["abc_number"], &entry["full_name"]),
        (&json!("+74951234567"), &json!("Орлова Анна"))
    );
    let all = main.get("/phone-book").await.expect(200);
    assert_eq!(names(&all), ["Main", "Орлова Анна"]);
    assert_eq!((&all.body["total"], &all.body["filtered"]), (&json!(2), &json!(2)));
    main.delete(&format!("/numbers/{}", bound.text("/id")))
        .await
        .expect(204);
    main.delete(&path).await.expect(204);
    main.get(&format!("/phone-book/{}", anna["id"].as_str().unwrap()))
        .await
        .expect(404);
}

/// Rows V2, V12.
#[tokio::test]
async fn v2_v12_nothing_can_be_written_into_the_book() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = hire(&office, &main, "Соколова Анна", "105", None).await;
    for path in [
        "/phone-book".to_owned(),
        format!("/phone-book/{}", anna["id"].as_str().unwrap()),
    ] {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            for caller in [&main, &office.nobody()] {
                let body = json!({ "clients": [], "manager_id": anna["id"] });
                let answer = caller.request(method.clone(), &path).json(&body).send().await.unwrap();
                assert_eq!(answer.status(), 405, "{method} {path}");
            }
        }
    }
    assert_eq!(row(&main, &anna).await["full_name"], "Соколова Анна");
}

/// Rows V8, V11, V12, V14.
#[tokio::test]
async fn v8_v11_v12_v14_a_persons_clients_are_those_whose_form_names_them() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = hire(&office, &main, "Соколова Анна", "105", None).await;
    let boris = hire(&office, &main, "Ким Борис", "106", None).await;
    let mut made = Vec::new();
    for n in 0..3 {
        let body =
            json!({ "name": format!("Клиент {n}"), "number": format!("901111223{n}"), "manager_id": anna["id"] });
        made.push(main.post("/clients", body).await.expect(201).text("/id").to_owned());
    }
    let listed = async |staff: &Value| {
        let entry = row(&main, staff).await;
        let path = entry["clients_url"]
            .as_str()
            .unwrap()
            .strip_prefix("/api/v1")
            .unwrap()
            .to_owned();
        let list = main.get(&format!("{path}&limit=2")).await.expect(200);
        assert_eq!(entry["clients"], list.body["filtered"]);
        (
            list.body["filtered"].as_u64().unwrap(),
            list.body["next_cursor"].is_string(),
        )
    };
    assert_eq!((listed(&anna).await, listed(&boris).await), ((3, true), (0, false)));
    main.patch(&format!("/clients/{}", made[0]), json!({ "manager_id": boris["id"] }))
        .await
        .expect(200);
    assert_eq!((listed(&anna).await, listed(&boris).await), ((2, false), (1, false)));
    let token = office.token(&main, &["staff:read"]).await;
    assert_eq!(row(&token, &anna).await["clients"], Value::Null);
}

/// Row V9.
#[tokio::test]
async fn v9_the_book_is_searched_by_parts_of_names_and_numbers() {
    let office = Office::open().await;
    let main = office.main().await;
    hire(&office, &main, "Семёнов Пётр", "105", Some("+7 912 345-67-89")).await;
    hire(&office, &main, "Ким Анна", "106", Some("+7 903 111-22-33")).await;
    for (search, expected) in [
        ("петр", vec!["Семёнов Пётр"]),
        ("ПЁТР семен", vec!["Семёнов Пётр"]),
        ("8 912 345", vec!["Семёнов Пётр"]),
        ("345-67", vec!["Семёнов Пётр"]),
        ("(903) 111", vec!["Ким Анна"]),
        ("106", vec!["Ким Анна"]),
        ("ким 106", vec!["Ким Анна"]),
        ("ким 105", vec![]),
        ("%", vec![]),
    ] {
        let query: String = form(search);
        let found = main.get(&format!("/phone-book?search={query}")).await.expect(200);
        assert_eq!(names(&found), expected, "{search}");
        assert_eq!(found.body["total"], 3);
    }
    let first = main.get("/phone-book?limit=1").await.expect(200);
    let next = format!("/phone-book?limit=1&cursor={}", first.text("/next_cursor"));
    assert_eq!(
        (names(&first), names(&main.get(&next).await.expect(200))),
        (vec!["Main"], vec!["Ким Анна"])
    );
    assert_eq!(
        main.get("/phone-book?cursor=x").await.expect(400).faults(),
        ["cursor invalid"]
    );
}

fn form(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
