//! Two Kamailios as the servers of one provider of the running daemon: one is killed, comes back, and the other one is
//! killed. Calls and registrations find the one that lives, and a call that goes on goes on.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_tests::baresip::{Baresip, Line};
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::kamailio::{self, Kamailio, SECRET};
use frontdesk_tests::tone::Audio;
use frontdesk_tests::{ports, tools};
use serde_json::json;

const OWN: &str = "+74951110001";
/// Of our phone and of those behind the first and the second server, in hertz.
const TONES: [f64; 3] = [440.0, 1_000.0, 1_700.0];
const TALK: Duration = Duration::from_secs(2);
const MOST: f64 = 0.8;

/// The daemon with one phone, and a provider with two servers.
struct Office {
    daemon: Daemon,
    ours: Baresip,
    ports: [u16; 2],
}

impl Office {
    /// `None` where there is no Kamailio or no baresip.
    async fn open(transport: &str) -> Result<Option<(Office, [Kamailio; 2])>> {
        if !kamailio::found() || !tools::found("baresip", "softphones behind a provider", "baresip") {
            return Ok(None);
        }
        let daemon = Daemon::start(&["101"]).await?;
        let ports = [ports::free_udp_and_tcp()?, ports::free_udp_and_tcp()?];
        let phone = &daemon.phones[0];
        let line = line((&phone.user, &phone.secret), daemon.sip, TONES[0]);
        let ours = Baresip::start(daemon.folder(), line).await?;
        daemon.sip_status("101", "online").await?;
        let office = Office { daemon, ours, ports };
        // Only the second one calls a customer who is not registered with it.
        let first = office.server(0, "first", None).await?;
        let second = office.server(1, "second", Some(office.daemon.sip)).await?;
        office.connect(transport).await?;
        first.says("registered line1").await?;
        Ok(Some((office, [first, second])))
    }

    async fn server(&self, place: usize, name: &str, customer: Option<SocketAddr>) -> Result<Kamailio> {
        let folder = self.daemon.folder().join(name);
        Kamailio::start_at(self.ports[place], &folder, "MD5", customer).await
    }

    /// What an admin sets up.
    async fn connect(&self, transport: &str) -> Result<()> {
        let staff = self.daemon.get("/staff?search=101").await?;
        let id = staff["items"][0]["id"].as_str().context("101 is nobody")?;
        self.daemon
            .post("/numbers", &json!({ "number": OWN, "staff_id": id }))
            .await?;
        let server = |port| json!({ "host": "127.0.0.1", "port": port, "transport": transport });
        let line = json!({ "name": "Provider", "servers": self.ports.map(server), "shown_number": OWN,
            "registration": { "user": "line1", "password": SECRET, "expires_s": 600 },
            "numbers_in": "e164_without_plus", "numbers_out": "e164_without_plus" });
        self.daemon.post("/trunks", &line).await.map(drop)
    }

    /// A phone behind that server, which is called 89161234567 from here.
    async fn outside(&self, server: &Kamailio, name: &str, tone: f64) -> Result<Baresip> {
        let line = line(("outside", SECRET), server.address, tone);
        let phone = Baresip::start(&self.daemon.folder().join(name), line).await?;
        server.says("registered outside").await?;
        Ok(phone)
    }

    /// Our phone calls that one, which answers.
    async fn calls(&mut self, theirs: &mut Baresip) -> Result<()> {
        let outside = format!("sip:89161234567@{}", self.daemon.sip);
        self.ours.command("dial", &outside).await?;
        is_answered(&mut self.ours, theirs).await
    }

    /// Our phone hangs up, after both have heard each other.
    async fn talks(&mut self, theirs: &mut Baresip, tone: f64) -> Result<()> {
        self.ours.talks_for(TALK).await?;
        self.ours.command("hangup", "").await?;
        self.ours.until("CALL_CLOSED").await?;
        theirs.until("CALL_CLOSED").await?;
        hears("our phone", &self.ours, tone)?;
        hears("theirs", theirs, TONES[0])
    }

    /// It calls us by that server, and both hear each other.
    async fn is_called_by(&mut self, server: &Kamailio, theirs: &mut Baresip, tone: f64) -> Result<()> {
        let inside = format!("sip:74951110001@{}", server.address);
        theirs.command("dial", &inside).await?;
        is_answered(theirs, &mut self.ours).await?;
        self.talks(theirs, tone).await
    }
}

fn line<'a>((user, secret): (&str, &str), server: SocketAddr, tone: f64) -> Line<'a> {
    Line {
        user: user.to_owned(),
        secret: secret.to_owned(),
        server,
        transport: "udp",
        tone,
    }
}

async fn is_answered(caller: &mut Baresip, callee: &mut Baresip) -> Result<()> {
    callee.until("CALL_INCOMING").await?;
    callee.command("accept", "").await?;
    caller.until("CALL_ESTABLISHED").await?;
    callee.until("CALL_ESTABLISHED").await.map(drop)
}

fn hears(who: &str, phone: &Baresip, tone: f64) -> Result<()> {
    let share = Audio::read(&phone.heard()?)?.part(-1.5, -0.2).share(0, tone);
    ensure!(
        share > MOST,
        "what {who} heard in the end: {share:.3} of the power at {tone} Hz"
    );
    Ok(())
}

#[tokio::test]
async fn over_tcp_a_call_outlives_its_server_and_the_next_ones_go_by_the_other() -> Result<()> {
    let Some((mut office, [first, second])) = Office::open("tcp").await? else {
        return Ok(());
    };
    let mut one = office.outside(&first, "one", TONES[1]).await?;
    let mut two = office.outside(&second, "two", TONES[2]).await?;
    office.calls(&mut one).await?;
    office.ours.talks_for(TALK).await?;
    first.is_killed().await?;
    second.says("registered line1").await?;
    // The audio never went through the server.
    office.ours.talks_for(TALK).await?;
    office.ours.command("hangup", "").await?;
    office.ours.until("CALL_CLOSED").await?;
    hears("our phone", &office.ours, TONES[1])?;
    let call = office.daemon.last_call().await?;
    ensure!(
        call["disposition"] == "answered" && call["ended_by"] == "caller",
        "{call}"
    );
    // Nobody can tell this one.
    drop(one);

    office.calls(&mut two).await?;
    office.talks(&mut two, TONES[2]).await?;
    office.is_called_by(&second, &mut two, TONES[2]).await?;

    let first = office.server(0, "first-again", None).await?;
    let mut one = office.outside(&first, "one-again", TONES[1]).await?;
    second.is_killed().await?;
    first.says("registered line1").await?;
    office.calls(&mut one).await?;
    office.talks(&mut one, TONES[1]).await?;
    office.is_called_by(&first, &mut one, TONES[1]).await?;
    office.ours.quit().await?;
    office.daemon.stop().await
}

#[tokio::test]
async fn over_udp_both_servers_bring_calls_and_one_that_is_silent_hands_all_over() -> Result<()> {
    let Some((mut office, [first, second])) = Office::open("udp").await? else {
        return Ok(());
    };
    let mut one = office.outside(&first, "one", TONES[1]).await?;
    let mut two = office.outside(&second, "two", TONES[2]).await?;
    office.is_called_by(&first, &mut one, TONES[1]).await?;
    office.is_called_by(&second, &mut two, TONES[2]).await?;
    first.is_killed().await?;
    office.calls(&mut two).await?;
    office.talks(&mut two, TONES[2]).await?;
    let told = async || {
        let calls = office.daemon.get("/calls?direction=outbound").await.ok()?;
        let because = calls["items"].get(0)?["because"].as_str()?;
        because.contains("the next way was tried").then_some(())
    };
    ports::eventually("the record of both ways", Duration::from_secs(10), told).await?;
    second.says("registered line1").await?;
    office.ours.quit().await?;
    office.daemon.stop().await
}
