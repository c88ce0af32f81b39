//! Notices through the API: what each person wants to be told, the list, sending again.

use frontdesk_crm_core::notices::{self, Channel, Failure};
use frontdesk_tests::office::{NOON, Office};
use serde_json::{Value, json};

const CALLER: &str = "+79012345678";

async fn anna(office: &Office) -> Value {
    let main = office.main().await;
    let anna = json!({ "given_name": "Anna", "phone": "+79035550000", "email": "anna@shop.example" });
    office.add(&main, anna).await
}

fn switches(person: &Value) -> String {
    format!("/staff/{}/notices", person["id"].as_str().unwrap())
}

/// A call from outside that Anna has missed.
async fn missed(office: &Office, anna: &Value, n: u32) {
    office.call(n).inbound(CALLER).to(anna).ended("no_answer").save().await;
}

#[tokio::test]
async fn l28_l30_everybody_is_told_what_is_switched_on_for_them() {
    let office = Office::open().await;
    let (main, anna) = (office.main().await, anna(&office).await);
    let path = switches(&anna);
    let before = main.get(&path).await.expect(200);
    let kinds = ["missed_call", "voicemail", "request"];
    let nothing = json!({ "sms": false, "email": false, "kinds": kinds, "language": null, "version": 0 });
    assert_eq!((&before.body, before.header("etag")), (&nothing, "\"0\""));
    missed(&office, &anna, 1).await;
    assert_eq!(
        main.get("/notices").await.expect(200).body["items"],
        json!([]),
        "nobody is told unasked"
    );
    let on = json!({ "sms": true, "email": true, "kinds": ["missed_call"], "language": "en" });
    let after = main.put(&path, on).await.expect(200);
    let expected = json!({ "sms": true, "email": true, "kinds": ["missed_call"], "language": "en", "version": 1 });
    assert_eq!(after.body, expected);
    missed(&office, &anna, 2).await;
    let list = main.get("/notices").await.expect(200);
    let items = list.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{items:#?}");
    let sms = items.iter().find(|item| item["channel"] == "sms").unwrap();
    assert_eq!(sms["body"], format!("Missed call: {CALLER}"));
    assert_eq!(
        (&sms["recipient"], &sms["state"]),
        (&json!("+79035550000"), &json!("waiting"))
    );
    let audit = main.get("/audit?action=notices.updated").await.expect(200);
    assert_eq!(audit.body["items"][0]["after"]["email"], true);
    main.clone()
        .with("if-match", "\"0\"")
        .put(&path, json!({}))
        .await
        .expect(412);
}

#[tokio::test]
async fn l30_an_address_that_is_none_is_refused_and_so_is_a_switch_without_one() {
    let office = Office::open().await;
    let main = office.main().await;
    for wrong in [
        "anna",
        "anna@shop",
        "anna@@shop.example",
        "<anna@shop.example>",
        "a@b.example, c@d.example",
    ] {
        let new = json!({ "given_name": "Anna", "email": wrong });
        let refused = main.post("/staff", new).await.expect(422);
        assert_eq!(refused.faults(), ["email invalid"], "{wrong}");
    }
    let nobody = office.add(&main, json!({ "given_name": "Boris" })).await;
    let body = json!({ "sms": true, "email": true, "kinds": ["weather"], "language": "fr" });
    let refused = main.put(&switches(&nobody), body).await.expect(422);
    assert_eq!(
        refused.faults(),
        ["sms required", "email required", "kinds[0] unknown", "language invalid"]
    );
    let site = json!({ "name": "Shop", "origins": ["https://shop.example"], "staff_id": nobody["id"],
                       "letters_to": ["desk@shop.example", "desk"] });
    let refused = main.post("/sites", site).await.expect(422);
    assert_eq!(refused.faults(), ["letters_to[1] invalid"]);
}

#[tokio::test]
async fn the_list_has_filters_and_pages_and_what_was_given_up_is_sent_again() {
    let office = Office::open().await;
    let (main, anna) = (office.main().await, anna(&office).await);
    main.put(&switches(&anna), json!({ "sms": true, "email": true }))
        .await
        .expect(200);
    for n in 1..=3 {
        missed(&office, &anna, n).await;
    }
    let mut path = "/notices?channel=email&limit=2".to_owned();
    let mut seen = Vec::new();
    loop {
        let part = main.get(&path).await.expect(200);
        seen.extend(
            part.body["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].clone()),
        );
        match part.body["next_cursor"].as_str() {
            Some(cursor) => path = format!("/notices?channel=email&limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 3);
    main.get("/notices?state=lost").await.expect(400);
    let late = NOON + 1_000_000;
    let notice = notices::claim(&office.db, Channel::Sms, late, 1_000)
        .await
        .unwrap()
        .unwrap();
    let failure = Failure {
        problem: "no such number".into(),
        for_good: true,
    };
    notices::failed(&office.db, &notice, &failure, (late, 1_000))
        .await
        .unwrap();
    let failed = main.get("/notices?state=failed").await.expect(200);
    assert_eq!(failed.body["items"][0]["problem"], "no such number");
    let path = format!("/notices/{}", notice.id);
    let again = main.do_(&format!("{path}/retry")).await.expect(200);
    assert_eq!(
        (&again.body["state"], &again.body["attempts"]),
        (&json!("waiting"), &json!(0))
    );
    main.do_(&format!("{path}/retry")).await.expect(409);
    assert_eq!(main.get(&path).await.expect(200).body["state"], "waiting");
    let audit = main.get("/audit?action=notice.retried").await.expect(200);
    assert_eq!(audit.text("/items/0/entity_id"), notice.id.to_string());
}

#[tokio::test]
async fn an_admin_who_may_see_no_numbers_sees_none_in_the_list() {
    let office = Office::open().await;
    let (main, anna) = (office.main().await, anna(&office).await);
    main.put(&switches(&anna), json!({ "email": true })).await.expect(200);
    let new = json!({ "given_name": "Lev", "login": "lev", "password": "correct horse", "role": "admin",
                      "hide_client_number": true });
    let (lev, _) = office.log_in_new(&main, new).await;
    missed(&office, &anna, 1).await;
    let list = lev.get("/notices").await.expect(200);
    assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
    let text = String::from_utf8(list.bytes).unwrap();
    assert!(!text.contains("9012345678"), "{text}");
}

#[tokio::test]
async fn everybody_switches_their_own() {
    let office = Office::open().await;
    let main = office.main().await;
    let new = json!({ "given_name": "Lev", "login": "lev", "password": "correct horse", "role": "employee",
                      "email": "lev@shop.example" });
    let (lev, _) = office.log_in_new(&main, new).await;
    let mine = lev.put("/me/notices", json!({ "email": true })).await.expect(200);
    assert_eq!(mine.body["email"], true);
    assert_eq!(lev.get("/me/notices").await.expect(200).body, mine.body);
    let token = office.token(&main, &["staff:read"]).await;
    token.put("/me/notices", json!({})).await.expect(403);
}

#[tokio::test]
async fn what_others_are_told_is_read_with_the_right_of_its_kind() {
    let office = Office::open().await;
    let (main, anna) = (office.main().await, anna(&office).await);
    let on = json!({ "sms": true, "kinds": ["missed_call"], "language": "en" });
    main.put(&switches(&anna), on).await.expect(200);
    missed(&office, &anna, 1).await;
    let settings = json!({ "right": "settings:read" });
    for (name, rights, shown) in [
        ("settings", json!([settings]), false),
        (
            "own",
            json!([settings, { "right": "calls:read", "reach": "own" }]),
            false,
        ),
        ("all", json!([settings, { "right": "calls:read" }]), true),
    ] {
        let role = json!({ "name": name, "rights": rights });
        let role = main.post("/roles", role).await.expect(201);
        let new = json!({ "given_name": name, "login": name, "password": "correct horse", "role": role.body["id"] });
        let (clerk, _) = office.log_in_new(&main, new).await;
        let list = clerk.get("/notices").await.expect(200);
        let expected = shown.then(|| format!("Missed call: {CALLER}"));
        assert_eq!(list.body["items"][0]["body"], json!(expected), "{name}");
        let one = format!("/notices/{}", list.text("/items/0/id"));
        let one = clerk.get(&one).await.expect(200);
        assert_eq!(one.body["body"], json!(expected), "{name}");
        assert_eq!(one.body["kind"], "missed_call");
    }
}
