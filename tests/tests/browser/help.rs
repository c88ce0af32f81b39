//! The pages of the help in a real browser.

use frontdesk_tests::pages::{Desk, looks};
use serde_json::json;

/// K22: each page of the help asks whether it was useful, counts the answers and says whom to ask; both need a login.
#[tokio::test]
async fn k22_the_help_asks_whether_it_was_useful_and_leads_to_who_helps() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, main } = &desk;
    let me = main.get("/me").await.text("/id").to_owned();
    let admin = json!({ "surname": "Orlova", "email": "orlova@shop.example", "short_number": "101" });
    main.patch(&format!("/staff/{me}"), admin).await.expect(200);
    let codes = json!({ "codes": { "dnd_on": "*21", "echo": null } });
    main.patch("/feature-codes", codes).await.expect(200);
    let clerk = json!({ "given_name": "Clerk", "login": "clerk", "role": "employee", "password": "correct horse" });
    office.add(main, clerk).await;

    browser
        .log_in_as(office, &office.effective("clerk"), "correct horse")
        .await;
    browser.press("[href='/help/phone']").await;
    browser.see(".parts [aria-current]", "Set up a phone").await.unwrap();
    browser.see_gone("#help", "you hear yourself").await.unwrap();
    for topic in ["phone", "calls", "away", "hidden"] {
        desk.visit(&format!("/help/{topic}")).await;
        browser.see("#helpers", "Orlova").await.unwrap();
        let letter = "document.querySelector('#helpers a').href.startsWith('mailto:orlova@shop.example?subject=')";
        browser.until(letter).await.unwrap();
        let answer = if topic == "calls" { "false" } else { "true" };
        browser.press(&format!("[data-useful={answer}]")).await;
        browser.see("#toast", "Thank you!").await.unwrap();
    }
    desk.visit("/help/away").await;
    browser.see("#help", "*21").await.unwrap();
    desk.visit("/help/hidden").await;
    browser.see("#help", "+7 812 389-32-98").await.unwrap();

    browser.enter(office).await;
    desk.visit("/help/calls").await;
    browser.see(".opinion", "useful: 0, not useful: 1").await.unwrap();
    browser.press("[data-useful=true]").await;
    browser.see(".opinion", "useful: 1, not useful: 1").await.unwrap();
    let counted = main.get("/help").await.expect(200).body;
    assert_eq!(
        counted["items"][0],
        json!({ "topic": "phone", "useful": 1, "useless": 0 })
    );
    browser.quiet().await;

    browser.forget_cookies().await.unwrap();
    browser.open(&format!("{}/help/phone", office.url())).await.unwrap();
    browser.find("#login-name").await.unwrap();
    office
        .nobody()
        .put("/help/phone/opinion", json!({ "useful": true }))
        .await
        .expect(401);
}

#[tokio::test]
async fn the_pages_of_the_help_fit_every_screen() {
    let Some(desk) = Desk::furnished().await else { return };
    for look in looks() {
        desk.browser.look(&look).await.unwrap();
        for topic in ["phone", "calls", "away", "hidden"] {
            desk.visit(&format!("/help/{topic}")).await;
            desk.browser.check(&look, &format!("help-{topic}")).await;
        }
    }
    desk.browser.quiet().await;
}
