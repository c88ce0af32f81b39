//! PRACK and session timers as SIPp speaks them, against the running daemon.

use anyhow::Result;
use frontdesk_tests::sipp::Scenario;

use crate::office::Office;

const SERVED: &str = "Supported: timer\nSession-Expires: ";

#[tokio::test]
async fn a_caller_that_requires_100rel_acknowledges_the_ringing() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office
        .caller("102")
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
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office
        .caller("102")
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
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office.caller("102").calls().is_answered().waits(300).hangs_up();
    let callee = Scenario::callee()
        .is_called_for("1800")
        .wants_longer_sessions("3600")
        .is_called_for("3600")
        .rings()
        .answers_for("3600;refresher=uas")
        .is_hung_up_on();
    office.check(&caller, &callee).await
}
