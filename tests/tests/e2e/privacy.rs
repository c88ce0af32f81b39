//! The running daemon keeps a client's number from whom it is hidden: on the phone, by HTTP, in its files and in its log.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_sip::flow::Transport;
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::digits::found_in;
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::{Wire, WirePhone, sdp};
use serde_json::{Value, json};

const CLIENT: &str = "+79161234567";
const STUB: &str = "+78123893298";
const SERVER: &str = "pbx.example";

async fn phone(daemon: &Daemon, sip: &Value) -> Result<WirePhone> {
    let word = |field: &str| sip[field].as_str().unwrap_or_default().to_owned();
    let wire = Wire::open(Transport::Udp, daemon.sip, (Path::new(""), "")).await?;
    let mut phone = WirePhone::new(wire, &word("user"), &word("password"));
    phone.register().await?;
    Ok(phone)
}

/// A session of somebody else than the main account.
async fn session(daemon: &Daemon, member: &Value) -> Result<reqwest::Client> {
    let client = reqwest::Client::builder().cookie_store(true).build()?;
    let body = json!({ "login": member["effective_login"], "password": "correct horse" });
    let url = format!("http://{}/api/v1/login", daemon.http);
    client.post(url).json(&body).send().await?.error_for_status()?;
    Ok(client)
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[tokio::test]
async fn l43_the_running_daemon_gives_the_digits_away_nowhere() -> Result<()> {
    let daemon = Daemon::start(&[]).await?;
    let boris = json!({ "surname": "Boris", "short_number": "105", "login": "boris", "password": "correct horse",
                        "role": "supervisor", "hide_client_number": true });
    let boris = daemon.post("/staff", &boris).await?;
    let id = boris["id"].as_str().context("no id")?;
    let mut his = phone(&daemon, &daemon.post(&format!("/staff/{id}/sip"), &Value::Null).await?).await?;
    let line = daemon.post("/trunks", &json!({ "name": "In" })).await?;
    let mut gateway = phone(&daemon, &line["sip"]).await?;
    let number = json!({ "number": "+7 495 765-43-21", "staff_id": id });
    daemon.post("/numbers", &number).await?;
    daemon
        .post("/clients", &json!({ "name": "Ivanov", "number": CLIENT }))
        .await?;

    let to = format!("sip:+74957654321@{SERVER}");
    let headers =
        format!("P-Asserted-Identity: \"89161234567\" <sip:{CLIENT}@{SERVER}>\r\nContent-Type: application/sdp\r\n");
    let offer = sdp(42_000);
    let call = async {
        let answer = gateway.ask("INVITE", &to, (&headers, &offer)).await?;
        ensure!(answer.status() == Some(200), "{:?}", answer.status());
        gateway.hang_up(&answer).await
    };
    let (called, invite) = tokio::join!(call, his.answers());
    called?;
    let invite = String::from_utf8_lossy(invite?.bytes()).into_owned();
    ensure!(found_in(&invite, CLIENT).is_none(), "{invite}");
    ensure!(invite.contains(&format!("From: \"Ivanov\" <sip:{STUB}@")), "{invite}");

    let look = async || {
        let calls = daemon.get("/calls").await.ok()?;
        let call = calls["items"]
            .get(0)
            .filter(|call| !call["recordings"][0]["id"].is_null());
        call.cloned()
    };
    let call = eventually("the call in the history", Duration::from_secs(20), look).await?;
    ensure!(call["caller"]["number"] == CLIENT, "the main account sees it: {call}");
    let client = session(&daemon, &boris).await?;
    let id = call["id"].as_str().unwrap_or_default();
    let recording = call["recordings"][0]["id"].as_str().unwrap_or_default();
    let mut paths: Vec<String> = ["calls", "clients", "audit", "calls/live", "recordings"]
        .map(|path| format!("/api/v1/{path}"))
        .to_vec();
    paths.extend(["/calls", "/clients", "/staff"].map(str::to_owned));
    paths.push(format!("/api/v1/calls/{id}"));
    paths.push(format!("/api/v1/recordings/{recording}/media?download=true"));
    for path in paths {
        let answer = client.get(format!("http://{}{path}", daemon.http)).send().await?;
        let head = format!("{} {:?}", answer.status(), answer.headers());
        ensure!(answer.status().is_success() || answer.status() == 409, "{path}: {head}");
        let text = head + &String::from_utf8_lossy(&answer.bytes().await?);
        ensure!(found_in(&text, CLIENT).is_none(), "{path}: {text}");
    }
    let mut kept = Vec::new();
    files(&daemon.folder().join("data").join("recordings"), &mut kept);
    files(&daemon.folder().join("recordings"), &mut kept);
    ensure!(!kept.is_empty(), "no recording in {:?}", daemon.folder());
    for path in kept {
        ensure!(found_in(&path.to_string_lossy(), CLIENT).is_none(), "{path:?}");
        let bytes = std::fs::read(&path)?;
        ensure!(found_in(&String::from_utf8_lossy(&bytes), CLIENT).is_none(), "{path:?}");
    }
    ensure!(found_in(&daemon.log(), CLIENT).is_none(), "{}", daemon.log());
    daemon.stop().await
}
