//! The number in the place of a client's, on the running daemon.

use frontdesk_sip::flow::Transport;
use frontdesk_sip::wire::HeaderName;
use frontdesk_tests::digits::found_in;
use frontdesk_tests::house::{alone, id};
use frontdesk_tests::wire::sdp;
use serde_json::json;

const CLIENT: &str = "+79161234567";
const STUB: &str = "+78123893298";

#[test]
fn l44_a_hidden_client_shows_the_stub_and_the_stub_dials_back_only_where_it_may() {
    alone(async |house| {
        let main = &house.main;
        let number = house.number();
        let hidden = json!({ "short_number": house.short(), "hide_client_number": true });
        let anna = house.hire(hidden).await;
        let mut phone = house.phone(&anna).await;
        phone.register().await.unwrap();
        let connected = json!({ "number": number, "staff_id": id(&anna) });
        main.post("/numbers", connected).await.expect(201);
        let mut provider = house.wire_phone(Transport::Udp, &json!({})).await;
        let at = provider.wire.local;
        let server = json!({ "host": at.ip().to_string(), "port": at.port() });
        main.post(
            "/trunks",
            json!({ "name": "Out", "servers": [server], "shown_number": number }),
        )
        .await
        .expect(201);
        let line = main.post("/trunks", json!({ "name": "In" })).await.expect(201).body;
        let mut gateway = house.wire_phone(Transport::Udp, &line["sip"]).await;

        let calls = async {
            let to = format!("sip:{number}@pbx.example");
            let headers =
                format!("P-Asserted-Identity: <sip:{CLIENT}@pbx.example>\r\nContent-Type: application/sdp\r\n");
            let answer = gateway.ask("INVITE", &to, (&headers, &sdp(42_000))).await.unwrap();
            assert_eq!(answer.status(), Some(200));
            gateway.hang_up(&answer).await.unwrap();
        };
        let ((), invite) = tokio::join!(calls, phone.answers());
        let invite = invite.unwrap();
        let text = String::from_utf8_lossy(invite.bytes()).into_owned();
        for name in [HeaderName::From, HeaderName::PAssertedIdentity] {
            let value = String::from_utf8_lossy(invite.header(name).unwrap()).into_owned();
            assert!(value.contains(&format!("sip:{STUB}@")), "{value}");
        }
        assert_eq!(found_in(&text, CLIENT), None, "{text}");

        let (called, reached) = tokio::join!(phone.calls(STUB), provider.answers());
        called.unwrap();
        let uri = String::from_utf8_lossy(reached.unwrap().request_uri()).into_owned();
        assert!(uri.starts_with(&format!("sip:{CLIENT}@")), "{uri}");
        main.patch("/account", json!({ "stub_dials_back": false }))
            .await
            .expect(200);
        let refused = phone.dial(STUB, &sdp(42_000)).await.unwrap();
        assert_eq!(refused.status(), Some(403));
    });
}
