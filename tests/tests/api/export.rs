//! Lists as files (L56): who may take them, that they are whole, and that they hide what the lists hide.

use frontdesk_tests::digits::found_in;
use frontdesk_tests::office::{Answer, Office};
use serde_json::json;

const CLIENT: &str = "+79161234567";
const STUB: &str = "+78123893298";

/// The rows without the line of the columns.
fn rows(answer: &Answer) -> Vec<Vec<String>> {
    let text = String::from_utf8(answer.bytes.clone()).unwrap();
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect());
    rows.collect()
}

#[tokio::test]
async fn l56_without_the_right_no_list_is_taken_home() {
    let office = Office::open().await;
    let main = office.main().await;
    for role in ["supervisor", "employee"] {
        let new = json!({ "given_name": role, "login": role, "password": "correct horse", "role": role });
        let (caller, _) = office.log_in_new(&main, new).await;
        caller.get("/clients/export").await.expect(403);
        caller.get("/calls/export").await.expect(403);
        caller.get("/staff/export").await.expect(403);
    }
    office
        .token(&main, &["data:export"])
        .await
        .get("/clients/export")
        .await
        .expect(403);
    office
        .token(&main, &["data:export", "clients:read"])
        .await
        .get("/clients/export")
        .await
        .expect(200);
}

#[tokio::test]
async fn l56_the_staff_as_a_file_is_whole_and_stands_in_the_audit() {
    let office = Office::open().await;
    let main = office.main().await;
    let chief = json!({ "given_name": "Chief", "short_number": "199" });
    let chief = office.add(&main, chief).await["id"].clone();
    for number in 0..3 {
        let short = (200 + number).to_string();
        let new = json!({ "surname": format!("=Орлов {number}"), "given_name": "Лев", "position": "Кассир",
                          "work_place": "remote", "supervisor_id": chief, "short_number": short, "phone": format!("+7916000000{number}") });
        main.post("/staff", new).await.expect(201);
    }
    let file = rows(&main.get("/staff/export?work_place=remote").await.expect(200));
    let told: Vec<_> = file.iter().map(|row| row[..9].join("|")).collect();
    let expected = |number: u32| {
        format!(
            "'=Орлов {number}|Лев||Кассир|remote|199|+7916000000{number}||{}",
            200 + number
        )
    };
    assert_eq!(told, (0..3).map(expected).collect::<Vec<_>>());
    let all = rows(&main.get("/staff/export?scope=all").await.expect(200));
    assert_eq!(all.len(), 5, "the main account too");
    let path = format!("/staff/export?supervisor_id={}", chief.as_str().unwrap());
    assert_eq!(rows(&main.get(&path).await.expect(200)), file);
    main.get("/staff/export?format=vcard").await.expect(400);
    let book = main.get("/staff/export?format=xlsx").await.expect(200);
    assert!(book.bytes.starts_with(b"PK"));
    let audit = main.get("/audit?action=staff.exported").await.expect(200);
    assert_eq!(audit.body["items"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn l56_a_file_hides_what_the_list_hides() {
    let office = Office::open().await;
    let main = office.main().await;
    let client = json!({ "name": "Иванов Пётр", "number": CLIENT, "company": "Завод, 8 (916) 123-45-67" });
    main.post("/clients", client).await.expect(201);
    office
        .call(1)
        .inbound(CLIENT)
        .named("Иванов Пётр")
        .ended("answered")
        .save()
        .await;
    let hidden = json!({ "given_name": "Masked", "login": "masked", "password": "correct horse", "role": "admin",
                         "hide_client_number": true });
    let (masked, id) = office.log_in_new(&main, hidden).await;
    for path in ["/clients/export", "/calls/export"] {
        let file = masked.get(path).await.expect(200);
        let whole = format!("{:?}{}", file.headers, String::from_utf8_lossy(&file.bytes));
        assert_eq!(found_in(&whole, CLIENT), None, "{whole}");
        assert!(whole.contains(STUB) && whole.contains("Иванов"), "{whole}");
        let file = main.get(path).await.expect(200);
        assert!(found_in(&String::from_utf8_lossy(&file.bytes), CLIENT).is_some());
        assert!(file.header("content-disposition").starts_with("attachment"));
        assert!(file.header("content-type").starts_with("text/csv"));
    }
    let audit = main.get(&format!("/audit?actor_staff_id={id}")).await.expect(200);
    let actions: Vec<&str> = audit.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["action"].as_str())
        .collect();
    assert!(
        actions.contains(&"clients.exported") && actions.contains(&"calls.exported"),
        "{actions:?}"
    );
}

#[tokio::test]
async fn l56_a_file_is_whole_however_long_and_holds_no_formula() {
    let office = Office::open().await;
    let main = office.main().await;
    for at in 0..=500 {
        let client =
            json!({ "name": format!("=client {at:03}"), "number": format!("+7916000{at:04}"), "vip": at == 7 });
        main.post("/clients", client).await.expect(201);
    }
    let file = rows(&main.get("/clients/export?order=name").await.expect(200));
    let names: Vec<&str> = file.iter().map(|row| row[0].as_str()).collect();
    let expected: Vec<String> = (0..=500).map(|at| format!("'=client {at:03}")).collect();
    assert_eq!(names, expected);
    assert_eq!(file[7][1], "+79160000007");
    let vips = rows(&main.get("/clients/export?vip=true").await.expect(200));
    assert_eq!(vips.len(), 1);
    let refused = main.get("/clients/export?order=age").await.expect(400);
    assert_eq!(refused.faults(), ["order invalid"]);
}

#[tokio::test]
async fn l56_the_file_of_the_staff_holds_everybody_once() {
    let office = Office::open().await;
    let main = office.main().await;
    for at in 0..=500 {
        let new = json!({ "surname": format!("Орлов {at:03}") });
        main.post("/staff", new).await.expect(201);
    }
    let file = rows(&main.get("/staff/export?search=Орлов").await.expect(200));
    let names: Vec<&str> = file.iter().map(|row| row[0].as_str()).collect();
    let expected: Vec<String> = (0..=500).map(|at| format!("Орлов {at:03}")).collect();
    assert_eq!(names, expected);
}
