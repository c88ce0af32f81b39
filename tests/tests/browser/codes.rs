//! The pages of feature codes and of the audit in a real browser.

use frontdesk_tests::browser::Browser;
use frontdesk_tests::office::Office;
use frontdesk_tests::pages::{Desk, looks};
use serde_json::json;

/// Feature codes, all configurable, shown on a page: an administrator changes them, everybody reads them.
#[tokio::test]
async fn feature_codes_are_changed_by_an_administrator_and_read_by_everybody() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, main } = &desk;
    let clerk = json!({ "given_name": "Clerk", "login": "clerk", "role": "employee", "password": "correct horse" });
    office.add(main, clerk).await;
    desk.visit("/codes").await;
    browser.see("#codes", "*78").await.unwrap();
    browser.press("#codes-change").await;
    browser.type_into("[name='codes.dnd_on']", "78").await.unwrap();
    browser.press("#codes-form button[type=submit]").await;
    browser
        .see("[data-error='codes.dnd_on']", "* or #, then up to 5 more")
        .await
        .unwrap();
    browser.type_into("[name='codes.dnd_on']", "*43").await.unwrap();
    browser.press("#codes-form button[type=submit]").await;
    browser
        .until("document.querySelector('#codes-form [aria-invalid]')")
        .await
        .unwrap();
    browser.type_into("[name='codes.dnd_on']", "*21").await.unwrap();
    browser.type_into("[name='codes.echo']", "").await.unwrap();
    browser
        .choose("#pickup", "Those of people in one's own departments")
        .await;
    browser.press("#codes-form button[type=submit]").await;
    browser.see("#codes", "*21").await.unwrap();
    browser.see_gone("#codes", "a test of the sound").await.unwrap();
    let codes = main.get("/feature-codes").await.expect(200).body;
    assert_eq!(codes["codes"]["dnd_on"], "*21");
    assert_eq!(codes["codes"]["echo"], json!(null));
    assert_eq!(codes["codes"]["dnd_off"], "*79", "what was not touched stays");
    assert_eq!(codes["pickup"], "department");

    browser
        .log_in_as(office, &office.effective("clerk"), "correct horse")
        .await;
    desk.visit("/codes").await;
    browser.see("#codes", "*21").await.unwrap();
    let change = "return document.querySelectorAll('#codes-change, #codes-form').length";
    assert_eq!(browser.script(change, json!([])).await.unwrap(), 0);
    let parts = "return [...document.querySelectorAll('.parts a')].map((link) => link.textContent)";
    let parts = browser.script(parts, json!([])).await.unwrap();
    assert_eq!(
        parts,
        json!(["Work schedules", "Feature codes"]),
        "what the role allows"
    );
    browser.quiet().await;
}

/// A supervisor reads who changed what, and how it was before; an employee does not.
#[tokio::test]
async fn a_supervisor_reads_who_changed_what() {
    let Some(browser) = Browser::wide().await else { return };
    let office = Office::open().await;
    let main = office.main().await;
    for (login, role) in [("chief", "supervisor"), ("clerk", "employee")] {
        let new = json!({ "given_name": login, "login": login, "role": role, "password": "correct horse" });
        office.add(&main, new).await;
    }
    let sales = json!({ "name": "Sales", "short_number": "600" });
    let sales = main.post("/departments", sales).await.expect(201).body;
    let path = format!("/departments/{}", sales["id"].as_str().unwrap());
    main.patch(&path, json!({ "name": "Service" })).await.expect(200);
    browser
        .log_in_as(&office, &office.effective("chief"), "correct horse")
        .await;
    browser.visit(&office, "/audit").await;
    browser.see("#audit-table", "Department: changed").await.unwrap();
    browser.choose("#entity", "Department").await;
    browser.press("form[role=search] button[type=submit]").await;
    browser.see_gone("#audit-table", "Staff member: made").await.unwrap();
    browser.see("#audit-table", "Department: made").await.unwrap();
    browser.press("#audit-table tbody tr:first-child summary").await;
    browser.see("#audit-table .changes", "Sales").await.unwrap();
    browser.see("#audit-table .changes", "Service").await.unwrap();
    browser.quiet().await;
    browser
        .log_in_as(&office, &office.effective("clerk"), "correct horse")
        .await;
    browser.open(&format!("{}/audit", office.url())).await.unwrap();
    browser.see("body", "You have no right to see this page").await.unwrap();
}

#[tokio::test]
async fn the_pages_of_codes_and_of_the_audit_fit_every_screen() {
    let Some(desk) = Desk::furnished().await else { return };
    let Desk { browser, main, .. } = &desk;
    let sales = json!({ "name": "Отдел продаж", "short_number": "600" });
    let sales = main.post("/departments", sales).await.expect(201).body;
    let path = format!("/departments/{}", sales["id"].as_str().unwrap());
    main.patch(&path, json!({ "name": "Отдел сопровождения" }))
        .await
        .expect(200);
    for look in looks() {
        browser.look(&look).await.unwrap();
        desk.visit("/codes").await;
        browser.check(&look, "codes").await;
        browser.press("#codes-change").await;
        browser.check(&look, "codes-dialog").await;
        desk.visit("/audit").await;
        browser.press("#audit-table tbody summary").await;
        browser.check(&look, "audit").await;
    }
    browser.quiet().await;
}
