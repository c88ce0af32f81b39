//! Callers who keep their number back (RFC 3323): nobody is shown it, and whoever may have numbers revealed leaves a trace.

use frontdesk_tests::digits::found_in;
use frontdesk_tests::office::{Caller, Office, Stream};
use reqwest::Method;
use serde_json::{Value, json};

const CLIENT: &str = "+79161234567";
const STRANGER: &str = "+79031112233";

/// No byte of what they get holds the digits.
async fn assert_withheld(caller: &Caller, paths: &[String]) {
    for path in paths {
        let answer = caller.get(path).await;
        assert!(answer.status < 400, "{path}: {}", answer.status);
        let text = format!("{:?}\n{}", answer.headers, String::from_utf8_lossy(&answer.bytes));
        for number in [CLIENT, STRANGER] {
            assert_eq!(found_in(&text, number), None, "{path}\n{text}");
        }
    }
}

fn by_id<'a>(list: &'a Value, id: &str) -> &'a Value {
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .find(|item| item["id"] == id)
        .unwrap_or_else(|| panic!("{list}"))
}

#[tokio::test]
async fn a_number_that_is_kept_back_is_shown_to_nobody_who_has_not_had_it_revealed() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = office
        .add(&main, json!({ "given_name": "Anna", "email": "anna@company.example" }))
        .await;
    let notices = format!("/staff/{}/notices", anna["id"].as_str().unwrap());
    main.put(&notices, json!({ "email": true })).await.expect(200);
    let mailbox = json!({ "staff_id": anna["id"] });
    let mailbox = main
        .post("/mailboxes", mailbox)
        .await
        .expect(201)
        .text("/id")
        .to_owned();
    let mut stream = Stream::open(main.request(Method::GET, "/events")).await;
    let call = |n: u32, number: &str| office.call(n).inbound(number).to(&anna).withheld();
    let missed = call(1, STRANGER).ended("no_answer").save().await.to_string();
    let left = call(2, STRANGER)
        .ended("answered")
        .recorded(&office.tone(2))
        .left_in(&mailbox);
    left.save().await;
    let live = call(3, STRANGER).live();
    for told in ["call.created", "call.ended"] {
        if told == "call.ended" {
            office.end_call(live);
        }
        let told = stream.until(told).await;
        assert_eq!(found_in(&told.data.to_string(), STRANGER), None, "{}", told.data);
        assert_eq!(told.data["call"]["caller"]["number_withheld"], true);
    }
    call(4, STRANGER).live();
    let paths = [
        "/calls",
        "/calls/live",
        "/calls/missed",
        "/calls/export",
        "/voicemails",
        "/notices",
        "/clients",
        "/audit",
        "//calls",
        "//voicemail",
        "//notices",
    ];
    let mut paths = paths.map(str::to_owned).to_vec();
    paths.extend([format!("/calls/{missed}"), format!("/calls/{missed}/explain")]);
    assert_withheld(&main, &paths).await;
    let read = main.get(&format!("/calls/{missed}")).await.expect(200);
    assert_eq!(read.body["caller"]["number"], Value::Null);
    assert_eq!(read.body["caller"]["number_withheld"], true);
    for path in ["//calls", "//voicemail"] {
        let page = main.get(path).await;
        let page = String::from_utf8_lossy(&page.bytes).into_owned();
        assert!(page.contains("Number hidden") || page.contains("Номер скрыт"), "{path}");
    }
    let file = main.get("/calls/export").await;
    assert!(String::from_utf8_lossy(&file.bytes).contains(",anonymous,"));
    for part in ["*9031112233", "%2B79031112233", "%2B7903*"] {
        let found = main.get(&format!("/calls?number={part}")).await.expect(200);
        assert_eq!(
            found.body["items"],
            json!([]),
            "a guess is not told to be right: {part}"
        );
    }
    let order = main.post("/calls", json!({ "call_id": missed })).await.expect(422);
    assert_eq!(order.faults(), ["call_id withheld"]);
    let made = json!({ "name": "New", "call_id": missed });
    assert_eq!(main.post("/clients", made).await.status, 422);
    let revealed = main.do_(&format!("/calls/{missed}/reveal")).await.expect(200);
    assert_eq!(revealed.text("/caller"), STRANGER);
    let audit = main.get("/audit?action=call.number_revealed").await.expect(200);
    assert_eq!(audit.text("/items/0/entity_id"), missed);
}

#[tokio::test]
async fn a_client_who_keeps_the_number_back_is_known_by_name_and_called_as_a_client() {
    let office = Office::open().await;
    let main = office.main().await;
    main.patch("/account", json!({ "unknown_callers": "make_client" }))
        .await
        .expect(200);
    let client = json!({ "name": "Иванов Пётр", "number": CLIENT });
    let client = main.post("/clients", client).await.expect(201).text("/id").to_owned();
    let call = |n: u32, number: &str| office.call(n).inbound(number).withheld().ended("no_answer");
    let known = call(1, CLIENT).named("Иванов Пётр").save().await.to_string();
    let strange = call(2, STRANGER).save().await.to_string();
    let list = main.get("/calls").await.expect(200).body;
    let (known, strange) = (by_id(&list, &known), by_id(&list, &strange));
    assert_eq!(
        (&known["caller"]["name"], &known["caller"]["number"]),
        (&json!("Иванов Пётр"), &Value::Null)
    );
    assert_eq!(known["client_id"], json!(client), "recognised as before");
    assert_eq!(
        strange["client_id"],
        Value::Null,
        "nobody is made a client whose number may not be shown"
    );
    assert_withheld(
        &main,
        &["/calls".to_owned(), format!("/calls/{}", known["id"].as_str().unwrap())],
    )
    .await;
    let me = main.get("/me").await.text("/id").to_owned();
    office.phone_of(office.first.account, &me, true);
    let order = json!({ "call_id": known["id"] });
    main.post("/calls", order).await.expect(202);
}
