//! The page of the configuration's history in a real browser.

use frontdesk_tests::pages::{Desk, looks};
use serde_json::json;

#[tokio::test]
async fn a_change_is_found_in_the_history_and_taken_back() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, main } = &desk;
    let sales = json!({ "name": "Sales", "short_number": "600" });
    let sales = main.post("/departments", sales).await.expect(201);
    let path = format!("/departments/{}", sales.text("/id"));
    main.patch(&path, json!({ "name": "Service" })).await.expect(200);
    main.patch("/feature-codes", json!({ "codes": { "echo": null } }))
        .await
        .expect(200);
    desk.visit("/history").await;
    browser.see("#history-table", "Feature codes: changed").await.unwrap();
    browser.choose("#thing", "Department").await;
    browser.press("form.tools button[type=submit]").await;
    browser.see_gone("#history-table", "Feature codes").await.unwrap();
    browser.see("#history-table tr:first-child del", "Sales").await.unwrap();
    browser
        .see("#history-table tr:first-child ins", "Service")
        .await
        .unwrap();
    browser.press("#history-table tbody tr:first-child [data-undo]").await;
    browser.see("#confirm", "Department: changed – Service").await.unwrap();
    browser.press("#confirm-yes").await;
    browser
        .see("#history-table tbody tr:first-child", "Department: taken back")
        .await
        .unwrap();
    assert_eq!(main.get(&path).await.expect(200).text("/name"), "Sales");
    browser.press("#history-table tbody tr:nth-child(2) [data-undo]").await;
    browser.press("#confirm-yes").await;
    browser
        .see("#confirm [data-form-error]", "undo that first")
        .await
        .unwrap();
    let reader = json!({ "given_name": "Chief", "login": "chief", "role": "supervisor", "password": "correct horse" });
    office.add(main, reader).await;
    browser
        .log_in_as(office, &office.effective("chief"), "correct horse")
        .await;
    desk.visit("/history").await;
    browser.see("#history-table", "Department: made").await.unwrap();
    let undos = "return document.querySelectorAll('#history-table [data-undo]').length";
    assert_eq!(
        browser.script(undos, json!([])).await.unwrap(),
        0,
        "whoever may not change it takes nothing back"
    );
    browser.quiet().await;
}

#[tokio::test]
async fn the_page_of_the_history_fits_every_screen() {
    let Some(desk) = Desk::furnished().await else { return };
    let Desk { browser, main, .. } = &desk;
    let sales = json!({ "name": "Отдел продаж", "short_number": "600" });
    let sales = main.post("/departments", sales).await.expect(201);
    let path = format!("/departments/{}", sales.text("/id"));
    let members: Vec<_> = main.get("/staff").await.expect(200).body["items"]
        .as_array()
        .unwrap()
        .iter()
        .take(3)
        .map(|member| member["id"].clone())
        .collect();
    main.patch(&path, json!({ "name": "Отдел сопровождения", "members": members }))
        .await
        .expect(200);
    for look in looks() {
        browser.look(&look).await.unwrap();
        desk.visit("/history").await;
        browser.check(&look, "history").await;
    }
    browser.quiet().await;
}
