//! Providers as SIPp plays them, against the running daemon: a registrar that is hard to please, calls from it, servers that
//! are overloaded, and what a provider is told of whoever calls.

use std::time::Duration;

use anyhow::{Context, Result};
use frontdesk_tests::ports::{self, eventually};
use frontdesk_tests::sipp::{Running, Scenario, User};
use serde_json::{Value, json};

use crate::office::{DOMAIN, Office, is_talked_to};

const OWN: &str = "+74951110001";
const CLIENT: &str = "+79161234567";
const PATIENCE: Duration = Duration::from_secs(15);
const LINE: User<'_> = User {
    name: "line1",
    secret: "line-secret",
};

/// Ports of a provider's servers.
fn servers(ports: &[u16]) -> Value {
    let servers = ports.iter().map(|port| json!({ "host": "127.0.0.1", "port": port }));
    servers.collect()
}

/// The number, connected to that person.
async fn connect(office: &Office, person: usize) -> Result<()> {
    let number = json!({ "number": OWN, "staff_id": office.id(person).await? });
    office.daemon.post("/numbers", &number).await.map(drop)
}

/// A server of the provider that plays this at its port.
async fn plays(office: &Office, name: &str, port: u16, scenario: &Scenario) -> Result<Running> {
    let daemon = &office.daemon;
    let mut running = scenario.start_at(port, name, daemon.folder(), (daemon.sip, "udp"))?;
    running.listens().await?;
    Ok(running)
}

/// Somebody calls our number by the provider: `name` and `more` are what its INVITE says of them.
fn comes_from_outside(name: &str, more: &str) -> Scenario {
    let from = User { name, secret: "" };
    let calls = Scenario::caller(from, OWN, DOMAIN).calls_from_outside(more);
    calls.is_answered().waits(300).hangs_up()
}

async fn is_registered(office: &Office, line: &Value) -> Result<()> {
    let path = format!("/trunks/{}", line["id"].as_str().context("no id")?);
    let registered = async || {
        let line = office.daemon.get(&path).await.ok()?;
        (line["state"]["registration"] == "registered").then_some(())
    };
    let seen = eventually("the line to be registered", PATIENCE, registered).await;
    seen.with_context(|| office.daemon.log())
}

/// Its nonces are stale at once, it wants longer registrations than we do, and grants short ones.
#[tokio::test]
async fn a_registrar_that_is_hard_to_please_is_pleased_and_its_calls_arrive() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let port = ports::free_udp_and_tcp()?;
    let proves = |nonce: &'static str| ("Authorization", nonce);
    let registrar = Scenario::callee()
        .is_asked_to_register(&[("To", "sip:line1@127.0.0.1"), ("Expires", "60")])
        .challenges("one", "")
        .is_asked_to_register(&[proves("nonce=\"one\"")])
        .challenges("two", ", stale=true")
        .is_asked_to_register(&[proves("nonce=\"two\""), ("Expires", "60")])
        .wants_longer_registrations(120)
        .is_asked_to_register(&[("Expires", "120")])
        .challenges("three", "")
        .is_asked_to_register(&[proves("nonce=\"three\""), ("Expires", "120")])
        .grants(2)
        .is_asked_to_register(&[("Contact", "line=")])
        .challenges("four", "")
        .is_asked_to_register(&[proves("nonce=\"four\""), ("Contact", "line=")])
        .grants(3_600);
    let registrar = plays(&office, "registrar", port, &registrar).await?;
    connect(&office, 1).await?;
    let line = json!({ "name": "Provider", "servers": servers(&[port]), "shown_number": OWN,
        "registration": { "user": LINE.name, "password": LINE.secret, "expires_s": 60 } });
    let line = office.daemon.post("/trunks", &line).await?;
    registrar.succeeds().await?;
    is_registered(&office, &line).await?;
    let form = "<sip:[+]79161234567@";
    let phone = Scenario::callee().is_called_showing(&[("From", form), ("P-Asserted-Identity", form)], None);
    let phone = office.phone(1, &phone.rings().answers().is_hung_up_on()).await?;
    let says = format!("P-Asserted-Identity: <sip:{CLIENT}@{DOMAIN}>\n");
    let calls = plays(&office, "calls", port, &comes_from_outside(CLIENT, &says)).await?;
    let (calls, phone) = tokio::join!(calls.succeeds(), phone.succeeds());
    calls.and(phone)
}

/// The number that a caller keeps back is nowhere in what the phone is sent.
#[tokio::test]
async fn a_caller_who_wants_to_stay_unknown_stays_so() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let port = ports::free_udp_and_tcp()?;
    connect(&office, 1).await?;
    let line = json!({ "name": "Provider", "servers": servers(&[port]) });
    office.daemon.post("/trunks", &line).await?;
    let phone = Scenario::callee().is_called_showing(&[("From", "[Aa]nonymous")], Some("9161234567"));
    let phone = office.phone(1, &phone.rings().answers().is_hung_up_on()).await?;
    let says = format!("P-Asserted-Identity: <sip:{CLIENT}@{DOMAIN}>\nPrivacy: id\n");
    let calls = plays(&office, "calls", port, &comes_from_outside("anonymous", &says)).await?;
    let (calls, phone) = tokio::join!(calls.succeeds(), phone.succeeds());
    calls.and(phone)
}

/// What 101 dials goes to the first server, which has no time, and then to the second one.
#[tokio::test]
async fn a_call_goes_on_to_the_next_server_when_the_first_one_says_503() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let ports = [ports::free_udp_and_tcp()?, ports::free_udp_and_tcp()?];
    let first = Scenario::callee().is_called().declines("503 Service Unavailable");
    let first = plays(&office, "first", ports[0], &first).await?;
    let second = plays(&office, "second", ports[1], &is_talked_to()).await?;
    connect(&office, 0).await?;
    let line = json!({ "name": "Provider", "servers": servers(&ports), "shown_number": OWN });
    office.daemon.post("/trunks", &line).await?;
    let dials = || office.caller(CLIENT).calls().is_answered().waits(300).hangs_up();
    let call = office.start("dials", &dials())?;
    let (call, first, second) = tokio::join!(call.succeeds(), first.succeeds(), second.succeeds());
    call.and(first).and(second)?;
    // The next call asks the second one at once: nobody listens at the first.
    let second = plays(&office, "second-again", ports[1], &is_talked_to()).await?;
    let call = office.start("dials-again", &dials())?;
    let (call, second) = tokio::join!(call.succeeds(), second.succeeds());
    call.and(second)
}

#[tokio::test]
async fn a_providers_refusal_is_heard_by_whoever_called() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let port = ports::free_udp_and_tcp()?;
    connect(&office, 0).await?;
    let line = json!({ "name": "Provider", "servers": servers(&[port]) });
    office.daemon.post("/trunks", &line).await?;
    for (answer, heard) in [("486 Busy Here", 486), ("404 Not Found", 404)] {
        let refuses = Scenario::callee().is_called().declines(answer);
        let provider = plays(&office, "provider", port, &refuses).await?;
        let call = office.start("dials", &office.caller(CLIENT).calls().is_refused(heard))?;
        let (call, provider) = tokio::join!(call.succeeds(), provider.succeeds());
        call.and(provider)?;
    }
    Ok(())
}

/// A line of callers who stay unknown, in each manner of telling the provider who they are.
#[tokio::test]
async fn a_provider_is_told_who_calls_and_that_nobody_else_is_to_know() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    connect(&office, 0).await?;
    let own = "<sip:[+]74951110001@";
    let hidden = ("From", "anonymous@anonymous.invalid");
    let remote = "<sip:[+]74951110001@.*privacy=full";
    for (place, (identity, private, fields)) in [
        ("pai", false, vec![("From", own), ("P-Asserted-Identity", own)]),
        (
            "pai",
            true,
            vec![hidden, ("P-Asserted-Identity", own), ("Privacy", "id")],
        ),
        (
            "rpid",
            true,
            vec![hidden, ("Remote-Party-ID", remote), ("Privacy", "id")],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let port = ports::free_udp_and_tcp()?;
        let prefix = format!("7916{place}");
        let line = json!({ "name": format!("Line {place}"), "servers": servers(&[port]), "shown_number": OWN,
            "identity": identity, "privacy": private, "prefixes": [prefix] });
        office.daemon.post("/trunks", &line).await?;
        let provider = Scenario::callee().is_called_showing(&fields, None);
        let provider = plays(&office, "provider", port, &provider.rings().answers().is_hung_up_on()).await?;
        let dials = office.caller(&format!("+{prefix}234567")).calls().is_answered();
        let dials = office.start("dials", &dials.waits(200).hangs_up())?;
        let (dials, provider) = tokio::join!(dials.succeeds(), provider.succeeds());
        provider.and(dials)?;
    }
    Ok(())
}
