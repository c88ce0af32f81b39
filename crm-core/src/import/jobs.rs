//! What became of each file that was brought in.

use frontdesk_routing::ids::{AccountId, ImportId, StaffId};
use frontdesk_routing::masking::Viewer;
use serde_json::json;

use super::{Duplicates, Format, Kind};
use crate::audit::{self, Author, Deed};
use crate::store::page::{self, Place};
use crate::store::text::{id, maybe_id};
use crate::store::{Db, Ids, Listing, Page, StoreError, Tx, args};

macro_rules! job {
    ($rest:literal) => {
        concat!(
            "SELECT id, staff_id, author_name, kind, file_name, format, duplicates, state, row_count, created, updated, \
             skipped, problem, started_at, ended_at FROM imports WHERE account_id = $1 ",
            $rest
        )
    };
}

const LIST: &str = job!("AND (started_at, id) < ($2, $3) ORDER BY started_at DESC, id DESC LIMIT $4");
const GET: &str = job!("AND id = $2");
const INSERT: &str = "INSERT INTO imports (id, account_id, staff_id, author_name, kind, file_name, format, duplicates, state, \
    row_count, created, updated, skipped, started_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'running', $9, 0, 0, 0, $10)";
const DONE: &str =
    "UPDATE imports SET state = 'done', created = $2, updated = $3, skipped = $4, ended_at = $5 WHERE id = $1";
const FAIL: &str =
    "UPDATE imports SET state = 'failed', problem = $2, ended_at = $3 WHERE id = $1 AND state = 'running'";
const INTERRUPTED: &str = "UPDATE imports SET state = 'interrupted', ended_at = $1 WHERE state = 'running'";

pub(crate) const ALL: &[&str] = &[LIST, GET, INSERT, DONE, FAIL, INTERRUPTED];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Running,
    Done,
    /// Nothing came in; the problem says why.
    Failed,
    /// The daemon ended in the middle; nothing came in.
    Interrupted,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Done => "done",
            State::Failed => "failed",
            State::Interrupted => "interrupted",
        }
    }
}

/// A file that is brought in, or was.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: ImportId,
    pub staff: Option<StaffId>,
    pub author: String,
    pub kind: String,
    pub file_name: String,
    pub format: String,
    pub duplicates: String,
    pub state: State,
    pub rows: i64,
    pub created: i64,
    pub updated: i64,
    pub skipped: i64,
    pub problem: Option<String>,
    pub started_at: i64,
    pub ended_at: Option<i64>,
}

impl Job {
    /// The names of files and what is said of faults may hold numbers.
    #[must_use]
    pub fn seen_by(self, viewer: Viewer<'_>) -> Job {
        Job {
            file_name: viewer.text(&self.file_name),
            problem: self.problem.map(|problem| viewer.text(&problem)),
            ..self
        }
    }
}

/// What came of the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ended {
    pub created: usize,
    pub updated: usize,
    pub skipped: usize,
}

impl Ended {
    /// All that there were.
    pub fn rows(&self) -> usize {
        self.created.saturating_add(self.updated).saturating_add(self.skipped)
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    staff_id: Option<String>,
    author_name: String,
    kind: String,
    file_name: String,
    format: String,
    duplicates: String,
    state: String,
    row_count: i64,
    created: i64,
    updated: i64,
    skipped: i64,
    problem: Option<String>,
    started_at: i64,
    ended_at: Option<i64>,
}

/// Newest first, by cursor.
///
/// # Errors
/// `Invalid`: a cursor that is none of ours.
pub async fn list(db: &Db, account: AccountId, page: &Page) -> Result<Listing<Job>, StoreError> {
    let place = Place::of(page)?;
    let values = args![account, place.at, place.id, page.limit.saturating_add(1)];
    let place = |row: &Row| Place {
        at: row.started_at,
        id: row.id.clone(),
    };
    let (rows, next_cursor) = page::newest(db.all(LIST, values).await?, page, place);
    Ok(Listing {
        items: rows.into_iter().map(read).collect::<Result<_, _>>()?,
        total: 0,
        filtered: 0,
        next_cursor,
    })
}

pub async fn get(db: &Db, account: AccountId, job: ImportId) -> Result<Job, StoreError> {
    let row: Option<Row> = db.one(GET, args![account, job]).await?;
    row.ok_or(StoreError::NotFound).and_then(read)
}

/// Notes that a file of so many rows begins to come in.
pub async fn begin(
    db: &Db,
    author: &Author,
    (kind, format, file_name): (Kind, Format, &str),
    (duplicates, count): (Duplicates, usize),
) -> Result<ImportId, StoreError> {
    let mut ids = author.stamp.ids();
    let job = ImportId::new(ids.now, ids.random());
    let values = args![
        job,
        author.account,
        author.actor.staff,
        &author.actor.name,
        kind.name(),
        file_name,
        format.name(),
        duplicates.name(),
        number(count),
        ids.now,
    ];
    let mut tx = db.begin().await?;
    tx.run(INSERT, values).await?;
    let deed = author.deed("import.started", "import", job.to_string());
    let after = json!({ "kind": kind.name(), "file_name": file_name, "rows": count, "duplicates": duplicates.name() });
    let deed = Deed {
        after: Some(after),
        ..deed
    };
    audit::write(&mut tx, &mut ids, deed).await?;
    tx.commit().await?;
    Ok(job)
}

/// In the transaction of the rows.
pub(super) async fn done(
    tx: &mut Tx,
    (author, ids): (&Author, &mut Ids),
    job: ImportId,
    ended: Ended,
) -> Result<(), StoreError> {
    let counts = [ended.created, ended.updated, ended.skipped].map(number);
    let [created, updated, skipped] = counts;
    tx.run(DONE, args![job, created, updated, skipped, ids.now]).await?;
    let deed = author.deed("import.done", "import", job.to_string());
    let after = json!({ "created": created, "updated": updated, "skipped": skipped });
    let deed = Deed {
        after: Some(after),
        ..deed
    };
    audit::write(tx, ids, deed).await
}

/// Nothing came in.
pub async fn fail(db: &Db, job: ImportId, problem: &str, now: i64) -> Result<(), StoreError> {
    db.run(FAIL, args![job, problem, now]).await.map(drop)
}

/// Those that ran when the daemon ended run no more. Gives how many there were.
pub async fn interrupted(db: &Db, now: i64) -> Result<u64, StoreError> {
    db.run(INTERRUPTED, args![now]).await
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn read(row: Row) -> Result<Job, StoreError> {
    let all = [State::Running, State::Done, State::Failed, State::Interrupted];
    let state = all.into_iter().find(|state| state.name() == row.state);
    Ok(Job {
        id: id(&row.id)?,
        staff: maybe_id(&row.staff_id)?,
        author: row.author_name,
        kind: row.kind,
        file_name: row.file_name,
        format: row.format,
        duplicates: row.duplicates,
        state: state.ok_or_else(|| StoreError::Corrupt("an import's state".to_owned()))?,
        rows: row.row_count,
        created: row.created,
        updated: row.updated,
        skipped: row.skipped,
        problem: row.problem,
        started_at: row.started_at,
        ended_at: row.ended_at,
    })
}
