//! PRACK and session timers as SIPp speaks them, against the running daemon.

use anyhow::Result;
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::sipp::{Running, Scenario, User};
use frontdesk_tests::tools;

const SERVED: &str = "Supported: timer\nSession-Expires: ";

struct Office {
    daemon: Daemon,
}

impl Office {
    /// `None` when SIPp is not there.
    async fn open() -> Result<Option<Office>> {
        if !tools::found("sipp", "SIPp scenarios", "sip-tester") {
            return Ok(None);
        }
        let daemon = Daemon::start(&["101", "102"]).await?;
        Ok(Some(Office { daemon }))
    }

    fn user(&self, number: usize) -> User<'_> {
        let phone = &self.daemon.phones[number];
        User {
            name: &phone.user,
            secret: &phone.secret,
        }
    }

    fn caller(&self) -> Scenario {
        Scenario::caller(self.user(0), "102", "pbx.example")
    }

    fn start(&self, name: &str, scenario: &Scenario) -> Result<Running> {
        scenario.start(name, self.daemon.folder(), self.daemon.sip, "udp")
    }

    /// Both scenarios end well; the second person's phone is registered first.
    async fn check(&self, caller: &Scenario, callee: &Scenario) -> Result<()> {
        let mut callee = self.start("callee", callee)?;
        callee.listens().await?;
        let contact = format!("sip:{}@127.0.0.1:{}", self.user(1).name, callee.port);
        let registers = Scenario::caller(self.user(1), "", "pbx.example").registers(&contact, 300);
        self.start("register", &registers)?.succeeds().await?;
        self.daemon.sip_status("102", "online").await?;
        let caller = self.start("caller", caller)?;
        let (caller, callee) = tokio::join!(caller.succeeds(), callee.succeeds());
        caller.and(callee)
    }
}

#[tokio::test]
async fn a_caller_that_requires_100rel_acknowledges_the_ringing() -> Result<()> {
    let Some(office) = Office::open().await? else {
        return Ok(());
    };
    let caller = office
        .caller()
        .calls_with("Require: 100rel\n")
        .acknowledges_ringing()
        .is_answered()
        .waits(300)
        .hangs_up();
    let callee = Scenario::callee()
        .is_called()
        .rings()
        .waits(700)
        .answers()
        .is_hung_up_on();
    office.check(&caller, &callee).await
}

#[tokio::test]
async fn a_caller_that_refreshes_is_told_the_least_interval_and_kept_to_it() -> Result<()> {
    let Some(office) = Office::open().await? else {
        return Ok(());
    };
    let caller = office
        .caller()
        .asks_for_too_short_a_session(&format!("{SERVED}30;refresher=uac\n"), "90")
        .calls_with(&format!("{SERVED}90;refresher=uac\n"))
        .is_answered_for("90;refresher=uac")
        .waits(300)
        .refreshes("90;refresher=uac")
        .waits(300)
        .hangs_up();
    let callee = Scenario::callee().is_called().rings().answers().is_hung_up_on();
    office.check(&caller, &callee).await
}

#[tokio::test]
async fn a_callee_that_wants_longer_sessions_is_called_again_with_them() -> Result<()> {
    let Some(office) = Office::open().await? else {
        return Ok(());
    };
    let caller = office.caller().calls().is_answered().waits(300).hangs_up();
    let callee = Scenario::callee()
        .is_called_for("1800")
        .wants_longer_sessions("3600")
        .is_called_for("3600")
        .rings()
        .answers_for("3600;refresher=uas")
        .is_hung_up_on();
    office.check(&caller, &callee).await
}
