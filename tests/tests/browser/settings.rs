//! The pages of notices, webhooks and blocked addresses in a real browser.

use frontdesk::engine::input::OperatorCommand;
use frontdesk::engine::output::{BlockChange, BoardChange};
use frontdesk_crm_core::notices::{self, Channel, Failure};
use frontdesk_crm_core::store::Stamp;
use frontdesk_crm_core::webhooks::{self, Outcome, Patience};
use frontdesk_sip::guard::{Block, Reason};
use frontdesk_tests::office::{Caller, NOON, Office};
use frontdesk_tests::pages::{Desk, looks};
use serde_json::{Value, json};

const LATE: i64 = NOON + 600_000;

/// Somebody who is told of missed calls by both ways, and has missed one.
async fn told(office: &Office, main: &Caller, name: &str) -> Value {
    let new = json!({ "given_name": name, "phone": "+79035550000", "email": "anna@shop.example" });
    let anna = office.add(main, new).await;
    let path = format!("/staff/{}/notices", anna["id"].as_str().unwrap());
    let switches = json!({ "sms": true, "email": true });
    main.put(&path, switches).await.expect(200);
    let call = office.call(1).inbound("+79012345678").to(&anna);
    call.ended("no_answer").save().await;
    anna
}

/// The short message is given up, as no attempt would help.
async fn give_up(office: &Office) {
    let notice = notices::claim(&office.db, Channel::Sms, LATE, 1_000).await;
    let notice = notice.unwrap().unwrap();
    let failure = Failure {
        problem: "550 no such number".into(),
        for_good: true,
    };
    let failed = notices::failed(&office.db, &notice, &failure, (LATE, 1_000)).await;
    failed.unwrap();
}

/// L28, L30: what people were told is seen with its state, and what was given up is sent again.
#[tokio::test]
async fn l28_l30_notices_are_seen_and_those_given_up_are_sent_again() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, main } = &desk;
    desk.visit("/notices").await;
    browser
        .see("[data-part=notices]", "Nothing has been sent yet")
        .await
        .unwrap();
    told(office, main, "Anna").await;
    give_up(office).await;
    desk.visit("/notices").await;
    browser.see(".parts [aria-current]", "Notices").await.unwrap();
    browser.see("#notice-table", "+7 903 555-00-00").await.unwrap();
    browser.see("#notice-table", "anna@shop.example").await.unwrap();
    browser.see("#notice-table", "550 no such number").await.unwrap();
    browser.choose("#state", "Not delivered").await;
    browser.press("form[role=search] button[type=submit]").await;
    browser.see_gone("#notice-table", "anna@shop.example").await.unwrap();
    browser.press("#notice-table [data-again]").await;
    browser.see("#toast", "It will be sent in a moment").await.unwrap();
    browser.see("[data-part=notices]", "Nothing found").await.unwrap();
    let waiting = main.get("/notices?channel=sms&state=waiting").await.expect(200);
    assert_eq!(waiting.body["items"][0]["attempts"], 0);
    browser.quiet().await;
}

/// What the worker would have found: the next delivery is not taken.
async fn refuse(office: &Office) {
    let claimed = webhooks::claim(&office.db, LATE, 1_000).await.unwrap().unwrap();
    let outcome = Outcome {
        status: Some(500),
        problem: Some("it was not taken".into()),
    };
    let stamp = Stamp {
        unix_ms: LATE,
        random: 1,
    };
    let patience = Patience {
        first_pause_ms: 60_000,
        longest_ms: 1_000_000_000,
    };
    let state = webhooks::finish(&office.db, &claimed, &outcome, (stamp, patience)).await;
    state.unwrap();
}

/// A webhook is made with a secret that is shown once, tested, seen failing, given a new secret and deleted.
#[tokio::test]
async fn a_webhook_is_made_tested_and_its_deliveries_are_seen() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, main } = &desk;
    desk.visit("/webhooks").await;
    browser.press("[data-add=webhook]").await;
    browser.type_into("#webhook-name", "CRM").await.unwrap();
    browser.type_into("#webhook-url", "http://10.0.0.1/x").await.unwrap();
    browser.press("#webhook-form button[type=submit]").await;
    browser
        .see("#webhook-form [data-error=url]", "is not allowed")
        .await
        .unwrap();
    browser
        .type_into("#webhook-url", "https://crm.example/hook")
        .await
        .unwrap();
    browser.press("#webhook-form button[type=submit]").await;
    browser
        .see("#webhook-form [data-error=events]", "At least one event")
        .await
        .unwrap();
    browser.press("#events [value='call.missed']").await;
    desk.save("webhook").await;
    browser
        .until("document.getElementById('secret').textContent.length === 43")
        .await
        .unwrap();
    let first = browser.text("#secret").await.unwrap();
    browser.press("#secret-dialog [data-close]").await;
    browser.see("#webhook-table", "A call was missed").await.unwrap();

    browser.press("#webhook-table [data-test]").await;
    browser.see("#delivery-table", "Waiting").await.unwrap();
    refuse(office).await;
    browser.see("#delivery-table", "answer 500").await.unwrap();
    browser.see("#webhook-table", "Takes nothing").await.unwrap();
    browser.press("#delivery-table summary").await;
    browser.see("#delivery-table pre", "webhook.test").await.unwrap();

    browser.press("#webhook-table [data-renew]").await;
    browser.press("#confirm-yes").await;
    browser
        .until("document.getElementById('secret').textContent.length === 43")
        .await
        .unwrap();
    assert_ne!(browser.text("#secret").await.unwrap(), first);
    browser.press("#secret-dialog [data-close]").await;
    browser.press("#webhook-table [data-edit]").await;
    browser.press("#webhook-form [name=enabled]").await;
    desk.save("webhook").await;
    browser.see("#webhook-table", "Switched off").await.unwrap();
    let hook = main.get("/webhooks").await.expect(200).body["items"][0].clone();
    assert_eq!(hook["events"], json!(["call.missed"]), "what was not touched stays");
    browser.press("#webhook-table [data-delete]").await;
    browser.press("#confirm-yes").await;
    browser
        .see("[data-part=webhooks]", "No program is told of anything yet")
        .await
        .unwrap();
    browser.quiet().await;
}

fn block(address: &str, reason: Reason, until_ms: Option<i64>) -> BoardChange {
    BoardChange::Block(BlockChange::Blocked(Block {
        address: address.parse().unwrap(),
        reason,
        since_ms: NOON,
        until_ms,
    }))
}

/// Sources that are not listened to are seen as they are blocked, lifted, and blocked by hand.
#[tokio::test]
async fn blocked_addresses_are_seen_lifted_and_blocked_by_hand() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, .. } = &desk;
    desk.visit("/security").await;
    browser.see("[data-part=blocks]", "Nobody is blocked").await.unwrap();
    browser.see("#allowed", "127.0.0.0/8").await.unwrap();
    office
        .live
        .apply(block("192.0.2.7", Reason::Scanner, Some(NOON + 600_000)));
    browser.see("#block-table", "Scans").await.unwrap();
    browser.press("#block-table [data-delete]").await;
    browser.press("#confirm-yes").await;
    browser.until("!document.getElementById('confirm').open").await.unwrap();
    let address = "192.0.2.7".parse().unwrap();
    let asked = office.heard.commands.lock().unwrap().clone();
    assert_eq!(asked, [OperatorCommand::Unblock { address }]);
    office.live.apply(BoardChange::Block(BlockChange::Lifted(address)));
    browser.see("[data-part=blocks]", "Nobody is blocked").await.unwrap();

    browser.press("[data-add=block]").await;
    browser.type_into("#block-address", "127.0.0.1").await.unwrap();
    browser.press("#block-form button[type=submit]").await;
    browser
        .see("#block-form [data-error=address]", "never blocked")
        .await
        .unwrap();
    browser.type_into("#block-address", "nobody").await.unwrap();
    browser.press("#block-form button[type=submit]").await;
    browser
        .see("#block-form [data-error=address]", "An address as in")
        .await
        .unwrap();
    browser.type_into("#block-address", "203.0.113.9").await.unwrap();
    browser.choose("#block-time", "Until it is lifted").await;
    desk.save("block").await;
    let asked = office.heard.commands.lock().unwrap().last().cloned();
    let address = "203.0.113.9".parse().unwrap();
    assert_eq!(asked, Some(OperatorCommand::Block { address, until: None }));
    browser.quiet().await;
}

#[tokio::test]
async fn the_pages_of_settings_fit_every_screen() {
    let Some(desk) = Desk::furnished().await else { return };
    let Desk { browser, office, main } = &desk;
    told(office, main, "Мария").await;
    give_up(office).await;
    for (name, url) in [
        ("Учёт", "https://crm.severny-veter.example/telephony/incoming-events"),
        ("Чат", "https://chat.example/hook"),
    ] {
        let events = json!(["call.started", "call.ended", "call.missed", "request.created"]);
        let hook = json!({ "name": name, "url": url, "events": events });
        let made = main.post("/webhooks", hook).await.expect(201);
        let path = format!("/webhooks/{}/test", made.text("/id"));
        main.do_(&path).await.expect(202);
    }
    refuse(office).await;
    for (address, reason, until) in [
        ("198.51.100.23", Reason::Credentials, Some(NOON + 900_000)),
        ("203.0.113.77", Reason::Scanner, Some(NOON + 86_400_000)),
        ("2001:db8:85a3:8d3::", Reason::ByHand, None),
    ] {
        office.live.apply(block(address, reason, until));
    }
    for look in looks() {
        browser.look(&look).await.unwrap();
        desk.visit("/notices").await;
        browser.press("#notice-table summary").await;
        browser.check(&look, "notices").await;
        desk.visit("/webhooks").await;
        browser.press("#delivery-table summary").await;
        browser.check(&look, "webhooks").await;
        browser.press("[data-add=webhook]").await;
        browser.check(&look, "webhooks-dialog").await;
        desk.visit("/security").await;
        browser.check(&look, "security").await;
        browser.press("[data-add=block]").await;
        browser.check(&look, "security-dialog").await;
    }
    browser.quiet().await;
}
