//! Leads and deals through the API.

use frontdesk_tests::office::{Caller, Office, Stream};
use reqwest::Method;
use serde_json::{Value, json};

async fn client(main: &Caller) -> String {
    let new = json!({ "name": "Olga", "number": "+79161234567" });
    main.post("/clients", new).await.expect(201).text("/id").to_owned()
}

async fn person(office: &Office, main: &Caller, name: &str, role: &str) -> (Caller, String) {
    let new = json!({ "given_name": name, "login": name.to_lowercase(), "password": "correct horse", "role": role });
    office.log_in_new(main, new).await
}

async fn titles(caller: &Caller, query: &str) -> Vec<String> {
    let list = caller.get(&format!("/deals{query}")).await.expect(200);
    let items = list.body["items"].as_array().unwrap().clone();
    items
        .iter()
        .map(|deal| deal["title"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_deal_is_made_read_changed_and_deleted() {
    let office = Office::open().await;
    let main = office.main().await;
    let client = client(&main).await;
    let mut told = Stream::open(main.request(Method::GET, "/events")).await;
    let new =
        json!({ "client_id": client, "title": "Windows", "step_at": "2030-01-01T12:00:00Z", "step_text": "call" });
    let made = main.post("/deals", new).await.expect(201);
    let event = told.until("deal.created").await;
    let event = event.data;
    assert_eq!(
        (&event["deal_id"], &event["client_id"]),
        (&made.body["id"], &json!(client))
    );
    let path = made.header("location").trim_start_matches("/api/v1").to_owned();
    let zone = json!({ "time_zone": "Europe/Moscow" });
    let deal = &made.body;
    assert_eq!(
        [
            &deal["kind"],
            &deal["stage"],
            &deal["client_name"],
            &deal["number"],
            &deal["overdue"],
            &deal["step_text"]
        ],
        [
            &json!("lead"),
            &json!("new"),
            &json!("Olga"),
            &json!("+79161234567"),
            &json!(false),
            &json!("call")
        ]
    );
    main.patch("/account", zone).await.expect(200);
    let local = main
        .patch(&path, json!({ "step_at": "2030-01-01T12:00", "kind": "deal" }))
        .await;
    assert_eq!(
        local.expect(200).text("/step_at"),
        "2030-01-01T09:00:00.000Z",
        "in the company's zone"
    );
    let guarded = main.clone().with("if-match", made.header("etag"));
    guarded.patch(&path, json!({ "stage": "won" })).await.expect(412);
    guarded.delete(&path).await.expect(412);
    office.clock.advance(1_000);
    let won = main.patch(&path, json!({ "stage": "won" })).await.expect(200);
    assert_eq!(
        (&won.body["step_at"], won.body["closed_at"].is_string()),
        (&Value::Null, true)
    );
    let history = main.get(&format!("{path}/history?limit=2")).await.expect(200);
    let mut what = ["/items/0/what", "/items/1/what"].map(|place| history.text(place));
    what.sort_unstable();
    assert_eq!(
        (what, history.body["next_cursor"].is_string()),
        (["stage", "step"], true)
    );
    let timeline = main.get(&format!("/clients/{client}/timeline")).await.expect(200);
    assert_eq!(timeline.text("/items/0/kind"), "deal");
    assert_eq!(timeline.text("/items/0/deal/title"), "Windows");
    main.delete(&path).await.expect(204);
    main.get(&path).await.expect(404);
    let audit = main.get("/audit?entity=deal").await.expect(200);
    assert_eq!(audit.body["items"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn each_wrong_field_is_named() {
    let office = Office::open().await;
    let main = office.main().await;
    let client = client(&main).await;
    let refused = main.post("/deals", json!({})).await.expect(422);
    assert_eq!(refused.faults(), ["title required", "client_id required"]);
    let wrong = json!({ "client_id": client, "title": "x", "kind": "dream", "staff_id": "x", "step_at": "soon" });
    let refused = main.post("/deals", wrong).await.expect(422);
    assert_eq!(
        refused.faults(),
        ["kind unknown", "staff_id unknown", "step_at invalid"]
    );
    let both = json!({ "deal_ids": [], "from_staff_id": "x" });
    main.post("/deals/hand-over", both).await.expect(422);
    for query in [
        "kind=x",
        "stage=x",
        "client_id=x",
        "order=x",
        "limit=0",
        "cursor=x",
        "other=1",
    ] {
        main.get(&format!("/deals?{query}")).await.expect(400);
    }
}

#[tokio::test]
async fn l60_a_colleagues_deal_is_not_there_and_is_not_given_away_without_the_right() {
    let office = Office::open().await;
    let main = office.main().await;
    let client = client(&main).await;
    let (anna, anna_id) = person(&office, &main, "Anna", "specialist").await;
    let (boris, boris_id) = person(&office, &main, "Boris", "supervisor").await;
    let of = |staff: &str, title: &str| json!({ "client_id": client, "title": title, "staff_id": staff });
    let own = main.post("/deals", of(&anna_id, "own")).await.expect(201);
    office.clock.advance(1_000);
    let other = main.post("/deals", of(&boris_id, "other")).await.expect(201);
    let path = |deal: &Value| format!("/deals/{}", deal["id"].as_str().unwrap());
    let to_boris = json!({ "staff_id": boris_id });
    assert_eq!(titles(&anna, "").await, ["own"]);
    anna.get(&path(&other.body)).await.expect(404);
    anna.get(&format!("{}/history", path(&other.body))).await.expect(404);
    anna.patch(&path(&other.body), json!({ "staff_id": anna_id }))
        .await
        .expect(404);
    anna.patch(&path(&own.body), to_boris.clone()).await.expect(403);
    anna.patch(&path(&own.body), json!({ "title": "mine" }))
        .await
        .expect(200);
    anna.post("/deals", of(&boris_id, "gift")).await.expect(403);
    let all = json!({ "deal_ids": [own.body["id"]], "to_staff_id": boris_id });
    anna.post("/deals/hand-over", all.clone()).await.expect(403);
    anna.delete(&path(&own.body)).await.expect(403);
    let audit = main.get("/audit?action=deal.delete_refused").await.expect(200);
    assert_eq!(audit.body["items"].as_array().unwrap().len(), 1, "L54");
    let handed = boris.post("/deals/hand-over", all).await.expect(200);
    assert_eq!(handed.body["deals"], 1);
    assert_eq!(boris.get(&path(&own.body)).await.text("/staff_id"), boris_id);
    boris
        .patch(&path(&own.body), json!({ "staff_id": anna_id }))
        .await
        .expect(200);
    let audit = main.get("/audit?action=deal.handed_over").await.expect(200);
    assert_eq!(audit.body["items"].as_array().unwrap().len(), 2);
    let back = json!({ "from_staff_id": boris_id, "to_staff_id": anna_id });
    assert_eq!(boris.post("/deals/hand-over", back).await.expect(200).body["deals"], 1);
    assert_eq!(titles(&anna, "?order=created_at").await, ["other", "mine"]);
}

#[tokio::test]
async fn whoever_reads_all_but_writes_their_own_changes_no_others() {
    let office = Office::open().await;
    let main = office.main().await;
    let client = client(&main).await;
    let rights = json!([
        { "right": "deals:read", "reach": "any" }, { "right": "deals:write", "reach": "own" },
        { "right": "data:hand_over", "reach": "own" }, { "right": "data:delete", "reach": "own" },
    ]);
    let role = main
        .post("/roles", json!({ "name": "Reader", "rights": rights }))
        .await
        .expect(201);
    let (anna, anna_id) = person(&office, &main, "Anna", role.text("/id")).await;
    let other = json!({ "client_id": client, "title": "other", "staff_id": null });
    let other = main.post("/deals", other).await.expect(201);
    let path = format!("/deals/{}", other.text("/id"));
    anna.get(&path).await.expect(200);
    anna.patch(&path, json!({ "title": "x" })).await.expect(403);
    anna.delete(&path).await.expect(403);
    let take = json!({ "deal_ids": [other.text("/id")], "to_staff_id": anna_id });
    assert_eq!(
        anna.post("/deals/hand-over", take).await.expect(422).faults(),
        ["deal_ids[0] unknown"]
    );
}

#[tokio::test]
async fn another_companys_deals_are_not_there() {
    let office = Office::open().await;
    let main = office.main().await;
    let theirs = office.another_company().await;
    let path = format!("/deals/{}", theirs.deal);
    main.get(&path).await.expect(404);
    main.get(&format!("{path}/history")).await.expect(404);
    main.patch(&path, json!({ "title": "ours" })).await.expect(404);
    main.delete(&path).await.expect(404);
    assert!(titles(&main, "").await.is_empty());
    let hand = json!({ "deal_ids": [theirs.deal] });
    assert_eq!(
        main.post("/deals/hand-over", hand).await.expect(422).faults(),
        ["deal_ids[0] unknown"]
    );
    for (hand, faults) in [
        (json!({ "from_staff_id": theirs.staff }), ["from_staff_id unknown"]),
        (
            json!({ "deal_ids": [], "to_staff_id": theirs.staff }),
            ["to_staff_id unknown"],
        ),
    ] {
        assert_eq!(main.post("/deals/hand-over", hand).await.expect(422).faults(), faults);
    }
    let refused = async |body: Value| main.post("/deals", body).await.expect(422).faults();
    let of = json!({ "client_id": theirs.client, "title": "x" });
    assert_eq!(refused(of).await, ["client_id unknown"]);
    let own = client(&main).await;
    let to = json!({ "client_id": own, "title": "x", "staff_id": theirs.staff, "project_id": theirs.project });
    assert_eq!(refused(to).await, ["project_id unknown", "staff_id unknown"]);
}
