//! Calls that go elsewhere as SIPp's phones send them: 302, transfer, pickup, forwarding by code; and early media, UPDATE.

use anyhow::{Result, ensure};
use frontdesk_tests::sipp::Scenario;

use crate::office::{DOMAIN, Office};

/// 101 calls 102 while 103 has a phone too: all three scenarios end well.
async fn all_three(office: &Office, caller: &Scenario, [second, third]: [&Scenario; 2]) -> Result<()> {
    let third = office.phone(2, third).await?;
    let (calls, third) = tokio::join!(office.check(caller, second), third.succeeds());
    calls.and(third)
}

fn is_talked_to() -> Scenario {
    Scenario::callee().is_called().rings().answers().is_hung_up_on()
}

#[tokio::test]
async fn a_phone_that_sends_its_calls_on_is_followed() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office.person(0, "102").calls().is_answered().waits(300).hangs_up();
    let second = Scenario::callee()
        .is_called()
        .rings()
        .sends_on_to(&format!("sip:103@{DOMAIN}"));
    let third = Scenario::callee()
        .is_called_saying("Diversion", "102")
        .rings()
        .answers()
        .is_hung_up_on();
    all_three(&office, &caller, [&second, &third]).await?;
    let call = office.daemon.last_call().await?;
    ensure!(call["disposition"] == "answered", "{call}");
    Ok(())
}

#[tokio::test]
async fn a_transferor_is_told_how_it_goes_and_is_let_go() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office
        .person(0, "102")
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
    all_three(&office, &caller, [&second, &third]).await?;
    let call = office.daemon.last_call().await?;
    let because = call["because"].as_str().unwrap_or_default();
    ensure!(because.contains("transferred by 101 to 103"), "{call}");
    Ok(())
}

#[tokio::test]
async fn a_transfer_that_is_declined_gives_the_call_back() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office
        .person(0, "102")
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
    all_three(&office, &caller, [&is_talked_to(), &third]).await
}

#[tokio::test]
async fn a_colleagues_call_is_picked_up_by_code() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let second = office
        .phone(1, &Scenario::callee().is_called().rings().is_cancelled())
        .await?;
    let caller = office.person(0, "102").calls().is_answered().is_hung_up_on();
    let caller = office.start("caller", &caller)?;
    office.daemon.call_to("102", "ringing").await?;
    let third = office.person(2, "**102").calls().is_answered().waits(300).hangs_up();
    let third = office.start("third", &third)?;
    let (caller, second, third) = tokio::join!(caller.succeeds(), second.succeeds(), third.succeeds());
    caller.and(second).and(third)
}

#[tokio::test]
async fn early_audio_of_a_phone_reaches_the_caller() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let second = Scenario::callee()
        .is_called()
        .speaks_early()
        .waits(300)
        .answers()
        .is_hung_up_on();
    let caller = office
        .person(0, "102")
        .calls()
        .hears_early()
        .is_answered()
        .waits(300)
        .hangs_up();
    office.check(&caller, &second).await
}

#[tokio::test]
async fn a_caller_holds_and_takes_back_by_update() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let second = Scenario::callee()
        .is_called()
        .rings()
        .answers()
        .is_asked_to("sendonly", "recvonly")
        .is_asked_to("sendrecv", "sendrecv")
        .is_hung_up_on();
    let caller = office
        .person(0, "102")
        .calls()
        .is_answered()
        .waits(300)
        .updates("sendonly")
        .waits(500)
        .updates("sendrecv")
        .waits(500)
        .hangs_up();
    office.check(&caller, &second).await
}

#[tokio::test]
async fn calls_forwarded_by_code_go_on_and_come_back_when_it_is_taken_off() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let code = |dialled| office.person(1, dialled).calls().is_answered().is_hung_up_on();
    let talk = || office.person(0, "102").calls().is_answered().waits(200).hangs_up();
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
