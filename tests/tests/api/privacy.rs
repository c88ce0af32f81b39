//! Hidden client numbers on the other side of the wire (L43, L45, L46): every byte of every answer is searched for the
//! digits, while a colleague reads the number of the same call.

use frontdesk::engine::output::{BoardChange, CdrParty};
use frontdesk_routing::ids::CallId;
use frontdesk_tests::digits::found_in;
use frontdesk_tests::office::{Answer, Caller, Office, Stream};
use serde_json::{Value, json};

const CLIENT: &str = "+79161234567";
const STRANGER: &str = "+79031112233";
const STUB: &str = "+78123893298";

/// Somebody of this role from whom numbers are hidden, or not, with their id.
async fn joins(office: &Office, main: &Caller, role: &str, hides: bool) -> (Caller, String) {
    let name = format!("{role}{}", if hides { "m" } else { "c" });
    let new = json!({ "given_name": name, "login": name, "password": "correct horse", "role": role,
                      "hide_client_number": hides, "raise_card": true });
    office.log_in_new(main, new).await
}

/// A client and calls of theirs and of a stranger, past and present.
async fn furnished(office: &Office, main: &Caller) -> (String, [CallId; 4]) {
    let client = json!({ "name": "Иванов Пётр", "number": "8 916 123-45-67", "company": "Завод, тел. 8 (916) 123-45-67",
                "position": "Директор, 8.916.123.45.67 или 8/916/123\u{2011}45\u{202f}67" });
    let client = main.post("/clients", client).await.expect(201);
    let past = office
        .call(1)
        .inbound(CLIENT)
        .named("Иванов Пётр")
        .ended("answered")
        .recorded(&office.tone(1))
        .save()
        .await;
    let strange = office
        .call(2)
        .inbound(STRANGER)
        .named("8.903.111.22.33")
        .ended("no_answer")
        .save()
        .await;
    let outbound = office
        .call(3)
        .outbound("89161234567", CLIENT)
        .ended("answered")
        .save()
        .await;
    let live = office.call(4).inbound(CLIENT).named("Иванов Пётр").live();
    (client.text("/id").to_owned(), [past, strange, outbound, live])
}

fn whole(answer: &Answer) -> String {
    format!("{:?}\n{}", answer.headers, String::from_utf8_lossy(&answer.bytes))
}

async fn assert_hidden(caller: &Caller, paths: &[String]) {
    for path in paths {
        let answer = caller.get(path).await;
        assert!(answer.status < 400, "{path}: {}", answer.status);
        for number in [CLIENT, STRANGER] {
            assert_eq!(found_in(&whole(&answer), number), None, "{path}\n{}", whole(&answer));
        }
    }
}

#[tokio::test]
async fn l43_no_answer_and_no_page_holds_the_digits() {
    let office = Office::open().await;
    let main = office.main().await;
    let (client, calls) = furnished(&office, &main).await;
    let recording = office.recording_of(calls[0]);
    let mut paths: Vec<String> = [
        "/clients",
        "/calls",
        "/calls/live",
        "/calls?direction=inbound",
        "/recordings",
        "/audit?limit=500",
        "/staff",
        "/me",
        "//calls",
        "//clients",
        "//staff",
    ]
    .map(str::to_owned)
    .to_vec();
    paths.push(format!("/clients/{client}"));
    paths.extend(calls[..3].iter().map(|call| format!("/calls/{call}")));
    paths.push(format!("/recordings/{recording}"));
    paths.push(format!("/recordings/{recording}/media?download=true"));
    for role in ["admin", "supervisor"] {
        let (masked, _) = joins(&office, &main, role, true).await;
        assert_hidden(&masked, &paths).await;
        if role == "admin" {
            let files = ["/clients/export", "/calls/export", "/clients/export?format=vcard"];
            assert_hidden(&masked, &files.map(str::to_owned)).await;
        }
        let (clear, _) = joins(&office, &main, role, false).await;
        for path in ["/clients", "/calls", "/calls/live", "//calls", "//clients"] {
            let answer = clear.get(path).await;
            assert!(
                found_in(&whole(&answer), CLIENT).is_some(),
                "a colleague sees it: {path}"
            );
        }
        let call = masked.get(&format!("/calls/{}", calls[0])).await;
        assert_eq!(
            (call.text("/caller/number"), call.text("/caller/name")),
            (STUB, "Иванов Пётр")
        );
        let call = masked.get(&format!("/calls/{}", calls[2])).await;
        assert_eq!((call.text("/called"), call.text("/callee/number")), (STUB, STUB));
        let strange = masked.get(&format!("/calls/{}", calls[1])).await;
        assert!(strange.text("/caller/name").starts_with("Client "), "{}", strange.body);
        let read = masked.get(&format!("/clients/{client}")).await;
        assert_eq!((read.text("/number"), read.text("/name")), (STUB, "Иванов Пётр"));
    }
    let (employee, _) = joins(&office, &main, "employee", true).await;
    assert_hidden(
        &employee,
        &[
            "/clients".to_owned(),
            format!("/clients/{client}"),
            "//clients".to_owned(),
        ],
    )
    .await;
}

#[tokio::test]
async fn l43_a_search_for_digits_is_no_oracle() {
    let office = Office::open().await;
    let main = office.main().await;
    furnished(&office, &main).await;
    let (masked, _) = joins(&office, &main, "supervisor", true).await;
    let (clear, _) = joins(&office, &main, "supervisor", false).await;
    for part in ["9161234567", "916", "1234567", "+7916", "8 (916) 123-45-67", "7"] {
        let part = part
            .replace(' ', "%20")
            .replace('+', "%2B")
            .replace('(', "%28")
            .replace(')', "%29");
        for path in [
            format!("/clients?search={part}"),
            format!("/calls?number=*{part}*"),
            format!("/calls?number={part}*"),
        ] {
            assert_eq!(count(&masked.get(&path).await), 0, "{path}");
        }
        let page = masked.get(&format!("//clients?search={part}")).await;
        assert!(!String::from_utf8_lossy(&page.bytes).contains("Иванов"), "{part}");
    }
    assert_eq!(count(&clear.get("/clients?search=1234567").await), 1);
    assert_eq!(count(&clear.get("/calls?number=*1234567").await), 2);
    assert_eq!(
        count(&masked.get("/clients?search=%D0%B8%D0%B2%D0%B0%D0%BD%D0%BE%D0%B2").await),
        1,
        "a name is found"
    );
    assert_eq!(
        count(&masked.get("/calls?number=100").await),
        3,
        "a short number is found"
    );
    masked.get("/clients?order=number").await.expect(403);
    let guess = json!({ "name": "Guess", "number": "+79161234567" });
    let taken = masked.post("/clients", guess).await.expect(409);
    assert!(!taken.body.to_string().contains("Иванов"), "{}", taken.body);
}

fn count(answer: &Answer) -> usize {
    answer.body["items"].as_array().map_or(usize::MAX, Vec::len)
}

#[tokio::test]
async fn l43_a_client_is_edited_without_its_number_being_lost() {
    let office = Office::open().await;
    let main = office.main().await;
    let (client, _) = furnished(&office, &main).await;
    let (masked, _) = joins(&office, &main, "employee", true).await;
    let patch = json!({ "name": "Иванов П. С.", "number": STUB });
    let changed = masked.patch(&format!("/clients/{client}"), patch).await.expect(200);
    assert_eq!((changed.text("/name"), changed.text("/number")), ("Иванов П. С.", STUB));
    assert_eq!(main.get(&format!("/clients/{client}")).await.text("/number"), CLIENT);
}

#[tokio::test]
async fn l43_who_has_a_number_revealed_leaves_a_trace() {
    let office = Office::open().await;
    let main = office.main().await;
    let (client, calls) = furnished(&office, &main).await;
    let (supervisor, _) = joins(&office, &main, "supervisor", true).await;
    supervisor.do_(&format!("/clients/{client}/reveal")).await.expect(403);
    supervisor.do_(&format!("/calls/{}/reveal", calls[0])).await.expect(403);
    let (admin, id) = joins(&office, &main, "admin", true).await;
    let revealed = admin.do_(&format!("/clients/{client}/reveal")).await.expect(200);
    assert_eq!(revealed.text("/number"), CLIENT);
    for call in [calls[0], calls[3]] {
        let revealed = admin.do_(&format!("/calls/{call}/reveal")).await.expect(200);
        assert_eq!(revealed.text("/caller"), CLIENT);
    }
    let audit = main.get(&format!("/audit?actor_staff_id={id}")).await;
    let actions: Vec<&str> = audit.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["action"].as_str())
        .collect();
    let of = |name: &str| actions.iter().filter(|action| **action == name).count();
    assert_eq!(
        (of("client.number_revealed"), of("call.number_revealed")),
        (1, 2),
        "{actions:?}"
    );
    let theirs = office
        .call(9)
        .inbound(CLIENT)
        .ended("answered")
        .of_another_account()
        .await
        .save()
        .await;
    admin.do_(&format!("/calls/{theirs}/reveal")).await.expect(404);
}

fn card(office: &Office, staff: &str, call: CallId, number: &str, client: Option<&str>) {
    office.live.apply(BoardChange::CallCard {
        account: office.first.account,
        staff: staff.parse().unwrap(),
        call,
        caller: CdrParty {
            number: Some(number.to_owned()),
            name: client.map(|_| "Иванов Пётр".to_owned()),
            ..CdrParty::default()
        },
        client: client.map(|client| client.parse().unwrap()),
    });
}

#[tokio::test]
async fn l45_and_l46_the_card_comes_to_whose_phone_rings_with_a_link_to_the_client() {
    let office = Office::open().await;
    let main = office.main().await;
    let (client, calls) = furnished(&office, &main).await;
    let (masked, masked_id) = joins(&office, &main, "supervisor", true).await;
    let (clear, clear_id) = joins(&office, &main, "employee", false).await;
    let mut masked_stream = Stream::open(masked.request(reqwest::Method::GET, "/events")).await;
    let mut clear_stream = Stream::open(clear.request(reqwest::Method::GET, "/events")).await;
    let next = async |stream: &mut Stream| -> (String, Value) {
        let told = stream.next().await;
        for number in [CLIENT, STRANGER] {
            assert_eq!(found_in(&told.data.to_string(), number), None, "{}", told.data);
        }
        (told.name, told.data)
    };
    card(&office, &clear_id, calls[3], CLIENT, Some(&client));
    card(&office, &masked_id, calls[3], CLIENT, Some(&client));
    card(&office, &masked_id, calls[1], STRANGER, None);
    office.end_call(calls[3]);
    let told = clear_stream.next().await;
    assert_eq!(
        (told.name.as_str(), &told.data["caller"]["number"]),
        ("call.card", &json!(CLIENT))
    );
    assert_eq!(told.data["client"]["href"], format!("/api/v1/clients/{client}"));
    let (name, data) = next(&mut masked_stream).await;
    assert_eq!(
        (name.as_str(), &data["staff_id"]),
        ("call.card", &json!(masked_id)),
        "nobody else's card"
    );
    assert_eq!(
        (&data["caller"]["number"], &data["caller"]["name"]),
        (&json!(STUB), &json!("Иванов Пётр"))
    );
    assert_eq!(data["client"]["id"], json!(client));
    let (_, data) = next(&mut masked_stream).await;
    assert_eq!(data["client"], Value::Null);
    assert_eq!(data["create"]["number"], STUB);
    // A contact made from the card has the number that nobody has shown.
    let from_card =
        json!({ "name": "Новый клиент", "call_id": data["create"]["call_id"], "number": data["create"]["number"] });
    let made = masked.post("/clients", from_card).await.expect(201);
    assert_eq!(made.text("/number"), STUB);
    assert_eq!(
        main.get(&format!("/clients/{}", made.text("/id")))
            .await
            .text("/number"),
        STRANGER
    );
    let (name, data) = next(&mut masked_stream).await;
    assert_eq!(
        (name.as_str(), &data["call"]["caller"]["number"]),
        ("call.ended", &json!(STUB))
    );
    let theirs = office.call(9).inbound(CLIENT).of_another_account().await.live();
    let foreign = json!({ "name": "X", "call_id": theirs.to_string() });
    assert_eq!(
        masked.post("/clients", foreign).await.expect(422).faults(),
        ["call_id unknown"]
    );
    let unknown = json!({ "name": "X", "call_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV" });
    assert_eq!(
        masked.post("/clients", unknown).await.expect(422).faults(),
        ["call_id unknown"]
    );
}

/// Rows L32, L38.
#[tokio::test]
async fn l32_l38_displayed_numbers_are_connected_ones_by_the_api_too() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = office.add(&main, json!({ "given_name": "Anna" })).await;
    let anna = format!("/staff/{}", anna["id"].as_str().unwrap());
    let wanted = json!({ "displayed_number": "8 495 111-00-01" });
    let refused = main.patch(&anna, wanted.clone()).await.expect(422);
    assert_eq!(refused.faults(), ["displayed_number not_connected"]);
    let elsewhere = json!({ "emergency_number": "8 495 111-00-01" });
    let refused = main.patch(&anna, elsewhere.clone()).await.expect(422);
    assert_eq!(refused.faults(), ["emergency_number not_connected"]);
    let single = json!({ "single_number": "8 495 111-00-01" });
    let refused = main.patch("/account", single.clone()).await.expect(422);
    assert_eq!(refused.faults(), ["single_number not_connected"]);
    let me = main.get("/me").await.text("/id").to_owned();
    let connected = json!({ "number": "8 495 111-00-01", "staff_id": me });
    let number = main
        .post("/numbers", connected)
        .await
        .expect(201)
        .text("/id")
        .to_owned();
    assert_eq!(
        main.patch(&anna, wanted).await.expect(200).text("/displayed_number"),
        "+74951110001"
    );
    assert_eq!(
        main.patch("/account", single).await.expect(200).text("/single_number"),
        "+74951110001"
    );
    let refused = main.delete(&format!("/numbers/{number}")).await.expect(409);
    assert_eq!(refused.text("/code"), "in_use");
    assert!(refused.text("/detail").contains("Anna"), "{}", refused.body);
    main.patch(&anna, json!({ "displayed_number": null })).await.expect(200);
    let theirs = main.patch(&anna, elsewhere).await.expect(200);
    assert_eq!(theirs.text("/emergency_number"), "+74951110001");
    main.patch("/account", json!({ "single_number": null }))
        .await
        .expect(200);
    let refused = main.delete(&format!("/numbers/{number}")).await.expect(409);
    assert!(refused.text("/detail").contains("Anna"), "{}", refused.body);
    main.patch(&anna, json!({ "emergency_number": null })).await.expect(200);
    main.delete(&format!("/numbers/{number}")).await.expect(204);
}
