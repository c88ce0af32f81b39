//! The running daemon with callers who wait for a department: who comes first, and what the agent's phone shows of them.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_sip::wire::{HeaderName, Message};
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::digits::found_in;
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::{WirePhone, sdp};
use serde_json::{Value, json};

const SERVER: &str = "pbx.example";
const SALES: &str = "+74957654321";
const STUB: &str = "+78123893298";

async fn phone(daemon: &Daemon, user: &str, secret: &str) -> Result<WirePhone> {
    daemon.phone(user, secret).await
}

/// Somebody outside who calls by a provider's line, and waits.
struct Outside {
    name: &'static str,
    number: &'static str,
    phone: WirePhone,
    answer: Option<Message>,
}

impl Outside {
    async fn new(daemon: &Daemon, line: &Value, (name, number): (&'static str, &'static str)) -> Result<Outside> {
        let word = |field: &str| line["sip"][field].as_str().unwrap_or_default().to_owned();
        Ok(Outside {
            name,
            number,
            phone: phone(daemon, &word("user"), &word("password")).await?,
            answer: None,
        })
    }

    async fn calls(&mut self) -> Result<()> {
        let to = format!("sip:{SALES}@{SERVER}");
        let number = self.number;
        let headers = format!("P-Asserted-Identity: <sip:{number}@{SERVER}>\r\nContent-Type: application/sdp\r\n");
        let answer = self.phone.ask("INVITE", &to, (&headers, &sdp(42_000))).await?;
        ensure!(answer.status() == Some(200), "{}: {:?}", self.name, answer.status());
        self.answer = Some(answer);
        Ok(())
    }

    async fn leaves(&mut self) -> Result<()> {
        let answer = self.answer.take().context("no call")?;
        self.phone.hang_up(&answer).await
    }
}

/// The agent picks up; gives the INVITE.
async fn picks_up(agent: &mut WirePhone) -> Result<Message> {
    let invite = agent.request_of("INVITE").await?;
    agent.respond(&invite, 180, ("", "")).await?;
    let headers = format!("Contact: <{}>\r\nContent-Type: application/sdp\r\n", agent.contact());
    agent.respond(&invite, 200, (&headers, &sdp(42_002))).await?;
    agent.request_of("ACK").await?;
    Ok(invite)
}

async fn is_left(agent: &mut WirePhone) -> Result<()> {
    let bye = agent.request_of("BYE").await?;
    agent.respond(&bye, 200, ("", "")).await
}

/// V25: of three who wait the VIP, who came last, is taken first, the others as they came. L43: the agent's phone is told the
/// number of none of them, only their names.
#[tokio::test]
async fn v25_l43_the_vip_of_three_waiting_callers_is_taken_first_and_no_number_is_shown() -> Result<()> {
    let daemon = Daemon::start(&[]).await?;
    let agent = json!({ "surname": "Agent", "short_number": "105", "hide_client_number": true });
    let member = daemon.post("/staff", &agent).await?;
    let id = member["id"].as_str().context("no id")?;
    let sip = daemon.post(&format!("/staff/{id}/sip"), &Value::Null).await?;
    let word = |field: &str| sip[field].as_str().unwrap_or_default().to_owned();
    let mut agent = phone(&daemon, &word("user"), &word("password")).await?;
    agent.register().await?;
    let sales = json!({ "name": "Sales", "short_number": "200", "members": [id] });
    let sales = daemon.post("/departments", &sales).await?;
    daemon
        .post("/numbers", &json!({ "number": SALES, "department_id": sales["id"] }))
        .await?;
    let line = daemon.post("/trunks", &json!({ "name": "In" })).await?;
    let people = [
        ("First", "+79160000001"),
        ("Alpha", "+79160000002"),
        ("Beta", "+79160000003"),
        ("Important", "+79160000004"),
    ];
    let mut callers = Vec::new();
    for person in people {
        let client = json!({ "name": person.0, "number": person.1, "vip": person.0 == "Important" });
        daemon.post("/clients", &client).await?;
        callers.push(Outside::new(&daemon, &line, person).await?);
    }

    let (called, invite) = tokio::join!(callers[0].calls(), picks_up(&mut agent));
    called?;
    let mut shown = vec![invite?];
    for caller in &mut callers[1..] {
        caller.calls().await?;
    }
    let waiting = async || {
        let live = daemon.get("/calls/live").await.ok()?;
        let waiting = live["items"]
            .as_array()?
            .iter()
            .filter(|call| call["state"] == "waiting");
        (waiting.count() == 3).then_some(())
    };
    eventually("three who wait", Duration::from_secs(10), waiting).await?;
    let mut talks = 0;
    let mut served = Vec::new();
    for _ in 1..people.len() {
        let (left, told) = tokio::join!(callers[talks].leaves(), is_left(&mut agent));
        left?;
        told?;
        let invite = picks_up(&mut agent).await?;
        let from = String::from_utf8_lossy(invite.header(HeaderName::From).unwrap_or_default()).into_owned();
        talks = people.iter().position(|(name, _)| from.contains(name)).context(from)?;
        served.push(people[talks].0);
        shown.push(invite);
    }
    ensure!(served == ["Important", "Alpha", "Beta"], "{served:?}");
    let (left, told) = tokio::join!(callers[talks].leaves(), is_left(&mut agent));
    left?;
    told?;
    for invite in &shown {
        let text = String::from_utf8_lossy(invite.bytes()).into_owned();
        ensure!(text.contains(&format!("<sip:{STUB}@")), "{text}");
        for (_, number) in people {
            ensure!(found_in(&text, number).is_none(), "{text}");
        }
    }
    let over = async || {
        let calls = daemon.get("/calls").await.ok()?["items"].take();
        let calls = calls.as_array()?.clone();
        (calls.len() == 4 && calls.iter().all(|call| call["disposition"] == "answered")).then_some(())
    };
    eventually("four answered calls", Duration::from_secs(10), over).await?;
    daemon.stop().await
}
