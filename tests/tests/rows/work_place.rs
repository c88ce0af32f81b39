//! Where and how long people work, on the running daemon.

use frontdesk_tests::house::{id, visit};
use serde_json::json;

/// Row K15.
#[test]
fn k15_who_works_remotely_is_found_by_that_and_called_like_everybody() {
    visit(async |house| {
        let main = &house.main;
        let (short, mark) = (house.short(), house.number());
        let fields = json!({ "surname": mark, "given_name": "Remote", "short_number": short, "work_place": "remote" });
        let remote = house.hire(fields).await;
        let office = house.hire(json!({ "surname": mark, "given_name": "Office" })).await;
        assert_eq!(
            (&remote["work_place"], &office["work_place"]),
            (&json!("remote"), &json!("office"))
        );
        let found = async |place: &str| {
            let list = format!("/staff?search={}&work_place={place}", &mark[1..]);
            let list = main.get(&list).await.expect(200).body;
            assert_eq!(list["filtered"], 1);
            list["items"][0]["id"].clone()
        };
        assert_eq!(found("remote").await, remote["id"]);
        assert_eq!(found("office").await, office["id"]);
        let path = format!("/staff/{}", id(&office));
        let refused = main.patch(&path, json!({ "work_place": "moon" })).await.expect(422);
        assert_eq!(refused.faults(), ["work_place invalid"]);
        let (mut caller, mut phone) = (house.phone(&office).await, house.phone(&remote).await);
        caller.register().await.unwrap();
        phone.register().await.unwrap();
        let (called, taken) = tokio::join!(caller.calls(&short), phone.answers());
        called.unwrap();
        taken.unwrap();
    });
}

/// Row K16.
#[test]
fn k16_only_the_hours_of_a_part_time_schedule_are_the_norm() {
    visit(async |house| {
        let main = &house.main;
        let member = house.hire(json!({})).await;
        let norm = format!("/staff/{}/norm?from=2026-11-02&until=2026-11-16", id(&member));
        assert_eq!(
            main.get(&norm).await.expect(200).body["minutes"],
            0,
            "no hours are asked"
        );
        let week =
            |day: &[&str]| json!({ "mon": day, "tue": day, "wed": day, "thu": day, "fri": day, "sat": [], "sun": [] });
        for (day, minutes) in [
            (&["09:00-13:00", "14:00-18:00"][..], 2 * 5 * 8 * 60),
            (&["09:00-13:00"][..], 2 * 5 * 4 * 60),
        ] {
            let body = json!({ "name": house.number(), "time_zone": "Europe/Moscow", "week": week(day),
                               "observes_holidays": false, "dates": { "2026-11-04": [] } });
            let hours = main.post("/schedules", body).await.expect(201).body;
            let reception = format!("/staff/{}/reception", id(&member));
            let by = json!({ "schedule_id": hours["id"] });
            main.patch(&reception, by).await.expect(200);
            let told = main.get(&norm).await.expect(200).body;
            assert_eq!(told["schedule_id"], hours["id"]);
            assert_eq!(told["minutes"], minutes - minutes / 10, "a day of the ten is off");
        }
        for (query, fault) in [
            ("from=2026-11-02&until=2026-11-02", "until out_of_range"),
            ("from=2026-11-02&until=2028-11-02", "until out_of_range"),
            ("from=soon&until=2026-11-02", "from invalid"),
        ] {
            let path = format!("/staff/{}/norm?{query}", id(&member));
            assert_eq!(main.get(&path).await.expect(400).faults(), [fault]);
        }
    });
}
