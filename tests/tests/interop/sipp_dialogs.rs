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

#[tokio::test]
async fn a_callee_that_keeps_the_session_up_itself_is_let() -> Result<()> {
    for method in ["UPDATE", "INVITE"] {
        let Some(office) = Office::open("udp").await? else {
            return Ok(());
        };
        let caller = office.caller("102").calls().is_answered().waits(1_000).hangs_up();
        let callee = Scenario::callee().is_called().rings();
        let callee = callee.answers_and_refreshes_by(method, 90).is_hung_up_on();
        office.check(&caller, &callee).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_callee_that_wants_its_early_audio_acknowledged_gets_a_prack() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office.caller("102").calls().hears_early().is_answered();
    let callee = Scenario::callee().is_called_and_speaks_early_reliably();
    let callee = callee.waits(300).answers_at_last().is_hung_up_on();
    office.check(&caller.waits(300).hangs_up(), &callee).await
}

#[tokio::test]
async fn an_extension_that_nobody_has_is_named_in_the_refusal() -> Result<()> {
    for transport in ["udp", "tcp"] {
        let Some(office) = Office::open(transport).await? else {
            return Ok(());
        };
        let caller = office.caller("102").requires_too_much("levitation");
        office.start("caller", &caller)?.succeeds().await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_invite_that_arrives_by_two_ways_rings_once() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office
        .caller("102")
        .calls()
        .hears_ringing()
        .comes_again_by_another_way()
        .is_answered()
        .waits(300)
        .hangs_up();
    let callee = Scenario::callee().is_called().rings().waits(700).answers();
    office.check(&caller, &callee.is_hung_up_on()).await
}

#[tokio::test]
async fn a_caller_without_an_offer_gets_ours_and_answers_it() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office.caller("102").calls_without_an_offer();
    let caller = caller.is_answered_with_an_offer().waits(300).hangs_up();
    let callee = Scenario::callee().is_called().rings().waits(100).answers();
    office.check(&caller, &callee.is_hung_up_on()).await
}
