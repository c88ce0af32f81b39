//! The page of leads and deals, in a real browser.

use frontdesk_tests::browser::Browser;
use frontdesk_tests::office::{Caller, Office};
use frontdesk_tests::pages::looks;
use serde_json::{Value, json};

fn row(deal: &Value, rest: &str) -> String {
    format!("tr[data-id=\"{}\"] {rest}", deal["id"].as_str().unwrap())
}

struct Sales {
    office: Office,
    main: Caller,
    browser: Browser,
    client: String,
    anna: String,
}

/// A client, a colleague, and a browser; the office's clock stands at 2026-11-18 11:06:40 UTC.
async fn sales() -> Option<Sales> {
    let browser = Browser::wide().await?;
    let office = Office::open().await;
    let main = office.main().await;
    let client = json!({ "name": "Olga Lebedeva", "number": "+79161234567", "company": "North" });
    let client = main.post("/clients", client).await.expect(201).text("/id").to_owned();
    let anna = office
        .add(&main, json!({ "given_name": "Anna", "surname": "Sokolova" }))
        .await;
    browser.enter(&office).await;
    Some(Sales {
        anna: anna["id"].as_str().unwrap().to_owned(),
        office,
        main,
        browser,
        client,
    })
}

impl Sales {
    async fn deal(&self, mut fields: Value) -> Value {
        fields["client_id"] = json!(self.client);
        self.main.post("/deals", fields).await.expect(201).body
    }
}

/// Rows B34, L58.
#[tokio::test]
async fn b34_l58_what_is_overdue_is_marked_and_what_has_no_next_step_has_a_list() {
    let Some(sales) = sales().await else { return };
    let browser = &sales.browser;
    let late = sales
        .deal(json!({ "title": "Windows", "step_at": "2026-11-17T10:00:00Z", "step_text": "Call back" }))
        .await;
    let planned = sales
        .deal(json!({ "title": "Doors", "step_at": "2026-12-01T10:00:00Z" }))
        .await;
    let bare = sales.deal(json!({ "title": "Roof", "kind": "deal" })).await;
    browser.visit(&sales.office, "/deals").await;
    browser.see(&row(&late, ".overdue"), "Overdue").await.unwrap();
    browser.see(&row(&late, ""), "Call back").await.unwrap();
    browser.see(&row(&planned, "time"), "1 Dec 2026").await.unwrap();
    browser.see(&row(&bare, ".no-step"), "No next step").await.unwrap();
    browser.press("a[href*='part=no_step']").await;
    browser.see("#deal-table", "Roof").await.unwrap();
    browser.see_gone("#deal-table", "Windows").await.unwrap();
    browser.press("a[href*='part=overdue']").await;
    browser.see("#deal-table", "Windows").await.unwrap();
    browser.see_gone("#deal-table", "Doors").await.unwrap();
    browser.quiet().await;
}

/// Row L59.
#[tokio::test]
async fn l59_a_step_is_moved_in_the_dialog_which_asks_why() {
    let Some(sales) = sales().await else { return };
    let browser = &sales.browser;
    let new = json!({ "given_name": "Boris", "login": "boris", "password": "correct horse", "role": "specialist" });
    let (_, boris) = sales.office.log_in_new(&sales.main, new).await;
    sales
        .main
        .patch("/account", json!({ "time_zone": "Europe/Moscow" }))
        .await
        .expect(200);
    let deal = json!({ "title": "Windows", "staff_id": boris, "step_at": "2026-11-20T10:00", "step_text": "Call" });
    let deal = sales.deal(deal).await;
    browser
        .log_in_as(&sales.office, &sales.office.effective("boris"), "correct horse")
        .await;
    browser.visit(&sales.office, "/deals").await;
    browser.press(&row(&deal, "[data-edit]")).await;
    browser
        .until("document.getElementById('f-step-at').value === '2026-11-20T10:00'")
        .await
        .unwrap();
    browser
        .until("document.getElementById('reason-field').hidden")
        .await
        .unwrap();
    let set = "const field = document.getElementById('f-step-at'); field.value = '2026-11-25T12:30';
        field.dispatchEvent(new Event('input', { bubbles: true }));";
    browser.script(set, json!([])).await.unwrap();
    browser.press("#deal-form button[type=submit]").await;
    browser.see("[data-error=reason]", "Say why").await.unwrap();
    browser.type_into("#f-reason", "She is away").await.unwrap();
    browser.press("#deal-form button[type=submit]").await;
    browser.see(&row(&deal, "time"), "25 Nov 2026, 12:30").await.unwrap();
    let path = format!("/deals/{}", deal["id"].as_str().unwrap());
    assert_eq!(sales.main.get(&path).await.text("/step_at"), "2026-11-25T09:30:00.000Z");
    browser.press(&row(&deal, "[data-edit]")).await;
    browser.press("#history-box summary").await;
    browser.see("#deal-history", "She is away").await.unwrap();
    browser.see("#deal-history", "Boris").await.unwrap();
    browser.quiet().await;
}

#[tokio::test]
async fn a_lead_is_added_with_a_client_who_is_searched_and_becomes_a_deal_that_is_won() {
    let Some(sales) = sales().await else { return };
    let browser = &sales.browser;
    let other = json!({ "name": "Pavel", "number": "+79160000001" });
    sales.main.post("/clients", other).await.expect(201);
    browser.visit(&sales.office, "/deals").await;
    browser.press("[data-add=deal]").await;
    browser.press("#deal-form button[type=submit]").await;
    browser.see("[data-error=title]", "Fill this in").await.unwrap();
    browser.type_into("#f-title", "Red chair").await.unwrap();
    browser.type_into("#f-client-search", "leb").await.unwrap();
    browser.until("document.getElementById('f-client').textContent.includes('Olga') && !document.getElementById('f-client').textContent.includes('Pavel')").await.unwrap();
    browser.press("#deal-form button[type=submit]").await;
    browser.see("#deal-table", "Red chair").await.unwrap();
    browser.see("#deal-table", "Olga Lebedeva").await.unwrap();
    browser.press("#deal-table [data-edit]").await;
    browser.choose("#f-kind", "Deal").await;
    browser.choose("#f-stage", "Won").await;
    browser
        .until("document.getElementById('f-step-at').disabled")
        .await
        .unwrap();
    browser.press("#deal-form button[type=submit]").await;
    browser.see_gone("[data-part=deals]", "Red chair").await.unwrap();
    browser.press("a[href*='part=closed']").await;
    browser.see("#deal-table .stage-won", "Won").await.unwrap();
    browser.press("#deal-table [data-delete]").await;
    browser.press("#confirm-yes").await;
    browser.see_gone("[data-part=deals]", "Red chair").await.unwrap();
    browser.quiet().await;
}

#[tokio::test]
async fn l60_several_are_handed_over_together_and_the_page_hears_of_it() {
    let Some(sales) = sales().await else { return };
    let browser = &sales.browser;
    let deals = [
        sales.deal(json!({ "title": "Windows" })).await,
        sales.deal(json!({ "title": "Doors" })).await,
        sales.deal(json!({ "title": "Roof" })).await,
    ];
    browser.visit(&sales.office, "/deals").await;
    for deal in &deals[..2] {
        browser.press(&row(deal, ".pick")).await;
    }
    browser.see("#chosen", "2").await.unwrap();
    browser.press("#hand-over-open").await;
    browser.choose("#hand-over-to", "Sokolova Anna").await;
    browser.press("#hand-over-form button[type=submit]").await;
    for deal in &deals[..2] {
        browser.see(&row(deal, ""), "Sokolova Anna").await.unwrap();
    }
    browser.see(&row(&deals[2], ""), "Main").await.unwrap();
    let all = json!({ "deal_ids": [deals[2]["id"]], "to_staff_id": sales.anna });
    sales.main.post("/deals/hand-over", all).await.expect(200);
    browser.see(&row(&deals[2], ""), "Sokolova Anna").await.unwrap();
    browser.quiet().await;
}

/// Row B31.
#[tokio::test]
async fn b31_what_somebody_has_is_handed_over_from_the_page_of_staff() {
    let Some(sales) = sales().await else { return };
    let browser = &sales.browser;
    let deal = sales.deal(json!({ "title": "Windows", "staff_id": sales.anna })).await;
    browser.visit(&sales.office, "/staff").await;
    let anna = format!("tr[data-id=\"{}\"]", sales.anna);
    browser.press(&format!("{anna} [data-delete]")).await;
    browser.press("#confirm-yes").await;
    browser.see("#hand-over", "Sokolova Anna").await.unwrap();
    browser.choose("#hand-over-to", "Main").await;
    browser.press("#hand-over-yes").await;
    browser
        .until("!document.getElementById('hand-over').open")
        .await
        .unwrap();
    let path = format!("/deals/{}", deal["id"].as_str().unwrap());
    let main = sales.main.get("/me").await.text("/id").to_owned();
    assert_eq!(sales.main.get(&path).await.text("/staff_id"), main);
    browser.quiet().await;
}

#[tokio::test]
async fn the_card_of_a_client_shows_the_clients_deals() {
    let Some(sales) = sales().await else { return };
    let browser = &sales.browser;
    sales
        .deal(json!({ "title": "Windows", "step_at": "2026-11-17T10:00:00Z", "step_text": "Call back" }))
        .await;
    browser.visit(&sales.office, "/clients").await;
    browser.press("#client-table [data-edit]").await;
    browser.see("#client-deals", "Windows").await.unwrap();
    browser.see("#client-deals .overdue", "Call back").await.unwrap();
    browser.press("#client-deals [data-all]").await;
    browser.see("[data-client-of]", "Olga Lebedeva").await.unwrap();
    browser.press("[data-add=deal]").await;
    browser
        .until("document.getElementById('f-client').textContent.includes('Olga')")
        .await
        .unwrap();
    browser.quiet().await;
}

/// The list and its dialog fit small and large screens, light and dark, in both languages.
#[tokio::test]
async fn the_page_fits_every_screen() {
    let Some(sales) = sales().await else { return };
    let browser = &sales.browser;
    let late = json!({ "title": "Остекление балкона на Большой Конюшенной", "step_at": "2026-11-17T10:00:00Z",
        "step_text": "Перезвонить и согласовать замер", "staff_id": sales.anna });
    let late = sales.deal(late).await;
    sales
        .deal(json!({ "title": "Doors", "kind": "deal", "step_at": "2026-12-01T10:00:00Z" }))
        .await;
    sales.deal(json!({ "title": "Roof" })).await;
    for look in looks() {
        browser.look(&look).await.unwrap();
        browser.visit(&sales.office, "/deals").await;
        browser.check(&look, "deals").await;
        browser.press(&row(&late, "[data-edit]")).await;
        browser.press("#history-box summary").await;
        browser.find("#deal-history li").await.unwrap();
        browser.check(&look, "deal").await;
        browser.visit(&sales.office, "/clients").await;
        browser.press("#client-table [data-edit]").await;
        browser.find("#client-deals li").await.unwrap();
        browser.check(&look, "client-deals").await;
    }
}
