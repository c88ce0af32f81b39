//! Groups: what members may do follows the group at once.

use frontdesk_tests::office::{Office, Stream};
use reqwest::Method;
use serde_json::{Value, json};

fn person(login: &str, role: &str) -> Value {
    json!({ "given_name": login, "login": login, "password": "correct horse", "role": role })
}

// B2
#[tokio::test]
async fn b2_a_member_gets_the_groups_roles_at_once_and_loses_them_with_the_group() {
    let office = Office::open().await;
    let main = office.main().await;
    let (ivan, ivan_id) = office.log_in_new(&main, person("ivan", "employee")).await;
    let (anna, anna_id) = office.log_in_new(&main, person("anna", "employee")).await;
    let made = main
        .post("/groups", json!({ "name": "Shift", "roles": ["supervisor"] }))
        .await
        .expect(201);
    let path = format!("/groups/{}", made.text("/id"));
    ivan.get("/calls").await.expect(403);
    main.patch(&path, json!({ "members": [ivan_id, anna_id] }))
        .await
        .expect(200);
    ivan.get("/calls").await.expect(200);
    anna.get("/audit").await.expect(200);
    let duties = main.get(&format!("/staff/{ivan_id}/roles")).await.expect(200).body;
    assert_eq!(duties["roles"], json!(["employee"]));
    assert_eq!(duties["groups"][0]["roles"], json!(["supervisor"]));
    main.patch(&path, json!({ "members": [anna_id] })).await.expect(200);
    ivan.get("/calls").await.expect(403);
    anna.get("/calls").await.expect(200);
    main.patch(&path, json!({ "roles": ["receptionist"] }))
        .await
        .expect(200);
    anna.get("/audit").await.expect(403);
    anna.get("/departments").await.expect(200);
    main.delete(&path).await.expect(204);
    anna.get("/departments").await.expect(403);
    main.get(&path).await.expect(404);
}

#[tokio::test]
async fn a_group_gives_no_access_to_who_has_no_role_of_their_own() {
    let office = Office::open().await;
    let main = office.main().await;
    let (ivan, id) = office.log_in_new(&main, person("ivan", "employee")).await;
    main.post(
        "/groups",
        json!({ "name": "Shift", "members": [id], "roles": ["admin"] }),
    )
    .await
    .expect(201);
    ivan.get("/account").await.expect(200);
    main.patch(&format!("/staff/{id}"), json!({ "role": null }))
        .await
        .expect(200);
    ivan.get("/account").await.expect(401);
    let login = json!({ "login": office.effective("ivan"), "password": "correct horse" });
    office.nobody().post("/login", login).await.expect(401);
}

#[tokio::test]
async fn a_groups_wrong_fields_are_named_and_another_companys_people_are_unknown() {
    let office = Office::open().await;
    let main = office.main().await;
    let theirs = office.stranger().await;
    let wrong = json!({ "name": " ", "members": [theirs, "x"], "roles": ["main", "boss"] });
    let refused = main.post("/groups", wrong).await.expect(422);
    assert_eq!(
        refused.faults(),
        [
            "name required",
            "roles[0] unknown",
            "roles[1] unknown",
            "members[0] unknown",
            "members[1] unknown"
        ]
    );
    let gone = json!({ "name": "A", "roles": ["01ARZ3NDEKTSV4RRFFQ69G5FAV"] });
    assert_eq!(main.post("/groups", gone).await.expect(422).faults(), ["roles unknown"]);
    main.post("/groups", json!({ "name": "A" })).await.expect(201);
    main.post("/groups", json!({ "name": "a" })).await.expect(409);
}

#[tokio::test]
async fn b3_an_open_event_stream_tells_more_once_its_reader_may_read_more() {
    let office = Office::open().await;
    let main = office.main().await;
    let (ivan, id) = office.log_in_new(&main, person("ivan", "employee")).await;
    let mut stream = Stream::open(ivan.request(Method::GET, "/events")).await;
    let made = main
        .post("/groups", json!({ "name": "Shift", "roles": ["supervisor"] }))
        .await
        .expect(201);
    assert_eq!(stream.next().await.name, "group.changed");
    let path = format!("/groups/{}", made.text("/id"));
    main.patch(&path, json!({ "members": [id] })).await.expect(200);
    assert_eq!(stream.next().await.name, "group.changed");
    let call = office.call(1).live();
    assert_eq!(stream.next().await.name, "call.created");
    main.patch(&path, json!({ "members": [] })).await.expect(200);
    loop {
        let told = stream.next().await;
        if told.name == "group.changed" {
            break;
        }
    }
    office.end_call(call);
    main.patch(&path, json!({ "name": "Night" })).await.expect(200);
    assert_eq!(stream.next().await.name, "group.changed", "nothing of the call's end");
}
