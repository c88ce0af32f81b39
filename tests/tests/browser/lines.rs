//! The pages of numbers and of lines in a real browser.

use frontdesk::engine::output::{BoardChange, TrunkRegistration, TrunkState};
use frontdesk::http::Clock;
use frontdesk_media::sound;
use frontdesk_tests::office::Caller;
use frontdesk_tests::pages::{Desk, looks};
use reqwest::Method;
use serde_json::{Value, json};

async fn items(main: &Caller, path: &str) -> Vec<Value> {
    let list = main.get(path).await.expect(200);
    list.body["items"].as_array().unwrap().clone()
}

/// L38, L39: a number is connected, shown as the single number, and disconnected when no call shows it any more.
#[tokio::test]
async fn l38_l39_numbers_are_connected_and_chosen_to_be_shown_on_the_page() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, main } = &desk;
    let anna = office
        .add(main, json!({ "given_name": "Anna", "short_number": "105" }))
        .await;
    let sales = json!({ "name": "Sales", "short_number": "600", "members": [anna["id"]] });
    let sales = main.post("/departments", sales).await.expect(201).body;
    let line = json!({ "name": "Provider", "sources": ["203.0.113.7"] });
    let line = main.post("/trunks", line).await.expect(201).body;
    desk.visit("/numbers").await;
    browser.press("[data-add=number]").await;
    browser.type_into("#number-number", "12").await.unwrap();
    browser.press("#number-form button[type=submit]").await;
    browser
        .see("#number-form [data-error=to]", "Fill this in")
        .await
        .unwrap();
    browser.choose("#number-to", "Anna").await;
    browser.press("#number-form button[type=submit]").await;
    browser
        .see("#number-form [data-error=number]", "A telephone number is needed")
        .await
        .unwrap();
    browser.type_into("#number-number", "8 495 123-45-67").await.unwrap();
    browser.choose("#number-form [name=trunk_id]", "Provider").await;
    browser.press("#number-form button[type=submit]").await;
    browser.see("#number-table", "+7 495 123-45-67").await.unwrap();
    let made = items(main, "/numbers").await.remove(0);
    assert_eq!(made["staff_id"], anna["id"]);
    assert_eq!(made["trunk_id"], line["id"]);

    browser.press("#number-table [data-edit]").await;
    browser.choose("#number-to", "Sales").await;
    browser.choose("[name='desk.closed_to']", "Anna").await;
    browser.press("#number-form button[type=submit]").await;
    browser.see("#number-table", "Sales").await.unwrap();
    let changed = items(main, "/numbers").await.remove(0);
    assert_eq!(changed["department_id"], sales["id"]);
    let desk = main
        .get(&format!("/numbers/{}/reception", made["id"].as_str().unwrap()))
        .await;
    assert_eq!(desk.expect(200).body["closed_to"]["staff_id"], anna["id"]);

    browser.choose("#single", "+7 495 123-45-67").await;
    browser.type_into("#stub", "nothing").await.unwrap();
    browser.press("#shown-form button[type=submit]").await;
    browser
        .see("#shown-form [data-error=stub_number]", "A telephone number is needed")
        .await
        .unwrap();
    browser.type_into("#stub", "+7 900 000-00-00").await.unwrap();
    browser.choose("#forwarded", "The stub").await;
    browser.press("#shown-form button[type=submit]").await;
    browser.see("#number-table", "Single number").await.unwrap();
    let account = main.get("/account").await.expect(200).body;
    assert_eq!(account["single_number"], "+74951234567");
    assert_eq!(account["forwarded_shows"], "stub");
    browser.press("#number-table [data-delete]").await;
    browser.press("#confirm-yes").await;
    browser
        .see("#confirm [data-form-error]", "Something still needs it")
        .await
        .unwrap();
    browser.press("#confirm [data-close]").await;
    browser.choose("#single", "The line's own").await;
    browser.press("#shown-form button[type=submit]").await;
    browser.see_gone("#number-table", "Single number").await.unwrap();
    browser.press("#number-table [data-delete]").await;
    browser.press("#confirm-yes").await;
    browser
        .see("[data-part=numbers]", "No number is connected yet")
        .await
        .unwrap();
    browser.quiet().await;
}

/// A line that registers is made as its provider describes it, its state is seen as it changes, and routes lead to it.
#[tokio::test]
async fn a_line_is_made_watched_and_given_routes_on_the_page() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, main } = &desk;
    desk.visit("/lines").await;
    browser.press("[data-add=line]").await;
    browser.type_into("#line-name", "Provider").await.unwrap();
    browser.press("#line-form button[type=submit]").await;
    browser
        .see("[data-error='registration.user']", "Fill this in")
        .await
        .unwrap();
    browser
        .type_into("[name='registration.user']", "74951234567")
        .await
        .unwrap();
    browser
        .type_into("[name='registration.password']", "as they gave it")
        .await
        .unwrap();
    browser.type_into("[name='server.host']", "not a host!").await.unwrap();
    browser.press("#line-form button[type=submit]").await;
    browser
        .see("[data-error='server.host']", "This is not right")
        .await
        .unwrap();
    browser
        .type_into("[name='server.host']", "sip.provider.example")
        .await
        .unwrap();
    browser.type_into("[name='server.port']", "5070").await.unwrap();
    browser.press("#line-form button[type=submit]").await;
    browser
        .see("#line-table", "74951234567 · sip.provider.example:5070")
        .await
        .unwrap();
    browser.see("[data-feed]", "Live").await.unwrap();
    let line = items(main, "/trunks").await.remove(0);
    assert_eq!(line["registration"]["user"], "74951234567");

    let trunk = line["id"].as_str().unwrap().parse().unwrap();
    let (account, at) = (office.first.account, office.clock.unix_ms());
    let tell = |registration: TrunkRegistration| {
        let state = Some(TrunkState {
            registration: Some(registration),
            reachable: None,
        });
        office.live.apply(BoardChange::Trunk {
            account,
            trunk,
            state,
            at,
        });
    };
    tell(TrunkRegistration::Registered);
    browser.see("#line-table", "Registered").await.unwrap();
    let reason = "403 Forbidden".to_owned();
    tell(TrunkRegistration::Failing { since: at, reason });
    browser.see("#line-table", "Does not register").await.unwrap();
    browser.see("#line-table", "403 Forbidden").await.unwrap();

    browser.press("#line-table [data-edit]").await;
    browser.press("#line-form summary").await;
    browser
        .type_into("#line-more", "[2001:db8::7]:5071 tls\nsip2.provider.example")
        .await
        .unwrap();
    browser.type_into("#line-max_calls", "30").await.unwrap();
    browser.choose("#codecs-choice", "Opus").await;
    browser.press("#codecs-box [data-take]").await;
    browser.press("#line-form button[type=submit]").await;
    browser.see("#line-table", "30").await.unwrap();
    let line = items(main, "/trunks").await.remove(0);
    assert_eq!(
        line["registration"]["user"], "74951234567",
        "what was not touched stays"
    );
    assert_eq!(line["codecs"], json!(["opus"]));
    assert_eq!(
        line["servers"][0],
        json!({ "host": "sip.provider.example", "port": 5070, "transport": "auto" })
    );
    assert_eq!(line["servers"][1]["port"], 5071);
    assert_eq!(line["servers"][1]["transport"], "tls");
    assert_eq!(line["servers"][2]["host"], "sip2.provider.example");

    browser.press("[data-add=route]").await;
    browser.type_into("#route-name", "Moscow").await.unwrap();
    browser.type_into("#route-prefix", "7495").await.unwrap();
    browser.choose("#trunk_ids-choice", "Provider").await;
    browser.press("#trunk_ids-box [data-take]").await;
    browser.press("#route-form button[type=submit]").await;
    browser
        .see("#route-form [data-error=prefix]", "A plus and up to 15 digits")
        .await
        .unwrap();
    browser.type_into("#route-prefix", "+7495").await.unwrap();
    browser.press("#route-form button[type=submit]").await;
    browser.see("#route-table", "+7495…").await.unwrap();
    browser.press("[data-add=route]").await;
    browser.type_into("#route-name", "Nobody").await.unwrap();
    browser.choose("#route-calls", "All numbers").await;
    browser.press("#route-form button[type=submit]").await;
    browser.see("#route-table", "Nobody may call there").await.unwrap();

    browser.type_into("#emergency-numbers", "101 102, 103").await.unwrap();
    browser.press("#emergency-form button[type=submit]").await;
    browser.see("#toast", "Saved").await.unwrap();
    let emergency = main.get("/emergency").await.expect(200).body;
    assert_eq!(emergency["numbers"], json!(["112", "101", "102", "103"]));
    browser.quiet().await;
}

/// A gateway gets its data when its line is made, once.
#[tokio::test]
async fn a_gateways_data_are_shown_when_its_line_is_made() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, .. } = &desk;
    desk.visit("/lines").await;
    browser.press("[data-add=line]").await;
    browser.press("input[value=gateway]").await;
    browser.type_into("#line-name", "Gateway").await.unwrap();
    browser.press("#line-form button[type=submit]").await;
    browser
        .until("document.querySelector('[data-fact=password]').textContent.length >= 20")
        .await
        .unwrap();
    browser.press("#sip-dialog footer [data-close]").await;
    browser.see("#line-table", "Gateway registers with us").await.unwrap();
    browser.press("[data-add=line]").await;
    browser.press("input[value=address]").await;
    browser.type_into("#line-name", "Carrier").await.unwrap();
    browser.type_into("[name='server.host']", "203.0.113.7").await.unwrap();
    browser
        .type_into("#line-sources", "203.0.113.0/28\nnowhere")
        .await
        .unwrap();
    browser.press("#line-form button[type=submit]").await;
    browser
        .see("[data-error=sources]", "An address or a network")
        .await
        .unwrap();
    browser.type_into("#line-sources", "203.0.113.0/28").await.unwrap();
    browser.press("#line-form button[type=submit]").await;
    browser.see("#line-table", "By address").await.unwrap();
    browser.press("#line-table tr[data-name=Carrier] [data-delete]").await;
    browser.press("#confirm-yes").await;
    browser.see_gone("#line-table", "Carrier").await.unwrap();
    browser.quiet().await;
}

#[tokio::test]
async fn the_pages_of_numbers_and_lines_fit_every_screen() {
    let Some(desk) = Desk::furnished().await else { return };
    let Desk { browser, office, main } = &desk;
    let me = main.get("/me").await.text("/id").to_owned();
    let line = json!({ "name": "МегаФон, Санкт-Петербург", "servers": [{ "host": "multifon.megafon.ru", "port": 5060 }],
                       "registration": { "user": "79211234567", "password": "secret" }, "max_calls": 30 });
    let line = main.post("/trunks", line).await.expect(201).body;
    main.post("/trunks", json!({ "name": "Шлюз в офисе" }))
        .await
        .expect(201);
    for (number, staff) in [("+74951234567", &me), ("+78121234567", &me)] {
        main.post("/numbers", json!({ "number": number, "staff_id": staff }))
            .await
            .expect(201);
    }
    let routes = [
        ("Москва", Some("+7495"), json!([line["id"]])),
        ("Запрет", Some("+7809"), json!([])),
    ];
    for (name, prefix, trunks) in routes {
        let route = json!({ "name": name, "prefix": prefix, "trunk_ids": trunks });
        main.post("/outbound-routes", route).await.expect(201);
    }
    main.patch("/account", json!({ "single_number": "+74951234567" }))
        .await
        .expect(200);
    let state = TrunkState {
        registration: Some(TrunkRegistration::Failing {
            since: office.clock.unix_ms(),
            reason: "no answer from 192.0.2.7:5060".into(),
        }),
        reachable: None,
    };
    office.live.apply(BoardChange::Trunk {
        account: office.first.account,
        trunk: line["id"].as_str().unwrap().parse().unwrap(),
        state: Some(state),
        at: office.clock.unix_ms(),
    });
    for look in looks() {
        browser.look(&look).await.unwrap();
        desk.visit("/numbers").await;
        browser.check(&look, "numbers").await;
        browser.press("[data-edit]").await;
        browser.find("#number-to").await.unwrap();
        browser.check(&look, "numbers-dialog").await;
        desk.visit("/lines").await;
        browser.check(&look, "lines").await;
        browser.press("[data-add=line]").await;
        browser.check(&look, "lines-dialog").await;
        browser.press("#line-form summary").await;
        browser.check(&look, "lines-dialog-more").await;
        browser.press("#line-form footer [data-close]").await;
        browser.press("[data-add=route]").await;
        browser.check(&look, "routes-dialog").await;
    }
    browser.quiet().await;
}

/// What callers of a number hear first is said where the number is set up.
#[tokio::test]
async fn a_numbers_greeting_is_chosen_and_taken_away_on_the_page() {
    let Some(desk) = Desk::open().await else { return };
    let Desk { browser, office, main } = &desk;
    office
        .add(main, json!({ "given_name": "Anna", "short_number": "105" }))
        .await;
    let file = sound::tone(425, 1_000).to_wav();
    let made = main.raw(Method::POST, "/prompts?name=Welcome", "audio/wav", file).await;
    let prompt = made.expect(201).text("/id").to_owned();
    desk.visit("/numbers").await;
    browser.press("[data-add=number]").await;
    browser.type_into("#number-number", "8 495 123-45-67").await.unwrap();
    browser.choose("#number-to", "Anna").await;
    browser.choose("#number-greeting", "Welcome").await;
    desk.save("number").await;
    browser.see("#number-table", "Greeting: Welcome").await.unwrap();
    let number = items(main, "/numbers").await.remove(0);
    let path = format!("/numbers/{}/greeting", number["id"].as_str().unwrap());
    let greeting = main.get(&path).await.expect(200).body;
    assert_eq!(
        (&greeting["greeting_id"], &greeting["says_recorded"]),
        (&json!(prompt), &json!(false))
    );
    // Beside another setting of the number, in one go.
    browser.press("#number-table [data-edit]").await;
    browser
        .until("document.getElementById('number-greeting').selectedOptions[0].textContent === 'Welcome'")
        .await
        .unwrap();
    browser.choose("#number-greeting", "None").await;
    browser.press("#number-form [name='greeting.says_recorded']").await;
    browser.choose("[name='desk.closed_to']", "Anna").await;
    desk.save("number").await;
    browser.see("#number-table", "Tells of the recording").await.unwrap();
    let greeting = main.get(&path).await.expect(200).body;
    assert_eq!(
        (&greeting["greeting_id"], &greeting["says_recorded"]),
        (&Value::Null, &json!(true))
    );
    browser.quiet().await;
}
