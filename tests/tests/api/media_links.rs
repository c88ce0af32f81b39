//! Links by which recordings and messages are played without a log-in: what they say, how long, and whose rights count.

use frontdesk_routing::ids::RecordingId;
use frontdesk_tests::office::{Answer, Caller, Office};
use serde_json::{Value, json};

const MINUTE_MS: i64 = 60_000;

fn person(login: &str, role: &str) -> Value {
    json!({ "given_name": login, "login": login, "password": "correct horse", "role": role })
}

/// A recorded call to this person.
async fn recorded(office: &Office, n: u32, to: &Value) -> RecordingId {
    let call = office.call(n).inbound("+79161234567").to(to).ended("answered");
    let sound: Vec<u8> = (0..=255).cycle().take(1000).collect();
    office.recording_of(call.recorded(&sound).save().await)
}

/// The path of a new link, below the API.
async fn link(by: &Caller, path: &str) -> String {
    let made = by.do_(path).await.expect(201);
    let url = made.text("/url").to_owned();
    let (_, path) = url.split_once("/api/v1").unwrap_or_else(|| panic!("{url}"));
    path.to_owned()
}

fn code(answer: &Answer) -> String {
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.body["status"], answer.status);
    format!("{} {}", answer.status, answer.text("/code"))
}

fn rows(list: &Answer) -> &Vec<Value> {
    list.body["items"].as_array().unwrap()
}

/// A parameter of the link with another value, or with one where it had none.
fn with(link: &str, name: &str, value: &str) -> String {
    let (path, query) = link.split_once('?').unwrap();
    let others = query.split('&').filter(|pair| !pair.starts_with(&format!("{name}=")));
    let pairs: Vec<String> = others.map(str::to_owned).chain([format!("{name}={value}")]).collect();
    format!("{path}?{}", pairs.join("&"))
}

#[tokio::test]
async fn a_link_is_played_whole_or_in_parts_by_whoever_has_it_and_each_play_stands_in_the_audit() {
    let office = Office::open().await;
    let main = office.main().await;
    let (anna, id) = office.log_in_new(&main, person("anna", "specialist")).await;
    let recording = recorded(&office, 1, &json!({ "id": id })).await;
    let made = anna.do_(&format!("/recordings/{recording}/link")).await.expect(201);
    assert!(
        made.text("/url")
            .starts_with(&format!("{}/api/v1/media/", office.url()))
    );
    assert_eq!(
        made.text("/expires_at"),
        "2026-11-18T11:11:40.000Z",
        "after five minutes"
    );
    let link = made.text("/url").split_once("/api/v1").unwrap().1.to_owned();
    let whole = office.nobody().get(&link).await.expect(200);
    assert_eq!((whole.bytes.len(), whole.header("content-type")), (1000, "audio/wav"));
    assert_eq!(whole.header("cross-origin-resource-policy"), "cross-origin");
    assert!(whole.header("content-disposition").starts_with("inline"));
    let part = office
        .nobody()
        .with("range", "bytes=10-19")
        .get(&link)
        .await
        .expect(206);
    assert_eq!(
        (part.bytes.len(), part.header("content-range")),
        (10, "bytes 10-19/1000")
    );
    let beyond = office.nobody().with("range", "bytes=1000-").get(&link).await;
    assert_eq!(code(&beyond), "416 range_not_satisfiable");
    let played = main.get("/audit?action=recording.played").await.expect(200);
    assert_eq!(
        (rows(&played).len(), &rows(&played)[0]["actor_staff_id"]),
        (1, &json!(id))
    );
    let linked = main.get("/audit?action=recording.linked").await.expect(200);
    assert_eq!(linked.text("/items/0/entity_id"), recording.to_string());
    // another link is another listener, from wherever in the sound
    office.clock.advance(1000);
    let other = self::link(&anna, &format!("/recordings/{recording}/link")).await;
    office
        .nobody()
        .with("range", "bytes=500-")
        .get(&other)
        .await
        .expect(206);
    let played = main.get("/audit?action=recording.played").await.expect(200);
    assert_eq!(rows(&played).len(), 2);
    // a link opens nothing else
    for path in [format!("/recordings/{recording}"), "/me".into()] {
        let path = format!("{path}?{}", link.split_once('?').unwrap().1);
        office.nobody().get(&path).await.expect(401);
    }
}

#[tokio::test]
async fn a_link_is_good_until_its_time_is_over() {
    let office = Office::open().await;
    let main = office.main().await;
    let recording = recorded(&office, 1, &json!({})).await;
    let path = format!("/recordings/{recording}/link");
    let usual = link(&main, &path).await;
    let longest = link(&main, &format!("{path}?lifetime_s=3600")).await;
    office.clock.advance(5 * MINUTE_MS - 1);
    office.nobody().get(&usual).await.expect(200);
    office.clock.advance(1);
    assert_eq!(code(&office.nobody().get(&usual).await), "403 link_expired");
    let later = with(&usual, "expires", "1795000900");
    assert_eq!(code(&office.nobody().get(&later).await), "403 link_invalid");
    office.clock.advance(55 * MINUTE_MS - 1);
    office.nobody().get(&longest).await.expect(200);
    office.clock.advance(1);
    assert_eq!(code(&office.nobody().get(&longest).await), "403 link_expired");
    for lifetime in ["0", "-5", "3601", "9223372036854775807"] {
        let refused = main.do_(&format!("{path}?lifetime_s={lifetime}")).await.expect(400);
        assert_eq!(refused.faults(), ["lifetime_s out_of_range"], "{lifetime}");
    }
    let faults = main.do_(&format!("{path}?lifetime_s=soon")).await.expect(400).faults();
    assert_eq!(faults, ["lifetime_s invalid"]);
}

#[tokio::test]
async fn a_link_in_which_anything_was_changed_is_none() {
    let office = Office::open().await;
    let main = office.main().await;
    let me = main.get("/me").await.text("/id").to_owned();
    let (_, anna) = office.log_in_new(&main, person("anna", "admin")).await;
    let (recording, other) = (
        recorded(&office, 1, &json!({})).await,
        recorded(&office, 2, &json!({})).await,
    );
    let good = link(&main, &format!("/recordings/{recording}/link")).await;
    let (place, query) = good.split_once('?').unwrap();
    let signature = query.split_once("signature=").unwrap().1;
    let turned: String = signature.chars().rev().collect();
    let north = main.post("/projects", json!({ "name": "North" })).await.expect(201);
    for wrong in [
        good.replace(&recording.to_string(), &other.to_string()),
        good.replace("/media/recordings/", "/media/voicemails/"),
        with(&good, "by", &anna),
        with(&good, "by", "nobody"),
        with(&good, "by", &RecordingId::from_u128(7).to_string()),
        with(&good, "project", north.text("/id")),
        with(&good, "expires", "1795003600"),
        with(&good, "expires", "-1"),
        with(&good, "download", "true"),
        with(&good, "signature", &turned),
        with(&good, "signature", &signature[2..]),
        with(&good, "signature", ""),
        with(&good, "signature", &"0".repeat(5000)),
    ] {
        assert_eq!(code(&office.nobody().get(&wrong).await), "403 link_invalid", "{wrong}");
    }
    // what is said twice, is not known or is not there is no question at all
    for wrong in [
        place.to_owned(),
        format!("{good}&by={me}"),
        format!("{good}&lang=ru"),
        with(&good, "expires", "soon"),
    ] {
        office.nobody().get(&wrong).await.expect(400);
    }
    office.nobody().get(&good).await.expect(200);
    assert_eq!(rows(&main.get("/audit?action=recording.played").await).len(), 1);
}

#[tokio::test]
async fn to_fetch_a_file_is_a_right_of_its_own_in_a_link_too() {
    let office = Office::open().await;
    let main = office.main().await;
    let (anna, id) = office.log_in_new(&main, person("anna", "specialist")).await;
    let recording = recorded(&office, 1, &json!({ "id": id })).await;
    let path = format!("/recordings/{recording}/link");
    anna.do_(&format!("{path}?download=true")).await.expect(403);
    let play = link(&anna, &path).await;
    assert_eq!(
        code(&office.nobody().get(&format!("{play}&download=true")).await),
        "403 link_invalid"
    );
    let file = link(&main, &format!("{path}?download=true")).await;
    let fetched = office.nobody().get(&file).await.expect(200);
    let attachment = format!("attachment; filename=\"{recording}.wav\"");
    assert_eq!(fetched.header("content-disposition"), attachment);
    // nor is a file's link one to play by
    let played = office.nobody().get(&file.replace("&download=true", "")).await;
    assert_eq!(code(&played), "403 link_invalid");
}

#[tokio::test]
async fn what_whose_link_it_is_may_no_longer_do_the_link_does_no_longer_either() {
    let office = Office::open().await;
    let main = office.main().await;
    let rights = |reach: &str| json!([{ "right": "recordings:play", "reach": reach }]);
    let role = json!({ "name": "Listener", "rights": rights("any") });
    let role = main.post("/roles", role).await.expect(201).text("/id").to_owned();
    let (anna, id) = office.log_in_new(&main, person("anna", &role)).await;
    let recording = recorded(&office, 1, &json!({})).await;
    let link = link(&anna, &format!("/recordings/{recording}/link?lifetime_s=3600")).await;
    let follow = async || {
        let answer = office.nobody().get(&link).await;
        match answer.status {
            200 => "played".to_owned(),
            _ => code(&answer),
        }
    };
    assert_eq!(follow().await, "played");
    let (role, member) = (format!("/roles/{role}"), format!("/staff/{id}"));
    for (rights, expected) in [
        (json!([{ "right": "recordings:list" }]), "403 forbidden"),
        (rights("own"), "404 not_found"),
        (rights("any"), "played"),
    ] {
        main.patch(&role, json!({ "rights": rights })).await.expect(200);
        assert_eq!(follow().await, expected, "{rights}");
    }
    // sections of the project close it too
    let first = main.get(&format!("{member}/projects")).await.expect(200);
    let project = first.text("/projects/0/project_id").to_owned();
    let parts = |sections: Value| json!({ "projects": [{ "project_id": project, "sections": sections }] });
    for (body, expected) in [
        (parts(json!(["clients"])), "403 forbidden"),
        (json!({ "projects": [] }), "403 forbidden"),
        (parts(Value::Null), "played"),
    ] {
        main.put(&format!("{member}/projects"), body.clone()).await.expect(200);
        assert_eq!(follow().await, expected, "{body}");
    }
    let until = json!({ "access_until": "2026-11-18T11:16:40Z" });
    main.patch(&member, until).await.expect(200);
    assert_eq!(follow().await, "played");
    office.clock.advance(10 * MINUTE_MS);
    assert_eq!(follow().await, "403 link_invalid", "access has ended");
    main.patch(&member, json!({ "access_until": null })).await.expect(200);
    assert_eq!(follow().await, "played");
    main.patch(&member, json!({ "role": null })).await.expect(200);
    assert_eq!(follow().await, "403 link_invalid", "there is no access");
    main.patch(&member, json!({ "role": role.trim_start_matches("/roles/") }))
        .await
        .expect(200);
    assert_eq!(follow().await, "played");
    main.delete(&format!("/recordings/{recording}")).await.expect(204);
    assert_eq!(follow().await, "410 gone");
    main.delete(&member).await.expect(204);
    assert_eq!(follow().await, "403 link_invalid", "nobody's");
}

#[tokio::test]
async fn another_companys_recordings_have_no_links_of_ours() {
    let office = Office::open().await;
    let main = office.main().await;
    let (account, chief) = office.second_company().await;
    let theirs = office.call(2).of(account).ended("answered").recorded(&[0; 100]);
    let theirs = office.recording_of(theirs.save().await);
    let ours = recorded(&office, 1, &json!({})).await;
    main.do_(&format!("/recordings/{theirs}/link")).await.expect(404);
    chief.do_(&format!("/recordings/{ours}/link")).await.expect(404);
    let link = link(&chief, &format!("/recordings/{theirs}/link")).await;
    office.nobody().get(&link).await.expect(200);
    let turned = link.replace(&theirs.to_string(), &ours.to_string());
    assert_eq!(code(&office.nobody().get(&turned).await), "403 link_invalid");
    let me = main.get("/me").await.text("/id").to_owned();
    let turned = with(&turned, "by", &me);
    assert_eq!(code(&office.nobody().get(&turned).await), "403 link_invalid");
    assert_eq!(rows(&main.get("/audit?action=recording.played").await).len(), 0);
    assert_eq!(rows(&chief.get("/audit?action=recording.played").await).len(), 1);
}

#[tokio::test]
async fn a_message_is_heard_by_a_link_of_whom_it_is_for() {
    let office = Office::open().await;
    let main = office.main().await;
    let (ivan, ivan_id) = office.log_in_new(&main, person("ivan", "employee")).await;
    let (anna, _) = office.log_in_new(&main, person("anna", "employee")).await;
    let mailbox = main
        .post("/mailboxes", json!({ "staff_id": ivan_id }))
        .await
        .expect(201);
    let call = office
        .call(1)
        .inbound("+79161234567")
        .ended("answered")
        .recorded(&office.tone(2));
    let message = office.recording_of(call.left_in(mailbox.text("/id")).save().await);
    let path = format!("/voicemails/{message}");
    anna.do_(&format!("{path}/link")).await.expect(404);
    let token = office.token(&main, &["calls:read"]).await;
    token.do_(&format!("{path}/link")).await.expect(403);
    let link = link(&ivan, &format!("{path}/link")).await;
    let part = office.nobody().with("range", "bytes=0-99").get(&link).await.expect(206);
    assert_eq!(part.bytes.len(), 100);
    assert_ne!(ivan.get(&path).await.expect(200).body["heard_at"], Value::Null);
    assert_eq!(rows(&main.get("/audit?action=voicemail.played").await).len(), 1);
    for wrong in [
        link.replace("/media/voicemails/", "/media/recordings/"),
        format!("{link}&download=true"),
    ] {
        assert_eq!(code(&office.nobody().get(&wrong).await), "403 link_invalid");
    }
    let mailbox = format!("/mailboxes/{}", mailbox.text("/id"));
    ivan.delete(&path).await.expect(204);
    assert_eq!(code(&office.nobody().get(&link).await), "404 not_found");
    main.delete(&mailbox).await.expect(204);
    office.nobody().get(&link).await.expect(404);
}
