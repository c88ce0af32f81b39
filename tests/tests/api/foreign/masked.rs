//! Whatever the description of the API lets somebody read, and every page, as an administrator from whom clients' numbers
//! are hidden is shown it: no byte of it holds the digits, wherever and however somebody has written them (L43).

use frontdesk_tests::digits::found_in;
use frontdesk_tests::document::{operations, pages};
use frontdesk_tests::office::{Answer, Caller, Office};
use reqwest::Method;
use serde_json::json;

use super::company::{Company, OURS};
use super::paths;

const CLIENT: &str = "+79161234567";
const STRANGER: &str = "+79031112233";
const DOTS: &str = "8.916.123.45.67";
const STROKES: &str = "8/916/123\u{2011}45\u{202f}67";
const WIDE: &str = "８９１６１２３４５６７";
const PAGE: &str = "https://shop.example/order?tel=8%20916%20123.45.67&back=%2B7%2E903%2E1112233";

/// What can be asked for besides all that a list has by itself.
const QUESTIONS: &[(&str, &str)] = &[
    ("limit", "500"),
    ("scope", "all"),
    ("deleted", "true"),
    ("all", "true"),
    ("format", "csv"),
    ("format", "vcard"),
    ("lang", "ru"),
];

/// What an administrator who walks has none of, or what has to be asked for in a way of its own.
const NOT_THERE: &[&str] = &[
    "/events",
    "/help/{id}",
    "/media/recordings/{id}",
    "/media/voicemails/{id}",
    "/widget/{key}",
];

/// A client and a stranger, and their numbers wherever somebody may write one.
async fn write_numbers(company: &mut Company, office: &Office) {
    let staff = company.id("staff").to_owned();
    let chief = company.chief.clone();
    let client = json!({ "name": "Иванов Пётр", "number": "8 916 123-45-67", "manager_id": staff,
        "company": format!("Завод, тел. {DOTS}"), "position": format!("Директор, {STROKES}, {WIDE}") });
    let client = chief.post("/clients", client).await.expect(201).text("/id").to_owned();
    let named = json!({ "name": format!("Пётр {DOTS}"), "number": STRANGER });
    let stranger = chief.post("/clients", named).await.expect(201).text("/id").to_owned();
    for body in [
        format!("перезвонить на {DOTS}"),
        format!("или {STROKES}"),
        WIDE.to_owned(),
    ] {
        let path = format!("/clients/{client}/timeline");
        let note = chief.post(&path, json!({ "body": body })).await.expect(201);
        company.know("note", note.text("/id"));
    }
    let changed = json!({ "company": format!("Бывший завод, {STROKES}") });
    chief.patch(&format!("/clients/{client}"), changed).await.expect(200);
    let deal = json!({ "client_id": client, "title": format!("Заказ {DOTS}"), "staff_id": staff,
        "step_text": format!("набрать {STROKES}"), "step_at": "2030-01-01T12:00:00Z" });
    let deal = chief.post("/deals", deal).await.expect(201).text("/id").to_owned();
    let moved = json!({ "step_at": "2030-02-01T12:00:00Z", "reason": format!("просил по {DOTS}") });
    chief.patch(&format!("/deals/{deal}"), moved).await.expect(200);
    let path = format!("/imports?file_name={DOTS}.csv");
    let mut events = office.live.subscribe(company.account, None);
    let import = chief
        .raw(Method::POST, &path, "text/csv", company.file())
        .await
        .expect(202);
    while events.next().await.unwrap().name != "import.ended" {}
    for (kind, id) in [("client", &client), ("client", &stranger), ("deal", &deal)] {
        company.know(kind, id);
    }
    company.know("import", import.text("/id"));
    ask_by_a_page(company, office).await;
    call_and_be_called(company, office, &client).await;
}

/// What a visitor writes into a form.
async fn ask_by_a_page(company: &mut Company, office: &Office) {
    let chief = company.chief.clone();
    let origin = "https://shop.example";
    let site = json!({ "name": company.name(), "origins": [origin], "staff_id": company.id("staff") });
    let site = chief.post("/sites", site).await.expect(201);
    let request = json!({ "name": format!("Пётр {DOTS}"), "number": CLIENT, "subject": format!("Диван, {STROKES}"),
        "comment": format!("звоните {WIDE} или {DOTS}"), "page": PAGE, "kind": "form" });
    let path = format!("/widget/{}/requests", site.text("/key"));
    let visitor = office.nobody().with("origin", origin);
    visitor.post(&path, request).await.expect(201);
    let path = format!("/requests?site_id={}", site.text("/id"));
    let request = chief.get(&path).await.expect(200);
    company.know("request", request.text("/items/0/id"));
    let deals = chief.get("/deals?limit=500").await.expect(200);
    for deal in deals.body["items"].as_array().unwrap() {
        company.know("deal", deal["id"].as_str().unwrap());
    }
}

async fn call_and_be_called(company: &mut Company, office: &Office, client: &str) {
    let person = json!({ "id": company.ids("staff")[0], "name": "Анна" });
    let call = |n: u32, number: &str| office.call(500 + n).inbound(number).of(company.account).to(&person);
    let talked = call(0, CLIENT).named("Иванов Пётр").with_client(client);
    let talked = talked.ended("answered").recorded(&office.tone(1)).save().await;
    let missed = call(1, STRANGER)
        .named("8.903.111.22.33")
        .ended("no_answer")
        .save()
        .await;
    let dialled = office.call(502).of(company.account).outbound(DOTS, CLIENT);
    let dialled = dialled.ended("answered").save().await;
    let live = call(3, CLIENT).named(&format!("Пётр {DOTS}")).live();
    let mailbox = company.ids("mailbox")[0].clone();
    let message = call(4, CLIENT)
        .ended("answered")
        .recorded(&office.tone(2))
        .left_in(&mailbox);
    let message = message.save().await;
    for id in [talked, missed, dialled, live, message] {
        company.know("call", &id.to_string());
    }
    company.know("recording", &office.recording_of(talked).to_string());
    company.know("message", &office.recording_of(message).to_string());
    let notices = company.chief.get("/notices").await.expect(200);
    for notice in notices.body["items"].as_array().unwrap() {
        company.know("notice", notice["id"].as_str().unwrap());
    }
}

/// The digits that somebody was given, with what stands around them.
fn digits_in(answer: &Answer) -> Option<String> {
    let text = format!("{:?}\n{}", answer.headers, String::from_utf8_lossy(&answer.bytes));
    [CLIENT, STRANGER].iter().find_map(|number| found_in(&text, number))
}

/// What is asked for at this path: by itself, and in each way that it knows.
fn questions(path: &str, query: &[String]) -> Vec<String> {
    let known = QUESTIONS
        .iter()
        .filter(|(name, _)| query.iter().any(|known| known == name));
    let asked = known.map(|(name, value)| format!("{path}?{name}={value}"));
    [path.to_owned()].into_iter().chain(asked).collect()
}

/// The paths of all that can be read, and of all pages.
async fn readable(company: &Company, office: &Office) -> Vec<String> {
    let document = office.nobody().get("/openapi.json").await.expect(200).body;
    let operations = operations(&document);
    let reads = operations.iter().filter(|operation| operation.method == Method::GET);
    let mut all = Vec::new();
    for operation in reads.filter(|operation| !NOT_THERE.contains(&&*operation.path)) {
        let places = match operation.path.as_str() {
            "/revisions/{id}" => revisions(&company.chief).await,
            _ => paths(operation, company),
        };
        assert!(
            !places.is_empty() || operation.path.starts_with("/security"),
            "{}",
            operation.path
        );
        all.extend(places.iter().flat_map(|place| questions(place, &operation.query)));
    }
    for page in pages().iter().filter(|page| !NOT_THERE.contains(&&*page.path)) {
        let like = operations
            .iter()
            .find(|known| known.method == Method::GET && known.path == page.path);
        let query: &[String] = like.map_or(&[], |like| like.query.as_slice());
        let pages = paths(page, company).into_iter().map(|path| format!("/{path}"));
        all.extend(pages.flat_map(|path| questions(&path, query)));
    }
    all
}

async fn revisions(chief: &Caller) -> Vec<String> {
    let list = chief.get("/revisions?limit=500").await.expect(200);
    let items = list.body["items"].as_array().unwrap();
    let numbers = items.iter().map(|item| item["number"].as_i64().unwrap());
    numbers.map(|number| format!("/revisions/{number}")).collect()
}

#[tokio::test]
async fn l43_nothing_that_can_be_read_holds_the_digits_for_whom_they_are_hidden() {
    let office = Office::open().await;
    let ours = (office.first.account, office.main().await);
    let mut ours = Company::furnish(&office, ours, OURS).await;
    write_numbers(&mut ours, &office).await;
    let person = |login: &str, hides: bool| {
        json!({ "given_name": login, "login": login, "password": "correct horse", "role": "admin",
            "hide_client_number": hides })
    };
    let (masked, _) = office.log_in_new(&ours.chief, person("masked", true)).await;
    let (clear, _) = office.log_in_new(&ours.chief, person("clear", false)).await;
    let (mut good, mut seen, mut wrong) = (0, Vec::new(), Vec::new());
    for path in readable(&ours, &office).await {
        let answer = masked.get(&path).await;
        good += usize::from(answer.status < 300);
        if answer.status >= 500 {
            wrong.push(format!("{path}: {}", answer.status));
        }
        if let Some(digits) = digits_in(&answer) {
            wrong.push(format!("{path}: {digits}"));
        }
        if digits_in(&clear.get(&path).await).is_some() {
            seen.push(path);
        }
    }
    let asked = json!({ "called": DOTS, "caller_staff_id": ours.ids("staff")[0] });
    let foreseen = masked.post("/route/explain", asked).await;
    wrong.extend(digits_in(&foreseen).map(|digits| format!("/route/explain: {digits}")));
    assert_eq!(wrong, Vec::<String>::new());
    assert!(good > 200, "only {good} answers");
    for part in [
        "/clients",
        "/deals",
        "/calls/missed",
        "/calls/live",
        "/requests",
        "/audit",
        "/imports",
        "//clients",
    ] {
        assert!(
            seen.iter().any(|path| path == part),
            "a colleague sees none at {part}: {seen:?}"
        );
    }
    for part in [
        "/history",
        "/timeline",
        "//deals",
        "//audit",
        "//calls",
        "/clients/",
        "/requests/",
    ] {
        assert!(
            seen.iter().any(|path| path.contains(part)),
            "a colleague sees none at {part}: {seen:?}"
        );
    }
    assert!(seen.len() > 40, "a colleague sees them at {} places", seen.len());
}
