//! Access up to a moment, on the running daemon: what works before it, what is refused after it, and what comes back.

use std::time::Duration;

use frontdesk_sip::flow::Transport;
use frontdesk_tests::house::{House, PASSWORD, id, visit};
use frontdesk_tests::office::{Answer, Caller, Stream};
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::{WirePhone, sdp};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(10);

/// RFC 3339.
fn in_seconds(seconds: i64) -> String {
    (Timestamp::now() + SignedDuration::from_secs(seconds)).to_string()
}

async fn give(house: &House, member: &Value, until: Value) -> Answer {
    let path = format!("/staff/{}", id(member));
    house.main.patch(&path, json!({ "access_until": until })).await
}

/// Waits for the moment, which is a second from now, and for what comes with it.
async fn ends(house: &House, member: &Value) {
    give(house, member, json!(in_seconds(1))).await.expect(200);
    let over = async || {
        let member = house.member(member).await;
        (member["access_ended"] == true && member["sip_status"] != "online").then_some(())
    };
    eventually("the access to end", PATIENCE, over).await.unwrap();
}

struct Guest {
    member: Value,
    session: Caller,
    token: Caller,
    phone: WirePhone,
}

async fn guest(house: &House) -> Guest {
    let fields = json!({ "role": "admin", "short_number": house.short(), "access_until": in_seconds(3600) });
    let (session, member) = house.log_in_new(fields).await;
    let token = json!({ "name": "bot", "scopes": ["calls:read"] });
    let token = session.post("/tokens", token).await.expect(201);
    let bearer = format!("Bearer {}", token.text("/token"));
    Guest {
        token: Caller::at(&house.daemon.base()).with("authorization", &bearer),
        phone: house.phone(&member).await,
        session,
        member,
    }
}

async fn log_in(house: &House, login: &Value, password: &str) -> Answer {
    let body = json!({ "login": login, "password": password });
    Caller::at(&house.daemon.base()).post("/login", body).await
}

/// What a phone is told that registers, and that calls.
async fn told(phone: &mut WirePhone) -> [Option<u16>; 2] {
    let contact = format!("Contact: <{}>;expires=600\r\n", phone.contact());
    let registered = phone.ask("REGISTER", "sip:pbx.example", (&contact, "")).await.unwrap();
    let called = phone.dial("999", &sdp(42_000)).await.unwrap();
    [registered.status(), called.status()]
}

/// Row B9.
#[test]
fn b9_before_the_moment_all_works_and_from_then_on_log_in_session_token_and_phone_are_refused() {
    visit(async |house| {
        let mut guest = guest(house).await;
        let login = &guest.member["effective_login"];
        let works = async |expected: u16| {
            guest.session.get("/me").await.expect(expected);
            guest.token.get("/calls").await.expect(expected);
            log_in(house, login, PASSWORD).await.expect(expected)
        };
        works(200).await;
        assert_eq!(told(&mut guest.phone).await, [Some(200), Some(404)]);
        let stream = Stream::open(guest.session.request(Method::GET, "/events")).await;
        ends(house, &guest.member).await;
        assert!(stream.ended().await);
        let refused = works(401).await;
        let wrong = log_in(house, login, "not the password").await.expect(401);
        assert_eq!(refused.body, wrong.body, "nobody learns that there was somebody");
        let nobody = json!({ "user": "10001-nobody", "password": "secret" });
        let mut nobody = house.wire_phone(Transport::Udp, &nobody).await;
        assert_eq!(told(&mut guest.phone).await, told(&mut nobody).await);
        assert_eq!(told(&mut nobody).await, [Some(401), Some(401)]);
        let member = house.member(&guest.member).await;
        for (field, status) in [
            ("system_status", "no_access"),
            ("sip_status", "offline"),
            ("work_status", "not_working"),
        ] {
            assert_eq!(member[field], status);
        }
        give(house, &guest.member, json!(null)).await.expect(200);
        works(200).await;
        assert_eq!(told(&mut guest.phone).await, [Some(200), Some(404)]);
        assert_eq!(house.member(&guest.member).await["system_status"], "online");
    });
}

/// Row B9.
#[test]
fn b9_whose_access_has_ended_is_rung_by_nobody_and_explain_says_why() {
    visit(async |house| {
        let mut guest = guest(house).await;
        let anna = house.hire(json!({ "short_number": house.short() })).await;
        let mut phone = house.phone(&anna).await;
        for phone in [&mut guest.phone, &mut phone] {
            phone.register().await.unwrap();
        }
        let members = [id(&guest.member), id(&anna)];
        let department =
            json!({ "name": format!("Sales {}", house.short()), "short_number": house.short(), "members": members });
        let department = house.main.post("/departments", department).await.expect(201).body;
        // calls at the person's own telephone end, too
        let own = json!({ "phone": house.number() });
        let path = format!("/staff/{}", id(&guest.member));
        house.main.patch(&path, own).await.expect(200);
        ends(house, &guest.member).await;
        for method in ["sip", "mobile"] {
            let wanted = json!({ "method": method });
            house.main.patch(&format!("{path}/reception"), wanted).await.expect(200);
            let number = guest.member["short_number"].as_str().unwrap();
            let refused = phone.dial(number, &sdp(42_000)).await.unwrap();
            assert_eq!(refused.status(), Some(480), "{method}");
            let asked = json!({ "caller_staff_id": id(&anna), "called": number });
            let told = house.main.post("/route/explain", asked).await.expect(200).body;
            assert!(
                told["sentences"].to_string().contains("has no access any more"),
                "{told}"
            );
            let asked = json!({ "caller_staff_id": id(&anna), "called": department["short_number"] });
            let told = house.main.post("/route/explain", asked).await.expect(200).body;
            assert_eq!(told["candidates"][0]["skipped"], "has no access any more", "{told}");
            assert_eq!(told["candidates"][1]["skipped"], Value::Null);
        }
    });
}

/// Row B9.
#[test]
fn b9_a_link_for_a_phone_is_good_only_while_there_is_access() {
    visit(async |house| {
        let member = house.hire(json!({ "short_number": house.short() })).await;
        let path = format!("/staff/{}/sip", id(&member));
        let sip = house.main.do_(&path).await.expect(201).body;
        let links = sip["provisioning"]["links"].as_array().unwrap();
        let link = links.iter().find(|link| link["model"] == "linphone").unwrap();
        let link = link["url"]
            .as_str()
            .unwrap()
            .strip_prefix(&house.daemon.base())
            .unwrap();
        let fetch = async || Caller::at(&house.daemon.base()).get(&format!("/{link}")).await;
        ends(house, &member).await;
        fetch().await.expect(404);
        give(house, &member, json!("")).await.expect(200);
        fetch().await.expect(200);
    });
}

/// Row B9.
#[test]
fn b9_access_is_given_up_to_a_moment_in_the_future_by_whoever_gives_roles_and_never_taken_from_the_main_account() {
    visit(async |house| {
        let member = house.hire(json!({})).await;
        let given = give(house, &member, json!("2100-01-01T03:00:00+03:00"))
            .await
            .expect(200);
        assert_eq!(given.text("/access_until"), "2100-01-01T00:00:00.000Z");
        assert_eq!(house.member(&member).await["access_until"], given.body["access_until"]);
        for (wrong, fault) in [
            (json!(in_seconds(-1)), "access_until past"),
            (json!("tomorrow"), "access_until invalid"),
        ] {
            assert_eq!(give(house, &member, wrong).await.expect(422).faults(), [fault]);
        }
        let me = house.main.get("/me").await.expect(200).body;
        let refused = give(house, &me, json!(in_seconds(60))).await.expect(422);
        assert_eq!(refused.faults(), ["access_until invalid"]);
        let path = format!("/staff/{}", id(&member));
        let (receptionist, _) = house.log_in_new(json!({ "role": "receptionist" })).await;
        let lifted = json!({ "access_until": null });
        receptionist.patch(&path, lifted.clone()).await.expect(403);
        let (guest, own) = house
            .log_in_new(json!({ "role": "admin", "access_until": in_seconds(3600) }))
            .await;
        guest
            .patch(&format!("/staff/{}", id(&own)), lifted.clone())
            .await
            .expect(403);
        guest.patch(&path, lifted).await.expect(200);
        let audit = house
            .main
            .get(&format!("/audit?entity_id={}", id(&member)))
            .await
            .expect(200);
        let newest = &audit.body["items"][0];
        assert_eq!(newest["before"]["access_until"], "2100-01-01T00:00:00.000Z", "{newest}");
        assert_eq!(newest["after"]["access_until"], Value::Null, "{newest}");
    });
}
