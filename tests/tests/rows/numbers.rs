//! Numbers that calls show, and what visitors of sites ask for, on the running daemon.

use frontdesk_tests::house::{House, alone, id, visit};
use frontdesk_tests::office::Caller;
use serde_json::{Value, json};

/// Rows L32, L38, L39.
#[test]
fn l32_l38_l39_only_connected_numbers_are_shown_and_one_that_is_shown_is_not_disconnected() {
    alone(async |house| {
        let main = &house.main;
        let anna = house.hire(json!({ "given_name": "Anna" })).await;
        let (anna, number) = (format!("/staff/{}", id(&anna)), house.number());
        let settings = [
            (anna.as_str(), "displayed_number"),
            (anna.as_str(), "emergency_number"),
            ("/account", "single_number"),
            ("/account", "emergency_number"),
        ];
        for (path, field) in settings {
            let refused = main.patch(path, json!({ field: number })).await.expect(422);
            assert_eq!(refused.faults(), [format!("{field} not_connected")]);
        }
        let me = main.get("/me").await.body["id"].clone();
        let connected = json!({ "number": number, "staff_id": me });
        let connected = main.post("/numbers", connected).await.expect(201).body;
        let listed = main.get("/numbers").await.expect(200).body;
        assert_eq!(listed["items"][0]["number"], number);
        let path = format!("/numbers/{}", id(&connected));
        for (of, field) in settings {
            let set = main.patch(of, json!({ field: number })).await.expect(200);
            assert_eq!(set.body[field], number);
            assert_eq!(main.delete(&path).await.expect(409).text("/code"), "in_use");
            main.patch(of, json!({ field: null })).await.expect(200);
        }
        main.delete(&path).await.expect(204);
    });
}

async fn site(house: &House) -> (Value, Caller) {
    let me = house.main.get("/me").await.body["id"].clone();
    let site =
        json!({ "name": format!("Shop {}", house.short()), "origins": ["https://shop.example"], "staff_id": me });
    let site = house.main.post("/sites", site).await.expect(201).body;
    let visitor = Caller::at(&house.daemon.base()).with("origin", "https://shop.example");
    (site, visitor)
}

async fn requests(house: &House, site: &Value) -> Vec<Value> {
    let all = house.main.get("/requests").await.expect(200).body;
    let all = all["items"].as_array().unwrap().iter();
    all.filter(|request| request["site_name"] == site["name"])
        .cloned()
        .collect()
}

#[test]
fn b37_b38_a_form_without_its_fields_keeps_nothing_and_one_that_is_sent_twice_is_one_request() {
    visit(async |house| {
        let (site, visitor) = site(house).await;
        let path = format!("/widget/{}/requests", site["key"].as_str().unwrap());
        let missing = visitor.post(&path, json!({ "kind": "form" })).await.expect(422);
        assert_eq!(missing.faults(), ["name required", "number required"]);
        assert!(requests(house, &site).await.is_empty());
        let form =
            json!({ "kind": "form", "name": "Olga", "number": house.number(), "subject": "Delivery", "key": "once" });
        for _ in 0..2 {
            visitor.post(&path, form.clone()).await.expect(201);
        }
        let kept = requests(house, &site).await;
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0]["subject"], "Delivery");
    });
}
