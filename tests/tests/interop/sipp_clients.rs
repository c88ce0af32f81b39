//! Clients who call and are called by providers' lines, as SIPp sees them on both ends: who is put through first, and which
//! number is shown to whom.

use std::time::Duration;

use anyhow::{Context, Result};
use frontdesk_tests::ports::{self, eventually};
use frontdesk_tests::sipp::{Running, Scenario, User};
use serde_json::{Value, json};

use crate::office::{DOMAIN, Office};
use crate::widget;

const SINGLE: &str = "+74957654321";
const DISPLAYED: &str = "+74957654322";
const CLIENT: &str = "+79161234567";
const STUB: &str = "+78123893298";
const PATIENCE: Duration = Duration::from_secs(15);

/// A department of 101 alone with a number, and a line that brings calls to it.
struct Sales {
    office: Office,
    agent: String,
    department: String,
    line: Value,
}

impl Sales {
    /// `None` when SIPp is not there.
    async fn open() -> Result<Option<Sales>> {
        let Some(office) = Office::open("udp").await? else {
            return Ok(None);
        };
        let daemon = &office.daemon;
        let staff = daemon.get("/staff?search=101").await?;
        let agent = id_of(&staff["items"][0])?;
        let sales = json!({ "name": "Sales", "short_number": "200", "members": [agent] });
        let department = id_of(&daemon.post("/departments", &sales).await?)?;
        let number = json!({ "number": SINGLE, "department_id": department });
        daemon.post("/numbers", &number).await?;
        let line = daemon.post("/trunks", &json!({ "name": "In", "place": 2 })).await?;
        Ok(Some(Sales {
            office,
            agent,
            department,
            line,
        }))
    }

    /// Somebody outside calls the department and stays until the call is ended.
    fn calls(&self, name: &str, asserted: &str) -> Result<Running> {
        let word = |field: &str| self.line["sip"][field].as_str().unwrap_or_default();
        let line = User {
            name: word("user"),
            secret: word("password"),
        };
        let headers = format!("P-Asserted-Identity: {asserted}\n");
        let scenario = Scenario::caller(line, SINGLE, DOMAIN).calls_with(&headers);
        self.office.start(name, &scenario.is_answered().is_hung_up_on())
    }

    /// A device of the agent's that plays this scenario.
    async fn device(&self, scenario: &Scenario) -> Result<Running> {
        self.office.phone(0, scenario).await
    }

    /// That device of the agent's takes no more calls than those that it has.
    async fn takes_no_more(&self, port: u16) -> Result<()> {
        let contact = format!("sip:{}@127.0.0.1:{port}", self.office.user(0).name);
        let leaves = self.office.person(0, "").registers(&contact, 0);
        self.office.start("leaves", &leaves)?.succeeds().await
    }

    /// Waits until so many wait in the line and somebody talks; gives that call's id.
    async fn talks(&self, waiting: usize) -> Result<String> {
        let what = format!("a talk while {waiting} wait");
        let look = async || {
            let live = self.office.daemon.get("/calls/live").await.ok()?;
            let live = live["items"].as_array()?;
            let in_state = |state: &str| live.iter().filter(|call| call["state"] == state).collect::<Vec<_>>();
            let (talking, waits) = (in_state("talking"), in_state("waiting").len());
            match talking.as_slice() {
                [talk] if waits == waiting => talk["id"].as_str().map(str::to_owned),
                _ => None,
            }
        };
        eventually(&what, PATIENCE, look)
            .await
            .with_context(|| self.office.daemon.log())
    }

    async fn hang_up(&self, call: &str) -> Result<()> {
        let path = format!("/calls/{call}/hangup");
        self.office.daemon.post(&path, &Value::Null).await.map(drop)
    }

    /// A provider by which calls go out, at a port of SIPp's.
    async fn provider(&self) -> Result<u16> {
        let port = ports::free_udp_and_tcp()?;
        let server = json!({ "host": "127.0.0.1", "port": port });
        let out = json!({ "name": "Out", "servers": [server], "place": 1, "probe_s": null });
        self.office.daemon.post("/trunks", &out).await?;
        Ok(port)
    }

    /// What SIPp does there.
    async fn is_provider(&self, port: u16, scenario: &Scenario) -> Result<Running> {
        let daemon = &self.office.daemon;
        let mut running = scenario.start_at(port, "provider", daemon.folder(), (daemon.sip, "udp"))?;
        running.listens().await?;
        Ok(running)
    }
}

fn id_of(value: &Value) -> Result<String> {
    value["id"].as_str().map(str::to_owned).context("no id")
}

/// In all usual spellings.
fn digits_of(number: &str) -> String {
    let between = "[^0-9]{0,3}";
    let local = &number[2..];
    [&local[..3], &local[3..6], &local[6..8], &local[8..]].join(between)
}

/// An INVITE with that number, and a name where there is one, in From and P-Asserted-Identity.
fn is_called_by(name: Option<&str>, number: &str, hidden: Option<&str>) -> Scenario {
    let name = name.map(|name| format!("\"{name}\" ")).unwrap_or_default();
    let form = format!("{name}<sip:{}@", number.replace('+', "[+]"));
    let hidden = hidden.map(digits_of);
    Scenario::callee().is_called_showing(&[("From", &form), ("P-Asserted-Identity", &form)], hidden.as_deref())
}

fn talks_until_the_end(called: Scenario) -> Scenario {
    called.rings().answers().is_hung_up_on()
}

/// V25: of three who wait while the agent talks the VIP, who came third, is put through first; the others as they came.
#[tokio::test]
async fn v25_the_vip_who_came_third_is_put_through_first() -> Result<()> {
    let Some(sales) = Sales::open().await? else {
        return Ok(());
    };
    let people = [
        ("First", "+79160000001"),
        ("Alpha", "+79160000002"),
        ("Beta", "+79160000003"),
        ("Important", "+79160000004"),
    ];
    for (name, number) in people {
        let client = json!({ "name": name, "number": number, "vip": name == "Important" });
        sales.office.daemon.post("/clients", &client).await?;
    }
    let takes = |place: usize| {
        let (name, number): (&str, &str) = people[place];
        talks_until_the_end(is_called_by(Some(name), number, None))
    };
    let mut device = sales.device(&takes(0)).await?;
    let mut callers = Vec::new();
    for (waiting, (name, number)) in people.into_iter().enumerate() {
        callers.push(Some(sales.calls(name, &format!("<sip:{number}@{DOMAIN}>"))?));
        sales.talks(waiting).await?;
    }
    let mut talking = 0;
    for (left, next) in [(2, 3), (1, 1), (0, 2)] {
        let after = sales.device(&takes(next)).await?;
        sales.takes_no_more(device.port).await?;
        sales.hang_up(&sales.talks(left + 1).await?).await?;
        let served = std::mem::replace(&mut device, after);
        let caller = callers[talking].take().context("served twice")?;
        let (caller, served) = tokio::join!(caller.succeeds(), served.succeeds());
        served.and(caller)?;
        sales.talks(left).await?;
        talking = next;
    }
    sales.hang_up(&sales.talks(0).await?).await?;
    let caller = callers[talking].take().context("served twice")?;
    let (caller, served) = tokio::join!(caller.succeeds(), device.succeeds());
    served.and(caller)
}

/// L43, L44: what the agent's phone is told of a client is the stub and the name, and the number once it may see it.
#[tokio::test]
async fn l43_l44_a_phone_of_whom_numbers_are_hidden_from_is_shown_the_stub_and_no_digit() -> Result<()> {
    let Some(sales) = Sales::open().await? else {
        return Ok(());
    };
    let daemon = &sales.office.daemon;
    let client = json!({ "name": "Ivanov", "number": CLIENT });
    daemon.post("/clients", &client).await?;
    for (hides, shown, hidden) in [(true, STUB, Some(CLIENT)), (false, CLIENT, None)] {
        let set = json!({ "hide_client_number": hides });
        daemon.patch(&format!("/staff/{}", sales.agent), &set).await?;
        let agent = talks_until_the_end(is_called_by(Some("Ivanov"), shown, hidden));
        let device = sales.device(&agent).await?;
        let caller = sales.calls("client", &format!("\"8 (916) 123-45-67\" <sip:{CLIENT}@{DOMAIN}>"))?;
        let call = sales.talks(0).await?;
        sales.takes_no_more(device.port).await?;
        sales.hang_up(&call).await?;
        let (caller, device) = tokio::join!(caller.succeeds(), device.succeeds());
        device.and(caller)?;
    }
    Ok(())
}

/// What the provider is told: L34 of a call dialled on the phone, L35 and L36 of one from the CRM, L37 of one that a visitor
/// of a site has asked for.
#[tokio::test]
async fn l34_l35_l36_l37_the_provider_is_shown_the_number_of_each_kind_of_call() -> Result<()> {
    let Some(sales) = Sales::open().await? else {
        return Ok(());
    };
    let daemon = &sales.office.daemon;
    let displayed = json!({ "number": DISPLAYED, "staff_id": sales.agent });
    daemon.post("/numbers", &displayed).await?;
    daemon.patch("/account", &json!({ "single_number": SINGLE })).await?;
    let agent = format!("/staff/{}", sales.agent);
    daemon.patch(&agent, &json!({ "displayed_number": DISPLAYED })).await?;
    let client = json!({ "name": "Ivanov", "number": CLIENT });
    let client = id_of(&daemon.post("/clients", &client).await?)?;
    let site = widget::site(daemon, &sales.department).await?;
    let port = sales.provider().await?;
    let dialled = talks_until_the_end(is_called_by(None, DISPLAYED, None));
    let provider = sales.is_provider(port, &dialled).await?;
    let dials = sales.office.caller(CLIENT).calls().is_answered().waits(200).hangs_up();
    let dials = sales.office.start("dials", &dials)?;
    let (dials, provider) = tokio::join!(dials.succeeds(), provider.succeeds());
    provider.and(dials)?;

    for (case, number) in [("crm", SINGLE), ("crm with the option", DISPLAYED), ("widget", SINGLE)] {
        let sees = is_called_by(None, number, None).rings().answers_and_hangs_up_after(500);
        let provider = sales.is_provider(port, &sees).await?;
        // whom it talks to now a phone without UPDATE learns by a re-INVITE
        let phone = Scenario::callee().is_called().rings().answers();
        let phone = phone.is_asked_to("sendrecv", "sendrecv").is_hung_up_on();
        let phone = sales.device(&phone).await?;
        let device = phone.port;
        let set = json!({ "show_number_on_system_calls": case != "crm" });
        daemon.patch(&agent, &set).await?;
        if case == "widget" {
            widget::ask(daemon, &site, CLIENT).await?;
        } else {
            let order = json!({ "client_id": client, "staff_id": sales.agent });
            daemon.post("/calls", &order).await?;
        }
        let (phone, provider) = tokio::join!(phone.succeeds(), provider.succeeds());
        provider.and(phone).context(case)?;
        sales.takes_no_more(device).await?;
    }
    let answered = async || {
        let calls = daemon.get("/calls?direction=outbound").await.ok()?;
        let calls = calls["items"].as_array()?.iter();
        (calls.filter(|call| call["disposition"] == "answered").count() == 4).then_some(())
    };
    eventually("four answered calls", PATIENCE, answered).await
}
