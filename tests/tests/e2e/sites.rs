//! A visitor of a site is called by the running daemon: whoever is free in the department first, then the visitor.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_sip::wire::Message;
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::WirePhone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const ORIGIN: &str = "https://shop.example";
const VISITOR: &str = "+79161234567";
const SINGLE: &str = "+74957654321";
const PATIENCE: Duration = Duration::from_secs(30);

struct Shop {
    daemon: Daemon,
    agent: WirePhone,
    gateway: WirePhone,
    key: String,
}

async fn phone(daemon: &Daemon, sip: &Value) -> Result<WirePhone> {
    let word = |field: &str| sip[field].as_str().unwrap_or_default().to_owned();
    let mut phone = daemon.phone(&word("user"), &word("password")).await?;
    phone.register().await?;
    Ok(phone)
}

async fn shop() -> Result<Shop> {
    let daemon = Daemon::start(&[]).await?;
    let person = json!({ "surname": "Boris", "short_number": "105", "displayed_number": null });
    let person = daemon.post("/staff", &person).await?;
    let id = person["id"].as_str().context("no id")?;
    let agent = phone(&daemon, &daemon.post(&format!("/staff/{id}/sip"), &Value::Null).await?).await?;
    let sales = json!({ "name": "Sales", "short_number": "200", "members": [id] });
    let sales = daemon.post("/departments", &sales).await?;
    let line = daemon.post("/trunks", &json!({ "name": "Out" })).await?;
    let gateway = phone(&daemon, &line["sip"]).await?;
    daemon
        .post("/numbers", &json!({ "number": SINGLE, "staff_id": id }))
        .await?;
    daemon.patch("/account", &json!({ "single_number": SINGLE })).await?;
    let site = json!({ "name": "Shop", "origins": [ORIGIN], "department_id": sales["id"] });
    let site = daemon.post("/sites", &site).await?;
    let key = site["key"].as_str().context("no key")?.to_owned();
    Ok(Shop {
        daemon,
        agent,
        gateway,
        key,
    })
}

/// What the form sends.
async fn ask(daemon: &Daemon, key: &str, more: &Value) -> Result<()> {
    let mut body = json!({ "name": "Olga", "number": "8 916 123-45-67", "subject": "Delivery" });
    for (field, value) in more.as_object().context("fields")? {
        body[field] = value.clone();
    }
    let url = format!("http://{}/api/v1/widget/{key}/requests", daemon.http);
    let request = reqwest::Client::new().post(url).header("origin", ORIGIN).json(&body);
    request.send().await?.error_for_status()?;
    Ok(())
}

/// Waits until somebody has talked to the visitor, and ends the conversation.
async fn talked(daemon: &Daemon) -> Result<Value> {
    let called = eventually("the request to be called", PATIENCE, async || {
        let list = daemon.get("/requests").await.ok()?;
        let request = list["items"].get(0)?.clone();
        (request["state"] == "called").then_some(request)
    });
    let request = called.await.with_context(|| daemon.log())?;
    let call = request["call_id"].as_str().context("no call")?;
    daemon.post(&format!("/calls/{call}/hangup"), &Value::Null).await.ok();
    Ok(request)
}

fn text(message: &Message) -> String {
    String::from_utf8_lossy(message.bytes()).into_owned()
}

/// L37, L61: staff first, then the visitor, who is shown the account's single number.
#[tokio::test]
async fn l37_a_visitor_is_called_with_the_single_number() -> Result<()> {
    let mut shop = shop().await?;
    ask(&shop.daemon, &shop.key, &json!({})).await?;
    let (request, inside, outside) = tokio::join!(talked(&shop.daemon), shop.agent.answers(), shop.gateway.answers());
    let (request, inside, outside) = (request?, text(&inside?), text(&outside?));
    ensure!(request["attempts"] == 1, "{request}");
    ensure!(inside.contains(VISITOR), "the agent sees who it is for: {inside}");
    let first = outside.lines().next().unwrap_or_default();
    ensure!(first.contains("79161234567"), "{outside}");
    ensure!(outside.contains(SINGLE), "{outside}");
    let call = shop.daemon.last_call().await?;
    ensure!(
        call["direction"] == "outbound" && call["disposition"] == "answered",
        "{call}"
    );
    shop.daemon.stop().await
}

/// A call that is wanted for later outlives a restart.
#[tokio::test]
async fn a_call_for_later_is_made_after_a_restart() -> Result<()> {
    let mut shop = shop().await?;
    let soon = Timestamp::now() + SignedDuration::from_secs(1);
    ask(&shop.daemon, &shop.key, &json!({ "call_at": soon.to_string() })).await?;
    shop.daemon.restart().await?;
    let (request, inside, outside) = tokio::join!(talked(&shop.daemon), shop.agent.answers(), shop.gateway.answers());
    let (_, _, outside) = (request?, inside?, text(&outside?));
    ensure!(outside.contains(SINGLE), "{outside}");
    shop.daemon.stop().await
}
