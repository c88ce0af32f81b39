//! Leads and deals on the running daemon: who is given them, who sees them, and when the next step is due.

use std::time::Duration;

use frontdesk_sip::flow::Transport;
use frontdesk_tests::house::{House, PASSWORD, alone, id, visit};
use frontdesk_tests::office::Caller;
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::{WirePhone, sdp};
use reqwest::header::ORIGIN;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(10);
const SHOP: &str = "https://shop.example";

/// RFC 3339, so many seconds from now.
fn moment(seconds: i64) -> String {
    let now = jiff::Timestamp::now();
    now.checked_add(jiff::SignedDuration::from_secs(seconds))
        .unwrap()
        .to_string()
}

async fn deal(house: &House, mut fields: Value) -> Value {
    if fields["client_id"].is_null() {
        fields["client_id"] = house.client(json!({})).await["id"].clone();
    }
    if fields["title"].is_null() {
        fields["title"] = json!("Windows");
    }
    house.main.post("/deals", fields).await.expect(201).body
}

fn path(deal: &Value) -> String {
    format!("/deals/{}", id(deal))
}

async fn ids(caller: &Caller, query: &str) -> Vec<String> {
    let list = caller.get(&format!("/deals?limit=500&{query}")).await.expect(200);
    let items = list.body["items"].as_array().unwrap();
    items.iter().map(|deal| id(deal).to_owned()).collect()
}

/// A role with these rights, and somebody who has it.
async fn with_rights(house: &House, rights: Value) -> (Caller, Value) {
    let role = json!({ "name": format!("Role {}", house.short()), "rights": rights });
    let role = house.main.post("/roles", role).await.expect(201).body;
    house.log_in_new(json!({ "role": role["id"] })).await
}

/// A site whose requests go to a department of a new project; the project and the site's key.
async fn site(house: &House) -> (String, String, String) {
    let project = json!({ "name": format!("Project {}", house.short()) });
    let project = house.main.post("/projects", project).await.expect(201).body;
    let department = json!({ "name": format!("Sales {}", house.short()), "short_number": house.short() });
    let department = house.main.post("/departments", department).await.expect(201).body;
    let reception = format!("/departments/{}/reception", id(&department));
    let there = json!({ "project_id": project["id"] });
    house.main.patch(&reception, there).await.expect(200);
    let site = json!({ "name": "Shop", "origins": [SHOP], "department_id": department["id"], "forms_call": false });
    let site = house.main.post("/sites", site).await.expect(201);
    let key = site.text("/key").to_owned();
    (id(&project).to_owned(), id(&department).to_owned(), key)
}

/// A visitor of the site sends the form; the lead that it becomes.
async fn visitor(house: &House, key: &str) -> Value {
    let number = house.number();
    let form = json!({ "kind": "form", "name": "Olga", "number": number, "subject": "Red chair" });
    let page = house.main.clone().without("cookie").with(ORIGIN.as_str(), SHOP);
    let sent = page.post(&format!("/widget/{key}/requests"), form).await;
    sent.expect(201);
    let list = house.main.get("/deals?kind=lead&limit=500").await.expect(200);
    let items = list.body["items"].as_array().unwrap();
    let lead = items.iter().find(|lead| lead["number"] == number.as_str());
    lead.unwrap_or_else(|| panic!("no lead of {number}")).clone()
}

/// What somebody takes in a project, and nowhere else.
async fn takes(house: &House, member: &Value, (project, calls, leads): (&str, bool, bool)) {
    let part = json!({ "project_id": project, "receives_calls": calls, "receives_leads": leads });
    let parts = json!({ "projects": [part] });
    house
        .main
        .put(&format!("/staff/{}/projects", id(member)), parts)
        .await
        .expect(200);
}

#[test]
fn b35_a_form_of_the_site_becomes_a_lead_with_its_source() {
    visit(async |house| {
        let (_, _, key) = site(house).await;
        let lead = visitor(house, &key).await;
        assert_eq!(
            (&lead["title"], &lead["source"]["name"]),
            (&json!("Red chair"), &json!("Shop"))
        );
        assert_eq!(lead["client_name"], "Olga");
        assert!(lead["request_id"].is_string());
    });
}

/// Rows L18, L53.
#[test]
fn l18_l53_calls_on_and_leads_off_brings_the_call_only() {
    visit(async |house| {
        let (project, department, key) = site(house).await;
        let hire = async || {
            let fields = json!({ "short_number": house.short(), "login": format!("l{}", house.short()),
                "password": PASSWORD, "role": "employee" });
            house.hire(fields).await
        };
        let (caller, other) = (hire().await, hire().await);
        takes(house, &caller, (&project, true, false)).await;
        takes(house, &other, (&project, false, true)).await;
        let mut phone = house.phone(&caller).await;
        phone.register().await.unwrap();
        let members = json!({ "members": [id(&caller), id(&other)] });
        house
            .main
            .patch(&format!("/departments/{department}"), members)
            .await
            .expect(200);
        let lead = visitor(house, &key).await;
        assert_eq!(lead["staff_id"], other["id"], "the lead is another's");
        let number = house.number();
        let connected = json!({ "number": number, "department_id": department });
        let connected = house.main.post("/numbers", connected).await.expect(201);
        let there = format!("/numbers/{}/reception", connected.text("/id"));
        house
            .main
            .patch(&there, json!({ "project_id": project }))
            .await
            .expect(200);
        let line = json!({ "name": format!("In {number}") });
        let line = house.main.post("/trunks", line).await.expect(201);
        let mut gateway = house.wire_phone(Transport::Udp, &line.body["sip"]).await;
        let (answered, invite) = tokio::join!(calls(&mut gateway, &number), phone.answers());
        assert_eq!((answered, invite.is_ok()), (Some(200), true), "the call rings");
        let off = json!({ "receiving": false });
        house
            .main
            .patch(&format!("/staff/{}/reception", id(&other)), off)
            .await
            .expect(200);
        assert_eq!(
            visitor(house, &key).await["staff_id"],
            Value::Null,
            "L20: nobody takes leads"
        );
        takes(house, &caller, (&project, true, true)).await;
        assert_eq!(
            visitor(house, &key).await["staff_id"],
            caller["id"],
            "from the next one on"
        );
    });
}

async fn calls(gateway: &mut WirePhone, number: &str) -> Option<u16> {
    let to = format!("sip:{number}@pbx.example");
    let headers = "P-Asserted-Identity: <sip:+79161234567@pbx.example>\r\nContent-Type: application/sdp\r\n";
    let answer = gateway.ask("INVITE", &to, (headers, &sdp(42_000))).await.ok()?;
    if answer.status() == Some(200) {
        gateway.hang_up(&answer).await.ok()?;
    }
    answer.status()
}

/// Row L57.
#[test]
fn l57_own_unprocessed_leads_alone_are_listed_until_they_are_processed() {
    visit(async |house| {
        let rights = json!([{ "right": "deals:read" }, { "right": "deals:write", "reach": "own" }, { "right": "leads:omit_reason" }]);
        let (anna, member) = with_rights(house, rights).await;
        let of = |seconds: i64| json!({ "staff_id": member["id"], "step_at": moment(seconds) });
        let late = deal(house, of(-60)).await;
        let planned = deal(house, of(3_600)).await;
        let fresh = deal(house, json!({ "staff_id": null })).await;
        assert_eq!(ids(&anna, "kind=lead").await, [id(&late)]);
        anna.get(&path(&fresh)).await.expect(404);
        assert!(
            ids(&house.main, "kind=lead").await.len() >= 3,
            "with the right all of them"
        );
        let later = json!({ "step_at": moment(3_600) });
        anna.patch(&path(&late), later).await.expect(200);
        let all = ids(&anna, "kind=lead").await;
        assert!(
            [&late, &planned, &fresh]
                .iter()
                .all(|deal| all.iter().any(|known| known == id(deal)))
        );
        anna.get(&path(&fresh)).await.expect(200);
    });
}

/// Row L58.
#[test]
fn l58_a_lead_is_unprocessed_when_the_date_of_its_step_has_passed() {
    visit(async |house| {
        let (early, late) = (
            deal(house, json!({ "step_at": moment(-1) })).await,
            deal(house, json!({ "step_at": moment(1) })).await,
        );
        assert_eq!((&early["overdue"], &late["overdue"]), (&json!(true), &json!(false)));
        let passed = async || {
            let now = house.main.get(&path(&late)).await.expect(200).body;
            (now["overdue"] == true).then_some(())
        };
        eventually("the step to be overdue", PATIENCE, passed).await.unwrap();
        let overdue = ids(&house.main, "overdue=true&order=step_at").await;
        let place = |deal: &Value| overdue.iter().position(|known| known == id(deal)).unwrap();
        assert!(place(&early) < place(&late), "the most urgent first");
    });
}

/// Row L58.
#[test]
fn l58_a_time_of_day_is_one_of_the_companys_time_zone() {
    alone(async |house| {
        let zone = json!({ "time_zone": "Asia/Yekaterinburg" });
        house.main.patch("/account", zone).await.expect(200);
        let deal = deal(house, json!({ "step_at": "2030-06-01T12:00" })).await;
        assert_eq!(deal["step_at"], "2030-06-01T07:00:00.000Z");
    });
}

/// Row L59.
#[test]
fn l59_a_step_is_moved_with_a_reason_that_the_supervisor_reads() {
    visit(async |house| {
        let (specialist, member) = house.log_in_new(json!({ "role": "specialist" })).await;
        let (supervisor, _) = house.log_in_new(json!({ "role": "supervisor" })).await;
        let deal = deal(house, json!({ "staff_id": member["id"], "step_at": moment(60) })).await;
        let bare = json!({ "step_at": moment(3_600) });
        let refused = specialist.patch(&path(&deal), bare.clone()).await.expect(422);
        assert_eq!(refused.faults(), ["reason required"]);
        let mut because = bare;
        because["reason"] = json!("She is on holiday");
        specialist.patch(&path(&deal), because).await.expect(200);
        let history = supervisor.get(&format!("{}/history", path(&deal))).await.expect(200);
        assert_eq!(history.text("/items/0/reason"), "She is on holiday");
        assert_eq!(history.text("/items/0/author_id"), id(&member));
        let timeline = format!("/clients/{}/timeline", deal["client_id"].as_str().unwrap());
        let timeline = supervisor.get(&timeline).await.expect(200);
        assert_eq!(timeline.text("/items/0/deal/reason"), "She is on holiday");
        let again = json!({ "step_at": moment(7_200) });
        supervisor.patch(&path(&deal), again).await.expect(200);
    });
}

#[test]
fn l54_l60_a_colleagues_deals_are_seen_and_handed_over_with_the_right_only() {
    visit(async |house| {
        let (anna, mine) = house.log_in_new(json!({ "role": "specialist" })).await;
        let (boss, _) = house.log_in_new(json!({ "role": "supervisor" })).await;
        let boris = house.hire(json!({})).await;
        let other = deal(house, json!({ "staff_id": boris["id"] })).await;
        let own = deal(house, json!({ "staff_id": mine["id"] })).await;
        anna.get(&path(&other)).await.expect(404);
        assert_eq!(ids(&anna, "").await, [id(&own)]);
        anna.patch(&path(&other), json!({ "staff_id": mine["id"] }))
            .await
            .expect(404);
        anna.patch(&path(&own), json!({ "staff_id": boris["id"] }))
            .await
            .expect(403);
        anna.delete(&path(&own)).await.expect(403);
        boss.get(&path(&other)).await.expect(200);
        boss.patch(&path(&other), json!({ "staff_id": mine["id"] }))
            .await
            .expect(200);
        assert_eq!(ids(&anna, "").await.len(), 2, "from the next request on");
        let all = json!({ "from_staff_id": mine["id"], "to_staff_id": boris["id"] });
        assert_eq!(boss.post("/deals/hand-over", all).await.expect(200).body["deals"], 2);
        assert!(ids(&anna, "").await.is_empty());
        for (action, deal) in [("deal.handed_over", &other), ("deal.delete_refused", &own)] {
            let rows = format!("/audit?action={action}&entity_id={}", id(deal));
            assert!(
                !house.main.get(&rows).await.expect(200).body["items"]
                    .as_array()
                    .unwrap()
                    .is_empty()
            );
        }
    });
}

/// Row B34.
#[test]
fn b34_the_admin_reads_a_list_of_the_deals_that_have_no_next_step() {
    visit(async |house| {
        let kind = json!("deal");
        let bare = deal(house, json!({ "kind": kind })).await;
        let planned = deal(house, json!({ "kind": kind, "step_at": moment(60) })).await;
        let lost = deal(house, json!({ "kind": kind })).await;
        house
            .main
            .patch(&path(&lost), json!({ "stage": "lost" }))
            .await
            .expect(200);
        let list = ids(&house.main, "kind=deal&no_step=true").await;
        let listed = |deal: &Value| list.iter().any(|known| known == id(deal));
        assert!(listed(&bare) && !listed(&planned) && !listed(&lost));
    });
}

/// Row B31.
#[test]
fn b31_the_open_deals_of_whoever_has_left_are_handed_over_together() {
    visit(async |house| {
        let (gone, next) = (house.hire(json!({})).await, house.hire(json!({})).await);
        let deal = deal(house, json!({ "staff_id": gone["id"] })).await;
        house.main.delete(&format!("/staff/{}", id(&gone))).await.expect(204);
        let all = json!({ "from_staff_id": gone["id"], "to_staff_id": next["id"] });
        house.main.post("/deals/hand-over", all).await.expect(200);
        assert_eq!(house.main.get(&path(&deal)).await.text("/staff_id"), id(&next));
    });
}
