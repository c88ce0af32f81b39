//! Phones that nobody here wrote: SIPp scenarios against the running daemon.

use anyhow::Result;
use frontdesk_tests::sipp::{Scenario, User};

use crate::office::{DOMAIN, Office, is_held};

#[tokio::test]
async fn a_phone_registers_and_unregisters_and_its_status_follows() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let phone = || office.person(0, "");
    office.daemon.sip_status("101", "offline").await?;
    office
        .start("on", &phone().registers("sip:phone-101@127.0.0.1:9", 300))?
        .succeeds()
        .await?;
    office.daemon.sip_status("101", "online").await?;
    office
        .start("off", &phone().registers("sip:phone-101@127.0.0.1:9", 0))?
        .succeeds()
        .await?;
    office.daemon.sip_status("101", "offline").await
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_not_let_in() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    for name in [office.user(0).name, "nobody"] {
        let user = User { name, secret: "wrong" };
        let phone = Scenario::caller(user, "", DOMAIN).is_not_let_in("sip:x@127.0.0.1:9");
        office.start("stranger", &phone)?.succeeds().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_call_is_answered_and_hung_up() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office.caller("102").calls().is_answered().waits(500).hangs_up();
    let callee = Scenario::callee()
        .is_called()
        .rings()
        .waits(100)
        .answers()
        .is_hung_up_on();
    office.check(&caller, &callee).await
}

#[tokio::test]
async fn a_call_from_tcp_to_udp_is_answered_and_hung_up() -> Result<()> {
    let Some(office) = Office::open("tcp").await? else {
        return Ok(());
    };
    let caller = office.caller("102").calls().is_answered().waits(500).hangs_up();
    let callee = Scenario::callee()
        .is_called()
        .rings()
        .waits(100)
        .answers()
        .is_hung_up_on();
    office.check(&caller, &callee).await
}

#[tokio::test]
async fn a_busy_phone_is_heard_as_busy() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office.caller("102").calls().is_refused(486);
    office
        .check(&caller, &Scenario::callee().is_called().declines("486 Busy Here"))
        .await
}

#[tokio::test]
async fn a_declined_call_is_heard_as_declined() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office.caller("102").calls().is_refused(603);
    office
        .check(&caller, &Scenario::callee().is_called().rings().declines("603 Decline"))
        .await
}

#[tokio::test]
async fn a_caller_who_gives_up_silences_the_phone() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office.caller("102").calls().hears_ringing().waits(200).gives_up();
    office
        .check(&caller, &Scenario::callee().is_called().rings().is_cancelled())
        .await
}

#[tokio::test]
async fn an_offline_phone_and_an_unknown_number_are_told_at_once() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    office
        .start("offline", &office.caller("103").calls().is_refused(480))?
        .succeeds()
        .await?;
    office
        .start("unknown", &office.caller("999").calls().is_refused(404))?
        .succeeds()
        .await
}

#[tokio::test]
async fn hold_reaches_the_other_side_and_ends_again() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let caller = office.caller("102").calls().is_answered().waits(200);
    let caller = caller
        .renegotiates("sendonly")
        .waits(400)
        .renegotiates("sendrecv")
        .waits(400)
        .hangs_up();
    let callee = is_held();
    office.check(&caller, &callee).await
}

#[tokio::test]
async fn phones_of_another_pbx_go_on_with_their_passwords() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let csv = "surname,short_number,sip_user,sip_password\nSmirnova,1000,1000,pw1000\nKuznetsov,1001,1001,pw1001\n";
    office.daemon.import(csv).await?;
    office.daemon.sip_status("1001", "offline").await?;
    let user = |name, secret| User { name, secret };
    let mut callee = Scenario::callee().is_called().rings().answers().is_hung_up_on().start(
        "callee",
        office.daemon.folder(),
        office.daemon.sip,
        "udp",
    )?;
    callee.listens().await?;
    let contact = format!("sip:1001@127.0.0.1:{}", callee.port);
    let registers = Scenario::caller(user("1001", "pw1001"), "", DOMAIN).registers(&contact, 300);
    office.start("register", &registers)?.succeeds().await?;
    let caller = Scenario::caller(user("1000", "pw1000"), "1001", DOMAIN);
    let caller = office.start("caller", &caller.calls().is_answered().waits(200).hangs_up())?;
    let (caller, callee) = tokio::join!(caller.succeeds(), callee.succeeds());
    caller.and(callee)
}
