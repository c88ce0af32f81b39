//! The clients' phone book on the running daemon.

use std::time::Duration;

use frontdesk_sip::flow::Transport;
use frontdesk_sip::wire::HeaderName;
use frontdesk_tests::house::{House, alone, escaped, id, visit};
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::{WirePhone, sdp};
use serde_json::{Value, json};

async fn listed(house: &House, query: &str) -> Vec<Value> {
    let list = house.main.get(&format!("/clients?{query}")).await.expect(200);
    list.body["items"].as_array().unwrap().clone()
}

async fn faults(house: &House, body: Value) -> Vec<String> {
    house.main.post("/clients", body).await.expect(422).faults()
}

/// Rows V13, V16, V26.
#[test]
fn v13_v16_v26_the_list_has_status_number_name_company_position_and_manager() {
    visit(async |house| {
        let anna = house.hire(json!({})).await;
        let wanted = json!({ "vip": true, "number": house.number(), "name": "Ольга Лебедева", "company": "Север",
                             "position": "Директор", "manager_id": anna["id"] });
        house.client(wanted.clone()).await;
        let found = listed(house, &format!("manager_id={}", id(&anna))).await;
        let [row] = found.as_slice() else { panic!("{found:?}") };
        for (column, value) in wanted.as_object().unwrap() {
            assert_eq!(row[column], *value, "{column}");
        }
    });
}

/// Row V16.
#[test]
fn v16_the_list_is_ordered_by_numbers_both_ways() {
    alone(async |house| {
        for number in ["+49 30 901820", "9123456702", "+1 202 555 0123", "9123456701"] {
            house.client(json!({ "number": number })).await;
        }
        let numbers = async |query: &str| {
            let rows = listed(house, query).await;
            rows.iter()
                .map(|row| row["number"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let mut up = numbers("order=number&direction=asc").await;
        assert_eq!(up, ["+4930901820", "+12025550123", "+79123456701", "+79123456702"]);
        up.reverse();
        assert_eq!(numbers("order=number&direction=desc").await, up);
    });
}

/// Row V17.
#[test]
fn v17_a_client_is_found_by_number_names_and_a_part_of_the_company() {
    visit(async |house| {
        house
            .client(
                json!({ "number": "+7 931 222-33-44", "name": "Журавлёв Савелий", "company": "ЗАО «Полярный круг»" }),
            )
            .await;
        for search in ["журавлев", "САВЕЛИЙ", "полярный", "кру", "8 931 222", "222-33-44"] {
            let found = listed(house, &format!("search={}", escaped(search))).await;
            let names: Vec<&Value> = found.iter().map(|row| &row["name"]).collect();
            assert_eq!(names, ["Журавлёв Савелий"], "{search}");
        }
    });
}

/// Row V18.
#[test]
fn v18_a_saved_contact_is_in_the_list() {
    visit(async |house| {
        let body = json!({ "name": "New contact", "number": house.number() });
        let made = house.main.post("/clients", body).await.expect(201);
        assert_eq!(made.header("location"), format!("/api/v1/clients/{}", id(&made.body)));
        let found = listed(house, &format!("search={}", &made.text("/number")[2..])).await;
        assert_eq!((found.len(), id(&found[0])), (1, id(&made.body)));
    });
}

/// Row V19.
#[test]
fn v19_a_contact_without_a_number_is_refused() {
    visit(async |house| {
        for body in [json!({ "name": "A" }), json!({ "name": "A", "number": " " })] {
            assert_eq!(faults(house, body).await, ["number required"]);
        }
    });
}

/// Row V21.
#[test]
fn v21_a_contact_without_a_name_is_refused() {
    visit(async |house| {
        for name in [json!(null), json!(""), json!("  ")] {
            let body = json!({ "name": name, "number": house.number() });
            assert_eq!(faults(house, body).await, ["name required"]);
        }
    });
}

/// Row V24.
#[test]
fn v24_making_a_contact_vip_is_told_and_stands_in_the_audit() {
    visit(async |house| {
        let client = house.client(json!({})).await;
        let path = format!("/clients/{}", id(&client));
        let changed = house.main.patch(&path, json!({ "vip": true })).await.expect(200);
        assert_eq!(changed.body["vip"], true);
        let audit = house
            .main
            .get(&format!("/audit?entity_id={}", id(&client)))
            .await
            .expect(200)
            .body;
        let rows = audit["items"].as_array().unwrap();
        let row = rows.iter().find(|row| row["action"] == "client.updated").unwrap();
        assert_eq!(
            (&row["before"]["vip"], &row["after"]["vip"]),
            (&json!(false), &json!(true))
        );
    });
}

/// Row V27.
#[test]
fn v27_a_changed_contact_is_listed_as_it_is_now_and_an_old_version_changes_nothing() {
    visit(async |house| {
        let client = house.client(json!({})).await;
        let path = format!("/clients/{}", id(&client));
        let tag = house.main.get(&path).await.expect(200).header("etag").to_owned();
        let editor = house.main.clone().with("if-match", &tag);
        editor.patch(&path, json!({ "company": "North" })).await.expect(200);
        editor.patch(&path, json!({ "company": "South" })).await.expect(412);
        editor.delete(&path).await.expect(412);
        let found = listed(house, &format!("search={}", &client["number"].as_str().unwrap()[2..])).await;
        assert_eq!(found[0]["company"], "North");
    });
}

/// Rows V28, V29.
#[test]
fn v28_v29_a_deleted_contact_is_found_no_more() {
    visit(async |house| {
        let client = house.client(json!({ "name": "Vanishing" })).await;
        let path = format!("/clients/{}", id(&client));
        house.main.delete(&path).await.expect(204);
        house.main.get(&path).await.expect(404);
        assert_eq!(listed(house, "search=Vanishing").await, [] as [Value; 0]);
    });
}

/// Somebody who is reached by a number, and a line by which clients call it.
struct Called {
    phone: WirePhone,
    gateway: WirePhone,
    number: String,
}

async fn called(house: &House) -> Called {
    let number = house.number();
    let member = house.hire(json!({ "short_number": house.short() })).await;
    let mut phone = house.phone(&member).await;
    phone.register().await.unwrap();
    let connected = json!({ "number": number, "staff_id": member["id"] });
    house.main.post("/numbers", connected).await.expect(201);
    let line = house
        .main
        .post("/trunks", json!({ "name": format!("In {number}") }))
        .await
        .expect(201);
    Called {
        phone,
        gateway: house.wire_phone(Transport::Udp, &line.body["sip"]).await,
        number,
    }
}

impl Called {
    /// A call of this client; what the phone shows of the caller, and the call's record.
    async fn by(&mut self, house: &House, client: &str, nth: usize) -> (String, Value) {
        let to = format!("sip:{}@pbx.example", self.number);
        let headers = format!("P-Asserted-Identity: <sip:{client}@pbx.example>\r\nContent-Type: application/sdp\r\n");
        let call = async {
            let answer = self.gateway.ask("INVITE", &to, (&headers, &sdp(42_000))).await.unwrap();
            self.gateway.hang_up(&answer).await.unwrap();
        };
        let (_, invite) = tokio::join!(call, self.phone.answers());
        let invite = invite.unwrap();
        let from = invite.header(HeaderName::From).unwrap_or_default();
        let over = async || {
            let calls = house.main.get("/calls").await.body;
            let of = calls["items"]
                .as_array()?
                .iter()
                .filter(|call| call["called"] == self.number.as_str());
            let of: Vec<&Value> = of.filter(|call| call["ended_at"].is_string()).collect();
            (of.len() == nth).then(|| of[0].clone())
        };
        let record = eventually("the call in the history", Duration::from_secs(10), over)
            .await
            .unwrap();
        (String::from_utf8_lossy(from).into_owned(), record)
    }
}

/// Row V29.
#[test]
fn v29_calls_of_a_deleted_contact_match_nobody_and_past_calls_keep_the_number() {
    visit(async |house| {
        let mut called = called(house).await;
        let client = house.client(json!({ "name": "Departed" })).await;
        let number = client["number"].as_str().unwrap();
        let (shown, record) = called.by(house, number, 1).await;
        assert!(shown.contains("Departed"), "{shown}");
        assert_eq!(record["client_id"], client["id"]);
        house
            .main
            .delete(&format!("/clients/{}", id(&client)))
            .await
            .expect(204);
        let (shown, after) = called.by(house, number, 2).await;
        assert!(!shown.contains("Departed") && shown.contains(number), "{shown}");
        assert_eq!(after["client_id"], Value::Null);
        let past = house
            .main
            .get(&format!("/calls/{}", id(&record)))
            .await
            .expect(200)
            .body;
        assert_eq!(past["caller"]["number"], number);
        assert_eq!(past["caller"]["name"], "Departed");
    });
}

/// Row V29.
#[test]
fn v29_what_was_erased_of_a_contact_is_in_past_calls_no_more() {
    visit(async |house| {
        let mut called = called(house).await;
        let client = house.client(json!({ "name": "Forgotten" })).await;
        let number = client["number"].as_str().unwrap();
        let (_, record) = called.by(house, number, 1).await;
        let path = format!("/clients/{}/erase", id(&client));
        house.main.do_(&path).await.expect(204);
        for path in [
            format!("/calls/{}", id(&record)),
            "/calls".into(),
            "/audit".into(),
            "/clients".into(),
        ] {
            let told = house.main.get(&path).await.expect(200).body.to_string();
            assert!(
                !told.contains("Forgotten") && !told.contains(&number[2..]),
                "{path} {told}"
            );
        }
    });
}

/// Of the front desk's duties the part that is no price list: nothing here has prices.
/// Row K21.
#[test]
fn k21_the_front_desk_keeps_the_client_base_and_nobody_does_without_the_right() {
    visit(async |house| {
        let (desk, _) = house.log_in_new(json!({ "role": "receptionist" })).await;
        let (guest, _) = house.log_in_new(json!({ "role": "external" })).await;
        let client = json!({ "name": "Regular", "number": house.number() });
        guest.post("/clients", client.clone()).await.expect(403);
        let kept = desk.post("/clients", client).await.expect(201).body;
        let path = format!("/clients/{}", id(&kept));
        guest.patch(&path, json!({ "company": "Mine" })).await.expect(403);
        desk.patch(&path, json!({ "company": "Factory" })).await.expect(200);
        assert_eq!(house.main.get(&path).await.expect(200).body["company"], "Factory");
    });
}

/// Row B31.
#[test]
fn b31_the_history_of_a_client_outlives_the_manager_and_all_clients_are_handed_over_at_once() {
    visit(async |house| {
        let (gone, heir) = (house.hire(json!({})).await, house.hire(json!({})).await);
        let client = house.client(json!({ "manager_id": gone["id"] })).await;
        house.client(json!({ "manager_id": gone["id"] })).await;
        let timeline = format!("/clients/{}/timeline", id(&client));
        let note = json!({ "body": "Wants an offer" });
        house.main.post(&timeline, note).await.expect(201);
        house.main.delete(&format!("/staff/{}", id(&gone))).await.expect(204);
        let of = async |manager: &Value| {
            let list = house.main.get(&format!("/clients?manager_id={}", id(manager))).await;
            list.expect(200).body["filtered"].clone()
        };
        assert_eq!(of(&gone).await, 2);
        let told = house.main.get(&timeline).await.expect(200).body;
        assert_eq!(told["items"][0]["note"]["body"], "Wants an offer", "{told}");
        let all = json!({ "from_manager_id": gone["id"], "to_manager_id": heir["id"] });
        let moved = house.main.post("/clients/reassign", all).await.expect(200);
        assert_eq!(moved.body["clients"], 2);
        assert_eq!((of(&gone).await, of(&heir).await), (json!(0), json!(2)));
    });
}
