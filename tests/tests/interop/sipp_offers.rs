//! Offers inside a call as SIPp's phones make them: holds of every kind, what a held phone is played, and re-INVITEs that
//! cross.

use anyhow::{Result, ensure};
use frontdesk_tests::ear::Ear;
use frontdesk_tests::sipp::Scenario;

use crate::office::{Office, is_held};

#[tokio::test]
async fn a_hold_in_both_directions_is_music_for_the_other_side() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office.caller("102").calls().is_answered().waits(200);
    let caller = caller
        .renegotiates("inactive")
        .waits(400)
        .renegotiates("sendrecv")
        .waits(400)
        .hangs_up();
    office.check(&caller, &is_held()).await
}

#[tokio::test]
async fn a_hold_by_an_address_of_zeros_is_one_too() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office.caller("102").calls().is_answered().waits(200);
    let caller = caller
        .renegotiates_from_nowhere()
        .waits(400)
        .renegotiates("sendrecv")
        .waits(400)
        .hangs_up();
    office.check(&caller, &is_held()).await
}

#[tokio::test]
async fn a_called_phone_holds_over_tcp() -> Result<()> {
    let Some(office) = Office::open("tcp").await? else {
        return Ok(());
    };
    let caller = office
        .caller("102")
        .calls()
        .is_answered()
        .is_asked_to("sendonly", "recvonly")
        .is_asked_to("sendrecv", "sendrecv")
        .is_hung_up_on();
    let callee = Scenario::callee().is_called().rings().answers_and_speaks();
    let callee = callee.waits(200).asks_for("sendonly").waits(400).asks_for("sendrecv");
    office.check(&caller, &callee.waits(400).leaves()).await
}

/// Whoever holds says nothing: what arrives is ours.
#[tokio::test]
async fn whoever_is_held_hears_music() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let ear = Ear::open().await?;
    let caller = office.caller("102").calls().is_answered().waits(1_000);
    let caller = caller.renegotiates("sendonly").waits(3_000).hangs_up();
    let callee = Scenario::callee().is_called().rings().answers();
    let callee = callee.is_asked_to("sendonly", "recvonly").is_hung_up_on();
    let callee = callee.listens_at(ear.port);
    let calls = office.check(&caller, &callee);
    let (called, heard) = ear.hears_during(calls).await?;
    called?;
    let (seconds, level) = (heard.seconds(), heard.level(0));
    ensure!(
        seconds > 2.0 && seconds < 3.9 && level > 200.0,
        "{seconds:.2} s of music at level {level:.0}"
    );
    Ok(())
}

/// RFC 3261 section 14: 102 holds, and 101 changes something before it has answered that. Ours comes again.
#[tokio::test]
async fn offers_that_cross_get_491_and_the_hold_comes_again() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office.caller("102").calls().is_answered();
    let caller = caller
        .crosses_an_offer()
        .is_asked_to("sendonly", "recvonly")
        .is_hung_up_on();
    let callee = Scenario::callee().is_called().rings().answers_and_speaks();
    let callee = callee.waits(300).asks_for("sendonly").waits(4_000).leaves();
    office.check(&caller, &callee).await
}
