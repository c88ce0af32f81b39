//! Whether people's phones are there, on the running daemon: what the list says, and what calls make of it.

use std::time::Duration;

use frontdesk_sip::flow::Transport;
use frontdesk_tests::house::{House, id, visit};
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::{WirePhone, sdp};
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
