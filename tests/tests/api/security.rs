//! Blocks of SIP sources: seen, made, lifted and told.

use frontdesk::engine::input::OperatorCommand;
use frontdesk::engine::output::{BlockChange, BoardChange};
use frontdesk_crm_core::audit::{Actor, Author};
use frontdesk_crm_core::journal::{self, Binding, Entry};
use frontdesk_crm_core::sip_accounts;
use frontdesk_crm_core::store::Stamp;
use frontdesk_routing::ids::AccountId;
use frontdesk_sip::guard::{Block, Reason};
use frontdesk_tests::office::{NOON, Office, Stream};
use reqwest::Method;
use serde_json::json;

fn blocked(address: &str, since_ms: i64, until_ms: Option<i64>) -> BoardChange {
    BoardChange::Block(BlockChange::Blocked(Block {
        address: address.parse().unwrap(),
        reason: Reason::Scanner,
        since_ms,
        until_ms,
    }))
}

#[tokio::test]
async fn blocks_are_listed_newest_first_until_they_are_lifted() {
    let office = Office::open().await;
    let main = office.main().await;
    office.live.apply(blocked("192.0.2.1", NOON, Some(NOON + 600_000)));
    office.live.apply(blocked("2001:db8::", NOON + 1, None));
    let listed = main.get("/security/blocks").await.expect(200);
    assert_eq!(listed.body["total"], 2);
    assert_eq!(listed.text("/items/0/network"), "2001:db8::/64");
    assert_eq!(listed.body["items"][0]["until"], json!(null));
    assert_eq!(listed.text("/items/1/address"), "192.0.2.1");
    assert_eq!(listed.text("/items/1/reason"), "scanner");

    main.delete("/security/blocks/2001:db8::77").await.expect(202);
    main.delete("/security/blocks/192.0.2.2").await.expect(404);
    main.delete("/security/blocks/nobody").await.expect(404);
    let address = "2001:db8::".parse().unwrap();
    office.live.apply(BoardChange::Block(BlockChange::Lifted(address)));
    assert_eq!(main.get("/security/blocks").await.expect(200).body["total"], 1);
    let asked = office.heard.commands.lock().unwrap().clone();
    assert_eq!(asked, [OperatorCommand::Unblock { address }]);
    let audit = main.get("/audit?entity=block").await.expect(200);
    assert_eq!(audit.text("/items/0/action"), "security.unblocked");
    assert_eq!(audit.text("/items/0/entity_id"), "2001:db8::");
}

#[tokio::test]
async fn a_person_blocks_an_address_for_a_while_or_for_good() {
    let office = Office::open().await;
    let main = office.main().await;
    for right in [
        json!({ "address": "192.0.2.1", "expires_in_s": 60 }),
        json!({ "address": "2001:db8::1" }),
    ] {
        main.post("/security/blocks", right).await.expect(202);
    }
    for wrong in ["127.0.0.1", "::ffff:127.0.0.1", "0.0.0.0", "224.0.1.75", "here"] {
        let answer = main
            .post("/security/blocks", json!({ "address": wrong }))
            .await
            .expect(422);
        assert_eq!(answer.text("/fields/0/field"), "address", "{wrong}");
    }
    for wrong in [0, 31_622_401] {
        let answer = main
            .post(
                "/security/blocks",
                json!({ "address": "192.0.2.1", "expires_in_s": wrong }),
            )
            .await
            .expect(422);
        assert_eq!(answer.text("/fields/0/field"), "expires_in_s");
    }
    let asked = office.heard.commands.lock().unwrap().clone();
    let block = |address: &str, until| OperatorCommand::Block {
        address: address.parse().unwrap(),
        until,
    };
    assert_eq!(
        asked,
        [block("192.0.2.1", Some(NOON + 60_000)), block("2001:db8::", None)]
    );
}

#[tokio::test]
async fn the_stream_tells_administrators_of_blocks_and_nobody_else() {
    let office = Office::open().await;
    let main = office.main().await;
    let new = json!({ "given_name": "E", "login": "e", "password": "correct horse", "role": "employee" });
    let (employee, _) = office.log_in_new(&main, new).await;
    let mut told = Stream::open(main.request(Method::GET, "/events")).await;
    let mut others = Stream::open(employee.request(Method::GET, "/events")).await;
    office.live.apply(blocked("192.0.2.1", NOON, None));
    let address = "192.0.2.1".parse().unwrap();
    office.live.apply(BoardChange::Block(BlockChange::Lifted(address)));
    office
        .live
        .publish(office.first.account, "staff.changed", json!({ "staff_id": "x" }));
    let event = told.next().await;
    assert_eq!(event.name, "security.blocked");
    assert_eq!(event.data["block"]["network"], "192.0.2.1/32");
    assert_eq!(told.next().await.name, "security.unblocked");
    assert_eq!(others.next().await.name, "staff.changed");
}

#[tokio::test]
async fn where_companies_share_the_exchange_blocks_are_its_operators_business() {
    let office = Office::open().await;
    let (main, (_, chief)) = (office.main().await, office.second_company().await);
    office.live.apply(blocked("192.0.2.1", NOON, None));
    assert_eq!(main.get("/security/blocks").await.expect(200).body["total"], 1);
    assert_eq!(chief.get("/security/blocks").await.expect(200).body["items"], json!([]));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let page = text(main.get("//security").await.expect(200).bytes);
    assert!(page.contains("192.0.2.1") && page.contains("127.0.0.0/8"), "{page}");
    let page = text(chief.get("//security").await.expect(200).bytes);
    assert!(
        !page.contains("192.0.2.1") && !page.contains("127.0.0.0/8") && page.contains("its operator"),
        "{page}"
    );
    chief
        .post("/security/blocks", json!({ "address": "192.0.2.9" }))
        .await
        .expect(403);
    chief.delete("/security/blocks/192.0.2.1").await.expect(404);
    assert_eq!(office.heard.commands.lock().unwrap().len(), 0);
    main.delete("/security/blocks/192.0.2.1").await.expect(202);
}

#[tokio::test]
async fn the_stream_tells_another_company_nothing_of_blocks() {
    let office = Office::open().await;
    let (account, chief) = office.second_company().await;
    let mut told = Stream::open(chief.request(Method::GET, "/events")).await;
    office.live.apply(blocked("192.0.2.1", NOON, None));
    office
        .live
        .publish(account, "staff.changed", json!({ "staff_id": "x" }));
    assert_eq!(told.next().await.name, "staff.changed");
}

/// A phone of the company's first person is registered from this address.
async fn registered(office: &Office, (account, staff): (AccountId, &str), from: &str) {
    let author = Author {
        account,
        actor: Actor::program(),
        login: None,
        stamp: Stamp {
            unix_ms: NOON,
            random: 77,
        },
    };
    let data = sip_accounts::generate(&office.db, &author, staff.parse().unwrap())
        .await
        .unwrap();
    let binding = Binding {
        sip_account: data.id,
        name: "sip:phone".into(),
        contact: "sip:phone".into(),
        path: Vec::new(),
        flow: format!("udp 192.0.2.100:5060 {from} 0"),
        expires_at: NOON + 60_000,
        q: 1000,
        sip_call_id: "abc".into(),
        cseq: 1,
        instance: None,
        reg_id: None,
        user_agent: None,
    };
    let entry = Entry::BindingSaved(Box::new(binding));
    journal::apply(&office.db, &[entry]).await.unwrap();
}

#[tokio::test]
async fn nobody_blocks_the_office_of_another_company() {
    let office = Office::open().await;
    let (main, (account, chief)) = (office.main().await, office.second_company().await);
    let boss = chief.get("/me").await.expect(200).text("/id").to_owned();
    registered(&office, (account, &boss), "[2001:db8::5]:5060").await;
    let ivan = office.add(&main, json!({ "given_name": "Ivan" })).await;
    let own = (office.first.account, ivan["id"].as_str().unwrap());
    registered(&office, own, "192.0.2.7:5060").await;
    let block = async |address: &str| main.post("/security/blocks", json!({ "address": address })).await;
    // of the same /64
    let refused = block("2001:db8::77").await.expect(422);
    assert_eq!(refused.faults(), ["address in_use"]);
    block("192.0.2.7").await.expect(202);
    office.clock.advance(60_000);
    block("2001:db8::77").await.expect(202);
}
