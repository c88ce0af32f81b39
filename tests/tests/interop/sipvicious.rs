//! sipvicious against the running daemon: it finds no user and no password, its address is blocked, and a phone behind the
//! same address still registers and calls.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_tests::daemon::{Daemon, Phone};
use frontdesk_tests::ports::eventually;
use frontdesk_tests::sipp::{Scenario, User};
use frontdesk_tests::sipvicious::{self, Mask};
use frontdesk_tests::tools;
use serde_json::Value;
use tokio::net::UdpSocket;

const PATIENCE: Duration = Duration::from_secs(20);
const HERE: &str = "127.0.0.1";

async fn blocks(daemon: &Daemon) -> Result<Vec<Value>> {
    let listed = daemon.get("/security/blocks").await?;
    Ok(listed["items"].as_array().context("no list")?.clone())
}

/// Waits for the block of loopback, whose reason is one of these, and lifts it.
async fn is_blocked(daemon: &Daemon, reasons: &[&str]) -> Result<()> {
    let blocked = eventually("a block", PATIENCE, async || blocks(daemon).await.ok()?.pop());
    let block = blocked.await.with_context(|| daemon.log())?;
    let reason = block["reason"].as_str().unwrap_or_default();
    ensure!(block["address"] == HERE && reasons.contains(&reason), "{block}");
    Ok(())
}

async fn lift(daemon: &Daemon) -> Result<()> {
    daemon.delete(&format!("/security/blocks/{HERE}")).await?;
    let lifted = async || blocks(daemon).await.ok()?.is_empty().then_some(());
    eventually("the block to be lifted", PATIENCE, lifted).await
}

/// A phone behind the address that is blocked registers, and calls the other.
async fn phones_call(daemon: &Daemon, name: &str) -> Result<()> {
    let user = |phone: &Phone| (phone.user.clone(), phone.secret.clone());
    let (caller, callee) = (user(&daemon.phones[0]), user(&daemon.phones[1]));
    let domain = daemon.sip.to_string();
    let scenario =
        |(name, secret): &(String, String), dialled: &str| Scenario::caller(User { name, secret }, dialled, &domain);
    let mut callee_runs = Scenario::callee().is_called().rings().answers().is_hung_up_on().start(
        &format!("{name}-callee"),
        daemon.folder(),
        daemon.sip,
        "udp",
    )?;
    callee_runs.listens().await?;
    let contact = format!("sip:{}@{HERE}:{}", callee.0, callee_runs.port);
    scenario(&callee, "")
        .registers(&contact, 300)
        .start(&format!("{name}-register"), daemon.folder(), daemon.sip, "udp")?
        .succeeds()
        .await?;
    scenario(&caller, "102")
        .calls()
        .is_answered()
        .hangs_up()
        .start(&format!("{name}-caller"), daemon.folder(), daemon.sip, "udp")?
        .succeeds()
        .await?;
    callee_runs.succeeds().await
}

#[tokio::test]
async fn a_scanner_that_says_so_finds_nothing_and_is_blocked_while_phones_at_its_address_go_on() -> Result<()> {
    let Some(svwar) = sipvicious::program("svwar") else {
        return Ok(());
    };
    if !tools::found("sipp", "phones behind a scanner's address", "sip-tester") {
        return Ok(());
    }
    let daemon = Daemon::start_guarded(&["101", "102"]).await?;
    let said = sipvicious::run(&svwar, &["-e", "100-110", "--force"], daemon.sip).await?;
    ensure!(!said.contains("reqauth") && !said.contains("noauth"), "{said}");
    is_blocked(&daemon, &["scanner"]).await?;
    phones_call(&daemon, "blocked").await?;
    lift(&daemon).await?;
    phones_call(&daemon, "lifted").await?;
    daemon.stop().await
}

#[tokio::test]
async fn a_masked_scanner_cannot_tell_users_that_exist_from_those_that_do_not() -> Result<()> {
    let Some(svwar) = sipvicious::program("svwar") else {
        return Ok(());
    };
    let daemon = Daemon::start_guarded(&["101", "102"]).await?;
    // It gives up at the first challenge: each of them is the first in its turn.
    let first = daemon.phones[0].user.as_str();
    for method in ["REGISTER", "INVITE", "OPTIONS"] {
        tokio::try_join!(
            finds_nothing(&svwar, &daemon, method, first),
            finds_nothing(&svwar, &daemon, method, "101"),
            finds_nothing(&svwar, &daemon, method, "nobody")
        )?;
    }
    ensure!(blocks(&daemon).await?.is_empty(), "a few questions are no attack");
    daemon.stop().await
}

async fn finds_nothing(svwar: &str, daemon: &Daemon, method: &str, first: &str) -> Result<()> {
    let names = daemon.folder().join(format!("{method}-{first}"));
    std::fs::write(&names, format!("{first}\n102\nnone\n"))?;
    let mask = Mask::before(daemon.sip).await?;
    let names = names.to_string_lossy().into_owned();
    let options = ["-m", method, "-d", &names, "--force", "--maximumtime", "5"];
    let said = sipvicious::run(svwar, &options, mask.address).await?;
    ensure!(said.contains("found nothing"), "{method} {first}: {said}");
    Ok(())
}

#[tokio::test]
async fn a_weak_password_is_found_only_by_whoever_needs_few_tries() -> Result<()> {
    let Some(svcrack) = sipvicious::program("svcrack") else {
        return Ok(());
    };
    let daemon = Daemon::start_guarded(&["101"]).await?;
    daemon
        .import("surname,short_number,sip_user,sip_password\nWeak,103,weak_user,1500\n")
        .await?;
    let crack = async |range: &str| {
        let mask = Mask::before(daemon.sip).await?;
        let options = ["-u", "weak_user", "-r", range, "--maximumtime", "4"];
        sipvicious::run(&svcrack, &options, mask.address).await
    };
    daemon.sip_status("103", "offline").await?;
    let said = crack("1497-1503").await?;
    ensure!(said.contains("1500"), "it does find what it can: {said}");
    let said = crack("1100-1600").await?;
    ensure!(!said.contains("1500"), "{said}");
    is_blocked(&daemon, &["credentials", "guessing"]).await?;
    daemon.stop().await
}

#[tokio::test]
async fn a_flood_of_rubbish_is_throttled_and_blocked_and_phones_at_its_address_go_on() -> Result<()> {
    if !tools::found("sipp", "phones behind a flood's address", "sip-tester") {
        return Ok(());
    }
    let daemon = Daemon::start_guarded(&["101", "102"]).await?;
    let socket = UdpSocket::bind((HERE, 0)).await?;
    let answers = flood(&socket, daemon.sip, 3_000).await?;
    ensure!(answers < 500, "{answers} answers to 3,000 messages");
    is_blocked(&daemon, &["malformed", "flood"]).await?;
    phones_call(&daemon, "flooded").await?;
    ensure!(
        flood(&socket, daemon.sip, 100).await? == 0,
        "the flood is answered again"
    );
    daemon.stop().await
}

/// Sends so many messages that nobody can serve; how many were answered.
async fn flood(socket: &UdpSocket, server: SocketAddr, messages: u32) -> Result<u32> {
    let mut answers = 0;
    let mut buffer = [0; 4096];
    for n in 0..messages {
        let text = format!(
            "OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP {HERE};rport;branch=z9hG4bK{n}\r\nCall-ID: {n}\r\nCSeq: x\r\n\r\n"
        );
        socket.send_to(text.as_bytes(), server).await?;
        while socket.try_recv(&mut buffer).is_ok() {
            answers += 1;
        }
    }
    while tokio::time::timeout(Duration::from_millis(500), socket.recv(&mut buffer))
        .await
        .is_ok()
    {
        answers += 1;
    }
    Ok(answers)
}
