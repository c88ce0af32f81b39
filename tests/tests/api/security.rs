//! Blocks of SIP sources: seen, made, lifted and told.

use frontdesk::engine::input::OperatorCommand;
use frontdesk::engine::output::{BlockChange, BoardChange};
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
