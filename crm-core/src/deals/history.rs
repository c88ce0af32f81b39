//! What has become of leads and deals: a row for each change, which nobody edits.

use frontdesk_routing::ids::{AccountId, ClientId, StaffId};

use super::list::{held, reached, within};
use super::rules::Checked;
use super::{DealChangeId, DealId, Looker};
use crate::audit::Author;
use crate::store::page::Place;
use crate::store::text::{id, maybe_id};
use crate::store::{Db, Ids, Listing, Page, StoreError, Tx, args};

macro_rules! change {
    ($rest:expr) => {
        concat!(
            "SELECT h.id, h.deal_id, d.title, h.what, h.before_word, h.after_word, h.before_at, h.after_at, h.body, h.reason, \
             h.author_id, h.author_name, h.at FROM deal_history h JOIN deals d ON d.id = h.deal_id ",
            $rest
        )
    };
}

const LIST: &str = change!(
    "WHERE h.account_id = $1 AND h.deal_id = $2 AND (h.at, h.id) < ($3, $4) ORDER BY h.at DESC, h.id DESC LIMIT $5"
);
const OF_CLIENT: &str = change!(concat!(
    "WHERE ",
    within!(),
    " AND d.client_id = $5 AND (d.kind <> 'lead' OR d.staff_id = $3 OR NOT $6) AND (h.at, h.id) < ($7, $8) \
     ORDER BY h.at DESC, h.id DESC LIMIT $9"
));
const INSERT: &str = "INSERT INTO deal_history (id, account_id, deal_id, what, before_word, after_word, before_at, after_at, \
    body, reason, author_id, author_name, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

pub(crate) const ALL: &[&str] = &[LIST, OF_CLIENT, INSERT];

/// What has been changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Created,
    /// A lead has become a deal, or was none yet.
    Kind,
    Stage,
    /// The next step: its date or its text.
    Step,
    /// Who has it.
    Owner,
}

impl What {
    pub fn name(self) -> &'static str {
        match self {
            What::Created => "created",
            What::Kind => "kind",
            What::Stage => "stage",
            What::Step => "step",
            What::Owner => "owner",
        }
    }

    fn named(name: &str) -> Option<What> {
        [What::Created, What::Kind, What::Stage, What::Step, What::Owner]
            .into_iter()
            .find(|what| what.name() == name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub id: DealChangeId,
    pub deal: DealId,
    /// The deal's, as it is now.
    pub title: String,
    pub what: What,
    /// Stages and kinds by their words, people by their ids.
    pub before: Option<String>,
    pub after: Option<String>,
    /// When the step was and is due.
    pub step_before: Option<i64>,
    pub step_after: Option<i64>,
    /// What the step is.
    pub text: String,
    /// Why its date was moved.
    pub reason: String,
    /// `None`: the program.
    pub author: Option<StaffId>,
    pub author_name: String,
    pub at: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    deal_id: String,
    title: String,
    what: String,
    before_word: Option<String>,
    after_word: Option<String>,
    before_at: Option<i64>,
    after_at: Option<i64>,
    body: String,
    reason: String,
    author_id: Option<String>,
    author_name: String,
    at: i64,
}

/// Newest first, by cursor; whether the deal may be seen has been looked at.
pub async fn history(db: &Db, account: AccountId, deal: DealId, page: &Page) -> Result<Listing<Change>, StoreError> {
    let place = Place::of(page)?;
    let values = args![account, deal, place.at, place.id, page.limit.saturating_add(1)];
    let mut rows: Vec<Row> = db.all(LIST, values).await?;
    let shown = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    let place = |row: &Row| Place {
        at: row.at,
        id: row.id.clone(),
    };
    let next_cursor = rows.last().filter(|_| more).map(|row| place(row).write());
    Ok(Listing {
        items: rows.into_iter().map(read).collect::<Result<_, _>>()?,
        total: 0,
        filtered: 0,
        next_cursor,
    })
}

/// What has become of a client's, as far as somebody may look at it; newest first, from a place on.
pub(crate) async fn of_client(
    db: &Db,
    (client, looker): (ClientId, Looker),
    (place, most): (&Place, u32),
) -> Result<Vec<Change>, StoreError> {
    let held = held(db, looker).await?;
    let mut values = reached(looker.within);
    values.extend(args![client, held, place.at, &place.id, most]);
    let rows: Vec<Row> = db.all(OF_CLIENT, values).await?;
    rows.into_iter().map(read).collect()
}

/// What one change has done, for whom it may concern later.
pub(super) async fn write(
    tx: &mut Tx,
    (author, ids): (&Author, &mut Ids),
    deal: DealId,
    (before, after): (Option<&Checked>, &Checked),
    reason: &str,
) -> Result<(), StoreError> {
    for entry in entries(before, after) {
        let at = |of: Option<&Checked>| of.and_then(|of| of.step.as_ref()).map(|step| step.at);
        let (was, is) = match entry.what {
            What::Step => (at(before), at(Some(after))),
            What::Created => (None, at(Some(after))),
            What::Kind | What::Stage | What::Owner => (None, None),
        };
        let step = matches!(entry.what, What::Step | What::Created);
        let text = after.step.as_ref().filter(|_| step).map(|step| step.text.as_str());
        let why = if entry.what == What::Step { reason } else { "" };
        let values = args![
            DealChangeId::new(ids.now, ids.random()),
            author.account,
            deal,
            entry.what.name(),
            entry.before,
            entry.after,
            was,
            is,
            text.unwrap_or_default(),
            why,
            author.actor.staff,
            &author.actor.name,
            ids.now,
        ];
        tx.run(INSERT, values).await?;
    }
    Ok(())
}

struct Entry {
    what: What,
    before: Option<String>,
    after: Option<String>,
}

fn entries(before: Option<&Checked>, after: &Checked) -> Vec<Entry> {
    let entry = |what, before: Option<String>, after: Option<String>| Entry { what, before, after };
    let word = |word: &str| Some(word.to_owned());
    let person = |staff: Option<StaffId>| staff.map(|staff| staff.to_string());
    let Some(before) = before else {
        return vec![entry(What::Created, None, person(after.staff))];
    };
    let mut all = Vec::new();
    if before.kind != after.kind {
        all.push(entry(What::Kind, word(before.kind.name()), word(after.kind.name())));
    }
    if before.stage != after.stage {
        all.push(entry(What::Stage, word(before.stage.name()), word(after.stage.name())));
    }
    if before.step != after.step {
        all.push(entry(What::Step, None, None));
    }
    if before.staff != after.staff {
        all.push(entry(What::Owner, person(before.staff), person(after.staff)));
    }
    all
}

fn read(row: Row) -> Result<Change, StoreError> {
    let what = What::named(&row.what);
    Ok(Change {
        id: id(&row.id)?,
        deal: id(&row.deal_id)?,
        title: row.title,
        what: what.ok_or_else(|| StoreError::Corrupt(format!("the change {}", row.id)))?,
        before: row.before_word,
        after: row.after_word,
        step_before: row.before_at,
        step_after: row.after_at,
        text: row.body,
        reason: row.reason,
        author: maybe_id(&row.author_id)?,
        author_name: row.author_name,
        at: row.at,
    })
}
