//! The form of a site in a real browser: the real script on a page of another origin.

use std::time::Duration;

use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::routing::get;
use frontdesk_tests::browser::{Browser, Look};
use frontdesk_tests::office::{Caller, Office};
use frontdesk_tests::ports::eventually;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const WIDGET: &str = "document.querySelector('[data-frontdesk-widget]')?.shadowRoot";

struct Shop {
    office: Office,
    main: Caller,
    browser: Browser,
    page: String,
    _tasks: JoinSet<()>,
}

/// A page that allows no styles in its text: the form has to do without.
async fn shop(language: &str) -> Option<Shop> {
    let browser = Browser::start(language).await.unwrap()?;
    let office = Office::open().await;
    let main = office.main().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let page = format!("http://{}", listener.local_addr().unwrap());
    let me = main.get("/me").await.text("/id").to_owned();
    let site = json!({ "name": "Shop", "origins": [page], "staff_id": me, "subjects": ["Доставка", "Ремонт"] });
    let site = main.post("/sites", site).await.expect(201);
    let html = format!(
        "<!doctype html><html lang=\"{language}\"><meta charset=\"utf-8\"><title>Shop</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><h1>Shop</h1>\
         <button id=\"order\" data-frontdesk=\"form\" data-subject=\"Красный стул\">Order</button>\
         <script src=\"{}/widget.js\" data-site=\"{}\" async></script>",
        office.url(),
        site.text("/key")
    );
    let policy = format!("default-src 'none'; script-src {0}; connect-src {0}", office.url());
    let router = Router::new().route(
        "/",
        get(async move || {
            let head = [
                (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
                (CONTENT_SECURITY_POLICY, policy.clone()),
            ];
            (head, html.clone())
        }),
    );
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
    browser.open(&page).await.unwrap();
    browser
        .until(&format!("{WIDGET}?.querySelector('.open')"))
        .await
        .unwrap();
    Some(Shop {
        office,
        main,
        browser,
        page,
        _tasks: tasks,
    })
}

impl Shop {
    async fn run(&self, script: &str) -> Value {
        let script = format!("const root = {WIDGET}; {script}");
        self.browser.script(&script, json!([])).await.unwrap()
    }

    async fn click(&self, css: &str) {
        self.run(&format!("root.querySelector('{css}').click()")).await;
    }

    async fn fill(&self, name: &str, text: &str) {
        self.run(&format!("root.querySelector('[name={name}]').value = '{text}'"))
            .await;
    }

    async fn says(&self, css: &str, text: &str) {
        let expression = format!("{WIDGET}.querySelector('{css}').textContent === '{text}'");
        self.browser.until(&expression).await.unwrap();
    }

    async fn requests(&self) -> Vec<Value> {
        let list = self.main.get("/requests").await.expect(200);
        list.body["items"].as_array().unwrap().clone()
    }
}

/// B37: a missing field is told, and nothing is sent; Cancel sends nothing. B38: progress, thanks, one request.
#[tokio::test]
async fn b37_b38_the_form_asks_tells_and_thanks() {
    let Some(shop) = shop("ru").await else { return };
    shop.click(".open").await;
    shop.click(".go[type=submit]").await;
    shop.says("[role=alert]", "Не заполнены все обязательные поля!").await;
    let focus = shop.run("return root.activeElement.name").await;
    assert_eq!(focus, "name", "the first of them");
    assert_eq!(
        shop.run("return root.querySelector('.cancel').textContent").await,
        "Отмена"
    );
    let labels = shop
        .run("return [...root.querySelectorAll('label')].map(label => label.innerText).join('|')")
        .await;
    assert!(labels.as_str().unwrap().contains("Заказ на:"), "{labels}");
    shop.fill("name", "Ольга").await;
    shop.fill("number", "8 916 123-45-67").await;
    shop.click(".cancel").await;
    assert_eq!(shop.run("return root.querySelector('dialog').open").await, false);
    assert!(shop.requests().await.is_empty());

    shop.click(".open").await;
    let choice = format!("{WIDGET}.querySelector('[name=subject-choice]').options.length === 3");
    shop.browser.until(&choice).await.unwrap();
    assert_eq!(
        shop.run("return root.querySelector('[name=name]').value").await,
        "",
        "begun anew"
    );
    shop.fill("name", "Ольга").await;
    shop.fill("number", "8 916 123-45-67").await;
    shop.fill("subject-choice", "Ремонт").await;
    let said = "const go = root.querySelector('.go[type=submit]'); go.click(); go.click();
        root.querySelector('form').requestSubmit(); return root.querySelector('[role=status]').textContent";
    assert_eq!(shop.run(said).await, "Подождите, идёт отправка…");
    let thanks = "Спасибо, Ваша заявка принята. Мы свяжемся с Вами в ближайшее время.";
    shop.says("[role=status]", thanks).await;
    let requests = shop.requests().await;
    assert_eq!(requests.len(), 1, "however often it was clicked");
    assert_eq!(
        (&requests[0]["number"], &requests[0]["subject"]),
        (&json!("+79161234567"), &json!("Ремонт"))
    );
    assert!(requests[0]["page"].as_str().unwrap().starts_with(&shop.page));
    let complaints = shop.browser.complaints().await.unwrap();
    let complaints: Vec<_> = complaints.iter().filter(|line| !line.contains("favicon")).collect();
    assert!(complaints.is_empty(), "{complaints:?}");
}

/// A button of the page opens the order with its subject; a wrong number is told; Escape closes.
#[tokio::test]
async fn a_button_of_the_page_orders_what_it_is_for() {
    let Some(shop) = shop("en").await else { return };
    shop.browser.click("#order").await.unwrap();
    shop.says("h2", "Send a request").await;
    shop.fill("name", "Olga").await;
    shop.fill("number", "12").await;
    shop.click(".go[type=submit]").await;
    shop.says("[role=alert]", "Check the telephone number.").await;
    assert!(shop.requests().await.is_empty());
    shop.fill("number", "+7 916 123-45-67").await;
    shop.click(".go[type=submit]").await;
    let kept = eventually("the order", Duration::from_secs(10), async || {
        shop.requests().await.pop()
    });
    let kept = kept.await.unwrap();
    assert_eq!(
        (&kept["kind"], &kept["subject"]),
        (&json!("form"), &json!("Красный стул"))
    );
    shop.browser.keys(&["\u{e00c}"]).await.unwrap();
    shop.browser
        .until(&format!("!{WIDGET}.querySelector('dialog').open"))
        .await
        .unwrap();
    drop(shop.office);
}

/// `LOOKS=folder` keeps pictures of what is looked at.
#[tokio::test]
async fn the_form_fits_small_and_large_screens_light_and_dark() {
    let Some(shop) = shop("ru").await else { return };
    for (width, height) in [(390, 844), (1280, 800)] {
        for dark in [false, true] {
            let look = Look {
                language: "ru",
                dark,
                width,
                height,
            };
            shop.browser.look(&look).await.unwrap();
            shop.click(".open").await;
            let fits = "const box = root.querySelector('dialog').getBoundingClientRect();
                return box.left >= 0 && box.right <= innerWidth && box.bottom <= innerHeight && box.top >= 0";
            assert_eq!(shop.run(fits).await, true, "{width} {dark}");
            if let Some(folder) = std::env::var_os("LOOKS") {
                let name = format!("widget-{width}-{}.png", if dark { "dark" } else { "light" });
                let picture = shop.browser.screenshot().await.unwrap();
                std::fs::write(std::path::Path::new(&folder).join(name), picture).unwrap();
            }
            shop.click(".cancel").await;
        }
    }
}

/// B35, L61: a site is added on the page and gives its code; its request is called and done there.
#[tokio::test]
async fn l61_a_site_is_added_and_its_requests_are_served_on_the_page() {
    let Some(Shop {
        office,
        main,
        browser,
        page,
        _tasks,
    }) = shop("en").await
    else {
        return;
    };
    let (login, password) = office.credentials();
    browser.open(&format!("{}/login", office.url())).await.unwrap();
    browser.type_into("#login-name", &login).await.unwrap();
    browser.type_into("#login-password", &password).await.unwrap();
    browser.click("#login button[type=submit]").await.unwrap();
    browser.find("#log-out").await.unwrap();
    browser.open(&format!("{}/sites", office.url())).await.unwrap();
    browser.see("[data-feed]", "Live").await.unwrap();
    browser.click("[data-add]").await.unwrap();
    browser.type_into("#f-name", "Blog").await.unwrap();
    browser.type_into("#f-origins", "blog").await.unwrap();
    browser
        .script("document.getElementById('f-to').selectedIndex = 1", json!([]))
        .await
        .unwrap();
    browser.click("#site-form button[type=submit]").await.unwrap();
    browser.see("[data-error=origins]", "This is not right").await.unwrap();
    browser.type_into("#f-origins", "https://blog.example").await.unwrap();
    browser.click("#site-form button[type=submit]").await.unwrap();
    browser.see("#site-table", "https://blog.example").await.unwrap();
    browser.click("[data-snippet]").await.unwrap();
    browser
        .until("document.getElementById('snippet').value.includes('/widget.js')")
        .await
        .unwrap();
    browser.click("#snippet-dialog footer [data-close]").await.unwrap();

    let sites = main.get("/sites").await.expect(200);
    let key = sites.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|site| site["name"] == "Shop");
    let path = format!("/widget/{}/requests", key.unwrap()["key"].as_str().unwrap());
    let visitor = office.nobody().with("origin", &page);
    let body = json!({ "name": "Olga", "number": "+79161234567", "subject": "Repair" });
    visitor.post(&path, body).await.expect(201);
    browser.see("#request-table", "Olga").await.unwrap();
    browser.see("#request-table", "+7 916 123-45-67").await.unwrap();
    if let Some(folder) = std::env::var_os("LOOKS") {
        for (width, dark, language) in [(390, true, "ru"), (1280, false, "en")] {
            let look = Look {
                language,
                dark,
                width,
                height: 900,
            };
            browser.look(&look).await.unwrap();
            browser.open(&format!("{}/sites", office.url())).await.unwrap();
            browser.find("#request-table").await.unwrap();
            let name = format!("sites-{width}.png");
            let picture = browser.screenshot().await.unwrap();
            std::fs::write(std::path::Path::new(&folder).join(name), picture).unwrap();
        }
    }
    office.phone(&main.get("/me").await.body, true);
    browser.click("[data-call]").await.unwrap();
    let ordered = eventually("the call", Duration::from_secs(10), async || {
        (!office.heard.commands.lock().unwrap().is_empty()).then_some(())
    });
    ordered.await.unwrap();
    browser.click("[data-done]").await.unwrap();
    browser.see("#request-table", "Done").await.unwrap();

    office.call(1).inbound("+79011112233").ended("no_answer").save().await;
    browser.open(&format!("{}/calls", office.url())).await.unwrap();
    browser.see("#missed-table", "+7 901 111-22-33").await.unwrap();
    browser.click("[data-why]").await.unwrap();
    browser.see("#why-list", "Short number.").await.unwrap();
    browser.click("#why-dialog footer [data-close]").await.unwrap();
    browser.click("#missed-table [data-call]").await.unwrap();
    let ordered = eventually("the call back", Duration::from_secs(10), async || {
        (office.heard.commands.lock().unwrap().len() == 2).then_some(())
    });
    ordered.await.unwrap();
}
