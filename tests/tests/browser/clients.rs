//! The page of clients in a real browser, on the running daemon.

use frontdesk_tests::browser::Browser;
use frontdesk_tests::house::{House, alone, id, pages, visit};
use serde_json::{Value, json};

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
