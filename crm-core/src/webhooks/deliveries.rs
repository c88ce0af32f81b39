//! The queue of what webhooks are told.

use frontdesk_routing::ids::{AccountId, ClientId, DeliveryId, StaffId, WebhookId};
use frontdesk_routing::number::PhoneNumber;
use serde_json::json;

use super::{Event, KEPT_MS, MOST_ATTEMPTS, MOST_WAITING, News, Standing, StandingRow, State};
use crate::audit::{self, Actor, Author, Deed};
use crate::notices::pause;
use crate::store::page::Place;
use crate::store::text::{id, maybe_id};
use crate::store::{Db, Listing, Page, Stamp, StoreError, Tx, args};

macro_rules! columns {
    () => {
        "d.id, d.account_id, d.webhook_id, d.kind, d.payload, d.state, d.attempts, d.due_at, d.status, d.problem, \
         d.created_at, d.finished_at, d.owner_id"
    };
}

const QUEUE: &str = "INSERT INTO webhook_deliveries (id, account_id, webhook_id, client_id, kind, payload, state, attempts, \
    due_at, created_at, owner_id) SELECT $1, $2, w.id, $4, $5, $6, 'waiting', 0, COALESCE((SELECT MIN(d.due_at) \
    FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.state = 'waiting' AND w.failing_since IS NOT NULL), $7), $7, $9 \
    FROM webhooks w WHERE w.id = $3 AND w.enabled AND (SELECT COUNT(*) FROM webhook_deliveries d WHERE d.webhook_id = w.id \
    AND d.state IN ('waiting', 'sending')) < $8 ON CONFLICT (id) DO NOTHING";
const ERASED: &str = "SELECT COUNT(*) AS count FROM clients WHERE id = $1 AND erased_at IS NOT NULL";
const AT_ONCE: &str = "UPDATE webhook_deliveries SET due_at = $2 WHERE id = $1 AND state = 'waiting'";
const NEXT: &str =
    "SELECT due_at FROM webhook_deliveries WHERE state IN ('waiting', 'sending') ORDER BY due_at, id LIMIT 1";
const GIVE_UP: &str = "UPDATE webhook_deliveries SET state = 'failed', problem = 'the daemon stopped in each attempt', \
    finished_at = $1 WHERE state = 'sending' AND due_at <= $1 AND attempts >= $2";
const CLAIM: &str = "UPDATE webhook_deliveries SET state = 'sending', attempts = attempts + 1, due_at = $2 \
    WHERE id = (SELECT n.id FROM webhook_deliveries n WHERE n.state IN ('waiting', 'sending') AND n.due_at <= $1 \
    ORDER BY n.due_at, n.id LIMIT 1) AND state IN ('waiting', 'sending') AND due_at <= $1 RETURNING id";
const CLAIMED: &str = concat!(
    "SELECT ",
    columns!(),
    ", w.url, w.secret, w.failing_since, w.staff_id, s.role AS owner_role, s.access_until AS owner_until, a.rights_version \
     FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id JOIN staff s ON s.id = w.staff_id \
     JOIN accounts a ON a.id = w.account_id WHERE d.id = $1"
);
const DONE: &str = "UPDATE webhook_deliveries SET state = $3, status = $4, problem = $5, due_at = $6, finished_at = $7 \
    WHERE id = $1 AND state = 'sending' AND attempts = $2";
const WELL: &str =
    "UPDATE webhooks SET failing_since = NULL, problem = NULL WHERE id = $1 AND failing_since IS NOT NULL";
const HURRY: &str = "UPDATE webhook_deliveries SET due_at = $2 WHERE webhook_id = $1 AND state = 'waiting'";
const ILL: &str = "UPDATE webhooks SET failing_since = COALESCE(failing_since, $2), problem = $3 WHERE id = $1";
const REST: &str =
    "UPDATE webhook_deliveries SET due_at = $2 WHERE webhook_id = $1 AND state = 'waiting' AND due_at < $2";
const SWITCH_OFF: &str = "UPDATE webhooks SET enabled = FALSE, version = version + 1 \
    WHERE id = $1 AND enabled AND failing_since <= $2";
const DROP: &str = "UPDATE webhook_deliveries SET state = 'failed', problem = 'the webhook was switched off', \
    finished_at = $2 WHERE webhook_id = $1 AND state IN ('waiting', 'sending')";
const FORGET: &str = "DELETE FROM webhook_deliveries WHERE finished_at < $1";
const GET: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM webhook_deliveries d WHERE d.account_id = $1 AND d.id = $2"
);
const AGAIN: &str = "UPDATE webhook_deliveries SET state = 'waiting', attempts = 0, due_at = $3, finished_at = NULL \
    WHERE account_id = $1 AND id = $2 AND state IN ('failed', 'sent')";
const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM webhook_deliveries d WHERE d.account_id = $1 AND (d.created_at, d.id) < ($2, $3) \
     AND (d.webhook_id = $4 OR $4 IS NULL) AND (d.state = $5 OR $5 IS NULL) ORDER BY d.created_at DESC, d.id DESC LIMIT $6"
);
const OF_CLIENT: &str = "DELETE FROM webhook_deliveries WHERE account_id = $1 AND client_id = $2";
const OF_NUMBER: &str = "DELETE FROM webhook_deliveries WHERE account_id = $1 AND payload LIKE $2";

pub(crate) const ALL: &[&str] = &[
    QUEUE, ERASED, AT_ONCE, NEXT, GIVE_UP, CLAIM, CLAIMED, DONE, WELL, HURRY, ILL, REST, SWITCH_OFF, DROP, FORGET, GET,
    AGAIN, LIST, OF_CLIENT, OF_NUMBER,
];

const LONGEST_PROBLEM: usize = 300;
const WITHHELD: &str = "the webhook's owner may not read this";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub id: DeliveryId,
    pub account: AccountId,
    pub webhook: WebhookId,
    /// As whom it was told: whose webhook it was; `None`: not known.
    pub owner: Option<StaffId>,
    pub event: Event,
    /// The body that is sent.
    pub payload: String,
    pub state: State,
    pub attempts: i64,
    pub due_at: i64,
    /// What the last attempt was answered with.
    pub status: Option<i64>,
    /// Why the last attempt came to nothing.
    pub problem: Option<String>,
    pub created_at: i64,
    pub finished_at: Option<i64>,
}

/// A delivery with what is needed to make it.
#[derive(Clone)]
pub struct Claimed {
    pub delivery: Delivery,
    pub url: String,
    pub secret: String,
    /// Of the webhook at present.
    pub owner: StaffId,
    pub standing: Standing,
    failing_since: Option<i64>,
}

/// What an attempt has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// `None`: there was no answer.
    pub status: Option<u16>,
    /// `None`: it was taken.
    pub problem: Option<String>,
}

/// How long a webhook that takes nothing is borne with, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    pub first_pause_ms: i64,
    /// Then it is switched off.
    pub longest_ms: i64,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct DeliveryQuery {
    pub webhook: Option<WebhookId>,
    pub state: Option<State>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    account_id: String,
    webhook_id: String,
    kind: String,
    payload: String,
    state: String,
    attempts: i64,
    due_at: i64,
    status: Option<i64>,
    problem: Option<String>,
    created_at: i64,
    finished_at: Option<i64>,
    owner_id: Option<String>,
}

#[derive(sqlx::FromRow)]
struct ClaimedRow {
    #[sqlx(flatten)]
    delivery: Row,
    url: String,
    secret: String,
    failing_since: Option<i64>,
    staff_id: String,
    #[sqlx(flatten)]
    standing: StandingRow,
}

#[derive(sqlx::FromRow)]
struct IdRow {
    id: String,
}

#[derive(sqlx::FromRow)]
struct DueRow {
    due_at: i64,
}

/// Puts news into the queue; gives how many have found no room because too many wait.
pub async fn queue(db: &Db, news: &[News<'_>]) -> Result<usize, StoreError> {
    let mut left_out = 0_usize;
    let mut tx = db.begin().await?;
    for one in news {
        if of_erased(&mut tx, one).await? {
            continue;
        }
        if !put(&mut tx, one).await? {
            left_out = left_out.saturating_add(1);
        }
    }
    tx.commit().await?;
    Ok(left_out)
}

/// A call that went on when its client was erased; what else there is to be told of that client names nobody.
async fn of_erased(tx: &mut Tx, news: &News<'_>) -> Result<bool, StoreError> {
    match (news.client, news.event.tells_of_a_call()) {
        (Some(client), true) => Ok(tx.count(ERASED, args![client]).await? > 0),
        (Some(_), false) | (None, _) => Ok(false),
    }
}

/// Whether it has found room.
async fn put(tx: &mut Tx, news: &News<'_>) -> Result<bool, StoreError> {
    let values = args![
        news.id,
        news.account,
        news.webhook,
        news.client,
        news.event.name(),
        news.payload,
        news.at,
        MOST_WAITING,
        news.owner,
    ];
    Ok(tx.run(QUEUE, values).await? > 0)
}

/// Tells a webhook something at once, whatever it has done with what it was told before.
///
/// # Errors
/// `Refused`: it is switched off, or too much waits for it.
pub async fn test(db: &Db, author: &Author, news: &News<'_>) -> Result<Delivery, StoreError> {
    let mut tx = db.begin().await?;
    if !put(&mut tx, news).await? {
        return Err(StoreError::Refused {
            code: "switched_off",
            detail: "the webhook is switched off, or too much waits for it",
        });
    }
    tx.run(AT_ONCE, args![news.id, news.at]).await?;
    let deed = author.deed("webhook.tested", "webhook", news.webhook.to_string());
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    get_delivery(db, author.account, news.id).await
}

/// When something is to be done next.
pub async fn next(db: &Db) -> Result<Option<i64>, StoreError> {
    let row: Option<DueRow> = db.one(NEXT, args![]).await?;
    Ok(row.map(|row| row.due_at))
}

/// Takes the delivery that is due longest for `lease_ms`; nobody else gets it until then.
pub async fn claim(db: &Db, now: i64, lease_ms: i64) -> Result<Option<Claimed>, StoreError> {
    let mut tx = db.begin().await?;
    tx.run(GIVE_UP, args![now, MOST_ATTEMPTS]).await?;
    let taken: Option<IdRow> = tx.one(CLAIM, args![now, now.saturating_add(lease_ms)]).await?;
    let row: Option<ClaimedRow> = match taken {
        Some(taken) => tx.one(CLAIMED, args![taken.id]).await?,
        None => None,
    };
    tx.commit().await?;
    let claimed = row.map(|row| {
        Ok(Claimed {
            delivery: read(row.delivery)?,
            url: row.url,
            secret: row.secret,
            owner: id(&row.staff_id)?,
            standing: row.standing.read(),
            failing_since: row.failing_since,
        })
    });
    claimed.transpose()
}

/// Gives up a claimed delivery that the webhook's owner may not read any more; the webhook goes on with what else waits.
pub async fn withhold(db: &Db, claimed: &Claimed, now: i64) -> Result<(), StoreError> {
    let delivery = &claimed.delivery;
    let values = args![
        delivery.id,
        delivery.attempts,
        State::Failed.name(),
        None::<i64>,
        WITHHELD,
        now,
        now,
    ];
    db.run(DONE, values).await.map(drop)
}

/// Notes what has come of a claimed delivery. What waits for the same webhook waits as long after a failure, and no longer
/// after a success; one that has taken nothing for too long is switched off. Gives the state that the delivery is in.
pub async fn finish(
    db: &Db,
    claimed: &Claimed,
    outcome: &Outcome,
    (stamp, patience): (Stamp, Patience),
) -> Result<State, StoreError> {
    let now = stamp.unix_ms;
    let delivery = &claimed.delivery;
    let later = now.saturating_add(pause(delivery.attempts, patience.first_pause_ms));
    let problem: Option<String> = outcome
        .problem
        .as_ref()
        .map(|text| text.chars().take(LONGEST_PROBLEM).collect());
    let state = match (&problem, delivery.attempts >= MOST_ATTEMPTS) {
        (None, _) => State::Sent,
        (Some(_), true) => State::Failed,
        (Some(_), false) => State::Waiting,
    };
    let finished = (state != State::Waiting).then_some(now);
    let mut tx = db.begin().await?;
    let values = args![
        delivery.id,
        delivery.attempts,
        state.name(),
        outcome.status.map(i64::from),
        &problem,
        later,
        finished,
    ];
    tx.run(DONE, values).await?;
    match problem {
        None if claimed.failing_since.is_some() => {
            tx.run(WELL, args![delivery.webhook]).await?;
            tx.run(HURRY, args![delivery.webhook, now]).await?;
        }
        None => {}
        Some(problem) => {
            tx.run(ILL, args![delivery.webhook, now, problem]).await?;
            tx.run(REST, args![delivery.webhook, later]).await?;
            switch_off(&mut tx, claimed, (stamp, patience)).await?;
        }
    }
    tx.commit().await?;
    Ok(state)
}

async fn switch_off(tx: &mut Tx, claimed: &Claimed, (stamp, patience): (Stamp, Patience)) -> Result<(), StoreError> {
    let (webhook, now) = (claimed.delivery.webhook, stamp.unix_ms);
    if tx
        .run(SWITCH_OFF, args![webhook, now.saturating_sub(patience.longest_ms)])
        .await?
        == 0
    {
        return Ok(());
    }
    tx.run(DROP, args![webhook, now]).await?;
    let author = Author {
        account: claimed.delivery.account,
        actor: Actor::program(),
        login: None,
        stamp,
    };
    let deed = author.deed("webhook.switched_off", "webhook", webhook.to_string());
    let after = Some(json!({ "enabled": false }));
    audit::write(tx, &mut stamp.ids(), Deed { after, ..deed }).await
}

/// Deletes what has been done with for [`KEPT_MS`].
pub async fn forget(db: &Db, now: i64) -> Result<u64, StoreError> {
    db.run(FORGET, args![now.saturating_sub(KEPT_MS)]).await
}

pub async fn get_delivery(db: &Db, account: AccountId, delivery: DeliveryId) -> Result<Delivery, StoreError> {
    let row: Option<Row> = db.one(GET, args![account, delivery]).await?;
    row.ok_or(StoreError::NotFound).and_then(read)
}

/// Sends one that is done with once more, under the same id.
///
/// # Errors
/// `NotFound`; `Refused`: it waits already.
pub async fn again(db: &Db, author: &Author, delivery: DeliveryId) -> Result<Delivery, StoreError> {
    get_delivery(db, author.account, delivery).await?;
    let mut tx = db.begin().await?;
    if tx
        .run(AGAIN, args![author.account, delivery, author.stamp.unix_ms])
        .await?
        == 0
    {
        return Err(StoreError::Refused {
            code: "not_finished",
            detail: "it waits to be sent already",
        });
    }
    let deed = author.deed("webhook.resent", "delivery", delivery.to_string());
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    get_delivery(db, author.account, delivery).await
}

/// Newest first, by cursor.
pub async fn list_deliveries(
    db: &Db,
    account: AccountId,
    query: &DeliveryQuery,
    page: &Page,
) -> Result<Listing<Delivery>, StoreError> {
    let place = Place::of(page)?;
    let values = args![
        account,
        place.at,
        place.id,
        query.webhook,
        query.state.map(State::name),
        page.limit.saturating_add(1),
    ];
    let mut rows: Vec<Row> = db.all(LIST, values).await?;
    let shown = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    let place = |row: &Row| Place {
        at: row.created_at,
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

/// Forgets what was told of a client.
pub(crate) async fn erase(
    tx: &mut Tx,
    account: AccountId,
    client: ClientId,
    numbers: &[PhoneNumber],
) -> Result<(), StoreError> {
    tx.run(OF_CLIENT, args![account, client]).await?;
    for number in numbers {
        tx.run(OF_NUMBER, args![account, format!("%{}%", number.reveal())])
            .await?;
    }
    Ok(())
}

fn read(row: Row) -> Result<Delivery, StoreError> {
    let corrupt = || StoreError::Corrupt(format!("the delivery {}", row.id));
    Ok(Delivery {
        id: id(&row.id)?,
        account: id(&row.account_id)?,
        webhook: id(&row.webhook_id)?,
        owner: maybe_id(&row.owner_id)?,
        event: kind(&row.kind).ok_or_else(corrupt)?,
        state: State::named(&row.state).ok_or_else(corrupt)?,
        payload: row.payload,
        attempts: row.attempts,
        due_at: row.due_at,
        status: row.status,
        problem: row.problem,
        created_at: row.created_at,
        finished_at: row.finished_at,
    })
}

fn kind(name: &str) -> Option<Event> {
    Event::named(name).or_else(|| (name == Event::Test.name()).then_some(Event::Test))
}
