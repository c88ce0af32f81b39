//! The pages in a real browser.

use frontdesk_tests::browser::{Browser, Look};
use frontdesk_tests::office::Office;
use frontdesk_tests::pages::looks;
use serde_json::json;

async fn browser() -> Option<Browser> {
    Browser::start("en").await.unwrap()
}

#[tokio::test]
async fn a_person_logs_in_and_out_and_a_wrong_password_is_told() {
    let Some(browser) = browser().await else { return };
    let office = Office::open().await;
    browser.open(&format!("{}/staff?search=x", office.url())).await.unwrap();
    browser.type_into("#login-name", &office.credentials().0).await.unwrap();
    browser.type_into("#login-password", "wrong").await.unwrap();
    browser.click("#login button[type=submit]").await.unwrap();
    browser
        .see("[data-form-error]", "The login or the password is wrong")
        .await
        .unwrap();
    browser
        .type_into("#login-password", &office.credentials().1)
        .await
        .unwrap();
    browser.click("#login button[type=submit]").await.unwrap();
    browser.find("#log-out").await.unwrap();
    assert!(
        browser.url().await.unwrap().ends_with("/staff?search=x"),
        "the page that was asked for"
    );
    browser.click("#log-out").await.unwrap();
    browser.find("#login").await.unwrap();
    browser.open(&format!("{}/calls", office.url())).await.unwrap();
    browser.find("#login").await.unwrap();
    browser.quiet().await;
}

/// Rows L4, L17.
#[tokio::test]
async fn l4_l17_staff_is_added_edited_and_deleted_on_the_page() {
    let Some(browser) = browser().await else { return };
    let office = Office::open().await;
    browser.enter(&office).await;
    browser.open(&format!("{}/staff", office.url())).await.unwrap();
    assert_eq!(
        browser
            .script("return document.querySelectorAll('[data-add]').length", json!([]))
            .await
            .unwrap(),
        2,
        "K10"
    );
    browser.click("[data-add]").await.unwrap();
    browser.click("#staff-form button[type=submit]").await.unwrap();
    browser.see("[data-error=given_name]", "Fill this in").await.unwrap();
    browser.type_into("#f-given", "Anna").await.unwrap();
    browser.type_into("#f-surname", "Sokolova").await.unwrap();
    browser.type_into("#f-short", "105").await.unwrap();
    browser.type_into("#f-phone", "12").await.unwrap();
    browser.click("#staff-form button[type=submit]").await.unwrap();
    browser
        .until("document.querySelector('[data-error=phone]').textContent !== ''")
        .await
        .unwrap();
    browser.type_into("#f-phone", "8 912 345-67-89").await.unwrap();
    browser.click("#staff-form button[type=submit]").await.unwrap();
    browser.see("#staff-table", "Sokolova").await.unwrap();
    browser.see("#staff-table", "+7 912 345-67-89").await.unwrap();
    browser.see("#staff-table", "Not created").await.unwrap();
    browser.click("tr[data-name*=Sokolova] [data-edit]").await.unwrap();
    browser.type_into("#f-position", "Cashier").await.unwrap();
    browser.click("#staff-form button[type=submit]").await.unwrap();
    browser.see("#staff-table", "Cashier").await.unwrap();
    browser.click("tr[data-name*=Sokolova] [data-delete]").await.unwrap();
    browser.see("#confirm", "Sokolova").await.unwrap();
    browser.click("#confirm-yes").await.unwrap();
    browser.see("#staff-table", "Deleted").await.unwrap();
    let main = "return document.querySelectorAll('tr:not(.gone) [data-delete]').length";
    assert_eq!(
        browser.script(main, json!([])).await.unwrap(),
        0,
        "the main account cannot be deleted"
    );
    browser.quiet().await;
}

#[tokio::test]
async fn l47_l48_sip_data_is_made_on_the_page_and_shown_once() {
    let Some(browser) = browser().await else { return };
    let office = Office::open().await;
    let main = office.main().await;
    let anna = office
        .add(&main, json!({ "given_name": "Anna", "short_number": "105" }))
        .await;
    browser.enter(&office).await;
    browser.open(&format!("{}/staff", office.url())).await.unwrap();
    browser.click("tr[data-name=Anna] [data-sip-data]").await.unwrap();
    browser.click("#sip-yes").await.unwrap();
    browser
        .until("document.querySelector('[data-fact=password]').textContent.length >= 20")
        .await
        .unwrap();
    browser.see("[data-fact=server]", "127.0.0.1").await.unwrap();
    browser.see("#sip-once", "it is not shown again").await.unwrap();
    browser.click("#sip-cancel").await.unwrap();
    browser
        .until("document.querySelector('[data-fact=password]').textContent === ''")
        .await
        .unwrap();
    browser.see("tr[data-name=Anna]", "Disconnected").await.unwrap();
    office.phone(&anna, true);
    browser.see("tr[data-name=Anna] [data-sip]", "Online").await.unwrap();
    office.phone(&anna, false);
    browser
        .see("tr[data-name=Anna] [data-sip]", "Disconnected")
        .await
        .unwrap();
    browser.quiet().await;
}

/// Rows V18, V24, V29.
#[tokio::test]
async fn v18_v24_v29_clients_are_added_marked_and_deleted_on_the_page() {
    let Some(browser) = browser().await else { return };
    let office = Office::open().await;
    browser.enter(&office).await;
    browser.open(&format!("{}/clients", office.url())).await.unwrap();
    browser.click("[data-add]").await.unwrap();
    browser.type_into("#f-name", "Olga Lebedeva").await.unwrap();
    browser.type_into("#f-number", "901 111-22-33").await.unwrap();
    browser.click("#client-form button[type=submit]").await.unwrap();
    browser.see("#client-table", "+7 901 111-22-33").await.unwrap();
    browser.click("[data-edit]").await.unwrap();
    browser.click("[name=vip]").await.unwrap();
    browser.click("#client-form button[type=submit]").await.unwrap();
    browser.see("#client-table", "VIP").await.unwrap();
    browser.click("[data-delete]").await.unwrap();
    browser.click("#confirm-yes").await.unwrap();
    browser.see("[data-part=clients]", "No contacts found").await.unwrap();
    browser.quiet().await;
}

#[tokio::test]
async fn b33_the_page_shows_calls_start_answer_and_end() {
    let Some(browser) = browser().await else { return };
    let office = Office::open().await;
    browser.enter(&office).await;
    browser.open(&format!("{}/calls", office.url())).await.unwrap();
    browser.see("[data-feed]", "Live").await.unwrap();
    let call = office.call(7).live();
    browser.see("#live-table", "Ringing").await.unwrap();
    office.answer_call(call);
    browser.see("#live-table", "Talking").await.unwrap();
    browser.click("[data-hang-up]").await.unwrap();
    browser.click("#confirm-yes").await.unwrap();
    browser.until("!document.getElementById('confirm').open").await.unwrap();
    assert_eq!(office.heard.commands.lock().unwrap().len(), 1);
    office.call(7).ended("answered").recorded(&office.tone(3)).save().await;
    office.end_call(call);
    browser.see("[data-part=live]", "No calls at the moment").await.unwrap();
    browser.see("#call-table", "Answered").await.unwrap();
    browser.quiet().await;
}

#[tokio::test]
async fn a_recorded_call_is_played_and_its_recording_deleted_on_the_page() {
    let Some(browser) = browser().await else { return };
    let office = Office::open().await;
    office.call(7).ended("answered").recorded(&office.tone(3)).save().await;
    let look = Look {
        language: "en",
        dark: false,
        width: 1280,
        height: 900,
    };
    browser.look(&look).await.unwrap();
    browser.enter(&office).await;
    browser.open(&format!("{}/calls", office.url())).await.unwrap();
    browser.click("[data-play]").await.unwrap();
    browser
        .until("document.getElementById('audio').duration > 2.9")
        .await
        .unwrap();
    browser
        .until("document.getElementById('audio').currentTime > 0.2")
        .await
        .unwrap();
    browser.click("#call-table [data-delete]").await.unwrap();
    browser.click("#confirm-yes").await.unwrap();
    browser
        .until("document.querySelector('[data-play]') === null")
        .await
        .unwrap();
    browser.until("document.getElementById('player').hidden").await.unwrap();
    browser.quiet().await;
}

#[tokio::test]
async fn the_history_is_leafed_through_and_filtered() {
    let Some(browser) = browser().await else { return };
    let office = Office::open().await;
    for n in 0..60 {
        office
            .call(n)
            .ended(if n % 2 == 0 { "answered" } else { "busy" })
            .save()
            .await;
    }
    browser.enter(&office).await;
    browser.open(&format!("{}/calls", office.url())).await.unwrap();
    let rows = "document.querySelectorAll('#call-table tbody tr').length";
    browser.until(&format!("{rows} === 50")).await.unwrap();
    browser.click("a[rel=next]").await.unwrap();
    browser.until(&format!("{rows} === 10")).await.unwrap();
    browser
        .script("document.getElementById('status').value = 'busy'", json!([]))
        .await
        .unwrap();
    browser.click("form[role=search] button[type=submit]").await.unwrap();
    browser.until(&format!("{rows} === 30")).await.unwrap();
    browser.quiet().await;
}

#[tokio::test]
async fn the_keyboard_alone_serves() {
    let Some(browser) = browser().await else { return };
    let office = Office::open().await;
    browser.enter(&office).await;
    browser.open(&format!("{}/clients", office.url())).await.unwrap();
    browser.find("[data-add]").await.unwrap();
    browser
        .script("document.querySelector('[data-add]').focus()", json!([]))
        .await
        .unwrap();
    const ENTER: &str = "\u{e007}";
    const ESCAPE: &str = "\u{e00c}";
    browser.keys(&[ENTER]).await.unwrap();
    browser.until("document.activeElement.id === 'f-name'").await.unwrap();
    browser.keys(&["B", "o", ENTER]).await.unwrap();
    browser.until("document.activeElement.id === 'f-number'").await.unwrap();
    browser.keys(&[ESCAPE]).await.unwrap();
    browser
        .until("!document.getElementById('client-dialog').open && document.activeElement.hasAttribute('data-add')")
        .await
        .unwrap();
}

/// Names of controls, labels of fields, no overflow: on every page, in both languages, small and large, light and dark.
#[tokio::test]
async fn every_page_fits_every_screen_and_names_its_controls() {
    let Some(browser) = browser().await else { return };
    let office = Office::open().await;
    office.furnish().await;
    for look in looks() {
        browser.look(&look).await.unwrap();
        browser.forget_cookies().await.unwrap();
        browser.open(&format!("{}/login", office.url())).await.unwrap();
        browser.check(&look, "login").await;
        browser.enter(&office).await;
        for page in ["staff", "clients", "calls", "sites", "phone-book"] {
            browser.open(&format!("{}/{page}", office.url())).await.unwrap();
            browser.find("main h1").await.unwrap();
            browser.check(&look, page).await;
            if !["calls", "phone-book"].contains(&page) {
                browser.click("[data-add]").await.unwrap();
                browser.check(&look, &format!("{page}-dialog")).await;
            }
        }
    }
    browser.quiet().await;
}
