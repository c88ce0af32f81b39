//! The running daemon and the number that calls outside show: dialled by hand, and ordered with a click.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_sip::wire::{HeaderName, Message};
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::{WirePhone, sdp};
use serde_json::{Value, json};

const SINGLE: &str = "+74957654321";
const DISPLAYED: &str = "+74957654322";
const CLIENT: &str = "+79161234567";
const STUB: &str = "+78123893298";

struct Office {
    daemon: Daemon,
    anna: WirePhone,
    /// Anna's id.
    id: String,
    /// A server of a provider's.
    provider: WirePhone,
    /// A gateway that brings calls.
    gateway: WirePhone,
}

async fn phone(daemon: &Daemon, user: &str, secret: &str) -> Result<WirePhone> {
    daemon.phone(user, secret).await
}

impl Office {
    /// Anna with a displayed number, in a company with a single number; both ring her.
    async fn open() -> Result<Office> {
        let daemon = Daemon::start(&["101"]).await?;
        let anna = phone(&daemon, &daemon.phones[0].user, &daemon.phones[0].secret).await?;
        let provider = phone(&daemon, "", "").await?;
        let server = json!({ "host": provider.wire.local.ip().to_string(), "port": provider.wire.local.port() });
        daemon
            .post("/trunks", &json!({ "name": "Out", "servers": [server], "place": 1 }))
            .await?;
        let line = daemon.post("/trunks", &json!({ "name": "In", "place": 2 })).await?;
        let word = |field: &str| line["sip"][field].as_str().unwrap_or_default().to_owned();
        let gateway = phone(&daemon, &word("user"), &word("password")).await?;
        let staff = daemon.get("/staff?search=101").await?;
        let id = staff["items"][0]["id"].as_str().context("no Anna")?.to_owned();
        for number in [SINGLE, DISPLAYED] {
            daemon
                .post("/numbers", &json!({ "number": number, "staff_id": id }))
                .await?;
        }
        daemon.patch("/account", &json!({ "single_number": SINGLE })).await?;
        let displayed = json!({ "displayed_number": DISPLAYED });
        daemon.patch(&format!("/staff/{id}"), &displayed).await?;
        daemon
            .post("/clients", &json!({ "name": "Ivanov", "number": CLIENT }))
            .await?;
        Ok(Office {
            daemon,
            anna,
            id,
            provider,
            gateway,
        })
    }

    /// Anna clicks on a number or on a missed call, both pick up; gives what the provider was told and the call's id.
    async fn clicks(&mut self, what: Value) -> Result<(Message, String)> {
        let mut order = what;
        order["staff_id"] = json!(self.id);
        let ordered = self.daemon.post("/calls", &order).await?;
        picks_up(&mut self.anna).await?;
        let invite = picks_up(&mut self.provider).await?;
        let call = ordered["call_id"].as_str().context("no call")?.to_owned();
        let talks = async || {
            let live = self.daemon.get("/calls/live").await.ok()?;
            let live = live["items"].as_array()?.iter();
            let mut live = live.filter(|live| live["id"] == call.as_str() && live["state"] == "talking");
            live.next().map(drop)
        };
        eventually("the two to talk", Duration::from_secs(10), talks).await?;
        let path = format!("/calls/{call}/hangup");
        self.daemon.post(&path, &Value::Null).await?;
        let (one, other) = tokio::join!(is_left(&mut self.anna), is_left(&mut self.provider));
        one?;
        other?;
        Ok((invite, call))
    }
}

async fn picks_up(phone: &mut WirePhone) -> Result<Message> {
    let invite = phone.request_of("INVITE").await?;
    phone.respond(&invite, 180, ("", "")).await?;
    let headers = format!("Contact: <{}>\r\nContent-Type: application/sdp\r\n", phone.contact());
    phone.respond(&invite, 200, (&headers, &sdp(42_002))).await?;
    phone.request_of("ACK").await?;
    Ok(invite)
}

async fn is_left(phone: &mut WirePhone) -> Result<()> {
    let bye = phone.request_of("BYE").await?;
    phone.respond(&bye, 200, ("", "")).await
}

#[track_caller]
fn shows(invite: &Message, number: &str) {
    let text = |name| String::from_utf8_lossy(invite.header(name).unwrap_or_default()).into_owned();
    for header in [text(HeaderName::From), text(HeaderName::PAssertedIdentity)] {
        assert!(header.contains(&format!("<sip:{number}@")), "{header}");
    }
}

/// L34: what Anna dials shows her number. L35: what she clicks on, a number or a client, shows the company's single one. L36:
/// unless she shows hers there too.
#[tokio::test]
async fn l34_l35_l36_each_kind_of_call_shows_its_number() -> Result<()> {
    let mut office = Office::open().await?;
    office.anna.register().await?;
    let (called, invite) = tokio::join!(office.anna.calls(CLIENT), office.provider.answers());
    called?;
    shows(&invite?, DISPLAYED);
    let clients = office.daemon.get("/clients").await?;
    let client = json!({ "client_id": clients["items"][0]["id"] });
    for what in [json!({ "number": CLIENT }), client] {
        let (invite, _) = office.clicks(what).await?;
        shows(&invite, SINGLE);
        let uri = String::from_utf8_lossy(invite.request_uri()).into_owned();
        ensure!(uri.starts_with(&format!("sip:{CLIENT}@")), "{uri}");
    }
    let on = json!({ "show_number_on_system_calls": true });
    office.daemon.patch(&format!("/staff/{}", office.id), &on).await?;
    let (invite, _) = office.clicks(json!({ "number": CLIENT })).await?;
    shows(&invite, DISPLAYED);
    let off = json!({ "show_number_on_system_calls": false });
    office.daemon.patch(&format!("/staff/{}", office.id), &off).await?;
    let (invite, _) = office.clicks(json!({ "number": CLIENT })).await?;
    shows(&invite, SINGLE);
    office.daemon.stop().await
}

/// L61: a missed call is called back with a click, shows the single number, and counts as handled when somebody has talked.
#[tokio::test]
async fn l61_a_missed_call_is_handled_by_the_talk_that_a_click_makes() -> Result<()> {
    let mut office = Office::open().await?;
    let headers = format!("P-Asserted-Identity: <sip:{CLIENT}@pbx.example>\r\nContent-Type: application/sdp\r\n");
    let to = format!("sip:{DISPLAYED}@pbx.example");
    let refused = office.gateway.ask("INVITE", &to, (&headers, &sdp(42_000))).await?;
    ensure!(refused.status() == Some(480), "nobody is there: {:?}", refused.status());
    let daemon = &office.daemon;
    let missed = async || {
        let missed = daemon.get("/calls/missed").await.ok()?;
        missed["items"].get(0).cloned()
    };
    let missed = eventually("the missed call", Duration::from_secs(10), missed).await?;
    ensure!(missed["caller"]["number"] == CLIENT, "{missed}");
    office.anna.register().await?;
    let (invite, call) = office.clicks(json!({ "call_id": missed["id"] })).await?;
    shows(&invite, SINGLE);
    let daemon = &office.daemon;
    let handled = async || {
        let open = daemon.get("/calls/missed").await.ok()?;
        let all = daemon.get("/calls/missed?all=true").await.ok()?;
        let handled = open["items"].as_array()?.is_empty() && all["items"][0]["handled_by"] == call.as_str();
        handled.then_some(())
    };
    eventually("the missed call to be handled", Duration::from_secs(10), handled).await?;
    office.daemon.stop().await
}

impl Office {
    /// The client calls Anna's number; gives the final response.
    async fn client_calls(&mut self) -> Result<Message> {
        let headers = format!("P-Asserted-Identity: <sip:{CLIENT}@pbx.example>\r\nContent-Type: application/sdp\r\n");
        let to = format!("sip:{DISPLAYED}@pbx.example");
        self.gateway.ask("INVITE", &to, (&headers, &sdp(42_000))).await
    }

    /// Waits until so many missed calls of the client wait to be called back.
    async fn missed(&self, count: usize) -> Result<Value> {
        let missed = async || {
            let missed = self.daemon.get("/calls/missed").await.ok()?;
            (missed["items"].as_array()?.len() == count).then_some(missed)
        };
        let missed = eventually("the missed calls", Duration::from_secs(10), missed).await;
        missed.with_context(|| self.daemon.log())
    }
}

/// L61: neither a mailbox nor a click that reaches our own people alone is somebody who has talked to the client; a talk of a
/// colleague is.
#[tokio::test]
async fn l61_a_missed_call_stays_until_somebody_has_talked_to_the_client() -> Result<()> {
    let mut office = Office::open().await?;
    let refused = office.client_calls().await?;
    ensure!(refused.status() == Some(480), "nobody is there: {:?}", refused.status());
    office.missed(1).await?;
    let mailbox = json!({ "staff_id": office.id, "language": "en" });
    office.daemon.post("/mailboxes", &mailbox).await?;
    let forwarding = json!({ "always": "voicemail" }).to_string().into_bytes();
    let path = format!("/staff/{}/forwarding", office.id);
    office.daemon.put_file(&path, "application/json", forwarding).await?;
    let greeted = office.client_calls().await?;
    ensure!(greeted.status() == Some(200), "{:?}", greeted.status());
    office.gateway.hang_up(&greeted).await?;
    let missed = office.missed(2).await?;
    let greeted = &missed["items"][0];
    ensure!(
        greeted["disposition"] == "no_answer" && greeted["talked_ms"].is_null() && greeted["left_message"] == false,
        "{greeted}"
    );
    office.anna.register().await?;
    let order = json!({ "call_id": greeted["id"], "staff_id": office.id });
    let click = office.daemon.post("/calls", &order).await?;
    let click = format!("/calls/{}", click["call_id"].as_str().context("no call")?);
    picks_up(&mut office.anna).await?;
    let invite = office.provider.request_of("INVITE").await?;
    office.provider.respond(&invite, 486, ("", "")).await?;
    is_left(&mut office.anna).await?;
    let over = async || {
        let click = office.daemon.get(&click).await.ok()?;
        (click["direction"] == "outbound" && click["disposition"] == "busy").then_some(())
    };
    eventually("the click to have reached nobody", Duration::from_secs(10), over).await?;
    office.missed(2).await?;
    // Anna's colleague dials the client by hand.
    let daemon = &office.daemon;
    let boris = daemon
        .post("/staff", &json!({ "surname": "Boris", "short_number": "105" }))
        .await?;
    let id = boris["id"].as_str().context("no id")?;
    let sip = daemon.post(&format!("/staff/{id}/sip"), &Value::Null).await?;
    let word = |field: &str| sip[field].as_str().unwrap_or_default().to_owned();
    let mut boris = phone(daemon, &word("user"), &word("password")).await?;
    boris.register().await?;
    let (called, answered) = tokio::join!(boris.calls(CLIENT), office.provider.answers());
    called?;
    answered?;
    office.missed(0).await?;
    office.daemon.stop().await
}

/// L44: the stub reaches whom Anna's phone showed last, after a restart too.
#[tokio::test]
async fn l44_the_stub_reaches_the_last_client_after_a_restart() -> Result<()> {
    let mut office = Office::open().await?;
    let hide = json!({ "hide_client_number": true });
    office.daemon.patch(&format!("/staff/{}", office.id), &hide).await?;
    office.anna.register().await?;
    let headers = format!("P-Asserted-Identity: <sip:{CLIENT}@pbx.example>\r\nContent-Type: application/sdp\r\n");
    let to = format!("sip:{DISPLAYED}@pbx.example");
    let offer = sdp(42_000);
    let calls = async {
        let answer = office.gateway.ask("INVITE", &to, (&headers, &offer)).await?;
        office.gateway.hang_up(&answer).await
    };
    let (called, invite) = tokio::join!(calls, office.anna.answers());
    called?;
    shows(&invite?, STUB);
    office.daemon.last_call().await?;
    office.daemon.restart().await?;
    let (called, reached) = tokio::join!(office.anna.calls(STUB), office.provider.answers());
    called?;
    let uri = String::from_utf8_lossy(reached?.request_uri()).into_owned();
    ensure!(uri.starts_with(&format!("sip:{CLIENT}@")), "{uri}");
    office.daemon.stop().await
}
