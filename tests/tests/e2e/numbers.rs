//! The running daemon and its connected numbers: whom they reach, and what is known afterwards of who called.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_sip::wire::{HeaderName, Message};
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::{WirePhone, sdp};
use serde_json::{Value, json};

const FIRST: &str = "+74957654321";
const SECOND: &str = "+74957654322";
const CLIENT: &str = "+79161234567";
const PATIENCE: Duration = Duration::from_secs(10);

/// Anna (101) alone in Sales, Boris (102) alone in Support, and a line that brings calls.
struct Office {
    daemon: Daemon,
    anna: WirePhone,
    boris: WirePhone,
    gateway: WirePhone,
    anna_id: String,
    sales: String,
    support: String,
}

async fn phone(daemon: &Daemon, user: &str, secret: &str) -> Result<WirePhone> {
    daemon.phone(user, secret).await
}

fn id_of(value: &Value) -> Result<String> {
    value["id"].as_str().map(str::to_owned).context("no id")
}

impl Office {
    async fn open() -> Result<Office> {
        let daemon = Daemon::start(&["101", "102"]).await?;
        let mut phones = Vec::new();
        let mut departments = Vec::new();
        let mut people = Vec::new();
        for (place, (short, name)) in [("200", "Sales"), ("201", "Support")].into_iter().enumerate() {
            let known = &daemon.phones[place];
            let mut phone = phone(&daemon, &known.user, &known.secret).await?;
            phone.register().await?;
            phones.push(phone);
            let staff = daemon.get(&format!("/staff?search={}", known.short_number)).await?;
            let member = id_of(&staff["items"][0])?;
            let department = json!({ "name": name, "short_number": short, "members": [member] });
            departments.push(id_of(&daemon.post("/departments", &department).await?)?);
            people.push(member);
        }
        let line = daemon.post("/trunks", &json!({ "name": "In" })).await?;
        let word = |field: &str| line["sip"][field].as_str().unwrap_or_default().to_owned();
        let gateway = phone(&daemon, &word("user"), &word("password")).await?;
        let (boris, anna) = (phones.pop().context("Boris")?, phones.pop().context("Anna")?);
        let (support, sales) = (
            departments.pop().context("Support")?,
            departments.pop().context("Sales")?,
        );
        Ok(Office {
            daemon,
            anna,
            boris,
            gateway,
            anna_id: people.swap_remove(0),
            sales,
            support,
        })
    }

    async fn connect(&self, number: &str, to: Value) -> Result<String> {
        let mut body = to;
        body["number"] = json!(number);
        id_of(&self.daemon.post("/numbers", &body).await?)
    }

    /// The newest past call, once it is `expected`.
    async fn past(&self, expected: impl Fn(&Value) -> bool) -> Result<Value> {
        let look = async || {
            let calls = self.daemon.get("/calls?limit=1").await.ok()?;
            calls["items"].get(0).filter(|call| expected(call)).cloned()
        };
        eventually("the call in the history", PATIENCE, look).await
    }
}

/// Somebody outside calls a number and hangs up when it is answered.
async fn calls(gateway: &mut WirePhone, (caller, number): (&str, &str)) -> Result<Message> {
    let to = format!("sip:{number}@pbx.example");
    let headers = format!("P-Asserted-Identity: <sip:{caller}@pbx.example>\r\nContent-Type: application/sdp\r\n");
    let answer = gateway.ask("INVITE", &to, (&headers, &sdp(42_000))).await?;
    if answer.status() == Some(200) {
        gateway.hang_up(&answer).await?;
    }
    Ok(answer)
}

/// The number is answered by this phone, and rings no other one.
async fn reaches(gateway: &mut WirePhone, number: &str, phone: &mut WirePhone) -> Result<Message> {
    let (called, invite) = tokio::join!(calls(gateway, (CLIENT, number)), phone.answers());
    ensure!(called?.status() == Some(200), "{number} is not answered");
    invite
}

/// C31: each of two numbers is answered by its own department.
#[tokio::test]
async fn c31_each_of_two_numbers_is_answered_by_its_own_department() -> Result<()> {
    let mut office = Office::open().await?;
    office.connect(FIRST, json!({ "department_id": office.sales })).await?;
    office
        .connect(SECOND, json!({ "department_id": office.support }))
        .await?;
    reaches(&mut office.gateway, FIRST, &mut office.anna).await?;
    reaches(&mut office.gateway, SECOND, &mut office.boris).await?;
    reaches(&mut office.gateway, FIRST, &mut office.anna).await?;
    office.daemon.stop().await
}

/// V31: a number that was moved to another department is answered there from the next call on.
#[tokio::test]
async fn v31_a_number_that_is_moved_is_answered_by_the_other_department() -> Result<()> {
    let mut office = Office::open().await?;
    let number = office.connect(FIRST, json!({ "department_id": office.sales })).await?;
    reaches(&mut office.gateway, FIRST, &mut office.anna).await?;
    let moved = json!({ "department_id": office.support });
    office.daemon.patch(&format!("/numbers/{number}"), &moved).await?;
    reaches(&mut office.gateway, FIRST, &mut office.boris).await?;
    let back = json!({ "department_id": office.sales });
    office.daemon.patch(&format!("/numbers/{number}"), &back).await?;
    reaches(&mut office.gateway, FIRST, &mut office.anna).await?;
    office.daemon.stop().await
}

/// L39: a number that is connected is listed, may be shown, and is reached from outside; before that it is none of it.
#[tokio::test]
async fn l39_a_connected_number_is_listed_may_be_shown_and_is_reached() -> Result<()> {
    let mut office = Office::open().await?;
    let shown = json!({ "displayed_number": FIRST });
    let person = format!("/staff/{}", office.anna_id);
    ensure!(
        office.daemon.patch(&person, &shown).await.is_err(),
        "it is not connected"
    );
    let single = json!({ "single_number": FIRST });
    ensure!(
        office.daemon.patch("/account", &single).await.is_err(),
        "it is not connected"
    );
    let refused = calls(&mut office.gateway, (CLIENT, FIRST)).await?;
    ensure!(refused.status() == Some(404), "{:?}", refused.status());
    office.connect(FIRST, json!({ "staff_id": office.anna_id })).await?;
    let listed = office.daemon.get("/numbers").await?;
    ensure!(listed["items"][0]["number"] == FIRST, "{listed}");
    office.daemon.patch(&person, &shown).await?;
    office.daemon.patch("/account", &single).await?;
    reaches(&mut office.gateway, FIRST, &mut office.anna).await?;
    office.daemon.stop().await
}

/// L33: Anna has called a client, who saw her number and calls it back: that call is the client's, and can be listened to.
#[tokio::test]
async fn l33_a_call_back_to_the_displayed_number_is_the_clients_and_can_be_played() -> Result<()> {
    let mut office = Office::open().await?;
    office.connect(SECOND, json!({ "staff_id": office.anna_id })).await?;
    let shown = json!({ "displayed_number": SECOND });
    office
        .daemon
        .patch(&format!("/staff/{}", office.anna_id), &shown)
        .await?;
    let client = json!({ "name": "Ivanov", "number": CLIENT });
    let client = id_of(&office.daemon.post("/clients", &client).await?)?;
    let mut provider = phone(&office.daemon, "", "").await?;
    let server = json!({ "host": provider.wire.local.ip().to_string(), "port": provider.wire.local.port() });
    office
        .daemon
        .post("/trunks", &json!({ "name": "Out", "servers": [server] }))
        .await?;
    let (called, invite) = tokio::join!(office.anna.calls(CLIENT), provider.answers());
    called?;
    let seen = String::from_utf8_lossy(invite?.header(HeaderName::From).unwrap_or_default()).into_owned();
    ensure!(seen.contains(SECOND), "{seen}");
    let outbound = office.past(|call| call["direction"] == "outbound").await?;
    ensure!(outbound["client_id"] == client.as_str(), "{outbound}");
    reaches(&mut office.gateway, SECOND, &mut office.anna).await?;
    let back = office
        .past(|call| call["direction"] == "inbound" && call["recordings"][0]["state"] == "ready")
        .await?;
    ensure!(back["client_id"] == client.as_str(), "{back}");
    let recording = back["recordings"][0]["id"].as_str().context("no recording")?;
    let sound = office
        .daemon
        .download(&format!("/recordings/{recording}/media"))
        .await?;
    ensure!(sound.starts_with(b"RIFF"), "{} bytes", sound.len());
    office.daemon.stop().await
}

/// B32: each call with somebody outside stands on the timeline of the client who has the number; where the account wants
/// that, an unknown caller becomes one, whom the next call finds.
#[tokio::test]
async fn b32_every_call_with_a_client_is_on_the_clients_timeline() -> Result<()> {
    let mut office = Office::open().await?;
    office.connect(FIRST, json!({ "department_id": office.sales })).await?;
    let client = json!({ "name": "Ivanov", "number": CLIENT });
    let client = id_of(&office.daemon.post("/clients", &client).await?)?;
    reaches(&mut office.gateway, FIRST, &mut office.anna).await?;
    let path = format!("/clients/{client}/timeline");
    let note = json!({ "body": "Wants an offer" });
    office.daemon.post(&path, &note).await?;
    let look = async || {
        let timeline = office.daemon.get(&path).await.ok()?;
        let call = timeline["items"]
            .as_array()?
            .iter()
            .find(|item| item["kind"] == "call")?
            .clone();
        (call["call"]["recordings"][0]["state"] == "ready").then_some(timeline)
    };
    let timeline = eventually("the call on the timeline", PATIENCE, look).await?;
    ensure!(timeline["items"].as_array().map(Vec::len) == Some(2), "{timeline}");

    let strangers = async |daemon: &Daemon| daemon.get("/clients?search=9160000009").await;
    let unknown = ("+79160000009", FIRST);
    let (called, answered) = tokio::join!(calls(&mut office.gateway, unknown), office.anna.answers());
    called?;
    answered?;
    office.past(|call| call["caller"]["number"] == unknown.0).await?;
    let found = strangers(&office.daemon).await?;
    ensure!(found["items"] == json!([]), "strangers are ignored: {found}");

    let policy = json!({ "unknown_callers": "make_client" });
    office.daemon.patch("/account", &policy).await?;
    for _ in 0..2 {
        let (called, answered) = tokio::join!(calls(&mut office.gateway, unknown), office.anna.answers());
        called?;
        answered?;
        office
            .past(|call| call["caller"]["number"] == unknown.0 && call["client_id"].is_string())
            .await?;
    }
    let found = strangers(&office.daemon).await?;
    ensure!(found["items"].as_array().map(Vec::len) == Some(1), "{found}");
    ensure!(found["items"][0]["stub"] == true, "{found}");
    let path = format!("/clients/{}/timeline", id_of(&found["items"][0])?);
    let both = async || {
        let timeline = office.daemon.get(&path).await.ok()?;
        (timeline["items"].as_array()?.len() == 2).then_some(())
    };
    eventually("both calls on the timeline", PATIENCE, both).await?;
    office.daemon.stop().await
}
