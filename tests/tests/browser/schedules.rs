//! The page of work schedules in a real browser.

use frontdesk_tests::pages::{Desk, looks};
use serde_json::json;

/// A schedule with its week and dates, the company's holidays, and the hours of a person, all on the page.
#[tokio::test]
async fn hours_and_holidays_are_set_and_given_to_people_on_the_page() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, main } = &desk;
    let anna = office
        .add(main, json!({ "given_name": "Anna", "short_number": "105" }))
        .await;
    desk.visit("/schedules").await;
    browser.press("[data-add=schedule]").await;
    browser.type_into("#schedule-name", "Office").await.unwrap();
    browser.type_into("[name='week.mon']", "18:00-09").await.unwrap();
    browser.press("#schedule-form button[type=submit]").await;
    browser.see("[data-error='week.mon']", "Hours as in").await.unwrap();
    let monday = "09:00-13:00, 14:00 – 18:00";
    browser.type_into("[name='week.mon']", monday).await.unwrap();
    browser.press("#copy-monday").await;
    browser.choose("[name='state.sun']", "Not said").await;
    browser.press("#dates [data-more]").await;
    let set = "for (const [key, value] of [['date', '2026-12-31'], ['hours', '10:00-15:00']])
        document.querySelector(`#dates [data-key=${key}]`).value = value";
    browser.script(set, json!([])).await.unwrap();
    browser.press("#schedule-form button[type=submit]").await;
    browser
        .see("#schedule-cards", "09:00–13:00, 14:00–18:00")
        .await
        .unwrap();
    browser.see("#schedule-cards", "Day off").await.unwrap();
    browser.see("#schedule-cards", "31 Dec 2026").await.unwrap();
    let made = main.get("/schedules").await.expect(200).body["items"][0].clone();
    assert_eq!(made["week"]["fri"], json!(["09:00-13:00", "14:00-18:00"]));
    assert_eq!(made["week"]["sat"], json!([]));
    assert!(made["week"].get("sun").is_none());
    assert_eq!(made["dates"], json!({ "2026-12-31": ["10:00-15:00"] }));

    browser.press("#schedule-cards [data-edit]").await;
    browser.type_into("#schedule-name", "Shop").await.unwrap();
    browser.press("#schedule-form button[type=submit]").await;
    browser.see("#schedule-cards", "Shop").await.unwrap();
    let changed = main.get("/schedules").await.expect(200).body["items"][0].clone();
    assert_eq!(changed["week"], made["week"], "what was not touched stays");
    assert_eq!(changed["dates"], made["dates"]);

    browser.press("#holidays-edit").await;
    let set = "for (const [key, value] of [['date', '2027-01-07'], ['name', 'Christmas']])
        document.querySelector(`#items [data-key=${key}]`).value = value";
    browser.find("#items [data-key=date]").await.unwrap();
    browser.script(set, json!([])).await.unwrap();
    browser.press("#holidays-form button[type=submit]").await;
    browser.see("#holiday-list", "7 Jan 2027 Christmas").await.unwrap();

    browser.open(&format!("{}/schedules", office.url())).await.unwrap();
    browser.press("#people-table tr[data-name=Anna] [data-edit]").await;
    browser.see("#person-name", "Anna").await.unwrap();
    browser.choose("#person-schedule", "Shop").await;
    browser.press("#person-form [name=receiving]").await;
    browser.press("#person-form button[type=submit]").await;
    browser.see("#people-table tr[data-name=Anna]", "Shop").await.unwrap();
    browser
        .see("#people-table tr[data-name=Anna]", "Takes no calls")
        .await
        .unwrap();
    let path = format!("/staff/{}/reception", anna["id"].as_str().unwrap());
    let reception = main.get(&path).await.expect(200).body;
    assert_eq!(reception["schedule_id"], made["id"]);
    assert_eq!(reception["receiving"], false);
    browser.press("#schedule-cards [data-delete]").await;
    browser.press("#confirm-yes").await;
    browser
        .see("#confirm [data-form-error]", "Something still needs it")
        .await
        .unwrap();
    browser.quiet().await;
}

/// K11: the shortcut on the staff page opens the hours of the same people.
#[tokio::test]
async fn k11_the_staff_page_leads_to_the_hours_of_the_same_people() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, main } = &desk;
    for (name, short) in [("Anna", "105"), ("Boris", "106")] {
        office
            .add(main, json!({ "given_name": name, "short_number": short }))
            .await;
    }
    desk.visit("/staff?search=Ann").await;
    browser.see("#staff-table", "Anna").await.unwrap();
    browser.press("#hours").await;
    browser.see("h1", "Work schedules").await.unwrap();
    browser.see("#people-table", "Anna").await.unwrap();
    let rows = "return [...document.querySelectorAll('#people-table tbody tr')].map((row) => row.dataset.name)";
    assert_eq!(browser.script(rows, json!([])).await.unwrap(), json!(["Anna"]));
    browser.press("[data-part=people] a[href='/schedules']").await;
    browser.see("#people-table", "Boris").await.unwrap();
    browser.quiet().await;
}

#[tokio::test]
async fn the_page_of_schedules_fits_every_screen() {
    let Some(desk) = Desk::furnished().await else { return };
    let Desk { browser, main, .. } = &desk;
    let office_hours = ["09:00-13:00", "14:00-18:00"];
    let week = json!({ "mon": office_hours, "tue": office_hours, "wed": office_hours, "thu": office_hours,
                       "fri": ["09:00-17:00"], "sat": [], "sun": [] });
    let dates = json!({ "2026-12-31": ["10:00-15:00"], "2027-01-09": [] });
    let schedule = json!({ "name": "Офис", "week": week, "dates": dates });
    main.post("/schedules", schedule).await.expect(201);
    let night = json!({ "name": "Дежурная смена", "time_zone": "Asia/Yekaterinburg", "observes_holidays": false,
                        "week": { "mon": ["22:00-06:00"], "sat": ["00:00-24:00"] } });
    main.post("/schedules", night).await.expect(201);
    let holidays = json!({ "items": [{ "date": "2027-01-01", "name": "Новый год" }, { "date": "2027-01-07", "name": "Рождество" }] });
    main.put("/holidays", holidays).await.expect(200);
    for look in looks() {
        browser.look(&look).await.unwrap();
        desk.visit("/schedules").await;
        browser.check(&look, "schedules").await;
        browser.press("#schedule-cards [data-edit]").await;
        browser.find("[name='week.mon']").await.unwrap();
        browser.check(&look, "schedules-dialog").await;
        browser.press("#schedule-form footer [data-close]").await;
        browser.press("#holidays-edit").await;
        browser.find("#items [data-key=date]").await.unwrap();
        browser.check(&look, "holidays-dialog").await;
        browser.press("#holidays-form footer [data-close]").await;
        browser.press("#people-table [data-edit]").await;
        browser.find("#person-schedule").await.unwrap();
        browser.check(&look, "person-dialog").await;
    }
    browser.quiet().await;
}
