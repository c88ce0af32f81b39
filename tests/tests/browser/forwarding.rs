//! Where somebody's calls go, set in a real browser: by an administrator, and by the person.

use frontdesk_tests::pages::{Desk, looks};
use serde_json::{Value, json};

async fn settings(desk: &Desk, of: &Value) -> Value {
    let path = format!("/staff/{}/forwarding", of["id"].as_str().unwrap());
    desk.main.get(&path).await.expect(200).body
}

#[tokio::test]
async fn an_administrator_forwards_a_persons_calls_on_the_page_of_staff() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, main } = &desk;
    let anna = office
        .add(main, json!({ "given_name": "Anna", "short_number": "105" }))
        .await;
    office
        .add(main, json!({ "given_name": "Boris", "short_number": "106" }))
        .await;
    desk.visit("/staff").await;
    browser.press("tr[data-name=Anna] [data-edit]").await;
    browser.press("#staff-dialog [data-forwarding]").await;
    browser.see("#forwarding-name", "Anna").await.unwrap();
    browser.choose("#forwarding-busy", "106 Boris").await;
    browser.choose("#forwarding-offline", "Own voicemail").await;
    browser.choose("#forwarding-no_answer", "Another number…").await;
    browser.type_into("#forwarding-no_answer-number", "12").await.unwrap();
    browser.type_into("#forwarding-after", "200").await.unwrap();
    browser.press("#forwarding-form button[type=submit]").await;
    browser
        .see("#forwarding-form [data-error=no_answer_after]", "From 5 to 120")
        .await
        .unwrap();
    browser.type_into("#forwarding-after", "25").await.unwrap();
    browser.press("#forwarding-form button[type=submit]").await;
    browser
        .see("#forwarding-form [data-error='no_answer.number']", "short number")
        .await
        .unwrap();
    browser
        .type_into("#forwarding-no_answer-number", "8 912 345-67-89")
        .await
        .unwrap();
    desk.save("forwarding").await;
    let set = settings(&desk, &anna).await;
    let expected = json!({ "dnd": false, "always": null, "busy": "106", "no_answer": "+79123456789",
        "no_answer_after": 25, "offline": "voicemail", "version": 1 });
    assert_eq!(set, expected);
    // What is set is what the dialog shows the next time, and may be taken away.
    browser.press("#staff-dialog [data-forwarding]").await;
    browser
        .until("document.getElementById('forwarding-no_answer-number').value === '+79123456789'")
        .await
        .unwrap();
    browser.choose("#forwarding-no_answer", "Nowhere").await;
    browser.press("#forwarding-form [name=dnd]").await;
    desk.save("forwarding").await;
    let set = settings(&desk, &anna).await;
    assert_eq!(
        (&set["no_answer"], &set["dnd"], &set["busy"]),
        (&Value::Null, &json!(true), &json!("106"))
    );
    browser.quiet().await;
}

#[tokio::test]
async fn people_forward_their_own_calls_among_their_own_settings() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, main } = &desk;
    office
        .add(main, json!({ "given_name": "Boris", "short_number": "106" }))
        .await;
    desk.visit("/me").await;
    browser.choose("#forwarding-always", "106 Boris").await;
    browser.press("#own-forwarding button[type=submit]").await;
    browser.see("#toast", "Saved").await.unwrap();
    let set = main.get("/me/forwarding").await.expect(200).body;
    assert_eq!(set["always"], "106");
    // A number of nobody's is told beside it.
    browser.choose("#forwarding-always", "Another number…").await;
    browser.type_into("#forwarding-always-number", "199").await.unwrap();
    browser.press("#own-forwarding button[type=submit]").await;
    browser
        .see(
            "#own-forwarding [data-error='always.number']",
            "Nobody has this short number",
        )
        .await
        .unwrap();
    browser.choose("#forwarding-always", "Nowhere").await;
    browser.press("#own-forwarding button[type=submit]").await;
    browser
        .until("document.querySelector('#own-forwarding [data-form-error]').textContent === ''")
        .await
        .unwrap();
    desk.visit("/me").await;
    browser
        .until("document.getElementById('forwarding-always').value === ''")
        .await
        .unwrap();
    browser.quiet().await;
}

#[tokio::test]
async fn forwardings_fit_every_screen() {
    let Some(desk) = Desk::furnished().await else { return };
    let Desk { browser, main, .. } = &desk;
    let people = main.get("/staff").await.expect(200).body;
    let id = people["items"][1]["id"].as_str().unwrap();
    let to = json!({ "no_answer": "8 912 345-67-89", "busy": "voicemail" });
    main.put(&format!("/staff/{id}/forwarding"), to).await.expect(200);
    for look in looks() {
        browser.look(&look).await.unwrap();
        desk.visit("/me").await;
        browser.check(&look, "own-forwarding").await;
        desk.visit("/staff").await;
        browser.press(&format!("tr[data-id='{id}'] [data-edit]")).await;
        browser.press("#staff-dialog [data-forwarding]").await;
        browser
            .until("document.getElementById('forwarding-no_answer-number').value !== ''")
            .await
            .unwrap();
        browser.check(&look, "staff-forwarding").await;
    }
    browser.quiet().await;
}
