//! What the engine wants remembered: applied in order, a batch in one transaction.

use std::collections::BTreeMap;

use frontdesk_routing::ids::{AccountId, CallId, MailboxId, RecordingId, SipAccountId};

use crate::blocks::{self, KeptBlock};
use crate::calls::{self, Call, Leg};
use crate::clients::{self, Erasures, Stranger};
use crate::forwardings::{self, ByPhone};
use crate::lines::{self, LineStay};
use crate::notices;
use crate::recordings::{self, Started};
use crate::removals::{self, Folder};
use crate::store::text::id;
use crate::store::{Db, StoreError, Tx, args};
use crate::subscriptions::{self, Subscription};
use crate::voicemails::{self, Settled};

const SAVE_BINDING: &str = "INSERT INTO bindings (sip_account_id, name, contact, path, flow, expires_at, q, sip_call_id, \
    cseq, instance, reg_id, user_agent) SELECT p.id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM sip_accounts p \
    WHERE p.id = $1 ON CONFLICT (sip_account_id, name) DO UPDATE SET contact = excluded.contact, path = excluded.path, \
    flow = excluded.flow, expires_at = excluded.expires_at, q = excluded.q, sip_call_id = excluded.sip_call_id, \
    cseq = excluded.cseq, instance = excluded.instance, reg_id = excluded.reg_id, user_agent = excluded.user_agent";
const REMOVE_BINDING: &str = "DELETE FROM bindings WHERE sip_account_id = $1 AND name = $2";
const BINDINGS: &str = "SELECT sip_account_id, name, contact, path, flow, expires_at, q, sip_call_id, cseq, instance, \
    reg_id, user_agent FROM bindings WHERE expires_at > $1 ORDER BY sip_account_id, name";
const FLOWS_OF_OTHERS: &str = "SELECT DISTINCT b.flow FROM bindings b JOIN sip_accounts p ON p.id = b.sip_account_id \
    WHERE p.account_id <> $1 AND b.expires_at > $2";
const EXPIRED: &str = "DELETE FROM bindings WHERE expires_at <= $1";

pub(crate) const ALL: &[&str] = &[SAVE_BINDING, REMOVE_BINDING, BINDINGS, FLOWS_OF_OTHERS, EXPIRED];

/// A registered contact as it is kept over a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    pub sip_account: SipAccountId,
    /// What tells it from the others of the account.
    pub name: String,
    pub contact: String,
    pub path: Vec<String>,
    /// Socket and peer, as the daemon writes them.
    pub flow: String,
    pub expires_at: i64,
    /// Thousandths.
    pub q: u16,
    pub sip_call_id: String,
    pub cseq: u32,
    pub instance: Option<String>,
    pub reg_id: Option<u32>,
    pub user_agent: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    BindingSaved(Box<Binding>),
    BindingRemoved {
        sip_account: SipAccountId,
        name: String,
    },
    SubscriptionSaved(Box<Subscription>),
    SubscriptionRemoved {
        sip_account: SipAccountId,
        name: String,
    },
    /// The call was answered; its recording lies at `path` below the recordings' folder.
    RecordingStarted {
        recording: RecordingId,
        path: String,
        at: i64,
        call: Box<Call>,
        legs: Vec<Leg>,
    },
    RecordingReady {
        recording: RecordingId,
        duration_ms: i64,
        bytes: i64,
    },
    RecordingFailed {
        recording: RecordingId,
        problem: String,
        duration_ms: i64,
    },
    /// The recording is a message that is left in this mailbox.
    MessageStarted {
        recording: RecordingId,
        mailbox: MailboxId,
    },
    /// Nothing was said in it.
    MessageDropped {
        recording: RecordingId,
    },
    CallEnded {
        call: Box<Call>,
        legs: Vec<Leg>,
    },
    LineLeft(LineStay),
    /// Somebody dialled a feature code.
    SettingChanged(ByPhone),
    BlockSaved(KeptBlock),
    /// By its address.
    BlockRemoved(String),
}

/// What others are to learn of what was written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Applied {
    /// Clients who were made for unknown callers.
    pub strangers: Vec<Stranger>,
    pub messages: Vec<Settled>,
}

#[derive(sqlx::FromRow)]
struct Row {
    sip_account_id: String,
    name: String,
    contact: String,
    path: String,
    flow: String,
    expires_at: i64,
    q: i64,
    sip_call_id: String,
    cseq: i64,
    instance: Option<String>,
    reg_id: Option<i64>,
    user_agent: Option<String>,
}

/// All or nothing; the same batch twice does no harm. An entry that the tables will never take is left out and told of:
/// it must not keep back what comes after it.
pub async fn apply(db: &Db, entries: &[Entry]) -> Result<Applied, StoreError> {
    match together(db, entries).await {
        Err(error) if error.is_refusal() => one_by_one(db, entries).await,
        done => done,
    }
}

async fn together(db: &Db, entries: &[Entry]) -> Result<Applied, StoreError> {
    let mut tx = db.begin().await?;
    let written = Erasures::read(&mut tx, entries).await?.take_out(entries);
    let (entries, silenced) = (&*written.entries, &written.silenced);
    let batch = Batch::of(entries);
    let begun = batch.started.values().copied();
    let begun: Vec<Started<'_>> = begun.filter(|begun| silenced.contains(&begun.recording)).collect();
    silence(&mut tx, &begun).await?;
    calls::save(&mut tx, &values(batch.answered)).await?;
    recordings::started(&mut tx, batch.started.into_values()).await?;
    let clientless = batch.ended.values().filter(|(call, _)| call.client.is_none());
    let mut settled: Vec<Call> = clientless.map(|(call, _)| Call::clone(call)).collect();
    let made = clients::settle(&mut tx, &mut settled).await?;
    let settled: BTreeMap<CallId, Call> = settled.into_iter().map(|call| (call.id, call)).collect();
    let ended = batch.ended.into_values();
    let ended: Vec<_> = ended
        .map(|(call, legs)| (settled.get(&call.id).unwrap_or(call), legs))
        .collect();
    calls::save(&mut tx, &ended).await?;
    recordings::ready(&mut tx, batch.ready.into_values()).await?;
    for entry in entries {
        enter(&mut tx, entry).await?;
    }
    let ends: BTreeMap<RecordingId, i64> = entries.iter().filter_map(end_of_sound).collect();
    let mut messages = Vec::new();
    if !ends.is_empty() {
        removals::end(&mut tx).await?;
        voicemails::ended(&mut tx, ends.into_iter()).await?;
        messages = voicemails::settle(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(Applied {
        strangers: made,
        messages,
    })
}

/// Has the sound of calls whose client was erased removed as soon as it has ended.
async fn silence(tx: &mut Tx, begun: &[Started<'_>]) -> Result<(), StoreError> {
    for one in begun {
        let file = (Folder::Recordings, one.path);
        removals::add(tx, one.account, file, Some(one.recording), one.at).await?;
    }
    Ok(())
}

/// Milliseconds of a recording of which nothing more comes.
fn end_of_sound(entry: &Entry) -> Option<(RecordingId, i64)> {
    match entry {
        Entry::RecordingReady {
            recording, duration_ms, ..
        }
        | Entry::RecordingFailed {
            recording, duration_ms, ..
        } => Some((*recording, *duration_ms)),
        Entry::BindingSaved(_)
        | Entry::BindingRemoved { .. }
        | Entry::SubscriptionSaved(_)
        | Entry::SubscriptionRemoved { .. }
        | Entry::RecordingStarted { .. }
        | Entry::MessageStarted { .. }
        | Entry::MessageDropped { .. }
        | Entry::CallEnded { .. }
        | Entry::LineLeft(_)
        | Entry::SettingChanged(_)
        | Entry::BlockSaved(_)
        | Entry::BlockRemoved(_) => None,
    }
}

fn values<K, V>(map: BTreeMap<K, V>) -> Vec<V> {
    map.into_values().collect()
}

/// Entries by what they become, so that many of a kind are written together. What is said of one call or recording keeps
/// its order: it starts, it ends, it is ready.
#[derive(Default)]
struct Batch<'a> {
    answered: BTreeMap<CallId, (&'a Call, &'a [Leg])>,
    started: BTreeMap<RecordingId, Started<'a>>,
    ended: BTreeMap<CallId, (&'a Call, &'a [Leg])>,
    ready: BTreeMap<RecordingId, (RecordingId, i64, i64)>,
}

impl<'a> Batch<'a> {
    fn of(entries: &'a [Entry]) -> Self {
        let mut batch = Batch::default();
        for entry in entries {
            match entry {
                Entry::RecordingStarted {
                    recording,
                    path,
                    at,
                    call,
                    legs,
                } => {
                    batch.answered.insert(call.id, (call, legs));
                    let started = Started {
                        recording: *recording,
                        account: call.account,
                        call: call.id,
                        path,
                        at: *at,
                    };
                    batch.started.insert(*recording, started);
                }
                Entry::CallEnded { call, legs } => {
                    batch.ended.insert(call.id, (call, legs));
                }
                Entry::RecordingReady {
                    recording,
                    duration_ms,
                    bytes,
                } => {
                    batch.ready.insert(*recording, (*recording, *duration_ms, *bytes));
                }
                Entry::BindingSaved(_)
                | Entry::BindingRemoved { .. }
                | Entry::SubscriptionSaved(_)
                | Entry::SubscriptionRemoved { .. }
                | Entry::RecordingFailed { .. }
                | Entry::MessageStarted { .. }
                | Entry::MessageDropped { .. }
                | Entry::LineLeft(_)
                | Entry::SettingChanged(_)
                | Entry::BlockSaved(_)
                | Entry::BlockRemoved(_) => {}
            }
        }
        batch
    }
}

async fn one_by_one(db: &Db, entries: &[Entry]) -> Result<Applied, StoreError> {
    let mut made = Applied::default();
    for entry in entries {
        match together(db, std::slice::from_ref(entry)).await {
            Err(error) if error.is_refusal() => tracing::error!(%error, "a record does not fit the tables and is lost"),
            done => {
                let done = done?;
                made.strangers.extend(done.strangers);
                made.messages.extend(done.messages);
            }
        }
    }
    Ok(made)
}

/// An entry of which there are few; the others are in the [`Batch`].
async fn enter(tx: &mut Tx, entry: &Entry) -> Result<(), StoreError> {
    match entry {
        Entry::BindingSaved(binding) => save_binding(tx, binding).await,
        Entry::BindingRemoved { sip_account, name } => {
            tx.run(REMOVE_BINDING, args![*sip_account, name]).await.map(drop)
        }
        Entry::SubscriptionSaved(subscription) => subscriptions::save(tx, subscription).await,
        Entry::SubscriptionRemoved { sip_account, name } => subscriptions::remove(tx, *sip_account, name).await,
        Entry::RecordingFailed {
            recording,
            problem,
            duration_ms,
        } => recordings::failed(tx, *recording, problem, *duration_ms).await,
        Entry::MessageStarted { recording, mailbox } => voicemails::started(tx, *recording, *mailbox).await,
        Entry::MessageDropped { recording } => voicemails::dropped(tx, *recording).await,
        Entry::LineLeft(stay) => lines::save(tx, stay).await,
        Entry::SettingChanged(made) => forwardings::by_phone(tx, made).await,
        Entry::BlockSaved(block) => blocks::save(tx, block).await,
        Entry::BlockRemoved(address) => blocks::remove(tx, address).await,
        Entry::CallEnded { call, .. } => notices::missed(tx, call).await,
        Entry::RecordingStarted { .. } | Entry::RecordingReady { .. } => Ok(()),
    }
}

async fn save_binding(tx: &mut Tx, binding: &Binding) -> Result<(), StoreError> {
    let values = args![
        binding.sip_account,
        &binding.name,
        &binding.contact,
        binding.path.join("\n"),
        &binding.flow,
        binding.expires_at,
        binding.q,
        &binding.sip_call_id,
        binding.cseq,
        &binding.instance,
        binding.reg_id.map(i64::from),
        &binding.user_agent,
    ];
    tx.run(SAVE_BINDING, values).await.map(drop)
}

/// The contacts that are still good; the others are forgotten.
pub async fn bindings(db: &Db, now: i64) -> Result<Vec<Binding>, StoreError> {
    db.run(EXPIRED, args![now]).await?;
    let rows: Vec<Row> = db.all(BINDINGS, args![now]).await?;
    rows.into_iter().map(read).collect()
}

#[derive(sqlx::FromRow)]
struct FlowRow {
    flow: String,
}

/// Sockets and peers, as the daemon writes them, by which phones and lines of other accounts are registered at `now` (unix
/// milliseconds).
pub async fn flows_of_others(db: &Db, account: AccountId, now: i64) -> Result<Vec<String>, StoreError> {
    let rows: Vec<FlowRow> = db.all(FLOWS_OF_OTHERS, args![account, now]).await?;
    Ok(rows.into_iter().map(|row| row.flow).collect())
}

fn read(row: Row) -> Result<Binding, StoreError> {
    let number = |value: i64| StoreError::Corrupt(format!("{value} in a binding"));
    let reg_id = row.reg_id.map(|id| u32::try_from(id).map_err(|_| number(id)));
    Ok(Binding {
        sip_account: id(&row.sip_account_id)?,
        name: row.name,
        contact: row.contact,
        path: row.path.lines().map(str::to_owned).collect(),
        flow: row.flow,
        expires_at: row.expires_at,
        q: u16::try_from(row.q).map_err(|_| number(row.q))?,
        sip_call_id: row.sip_call_id,
        cseq: u32::try_from(row.cseq).map_err(|_| number(row.cseq))?,
        instance: row.instance,
        reg_id: reg_id.transpose()?,
        user_agent: row.user_agent,
    })
}
