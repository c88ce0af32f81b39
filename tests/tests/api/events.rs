//! The event stream.

use frontdesk_tests::office::{Office, Stream};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn b33_a_stream_tells_a_call_from_its_start_to_its_end() {
    let office = Office::open().await;
    let main = office.main().await;
    let mut stream = Stream::open(main.request(Method::GET, "/events")).await;
    let call = office.call(1).live();
    office.answer_call(call);
    office.end_call(call);
    for name in ["call.created", "call.answered", "call.ended"] {
        let event = stream.next().await;
        assert_eq!(
            (event.name.as_str(), event.data["call"]["id"].as_str()),
            (name, Some(call.to_string().as_str()))
        );
    }
}

#[tokio::test]
async fn a_stream_is_taken_up_where_it_broke_off() {
    let office = Office::open().await;
    let main = office.main().await;
    let mut stream = Stream::open(main.request(Method::GET, "/events")).await;
    let call = office.call(1).live();
    let first = stream.next().await;
    drop(stream);
    office.answer_call(call);
    let mut again = Stream::open(main.request(Method::GET, &format!("/events?since={}", first.id))).await;
    assert_eq!(again.next().await.name, "call.answered");
    let by_header = main.clone().with("last-event-id", &first.id);
    let mut again = Stream::open(by_header.request(Method::GET, "/events?since=1")).await;
    assert_eq!(again.next().await.name, "call.answered");
}

#[tokio::test]
async fn a_reader_from_before_a_restart_is_told_that_events_were_missed() {
    let office = Office::open().await;
    let main = office.main().await;
    let mut stream = Stream::open(main.request(Method::GET, "/events?since=5")).await;
    assert_eq!(stream.next().await.name, "events.missed");
}

/// Row L10.
#[tokio::test]
async fn l10_a_phones_coming_and_going_is_told() {
    let office = Office::open().await;
    let main = office.main().await;
    let anna = office.add(&main, json!({ "given_name": "Anna" })).await;
    let mut stream = Stream::open(main.request(Method::GET, "/events")).await;
    office.phone(&anna, true);
    let event = stream.next().await;
    assert_eq!(
        (event.name.as_str(), &event.data["sip_status"], &event.data["staff_id"]),
        ("staff.sip_status", &json!("online"), &anna["id"])
    );
}

#[tokio::test]
async fn changes_by_others_are_told() {
    let office = Office::open().await;
    let main = office.main().await;
    let mut stream = Stream::open(main.request(Method::GET, "/events")).await;
    office.add(&main, json!({ "given_name": "Anna" })).await;
    assert_eq!(stream.next().await.name, "staff.changed");
    main.post("/clients", json!({ "name": "A", "number": "9011112233" }))
        .await
        .expect(201);
    assert_eq!(stream.next().await.name, "client.changed");
}

#[tokio::test]
async fn a_stream_tells_only_what_its_reader_may_know() {
    let office = Office::open().await;
    let main = office.main().await;
    let token = office.token(&main, &["calls:read"]).await;
    let mut stream = Stream::open(token.request(Method::GET, "/events")).await;
    office.add(&main, json!({ "given_name": "Anna" })).await;
    office.call(1).live();
    assert_eq!(stream.next().await.name, "call.created");
}

#[tokio::test]
async fn a_stream_ends_with_the_login_and_with_the_daemon() {
    let office = Office::open().await;
    let main = office.main().await;
    let session = office
        .log_in_new(
            &main,
            json!({ "given_name": "Anna", "login": "anna", "password": "correct horse", "role": "supervisor" }),
        )
        .await;
    let stream = Stream::open(session.0.request(Method::GET, "/events")).await;
    main.delete(&format!("/staff/{}", session.1)).await.expect(204);
    assert!(stream.ended().await);
    let stream = Stream::open(main.request(Method::GET, "/events")).await;
    office.stop();
    assert!(stream.ended().await);
}

#[tokio::test]
async fn strangers_hear_nothing_and_a_bad_place_is_told() {
    let office = Office::open().await;
    office.nobody().get("/events").await.expect(401);
    let main = office.main().await;
    main.get("/events?since=x").await.expect(400);
    main.clone().with("last-event-id", "x").get("/events").await.expect(400);
}

#[tokio::test]
async fn one_person_takes_no_more_than_twenty_streams() {
    let office = Office::open().await;
    let main = office.main().await;
    let new = json!({ "given_name": "Anna", "login": "anna", "password": "correct horse", "role": "supervisor" });
    let (anna, _) = office.log_in_new(&main, new).await;
    let program = office.token(&anna, &["calls:read"]).await;
    let mut streams = Vec::new();
    for n in 0..20 {
        let by = if n % 2 == 0 { &anna } else { &program };
        streams.push(Stream::open(by.request(Method::GET, "/events")).await);
    }
    for by in [&anna, &program] {
        let refused = by.get("/events").await.expect(429);
        assert_eq!(
            (refused.text("/code"), refused.header("retry-after")),
            ("too_many", "10")
        );
    }
    let mut mains = Stream::open(main.request(Method::GET, "/events")).await;
    office
        .live
        .publish(office.first.account, "staff.changed", json!({ "staff_id": "x" }));
    assert_eq!(mains.next().await.name, "staff.changed");
}
