//! The page of menus in a real browser.

use frontdesk_media::sound;
use frontdesk_tests::office::Office;
use frontdesk_tests::pages::{Desk, looks};
use reqwest::Method;
use serde_json::{Value, json};

async fn prompt(desk: &Desk, name: &str) {
    let path = format!("/prompts?name={name}");
    let file = sound::tone(425, 1_000).to_wav();
    let made = desk.main.raw(Method::POST, &path, "audio/wav", file).await;
    made.expect(201);
}

async fn person(office: &Office, desk: &Desk, name: &str, short: &str) -> Value {
    office
        .add(&desk.main, json!({ "given_name": name, "short_number": short }))
        .await
}

/// A menu is made, changed and deleted on the page, with keys to people, to the end and to numbers outside.
#[tokio::test]
async fn a_menu_is_made_changed_and_deleted_on_the_page() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, main } = &desk;
    let anna = person(office, &desk, "Anna", "105").await;
    desk.visit("/menus").await;
    browser.see("[data-part=menus]", "Upload one first").await.unwrap();
    prompt(&desk, "Welcome").await;
    desk.visit("/menus").await;
    browser.see(".parts [aria-current]", "Menus").await.unwrap();
    browser.press("[data-add=menu]").await;
    browser.press("#menu-form button[type=submit]").await;
    browser.see("[data-error=name]", "Fill this in").await.unwrap();
    browser.type_into("#menu-name", "Main").await.unwrap();
    browser.type_into("#menu-short_number", "300").await.unwrap();
    browser.choose("[name='keys.1']", "Anna").await;
    browser.choose("[name='keys.2']", "A number outside…").await;
    browser.type_into("[name='keys.2.number']", "12").await.unwrap();
    browser.choose("[name='keys.*']", "The call is ended").await;
    browser.type_into("[name=timeout_s]", "7").await.unwrap();
    browser.press("#menu-form button[type=submit]").await;
    browser
        .see("[data-error='keys.2.number']", "A telephone number is needed")
        .await
        .unwrap();
    browser
        .type_into("[name='keys.2.number']", "8 912 345-67-89")
        .await
        .unwrap();
    desk.save("menu").await;
    browser.see("#menu-table", "Main").await.unwrap();
    let only = || async { main.get("/menus").await.expect(200).body["items"][0].clone() };
    let made = only().await;
    assert_eq!(made["keys"]["1"]["staff_id"], anna["id"]);
    assert_eq!(made["keys"]["2"]["number"], "+79123456789");
    assert_eq!(made["keys"].as_object().unwrap().get("*"), Some(&Value::Null));
    assert_eq!(
        (made["timeout_ms"].as_u64(), made["retries"].as_u64()),
        (Some(7_000), Some(2))
    );
    browser.press("#menu-table [data-edit]").await;
    browser.choose("[name='keys.1']", "Not used").await;
    browser.choose("[name=on_timeout]", "Anna").await;
    desk.save("menu").await;
    browser.see_gone("#menu-table", "Anna").await.unwrap();
    let changed = only().await;
    assert_eq!(
        changed["keys"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["*", "2"]
    );
    assert_eq!(changed["on_timeout"]["staff_id"], anna["id"]);
    assert_eq!(changed["short_number"], "300");
    browser.press("#menu-table [data-delete]").await;
    browser.press("#confirm-yes").await;
    browser.see("[data-part=menus]", "No menu yet").await.unwrap();
    browser.quiet().await;
}

#[tokio::test]
async fn the_page_of_menus_is_sound_in_both_languages_light_and_dark_small_and_large() {
    let Some(desk) = Desk::furnished().await else { return };
    prompt(&desk, "Приветствие").await;
    let prompts = desk.main.get("/prompts").await.expect(200).body;
    let people = desk.main.get("/staff").await.expect(200).body;
    let to = |n: usize| json!({ "staff_id": people["items"][n]["id"] });
    let menu = json!({ "name": "Главное меню круглосуточной линии", "short_number": "300",
        "prompt_id": prompts["items"][0]["id"], "dials_short": true,
        "keys": { "1": to(0), "2": to(1), "3": { "number": "+79123456789" }, "*": null } });
    desk.main.post("/menus", menu).await.expect(201);
    for look in looks() {
        desk.browser.look(&look).await.unwrap();
        desk.visit("/menus").await;
        desk.browser.check(&look, "menus").await;
        desk.browser.press("#menu-table [data-edit]").await;
        desk.browser
            .until("document.getElementById('menu-dialog').open")
            .await
            .unwrap();
        desk.browser.check(&look, "menus-dialog").await;
    }
    desk.browser.quiet().await;
}
