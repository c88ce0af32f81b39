//! Lamps as SIPp sees them, against the running daemon.

use anyhow::Result;
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::sipp::{Running, Scenario, User};
use frontdesk_tests::tools;

struct Office {
    daemon: Daemon,
    transport: &'static str,
}

impl Office {
    /// `None` when SIPp is not there.
    async fn open(transport: &'static str) -> Result<Option<Office>> {
        if !tools::found("sipp", "SIPp scenarios", "sip-tester") {
            return Ok(None);
        }
        let daemon = Daemon::start(&["101", "102", "103"]).await?;
        Ok(Some(Office { daemon, transport }))
    }

    fn user(&self, number: usize) -> User<'_> {
        let phone = &self.daemon.phones[number];
        User {
            name: &phone.user,
            secret: &phone.secret,
        }
    }

    /// The third person, who watches.
    fn watcher(&self, number: &str) -> Scenario {
        Scenario::caller(self.user(2), number, "pbx.example")
    }

    fn start(&self, name: &str, scenario: &Scenario, transport: &str) -> Result<Running> {
        scenario.start(name, self.daemon.folder(), self.daemon.sip, transport)
    }

    /// The second person's phone, registered.
    async fn phone(&self, scenario: &Scenario) -> Result<Running> {
        let mut running = self.start("callee", scenario, "udp")?;
        running.listens().await?;
        let contact = format!("sip:{}@127.0.0.1:{}", self.user(1).name, running.port);
        let registers = Scenario::caller(self.user(1), "", "pbx.example").registers(&contact, 300);
        self.start("register", &registers, "udp")?.succeeds().await?;
        self.daemon.sip_status("102", "online").await?;
        Ok(running)
    }

    async fn watches_a_call(&self) -> Result<()> {
        let caller = Scenario::caller(self.user(0), "102", "pbx.example");
        let caller = caller.calls().is_answered().waits(700).hangs_up();
        let callee = Scenario::callee().is_called().waits(300).rings().waits(700).answers();
        let callee = self.phone(&callee.is_hung_up_on()).await?;
        let lamp = self
            .watcher("102")
            .watches("dialog", 300)
            .is_told(
                "active;expires=",
                "entity=\"sip:102@pbx.example\">[[:space:]]*</dialog-info>",
            )
            .is_told("active", "direction=\"recipient\">[[:space:]]*<state>trying<")
            .is_told(
                "active",
                "call-id=\"[^\"]+\" local-tag=\"[^\"]+\" remote-tag=\"[^\"]+\"[^<]*<state>early<",
            )
            .is_told("active", "<state>confirmed<")
            .is_told("active", "<state>terminated<")
            .watches_on("dialog", 300)
            .is_told("active", "</dialog-info>")
            .watches_on("dialog", 0)
            .is_told("terminated;reason=timeout", "</dialog-info>");
        let lamp = self.start("watcher", &lamp, self.transport)?;
        let calls = async {
            // The lamp is watched once the daemon counts it.
            self.daemon.metric("frontdesk_subscriptions_total", 1).await?;
            self.start("caller", &caller, "udp")?.succeeds().await
        };
        let (calls, callee, lamp) = tokio::join!(calls, callee.succeeds(), lamp.succeeds());
        lamp.and(calls).and(callee)
    }
}

#[tokio::test]
async fn a_lamp_follows_a_call_over_udp() -> Result<()> {
    match Office::open("udp").await? {
        Some(office) => office.watches_a_call().await,
        None => Ok(()),
    }
}

#[tokio::test]
async fn a_lamp_follows_a_call_over_tcp() -> Result<()> {
    match Office::open("tcp").await? {
        Some(office) => office.watches_a_call().await,
        None => Ok(()),
    }
}

#[tokio::test]
async fn presence_follows_a_registration_and_a_mailbox_is_empty() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let mailbox = office
        .watcher("103")
        .watches("message-summary", 300)
        .is_told("active", "Messages-Waiting: no.*Voice-Message: 0/0");
    office.start("mailbox", &mailbox, "udp")?.succeeds().await?;
    let presence = office
        .watcher("102")
        .watches("presence", 300)
        .is_told("active", "<basic>closed<")
        .is_told("active", "<basic>open<");
    let presence = office.start("presence", &presence, "udp")?;
    office.daemon.metric("frontdesk_subscriptions_total", 2).await?;
    let registers = Scenario::caller(office.user(1), "", "pbx.example").registers("sip:102@127.0.0.1:9", 300);
    office.start("register", &registers, "udp")?.succeeds().await?;
    presence.succeeds().await
}

#[tokio::test]
async fn what_is_not_there_or_not_theirs_is_refused() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    for (number, package, status) in [
        ("999", "dialog", 404),
        ("102", "conference", 489),
        ("102", "message-summary", 403),
    ] {
        let watcher = office.watcher(number).may_not_watch(package, status);
        office.start("refused", &watcher, "udp")?.succeeds().await?;
    }
    Ok(())
}
