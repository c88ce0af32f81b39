//! Whether people's phones are there, on the running daemon: what the list says, and what calls make of it.

use std::time::Duration;

use frontdesk_sip::flow::Transport;
use frontdesk_tests::house::{House, id, visit};
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::{WirePhone, sdp};
use futures::FutureExt;
use serde_json::{Value, json};

const A_SECOND: Duration = Duration::from_secs(1);

async fn becomes(house: &House, member: &Value, status: &str) {
    let look = async || (house.member(member).await["sip_status"] == status).then_some(());
    eventually(&format!("the person to be {status}"), A_SECOND, look)
        .await
        .unwrap();
}

async fn somebody(house: &House) -> (Value, WirePhone) {
    let member = house.hire(json!({ "short_number": house.short() })).await;
    let phone = house.phone(&member).await;
    (member, phone)
}

/// Row L10.
#[test]
fn l10_who_registers_is_online_within_a_second_and_offline_after_unregistering() {
    visit(async |house| {
        let (member, mut phone) = somebody(house).await;
        assert_eq!(house.member(&member).await["sip_status"], "offline");
        phone.register().await.unwrap();
        becomes(house, &member, "online").await;
        phone.unregister().await.unwrap();
        becomes(house, &member, "offline").await;
    });
}

/// Row L10.
#[test]
fn l10_whose_connection_is_closed_is_offline_within_a_second() {
    visit(async |house| {
        let member = house.hire(json!({ "short_number": house.short() })).await;
        let mut phone = house.phone_on(Transport::Tcp, &member).await;
        phone.register().await.unwrap();
        becomes(house, &member, "online").await;
        drop(phone);
        becomes(house, &member, "offline").await;
    });
}

/// Row L10.
#[test]
fn l10_who_has_a_second_phone_stays_online_when_the_first_one_goes() {
    visit(async |house| {
        let member = house.hire(json!({ "short_number": house.short() })).await;
        let path = format!("/staff/{}/sip", id(&member));
        let sip = house.main.do_(&path).await.expect(201).body;
        let mut first = house.wire_phone(Transport::Udp, &sip).await;
        let mut second = house.wire_phone(Transport::Udp, &sip).await;
        first.register().await.unwrap();
        second.register().await.unwrap();
        first.unregister().await.unwrap();
        becomes(house, &member, "online").await;
        second.unregister().await.unwrap();
        becomes(house, &member, "offline").await;
    });
}

/// Row L9.
#[test]
fn l9_a_call_to_whose_phones_are_away_is_refused_at_once() {
    visit(async |house| {
        let (away, mut phone) = somebody(house).await;
        let (_, mut caller) = somebody(house).await;
        caller.register().await.unwrap();
        phone.register().await.unwrap();
        phone.unregister().await.unwrap();
        becomes(house, &away, "offline").await;
        let number = away["short_number"].as_str().unwrap();
        let offer = sdp(42_000);
        let refused = tokio::time::timeout(A_SECOND, caller.dial(number, &offer)).await;
        assert_eq!(refused.unwrap().unwrap().status(), Some(480));
    });
}

/// How many calls have been sent to a phone that nobody has looked at yet.
fn unread(phone: &mut WirePhone) -> usize {
    let mut calls = 0;
    while let Some(message) = phone.wire.receive().now_or_never() {
        let message = message.unwrap();
        calls += usize::from(message.is_request() && message.method().as_bytes() == b"INVITE");
    }
    calls
}

/// Row L11: a department of two, whose calls go past whoever has no phone there.
#[test]
fn l11_who_is_online_is_sent_the_call_and_who_is_not_is_passed_over() {
    visit(async |house| {
        let ((anna, mut hers), (boris, mut his)) = (somebody(house).await, somebody(house).await);
        let (_, mut caller) = somebody(house).await;
        for phone in [&mut his, &mut hers, &mut caller] {
            phone.register().await.unwrap();
        }
        let sales = house.short();
        let members = json!([{ "staff_id": id(&anna), "penalty": 0 }, { "staff_id": id(&boris), "penalty": 5 }]);
        let department = json!({ "name": format!("Sales {sales}"), "short_number": sales, "members": members,
            "queue": { "strategy": "linear" } });
        house.main.post("/departments", department).await.expect(201);
        let (called, invite) = tokio::join!(caller.calls(&sales), hers.answers());
        called.unwrap();
        let uri = String::from_utf8_lossy(invite.unwrap().request_uri()).into_owned();
        assert!(uri.contains(&hers.wire.local.to_string()), "{uri}");
        assert_eq!(unread(&mut his), 0, "she comes first");
        hers.unregister().await.unwrap();
        becomes(house, &anna, "offline").await;
        unread(&mut hers);
        let (called, invite) = tokio::join!(caller.calls(&sales), his.answers());
        called.unwrap();
        let uri = String::from_utf8_lossy(invite.unwrap().request_uri()).into_owned();
        assert!(uri.contains(&his.wire.local.to_string()), "{uri}");
        house.main.get("/me").await.expect(200);
        assert_eq!(unread(&mut hers), 0, "nothing is sent to a phone that is gone");
    });
}
