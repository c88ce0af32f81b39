//! Mailboxes and the messages in them.

use frontdesk::engine::input::OperatorCommand;
use frontdesk_tests::digits::found_in;
use frontdesk_tests::office::{Caller, Office};
use reqwest::Method;
use serde_json::{Value, json};

const CLIENT: &str = "+79161234567";

fn person(login: &str, hides: bool) -> Value {
    json!({ "given_name": login, "login": login, "password": "correct horse", "role": "employee",
            "hide_client_number": hides })
}

/// A mailbox of this person with a message of the client.
async fn message(office: &Office, main: &Caller, staff: &str, n: u32) -> (String, String) {
    let body = json!({ "staff_id": staff });
    let mailbox = main.post("/mailboxes", body).await.expect(201);
    let mailbox = mailbox.text("/id").to_owned();
    let call = office
        .call(n)
        .inbound(CLIENT)
        .ended("answered")
        .recorded(&office.tone(2))
        .left_in(&mailbox)
        .save()
        .await;
    (mailbox, office.recording_of(call).to_string())
}

#[tokio::test]
async fn a_mailbox_is_set_up_for_a_person_and_its_faults_are_named() {
    let office = Office::open().await;
    let main = office.main().await;
    let (ivan, ivan_id) = office.log_in_new(&main, person("ivan", false)).await;
    let made = main
        .post(
            "/mailboxes",
            json!({ "staff_id": ivan_id, "language": "en", "longest_s": 60 }),
        )
        .await
        .expect(201);
    assert_eq!(made.body["enabled"], true);
    assert_eq!(made.body["greeting"], "built_in");
    let again = main.post("/mailboxes", json!({ "staff_id": ivan_id })).await;
    assert_eq!(again.expect(409).faults(), ["staff_id taken"]);
    let path = format!("/mailboxes/{}", made.text("/id"));
    let wrong = json!({ "longest_s": 5000, "email_to_staff_id": "nobody" });
    let mut faults = main.patch(&path, wrong).await.expect(422).faults();
    faults.sort();
    assert_eq!(faults, ["email_to_staff_id unknown", "longest_s invalid"]);
    let off = main.patch(&path, json!({ "enabled": false })).await.expect(200);
    assert_eq!(off.body["enabled"], false);
    ivan.get(&path).await.expect(403);
    let greeting = format!("{path}/greeting");
    main.raw(Method::PUT, &greeting, "audio/wav", b"no sound".to_vec())
        .await
        .expect(422);
    main.raw(Method::PUT, &greeting, "audio/wav", office.tone(1))
        .await
        .expect(204);
    assert_eq!(main.get(&path).await.expect(200).body["greeting"], "own");
    main.delete(&greeting).await.expect(204);
    assert_eq!(main.get(&path).await.expect(200).body["greeting"], "built_in");
    main.delete(&path).await.expect(204);
    main.get(&path).await.expect(404);
    let audit = main.get("/audit?entity=mailbox").await.expect(200);
    assert_eq!(audit.body["items"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn a_message_is_heard_marked_and_deleted_by_whom_it_is_for_and_by_nobody_else() {
    let office = Office::open().await;
    let main = office.main().await;
    let (ivan, ivan_id) = office.log_in_new(&main, person("ivan", false)).await;
    let (anna, _) = office.log_in_new(&main, person("anna", false)).await;
    let (mailbox, id) = message(&office, &main, &ivan_id, 1).await;
    let listed = ivan
        .get(&format!("/voicemails?mailbox_id={mailbox}"))
        .await
        .expect(200)
        .body;
    assert_eq!(listed["items"][0]["id"], *id);
    assert_eq!(listed["items"][0]["caller"]["number"], CLIENT);
    assert_eq!(listed["items"][0]["heard_at"], Value::Null);
    let path = format!("/voicemails/{id}");
    let media = format!("{path}/media");
    for way in [&path, &media] {
        anna.get(way).await.expect(404);
    }
    anna.delete(&path).await.expect(404);
    assert_eq!(anna.get("/voicemails").await.expect(200).body["items"], json!([]));
    let token = office.token(&main, &["calls:read"]).await;
    token.get("/voicemails").await.expect(403);
    // Whoever else may hear recordings hears it without taking it from the lamp.
    main.get(&media).await.expect(200);
    assert_eq!(ivan.get(&path).await.expect(200).body["heard_at"], Value::Null);
    let part = ivan.clone().with("range", "bytes=0-99").get(&media).await.expect(206);
    assert_eq!(part.bytes.len(), 100);
    assert_ne!(ivan.get(&path).await.expect(200).body["heard_at"], Value::Null);
    let fresh = ivan.get("/voicemails?heard=false").await.expect(200);
    assert_eq!(fresh.body["items"], json!([]));
    ivan.patch(&path, json!({ "heard": false })).await.expect(200);
    let fresh = ivan.get("/voicemails?heard=false").await.expect(200);
    assert_eq!(fresh.body["items"].as_array().unwrap().len(), 1);
    let audit = main.get("/audit?action=voicemail.played").await.expect(200);
    assert_eq!(audit.body["items"].as_array().unwrap().len(), 2);
    ivan.delete(&path).await.expect(204);
    ivan.get(&path).await.expect(404);
    let mailbox = main.get(&format!("/mailboxes/{mailbox}")).await.expect(200);
    assert_eq!(
        (&mailbox.body["messages"], &mailbox.body["unheard"]),
        (&json!(0), &json!(0))
    );
}

/// L43, L45: the caller's number is hidden as that of the call is.
#[tokio::test]
async fn the_number_of_whoever_left_a_message_is_hidden_as_it_is_everywhere() {
    let office = Office::open().await;
    let main = office.main().await;
    let (masked, id) = office.log_in_new(&main, person("masked", true)).await;
    let (_, message) = message(&office, &main, &id, 1).await;
    for path in ["/voicemails".to_owned(), format!("/voicemails/{message}")] {
        let answer = masked.get(&path).await.expect(200);
        let text = format!("{:?}\n{}", answer.headers, String::from_utf8_lossy(&answer.bytes));
        assert_eq!(found_in(&text, CLIENT), None, "{text}");
    }
    let media = masked.get(&format!("/voicemails/{message}/media")).await.expect(200);
    let head = format!("{:?}", media.headers);
    assert_eq!(found_in(&head, CLIENT), None, "{head}");
    let clear = main.get(&format!("/voicemails/{message}")).await.expect(200);
    assert_eq!(clear.body["caller"]["number"], CLIENT);
}

/// Whoever may see no other call calls back who left a message for them, or for their department.
#[tokio::test]
async fn a_message_is_called_back_by_whom_it_is_for() {
    let office = Office::open().await;
    let main = office.main().await;
    let ivan = office.add(&main, person("ivan", true)).await;
    let caller = office.log_in(&office.effective("ivan"), "correct horse").await;
    let stranger = office.add(&main, person("anna", false)).await;
    let members = json!([{ "staff_id": ivan["id"], "place": 0 }]);
    let sales = json!({ "name": "Sales", "short_number": "600", "members": members });
    let sales = main.post("/departments", sales).await.expect(201);
    let mailbox = json!({ "department_id": sales.text("/id") });
    let mailbox = main
        .post("/mailboxes", mailbox)
        .await
        .expect(201)
        .text("/id")
        .to_owned();
    for person in [&ivan, &stranger] {
        office.phone(person, true);
    }
    let call = office.call(1).inbound(CLIENT).ended("answered");
    let call = call.recorded(&office.tone(2)).left_in(&mailbox).save().await;
    let order = json!({ "call_id": call.to_string() });
    caller.post("/calls", order.clone()).await.expect(202);
    let from_within = office.call(2).ended("answered");
    let from_within = from_within.recorded(&office.tone(2)).left_in(&mailbox).save().await;
    caller
        .post("/calls", json!({ "call_id": from_within.to_string() }))
        .await
        .expect(202);
    let called: Vec<String> = {
        let commands = office.heard.commands.lock().unwrap();
        let orders = commands.iter().filter_map(|command| match command {
            OperatorCommand::Originate(order) => Some(order.to.clone()),
            _ => None,
        });
        orders.collect()
    };
    assert_eq!(called, [CLIENT, "100"], "whoever left it, not whom it was for");
    let other = office.log_in(&office.effective("anna"), "correct horse").await;
    let refused = other.post("/calls", order).await.expect(422);
    assert_eq!(refused.faults(), ["call_id unknown"]);
}
