//! Clients who were erased lately, in front of the journal: calls that went on when they were erased, and those that had
//! ended without being written yet, are written without what names them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use frontdesk_routing::ids::{AccountId, ClientId, RecordingId};
use frontdesk_routing::number::PhoneNumber;
use sha2::{Digest, Sha256};

use crate::calls::{Call, Leg};
use crate::journal::Entry;
use crate::store::text::id;
use crate::store::{Arg, Db, StoreError, Tx, args};

const ADD: &str = "INSERT INTO erasures (account_id, client_id, mark, at) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (client_id, mark) DO NOTHING";
const ANY: &str = "SELECT at FROM erasures LIMIT 1";
/// Values of one statement; the last one fills places that are left.
const TOGETHER: usize = 25;
macro_rules! those {
    ($which:literal) => {
        concat!(
            "SELECT account_id, client_id, mark, at FROM erasures WHERE ",
            $which,
            " IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, \
             $24, $25)"
        )
    };
}
const OF_CLIENTS: &str = those!("mark = '' AND client_id");
const OF_NUMBERS: &str = those!("mark");
const FORGET: &str = "DELETE FROM erasures WHERE at < $1";
const LAST: &str = "SELECT at FROM erasures ORDER BY at DESC LIMIT 1";

pub(crate) const ALL: &[&str] = &[ADD, ANY, OF_CLIENTS, OF_NUMBERS, FORGET, LAST];

/// Longer than any call.
const KEPT_MS: i64 = 2 * 24 * 3_600_000;

#[derive(sqlx::FromRow)]
struct Row {
    account_id: String,
    client_id: String,
    mark: String,
    at: i64,
}

#[derive(sqlx::FromRow)]
struct AtRow {
    at: i64,
}

/// Those that a batch of the journal has to know; mostly none.
#[derive(Default)]
pub(crate) struct Erasures {
    clients: BTreeSet<(AccountId, ClientId)>,
    /// Digests of numbers, and until when calls were their clients'.
    marks: BTreeMap<String, i64>,
}

/// What a batch is to be written as.
pub(crate) struct Written<'a> {
    pub(crate) entries: Cow<'a, [Entry]>,
    /// Recordings that have begun in it and whose sound is not to be kept.
    pub(crate) silenced: BTreeSet<RecordingId>,
}

/// Remembers an erased client for as long as calls may go on.
pub(super) async fn add(
    tx: &mut Tx,
    (account, client): (AccountId, ClientId),
    numbers: &[PhoneNumber],
    now: i64,
) -> Result<(), StoreError> {
    tx.run(ADD, args![account, client, "", now]).await?;
    for number in numbers {
        let mark = mark(account, &number.reveal());
        tx.run(ADD, args![account, client, mark, now]).await?;
    }
    Ok(())
}

/// Forgets erasures that no call can concern any more.
///
/// # Errors
/// Those of the database.
pub async fn forget_erasures(db: &Db, now: i64) -> Result<u64, StoreError> {
    db.run(FORGET, args![now.saturating_sub(KEPT_MS)]).await
}

/// When a client was erased last, of the last two days; unix milliseconds.
///
/// # Errors
/// Those of the database.
pub async fn last_erased(db: &Db) -> Result<Option<i64>, StoreError> {
    let row: Option<AtRow> = db.one(LAST, args![]).await?;
    Ok(row.map(|row| row.at))
}

/// The number is not to be read from it at a glance; it is gone after two days.
fn mark(account: AccountId, number: &str) -> String {
    hex::encode(Sha256::digest(format!("{account} {number}")))
}

impl Erasures {
    /// Those that concern the batch's clients and numbers, however many others were erased.
    pub(crate) async fn read(tx: &mut Tx, entries: &[Entry]) -> Result<Erasures, StoreError> {
        let mut erasures = Erasures::default();
        let any: Option<AtRow> = tx.one(ANY, args![]).await?;
        if any.is_none() {
            return Ok(erasures);
        }
        let calls = || entries.iter().filter_map(call_of).map(|(call, _)| call);
        let clients: BTreeSet<String> = calls()
            .filter_map(|call| call.client)
            .map(|id| id.to_string())
            .collect();
        for row in those(tx, OF_CLIENTS, clients).await? {
            erasures.clients.insert((id(&row.account_id)?, id(&row.client_id)?));
        }
        for row in those(tx, OF_NUMBERS, calls().flat_map(marks_of).collect()).await? {
            let at = erasures.marks.entry(row.mark).or_insert(row.at);
            *at = row.at.max(*at);
        }
        Ok(erasures)
    }

    /// The batch without what names anybody who was erased.
    pub(crate) fn take_out<'a>(&self, entries: &'a [Entry]) -> Written<'a> {
        let mut written = Written {
            entries: Cow::Borrowed(entries),
            silenced: BTreeSet::new(),
        };
        if self.clients.is_empty() && self.marks.is_empty() {
            return written;
        }
        for (place, entry) in entries.iter().enumerate() {
            let Some((call, legs)) = call_of(entry) else { continue };
            let Some(blank) = self.blanked(call) else { continue };
            written.silenced.extend(begun(entry));
            let legs = legs.iter().map(blank_leg).collect();
            if let Some(entry) = written.entries.to_mut().get_mut(place) {
                put(entry, blank, legs);
            }
        }
        written
    }

    /// The call without the parties who were erased; `None`: there are none.
    fn blanked(&self, call: &Call) -> Option<Call> {
        let known = call
            .client
            .is_some_and(|client| self.clients.contains(&(call.account, client)));
        let has = |number: Option<&str>| {
            let until = number.and_then(|number| self.marks.get(&mark(call.account, number)));
            // whoever calls again later is a stranger
            until.is_some_and(|until| call.started_at <= *until)
        };
        let caller = call.caller.staff.is_none() && (known || has(call.caller.number.as_deref()));
        let is_theirs = known && call.caller.staff.is_some();
        let callee = call.callee.staff.is_none() && (is_theirs || has(call.callee.number.as_deref()));
        if !caller && !callee {
            return None;
        }
        let mut blank = call.clone();
        if caller {
            (blank.caller.number, blank.caller.name) = (None, None);
        }
        if callee {
            (blank.callee.number, blank.callee.name) = (None, None);
            if blank.caller.staff.is_some() {
                blank.called.clear();
            }
        }
        Some(blank)
    }
}

/// The call that an entry tells of.
fn call_of(entry: &Entry) -> Option<(&Call, &[Leg])> {
    match entry {
        Entry::RecordingStarted { call, legs, .. } | Entry::CallEnded { call, legs } => Some((call, legs)),
        Entry::BindingSaved(_)
        | Entry::BindingRemoved { .. }
        | Entry::SubscriptionSaved(_)
        | Entry::SubscriptionRemoved { .. }
        | Entry::RecordingReady { .. }
        | Entry::RecordingFailed { .. }
        | Entry::MessageStarted { .. }
        | Entry::MessageDropped { .. }
        | Entry::LineLeft(_)
        | Entry::SettingChanged(_)
        | Entry::BlockSaved(_)
        | Entry::BlockRemoved(_) => None,
    }
}

/// The recording that has begun with it.
fn begun(entry: &Entry) -> Option<RecordingId> {
    if let Entry::RecordingStarted { recording, .. } = entry {
        return Some(*recording);
    }
    None
}

/// Digests of the numbers of its parties from outside.
fn marks_of(call: &Call) -> impl Iterator<Item = String> {
    let outside = [&call.caller, &call.callee]
        .into_iter()
        .filter(|party| party.staff.is_none());
    outside.filter_map(|party| Some(mark(call.account, party.number.as_deref()?)))
}

async fn those(tx: &mut Tx, sql: &'static str, values: BTreeSet<String>) -> Result<Vec<Row>, StoreError> {
    let values: Vec<String> = values.into_iter().collect();
    let mut found = Vec::new();
    for part in values.chunks(TOGETHER) {
        let last = part.iter().rev().take(1).cycle();
        let places = part.iter().chain(last).take(TOGETHER).map(Arg::from);
        let rows: Vec<Row> = tx.all(sql, places.collect()).await?;
        found.extend(rows);
    }
    Ok(found)
}

fn blank_leg(leg: &Leg) -> Leg {
    Leg {
        peer: leg.peer.clone().filter(|_| leg.staff.is_some()),
        ..leg.clone()
    }
}

fn put(entry: &mut Entry, blank: Call, blank_legs: Vec<Leg>) {
    if let Entry::RecordingStarted { call, legs, .. } | Entry::CallEnded { call, legs } = entry {
        (**call, *legs) = (blank, blank_legs);
    }
}
