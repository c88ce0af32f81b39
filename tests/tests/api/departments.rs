//! What a department is set to.

use frontdesk::http::Clock;
use frontdesk_crm_core::journal::{self, Entry};
use frontdesk_crm_core::lines::{LineOutcome, LineStay};
use frontdesk_routing::ids::CallId;
use frontdesk_tests::office::Office;
use serde_json::{Value, json};

#[tokio::test]
async fn what_a_member_is_told_before_the_caller_is_kept() {
    let office = Office::open().await;
    let main = office.main().await;
    let new = json!({ "name": "Sales", "short_number": "200" });
    let made = main.post("/departments", new).await.expect(201);
    assert_eq!(made.body["whisper"], json!({ "department": false, "vip": false }));
    let path = format!("/departments/{}", made.text("/id"));
    let change = json!({ "whisper": { "vip": true } });
    main.patch(&path, change).await.expect(200);
    let change = json!({ "whisper": { "department": true }, "announce": { "every_s": 30 } });
    main.patch(&path, change).await.expect(200);
    let read = main.get(&path).await.expect(200);
    assert_eq!(read.body["whisper"], json!({ "department": true, "vip": true }));
    assert_eq!(read.body["announce"]["every_s"], 30);
    let refused = main
        .patch(&path, json!({ "whisper": { "sing": true } }))
        .await
        .expect(422);
    assert_eq!(refused.faults().len(), 1, "{}", refused.body);
    let audit = main.get("/audit?entity=department").await.expect(200);
    let rows = audit.body["items"].as_array().unwrap().iter();
    assert!(
        rows.into_iter().any(|row| row["after"]["whisper_vip"] == true),
        "{}",
        audit.body
    );
}

/// 112 calls the emergency services, whoever dials it.
#[tokio::test]
async fn nobody_gets_112_as_a_short_number() {
    let office = Office::open().await;
    let main = office.main().await;
    for (path, body) in [
        ("/departments", json!({ "name": "Sales", "short_number": "112" })),
        ("/staff", json!({ "given_name": "Anna", "short_number": "112" })),
    ] {
        let refused = main.post(path, body).await.expect(422);
        assert_eq!(refused.faults(), ["short_number taken"], "{path}");
    }
}

#[tokio::test]
async fn a_line_tells_how_it_has_done_today_and_how_it_stands() {
    let office = Office::open().await;
    let main = office.main().await;
    let free = office.add(&main, json!({ "given_name": "Anna" })).await;
    let busy = office.add(&main, json!({ "given_name": "Boris" })).await;
    let away = office.add(&main, json!({ "given_name": "Clara" })).await;
    let members = [&free, &busy, &away].map(|person| person["id"].clone());
    let new = json!({ "name": "Sales", "short_number": "200", "members": members, "queue": { "service_level_s": 10 } });
    let made = main.post("/departments", new).await.expect(201);
    let path = format!("/departments/{}/statistics", made.text("/id"));
    let none = main.get(&path).await.expect(200).body;
    assert_eq!(
        (
            &none["offered"],
            &none["service_level_percent"],
            &none["average_wait_ms"]
        ),
        (&json!(0), &Value::Null, &Value::Null)
    );
    let stay = |n: u128, left_at: i64, waited_ms: i64, outcome: LineOutcome| {
        Entry::LineLeft(LineStay {
            call: CallId::from_u128(n),
            account: office.first.account,
            department: made.text("/id").parse().unwrap(),
            left_at,
            waited_ms,
            outcome,
        })
    };
    let now = office.clock.unix_ms();
    let entries = [
        stay(1, now - 36 * 3_600_000, 1_000, LineOutcome::Answered),
        stay(2, now, 4_000, LineOutcome::Answered),
        stay(3, now, 8_000, LineOutcome::Answered),
        stay(4, now, 30_000, LineOutcome::Abandoned),
    ];
    journal::apply(&office.db, &entries).await.unwrap();
    office.phone(&free, true);
    office.phone(&busy, true);
    office.call(1).inbound("+79161234567").to(&busy).live();
    let told = main.get(&path).await.expect(200).body;
    for (field, expected) in [
        ("offered", json!(3)),
        ("answered", json!(2)),
        ("abandoned", json!(1)),
        ("overflowed", json!(0)),
        ("service_level_s", json!(10)),
        ("service_level_percent", json!(66.6)),
        ("average_wait_ms", json!(14_000)),
        ("longest_wait_ms", json!(30_000)),
        ("waiting", json!(0)),
        ("waiting_since", Value::Null),
        ("agents_free", json!(1)),
        ("agents_busy", json!(1)),
    ] {
        assert_eq!(told[field], expected, "{field} of {told}");
    }
    let page = main.get("//departments").await;
    let page = String::from_utf8_lossy(&page.bytes).into_owned();
    let shown = page.split("data-today").nth(1).unwrap();
    assert!(shown.contains("66%") && shown.contains("0:14"), "{shown}");
    main.get("/departments/01ARZ3NDEKTSV4RRFFQ69G5FAV/statistics")
        .await
        .expect(404);
}
