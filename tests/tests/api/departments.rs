//! What a department is set to.

use frontdesk_tests::office::Office;
use serde_json::json;

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
