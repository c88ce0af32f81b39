//! Whose hours are whose to see, on the running daemon.

use frontdesk_tests::house::{id, visit};
use serde_json::{Value, json};

/// Row K18.
#[test]
fn k18_a_specialist_reads_their_own_hours_and_calls_and_enters_nothing_for_others() {
    visit(async |house| {
        let main = &house.main;
        let (anna, member) = house.log_in_new(json!({ "role": "specialist" })).await;
        let other = house.hire(json!({})).await;
        let mut made: Vec<Value> = Vec::new();
        for person in [&member, &other] {
            let hours = json!({ "name": house.number(), "week": { "mon": ["09:00-18:00"] } });
            let hours = main.post("/schedules", hours).await.expect(201).body;
            let given = json!({ "schedule_id": hours["id"] });
            let path = format!("/staff/{}/reception", id(person));
            main.patch(&path, given).await.expect(200);
            made.push(hours);
        }
        let list = anna.get("/schedules").await.expect(200).body;
        assert_eq!((&list["total"], &list["items"][0]["id"]), (&json!(1), &made[0]["id"]));
        for (person, hours, status) in [(&member, &made[0], 200), (&other, &made[1], 404)] {
            anna.get(&format!("/schedules/{}", id(hours))).await.expect(status);
            let norm = format!("/staff/{}/norm?from=2026-11-02&until=2026-11-09", id(person));
            let norm = anna.get(&norm).await.expect(status);
            if status == 200 {
                assert_eq!(norm.body["minutes"], 9 * 60);
            }
        }
        // of the other's calls, clients and deals nothing is there either, and nothing is entered for them
        let client = house.client(json!({ "manager_id": other["id"] })).await;
        anna.get(&format!("/clients/{}", id(&client))).await.expect(404);
        let note = json!({ "body": "came in" });
        let timeline = format!("/clients/{}/timeline", id(&client));
        anna.post(&timeline, note.clone()).await.expect(404);
        let own = house.client(json!({ "manager_id": member["id"] })).await;
        anna.post(&format!("/clients/{}/timeline", id(&own)), note)
            .await
            .expect(201);
        let lead = |staff: &Value| json!({ "title": "Visit", "client_id": own["id"], "staff_id": staff["id"] });
        anna.post("/deals", lead(&other)).await.expect(403);
        let mine = anna.post("/deals", lead(&member)).await.expect(201).body;
        let theirs = main.post("/deals", lead(&other)).await.expect(201).body;
        let list = anna.get("/deals").await.expect(200).body;
        let ids: Vec<&Value> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|deal| &deal["id"])
            .collect();
        assert_eq!(ids, [&mine["id"]]);
        anna.get(&format!("/deals/{}", id(&theirs))).await.expect(404);
        for (path, body) in [
            (format!("/schedules/{}", id(&made[0])), json!({ "name": "Mine" })),
            (
                format!("/staff/{}/reception", id(&member)),
                json!({ "schedule_id": null }),
            ),
            (
                format!("/staff/{}/reception", id(&other)),
                json!({ "schedule_id": null }),
            ),
        ] {
            anna.patch(&path, body).await.expect(403);
        }
        // who distributes the visits sees everybody's hours
        let (desk, _) = house.log_in_new(json!({ "role": "receptionist" })).await;
        for hours in &made {
            desk.get(&format!("/schedules/{}", id(hours))).await.expect(200);
        }
    });
}
