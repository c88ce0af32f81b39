//! Rights that are given and taken while people work, on the running daemon: their sessions, their open event streams and
//! the calls on their phones meanwhile.

use std::time::Duration;

use frontdesk_tests::house::{House, PASSWORD, alone, id, visit};
use frontdesk_tests::office::{Caller, Stream};
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::{WirePhone, sdp};
use reqwest::Method;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

async fn give(house: &House, member: &Value, roles: Value) {
    let path = format!("/staff/{}/roles", id(member));
    house.main.put(&path, json!({ "roles": roles })).await.expect(200);
}

async fn stream(session: &Caller) -> Stream {
    Stream::open(session.request(Method::GET, "/events")).await
}

/// Somebody else's two phones, the second of which has this number.
async fn phones(house: &House) -> ([WirePhone; 2], String) {
    let short = house.short();
    let (anna, boris) = (
        house.hire(json!({ "short_number": house.short() })).await,
        house.hire(json!({ "short_number": short })).await,
    );
    let mut both = [house.phone(&anna).await, house.phone(&boris).await];
    for phone in &mut both {
        phone.register().await.unwrap();
    }
    (both, short)
}

/// The two talk; `meanwhile` is done before they end.
async fn talk([caller, callee]: &mut [WirePhone; 2], number: &str, meanwhile: impl AsyncFnOnce()) {
    let offer = sdp(42_000);
    let talks = async {
        let answer = caller.dial(number, &offer).await.unwrap();
        assert_eq!(answer.status(), Some(200));
        meanwhile().await;
        caller.hang_up(&answer).await.unwrap();
    };
    let ((), answered) = tokio::join!(talks, callee.answers());
    answered.unwrap();
}

/// Names of what a stream has told by now: up to a change that everybody hears of.
async fn told(house: &House, stream: &mut Stream) -> Vec<String> {
    let mark = json!({ "name": format!("Group {}", house.short()) });
    let mark = house.main.post("/groups", mark).await.expect(201).body;
    let mut names = Vec::new();
    loop {
        let next = stream.next().await;
        if next.name == "group.changed" && next.data.to_string().contains(id(&mark)) {
            return names;
        }
        names.push(next.name);
    }
}

/// Waits until so many calls are in the records.
async fn are_over(house: &House, count: usize) {
    let over = async || {
        let calls = house.main.get("/calls").await.body;
        let calls = calls["items"].as_array()?.iter();
        (calls.filter(|call| call["ended_at"].is_string()).count() == count).then_some(())
    };
    eventually("the calls in the records", PATIENCE, over).await.unwrap();
}

fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|told| told == name)
}

/// Row K17.
#[test]
fn k17_a_role_lets_somebody_in_and_taking_it_away_ends_session_and_stream_at_once() {
    visit(async |house| {
        let short = house.short();
        let fields = json!({ "login": format!("login-{short}"), "password": PASSWORD, "short_number": short });
        let member = house.hire(fields).await;
        let mut phone = house.phone(&member).await;
        phone.register().await.unwrap();
        assert_eq!(member["system_status"], "no_access");
        let login = json!({ "login": member["effective_login"], "password": PASSWORD });
        let nobody = Caller::at(&house.daemon.base());
        nobody.post("/login", login.clone()).await.expect(401);
        give(house, &member, json!(["employee"])).await;
        assert_eq!(house.member(&member).await["system_status"], "offline");
        let session = house.log_in(&member, PASSWORD).await;
        session.get("/clients").await.expect(200);
        let open = stream(&session).await;
        assert_eq!(house.member(&member).await["system_status"], "online");
        give(house, &member, json!([])).await;
        session.get("/me").await.expect(401);
        assert!(open.ended().await);
        nobody.post("/login", login).await.expect(401);
        let now = house.member(&member).await;
        assert_eq!(
            (&now["system_status"], &now["sip_status"]),
            (&json!("no_access"), &json!("online"))
        );
    });
}

/// Row B3: from a role that is given, changed and taken away, in one session.
#[test]
fn b3_a_role_and_its_change_take_effect_in_an_open_session_and_an_open_stream() {
    alone(async |house| {
        let (ivan, member) = house.log_in_new(json!({ "role": "employee" })).await;
        let (mut phones, number) = phones(house).await;
        let mut open = stream(&ivan).await;
        ivan.get("/calls").await.expect(403);
        let rights = json!({ "name": "Listener", "rights": [{ "right": "calls:read" }] });
        let listener = house.main.post("/roles", rights).await.expect(201).body;
        talk(&mut phones, &number, async || {
            let before = told(house, &mut open).await;
            assert!(!has(&before, "call.created"), "{before:?}");
            give(house, &member, json!(["employee", id(&listener)])).await;
            ivan.get("/calls/live").await.expect(200);
        })
        .await;
        open.until("call.ended").await;
        talk(&mut phones, &number, async || {
            open.until("call.answered").await;
            let reader = json!({ "rights": [{ "right": "audit:read" }] });
            let path = format!("/roles/{}", id(&listener));
            house.main.patch(&path, reader).await.expect(200);
            ivan.get("/calls/live").await.expect(403);
            ivan.get("/audit").await.expect(200);
        })
        .await;
        are_over(house, 2).await;
        let after = told(house, &mut open).await;
        assert!(!has(&after, "call.ended"), "{after:?}");
        give(house, &member, json!(["employee"])).await;
        ivan.get("/audit").await.expect(403);
    });
}

/// Row B2.
#[test]
fn b2_members_of_a_group_hear_of_calls_as_long_as_they_are_its_members() {
    alone(async |house| {
        let (ivan, member) = house.log_in_new(json!({ "role": "employee" })).await;
        let (mut phones, number) = phones(house).await;
        let group = json!({ "name": "Shift", "roles": ["supervisor"] });
        let group = house.main.post("/groups", group).await.expect(201).body;
        let path = format!("/groups/{}", id(&group));
        let mut open = stream(&ivan).await;
        talk(&mut phones, &number, async || {
            ivan.get("/calls/live").await.expect(403);
            let before = told(house, &mut open).await;
            assert!(!has(&before, "call.created"), "{before:?}");
            let joined = json!({ "members": [id(&member)] });
            house.main.patch(&path, joined).await.expect(200);
            ivan.get("/calls/live").await.expect(200);
        })
        .await;
        open.until("call.ended").await;
        talk(&mut phones, &number, async || {
            open.until("call.answered").await;
            house.main.patch(&path, json!({ "members": [] })).await.expect(200);
            ivan.get("/calls/live").await.expect(403);
        })
        .await;
        are_over(house, 2).await;
        let after = told(house, &mut open).await;
        assert!(!has(&after, "call.ended"), "{after:?}");
    });
}

/// Rows L51, L52.
#[test]
fn l51_l52_a_section_opens_in_its_project_alone_and_what_all_share_opens_everywhere() {
    visit(async |house| {
        let here = house.main.get("/me").await.body["project"]["project_id"].clone();
        let second = json!({ "name": format!("Shop {}", house.short()) });
        let second = house.main.post("/projects", second).await.expect(201).body["id"].clone();
        let (session, member) = house.log_in_new(json!({ "role": "employee" })).await;
        let path = format!("/staff/{}/projects", id(&member));
        let part = |project: &Value, sections: Value| json!({ "project_id": project, "sections": sections });
        let parts = json!({ "projects": [part(&here, json!(["clients"])), part(&second, json!([]))] });
        house.main.put(&path, parts).await.expect(200);
        for (project, status) in [(&here, 200), (&second, 403), (&here, 200)] {
            let moved = json!({ "project_id": project });
            session.put("/me/project", moved).await.expect(200);
            session.get("/clients").await.expect(status);
            session.get("//clients").await.expect(status);
            session.get("/staff").await.expect(200);
            session.get("//staff").await.expect(200);
        }
        for common in ["balance", "telephony", "staff", "site_builder"] {
            let parts = json!({ "projects": [part(&here, json!([common]))] });
            let refused = house.main.put(&path, parts).await.expect(422);
            assert_eq!(refused.faults(), ["projects[0].sections[0] common"]);
        }
        session.get("/clients").await.expect(200);
    });
}
