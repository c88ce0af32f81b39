//! Transfers as SIPp's phones order them, against the running daemon: blind, attended, early attended, and those that fail.

use anyhow::{Result, ensure};
use frontdesk_tests::sipp::Scenario;

use crate::office::{DOMAIN, Office, is_held, is_talked_to};

/// A phone that learns, without UPDATE, by a re-INVITE that it talks to somebody else now.
fn is_given_another() -> Scenario {
    Scenario::callee()
        .is_called()
        .rings()
        .answers()
        .is_asked_to("sendrecv", "sendrecv")
        .is_hung_up_on()
}

/// The last call's record says that.
async fn is_recorded(office: &Office, because: &str) -> Result<()> {
    let call = office.daemon.last_call().await?;
    let said = call["because"].as_str().unwrap_or_default();
    ensure!(said.contains(because), "{call}");
    Ok(())
}

/// The caller sends the called one on.
async fn is_told(transport: &'static str) -> Result<()> {
    let Some(office) = Office::open(transport).await? else {
        return Ok(());
    };
    let caller = office
        .person(0, "102")
        .calls()
        .is_answered()
        .waits(300)
        .transfers("103", &[100, 180, 200])
        .is_hung_up_on();
    let third = Scenario::callee()
        .is_called_saying("Referred-By", "sip:")
        .rings()
        .waits(300)
        .answers_and_hangs_up_after(500);
    office.check_three(&caller, [&is_given_another(), &third]).await?;
    is_recorded(&office, "transferred by 101 to 103").await
}

#[tokio::test]
async fn a_transferor_is_told_how_it_goes_and_is_let_go() -> Result<()> {
    is_told("udp").await
}

#[tokio::test]
async fn a_transferor_over_tcp_is_told_so_too() -> Result<()> {
    is_told("tcp").await
}

#[tokio::test]
async fn a_called_phone_sends_its_caller_on() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office
        .person(0, "102")
        .calls()
        .is_answered()
        .is_updated()
        .is_hung_up_on();
    let second = Scenario::callee()
        .is_called()
        .rings()
        .answers_and_speaks()
        .waits(300)
        .sends_the_caller_to(&format!("sip:103@{DOMAIN}"), &[100, 180, 200])
        .is_hung_up_on();
    let third = Scenario::callee()
        .is_called()
        .rings()
        .waits(300)
        .answers_and_hangs_up_after(500);
    office.check_three(&caller, [&second, &third]).await?;
    is_recorded(&office, "transferred by 102 to 103").await
}

#[tokio::test]
async fn a_transferor_who_hangs_up_at_once_leaves_the_two_others_together() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office
        .person(0, "102")
        .calls()
        .is_answered()
        .waits(300)
        .transfers_and_leaves("103");
    let third = Scenario::callee()
        .is_called()
        .rings()
        .waits(700)
        .answers_and_hangs_up_after(500);
    office.check_three(&caller, [&is_given_another(), &third]).await?;
    is_recorded(&office, "transferred by 101 to 103").await
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
    office.check_three(&caller, [&is_talked_to(), &third]).await
}

#[tokio::test]
async fn a_transfer_to_a_number_that_is_not_there_gives_the_call_back() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office
        .person(0, "102")
        .calls()
        .is_answered()
        .waits(300)
        .transfers("999", &[404])
        .waits(300)
        .hangs_up();
    office.check(&caller, &is_talked_to()).await
}

/// 101 asks 103 first, in a call of its own, and 102 waits on hold meanwhile.
#[tokio::test]
async fn a_transfer_after_a_talk_with_the_target_joins_the_two_others() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let third = Scenario::callee()
        .is_called()
        .rings()
        .answers_and_speaks()
        .is_asked_to("sendrecv", "sendrecv")
        .waits(500)
        .leaves();
    let third = office.phone(2, &third).await?;
    let asks = office.person(0, "103").calls().is_answered().is_hung_up_on();
    let asks = office.start("asks", &asks)?;
    let consultation = asks.dialog(200).await?;
    let second = is_held();
    let caller = office
        .person(0, "102")
        .calls()
        .is_answered()
        .renegotiates("sendonly")
        .waits(300)
        .transfers_into(("103", &consultation), &[200])
        .is_hung_up_on();
    let calls = office.check(&caller, &second);
    let (calls, third, asks) = tokio::join!(calls, third.succeeds(), asks.succeeds());
    calls.and(third).and(asks)
}

/// The target still rings when 101 lets 102 wait for it.
#[tokio::test]
async fn a_transfer_to_a_phone_that_still_rings_lets_it_ring_for_the_other_one() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    // It was rung for 101 and learns that it talks to 102.
    let third = Scenario::callee()
        .is_called()
        .rings()
        .waits(3_000)
        .answers_and_speaks()
        .is_asked_to("sendrecv", "sendrecv")
        .waits(500)
        .leaves();
    let third = office.phone(2, &third).await?;
    let asks = office.person(0, "103").calls().hears_ringing().is_refused(487);
    let asks = office.start("asks", &asks)?;
    let consultation = asks.dialog(180).await?;
    let caller = office
        .person(0, "102")
        .calls()
        .is_answered()
        .transfers_into(("103", &consultation), &[100, 180, 200])
        .is_hung_up_on();
    let second = is_given_another();
    let calls = office.check(&caller, &second);
    let (calls, third, asks) = tokio::join!(calls, third.succeeds(), asks.succeeds());
    calls.and(third).and(asks)
}
