//! Messages for those who hear them by phone: read, marked and deleted beside the engine, which never waits for a disk.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use frontdesk_crm_core::access::Scope;
use frontdesk_crm_core::audit::{Actor, Author};
use frontdesk_crm_core::calls;
use frontdesk_crm_core::mailboxes;
use frontdesk_crm_core::recordings::{self, Recording, RecordingState};
use frontdesk_crm_core::store::{Db, Stamp, StoreError};
use frontdesk_crm_core::voicemails::{self, Lamp, Reader};
use frontdesk_media::sound::Sound;
use frontdesk_recordings::{SAMPLE_RATE, layout, playback};
use frontdesk_routing::ids::{AccountId, RecordingId};
use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::engine::Messages;
use crate::engine::input::{InboxAnswer, Input};
use crate::engine::output::{InboxCommand, InboxWish};
use crate::live::Live;
use crate::shell::{EngineHandle, QueueReader, clock};

/// Wishes that may wait; whoever comes then is told that nothing can be read.
pub(crate) const WAITING: usize = 256;
/// Wishes that are served at the same time: each holds one message.
const AT_ONCE: usize = 8;
/// Messages that are read out in one call.
const MOST: u32 = 100;
/// The engine waits no longer.
const PATIENCE: Duration = Duration::from_secs(9);

/// What is needed to serve wishes.
#[derive(Clone)]
pub(crate) struct Inbox {
    db: Db,
    live: Arc<Live>,
    engine: EngineHandle,
    /// The recordings' folder.
    recordings: PathBuf,
}

/// Why a wish is not fulfilled.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a message's file cannot be deleted: {0}")]
    File(io::Error),
}

impl Inbox {
    pub(crate) fn new((db, live, engine): (&Db, &Arc<Live>, &EngineHandle), recordings: PathBuf) -> Inbox {
        Inbox {
            db: db.clone(),
            live: Arc::clone(live),
            engine: engine.clone(),
            recordings,
        }
    }

    /// Serves the queue until the shutdown, or until nobody can ask any more.
    pub(crate) async fn run(
        self,
        mut wishes: QueueReader<InboxCommand>,
        stopping: CancellationToken,
    ) -> anyhow::Result<()> {
        let mut running = JoinSet::new();
        loop {
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                taken = wishes.take(1), if running.len() < AT_ONCE => {
                    if taken.is_empty() {
                        return Ok(());
                    }
                    wishes.done(taken.len());
                    for command in taken {
                        running.spawn(self.clone().serve(command));
                    }
                }
                Some(done) = running.join_next() => {
                    if let Err(error) = done {
                        anyhow::bail!("the reading of a message broke off: {error}");
                    }
                }
            }
        }
    }

    async fn serve(self, command: InboxCommand) {
        let answer = match tokio::time::timeout(PATIENCE, self.answer(command)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                tracing::warn!(%error, "messages cannot be read by phone");
                Some(InboxAnswer::Away)
            }
            Err(_) => {
                tracing::warn!("messages cannot be read by phone: the database or the disk does not answer");
                Some(InboxAnswer::Away)
            }
        };
        if let Some(answer) = answer {
            let call = command.call;
            self.engine.send(Input::Inbox { call, answer });
        }
    }

    async fn answer(&self, command: InboxCommand) -> Result<Option<InboxAnswer>, Trouble> {
        let reader = Reader {
            account: command.account,
            staff: command.staff,
            all: false,
        };
        Ok(match command.wish {
            InboxWish::List => {
                let found = voicemails::to_hear(&self.db, reader, MOST).await?;
                let messages = found.iter().map(|message| message.recording);
                Some(InboxAnswer::Listed(messages.collect()))
            }
            InboxWish::Load(message) => Some(match self.load(reader, message).await? {
                Some(sound) => InboxAnswer::Loaded(message, Arc::new(sound)),
                None => InboxAnswer::Missing(message),
            }),
            InboxWish::Heard(message) => {
                self.hear(reader, message).await?;
                None
            }
            InboxWish::Delete(message) => Some(match self.delete(reader, message).await? {
                true => InboxAnswer::Deleted(message),
                false => InboxAnswer::Missing(message),
            }),
        })
    }

    /// `None`: there is no such message any more, or its file is lost.
    async fn load(&self, reader: Reader, message: RecordingId) -> Result<Option<Sound>, Trouble> {
        let Some(recording) = self.recording(reader, message).await? else {
            return Ok(None);
        };
        let Some(path) = self.path(&recording) else {
            return Ok(None);
        };
        let read = tokio::task::spawn_blocking(move || sound(&path)).await;
        match read.map_err(io::Error::other).flatten() {
            Ok(sound) => {
                voicemails::played(&self.db, &self.author(reader), message).await?;
                Ok(Some(sound))
            }
            Err(error) => {
                tracing::warn!(recording = %message, %error, "a message cannot be played by phone");
                Ok(None)
            }
        }
    }

    async fn hear(&self, reader: Reader, message: RecordingId) -> Result<(), Trouble> {
        if voicemails::hear(&self.db, &self.author(reader), message, true).await? {
            let data = json!({ "voicemail_id": message.to_string(), "heard": true });
            self.live.publish(reader.account, "voicemail.changed", data);
            light(&self.db, &self.engine, reader.account).await?;
        }
        Ok(())
    }

    /// False: it is no more already.
    async fn delete(&self, reader: Reader, message: RecordingId) -> Result<bool, Trouble> {
        let Some(recording) = self.recording(reader, message).await? else {
            return Ok(false);
        };
        // The file first: what the database calls deleted must be gone.
        if let Some(path) = self.path(&recording)
            && let Err(error) = tokio::fs::remove_file(&path).await
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(Trouble::File(error));
        }
        match recordings::delete(&self.db, &self.author(reader), message).await {
            Ok(()) => {}
            Err(StoreError::Gone) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        let (account, call) = (reader.account, recording.call);
        let found = calls::get(&self.db, Scope::whole(account), call).await;
        let data = json!({ "recording_id": message.to_string(), "call_id": call.to_string() });
        let whose = found.ok().map(|call| call.whose());
        self.live.publish_of(account, "recording.deleted", whose, data);
        let data = json!({ "voicemail_id": message.to_string() });
        self.live.publish(account, "voicemail.deleted", data);
        light(&self.db, &self.engine, account).await?;
        Ok(true)
    }

    /// That of a message which this reader may hear.
    async fn recording(&self, reader: Reader, message: RecordingId) -> Result<Option<Recording>, Trouble> {
        let found = match voicemails::get(&self.db, reader, message).await {
            Ok(_) => recordings::get(&self.db, Scope::whole(reader.account), message).await,
            Err(error) => Err(error),
        };
        match found {
            Ok(recording) => Ok(Some(recording)),
            Err(StoreError::NotFound | StoreError::Gone) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn path(&self, recording: &Recording) -> Option<PathBuf> {
        match recording.state {
            RecordingState::Ready | RecordingState::Failed => {
                layout::within(&self.recordings, Path::new(&recording.path))
            }
            RecordingState::Recording | RecordingState::Deleted => None,
        }
    }

    /// Whoever listens, by phone.
    fn author(&self, reader: Reader) -> Author {
        let plan = self.live.plan();
        let name = plan.staff.get(reader.staff).map(|person| person.name.to_string());
        Author {
            account: reader.account,
            actor: Actor {
                staff: Some(reader.staff),
                name: name.unwrap_or_default(),
                ip: None,
            },
            login: None,
            stamp: Stamp {
                unix_ms: clock::unix_ms(),
                random: clock::random_u128(),
            },
        }
    }
}

impl From<&Lamp> for Messages {
    fn from(lamp: &Lamp) -> Messages {
        Messages {
            new: lamp.fresh,
            old: lamp.heard,
        }
    }
}

/// The account's lamps show what stands in the mailboxes.
pub(crate) async fn light(db: &Db, engine: &EngineHandle, account: AccountId) -> Result<(), StoreError> {
    for lamp in voicemails::lamps(db, Some(account)).await? {
        let messages = Messages::from(&lamp);
        let staff = lamp.staff;
        engine.send(Input::Mailbox { staff, messages });
    }
    Ok(())
}

/// What the caller said, who is on the left.
fn sound(path: &Path) -> io::Result<Sound> {
    let longest = Duration::from_secs(u64::try_from(mailboxes::LONGEST_S).unwrap_or_default());
    Ok(Sound {
        rate: SAMPLE_RATE,
        samples: playback::left(path, longest)?,
    })
}
