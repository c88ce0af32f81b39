//! Files that are brought in (L55): who may, what is wrong with broken ones, and that all of a file comes in or nothing.

use frontdesk_tests::office::{Answer, Caller, Office};
use futures::FutureExt;
use reqwest::Method;
use serde_json::{Value, json};

pub(crate) async fn look(caller: &Caller, query: &str, file: &[u8]) -> Answer {
    let path = format!("/imports/preview?{query}");
    caller
        .raw(Method::POST, &path, "application/octet-stream", file.to_vec())
        .await
}

/// Brings a file in and gives what became of it.
pub(crate) async fn bring(office: &Office, caller: &Caller, query: &str, file: &[u8]) -> Value {
    let mut events = office.live.subscribe(office.first.account, None);
    let path = format!("/imports?{query}");
    let started = caller
        .raw(Method::POST, &path, "application/octet-stream", file.to_vec())
        .await;
    let id = started.expect(202).text("/id").to_owned();
    loop {
        let event = events.next().await.unwrap();
        if event.name == "import.ended" {
            break;
        }
    }
    caller.get(&format!("/imports/{id}")).await.expect(200).body
}

pub(crate) fn faults(preview: &Answer) -> Vec<String> {
    let faults = preview.body["faults"].as_array().unwrap().iter();
    let shown = faults.map(|fault| {
        format!(
            "{} {} {}",
            fault["row"],
            fault["column"].as_str().unwrap_or("-"),
            fault["code"].as_str().unwrap()
        )
    });
    shown.collect()
}

async fn clients(caller: &Caller) -> u64 {
    caller.get("/clients").await.expect(200).body["total"].as_u64().unwrap()
}

#[tokio::test]
async fn l55_without_the_right_nothing_is_brought_in() {
    let office = Office::open().await;
    let main = office.main().await;
    let new = json!({ "given_name": "E", "login": "emp", "password": "correct horse", "role": "employee" });
    let (employee, _) = office.log_in_new(&main, new).await;
    let file = "name,number\nA,+79161234567\n".as_bytes();
    look(&employee, "", file).await.expect(403);
    employee
        .raw(Method::POST, "/imports", "text/csv", file.to_vec())
        .await
        .expect(403);
    employee.get("/imports").await.expect(403);
    let token = office.token(&main, &["data:import"]).await;
    look(&token, "", file).await.expect(403);
    let token = office.token(&main, &["data:import", "clients:write"]).await;
    look(&token, "", file).await.expect(200);
    assert_eq!(clients(&main).await, 0);
}

#[tokio::test]
async fn files_that_cannot_be_read_say_why() {
    let office = Office::open().await;
    let main = office.main().await;
    let broken = [b"\xd0\xa4\xd0\x98\xd0\x9e;\xd0\xa2\n".as_slice(), b"\xd0\x98\xff;1\n"].concat();
    let cases: [(&[u8], &str); 6] = [
        (b"", "file no_header"),
        (b"name,number\n", "file empty"),
        (&broken, "file encoding"),
        (b"a\x00b,\x01\n1,2\n", "file encoding"),
        (b"PK\x03\x04 an archive that is broken off", "file workbook"),
        (b"BEGIN:VCARD\n", "file"),
    ];
    for (file, expected) in &cases[..5] {
        assert_eq!(look(&main, "", file).await.expect(422).faults(), [*expected]);
    }
    let card = look(&main, "", cases[5].0).await.expect(200);
    assert_eq!(faults(&card), ["1 - broken"]);
    let large = vec![b'a'; 32 * 1024 * 1024 + 1];
    look(&main, "", &large).await.expect(413);
    look(&main, "kind=cats", b"name\n").await.expect(400);
    look(&main, "columns=name,name", b"a,b\n1,2\n").await.expect(400);
}

#[tokio::test]
async fn every_faulty_row_and_column_is_named_and_nothing_comes_in() {
    let office = Office::open().await;
    let main = office.main().await;
    let file = "ФИО;Телефон;VIP;Менеджер\n\
        Иванов;8 916 123-45-67;да;\n\
        ;нет;может быть;Кто-то\n\
        Петров;8 916 123-45-67;;\n\
        Сидоров;8 916 123-45-68\n";
    let preview = look(&main, "", file.as_bytes()).await.expect(200);
    let expected = [
        "3 VIP invalid",
        "3 Менеджер unknown",
        "3 ФИО required",
        "3 Телефон invalid",
        "4 Телефон twice",
        "5 - columns",
    ];
    assert_eq!(faults(&preview), expected);
    let refused = main
        .raw(Method::POST, "/imports", "text/csv", file.as_bytes().to_vec())
        .await;
    let refused = refused.expect(422).faults();
    assert!(refused.contains(&"rows[3].Телефон invalid".to_owned()), "{refused:?}");
    let missing = look(&main, "", "ФИО;Рост\nИванов;180\n".as_bytes()).await.expect(200);
    assert_eq!(faults(&missing), ["1 number no_column"]);
    let chosen = look(
        &main,
        "columns=name,number",
        "Кто;Куда\nИванов;89161234567\n".as_bytes(),
    )
    .await;
    assert_eq!(chosen.expect(200).body["fault_count"], 0);
    assert_eq!(clients(&main).await, 0);
}

#[tokio::test]
async fn clients_come_in_and_those_known_are_refused_skipped_or_changed() {
    let office = Office::open().await;
    let main = office.main().await;
    let client = json!({ "name": "Иванов", "number": "+79161234567", "position": "Директор" });
    let known = main.post("/clients", client).await.expect(201);
    let path = format!("/clients/{}", known.text("/id"));
    let file = "Имя клиента;Телефон;Доп. телефон;Компания\n\
        Иванов Пётр;8 (916) 123-45-67;8 916 123-45-60;Завод\n\
        =HYPERLINK(\"http://x\");+7 916 123-45-68;;\n";
    let preview = look(&main, "", file.as_bytes()).await.expect(200);
    assert_eq!(
        (faults(&preview), preview.body["duplicates"].as_u64()),
        (vec!["2 Телефон taken".into()], Some(1))
    );
    let skipped = bring(&office, &main, "duplicates=skip&file_name=a.csv", file.as_bytes()).await;
    let counts = |job: &Value| (job["created"].clone(), job["updated"].clone(), job["skipped"].clone());
    assert_eq!(skipped["state"], "done", "{skipped}");
    assert_eq!(counts(&skipped), (json!(1), json!(0), json!(1)));
    assert_eq!(main.get(&path).await.text("/name"), "Иванов");
    let updated = bring(&office, &main, "duplicates=update", file.as_bytes()).await;
    assert_eq!(counts(&updated), (json!(0), json!(2), json!(0)));
    let now = main.get(&path).await.expect(200).body;
    let shown = [
        &now["name"],
        &now["company"],
        &now["position"],
        &now["other_numbers"][0],
    ];
    assert_eq!(shown, ["Иванов Пётр", "Завод", "Директор", "+79161234560"]);
    let found = main.get("/clients?search=hyperlink").await.expect(200).body;
    assert_eq!(found["items"][0]["name"], "=HYPERLINK(\"http://x\")");
    let export = main.get("/clients/export").await.expect(200);
    assert!(String::from_utf8_lossy(&export.bytes).contains("'=HYPERLINK"));
    let again = bring(&office, &main, "duplicates=update", &export.bytes).await;
    assert_eq!(counts(&again), (json!(0), json!(2), json!(0)));
    let list = main.get("/imports").await.expect(200).body;
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
    let audit = main.get("/audit?action=import.done").await.expect(200).body;
    assert_eq!(audit["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn business_cards_and_staff_come_in_too() {
    let office = Office::open().await;
    let main = office.main().await;
    let card =
        "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Орлова Анна\r\nTEL;VALUE=uri:tel:+79161234567\r\nORG:Завод\r\nEND:VCARD\r\n";
    let job = bring(&office, &main, "", card.as_bytes()).await;
    assert_eq!((&job["format"], &job["created"]), (&json!("vcard"), &json!(1)));
    let staff = "Фамилия\tИмя\tВнутренний номер\nСоколова\tАнна\t205\n";
    let job = bring(&office, &main, "kind=staff", staff.as_bytes()).await;
    assert_eq!((&job["state"], &job["created"]), (&json!("done"), &json!(1)));
    let preview = look(&main, "kind=staff", staff.as_bytes()).await.expect(200);
    assert_eq!(faults(&preview), ["2 short_number taken"]);
    let manager = "Клиент,Телефон,Менеджер\nПетров,+79161234569,Соколова Анна\n";
    bring(&office, &main, "", manager.as_bytes()).await;
    let found = main.get("/clients?search=петров").await.expect(200).body;
    assert!(found["items"][0]["manager_id"].is_string());
}

#[tokio::test]
async fn a_file_waits_for_the_one_before_it() {
    let office = Office::open().await;
    let main = office.main().await;
    let file = |row: u32| format!("name,number\nA{row},+7916123450{row}\n").into_bytes();
    let bring = |row| main.raw(Method::POST, "/imports", "text/csv", file(row));
    let (one, two, three) = tokio::join!(bring(1), bring(2), bring(3));
    for answer in [one, two, three] {
        answer.expect(202);
    }
    look(&main, "", &file(4)).await.expect(200);
}

/// The database has one writer: a large file leaves it to others in between, and all of its rows are found in the end.
#[tokio::test]
async fn l55_office_work_goes_on_while_a_large_file_comes_in() {
    let office = Office::open().await;
    let main = office.main().await;
    let mut events = office.live.subscribe(office.first.account, None);
    let mut file = String::from("name,number,company\n");
    for row in 0..6_000 {
        file.push_str(&format!("Человек {row:04},+7916{row:07},Завод {}\n", row % 50));
    }
    let path = "/imports?file_name=large.csv";
    let started = main
        .raw(Method::POST, path, "text/csv", file.into_bytes())
        .await
        .expect(202);
    let client = json!({ "name": "Срочный", "number": "+79171234567" });
    let made = main.post("/clients", client).await.expect(201);
    let changed = json!({ "company": "Мастерская" });
    main.patch(&format!("/clients/{}", made.text("/id")), changed)
        .await
        .expect(200);
    let mut told = Vec::new();
    while let Some(event) = events.next().now_or_never() {
        told.push(event.unwrap().name);
    }
    assert!(
        !told.contains(&"import.ended"),
        "they waited for the end of the import: {told:?}"
    );
    while events.next().await.unwrap().name != "import.ended" {}
    let job = main
        .get(&format!("/imports/{}", started.text("/id")))
        .await
        .expect(200)
        .body;
    assert_eq!((&job["state"], &job["created"]), (&json!("done"), &json!(6_000)));
    assert_eq!(clients(&main).await, 6_001);
    let found = main.get("/clients?search=5999").await.expect(200).body;
    assert_eq!(found["items"][0]["name"], "Человек 5999");
}
