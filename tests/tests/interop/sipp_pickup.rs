//! Calls that others take, as SIPp's phones do it: pickup by code and by a key beside a lamp, and parking.

use anyhow::Result;
use frontdesk_tests::sipp::{Running, Scenario};

use crate::office::{DOMAIN, Office};

/// 101 calls 102, who does not answer: the two, once that rings.
async fn rings(office: &Office) -> Result<[Running; 2]> {
    let second = Scenario::callee().is_called().rings().is_cancelled();
    let second = office.phone(1, &second).await?;
    let caller = office.person(0, "102").calls().is_answered().is_hung_up_on();
    let caller = office.start("caller", &caller)?;
    office.daemon.call_to("102", "ringing").await?;
    Ok([caller, second])
}

/// 103 takes that call by dialling `code`.
async fn is_taken_by(code: &str) -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let [caller, second] = rings(&office).await?;
    let third = office.person(2, code).calls().is_answered().waits(300).hangs_up();
    let third = office.start("third", &third)?;
    let (caller, second, third) = tokio::join!(caller.succeeds(), second.succeeds(), third.succeeds());
    caller.and(second).and(third)
}

#[tokio::test]
async fn a_colleagues_call_is_picked_up_by_code() -> Result<()> {
    is_taken_by("**102").await
}

#[tokio::test]
async fn whatever_rings_in_the_company_is_picked_up_by_code() -> Result<()> {
    is_taken_by("*8").await
}

#[tokio::test]
async fn a_code_that_finds_nothing_to_pick_up_is_refused() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    for code in ["*8", "**102"] {
        let third = office.person(2, code).calls().is_refused(480);
        office.start("third", &third)?.succeeds().await?;
    }
    Ok(())
}

/// A key beside a lamp: 103 watches 102, and calls with what the lamp says of its dialog (RFC 3891, RFC 4235).
#[tokio::test]
async fn a_ringing_lamp_tells_what_an_invite_with_replaces_takes() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let [caller, second] = rings(&office).await?;
    let lamp = office
        .person(2, "102")
        .watches("dialog", 300)
        .is_told("active", "<state>early<")
        .is_told("active", "<state>terminated<");
    let lamp = office.start("lamp", &lamp)?;
    let replaces = lamp.lamp().await?.replaces();
    let headers = format!("Require: replaces\nReplaces: {replaces};early-only\n");
    let takes = office.person(2, "102").calls_with(&headers);
    let takes = office.start("takes", &takes.is_answered().waits(300).hangs_up())?;
    let (caller, second) = tokio::join!(caller.succeeds(), second.succeeds());
    let (takes, lamp) = tokio::join!(takes.succeeds(), lamp.succeeds());
    caller.and(second).and(takes).and(lamp)
}

/// Whoever has answered keeps the call, and one that is not there is not found.
#[tokio::test]
async fn a_call_that_talks_is_not_picked_up_as_a_ringing_one() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let second = Scenario::callee().is_called().rings().answers().is_hung_up_on();
    let second = office.phone(1, &second).await?;
    let caller = office.person(0, "102").calls().is_answered().waits(2_000).hangs_up();
    let caller = office.start("caller", &caller)?;
    let talk = caller.dialog(200).await?.replaces();
    for (replaces, status) in [
        (format!("{talk};early-only"), 486),
        ("a@b;to-tag=1;from-tag=2".to_owned(), 481),
    ] {
        let takes = office
            .person(2, "102")
            .is_refused_at_once(&format!("Replaces: {replaces}\n"), status);
        office.start("takes", &takes)?.succeeds().await?;
    }
    let (caller, second) = tokio::join!(caller.succeeds(), second.succeeds());
    caller.and(second)
}

/// 102 parks 101 at the first place, 103 takes it from there.
#[tokio::test]
async fn a_parked_call_is_fetched_by_dialling_its_place() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let second = Scenario::callee()
        .is_called()
        .rings()
        .answers_and_speaks()
        .waits(200)
        .sends_the_caller_to(&format!("sip:*68@{DOMAIN}"), &[200])
        .is_hung_up_on();
    let second = office.phone(1, &second).await?;
    let caller = office
        .person(0, "102")
        .calls()
        .is_answered()
        .is_updated()
        .is_hung_up_on();
    let caller = office.start("caller", &caller)?;
    second.succeeds().await?;
    let fetches = office.person(2, "701").calls().is_answered().waits(300).hangs_up();
    let fetches = office.start("fetches", &fetches)?;
    let (caller, fetches) = tokio::join!(caller.succeeds(), fetches.succeeds());
    caller.and(fetches)
}
