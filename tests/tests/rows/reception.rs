//! Who is given calls, and by what they take them, on the running daemon.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_sip::flow::Transport;
use frontdesk_sip::wire::{HeaderName, Message};
use frontdesk_tests::house::{House, id, visit};
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::{WirePhone, sdp};
use serde_json::{Value, json};

const CLIENT: &str = "+79161234567";
const PATIENCE: Duration = Duration::from_secs(10);

/// Two people in a department that has a number, and a line that brings calls.
struct Sales {
    people: [Value; 2],
    phones: [WirePhone; 2],
    number: String,
    department: String,
    gateway: WirePhone,
}

async fn sales(house: &House) -> Sales {
    let hire = async || house.hire(json!({ "short_number": house.short() })).await;
    let people = [hire().await, hire().await];
    let mut phones = [house.phone(&people[0]).await, house.phone(&people[1]).await];
    for phone in &mut phones {
        phone.register().await.unwrap();
    }
    let members = [id(&people[0]), id(&people[1])];
    let department =
        json!({ "name": format!("Sales {}", house.short()), "short_number": house.short(), "members": members });
    let department = house.main.post("/departments", department).await.expect(201).body;
    let number = house.number();
    let connected = json!({ "number": number, "department_id": department["id"] });
    house.main.post("/numbers", connected).await.expect(201);
    let line = house
        .main
        .post("/trunks", json!({ "name": format!("In {number}") }))
        .await
        .expect(201);
    Sales {
        people,
        phones,
        number,
        department: id(&department).to_owned(),
        gateway: house.wire_phone(Transport::Udp, &line.body["sip"]).await,
    }
}

/// A client calls a number; the call is ended when it is answered.
async fn calls(gateway: &mut WirePhone, number: &str) -> Result<Message> {
    let to = format!("sip:{number}@pbx.example");
    let headers = format!("P-Asserted-Identity: <sip:{CLIENT}@pbx.example>\r\nContent-Type: application/sdp\r\n");
    let answer = gateway.ask("INVITE", &to, (&headers, &sdp(42_000))).await?;
    if answer.status() == Some(200) {
        gateway.hang_up(&answer).await?;
    }
    Ok(answer)
}

/// Takes the call that somebody outside makes meanwhile.
async fn takes(gateway: &mut WirePhone, number: &str, phone: &mut WirePhone) -> Result<Message> {
    let (called, invite) = tokio::join!(calls(gateway, number), phone.answers());
    ensure!(called?.status() == Some(200), "{number} is not answered");
    invite
}

/// Whom the newest finished call rang: staff by id, lines by theirs.
async fn rung(house: &House, gateway_number: &str) -> Result<(Vec<String>, Vec<String>)> {
    let over = async || {
        let calls = house.main.get("/calls?limit=20").await.body;
        let call = calls["items"]
            .as_array()?
            .iter()
            .find(|call| call["called"] == gateway_number)?
            .clone();
        call["ended_at"].is_string().then_some(call)
    };
    let call = eventually("the call in the history", PATIENCE, over).await?;
    let call = house.main.get(&format!("/calls/{}", id(&call))).await.expect(200).body;
    let legs = call["legs"].as_array().context("no legs")?;
    let mut called: Vec<&Value> = legs.iter().filter(|leg| leg["caller"] == false).collect();
    called.sort_by_key(|leg| leg["staff_id"].to_string());
    let field = |name: &str| {
        let values = called.iter().filter_map(|leg| leg[name].as_str().map(str::to_owned));
        values.collect::<Vec<_>>()
    };
    Ok((field("staff_id"), field("trunk_id")))
}

async fn reception(house: &House, member: &Value, wanted: Value) {
    let path = format!("/staff/{}/reception", id(member));
    house.main.patch(&path, wanted).await.expect(200);
}

/// Rows L18, L20.
#[test]
fn l18_l20_who_is_switched_off_gets_no_call_from_the_next_one_on_and_back_again() {
    visit(async |house| {
        let mut sales = sales(house).await;
        let [anna, boris] = &sales.people;
        reception(house, boris, json!({ "receiving": false })).await;
        assert_eq!(house.member(boris).await["work_status"], "not_working");
        takes(&mut sales.gateway, &sales.number, &mut sales.phones[0])
            .await
            .unwrap();
        assert_eq!(rung(house, &sales.number).await.unwrap().0, [id(anna)]);
        reception(house, boris, json!({ "receiving": true })).await;
        reception(house, anna, json!({ "receiving": false })).await;
        takes(&mut sales.gateway, &sales.number, &mut sales.phones[1])
            .await
            .unwrap();
        assert_eq!(house.member(boris).await["work_status"], "working", "L19");
    });
}

#[test]
fn l20_a_department_whose_people_are_all_switched_off_rings_nobody() {
    visit(async |house| {
        let mut sales = sales(house).await;
        for person in &sales.people {
            reception(house, person, json!({ "receiving": false })).await;
        }
        let refused = calls(&mut sales.gateway, &sales.number).await.unwrap();
        assert!(
            refused.status().is_some_and(|status| status >= 400),
            "{:?}",
            refused.status()
        );
        assert_eq!(rung(house, &sales.number).await.unwrap().0, [] as [String; 0]);
    });
}

/// Rows L19, L21, L53.
#[test]
fn l19_l21_l53_whoever_takes_the_calls_of_one_project_only_works_there_and_rings_for_it_alone() {
    visit(async |house| {
        let mut sales = sales(house).await;
        let here = house.main.get("/me").await.body["project"]["project_id"].clone();
        let name = format!("Project {}", house.short());
        let second = house
            .main
            .post("/projects", json!({ "name": name }))
            .await
            .expect(201)
            .body["id"]
            .clone();
        let [anna, boris] = &sales.people;
        let part = |project: &Value, calls: bool| json!({ "project_id": project, "receives_calls": calls });
        let both = json!({ "projects": [part(&here, true), part(&second, true)] });
        let first = json!({ "projects": [part(&here, true), part(&second, false)] });
        for (person, parts) in [(anna, both), (boris, first)] {
            let path = format!("/staff/{}/projects", id(person));
            house.main.put(&path, parts).await.expect(200);
        }
        let status = async |person: &Value, project: &Value| {
            let path = format!("/staff/{}/projects", id(person));
            let parts = house.main.get(&path).await.expect(200).body;
            let parts = parts["projects"].as_array().unwrap();
            parts.iter().find(|part| part["project_id"] == *project).unwrap()["work_status"].clone()
        };
        assert_eq!(status(boris, &here).await, "working");
        assert_eq!(status(boris, &second).await, "not_working");
        assert_eq!(status(anna, &second).await, "working");
        let list = format!("/staff?project={}&limit=500", second.as_str().unwrap());
        let listed = house.main.get(&list).await.expect(200).body;
        let listed = listed["items"].as_array().unwrap();
        let listed = listed.iter().find(|listed| listed["id"] == boris["id"]).unwrap();
        assert_eq!(listed["work_status"], "not_working");

        let desk = format!("/departments/{}/reception", sales.department);
        house
            .main
            .patch(&desk, json!({ "project_id": second }))
            .await
            .expect(200);
        takes(&mut sales.gateway, &sales.number, &mut sales.phones[0])
            .await
            .unwrap();
        assert_eq!(rung(house, &sales.number).await.unwrap().0, [id(anna)]);
    });
}

#[test]
fn l22_even_the_main_account_may_be_not_working_in_a_project() {
    visit(async |house| {
        let me = house.main.get("/me").await.expect(200).body;
        let name = format!("Project {}", house.short());
        let second = house
            .main
            .post("/projects", json!({ "name": name }))
            .await
            .expect(201)
            .body["id"]
            .clone();
        let parts = json!({ "projects": [
            { "project_id": me["project"]["project_id"], "receives_calls": true },
            { "project_id": second, "receives_calls": false },
        ] });
        house
            .main
            .put(&format!("/staff/{}/projects", id(&me)), parts)
            .await
            .expect(200);
        let list = format!("/staff?project={}&limit=500", second.as_str().unwrap());
        let listed = house.main.get(&list).await.expect(200).body;
        let main = listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["is_main"] == true)
            .unwrap()
            .clone();
        assert_eq!(main["work_status"], "not_working");
        assert_eq!(house.main.get("/me").await.body["rights"], me["rights"]);
    });
}

/// Somebody with a number, and a provider by whom calls go out.
struct Reached {
    member: Value,
    phone: WirePhone,
    mobile: String,
    number: String,
    provider: WirePhone,
    /// By which calls go to the provider.
    line: String,
    gateway: WirePhone,
}

async fn reached(house: &House) -> Reached {
    let (mobile, number) = (house.number(), house.number());
    let member = house
        .hire(json!({ "short_number": house.short(), "phone": mobile }))
        .await;
    let mut phone = house.phone(&member).await;
    phone.register().await.unwrap();
    let connected = json!({ "number": number, "staff_id": member["id"] });
    house.main.post("/numbers", connected).await.expect(201);
    let provider = house.wire_phone(Transport::Udp, &json!({})).await;
    let server = json!({ "host": provider.wire.local.ip().to_string(), "port": provider.wire.local.port() });
    // by the longest prefix, so that no other test's provider is asked
    let out =
        json!({ "name": format!("Out {number}"), "servers": [server], "prefixes": [mobile.trim_start_matches('+')] });
    let out = house.main.post("/trunks", out).await.expect(201).body;
    let line = house
        .main
        .post("/trunks", json!({ "name": format!("In {number}") }))
        .await
        .expect(201);
    Reached {
        member,
        phone,
        mobile,
        number,
        provider,
        line: id(&out).to_owned(),
        gateway: house.wire_phone(Transport::Udp, &line.body["sip"]).await,
    }
}

/// Row L40.
#[test]
fn l40_calls_of_who_takes_them_by_sip_ring_all_registered_phones_and_not_the_mobile_one() {
    visit(async |house| {
        let mut one = reached(house).await;
        let path = format!("/staff/{}/sip/rotate", id(&one.member));
        let sip = house.main.do_(&path).await.expect(200).body;
        one.phone = house.wire_phone(Transport::Udp, &sip).await;
        one.phone.register().await.unwrap();
        let mut second = house.wire_phone(Transport::Tcp, &sip).await;
        second.register().await.unwrap();
        let number = one.number.clone();
        let rings = async {
            let invite = second.request_of("INVITE").await?;
            second.respond(&invite, 180, ("", "")).await?;
            second.request_of("CANCEL").await
        };
        let (called, taken, cancelled) = tokio::join!(calls(&mut one.gateway, &number), one.phone.answers(), rings);
        assert_eq!(called.unwrap().status(), Some(200));
        taken.unwrap();
        cancelled.unwrap();
        let (staff, lines) = rung(house, &number).await.unwrap();
        assert!(staff.iter().all(|rung| rung == id(&one.member)), "{staff:?}");
        assert_eq!(lines, [] as [String; 0]);
    });
}

/// Rows L26, L41.
#[test]
fn l26_l41_calls_of_who_takes_them_by_mobile_go_to_exactly_that_number_and_no_phone() {
    visit(async |house| {
        let mut one = reached(house).await;
        let by = json!({ "method": "mobile", "confirm_answer": false });
        reception(house, &one.member, by).await;
        let number = one.number.clone();
        let invite = takes(&mut one.gateway, &number, &mut one.provider).await.unwrap();
        let uri = String::from_utf8_lossy(invite.request_uri()).into_owned();
        assert!(uri.starts_with(&format!("sip:{}@", one.mobile)), "{uri}");
        let to = String::from_utf8_lossy(invite.header(HeaderName::To).unwrap_or_default()).into_owned();
        assert!(to.contains(&one.mobile), "{to}");
        let (_, lines) = rung(house, &number).await.unwrap();
        assert_eq!(lines.len(), 1, "no phone was rung");
    });
}

/// Row L42.
#[test]
fn l42_calls_of_who_has_an_operators_sim_go_by_its_line_and_without_a_line_it_cannot_be_set() {
    visit(async |house| {
        let mut one = reached(house).await;
        let path = format!("/staff/{}/reception", id(&one.member));
        let refused = house.main.patch(&path, json!({ "method": "sim" })).await.expect(422);
        assert_eq!(refused.faults(), ["sim_trunk_id required"]);
        let by = json!({ "method": "sim", "sim_trunk_id": one.line, "confirm_answer": false });
        reception(house, &one.member, by).await;
        let number = one.number.clone();
        takes(&mut one.gateway, &number, &mut one.provider).await.unwrap();
        let (_, lines) = rung(house, &number).await.unwrap();
        assert_eq!(lines, [one.line]);
    });
}

/// Whoever picks up presses 1: a voicemail does not, and what comes back to our own number is stopped.
#[test]
fn l29_a_call_by_mobile_is_connected_after_key_1_alone_and_one_that_comes_back_is_stopped() {
    visit(async |house| {
        let mut one = reached(house).await;
        reception(house, &one.member, json!({ "method": "mobile" })).await;
        let number = one.number.clone();
        let picks_up = async |provider: &mut WirePhone| {
            let invite = provider.request_of("INVITE").await?;
            let headers = format!("Contact: <{}>\r\nContent-Type: application/sdp\r\n", provider.contact());
            provider.respond(&invite, 200, (&headers, &sdp(42_004))).await?;
            provider.request_of("ACK").await?;
            anyhow::Ok(invite)
        };
        let voicemail = async {
            let invite = picks_up(&mut one.provider).await?;
            one.provider.ask_caller("BYE", &invite, ("", "")).await
        };
        let (called, left) = tokio::join!(calls(&mut one.gateway, &number), voicemail);
        assert_eq!(left.unwrap().status(), Some(200));
        assert_eq!(
            called.unwrap().status(),
            Some(480),
            "the voicemail has not taken the call"
        );
        let person = async {
            let invite = picks_up(&mut one.provider).await?;
            let key = (
                "Content-Type: application/dtmf-relay\r\n",
                "Signal=1\r\nDuration=160\r\n",
            );
            let told = one.provider.ask_caller("INFO", &invite, key).await?;
            ensure!(told.status() == Some(200), "the key is not taken");
            let bye = one.provider.request_of("BYE").await?;
            one.provider.respond(&bye, 200, ("", "")).await
        };
        let (called, taken) = tokio::join!(calls(&mut one.gateway, &number), person);
        taken.unwrap();
        assert_eq!(called.unwrap().status(), Some(200));
        let to = format!("sip:{number}@pbx.example");
        let own = format!("P-Asserted-Identity: <sip:{number}@pbx.example>\r\nContent-Type: application/sdp\r\n");
        let back = one.gateway.ask("INVITE", &to, (&own, &sdp(42_000))).await.unwrap();
        assert_eq!(back.status(), Some(482));
    });
}

#[test]
fn v6_a_short_number_rings_whoever_has_it_and_is_nobody_elses() {
    visit(async |house| {
        let (first, second) = (house.short(), house.short());
        let anna = house.hire(json!({ "short_number": first })).await;
        let boris = house.hire(json!({ "short_number": second })).await;
        let mut phones = [house.phone(&anna).await, house.phone(&boris).await];
        for phone in &mut phones {
            phone.register().await.unwrap();
        }
        let [caller, callee] = &mut phones;
        let (called, invite) = tokio::join!(caller.calls(&second), callee.answers());
        called.unwrap();
        invite.unwrap();
        let taken = json!({ "given_name": "Clara", "short_number": second });
        let refused = house.main.post("/staff", taken).await.expect(409);
        assert_eq!(refused.faults(), ["short_number taken"]);
    });
}

/// By penalties the first member is rung alone; the department is dialled by its short number, and by its telephone number.
#[test]
fn v30_a_department_that_is_called_rings_by_its_strategy() {
    visit(async |house| {
        let mut sales = sales(house).await;
        let [anna, boris] = &sales.people;
        let members = json!([{ "staff_id": id(anna), "penalty": 5 }, { "staff_id": id(boris), "penalty": 0 }]);
        let path = format!("/departments/{}", sales.department);
        let changed = json!({ "members": members, "queue": { "strategy": "linear" } });
        let department = house.main.patch(&path, changed).await.expect(200).body;
        takes(&mut sales.gateway, &sales.number, &mut sales.phones[1])
            .await
            .unwrap();
        assert_eq!(rung(house, &sales.number).await.unwrap().0, [id(boris)]);
        let short = department["short_number"].as_str().unwrap().to_owned();
        let clara = house.hire(json!({ "short_number": house.short() })).await;
        let mut phone = house.phone(&clara).await;
        phone.register().await.unwrap();
        let (called, invite) = tokio::join!(phone.calls(&short), sales.phones[1].answers());
        called.unwrap();
        invite.unwrap();
        assert_eq!(rung(house, &short).await.unwrap().0, [id(boris)]);
    });
}
