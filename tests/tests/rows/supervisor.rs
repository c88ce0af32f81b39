//! Who is told when something takes too long, as a staff record says it, on the running daemon.

use frontdesk_tests::house::{House, id, visit};
use serde_json::{Value, json};

async fn above(house: &House, member: &Value) -> Value {
    house.member(member).await["supervisor_id"].clone()
}

/// Row C18: the part of it that a staff record holds.
#[test]
fn c18_somebody_has_a_supervisor_and_circles_are_refused_by_the_field() {
    visit(async |house| {
        let main = &house.main;
        let chief = house.hire(json!({ "supervisor_id": null })).await;
        let head = house.hire(json!({ "supervisor_id": chief["id"] })).await;
        let clerk = house.hire(json!({ "supervisor_id": head["id"] })).await;
        assert_eq!(
            (&head["supervisor_id"], &chief["supervisor_id"]),
            (&chief["id"], &Value::Null)
        );
        let path = format!("/staff/{}", id(&chief));
        for (by, fault) in [
            (&chief["id"], "supervisor_id circle"),
            (&clerk["id"], "supervisor_id circle"),
            (&json!("01ARZ3NDEKTSV4RRFFQ69G5FAV"), "supervisor_id unknown"),
        ] {
            let refused = main.patch(&path, json!({ "supervisor_id": by })).await.expect(422);
            assert_eq!(refused.faults(), [fault]);
        }
        let unknown = json!({ "given_name": "A", "supervisor_id": "nobody" });
        let refused = main.post("/staff", unknown).await.expect(422);
        assert_eq!(refused.faults(), ["supervisor_id unknown"]);
        let list = format!("/staff?supervisor_id={}", id(&head));
        let list = main.get(&list).await.expect(200).body;
        assert_eq!((&list["filtered"], &list["items"][0]["id"]), (&json!(1), &clerk["id"]));
        assert_eq!(
            main.get("/staff?supervisor_id=x").await.expect(400).faults(),
            ["supervisor_id invalid"]
        );
        let path = format!("/staff/{}", id(&clerk));
        let lifted = main.patch(&path, json!({ "supervisor_id": null }));
        assert_eq!(lifted.await.expect(200).body["supervisor_id"], Value::Null);
    });
}

/// Rows C18, B31.
#[test]
fn c18_whoever_deletes_a_supervisor_says_who_comes_after() {
    visit(async |house| {
        let main = &house.main;
        let (chief, heir) = (house.hire(json!({})).await, house.hire(json!({})).await);
        let clerk = house.hire(json!({ "supervisor_id": chief["id"] })).await;
        let path = format!("/staff/{}?successor_id=", id(&chief));
        for wrong in [id(&chief), "01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
            let refused = main.delete(&format!("{path}{wrong}")).await.expect(422);
            assert_eq!(refused.faults(), ["successor_id unknown"]);
        }
        main.delete(&format!("{path}{}", id(&heir))).await.expect(204);
        assert_eq!(above(house, &clerk).await, heir["id"]);
        main.delete(&format!("/staff/{}", id(&heir))).await.expect(204);
        assert_eq!(above(house, &clerk).await, Value::Null);
        let audit = format!("/audit?entity_id={}", id(&clerk));
        let audit = main.get(&audit).await.expect(200).body;
        let moved = &audit["items"][0];
        assert_eq!(moved["before"]["supervisor_id"], heir["id"]);
        assert_eq!(moved["after"]["supervisor_id"], Value::Null);
    });
}
