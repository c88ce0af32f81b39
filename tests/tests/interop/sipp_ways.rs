//! Calls that go elsewhere as SIPp's phones send them: 302, transfer, pickup, forwarding by code; and early media, UPDATE.

use anyhow::{Result, ensure};
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::sipp::{Running, Scenario, User};
use frontdesk_tests::tools;

const NUMBERS: [&str; 3] = ["101", "102", "103"];
const DOMAIN: &str = "pbx.example";

struct Office {
    daemon: Daemon,
}

impl Office {
    /// `None` when SIPp is not there.
    async fn open() -> Result<Option<Office>> {
        if !tools::found("sipp", "SIPp scenarios", "sip-tester") {
            return Ok(None);
        }
        let daemon = Daemon::start(&NUMBERS).await?;
        Ok(Some(Office { daemon }))
    }

    fn user(&self, person: usize) -> User<'_> {
        let phone = &self.daemon.phones[person];
        User {
            name: &phone.user,
            secret: &phone.secret,
        }
    }

    fn caller(&self, person: usize, dialled: &str) -> Scenario {
        Scenario::caller(self.user(person), dialled, DOMAIN)
    }

    fn start(&self, name: &str, scenario: &Scenario) -> Result<Running> {
        scenario.start(name, self.daemon.folder(), self.daemon.sip, "udp")
    }

    /// A registered phone of that person that listens.
    async fn phone(&self, person: usize, scenario: &Scenario) -> Result<Running> {
        let mut running = self.start(NUMBERS[person], scenario)?;
        running.listens().await?;
        let contact = format!("sip:{}@127.0.0.1:{}", self.user(person).name, running.port);
        let registers = Scenario::caller(self.user(person), "", DOMAIN).registers(&contact, 300);
        self.start("register", &registers)?.succeeds().await?;
        self.daemon.sip_status(NUMBERS[person], "online").await?;
        Ok(running)
    }

    /// 101 calls 102 while 103 has a phone too: all three scenarios end well.
    async fn check(&self, caller: &Scenario, second: &Scenario, third: &Scenario) -> Result<()> {
        let second = self.phone(1, second).await?;
        let third = self.phone(2, third).await?;
        let caller = self.start("caller", caller)?;
        let (caller, second, third) = tokio::join!(caller.succeeds(), second.succeeds(), third.succeeds());
        caller.and(second).and(third)
    }
}

fn is_talked_to() -> Scenario {
    Scenario::callee().is_called().rings().answers().is_hung_up_on()
}

#[tokio::test]
async fn a_phone_that_sends_its_calls_on_is_followed() -> Result<()> {
    let Some(office) = Office::open().await? else {
        return Ok(());
    };
    let caller = office.caller(0, "102").calls().is_answered().waits(300).hangs_up();
    let second = Scenario::callee()
        .is_called()
        .rings()
        .sends_on_to(&format!("sip:103@{DOMAIN}"));
    let third = Scenario::callee()
        .is_called_saying("Diversion", "102")
        .rings()
        .answers()
        .is_hung_up_on();
    office.check(&caller, &second, &third).await?;
    let call = office.daemon.last_call().await?;
    ensure!(call["disposition"] == "answered", "{call}");
    Ok(())
}

#[tokio::test]
async fn a_transferor_is_told_how_it_goes_and_is_let_go() -> Result<()> {
    let Some(office) = Office::open().await? else {
        return Ok(());
    };
    let caller = office
        .caller(0, "102")
        .calls()
        .is_answered()
        .waits(300)
        .transfers("103", &[100, 180, 200])
        .is_hung_up_on();
    // that it talks to 103 now a phone without UPDATE learns by a re-INVITE
    let second = Scenario::callee()
        .is_called()
        .rings()
        .answers()
        .is_asked_to("sendrecv", "sendrecv")
        .is_hung_up_on();
    let third = Scenario::callee()
        .is_called_saying("Referred-By", "sip:")
        .rings()
        .waits(300)
        .answers_and_hangs_up_after(500);
    office.check(&caller, &second, &third).await?;
    let call = office.daemon.last_call().await?;
    let because = call["because"].as_str().unwrap_or_default();
    ensure!(because.contains("transferred by 101 to 103"), "{call}");
    Ok(())
}

#[tokio::test]
async fn a_transfer_that_is_declined_gives_the_call_back() -> Result<()> {
    let Some(office) = Office::open().await? else {
        return Ok(());
    };
    let caller = office
        .caller(0, "102")
        .calls()
        .is_answered()
        .waits(300)
        .transfers("103", &[100, 180, 603])
        .waits(300)
        .hangs_up();
    let third = Scenario::callee()
        .is_called()
        .rings()
        .waits(200)
        .declines("603 Decline");
    office.check(&caller, &is_talked_to(), &third).await
}

#[tokio::test]
async fn a_colleagues_call_is_picked_up_by_code() -> Result<()> {
    let Some(office) = Office::open().await? else {
        return Ok(());
    };
    let second = office
        .phone(1, &Scenario::callee().is_called().rings().is_cancelled())
        .await?;
    let caller = office.caller(0, "102").calls().is_answered().is_hung_up_on();
    let caller = office.start("caller", &caller)?;
    office.daemon.call_to("102", "ringing").await?;
    let third = office.caller(2, "**102").calls().is_answered().waits(300).hangs_up();
    let third = office.start("third", &third)?;
    let (caller, second, third) = tokio::join!(caller.succeeds(), second.succeeds(), third.succeeds());
    caller.and(second).and(third)
}

#[tokio::test]
async fn early_audio_of_a_phone_reaches_the_caller() -> Result<()> {
    let Some(office) = Office::open().await? else {
        return Ok(());
    };
    let second = Scenario::callee()
        .is_called()
        .speaks_early()
        .waits(300)
        .answers()
        .is_hung_up_on();
    let second = office.phone(1, &second).await?;
    let caller = office
        .caller(0, "102")
        .calls()
        .hears_early()
        .is_answered()
        .waits(300)
        .hangs_up();
    let caller = office.start("caller", &caller)?;
    let (caller, second) = tokio::join!(caller.succeeds(), second.succeeds());
    caller.and(second)
}

#[tokio::test]
async fn a_caller_holds_and_takes_back_by_update() -> Result<()> {
    let Some(office) = Office::open().await? else {
        return Ok(());
    };
    let second = Scenario::callee()
        .is_called()
        .rings()
        .answers()
        .is_asked_to("sendonly", "recvonly")
        .is_asked_to("sendrecv", "sendrecv")
        .is_hung_up_on();
    let second = office.phone(1, &second).await?;
    let caller = office
        .caller(0, "102")
        .calls()
        .is_answered()
        .waits(300)
        .updates("sendonly")
        .waits(500)
        .updates("sendrecv")
        .waits(500)
        .hangs_up();
    let caller = office.start("caller", &caller)?;
    let (caller, second) = tokio::join!(caller.succeeds(), second.succeeds());
    caller.and(second)
}

#[tokio::test]
async fn calls_forwarded_by_code_go_on_and_come_back_when_it_is_taken_off() -> Result<()> {
    let Some(office) = Office::open().await? else {
        return Ok(());
    };
    let code = |dialled| office.caller(1, dialled).calls().is_answered().is_hung_up_on();
    let talk = || office.caller(0, "102").calls().is_answered().waits(200).hangs_up();
    office.start("forward", &code("*72103"))?.succeeds().await?;
    let third = office.phone(2, &is_talked_to()).await?;
    let caller = office.start("caller", &talk())?;
    let (caller, third) = tokio::join!(caller.succeeds(), third.succeeds());
    caller.and(third)?;
    office.start("no-more", &code("*73"))?.succeeds().await?;
    let second = office.phone(1, &is_talked_to()).await?;
    let caller = office.start("caller", &talk())?;
    let (caller, second) = tokio::join!(caller.succeeds(), second.succeeds());
    caller.and(second)
}
