//! The running daemon tells at once what happens: the supervisor of calls, and whoever is called of the caller.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_sip::wire::Message;
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::digits::found_in;
use frontdesk_tests::office::{Caller, Stream, Told};
use frontdesk_tests::wire::{WirePhone, sdp};
use reqwest::Method;
use serde_json::{Value, json};

const OWN: &str = "+74957654321";
const CLIENT: &str = "+79161234567";
const STUB: &str = "+78123893298";
const PASSWORD: &str = "correct horse";

async fn phone(daemon: &Daemon, sip: &Value) -> Result<WirePhone> {
    let word = |field: &str| sip[field].as_str().unwrap_or_default().to_owned();
    daemon.phone(&word("user"), &word("password")).await
}

/// Anna with a login and these switches; her session and her phone; and a line that brings calls to her number.
async fn office(switches: Value) -> Result<(Daemon, Caller, [WirePhone; 2])> {
    let daemon = Daemon::start(&[]).await?;
    let mut anna = json!({ "surname": "Anna", "short_number": "105", "login": "anna", "password": PASSWORD,
                           "role": "supervisor" });
    for (name, on) in switches.as_object().context("switches")? {
        anna[name] = on.clone();
    }
    let anna = daemon.post("/staff", &anna).await?;
    let id = anna["id"].as_str().context("no id")?;
    let mut hers = phone(&daemon, &daemon.post(&format!("/staff/{id}/sip"), &Value::Null).await?).await?;
    hers.register().await?;
    let line = daemon.post("/trunks", &json!({ "name": "In" })).await?;
    let gateway = phone(&daemon, &line["sip"]).await?;
    daemon
        .post("/numbers", &json!({ "number": OWN, "staff_id": id }))
        .await?;
    let login = anna["effective_login"].as_str().context("no login")?;
    let session = Caller::log_in(&daemon.base(), login, PASSWORD).await;
    Ok((daemon, session, [hers, gateway]))
}

/// What Anna is told from now on.
async fn told_to(session: &Caller) -> Stream {
    Stream::open(session.request(Method::GET, "/events")).await
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
    let (daemon, anna, [mut hers, mut gateway]) = office(json!({ "raise_card": false })).await?;
    let mut live = told_to(&anna).await;
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
    let (daemon, anna, [mut hers, mut gateway]) = office(json!({ "raise_card": true })).await?;
    let client = daemon
        .post("/clients", &json!({ "name": "Ivanov", "number": CLIENT }))
        .await?;
    let mut live = told_to(&anna).await;
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

/// L45: whoever has the switch off is told of the whole call, and given no card of it.
#[tokio::test]
async fn l45_whoever_wants_no_card_is_given_none() -> Result<()> {
    let (daemon, anna, [mut hers, mut gateway]) = office(json!({ "raise_card": false })).await?;
    let client = json!({ "name": "Ivanov", "number": CLIENT });
    daemon.post("/clients", &client).await?;
    let mut live = told_to(&anna).await;
    let declines = async {
        let invite = hers.request_of("INVITE").await?;
        hers.respond(&invite, 180, ("", "")).await?;
        hers.respond(&invite, 486, ("", "")).await
    };
    let (answer, declined) = tokio::join!(calls(&mut gateway), declines);
    declined?;
    ensure!(answer?.status() == Some(486));
    let mut names = Vec::new();
    while names.last().is_none_or(|name| name != "call.ended") {
        names.push(live.next().await.name);
    }
    ensure!(names.iter().any(|name| name == "call.created"), "{names:?}");
    ensure!(!names.iter().any(|name| name == "call.card"), "{names:?}");
    daemon.stop().await
}

/// L46: the card of somebody unknown has what a new client is made of, while the phone rings yet; whoever sees no numbers
/// makes one with the right number all the same.
#[tokio::test]
async fn l46_a_client_is_made_of_the_card_of_an_unknown_caller() -> Result<()> {
    for (hides, shown) in [(false, CLIENT), (true, STUB)] {
        let switches = json!({ "raise_card": true, "hide_client_number": hides });
        let (daemon, anna, [mut hers, mut gateway]) = office(switches).await?;
        let mut live = told_to(&anna).await;
        let rings = async {
            let invite = hers.request_of("INVITE").await?;
            let card = within(500, &mut live, "call.card").await?.data;
            let new =
                json!({ "name": "Olga", "number": card["create"]["number"], "call_id": card["create"]["call_id"] });
            let made = anna.post("/clients", new).await.expect(201);
            hers.respond(&invite, 486, ("", "")).await?;
            Ok::<_, anyhow::Error>((card, made.body))
        };
        let (answer, made) = tokio::join!(calls(&mut gateway), rings);
        ensure!(answer?.status() == Some(486));
        let (card, made) = made?;
        ensure!(card["client"].is_null() && card["create"]["number"] == shown, "{card}");
        ensure!(made["number"] == shown, "{made}");
        for text in [card.to_string(), made.to_string()] {
            ensure!(found_in(&text, CLIENT).is_some() != hides, "{text}");
        }
        let id = made["id"].as_str().context("no client")?;
        let client = daemon.get(&format!("/clients/{id}")).await?;
        ensure!(client["number"] == CLIENT, "{client}");
        daemon.stop().await?;
    }
    Ok(())
}
