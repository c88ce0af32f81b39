//! A running daemon with three people whose phones SIPp plays.

use anyhow::{Context, Result};
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::sipp::{Running, Scenario, User};
use frontdesk_tests::tools;
use serde_json::Value;

const NUMBERS: [&str; 3] = ["101", "102", "103"];
pub(crate) const DOMAIN: &str = "pbx.example";

/// A phone that is held and comes back, and then hung up on.
pub(crate) fn is_held() -> Scenario {
    Scenario::callee()
        .is_called()
        .rings()
        .answers()
        .is_asked_to("sendonly", "recvonly")
        .is_asked_to("sendrecv", "sendrecv")
        .is_hung_up_on()
}

pub(crate) struct Office {
    pub(crate) daemon: Daemon,
    transport: &'static str,
}

impl Office {
    /// Callers come by this transport; `None` when SIPp is not there.
    pub(crate) async fn open(transport: &'static str) -> Result<Option<Office>> {
        if !tools::found("sipp", "SIPp scenarios", "sip-tester") {
            return Ok(None);
        }
        let daemon = Daemon::start(&NUMBERS).await?;
        Ok(Some(Office { daemon, transport }))
    }

    pub(crate) fn user(&self, person: usize) -> User<'_> {
        let phone = &self.daemon.phones[person];
        User {
            name: &phone.user,
            secret: &phone.secret,
        }
    }

    /// What that person's phone does that dials, watches or registers.
    pub(crate) fn person(&self, person: usize, dialled: &str) -> Scenario {
        Scenario::caller(self.user(person), dialled, DOMAIN)
    }

    /// The first person's phone.
    pub(crate) fn caller(&self, dialled: &str) -> Scenario {
        self.person(0, dialled)
    }

    pub(crate) fn start(&self, name: &str, scenario: &Scenario) -> Result<Running> {
        self.start_by(self.transport, name, scenario)
    }

    pub(crate) fn start_by(&self, transport: &str, name: &str, scenario: &Scenario) -> Result<Running> {
        scenario.start(name, self.daemon.folder(), self.daemon.sip, transport)
    }

    /// A registered phone of that person that listens. Over UDP: a connection ends with the process that registers.
    pub(crate) async fn phone(&self, person: usize, scenario: &Scenario) -> Result<Running> {
        let mut running = self.start_by("udp", NUMBERS[person], scenario)?;
        running.listens().await?;
        let contact = format!("sip:{}@127.0.0.1:{}", self.user(person).name, running.port);
        let registers = self.person(person, "").registers(&contact, 300);
        self.start_by("udp", "register", &registers)?.succeeds().await?;
        self.daemon.sip_status(NUMBERS[person], "online").await?;
        Ok(running)
    }

    /// The first person's scenario and the second one's, whose phone is registered before, end well.
    pub(crate) async fn check(&self, caller: &Scenario, callee: &Scenario) -> Result<()> {
        let callee = self.phone(1, callee).await?;
        let caller = self.start("caller", caller)?;
        let (caller, callee) = tokio::join!(caller.succeeds(), callee.succeeds());
        caller.and(callee)
    }

    /// The same while the third person's phone is there too.
    pub(crate) async fn check_three(&self, caller: &Scenario, [second, third]: [&Scenario; 2]) -> Result<()> {
        let third = self.phone(2, third).await?;
        let (calls, third) = tokio::join!(self.check(caller, second), third.succeeds());
        calls.and(third)
    }

    /// That person's id.
    pub(crate) async fn id(&self, person: usize) -> Result<String> {
        let found = self.daemon.get(&format!("/staff?search={}", NUMBERS[person])).await?;
        let id = found["items"][0]["id"].as_str();
        Ok(id.with_context(|| found.to_string())?.to_owned())
    }

    /// Where that person's calls go.
    pub(crate) async fn forwards(&self, person: usize, settings: &Value) -> Result<()> {
        let path = format!("/staff/{}/forwarding", self.id(person).await?);
        let settings = settings.to_string().into_bytes();
        self.daemon.put_file(&path, "application/json", settings).await
    }
}

/// A phone that talks until the other one hangs up.
pub(crate) fn is_talked_to() -> Scenario {
    Scenario::callee().is_called().rings().answers().is_hung_up_on()
}
