//! What has happened with a client, on the page of clients in a real browser.

use frontdesk_tests::browser::Browser;
use frontdesk_tests::digits::found_in;
use frontdesk_tests::pages::{Desk, looks};
use serde_json::{Value, json};

const NUMBER: &str = "+79161234567";

/// A client with a call, a message, a request and a note; gives its id.
async fn client_of(desk: &Desk) -> String {
    let Desk { office, main, .. } = desk;
    let client = json!({ "name": "Vera Tikhonova", "number": NUMBER });
    let client = main.post("/clients", client).await.expect(201).text("/id").to_owned();
    let me = main.get("/me").await.text("/id").to_owned();
    let site = json!({ "name": "Shop", "origins": ["https://shop.example"], "staff_id": me });
    let site = main.post("/sites", site).await.expect(201);
    let form = json!({ "kind": "form", "name": "Vera", "number": NUMBER, "subject": "A kettle",
        "comment": "with a whistle" });
    let visitor = office.nobody().with("origin", "https://shop.example");
    let sent = visitor
        .post(&format!("/widget/{}/requests", site.text("/key")), form)
        .await;
    sent.expect(201);
    let mailbox = main.post("/mailboxes", json!({ "staff_id": me })).await.expect(201);
    let message = office
        .call(11)
        .inbound(NUMBER)
        .ended("no_answer")
        .recorded(&office.tone(2));
    message.left_in(mailbox.text("/id")).save().await;
    let talked = office
        .call(12)
        .inbound(NUMBER)
        .ended("answered")
        .recorded(&office.tone(2));
    talked.save().await;
    office.clock.advance(60_000);
    let path = format!("/clients/{client}/timeline");
    let note = json!({ "body": "Likes to be called after lunch" });
    main.post(&path, note).await.expect(201);
    client
}

async fn kinds(browser: &Browser) -> Vec<String> {
    let script = "return [...document.querySelectorAll('#timeline-list li')].map((item) => item.dataset.kind)";
    let kinds = browser.script(script, json!([])).await.unwrap();
    let kinds = kinds.as_array().unwrap().iter();
    kinds.map(|kind| kind.as_str().unwrap().to_owned()).collect()
}

async fn open(browser: &Browser, client: &str) {
    browser.press(&format!("tr[data-id='{client}'] [data-timeline]")).await;
    browser
        .until("document.querySelector('#timeline-list li')")
        .await
        .unwrap();
}

/// Rows B32, C30.
#[tokio::test]
async fn b32_c30_the_history_of_a_client_has_all_that_has_happened_and_what_sounds_is_played_there() {
    let Some(desk) = Desk::open().await else { return };
    let client = client_of(&desk).await;
    let Desk { browser, .. } = &desk;
    desk.visit("/clients").await;
    open(browser, &client).await;
    browser.see("#timeline-who", "Vera Tikhonova").await.unwrap();
    let mut seen = kinds(browser).await;
    assert_eq!(seen[..4], ["note", "call", "voicemail", "call"]);
    seen[4..].sort_unstable();
    assert_eq!(seen[4..], ["deal", "request"], "of the same moment");
    for (kind, words) in [
        ("note", "Likes to be called after lunch"),
        ("call", "Incoming call"),
        ("voicemail", "not heard yet"),
        ("deal", "A kettle"),
        ("request", "with a whistle"),
    ] {
        browser
            .see(&format!("#timeline-list li[data-kind={kind}]"), words)
            .await
            .unwrap();
    }
    for kind in ["call", "voicemail"] {
        browser
            .press(&format!("#timeline-list li[data-kind={kind}] [data-play]"))
            .await;
        browser
            .until("document.getElementById('audio').readyState >= 1 && !document.getElementById('player').hidden")
            .await
            .unwrap();
    }
    browser.quiet().await;
}

#[tokio::test]
async fn notes_are_written_corrected_and_deleted_in_the_history() {
    let Some(desk) = Desk::open().await else { return };
    let client = client_of(&desk).await;
    let Desk { browser, main, office } = &desk;
    desk.visit("/clients").await;
    open(browser, &client).await;
    browser.press("#note-send").await;
    browser
        .see("#timeline-form [data-error=body]", "Fill this in")
        .await
        .unwrap();
    office.clock.advance(60_000);
    browser.type_into("#f-note", "Wants a ketle").await.unwrap();
    browser.press("#note-send").await;
    browser
        .see("#timeline-list li:first-child", "Wants a ketle")
        .await
        .unwrap();
    browser.press("#timeline-list li:first-child [data-correct]").await;
    browser.see("#note-send", "Save the note").await.unwrap();
    office.clock.advance(60_000);
    browser.type_into("#f-note", "Wants a kettle").await.unwrap();
    browser.press("#note-send").await;
    browser
        .see("#timeline-list li:first-child", "Wants a kettle")
        .await
        .unwrap();
    browser.see("#timeline-list li:first-child", "edited").await.unwrap();
    browser.see("#note-send", "Add the note").await.unwrap();

    // Somebody else writes meanwhile: the history hears of that, and nothing that was read before is written over.
    browser.press("#timeline-list li:first-child [data-correct]").await;
    browser.see("#note-send", "Save the note").await.unwrap();
    let path = format!("/clients/{client}/timeline");
    let note = main.get(&path).await.text("/items/0/note/id").to_owned();
    let other = json!({ "body": "Wants two kettles" });
    main.patch(&format!("/client-notes/{note}"), other).await.expect(200);
    browser.type_into("#f-note", "Wants none").await.unwrap();
    browser.press("#note-send").await;
    browser
        .see("#timeline-form [data-form-error]", "changed by somebody else")
        .await
        .unwrap();
    browser.press("#note-cancel").await;
    main.post(&path, json!({ "body": "Pays in time" })).await.expect(201);
    browser.see("#timeline-list", "Wants two kettles").await.unwrap();
    browser.see("#timeline-list", "Pays in time").await.unwrap();

    let last = format!("#timeline-list li[data-note='{note}'] [data-remove]");
    browser.press(&last).await;
    browser.see("#confirm", "Wants two kettles").await.unwrap();
    browser.press("#confirm-yes").await;
    browser.see_gone("#timeline-list", "Wants two kettles").await.unwrap();
    main.get(&format!("/client-notes/{note}")).await.expect(404);
    browser.quiet().await;
}

#[tokio::test]
async fn a_long_history_is_read_on_and_whoever_only_reads_it_writes_nothing() {
    let Some(desk) = Desk::open().await else { return };
    let client = client_of(&desk).await;
    let Desk { browser, main, office } = &desk;
    let path = format!("/clients/{client}/timeline");
    for n in 0..30 {
        main.post(&path, json!({ "body": format!("Note {n}, at {NUMBER}") }))
            .await
            .expect(201);
    }
    let guest = json!({ "given_name": "Guest", "login": "guest", "password": "correct horse", "role": "external",
        "hide_client_number": true });
    let (_, id) = office.log_in_new(main, guest).await;
    let change = json!({ "manager_id": id });
    main.patch(&format!("/clients/{client}"), change).await.expect(200);
    browser
        .log_in_as(office, &office.effective("guest"), "correct horse")
        .await;
    desk.visit("/clients").await;
    open(browser, &client).await;
    assert_eq!(kinds(browser).await.len(), 20);
    browser.press("#timeline-more").await;
    browser
        .until("document.getElementById('timeline-more').hidden")
        .await
        .unwrap();
    let seen = kinds(browser).await;
    assert_eq!(seen.iter().filter(|kind| *kind == "note").count(), 31);
    let controls = "return document.querySelectorAll('#f-note, [data-correct], [data-remove]').length";
    assert_eq!(browser.script(controls, json!([])).await.unwrap(), 0);
    let page = browser.script("return document.documentElement.outerHTML", json!([]));
    let page: Value = page.await.unwrap();
    assert_eq!(found_in(page.as_str().unwrap(), NUMBER), None);
    browser.quiet().await;
}

#[tokio::test]
async fn the_history_of_a_client_is_well_made_in_all_looks() {
    let Some(desk) = Desk::furnished().await else { return };
    let client = client_of(&desk).await;
    let Desk { browser, .. } = &desk;
    for look in looks() {
        browser.look(&look).await.unwrap();
        desk.visit("/clients").await;
        browser.check(&look, "clients").await;
        open(browser, &client).await;
        browser.check(&look, "timeline").await;
    }
}
