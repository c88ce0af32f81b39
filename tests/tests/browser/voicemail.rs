//! Messages and mailboxes in a real browser.

use frontdesk_tests::browser::Browser;
use frontdesk_tests::office::{Caller, Office};
use frontdesk_tests::pages::{Desk, looks};
use reqwest::Method;
use serde_json::{Value, json};

const CLIENT: &str = "+79161234567";

/// A mailbox of whoever this is; gives its id.
async fn mailbox(main: &Caller, owner: Value) -> String {
    main.post("/mailboxes", owner).await.expect(201).text("/id").to_owned()
}

/// A message of two seconds; gives its id.
async fn message(office: &Office, mailbox: &str, n: u32) -> String {
    let call = office.call(n).inbound(CLIENT).ended("answered");
    let call = call.recorded(&office.tone(2)).left_in(mailbox).save().await;
    office.recording_of(call).to_string()
}

async fn unheard(main: &Caller) -> usize {
    let found = main.get("/voicemails?heard=false").await.expect(200).body;
    found["items"].as_array().unwrap().len()
}

/// By the button in a department's row, or in the dialog of a person.
async fn open_mailbox(browser: &Browser, row: &str) {
    let direct = "return document.querySelector('tbody [data-mailbox]') !== null";
    if browser.script(direct, json!([])).await.unwrap() == json!(true) {
        browser.press(&format!("{row} [data-mailbox]")).await;
    } else {
        browser.press(&format!("{row} [data-edit]")).await;
        browser.press("#staff-dialog [data-mailbox]").await;
    }
    browser
        .until("document.getElementById('mailbox-dialog').open")
        .await
        .unwrap();
}

#[tokio::test]
async fn messages_are_played_marked_and_deleted_on_the_page() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, main } = &desk;
    desk.visit("/calls").await;
    let links = "return document.querySelectorAll('.nav [href=\"/voicemail\"]').length";
    assert_eq!(
        browser.script(links, json!([])).await.unwrap(),
        0,
        "nobody has a mailbox"
    );
    let me = main.get("/me").await.text("/id").to_owned();
    let own = mailbox(main, json!({ "staff_id": me })).await;
    let first = message(office, &own, 1).await;
    let second = message(office, &own, 2).await;
    desk.visit("/voicemail").await;
    browser.see(".nav [aria-current]", "Voicemail").await.unwrap();
    browser.see(".nav .fresh", "2").await.unwrap();
    browser.see("tbody tr:first-child .lead", "New").await.unwrap();
    browser.see("tbody tr:first-child", "+7 916 123-45-67").await.unwrap();
    browser.see("main .tools", "*97").await.unwrap();
    let order = "document.querySelector('tbody tr').dataset.id === arguments[0]";
    let newest = browser
        .script(&format!("return {order}"), json!([second]))
        .await
        .unwrap();
    assert_eq!(newest, true, "the newest comes first");

    browser.press(&format!("tr[data-id='{second}'] [data-play]")).await;
    browser
        .until("document.getElementById('audio').readyState >= 1 && !document.getElementById('player').hidden")
        .await
        .unwrap();
    let length = "Math.abs(document.getElementById('audio').duration - 2) < 0.1";
    browser.until(length).await.unwrap();
    browser.see(".nav .fresh", "1").await.unwrap();
    assert_eq!(unheard(main).await, 1, "what was played is heard");
    browser.press(&format!("tr[data-id='{second}'] [data-unheard]")).await;
    browser.see(".nav .fresh", "2").await.unwrap();
    browser.press(&format!("tr[data-id='{first}'] [data-heard]")).await;
    browser.see(".nav .fresh", "1").await.unwrap();
    browser.press(".choice a:last-child").await;
    browser.see(".choice [aria-current]", "New").await.unwrap();
    browser
        .until("document.querySelectorAll('#voicemail-table tbody tr').length === 1")
        .await
        .unwrap();

    // Somebody else marks it meanwhile: the page hears of that.
    browser
        .until("document.querySelector('[data-feed].online')")
        .await
        .unwrap();
    let other = format!("/voicemails/{second}");
    main.patch(&other, json!({ "heard": true })).await.expect(200);
    browser.see("[data-part=voicemail]", "No new messages").await.unwrap();
    desk.visit("/voicemail").await;
    browser.press(&format!("tr[data-id='{first}'] [data-delete]")).await;
    browser.see("#confirm", "The sound is destroyed").await.unwrap();
    browser.press("#confirm-yes").await;
    browser
        .until("document.querySelectorAll('#voicemail-table tbody tr').length === 1")
        .await
        .unwrap();
    main.get(&format!("/voicemails/{first}")).await.expect(404);
    browser.quiet().await;
}

#[tokio::test]
async fn a_message_is_answered_by_a_call_with_a_click_and_by_keys_alone() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, main } = &desk;
    let me = main.get("/me").await.expect(200).body;
    let own = mailbox(main, json!({ "staff_id": me["id"] })).await;
    message(office, &own, 1).await;
    desk.visit("/voicemail").await;
    browser.press("tbody [data-call]").await;
    browser.see("#toast", "No phone of yours").await.unwrap();
    office.phone(&me, true);
    browser
        .script("document.querySelector('tbody [data-call]').focus()", json!([]))
        .await
        .unwrap();
    browser.keys(&["\u{E007}"]).await.unwrap();
    browser.see("#toast", "Your phone rings first").await.unwrap();
    browser.quiet().await;
}

/// Whoever may look at nothing else still hears their own messages.
#[tokio::test]
async fn an_employee_sees_their_own_messages_alone() {
    let Some(browser) = Browser::wide().await else { return };
    let office = Office::open().await;
    let main = office.main().await;
    let person = |login: &str| {
        json!({ "given_name": login, "login": login, "password": "correct horse", "role": "employee",
            "hide_client_number": true })
    };
    let ivan = office.add(&main, person("ivan")).await;
    let anna = office.add(&main, person("anna")).await;
    let [his, hers] = [&ivan, &anna].map(|person| json!({ "staff_id": person["id"] }));
    let his = mailbox(&main, his).await;
    let hers = mailbox(&main, hers).await;
    let heard = message(&office, &his, 1).await;
    message(&office, &hers, 2).await;
    browser
        .log_in_as(&office, &office.effective("ivan"), "correct horse")
        .await;
    browser.visit(&office, "/voicemail").await;
    let shown = "return [...document.querySelectorAll('tbody tr')].map((row) => row.dataset.id).join()";
    assert_eq!(browser.script(shown, json!([])).await.unwrap(), json!(heard));
    let text = browser
        .script("return document.documentElement.outerHTML", json!([]))
        .await;
    assert_eq!(
        frontdesk_tests::digits::found_in(text.unwrap().as_str().unwrap(), CLIENT),
        None
    );
    browser.quiet().await;
}

#[tokio::test]
async fn a_mailbox_is_set_up_on_the_pages_of_its_person_and_of_its_department() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, main } = &desk;
    let anna = office
        .add(main, json!({ "given_name": "Anna", "short_number": "105" }))
        .await;
    let sales = json!({ "name": "Sales", "short_number": "600" });
    let sales = main.post("/departments", sales).await.expect(201).body;
    let folder = tempfile::tempdir().unwrap();
    let (good, bad) = (folder.path().join("hello.wav"), folder.path().join("hello.txt"));
    std::fs::write(&good, office.tone(1)).unwrap();
    std::fs::write(&bad, "no sound").unwrap();
    for (page, row, field, id) in [
        ("/staff", "tr[data-name=Anna]", "staff_id", &anna["id"]),
        ("/departments", "tr[data-name=Sales]", "department_id", &sales["id"]),
    ] {
        desk.visit(page).await;
        open_mailbox(browser, row).await;
        browser.see("#mailbox-heard", "built-in").await.unwrap();
        browser.press("#mailbox-form [name=enabled]").await;
        browser.type_into("#mailbox-longest_s", "3").await.unwrap();
        browser.press("#mailbox-form button[type=submit]").await;
        browser
            .see("#mailbox-form [data-error=longest_s]", "From 5 to 600")
            .await
            .unwrap();
        browser.type_into("#mailbox-longest_s", "90").await.unwrap();
        browser.choose("#mailbox-language", "English").await;
        browser.choose("#mailbox-email", "Anna").await;
        browser.attach("#mailbox-greeting", &bad).await.unwrap();
        browser.press("#mailbox-form button[type=submit]").await;
        browser
            .see("#mailbox-form [data-error=file]", "A WAV of 16 bit")
            .await
            .unwrap();
        browser.attach("#mailbox-greeting", &good).await.unwrap();
        desk.save("mailbox").await;
        let found = main.get("/mailboxes").await.expect(200).body;
        let made = found["items"].as_array().unwrap().iter().find(|one| one[field] == *id);
        let made = made.unwrap();
        assert_eq!(made["enabled"], true);
        assert_eq!(made["language"], "en");
        assert_eq!(made["longest_s"], 90);
        assert_eq!(made["email_to_staff_id"], anna["id"]);
        assert_eq!(made["greeting"], "own");

        desk.visit(page).await;
        open_mailbox(browser, row).await;
        browser.see("#mailbox-heard", "your own").await.unwrap();
        browser.press("#mailbox-remove").await;
        browser.see("#mailbox-heard", "built-in").await.unwrap();
        browser.press("#mailbox-form [name=enabled]").await;
        browser
            .choose("#mailbox-language", "That of the company's country")
            .await;
        browser.choose("#mailbox-email", "Nobody").await;
        desk.save("mailbox").await;
        let path = format!("/mailboxes/{}", made["id"].as_str().unwrap());
        let changed = main.get(&path).await.expect(200).body;
        assert_eq!(changed["enabled"], false);
        assert_eq!(changed["language"], Value::Null);
        assert_eq!(changed["email_to_staff_id"], Value::Null);
        assert_eq!(changed["greeting"], "built_in");
    }
    browser.quiet().await;
}

#[tokio::test]
async fn the_pages_of_voicemail_fit_every_screen() {
    let Some(desk) = Desk::furnished().await else { return };
    let Desk { browser, office, main } = &desk;
    let me = main.get("/me").await.text("/id").to_owned();
    let own = mailbox(main, json!({ "staff_id": me })).await;
    let sales = json!({ "name": "Отдел по работе с корпоративными клиентами", "short_number": "650" });
    let sales = main
        .post("/departments", sales)
        .await
        .expect(201)
        .text("/id")
        .to_owned();
    let common = mailbox(main, json!({ "department_id": sales })).await;
    message(office, &own, 601).await;
    let heard = message(office, &common, 602).await;
    main.patch(&format!("/voicemails/{heard}"), json!({ "heard": true }))
        .await
        .expect(200);
    let named = office
        .call(603)
        .inbound("+442071838750")
        .named("Общество с ограниченной ответственностью «Ромашка»");
    let named = named.ended("answered").recorded(&office.tone(2)).left_in(&common);
    named.save().await;
    let internal = office
        .call(604)
        .ended("answered")
        .recorded(&office.tone(2))
        .left_in(&own);
    internal.save().await;
    let greeting = format!("/mailboxes/{common}/greeting");
    main.raw(Method::PUT, &greeting, "audio/wav", office.tone(1))
        .await
        .expect(204);
    for look in looks() {
        browser.look(&look).await.unwrap();
        desk.visit("/voicemail").await;
        browser.check(&look, "voicemail").await;
        browser.press("[data-play]").await;
        browser.check(&look, "voicemail-player").await;
        desk.visit("/voicemail?new=true").await;
        browser.check(&look, "voicemail-new").await;
        for (page, name) in [("/staff", "staff-mailbox"), ("/departments", "department-mailbox")] {
            desk.visit(page).await;
            open_mailbox(browser, "tbody tr:first-child").await;
            browser.check(&look, name).await;
        }
        desk.visit("/staff").await;
        browser.check(&look, "staff-voicemail").await;
        desk.visit("/departments").await;
        browser.check(&look, "departments-voicemail").await;
    }
    browser.quiet().await;
}
