//! Roles and what they allow: made, given, joined and taken away, from the next request on.

use frontdesk_tests::office::{Caller, Office};
use serde_json::{Value, json};

fn person(login: &str, role: &str) -> Value {
    json!({ "given_name": login, "login": login, "password": "correct horse", "role": role })
}

async fn role(by: &Caller, name: &str, rights: Value) -> String {
    let made = by
        .post("/roles", json!({ "name": name, "rights": rights }))
        .await
        .expect(201);
    made.text("/id").to_owned()
}

fn rights_of(me: &Value) -> Vec<&str> {
    me["rights"]
        .as_array()
        .unwrap()
        .iter()
        .map(|right| right.as_str().unwrap())
        .collect()
}

// B3
#[tokio::test]
async fn b3_a_role_takes_effect_without_a_new_login_and_so_does_its_change() {
    let office = Office::open().await;
    let main = office.main().await;
    let (ivan, id) = office.log_in_new(&main, person("ivan", "employee")).await;
    let (token, path) = (office.token(&main, &["calls:read"]).await, format!("/staff/{id}/roles"));
    ivan.get("/calls").await.expect(403);
    let listener = role(
        &main,
        "Listener",
        json!([{ "right": "calls:read" }, { "right": "recordings:list", "reach": "own" }]),
    )
    .await;
    let given = main
        .put(&path, json!({ "roles": ["employee", listener] }))
        .await
        .expect(200);
    assert_eq!(given.body["roles"], json!(["employee", listener]));
    ivan.get("/calls").await.expect(200);
    ivan.get("/audit").await.expect(403);
    let duties = ivan.get(&path).await.expect(200).body;
    let reach = |right: &str| {
        let all = duties["rights"].as_array().unwrap().iter();
        all.clone()
            .find(|grant| grant["right"] == right)
            .map(|grant| grant["reach"].clone())
    };
    assert_eq!(reach("calls:read"), Some(json!("any")));
    assert_eq!(reach("recordings:list"), Some(json!("own")));
    assert_eq!(reach("staff:read"), Some(json!("any")), "the employee's are there too");
    main.patch(
        &format!("/roles/{listener}"),
        json!({ "rights": [{ "right": "audit:read" }] }),
    )
    .await
    .expect(200);
    ivan.get("/calls").await.expect(403);
    ivan.get("/audit").await.expect(200);
    main.put(&path, json!({ "roles": ["employee"] })).await.expect(200);
    ivan.get("/audit").await.expect(403);
    token.get("/calls").await.expect(200);
}

/// Row K17.
#[tokio::test]
async fn k17_the_first_role_gives_access_and_without_it_the_session_ends_at_once() {
    let office = Office::open().await;
    let main = office.main().await;
    let own = role(&main, "Reader", json!([{ "right": "staff:read" }])).await;
    let made = office
        .add(
            &main,
            json!({ "given_name": "Ivan", "login": "ivan", "password": "correct horse" }),
        )
        .await;
    let path = format!("/staff/{}", made["id"].as_str().unwrap());
    assert_eq!(made["system_status"], "no_access");
    main.put(&format!("{path}/roles"), json!({ "roles": [own] }))
        .await
        .expect(200);
    let member = main.get(&path).await.expect(200).body;
    assert_eq!(
        (&member["system_status"], &member["role"]),
        (&json!("offline"), &json!(own))
    );
    let ivan = office.log_in(&office.effective("ivan"), "correct horse").await;
    let me = ivan.get("/me").await.expect(200).body;
    assert_eq!((rights_of(&me), &me["role"]), (vec!["staff:read"], &json!(own)));
    main.put(&format!("{path}/roles"), json!({ "roles": [] }))
        .await
        .expect(200);
    ivan.get("/me").await.expect(401);
    assert_eq!(main.get(&path).await.body["system_status"], "no_access");
    let empty = main.get(&format!("{path}/roles")).await.expect(200).body;
    assert_eq!((&empty["roles"], &empty["rights"]), (&json!([]), &json!([])));
}

/// Row L3.
#[tokio::test]
async fn l3_the_main_accounts_rights_cannot_be_restricted_by_anything() {
    let office = Office::open().await;
    let main = office.main().await;
    let id = main.get("/me").await.body["id"].as_str().unwrap().to_owned();
    let before = rights_of(&main.get("/me").await.body).len();
    for roles in [json!([]), json!(["employee"]), json!(["admin", "main"])] {
        main.put(&format!("/staff/{id}/roles"), json!({ "roles": roles }))
            .await
            .expect(422);
    }
    let nothing = role(&main, "Nothing", json!([])).await;
    main.post("/groups", json!({ "name": "All", "members": [id], "roles": [nothing] }))
        .await
        .expect(201);
    for built_in in ["main", "admin", "employee"] {
        let path = format!("/roles/{built_in}");
        assert_eq!(main.get(&path).await.expect(200).body["built_in"], true);
        let refused = main.patch(&path, json!({ "rights": [] })).await.expect(422);
        assert_eq!(refused.body["code"], "built_in");
        main.delete(&path).await.expect(422);
    }
    main.delete(&format!("/staff/{id}")).await.expect(409);
    assert_eq!(rights_of(&main.get("/me").await.body).len(), before);
}

#[tokio::test]
async fn nobody_gives_rights_that_they_do_not_have() {
    let office = Office::open().await;
    let main = office.main().await;
    let rights = json!([{ "right": "staff:read" }, { "right": "staff:write" }, { "right": "roles:write" }, { "right": "calls:read", "reach": "department" }]);
    let hr = role(&main, "Personnel", rights).await;
    let (boss, boss_id) = office.log_in_new(&main, person("boss", "admin")).await;
    let (nina, nina_id) = office.log_in_new(&main, person("nina", &hr)).await;
    nina.put(&format!("/staff/{nina_id}/roles"), json!({ "roles": ["admin"] }))
        .await
        .expect(403);
    nina.patch(&format!("/staff/{nina_id}"), json!({ "role": "admin" }))
        .await
        .expect(403);
    nina.post("/staff", person("olga", "supervisor")).await.expect(403);
    nina.post(
        "/roles",
        json!({ "name": "More", "rights": [{ "right": "audit:read" }] }),
    )
    .await
    .expect(403);
    nina.post(
        "/roles",
        json!({ "name": "More", "rights": [{ "right": "calls:read" }] }),
    )
    .await
    .expect(403);
    nina.post(
        "/groups",
        json!({ "name": "Bosses", "members": [nina_id], "roles": ["admin"] }),
    )
    .await
    .expect(403);
    // nor has one power over somebody who may do more
    let path = format!("/staff/{boss_id}");
    nina.patch(&path, json!({ "password": "correct battery" }))
        .await
        .expect(403);
    nina.patch(&path, json!({ "role": null })).await.expect(403);
    nina.delete(&path).await.expect(403);
    boss.get("/me").await.expect(200);
    // what one has oneself may be passed on
    nina.post(
        "/roles",
        json!({ "name": "Same", "rights": [{ "right": "calls:read", "reach": "own" }] }),
    )
    .await
    .expect(201);
    nina.post("/staff", person("olga", &hr)).await.expect(201);
    // a token that may write staff makes nobody an administrator by that
    let token = office.token(&main, &["staff:write"]).await;
    token.post("/staff", person("eve", "admin")).await.expect(403);
    token.post("/staff", json!({ "given_name": "Eve" })).await.expect(201);
}

#[tokio::test]
async fn a_roles_wrong_fields_are_named_and_one_that_is_in_use_stays() {
    let office = Office::open().await;
    let main = office.main().await;
    let wrong = json!({ "name": "", "rights": [{ "right": "fly" }, { "right": "staff:read", "reach": "own" }] });
    let refused = main.post("/roles", wrong).await.expect(422);
    assert_eq!(
        refused.faults(),
        ["name required", "rights[0].right unknown", "rights[1].reach invalid"]
    );
    let own = role(&main, "Reader", json!([{ "right": "staff:read" }])).await;
    let taken = main.post("/roles", json!({ "name": "READER" })).await.expect(409);
    assert_eq!(taken.faults(), ["name taken"]);
    let path = format!("/roles/{own}");
    let etag = main.get(&path).await.expect(200).header("etag").to_owned();
    main.patch(&path, json!({ "name": "Observer" })).await.expect(200);
    main.clone()
        .with("if-match", &etag)
        .patch(&path, json!({ "name": "X" }))
        .await
        .expect(412);
    let (_, id) = office.log_in_new(&main, person("ivan", &own)).await;
    main.delete(&path).await.expect(409);
    main.put(&format!("/staff/{id}/roles"), json!({ "roles": ["employee"] }))
        .await
        .expect(200);
    main.delete(&path).await.expect(204);
    main.get(&path).await.expect(404);
    main.patch(&format!("/staff/{id}"), json!({ "role": own }))
        .await
        .expect(422);
    let audit = main.get("/audit?entity=role").await.body;
    let mut actions: Vec<&str> = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["action"].as_str().unwrap())
        .collect();
    actions.sort_unstable();
    assert_eq!(actions, ["role.created", "role.deleted", "role.updated"]);
}

// L54 and L60: today's data are clients
#[tokio::test]
async fn l54_who_may_not_delete_gets_403_and_the_attempt_stands_in_the_audit() {
    let office = Office::open().await;
    let main = office.main().await;
    let made = main
        .post("/clients", json!({ "number": "+79160000001", "name": "A" }))
        .await
        .expect(201);
    let path = format!("/clients/{}", made.text("/id"));
    let rights = json!([{ "right": "clients:read" }, { "right": "clients:write" }]);
    let writer = role(&main, "Writer", rights).await;
    let (ivan, id) = office.log_in_new(&main, person("ivan", &writer)).await;
    ivan.delete(&path).await.expect(403);
    ivan.get(&path).await.expect(200);
    let refused = main.get("/audit?action=client.delete_refused").await.body;
    assert_eq!(
        (
            &refused["items"][0]["actor_staff_id"],
            &refused["items"][0]["entity_id"]
        ),
        (&json!(id), &made.body["id"])
    );
    ivan.patch(&path, json!({ "name": "B" })).await.expect(200);
    ivan.patch(&path, json!({ "manager_id": id })).await.expect(403);
    let reassign = json!({ "from_manager_id": id });
    ivan.post("/clients/reassign", reassign.clone()).await.expect(403);
    let (anna, _) = office.log_in_new(&main, person("anna", "employee")).await;
    anna.patch(&path, json!({ "manager_id": id })).await.expect(200);
    anna.post("/clients/reassign", reassign).await.expect(200);
    anna.delete(&path).await.expect(204);
}
