//! Logging in by two steps in a real browser, and setting it up.

use frontdesk::http::Clock;
use frontdesk_tests::authenticator::code;
use frontdesk_tests::browser::Browser;
use frontdesk_tests::office::Office;
use frontdesk_tests::pages::{Desk, looks};
use serde_json::json;

/// Sets it up on the page as a person does; gives the secret.
async fn sets_up(browser: &Browser, office: &Office) -> String {
    browser.press("#factor-begin button").await;
    browser
        .until("document.getElementById('factor-qr').naturalWidth > 0")
        .await
        .unwrap();
    let secret = browser.text("#factor-secret").await.unwrap().replace(' ', "");
    browser.type_into("#on-code", "000000").await.unwrap();
    browser.press("#factor-on button").await;
    browser
        .see("#factor-on [data-error=code]", "check the clock")
        .await
        .unwrap();
    let shown = code(&secret, office.clock.unix_ms());
    browser.type_into("#on-code", &shown).await.unwrap();
    browser.press("#factor-on button").await;
    browser
        .until("document.querySelectorAll('#factor-codes li').length === 10")
        .await
        .unwrap();
    browser.press("#factor-kept").await;
    browser.see("#factor-state", "On").await.unwrap();
    secret
}

#[tokio::test]
async fn a_person_sets_up_a_second_factor_and_logs_in_by_it() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, .. } = &desk;
    desk.visit("/calls").await;
    browser.press(".who-name").await;
    browser.see("#factor-state", "Off").await.unwrap();
    let secret = sets_up(browser, office).await;

    browser.forget_cookies().await.unwrap();
    browser.open(&format!("{}/login?next=/me", office.url())).await.unwrap();
    let (login, password) = office.credentials();
    browser.type_into("[name=login]", &login).await.unwrap();
    browser.type_into("[name=password]", &password).await.unwrap();
    browser.press("#login button[type=submit]").await;
    browser.see("#login [data-form-error]", "Now the code").await.unwrap();
    office.clock.advance(30_000);
    let next = code(&secret, office.clock.unix_ms());
    browser.type_into("#login-code", "000000").await.unwrap();
    browser.press("#login button[type=submit]").await;
    browser
        .see("#login [data-form-error]", "Not the code of this moment")
        .await
        .unwrap();
    browser.type_into("#login-code", &next).await.unwrap();
    browser.press("#login button[type=submit]").await;
    browser.see("#codes-left", "10").await.unwrap();

    office.clock.advance(30_000);
    let last = code(&secret, office.clock.unix_ms());
    browser.type_into("#off-code", &last).await.unwrap();
    browser.press("#factor-off button").await;
    browser.see("#factor-state", "Off").await.unwrap();
}

#[tokio::test]
async fn whoever_has_none_sets_it_up_before_anything_else_where_the_company_wants_that() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, main } = &desk;
    let new = json!({ "surname": "Anna", "login": "anna", "role": "supervisor", "password": "correct horse" });
    office.add(main, new).await;
    desk.visit("/me").await;
    browser.press("#factor-all [name=two_factor_required]").await;
    browser.press("#factor-all button").await;
    browser.see("#toast", "Saved").await.unwrap();
    browser.forget_cookies().await.unwrap();
    let login = office.effective("anna");
    browser
        .open(&format!("{}/login?next=/staff", office.url()))
        .await
        .unwrap();
    browser.type_into("[name=login]", &login).await.unwrap();
    browser.type_into("[name=password]", "correct horse").await.unwrap();
    browser.press("#login button[type=submit]").await;
    browser.see("#factor-must", "asks everybody").await.unwrap();
    sets_up(browser, office).await;
    desk.visit("/staff").await;
    browser.see("main h1", "Staff").await.unwrap();
}

#[tokio::test]
async fn ones_own_settings_look_right_everywhere() {
    let Some(desk) = Desk::furnished().await else { return };
    for look in looks() {
        desk.browser.look(&look).await.unwrap();
        desk.visit("/me").await;
        desk.browser.check(&look, "own").await;
    }
}
