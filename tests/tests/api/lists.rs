//! Lists of what is configured come in pages, or say how long they may become; and what is deleted is what was read.

use frontdesk_tests::office::{Caller, Office};
use reqwest::Method;
use serde_json::{Value, json};

/// Lists that have neither pages nor a bound, and why.
const UNBOUNDED: &[(&str, &str)] = &[
    (
        "/api/v1/calls/live",
        "what goes on at the moment, which lines and people bound",
    ),
    (
        "/api/v1/security/blocks",
        "in the engine's memory, which forgets those that end",
    ),
    ("/api/v1/staff/{id}/sip/instructions", "the program's own models"),
];

fn ids(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_list_comes_in_pages_or_says_how_long_it_may_become() {
    let office = Office::open().await;
    let document = office.main().await.get("/openapi.json").await.expect(200).body;
    let (mut lists, mut wrong) = (0, Vec::new());
    for (path, item) in document["paths"].as_object().unwrap() {
        let asked = &item["get"];
        let schema = asked["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].as_str();
        if !schema.is_some_and(|schema| schema.contains("Listing")) || UNBOUNDED.iter().any(|(known, _)| known == path)
        {
            continue;
        }
        lists += 1;
        let parameters = asked["parameters"].as_array().cloned().unwrap_or_default();
        let takes = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
        let told = asked["summary"].as_str().unwrap_or_default().to_owned()
            + asked["description"].as_str().unwrap_or_default();
        let bounded = told.contains("at most") || told.contains("All pages of the help");
        let paged = takes("limit") && takes("cursor");
        if !paged && !bounded {
            wrong.push(path);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(lists > 25, "{lists}");
}

/// Three of each: the paths of their lists.
async fn furnish(office: &Office, main: &Caller) -> Vec<String> {
    let mut staff = String::new();
    for n in 1..4 {
        let made = async |path: &str, body: Value| main.post(path, body).await.expect(201).text("/id").to_owned();
        staff = made(
            "/staff",
            json!({ "surname": format!("Person {n}"), "short_number": format!("30{n}") }),
        )
        .await;
        let line = made("/trunks", json!({ "name": format!("Line {n}") })).await;
        let route = json!({ "name": format!("Route {n}"), "prefix": format!("+4{n}"), "trunk_ids": [line] });
        made("/outbound-routes", route).await;
        made(
            "/departments",
            json!({ "name": format!("Department {n}"), "short_number": format!("20{n}") }),
        )
        .await;
        made("/mailboxes", json!({ "staff_id": staff })).await;
        made(
            "/numbers",
            json!({ "number": format!("+7495111000{n}"), "staff_id": staff }),
        )
        .await;
        made(
            "/tokens",
            json!({ "name": format!("Token {n}"), "scopes": ["staff:read"] }),
        )
        .await;
        let mut events = office.live.subscribe(office.first.account, None);
        let file = format!("name,number\nA,+7916123450{n}\n").into_bytes();
        main.raw(Method::POST, "/imports", "text/csv", file).await.expect(202);
        while events.next().await.unwrap().name != "import.ended" {}
    }
    let mine = main.get("/me").await.text("/id").to_owned();
    assert_ne!(mine, staff);
    let lists = [
        "/trunks",
        "/outbound-routes",
        "/departments",
        "/mailboxes",
        "/numbers",
        "/tokens",
        "/imports",
    ];
    let lists = lists.into_iter().map(str::to_owned);
    lists.chain([format!("/staff/{mine}/tokens")]).collect()
}

#[tokio::test]
async fn what_is_configured_is_read_whole_or_page_by_page() {
    let office = Office::open().await;
    let main = office.main().await;
    for path in furnish(&office, &main).await {
        let whole = main.get(&path).await.expect(200).body;
        assert_eq!(ids(&whole).len(), 3, "{path}");
        assert_eq!(whole["next_cursor"], Value::Null, "{path}");
        let (mut paged, mut next) = (Vec::new(), format!("{path}?limit=2"));
        loop {
            let page = main.get(&next).await.expect(200).body;
            if path != "/imports" {
                assert_eq!((&page["total"], &page["filtered"]), (&json!(3), &json!(3)), "{path}");
            }
            paged.extend(ids(&page));
            match page["next_cursor"].as_str() {
                Some(cursor) => next = format!("{path}?limit=2&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(paged, ids(&whole), "{path}");
        for wrong in ["cursor=x", "cursor=7b7d", "limit=0", "limit=501", "page=2"] {
            main.get(&format!("{path}?{wrong}")).await.expect(400);
        }
    }
}

#[tokio::test]
async fn what_was_changed_since_it_was_read_is_not_deleted() {
    let office = Office::open().await;
    let main = office.main().await;
    furnish(&office, &main).await;
    let prompt = main
        .raw(Method::POST, "/prompts?name=Hello", "audio/wav", office.tone(1))
        .await;
    let prompt = prompt.expect(201).text("/id").to_owned();
    let menu = json!({ "name": "Menu", "prompt_id": prompt, "short_number": "401" });
    main.post("/menus", menu).await.expect(201);
    let changes = [
        ("/menus", json!({ "name": "Other menu" })),
        ("/prompts", Value::Null),
        ("/outbound-routes", json!({ "name": "Other route" })),
        ("/mailboxes", json!({ "longest_s": 60 })),
        ("/departments", json!({ "name": "Other department" })),
        ("/trunks", json!({ "max_calls": 5 })),
    ];
    let numbers = main.get("/numbers").await.expect(200).body;
    let (number, other) = (&ids(&numbers)[0], &numbers["items"][1]["staff_id"]);
    let mut checks = vec![(format!("/numbers/{number}"), json!({ "staff_id": other }))];
    for (path, change) in changes {
        let first = ids(&main.get(path).await.expect(200).body)[0].clone();
        checks.push((format!("{path}/{first}"), change));
    }
    for (path, change) in checks {
        let read = main.get(&path).await.expect(200).header("etag").to_owned();
        let with = |etag: &str| main.clone().with("if-match", etag);
        if change.is_null() {
            with("\"7\"").delete(&path).await.expect(412);
        } else {
            main.patch(&path, change).await.expect(200);
            let refused = with(&read).delete(&path).await.expect(412);
            assert_eq!(refused.text("/code"), "stale", "{path}");
        }
        let now = main.get(&path).await.expect(200).header("etag").to_owned();
        with(&now).delete(&path).await.expect(204);
        main.get(&path).await.expect(404);
    }
    let mailbox = ids(&main.get("/mailboxes").await.expect(200).body)[0].clone();
    let path = format!("/mailboxes/{mailbox}");
    let before = main.get(&path).await.header("etag").to_owned();
    let greeting = format!("{path}/greeting");
    main.raw(Method::PUT, &greeting, "audio/wav", office.tone(1))
        .await
        .expect(204);
    main.clone()
        .with("if-match", &before)
        .delete(&greeting)
        .await
        .expect(412);
    main.delete(&greeting).await.expect(204);
    main.delete(&path).await.expect(204);
}
