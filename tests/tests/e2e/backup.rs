//! A company's data in one file and back, on the real daemon: while people talk, on an empty machine, and when something is
//! wrong with the file or the disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use frontdesk_crm_core::store::{Db, copy};
use frontdesk_crm_core::testing;
use frontdesk_tests::daemon::{Daemon, Phone};
use frontdesk_tests::office::Caller;
use frontdesk_tests::ports::eventually;
use frontdesk_tests::wire::{WirePhone, sdp};
use serde_json::json;

async fn phone(daemon: &Daemon, phone: &Phone) -> Result<WirePhone> {
    let mut phone = daemon.phone(&phone.user, &phone.secret).await?;
    phone.register().await?;
    Ok(phone)
}

async fn phones(daemon: &Daemon) -> Result<[WirePhone; 2]> {
    Ok([
        phone(daemon, &daemon.phones[0]).await?,
        phone(daemon, &daemon.phones[1]).await?,
    ])
}

/// A call that is recorded; gives the recording and its sound.
async fn recorded(daemon: &Daemon, [caller, callee]: &mut [WirePhone; 2]) -> Result<(String, Vec<u8>)> {
    let (called, answered) = tokio::join!(caller.calls("102"), callee.answers());
    called?;
    answered?;
    let call = daemon.last_call().await?;
    let recording = call["recordings"][0]["id"].as_str().context("not recorded")?.to_owned();
    let sound = daemon.download(&format!("/recordings/{recording}/media")).await?;
    Ok((recording, sound))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn ended(output: &Output, code: i32) -> Result<String> {
    let said = said(output);
    ensure!(output.status.code() == Some(code), "{}: {said}", output.status);
    Ok(said)
}

fn everything(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(everything(&path)?);
        }
        found.push(path);
    }
    found.sort();
    Ok(found)
}

/// The folder of the daemon's data is lost, and comes back from the file.
async fn is_lost_and_restored(daemon: &mut Daemon) -> Result<()> {
    daemon
        .restart_after(async |daemon| {
            let data = daemon.folder().join("data");
            fs::rename(&data, daemon.folder().join("lost"))?;
            let restore = ["restore", "backup.tar.gz", "--state-dir", "data"];
            ended(&daemon.command(&restore).await?, 0)?;
            let before = everything(&data)?;
            for path in &before {
                let mode = fs::metadata(path)?.permissions().mode() & 0o077;
                ensure!(mode == 0, "{} is open to others: {mode:o}", path.display());
            }
            let again = ended(&daemon.command(&restore).await?, 1)?;
            ensure!(again.contains("nothing is ever overwritten"), "{again}");
            ensure!(everything(&data)? == before, "a refused restore changed something");
            Ok(())
        })
        .await
}

#[tokio::test]
async fn a_backup_made_while_people_talk_brings_everything_back_on_an_empty_machine() -> Result<()> {
    let mut daemon = Daemon::start(&["101", "102"]).await?;
    let mut pair = phones(&daemon).await?;
    let (recording, sound) = recorded(&daemon, &mut pair).await?;
    let keys = fs::read(daemon.folder().join("data/tls/key.pem"))?;
    let settings = fs::read(daemon.folder().join("frontdesk.toml"))?;

    let [caller, callee] = &mut pair;
    let offer = sdp(42_000);
    let (answer, invite) = tokio::join!(caller.dial("102", &offer), async {
        let invite = callee.request_of("INVITE").await?;
        let headers = format!("Contact: <{}>\r\nContent-Type: application/sdp\r\n", callee.contact());
        callee.respond(&invite, 200, (&headers, &sdp(42_002))).await?;
        callee.request_of("ACK").await
    });
    let answer = answer?;
    invite?;
    let kept = async || {
        let recordings = daemon.get("/recordings").await.ok()?;
        (recordings["items"].as_array()?.len() == 2).then_some(())
    };
    eventually("both calls in the records", Duration::from_secs(10), kept).await?;
    let backup = ["backup", "--to", "backup.tar.gz", "--recordings"];
    ended(&daemon.command(&backup).await?, 0)?;
    let again = ended(&daemon.command(&backup).await?, 1)?;
    ensure!(again.contains("nothing is ever overwritten"), "{again}");
    let (gone, left) = tokio::join!(caller.hang_up(&answer), async {
        let bye = callee.request_of("BYE").await?;
        callee.respond(&bye, 200, ("", "")).await
    });
    gone?;
    left?;
    daemon.last_call().await?;
    let file = daemon.folder().join("backup.tar.gz");
    ensure!(
        fs::metadata(&file)?.permissions().mode() & 0o777 == 0o600,
        "others can read it"
    );
    let verified = ended(&daemon.command(&["backup", "verify", "backup.tar.gz"]).await?, 0)?;
    ensure!(
        verified.contains("whole") && verified.contains("with recordings"),
        "{verified}"
    );

    let late = json!({ "surname": "Late", "short_number": "109" });
    daemon.post("/staff", &late).await?;
    is_lost_and_restored(&mut daemon).await?;

    let (login, password) = daemon.credentials.clone();
    let main = Caller::log_in(&daemon.base(), &login, &password).await;
    let staff = main.get("/staff?search=Late").await.expect(200);
    ensure!(
        staff.body["items"] == json!([]),
        "hired after the backup: {}",
        staff.body
    );
    let played = daemon.download(&format!("/recordings/{recording}/media")).await?;
    ensure!(played == sound, "{} bytes instead of {}", played.len(), sound.len());
    let calls = daemon.get("/calls").await?;
    let open = calls["items"].as_array().context("no list")?.iter();
    ensure!(open.clone().all(|call| call["ended_at"].is_string()), "{calls}");
    ensure!(open.count() == 2, "the call that was going on is kept: {calls}");
    recorded(&daemon, &mut phones(&daemon).await?).await?;
    ensure!(
        fs::read(daemon.folder().join("data/tls/key.pem"))? == keys,
        "the phones know another key"
    );
    ensure!(fs::read(daemon.folder().join("data/frontdesk.toml"))? == settings);
    daemon.stop().await
}

#[tokio::test]
async fn a_damaged_backup_is_told_and_restores_nothing() -> Result<()> {
    let daemon = Daemon::start(&["101"]).await?;
    ended(&daemon.command(&["backup", "--to", "backup.tar.gz"]).await?, 0)?;
    let whole = fs::read(daemon.folder().join("backup.tar.gz"))?;
    let mut changed = whole.clone();
    // One bit alone may be no change: a distance inside a run of zeros.
    let middle = changed.len() / 2;
    changed[middle..middle + 64].iter_mut().for_each(|byte| *byte = !*byte);
    for (what, bytes) in [
        ("cut off", &whole[..whole.len() - 20]),
        ("cut off early", &whole[..whole.len() / 2]),
        ("empty", &[][..]),
        ("changed", &changed[..]),
        ("something else", b"hello".as_slice()),
    ] {
        fs::write(daemon.folder().join("bad.tar.gz"), bytes)?;
        let verify = daemon.command(&["backup", "verify", "bad.tar.gz"]).await?;
        let told = ended(&verify, 2).with_context(|| what.to_owned())?;
        ensure!(told.contains("bad.tar.gz is damaged"), "{what}: {told}");
        let restore = daemon
            .command(&["restore", "bad.tar.gz", "--state-dir", "fresh"])
            .await?;
        ended(&restore, 2).with_context(|| what.to_owned())?;
        ensure!(!daemon.folder().join("fresh").exists(), "{what}: something was made");
    }
    ended(&daemon.command(&["backup", "verify", "none.tar.gz"]).await?, 1)?;
    ended(&daemon.command(&["backup", "--to", "data/inside.tar.gz"]).await?, 1)?;
    ended(&daemon.command(&["backup", "--to", "no/such/folder.tar.gz"]).await?, 1)?;
    daemon.stop().await
}

#[tokio::test]
async fn a_disk_that_is_full_leaves_no_half_of_a_backup_or_of_a_restore() -> Result<()> {
    let daemon = Daemon::start(&["101"]).await?;
    ended(&daemon.command(&["backup", "--to", "whole.tar.gz"]).await?, 0)?;
    fs::create_dir(daemon.folder().join("disk"))?;
    // No file may grow beyond so many kilobytes: the copy of the database, and then the archive, meet the end of the disk.
    for kilobytes in [16, 1_024] {
        fs::write(daemon.folder().join("data/large"), noise(2_000_000))?;
        let script = format!("trap '' XFSZ; ulimit -f {kilobytes}; exec {{}} backup --to disk/backup.tar.gz");
        let told = ended(&daemon.shell(&script).await?, 1)?;
        ensure!(told.starts_with("frontdesk: "), "{told}");
        ensure!(everything(&daemon.folder().join("disk"))?.is_empty(), "{told}");
    }
    let script = "trap '' XFSZ; ulimit -f 16; exec {} restore whole.tar.gz --state-dir disk";
    let told = ended(&daemon.shell(script).await?, 1)?;
    ensure!(told.contains("nothing was restored into disk"), "{told}");
    ensure!(everything(&daemon.folder().join("disk"))?.is_empty(), "{told}");
    daemon.stop().await
}

/// What does not become smaller.
fn noise(bytes: u32) -> Vec<u8> {
    let steps = (0..bytes).scan(1_u32, |state, _| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some(state.to_be_bytes()[0])
    });
    steps.collect()
}

#[tokio::test]
async fn a_company_moves_to_postgres_and_back_and_nothing_is_lost() -> Result<()> {
    let Some(scratch) = testing::postgres().await? else {
        return Ok(());
    };
    let daemon = Daemon::start(&["101", "102"]).await?;
    recorded(&daemon, &mut phones(&daemon).await?).await?;
    let own = daemon.folder().join("data/frontdesk.db").display().to_string();
    let before = counted(&own).await?;
    let told = ended(&daemon.command(&["db", "copy", "--to", &scratch.url]).await?, 0)?;
    ensure!(told.contains("were copied and compared"), "{told}");
    let again = ended(&daemon.command(&["db", "copy", "--to", &scratch.url]).await?, 1)?;
    ensure!(again.contains("nothing is ever overwritten"), "{again}");
    ensure!(!again.contains(&scratch.url), "an address may hold a password");
    let moved = copy::digests(&scratch.db).await?;
    ensure!(
        moved.iter().any(|table| table.table == "calls" && table.rows == 1),
        "{moved:?}"
    );

    let script = format!(
        "FRONTDESK_DATA_DATABASE_URL='{}' exec {{}} db copy --to back.db",
        scratch.url
    );
    ended(&daemon.shell(&script).await?, 0)?;
    let back = daemon.folder().join("back.db");
    ensure!(
        fs::metadata(&back)?.permissions().mode() & 0o777 == 0o600,
        "others can read it"
    );
    ensure!(counted(&back.display().to_string()).await? == moved);
    ensure!(before.len() == moved.len());
    // A backup of PostgreSQL is one of SQLite: it needs no tool of either.
    let script = format!(
        "FRONTDESK_DATA_DATABASE_URL='{}' exec {{}} backup --to pg.tar.gz",
        scratch.url
    );
    ended(&daemon.shell(&script).await?, 0)?;
    ended(
        &daemon
            .command(&["restore", "pg.tar.gz", "--state-dir", "fresh"])
            .await?,
        0,
    )?;
    let restored = daemon.folder().join("fresh/frontdesk.db").display().to_string();
    ensure!(counted(&restored).await? == moved);
    if let Some(empty) = testing::postgres().await? {
        let script = format!(
            "FRONTDESK_DATA_DATABASE_URL='{}' exec {{}} restore pg.tar.gz --state-dir other",
            empty.url
        );
        ended(&daemon.shell(&script).await?, 0)?;
        ensure!(copy::digests(&empty.db).await? == moved);
        ensure!(!daemon.folder().join("other/frontdesk.db").exists());
        empty.close().await?;
    }
    scratch.close().await?;
    daemon.stop().await
}

async fn counted(path: &str) -> Result<Vec<copy::Copied>> {
    let db = Db::existing(path).await?;
    let counted = copy::digests(&db).await?;
    db.close().await;
    Ok(counted)
}
