//! The pages of staff, of their phones and of the company's phone book in a real browser, on the running daemon.

use std::io::Cursor;

use frontdesk_tests::browser::{Browser, Look};
use frontdesk_tests::house::{House, id, pages, visit};
use frontdesk_tests::ports::eventually;
use image::{DynamicImage, ImageFormat, RgbImage};
use serde_json::{Value, json};

async fn open(browser: &Browser, house: &House, path: &str) {
    browser.open(&format!("{}{path}", house.daemon.base())).await.unwrap();
}

/// The row of somebody.
fn row(member: &Value, rest: &str) -> String {
    format!("tr[data-id=\"{}\"] {rest}", id(member))
}

fn js(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

async fn shown(browser: &Browser, css: &str) -> bool {
    let script = "return Boolean(document.querySelector(arguments[0]))";
    browser.script(script, json!([css])).await.unwrap() == true
}

async fn quiet(browser: &Browser) {
    let complaints = browser.complaints().await.unwrap();
    let ours = complaints
        .iter()
        .filter(|line| !line.contains("the server responded with a status of 4"));
    assert_eq!(ours.collect::<Vec<_>>(), [] as [&String; 0]);
}

/// Rows L5, L6.
#[test]
fn l5_l6_the_page_shows_those_of_the_project_and_everybody_on_wish() {
    visit(async |house| {
        let Some(browser) = pages(house).await else { return };
        let there = house.hire(json!({})).await;
        let name = format!("Branch {}", house.short());
        let branch = house.main.post("/projects", json!({ "name": name })).await.expect(201);
        let parts = json!({ "projects": [{ "project_id": branch.body["id"], "receives_calls": true }] });
        house
            .main
            .put(&format!("/staff/{}/projects", id(&there)), parts)
            .await
            .expect(200);
        let here = house.hire(json!({})).await;
        open(&browser, house, "/staff").await;
        browser.find("[data-scope=project][aria-current]").await.unwrap();
        assert!(shown(&browser, &row(&here, "b")).await && !shown(&browser, &row(&there, "b")).await);
        browser.click("[data-scope=all]").await.unwrap();
        browser.find("[data-scope=all][aria-current]").await.unwrap();
        assert!(shown(&browser, &row(&here, "b")).await && shown(&browser, &row(&there, "b")).await);
        quiet(&browser).await;
    });
}

/// Rows L7, L23.
#[test]
fn l7_l23_a_photo_is_chosen_in_the_form_and_stands_beside_the_name() {
    visit(async |house| {
        let Some(browser) = pages(house).await else { return };
        let anna = house.hire(json!({ "surname": "Sokolova", "given_name": "Anna" })).await;
        open(&browser, house, "/staff").await;
        let placeholder = row(&anna, "[data-placeholder]");
        browser.see(&placeholder, "SA").await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (photo, text) = (folder.path().join("anna.png"), folder.path().join("notes.png"));
        let mut file = Cursor::new(Vec::new());
        DynamicImage::ImageRgb8(RgbImage::from_pixel(300, 200, image::Rgb([200, 80, 40])))
            .write_to(&mut file, ImageFormat::Png)
            .unwrap();
        std::fs::write(&photo, file.into_inner()).unwrap();
        std::fs::write(&text, "no picture").unwrap();
        browser.click(&row(&anna, "[data-edit]")).await.unwrap();
        browser.attach("#f-photo", &text).await.unwrap();
        browser.see("#f-photo-error", "no picture").await.unwrap();
        browser.attach("#f-photo", &photo).await.unwrap();
        let image = js(&row(&anna, "img[data-photo]"));
        let drawn = format!("document.querySelector({image})?.naturalWidth === 128");
        browser.until(&drawn).await.unwrap();
        browser.click("#f-photo-remove").await.unwrap();
        browser
            .until(&format!("document.querySelector({image}) === null"))
            .await
            .unwrap();
        quiet(&browser).await;
    });
}

/// Row L17.
#[test]
fn l17_somebody_is_edited_and_deleted_by_the_buttons_of_the_row_but_not_the_main_account() {
    visit(async |house| {
        let Some(browser) = pages(house).await else { return };
        let member = house.hire(json!({})).await;
        open(&browser, house, "/staff").await;
        browser.click(&row(&member, "[data-edit]")).await.unwrap();
        browser.type_into("#f-position", "Cashier").await.unwrap();
        browser.click("#staff-form button[type=submit]").await.unwrap();
        browser.see(&row(&member, ".lead"), "Cashier").await.unwrap();
        browser.click(&row(&member, "[data-delete]")).await.unwrap();
        browser.click("#confirm-yes").await.unwrap();
        browser
            .find(&format!("tr.gone[data-id=\"{}\"]", id(&member)))
            .await
            .unwrap();
        let me = house.main.get("/me").await.expect(200).body;
        assert!(shown(&browser, &row(&me, "[data-edit]")).await && !shown(&browser, &row(&me, "[data-delete]")).await);
        quiet(&browser).await;
    });
}

/// Rows L18, L19, L20.
#[test]
fn l18_l19_l20_the_switch_of_a_row_lets_somebody_work_and_not_work() {
    visit(async |house| {
        let Some(browser) = pages(house).await else { return };
        let member = house.hire(json!({})).await;
        open(&browser, house, "/staff").await;
        browser.see(&row(&member, "[data-work]"), "Working").await.unwrap();
        browser.find(&row(&member, ".status.working")).await.unwrap();
        let colour =
            "const [r, g, b] = getComputedStyle(document.querySelector(arguments[0])).color.match(/\\d+/g).map(Number);
                      return g > r && g > b";
        let green = browser
            .script(colour, json!([row(&member, "[data-work]")]))
            .await
            .unwrap();
        assert_eq!(green, true);
        browser.click(&row(&member, "[data-receiving]")).await.unwrap();
        browser.see(&row(&member, "[data-work]"), "Not working").await.unwrap();
        assert_eq!(house.member(&member).await["work_status"], "not_working");
        browser
            .click(&row(&member, "[data-receiving][aria-checked=false]"))
            .await
            .unwrap();
        browser.find(&row(&member, ".status.working")).await.unwrap();
        quiet(&browser).await;
    });
}

#[test]
fn l49_new_sip_data_come_with_links_and_a_code_to_scan() {
    visit(async |house| {
        let Some(browser) = pages(house).await else { return };
        let member = house.hire(json!({ "short_number": house.short() })).await;
        open(&browser, house, "/staff").await;
        browser.click(&row(&member, "[data-sip-data]")).await.unwrap();
        browser.click("#sip-yes").await.unwrap();
        browser
            .until("document.getElementById('sip-qr').naturalWidth > 0")
            .await
            .unwrap();
        browser.see("#sip-link", "/linphone/linphone.xml").await.unwrap();
        let chosen = "const models = document.getElementById('sip-model'); models.value = document.getElementById('link-snom').value;
                      models.dispatchEvent(new Event('change'))";
        browser.script(chosen, json!([])).await.unwrap();
        browser.see("#sip-link", "/snom/snom.xml").await.unwrap();
        browser.click("#sip-help").await.unwrap();
        browser.find("[data-model=snom]").await.unwrap();
        quiet(&browser).await;
    });
}

/// Rows L49, L50.
#[test]
fn l49_l50_the_page_of_a_phone_lists_programs_and_shows_a_models_fields_with_the_persons_values() {
    visit(async |house| {
        let Some(browser) = pages(house).await else { return };
        let member = house
            .hire(json!({ "surname": "Petrova", "short_number": house.short() }))
            .await;
        let sip = house
            .main
            .do_(&format!("/staff/{}/sip", id(&member)))
            .await
            .expect(201)
            .body;
        open(&browser, house, "/staff").await;
        browser.click(&row(&member, "[data-phone]")).await.unwrap();
        for program in ["Linphone", "Zoiper", "MicroSIP", "baresip"] {
            browser.see("main", program).await.unwrap();
        }
        let makers = "return [...document.querySelectorAll('[data-maker]')].filter((link) => link.href.startsWith('https://')).length";
        assert_eq!(browser.script(makers, json!([])).await.unwrap(), 8);
        browser.click("a[href$='model=yealink']").await.unwrap();
        browser
            .see("[data-model=yealink] .facts", "Register Name")
            .await
            .unwrap();
        browser
            .see("[data-model=yealink] .facts", sip["user"].as_str().unwrap())
            .await
            .unwrap();
        browser.see("[data-model=yealink] .facts", "Petrova").await.unwrap();
        let text = browser.text("main").await.unwrap();
        assert!(!text.contains(sip["password"].as_str().unwrap()));
        quiet(&browser).await;
    });
}

/// Row B31.
#[test]
fn b31_whoever_deletes_somebody_is_offered_to_hand_over_the_clients() {
    visit(async |house| {
        let Some(browser) = pages(house).await else { return };
        let (gone, heir) = (house.hire(json!({})).await, house.hire(json!({})).await);
        for _ in 0..2 {
            house.client(json!({ "manager_id": gone["id"] })).await;
        }
        open(&browser, house, "/staff").await;
        browser.click(&row(&gone, "[data-delete]")).await.unwrap();
        browser.click("#confirm-yes").await.unwrap();
        browser.see("#hand-over-count", "2").await.unwrap();
        let choose = "document.getElementById('hand-over-to').value = arguments[0]";
        browser.script(choose, json!([id(&heir)])).await.unwrap();
        browser.click("#hand-over-yes").await.unwrap();
        browser
            .until("!document.getElementById('hand-over').open")
            .await
            .unwrap();
        let moved = async || {
            let list = house.main.get(&format!("/clients?manager_id={}", id(&heir))).await.body;
            (list["filtered"] == 2).then_some(())
        };
        eventually(
            "the clients to be handed over",
            std::time::Duration::from_secs(5),
            moved,
        )
        .await
        .unwrap();
        quiet(&browser).await;
    });
}

/// Rows C18, B31.
#[test]
fn c18_a_supervisor_is_chosen_in_the_form_and_a_successor_when_one_is_deleted() {
    visit(async |house| {
        let Some(browser) = pages(house).await else { return };
        let (chief, heir) = (house.hire(json!({})).await, house.hire(json!({})).await);
        let clerk = house.hire(json!({})).await;
        open(&browser, house, "/staff").await;
        let choose = "document.getElementById(arguments[0]).value = arguments[1]";
        browser.click(&row(&clerk, "[data-edit]")).await.unwrap();
        browser.find("#f-supervisor").await.unwrap();
        let own = format!(
            "document.querySelector('#f-supervisor option[value=\"{}\"]') === null",
            id(&clerk)
        );
        browser.until(&own).await.unwrap();
        browser
            .script(choose, json!(["f-supervisor", id(&chief)]))
            .await
            .unwrap();
        browser.click("#staff-form button[type=submit]").await.unwrap();
        browser
            .see(&row(&clerk, "[data-supervisor]"), chief["name"].as_str().unwrap())
            .await
            .unwrap();
        browser.click(&row(&chief, "[data-edit]")).await.unwrap();
        browser.find("#f-supervisor").await.unwrap();
        browser
            .script(choose, json!(["f-supervisor", id(&clerk)]))
            .await
            .unwrap();
        browser.click("#staff-form button[type=submit]").await.unwrap();
        browser
            .see("[data-error=supervisor_id]", "reports to the person")
            .await
            .unwrap();
        browser.click("#staff-form footer [data-close]").await.unwrap();
        browser.click(&row(&chief, "[data-delete]")).await.unwrap();
        browser.find("#successor-id").await.unwrap();
        browser
            .script(choose, json!(["successor-id", id(&heir)]))
            .await
            .unwrap();
        browser.click("#confirm-yes").await.unwrap();
        browser
            .see(&row(&clerk, "[data-supervisor]"), heir["name"].as_str().unwrap())
            .await
            .unwrap();
        assert_eq!(house.member(&clerk).await["supervisor_id"], heir["id"]);
        quiet(&browser).await;
    });
}

/// Row V10.
#[test]
fn v10_the_city_number_is_shown_by_a_click_where_there_is_one() {
    visit(async |house| {
        let Some(browser) = pages(house).await else { return };
        let phone = house.number();
        let with = house
            .hire(json!({ "short_number": house.short(), "phone": phone }))
            .await;
        let without = house.hire(json!({ "short_number": house.short() })).await;
        let number = json!({ "number": "8 (495) 765-43-29", "staff_id": with["id"] });
        house.main.post("/numbers", number).await.expect(201);
        open(&browser, house, "/phone-book").await;
        assert!(!shown(&browser, &row(&without, "[data-abc]")).await);
        browser.see(&row(&with, "summary"), "(+ABC)").await.unwrap();
        let number = js(&row(&with, "[data-abc-number]"));
        assert!(
            browser
                .script(
                    &format!("return document.querySelector({number}).checkVisibility()"),
                    json!([])
                )
                .await
                .unwrap()
                == false
        );
        browser.click(&row(&with, "summary")).await.unwrap();
        browser.find(&row(&with, "[data-abc-number]")).await.unwrap();
        browser
            .see(&row(&with, "[data-abc-number]"), "+7 495 765-43-29")
            .await
            .unwrap();
        quiet(&browser).await;
    });
}

/// Row V11.
#[test]
fn v11_a_persons_row_of_the_book_opens_all_departments_and_all_clients() {
    visit(async |house| {
        let Some(browser) = pages(house).await else { return };
        let anna = house.hire(json!({ "short_number": house.short() })).await;
        for name in ["Accounts", "Board"] {
            let short = house.short();
            let body = json!({ "name": format!("{name} {short}"), "short_number": short, "members": [id(&anna)] });
            house.main.post("/departments", body).await.expect(201);
        }
        let mine = house.client(json!({ "manager_id": anna["id"] })).await;
        let other = house.client(json!({})).await;
        open(&browser, house, "/phone-book").await;
        browser.click(&row(&anna, "[data-departments] summary")).await.unwrap();
        browser
            .see(&row(&anna, "[data-departments]"), "Accounts")
            .await
            .unwrap();
        browser.see(&row(&anna, "[data-departments]"), "Board").await.unwrap();
        browser.click(&row(&anna, "[data-clients]")).await.unwrap();
        browser.find(&row(&mine, "b")).await.unwrap();
        assert!(!shown(&browser, &row(&other, "b")).await);
        quiet(&browser).await;
    });
}

/// Each page fits small and large screens, light and dark.
#[test]
fn the_page_of_a_phone_fits_every_screen() {
    visit(async |house| {
        let Some(browser) = pages(house).await else { return };
        let shots = std::env::var_os("FRONTDESK_SHOTS").map(std::path::PathBuf::from);
        let member = house
            .hire(json!({ "surname": "Константинопольский", "short_number": house.short() }))
            .await;
        house.main.do_(&format!("/staff/{}/sip", id(&member))).await.expect(201);
        for width in [390, 1280] {
            for dark in [false, true] {
                let look = Look {
                    language: "ru",
                    dark,
                    width,
                    height: 900,
                };
                browser.look(&look).await.unwrap();
                for model in ["linphone", "snom", "baresip"] {
                    open(&browser, house, &format!("/staff/{}/sip?model={model}", id(&member))).await;
                    browser.find(&format!("[data-model={model}]")).await.unwrap();
                    let wide = "return document.documentElement.scrollWidth > innerWidth";
                    assert_eq!(browser.script(wide, json!([])).await.unwrap(), false, "{model} {width}");
                    if let Some(folder) = &shots {
                        let name = format!("phone-{model}-{width}-{dark}.png");
                        std::fs::write(folder.join(name), browser.screenshot().await.unwrap()).unwrap();
                    }
                }
            }
        }
    });
}

/// Row B9.
#[test]
fn b9_the_end_of_access_is_set_in_the_form_and_the_row_tells_when_it_has_come() {
    visit(async |house| {
        let Some(browser) = pages(house).await else { return };
        let member = house.hire(json!({})).await;
        let path = format!("/staff/{}", id(&member));
        let set = async |moment: &str| {
            let script = "const field = document.getElementById('f-until'); field.value = arguments[0];
                          field.dispatchEvent(new Event('input', { bubbles: true }));";
            browser.script(script, json!([moment])).await.unwrap();
            browser.click("#staff-form button[type=submit]").await.unwrap();
        };
        open(&browser, house, "/staff").await;
        browser.click(&row(&member, "[data-edit]")).await.unwrap();
        browser.find("#staff-dialog[open]").await.unwrap();
        set("2020-01-01T10:00").await;
        browser.see("[data-error=access_until]", "in the future").await.unwrap();
        set("2100-01-01T10:00").await;
        let access = row(&member, "[data-access]");
        browser.see(&access, "Access until: 1 Jan 2100, 10:00").await.unwrap();
        let saved = house.member(&member).await;
        assert_eq!(
            saved["access_until"], "2100-01-01T07:00:00.000Z",
            "the company's zone is Moscow"
        );
        let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(1);
        let soon = json!({ "access_until": soon.to_string() });
        house.main.patch(&path, soon).await.expect(200);
        browser.see(&access, "Access has ended").await.unwrap();
        browser.click(&row(&member, "[data-edit]")).await.unwrap();
        browser.see("#f-ended", "Access has ended").await.unwrap();
        browser
            .until("document.querySelector('#f-until').value !== ''")
            .await
            .unwrap();
        set("").await;
        browser
            .until(&format!("document.querySelector({}) === null", js(&access)))
            .await
            .unwrap();
        assert_eq!(house.member(&member).await["access_until"], Value::Null);
        let me = house.main.get("/me").await.expect(200).body;
        browser.click(&row(&me, "[data-edit]")).await.unwrap();
        browser.find("#staff-dialog[open]").await.unwrap();
        browser
            .until("document.querySelector('#f-until').disabled")
            .await
            .unwrap();
        quiet(&browser).await;
    });
}

/// Row L29: what the telephone of whoever takes calls by mobile may not do itself is said where its number is given, to
/// people and to programs that read pages to them.
#[test]
fn l29_the_form_warns_of_the_telephones_own_voicemail_second_line_and_forwarding() {
    visit(async |house| {
        let Some(browser) = pages(house).await else { return };
        let member = house.hire(json!({ "phone": house.number() })).await;
        let path = format!("/staff/{}/reception", id(&member));
        house.main.patch(&path, json!({ "method": "mobile" })).await.expect(200);
        let list = format!(
            "/staff?search={}",
            member["surname"].as_str().unwrap().replace(' ', "+")
        );
        for (language, words) in [
            ("en", ["mobile", "voicemail", "second line", "forwarding"]),
            ("ru", ["мобильный", "голосовую почту", "вторую линию", "переадресацию"]),
        ] {
            browser.language(language).await.unwrap();
            open(&browser, house, &list).await;
            browser.click(&row(&member, "[data-edit]")).await.unwrap();
            browser.find("#f-phone-hint").await.unwrap();
            let warning = browser.text("#f-phone-hint").await.unwrap();
            for word in words {
                assert!(warning.contains(word), "{warning}");
            }
            let told = "return document.getElementById('f-phone').getAttribute('aria-describedby')";
            assert_eq!(browser.script(told, json!([])).await.unwrap(), "f-phone-hint");
        }
        quiet(&browser).await;
    });
}
