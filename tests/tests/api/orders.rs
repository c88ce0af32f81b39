//! Calls that people order with a click, and missed calls.

use frontdesk::engine::input::{First, OperatorCommand, Originate};
use frontdesk_routing::because::Ordered;
use frontdesk_tests::office::Office;
use serde_json::json;

fn ordered(office: &Office) -> Vec<Originate> {
    let commands = office.heard.commands.lock().unwrap();
    let orders = commands.iter().filter_map(|command| match command {
        OperatorCommand::Originate(order) => Some((**order).clone()),
        _ => None,
    });
    orders.collect()
}

/// L35, L61: a number, a client or a missed call is called from one's own phone.
#[tokio::test]
async fn a_click_orders_a_call_from_ones_own_phone() {
    let office = Office::open().await;
    let main = office.main().await;
    let me = main.get("/me").await.expect(200);
    let refused = main
        .post("/calls", json!({ "number": "8 916 123-45-67" }))
        .await
        .expect(409);
    assert_eq!(refused.text("/code"), "offline");
    office.phone(&me.body, true);
    let client = json!({ "name": "Ромашка", "number": "+7 916 765 43 21" });
    let client = main.post("/clients", client).await.expect(201);
    let missed = office.call(1).inbound("+79011112233").ended("no_answer").save().await;
    let mut calls = Vec::new();
    for (body, to) in [
        (json!({ "number": "8 916 123-45-67" }), "+79161234567"),
        (json!({ "number": "102" }), "102"),
        (json!({ "client_id": client.text("/id") }), "+79167654321"),
        (json!({ "call_id": missed.to_string() }), "+79011112233"),
    ] {
        let answer = main.post("/calls", body.clone()).await.expect(202);
        let order = ordered(&office).pop().unwrap();
        assert_eq!(order.to, to, "{body}");
        assert_eq!(order.kind, Ordered::Crm);
        assert_eq!(order.first, First::Staff(me.text("/id").parse().unwrap()));
        assert_eq!(answer.text("/call_id"), order.call.to_string());
        calls.push(order.call);
    }
    calls.dedup();
    assert_eq!(calls.len(), 4, "each is a call of its own");
    let audit = main.get("/audit?entity=call").await.expect(200);
    assert_eq!(audit.text("/items/0/action"), "call.ordered");
}

/// L35, L36, L61: whoever takes calls at a telephone outside has it rung, without any phone registered.
#[tokio::test]
async fn a_click_rings_the_telephone_of_whoever_takes_calls_by_it() {
    let office = Office::open().await;
    let main = office.main().await;
    let me = main.get("/me").await.text("/id").to_owned();
    let phone = json!({ "phone": "+7 916 765-43-21" });
    main.patch(&format!("/staff/{me}"), phone).await.expect(200);
    let reception = format!("/staff/{me}/reception");
    let click = async |status: u16| main.post("/calls", json!({ "number": "102" })).await.expect(status);
    main.patch(&reception, json!({ "method": "mobile" })).await.expect(200);
    assert_eq!(click(409).await.text("/code"), "offline", "no line leads there");
    let line = main.post("/trunks", json!({ "name": "Line" })).await.expect(201);
    click(202).await;
    let sim = json!({ "method": "sim", "sim_trunk_id": line.text("/id") });
    main.patch(&reception, sim).await.expect(200);
    click(202).await;
    assert_eq!(ordered(&office).len(), 2);
    main.patch(&reception, json!({ "method": "sip" })).await.expect(200);
    click(409).await;
}

/// L44: whoever sees the stub and tokens in the place of numbers may click on them where the account lets them dial back.
#[tokio::test]
async fn l44_a_click_on_the_stub_or_a_token_is_for_the_engine_to_read() {
    let office = Office::open().await;
    let main = office.main().await;
    let new = json!({ "given_name": "Olga", "login": "olga", "password": "correct horse", "role": "employee",
                      "hide_client_number": true });
    let (olga, _) = office.log_in_new(&main, new).await;
    office.phone(&olga.get("/me").await.body, true);
    let stub = main.get("/account").await.text("/stub_number").to_owned();
    for number in [stub.as_str(), "A1B2"] {
        olga.post("/calls", json!({ "number": number })).await.expect(202);
        assert_eq!(ordered(&office).pop().unwrap().to, number);
    }
    main.patch("/account", json!({ "stub_dials_back": false }))
        .await
        .expect(200);
    for number in [stub.as_str(), "A1B2"] {
        let refused = olga.post("/calls", json!({ "number": number })).await.expect(422);
        assert_eq!(refused.faults(), ["number hidden"]);
    }
    let me = main.get("/me").await;
    office.phone(&me.body, true);
    let refused = main.post("/calls", json!({ "number": "A1B2" })).await.expect(422);
    assert_eq!(refused.faults(), ["number invalid"]);
    assert_eq!(ordered(&office).len(), 2);
}

/// Phones of another company are nobody's to ring, whatever one may do.
#[tokio::test]
async fn no_call_is_ordered_from_a_phone_of_another_company() {
    let office = Office::open().await;
    let main = office.main().await;
    let theirs = office.another_company().await;
    office.phone(&json!({ "id": theirs.staff }), true);
    let body = json!({ "number": "8 916 123-45-67", "staff_id": theirs.staff });
    let refused = main.post("/calls", body).await.expect(422);
    assert_eq!(refused.faults(), ["staff_id unknown"]);
    assert!(ordered(&office).is_empty());
}

/// A second click with the same key is the same call, and rings nobody again, though the call may have ended and the phone
/// be away by now; the key is of no use for another call.
#[tokio::test]
async fn an_idempotency_key_makes_a_second_click_harmless() {
    let office = Office::open().await;
    let main = office.main().await;
    let me = main.get("/me").await.expect(200);
    let click = async |key: &str, number: &str, status: u16| {
        let request = main
            .request(reqwest::Method::POST, "/calls")
            .header("Idempotency-Key", key);
        let answer = request.json(&json!({ "number": number })).send().await.unwrap();
        assert_eq!(answer.status(), status, "{key} {number}");
        let body: serde_json::Value = answer.json().await.unwrap();
        body
    };
    click("a", "102", 409).await;
    office.phone(&me.body, true);
    let first = click("a", "102", 202).await;
    assert_eq!(click("a", "102", 202).await, first);
    let refused = click("a", "103", 422).await;
    assert_eq!(refused["fields"][0]["field"], "Idempotency-Key");
    assert_eq!(refused["fields"][0]["code"], "used");
    office.phone(&me.body, false);
    assert_eq!(click("a", "102", 202).await, first);
    click("b", "102", 409).await;
    office.phone(&me.body, true);
    let second = click("b", "102", 202).await;
    let orders = ordered(&office);
    let rung: Vec<String> = orders.iter().map(|order| order.call.to_string()).collect();
    assert_eq!(
        rung,
        [first["call_id"].as_str().unwrap(), second["call_id"].as_str().unwrap()]
    );
    let audit = main.get("/audit?entity=call").await.expect(200);
    assert_eq!(audit.body["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_order_that_makes_no_sense_says_why() {
    let office = Office::open().await;
    let main = office.main().await;
    office.phone(&main.get("/me").await.body, true);
    for (body, field) in [
        (json!({}), "number"),
        (json!({ "number": "hello" }), "number"),
        (json!({ "number": "102", "client_id": "x" }), "number"),
        (json!({ "client_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV" }), "client_id"),
        (json!({ "call_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV" }), "call_id"),
        (json!({ "number": "102", "staff_id": "x" }), "staff_id"),
    ] {
        let refused = main.post("/calls", body.clone()).await.expect(422);
        assert_eq!(refused.text("/fields/0/field"), field, "{body}");
    }
    assert!(ordered(&office).is_empty());
    let new = json!({ "given_name": "Olga", "login": "olga", "password": "correct horse", "role": "employee" });
    let (olga, _) = office.log_in_new(&main, new).await;
    let mains = main.get("/me").await.text("/id").to_owned();
    olga.post("/calls", json!({ "number": "102", "staff_id": mains }))
        .await
        .expect(403);
}

/// L61: a missed call is handled when somebody has talked to its caller since.
#[tokio::test]
async fn a_missed_call_is_handled_by_the_next_conversation_with_its_caller() {
    let office = Office::open().await;
    let main = office.main().await;
    office.call(1).inbound("+79011112233").ended("no_answer").save().await;
    office.call(2).inbound("+79011112244").ended("abandoned").save().await;
    office.call(3).ended("answered").save().await;
    let later = office.call(4).inbound("+79011112233").ended("answered").save().await;
    office.call(5).inbound("+79011112255").ended("answered").save().await;
    let missed = main.get("/calls/missed?from=2026-01-01T00:00:00Z").await.expect(200);
    assert_eq!(missed.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(missed.text("/items/0/caller/number"), "+79011112244");
    assert!(missed.body["items"][0]["handled_by"].is_null());
    let all = main
        .get("/calls/missed?from=2026-01-01T00:00:00Z&all=true")
        .await
        .expect(200);
    assert_eq!(all.body["items"].as_array().unwrap().len(), 2);
    assert_eq!(all.text("/items/1/handled_by"), later.to_string());
    let theirs = office.call(6).inbound("+79011112266");
    theirs.of_another_account().await.ended("no_answer").save().await;
    let missed = main.get("/calls/missed?from=2026-01-01T00:00:00Z").await.expect(200);
    assert_eq!(
        missed.body["items"].as_array().unwrap().len(),
        1,
        "another account's are not shown"
    );
}

/// The reason of a call is told in sentences.
#[tokio::test]
async fn a_call_is_explained_in_sentences() {
    let office = Office::open().await;
    let main = office.main().await;
    let call = office.call(1).ended("answered").save().await;
    let told = main.get(&format!("/calls/{call}/explain")).await.expect(200);
    assert_eq!(told.body["sentences"], json!(["Short number."]));
    main.get("/calls/01ARZ3NDEKTSV4RRFFQ69G5FAV/explain").await.expect(404);
}

/// What would become of a call is told without making it.
#[tokio::test]
async fn a_call_that_has_not_happened_is_explained() {
    let office = Office::open().await;
    let main = office.main().await;
    let me = main.get("/me").await.expect(200);
    let colleague = json!({ "given_name": "Boris", "short_number": "102" });
    let boris = office.add(&main, colleague).await;
    let sales = json!({ "name": "Sales", "short_number": "200", "members": [boris["id"], me.body["id"]] });
    main.post("/departments", sales).await.expect(201);
    office.phone(&boris, true);
    let told = main.post(
        "/route/explain",
        json!({ "caller_staff_id": me.text("/id"), "called": "200" }),
    );
    let told = told.await.expect(200);
    assert_eq!(told.text("/decision"), "queue");
    let skipped: Vec<_> = told.body["candidates"].as_array().unwrap().iter().collect();
    assert_eq!(skipped.len(), 2);
    let boris = skipped.iter().find(|person| person["name"] == "Boris").unwrap();
    assert!(boris["skipped"].is_null());
    let other = skipped.iter().find(|person| person["name"] != "Boris").unwrap();
    assert_eq!(other["skipped"], "cannot be reached");
    let unknown = main.post(
        "/route/explain",
        json!({ "caller_staff_id": me.text("/id"), "called": "199" }),
    );
    let unknown = unknown.await.expect(200);
    assert_eq!(
        (unknown.text("/decision"), &unknown.body["status"]),
        ("refuse", &json!(404))
    );
    for (body, field) in [
        (json!({ "called": "200" }), "caller_number"),
        (
            json!({ "called": "200", "caller_staff_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV" }),
            "caller_staff_id",
        ),
        (
            json!({ "called": "200", "caller_number": "+7 916 123-45-67" }),
            "caller_number",
        ),
        (
            json!({ "called": "200", "caller_staff_id": me.text("/id"), "at": "soon" }),
            "at",
        ),
    ] {
        let refused = main.post("/route/explain", body.clone()).await.expect(422);
        assert_eq!(refused.text("/fields/0/field"), field, "{body}");
    }
}

/// Whoever reads Russian is told why in Russian, by their browser's wish or by `lang`.
#[tokio::test]
async fn an_explanation_is_told_in_the_readers_language() {
    let office = Office::open().await;
    let main = office.main().await;
    let me = main.get("/me").await.expect(200);
    let sales = json!({ "name": "Сбыт", "short_number": "200", "members": [me.body["id"]] });
    main.post("/departments", sales).await.expect(201);
    let asked = json!({ "caller_staff_id": me.text("/id"), "called": "200" });
    let russian = "Это короткий номер отдела Сбыт, сотрудников в нём: 1.";
    let english = "The short number is the department Сбыт's, of 1 members.";
    let reader = main.clone().with("accept-language", "ru-RU,ru;q=0.9,en;q=0.5");
    let told = reader.post("/route/explain", asked.clone()).await.expect(200);
    assert_eq!(told.text("/sentences/0"), russian);
    assert_eq!(told.text("/candidates/0/skipped"), "не в сети");
    let told = main.post("/route/explain?lang=ru", asked.clone()).await.expect(200);
    assert_eq!(told.text("/sentences/0"), russian);
    let told = reader.post("/route/explain?lang=en", asked.clone()).await.expect(200);
    assert_eq!(told.text("/sentences/0"), english);
    let told = main.post("/route/explain", asked.clone()).await.expect(200);
    assert_eq!(told.text("/sentences/0"), english);
    let refused = main.post("/route/explain?lang=de", asked).await.expect(400);
    assert_eq!(refused.faults(), ["lang invalid"]);
    let call = office.call(1).ended("answered").save().await;
    let path = format!("/calls/{call}/explain?lang=ru");
    main.get(&path).await.expect(200);
}
