//! The running daemon and the number that calls outside show: dialled by hand, and ordered with a click.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_sip::flow::Transport;
use frontdesk_sip::wire::{HeaderName, Message};
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::{Wire, WirePhone, sdp};
use serde_json::{Value, json};

const SINGLE: &str = "+74957654321";
const DISPLAYED: &str = "+74957654322";
const CLIENT: &str = "+79161234567";

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
    let wire = Wire::open(Transport::Udp, daemon.sip, (Path::new(""), "")).await?;
    Ok(WirePhone::new(wire, user, secret))
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

/// L34: what Anna dials shows her number. L35: what she clicks on shows the company's single one. L36: unless she shows hers
/// there too.
#[tokio::test]
async fn l34_l35_l36_each_kind_of_call_shows_its_number() -> Result<()> {
    let mut office = Office::open().await?;
    office.anna.register().await?;
    let (called, invite) = tokio::join!(office.anna.calls(CLIENT), office.provider.answers());
    called?;
    shows(&invite?, DISPLAYED);
    let (invite, _) = office.clicks(json!({ "number": CLIENT })).await?;
    shows(&invite, SINGLE);
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
