//! Lamps and presence as SIPp sees them, against the running daemon.

use anyhow::Result;
use frontdesk_tests::sipp::Scenario;

use crate::office::Office;

async fn watches_a_call(office: &Office) -> Result<()> {
    let caller = office.caller("102");
    let caller = caller.calls().is_answered().waits(700).hangs_up();
    let callee = Scenario::callee().is_called().waits(300).rings().waits(700).answers();
    let callee = office.phone(1, &callee.is_hung_up_on()).await?;
    let lamp = office
        .person(2, "102")
        .watches("dialog", 300)
        .is_told(
            "active;expires=",
            "entity=\"sip:102@pbx.example\">[[:space:]]*</dialog-info>",
        )
        .is_told("active", "direction=\"recipient\">[[:space:]]*<state>trying<")
        .is_told(
            "active",
            "call-id=\"[^\"]+\" local-tag=\"[^\"]+\" remote-tag=\"[^\"]+\"[^<]*<state>early<",
        )
        .is_told("active", "<state>confirmed<")
        .is_told("active", "<state>terminated<")
        .watches_on("dialog", 300)
        .is_told("active", "</dialog-info>")
        .watches_on("dialog", 0)
        .is_told("terminated;reason=timeout", "</dialog-info>");
    let lamp = office.start("watcher", &lamp)?;
    let calls = async {
        // The lamp is watched once the daemon counts it.
        office.daemon.metric("frontdesk_subscriptions_total", 1).await?;
        office.start_by("udp", "caller", &caller)?.succeeds().await
    };
    let (calls, callee, lamp) = tokio::join!(calls, callee.succeeds(), lamp.succeeds());
    lamp.and(calls).and(callee)
}

#[tokio::test]
async fn a_lamp_follows_a_call_over_udp() -> Result<()> {
    match Office::open("udp").await? {
        Some(office) => watches_a_call(&office).await,
        None => Ok(()),
    }
}

#[tokio::test]
async fn a_lamp_follows_a_call_over_tcp() -> Result<()> {
    match Office::open("tcp").await? {
        Some(office) => watches_a_call(&office).await,
        None => Ok(()),
    }
}

#[tokio::test]
async fn presence_follows_a_registration_and_a_mailbox_is_empty_until_nobody_watches() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let empty = "Messages-Waiting: no.*Voice-Message: 0/0";
    let mailbox = office
        .person(2, "103")
        .watches("message-summary", 300)
        .is_told("active", empty)
        .watches_on("message-summary", 300)
        .is_told("active", empty)
        .watches_on("message-summary", 0)
        .is_told("terminated;reason=timeout", empty);
    office.start("mailbox", &mailbox)?.succeeds().await?;
    let presence = office
        .person(2, "102")
        .watches("presence", 300)
        .is_told("active", "<basic>closed<")
        .is_told("active", "<basic>open<")
        .watches_on("presence", 300)
        .is_told("active", "<basic>open<")
        .watches_on("presence", 0)
        .is_told("terminated;reason=timeout", "<basic>open<");
    let presence = office.start("presence", &presence)?;
    office.daemon.metric("frontdesk_subscriptions_total", 2).await?;
    let registers = office.person(1, "").registers("sip:102@127.0.0.1:9", 300);
    office.start("register", &registers)?.succeeds().await?;
    presence.succeeds().await
}

#[tokio::test]
async fn a_phone_watches_its_own_registrations() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let registered = "<registration aor=\"sip:102@pbx.example\" id=\"[^\"]*\" state=\"active\">.*event=\"registered\"";
    let own = office
        .person(1, "102")
        .watches("reg", 300)
        .is_told("active", "state=\"init\"")
        .is_told("active", registered)
        .is_told("active", "state=\"terminated\" event=\"unregistered\"")
        .watches_on("reg", 300)
        .is_told("active", "</reginfo>")
        .watches_on("reg", 0)
        .is_told("terminated;reason=timeout", "</reginfo>");
    let own = office.start("own", &own)?;
    office.daemon.metric("frontdesk_subscriptions_total", 1).await?;
    for expires in [300, 0] {
        let registers = office.person(1, "").registers("sip:102@127.0.0.1:9", expires);
        office.start("register", &registers)?.succeeds().await?;
    }
    own.succeeds().await
}

#[tokio::test]
async fn what_a_softphone_publishes_is_told_to_watchers_and_taken_back() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    let registers = office.person(1, "").registers("sip:102@127.0.0.1:9", 300);
    office.start("register", &registers)?.succeeds().await?;
    let watcher = office
        .person(2, "102")
        .watches("presence", 300)
        .is_told("active", "<note>Online<")
        .is_told("active", "<note>In a meeting<.*<rpid:meeting")
        .is_told("active", "<note>Away<.*<rpid:away")
        .is_told("active", "<note>Online<");
    let watcher = office.start("watcher", &watcher)?;
    office.daemon.metric("frontdesk_subscriptions_total", 1).await?;
    let publisher = office
        .person(1, "102")
        .publishes("meeting", 300)
        .waits(500)
        .publishes("away", 300)
        .waits(500)
        .publishes("", 0);
    office.start("publisher", &publisher)?.succeeds().await?;
    watcher.succeeds().await
}

#[tokio::test]
async fn what_is_not_there_or_not_theirs_is_refused() -> Result<()> {
    let Some(office) = Office::open("udp").await? else {
        return Ok(());
    };
    for (number, package, status) in [
        ("999", "dialog", 404),
        ("102", "conference", 489),
        ("102", "message-summary", 403),
        ("102", "reg", 403),
    ] {
        let watcher = office.person(2, number).may_not_watch(package, status);
        office.start("refused", &watcher)?.succeeds().await?;
    }
    Ok(())
}
