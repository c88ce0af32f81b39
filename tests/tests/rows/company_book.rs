//! The company's phone book on the running daemon.

use frontdesk_tests::house::{House, alone, escaped, id, visit};
use frontdesk_tests::office::{Answer, Caller};
use reqwest::Method;
use serde_json::{Value, json};

async fn entry(house: &House, member: &Value) -> Value {
    let path = format!("/phone-book/{}", id(member));
    house.main.get(&path).await.expect(200).body
}

/// Somebody with a short number and a telephone.
async fn somebody(house: &House, surname: &str, given_name: &str) -> Value {
    let fields = json!({ "surname": surname, "given_name": given_name, "short_number": house.short(),
                         "phone": house.number() });
    house.hire(fields).await
}

fn names(answer: &Answer) -> Vec<&str> {
    let rows = answer.body["items"].as_array().unwrap();
    rows.iter().map(|row| row["full_name"].as_str().unwrap()).collect()
}

/// Rows V1, V4, V5.
#[test]
fn v1_v4_v5_there_is_a_row_for_each_person_with_a_number() {
    alone(async |house| {
        let anna = house
            .hire(
                json!({ "surname": "Соколова", "given_name": "Анна", "patronymic": "Игоревна",
                          "short_number": "105", "phone": "8 912 345-67-89" }),
            )
            .await;
        house.hire(json!({ "surname": "Numberless" })).await;
        let book = house.main.get("/phone-book").await.expect(200);
        assert_eq!(
            names(&book)[1..],
            ["Соколова Анна Игоревна"],
            "the first is the main account"
        );
        let row = entry(house, &anna).await;
        assert_eq!(
            (&row["phone"], &row["phone_display"]),
            (&json!("+79123456789"), &json!("+7 912 345-67-89"))
        );
        assert_eq!(
            (&row["full_name"], &row["short_number"]),
            (&json!("Соколова Анна Игоревна"), &json!("105"))
        );
    });
}

/// Row V2.
#[test]
fn v2_nobody_writes_into_the_book() {
    visit(async |house| {
        let anna = somebody(house, "Unwritten", "Anna").await;
        let mut callers = vec![house.main.clone(), Caller::at(&house.daemon.base())];
        for role in ["admin", "supervisor", "employee"] {
            callers.push(house.log_in_new(json!({ "role": role })).await.0);
        }
        for path in ["/phone-book".to_owned(), format!("/phone-book/{}", id(&anna))] {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                for caller in &callers {
                    let body = json!({ "full_name": "Other", "clients": [] });
                    caller.send(method.clone(), &path, Some(body)).await.expect(405);
                }
            }
        }
        assert_eq!(entry(house, &anna).await["full_name"], "Unwritten Anna");
    });
}

/// Row V3.
#[test]
fn v3_the_book_shows_a_changed_name_and_department_at_the_next_reading() {
    visit(async |house| {
        let anna = somebody(house, "Before", "Anna").await;
        let path = format!("/staff/{}", id(&anna));
        house.main.patch(&path, json!({ "surname": "After" })).await.expect(200);
        let short = house.short();
        let body = json!({ "name": format!("Old {short}"), "short_number": short, "members": [id(&anna)] });
        let department = house.main.post("/departments", body).await.expect(201);
        let path = format!("/departments/{}", id(&department.body));
        let renamed = format!("New {short}");
        house.main.patch(&path, json!({ "name": renamed })).await.expect(200);
        let row = entry(house, &anna).await;
        assert_eq!(
            (&row["full_name"], &row["departments"][0]["name"]),
            (&json!("After Anna"), &json!(renamed))
        );
    });
}

#[test]
fn v7_each_department_of_a_person_is_told() {
    visit(async |house| {
        let anna = somebody(house, "Busy", "Anna").await;
        let mut made = Vec::new();
        for name in ["Accounts", "Board"] {
            let short = house.short();
            let body = json!({ "name": format!("{name} {short}"), "short_number": short, "members": [id(&anna)] });
            made.push(house.main.post("/departments", body).await.expect(201).body);
        }
        let row = entry(house, &anna).await;
        let told: Vec<&Value> = row["departments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["id"])
            .collect();
        assert_eq!(told, made.iter().map(|one| &one["id"]).collect::<Vec<_>>());
    });
}

/// The clients that the row's link leads to.
async fn clients_of(house: &House, member: &Value) -> Vec<String> {
    let row = entry(house, member).await;
    let link = row["clients_url"]
        .as_str()
        .unwrap()
        .strip_prefix("/api/v1")
        .unwrap()
        .to_owned();
    let mut found = Vec::new();
    let mut page = house.main.get(&format!("{link}&limit=2")).await.expect(200).body;
    loop {
        found.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|client| id(client).to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        page = house
            .main
            .get(&format!("{link}&limit=2&cursor={cursor}"))
            .await
            .expect(200)
            .body;
    }
    assert_eq!(row["clients"], found.len());
    found.sort();
    found
}

async fn three_clients(house: &House, manager: &Value) -> Vec<String> {
    let mut made = Vec::new();
    for _ in 0..3 {
        let client = house.client(json!({ "manager_id": manager["id"] })).await;
        made.push(id(&client).to_owned());
    }
    made.sort();
    made
}

/// Rows V8, V11.
#[test]
fn v8_v11_the_link_of_a_row_leads_to_exactly_the_clients_of_the_person_in_pages() {
    visit(async |house| {
        let (anna, boris) = (
            somebody(house, "Has", "Clients").await,
            somebody(house, "Has", "None").await,
        );
        let made = three_clients(house, &anna).await;
        assert_eq!(clients_of(house, &anna).await, made);
        assert_eq!(clients_of(house, &boris).await, [] as [String; 0]);
    });
}

/// Rows V12, V14.
#[test]
fn v12_v14_a_client_whose_form_names_another_manager_moves_to_that_ones_row() {
    visit(async |house| {
        let (anna, boris) = (
            somebody(house, "From", "Anna").await,
            somebody(house, "To", "Boris").await,
        );
        let made = three_clients(house, &anna).await;
        let path = format!("/clients/{}", made[0]);
        house
            .main
            .patch(&path, json!({ "manager_id": boris["id"] }))
            .await
            .expect(200);
        assert_eq!(clients_of(house, &anna).await, made[1..]);
        assert_eq!(clients_of(house, &boris).await, made[..1]);
    });
}

/// Row V9.
#[test]
fn v9_people_are_found_by_parts_of_names_and_numbers_in_any_form() {
    visit(async |house| {
        let anna = house
            .hire(
                json!({ "surname": "Щёголева", "given_name": "Юнона", "short_number": house.short(),
                          "phone": "+7 921 700-80-90" }),
            )
            .await;
        let short = anna["short_number"].as_str().unwrap();
        for search in [
            "щеголева",
            "ЮНОНА",
            "щёгол",
            "юно щег",
            "8 921 700",
            "+7 (921) 700-80",
            "700-80-90",
            short,
        ] {
            let found = house
                .main
                .get(&format!("/phone-book?search={}", escaped(search)))
                .await
                .expect(200);
            assert_eq!(names(&found), ["Щёголева Юнона"], "{search}");
        }
        let nobody = house.main.get("/phone-book?search=921700809000").await.expect(200);
        assert_eq!(nobody.body["filtered"], 0);
    });
}

/// Row V10.
#[test]
fn v10_the_city_number_is_told_while_one_leads_to_the_person() {
    visit(async |house| {
        let anna = somebody(house, "City", "Anna").await;
        assert_eq!(entry(house, &anna).await["abc_number"], Value::Null);
        let number = json!({ "number": "8 (495) 765-43-21", "staff_id": anna["id"] });
        let number = house.main.post("/numbers", number).await.expect(201).body;
        let row = entry(house, &anna).await;
        assert_eq!(
            (&row["abc_number"], &row["abc_number_display"]),
            (&json!("+74957654321"), &json!("+7 495 765-43-21"))
        );
        house
            .main
            .delete(&format!("/numbers/{}", id(&number)))
            .await
            .expect(204);
        assert_eq!(entry(house, &anna).await["abc_number"], Value::Null);
    });
}

/// Row V8.
#[test]
fn v8_who_may_not_read_clients_is_told_no_count_of_them() {
    visit(async |house| {
        let anna = somebody(house, "Counted", "Anna").await;
        let token = house
            .main
            .post("/tokens", json!({ "name": "Book", "scopes": ["staff:read"] }))
            .await
            .expect(201);
        let bearer = format!("Bearer {}", token.text("/token"));
        let caller = Caller::at(&house.daemon.base()).with("authorization", &bearer);
        let row = caller.get(&format!("/phone-book/{}", id(&anna))).await.expect(200);
        assert_eq!(row.body["clients"], Value::Null);
    });
}
