//! Sites, what their visitors ask for, and the calls that follow.

use std::sync::Arc;

use frontdesk::callbacks::Caller as Callbacks;
use frontdesk::engine::input::{First, OperatorCommand, Originate};
use frontdesk_routing::because::Ordered;
use frontdesk_tests::office::{Answer, Caller, Office};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};

const ORIGIN: &str = "https://shop.example";

struct Shop {
    office: Office,
    main: Caller,
    key: String,
    site: String,
    me: String,
}

/// A site whose visitors are called by the main account.
async fn shop(more: Value) -> Shop {
    let office = Office::open().await;
    let main = office.main().await;
    let me = main.get("/me").await.text("/id").to_owned();
    let mut body = json!({ "name": "Shop", "origins": [ORIGIN], "staff_id": me });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let site = main.post("/sites", body).await.expect(201);
    Shop {
        key: site.text("/key").to_owned(),
        site: site.text("/id").to_owned(),
        office,
        main,
        me,
    }
}

impl Shop {
    fn visitor(&self) -> Caller {
        self.office.nobody().with("origin", ORIGIN)
    }

    async fn asks(&self, body: Value) -> Answer {
        let path = format!("/widget/{}/requests", self.key);
        self.visitor().post(&path, body).await
    }

    async fn requests(&self) -> Vec<Value> {
        let list = self.main.get("/requests").await.expect(200);
        list.body["items"].as_array().unwrap().clone()
    }

    /// What the task of the daemon does once, and what it tells the engine.
    async fn turn(&self) -> Vec<Originate> {
        let (operator, mut commands) = mpsc::channel(16);
        let callbacks = Callbacks {
            db: self.office.db.clone(),
            live: Arc::clone(&self.office.live),
            operator,
            clock: self.office.clock.clone(),
            news: Arc::new(Notify::new()),
        };
        callbacks.turn().await.unwrap();
        drop(callbacks);
        let mut orders = Vec::new();
        while let Some(command) = commands.recv().await {
            if let OperatorCommand::Originate(order) = command {
                orders.push(*order);
            }
        }
        orders
    }
}

fn olga() -> Value {
    json!({ "name": "Ольга", "number": "8 (916) 123-45-67", "subject": "Доставка", "page": "https://shop.example/cart" })
}

/// B35, B37: the request is kept with its site and subject, and a client is made who came by the site.
#[tokio::test]
async fn b35_a_request_makes_a_client_with_its_source() {
    let shop = shop(json!({})).await;
    let answer = shop.asks(olga()).await.expect(201);
    assert!(answer.body["call_at"].is_string(), "open at any time: at once");
    assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
    let requests = shop.requests().await;
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    for (field, expected) in [
        ("kind", "callback"),
        ("state", "new"),
        ("number", "+79161234567"),
        ("subject", "Доставка"),
        ("site_name", "Shop"),
        ("page", "https://shop.example/cart"),
    ] {
        assert_eq!(request[field], expected, "{field}");
    }
    let client = format!("/clients/{}", request["client_id"].as_str().unwrap());
    let client = shop.main.get(&client).await.expect(200);
    assert_eq!(client.text("/name"), "Ольга");
    assert_eq!(client.text("/source/site_id"), shop.site);
    assert_eq!(client.text("/source/name"), "Shop");
    shop.asks(json!({ "name": "Olga again", "number": "+7 916 1234567", "kind": "form" }))
        .await
        .expect(201);
    let requests = shop.requests().await;
    assert_eq!(
        requests[0]["client_id"], requests[1]["client_id"],
        "one client of one number"
    );
    let audit = shop.main.get("/audit?entity=request").await.expect(200);
    assert_eq!(audit.body["items"].as_array().unwrap().len(), 2);
}

/// B38: however often one form is sent, it is one request.
#[tokio::test]
async fn b38_the_same_key_again_is_the_same_request() {
    let shop = shop(json!({})).await;
    for _ in 0..2 {
        let mut body = olga();
        body["key"] = "abc".into();
        shop.asks(body).await.expect(201);
    }
    assert_eq!(shop.requests().await.len(), 1);
}

#[tokio::test]
async fn b37_what_is_missing_or_wrong_is_named_and_nothing_is_kept() {
    let shop = shop(json!({})).await;
    for (body, faults) in [
        (json!({}), vec!["name required", "number required"]),
        (json!({ "name": "A", "number": "12" }), vec!["number invalid"]),
        (
            json!({ "name": "A", "number": "+79161234567", "kind": "x" }),
            vec!["kind invalid"],
        ),
        (
            json!({ "name": "A", "number": "+79161234567", "spam": 1 }),
            vec!["spam unknown"],
        ),
        (json!({ "name": "A", "call_at": "soon" }), vec!["call_at invalid"]),
    ] {
        let refused = shop.asks(body.clone()).await.expect(422);
        assert_eq!(refused.faults(), faults, "{body}");
        assert_eq!(
            refused.header("access-control-allow-origin"),
            ORIGIN,
            "the page may read why"
        );
    }
    assert!(shop.requests().await.is_empty());
}

#[tokio::test]
async fn a_body_without_end_is_refused() {
    let shop = shop(json!({})).await;
    shop.asks(json!({ "name": "x".repeat(17 * 1024) })).await.expect(413);
}

/// What programs fill in that fill in everything is thrown away, and they are not told.
#[tokio::test]
async fn a_filled_trap_leaves_nothing() {
    let shop = shop(json!({})).await;
    let mut body = olga();
    body["website"] = "http://spam.example".into();
    shop.asks(body).await.expect(201);
    assert!(shop.requests().await.is_empty());
}

#[tokio::test]
async fn only_pages_of_the_sites_origins_may_ask() {
    let shop = shop(json!({})).await;
    let path = format!("/widget/{}/requests", shop.key);
    let nobody = shop.office.nobody();
    nobody.post(&path, olga()).await.expect(403);
    let other = nobody.clone().with("origin", "https://evil.example");
    let refused = other.post(&path, olga()).await.expect(403);
    assert_eq!(refused.header("access-control-allow-origin"), "");
    shop.visitor()
        .post("/widget/nosuchkey/requests", olga())
        .await
        .expect(404);
    let asked = shop
        .visitor()
        .send(reqwest::Method::OPTIONS, &path, None)
        .await
        .expect(204);
    assert_eq!(asked.header("access-control-allow-origin"), ORIGIN);
    assert_eq!(asked.header("access-control-allow-headers"), "content-type");
    other.send(reqwest::Method::OPTIONS, &path, None).await.expect(403);
    let site = format!("/sites/{}", shop.site);
    shop.main.patch(&site, json!({ "enabled": false })).await.expect(200);
    shop.asks(olga()).await.expect(404);
}

#[tokio::test]
async fn a_source_and_a_site_ask_so_often_and_no_more() {
    let shop = shop(json!({ "per_source": 2, "per_site": 3 })).await;
    for _ in 0..2 {
        shop.asks(olga()).await.expect(201);
    }
    let refused = shop.asks(olga()).await.expect(429);
    assert_eq!(refused.header("retry-after"), "600");
    let path = format!("/widget/{}/requests", shop.key);
    let elsewhere = |address: &str| shop.visitor().with("x-forwarded-for", address);
    elsewhere("192.0.2.1").post(&path, olga()).await.expect(201);
    elsewhere("192.0.2.2").post(&path, olga()).await.expect(429);
}

/// L61, L37: the staff member is rung first, by the widget's rule of the shown number; a conversation ends it.
#[tokio::test]
async fn l61_a_request_is_called_until_somebody_has_talked_to_the_visitor() {
    let shop = shop(json!({})).await;
    shop.asks(olga()).await.expect(201);
    let orders = shop.turn().await;
    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0].first, First::Staff(shop.me.parse().unwrap()));
    assert_eq!(
        (orders[0].to.as_str(), orders[0].kind),
        ("+79161234567", Ordered::Widget)
    );
    assert!(shop.turn().await.is_empty(), "begun once");
    let request = shop.requests().await.remove(0);
    assert_eq!(request["call_id"], orders[0].call.to_string());
    // no record of the call comes: it is tried again, three times in all
    for attempt in 2..=3 {
        shop.office.clock.advance(3 * 60_000);
        assert!(shop.turn().await.is_empty());
        shop.office.clock.advance(5 * 60_000);
        assert_eq!(shop.turn().await.len(), 1, "attempt {attempt}");
    }
    shop.office.clock.advance(3 * 60_000);
    shop.turn().await;
    assert_eq!(shop.requests().await[0]["state"], "missed");
}

/// A person who talks already is not rung.
#[tokio::test]
async fn a_person_who_talks_is_waited_for() {
    let shop = shop(json!({})).await;
    shop.office.call(1).live();
    shop.asks(olga()).await.expect(201);
    assert!(shop.turn().await.is_empty());
    let request = shop.requests().await.remove(0);
    assert_eq!(
        (request["state"].as_str(), request["attempts"].as_u64()),
        (Some("new"), Some(0))
    );
}

/// L20: whoever takes no calls of clients now is not rung for a visitor, and no attempt is lost; the next look finds them
/// at work again. Their own hours count beside the site's.
#[tokio::test]
async fn l20_a_person_who_does_not_work_is_waited_for() {
    let shop = shop(json!({})).await;
    let own = format!("/staff/{}", shop.me);
    let project = shop.main.get("/projects").await.expect(200);
    let project = project.text("/items/0/id").to_owned();
    let takes = |calls: bool| json!({ "projects": [{ "project_id": project, "receives_calls": calls }] });
    shop.asks(olga()).await.expect(201);
    let (toggle, apart, dnd) = ("reception", "projects", "forwarding");
    for (what, off, on) in [
        (toggle, json!({ "receiving": false }), json!({ "receiving": true })),
        (apart, takes(false), takes(true)),
        (dnd, json!({ "dnd": true }), json!({})),
    ] {
        let path = format!("{own}/{what}");
        let set = async |body: Value| match what {
            "reception" => shop.main.patch(&path, body).await.expect(200),
            _ => shop.main.put(&path, body).await.expect(200),
        };
        set(off).await;
        assert!(shop.turn().await.is_empty(), "{what}");
        let request = shop.requests().await.remove(0);
        assert_eq!(
            (request["state"].as_str(), request["attempts"].as_u64()),
            (Some("new"), Some(0))
        );
        set(on).await;
        shop.office.clock.advance(5 * 60_000);
    }
    let hours = json!({ "name": "Late", "time_zone": "Europe/Moscow", "week": { "wed": ["15:00-18:00"] } });
    let hours = shop.main.post("/schedules", hours).await.expect(201);
    let late = json!({ "schedule_id": hours.text("/id") });
    shop.main.patch(&format!("{own}/reception"), late).await.expect(200);
    assert!(shop.turn().await.is_empty(), "not yet 15:00");
    shop.office.clock.advance(60 * 60_000);
    assert_eq!(shop.turn().await.len(), 1);
}

/// A call that was due while nothing ran is made up for while that makes sense.
#[tokio::test]
async fn a_call_that_is_late_is_made_up_for_or_missed() {
    for (late_ms, called, state) in [(20 * 60_000, 1, "new"), (40 * 60_000, 0, "missed")] {
        let shop = shop(json!({})).await;
        shop.asks(olga()).await.expect(201);
        shop.office.clock.advance(late_ms);
        assert_eq!(shop.turn().await.len(), called);
        assert_eq!(shop.requests().await[0]["state"], state);
    }
}

/// NOON is a Wednesday, 14:06 in Moscow.
#[tokio::test]
async fn calls_keep_to_the_hours() {
    let shop = shop(json!({})).await;
    let hours = json!({ "name": "Late", "time_zone": "Europe/Moscow", "week": { "wed": ["15:00-18:00"], "thu": [] } });
    let hours = shop.main.post("/schedules", hours).await.expect(201);
    let site = format!("/sites/{}", shop.site);
    let schedule = json!({ "schedule_id": hours.text("/id") });
    shop.main.patch(&site, schedule.clone()).await.expect(200);
    let used = format!("/schedules/{}", hours.text("/id"));
    // the office's plan learns of schedules when one that is used is changed
    shop.main.patch(&used, json!({ "name": "Later" })).await.expect(200);
    let config = shop.visitor().get(&format!("/widget/{}", shop.key)).await.expect(200);
    assert_eq!(config.body["open"], false);
    assert_eq!(config.text("/times/0"), "2026-11-18T12:00:00.000Z");
    assert_eq!(
        config.body["times"].as_array().unwrap().len(),
        6,
        "half hours of one afternoon"
    );
    let answer = shop.asks(olga()).await.expect(201);
    assert_eq!(answer.text("/call_at"), "2026-11-18T12:00:00.000Z", "at the opening");
    assert!(shop.turn().await.is_empty());
    let mut body = olga();
    body["call_at"] = "2026-11-18T11:30:00Z".into();
    assert_eq!(shop.asks(body.clone()).await.expect(422).faults(), ["call_at closed"]);
    body["call_at"] = "2026-11-18T13:00:00Z".into();
    let answer = shop.asks(body).await.expect(201);
    assert_eq!(answer.text("/call_at"), "2026-11-18T13:00:00.000Z");
    shop.office.clock.advance(60 * 60_000);
    assert_eq!(shop.turn().await.len(), 1, "the first of the two");
    shop.main.delete(&used).await.expect(409);
}

/// A form calls where the site wants it so; a person who is done ends it; somebody may call by hand.
#[tokio::test]
async fn people_take_a_request_over() {
    let shop = shop(json!({ "forms_call": false })).await;
    let mut body = olga();
    body["kind"] = "form".into();
    let answer = shop.asks(body).await.expect(201);
    assert!(answer.body["call_at"].is_null());
    assert!(shop.turn().await.is_empty());
    let id = shop.requests().await[0]["id"].as_str().unwrap().to_owned();
    let me = shop.main.get("/me").await;
    shop.office.phone(&me.body, true);
    let ordered = shop.main.post("/calls", json!({ "request_id": id })).await.expect(202);
    let request = shop.main.get(&format!("/requests/{id}")).await.expect(200);
    assert_eq!(request.text("/call_id"), ordered.text("/call_id"));
    let done = shop
        .main
        .patch(&format!("/requests/{id}"), json!({ "state": "done" }))
        .await
        .expect(200);
    assert_eq!(done.text("/state"), "done");
    let refused = shop
        .main
        .patch(&format!("/requests/{id}"), json!({ "state": "called" }))
        .await
        .expect(422);
    assert_eq!(refused.faults(), ["state invalid"]);
    let list = shop.main.get("/requests?state=done").await.expect(200);
    assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
}

/// L43: who may not see numbers sees none here either.
#[tokio::test]
async fn numbers_of_visitors_are_hidden_from_whom_numbers_are_hidden() {
    let shop = shop(json!({})).await;
    let mut body = olga();
    body["comment"] = "Мой второй номер 8 916 765-43-21".into();
    shop.asks(body).await.expect(201);
    let new = json!({ "given_name": "Olga", "login": "olga", "password": "correct horse", "role": "employee",
                      "hide_client_number": true });
    let (hidden, _) = shop.office.log_in_new(&shop.main, new).await;
    let list = hidden.get("/requests").await.expect(200);
    let text = list.body.to_string();
    assert!(!text.contains("1234567") && !text.contains("765-43-21"), "{text}");
}

#[tokio::test]
async fn a_site_that_makes_no_sense_says_why_and_strangers_do_not_find_it() {
    let shop = shop(json!({})).await;
    let refused = shop.main.post("/sites", json!({ "per_source": 0 })).await.expect(422);
    assert_eq!(
        refused.faults(),
        [
            "name required",
            "origins required",
            "department_id required",
            "per_source invalid"
        ]
    );
    let stranger = shop.office.another_company().await;
    let theirs = json!({ "name": "S", "origins": ["https://a.example/x"], "department_id": stranger.department });
    assert_eq!(
        shop.main.post("/sites", theirs).await.expect(422).faults(),
        ["origins[0] invalid"]
    );
    let theirs = json!({ "name": "S", "origins": [ORIGIN], "department_id": stranger.department });
    assert_eq!(
        shop.main.post("/sites", theirs).await.expect(422).faults(),
        ["department_id unknown"]
    );
    let site = format!("/sites/{}", shop.site);
    shop.main
        .clone()
        .with("if-match", "\"7\"")
        .delete(&site)
        .await
        .expect(412);
    shop.main.delete(&site).await.expect(204);
    shop.main.get(&site).await.expect(404);
    shop.asks(olga()).await.expect(404);
}

#[tokio::test]
async fn the_script_may_be_loaded_from_anywhere() {
    let shop = shop(json!({})).await;
    let script = shop.office.nobody().get("//widget.js").await.expect(200);
    assert_eq!(script.header("cross-origin-resource-policy"), "cross-origin");
    assert!(script.header("content-type").starts_with("text/javascript"));
    let page = shop.office.nobody().get("//static/style.css").await.expect(200);
    assert_eq!(page.header("cross-origin-resource-policy"), "same-origin");
}
