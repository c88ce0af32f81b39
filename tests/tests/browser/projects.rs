//! The page of projects in a real browser.

use frontdesk_tests::pages::{Desk, looks};
use serde_json::json;

/// Rows L21, L53.
#[tokio::test]
async fn l21_l53_projects_are_made_renamed_and_archived_and_say_who_takes_what_there() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, main } = &desk;
    let anna = office
        .add(main, json!({ "given_name": "Anna", "short_number": "105" }))
        .await;
    desk.visit("/projects").await;
    browser.see(".parts [aria-current]", "Projects").await.unwrap();
    browser.see("#project-table", "the first one").await.unwrap();
    browser.press("[data-add=project]").await;
    browser.press("#project-form button[type=submit]").await;
    browser
        .see("#project-form [data-error=name]", "Fill this in")
        .await
        .unwrap();
    browser.type_into("#project-name", "Shop").await.unwrap();
    desk.save("project").await;
    browser.see("tr[data-name=Shop]", "Nobody").await.unwrap();

    // Anna takes calls there and nothing else; where she worked before she still does.
    browser.press("tr[data-name=Shop] [data-people]").await;
    browser.choose("#workers-choice", "Anna").await;
    browser.press("#workers [data-take]").await;
    browser.press("#workers li [data-takes=leads]").await;
    browser.press("#workers li [data-takes=deals]").await;
    desk.save("workers").await;
    browser.see("tr[data-name=Shop]", "Anna (calls)").await.unwrap();
    let path = format!("/staff/{}/projects", anna["id"].as_str().unwrap());
    let parts = main.get(&path).await.expect(200).body["projects"].clone();
    let takes = parts.as_array().unwrap().iter();
    let takes = takes.map(|part| {
        (
            part["name"].as_str(),
            part["receives_calls"].as_bool(),
            part["receives_leads"].as_bool(),
        )
    });
    let takes: Vec<_> = takes.collect();
    let (yes, no) = (Some(true), Some(false));
    assert_eq!(takes, [(Some("Main"), yes, yes), (Some("Shop"), yes, no)]);

    browser.press("tr[data-name=Shop] [data-people]").await;
    browser.press("#workers li [data-remove]").await;
    desk.save("workers").await;
    browser.see("tr[data-name=Shop]", "Nobody").await.unwrap();

    browser.press("tr[data-name=Shop] [data-edit]").await;
    browser.type_into("#project-name", "Main").await.unwrap();
    browser.press("#project-form button[type=submit]").await;
    browser
        .see("#project-form [data-error=name]", "one of this name already")
        .await
        .unwrap();
    browser.type_into("#project-name", "Web shop").await.unwrap();
    desk.save("project").await;
    browser.press("tr[data-name='Web shop'] [data-delete]").await;
    browser.see("#confirm", "Archive").await.unwrap();
    browser.press("#confirm-yes").await;
    browser.see("tr[data-name='Web shop']", "archived").await.unwrap();
    browser.press("tr[data-name='Web shop'] [data-restore]").await;
    browser.see_gone("tr[data-name='Web shop']", "archived").await.unwrap();
    browser.quiet().await;
}

#[tokio::test]
async fn the_page_of_projects_fits_every_screen() {
    let Some(desk) = Desk::furnished().await else { return };
    let Desk { browser, main, .. } = &desk;
    for name in ["Интернет-магазин северных ветров", "Обслуживание"] {
        main.post("/projects", json!({ "name": name })).await.expect(201);
    }
    let projects = main.get("/projects").await.expect(200).body;
    let ids: Vec<&str> = projects["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["id"].as_str())
        .collect();
    let people = main.get("/staff?scope=all").await.expect(200).body;
    for (n, person) in people["items"].as_array().unwrap().iter().enumerate() {
        let takes = |id: &&str| json!({ "project_id": id, "receives_calls": true, "receives_leads": n % 2 == 0, "receives_deals": n % 2 == 0 });
        let parts = json!({ "projects": ids.iter().map(takes).collect::<Vec<_>>() });
        let path = format!("/staff/{}/projects", person["id"].as_str().unwrap());
        main.put(&path, parts).await;
    }
    for look in looks() {
        browser.look(&look).await.unwrap();
        desk.visit("/projects").await;
        browser.check(&look, "projects").await;
        browser.press("[data-people]").await;
        browser
            .until("document.getElementById('workers-dialog').open")
            .await
            .unwrap();
        browser.check(&look, "projects-people").await;
    }
    browser.quiet().await;
}
