//! The audit as supervisors search it: who, what, when, before, after, from where; and whether it is still whole.

use frontdesk_tests::office::{Caller, Office};
use serde_json::json;

async fn actions(caller: &Caller, query: &str) -> Vec<String> {
    let list = caller.get(&format!("/audit?{query}")).await.expect(200);
    let items = list.body["items"].as_array().unwrap().clone();
    items
        .iter()
        .map(|row| row["action"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn b30_the_audit_is_searched_by_when_from_where_before_and_after() {
    let office = Office::open().await;
    let main = office.main().await;
    office.clock.advance(60_000);
    let client = json!({ "name": "Зодчая \"Анна\"", "number": "9011112233" });
    let made = main.post("/clients", client).await.expect(201);
    office.clock.advance(60_000);
    let place = format!("/clients/{}", made.text("/id"));
    main.patch(&place, json!({ "name": "Бахрома" })).await.expect(200);
    let both = ["client.updated", "client.created"];
    assert_eq!(actions(&main, "from=2026-11-18T11:07:40Z").await, both);
    assert_eq!(
        actions(&main, "from=2026-11-18T11:07:40Z&until=2026-11-18T11:08:40Z").await,
        ["client.created"]
    );
    assert_eq!(
        actions(&main, "text=Зодчая \"Анна").await,
        both,
        "it was so after, then before"
    );
    assert_eq!(actions(&main, "text=Бахрома").await, ["client.updated"]);
    assert!(actions(&main, "text=бахрома").await.is_empty());
    assert_eq!(actions(&main, "ip=127.0.0.1&entity=client").await, both);
    assert!(actions(&main, "ip=192.0.2.1").await.is_empty());
    main.get("/audit?from=yesterday").await.expect(400);
}

#[tokio::test]
async fn whom_numbers_are_hidden_from_cannot_guess_them_by_searching() {
    let office = Office::open().await;
    let main = office.main().await;
    main.post("/clients", json!({ "name": "Анна", "number": "9011112233" }))
        .await
        .expect(201);
    let new = json!({ "given_name": "Eye", "login": "eye", "password": "correct horse", "role": "supervisor",
                      "hide_client_number": true });
    let (eye, _) = office.log_in_new(&main, new).await;
    eye.get("/audit?text=9011112233").await.expect(403);
    assert_eq!(actions(&eye, "entity=client").await, ["client.created"]);
}

#[tokio::test]
async fn b30_the_audit_is_a_chain_that_is_verified() {
    let office = Office::open().await;
    let main = office.main().await;
    let client = json!({ "name": "Анна", "number": "9011112233" });
    let made = main.post("/clients", client).await.expect(201);
    let before = main.get("/audit/verify").await.expect(200);
    assert_eq!(
        (&before.body["intact"], &before.body["broken"]),
        (&json!(true), &json!(null))
    );
    assert_eq!(before.text("/hash").len(), 64);
    main.do_(&format!("/clients/{}/erase", made.text("/id")))
        .await
        .expect(204);
    let after = main.get("/audit/verify").await.expect(200);
    assert_eq!(after.body["intact"], true);
    assert_eq!(after.body["blanked"], 1);
    assert!(after.body["rows"].as_i64() > before.body["rows"].as_i64());
}

#[tokio::test]
async fn b30_a_long_chain_is_verified_part_by_part() {
    let office = Office::open().await;
    let main = office.main().await;
    for name in ["Anna", "Boris", "Vera"] {
        office.add(&main, json!({ "given_name": name })).await;
    }
    let whole = main.get("/audit/verify").await.expect(200).body;
    assert_eq!((&whole["intact"], &whole["next"]), (&json!(true), &json!(null)));
    let mut part = main.get("/audit/verify?limit=2").await.expect(200).body;
    let first = part["next"].as_str().unwrap().to_owned();
    let mut parts = 1;
    while let Some(next) = part["next"].as_str() {
        assert_eq!(part["intact"], json!(null), "{part}");
        part = main
            .get(&format!("/audit/verify?limit=2&from={next}"))
            .await
            .expect(200)
            .body;
        parts += 1;
    }
    assert_eq!(part, whole);
    assert_eq!(parts, (whole["rows"].as_i64().unwrap() + 1) / 2);
    // another chain than the one that was seen
    let (seq, hash) = first.split_once('.').unwrap();
    let other = format!("{seq}.{}", hash.chars().rev().collect::<String>());
    let broken = main.get(&format!("/audit/verify?from={other}")).await.expect(200).body;
    assert_eq!(
        (&broken["intact"], &broken["broken"]["fault"]),
        (&json!(false), &json!("link"))
    );
    for wrong in ["from=2", "from=2.x", "from=-2.x", "limit=0", "limit=20001", "page=2"] {
        main.get(&format!("/audit/verify?{wrong}")).await.expect(400);
    }
}
