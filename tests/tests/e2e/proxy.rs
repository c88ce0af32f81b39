//! Phones in browsers behind a proxy on the same machine, which speaks HTTPS to them: each is known by its own address.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use frontdesk_sip::wire::HeaderName;
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::{Wire, WirePhone, sdp};

const PATIENCE: Duration = Duration::from_secs(10);
/// More than the guard takes of one source.
const GUESSES: usize = 60;

async fn phone(daemon: &Daemon, client: IpAddr, secret: Option<&str>) -> Result<WirePhone> {
    let known = &daemon.phones[0];
    let wire = Wire::proxied(daemon.http, "/ws", client).await?;
    Ok(WirePhone::new(wire, &known.user, secret.unwrap_or(&known.secret)))
}

/// Tries passwords, each by a connection of its own.
async fn guess(daemon: &Daemon, from: IpAddr) -> Result<()> {
    for turn in 0..GUESSES {
        let secret = format!("guess-{turn}");
        ensure!(
            phone(daemon, from, Some(&secret)).await?.register().await.is_err(),
            "a guess was right"
        );
    }
    bail!("{GUESSES} guesses, and nobody minds")
}

async fn blocked(daemon: &Daemon) -> Option<Vec<String>> {
    let blocks = daemon.get("/security/blocks").await.ok()?;
    let addresses = blocks["items"].as_array()?.iter();
    let addresses: Vec<String> = addresses.map(|block| block["address"].to_string()).collect();
    (!addresses.is_empty()).then_some(addresses)
}

#[tokio::test]
async fn who_guesses_behind_a_proxy_is_blocked_and_nobody_else_there() -> Result<()> {
    let daemon = Daemon::start(&["101"]).await?;
    let (stranger, colleague): (IpAddr, IpAddr) = ("198.51.100.7".parse()?, "203.0.113.9".parse()?);
    let found = tokio::select! {
        found = eventually("the block", PATIENCE, async || blocked(&daemon).await) => found?,
        guessed = guess(&daemon, stranger) => bail!("{guessed:?}"),
    };
    ensure!(found == ["\"198.51.100.7\""], "{found:?}");
    let mut known = phone(&daemon, colleague, None).await?;
    known.register().await?;
    daemon.sip_status("101", "online").await?;
    daemon.stop().await
}

/// A way that is safe up to the phone is one over which keys of SRTP may go.
#[tokio::test]
async fn a_phone_that_speaks_https_to_the_proxy_is_offered_srtp() -> Result<()> {
    let daemon = Daemon::start(&["101", "102"]).await?;
    let mut caller = phone(&daemon, "203.0.113.9".parse()?, None).await?;
    caller.register().await?;
    let wire = Wire::proxied(daemon.http, "/ws", "203.0.113.10".parse()?).await?;
    let mut callee = WirePhone::new(wire, &daemon.phones[1].user, &daemon.phones[1].secret);
    callee.register().await?;
    daemon.sip_status("102", "online").await?;
    let offer = sdp(42_000);
    let dialling = caller.dial("102", &offer);
    let ringing = async {
        let invite = callee.request_of("INVITE").await?;
        callee.respond(&invite, 486, ("", "")).await?;
        anyhow::Ok(invite)
    };
    let (answer, invite) = tokio::try_join!(dialling, ringing)?;
    ensure!(answer.status() == Some(486), "{answer:?}");
    let offer = String::from_utf8_lossy(invite.body());
    ensure!(offer.contains("RTP/SAVP") && offer.contains("a=crypto:"), "{offer}");
    let via = invite.header(HeaderName::Via).context("no Via")?;
    ensure!(via.starts_with(b"SIP/2.0/WSS "), "{invite:?}");
    daemon.stop().await
}
