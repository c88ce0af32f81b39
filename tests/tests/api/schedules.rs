//! Schedules, holidays and desks through the API.

use frontdesk::http::PlanSection;
use frontdesk_tests::office::Office;
use serde_json::{Value, json};

fn hours() -> Value {
    json!({
        "name": "Office",
        "week": { "mon": ["14:00-18:00", "09:00-13:00"], "fri": ["22:00-06:00"], "sun": [] },
        "dates": { "2026-12-31": ["09:00-15:00"], "2027-01-01": [] },
    })
}

#[tokio::test]
async fn a_schedule_is_made_read_changed_and_deleted() {
    let office = Office::open().await;
    let main = office.main().await;
    let made = main.post("/schedules", hours()).await.expect(201);
    let path = made.header("location").trim_start_matches("/api/v1").to_owned();
    let tag = made.header("etag").to_owned();
    let expected = json!({ "mon": ["09:00-13:00", "14:00-18:00"], "fri": ["22:00-06:00"], "sun": [] });
    assert_eq!(made.body["week"], expected);
    assert_eq!(made.body["dates"], hours()["dates"]);
    assert_eq!(
        (&made.body["observes_holidays"], made.text("/time_zone")),
        (&json!(true), "Europe/Moscow")
    );
    let guarded = main.clone().with("if-match", &tag);
    let change = json!({ "time_zone": "Asia/Omsk", "week": { "mon": [] } });
    let changed = guarded.patch(&path, change.clone()).await.expect(200);
    assert_eq!(changed.body["week"], json!({ "mon": [] }));
    assert_eq!(
        (changed.text("/name"), &changed.body["dates"]),
        ("Office", &hours()["dates"])
    );
    guarded.patch(&path, change).await.expect(412);
    assert_eq!(main.get("/schedules").await.expect(200).body["total"], 1);
    assert!(office.heard.plans.lock().unwrap().contains(&PlanSection::Reception));
    main.delete(&path).await.expect(204);
    main.get(&path).await.expect(404);
    let audit = main.get("/audit?entity=schedule").await.expect(200);
    assert_eq!(audit.body["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn hours_that_cannot_be_are_refused_naming_the_day() {
    let office = Office::open().await;
    let main = office.main().await;
    let check = async |change: Value, expected: &[&str]| {
        let mut body = hours();
        body.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let answer = main.post("/schedules", body).await.expect(422);
        assert_eq!(answer.faults(), expected, "{change}");
    };
    check(json!({ "name": " " }), &["name required"]).await;
    check(json!({ "time_zone": "Mars" }), &["time_zone invalid"]).await;
    check(
        json!({ "week": { "mon": ["9-18"], "sunday": [] } }),
        &["week.mon invalid", "week.sunday unknown"],
    )
    .await;
    check(
        json!({ "week": { "mon": ["09:00-13:00", "12:00-18:00"] } }),
        &["week.mon invalid"],
    )
    .await;
    check(json!({ "dates": { "31.12.2026": [] } }), &["dates.31.12.2026 invalid"]).await;
    check(json!({ "colour": "red" }), &["colour unknown"]).await;
}

#[tokio::test]
async fn holidays_are_set_as_a_whole() {
    let office = Office::open().await;
    let main = office.main().await;
    let body = json!({ "items": [{ "date": "2027-01-07", "name": "Christmas" }, { "date": "2027-01-01", "name": "New Year" }] });
    let set = main.put("/holidays", body).await.expect(200);
    assert_eq!(set.text("/items/0/date"), "2027-01-01");
    assert_eq!(main.get("/holidays").await.expect(200).body, set.body);
    let bad = json!({ "items": [{ "date": "soon", "name": "x" }] });
    assert_eq!(
        main.put("/holidays", bad).await.expect(422).faults(),
        ["items[0].date invalid"]
    );
    let audit = main.get("/audit?action=holidays.updated").await.expect(200);
    assert_eq!(audit.body["items"][0]["after"]["2027-01-07"], "Christmas");
}

#[tokio::test]
async fn two_who_change_the_holidays_do_not_lose_each_others_days() {
    let office = Office::open().await;
    let main = office.main().await;
    let day = |date: &str| json!({ "items": [{ "date": date, "name": "Holiday" }] });
    let read = main.get("/holidays").await.expect(200);
    let seen = read.header("etag").to_owned();
    let both = main.clone().with("if-match", &seen);
    let set = both.put("/holidays", day("2027-01-01")).await.expect(200);
    let late = both.put("/holidays", day("2027-01-07")).await.expect(412);
    assert_eq!(late.text("/code"), "stale");
    let now = main.get("/holidays").await.expect(200);
    assert_eq!((&now.body, now.header("etag")), (&set.body, set.header("etag")));
    assert_ne!(now.header("etag"), seen);
    let anew = main.clone().with("if-match", now.header("etag"));
    anew.put("/holidays", day("2027-01-07")).await.expect(200);
    main.put("/holidays", json!({ "items": [] })).await.expect(200);
}

#[tokio::test]
async fn desks_get_hours_a_project_and_somebody_who_takes_their_calls() {
    let office = Office::open().await;
    let main = office.main().await;
    let schedule = main.post("/schedules", hours()).await.expect(201);
    let sales = json!({ "name": "Sales", "short_number": "200" });
    let sales = main
        .post("/departments", sales)
        .await
        .expect(201)
        .text("/id")
        .to_owned();
    let night = json!({ "name": "Night", "short_number": "201" });
    let night = main
        .post("/departments", night)
        .await
        .expect(201)
        .text("/id")
        .to_owned();
    let number = json!({ "number": "+74951110001", "department_id": sales });
    let number = main.post("/numbers", number).await.expect(201).text("/id").to_owned();
    for path in [
        format!("/departments/{sales}/reception"),
        format!("/numbers/{number}/reception"),
    ] {
        let read = main.get(&path).await.expect(200);
        assert_eq!(
            (&read.body["schedule_id"], &read.body["closed_to"]),
            (&Value::Null, &Value::Null)
        );
        let guarded = main.clone().with("if-match", read.header("etag"));
        let body = json!({ "schedule_id": schedule.text("/id"), "closed_to": { "department_id": night } });
        let set = guarded.patch(&path, body.clone()).await.expect(200);
        assert_eq!(set.text("/closed_to/department_id"), night);
        assert_eq!(set.text("/schedule_id"), schedule.text("/id"));
        guarded.patch(&path, body).await.expect(412);
        let faults = async |body: Value| main.patch(&path, body).await.expect(422).faults();
        assert_eq!(faults(json!({ "closed_to": {} })).await, ["closed_to invalid"]);
        assert_eq!(
            faults(json!({ "closed_to": { "number": "12" } })).await,
            ["closed_to.number invalid"]
        );
        assert_eq!(faults(json!({ "project_id": "x" })).await, ["project_id unknown"]);
    }
    main.delete(&format!("/schedules/{}", schedule.text("/id")))
        .await
        .expect(409);
    main.delete(&format!("/departments/{night}")).await.expect(409);
    let audit = main.get("/audit?action=number.reception").await.expect(200);
    assert_eq!(audit.text("/items/0/entity_id"), number);
}

/// Rows B16, B22.
#[tokio::test]
async fn b16_and_b22_a_plan_with_undefined_weekdays_is_incorrect_and_the_company_says_what_they_are() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = office.add(&main, json!({ "given_name": "Anna" })).await;
    let sales = json!({ "name": "Sales", "short_number": "200", "members": [anna["id"]] });
    let sales = main
        .post("/departments", sales)
        .await
        .expect(201)
        .text("/id")
        .to_owned();
    let path = format!("/departments/{sales}/hours");
    let check = main.get(&path).await.expect(200);
    assert_eq!(
        (check.text("/state"), check.text("/undefined/0/weekday")),
        ("incorrect", "mon")
    );
    assert_eq!(check.text("/undefined/6/name"), "Anna");
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let week: serde_json::Map<String, Value> = days.iter().map(|day| ((*day).into(), json!([]))).collect();
    let schedule = main
        .post("/schedules", json!({ "name": "Off", "week": week }))
        .await
        .expect(201);
    let reception = format!("/staff/{}/reception", anna["id"].as_str().unwrap());
    let given = json!({ "schedule_id": schedule.text("/id") });
    main.patch(&reception, given).await.expect(200);
    let check = main.get(&path).await.expect(200);
    assert_eq!(
        (check.text("/state"), &check.body["undefined"]),
        ("correct", &json!([]))
    );
    assert_eq!(main.get("/account").await.body["open_when_unknown"], false);
    let open = main
        .patch("/account", json!({ "open_when_unknown": true }))
        .await
        .expect(200);
    assert_eq!(open.body["open_when_unknown"], true);
}

#[tokio::test]
async fn another_companys_schedules_are_not_found() {
    let office = Office::open().await;
    let main = office.main().await;
    let theirs = office.another_company().await;
    let path = format!("/schedules/{}", theirs.schedule);
    main.get(&path).await.expect(404);
    main.patch(&path, json!({ "name": "Mine" })).await.expect(404);
    main.delete(&path).await.expect(404);
    assert_eq!(main.get("/schedules").await.expect(200).body["total"], 0);
}
