//! The running daemon under more calls than it can carry: who talks goes on talking, and whoever is turned away is told so.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use frontdesk_sip::flow::Transport;
use frontdesk_sip::wire::{Framing, HeaderName, Message};
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::wire::{Wire, WirePhone, sdp};
use tokio::net::UdpSocket;

/// Calls between two looks at what has come back.
const BURST: u32 = 64;
/// No server keeps up with so many that come as fast as they can be sent.
const MOST: u32 = 2_000_000;

/// Strangers behind one address, each of whom calls once and never again.
struct Crowd {
    socket: UdpSocket,
    local: SocketAddr,
    calls: u32,
    /// Final statuses by call, each with how often it came.
    answers: BTreeMap<u32, Vec<u16>>,
}

impl Crowd {
    async fn before(daemon: &Daemon) -> Result<Crowd> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        socket.connect(daemon.sip).await?;
        Ok(Crowd {
            local: socket.local_addr()?,
            socket,
            calls: 0,
            answers: BTreeMap::new(),
        })
    }

    async fn call_in_a_burst(&mut self) -> Result<()> {
        for _ in 0..BURST {
            let (n, local) = (self.calls, self.local);
            let invite = format!(
                "INVITE sip:102@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{n};rport\r\n\
                 Max-Forwards: 70\r\nFrom: <sip:crowd@127.0.0.1>;tag=f{n}\r\nTo: <sip:102@127.0.0.1>\r\n\
                 Call-ID: {n}\r\nCSeq: 1 INVITE\r\nContact: <sip:crowd@{local}>\r\nContent-Length: 0\r\n\r\n"
            );
            self.socket.send(invite.as_bytes()).await?;
            self.calls += 1;
        }
        self.listen()
    }

    /// Takes what has come back.
    fn listen(&mut self) -> Result<()> {
        let mut buffer = [0; 4096];
        while let Ok(length) = self.socket.try_recv(&mut buffer) {
            let message = Message::parse(Bytes::copy_from_slice(&buffer[..length]), Framing::Datagram)?;
            let status = message.status().context("strangers are not called")?;
            let call = std::str::from_utf8(message.call_id().context("no Call-ID")?)?.parse()?;
            ensure!(message.from_tag() == Some(format!("f{call}").as_bytes()), "{message:?}");
            if status == 503 {
                ensure!(message.to_tag().is_some(), "{message:?}");
                let wait = message.header(HeaderName::RetryAfter).context("no Retry-After")?;
                ensure!(std::str::from_utf8(wait)?.parse::<u32>()? >= 5, "{message:?}");
            }
            self.answers.entry(call).or_default().push(status);
        }
        Ok(())
    }

    fn turned_away(&self) -> bool {
        self.answers.values().any(|statuses| statuses.contains(&503))
    }

    async fn call_until_turned_away(&mut self) -> Result<()> {
        while !self.turned_away() {
            ensure!(self.calls < MOST, "{} calls and nobody was turned away", self.calls);
            self.call_in_a_burst().await?;
        }
        Ok(())
    }

    /// Never ends by itself.
    async fn go_on_calling(&mut self) -> Result<()> {
        loop {
            self.call_in_a_burst().await?;
            tokio::task::yield_now().await;
        }
    }
}

async fn phone(daemon: &Daemon, index: usize) -> Result<WirePhone> {
    let wire = Wire::open(Transport::Tcp, daemon.sip, (daemon.folder(), "")).await?;
    let phone = &daemon.phones[index];
    Ok(WirePhone::new(wire, &phone.user, &phone.secret))
}

#[tokio::test]
async fn a_crowd_is_turned_away_while_the_call_in_progress_and_registrations_are_served() -> Result<()> {
    let daemon = Daemon::start(&["101", "102", "103"]).await?;
    let [mut caller, mut callee, mut other] = [
        phone(&daemon, 0).await?,
        phone(&daemon, 1).await?,
        phone(&daemon, 2).await?,
    ];
    caller.register().await?;
    callee.register().await?;
    let mut crowd = Crowd::before(&daemon).await?;
    let talk = async {
        let answer = caller.dial("102", &sdp(42_000)).await?;
        ensure!(answer.status() == Some(200), "{answer:?}");
        crowd.call_until_turned_away().await?;
        let served = async {
            caller.hang_up(&answer).await?;
            other.register().await
        };
        tokio::select! {
            served = served => served,
            crowd = crowd.go_on_calling() => crowd,
        }
    };
    tokio::try_join!(callee.answers(), talk).with_context(|| daemon.log())?;
    daemon.metric("frontdesk_overload_turned_away_total", 1).await?;
    daemon.sip_status("103", "online").await?;
    crowd.listen()?;
    for (call, statuses) in &crowd.answers {
        let of_one_mind = statuses.iter().all(|status| *status == statuses[0]);
        ensure!(
            of_one_mind && [401, 503].contains(&statuses[0]),
            "call {call}: {statuses:?}"
        );
    }
    daemon.stop().await
}
