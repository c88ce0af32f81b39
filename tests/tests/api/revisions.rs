//! The configuration's history by the API: who reads it, who takes what back, and what calls see of it.

use frontdesk_routing::number::ShortNumber;
use frontdesk_tests::office::{Caller, Office};
use reqwest::Method;
use serde_json::{Value, json};

async fn newest(caller: &Caller) -> Value {
    caller.get("/revisions?limit=1").await.expect(200).body["items"][0].clone()
}

#[tokio::test]
async fn a_change_is_taken_back_and_calls_see_it() {
    let office = Office::open().await;
    let main = office.main().await;
    let new = json!({ "name": "Sales", "short_number": "500" });
    let sales = main.send(Method::POST, "/departments", Some(new)).await.expect(201);
    let path = format!("/departments/{}", sales.text("/id"));
    main.send(
        Method::PATCH,
        &path,
        Some(json!({ "name": "Service", "short_number": "501" })),
    )
    .await
    .expect(200);
    let revision = newest(&main).await;
    assert_eq!(
        (&revision["thing"], &revision["action"]),
        (&json!("department"), &json!("department.updated"))
    );
    assert_eq!(
        revision["changes"],
        json!([
            { "field": "name", "before": "Sales", "after": "Service" },
            { "field": "short_number", "before": "500", "after": "501" },
        ])
    );
    let number = revision["number"].as_i64().unwrap();
    let undo = format!("/revisions/{number}/undo");
    main.send(Method::POST, &undo, None).await.expect(204);
    let now = main.get(&path).await.expect(200);
    assert_eq!((now.text("/name"), now.text("/short_number")), ("Sales", "500"));
    let called = |short: &str| {
        let short = ShortNumber::read(short).unwrap();
        let plan = office.live.plan();
        plan.departments.by_short(office.first.account, short).is_some()
    };
    assert!(called("500") && !called("501"), "the next call finds it");
    let again = main.send(Method::POST, &undo, None).await.expect(409);
    assert_eq!(again.text("/code"), "changed_since");
    assert_eq!(newest(&main).await["action"], "department.undone");
    let one = main.get(&format!("/revisions/{number}")).await.expect(200);
    assert_eq!(one.body, revision);
    main.get("/revisions/999999").await.expect(404);
    main.get("/revisions/none").await.expect(404);
    main.get("/revisions?thing=cat").await.expect(400);
    main.get("/revisions?cursor=cat").await.expect(400);
    let part = main.get("/revisions?thing=department&limit=2").await.expect(200);
    assert_eq!(part.body["items"].as_array().unwrap().len(), 2);
    let cursor = part.text("/next_cursor").to_owned();
    let rest = main
        .get(&format!("/revisions?thing=department&limit=2&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(rest.body["items"][0]["action"], "department.created");
}

#[tokio::test]
async fn nobody_takes_back_what_they_may_not_change() {
    let office = Office::open().await;
    let main = office.main().await;
    let role = json!({ "name": "Clerk", "rights": [{ "right": "calls:read" }, { "right": "trunks:write" }] });
    let role = main.send(Method::POST, "/roles", Some(role)).await.expect(201);
    let path = format!("/roles/{}", role.text("/id"));
    let fewer = json!({ "rights": [{ "right": "calls:read" }] });
    main.send(Method::PATCH, &path, Some(fewer)).await.expect(200);
    let number = newest(&main).await["number"].as_i64().unwrap();
    let undo = format!("/revisions/{number}/undo");
    let reader = office.token(&main, &["audit:read"]).await;
    reader.get("/revisions").await.expect(200);
    reader.send(Method::POST, &undo, None).await.expect(403);
    let rights = ["audit:read", "roles:write", "calls:read"].map(|right| json!({ "right": right }));
    let keeper = json!({ "name": "Keeper", "rights": rights });
    let keeper = main.send(Method::POST, "/roles", Some(keeper)).await.expect(201);
    let new = json!({ "given_name": "K", "login": "keeper", "password": "correct horse", "role": keeper.text("/id") });
    let (clerk, _) = office.log_in_new(&main, new).await;
    clerk.send(Method::POST, &undo, None).await.expect(403);
    let rights = main.get(&path).await.expect(200).body["rights"].clone();
    assert_eq!(
        rights.as_array().unwrap().len(),
        1,
        "no right comes back by whoever lacks it"
    );
    main.send(Method::POST, &undo, None).await.expect(204);
    let rights = main.get(&path).await.expect(200).body["rights"].clone();
    assert_eq!(rights.as_array().unwrap().len(), 2);
}
