//! Provider lines and connected numbers.

use frontdesk_tests::office::Office;
use serde_json::{Value, json};

fn line() -> Value {
    json!({
        "name": "Provider",
        "servers": [{ "host": "sip.example.com", "transport": "tls" }, { "host": "203.0.113.7", "port": 5080 }],
        "registration": { "user": "74951234567", "password": "kept to ourselves" },
        "probe_s": 30,
        "tls_fingerprint": "ab".repeat(32),
        "sources": ["203.0.113.0/28"],
        "max_calls": 10,
        "codecs": ["pcma"],
        "numbers_out": "e164_without_plus",
        "shown_number": "8 495 123-45-67",
        "prefixes": ["7"],
    })
}

#[tokio::test]
async fn a_line_is_made_read_changed_and_deleted() {
    let office = Office::open().await;
    let main = office.main().await;
    let made = main.post("/trunks", line()).await.expect(201);
    let path = made.header("location").trim_start_matches("/api/v1").to_owned();
    assert_eq!(made.body["sip"], Value::Null, "we register with the provider");
    assert_eq!(made.text("/shown_number"), "+74951234567");
    assert_eq!(made.text("/registration/auth_user"), "74951234567");
    assert!(!made.body.to_string().contains("kept to ourselves"));

    let read = main.get(&path).await.expect(200);
    assert_eq!(
        read.body["servers"][0],
        json!({ "host": "sip.example.com", "port": null, "transport": "tls" })
    );
    assert_eq!(read.body["sources"], json!(["203.0.113.0/28"]));
    assert_eq!(
        (&read.body["probe_s"], &read.body["state"]["reachable"]),
        (&json!(30), &Value::Null)
    );
    assert_eq!(read.text("/tls_fingerprint"), ["AB"; 32].join(":"));
    let tag = read.header("etag").to_owned();

    let change = json!({ "max_calls": null, "registration": { "expires_s": 120 }, "identity": "rpid" });
    let changed = main
        .clone()
        .with("If-Match", &tag)
        .patch(&path, change.clone())
        .await
        .expect(200);
    assert_eq!(
        (&changed.body["max_calls"], changed.text("/identity")),
        (&Value::Null, "rpid")
    );
    assert_eq!(changed.body["registration"]["expires_s"], 120);
    assert_eq!(changed.text("/registration/user"), "74951234567");
    main.clone()
        .with("If-Match", &tag)
        .patch(&path, change)
        .await
        .expect(412);

    let listed = main.get("/trunks").await.expect(200);
    assert_eq!(listed.body["items"].as_array().unwrap().len(), 1);
    main.delete(&path).await.expect(204);
    main.get(&path).await.expect(404);
}

/// L32: a line may be made before the number that it is to show is connected, which it does not show until then.
#[tokio::test]
async fn l32_a_line_shows_a_connected_number_alone_and_keeps_it_connected() {
    let office = Office::open().await;
    let main = office.main().await;
    let made = main.post("/trunks", line()).await.expect(201);
    let warned = json!([{ "field": "shown_number", "code": "not_connected",
                          "message": "no call shows it before it is connected" }]);
    assert_eq!(made.body["warnings"], warned);
    let path = format!("/trunks/{}", made.text("/id"));
    let me = main.get("/me").await.text("/id").to_owned();
    let number = json!({ "number": "+74951234567", "staff_id": me });
    let number = main.post("/numbers", number).await.expect(201);
    assert_eq!(main.get(&path).await.expect(200).body["warnings"], json!([]));
    let number = format!("/numbers/{}", number.text("/id"));
    let refused = main.delete(&number).await.expect(409);
    assert!(refused.text("/detail").contains("the line "), "{}", refused.body);
    main.patch(&path, json!({ "shown_number": null })).await.expect(200);
    main.delete(&number).await.expect(204);
}

#[tokio::test]
async fn a_line_that_a_gateway_registers_has_data_for_it() {
    let office = Office::open().await;
    let main = office.main().await;
    let made = main.post("/trunks", json!({ "name": "Gateway" })).await.expect(201);
    assert_eq!(made.text("/sip_user"), made.text("/sip/user"));
    assert!(made.text("/sip/password").len() >= 20);
    let path = format!("/trunks/{}", made.text("/id"));
    assert!(main.get(&path).await.expect(200).body.get("sip").is_none(), "told once");
    let refused = main
        .patch(&path, json!({ "registers_with_us": false }))
        .await
        .expect(422);
    assert_eq!(refused.faults()[0].split(' ').next(), Some("registers_with_us"));
}

#[tokio::test]
async fn bad_settings_of_a_line_are_refused_naming_each_field() {
    let office = Office::open().await;
    let main = office.main().await;
    let check = async |change: Value, status: u16, expected: &[&str]| {
        let mut body = line();
        let fields = body.as_object_mut().unwrap();
        fields.extend(change.as_object().unwrap().clone());
        let answer = main.post("/trunks", body).await;
        let named: Vec<String> = answer
            .faults()
            .iter()
            .map(|fault| fault.split(' ').next().unwrap().to_owned())
            .collect();
        assert_eq!(
            (answer.status, named),
            (status, expected.iter().map(|field| field.to_string()).collect()),
            "{change}"
        );
    };
    check(json!({ "name": "" }), 422, &["name"]).await;
    check(json!({ "servers": [{ "host": "a b" }] }), 422, &["servers[0].host"]).await;
    check(
        json!({ "servers": [{ "host": "a", "transport": "sctp" }] }),
        422,
        &["servers[0].transport"],
    )
    .await;
    check(json!({ "servers": [] }), 422, &["servers"]).await;
    check(json!({ "servers": [{}] }), 422, &["host"]).await;
    check(
        json!({ "registration": { "user": "a" } }),
        422,
        &["registration.password"],
    )
    .await;
    check(json!({ "sources": ["0.0.0.0/0"] }), 422, &["sources[0]"]).await;
    check(json!({ "codecs": ["g729"] }), 422, &["codecs[0]"]).await;
    check(json!({ "prefixes": ["+7"] }), 422, &["prefixes[0]"]).await;
    check(json!({ "tls_fingerprint": "ab:cd" }), 422, &["tls_fingerprint"]).await;
    check(json!({ "probe_s": 1, "max_calls": 0 }), 422, &["probe_s", "max_calls"]).await;
    check(
        json!({ "numbers_in": "x", "redirection": "x" }),
        422,
        &["numbers_in", "redirection"],
    )
    .await;
    check(json!({ "shown_number": "12" }), 422, &["shown_number"]).await;
    check(json!({ "colour": "red" }), 422, &["colour"]).await;
    main.post("/trunks", line()).await.expect(201);
    check(json!({}), 409, &["name", "sources[0]"]).await;
}

#[tokio::test]
async fn a_number_is_connected_moved_and_disconnected() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = office
        .add(&main, json!({ "given_name": "Anna", "short_number": "101" }))
        .await;
    let sales = json!({ "name": "Sales", "short_number": "200", "members": [anna["id"]] });
    let sales = main.post("/departments", sales).await.expect(201);
    let trunk = main.post("/trunks", line()).await.expect(201);
    let number = json!({ "number": "8 (495) 123-45-67", "staff_id": anna["id"], "trunk_id": trunk.text("/id") });
    let made = main.post("/numbers", number.clone()).await.expect(201);
    assert_eq!(made.text("/number"), "+74951234567");
    assert_eq!(
        main.post("/numbers", number).await.expect(409).faults()[0]
            .split(' ')
            .next(),
        Some("number")
    );

    let path = format!("/numbers/{}", made.text("/id"));
    let moved = json!({ "department_id": sales.text("/id"), "trunk_id": null });
    let tag = made.header("etag").to_owned();
    let moved_now = main
        .clone()
        .with("If-Match", &tag)
        .patch(&path, moved.clone())
        .await
        .expect(200);
    assert_eq!(
        (&moved_now.body["staff_id"], &moved_now.body["trunk_id"]),
        (&Value::Null, &Value::Null)
    );
    main.clone()
        .with("If-Match", &tag)
        .patch(&path, moved)
        .await
        .expect(412);
    let department = format!("/departments/{}", sales.text("/id"));
    main.delete(&department).await.expect(409);
    let shown = main.delete(&path).await.expect(409);
    assert!(shown.text("/detail").contains("shown by the line"), "{}", shown.body);
    let line = format!("/trunks/{}", trunk.text("/id"));
    main.patch(&line, json!({ "shown_number": null })).await.expect(200);
    main.delete(&path).await.expect(204);
    main.delete(&department).await.expect(204);

    let check = async |body: Value, expected: &[&str]| {
        let answer = main.post("/numbers", body.clone()).await.expect(422);
        let named: Vec<String> = answer
            .faults()
            .iter()
            .map(|fault| fault.split(' ').next().unwrap().to_owned())
            .collect();
        assert_eq!(named, expected, "{body}");
    };
    check(json!({}), &["number", "staff_id"]).await;
    check(json!({ "number": "12", "staff_id": anna["id"] }), &["number"]).await;
    check(json!({ "number": "9011112233", "staff_id": "x" }), &["staff_id"]).await;
    check(
        json!({ "number": "9011112233", "staff_id": trunk.body["id"] }),
        &["staff_id"],
    )
    .await;
    check(
        json!({ "number": "9011112233", "staff_id": anna["id"], "trunk_id": anna["id"] }),
        &["trunk_id"],
    )
    .await;
    check(
        json!({ "number": "9011112233", "staff_id": anna["id"], "department_id": sales.body["id"] }),
        &["department_id"],
    )
    .await;
}
