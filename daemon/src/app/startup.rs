//! What a start does before anything is served: the database, the first account, what a crash left open.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use frontdesk_config::Config;
use frontdesk_crm_core::import;
use frontdesk_crm_core::journal::{self, Entry};
use frontdesk_crm_core::setup::{self, Beginning};
use frontdesk_crm_core::store::{Db, Stamp};
use frontdesk_crm_core::{accounts, audit, calls, mailboxes, prompts as kept, recordings, revisions, voicemails};
use frontdesk_recordings::{layout, recover};
use frontdesk_routing::ids::AccountId;

use super::greeting::Welcome;
use crate::engine::Messages;
use crate::engine::input::{Input, OperatorCommand, Phrase};
use crate::shell::{EngineHandle, clock};
use crate::{music, prompts};

pub fn stamp() -> Stamp {
    Stamp {
        unix_ms: clock::unix_ms(),
        random: clock::random_u128(),
    }
}

/// The database as it can be served from; the first account's secrets when it was made now.
pub(super) async fn data(config: &Config) -> anyhow::Result<(Db, Option<Welcome>)> {
    let db = database(config).await?;
    let welcome = first_account(&db, config).await?;
    seal(&db).await?;
    look_around(&db).await?;
    interrupted_imports(&db).await?;
    recover(&db, &config.recordings_dir()).await?;
    Ok((db, welcome))
}

/// Opens the database, making folder and schema when they are not there.
pub async fn database(config: &Config) -> anyhow::Result<Db> {
    let folder = &config.data.dir;
    fs::create_dir_all(folder).with_context(|| format!("the folder {} (data.dir) cannot be made", folder.display()))?;
    let recordings = config.recordings_dir();
    fs::create_dir_all(&recordings)
        .with_context(|| format!("the folder {} (recording.dir) cannot be made", recordings.display()))?;
    let url = config.database_url();
    // A PostgreSQL address holds a password: only a file's path is shown.
    let shown = if config.data.database_url.is_some() {
        "data.database_url".to_owned()
    } else {
        url.reveal().to_owned()
    };
    let db = Db::open(url.reveal())
        .await
        .with_context(|| format!("the database {shown} cannot be opened"))?;
    db.migrate()
        .await
        .with_context(|| format!("the schema of the database {shown} cannot be brought up to date"))?;
    let chained = audit::chain_old(&db, &mut stamp().ids())
        .await
        .with_context(|| format!("the audit in the database {shown} cannot be chained"))?;
    if chained > 0 {
        tracing::info!(rows = chained, "the audit is a chain now");
    }
    Ok(db)
}

/// Imports that ran when the daemon ended run no more.
async fn interrupted_imports(db: &Db) -> anyhow::Result<()> {
    let interrupted = import::interrupted(db, stamp().unix_ms)
        .await
        .context("the imports that ran cannot be read")?;
    if interrupted > 0 {
        tracing::warn!(
            imports = interrupted,
            "imports were interrupted; nothing of them came in"
        );
    }
    Ok(())
}

/// Makes the first account when there is none; its secrets are shown once.
async fn first_account(db: &Db, config: &Config) -> anyhow::Result<Option<Welcome>> {
    let beginning = Beginning {
        realm: config.sip.realm.clone(),
        ..Beginning::default()
    };
    let first = setup::first_start(db, stamp(), beginning)
        .await
        .context("the first account cannot be made")?;
    Ok(first.map(|first| Welcome {
        login: first.login,
        password: first.password,
        sip_user: first.sip.user,
        sip_password: first.sip.secret,
    }))
}

/// What was changed in the configuration while nobody watched is part of its history too.
async fn look_around(db: &Db) -> anyhow::Result<()> {
    let changed = revisions::look_around(db, stamp().unix_ms).await;
    let changed = changed.context("the configuration's history cannot be brought up to date")?;
    if changed > 0 {
        tracing::warn!(
            things = changed,
            "the configuration was changed behind the daemon's back"
        );
    }
    Ok(())
}

/// Gives accounts what older versions did not make for them.
async fn seal(db: &Db) -> anyhow::Result<()> {
    let sealed = accounts::seal(db, &mut stamp().ids()).await;
    sealed.context("the accounts' keys cannot be made")
}

/// Hands the engine the music that accounts have given us, and what it is to know of mailboxes.
pub(super) async fn music(db: &Db, data: &Path, engine: &EngineHandle) -> anyhow::Result<()> {
    let accounts = accounts::list(db).await.context("the accounts cannot be listed")?;
    let accounts: Vec<AccountId> = accounts.iter().map(|account| account.id).collect();
    for (account, sound) in music::all(&data.join(music::FOLDER), &accounts) {
        let sound = Some(sound);
        engine.send(Input::Operator(OperatorCommand::Music { account, sound }));
    }
    mailboxes(db, data, engine).await
}

/// Hands the engine the mailboxes' greetings, and what waits in them.
async fn mailboxes(db: &Db, data: &Path, engine: &EngineHandle) -> anyhow::Result<()> {
    let mailboxes = mailboxes::with_greeting(db)
        .await
        .context("the mailboxes cannot be listed")?;
    for (mailbox, sound) in music::all(&data.join(music::GREETINGS), &mailboxes) {
        let sound = Some(sound);
        engine.send(Input::Operator(OperatorCommand::Greeting { mailbox, sound }));
    }
    let lamps = voicemails::lamps(db, None)
        .await
        .context("the messages cannot be counted")?;
    for lamp in lamps {
        let messages = Messages::from(&lamp);
        engine.send(Input::Mailbox {
            staff: lamp.staff,
            messages,
        });
    }
    Ok(())
}

/// Hands the engine the prompts that accounts have given us. One that cannot be played is told of and left alone.
pub(super) async fn prompts(db: &Db, data: &Path, engine: &EngineHandle) -> anyhow::Result<()> {
    let all = kept::all(db).await.context("the prompts cannot be listed")?;
    let folder = data.join(prompts::FOLDER);
    for (account, kept) in all {
        match prompts::read(&folder, kept.id) {
            Ok(sound) => {
                engine.send(Input::Operator(OperatorCommand::Prompt {
                    account,
                    prompt: kept.id,
                    replaces: kept.replaces.as_deref().and_then(Phrase::named),
                    sound: Some(Arc::new(sound)),
                }));
            }
            Err(error) => tracing::warn!(%account, prompt = %kept.id, %error, "a prompt cannot be played"),
        }
    }
    Ok(())
}

/// Repairs the files that a crash left open, links them to their calls and ends those calls.
async fn recover(db: &Db, root: &Path) -> anyhow::Result<()> {
    let unfinished = recordings::unfinished(db)
        .await
        .context("unfinished recordings cannot be listed")?;
    let mut entries = Vec::new();
    for recording in &unfinished {
        let repaired = match layout::within(root, Path::new(&recording.path)) {
            Some(path) => recover::repair(&path).map_err(|error| error.to_string()),
            None => Err("its path leaves the folder".to_owned()),
        };
        entries.push(match repaired {
            Ok(extent) if extent.duration_ms > 0 => Entry::RecordingReady {
                recording: recording.id,
                duration_ms: i64::try_from(extent.duration_ms).unwrap_or(i64::MAX),
                bytes: i64::try_from(extent.bytes).unwrap_or(i64::MAX),
            },
            Ok(_) => Entry::RecordingFailed {
                recording: recording.id,
                problem: "the daemon stopped before any sound was kept".to_owned(),
                duration_ms: 0,
            },
            Err(problem) => Entry::RecordingFailed {
                recording: recording.id,
                problem,
                duration_ms: 0,
            },
        });
    }
    journal::apply(db, &entries)
        .await
        .context("repaired recordings cannot be noted")?;
    let closed = calls::close_open(db, clock::unix_ms())
        .await
        .context("open calls cannot be closed")?;
    if closed > 0 || !unfinished.is_empty() {
        tracing::info!(
            calls = closed,
            recordings = unfinished.len(),
            "the last run did not end well: closed what it left open"
        );
    }
    Ok(())
}
