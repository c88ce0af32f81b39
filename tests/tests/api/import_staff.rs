//! Files of staff (L55): who is known already is refused, skipped or changed, and nobody's power grows by a file; and all
//! faults of a long file, part by part.

use std::collections::BTreeSet;
use std::fmt::Write;

use frontdesk_tests::office::{Answer, Caller, Office};
use reqwest::Method;
use serde_json::{Value, json};

use crate::import::{bring, faults, look};

const STAFF: &str = "Фамилия;Имя;Короткий номер;Должность;Руководитель\n\
    Орлова;Анна;105;Кассир;106\nНовый;Пётр;106;;\n";

fn counts(of: &Value) -> Vec<Value> {
    ["created", "updated", "skipped"]
        .iter()
        .map(|name| of[name].clone())
        .collect()
}

async fn wrong(caller: &Caller, query: &str, file: &str, status: u16) -> Vec<String> {
    let path = format!("/imports?{query}");
    let refused = caller.raw(Method::POST, &path, "text/csv", file.into()).await;
    refused.expect(status).faults()
}

#[tokio::test]
async fn l55_staff_who_are_known_are_refused_skipped_or_changed() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = json!({ "given_name": "Anna", "short_number": "105", "email": "anna@shop.example", "login": "anna",
                       "password": "correct horse", "role": "employee" });
    let (session, id) = office.log_in_new(&main, anna).await;
    let path = format!("/staff/{id}");
    let preview = async |way: &str| {
        let query = format!("kind=staff&duplicates={way}");
        look(&main, &query, STAFF.as_bytes()).await.expect(200)
    };
    let refused = preview("refuse").await;
    assert_eq!(faults(&refused), ["2 short_number taken"]);
    assert_eq!(
        (&refused.body["duplicates"], counts(&refused.body)),
        (&json!(1), vec![json!(0); 3])
    );
    let refused = wrong(&main, "kind=staff", STAFF, 422).await;
    assert_eq!(refused, ["rows[2].short_number taken"]);
    for (way, expected) in [("skip", [1, 0, 1]), ("update", [1, 1, 0])] {
        let seen = preview(way).await;
        assert_eq!(counts(&seen.body), expected.map(|count| json!(count)), "{way}");
        assert_eq!(
            (&seen.body["duplicates"], &seen.body["fault_count"]),
            (&json!(1), &json!(0))
        );
    }
    let skipped = bring(&office, &main, "kind=staff&duplicates=skip", STAFF.as_bytes()).await;
    assert_eq!(counts(&skipped), [1, 0, 1].map(|count| json!(count)));
    assert_eq!(main.get(&path).await.text("/name"), "Anna");
    let updated = bring(&office, &main, "kind=staff&duplicates=update", STAFF.as_bytes()).await;
    assert_eq!(
        (&updated["state"], counts(&updated)),
        (&json!("done"), [0, 2, 0].map(|count| json!(count)).to_vec())
    );
    let now = main.get(&path).await.expect(200).body;
    let shown = [
        &now["name"],
        &now["position"],
        &now["email"],
        &now["role"],
        &now["login"],
    ];
    assert_eq!(
        shown,
        ["Орлова Анна", "Кассир", "anna@shop.example", "employee", "anna"]
    );
    let peter = main.get("/staff?search=Новый").await.expect(200).body["items"][0].clone();
    assert_eq!(now["supervisor_id"], peter["id"]);
    session.get("/me").await.expect(200);
    let audit = main
        .get(&format!("/audit?entity_id={id}&action=staff.updated"))
        .await
        .expect(200)
        .body;
    assert_eq!(audit["items"][0]["after"]["position"], "Кассир");
    assert!(office.heard.plans.lock().unwrap().len() >= 3, "calls see it");
    // what was taken out comes in again as it is
    let file = main.get("/staff/export").await.expect(200).bytes;
    let again = bring(&office, &main, "kind=staff&duplicates=update", &file).await;
    assert_eq!(counts(&again), [0, 3, 0].map(|count| json!(count)));
    assert_eq!(main.get(&path).await.body["version"], now["version"], "nothing was new");
}

#[tokio::test]
async fn l55_a_file_of_staff_changes_nobody_who_may_do_more_and_gives_no_access() {
    let office = Office::open().await;
    let main = office.main().await;
    let rights = json!([{ "right": "staff:read" }, { "right": "staff:write" }, { "right": "data:import" }]);
    let role = main
        .post("/roles", json!({ "name": "Clerk", "rights": rights }))
        .await
        .expect(201);
    let clerk = json!({ "given_name": "Clerk", "short_number": "201", "login": "clerk", "password": "correct horse",
                        "role": role.body["id"] });
    let (clerk, _) = office.log_in_new(&main, clerk).await;
    let admin = json!({ "given_name": "Admin", "short_number": "202", "login": "boss", "password": "correct horse",
                        "role": "admin" });
    office.add(&main, admin).await;
    let plain = json!({ "given_name": "Plain", "short_number": "203" });
    let plain = office.add(&main, plain).await;
    let way = "kind=staff&duplicates=update";
    let file = "surname,short_number,role,login,password\nA,100,main,x,y\nB,202,admin,x,y\nC,203,admin,x,y\n";
    let seen = look(&clerk, way, file.as_bytes()).await.expect(200);
    assert_eq!(faults(&seen), ["2 - forbidden", "3 - forbidden"]);
    assert_eq!(counts(&seen.body), vec![json!(0); 3]);
    assert_eq!(
        wrong(&clerk, way, file, 422).await,
        ["rows[2] forbidden", "rows[3] forbidden"]
    );
    let skipped = look(&clerk, "kind=staff&duplicates=skip", file.as_bytes())
        .await
        .expect(200);
    assert_eq!(counts(&skipped.body), [0, 0, 3].map(|count| json!(count)));
    let own = "surname,short_number,role,login,password\nC,203,admin,x,correct horse\nD,204,admin,d,correct horse\n";
    let done = bring(&office, &clerk, way, own.as_bytes()).await;
    assert_eq!(counts(&done), [1, 1, 0].map(|count| json!(count)));
    for search in ["C", "D"] {
        let found = main
            .get(&format!("/staff?search=20{}", if search == "C" { 3 } else { 4 }))
            .await
            .expect(200)
            .body;
        let person = &found["items"][0];
        assert_eq!(
            (&person["surname"], &person["role"], &person["login"]),
            (&json!(search), &Value::Null, &Value::Null)
        );
    }
    let phones = "surname,short_number,sip_user,sip_password\nC,203,plain,secret\n";
    wrong(&clerk, way, phones, 403).await;
    bring(&office, &main, way, phones.as_bytes()).await;
    let path = format!("/staff/{}", plain["id"].as_str().unwrap());
    assert_eq!(main.get(&path).await.text("/sip_user"), "plain");
    let whole = "surname,short_number\nA,100\nB,202\n";
    let done = bring(&office, &main, way, whole.as_bytes()).await;
    assert_eq!(
        counts(&done),
        [0, 2, 0].map(|count| json!(count)),
        "the main account may"
    );
}

/// All faults that the preview tells, and how many answers it took.
async fn leafed(main: &Caller, query: &str, file: &str) -> (Vec<String>, usize) {
    let (mut all, mut answers, mut after) = (Vec::new(), 0, json!(0));
    while !after.is_null() {
        let part: Answer = look(main, &format!("{query}&after={after}"), file.as_bytes())
            .await
            .expect(200);
        assert_eq!(part.body["rows"], 1_000);
        all.extend(faults(&part));
        answers += 1;
        after = part.body["next_after"].clone();
    }
    (all, answers)
}

#[tokio::test]
async fn l55_all_faults_of_a_long_file_are_told_part_by_part() {
    let office = Office::open().await;
    let main = office.main().await;
    let mut clients = String::from("name,number\n");
    let mut staff = String::from("surname,short_number,phone\n");
    for row in 0..1_000 {
        writeln!(clients, "Client {row},no {row}").unwrap();
        writeln!(staff, "Person {row},x,y").unwrap();
    }
    let (all, answers) = leafed(&main, "limit=300", &clients).await;
    let rows: BTreeSet<&String> = all.iter().collect();
    assert_eq!((all.len(), rows.len(), answers), (1_000, 1_000, 4));
    assert_eq!(
        (all[0].as_str(), all[999].as_str()),
        ("2 number invalid", "1001 number invalid")
    );
    let (all, answers) = leafed(&main, "kind=staff", &staff).await;
    let rows: BTreeSet<&String> = all.iter().collect();
    assert_eq!((all.len(), rows.len(), answers), (2_000, 2_000, 10));
    let first = look(&main, "", clients.as_bytes()).await.expect(200).body;
    assert_eq!(
        (&first["fault_count"], &first["next_after"]),
        (&json!(1_000), &json!(200))
    );
    let beyond = look(&main, "after=5000", clients.as_bytes()).await.expect(200);
    assert_eq!((faults(&beyond).len(), &beyond.body["next_after"]), (0, &Value::Null));
    for limit in ["limit=0", "limit=501"] {
        assert_eq!(
            look(&main, limit, clients.as_bytes()).await.expect(400).faults(),
            ["limit invalid"]
        );
    }
    assert_eq!(wrong(&main, "", &clients, 422).await.len(), 200);
}
