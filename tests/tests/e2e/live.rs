//! The running daemon tells at once what happens: the supervisor of calls, and whoever is called of the caller.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_sip::flow::Transport;
use frontdesk_sip::wire::Message;
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::office::{Stream, Told};
use frontdesk_tests::wire::{Wire, WirePhone, sdp};
use serde_json::{Value, json};

const OWN: &str = "+74957654321";
const CLIENT: &str = "+79161234567";

async fn phone(daemon: &Daemon, sip: &Value) -> Result<WirePhone> {
    let word = |field: &str| sip[field].as_str().unwrap_or_default().to_owned();
    let wire = Wire::open(Transport::Udp, daemon.sip, (Path::new(""), "")).await?;
    Ok(WirePhone::new(wire, &word("user"), &word("password")))
}

/// Anna with a login, whose pages raise the card of a caller; her phone; and a line that brings calls to her number.
async fn office(raise_card: bool) -> Result<(Daemon, Value, [WirePhone; 2])> {
    let daemon = Daemon::start(&[]).await?;
    let anna = json!({ "surname": "Anna", "short_number": "105", "login": "anna", "password": "correct horse",
                       "role": "supervisor", "raise_card": raise_card });
    let anna = daemon.post("/staff", &anna).await?;
    let id = anna["id"].as_str().context("no id")?;
    let mut hers = phone(&daemon, &daemon.post(&format!("/staff/{id}/sip"), &Value::Null).await?).await?;
    hers.register().await?;
    let line = daemon.post("/trunks", &json!({ "name": "In" })).await?;
    let gateway = phone(&daemon, &line["sip"]).await?;
    daemon
        .post("/numbers", &json!({ "number": OWN, "staff_id": id }))
        .await?;
    Ok((daemon, anna, [hers, gateway]))
}

/// What Anna is told from now on.
async fn told_to(daemon: &Daemon, member: &Value) -> Result<Stream> {
    let client = reqwest::Client::builder().cookie_store(true).build()?;
    let body = json!({ "login": member["effective_login"], "password": "correct horse" });
    let url = |path: &str| format!("http://{}/api/v1{path}", daemon.http);
    client
        .post(url("/login"))
        .json(&body)
        .send()
        .await?
        .error_for_status()?;
    Ok(Stream::open(client.get(url("/events"))).await)
}

async fn within(ms: u64, stream: &mut Stream, name: &str) -> Result<Told> {
    let told = tokio::time::timeout(Duration::from_millis(ms), stream.until(name)).await;
    told.with_context(|| format!("{name} is not told within {ms} ms"))
}

async fn calls(gateway: &mut WirePhone) -> Result<Message> {
    let to = format!("sip:{OWN}@pbx.example");
    let headers = format!("P-Asserted-Identity: <sip:{CLIENT}@pbx.example>\r\nContent-Type: application/sdp\r\n");
    gateway.ask("INVITE", &to, (&headers, &sdp(42_000))).await
}

/// B33: whoever looks on is told of each step of a call within a second.
#[tokio::test]
async fn b33_each_step_of_a_call_is_told_within_a_second() -> Result<()> {
    let (daemon, anna, [mut hers, mut gateway]) = office(false).await?;
    let mut live = told_to(&daemon, &anna).await?;
    let rings = async {
        let invite = hers.request_of("INVITE").await?;
        within(1_000, &mut live, "call.created").await?;
        hers.respond(&invite, 180, ("", "")).await?;
        within(1_000, &mut live, "call.ringing").await?;
        let headers = format!("Contact: <{}>\r\nContent-Type: application/sdp\r\n", hers.contact());
        hers.respond(&invite, 200, (&headers, &sdp(42_002))).await?;
        hers.request_of("ACK").await?;
        within(1_000, &mut live, "call.answered").await?;
        Ok::<_, anyhow::Error>(())
    };
    let (answer, rang) = tokio::join!(calls(&mut gateway), rings);
    rang?;
    let leaves = async {
        let bye = hers.request_of("BYE").await?;
        hers.respond(&bye, 200, ("", "")).await?;
        within(1_000, &mut live, "call.ended").await
    };
    let answer = answer?;
    let (left, ended) = tokio::join!(gateway.hang_up(&answer), leaves);
    left?;
    ensure!(ended?.data["disposition"] == "answered");
    daemon.stop().await
}

/// L45: the caller's card comes within half a second of the phone's ringing, and leads to the client.
#[tokio::test]
async fn l45_l46_the_card_of_a_caller_is_told_within_half_a_second_and_leads_to_the_client() -> Result<()> {
    let (daemon, anna, [mut hers, mut gateway]) = office(true).await?;
    let client = daemon
        .post("/clients", &json!({ "name": "Ivanov", "number": CLIENT }))
        .await?;
    let mut live = told_to(&daemon, &anna).await?;
    let rings = async {
        let invite = hers.request_of("INVITE").await?;
        let card = within(500, &mut live, "call.card").await?;
        hers.respond(&invite, 486, ("", "")).await?;
        Ok::<_, anyhow::Error>(card)
    };
    let (answer, card) = tokio::join!(calls(&mut gateway), rings);
    ensure!(answer?.status() == Some(486));
    let card = card?.data;
    ensure!(
        card.to_string().contains(client["id"].as_str().context("no client")?),
        "{card}"
    );
    ensure!(card.to_string().contains(CLIENT), "{card}");
    daemon.stop().await
}
