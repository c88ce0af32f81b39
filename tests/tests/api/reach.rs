//! How far a right reaches: on one's own things, one's departments', the project's, or all; from the next request on.

use std::collections::BTreeSet;

use frontdesk_routing::ids::CallId;
use frontdesk_tests::office::{Caller, Office, Stream};
use reqwest::Method;
use serde_json::{Value, json};

const REACHES: [&str; 4] = ["own", "department", "project", "any"];
/// Whose things there are: one's own, those of a colleague of one's department, of somebody of the same project, of nobody,
/// and of somebody of another project; and how many of them are seen with each reach.
const OWNERS: [&str; 5] = ["ivan", "petr", "olga", "nobody", "zoya"];
const SEEN: [usize; 4] = [1, 2, 4, 5];

struct House {
    office: Office,
    main: Caller,
    ivan: Caller,
    role: String,
    /// In the order of the owners; of nobody nothing is known.
    people: Vec<Value>,
}

impl House {
    async fn open() -> House {
        let office = Office::open().await;
        let main = office.main().await;
        let role = json!({ "name": "Narrow", "rights": [] });
        let role = main.post("/roles", role).await.expect(201).text("/id").to_owned();
        let mut people = Vec::new();
        for name in OWNERS {
            people.push(match name {
                "nobody" => json!({ "name": null, "id": null }),
                "ivan" => {
                    let ivan = json!({ "given_name": name, "login": name, "password": "correct horse", "role": role });
                    office.add(&main, ivan).await
                }
                _ => office.add(&main, json!({ "given_name": name })).await,
            });
        }
        let sales = json!({ "name": "Sales", "short_number": "200", "members": [people[0]["id"], people[1]["id"]] });
        main.post("/departments", sales).await.expect(201);
        let north = main.post("/projects", json!({ "name": "North" })).await.expect(201);
        let part = json!([{ "project_id": north.text("/id") }]);
        let path = format!("/staff/{}/projects", people[4]["id"].as_str().unwrap());
        main.put(&path, json!({ "projects": part })).await.expect(200);
        let ivan = office.log_in(&office.effective("ivan"), "correct horse").await;
        House {
            office,
            main,
            ivan,
            role,
            people,
        }
    }

    /// Ivan has these rights from now on, each as far as that.
    async fn allow(&self, rights: &[(&str, &str)]) {
        let rights: Vec<Value> = rights
            .iter()
            .map(|(right, reach)| json!({ "right": right, "reach": reach }))
            .collect();
        self.main
            .patch(&format!("/roles/{}", self.role), json!({ "rights": rights }))
            .await
            .expect(200);
    }

    async fn clients(&self) -> Vec<String> {
        let mut ids = Vec::new();
        for (n, owner) in self.people.iter().enumerate() {
            let client = json!({ "name": OWNERS[n], "number": format!("+7916000000{n}"), "manager_id": owner["id"] });
            ids.push(
                self.main
                    .post("/clients", client)
                    .await
                    .expect(201)
                    .text("/id")
                    .to_owned(),
            );
        }
        ids
    }

    /// One call from outside to each of the owners.
    async fn calls(&self, disposition: &str) -> Vec<CallId> {
        let mut calls = Vec::new();
        for (n, owner) in (1..).zip(&self.people) {
            let call = self.office.call(n).inbound(&format!("+7916000000{}", n - 1)).to(owner);
            calls.push(call.ended(disposition).recorded(&self.office.tone(1)).save().await);
        }
        calls
    }
}

fn ids(list: &Value) -> BTreeSet<String> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

fn first(count: usize, all: &[String]) -> BTreeSet<String> {
    all.iter().take(count).cloned().collect()
}

#[tokio::test]
async fn calls_and_recordings_are_read_as_far_as_the_right_reaches() {
    let house = House::open().await;
    let calls = house.calls("answered").await;
    let recordings: Vec<String> = calls
        .iter()
        .map(|call| house.office.recording_of(*call).to_string())
        .collect();
    let calls: Vec<String> = calls.iter().map(CallId::to_string).collect();
    for (reach, count) in REACHES.into_iter().zip(SEEN) {
        house
            .allow(&[
                ("calls:read", reach),
                ("recordings:list", reach),
                ("recordings:play", "own"),
                ("recordings:delete", "own"),
                ("data:export", "any"),
            ])
            .await;
        let ivan = &house.ivan;
        let list = ivan.get("/calls").await.expect(200).body;
        assert_eq!(ids(&list), first(count, &calls), "{reach}");
        let list = ivan.get("/recordings").await.expect(200).body;
        assert_eq!(ids(&list), first(count, &recordings), "{reach}");
        for (n, (call, recording)) in calls.iter().zip(&recordings).enumerate() {
            let status = if n < count { 200 } else { 404 };
            ivan.get(&format!("/calls/{call}")).await.expect(status);
            ivan.get(&format!("/calls/{call}/explain")).await.expect(status);
            ivan.get(&format!("/recordings/{recording}")).await.expect(status);
            let own = if n == 0 { 200 } else { 404 };
            ivan.get(&format!("/recordings/{recording}/media")).await.expect(own);
        }
        ivan.delete(&format!("/recordings/{}", recordings[1])).await.expect(404);
        let file = ivan.request(Method::GET, "/calls/export").send().await.unwrap();
        assert_eq!(file.text().await.unwrap().lines().count(), count + 1, "{reach}");
    }
    // who may not know of recordings learns of none by the calls
    house.allow(&[("calls:read", "any"), ("recordings:list", "own")]).await;
    let list = house.ivan.get("/calls").await.expect(200).body;
    let recorded = |call: &Value| !call["recordings"].as_array().unwrap().is_empty();
    let of: Vec<&Value> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|call| recorded(call))
        .collect();
    assert_eq!((of.len(), &of[0]["id"]), (1, &json!(calls[0])));
}

#[tokio::test]
async fn missed_calls_are_shown_as_far_as_the_right_reaches() {
    let house = House::open().await;
    let calls: Vec<String> = house.calls("no_answer").await.iter().map(CallId::to_string).collect();
    for (reach, count) in REACHES.into_iter().zip(SEEN) {
        house.allow(&[("calls:read", reach), ("calls:make", "any")]).await;
        let list = house.ivan.get("/calls/missed").await.expect(200).body;
        assert_eq!(ids(&list), first(count, &calls), "{reach}");
        // nor is anybody called by a call that one does not see
        house.office.phone(&house.people[0], true);
        for (n, call) in calls.iter().enumerate() {
            let status = if n < count { 202 } else { 422 };
            house
                .ivan
                .post("/calls", json!({ "call_id": call }))
                .await
                .expect(status);
        }
    }
}

#[tokio::test]
async fn clients_are_found_changed_and_deleted_as_far_as_the_right_reaches() {
    let house = House::open().await;
    let clients = house.clients().await;
    for (reach, count) in REACHES.into_iter().zip(SEEN) {
        house
            .allow(&[
                ("clients:read", reach),
                ("clients:write", reach),
                ("data:export", "any"),
                ("data:delete", "own"),
                ("numbers:reveal", "own"),
            ])
            .await;
        let ivan = &house.ivan;
        let list = ivan.get("/clients").await.expect(200).body;
        assert_eq!(ids(&list), first(count, &clients), "{reach}");
        assert_eq!(
            (&list["total"], &list["filtered"]),
            (&json!(count), &json!(count)),
            "{reach}"
        );
        for (n, client) in clients.iter().enumerate() {
            let path = format!("/clients/{client}");
            let status = |within: bool, there: u16| if within { there } else { 404 };
            ivan.get(&path).await.expect(status(n < count, 200));
            ivan.get(&format!("{path}/timeline"))
                .await
                .expect(status(n < count, 200));
            ivan.patch(&path, json!({ "company": reach }))
                .await
                .expect(status(n < count, 200));
            let note = ivan
                .post(&format!("{path}/timeline"), json!({ "body": "called" }))
                .await;
            note.expect(status(n < count, 201));
            ivan.do_(&format!("{path}/reveal")).await.expect(status(n == 0, 200));
            let found = ivan
                .get(&format!("/clients?search={}", OWNERS[n]))
                .await
                .expect(200)
                .body;
            assert_eq!(ids(&found).len(), usize::from(n < count), "{reach} {n}");
        }
        ivan.delete(&format!("/clients/{}", clients[1])).await.expect(404);
        let file = ivan.request(Method::GET, "/clients/export").send().await.unwrap();
        assert_eq!(file.text().await.unwrap().lines().count(), count + 1, "{reach}");
    }
    house.ivan.delete(&format!("/clients/{}", clients[0])).await.expect(204);
}

#[tokio::test]
async fn a_new_client_is_ones_own_and_nobody_learns_of_others_by_their_numbers() {
    let house = House::open().await;
    house.clients().await;
    house.allow(&[("clients:read", "own"), ("clients:write", "own")]).await;
    let new = |number: &str| json!({ "name": "New", "number": number });
    let made = house.ivan.post("/clients", new("+79161112233")).await.expect(201);
    assert_eq!(made.body["manager_id"], house.people[0]["id"]);
    let taken = house.ivan.post("/clients", new("+79160000004")).await.expect(409);
    assert!(!taken.body.to_string().contains("zoya"), "{}", taken.body);
    let mut theirs = new("+79161112244");
    theirs["manager_id"] = house.people[1]["id"].clone();
    let refused = house.ivan.post("/clients", theirs).await.expect(422);
    assert_eq!(refused.faults(), ["manager_id unknown"]);
    let call = house.office.call(1).inbound("+79165556677").to(&house.people[1]).live();
    let by_call = json!({ "name": "New", "call_id": call.to_string() });
    house.ivan.post("/clients", by_call).await.expect(422);
}

// L60
#[tokio::test]
async fn l60_a_timeline_holds_the_calls_that_may_be_read_and_handing_over_reaches_so_far_too() {
    let house = House::open().await;
    let clients = house.clients().await;
    for (n, owner) in (1..).zip(&house.people) {
        let call = house.office.call(n).inbound("+79160000000").to(owner);
        call.ended("answered").save().await;
    }
    let path = format!("/clients/{}", clients[0]);
    for (reach, count) in REACHES.into_iter().zip(SEEN) {
        house.allow(&[("clients:read", "own"), ("calls:read", reach)]).await;
        let list = house.ivan.get(&format!("{path}/timeline")).await.expect(200).body;
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{reach}");
    }
    let rights = [
        ("clients:read", "any"),
        ("clients:write", "any"),
        ("data:hand_over", "department"),
    ];
    house.allow(&rights).await;
    let petr = &house.people[1]["id"];
    let hand_over = json!({ "manager_id": petr });
    house.ivan.patch(&path, hand_over.clone()).await.expect(200);
    let theirs = format!("/clients/{}", clients[4]);
    house.ivan.patch(&theirs, hand_over).await.expect(403);
    for (from, moved) in [(4, 0), (1, 2)] {
        let body = json!({ "from_manager_id": house.people[from]["id"], "to_manager_id": house.people[0]["id"] });
        let said = house.ivan.post("/clients/reassign", body).await.expect(200);
        assert_eq!(said.body["clients"], moved);
    }
}

#[tokio::test]
async fn the_board_and_the_events_show_the_calls_on_which_the_right_reaches() {
    let house = House::open().await;
    let live: Vec<String> = (1..)
        .zip(&house.people)
        .map(|(n, owner)| {
            house
                .office
                .call(n)
                .inbound("+79165556677")
                .to(owner)
                .live()
                .to_string()
        })
        .collect();
    for (reach, count) in REACHES.into_iter().zip(SEEN) {
        house.allow(&[("calls:read", reach), ("calls:hangup", reach)]).await;
        let list = house.ivan.get("/calls/live").await.expect(200).body;
        assert_eq!(ids(&list), first(count, &live), "{reach}");
        for (n, call) in live.iter().enumerate() {
            let status = if n < count { 202 } else { 404 };
            house.ivan.do_(&format!("/calls/{call}/hangup")).await.expect(status);
        }
        let mut stream = Stream::open(house.ivan.request(Method::GET, "/events")).await;
        let mut told = BTreeSet::new();
        for (n, owner) in (11..).zip(house.people.iter().rev()) {
            let call = house.office.call(n).inbound("+79165556677").to(owner).live();
            house.office.end_call(call);
            told.insert(call.to_string());
        }
        let mut seen = 0;
        loop {
            let event = stream.until("call.created").await;
            seen += 1;
            // one's own was the last
            if event.data["call"]["callee"]["staff_id"] == house.people[0]["id"] {
                break;
            }
        }
        assert_eq!(seen, count, "{reach}");
    }
}

#[tokio::test]
async fn an_open_stream_follows_a_change_of_the_right() {
    let house = House::open().await;
    house.allow(&[("calls:read", "own"), ("clients:read", "own")]).await;
    let clients = house.clients().await;
    let mut stream = Stream::open(house.ivan.request(Method::GET, "/events")).await;
    for n in [4, 0] {
        let path = format!("/clients/{}", clients[n]);
        house.main.patch(&path, json!({ "vip": true })).await.expect(200);
    }
    let told = stream.until("client.changed").await;
    assert_eq!(
        told.data["client_id"],
        clients[0].as_str(),
        "of others' clients nothing is told"
    );
    house.allow(&[("calls:read", "any"), ("clients:read", "any")]).await;
    let path = format!("/clients/{}", clients[4]);
    house.main.patch(&path, json!({ "vip": false })).await.expect(200);
    let told = stream.until("client.changed").await;
    assert_eq!(told.data["client_id"], clients[4].as_str());
}

#[tokio::test]
async fn leads_and_deals_are_told_of_as_far_as_the_right_reaches() {
    let house = House::open().await;
    let client = house.clients().await.remove(0);
    for (reach, expected) in REACHES.into_iter().zip([1, 2, 3, 3]) {
        house.allow(&[("deals:read", reach)]).await;
        let mut stream = Stream::open(house.ivan.request(Method::GET, "/events")).await;
        for owner in house.people[..3].iter().rev() {
            let deal = json!({ "client_id": client, "title": "x", "staff_id": owner["id"] });
            house.main.post("/deals", deal).await.expect(201);
        }
        let mut seen = 0;
        loop {
            let told = stream.until("deal.created").await;
            seen += 1;
            // one's own was the last
            if told.data["staff_id"] == house.people[0]["id"] {
                break;
            }
        }
        assert_eq!(seen, expected, "{reach}");
    }
}

/// Row K18.
#[tokio::test]
async fn k18_schedules_and_norms_are_read_as_far_as_the_right_reaches() {
    let house = House::open().await;
    let mut schedules = Vec::new();
    for owner in &house.people {
        let made = json!({ "name": "Hours", "week": { "mon": ["09:00-18:00"] } });
        let made = house
            .main
            .post("/schedules", made)
            .await
            .expect(201)
            .text("/id")
            .to_owned();
        if let Some(owner) = owner["id"].as_str() {
            let path = format!("/staff/{owner}/reception");
            let given = json!({ "schedule_id": made });
            house.main.patch(&path, given).await.expect(200);
        }
        schedules.push(made);
    }
    for (reach, count) in REACHES.into_iter().zip(SEEN) {
        house.allow(&[("schedules:read", reach), ("staff:read", "any")]).await;
        let list = house.ivan.get("/schedules").await.expect(200).body;
        assert_eq!(ids(&list), first(count, &schedules), "{reach}");
        assert_eq!(list["total"], count, "{reach}");
        for (n, schedule) in schedules.iter().enumerate() {
            let status = if n < count { 200 } else { 404 };
            house.ivan.get(&format!("/schedules/{schedule}")).await.expect(status);
            if let Some(owner) = house.people[n]["id"].as_str() {
                house.ivan.get(&format!("/staff/{owner}/norm")).await.expect(status);
            }
        }
        let page = house.ivan.get("//schedules").await.expect(200);
        let page = String::from_utf8(page.bytes).unwrap();
        let shown = |schedule: &&String| page.contains(schedule.as_str());
        assert_eq!(schedules.iter().filter(shown).count(), count, "{reach}");
    }
    house.allow(&[("staff:read", "any")]).await;
    house.ivan.get("/schedules").await.expect(403);
}

#[tokio::test]
async fn visitors_requests_are_told_of_to_whom_they_may_read() {
    let house = House::open().await;
    let clients = house.clients().await;
    let origin = "https://shop.example";
    let site = json!({ "name": "Shop", "origins": [origin], "staff_id": house.people[0]["id"], "per_source": 50 });
    let site = house.main.post("/sites", site).await.expect(201);
    let path = format!("/widget/{}/requests", site.text("/key"));
    let visitor = house.office.nobody().with("origin", origin);
    let mut requests = Vec::new();
    for (n, client) in clients.iter().enumerate() {
        let request = json!({ "name": "Visitor", "number": format!("+7916000000{n}"), "kind": "form" });
        visitor.post(&path, request).await.expect(201);
        let made = house
            .main
            .get(&format!("/requests?client_id={client}"))
            .await
            .expect(200);
        requests.push(made.text("/items/0/id").to_owned());
    }
    for ((reach, count), state) in REACHES.into_iter().zip(SEEN).zip(["done", "new", "done", "new"]) {
        house.allow(&[("clients:read", reach)]).await;
        let mut stream = Stream::open(house.ivan.request(Method::GET, "/events")).await;
        for request in requests.iter().rev() {
            let path = format!("/requests/{request}");
            house.main.patch(&path, json!({ "state": state })).await.expect(200);
        }
        let mut told = BTreeSet::new();
        // one's own was the last
        while !told.contains(&requests[0]) {
            let event = stream.until("request.changed").await;
            told.insert(event.data["request_id"].as_str().unwrap().to_owned());
        }
        assert_eq!(told, first(count, &requests), "{reach}");
    }
    house.allow(&[("settings:read", "any"), ("calls:read", "own")]).await;
    let mut stream = Stream::open(house.ivan.request(Method::GET, "/events")).await;
    let request = json!({ "name": "Visitor", "number": "+79160000000", "kind": "form" });
    visitor.post(&path, request).await.expect(201);
    let call = house
        .office
        .call(50)
        .inbound("+79165556677")
        .to(&house.people[0])
        .live();
    let next = stream.next().await;
    assert_eq!(
        (&*next.name, &next.data["call"]["id"]),
        ("call.created", &json!(call.to_string()))
    );
}

#[tokio::test]
async fn the_names_of_all_events_are_described() {
    let office = Office::open().await;
    let document = office.nobody().get("/openapi.json").await.expect(200).body;
    let described = document["paths"]["/api/v1/events"]["get"]["description"]
        .as_str()
        .unwrap();
    for name in [
        "request.created",
        "request.changed",
        "call.queued",
        "call.transferred",
        "menu.changed",
    ] {
        assert!(described.contains(&format!("`{name}`")), "{name}: {described}");
    }
}
