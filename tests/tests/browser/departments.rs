//! The page of departments in a real browser.

use frontdesk::engine::output::BoardChange;
use frontdesk::http::Clock;
use frontdesk_tests::browser::Browser;
use frontdesk_tests::office::{Caller, Office};
use frontdesk_tests::pages::{Desk, looks};
use serde_json::{Value, json};

async fn person(office: &Office, main: &Caller, name: &str, short: &str) -> Value {
    office
        .add(main, json!({ "given_name": name, "short_number": short }))
        .await
}

async fn only(main: &Caller) -> Value {
    main.get("/departments").await.expect(200).body["items"][0].clone()
}

/// V7, V25, V30: a department is made, changed and deleted on the page, with its line, its VIP rule and its hours.
#[tokio::test]
async fn v7_v25_v30_a_department_is_made_changed_and_deleted_on_the_page() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, main } = &desk;
    let anna = person(office, main, "Anna", "105").await;
    let boris = person(office, main, "Boris", "106").await;
    let week = json!({ "name": "Office", "week": { "mon": ["09:00-18:00"] } });
    let hours = main.post("/schedules", week).await.expect(201).body;
    desk.visit("/departments").await;
    browser.see(".parts [aria-current]", "Departments").await.unwrap();
    browser.press("[data-add=department]").await;
    browser.press("#department-form button[type=submit]").await;
    browser.see("[data-error=name]", "Fill this in").await.unwrap();
    browser
        .type_into("#department-form [name=name]", "Sales")
        .await
        .unwrap();
    browser
        .type_into("#department-form [name=short_number]", "105")
        .await
        .unwrap();
    for name in ["Anna", "Boris"] {
        browser.choose("#member-choice", name).await;
        browser.press("#member-add").await;
    }
    browser.press("#members li:last-child [data-up]").await;
    browser.type_into("[name='queue.ring_time_s']", "2").await.unwrap();
    browser.press("#department-form button[type=submit]").await;
    browser
        .see("[data-error='queue.ring_time_s']", "From 5 to 300")
        .await
        .unwrap();
    browser.type_into("[name='queue.ring_time_s']", "15").await.unwrap();
    browser.type_into("[name='queue.capacity']", "7").await.unwrap();
    browser.choose("[name=overflow]", "A number outside…").await;
    browser.type_into("[name='overflow.number']", "12").await.unwrap();
    browser.choose("[name='queue.vip']", "With a head start").await;
    browser.type_into("[name='queue.vip_lead_s']", "90").await.unwrap();
    browser.choose("[name='desk.schedule_id']", "Office").await;
    browser.choose("[name='desk.closed_to']", "Boris").await;
    browser.press("#department-form button[type=submit]").await;
    browser
        .see("[data-error='overflow.number']", "A telephone number is needed")
        .await
        .unwrap();
    browser
        .type_into("[name='overflow.number']", "8 912 345-67-89")
        .await
        .unwrap();
    browser.press("#department-form button[type=submit]").await;
    browser
        .see("[data-error=short_number]", "Somebody else has it")
        .await
        .unwrap();
    browser
        .type_into("#department-form [name=short_number]", "600")
        .await
        .unwrap();
    browser.press("#department-form button[type=submit]").await;
    browser.see("#department-table", "Boris, Anna").await.unwrap();
    browser.see("#department-table", "Office").await.unwrap();

    let made = only(main).await;
    let path = format!("/departments/{}", made["id"].as_str().unwrap());
    assert_eq!(made["members"][0]["staff_id"], boris["id"], "as it was ordered");
    assert_eq!(made["queue"]["ring_time_s"], 15);
    assert_eq!(made["queue"]["capacity"], 7);
    assert_eq!(made["queue"]["vip"], "head_start");
    assert_eq!(made["queue"]["vip_lead_s"], 90);
    assert_eq!(made["overflow"]["number"], "+79123456789");
    let desk = main.get(&format!("{path}/reception")).await.expect(200).body;
    assert_eq!(desk["schedule_id"], hours["id"]);
    assert_eq!(desk["closed_to"]["staff_id"], boris["id"]);

    browser.press("#department-table [data-edit]").await;
    browser.choose("[name='queue.vip']", "First in line").await;
    browser.choose("[name=overflow]", "Anna").await;
    browser.press("#members li:first-child [data-remove]").await;
    browser.choose("[name='desk.schedule_id']", "Always open").await;
    browser.press("#department-form button[type=submit]").await;
    browser.see_gone("#department-table", "Boris").await.unwrap();
    let changed = only(main).await;
    assert_eq!(changed["queue"]["vip"], "strict");
    assert_eq!(
        changed["queue"]["overtaken_at_most_s"],
        Value::Null,
        "as it was shown: by all"
    );
    assert_eq!(changed["queue"]["capacity"], 7, "what was not touched stays");
    assert_eq!(changed["overflow"]["staff_id"], anna["id"]);
    assert_eq!(changed["members"].as_array().unwrap().len(), 1);
    let desk = main.get(&format!("{path}/reception")).await.expect(200).body;
    assert_eq!(desk["schedule_id"], Value::Null);

    browser.press("#department-table [data-edit]").await;
    browser.find("#department-form").await.unwrap();
    main.patch(&path, json!({ "name": "Service" })).await.expect(200);
    browser.type_into("#department-form [name=name]", "Shop").await.unwrap();
    browser.press("#department-form button[type=submit]").await;
    let told = "It was changed by somebody else meanwhile";
    browser.see("#department-form [data-form-error]", told).await.unwrap();
    browser.press("#department-form footer [data-close]").await;
    browser.see("#department-table", "Service").await.unwrap();
    browser.press("#department-table [data-delete]").await;
    browser.see("#confirm", "Its members stay").await.unwrap();
    browser.press("#confirm-yes").await;
    browser
        .see("[data-part=departments]", "No department yet")
        .await
        .unwrap();
    browser.quiet().await;
}

/// Who waits and who is free is seen as it changes; a supervisor sees it and changes nothing, an employee does not see it.
#[tokio::test]
async fn who_waits_and_who_is_free_is_seen_on_the_page_as_it_changes() {
    let Some(browser) = Browser::wide().await else {
        return;
    };
    let office = Office::open().await;
    let main = office.main().await;
    let anna = person(&office, &main, "Anna", "105").await;
    let boris = person(&office, &main, "Boris", "106").await;
    let new = json!({ "name": "Sales", "short_number": "600", "members": [anna["id"], boris["id"]] });
    let sales = main.post("/departments", new).await.expect(201).body;
    for (login, role) in [("chief", "supervisor"), ("clerk", "employee")] {
        let new = json!({ "given_name": login, "login": login, "role": role, "password": "correct horse" });
        office.add(&main, new).await;
    }
    browser
        .log_in_as(&office, &office.effective("chief"), "correct horse")
        .await;
    browser.visit(&office, "/departments").await;
    browser.see("#department-table", "0 of 2").await.unwrap();
    office.phone(&anna, true);
    browser.see("#department-table", "1 of 2").await.unwrap();
    office.phone(&boris, true);
    browser.see("#department-table", "2 of 2").await.unwrap();
    let call = office.call(3).inbound("+79011112233").to(&anna).live();
    browser.see("#department-table", "1 of 2").await.unwrap();
    let department = Some(sales["id"].as_str().unwrap().parse().unwrap());
    let at = office.clock.unix_ms() - 65_000;
    office.live.apply(BoardChange::CallQueued { call, department, at });
    browser.see("#department-table", "1 longest 1:0").await.unwrap();
    office.end_call(call);
    browser.see_gone("#department-table", "longest").await.unwrap();
    let buttons = "return document.querySelectorAll('main [data-add], main [data-edit], main [data-delete]').length";
    assert_eq!(browser.script(buttons, json!([])).await.unwrap(), 0);
    browser
        .log_in_as(&office, &office.effective("clerk"), "correct horse")
        .await;
    browser.open(&format!("{}/departments", office.url())).await.unwrap();
    browser.see("body", "You have no right to see this page").await.unwrap();
}

#[tokio::test]
async fn the_page_of_departments_fits_every_screen_and_serves_the_keyboard() {
    let Some(desk) = Desk::furnished().await else { return };
    let Desk { browser, main, .. } = &desk;
    let staff = main.get("/staff").await.expect(200).body;
    let there = staff["items"].as_array().unwrap().iter();
    let there = there.filter(|one| one["system_status"] != "deleted");
    let ids: Vec<&Value> = there.map(|one| &one["id"]).collect();
    for (name, short) in [("Отдел продаж и сопровождения", "600"), ("Бухгалтерия", "601")]
    {
        let new = json!({ "name": name, "short_number": short, "members": ids, "queue": { "strategy": "linear" } });
        main.post("/departments", new).await.expect(201);
    }
    for look in looks() {
        browser.look(&look).await.unwrap();
        desk.visit("/departments").await;
        browser.check(&look, "departments").await;
        browser.press("[data-edit]").await;
        browser.find("#members li").await.unwrap();
        browser.check(&look, "departments-dialog").await;
        let down = "document.querySelector('#department-dialog').scrollTo(0, 650)";
        browser.script(down, json!([])).await.unwrap();
        browser.check(&look, "departments-dialog-line").await;
    }
    browser.keys(&["\u{e00c}"]).await.unwrap();
    browser
        .until("!document.getElementById('department-dialog').open && document.activeElement.hasAttribute('data-edit')")
        .await
        .unwrap();
    browser.quiet().await;
}
