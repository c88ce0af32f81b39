//! The page of clients in a real browser, on the running daemon.

use frontdesk_sip::flow::Transport;
use frontdesk_tests::browser::Browser;
use frontdesk_tests::digits::found_in;
use frontdesk_tests::house::{House, PASSWORD, alone, id, pages, visit};
use frontdesk_tests::wire::{WirePhone, sdp};
use serde_json::{Value, json};

const STUB: &str = "+78123893298";

async fn open(browser: &Browser, house: &House, path: &str) {
    browser.open(&format!("{}{path}", house.daemon.base())).await.unwrap();
}

fn row(client: &Value, rest: &str) -> String {
    format!("tr[data-id=\"{}\"] {rest}", id(client))
}

async fn numbers(browser: &Browser) -> Vec<String> {
    let script = "return [...document.querySelectorAll('#client-table tbody tr')].map((row) => row.cells[2].innerText.replace(/\\D/g, ''))";
    let numbers = browser.script(script, json!([])).await.unwrap();
    numbers
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_str().unwrap().to_owned())
        .collect()
}

/// Rows V15, V16.
#[test]
fn v15_v16_the_list_says_how_many_and_is_ordered_by_a_click_on_the_phone_column() {
    alone(async |house| {
        let Some(browser) = pages(house).await else { return };
        for number in ["9123456702", "9123456703", "9123456701"] {
            house.client(json!({ "number": number })).await;
        }
        open(&browser, house, "/clients").await;
        browser.see(".count", "Total: 3").await.unwrap();
        let heads = browser.text("#client-table thead").await.unwrap();
        for column in ["Status", "Full name", "Phone", "Company", "Position", "Manager"] {
            assert!(heads.contains(column), "{heads}");
        }
        browser.click("a.sort[href*='order=number']").await.unwrap();
        browser
            .until("document.querySelector('[aria-sort=ascending]')?.innerText.includes('Phone')")
            .await
            .unwrap();
        assert_eq!(numbers(&browser).await, ["79123456701", "79123456702", "79123456703"]);
        browser.click("a.sort[href*='order=number']").await.unwrap();
        browser.find("[aria-sort=descending]").await.unwrap();
        assert_eq!(numbers(&browser).await, ["79123456703", "79123456702", "79123456701"]);
    });
}

/// Row V18.
#[test]
fn v18_a_contact_is_added_by_the_form() {
    visit(async |house| {
        let Some(browser) = pages(house).await else { return };
        let manager = house.hire(json!({})).await;
        open(&browser, house, "/clients").await;
        browser.click("[data-add]").await.unwrap();
        browser.click("#client-form button[type=submit]").await.unwrap();
        browser.see("[data-error=name]", "Fill this in").await.unwrap();
        browser.see("[data-error=number]", "Fill this in").await.unwrap();
        browser.type_into("#f-name", "Olga Lebedeva").await.unwrap();
        browser.type_into("#f-number", "8 901 111-22-33").await.unwrap();
        let choose = "document.getElementById('f-manager').value = arguments[0]";
        browser.script(choose, json!([id(&manager)])).await.unwrap();
        browser.click("#client-form button[type=submit]").await.unwrap();
        browser.see("#client-table", "+7 901 111-22-33").await.unwrap();
        browser
            .see("#client-table", manager["name"].as_str().unwrap())
            .await
            .unwrap();
    });
}

/// Row V26.
#[test]
fn v26_the_status_column_says_vip_beside_vips_alone() {
    visit(async |house| {
        let Some(browser) = pages(house).await else { return };
        let (vip, other) = (
            house.client(json!({ "vip": true })).await,
            house.client(json!({})).await,
        );
        open(&browser, house, "/clients").await;
        browser.see(&row(&vip, "td:first-child"), "VIP").await.unwrap();
        assert_eq!(browser.text(&row(&other, "td:first-child")).await.unwrap().trim(), "");
    });
}

/// Row V27.
#[test]
fn v27_a_contact_is_changed_by_the_pencil_and_an_old_version_is_told() {
    visit(async |house| {
        let Some(browser) = pages(house).await else { return };
        let client = house.client(json!({})).await;
        open(&browser, house, "/clients").await;
        browser.click(&row(&client, "[data-edit]")).await.unwrap();
        browser.type_into("#f-company", "North").await.unwrap();
        browser.click("#client-form button[type=submit]").await.unwrap();
        browser
            .see(&row(&client, "td[data-label=Company]"), "North")
            .await
            .unwrap();
        browser.click(&row(&client, "[data-edit]")).await.unwrap();
        browser.find("#f-company").await.unwrap();
        let path = format!("/clients/{}", id(&client));
        house.main.patch(&path, json!({ "company": "East" })).await.expect(200);
        browser.type_into("#f-company", "South").await.unwrap();
        browser.click("#client-form button[type=submit]").await.unwrap();
        browser
            .see("#client-form [data-form-error]", "changed by somebody else")
            .await
            .unwrap();
        assert_eq!(house.main.get(&path).await.text("/company"), "East");
    });
}

/// Row V28.
#[test]
fn v28_a_contact_is_deleted_only_when_that_is_confirmed() {
    visit(async |house| {
        let Some(browser) = pages(house).await else { return };
        let client = house.client(json!({ "name": "Wavering" })).await;
        let path = format!("/clients/{}", id(&client));
        open(&browser, house, "/clients").await;
        browser.click(&row(&client, "[data-delete]")).await.unwrap();
        browser.see("#confirm", "Wavering").await.unwrap();
        browser.click("#confirm [data-close]").await.unwrap();
        browser.until("!document.getElementById('confirm').open").await.unwrap();
        house.main.get(&path).await.expect(200);
        browser.click(&row(&client, "[data-delete]")).await.unwrap();
        browser.click("#confirm-yes").await.unwrap();
        browser.see_gone("[data-part=clients]", "Wavering").await.unwrap();
        house.main.get(&path).await.expect(404);
    });
}

/// The pages as somebody else than the main account sees them.
async fn enter_as(browser: &Browser, house: &House, member: &Value) {
    browser.forget_cookies().await.unwrap();
    let login = member["effective_login"].as_str().unwrap();
    let base = house.daemon.base();
    browser.log_in(&base, (login, PASSWORD)).await.unwrap();
}

/// The phone rings for a call that was ordered, and declines it; what it was shown.
async fn rings(browser: &Browser, phone: &mut WirePhone) -> String {
    browser.see("#toast", "Your phone rings first").await.unwrap();
    declines(phone).await
}

async fn declines(phone: &mut WirePhone) -> String {
    let invite = phone.request_of("INVITE").await.unwrap();
    phone.respond(&invite, 486, ("", "")).await.unwrap();
    phone.request_of("ACK").await.unwrap();
    String::from_utf8_lossy(invite.bytes()).into_owned()
}

/// A line by which people outside call a number of somebody's.
struct Outside {
    gateway: WirePhone,
    number: String,
}

impl Outside {
    async fn of(house: &House, member: &Value) -> Outside {
        let number = house.number();
        let connected = json!({ "number": number, "staff_id": id(member) });
        house.main.post("/numbers", connected).await.expect(201);
        let line = json!({ "name": format!("In {number}") });
        let line = house.main.post("/trunks", line).await.expect(201).body;
        let gateway = house.wire_phone(Transport::Udp, &line["sip"]).await;
        Outside { gateway, number }
    }

    /// Somebody calls, and is declined; what the phone was shown.
    async fn calls(&mut self, caller: &str, phone: &mut WirePhone) -> String {
        let to = format!("sip:{}@pbx.example", self.number);
        let headers = format!("P-Asserted-Identity: <sip:{caller}@pbx.example>\r\nContent-Type: application/sdp\r\n");
        let offer = sdp(42_000);
        let (answer, shown) = tokio::join!(self.gateway.ask("INVITE", &to, (&headers, &offer)), declines(phone));
        assert_eq!(answer.unwrap().status(), Some(486));
        shown
    }
}

/// Row L35: whoever sees no numbers calls by the table, the form and the card of a caller, and is shown none meanwhile.
#[test]
fn l35_a_client_is_called_by_the_buttons_of_the_table_the_form_and_the_callers_card() {
    visit(async |house| {
        let Some(browser) = pages(house).await else { return };
        let hides = json!({ "role": "supervisor", "short_number": house.short(), "hide_client_number": true, "raise_card": true });
        let (_, anna) = house.log_in_new(hides).await;
        let mut phone = house.phone(&anna).await;
        let client = house.client(json!({ "name": "Vera Tikhonova" })).await;
        let (name, number) = (client["name"].as_str().unwrap(), client["number"].as_str().unwrap());
        let list = format!("/clients?search={}", name.replace(' ', "+"));
        enter_as(&browser, house, &anna).await;
        open(&browser, house, &list).await;
        browser.click(&row(&client, "[data-call]")).await.unwrap();
        browser.see("#toast", "phone").await.unwrap();
        assert_ne!(
            browser.text("#toast").await.unwrap(),
            "Your phone rings first",
            "she has none yet"
        );
        phone.register().await.unwrap();
        open(&browser, house, &list).await;
        browser.click(&row(&client, "[data-call]")).await.unwrap();
        let mut shown = vec![rings(&browser, &mut phone).await];
        open(&browser, house, &list).await;
        browser.click(&row(&client, "[data-edit]")).await.unwrap();
        browser.click("#client-call").await.unwrap();
        shown.push(rings(&browser, &mut phone).await);

        open(&browser, house, &list).await;
        browser.find(&row(&client, "[data-call]")).await.unwrap();
        let mut outside = Outside::of(house, &anna).await;
        shown.push(outside.calls(number, &mut phone).await);
        browser.see("#caller-card", name).await.unwrap();
        browser.click("#caller-card .call").await.unwrap();
        shown.push(rings(&browser, &mut phone).await);
        for text in &shown {
            assert!(text.contains(name), "{text}");
            assert_eq!(found_in(text, number), None, "{text}");
        }
        let page = browser
            .script("return document.documentElement.outerHTML", json!([]))
            .await
            .unwrap();
        assert_eq!(found_in(page.as_str().unwrap(), number), None);
    });
}

/// Row L35.
#[test]
fn l35_whoever_may_make_no_calls_has_no_button_for_them() {
    visit(async |house| {
        let Some(browser) = pages(house).await else { return };
        let (_, guest) = house.log_in_new(json!({ "role": "external" })).await;
        let client = house.client(json!({ "manager_id": id(&guest) })).await;
        let buttons = "return document.querySelectorAll('[data-call]').length";
        open(&browser, house, &format!("/clients?manager_id={}", id(&guest))).await;
        browser.find(&row(&client, "[data-call]")).await.unwrap();
        enter_as(&browser, house, &guest).await;
        open(&browser, house, "/clients").await;
        browser.find(&row(&client, "b")).await.unwrap();
        assert_eq!(browser.script(buttons, json!([])).await.unwrap(), 0);
    });
}

/// Row L46: with the stub in the place of the number where numbers are hidden, and the right number in the book all the same.
#[test]
fn l46_the_card_of_an_unknown_caller_leads_to_a_new_contact_with_the_number_filled_in() {
    visit(async |house| {
        let Some(browser) = pages(house).await else { return };
        for hides in [false, true] {
            let switches = json!({ "role": "supervisor", "hide_client_number": hides, "raise_card": true });
            let (_, anna) = house.log_in_new(switches).await;
            let mut phone = house.phone(&anna).await;
            phone.register().await.unwrap();
            enter_as(&browser, house, &anna).await;
            open(&browser, house, "/clients").await;
            browser.find("[data-add]").await.unwrap();
            let (caller, name) = (house.number(), format!("Unknown {hides}"));
            Outside::of(house, &anna).await.calls(&caller, &mut phone).await;
            browser.click("#caller-card a").await.unwrap();
            browser.find("#f-number").await.unwrap();
            let given = browser.script("return document.getElementById('f-number').value", json!([]));
            let given = given.await.unwrap();
            let shown = if hides { STUB } else { caller.as_str() };
            assert_eq!(given, shown);
            browser.type_into("#f-name", &name).await.unwrap();
            browser.click("#client-form button[type=submit]").await.unwrap();
            browser.see("#client-table", &name).await.unwrap();
            let search = format!("/clients?search={}", name.replace(' ', "+"));
            let book = house.main.get(&search).await.expect(200);
            assert_eq!(book.text("/items/0/number"), caller);
        }
    });
}
