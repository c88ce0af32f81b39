//! A visitor of a site is called by the running daemon: baresip in the department, baresip outside, and what each hears.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_tests::baresip::{Baresip, Line};
use frontdesk_tests::daemon::Daemon;
use frontdesk_tests::tone::Audio;
use serde_json::json;

use crate::features::{MOST, TONES, end, office};

const ORIGIN: &str = "https://shop.example";
const VISITOR: &str = "+79161234567";
const SINGLE: &str = "+74957654321";
const TALK: Duration = Duration::from_secs(4);

/// A site whose visitors are called by a department; gives its key.
pub(crate) async fn site(daemon: &Daemon, department: &str) -> Result<String> {
    let site = json!({ "name": "Shop", "origins": [ORIGIN], "department_id": department });
    let site = daemon.post("/sites", &site).await?;
    site["key"].as_str().map(str::to_owned).context("no key")
}

/// A visitor asks to be called.
pub(crate) async fn ask(daemon: &Daemon, key: &str, number: &str) -> Result<()> {
    let body = json!({ "name": "Olga", "number": number, "subject": "Delivery" });
    let url = format!("{}/api/v1/widget/{key}/requests", daemon.base());
    let request = reqwest::Client::new().post(url).header("origin", ORIGIN).json(&body);
    request.send().await?.error_for_status()?;
    Ok(())
}

/// Rows L37, L61.
#[tokio::test]
async fn l37_l61_a_visitor_and_the_member_who_is_free_hear_each_other() -> Result<()> {
    let Some((daemon, mut phones)) = office(1).await? else {
        return Ok(());
    };
    let line = Line {
        user: VISITOR.to_owned(),
        secret: String::new(),
        server: daemon.sip,
        transport: "udp",
        tone: TONES[1],
    };
    let account = format!("<sip:{VISITOR}@127.0.0.1>;regint=0;answermode=manual\n");
    let mut visitor = Baresip::start_by(daemon.folder(), line, &account).await?;
    let server = json!({ "host": visitor.address.ip().to_string(), "port": visitor.address.port() });
    daemon
        .post("/trunks", &json!({ "name": "Out", "servers": [server] }))
        .await?;
    let staff = daemon.get("/staff?search=101").await?;
    let member = staff["items"][0]["id"].as_str().context("101 is nobody")?;
    let sales = json!({ "name": "Sales", "short_number": "200", "members": [member] });
    let sales = daemon.post("/departments", &sales).await?;
    let number = json!({ "number": SINGLE, "department_id": sales["id"] });
    daemon.post("/numbers", &number).await?;
    daemon.patch("/account", &json!({ "single_number": SINGLE })).await?;
    let key = site(&daemon, sales["id"].as_str().context("no department")?).await?;

    ask(&daemon, &key, VISITOR).await?;
    let member = &mut phones[0];
    member.until("CALL_INCOMING").await?;
    member.command("accept", "").await?;
    let called = visitor.until("CALL_INCOMING").await?;
    ensure!(called.to_string().contains(SINGLE), "{called}");
    visitor.command("accept", "").await?;
    visitor.until("CALL_ESTABLISHED").await?;
    visitor.talks_for(TALK).await?;
    visitor.command("hangup", "").await?;
    visitor.until("CALL_CLOSED").await?;
    member.until("CALL_CLOSED").await?;

    let (inside, outside) = (Audio::read(&member.heard()?)?, Audio::read(&visitor.heard()?)?);
    ensure!(
        inside.seconds_with(TONES[1]) >= 2,
        "the member does not hear the visitor"
    );
    ensure!(
        outside.seconds_with(TONES[0]) >= 2,
        "the visitor does not hear the member"
    );
    let call = daemon.last_call().await?;
    ensure!(
        call["direction"] == "outbound" && call["disposition"] == "answered",
        "{call}"
    );
    let recording = call["recordings"][0]["id"].as_str().context("not recorded")?;
    let file = daemon.folder().join("recording.wav");
    std::fs::write(&file, daemon.download(&format!("/recordings/{recording}/media")).await?)?;
    let talk = Audio::read(&file)?.part(-2.5, -0.5);
    for (channel, tone) in [(0, TONES[0]), (1, TONES[1])] {
        let share = talk.share(channel, tone);
        ensure!(
            share > MOST,
            "{share:.3} of the power of channel {channel} is {tone} Hz"
        );
    }
    phones.push(visitor);
    end(daemon, phones).await
}
